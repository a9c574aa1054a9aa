//! Drivers of a class, such as promoter or repurchase: a pseudo R squared of the logistic model divided over all
//! subsets of the drivers.

use super::DriverError;
use super::analysis::{self, Driver, DriverAnalysis};
use super::bootstrap::{self, Replicates};
use super::lattice::LatticeSums;
use super::method::Method;
use super::quadratic::{self, AtMaximum};
use super::ranking::{DriverFamily, DriverRanking, DriverRow, FitKind, FitMeasure, intervals, ranks, shares};
use super::regression::Regression;
use crate::data::{Observations, WeightKind};
use crate::estimators::Logit;
use crate::estimators::logistic::{LogitState, maximum_likelihood};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::SecondMoments;
use crate::stats::distributions::chi_squared_upper;
use ndarray::{Array1, Array2, Axis, s};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A model is fitted for each of the 2^p subsets: beyond this number it takes minutes.
pub const N_CLASS_DRIVERS_MAX: usize = 14;

/// Rows times subsets times replicates up to which every replicate's models are fitted again: a second or two.
const REFIT_WORK_MAX: usize = 10_000_000;

/// Fewer events than this for each column make a model of a class doubtful.
const EVENTS_PER_COLUMN: f64 = 10.0;

impl DriverAnalysis {
    /// Ranks the drivers of a 0/1 outcome by their parts of a pseudo R squared, `always` columns in every model.
    ///
    /// One logistic model is fitted for every subset, each from its parent's solution; equal rows are fitted once. The
    /// bootstrap fits all models again where that is a matter of seconds, and else follows each log-likelihood to second
    /// order in the weights. A class has no R squared: asked for it, McFadden's is
    /// divided and named.
    ///
    /// # Errors
    /// As [`DriverAnalysis::rank`]; also a method that divides no pseudo R squared, more than
    /// [`N_CLASS_DRIVERS_MAX`] drivers, classes that the columns separate, a fit that does not converge.
    ///
    /// # References
    /// Azen and Traxel (2009), "Using dominance analysis to determine predictor importance in logistic regression",
    /// Journal of Educational and Behavioral Statistics 34(3).
    pub fn rank_classes(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
        measure: FitKind,
    ) -> Result<DriverRanking, DriverError> {
        let measure = if measure == FitKind::RSquared { FitKind::Mcfadden } else { measure };
        if let Some(&method) = self.methods.iter().find(|method| !method.walks_subsets()) {
            return Err(DriverError::NotForClasses { method });
        }
        let limited = Self { n_drivers_max: self.n_drivers_max.min(N_CLASS_DRIVERS_MAX), ..self.clone() };
        limited.check(observations, drivers, always)?;
        // The full model is separated wherever a smaller one is, and its error names the columns.
        Logit { confidence: self.confidence, ..Logit::default() }
            .fit(observations_of(observations, drivers, always)?.as_ref())?;

        let problem = ClassProblem::of(observations, drivers, always);
        let weights = problem.collapsed(&problem.own_weights(observations));
        let models = problem.fit_all(&weights, None).ok_or(DriverError::NotConverged)?;
        let values = problem.values_of(&log_likelihoods(&models), &weights, measure);
        let lattice = LatticeSums::of_values(drivers.len(), &values);
        let method = self.ranking_method();
        let ranking = contributions(&lattice, method);
        let replicates = self.class_replicates(observations, &problem, &models, &weights, measure);

        let intervals = intervals(&replicates, self.confidence);
        let (own_ranks, own_shares) = (ranks(ranking.view()), shares(ranking.view()));
        let full = models.last().ok_or(DriverError::NoDriver)?;
        let (moments, regression) = problem.regression(&weights);
        let regression = regression
            .ok_or_else(|| DriverError::OutcomeConstant { outcome: observations.outcome().name().to_owned() })?;
        let by_method: Vec<(Method, Array1<f64>)> = self
            .methods
            .iter()
            .filter(|method| method.is_scalar())
            .map(|&method| (method, contributions(&lattice, method)))
            .collect();
        let conditional = self.methods.contains(&Method::ConditionalDominance).then(|| lattice.conditional_dominance());
        let mut rows: Vec<DriverRow> = (0..drivers.len())
            .map(|driver| {
                let single = regression.single(driver).map(|place| problem.n_always + place);
                let coefficient = single.map(|column| full.coefficients[column + 1]);
                DriverRow {
                    driver: drivers[driver].name.clone(),
                    rank: own_ranks[driver],
                    contribution: ranking[driver],
                    share: own_shares[driver],
                    sign: coefficient.map(sign),
                    coefficient,
                    correlation: regression.correlation(driver),
                    methods: by_method
                        .iter()
                        .map(|(method, contributions)| (method.key(), contributions[driver]))
                        .collect::<BTreeMap<_, _>>(),
                    conditional_dominance: conditional.as_ref().map(|table| table.row(driver).to_vec()),
                    interval: intervals.get(driver).copied(),
                }
            })
            .collect();
        rows.sort_by_key(|row| row.rank);

        let outcome = observations.outcome().name();
        let decomposed = values.last().copied().unwrap_or(0.0);
        let full_columns = regression.full_model();
        let df = (regression.n_columns() - full_columns.aliased.len()) as f64;
        let without = models[0].log_likelihood;
        let p_value = if df < 0.5 { 1.0 } else { chi_squared_upper(2.0 * (full.log_likelihood - without), df) };
        let mut findings = analysis::column_findings(&moments, &regression, &full_columns, drivers, &problem.layout);
        findings.extend(analysis::suppressors(&rows));
        findings.extend(analysis::weak_link(outcome, decomposed, p_value));
        findings.extend(problem.few_events(outcome));
        findings.extend(analysis::failed(outcome, &replicates));
        Ok(DriverRanking {
            outcome: outcome.to_owned(),
            family: DriverFamily::Logistic,
            method,
            n_rows: observations.n_rows(),
            n_used: analysis::n_used(observations),
            n_clusters: observations.clusters().map(|clusters| clusters.n_clusters()),
            fit: FitMeasure { measure, value: decomposed + problem.value_of_always(&models, &weights, measure) },
            decomposed,
            p_value,
            confidence: self.confidence,
            n_replicates: replicates.contributions.nrows(),
            drivers: rows,
            findings,
        })
    }
}

