//! What became of corrected rows.

use crate::intake::account::{Exclusion, Reason};
use serde::{Serialize, Serializer};
use thiserror::Error;

/// A row to which a correction belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectedRow {
    /// The source.
    pub source: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// By which the row is known as it stands in the file.
    pub fingerprint: String,
    /// What the correction changes in it.
    pub changes: Vec<Change>,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// One thing that a correction changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The column; nothing for the whole row.
    pub column: Option<String>,
    /// What stands in the file.
    pub before: String,
    /// What is used instead.
    pub after: String,
}

/// What became of a corrected row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It is used.
    Used,
    /// It is sound now, and outside of what the study sees.
    Excluded {
        /// Why it is not used.
        reason: Exclusion,
    },
    /// It is refused again.
    Refused {
        /// Why.
        reason: Reason,
        /// The column at fault, where it is one cell's.
        column: Option<String>,
        /// The cell as it was corrected.
        raw: String,
    },
    /// It says what the file says.
    Unchanged,
    /// It cannot be made.
    NotMade {
        /// Why.
        why: Problem,
    },
    /// No such row is put aside at its place.
    NotThere,
    /// It was accepted for another content of its file.
    Stale,
    /// Its row is not put aside any more.
    NotNeeded,
}

impl Verdict {
    /// Whether nobody wanted anything else than what the file says.
    pub fn is_unchanged(&self) -> bool {
        *self == Self::Unchanged
    }

    /// Whether the row is sound as it stands in the file by now.
    pub fn is_not_needed(&self) -> bool {
        *self == Self::NotNeeded
    }

    /// What became of it, in words.
    pub fn phrase(&self) -> String {
        match self {
            Self::Used => "used".to_owned(),
            Self::Excluded { reason } => format!("excluded, {}", reason.word()),
            Self::Refused { reason, column: Some(column), raw } => format!("`{column}` is {}: \"{raw}\"", reason.word()),
            Self::Refused { reason, column: None, .. } => reason.word().to_owned(),
            Self::Unchanged => "nothing was changed".to_owned(),
            Self::NotMade { why } => why.to_string(),
            Self::NotThere => {
                "no such row is put aside there: the file has changed since, or the row is used; correct the quarantine of a new run"
                    .to_owned()
            }
            Self::Stale => "its file has changed since it was accepted".to_owned(),
            Self::NotNeeded => "its row is not put aside any more".to_owned(),
        }
    }

    /// Whether the row is out of quarantine for it.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Used | Self::Excluded { .. })
    }
}

/// Why a correction cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The rows of a SQLite file lie in part beside it.
    #[error("a journal lies beside the file, so that its content is not known; close the database, and retry")]
    Journal,
    /// The file's rows are no text.
    #[error("the rows of this file are no text, so that none can be given whole; correct cells in `raw`")]
    WholeRow,
    /// The rows are not those that were read before.
    #[error("what the database answers changed while it was read; run again")]
    Changed,
    /// The study has no such source.
    #[error("the study reads no source of this name")]
    Source,
    /// The file's rows have no such column.
    #[error("the study reads no column `{0}` of the file's rows; correct `record`")]
    Column(String),
    /// What says who somebody is, where nobody may read it.
    #[error("`{0}` says who somebody is, and keys are hashed; mend it where it comes from")]
    HashedKey(String),
    /// A row as quarantine shows it where keys are hashed.
    #[error(
        "`record` shows hashes in the place of keys, so that no row can be made of it; correct `raw`, or mend the file"
    )]
    HashedRow,
    /// The corrected text is something else than a row.
    #[error("`record` holds {0} rows; it should be one, with the sign between its cells that the file has")]
    Rows(u64),
    /// Two corrections of one row.
    #[error(
        "`raw` and `record`, or two lines of the same row, were changed and do not say the same; correct one of them"
    )]
    Contradiction,
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
