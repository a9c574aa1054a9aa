//! Whether probabilities are right on average and spread as they should be: calibration intercept and slope.

use super::EvaluationError;
use super::classes::{log_odds, numbers};
use super::error::{check_lengths, check_probabilities};
use super::test_rows::TestRows;
use crate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind};
use crate::estimators::logistic::{Bernoulli, LogitState, maximum_likelihood};
use crate::estimators::{FitError, Logit, StdErrors};
use crate::stats::Confidence;
use crate::stats::distributions::normal_two_sided;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// The intercept moves no further than this (absolute).
const STEP_TOLERANCE: f64 = 1e-13;
/// Newton and bisection steps: enough for bisection alone.
const STEPS_MAX: usize = 200;
/// Beyond this no intercept lies: log odds of probabilities end at 36, those of shares of rows at 40.
const FURTHEST: f64 = 100.0;

/// Steps of a slope's Newton method near its solution, the last one's size (absolute; the error after it is its square), and
/// what must be left of the determinant (relative).
const NEARBY_STEPS_MAX: usize = 12;
const NEARBY_TOLERANCE: f64 = 1e-6;
const NEARBY_RANK: f64 = 1e-9;

/// A calibration coefficient with its uncertainty, tested against its ideal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationCoefficient {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error, by customer where there are clusters.
    pub std_error: f64,
    /// Probability of an estimate at least as far from the ideal if the model were calibrated.
    pub p_value: f64,
    /// Lower end of the confidence interval.
    pub conf_low: f64,
    /// Upper end of the confidence interval.
    pub conf_high: f64,
}

/// Cox's logistic recalibration of probabilities `p`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Recalibration {
    /// `a` in `logit P(y) = a + logit(p)`: 0 is ideal; above 0, more happens than was predicted.
    pub intercept: CalibrationCoefficient,
    /// `b` in `logit P(y) = c + b logit(p)`: 1 is ideal; below 1, predictions are too extreme (overfitted).
    pub slope: CalibrationCoefficient,
    /// `c` beside the slope.
    pub intercept_beside_slope: f64,
}

/// Fits the calibration intercept (slope fixed at 1) and the calibration slope.
///
/// Probabilities of 0 and 1 are moved inwards by 2.2e-16. Standard errors are the model's, or by customer with `clusters`.
///
/// # Errors
/// No rows, different lengths, a value that is no probability, a single class, probabilities that are all one number or
/// separate the classes.
///
/// # References
/// Cox (1958), Biometrika 45(3/4); Van Calster et al. (2019), BMC Medicine 17(230).
pub fn recalibration(
    outcomes: &[bool],
    probabilities: &[f64],
    clusters: Option<&Clusters>,
    confidence: Confidence,
) -> Result<Recalibration, EvaluationError> {
    check_lengths(outcomes.len(), probabilities.len())?;
    check_probabilities(probabilities)?;
    let rows = TestRows::classes(&numbers(outcomes))?;
    let rows = match clusters {
        Some(clusters) => rows.of_customers(clusters.clone())?,
        None => rows,
    };
    recalibrate(&rows, probabilities, confidence)
}

pub(super) fn recalibrate(
    rows: &TestRows,
    probabilities: &[f64],
    confidence: Confidence,
) -> Result<Recalibration, EvaluationError> {
    let log_odds = LogOdds::of(probabilities);
    let weights = rows.weight_values();
    // In the estimating equations sampling weights sum to the rows that count.
    let weights = match rows.weights().kind() {
        Some(WeightKind::Sampling) => {
            let factor = rows.weights().n_observations(rows.n_rows()) / weights.iter().sum::<f64>();
            weights.iter().map(|weight| weight * factor).collect()
        }
        _ => weights,
    };
    let intercept = log_odds.intercept(rows.outcomes(), &weights)?;
    let std_error = log_odds.intercept_error(intercept, rows, &weights);
    let slope = log_odds.slope_fit(rows, confidence)?;
    let [beside, slope] = slope;
    Ok(Recalibration {
        intercept: coefficient(intercept, std_error, 0.0, confidence),
        slope: coefficient(slope.estimate, slope.std_error, 1.0, confidence),
        intercept_beside_slope: beside.estimate,
    })
}

fn coefficient(estimate: f64, std_error: f64, ideal: f64, confidence: Confidence) -> CalibrationCoefficient {
    let half = confidence.z() * std_error;
    CalibrationCoefficient {
        estimate,
        std_error,
        p_value: normal_two_sided((estimate - ideal) / std_error),
        conf_low: estimate - half,
        conf_high: estimate + half,
    }
}

