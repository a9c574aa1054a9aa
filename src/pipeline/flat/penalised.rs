//! `advocate fit --family penalised`: a model for prediction, its penalty chosen by cross-validation.

use super::columns::{FlatData, OutcomeKind, Reference};
use crate::estimators::penalised::{
    CurvePoint, PathPoint, Penalised, PenalisedCoefficient, PenalisedFamily, PenalisedSummary,
};
use crate::findings::Finding;
use crate::pipeline::PipelineError;
use serde::Serialize;

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct PenalisedQuestion {
    /// The table and what surrounds the features; its clusters are never cut by a fold.
    pub data: FlatData,
    /// The features.
    pub features: Vec<String>,
    /// Penalty, folds and rule.
    pub settings: Penalised,
}

/// A penalised model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PenalisedAnswer {
    /// One row about the whole fit.
    pub model: PenalisedModel,
    /// One row a term, without standard errors: what a penalty does to a coefficient is not sampling error.
    pub coefficients: Vec<PenalisedCoefficient>,
    /// What categories are held against, by feature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Loss in cross-validation by penalty.
    pub curve: Vec<CurvePoint>,
    /// The fit at every penalty.
    pub path: Vec<PathPoint>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One row about a penalised fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PenalisedModel {
    /// `penalised`.
    pub family: &'static str,
    /// Whether the stationarity conditions hold; a fit for which they do not is an error.
    pub converged: bool,
    /// The rest. Its `n_rows` are the rows of the file.
    #[serde(flatten)]
    pub summary: PenalisedSummary,
}

/// Fits the model.
///
/// # Errors
/// A table that is refused, and whatever makes the fit impossible.
pub fn penalised(question: &PenalisedQuestion) -> Result<PenalisedAnswer, PipelineError> {
    let kind = match question.settings.family {
        PenalisedFamily::Linear => OutcomeKind::Number,
        PenalisedFamily::Logistic => OutcomeKind::Class,
    };
    let loaded = question.data.load(&question.features, kind)?;
    let fit = question.settings.fit(&loaded.observations)?;
    let summary = PenalisedSummary { n_rows: loaded.n_rows, ..fit.summary().clone() };
    Ok(PenalisedAnswer {
        model: PenalisedModel { family: "penalised", converged: true, summary },
        coefficients: fit.coefficients().to_vec(),
        references: loaded.references,
        curve: fit.curve().to_vec(),
        path: fit.path().to_vec(),
        findings: loaded.findings.into_iter().chain(fit.findings().iter().cloned()).collect(),
    })
}
