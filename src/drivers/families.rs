//! Drivers of a class, of ordered levels and of counts: a pseudo R squared divided over all subsets of the drivers.

use super::DriverError;
use super::analysis::{self, Base, Driver, DriverAnalysis, Parts, Plan};
use super::bootstrap::Replicates;
use super::divided::{Beside, Described, Divided};
use super::game::Game;
use super::method::Method;
use super::notices;
use super::overall::{self, OverallTest};
use super::ranking::{self, DriverFamily, DriverRanking, FitKind, FitMeasure};
use super::sampling::SampledValues;
use super::subset_models::{Certainty, ClassWeights, Model, SubsetModels, log_likelihoods};
use super::subset_tree::N_DRIVERS_MAX;
use crate::data::{Observations, Outcome, WeightKind, Weights};
use crate::estimators::{Count, CountDistribution, Logit, Ordinal};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::distributions::{chi_squared_upper, f_upper};
use ndarray::Array1;
use std::collections::BTreeMap;

/// A logistic model is fitted for each of the 2^p subsets: beyond this number it takes minutes.
pub const N_CLASS_DRIVERS_MAX: usize = 14;
/// The same for ordinal models, whose rows cost several times as much.
pub const N_ORDINAL_DRIVERS_MAX: usize = 12;
/// The same for models of counts.
pub const N_COUNT_DRIVERS_MAX: usize = 14;

/// Fewer events than this for each column make a model of a class doubtful.
const EVENTS_PER_COLUMN: f64 = 10.0;
/// A test of overdispersion below this p-value is reported.
const OVERDISPERSED_P: f64 = 0.01;

impl DriverFamily {
    /// The most drivers whose subsets are all fitted.
    pub fn n_drivers_max(self) -> usize {
        match self {
            Self::Linear => N_DRIVERS_MAX,
            Self::Logistic => N_CLASS_DRIVERS_MAX,
            Self::Ordinal => N_ORDINAL_DRIVERS_MAX,
            Self::Count => N_COUNT_DRIVERS_MAX,
        }
    }
}

impl DriverAnalysis {
    /// Ranks the drivers of an outcome of any family: by their parts of R squared if it is linear, where `measure` is not
    /// read, and else of a pseudo R squared.
    ///
    /// # Errors
    /// Those of [`DriverAnalysis::rank`], [`DriverAnalysis::rank_classes`], [`DriverAnalysis::rank_levels`] and
    /// [`DriverAnalysis::rank_counts`].
    pub fn rank_by_family(
        &self,
        family: DriverFamily,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
        measure: FitKind,
    ) -> Result<DriverRanking, DriverError> {
        match family {
            DriverFamily::Linear => self.rank(observations, drivers, always),
            _ => self.rank_by_likelihood(family, observations, drivers, always, measure),
        }
    }

