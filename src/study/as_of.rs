//! The date that a study's results depend on.

use jiff::{Timestamp, civil::Date, civil::DateTime, tz::TimeZone};
use serde::Serialize;

/// The end of what a study may see.
///
/// A date means: all data up to and including that day, so the end is the following midnight in UTC. An instant, written
/// with its offset, is the end itself. Either way the study sees what happened before the end: `t < end_us`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AsOf {
    written: String,
    end_us: i64,
}

impl AsOf {
    /// Reads `2026-09-30` or `2026-09-30T18:00:00Z`.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the text, for the caller to place.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written = text.trim().to_owned();
        let wrong = || {
            format!(
                "`as_of` is \"{written}\"; write a date such as 2026-09-30, or an instant such as 2026-09-30T18:00:00Z"
            )
        };
        let end = if let Ok(instant) = written.parse::<Timestamp>() {
            instant
        } else if written.len() == 10
            && let Ok(date) = written.parse::<Date>()
        {
            let following = date.tomorrow().map_err(|_| wrong())?;
            following.to_zoned(TimeZone::UTC).map_err(|_| wrong())?.timestamp()
        } else if written.parse::<DateTime>().is_ok() {
            return Err(format!("`as_of` is the local time \"{written}\"; end it with Z or an offset such as +02:00"));
        } else {
            return Err(wrong());
        };
        Ok(Self { written, end_us: end.as_microsecond() })
    }

    /// The date or instant as it was written, which names the results folder.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The first instant that is not seen, in microseconds of UTC since 1970.
    pub fn end_us(&self) -> i64 {
        self.end_us
    }
}

#[cfg(test)]
mod tests {
    use super::AsOf;

    #[test]
    fn a_date_includes_its_day() {
        // date -u -d '2026-10-01' +%s
        assert_eq!(AsOf::parse("2026-09-30").expect("a date").end_us(), 1_790_812_800_000_000);
    }

    #[test]
    fn an_instant_is_the_end_itself() {
        let zulu = AsOf::parse("2026-09-30T18:00:00Z").expect("an instant");
        let offset = AsOf::parse("2026-09-30T20:00:00+02:00").expect("an instant");
        assert_eq!((zulu.end_us(), offset.end_us()), (1_790_791_200_000_000, 1_790_791_200_000_000));
        assert_eq!(offset.written(), "2026-09-30T20:00:00+02:00");
    }

    #[test]
    fn a_local_time_and_nonsense_are_refused() {
        assert!(AsOf::parse("2026-09-30T18:00:00").unwrap_err().contains("end it with Z"));
        for text in ["", "30.09.2026", "2026-02-30", "now", "9999-12-31"] {
            assert!(AsOf::parse(text).is_err(), "{text}");
        }
    }
}
