//! Whom to invite under a budget, with what is guaranteed of it.
//!
//! [`Candidates`] says who may be invited at what cost; [`plan_seeds`] chooses greedily on sampled sets, judges the choice
//! by fresh ones, and holds it against what no other choice within the limits can exceed. Sets are drawn as the [`SpreadModel`] has it.

mod choose;
mod coverage;
mod draws;
mod limits;

pub use choose::{PlanSettings, PlannedSeed, Rival, RivalReach, SeedPlan, plan_seeds};
pub use draws::SpreadModel;
pub use limits::Candidates;
