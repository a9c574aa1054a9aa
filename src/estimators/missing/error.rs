//! Why a treatment of gaps cannot be had.

use crate::data::DataError;
use crate::estimators::FitError;
use thiserror::Error;

/// Why a treatment of gaps cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MissingError {
    /// Listwise deletion leaves nothing.
    #[error(
        "no row has every column; {worst} lacks most, on {n_lacking} of {n_rows} rows: leave it out, or use em or multiple imputation"
    )]
    NoCompleteRow {
        /// The column with most gaps, in backquotes.
        worst: String,
        /// Its gaps.
        n_lacking: usize,
        /// All rows.
        n_rows: usize,
    },
    /// Two columns never occur together, so their covariance is unknown.
    #[error("no two rows have both `{left}` and `{right}`, so what sets their effects apart is unknown; leave one out")]
    NeverTogether {
        /// One column.
        left: String,
        /// The other.
        right: String,
    },
    /// Pairwise moments contradict each other.
    #[error(
        "the pairwise correlations contradict each other (smallest eigenvalue {smallest:.4}, and none may be negative); use em or multiple imputation, or leave out the columns with most gaps"
    )]
    NotCovariance {
        /// The smallest eigenvalue of the pairwise correlations.
        smallest: f64,
    },
    /// The likelihood was still rising, or parameters moving, when iterations ran out.
    #[error(
        "em did not converge in {iterations} iterations (last change {change:.1e}, to be below {tolerance:.1e}); allow more iterations or leave out the columns with most gaps"
    )]
    NotConverged {
        /// Evaluations of the em map.
        iterations: usize,
        /// Largest change of a parameter in standard deviations.
        change: f64,
        /// What it should fall below.
        tolerance: f64,
    },
    /// The observed values leave some parameter open.
    #[error(
        "the gaps leave coefficients open: the likelihood is flat in some direction; leave out the columns with most gaps"
    )]
    NotIdentified,
    /// The columns give the outcome exactly.
    #[error(
        "the columns give `{outcome}` exactly, which leaves no uncertainty to estimate; it was likely computed from them or they from it"
    )]
    Exact {
        /// The outcome.
        outcome: String,
    },
    /// Too wide for standard errors of em.
    #[error(
        "standard errors of em take at most {n_columns_max} columns and there are {n_columns}; use multiple imputation"
    )]
    TooManyColumns {
        /// Columns in the normal model, the outcome included.
        n_columns: usize,
        /// The limit.
        n_columns_max: usize,
    },
    /// Rubin's rules need at least two data sets.
    #[error("{imputations} imputation cannot show how far imputations differ; ask for at least two, better twenty")]
    TooFewImputations {
        /// Asked for.
        imputations: usize,
    },
    /// Completed data sets gave different terms.
    #[error(
        "data set {imputation} has other terms than the first, or terms left out; leave out columns that are nearly constant or dependent"
    )]
    TermsDiffer {
        /// The data set, from 1.
        imputation: usize,
    },
    /// No resample of the rows allows a normal model.
    #[error(
        "imputation {imputation}: none of {n_tried} resamples of the rows allows a normal model; there are too few rows for the columns"
    )]
    NoDraw {
        /// The imputation, from 1.
        imputation: usize,
        /// Resamples tried.
        n_tried: usize,
    },
    /// The treatment has no such model.
    #[error(
        "{treatment} gives moments, from which only a linear model follows; use listwise, indicator or multiple imputation"
    )]
    LinearOnly {
        /// The treatment's word.
        treatment: &'static str,
    },
    /// The data were refused.
    #[error("{0}")]
    Data(DataError),
    /// The model could not be fitted.
    #[error("{0}")]
    Fit(FitError),
}

impl From<DataError> for MissingError {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl From<FitError> for MissingError {
    fn from(error: FitError) -> Self {
        Self::Fit(error)
    }
}
