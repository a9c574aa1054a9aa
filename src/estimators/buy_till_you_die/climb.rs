//! The way to the top of a log-likelihood in logarithms of parameters, which need not be concave on the way.

use super::error::BuyTillYouDieError;
use crate::estimators::columns::Sums;
use crate::estimators::newton::{Ending, Limits, ascend};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::linear_algebra::{Cholesky, SymmetricEigen};
use ndarray::Array2;

/// Steps before the climb is given up.
const ITERATIONS_MAX: usize = 200;
/// Largest change of a logarithm in the last step (absolute).
const STEP_TOLERANCE: f64 = 1e-8;
/// A step changes no logarithm by more than about this, or one on a plateau would end nowhere.
const STEP_MAX: f64 = 2.0;
/// A logarithm this far from its centre has run away: a factor of a million.
const AWAY: f64 = 13.8;
/// A logarithm this far from its centre goes along with one that has run away.
const FOLLOWING: f64 = 6.9;
/// What may be left of the score at the top, in squared standard errors (absolute).
const SCORE_TOLERANCE: f64 = 1e-8;
/// A standard error of a logarithm above this leaves its parameter open by a factor of fifty.
const OPEN: f64 = 1.0;
/// Starts that are followed on the sample.
const N_FOLLOWED: usize = 3;

/// A log-likelihood's value, gradient and information (minus its second derivatives, of any sign) at a point.
pub(super) trait Hill: Sync {
    fn at(&self, point: &[f64]) -> Sums;
}

impl<F: Fn(&[f64]) -> Sums + Sync> Hill for F {
    fn at(&self, point: &[f64]) -> Sums {
        self(point)
    }
}

/// A normal prior on the logarithms: variance one over the penalty, around values that mean nothing in particular.
#[derive(Debug, Clone)]
pub(super) struct Prior {
    pub(super) centre: Vec<f64>,
    pub(super) penalty: f64,
}

impl Prior {
    fn added_to(&self, mut sums: Sums, point: &[f64]) -> Sums {
        for (place, (value, centre)) in point.iter().zip(&self.centre).enumerate() {
            let gap = value - centre;
            sums.value -= 0.5 * self.penalty * gap * gap;
            sums.vector[place] -= self.penalty * gap;
            sums.matrix[[place, place]] += self.penalty;
        }
        sums
    }

    fn farthest(&self, point: &[f64]) -> f64 {
        point.iter().zip(&self.centre).map(|(value, centre)| (value - centre).abs()).fold(0.0, f64::max)
    }
}

/// The top: a maximum by score and curvature.
#[derive(Debug)]
pub(super) struct Peak {
    pub(super) point: Vec<f64>,
    /// Without the prior's part.
    pub(super) log_likelihood: f64,
    /// Inverse of the information, the prior's included.
    pub(super) log_covariance: Array2<f64>,
    pub(super) iterations: usize,
}

/// Why there is no top.
#[derive(Debug)]
pub(super) enum NoPeak {
    /// It lies at infinity.
    Away { point: Vec<f64> },
    /// None was found.
    Lost { iterations: usize },
}

impl NoPeak {
    /// As callers see it; `meaning` says what the parameters that run away tell of the customers.
    pub(super) fn error(
        self,
        model: &'static str,
        names: &[&str],
        prior: &Prior,
        meaning: impl Fn(&[f64]) -> &'static str,
    ) -> BuyTillYouDieError {
        match self {
            Self::Lost { iterations } => BuyTillYouDieError::NotConverged { model, iterations },
            Self::Away { point } => {
                let gaps: Vec<f64> = point.iter().zip(&prior.centre).map(|(value, centre)| value - centre).collect();
                let directions: Vec<String> = names
                    .iter()
                    .zip(&gaps)
                    .filter(|(_, gap)| gap.abs() > FOLLOWING)
                    .map(|(name, &gap)| {
                        format!("`{name}` {}", if gap > 0.0 { "grows without end" } else { "falls to zero" })
                    })
                    .collect();
                BuyTillYouDieError::NotIdentified {
                    model,
                    directions: directions.join(" and "),
                    meaning: meaning(&gaps),
                }
            }
        }
    }
}

/// Climbs from `start`.
pub(super) fn climb(hill: &impl Hill, start: Vec<f64>, prior: &Prior) -> Result<Peak, NoPeak> {
    let limits = Limits { iterations_max: ITERATIONS_MAX, step_tolerance: STEP_TOLERANCE };
    let evaluate = |point: &[f64]| prior.added_to(hill.at(point), point);
    let ascent = ascend(|point| uphill(evaluate(point)), start, limits, |point| prior.farthest(point) > AWAY);
    let point = ascent.coefficients;
    if prior.farthest(&point) > AWAY {
        return Err(NoPeak::Away { point });
    }
    let lost = NoPeak::Lost { iterations: ascent.iterations };
    let sums = evaluate(&point);
    let cholesky = Cholesky::of(sums.matrix.view());
    if ascent.ending != Ending::Converged || cholesky.kept().len() < point.len() {
        return Err(lost);
    }
    if sums.vector.dot(&cholesky.solve(sums.vector.view())) > SCORE_TOLERANCE {
        return Err(lost);
    }
    let log_likelihood = hill.at(&point).value;
    Ok(Peak { point, log_likelihood, log_covariance: cholesky.inverse(), iterations: ascent.iterations })
}

