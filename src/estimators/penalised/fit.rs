//! Settings, the path of penalties, cross-validation and the fitted model.

use super::descent::{MIXING_MIN, SWEEPS_MAX};
use super::folds::Folds;
use super::least_squares::{self, LeastSquares};
use super::log_odds::{self, FoldFailure, LogOdds, STEPS_MAX, columns_of};
use crate::data::{DesignMatrix, Observations};
use crate::estimators::cases::Cases;
use crate::estimators::coefficient::{INTERCEPT, refuse_names_of};
use crate::estimators::columns::Threads;
use crate::estimators::fitted_model::{ModelTerm, Parts};
use crate::estimators::inference::Inference;
use crate::estimators::prepared::Moments;
use crate::estimators::{Family, FitError, FittedModel};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::SecondMoments;
use ndarray::Array1;
use serde::{Deserialize, Serialize};

/// A path ends where this share of the deviance is explained, or, after the first few penalties, where one more gains
/// less than the second share of what is explained (both as glmnet).
const ENOUGH_EXPLAINED: f64 = 0.999;
const GAIN_MIN: f64 = 1e-5;
const PENALTIES_MIN: usize = 5;

/// What is penalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PenalisedFamily {
    /// A number, by least squares.
    #[default]
    Linear,
    /// A class, by its log odds.
    Logistic,
}

/// Which penalty of the path is taken.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LambdaRule {
    /// The one with the smallest loss in cross-validation.
    LambdaMin,
    /// The largest whose loss is within one standard error of the smallest: fewer columns, and no worse as far as the
    /// data can tell.
    #[default]
    OneStandardError,
    /// This one, without cross-validation.
    Fixed(f64),
}

/// Settings of a penalised fit, for prediction.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::penalised::{LambdaRule, Penalised};
/// use ndarray::array;
/// // One standardised column with slope 2: the lasso takes lambda = 1/2 off it.
/// let design = DesignMatrix::new(vec!["x".to_owned()], array![[-1.0], [1.0], [-1.0], [1.0]])?;
/// let outcome = Outcome::numeric("y", array![1.0, 5.0, 1.0, 5.0])?;
/// let settings = Penalised { rule: LambdaRule::Fixed(0.5), ..Penalised::default() };
/// let fit = settings.fit(&Observations::new(design, outcome)?)?;
/// assert!((fit.coefficients()[1].estimate - 1.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Penalised {
    /// What is penalised.
    pub family: PenalisedFamily,
    /// Share of the lasso in the penalty: 0 ridge, 1 lasso.
    pub mixing: f64,
    /// Penalties on the path.
    pub n_lambdas: usize,
    /// The smallest penalty as a share of the largest; by default 0.0001 times the mixing (0.001 at least), or 0.01 times it
    /// where there are fewer rows than columns.
    pub lambda_min_ratio: Option<f64>,
    /// Folds of the cross-validation.
    pub n_folds: usize,
    /// Which penalty is taken.
    pub rule: LambdaRule,
    /// Decides who is in which fold.
    pub seed: u64,
}

impl Default for Penalised {
    fn default() -> Self {
        Self {
            family: PenalisedFamily::default(),
            mixing: 1.0,
            n_lambdas: 100,
            lambda_min_ratio: None,
            n_folds: 10,
            rule: LambdaRule::default(),
            seed: 0,
        }
    }
}

/// A penalised coefficient: an estimate without uncertainty, since what the penalty does to it is not sampling error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PenalisedCoefficient {
    /// The column, or `(intercept)`.
    pub term: String,
    /// Its coefficient in the column's own units; 0 where the penalty keeps it out.
    pub estimate: f64,
}

/// The fit at one penalty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathPoint {
    /// The penalty.
    pub lambda: f64,
    /// Columns that are in.
    pub n_nonzero: usize,
    /// Share of the null deviance explained in the training rows.
    pub deviance_ratio: f64,
    /// The linear predictor where every feature is zero.
    pub intercept: f64,
    /// One coefficient a column, in the columns' own units and order.
    pub estimates: Vec<f64>,
}

