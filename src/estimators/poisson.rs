//! The likelihood of a count whose variance is its expectation, and a kernel that maximises it over some columns many
//! times.

use super::columns::{At, Case, Columns, Sums, Terms, Threads};
use super::newton::{Ascent, Ending, Limits, ascend};
use super::only_zeros;
use crate::stats::linear_algebra::Cholesky;
use ndarray::ArrayView2;
use std::f64::consts::PI;

/// Limits of the kernel.
const LIMITS: Limits = Limits { iterations_max: 100, step_tolerance: 1e-4 };

/// Whether a maximum was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoissonState {
    /// The score equations hold.
    Converged,
    /// The maximum lies at infinity: some columns mark rows that all have a count of zero.
    OnlyZeros,
    /// Neither, within the iterations.
    NotConverged,
}

/// A maximised likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct PoissonSolution {
    /// The intercept and one coefficient a column, in the order of `features`; zero for a combination of earlier ones.
    pub coefficients: Vec<f64>,
    /// The log-likelihood without [`ln_factorials`]; where columns mark zeros, a value just below its limit.
    pub log_likelihood: f64,
    /// Newton steps.
    pub iterations: usize,
    /// Whether these are the maximum.
    pub state: PoissonState,
}

/// Maximises `sum w (y (a + x' b + offset) - exp(a + x' b + offset))` over some columns.
///
/// `values` is n_rows by any number of columns, centred and scaled; `features` are the columns used; `outcome` holds
/// counts; `offset` is the logarithm of the exposure. `start` has the intercept first and is best a solution for almost
/// the same columns. One thread works, so that callers can run subsets in parallel. For the whole log-likelihood take
/// off [`ln_factorials`], which is the same for every subset.
///
/// # Panics
/// If a column is out of bounds, or `outcome`, `weights`, `offset` or `start` have the wrong length.
pub fn maximum_likelihood(
    values: ArrayView2<f64>,
    features: &[usize],
    outcome: &[f64],
    weights: Option<&[f64]>,
    offset: Option<&[f64]>,
    start: Option<&[f64]>,
) -> PoissonSolution {
    assert_eq!(outcome.len(), values.nrows(), "one outcome per row");
    assert!(weights.is_none_or(|weights| weights.len() == outcome.len()), "one weight per row");
    assert!(offset.is_none_or(|offset| offset.len() == outcome.len()), "one offset per row");
    assert!(start.is_none_or(|start| start.len() == features.len() + 1), "one start value per term");
    let observed = |row: usize| Observed {
        weight: weights.map_or(1.0, |weights| weights[row]),
        outcome: outcome[row],
        offset: offset.map_or(0.0, |offset| offset[row]),
    };
    let columns = Columns::plain(values, features.to_vec(), Threads::Caller);
    let Some(base) = Base::of(columns.n_rows(), observed) else {
        let coefficients = vec![0.0; features.len() + 1];
        return PoissonSolution { coefficients, log_likelihood: 0.0, iterations: 0, state: PoissonState::OnlyZeros };
    };
    let start = start.map_or_else(|| start_of(&columns, base, observed), <[f64]>::to_vec);
    let ascent = climb(&columns, base, start, LIMITS, observed);
    PoissonSolution {
        coefficients: ascent.coefficients,
        log_likelihood: ascent.log_likelihood,
        iterations: ascent.iterations,
        state: match ascent.ending {
            Ending::Converged => PoissonState::Converged,
            Ending::Divergent => PoissonState::OnlyZeros,
            Ending::Stalled => PoissonState::NotConverged,
        },
    }
}

/// `sum w ln(y!)`, the part of a log-likelihood of counts that no coefficient changes.
pub fn ln_factorials(outcome: &[f64], weights: Option<&[f64]>) -> f64 {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    (0..outcome.len()).filter(|&row| weight(row) > 0.0).map(|row| weight(row) * ln_factorial(outcome[row])).sum()
}

