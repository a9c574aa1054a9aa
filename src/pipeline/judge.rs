//! How far the models of a study can be trusted: trained before a cut in time, judged after it, beside baselines.

use super::coded::Coded;
use super::fold_model::{FoldModel, GapMark};
use super::outcome_model::{Prepared, customers};
use super::outcomes::{Feature, FeatureKind};
use super::progress::{JUDGING, OutcomeSteps, Progress};
use super::purchase_baseline::{PurchaseBaseline, PurchaseRecords};
use super::selection::{Selection, controls, filled};
use super::small_bases::Hidden;
use crate::data::{
    Clusters, DesignMatrix, KeptSide, Observations, RollingOrigin, Split, SplitError, TimeSplit, cut_at_share,
    grouped_k_fold,
};
use crate::estimators::Family;
use crate::estimators::calibration::CalibrationMethod;
use crate::estimators::evaluation::{
    Assessment, CalibrationPlan, Evaluated, Evaluation, EvaluationError, MeanKept, Metric, ModelRole, Outsider,
    PredictedRows,
};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Engine, LinkError};
use crate::report::{ComparisonRow, EvaluationResult, FigureRow, SplitRow, words};
use crate::study::{Missing, Outcome, Study};
use ndarray::Array2;

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;
/// Folds of customers where answers have no date, and for learning a calibration.
pub(super) const CUSTOMER_FOLDS: usize = 5;
/// Rows of the rarer class, among those that train, from which on probabilities are calibrated by steps where a study does not say how.
const ISOTONIC_OF_EACH_CLASS: usize = 500;
/// The log loss of calibrated probabilities is said to be worse where it is so many times that of the model.
const HARMFUL: f64 = 1.02;
/// What a company knows of a customer's behaviour without asking, where a study names no columns.
const HISTORY: [&str; 6] = ["recency_days", "frequency", "frequency_90d", "frequency_365d", "spend_90d", "spend_365d"];

/// Judges the model of each of these outcomes.
///
/// # Errors
/// The engine fails to read the purchases. What else stands in the way is a finding of the outcome.
pub(super) fn judge(
    study: &Study,
    base: &BaseTable,
    engine: &Engine,
    outcomes: &[&Outcome],
    progress: &dyn Fn(Progress),
) -> Result<Vec<EvaluationResult>, LinkError> {
    let marked = marked(study);
    let steps = OutcomeSteps { step: JUDGING, of: outcomes.len(), progress };
    let all: Vec<(&Outcome, Result<Judged, String>)> =
        outcomes.iter().map(|&outcome| (outcome, Judged::of(study, &marked, base, outcome))).collect();
    let of_purchases = all.iter().filter(|(outcome, _)| PurchaseBaseline::is_of(outcome));
    let cuts_us = of_purchases.filter_map(|(_, judged)| judged.as_ref().ok()).flat_map(|judged| &judged.splits.cuts_us);
    let cuts_us: std::collections::BTreeSet<i64> = cuts_us.copied().collect();
    let records = if cuts_us.is_empty() { None } else { Some(PurchaseRecords::read(engine, base, cuts_us)?) };
    let judge = |(place, (outcome, judged)): (usize, (&Outcome, Result<Judged, String>))| {
        steps.say(place, outcome, "model of");
        let mut result = EvaluationResult::empty(outcome.name(), outcome.family());
        let of_few = judged.as_ref().ok().and_then(|judged| judged.small_base());
        if let Err(problem) = judged.and_then(|judged| judged.fill(records.as_ref(), &mut result)) {
            let sentence =
                format!("The model of `{}` could not be judged on rows it has not seen: {problem}", outcome.name());
            result.findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome.name(), sentence));
        } else {
            result.findings.extend(of_few);
        }
        result
    };
    Ok(all.into_iter().enumerate().map(judge).collect())
}

