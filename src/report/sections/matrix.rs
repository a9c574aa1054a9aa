//! The drivers of all outcomes side by side.

use super::outcome::OutcomeSection;
use crate::report::results::{OutcomeResult, StudyResults};
use crate::report::standing::Link;
use crate::report::words;

/// Ranked drivers, side by side and outcome by outcome.
pub(in crate::report) struct Drivers {
    pub heads: Vec<MatrixHead>,
    pub with_intervals: bool,
    pub rows: Vec<MatrixRow>,
    pub outcomes: Vec<OutcomeSection>,
}

/// The head of an outcome's column.
pub(in crate::report) struct MatrixHead {
    pub id: String,
    pub name: String,
    /// The window's length, where the outcome has a name of its own: others of the same kind may have another.
    pub window: Option<String>,
    pub tag: Option<&'static str>,
}

/// A driver's place for every outcome.
pub(in crate::report) struct MatrixRow {
    pub driver: String,
    pub cells: Vec<Option<MatrixCell>>,
}

/// Rank and share, each with its interval.
pub(in crate::report) struct MatrixCell {
    pub rank: usize,
    pub ranks: Option<String>,
    pub share: String,
    pub shares: Option<String>,
    /// 0 to 0.35, the strength of the shade behind the numbers.
    pub shade: String,
}

impl Drivers {
    pub fn of(results: &StudyResults) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for row in
            results.outcomes.iter().filter_map(|outcome| outcome.ranking.as_ref()).flat_map(|ranking| &ranking.drivers)
        {
            if !names.contains(&row.driver.as_str()) {
                names.push(&row.driver);
            }
        }
        let heads = results.outcomes.iter().enumerate().map(|(place, outcome)| MatrixHead {
            id: outcome_id(place),
            name: outcome.name.clone(),
            window: outcome.window_days.filter(|_| outcome.name != outcome.kind).map(words::days),
            tag: tag(results, outcome),
        });
        let rows = names.into_iter().map(|driver| MatrixRow {
            driver: driver.to_owned(),
            cells: results.outcomes.iter().map(|outcome| MatrixCell::of(outcome, driver)).collect(),
        });
        let drivers = || {
            results.outcomes.iter().filter_map(|outcome| outcome.ranking.as_ref()).flat_map(|ranking| &ranking.drivers)
        };
        Self {
            with_intervals: drivers().any(|row| row.interval.is_some()),
            heads: heads.collect(),
            rows: rows.collect(),
            outcomes: results
                .outcomes
                .iter()
                .enumerate()
                .map(|(place, outcome)| OutcomeSection::of(results, outcome, place))
                .collect(),
        }
    }
}

/// The place on the page that links lead to.
pub(super) fn outcome_id(place: usize) -> String {
    format!("outcome-{}", place + 1)
}

/// What must stand at an outcome's name wherever its drivers are ranked.
pub(super) fn tag(results: &StudyResults, outcome: &OutcomeResult) -> Option<&'static str> {
    match Link::of(results, outcome) {
        _ if outcome.ranking.is_none() => Some("not ranked"),
        Link::Weak => Some("weak link"),
        Link::There | Link::Unknown => None,
    }
}

impl MatrixCell {
    fn of(outcome: &OutcomeResult, driver: &str) -> Option<Self> {
        let row = outcome.ranking.as_ref()?.drivers.iter().find(|row| row.driver == driver)?;
        let shade = if row.share.is_finite() { 0.35 * row.share.clamp(0.0, 1.0) } else { 0.0 };
        Some(Self {
            rank: row.rank,
            ranks: row.interval.map(|interval| words::rank_range(interval.rank_low, interval.rank_high)),
            share: words::percent(row.share),
            shares: row.interval.map(|interval| words::percent_range(interval.share_low, interval.share_high)),
            shade: format!("{shade:.2}"),
        })
    }
}
