//! Whether it happens as fast in all groups, by the log-rank test.

use super::SurvivalTimes;
use crate::stats::distributions::chi_squared_upper;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2};
use serde::Serialize;

/// Groups held against each other over all of the time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogRank {
    /// Events of each group.
    pub observed: Vec<usize>,
    /// Those expected of it, were there no difference: at each time, its share of those at risk.
    pub expected: Vec<f64>,
    /// Chi-squared.
    pub statistic: f64,
    /// Groups that could differ, less one.
    pub degrees_of_freedom: f64,
    /// The chance of a statistic as large, were there no difference.
    pub p_value: f64,
}

/// The log-rank test (Mantel-Haenszel) of two or more groups; `None` where there are not two at risk at some event.
///
/// With `d` events among `n` at risk at a time, of which `n_j` are in group `j`, group `j` is expected to have `d n_j / n` of them,
/// with the covariance `d (n - d) / (n - 1) * (n_j / n) (delta_jk - n_k / n)`. The statistic is the squared distance of observed
/// from expected, in units of the summed covariance. It sees differences that keep their direction over the time best, and
/// those that turn round least.
///
/// # References
/// N. Mantel, Cancer Chemotherapy Reports 50 (1966). R. Peto, J. Peto, JRSS A 135 (1972).
///
/// # Example
/// ```
/// use advocate::measures::survival::{SurvivalTimes, log_rank};
/// let soon = SurvivalTimes::new(&[1.0], &[true])?;
/// let late = SurvivalTimes::new(&[2.0], &[true])?;
/// // Of the two at risk on day 1 either could have been first: one event against an expected half, variance a quarter.
/// let test = log_rank(&[soon, late]).expect("two groups");
/// assert!((test.statistic - 1.0).abs() < 1e-12);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
pub fn log_rank(groups: &[SurvivalTimes]) -> Option<LogRank> {
    let n_groups = groups.len();
    let ties: Vec<_> = groups.iter().map(SurvivalTimes::ties).collect();
    let mut times: Vec<f64> = ties.iter().flatten().filter(|tie| tie.n_events > 0).map(|tie| tie.time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup_by(|one, other| one.total_cmp(other).is_eq());
    let mut next = vec![0; n_groups];
    let mut observed = vec![0; n_groups];
    let mut expected = vec![0.0; n_groups];
    let mut covariance = Array2::<f64>::zeros((n_groups, n_groups));
    for time in times {
        let mut at_risk = vec![0.0; n_groups];
        let mut n_events = 0;
        for group in 0..n_groups {
            let own = &ties[group];
            while own.get(next[group]).is_some_and(|tie| tie.time < time) {
                next[group] += 1;
            }
            let Some(tie) = own.get(next[group]) else { continue };
            at_risk[group] = tie.n_at_risk as f64;
            if tie.time <= time {
                observed[group] += tie.n_events;
                n_events += tie.n_events;
            }
        }
        let (n, d): (f64, f64) = (at_risk.iter().sum(), n_events as f64);
        let spread = if n > 1.0 { d * (n - d) / (n - 1.0) } else { 0.0 };
        for one in 0..n_groups {
            expected[one] += d * at_risk[one] / n;
            for other in 0..n_groups {
                let same = if one == other { 1.0 } else { 0.0 };
                covariance[[one, other]] += spread * at_risk[one] / n * (same - at_risk[other] / n);
            }
        }
    }
    // The differences sum to 0, so the last group that could differ is a combination of the others.
    let factor = Cholesky::of(covariance.view());
    let kept = factor.kept();
    if kept.is_empty() {
        return None;
    }
    let difference: Array1<f64> = kept.iter().map(|&group| observed[group] as f64 - expected[group]).collect();
    let statistic = difference.dot(&factor.solve(difference.view()));
    let degrees_of_freedom = kept.len() as f64;
    let p_value = chi_squared_upper(statistic, degrees_of_freedom);
    Some(LogRank { observed, expected, statistic, degrees_of_freedom, p_value })
}

#[cfg(test)]
mod tests {
    use super::super::kaplan_meier::tests::{numbers, placebo, treated};
    use super::*;

    fn agree(case: &str, test: &LogRank) {
        let near =
            |got: f64, want: f64| assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{case}: {got}, {want}");
        for (&got, want) in test.observed.iter().zip(numbers(case, "observed")) {
            near(got as f64, want);
        }
        for (&got, want) in test.expected.iter().zip(numbers(case, "expected")) {
            near(got, want);
        }
        let expected = numbers(case, "log_rank");
        near(test.statistic, expected[0]);
        near(test.degrees_of_freedom, expected[1]);
        assert!((test.p_value / expected[2] - 1.0).abs() < 1e-9, "{case}: {} and not {}", test.p_value, expected[2]);
    }

    #[test]
    fn two_and_three_groups_agree_with_r() {
        agree("remission", &log_rank(&[treated(), placebo()]).expect("a test"));
        // As `survival_reference.R` has them.
        let times = [
            (vec![3, 3, 5, 8, 8, 8, 12, 20, 20, 30], vec![1, 0, 1, 1, 1, 0, 1, 1, 0, 0]),
            (vec![2, 3, 3, 9, 9, 14, 20, 30, 30], vec![0, 1, 1, 1, 0, 1, 0, 0, 0]),
            (vec![1, 1, 2, 3, 5, 5, 8, 30], vec![1, 1, 1, 1, 1, 0, 1, 0]),
        ];
        let groups = times.map(|(times, events)| {
            let times: Vec<f64> = times.into_iter().map(f64::from).collect();
            let events: Vec<bool> = events.into_iter().map(|own| own == 1).collect();
            SurvivalTimes::new(&times, &events).expect("times")
        });
        agree("classes", &log_rank(&groups).expect("a test"));
    }

    #[test]
    fn a_group_twice_does_not_differ_from_itself() {
        let test = log_rank(&[treated(), treated()]).expect("a test");
        assert!(test.statistic.abs() < 1e-12 && (test.p_value - 1.0).abs() < 1e-6, "{test:?}");
    }

    #[test]
    fn the_order_of_the_groups_changes_nothing() {
        let (one, other) = (log_rank(&[treated(), placebo()]), log_rank(&[placebo(), treated()]));
        let statistic = |test: Option<LogRank>| test.expect("a test").statistic;
        assert!((statistic(one) - statistic(other)).abs() < 1e-9);
    }

    #[test]
    fn without_two_groups_at_risk_at_an_event_there_is_no_test() {
        let cut_off = SurvivalTimes::new(&[1.0, 2.0], &[false; 2]).expect("times");
        assert_eq!(log_rank(&[treated()]), None);
        assert_eq!(log_rank(&[cut_off.clone(), cut_off.clone()]), None);
        // The first event comes when the other group has gone.
        assert_eq!(log_rank(&[treated(), cut_off]), None);
        assert_eq!(log_rank(&[]), None);
    }
}
