//! From the base table to one analysed outcome: which answers count, the model, the ranked drivers.

use crate::data::{Clusters, DataError, DesignMatrix, Observations, Outcome as OutcomeColumn, Weights};
use crate::drivers::{Driver, DriverAnalysis, DriverError, DriverRanking, FitKind, Method};
use crate::estimators::evaluation;
use crate::estimators::{Coefficient, FitError, FitSummary, FittedModel, Logit, Ols, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::BaseTable;
use crate::report::{LeftOut, Metric, OutcomeResult};
use crate::study::{Missing, Outcome, Study};
use ndarray::{Array1, Array2};
use std::collections::BTreeMap;

/// Microseconds in a day.
const DAY: f64 = 86_400_000_000.0;

/// An analysed outcome and the model that scores customers.
#[derive(Debug)]
pub(super) struct Analysed {
    pub outcome: Outcome,
    pub result: OutcomeResult,
    pub model: Option<Model>,
}

/// A fitted model and how its features come out of a base-table row.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub fitted: FittedModel,
    pub features: Vec<Feature>,
    /// First and last instant of the training answers, UTC microseconds.
    pub training: Option<(i64, i64)>,
}

/// One column of a design matrix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    /// Its name in the model.
    pub name: String,
    /// The column of the base table.
    pub column: String,
    /// What is taken from it.
    pub kind: FeatureKind,
}

/// What a feature takes from its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureKind {
    /// The value; a gap stays one.
    Value,
    /// 1 where the value is missing.
    Gap,
}

impl Feature {
    /// The feature's value in a row; `NaN` for a gap, which a model fills with its training mean.
    pub fn of(&self, value: f64) -> f64 {
        match self.kind {
            FeatureKind::Value => value,
            FeatureKind::Gap => f64::from(u8::from(value.is_nan())),
        }
    }
}

/// Analyses every outcome of a study.
pub(super) fn analyse(study: &Study, base: &BaseTable) -> Vec<Analysed> {
    study.outcomes.iter().map(|&outcome| analyse_one(study, base, outcome)).collect()
}

fn analyse_one(study: &Study, base: &BaseTable, outcome: Outcome) -> Analysed {
    let selection = Selection::of(study, base, outcome);
    let mut result = OutcomeResult {
        name: outcome.word().to_owned(),
        label: label(outcome),
        family: if outcome.is_binary() { "logistic" } else { "linear" },
        window_days: outcome.window_days(),
        n_answers: base.n_rows(),
        n_used: selection.rows.len(),
        n_events: outcome.is_binary().then(|| selection.values.iter().filter(|&&value| value > 0.5).count()),
        left_out: selection.left_out.clone(),
        ranking: None,
        coefficients: Vec::new(),
        fit: None,
        in_sample: Vec::new(),
        findings: selection.findings(outcome),
    };
    let model = match Prepared::of(study, base, outcome, &selection).and_then(|prepared| {
        let fit = prepared.fit(study)?;
        let ranking = prepared.rank(study)?;
        Ok((prepared, fit, ranking))
    }) {
        Ok((prepared, fit, ranking)) => {
            result.findings.extend(ranking.findings.iter().cloned());
            let known = |finding: &&Finding| !result.findings.iter().any(|own| same_matter(own, finding));
            let more: Vec<Finding> = fit.findings.iter().filter(known).cloned().collect();
            result.findings.extend(more);
            result.in_sample = prepared.in_sample(&fit.model);
            result.ranking = Some(ranking);
            result.coefficients = fit.coefficients;
            result.fit = Some(fit.summary);
            let training = base.numbers("t").map(|times| span(times, &selection.rows));
            Some(Model { fitted: fit.model, features: prepared.features, training })
        }
        Err(problem) => {
            result.findings.push(problem.finding(outcome));
            None
        }
    };
    Analysed { outcome, result, model }
}

/// The ranking and the fit look at the same columns and may say the same.
fn same_matter(left: &Finding, right: &Finding) -> bool {
    left.kind == right.kind && left.about == right.about
}

fn span(times: &[f64], rows: &[usize]) -> (i64, i64) {
    rows.iter().fold((i64::MAX, i64::MIN), |(first, last), &row| {
        let t = times[row] as i64;
        (first.min(t), last.max(t))
    })
}

