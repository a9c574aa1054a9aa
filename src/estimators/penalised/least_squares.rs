//! Penalised least squares from second moments alone: one pass over the rows, and one more for all folds together.

use super::descent::{Penalty, Quadratic, lambda_max};
use super::fit::{Held, Solution};
use super::folds::Folds;
use crate::estimators::cases::Cases;
use crate::stats::SecondMoments;
use ndarray::{Array1, Array2, ArrayView2, s};
use rayon::prelude::*;

/// A problem in standardised columns: `sum w (y - x' b)^2 / (2 sum w)` plus the penalty.
pub(super) struct LeastSquares {
    quadratic: Quadratic,
    units: Vec<f64>,
    /// Standard deviations of the columns.
    std_devs: Vec<f64>,
    means: Vec<f64>,
    outcome_mean: f64,
    outcome_variance: f64,
}

impl LeastSquares {
    /// From the moments of the columns and, last, the outcome.
    pub(super) fn of(moments: &SecondMoments) -> Self {
        let last = moments.n_columns() - 1;
        let spread = moments.weight_sum.sqrt();
        let std_devs: Vec<f64> = (0..last).map(|column| moments.scale(column) / spread).collect();
        let outcome_variance = moments.cross_products[[last, last]].max(0.0) / moments.weight_sum;
        let slope = (0..last).map(|column| {
            let std_dev = std_devs[column];
            if std_dev > 0.0 { moments.cross_products[[column, last]] / moments.weight_sum / std_dev } else { 0.0 }
        });
        let correlations = moments.correlations();
        Self {
            quadratic: Quadratic {
                curvature: correlations.slice(s![..last, ..last]).to_owned(),
                slope: slope.collect(),
                size: outcome_variance.sqrt(),
            },
            units: std_devs.iter().map(|&std_dev| f64::from(u8::from(std_dev > 0.0))).collect(),
            std_devs,
            means: moments.means.iter().take(last).copied().collect(),
            outcome_mean: moments.means[last],
            outcome_variance,
        }
    }

    pub(super) fn lambda_max(&self, mixing: f64) -> f64 {
        lambda_max(self.quadratic.slope.as_slice().unwrap_or_default(), &self.units, mixing)
    }

    /// One solution for each penalty, from the largest down, until `enough` says so of the share explained; `None` if
    /// one was not found.
    pub(super) fn path(
        &self,
        lambdas: &[f64],
        mixing: f64,
        mut enough: impl FnMut(f64) -> bool,
    ) -> Option<Vec<Solution>> {
        let mut standard = vec![0.0; self.units.len()];
        let mut solutions = Vec::with_capacity(lambdas.len());
        let mut lambda_last = self.lambda_max(mixing).max(lambdas.first().copied().unwrap_or(0.0));
        // A fold may be without variance.
        let spread = if self.quadratic.size > 0.0 { self.quadratic.size } else { 1.0 };
        for &lambda in lambdas {
            let penalty = Penalty { lambda, mixing, spread, units: &self.units };
            if !self.quadratic.descend(penalty, lambda_last, &mut standard) {
                return None;
            }
            lambda_last = lambda;
            let solution = self.solution(lambda, &standard);
            let share = solution.deviance_ratio;
            solutions.push(solution);
            if enough(share) {
                break;
            }
        }
        Some(solutions)
    }

    fn solution(&self, lambda: f64, standard: &[f64]) -> Solution {
        let own = Array1::from(standard.to_vec());
        // b' (2 slope - curvature b) = b' (slope + gradient).
        let gradient = self.quadratic.gradient(standard);
        let explained = own.dot(&(&self.quadratic.slope + &gradient));
        let estimates: Vec<f64> = standard
            .iter()
            .zip(&self.std_devs)
            .map(|(standard, std_dev)| if *std_dev > 0.0 { standard / std_dev } else { 0.0 })
            .collect();
        let moved: f64 = estimates.iter().zip(&self.means).map(|(estimate, mean)| estimate * mean).sum();
        Solution {
            lambda,
            intercept: self.outcome_mean - moved,
            at_means: self.outcome_mean,
            estimates,
            deviance_ratio: if self.outcome_variance > 0.0 { explained / self.outcome_variance } else { 0.0 },
        }
    }
}

