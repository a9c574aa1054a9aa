//! What a low score costs is not what a high score brings: penalty and reward, expectation gaps, necessary conditions.

mod ceiling;
mod contrast;
mod cuts;
mod expectation;
mod necessity;
mod penalty_reward;

pub use ceiling::{Ceiling, CeilingLine, Requirement, RequirementState};
pub use cuts::Cuts;
pub use expectation::{ExpectationGaps, ExpectationPair, ExpectationRow, ExpectationTable};
pub use necessity::{BottleneckRow, Condition, Necessity, NecessityRow, NecessityTable};
pub use penalty_reward::{AsymmetryClass, AsymmetryRow, AsymmetryTable, PenaltyReward, RatedDriver};