/// The study with a mark beside every column that has gaps: means over training and test rows together would let the test
/// rows speak, so that each fold fills the gaps anew.
fn marked(study: &Study) -> Study {
    let mut marked = study.clone();
    if marked.drivers.missing == Missing::Mean {
        marked.drivers.missing = Missing::Indicator;
    }
    marked
}

/// One outcome, ready to be judged.
struct Judged<'a> {
    study: &'a Study,
    base: &'a BaseTable,
    rows: Vec<usize>,
    prepared: Prepared,
    outcome: &'a Outcome,
    splits: Splits,
}

/// The columns within whose values a model is judged, and which of these may be shown among the answers that judge it: means
/// over few people are hidden, and so are others from which they would follow.
struct ShownSegments {
    columns: Vec<SegmentLevels>,
    finding: Option<Finding>,
}

struct SegmentLevels {
    coded: Coded,
    /// By level; those without a value last.
    shown: Vec<bool>,
}

impl ShownSegments {
    fn among(study: &Study, base: &BaseTable, rows: &[usize], outcome: &str) -> Self {
        let coded: Vec<Coded> = study.measures.by.iter().filter_map(|name| Coded::of(base, name)).collect();
        let mut hidden = Hidden::below(study.measures.suppress_below);
        let shown = hidden.levels(&coded.iter().collect::<Vec<_>>(), rows, 0..coded.len());
        let finding = hidden.finding(outcome);
        Self {
            columns: coded.into_iter().zip(shown).map(|(coded, shown)| SegmentLevels { coded, shown }).collect(),
            finding,
        }
    }
}

/// How the rows were split, and where.
struct Splits {
    splits: Vec<Split>,
    cuts_us: Vec<i64>,
    /// Folds that had nothing to fit on, or nothing to judge by.
    n_empty: usize,
}

impl Splits {
    fn n_test(&self) -> usize {
        self.splits.iter().map(|split| split.test().len()).sum()
    }

    /// That some of the folds asked for are not there.
    fn finding(&self, outcome: &str) -> Option<Finding> {
        (self.n_empty > 0).then(|| {
            let sentence = format!(
                "{} left out of the judgement of `{outcome}`, since no answer is there to fit on or to judge by: ask for fewer folds",
                words::part(self.n_empty, self.n_empty + self.splits.len(), ("fold", "folds"), words::ARE)
            );
            let finding = Finding::new(FindingKind::SmallBase, Severity::Note, outcome, sentence);
            finding.number("n_empty", self.n_empty as f64)
        })
    }
}

impl<'a> Judged<'a> {
    fn of(study: &'a Study, marked: &Study, base: &'a BaseTable, outcome: &'a Outcome) -> Result<Self, String> {
        let selection = Selection::of(study, base, outcome);
        let prepared = Prepared::of(marked, base, outcome, &selection).map_err(|problem| problem.to_string())?;
        let rows = selection.rows;
        let customers = customers(&prepared.observations);
        let splits = Splits::of(study, base, &rows, &customers, outcome).map_err(|error| error.to_string())?;
        let (n_test, shown_from) = (splits.n_test(), study.measures.suppress_below as usize);
        if n_test < shown_from {
            return Err(format!(
                "{} left to judge by, fewer than {shown_from} (`suppress_below`), so that its figures would be those of single \
                 customers; cut earlier",
                words::counted(n_test, "answer is", "answers are")
            ));
        }
        Ok(Self { study, base, rows, prepared, outcome, splits })
    }

    /// That few answers judge the model.
    fn small_base(&self) -> Option<Finding> {
        let (n_test, minimum) = (self.splits.n_test(), self.study.minimum_base as usize);
        (n_test < minimum).then(|| {
            let outcome = self.outcome.name();
            let sentence = format!(
                "The model of `{outcome}` is judged by {}, fewer than the {minimum} of `minimum_base`: its figures are rough",
                words::counted(n_test, "answer", "answers")
            );
            let finding = Finding::new(FindingKind::SmallBase, Severity::Warning, outcome, sentence);
            finding.number("n_test", n_test as f64).number("minimum_base", minimum as f64)
        })
    }

