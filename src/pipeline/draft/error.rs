//! Why no study could be drafted.

use crate::intake::IntakeError;
use crate::study::StudyError;
use thiserror::Error;

/// Why no study could be drafted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DraftError {
    /// A path is not there, or nothing matches a pattern.
    #[error("no file matches `{pattern}`; name files, folders, or a pattern in quotes")]
    NoFile {
        /// The path or pattern as it was given.
        pattern: String,
    },
    /// An address of a server, which may hold a password and is not repeated.
    #[error(
        "an address with `{scheme}://` is named, and init looks at files alone: write some rows of each table to a file (from PostgreSQL \
         with psql and \\copy (SELECT * FROM orders LIMIT 50000) TO 'orders.csv' CSV HEADER), let init draft from these, and put the address \
         into `path` of the draft, with `table` or `query` where it is a database"
    )]
    Address {
        /// What stands before `://`.
        scheme: String,
    },
    /// A pattern is none, or a folder cannot be read.
    #[error(transparent)]
    Intake(IntakeError),
    /// None of the files holds a table.
    #[error("none of the files is a table that can be read: {aside}")]
    NoTable {
        /// The files with their reasons.
        aside: String,
    },
    /// No file holds answers of any kind.
    #[error(
        "no file holds answers: a study needs one row an answer, with a column of whole numbers from 0 to 10 for \"how likely \
         are you to recommend us\" or columns of scores; there are: {found}"
    )]
    NoAnswers {
        /// The files with what they seem to be.
        found: String,
    },
    /// The draft itself is refused by the reader of studies.
    #[error("the draft would not be a sound study, which is a bug: {problem}")]
    Unsound {
        /// What the reader says. Part of the sentence, so not also its cause.
        problem: StudyError,
    },
}

impl From<IntakeError> for DraftError {
    fn from(error: IntakeError) -> Self {
        match error {
            // There is no study yet whose source and folder could be named.
            IntakeError::NoFile { pattern, .. } => Self::NoFile { pattern },
            other => Self::Intake(other),
        }
    }
}

impl DraftError {
    /// 1 a bug; 3 input refused; 4 no analysis is possible.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoFile { .. } | Self::Address { .. } | Self::Intake(_) | Self::NoTable { .. } => 3,
            Self::NoAnswers { .. } => 4,
            Self::Unsound { .. } => 1,
        }
    }
}
