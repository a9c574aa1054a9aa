//! Firth's penalised logistic regression: finite estimates where the classes are separated or events are few.

mod profile;

use self::profile::{Profile, Profiles};
use super::FitError;
use super::cases::Cases;
use super::coefficient::Coefficient;
use super::columns::{At, Columns, Sums, Terms};
use super::inference::{Estimates, robust_instead};
use super::logistic::{Bernoulli, likelihood, null_start};
use super::logit::{LogisticFit, prepare, summary, uncertainty};
use super::robust::applicable;
use super::summary::StdErrors;
use crate::data::Observations;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::distributions::normal_two_sided;
use crate::stats::linear_algebra::{Cholesky, SymmetricEigen};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1};

/// The last step is below this in standard deviations of the columns (absolute).
const STEP_TOLERANCE: f64 = 1e-10;
/// Longest step in standard deviations of the columns: the penalty's curvature is not in the scoring step.
const STEP_MAX: f64 = 5.0;
/// Halvings after which no step is found.
const HALVINGS_MAX: i32 = 40;
/// Scoring steps after which the penalty's curvature is taken in: beside separation it bends the likelihood as much as the
/// information does.
const SCORING_MAX: usize = 50;
/// What is left to gain on the way there, in squared standard errors, below which the maximum is reached.
const LEFT_TO_GAIN: f64 = 1e-18;
/// The same where rounding hides what is left.
const ROUNDING_LEFT: f64 = 1e-10;
/// A step must gain this share of what the curvature promises (relative).
const GAIN_MIN: f64 = 1e-4;
/// Promises below this share of the penalised likelihood are rounding.
const PROMISE_ROUNDING: f64 = 1e-12;
/// The first longest step with curvature, in standard errors.
const REACH_FIRST: f64 = 2.0;

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
    /// Where intervals and p-values come from.
    pub intervals: FirthIntervals,
    /// Steps after which the fit is an error.
    pub iterations_max: usize,
}

/// Where intervals and p-values of a penalised fit come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirthIntervals {
    /// The penalised likelihood, maximised over the other coefficients: right beside separation, where it is far from symmetric.
    /// Sampling weights have no likelihood, so theirs are Wald's all the same.
    #[default]
    Profile,
    /// So many standard errors to both sides, which costs no further fits.
    Wald,
}

impl Default for Firth {
    fn default() -> Self {
        Self { confidence: Confidence::default(), intervals: FirthIntervals::default(), iterations_max: 1000 }
    }
}

