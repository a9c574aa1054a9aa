//! Models with an intercept: settings, `fit`, a fitted model, `predict`.
//!
//! [`Ols`] explains a number and [`Logit`] a class; [`Firth`] is what may be offered where the classes are separated.
//! [`Ordinal`] explains ordered levels, [`ProportionalOdds`] says whether one slope a column is enough for that, and
//! [`PartialOrdinal`] gives three classes a slope for leaving the lowest and one for reaching the highest.
//! Every fit carries one [`Coefficient`] a term, one [`FitSummary`] and its findings, and hands out a plain
//! [`FittedModel`] to be stored. A fit that is separated, did not converge or has too few rows is a [`FitError`], never
//! a number.
//!
//! Underneath, all fits share one pass over the rows (`columns`): blocks of centred and scaled columns, in parallel,
//! summed in a fixed order, without a second copy of the design matrix.

// What callers use.
pub mod augment;
pub mod calibration;
pub mod coefficient;
pub mod diagnostics;
pub mod error;
pub mod evaluation;
pub mod firth;
pub mod fitted_model;
pub mod linear;
pub mod logit;
pub mod ordinal;
pub mod partial_ordinal;
pub mod proportional_odds;
pub mod missing;
pub mod summary;
// Customers who buy till they leave: purchases and spend to come.
pub mod buy_till_you_die;
// What the fits are made of.
mod cases;
mod columns;
mod cumulative;
mod free_slopes;
mod inference;
mod newton;
mod ordinal_levels;
mod prepared;
mod robust;
// The kernel for callers that fit thousands of subsets, and what they must know of separation.
pub mod logistic;
pub mod separation;
// The one file that names linfa.
pub mod linfa_bridge;

#[cfg(test)]
mod formula_data;
#[cfg(test)]
mod ordinal_reference_tests;
#[cfg(test)]
mod reference_tests;

pub use augment::{Augment, AugmentedRow, augment};
pub use coefficient::Coefficient;
pub use diagnostics::{Diagnose, ModelDiagnostics, TouchpointDiagnostics};
pub use error::FitError;
pub use firth::Firth;
pub use fitted_model::FittedModel;
pub use linear::{LinearFit, Ols};
pub use logit::{LogisticFit, Logit};
pub use ordinal::{Ordinal, OrdinalFit};
pub use partial_ordinal::{PartialOrdinal, PartialOrdinalFit};
pub use proportional_odds::ProportionalOdds;
pub use separation::Separation;
pub use summary::{Family, FitSummary, LevelCount, StdErrors};
