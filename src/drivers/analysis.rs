//! One driver analysis: from checked observations to ranked drivers with uncertainty and findings.

use super::DriverError;
use super::bootstrap::{self, Replicates};
use super::divided::{Beside, Described, Divided};
use super::game::Game;
use super::groups::{DriverGroup, Partition};
use super::jackknife::{self, JackknifeErrors};
use super::method::Method;
use super::noise::{self, Noise};
use super::notices;
use super::overall::{self, OverallTest};
use super::ranking::{self, DrawnContributions, DriverFamily, DriverRanking, FitKind, FitMeasure};
use super::regression::{FullModel, Layout, Regression};
use super::sampling::{self, Orders, REPLICATE_SAMPLING, SampledValues, Sampling};
use crate::data::Observations;
use crate::stats::{Confidence, SecondMoments};
use ndarray::{Array1, Array2, s};
use std::collections::BTreeMap;

/// Exact analysis of more drivers than this must be asked for.
pub const N_DRIVERS_DEFAULT_MAX: usize = 28;

/// Methods that keep something of every subset take 16 bytes for each: 256 MB for so many drivers.
pub const N_KEPT_DRIVERS_MAX: usize = 24;

/// Of more drivers than this, contributions that are computed hundreds of times are means over sampled orders.
const N_REPEATED_MAX: usize = 21;
/// Of more drivers than this, methods that keep something of every subset are not computed hundreds of times.
const N_KEPT_REPEATED_MAX: usize = 16;

/// Settings of a linear driver analysis.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::drivers::{Driver, DriverAnalysis};
/// use ndarray::array;
///
/// // Orthogonal drivers: the outcome is 2 a + b, so a carries 4 / 5 of the variation and b 1 / 5.
/// let values = array![[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0], [0.0, 0.0]];
/// let outcome = array![-3.0, -1.0, 1.0, 3.0, 0.0];
/// let design = DesignMatrix::new(vec!["a".into(), "b".into()], values)?;
/// let observations = Observations::new(design, Outcome::numeric("y", outcome)?)?;
/// let drivers = [Driver::column("a", 0), Driver::column("b", 1)];
/// let ranking = DriverAnalysis { replicates: 0, ..Default::default() }.rank(&observations, &drivers, &[])?;
/// assert_eq!(ranking.drivers[0].driver, "a");
/// assert!((ranking.drivers[0].share - 0.8).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DriverAnalysis {
    /// Methods to compute; the first scalar one ranks.
    pub methods: Vec<Method>,
    /// Drivers that belong together, for Owen values; a driver of no group is a group of its own.
    pub groups: Vec<DriverGroup>,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Bootstrap replicates; 0 for none.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Of more drivers than this, and of more than [`N_DRIVERS_MAX`](super::N_DRIVERS_MAX) in any case, not all subsets are walked.
    pub n_drivers_max: usize,
    /// When to stop sampling orders of more drivers than that, for Shapley and Owen values; `None` refuses them, as other
    /// methods that walk all subsets do in any case.
    pub sampling: Option<Sampling>,
    /// Noise drivers that each driver is compared with, for a p-value that it is more than noise; 0 for none.
    pub noise_drivers: usize,
    /// Whether contributions and shares get standard errors by the infinitesimal jackknife.
    pub jackknife: bool,
}

impl Default for DriverAnalysis {
    fn default() -> Self {
        Self {
            methods: vec![Method::Shapley, Method::RelativeWeights],
            groups: Vec::new(),
            confidence: Confidence::default(),
            replicates: 1000,
            seed: 1,
            n_drivers_max: N_DRIVERS_DEFAULT_MAX,
            sampling: Some(Sampling::default()),
            noise_drivers: 0,
            jackknife: false,
        }
    }
}

/// A driver and its columns of the design matrix, which enter and leave the model together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// Its name.
    pub name: String,
    /// Places of its columns.
    pub columns: Vec<usize>,
    /// The place of the column that holds its values, where the others only mark its gaps: that one tells which way it goes. `None`
    /// for columns that tell it together, such as categories.
    pub value: Option<usize>,
}