impl Firth {
    /// Maximises the log-likelihood plus half the log determinant of the information, which removes the first-order
    /// bias and has its maximum at finite coefficients even where the classes are separated.
    ///
    /// Intervals end where twice the penalised log-likelihood, maximised over the other coefficients, has fallen by the quantile of
    /// chi squared, and p-values are those of the penalised likelihood ratio, as in logistf and SAS (`clparm=pl`); `statistic` is
    /// the signed root of that ratio, so that the p-value is the normal one. Both ends are finite. Standard errors are from the
    /// information at the estimate. Under sampling weights, which have no likelihood, they are robust (HC1) and all is Wald's.
    /// The summary's log-likelihoods are without the penalty. Precision weights count as so many observations: twice the weights
    /// halve the penalty's part.
    ///
    /// # Errors
    /// Those of [`crate::estimators::Logit::fit`] but separation.
    ///
    /// # References
    /// Firth (1993), Biometrika 80(1); Heinze and Schemper (2002), Statistics in Medicine 21(16); Kosmidis and Firth (2021),
    /// Biometrika 108(1), that the maximum and the ends of intervals are finite; Nocedal and Wright (2006), "Numerical Optimization", chapter 4, for the
    /// steps where scoring is slow.
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
        let by_profile = self.intervals == FirthIntervals::Profile && computed == StdErrors::Model;
        let profiles = if by_profile { self.profiles(columns, &cases, &point) } else { Vec::new() };
        let uncertainty = uncertainty(observations, &cases, &prepared, &point.coefficients, point.inverse, computed)?;
        prepared.findings.push(penalised(outcome, by_profile));
        prepared.findings.extend(robust_instead(outcome, StdErrors::Model, computed));
        let mut summary = summary(observations, &cases, &prepared, point.log_likelihood, iterations);
        summary.std_errors = computed;
        let estimates = Estimates { coefficients: point.coefficients, covariance: uncertainty.covariance, offset: 0.0 };
        let mut fit = LogisticFit::new(observations, prepared, &estimates, self.confidence, summary);
        for (row, profile) in fit.coefficients_mut().iter_mut().zip(profiles) {
            row.statistic = profile.statistic;
            row.p_value = normal_two_sided(profile.statistic);
            (row.conf_low, row.conf_high) = (profile.low, profile.high);
        }
        let unknown = not_found(outcome, fit.coefficients());
        fit.findings_mut().extend(unknown);
        Ok(fit)
    }

    /// Each coefficient in its own units by its profile, the intercept first.
    fn profiles(&self, columns: &Columns, cases: &Cases, point: &Penalised) -> Vec<Profile> {
        let not_there = Profile { statistic: f64::NAN, low: f64::NAN, high: f64::NAN };
        let Some(profiles) = Profiles::of(columns, cases, point.clone()) else {
            return vec![not_there; columns.n_terms()];
        };
        let limit = self.confidence.z();
        columns.unit_map().outer_iter().map(|along| profiles.of_coefficient(&along.to_owned(), limit)).collect()
    }

    /// The maximum and the steps to it: scoring, then, where that is slow, Newton's with the penalty's curvature.
    fn maximum(&self, columns: &Columns, cases: &Cases, start: Penalised) -> Option<(Penalised, usize)> {
        let mut point = start;
        let n_scoring = SCORING_MAX.min(self.iterations_max);
        for iteration in 0..n_scoring {
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
        let mut frame = Frame::whole(columns, point);
        let mut reach = REACH_FIRST;
        for iteration in n_scoring..self.iterations_max {
            frame = frame.turned(cases)?;
            let gradient = frame.point.gradient(&frame.columns, cases);
            if gradient.dot(&gradient) <= LEFT_TO_GAIN {
                return Some((frame.in_basis(), iteration));
            }
            let curvature = frame.point.curvature(&frame.columns, cases);
            let free = Array2::eye(columns.n_terms());
            let Some(next) = frame.climbed(cases, &free, &gradient, &curvature, &mut reach) else {
                let is_there = gradient.dot(&gradient) <= ROUNDING_LEFT;
                return is_there.then(|| (frame.in_basis(), iteration));
            };
            frame.point = next;
        }
        None
    }
}

/// What a reader must know of the coefficients and their intervals.
fn penalised(outcome: &str, by_profile: bool) -> Finding {
    let intervals = if by_profile {
        " Intervals and p-values are those of the penalised likelihood (profile), so that estimates need not lie in the middle; the \
         statistic is the signed root of the likelihood ratio."
    } else {
        " Intervals and p-values rest on standard errors (Wald), which is unsure where columns separate the classes."
    };
    let sentence =
        format!("The coefficients of `{outcome}` are penalised (Firth): they are drawn towards zero.{intervals}");
    Finding::new(FindingKind::Unreliable, Severity::Note, outcome, sentence)
}

/// Names the coefficients of which no profile could be computed to its end.
fn not_found(outcome: &str, coefficients: &[Coefficient]) -> Option<Finding> {
    let is_open =
        |row: &&Coefficient| !(row.conf_low.is_finite() && row.conf_high.is_finite() && row.p_value.is_finite());
    let names: Vec<String> = coefficients.iter().filter(is_open).map(|row| format!("`{}`", row.term)).collect();
    (!names.is_empty()).then(|| {
        let sentence = format!(
            "The penalised likelihood could not be followed to the ends of the interval of {}: what is missing there is not known.",
            names.join(", ")
        );
        Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
    })
}

fn largest(step: &Array1<f64>) -> f64 {
    step.iter().fold(0.0, |largest, step| largest.max(step.abs()))
}

/// A point in a basis in which its information is the identity, so that lengths are standard errors.
///
/// Beside separation the information comes to rest on a few rows near the line between the classes, and becomes so unequal in
/// the basis of the columns that it seems singular there.
#[derive(Clone)]
struct Frame<'a> {
    /// From this basis to that of the fit.
    turn: Array2<f64>,
    /// What the determinant of that turn adds to the penalised likelihood.
    added: f64,
    columns: Columns<'a>,
    point: Penalised,
}

impl<'a> Frame<'a> {
    fn whole(columns: &Columns<'a>, point: Penalised) -> Self {
        Self { turn: Array2::eye(columns.n_terms()), added: 0.0, columns: columns.clone(), point }
    }

    /// The penalised likelihood in the basis of the fit.
    fn value(&self) -> f64 {
        self.point.value - self.added
    }

