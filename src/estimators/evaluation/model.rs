//! What can be evaluated: anything that is fitted on some rows and predicts others.

use crate::data::{DesignMatrix, Observations};
use crate::estimators::{Firth, FitError, Logit, Ols, StdErrors};
use crate::findings::Finding;

/// Predictions of rows that a fit has not seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predicted {
    /// One a row: the probability of class 1, or the expected number.
    pub values: Vec<f64>,
    /// What the fit had to say.
    pub findings: Vec<Finding>,
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
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec() })
    }
}

/// Predictions do not need the standard errors asked for, which few clusters in a fold could refuse.
impl Model for Logit {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = Logit { std_errors: StdErrors::Model, ..*self }.fit(train)?;
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec() })
    }
}

impl Model for Firth {
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        let fit = self.fit(train)?;
        Ok(Predicted { values: fit.predict(test)?.to_vec(), findings: fit.findings().to_vec() })
    }
}

impl<F> Model for F
where
    F: Fn(&Observations, &DesignMatrix) -> Result<Vec<f64>, FitError> + Sync,
{
    fn fit_predict(&self, train: &Observations, test: &DesignMatrix) -> Result<Predicted, FitError> {
        Ok(Predicted { values: self(train, test)?, findings: Vec::new() })
    }
}
