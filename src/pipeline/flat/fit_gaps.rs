//! `advocate fit --missing pairwise|em|multiple`: a model of rows with gaps, none of which is left out for them.

use super::columns::{LoadedGaps, Missing, OutcomeKind, Reference};
use super::fit::FitQuestion;
use crate::estimators::missing::{CompletedFit, Em, MissingError, MomentFit, Pairwise, Treatment};
use crate::estimators::{Coefficient, Family, FitError, Logit, Ols, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::pipeline::{PipelineError, in_full};
use crate::report::words;
use serde::Serialize;

/// A model of rows with gaps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GapsAnswer {
    /// One row about the whole fit.
    pub model: GapsModel,
    /// One row a term.
    pub coefficients: Vec<GapsRow>,
    /// What categories are held against, by feature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One row about a fit to rows with gaps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GapsModel {
    /// `linear` or `logistic`.
    pub family: Family,
    /// The outcome.
    pub outcome: String,
    /// What was done with the gaps.
    pub missing: Treatment,
    /// Rows of the file.
    pub n_rows: usize,
    /// Rows used, complete or not.
    pub n_used: usize,
    /// Observations that these stand for: the sum of frequency weights, else the rows.
    pub n_observations: usize,
    /// Rows among them that lack nothing.
    pub n_complete: usize,
    /// Fewest observations behind a covariance (pairwise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_pair_min: Option<f64>,
    /// Data sets (multiple imputation).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imputations: Option<usize>,
    /// Share of the outcome's variance explained (linear; the mean over data sets for multiple imputation).
    pub r_squared: Option<f64>,
    /// The standard errors that were computed.
    pub std_errors: StdErrors,
    /// Whether the fit converged; one that did not is an error.
    pub converged: bool,
}

/// A term with what the gaps take of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GapsRow {
    /// Estimate, standard error and what follows from them.
    #[serde(flatten)]
    pub coefficient: Coefficient,
    /// Degrees of freedom of the statistic; `None` for a normal one.
    pub df: Option<f64>,
    /// Share of the information about the term that the gaps take (multiple imputation).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction_missing_information: Option<f64>,
}

/// Fits the model to the rows with their gaps.
///
/// # Errors
/// A table that is refused, a treatment that the family does not have, and whatever makes the fit impossible.
pub fn fit_gaps(question: &FitQuestion) -> Result<GapsAnswer, PipelineError> {
    check(question)?;
    let kind = if question.family == Family::Logistic { OutcomeKind::Class } else { OutcomeKind::Number };
    let loaded = question.data.load_gaps(&question.features, kind)?;
    let mut answer = match question.data.missing {
        Missing::Pairwise => pairwise(question, &loaded),
        Missing::Em => em(question, &loaded),
        _ => imputed(question, &loaded),
    }
    .map_err(|error| match error {
        MissingError::Fit(error @ FitError::TermTwice { .. }) => PipelineError::Fit(error),
        other => PipelineError::Impossible(in_full(&other)),
    })?;
    let of_fit = std::mem::replace(&mut answer.findings, loaded.findings);
    answer.findings.extend(of_fit);
    Ok(answer)
}

/// Refuses what goes with no treatment of gaps, or not with this one.
fn check(question: &FitQuestion) -> Result<(), PipelineError> {
    let refuse = |sentence: &str| Err(PipelineError::Usage(sentence.to_owned()));
    if question.augment.is_some() {
        return refuse("--augment needs whole rows; use --missing listwise or indicator");
    }
    match (question.data.missing, question.family) {
        (_, Family::Linear) | (Missing::Multiple, Family::Logistic) => Ok(()),
        (Missing::Multiple, _) => {
            refuse("--missing multiple goes with --family linear and logistic; use listwise or indicator")
        }
        (_, Family::Logistic) => refuse(
            "--missing pairwise and em give moments, from which only --family linear follows; use listwise, indicator or \
             multiple",
        ),
        _ => refuse(
            "--missing pairwise and em give moments, from which only --family linear follows; use listwise or indicator",
        ),
    }
}

