//! The joint likelihood of coefficients and `alpha`, where counts vary by `mu + alpha mu^2`.

use super::columns::{At, Case, Columns, Sums, Terms};
use super::newton::{Ascent, Limits, ascend};
use super::poisson::Observed;
use super::rising_factorial::{Histogram, Rising};
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, s};

/// What is left of the information on `ln alpha` once the coefficients have had their share, below which the likelihood
/// is not concave there (relative).
const CONCAVE_MIN: f64 = 1e-3;
/// A score of `alpha` at zero of fewer standard errors than this is rounding.
const SCORE_MIN: f64 = 1e-7;
/// Below this `alpha mu` differences that cancel are computed by their series.
const SERIES_BELOW: f64 = 0.05;
const SERIES_TERMS: i32 = 14;

/// One row's share of the likelihood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pascal {
    outcome: f64,
    alpha: f64,
    /// `alpha mu`, possibly infinite.
    excess: f64,
    /// `ln(1 + alpha mu)`.
    ln_1p_excess: f64,
    /// `mu / (1 + alpha mu)`: the variance of the working model.
    pub(super) weight: f64,
    /// `1 / (1 + alpha mu)`.
    inverse: f64,
}

impl Pascal {
    /// A count with the logarithm of its expectation.
    pub(super) fn of(outcome: f64, link: f64, ln_alpha: f64) -> Self {
        let excess = (link + ln_alpha).exp();
        let alpha = ln_alpha.exp();
        let inverse = 1.0 / (1.0 + excess);
        let ln_1p_excess = if excess.is_finite() { excess.ln_1p() } else { link + ln_alpha };
        let weight = if excess > 1.0 { 1.0 / (alpha * (1.0 + 1.0 / excess)) } else { link.exp() * inverse };
        Self { outcome, alpha, excess, ln_1p_excess, weight, inverse }
    }

    /// The log-likelihood without `-ln(y!)` and what [`Rising`] holds.
    fn value(&self, link: f64) -> f64 {
        self.outcome * (link - self.ln_1p_excess) - self.ln_1p_excess / self.alpha
    }

    /// What the likelihood gains over a Poisson one with the same expectation, less what [`Rising`] holds:
    /// `mu - (y + 1 / alpha) ln(1 + alpha mu)`.
    pub(super) fn gain(&self, link: f64) -> f64 {
        let of_zero = if self.excess < SERIES_BELOW {
            let terms = (0..SERIES_TERMS).rev().map(f64::from);
            // (m - ln(1 + m)) / alpha.
            self.excess
                * (self.excess / self.alpha)
                * terms.fold(0.0, |sum, power| 1.0 / (power + 2.0) - self.excess * sum)
        } else {
            link.exp() - self.ln_1p_excess / self.alpha
        };
        of_zero - self.outcome * self.ln_1p_excess
    }

    /// Its slope in the linear predictor, `(y - mu) / (1 + alpha mu)`.
    pub(super) fn residual(&self) -> f64 {
        self.outcome * self.inverse - self.weight
    }

    /// Minus its curvature in the linear predictor.
    fn curvature(&self) -> f64 {
        self.weight * self.inverse * (1.0 + self.alpha * self.outcome)
    }

    /// Its slope in `ln alpha`, less that of [`Rising`].
    fn slope(&self) -> f64 {
        // alpha (ln(1 + m) / alpha^2 - mu / (alpha (1 + m)) - y mu / (1 + m)), with m = alpha mu.
        let share = self.excess * self.inverse;
        let gap = if self.excess < SERIES_BELOW {
            let terms = (0..SERIES_TERMS).rev().map(f64::from);
            let sum = terms.fold(0.0, |sum, power| (power + 1.0) / (power + 2.0) - self.excess * sum);
            // m^2 / alpha = m mu.
            self.excess * (self.excess / self.alpha) * sum
        } else {
            (self.ln_1p_excess - self.capped(share)) / self.alpha
        };
        gap - self.outcome * self.capped(share)
    }

    /// Its curvature in `ln alpha`, less that of [`Rising`].
    fn slope_slope(&self) -> f64 {
        let share = self.capped(self.excess * self.inverse);
        let gap = if self.excess < SERIES_BELOW {
            let terms = (0..SERIES_TERMS).rev().map(|power| f64::from(power + 1));
            let sum = terms.fold(0.0, |sum, power| power * (power + 1.0) / (power + 2.0) - self.excess * sum);
            // alpha^2 mu^3 psi'(m) = -m^3 / alpha * sum.
            -self.excess * self.excess * (self.excess / self.alpha) * sum
        } else {
            (share * (2.0 + share) - 2.0 * self.ln_1p_excess) / self.alpha
        };
        gap + self.outcome * share * share + self.slope()
    }

