//! Dates with the English name of their month, which can be read in one way only: `3 March 2024`, `Mar 3, 2024 2:05 PM`,
//! `Sun, 03 Mar 2024 14:05:30 +0100`, `03-MAR-2024`. The year has four digits.

use super::written::{Written, days_in_month, days_since_1970, fraction};
use super::zones::{DAY_US, SECOND_US};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// What stands between the parts of a date.
const BETWEEN: &[u8] = b" -/.,\t";

/// The date and time that a text says; `None` where it is no such text, or its weekday is another than the date's.
pub(super) fn read(text: &str) -> Option<Written> {
    let mut text = Text { rest: text.as_bytes() };
    let weekday = text.name(&WEEKDAYS);
    text.skip(BETWEEN);
    let mut date = Parts::default();
    let mut clock = None;
    // The three parts of the date in any order that tells them apart; the C library writes the time before the year.
    for at in 0..3 {
        if at > 0 {
            text.skip(BETWEEN);
        }
        if date.month.is_none() && text.begins_with_letter() {
            date.month = Some(text.name(&MONTHS)? as i64 + 1);
        } else {
            if date.month.is_some() && date.day.is_some() && clock.is_none() && text.has_colon() {
                clock = Some(text.clock()?);
                text.skip(BETWEEN);
            }
            match text.number()? {
                (year, 4) if date.year.is_none() => date.year = Some(year),
                (day, 1 | 2) if date.day.is_none() => {
                    date.day = Some(day);
                    text.ordinal();
                }
                _ => return None,
            }
        }
    }
    text.skip(b" ,\t");
    let (year, month, day) = (date.year?, date.month?, date.day?);
    if day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let days = days_since_1970(year, month, day);
    // 1970-01-01 was a Thursday.
    if weekday.is_some_and(|weekday| weekday as i64 != (days + 3).rem_euclid(7)) {
        return None;
    }
    if clock.is_none() && !text.rest.is_empty() {
        let _ = text.word("at") || text.word("t");
        text.skip(b" ");
        clock = Some(text.clock()?);
        text.skip(b" ");
    }
    let local_us = days * DAY_US + clock.unwrap_or(0);
    Some(match text.offset()? {
        Some(offset_s) => Written::with_offset(local_us, offset_s),
        None => Written::Local(local_us),
    })
}

#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
}

/// What has not been read yet.
struct Text<'t> {
    rest: &'t [u8],
}

