//! The share for whom something has not happened yet, by the method of Kaplan and Meier.

use super::SurvivalTimes;
use crate::stats::distributions::Confidence;
use serde::Serialize;

/// How much smaller than one half a share may be through rounding and still be it; absolute.
const HALF_TOLERANCE: f64 = 1e-12;

/// Settings of a survival curve.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct KaplanMeier {
    /// The level of its intervals.
    pub confidence: Confidence,
}

/// The share for whom it has not happened, from one event to the next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SurvivalCurve {
    /// Rows.
    pub n: usize,
    /// Rows whose event happened.
    pub n_events: usize,
    /// The longest time, complete or cut off.
    pub last: f64,
    /// One step a time at which it happened, in the order of time. Before the first the share is 1.
    pub steps: Vec<SurvivalStep>,
    /// The first time at which the share is at most one half; `None` where it stays above.
    pub median: Option<f64>,
    /// The first time at which the lower end of the interval is at most one half.
    pub median_low: Option<f64>,
    /// The first time at which the upper end is.
    pub median_high: Option<f64>,
}

/// One time at which it happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SurvivalStep {
    /// The time.
    pub time: f64,
    /// Those to whom it had not happened before, and who were still looked at.
    pub n_at_risk: usize,
    /// Those to whom it happened then.
    pub n_events: usize,
    /// Those who were looked at no longer from the step before on and until just before this one.
    pub n_censored: usize,
    /// The share for whom it has not happened by then, 0-1.
    pub survival: f64,
    /// Its standard error, Greenwood's; `None` at a share of 0.
    pub std_error: Option<f64>,
    /// Lower end of its interval; `None` at a share of 0.
    pub conf_low: Option<f64>,
    /// Upper end.
    pub conf_high: Option<f64>,
}

impl KaplanMeier {
    /// The curve of some times, whose rows are independent of each other and cut off for reasons that have nothing to do with
    /// the event.
    ///
    /// `S(t)` is the product of `1 - d / n` over the times up to `t`, of `d` events among `n` at risk. With `G(t)` the sum of
    /// `d / (n (n - d))` the standard error is `S sqrt(G)` (Greenwood), and the interval, on the scale of `ln(-ln S)`, is
    /// `S ^ exp(-+ z sqrt(G) / ln S)`, which stays between 0 and 1.
    ///
    /// # References
    /// E. L. Kaplan, P. Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958). J. D. Kalbfleisch, R. L.
    /// Prentice, The Statistical Analysis of Failure Time Data (1980), section 1.3 for the interval.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::survival::{KaplanMeier, SurvivalTimes};
    /// // Four customers: bought after 2 and 5 days, not until day 3, not until day 9.
    /// let times = SurvivalTimes::new(&[2.0, 3.0, 5.0, 9.0], &[true, false, true, false])?;
    /// let curve = KaplanMeier::default().of(&times);
    /// let shares: Vec<f64> = curve.steps.iter().map(|step| step.survival).collect();
    /// // 3/4 after day 2; of the two who were left on day 5 one bought.
    /// assert_eq!(shares, [0.75, 0.375]);
    /// assert_eq!(curve.median, Some(5.0));
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(self, times: &SurvivalTimes) -> SurvivalCurve {
        let z = self.confidence.z();
        let mut steps = Vec::new();
        let (mut survival, mut greenwood, mut n_censored) = (1.0, 0.0, 0);
        for tie in times.ties() {
            n_censored += tie.n_censored;
            if tie.n_events == 0 {
                continue;
            }
            let (n_at_risk, n_events) = (tie.n_at_risk as f64, tie.n_events as f64);
            let is_over = tie.n_events == tie.n_at_risk;
            survival *= (n_at_risk - n_events) / n_at_risk;
            greenwood += n_events / (n_at_risk * (n_at_risk - n_events));
            let spread = z * f64::sqrt(greenwood) / f64::ln(survival);
            let when_left = |value: f64| (!is_over).then_some(value);
            steps.push(SurvivalStep {
                time: tie.time,
                n_at_risk: tie.n_at_risk,
                n_events: tie.n_events,
                // Who was cut off at the time of an event is behind it.
                n_censored: std::mem::replace(&mut n_censored, tie.n_censored) - tie.n_censored,
                survival: if is_over { 0.0 } else { survival },
                std_error: when_left(survival * greenwood.sqrt()),
                // The logarithm is negative, so the larger exponent comes with the minus.
                conf_low: when_left(survival.powf((-spread).exp())),
                conf_high: when_left(survival.powf(spread.exp())),
            });
        }
        let first = |get: fn(&SurvivalStep) -> Option<f64>| {
            let below = |step: &&SurvivalStep| get(step).is_some_and(|share| share <= 0.5 + HALF_TOLERANCE);
            steps.iter().find(below).map(|step| step.time)
        };
        SurvivalCurve {
            n: times.n(),
            n_events: times.n_events(),
            last: times.last(),
            median: first(|step| Some(step.survival)),
            median_low: first(|step| step.conf_low),
            median_high: first(|step| step.conf_high),
            steps,
        }
    }
}