/// One row as the likelihood sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    pub(super) weight: f64,
    pub(super) outcome: f64,
    /// Logarithm of the exposure.
    pub(super) offset: f64,
}

/// The rate without columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    /// Logarithm of all counts over all exposure.
    pub(super) ln_rate: f64,
    /// The size of the sums behind the log-likelihood, which rounding is relative to.
    size: f64,
}

impl Base {
    /// `None` where every count is zero.
    pub(super) fn of(n_rows: usize, observed: impl Fn(usize) -> Observed) -> Option<Self> {
        let rows = || (0..n_rows).map(&observed).filter(|row| row.weight > 0.0);
        let (mut counts, mut exposure) = (0.0, 0.0);
        // Exposures relative to the largest, whose sum cannot vanish or overflow.
        let largest = rows().map(|row| row.offset).fold(f64::NEG_INFINITY, f64::max);
        for row in rows() {
            counts += row.weight * row.outcome;
            exposure += row.weight * (row.offset - largest).exp();
        }
        if counts <= 0.0 {
            return None;
        }
        let ln_rate = counts.ln() - exposure.ln() - largest;
        let size = rows().map(|row| row.weight * row.outcome * (1.0 + (ln_rate + row.offset).abs())).sum();
        Some(Self { ln_rate, size })
    }
}

/// Newton's method from `start`.
pub(super) fn climb(
    columns: &Columns,
    base: Base,
    start: Vec<f64>,
    limits: Limits,
    observed: impl Fn(usize) -> Observed + Sync + Copy,
) -> Ascent {
    let count = |row: usize| Some(observed(row)).filter(|row| row.weight > 0.0).map(|row| row.outcome);
    // The value is moved away from zero by the size of its sums, or a tolerance relative to it would be below rounding.
    let evaluate = |coefficients: &[f64]| {
        let sums = likelihood(columns, coefficients, observed);
        Sums { value: sums.value - base.size, ..sums }
    };
    let ascent = ascend(evaluate, start, limits, |_| only_zeros::direction(columns, count).is_some());
    Ascent { log_likelihood: ascent.log_likelihood + base.size, ..ascent }
}

/// Where Newton starts: one least-squares step from expectations half way between each count and the common rate, if
/// that is better than the common rate.
///
/// # References
/// McCullagh and Nelder (1989), "Generalized Linear Models", section 2.5, for starting from the data themselves.
pub(super) fn start_of(columns: &Columns, base: Base, observed: impl Fn(usize) -> Observed + Sync + Copy) -> Vec<f64> {
    let mut null = vec![0.0; columns.n_terms()];
    null[0] = base.ln_rate;
    if columns.n_terms() == 1 {
        return null;
    }
    let sums = columns.sums(At::default(), |Case { row, .. }| {
        let Observed { weight, outcome, offset } = observed(row);
        if weight <= 0.0 {
            return NOTHING;
        }
        let mean = 0.5 * (outcome + (base.ln_rate + offset).exp());
        let working = mean.ln() - offset + (outcome - mean) / mean;
        Terms { curvature: weight * mean, score: weight * mean * working, value: 0.0 }
    });
    let cholesky = Cholesky::of(sums.matrix.view());
    if cholesky.kept().len() < columns.n_terms() {
        return null;
    }
    let started = cholesky.solve(sums.vector.view()).to_vec();
    let value = |coefficients: &[f64]| {
        let parts = columns.fold_predictors(
            coefficients,
            || 0.0,
            |sum, Case { row, predictor, .. }| {
                let row = observed(row);
                if row.weight > 0.0 {
                    let link = predictor + row.offset;
                    *sum += row.weight * (row.outcome * link - link.exp());
                }
            },
        );
        parts.iter().sum::<f64>()
    };
    if value(&started) > value(&null) { started } else { null }
}

const NOTHING: Terms = Terms { curvature: 0.0, score: 0.0, value: 0.0 };