impl Text<'_> {
    fn skip(&mut self, any: &[u8]) {
        while self.rest.first().is_some_and(|byte| any.contains(byte)) {
            self.rest = &self.rest[1..];
        }
    }

    fn begins_with_letter(&self) -> bool {
        self.rest.first().is_some_and(u8::is_ascii_alphabetic)
    }

    /// Whether the number that stands here is the hour of a clock.
    fn has_colon(&self) -> bool {
        let n_digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        n_digits > 0 && self.rest.get(n_digits) == Some(&b':')
    }

    fn letters(&self) -> usize {
        self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()
    }

    /// The place of a name in a list: whole, its first three letters, or as people shorten it, with or without a point.
    fn name(&mut self, names: &[&str]) -> Option<usize> {
        let word = self.rest[..self.letters()].to_ascii_lowercase();
        let at = names.iter().position(|name| {
            let name = name.as_bytes();
            word == name
                || word == name[..3]
                || matches!(word.as_slice(), b"sept" | b"tues" | b"thur" | b"thurs" if name.starts_with(&word))
        })?;
        self.rest = &self.rest[word.len()..];
        Some(at)
    }

    fn word(&mut self, word: &str) -> bool {
        let is_there = self.rest[..self.letters()].eq_ignore_ascii_case(word.as_bytes());
        if is_there {
            self.rest = &self.rest[word.len()..];
        }
        is_there
    }

    /// A number and how many digits it has, at most four.
    fn number(&mut self) -> Option<(i64, usize)> {
        let n_digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(n_digits);
        if !(1..=4).contains(&n_digits) {
            return None;
        }
        self.rest = rest;
        Some((digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')), n_digits))
    }

    fn ordinal(&mut self) {
        let _ = self.word("st") || self.word("nd") || self.word("rd") || self.word("th");
    }

    fn two_digits(&mut self) -> Option<i64> {
        self.number().filter(|&(_, n_digits)| n_digits == 2).map(|(value, _)| value)
    }

    /// A clock of 24 or of twice 12 hours, in microseconds since midnight.
    fn clock(&mut self) -> Option<i64> {
        let (mut hour, n_digits) = self.number()?;
        if n_digits > 2 || hour > 23 {
            return None;
        }
        let (mut minute, mut second, mut fraction_us) = (0, 0, 0);
        let has_minutes = self.rest.first() == Some(&b':');
        if has_minutes {
            self.rest = &self.rest[1..];
            minute = self.two_digits()?;
            if self.rest.first() == Some(&b':') {
                self.rest = &self.rest[1..];
                second = self.two_digits()?;
                if matches!(self.rest.first(), Some(b'.' | b',')) {
                    let (us, n_digits) = fraction(&self.rest[1..])?;
                    fraction_us = us;
                    self.rest = &self.rest[1 + n_digits..];
                }
            }
        }
        if minute > 59 || second > 59 {
            return None;
        }
        match self.half_of_day() {
            Some(after_noon_hours) if (1..=12).contains(&hour) => hour = hour % 12 + after_noon_hours,
            Some(_) => return None,
            // An hour alone is none without its half of the day.
            None if !has_minutes => return None,
            None => {}
        }
        Some(((hour * 60 + minute) * 60 + second) * SECOND_US + fraction_us)
    }

    /// `AM` or `p.m.` and the like: the hours that it adds.
    fn half_of_day(&mut self) -> Option<i64> {
        let mut ahead = Text { rest: self.rest };
        ahead.skip(b" ");
        let hours = match ahead.rest.first()? {
            b'a' | b'A' => 0,
            b'p' | b'P' => 12,
            _ => return None,
        };
        ahead.rest = &ahead.rest[1..];
        ahead.skip(b".");
        if !matches!(ahead.rest.first(), Some(b'm' | b'M')) || ahead.letters() != 1 {
            return None;
        }
        ahead.rest = &ahead.rest[1..];
        ahead.skip(b".");
        self.rest = ahead.rest;
        Some(hours)
    }

    /// Seconds ahead of UTC, and the end of the text: `Z`, `UTC`, `GMT+0100 (...)`, `+01:00`; `Some(None)` for nothing.
    fn offset(&mut self) -> Option<Option<i64>> {
        let is_named = self.word("z") || self.word("utc") || self.word("gmt");
        let end = self.rest.iter().position(|&byte| byte == b'(').unwrap_or(self.rest.len());
        let (offset, remark) = self.rest.split_at(end);
        if !remark.is_empty() && !remark.ends_with(b")") {
            return None;
        }
        let stated = super::written::offset(offset.trim_ascii())?;
        Some(if is_named { stated.or(Some(0)) } else { stated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `date -u -d '2024-03-03 14:05:00' +%s`
    const AT: i64 = 1_709_474_700 * SECOND_US;
    const DAY: i64 = 1_709_424_000 * SECOND_US;

    #[test]
    fn a_month_by_its_name_tells_the_parts_apart() {
        for text in [
            "3 Mar 2024",
            "03-MAR-2024",
            "March 3, 2024",
            "Mar. 3rd, 2024",
            "Sunday, March 3, 2024",
            "Sun 3 March 2024",
            "2024-Mar-03",
            "3/Mar/2024",
            "03MAR2024",
        ] {
            assert_eq!(read(text), Some(Written::Local(DAY)), "{text}");
        }
        for text in [
            "3 Mar 2024 14:05",
            "3 Mar 2024, 14:05:00",
            "Mar 3, 2024 2:05 PM",
            "Mar 3, 2024, 2:05:00 p.m.",
            "Mar 3, 2024 at 2:05PM",
            "Sun Mar  3 14:05:00 2024",
            "03-Mar-2024T14:05",
        ] {
            assert_eq!(read(text), Some(Written::Local(AT)), "{text}");
        }
        assert_eq!(read("3 Sept 2024"), read("3 September 2024"));
        assert_eq!(read("3 Mar 2024 12:05 AM"), Some(Written::Local(DAY + 300 * SECOND_US)));
        assert_eq!(read("3 Mar 2024 12:05 pm"), Some(Written::Local(DAY + 43_500 * SECOND_US)));
        assert_eq!(read("3 Mar 2024 14:05:00.25"), Some(Written::Local(AT + 250_000)));
        assert_eq!(read("3 Mar 2024 2 PM"), Some(Written::Local(AT - 300 * SECOND_US)));
    }

    #[test]
    fn offsets_make_it_an_instant() {
        for text in [
            "Sun, 03 Mar 2024 15:05:00 +0100",
            "Sun, 03 Mar 2024 14:05:00 GMT",
            "Sun Mar 03 2024 15:05:00 GMT+0100 (Central European Standard Time)",
            "3 Mar 2024 09:05 -05:00",
            "3 Mar 2024 14:05Z",
            "3 Mar 2024 14:05 UTC",
        ] {
            let Some(Written::Instant { us, .. }) = read(text) else { panic!("{text}: {:?}", read(text)) };
            assert_eq!(us, AT, "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_or_is_no_date_is_refused() {
        for text in [
            "",
            "March",
            "3 Mar",
            "03-MAR-24",
            "3 Mar 202",
            "3 4 2024",
            "31 June 2024",
            "29 Feb 2023",
            "0 Mar 2024",
            "Mon, 3 Mar 2024",
            "3 Mar 2024 25:00",
            "3 Mar 2024 14:05 PM",
            "3 Mar 2024 0:05 AM",
            "3 Mar 2024 14",
            "3 Mar 2024 14:05 Mars",
            "3 Mar 2024 14:05 +01:00 (",
            "3 Mar 2024 -05:00",
            "3 Marz 2024",
            "Mar Mar 2024",
            "2024 2024 Mar",
            "3 Mar 2024 x",
            "12345 Mar 2024",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