/// The log odds of probabilities, as a column.
#[derive(Debug, Clone)]
pub(super) struct LogOdds {
    values: Array2<f64>,
}

impl LogOdds {
    pub(super) fn of(probabilities: &[f64]) -> Self {
        let values: Array1<f64> = probabilities.iter().copied().map(log_odds).collect();
        Self { values: values.insert_axis(ndarray::Axis(1)) }
    }

    /// The intercept with the log odds as offset: where `sum w (y - p)` is zero, which falls in the intercept.
    pub(super) fn intercept(&self, outcomes: &[f64], weights: &[f64]) -> Result<f64, EvaluationError> {
        super::classes::Split::of_both(outcomes, weights)?;
        let (mut low, mut high, mut intercept) = (-FURTHEST, FURTHEST, 0.0);
        for _ in 0..STEPS_MAX {
            let (mut score, mut information) = (0.0, 0.0);
            for ((&log_odds, &outcome), &weight) in self.values.iter().zip(outcomes).zip(weights) {
                let row = Bernoulli::of(outcome, intercept + log_odds);
                score += weight * row.residual;
                information += weight * row.variance;
            }
            *(if score > 0.0 { &mut low } else { &mut high }) = intercept;
            let newton = intercept + score / information;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            let step = (next - intercept).abs();
            intercept = next;
            if step <= STEP_TOLERANCE * (1.0 + intercept.abs()) {
                break;
            }
        }
        Ok(intercept)
    }

    fn intercept_error(&self, intercept: f64, rows: &TestRows, weights: &[f64]) -> f64 {
        let n_groups = rows.customers().map_or(rows.n_rows(), Clusters::n_clusters);
        let (mut information, mut scores) = (0.0, vec![0.0; n_groups]);
        let mut counted = vec![false; n_groups];
        let cases = self.values.iter().zip(rows.outcomes()).zip(weights);
        for (row, ((&log_odds, &outcome), &weight)) in cases.enumerate().filter(|(_, (_, weight))| **weight > 0.0) {
            let bernoulli = Bernoulli::of(outcome, intercept + log_odds);
            information += weight * bernoulli.variance;
            let group = rows.customers().map_or(row, |customers| customers.codes()[row] as usize);
            scores[group] += weight * bernoulli.residual;
            counted[group] = true;
        }
        let is_robust = rows.customers().is_some() || rows.weights().kind() == Some(WeightKind::Sampling);
        if !is_robust {
            return 1.0 / information.sqrt();
        }
        let n_counted = counted.iter().filter(|&&counted| counted).count() as f64;
        let squares: f64 = scores.iter().map(|score| score * score).sum();
        (n_counted / (n_counted - 1.0) * squares).sqrt() / information
    }

    /// The slope's coefficient after the intercept's.
    fn slope_fit(
        &self,
        rows: &TestRows,
        confidence: Confidence,
    ) -> Result<[crate::estimators::Coefficient; 2], EvaluationError> {
        let design = DesignMatrix::new(vec!["log_odds".to_owned()], self.values.clone())?;
        let outcome = Outcome::binary("outcome", Array1::from(rows.outcomes().to_vec()))?;
        let mut observations = Observations::new(design, outcome)?.weighted(rows.weights().clone())?;
        let mut std_errors = StdErrors::Model;
        if let Some(customers) = rows.customers().filter(|customers| customers.n_clusters() > 1) {
            observations = observations.clustered(customers.clone())?;
            std_errors = StdErrors::Cluster;
        }
        let fit = Logit { std_errors, confidence, ..Logit::default() }.fit(&observations);
        let fit = fit.map_err(|error| match error {
            FitError::OneClass { .. } => EvaluationError::OneClass,
            FitError::TooFewRows { .. } | FitError::NoClusters | FitError::OneCluster => EvaluationError::NoRows,
            _ => EvaluationError::Separated,
        })?;
        match fit.coefficients() {
            [beside, slope] => Ok([beside.clone(), slope.clone()]),
            _ => Err(EvaluationError::ConstantPrediction),
        }
    }

    /// The slope alone, on the calling thread; `start` is a solution for other weights.
    pub(super) fn slope(
        &self,
        outcomes: &[f64],
        weights: &[f64],
        start: Option<&[f64]>,
    ) -> Result<Vec<f64>, EvaluationError> {
        super::classes::Split::of_both(outcomes, weights)?;
        if let Some(near) = start.and_then(|start| self.slope_nearby(outcomes, weights, start)) {
            return Ok(near.to_vec());
        }
        let solution = maximum_likelihood(self.values.view(), &[0], outcomes, Some(weights), start);
        match solution.state {
            LogitState::Converged if solution.coefficients[1].abs() > 0.0 => Ok(solution.coefficients),
            LogitState::Converged => Err(EvaluationError::ConstantPrediction),
            LogitState::Separated | LogitState::NotConverged => Err(EvaluationError::Separated),
        }
    }

