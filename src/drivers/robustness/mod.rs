//! How much a ranking and a coefficient hang on what was chosen, and on what nobody has seen.

mod choices;
mod confounding;
mod sensitivity;

pub use choices::{Choice, ChoiceKind, ChoiceRow, ChoicesTable, DriverStability};
pub use confounding::{Benchmark, Confounding, ConfoundingRow, ConfoundingTable};
pub use sensitivity::{Adjusted, Confounder, Sensitivity};
