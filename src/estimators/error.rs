//! Why a model could not be fitted.

use super::Separation;
use thiserror::Error;

/// So many of a thing whose plural takes an s.
fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Why a model could not be fitted. Rows are counted from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FitError {
    /// As many terms as rows, or more.
    #[error(
        "{} cannot carry {} (intercept included); add rows or leave columns out",
        counted(*.n_used, "usable row"), counted(*.n_terms, "term")
    )]
    TooFewRows {
        /// Rows with a positive weight; for frequency weights, their sum.
        n_used: usize,
        /// Terms to estimate, the intercept included.
        n_terms: usize,
    },
    /// The outcome does not vary.
    #[error("outcome `{outcome}` is {value} in every row that counts; there is nothing to explain")]
    ConstantOutcome {
        /// The outcome.
        outcome: String,
        /// Its only value.
        value: f64,
    },
    /// All rows are of one class.
    #[error("outcome `{outcome}` is {class} in all {n_used} rows that count; a logistic model needs both classes")]
    OneClass {
        /// The outcome.
        outcome: String,
        /// The only class, 0 or 1.
        class: u8,
        /// The rows.
        n_used: usize,
    },
    /// A logistic model of an outcome that is not declared binary.
    #[error("outcome `{outcome}` is not a class of 0 and 1; a logistic model needs one")]
    NotBinary {
        /// The outcome.
        outcome: String,
    },
    /// A model of counts of an outcome that is none.
    #[error(
        "outcome `{outcome}`, row {row}: {value} is not a count; a count model needs whole numbers that are not negative"
    )]
    NotCount {
        /// The outcome.
        outcome: String,
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// The maximum of a likelihood of counts does not exist.
    #[error("{0}")]
    OnlyZeros(super::OnlyZeros),
    /// Standard errors by cluster without clusters.
    #[error("standard errors by cluster need a cluster column; name one or ask for other standard errors")]
    NoClusters,
    /// Standard errors by cluster with a single cluster.
    #[error("all rows that count are in one cluster; standard errors by cluster need at least two")]
    OneCluster,
    /// A row that its model fits exactly whatever its outcome, for which HC3 divides by zero.
    #[error(
        "row {row} determines a coefficient alone (leverage 1), where hc3 is undefined; ask for hc1 or drop its column"
    )]
    LeverageOne {
        /// The row, from 1.
        row: usize,
    },
    /// An ordinal model of two values.
    #[error(
        "outcome `{outcome}` has only the values {low} and {high}; an ordinal model needs three, and a logistic model is the \
         one for two"
    )]
    TwoLevels {
        /// The outcome.
        outcome: String,
        /// Its lower value.
        low: f64,
        /// Its higher value.
        high: f64,
    },
    /// An ordinal model of a number with many values.
    #[error(
        "outcome `{outcome}` has more than {n_levels_max} different values; use a linear model, or join values to fewer levels"
    )]
    TooManyLevels {
        /// The outcome.
        outcome: String,
        /// The most that are taken.
        n_levels_max: usize,
    },
    /// A partial ordinal model of other than three classes.
    #[error(
        "outcome `{outcome}` has {n_levels} levels; a partial ordinal model needs three, such as detractor, passive and \
         promoter: join levels or use an ordinal model"
    )]
    NotThreeLevels {
        /// The outcome.
        outcome: String,
        /// Its levels.
        n_levels: usize,
    },
    /// HC3 where it has no agreed meaning.
    #[error("hc3 has no agreed meaning for an {family} model; ask for hc1, or for standard errors by cluster")]
    NoHc3 {
        /// The family's word.
        family: &'static str,
    },
    /// A term that is to have one coefficient and is no column.
    #[error("there is no column `{term}` to hold parallel; give the name of a column")]
    UnknownTerm {
        /// The name given.
        term: String,
    },
    /// A column of the name of a term that is no column's.
    #[error("column `{term}` has the name of a term that the model adds itself; rename the column")]
    TermTwice {
        /// The name.
        term: String,
    },
    /// The maximum of the likelihood does not exist.
    #[error("{0}")]
    Separated(Separation),
    /// The iterations ended before the score equations held.
    #[error("the fit of `{outcome}` did not converge in {iterations} iterations; rescale or leave out columns")]
    NotConverged {
        /// The outcome.
        outcome: String,
        /// Iterations made.
        iterations: usize,
    },
    /// A setting out of its range.
    #[error("{setting} is {value} and must be {allowed}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// Cross-validation in which the training rows of a fold have one class.
    #[error("outside fold {fold} of {n_folds} all rows of `{outcome}` are of one class; use fewer folds or more rows")]
    FoldOfOneClass {
        /// The outcome.
        outcome: String,
        /// The fold, from 1.
        fold: usize,
        /// Folds of the cross-validation.
        n_folds: usize,
    },
    /// The columns to predict from are not those of the fit.
    #[error(
        "column {position} to predict from is {found} and was `{expected}` in the fit; give the columns of the fit in its order"
    )]
    ColumnsDiffer {
        /// The place, from 1.
        position: usize,
        /// The name in the fit.
        expected: String,
        /// What is there instead.
        found: String,
    },
    /// The rows to look into are not those that the model was fitted to.
    #[error("column `{term}` varies differently in these rows than in those of the fit; give the rows of the fit")]
    OtherRows {
        /// The column.
        term: String,
    },
    /// Residuals and leverages of a model that has none.
    #[error("a model of family {family} has no residuals and leverages here; ask a linear or logistic one")]
    NoResiduals {
        /// The family's word.
        family: &'static str,
    },
    /// The data handed over by another library's type were refused.
    #[error("the data set was refused")]
    Data(#[from] crate::data::DataError),
    /// Weights that do not say what they mean.
    #[error(
        "the data set's weights do not say their kind; use `Observations` with sampling, frequency or precision weights"
    )]
    WeightsWithoutKind,
    /// The other library's solver cannot do what is asked.
    #[error("the library solver cannot {what}; use this crate's own fit")]
    Unsupported {
        /// What it cannot do.
        what: &'static str,
    },
    /// The other library failed.
    #[error("the library solver failed")]
    Solver(#[source] Box<dyn std::error::Error + Send + Sync>),
}
