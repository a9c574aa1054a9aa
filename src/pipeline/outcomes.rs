//! From the base table to one analysed outcome: which answers count, the model, the ranked drivers.

use super::actions;
use super::answer_names::AnswerNames;
use super::model_fit::ModelFit;
use super::model_tests::{inflation, tests};
use super::outcome_ends;
use super::outcome_model::{Prepared, compare_treatments, gaps_allowed_for};
use super::progress::{OutcomeSteps, Progress};
use super::selection::Selection;
use super::training_spread::TrainingSpread;
use crate::data::DataError;
use crate::drivers::DriverError;
use crate::drivers::what_if::OutcomeEnds;
use crate::estimators::calibration::Calibration;
use crate::estimators::{Family, FitError, FittedModel, PenalisedFit};
use crate::findings::{Finding, FindingKind, Severity};
use crate::report::{OutcomeActions, OutcomeResult, PenalisedTerms, words};
use crate::study::{Missing, Outcome, OutcomeKind, SpendScale, Study};
use std::collections::BTreeMap;

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
    /// What turns its probabilities into those that are used, if the study asks for it.
    pub calibration: Option<Calibration>,
    /// Between what its predictions should lie.
    pub ends: OutcomeEnds,
    /// How the training answers were spread.
    pub spread: Option<TrainingSpread>,
}

impl Model {
    /// What is expected of one row, calibrated where that was learned.
    pub fn predict(&self, values: &[f64]) -> f64 {
        let predicted = self.fitted.predict_row(values);
        self.calibration.as_ref().map_or(predicted, |calibration| calibration.apply(predicted))
    }
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
    /// A column of the base table as it is.
    pub fn value(column: &str) -> Self {
        Self { name: column.to_owned(), column: column.to_owned(), kind: FeatureKind::Value }
    }

    /// What says where a column of the base table has no value.
    pub fn gap(column: &str) -> Self {
        Self { name: format!("{column} (missing)"), column: column.to_owned(), kind: FeatureKind::Gap }
    }

    /// The feature's value in a row; `NaN` for a gap, which a model fills with its training mean.
    pub fn of(&self, value: f64) -> f64 {
        match self.kind {
            FeatureKind::Value => value,
            FeatureKind::Gap => f64::from(u8::from(value.is_nan())),
        }
    }
}

/// Analyses every outcome of a study.
pub(super) fn analyse(study: &Study, answers: &AnswerNames<'_>, progress: &dyn Fn(Progress)) -> Vec<Analysed> {
    let step = "fitting models and ranking drivers";
    let steps = OutcomeSteps { step, of: study.outcomes.len(), progress };
    let all = study.outcomes.iter().enumerate();
    all.map(|(place, outcome)| analyse_one(study, answers, outcome, &|doing| steps.say(place, outcome, doing)))
        .collect()
}

