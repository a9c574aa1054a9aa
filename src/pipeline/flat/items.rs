//! `advocate nps --metric ...`: another figure of a column than its Net Promoter Score.

use super::answers::{Answers, AnswersQuestion, Group, OfGroup, name};
use super::beside::{self, WindowRow, in_words};
use crate::findings::Finding;
use crate::measures::portfolio::{CorrelationRow, Cut, CutAnalysis, Estimate, EstimateSettings, Measure};
use crate::measures::{IntervalKind, MeasureError};
use crate::pipeline::PipelineError;
use crate::pipeline::portfolio::measure_of;
use crate::study::ItemFigure;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is asked of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemQuestion {
    /// Which answers, and how their figures are reported.
    pub answers: AnswersQuestion,
    /// What is made of them.
    pub figure: ItemFigure,
    /// The kind of interval; without it, the one that is customary for the figure.
    pub interval: Option<IntervalKind>,
}

/// One figure a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemAnswer {
    /// Groups in the order of their values.
    pub groups: Vec<ItemGroup>,
    /// How the column and others go together in each group, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<OfGroup<CorrelationRow>>,
    /// The figure of each group over windows, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<OfGroup<WindowRow>>,
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
    let yes = match &question.figure {
        ItemFigure::Yes { values } => Some(values.as_slice()),
        _ => None,
    };
    let answers = Answers::read(&question.answers, yes)?;
    let column = &question.answers.column;
    let refused = |problem: MeasureError| in_words(&answers.table, column, problem);
    let measure = measure_of(column, &question.figure, &answers.values).map_err(refused)?;
    let groups = answers.groups();
    if groups.is_empty() {
        return Err(refused(MeasureError::NoAnswers));
    }
    let mut answer = ItemAnswer {
        groups: Vec::new(),
        correlations: Vec::new(),
        windows: Vec::new(),
        findings: answers.left_out().into_iter().chain(answers.nobodys()).collect(),
    };
    let settings = question.settings();
    add_groups(&answers, &groups, &measure, settings, &mut answer).map_err(refused)?;
    let beside = beside::of_groups(&answers, &groups, &question.figure, settings)?;
    (answer.correlations, answer.windows) = (beside.correlations, beside.windows);
    answer.findings.extend(beside.findings);
    Ok(answer)
}

impl ItemQuestion {
    fn settings(&self) -> EstimateSettings {
        let mut settings = EstimateSettings { confidence: self.answers.confidence, ..EstimateSettings::default() };
        settings.resampling = (self.interval == Some(IntervalKind::Bootstrap)).then_some(self.answers.resampling);
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

fn add_groups(
    answers: &Answers<'_>,
    groups: &[Group],
    measure: &Measure<'_>,
    settings: EstimateSettings,
    answer: &mut ItemAnswer,
) -> Result<(), MeasureError> {
    let mut codes = vec![Cut::BLANK; answers.values.len()];
    for (place, group) in groups.iter().enumerate() {
        group.rows.iter().for_each(|&row| codes[row] = place as u32);
    }
    let levels = (0..groups.len()).map(|place| place.to_string()).collect();
    let cut = Cut::new("group", levels, &codes)?;
    let rows = CutAnalysis::of(settings).estimate(std::slice::from_ref(measure), &[cut], answers.sampling())?.rows;
    let (shown, finding) = answers.shown(groups);
    answer.findings.extend(finding);
    let of_shown = groups.iter().zip(&shown).filter(|(_, shown)| shown.is_shown()).map(|(group, _)| group);
    answer.findings.extend(answers.few_customers(of_shown.clone()));
    answer.findings.extend(answers.unequal_weights(of_shown));
    // The first row is that of all answers.
    for ((group, cell), row) in groups.iter().zip(shown).zip(rows.into_iter().skip(1)) {
        if !cell.is_shown() {
            continue;
        }
        let by = group.by.clone();
        match row.estimate {
            Some(estimate) => {
                if estimate.rests_on_one() {
                    answer.findings.push(answers.of_one_weight(&by));
                } else if estimate.std_error.is_none() {
                    let problem = "one answer or customer alone tells nothing of how they differ";
                    let what = format!("the figure of {} has no error: {problem}", name(&by));
                    answer.findings.push(answers.not_estimated(what));
                }
                answer.groups.push(ItemGroup { by, estimate });
            }
            None => {
                let problem = MeasureError::NoAnswers;
                answer.findings.push(answers.not_estimated(format!("{} has no figure: {problem}", name(&by))));
            }
        }
    }
    Ok(())
}