/// The loss in rows that were held out, at one penalty: mean squared error, or minus twice the mean log-likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The penalty.
    pub lambda: f64,
    /// Mean over folds, weighted by their rows.
    pub mean: f64,
    /// Its standard error, from how folds differ.
    pub std_error: f64,
}

/// One row about a penalised fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PenalisedSummary {
    /// What is penalised: a linear or a logistic model.
    #[serde(rename = "of")]
    pub family: PenalisedFamily,
    /// The outcome's name.
    pub outcome: String,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    /// Observations that these stand for: the sum of frequency weights, else the rows.
    pub n_observations: usize,
    /// Columns given.
    pub n_features: usize,
    /// Columns that are in.
    pub n_nonzero: usize,
    /// Share of the lasso in the penalty.
    pub mixing: f64,
    /// The penalty taken.
    pub lambda: f64,
    /// The penalty with the smallest loss in cross-validation.
    pub lambda_min: Option<f64>,
    /// The largest penalty within one standard error of it.
    pub lambda_one_std_error: Option<f64>,
    /// Share of the null deviance explained in the training rows.
    pub deviance_ratio: f64,
}

/// A fitted penalised model.
#[derive(Debug, Clone, PartialEq)]
pub struct PenalisedFit {
    coefficients: Vec<PenalisedCoefficient>,
    path: Vec<PathPoint>,
    curve: Vec<CurvePoint>,
    summary: PenalisedSummary,
    findings: Vec<Finding>,
    model: FittedModel,
}

/// A solution in the columns' own units.
pub(super) struct Solution {
    pub(super) lambda: f64,
    pub(super) intercept: f64,
    /// The linear predictor where every feature has its training mean.
    pub(super) at_means: f64,
    pub(super) estimates: Vec<f64>,
    pub(super) deviance_ratio: f64,
}

/// The losses of one fold, one a penalty.
pub(super) struct Held {
    pub(super) weight: f64,
    pub(super) losses: Vec<f64>,
}

impl Penalised {
    /// Minimises `loss + lambda (mixing sum |b| + (1 - mixing) / (2 s) sum b^2)` over coefficients `b` of standardised
    /// columns (divisor: the sum of weights) and an intercept that is not penalised.
    ///
    /// The loss is `sum w (y - a - x' b)^2 / (2 sum w)` and `s` the outcome's standard deviation (linear), or minus the
    /// log-likelihood over `sum w` and one (logistic). This is glmnet's `lambda`; in other units of the outcome the path
    /// is the same. scikit-learn, which has no `s`, agrees on an outcome of standard deviation one. Weights of all kinds
    /// weight rows alike. The path ends at the same penalty for every mixing, lower than glmnet's where ridge prevails.
    ///
    /// Cross-validation keeps the rows of a cluster together. It is the same for any number of threads.
    ///
    /// # Errors
    /// A setting out of its range; an outcome that does not vary or, for the logistic family, is not binary; fewer than
    /// two rows or clusters; a fold outside which there is one class; no convergence.
    ///
    /// # References
    /// Friedman, Hastie and Tibshirani (2010), "Regularization paths for generalized linear models via coordinate
    /// descent", Journal of Statistical Software 33(1).
    pub fn fit(&self, observations: &Observations) -> Result<PenalisedFit, FitError> {
        self.check()?;
        refuse_names_of([INTERCEPT], observations.design().names())?;
        let cases = Cases::of(observations);
        let outcome = observations.outcome();
        let design = observations.design();
        if self.family == PenalisedFamily::Logistic && !outcome.is_binary() {
            return Err(FitError::NotBinary { outcome: outcome.name().to_owned() });
        }
        let moments = Moments::of_enough_rows(observations, &cases)?.all;
        let last = design.n_features();
        if !moments.varies(last) {
            return Err(FitError::ConstantOutcome { outcome: outcome.name().to_owned(), value: moments.means[last] });
        }
        let solutions = self.path(observations, &cases, &moments)?;
        let lambdas: Vec<f64> = solutions.iter().map(|solution| solution.lambda).collect();
        let mut findings = constant_columns(design, &moments);
        let held = match self.rule {
            LambdaRule::Fixed(_) => Vec::new(),
            _ => self.held_out(observations, &cases, &moments, &lambdas, &mut findings)?,
        };
        Ok(self.assembled(observations, &cases, &moments, solutions, &held, findings))
    }

