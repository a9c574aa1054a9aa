//! The harness: fit on training rows, predict test rows, and compare with what would have been known anyway.

use super::EvaluationError;
use super::assessment::{Assessment, Comparison, Judgement};
use super::bins::{self, Binning, BrierParts, CalibrationBin};
use super::deciles::{Decile, decile_table, weighted_table};
use super::forecast::Forecast;
use super::levels::{LevelLosses, levels_of, training_shares};
use super::metric::{Better, Metric};
use super::model::{LevelForecast, Model, Predicted};
use super::recalibration::{Recalibration, recalibrate};
use super::test_rows::TestRows;
use crate::data::{Clusters, DesignMatrix, LeftOut, Observations, Split, grouped_k_fold};
use crate::estimators::calibration::{Calibration, CalibrationMethod};
use crate::findings::{Finding, FindingKind, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;

/// Fewer rows than this, or fewer rows of a class, make a segment's figures doubtful.
const SMALL_SEGMENT: usize = 30;
/// The same for rows of the rarer class.
const FEW_EVENTS: usize = 10;

/// Settings of an evaluation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    /// Confidence, replicates and seed of every interval.
    pub assessment: Assessment,
    /// The figures, the one that decides first; empty for the usual ones of the outcome's kind.
    pub metrics: Vec<Metric>,
    /// Whether the model is also judged with its probabilities calibrated.
    pub calibration: Option<CalibrationPlan>,
}

/// How a calibration is learned from training rows alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalibrationPlan {
    /// Which kind.
    pub method: CalibrationMethod,
    /// Folds of customers of the training rows, each predicted by a fit on the others.
    pub n_folds: usize,
}

/// Whose predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRole {
    /// The mean outcome of the training rows for everybody.
    BaseRate,
    /// The model on the history columns alone.
    History,
    /// A buy-till-you-die model of the purchases, which sees none of the columns.
    BuyTillYouDie,
    /// The model on all columns.
    Full,
    /// The same with its probabilities calibrated.
    Calibrated,
}

impl ModelRole {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::BaseRate => "base_rate",
            Self::History => "history",
            Self::BuyTillYouDie => "buy_till_you_die",
            Self::Full => "full",
            Self::Calibrated => "calibrated",
        }
    }
}

/// Predicts the test rows of a split, given with its place from 0, from what is not in the columns, such as every purchase
/// of the customers; or says why it cannot.
pub type Outsider<'a> = dyn Fn(usize, &Split) -> Result<Predicted, String> + Sync + 'a;

/// Figures of one of the models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelJudgement {
    /// Whose they are.
    pub model: ModelRole,
    /// The figures.
    pub judgement: Judgement,
}

/// One split: what was fitted and how it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldReport {
    /// The fold, from 1, in the order of the splits.
    pub fold: usize,
    /// Training rows.
    pub n_train: usize,
    /// Test rows.
    pub n_test: usize,
    /// Rows on neither side.
    pub left_out: LeftOut,
    /// Figures of each model; empty where the split allowed no fit.
    pub models: Vec<ModelJudgement>,
    /// What the fits had to say, and why there was none.
    pub findings: Vec<Finding>,
}

/// Rows of one segment: how the models did there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentReport {
    /// The segment.
    pub segment: String,
    /// Test rows in it.
    pub n_rows: usize,
    /// Their customers (rows, where customers are not known).
    pub n_customers: usize,
    /// Figures of each model.
    pub models: Vec<ModelJudgement>,
    /// What a reader must know.
    pub findings: Vec<Finding>,
}

/// More about the probabilities of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassDetail {
    /// Intercept and slope; `None` where they have no finite value.
    pub recalibration: Option<Recalibration>,
    /// What happened against what was predicted, ten bins.
    pub curve: Vec<CalibrationBin>,
    /// The Brier score's parts over the same bins.
    pub brier: BrierParts,
    /// Lift and gain by tenths.
    pub deciles: Vec<Decile>,
}

