//! One driver analysis: from checked observations to ranked drivers with uncertainty and findings.

use super::DriverError;
use super::bootstrap::{self, Replicates};
use super::method::Method;
use super::ranking::{DriverFamily, DriverRanking, DriverRow, FitKind, FitMeasure, intervals, ranks, shares};
use super::regression::{FullModel, Layout, Regression};
use super::subset_tree::N_DRIVERS_MAX;
use crate::data::Observations;
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::distributions::f_upper;
use crate::stats::{Confidence, SecondMoments};
use ndarray::{Array1, Array2, s};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Exact analysis of more drivers than this must be asked for.
pub const N_DRIVERS_DEFAULT_MAX: usize = 28;

/// Below this share of explained variation a link is called weak, significant or not.
const WEAK: f64 = 0.02;

/// Variance inflation above which a driver's part can hardly be told from the others'.
const INFLATED: f64 = 10.0;

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
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Bootstrap replicates; 0 for none.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// More drivers than this, and more than [`N_DRIVERS_MAX`] in any case, are refused for methods that walk all
    /// subsets.
    pub n_drivers_max: usize,
}

impl Default for DriverAnalysis {
    fn default() -> Self {
        Self {
            methods: vec![Method::Shapley, Method::RelativeWeights],
            confidence: Confidence::default(),
            replicates: 1000,
            seed: 1,
            n_drivers_max: N_DRIVERS_DEFAULT_MAX,
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
}

impl Driver {
    /// A driver of one column.
    pub fn column(name: impl Into<String>, column: usize) -> Self {
        Self { name: name.into(), columns: vec![column] }
    }
}

impl DriverAnalysis {
    /// Ranks the drivers of a numeric outcome by their parts of R squared, with `always` columns partialled out.
    ///
    /// The bootstrap draws clusters where there are any (customers with several answers), else rows.
    ///
    /// # Errors
    /// No driver, too many for the methods, a method that does not take drivers of several columns, an outcome that
    /// does not vary, fewer rows than the model has terms.
    pub fn rank(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<DriverRanking, DriverError> {
        self.check(observations, drivers, always)?;
        let (values, layout) = arranged(observations, drivers, always);
        let moments = SecondMoments::of_rows(values.view(), observations.weights().values());
        let regression = regression(observations, &moments, &layout)?;
        let p_value = overall_p_value(n_observations(observations) as f64, &regression, &regression.full_model());
        let centred = if self.replicates > 0 { &values - &moments.means } else { Array2::zeros((0, values.ncols())) };
        let replicates = self.moment_replicates(observations, &layout, |weights| {
            Some(SecondMoments::of_centred_rows(centred.view(), weights))
        });
        let explained = Explained { moments: &moments, regression: &regression, p_value, replicates };
        self.linear_ranking(observations, drivers, &layout, explained)
    }

    /// The ranking that follows from moments; `answered` has the outcome and which rows count.
    pub(super) fn linear_ranking(
        &self,
        answered: &Observations,
        drivers: &[Driver],
        layout: &Layout,
        explained: Explained<'_>,
    ) -> Result<DriverRanking, DriverError> {
        let Explained { moments, regression, p_value, replicates } = explained;
        let outcome = answered.outcome().name();
        let full = regression.full_model();
        let method = self.ranking_method();
        let contributions = Contributions::of(regression, &self.methods, method)?;
        let intervals = intervals(&replicates, self.confidence);
        let own_ranks = ranks(contributions.ranking.view());
        let own_shares = shares(contributions.ranking.view());
        let mut rows: Vec<DriverRow> = (0..drivers.len())
            .map(|driver| DriverRow {
                driver: drivers[driver].name.clone(),
                rank: own_ranks[driver],
                contribution: contributions.ranking[driver],
                share: own_shares[driver],
                sign: regression.single(driver).map(|column| sign(&full, column, regression.correlation(driver))),
                coefficient: regression.single(driver).map(|column| full.coefficients[column]),
                correlation: regression.correlation(driver),
                methods: contributions.of_driver(driver),
                conditional_dominance: contributions.conditional.as_ref().map(|table| table.row(driver).to_vec()),
                interval: intervals.get(driver).copied(),
            })
            .collect();
        rows.sort_by_key(|row| row.rank);

        let decomposed = full.r_squared - regression.explained_always();
        let mut findings = column_findings(moments, regression, &full, drivers, layout);
        findings.extend(suppressors(&rows));
        findings.extend(weak_link(outcome, decomposed, p_value));
        findings.extend(small_base(outcome, n_observations(answered), drivers.len() + layout.always.len()));
        findings.extend(failed(outcome, &replicates));
        Ok(DriverRanking {
            outcome: outcome.to_owned(),
            family: DriverFamily::Linear,
            method,
            n_rows: answered.n_rows(),
            n_used: n_used(answered),
            n_clusters: answered.clusters().map(|clusters| clusters.n_clusters()),
            fit: FitMeasure { measure: FitKind::RSquared, value: full.r_squared },
            decomposed,
            p_value,
            confidence: self.confidence,
            n_replicates: replicates.contributions.nrows(),
            drivers: rows,
            findings,
        })
    }

    /// The first method that gives each driver one number; the Shapley value where none does.
    pub(super) fn ranking_method(&self) -> Method {
        self.methods.iter().copied().find(|method| method.is_scalar()).unwrap_or(Method::Shapley)
    }

    pub(super) fn check(
        &self,
        observations: &Observations,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<(), DriverError> {
        if drivers.is_empty() {
            return Err(DriverError::NoDriver);
        }
        let walks = self.methods.iter().chain([&self.ranking_method()]).any(|method| method.walks_subsets());
        let n_drivers_max = self.n_drivers_max.min(N_DRIVERS_MAX);
        if walks && drivers.len() > n_drivers_max {
            return Err(DriverError::TooMany { n_drivers: drivers.len(), n_drivers_max });
        }
        if let Some(driver) = drivers.iter().find(|driver| driver.columns.len() != 1)
            && let Some(method) = self.methods.iter().find(|method| !method.takes_blocks())
        {
            return Err(DriverError::SeveralColumns { driver: driver.name.clone(), method: *method });
        }
        let n_columns = drivers.iter().map(|driver| driver.columns.len()).sum::<usize>() + always.len();
        let n_used = n_observations(observations);
        if n_used < n_columns + 2 {
            return Err(DriverError::TooFewRows { n_used, n_columns });
        }
        Ok(())
    }

    /// Every replicate's contributions, from the moments that its weights give; `None` where they give none.
    pub(super) fn moment_replicates(
        &self,
        answered: &Observations,
        layout: &Layout,
        moments: impl Fn(&[f64]) -> Option<SecondMoments> + Sync,
    ) -> Replicates {
        let method = self.ranking_method();
        bootstrap::replicates(
            answered,
            layout.drivers.len(),
            self.replicates,
            self.seed,
            || (),
            |(), weights| {
                let regression = Regression::of(&moments(weights)?, layout)?;
                let contributions = regression.contributions(method, &|| regression.lattice())?;
                Some(contributions.to_vec())
            },
        )
    }
}

/// What a linear ranking is made of.
pub(super) struct Explained<'a> {
    pub moments: &'a SecondMoments,
    pub regression: &'a Regression,
    /// Of the test that no driver goes with the outcome.
    pub p_value: f64,
    pub replicates: Replicates,
}

/// The regression behind some moments.
pub(super) fn regression(
    answered: &Observations,
    moments: &SecondMoments,
    layout: &Layout,
) -> Result<Regression, DriverError> {
    Regression::of(moments, layout)
        .ok_or_else(|| DriverError::OutcomeConstant { outcome: answered.outcome().name().to_owned() })
}

/// F test of all drivers together, given what is always in the model; 1 where no driver adds a term to it.
pub(super) fn overall_p_value(n_observations: f64, regression: &Regression, full: &FullModel) -> f64 {
    let n_kept = (regression.n_columns() - full.aliased.len()) as f64;
    let df_residual = n_observations - n_kept - regression.n_always() as f64 - 1.0;
    let gain = full.r_squared - regression.explained_always();
    let left = 1.0 - full.r_squared;
    if n_kept < 0.5 || gain <= 0.0 {
        1.0
    } else if left <= 1e-14 {
        0.0
    } else {
        f_upper(gain / n_kept / (left / df_residual), n_kept, df_residual)
    }
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

/// Rows with a positive weight.
pub(super) fn n_used(observations: &Observations) -> usize {
    match observations.weights().values() {
        None => observations.n_rows(),
        Some(values) => values.iter().filter(|&&weight| weight > 0.0).count(),
    }
}

/// Observations that the rows stand for: those with a positive weight, or, for frequency weights, their sum.
pub(super) fn n_observations(observations: &Observations) -> usize {
    observations.weights().n_observations(observations.n_rows()) as usize
}

/// What each method gives each driver, from one walk of the subsets.
struct Contributions {
    by_method: Vec<(Method, Array1<f64>)>,
    ranking: Array1<f64>,
    conditional: Option<Array2<f64>>,
}

impl Contributions {
    fn of(regression: &Regression, methods: &[Method], ranking_method: Method) -> Result<Self, DriverError> {
        let walked = OnceCell::new();
        let lattice = || walked.get_or_init(|| regression.lattice()).clone();
        let scalar =
            |method: Method| regression.contributions(method, &lattice).ok_or(DriverError::NoEigenvalues { method });
        let mut by_method = Vec::new();
        for &method in methods.iter().filter(|method| method.is_scalar()) {
            by_method.push((method, scalar(method)?));
        }
        let ranking = match by_method.iter().find(|(method, _)| *method == ranking_method) {
            Some((_, contributions)) => contributions.clone(),
            None => scalar(ranking_method)?,
        };
        let conditional = methods.contains(&Method::ConditionalDominance).then(|| lattice().conditional_dominance());
        Ok(Self { by_method, ranking, conditional })
    }

    fn of_driver(&self, driver: usize) -> BTreeMap<String, f64> {
        self.by_method.iter().map(|(method, contributions)| (method.key(), contributions[driver])).collect()
    }
}

/// The coefficient's sign; that of the correlation where the coefficient is not identified.
fn sign(full: &FullModel, column: usize, correlation: Option<f64>) -> i8 {
    let value = if full.aliased.contains(&column) { correlation.unwrap_or(0.0) } else { full.coefficients[column] };
    if value.abs() <= 1e-12 { 0 } else { value.signum() as i8 }
}

pub(super) fn column_findings(
    moments: &SecondMoments,
    regression: &Regression,
    full: &FullModel,
    drivers: &[Driver],
    layout: &Layout,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (driver, columns) in drivers.iter().zip(&layout.drivers) {
        let name = &driver.name;
        let own: Vec<usize> = columns.iter().map(|column| column - layout.always.len()).collect();
        if columns.iter().all(|&column| !moments.varies(column)) {
            let sentence = format!("{name} never varies, so it can explain nothing");
            findings.push(Finding::new(FindingKind::Constant, Severity::Warning, name, sentence));
        } else if own.iter().any(|column| full.aliased.contains(column)) {
            let sentence = format!(
                "{name} is an exact combination of the drivers before it; they share what they explain and their \
                 coefficients cannot be told apart"
            );
            findings.push(Finding::new(FindingKind::Aliased, Severity::Warning, name, sentence));
        } else if let [column] = own[..] {
            let inflation = full.variance_inflation[column];
            if inflation > INFLATED {
                let sentence = format!(
                    "{name} is largely predictable from the other drivers (variance inflation {inflation:.1}), so its \
                     own part is uncertain"
                );
                let finding = Finding::new(FindingKind::Collinear, Severity::Warning, name, sentence);
                findings.push(finding.number("variance_inflation", inflation));
            }
        }
    }
    if regression.explained_always() >= 1.0 {
        let sentence = "the columns that are always in the model explain the outcome completely";
        findings.push(Finding::new(FindingKind::Unreliable, Severity::Serious, "always", sentence));
    }
    findings
}

/// Drivers whose coefficient and correlation point in different directions.
pub(super) fn suppressors(rows: &[DriverRow]) -> Vec<Finding> {
    rows.iter()
        .filter_map(|row| {
            let (coefficient, correlation) = (row.coefficient?, row.correlation?);
            let apart = coefficient * correlation < 0.0 && coefficient.abs() > 0.01 && correlation.abs() > 0.01;
            apart.then(|| {
                let sentence = format!(
                    "{} goes with the outcome one way alone (correlation {correlation:.2}) and the other way beside the \
                     other drivers (coefficient {coefficient:.2})",
                    row.driver
                );
                Finding::new(FindingKind::Suppressor, Severity::Note, &row.driver, sentence)
                    .number("correlation", correlation)
                    .number("coefficient", coefficient)
            })
        })
        .collect()
}

/// A link that explains little or could be chance.
pub(super) fn weak_link(outcome: &str, explained: f64, p_value: f64) -> Option<Finding> {
    let sentence = if p_value > 0.05 {
        format!("what customers say here shows no link with {outcome} beyond chance (p = {p_value:.2})")
    } else if explained < WEAK {
        format!(
            "the link with {outcome} is weak: the drivers explain {:.1} % of it, so ranks say little",
            100.0 * explained
        )
    } else {
        return None;
    };
    let finding = Finding::new(FindingKind::WeakLink, Severity::Warning, outcome, sentence);
    Some(finding.number("explained", explained).number("p_value", p_value))
}

fn small_base(outcome: &str, n_used: usize, n_drivers: usize) -> Option<Finding> {
    (n_used < 10 * n_drivers).then(|| {
        let sentence =
            format!("{n_used} answers for {n_drivers} drivers are few; expect other ranks from other answers");
        Finding::new(FindingKind::SmallBase, Severity::Warning, outcome, sentence)
            .number("n_used", n_used as f64)
            .number("n_drivers", n_drivers as f64)
    })
}

pub(super) fn failed(outcome: &str, replicates: &Replicates) -> Option<Finding> {
    if replicates.single_cluster {
        let sentence =
            "all answers are of one customer or group, so resampling cannot say how sure ranks and shares are";
        return Some(Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence));
    }
    let n_failed = replicates.n_failed;
    (n_failed > 0).then(|| {
        let n_tried = n_failed + replicates.contributions.nrows();
        let sentence =
            format!("{n_failed} of {n_tried} bootstrap samples allowed no fit; intervals rest on the others");
        Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence)
            .number("n_failed", n_failed as f64)
            .number("n_tried", n_tried as f64)
    })
}
