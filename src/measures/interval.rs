//! Confidence intervals of the Net Promoter Score from its three shares.

use crate::stats::Confidence;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the interval of a score is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalKind {
    /// Wald's interval after adding 3/4, 3/2 and 3/4 to detractors, passives and promoters; right down to n = 10.
    #[default]
    AdjustedWald,
    /// All scores that a score test does not reject.
    Score,
    /// Estimate and normal quantile times standard error; too narrow for small n.
    Wald,
}

impl IntervalKind {
    /// The word used on the command line and in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::AdjustedWald => "adjusted-wald",
            Self::Score => "score",
            Self::Wald => "wald",
        }
    }
}

impl fmt::Display for IntervalKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Numbers of detractors, passives and promoters; fractional where weights made them so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counts {
    pub detractors: f64,
    pub passives: f64,
    pub promoters: f64,
}

/// Two ends of an interval, as shares from -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ends {
    pub low: f64,
    pub high: f64,
}

impl Counts {
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

    /// The interval of the score.
    ///
    /// # References
    /// Rocks (2016), "Interval estimation for the Net Promoter Score", The American Statistician 70(4): adjusted Wald
    /// (3, T) and the iterative score interval; the latter is Tango's (1998), Statistics in Medicine 17(8), for the
    /// difference of paired proportions.
    pub fn interval(self, kind: IntervalKind, confidence: Confidence) -> Ends {
        match kind {
            IntervalKind::Wald => self.wald(confidence),
            IntervalKind::AdjustedWald => Self {
                detractors: self.detractors + 0.75,
                passives: self.passives + 1.5,
                promoters: self.promoters + 0.75,
            }
            .wald(confidence),
            IntervalKind::Score => {
                let high = self.score_end(confidence.z());
                let mirrored = Self { detractors: self.promoters, promoters: self.detractors, ..self };
                Ends { low: -mirrored.score_end(confidence.z()), high }
            }
        }
    }

    fn wald(self, confidence: Confidence) -> Ends {
        let half = confidence.z() * (self.variance() / self.n()).sqrt();
        Ends { low: (self.score() - half).max(-1.0), high: (self.score() + half).min(1.0) }
    }

