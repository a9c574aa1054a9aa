//! Why a buy-till-you-die model could not be fitted or used.

use super::history::HistoryError;
use thiserror::Error;

/// Why a buy-till-you-die model could not be fitted or used. Rows are counted from 1.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BuyTillYouDieError {
    /// Nobody to model.
    #[error("there are no customers; give at least one row a customer, or a calibration that ends after a purchase")]
    NoCustomers,
    /// Columns of different length.
    #[error("column `{column}` has {n_found} rows and `frequency` has {n_expected}")]
    RowCount {
        /// The column.
        column: &'static str,
        /// Its rows.
        n_found: usize,
        /// The rows of the frequency.
        n_expected: usize,
    },
    /// A customer that cannot be.
    #[error("row {row}: the customer's purchases are impossible")]
    History {
        /// The row, from 1.
        row: usize,
        /// Why.
        #[source]
        cause: HistoryError,
    },
    /// An amount that is missing, infinite, negative or huge.
    #[error("row {row}: the value {value} must be a number from 0 to 1e140; leave returns and cancellations out")]
    Value {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// The spend of customers who have none.
    #[error("the customers have no mean values; add them or build the customers from a purchase log")]
    NoValues,
    /// Fewer customers than parameters, or as many.
    #[error("{n_found} {who} cannot carry the {n_parameters} parameters of {model}; it needs more")]
    TooFewCustomers {
        /// The model.
        model: &'static str,
        /// Which customers count.
        who: &'static str,
        /// How many of them there are.
        n_found: usize,
        /// Parameters to estimate.
        n_parameters: usize,
    },
    /// Nobody bought again.
    #[error("none of {n_customers} customers bought again; there are no repeat purchases to explain")]
    NoRepeatPurchases {
        /// Customers.
        n_customers: usize,
    },
    /// All customers with repeat purchases spend one amount.
    #[error("the mean value is {value} for all {n_customers} customers who bought again; there is nothing to explain")]
    ConstantValue {
        /// The only value.
        value: f64,
        /// The customers.
        n_customers: usize,
    },
    /// The likelihood rises for ever in some direction.
    #[error("the customers do not settle {model}: {directions}, as {meaning}; add customers or time, or set a penalty")]
    NotIdentified {
        /// The model.
        model: &'static str,
        /// Which parameters run away, and where.
        directions: String,
        /// What that says of the customers.
        meaning: &'static str,
    },
    /// The iterations ended before the score equations held.
    #[error(
        "the fit of {model} did not converge in {iterations} iterations; look for impossible rows or set a penalty"
    )]
    NotConverged {
        /// The model.
        model: &'static str,
        /// Iterations made.
        iterations: usize,
    },
    /// Tails so heavy that the mean spend does not exist.
    #[error("the spend has q = {q}, at most 1, so that its mean is infinite; look for amounts entered wrongly")]
    InfiniteMean {
        /// The estimate.
        q: f64,
    },
    /// A setting or parameter out of its range.
    #[error("{what} is {value} and must be {range}")]
    Setting {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// The hold-out is shorter than one period.
    #[error("the hold-out of {n_days} days after the calibration is shorter than one period of {period_days} days")]
    NoHoldOut {
        /// Days from the end of the calibration to the last day.
        n_days: i64,
        /// Days of a period.
        period_days: u32,
    },
}
