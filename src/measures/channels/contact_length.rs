//! What the length of a contact goes with, before and after it is known whether the matter was resolved.

use crate::data::Clusters;
use crate::measures::least_squares::{LeastSquares, Rows};
use crate::measures::{MeasureError, ResponseClass, Sampling};
use crate::stats::Confidence;
use crate::stats::distributions::student_two_sided;
use ndarray::Array2;
use serde::Serialize;

/// Points of score that one more unit of length goes with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LengthEffect {
    /// Points a unit of length.
    pub estimate: f64,
    /// Standard error, by customer.
    pub std_error: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
}

/// Length with and without resolution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ContactLength {
    /// Contacts.
    pub n: usize,
    /// As it is: long contacts are also those that were not resolved.
    pub alone: LengthEffect,
    /// Among contacts that ended alike.
    pub given_resolution: LengthEffect,
}

impl ContactLength {
    /// Regresses contributions of -1, 0 and 1 (times 100) on length, and on length and resolution (0-1), by least squares.
    ///
    /// # Errors
    /// Columns of unequal length, answers off the scale, values that are not finite, a length or resolution that does not vary,
    /// too few contacts or customers.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::Sampling;
    /// use advocate::measures::channels::ContactLength;
    /// use advocate::stats::Confidence;
    /// // Unresolved contacts are long, and detractors; among those that ended alike length makes no difference.
    /// let (answers, minutes) = ([9.0, 9.0, 9.0, 2.0, 2.0, 2.0], [1.0, 2.0, 3.0, 7.0, 8.0, 9.0]);
    /// let resolved = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0];
    /// let own = ContactLength::of(&answers, &minutes, &resolved, Sampling::default(), Confidence::default())?;
    /// assert!(own.alone.estimate < -20.0 && own.given_resolution.estimate.abs() < 1e-9);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(
        answers: &[f64],
        length: &[f64],
        resolved: &[f64],
        sampling: Sampling,
        confidence: Confidence,
    ) -> Result<Self, MeasureError> {
        sampling.check(answers.len())?;
        for (what, column) in [("the length of contacts", length), ("the resolution of contacts", resolved)] {
            if column.len() != answers.len() {
                let (n_found, n_expected) = (column.len(), answers.len());
                return Err(MeasureError::Length { what: what.to_owned(), n_found, n_expected });
            }
            if let Some(row) = column.iter().position(|value| !value.is_finite()) {
                return Err(MeasureError::NotFinite { what: what.to_owned(), row: row + 1, value: column[row] });
            }
        }
        let of = |(row, &value): (usize, &f64)| {
            let class = ResponseClass::of(value).ok_or(MeasureError::OffScale { row: row + 1, value })?;
            Ok(100.0 * class.value())
        };
        let values: Vec<f64> = answers.iter().enumerate().map(of).collect::<Result<_, MeasureError>>()?;
        let own;
        let clusters = match sampling.clusters {
            Some(clusters) => clusters,
            None => {
                own = Clusters::from_labels(0..answers.len());
                &own
            }
        };
        let rows = Rows { outcome: &values, weights: sampling.weights, clusters, n_absorbed: 0 };
        let names = ["the constant", "the length", "the resolution"].map(str::to_owned);
        let columns = [&vec![1.0; answers.len()], length, resolved];
        let effect = |n_columns: usize| {
            let design = Array2::from_shape_fn((answers.len(), n_columns), |(row, column)| columns[column][row]);
            let fit = LeastSquares::of(design.view(), &names, rows)?;
            let (estimate, std_error, left) = (fit.coefficients[1], fit.std_error(1), fit.degrees_of_freedom());
            let half = confidence.t(left) * std_error;
            Ok::<LengthEffect, MeasureError>(LengthEffect {
                estimate,
                std_error,
                p_value: student_two_sided(estimate / std_error, left),
                conf_low: estimate - half,
                conf_high: estimate + half,
            })
        };
        Ok(Self { n: answers.len(), alone: effect(2)?, given_resolution: effect(3)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, numbers};

    #[test]
    fn both_effects_agree_with_numpy() {
        // measures_reference.py: least squares with errors by customer.
        let answers: Vec<f64> = (0..90).map(|i: usize| ((i * i + 5 * i) % 11) as f64).collect();
        let minutes: Vec<f64> = (0..90).map(|i: usize| ((i * 7) % 19) as f64 + ((i * i) % 3) as f64).collect();
        let resolved: Vec<f64> = (0..90).map(|i: usize| f64::from(u8::from((i * i) % 3 == 1))).collect();
        let customers = Clusters::from_labels((0..90).map(|i| (i * 3) % 31));
        let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
        let own = ContactLength::of(&answers, &minutes, &resolved, sampling, Confidence::default()).expect("contacts");
        for (what, got) in [("alone", own.alone), ("given", own.given_resolution)] {
            let want = numbers("length", what);
            near(what, got.estimate, want[0], 1e-9);
            near(what, got.std_error, want[1], 1e-9);
        }
    }

    #[test]
    fn a_length_that_does_not_vary_is_refused() {
        let refused = ContactLength::of(
            &[9.0, 1.0, 8.0, 2.0],
            &[5.0; 4],
            &[1.0, 0.0, 0.0, 1.0],
            Sampling::default(),
            Confidence::default(),
        );
        assert_eq!(refused, Err(MeasureError::Aliased { what: "the length".to_owned() }));
    }
}
