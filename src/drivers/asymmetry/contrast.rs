//! Sums of a fit's coefficients, with their uncertainty.

use crate::data::Observations;
use crate::drivers::estimate::TestedEstimate;
use crate::estimators::{FitError, LinearFit, Ols, StdErrors};
use crate::stats::Confidence;

/// A least-squares fit with standard errors by customer where there are clusters, else robust to unequal variances.
pub(super) fn fit(observations: &Observations, confidence: Confidence) -> Result<LinearFit, FitError> {
    let std_errors = if observations.clusters().is_some() { StdErrors::Cluster } else { StdErrors::Hc1 };
    Ols { std_errors, confidence }.fit(observations)
}

/// `sum factor * coefficient` over some terms; `None` where one of them has no coefficient.
pub(super) fn combination(fit: &LinearFit, terms: &[(&str, f64)], confidence: Confidence) -> Option<TestedEstimate> {
    let places: Option<Vec<(usize, f64)>> = terms
        .iter()
        .map(|&(term, factor)| {
            let place = fit.coefficients().iter().position(|own| own.term == term)?;
            Some((place, factor))
        })
        .collect();
    let places = places?;
    let estimate = places.iter().map(|&(place, factor)| factor * fit.coefficients()[place].estimate).sum();
    let covariance = fit.covariance();
    let pairs = places.iter().flat_map(|one| places.iter().map(move |other| (one, other)));
    let variance: f64 = pairs.map(|(one, other)| one.1 * other.1 * covariance[[one.0, other.0]]).sum();
    let summary = fit.summary();
    let degrees_of_freedom =
        summary.n_clusters.map_or(summary.df_residual as f64, |n_clusters| n_clusters as f64 - 1.0);
    Some(TestedEstimate::student(estimate, variance.max(0.0).sqrt(), degrees_of_freedom, confidence))
}
