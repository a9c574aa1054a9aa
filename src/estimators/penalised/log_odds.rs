//! Penalised logistic regression: Newton steps, each a penalised quadratic.

use super::descent::{Penalty, Quadratic, lambda_max};
use super::fit::{Held, Solution};
use super::folds::Folds;
use crate::estimators::cases::Cases;
use crate::estimators::columns::{Columns, Sums, Threads};
use crate::estimators::logistic::{Bernoulli, likelihood};
use crate::stats::SecondMoments;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Newton's last step is below this in log odds for one standard deviation (absolute); the error after it is about its
/// square.
const STEP_TOLERANCE: f64 = 1e-7;
/// Newton steps for one penalty, and halvings of one step.
pub(super) const STEPS_MAX: usize = 200;
const HALVINGS_MAX: i32 = 40;
/// An objective that rises by less than this is rounding (relative).
const RISE_TOLERANCE: f64 = 1e-12;

/// A problem in centred and scaled columns: minus the log-likelihood over `sum w`, plus the penalty.
pub(super) struct LogOdds<'c, 'v, F> {
    columns: &'c Columns<'v>,
    /// Weight and class of a row.
    observed: F,
    weight_sum: f64,
    /// Standard deviations of the columns in the units of the coordinates.
    units: Vec<f64>,
    /// The base rate.
    rate: f64,
}

/// The objective at a point, with what the next step needs.
struct Point {
    coefficients: Vec<f64>,
    sums: Sums,
    objective: f64,
}

impl<'c, 'v, F: Fn(usize) -> (f64, f64) + Sync> LogOdds<'c, 'v, F> {
    /// `None` where there is a single class. `std_devs` are those of the columns.
    pub(super) fn of(columns: &'c Columns<'v>, std_devs: &[f64], observed: F) -> Option<Self> {
        let (mut weight_sum, mut events) = (0.0, 0.0);
        for row in 0..columns.n_rows() {
            let (weight, outcome) = observed(row);
            weight_sum += weight;
            events += weight * outcome;
        }
        let units = std_devs.iter().enumerate().map(|(index, std_dev)| std_dev / columns.scale(index)).collect();
        let rate = events / weight_sum;
        (rate > 0.0 && rate < 1.0).then_some(Self { columns, observed, weight_sum, units, rate })
    }

    fn null(&self) -> Vec<f64> {
        let mut null = vec![0.0; self.columns.n_terms()];
        null[0] = (self.rate / (1.0 - self.rate)).ln();
        null
    }

    fn null_log_likelihood(&self) -> f64 {
        self.rate * self.rate.ln() + (1.0 - self.rate) * (-self.rate).ln_1p()
    }

    pub(super) fn lambda_max(&self, mixing: f64) -> f64 {
        let gradient = self.sums(&self.null()).vector;
        lambda_max(gradient.slice(s![1..]).as_slice().unwrap_or_default(), &self.units, mixing)
    }

    /// Log-likelihood, gradient and information over the sum of the weights.
    fn sums(&self, coefficients: &[f64]) -> Sums {
        let sums = likelihood(self.columns, coefficients, &self.observed);
        let share = 1.0 / self.weight_sum;
        Sums { matrix: sums.matrix * share, vector: sums.vector * share, value: sums.value * share }
    }

    fn at(&self, coefficients: Vec<f64>, penalty: Penalty) -> Point {
        let sums = self.sums(&coefficients);
        let objective = penalty.of(&coefficients[1..]) - sums.value;
        Point { coefficients, sums, objective }
    }

