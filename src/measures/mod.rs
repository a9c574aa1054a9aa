//! The Net Promoter Score and its uncertainty.

mod interval;
mod nps;

pub use interval::IntervalKind;
pub use nps::{NetPromoterScore, NpsSettings, ResponseClass};

use thiserror::Error;

/// Why a score could not be computed. Rows are counted from 1.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MeasureError {
    /// An answer is not on the scale.
    #[error("row {row}: {value} is no answer on the 0-10 scale; recode it, or name it as not applicable")]
    OffScale {
        /// The row, from 1.
        row: usize,
        /// The answer.
        value: f64,
    },
    /// A weight is negative or not finite.
    #[error("row {row}: the weight {value} is not a finite number of at least zero")]
    BadWeight {
        /// The row, from 1.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// There is no answer with a positive weight.
    #[error("there is no answer to compute a score from")]
    NoAnswers,
}
