//! Which answers an outcome's model uses, what the outcome is in each, and why the others are left out.

use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::{LeftOut, words};
use crate::study::{Missing, Outcome, OutcomeKind, SpendScale, Study};
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
    pub fn of(study: &Study, base: &BaseTable, outcome: &Outcome) -> Self {
        let listwise = matches!(study.drivers.missing, Missing::Listwise | Missing::Em | Missing::Pairwise);
        Self::keeping(study, base, outcome, listwise)
    }

    /// The same with the answers that lack a touchpoint or a control.
    pub fn with_gaps(study: &Study, base: &BaseTable, outcome: &Outcome) -> Self {
        Self::keeping(study, base, outcome, false)
    }

    fn keeping(study: &Study, base: &BaseTable, outcome: &Outcome, listwise: bool) -> Self {
        let mut selection = Self { rows: Vec::new(), values: Vec::new(), left_out: Vec::new() };
        let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
        let value_of = values(base, outcome.kind());
        let touchpoints: Vec<&[f64]> = study.drivers.touchpoints.iter().filter_map(|name| base.numbers(name)).collect();
        let controls: Vec<&[f64]> = controls(study).filter_map(|name| base.numbers(name)).collect();
        let weights = base.numbers("weight");
        let (times, known) = (base.numbers("t"), base.numbers("known"));
        for row in 0..base.n_rows() {
            // The last instant of the window must be seen too (`OutcomeWindow::is_censored`).
            let censored = |days: u32| {
                times.is_some_and(|times| times[row] + f64::from(days) * DAY >= study.as_of.end_us() as f64)
            };
            let reason = if outcome.window_days().is_some() && known.is_some_and(|known| known[row] < 0.5) {
                Some("unknown_customer")
            } else if outcome.window_days().is_some_and(censored) {
                Some("window_censored")
            } else if value_of(row).is_nan() {
                Some(unknown(outcome, base.numbers("frequency").is_some_and(|purchases| purchases[row] > 0.0)))
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

    /// What is left out of the model and of the ranking, which took `ranked` where it fills the gaps that the model does not: a
    /// warning counts what both leave out, and a note what the coefficients alone do without.
    pub fn findings_beside(&self, ranked: Option<&Self>, outcome: &Outcome) -> Vec<Finding> {
        let Some(ranked) = ranked else { return self.findings(outcome) };
        let n_all = self.rows.len() + self.left_out.iter().map(|left_out| left_out.n).sum::<usize>();
        let mut findings = ranked.findings(outcome);
        for (reason, why) in
            [("missing_touchpoint", "a touchpoint was not scored"), ("missing_control", "a control is unknown")]
        {
            let of_reason = self.left_out.iter().filter(|left_out| left_out.reason == reason);
            let n: usize = of_reason.map(|left_out| left_out.n).sum();
            if n == 0 {
                continue;
            }
            let share = n as f64 / n_all as f64;
            let sentence = format!(
                "{} of {} answers have no part in the coefficients because {why} ({}); the ranking of the drivers allows for such gaps",
                words::count(n as u64),
                words::count(n_all as u64),
                words::percent(share)
            );
            let finding = Finding::new(FindingKind::RowsDropped, Severity::Note, outcome.name(), sentence);
            findings.push(finding.number("n", n as f64).number("share", share));
        }
        findings
    }

    fn findings(&self, outcome: &Outcome) -> Vec<Finding> {
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
                    "left_before" => (FindingKind::RowsDropped, format!("{its} customer had left by then")),
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
                Finding::new(kind, severity, outcome.name(), sentence)
                    .number("n", left_out.n as f64)
                    .number("share", share)
            })
            .collect()
    }
}

