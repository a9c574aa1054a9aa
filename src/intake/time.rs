//! Instants from cells: ISO 8601 fast, patterns and numbers as the study states, local times by the source's zone.

use super::account::Reason;
use super::cell::Cell;
use crate::study::{TimeFormat, Times};
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// 1900-01-01, in days since 1970-01-01.
const DAY_1900: i64 = -25_567;
/// 2200-01-01, in seconds since 1970-01-01; by then the rules repeat themselves.
const LAST_CHANGE_S: i64 = 7_258_118_400;

/// How a source's times become instants.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    format: TimeFormat,
    zone: Option<Zone>,
}

#[derive(Debug, Clone)]
enum Zone {
    Utc,
    Named(TimeZone),
}

/// What was learnt about the zone's days, so that it is learnt once; one for each block of rows.
#[derive(Debug, Default)]
pub(super) struct Days(HashMap<i64, Option<i64>>);

impl Clock {
    /// A zone that cannot be found any more counts as none; the study has checked it.
    pub(super) fn new(times: &Times) -> Self {
        let zone = times.zone.as_deref().and_then(|name| match name {
            "UTC" | "Etc/UTC" | "Z" => Some(Zone::Utc),
            _ => TimeZone::get(name).ok().map(Zone::Named),
        });
        Self { format: times.format.clone(), zone }
    }

    /// The clock for a column of an export, which may state what the study leaves open; `None` where it states nothing.
    pub(super) fn completed(&self, zone: Option<&str>, format: Option<&TimeFormat>) -> Option<Self> {
        let format = format.filter(|_| self.format == TimeFormat::Iso);
        let zone = zone.filter(|_| self.zone.is_none());
        if format.is_none() && zone.is_none() {
            return None;
        }
        let times = Times { zone: zone.map(str::to_owned), format: format.unwrap_or(&self.format).clone() };
        let stated = Self::new(&times);
        Some(Self { format: stated.format, zone: self.zone.clone().or(stated.zone) })
    }

    /// A word for what it makes of a text. It holds the changes of the zone's clocks, since what is known of them changes too.
    pub(super) fn fingerprint(&self) -> String {
        let Self { format, zone } = self;
        let zone = match zone {
            None => "none".to_owned(),
            Some(Zone::Utc) => "UTC".to_owned(),
            Some(Zone::Named(zone)) => {
                let mut changes = format!("{}", zone.to_offset(Timestamp::MIN).seconds());
                let known =
                    zone.following(Timestamp::MIN).take_while(|change| change.timestamp().as_second() < LAST_CHANGE_S);
                known.for_each(|own| {
                    changes.push_str(&format!(" {} {}", own.timestamp().as_second(), own.offset().seconds()))
                });
                changes
            }
        };
        format!("{format:?} {zone}")
    }

    /// The instant that a cell says, in microseconds of UTC; `Ok(None)` for a cell that says nothing.
    pub(super) fn instant(&self, cell: Cell<'_>, days: &mut Days) -> Result<Option<i64>, Reason> {
        let us = match cell {
            Cell::Missing => return Ok(None),
            Cell::Number(value) if value.is_nan() => return Ok(None),
            Cell::Text("") => return Ok(None),
            Cell::Text(text) => self.text(text, days)?,
            Cell::Instant(us) => us,
            Cell::Local(us) => self.local(us, days)?,
            Cell::Integer(value) => self.epoch(Some(value), None)?,
            Cell::Number(value) => self.epoch(None, Some(value))?,
        };
        check_day(us)?;
        Ok(Some(us))
    }

    fn text(&self, text: &str, days: &mut Days) -> Result<i64, Reason> {
        match &self.format {
            TimeFormat::Iso => match Written::iso(text.as_bytes()).or_else(|| Written::loose_iso(text)) {
                Some(written) => self.written(written, days),
                None => Err(Reason::Unparsable),
            },
            TimeFormat::EpochSeconds | TimeFormat::EpochMilliseconds => {
                self.epoch(text.parse().ok(), super::number::parse(text))
            }
            TimeFormat::Pattern(pattern) => {
                let written = Written::pattern(pattern, text).ok_or(Reason::Unparsable)?;
                self.written(written, days)
            }
        }
    }

    fn written(&self, written: Written, days: &mut Days) -> Result<i64, Reason> {
        check_day(written.local_us)?;
        match written.offset_s {
            Some(offset_s) => Ok(written.local_us - offset_s * SECOND_US),
            None => self.local(written.local_us, days),
        }
    }

