//! One cell of a source, before anyone has said what it should be.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

const DAY_SECONDS: i64 = 86_400;

/// What a file holds in one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'r> {
    /// Nothing, in a layout that knows nothing.
    Missing,
    /// Trimmed text, possibly empty.
    Text(&'r str),
    /// A whole number.
    Integer(i64),
    /// A number; not a number where a data frame wrote a missing one.
    Number(f64),
    /// A number of half the length, whose text is the shortest that means it.
    Single(f32),
    /// An instant in microseconds of UTC.
    Instant(i64),
    /// A local date and time in microseconds since 1970-01-01 00:00 of the same place.
    Local(i64),
    /// A date without a time, in days since 1970-01-01.
    Day(i32),
}

impl<'r> Cell<'r> {
    /// The cell as text, written into `scratch` where it is none; empty where there is nothing.
    #[inline]
    pub(super) fn text<'t>(self, scratch: &'t mut String) -> &'t str
    where
        'r: 't,
    {
        match self {
            Self::Text(text) => text,
            other => other.written(scratch),
        }
    }

    fn written(self, scratch: &mut String) -> &str {
        scratch.clear();
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Text(text) => {
                scratch.push_str(text);
                Ok(())
            }
            Self::Missing => Ok(()),
            Self::Integer(value) => write!(scratch, "{value}"),
            Self::Number(value) if value.is_nan() => Ok(()),
            Self::Number(value) => write!(scratch, "{value}"),
            Self::Single(value) if value.is_nan() => Ok(()),
            Self::Single(value) => write!(scratch, "{value}"),
            Self::Instant(us) => match Timestamp::from_microsecond(us) {
                Ok(instant) => write!(scratch, "{instant}"),
                Err(_) => write!(scratch, "{us}"),
            },
            Self::Local(us) => match Timestamp::from_microsecond(us) {
                Ok(instant) => write!(scratch, "{}", instant.to_zoned(TimeZone::UTC).datetime()),
                Err(_) => write!(scratch, "{us}"),
            },
            Self::Day(days) => match Timestamp::from_second(i64::from(days) * DAY_SECONDS) {
                Ok(instant) => write!(scratch, "{}", instant.to_zoned(TimeZone::UTC).date()),
                Err(_) => write!(scratch, "{days}"),
            },
        };
        scratch
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn keys_of_any_type_are_written_as_a_text_file_would() {
        let mut scratch = String::new();
        for (cell, text) in [
            (Cell::Integer(12), "12"),
            (Cell::Number(12.0), "12"),
            (Cell::Number(0.5), "0.5"),
            // numpy 2: str(np.float32(0.1)) is 0.1, and float(np.float32(0.1)) is 0.10000000149011612.
            (Cell::Single(0.1), "0.1"),
            (Cell::Single(f32::NAN), ""),
            (Cell::Number(f64::NAN), ""),
            (Cell::Missing, ""),
            (Cell::Text("a"), "a"),
            (Cell::Instant(0), "1970-01-01T00:00:00Z"),
            (Cell::Local(86_400_000_000), "1970-01-02T00:00:00"),
            (Cell::Day(1), "1970-01-02"),
            (Cell::Day(-1), "1969-12-31"),
        ] {
            assert_eq!(cell.text(&mut scratch), text);
        }
    }
}
