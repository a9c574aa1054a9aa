//! Why a use case ended without its result, and with which exit code.

use crate::data::DataError;
use crate::drivers::{DriverError, MethodError};
use crate::estimators::FitError;
use crate::influence::InfluenceError;
use crate::intake::{IntakeError, in_full};
use crate::link::LinkError;
use crate::measures::MeasureError;
use crate::pipeline::{DraftError, SimulateError};
use crate::report::ReportError;
use crate::store::StoreError;
use crate::study::StudyError;
use std::io::ErrorKind;
use thiserror::Error;

/// Why a use case ended without its result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The command asks for something that does not go together or is not there yet.
    #[error("{0}")]
    Usage(String),
    /// The command names a method that is unknown or not there yet.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// The study file was refused.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// A source was refused.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// A flat table was refused.
    #[error("{0}")]
    Input(String),
    /// Columns that cannot be computed with.
    #[error("{file}: {problem}")]
    Data {
        /// The file they come from.
        file: String,
        /// What is wrong. Part of the sentence, so not also its cause.
        problem: DataError,
    },
    /// Answers that are none.
    #[error("{file}, column `{column}`, {problem}")]
    Measure {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// What is wrong. Part of the sentence, so not also its cause.
        problem: MeasureError,
    },
    /// Edges that are none.
    #[error("{file}: {problem}")]
    Edges {
        /// The file.
        file: String,
        /// What is wrong. Part of the sentence, so not also its cause.
        problem: InfluenceError,
    },
    /// The drivers cannot be ranked as asked.
    #[error(transparent)]
    Drivers(#[from] DriverError),
    /// The model cannot be fitted as asked.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// Influence cannot be computed as asked.
    #[error(transparent)]
    Influence(InfluenceError),
    /// The analysis is impossible for another reason.
    #[error("{0}")]
    Impossible(String),
    /// The join failed.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Results could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The report could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// No study could be drafted.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The company could not be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
}

/// What the system says of a full disk; where an error holds the words of another as text, they are all there is of it.
const DISK_FULL: &str = "No space left on device";

/// Whether a full disk stands anywhere behind an error.
fn is_disk_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let is_full = |kind: ErrorKind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let mut cause = Some(error);
    while let Some(own) = cause {
        if own.downcast_ref::<std::io::Error>().is_some_and(|own| is_full(own.kind())) {
            return true;
        }
        cause = own.source();
    }
    in_full(error).contains(DISK_FULL)
}

impl PipelineError {
    /// The error and its causes in one line; of a full disk what could not be done and what to do, and not what every layer between
    /// says of it, and of memory that ran out one clause of the engine's words.
    pub fn in_words(&self) -> String {
        if !is_disk_full(self) {
            return match self {
                Self::Link(error) => error.of_memory().map_or_else(|| in_full(self), |said| format!("{self}: {said}")),
                _ => in_full(self),
            };
        }
        // What stands behind a semicolon or a colon is advice for other causes, or a cause.
        let said = self.to_string();
        let doing = said.split([';', ':']).next().unwrap_or(&said);
        format!(
            "{doing}: no space is left on the disk; free some, or name a folder on another disk with --out, and for temporary files \
             with TMPDIR"
        )
    }

    /// 1 a bug; 2 wrong usage; 3 input refused; 4 the analysis is impossible as asked; 5 output not written.
    pub fn exit_code(&self) -> u8 {
        match self {
            // Whatever was being done, it was to write; a job may try again once there is space.
            own if is_disk_full(own) => 5,
            Self::Usage(_) | Self::Method(_) => 2,
            Self::Intake(error) if error.is_usage() => 2,
            Self::Intake(error) if error.is_output() => 5,
            Self::Study(_)
            | Self::Intake(_)
            | Self::Input(_)
            | Self::Data { .. }
            | Self::Measure { .. }
            | Self::Edges { .. } => 3,
            // A name that only the model knows is taken: the table is what has to change.
            Self::Fit(FitError::TermTwice { .. }) => 3,
            Self::Drivers(_) | Self::Fit(_) | Self::Influence(_) | Self::Impossible(_) => 4,
            Self::Link(LinkError::Memory { .. } | LinkError::Engine { .. } | LinkError::Plan(_)) => 4,
            Self::Draft(error) => error.exit_code(),
            Self::Store(StoreError::Ending { .. }) => 2,
            Self::Store(StoreError::Model { .. }) => 3,
            Self::Store(_) => 5,
            Self::Simulate(SimulateError::Settings(_)) => 2,
            Self::Simulate(_) => 5,
            Self::Link(_) | Self::Report(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::error::DataFusionError;
    use datafusion::parquet::errors::ParquetError;

    fn full() -> std::io::Error {
        // ENOSPC of errno(3).
        std::io::Error::from_raw_os_error(28)
    }

    /// The sentence and the exit code where a full disk stands somewhere behind an error.
    fn assert_full(error: PipelineError) {
        let text = error.in_words();
        assert_eq!(error.exit_code(), 5, "{text}");
        assert_eq!(text.matches("no space is left on the disk").count(), 1, "{text}");
        assert!(!text.contains("os error"), "{text}");
    }

    #[test]
    fn a_full_disk_is_five_wherever_it_stands() {
        let doing = "joining the answers";
        let spilling = DataFusionError::IoError(full()).context("spilling a sort");
        assert_full(LinkError::Engine { doing, source: spilling }.into());
        let writing = ParquetError::External(Box::new(full()));
        assert_full(LinkError::Engine { doing, source: writing.into() }.into());
        // An error that keeps only the words of its cause.
        let told = DataFusionError::Execution(format!("a worker failed: {}", full()));
        assert_full(LinkError::Memory { doing, source: told }.into());
        let path = std::path::PathBuf::from("tables/drivers.parquet");
        let source = ParquetError::External(Box::new(full()));
        assert_full(StoreError::Parquet { path: path.clone(), source }.into());
        assert_full(StoreError::file(path, "written")(full()).into());
    }

    #[test]
    fn of_memory_that_ran_out_the_engine_says_one_clause() {
        let said = "Not enough memory to continue external sort. Consider increasing the memory limit config: \
                    'datafusion.runtime.memory_limit', or decreasing the config: 'datafusion.execution.sort_spill_reservation_bytes'.";
        let source = DataFusionError::ResourcesExhausted(said.to_owned()).context("sorting");
        let error = PipelineError::from(LinkError::Memory { doing: "joining the answers", source });
        assert_eq!(error.exit_code(), 4);
        assert_eq!(
            error.in_words(),
            "the join could not be made while joining the answers: it needs more memory than it may use; allow more with --memory: \
             Resources exhausted: Not enough memory to continue external sort"
        );
    }

    #[test]
    fn other_errors_keep_their_code_and_their_causes() {
        let source = DataFusionError::Execution("no such column".to_owned());
        let error = PipelineError::from(LinkError::Engine { doing: "joining the answers", source });
        assert_eq!(error.exit_code(), 4);
        assert!(error.in_words().contains("no such column"), "{}", error.in_words());
    }
}
