//! The curvature of the observed-data likelihood, from which standard errors follow.

use super::MissingError;
use super::normal::{Conditional, Normal, expand};
use super::patterns::{Layout, PatternSums};
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Tasks that sum the patterns' parts; each holds a matrix of its own.
const N_TASKS: usize = 8;

/// Place of a covariance among the parameters: the means first, then the lower triangle row after row.
pub(super) fn place(n: usize, left: usize, right: usize) -> usize {
    let (high, low) = (left.max(right), left.min(right));
    n + high * (high + 1) / 2 + low
}

/// Number of means and covariances of `n` columns.
pub(super) fn n_parameters(n: usize) -> usize {
    n + n * (n + 1) / 2
}

/// Minus the second derivatives of the observed-data log-likelihood in means and covariances.
///
/// The observed, not the expected information: only it is right when gaps depend on what is observed.
///
/// For a pattern of weight `w` with `K = inverse(S_OO)`, mean deviation `d` and second moments `T` around the model's
/// mean, `P = K T K`, `v = K d`, and symmetric unit directions `E`, `F` of the covariance, the entries are `w K` among
/// means, `w a' K E v` between a mean and a covariance, and `w/2 tr(E P F K + E K F P - E K F K)` among covariances.
///
/// # References
/// Kenward and Molenberghs (1998), "Likelihood based frequentist inference when data are missing at random",
/// Statistical Science 13(3).
pub(super) fn observed_information(layout: &Layout, sums: &[PatternSums], normal: &Normal) -> Array2<f64> {
    let n = normal.n();
    let n_all = n_parameters(n);
    let task_size = sums.len().div_ceil(N_TASKS).max(1);
    let tasks: Vec<Array2<f64>> = layout
        .patterns
        .par_chunks(task_size)
        .zip(sums.par_chunks(task_size))
        .map(|(patterns, sums)| {
            let mut total = Array2::zeros((n_all, n_all));
            let mut conditional = Conditional::new(n);
            for (pattern, sums) in patterns.iter().zip(sums).filter(|(_, sums)| sums.weight > 0.0) {
                conditional.on(normal, &pattern.observed);
                add(&mut total, normal, &pattern.observed, sums, &conditional);
            }
            total
        })
        .collect();
    let lower = tasks.into_iter().fold(Array2::zeros((n_all, n_all)), |total, task| total + task);
    Array2::from_shape_fn((n_all, n_all), |(row, column)| lower[[row.max(column), row.min(column)]])
}

fn add(total: &mut Array2<f64>, normal: &Normal, observed: &[usize], sums: &PatternSums, conditional: &Conditional) {
    let (n, n_own) = (normal.n(), observed.len());
    let precision =
        Array2::from_shape_fn((n_own, n_own), |(row, column)| conditional.precision(observed[row], observed[column]));
    let apart: Array1<f64> =
        observed.iter().zip(&sums.mean).map(|(&column, mean)| mean - normal.mean[column]).collect();
    let mut seconds = vec![0.0; n_own * n_own];
    if !sums.products.is_empty() {
        expand(&sums.products, n_own, &mut seconds);
    }
    let seconds = Array2::from_shape_fn((n_own, n_own), |(row, column)| {
        seconds[row * n_own + column] / sums.weight + apart[row] * apart[column]
    });
    let pulled = precision.dot(&apart);
    // `P - K / 2`, so that the three traces become one sum of products.
    let outer = precision.dot(&seconds).dot(&precision) - &precision * 0.5;
    let weight = sums.weight;
    for row in 0..n_own {
        for column in 0..=row {
            total[[observed[row], observed[column]]] += weight * precision[[row, column]];
        }
    }
    for high in 0..n_own {
        for low in 0..=high {
            let here = place(n, observed[high], observed[low]);
            let half = if high == low { 0.5 } else { 1.0 };
            for mean in 0..n_own {
                let value = precision[[mean, high]] * pulled[low] + precision[[mean, low]] * pulled[high];
                total[[here, observed[mean]]] += weight * half * value;
            }
            // Pairs up to this one, in the order of the parameters.
            for other_high in 0..=high {
                let last = if other_high == high { low } else { other_high };
                for other_low in 0..=last {
                    let product = |one: usize, two: usize, three: usize, four: usize| {
                        outer[[one, two]] * precision[[three, four]] + precision[[one, two]] * outer[[three, four]]
                    };
                    let value = product(low, other_high, other_low, high)
                        + product(low, other_low, other_high, high)
                        + product(high, other_high, other_low, low)
                        + product(high, other_low, other_high, low);
                    let other_half = if other_high == other_low { 0.5 } else { 1.0 };
                    let there = place(n, observed[other_high], observed[other_low]);
                    total[[here, there]] += 0.5 * weight * half * other_half * value;
                }
            }
        }
    }
}

/// `J inverse(I)`: how much each of some functions of the parameters (rows of `J`) moves with the score.
///
/// # Errors
/// An information that is flat in some direction.
pub(super) fn influence(information: &Array2<f64>, gradients: &Array2<f64>) -> Result<Array2<f64>, MissingError> {
    let scales: Array1<f64> = information.diag().mapv(|value| value.max(0.0).sqrt());
    if scales.iter().any(|scale| !(scale.is_finite() && *scale > 0.0)) {
        return Err(MissingError::NotIdentified);
    }
    let scaled = Array2::from_shape_fn(information.dim(), |(row, column)| {
        information[[row, column]] / scales[row] / scales[column]
    });
    let cholesky = Cholesky::of(scaled.view());
    if !cholesky.aliased().is_empty() {
        return Err(MissingError::NotIdentified);
    }
    let mut influence = Array2::zeros(gradients.dim());
    for (gradient, mut influence) in gradients.outer_iter().zip(influence.outer_iter_mut()) {
        let solution = cholesky.solve((&gradient / &scales).view());
        influence.assign(&(&solution / &scales));
    }
    Ok(influence)
}