fn analyse_one(study: &Study, answers: &AnswerNames<'_>, outcome: &Outcome, say: &dyn Fn(&'static str)) -> Analysed {
    say("model of");
    let base = answers.base;
    let selection = Selection::of(study, base, outcome);
    let ranked = gaps_allowed_for(study, outcome).map(|_| Selection::with_gaps(study, base, outcome));
    let mut result = OutcomeResult {
        name: outcome.name().to_owned(),
        kind: outcome.kind().word(),
        label: label(outcome.kind()),
        family: outcome.family().word(),
        window_days: outcome.window_days(),
        n_answers: base.n_rows(),
        n_used: selection.rows.len(),
        n_events: (outcome.family() == Family::Logistic)
            .then(|| selection.values.iter().filter(|&&value| value > 0.5).count()),
        left_out: selection.left_out.clone(),
        ranking: None,
        coefficients: Vec::new(),
        fit: None,
        penalised: None,
        in_sample: Vec::new(),
        tests: Vec::new(),
        inflation: BTreeMap::new(),
        steps: Vec::new(),
        treatments: None,
        actions: OutcomeActions::default(),
        findings: selection.findings_beside(ranked.as_ref(), outcome),
    };
    let fitted = Prepared::of(study, base, outcome, &selection).and_then(|prepared| {
        let predictor = match prepared.fit_penalised(study)? {
            Some(fit) => Fitted::Penalised(Box::new(fit)),
            None => Fitted::Tested(Box::new(prepared.fit(study)?)),
        };
        Ok((prepared, predictor))
    });
    let model = match fitted {
        Ok((prepared, fitted)) => {
            say("drivers of");
            match prepared.rank(study, base) {
                Ok(ranking) => {
                    result.findings.extend(ranking.findings.iter().cloned());
                    result.ranking = Some(ranking);
                }
                // The finding of the fit that stands in says so, and names the columns.
                Err(Problem::Fit(FitError::Separated(_))) if fitted.stands_in(outcome) => (),
                Err(problem) => result.findings.push(problem.finding(outcome)),
            }
            let fitted = match fitted {
                Fitted::Tested(fit) => {
                    say("checks of");
                    add_fit(&mut result, study, answers, outcome, &selection, &prepared, &fit);
                    result.coefficients = fit.coefficients;
                    result.fit = Some(fit.summary);
                    fit.model
                }
                Fitted::Penalised(fit) => {
                    result.add_findings(fit.findings());
                    let penalty = study.penalties.get(outcome.name());
                    result.penalised = penalty.map(|penalty| PenalisedTerms::of(penalty.word(), &fit));
                    fit.model().clone()
                }
            };
            if study.actions.enabled && !study.drivers.touchpoints.is_empty() {
                say("segments and other choices of");
                let modelled = actions::Modelled { selection: &selection, prepared: &prepared };
                result.actions = actions::of(study, base, outcome, result.ranking.as_ref(), modelled);
            }
            result.in_sample = prepared.in_sample(&fitted);
            result.findings.extend(prepared.mean_kept(study, &fitted));
            let training = base.numbers("t").map(|times| span(times, &selection.rows));
            let calibration = match prepared.calibrate(study) {
                Ok(calibration) => calibration,
                Err(problem) => {
                    result.findings.push(problem);
                    None
                }
            };
            let seen = outcome_ends::seen(selection.values.iter().copied());
            let ends = outcome_ends::of_predictions(outcome, seen);
            let mut model = Model { fitted, features: prepared.features, training, calibration, ends, spread: None };
            model.spread = Some(TrainingSpread::of(study, base, outcome, &selection, &model));
            Some(model)
        }
        Err(problem) => {
            result.findings.push(problem.finding(outcome));
            None
        }
    };
    Analysed { outcome: outcome.clone(), result, model }
}

/// The model of an outcome: for its coefficients and their tests, or for prediction alone.
enum Fitted {
    Tested(Box<ModelFit>),
    Penalised(Box<PenalisedFit>),
}

impl Fitted {
    /// Whether a class that is separated has Firth's fit instead of its own.
    fn stands_in(&self, outcome: &Outcome) -> bool {
        matches!(self, Self::Tested(_)) && outcome.family() == Family::Logistic
    }
}

/// What a model says beside its coefficients, and what it hides.
fn add_fit(
    result: &mut OutcomeResult,
    study: &Study,
    answers: &AnswerNames<'_>,
    outcome: &Outcome,
    selection: &Selection,
    prepared: &Prepared,
    fit: &ModelFit,
) {
    let base = answers.base;
    let diagnostics = prepared.diagnose(study, answers, selection, fit);
    result.add_findings(&fit.findings);
    result.add_findings(diagnostics.as_ref().map_or(&[], |diagnostics| &diagnostics.findings));
    match prepared.steps(study) {
        Ok(steps) => result.steps = steps,
        Err(problem) => result.findings.push(problem),
    }
    result.tests = tests(fit, diagnostics.as_ref());
    result.inflation = inflation(diagnostics.as_ref());
    result.treatments = compare_treatments(study, base, outcome);
    let mut of_treatments: Vec<Finding> = result.treatments.iter().flat_map(|table| table.findings.clone()).collect();
    if study.drivers.missing != Missing::Listwise {
        // What another treatment would keep is no warning of this one.
        let of_listwise = |own: &&mut Finding| own.kind == FindingKind::RowsDropped;
        of_treatments.iter_mut().filter(of_listwise).for_each(|own| own.severity = Severity::Note);
    }
    result.findings.extend(of_treatments);
}

