//! A score against a supplied figure, and many cuts against theirs.

use crate::measures::MeasureError;
use crate::measures::change::GroupScore;
use crate::stats::Confidence;
use crate::stats::distributions::{normal_quantile, normal_sf};
use crate::stats::multiplicity::benjamini_hochberg;
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
    /// The figure that ours is held against.
    pub benchmark: f64,
    /// Our score.
    #[serde(rename = "own_nps")]
    pub nps: f64,
    /// Ours less the figure.
    pub gap: f64,
    /// The gap of the adjusted score, which all that follows is of.
    pub adjusted_gap: f64,
    /// Standard error of the adjusted gap.
    pub std_error: f64,
    /// The adjusted gap over its error.
    pub statistic: f64,
    /// The chance of such a gap or a larger one if ours were no higher.
    pub p_value: f64,
    /// The adjusted gap is at least this, at the level (one-sided).
    pub conf_low: f64,
    /// Whether the benchmark's own error is in the test.
    pub knows_n: bool,
}

impl Benchmark {
    /// Tests that our score is above the figure.
    ///
    /// Our score and error have 3/4, 3/2 and 3/4 answers added, as the adjusted Wald interval has; of a score for which
    /// everybody was asked, only the figure's own error is left.
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
        let adjusted = ours.adjusted();
        let theirs = self.n.map_or(0.0, |n| self.variance.unwrap_or(adjusted.variance) / n);
        let std_error = 100.0 * (adjusted.squared_error + theirs).sqrt();
        let gap = 100.0 * adjusted.score - self.nps;
        let nps = 100.0 * ours.score();
        Ok(BenchmarkTest {
            benchmark: self.nps,
            nps,
            gap: nps - self.nps,
            adjusted_gap: gap,
            std_error,
            statistic: gap / std_error,
            // Without an error there is nothing left to chance.
            p_value: if std_error > 0.0 { normal_sf(gap / std_error) } else { f64::from(u8::from(gap <= 0.0)) },
            conf_low: gap - normal_quantile(confidence.level()) * std_error,
            knows_n: self.n.is_some(),
        })
    }
}

/// How many cuts are held against figures together: among many, some will seem to lie above theirs by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ManyBenchmarks {
    /// Level of each lower end.
    pub confidence: Confidence,
    /// The share of false discoveries among those called above, at most, on average.
    pub false_discovery: f64,
}

impl Default for ManyBenchmarks {
    fn default() -> Self {
        Self { confidence: Confidence::default(), false_discovery: 0.1 }
    }
}

/// One cut and the figure that it is held against.
#[derive(Debug, Clone, PartialEq)]
pub struct CutAndBenchmark {
    /// The cut.
    pub name: String,
    /// Its score.
    pub score: GroupScore,
    /// The figure.
    pub figure: Benchmark,
}

/// One cut against its figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutBenchmarkTest {
    /// The cut.
    pub name: String,
    /// The figure.
    pub figure: Benchmark,
    /// The one-sided test.
    pub test: BenchmarkTest,
    /// Its p-value adjusted for all cuts (Benjamini and Hochberg).
    pub p_adjusted: f64,
    /// Whether the cut is called above at the settings' share of false discoveries.
    pub is_discovery: bool,
}