    /// The same point in the basis that its own information makes orthonormal; `None` where it has none.
    fn turned(self, cases: &Cases) -> Option<Self> {
        let eigen = SymmetricEigen::of(self.point.inverse.view())?;
        if self.point.inverse.nrows() < self.columns.n_terms() {
            return None;
        }
        // What rounding leaves of the smallest; the next turn starts from a better basis.
        let floor = f64::EPSILON * eigen.values.iter().copied().fold(0.0, f64::max);
        let back = eigen.map(|value| value.max(floor).sqrt().recip());
        let by = eigen.map(|value| value.max(floor).sqrt());
        let coefficients = back.dot(&ArrayView1::from(&self.point.coefficients)).to_vec();
        let columns = self.columns.turned(&by);
        let point = Penalised::at(&columns, cases, coefficients);
        let added = self.added + eigen.values.iter().map(|value| 0.5 * value.max(floor).ln()).sum::<f64>();
        point.value.is_finite().then(|| Self { turn: self.turn.dot(&by), added, columns, point })
    }

    /// The point in the basis of the fit.
    fn in_basis(self) -> Penalised {
        let coefficients = self.turn.dot(&ArrayView1::from(&self.point.coefficients)).to_vec();
        let inverse = self.turn.dot(&self.point.inverse).dot(&self.turn.t());
        Penalised { coefficients, inverse, ..self.point }
    }

    /// The next point, no farther than `reach`, which is learned: shorter where the curvature promised too much, and longer where
    /// it kept its promise to the end. `None` where rounding hides what is left. Steps are sums of the columns of `free`, along which
    /// gradient and curvature are given.
    fn climbed(
        &self,
        cases: &Cases,
        free: &Array2<f64>,
        gradient: &Array1<f64>,
        curvature: &Array2<f64>,
        reach: &mut f64,
    ) -> Option<Penalised> {
        let eigen = SymmetricEigen::of(curvature.view())?;
        for _ in 0..HALVINGS_MAX {
            let step = step_within(&eigen, gradient, *reach);
            let length = step.dot(&step).sqrt();
            let promise = step.dot(gradient) - 0.5 * step.dot(&curvature.dot(&step));
            let next = self.point.at_share(&self.columns, cases, &free.dot(&step), 1.0);
            if promise <= PROMISE_ROUNDING * self.point.value.abs() {
                // The gradient still tells where the value does not.
                let there = next.value.is_finite().then(|| free.t().dot(&next.gradient(&self.columns, cases)))?;
                return (there.dot(&there) < gradient.dot(gradient)).then_some(next);
            }
            let kept = (next.value - self.point.value) / promise;
            if kept > 0.75 && length > 0.99 * *reach {
                *reach *= 2.0;
            } else if kept.is_nan() || kept < 0.25 {
                *reach = 0.25 * length;
            }
            if kept >= GAIN_MIN {
                return Some(next);
            }
        }
        None
    }
}

/// The step no longer than `reach` that gains most by the quadratic with this gradient and these eigenvalues of minus its
/// second derivatives.
fn step_within(eigen: &SymmetricEigen, gradient: &Array1<f64>, reach: f64) -> Array1<f64> {
    let along = eigen.vectors.t().dot(gradient);
    let step = |shift: f64| -> Array1<f64> {
        along.iter().zip(&eigen.values).map(|(own, bend)| own / (bend + shift)).collect()
    };
    let lowest = eigen.values.first().copied().unwrap_or(1.0);
    if lowest > 0.0 {
        let whole = step(0.0);
        if whole.dot(&whole) <= reach * reach {
            return eigen.vectors.dot(&whole);
        }
    }
    // A step is the shorter the larger the shift, and short enough at the upper end.
    let (mut low, mut high) = ((-lowest).max(0.0), (-lowest).max(0.0) + gradient.dot(gradient).sqrt() / reach);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        let there = step(middle);
        *(if there.dot(&there) > reach * reach { &mut low } else { &mut high }) = middle;
    }
    eigen.vectors.dot(&step(high))
}

