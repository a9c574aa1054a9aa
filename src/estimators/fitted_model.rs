//! A fitted model as plain data: what is stored, scored and explained.

use super::coefficient::INTERCEPT;
use super::summary::Family;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One feature of a fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelTerm {
    /// The column.
    pub term: String,
    /// Its coefficient; `None` where the column was constant or a combination of others.
    pub estimate: Option<f64>,
    /// Its weighted mean in the training rows.
    pub mean: f64,
    /// Its weighted standard deviation in the training rows (divisor: the sum of weights).
    pub std_dev: f64,
}

/// Parts of a stored model that do not fit together.
#[derive(Debug, Error, PartialEq)]
#[error(
    "the model has {n_estimated} coefficients with the intercept and a covariance that is not {n_estimated} by {n_estimated}"
)]
pub struct ModelError {
    n_estimated: usize,
}

/// A fitted model without the data: coefficients, covariance and the training means that missing values take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct FittedModel(Parts);

/// The parts of a [`FittedModel`], all plain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// The family.
    pub family: Family,
    /// The outcome's name.
    pub outcome: String,
    /// The linear predictor where every feature is zero.
    pub intercept: f64,
    /// The linear predictor where every feature has its training mean.
    pub at_means: f64,
    /// The features, in the order of the training columns.
    pub terms: Vec<ModelTerm>,
    /// Covariance of the intercept and the estimated coefficients, in order; empty where the model has none (penalised).
    pub covariance: Vec<Vec<f64>>,
}

impl TryFrom<Parts> for FittedModel {
    type Error = ModelError;

    fn try_from(parts: Parts) -> Result<Self, ModelError> {
        let n_estimated = 1 + parts.terms.iter().filter(|term| term.estimate.is_some()).count();
        let square =
            parts.covariance.len() == n_estimated && parts.covariance.iter().all(|row| row.len() == n_estimated);
        if square || parts.covariance.is_empty() { Ok(Self(parts)) } else { Err(ModelError { n_estimated }) }
    }
}

impl From<FittedModel> for Parts {
    fn from(model: FittedModel) -> Self {
        model.0
    }
}

impl FittedModel {
    /// Parts that fit together by the way they were made.
    pub(super) fn from_consistent(parts: Parts) -> Self {
        Self(parts)
    }

    /// The family.
    pub fn family(&self) -> Family {
        self.0.family
    }

    /// The outcome's name.
    pub fn outcome(&self) -> &str {
        &self.0.outcome
    }

    /// The linear predictor where every feature is zero.
    pub fn intercept(&self) -> f64 {
        self.0.intercept
    }

    /// The features, in the order that [`FittedModel::predict_row`] takes them.
    pub fn terms(&self) -> &[ModelTerm] {
        &self.0.terms
    }

    /// Covariance of the intercept and the estimated coefficients, in order; empty for a penalised model.
    pub fn covariance(&self) -> &[Vec<f64>] {
        &self.0.covariance
    }

    /// The names behind the rows of [`FittedModel::covariance`].
    pub fn estimated(&self) -> impl Iterator<Item = &str> {
        let estimated = self.0.terms.iter().filter(|term| term.estimate.is_some());
        std::iter::once(INTERCEPT).chain(estimated.map(|term| term.term.as_str()))
    }

    /// What is expected of one row: a number (linear), a probability (logistic) or a count per unit of exposure (count).
    /// A `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per feature.
    pub fn predict_row(&self, values: &[f64]) -> f64 {
        let link = self.link_row(values);
        match self.0.family {
            Family::Linear => link,
            Family::Logistic => probability(link),
            Family::Count => rate(link),
        }
    }

    /// The linear predictor of one row: the expected number, the log odds or the log of the expected count. A `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per feature.
    pub fn link_row(&self, values: &[f64]) -> f64 {
        self.pairs(values).map(|(term, value)| contribution(term, value)).sum::<f64>() + self.0.at_means
    }

