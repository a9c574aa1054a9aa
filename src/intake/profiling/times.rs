//! How a column writes times.

use super::cells::Cells;
use crate::intake::account::Reason;
use crate::intake::cell::Cell;
use crate::intake::number;
use crate::intake::time::Clock;
use crate::intake::zones::{DAY_US, Instant, RowZone, Zones};
use crate::study::{TimeFormat, Times};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Values by which layouts are told apart.
const TRIED: usize = 200;
/// Patterns that stand in real files, day first after month first where both could be. Months by name need none.
const DATES: [&str; 14] = [
    "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%m-%d-%Y", "%d-%m-%Y",
    "%d-%b-%y", "%d %b %y", "%y/%m/%d", "%y.%m.%d", "%y-%m-%d",
];
/// Clocks behind them; that with `%Q` is of Google Forms, those behind a comma are of JavaScript in English and German.
const CLOCKS: [&str; 12] = [
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S%.f",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H:%M:%S %z",
    " %I:%M%p",
    ", %H:%M",
    " %I:%M:%S %p %Q",
    ", %I:%M:%S %p",
    ", %H:%M:%S",
];
/// A year of two digits that is a day in truth makes times of so many years at least, and of so many times as many as they are.
const WIDE_US: i64 = 5 * 366 * 86_400_000_000;
const WIDER: i64 = 3;
/// Seconds since 1970 of 1990 and of 2100, between which a number may be a time.
const EPOCH_SECONDS: [f64; 2] = [631_152_000.0, 4_102_444_800.0];
/// Days since 1899-12-30 of 1990 and of 2100, between which a number may be a date of a spreadsheet.
const SERIAL_DAYS: [f64; 2] = [32_874.0, 73_051.0];
/// Days from the day 0 of a spreadsheet's calendar, 1899-12-30, to that of one that counts from 1904.
const DAYS_TO_1904: i64 = 1462;
/// Words of names that say a time where a number of days could be a number of anything.
const SERIAL_WORDS: [&str; 9] = ["date", "time", "datetime", "timestamp", "day", "at", "on", "created", "datum"];
/// Parts of names that say a time where a number alone does not.
const TIME_WORDS: [&str; 9] = ["time", "date", "created", "stamp", "epoch", "_at", "_on", "_ts", "unix"];

/// Whether times say how far they are from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offsets {
    /// All do.
    Always,
    /// Some do.
    Sometimes,
    /// None does: they are local.
    Never,
}

/// How a column writes times.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeProfile {
    /// The layout.
    pub format: TimeFormat,
    /// Other layouts that read every value looked at, such as the day before the month.
    pub also: Vec<TimeFormat>,
    /// Whether offsets from UTC are written.
    pub offsets: Offsets,
    /// Cells that are times, dates that stand for none included.
    pub n_times: u64,
    /// Of these, dates that stand for none: 1970-01-01, 1904-01-01, or 1900-01-01 and before.
    pub n_suspicious: u64,
    /// The earliest, in microseconds since 1970; local times as if they were UTC.
    pub first_us: i64,
    /// The latest.
    pub last_us: i64,
    /// An example.
    pub example: String,
    /// The zone that an export states.
    pub stated_zone: Option<String>,
    /// Whether an export states the layout itself.
    pub is_stated: bool,
}

impl TimeProfile {
    /// The layout that reads most of a column's filled cells; `None` where none reads most of the first ones.
    pub(super) fn of(name: &str, cells: &Cells) -> Option<Self> {
        let n_filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        let step = n_filled.div_ceil(TRIED).max(1);
        let tried: Vec<&str> = cells.iter().filter(|cell| !cell.is_empty()).step_by(step).collect();
        // Fewer than three in four is no layout of a column of times.
        let may_be = tried.iter().filter(|text| looks_like_time(text)).count();
        if tried.is_empty() || 4 * may_be < 3 * tried.len() {
            return None;
        }
        let candidates = candidates(name, &tried);
        // Years of two digits are dates of antiquity to a layout with four: of as many times the more plausible ones count.
        let read = |format: &TimeFormat| {
            let clock = utc(format);
            let mut zones = Zones::default();
            let n = tried.iter().filter(|text| is_time(&clock, text, &mut zones)).count();
            (n, tried.iter().filter(|text| is_plausible(&clock, text, &mut zones)).count())
        };
        let scored: Vec<(TimeFormat, (usize, usize))> = candidates
            .into_iter()
            .map(|format| {
                let n = read(&format);
                (format, n)
            })
            .collect();
        // The first of the best.
        let best = scored.iter().rev().max_by_key(|(_, n)| *n).filter(|(_, (n, _))| 4 * n >= 3 * tried.len())?.clone();
        let rivals = scored.into_iter().filter(|(format, n)| *n == best.1 && *format != best.0);
        let rivals: Vec<TimeFormat> = rivals.map(|(format, _)| format).collect();
        Self::read(best.0, rivals, cells)
    }

