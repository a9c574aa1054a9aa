//! Weighted least squares with errors that hold for several rows of one customer or unit.

use super::MeasureError;
use crate::data::Clusters;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, ArrayView2};

/// Coefficients and their covariance.
#[derive(Debug, Clone)]
pub(super) struct LeastSquares {
    pub coefficients: Array1<f64>,
    pub covariance: Array2<f64>,
    pub n_clusters: usize,
}

/// What the rows have beside the columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub outcome: &'a [f64],
    /// 1 without them.
    pub weights: Option<&'a [f64]>,
    pub clusters: &'a Clusters,
    /// Coefficients that were taken out of the columns before, and use up degrees of freedom.
    pub n_absorbed: usize,
}

impl LeastSquares {
    /// `(X'WX)^-1 X'Wy` with covariance `c (X'WX)^-1 (sum over clusters s s') (X'WX)^-1`, `s` a cluster's sum of `w x e` and
    /// `c = G / (G - 1) (n - 1) / (n - k)`.
    pub fn of(design: ArrayView2<f64>, names: &[String], rows: Rows) -> Result<Self, MeasureError> {
        let (n_rows, n_columns) = design.dim();
        let weight = |row: usize| rows.weights.map_or(1.0, |weights| weights[row]);
        let n_used = (0..n_rows).filter(|&row| weight(row) > 0.0).count();
        let n_parameters = n_columns + rows.n_absorbed;
        if n_used <= n_parameters {
            let what = format!("rows for {n_parameters} coefficients");
            return Err(MeasureError::TooFew { what, n_found: n_used, n_needed: n_parameters + 1 });
        }
        let weighted = Array2::from_shape_fn((n_rows, n_columns), |(row, column)| weight(row) * design[[row, column]]);
        let gram = weighted.t().dot(&design);
        let factor = Cholesky::of(gram.view());
        if let Some(&column) = factor.aliased().first() {
            return Err(MeasureError::Aliased { what: names[column].clone() });
        }
        let outcome = Array1::from(rows.outcome.to_vec());
        let coefficients = factor.solve(weighted.t().dot(&outcome).view());
        let residuals = &outcome - &design.dot(&coefficients);
        let mut sums = Array2::<f64>::zeros((rows.clusters.n_clusters(), n_columns));
        let mut seen = vec![false; rows.clusters.n_clusters()];
        for (row, &code) in rows.clusters.codes().iter().enumerate() {
            sums.row_mut(code as usize).scaled_add(residuals[row], &weighted.row(row));
            seen[code as usize] |= weight(row) > 0.0;
        }
        let n_clusters = seen.into_iter().filter(|&seen| seen).count();
        if n_clusters < 2 {
            return Err(MeasureError::OneCustomer);
        }
        let (g, n) = (n_clusters as f64, n_used as f64);
        let correction = g / (g - 1.0) * (n - 1.0) / (n - n_parameters as f64);
        let inverse = factor.inverse();
        let covariance = inverse.dot(&sums.t().dot(&sums)).dot(&inverse) * correction;
        Ok(Self { coefficients, covariance, n_clusters })
    }

    pub fn std_error(&self, column: usize) -> f64 {
        self.covariance[[column, column]].max(0.0).sqrt()
    }

    /// Degrees of freedom of Student's t: clusters less one.
    pub fn degrees_of_freedom(&self) -> f64 {
        self.n_clusters as f64 - 1.0
    }
}
