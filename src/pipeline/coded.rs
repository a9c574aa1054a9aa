//! Columns of the base table as texts, as numbers, and as codes of their values.

use crate::link::{BaseTable, Column};
use crate::measures::portfolio::Cut;

/// A column of the base table as codes of its values, in the order of the values.
pub(super) struct Coded {
    pub name: String,
    pub levels: Vec<String>,
    pub codes: Vec<u32>,
}

impl Coded {
    pub fn of(base: &BaseTable, name: &str) -> Option<Self> {
        let texts = texts(base, name)?;
        let mut levels: Vec<String> = texts.iter().flatten().cloned().collect();
        levels.sort_unstable();
        levels.dedup();
        let code = |text: &Option<String>| {
            let place = text.as_ref().and_then(|text| levels.binary_search(text).ok());
            place.map_or(Cut::BLANK, |place| place as u32)
        };
        let codes = texts.iter().map(code).collect();
        (!levels.is_empty()).then(|| Self { name: name.to_owned(), levels, codes })
    }

    /// The level of each of some rows; rows without one have the place after the last.
    pub fn levels_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&row| (self.codes[row] as usize).min(self.levels.len())).collect()
    }

    /// Rows by level, and last those without one.
    pub fn rows_by_level(&self, rows: &[usize]) -> Vec<Vec<usize>> {
        let mut levels = vec![Vec::new(); self.levels.len() + 1];
        for &row in rows {
            levels[(self.codes[row] as usize).min(self.levels.len())].push(row);
        }
        levels
    }
}

/// A column as texts; numbers as they are written. `None` where there is no such column.
pub(super) fn texts(base: &BaseTable, name: &str) -> Option<Vec<Option<String>>> {
    let (_, column) = base.columns().iter().find(|(own, _)| own == name)?;
    Some(match column {
        Column::Texts(values) => values.clone(),
        Column::Numbers(values) => values.iter().map(|value| (!value.is_nan()).then(|| value.to_string())).collect(),
    })
}

/// A column as numbers, `NaN` where it is blank. `None` where there is no such column.
///
/// # Errors
/// A text that is no number: the text.
pub(super) fn numbers(base: &BaseTable, name: &str) -> Option<Result<Vec<f64>, String>> {
    let (_, column) = base.columns().iter().find(|(own, _)| own == name)?;
    Some(match column {
        Column::Numbers(values) => Ok(values.clone()),
        Column::Texts(values) => values
            .iter()
            .map(|text| match text.as_deref().map(str::trim) {
                None | Some("") => Ok(f64::NAN),
                Some(text) => text.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or(text.to_owned()),
            })
            .collect(),
    })
}