/// The mean squared error of every fold at every penalty, from moments by fold.
pub(super) fn held_out(
    values: ArrayView2<f64>,
    cases: &Cases,
    folds: &Folds,
    lambdas: &[f64],
    mixing: f64,
) -> Option<Vec<Held>> {
    let own: Vec<SecondMoments> = (0..folds.n_folds)
        .into_par_iter()
        .map(|fold| {
            let rows = folds.rows(fold, cases);
            let last = values.ncols();
            // One fold's rows at a time, not the whole design.
            let gathered = Array2::from_shape_fn((rows.len(), last + 1), |(at, column)| {
                if column < last { values[[rows[at], column]] } else { cases.outcome(rows[at]) }
            });
            let weights: Vec<f64> = rows.iter().map(|&row| cases.weight(row)).collect();
            SecondMoments::of_rows(gathered.view(), Some(&weights))
        })
        .collect();
    (0..folds.n_folds)
        .into_par_iter()
        .map(|fold| {
            let others = own.iter().enumerate().filter(|&(place, _)| place != fold).map(|(_, moments)| moments);
            let path = LeastSquares::of(&merged(others)?).path(lambdas, mixing, |_| false)?;
            let losses = path.iter().map(|solution| squared_error(&own[fold], solution)).collect();
            Some(Held { weight: own[fold].weight_sum, losses })
        })
        .collect()
}

/// The moments of several parts together.
fn merged<'m>(parts: impl Iterator<Item = &'m SecondMoments> + Clone) -> Option<SecondMoments> {
    let weight_sum: f64 = parts.clone().map(|part| part.weight_sum).sum();
    let n_columns = parts.clone().next()?.n_columns();
    let means = parts.clone().fold(Array1::zeros(n_columns), |sum, part| sum + &part.means * part.weight_sum);
    let means = means / weight_sum;
    let mut cross_products = Array2::zeros((n_columns, n_columns));
    for part in parts {
        let gap = &part.means - &means;
        cross_products += &part.cross_products;
        let outer = Array2::from_shape_fn((n_columns, n_columns), |(row, column)| gap[row] * gap[column]);
        cross_products.scaled_add(part.weight_sum, &outer);
    }
    Some(SecondMoments { weight_sum, means, cross_products })
}

/// `sum w (y - a - x' b)^2 / sum w` from moments.
fn squared_error(moments: &SecondMoments, solution: &Solution) -> f64 {
    let last = moments.n_columns() - 1;
    let mut along = Array1::from(solution.estimates.clone());
    let bias = moments.means[last] - solution.intercept - along.dot(&moments.means.slice(s![..last]));
    along.mapv_inplace(|estimate| -estimate);
    let along: Array1<f64> = along.into_iter().chain([1.0]).collect();
    bias * bias + along.dot(&moments.cross_products.dot(&along)).max(0.0) / moments.weight_sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::wave;

    #[test]
    fn merged_moments_are_those_of_all_rows() {
        let values = Array2::from_shape_fn((90, 3), |(row, column)| wave(row, column) + 10.0 * column as f64);
        let parts = [0..20, 20..55, 55..90].map(|rows| SecondMoments::of_rows(values.slice(s![rows, ..]), None));
        let (got, want) = (merged(parts.iter()).expect("parts"), SecondMoments::of_rows(values.view(), None));
        assert!((&got.means - &want.means).iter().all(|gap| gap.abs() < 1e-13));
        assert!((&got.cross_products - &want.cross_products).iter().all(|gap| gap.abs() < 1e-11));
    }
}
