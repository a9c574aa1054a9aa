//! A touchpoint that could be scored higher, and how far.

use super::outcome::ModelledOutcome;
use crate::drivers::{ActionError, Scale};
use serde::Serialize;

/// A touchpoint whose scores could be raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Lever {
    /// The name of its column in the models.
    pub name: String,
    /// The scale of its scores.
    pub scale: Scale,
    /// Whether anything can be done about it; one about which nothing can is shown and never offered.
    pub actionable: bool,
    /// What it costs to raise its scores by one point, in any unit of money; `None` where nobody has said.
    pub cost_per_point: Option<f64>,
}

/// By how much scores change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Raise {
    /// Every score by so many points; a negative number lowers.
    By(f64),
    /// Scores below this to it; higher ones stay.
    To(f64),
}

/// One lever of a scenario, by its place in the list of levers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeverRaise {
    /// The place of the lever.
    pub lever: usize,
    /// By how much.
    pub raise: Raise,
}

/// Between what a score may move: the part of its scale that was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub low: f64,
    pub high: f64,
}

impl Bounds {
    /// Of a column, in the rows with a weight and a score.
    ///
    /// # Errors
    /// A score off the scale.
    pub fn of(outcome: ModelledOutcome, lever: &Lever, column: usize) -> Result<Self, ActionError> {
        let observations = outcome.observations;
        let mut bounds = Self { low: lever.scale.high(), high: lever.scale.low() };
        for (row, &score) in observations.design().values().column(column).iter().enumerate() {
            if observations.weights().of(row) > 0.0 && outcome.is_scored(&lever.name, row) {
                lever.scale.check(&lever.name, row, score)?;
                bounds = Self { low: bounds.low.min(score), high: bounds.high.max(score) };
            }
        }
        Ok(bounds)
    }

    /// A score after its raise; one at the bound stays.
    pub fn moved(self, score: f64, raise: Raise) -> f64 {
        match raise {
            Raise::By(points) if points < 0.0 => (score + points).max(self.low).min(score),
            Raise::By(points) => (score + points).min(self.high).max(score),
            Raise::To(level) => score.max(level.min(self.high)),
        }
    }
}

impl Raise {
    /// Refuses what is no number.
    pub(super) fn check(self) -> Result<(), ActionError> {
        let (Self::By(value) | Self::To(value)) = self;
        if value.is_finite() {
            Ok(())
        } else {
            Err(ActionError::Setting { setting: "a raise", value, allowed: "a finite number of points" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_stop_at_the_highest_seen_and_those_there_stay() {
        let bounds = Bounds { low: 2.0, high: 9.0 };
        let by = |score, points| bounds.moved(score, Raise::By(points));
        assert_eq!([by(5.0, 1.5), by(8.0, 3.0), by(9.0, 1.0), by(3.0, -4.0)], [6.5, 9.0, 9.0, 2.0]);
        let to = |score, level| bounds.moved(score, Raise::To(level));
        assert_eq!([to(5.0, 8.0), to(8.5, 8.0), to(5.0, 99.0), to(5.0, 1.0)], [8.0, 8.5, 9.0, 5.0]);
        assert!(Raise::By(f64::NAN).check().is_err());
    }
}
