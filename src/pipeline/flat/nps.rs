//! `advocate nps`: the score of a column, by group.

use super::beside::{self, FlatWindow, WindowRow, Windows};
use super::columns::what;
use super::items::check_window;
use crate::data::Clusters;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{FlatTable, Wanted};
use crate::measures::change::GroupScore;
use crate::measures::channels::{Benchmark, BenchmarkTest};
use crate::measures::disclosure::{ShownCell, SmallBases};
use crate::measures::portfolio::{AnswerScale, CorrelationRow, EstimateSettings, Measure};
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings, Resampling, Sampling};
use crate::pipeline::answer_scale::of_another_scale;
use crate::pipeline::{PipelineError, in_full};
use crate::study::Codes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct NpsQuestion {
    /// The file.
    pub file: PathBuf,
    /// The column of 0-10 answers.
    pub score: String,
    /// Columns to group by; a group is a combination of their values.
    pub by: Vec<String>,
    /// A column of sampling weights.
    pub weights: Option<String>,
    /// A column whose equal values are one customer; a blank is a customer of its own.
    pub cluster: Option<String>,
    /// How many customers (or, without clusters, answers) there are in all.
    pub population: Option<f64>,
    /// The interval and its level.
    pub settings: NpsSettings,
    /// How a bootstrap interval is made.
    pub resampling: Resampling,
    /// Groups with fewer answers are hidden.
    pub small_bases: Option<SmallBases>,
    /// A score that each group is tested to lie above.
    pub benchmark: Option<Benchmark>,
    /// The scale on which the item was asked.
    pub scale: AnswerScale,
    /// Other columns of numbers, each pair of which and of the answers is correlated.
    pub correlate: Vec<String>,
    /// A window that moves.
    pub window: Option<FlatWindow>,
    /// Codes that count as no answer.
    pub not_applicable: Vec<String>,
}

/// One score a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NpsAnswer {
    /// Groups in the order of their values.
    pub groups: Vec<NpsGroup>,
    /// How the answers and other columns go together, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<CorrelationRow>,
    /// The score over windows, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowRow>,
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
    check_window(question.window.as_ref(), question.cluster.as_ref())?;
    let mut wanted = Wanted {
        numbers: vec![question.score.clone()],
        answers: vec![question.score.clone()],
        texts: question.by.clone(),
        not_applicable: Codes::new(question.not_applicable.clone()),
        remedy: ", or name it with --not-applicable",
    };
    wanted.numbers.extend(question.weights.iter().chain(&question.correlate).cloned());
    wanted.texts.extend(question.cluster.clone());
    wanted.texts.extend(question.window.iter().map(|own| own.time.clone()));
    let table = FlatTable::read(&question.file, &wanted).map_err(|error| PipelineError::Input(in_full(&error)))?;
    let rows = Rows {
        answers: &table.numbers[0],
        weights: question.weights.as_ref().map(|_| table.numbers[1].as_slice()),
        customers: question.cluster.as_ref().map(|_| table.texts[question.by.len()].as_slice()),
    };
    let known: Vec<usize> = (0..table.n_rows).filter(|&row| rows.is_known(row)).collect();

    let mut groups: BTreeMap<Vec<Option<&String>>, Vec<usize>> = BTreeMap::new();
    for &row in &known {
        let key = table.texts[..question.by.len()].iter().map(|column| column[row].as_ref()).collect();
        groups.entry(key).or_default().push(row);
    }
    let at_row = |members: &[usize], source: MeasureError| {
        let (column, row) = match (&source, &question.weights) {
            (MeasureError::OffScale { row, .. }, _) => (&question.score, *row),
            (MeasureError::BadWeight { row, .. }, Some(weights)) => (weights, *row),
            _ => {
                let (file, column) = (table.file.clone(), question.score.clone());
                return PipelineError::Measure { file, column, problem: source };
            }
        };
        let place = table.cell(members.get(row - 1).copied().unwrap_or(row - 1), column);
        PipelineError::Input(format!("{place}: {}", what(&source)))
    };
    if !question.scale.is_zero_to_ten() {
        let (item, low, high) = (question.score.clone(), question.scale.low(), question.scale.high());
        return Err(at_row(&known, MeasureError::NotZeroToTen { item, low, high }));
    }
    if known.is_empty() {
        return Err(at_row(&known, MeasureError::NoAnswers));
    }
    let mut answer = NpsAnswer {
        groups: Vec::new(),
        correlations: Vec::new(),
        windows: Vec::new(),
        findings: beside::left_out(&question.score, known.len(), table.n_rows).into_iter().collect(),
    };
    answer.findings.extend(of_another_scale(
        &question.score,
        ", and say `--scale 1-10` to have such an item refused",
        known.iter().map(|&row| rows.answers[row]),
    ));
    let shown = shown(question.small_bases, groups.values().map(Vec::len));
    answer.findings.extend(question.small_bases.and_then(|own| own.finding(&question.score, &shown)));
    for ((key, members), shown) in groups.into_iter().zip(shown) {
        let by: BTreeMap<String, Option<String>> =
            question.by.iter().cloned().zip(key.into_iter().map(Option::<&String>::cloned)).collect();
        // What is hidden is still checked: an answer off the scale is refused wherever it stands.
        match score(question, &rows, &members) {
            Ok(score) if shown.is_shown() && score.std_error.is_nan() => {
                let problem = MeasureError::OneCustomer;
                answer
                    .findings
                    .push(not_estimated(question, format!("the score of {} has no error: {problem}", name(&by))));
                answer.groups.push(NpsGroup { by, score, benchmark: None });
            }
            Ok(score) if shown.is_shown() => {
                let test = |own: Benchmark| own.beaten_by(GroupScore::of_score(&score), question.settings.confidence);
                let benchmark = question.benchmark.map(test).transpose().map_err(|source| at_row(&members, source))?;
                answer.groups.push(NpsGroup { by, score, benchmark });
            }
            Ok(_) => {}
            // A group whose weights are all zero has no score, which is no reason to refuse the others.
            Err(problem @ (MeasureError::NoAnswers | MeasureError::TooFew { .. })) if !question.by.is_empty() => {
                answer.findings.push(not_estimated(question, format!("{} has no score: {problem}", name(&by))));
            }
            Err(source) => return Err(at_row(&members, source)),
        }
    }
    if !question.correlate.is_empty() || question.window.is_some() {
        beside_the_score(question, &table, &rows, &mut answer)?;
    }
    Ok(answer)
}

