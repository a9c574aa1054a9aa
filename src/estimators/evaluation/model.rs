//! What can be evaluated: anything that is fitted on some rows and predicts others.

use crate::data::{DesignMatrix, Observations};
use crate::estimators::{
    Count, Firth, FirthIntervals, FitError, FittedModel, Logit, Ols, Ordinal, Penalised, StdErrors,
};
use crate::findings::Finding;
use ndarray::Array2;

/// Predictions of rows that a fit has not seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predicted {
    /// One a row: the probability of class 1, or the expected number.
    pub values: Vec<f64>,
    /// The probability of every level, for a model of ordered levels.
    pub levels: Option<LevelForecast>,
    /// What the fit had to say.
    pub findings: Vec<Finding>,
}

/// How likely each level is in each row.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelForecast {
    /// The levels, ascending.
    pub levels: Vec<f64>,
    /// n_rows by n_levels; every row sums to one.
    pub probabilities: Array2<f64>,
}

impl Predicted {
    /// What a fitted model expects of rows with the columns that it was fitted on, in their order.
    ///
    /// # Panics
    /// If there are more columns, or fewer.
    pub fn of(model: &FittedModel, design: &DesignMatrix) -> Self {
        let rows: Vec<Vec<f64>> = (0..design.n_rows()).map(|row| design.row(row).to_vec()).collect();
        let levels = (!model.levels().is_empty()).then(|| {
            let mut probabilities = Array2::zeros((rows.len(), model.levels().len()));
            for (row, mut shares) in rows.iter().zip(probabilities.outer_iter_mut()) {
                shares.iter_mut().zip(model.probabilities_row(row)).for_each(|(share, own)| *share = own);
            }
            LevelForecast { levels: model.levels().to_vec(), probabilities }
        });
        Self { values: rows.iter().map(|row| model.predict_row(row)).collect(), levels, findings: Vec::new() }
    }
}

/// A model with its settings, not fitted yet.
///
/// Implemented by this crate's estimators, by [`LinfaModel`](crate::estimators::linfa_bridge::LinfaModel) for those of linfa,
/// and by every closure from training rows and a design matrix to predictions.
pub trait Model: Sync {
    /// Fits on `train` and predicts every row of `test`, whose columns are the same: the probability of class 1, or the
    /// expected number.
    ///
    /// # Errors
    /// A model that cannot be fitted on these rows.
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError>;
}

/// Predictions do not need the standard errors asked for, which few clusters in a fold could refuse.
impl Model for Ols {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = Ols { std_errors: StdErrors::Model, ..*self }.fit(train)?;
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec(), ..Predicted::default() })
    }
}

/// Predictions do not need the standard errors asked for, which few clusters in a fold could refuse.
impl Model for Logit {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = Logit { std_errors: StdErrors::Model, ..*self }.fit(train)?;
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec(), ..Predicted::default() })
    }
}

/// Predictions do not need intervals, which cost many times the fit.
impl Model for Firth {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = Firth { intervals: FirthIntervals::Wald, ..*self }.fit(train)?;
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec(), ..Predicted::default() })
    }
}

/// Predictions do not need the standard errors asked for, which few clusters in a fold could refuse.
impl Model for Count {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = Count { std_errors: StdErrors::Model, ..*self }.fit(train)?;
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec(), ..Predicted::default() })
    }
}

/// Predictions do not need the standard errors asked for, which few clusters in a fold could refuse. The expected number is
/// the mean of the levels by their probabilities.
impl Model for Ordinal {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = Ordinal { std_errors: StdErrors::Model, ..*self }.fit(train)?;
        let values = fit.predict(test)?.to_vec();
        Ok(Predicted { values, findings: fit.findings().to_vec(), ..Predicted::of(fit.model(), test) })
    }
}

impl Model for Penalised {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = self.fit(train)?;
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec(), ..Predicted::default() })
    }
}

impl<F> Model for F
where
    F: Fn(&Observations, &DesignMatrix) -> Result<Vec<f64>, FitError> + Sync,
{
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        Ok(Predicted { values: self(train, test)?, ..Predicted::default() })
    }
}