    fn fill(&self, records: Option<&PurchaseRecords>, result: &mut EvaluationResult) -> Result<(), String> {
        let in_words = |error: EvaluationError| error.to_string();
        let model = FoldModel { settings: self.prepared.settings(self.study), marks: self.marks() };
        let is_class = self.outcome.family() == Family::Logistic;
        let evaluation = Evaluation {
            assessment: Assessment {
                confidence: self.study.confidence,
                replicates: self.study.evaluation.bootstrap as usize,
                seed: self.study.seed,
                ..Assessment::default()
            },
            metrics: if self.outcome.family() == Family::Count { Metric::OF_COUNTS.to_vec() } else { Vec::new() },
            calibration: is_class.then(|| CalibrationPlan {
                method: self.study.scores.calibration.unwrap_or_else(|| customary_calibration(self.n_rarer_trained())),
                n_folds: CUSTOMER_FOLDS,
            }),
        };
        let (observations, splits) = (&self.prepared.observations, &self.splits.splits);
        let records = records.filter(|_| PurchaseBaseline::is_of(self.outcome));
        let baseline = records.map(|records| PurchaseBaseline {
            outcome: self.outcome,
            observations,
            rows: &self.rows,
            records,
            cuts_us: &self.splits.cuts_us,
        });
        let predict = |place: usize, split: &Split| match &baseline {
            Some(baseline) => baseline.predict(place, split),
            None => Err("there are no purchases".to_owned()),
        };
        let outsider: Option<&Outsider<'_>> = baseline.is_some().then_some(&predict);
        let own = evaluation.evaluate_beside(observations, splits, &model, &[], outsider).map_err(in_words)?;
        self.describe(result, &own);
        result.findings.extend(self.mean_kept(&own));
        if let (Some(plan), Some(before), Some(after)) =
            (evaluation.calibration, log_loss(&own, ModelRole::Full), log_loss(&own, ModelRole::Calibrated))
        {
            let is_used = self.study.scores.calibration.is_some();
            result.findings.extend(harmful(plan.method, &result.outcome, [before, after], is_used));
        }
        let names = self.history();
        let with_history = |mut model: FoldModel| -> Result<Evaluated, String> {
            let History { observations, columns, marks } = self.with_history(&names)?;
            model.marks.extend(marks);
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let evaluation = Evaluation { calibration: None, ..evaluation };
            evaluation.evaluate(&observations, splits, &model, &columns).map_err(in_words)
        };
        if !names.is_empty() {
            match with_history(model) {
                Ok(with) => self.add_history(result, &with),
                Err(problem) => result.findings.push(self.gain_unknown(&names, &problem)),
            }
        }
        Ok(())
    }

    /// Rows of the rarer class in the training rows of the split that has fewest: a calibration is learned from these alone.
    fn n_rarer_trained(&self) -> usize {
        let classes = self.prepared.observations.outcome().values();
        let rarer = |split: &Split| {
            let n_events = split.train().iter().filter(|&&row| classes[row] > 0.5).count();
            n_events.min(split.train().len() - n_events)
        };
        self.splits.splits.iter().map(rarer).min().unwrap_or(0)
    }

    /// Whether a model of counts keeps their mean on rows that it has not seen.
    fn mean_kept(&self, own: &Evaluated) -> Option<Finding> {
        let predictions = own.predictions.get(&ModelRole::Full).filter(|_| self.outcome.family() == Family::Count)?;
        let kept = MeanKept::of(&own.rows, predictions).ok()?;
        kept.finding(self.outcome.name(), PredictedRows::Later, self.study.confidence)
    }

    /// Why it is not known what the feedback adds; the model of the feedback alone is judged all the same.
    fn gain_unknown(&self, names: &[String], problem: &str) -> Finding {
        let outcome = self.outcome.name();
        let sentence = format!(
            "What the feedback adds to behaviour could not be judged for `{outcome}`: of the model with the columns of behaviour \
             ({}) {problem}",
            names.join(", ")
        );
        Finding::new(FindingKind::NotEstimated, Severity::Warning, outcome, sentence)
    }

