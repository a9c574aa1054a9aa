//! From estimates in the basis to what every fitted model hands out.

use super::FitError;
use super::coefficient::{Coefficient, Reference};
use super::fitted_model::{FittedModel, ModelTerm, Parts};
use super::prepared::Prepared;
use super::summary::{Family, FitSummary, StdErrors};
use crate::data::{DesignMatrix, Observations};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// What all fitted models share.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Inference {
    pub(super) coefficients: Vec<Coefficient>,
    pub(super) covariance: Array2<f64>,
    pub(super) summary: FitSummary,
    pub(super) findings: Vec<Finding>,
    pub(super) model: FittedModel,
}

/// Estimates in the basis of the columns, intercept first.
pub(super) struct Estimates {
    pub(super) coefficients: Vec<f64>,
    pub(super) covariance: Array2<f64>,
    /// Added to the linear predictor of the basis.
    pub(super) offset: f64,
}

impl Inference {
    pub(super) fn new(
        observations: &Observations,
        prepared: Prepared,
        estimates: &Estimates,
        reference: Reference,
        confidence: Confidence,
        summary: FitSummary,
    ) -> Self {
        let columns = &prepared.columns;
        let own = columns.in_units(&estimates.coefficients);
        let covariance = columns.covariance_in_units(&estimates.covariance);
        let at_means = own[0] + estimates.offset;
        let moved: f64 = (0..columns.places.len()).map(|index| own[index + 1] * columns.mean(index)).sum();
        let mut terms: Vec<ModelTerm> = observations
            .design()
            .names()
            .iter()
            .zip(prepared.means.iter().zip(&prepared.std_devs))
            .map(|(name, (&mean, &std_dev))| ModelTerm { term: name.clone(), estimate: None, mean, std_dev })
            .collect();
        for (index, &place) in columns.places.iter().enumerate() {
            terms[place].estimate = Some(own[index + 1]);
        }
        let parts = Parts {
            family: summary.family,
            outcome: observations.outcome().name().to_owned(),
            intercept: at_means - moved,
            at_means,
            terms,
            covariance: covariance.outer_iter().map(|row| row.to_vec()).collect(),
            levels: Vec::new(),
            thresholds: Vec::new(),
        };
        let model = FittedModel::from_consistent(parts);
        let estimates = std::iter::once(model.intercept()).chain(model.terms().iter().filter_map(|term| term.estimate));
        let variances = covariance.diag();
        let rows =
            model.estimated().zip(estimates).zip(variances).map(|((term, value), &variance)| (term, value, variance));
        let coefficients = reference.table(rows, confidence);
        let mut findings = prepared.findings;
        findings.extend(marked_clusters(&coefficients, &model, &summary));
        Self { coefficients, covariance, summary, findings, model }
    }

    pub(super) fn predict(&self, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        Self::predict_by(&self.model, design)
    }

    /// What a model expects of every row.
    pub(super) fn predict_by(model: &FittedModel, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        same_columns(model.terms().iter().map(|term| term.term.as_str()), design)?;
        let predictions: Vec<f64> = (0..design.n_rows())
            .into_par_iter()
            .with_min_len(1024)
            .map(|row| {
                let values = design.row(row);
                match values.to_slice() {
                    Some(values) => model.predict_row(values),
                    None => model.predict_row(&values.to_vec()),
                }
            })
            .collect();
        Ok(Array1::from(predictions))
    }
}

/// Refuses a design with other columns than those of the fit.
pub(super) fn same_columns<'n>(
    of_fit: impl ExactSizeIterator<Item = &'n str>,
    design: &DesignMatrix,
) -> Result<(), FitError> {
    let n_columns = design.n_features().max(of_fit.len());
    let expected = of_fit.map(Some).chain(std::iter::repeat(None));
    let given = design.names().iter().map(|name| Some(name.as_str())).chain(std::iter::repeat(None));
    let differs = expected.zip(given).take(n_columns).enumerate().find(|(_, (expected, found))| expected != found);
    match differs {
        Some((position, (expected, found))) => Err(FitError::ColumnsDiffer {
            position: position + 1,
            expected: expected.unwrap_or("(none)").to_owned(),
            found: found.map_or_else(|| "not there".to_owned(), |found| format!("`{found}`")),
        }),
        None => Ok(()),
    }
}

/// Says that sampling weights have no model-based standard errors and that robust ones were computed.
pub(super) fn robust_instead(outcome: &str, asked: StdErrors, computed: StdErrors) -> Option<Finding> {
    (asked != computed).then(|| {
        let sentence = format!(
            "Sampling weights have no {} standard errors: {} ones were computed.",
            asked.word(),
            computed.word()
        );
        Finding::new(FindingKind::NotEstimated, Severity::Note, outcome, sentence)
    })
}

/// Says that standard errors by cluster rest on few clusters.
pub(super) fn few_clusters(outcome: &str, n_clusters: Option<usize>) -> Option<Finding> {
    n_clusters.filter(|&n_clusters| n_clusters < super::robust::FEW_CLUSTERS).map(|n_clusters| {
        let sentence =
            format!("The standard errors rest on {n_clusters} clusters, so few that they are likely too small.");
        Finding::new(FindingKind::SmallBase, Severity::Warning, outcome, sentence)
            .number("n_clusters", n_clusters as f64)
    })
}

/// A standard error by cluster below this share of the smallest that the model could have is rounding (relative).
const CLUSTER_ROUNDING: f64 = 1e-7;

/// Says that the scores of each cluster cancel along a coefficient, as where columns mark the clusters: what is left of the
/// standard error is rounding.
///
/// No coefficient can be surer under the model than `sigma / (sqrt(n) std_dev)`, its column alone, with `sigma` one for models
/// without a residual variance of their own.
pub(super) fn marked_clusters(
    coefficients: &[Coefficient],
    model: &FittedModel,
    summary: &FitSummary,
) -> Option<Finding> {
    let sigma = summary.sigma.unwrap_or(1.0);
    if summary.std_errors != StdErrors::Cluster || sigma <= 0.0 {
        return None;
    }
    let std_dev_of = |name: &str| model.terms().iter().find(|term| term.term == name).map_or(1.0, |term| term.std_dev);
    let names: Vec<&str> = coefficients
        .iter()
        .filter(|row| {
            let least = sigma / ((summary.n_observations as f64).sqrt() * std_dev_of(&row.term).max(f64::MIN_POSITIVE));
            row.std_error < CLUSTER_ROUNDING * least
        })
        .map(|row| row.term.as_str())
        .collect();
    let about = *names.first()?;
    let sentence = format!(
        "The clusters leave nothing to vary in {}, as where columns mark the clusters themselves: these standard errors are \
         rounding and no uncertainty. Leave such columns out, or ask for other standard errors.",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    );
    Some(
        Finding::new(FindingKind::Unreliable, Severity::Serious, about, sentence).number("n_terms", names.len() as f64),
    )
}

/// `q` parameters' worth of penalty on minus twice the log-likelihood.
pub(super) struct Criteria {
    pub(super) aic: f64,
    pub(super) bic: f64,
}

impl Criteria {
    pub(super) fn of(family: Family, log_likelihood: f64, n_terms: usize, n_used: usize) -> Self {
        let n_parameters = n_terms as f64 + if family == Family::Linear { 1.0 } else { 0.0 };
        let deviance = -2.0 * log_likelihood;
        Self { aic: 2.0 * n_parameters + deviance, bic: n_parameters * (n_used as f64).ln() + deviance }
    }
}