impl DriverAnalysis {
    /// The bootstrap: every model fitted again where that takes a moment, else followed to second order.
    fn class_replicates(
        &self,
        observations: &Observations,
        problem: &ClassProblem,
        models: &[Model],
        weights: &[f64],
        measure: FitKind,
    ) -> Replicates {
        let method = self.ranking_method();
        let n_drivers = problem.layout.drivers.len();
        if problem.outcome.len() * models.len() * self.replicates <= REFIT_WORK_MAX {
            return bootstrap::replicates(
                observations,
                n_drivers,
                self.replicates,
                self.seed,
                || (),
                |(), weights| {
                    let weights = problem.collapsed(weights);
                    let fitted = problem.fit_all(&weights, Some(models))?;
                    let values = problem.values_of(&log_likelihoods(&fitted), &weights, measure);
                    Some(contributions(&quadratic::lattice_of(&values), method).to_vec())
                },
            );
        }
        let columns: Vec<Vec<f64>> = problem.values.columns().into_iter().map(|column| column.to_vec()).collect();
        let rows = quadratic::Rows { columns: &columns, outcome: &problem.outcome, weights };
        let at_maximum: Vec<AtMaximum<'_>> = models
            .iter()
            .enumerate()
            .map(|(subset, model)| AtMaximum { features: problem.features(subset), coefficients: &model.coefficients })
            .collect();
        quadratic::replicates(
            &bootstrap::resampler(observations, self.seed),
            self.replicates,
            &rows,
            &at_maximum,
            |weights| problem.collapsed(weights),
            |log_likelihoods, weights| {
                let values = problem.values_of(log_likelihoods, weights, measure);
                contributions(&quadratic::lattice_of(&values), method)
            },
        )
    }
}

fn log_likelihoods(models: &[Model]) -> Vec<f64> {
    models.iter().map(|model| model.log_likelihood).collect()
}

fn sign(coefficient: f64) -> i8 {
    if coefficient.abs() <= 1e-12 { 0 } else { coefficient.signum() as i8 }
}