    /// Columns with gaps; their marks are features only where the study has it so.
    fn marks(&self) -> Vec<GapMark> {
        let is_feature = self.study.drivers.missing == Missing::Indicator;
        let of_gap = |feature: &&Feature| feature.kind == FeatureKind::Gap;
        let mark =
            |feature: &Feature| GapMark { column: feature.column.clone(), mark: feature.name.clone(), is_feature };
        self.prepared.features.iter().filter(of_gap).map(mark).collect()
    }

    /// Figures of the study's own model, its baselines and its calibration.
    fn describe(&self, result: &mut EvaluationResult, own: &Evaluated) {
        result.n_test = own.row.len();
        result.splits = own
            .folds
            .iter()
            .enumerate()
            .map(|(index, fold)| SplitRow {
                fold: fold.fold,
                cut_us: self.splits.cuts_us.get(index).copied(),
                n_train: fold.n_train,
                n_test: fold.n_test,
                n_embargoed: fold.left_out.embargoed,
                n_shared_customer: fold.left_out.shared_customer,
            })
            .collect();
        result.figures.extend(figures(own, |role| match role {
            ModelRole::Full => Some("model"),
            ModelRole::BaseRate | ModelRole::Calibrated | ModelRole::BuyTillYouDie => Some(role.word()),
            ModelRole::History => None,
        }));
        result.findings.extend(self.splits.finding(&result.outcome));
        if own.folds.len() > 1 {
            let mut hidden = Hidden::below(self.study.measures.suppress_below);
            let shown = hidden.shown(&own.folds.iter().map(|fold| fold.n_test).collect::<Vec<_>>());
            result.findings.extend(hidden.finding(&result.outcome));
            for (fold, _) in own.folds.iter().zip(shown).filter(|(_, shown)| *shown) {
                let of_model = fold.models.iter().filter(|judged| judged.model == ModelRole::Full);
                let estimates = of_model.flat_map(|judged| &judged.judgement.estimates);
                result.figures.extend(
                    estimates.map(|estimate| FigureRow { fold: Some(fold.fold), ..FigureRow::of("model", estimate) }),
                );
            }
        }
        result.comparisons.extend(ComparisonRow::all("base_rate", "model", &own.gain_over_base_rate));
        let over_purchases = own.gain_over_buy_till_you_die.iter();
        result
            .comparisons
            .extend(over_purchases.flat_map(|gain| ComparisonRow::all("buy_till_you_die", "model", gain)));
        if let Some(detail) = own.class_detail(ModelRole::Full) {
            result.curve = detail.curve;
            result.deciles = detail.deciles;
            result.brier = Some(detail.brier);
            result.recalibration = detail.recalibration;
        }
        result.findings.extend(own.findings.iter().cloned());
        // Within segments only the model itself is judged: the intervals of its baselines would cost as much again.
        let mut of_model = own.clone();
        of_model.predictions.retain(|&role, _| role == ModelRole::Full);
        let judged: Vec<usize> = own.row.iter().map(|&row| self.rows[row]).collect();
        let ShownSegments { columns, finding } = ShownSegments::among(self.study, self.base, &judged, &result.outcome);
        result.findings.extend(finding);
        for SegmentLevels { coded, shown } in &columns {
            let level_of =
                |row: usize| Some(coded.codes[self.rows[row]] as usize).filter(|&level| level < coded.levels.len());
            let segment_of =
                |row: usize| level_of(row).filter(|&level| shown[level]).map(|level| coded.levels[level].as_str());
            let Ok(segments) = of_model.by_segment(segment_of) else { continue };
            for segment in segments {
                let estimates = segment.models.iter().flat_map(|judged| &judged.judgement.estimates);
                result.figures.extend(estimates.map(|estimate| FigureRow {
                    by: Some(coded.name.clone()),
                    segment: Some(segment.segment.clone()),
                    ..FigureRow::of("model", estimate)
                }));
            }
        }
    }