    /// What each feature adds to the linear predictor of a row with average features: `coefficient * (x - mean)`.
    ///
    /// They sum to the row's linear predictor less that of the average row. A missing value and a feature without a
    /// coefficient add nothing.
    ///
    /// # Panics
    /// If there is not one value per feature.
    pub fn contributions(&self, values: &[f64]) -> Vec<f64> {
        self.pairs(values).map(|(term, value)| contribution(term, value)).collect()
    }

    fn pairs<'v>(&'v self, values: &'v [f64]) -> impl Iterator<Item = (&'v ModelTerm, f64)> {
        assert_eq!(values.len(), self.0.terms.len(), "one value per feature");
        self.0.terms.iter().zip(values.iter().copied())
    }
}

fn contribution(term: &ModelTerm, value: f64) -> f64 {
    match term.estimate {
        Some(estimate) if !value.is_nan() => estimate * (value - term.mean),
        _ => 0.0,
    }
}

/// The probability behind log odds, without overflow at either end.
pub(super) fn probability(log_odds: f64) -> f64 {
    let small = (-log_odds.abs()).exp();
    if log_odds >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// The largest logarithm whose number is finite, with room for rounding.
const LN_LARGEST: f64 = 709.7;

/// The expected count behind its logarithm, finite however large that is.
pub(super) fn rate(ln_rate: f64) -> f64 {
    ln_rate.min(LN_LARGEST).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(family: Family) -> Parts {
        let term = |term: &str, estimate, mean| ModelTerm { term: term.to_owned(), estimate, mean, std_dev: 1.0 };
        Parts {
            family,
            outcome: "y".to_owned(),
            intercept: -1.0,
            at_means: 3.0,
            terms: vec![term("a", Some(2.0), 2.0), term("b", None, 9.0)],
            covariance: vec![vec![1.0, 0.0], vec![0.0, 1.0]],
        }
    }

    #[test]
    fn a_row_by_hand() {
        let model = FittedModel::try_from(parts(Family::Linear)).expect("fits together");
        assert_eq!(model.predict_row(&[5.0, 1.0]), 9.0);
        assert_eq!(model.contributions(&[5.0, 1.0]), [6.0, 0.0]);
        assert_eq!(model.predict_row(&[f64::NAN, 1.0]), 3.0);
        let logistic = FittedModel::try_from(parts(Family::Logistic)).expect("fits together");
        // 1 / (1 + exp(-3)) by Python.
        assert!((logistic.predict_row(&[2.0, 0.0]) - 0.952_574_126_822_433_4).abs() < 1e-15);
    }

    #[test]
    fn probabilities_keep_their_digits_at_both_ends() {
        assert_eq!(probability(800.0), 1.0);
        assert_eq!(probability(-800.0), 0.0);
        // scipy.special.expit(-40)
        assert!((probability(-40.0) / 4.248_354_255_291_589e-18 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_count_is_expected_without_overflow() {
        let count = FittedModel::try_from(parts(Family::Count)).expect("fits together");
        assert!((count.predict_row(&[2.0, 0.0]) - 3.0_f64.exp()).abs() < 1e-13);
        assert!(count.predict_row(&[1e9, 0.0]).is_finite());
        assert_eq!(count.predict_row(&[-1e9, 0.0]), 0.0);
    }

    #[test]
    fn a_model_without_a_covariance_still_predicts() {
        let parts = Parts { covariance: Vec::new(), ..parts(Family::Linear) };
        assert_eq!(FittedModel::try_from(parts).map(|model| model.predict_row(&[5.0, 1.0])), Ok(9.0));
    }

    #[test]
    fn a_covariance_of_the_wrong_size_is_refused() {
        let parts = Parts { covariance: vec![vec![1.0]], ..parts(Family::Linear) };
        assert_eq!(FittedModel::try_from(parts), Err(ModelError { n_estimated: 2 }));
    }
}
