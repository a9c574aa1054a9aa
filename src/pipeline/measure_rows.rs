//! The score of all answers and of every cut.

use super::PipelineError;
use super::small_bases::Hidden;
use crate::estimators::diagnostics::{Diagnose, Scale, TouchpointDiagnostics, Touchpoints};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Column};
use crate::measures::{IntervalKind, NetPromoterScore, NpsSettings};
use crate::report::{Cut, MeasureRow};
use crate::study::{NpsInterval, Study};
use ndarray::Array2;
use std::collections::BTreeMap;

/// What a cut's blank cells are called.
const BLANK: &str = "(blank)";

/// The scores of a study.
#[derive(Default)]
pub(super) struct Measured {
    /// All answers first, then the cuts that are shown.
    pub rows: Vec<MeasureRow>,
    /// Cuts with too few answers to be shown, and those that would give them away.
    pub hidden: Vec<Cut>,
    pub findings: Vec<Finding>,
}

/// The score of all answers (weighted first, where there are weights, and then also unweighted), then of each cut.
pub(super) fn measure(study: &Study, base: &BaseTable) -> Result<Measured, PipelineError> {
    let recommend = base.numbers("recommend").unwrap_or_default();
    let answered: Vec<usize> = (0..recommend.len()).filter(|&row| !recommend[row].is_nan()).collect();
    let mut findings = Vec::new();
    if answered.is_empty() {
        let sentence = "nobody answered whether they would recommend, so there is no score";
        findings.push(Finding::new(FindingKind::NotEstimated, Severity::Serious, "nps", sentence));
        return Ok(Measured { findings, ..Measured::default() });
    }
    let weights = base.numbers("weight");
    let weighted: Vec<usize> = match weights {
        Some(weights) => answered.iter().copied().filter(|&row| !weights[row].is_nan()).collect(),
        None => Vec::new(),
    };
    let mut rows = Vec::new();
    if weights.is_some() && !weighted.is_empty() {
        rows.push(measure_row(study, base, None, &weighted, weights)?);
    }
    rows.push(measure_row(study, base, None, &answered, None)?);
    let (mut small_bases, mut hidden) = (Hidden::below(study.measures.suppress_below), Vec::new());
    let of_cuts = if weights.is_some() { &weighted } else { &answered };
    for column in &study.measures.by {
        let groups = groups(base, column, of_cuts);
        let counts: Vec<usize> = groups.iter().map(|(_, members)| members.len()).collect();
        for ((value, members), shown) in groups.into_iter().zip(small_bases.shown(&counts)) {
            let cut = Cut { column: column.clone(), value };
            if shown {
                rows.push(measure_row(study, base, Some(cut), &members, weights)?);
            } else {
                hidden.push(cut);
            }
        }
    }
    findings.extend(small_bases.finding("nps"));
    let small: Vec<&MeasureRow> = rows.iter().filter(|row| row.below_minimum_base).collect();
    if !small.is_empty() {
        let sentence = format!(
            "{} of the scores shown rest on fewer than {} answers; read them with their intervals",
            small.len(),
            study.minimum_base
        );
        findings.push(
            Finding::new(FindingKind::SmallBase, Severity::Warning, "nps", sentence)
                .number("n_cuts", small.len() as f64)
                .number("minimum_base", f64::from(study.minimum_base)),
        );
    }
    Ok(Measured { rows, hidden, findings })
}

fn measure_row(
    study: &Study,
    base: &BaseTable,
    cut: Option<Cut>,
    rows: &[usize],
    weights: Option<&[f64]>,
) -> Result<MeasureRow, PipelineError> {
    let recommend = base.numbers("recommend").unwrap_or_default();
    let answers: Vec<f64> = rows.iter().map(|&row| recommend[row]).collect();
    let weights: Option<Vec<f64>> = weights.map(|weights| rows.iter().map(|&row| weights[row]).collect());
    let interval = match study.measures.interval {
        NpsInterval::AdjustedWald => IntervalKind::AdjustedWald,
        NpsInterval::Score => IntervalKind::Score,
        NpsInterval::Wald => IntervalKind::Wald,
    };
    let settings = NpsSettings { interval, confidence: study.confidence };
    let score = NetPromoterScore::of(&answers, weights.as_deref(), settings).map_err(|problem| {
        PipelineError::Measure { file: "feedback".to_owned(), column: "recommend".to_owned(), problem }
    })?;
    Ok(MeasureRow {
        cut,
        weighted: weights.is_some(),
        below_minimum_base: score.n < study.minimum_base as usize,
        score,
    })
}

/// Rows by value of a column, in the order of the values.
fn groups(base: &BaseTable, column: &str, rows: &[usize]) -> Vec<(String, Vec<usize>)> {
    let mut groups: BTreeMap<(u8, String), Vec<usize>> = BTreeMap::new();
    let Some((_, values)) = base.columns().iter().find(|(name, _)| name == column) else { return Vec::new() };
    for &row in rows {
        let value = match values {
            Column::Texts(values) => values[row].clone(),
            Column::Numbers(values) => (!values[row].is_nan()).then(|| values[row].to_string()),
        };
        // Blanks come last.
        let key = value.map_or((1, BLANK.to_owned()), |value| (0, value));
        groups.entry(key).or_default().push(row);
    }
    groups.into_iter().map(|((_, value), rows)| (value, rows)).collect()
}

/// What the touchpoint scores themselves say, gaps and all; `None` without touchpoints.
pub(super) fn touchpoints(study: &Study, base: &BaseTable) -> Option<TouchpointDiagnostics> {
    let columns: Vec<(&String, &[f64])> =
        study.drivers.touchpoints.iter().filter_map(|name| Some((name, base.numbers(name)?))).collect();
    let names = columns.iter().map(|(name, _)| (*name).clone()).collect();
    let values = Array2::from_shape_fn((base.n_rows(), columns.len()), |(row, column)| columns[column].1[row]);
    let scores = Touchpoints::new(names, values).ok()?;
    let scale = study.sources.feedback.scale.and_then(|scale| Scale::new(scale.min, scale.max).ok());
    (!columns.is_empty()).then(|| Diagnose::default().touchpoints(&scores, scale))
}