    fn check(&self) -> Result<(), FitError> {
        let setting = |setting: &'static str, value: f64, allowed: &'static str| {
            Err(FitError::Setting { setting, value, allowed })
        };
        if !(0.0..=1.0).contains(&self.mixing) {
            return setting("mixing", self.mixing, "between 0 (ridge) and 1 (lasso)");
        }
        if self.n_lambdas == 0 {
            return setting("n_lambdas", 0.0, "at least 1");
        }
        if let Some(ratio) = self.lambda_min_ratio.filter(|ratio| !(*ratio > 0.0 && *ratio < 1.0)) {
            return setting("lambda_min_ratio", ratio, "between 0 and 1, both left out");
        }
        if self.n_folds < 2 {
            return setting("n_folds", self.n_folds as f64, "at least 2");
        }
        match self.rule {
            LambdaRule::Fixed(lambda) if !(lambda.is_finite() && lambda >= 0.0) => {
                setting("lambda", lambda, "a finite number that is not negative")
            }
            _ => Ok(()),
        }
    }

    /// The penalties from `lambda_max` down, evenly spaced on the logarithmic scale.
    fn lambdas(&self, lambda_max: f64, n_used: usize, n_features: usize) -> Vec<f64> {
        if let LambdaRule::Fixed(lambda) = self.rule {
            return vec![lambda];
        }
        let usual = if n_used < n_features { 0.01 } else { 1e-4 };
        let ratio = self.lambda_min_ratio.unwrap_or(usual * self.mixing.max(MIXING_MIN));
        let steps = (self.n_lambdas - 1).max(1) as f64;
        (0..self.n_lambdas).map(|place| lambda_max * ratio.powf(place as f64 / steps)).collect()
    }

    fn path(
        &self,
        observations: &Observations,
        cases: &Cases,
        moments: &SecondMoments,
    ) -> Result<Vec<Solution>, FitError> {
        let (n_features, n_used) = (observations.design().n_features(), cases.n_used);
        let (mut n_penalties, mut last) = (0, 0.0);
        let enough = |share: f64| {
            n_penalties += 1;
            let gain = share - std::mem::replace(&mut last, share);
            share > ENOUGH_EXPLAINED || (n_penalties > PENALTIES_MIN && gain < GAIN_MIN * share)
        };
        let path = match self.family {
            PenalisedFamily::Linear => {
                let problem = LeastSquares::of(moments);
                let lambdas = self.lambdas(problem.lambda_max(self.mixing), n_used, n_features);
                problem.path(&lambdas, self.mixing, enough)
            }
            PenalisedFamily::Logistic => {
                let columns = columns_of(observations.design().values(), moments, Threads::Pool);
                let spread = moments.weight_sum.sqrt();
                let std_devs: Vec<f64> = (0..n_features).map(|column| moments.scale(column) / spread).collect();
                LogOdds::of(&columns, &std_devs, |row| (cases.weight(row), cases.outcome(row))).and_then(|problem| {
                    let lambdas = self.lambdas(problem.lambda_max(self.mixing), n_used, n_features);
                    problem.path(&lambdas, self.mixing, enough)
                })
            }
        };
        path.ok_or_else(|| self.not_converged(observations))
    }

    fn not_converged(&self, observations: &Observations) -> FitError {
        let iterations = match self.family {
            PenalisedFamily::Linear => SWEEPS_MAX,
            PenalisedFamily::Logistic => STEPS_MAX,
        };
        FitError::NotConverged { outcome: observations.outcome().name().to_owned(), iterations }
    }

