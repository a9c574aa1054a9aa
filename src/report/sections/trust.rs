//! How far the models can be trusted on answers they have not seen.

use super::findings::FindingRow;
use crate::estimators::Family;
use crate::report::evaluation::{EvaluationResult, FigureRow};
use crate::report::results::StudyResults;
use crate::report::{calibration_chart, sentences, standing, words};

/// The models in the order of the page, with their names for readers.
const MODELS: [(&str, &str); 6] = [
    ("model", "the model of this study"),
    ("calibrated", "the same, probabilities calibrated"),
    ("history", "behaviour only"),
    ("history_and_feedback", "behaviour and feedback"),
    ("buy_till_you_die", "purchases only (buy-till-you-die model)"),
    ("base_rate", "the same for everybody"),
];

/// One outcome's model, judged.
pub(in crate::report) struct Trust {
    pub title: String,
    pub split: Option<String>,
    pub gain: Option<String>,
    pub heads: Vec<&'static str>,
    pub rows: Vec<TrustRow>,
    pub calibration: Option<String>,
    pub chart: Option<String>,
    pub deciles: Vec<DecileRow>,
    pub findings: Vec<FindingRow>,
}

/// One model's figures.
pub(in crate::report) struct TrustRow {
    pub model: &'static str,
    /// Figure and interval, as the heads say.
    pub figures: Vec<(String, Option<String>)>,
}

/// One tenth of the customers.
pub(in crate::report) struct DecileRow {
    pub decile: usize,
    pub n_rows: String,
    pub rate: String,
    pub lift: String,
    pub gain: String,
}

impl Trust {
    /// How models are judged here.
    pub fn lead(results: &StudyResults) -> &'static str {
        match standing::knows_customers(results) {
            true => {
                "Each model was fitted again to a part of the answers and judged by others that it had not seen, of other \
                 customers. Intervals are by customer."
            }
            false => {
                "Each model was fitted again to a part of the answers and judged by others that it had not seen. Intervals take \
                 every answer as somebody else's, because the answers do not say whose they are."
            }
        }
    }

    pub fn all(results: &StudyResults) -> Vec<Self> {
        results.evaluations.iter().enumerate().map(|(place, own)| Self::of(results, own, place)).collect()
    }

    fn of(results: &StudyResults, evaluation: &EvaluationResult, place: usize) -> Self {
        let title = results
            .outcomes
            .iter()
            .find(|outcome| outcome.name == evaluation.outcome)
            .map_or_else(|| evaluation.outcome.clone(), sentences::outcome_title);
        let metrics = metrics(evaluation.family);
        let rows = MODELS.iter().filter_map(|&(word, name)| {
            let figures: Vec<Option<&FigureRow>> =
                metrics.iter().map(|&(metric, _)| evaluation.figure(word, metric)).collect();
            figures.iter().any(Option::is_some).then(|| TrustRow {
                model: name,
                figures: figures.into_iter().map(|figure| figure.map_or_else(missing, shown)).collect(),
            })
        });
        let curve = &evaluation.curve;
        let chart = (!curve.is_empty()).then(|| {
            calibration_chart::calibration(curve, &format!("calibration-{place}"), &title, results.head.confidence)
        });
        let findings = evaluation.findings.iter().map(FindingRow::of);
        Self {
            title,
            split: split(evaluation, standing::knows_customers(results)),
            gain: sentences::gain(results, evaluation),
            heads: metrics.iter().map(|&(_, head)| head).collect(),
            rows: rows.collect(),
            calibration: evaluation.recalibration.as_ref().map(|own| {
                // The interval of the tables, where they have one: two intervals for one figure would need two names.
                let ends = |metric: &str, own: &crate::estimators::evaluation::CalibrationCoefficient| {
                    let of_tables = evaluation.figure("model", metric).and_then(|row| row.conf_low.zip(row.conf_high));
                    let (low, high) = of_tables.unwrap_or((own.conf_low, own.conf_high));
                    words::range(words::fixed(low, 2), words::fixed(high, 2))
                };
                format!(
                    "Calibration slope {} ({}), 1 being right and less meaning that high and low probabilities are too far \
                     apart; intercept {} ({}), 0 being right and less meaning that it happens less often than predicted.",
                    words::fixed(own.slope.estimate, 2),
                    ends("calibration_slope", &own.slope),
                    words::fixed(own.intercept.estimate, 2),
                    ends("calibration_intercept", &own.intercept)
                )
            }),
            chart,
            deciles: evaluation
                .deciles
                .iter()
                .map(|row| DecileRow {
                    decile: row.decile,
                    n_rows: words::fixed(row.n_rows, 0),
                    rate: words::percent(row.rate),
                    lift: words::fixed(row.lift, 2),
                    gain: words::percent(row.cumulative_gain),
                })
                .collect(),
            findings: findings.collect(),
        }
    }
}

/// The figures shown for a family, with their heads.
fn metrics(family: Family) -> &'static [(&'static str, &'static str)] {
    match family {
        Family::Logistic => &[
            ("roc_auc", "ROC AUC"),
            ("average_precision", "Average precision"),
            ("brier", "Brier score"),
            ("log_loss", "Log loss"),
        ],
        Family::Ordinal => &[
            ("ranked_probability_score", "Ranked probability score"),
            ("level_log_loss", "Log loss over levels"),
            ("mae", "Mean absolute error"),
            ("spearman", "Rank correlation"),
        ],
        Family::Count => &[
            ("poisson_deviance", "Poisson deviance"),
            ("rmse", "Root mean squared error"),
            ("mae", "Mean absolute error"),
            ("spearman", "Rank correlation"),
        ],
        _ => &[
            ("r_squared", "R squared"),
            ("rmse", "Root mean squared error"),
            ("mae", "Mean absolute error"),
            ("spearman", "Rank correlation"),
        ],
    }
}

fn missing() -> (String, Option<String>) {
    (words::MISSING.to_owned(), None)
}

fn shown(row: &FigureRow) -> (String, Option<String>) {
    let interval = row.conf_low.zip(row.conf_high);
    let ends = interval.map(|(low, high)| words::range(words::fixed(low, 3), words::fixed(high, 3)));
    (words::fixed(row.estimate, 3), ends)
}

fn split(evaluation: &EvaluationResult, knows_customers: bool) -> Option<String> {
    let first = evaluation.splits.first()?;
    let n_test = words::counted(evaluation.n_test, "answer", "answers");
    let n_train = words::counted(first.n_train, "answer", "answers");
    let left_out: usize = evaluation.splits.iter().map(|split| split.n_embargoed + split.n_shared_customer).sum();
    let day = |at: i64| jiff::Timestamp::from_microsecond(at).map(|at| at.strftime("%Y-%m-%d").to_string()).ok();
    Some(match (first.cut_us.and_then(day), evaluation.splits.len()) {
        (Some(day), 1) => {
            let left_out = if left_out == 0 {
                String::new()
            } else {
                format!(
                    "; {} are on neither side, because their outcome was not known by then or their customer is tested",
                    words::counted(left_out, "earlier answer", "earlier answers")
                )
            };
            format!("Fitted to {n_train} from before {day} and judged by {n_test} from then on{left_out}.")
        }
        (Some(day), n) => format!(
            "Fitted {n} times to what was known by then, the first time on {day} to {n_train}, and judged by {n_test} after \
             each cut."
        ),
        (None, n) => {
            let parts = if knows_customers { "groups of customers" } else { "parts of the answers" };
            format!("The answers have no date: {n} {parts} were each judged by a fit to the others ({n_test}).")
        }
    })
}