fn contributions(lattice: &LatticeSums, method: Method) -> Array1<f64> {
    match method {
        Method::First => lattice.conditional_dominance().column(0).to_owned(),
        Method::Last => lattice.conditional_dominance().column(lattice.n_drivers() - 1).to_owned(),
        _ => lattice.general_dominance(),
    }
}

/// The observations with just the columns of the analysis, for the check of the full model.
fn observations_of(
    observations: &Observations,
    drivers: &[Driver],
    always: &[usize],
) -> Result<Box<Observations>, DriverError> {
    let columns: Vec<usize> =
        always.iter().copied().chain(drivers.iter().flat_map(|driver| driver.columns.iter().copied())).collect();
    let selected = Observations::new(observations.design().select(&columns), observations.outcome().clone())?
        .weighted(observations.weights().clone())?;
    Ok(Box::new(selected))
}

/// Observations of class 1 that the rows with a weight stand for.
fn events(observations: &Observations) -> f64 {
    let weights = observations.weights();
    let stands_for = |row: usize| match weights.kind() {
        Some(WeightKind::Frequency) => weights.of(row),
        _ => f64::from(u8::from(weights.of(row) > 0.0)),
    };
    observations.outcome().values().iter().enumerate().map(|(row, class)| class * stands_for(row)).sum()
}

/// One subset's maximum.
struct Model {
    log_likelihood: f64,
    /// Intercept and one coefficient per column of the problem; zero for columns that are not in the subset.
    coefficients: Vec<f64>,
}

/// Distinct rows of centred and scaled columns, of the rows that have a weight.
struct ClassProblem {
    values: Array2<f64>,
    outcome: Vec<f64>,
    /// The distinct row of each row of the observations; `None` for a row without weight.
    places: Vec<Option<usize>>,
    layout: super::regression::Layout,
    n_always: usize,
    n_events: f64,
    n_others: f64,
    /// What turns weights into observations: sampling weights are scaled to sum to the rows that count, so that the n of
    /// a pseudo R squared is what it says.
    unit: f64,
}

impl ClassProblem {
    fn of(observations: &Observations, drivers: &[Driver], always: &[usize]) -> Self {
        let (arranged, layout) = analysis::arranged(observations, drivers, always);
        let n_columns = arranged.ncols() - 1;
        let moments = SecondMoments::of_rows(arranged.view(), observations.weights().values());
        let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
        let (mut firsts, mut places) = (Vec::new(), Vec::with_capacity(arranged.nrows()));
        for (row, values) in arranged.outer_iter().enumerate() {
            if observations.weights().of(row) <= 0.0 {
                places.push(None);
                continue;
            }
            let place = *seen.entry(values.iter().map(|value| value.to_bits()).collect()).or_insert_with(|| {
                firsts.push(row);
                firsts.len() - 1
            });
            places.push(Some(place));
        }
        let mut values = arranged.slice(s![.., ..n_columns]).select(Axis(0), &firsts);
        for (column, mut own) in values.axis_iter_mut(Axis(1)).enumerate() {
            let scale = moments.scale(column) / moments.weight_sum.sqrt();
            let mean = moments.means[column];
            own.mapv_inplace(|value| if scale > 0.0 { (value - mean) / scale } else { 0.0 });
        }
        let outcome: Vec<f64> = firsts.iter().map(|&row| arranged[[row, n_columns]]).collect();
        let n_observations = observations.weights().n_observations(observations.n_rows());
        let n_events = events(observations);
        let n_others = n_observations - n_events;
        let unit = match (observations.weights().kind(), observations.weights().values()) {
            (Some(WeightKind::Sampling | WeightKind::Precision), Some(weights)) => {
                n_observations / weights.iter().sum::<f64>()
            }
            _ => 1.0,
        };
        Self { values, outcome, places, layout, n_always: always.len(), n_events, n_others, unit }
    }

    /// The rows' own weights.
    fn own_weights(&self, observations: &Observations) -> Vec<f64> {
        (0..observations.n_rows()).map(|row| observations.weights().of(row)).collect()
    }

    /// Weights of the distinct rows, in the problem's unit.
    fn collapsed(&self, weights: &[f64]) -> Vec<f64> {
        let mut collapsed = vec![0.0; self.outcome.len()];
        for (place, weight) in self.places.iter().zip(weights) {
            if let Some(place) = *place {
                collapsed[place] += weight * self.unit;
            }
        }
        collapsed
    }