impl Driver {
    /// A driver of one column.
    pub fn column(name: impl Into<String>, column: usize) -> Self {
        Self { name: name.into(), columns: vec![column], value: Some(column) }
    }

    /// A driver of several columns of which none alone tells which way it goes.
    pub fn block(name: impl Into<String>, columns: Vec<usize>) -> Self {
        Self { name: name.into(), columns, value: None }
    }

    /// The place, among its own columns, of the one that tells which way it goes.
    pub(super) fn told_by(&self) -> Option<usize> {
        match self.columns[..] {
            [_] => Some(0),
            _ => self.columns.iter().position(|&column| Some(column) == self.value),
        }
    }
}

impl DriverAnalysis {
    /// Ranks the drivers of a numeric outcome by their parts of R squared, with `always` columns partialled out.
    ///
    /// The bootstrap draws clusters where there are any (customers with several answers), else rows.
    ///
    /// # Errors
    /// No driver, too many for the methods, a method that does not take drivers of several columns, a group that is none,
    /// an outcome that does not vary, fewer rows than the model has terms.
    pub fn rank(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<DriverRanking, DriverError> {
        let base = Base::of(observations);
        let plan = self.plan(&base, DriverFamily::Linear, drivers, always)?;
        let (values, layout) = arranged(observations, drivers, always);
        let moments = SecondMoments::of_rows(values.view(), observations.weights().values());
        let regression = regression(&base.outcome, &moments, &layout)?;
        let overall = overall::of_rows(observations, drivers, always, &regression);
        let centred = &values - &moments.means;
        let n_drivers = drivers.len();
        let analyse =
            |moments: &SecondMoments| plan.contributions_of(moments, &layout, self.seed).map(|own| own.to_vec());
        let replicates = bootstrap::replicates_of_moments(
            observations,
            centred.view(),
            n_drivers,
            self.replicates,
            self.seed,
            analyse,
        );
        let repeated = plan.for_repeats();
        let errors = match (self.jackknife, &repeated) {
            (true, Some(plan)) => jackknife::errors(observations, centred.view(), &moments, &layout, plan, self.seed),
            _ => None,
        };
        let noise = Some(Noise::of_rows(observations, centred.view()));
        let explained = Explained { moments: &moments, regression: &regression, overall, replicates, noise, errors };
        self.linear_ranking(base, drivers, &layout, &plan, explained)
    }

    /// The ranking that follows from moments.
    pub(super) fn linear_ranking(
        &self,
        base: Base,
        drivers: &[Driver],
        layout: &Layout,
        plan: &Plan,
        explained: Explained<'_>,
    ) -> Result<DriverRanking, DriverError> {
        let Explained { moments, regression, overall, replicates, noise, errors } = explained;
        let OverallTest { p_value, finding: of_test } = overall;
        let full = regression.full_model();
        let game = Game::of_regression(regression, &plan.partition);
        let sampled = plan.sample(self.seed, |order| Some(regression.explained_along(order)));
        let divided = Divided::of(&game, &self.methods, plan.method, &plan.partition, &sampled.unwrap_or_default())?;
        let outcome_scale = moments.scale(moments.n_columns() - 1);
        let intervals = ranking::intervals(replicates.contributions.view(), self.confidence);
        let noise = match (noise, plan.for_repeats()) {
            (Some(noise), Some(plan)) if self.noise_drivers > 0 => {
                noise::tests(&noise, moments, layout, &plan, self.noise_drivers, self.seed)
            }
            _ => Vec::new(),
        };
        let rows = divided.rows(drivers, &intervals, |driver| {
            let beside = Beside {
                noise: noise.get(driver).copied(),
                std_error: errors.as_ref().map(|errors| errors.contributions[driver]),
                share_std_error: errors.as_ref().map(|errors| errors.shares[driver]),
            };
            let Some(place) = drivers[driver].told_by() else { return Described { beside, ..Described::default() } };
            let column = regression.column(driver, place);
            let correlation = regression.correlation(driver, place);
            Described {
                sign: Some(sign(&full, column, correlation)),
                coefficient: Some(full.coefficients[column]),
                correlation: Some(correlation),
                units: outcome_scale / moments.scale(layout.drivers[driver][place]),
                beside,
            }
        });

        let decomposed = full.r_squared - regression.explained_always();
        let outcome = base.outcome.as_str();
        let mut findings = notices::column_findings(moments, regression, &full, drivers, layout);
        if regression.explained_always() < 1.0 {
            findings.extend(notices::perfect_fit(outcome, full.r_squared, &rows));
        }
        findings.extend(notices::suppressors(&rows));
        findings.extend(notices::weak_link(outcome, decomposed, p_value));
        findings.extend(of_test);
        findings.extend(notices::beside_noise(outcome, &rows, 1.0 - self.confidence.level()));
        if (self.noise_drivers > 0 || self.jackknife) && plan.for_repeats().is_none() {
            findings.push(notices::not_repeated(outcome, plan.method));
        }
        findings.extend(notices::small_base(outcome, base.n_observations, drivers.len() + layout.always.len()));
        let fit = FitMeasure { measure: FitKind::RSquared, value: full.r_squared };
        let parts = Parts { family: DriverFamily::Linear, fit, decomposed, p_value, rows, findings };
        Ok(self.ranking(base, drivers, plan, &divided, &replicates, parts))
    }

    /// Puts a ranking together.
    pub(super) fn ranking(
        &self,
        base: Base,
        drivers: &[Driver],
        plan: &Plan,
        divided: &Divided,
        replicates: &Replicates,
        parts: Parts,
    ) -> DriverRanking {
        let Parts { family, fit, decomposed, p_value, rows, mut findings } = parts;
        findings.extend(notices::sampled(&base.outcome, plan.method, divided.sampled.as_ref()));
        findings.extend(notices::failed(&base.outcome, replicates));
        findings.extend(notices::few_clusters(&base));
        findings.extend(notices::few_replicates(&base.outcome, replicates.contributions.nrows(), self.confidence));
        let own_ranks = ranking::ranks(divided.ranking.view());
        let mut order: Vec<usize> = (0..drivers.len()).collect();
        order.sort_by_key(|&driver| own_ranks[driver]);
        let outranks = ranking::outranks(replicates.contributions.view(), &order);
        let names: Vec<&str> = rows.iter().map(|row| row.driver.as_str()).collect();
        let indistinct = ranking::indistinct(&outranks, &names, self.confidence);
        let by_owen = (plan.method == Method::Owen).then(|| replicates.contributions.view());
        let intervals = |table: ndarray::ArrayView2<'_, f64>| ranking::intervals(table, self.confidence);
        DriverRanking {
            outcome: base.outcome,
            family,
            method: plan.method,
            n_rows: base.n_rows,
            n_used: base.n_used,
            n_observations: base.n_observations,
            n_clusters: base.n_clusters,
            fit,
            decomposed,
            p_value,
            confidence: self.confidence,
            n_replicates: replicates.contributions.nrows(),
            groups: divided.group_rows(&plan.partition, drivers, intervals, by_owen),
            outranks,
            indistinct,
            sampled: divided.sampled,
            drivers: rows,
            findings,
            drawn: DrawnContributions {
                seed: self.seed,
                numbers: replicates.numbers.clone(),
                drivers: drivers.iter().map(|driver| driver.name.clone()).collect(),
                contributions: replicates.contributions.clone(),
            },
        }
    }

    /// The first method that gives each driver one number; the Shapley value where none does.
    pub(super) fn ranking_method(&self) -> Method {
        self.methods.iter().copied().find(|method| method.is_scalar()).unwrap_or(Method::Shapley)
    }

    /// What is asked for, checked: which methods are exact and which are sampled.
    pub(super) fn plan(
        &self,
        base: &Base,
        family: DriverFamily,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<Plan, DriverError> {
        if drivers.is_empty() {
            return Err(DriverError::NoDriver);
        }
        let is_linear = family == DriverFamily::Linear;
        if let Some(&method) = self.methods.iter().find(|method| !method.divides(family)) {
            return Err(DriverError::NotForClasses { method });
        }
        if let Some(driver) = drivers.iter().find(|driver| driver.columns.len() != 1)
            && let Some(&method) = self.methods.iter().find(|method| !method.takes_blocks())
        {
            return Err(DriverError::SeveralColumns { driver: driver.name.clone(), method });
        }
        let partition = Partition::of(&self.groups, drivers)?;
        let (n_drivers, n_drivers_max) = (drivers.len(), self.n_drivers_max.min(family.n_drivers_max()));
        let mut plan = Plan { method: self.ranking_method(), partition, sampled: Vec::new(), sampling: None };
        for &method in self.methods.iter().chain([&plan.method]) {
            let (n_walked, n_walked_max) = match method {
                // They follow from the model of all drivers.
                Method::RelativeWeights => continue,
                // Every other family fits the models of all subsets for any other method.
                _ if !is_linear => (n_drivers, n_drivers_max),
                Method::Owen => (plan.partition.n_walked(), n_drivers_max),
                _ if method.keeps_subsets() => (n_drivers, n_drivers_max.min(N_KEPT_DRIVERS_MAX)),
                _ if method.walks_subsets() => (n_drivers, n_drivers_max),
                _ => continue,
            };
            if n_walked <= n_walked_max {
                continue;
            }
            let can_be_sampled = match method {
                Method::Shapley | Method::Owen => true,
                // They are looked at directly.
                Method::First | Method::Last => !is_linear,
                _ => false,
            };
            if self.sampling.is_none() || !can_be_sampled {
                return Err(DriverError::TooMany { method, n_drivers, n_drivers_max: n_walked_max });
            }
            plan.sampled.push(method);
            plan.sampling = self.sampling;
        }
        let n_columns = drivers.iter().map(|driver| driver.columns.len()).sum::<usize>() + always.len();
        if base.n_observations < n_columns + 2 {
            return Err(DriverError::TooFewRows { n_used: base.n_observations, n_columns });
        }
        Ok(plan)
    }

    /// Every replicate's contributions, from the moments that its weights give; `None` where they give none.
    pub(super) fn moment_replicates(
        &self,
        answered: &Observations,
        layout: &Layout,
        plan: &Plan,
        moments: impl Fn(&[f64]) -> Option<SecondMoments> + Sync,
    ) -> Replicates {
        bootstrap::replicates(
            answered,
            layout.drivers.len(),
            self.replicates,
            self.seed,
            || (),
            |(), weights| Some(plan.contributions_of(&moments(weights)?, layout, self.seed)?.to_vec()),
        )
    }
}

/// What is asked for, and how it is to be had.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The method that ranks.
    pub method: Method,
    pub partition: Partition,
    /// Methods whose subsets are too many to be walked.
    pub sampled: Vec<Method>,
    /// How to sample, where any are.
    pub sampling: Option<Sampling>,
}

impl Plan {
    fn orders(&self, method: Method) -> Orders<'_> {
        match method {
            Method::Owen => Orders::OfGroups(&self.partition),
            _ => Orders::OfDrivers(self.partition.n_drivers()),
        }
    }

