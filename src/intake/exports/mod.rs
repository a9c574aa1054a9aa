//! Survey exports as they leave the vendor: which vendor's, where the answers begin, what each column is, and which rows
//! are answers.
//!
//! `detect` recognises a [`ExportFormat`] by documented marks. Separated text has a header of one to three records, read
//! by `header` (one file for each vendor whose header is more than a line of names); JSON is read whole by `json_export`,
//! the long tables of a warehouse are turned by `fivetran`. All of them give
//! [`ExportColumns`]: columns with every name that a study may call them by, and the role that each plays. By these roles
//! `verdict` says which rows are answers, and `answer_tally` whether the answers are what the export says they are.
//!
//! Bytes and texts in, columns and values out: no file is opened here.

mod error;
mod fold;
mod format;

mod columns;
mod header;
mod qualtrics;
mod records;
mod roles;
mod single_header;
mod survey_monkey;

mod detect;
mod json_keys;

mod status;
mod verdict;
mod version;

mod answer;
mod answer_tally;
mod response_class;

mod flatten;
mod json;
mod json_digits;
mod json_export;
mod value_table;
mod vendor_json;

mod fivetran;

pub use answer::{Answer, answer_of};
pub use answer_tally::{AnswerCheck, AnswerTally};
pub use columns::{ExportColumn, ExportColumns, ExportRole, SurveyQuestion};
pub use detect::detect;
pub use error::ExportError;
pub use fivetran::{FivetranTable, FivetranTables, PivotAccount, Pivoted, pivot};
pub use format::{ExportFormat, ExportLayout};
pub use header::{ExportHeader, header_of};
pub(super) use json::{Json, value_of};
pub use json_export::{ExportTable, StatedTotal, is_empty_page, stated_total, table_of_json};
pub use response_class::{ResponseClass, class_of_label};
pub use status::is_no_answer;
pub use value_table::{Value, ValueTable};
pub use verdict::{RowJudge, RowRules, UnfinishedRows, Verdict};
pub use version::is_newer;

#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
mod sample_tests;
