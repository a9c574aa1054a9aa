//! Whom the answers stand for: response rates, and the score weighted to what is known of the population.

use super::PipelineError;
use super::clusters;
use super::small_bases::Hidden;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Column, Engine, ResponseCut, ResponseRate, ResponseRates};
use crate::measures::weighting::{Margin, Raking, ScoreBeforeAfter, TargetShare};
use crate::measures::{IntervalKind, MeasureError, NpsSettings, Sampling};
use crate::report::Weighting;
use crate::study::{NpsInterval, PopulationMargin, Study};

/// Response rates, and what was hidden of them.
#[derive(Default)]
pub(super) struct Response {
    pub rows: Vec<ResponseRate>,
    pub finding: Option<Finding>,
}

/// Response rates of all invitations and by channel; none without invitations or without times of answers.
pub(super) fn rates(study: &Study, engine: &Engine) -> Result<Response, PipelineError> {
    let Some(invitations) = &study.sources.invitations else { return Ok(Response::default()) };
    if !engine.plan().dated {
        return Ok(Response::default());
    }
    let mut cuts = vec![ResponseCut::All];
    cuts.extend(invitations.channel.as_ref().map(|_| ResponseCut::Invitation("channel".to_owned())));
    let settings = ResponseRates { within_days: study.measures.answer_within_days, cuts, confidence: study.confidence };
    let mut rows = engine.response_rates(&settings)?;
    let is_cut = |row: &ResponseRate| row.cut != ResponseCut::All;
    let counts: Vec<usize> = rows.iter().filter(|row| is_cut(row)).map(|row| row.n_invited as usize).collect();
    let mut hidden = Hidden::below(study.measures.suppress_below);
    let mut shown = hidden.shown(&counts).into_iter();
    rows.retain(|row| !is_cut(row) || shown.next().unwrap_or(true));
    Ok(Response { rows, finding: hidden.finding("invitations") })
}

/// The score before and after raking; `None` where the study names no shares, or nobody answered.
///
/// # Errors
/// Shares that cannot be met: a value that nobody or that nobody expected has, shares that contradict each other.
pub(super) fn raked(study: &Study, base: &BaseTable) -> Result<Option<Weighting>, PipelineError> {
    let margins = &study.measures.rake;
    if margins.is_empty() {
        return Ok(None);
    }
    let Some(answers) = base.numbers("recommend") else { return Ok(None) };
    let weights = base.numbers("weight");
    let columns: Vec<Vec<Option<String>>> = margins.iter().map(|own| texts(base, &own.column)).collect();
    let answered = |row: &usize| !answers[*row].is_nan() && weights.is_none_or(|own| !own[*row].is_nan());
    let is_whole = |row: &usize| columns.iter().all(|column| column[*row].is_some());
    let all: Vec<usize> = (0..base.n_rows()).filter(answered).collect();
    let rows: Vec<usize> = all.iter().copied().filter(is_whole).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let codes: Vec<Vec<u32>> = margins
        .iter()
        .zip(&columns)
        .map(|(own, column)| own_codes(study, own, rows.iter().map(|&row| column[row].as_deref())))
        .collect::<Result<_, _>>()?;
    let targets = margins.iter().zip(&codes).map(|(own, codes)| {
        let share = |own: &crate::study::PopulationShare| TargetShare { category: own.value.clone(), size: own.share };
        Margin::new(own.column.clone(), own.shares.iter().map(share).collect(), codes)
    });
    let refused = |problem: MeasureError| PipelineError::from(study.refuse("measures.rake", problem.to_string()));
    let targets: Vec<Margin<'_>> = targets.collect::<Result<_, _>>().map_err(refused)?;
    let of = |column: &[f64]| -> Vec<f64> { rows.iter().map(|&row| column[row]).collect() };
    let (own_answers, own_weights) = (of(answers), weights.map(of));
    let raked = Raking::default().weigh(&targets, own_weights.as_deref()).map_err(refused)?;
    let clusters = clusters::of_rows(study, base, &rows);
    let sampling = Sampling { weights: own_weights.as_deref(), clusters: clusters.as_ref(), population: None };
    let interval = match study.measures.interval {
        NpsInterval::AdjustedWald => IntervalKind::AdjustedWald,
        NpsInterval::Score => IntervalKind::Score,
        NpsInterval::Wald => IntervalKind::Wald,
    };
    let settings = NpsSettings { interval, confidence: study.confidence };
    let both = match ScoreBeforeAfter::of(&own_answers, sampling, &raked.weights, settings) {
        Ok(both) => both,
        Err(problem) => return Err(refused(problem)),
    };
    let mut findings = both.findings;
    let n_blank = all.len() - rows.len();
    if n_blank > 0 {
        let names: Vec<&str> = margins.iter().map(|own| own.column.as_str()).collect();
        let sentence = format!(
            "{n_blank} of {} answers are in no weighted score because they lack {}",
            all.len(),
            names.join(" or ")
        );
        findings.push(
            Finding::new(FindingKind::RowsDropped, Severity::Note, "weighting", sentence)
                .number("n", n_blank as f64)
                .number("share", n_blank as f64 / all.len() as f64),
        );
    }
    Ok(Some(Weighting {
        columns: margins.iter().map(|own| own.column.clone()).collect(),
        gap: both.gap,
        before: both.before,
        after: both.after,
        efficiency: both.efficiency,
        rounds: raked.rounds,
        findings,
    }))
}

/// A column of the base table as texts.
fn texts(base: &BaseTable, name: &str) -> Vec<Option<String>> {
    match base.columns().iter().find(|(own, _)| own == name) {
        Some((_, Column::Texts(values))) => values.clone(),
        Some((_, Column::Numbers(values))) => {
            values.iter().map(|value| (!value.is_nan()).then(|| value.to_string())).collect()
        }
        None => vec![None; base.n_rows()],
    }
}

/// The place of every value among the shares.
fn own_codes<'v>(
    study: &Study,
    margin: &PopulationMargin,
    values: impl Iterator<Item = Option<&'v str>>,
) -> Result<Vec<u32>, PipelineError> {
    values
        .map(|value| {
            let place = margin.shares.iter().position(|own| Some(own.value.as_str()) == value);
            place.map(|place| place as u32).ok_or_else(|| {
                let value = value.unwrap_or_default();
                let sentence = format!(
                    "answers have `{value}` as {}, for which no share is given; add it, or leave those answers out",
                    margin.column
                );
                study.refuse(&format!("measures.rake.{}", margin.column), sentence).into()
            })
        })
        .collect()
}
