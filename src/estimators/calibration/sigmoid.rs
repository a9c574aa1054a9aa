//! The logistic curve nearest to the outcomes.

use super::{CalibrationError, checked_weights};
use crate::estimators::columns::{At, Case, Columns, Terms, Threads};
use crate::estimators::fitted_model::probability;
use crate::estimators::logistic::Bernoulli;
use crate::estimators::newton::{Ending, Limits, ascend};
use ndarray::{Array1, Axis};
use serde::{Deserialize, Serialize};

/// The steps end here: in standard deviations of the score (absolute).
const LIMITS: Limits = Limits { iterations_max: 200, step_tolerance: 1e-9 };

/// What a sigmoid is a function of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigmoidScale {
    /// The score itself, as Platt and scikit-learn have it: for scores that are no probabilities.
    Score,
    /// The log odds of a probability, kept 2.2e-16 away from 0 and 1: a slope of 1 and an intercept of 0 change nothing.
    LogOdds,
}

/// `P = 1 / (1 + exp(-(intercept + slope x)))` of a score `x`, or of its log odds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sigmoid {
    /// What it is a function of.
    pub scale: SigmoidScale,
    /// Platt's `-B`.
    pub intercept: f64,
    /// Platt's `-A`; not negative where it was learned here.
    pub slope: f64,
}

impl Sigmoid {
    /// Fits by maximum likelihood against Platt's targets: `(n1 + 1) / (n1 + 2)` for class 1 and `1 / (n0 + 2)` for class 0,
    /// with the weights of the classes as `n1` and `n0`, which keeps a few certain rows from making the curve steep.
    ///
    /// # Errors
    /// No rows with a weight, different lengths, a score that is not finite, a single class, a bad weight; a curve that
    /// would fall.
    ///
    /// # References
    /// Platt (1999), "Probabilistic outputs for support vector machines"; Lin, Lin and Weng (2007), Machine Learning 68(3).
    pub fn fit(
        scale: SigmoidScale,
        scores: &[f64],
        outcomes: &[bool],
        weights: Option<&[f64]>,
    ) -> Result<Self, CalibrationError> {
        let weights = checked_weights(scores, outcomes.len(), weights)?;
        let weight_of = |class: bool| -> f64 {
            outcomes.iter().zip(&weights).filter(|(outcome, _)| **outcome == class).map(|(_, weight)| weight).sum()
        };
        let (events, others) = (weight_of(true), weight_of(false));
        if events <= 0.0 || others <= 0.0 {
            return Err(CalibrationError::OneClass);
        }
        let values: Array1<f64> = scores.iter().map(|&score| scale.of(score)).collect();
        let targets = [1.0 / (others + 2.0), (events + 1.0) / (events + 2.0)];
        let total = events + others;
        let mean = values.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>() / total;
        let squares: f64 = values.iter().zip(&weights).map(|(value, weight)| weight * (value - mean).powi(2)).sum();
        let spread = (squares / total).sqrt();
        let spread = if spread > 1e-13 * mean.abs() { spread } else { 1.0 };
        let matrix = values.view().insert_axis(Axis(1));
        let columns = Columns::new(matrix, vec![0], vec![mean], &[spread], Threads::Pool);
        // A target between the classes is a part of the row in each.
        let likelihood = |coefficients: &[f64]| {
            columns.sums(At { coefficients: Some(coefficients), metric: None }, |Case { row, predictor, .. }| {
                let (target, weight) = (targets[usize::from(outcomes[row])], weights[row]);
                let (one, zero) = (Bernoulli::of(1.0, predictor), Bernoulli::of(0.0, predictor));
                Terms {
                    curvature: weight * one.variance,
                    score: weight * (target * one.residual + (1.0 - target) * zero.residual),
                    value: weight * (target * one.log_likelihood + (1.0 - target) * zero.log_likelihood),
                }
            })
        };
        let start = vec![((events + 1.0) / (others + 1.0)).ln(), 0.0];
        let ascent = ascend(likelihood, start, LIMITS, |_| false);
        if ascent.ending != Ending::Converged {
            return Err(CalibrationError::NotConverged);
        }
        let own = columns.in_units(&ascent.coefficients);
        let (at_mean, slope) = (own[0], own[1]);
        if slope < 0.0 {
            Err(CalibrationError::Falling)
        } else {
            Ok(Self { scale, intercept: at_mean - slope * mean, slope })
        }
    }

    /// The calibrated probability; `NaN` for `NaN`.
    pub fn apply(&self, score: f64) -> f64 {
        if score.is_nan() { f64::NAN } else { probability(self.intercept + self.slope * self.scale.of(score)) }
    }
}

impl SigmoidScale {
    fn of(self, score: f64) -> f64 {
        match self {
            Self::Score => score,
            Self::LogOdds => {
                let inside = score.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
                inside.ln() - (-inside).ln_1p()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_score_is_the_smoothed_base_rate() {
        // Two of four: targets 3/4 and 1/4, mean 1/2.
        let outcomes = [true, true, false, false];
        let curve = Sigmoid::fit(SigmoidScale::Score, &[0.3; 4], &outcomes, None).expect("both classes");
        assert!((curve.apply(0.3) - 0.5).abs() < 1e-12 && curve.slope.abs() < 1e-12);
    }

    #[test]
    fn two_scores_reach_platts_targets() {
        // Two parameters fit two values: 1/4 at score 0 and 3/4 at score 1.
        let outcomes = [false, false, true, true];
        let curve = Sigmoid::fit(SigmoidScale::Score, &[0.0, 0.0, 1.0, 1.0], &outcomes, None).expect("both classes");
        assert!((curve.apply(0.0) - 0.25).abs() < 1e-12 && (curve.apply(1.0) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn certainties_are_calibrated_too() {
        let probabilities = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let outcomes = [false, false, true, true, true, false];
        let curve = Sigmoid::fit(SigmoidScale::LogOdds, &probabilities, &outcomes, None).expect("both classes");
        let ends = [curve.apply(0.0), curve.apply(1.0)];
        assert!(ends[0] > 0.2 && ends[0] < 0.5 && ends[1] > 0.5 && ends[1] < 0.8, "{ends:?}");
    }

    #[test]
    fn scores_that_fall_with_the_events_are_refused() {
        let falling = Sigmoid::fit(SigmoidScale::Score, &[2.0, 3.0, 0.0, 1.0], &[false, false, true, true], None);
        assert_eq!(falling, Err(CalibrationError::Falling));
        assert_eq!(Sigmoid::fit(SigmoidScale::Score, &[2.0], &[true], None), Err(CalibrationError::OneClass));
    }
}
