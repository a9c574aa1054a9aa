//! `advocate fit`: a model of a column, with its coefficients and what it hides.

use super::columns::{FlatData, Loaded, OutcomeKind, Reference};
use crate::estimators::diagnostics::{Diagnose, ModelDiagnostics};
use crate::estimators::missing::MultipleImputation;
use crate::estimators::overdispersion::Overdispersion;
use crate::estimators::proportional_odds::{ChiSquaredTest, ProportionalOdds};
use crate::estimators::{
    AugmentedRow, Coefficient, CountDistribution, Family, FitError, FitSummary, PartialOrdinal, StdErrors, augment,
    augment_counts, augment_levels,
};
use crate::findings::{Finding, FindingKind, Severity};
use crate::pipeline::PipelineError;
use crate::pipeline::augmented::{augmented, check_names};
use crate::pipeline::model_fit::{self, ModelSettings};
use crate::stats::Confidence;
use crate::store::{Table, check_ending};
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
    /// The plain model of the family, or another of the same outcome.
    pub variant: FitVariant,
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

/// Models of one family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FitVariant {
    /// By maximum likelihood (or least squares).
    #[default]
    Plain,
    /// Firth's penalised fit of a class.
    Firth,
    /// Slopes of their own for leaving the lowest of three levels and for reaching the highest.
    Partial {
        /// Features, of which all columns have one slope for both, or columns made of them, as in `channel=app`.
        parallel: Vec<String>,
    },
}

/// How much more each column does for reaching the highest of three levels than for leaving the lowest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartialSteps {
    /// One row a column that is not held parallel.
    pub differences: Vec<StepRow>,
    /// Wald's test that no column differs; `None` where all are held parallel.
    pub equality: Option<ChiSquaredTest>,
}

/// A column's two slopes; the estimate is that for reaching the highest level less that for leaving the lowest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepRow {
    /// The difference with its uncertainty.
    #[serde(flatten)]
    pub difference: Coefficient,
    /// Log odds of leaving the lowest level.
    pub leave_low: f64,
    /// Log odds of reaching the highest level.
    pub reach_top: f64,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitAnswer {
    /// One row about the whole fit. Its `n_rows` are the rows of the file.
    pub model: FitSummary,
    /// One row a term.
    pub coefficients: Vec<Coefficient>,
    /// What categories are held against, by feature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What the model hides (linear and logistic).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<ModelDiagnostics>,
    /// Whether one slope is enough for all steps (ordinal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proportional_odds: Option<ProportionalOdds>,
    /// Where removing harm and creating advocates differ (partial ordinal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<PartialSteps>,
    /// Whether counts vary more than a Poisson model says (count).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdispersion: Option<Overdispersion>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// A categorical feature that is the same in all rows has no column.
fn of_one_category(name: &str) -> Finding {
    let sentence = format!("Column `{name}` has one category in the rows used and is left out.");
    Finding::new(FindingKind::Constant, Severity::Warning, name, sentence)
}

/// Fits the model to whole rows; [`super::fit_gaps`] takes those with gaps.
///
/// # Errors
/// A table that is refused, whatever makes the fit impossible, and a table of observations that cannot be written.
pub fn fit(question: &FitQuestion) -> Result<FitAnswer, PipelineError> {
    if let Some(path) = &question.augment {
        check_ending(path)?;
    }
    let kind = if question.family == Family::Logistic { OutcomeKind::Class } else { OutcomeKind::Number };
    let mut loaded = question.data.load(&question.features, kind)?;
    let without = question.features.iter().zip(&loaded.columns).filter(|(_, columns)| columns.is_empty());
    loaded.findings.extend(without.map(|(name, _)| of_one_category(name)).collect::<Vec<_>>());
    if let FitVariant::Partial { parallel } = &question.variant {
        return partial(question, parallel, loaded);
    }
    let settings = ModelSettings {
        family: question.family,
        distribution: question.distribution,
        std_errors: question.std_errors,
        confidence: question.confidence,
        penalty: None,
    };
    let fitted = match question.variant {
        FitVariant::Firth => model_fit::firth(&loaded.observations, question.confidence),
        _ => settings.fit(&loaded.observations),
    };
    let mut fit = fitted.map_err(|error| refused(&loaded, error))?;
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
        let table = augmented(table, &rows, question.family);
        check_names(&table)?;
        table.write_as(path)?;
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
        references: loaded.references,
        diagnostics,
        proportional_odds: fit.proportional_odds,
        steps: None,
        overdispersion: fit.overdispersion,
        findings,
    })
}

/// A partial ordinal fit of three levels.
fn partial(question: &FitQuestion, parallel: &[String], loaded: Loaded) -> Result<FitAnswer, PipelineError> {
    let FitQuestion { std_errors, confidence, .. } = *question;
    let parallel = parallel.iter().flat_map(|name| loaded.columns_called(&question.features, name)).collect();
    let model = PartialOrdinal { std_errors, confidence, parallel, ..PartialOrdinal::default() };
    let fit = model.fit(&loaded.observations).map_err(|error| refused(&loaded, error))?;
    let row = |own: &crate::estimators::partial_ordinal::StepDifference| StepRow {
        difference: own.difference.clone(),
        leave_low: own.leave_low,
        reach_top: own.reach_top,
    };
    Ok(FitAnswer {
        model: FitSummary { n_rows: loaded.n_rows, ..fit.summary().clone() },
        coefficients: fit.coefficients().to_vec(),
        references: loaded.references,
        diagnostics: None,
        proportional_odds: None,
        steps: Some(PartialSteps {
            differences: fit.differences().iter().map(row).collect(),
            equality: fit.equality().cloned(),
        }),
        overdispersion: None,
        findings: loaded.findings.into_iter().chain(fit.findings().iter().cloned()).collect(),
    })
}

/// An error of the fit, with what fits in its place where the classes are separated.
fn refused(loaded: &Loaded, error: FitError) -> PipelineError {
    match error {
        FitError::Separated(separation) if !separation.ordered => {
            PipelineError::Impossible(format!("{separation}; or fit it with --firth, whose coefficients are finite"))
        }
        other => loaded.in_file(other),
    }
}
