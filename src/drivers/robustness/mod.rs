//! How strong something unobserved would have to be to explain a driver's coefficient away.

mod confounding;
mod sensitivity;

pub use confounding::{Benchmark, Confounding, ConfoundingRow, ConfoundingTable};
pub use sensitivity::{Adjusted, Confounder, Sensitivity};
