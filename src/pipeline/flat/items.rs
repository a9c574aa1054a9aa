//! `advocate nps --metric ...`: another figure of a column than its Net Promoter Score.

use super::beside::{self, FlatWindow, WindowRow, Windows, in_words};
use super::nps::{name, shown};
use crate::data::Clusters;
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{FlatTable, Wanted};
use crate::measures::disclosure::SmallBases;
use crate::measures::portfolio::{
    CorrelationRow, Cut, CutAnalysis, Estimate, EstimateSettings, Measure, SeveralAnswers,
};
use crate::measures::{IntervalKind, MeasureError, Resampling, Sampling};
use crate::pipeline::portfolio::{measure_of, yes_or_no};
use crate::pipeline::{PipelineError, in_full};
use crate::stats::Confidence;
use crate::study::{Codes, ItemFigure};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemQuestion {
    /// The file.
    pub file: PathBuf,
    /// The column of answers.
    pub column: String,
    /// What is made of them.
    pub figure: ItemFigure,
    /// Columns to group by; a group is a combination of their values.
    pub by: Vec<String>,
    /// A column of sampling weights.
    pub weights: Option<String>,
    /// A column whose equal values are one customer; a blank is a customer of its own.
    pub cluster: Option<String>,
    /// How many customers (or, without clusters, answers) there are in all.
    pub population: Option<f64>,
    /// The kind of interval; without it, the one that is customary for the figure.
    pub interval: Option<IntervalKind>,
    /// Its level.
    pub confidence: Confidence,
    /// How a bootstrap interval is made.
    pub resampling: Resampling,
    /// Groups with fewer answers are hidden.
    pub small_bases: Option<SmallBases>,
    /// Other columns of numbers, each pair of which and of this one is correlated.
    pub correlate: Vec<String>,
    /// A window that moves.
    pub window: Option<FlatWindow>,
    /// Codes that count as no answer.
    pub not_applicable: Vec<String>,
}

/// One figure a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemAnswer {
    /// Groups in the order of their values.
    pub groups: Vec<ItemGroup>,
    /// How the column and others go together, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<CorrelationRow>,
    /// The figure over windows, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// The figure of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemGroup {
    /// The group's value of each column; empty for all answers.
    pub by: BTreeMap<String, Option<String>>,
    /// The figure.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// Computes the figures.
///
/// # Errors
/// A table that is refused, an answer off the scale (with its row), settings that do not go with the figure, no answer at all.
pub fn items(question: &ItemQuestion) -> Result<ItemAnswer, PipelineError> {
    check_window(question.window.as_ref(), question.cluster.as_ref())?;
    let (table, columns) = Columns::read(question)?;
    let refused = |problem: MeasureError| in_words(&table, &question.column, problem);
    let measure = measure_of(&question.column, &question.figure, &columns.answers).map_err(refused)?;
    let known = measure.known_rows();
    if known.is_empty() {
        return Err(refused(MeasureError::NoAnswers));
    }
    let mut answer = ItemAnswer {
        groups: Vec::new(),
        correlations: Vec::new(),
        windows: Vec::new(),
        findings: beside::left_out(&question.column, known.len(), table.n_rows).into_iter().collect(),
    };
    let settings = question.settings();
    columns.groups(question, &measure, settings, &mut answer).map_err(refused)?;
    if !question.correlate.is_empty() {
        let all = std::iter::once((question.column.as_str(), columns.answers.as_slice()));
        let others = question.correlate.iter().map(String::as_str).zip(columns.others.iter().map(Vec::as_slice));
        let all: Vec<(&str, &[f64])> = all.chain(others).collect();
        answer.correlations = beside::correlations(&all, columns.sampling(question), settings).map_err(refused)?;
    }
    if let (Some(window), Some(times)) = (&question.window, &columns.times) {
        let sampling = columns.sampling(question);
        let Windows { rows, findings } = beside::windows(&table, times, &measure, sampling, (window, settings))?;
        answer.windows = rows;
        answer.findings.extend(findings);
    }
    Ok(answer)
}

impl ItemQuestion {
    fn settings(&self) -> EstimateSettings {
        let mut settings = EstimateSettings { confidence: self.confidence, ..EstimateSettings::default() };
        settings.resampling = (self.interval == Some(IntervalKind::Bootstrap)).then_some(self.resampling);
        if let Some(kind) = self.interval {
            match self.figure {
                ItemFigure::Nps | ItemFigure::NetBox { .. } => settings.net = kind,
                ItemFigure::TopBox { .. } | ItemFigure::Yes { .. } => settings.share = kind,
                ItemFigure::Mean { .. } => settings.mean = kind,
            }
        }
        settings
    }
}

/// The columns asked for; rows without a weight have no answer.
struct Columns {
    answers: Vec<f64>,
    others: Vec<Vec<f64>>,
    by: Vec<Vec<Option<String>>>,
    weights: Option<Vec<f64>>,
    clusters: Option<Clusters>,
    times: Option<Vec<Option<String>>>,
}