/// The log-likelihood without [`ln_factorials`], its gradient and the information at some coefficients.
pub(super) fn likelihood(columns: &Columns, coefficients: &[f64], observed: impl Fn(usize) -> Observed + Sync) -> Sums {
    columns.sums(At { coefficients: Some(coefficients), metric: None }, |Case { row, predictor, .. }| {
        let Observed { weight, outcome, offset } = observed(row);
        // A row without weight may have any predictor, even one whose expectation overflows.
        if weight <= 0.0 {
            return NOTHING;
        }
        let link = predictor + offset;
        let mean = link.exp();
        Terms { curvature: weight * mean, score: weight * (outcome - mean), value: weight * (outcome * link - mean) }
    })
}

/// `y ln(y / mu) - (y - mu)`, half of a count's share of the deviance, without cancellation where `mu` is near `y`.
pub(super) fn half_deviance(outcome: f64, link: f64) -> f64 {
    let mean = link.exp();
    if outcome <= 0.0 {
        return mean;
    }
    let excess = (mean - outcome) / outcome;
    if excess.abs() < 0.1 {
        outcome * (excess - excess.ln_1p())
    } else {
        outcome * (outcome.ln() - link) + mean - outcome
    }
}

/// The log-likelihood of a count whose expectation is the count itself: `y ln y - y - ln(y!)`.
///
/// # References
/// Loader (2000), "Fast and accurate computation of binomial probabilities", for the series.
pub(super) fn ln_saturated(outcome: f64) -> f64 {
    if outcome <= 0.0 {
        0.0
    } else if outcome < 16.0 {
        outcome * outcome.ln() - outcome - libm::lgamma(outcome + 1.0)
    } else {
        let inverse = 1.0 / outcome;
        let square = inverse * inverse;
        let series = inverse
            * (1.0 / 12.0
                - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square * (1.0 / 1188.0)))));
        -0.5 * (2.0 * PI * outcome).ln() - series
    }
}