    /// The largest score that a test at this critical value does not reject.
    fn score_end(self, critical: f64) -> f64 {
        let (mut inside, mut outside) = (self.score(), 1.0);
        if self.statistic(outside) <= critical {
            return 1.0;
        }
        // The statistic rises from 0 at the estimate; halving the bracket 60 times reaches the spacing of doubles.
        for _ in 0..60 {
            let middle = 0.5 * (inside + outside);
            if self.statistic(middle) <= critical {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        0.5 * (inside + outside)
    }

    /// How many standard errors, taken under the hypothesis, the observed score lies below a hypothetical one.
    ///
    /// With `delta` given, the likelihood is largest at the detractors' share `d` that solves
    /// `2 n d^2 - d ((P + D)(1 - delta) - 2 delta (D + S)) - D delta (1 - delta) = 0`.
    fn statistic(self, delta: f64) -> f64 {
        let (p, d, s, n) = (self.promoters, self.detractors, self.passives, self.n());
        let half = 0.5 * ((p + d) * (1.0 - delta) - 2.0 * delta * (d + s));
        let root = (half * half + 2.0 * n * d * delta * (1.0 - delta)).max(0.0).sqrt();
        let share = ((half + root) / (2.0 * n)).max(0.0).max(-delta);
        let variance = 2.0 * share + delta - delta * delta;
        let gap = delta - self.score();
        if variance > 1e-15 {
            gap / (variance / n).sqrt()
        } else if gap > 1e-12 {
            f64::INFINITY
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts([detractors, passives, promoters]: [f64; 3]) -> Counts {
        Counts { detractors, passives, promoters }
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
                [10.0, 20.0, 30.0],
                [0.133_011_825_356_381_98, 0.501_908_809_564_252_9],
                [0.131_740_189_826_431_7, 0.505_638_930_252_238_8],
            ),
            (
                [36.0, 28.0, 36.0],
                [-0.163_137_775_410_131_9, 0.163_137_775_410_131_9],
                [-0.164_373_063_497_991_38, 0.164_373_063_497_991_36],
            ),
            (
                [0.0, 5.0, 5.0],
                [0.062_069_470_031_581_42, 0.707_161_299_199_187_8],
                [0.083_700_800_205_666_24, 0.763_406_909_487_436],
            ),
            (
                [1.0, 4.0, 5.0],
                [-0.069_803_268_812_427_38, 0.685_187_884_197_042_8],
                [-0.087_292_048_917_823_18, 0.720_146_410_477_942_1],
            ),
        ];
        for (case, adjusted, score) in cases {
            let counts = counts(case);
            assert_ends(counts.interval(IntervalKind::AdjustedWald, Confidence::default()), adjusted, 1e-12);
            assert_ends(counts.interval(IntervalKind::Score, Confidence::default()), score, 1e-8);
        }
        let wald = counts([10.0, 20.0, 30.0]).interval(IntervalKind::Wald, Confidence::default());
        assert_ends(wald, [0.144_735_710_987_304_73, 0.521_930_955_679_361_9], 1e-12);
    }

    #[test]
    fn score_interval_agrees_with_published_paired_proportions() {
        // The tests of the R packages ratesci and contingencytables: Tango (1998) table V at 90 %, Agresti and Min
        // (2005), Tang (2010), and all detractors.
        let at = |level| Confidence::new(level).expect("a level");
        assert_ends(counts([1.0, 43.0, 0.0]).interval(IntervalKind::Score, at(0.9)), [-0.096, 0.037], 6e-4);
        assert_ends(counts([8.0, 62.0, 16.0]).interval(IntervalKind::Score, at(0.95)), [-0.02, 0.207], 6e-4);
        assert_ends(counts([1.0, 10.0, 3.0]).interval(IntervalKind::Score, at(0.95)), [-0.167, 0.4327], 6e-5);
        assert_ends(counts([16.0, 139.0, 6.0]).interval(IntervalKind::Score, at(0.95)), [-0.124, -0.0054], 6e-5);
        assert_ends(counts([3.0, 0.0, 0.0]).interval(IntervalKind::Score, at(0.95)), [-1.0, 0.123], 6e-4);
    }

    #[test]
    fn adjusted_wald_is_two_sided() {
        // A known slip takes the 95 % quantile of one tail (1.645) for a 95 % interval: [.163, .472] for this case.
        let ends = counts([10.0, 20.0, 30.0]).interval(IntervalKind::AdjustedWald, Confidence::default());
        assert!(ends.low < 0.14 && ends.high > 0.5);
    }

    #[test]
    fn covers_as_simulated() {
        // Rocks (2016): near nominal coverage at n = 10 where plain Wald falls to 0.87. Exact coverage here, by summing
        // the multinomial over all outcomes at shares .1, .3, .6.
        let (d, s, p) = (0.1_f64, 0.3_f64, 0.6_f64);
        let ln_factorial = |n: i32| (1..=n).map(|k| f64::from(k).ln()).sum::<f64>();
        let coverage = |kind| -> f64 {
            let mut covered = 0.0;
            for n_d in 0..=10 {
                for n_s in 0..=10 - n_d {
                    let n_p = 10 - n_d - n_s;
                    let ends = counts([n_d, n_s, n_p].map(f64::from)).interval(kind, Confidence::default());
                    if ends.low <= p - d && p - d <= ends.high {
                        let ways = ln_factorial(10) - ln_factorial(n_d) - ln_factorial(n_s) - ln_factorial(n_p);
                        covered +=
                            (ways + f64::from(n_d) * d.ln() + f64::from(n_s) * s.ln() + f64::from(n_p) * p.ln()).exp();
                    }
                }
            }
            covered
        };
        assert!((0.935..0.975).contains(&coverage(IntervalKind::AdjustedWald)));
        assert!((0.935..0.975).contains(&coverage(IntervalKind::Score)));
        assert!(coverage(IntervalKind::Wald) < 0.89);
    }
}
