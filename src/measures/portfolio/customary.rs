//! The same answers under the rules that others use: the difference is often larger than the change that is reported.

use super::estimate::Estimate;
use super::measure::Measure;
use super::rules::{AnswerRules, SeveralAnswers, TimeWindow};
use super::settings::{BlankRule, EstimateSettings};
use crate::measures::{MeasureError, Sampling};
use serde::Serialize;

/// Microseconds of a day, the unit in which this project keeps instants.
const DAY: i64 = 86_400_000_000;

/// A way of counting that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomaryRule {
    /// Its name.
    pub name: String,
    /// Which answers count.
    pub rules: AnswerRules,
    /// Whether blanks count in the base.
    pub blanks: BlankRule,
}

/// The score under one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleComparison {
    /// The rule.
    pub rule: CustomaryRule,
    /// The score; `None` where the rule leaves no answer.
    pub estimate: Option<Estimate>,
    /// The score less that of the first rule.
    pub gap: Option<f64>,
}

/// Every answer; each person once by the last answer, and by the mean; the last 30 days; the last answer of the last 90
/// days; and blanks in the base. `as_of` and the times are in microseconds.
pub fn customary_rules(as_of: i64) -> Vec<CustomaryRule> {
    let last = |days: i64| Some(TimeWindow { from: as_of.saturating_sub(days * DAY), to: as_of });
    let rule = |name: &str, several, window, blanks| CustomaryRule {
        name: name.to_owned(),
        rules: AnswerRules { several, window },
        blanks,
    };
    let out = BlankRule::LeftOut;
    vec![
        rule("all_answers", SeveralAnswers::All, None, out),
        rule("latest_per_person", SeveralAnswers::Latest, None, out),
        rule("mean_per_person", SeveralAnswers::Mean, None, out),
        rule("30_days_all_answers", SeveralAnswers::All, last(30), out),
        rule("90_days_latest_per_person", SeveralAnswers::Latest, last(90), out),
        rule("blanks_in_base", SeveralAnswers::All, None, BlankRule::InBase),
    ]
}

/// The score of 0-10 answers (`NaN` is a blank) under each rule.
///
/// # Errors
/// Columns of unequal length; answers off the scale; no customers; settings that do not fit.
///
/// # Example
/// ```
/// use advocate::data::Clusters;
/// use advocate::measures::portfolio::{EstimateSettings, compare_rules, customary_rules};
/// use advocate::measures::Sampling;
/// let customers = Clusters::from_labels([1, 2, 1]);
/// let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
/// let rules = customary_rules(100);
/// let rows = compare_rules(&[2.0, f64::NAN, 10.0], &[1, 2, 3], sampling, &rules, EstimateSettings::default())?;
/// assert_eq!((rows[0].gap, rows[1].gap), (Some(0.0), Some(100.0)));
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
pub fn compare_rules(
    answers: &[f64],
    times: &[i64],
    sampling: Sampling,
    rules: &[CustomaryRule],
    settings: EstimateSettings,
) -> Result<Vec<RuleComparison>, MeasureError> {
    Measure::nps("nps", answers)?;
    let mut rows = Vec::with_capacity(rules.len());
    let mut first = None;
    for rule in rules {
        let ruled = rule.rules.apply(answers, times, sampling)?;
        let kept = ruled.select(answers);
        let settings = EstimateSettings { blanks: rule.blanks, ..settings };
        // A single customer has no error between customers; its score is shown all the same.
        let estimate = match Measure::nps("nps", &kept)?.estimate(ruled.sampling(), settings) {
            Ok(estimate) => Some(estimate),
            Err(MeasureError::NoAnswers) => None,
            Err(problem) => return Err(problem),
        };
        let score = estimate.as_ref().map(|own| own.estimate);
        first = first.or(score);
        let gap = score.zip(first).map(|(own, first)| own - first);
        rows.push(RuleComparison { rule: rule.clone(), estimate, gap });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;

    #[test]
    fn rules_differ_as_by_hand() {
        // Days before the date: Ann 100 (2), 10 (10); Ben 60 (9); Cy 20 (blank), Di 5 (7), Di 4 (3).
        let days = [100, 10, 60, 20, 5, 4];
        let answers = [2.0, 10.0, 9.0, f64::NAN, 7.0, 3.0];
        let as_of = 1_000 * DAY;
        let times: Vec<i64> = days.iter().map(|days| as_of - days * DAY).collect();
        let customers = Clusters::from_labels(["ann", "ann", "ben", "cy", "di", "di"]);
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let rows = compare_rules(&answers, &times, sampling, &customary_rules(as_of), EstimateSettings::default());
        let scores: Vec<f64> =
            rows.expect("answers").iter().map(|row| row.estimate.as_ref().expect("answers").estimate).collect();
        // All: -, +, +, 0, -. Latest: +, +, -. Mean: (0, 1, -1/2). 30 days: +, 0, -. 90 days: +, +, -. Base of six: 0.
        let want = [0.0, 100.0 / 3.0, 100.0 / 6.0, 0.0, 100.0 / 3.0, 0.0];
        for (got, want) in scores.iter().zip(want) {
            assert!((got - want).abs() < 1e-10, "{scores:?}");
        }
    }
}
