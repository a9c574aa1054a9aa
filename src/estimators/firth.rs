//! Firth's penalised logistic regression: finite estimates where the classes are separated or events are few.

use super::FitError;
use super::cases::Cases;
use super::columns::{At, Columns, Sums, Terms};
use super::inference::Estimates;
use super::logistic::{Bernoulli, likelihood, null_start};
use super::logit::{LogisticFit, prepare, summary};
use crate::data::Observations;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2};

/// The last step is below this in standard deviations of the columns (absolute).
const STEP_TOLERANCE: f64 = 1e-10;
/// Longest step in standard deviations of the columns: the penalty's curvature is not in the scoring step.
const STEP_MAX: f64 = 5.0;
/// Halvings after which no step is found.
const HALVINGS_MAX: i32 = 40;

/// Settings of Firth's penalised logistic fit.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::Firth;
/// use ndarray::array;
/// // With one 0/1 column the penalty adds 1/2 to each of the four counts: ln(2.5 / 0.5) - ln(0.5 / 2.5) = 2 ln 5.
/// let design = DesignMatrix::new(vec!["x".to_owned()], array![[0.0], [0.0], [1.0], [1.0]])?;
/// let outcome = Outcome::binary("y", array![0.0, 0.0, 1.0, 1.0])?;
/// let fit = Firth::default().fit(&Observations::new(design, outcome)?)?;
/// assert!((fit.coefficients()[1].estimate - 2.0 * 5.0_f64.ln()).abs() < 1e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Firth {
    /// The level of the confidence intervals.
    pub confidence: Confidence,
    /// Scoring steps after which the fit is an error.
    pub iterations_max: usize,
}

impl Default for Firth {
    fn default() -> Self {
        Self { confidence: Confidence::default(), iterations_max: 1000 }
    }
}

impl Firth {
    /// Maximises the log-likelihood plus half the log determinant of the information, which removes the first-order
    /// bias and has its maximum at finite coefficients even where the classes are separated.
    ///
    /// Standard errors are Wald's, from the information at the estimate; the summary's log-likelihoods are without the
    /// penalty.
    ///
    /// # Errors
    /// Those of [`crate::estimators::Logit::fit`] but separation.
    ///
    /// # References
    /// Firth (1993), Biometrika 80(1); Heinze and Schemper (2002), Statistics in Medicine 21(16).
    pub fn fit(&self, observations: &Observations) -> Result<LogisticFit, FitError> {
        let cases = Cases::of(observations);
        let mut prepared = prepare(observations, &cases)?;
        let columns = &prepared.columns;
        let rate = prepared.outcome_mean;
        let mut point = Penalised::at(columns, &cases, null_start(rate / (1.0 - rate), columns.places.len()));
        let mut iterations = 0;
        loop {
            let step = point.step(columns, &cases);
            let size = step.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
            if size <= STEP_TOLERANCE {
                break;
            }
            iterations += 1;
            let next = (0..HALVINGS_MAX).find_map(|halving| point.moved(columns, &cases, &step, halving, size));
            match next {
                Some(next) if iterations <= self.iterations_max => point = next,
                _ => {
                    let outcome = observations.outcome().name().to_owned();
                    return Err(FitError::NotConverged { outcome, iterations });
                }
            }
        }
        let outcome = observations.outcome().name();
        let sentence = format!("The coefficients of `{outcome}` are penalised (Firth): they are drawn towards zero.");
        prepared.findings.push(Finding::new(FindingKind::Unreliable, Severity::Note, outcome, sentence));
        let summary = summary(observations, &cases, &prepared, point.log_likelihood, iterations);
        let estimates = Estimates { coefficients: point.coefficients, covariance: point.inverse, offset: 0.0 };
        Ok(LogisticFit::new(observations, prepared, &estimates, self.confidence, summary))
    }
}

/// The penalised likelihood at a point.
struct Penalised {
    coefficients: Vec<f64>,
    log_likelihood: f64,
    /// `log_likelihood + ln det information / 2`.
    value: f64,
    /// Inverse of the information.
    inverse: Array2<f64>,
}

impl Penalised {
    fn at(columns: &Columns, cases: &Cases, coefficients: Vec<f64>) -> Self {
        let Sums { matrix, value: log_likelihood, .. } =
            likelihood(columns, &coefficients, |row| (cases.weight(row), cases.outcome(row)));
        let cholesky = Cholesky::of(matrix.view());
        let full = cholesky.kept().len() == columns.n_terms();
        let value = if full { log_likelihood + 0.5 * cholesky.ln_determinant() } else { f64::NEG_INFINITY };
        Self { coefficients, log_likelihood, value, inverse: cholesky.inverse() }
    }

    /// The scoring step: inverse information times `sum z (w (y - p) + h (1/2 - p))`, with `h` the leverages.
    fn step(&self, columns: &Columns, cases: &Cases) -> Array1<f64> {
        let at = At { coefficients: Some(&self.coefficients), metric: Some(self.inverse.view()) };
        let score = columns.sums(at, |case| {
            let (weight, bernoulli) = (cases.weight(case.row), Bernoulli::of(cases.outcome(case.row), case.predictor));
            let leverage = weight * bernoulli.variance * case.distance;
            let score = weight * bernoulli.residual + leverage * (0.5 - bernoulli.probability);
            Terms { curvature: 0.0, score, value: 0.0 }
        });
        self.inverse.dot(&score.vector)
    }

    /// The point a halved step away, unless it is lower; steps that are rounding are taken as they are.
    fn moved(&self, columns: &Columns, cases: &Cases, step: &Array1<f64>, halving: i32, size: f64) -> Option<Self> {
        let share = 0.5_f64.powi(halving) * (STEP_MAX / size).min(1.0);
        let next = self.coefficients.iter().zip(step).map(|(coefficient, step)| coefficient + share * step).collect();
        let next = Self::at(columns, cases, next);
        let floor = self.value - 1e-12 * self.value.abs();
        (next.value >= floor).then_some(next)
    }
}