/// The penalised likelihood at a point.
#[derive(Clone)]
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

    /// Minus the second derivatives. With `z` a row, `v = p (1 - p)`, `B` the inverse information and `A_r` its derivative by the
    /// r-th coefficient, `sum w v (1 - 2 p) z_r z z'`:
    /// `sum w v z z' - (sum w v (1 - 6 v) (z' B z) z z' - (tr(B A_r B A_s))_rs) / 2`.
    fn curvature(&self, columns: &Columns, cases: &Cases) -> Array2<f64> {
        let n_terms = columns.n_terms();
        let empty = || vec![Array2::<f64>::zeros((n_terms, n_terms)); n_terms + 1];
        let tasks = columns.by_task(
            &|block, first, sums: &mut Vec<Array2<f64>>, _| {
                let predictors = block.dot(&ArrayView1::from(&self.coefficients));
                let images = block.dot(&self.inverse);
                let mut scaled = Array2::zeros(block.dim());
                let mut add = |place: usize, factor: &dyn Fn(usize) -> f64| {
                    for (offset, mut scaled) in scaled.outer_iter_mut().enumerate() {
                        let factor = factor(offset);
                        scaled.zip_mut_with(&block.row(offset), |scaled, z| *scaled = factor * z);
                    }
                    general_mat_mul(1.0, &block.t(), &scaled, 1.0, &mut sums[place]);
                };
                let of_row = |offset: usize| {
                    let row = first + offset;
                    (cases.weight(row), Bernoulli::of(cases.outcome(row), predictors[offset]))
                };
                add(n_terms, &|offset| {
                    let (weight, bernoulli) = of_row(offset);
                    let distance = images.row(offset).dot(&block.row(offset));
                    weight * bernoulli.variance * (1.0 - 0.5 * (1.0 - 6.0 * bernoulli.variance) * distance)
                });
                let turned: Vec<f64> = (0..block.nrows())
                    .map(|offset| {
                        let (weight, bernoulli) = of_row(offset);
                        weight * bernoulli.variance * (1.0 - 2.0 * bernoulli.probability)
                    })
                    .collect();
                (0..n_terms).for_each(|term| add(term, &|offset| turned[offset] * block[[offset, term]]));
            },
            &empty,
        );
        let mut sums = tasks.into_iter().fold(empty(), |mut total, task| {
            total.iter_mut().zip(task).for_each(|(total, task)| *total += &task);
            total
        });
        let mut curvature = sums.pop().unwrap_or_else(|| Array2::zeros((n_terms, n_terms)));
        let between: Vec<Array2<f64>> = sums.iter().map(|own| self.inverse.dot(own).dot(&self.inverse)).collect();
        for row in 0..n_terms {
            for column in 0..n_terms {
                curvature[[row, column]] += 0.5 * (&between[row] * &sums[column]).sum();
            }
        }
        (&curvature + &curvature.t()) * 0.5
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
    use crate::stats::random::stream;
    use rand::Rng;
    use rand_distr::StandardNormal;

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

    /// What a step from some estimates would still gain, in squared standard errors: `U' I^-1 U` with Firth's score
    /// `U_r = sum w (y - p) x_r + h (1/2 - p) x_r` and `h = w p (1 - p) x' I^-1 x`, written out as in logistf. Columns are centred
    /// and scaled first, which changes neither.
    fn score_left(features: &Array2<f64>, classes: &[f64], weights: &[f64], estimates: &[f64]) -> f64 {
        let n_terms = estimates.len();
        let mut terms = Array2::ones((features.nrows(), n_terms));
        let mut own = estimates.to_vec();
        for (column, values) in features.columns().into_iter().enumerate() {
            let (mean, std_dev) = (values.mean().expect("rows"), values.std(0.0));
            terms.column_mut(column + 1).assign(&values.mapv(|value| (value - mean) / std_dev));
            own[0] += estimates[column + 1] * mean;
            own[column + 1] = estimates[column + 1] * std_dev;
        }
        let logits = terms.dot(&Array1::from(own));
        // One less, where that is the smaller one, keeps its digits.
        let miss = |row: usize| {
            let margin = if classes[row] > 0.5 { logits[row] } else { -logits[row] };
            1.0 / (1.0 + margin.exp())
        };
        let variance = |row: usize| miss(row) * (1.0 - miss(row));
        let information = Array2::from_shape_fn((n_terms, n_terms), |(one, other)| {
            (0..classes.len())
                .map(|row| weights[row] * variance(row) * terms[[row, one]] * terms[[row, other]])
                .sum::<f64>()
        });
        let solve = |right: Array1<f64>| gauss(information.clone(), right);
        let mut score = Array1::<f64>::zeros(n_terms);
        for row in 0..classes.len() {
            let x = terms.row(row).to_owned();
            let side = if classes[row] > 0.5 { 1.0 } else { -1.0 };
            let leverage = weights[row] * variance(row) * x.dot(&solve(x.clone()));
            // y - p is the miss towards the class, and 1/2 - p is that miss less a half towards the other.
            score.scaled_add(side * (weights[row] * miss(row) + leverage * (miss(row) - 0.5)), &x);
        }
        score.dot(&solve(score.clone()))
    }

    /// Solves by elimination with pivots.
    fn gauss(mut matrix: Array2<f64>, mut right: Array1<f64>) -> Array1<f64> {
        let n = right.len();
        for step in 0..n {
            let pivot =
                (step..n).max_by(|&one, &other| matrix[[one, step]].abs().total_cmp(&matrix[[other, step]].abs()));
            let pivot = pivot.expect("a row");
            for column in 0..n {
                matrix.swap([step, column], [pivot, column]);
            }
            right.swap(step, pivot);
            for row in step + 1..n {
                let share = matrix[[row, step]] / matrix[[step, step]];
                for column in step..n {
                    matrix[[row, column]] -= share * matrix[[step, column]];
                }
                right[row] -= share * right[step];
            }
        }
        for step in (0..n).rev() {
            let known: f64 = (step + 1..n).map(|column| matrix[[step, column]] * right[column]).sum();
            right[step] = (right[step] - known) / matrix[[step, step]];
        }
        right
    }

    /// 300 rows that stand for up to 50 observations each, whose classes two columns tell apart without error: as they are,
    /// nearly collinear, of very unequal scale, and beside a third column.
    #[test]
    fn tables_that_are_apart_along_two_columns_have_their_maximum() {
        for seed in 0..6 {
            let mut random = stream(seed, "tables apart", 0);
            let mut normal = || random.sample::<f64, _>(StandardNormal);
            let drawn = Array2::from_shape_fn((300, 3), |_| normal());
            let weights: Vec<f64> = (0..300).map(|_| f64::from(random.random_range(1..=50))).collect();
            let columns = |of: &dyn Fn(ArrayView1<f64>) -> Vec<f64>| {
                let rows: Vec<Vec<f64>> = drawn.outer_iter().map(of).collect();
                Array2::from_shape_fn((300, rows[0].len()), |(row, column)| rows[row][column])
            };
            let tables = [
                columns(&|row| vec![row[0], row[1]]),
                columns(&|row| vec![row[0], row[0] + 1e-3 * row[1]]),
                columns(&|row| vec![1e-3 * row[0], 1e3 * row[1]]),
                columns(&|row| vec![row[0], row[1], row[2]]),
            ];
            for (table, features) in tables.into_iter().enumerate() {
                let unit = if table == 2 { [1e3, 1e-3] } else { [1.0, 1.0] };
                let classes: Vec<f64> = features
                    .outer_iter()
                    .map(|row| f64::from(u8::from(unit[0] * row[0] + unit[1] * row[1] > 0.0)))
                    .collect();
                let kinded = Weights::new(WeightKind::Frequency, weights.clone()).expect("whole");
                let estimates = estimates(features.clone(), classes.clone(), kinded);
                let left = score_left(&features, &classes, &weights, &estimates);
                assert!(left < 1e-10, "seed {seed}, table {table}: {left:e}");
            }
        }
    }

    #[test]
    fn the_curvature_is_finite_differences_of_the_gradient() {
        let features = Array2::from_shape_fn((40, 2), |(row, column)| wave(row, column));
        let classes = (0..40).map(|row| f64::from(u8::from(wave(row, 2) + features[[row, 0]] > 0.1))).collect();
        let design = DesignMatrix::new(vec!["a".to_owned(), "b".to_owned()], features).expect("finite");
        let outcome = Outcome::binary("y", classes).expect("classes");
        let weights = Weights::new(WeightKind::Frequency, (0..40).map(|row| f64::from(1 + row % 5)).collect());
        let observations = Observations::new(design, outcome).and_then(|own| own.weighted(weights.expect("whole")));
        let observations = observations.expect("one a row");
        let cases = Cases::of(&observations);
        let prepared = prepare(&observations, &cases).expect("two classes");
        let at = |coefficients: Vec<f64>| Penalised::at(&prepared.columns, &cases, coefficients);
        let here = [0.4, -1.2, 0.7];
        let curvature = at(here.to_vec()).curvature(&prepared.columns, &cases);
        let step = 1e-5;
        for term in 0..3 {
            let moved = |by: f64| {
                let mut there = here.to_vec();
                there[term] += by;
                let there = at(there);
                (there.value, there.gradient(&prepared.columns, &cases))
            };
            let (above, below) = (moved(step), moved(-step));
            let slope = (above.0 - below.0) / (2.0 * step);
            assert!((slope - at(here.to_vec()).gradient(&prepared.columns, &cases)[term]).abs() < 1e-6);
            for other in 0..3 {
                let bend = (below.1[other] - above.1[other]) / (2.0 * step);
                assert!((bend - curvature[[term, other]]).abs() < 1e-6, "{term} {other}: {bend} {curvature}");
            }
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
