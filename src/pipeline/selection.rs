//! Which answers an outcome's model uses, what the outcome is in each, and why the others are left out.

use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, OutcomeWindow};
use crate::report::{LeftOut, words};
use crate::study::{Missing, Outcome, SpendScale, Study};
use std::collections::BTreeMap;

/// Microseconds in a day.
const DAY: f64 = 86_400_000_000.0;

/// The answers that an outcome's model uses, and why it does not use the others.
pub(super) struct Selection {
    /// Rows of the base table.
    pub rows: Vec<usize>,
    /// The outcome in these rows.
    pub values: Vec<f64>,
    pub left_out: Vec<LeftOut>,
}

impl Selection {
    pub fn of(study: &Study, base: &BaseTable, outcome: Outcome) -> Self {
        let listwise = matches!(study.drivers.missing, Missing::Listwise | Missing::Em | Missing::Pairwise);
        Self::keeping(study, base, outcome, listwise)
    }

    /// The same with the answers that lack a touchpoint or a control.
    pub fn with_gaps(study: &Study, base: &BaseTable, outcome: Outcome) -> Self {
        Self::keeping(study, base, outcome, false)
    }

    fn keeping(study: &Study, base: &BaseTable, outcome: Outcome, listwise: bool) -> Self {
        let mut selection = Self { rows: Vec::new(), values: Vec::new(), left_out: Vec::new() };
        let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
        let value_of = values(study, base, outcome);
        let touchpoints: Vec<&[f64]> = study.drivers.touchpoints.iter().filter_map(|name| base.numbers(name)).collect();
        let controls: Vec<&[f64]> = controls(study).filter_map(|name| base.numbers(name)).collect();
        let weights = base.numbers("weight");
        let (times, known) = (base.numbers("t"), base.numbers("known"));
        for row in 0..base.n_rows() {
            let censored =
                |days: u32| times.is_some_and(|times| times[row] + f64::from(days) * DAY > study.as_of.end_us() as f64);
            let reason = if outcome.window_days().is_some() && known.is_some_and(|known| known[row] < 0.5) {
                Some("unknown_customer")
            } else if outcome.window_days().is_some_and(censored) {
                Some("window_censored")
            } else if value_of(row).is_nan() {
                Some(unknown(outcome))
            } else if listwise && touchpoints.iter().any(|values| values[row].is_nan()) {
                Some("missing_touchpoint")
            } else if listwise && controls.iter().any(|values| values[row].is_nan()) {
                Some("missing_control")
            } else if weights.is_some_and(|weights| weights[row].is_nan()) {
                Some("missing_weight")
            } else {
                None
            };
            match reason {
                Some(reason) => *reasons.entry(reason).or_default() += 1,
                None => {
                    selection.rows.push(row);
                    selection.values.push(value_of(row));
                }
            }
        }
        let left_out = |(reason, n): (&'static str, usize)| LeftOut { reason: reason.to_owned(), n };
        selection.left_out = reasons.into_iter().map(left_out).collect();
        selection
    }

    pub fn findings(&self, outcome: Outcome) -> Vec<Finding> {
        let n_left_out: usize = self.left_out.iter().map(|left_out| left_out.n).sum();
        let n_all = n_left_out + self.rows.len();
        self.left_out
            .iter()
            .filter(|left_out| left_out.n > 0)
            .map(|left_out| {
                let share = left_out.n as f64 / n_all as f64;
                let [its, it, does, has] = match left_out.n {
                    1 => ["its", "it", "does", "has"],
                    _ => ["their", "they", "do", "have"],
                };
                let (kind, why) = match left_out.reason.as_str() {
                    "window_censored" => {
                        (FindingKind::WindowCensored, format!("{its} window ends after the study's date"))
                    }
                    "unknown_customer" => {
                        (FindingKind::Unmatched, format!("nothing is known of {its} customer from before the answer"))
                    }
                    "no_answer" => {
                        (FindingKind::RowsDropped, format!("{it} {does} not say whether the customer would recommend"))
                    }
                    "no_earlier_purchase" => {
                        (FindingKind::RowsDropped, format!("{its} customer had bought nothing before"))
                    }
                    "missing_outcome" => (
                        FindingKind::RowsDropped,
                        format!("what came of {} is not known", words::either(left_out.n, "it", "them")),
                    ),
                    "missing_touchpoint" => (FindingKind::RowsDropped, "a touchpoint was not scored".to_owned()),
                    "missing_control" => (FindingKind::RowsDropped, "a control is unknown".to_owned()),
                    _ => (FindingKind::RowsDropped, format!("{it} {has} no weight")),
                };
                let severity = if share > 0.3 { Severity::Warning } else { Severity::Note };
                let sentence = format!(
                    "{} left out because {why} ({})",
                    words::part(left_out.n, n_all, words::ANSWERS, words::ARE),
                    words::percent(share)
                );
                Finding::new(kind, severity, outcome.word(), sentence)
                    .number("n", left_out.n as f64)
                    .number("share", share)
            })
            .collect()
    }
}

/// Why an outcome is not known of an answer whose window is over.
fn unknown(outcome: Outcome) -> &'static str {
    match outcome {
        // There is no amount that later ones could lie above.
        Outcome::Upsell { .. } => "no_earlier_purchase",
        other if other.window_days().is_some() => "missing_outcome",
        _ => "no_answer",
    }
}