/// What came out of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// Name of the outcome.
    pub outcome: String,
    /// For each test row its row among the observations.
    pub row: Vec<usize>,
    /// For each test row its fold, from 1.
    pub fold: Vec<usize>,
    /// What happened in the test rows.
    pub rows: TestRows,
    /// For each model one prediction a test row.
    pub predictions: BTreeMap<ModelRole, Vec<f64>>,
    /// Figures over all test rows, with intervals.
    pub models: Vec<ModelJudgement>,
    /// The full model (challenger) against history alone (champion): what the other columns add. Nothing where history alone is
    /// worse than the base rate, which a finding says.
    pub gain: Option<Comparison>,
    /// The full model (challenger) against the base rate (champion).
    pub gain_over_base_rate: Comparison,
    /// The full model (challenger) against a buy-till-you-die model (champion).
    pub gain_over_buy_till_you_die: Option<Comparison>,
    /// One report a split.
    pub folds: Vec<FoldReport>,
    /// What a reader must know.
    pub findings: Vec<Finding>,
    level_losses: BTreeMap<ModelRole, LevelLosses>,
    metrics: Vec<Metric>,
    assessment: Assessment,
}

impl Evaluation {
    /// Fits the model on the training rows of every split and judges its predictions of the test rows, pooled and by fold,
    /// beside two baselines: the mean outcome of the training rows, and the same model on the `history` columns alone.
    ///
    /// Customers of the intervals are the observations' clusters. A split on which a model cannot be fitted is left out of
    /// all models' figures, with a finding. Where the full model is not shown to be better than history alone the finding
    /// `weak_link` says so, where not better than the base rate `no_gain`, and where history alone is worse than the base rate
    /// `unreliable`; all go by the first figure whose difference has an interval. Without history columns there is no such comparison.
    ///
    /// # Errors
    /// No split, or one of other rows; a history column that is not among the features; no split that allowed a fit; a model
    /// that does not give one usable prediction a row.
    pub fn evaluate(
        &self,
        observations: &Observations,
        splits: &[Split],
        model: &dyn Model,
        history: &[&str],
    ) -> Result<Evaluated, EvaluationError> {
        self.evaluate_beside(observations, splits, model, history, None)
    }

    /// The same beside a buy-till-you-die model, whose figures have the role [`ModelRole::BuyTillYouDie`].
    ///
    /// Where it gives nothing for a split it has no figures at all, with a finding that says why.
    ///
    /// # Errors
    /// Those of [`Evaluation::evaluate`].
    pub fn evaluate_beside(
        &self,
        observations: &Observations,
        splits: &[Split],
        model: &dyn Model,
        history: &[&str],
        outsider: Option<&Outsider<'_>>,
    ) -> Result<Evaluated, EvaluationError> {
        let contestants = Contestants {
            outsider,
            ..Contestants::of(observations, model, history, self.calibration, self.assessment.seed)?
        };
        check_splits(observations, splits)?;
        let metrics = self.metrics_of(observations);
        let (mut all, mut folds, mut first_reason) = (Pool::default(), Vec::new(), None);
        let mut of_outsider: Vec<Finding> = Vec::new();
        for (index, split) in splits.iter().enumerate() {
            let fold = index + 1;
            let (n_train, n_test) = (split.train().len(), split.test().len());
            let mut report = FoldReport {
                fold,
                n_train,
                n_test,
                left_out: split.left_out(),
                models: Vec::new(),
                findings: Vec::new(),
            };
            match contestants.run(index, split) {
                Err(Failure::Fit(reason)) => {
                    report.findings.push(not_fitted(observations, fold, &reason));
                    first_reason.get_or_insert(reason);
                }
                Err(Failure::Refused(error)) => return Err(error),
                Ok(outcome) => {
                    report.findings = outcome.findings;
                    let known = |finding: &Finding| of_outsider.iter().any(|own| own.sentence == finding.sentence);
                    let more: Vec<Finding> =
                        outcome.outsider_findings.into_iter().filter(|finding| !known(finding)).collect();
                    of_outsider.extend(more);
                    if splits.len() > 1 {
                        let rows = test_rows(observations, split.test(), &vec![outcome.training_mean; n_test])?;
                        report.models = judge_all(&self.assessment, &rows, &outcome.predictions, &metrics)?;
                    }
                    all.add(split.test(), fold, outcome.training_mean, outcome.predictions);
                }
            }
            folds.push(report);
        }
        if all.row.is_empty() {
            return Err(EvaluationError::NothingFitted { reason: first_reason.unwrap_or_default() });
        }
        let mut evaluated = self.pooled(observations, all, folds, metrics)?;
        evaluated.findings.extend(of_outsider);
        Ok(evaluated)
    }

