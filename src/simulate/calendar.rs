//! Days and seconds without a clock: the proleptic Gregorian calendar in UTC.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Seconds in a day.
pub const DAY_SECONDS: i64 = 86_400;

/// Seconds in a year of 365 days; every yearly rate of the simulation is per this span.
pub const YEAR_SECONDS: i64 = 365 * DAY_SECONDS;

/// A text that is not a day.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{text}` is not a day; write it as 2026-09-30")]
pub struct DayError {
    text: String,
}

/// A day of the calendar, from 1900-01-01 to 2200-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    year: i32,
    month: u32,
    day: u32,
}

impl Day {
    /// The day on which the demonstration ends.
    pub const DEFAULT_AS_OF: Self = Self { year: 2026, month: 9, day: 30 };

    /// Checks a day.
    ///
    /// # Errors
    /// A day that the calendar does not have, or a year outside 1900 to 2200.
    pub fn new(year: i32, month: u32, day: u32) -> Result<Self, DayError> {
        let legal = (1900..=2200).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day);
        if legal {
            Ok(Self { year, month, day })
        } else {
            Err(DayError { text: format!("{year:04}-{month:02}-{day:02}") })
        }
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The first instant of the day, UTC.
    pub fn start(self) -> Instant {
        Instant(days_from_epoch(self.year, self.month, self.day) * DAY_SECONDS)
    }

    /// The quarter the day lies in.
    pub fn quarter(self) -> Quarter {
        Quarter { year: self.year, number: (self.month - 1) / 3 + 1 }
    }
}

impl FromStr for Day {
    type Err = DayError;
    fn from_str(text: &str) -> Result<Self, DayError> {
        let refused = || DayError { text: text.to_owned() };
        let mut parts = text.splitn(3, '-');
        let mut number = |width: usize| {
            let part =
                parts.next().filter(|part| part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit()));
            part.and_then(|part| part.parse::<u32>().ok()).ok_or_else(refused)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        Self::new(i32::try_from(year).map_err(|_| refused())?, month, day).map_err(|_| refused())
    }
}

impl TryFrom<String> for Day {
    type Error = DayError;
    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A quarter of a year, as in `2026Q1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter {
    /// The year.
    pub year: i32,
    /// From 1 to 4.
    pub number: u32,
}

impl Quarter {
    /// The first instant of the quarter, UTC.
    pub fn start(self) -> Instant {
        Instant(days_from_epoch(self.year, 3 * self.number - 2, 1) * DAY_SECONDS)
    }

    /// The quarter after this one.
    #[must_use]
    pub fn next(self) -> Self {
        if self.number == 4 {
            Self { year: self.year + 1, number: 1 }
        } else {
            Self { year: self.year, number: self.number + 1 }
        }
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{:04}Q{}", self.year, self.number)
    }
}

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    /// The instant some seconds later; the last instant there is if that overflows.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The instant a random or computed span later, at least one second.
    #[must_use]
    pub fn after(self, seconds: f64) -> Self {
        // The cast saturates, so an endless wait is the last instant there is.
        self.plus((seconds as i64).max(1))
    }

    /// Seconds from an earlier instant to this one.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The day the instant lies in, UTC.
    pub fn day(self) -> Day {
        let (year, month, day) = civil(self.0.div_euclid(DAY_SECONDS));
        Day { year, month, day }
    }

    /// Appends the instant as ISO 8601 UTC, as in `2026-03-05T14:03:22Z`.
    pub fn write_iso(self, line: &mut Vec<u8>) {
        let Day { year, month, day } = self.day();
        let second = self.0.rem_euclid(DAY_SECONDS) as u32;
        let year = year.unsigned_abs();
        let digits = [year / 100, year % 100, month, day, second / 3600, second / 60 % 60, second % 60];
        let mut text = *b"0000-00-00T00:00:00Z";
        for (place, number) in [0, 2, 5, 8, 11, 14, 17].into_iter().zip(digits) {
            text[place] += (number / 10 % 10) as u8;
            text[place + 1] += (number % 10) as u8;
        }
        line.extend_from_slice(&text);
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let mut line = Vec::with_capacity(20);
        self.write_iso(&mut line);
        out.write_str(&String::from_utf8_lossy(&line))
    }
}

fn days_of_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01. Years are counted from March, so that the leap day is the last of its year.
fn days_from_epoch(year: i32, month: u32, day: u32) -> i64 {
    let march_year = i64::from(year) - i64::from(month <= 2);
    let march_month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + i64::from(day) - 1;
    march_year * 365 + march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400) + day_of_year
        - 719_468
}

/// Year, month and day from days since 1970-01-01: the inverse of [`days_from_epoch`].
fn civil(days: i64) -> (i32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_read_as_the_calendar_says() {
        // `date -u -d @N +%FT%TZ`
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_772_719_402, "2026-03-05T14:03:22Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Instant(seconds).to_string(), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        let (first, last) = (days_from_epoch(1900, 1, 1), days_from_epoch(2200, 12, 31));
        assert_eq!(last - first, 109_937); // Python: date(2200, 12, 31) - date(1900, 1, 1)
        for days in first..=last {
            let (year, month, day) = civil(days);
            let day = Day::new(year, month, day).expect("a day of the calendar");
            assert_eq!(day.start().0, days * DAY_SECONDS);
        }
    }

    #[test]
    fn days_are_read_strictly() {
        assert_eq!("2026-09-30".parse::<Day>(), Day::new(2026, 9, 30));
        for text in ["2026-02-29", "2026-9-30", "30.09.2026", "2026-09-30T00", "", "9999-01-01"] {
            let refused = text.parse::<Day>();
            assert_eq!(refused, Err(DayError { text: text.to_owned() }));
        }
    }

    #[test]
    fn quarters_follow_each_other_over_the_new_year() {
        let day = Day::new(2025, 12, 31).expect("a day");
        assert_eq!(day.quarter().to_string(), "2025Q4");
        assert_eq!(day.quarter().next().start(), day.start().plus(DAY_SECONDS));
    }
}
