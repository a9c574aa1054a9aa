//! Standard errors without resampling: how contributions answer to a little more weight on each row.

use super::analysis::Plan;
use super::regression::Layout;
use crate::data::{Observations, WeightKind};
use crate::stats::SecondMoments;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

/// The step of central differences in correlations: their error is its square, that of rounding 1e-16 over it.
const STEP: f64 = 1e-6;

/// Rows taken at a time.
const BLOCK_ROWS: usize = 1024;

/// Standard errors of contributions and shares, one a driver.
pub(super) struct JackknifeErrors {
    pub contributions: Array1<f64>,
    pub shares: Array1<f64>,
}

/// The infinitesimal jackknife: with `u_i` the derivative of a contribution by the logarithm of a cluster's weight (of a
/// row's where there are no clusters), the variance is `G / (G - 1) sum_i u_i^2` over the G clusters.
///
/// Contributions follow from the moments, so their derivatives by each moment are taken once (central differences), and
/// a row's are a quadratic form of its values. `centred` is n_rows by n_columns, centred by the weighted means, the
/// outcome last. `None` where moments near these allow no fit.
///
/// # References
/// Jaeckel (1972), "The infinitesimal jackknife", Bell Laboratories memorandum; Efron and Tibshirani (1993), "An
/// Introduction to the Bootstrap", chapter 21; Binder (1983), "On the variances of asymptotically normal estimators from
/// complex surveys", International Statistical Review 51(3), for clusters and sampling weights.
pub(super) fn errors(
    observations: &Observations,
    centred: ArrayView2<f64>,
    moments: &SecondMoments,
    layout: &Layout,
    plan: &Plan,
    seed: u64,
) -> Option<JackknifeErrors> {
    let n_columns = moments.n_columns();
    let pairs: Vec<(usize, usize)> =
        (0..n_columns).flat_map(|row| (0..=row).map(move |column| (row, column))).collect();
    let slopes = slopes(moments, layout, plan, &pairs, seed)?;
    let own = plan.contributions_of(&standardised(moments), layout, seed)?;
    let scales: Vec<f64> = (0..n_columns).map(|column| moments.scale(column)).collect();
    let blocks: Vec<Array2<f64>> = centred
        .axis_chunks_iter(Axis(0), BLOCK_ROWS)
        .into_par_iter()
        .map(|rows| {
            let scaled = Array2::from_shape_fn(rows.dim(), |(row, column)| {
                if scales[column] > 0.0 { rows[[row, column]] / scales[column] } else { 0.0 }
            });
            let products = Array2::from_shape_fn((rows.nrows(), pairs.len()), |(row, pair)| {
                scaled[[row, pairs[pair].0]] * scaled[[row, pairs[pair].1]]
            });
            products.dot(&slopes)
        })
        .collect();
    gathered(observations, own.view(), |row| Some(blocks[row / BLOCK_ROWS].row(row % BLOCK_ROWS)))
}

/// The errors that follow from each row's influence: the derivatives of the contributions by its weight, `None` for a row
/// without one. `own` are the contributions.
pub(super) fn gathered<'i>(
    observations: &Observations,
    own: ArrayView1<f64>,
    influence: impl Fn(usize) -> Option<ArrayView1<'i, f64>>,
) -> Option<JackknifeErrors> {
    let total = own.sum();
    let weights = observations.weights();
    let is_frequency = weights.kind() == Some(WeightKind::Frequency) && observations.clusters().is_none();
    let n_groups = observations.clusters().map_or(observations.n_rows(), |clusters| clusters.n_clusters());
    let mut influences = Array2::<f64>::zeros((n_groups, own.len()));
    let mut counts = Array1::<f64>::zeros(n_groups);
    for row in 0..observations.n_rows() {
        let weight = weights.of(row);
        let Some(influence) = influence(row).filter(|_| weight > 0.0) else { continue };
        let group = observations.clusters().map_or(row, |clusters| clusters.codes()[row] as usize);
        // So many equal observations are independent of each other: their variances add up.
        influences.row_mut(group).scaled_add(if is_frequency { weight.sqrt() } else { weight }, &influence);
        counts[group] += if is_frequency { weight } else { 1.0 };
    }
    let n_drawn = if is_frequency { counts.sum() } else { counts.iter().filter(|&&count| count > 0.5).count() as f64 };
    if n_drawn < 1.5 {
        return None;
    }
    let correction = n_drawn / (n_drawn - 1.0);
    let root_of_squares = |values: &Array2<f64>| {
        values.mapv(|value| value * value).sum_axis(Axis(0)).mapv(|sum| (correction * sum).sqrt())
    };
    let sums = influences.sum_axis(Axis(1));
    let of_shares = Array2::from_shape_fn(influences.dim(), |(group, driver)| match total > 0.0 {
        true => (influences[[group, driver]] - own[driver] / total * sums[group]) / total,
        false => 0.0,
    });
    Some(JackknifeErrors { contributions: root_of_squares(&influences), shares: root_of_squares(&of_shares) })
}

/// Columns of unit length.
fn standardised(moments: &SecondMoments) -> SecondMoments {
    let mut cross_products = moments.correlations();
    for column in (0..moments.n_columns()).filter(|&column| !moments.varies(column)) {
        cross_products[[column, column]] = 0.0;
    }
    SecondMoments { weight_sum: 1.0, means: Array1::zeros(moments.n_columns()), cross_products }
}

/// The derivative of every contribution by every moment of the standardised columns, n_pairs by n_drivers.
fn slopes(
    moments: &SecondMoments,
    layout: &Layout,
    plan: &Plan,
    pairs: &[(usize, usize)],
    seed: u64,
) -> Option<Array2<f64>> {
    let at = standardised(moments);
    let slopes: Option<Vec<Array1<f64>>> = pairs
        .par_iter()
        .map(|&(row, column)| {
            if !(moments.varies(row) && moments.varies(column)) {
                return Some(Array1::zeros(layout.drivers.len()));
            }
            let moved = |by: f64| {
                let mut moved = at.clone();
                moved.cross_products[[row, column]] += by;
                if row != column {
                    moved.cross_products[[column, row]] += by;
                }
                plan.contributions_of(&moved, layout, seed)
            };
            Some((moved(STEP)? - moved(-STEP)?) / (2.0 * STEP))
        })
        .collect();
    let slopes = slopes?;
    Some(Array2::from_shape_fn((pairs.len(), layout.drivers.len()), |(pair, driver)| slopes[pair][driver]))
}
