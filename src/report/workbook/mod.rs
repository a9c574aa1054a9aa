//! The results as an Excel workbook, for analysts and marketing teams: what the head of the report says, and the tables that
//! people read. Its numbers are those of the tables, cell by cell; nothing is computed here.
//!
//! [`summary`] is the first sheet, [`sheets`] says which tables follow and what each column is, [`cells`] writes them.

mod cells;
mod sheets;
mod summary;

#[cfg(test)]
mod tests;

use super::html::ReportError;
use super::results::StudyResults;
use super::text::plain;
use crate::store::Table;
use cells::Styles;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

/// The results as the bytes of an `.xlsx` file; `tables` are those that the run writes.
///
/// The file says that it was made on the study's date, so that the same results give the same bytes.
///
/// # Errors
/// A workbook that could not be put together, which means that this program is at fault.
pub fn workbook(results: &StudyResults, tables: &[Table]) -> Result<Vec<u8>, ReportError> {
    built(results, tables).map_err(|error| ReportError::Workbook(Box::new(error)))
}

fn built(results: &StudyResults, tables: &[Table]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let title = cells::cut(&plain(&results.head.title), 250);
    let mut properties = DocProperties::new().set_title(title).set_author(format!("advocate {}", results.head.version));
    properties = properties.set_creation_datetime(&made_on(&results.head.as_of)?);
    workbook.set_properties(&properties);
    let styles = Styles::new();
    summary::write(workbook.add_worksheet(), results, tables, &styles)?;
    for (sheet, table) in sheets::shown(tables) {
        sheets::write(workbook.add_worksheet(), sheet, table, &styles)?;
    }
    workbook.save_to_buffer()
}

/// The study's date; the first day that Excel knows well where it has none that Excel does.
fn made_on(as_of: &str) -> Result<ExcelDateTime, XlsxError> {
    match cells::date(as_of) {
        Some(date) => Ok(date),
        None => ExcelDateTime::from_ymd(1900, 1, 1),
    }
}