    fn metrics_of(&self, observations: &Observations) -> Vec<Metric> {
        match (self.metrics.is_empty(), observations.outcome().is_binary()) {
            (false, _) => self.metrics.clone(),
            (true, true) => Metric::OF_CLASSES.to_vec(),
            (true, false) => Metric::OF_NUMBERS.to_vec(),
        }
    }

    fn pooled(
        &self,
        observations: &Observations,
        mut all: Pool,
        mut folds: Vec<FoldReport>,
        metrics: Vec<Metric>,
    ) -> Result<Evaluated, EvaluationError> {
        let rows = test_rows(observations, &all.row, &all.training_mean)?;
        // A model that did not predict in every fold has no pooled figures.
        all.predictions.retain(|_, forecast| forecast.values.len() == all.row.len());
        let models = judge_all(&self.assessment, &rows, &all.predictions, &metrics)?;
        // The figures of a single fold are those of all test rows.
        if let [only] = folds.as_mut_slice() {
            only.models = models.clone();
        }
        let full = &all.predictions[&ModelRole::Full];
        let against = |role: ModelRole| {
            let champion = all.predictions.get(&role);
            champion.map(|champion| champion.compare(full, &self.assessment, &rows, &metrics)).transpose()
        };
        let (gain, gain_over_buy_till_you_die) = (against(ModelRole::History)?, against(ModelRole::BuyTillYouDie)?);
        let losses: Vec<Metric> = metrics.iter().copied().filter(|metric| !metric.is_of_order()).collect();
        let base = &all.predictions[&ModelRole::BaseRate];
        let gain_over_base_rate = base.compare(full, &self.assessment, &rows, &losses)?;
        let of_history = all.predictions.get(&ModelRole::History);
        let of_history = of_history.map(|own| base.compare(own, &self.assessment, &rows, &losses)).transpose()?;
        let outcome = observations.outcome().name().to_owned();
        let mut findings: Vec<Finding> =
            folds.iter().filter(|fold| fold.models.is_empty()).flat_map(|fold| fold.findings.clone()).collect();
        let misled = of_history.and_then(|own| misled_history(&outcome, &own));
        // Being better than what misleads is no gain; not even that is still a weak link.
        let weak = gain.as_ref().and_then(|gain| match misled {
            Some(_) => weak_beside_misled(&outcome, gain),
            None => weak_link(&outcome, gain),
        });
        let gain = gain.filter(|_| misled.is_none());
        findings.extend(misled);
        findings.extend(weak);
        findings.extend(no_gain(&outcome, &gain_over_base_rate));
        findings.extend(gain_over_buy_till_you_die.as_ref().and_then(|gain| no_gain_over_purchases(&outcome, gain)));
        let Pool { row, fold, predictions, .. } = all;
        let assessment = self.assessment;
        let (mut values, mut level_losses) = (BTreeMap::new(), BTreeMap::new());
        for (role, forecast) in predictions {
            values.insert(role, forecast.values);
            forecast.losses.into_iter().for_each(|losses| drop(level_losses.insert(role, losses)));
        }
        Ok(Evaluated {
            outcome,
            row,
            fold,
            rows,
            predictions: values,
            models,
            gain,
            gain_over_base_rate,
            gain_over_buy_till_you_die,
            folds,
            findings,
            level_losses,
            metrics,
            assessment,
        })
    }
}

impl Evaluated {
    /// One model's figures over all test rows.
    pub fn judgement(&self, model: ModelRole) -> Option<&Judgement> {
        self.models.iter().find(|judged| judged.model == model).map(|judged| &judged.judgement)
    }

