//! What if touchpoints were scored higher: what the fitted models then expect, and the cheapest way to a target.
//!
//! A model says how customers who differ in their scores differ in the outcome. That raising the scores would move the
//! outcome as much is an assumption that no figure here proves.

mod change;
mod lever;
mod outcome;
mod plan;

pub use change::{LeverChange, MeasureChange, OutcomeChange, WhatIf};
pub use lever::{Lever, LeverRaise, Raise};
pub use outcome::{Measure, ModelledOutcome, OrderedLevels, Unscored};
pub use plan::{OutcomeEnds, Plan, PlanRow, Target};
