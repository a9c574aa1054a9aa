//! Probabilities set right on rows that the fit has not seen.
//!
//! Both kinds rise with the probability that goes in, so that ranks stay: [`Isotonic`] takes any rising shape and needs many
//! rows, [`Sigmoid`] has two numbers and works with few. A [`Calibration`] is plain data, to be stored beside a model.

mod isotonic;
mod sigmoid;

pub use isotonic::Isotonic;
pub use sigmoid::{Sigmoid, SigmoidScale};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a calibration could not be learned or read. Rows are counted from 1.
#[derive(Debug, Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum CalibrationError {
    /// Nothing to learn from.
    #[error("there are no rows with a weight to calibrate on")]
    NoRows,
    /// Different numbers of scores, outcomes or weights.
    #[error("{n_scores} scores and {n_found} {what}; there must be one for each")]
    RowCount {
        /// Of what there are too many or too few.
        what: &'static str,
        /// Scores given.
        n_scores: usize,
        /// Of the other given.
        n_found: usize,
    },
    /// A score that is not finite.
    #[error("row {row}: {value} is not a finite number")]
    NotFinite {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A weight that is none.
    #[error("row {row}: {value} is not a weight; weights are finite and not negative")]
    BadWeight {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A single class.
    #[error("all outcomes are of one class; calibration needs both")]
    OneClass,
    /// The likelihood has no maximum that could be found.
    #[error("the sigmoid did not converge; rescale the scores")]
    NotConverged,
    /// A sigmoid that falls: the higher the score, the fewer events.
    #[error("the higher the score the fewer events there are, so that no rising sigmoid fits")]
    Falling,
    /// A stored curve that does not rise, or has no points.
    #[error("point {point} of the stored curve does not rise, or is no probability")]
    BadCurve {
        /// The point, from 1.
        point: usize,
    },
}

/// Which calibration is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CalibrationMethod {
    /// A rising step curve.
    Isotonic,
    /// A logistic curve on the log odds of the probability.
    Sigmoid,
}

impl CalibrationMethod {
    /// The name by which a study asks for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Isotonic => "isotonic",
            Self::Sigmoid => "sigmoid",
        }
    }
}

/// A learned calibration of probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibration {
    /// A rising curve.
    Isotonic(Isotonic),
    /// A logistic curve.
    Sigmoid(Sigmoid),
}

impl Calibration {
    /// Learns from probabilities that a model gave to rows it was not fitted on.
    ///
    /// # Errors
    /// No rows with a weight, different lengths, a probability that is not finite, a single class, a bad weight.
    pub fn learn(
        method: CalibrationMethod,
        probabilities: &[f64],
        outcomes: &[bool],
        weights: Option<&[f64]>,
    ) -> Result<Self, CalibrationError> {
        Ok(match method {
            CalibrationMethod::Isotonic => {
                let both = outcomes.iter().any(|&outcome| outcome) && outcomes.iter().any(|&outcome| !outcome);
                let values: Vec<f64> = outcomes.iter().map(|&outcome| f64::from(u8::from(outcome))).collect();
                let isotonic = Isotonic::fit(probabilities, &values, weights)?;
                if both { Self::Isotonic(isotonic) } else { return Err(CalibrationError::OneClass) }
            }
            CalibrationMethod::Sigmoid => {
                Self::Sigmoid(Sigmoid::fit(SigmoidScale::LogOdds, probabilities, outcomes, weights)?)
            }
        })
    }

    /// The calibrated probability.
    pub fn apply(&self, probability: f64) -> f64 {
        match self {
            Self::Isotonic(isotonic) => isotonic.apply(probability),
            Self::Sigmoid(sigmoid) => sigmoid.apply(probability),
        }
    }
}

/// Refuses scores that cannot be learned from; gives the weights, 1 where there are none.
fn checked_weights(scores: &[f64], n_outcomes: usize, weights: Option<&[f64]>) -> Result<Vec<f64>, CalibrationError> {
    let n_scores = scores.len();
    if n_outcomes != n_scores {
        return Err(CalibrationError::RowCount { what: "outcomes", n_scores, n_found: n_outcomes });
    }
    if let Some(row) = scores.iter().position(|score| !score.is_finite()) {
        return Err(CalibrationError::NotFinite { row: row + 1, value: scores[row] });
    }
    let weights = weights.map_or_else(|| vec![1.0; n_scores], <[f64]>::to_vec);
    if weights.len() != n_scores {
        return Err(CalibrationError::RowCount { what: "weights", n_scores, n_found: weights.len() });
    }
    if let Some(row) = weights.iter().position(|&weight| !(weight.is_finite() && weight >= 0.0)) {
        return Err(CalibrationError::BadWeight { row: row + 1, value: weights[row] });
    }
    if weights.iter().all(|&weight| weight <= 0.0) { Err(CalibrationError::NoRows) } else { Ok(weights) }
}