    /// The mixed curvature in the linear predictor and `ln alpha`: `-alpha mu (y - mu) / (1 + alpha mu)^2`.
    fn mixed(&self) -> f64 {
        -self.capped(self.excess * self.inverse) * self.residual()
    }

    /// `m / (1 + m)`, which is one where `m` is infinite.
    fn capped(&self, share: f64) -> f64 {
        if share.is_nan() { 1.0 } else { share }
    }

    /// The score of `ln alpha`.
    pub(super) fn score_of_alpha(&self, rising: Rising) -> f64 {
        self.slope() + self.alpha * rising.first
    }
}

/// The joint fit of the coefficients and, last, `ln alpha`.
pub(super) struct Joint {
    pub(super) ascent: Ascent,
    /// The observed information of the coefficients and `ln alpha`.
    pub(super) information: Array2<f64>,
}

/// The rows and what is shared by all evaluations.
pub(super) struct Likelihood<'a, 'c, F> {
    pub(super) columns: &'a Columns<'c>,
    pub(super) observed: F,
    pub(super) histogram: &'a Histogram,
}

impl<F: Fn(usize) -> Observed + Sync + Copy> Likelihood<'_, '_, F> {
    /// Newton's method on the coefficients and `ln alpha` together, from the Poisson coefficients; `None` where counts vary
    /// no more than their expectation, so that `alpha` is at its border, zero.
    ///
    /// Where the likelihood rises from `alpha = 0` it has its maximum inside; where it does not, `alpha` is zero. For a
    /// fixed `alpha` it is concave in the coefficients; where it is not in `ln alpha`, the curvature is turned round, so
    /// that every step climbs.
    ///
    /// Where it starts may be `near` the maximum instead, coefficients and `ln alpha`, as a fit of some of the rows is.
    pub(super) fn climb(&self, poisson: &[f64], near: Option<Vec<f64>>, limits: Limits) -> Option<Joint> {
        let start = self.start(poisson);
        if start.score <= SCORE_MIN {
            return None;
        }
        let at = near.unwrap_or_else(|| poisson.iter().copied().chain([start.alpha.ln()]).collect());
        let evaluate = |at: &[f64]| {
            let sums = self.at(at);
            let matrix = turned(sums.matrix);
            Sums { matrix, value: sums.value - start.size, ..sums }
        };
        let ascent = ascend(evaluate, at, limits, |_| false);
        let information = self.at(&ascent.coefficients).matrix;
        let log_likelihood = ascent.log_likelihood + start.size;
        Some(Joint { ascent: Ascent { log_likelihood, ..ascent }, information })
    }

    /// The log-likelihood without `ln(y!)`, its gradient and minus its curvature, by the coefficients and `ln alpha`.
    pub(super) fn at(&self, parameters: &[f64]) -> Sums {
        let n_terms = self.columns.n_terms();
        let (coefficients, ln_alpha) = (&parameters[..n_terms], parameters[n_terms]);
        let alpha = ln_alpha.exp();
        let own = self.columns.sums(At { coefficients: Some(coefficients), metric: None }, |case| {
            let row = (self.observed)(case.row);
            if row.weight <= 0.0 {
                return Terms { curvature: 0.0, score: 0.0, value: 0.0 };
            }
            let link = case.predictor + row.offset;
            let pascal = Pascal::of(row.outcome, link, ln_alpha);
            Terms {
                curvature: row.weight * pascal.curvature(),
                score: row.weight * pascal.residual(),
                value: row.weight * pascal.value(link),
            }
        });
        let (mixed, tasks) = self.columns.scores(
            coefficients,
            || [0.0; 2],
            |sums: &mut [f64; 2], case| {
                let row = (self.observed)(case.row);
                if row.weight <= 0.0 {
                    return 0.0;
                }
                let pascal = Pascal::of(row.outcome, case.predictor + row.offset, ln_alpha);
                sums[0] += row.weight * pascal.slope();
                sums[1] += row.weight * pascal.slope_slope();
                -row.weight * pascal.mixed()
            },
        );
        let [slope, slope_slope] = tasks.into_iter().fold([0.0; 2], |all, task| [all[0] + task[0], all[1] + task[1]]);
        let rising = self.histogram.sum(alpha);
        let mut matrix = Array2::zeros((n_terms + 1, n_terms + 1));
        matrix.slice_mut(s![..n_terms, ..n_terms]).assign(&own.matrix);
        matrix.slice_mut(s![..n_terms, n_terms]).assign(&mixed);
        matrix.slice_mut(s![n_terms, ..n_terms]).assign(&mixed);
        matrix[[n_terms, n_terms]] = -(slope_slope + alpha * alpha * rising.second + alpha * rising.first);
        let mut vector = Array1::zeros(n_terms + 1);
        vector.slice_mut(s![..n_terms]).assign(&own.vector);
        vector[n_terms] = slope + alpha * rising.first;
        Sums { matrix, vector, value: own.value + rising.ln }
    }