    /// Calibration and lift of one model's probabilities over all test rows; `None` for numbers, and for a model that is not
    /// there.
    pub fn class_detail(&self, model: ModelRole) -> Option<ClassDetail> {
        let predictions = self.predictions.get(&model).filter(|_| self.rows.is_class())?;
        let (outcomes, weights) = (self.rows.outcomes(), self.rows.weight_values());
        let confidence = self.assessment.confidence;
        let binning = Binning::default();
        let deciles = match self.rows.weights().kind() {
            None => decile_table(&self.rows.classes_of(), predictions, 10),
            Some(_) => weighted_table(outcomes, predictions, &weights, 10),
        };
        Some(ClassDetail {
            recalibration: recalibrate(&self.rows, predictions, confidence).ok(),
            curve: bins::curve(outcomes, predictions, &weights, binning, confidence).ok()?,
            brier: bins::parts(outcomes, predictions, &weights, binning).ok()?,
            deciles: deciles.unwrap_or_default(),
        })
    }

    /// The same figures within segments: `segment_of` gives that of each row of the observations, or `None` for a row that
    /// is in none. Segments come in alphabetical order.
    ///
    /// # Errors
    /// A model's predictions that cannot be judged.
    pub fn by_segment<'s>(
        &self,
        segment_of: impl Fn(usize) -> Option<&'s str>,
    ) -> Result<Vec<SegmentReport>, EvaluationError> {
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, &row) in self.row.iter().enumerate() {
            if let Some(segment) = segment_of(row).filter(|_| self.rows.weights().of(place) > 0.0) {
                members.entry(segment).or_default().push(place);
            }
        }
        members
            .into_iter()
            .map(|(segment, places)| {
                let rows = self.rows.select(&places)?;
                let pick = |(&role, values): (&ModelRole, &Vec<f64>)| {
                    let losses = self.level_losses.get(&role).map(|losses| losses.select(&places));
                    (role, Forecast { values: places.iter().map(|&place| values[place]).collect(), losses })
                };
                let predictions = self.predictions.iter().map(pick).collect();
                Ok(SegmentReport {
                    segment: segment.to_owned(),
                    n_rows: rows.n_rows(),
                    n_customers: rows.n_customers(),
                    models: judge_all(&self.assessment, &rows, &predictions, &self.metrics)?,
                    findings: small_segment(segment, &rows).into_iter().collect(),
                })
            })
            .collect()
    }
}

/// Learns a calibration for a model that is fitted on all of `observations`: each fold of customers is predicted by a fit on
/// the others, so that the calibration never sees a row's own fit.
///
/// # Errors
/// Fewer customers than folds; a fold that allows no fit; outcomes of one class or numbers; a model that does not give one
/// probability a row.
///
/// # References
/// Wolpert (1992), Neural Networks 5(2), for predictions of rows held out in turn; Platt (1999) for their use here.
pub fn cross_fit(
    model: &dyn Model,
    observations: &Observations,
    plan: CalibrationPlan,
    seed: u64,
) -> Result<Calibration, EvaluationError> {
    let failed = |reason: String| EvaluationError::NothingFitted { reason };
    let rows_alone = || Clusters::from_labels(0..observations.n_rows());
    let customers = observations.clusters().cloned().unwrap_or_else(rows_alone);
    let splits = grouped_k_fold(&customers, plan.n_folds, seed).map_err(|error| failed(error.to_string()))?;
    let mut predictions = vec![f64::NAN; observations.n_rows()];
    for split in &splits {
        let train = observations.select(split.train())?;
        let test = observations.design().select_rows(split.test())?;
        let predicted = fit_predict(model, &train, &test).map_err(|failure| match failure {
            Failure::Fit(reason) => failed(reason),
            Failure::Refused(error) => error,
        })?;
        split.test().iter().zip(predicted.values).for_each(|(&row, value)| predictions[row] = value);
    }
    let outcomes = TestRows::of(observations.outcome())?;
    outcomes.check(&predictions)?;
    let weights = observations.weights().values();
    Calibration::learn(plan.method, &predictions, &outcomes.classes_of(), weights)
        .map_err(|error| failed(error.to_string()))
}