    fn epoch(&self, whole: Option<i64>, number: Option<f64>) -> Result<i64, Reason> {
        let unit_us = match self.format {
            TimeFormat::EpochSeconds => SECOND_US,
            TimeFormat::EpochMilliseconds => 1000,
            // A bare number says no unit.
            TimeFormat::Iso | TimeFormat::Pattern(_) => return Err(Reason::Unparsable),
        };
        if let Some(whole) = whole {
            return whole.checked_mul(unit_us).ok_or(Reason::Unparsable);
        }
        let us = number.ok_or(Reason::Unparsable)? * unit_us as f64;
        // Beyond 2^53 microseconds (the year 2255) the number no longer tells single ones apart.
        if us.abs() < 9.0e15 { Ok(us.floor() as i64) } else { Err(Reason::Unparsable) }
    }

    fn local(&self, local_us: i64, days: &mut Days) -> Result<i64, Reason> {
        check_day(local_us)?;
        match &self.zone {
            None => Err(Reason::NoZone),
            Some(Zone::Utc) => Ok(local_us),
            Some(Zone::Named(zone)) => {
                let day = local_us.div_euclid(DAY_US);
                match days.0.entry(day).or_insert_with(|| constant_offset(zone, day)) {
                    Some(offset_s) => Ok(local_us - *offset_s * SECOND_US),
                    // A time that occurs twice is taken as the earlier, one that is skipped as that long after the gap began.
                    None => {
                        let instant = civil(local_us)
                            .and_then(|local| zone.to_ambiguous_timestamp(local).compatible().ok())
                            .ok_or(Reason::Unparsable)?;
                        Ok(instant.as_microsecond())
                    }
                }
            }
        }
    }
}

/// The offset in seconds that holds on a whole local day and the day to either side, where one does.
fn constant_offset(zone: &TimeZone, day: i64) -> Option<i64> {
    let start = Offset::UTC.to_timestamp(civil((day - 1) * DAY_US)?).ok()?;
    let end = start.checked_add(SignedDuration::from_hours(72)).ok()?;
    let changes = zone.following(start).next().is_some_and(|change| change.timestamp() <= end);
    (!changes).then(|| i64::from(zone.to_offset(start).seconds()))
}

fn civil(local_us: i64) -> Option<DateTime> {
    Timestamp::from_microsecond(local_us).ok().map(|instant| Offset::UTC.to_datetime(instant))
}

/// Dates by which systems say that they have none.
fn check_day(us: i64) -> Result<(), Reason> {
    let day = us.div_euclid(DAY_US);
    if day == 0 || day < DAY_1900 { Err(Reason::SuspiciousDate) } else { Ok(()) }
}

/// A date and time as written: the local reading, and how far that is ahead of UTC where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    local_us: i64,
    offset_s: Option<i64>,
}

