//! The likelihood of a class, and a kernel that maximises it over some columns many times.

use super::columns::{At, Case, Columns, Sums, Terms, Threads};
use super::newton::{Ending, Limits, ascend};
use super::separation;
use ndarray::ArrayView2;

/// Steps of the kernel: enough for a maximum ten times further out than that of real data.
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
/// so that callers can run subsets in parallel. The log-likelihood is right to about 1e-13 (relative) and the
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
            log_likelihood: margin.min(0.0) - small.ln_1p(),
            residual,
            variance: small * large * large,
            probability: if log_odds >= 0.0 { large } else { small * large },
        }
    }
}
