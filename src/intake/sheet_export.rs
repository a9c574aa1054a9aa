//! Survey exports that were downloaded as a sheet of a workbook: they have the same header rows as in separated text.

use super::exports::{self, ExportColumns, ExportError, ExportFormat, ExportLayout};
use super::value::{Value, ValueChunk};
use crate::study::Format;
use std::sync::Arc;

/// Rows at the beginning of a sheet among which a header lies; no vendor's is longer.
const HEADER_ROWS_MAX: usize = 4;
/// The sign between the cells of a header that is written as text.
const DELIMITER: u8 = b',';

/// The rows of a sheet, and what is known of its columns.
pub(super) enum Sheet {
    /// A table with names in its first row.
    Plain(ValueChunk),
    /// A vendor's export without its header.
    Export(ExportColumns, ValueChunk),
}

impl Sheet {
    /// Recognised by the marks that its vendor's separated text has, or what the study says it is; `format = "xlsx"` reads any
    /// sheet as plain.
    ///
    /// # Errors
    /// A header that is damaged, or not that of the vendor whom the study names.
    pub(super) fn of(rows: ValueChunk, format: Format) -> Result<Self, ExportError> {
        let header = HeaderText::of(&rows);
        let export = match format {
            Format::Export(vendor) => Some(ExportFormat::of(vendor)),
            Format::Detected => exports::detect(&header.bytes, DELIMITER).filter(|own| is_separated(*own)),
            _ => None,
        };
        let Some(export) = export else { return Ok(Self::Plain(rows)) };
        let found = exports::header_of(export, &header.bytes, DELIMITER)?;
        let names: Arc<[String]> = found.columns.columns().iter().map(|column| column.name().to_owned()).collect();
        // The first row of the header is no row of the sheet.
        let n_below = header.ends.iter().filter(|&&end| end <= found.n_bytes).count().saturating_sub(1);
        let rows = rows.rows.into_iter().skip(n_below).collect();
        Ok(Self::Export(found.columns, ValueChunk { names, rows }))
    }
}

/// Whether a vendor's header is one of separated text.
fn is_separated(export: ExportFormat) -> bool {
    matches!(export.layout(), ExportLayout::Separated | ExportLayout::Either)
}

/// The beginning of a sheet as the separated text that the vendor offers beside it.
struct HeaderText {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl HeaderText {
    fn of(rows: &ValueChunk) -> Self {
        let below = rows.rows.iter().take(HEADER_ROWS_MAX - 1).map_while(|row| row.cells.as_ref().ok());
        let texts = below.map(|cells| cells.iter().map(text).collect::<Vec<String>>());
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for row in std::iter::once(rows.names.to_vec()).chain(texts) {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    bytes.push(DELIMITER);
                }
                bytes.push(b'"');
                bytes.extend(cell.replace('"', "\"\"").into_bytes());
                bytes.push(b'"');
            }
            bytes.push(b'\n');
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }
}

fn text(value: &Value) -> String {
    value.cell().text(&mut String::new()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::exports::ExportRole;
    use super::super::value::ValueRow;
    use super::*;

    fn sheet(rows: &[&[&str]]) -> ValueChunk {
        let value = |text: &&str| if text.is_empty() { Value::Missing } else { Value::Text((*text).to_owned()) };
        let names = rows[0].iter().map(|&name| name.to_owned()).collect();
        let below = rows[1..].iter().enumerate();
        let rows = below.map(|(at, row)| ValueRow::of(at as u64, row.iter().map(value).collect())).collect();
        ValueChunk { names, rows }
    }

    /// Qualtrics support, "Data export formats": "Excel" has the header rows of CSV.
    const QUALTRICS: [&[&str]; 5] = [
        &["EndDate", "Status", "Q1"],
        &["End Date", "Response Type", "How likely, \"really\"?"],
        &[
            r#"{"ImportId":"endDate","timeZone":"America/Denver"}"#,
            r#"{"ImportId":"status"}"#,
            r#"{"ImportId":"QID1"}"#,
        ],
        &["2026-03-01 10:00:00", "IP Address", "9"],
        &["2026-03-01 11:00:00", "Survey Preview", "0"],
    ];

    #[test]
    fn a_qualtrics_sheet_has_three_header_rows_and_their_zone() {
        let Ok(Sheet::Export(columns, rows)) = Sheet::of(sheet(&QUALTRICS), Format::Detected) else {
            panic!("it is an export")
        };
        assert_eq!(columns.format(), ExportFormat::Qualtrics);
        assert_eq!(columns.find("How likely, \"really\"?"), Ok(Some(2)));
        assert_eq!(columns.with(ExportRole::Status), Ok(Some(1)));
        assert_eq!(columns.columns()[0].zone.as_deref(), Some("America/Denver"));
        // The rows keep their places: the fourth row of the sheet is the third behind its first.
        assert_eq!(rows.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn a_surveymonkey_sheet_has_two_header_rows_of_which_the_second_is_half_empty() {
        let rows: [&[&str]; 3] = [
            &["Respondent ID", "Collector ID", "Date Created", "Date Modified", "Rate us", ""],
            &["", "", "", "", "Delivery", "Price"],
            &["1", "2", "03/01/2026 10:00:00 AM", "03/01/2026 10:05:00 AM", "4", "5"],
        ];
        let Ok(Sheet::Export(columns, rows)) = Sheet::of(sheet(&rows), Format::Detected) else {
            panic!("it is an export")
        };
        assert_eq!((columns.format(), rows.rows.len()), (ExportFormat::SurveyMonkey, 1));
        assert_eq!(columns.find("Rate us: Price"), Ok(Some(5)));
    }

    #[test]
    fn a_plain_sheet_stays_one_and_so_does_an_export_where_the_study_says_so() {
        let plain: [&[&str]; 2] = [&["customer", "score"], &["a", "9"]];
        assert!(matches!(Sheet::of(sheet(&plain), Format::Detected), Ok(Sheet::Plain(_))));
        assert!(matches!(Sheet::of(sheet(&QUALTRICS), Format::Workbook), Ok(Sheet::Plain(_))));
        let named = Format::Export(crate::study::Vendor::Qualtrics);
        let refused = Sheet::of(sheet(&plain), named).err().map(|problem| problem.to_string()).unwrap_or_default();
        assert!(refused.contains("none of its first three rows holds ImportIds"), "{refused}");
    }
}