/// A phrase for readers.
fn label(outcome: Outcome) -> String {
    match outcome {
        Outcome::Recommend => "answer to \"would you recommend us\", 0 to 10".to_owned(),
        Outcome::Promoter => "is a promoter (answers 9 or 10)".to_owned(),
        Outcome::Detractor => "is a detractor (answers 0 to 6)".to_owned(),
        Outcome::Repurchase { window_days } => format!("buys within {window_days} days after the answer"),
        Outcome::Referral { window_days } => format!("refers somebody within {window_days} days after the answer"),
        Outcome::Spend { window_days } => format!("spend within {window_days} days after the answer"),
    }
}

/// Why an outcome has no result.
#[derive(Debug)]
enum Problem {
    NoRows,
    Data(DataError),
    Drivers(DriverError),
    Fit(FitError),
}

impl From<DataError> for Problem {
    fn from(error: DataError) -> Self {
        if error == DataError::NoRows { Self::NoRows } else { Self::Data(error) }
    }
}

impl From<DriverError> for Problem {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::Fit(error) => Self::Fit(error),
            DriverError::Data(error) => error.into(),
            other => Self::Drivers(other),
        }
    }
}

impl From<FitError> for Problem {
    fn from(error: FitError) -> Self {
        Self::Fit(error)
    }
}

impl Problem {
    fn finding(&self, outcome: Outcome) -> Finding {
        let (kind, sentence) = match self {
            Self::NoRows => (FindingKind::NotEstimated, "no answer is left to analyse".to_owned()),
            Self::Data(error) => (FindingKind::NotEstimated, error.to_string()),
            Self::Drivers(error) => (FindingKind::NotEstimated, error.to_string()),
            Self::Fit(error @ FitError::Separated(_)) => (FindingKind::Separated, error.to_string()),
            Self::Fit(error) => (FindingKind::NotEstimated, error.to_string()),
        };
        Finding::new(kind, Severity::Serious, outcome.word(), sentence)
    }
}

/// The answers that an outcome's model uses, and why it does not use the others.
struct Selection {
    rows: Vec<usize>,
    values: Vec<f64>,
    left_out: Vec<LeftOut>,
}