    /// Reads all cells by one layout, and rules out what does not read as many.
    fn read(format: TimeFormat, rivals: Vec<TimeFormat>, cells: &Cells) -> Option<Self> {
        let mut all = vec![Tally::of(&format, cells)];
        all.extend(rivals.iter().map(|rival| Tally::of(rival, cells)));
        let most = all.iter().map(|tally| tally.n_times).max()?;
        let mut formats: Vec<(TimeFormat, Tally)> =
            std::iter::once(format).chain(rivals).zip(all).filter(|(_, tally)| tally.n_times == most).collect();
        let least_us = formats.iter().map(|(_, tally)| tally.span_us()).min()?;
        formats.retain(|(format, tally)| {
            let is_wide = tally.span_us() > WIDE_US.max(least_us.saturating_mul(WIDER));
            !(is_wide && format.word().contains("%y"))
        });
        let (format, tally) = formats.remove(0);
        // What reads every cell as the same time is no other reading, as with parts of seconds where there are none.
        let mut read = vec![tally.instants];
        formats.retain(|(_, own)| {
            let is_other = !read.contains(&own.instants);
            read.push(own.instants);
            is_other
        });
        // Dates that stand for none say nothing of the others.
        let offsets = match (tally.n_local, tally.n_times - tally.n_suspicious) {
            (0, n) if n > 0 => Offsets::Always,
            (n_local, n) if n_local == n => Offsets::Never,
            _ => Offsets::Sometimes,
        };
        Some(Self {
            format,
            also: formats.into_iter().map(|(format, _)| format).collect(),
            offsets,
            n_times: tally.n_times,
            n_suspicious: tally.n_suspicious,
            first_us: tally.first_us,
            last_us: tally.last_us,
            example: tally.example,
            stated_zone: None,
            is_stated: false,
        })
    }

    /// Times that an export's own layout reads, which are seconds since 1970 or the like.
    pub(super) fn stated(format: &TimeFormat, cells: &Cells) -> Option<Self> {
        let read = Self::read(format.clone(), Vec::new(), cells)?;
        (read.n_times > 0).then_some(Self { is_stated: true, ..read })
    }

    /// Numbers of days of a workbook that says itself that it counts from 1904.
    pub(super) fn count_from_1904(&mut self) {
        if self.format == TimeFormat::ExcelSerial {
            self.format = TimeFormat::ExcelSerial1904;
            self.first_us += DAYS_TO_1904 * DAY_US;
            self.last_us += DAYS_TO_1904 * DAY_US;
        }
    }

    /// The instant of every cell; nothing where it is none.
    pub(super) fn instants(&self, cells: &Cells) -> Vec<Option<i64>> {
        let clock = utc(&self.format);
        let mut zones = Zones::default();
        let instant = |text| match clock.instant(Cell::Text(text), &RowZone::Unstated, &mut zones) {
            Ok(Some(Instant { us, .. })) => Some(us),
            _ => None,
        };
        cells.iter().map(instant).collect()
    }

    /// Whether its values can be used as times: most of them are no dates that stand for none.
    pub fn is_usable(&self) -> bool {
        self.n_suspicious * 2 < self.n_times
    }
}

#[derive(Debug)]
struct Tally {
    n_times: u64,
    n_local: u64,
    n_suspicious: u64,
    first_us: i64,
    last_us: i64,
    example: String,
    /// A fingerprint of all times in their order.
    instants: u64,
}

impl Tally {
    fn span_us(&self) -> i64 {
        self.last_us.saturating_sub(self.first_us).max(0)
    }