    /// One solution for each penalty, from the largest down, until `enough` says so of the share explained; `None` if
    /// one was not found.
    pub(super) fn path(
        &self,
        lambdas: &[f64],
        mixing: f64,
        mut enough: impl FnMut(f64) -> bool,
    ) -> Option<Vec<Solution>> {
        let mut lambda_last = self.lambda_max(mixing).max(lambdas.first().copied().unwrap_or(0.0));
        let mut coefficients = self.null();
        let mut solutions = Vec::with_capacity(lambdas.len());
        for &lambda in lambdas {
            let penalty = Penalty { lambda, mixing, spread: 1.0, units: &self.units };
            let found = self.minimum(coefficients, penalty, lambda_last)?;
            lambda_last = lambda;
            let share = 1.0 - found.log_likelihood / self.null_log_likelihood();
            solutions.push(self.solution(lambda, &found.coefficients, share));
            coefficients = found.coefficients;
            if enough(share) {
                break;
            }
        }
        Some(solutions)
    }

    fn minimum(&self, start: Vec<f64>, penalty: Penalty, lambda_last: f64) -> Option<Minimum> {
        let mut point = self.at(start, penalty);
        for _ in 0..STEPS_MAX {
            let wanted = self.step(&point, penalty, lambda_last)?;
            let moves = wanted.iter().zip(&point.coefficients).map(|(wanted, now)| wanted - now);
            let units = std::iter::once(1.0).chain(self.units.iter().copied());
            let size = moves.zip(units).map(|(step, unit)| (step * unit).abs()).fold(0.0, f64::max);
            if size <= STEP_TOLERANCE {
                // The log-likelihood is flat enough for its gradient to take it there.
                let gain: f64 = wanted
                    .iter()
                    .zip(&point.coefficients)
                    .zip(&point.sums.vector)
                    .map(|((to, from), slope)| (to - from) * slope)
                    .sum();
                return Some(Minimum { coefficients: wanted, log_likelihood: point.sums.value + gain });
            }
            let ceiling = point.objective + RISE_TOLERANCE * point.objective.abs();
            point = (0..HALVINGS_MAX).find_map(|halving| {
                let share = 0.5_f64.powi(halving);
                let there = wanted.iter().zip(&point.coefficients).map(|(wanted, now)| now + share * (wanted - now));
                let there = self.at(there.collect(), penalty);
                (there.objective <= ceiling).then_some(there)
            })?;
        }
        None
    }

    /// The minimum of the penalised quadratic at a point; the intercept, which is not penalised, is eliminated first.
    fn step(&self, point: &Point, penalty: Penalty, lambda_last: f64) -> Option<Vec<f64>> {
        let Sums { matrix, vector, .. } = &point.sums;
        let corner = matrix[[0, 0]];
        if corner <= 0.0 {
            return None;
        }
        let border = matrix.slice(s![1.., 0]).to_owned();
        let n_columns = border.len();
        let curvature = Array2::from_shape_fn((n_columns, n_columns), |(row, column)| {
            matrix[[row + 1, column + 1]] - border[row] * border[column] / corner
        });
        let now = Array1::from(point.coefficients[1..].to_vec());
        let slope = &vector.slice(s![1..]) - &(&border * (vector[0] / corner)) + curvature.dot(&now);
        let mut coefficients = now.to_vec();
        let quadratic = Quadratic { curvature, slope, size: 1.0 };
        if !quadratic.descend(penalty, lambda_last, &mut coefficients) {
            return None;
        }
        let moved: f64 = (0..n_columns).map(|index| border[index] * (coefficients[index] - now[index])).sum();
        let intercept = point.coefficients[0] + (vector[0] - moved) / corner;
        Some(std::iter::once(intercept).chain(coefficients).collect())
    }

    fn solution(&self, lambda: f64, coefficients: &[f64], deviance_ratio: f64) -> Solution {
        let own = self.columns.in_units(coefficients);
        let moved: f64 = (0..own.len() - 1).map(|index| own[index + 1] * self.columns.mean(index)).sum();
        Solution {
            lambda,
            intercept: own[0] - moved,
            at_means: own[0],
            estimates: own.iter().skip(1).copied().collect(),
            deviance_ratio,
        }
    }
}

struct Minimum {
    coefficients: Vec<f64>,
    /// Over the sum of the weights.
    log_likelihood: f64,
}