impl Selection {
    fn of(study: &Study, base: &BaseTable, outcome: Outcome) -> Self {
        let mut selection = Self { rows: Vec::new(), values: Vec::new(), left_out: Vec::new() };
        let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
        let value_of = values(base, outcome);
        let touchpoints: Vec<&[f64]> = study.drivers.touchpoints.iter().filter_map(|name| base.numbers(name)).collect();
        let controls: Vec<&[f64]> = controls(study).filter_map(|name| base.numbers(name)).collect();
        let weights = base.numbers("weight");
        let (times, known) = (base.numbers("t"), base.numbers("known"));
        let listwise = study.drivers.missing == Missing::Listwise;
        for row in 0..base.n_rows() {
            let censored =
                |days: u32| times.is_some_and(|times| times[row] + f64::from(days) * DAY > study.as_of.end_us() as f64);
            let reason = if outcome.window_days().is_some() && known.is_some_and(|known| known[row] < 0.5) {
                Some("unknown_customer")
            } else if outcome.window_days().is_some_and(censored) {
                Some("window_censored")
            } else if value_of(row).is_nan() {
                Some("no_answer")
            } else if listwise && touchpoints.iter().any(|values| values[row].is_nan()) {
                Some("missing_touchpoint")
            } else if listwise && controls.iter().any(|values| values[row].is_nan()) {
                Some("missing_control")
            } else if weights.is_some_and(|weights| weights[row].is_nan()) {
                Some("missing_weight")
            } else {
                None
            };
            match reason {
                Some(reason) => *reasons.entry(reason).or_default() += 1,
                None => {
                    selection.rows.push(row);
                    selection.values.push(value_of(row));
                }
            }
        }
        let left_out = |(reason, n): (&'static str, usize)| LeftOut { reason: reason.to_owned(), n };
        selection.left_out = reasons.into_iter().map(left_out).collect();
        selection
    }

    fn findings(&self, outcome: Outcome) -> Vec<Finding> {
        let n_left_out: usize = self.left_out.iter().map(|left_out| left_out.n).sum();
        let n_all = n_left_out + self.rows.len();
        self.left_out
            .iter()
            .filter(|left_out| left_out.n > 0)
            .map(|left_out| {
                let share = left_out.n as f64 / n_all as f64;
                let (kind, why) = match left_out.reason.as_str() {
                    "window_censored" => (FindingKind::WindowCensored, "their window ends after the study's date"),
                    "unknown_customer" => (FindingKind::Unmatched, "their customer is in no other source"),
                    "no_answer" => (FindingKind::RowsDropped, "they do not say whether they would recommend"),
                    "missing_touchpoint" => (FindingKind::RowsDropped, "a touchpoint was not scored"),
                    "missing_control" => (FindingKind::RowsDropped, "a control is unknown"),
                    _ => (FindingKind::RowsDropped, "they have no weight"),
                };
                let severity = if share > 0.3 { Severity::Warning } else { Severity::Note };
                let sentence =
                    format!("{} of {n_all} answers are left out because {why} ({:.0} %)", left_out.n, 100.0 * share);
                Finding::new(kind, severity, outcome.word(), sentence)
                    .number("n", left_out.n as f64)
                    .number("share", share)
            })
            .collect()
    }
}

/// Columns held constant: the controls and what else is always in the model.
fn controls(study: &Study) -> impl Iterator<Item = &String> {
    let touchpoints = &study.drivers.touchpoints;
    let always = study.drivers.always.iter().filter(move |name| !touchpoints.contains(name));
    let controls = &study.drivers.controls;
    controls.iter().chain(always.filter(move |name| !controls.contains(name)))
}

/// The outcome of every row; `NaN` where it is not known.
fn values(base: &BaseTable, outcome: Outcome) -> impl Fn(usize) -> f64 {
    let column = match outcome {
        Outcome::Recommend | Outcome::Promoter | Outcome::Detractor => "recommend".to_owned(),
        Outcome::Repurchase { window_days } => format!("next_purchases_{window_days}d"),
        Outcome::Referral { window_days } => format!("next_referrals_{window_days}d"),
        Outcome::Spend { window_days } => format!("next_spend_{window_days}d"),
    };
    let values = base.numbers(&column);
    move |row| {
        let value = values.map_or(f64::NAN, |values| values[row]);
        let flag = |happened: bool| if value.is_nan() { f64::NAN } else { f64::from(u8::from(happened)) };
        match outcome {
            Outcome::Recommend | Outcome::Spend { .. } => value,
            Outcome::Promoter => flag(value > 8.5),
            Outcome::Detractor => flag(value < 6.5),
            Outcome::Repurchase { .. } | Outcome::Referral { .. } => flag(value > 0.5),
        }
    }
}

/// Checked observations and what their columns mean.
struct Prepared {
    observations: Observations,
    features: Vec<Feature>,
    drivers: Vec<Driver>,
    always: Vec<usize>,
    binary: bool,
}

/// What either estimator gives.
struct Fit {
    coefficients: Vec<Coefficient>,
    summary: FitSummary,
    findings: Vec<Finding>,
    model: FittedModel,
}

impl Prepared {
    fn of(study: &Study, base: &BaseTable, outcome: Outcome, selection: &Selection) -> Result<Self, Problem> {
        let rows = &selection.rows;
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
            columns.push(if has_gaps { filled(own) } else { own });
            features.push(Feature { name: name.clone(), column: name.clone(), kind: FeatureKind::Value });
            if has_gaps && study.drivers.missing == Missing::Indicator {
                columns.push(gaps);
                let name_of_gap = format!("{name} (missing)");
                features.push(Feature { name: name_of_gap, column: name.clone(), kind: FeatureKind::Gap });
            }
            let places: Vec<usize> = (first..columns.len()).collect();
            if is_touchpoint && !study.drivers.always.contains(name) {
                drivers.push(Driver { name: name.clone(), columns: places });
            } else {
                always.extend(places);
            }
        }
        let values = Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| columns[column][row]);
        let names = features.iter().map(|feature| feature.name.clone()).collect();
        let design = DesignMatrix::new(names, values)?;
        let values = Array1::from(selection.values.clone());
        let column = if outcome.is_binary() {
            OutcomeColumn::binary(outcome.word(), values)?
        } else {
            OutcomeColumn::numeric(outcome.word(), values)?
        };
        let mut observations = Observations::new(design, column)?;
        if let Some(weights) = base.numbers("weight") {
            let kind = study.sources.feedback.weight_kind;
            let weights = Weights::new(kind, rows.iter().map(|&row| weights[row]).collect())?;
            observations = observations.weighted(weights)?;
        }
        if let Some(customers) = base.texts("customer") {
            let clusters = Clusters::from_labels(rows.iter().map(|&row| &customers[row]));
            if clusters.n_clusters() < rows.len() {
                observations = observations.clustered(clusters)?;
            }
        }
        Ok(Self { observations, features, drivers, always, binary: outcome.is_binary() })
    }

    /// Standard errors by customer where customers answered several times, else robust ones.
    fn std_errors(&self) -> StdErrors {
        if self.observations.clusters().is_some() { StdErrors::Cluster } else { StdErrors::Hc1 }
    }

    fn fit(&self, study: &Study) -> Result<Fit, Problem> {
        let (std_errors, confidence) = (self.std_errors(), study.confidence);
        Ok(if self.binary {
            let fit = Logit { std_errors, confidence, ..Logit::default() }.fit(&self.observations)?;
            Fit {
                coefficients: fit.coefficients().to_vec(),
                summary: fit.summary().clone(),
                findings: fit.findings().to_vec(),
                model: fit.model().clone(),
            }
        } else {
            let fit = Ols { std_errors, confidence }.fit(&self.observations)?;
            Fit {
                coefficients: fit.coefficients().to_vec(),
                summary: fit.summary().clone(),
                findings: fit.findings().to_vec(),
                model: fit.model().clone(),
            }
        })
    }

    fn rank(&self, study: &Study) -> Result<DriverRanking, Problem> {
        let blocks = self.drivers.iter().any(|driver| driver.columns.len() > 1);
        let analysis = DriverAnalysis {
            methods: if self.binary || blocks {
                vec![Method::Shapley, Method::First, Method::Last]
            } else {
                vec![Method::Shapley, Method::RelativeWeights, Method::First, Method::Last]
            },
            confidence: study.confidence,
            replicates: study.bootstrap as usize,
            seed: study.seed,
            ..DriverAnalysis::default()
        };
        Ok(if self.binary {
            analysis.rank_classes(&self.observations, &self.drivers, &self.always, FitKind::Mcfadden)?
        } else {
            analysis.rank(&self.observations, &self.drivers, &self.always)?
        })
    }

    /// How well the model predicts the rows it was fitted on.
    fn in_sample(&self, model: &FittedModel) -> Vec<Metric> {
        let design = self.observations.design();
        let predictions: Vec<f64> =
            (0..design.n_rows()).map(|row| model.predict_row(&design.row(row).to_vec())).collect();
        let outcomes = self.observations.outcome().values();
        let metrics = if self.binary {
            let outcomes: Vec<bool> = outcomes.iter().map(|&value| value > 0.5).collect();
            vec![
                ("roc_auc", evaluation::roc_auc(&outcomes, &predictions)),
                ("brier", evaluation::brier_score(&outcomes, &predictions)),
                ("log_loss", evaluation::log_loss(&outcomes, &predictions)),
            ]
        } else {
            let outcomes = outcomes.to_vec();
            vec![
                ("r_squared", evaluation::r_squared(&outcomes, &predictions)),
                ("rmse", evaluation::root_mean_squared_error(&outcomes, &predictions)),
                ("mae", evaluation::mean_absolute_error(&outcomes, &predictions)),
            ]
        };
        let known = |(metric, value): (&str, Result<f64, evaluation::EvaluationError>)| {
            Some(Metric { metric: metric.to_owned(), value: value.ok()? })
        };
        metrics.into_iter().filter_map(known).collect()
    }
}

/// Gaps filled with the mean of the other values.
fn filled(values: Vec<f64>) -> Vec<f64> {
    let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let mean = if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
    values.into_iter().map(|value| if value.is_nan() { mean } else { value }).collect()
}
