//! What is believed of a score after the answers, when every split of the three classes was equally likely before.

use super::counts::{ClassCounts, Ends};
use crate::stats::Confidence;
use crate::stats::distributions::beta_cdf;

/// Nodes and weights of Gauss and Legendre's rule of five points on -1 to 1.
const RULE: [[f64; 2]; 5] = [
    [-0.906_179_845_938_664, 0.236_926_885_056_189_1],
    [-0.538_469_310_105_683_1, 0.478_628_670_499_366_5],
    [0.0, 0.568_888_888_888_888_9],
    [0.538_469_310_105_683_1, 0.478_628_670_499_366_5],
    [0.906_179_845_938_664, 0.236_926_885_056_189_1],
];
/// Panels of the rule over the range that holds the mass.
const N_PANELS: usize = 48;
/// How many standard deviations of the decided share the range reaches to either side.
const REACH: f64 = 9.0;

/// The posterior of a score: the shares of the classes follow a Dirichlet distribution.
///
/// # Example
/// ```
/// use advocate::measures::{ClassCounts, ScorePosterior};
/// let posterior = ScorePosterior::uniform(ClassCounts::new(10.0, 20.0, 30.0)?);
/// assert!((posterior.mean() - 20.0 / 63.0).abs() < 1e-12);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
///
/// # References
/// Agresti and Hitchcock (2005), "Bayesian inference for categorical data analysis", Statistical Methods and Applications
/// 14(3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScorePosterior(ClassCounts);

impl ScorePosterior {
    /// After these answers, from a uniform prior: one is added to each class.
    pub fn uniform(counts: ClassCounts) -> Self {
        Self(counts.with_more(1.0, 1.0))
    }

    /// Mean of the score, as a share.
    pub fn mean(self) -> f64 {
        self.0.score()
    }

    /// Variance of the score: `variance of one response / (a + 1)` with `a` the sum of the Dirichlet's parameters.
    pub fn variance(self) -> f64 {
        self.0.variance() / (self.0.n() + 1.0)
    }

    /// The probability that the score is at most `score`.
    ///
    /// The decided share `u = p + d` and the promoters' part of it are independent Betas, so that this is the mean over
    /// `u` of the chance that the part is at most `(1 + score / u) / 2`, by quadrature.
    pub fn probability_below(self, score: f64) -> f64 {
        if score < 0.0 {
            let mirrored = ClassCounts { detractors: self.0.promoters, promoters: self.0.detractors, ..self.0 };
            return 1.0 - Self(mirrored).probability_below(-score);
        }
        let (decided, passives) = (self.0.detractors + self.0.promoters, self.0.passives);
        let mean = decided / (decided + passives);
        let spread = (mean * (1.0 - mean) / (decided + passives + 1.0)).sqrt();
        let low = score.max(mean - REACH * spread);
        let high = (mean + REACH * spread).min(1.0);
        // Below `score` of decided share the score cannot lie above it.
        let below = beta_cdf(low, decided, passives);
        if low >= high {
            return below;
        }
        let width = (high - low) / N_PANELS as f64;
        let mut above_low = 0.0;
        for panel in 0..N_PANELS {
            let from = low + panel as f64 * width;
            // A smooth part of the panel's mass, scaled to the exact mass between its ends.
            let mass = beta_cdf(from + width, decided, passives) - beta_cdf(from, decided, passives);
            let (mut sum, mut total) = (0.0, 0.0);
            for [node, weight] in RULE {
                let u = from + 0.5 * width * (node + 1.0);
                let density =
                    ((decided - 1.0) * (u / mean).ln() + (passives - 1.0) * ((1.0 - u) / (1.0 - mean)).ln()).exp();
                let part = (0.5 * (1.0 + score / u)).min(1.0);
                sum += weight * density * beta_cdf(part, self.0.promoters, self.0.detractors);
                total += weight * density;
            }
            if total > 0.0 {
                above_low += mass * sum / total;
            }
        }
        below + above_low
    }

    /// The percentiles at the ends of this level.
    pub fn interval(self, confidence: Confidence) -> Ends {
        Ends { low: self.quantile(confidence.tail()), high: self.quantile(1.0 - confidence.tail()) }
    }

    fn quantile(self, probability: f64) -> f64 {
        let (mut low, mut high) = (-1.0, 1.0);
        // 45 halvings leave 6e-14, below what the quadrature promises.
        for _ in 0..45 {
            let middle = 0.5 * (low + high);
            if self.probability_below(middle) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::IntervalKind;

    fn posterior(counts: [f64; 3]) -> ScorePosterior {
        ScorePosterior::uniform(ClassCounts::new(counts[0], counts[1], counts[2]).expect("counts"))
    }

    #[test]
    fn percentiles_agree_with_scipy_quadrature() {
        // measures_reference.py: scipy.integrate.quad over the same mixture, brentq for the ends.
        for (counts, case) in
            [([0.0, 5.0, 5.0], "small"), ([10.0, 20.0, 30.0], "sixty"), ([200.0, 300.0, 500.0], "many")]
        {
            let want = crate::measures::reference::numbers("dirichlet", case);
            let got = posterior(counts).interval(Confidence::default());
            assert!((got.low - want[0]).abs() < 2e-7 && (got.high - want[1]).abs() < 2e-7, "{got:?} {want:?}");
        }
    }

    #[test]
    fn many_answers_leave_the_prior_behind() {
        let counts = ClassCounts::new(20_000.0, 30_000.0, 50_000.0).expect("counts");
        let wald = counts.interval(IntervalKind::Wald, Confidence::default()).expect("an interval");
        let own = ScorePosterior::uniform(counts).interval(Confidence::default());
        assert!((own.low - wald.low).abs() < 3e-5 && (own.high - wald.high).abs() < 3e-5, "{own:?} {wald:?}");
    }

    #[test]
    fn no_answer_of_a_class_still_leaves_room() {
        let own = posterior([0.0, 0.0, 3.0]).interval(Confidence::default());
        assert!(own.low < 0.4 && own.high < 1.0 && own.high > 0.9, "{own:?}");
    }
}
