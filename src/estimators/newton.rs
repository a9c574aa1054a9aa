//! Newton's method on a concave log-likelihood, with step-halving and an eye on divergence.

use super::columns::Sums;
use crate::stats::linear_algebra::Cholesky;
use ndarray::Array1;

/// First iteration at which steps that do not shrink are looked into: a likelihood with a maximum is in the quadratic
/// phase by then.
const SUSPECT_FROM: usize = 8;
/// Steps shrink when each is below this share of the last (relative).
const SHRINKING: f64 = 0.5;
/// A log-likelihood that falls by less than this is rounding (relative).
const FALL_TOLERANCE: f64 = 1e-12;
/// Halvings after which no step is found.
const HALVINGS_MAX: usize = 40;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) iterations_max: usize,
    /// Largest change of a coefficient in the last step (absolute, in standard deviations of the columns).
    pub(super) step_tolerance: f64,
}

/// How an ascent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Converged,
    /// The maximum lies at infinity, as the caller confirmed.
    Divergent,
    /// Neither, within the iterations.
    Stalled,
}

/// Where an ascent ended.
pub(super) struct Ascent {
    pub(super) coefficients: Vec<f64>,
    pub(super) log_likelihood: f64,
    /// The sums before the last step, which is too small to change them.
    pub(super) sums: Sums,
    pub(super) iterations: usize,
    pub(super) ending: Ending,
}

/// Climbs from `start`.
///
/// `evaluate` gives the log-likelihood (value), its gradient (vector) and the information (matrix). The steps, not the
/// likelihood, decide on convergence: where the maximum lies at infinity the likelihood settles all the same, but every
/// Newton step moves the linear predictor of some row by about one. `is_divergent` is asked then, at a point.
pub(super) fn ascend(
    mut evaluate: impl FnMut(&[f64]) -> Sums,
    start: Vec<f64>,
    limits: Limits,
    mut is_divergent: impl FnMut(&[f64]) -> bool,
) -> Ascent {
    let mut coefficients = start;
    let mut sums = evaluate(&coefficients);
    let mut first_rank = None;
    let mut suspect_from = SUSPECT_FROM;
    let mut last_size = f64::INFINITY;
    for iterations in 1..=limits.iterations_max {
        let direction = Direction::of(&sums);
        let lost_rank = direction.rank < *first_rank.get_or_insert(direction.rank);
        let size = direction.size();
        if !lost_rank && size <= limits.step_tolerance {
            coefficients.iter_mut().zip(&direction.step).for_each(|(coefficient, step)| *coefficient += step);
            let log_likelihood = sums.value + 0.5 * direction.gain;
            return Ascent { coefficients, log_likelihood, sums, iterations, ending: Ending::Converged };
        }
        let suspicious = lost_rank || !size.is_finite() || (iterations >= suspect_from && size > SHRINKING * last_size);
        if suspicious && is_divergent(&coefficients) {
            let log_likelihood = sums.value;
            return Ascent { coefficients, log_likelihood, sums, iterations, ending: Ending::Divergent };
        }
        if suspicious {
            suspect_from = 2 * iterations;
        }
        let Some((next, there)) = halved(&mut evaluate, &coefficients, &sums, &direction.step) else {
            return stalled(coefficients, sums, iterations, is_divergent);
        };
        (coefficients, sums, last_size) = (next, there, size);
    }
    stalled(coefficients, sums, limits.iterations_max, is_divergent)
}

fn stalled(
    coefficients: Vec<f64>,
    sums: Sums,
    iterations: usize,
    mut is_divergent: impl FnMut(&[f64]) -> bool,
) -> Ascent {
    let ending = if is_divergent(&coefficients) { Ending::Divergent } else { Ending::Stalled };
    Ascent { coefficients, log_likelihood: sums.value, sums, iterations, ending }
}

/// A Newton step over the columns that the information can tell apart.
struct Direction {
    step: Array1<f64>,
    /// `gradient' step`: twice the gain in log-likelihood of a quadratic.
    gain: f64,
    rank: usize,
}

impl Direction {
    fn of(sums: &Sums) -> Self {
        let cholesky = Cholesky::of(sums.matrix.view());
        let kept = cholesky.kept();
        let partial = cholesky.solve(kept.iter().map(|&place| sums.vector[place]).collect::<Array1<f64>>().view());
        let mut step = Array1::zeros(sums.vector.len());
        for (&place, value) in kept.iter().zip(&partial) {
            step[place] = *value;
        }
        let gain = sums.vector.dot(&step);
        Self { step, gain, rank: kept.len() }
    }

    fn size(&self) -> f64 {
        if self.step.iter().all(|step| step.is_finite()) {
            self.step.iter().fold(0.0, |largest, step| step.abs().max(largest))
        } else {
            f64::INFINITY
        }
    }
}

/// The full step, or the largest halving of it that does not lower the log-likelihood.
fn halved(
    evaluate: &mut impl FnMut(&[f64]) -> Sums,
    from: &[f64],
    sums: &Sums,
    step: &Array1<f64>,
) -> Option<(Vec<f64>, Sums)> {
    let floor = sums.value - FALL_TOLERANCE * sums.value.abs();
    (0..HALVINGS_MAX).find_map(|halving| {
        let share = 0.5_f64.powi(halving as i32);
        let next: Vec<f64> = from.iter().zip(step).map(|(coefficient, step)| coefficient + share * step).collect();
        let there = evaluate(&next);
        (there.value >= floor).then_some((next, there))
    })
}
