//! How long, or over how many, each observation could be counted.

use super::DataError;

/// Beyond this size weighted sums of exposures would overflow.
const LARGEST: f64 = 1e140;

/// The exposure of every observation: days watched, customers at risk. Counts grow in proportion to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure(Vec<f64>);

impl Exposure {
    /// Checks the exposures.
    ///
    /// # Errors
    /// An exposure that is zero, negative, not finite or so large that sums overflow.
    pub fn new(values: Vec<f64>) -> Result<Self, DataError> {
        for (row, &value) in values.iter().enumerate() {
            if !(value.is_finite() && value > 0.0) {
                return Err(DataError::BadExposure { row: row + 1, value });
            }
            if value > LARGEST {
                return Err(DataError::TooLarge { column: "exposure".to_owned(), row: row + 1, value });
            }
        }
        Ok(Self(values))
    }

    /// Those of some rows, in the order given.
    ///
    /// # Panics
    /// If a row is out of bounds.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        Self(rows.iter().map(|&row| self.0[row]).collect())
    }

    /// One positive number a row.
    pub fn values(&self) -> &[f64] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exposure_that_is_none_names_its_row() {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = Exposure::new(vec![1.0, 2.0, value]).unwrap_err();
            let want = format!("exposure, row 3: {value} is not an exposure");
            assert!(error.to_string().starts_with(&want), "{error}");
        }
        assert!(matches!(Exposure::new(vec![1e300]), Err(DataError::TooLarge { row: 1, .. })));
    }
}
