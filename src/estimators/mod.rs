//! Models with an intercept: settings, `fit`, a fitted model, `predict`.
//!
//! [`Ols`] explains a number, [`Logit`] a class and [`Count`] a count; [`Firth`] is what may be offered where the classes
//! are separated, and [`Penalised`] is for prediction where columns are many. [`Ordinal`] explains ordered levels,
//! [`ProportionalOdds`] says whether one slope a column is enough for that, and [`PartialOrdinal`] gives three classes a
//! slope for leaving the lowest and one for reaching the highest.
//! Every fit but the penalised carries one [`Coefficient`] a term, one [`FitSummary`] and its findings, and hands out a plain
//! [`FittedModel`] to be stored. A fit that is separated, did not converge or has too few rows is a [`FitError`], never
//! a number.
//!
//! Underneath, all fits share one pass over the rows (`columns`): blocks of centred and scaled columns, in parallel,
//! summed in a fixed order, without a second copy of the design matrix.

// What callers use.
pub mod augment;
pub mod calibration;
pub mod coefficient;
pub mod count;
pub mod diagnostics;
pub mod error;
pub mod evaluation;
pub mod firth;
pub mod fitted_model;
pub mod linear;
pub mod logit;
pub mod missing;
pub mod only_zeros;
pub mod ordinal;
pub mod overdispersion;
pub mod partial_ordinal;
pub mod penalised;
pub mod proportional_odds;
pub mod summary;
// Customers who buy till they leave: purchases and spend to come.
pub mod buy_till_you_die;
// What the fits are made of.
mod cases;
mod columns;
mod count_covariance;
mod cumulative;
mod free_slopes;
mod inference;
mod negative_binomial;
mod newton;
mod ordinal_levels;
mod prepared;
mod rising_factorial;
mod robust;
mod row_products;
// The kernels for callers that fit thousands of subsets, and what they must know of separation.
pub mod logistic;
pub mod poisson;
pub mod separation;
// The one file that names linfa.
pub mod linfa_bridge;

#[cfg(test)]
mod count_tests;
#[cfg(test)]
pub(crate) mod formula_data;
#[cfg(test)]
mod ordinal_reference_tests;
#[cfg(test)]
mod reference_tests;

pub use augment::{Augment, AugmentedRow, augment, augment_counts, augment_levels};
pub use coefficient::{Coefficient, INTERCEPT};
pub use count::{ALPHA, Count, CountFit};
pub use diagnostics::{Diagnose, ModelDiagnostics, TouchpointDiagnostics};
pub use error::FitError;
pub use firth::{Firth, FirthIntervals};
pub use fitted_model::FittedModel;
pub use linear::{LinearFit, Ols};
pub use logit::{LogisticFit, Logit};
pub use only_zeros::OnlyZeros;
pub use ordinal::{Ordinal, OrdinalFit};
pub use overdispersion::Overdispersion;
pub use partial_ordinal::{PartialOrdinal, PartialOrdinalFit};
pub use penalised::{Penalised, PenalisedFit};
pub use proportional_odds::ProportionalOdds;
pub(crate) use robust::FEW_CLUSTERS;
pub use separation::Separation;
pub use summary::{CountDistribution, CountSummary, Family, FitSummary, LevelCount, StdErrors};