fn span(times: &[f64], rows: &[usize]) -> (i64, i64) {
    rows.iter().fold((i64::MAX, i64::MIN), |(first, last), &row| {
        let t = times[row] as i64;
        (first.min(t), last.max(t))
    })
}

/// What is counted or summed, in words: money as money, on whatever scale the model of it is.
pub(super) fn deed_label(outcome: &Outcome) -> String {
    match *outcome.kind() {
        OutcomeKind::Spend { window_days, .. } => label(&OutcomeKind::Spend { window_days, scale: SpendScale::Amount }),
        ref kind => label(kind),
    }
}

/// A phrase for readers.
fn label(kind: &OutcomeKind) -> String {
    let days = words::days(kind.window_days().unwrap_or_default());
    match kind {
        OutcomeKind::Recommend { .. } => "answer to \"would you recommend us\", 0 to 10".to_owned(),
        OutcomeKind::Nps => "points of the Net Promoter Score (-100 detractor, 0 passive, 100 promoter)".to_owned(),
        OutcomeKind::NpsClass => "is a detractor, a passive or a promoter".to_owned(),
        OutcomeKind::Promoter => "is a promoter (answers 9 or 10)".to_owned(),
        OutcomeKind::Detractor => "is a detractor (answers 0 to 6)".to_owned(),
        OutcomeKind::Repurchase { .. } => format!("buys within {days} after the answer"),
        OutcomeKind::Churn { .. } => format!("buys nothing within {days} after the answer"),
        OutcomeKind::DatedChurn { .. } => format!("leaves within {days} after the answer"),
        OutcomeKind::CrossSell { .. } => {
            format!("buys from a product family for the first time within {days} after the answer")
        }
        OutcomeKind::FamilyPurchase { family, .. } => {
            format!("buys from the product family {family} within {days} after the answer")
        }
        OutcomeKind::Upsell { .. } => {
            format!("buys more at a time than before within {days} after the answer")
        }
        OutcomeKind::ConvertedReferral { .. } => {
            format!("refers somebody who buys within {days} after the answer")
        }
        OutcomeKind::Lapse { .. } => {
            format!("neither buys nor does anything else within {days} after the answer")
        }
        OutcomeKind::Referral { .. } => format!("refers somebody within {days} after the answer"),
        OutcomeKind::Purchases { .. } => format!("purchases within {days} after the answer"),
        OutcomeKind::Referrals { .. } => format!("referrals made within {days} after the answer"),
        OutcomeKind::Spend { scale: SpendScale::Amount, .. } => {
            format!("spend within {days} after the answer")
        }
        OutcomeKind::Spend { scale: SpendScale::Log1p, .. } => {
            format!("logarithm of 1 + spend within {days} after the answer")
        }
    }
}

/// Why an outcome has no result.
#[derive(Debug)]
pub(super) enum Problem {
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

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRows => formatter.write_str("no answer is left to analyse"),
            Self::Data(error) => error.fmt(formatter),
            Self::Drivers(error) => error.fmt(formatter),
            Self::Fit(error) => error.fmt(formatter),
        }
    }
}

impl Problem {
    fn finding(&self, outcome: &Outcome) -> Finding {
        let kind = match self {
            Self::Fit(FitError::Separated(_) | FitError::OnlyZeros(_)) => FindingKind::Separated,
            _ => FindingKind::NotEstimated,
        };
        Finding::new(kind, Severity::Serious, outcome.name(), self.to_string())
    }
}