    /// The plan by which contributions are computed hundreds of times: orders of many drivers are sampled then. `None` where
    /// the method takes too long for that.
    pub fn for_repeats(&self) -> Option<Self> {
        let n_walked = match self.method {
            Method::Owen => self.partition.n_walked(),
            _ => self.partition.n_drivers(),
        };
        let mut plan = self.clone();
        match self.method {
            Method::Pmvd if n_walked > N_KEPT_REPEATED_MAX => return None,
            Method::Shapley | Method::Owen if n_walked > N_REPEATED_MAX && !plan.sampled.contains(&self.method) => {
                plan.sampled.push(self.method);
            }
            _ => (),
        }
        Some(plan)
    }

    /// The plan with one more driver, in a group of its own, at the end.
    pub fn with_another(&self) -> Self {
        let mut plan = self.clone();
        plan.partition.members.push(vec![self.partition.n_drivers()]);
        plan.partition.names.push(String::new());
        plan
    }

    /// The values that are sampled; `None` where a model could not be fitted.
    pub fn sample(
        &self,
        seed: u64,
        explained_along: impl Fn(&[usize]) -> Option<Vec<f64>> + Sync,
    ) -> Option<BTreeMap<Method, SampledValues>> {
        let Some(sampling) = self.sampling else { return Some(BTreeMap::new()) };
        let orders = self.sampled.iter().filter(|method| matches!(method, Method::Shapley | Method::Owen));
        orders
            .map(|&method| Some((method, sampling::sample(self.orders(method), sampling, seed, &explained_along)?)))
            .collect()
    }

