//! What a fit should be asked before it is believed: plain rows, and findings where the answers matter.
//!
//! [`Diagnose::model`] asks one fitted model which columns go together, which rows decide, whether lines are enough,
//! whether the spread is even, and whether a group of rows lies off what is expected. [`Diagnose::touchpoints`] asks the
//! answers themselves, before any model: who gives every touchpoint the same score, whether one impression stands behind
//! all of them, and whether the scale leaves room.
//!
//! What a fit finds on its own (constant, aliased and collinear columns, separation, few events, a perfect fit) stays
//! with the fit and is not said twice.

// What callers use.
pub mod diagnose;
// What the model is asked.
mod added;
pub mod collinearity;
pub mod grouping;
pub mod influence;
pub mod nonlinearity;
pub mod spread;
// What the answers are asked.
pub mod halo;
pub mod scale_ends;
pub mod straight_lining;
pub mod touchpoints;

#[cfg(test)]
mod reference_tests;

pub use added::Departure;
pub use collinearity::{Collinearity, NearDependency, TermOverlap};
pub use diagnose::{Diagnose, ModelDiagnostics, TouchpointDiagnostics};
pub use grouping::{GroupResidual, GroupedResiduals, Grouping};
pub use halo::Halo;
pub use influence::{Determining, Influence, InfluentialRow, RowName};
pub use nonlinearity::{Curvature, Nonlinearity};
pub use scale_ends::{OutcomeRange, Scale, ScaleEnds, ScaleError};
pub use spread::{Spread, WhiteForm};
pub use straight_lining::StraightLining;
pub use touchpoints::Touchpoints;