    fn held_out(
        &self,
        observations: &Observations,
        cases: &Cases,
        moments: &SecondMoments,
        lambdas: &[f64],
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Held>, FitError> {
        let is_event = |row: usize| self.family == PenalisedFamily::Logistic && cases.outcome(row) > 0.5;
        let (n_rows, clusters) = (observations.n_rows(), observations.clusters());
        let folds = Folds::deal(n_rows, cases, clusters, self.n_folds, self.seed, is_event);
        if folds.n_folds < 2 {
            return Err(FitError::OneCluster);
        }
        findings.extend(fewer_folds(observations.outcome().name(), self.n_folds, folds.n_folds));
        let values = observations.design().values();
        match self.family {
            PenalisedFamily::Linear => least_squares::held_out(values, cases, &folds, lambdas, self.mixing)
                .ok_or_else(|| self.not_converged(observations)),
            PenalisedFamily::Logistic => log_odds::held_out(values, moments, cases, &folds, lambdas, self.mixing)
                .map_err(|failure| match failure {
                    FoldFailure::OneClass { fold } => {
                        let outcome = observations.outcome().name().to_owned();
                        FitError::FoldOfOneClass { outcome, fold: fold + 1, n_folds: folds.n_folds }
                    }
                    FoldFailure::NotFound => self.not_converged(observations),
                }),
        }
    }

    fn assembled(
        &self,
        observations: &Observations,
        cases: &Cases,
        moments: &SecondMoments,
        mut solutions: Vec<Solution>,
        held: &[Held],
        findings: Vec<Finding>,
    ) -> PenalisedFit {
        let lambdas: Vec<f64> = solutions.iter().map(|solution| solution.lambda).collect();
        let curve = curve(&lambdas, held);
        let best = Best::of(&curve);
        let taken = match (self.rule, &best) {
            (LambdaRule::LambdaMin, Some(best)) => best.smallest,
            (LambdaRule::OneStandardError, Some(best)) => best.within_one,
            _ => solutions.len() - 1,
        };
        let path: Vec<PathPoint> = solutions.iter().map(point).collect();
        let chosen = solutions.swap_remove(taken);
        let (design, outcome) = (observations.design(), observations.outcome().name());
        let spread = moments.weight_sum.sqrt();
        let term = |(column, name): (usize, &String)| ModelTerm {
            term: name.clone(),
            estimate: moments.varies(column).then(|| chosen.estimates[column]),
            mean: moments.means[column],
            std_dev: moments.scale(column) / spread,
        };
        let model = FittedModel::from_consistent(Parts {
            levels: Vec::new(),
            thresholds: Vec::new(),
            family: match self.family {
                PenalisedFamily::Linear => Family::Linear,
                PenalisedFamily::Logistic => Family::Logistic,
            },
            outcome: outcome.to_owned(),
            intercept: chosen.intercept,
            at_means: chosen.at_means,
            terms: design.names().iter().enumerate().map(term).collect(),
            covariance: Vec::new(),
        });
        let intercept = PenalisedCoefficient { term: INTERCEPT.to_owned(), estimate: chosen.intercept };
        let slopes = design.names().iter().zip(&chosen.estimates);
        let slopes = slopes.map(|(name, &estimate)| PenalisedCoefficient { term: name.clone(), estimate });
        PenalisedFit {
            coefficients: std::iter::once(intercept).chain(slopes).collect(),
            summary: PenalisedSummary {
                family: self.family,
                outcome: outcome.to_owned(),
                n_rows: observations.n_rows(),
                n_used: cases.n_rows,
                n_observations: cases.n_used,
                n_features: design.n_features(),
                n_nonzero: path[taken].n_nonzero,
                mixing: self.mixing,
                lambda: chosen.lambda,
                lambda_min: best.as_ref().map(|best| lambdas[best.smallest]),
                lambda_one_std_error: best.as_ref().map(|best| lambdas[best.within_one]),
                deviance_ratio: chosen.deviance_ratio,
            },
            path,
            curve,
            findings,
            model,
        }
    }
}

impl PenalisedFit {
    /// The coefficients at the penalty taken, the intercept first.
    pub fn coefficients(&self) -> &[PenalisedCoefficient] {
        &self.coefficients
    }

