//! What is to be explained: a number or a class.

use super::{DataError, design::check_value};
use ndarray::{Array1, ArrayView1};

/// One outcome value per observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    name: String,
    values: Array1<f64>,
    binary: bool,
}

impl Outcome {
    /// An outcome measured on a scale.
    ///
    /// # Errors
    /// A value that is not finite or whose square overflows.
    pub fn numeric(name: impl Into<String>, values: Array1<f64>) -> Result<Self, DataError> {
        let name = name.into();
        for (row, &value) in values.iter().enumerate() {
            check_value(&name, row, value)?;
        }
        Ok(Self { name, values, binary: false })
    }

    /// An outcome that happened (1) or did not (0).
    ///
    /// # Errors
    /// A value other than 0 and 1.
    pub fn binary(name: impl Into<String>, values: Array1<f64>) -> Result<Self, DataError> {
        let name = name.into();
        for (row, &value) in values.iter().enumerate() {
            // The two labels are stored exactly, so comparing their bits is no comparison of computed numbers.
            if value.to_bits() != 0.0_f64.to_bits() && value.to_bits() != 1.0_f64.to_bits() {
                return Err(DataError::NotBinary { column: name, row: row + 1, value });
            }
        }
        Ok(Self { name, values, binary: true })
    }

    /// The outcome of some of the observations, by place, in the order given.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn select(&self, rows: &[usize]) -> Self {
        let values = rows.iter().map(|&row| self.values[row]).collect();
        Self { name: self.name.clone(), values, binary: self.binary }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its values.
    pub fn values(&self) -> ArrayView1<'_, f64> {
        self.values.view()
    }

    /// Whether every value is 0 or 1 by construction.
    pub fn is_binary(&self) -> bool {
        self.binary
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_label_that_is_neither_names_its_row() {
        let error = Outcome::binary("promoter", array![0.0, 1.0, 0.5]).unwrap_err();
        assert_eq!(error.to_string(), "outcome `promoter`, row 3: 0.5 is neither 0 nor 1");
    }
}