/// Why a split gave nothing.
enum Failure {
    /// The rows do not allow the fit: the other splits may.
    Fit(String),
    /// The model cannot be used at all.
    Refused(EvaluationError),
}

impl From<EvaluationError> for Failure {
    fn from(error: EvaluationError) -> Self {
        Self::Refused(error)
    }
}

impl From<crate::data::DataError> for Failure {
    fn from(error: crate::data::DataError) -> Self {
        Self::Fit(error.to_string())
    }
}

/// The models that are fitted on every split.
struct Contestants<'a> {
    observations: &'a Observations,
    history: Option<Observations>,
    model: &'a dyn Model,
    outsider: Option<&'a Outsider<'a>>,
    calibration: Option<CalibrationPlan>,
    seed: u64,
    /// The outcome's values, ascending.
    levels: Vec<f64>,
}

/// What one split gave.
struct FoldOutcome {
    training_mean: f64,
    predictions: BTreeMap<ModelRole, Forecast>,
    findings: Vec<Finding>,
    outsider_findings: Vec<Finding>,
}

impl<'a> Contestants<'a> {
    fn of(
        observations: &'a Observations,
        model: &'a dyn Model,
        history: &[&str],
        calibration: Option<CalibrationPlan>,
        seed: u64,
    ) -> Result<Self, EvaluationError> {
        let place = |name: &&str| {
            let unknown = || EvaluationError::UnknownColumn { name: (*name).to_owned() };
            observations.design().position(name).ok_or_else(unknown)
        };
        let places: Vec<usize> = history.iter().map(place).collect::<Result<_, _>>()?;
        let history = (!places.is_empty()).then(|| observations.with_features(&places));
        let calibration = calibration.filter(|_| observations.outcome().is_binary());
        let levels = levels_of(observations);
        Ok(Self { observations, history, model, outsider: None, calibration, seed, levels })
    }

    fn run(&self, index: usize, split: &Split) -> Result<FoldOutcome, Failure> {
        let n_test = split.test().len();
        let train = self.observations.select(split.train())?;
        let training_mean = weighted_mean(&train);
        let full = fit_predict(self.model, &train, &self.observations.design().select_rows(split.test())?)?;
        let shares = full.levels.as_ref().map(|_| training_shares(&train, n_test));
        let base = self.forecast(vec![training_mean; n_test], shares.as_ref(), split)?;
        let mut predictions = BTreeMap::from([(ModelRole::BaseRate, base)]);
        if let Some(history) = &self.history {
            let test = history.design().select_rows(split.test())?;
            let predicted = fit_predict(self.model, &history.select(split.train())?, &test)?;
            let forecast = self.forecast(predicted.values, predicted.levels.as_ref(), split)?;
            predictions.insert(ModelRole::History, forecast);
        }
        let mut findings = full.findings;
        if let Some(plan) = self.calibration {
            match cross_fit(self.model, &train, plan, self.seed) {
                Ok(calibration) => {
                    let values = full.values.iter().map(|&value| calibration.apply(value)).collect();
                    predictions.insert(ModelRole::Calibrated, Forecast { values, losses: None });
                }
                Err(error) => findings.push(not_calibrated(self.observations, &error)),
            }
        }
        predictions.insert(ModelRole::Full, self.forecast(full.values, full.levels.as_ref(), split)?);
        let mut outsider_findings = Vec::new();
        match self.outsider.map(|outsider| outsider(index, split)) {
            None => {}
            Some(Err(reason)) => outsider_findings.push(no_outsider(self.observations, &reason)),
            Some(Ok(predicted)) => {
                let Predicted { values, findings, .. } = usable(predicted, &train, n_test)?;
                predictions.insert(ModelRole::BuyTillYouDie, Forecast { values, losses: None });
                outsider_findings.extend(findings);
            }
        }
        Ok(FoldOutcome { training_mean, predictions, findings, outsider_findings })
    }

    fn forecast(
        &self,
        values: Vec<f64>,
        levels: Option<&LevelForecast>,
        split: &Split,
    ) -> Result<Forecast, EvaluationError> {
        let outcomes = self.observations.outcome().values();
        let happened: Vec<f64> = split.test().iter().map(|&row| outcomes[row]).collect();
        Forecast::of(values, levels, &self.levels, &happened)
    }
}

