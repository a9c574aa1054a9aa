//! Why a measure was refused.

use thiserror::Error;

/// `an exact interval`, and `a wald interval`.
fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Why a measure could not be computed. Rows are counted from 1.
#[derive(Debug, Clone, Error, PartialEq)]
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
    /// An answer is not on its item's scale.
    #[error(
        "{item}, row {row}: {value} is no answer on the {low}-{high} scale; recode it, or name it as not applicable"
    )]
    OffItemScale {
        /// The item.
        item: String,
        /// The row, from 1.
        row: usize,
        /// The answer.
        value: f64,
        /// The lowest answer of the scale.
        low: f64,
        /// The highest answer of the scale.
        high: f64,
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
    /// The score is defined on another scale.
    #[error(
        "{item}: a Net Promoter Score needs the 0-10 scale and this one is {low}-{high}; on another scale 9 and 10 do not \
         mean the same, so report its mean or its top box"
    )]
    NotZeroToTen {
        /// The item.
        item: String,
        /// The lowest answer.
        low: f64,
        /// The highest answer.
        high: f64,
    },
    /// A setting lies outside of what makes sense.
    #[error("{what} is {value}, and must be {must}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// An interval of this kind does not exist for this figure.
    #[error("{} {kind} interval cannot be had for {figure}; {instead}", article(.kind))]
    NoSuchInterval {
        /// The kind.
        kind: &'static str,
        /// The figure.
        figure: &'static str,
        /// What to use.
        instead: &'static str,
    },
    /// The population is smaller than its sample.
    #[error("{n} people answered and the population is said to have {population}; state at least as many")]
    PopulationTooSmall {
        /// Who answered.
        n: usize,
        /// The size stated.
        population: f64,
    },
    /// Several answers are one customer's or none's.
    #[error("all answers are one customer's, so how customers differ cannot be known; two customers are needed")]
    OneCustomer,
    /// Two columns have different lengths.
    #[error("{what} has {n_found} entries where {n_expected} are expected")]
    Length {
        /// The column.
        what: String,
        /// Its length.
        n_found: usize,
        /// The length expected.
        n_expected: usize,
    },
    /// A value is missing or infinite where it may not be.
    #[error("{what}, entry {row}: {value} is not a finite number; drop or fill it first")]
    NotFinite {
        /// The column.
        what: String,
        /// The entry, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// Too little to compute from.
    #[error("{what}: {n_found} where at least {n_needed} are needed")]
    TooFew {
        /// What there is too little of.
        what: String,
        /// How many there are.
        n_found: usize,
        /// How many are needed.
        n_needed: usize,
    },
    /// Something does not vary, so what asks for its variation has no answer.
    #[error("{what} is the same everywhere, so nothing can be said of how it goes with anything else")]
    Constant {
        /// What.
        what: String,
    },
    /// A column is a combination of others.
    #[error("{what} is a combination of the other columns or of the effects held constant; leave it out")]
    Aliased {
        /// The column.
        what: String,
    },
    /// A category of the targets or of the rows has no counterpart.
    #[error("{margin}: {problem}")]
    Margin {
        /// The margin or the stratum.
        margin: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The margins were not reached.
    #[error(
        "raking stopped after {rounds} rounds with `{margin}` still off by {gap:.3}; merge rare categories, drop a margin \
         or allow wider bounds on the weights"
    )]
    NotConverged {
        /// The margin farthest from its target.
        margin: String,
        /// Its gap as a share of the total.
        gap: f64,
        /// The rounds made.
        rounds: usize,
    },
}
