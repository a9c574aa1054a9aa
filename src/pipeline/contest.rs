//! Champion against challenger: two stored models on answers that neither was fitted to.

use super::clusters::{self, Label};
use super::outcomes::Feature;
use super::progress::JUDGING;
use super::run::{Folder, Joined, Progress, ReadSoFar, RunSettings, join};
use super::selection::Selection;
use super::stored_model::{StoredModel, written};
use super::{PipelineError, in_full};
use crate::data::{Clusters, DataError, Weights};
use crate::estimators::Family;
use crate::estimators::evaluation::{Assessment, EvaluationError, LevelForecast, Metric, Predicted, TestRows};
use crate::findings::Finding;
use crate::link::BaseTable;
use crate::report::{ComparisonRow, FigureRow, words};
use crate::store::TrainingWindow;
use crate::study::{Outcome, Study};
use ndarray::Array2;
use serde::Serialize;
use std::collections::HashSet;
use std::path::Path;

/// Two stored models on the same answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContestResult {
    /// The outcome's word.
    pub outcome: String,
    /// The model that is there.
    pub champion: Contestant,
    /// The model that is held against it.
    pub challenger: Contestant,
    /// Instant of the first answer that tests.
    pub first: String,
    /// Instant of the last.
    pub last: String,
    /// Answers that test.
    pub n_test: usize,
    /// Answers after the training windows whose customer answered within one.
    pub n_shared_customer: usize,
    /// Figures of both models.
    pub figures: Vec<FigureRow>,
    /// Challenger less champion, with intervals over samples of whole customers.
    pub comparisons: Vec<ComparisonRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contestant {
    /// The file, as it was asked for.
    pub file: String,
    /// The study that fitted it.
    pub study: String,
    /// That study's date.
    pub as_of: String,
    /// The answers it was fitted to.
    pub training: TrainingWindow,
}

/// Judges two model files on the study's answers from after both training windows. Writes nothing but temporary files.
///
/// # Errors
/// A file that is no model or a model of another outcome; training windows that reach into the answers that test; no such
/// answers; whatever reading and joining refuses.
pub fn contest(
    study: &Study,
    settings: &RunSettings,
    champion: &Path,
    challenger: &Path,
    progress: &dyn Fn(Progress),
) -> Result<ContestResult, PipelineError> {
    let (champion, challenger) = (Stored::read(study, champion)?, Stored::read(study, challenger)?);
    let outcome = champion.own.outcome_in(study)?;
    if challenger.own.outcome_in(study)? != outcome {
        return Err(PipelineError::Input(format!(
            "`{}` predicts `{}` and `{}` predicts `{}`; give two models of one outcome",
            champion.own.file, champion.own.artefact.outcome, challenger.own.file, challenger.own.artefact.outcome
        )));
    }
    let folder = Folder::temporary()?;
    let Joined { base, .. } =
        join(study, settings, progress, &folder.folders(), &folder.spill(), &mut ReadSoFar::default())?;
    progress(Progress::Step(JUDGING));
    let test = Test::of(study, &base, outcome, [&champion, &challenger])?;
    let assessment = Assessment {
        confidence: study.confidence,
        replicates: study.evaluation.bootstrap as usize,
        seed: study.seed,
        ..Assessment::default()
    };
    let (first, second) = (champion.predict(&base, &test.rows)?, challenger.predict(&base, &test.rows)?);
    let refused = |error: EvaluationError| PipelineError::Impossible(in_full(&error));
    let rows = test.outcomes(study, &base, outcome).map_err(refused)?;
    let judged =
        assessment.contest(outcome.name(), &rows, &first, &second, metrics(outcome.family())).map_err(refused)?;
    let figures = [("champion", &judged.champion), ("challenger", &judged.challenger)];
    let figures =
        figures.into_iter().flat_map(|(name, own)| own.estimates.iter().map(move |row| FigureRow::of(name, row)));
    Ok(ContestResult {
        outcome: outcome.name().to_owned(),
        figures: figures.collect(),
        comparisons: ComparisonRow::all("champion", "challenger", &judged.comparison),
        champion: champion.contestant(),
        challenger: challenger.contestant(),
        first: written(test.span_us.0),
        last: written(test.span_us.1),
        n_test: test.rows.len(),
        n_shared_customer: test.n_shared_customer,
        findings: judged.findings,
    })
}

/// A model file whose training answers have dates.
struct Stored {
    own: StoredModel,
    /// First and last instant of its training answers.
    training_us: (i64, i64),
}

impl Stored {
    fn read(study: &Study, path: &Path) -> Result<Self, PipelineError> {
        let own = StoredModel::read(path)?;
        if study.sources.feedback.snapshot {
            return Err(PipelineError::Impossible(format!(
                "the answers of the study `{}` have no date, so that none is known to be later than the training of `{}`",
                study.name, own.file
            )));
        }
        let Some(training_us) = own.model.training else {
            return Err(PipelineError::Impossible(format!(
                "`{}` does not say when its training answers were given, so that none is known to be later",
                own.file
            )));
        };
        Ok(Self { own, training_us })
    }

    fn predict(&self, base: &BaseTable, rows: &[usize]) -> Result<Predicted, PipelineError> {
        let model = &self.own.model;
        let column = |feature: &Feature| {
            base.numbers(&feature.column).ok_or_else(|| {
                PipelineError::Input(format!(
                    "`{}` takes the column `{}`, which the study does not have; name it among the touchpoints or keep it",
                    self.own.file, feature.column
                ))
            })
        };
        let columns: Vec<&[f64]> = model.features.iter().map(column).collect::<Result<_, _>>()?;
        let n_levels = model.fitted.levels().len();
        let mut probabilities = Array2::zeros((rows.len(), n_levels));
        let mut values = Vec::with_capacity(rows.len());
        for (place, &row) in rows.iter().enumerate() {
            let features = model.features.iter().zip(&columns).map(|(feature, column)| feature.of(column[row]));
            let features: Vec<f64> = features.collect();
            values.push(model.predict(&features));
            let shares = model.fitted.probabilities_row(&features);
            probabilities.row_mut(place).iter_mut().zip(shares).for_each(|(share, own)| *share = own);
        }
        let levels = (n_levels > 0).then(|| LevelForecast { levels: model.fitted.levels().to_vec(), probabilities });
        Ok(Predicted { values, levels, ..Predicted::default() })
    }

