//! How good predictions are, on rows that the model has not seen: on those it has, every figure flatters.
//!
//! The functions give single figures of plain slices. [`TestRows`] hold what happened with weights and customers, and
//! [`Assessment`] gives any [`Metric`] of them with an interval by customer, of one model or of two compared. [`Evaluation`]
//! does the whole: it fits a [`Model`] on the training rows of each [`Split`](crate::data::Split), predicts the test rows, and
//! holds the predictions against the base rate, against what history alone would have told and, if one is given, against an
//! [`Outsider`] that knows more than the columns. A model that gives the probability of every level ([`LevelForecast`]) is
//! also judged by those.

// The whole.
mod contest;
mod forecast;
mod harness;
mod levels;
mod model;
// Figures with intervals.
mod assessment;
mod metric;
mod test_rows;
// Single figures.
mod bins;
mod classes;
mod counts;
mod deciles;
mod delong;
mod error;
mod mean_kept;
mod numbers;
mod order;
mod ordinals;
mod recalibration;

#[cfg(test)]
mod reference_tests;

pub use assessment::{
    Assessment, Comparison, IntervalSource, Judgement, LossEstimate, MetricDifference, MetricEstimate,
};
pub use bins::{Binning, BrierParts, CalibrationBin, brier_parts, calibration_curve};
pub use classes::{average_precision, brier_score, kolmogorov_smirnov, log_loss, roc_auc};
pub use contest::Contest;
pub use counts::{mean_negative_binomial_deviance, mean_poisson_deviance};
pub use deciles::{Decile, decile_table};
pub use delong::{AucDifference, AucScale, Interval, RocAuc, compare_roc_auc, roc_auc_with_error};
pub use error::EvaluationError;
pub use harness::{
    CalibrationPlan, ClassDetail, Evaluated, Evaluation, FoldReport, ModelJudgement, ModelRole, Outsider,
    SegmentReport, cross_fit,
};
pub use mean_kept::{MeanKept, PredictedRows};
pub use metric::{Better, Metric};
pub use model::{LevelForecast, Model, Predicted};
pub use numbers::{mean_absolute_error, r_squared, r_squared_against, rank_correlation, root_mean_squared_error};
pub use ordinals::{level_log_loss, level_log_losses, ranked_probability_score, ranked_probability_scores};
pub use recalibration::{CalibrationCoefficient, Recalibration, recalibration};
pub use test_rows::TestRows;
