//! What a run leaves behind: tables, models, the manifest, and the folder that holds them, swapped in whole.

mod artefact;
mod earlier;
mod manifest;
mod staging;
mod table;

pub use artefact::{
    ModelArtefact, ModelInput, Provenance, ReadModel, SelfTest, StoredEnds, StoredHistory, StoredPenalty, StoredSpread,
    StoredTerm, TermSource, TrainingWindow,
};
pub use earlier::Earlier;
pub use manifest::{Manifest, ModelFile, OutputFile, Recorded, Status, refusal};
pub use staging::{Staging, WorkFolder};
pub use table::{Table, TableWriter, Values, check_ending};

use std::path::PathBuf;
use thiserror::Error;

/// Why something could not be stored or read back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system refused.
    #[error("{} could not be {doing}; check that the folder exists, is writable and has space", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Read, written, moved.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// What stands where results are to go is of somebody else.
    #[error("{} is there and holds no {what}; it would be replaced: name another folder with --out, or move it away", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What it does not hold.
        what: &'static str,
    },
    /// A Parquet file could not be written.
    #[error("{} could not be written as Parquet", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        source: datafusion::parquet::errors::ParquetError,
    },
    /// A file whose name does not say how to write it.
    #[error("{} ends in none of .csv, .parquet and .json; give it one of these", path.display())]
    Ending {
        /// The file.
        path: PathBuf,
    },
    /// A CSV file could not be written.
    #[error("{} could not be written as CSV", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        source: csv::Error,
    },
    /// Something could not be put into words of JSON.
    #[error("{} could not be written as JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        source: serde_json::Error,
    },
    /// A model file is not one, or not of a version that this program reads.
    #[error("{}: {problem}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl StoreError {
    pub(crate) fn file(path: impl Into<PathBuf>, doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, doing, source }
    }
}
