//! A time of day that stands in a column beside its date.

use crate::intake::guessing::RoleGuess;
use crate::intake::profiling::{ColumnProfile, SourceProfile, TimeProfile};
use crate::study::TimeFormat;

/// The column of the time of day, and how date and time are written together.
pub(super) struct ClockBeside {
    pub(super) column: String,
    pub(super) times: TimeProfile,
}

/// The only column of times of day beside a time whose cells are dates alone; nothing where there is none, or several.
pub(super) fn beside(profile: &SourceProfile, role: &RoleGuess) -> Option<ClockBeside> {
    let dates = profile.columns.iter().find(|own| own.name == role.column)?.times.as_ref()?;
    if role.key != "time" || dates.is_stated || dates.example.contains(':') {
        return None;
    }
    let mut clocks = profile.columns.iter().filter_map(|own| Some((own, pattern_of(own)?)));
    let (column, clock) = clocks.next().filter(|_| clocks.next().is_none())?;
    let together = |format: &TimeFormat| match format {
        // ISO 8601 writes two digits of 24 hours; of its dates a clock is put behind those with digits alone.
        TimeFormat::Iso if !is_iso_date(&dates.example) => None,
        TimeFormat::Iso if clock.starts_with("%H") && has_two_digits(column) => Some(TimeFormat::Iso),
        TimeFormat::Iso => Some(TimeFormat::Pattern(format!("%Y-%m-%d {clock}"))),
        TimeFormat::Pattern(date) => Some(TimeFormat::Pattern(format!("{date} {clock}"))),
        _ => None,
    };
    let times = TimeProfile {
        format: together(&dates.format)?,
        also: dates.also.iter().filter_map(together).collect(),
        example: format!("{} {}", dates.example, column.frequent.first()?.text),
        ..dates.clone()
    };
    Some(ClockBeside { column: column.name.clone(), times })
}

/// The one pattern by which all values that are known of a column are times of day.
fn pattern_of(column: &ColumnProfile) -> Option<&'static str> {
    let mut patterns = column.frequent.iter().map(|own| clock_pattern(&own.text));
    let first = patterns.next()??;
    patterns.all(|own| own == Some(first)).then_some(first)
}

fn clock_pattern(text: &str) -> Option<&'static str> {
    let (clock, half) = text.split_once(' ').map_or((text, None), |(clock, half)| (clock, Some(half)));
    let is_half = half.is_none_or(|half| ["AM", "PM"].iter().any(|own| half.eq_ignore_ascii_case(own)));
    let parts: Vec<&str> = clock.split(':').collect();
    let is_number = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_clock = is_half && parts.iter().all(is_number) && parts[1..].iter().all(|part| part.len() == 2);
    match (parts.len(), half) {
        (2, None) if is_clock => Some("%H:%M"),
        (3, None) if is_clock => Some("%H:%M:%S"),
        (2, Some(_)) if is_clock => Some("%I:%M %p"),
        (3, Some(_)) if is_clock => Some("%I:%M:%S %p"),
        _ => None,
    }
}

fn is_iso_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-'
}

fn has_two_digits(column: &ColumnProfile) -> bool {
    column.frequent.iter().all(|own| own.text.find(':') == Some(2))
}

#[cfg(test)]
mod tests {
    use super::clock_pattern;

    #[test]
    fn times_of_day_are_told_from_other_cells() {
        for (text, pattern) in [
            ("08:01:49", Some("%H:%M:%S")),
            ("8:01", Some("%H:%M")),
            ("6:05:00 PM", Some("%I:%M:%S %p")),
            ("6:05 am", Some("%I:%M %p")),
            ("8", None),
            ("8:1", None),
            ("1:2:3:4", None),
            ("2026-01-01 08:01", None),
            ("08:01 Uhr", None),
            ("", None),
        ] {
            assert_eq!(clock_pattern(text), pattern, "{text:?}");
        }
    }
}
