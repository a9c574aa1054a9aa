//! The design matrix: named numeric columns without gaps.

use super::DataError;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use std::collections::HashSet;

/// Beyond this size a squared and summed value would overflow.
const LARGEST: f64 = 1e140;

/// Named columns of finite numbers, one row per observation. There is no intercept column: estimators add it.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignMatrix {
    names: Vec<String>,
    values: Array2<f64>,
}

impl DesignMatrix {
    /// Checks the columns. `values` is n_rows by n_features; n_features may be zero.
    ///
    /// # Errors
    /// No rows, a repeated name, a number of names that is not the number of columns, a value that is not finite or
    /// whose square overflows.
    pub fn new(names: Vec<String>, values: Array2<f64>) -> Result<Self, DataError> {
        check_names(&names, values.view())?;
        for ((row, feature), &value) in values.indexed_iter() {
            check_value(&names[feature], row, value)?;
        }
        Ok(Self { names, values })
    }

    /// Column names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The values, n_rows by n_features.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// One observation.
    pub fn row(&self, row: usize) -> ArrayView1<'_, f64> {
        self.values.row(row)
    }

    /// Number of observations, at least one.
    pub fn n_rows(&self) -> usize {
        self.values.nrows()
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.values.ncols()
    }

    /// The place of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|candidate| candidate == name)
    }

    /// Some of the columns, by place, in the order given.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn select(&self, features: &[usize]) -> Self {
        Self {
            names: features.iter().map(|&feature| self.names[feature].clone()).collect(),
            values: self.values.select(Axis(1), features),
        }
    }

    /// Some of the rows, by place, in the order given.
    ///
    /// # Errors
    /// No rows.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn select_rows(&self, rows: &[usize]) -> Result<Self, DataError> {
        if rows.is_empty() {
            return Err(DataError::NoRows);
        }
        Ok(Self { names: self.names.clone(), values: self.values.select(Axis(0), rows) })
    }
}

/// Refuses columns without rows, without a name each, or with a name twice.
pub(super) fn check_names(names: &[String], values: ArrayView2<f64>) -> Result<(), DataError> {
    if names.len() != values.ncols() {
        return Err(DataError::NameCount { n_names: names.len(), n_columns: values.ncols() });
    }
    if values.nrows() == 0 {
        return Err(DataError::NoRows);
    }
    let mut seen = HashSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(DataError::RepeatedName { name: name.clone() }),
        None => Ok(()),
    }
}

/// Refuses a value that cannot be computed with.
pub(super) fn check_value(column: &str, row: usize, value: f64) -> Result<(), DataError> {
    if !value.is_finite() {
        Err(DataError::NotFinite { column: column.to_owned(), row: row + 1, value })
    } else if value.abs() > LARGEST {
        Err(DataError::TooLarge { column: column.to_owned(), row: row + 1, value })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_gap_names_its_column_and_row() {
        let error = DesignMatrix::new(names(&["a", "b"]), array![[1.0, 2.0], [1.0, f64::NAN]]).unwrap_err();
        assert!(error.to_string().starts_with("column `b`, row 2"), "{error}");
    }

    #[test]
    fn a_value_whose_square_overflows_is_refused() {
        let error = DesignMatrix::new(names(&["a"]), array![[1e300]]).unwrap_err();
        assert!(matches!(error, DataError::TooLarge { row: 1, .. }));
    }

    #[test]
    fn repeated_names_and_no_rows_are_refused() {
        let repeated = DesignMatrix::new(names(&["a", "a"]), array![[1.0, 2.0]]);
        assert_eq!(repeated, Err(DataError::RepeatedName { name: "a".to_owned() }));
        assert_eq!(DesignMatrix::new(names(&["a"]), Array2::zeros((0, 1))), Err(DataError::NoRows));
    }
}
