//! Detractors, passives and promoters as counts, and the intervals that follow from them alone.

use super::dirichlet::ScorePosterior;
use super::kind::IntervalKind;
use super::score::score_interval;
use crate::measures::MeasureError;
use crate::stats::Confidence;
use crate::stats::distributions::normal_two_sided;

/// Numbers of detractors, passives and promoters; fractional where weights made them so.
///
/// # Example
/// ```
/// use advocate::measures::ClassCounts;
/// let counts = ClassCounts::new(10.0, 20.0, 30.0)?;
/// assert!((counts.score() - 1.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassCounts {
    pub(in crate::measures) detractors: f64,
    pub(in crate::measures) passives: f64,
    pub(in crate::measures) promoters: f64,
}

/// Two ends of an interval, in the unit of what it is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ends {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A test of a hypothesis by a statistic that is standard normal under it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalTest {
    /// The statistic.
    pub statistic: f64,
    /// Two-sided.
    pub p_value: f64,
}

impl ClassCounts {
    /// Checks the counts.
    ///
    /// # Errors
    /// A count that is negative or not finite; all zero.
    pub fn new(detractors: f64, passives: f64, promoters: f64) -> Result<Self, MeasureError> {
        for value in [detractors, passives, promoters] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(MeasureError::Setting { what: "a count", value, must: "finite and not negative" });
            }
        }
        if detractors + passives + promoters <= 0.0 {
            return Err(MeasureError::NoAnswers);
        }
        Ok(Self { detractors, passives, promoters })
    }

    /// All answers.
    pub fn n(self) -> f64 {
        self.detractors + self.passives + self.promoters
    }

    /// The score as a share from -1 to 1.
    pub fn score(self) -> f64 {
        (self.promoters - self.detractors) / self.n()
    }

    /// Variance of one response's contribution: `promoters + detractors - (promoters - detractors)^2`, all as shares.
    pub fn variance(self) -> f64 {
        ((self.promoters + self.detractors) / self.n() - self.score() * self.score()).max(0.0)
    }

    /// Standard error of the score, `sqrt(variance / n)`.
    pub fn std_error(self) -> f64 {
        (self.variance() / self.n()).sqrt()
    }

    /// The interval of the score, as shares from -1 to 1. It always holds the score itself.
    ///
    /// # Errors
    /// A kind that counts alone do not give: the bootstrap, and those of plain shares and means.
    ///
    /// # References
    /// Rocks (2016), "Interval estimation for the Net Promoter Score", The American Statistician 70(4): adjusted Wald
    /// (3, T), (3, U) and the iterative score interval; the latter is Tango's (1998), Statistics in Medicine 17(8), for
    /// the difference of paired proportions. Agresti and Min (2005), Statistics in Medicine 24(5), for two more answers;
    /// Bonett and Price (2012), Journal of Educational and Behavioral Statistics 37(4); Goodman (1964), Annals of
    /// Mathematical Statistics 35(2), with chi squared on two degrees of freedom.
    pub fn interval(self, kind: IntervalKind, confidence: Confidence) -> Result<Ends, MeasureError> {
        let z = confidence.z();
        let ends = match kind {
            IntervalKind::Wald => self.wald(z),
            IntervalKind::AdjustedWald => self.with_more(0.75, 1.5).wald(z),
            IntervalKind::AdjustedWaldUniform => self.with_more(1.0, 1.0).wald(z),
            IntervalKind::AdjustedWaldThird => self.with_more(z * z / 3.0, z * z / 3.0).wald(z),
            IntervalKind::WaldPlusTwo => self.with_more(0.5, 1.0).wald(z),
            IntervalKind::BonettPrice => self.with_more(1.0, 0.0).wald(z),
            // The quantile of chi squared on two degrees of freedom is -2 ln of the tail.
            IntervalKind::Goodman => self.wald((-2.0 * (1.0 - confidence.level()).ln()).sqrt()),
            IntervalKind::Score => score_interval(self, z),
            IntervalKind::Dirichlet => ScorePosterior::uniform(self).interval(confidence),
            IntervalKind::Bootstrap | IntervalKind::Wilson | IntervalKind::Exact | IntervalKind::StudentT => {
                return Err(MeasureError::NoSuchInterval {
                    kind: kind.word(),
                    figure: "the counts of three classes",
                    instead: "take adjusted-wald or score",
                });
            }
        };
        // Answers added to a unanimous sample move the interval off its score, the further the lower the level.
        Ok(Ends { low: ends.low.min(self.score()), high: ends.high.max(self.score()) })
    }

    /// Tests that promoters and detractors are equally many: `(P - D) / sqrt(P + D)`, McNemar's without a correction.
    ///
    /// `None` where there are neither.
    pub fn test_of_zero(self) -> Option<NormalTest> {
        let decided = self.promoters + self.detractors;
        let statistic = (self.promoters - self.detractors) / decided.sqrt();
        (decided > 0.0).then(|| NormalTest { statistic, p_value: normal_two_sided(statistic) })
    }

    /// The same with more detractors and as many more promoters, and more passives.
    pub(in crate::measures) fn with_more(self, at_ends: f64, passives: f64) -> Self {
        Self {
            detractors: self.detractors + at_ends,
            passives: self.passives + passives,
            promoters: self.promoters + at_ends,
        }
    }

    fn wald(self, critical: f64) -> Ends {
        let half = critical * self.std_error();
        Ends { low: (self.score() - half).max(-1.0), high: (self.score() + half).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts([detractors, passives, promoters]: [f64; 3]) -> ClassCounts {
        ClassCounts::new(detractors, passives, promoters).expect("counts")
    }

    fn ends(counts: ClassCounts, kind: IntervalKind, level: f64) -> Ends {
        counts.interval(kind, Confidence::new(level).expect("a level")).expect("an interval")
    }

    fn assert_ends(got: Ends, want: [f64; 2], absolute: f64) {
        assert!((got.low - want[0]).abs() < absolute && (got.high - want[1]).abs() < absolute, "{got:?} {want:?}");
    }

    #[test]
    fn three_methods_agree_with_independent_numpy() {
        // Counts, then adjusted Wald (3, T), score and Wald, computed with numpy and scipy from the formulas of Rocks
        // (2016) and Tango (1998).
        let cases = [
            (
                [2.0, 11.0, 18.0],
                [0.255_123_341_183_546_3, 0.686_053_129_404_689],
                [0.260_919_091_659_172_54, 0.699_158_989_471_767_2],
            ),
            (
                [0.0, 5.0, 5.0],
                [0.062_069_470_031_581_42, 0.707_161_299_199_187_8],
                [0.083_700_800_205_666_24, 0.763_406_909_487_436],
            ),
        ];
        for (case, adjusted, score) in cases {
            assert_ends(ends(counts(case), IntervalKind::AdjustedWald, 0.95), adjusted, 1e-12);
            assert_ends(ends(counts(case), IntervalKind::Score, 0.95), score, 1e-8);
        }
        let wald = ends(counts([10.0, 20.0, 30.0]), IntervalKind::Wald, 0.95);
        assert_ends(wald, [0.144_735_710_987_304_73, 0.521_930_955_679_361_9], 1e-12);
    }

    /// (0.75 to n + 0.75 of n + 3 are below the whole for every n here, by hand.)
    #[test]
    fn an_interval_holds_its_score() {
        use IntervalKind::{AdjustedWald, AdjustedWaldThird, AdjustedWaldUniform, BonettPrice, Dirichlet, Score, Wald};
        for kind in [AdjustedWald, AdjustedWaldThird, AdjustedWaldUniform, BonettPrice, Dirichlet, Score, Wald] {
            for (n, level) in [(1.0, 0.95), (120.0, 0.8), (3.0, 0.5)] {
                assert_eq!(ends(counts([0.0, 0.0, n]), kind, level).high, 1.0, "{kind:?} {n}");
                assert_eq!(ends(counts([n, 0.0, 0.0]), kind, level).low, -1.0, "{kind:?} {n}");
            }
        }
    }

    #[test]
    fn score_interval_agrees_with_published_paired_proportions() {
        // The tests of the R packages ratesci and contingencytables: Tango (1998) table V at 90 %, Agresti and Min
        // (2005), Tang (2010), and all detractors.
        assert_ends(ends(counts([1.0, 43.0, 0.0]), IntervalKind::Score, 0.9), [-0.096, 0.037], 6e-4);
        assert_ends(ends(counts([8.0, 62.0, 16.0]), IntervalKind::Score, 0.95), [-0.02, 0.207], 6e-4);
        assert_ends(ends(counts([1.0, 10.0, 3.0]), IntervalKind::Score, 0.95), [-0.167, 0.4327], 6e-5);
        assert_ends(ends(counts([16.0, 139.0, 6.0]), IntervalKind::Score, 0.95), [-0.124, -0.0054], 6e-5);
        assert_ends(ends(counts([3.0, 0.0, 0.0]), IntervalKind::Score, 0.95), [-1.0, 0.123], 6e-4);
    }

    #[test]
    fn more_answers_agree_with_published_paired_proportions() {
        // Cavo and Bentur examples as contingencytables and ratesci print them; PropCIs' diffpropci.mp(40, 20, 160).
        let cavo = counts([16.0, 139.0, 6.0]);
        assert_ends(ends(cavo, IntervalKind::WaldPlusTwo, 0.95), [-0.1182, -0.0045], 6e-5);
        assert_ends(ends(cavo, IntervalKind::BonettPrice, 0.95), [-0.1195, -0.0032], 6e-5);
        assert_ends(ends(counts([7.0, 13.0, 1.0]), IntervalKind::BonettPrice, 0.95), [-0.508, -0.013], 6e-4);
        let two = ends(counts([40.0, 100.0, 20.0]), IntervalKind::WaldPlusTwo, 0.95);
        assert_ends(two, [-0.216_017_26, -0.030_896_32], 6e-9);
        let test = cavo.test_of_zero().expect("some of both");
        assert!((test.statistic + 2.132).abs() < 6e-4 && (test.p_value - 0.033_006).abs() < 6e-6);
        assert_eq!(counts([0.0, 3.0, 0.0]).test_of_zero(), None);
    }

    #[test]
    fn every_interval_of_the_reference_is_held() {
        use crate::measures::ScorePosterior;
        use crate::measures::reference::{near, nps_oracles, number};
        let Some(all) = nps_oracles() else { return };
        for case in all["derived_one_sample_95"].as_array().expect("a list") {
            let own = counts([0, 1, 2].map(|class| number(&case["counts"][class])));
            near("score", own.score(), number(&case["nps"]), 1e-12);
            near("error", own.std_error(), number(&case["se"]), 1e-12);
            for (kind, key) in [
                (IntervalKind::Wald, "wald"),
                (IntervalKind::AdjustedWald, "adj_wald_3T"),
                (IntervalKind::AdjustedWaldUniform, "adj_wald_3U"),
                (IntervalKind::AdjustedWaldThird, "adj_wald_z2_third"),
                (IntervalKind::BonettPrice, "adj_wald_bp"),
                (IntervalKind::Score, "score"),
                (IntervalKind::Goodman, "goodman_df2"),
            ] {
                let absolute = if kind == IntervalKind::Score { 1e-8 } else { 1e-12 };
                assert_ends(ends(own, kind, 0.95), [0, 1].map(|end| number(&case[key][end])), absolute);
            }
            let posterior = ScorePosterior::uniform(own);
            near("mean", posterior.mean(), number(&case["dirichlet_uniform"]["mean"]), 1e-12);
            near("variance", posterior.variance(), number(&case["dirichlet_uniform"]["var"]), 1e-12);
        }
        for check in all["checks"].as_array().expect("a list").iter().filter(|check| check["id"] == "mcnemar_cavo") {
            let test = counts([0, 1, 2].map(|class| number(&check["input"]["counts"][class]))).test_of_zero();
            let test = test.expect("some of both");
            near("statistic", test.statistic, number(&check["expected"][0]), number(&check["tol"]));
            near("p", test.p_value, number(&check["expected"][1]), number(&check["tol"]));
        }
    }

    #[test]
    fn covers_as_it_should_at_three_shapes() {
        // Rocks (2016): near nominal coverage at n = 10 where plain Wald falls to 0.87. Exact coverage, by summing the
        // multinomial over all outcomes that are not too rare to matter.
        let ln_factorials: Vec<f64> = (0..=100)
            .scan(0.0, |sum, k: i32| {
                *sum += f64::from(k.max(1)).ln();
                Some(*sum)
            })
            .collect();
        let coverage = |kind, n: usize, shares: [f64; 3]| -> f64 {
            let mut covered = 0.0;
            for n_d in 0..=n {
                for n_s in 0..=n - n_d {
                    let own = [n_d, n_s, n - n_d - n_s];
                    let ways = ln_factorials[n] - own.iter().map(|&k| ln_factorials[k]).sum::<f64>();
                    let each: f64 = own.iter().zip(shares).map(|(&k, share)| k as f64 * share.ln()).sum();
                    let probability = (ways + each).exp();
                    let truth = shares[2] - shares[0];
                    if probability > 1e-7 {
                        let ends = ends(counts(own.map(|k| k as f64)), kind, 0.95);
                        if ends.low <= truth && truth <= ends.high {
                            covered += probability;
                        }
                    }
                }
            }
            covered
        };
        let third = 1.0 / 3.0;
        for shares in [[0.1, 0.3, 0.6], [0.02, 0.18, 0.8], [third, third, third]] {
            for n in [10, 30, 100] {
                for kind in [IntervalKind::AdjustedWald, IntervalKind::Score] {
                    let own = coverage(kind, n, shares);
                    assert!((0.935..0.975).contains(&own), "{kind} at n = {n}, {shares:?}: {own}");
                }
            }
        }
        assert!(coverage(IntervalKind::Wald, 10, [0.1, 0.3, 0.6]) < 0.88);
    }

    #[test]
    fn counts_that_are_none_are_refused() {
        assert_eq!(ClassCounts::new(0.0, 0.0, 0.0), Err(MeasureError::NoAnswers));
        assert!(ClassCounts::new(-1.0, 2.0, 0.0).is_err());
        let kind = counts([1.0, 1.0, 1.0]).interval(IntervalKind::Wilson, Confidence::default());
        assert!(matches!(kind, Err(MeasureError::NoSuchInterval { .. })));
    }
}