    /// Every subset's model, by the subset's bits; `None` where one has no maximum.
    fn fit_all(&self, weights: &[f64], starts: Option<&[Model]>) -> Option<Vec<Model>> {
        let n_drivers = self.layout.drivers.len();
        let empty = self.fit(0, weights, starts.map(|starts| starts[0].coefficients.as_slice()))?;
        let mut models: Vec<Option<Model>> = (0..1_usize << n_drivers).map(|_| None).collect();
        models[0] = Some(empty);
        // Subsets of one size depend only on smaller ones: the parent lacks the last driver.
        for size in 1..=n_drivers {
            let subsets: Vec<usize> =
                (0..1_usize << n_drivers).filter(|subset| subset.count_ones() as usize == size).collect();
            let fitted: Vec<Option<Model>> = subsets
                .par_iter()
                .map(|&subset| {
                    let parent = subset & !(1 << subset.ilog2());
                    let start = match starts {
                        Some(starts) => &starts[subset],
                        None => models[parent].as_ref()?,
                    };
                    self.fit(subset, weights, Some(&start.coefficients))
                })
                .collect();
            for (subset, model) in subsets.into_iter().zip(fitted) {
                models[subset] = Some(model?);
            }
        }
        models.into_iter().collect()
    }

    /// Columns of a subset's model: those always in and those of its drivers.
    fn features(&self, subset: usize) -> Vec<usize> {
        let drivers = self.layout.drivers.iter().enumerate().filter(|(driver, _)| subset >> driver & 1 == 1);
        self.layout.always.iter().chain(drivers.flat_map(|(_, columns)| columns)).copied().collect()
    }

    fn fit(&self, subset: usize, weights: &[f64], start: Option<&[f64]>) -> Option<Model> {
        let n_columns = self.values.ncols();
        let features = self.features(subset);
        let start: Option<Vec<f64>> = start
            .map(|start| std::iter::once(start[0]).chain(features.iter().map(|&feature| start[feature + 1])).collect());
        let solution =
            maximum_likelihood(self.values.view(), &features, &self.outcome, Some(weights), start.as_deref());
        if solution.state != LogitState::Converged {
            return None;
        }
        let mut coefficients = vec![0.0; n_columns + 1];
        coefficients[0] = solution.coefficients[0];
        for (feature, coefficient) in features.iter().zip(&solution.coefficients[1..]) {
            coefficients[feature + 1] = *coefficient;
        }
        Some(Model { log_likelihood: solution.log_likelihood, coefficients })
    }

    fn null(&self, weights: &[f64]) -> (f64, f64) {
        let n: f64 = weights.iter().sum();
        let events: f64 = weights.iter().zip(&self.outcome).map(|(weight, outcome)| weight * outcome).sum();
        let log_likelihood = events * (events / n).ln() + (n - events) * (1.0 - events / n).ln();
        (log_likelihood, n)
    }

    /// Each subset's pseudo R squared above that of the columns that are always in.
    fn values_of(&self, log_likelihoods: &[f64], weights: &[f64], measure: FitKind) -> Vec<f64> {
        let (null, n) = self.null(weights);
        let of = |log_likelihood: f64| pseudo_r_squared(measure, log_likelihood, null, n);
        log_likelihoods.iter().map(|&own| of(own) - of(log_likelihoods[0])).collect()
    }

    fn value_of_always(&self, models: &[Model], weights: &[f64], measure: FitKind) -> f64 {
        let (null, n) = self.null(weights);
        pseudo_r_squared(measure, models[0].log_likelihood, null, n)
    }

    /// The linear moments of the same rows, for what can be said of the columns themselves.
    fn regression(&self, weights: &[f64]) -> (SecondMoments, Option<Regression>) {
        let outcome = Array1::from(self.outcome.clone()).insert_axis(Axis(1));
        let joined = ndarray::concatenate![Axis(1), self.values, outcome];
        let moments = SecondMoments::of_rows(joined.view(), Some(weights));
        let regression = Regression::of(&moments, &self.layout);
        (moments, regression)
    }

