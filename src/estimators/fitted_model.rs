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

/// The step between two neighbouring levels of an ordered outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The levels on both sides, as in `6|7`.
    pub term: String,
    /// The latent value at which an answer is as likely to lie below the step as above it.
    pub estimate: f64,
}

/// Parts of a stored model that do not fit together.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ModelError {
    /// A covariance of another size than the coefficients.
    #[error(
        "the model has {n_estimated} coefficients with the intercept or the thresholds and a covariance that is not \
         {n_estimated} by {n_estimated}"
    )]
    Covariance {
        /// Coefficients with the intercept or the thresholds.
        n_estimated: usize,
    },
    /// Levels that do not ascend, or thresholds that are not one fewer and ascending.
    #[error(
        "the model has {n_levels} levels and {n_thresholds} thresholds; an ordinal model has ascending levels and one \
         ascending threshold between each two, and another model has none"
    )]
    Levels {
        /// The levels.
        n_levels: usize,
        /// The thresholds.
        n_thresholds: usize,
    },
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
    /// The linear predictor where every feature is zero; nought for an ordinal model, whose thresholds hold the level.
    pub intercept: f64,
    /// The linear predictor where every feature has its training mean.
    pub at_means: f64,
    /// The features, in the order of the training columns.
    pub terms: Vec<ModelTerm>,
    /// Covariance of the intercept and the estimated coefficients, in order; for an ordinal model, of the estimated
    /// coefficients and the thresholds; empty where the model has none (penalised).
    pub covariance: Vec<Vec<f64>>,
    /// The outcome's levels, ascending (ordinal).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<f64>,
    /// The thresholds between them, ascending (ordinal).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Threshold>,
}

impl TryFrom<Parts> for FittedModel {
    type Error = ModelError;

    fn try_from(parts: Parts) -> Result<Self, ModelError> {
        let (n_levels, n_thresholds) = (parts.levels.len(), parts.thresholds.len());
        let whole =
            if parts.family == Family::Ordinal { n_levels == n_thresholds + 1 } else { n_levels + n_thresholds == 0 };
        let ascending = parts.levels.windows(2).all(|pair| pair[0] < pair[1])
            && parts.thresholds.windows(2).all(|pair| pair[0].estimate < pair[1].estimate);
        if !(whole && ascending) {
            return Err(ModelError::Levels { n_levels, n_thresholds });
        }
        let n_slopes = parts.terms.iter().filter(|term| term.estimate.is_some()).count();
        let n_estimated = n_slopes + if parts.family == Family::Ordinal { n_thresholds } else { 1 };
        let square =
            parts.covariance.len() == n_estimated && parts.covariance.iter().all(|row| row.len() == n_estimated);
        let fits = square || parts.covariance.is_empty();
        if fits { Ok(Self(parts)) } else { Err(ModelError::Covariance { n_estimated }) }
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

    /// The linear predictor where every feature is zero; nought for an ordinal model.
    pub fn intercept(&self) -> f64 {
        self.0.intercept
    }

    /// The features, in the order that [`FittedModel::predict_row`] takes them.
    pub fn terms(&self) -> &[ModelTerm] {
        &self.0.terms
    }

    /// Covariance of the intercept and the estimated coefficients, in order; for an ordinal model, of the estimated
    /// coefficients and the thresholds; empty for a penalised model.
    pub fn covariance(&self) -> &[Vec<f64>] {
        &self.0.covariance
    }

    /// The names behind the rows of [`FittedModel::covariance`].
    pub fn estimated(&self) -> impl Iterator<Item = &str> {
        let estimated = self.0.terms.iter().filter(|term| term.estimate.is_some()).map(|term| term.term.as_str());
        let intercept = (self.0.family != Family::Ordinal).then_some(INTERCEPT);
        let thresholds = self.0.thresholds.iter().map(|threshold| threshold.term.as_str());
        intercept.into_iter().chain(estimated).chain(thresholds)
    }

    /// The outcome's levels, ascending; empty but for an ordinal model.
    pub fn levels(&self) -> &[f64] {
        &self.0.levels
    }

    /// The thresholds between the levels, ascending; empty but for an ordinal model.
    pub fn thresholds(&self) -> &[Threshold] {
        &self.0.thresholds
    }

    /// What is expected of one row: a number (linear), a probability (logistic), the mean of the levels by their
    /// probabilities (ordinal) or a count per unit of exposure (count). A `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per feature.
    pub fn predict_row(&self, values: &[f64]) -> f64 {
        let link = self.link_row(values);
        match self.0.family {
            Family::Linear => link,
            Family::Logistic => probability(link),
            Family::Ordinal => {
                let shares = level_probabilities(self.0.thresholds.iter().map(|threshold| threshold.estimate - link));
                shares.into_iter().zip(&self.0.levels).map(|(share, level)| share * level).sum()
            }
            Family::Count => rate(link),
        }
    }

    /// The probability of every level in one row, in their order; empty but for an ordinal model. A `NaN` takes the
    /// training mean.
    ///
    /// # Panics
    /// If there is not one value per feature.
    pub fn probabilities_row(&self, values: &[f64]) -> Vec<f64> {
        if self.0.thresholds.is_empty() {
            return Vec::new();
        }
        let link = self.link_row(values);
        level_probabilities(self.0.thresholds.iter().map(|threshold| threshold.estimate - link))
    }

    /// The linear predictor of one row: the expected number, the log odds, the logarithm of the expected count, or the latent
    /// value that an ordinal model holds against its thresholds. A `NaN` takes the training mean.
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

/// The probability of each level, from the log odds of lying at or below each step.
///
/// A level's own is `F(u) - F(l)`, which is `F(u) (1 - F(l)) (1 - exp(l - u))`: no digit is lost however sure the model
/// is. Where the odds do not ascend the level's probability is nought.
pub(super) fn level_probabilities(log_odds: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut shares = Vec::new();
    let mut lower = f64::NEG_INFINITY;
    for upper in log_odds.chain(std::iter::once(f64::INFINITY)) {
        let inside = if upper > lower { -(lower - upper).exp_m1() } else { 0.0 };
        shares.push(probability(upper) * probability(-lower) * inside);
        lower = upper;
    }
    shares
}

/// The probability behind log odds, without overflow at either end.
pub(crate) fn probability(log_odds: f64) -> f64 {
    let small = (-log_odds.abs()).exp();
    if log_odds >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// The largest logarithm whose number is finite, with room for rounding.
const LN_LARGEST: f64 = 709.7;

/// The expected count behind its logarithm, finite however large that is.
pub(crate) fn rate(ln_rate: f64) -> f64 {
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
            levels: Vec::new(),
            thresholds: Vec::new(),
        }
    }

    /// Answers 0, 5 and 10 with steps at ln 2 below and above a latent value of 3.
    fn ordinal() -> Parts {
        let threshold = |term: &str, estimate| Threshold { term: term.to_owned(), estimate };
        let ln_2 = 2.0_f64.ln();
        Parts {
            covariance: vec![vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]],
            levels: vec![0.0, 5.0, 10.0],
            thresholds: vec![threshold("0|5", 3.0 - ln_2), threshold("5|10", 3.0 + ln_2)],
            intercept: 0.0,
            ..parts(Family::Ordinal)
        }
    }

