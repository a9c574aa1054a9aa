//! `advocate nps`: the score of a column, by group.

use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::{FlatTable, Wanted};
use crate::measures::{MeasureError, NetPromoterScore, NpsSettings};
use crate::pipeline::{PipelineError, in_full};
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
    /// The interval and its level.
    pub settings: NpsSettings,
    /// Codes that count as no answer.
    pub not_applicable: Vec<String>,
}

/// One score a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NpsAnswer {
    /// Groups in the order of their values.
    pub groups: Vec<NpsGroup>,
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
}

/// Computes the scores.
///
/// # Errors
/// A table that is refused, an answer off the scale (with its row), no answer at all.
pub fn nps(question: &NpsQuestion) -> Result<NpsAnswer, PipelineError> {
    let mut wanted = Wanted {
        numbers: vec![question.score.clone()],
        texts: question.by.clone(),
        not_applicable: question.not_applicable.clone(),
    };
    wanted.numbers.extend(question.weights.clone());
    let table = FlatTable::read(&question.file, &wanted).map_err(|error| PipelineError::Input(in_full(&error)))?;
    let answers = &table.numbers[0];
    let weights = question.weights.as_ref().map(|_| &table.numbers[1]);
    let known = |row: &usize| !answers[*row].is_nan() && weights.is_none_or(|weights| !weights[*row].is_nan());
    let rows: Vec<usize> = (0..table.n_rows).filter(known).collect();

    let mut groups: BTreeMap<Vec<Option<&String>>, Vec<usize>> = BTreeMap::new();
    for &row in &rows {
        let key = table.texts.iter().map(|column| column[row].as_ref()).collect();
        groups.entry(key).or_default().push(row);
    }
    let at_row = |members: &[usize], source: MeasureError| {
        let row = |row: usize| members.get(row - 1).map_or(row, |&row| row + 1);
        let source = match source {
            MeasureError::OffScale { row: at, value } => MeasureError::OffScale { row: row(at), value },
            MeasureError::BadWeight { row: at, value } => MeasureError::BadWeight { row: row(at), value },
            other => other,
        };
        PipelineError::Measure { file: table.file.clone(), column: question.score.clone(), problem: source }
    };
    if rows.is_empty() {
        return Err(at_row(&rows, MeasureError::NoAnswers));
    }
    let mut answer = NpsAnswer { groups: Vec::new(), findings: Vec::new() };
    let n_missing = table.n_rows - rows.len();
    if n_missing > 0 {
        let sentence =
            format!("{n_missing} of {} rows have no answer or no weight and are not in the base", table.n_rows);
        answer.findings.push(
            Finding::new(FindingKind::RowsDropped, Severity::Note, &question.score, sentence)
                .number("n", n_missing as f64)
                .number("share", n_missing as f64 / table.n_rows as f64),
        );
    }
    for (key, members) in groups {
        let own: Vec<f64> = members.iter().map(|&row| answers[row]).collect();
        let own_weights: Option<Vec<f64>> = weights.map(|weights| members.iter().map(|&row| weights[row]).collect());
        let by = question.by.iter().cloned().zip(key.into_iter().map(Option::<&String>::cloned)).collect();
        match NetPromoterScore::of(&own, own_weights.as_deref(), question.settings) {
            Ok(score) => answer.groups.push(NpsGroup { by, score }),
            // A group whose weights are all zero has no score, which is no reason to refuse the others.
            Err(MeasureError::NoAnswers) if !question.by.is_empty() => {
                let sentence = format!("the group {by:?} has no answer with a positive weight and no score");
                answer.findings.push(Finding::new(
                    FindingKind::NotEstimated,
                    Severity::Warning,
                    &question.score,
                    sentence,
                ));
            }
            Err(source) => return Err(at_row(&members, source)),
        }
    }
    Ok(answer)
}
