//! The likelihood of a class, and a kernel that maximises it over some columns many times.

use super::columns::{At, Case, Columns, Sums, Terms, Threads};
use super::newton::{Ending, Limits, ascend};
use super::separation;
use ndarray::ArrayView2;

/// Limits of the kernel. A maximum far out costs about one step for each unit of log odds.
const LIMITS: Limits = Limits { iterations_max: 100, step_tolerance: 1e-4 };

/// Whether a maximum was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogitState {
    /// The score equations hold.
    Converged,
    /// The maximum lies at infinity: the columns tell the classes apart, wholly or in part.
    Separated,
    /// Neither, within the iterations.
    NotConverged,
}

/// A maximised likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct LogitSolution {
    /// The intercept and one coefficient a column, in the order of `features`; zero for a combination of earlier ones.
    pub coefficients: Vec<f64>,
    /// The log-likelihood; where the columns separate, a value just below its limit.
    pub log_likelihood: f64,
    /// Newton steps.
    pub iterations: usize,
    /// Whether these are the maximum.
    pub state: LogitState,
}

/// Maximises the log-likelihood `sum w (y ln p + (1 - y) ln(1 - p))`, `p = 1 / (1 + exp(-(a + x' b)))`, over some
/// columns.
///
/// `values` is n_rows by any number of columns, centred and scaled; `features` are the columns used; `outcome` is 0 or 1
/// in every row. `start` has the intercept first and is best a solution for almost the same columns. One thread works,
/// so that callers can run subsets in parallel. The log-likelihood is right to about 1e-12 (relative) and the
/// coefficients to about 1e-7 (absolute).
///
/// # Panics
/// If a column is out of bounds, or `outcome`, `weights` or `start` have the wrong length.
///
/// # References
/// Bach (2010), "Self-concordant analysis for logistic regression", Electronic Journal of Statistics 4: a small Newton
/// step proves that the maximum exists and is near.
pub fn maximum_likelihood(
    values: ArrayView2<f64>,
    features: &[usize],
    outcome: &[f64],
    weights: Option<&[f64]>,
    start: Option<&[f64]>,
) -> LogitSolution {
    assert_eq!(outcome.len(), values.nrows(), "one outcome per row");
    assert!(weights.is_none_or(|weights| weights.len() == outcome.len()), "one weight per row");
    assert!(start.is_none_or(|start| start.len() == features.len() + 1), "one start value per term");
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let (mut events, mut others) = (0.0, 0.0);
    for (row, &outcome) in outcome.iter().enumerate() {
        *(if outcome > 0.5 { &mut events } else { &mut others }) += weight(row);
    }
    if events <= 0.0 || others <= 0.0 {
        let coefficients = vec![0.0; features.len() + 1];
        return LogitSolution { coefficients, log_likelihood: 0.0, iterations: 0, state: LogitState::Separated };
    }
    let columns = Columns::plain(values, features.to_vec(), Threads::Caller);
    let evaluate = |coefficients: &[f64]| likelihood(&columns, coefficients, |row| (weight(row), outcome[row]));
    let start = start.map_or_else(|| null_start(events / others, features.len()), <[f64]>::to_vec);
    let class = |row: usize| (weight(row) > 0.0).then(|| outcome[row] > 0.5);
    let ascent = ascend(evaluate, start, LIMITS, |_| separation::direction(&columns, class).is_some());
    LogitSolution {
        coefficients: ascent.coefficients,
        log_likelihood: ascent.log_likelihood,
        iterations: ascent.iterations,
        state: match ascent.ending {
            Ending::Converged => LogitState::Converged,
            Ending::Divergent => LogitState::Separated,
            Ending::Stalled => LogitState::NotConverged,
        },
    }
}

/// The intercept alone at its maximum.
pub(super) fn null_start(odds: f64, n_features: usize) -> Vec<f64> {
    let mut start = vec![0.0; n_features + 1];
    start[0] = odds.ln();
    start
}