impl Columns {
    fn read(question: &ItemQuestion) -> Result<(FlatTable, Self), PipelineError> {
        let yes = match &question.figure {
            ItemFigure::Yes { values } => Some(values),
            _ => None,
        };
        let time = question.window.as_ref().map(|own| own.time.clone());
        let mut wanted = Wanted {
            numbers: question.correlate.clone(),
            texts: question.by.clone(),
            not_applicable: Codes::new(question.not_applicable.clone()),
            remedy: ", or name it with --not-applicable",
            answers: if yes.is_some() { Vec::new() } else { vec![question.column.clone()] },
        };
        wanted.numbers.extend(question.weights.clone());
        wanted.texts.extend(question.cluster.iter().chain(&time).cloned());
        if yes.is_some() { &mut wanted.texts } else { &mut wanted.numbers }.push(question.column.clone());
        let mut table =
            FlatTable::read(&question.file, &wanted).map_err(|error| PipelineError::Input(in_full(&error)))?;
        let (mut numbers, mut texts) = (std::mem::take(&mut table.numbers), std::mem::take(&mut table.texts));
        let mut answers = match yes {
            None => numbers.pop().unwrap_or_default(),
            Some(yes) => {
                let mut values = texts.pop().unwrap_or_default();
                let is_code = |text: &String| question.not_applicable.iter().any(|code| code == text.trim());
                values.iter_mut().filter(|own| own.as_ref().is_some_and(is_code)).for_each(|own| *own = None);
                yes_or_no(&question.column, &values, yes)
                    .map_err(|sentence| PipelineError::Input(format!("`{}`: {sentence}", table.file)))?
            }
        };
        let times = time.and_then(|_| texts.pop());
        let customers = question.cluster.as_ref().and_then(|_| texts.pop());
        let mut weights = question.weights.as_ref().and_then(|_| numbers.pop());
        for (row, weight) in weights.iter_mut().flatten().enumerate().filter(|(_, weight)| weight.is_nan()) {
            (answers[row], *weight) = (f64::NAN, 0.0);
        }
        let clusters = customers
            .map(|own| Clusters::from_labels(own.iter().enumerate().map(|(row, who)| who.as_ref().ok_or(row))));
        Ok((table, Self { answers, others: numbers, by: texts, weights, clusters, times }))
    }

    fn sampling(&self, question: &ItemQuestion) -> Sampling<'_> {
        Sampling {
            weights: self.weights.as_deref(),
            clusters: self.clusters.as_ref(),
            population: question.population,
            streams: None,
        }
    }

    fn groups(
        &self,
        question: &ItemQuestion,
        measure: &Measure<'_>,
        settings: EstimateSettings,
        answer: &mut ItemAnswer,
    ) -> Result<(), MeasureError> {
        let key = |row: usize| -> Vec<Option<&String>> { self.by.iter().map(|column| column[row].as_ref()).collect() };
        let mut places: BTreeMap<Vec<Option<&String>>, (u32, usize)> =
            measure.known_rows().into_iter().map(|row| (key(row), (0, 0))).collect();
        places.values_mut().enumerate().for_each(|(place, own)| own.0 = place as u32);
        for row in measure.known_rows() {
            if let Some(own) = places.get_mut(&key(row)) {
                own.1 += 1;
            }
        }
        let codes: Vec<u32> =
            (0..self.answers.len()).map(|row| places.get(&key(row)).map_or(Cut::BLANK, |own| own.0)).collect();
        let levels = (0..places.len()).map(|place| place.to_string()).collect();
        let cut = Cut::new("group", levels, &codes)?;
        let rows =
            CutAnalysis::of(settings).estimate(std::slice::from_ref(measure), &[cut], self.sampling(question))?.rows;
        let cells = shown(question.small_bases, places.values().map(|own| own.1));
        answer.findings.extend(question.small_bases.and_then(|own| own.finding(&question.column, &cells)));
        // The first row is that of all answers.
        for (((key, _), cell), row) in places.iter().zip(cells).zip(rows.into_iter().skip(1)) {
            let by: BTreeMap<String, Option<String>> =
                question.by.iter().cloned().zip(key.iter().map(|own| own.cloned())).collect();
            let note =
                |what: String| Finding::new(FindingKind::NotEstimated, Severity::Warning, &question.column, what);
            match row.estimate.filter(|_| cell.is_shown()) {
                Some(estimate) => {
                    if estimate.std_error.is_none() {
                        let problem = "one answer or customer alone tells nothing of how they differ";
                        answer.findings.push(note(format!("the figure of {} has no error: {problem}", name(&by))));
                    }
                    answer.groups.push(ItemGroup { by, estimate });
                }
                None if cell.is_shown() => {
                    let problem = MeasureError::NoAnswers;
                    answer.findings.push(note(format!("{} has no figure: {problem}", name(&by))));
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Answers of which the last of each customer counts need customers.
pub(super) fn check_window(window: Option<&FlatWindow>, cluster: Option<&String>) -> Result<(), PipelineError> {
    match window {
        Some(own) if own.several != SeveralAnswers::All && cluster.is_none() => Err(PipelineError::Usage(
            "the last answer of each customer needs customers; name their column by --cluster".to_owned(),
        )),
        _ => Ok(()),
    }
}