/// How the answers go with other columns, and the score over windows.
fn beside_the_score(
    question: &NpsQuestion,
    table: &FlatTable,
    rows: &Rows<'_>,
    answer: &mut NpsAnswer,
) -> Result<(), PipelineError> {
    let known = |row: usize| rows.is_known(row);
    let of = |column: &[f64]| -> Vec<f64> {
        (0..table.n_rows).map(|row| if known(row) { column[row] } else { f64::NAN }).collect()
    };
    let answers = of(rows.answers);
    let weights: Option<Vec<f64>> =
        rows.weights.map(|own| own.iter().map(|weight| if weight.is_nan() { 0.0 } else { *weight }).collect());
    let clusters = rows
        .customers
        .map(|own| Clusters::from_labels(own.iter().enumerate().map(|(row, who)| who.as_ref().ok_or(row))));
    let sampling = Sampling {
        weights: weights.as_deref(),
        clusters: clusters.as_ref(),
        population: question.population,
        streams: None,
    };
    let settings = EstimateSettings {
        net: question.settings.interval,
        confidence: question.settings.confidence,
        resampling: (question.settings.interval == IntervalKind::Bootstrap).then_some(question.resampling),
        ..EstimateSettings::default()
    };
    let measure = Measure::nps(&question.score, &answers);
    let refused =
        |problem| PipelineError::Measure { file: table.file.clone(), column: question.score.clone(), problem };
    let measure = measure.map_err(refused)?;
    if !question.correlate.is_empty() {
        let n_own = 1 + usize::from(question.weights.is_some());
        let others =
            question.correlate.iter().map(String::as_str).zip(table.numbers[n_own..].iter().map(Vec::as_slice));
        let all: Vec<(&str, &[f64])> =
            std::iter::once((question.score.as_str(), answers.as_slice())).chain(others).collect();
        answer.correlations = beside::correlations(&all, sampling, settings).map_err(refused)?;
    }
    if let Some(window) = &question.window {
        let times = table.texts.last().map_or(&[][..], Vec::as_slice);
        let Windows { rows, findings } = beside::windows(table, times, &measure, sampling, (window, settings))?;
        answer.windows = rows;
        answer.findings.extend(findings);
    }
    Ok(())
}

/// The columns of the table.
struct Rows<'t> {
    answers: &'t [f64],
    weights: Option<&'t [f64]>,
    customers: Option<&'t [Option<String>]>,
}

impl Rows<'_> {
    fn is_known(&self, row: usize) -> bool {
        !self.answers[row].is_nan() && self.weights.is_none_or(|weights| !weights[row].is_nan())
    }
}

fn not_estimated(question: &NpsQuestion, sentence: String) -> Finding {
    Finding::new(FindingKind::NotEstimated, Severity::Warning, &question.score, sentence)
}

/// A group as a sentence names it.
pub(super) fn name(by: &BTreeMap<String, Option<String>>) -> String {
    let parts: Vec<String> =
        by.iter().map(|(column, value)| format!("{column} = {}", value.as_deref().unwrap_or("(blank)"))).collect();
    if parts.is_empty() { "all answers".to_owned() } else { format!("the group {}", parts.join(", ")) }
}

/// The score of some rows; without error and interval where all are one customer's.
fn score(question: &NpsQuestion, rows: &Rows<'_>, members: &[usize]) -> Result<NetPromoterScore, MeasureError> {
    let answers: Vec<f64> = members.iter().map(|&row| rows.answers[row]).collect();
    let weights: Option<Vec<f64>> = rows.weights.map(|weights| members.iter().map(|&row| weights[row]).collect());
    let clusters = rows
        .customers
        .map(|customers| Clusters::from_labels(members.iter().map(|&row| customers[row].as_ref().ok_or(row))));
    let sampling = Sampling {
        weights: weights.as_deref(),
        clusters: clusters.as_ref(),
        population: question.population,
        streams: None,
    };
    let of = |sampling: Sampling| match question.settings.interval {
        IntervalKind::Bootstrap => {
            NetPromoterScore::resampled(&answers, sampling, question.settings.confidence, question.resampling)
        }
        _ => NetPromoterScore::of_sample(&answers, sampling, question.settings),
    };
    match of(sampling) {
        Err(MeasureError::OneCustomer) => {
            Ok(of(Sampling { clusters: None, population: None, ..sampling })?.without_error())
        }
        other => other,
    }
}

/// Which groups are shown; where the small ones cannot be covered by others, none is.
pub(super) fn shown(small_bases: Option<SmallBases>, counts: impl Iterator<Item = usize>) -> Vec<ShownCell> {
    let counts: Vec<u64> = counts.map(|count| count as u64).collect();
    match small_bases {
        None => counts.into_iter().map(ShownCell::Shown).collect(),
        Some(own) => own.list_or_nothing(&counts),
    }
}
