//! `advocate fit`: a model of a column, with its coefficients.

use super::columns::{FlatData, OutcomeKind};
use crate::estimators::{Coefficient, FitSummary, Logit, Ols, StdErrors};
use crate::findings::Finding;
use crate::pipeline::PipelineError;
use crate::stats::Confidence;
use serde::Serialize;

/// The model asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitFamily {
    /// Linear regression.
    Linear,
    /// Logistic regression.
    Logistic,
}

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct FitQuestion {
    /// The table and what surrounds the features.
    pub data: FlatData,
    /// The features.
    pub features: Vec<String>,
    /// The model.
    pub family: FitFamily,
    /// How uncertainty is estimated.
    pub std_errors: StdErrors,
    /// Level of the intervals.
    pub confidence: Confidence,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitAnswer {
    /// One row about the whole fit. Its `n_rows` are the rows of the file.
    pub model: FitSummary,
    /// One row a term.
    pub coefficients: Vec<Coefficient>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Fits the model.
///
/// # Errors
/// A table that is refused, and whatever makes the fit impossible.
pub fn fit(question: &FitQuestion) -> Result<FitAnswer, PipelineError> {
    let kind = match question.family {
        FitFamily::Linear => OutcomeKind::Number,
        FitFamily::Logistic => OutcomeKind::Class,
    };
    let loaded = question.data.load(&question.features, kind)?;
    let (std_errors, confidence) = (question.std_errors, question.confidence);
    let (mut model, coefficients, findings) = match question.family {
        FitFamily::Linear => {
            let fit = Ols { std_errors, confidence }.fit(&loaded.observations)?;
            (fit.summary().clone(), fit.coefficients().to_vec(), fit.findings().to_vec())
        }
        FitFamily::Logistic => {
            let fit = Logit { std_errors, confidence, ..Logit::default() }.fit(&loaded.observations)?;
            (fit.summary().clone(), fit.coefficients().to_vec(), fit.findings().to_vec())
        }
    };
    model.n_rows = loaded.n_rows;
    let findings = loaded.findings.into_iter().chain(findings).collect();
    Ok(FitAnswer { model, coefficients, findings })
}
