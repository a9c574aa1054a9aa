//! One line of a file of corrected rows.

/// A row that was put aside, with its cell at fault or the whole of it changed.
///
/// Two of them may belong to one row, each with another cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The source.
    pub source: String,
    /// The file, as the study names it.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column that `raw` is the cell of; empty where the row as a whole was at fault.
    pub column: String,
    /// Why the row was put aside.
    pub reason: String,
    /// The cell as it should be; nothing where only the whole row is given.
    pub raw: Option<String>,
    /// The row as it should be; nothing, or a blank, where only the cell is given.
    pub record: Option<String>,
    /// By which the row is known as it stands in the file.
    pub fingerprint: String,
    /// SHA-256 of the file for which it was accepted; nothing where it has not been.
    pub sha256: Option<String>,
}

/// What tells a row that was put aside from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowKey {
    pub(super) source: String,
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) fingerprint: String,
}

impl Correction {
    pub(super) fn row(&self) -> RowKey {
        RowKey {
            source: self.source.clone(),
            file: self.file.clone(),
            line: self.line,
            fingerprint: self.fingerprint.clone(),
        }
    }
}
