//! Why an export was refused.

use super::{ExportFormat, ExportRole};
use thiserror::Error;

/// An export that is not what it is said to be. Whoever opened the file adds its name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A mark of the format is not there.
    #[error("this is no {} export: {missing}; write format = \"csv\" if the file was edited", .format.title())]
    NotThisFormat {
        /// The format asked for.
        format: ExportFormat,
        /// What is missing.
        missing: String,
    },
    /// The format is never separated text.
    #[error("{} exports are read as JSON or as tables, and this is separated text", .format.title())]
    NotSeparated {
        /// The format asked for.
        format: ExportFormat,
    },
    /// The format is never JSON.
    #[error("{} exports are separated text, and this is JSON", .format.title())]
    NotJson {
        /// The format asked for.
        format: ExportFormat,
    },
    /// The records of a header differ in length.
    #[error(
        "header record {record} has {found} cells and the first has {expected}; export the file again, it may be damaged"
    )]
    RaggedHeader {
        /// The record of the header, from 1.
        record: usize,
        /// Its cells.
        found: usize,
        /// The cells of the first.
        expected: usize,
    },
    /// A cell of Qualtrics's third header row does not say what its column is.
    #[error("header column {column}: \"{text}\" should be JSON with an ImportId, as in {{\"ImportId\":\"QID1\"}}")]
    ImportId {
        /// The column, from 1.
        column: usize,
        /// The cell.
        text: String,
    },
    /// JSON without a response, and no other file beside it that has some.
    #[error("it is {} JSON without a single response; get the pages that hold some", .format.title())]
    NoResponses {
        /// The format.
        format: ExportFormat,
    },
    /// A quote in the header never closes.
    #[error("a quote that opens in the header, line {line}, does not close")]
    UnclosedQuote {
        /// The line on which the record begins, from 1.
        line: u64,
    },
    /// Several columns have the name.
    #[error("several columns are called \"{name}\"; say which by one of these names: {}", .columns.join(", "))]
    AmbiguousName {
        /// The name asked for.
        name: String,
        /// The most specific name of each.
        columns: Vec<String>,
    },
    /// Several columns play the role.
    #[error("several columns hold {}; name the one that is meant: {}", .role.title(), .columns.join(", "))]
    AmbiguousRole {
        /// The role asked for.
        role: ExportRole,
        /// The most specific name of each.
        columns: Vec<String>,
    },
    /// Several surveys of one export ask something under the name.
    #[error(
        "the tables hold several surveys, and {} of them have \"{name}\": {}; a question counts within one survey: name the one that is meant, as in survey = \"{first}\"",
        .surveys.len(), .surveys.join(", ")
    )]
    SeveralSurveys {
        /// The name asked for.
        name: String,
        /// The id of the first survey.
        first: String,
        /// Each survey with the question's text and how many answer it.
        surveys: Vec<String>,
    },
    /// No response is one to the survey that is named.
    #[error("no response belongs to survey \"{survey}\"; there are {}", .there.join(", "))]
    NoSuchSurvey {
        /// The survey asked for.
        survey: String,
        /// Each survey that is there with its responses.
        there: Vec<String>,
    },
    /// A row of a table has too few or too many cells.
    #[error("line {line} has {found} cells and the header has {expected}")]
    RaggedRow {
        /// The line, from 1.
        line: u64,
        /// Its cells.
        found: usize,
        /// The cells of the header.
        expected: usize,
    },
    /// The text is no JSON.
    #[error("line {line}, column {column} is no JSON: {message}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The sign of the line, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The JSON holds no list of responses where the format has one.
    #[error("this is no {} export: it should be {}", .format.title(), .format.json_shape())]
    NoList {
        /// The format asked for.
        format: ExportFormat,
    },
    /// An element of the list is no object.
    #[error("response {response} of the list is no object")]
    NotAnObject {
        /// The response, from 1.
        response: usize,
    },
    /// Two values of one response come under one name.
    #[error("response {response} has two values for \"{name}\"")]
    RepeatedValue {
        /// The response, from 1.
        response: usize,
        /// The name of the column.
        name: String,
    },
    /// A table of the connector lacks a column.
    #[error("the table {table} has no column \"{column}\"")]
    TableColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The recommend answers are codes one above the answer.
    #[error(
        "the answers in \"{column}\" are codes from 1 to 11 and not answers from 0 to 10: {n_disagreeing} of {n_checked} disagree with the export's own class, and none would if each were one less; export choice text, or set the recode values to 0 to 10"
    )]
    ShiftedCodes {
        /// The column.
        column: String,
        /// Answers with a class beside them.
        n_checked: u64,
        /// Those whose class is another than the answer's.
        n_disagreeing: u64,
    },
    /// The recommend answers are words without numbers.
    #[error(
        "the answers in \"{column}\" are words without numbers ({n_words} of them), so where they lie between 0 and 10 is not known; export numeric values"
    )]
    WordsOnly {
        /// The column.
        column: String,
        /// Answers that are words.
        n_words: u64,
    },
}