    /// Ranks the drivers of a 0/1 outcome by their parts of a pseudo R squared, `always` columns in every model.
    ///
    /// One logistic model is fitted for every subset, each from its parent's solution; equal rows are fitted once.
    /// Relative weights divide the squared correlation of class and predicted probability instead, and need the model of all
    /// drivers alone, so that any number of them can be weighed. The
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
        self.rank_by_likelihood(DriverFamily::Logistic, observations, drivers, always, measure)
    }

    /// Ranks the drivers of an outcome of three or more ordered levels, such as the 0-10 answer, by their parts of a
    /// pseudo R squared of the cumulative logit with one slope a column (proportional odds).
    ///
    /// All else is as with [`DriverAnalysis::rank_classes`]; the model without drivers has the thresholds alone. Whether
    /// one slope a column is enough says [`Ordinal::proportional_odds`].
    ///
    /// # Errors
    /// As [`DriverAnalysis::rank_classes`]; also an outcome of two values or of more than a hundred, more than
    /// [`N_ORDINAL_DRIVERS_MAX`] drivers, columns that keep levels apart without error.
    ///
    /// # References
    /// Azen and Traxel (2009), as there; McCullagh (1980), "Regression models for ordinal data", JRSS B 42(2).
    pub fn rank_levels(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
        measure: FitKind,
    ) -> Result<DriverRanking, DriverError> {
        self.rank_by_likelihood(DriverFamily::Ordinal, observations, drivers, always, measure)
    }

    /// Ranks the drivers of a count by their parts of a pseudo R squared of the Poisson model, over the exposure where
    /// there is one.
    ///
    /// Shares by McFadden's measure are shares of the Poisson deviance that the drivers take off. The Poisson model is
    /// right for the expectations whatever the variance, so that shares keep their meaning where counts vary more than it
    /// allows; a finding says so then, and the p-value is that of the F test with the dispersion estimated. All else is
    /// as with [`DriverAnalysis::rank_classes`].
    ///
    /// # Errors
    /// As [`DriverAnalysis::rank_classes`]; also an outcome that is no count or always zero, more than
    /// [`N_COUNT_DRIVERS_MAX`] drivers, columns that mark rows whose counts are all zero.
    ///
    /// # References
    /// Cameron and Windmeijer (1996), "R-squared measures for count data regression models with applications to
    /// health-care utilization", Journal of Business and Economic Statistics 14(2); Gourieroux, Monfort and Trognon
    /// (1984), "Pseudo maximum likelihood methods", Econometrica 52(3).
    pub fn rank_counts(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
        measure: FitKind,
    ) -> Result<DriverRanking, DriverError> {
        self.rank_by_likelihood(DriverFamily::Count, observations, drivers, always, measure)
    }

    /// A quick screen of the drivers of an outcome of any family: it is treated as a number (a count over an exposure as
    /// their ratio) and R squared is divided, which takes milliseconds where models of all subsets take minutes. A finding
    /// says that it is a screen.
    ///
    /// # Errors
    /// As [`DriverAnalysis::rank`].
    pub fn screen(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<DriverRanking, DriverError> {
        let outcome = observations.outcome();
        let values = match observations.exposure() {
            Some(exposure) => {
                outcome.values().iter().zip(exposure.values()).map(|(count, exposure)| count / exposure).collect()
            }
            None => outcome.values().to_owned(),
        };
        let mut numeric = Observations::new(observations.design().clone(), Outcome::numeric(outcome.name(), values)?)?
            .weighted(observations.weights().clone())?;
        if let Some(clusters) = observations.clusters() {
            numeric = numeric.clustered(clusters.clone())?;
        }
        let mut ranking = self.rank(&numeric, drivers, always)?;
        ranking.findings.insert(0, notices::screened(outcome.name()));
        Ok(ranking)
    }

    fn rank_by_likelihood(
        &self,
        family: DriverFamily,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
        measure: FitKind,
    ) -> Result<DriverRanking, DriverError> {
        let measure = match measure {
            FitKind::RSquared | FitKind::SquaredCorrelation => FitKind::Mcfadden,
            measure => measure,
        };
        let base = Base::of(observations);
        let plan = self.plan(&base, family, drivers, always)?;
        let checked = self.checked(family, observations, drivers, always)?;

        let problem = SubsetModels::of(family, observations, drivers, always);
        let weights = problem.collapsed(&problem.own_weights(observations));
        let fitted = match plan.sampling {
            None if self.is_of_weights_alone(&plan) => self.weighed(observations, &problem, &weights, &plan),
            None => self.fitted(observations, &problem, &weights, &plan, measure),
            Some(_) => self.sampled(observations, &problem, &weights, &plan, measure),
        };
        let Fitted { game, empty, full, decomposed, sampled, class_weights, beside } =
            fitted.ok_or(DriverError::NotConverged)?;
        let Certainty { replicates, noise, errors } = beside;
        let divided = Divided::of(&game, &self.methods, plan.method, &plan.partition, &sampled)?;

        let intervals = ranking::intervals(replicates.contributions.view(), self.confidence);
        let (moments, regression) = problem.regression(&weights);
        let regression = regression.ok_or_else(|| DriverError::OutcomeConstant { outcome: base.outcome.clone() })?;
        let full_columns = regression.full_model();
        let rows = divided.rows(drivers, &intervals, |driver| {
            let place = drivers[driver].told_by();
            let column = place.map(|place| regression.column(driver, place));
            let coefficient = column.map(|column| problem.slope(&full, column));
            let correlation = place.map(|place| regression.correlation(driver, place));
            // A coefficient that is not identified has the sign of the correlation, as in the linear model.
            let is_aliased = column.is_some_and(|column| full_columns.aliased.contains(&column));
            let signed = if is_aliased { coefficient.and(correlation) } else { coefficient };
            let beside = Beside {
                noise: noise.get(driver).copied(),
                std_error: errors.as_ref().map(|errors| errors.contributions[driver]),
                share_std_error: errors.as_ref().map(|errors| errors.shares[driver]),
            };
            Described { sign: signed.map(sign), coefficient, correlation, beside, ..Described::default() }
        });

        let df = (regression.n_columns() - full_columns.aliased.len()) as f64;
        let gain = 2.0 * (full.log_likelihood - empty.log_likelihood);
        let by_likelihood = |gain: f64| match checked.dispersion {
            _ if df < 0.5 => 1.0,
            None => chi_squared_upper(gain, df),
            Some(dispersion) => f_upper(gain / df / dispersion, df, checked.df_residual),
        };
        let by_units = overall::is_by_units(observations)
            .then(|| problem.scores_without_drivers(observations, &empty, &weights))
            .and_then(|scores| overall::by_signs(&scores));
        let overall = match (by_units, observations.n_clusters_repeated()) {
            (Some(p_value), _) => OverallTest::plain(p_value),
            (None, Some(n_clusters)) => {
                let share = n_clusters as f64 / base.n_observations as f64;
                OverallTest::of_customers(&base.outcome, n_clusters, by_likelihood(gain * share))
            }
            (None, None) => OverallTest::plain(by_likelihood(gain)),
        };
        let OverallTest { p_value, finding: of_test } = overall;
        let mut findings = notices::column_findings(&moments, &regression, &full_columns, drivers, &problem.layout);
        findings.extend(notices::suppressors(&rows));
        findings.extend(notices::weak_link(&base.outcome, decomposed, p_value));
        findings.extend(of_test);
        findings.extend(checked.findings);
        findings.extend(notices::beside_noise(&base.outcome, &rows, 1.0 - self.confidence.level()));
        let by_weights = plan.method == Method::RelativeWeights;
        if plan.sampling.is_some() && !by_weights {
            if self.noise_drivers > 0 || self.jackknife {
                findings.push(notices::no_comparison(&base.outcome, drivers.len()));
            }
            if self.replicates > 0 {
                findings.push(notices::no_intervals(&base.outcome, drivers.len()));
            }
        }
        let fit = match class_weights.filter(|_| by_weights) {
            Some(weights) => FitMeasure { measure: FitKind::SquaredCorrelation, value: weights.r_squared },
            None => FitMeasure { measure, value: decomposed + problem.value_of_always(&empty, &weights, measure) },
        };
        let parts = Parts { family, fit, decomposed, p_value, rows, findings };
        Ok(self.ranking(base, drivers, &plan, &divided, &replicates, parts))
    }

    /// The models of all subsets; `None` where one has no maximum.
    fn fitted<'p>(
        &self,
        observations: &Observations,
        problem: &SubsetModels,
        weights: &[f64],
        plan: &'p Plan,
        measure: FitKind,
    ) -> Option<Fitted<'p>> {
        let mut models = problem.fit_all(weights, None)?;
        let values = problem.values_of(&log_likelihoods(&models), weights, measure);
        let divided = values.last().copied()?;
        let class_weights = self.class_weights(problem, models.last()?, weights);
        let game = with_weights(Game::of_values(values, &plan.partition), class_weights.as_ref());
        let beside = match plan.method {
            Method::RelativeWeights => problem.beside_weights(self, observations, plan, models.last()?, weights),
            _ => self.beside_values(observations, problem, weights, plan, measure, &models, &game)?,
        };
        let (full, empty) = (models.pop()?, models.swap_remove(0));
        let sampled = BTreeMap::new();
        let decomposed = divided_by(plan, class_weights.as_ref(), divided);
        Some(Fitted { game, empty, full, decomposed, sampled, class_weights, beside })
    }

    /// Replicates, comparison with noise and errors of what is divided over all subsets; `None` where the method has no
    /// contributions.
    #[expect(clippy::too_many_arguments, reason = "the models and all that they were fitted to")]
    fn beside_values(
        &self,
        observations: &Observations,
        problem: &SubsetModels,
        weights: &[f64],
        plan: &Plan,
        measure: FitKind,
        models: &[Model],
        game: &Game<'_>,
    ) -> Option<Certainty> {
        let noise = match self.noise_drivers {
            0 => Vec::new(),
            _ => problem.noise_tests(self, observations, plan, models, weights, measure),
        };
        let errors = match self.jackknife {
            true => {
                let own = game.contributions(plan.method)?;
                problem.jackknife(observations, plan, models, weights, measure, &own)
            }
            false => None,
        };
        let replicates = problem.replicates(self, observations, plan, models, weights, measure);
        Some(Certainty { replicates, noise, errors })
    }

    /// Whether nothing but the model of all drivers is needed.
    fn is_of_weights_alone(&self, plan: &Plan) -> bool {
        self.methods.iter().chain([&plan.method]).all(|method| *method == Method::RelativeWeights)
    }

    /// The relative weights of a class, where they are asked for.
    fn class_weights(&self, problem: &SubsetModels, full: &Model, weights: &[f64]) -> Option<ClassWeights> {
        let is_asked = self.methods.contains(&Method::RelativeWeights);
        if is_asked { problem.relative_weights(full, weights) } else { None }
    }

    /// The model of all drivers, which is all that relative weights of a class need, however many drivers there are.
    fn weighed<'p>(
        &self,
        observations: &Observations,
        problem: &SubsetModels,
        weights: &[f64],
        plan: &'p Plan,
    ) -> Option<Fitted<'p>> {
        let all: Vec<usize> = (0..problem.layout.drivers.len()).collect();
        let empty = problem.fit(&[], weights, None)?;
        let full = problem.fit(&all, weights, Some(&empty.parameters))?;
        let class_weights = self.class_weights(problem, &full, weights);
        let unknown = || Array1::zeros(0);
        let game = with_weights(Game::of_ends(unknown(), unknown(), &plan.partition), class_weights.as_ref());
        Some(Fitted {
            game,
            empty,
            decomposed: divided_by(plan, class_weights.as_ref(), 0.0),
            sampled: BTreeMap::new(),
            class_weights,
            beside: problem.beside_weights(self, observations, plan, &full, weights),
            full,
        })
    }

    /// The models along sampled orders, and those of single drivers and of all but one where they are asked for.
    fn sampled<'p>(
        &self,
        observations: &Observations,
        problem: &SubsetModels,
        weights: &[f64],
        plan: &'p Plan,
        measure: FitKind,
    ) -> Option<Fitted<'p>> {
        let n_drivers = problem.layout.drivers.len();
        let empty = problem.fit(&[], weights, None)?;
        let all: Vec<usize> = (0..n_drivers).collect();
        let full = problem.fit(&all, weights, Some(&empty.parameters))?;
        let value = |model: &Model| {
            problem.values_of(&[empty.log_likelihood, model.log_likelihood], weights, measure).last().copied()
        };
        let divided = value(&full)?;
        let lost = |driver: usize| {
            let others: Vec<usize> = all.iter().copied().filter(|&other| other != driver).collect();
            value(&problem.fit(&others, weights, Some(&full.parameters))?)
        };
        let without: Vec<f64> = all.iter().map(|&driver| lost(driver)).collect::<Option<_>>()?;
        let sampled = plan.sample(self.seed, |order| {
            // The largest two models of an order cost as much as half of the others, and are those of many orders.
            let (&last, others) = order.split_last()?;
            let models = (1..others.len()).scan(empty.parameters.clone(), |start, n_first| {
                let model = problem.fit(&others[..n_first], weights, Some(start));
                Some(model.and_then(|model| {
                    start.clone_from(&model.parameters);
                    value(&model)
                }))
            });
            models.chain([Some(without[last]), Some(divided)]).collect()
        })?;
        let (mut first, mut last) = (Array1::zeros(0), Array1::zeros(0));
        if plan.sampled.contains(&Method::First) {
            let alone = |driver| value(&problem.fit(&[driver], weights, Some(&empty.parameters))?);
            first = (0..n_drivers).map(alone).collect::<Option<_>>()?;
        }
        if plan.sampled.contains(&Method::Last) {
            last = without.iter().map(|without| divided - without).collect();
        }
        let class_weights = self.class_weights(problem, &full, weights);
        let game = with_weights(Game::of_ends(first, last, &plan.partition), class_weights.as_ref());
        let beside = match plan.method {
            Method::RelativeWeights => problem.beside_weights(self, observations, plan, &full, weights),
            _ => Certainty { replicates: Replicates::none(n_drivers), noise: Vec::new(), errors: None },
        };
        let decomposed = divided_by(plan, class_weights.as_ref(), divided);
        Some(Fitted { game, empty, full, decomposed, sampled, class_weights, beside })
    }

    /// The estimator's own fit of all columns: it is separated wherever a smaller model is, and its error names the
    /// columns.
    fn checked(
        &self,
        family: DriverFamily,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<Checked, DriverError> {
        let modelled = in_observations(observations.with_features(&analysis::sources(drivers, always)))?;
        let few = |findings: &[Finding]| -> Vec<Finding> {
            findings.iter().filter(|finding| finding.kind == FindingKind::FewEvents).cloned().collect()
        };
        let confidence = self.confidence;
        Ok(match family {
            DriverFamily::Logistic => {
                Logit { confidence, ..Logit::default() }.fit(&modelled)?;
                Checked { findings: few_events(&modelled).into_iter().collect(), ..Checked::default() }
            }
            DriverFamily::Ordinal => {
                let fit = Ordinal { confidence, ..Ordinal::default() }.fit(&modelled)?;
                Checked { findings: few(fit.findings()), ..Checked::default() }
            }
            DriverFamily::Count | DriverFamily::Linear => {
                let distribution = CountDistribution::Poisson;
                let fit = Count { distribution, confidence, ..Count::default() }.fit(&modelled)?;
                let dispersion = fit.summary().count.as_ref().map_or(1.0, |count| count.dispersion);
                let tests = fit.overdispersion();
                let p_value = tests.linear.p_value.min(tests.quadratic.p_value);
                let dispersion = Some(dispersion).filter(|&value| p_value < OVERDISPERSED_P && value > 1.0);
                let mut findings = few(fit.findings());
                findings.extend(dispersion.map(|value| overdispersed(observations.outcome().name(), value, p_value)));
                Checked { findings, dispersion, df_residual: fit.summary().df_residual as f64 }
            }
        })
    }
}

