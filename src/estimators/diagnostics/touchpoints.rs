//! The scores as they were given, gaps and all.

use crate::data::DataError;
use ndarray::{Array2, ArrayView2};

/// Touchpoint scores, one row per respondent; `NaN` is a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Touchpoints {
    names: Vec<String>,
    values: Array2<f64>,
}

impl Touchpoints {
    /// Checks the columns. `values` is n_rows by n_touchpoints; both may be zero.
    ///
    /// # Errors
    /// A number of names that is not the number of columns; an infinite value.
    pub fn new(names: Vec<String>, values: Array2<f64>) -> Result<Self, DataError> {
        if names.len() != values.ncols() {
            return Err(DataError::NameCount { n_names: names.len(), n_columns: values.ncols() });
        }
        match values.indexed_iter().find(|(_, value)| value.is_infinite()) {
            Some(((row, column), &value)) => {
                Err(DataError::NotFinite { column: names[column].clone(), row: row + 1, value })
            }
            None => Ok(Self { names, values }),
        }
    }

    /// Names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The scores, n_rows by n_touchpoints; `NaN` is a gap.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }
}
