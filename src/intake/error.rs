//! Why sources were refused as a whole.

use super::decoded::BadSigns;
use super::exports::ExportError;
use super::utf16::BadUtf16;
use datafusion::parquet::errors::ParquetError;
use std::io;
use thiserror::Error;

/// A source that cannot be read, or a table that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// No file has the path, or fits the pattern.
    #[error(
        "[{section}]: no file matches `{pattern}`; paths count from the study's folder",
        section = section(.source_name)
    )]
    NoFile {
        /// The source.
        source_name: String,
        /// The path or pattern as written.
        pattern: String,
    },
    /// The pattern is malformed.
    #[error("[{section}]: `{pattern}` is no pattern: {message}",
        section = section(.source_name)
    )]
    BadPattern {
        /// The source.
        source_name: String,
        /// The pattern as written.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// The path is a folder.
    #[error(
        "[{section}]: `{pattern}` is a folder; name its files, as in `{pattern}/*.csv`",
        section = section(.source_name)
    )]
    Folder {
        /// The source.
        source_name: String,
        /// The path as written.
        pattern: String,
    },
    /// A path in an object store that leads to nothing.
    #[error(
        "[sources.{source_name}]: no object of the store matches `{path}`; write s3://bucket/key, s3://bucket/folder/*.csv, or the \
         folder above folders such as year=2026"
    )]
    NoObject {
        /// The source.
        source_name: String,
        /// The path as written.
        path: String,
    },
    /// An object store that refuses or cannot be reached.
    #[error("[sources.{source_name}]: `{path}` could not be fetched: {message}")]
    Store {
        /// The source.
        source_name: String,
        /// The path as written.
        path: String,
        /// What the store says.
        message: String,
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
    /// The file ends above the row that should hold the names of its columns.
    #[error(
        "`{file}` ends above row {header_row}, in which `header_row` says that the names of its columns stand; see in which they do"
    )]
    NoHeaderRow {
        /// The file.
        file: String,
        /// The row, from 1.
        header_row: usize,
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
    #[error(
        "`{file}` is not UTF-8 text: line {line}, byte {byte} of the file; write its encoding, as in encoding = \"windows-1252\", which plain \
         CSV of western Europe's spreadsheets is in, or save it as UTF-8"
    )]
    NotUtf8 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The byte of the file, from 0.
        byte: u64,
    },
    /// The file is not in the encoding that the study says.
    #[error(
        "`{file}` is not in {encoding}, as `encoding` says: line {line}, byte {byte} of the text: {problem}; see in which encoding it was written"
    )]
    NotInEncoding {
        /// The file.
        file: String,
        /// The encoding.
        encoding: String,
        /// The line, from 1.
        line: u64,
        /// The byte of the text, from 0.
        byte: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// The file begins with the mark of UTF-16, and is not UTF-16 throughout.
    #[error(
        "`{file}` is not UTF-16 text, as which it begins: line {line}, byte {byte} of the text: {problem}; save it as UTF-8"
    )]
    NotUtf16 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The byte of the text, from 0.
        byte: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// A column that the study names is not there.
    #[error(transparent)]
    MissingColumn(Box<MissingColumn>),
    /// Two columns have the name that the study asks for.
    #[error(
        "`{file}` has several columns `{column}`, which [{section}] names as `{key}`; rename one in the file",
        section = section(.source_name)
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
    #[error(
        "[{section}] renames `{column}`, which none of its files has; take it out of `rename`",
        section = section(.source_name)
    )]
    RenamesNothing {
        /// The source.
        source_name: String,
        /// The column.
        column: String,
    },
    /// Times without a zone, in a source that states none.
    #[error(
        "`{file}`, line {line}, column `{column}`: \"{text}\" is a local time; say where with `zone` or `zone_column` in [{section}], as in zone = \"UTC\" or \"Europe/Berlin\", or for all sources with `zone` in [study]",
        section = section(.source_name)
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
    /// A zone is said for files that are not there.
    #[error(
        "[sources.{source_name}] says a zone for files named `{pattern}`, which none of its files is; there are: {there}"
    )]
    ZoneForNoFile {
        /// The source.
        source_name: String,
        /// The pattern as written.
        pattern: String,
        /// Its files, at most ten.
        there: String,
    },
    /// The Parquet file is damaged.
    #[error("`{file}` cannot be read as Parquet; write it again, or check that it was copied whole")]
    BadParquet {
        /// The file.
        file: String,
        /// What the reader said.
        source: ParquetError,
    },
    /// The source has other numbers of rows than it promises.
    #[error(
        "[{section}] has {n_rows} rows, and its contract says {key} = {bound}; see whether the extract is whole, or \
         change the contract",
        section = section(.source_name)
    )]
    RowCount {
        /// The source.
        source_name: String,
        /// Its rows.
        n_rows: u64,
        /// What it promises.
        bound: u64,
        /// The key of the contract.
        key: &'static str,
    },
    /// Every row of a file would count twice.
    #[error(
        "[{section}]: {second} is {first} again, byte for byte, and each of its {n_rows} rows would count twice; leave one of the two out \
         of `path`, or name the column that identifies a row as `id`",
        section = section(.source_name)
    )]
    SameFile {
        /// The source.
        source_name: String,
        /// The file that was read before.
        first: String,
        /// The same once more.
        second: String,
        /// Its rows.
        n_rows: u64,
    },
    /// Too many rows had to be put aside.
    #[error(
        "[{section}]: {n_aside} of {n_rows} rows were put aside, more than quarantine_max = {max} allows{first}",
        section = section(.source_name)
    )]
    TooManyAside {
        /// The source.
        source_name: String,
        /// Rows put aside.
        n_aside: u64,
        /// All rows.
        n_rows: u64,
        /// The largest share.
        max: f64,
        /// What most are put aside for, as the end of a sentence.
        first: String,
    },
    /// Most rows had to be put aside, and nobody said that they may.
    #[error(
        "[{section}]: {n_aside} of {n_rows} rows ({percent} %) were put aside ({reasons}){first}; or write quarantine_max = 1.0 in its \
         contract to go on with the others",
        section = section(.source_name)
    )]
    MostAside {
        /// The source.
        source_name: String,
        /// Rows put aside for their faults.
        n_aside: u64,
        /// All rows but repeats.
        n_rows: u64,
        /// Their share in whole percent, downwards.
        percent: f64,
        /// Why, with counts.
        reasons: String,
        /// What most are put aside for, as the end of a sentence.
        first: String,
    },
    /// Nothing is left of a source.
    #[error(
        "[{section}]: all {n_rows} rows were put aside ({reasons}){first}; or write quarantine_max = 1 in its contract to go on \
         without it",
        section = section(.source_name)
    )]
    AllAside {
        /// The source.
        source_name: String,
        /// All rows.
        n_rows: u64,
        /// Why, with counts.
        reasons: String,
        /// What most are put aside for, as the end of a sentence.
        first: String,
    },
    /// The newest row is too old.
    #[error(
        "[{section}] ends at {last}, more than fresh_days = {days} before the study's date; get a newer extract, or \
         move `as_of` back",
        section = section(.source_name)
    )]
    Stale {
        /// The source.
        source_name: String,
        /// Its newest instant.
        last: String,
        /// The days that it promises.
        days: u32,
    },
    /// An export is not what it is said to be.
    #[error("`{file}`, which [{section}] reads as an export: {problem}",
        section = section(.source_name)
    )]
    Export {
        /// The file.
        file: String,
        /// The source.
        source_name: String,
        /// What is wrong.
        problem: ExportError,
    },
    /// The Arrow file is damaged.
    #[error("`{file}` cannot be read as Arrow: {message}; write it again, or check that it was copied whole")]
    BadArrow {
        /// The file.
        file: String,
        /// What the reader said.
        message: String,
    },
    /// The workbook is damaged or protected.
    #[error("`{file}` cannot be read as a workbook: {message}; save it again without a password")]
    BadWorkbook {
        /// The file.
        file: String,
        /// What the reader said.
        message: String,
    },
    /// A sheet is not there.
    #[error("`{file}` has no sheet `{sheet}`; there are: {there}")]
    NoSheet {
        /// The file.
        file: String,
        /// The sheet.
        sheet: String,
        /// The sheets that are there.
        there: String,
    },
    /// A database refused.
    #[error("`{file}`: the database says: {message}")]
    Database {
        /// The file or the server's address, without its password.
        file: String,
        /// What the database said.
        message: String,
    },
    /// A database holds several tables.
    #[error("`{file}`: say what to read with `table` or `query`; there are: {there}")]
    WhichTable {
        /// The file or the server's address.
        file: String,
        /// Its tables.
        there: String,
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
    /// The variable that should hold the salt of the keys is not set.
    #[error(
        "`identity.hash` takes its salt from the variable {variable}, which is not set; set it to a secret of at least 16 \
         bytes, such as what `openssl rand -hex 32` prints, and keep it: other keys come out under another salt"
    )]
    NoSalt {
        /// The variable.
        variable: String,
    },
    /// Amounts that together are larger than what can be summed exactly.
    #[error(
        "[sources.transactions]: without their signs the amounts come to {sum:.3e}, and they are summed exactly up to {max:.1e} only; \
         state them in a larger unit, such as thousands, or put aside what cannot be meant, as in contract = {{ ranges = {{ amount = \
         [0, 1000000] }} }}"
    )]
    AmountsTooLarge {
        /// What they come to.
        sum: f64,
        /// What they may come to.
        max: f64,
    },
    /// The salt could be found by trying.
    #[error(
        "{place}, from which `identity.hash` takes its salt, holds {n_bytes} bytes; use at least {min}, such as what \
         `openssl rand -hex 32` prints"
    )]
    ShortSalt {
        /// The variable or the file.
        place: String,
        /// Its bytes.
        n_bytes: usize,
        /// The fewest that are allowed.
        min: usize,
    },
    /// A column whose keys are hashed has another name, under which they would not be.
    #[error(
        "`{file}`: [sources.{source_name}] reads one column as `{key}`, whose keys are hashed, and as `{column}`, which would \
         show them; name it alike in both places, or leave out `{column}`"
    )]
    ReadableKey {
        /// The file.
        file: String,
        /// The source.
        source_name: String,
        /// The column, as the study names it where it is a key.
        key: String,
        /// The same column, as the study names it elsewhere.
        column: String,
    },
    /// Accounts whose parents lead in a circle.
    #[error(
        "[identity.accounts]: the parents of the accounts lead in a circle: {accounts}; mend the file so that one stands at the top"
    )]
    ParentCycle {
        /// Each is the parent of the one before it.
        accounts: String,
    },
    /// A file of corrected rows that is none.
    #[error("`{file}`, line {line}: {problem}")]
    Corrections {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
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
    "`{file}` has no column `{column}`, which [{section}] names as `{key}`{}; its columns are: {}{}",
    .nearest.as_ref().map_or_else(String::new, |name| format!(", did you mean `{name}`")),
    .there.join(", "),
    .hint,
    section = section(.source_name)
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
    /// A text that cannot be read on.
    pub(super) fn of_text(file: &str, source: io::Error) -> Self {
        let file = file.to_owned();
        match (BadUtf16::of(&source), BadSigns::of(&source)) {
            (Some(BadUtf16 { line, byte, problem }), _) => Self::NotUtf16 { file, line, byte, problem },
            (None, Some(BadSigns { encoding, line, byte, problem })) => {
                Self::NotInEncoding { file, encoding: encoding.name(), line, byte, problem }
            }
            (None, None) => Self::Unreadable { file, source },
        }
    }

    /// Whether it is the output that failed; otherwise an input was refused.
    pub fn is_output(&self) -> bool {
        matches!(self, Self::Output { .. } | Self::OutputTable { .. })
    }

    /// Whether what the command should be given beside the study is not there.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoSalt { .. } | Self::ShortSalt { .. })
    }
}

/// The section of the study that describes a source; the files of `[identity]` stand beside the sources.
fn section(source_name: &str) -> String {
    if source_name.starts_with("identity.") { source_name.to_owned() } else { format!("sources.{source_name}") }
}

/// An error and its causes in one line.
pub fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
