//! A date and time as written: ISO 8601 fast, the rest of what it allows, patterns, and months by name.

use super::month_names;
use super::zones::{DAY_US, SECOND_US, local_us};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use std::borrow::Cow;

/// No place has ever been further than 16 hours from UTC, by the clocks of the IANA database; readers of ISO 8601 stop at 18.
const OFFSET_MAX_S: i64 = 18 * 3600;

/// What a text says of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// An instant, and the local reading beside it.
    Instant { us: i64, local_us: i64 },
    /// A local time, of wherever the source is.
    Local(i64),
    /// A local time of the zone that stands beside it.
    In(i64, String),
}

impl Written {
    pub(super) fn with_offset(local_us: i64, offset_s: i64) -> Self {
        Self::Instant { us: local_us - offset_s * SECOND_US, local_us }
    }

    fn of_utc(instant: Timestamp) -> Self {
        Self::with_offset(instant.as_microsecond(), 0)
    }

    /// Whatever a source without a pattern may write.
    pub(super) fn plain(text: &str) -> Option<Self> {
        Self::iso(text.as_bytes())
            .or_else(|| Self::spaced_iso(text))
            .or_else(|| month_names::read(&plain_spaces(text)))
            .or_else(|| Self::loose_iso(text))
            .or_else(|| Self::of_week(text))
    }

    /// The same where hours go from 1 to 24, so that 24 is the first of the day.
    pub(super) fn with_hours_to_24(text: &str) -> Option<Self> {
        let hour = "2026-05-01 ".len()..;
        match text.get(hour.clone()).and_then(|clock| clock.strip_prefix("24:")) {
            Some(behind) => Self::plain(&format!("{}00:{behind}", &text[..hour.start])),
            None => Self::plain(text),
        }
    }

    /// A date of ISO 8601 by its week: `2026-W40-3`. One by the day of its year (`2026-273`) could be any number of an order.
    fn of_week(text: &str) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', b'W', w1, w2, b'-', weekday @ b'1'..=b'7'] = text.as_bytes() else { return None };
        let (year, week) = (100 * two_digits(y1, y2)? + two_digits(y3, y4)?, two_digits(w1, w2)?);
        // The first week is the one that holds the 4th of January; 1970-01-01 was a Thursday.
        let first_monday = |year: i64| {
            let day = days_since_1970(year, 1, 4);
            day - (day + 3).rem_euclid(7)
        };
        let n_weeks = (first_monday(year + 1) - first_monday(year)) / 7;
        let day = first_monday(year) + 7 * (week - 1) + i64::from(weekday - b'1');
        (1..=n_weeks).contains(&week).then(|| Self::Local(day * DAY_US))
    }

    /// A date and a time of ISO 8601 with a blank before what says how far they are from UTC, as warehouses and programs write it:
    /// `2026-09-30 18:05:30 UTC`, `... +0200`, `... +02:00`, `... +0200 CEST`. Another abbreviation than UTC says no zone by itself.
    fn spaced_iso(text: &str) -> Option<Self> {
        // Behind the date and the sign that follows it.
        let start = "2026-09-30 ".len();
        let end = start + text.get(start..)?.find(' ')?;
        let Self::Local(local_us) = Self::iso(&text.as_bytes()[..end])? else { return None };
        let behind = text[end..].trim_ascii_start();
        let offset_s = match behind {
            "UTC" | "GMT" | "Z" => 0,
            _ => {
                let (stated, name) = behind.split_once(' ').unwrap_or((behind, ""));
                let is_name = name.bytes().all(|byte| byte.is_ascii_alphabetic());
                offset(stated.as_bytes())?.filter(|_| is_name)?
            }
        };
        Some(Self::with_offset(local_us, offset_s))
    }

    /// `2026-09-30`, and `2026-09-30T18:05`, `... 18:05:30.123456` with `Z`, `+02:00`, `+0200`, `+02` or nothing behind.
    #[inline]
    pub(super) fn iso(bytes: &[u8]) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] = bytes else { return None };
        let year = 100 * two_digits(*y1, *y2)? + two_digits(*y3, *y4)?;
        let (month, day) = (two_digits(*m1, *m2)?, two_digits(*d1, *d2)?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let midnight = days_since_1970(year, month, day) * DAY_US;
        if rest.is_empty() {
            return Some(Self::Local(midnight));
        }
        let [b'T' | b't' | b' ', h1, h2, b':', m1, m2, behind @ ..] = rest else { return None };
        let mut rest = behind;
        let (hour, minute) = (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?);
        let (mut second, mut fraction_us) = (0, 0);
        if let [b':', behind @ ..] = rest {
            let [s1, s2, behind @ ..] = behind else { return None };
            second = two_digits(*s1, *s2)?;
            rest = behind;
            if let [b'.' | b',', behind @ ..] = rest {
                let (us, n_digits) = fraction(behind)?;
                fraction_us = us;
                rest = &behind[n_digits..];
            }
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let local_us = midnight + ((hour * 60 + minute) * 60 + second) * SECOND_US + fraction_us;
        Some(match offset(rest)? {
            Some(offset_s) => Self::with_offset(local_us, offset_s),
            None => Self::Local(local_us),
        })
    }

    /// Whatever else ISO 8601 and RFC 9557 allow, such as `20260930T180530Z` or a zone in brackets.
    fn loose_iso(text: &str) -> Option<Self> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            let offset = Pieces::parse(text).ok()?.to_numeric_offset();
            return offset.is_none_or(is_of_a_place).then(|| Self::of_utc(instant));
        }
        let local = local_us(text.parse::<DateTime>().ok()?);
        let bracket = text.split_once('[').and_then(|(_, behind)| behind.split_once(']'));
        // Other annotations than a zone have the form `[key=value]`.
        let zone = bracket.map(|(zone, _)| zone.trim_start_matches('!')).filter(|zone| !zone.contains('='));
        Some(zone.map_or(Self::Local(local), |zone| Self::In(local, zone.to_owned())))
    }
}