/// The log-likelihood, its gradient and the information at some coefficients; `observed` gives weight and outcome.
pub(super) fn likelihood(
    columns: &Columns,
    coefficients: &[f64],
    observed: impl Fn(usize) -> (f64, f64) + Sync,
) -> Sums {
    columns.sums(At { coefficients: Some(coefficients), metric: None }, |Case { row, predictor, .. }| {
        let (weight, outcome) = observed(row);
        let bernoulli = Bernoulli::of(outcome, predictor);
        Terms {
            curvature: weight * bernoulli.variance,
            score: weight * bernoulli.residual,
            value: weight * bernoulli.log_likelihood,
        }
    })
}

/// One row's share of the likelihood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bernoulli {
    pub(super) log_likelihood: f64,
    /// `y - p`, without cancellation however sure the model is.
    pub(super) residual: f64,
    /// `p (1 - p)`.
    pub(super) variance: f64,
    /// `p`.
    pub(super) probability: f64,
}

impl Bernoulli {
    pub(super) fn of(outcome: f64, log_odds: f64) -> Self {
        let is_event = outcome > 0.5;
        // Positive where the model leans to the class that was seen.
        let margin = if is_event { log_odds } else { -log_odds };
        let small = (-margin.abs()).exp();
        let large = 1.0 / (1.0 + small);
        let miss = if margin > 0.0 { small * large } else { large };
        let residual = if is_event { miss } else { -miss };
        Self {
            log_likelihood: margin.min(0.0) - ln_1p_of_share(small),
            residual,
            variance: small * large * large,
            probability: if log_odds >= 0.0 { large } else { small * large },
        }
    }
}

