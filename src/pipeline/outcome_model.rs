//! From the answers of an outcome to its model and its ranked drivers.

use super::answer_names::AnswerNames;
use super::clusters;
use super::coded::Coded;
use super::fold_model::FoldModel;
use super::judge::CUSTOMER_FOLDS;
use super::model_fit::{self, ModelFit, ModelSettings};
use super::outcomes::{Feature, Problem};
use super::selection::{Selection, controls, filled_by};
use super::small_bases::Hidden;
use crate::data::{Clusters, DataError, DesignMatrix, Gaps, Observations, Outcome as OutcomeColumn, Weights};
use crate::drivers::{Driver, DriverAnalysis, DriverFamily, DriverGroup, DriverRanking, FitKind, Method, noise_needed};
use crate::estimators::calibration::Calibration;
use crate::estimators::diagnostics::{Diagnose, Grouping, ModelDiagnostics, Scale};
use crate::estimators::evaluation::{
    Assessment, CalibrationPlan, MeanKept, Metric as Figure, MetricEstimate, PredictedRows, TestRows, cross_fit,
};
use crate::estimators::missing::{Comparison, ComparisonTable, MultipleImputation, Treatment};
use crate::estimators::partial_ordinal::StepDifference;
use crate::estimators::penalised::{Penalised, PenalisedFamily};
use crate::estimators::{CountDistribution, Family, FitError, FittedModel, PartialOrdinal, PenalisedFit, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::Metric;
use crate::study::{Missing, Outcome, OutcomeKind, Study, TouchpointGroup};
use ndarray::{Array1, Array2};

/// Of more drivers than this, methods that nobody ranks by and that walk all subsets of the drivers are left out.
const EVERY_METHOD_DRIVERS_MAX: usize = 16;
/// Noise drivers that every driver of a line is compared with at least; more drivers need more, to be told from noise at all.
const NOISE_DRIVERS_MIN: usize = 199;
/// Answers beyond which no noise drivers are made.
const NOISE_ROWS_MAX: usize = 200_000;
/// More answers than this are not imputed several times over.
const IMPUTED_ROWS_MAX: usize = 200_000;

/// Checked observations and what their columns mean.
pub(super) struct Prepared {
    pub observations: Observations,
    pub features: Vec<Feature>,
    drivers: Vec<Driver>,
    always: Vec<usize>,
    outcome: Outcome,
}

impl Prepared {
    pub fn of(study: &Study, base: &BaseTable, outcome: &Outcome, selection: &Selection) -> Result<Self, Problem> {
        let rows = &selection.rows;
        let weights = weights(study, base, rows)?;
        let weight = |row: usize| weights.as_ref().map_or(1.0, |weights| weights.of(row));
        let mut features = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let (mut drivers, mut always) = (Vec::new(), Vec::new());
        let touchpoints = study.drivers.touchpoints.iter().map(|name| (name, true));
        for (name, is_touchpoint) in touchpoints.chain(controls(study).map(|name| (name, false))) {
            let Some(source) = base.numbers(name) else { continue };
            let own: Vec<f64> = rows.iter().map(|&row| source[row]).collect();
            let gaps: Vec<f64> = own.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
            let has_gaps = gaps.iter().any(|&gap| gap > 0.5);
            let first = columns.len();
            columns.push(if has_gaps { filled_by(own, weight) } else { own });
            features.push(Feature::value(name));
            if has_gaps && study.drivers.missing == Missing::Indicator {
                columns.push(gaps);
                features.push(Feature::gap(name));
            }
            let places: Vec<usize> = (first..columns.len()).collect();
            if is_touchpoint && !study.drivers.always.contains(name) {
                drivers.push(Driver { name: name.clone(), columns: places, value: Some(first) });
            } else {
                always.extend(places);
            }
        }
        let values = Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| columns[column][row]);
        let names = features.iter().map(|feature| feature.name.clone()).collect();
        let design = DesignMatrix::new(names, values)?;
        let column = outcome_column(outcome, selection.values.clone())?;
        let mut observations = Observations::new(design, column)?;
        if let Some(weights) = weights {
            observations = observations.weighted(weights)?;
        }
        if let Some(clusters) = clusters::of_rows(study, base, rows) {
            observations = observations.clustered(clusters)?;
        }
        Ok(Self { observations, features, drivers, always, outcome: outcome.clone() })
    }

    /// The touchpoints that are ranked.
    pub fn drivers(&self) -> &[Driver] {
        &self.drivers
    }

    /// Columns that are always in the model.
    pub fn always(&self) -> &[usize] {
        &self.always
    }

    /// Standard errors by customer where customers answered several times, else robust ones.
    fn std_errors(&self) -> StdErrors {
        if self.observations.clusters().is_some() { StdErrors::Cluster } else { StdErrors::Hc1 }
    }

    /// The model with its uncertainty and the tests of what it assumes; where the columns separate the classes, Firth's in its
    /// place, with a finding that names them.
    pub fn fit(&self, study: &Study) -> Result<ModelFit, Problem> {
        match self.settings(study).fit(&self.observations) {
            Err(FitError::Separated(separation)) if self.outcome.family() == Family::Logistic => {
                let mut fit = model_fit::firth(&self.observations, study.confidence)?;
                let errors = if self.observations.clusters().is_some() {
                    ", with standard errors that take answers of one customer as independent"
                } else {
                    ""
                };
                let sentence = format!(
                    "{separation}. The coefficients shown are those of Firth's penalised fit{errors}, and drivers are not ranked"
                );
                let outcome = self.outcome.name();
                fit.findings.insert(0, Finding::new(FindingKind::Separated, Severity::Serious, outcome, sentence));
                Ok(fit)
            }
            other => Ok(other?),
        }
    }

    /// The penalised model, which predicts and tests nothing; `None` where the study asks for no penalty.
    pub fn fit_penalised(&self, study: &Study) -> Result<Option<PenalisedFit>, Problem> {
        let settings = self.settings(study);
        Ok(settings.penalty.map(|penalty| penalty.fit(&self.observations)).transpose()?)
    }

    pub fn settings(&self, study: &Study) -> ModelSettings {
        ModelSettings {
            family: self.outcome.family(),
            distribution: match self.outcome.kind() {
                OutcomeKind::Purchases { distribution, .. } | OutcomeKind::Referrals { distribution, .. } => {
                    *distribution
                }
                _ => CountDistribution::default(),
            },
            std_errors: self.std_errors(),
            confidence: study.confidence,
            penalty: study.penalties.get(self.outcome.name()).map(|penalty| Penalised {
                family: match self.outcome.family() {
                    Family::Logistic => PenalisedFamily::Logistic,
                    _ => PenalisedFamily::Linear,
                },
                mixing: penalty.mixing(),
                seed: study.seed,
                ..Penalised::default()
            }),
        }
    }

    /// What the fitted model hides; only lines and log odds are asked.
    pub fn diagnose(
        &self,
        study: &Study,
        answers: &AnswerNames<'_>,
        selection: &Selection,
        fit: &ModelFit,
    ) -> Option<ModelDiagnostics> {
        let base = answers.base;
        if !matches!(fit.summary.family, Family::Linear | Family::Logistic) {
            return None;
        }
        let coded: Vec<Coded> = ["channel", "wave"].into_iter().filter_map(|name| Coded::of(base, name)).collect();
        // A mean residual of few people is theirs, and what the others leave of none in all.
        let mut hidden = Hidden::below(study.measures.suppress_below);
        let shown = hidden.levels(&coded.iter().collect::<Vec<_>>(), &selection.rows, 0..0);
        let grouping = |(own, shown): (&Coded, &Vec<bool>)| {
            let name = |level: usize| match shown[level] {
                true => own.levels.get(level).map_or("(blank)", String::as_str),
                false => "(others)",
            };
            Grouping::from_labels(&own.name, own.levels_of(&selection.rows).into_iter().map(name))
        };
        let groupings: Vec<Grouping> = coded.iter().zip(&shown).map(grouping).collect();
        let scale = match self.outcome.kind() {
            OutcomeKind::Recommend { .. } => Scale::new(0.0, 10.0).ok(),
            _ => None,
        };
        let settings = Diagnose { std_errors: fit.summary.std_errors, ..Diagnose::default() };
        let name_of = |place: usize| answers.name(selection.rows[place - 1]);
        settings.model_named(&self.observations, &fit.model, &groupings, scale, name_of).ok()
    }

    /// What each column does for leaving the detractors and for becoming a promoter.
    pub fn steps(&self, study: &Study) -> Result<Vec<StepDifference>, Finding> {
        if *self.outcome.kind() != OutcomeKind::NpsClass {
            return Ok(Vec::new());
        }
        let ModelSettings { std_errors, confidence, .. } = self.settings(study);
        // HC3 has no agreed meaning for ordered levels, and HC1 is what `settings` gives.
        let model = PartialOrdinal { std_errors, confidence, ..PartialOrdinal::default() };
        model.fit(&self.observations).map(|fit| fit.differences().to_vec()).map_err(|error| {
            let outcome = self.outcome.name();
            let sentence = format!("Detractors left and promoters won could not be told apart by column: {error}");
            Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
        })
    }

    /// The ranked drivers.
    pub fn rank(&self, study: &Study, base: &BaseTable) -> Result<DriverRanking, Problem> {
        let is_linear = self.driver_family() == DriverFamily::Linear;
        let groups = self.groups(study);
        let methods = self.methods(!groups.is_empty());
        let walks_all = is_linear || self.drivers.len() <= self.driver_family().n_drivers_max();
        let can_be_compared = walks_all && self.observations.n_rows() <= NOISE_ROWS_MAX;
        let level = 1.0 - study.confidence.level();
        let noise_drivers = NOISE_DRIVERS_MIN.max(noise_needed(self.drivers.len(), level));
        let analysis = DriverAnalysis {
            methods,
            groups,
            noise_drivers: if can_be_compared { noise_drivers } else { 0 },
            confidence: study.confidence,
            replicates: study.bootstrap as usize,
            seed: study.seed,
            ..DriverAnalysis::default()
        };
        self.rank_by(study, base, &analysis)
    }

    /// Every method that is defined for the outcome and its drivers, the ranking one first: touchpoints in families are ranked
    /// within them.
    fn methods(&self, grouped: bool) -> Vec<Method> {
        let family = self.driver_family();
        let n_drivers = self.drivers.len();
        let few = n_drivers <= EVERY_METHOD_DRIVERS_MAX && n_drivers <= family.n_drivers_max();
        let is_defined = |method: &Method| method.divides(family) && (!self.has_blocks() || method.takes_blocks());
        let is_quick = |method: &Method| few || !(method.keeps_subsets() || *method == Method::ConditionalDominance);
        let others = Method::ALL.into_iter().filter(|method| *method != Method::Owen);
        let ranking = grouped.then_some(Method::Owen);
        ranking.into_iter().chain(others.filter(is_defined).filter(is_quick)).collect()
    }

    /// The family of models whose fit is divided.
    pub fn driver_family(&self) -> DriverFamily {
        driver_family(&self.outcome)
    }

    /// Whether a driver has several columns.
    pub fn has_blocks(&self) -> bool {
        self.drivers.iter().any(|driver| driver.columns.len() > 1)
    }

    /// The drivers ranked by an analysis, with the study's treatment of gaps.
    pub fn rank_by(
        &self,
        study: &Study,
        base: &BaseTable,
        analysis: &DriverAnalysis,
    ) -> Result<DriverRanking, Problem> {
        let family = self.driver_family();
        if let Some(treatment) = gaps_allowed_for(study, &self.outcome) {
            let Gapped { gaps, drivers, always, .. } = Gapped::of(study, base, &self.outcome)?;
            return Ok(analysis.rank_gaps(&gaps, treatment, &drivers, &always)?);
        }
        let (observations, measure) = (&self.observations, FitKind::Mcfadden);
        Ok(analysis.rank_by_family(family, observations, &self.drivers, &self.always, measure)?)
    }

    /// The study's families of touchpoints, as far as they are drivers here.
    pub fn groups(&self, study: &Study) -> Vec<DriverGroup> {
        let is_driver = |name: &&String| self.drivers.iter().any(|driver| driver.name == **name);
        let group = |group: &TouchpointGroup| DriverGroup {
            name: group.name.clone(),
            drivers: group.touchpoints.iter().filter(is_driver).cloned().collect(),
        };
        study.drivers.groups.iter().map(group).filter(|group| !group.drivers.is_empty()).collect()
    }

    /// What turns the model's probabilities into right ones, learned from fits that have not seen the customer; `None`
    /// where the study does not ask for it or the outcome is no class.
    pub fn calibrate(&self, study: &Study) -> Result<Option<Calibration>, Finding> {
        let Some(method) = study.scores.calibration.filter(|_| self.outcome.family() == Family::Logistic) else {
            return Ok(None);
        };
        let plan = CalibrationPlan { method, n_folds: CUSTOMER_FOLDS };
        let model = FoldModel { settings: self.settings(study), marks: Vec::new() };
        cross_fit(&model, &self.observations, plan, study.seed).map(Some).map_err(|error| {
            let outcome = self.outcome.name();
            let sentence = format!("The probabilities of `{outcome}` are not calibrated: {error}");
            Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
        })
    }

    fn predictions(&self, model: &FittedModel) -> Vec<f64> {
        let design = self.observations.design();
        (0..design.n_rows()).map(|row| model.predict_row(&design.row(row).to_vec())).collect()
    }

    /// Whether a model of counts keeps their mean in the rows it was fitted on; `None` also for other outcomes, whose models do.
    pub fn mean_kept(&self, study: &Study, model: &FittedModel) -> Option<Finding> {
        if self.outcome.family() != Family::Count {
            return None;
        }
        let counts = TestRows::numbers(&self.observations.outcome().values().to_vec());
        let rows = counts.and_then(|rows| rows.weighted(self.observations.weights().clone())).ok()?;
        let kept = MeanKept::of(&rows, &self.predictions(model)).ok()?;
        kept.finding(self.outcome.name(), PredictedRows::Training, study.confidence)
    }

    /// How well the model predicts the rows it was fitted on, with their weights.
    pub fn in_sample(&self, model: &FittedModel) -> Vec<Metric> {
        let predictions = self.predictions(model);
        let is_class = self.outcome.family() == Family::Logistic;
        let metrics: &[Figure] = match is_class {
            true => &[Figure::RocAuc, Figure::Brier, Figure::LogLoss],
            false => &[Figure::RSquared, Figure::Rmse, Figure::Mae],
        };
        let outcomes = self.observations.outcome().values().to_vec();
        let rows = if is_class { TestRows::classes(&outcomes) } else { TestRows::numbers(&outcomes) };
        let rows = rows.and_then(|rows| rows.weighted(self.observations.weights().clone()));
        let without_intervals = Assessment { replicates: 0, ..Assessment::default() };
        let judged = rows.and_then(|rows| without_intervals.judge(&rows, &predictions, metrics));
        let known = |own: &MetricEstimate| Metric { metric: own.metric.word().to_owned(), value: own.value };
        judged.map(|own| own.estimates.iter().map(known).collect()).unwrap_or_default()
    }
}

