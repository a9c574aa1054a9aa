//! Firth's penalised logistic regression: finite estimates where the classes are separated or events are few.

use super::FitError;
use super::cases::Cases;
use super::columns::{At, Columns, Sums, Terms};
use super::inference::{Estimates, robust_instead};
use super::logistic::{Bernoulli, likelihood, null_start};
use super::logit::{LogisticFit, prepare, summary, uncertainty};
use super::robust::applicable;
use super::summary::StdErrors;
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
/// Scoring steps after which the curvature is learned on the way instead: beside separation the penalty bends the likelihood as
/// much as the information does.
const SCORING_MAX: usize = 50;
/// What is left to gain on the way there, in squared standard errors, below which the maximum is reached.
const LEFT_TO_GAIN: f64 = 1e-18;
/// The same where no step goes up any more.
const ROUNDING_LEFT: f64 = 1e-10;
/// A step must gain this share of what its slope promises (relative).
const GAIN_MIN: f64 = 1e-4;

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
    /// Steps after which the fit is an error.
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
    /// Standard errors are Wald's, from the information at the estimate, and robust (HC1) under sampling weights; the
    /// summary's log-likelihoods are without the penalty. Precision weights count as so many observations: twice the weights
    /// halve the penalty's part.
    ///
    /// # Errors
    /// Those of [`crate::estimators::Logit::fit`] but separation.
    ///
    /// # References
    /// Firth (1993), Biometrika 80(1); Heinze and Schemper (2002), Statistics in Medicine 21(16); Nocedal and Wright (2006),
    /// "Numerical Optimization", chapter 6, for the steps where scoring is slow.
    pub fn fit(&self, observations: &Observations) -> Result<LogisticFit, FitError> {
        let cases = Cases::of(observations);
        let mut prepared = prepare(observations, &cases)?;
        let columns = &prepared.columns;
        let rate = prepared.outcome_mean;
        let start = Penalised::at(columns, &cases, null_start(rate / (1.0 - rate), columns.places.len()));
        let outcome = observations.outcome().name();
        let (point, iterations) = self
            .maximum(columns, &cases, start)
            .ok_or_else(|| FitError::NotConverged { outcome: outcome.to_owned(), iterations: self.iterations_max })?;
        let computed = applicable(StdErrors::Model, &cases);
        let uncertainty = uncertainty(observations, &cases, &prepared, &point.coefficients, point.inverse, computed)?;
        let sentence = format!("The coefficients of `{outcome}` are penalised (Firth): they are drawn towards zero.");
        prepared.findings.push(Finding::new(FindingKind::Unreliable, Severity::Note, outcome, sentence));
        prepared.findings.extend(robust_instead(outcome, StdErrors::Model, computed));
        let mut summary = summary(observations, &cases, &prepared, point.log_likelihood, iterations);
        summary.std_errors = computed;
        let estimates = Estimates { coefficients: point.coefficients, covariance: uncertainty.covariance, offset: 0.0 };
        Ok(LogisticFit::new(observations, prepared, &estimates, self.confidence, summary))
    }

    /// The maximum and the steps to it: scoring, then, where that is slow, quasi-Newton steps (BFGS).
    fn maximum(&self, columns: &Columns, cases: &Cases, start: Penalised) -> Option<(Penalised, usize)> {
        let mut point = start;
        for iteration in 0..SCORING_MAX.min(self.iterations_max) {
            let step = point.inverse.dot(&point.gradient(columns, cases));
            let size = largest(&step);
            if size <= STEP_TOLERANCE {
                return Some((point, iteration));
            }
            match (0..HALVINGS_MAX).find_map(|halving| point.moved(columns, cases, &step, halving, size)) {
                Some(next) => point = next,
                None => break,
            }
        }
        let mut gradient = point.gradient(columns, cases);
        let mut curvature = point.inverse.clone();
        let mut is_plain = true;
        for iteration in SCORING_MAX..self.iterations_max {
            let left_to_gain = gradient.dot(&point.inverse.dot(&gradient));
            if left_to_gain <= LEFT_TO_GAIN {
                return Some((point, iteration));
            }
            let mut direction = curvature.dot(&gradient);
            if direction.dot(&gradient) <= 0.0 {
                curvature.assign(&point.inverse);
                direction = curvature.dot(&gradient);
            }
            let (slope, size) = (direction.dot(&gradient), largest(&direction));
            let step = (0..HALVINGS_MAX).find_map(|halving| {
                let share = 0.5_f64.powi(halving) * (STEP_MAX / size).min(1.0);
                let next = point.at_share(columns, cases, &direction, share);
                let rounding = 1e-14 * point.value.abs();
                (next.value >= point.value + GAIN_MIN * share * slope - rounding).then_some((next, share))
            });
            let Some((next, share)) = step else {
                // What was learned may mislead; by what is known there, rounding hides what is left.
                if is_plain {
                    return (left_to_gain <= ROUNDING_LEFT).then_some((point, iteration));
                }
                curvature.assign(&point.inverse);
                is_plain = true;
                continue;
            };
            is_plain = false;
            let next_gradient = next.gradient(columns, cases);
            learn(&mut curvature, &(&direction * share), &(&gradient - &next_gradient));
            (point, gradient) = (next, next_gradient);
        }
        None
    }
}