    fn of(format: &TimeFormat, cells: &Cells) -> Self {
        let zoneless = Clock::new(&Times { format: format.clone(), ..Times::default() });
        let clock = utc(format);
        let mut zones = Zones::default();
        let mut tally = Self {
            n_times: 0,
            n_local: 0,
            n_suspicious: 0,
            first_us: i64::MAX,
            last_us: i64::MIN,
            example: String::new(),
            instants: 0,
        };
        let mut instants = DefaultHasher::new();
        for text in cells.iter().filter(|text| !text.is_empty()) {
            match clock.instant(Cell::Text(text), &RowZone::Unstated, &mut zones) {
                Ok(Some(Instant { us, .. })) => {
                    us.hash(&mut instants);
                    tally.n_times += 1;
                    tally.first_us = tally.first_us.min(us);
                    tally.last_us = tally.last_us.max(us);
                    if tally.example.is_empty() {
                        tally.example = text.to_owned();
                    }
                    let is_local =
                        zoneless.instant(Cell::Text(text), &RowZone::Unstated, &mut zones) == Err(Reason::NoZone);
                    tally.n_local += u64::from(is_local);
                }
                Err(Reason::SuspiciousDate) => {
                    tally.n_times += 1;
                    tally.n_suspicious += 1;
                    if tally.example.is_empty() {
                        tally.example = text.to_owned();
                    }
                }
                _ => {}
            }
        }
        tally.instants = instants.finish();
        tally
    }
}

fn utc(format: &TimeFormat) -> Clock {
    Clock::new(&Times { zone: Some("UTC".to_owned()), format: format.clone(), ..Times::default() })
}

fn is_time(clock: &Clock, text: &str, zones: &mut Zones) -> bool {
    matches!(clock.instant(Cell::Text(text), &RowZone::Unstated, zones), Ok(Some(_)) | Err(Reason::SuspiciousDate))
}

fn is_plausible(clock: &Clock, text: &str, zones: &mut Zones) -> bool {
    matches!(clock.instant(Cell::Text(text), &RowZone::Unstated, zones), Ok(Some(_)))
}

/// A cheap look that lets through all times and few other texts.
pub(in crate::intake) fn looks_like_time(text: &str) -> bool {
    let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
    // JavaScript writes the zone's name out behind its offset from GMT.
    let is_short = text.len() <= 40 || text.len() <= 80 && text.contains(" GMT");
    is_short && text.len() >= 5 && n_digits >= 4
}

/// Layouts worth trying on some values.
fn candidates(name: &str, tried: &[&str]) -> Vec<TimeFormat> {
    let numbers: Vec<f64> = tried.iter().filter_map(|text| number::parse(text)).collect();
    if numbers.len() * 4 >= tried.len() * 3 {
        return number_candidates(name, &numbers);
    }
    let patterns = DATES.iter().flat_map(|date| CLOCKS.iter().map(move |clock| format!("{date}{clock}")));
    let mut all = vec![TimeFormat::Iso];
    // Most patterns fail in the first value; only those that read one of the first few are tried on all.
    all.extend(patterns.map(TimeFormat::Pattern).filter(|format| {
        let clock = utc(format);
        tried.iter().take(5).any(|text| is_time(&clock, text, &mut Zones::default()))
    }));
    all
}

/// A number is a time where it lies where times lie and its column is called so, or where it is a date without signs.
fn number_candidates(original: &str, numbers: &[f64]) -> Vec<TimeFormat> {
    let name = original.to_lowercase();
    let is_called_so = TIME_WORDS.iter().any(|word| name.contains(word)) || matches!(name.as_str(), "at" | "on" | "ts");
    let within = |unit: f64| {
        let [low, high] = EPOCH_SECONDS.map(|seconds| seconds * unit);
        numbers.iter().all(|&value| value >= low && value <= high)
    };
    let is_date = |value: f64| {
        let (month, day) = ((value / 100.0).floor() % 100.0, value % 100.0);
        (19_000_101.0..=21_001_231.0).contains(&value) && (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day)
    };
    let mut all = Vec::new();
    if numbers.iter().all(|&value| is_date(value)) {
        all.push(TimeFormat::Pattern("%Y%m%d".to_owned()));
    }
    // Date and time without signs.
    let is_whole_time = |value: f64| {
        let clock = value % 1e6;
        let (hour, minute, second) = ((clock / 1e4).floor(), (clock / 100.0).floor() % 100.0, clock % 100.0);
        is_date((value / 1e6).floor()) && hour < 24.0 && minute < 60.0 && second < 60.0
    };
    if numbers.iter().all(|&value| is_whole_time(value)) {
        all.push(TimeFormat::Pattern("%Y%m%d%H%M%S".to_owned()));
    }
    if is_called_so && within(1.0) {
        all.push(TimeFormat::EpochSeconds);
    }
    if is_called_so && within(1000.0) {
        all.push(TimeFormat::EpochMilliseconds);
    }
    if is_called_so && within(1e6) {
        all.push(TimeFormat::EpochMicroseconds);
    }
    if is_called_so && within(1e9) {
        all.push(TimeFormat::EpochNanoseconds);
    }
    let [low, high] = SERIAL_DAYS;
    if says_date(original) && numbers.iter().all(|value| (low..high).contains(value)) {
        all.push(TimeFormat::ExcelSerial);
    }
    all
}

