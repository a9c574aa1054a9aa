//! One customer's purchases as the models see them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Beyond this size a product of times would overflow.
const LARGEST: f64 = 1e140;

/// Why a customer's history, or a length of time, is impossible.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum HistoryError {
    /// A number that is missing, infinite, negative or huge.
    #[error("{what} is {value} and must be a number from 0 to 1e140")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A number of purchases that is no count.
    #[error("the frequency is {value} and must be a whole number: how often the customer bought again")]
    NotWhole {
        /// The frequency.
        value: f64,
    },
    /// The last purchase lies in the future.
    #[error("the recency {recency} exceeds the age {age}; recency is the time from the first to the last purchase")]
    RecencyAfterAge {
        /// From the first purchase to the last.
        recency: f64,
        /// From the first purchase to the end of the calibration.
        age: f64,
    },
    /// A last repeat purchase without a repeat purchase.
    #[error("the recency is {recency} without a repeat purchase; it must be 0 where the frequency is 0")]
    RecencyWithoutRepeat {
        /// From the first purchase to the last.
        recency: f64,
    },
    /// Repeat purchases at the very time of the first.
    #[error("the recency is 0 with {frequency} repeat purchases; merge purchases of one day into one occasion")]
    RepeatWithoutRecency {
        /// Repeat purchases.
        frequency: u32,
    },
}

/// A customer's purchases until the end of the calibration: a sufficient statistic of the BG/NBD model.
///
/// All times are in one unit of the caller's choice, in which the model's `alpha` and every [`Horizon`] are measured
/// too.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct History {
    frequency: u32,
    recency: f64,
    age: f64,
}

impl History {
    /// Checks a history.
    ///
    /// # Errors
    /// Times that are not finite or negative; a recency above the age, above zero without a repeat purchase, or zero
    /// with one.
    ///
    /// # Example
    /// ```
    /// use advocate::estimators::buy_till_you_die::History;
    /// // Bought again twice, the last time 30.43 weeks after the first purchase, which was 38.86 weeks ago.
    /// assert!(History::new(2, 30.43, 38.86).is_ok());
    /// assert!(History::new(0, 30.43, 38.86).is_err());
    /// ```
    pub fn new(frequency: u32, recency: f64, age: f64) -> Result<Self, HistoryError> {
        time("the recency", recency)?;
        time("the age", age)?;
        if recency > age {
            Err(HistoryError::RecencyAfterAge { recency, age })
        } else if frequency == 0 && recency > 0.0 {
            Err(HistoryError::RecencyWithoutRepeat { recency })
        } else if frequency > 0 && recency <= 0.0 {
            Err(HistoryError::RepeatWithoutRecency { frequency })
        } else {
            // Zero and minus zero are one time.
            Ok(Self { frequency, recency: recency + 0.0, age: age + 0.0 })
        }
    }

    /// Repeat purchase occasions: the first purchase does not count.
    pub fn frequency(&self) -> u32 {
        self.frequency
    }

    /// Time from the first purchase to the last; zero without a repeat purchase.
    pub fn recency(&self) -> f64 {
        self.recency
    }

    /// Time from the first purchase to the end of the calibration.
    pub fn age(&self) -> f64 {
        self.age
    }
}

/// A length of time to look ahead, in the unit of the histories.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Horizon(f64);

impl Horizon {
    /// Checks the length.
    ///
    /// # Errors
    /// A length that is negative or not finite.
    pub fn new(length: f64) -> Result<Self, HistoryError> {
        time("the horizon", length).map(|()| Self(length))
    }

    /// The length itself.
    pub fn length(self) -> f64 {
        self.0
    }

    /// The age of a customer as a length of time: a checked one.
    pub(super) fn of_age(age: f64) -> Self {
        Self(age)
    }
}

impl TryFrom<f64> for Horizon {
    type Error = HistoryError;
    fn try_from(length: f64) -> Result<Self, HistoryError> {
        Self::new(length)
    }
}

impl From<Horizon> for f64 {
    fn from(horizon: Horizon) -> Self {
        horizon.0
    }
}

fn time(what: &'static str, value: f64) -> Result<(), HistoryError> {
    if (0.0..=LARGEST).contains(&value) { Ok(()) } else { Err(HistoryError::OutOfRange { what, value }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_histories_say_why() {
        let refused = |frequency, recency, age| History::new(frequency, recency, age).expect_err("impossible");
        assert_eq!(refused(1, 5.0, 4.0), HistoryError::RecencyAfterAge { recency: 5.0, age: 4.0 });
        assert_eq!(refused(0, 2.0, 4.0), HistoryError::RecencyWithoutRepeat { recency: 2.0 });
        assert_eq!(refused(3, 0.0, 4.0), HistoryError::RepeatWithoutRecency { frequency: 3 });
        assert!(matches!(refused(1, f64::NAN, 4.0), HistoryError::OutOfRange { what: "the recency", .. }));
        assert!(matches!(refused(0, 0.0, -1.0), HistoryError::OutOfRange { what: "the age", .. }));
        assert!(matches!(refused(1, 1.0, 1e300), HistoryError::OutOfRange { what: "the age", .. }));
        assert!(Horizon::new(f64::INFINITY).is_err());
    }

    #[test]
    fn a_customer_of_the_last_day_is_possible() {
        assert!(History::new(0, 0.0, 0.0).is_ok());
    }
}