    /// The fit at every penalty, the largest first.
    pub fn path(&self) -> &[PathPoint] {
        &self.path
    }

    /// The loss in rows held out at every penalty; empty where the penalty was given.
    pub fn curve(&self) -> &[CurvePoint] {
        &self.curve
    }

    /// One row about the fit.
    pub fn summary(&self) -> &PenalisedSummary {
        &self.summary
    }

    /// What a reader must know beside the numbers.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The expected number or the probability of class 1 in every row.
    ///
    /// # Errors
    /// Columns other than those of the fit.
    pub fn predict(&self, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        Inference::predict_by(&self.model, design)
    }

    /// The same of one row; a `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per column of the fit.
    pub fn predict_row(&self, values: &[f64]) -> f64 {
        self.model.predict_row(values)
    }

    /// The model as plain data, without a covariance.
    pub fn model(&self) -> &FittedModel {
        &self.model
    }
}

/// Places on the curve.
struct Best {
    smallest: usize,
    within_one: usize,
}

impl Best {
    fn of(curve: &[CurvePoint]) -> Option<Self> {
        let smallest = (0..curve.len()).min_by(|&left, &right| curve[left].mean.total_cmp(&curve[right].mean))?;
        let ceiling = curve[smallest].mean + curve[smallest].std_error;
        let within_one = curve.iter().position(|point| point.mean <= ceiling).unwrap_or(smallest);
        Some(Self { smallest, within_one })
    }
}

/// Means over folds, weighted by their rows, with `sqrt(weighted variance / (folds - 1))` as their standard errors.
fn curve(lambdas: &[f64], held: &[Held]) -> Vec<CurvePoint> {
    if held.is_empty() {
        return Vec::new();
    }
    let total: f64 = held.iter().map(|fold| fold.weight).sum();
    let point = |(place, &lambda): (usize, &f64)| {
        let mean = held.iter().map(|fold| fold.weight * fold.losses[place]).sum::<f64>() / total;
        let squares = held.iter().map(|fold| fold.weight * (fold.losses[place] - mean).powi(2)).sum::<f64>() / total;
        CurvePoint { lambda, mean, std_error: (squares / (held.len() - 1) as f64).sqrt() }
    };
    lambdas.iter().enumerate().map(point).collect()
}

fn point(solution: &Solution) -> PathPoint {
    PathPoint {
        lambda: solution.lambda,
        n_nonzero: solution.estimates.iter().filter(|estimate| estimate.abs() > 0.0).count(),
        deviance_ratio: solution.deviance_ratio,
        intercept: solution.intercept,
        estimates: solution.estimates.clone(),
    }
}

fn constant_columns(design: &DesignMatrix, moments: &SecondMoments) -> Vec<Finding> {
    let constant = design.names().iter().enumerate().filter(|&(column, _)| !moments.varies(column));
    let finding = constant.map(|(column, name)| {
        let value = moments.means[column];
        let sentence = format!("`{name}` is {value} in every row that counts and is left out.");
        Finding::new(FindingKind::Constant, Severity::Warning, name.clone(), sentence).number("value", value)
    });
    finding.collect()
}

fn fewer_folds(outcome: &str, asked: usize, dealt: usize) -> Option<Finding> {
    (dealt < asked).then(|| {
        let sentence = format!(
            "Cross-validation has {dealt} folds instead of {asked}, as there are no more rows or clusters of them."
        );
        Finding::new(FindingKind::SmallBase, Severity::Note, outcome, sentence).number("n_folds", dealt as f64)
    })
}
