//! Importance and performance side by side, and what to do where both are clear.

mod actions;
mod levels;
mod ranked;

pub use actions::{
    Action, ActionChart, ActionRow, ImportancePerformance, Line, PerformanceMeasure, QuadrantProbabilities,
};
pub use ranked::Ranked;

use super::scale::Scale;

/// A touchpoint: its name, its column of the design and the scale of its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Touchpoint {
    /// Its name, that of the driver.
    pub name: String,
    /// The place of its column.
    pub column: usize,
    /// The scale of its scores.
    pub scale: Scale,
}