    /// What the feedback adds to behaviour.
    fn add_history(&self, result: &mut EvaluationResult, with: &Evaluated) {
        result.figures.extend(figures(with, |role| match role {
            ModelRole::Full => Some("history_and_feedback"),
            ModelRole::History => Some("history"),
            ModelRole::BaseRate | ModelRole::Calibrated | ModelRole::BuyTillYouDie => None,
        }));
        if let Some(gain) = &with.gain {
            result.comparisons.extend(ComparisonRow::all("history", "history_and_feedback", gain));
        }
        let about_gain = |finding: &&Finding| matches!(finding.kind, FindingKind::WeakLink | FindingKind::Unreliable);
        let more: Vec<Finding> = with.findings.iter().filter(about_gain).cloned().collect();
        result.findings.extend(more);
    }

    /// Columns of behaviour that the base table has.
    fn history(&self) -> Vec<String> {
        let there = |name: &String| self.base.numbers(name).is_some();
        match &self.study.evaluation.history {
            Some(names) => names.iter().filter(|name| there(name)).cloned().collect(),
            None => HISTORY.iter().map(|&name| name.to_owned()).filter(there).collect(),
        }
    }

    /// Features of the columns held constant.
    fn held_constant(&self) -> impl Iterator<Item = String> {
        let held: Vec<&String> = controls(self.study).collect();
        let features = self.prepared.features.iter();
        features.filter(move |feature| held.contains(&&feature.column)).map(|feature| feature.name.clone())
    }

    /// The study's model with the history columns beside its own; a gap of history is marked, and each fold fills it.
    fn with_history(&self, names: &[String]) -> Result<History, String> {
        let own = &self.prepared.observations;
        let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
        let mut marks = Vec::new();
        for name in names {
            let Some(source) = self.base.numbers(name) else { continue };
            let values: Vec<f64> = self.rows.iter().map(|&row| source[row]).collect();
            if values.iter().any(|value| value.is_nan()) {
                let gap = Feature::gap(name);
                let gaps = values.iter().map(|&value| gap.of(value)).collect();
                marks.push(GapMark { column: name.clone(), mark: gap.name.clone(), is_feature: true });
                columns.push((gap.name, gaps));
            }
            columns.push((name.clone(), filled(values)));
        }
        let design = own.design();
        // What is held constant in the study's model is in the model of behaviour too: it is no feedback.
        let held = self.held_constant().filter(|name| design.position(name).is_some());
        let mut history: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let more: Vec<String> = held.filter(|name| !history.contains(name)).collect();
        history.extend(more);
        columns.retain(|(name, _)| design.position(name).is_none());
        let n_own = design.n_features();
        let values = Array2::from_shape_fn((own.n_rows(), n_own + columns.len()), |(row, column)| {
            if column < n_own { design.values()[[row, column]] } else { columns[column - n_own].1[row] }
        });
        let names = design.names().iter().cloned().chain(columns.into_iter().map(|(name, _)| name));
        let design = DesignMatrix::new(names.collect(), values).map_err(|error| error.to_string())?;
        let observations = own.with_design(design).map_err(|error| error.to_string())?;
        Ok(History { observations, columns: history, marks })
    }
}

/// Isotonic where there are training rows enough of the rarer class; its steps at both ends rest on few rows and are 0 and 1 with less.
fn customary_calibration(n_rarer: usize) -> CalibrationMethod {
    match n_rarer < ISOTONIC_OF_EACH_CLASS {
        true => CalibrationMethod::Sigmoid,
        false => CalibrationMethod::Isotonic,
    }
}

fn log_loss(own: &Evaluated, role: ModelRole) -> Option<f64> {
    let of_role = own.models.iter().find(|judged| judged.model == role)?;
    let of_loss = of_role.judgement.estimates.iter().find(|estimate| estimate.metric == Metric::LogLoss)?;
    Some(of_loss.value)
}

