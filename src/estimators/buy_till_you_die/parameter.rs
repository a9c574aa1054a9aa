//! One row a parameter.

use crate::stats::Confidence;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// An estimated positive parameter with its uncertainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterEstimate {
    /// The letter or word by which the literature knows it.
    pub parameter: String,
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Lower end of the confidence interval, which is symmetric in the logarithm and so never falls below zero.
    pub conf_low: f64,
    /// Upper end of the confidence interval.
    pub conf_high: f64,
}

/// The rows of the parameter table from estimates and covariance of the logarithms.
pub(super) fn table(
    names: &[&str],
    estimates: &[f64],
    log_covariance: ArrayView2<f64>,
    confidence: Confidence,
) -> Vec<ParameterEstimate> {
    let variances = log_covariance.diag();
    let rows = names.iter().zip(estimates).zip(variances);
    rows.map(|((&parameter, &estimate), variance)| {
        let relative = variance.max(0.0).sqrt();
        ParameterEstimate {
            parameter: parameter.to_owned(),
            estimate,
            std_error: estimate * relative,
            conf_low: estimate * (-confidence.z() * relative).exp(),
            conf_high: estimate * (confidence.z() * relative).exp(),
        }
    })
    .collect()
}

/// The covariance of the parameters from that of their logarithms, by the delta method.
pub(super) fn natural_covariance(estimates: &[f64], log_covariance: ArrayView2<f64>) -> Array2<f64> {
    let scale = |(row, column): (usize, usize)| estimates[row] * estimates[column];
    Array2::from_shape_fn(log_covariance.dim(), |place| scale(place) * log_covariance[place])
}
