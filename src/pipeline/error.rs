//! Why a use case ended without its result, and with which exit code.

use crate::data::DataError;
use crate::drivers::{DriverError, MethodError};
use crate::estimators::FitError;
use crate::influence::InfluenceError;
use crate::intake::IntakeError;
use crate::link::LinkError;
use crate::measures::MeasureError;
use crate::pipeline::{DraftError, SimulateError};
use crate::report::ReportError;
use crate::store::StoreError;
use crate::study::StudyError;
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

impl PipelineError {
    /// 1 a bug; 2 wrong usage; 3 input refused; 4 the analysis is impossible as asked; 5 output not written.
    pub fn exit_code(&self) -> u8 {
        match self {
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