/// Columns held constant: the controls and what else is always in the model.
pub(super) fn controls(study: &Study) -> impl Iterator<Item = &String> {
    let touchpoints = &study.drivers.touchpoints;
    let always = study.drivers.always.iter().filter(move |name| !touchpoints.contains(name));
    let controls = &study.drivers.controls;
    controls.iter().chain(always.filter(move |name| !controls.contains(name)))
}

/// The outcome of every row; `NaN` where it is not known.
fn values(study: &Study, base: &BaseTable, outcome: Outcome) -> impl Fn(usize) -> f64 {
    let column = match (outcome, outcome.window_days()) {
        (Outcome::Spend { .. }, Some(days)) => format!("next_spend_{days}d"),
        (Outcome::CrossSell { .. }, Some(days)) => format!("next_new_families_{days}d"),
        (Outcome::FamilyPurchase { .. }, Some(days)) => family_window(study, days).count_column(),
        (Outcome::Upsell { .. }, Some(days)) => format!("next_upsell_{days}d"),
        (Outcome::ConvertedReferral { .. }, Some(days)) => format!("next_converted_referrals_{days}d"),
        (Outcome::Lapse { .. }, Some(days)) => format!("next_lapse_{days}d"),
        (_, Some(days)) if outcome.is_of_referrals() => format!("next_referrals_{days}d"),
        (_, Some(days)) => format!("next_purchases_{days}d"),
        (_, None) => "recommend".to_owned(),
    };
    let values = base.numbers(&column);
    move |row| {
        let value = values.map_or(f64::NAN, |values| values[row]);
        if value.is_nan() {
            return value;
        }
        let flag = |happened: bool| f64::from(u8::from(happened));
        match outcome {
            Outcome::Recommend { .. }
            | Outcome::Purchases { .. }
            | Outcome::Referrals { .. }
            | Outcome::Spend { scale: SpendScale::Amount, .. } => value,
            Outcome::Spend { scale: SpendScale::Log1p, .. } => value.max(0.0).ln_1p(),
            Outcome::Nps => 100.0 * (flag(value > 8.5) - flag(value < 6.5)),
            Outcome::NpsClass => flag(value > 6.5) + flag(value > 8.5),
            Outcome::Promoter => flag(value > 8.5),
            Outcome::Detractor => flag(value < 6.5),
            Outcome::Repurchase { .. }
            | Outcome::Referral { .. }
            | Outcome::CrossSell { .. }
            | Outcome::FamilyPurchase { .. }
            | Outcome::Upsell { .. }
            | Outcome::ConvertedReferral { .. }
            | Outcome::Lapse { .. } => flag(value > 0.5),
            Outcome::Churn { .. } => flag(value < 0.5),
        }
    }
}

/// The window in which purchases of the family count that the study names; it names one where it asks for the outcome.
pub(super) fn family_window(study: &Study, days: u32) -> OutcomeWindow {
    OutcomeWindow::FamilyPurchases { family: study.purchase_family.clone().unwrap_or_default(), days }
}

/// Gaps filled with the mean of the other values.
pub(super) fn filled(values: Vec<f64>) -> Vec<f64> {
    let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let mean = if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
    values.into_iter().map(|value| if value.is_nan() { mean } else { value }).collect()
}
