//! Inputs that cannot be malformed: once one of these exists, nobody checks it again.

pub mod clusters;
pub mod design;
pub mod exposure;
pub mod gaps;
pub mod observations;
pub mod outcome;
pub mod splits;
pub mod weights;

pub use clusters::Clusters;
pub use design::DesignMatrix;
pub use exposure::Exposure;
pub use gaps::{ColumnGroup, Gaps};
pub use observations::Observations;
pub use outcome::Outcome;
pub use splits::{
    KeptSide, LeftOut, RollingOrigin, Split, SplitError, TimeSplit, TrainingWindow, cut_at_share, grouped_k_fold,
};
pub use weights::{WeightKind, Weights};

use thiserror::Error;

/// Why an input was refused. Rows are counted from 1.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum DataError {
    /// There is nothing to analyse.
    #[error("there are no rows to analyse")]
    NoRows,
    /// The number of names does not match the number of columns.
    #[error("{n_names} column names for {n_columns} columns")]
    NameCount {
        /// Names given.
        n_names: usize,
        /// Columns given.
        n_columns: usize,
    },
    /// Two columns have one name.
    #[error("column `{name}` is named twice; name each column once")]
    RepeatedName {
        /// The name.
        name: String,
    },
    /// A column is named by a place where there is none.
    #[error("column number {} is not there; there are {n_columns} columns", column + 1)]
    NoSuchColumn {
        /// The place, from 0.
        column: usize,
        /// The columns there are.
        n_columns: usize,
    },
    /// A value is missing or infinite.
    #[error("column `{column}`, row {row}: {value} is not a finite number; drop or fill the row first")]
    NotFinite {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A value is so large that its square overflows.
    #[error("column `{column}`, row {row}: {value:e} is too large to compute with; rescale the column")]
    TooLarge {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A class label is neither 0 nor 1.
    #[error("outcome `{column}`, row {row}: {value} is neither 0 nor 1")]
    NotBinary {
        /// The outcome.
        column: String,
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A weight is negative or not finite.
    #[error("weights, row {row}: {value} is not a weight; weights are finite and not negative")]
    BadWeight {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A frequency weight is not a whole number.
    #[error("weights, row {row}: {value} is not a whole number, which a frequency weight must be")]
    FractionalFrequency {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// An exposure is not positive or not finite.
    #[error(
        "exposure, row {row}: {value} is not an exposure, which is positive and finite; drop the row or count it over some time"
    )]
    BadExposure {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// All weights are zero.
    #[error("all weights are zero; at least one row needs a positive weight")]
    NoWeight,
    /// Two inputs have different numbers of rows.
    #[error("{what} has {n_found} rows and the design matrix {n_expected}")]
    RowCount {
        /// Which input.
        what: &'static str,
        /// Its rows.
        n_found: usize,
        /// The rows of the design matrix.
        n_expected: usize,
    },
}