/// The start that leads highest on a sample: the best few of the candidates are followed to their tops.
pub(super) fn best_start(sample: &impl Hill, candidates: Vec<Vec<f64>>, prior: &Prior) -> Vec<f64> {
    let mut ranked: Vec<(f64, Vec<f64>)> = candidates
        .into_iter()
        .map(|point| (prior.added_to(sample.at(&point), &point).value, point))
        .filter(|(value, _)| value.is_finite())
        .collect();
    ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
    let followed = ranked.iter().take(N_FOLLOWED).filter_map(|(_, start)| climb(sample, start.clone(), prior).ok());
    let height = |peak: &Peak| prior.added_to(sample.at(&peak.point), &peak.point).value;
    let highest = followed.max_by(|left, right| height(left).total_cmp(&height(right)));
    match highest {
        Some(peak) => peak.point,
        None => ranked.into_iter().next().map_or_else(|| prior.centre.clone(), |(_, start)| start),
    }
}

/// The sums with an information that every step climbs by: curvatures of the wrong sign are turned, and those so small
/// that the step would leave all reason are raised.
fn uphill(mut sums: Sums) -> Sums {
    if let Some(eigen) = SymmetricEigen::of(sums.matrix.view()) {
        let slopes = eigen.vectors.t().dot(&sums.vector);
        let raised: Vec<f64> =
            eigen.values.iter().zip(&slopes).map(|(value, slope)| value.abs().max(slope.abs() / STEP_MAX)).collect();
        let scaled = &eigen.vectors * &ndarray::Array1::from(raised);
        sums.matrix = scaled.dot(&eigen.vectors.t());
    }
    sums
}

/// Says that a penalty had a hand in the estimates.
pub(super) fn penalised_finding(model: &str, penalty: f64) -> Option<Finding> {
    (penalty > 0.0).then(|| {
        let sentence =
            format!("The parameters of {model} are drawn towards moderate values by a penalty of {penalty}.");
        Finding::new(FindingKind::Unreliable, Severity::Note, model, sentence).number("penalty", penalty)
    })
}

/// Names the parameters that the customers leave open by more than a factor of fifty.
pub(super) fn open_finding(model: &str, names: &[&str], log_covariance: &Array2<f64>) -> Option<Finding> {
    let spread = |place: usize| log_covariance[[place, place]].sqrt();
    let open: Vec<usize> = (0..names.len()).filter(|&place| spread(place) > OPEN).collect();
    let listed: Vec<&str> = open.iter().map(|&place| names[place]).collect();
    let sentence = format!(
        "The customers hardly settle {} of {model}: other values fit about as well.",
        crate::estimators::prepared::listed(&listed)
    );
    let finding = Finding::new(FindingKind::Unreliable, Severity::Warning, model, sentence);
    let named = open.iter().fold(finding, |finding, &place| finding.number(names[place], spread(place)));
    (!open.is_empty()).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    fn no_prior(n: usize) -> Prior {
        Prior { centre: vec![0.0; n], penalty: 0.0 }
    }

    /// `-(x^2 - 1)^2 - y^2`: two tops at x = 1 and -1, a saddle at 0.
    fn two_tops(point: &[f64]) -> Sums {
        let (x, y) = (point[0], point[1]);
        Sums {
            value: -(x * x - 1.0).powi(2) - y * y,
            vector: array![-4.0 * x * (x * x - 1.0), -2.0 * y],
            matrix: array![[12.0 * x * x - 4.0, 0.0], [0.0, 2.0]],
        }
    }

    #[test]
    fn it_leaves_the_neighbourhood_of_a_saddle() {
        let peak = climb(&two_tops, vec![0.01, 3.0], &no_prior(2)).expect("a top");
        assert!((peak.point[0] - 1.0).abs() < 1e-9 && peak.point[1].abs() < 1e-9);
        assert!((peak.log_covariance[[0, 0]] - 1.0 / 8.0).abs() < 1e-8);
    }

    #[test]
    fn a_saddle_is_no_top() {
        assert!(matches!(climb(&two_tops, vec![0.0, 0.0], &no_prior(2)), Err(NoPeak::Lost { .. })));
    }

    #[test]
    fn a_top_at_infinity_is_away_and_a_penalty_brings_it_back() {
        let rising = |point: &[f64]| {
            let left = (-point[0]).exp();
            Sums { value: -left, vector: Array1::from(vec![left]), matrix: array![[left]] }
        };
        assert!(matches!(climb(&rising, vec![0.0], &no_prior(1)), Err(NoPeak::Away { .. })));
        let prior = Prior { centre: vec![0.0], penalty: 0.5 };
        // The root of exp(-x) = x / 2, by scipy.optimize.brentq.
        assert!((climb(&rising, vec![0.0], &prior).expect("a top").point[0] - 0.852_605_502_013_725_5).abs() < 1e-9);
    }
}