impl Written {
    /// `2026-09-30`, and `2026-09-30T18:05`, `... 18:05:30.123456` with `Z`, `+02:00`, `+0200`, `+02` or nothing behind.
    fn iso(bytes: &[u8]) -> Option<Self> {
        let date = bytes.get(..10)?;
        if date[4] != b'-' || date[7] != b'-' {
            return None;
        }
        let year = digits(&date[..4])?;
        let month = digits(&date[5..7])?;
        let day = digits(&date[8..10])?;
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let midnight = days_since_1970(year, month, day) * DAY_US;
        let rest = &bytes[10..];
        if rest.is_empty() {
            return Some(Self { local_us: midnight, offset_s: None });
        }
        if !matches!(rest[0], b'T' | b't' | b' ') || rest.len() < 6 || rest[3] != b':' {
            return None;
        }
        let (hour, minute) = (digits(&rest[1..3])?, digits(&rest[4..6])?);
        let mut at = 6;
        let (mut second, mut fraction_us) = (0, 0);
        if rest.get(at) == Some(&b':') {
            second = digits(rest.get(at + 1..at + 3)?)?;
            at += 3;
            if matches!(rest.get(at), Some(b'.' | b',')) {
                let (us, n_digits) = fraction(&rest[at + 1..])?;
                fraction_us = us;
                at += 1 + n_digits;
            }
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let local_us = midnight + ((hour * 60 + minute) * 60 + second) * SECOND_US + fraction_us;
        Some(Self { local_us, offset_s: offset(&rest[at..])? })
    }

    /// Whatever else ISO 8601 and RFC 9557 allow, such as `20260930T180530Z` or a zone in brackets.
    fn loose_iso(text: &str) -> Option<Self> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Self { local_us: instant.as_microsecond(), offset_s: Some(0) });
        }
        text.parse::<DateTime>().ok().and_then(Self::of_local)
    }

    fn pattern(pattern: &str, text: &str) -> Option<Self> {
        let read = strtime::parse(pattern, text).ok()?;
        if let Ok(instant) = read.to_timestamp() {
            return Some(Self { local_us: instant.as_microsecond(), offset_s: Some(0) });
        }
        let local = read.to_datetime().or_else(|_| read.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
        Self::of_local(local)
    }

    fn of_local(local: DateTime) -> Option<Self> {
        let local_us = Offset::UTC.to_timestamp(local).ok()?.as_microsecond();
        Some(Self { local_us, offset_s: None })
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// Microseconds of the digits behind the point, and how many digits there are (1 to 9; what is finer is cut off).
fn fraction(bytes: &[u8]) -> Option<(i64, usize)> {
    let n_digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&n_digits) {
        return None;
    }
    let kept = digits(&bytes[..n_digits.min(6)])?;
    Some((kept * 10_i64.pow(6 - n_digits.min(6) as u32), n_digits))
}

/// Seconds ahead of UTC; `Some(None)` where nothing is written.
fn offset(bytes: &[u8]) -> Option<Option<i64>> {
    let (sign, clock) = match bytes {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [b'+', clock @ ..] => (1, clock),
        [b'-', clock @ ..] => (-1, clock),
        _ => return None,
    };
    let (hours, minutes) = match clock.len() {
        2 => (digits(clock)?, 0),
        4 => (digits(&clock[..2])?, digits(&clock[2..])?),
        5 if clock[2] == b':' => (digits(&clock[..2])?, digits(&clock[3..])?),
        _ => return None,
    };
    (hours <= 25 && minutes <= 59).then_some(Some(sign * (hours * 60 + minutes) * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, counted in years that begin in March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clock(zone: Option<&str>, format: TimeFormat) -> Clock {
        Clock::new(&Times { zone: zone.map(str::to_owned), format })
    }

    fn read(clock: &Clock, text: &str) -> Result<Option<i64>, Reason> {
        clock.instant(Cell::Text(text), &mut Days::default())
    }

    #[test]
    fn iso_instants_are_utc_microseconds() {
        // date -u -d '2026-09-30 18:05:30' +%s
        let expected = Ok(Some(1_790_791_530_000_000));
        let clock = clock(None, TimeFormat::Iso);
        for text in [
            "2026-09-30T18:05:30Z",
            "2026-09-30 18:05:30.000000Z",
            "2026-09-30T20:05:30+02:00",
            "2026-09-30T20:05:30+0200",
            "2026-09-30T20:05:30+02",
            "20260930T180530Z",
            "2026-09-30T20:05:30+02:00[Europe/Berlin]",
        ] {
            assert_eq!(read(&clock, text), expected, "{text}");
        }
        assert_eq!(read(&clock, "2026-09-30T18:05:30.1234567Z"), Ok(Some(1_790_791_530_123_456)));
        assert_eq!(read(&clock, ""), Ok(None));
    }

    #[test]
    fn a_local_time_needs_a_zone() {
        let text = "2026-09-30 18:05:30";
        assert_eq!(read(&clock(None, TimeFormat::Iso), text), Err(Reason::NoZone));
        assert_eq!(read(&clock(Some("UTC"), TimeFormat::Iso), text), Ok(Some(1_790_791_530_000_000)));
        assert_eq!(read(&clock(Some("Europe/Berlin"), TimeFormat::Iso), text), Ok(Some(1_790_784_330_000_000)));
        // TZ=America/Sao_Paulo date -d '2018-11-04' +%s: midnight was skipped, the day began at one.
        assert_eq!(
            read(&clock(Some("America/Sao_Paulo"), TimeFormat::Iso), "2018-11-04"),
            Ok(Some(1_541_300_400_000_000))
        );
    }

    #[test]
    fn a_time_that_occurs_twice_is_the_earlier_and_a_skipped_one_the_later() {
        let berlin = clock(Some("Europe/Berlin"), TimeFormat::Iso);
        // 2026-10-25 02:30 occurs at 00:30 and 01:30 UTC; 2026-03-29 02:30 does not and is read as 03:30, 01:30 UTC.
        assert_eq!(read(&berlin, "2026-10-25 02:30"), Ok(Some(1_792_888_200_000_000)));
        assert_eq!(read(&berlin, "2026-03-29 02:30"), Ok(Some(1_774_747_800_000_000)));
    }

    #[test]
    fn stand_ins_for_a_missing_date_are_suspicious() {
        let utc = clock(Some("UTC"), TimeFormat::Iso);
        for text in
            ["1970-01-01", "1970-01-01 12:00", "1899-12-31", "0001-01-01T00:00:00Z", "1969-12-31T19:00:00-05:00"]
        {
            assert_eq!(read(&utc, text), Err(Reason::SuspiciousDate), "{text}");
        }
        assert_eq!(read(&clock(Some("UTC"), TimeFormat::EpochSeconds), "0"), Err(Reason::SuspiciousDate));
        let american = clock(Some("UTC"), TimeFormat::Pattern("%m/%d/%Y %I:%M:%S %p".to_owned()));
        assert_eq!(read(&american, "12/31/1899 09:30:00 AM"), Err(Reason::SuspiciousDate));
        assert_eq!(read(&american, "09/30/2026 06:05:30 PM"), Ok(Some(1_790_791_530_000_000)));
    }

    #[test]
    fn patterns_may_stop_at_the_date_or_name_an_offset() {
        let expected = Ok(Some(1_790_726_400_000_000));
        assert_eq!(read(&clock(Some("UTC"), TimeFormat::Pattern("%d.%m.%Y".to_owned())), "30.09.2026"), expected);
        assert_eq!(
            read(&clock(None, TimeFormat::Pattern("%d %b %Y %H:%M %z".to_owned())), "30 Sep 2026 02:00 +0200"),
            expected
        );
    }

    #[test]
    fn epoch_numbers_are_instants_only_when_the_study_says_so() {
        let expected = Ok(Some(1_790_791_530_000_000));
        assert_eq!(read(&clock(None, TimeFormat::EpochSeconds), "1790791530"), expected);
        assert_eq!(read(&clock(None, TimeFormat::EpochMilliseconds), "1790791530000"), expected);
        assert_eq!(read(&clock(None, TimeFormat::EpochSeconds), "1790791530.5"), Ok(Some(1_790_791_530_500_000)));
        assert_eq!(read(&clock(None, TimeFormat::Iso), "1790791530"), Err(Reason::Unparsable));
        let iso = clock(None, TimeFormat::Iso);
        assert_eq!(iso.instant(Cell::Integer(1_790_791_530), &mut Days::default()), Err(Reason::Unparsable));
        assert_eq!(read(&clock(None, TimeFormat::EpochSeconds), "99999999999999999999"), Err(Reason::Unparsable));
    }

    #[test]
    fn what_is_no_date_is_unparsable() {
        let utc = clock(Some("UTC"), TimeFormat::Iso);
        for text in [
            "30.09.2026",
            "2026-02-29",
            "2026-13-01",
            "2026-09-30T25:00:00Z",
            "2026-09-30T18:05:30Q",
            "soon",
            "2026-09-3é",
        ] {
            assert_eq!(read(&utc, text), Err(Reason::Unparsable), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_fast_path_agrees_with_jiff(us in 0_i64..7_000_000_000_000_000, offset_minutes in -840_i64..840) {
            let instant = Timestamp::from_microsecond(us + DAY_US).expect("in range");
            let offset = Offset::from_seconds(offset_minutes as i32 * 60).expect("in range");
            let text = instant.display_with_offset(offset).to_string();
            let expected = if (us + DAY_US + offset_minutes * 60 * SECOND_US).div_euclid(DAY_US) == 0 {
                Err(Reason::SuspiciousDate)
            } else {
                Ok(Some(us + DAY_US))
            };
            prop_assert!(Written::iso(text.as_bytes()).is_some());
            prop_assert_eq!(read(&clock(None, TimeFormat::Iso), &text), expected);
        }

        #[test]
        fn local_times_agree_with_jiff(us in 100_000_000_000_000_i64..4_000_000_000_000_000, zone in prop::sample::select(vec!["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata"])) {
            let local = civil(us).expect("in range");
            let expected = TimeZone::get(zone).expect("known").to_ambiguous_timestamp(local).compatible().expect("in range");
            prop_assert_eq!(clock(Some(zone), TimeFormat::Iso).instant(Cell::Local(us), &mut Days::default()), Ok(Some(expected.as_microsecond())));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            for format in [TimeFormat::Iso, TimeFormat::EpochSeconds, TimeFormat::Pattern("%d/%m/%y".to_owned())] {
                let _ = read(&clock(Some("Europe/Berlin"), format), &text);
            }
        }
    }
}
