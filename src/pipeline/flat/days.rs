//! Days of flat tables, as they are written and as numbers.

use crate::pipeline::PipelineError;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Seconds in a day.
const DAY_SECONDS: i64 = 86_400;

/// Days since 1970 of a date as written, or of an instant with an offset in UTC.
pub(super) fn day_of(text: &str) -> Option<i64> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_second().div_euclid(DAY_SECONDS));
    }
    text.parse::<DateTime>().ok().and_then(|local| day_of_date(local.date()).ok())
}

/// Days since 1970 of a date.
pub(super) fn day_of_date(date: Date) -> Result<i64, PipelineError> {
    let midnight = date.to_zoned(TimeZone::UTC);
    let midnight =
        midnight.map_err(|error| PipelineError::Usage(format!("{date} lies outside the calendar: {error}")))?;
    Ok(midnight.timestamp().as_second().div_euclid(DAY_SECONDS))
}

/// A day since 1970 as a date.
pub(super) fn written(day: i64) -> Result<String, PipelineError> {
    let instant = day.checked_mul(DAY_SECONDS).and_then(|seconds| Timestamp::from_second(seconds).ok());
    let instant = instant.ok_or_else(|| PipelineError::Impossible(format!("day {day} lies outside the calendar")))?;
    Ok(instant.to_zoned(TimeZone::UTC).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::{day_of, written};

    #[test]
    fn days_are_read_as_written_and_instants_in_utc() {
        // 1997-01-01 is 27 years of 365 days and 7 leap days after 1970-01-01.
        let day = 27 * 365 + 7;
        for text in ["1997-01-01", "19970101", "1997-01-01T23:59:59", "1997-01-01 08:30", "1996-12-31T22:30:00-05:00"] {
            assert_eq!(day_of(text), Some(day), "{text}");
        }
        assert_eq!(written(day).expect("a day"), "1997-01-01");
        assert!(day_of("soon").is_none() && day_of("1997-02-30").is_none());
    }
}