impl SurvivalCurve {
    /// The share for whom it has not happened by a time; `None` beyond the longest time, where nobody knows.
    pub fn at(&self, time: f64) -> Option<f64> {
        if time > self.last {
            return None;
        }
        Some(self.steps.iter().take_while(|step| step.time <= time).last().map_or(1.0, |step| step.survival))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::measures::MeasureError;

    /// A line of `tests/oracles/survival_reference.txt`, by R's survival package.
    pub(in crate::measures::survival) fn numbers(case: &str, what: &str) -> Vec<f64> {
        let lines = include_str!("../../../tests/oracles/survival_reference.txt").lines();
        let mut lines = lines.map(|line| line.split_whitespace().collect::<Vec<&str>>());
        let words = lines.find(|words| words[..2] == [case, what]).expect("a line of the reference");
        words[2..].iter().map(|word| word.replace("NA", "NaN").parse().unwrap_or(f64::NAN)).collect()
    }

    /// Weeks in remission (Freireich et al. 1963), as `survival_reference.R` has them.
    pub(in crate::measures::survival) fn treated() -> SurvivalTimes {
        let weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35];
        let relapsed = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0];
        SurvivalTimes::new(&weeks.map(f64::from), &relapsed.map(|own| own == 1)).expect("times")
    }

    pub(in crate::measures::survival) fn placebo() -> SurvivalTimes {
        let weeks = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
        SurvivalTimes::new(&weeks.map(f64::from), &[true; 21]).expect("times")
    }

    fn agree(case: &str, curve: &SurvivalCurve) {
        let near = |what: &str, got: Vec<f64>| {
            let expected = numbers(case, what);
            assert_eq!(got.len(), expected.len(), "{case} {what}");
            for (got, want) in got.iter().zip(&expected) {
                assert!(
                    (got.is_nan() && want.is_nan()) || (got - want).abs() < 1e-12,
                    "{case} {what}: {got} and not {want}"
                );
            }
        };
        let column = |get: fn(&SurvivalStep) -> f64| curve.steps.iter().map(get).collect::<Vec<f64>>();
        near("time", column(|step| step.time));
        near("at_risk", column(|step| step.n_at_risk as f64));
        near("events", column(|step| step.n_events as f64));
        near("survival", column(|step| step.survival));
        near("std_error", column(|step| step.std_error.unwrap_or(f64::NAN)));
        near("conf_low", column(|step| step.conf_low.unwrap_or(f64::NAN)));
        near("conf_high", column(|step| step.conf_high.unwrap_or(f64::NAN)));
        let ends = [curve.median, curve.median_low, curve.median_high];
        near("median", ends.map(|end| end.unwrap_or(f64::NAN)).to_vec());
    }

    #[test]
    fn curves_agree_with_r() {
        agree("treated", &KaplanMeier::default().of(&treated()));
        let confidence = Confidence::new(0.9).expect("a level");
        agree("placebo", &KaplanMeier { confidence }.of(&placebo()));
    }

    #[test]
    fn every_row_is_at_risk_until_it_leaves_and_leaves_once() {
        let curve = KaplanMeier::default().of(&treated());
        let mut left = curve.n;
        for step in &curve.steps {
            left -= step.n_censored;
            assert_eq!(step.n_at_risk, left, "week {}", step.time);
            left -= step.n_events;
        }
        // Cut off at 25, 32, 32, 34 and 35 weeks, behind the last event.
        assert_eq!((left, curve.n_events, curve.last), (5, 9, 35.0));
    }

    #[test]
    fn the_share_at_a_time_is_that_of_the_last_event_before_it() {
        let curve = KaplanMeier::default().of(&treated());
        assert_eq!(curve.at(5.9), Some(1.0));
        assert_eq!(curve.at(6.0), Some(curve.steps[0].survival));
        assert_eq!(curve.at(35.0), Some(curve.steps[6].survival));
        assert_eq!(curve.at(35.1), None);
    }

    #[test]
    fn without_an_event_there_is_no_step_and_without_censoring_it_is_the_plain_share() {
        let none = KaplanMeier::default().of(&SurvivalTimes::new(&[3.0, 0.0], &[false; 2]).expect("times"));
        assert_eq!((none.steps.len(), none.median, none.at(2.0)), (0, None, Some(1.0)));
        let curve = KaplanMeier::default().of(&placebo());
        for (step, left) in curve.steps.iter().zip([19, 17, 16, 14, 12, 8, 6, 4, 3, 2, 1, 0]) {
            assert!((step.survival - f64::from(left) / 21.0).abs() < 1e-12);
        }
    }

    #[test]
    fn times_that_are_none_are_refused_by_row() {
        let refused = |times: &[f64], events: &[bool]| SurvivalTimes::new(times, events).expect_err("refused");
        assert!(matches!(refused(&[1.0, -0.5], &[true; 2]), MeasureError::NotFinite { row: 2, .. }));
        assert!(matches!(refused(&[f64::NAN], &[true]), MeasureError::NotFinite { row: 1, .. }));
        assert!(matches!(refused(&[1.0], &[]), MeasureError::Length { n_found: 0, n_expected: 1, .. }));
        assert!(matches!(refused(&[], &[]), MeasureError::TooFew { .. }));
    }
}