fn pairwise(question: &FitQuestion, loaded: &LoadedGaps) -> Result<GapsAnswer, MissingError> {
    let pairwise = Pairwise.fit(&loaded.gaps)?;
    let mut answer = of_moments(question, loaded, pairwise.regress(question.std_errors, question.confidence)?);
    answer.model.n_pair_min = Some(pairwise.n_pair_min());
    Ok(answer)
}

fn em(question: &FitQuestion, loaded: &LoadedGaps) -> Result<GapsAnswer, MissingError> {
    let em = Em::default().fit(&loaded.gaps)?;
    let mut answer = of_moments(question, loaded, em.regress(question.std_errors, question.confidence)?);
    answer.findings.extend(em.little_test().findings);
    Ok(answer)
}

fn of_moments(question: &FitQuestion, loaded: &LoadedGaps, fit: MomentFit) -> GapsAnswer {
    let df = fit.degrees_of_freedom.is_finite().then_some(fit.degrees_of_freedom);
    let row = |coefficient| GapsRow { coefficient, df, fraction_missing_information: None };
    GapsAnswer {
        model: GapsModel {
            n_used: fit.n_used,
            n_observations: fit.n_observations,
            r_squared: Some(fit.r_squared),
            std_errors: fit.std_errors,
            ..model(question, loaded, fit.treatment)
        },
        coefficients: fit.coefficients.into_iter().map(row).collect(),
        references: loaded.references.clone(),
        findings: fit.findings,
    }
}

fn imputed(question: &FitQuestion, loaded: &LoadedGaps) -> Result<GapsAnswer, MissingError> {
    let (std_errors, confidence) = (question.std_errors, question.confidence);
    let imputations = question.imputation.impute(&loaded.gaps)?;
    let mut about = model(question, loaded, Treatment::MultipleImputation);
    let mut shares: Vec<f64> = Vec::new();
    let pooled = imputations.pool(confidence, |completed| {
        let (summary, fit) = if question.family == Family::Logistic {
            let fit = Logit { std_errors, confidence, ..Logit::default() }.fit(completed)?;
            (fit.summary().clone(), CompletedFit::from(&fit))
        } else {
            let fit = Ols { std_errors, confidence }.fit(completed)?;
            (fit.summary().clone(), CompletedFit::from(&fit))
        };
        (about.n_used, about.n_observations) = (summary.n_used, summary.n_observations);
        about.std_errors = summary.std_errors;
        shares.extend(summary.r_squared);
        Ok(fit)
    })?;
    about.imputations = Some(pooled.imputations);
    about.r_squared = (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64);
    let row = |row: crate::estimators::missing::PooledCoefficient| GapsRow {
        coefficient: row.coefficient,
        df: row.degrees_of_freedom.is_finite().then_some(row.degrees_of_freedom),
        fraction_missing_information: Some(row.fraction_missing_information),
    };
    let coefficients = pooled.coefficients.into_iter().map(row).collect();
    let by_customer = loaded.gaps.answered().n_clusters_repeated().map(|n_clusters| {
        let sentence = format!(
            "Gaps are filled row by row, as if answers of one customer had nothing in common: with {} of several \
             answers (clusters) here errors may be too small. --missing em allows for them.",
            words::counted(n_clusters, "customer", "customers")
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, &question.data.outcome, sentence)
            .number("n_clusters", n_clusters as f64)
    });
    let findings = pooled.findings.into_iter().chain(by_customer).collect();
    Ok(GapsAnswer { model: about, coefficients, references: loaded.references.clone(), findings })
}

fn model(question: &FitQuestion, loaded: &LoadedGaps, missing: Treatment) -> GapsModel {
    GapsModel {
        family: question.family,
        outcome: question.data.outcome.clone(),
        missing,
        n_rows: loaded.n_rows,
        n_used: loaded.gaps.n_rows(),
        n_observations: loaded.gaps.n_rows(),
        n_complete: loaded.gaps.complete_rows().len(),
        n_pair_min: None,
        imputations: None,
        r_squared: None,
        std_errors: question.std_errors,
        converged: true,
    }
}
