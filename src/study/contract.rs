//! What a source promises, beside what the engine needs of it.

use super::section::Section;
use super::sources::{Range, read_range};
use super::{StudyError, keys};
use serde::Serialize;
use std::collections::BTreeMap;

/// What no two rows of a source have alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unique {
    /// The whole row as it stands in its file.
    Row,
    /// These columns together, where there are any; rows in which one of them is blank are not compared.
    #[serde(untagged)]
    Columns(Vec<String>),
}

impl Default for Unique {
    fn default() -> Self {
        Self::Columns(Vec::new())
    }
}

impl Unique {
    /// The word for whole rows. A column of this name stands in a list.
    const ROW: &str = "row";

    fn read(section: &Section<'_, '_>) -> Result<Self, StudyError> {
        let Some(item) = section.item("unique") else { return Ok(Self::default()) };
        if item.is_text() && item.text()? == Self::ROW {
            return Ok(Self::Row);
        }
        item.texts().map(Self::Columns)
    }

    /// The columns, where it is columns.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Row => &[],
            Self::Columns(columns) => columns,
        }
    }
}

/// What a source promises of columns by the names in its files, and of all its rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SourceContract {
    /// Columns that are filled in every row.
    pub not_null: Vec<String>,
    /// The values that a column may hold.
    pub allowed: BTreeMap<String, Vec<String>>,
    /// The range of a column of numbers.
    pub ranges: BTreeMap<String, Range>,
    /// What no two rows have alike.
    pub unique: Unique,
    /// The fewest rows of all its files.
    pub rows_min: Option<u64>,
    /// The most rows of all its files.
    pub rows_max: Option<u64>,
    /// Days by which its newest row may be older than the study's date.
    pub fresh_days: Option<u32>,
    /// The largest share of rows that may go to quarantine, 0-1; above it the run stops.
    pub quarantine_max: Option<f64>,
}

impl SourceContract {
    pub(super) fn read(section: &Section<'_, '_>) -> Result<Self, StudyError> {
        let Some(item) = section.item("contract") else { return Ok(Self::default()) };
        let section = item.section(keys::CONTRACT)?;
        let (not_null, unique) = (section.texts("not_null")?, Unique::read(&section)?);
        let mut contract = Self { not_null, unique, ..Self::default() };
        if let Some(item) = section.item("allowed") {
            for (column, item) in item.open_section()?.items() {
                let values = item.elements("a list of values")?;
                let values: Result<Vec<String>, StudyError> = values.iter().map(|item| item.text_or_number()).collect();
                contract.allowed.insert(column, values?);
            }
        }
        if let Some(item) = section.item("ranges") {
            for (column, item) in item.open_section()?.items() {
                contract.ranges.insert(column, read_range(&item)?);
            }
        }
        let count = |key: &str| section.item(key).map(|item| item.integer()).transpose();
        contract.rows_min = count("rows_min")?;
        contract.rows_max = count("rows_max")?;
        let days = section.item("fresh_days").map(|item| item.integer()).transpose()?;
        contract.fresh_days = days.map(|days| days as u32);
        if let Some(item) = section.item("quarantine_max") {
            let share = item.number()?;
            if !(0.0..=1.0).contains(&share) {
                return Err(item.invalid(format!("`{}` is a share of the rows, from 0 to 1", item.path())));
            }
            contract.quarantine_max = Some(share);
        }
        Ok(contract)
    }

    /// Every column that something is promised of, once.
    pub fn columns(&self) -> Vec<&str> {
        let all =
            self.not_null.iter().chain(self.unique.columns()).chain(self.allowed.keys()).chain(self.ranges.keys());
        let mut columns: Vec<&str> = all.map(String::as_str).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}