fn driver_family(outcome: &Outcome) -> DriverFamily {
    match outcome.family() {
        Family::Logistic => DriverFamily::Logistic,
        Family::Ordinal => DriverFamily::Ordinal,
        Family::Count => DriverFamily::Count,
        _ => DriverFamily::Linear,
    }
}

/// How the ranking of an outcome's drivers allows for gaps that its model does without; `None` where it takes the same answers.
pub(super) fn gaps_allowed_for(study: &Study, outcome: &Outcome) -> Option<Treatment> {
    let treatment = match study.drivers.missing {
        Missing::Em => Treatment::Em,
        Missing::Pairwise => Treatment::Pairwise,
        Missing::Listwise | Missing::Indicator | Missing::Mean => return None,
    };
    (driver_family(outcome) == DriverFamily::Linear).then_some(treatment)
}

/// Touchpoints and controls with their gaps.
pub(super) struct Gapped {
    pub gaps: Gaps,
    /// The rows of the base table that they are of.
    pub rows: Vec<usize>,
    pub drivers: Vec<Driver>,
    always: Vec<usize>,
}

impl Gapped {
    /// All answers whose outcome is known.
    pub fn of(study: &Study, base: &BaseTable, outcome: &Outcome) -> Result<Self, Problem> {
        let Selection { rows, values: outcomes, .. } = Selection::with_gaps(study, base, outcome);
        let (mut drivers, mut always) = (Vec::new(), Vec::new());
        let mut columns: Vec<(String, &[f64])> = Vec::new();
        let touchpoints = study.drivers.touchpoints.iter().map(|name| (name, true));
        for (name, is_touchpoint) in touchpoints.chain(controls(study).map(|name| (name, false))) {
            let Some(source) = base.numbers(name) else { continue };
            if is_touchpoint && !study.drivers.always.contains(name) {
                drivers.push(Driver::column(name.clone(), columns.len()));
            } else {
                always.push(columns.len());
            }
            columns.push((name.clone(), source));
        }
        let values = Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| columns[column].1[rows[row]]);
        let names = columns.into_iter().map(|(name, _)| name).collect();
        let mut gaps = Gaps::new(names, values, outcome_column(outcome, outcomes)?)?;
        if let Some(weights) = weights(study, base, &rows)? {
            gaps = gaps.weighted(weights)?;
        }
        if let Some(clusters) = clusters::of_rows(study, base, &rows) {
            gaps = gaps.clustered(clusters)?;
        }
        Ok(Self { gaps, rows, drivers, always })
    }
}

