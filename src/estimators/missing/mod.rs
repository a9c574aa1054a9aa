//! What to do about gaps, never silently: each treatment says what it rests on, and a table sets them side by side.
//!
//! All take [`Gaps`](crate::data::Gaps). [`Listwise`] keeps the rows that lack nothing; [`Pairwise`] and [`Em`] give
//! second moments, from which a linear regression or a driver analysis follows; [`Indicated`] fills and marks what does
//! not apply; [`MultipleImputation`] makes data sets for any estimator and pools the fits. [`Comparison`] shows how the
//! answer changes between them, and [`EmFit::little_test`] asks whether the gaps come completely at random.
//!
//! A treatment may follow another: [`Indicated`] with [`Marked::Structural`] leaves the gaps that hide a value to one of
//! the others.

// What callers use.
pub mod comparison;
pub mod em;
pub mod error;
pub mod indicator;
pub mod listwise;
pub mod little;
pub mod moment_fit;
pub mod multiple_imputation;
pub mod pairwise;
pub mod rubin;
pub mod treatment;
// What they are made of.
mod information;
mod normal;
mod patterns;
mod structural;

#[cfg(test)]
pub(crate) mod formula_gaps;
#[cfg(test)]
mod tests;

pub use comparison::{ComparedCoefficient, Comparison, ComparisonTable, TreatmentRow};
pub use em::{Em, EmFit};
pub use error::MissingError;
pub use indicator::{FilledColumn, Indicated, Marked};
pub use listwise::{ColumnCost, Listwise};
pub use little::LittleTest;
pub use moment_fit::MomentFit;
pub use multiple_imputation::{Imputations, MultipleImputation};
pub use pairwise::{Pairwise, PairwiseFit};
pub use rubin::{CompletedFit, Pooled, PooledCoefficient, pool};
pub use treatment::Treatment;
