//! One function per use case.

mod augmented;
mod check;
mod error;
pub mod flat;
mod judge;
mod measure_rows;
mod model_fit;
mod model_tests;
mod outcome_model;
mod outcomes;
mod promoters;
mod result_tables;
mod run;
mod scores;
mod selection;
pub mod simulate;

pub use check::check;
pub use error::PipelineError;
pub use run::{Progress, Run, RunSettings, evaluate, in_full, is_done, leave_refusal, run};
pub use simulate::{SimulateError, SimulationReport, simulate};
