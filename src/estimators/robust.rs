//! The sandwich: covariances that stay right when the model's variances or independence do not hold.

use super::FitError;
use super::cases::{Cases, RowsByCluster};
use super::columns::{Case, Columns};
use super::summary::StdErrors;
use crate::data::{Clusters, WeightKind};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A row counts as determining a coefficient alone where one minus its leverage is below this (absolute).
pub(super) const LEVERAGE_LEFT_MIN: f64 = 1e-10;
/// Below this many clusters their number itself makes the standard errors too small.
pub(crate) const FEW_CLUSTERS: usize = 30;
/// Clusters summed by one task.
pub(super) const TASK_CLUSTERS: usize = 1024;

/// The standard errors that will be computed: sampling weights have no model-based ones.
pub(super) fn applicable(asked: StdErrors, cases: &Cases) -> StdErrors {
    match (asked, cases.kind()) {
        (StdErrors::Model, Some(WeightKind::Sampling)) => StdErrors::Hc1,
        _ => asked,
    }
}

/// One sandwich in the making: `bread meat bread` with `meat = sum (weighted residual)^2 z z'`.
///
/// # References
/// White (1980), Econometrica 48(4); MacKinnon and White (1985), Journal of Econometrics 29(3), for HC1 and HC3;
/// Zeileis (2006), Journal of Statistical Software 16(9), for generalised linear models.
pub(super) struct Sandwich<'a> {
    kind: StdErrors,
    cases: &'a Cases<'a>,
    bread: ArrayView2<'a, f64>,
    /// The first row whose leverage is one, or `usize::MAX`.
    leverage_one: AtomicUsize,
}

impl<'a> Sandwich<'a> {
    pub(super) fn new(kind: StdErrors, cases: &'a Cases<'a>, bread: ArrayView2<'a, f64>) -> Self {
        Self { kind, cases, bread, leverage_one: AtomicUsize::new(usize::MAX) }
    }

    /// The metric whose distance is a row's leverage before its weight, where leverages are needed.
    pub(super) fn metric(&self) -> Option<ArrayView2<'_, f64>> {
        (self.kind == StdErrors::Hc3).then(|| self.bread.view())
    }

    /// The factor of `z z'` in the meat, for a row's residual and its variance under the model (1 if linear).
    pub(super) fn curvature(&self, case: &Case, residual: f64, variance: f64) -> f64 {
        let square = self.cases.squared_score_weight(case.row) * residual * residual;
        match self.kind {
            StdErrors::Hc1 => square,
            StdErrors::Hc3 if self.cases.counts(case.row) => {
                let left = 1.0 - self.cases.leverage_weight(case.row) * variance * case.distance;
                if left < LEVERAGE_LEFT_MIN {
                    self.leverage_one.fetch_min(case.row, Ordering::Relaxed);
                    return 0.0;
                }
                square / (left * left)
            }
            _ => 0.0,
        }
    }

    /// The covariance in the basis.
    ///
    /// # Errors
    /// A row with leverage one, for HC3.
    pub(super) fn covariance(self, meat: &Array2<f64>) -> Result<Array2<f64>, FitError> {
        let row = self.leverage_one.into_inner();
        if row != usize::MAX {
            return Err(FitError::LeverageOne { row: row + 1 });
        }
        let n_used = self.cases.n_used as f64;
        let factor = match self.kind {
            StdErrors::Hc1 => n_used / (n_used - self.bread.nrows() as f64),
            _ => 1.0,
        };
        Ok(self.bread.dot(meat).dot(&self.bread) * factor)
    }
}

/// A covariance by cluster and the number of clusters behind it.
pub(super) struct ByCluster {
    pub(super) covariance: Array2<f64>,
    pub(super) n_clusters: usize,
}

/// The covariance when rows of one cluster depend on each other; `residual` is that of a row and its predictor.
///
/// # Errors
/// No clusters, or only one that counts.
///
/// # References
/// Liang and Zeger (1986), Biometrika 73(1); Cameron and Miller (2015), Journal of Human Resources 50(2), for the
/// factor `G / (G - 1) * (n - 1) / (n - k)`.
pub(super) fn by_cluster(
    columns: &Columns,
    coefficients: &[f64],
    bread: ArrayView2<f64>,
    cases: &Cases,
    clusters: Option<&Clusters>,
    residual: impl Fn(usize, f64) -> f64 + Sync,
) -> Result<ByCluster, FitError> {
    let sorted = sorted_clusters(cases, clusters)?;
    let n_clusters = sorted.n_clusters();
    let coefficients = columns.before_rotation(coefficients);
    let coefficients = coefficients.as_slice().unwrap_or_default();
    let products = cluster_products(columns, columns.n_terms(), &sorted, |row, z, score| {
        let predictor: f64 = z.iter().zip(coefficients).map(|(z, coefficient)| z * coefficient).sum();
        let weight = cases.weight(row) * residual(row, predictor);
        score.iter_mut().zip(z).for_each(|(score, z)| *score += weight * z);
    });
    let meat = columns.products_after_rotation(products);
    let factor = cluster_factor(n_clusters, cases.n_used, columns.n_terms());
    Ok(ByCluster { covariance: bread.dot(&meat).dot(&bread) * factor, n_clusters })
}

/// `G / (G - 1) * (n - 1) / (n - k)`.
pub(super) fn cluster_factor(n_clusters: usize, n_used: usize, n_parameters: usize) -> f64 {
    let (n_used, n_parameters, groups) = (n_used as f64, n_parameters as f64, n_clusters as f64);
    groups / (groups - 1.0) * (n_used - 1.0) / (n_used - n_parameters)
}

/// The clusters that count, at least two.
pub(super) fn sorted_clusters(cases: &Cases, clusters: Option<&Clusters>) -> Result<RowsByCluster, FitError> {
    let sorted = cases.by_cluster(clusters.ok_or(FitError::NoClusters)?);
    if sorted.n_clusters() < 2 { Err(FitError::OneCluster) } else { Ok(sorted) }
}

/// `sum over clusters of s s'`, where `s` sums the scores of the cluster's rows, n_parameters long.
///
/// `add_score` is given a row, its basis before the rotation, and the sum to add to.
pub(super) fn cluster_products(
    columns: &Columns,
    n_parameters: usize,
    sorted: &RowsByCluster,
    add_score: impl Fn(usize, &[f64], &mut [f64]) + Sync,
) -> Array2<f64> {
    let task = |first: usize| {
        let mut products = Array2::<f64>::zeros((n_parameters, n_parameters));
        let mut z = vec![0.0; columns.n_terms()];
        for cluster in first..(first + TASK_CLUSTERS).min(sorted.n_clusters()) {
            let mut score = vec![0.0; n_parameters];
            for &row in &sorted.rows[sorted.starts[cluster]..sorted.starts[cluster + 1]] {
                columns.write_row(row, &mut z);
                add_score(row, &z, &mut score);
            }
            for (mut products, left) in products.outer_iter_mut().zip(&score) {
                products.iter_mut().zip(&score).for_each(|(product, right)| *product += left * right);
            }
        }
        products
    };
    let starts: Vec<usize> = (0..sorted.n_clusters()).step_by(TASK_CLUSTERS).collect();
    let tasks: Vec<Array2<f64>> = starts.into_par_iter().map(task).collect();
    tasks.into_iter().fold(Array2::zeros((n_parameters, n_parameters)), |total, task| total + task)
}
