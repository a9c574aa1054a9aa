//! The error of a mean under weights that were made to hold margins.

use super::margins::Margin;
use crate::data::Clusters;
use crate::measures::{MeasureError, Sampling};
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2};

/// Weights that were raked or post-stratified to margins.
#[derive(Debug, Clone, Copy)]
pub struct Calibration<'a> {
    /// The weights before; 1 without them.
    pub base: Option<&'a [f64]>,
    /// The weights that hold the margins.
    pub weights: &'a [f64],
    /// The margins.
    pub margins: &'a [Margin<'a>],
    /// Which rows are one customer's; every row is one without.
    pub clusters: Option<&'a Clusters>,
}

/// The standard error of the mean of some values under weights that were made to hold margins.
///
/// What the margins explain of the values is known for the population and takes no part in the error: values are replaced by
/// their residuals in the regression on the margins' categories under the base weights, and the error is
/// `sqrt(G / (G - 1) sum over customers (sum w r)^2) / sum w`. Treating the weights as if they had been drawn, as the error of
/// a weighted score does, is as a rule too cautious. Where rows weigh alike before, this is also what the iterated
/// post-stratification of R's `survey::rake` gives; elsewhere that takes plain residuals and `survey::calibrate` those under the
/// base weights, as here.
///
/// # Errors
/// Columns of unequal length, bad weights, fewer than two customers, values that are not finite.
///
/// # References
/// Deville and Särndal (1992), "Calibration estimators in survey sampling", JASA 87.
///
/// # Example
/// ```
/// use advocate::measures::weighting::{Calibration, Margin, TargetShare, calibrated_std_error};
/// let sizes = ["a", "b"].map(|category| TargetShare { category: category.into(), size: 2.0 }).to_vec();
/// let margins = [Margin::new("segment", sizes, &[0, 0, 1, 1])?];
/// // Nothing but the segment makes a difference, and its size is known.
/// let calibration = Calibration { base: None, weights: &[1.0; 4], margins: &margins, clusters: None };
/// let error = calibrated_std_error(&[1.0, 1.0, 0.0, 0.0], calibration)?;
/// assert!(error.abs() < 1e-12);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
pub fn calibrated_std_error(values: &[f64], calibration: Calibration) -> Result<f64, MeasureError> {
    let Calibration { base, weights, margins, clusters } = calibration;
    let own;
    let clusters = match clusters {
        Some(clusters) => clusters,
        None => {
            own = Clusters::from_labels(0..values.len());
            &own
        }
    };
    let sampling = Sampling { weights: Some(weights), clusters: Some(clusters), ..Sampling::default() };
    sampling.check(values.len())?;
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return Err(MeasureError::NotFinite { what: "the values".to_owned(), row: row + 1, value: values[row] });
    }
    for margin in margins {
        margin.check_cells(weights)?;
    }
    let ones = vec![1.0; values.len()];
    let base = base.unwrap_or(&ones);
    Sampling { weights: Some(base), ..Sampling::default() }.check(values.len())?;
    let residuals = residuals(values, base, margins);
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return Err(MeasureError::NoAnswers);
    }
    let scatter = sampling.scatter_of_customers(clusters, |row| weights[row] * residuals[row])?;
    Ok(scatter.sqrt() / total)
}

/// What the categories of all margins leave of the values.
fn residuals(values: &[f64], weights: &[f64], margins: &[Margin]) -> Vec<f64> {
    let mut starts = vec![1];
    for margin in margins {
        starts.push(starts[starts.len() - 1] + margin.targets().len());
    }
    let n_columns = starts[starts.len() - 1];
    // Column 0 is the constant; each row stands in one column of every margin.
    let columns = |row: usize| {
        let own = margins.iter().zip(&starts).map(move |(margin, start)| start + margin.codes()[row] as usize);
        std::iter::once(0).chain(own).collect::<Vec<usize>>()
    };
    let mut gram = Array2::<f64>::zeros((n_columns, n_columns));
    let mut right = Array1::<f64>::zeros(n_columns);
    for (row, (&value, &weight)) in values.iter().zip(weights).enumerate() {
        let columns = columns(row);
        for &one in &columns {
            right[one] += weight * value;
            columns.iter().for_each(|&other| gram[[one, other]] += weight);
        }
    }
    let factor = Cholesky::of(gram.view());
    let kept = factor.kept();
    let solution = factor.solve(kept.iter().map(|&column| right[column]).collect::<Array1<f64>>().view());
    let mut coefficients = vec![0.0; n_columns];
    kept.iter().zip(&solution).for_each(|(&column, &coefficient)| coefficients[column] = coefficient);
    (0..values.len())
        .map(|row| values[row] - columns(row).into_iter().map(|column| coefficients[column]).sum::<f64>())
        .collect()
}