/// The rows with precision weights of mean 1, as the likelihood that is divided has them: what a fit says of classes and counts would
/// else go by the unit of the weights, which mean something in proportion only.
fn in_observations(observations: Observations) -> Result<Observations, DriverError> {
    let weights = observations.weights();
    let scaled = match (weights.kind(), weights.values()) {
        (Some(WeightKind::Precision), Some(values)) => {
            let unit = weights.n_observations(observations.n_rows()) / values.iter().sum::<f64>();
            Weights::new(WeightKind::Precision, values.iter().map(|weight| unit * weight).collect())?
        }
        _ => return Ok(observations),
    };
    Ok(observations.weighted(scaled)?)
}

/// Models of subsets of the drivers, and what follows from them.
struct Fitted<'p> {
    game: Game<'p>,
    /// The model of what is always in.
    empty: Model,
    full: Model,
    /// What the drivers add to the fit.
    decomposed: f64,
    sampled: BTreeMap<Method, SampledValues>,
    /// Relative weights of a class, where they are asked for.
    class_weights: Option<ClassWeights>,
    /// How sure the ranking method's contributions are.
    beside: Certainty,
}

fn with_weights<'p>(game: Game<'p>, weights: Option<&ClassWeights>) -> Game<'p> {
    game.with_relative_weights(weights.map(|weights| weights.contributions.clone()))
}

