//! Objects of S3-style stores: listed by pattern and fetched into a folder, where the door for files takes over.

mod connection;
mod proxy;
mod s3;

use super::IntakeError;
use std::path::{Path, PathBuf};

/// An object that lies in a folder now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetched {
    /// `s3://bucket/key`.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Whether a path is in a store.
pub(super) fn is_remote(path: &str) -> bool {
    path.starts_with("s3://")
}

/// The objects that a path of a study names, in the order of their keys, fetched into a folder.
///
/// # Errors
/// A path that names no object, a store that refuses or cannot be reached, a folder that cannot be written.
pub(super) fn fetch(source_name: &str, path: &str, into: &Path) -> Result<Vec<Fetched>, IntakeError> {
    let found = s3::fetch(path, into).map_err(|problem| match problem {
        s3::RemoteError::Unwritable { path, source } => {
            IntakeError::Output { file: path.display().to_string(), source }
        }
        problem => IntakeError::Store {
            source_name: source_name.to_owned(),
            path: path.to_owned(),
            message: problem.to_string(),
        },
    })?;
    if found.is_empty() {
        return Err(IntakeError::NoObject { source_name: source_name.to_owned(), path: path.to_owned() });
    }
    Ok(found)
}