/// A calibration that makes the probabilities of later rows worse, by log loss before and after; one that the study does not ask for
/// is in no score.
fn harmful(method: CalibrationMethod, outcome: &str, [before, after]: [f64; 2], is_used: bool) -> Option<Finding> {
    (after > before * HARMFUL).then(|| {
        let advice = match is_used {
            true => "leave the calibration out, or take another",
            false => "scores, which are not calibrated, are right as they are",
        };
        let sentence = format!(
            "Calibrated ({}), the probabilities of `{outcome}` are worse on later rows than as the model has them (log loss \
             {after:.3} against {before:.3}): {advice}.",
            method.word()
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence)
            .number("calibrated", after)
            .number("model", before)
    })
}

/// The study's observations with the columns of behaviour.
struct History {
    observations: Observations,
    /// The columns of behaviour and those held constant.
    columns: Vec<String>,
    marks: Vec<GapMark>,
}

impl Splits {
    fn of(
        study: &Study,
        base: &BaseTable,
        rows: &[usize],
        customers: &Clusters,
        outcome: &Outcome,
    ) -> Result<Self, SplitError> {
        let Some(times) = base.numbers("t").filter(|_| !study.sources.feedback.snapshot) else {
            let splits = grouped_k_fold(customers, CUSTOMER_FOLDS, study.seed)?;
            return Ok(Self { splits, cuts_us: Vec::new(), n_empty: 0 });
        };
        let times: Vec<i64> = rows.iter().map(|&row| times[row] as i64).collect();
        let embargo_us = outcome.window_days().map_or(0, |days| i64::from(days) * DAY_US);
        let settings = &study.evaluation;
        let share = settings.test_share;
        let Some(last) = settings.cut_us.or_else(|| cut_at_share(&times, share)) else {
            return Err(SplitError::NoCuts);
        };
        if settings.folds == 1 {
            let split = TimeSplit { cut_us: last, embargo_us, kept_side: KeptSide::default() };
            return Ok(Self { splits: vec![split.split(&times, customers)?], cuts_us: vec![last], n_empty: 0 });
        }
        // Equal spans of time from the first cut to the end of the answers.
        let end = times.iter().copied().max().unwrap_or(last) + 1;
        let n_folds = i64::from(settings.folds);
        let cuts_us: Vec<i64> = (0..n_folds).map(|fold| last + (end - last) / n_folds * fold).collect();
        let mut own = Self { splits: Vec::new(), cuts_us: Vec::new(), n_empty: 0 };
        let mut empty = SplitError::NoCuts;
        for (fold, &cut_us) in cuts_us.iter().enumerate() {
            let until_us = cuts_us.get(fold + 1).copied();
            let rolling = RollingOrigin { cuts_us: vec![cut_us], until_us, embargo_us, ..RollingOrigin::default() };
            match rolling.split(&times, customers) {
                Ok(splits) => {
                    own.splits.extend(splits);
                    own.cuts_us.push(cut_us);
                }
                // A quiet week says nothing against the others.
                Err(error @ (SplitError::NoTrainingRows { .. } | SplitError::NoTestRows { .. })) => {
                    own.n_empty += 1;
                    empty = error;
                }
                Err(error) => return Err(error),
            }
        }
        if own.splits.is_empty() { Err(empty) } else { Ok(own) }
    }
}

