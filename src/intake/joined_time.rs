//! A date in one column and the time of day in another, as tills and payment services write them.

use super::cell::Cell;
use super::check::is_code;
use super::contract::Contract;
use super::rows::Rows;
use super::written::Written;
use super::zones::{DAY_US, SECOND_US};
use std::fmt::Write;

/// Cells of a workbook that are a time of day are one of the first day of its calendar, the later of which begins in 1904: microseconds since
/// 1970 of 1904-01-02.
const FIRST_DAYS_US: i64 = -24_106 * DAY_US;

/// Which columns of a contract these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TwoColumns {
    pub(super) date: usize,
    pub(super) clock: usize,
}

impl TwoColumns {
    /// The date and the time of the current row in one cell: the texts with a blank between them, or a day and the part of it that has passed.
    /// The date alone where there is no time, and nothing where there is no date.
    pub(super) fn joined<'c>(self, contract: &Contract, rows: &'c impl Rows, scratch: &'c mut String) -> Cell<'c> {
        let (date, clock) = (rows.cell(self.date), rows.cell(self.clock));
        let is_blank = |cell: Cell<'_>, at: usize| match cell {
            Cell::Missing => true,
            Cell::Text(text) => text.is_empty() || is_code(&contract.columns[at].blank, text),
            _ => false,
        };
        if is_blank(date, self.date) || is_blank(clock, self.clock) {
            return date;
        }
        match (day_of(date), passed_of(clock)) {
            (Some(day_us), Some(passed_us)) => Cell::Local(day_us + passed_us),
            (Some(day_us), None) => {
                let mut own = String::new();
                let clock = clock.text(&mut own);
                // A clock of ISO 8601 needs no pattern behind a day that is no text.
                match Written::plain(&format!("2000-01-01 {clock}")) {
                    Some(Written::Local(us)) => Cell::Local(day_us + us.rem_euclid(DAY_US)),
                    _ => {
                        *scratch = format!("{} {clock}", Cell::Day((day_us / DAY_US) as i32).text(&mut String::new()));
                        Cell::Text(scratch)
                    }
                }
            }
            (None, passed) => {
                let (mut first, mut second) = (String::new(), String::new());
                if let Some(passed_us) = passed {
                    let seconds = passed_us / SECOND_US;
                    // Writing to a String cannot fail.
                    let _ = write!(second, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
                } else {
                    clock.text(&mut String::new()).clone_into(&mut second);
                }
                *scratch = format!("{} {second}", date.text(&mut first));
                Cell::Text(scratch)
            }
        }
    }
}

/// The midnight of a cell that is a date and no text.
fn day_of(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Day(days) => Some(i64::from(days) * DAY_US),
        Cell::Local(us) if us.rem_euclid(DAY_US) == 0 => Some(us),
        _ => None,
    }
}

/// Microseconds since midnight of a cell that is a time of day and no text: a part of a day, as spreadsheets count it, to the millisecond.
fn passed_of(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Local(us) if us < FIRST_DAYS_US => Some(us.rem_euclid(DAY_US)),
        Cell::Integer(0) => Some(0),
        Cell::Number(part) if (0.0..1.0).contains(&part) => Some((part * 86_400_000.0).round() as i64 * 1000),
        _ => None,
    }
}
