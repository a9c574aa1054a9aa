//! `advocate fit --family buy-till-you-die`: a log of purchases in, parameters, forecast and hold-out test out.

use super::Failure;
use super::arguments::{Fit, Format, Unit};
use super::flat::confidence;
use super::names;
use super::print::{self, Cell};
use crate::estimators::buy_till_you_die::TimeUnit;
use crate::findings::Finding;
use crate::pipeline::flat::{self, PurchasesAnswer, PurchasesQuestion};
use crate::report::words;
use jiff::civil::Date;

/// Days to look ahead where nothing is said.
const HORIZON_DAYS: u32 = 365;

/// Fits to a log.
pub(super) fn purchases(arguments: &Fit) -> Result<(), Failure> {
    if let Some(flag) = foreign_flag(arguments) {
        return Err(Failure::new(
            2,
            format!(
                "{flag} does not go with --family buy-till-you-die, which takes a log: --customer, --time, --amount"
            ),
        ));
    }
    let log = &arguments.log;
    let (Some(customer), Some(time)) = (&log.customer, &log.time) else {
        return Err(Failure::new(
            2,
            "--family buy-till-you-die needs --customer and --time, the columns of a log of purchases",
        ));
    };
    let calibration_end = log.calibration_end.as_deref().map(|text| {
        text.parse::<Date>().map_err(|_| {
            Failure::new(
                2,
                format!("--calibration-end: `{text}` is no date; write the last day to learn from as 2026-06-30"),
            )
        })
    });
    let answer = flat::purchases(&PurchasesQuestion {
        file: arguments.data.clone(),
        customer: customer.clone(),
        time: time.clone(),
        amount: log.amount.clone(),
        calibration_end: calibration_end.transpose()?,
        unit: match log.time_unit {
            Some(Unit::Days) => TimeUnit::Days,
            Some(Unit::Weeks) | None => TimeUnit::Weeks,
        },
        horizon_days: log.horizon.unwrap_or(HORIZON_DAYS),
        confidence: confidence(arguments.confidence)?,
        not_applicable: names::codes(&arguments.rows.not_applicable),
        augment: arguments.augment.clone(),
    })?;
    if arguments.format == Format::Json { print::json(&answer) } else { text(&answer) }
}

/// The first flag of another family.
fn foreign_flag(arguments: &Fit) -> Option<&'static str> {
    let data = &arguments.rows;
    let given = [
        ("--outcome", arguments.outcome.is_some()),
        ("--features", !arguments.features.is_empty()),
        ("--categorical", !data.categorical.is_empty()),
        ("--weights", data.weights.is_some()),
        ("--cluster", data.cluster.is_some()),
        ("--exposure", arguments.exposure.is_some()),
        ("--std-errors", arguments.std_errors.is_some()),
        ("--firth", arguments.firth),
        ("--partial", arguments.partial),
        ("--of", arguments.of.is_some()),
        ("--mixing", arguments.mixing.is_some()),
        ("--lambda-rule", arguments.lambda_rule.is_some()),
        ("--lambda", arguments.lambda.is_some()),
        ("--folds", arguments.folds.is_some()),
        ("--missing", arguments.missing.is_some()),
    ];
    given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
}

fn text(answer: &PurchasesAnswer) -> Result<(), Failure> {
    let model = &answer.model;
    let rows = answer.coefficients.iter().map(|row| {
        let mut cells = vec![Cell::text(row.model), Cell::text(row.term.clone())];
        cells.extend([row.estimate, row.std_error, row.conf_low, row.conf_high].map(Cell::digits));
        cells
    });
    let header = ["model", "term", "estimate", "std_error", "conf_low", "conf_high"];
    let note = format!(
        "{} of {}; {} by {}, {} of whom bought again; times in {}; log likelihood {:.3}",
        words::count(model.n_used as u64),
        words::counted(model.n_rows, "row", "rows"),
        words::counted(model.n_customers, "customer", "customers"),
        model.calibration_end,
        model.n_repeaters,
        model.time_unit.word(),
        model.log_likelihood
    );
    print::table(&header, rows.collect(), &answer.findings, Some(note))?;
    let spend = answer.forecast.expected_spend;
    let mut rows = vec![vec![
        Cell::text(format!(
            "expected in {} after {}",
            words::days(answer.forecast.horizon_days),
            model.calibration_end
        )),
        Cell::number(answer.forecast.expected_purchases, 1),
        Cell::empty(),
        spend.map_or_else(Cell::empty, |spend| Cell::number(spend, 2)),
    ]];
    if let Some(hold_out) = &answer.hold_out {
        rows.push(vec![
            Cell::text(format!("hold-out to {}", hold_out.last_day)),
            Cell::number(hold_out.predicted, 1),
            Cell::count(hold_out.actual),
            Cell::empty(),
        ]);
    }
    let no_findings: [Finding; 0] = [];
    print::table(&["", "predicted", "actual", "spend"], rows, &no_findings, None)
}
