//! The bootstrap of many logistic models at once: each log-likelihood is followed to second order in the weights instead
//! of being maximised again for every replicate.
//!
//! At the maximum `b` of the whole sample, a replicate with weights `v` has
//! `max l(v) = sum v_i l_i(b) + g' H^-1 g / 2 + smaller terms`, where `g = sum v_i s_i(b)` is the replicate's score and `H`
//! the information of the whole sample scaled to the replicate's weight. The first sum is what the envelope theorem gives,
//! the second is one Newton step; what is left out falls with `n^(-1/2)` beside noise that grows with `n^(1/2)`.

use super::bootstrap::Replicates;
use super::lattice::LatticeSums;
use crate::stats::Resampler;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Numbers of one block of replicate weights: 64 MB.
const BLOCK_VALUES: usize = 1 << 23;

/// One subset's model at its maximum.
pub(super) struct AtMaximum<'a> {
    /// Columns of the model.
    pub features: Vec<usize>,
    /// The intercept and one coefficient per column of the problem.
    pub coefficients: &'a [f64],
}

/// Distinct rows of all models, column by column.
pub(super) struct Rows<'a> {
    /// n_columns columns of n_rows values each.
    pub columns: &'a [Vec<f64>],
    pub outcome: &'a [f64],
    pub weights: &'a [f64],
}

/// Contributions in every replicate. `collapse` turns weights of observations into those of distinct rows and `values`
/// the log-likelihoods of all subsets and a replicate's weights into the values that are divided.
pub(super) fn replicates(
    resampler: &Resampler<'_>,
    n_replicates: usize,
    rows: &Rows<'_>,
    models: &[AtMaximum<'_>],
    collapse: impl Fn(&[f64]) -> Vec<f64> + Sync,
    contributions: impl Fn(&[f64], &[f64]) -> Array1<f64> + Sync,
) -> Replicates {
    let n_drivers = models.len().ilog2() as usize;
    if n_replicates > 0 && resampler.is_single_cluster() {
        return Replicates::of_single_cluster(n_drivers);
    }
    let block = (BLOCK_VALUES / rows.outcome.len().max(1)).clamp(1, n_replicates.max(1));
    let mut table = Array2::zeros((n_replicates, n_drivers));
    for first in (0..n_replicates).step_by(block) {
        let last = (first + block).min(n_replicates);
        let weights: Vec<Vec<f64>> = (first..last)
            .into_par_iter()
            .map_init(|| resampler.scratch(), |scratch, replicate| collapse(resampler.draw(replicate, scratch)))
            .collect();
        // Each subset's pass over the rows is shared by the whole block.
        let by_subset: Vec<Vec<f64>> = models.par_iter().map(|model| expand(rows, model, &weights)).collect();
        for (place, weights) in weights.iter().enumerate() {
            let log_likelihoods: Vec<f64> = by_subset.iter().map(|values| values[place]).collect();
            table.row_mut(first + place).assign(&contributions(&log_likelihoods, weights));
        }
    }
    Replicates { contributions: table, n_failed: 0, single_cluster: false }
}

/// A subset's maximised log-likelihood under each of some replicates' weights.
fn expand(rows: &Rows<'_>, model: &AtMaximum<'_>, replicates: &[Vec<f64>]) -> Vec<f64> {
    let n_rows = rows.outcome.len();
    let mut link = vec![model.coefficients[0]; n_rows];
    for &feature in &model.features {
        let coefficient = model.coefficients[feature + 1];
        link.iter_mut().zip(&rows.columns[feature]).for_each(|(link, value)| *link += coefficient * value);
    }
    let (mut log_likelihood, mut residual, mut spread) = (vec![0.0; n_rows], vec![0.0; n_rows], vec![0.0; n_rows]);
    for row in 0..n_rows {
        let (eta, outcome) = (link[row], rows.outcome[row]);
        let tail = (-eta.abs()).exp();
        let probability = if eta >= 0.0 { 1.0 / (1.0 + tail) } else { tail / (1.0 + tail) };
        log_likelihood[row] = outcome * eta - eta.max(0.0) - tail.ln_1p();
        residual[row] = outcome - probability;
        spread[row] = rows.weights[row] * probability * (1.0 - probability);
    }
    let n_terms = model.features.len() + 1;
    let column = |term: usize| (term > 0).then(|| rows.columns[model.features[term - 1]].as_slice());
    let mut information = Array2::zeros((n_terms, n_terms));
    for left in 0..n_terms {
        for right in 0..=left {
            let sum = match (column(left), column(right)) {
                (None, _) => spread.iter().sum::<f64>(),
                (Some(left), None) => dot(left, &spread),
                (Some(left), Some(right)) => {
                    left.iter().zip(right).zip(&spread).map(|((left, right), spread)| left * right * spread).sum()
                }
            };
            information[[left, right]] = sum;
            information[[right, left]] = sum;
        }
    }
    // Columns that are combinations of others have no step of their own.
    let cholesky = Cholesky::of(information.view());
    let weight_sum: f64 = rows.weights.iter().sum();
    let mut weighted = vec![0.0; n_rows];
    replicates
        .iter()
        .map(|weights| {
            let scale = weights.iter().sum::<f64>() / weight_sum;
            for ((weighted, weight), residual) in weighted.iter_mut().zip(weights).zip(&residual) {
                *weighted = weight * residual;
            }
            let score: Array1<f64> = cholesky
                .kept()
                .iter()
                .map(|&term| column(term).map_or_else(|| weighted.iter().sum(), |column| dot(column, &weighted)))
                .collect();
            dot(weights, &log_likelihood) + 0.5 * score.dot(&cholesky.solve(score.view())) / scale
        })
        .collect()
}

/// Four running sums, so that additions need not wait for each other; always the same order.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (left_chunks, right_chunks) = (left.chunks_exact(4), right.chunks_exact(4));
    let rest: f64 =
        left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(left, right)| left * right).sum();
    for (left, right) in left_chunks.zip(right_chunks) {
        for lane in 0..4 {
            sums[lane] += left[lane] * right[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Sums over the lattice of values by subset, for callers of [`replicates`].
pub(super) fn lattice_of(values: &[f64]) -> LatticeSums {
    LatticeSums::of_values(values.len().ilog2() as usize, values)
}