fn outcome_column(outcome: &Outcome, values: Vec<f64>) -> Result<OutcomeColumn, DataError> {
    let values = Array1::from(values);
    if outcome.family() == Family::Logistic {
        OutcomeColumn::binary(outcome.name(), values)
    } else {
        OutcomeColumn::numeric(outcome.name(), values)
    }
}

fn weights(study: &Study, base: &BaseTable, rows: &[usize]) -> Result<Option<Weights>, DataError> {
    let kind = study.sources.feedback.weight_kind;
    let of_rows = |weights: &[f64]| Weights::new(kind, rows.iter().map(|&row| weights[row]).collect());
    base.numbers("weight").map(of_rows).transpose()
}

/// The customer, or account, of every row; where none has several, each row is one of its own.
pub(super) fn customers(observations: &Observations) -> Clusters {
    let alone = || Clusters::from_labels(0..observations.n_rows());
    observations.clusters().cloned().unwrap_or_else(alone)
}

/// How the linear or logistic model changes with the treatment of gaps; `None` without gaps, and for other families.
pub(super) fn compare_treatments(study: &Study, base: &BaseTable, outcome: &Outcome) -> Option<ComparisonTable> {
    let family = outcome.family();
    if !matches!(family, Family::Linear | Family::Logistic) {
        return None;
    }
    let gaps = Gapped::of(study, base, outcome).ok()?.gaps;
    if gaps.complete_rows().len() == gaps.n_rows() {
        return None;
    }
    let mut treatments = Treatment::ALL.to_vec();
    if gaps.n_rows() > IMPUTED_ROWS_MAX {
        treatments.retain(|&treatment| treatment != Treatment::MultipleImputation);
    }
    if family == Family::Logistic {
        treatments.retain(|treatment| !matches!(treatment, Treatment::Pairwise | Treatment::Em));
    }
    let std_errors = if gaps.answered().clusters().is_some() { StdErrors::Cluster } else { StdErrors::Hc1 };
    let imputation = MultipleImputation { seed: study.seed, ..MultipleImputation::default() };
    let settings = Comparison {
        family,
        std_errors,
        confidence: study.confidence,
        treatments,
        imputation,
        ..Comparison::default()
    };
    Some(settings.compare(&gaps))
}
