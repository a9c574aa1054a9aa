//! The header of an export in separated text.

use super::records::{HeaderRecord, HeaderRecords, count_lines};
use super::{ExportColumns, ExportError, ExportFormat, qualtrics, single_header, survey_monkey};

/// The header of a file: its columns and where the answers begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportHeader {
    /// The columns; column `k` is cell `k` of every row.
    pub columns: ExportColumns,
    /// Cells of every row: the columns, and behind them what has no name in any row of the header.
    pub n_cells: usize,
    /// Bytes of the header, a byte order mark and the last line end included.
    pub n_bytes: usize,
    /// Lines of the header.
    pub n_lines: u64,
}

/// The header of an export, from the beginning of its file. Records follow the rules of the csv crate, so that a line break
/// inside of quotes belongs to a name.
///
/// # Errors
/// Bytes without the marks of the format, header records of different lengths, a quote that does not close, and a format
/// that is no separated text.
///
/// # Example
/// ```
/// use advocate::intake::exports::{ExportFormat, ExportRole, header_of};
///
/// let bytes = b"#,How likely?,Start Date (UTC),Submit Date (UTC),Network ID\na1,9,,,\n";
/// let header = header_of(ExportFormat::Typeform, bytes, b',').unwrap();
/// assert_eq!((header.n_cells, header.n_bytes, header.n_lines), (5, 60, 1));
/// assert_eq!(header.columns.with(ExportRole::End), Ok(Some(3)));
/// assert_eq!(header.columns.columns()[3].zone.as_deref(), Some("UTC"));
/// ```
pub fn header_of(format: ExportFormat, bytes: &[u8], delimiter: u8) -> Result<ExportHeader, ExportError> {
    let mut records = HeaderRecords::new(bytes, delimiter);
    let read = match format {
        ExportFormat::Qualtrics => qualtrics::current(&mut records)?,
        ExportFormat::QualtricsLegacy => qualtrics::legacy(&mut records)?,
        ExportFormat::SurveyMonkey => survey_monkey::header(&mut records)?,
        ExportFormat::Typeform
        | ExportFormat::LimeSurvey
        | ExportFormat::Formbricks
        | ExportFormat::CustomerGauge
        | ExportFormat::MedalliaAgentConnect => single_header::header(format, &mut records)?,
        ExportFormat::Delighted | ExportFormat::Retently | ExportFormat::FivetranQualtrics => {
            return Err(ExportError::NotSeparated { format });
        }
    };
    Ok(ExportHeader { n_lines: count_lines(&bytes[..read.n_bytes]), ..read })
}

/// The first record, which every header has.
pub(super) fn first(format: ExportFormat, records: &mut HeaderRecords<'_>) -> Result<HeaderRecord, ExportError> {
    records
        .next()?
        .ok_or(ExportError::NotThisFormat { format, missing: "it holds nothing, not even a header".to_owned() })
}

/// Cells of all header records, which must agree.
pub(super) fn n_cells(records: &[&HeaderRecord]) -> Result<usize, ExportError> {
    let expected = records.first().map_or(0, |record| record.cells.len());
    match records.iter().position(|record| record.cells.len() != expected) {
        None => Ok(expected),
        Some(at) => Err(ExportError::RaggedHeader { record: at + 1, found: records[at].cells.len(), expected }),
    }
}

/// Columns up to the last that has a name in any of the header's records.
pub(super) fn n_named(records: &[&HeaderRecord], n_cells: usize) -> usize {
    let is_named = |at: &usize| records.iter().any(|record| record.cells.get(*at).is_some_and(|cell| !cell.is_empty()));
    (0..n_cells).rev().find(is_named).map_or(0, |at| at + 1)
}