/// Test rows of all splits so far.
#[derive(Default)]
struct Pool {
    row: Vec<usize>,
    fold: Vec<usize>,
    training_mean: Vec<f64>,
    predictions: BTreeMap<ModelRole, Forecast>,
}

impl Pool {
    fn add(&mut self, rows: &[usize], fold: usize, training_mean: f64, predictions: BTreeMap<ModelRole, Forecast>) {
        let n_before = self.row.len();
        self.row.extend(rows);
        self.fold.extend(std::iter::repeat_n(fold, rows.len()));
        self.training_mean.extend(std::iter::repeat_n(training_mean, rows.len()));
        for (role, forecast) in predictions {
            let all = self.predictions.entry(role).or_insert_with(|| Forecast { values: Vec::new(), losses: None });
            all.values.extend(forecast.values);
            match (&mut all.losses, forecast.losses) {
                (Some(all), Some(losses)) => all.extend(losses),
                (all, losses) => *all = losses.filter(|_| n_before == 0),
            }
        }
    }
}

fn fit_predict(model: &dyn Model, train: &Observations, test: &DesignMatrix) -> Result<Predicted, Failure> {
    let predicted = model.fit_predict(train, test).map_err(|error| Failure::Fit(with_causes(&error)))?;
    usable(predicted, train, test.n_rows())
}

/// Refuses predictions that are no probabilities or numbers, one a row.
fn usable(predicted: Predicted, train: &Observations, n_rows: usize) -> Result<Predicted, Failure> {
    let refused = |reason: String| Err(Failure::Refused(EvaluationError::BadModel { reason }));
    let n_forecasts = predicted.levels.as_ref().map_or(n_rows, |levels| levels.probabilities.nrows());
    if predicted.values.len() != n_rows || n_forecasts != n_rows {
        return refused(format!("{} predictions for {n_rows} rows", predicted.values.len().min(n_forecasts)));
    }
    let in_range =
        |value: &f64| if train.outcome().is_binary() { (0.0..=1.0).contains(value) } else { value.is_finite() };
    match predicted.values.iter().find(|value| !in_range(value)) {
        Some(value) if train.outcome().is_binary() => {
            refused(format!("{value} as the probability of a class; probabilities lie between 0 and 1"))
        }
        Some(value) => refused(format!("{value} as a prediction, which is not a finite number")),
        None => Ok(predicted),
    }
}

/// An error's text with that of its causes.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn check_splits(observations: &Observations, splits: &[Split]) -> Result<(), EvaluationError> {
    if splits.is_empty() {
        return Err(EvaluationError::NoSplits);
    }
    let n_rows = observations.n_rows();
    for (index, split) in splits.iter().enumerate() {
        if let Some(&row) = split.train().iter().chain(split.test()).find(|&&row| row >= n_rows) {
            return Err(EvaluationError::ForeignSplit { fold: index + 1, row: row + 1, n_rows });
        }
    }
    Ok(())
}

fn test_rows(observations: &Observations, rows: &[usize], training_means: &[f64]) -> Result<TestRows, EvaluationError> {
    let test = TestRows::of(&observations.outcome().select(rows))?
        .weighted(observations.weights().select(rows)?)?
        .against(training_means.to_vec())?;
    match observations.clusters() {
        Some(clusters) => test.of_customers(clusters.keep(rows)),
        None => Ok(test),
    }
}

fn weighted_mean(observations: &Observations) -> f64 {
    let weights = observations.weights();
    let values = observations.outcome().values();
    let total: f64 = (0..values.len()).map(|row| weights.of(row)).sum();
    values.iter().enumerate().map(|(row, value)| weights.of(row) * value).sum::<f64>() / total
}

