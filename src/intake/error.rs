//! Why sources were refused as a whole.

use datafusion::parquet::errors::ParquetError;
use std::io;
use thiserror::Error;

/// A source that cannot be read, or a table that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// No file has the path, or fits the pattern.
    #[error("[sources.{source_name}]: no file matches `{pattern}`; paths count from the study's folder")]
    NoFile {
        /// The source.
        source_name: String,
        /// The path or pattern as written.
        pattern: String,
    },
    /// The pattern is malformed.
    #[error("[sources.{source_name}]: `{pattern}` is no pattern: {message}")]
    BadPattern {
        /// The source.
        source_name: String,
        /// The pattern as written.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// The path is a folder.
    #[error("[sources.{source_name}]: `{pattern}` is a folder; name its files, as in `{pattern}/*.csv`")]
    Folder {
        /// The source.
        source_name: String,
        /// The path as written.
        pattern: String,
    },
    /// The system refused to read.
    #[error("`{file}` could not be read")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds nothing, not even a header.
    #[error("`{file}` is empty; it should begin with a line of column names")]
    Empty {
        /// The file.
        file: String,
    },
    /// The file is something else than text or Parquet.
    #[error("`{file}` is {what}; {advice}")]
    WrongKind {
        /// The file.
        file: String,
        /// What it is.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The file is not UTF-8.
    #[error("`{file}` is not UTF-8 text: line {line}, byte {byte} of the file; save it as UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The byte of the file, from 0.
        byte: u64,
    },
    /// A column that the study names is not there.
    #[error(transparent)]
    MissingColumn(Box<MissingColumn>),
    /// Two columns have the name that the study asks for.
    #[error(
        "`{file}` has several columns `{column}`, which [sources.{source_name}] names as `{key}`; rename one in the file"
    )]
    RepeatedColumn {
        /// The file.
        file: String,
        /// The source.
        source_name: String,
        /// The key of the study that names the column.
        key: String,
        /// The column.
        column: String,
    },
    /// A renamed column is in none of the files.
    #[error("[sources.{source_name}] renames `{column}`, which none of its files has; take it out of `rename`")]
    RenamesNothing {
        /// The source.
        source_name: String,
        /// The column.
        column: String,
    },
    /// Times without a zone, in a source that states none.
    #[error(
        "`{file}`, line {line}, column `{column}`: \"{text}\" is a local time; say where with `zone` in [sources.{source_name}], as in zone = \"UTC\" or \"Europe/Berlin\""
    )]
    NoZone {
        /// The file.
        file: String,
        /// The source.
        source_name: String,
        /// The line or row, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The time as it stands there.
        text: String,
    },
    /// The Parquet file is damaged.
    #[error("`{file}` cannot be read as Parquet; write it again, or check that it was copied whole")]
    BadParquet {
        /// The file.
        file: String,
        /// What the reader said.
        source: ParquetError,
    },
    /// A column of a type that is neither text, number nor time.
    #[error("`{file}`: column `{column}` is of type {found}; it should hold text, numbers or times")]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// A result could not be written.
    #[error("`{file}` could not be written; check that the folder exists and has room")]
    Output {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A typed table could not be written.
    #[error("the table `{file}` could not be written; check that the folder has room")]
    OutputTable {
        /// The file.
        file: String,
        /// What the writer said.
        source: ParquetError,
    },
}

/// A column that the study names and a file does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{file}` has no column `{column}`, which [sources.{source_name}] names as `{key}`{}; its columns are: {}{}",
    .nearest.as_ref().map_or_else(String::new, |name| format!(", did you mean `{name}`")),
    .there.join(", "),
    .hint
)]
pub struct MissingColumn {
    /// The file.
    pub file: String,
    /// The source.
    pub source_name: String,
    /// The key of the study that names the column.
    pub key: String,
    /// The column.
    pub column: String,
    /// The column it resembles.
    pub nearest: Option<String>,
    /// The columns that are there.
    pub there: Vec<String>,
    /// A guess at what else is wrong, or nothing.
    pub hint: String,
}

impl IntakeError {
    /// Whether it is the output that failed; otherwise an input was refused.
    pub fn is_output(&self) -> bool {
        matches!(self, Self::Output { .. } | Self::OutputTable { .. })
    }
}