    /// What the ranking method gives the drivers by other moments, such as a replicate's; `None` where they allow no fit.
    pub fn contributions_of(&self, moments: &SecondMoments, layout: &Layout, seed: u64) -> Option<Array1<f64>> {
        let regression = &Regression::of(moments, layout)?;
        if self.sampled.contains(&self.method) {
            let along = |order: &[usize]| Some(regression.explained_along(order));
            let sampled = sampling::sample(self.orders(self.method), REPLICATE_SAMPLING, seed, along)?;
            return Some(sampled.contributions);
        }
        Game::of_regression(regression, &self.partition).contributions(self.method)
    }
}

/// What an analysis rests on.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub outcome: String,
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    pub n_clusters: Option<usize>,
    /// Observations that the rows stand for: those with a positive weight, or, for frequency weights, their sum.
    pub n_observations: usize,
}

impl Base {
    pub fn of(observations: &Observations) -> Self {
        let weights = observations.weights();
        Self {
            outcome: observations.outcome().name().to_owned(),
            n_rows: observations.n_rows(),
            n_used: match weights.values() {
                None => observations.n_rows(),
                Some(values) => values.iter().filter(|&&weight| weight > 0.0).count(),
            },
            n_clusters: observations.clusters().map(|clusters| clusters.n_clusters()),
            n_observations: weights.n_observations(observations.n_rows()) as usize,
        }
    }
}

