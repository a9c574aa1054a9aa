//! How soon the word passes along a list of edges that have dates.

use super::days::day_of;
use super::influence::{InfluenceAnswer, InfluenceQuestion, SpreadModel};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{Delay, DelayChoice, ReferralGraph, Relation};
use crate::intake::FlatTable;
use crate::pipeline::PipelineError;
use crate::pipeline::referral_log::ReferralLog;
use crate::pipeline::word_speed::{SpeedQuestion, word_speed};
use crate::report::DelayResult;
use crate::report::words;
use crate::study::ReferralKind;
use serde::Serialize;

/// Microseconds in a day.
const DAY_US: i64 = 86_400_000_000;
/// Samples where the ways to a node are several.
const SAMPLES: usize = 10_000;

/// A row of the list with its day.
#[derive(Debug, Clone, Copy)]
pub(super) struct DatedRow {
    pub from: u32,
    pub to: u32,
    pub kind: ReferralKind,
    /// Days since 1970.
    pub day: i64,
}

/// Days from when a node could pass the word on until it passed it on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DelayAnswer {
    /// `exponential` or `weibull`, whichever has the lower AIC.
    pub family: &'static str,
    /// Days within which a share of 0.632 have passed, and its standard error.
    pub scale_days: f64,
    /// Its standard error.
    pub scale_days_se: f64,
    /// The shape; 1 for the exponential.
    pub shape: f64,
    /// Its standard error; 0 for the exponential.
    pub shape_se: f64,
    /// Days within which half have passed.
    pub median_days: f64,
    /// Share (0-1) that passes the word on in the end; 1 where the dates show none that never does.
    pub share: f64,
    /// Its standard error; 0 where it is not estimated.
    pub share_se: f64,
    /// Edges with a known delay, and nodes that have not passed it on by the last day.
    pub n_trials: usize,
    /// Of these, edges.
    pub n_passed: usize,
    /// Akaike's criterion.
    pub aic: f64,
    /// That of the other family, where it could be fitted.
    pub aic_other: Option<f64>,
}

impl DelayAnswer {
    fn of(result: &DelayResult) -> Self {
        let fit = &result.chosen.fit;
        let (family, scale_days, shape) = match fit.delay {
            Delay::Weibull { scale_days, shape } => ("weibull", scale_days, shape),
            Delay::Exponential { mean_days } => ("exponential", mean_days, 1.0),
            Delay::Generation => ("generation", 1.0, 1.0),
        };
        Self {
            family,
            scale_days,
            scale_days_se: fit.scale_se,
            shape,
            shape_se: fit.shape_se,
            median_days: fit.delay.quantile(0.5),
            share: fit.share,
            share_se: fit.share_se,
            n_trials: fit.n_trials,
            n_passed: fit.n_passed,
            aic: fit.aic,
            aic_other: result.chosen.aic_other,
        }
    }
}

/// The day of a row.
pub(super) fn day(table: &FlatTable, row: usize, column: &str, text: Option<&str>) -> Result<i64, PipelineError> {
    let cell = || table.cell(row, column);
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Err(PipelineError::Input(format!("{}: the date is missing; fill it or drop the row", cell())));
    };
    day_of(text).ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        PipelineError::Input(format!(
            "{}: `{shown}` is no date; write dates as 2026-09-30 or 20260930, with or without a time behind",
            cell()
        ))
    })
}

/// Adds to an answer how soon the word passes, and reach within the days asked for.
///
/// # Errors
/// Linear thresholds, which have no time; reach that cannot be computed.
pub(super) fn add_speed(
    rows: &[DatedRow],
    graph: &ReferralGraph,
    question: &InfluenceQuestion,
    answer: &mut InfluenceAnswer,
) -> Result<(), PipelineError> {
    if question.model == SpreadModel::Threshold {
        return Err(PipelineError::Usage(
            "`--time` is of the cascade; linear thresholds do not tell how soon the word passes".to_owned(),
        ));
    }
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.day);
    let Some(last) = rows.last() else { return Ok(()) };
    answer.findings.extend(backwards(&rows, graph.n_nodes(), question));
    let speed = word_speed(
        &ReferralLog::of_edges(rows.iter().map(|row| (row.from, row.to, row.day * DAY_US, relation(row.kind)))),
        graph,
        &SpeedQuestion {
            reach_days: &question.within_days,
            delay: DelayChoice::default(),
            tenure_days: None,
            // A list of edges knows nobody outside of it.
            outside_tenure_days: &[],
            // Until the end of the last day of which anything is known.
            as_of_us: (last.day + 1) * DAY_US,
            samples: SAMPLES.min(question.samples),
            seed: question.seed,
        },
    )?;
    answer.findings.extend(speed.findings);
    answer.delay = speed.delay.as_ref().map(DelayAnswer::of);
    let Some(timed) = speed.timed else { return Ok(()) };
    for (node, row) in answer.nodes.iter_mut().enumerate() {
        let node = node as u32;
        for (place, days) in question.within_days.iter().enumerate() {
            row.measures.insert(format!("reach_{days}d"), Some(timed.within(node)[place]));
            row.measures.insert(format!("reach_{days}d_se"), Some(timed.within_se(node)[place]));
        }
        row.measures.insert("mean_days".to_owned(), timed.mean_time(node));
    }
    Ok(())
}

/// Counts edges that are dated before the first edge into the node that passes on: from these nothing is learned of delays.
fn backwards(rows: &[DatedRow], n_nodes: usize, question: &InfluenceQuestion) -> Option<Finding> {
    let leads_on = |row: &&DatedRow| matches!(row.kind, ReferralKind::Referral | ReferralKind::Invitation);
    let mut first_in = vec![i64::MAX; n_nodes];
    for row in rows.iter().filter(leads_on) {
        let first = &mut first_in[row.to as usize];
        *first = (*first).min(row.day);
    }
    let has_known_start = |row: &&DatedRow| first_in[row.from as usize] < i64::MAX;
    let n_known = rows.iter().filter(leads_on).filter(has_known_start).count();
    let n_backwards = rows
        .iter()
        .filter(leads_on)
        .filter(has_known_start)
        .filter(|row| row.day < first_in[row.from as usize])
        .count();
    let column = question.time.as_ref()?;
    (n_backwards > 0).then(|| {
        let sentence = format!(
            "{} before the word had come to the node that passes it on; these dates run backwards and nothing is learned of delays from them",
            words::part(n_backwards, n_known, ("edge onward", "edges onward"), ("is dated", "are dated"))
        );
        Finding::new(FindingKind::EdgesDropped, Severity::Warning, column, sentence)
            .number("n", n_backwards as f64)
            .number("n_known", n_known as f64)
    })
}

fn relation(kind: ReferralKind) -> Relation {
    match kind {
        ReferralKind::Referral => Relation::Referral,
        ReferralKind::Invitation => Relation::InvitationTaken,
        ReferralKind::Friendship => Relation::Friendship,
        ReferralKind::Declined => Relation::InvitationDeclined,
    }
}
