//! The answers that an item allows.

use crate::measures::MeasureError;
use serde::Serialize;

/// Whole answers from a lowest to a highest.
///
/// # Example
/// ```
/// use advocate::measures::portfolio::AnswerScale;
/// assert!(AnswerScale::ONE_TO_FIVE.holds(5.0) && !AnswerScale::ONE_TO_FIVE.holds(0.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AnswerScale {
    low: f64,
    high: f64,
}

impl AnswerScale {
    /// 0 to 10, the scale of the recommend question.
    pub const ZERO_TO_TEN: Self = Self { low: 0.0, high: 10.0 };
    /// 1 to 5, customary for satisfaction.
    pub const ONE_TO_FIVE: Self = Self { low: 1.0, high: 5.0 };
    /// 1 to 7, customary for effort.
    pub const ONE_TO_SEVEN: Self = Self { low: 1.0, high: 7.0 };
    /// 0 or 1: no or yes.
    pub const NO_YES: Self = Self { low: 0.0, high: 1.0 };

    /// Any whole answers between two ends.
    ///
    /// # Errors
    /// Ends that are not whole numbers or not in order.
    pub fn new(low: f64, high: f64) -> Result<Self, MeasureError> {
        let whole = low.is_finite() && high.is_finite() && low.fract().abs() <= 0.0 && high.fract().abs() <= 0.0;
        if whole && low < high {
            Ok(Self { low, high })
        } else {
            Err(MeasureError::Setting {
                what: "the upper end of a scale",
                value: high,
                must: "whole and above the lower",
            })
        }
    }

    /// The lowest answer.
    pub fn low(self) -> f64 {
        self.low
    }

    /// The highest answer.
    pub fn high(self) -> f64 {
        self.high
    }

    /// Whether this is an answer on the scale.
    pub fn holds(self, answer: f64) -> bool {
        (self.low..=self.high).contains(&answer) && answer.fract().abs() <= 0.0
    }

    /// Whether it is the scale of the recommend question.
    pub fn is_zero_to_ten(self) -> bool {
        self == Self::ZERO_TO_TEN
    }

    pub(super) fn middle(self) -> f64 {
        0.5 * (self.low + self.high)
    }
}