/// Centred and scaled columns with these moments; a constant column keeps its units and never gets a coefficient.
pub(super) fn columns_of<'a>(values: ArrayView2<'a, f64>, moments: &SecondMoments, threads: Threads) -> Columns<'a> {
    let n_columns = values.ncols();
    let spread = moments.weight_sum.sqrt();
    let scales: Vec<f64> = (0..n_columns)
        .map(|column| moments.scale(column) / spread)
        .map(|std_dev| if std_dev > 0.0 { std_dev } else { 1.0 })
        .collect();
    let means = moments.means.iter().take(n_columns).copied().collect();
    Columns::new(values, (0..n_columns).collect(), means, &scales, threads)
}

/// Why a fold has no losses.
pub(super) enum FoldFailure {
    /// The rows outside the fold are of one class.
    OneClass {
        fold: usize,
    },
    NotFound,
}

/// Minus twice the mean log-likelihood of every fold at every penalty.
pub(super) fn held_out(
    values: ArrayView2<f64>,
    moments: &SecondMoments,
    cases: &Cases,
    folds: &Folds,
    lambdas: &[f64],
    mixing: f64,
) -> Result<Vec<Held>, FoldFailure> {
    let columns = columns_of(values, moments, Threads::Caller);
    (0..folds.n_folds)
        .into_par_iter()
        .map(|fold| {
            let weight = |row: usize| if folds.of(row) == fold { 0.0 } else { cases.weight(row) };
            let std_devs = std_devs(&columns, weight);
            let observed = |row: usize| (weight(row), cases.outcome(row));
            let problem = LogOdds::of(&columns, &std_devs, observed).ok_or(FoldFailure::OneClass { fold })?;
            let path = problem.path(lambdas, mixing, |_| false).ok_or(FoldFailure::NotFound)?;
            let rows = folds.rows(fold, cases);
            let held = values.select(Axis(0), &rows);
            let held = columns_of(held.view(), moments, Threads::Caller);
            let weight = rows.iter().map(|&row| cases.weight(row)).sum();
            let losses = path.iter().map(|solution| deviance(&held, cases, &rows, solution) / weight).collect();
            Ok(Held { weight, losses })
        })
        .collect()
}

/// Standard deviations of the columns under some weights.
fn std_devs(columns: &Columns, weight: impl Fn(usize) -> f64 + Sync) -> Vec<f64> {
    let n_columns = columns.n_terms() - 1;
    let sums = columns.sums(crate::estimators::columns::At::default(), |case| crate::estimators::columns::Terms {
        curvature: weight(case.row),
        score: 0.0,
        value: 0.0,
    });
    let total = sums.matrix[[0, 0]];
    let moments = SecondMoments {
        weight_sum: total,
        means: Array1::from_shape_fn(n_columns, |index| sums.matrix[[0, index + 1]] / total),
        cross_products: Array2::from_shape_fn((n_columns, n_columns), |(row, column)| {
            sums.matrix[[row + 1, column + 1]] - sums.matrix[[0, row + 1]] * sums.matrix[[0, column + 1]] / total
        }),
    };
    (0..n_columns).map(|index| moments.scale(index) / total.sqrt() * columns.scale(index)).collect()
}

/// Minus twice the weighted log-likelihood of the rows held out.
fn deviance(held: &Columns, cases: &Cases, rows: &[usize], solution: &Solution) -> f64 {
    let mut coefficients: Vec<f64> =
        solution.estimates.iter().enumerate().map(|(index, estimate)| estimate * held.scale(index)).collect();
    let at_centre: f64 =
        solution.estimates.iter().enumerate().map(|(index, estimate)| estimate * held.mean(index)).sum();
    coefficients.insert(0, solution.intercept + at_centre);
    let tasks = held.fold_predictors(
        &coefficients,
        || 0.0,
        |sum, case| {
            let row = rows[case.row];
            *sum -= 2.0 * cases.weight(row) * Bernoulli::of(cases.outcome(row), case.predictor).log_likelihood;
        },
    );
    tasks.iter().sum()
}
