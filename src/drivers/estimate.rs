//! A number with its uncertainty.

use super::bootstrap::Replicates;
use super::notices;
use crate::findings::Finding;
use crate::stats::Confidence;
use crate::stats::distributions::student_two_sided;
use crate::stats::moments::standard_deviation;
use crate::stats::quantile::quantiles;
use ndarray::Array2;
use serde::Serialize;

/// An estimate, its standard error and its interval, all in the estimate's own unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Lower end of its interval.
    pub conf_low: f64,
    /// Upper end of its interval.
    pub conf_high: f64,
}

/// An estimate and the probability of one at least as far from zero if the truth were zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TestedEstimate {
    /// The estimate with its interval.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Two-sided p-value of the hypothesis that it is zero.
    pub p_value: f64,
}

impl Estimate {
    /// The estimate with the standard deviation and the percentiles of its bootstrap replicates; `None` for fewer than
    /// two replicates.
    pub(super) fn of_replicates(estimate: f64, replicates: Vec<f64>, confidence: Confidence) -> Option<Self> {
        let std_error = standard_deviation(&replicates)?;
        let ends = quantiles(replicates, &[confidence.tail(), 1.0 - confidence.tail()]);
        Some(Self { estimate, std_error, conf_low: ends[0], conf_high: ends[1] })
    }

    /// The estimate and a multiple of its standard error on both sides.
    pub(super) fn symmetric(estimate: f64, std_error: f64, critical: f64) -> Self {
        let half = critical * std_error;
        Self { estimate, std_error, conf_low: estimate - half, conf_high: estimate + half }
    }
}

impl TestedEstimate {
    /// By Student's t.
    pub(super) fn student(estimate: f64, std_error: f64, degrees_of_freedom: f64, confidence: Confidence) -> Self {
        Self {
            estimate: Estimate::symmetric(estimate, std_error, confidence.t(degrees_of_freedom)),
            p_value: student_two_sided(estimate / std_error, degrees_of_freedom),
        }
    }
}

/// What to say of a bootstrap of which not every sample could be used.
pub(super) fn unmade(about: &str, n_tried: usize, n_succeeded: usize, single_cluster: bool) -> Option<Finding> {
    let contributions = Array2::zeros((n_succeeded, 0));
    let single_cluster = single_cluster && n_tried > 0;
    let n_failed = n_tried - n_succeeded;
    notices::failed(about, &Replicates { contributions, numbers: Vec::new(), n_failed, single_cluster })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicates_by_hand() {
        let own = Estimate::of_replicates(5.0, vec![1.0, 2.0, 3.0, 4.0], Confidence::default()).expect("replicates");
        // Variance (2.25 + 0.25) * 2 / 3; numpy.quantile([1, 2, 3, 4], [.025, .975]).
        assert!((own.std_error - (5.0_f64 / 3.0).sqrt()).abs() < 1e-14);
        assert!((own.conf_low - 1.075).abs() < 1e-12 && (own.conf_high - 3.925).abs() < 1e-12);
        assert!(Estimate::of_replicates(5.0, vec![1.0], Confidence::default()).is_none());
    }
}
