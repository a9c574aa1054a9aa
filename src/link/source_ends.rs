//! Until when a table tells of anything: behind its last row nobody knows whether nothing happened or nothing was handed over.

use super::LinkError;
use super::engine::Engine;
use super::sql::DAY;

/// The days before the last row among which the usual gap is looked for: a year, and a month more for seasons that do not end on the day.
const LOOK_BACK_DAYS: f64 = 400.0;
/// Days with rows below which nobody can say what gap is usual.
const DAYS_MIN: usize = 10;
/// A table that is handed over once a week may end so many days early.
const USUAL_DAYS: f64 = 7.0;
/// So many times the largest gap are beyond what is usual. Among `n` gaps that come by chance (an exponential distribution) the next one
/// is longer than twice the largest in about one case of `n^2`.
const GAPS: f64 = 2.0;

/// Where a table ends long before the study's date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyEnd {
    /// Its last row, in UTC microseconds.
    pub last_t: i64,
    /// Days from there to the study's date.
    pub silent_days: f64,
    /// The largest distance between two following days with rows, of the last 400 days before the last row.
    pub largest_gap_days: f64,
}

impl Engine {
    /// Whether the instants in a column of a table end longer before the study's date than is usual for it: by more than a week and more
    /// than twice the largest gap between its days of the 400 days before. Of fewer than ten days with rows nobody can tell.
    ///
    /// # Errors
    /// The engine fails.
    pub fn early_end(&self, table: &str, column: &str) -> Result<Option<EarlyEnd>, LinkError> {
        let as_of = self.plan().as_of;
        let statement = format!(
            "SELECT FLOOR(CAST({column} AS DOUBLE) / {DAY}.0) AS \"day\", MAX({column}) AS last_t FROM {table} WHERE {column} < {as_of} \
             GROUP BY 1 ORDER BY 1"
        );
        let rows = self.rows(&statement, "looking where the sources end")?;
        let (Some(days), Some(last)) = (rows.numbers("day"), rows.numbers("last_t")) else { return Ok(None) };
        Ok(last.last().and_then(|&last_t| early_end(days, last_t as i64, as_of)))
    }
}

/// `days` are the days with rows in rising order.
fn early_end(days: &[f64], last_t: i64, as_of: i64) -> Option<EarlyEnd> {
    let last_day = days.last()?;
    let recent = &days[days.partition_point(|day| *day < last_day - LOOK_BACK_DAYS)..];
    if recent.len() < DAYS_MIN {
        return None;
    }
    let largest_gap_days = recent.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    let silent_days = (as_of - last_t) as f64 / DAY as f64;
    (silent_days > USUAL_DAYS.max(GAPS * largest_gap_days)).then_some(EarlyEnd {
        last_t,
        silent_days,
        largest_gap_days,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(days: impl IntoIterator<Item = i64>, as_of_day: i64) -> Option<EarlyEnd> {
        let days: Vec<f64> = days.into_iter().map(|day| day as f64).collect();
        early_end(&days, *days.last().expect("a day") as i64 * DAY, as_of_day * DAY)
    }

    #[test]
    fn a_table_of_every_day_may_end_a_week_early() {
        assert_eq!(end(100..200, 206), None);
        assert_eq!(end(100..200, 207), Some(EarlyEnd { last_t: 199 * DAY, silent_days: 8.0, largest_gap_days: 1.0 }));
    }

    #[test]
    fn what_is_usual_is_twice_the_largest_gap_of_the_last_400_days() {
        // Every fifth day, and once thirty days without a row.
        let days = || (0..20).map(|n| 5 * n).chain((25..60).map(|n| 5 * n));
        assert_eq!(end(days(), 295 + 60), None);
        assert_eq!(end(days(), 295 + 61).map(|end| end.largest_gap_days), Some(30.0));
        // A gap that lies further back says nothing of today: the last gap is of the days 195 and 225, the last row of the day 900.
        let later = || days().chain((60..=180).map(|n| 5 * n));
        assert_eq!(end(later(), 900 + 10), None);
        assert_eq!(end(later(), 900 + 11).map(|end| end.largest_gap_days), Some(5.0));
    }

    #[test]
    fn of_a_handful_of_days_nobody_can_tell() {
        assert_eq!(end(0..9, 1000), None);
        assert!(end(0..10, 1000).is_some());
    }
}
