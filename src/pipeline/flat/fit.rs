//! `advocate fit`: a model of a column, with its coefficients and what it hides.

use super::columns::{FlatData, OutcomeKind};
use crate::estimators::diagnostics::{Diagnose, ModelDiagnostics};
use crate::estimators::missing::MultipleImputation;
use crate::estimators::overdispersion::Overdispersion;
use crate::estimators::proportional_odds::ProportionalOdds;
use crate::estimators::{
    AugmentedRow, Coefficient, CountDistribution, Family, FitSummary, StdErrors, augment, augment_counts,
    augment_levels,
};
use crate::findings::Finding;
use crate::pipeline::PipelineError;
use crate::pipeline::augmented::augmented;
use crate::pipeline::model_fit::ModelSettings;
use crate::stats::Confidence;
use crate::store::Table;
use serde::Serialize;
use std::path::PathBuf;

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct FitQuestion {
    /// The table and what surrounds the features.
    pub data: FlatData,
    /// The features.
    pub features: Vec<String>,
    /// The model.
    pub family: Family,
    /// How counts vary around their expectation.
    pub distribution: CountDistribution,
    /// How uncertainty is estimated.
    pub std_errors: StdErrors,
    /// How gaps are filled several times over, where the data ask for it.
    pub imputation: MultipleImputation,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Where one row an observation is written: fitted, residual, leverage. CSV, Parquet or JSON, by the name's end.
    pub augment: Option<PathBuf>,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitAnswer {
    /// One row about the whole fit. Its `n_rows` are the rows of the file.
    pub model: FitSummary,
    /// One row a term.
    pub coefficients: Vec<Coefficient>,
    /// What the model hides (linear and logistic).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<ModelDiagnostics>,
    /// Whether one slope is enough for all steps (ordinal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proportional_odds: Option<ProportionalOdds>,
    /// Whether counts vary more than a Poisson model says (count).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdispersion: Option<Overdispersion>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Fits the model to whole rows; [`super::fit_gaps`] takes those with gaps.
///
/// # Errors
/// A table that is refused, whatever makes the fit impossible, and a table of observations that cannot be written.
pub fn fit(question: &FitQuestion) -> Result<FitAnswer, PipelineError> {
    let kind = if question.family == Family::Logistic { OutcomeKind::Class } else { OutcomeKind::Number };
    let loaded = question.data.load(&question.features, kind)?;
    let settings = ModelSettings {
        family: question.family,
        distribution: question.distribution,
        std_errors: question.std_errors,
        confidence: question.confidence,
        penalty: None,
    };
    let mut fit = settings.fit(&loaded.observations).map_err(|error| loaded.in_file(error))?;
    let is_asked = matches!(question.family, Family::Linear | Family::Logistic);
    let diagnostics = if is_asked {
        let diagnose = Diagnose { std_errors: fit.summary.std_errors, ..Diagnose::default() };
        let number_of = |row: usize| loaded.rows[row - 1];
        Some(diagnose.model_numbered(&loaded.observations, &fit.model, &[], None, number_of)?)
    } else {
        None
    };
    if let Some(path) = &question.augment {
        let rows: Vec<AugmentedRow> = match question.family {
            Family::Ordinal => augment_levels(&loaded.observations, &fit.model)?,
            Family::Count => {
                let alpha = fit.summary.count.as_ref().and_then(|count| count.alpha).unwrap_or(0.0);
                augment_counts(&loaded.observations, &fit.model, alpha)?.rows().collect()
            }
            _ => augment(&loaded.observations, &fit.model)?.rows().collect(),
        };
        let place = loaded.rows.iter().map(|&row| row as i64);
        let outcome = loaded.observations.outcome();
        let table = Table::new("augment").integers("row", place).numbers(outcome.name(), outcome.values().to_vec());
        augmented(table, &rows).write_as(path)?;
    }
    fit.summary.n_rows = loaded.n_rows;
    let mut findings = loaded.findings;
    let of_diagnostics = diagnostics.iter().flat_map(|diagnostics| diagnostics.findings.iter().cloned());
    for finding in fit.findings.into_iter().chain(of_diagnostics) {
        if !findings.iter().any(|own| own.kind == finding.kind && own.about == finding.about) {
            findings.push(finding);
        }
    }
    Ok(FitAnswer {
        model: fit.summary,
        coefficients: fit.coefficients,
        diagnostics,
        proportional_odds: fit.proportional_odds,
        overdispersion: fit.overdispersion,
        findings,
    })
}