    fn few_events(&self, outcome: &str) -> Option<Finding> {
        let n_columns = self.values.ncols() as f64;
        let rarer = self.n_events.min(self.n_others);
        (rarer < EVENTS_PER_COLUMN * n_columns).then(|| {
            let sentence = format!(
                "{rarer} cases of the rarer class for {n_columns} columns are few (10 for each are customary); shares and \
                 ranks may change with the next data"
            );
            Finding::new(FindingKind::FewEvents, Severity::Warning, outcome, sentence)
                .number("n_events", rarer)
                .number("n_columns", n_columns)
        })
    }
}

/// A pseudo R squared from the log-likelihoods of the model and of the intercept alone, over `n` observations.
fn pseudo_r_squared(measure: FitKind, log_likelihood: f64, null: f64, n: f64) -> f64 {
    let cox_snell = || -(2.0 * (null - log_likelihood) / n).exp_m1();
    match measure {
        // `rank_classes` never asks for R squared.
        FitKind::Mcfadden | FitKind::RSquared => 1.0 - log_likelihood / null,
        FitKind::CoxSnell => cox_snell(),
        FitKind::Nagelkerke => cox_snell() / -(2.0 * null / n).exp_m1(),
        FitKind::Estrella => 1.0 - (log_likelihood / null).powf(-2.0 * null / n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DesignMatrix, Outcome};
    use crate::stats::random::stream;
    use rand::Rng;

    /// Three correlated scores on a 0-10 scale and a class that follows the first two.
    fn observations(n_rows: usize) -> Observations {
        let mut random = stream(3, "classes test", 0);
        let mut values = Array2::zeros((n_rows, 3));
        let mut outcome = Array1::zeros(n_rows);
        for row in 0..n_rows {
            let halo: f64 = random.random_range(0.0..4.0);
            for driver in 0..3 {
                values[[row, driver]] = (halo + random.random_range(0.0..6.0)).round();
            }
            let link = 0.5 * (values[[row, 0]] - 5.0) + 0.3 * (values[[row, 1]] - 5.0);
            outcome[row] = f64::from(u8::from(random.random::<f64>() < 1.0 / (1.0 + f64::exp(-link))));
        }
        let names = ["a", "b", "noise"].map(str::to_owned).to_vec();
        let design = DesignMatrix::new(names, values).expect("valid");
        Observations::new(design, Outcome::binary("y", outcome).expect("valid")).expect("valid")
    }

    #[test]
    fn following_to_second_order_agrees_with_fitting_again() {
        let observations = observations(1500);
        let drivers: Vec<Driver> = (0..3).map(|at| Driver::column(["a", "b", "noise"][at], at)).collect();
        let problem = ClassProblem::of(&observations, &drivers, &[]);
        let weights = problem.collapsed(&problem.own_weights(&observations));
        let models = problem.fit_all(&weights, None).expect("a maximum");
        // The same replicates by both routes: the work decides.
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 40, ..Default::default() };
        let refitted = analysis.class_replicates(&observations, &problem, &models, &weights, FitKind::Mcfadden);
        let many = DriverAnalysis { replicates: 4000, ..analysis };
        let followed = many.class_replicates(&observations, &problem, &models, &weights, FitKind::Mcfadden);
        let spread = |driver: usize| {
            let column = refitted.contributions.column(driver);
            let mean = column.sum() / 40.0;
            (column.mapv(|value| (value - mean) * (value - mean)).sum() / 39.0).sqrt()
        };
        for replicate in 0..40 {
            for driver in 0..3 {
                let gap = refitted.contributions[[replicate, driver]] - followed.contributions[[replicate, driver]];
                assert!(gap.abs() < 0.1 * spread(driver).max(1e-3), "{gap} {}", spread(driver));
            }
        }
    }

    #[test]
    fn pseudo_r_squared_by_hand() {
        // n = 100, half events: null = 100 ln .5 = -69.3147; model -50.
        let null = 100.0 * 0.5_f64.ln();
        let of = |measure| pseudo_r_squared(measure, -50.0, null, 100.0);
        assert!((of(FitKind::Mcfadden) - 0.278_652_5).abs() < 1e-6);
        assert!((of(FitKind::CoxSnell) - 0.320_429_5).abs() < 1e-6);
        assert!((of(FitKind::Nagelkerke) - 0.427_239_4).abs() < 1e-6);
        assert!((of(FitKind::Estrella) - 0.364_161_9).abs() < 1e-6);
    }
}
