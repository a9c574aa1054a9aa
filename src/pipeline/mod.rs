//! One function per use case.

pub mod simulate;

pub use simulate::{SimulateError, SimulationReport, simulate};
