//! Times to an event, each of them complete or cut off.

use crate::measures::MeasureError;

/// Times to an event in the order of time, with those at which it happened before those at which looking on ended.
#[derive(Debug, Clone, PartialEq)]
pub struct SurvivalTimes {
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    time: f64,
    is_event: bool,
}

/// One time at which something happened or looking on ended, and to how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tie {
    pub(super) time: f64,
    pub(super) n_at_risk: usize,
    pub(super) n_events: usize,
    pub(super) n_censored: usize,
}

impl SurvivalTimes {
    /// Times of at least 0, one a row, and whether the event happened then (`true`) or was not seen until then (`false`).
    ///
    /// # Errors
    /// Columns of unequal length, a time that is negative or no number, no row at all.
    pub fn new(times: &[f64], events: &[bool]) -> Result<Self, MeasureError> {
        if times.len() != events.len() {
            let what = "the column of events".to_owned();
            return Err(MeasureError::Length { what, n_found: events.len(), n_expected: times.len() });
        }
        if times.is_empty() {
            return Err(MeasureError::TooFew { what: "times to the event".to_owned(), n_found: 0, n_needed: 1 });
        }
        if let Some(row) = times.iter().position(|time| !time.is_finite() || *time < 0.0) {
            let what = "the column of times, which begin at 0".to_owned();
            return Err(MeasureError::NotFinite { what, row: row + 1, value: times[row] });
        }
        let rows = times.iter().zip(events).map(|(&time, &is_event)| Row { time, is_event });
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by(|one, other| one.time.total_cmp(&other.time));
        Ok(Self { rows })
    }

    /// Rows.
    pub fn n(&self) -> usize {
        self.rows.len()
    }

    /// Rows whose event happened.
    pub fn n_events(&self) -> usize {
        self.rows.iter().filter(|row| row.is_event).count()
    }

    /// The longest time, complete or cut off.
    pub fn last(&self) -> f64 {
        self.rows.last().map_or(0.0, |row| row.time)
    }

    /// How many are at risk just before each different time, and what became of them at it. Who is cut off at the time of an
    /// event was still at risk then.
    pub(super) fn ties(&self) -> Vec<Tie> {
        let mut ties = Vec::new();
        let mut from = 0;
        while from < self.rows.len() {
            let time = self.rows[from].time;
            let n_tied = self.rows[from..].iter().take_while(|row| row.time <= time).count();
            let n_events = self.rows[from..from + n_tied].iter().filter(|row| row.is_event).count();
            ties.push(Tie { time, n_at_risk: self.rows.len() - from, n_events, n_censored: n_tied - n_events });
            from += n_tied;
        }
        ties
    }
}