/// Whether one of a name's words says a date: `OrderDate`, `created_at`, `Datum`, and not `update`.
fn says_date(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut is_lower = false;
    for sign in name.chars() {
        if !sign.is_alphanumeric() || (sign.is_uppercase() && is_lower) {
            words.push(String::new());
        }
        is_lower = sign.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| sign.is_alphanumeric()) {
            word.extend(sign.to_lowercase());
        }
    }
    words.iter().any(|word| SERIAL_WORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(name: &str, texts: &[&str]) -> Option<TimeProfile> {
        TimeProfile::of(name, &Cells::of(texts.iter().copied()))
    }

    fn pattern(text: &str) -> TimeFormat {
        TimeFormat::Pattern(text.to_owned())
    }

    #[test]
    fn layouts_are_told_by_the_values() {
        for (texts, format, offsets) in [
            (&["2026-03-01T10:00:00Z", "2026-03-02T10:00:00+02:00"][..], TimeFormat::Iso, Offsets::Always),
            (&["2026-03-01 10:00:00", "2026-03-02"], TimeFormat::Iso, Offsets::Never),
            (&["2026-03-01T10:00:00Z", "2026-03-02 11:00:00"], TimeFormat::Iso, Offsets::Sometimes),
            (&["03/21/2026 9:05 AM", "12/01/2026 11:00 PM"], pattern("%m/%d/%Y %I:%M %p"), Offsets::Never),
            (&["21.03.2026", "01.12.2026"], pattern("%d.%m.%Y"), Offsets::Never),
            (&["21-Mar-2026", "01-Dec-2026"], TimeFormat::Iso, Offsets::Never),
            (&["March 21, 2026 9:05 AM", "May 1, 2026 11:00 PM"], TimeFormat::Iso, Offsets::Never),
            (&["Sat, 21 Mar 2026 09:05:00 +0100", "Fri, 1 May 2026 11:00:00 +0200"], TimeFormat::Iso, Offsets::Always),
            (&["19970101", "19971231"], pattern("%Y%m%d"), Offsets::Never),
            (&["20260103080500", "20261231235959"], pattern("%Y%m%d%H%M%S"), Offsets::Never),
            (&["1/3/26 8:05", "1/31/26 23:05"], pattern("%m/%d/%y %H:%M"), Offsets::Never),
            (&["03.01.26", "31.12.26"], pattern("%d.%m.%y"), Offsets::Never),
            (&["03-JAN-26", "31-Dec-26"], pattern("%d-%b-%y"), Offsets::Never),
            (&["2026-01-03 08:05:00 UTC", "2026-01-03 08:05:00 +0200"], TimeFormat::Iso, Offsets::Always),
            // As Google Forms writes them, as JavaScript's toLocaleString does, and as its toString does.
            (
                &["2024/10/30 8:39:02 am GMT+2", "2024/11/01 10:05:00 pm GMT+1"],
                pattern("%Y/%m/%d %I:%M:%S %p %Q"),
                Offsets::Always,
            ),
            (&["10/30/2024, 8:39:02 PM", "12/1/2024, 9:05:00 AM"], pattern("%m/%d/%Y, %I:%M:%S %p"), Offsets::Never),
            (&["30.10.2024, 20:39:02", "1.12.2024, 09:05:00"], pattern("%d.%m.%Y, %H:%M:%S"), Offsets::Never),
            (
                &[
                    "Wed Oct 30 2024 08:39:02 GMT+0200 (Central European Summer Time)",
                    "Sun Dec 01 2024 08:39:02 GMT+0100 (Central European Standard Time)",
                ],
                TimeFormat::Iso,
                Offsets::Always,
            ),
            // Parts of seconds that are not there are no other reading.
            (&["05/30/2025 05:18:07", "06/01/2025 05:18:07"], pattern("%m/%d/%Y %H:%M:%S"), Offsets::Never),
        ] {
            let found = times("x", texts).unwrap_or_else(|| panic!("no times in {texts:?}"));
            assert_eq!((&found.format, found.offsets), (&format, offsets), "{texts:?}");
            assert_eq!((found.n_times, &found.also[..]), (2, &[][..]), "{texts:?}");
        }
    }

    #[test]
    fn a_day_that_could_be_a_month_is_ambiguous_until_one_is_beyond_twelve() {
        let both = times("x", &["03/04/2026", "05/06/2026"]).expect("times");
        assert_eq!((both.format, both.also), (pattern("%m/%d/%Y"), vec![pattern("%d/%m/%Y")]));
        let one = times("x", &["03/04/2026", "25/06/2026"]).expect("times");
        assert_eq!((one.format, one.also.len()), (pattern("%d/%m/%Y"), 0));
    }

    /// Two days of May 2025 and one of January 2026, as offices in East Asia and Sweden write them; day first they would lie between 2002
    /// and 2030.
    #[test]
    fn years_of_two_digits_may_come_first() {
        for (texts, format) in [
            (["25/05/30 05:18", "25/05/02 16:20", "26/01/15 08:00"], "%y/%m/%d %H:%M"),
            (["25.05.30 05:18", "25.05.02 16:20", "26.01.15 08:00"], "%y.%m.%d %H:%M"),
            (["30/05/25 05:18", "02/05/25 16:20", "15/01/26 08:00"], "%d/%m/%y %H:%M"),
        ] {
            let found = times("x", &texts).expect("times");
            assert_eq!((found.format, found.also.len()), (pattern(format), 0), "{texts:?}");
            // date -u -d '2025-05-02 16:20' +%s
            assert_eq!(found.first_us, 1_746_202_800_000_000);
        }
    }

    #[test]
    fn a_number_is_a_time_only_where_its_name_says_so() {
        assert_eq!(times("created_at", &["1772355601"]).map(|times| times.format), Some(TimeFormat::EpochSeconds));
        assert_eq!(times("ts", &["1772355601000"]).map(|times| times.format), Some(TimeFormat::EpochMilliseconds));
        assert_eq!(times("at", &["1772355601000000"]).map(|times| times.format), Some(TimeFormat::EpochMicroseconds));
        assert_eq!(times("ts", &["1772355601000000999"]).map(|times| times.format), Some(TimeFormat::EpochNanoseconds));
        for name in ["OrderDate", "created_at", "Datum", "Date of order"] {
            let found = times(name, &["46025.33681", "46026"]).expect("a spreadsheet's days");
            assert_eq!((found.format, found.offsets), (TimeFormat::ExcelSerial, Offsets::Never), "{name}");
        }
        for (name, text) in [("updates", "46025"), ("plan", "46025.5"), ("date", "12046"), ("date", "90000.5")] {
            assert!(times(name, &[text]).is_none(), "{name} {text}");
        }
        for (name, text) in [("phone", "1772355601"), ("id", "20261399"), ("x", "hello 2026"), ("x", "12.5")] {
            assert!(times(name, &[text]).is_none(), "{name} {text}");
        }
    }

    #[test]
    fn times_of_day_under_a_date_that_means_none_are_not_usable() {
        // date -u -d '2026-03-01' +%s
        let found = times("x", &["12/31/1899 09:30:00 AM", "12/31/1899 12:55:00 PM"]).expect("a layout");
        assert_eq!((found.n_suspicious, found.is_usable()), (2, false));
        let found = times("x", &["1970-01-01", "2026-03-01", "2026-03-01"]).expect("times");
        assert_eq!((found.n_suspicious, found.is_usable(), found.first_us), (1, true, 1_772_323_200_000_000));
    }
}