fn figures<'e>(
    evaluated: &'e Evaluated,
    name: impl Fn(ModelRole) -> Option<&'static str> + 'e,
) -> impl Iterator<Item = FigureRow> + 'e {
    evaluated
        .models
        .iter()
        .filter_map(move |judged| Some((name(judged.model)?, &judged.judgement)))
        .flat_map(|(model, judgement)| judgement.estimates.iter().map(move |estimate| FigureRow::of(model, estimate)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::small_study::SmallStudy;

    #[test]
    fn steps_calibrate_where_the_rarer_class_has_rows_enough() {
        assert_eq!(customary_calibration(499), CalibrationMethod::Sigmoid);
        assert_eq!(customary_calibration(500), CalibrationMethod::Isotonic);
    }

    /// One answer a day of somebody else on each of these days from 2026-01-01.
    fn judged_by(days: impl Iterator<Item = i64>, evaluation: &str) -> EvaluationResult {
        let day = |day: i64| jiff::civil::date(2026, 1, 1).saturating_add(jiff::Span::new().days(day));
        let row = |at: i64| format!("C{at},{},{},{}\n", day(at), (at * 7) % 11, (at * 3) % 5 + 1);
        let rows: String = days.map(row).collect();
        let study = format!(
            "study = {{ name = \"case\", as_of = 2026-12-31, zone = \"UTC\", bootstrap = 20 }}
[sources.feedback]
path = \"a.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[drivers]
touchpoints = [\"speed\"]
[actions]
enabled = false
[outcomes.recommend]
[evaluation]
{evaluation}
"
        );
        let files = [("a.csv", format!("who,when,ltr,speed\n{rows}"))];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        SmallStudy::new(&study, &files).run().evaluations.into_iter().next().expect("judged")
    }

    fn said(result: &EvaluationResult) -> String {
        result.findings.iter().map(|finding| finding.sentence.as_str()).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn nobody_is_judged_alone() {
        // Day 59 is 2026-03-01, the last.
        let one = judged_by(0..60, "cut = 2026-03-01");
        assert!(one.figures.is_empty() && one.splits.is_empty() && one.n_test == 0, "{one:?}");
        assert!(said(&one).contains("1 answer is left to judge by, fewer than 5 (`suppress_below`)"), "{}", said(&one));
        // 2026-02-20 is day 50.
        let ten = judged_by(0..60, "cut = 2026-02-20");
        assert_eq!((ten.n_test, ten.figures.is_empty()), (10, false));
        assert!(said(&ten).contains("judged by 10 answers, fewer than the 30 of `minimum_base`"), "{}", said(&ten));
    }

    #[test]
    fn an_empty_fold_only_drops_out() {
        // From day 31 (2026-02-01) to 69 ten folds begin at 31, 34.8, 38.6, 42.4, 46.2, 50.0 and so on: the fourth and the fifth have
        // no answer.
        let days = (0..40).chain(51..70);
        let own = judged_by(days, "cut = 2026-02-01\nfolds = 10");
        assert_eq!(own.n_test, 28, "nine answers from day 31 to 39 and nineteen from 51 on");
        assert_eq!(own.splits.len(), 8);
        assert!(said(&own).contains("2 of 10 folds are left out of the judgement of `recommend`"), "{}", said(&own));
        // Folds of three or four answers have no figures of their own.
        assert!(own.figures.iter().all(|row| row.fold.is_none()), "{:?}", own.figures);
        assert!(own.figure("model", "rmse").is_some());
    }

    #[test]
    fn a_calibration_that_does_harm_is_said_and_one_that_hardly_does_is_not() {
        let finding = harmful(CalibrationMethod::Isotonic, "repurchase", [0.549, 1.299], true).expect("a finding");
        assert!(finding.sentence.contains("Calibrated (isotonic)"), "{}", finding.sentence);
        assert!(finding.sentence.contains("log loss 1.299 against 0.549"), "{}", finding.sentence);
        assert!(finding.sentence.ends_with("leave the calibration out, or take another."), "{}", finding.sentence);
        assert!(harmful(CalibrationMethod::Sigmoid, "repurchase", [0.5, 0.505], true).is_none());
        assert!(harmful(CalibrationMethod::Sigmoid, "repurchase", [0.5, 0.4], true).is_none());
        let unasked = harmful(CalibrationMethod::Isotonic, "promoter", [0.351, 0.401], false).expect("a finding");
        assert!(
            unasked.sentence.ends_with("scores, which are not calibrated, are right as they are."),
            "{}",
            unasked.sentence
        );
    }
}
