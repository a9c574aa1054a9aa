//! One door to the estimators: the family asked for, and what every fit hands out.

use crate::data::Observations;
use crate::estimators::overdispersion::Overdispersion;
use crate::estimators::proportional_odds::ProportionalOdds;
use crate::estimators::{
    Coefficient, Count, CountDistribution, Family, Firth, FitError, FitSummary, FittedModel, Logit, Ols, Ordinal,
    Penalised, StdErrors,
};
use crate::findings::Finding;
use crate::stats::Confidence;

/// The parts that all fitted types have under the same names.
macro_rules! parts_of {
    ($fit:expr) => {
        ModelFit {
            coefficients: $fit.coefficients().to_vec(),
            summary: $fit.summary().clone(),
            findings: $fit.findings().to_vec(),
            model: $fit.model().clone(),
            overdispersion: None,
            proportional_odds: None,
        }
    };
}

/// Which model is fitted and how its uncertainty is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ModelSettings {
    pub family: Family,
    /// Of counts.
    pub distribution: CountDistribution,
    pub std_errors: StdErrors,
    pub confidence: Confidence,
    /// Of a model that is there to predict alone.
    pub penalty: Option<Penalised>,
}

/// What predicts.
#[derive(Debug)]
pub(super) struct Predictor {
    pub model: FittedModel,
    pub findings: Vec<Finding>,
}

/// Firth's penalised logistic fit.
pub(super) fn firth(observations: &Observations, confidence: Confidence) -> Result<ModelFit, FitError> {
    let fit = Firth { confidence, ..Firth::default() }.fit(observations)?;
    Ok(parts_of!(fit))
}

/// What any of the estimators gives.
#[derive(Debug)]
pub(super) struct ModelFit {
    pub coefficients: Vec<Coefficient>,
    pub summary: FitSummary,
    pub findings: Vec<Finding>,
    pub model: FittedModel,
    /// Tests of a model of counts.
    pub overdispersion: Option<Overdispersion>,
    /// Tests of an ordinal model.
    pub proportional_odds: Option<ProportionalOdds>,
}

impl ModelSettings {
    /// Fits the model and tests what it assumes of ordered levels.
    pub fn fit(&self, observations: &Observations) -> Result<ModelFit, FitError> {
        let mut fit = self.fit_alone(observations)?;
        if self.family == Family::Ordinal {
            let test = self.ordinal().proportional_odds(observations)?;
            let known = |finding: &&Finding| !fit.findings.contains(finding);
            let more: Vec<Finding> = test.findings.iter().filter(known).cloned().collect();
            fit.findings.extend(more);
            fit.proportional_odds = Some(test);
        }
        Ok(fit)
    }

    /// Fits what predicts: with the penalty, if there is one.
    pub fn predictor(&self, observations: &Observations) -> Result<Predictor, FitError> {
        let Some(penalty) = self.penalty else {
            let ModelFit { model, findings, .. } = self.fit_alone(observations)?;
            return Ok(Predictor { model, findings });
        };
        let fit = penalty.fit(observations)?;
        Ok(Predictor { model: fit.model().clone(), findings: fit.findings().to_vec() })
    }

    fn ordinal(&self) -> Ordinal {
        Ordinal { std_errors: self.std_errors, confidence: self.confidence, ..Ordinal::default() }
    }

    /// Fits the model without a penalty.
    pub fn fit_alone(&self, observations: &Observations) -> Result<ModelFit, FitError> {
        let Self { family, distribution, std_errors, confidence, .. } = *self;
        Ok(match family {
            Family::Logistic => parts_of!(Logit { std_errors, confidence, ..Logit::default() }.fit(observations)?),
            Family::Ordinal => parts_of!(self.ordinal().fit(observations)?),
            Family::Count => {
                let fit = Count { distribution, std_errors, confidence, ..Count::default() }.fit(observations)?;
                ModelFit { overdispersion: Some(*fit.overdispersion()), ..parts_of!(fit) }
            }
            _ => parts_of!(Ols { std_errors, confidence }.fit(observations)?),
        })
    }
}