    /// Beyond this nothing was known when the model was fitted.
    fn known_until_us(&self) -> i64 {
        self.own.known_until_us().unwrap_or(self.training_us.1)
    }

    fn window_in_words(&self) -> String {
        let (first, last) = (written(self.training_us.0), written(self.training_us.1));
        let window = self.own.artefact.window_days;
        let window = window.map_or_else(String::new, |days| format!(" and what followed in {}", words::days(days)));
        format!("`{}` was fitted to answers from {first} to {last}{window}", self.own.file)
    }

    fn contestant(&self) -> Contestant {
        Contestant {
            file: self.own.file.clone(),
            study: self.own.artefact.study.clone(),
            as_of: self.own.artefact.as_of.clone(),
            training: self.own.artefact.training.clone(),
        }
    }
}

/// The answers that test.
struct Test {
    /// Rows of the base table.
    rows: Vec<usize>,
    values: Vec<f64>,
    span_us: (i64, i64),
    n_shared_customer: usize,
}

impl Test {
    fn of(study: &Study, base: &BaseTable, outcome: &Outcome, models: [&Stored; 2]) -> Result<Self, PipelineError> {
        let times = base.numbers("t").unwrap_or_default();
        let customers = clusters::labels(study, base).unwrap_or_default();
        let refused = |what: String| {
            let [champion, challenger] = models.map(Stored::window_in_words);
            Err(PipelineError::Impossible(format!("{what}: {champion}; {challenger}")))
        };
        let known_until_us = models.map(Stored::known_until_us).into_iter().fold(i64::MIN, i64::max);
        if let Some(cut) = study.evaluation.cut_us.filter(|&cut| cut <= known_until_us) {
            return refused(format!(
                "a training window reaches into the answers that test, which begin with the study's cut on {}; cut later, or \
                 fit to earlier answers",
                written(cut)
            ));
        }
        let starts = |t: i64| study.evaluation.cut_us.map_or(t > known_until_us, |cut| t >= cut);
        let in_training = |t: i64| models.iter().any(|model| (model.training_us.0..=model.training_us.1).contains(&t));
        let seen: HashSet<Label<'_>> =
            (0..base.n_rows()).filter(|&row| in_training(times[row] as i64)).map(|row| customers[row]).collect();
        let selection = Selection::of(study, base, outcome);
        let mut test =
            Self { rows: Vec::new(), values: Vec::new(), span_us: (i64::MAX, i64::MIN), n_shared_customer: 0 };
        for (&row, &value) in
            selection.rows.iter().zip(&selection.values).filter(|(row, _)| starts(times[**row] as i64))
        {
            if seen.contains(&customers[row]) {
                test.n_shared_customer += 1;
                continue;
            }
            let t = times[row] as i64;
            test.span_us = (test.span_us.0.min(t), test.span_us.1.max(t));
            test.rows.push(row);
            test.values.push(value);
        }
        if test.rows.is_empty() {
            let n_later = times.iter().filter(|&&t| starts(t as i64)).count();
            return refused(test.nothing_to_test(n_later, times));
        }
        Ok(test)
    }

    /// Why no answer tests, of which so many were given after both training windows.
    fn nothing_to_test(&self, n_later: usize, times: &[f64]) -> String {
        if n_later == 0 {
            let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max) as i64;
            return format!(
                "the study has no answer from after both training windows (its last is of {}); judge on later answers",
                written(last)
            );
        }
        let n_unknown = n_later - self.n_shared_customer;
        let counts = [
            (n_unknown, "lack a score, or what is to be predicted is not known of them yet"),
            (self.n_shared_customer, "are of customers who answered within one"),
        ];
        let counts = counts.into_iter().filter(|(n, _)| *n > 0);
        let counts: Vec<String> = counts.map(|(n, why)| format!("{} {why}", words::count(n as u64))).collect();
        format!(
            "none of the {} from after both training windows can test ({}); judge on later answers of other customers",
            words::counted(n_later, "answer", "answers"),
            counts.join(", ")
        )
    }

    fn outcomes(&self, study: &Study, base: &BaseTable, outcome: &Outcome) -> Result<TestRows, EvaluationError> {
        let is_class = outcome.family() == Family::Logistic;
        let rows = if is_class { TestRows::classes(&self.values)? } else { TestRows::numbers(&self.values)? };
        let customers = clusters::labels(study, base).unwrap_or_default();
        let rows = rows.of_customers(Clusters::from_labels(self.rows.iter().map(|&row| customers[row])))?;
        let Some(weights) = base.numbers("weight") else { return Ok(rows) };
        let own: Vec<f64> = self.rows.iter().map(|&row| weights[row]).collect();
        let weights: Result<Weights, DataError> = Weights::new(study.sources.feedback.weight_kind, own);
        rows.weighted(weights?)
    }
}

fn metrics(family: Family) -> &'static [Metric] {
    match family {
        Family::Logistic => &Metric::OF_CLASSES,
        Family::Count => &Metric::OF_COUNTS,
        // Two models have two training means.
        _ => &[Metric::RSquared, Metric::Rmse, Metric::Mae, Metric::Spearman],
    }
}