/// Why an outcome is not known of an answer whose window is over.
fn unknown(outcome: &Outcome, has_bought: bool) -> &'static str {
    match outcome.kind() {
        // There is no amount that later ones could lie above; where there are purchases, amounts are missing before or after.
        OutcomeKind::Upsell { .. } if !has_bought => "no_earlier_purchase",
        // Nobody leaves twice.
        OutcomeKind::DatedChurn { .. } => "left_before",
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
fn values(base: &BaseTable, kind: &OutcomeKind) -> impl Fn(usize) -> f64 {
    let column = match (kind, kind.window_days()) {
        (OutcomeKind::Spend { .. }, Some(days)) => format!("next_spend_{days}d"),
        (OutcomeKind::CrossSell { .. }, Some(days)) => format!("next_new_families_{days}d"),
        (OutcomeKind::FamilyPurchase { family, .. }, Some(days)) => format!("next_purchases_{family}_{days}d"),
        (OutcomeKind::Upsell { .. }, Some(days)) => format!("next_upsell_{days}d"),
        (OutcomeKind::ConvertedReferral { .. }, Some(days)) => format!("next_converted_referrals_{days}d"),
        (OutcomeKind::DatedChurn { .. }, Some(days)) => format!("next_churn_{days}d"),
        (OutcomeKind::Lapse { .. }, Some(days)) => format!("next_lapse_{days}d"),
        (_, Some(days)) if kind.is_of_referrals() => format!("next_referrals_{days}d"),
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
        match kind {
            OutcomeKind::Recommend { .. }
            | OutcomeKind::Purchases { .. }
            | OutcomeKind::Referrals { .. }
            | OutcomeKind::Spend { scale: SpendScale::Amount, .. } => value,
            OutcomeKind::Spend { scale: SpendScale::Log1p, .. } => value.max(0.0).ln_1p(),
            OutcomeKind::Nps => 100.0 * (flag(value > 8.5) - flag(value < 6.5)),
            OutcomeKind::NpsClass => flag(value > 6.5) + flag(value > 8.5),
            OutcomeKind::Promoter => flag(value > 8.5),
            OutcomeKind::Detractor => flag(value < 6.5),
            OutcomeKind::Repurchase { .. }
            | OutcomeKind::Referral { .. }
            | OutcomeKind::CrossSell { .. }
            | OutcomeKind::FamilyPurchase { .. }
            | OutcomeKind::Upsell { .. }
            | OutcomeKind::ConvertedReferral { .. }
            | OutcomeKind::DatedChurn { .. }
            | OutcomeKind::Lapse { .. } => flag(value > 0.5),
            OutcomeKind::Churn { .. } => flag(value < 0.5),
        }
    }
}

/// Gaps filled with the mean of the other values.
pub(super) fn filled(values: Vec<f64>) -> Vec<f64> {
    filled_by(values, |_| 1.0)
}

/// The same with the weighted mean, by the weight of each row.
pub(super) fn filled_by(values: Vec<f64>, weight: impl Fn(usize) -> f64) -> Vec<f64> {
    let known = || values.iter().enumerate().filter(|(_, value)| !value.is_nan());
    let weight_known: f64 = known().map(|(row, _)| weight(row)).sum();
    let sum: f64 = known().map(|(row, value)| weight(row) * value).sum();
    let mean = if weight_known > 0.0 { sum / weight_known } else { 0.0 };
    values.into_iter().map(|value| if value.is_nan() { mean } else { value }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(n_rows: usize, left_out: &[(&str, usize)]) -> Selection {
        let left_out = left_out.iter().map(|&(reason, n)| LeftOut { reason: reason.to_owned(), n });
        Selection { rows: (0..n_rows).collect(), values: vec![0.0; n_rows], left_out: left_out.collect() }
    }

    #[test]
    fn gaps_are_filled_with_the_weighted_mean() {
        // (1 + 2 * 4) / 3.
        let weights = [1.0, 5.0, 2.0];
        assert_eq!(filled_by(vec![1.0, f64::NAN, 4.0], |row| weights[row]), [1.0, 3.0, 4.0]);
        assert_eq!(filled(vec![1.0, f64::NAN, 4.0]), [1.0, 2.5, 4.0]);
    }

    #[test]
    fn a_ranking_that_fills_gaps_is_not_said_to_leave_them_out() {
        // Of 10 answers 6 lack a touchpoint, and one of these has no weight; one more says no recommend answer.
        let of_model = selection(3, &[("missing_touchpoint", 6), ("no_answer", 1)]);
        let of_ranking = selection(8, &[("missing_weight", 1), ("no_answer", 1)]);
        let said = of_model.findings_beside(Some(&of_ranking), &Outcome::of(OutcomeKind::Nps));
        let numbers: Vec<(Severity, f64)> =
            said.iter().map(|finding| (finding.severity, finding.numbers["n"])).collect();
        assert_eq!(numbers, [(Severity::Note, 1.0), (Severity::Note, 1.0), (Severity::Note, 6.0)]);
        assert!(said[2].sentence.contains("no part in the coefficients"), "{}", said[2].sentence);
        // Without a ranking of its own rows the model's count is a warning.
        let alone = of_model.findings_beside(None, &Outcome::of(OutcomeKind::Nps));
        assert!(alone[0].severity == Severity::Warning && alone[0].sentence.contains("6 of 10 answers are left out"));
    }
}