/// A pattern in the manner of strptime, and what else its signs mean to other readers of them.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    stated: String,
    /// With a month or a weekday whole instead of shortened or the other way round, and colons in an offset or none.
    others: Vec<String>,
}

impl Pattern {
    pub(super) fn new(stated: &str) -> Self {
        let mut others = vec![stated.replace("%h", "%b")];
        for (one, other) in [("%b", "%B"), ("%a", "%A"), ("%:z", "%z")] {
            for at in 0..others.len() {
                let swapped = if others[at].contains(other) && !others[at].contains(one) {
                    others[at].replace(other, one)
                } else {
                    others[at].replace(one, other)
                };
                if !others.contains(&swapped) {
                    others.push(swapped);
                }
            }
        }
        Self { stated: stated.to_owned(), others }
    }

    pub(super) fn read(&self, text: &str) -> Option<Written> {
        if let Some(written) = by_pattern(&self.stated, text) {
            return Some(written);
        }
        let tidied = tidied(text, self.stated.ends_with('z'));
        self.others.iter().find_map(|pattern| by_pattern(pattern, &tidied))
    }
}

fn by_pattern(pattern: &str, text: &str) -> Option<Written> {
    let read = strtime::parse(pattern, text).ok()?;
    if read.offset().is_some_and(|offset| !is_of_a_place(offset)) {
        return None;
    }
    if let Ok(instant) = read.to_timestamp() {
        return Some(Written::of_utc(instant));
    }
    let local = read.to_datetime().or_else(|_| read.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
    let local = local_us(local);
    if let Some(offset) = read.offset() {
        return Some(Written::with_offset(local, i64::from(offset.seconds())));
    }
    Some(read.iana_time_zone().map_or(Written::Local(local), |zone| Written::In(local, zone.to_owned())))
}

/// Spaces that do not break, which programs write before `AM` and `PM`, as plain ones.
fn plain_spaces(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace(['\u{a0}', '\u{202f}', '\u{2009}'], " "))
    }
}

/// A text as patterns know it: `AM` without points, `Sep` for `Sept`, an offset of digits for `Z`.
fn tidied(text: &str, ends_with_offset: bool) -> String {
    let mut text = plain_spaces(text).into_owned();
    for (found, meant) in
        [("a.m.", "AM"), ("p.m.", "PM"), ("A.M.", "AM"), ("P.M.", "PM"), ("Sept ", "Sep "), ("Sept-", "Sep-")]
    {
        text = text.replace(found, meant);
    }
    if ends_with_offset && text.ends_with(['Z', 'z']) {
        text.pop();
        text.push_str("+0000");
    }
    text
}

/// The number of two digits.
#[inline]
fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| 10 * i64::from(tens) + i64::from(ones))
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// Microseconds of the digits behind the point, and how many digits there are (1 to 9; what is finer is cut off).
pub(super) fn fraction(bytes: &[u8]) -> Option<(i64, usize)> {
    let n_digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&n_digits) {
        return None;
    }
    let kept = digits(&bytes[..n_digits.min(6)])?;
    Some((kept * 10_i64.pow(6 - n_digits.min(6) as u32), n_digits))
}

/// Seconds ahead of UTC; `Some(None)` where nothing is written.
pub(super) fn offset(bytes: &[u8]) -> Option<Option<i64>> {
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
    let seconds = (hours * 60 + minutes) * 60;
    (seconds <= OFFSET_MAX_S && minutes <= 59).then_some(Some(sign * seconds))
}

/// Whether some place could be that far from UTC.
fn is_of_a_place(offset: Offset) -> bool {
    i64::from(offset.seconds()).abs() <= OFFSET_MAX_S
}

#[inline]
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, counted in years that begin in March so that the leap day comes last.
#[inline]
pub(super) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}