    /// `alpha` by moments and the standardised score of `alpha` at zero.
    fn start(&self, poisson: &[f64]) -> Start {
        let tasks = self.columns.fold_predictors(
            poisson,
            || [0.0; 3],
            |sums: &mut [f64; 3], Case { row, predictor, .. }| {
                let row = (self.observed)(row);
                if row.weight > 0.0 {
                    let link = predictor + row.offset;
                    let mean = link.exp();
                    sums[0] += row.weight * ((row.outcome - mean).powi(2) - row.outcome);
                    sums[1] += row.weight * mean * mean;
                    sums[2] += row.weight * row.outcome * (1.0 + link.abs() + row.outcome.ln_1p());
                }
            },
        );
        let [excess, squares, size] =
            tasks.into_iter().fold([0.0; 3], |all, task| [0, 1, 2].map(|place| all[place] + task[place]));
        Start { alpha: excess / squares, score: excess / (2.0 * squares).sqrt(), size }
    }
}

struct Start {
    alpha: f64,
    score: f64,
    /// The size of the sums behind the log-likelihood, which rounding is relative to.
    size: f64,
}

/// The information with a positive share for `ln alpha`, the last of its terms.
fn turned(mut information: Array2<f64>) -> Array2<f64> {
    let last = information.nrows() - 1;
    let own = information.slice(s![..last, ..last]);
    let mixed = information.slice(s![..last, last]);
    let cholesky = Cholesky::of(own);
    let kept: Array1<f64> = cholesky.kept().iter().map(|&place| mixed[place]).collect();
    let explained = kept.dot(&cholesky.solve(kept.view()));
    let length = information[[last, last]];
    let left = length - explained;
    let floor = CONCAVE_MIN * (length.abs() + explained);
    if left < floor {
        information[[last, last]] = explained + left.abs().max(floor);
    }
    information
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::columns::Threads;
    use crate::estimators::formula_data::wave;
    use ndarray::Array2;

    #[test]
    fn gradient_and_information_are_finite_differences_of_the_likelihood() {
        let n_rows = 300;
        let values = Array2::from_shape_fn((n_rows, 2), |(row, column)| 3.4 * wave(row, column));
        let observed = |row: usize| Observed {
            weight: (row % 4) as f64,
            outcome: (9.0 * (wave(row, 5) + 0.5).powi(3) * (1.5 * wave(row, 0)).exp()).floor(),
            offset: wave(row, 6),
        };
        let rows = (0..n_rows).map(|row| (observed(row).outcome, observed(row).weight)).filter(|row| row.1 > 0.0);
        let histogram = Histogram::of(rows);
        let columns = Columns::plain(values.view(), vec![0, 1], Threads::Caller);
        let likelihood = Likelihood { columns: &columns, observed, histogram: &histogram };
        // Both sides of the change to series, and the middle.
        for ln_alpha in [-5.0, -3.0, -0.4, 2.0] {
            let here = [0.3, -0.7, 0.6, ln_alpha];
            let sums = likelihood.at(&here);
            let step = 1e-5;
            for index in 0..4 {
                let moved = |by: f64| {
                    let mut there = here;
                    there[index] += by;
                    likelihood.at(&there)
                };
                let (above, below) = (moved(step), moved(-step));
                let slope = (above.value - below.value) / (2.0 * step);
                assert!((slope - sums.vector[index]).abs() < 1e-6 * sums.vector[index].abs().max(1.0), "{index}");
                for other in 0..4 {
                    let curvature = (below.vector[other] - above.vector[other]) / (2.0 * step);
                    let gap = curvature - sums.matrix[[index, other]];
                    assert!(
                        gap.abs() < 1e-6 * sums.matrix[[index, index]].abs().max(1.0),
                        "{ln_alpha} {index} {other}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_row_beyond_every_range_stays_finite() {
        for (link, ln_alpha) in [(800.0, 0.0), (-800.0, 0.0), (5.0, -700.0), (5.0, 300.0)] {
            let pascal = Pascal::of(3.0, link, ln_alpha);
            let all = [pascal.value(link), pascal.residual(), pascal.curvature(), pascal.slope(), pascal.mixed()];
            assert!(all.iter().all(|value| value.is_finite()), "{link} {ln_alpha} {all:?}");
        }
    }
}