/// `ln(y!)`.
fn ln_factorial(outcome: f64) -> f64 {
    if outcome <= 0.0 { 0.0 } else { outcome * outcome.ln() - outcome - ln_saturated(outcome) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::wave;
    use ndarray::Array2;

    struct Sample {
        values: Array2<f64>,
        outcome: Vec<f64>,
        weights: Vec<f64>,
        offset: Vec<f64>,
    }

    fn sample(n_rows: usize) -> Sample {
        let values = Array2::from_shape_fn((n_rows, 3), |(row, column)| 3.4 * wave(row, column));
        let outcome = (0..n_rows).map(|row| (6.0 * (wave(row, 5) + 0.5).powi(2) * (1.5 * wave(row, 0)).exp()).floor());
        Sample {
            outcome: outcome.collect(),
            weights: (0..n_rows).map(|row| (row % 4) as f64).collect(),
            offset: (0..n_rows).map(|row| wave(row, 6)).collect(),
            values,
        }
    }

    #[test]
    fn gradient_and_information_are_finite_differences_of_the_likelihood() {
        let data = sample(300);
        let columns = Columns::plain(data.values.view(), vec![0, 1, 2], Threads::Caller);
        let observed =
            |row: usize| Observed { weight: data.weights[row], outcome: data.outcome[row], offset: data.offset[row] };
        let here = [0.3, -0.7, 0.6, 0.2];
        let sums = likelihood(&columns, &here, observed);
        let step = 1e-5;
        for index in 0..4 {
            let moved = |by: f64| {
                let mut there = here;
                there[index] += by;
                likelihood(&columns, &there, observed)
            };
            let (above, below) = (moved(step), moved(-step));
            let slope = (above.value - below.value) / (2.0 * step);
            assert!((slope - sums.vector[index]).abs() < 1e-6 * sums.vector[index].abs().max(1.0));
            for other in 0..4 {
                let curvature = (below.vector[other] - above.vector[other]) / (2.0 * step);
                assert!((curvature - sums.matrix[[index, other]]).abs() < 1e-6 * sums.matrix[[index, index]]);
            }
        }
    }

    #[test]
    fn half_deviances_keep_their_digits() {
        // mpmath at 40 digits: y ln(y / mu) - (y - mu) with mu = exp(link), for the doubles given.
        for (outcome, link, want) in [
            (0.0, -1.5, 0.223_130_160_148_429_83),
            (7.0, 2.0, 0.010_427_142_317_843_363),
            (1e6, 13.815_51, 1.556_620_367_847_749_2e-7),
            (3.0, -700.0, 2_100.295_836_866_004_3),
        ] {
            let got = half_deviance(outcome, link);
            assert!((got - want).abs() <= 1e-7 * want, "{outcome} {link}: {got} is not {want}");
        }
    }

    #[test]
    fn saturated_likelihoods_are_the_plain_formula() {
        // mpmath at 40 digits: y ln y - y - ln(y!).
        for (outcome, want) in [
            (1.0, -1.0),
            (15.0, -2.278_518_367_307_740_6),
            (16.0, -2.310_440_550_244_173),
            (1000.0, -4.372_899_506_026_297),
            (1e12, -14.734_449_091_169_03),
        ] {
            let got = ln_saturated(outcome);
            assert!((got - want).abs() < 1e-13 * f64::abs(want), "{outcome}: {got} is not {want}");
        }
        // ln(5!) + 2 ln(3!).
        let sum = ln_factorials(&[5.0, 3.0, 9.0], Some(&[1.0, 2.0, 0.0]));
        assert!((sum - (120.0_f64.ln() + 2.0 * 6.0_f64.ln())).abs() < 1e-14);
    }

    #[test]
    fn the_kernel_takes_columns_in_the_order_asked_for_from_any_start() {
        let data = sample(400);
        let fit = |features: &[usize], start: Option<&[f64]>| {
            maximum_likelihood(
                data.values.view(),
                features,
                &data.outcome,
                Some(&data.weights),
                Some(&data.offset),
                start,
            )
        };
        let (one, other) = (fit(&[0, 2], None), fit(&[2, 0], Some(&[3.0, -2.0, 1.0])));
        assert_eq!((one.state, other.state), (PoissonState::Converged, PoissonState::Converged));
        assert!((one.coefficients[1] - other.coefficients[2]).abs() < 1e-7);
        assert!((one.log_likelihood - other.log_likelihood).abs() < 1e-11 * one.log_likelihood.abs());
        let doubled = fit(&[0, 2, 0], None);
        assert!((doubled.log_likelihood - one.log_likelihood).abs() < 1e-10 * one.log_likelihood.abs());
        assert_eq!((doubled.state, doubled.coefficients[3]), (PoissonState::Converged, 0.0));
    }

    #[test]
    fn the_kernel_of_the_intercept_alone_is_the_common_rate() {
        let data = sample(100);
        let got = maximum_likelihood(data.values.view(), &[], &data.outcome, None, Some(&data.offset), None);
        let exposure: f64 = data.offset.iter().map(|offset| offset.exp()).sum();
        let rate = data.outcome.iter().sum::<f64>() / exposure;
        assert!((got.coefficients[0] - rate.ln()).abs() < 1e-14);
    }

    #[test]
    fn the_kernel_tells_columns_of_zeros_from_a_maximum() {
        let mut data = sample(200);
        let marked: Vec<usize> = (0..200).filter(|row| row % 20 == 0).collect();
        data.values.column_mut(1).fill(-0.2);
        marked.iter().for_each(|&row| {
            data.values[[row, 1]] = 2.0;
            data.outcome[row] = 0.0;
        });
        let fit = |features: &[usize], outcome: &[f64]| {
            maximum_likelihood(data.values.view(), features, outcome, None, None, None).state
        };
        assert_eq!(fit(&[0, 1], &data.outcome), PoissonState::OnlyZeros);
        assert_eq!(fit(&[0, 2], &data.outcome), PoissonState::Converged);
        assert_eq!(fit(&[0], &[0.0; 200]), PoissonState::OnlyZeros);
    }
}
