//! Why predictions could not be judged.

use super::Metric;
use crate::data::DataError;
use thiserror::Error;

/// Why predictions could not be judged. Rows are counted from 1.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum EvaluationError {
    /// Nothing to judge.
    #[error("there are no predictions to judge")]
    NoRows,
    /// Not one prediction per outcome.
    #[error("{n_predictions} predictions for {n_outcomes} outcomes")]
    RowCount {
        /// Predictions given.
        n_predictions: usize,
        /// Outcomes given.
        n_outcomes: usize,
    },
    /// A prediction or outcome that is not finite.
    #[error("row {row}: {value} is not a finite number")]
    NotFinite {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A probability below 0 or above 1.
    #[error("row {row}: {value} is no probability; probabilities lie between 0 and 1")]
    NotProbability {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A count below zero.
    #[error("row {row}: {value} is no count; counts are not negative")]
    NotCount {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// An expected count that is not above zero.
    #[error("row {row}: an expected count of {value} has no deviance; expected counts are above 0")]
    NotPositive {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// Probabilities of levels that do not sum to one.
    #[error("row {row}: the probabilities of the levels sum to {sum} instead of 1")]
    NotDistribution {
        /// The row, from 1.
        row: usize,
        /// Their sum.
        sum: f64,
    },
    /// A level that is not there, or a scale without levels.
    #[error("row {row}: level {level} is not one of the {n_levels} levels, counted from 0; a scale has at least two")]
    UnknownLevel {
        /// The row, from 1.
        row: usize,
        /// The level, from 0.
        level: usize,
        /// Levels there are.
        n_levels: usize,
    },
    /// All outcomes are of one class.
    #[error("all outcomes are of one class; separating classes needs both")]
    OneClass,
    /// All outcomes are one number.
    #[error("all outcomes are one number; there is no variance to explain")]
    ConstantOutcome,
    /// All predictions are one number.
    #[error("all predictions are one number; there is no relation to measure")]
    ConstantPrediction,
    /// Scores that tell the classes apart without error, so that no line relates their log odds.
    #[error("the predictions separate the classes, so that the calibration slope has no finite value")]
    Separated,
    /// A figure of classes asked of numbers, or the other way round.
    #[error("{} is not defined for this kind of outcome", metric.label())]
    WrongKind {
        /// The figure.
        metric: Metric,
    },
    /// A figure against the training mean, without one.
    #[error("{} needs the mean of the training rows", metric.label())]
    NoTrainingMean {
        /// The figure.
        metric: Metric,
    },
    /// A number of bins or parts that is no number of them.
    #[error("{n_bins} bins; there must be at least one")]
    NoBins {
        /// Bins asked for.
        n_bins: usize,
    },
    /// A dispersion below zero.
    #[error("a dispersion of {alpha}; it must be a number that is not negative")]
    BadDispersion {
        /// The dispersion.
        alpha: f64,
    },
    /// A history column that is not there.
    #[error("history column `{name}` is not among the features; name the features that are history")]
    UnknownColumn {
        /// The name.
        name: String,
    },
    /// A split of other rows.
    #[error("fold {fold} names row {row} of {n_rows}; split the rows that are evaluated")]
    ForeignSplit {
        /// The fold, from 1.
        fold: usize,
        /// The row, from 1.
        row: usize,
        /// Rows there are.
        n_rows: usize,
    },
    /// No split at all.
    #[error("there is no split to evaluate on")]
    NoSplits,
    /// No model could be fitted on any split.
    #[error("no split allowed a fit; the first failed since {reason}")]
    NothingFitted {
        /// Why the first split failed.
        reason: String,
    },
    /// A model whose predictions cannot be used.
    #[error("the model gave {reason}")]
    BadModel {
        /// What is wrong with its predictions.
        reason: String,
    },
    /// Weights or clusters that do not fit the outcomes.
    #[error("the test rows were refused")]
    Data(#[from] DataError),
}

pub(super) fn check_lengths(n_outcomes: usize, n_predictions: usize) -> Result<(), EvaluationError> {
    if n_outcomes != n_predictions {
        Err(EvaluationError::RowCount { n_predictions, n_outcomes })
    } else if n_outcomes == 0 {
        Err(EvaluationError::NoRows)
    } else {
        Ok(())
    }
}

pub(super) fn check_finite(values: &[f64]) -> Result<(), EvaluationError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(EvaluationError::NotFinite { row: row + 1, value: values[row] }),
        None => Ok(()),
    }
}

pub(super) fn check_probabilities(values: &[f64]) -> Result<(), EvaluationError> {
    match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        Some(row) => Err(EvaluationError::NotProbability { row: row + 1, value: values[row] }),
        None => Ok(()),
    }
}