/// `ln(1 + share)` for a share of 0 to 1 to about 12 digits, without the cost of the general function.
fn ln_1p_of_share(share: f64) -> f64 {
    if share < 1e-3 {
        // The next term of the series is below 2e-16 of the first.
        share * (1.0 - share * (0.5 - share * (1.0 / 3.0 - share * (0.25 - share * 0.2))))
    } else {
        (1.0 + share).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::FormulaData;
    use crate::estimators::{Logit, StdErrors};
    use ndarray::Array2;

    /// The columns with mean zero and standard deviation one.
    fn standardised(values: &Array2<f64>) -> Array2<f64> {
        let mut values = values.clone();
        for mut column in values.columns_mut() {
            let (mean, std_dev) = (column.mean().expect("rows"), column.std(0.0));
            column.mapv_inplace(|value| (value - mean) / std_dev);
        }
        values
    }

    #[test]
    fn gradient_and_information_are_finite_differences_of_the_likelihood() {
        let data = FormulaData::of(300);
        let values = standardised(&data.features);
        let columns = Columns::plain(values.view(), vec![0, 1, 2], Threads::Caller);
        let at = |coefficients: &[f64]| likelihood(&columns, coefficients, |row| (data.weights[row], data.class[row]));
        let here = [0.3, -0.7, 1.1, 0.2];
        let sums = at(&here);
        let step = 1e-5;
        for index in 0..4 {
            let moved = |by: f64| {
                let mut there = here;
                there[index] += by;
                at(&there)
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
    fn a_sure_row_keeps_its_digits() {
        // mpmath at 30 digits: log1p(exp(-40)), and 1 - expit(40).
        let sure = Bernoulli::of(1.0, 40.0);
        assert!((sure.log_likelihood / -4.248_354_255_291_589e-18 - 1.0).abs() < 1e-14);
        assert!((sure.residual / 4.248_354_255_291_589e-18 - 1.0).abs() < 1e-14);
        let wrong = Bernoulli::of(0.0, 1000.0);
        assert_eq!((wrong.log_likelihood, wrong.residual), (-1000.0, -1.0));
    }

    #[test]
    fn the_short_logarithm_is_the_general_one() {
        for exponent in 0..400 {
            let share = (-0.1 * f64::from(exponent)).exp();
            assert!((ln_1p_of_share(share) / share.ln_1p() - 1.0).abs() < 2e-13, "{share}");
        }
    }

    #[test]
    fn the_kernel_finds_the_maximum_of_the_full_fit_from_any_start() {
        let data = FormulaData::of(500);
        let values = standardised(&data.features);
        let full = Logit::default().fit(&data.with_class()).expect("a fit");
        let class = data.class.to_vec();
        let cold = maximum_likelihood(values.view(), &[0, 1, 2], &class, None, None);
        let warm = maximum_likelihood(values.view(), &[0, 1, 2], &class, None, Some(&[3.0, -2.0, 0.5, 1.0]));
        let want = full.summary().log_likelihood;
        for solution in [&cold, &warm] {
            assert_eq!(solution.state, LogitState::Converged);
            assert!((solution.log_likelihood - want).abs() < 1e-12 * want.abs(), "{} {want}", solution.log_likelihood);
        }
        assert!(cold.coefficients.iter().zip(&warm.coefficients).all(|(cold, warm)| (cold - warm).abs() < 1e-6));
    }

    #[test]
    fn the_kernel_takes_columns_in_the_order_asked_for_and_leaves_out_a_copy() {
        let data = FormulaData::of(500);
        let values = standardised(&data.features);
        let class = data.class.to_vec();
        let one = maximum_likelihood(values.view(), &[0, 2], &class, Some(&data.weights), None);
        let other = maximum_likelihood(values.view(), &[2, 0], &class, Some(&data.weights), None);
        assert!((one.coefficients[1] - other.coefficients[2]).abs() < 1e-9);
        let doubled = maximum_likelihood(values.view(), &[0, 2, 0], &class, Some(&data.weights), None);
        assert!((doubled.log_likelihood - one.log_likelihood).abs() < 1e-10 * one.log_likelihood.abs());
        assert_eq!((doubled.state, doubled.coefficients[3]), (LogitState::Converged, 0.0));
    }

    #[test]
    fn the_kernel_tells_separation_from_a_maximum() {
        let data = FormulaData::of(200);
        let values = standardised(&data.features);
        let class: Vec<f64> = values.column(1).iter().map(|&value| f64::from(u8::from(value > 0.3))).collect();
        let with = maximum_likelihood(values.view(), &[0, 1], &class, None, None);
        let without = maximum_likelihood(values.view(), &[0, 2], &class, None, None);
        assert_eq!((with.state, without.state), (LogitState::Separated, LogitState::Converged));
        let one_class = maximum_likelihood(values.view(), &[0], &[1.0; 200], None, None);
        assert_eq!(one_class.state, LogitState::Separated);
    }

    #[test]
    fn a_maximum_far_out_is_still_a_maximum() {
        // One of 4,000 rows at each end is of the other class: the log odds there are ln 3999, by the symmetry of the data.
        let n_rows = 8000;
        let values = Array2::from_shape_fn((n_rows, 1), |(row, _)| if row < n_rows / 2 { -1.0 } else { 1.0 });
        let class: Vec<f64> =
            (0..n_rows).map(|row| f64::from(u8::from((row >= n_rows / 2) != (row % 4000 == 0)))).collect();
        let solution = maximum_likelihood(values.view(), &[0], &class, None, None);
        assert_eq!(solution.state, LogitState::Converged);
        assert!((solution.coefficients[1] - 3999.0_f64.ln()).abs() < 1e-7, "{:?}", solution.coefficients);
    }

    #[test]
    fn robust_errors_do_not_move_the_estimates() {
        let data = FormulaData::of(200).with_class();
        let fit = |std_errors| Logit { std_errors, ..Logit::default() }.fit(&data).expect("a fit");
        let (model, robust) = (fit(StdErrors::Model), fit(StdErrors::Hc3));
        assert_eq!(model.coefficients()[1].estimate, robust.coefficients()[1].estimate);
        assert_ne!(model.coefficients()[1].std_error, robust.coefficients()[1].std_error);
    }
}