fn largest(step: &Array1<f64>) -> f64 {
    step.iter().fold(0.0, |largest, step| largest.max(step.abs()))
}

/// Takes into the inverse curvature what a step and the fall of the gradient along it say (Broyden, Fletcher, Goldfarb and
/// Shanno); nothing where the likelihood is not concave along it.
fn learn(inverse: &mut Array2<f64>, step: &Array1<f64>, fall: &Array1<f64>) {
    let along = step.dot(fall);
    if along <= 1e-12 * (step.dot(step) * fall.dot(fall)).sqrt() {
        return;
    }
    let bent = inverse.dot(fall);
    let factor = (1.0 + fall.dot(&bent) / along) / along;
    for row in 0..step.len() {
        for column in 0..step.len() {
            inverse[[row, column]] +=
                factor * step[row] * step[column] - (bent[row] * step[column] + step[row] * bent[column]) / along;
        }
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

    /// `sum z (w (y - p) + h (1/2 - p))`, with `h` the leverages.
    fn gradient(&self, columns: &Columns, cases: &Cases) -> Array1<f64> {
        let at = At { coefficients: Some(&self.coefficients), metric: Some(self.inverse.view()) };
        let score = columns.sums(at, |case| {
            let (weight, bernoulli) = (cases.weight(case.row), Bernoulli::of(cases.outcome(case.row), case.predictor));
            let leverage = weight * bernoulli.variance * case.distance;
            let score = weight * bernoulli.residual + leverage * (0.5 - bernoulli.probability);
            Terms { curvature: 0.0, score, value: 0.0 }
        });
        score.vector
    }

    fn at_share(&self, columns: &Columns, cases: &Cases, step: &Array1<f64>, share: f64) -> Self {
        let next = self.coefficients.iter().zip(step).map(|(coefficient, step)| coefficient + share * step).collect();
        Self::at(columns, cases, next)
    }

    /// The point a halved step away, unless it is lower; steps that are rounding are taken as they are.
    fn moved(&self, columns: &Columns, cases: &Cases, step: &Array1<f64>, halving: i32, size: f64) -> Option<Self> {
        let next = self.at_share(columns, cases, step, 0.5_f64.powi(halving) * (STEP_MAX / size).min(1.0));
        let floor = self.value - 1e-12 * self.value.abs();
        (next.value >= floor).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DesignMatrix, Outcome, WeightKind, Weights};
    use crate::estimators::formula_data::wave;

    fn estimates(features: Array2<f64>, classes: Vec<f64>, weights: Weights) -> Vec<f64> {
        let names = (0..features.ncols()).map(|column| format!("x{column}")).collect();
        let design = DesignMatrix::new(names, features).expect("finite");
        let outcome = Outcome::binary("y", classes.into()).expect("classes");
        let observations = Observations::new(design, outcome).expect("one a row").weighted(weights).expect("one a row");
        let fit = Firth::default().fit(&observations).expect("a fit");
        fit.coefficients().iter().map(|row| row.estimate).collect()
    }

    /// Classes that columns separate, with weights: scoring steps turn in circles. Expected values: BFGS and Newton's method of
    /// scipy on the same penalised likelihood, with a negative definite curvature and a gradient of 2e-15 there.
    #[test]
    fn weighted_and_separated_classes_have_their_maximum() {
        let features = Array2::from_shape_fn((60, 3), |(row, column)| wave(row, column));
        let classes = features.rows().into_iter().map(|row| f64::from(u8::from(row[0] + row[1] > 0.05))).collect();
        let weights = (0..60).map(|row| f64::from(1 + row * 7 % 20)).collect();
        let weights = Weights::new(WeightKind::Frequency, weights).expect("whole");
        let want = [-6.634_108_286_638_266, 87.095_951_880_858_14, 69.607_158_613_271_57, 8.914_242_211_598_77];
        for (got, want) in estimates(features, classes, weights).iter().zip(want) {
            assert!((got - want).abs() < 1e-6 * want.abs(), "{got} {want}");
        }
    }

    #[test]
    fn eight_rows_on_three_columns_have_their_maximum() {
        let rows = [
            [0.45, 1.3, 0.42, 1.0, 2.9],
            [2.55, -1.2, 1.74, 0.0, 0.9],
            [1.25, 0.4, -0.67, 0.0, 2.2],
            [1.65, 1.1, -1.1, 0.0, 2.9],
            [-0.05, -1.4, -0.68, 0.0, 2.3],
            [2.15, 7.9, 0.87, 0.0, 2.2],
            [1.4, -1.0, 0.05, 0.0, 2.2],
            [1.95, 11.4, 0.91, 0.0, 2.4],
        ];
        let features = Array2::from_shape_fn((8, 3), |(row, column)| rows[row][column]);
        let weights = Weights::new(WeightKind::Precision, rows.map(|row| row[4]).to_vec()).expect("positive");
        // As above.
        let want = [1.649_971_562_910_958_6, -4.442_059_001_901_481, 0.051_931_892_859_409_8, 5.039_534_546_842_94];
        for (got, want) in estimates(features, rows.map(|row| row[3]).to_vec(), weights).iter().zip(want) {
            assert!((got - want).abs() < 1e-6 * want.abs(), "{got} {want}");
        }
    }

    /// Rows that stand for many have robust errors: around the inverse information `B` and with residuals `y - p` at the
    /// estimate, `n / (n - k) B sum (w (y - p))^2 x x' B` (here for the intercept and one 0/1 column, each cell by hand).
    #[test]
    fn sampling_weights_have_robust_errors() {
        let cells = [(0.0, 0.0, 6, 2.0), (0.0, 1.0, 4, 0.5), (1.0, 0.0, 3, 1.0), (1.0, 1.0, 7, 1.5)];
        let each = |of: fn(&(f64, f64, usize, f64)) -> f64| -> Vec<f64> {
            cells.iter().flat_map(|cell| std::iter::repeat_n(of(cell), cell.2)).collect()
        };
        let design = DesignMatrix::new(
            vec!["x".to_owned()],
            Array2::from_shape_vec((20, 1), each(|cell| cell.0)).expect("one column"),
        );
        let outcome = Outcome::binary("y", each(|cell| cell.1).into()).expect("classes");
        let weights = Weights::new(WeightKind::Sampling, each(|cell| cell.3)).expect("positive");
        let rows = Observations::new(design.expect("finite"), outcome).expect("one a row").weighted(weights);
        let fit = Firth::default().fit(&rows.expect("one a row")).expect("a fit");
        assert_eq!(fit.summary().std_errors, StdErrors::Hc1);
        // Scaled to mean one; two cells of a column are a table, in which half a count is added to each class.
        let unit = each(|cell| cell.3).iter().sum::<f64>() / 20.0;
        let count = |x: f64, y: f64| {
            cells.iter().find(|cell| (cell.0, cell.1) == (x, y)).map_or(0.0, |cell| cell.2 as f64 * cell.3 / unit)
        };
        let squares = |x: f64, y: f64| {
            cells
                .iter()
                .find(|cell| (cell.0, cell.1) == (x, y))
                .map_or(0.0, |cell| cell.2 as f64 * (cell.3 / unit).powi(2))
        };
        let mut variances = [0.0; 2];
        for (place, x) in [0.0, 1.0].into_iter().enumerate() {
            let (n, events) = (count(x, 0.0) + count(x, 1.0), count(x, 1.0));
            let p = (events + 0.5) / (n + 1.0);
            let meat = squares(x, 1.0) * (1.0 - p).powi(2) + squares(x, 0.0) * p * p;
            variances[place] = 20.0 / 18.0 * meat / (n * p * (1.0 - p)).powi(2);
        }
        let got: Vec<f64> = fit.coefficients().iter().map(|row| row.std_error).collect();
        let want = [variances[0].sqrt(), (variances[0] + variances[1]).sqrt()];
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-8 * want), "{got:?} {want:?}");
    }
}