    /// Newton's method for two coefficients from a solution for other weights; `None` where it does not settle at once, as
    /// where the classes are separated.
    fn slope_nearby(&self, outcomes: &[f64], weights: &[f64], start: &[f64]) -> Option<[f64; 2]> {
        let &[mut intercept, mut slope] = start else { return None };
        let mut last = f64::INFINITY;
        for _ in 0..NEARBY_STEPS_MAX {
            // Score `g` and information `h`.
            let (mut g, mut h) = ([0.0; 2], [0.0; 3]);
            for ((&x, &outcome), &weight) in self.values.iter().zip(outcomes).zip(weights) {
                if weight > 0.0 {
                    let row = Bernoulli::of(outcome, intercept + slope * x);
                    let (residual, variance) = (weight * row.residual, weight * row.variance);
                    g = [g[0] + residual, g[1] + residual * x];
                    h = [h[0] + variance, h[1] + variance * x, h[2] + variance * x * x];
                }
            }
            let determinant = h[0] * h[2] - h[1] * h[1];
            if determinant <= NEARBY_RANK * h[0] * h[2] {
                return None;
            }
            let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
            (intercept, slope) = (intercept + step[0], slope + step[1]);
            let size = step[0].abs().max(step[1].abs());
            if size <= NEARBY_TOLERANCE {
                return Some([intercept, slope]);
            }
            if size.is_nan() || size > last {
                return None;
            }
            last = size;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_rate_that_is_too_low_by_half_the_odds() {
        // One in two happened where odds of 1/2 were predicted: the intercept is ln 2.
        let outcomes = [true, false, true, false];
        let mut probabilities = [1.0 / 3.0; 4];
        let log_odds = LogOdds::of(&probabilities);
        let intercept = log_odds.intercept(&numbers(&outcomes), &[1.0; 4]).expect("both classes");
        assert!((intercept - 2.0_f64.ln()).abs() < 1e-12, "{intercept}");
        let constant = recalibration(&outcomes, &probabilities, None, Confidence::default());
        assert_eq!(constant, Err(EvaluationError::ConstantPrediction));
        probabilities[0] = 0.9;
        probabilities[2] = 0.8;
        let separated = recalibration(&outcomes, &probabilities, None, Confidence::default());
        assert_eq!(separated, Err(EvaluationError::Separated));
    }

    #[test]
    fn certainties_that_were_wrong_still_have_an_intercept() {
        let outcomes = [false, true, false, true];
        let log_odds = LogOdds::of(&[1.0, 0.0, 0.0, 1.0]);
        let intercept = log_odds.intercept(&numbers(&outcomes), &[1.0; 4]).expect("both classes");
        // One certainty of each class was wrong and one right.
        assert!(intercept.abs() < 1e-6, "{intercept}");
    }

    #[test]
    fn a_solution_from_nearby_is_the_solution() {
        let wave = crate::estimators::formula_data::wave;
        let probabilities: Vec<f64> = (0..80).map(|row| 0.5 + 0.8 * wave(row, 0)).collect();
        let outcomes: Vec<f64> =
            (0..80).map(|row| f64::from(u8::from(wave(row, 1) + 0.5 < probabilities[row]))).collect();
        let weights: Vec<f64> = (0..80).map(|row| (row % 3) as f64).collect();
        let log_odds = LogOdds::of(&probabilities);
        let near = log_odds.slope_nearby(&outcomes, &weights, &[0.0, 1.0]).expect("a solution");
        let far = log_odds.slope(&outcomes, &weights, None).expect("a solution");
        assert!((near[0] - far[0]).abs() < 1e-7 && (near[1] - far[1]).abs() < 1e-7, "{near:?} {far:?}");
        // Classes that the probabilities separate have none.
        let separated: Vec<f64> = probabilities.iter().map(|&p| f64::from(u8::from(p > 0.5))).collect();
        assert_eq!(log_odds.slope_nearby(&separated, &weights, &[0.0, 1.0]), None);
        assert_eq!(log_odds.slope(&separated, &weights, Some(&[0.0, 1.0])), Err(EvaluationError::Separated));
    }

    #[test]
    fn one_class_is_refused() {
        let all = recalibration(&[true, true], &[0.4, 0.6], None, Confidence::default());
        assert_eq!(all, Err(EvaluationError::OneClass));
    }
}