/// What families find out each in their own way.
pub(super) struct Parts {
    pub family: DriverFamily,
    pub fit: FitMeasure,
    pub decomposed: f64,
    pub p_value: f64,
    pub rows: Vec<ranking::DriverRow>,
    pub findings: Vec<crate::findings::Finding>,
}

/// What a linear ranking is made of.
pub(super) struct Explained<'a> {
    pub moments: &'a SecondMoments,
    pub regression: &'a Regression,
    /// The test that no driver goes with the outcome.
    pub overall: OverallTest,
    pub replicates: Replicates,
    /// How noise drivers are made, where they can be.
    pub noise: Option<Noise<'a>>,
    pub errors: Option<JackknifeErrors>,
}

/// The regression behind some moments.
pub(super) fn regression(outcome: &str, moments: &SecondMoments, layout: &Layout) -> Result<Regression, DriverError> {
    Regression::of(moments, layout).ok_or_else(|| DriverError::OutcomeConstant { outcome: outcome.to_owned() })
}

/// The columns in the order of the analysis: always, drivers, outcome.
pub(super) fn arranged(observations: &Observations, drivers: &[Driver], always: &[usize]) -> (Array2<f64>, Layout) {
    let sources = sources(drivers, always);
    let design = observations.design().values();
    let mut values = Array2::zeros((observations.n_rows(), sources.len() + 1));
    for (place, &source) in sources.iter().enumerate() {
        values.column_mut(place).assign(&design.column(source));
    }
    values.slice_mut(s![.., -1]).assign(&observations.outcome().values());
    (values, layout_of(drivers, always))
}

/// Columns of an analysis in its order: always, then driver after driver.
pub(super) fn sources(drivers: &[Driver], always: &[usize]) -> Vec<usize> {
    always.iter().copied().chain(drivers.iter().flat_map(|driver| driver.columns.iter().copied())).collect()
}

/// Where each of [`sources`] stands.
pub(super) fn layout_of(drivers: &[Driver], always: &[usize]) -> Layout {
    let mut next = always.len();
    let places = drivers.iter().map(|driver| {
        let start = next;
        next += driver.columns.len();
        (start..next).collect()
    });
    Layout { drivers: places.collect(), always: (0..always.len()).collect() }
}

/// The coefficient's sign; that of the correlation where the coefficient is not identified.
fn sign(full: &FullModel, column: usize, correlation: f64) -> i8 {
    let value = if full.aliased.contains(&column) { correlation } else { full.coefficients[column] };
    if value.abs() <= 1e-12 { 0 } else { value.signum() as i8 }
}
