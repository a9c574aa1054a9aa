//! `advocate nps`: the score of a column, by group.

use super::answers::{Answers, AnswersQuestion, OfGroup, name};
use super::beside::{self, WindowRow};
use super::columns::what;
use crate::findings::Finding;
use crate::measures::change::GroupScore;
use crate::measures::channels::{Benchmark, BenchmarkTest};
use crate::measures::portfolio::{AnswerScale, CorrelationRow, EstimateSettings};
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings, Sampling};
use crate::pipeline::PipelineError;
use crate::pipeline::answer_scale::of_another_scale;
use crate::study::ItemFigure;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct NpsQuestion {
    /// Which answers, on 0-10, and how their figures are reported.
    pub answers: AnswersQuestion,
    /// The kind of interval.
    pub interval: IntervalKind,
    /// A score that each group is tested to lie above.
    pub benchmark: Option<Benchmark>,
    /// The scale on which the item was asked.
    pub scale: AnswerScale,
}

/// One score a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NpsAnswer {
    /// Groups in the order of their values.
    pub groups: Vec<NpsGroup>,
    /// How the answers and other columns go together in each group, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<OfGroup<CorrelationRow>>,
    /// The score of each group over windows, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<OfGroup<WindowRow>>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// The score of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NpsGroup {
    /// The group's value of each column; empty for all answers.
    pub by: BTreeMap<String, Option<String>>,
    /// The score.
    #[serde(flatten)]
    pub score: NetPromoterScore,
    /// Whether the score lies above the benchmark, one-sided; where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<BenchmarkTest>,
}

/// Computes the scores.
///
/// # Errors
/// A table that is refused, an answer off the scale (with its row), a scale on which there is no such score, no answer at all.
pub fn nps(question: &NpsQuestion) -> Result<NpsAnswer, PipelineError> {
    let answers = Answers::read(&question.answers, None)?;
    let groups = answers.groups();
    if !question.scale.is_zero_to_ten() {
        let (item, low, high) = (question.answers.column.clone(), question.scale.low(), question.scale.high());
        return Err(at_row(&answers, &[], MeasureError::NotZeroToTen { item, low, high }));
    }
    if groups.is_empty() {
        return Err(at_row(&answers, &[], MeasureError::NoAnswers));
    }
    let mut answer = NpsAnswer {
        groups: Vec::new(),
        correlations: Vec::new(),
        windows: Vec::new(),
        findings: answers.left_out().into_iter().chain(answers.nobodys()).collect(),
    };
    answer.findings.extend(of_another_scale(
        &answers.question.column,
        ", and say `--scale 1-10` to have such an item refused",
        answers.values.iter().copied().filter(|answer| !answer.is_nan()),
    ));
    let (shown, finding) = answers.shown(&groups);
    answer.findings.extend(finding);
    let of_shown = groups.iter().zip(&shown).filter(|(_, shown)| shown.is_shown()).map(|(group, _)| group);
    answer.findings.extend(answers.few_customers(of_shown.clone()));
    answer.findings.extend(answers.unequal_weights(of_shown));
    for (group, shown) in groups.iter().zip(shown) {
        let (by, members) = (group.by.clone(), &group.answered);
        // What is hidden is still checked: an answer off the scale is refused wherever it stands.
        match score(question, &answers, members) {
            Ok(score) if shown.is_shown() && score.rests_on_one() => {
                answer.findings.push(answers.of_one_weight(&by));
                answer.groups.push(NpsGroup { by, score: score.without_error(), benchmark: None });
            }
            Ok(score) if shown.is_shown() && score.std_error.is_nan() => {
                let problem = MeasureError::OneCustomer;
                let what = format!("the score of {} has no error: {problem}", name(&by));
                answer.findings.push(answers.not_estimated(what));
                answer.groups.push(NpsGroup { by, score, benchmark: None });
            }
            Ok(score) if shown.is_shown() => {
                if score.n == 1 {
                    let who = name(&by);
                    let what =
                        format!("{who} is one answer: its interval holds what any single answer would leave open");
                    answer.findings.push(answers.small(what));
                }
                let test = |own: Benchmark| own.beaten_by(GroupScore::of_score(&score), question.answers.confidence);
                let benchmark = question.benchmark.map(test).transpose();
                let benchmark = benchmark.map_err(|source| at_row(&answers, members, source))?;
                answer.groups.push(NpsGroup { by, score, benchmark });
            }
            Ok(_) => {}
            // A group whose weights are all zero has no score, which is no reason to refuse the others.
            Err(problem @ (MeasureError::NoAnswers | MeasureError::TooFew { .. })) if !by.is_empty() => {
                answer.findings.push(answers.not_estimated(format!("{} has no score: {problem}", name(&by))));
            }
            Err(source) => return Err(at_row(&answers, members, source)),
        }
    }
    let settings = EstimateSettings {
        net: question.interval,
        confidence: question.answers.confidence,
        resampling: (question.interval == IntervalKind::Bootstrap).then_some(question.answers.resampling),
        ..EstimateSettings::default()
    };
    let beside = beside::of_groups(&answers, &groups, &ItemFigure::Nps, settings)?;
    (answer.correlations, answer.windows) = (beside.correlations, beside.windows);
    answer.findings.extend(beside.findings);
    Ok(answer)
}

/// What is wrong with a row of a group, by its place in the file.
fn at_row(answers: &Answers<'_>, members: &[usize], source: MeasureError) -> PipelineError {
    let AnswersQuestion { column, weights, .. } = answers.question;
    let (column, row) = match (&source, weights) {
        (MeasureError::OffScale { row, .. }, _) => (column, *row),
        (MeasureError::BadWeight { row, .. }, Some(weights)) => (weights, *row),
        _ => {
            let (file, column) = (answers.table.file.clone(), column.clone());
            return PipelineError::Measure { file, column, problem: source };
        }
    };
    let place = answers.table.cell(members.get(row - 1).copied().unwrap_or(row - 1), column);
    PipelineError::Input(format!("{place}: {}", what(&source)))
}

/// The score of some rows; without error and interval where all are one customer's.
fn score(question: &NpsQuestion, answers: &Answers<'_>, members: &[usize]) -> Result<NetPromoterScore, MeasureError> {
    let AnswersQuestion { confidence, resampling, .. } = question.answers;
    let values: Vec<f64> = members.iter().map(|&row| answers.values[row]).collect();
    let drawn = answers.drawn(members);
    let of = |sampling: Sampling| match question.interval {
        IntervalKind::Bootstrap => NetPromoterScore::resampled(&values, sampling, confidence, resampling),
        interval => NetPromoterScore::of_sample(&values, sampling, NpsSettings { interval, confidence }),
    };
    match of(drawn.sampling()) {
        Err(MeasureError::OneCustomer) => {
            Ok(of(Sampling { clusters: None, population: None, ..drawn.sampling() })?.without_error())
        }
        other => other,
    }
}