fn judge_all(
    assessment: &Assessment,
    rows: &TestRows,
    predictions: &BTreeMap<ModelRole, Forecast>,
    metrics: &[Metric],
) -> Result<Vec<ModelJudgement>, EvaluationError> {
    let judge = |(&model, forecast): (&ModelRole, &Forecast)| {
        let judgement = if model == ModelRole::BaseRate {
            let of_values = judge_base_rate(assessment, rows, &forecast.values, metrics)?;
            forecast.with_levels(of_values, assessment, rows)?
        } else {
            forecast.judge(assessment, rows, metrics)?
        };
        Ok(ModelJudgement { model, judgement })
    };
    predictions.iter().map(judge).collect()
}

/// Base rates of several folds differ, which is no order of the rows: figures of order are those of ties, and what needs an
/// order to be there at all is left out without a word.
fn judge_base_rate(
    assessment: &Assessment,
    rows: &TestRows,
    values: &[f64],
    metrics: &[Metric],
) -> Result<Judgement, EvaluationError> {
    let skipped = [Metric::Spearman, Metric::CalibrationSlope];
    let (of_order, of_values): (Vec<Metric>, Vec<Metric>) =
        metrics.iter().copied().filter(|metric| !skipped.contains(metric)).partition(|metric| metric.is_of_order());
    let mut judged = assessment.judge(rows, values, &of_values)?;
    let ordered = assessment.judge(rows, &vec![values[0]; values.len()], &of_order)?;
    judged.estimates.extend(ordered.estimates);
    judged.estimates.sort_by_key(|estimate| metrics.iter().position(|&metric| metric == estimate.metric));
    Ok(judged)
}

/// Whether a difference is better than nothing, by its interval.
pub(super) struct Verdict {
    metric: Metric,
    values: [f64; 2],
    ends: [f64; 2],
    pub(super) is_better: bool,
    pub(super) is_worse: bool,
    /// The other figures whose intervals say that it is worse.
    worse_by: Vec<Self>,
}

impl Verdict {
    /// The first difference with an interval, of a figure that has a better side.
    pub(super) fn of(comparison: &Comparison) -> Option<Self> {
        let mut all = Self::all(comparison);
        let first = all.next()?;
        Some(Self { worse_by: all.filter(|own| own.is_worse).collect(), ..first })
    }

    fn all(comparison: &Comparison) -> impl Iterator<Item = Self> {
        comparison.differences.iter().filter_map(|row| {
            let delong = comparison.delong.filter(|_| row.metric == Metric::RocAuc);
            let low = row.conf_low.or(delong.map(|delong| delong.conf_low))?;
            let high = row.conf_high.or(delong.map(|delong| delong.conf_high))?;
            let (is_better, is_worse) = match row.metric.better() {
                Better::Higher => (low > 0.0, high < 0.0),
                Better::Lower => (high < 0.0, low > 0.0),
                Better::Neither => return None,
            };
            let values = [row.champion, row.challenger];
            Some(Self { metric: row.metric, values, ends: [low, high], is_better, is_worse, worse_by: Vec::new() })
        })
    }

    pub(super) fn numbers(&self) -> String {
        let [champion, challenger] = self.values;
        let [low, high] = self.ends;
        let label = self.metric.label();
        format!("{label} {challenger:.3} against {champion:.3}; difference {low:.3} to {high:.3}")
    }

    /// That other figures show that it is worse, as a part of a sentence: a figure of order may see nothing where probabilities are off.
    pub(super) fn but_worse(&self) -> String {
        let named: Vec<String> = self.worse_by.iter().map(Self::numbers).collect();
        if named.is_empty() {
            String::new()
        } else {
            format!(", and it is shown to be worse by {}", named.join("; by "))
        }
    }

    pub(super) fn finding(&self, kind: FindingKind, outcome: &str, sentence: String) -> Finding {
        Finding::new(kind, Severity::Warning, outcome, sentence)
            .number("champion", self.values[0])
            .number("challenger", self.values[1])
            .number("conf_low", self.ends[0])
            .number("conf_high", self.ends[1])
    }
}

fn weak_link(outcome: &str, gain: &Comparison) -> Option<Finding> {
    let verdict = Verdict::of(gain).filter(|verdict| !verdict.is_better)?;
    let numbers = verdict.numbers();
    let sentence = if verdict.is_worse {
        format!("Using what customers said predicts `{outcome}` worse than their behaviour alone does ({numbers}).")
    } else {
        format!(
            "It is not shown that what customers said adds to what their behaviour already tells about `{outcome}` ({numbers})."
        )
    };
    Some(verdict.finding(FindingKind::WeakLink, outcome, sentence))
}