/// What the ranking method divides: a gain in the pseudo R squared, or what relative weights add up to.
fn divided_by(plan: &Plan, weights: Option<&ClassWeights>, gain: f64) -> f64 {
    match weights.filter(|_| plan.method == Method::RelativeWeights) {
        Some(weights) => weights.contributions.sum(),
        None => gain,
    }
}

/// What the fit of all columns says.
#[derive(Default)]
struct Checked {
    findings: Vec<Finding>,
    /// Times as much that counts vary as a Poisson model allows, where that is beyond chance.
    dispersion: Option<f64>,
    df_residual: f64,
}

fn sign(coefficient: f64) -> i8 {
    if coefficient.abs() <= 1e-12 { 0 } else { coefficient.signum() as i8 }
}

fn overdispersed(outcome: &str, dispersion: f64, p_value: f64) -> Finding {
    let sentence = format!(
        "{outcome} varies {dispersion:.1} times as much as a Poisson model allows; shares are of the Poisson deviance, and \
         the test of the link allows for it"
    );
    Finding::new(FindingKind::Unreliable, Severity::Note, outcome, sentence)
        .number("dispersion", dispersion)
        .number("p_value", p_value)
}

fn few_events(observations: &Observations) -> Option<Finding> {
    let n_columns = observations.design().n_features() as f64;
    let n_events = events(observations);
    let rarer = n_events.min(observations.weights().n_observations(observations.n_rows()) - n_events);
    (rarer < EVENTS_PER_COLUMN * n_columns).then(|| {
        let columns = if n_columns < 1.5 { "column" } else { "columns" };
        let sentence = format!(
            "{rarer} cases of the rarer class for {n_columns} {columns} are few (10 for each are customary); shares and ranks \
             may change with the next data"
        );
        Finding::new(FindingKind::FewEvents, Severity::Warning, observations.outcome().name(), sentence)
            .number("n_events", rarer)
            .number("n_columns", n_columns)
    })
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
