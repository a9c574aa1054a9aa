//! A score against a supplied figure.

use crate::measures::MeasureError;
use crate::measures::change::GroupScore;
use crate::stats::Confidence;
use crate::stats::distributions::{normal_quantile, normal_sf};
use serde::Serialize;

/// A figure to be beaten.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Benchmark {
    /// The score, in points.
    pub nps: f64,
    /// Answers behind it, where that is known; without, it is taken as sure, which it is not.
    pub n: Option<f64>,
    /// Variance of one of its responses, `p + d - (p - d)^2`; our own where it is not known.
    pub variance: Option<f64>,
}

/// One-sided: is our score above the figure?
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchmarkTest {
    /// Our score.
    pub nps: f64,
    /// Ours less the figure.
    pub gap: f64,
    /// Standard error of the gap.
    pub std_error: f64,
    /// The adjusted gap over its error.
    pub statistic: f64,
    /// The chance of such a gap or a larger one if ours were no higher.
    pub p_value: f64,
    /// The gap is at least this, at the level (one-sided).
    pub conf_low: f64,
    /// Whether the benchmark's own error is in the test.
    pub knows_n: bool,
}

impl Benchmark {
    /// Tests that our score is above the figure.
    ///
    /// Our score and error have 3/4, 3/2 and 3/4 answers added, as the adjusted Wald interval has.
    ///
    /// # Errors
    /// A figure outside -100..100, an n that is not positive, a variance outside 0-1.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::ClassCounts;
    /// use advocate::measures::change::GroupScore;
    /// use advocate::measures::channels::Benchmark;
    /// use advocate::stats::Confidence;
    /// let ours = GroupScore::of_counts(ClassCounts::new(100.0, 300.0, 600.0)?);
    /// let test = Benchmark { nps: 45.0, n: None, variance: None }.beaten_by(ours, Confidence::default())?;
    /// assert!((test.gap - 5.0).abs() < 1e-9 && test.p_value < 0.02);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn beaten_by(&self, ours: GroupScore, confidence: Confidence) -> Result<BenchmarkTest, MeasureError> {
        let refuse = |what, value, must| Err(MeasureError::Setting { what, value, must });
        if !(-100.0..=100.0).contains(&self.nps) {
            return refuse("the benchmark", self.nps, "a score between -100 and 100");
        }
        if let Some(n) = self.n.filter(|&n| !(n.is_finite() && n > 0.0)) {
            return refuse("the benchmark's number of answers", n, "positive");
        }
        if let Some(variance) = self.variance.filter(|variance| !(0.0..=1.0).contains(variance)) {
            return refuse("the variance of one response", variance, "between 0 and 1");
        }
        let adjusted = ours.counts().with_more(0.75, 1.5);
        let theirs = self.n.map_or(0.0, |n| self.variance.unwrap_or(adjusted.variance()) / n);
        let std_error = 100.0 * (adjusted.variance() / adjusted.n() + theirs).sqrt();
        let gap = 100.0 * adjusted.score() - self.nps;
        let nps = 100.0 * ours.counts().score();
        Ok(BenchmarkTest {
            nps,
            gap: nps - self.nps,
            std_error,
            statistic: gap / std_error,
            p_value: normal_sf(gap / std_error),
            conf_low: gap - normal_quantile(confidence.level()) * std_error,
            knows_n: self.n.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::ClassCounts;
    use crate::measures::change::ChangeSettings;

    #[test]
    fn a_benchmark_with_its_answers_is_half_of_a_two_sided_test() {
        let one = GroupScore::of_counts(ClassCounts::new(30.0, 50.0, 70.0).expect("counts"));
        let other = GroupScore::of_counts(ClassCounts::new(60.0, 60.0, 80.0).expect("counts"));
        let both = ChangeSettings::default().between(other, one).expect("a change");
        let theirs = other.counts().with_more(0.75, 1.5);
        let figure = Benchmark { nps: 100.0 * theirs.score(), n: Some(theirs.n()), variance: Some(theirs.variance()) };
        let own = figure.beaten_by(one, Confidence::default()).expect("a test");
        assert!((2.0 * own.p_value - both.p_value).abs() < 1e-12, "{} {}", own.p_value, both.p_value);
        let sure = Benchmark { n: None, ..figure }.beaten_by(one, Confidence::default()).expect("a test");
        assert!(sure.p_value < own.p_value && !sure.knows_n);
    }

    #[test]
    fn a_figure_that_is_no_score_is_refused() {
        let ours = GroupScore::of_counts(ClassCounts::new(1.0, 1.0, 1.0).expect("counts"));
        let figure = Benchmark { nps: 120.0, n: None, variance: None };
        assert!(figure.beaten_by(ours, Confidence::default()).is_err());
        assert!(Benchmark { nps: 20.0, n: Some(0.0), ..figure }.beaten_by(ours, Confidence::default()).is_err());
    }
}