    #[test]
    fn an_ordinal_row_by_hand() {
        let model = FittedModel::try_from(ordinal()).expect("fits together");
        // F(-ln 2) = 1/3 and F(ln 2) = 2/3.
        let shares = model.probabilities_row(&[2.0, 0.0]);
        assert!(shares.iter().all(|share| (share - 1.0 / 3.0).abs() < 1e-15), "{shares:?}");
        assert!((model.predict_row(&[f64::NAN, 1.0]) - 5.0).abs() < 1e-14);
        assert_eq!(model.link_row(&[3.0, 0.0]), 5.0);
        assert_eq!(model.estimated().collect::<Vec<_>>(), ["a", "0|5", "5|10"]);
        assert!(FittedModel::try_from(parts(Family::Linear)).expect("fits").probabilities_row(&[1.0, 1.0]).is_empty());
    }

    #[test]
    fn probabilities_of_levels_keep_their_digits_far_out() {
        let shares = level_probabilities([-700.0, -699.0].into_iter());
        // mpmath at 40 digits: expit(-699) - expit(-700).
        assert!((shares[1] / 1.694_170_303_962_63e-304 - 1.0).abs() < 1e-12, "{shares:?}");
        let shares = level_probabilities([699.0, 700.0].into_iter());
        assert!((shares[1] / 1.694_170_303_962_63e-304 - 1.0).abs() < 1e-12, "{shares:?}");
    }

    #[test]
    fn levels_that_do_not_fit_their_thresholds_are_refused() {
        let fewer = Parts { levels: vec![0.0, 10.0], ..ordinal() };
        assert_eq!(FittedModel::try_from(fewer), Err(ModelError::Levels { n_levels: 2, n_thresholds: 2 }));
        let unordered = Parts { levels: vec![0.0, 10.0, 5.0], ..ordinal() };
        assert!(FittedModel::try_from(unordered).is_err());
        let without = Parts { family: Family::Linear, ..ordinal() };
        assert!(FittedModel::try_from(without).is_err());
    }

    #[test]
    fn a_model_stored_before_there_were_levels_still_reads() {
        let value = serde_json::to_value(FittedModel::try_from(parts(Family::Linear)).expect("fits")).expect("json");
        assert!(value.get("levels").is_none());
        let read: FittedModel = serde_json::from_value(value).expect("reads");
        assert_eq!(read, FittedModel::try_from(parts(Family::Linear)).expect("fits"));
        let ordinal = FittedModel::try_from(ordinal()).expect("fits");
        let text = serde_json::to_string(&ordinal).expect("json");
        assert_eq!(serde_json::from_str::<FittedModel>(&text).expect("reads").levels(), ordinal.levels());
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
        assert_eq!(FittedModel::try_from(parts), Err(ModelError::Covariance { n_estimated: 2 }));
    }
}
