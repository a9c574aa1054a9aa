//! Where the low and the high category of a driver begin and end.

use crate::drivers::ActionError;
use crate::drivers::Scale;
use ndarray::ArrayView1;

/// How a driver's scores are cut into low, middle and high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cuts {
    /// Low is the scale's lower third and high its upper third, their inner ends left to the middle: 1-2, 3 and 4-5 of
    /// five points, 0-3, 4-6 and 7-10 of eleven.
    Thirds(Scale),
    /// Low is at or below the driver's own lower quantile, high at or above its upper one; both are probabilities.
    Quantiles {
        /// The lower, as in 1/3.
        low: f64,
        /// The upper, as in 2/3.
        high: f64,
    },
    /// Given scores.
    At {
        /// The highest score that is low.
        low_at_most: f64,
        /// The lowest score that is high.
        high_at_least: f64,
    },
}

/// The category of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Low,
    Middle,
    High,
}

/// Cut points of one driver; `low_below` or `high_above` where a third ends between scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CutPoints {
    pub low_at_most: f64,
    pub high_at_least: f64,
    inclusive: bool,
}

impl Cuts {
    /// The cut points for some scores and their weights.
    ///
    /// # Errors
    /// Quantiles or scores out of order.
    pub(super) fn points(self, scores: ArrayView1<f64>, weights: &[f64]) -> Result<CutPoints, ActionError> {
        let points = match self {
            Self::Thirds(scale) => {
                let third = (scale.high() - scale.low()) / 3.0;
                CutPoints { low_at_most: scale.low() + third, high_at_least: scale.high() - third, inclusive: false }
            }
            Self::Quantiles { low, high } => {
                if !(low > 0.0 && low < high && high < 1.0) {
                    let allowed = "below the upper one, both strictly between 0 and 1";
                    return Err(ActionError::Setting { setting: "the lower quantile", value: low, allowed });
                }
                let of = |probability| weighted_quantile(scores, weights, probability);
                CutPoints { low_at_most: of(low), high_at_least: of(high), inclusive: true }
            }
            Self::At { low_at_most, high_at_least } => {
                if low_at_most.is_nan() || high_at_least.is_nan() || low_at_most >= high_at_least {
                    let allowed = "below the lowest score that is high";
                    return Err(ActionError::Setting {
                        setting: "the highest score that is low",
                        value: low_at_most,
                        allowed,
                    });
                }
                CutPoints { low_at_most, high_at_least, inclusive: true }
            }
        };
        Ok(points)
    }
}

impl CutPoints {
    /// The category of a score; where both ends coincide, all of it is middle.
    pub(super) fn category(&self, score: f64) -> Category {
        let (low, high) = (self.low_at_most, self.high_at_least);
        let is_low = if self.inclusive { score <= low } else { score < low };
        let is_high = if self.inclusive { score >= high } else { score > high };
        match (is_low, is_high) {
            (true, false) => Category::Low,
            (false, true) => Category::High,
            _ => Category::Middle,
        }
    }
}

/// The smallest score at or below which lies at least this share of the weight.
fn weighted_quantile(scores: ArrayView1<f64>, weights: &[f64], probability: f64) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&row| weights[row] > 0.0).collect();
    order.sort_by(|&one, &other| scores[one].total_cmp(&scores[other]));
    let wanted = probability * order.iter().map(|&row| weights[row]).sum::<f64>();
    let mut below = 0.0;
    // A share that falls on a step but for rounding belongs to the step.
    let reached = order.iter().find(|&&row| {
        below += weights[row];
        below >= wanted * (1.0 - 1e-12)
    });
    reached.or(order.last()).map_or(f64::NAN, |&row| scores[row])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    fn categories(cuts: Cuts, scores: &Array1<f64>) -> Vec<Category> {
        let points = cuts.points(scores.view(), &vec![1.0; scores.len()]).expect("in order");
        scores.iter().map(|&score| points.category(score)).collect()
    }

    fn count(categories: &[Category]) -> [usize; 3] {
        [Category::Low, Category::Middle, Category::High]
            .map(|own| categories.iter().filter(|&&category| category == own).count())
    }

    #[test]
    fn thirds_of_usual_scales() {
        let thirds = |low: i32, high: i32| {
            let scores: Array1<f64> = (low..=high).map(f64::from).collect();
            count(&categories(Cuts::Thirds(Scale::new(f64::from(low), f64::from(high)).expect("in order")), &scores))
        };
        assert_eq!(thirds(1, 5), [2, 1, 2]);
        assert_eq!(thirds(0, 10), [4, 3, 4]);
        assert_eq!(thirds(1, 7), [2, 3, 2]);
        assert_eq!(thirds(1, 4), [1, 2, 1]);
    }

    #[test]
    fn quantiles_follow_the_weights() {
        let scores = array![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(count(&categories(Cuts::Quantiles { low: 1.0 / 3.0, high: 0.75 }, &scores)), [2, 2, 2]);
        // numpy.quantile(..., weights=..., method="inverted_cdf")
        let weights = [0.0, 1.0, 1.0, 5.0, 1.0, 1.0];
        assert_eq!(weighted_quantile(scores.view(), &weights, 0.2), 3.0);
        assert_eq!(weighted_quantile(scores.view(), &weights, 0.5), 4.0);
    }

    #[test]
    fn a_driver_of_one_score_is_all_middle() {
        let scores = array![4.0, 4.0, 4.0];
        assert_eq!(count(&categories(Cuts::Quantiles { low: 0.25, high: 0.75 }, &scores)), [0, 3, 0]);
    }

    #[test]
    fn cuts_out_of_order_are_refused() {
        let scores = array![1.0, 2.0];
        for cuts in [
            Cuts::Quantiles { low: 0.7, high: 0.3 },
            Cuts::Quantiles { low: 0.0, high: 0.5 },
            Cuts::At { low_at_most: 3.0, high_at_least: 3.0 },
            Cuts::At { low_at_most: f64::NAN, high_at_least: 3.0 },
        ] {
            assert!(matches!(cuts.points(scores.view(), &[1.0; 2]), Err(ActionError::Setting { .. })));
        }
    }
}