impl ManyBenchmarks {
    /// Every cut's test. Cuts that are held against one figure share its error, which makes their p-values rise and fall
    /// together and leaves the control as it is.
    ///
    /// # Errors
    /// A share of false discoveries that is not between 0 and 1, and as [`Benchmark::beaten_by`].
    ///
    /// # References
    /// Benjamini and Hochberg (1995), JRSS B 57(1); Benjamini and Yekutieli (2001), Annals of Statistics 29(4), for tests
    /// that go together.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::ClassCounts;
    /// use advocate::measures::change::GroupScore;
    /// use advocate::measures::channels::{Benchmark, CutAndBenchmark, ManyBenchmarks};
    /// let cut = |name: &str, promoters| -> Result<CutAndBenchmark, advocate::measures::MeasureError> {
    ///     let score = GroupScore::of_counts(ClassCounts::new(20.0, 40.0, promoters)?);
    ///     Ok(CutAndBenchmark { name: name.into(), score, figure: Benchmark { nps: 20.0, n: None, variance: None } })
    /// };
    /// let rows = ManyBenchmarks::default().test(&[cut("app", 140.0)?, cut("store", 40.0)?])?;
    /// assert!(rows[0].is_discovery && !rows[1].is_discovery);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn test(&self, cuts: &[CutAndBenchmark]) -> Result<Vec<CutBenchmarkTest>, MeasureError> {
        if !(self.false_discovery > 0.0 && self.false_discovery < 1.0) {
            let (what, must) = ("the share of false discoveries", "between 0 and 1");
            return Err(MeasureError::Setting { what, value: self.false_discovery, must });
        }
        let tests =
            cuts.iter().map(|cut| cut.figure.beaten_by(cut.score, self.confidence)).collect::<Result<Vec<_>, _>>()?;
        let p_values: Vec<f64> = tests.iter().map(|test| test.p_value).collect();
        let adjusted = benjamini_hochberg(&p_values);
        let row = |((cut, test), p_adjusted): ((&CutAndBenchmark, BenchmarkTest), f64)| CutBenchmarkTest {
            name: cut.name.clone(),
            figure: cut.figure,
            test,
            p_adjusted,
            is_discovery: p_adjusted <= self.false_discovery,
        };
        Ok(cuts.iter().zip(tests).zip(adjusted).map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::change::ChangeSettings;
    use crate::measures::{ClassCounts, NetPromoterScore, NpsSettings, Sampling};

    #[test]
    fn a_benchmark_with_its_answers_is_half_of_a_two_sided_test() {
        let one = GroupScore::of_counts(ClassCounts::new(30.0, 50.0, 70.0).expect("counts"));
        let other = GroupScore::of_counts(ClassCounts::new(60.0, 60.0, 80.0).expect("counts"));
        let both = ChangeSettings::default().between(other, one).expect("a change");
        let theirs = ClassCounts::new(60.75, 61.5, 80.75).expect("counts");
        let figure = Benchmark { nps: 100.0 * theirs.score(), n: Some(theirs.n()), variance: Some(theirs.variance()) };
        let own = figure.beaten_by(one, Confidence::default()).expect("a test");
        assert!((2.0 * own.p_value - both.p_value).abs() < 1e-12, "{} {}", own.p_value, both.p_value);
        let sure = Benchmark { n: None, ..figure }.beaten_by(one, Confidence::default()).expect("a test");
        assert!(sure.p_value < own.p_value && !sure.knows_n);
    }

    /// Of a score for which everybody was asked only the figure's own error is left: sqrt(0.5 / 50) for 50 answers of variance
    /// 0.5, and none for a figure that is known.
    #[test]
    fn everybody_asked_leaves_the_error_of_the_figure() {
        let sampling = Sampling { population: Some(4.0), ..Sampling::default() };
        let score = NetPromoterScore::of_sample(&[9.0, 10.0, 8.0, 2.0], sampling, NpsSettings::default());
        let ours = GroupScore::of_score(&score.expect("answers"));
        let against = |nps, n| {
            let figure = Benchmark { nps, n, variance: Some(0.5) };
            figure.beaten_by(ours, Confidence::default()).expect("a test")
        };
        assert_eq!([24.0, 25.0, 26.0].map(|nps| against(nps, None).p_value), [0.0, 1.0, 1.0]);
        let test = against(24.0, Some(50.0));
        assert!((test.std_error - 10.0).abs() < 1e-12 && (test.statistic - 0.1).abs() < 1e-12, "{test:?}");
    }

    #[test]
    fn p_values_of_cuts_are_adjusted_for_their_number() {
        let cut = |promoters, nps| CutAndBenchmark {
            name: String::new(),
            score: GroupScore::of_counts(ClassCounts::new(20.0, 40.0, promoters).expect("counts")),
            figure: Benchmark { nps, n: None, variance: None },
        };
        let rows = ManyBenchmarks::default().test(&[cut(60.0, 20.0), cut(60.0, 33.0), cut(60.0, 0.0)]).expect("tests");
        // By hand: the least of p times 3, 3/2 and 1 of those at least as large, in the order of the p-values.
        let p: Vec<f64> = rows.iter().map(|row| row.test.p_value).collect();
        assert!(p[2] < p[0] && p[0] < p[1]);
        let want = [f64::min(1.5 * p[0], p[1]), p[1], f64::min(3.0 * p[2], 1.5 * p[0])];
        for (row, want) in rows.iter().zip(want) {
            assert!((row.p_adjusted - want).abs() < 1e-12, "{rows:?}");
        }
        // 33.3 is not shown to lie above 33, and the highest of several needs more than it does alone.
        assert!(!rows[1].is_discovery && rows[2].is_discovery && rows[2].p_adjusted > p[2]);
    }

    #[test]
    fn where_no_cut_lies_above_hardly_ever_is_one_called_so() {
        use crate::stats::random::stream;
        use rand::Rng;
        let mut random = stream(6, "benchmarks", 0);
        let mut families = 0;
        for _ in 0..200 {
            let cuts: Vec<CutAndBenchmark> = (0..20)
                .map(|cut| {
                    let mut counts = [0.0; 3];
                    (0..150).for_each(|_| counts[random.random_range(0..3)] += 1.0);
                    let counts = ClassCounts::new(counts[0], counts[1], counts[2]).expect("counts");
                    let figure = Benchmark { nps: 0.0, n: None, variance: None };
                    CutAndBenchmark { name: cut.to_string(), score: GroupScore::of_counts(counts), figure }
                })
                .collect();
            let rows = ManyBenchmarks::default().test(&cuts).expect("a share");
            families += usize::from(rows.iter().any(|row| row.is_discovery));
        }
        // 20 of 200 families expected; four standard deviations are 17.
        assert!((4..38).contains(&families), "{families}");
    }

    #[test]
    fn a_figure_that_is_no_score_is_refused() {
        let ours = GroupScore::of_counts(ClassCounts::new(1.0, 1.0, 1.0).expect("counts"));
        let figure = Benchmark { nps: 120.0, n: None, variance: None };
        assert!(figure.beaten_by(ours, Confidence::default()).is_err());
        assert!(Benchmark { nps: 20.0, n: Some(0.0), ..figure }.beaten_by(ours, Confidence::default()).is_err());
    }
}
