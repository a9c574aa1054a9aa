//! Why an analysis that leads from drivers to actions could not be made.

use super::DriverError;
use crate::data::DataError;
use crate::estimators::FitError;
use thiserror::Error;

/// Why an analysis of what to do about drivers could not be made. Rows are counted from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ActionError {
    /// The list is empty.
    #[error("no driver was named; name at least one")]
    NoDriver,
    /// The ends of a scale are in the wrong order, or are no numbers.
    #[error("a scale from {low} to {high} is none; its lower end must lie below its upper end")]
    NoScale {
        /// The lower end given.
        low: f64,
        /// The upper end given.
        high: f64,
    },
    /// A top box that begins outside of the scale.
    #[error("the top box cannot begin at {from} on a scale from {low} to {high}; it begins above the lower end")]
    NoTopBox {
        /// Where it was to begin.
        from: f64,
        /// The scale's lower end.
        low: f64,
        /// The scale's upper end.
        high: f64,
    },
    /// A score that is not on its scale.
    #[error(
        "`{driver}`, row {row}: {value} is not on the scale from {low} to {high}; recode it or give the scale's own ends"
    )]
    OffScale {
        /// The driver.
        driver: String,
        /// The row, from 1.
        row: usize,
        /// The score.
        value: f64,
        /// The scale's lower end.
        low: f64,
        /// The scale's upper end.
        high: f64,
    },
    /// All that counts is of one customer.
    #[error("what counts is of one customer or row, which says nothing about others; at least two are needed")]
    OneCustomer,
    /// Numbers of two lists that belong together differ.
    #[error("{what}: {n_found} were given where {n_expected} are needed")]
    Count {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        n_found: usize,
        /// How many there should be.
        n_expected: usize,
    },
    /// Importance that the whole sample does not give.
    #[error("the rows as they are give no importance; every driver needs a contribution that is a number")]
    NoImportance,
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
    /// A column that is not there.
    #[error("there is no column `{column}`; give the name of a column of the rows")]
    UnknownColumn {
        /// The name.
        column: String,
    },
    /// A place where there is no column.
    #[error("column number {} is not there; there are {n_columns} columns", column + 1)]
    NoSuchColumn {
        /// The place, from 0.
        column: usize,
        /// The columns there are.
        n_columns: usize,
    },
    /// Nothing varies.
    #[error("`{column}` never varies, so nothing can be said of it")]
    Constant {
        /// The column.
        column: String,
    },
    /// A model that has no coefficient for a column.
    #[error(
        "the model of `{outcome}` has no coefficient for `{column}`, which was constant or a combination of others"
    )]
    NoCoefficient {
        /// The model's outcome.
        outcome: String,
        /// The column.
        column: String,
    },
    /// A measure that a model does not give.
    #[error("the model of `{outcome}` gives no {measure}; it needs an ordinal model of the 0-10 answer")]
    NoMeasure {
        /// The model's outcome.
        outcome: String,
        /// The measure.
        measure: &'static str,
    },
    /// Too few segments or rows to compare.
    #[error(
        "no segment has at least {base_min} answers beside as many others; join segments or lower the minimum base"
    )]
    NoSegment {
        /// The least number of answers.
        base_min: usize,
    },
    /// Labels that cannot be permuted by customer.
    #[error(
        "customer {customer} is in more than one segment, so segments cannot be permuted by customer; test by bootstrap"
    )]
    MixedCustomer {
        /// The customer's number, from 1, in order of first appearance.
        customer: usize,
    },
    /// The drivers could not be ranked.
    #[error(transparent)]
    Drivers(#[from] DriverError),
    /// A model could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The columns do not fit together.
    #[error(transparent)]
    Data(#[from] DataError),
}
