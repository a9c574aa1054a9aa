//! What customers say beside what they do: the same drivers for stated and observed outcomes, and the way from a
//! touchpoint over the answer to behaviour.

mod comparison;
mod concordance;
mod mediation;
mod natural_effects;

pub use comparison::{
    ComparedOutcome, DriverDifference, OutcomeShares, Side, StatedObserved, StatedObservedRows, StatedObservedTable,
};
pub use concordance::Concordance;
pub use mediation::{Effect, Mediation, MediationResult, ScoreContrast};