/// The same where behaviour alone misleads: being worse than that says nothing more.
fn weak_beside_misled(outcome: &str, gain: &Comparison) -> Option<Finding> {
    let verdict = Verdict::of(gain).filter(|verdict| !verdict.is_better)?;
    let sentence = format!(
        "It is not shown that what customers said adds anything to their behaviour for `{outcome}`, by which they cannot be told apart \
         here at all."
    );
    Some(verdict.finding(FindingKind::WeakLink, outcome, sentence))
}

/// A model of behaviour that does worse than no model: too many columns for its rows, or a behaviour that has changed since.
fn misled_history(outcome: &str, over_base_rate: &Comparison) -> Option<Finding> {
    let verdict = Verdict::of(over_base_rate).filter(|verdict| verdict.is_worse)?;
    let sentence = format!(
        "Behaviour alone predicts `{outcome}` worse than giving everybody the average of the training rows ({}), so that \
         what feedback adds to it is not said; name fewer columns of behaviour.",
        verdict.numbers()
    );
    Some(verdict.finding(FindingKind::Unreliable, outcome, sentence))
}

fn no_gain(outcome: &str, gain: &Comparison) -> Option<Finding> {
    not_shown_to_beat(outcome, gain, "giving everybody the average of the training rows does")
}

fn no_gain_over_purchases(outcome: &str, gain: &Comparison) -> Option<Finding> {
    not_shown_to_beat(outcome, gain, "a buy-till-you-die model of the purchases alone does")
}

/// An interval around nothing is no proof that there is nothing.
fn not_shown_to_beat(outcome: &str, gain: &Comparison, rival: &str) -> Option<Finding> {
    let verdict = Verdict::of(gain).filter(|verdict| !verdict.is_better)?;
    let numbers = verdict.numbers();
    let sentence = if verdict.is_worse {
        format!("The model predicts `{outcome}` worse than {rival} ({numbers}).")
    } else {
        let but = verdict.but_worse();
        format!("It is not shown that the model predicts `{outcome}` better than {rival} ({numbers}){but}.")
    };
    Some(verdict.finding(FindingKind::NoGain, outcome, sentence))
}

fn no_outsider(observations: &Observations, reason: &str) -> Finding {
    let outcome = observations.outcome().name();
    let sentence = format!("There is no buy-till-you-die model of `{outcome}` to compare with: {reason}.");
    Finding::new(FindingKind::NotEstimated, Severity::Note, outcome, sentence)
}

fn not_fitted(observations: &Observations, fold: usize, reason: &str) -> Finding {
    let sentence = format!("Fold {fold} is left out of the evaluation: {reason}.");
    Finding::new(FindingKind::NotEstimated, Severity::Warning, observations.outcome().name(), sentence)
        .number("fold", fold as f64)
}

fn not_calibrated(observations: &Observations, error: &EvaluationError) -> Finding {
    let sentence = format!("The probabilities could not be calibrated: {}.", with_causes(error));
    Finding::new(FindingKind::NotEstimated, Severity::Note, observations.outcome().name(), sentence)
}

fn small_segment(segment: &str, rows: &TestRows) -> Option<Finding> {
    let n_events = rows.classes_of().iter().filter(|&&class| class).count();
    let n_rarer = n_events.min(rows.n_rows() - n_events);
    let is_small = rows.n_rows() < SMALL_SEGMENT || (rows.is_class() && n_rarer < FEW_EVENTS);
    is_small.then(|| {
        let of_class = if rows.is_class() { format!(", {n_rarer} of them of the rarer class") } else { String::new() };
        let sentence = format!("`{segment}` has {} test rows{of_class}: its figures are rough.", rows.n_rows());
        Finding::new(FindingKind::SmallBase, Severity::Note, segment, sentence).number("n_rows", rows.n_rows() as f64)
    })
}

#[cfg(test)]
mod tests;
