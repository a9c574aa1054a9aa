//! One function per use case.

mod action_tables;
mod actions;
mod augmented;
mod check;
mod choices;
mod contest;
mod error;
pub mod flat;
mod fold_model;
mod judge;
mod measure_rows;
mod model_fit;
mod model_tests;
mod outcome_model;
mod outcomes;
mod promoters;
mod purchase_baseline;
mod result_tables;
mod run;
mod scores;
mod selection;
pub mod simulate;
mod stated_observed;

pub use check::check;
pub use contest::{ContestResult, Contestant, contest};
pub use error::PipelineError;
pub use run::{Progress, Run, RunSettings, evaluate, in_full, is_done, leave_refusal, run};
pub use simulate::{SimulateError, SimulationReport, simulate};
