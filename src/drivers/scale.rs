//! The scale that a touchpoint is scored on.

use super::ActionError;
use serde::Serialize;

/// The ends of a scale and the score from which its top box begins.
///
/// # Example
/// ```
/// use advocate::drivers::Scale;
/// let scale = Scale::new(1.0, 5.0)?;
/// assert_eq!((scale.percent(4.0), scale.top_box_from()), (75.0, 5.0));
/// # Ok::<(), advocate::drivers::ActionError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scale {
    low: f64,
    high: f64,
    top_box_from: f64,
}

impl Scale {
    /// A scale whose top box is its upper end.
    ///
    /// # Errors
    /// Ends that are not finite or not in order.
    pub fn new(low: f64, high: f64) -> Result<Self, ActionError> {
        let sound = low.is_finite() && high.is_finite() && low < high;
        if sound { Ok(Self { low, high, top_box_from: high }) } else { Err(ActionError::NoScale { low, high }) }
    }

    /// The same scale with a top box of all scores at or above `from`.
    ///
    /// # Errors
    /// A beginning that is not above the lower end, or above the upper end.
    pub fn with_top_box(self, from: f64) -> Result<Self, ActionError> {
        if from > self.low && from <= self.high {
            Ok(Self { top_box_from: from, ..self })
        } else {
            Err(ActionError::NoTopBox { from, low: self.low, high: self.high })
        }
    }

    /// The lower end.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The upper end.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// The least score of the top box.
    pub fn top_box_from(&self) -> f64 {
        self.top_box_from
    }

    /// A score as a part of the scale, 0 at its lower end and 100 at its upper.
    pub fn percent(&self, score: f64) -> f64 {
        100.0 * (score - self.low) / (self.high - self.low)
    }

    /// Refuses a score that is not on the scale; `row` counts from 0.
    pub(super) fn check(&self, driver: &str, row: usize, value: f64) -> Result<(), ActionError> {
        let (low, high) = (self.low, self.high);
        if value >= low && value <= high {
            Ok(())
        } else {
            Err(ActionError::OffScale { driver: driver.to_owned(), row: row + 1, value, low, high })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_out_of_order_and_a_top_box_below_the_scale_are_refused() {
        assert!(Scale::new(5.0, 1.0).is_err() && Scale::new(1.0, f64::NAN).is_err());
        let scale = Scale::new(0.0, 10.0).expect("in order");
        assert!(scale.with_top_box(0.0).is_err() && scale.with_top_box(11.0).is_err());
        assert_eq!(scale.with_top_box(9.0).map(|scale| scale.top_box_from()).expect("on the scale"), 9.0);
    }

    #[test]
    fn a_score_off_the_scale_names_its_row() {
        let error = Scale::new(1.0, 5.0).and_then(|scale| scale.check("delivery", 2, 6.0)).unwrap_err();
        assert!(error.to_string().starts_with("`delivery`, row 3: 6 is not on the scale from 1 to 5"), "{error}");
    }
}
