//! Instants from cells: as the study or an export says that times are written, local ones by their zone.

use super::account::Reason;
use super::cell::Cell;
use super::written::{Pattern, Written};
use super::zones::{DAY_US, Instant, RowZone, SECOND_US, Zone, Zones};
use crate::study::{DateInstant, TimeFormat, Times};

/// 1900-01-01 and 1904-01-01, in days since 1970-01-01: where the calendars of spreadsheets begin.
const DAY_1900: i64 = -25_567;
const DAY_1904: i64 = -24_107;
/// The first instant of the year 10000, in microseconds of UTC: what lies beyond was written in another unit.
const YEAR_10000_US: i64 = 253_402_300_800 * SECOND_US;
/// What seconds of today become when they are read as milliseconds, these as microseconds and these as nanoseconds: some instant before
/// this, 1970-01-26.
const NEXT_UNIT_US: i64 = 25 * DAY_US;

/// The spreadsheets' day 0, 1899-12-30, in days since 1970-01-01: the one that fits their dates from March 1900 on. Before that they count
/// a 29th of February that 1900 did not have.
const DAY_SERIAL_0: i64 = -25_569;
/// The first serial number that means one day alone.
const SERIAL_FIRST: f64 = 61.0;
/// The serial number of the day after 9999-12-31.
const SERIALS: f64 = 2_958_466.0;
/// Milliseconds of a day: a serial number is as exact as that, since fifteen digits of one say no more than tens of microseconds.
const DAY_MS: f64 = 86_400_000.0;

/// How a source's times become instants.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    format: TimeFormat,
    pattern: Option<Pattern>,
    /// The zone that the source says for all its rows.
    zone: Option<Zone>,
    /// The zone where nothing nearer says one.
    zone_of_study: Option<Zone>,
    /// Whether a date without a time is the last instant of its day instead of the first.
    ends_days: bool,
}

impl Clock {
    /// A zone that cannot be found any more counts as none; the study has checked it.
    pub(super) fn new(times: &Times) -> Self {
        let pattern = match &times.format {
            TimeFormat::Pattern(pattern) => Some(Pattern::new(pattern)),
            _ => None,
        };
        let zone = |name: &Option<String>| name.as_deref().and_then(Zone::of);
        Self {
            format: times.format.clone(),
            pattern,
            zone: zone(&times.zone),
            zone_of_study: zone(&times.zone_of_study),
            ends_days: times.day == Some(DateInstant::End),
        }
    }

    /// The clock for a column of an export, which may state what the source leaves open; `None` where it states nothing.
    pub(super) fn completed(&self, zone: Option<&str>, format: Option<&TimeFormat>) -> Option<Self> {
        let format = format.filter(|_| self.format == TimeFormat::Iso);
        let zone = zone.filter(|_| self.zone.is_none());
        if format.is_none() && zone.is_none() {
            return None;
        }
        let times =
            Times { zone: zone.map(str::to_owned), format: format.unwrap_or(&self.format).clone(), ..Times::default() };
        let stated = Self::new(&times);
        Some(Self {
            zone: self.zone.clone().or(stated.zone),
            zone_of_study: self.zone_of_study.clone(),
            ends_days: self.ends_days,
            ..stated
        })
    }

    /// The clock for a workbook that says itself that it counts days from 1904; `None` where it reads no numbers of days.
    pub(super) fn counting_from_1904(&self) -> Option<Self> {
        (self.format == TimeFormat::ExcelSerial).then(|| Self { format: TimeFormat::ExcelSerial1904, ..self.clone() })
    }

    /// A word for what it makes of a text that names no zone of its own.
    pub(super) fn fingerprint(&self) -> String {
        // The pattern is the format, made ready.
        let Self { format, pattern: _, zone, zone_of_study, ends_days } = self;
        let word = |zone: &Option<Zone>| zone.as_ref().map_or_else(|| "none".to_owned(), Zone::fingerprint);
        let end = if *ends_days { " ends days" } else { "" };
        format!("{format:?} zone {} of the study {}{end}", word(zone), word(zone_of_study))
    }

    /// The instant that a cell says; `Ok(None)` for a cell that says nothing.
    pub(super) fn instant(&self, cell: Cell<'_>, row: &RowZone, zones: &mut Zones) -> Result<Option<Instant>, Reason> {
        let digits = self.digits_of(cell);
        let instant = match digits.as_deref().map_or(cell, Cell::Text) {
            Cell::Missing => return Ok(None),
            Cell::Number(value) if value.is_nan() => return Ok(None),
            Cell::Single(value) if value.is_nan() => return Ok(None),
            Cell::Text("") => return Ok(None),
            Cell::Text(text) => self.text(text, row, zones)?,
            Cell::Instant(us) => self.universal(us, us),
            Cell::Day(days) => self.local(i64::from(days) * DAY_US, row, zones)?,
            Cell::Local(us) => self.local(us, row, zones)?,
            Cell::Integer(value) => self.number(Some(value), None, None, row, zones)?,
            Cell::Number(value) => self.number(None, Some(value), None, row, zones)?,
            Cell::Single(value) => self.number(None, Some(f64::from(value)), None, row, zones)?,
        };
        check_day(instant.us)?;
        Ok(Some(instant))
    }

    fn text(&self, text: &str, row: &RowZone, zones: &mut Zones) -> Result<Instant, Reason> {
        let written = match (&self.format, &self.pattern) {
            (TimeFormat::Iso, _) => Written::plain(text),
            (TimeFormat::IsoHour24, _) => Written::with_hours_to_24(text),
            (_, Some(pattern)) => pattern.read(text),
            (_, None) => return self.number(text.parse().ok(), super::number::parse(text), Some(text), row, zones),
        };
        match written.ok_or(Reason::Unparsable)? {
            Written::Instant { us, local_us } => {
                check_day(local_us)?;
                Ok(self.universal(us, local_us))
            }
            Written::Local(us) => self.local(us, row, zones),
            Written::In(us, zone) => self.local(us, &zones.of_cell(&zone), zones),
        }
    }

    /// A number of days, seconds or parts of them, beside the text that says it where one does.
    fn number(
        &self,
        whole: Option<i64>,
        number: Option<f64>,
        text: Option<&str>,
        row: &RowZone,
        zones: &mut Zones,
    ) -> Result<Instant, Reason> {
        let days = number.or(whole.map(|whole| whole as f64));
        match self.format {
            TimeFormat::ExcelSerial => self.serial(days, DAY_SERIAL_0, SERIAL_FIRST, row, zones),
            TimeFormat::ExcelSerial1904 => self.serial(days, DAY_1904, 1.0, row, zones),
            _ => self.epoch(whole, number, text),
        }
    }

    /// A local time that a spreadsheet counts in days since its day 0.
    fn serial(
        &self,
        days: Option<f64>,
        day_0: i64,
        first: f64,
        row: &RowZone,
        zones: &mut Zones,
    ) -> Result<Instant, Reason> {
        let days = days.ok_or(Reason::Unparsable)?;
        if days < first {
            return Err(Reason::SuspiciousDate);
        }
        if days >= SERIALS - (day_0 - DAY_SERIAL_0) as f64 {
            return Err(Reason::Unparsable);
        }
        self.local((days * DAY_MS).round() as i64 * 1000 + day_0 * DAY_US, row, zones)
    }

    fn epoch(&self, whole: Option<i64>, number: Option<f64>, text: Option<&str>) -> Result<Instant, Reason> {
        // Of units finer than a microsecond, how many are one; of coarser ones, how many microseconds one is.
        let (unit_us, per_us, is_suspicious_before) = match self.format {
            TimeFormat::EpochSeconds => (SECOND_US, 1, DAY_US),
            TimeFormat::EpochMilliseconds => (1000, 1, NEXT_UNIT_US),
            TimeFormat::EpochMicroseconds => (1, 1, NEXT_UNIT_US),
            TimeFormat::EpochNanoseconds => (1, 1000, NEXT_UNIT_US),
            // A bare number says no unit.
            _ => return Err(Reason::Unparsable),
        };
        let us = match (whole, number) {
            (Some(whole), _) => whole.checked_mul(unit_us).ok_or(Reason::Unparsable)?.div_euclid(per_us),
            // The digits are what was written; the product of a floating-point number would be off by one here and there.
            (None, Some(number)) => text
                .and_then(|text| whole_part(text, unit_us, per_us))
                .or_else(|| whole_part(&number.to_string(), unit_us, per_us))
                .ok_or(Reason::Unparsable)?,
            (None, None) => return Err(Reason::Unparsable),
        };
        if us >= YEAR_10000_US {
            return Err(Reason::Unparsable);
        }
        // A number below zero is a stand-in too: -1 is what programs say that know no time.
        if (-DAY_US..is_suspicious_before).contains(&us) {
            Err(Reason::SuspiciousDate)
        } else {
            Ok(self.universal(us, us))
        }
    }

    /// The digits of a whole number of which a pattern says what they mean, as of a warehouse's key of dates, 20260301. Only a pattern
    /// that begins with the year: zeros in front are lost in a number.
    fn digits_of(&self, cell: Cell<'_>) -> Option<String> {
        let (TimeFormat::Pattern(pattern), Cell::Integer(_) | Cell::Number(_)) = (&self.format, cell) else {
            return None;
        };
        let mut text = String::new();
        cell.text(&mut text);
        (pattern.starts_with("%Y") && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then_some(text)
    }

    /// An instant that is written as one, beside the local reading that it is written with.
    fn universal(&self, us: i64, local_us: i64) -> Instant {
        Instant::plain(if self.is_whole_day(local_us) { us + DAY_US - 1 } else { us })
    }

    /// Whether a local reading stands for the whole day, of which the last instant is meant.
    fn is_whole_day(&self, local_us: i64) -> bool {
        self.ends_days && local_us.rem_euclid(DAY_US) == 0
    }

    fn local(&self, local_us: i64, row: &RowZone, zones: &mut Zones) -> Result<Instant, Reason> {
        check_day(local_us)?;
        let zone = match row {
            RowZone::Stated(zone) => zone,
            RowZone::Unknown => return Err(Reason::NoZone),
            RowZone::Unstated => self.zone.as_ref().or(self.zone_of_study.as_ref()).ok_or(Reason::NoZone)?,
        };
        if self.is_whole_day(local_us) {
            let next = zones.instant(zone, local_us + DAY_US).ok_or(Reason::Unparsable)?;
            return Ok(Instant::plain(next.us - 1));
        }
        zones.instant(zone, local_us).ok_or(Reason::Unparsable)
    }
}

/// Dates by which systems say that they have none.
fn check_day(us: i64) -> Result<(), Reason> {
    let day = us.div_euclid(DAY_US);
    // One second, millisecond or microsecond before 1970 is a -1 that somebody took for a time.
    let is_minus_one = [-SECOND_US, -1000, -1].contains(&us);
    if day == 0 || is_minus_one || day == DAY_1904 || day <= DAY_1900 { Err(Reason::SuspiciousDate) } else { Ok(()) }
}

/// The largest whole number that is not above a decimal times `factor` over `divisor`, exactly; `None` for a text that is no plain
/// decimal, and for a number that is too large.
fn whole_part(decimal: &str, factor: i64, divisor: i64) -> Option<i64> {
    const PLACES: usize = 9;
    let (is_negative, digits) = match decimal.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, decimal.strip_prefix('+').unwrap_or(decimal)),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + decimals.len() == 0 || !is_plain(whole) || !is_plain(decimals) {
        return None;
    }
    let kept = &decimals[..decimals.len().min(PLACES)];
    let billionths = match format!("{whole}{kept:0<PLACES$}").parse::<i128>().ok()? {
        // What lies beyond the places that are kept is less than one of them.
        size if is_negative => -size - i128::from(decimals[kept.len()..].bytes().any(|byte| byte != b'0')),
        size => size,
    };
    let scaled = billionths.checked_mul(i128::from(factor))?;
    i64::try_from(scaled.div_euclid(i128::from(divisor) * 10_i128.pow(PLACES as u32))).ok()
}

#[cfg(test)]
mod tests {
    use super::super::zones::{ClockChange, civil};
    use super::*;
    use jiff::Timestamp;
    use jiff::tz::{Offset, TimeZone};
    use proptest::prelude::*;

    fn clock(zone: Option<&str>, format: TimeFormat) -> Clock {
        Clock::new(&Times { zone: zone.map(str::to_owned), format, ..Times::default() })
    }

    fn cell(clock: &Clock, cell: Cell<'_>) -> Result<Option<i64>, Reason> {
        let read = clock.instant(cell, &RowZone::Unstated, &mut Zones::default())?;
        Ok(read.map(|instant| instant.us))
    }

    fn read(clock: &Clock, text: &str) -> Result<Option<i64>, Reason> {
        cell(clock, Cell::Text(text))
    }

    fn pattern(pattern: &str) -> Clock {
        clock(Some("UTC"), TimeFormat::Pattern(pattern.to_owned()))
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
            // As BigQuery, Ruby, git and Go write it; GNU date reads the first four alike.
            "2026-09-30 18:05:30 UTC",
            "2026-09-30 18:05:30.000000 GMT",
            "2026-09-30T18:05:30 Z",
            "2026-09-30 20:05:30 +0200",
            "2026-09-30 20:05:30 +02:00",
            "2026-09-30 20:05:30 +0200 CEST",
        ] {
            assert_eq!(read(&clock, text), expected, "{text}");
        }
        // An abbreviation alone is no zone, and an offset of a day is no offset.
        for text in
            ["2026-09-30 18:05:30 EST", "2026-09-30 18:05:30 +2400", "2026-09-30 18:05:30 +02 x1", "2026-09-30 UTC"]
        {
            assert_eq!(read(&clock, text), Err(Reason::Unparsable), "{text}");
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
    fn a_date_may_be_the_end_of_its_day() {
        let ending = |zone: &str, format| {
            let times = Times { zone: Some(zone.to_owned()), format, day: Some(DateInstant::End), ..Times::default() };
            Clock::new(&times)
        };
        let berlin = ending("Europe/Berlin", TimeFormat::Iso);
        // TZ=... date -d '... 00:00' +%s of the day after, less a microsecond. 2026-03-29 has 23 hours in Berlin; in Sao Paulo
        // 2018-11-04 begins at one o'clock.
        let last_of = |next_day_s: i64| Ok(Some(next_day_s * SECOND_US - 1));
        assert_eq!(read(&berlin, "2026-03-29"), last_of(1_774_821_600));
        assert_eq!(read(&berlin, "2026-09-30 00:00:00"), last_of(1_790_805_600));
        assert_eq!(read(&ending("America/Sao_Paulo", TimeFormat::Iso), "2018-11-03"), last_of(1_541_300_400));
        assert_eq!(read(&berlin, "2026-09-30T00:00:00Z"), last_of(1_790_812_800));
        assert_eq!(
            cell(&ending("UTC", TimeFormat::EpochSeconds), Cell::Integer(1_790_726_400)),
            last_of(1_790_812_800)
        );
        assert_eq!(cell(&berlin, Cell::Instant(1_790_726_400 * SECOND_US)), last_of(1_790_812_800));
        // What has a time keeps it: TZ=Europe/Berlin date -d '2026-09-30 18:05:30' +%s.
        assert_eq!(read(&berlin, "2026-09-30 18:05:30"), Ok(Some(1_790_784_330 * SECOND_US)));
        assert_ne!(berlin.fingerprint(), clock(Some("Europe/Berlin"), TimeFormat::Iso).fingerprint());
    }

    #[test]
    fn a_time_that_occurs_twice_is_the_earlier_and_a_skipped_one_the_later() {
        let berlin = clock(Some("Europe/Berlin"), TimeFormat::Iso);
        // 2026-10-25 02:30 occurs at 00:30 and 01:30 UTC; 2026-03-29 02:30 does not and is read as 03:30, 01:30 UTC.
        assert_eq!(read(&berlin, "2026-10-25 02:30"), Ok(Some(1_792_888_200_000_000)));
        assert_eq!(read(&berlin, "2026-03-29 02:30"), Ok(Some(1_774_747_800_000_000)));
    }

    #[test]
    fn what_a_change_of_the_clocks_did_is_said() {
        let berlin = clock(Some("Europe/Berlin"), TimeFormat::Iso);
        let change = |clock: &Clock, text: &str| {
            let read = clock.instant(Cell::Text(text), &RowZone::Unstated, &mut Zones::default());
            read.expect("a time").expect("a time").change
        };
        assert_eq!(change(&berlin, "2026-03-29 02:30"), Some(ClockChange::Skipped));
        assert_eq!(change(&berlin, "2026-10-25 02:30"), Some(ClockChange::Repeated));
        // An offset says which of the two it was, and the hours beside a change are like others.
        for text in ["2026-10-25 02:30+01:00", "2026-10-25 03:00", "2026-03-29 01:59:59.999999", "2026-03-29"] {
            assert_eq!(change(&berlin, text), None, "{text}");
        }
        // Midnight was skipped; a date is the start of its day, and a time half an hour later was on no clock.
        let brazil = clock(Some("America/Sao_Paulo"), TimeFormat::Iso);
        assert_eq!(change(&brazil, "2018-11-04"), None);
        assert_eq!(change(&brazil, "2018-11-04 00:30"), Some(ClockChange::Skipped));
        let named = clock(None, TimeFormat::Pattern("%Y-%m-%d %H:%M %Q".to_owned()));
        assert_eq!(change(&named, "2026-10-25 02:30 Europe/Berlin"), Some(ClockChange::Repeated));
    }

    #[test]
    fn of_the_zones_the_nearest_counts() {
        // 2026-09-30 18:05:30 there; TZ=... date -d '2026-09-30 18:05:30' +%s
        let (text, utc, berlin, tokyo) = ("2026-09-30 18:05:30", 1_790_791_530, 1_790_784_330, 1_790_759_130);
        let us = |seconds: i64| Ok(Some(seconds * SECOND_US));
        let times = |zone: Option<&str>, zone_of_study: Option<&str>| {
            Clock::new(&Times {
                zone: zone.map(str::to_owned),
                zone_of_study: zone_of_study.map(str::to_owned),
                ..Times::default()
            })
        };
        let mut zones = Zones::default();
        let mut read = |clock: &Clock, text: &str, row: &str| {
            let row = zones.of_cell(row);
            Ok(clock.instant(Cell::Text(text), &row, &mut zones)?.map(|instant| instant.us))
        };
        assert_eq!(read(&times(None, Some("Asia/Tokyo")), text, ""), us(tokyo));
        assert_eq!(read(&times(Some("Europe/Berlin"), Some("Asia/Tokyo")), text, ""), us(berlin));
        assert_eq!(read(&times(Some("Europe/Berlin"), Some("Asia/Tokyo")), text, "UTC"), us(utc));
        assert_eq!(read(&times(Some("Europe/Berlin"), None), text, "Mars"), Err(Reason::NoZone));
        assert_eq!(read(&times(Some("Asia/Tokyo"), None), "2026-09-30T18:05:30Z", "Mars"), us(utc));
        assert_eq!(read(&times(Some("Asia/Tokyo"), None), "2026-09-30T18:05:30[Europe/Berlin]", "UTC"), us(berlin));
        // What an export states stands between the source and the study.
        let export = times(None, Some("Asia/Tokyo")).completed(Some("Europe/Berlin"), None).expect("a zone more");
        assert_eq!(read(&export, text, ""), us(berlin));
        let kept = times(Some("Asia/Tokyo"), None).completed(Some("Europe/Berlin"), Some(&TimeFormat::EpochSeconds));
        assert_eq!(read(&kept.expect("a format more"), "1790791530", ""), us(utc));
    }

    #[test]
    fn stand_ins_for_a_missing_date_are_suspicious() {
        let utc = clock(Some("UTC"), TimeFormat::Iso);
        for text in [
            "1970-01-01",
            "1970-01-01 12:00",
            "1899-12-31",
            "0001-01-01T00:00:00Z",
            "1969-12-31T19:00:00-05:00",
            // Where the calendars of spreadsheets begin, and what a database makes of an empty text.
            "1900-01-01",
            "1904-01-01",
            "1 Jan 1970",
            "Thu Jan 01 1970 01:00:00 GMT+0100 (CET)",
        ] {
            assert_eq!(read(&utc, text), Err(Reason::SuspiciousDate), "{text}");
        }
        assert_eq!(read(&clock(Some("UTC"), TimeFormat::EpochSeconds), "0"), Err(Reason::SuspiciousDate));
        // -1 of whatever unit, as text, as a number and as an instant.
        for (format, text, number) in [
            (TimeFormat::EpochSeconds, "-1", -1),
            (TimeFormat::EpochMilliseconds, "-1000", -1),
            (TimeFormat::EpochSeconds, "-1.0", -3600),
        ] {
            let own = clock(Some("UTC"), format);
            assert_eq!(read(&own, text), Err(Reason::SuspiciousDate), "{text}");
            assert_eq!(cell(&own, Cell::Integer(number)), Err(Reason::SuspiciousDate), "{number}");
        }
        assert_eq!(cell(&utc, Cell::Instant(-SECOND_US)), Err(Reason::SuspiciousDate));
        assert_eq!(read(&utc, "1969-12-31T23:59:59Z"), Err(Reason::SuspiciousDate));
        // date -u -d 1969-12-30 +%s
        assert_eq!(read(&clock(Some("UTC"), TimeFormat::EpochSeconds), "-172800"), Ok(Some(-172_800 * SECOND_US)));
        let american = clock(Some("UTC"), TimeFormat::Pattern("%m/%d/%Y %I:%M:%S %p".to_owned()));
        assert_eq!(read(&american, "12/31/1899 09:30:00 AM"), Err(Reason::SuspiciousDate));
        for (format, text) in [
            ("%d.%m.%Y", "01.01.1970"),
            ("%d-%b-%y", "01-JAN-70"),
            ("%d/%m/%Y", "3/3/24"),
            ("%Y%m%d", "19000101"),
            ("%s", "0"),
        ] {
            assert_eq!(read(&pattern(format), text), Err(Reason::SuspiciousDate), "{format} {text}");
        }
        assert_eq!(read(&utc, "1970-01-02"), Ok(Some(DAY_US)));
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
    fn patterns_are_read_as_people_write_them() {
        // date -u -d '2024-03-03 14:05:00' +%s, and the day's beginning
        let (at, day) = (1_709_474_700 * SECOND_US, 1_709_424_000 * SECOND_US);
        for (format, text, expected) in [
            ("%d %b %Y %H:%M", "3 Mar 2024 14:05", at),
            ("%B %d, %Y", "March 3, 2024", day),
            ("%B %d, %Y", "Mar 3, 2024", day),
            ("%d %b %Y", "3 March 2024", day),
            ("%d-%b-%y", "03-MAR-24", day),
            ("%d-%b-%Y", "3-mar-2024", day),
            ("%m/%d/%Y %I:%M %p", "3/3/2024 2:05 PM", at),
            ("%m/%d/%Y %I:%M %p", "03/03/2024 02:05 pm", at),
            ("%m/%d/%Y, %I:%M %p", "3/3/2024, 2:05\u{202f}PM", at),
            ("%d/%m/%Y %I:%M %p", "3/3/2024 2:05 p.m.", at),
            ("%m/%d/%Y %I:%M %p", "3/3/2024 12:00 AM", day),
            ("%Y-%m-%d %H:%M:%S%.f", "2024-03-03 14:05:00.250", at + 250_000),
            ("%Y-%m-%d %H:%M:%S%.f", "2024-03-03 14:05:00", at),
            ("%Y-%m-%d %H:%M:%S,%f", "2024-03-03 14:05:00,25", at + 250_000),
            ("%A, %d %B %Y", "Sunday, 3 March 2024", day),
            ("%a %d %b %Y", "Sun 3 Mar 2024", day),
            ("%a %d %b %Y", "Sunday 3 Mar 2024", day),
            ("%Y%m%d", "20240303", day),
            ("%Y%m%d%H%M%S", "20240303140500", at),
            ("%d%b%Y:%H:%M:%S", "03MAR2024:14:05:00", at),
            ("%F %T", "2024-03-03 14:05:00", at),
            ("%D", "03/03/24", day),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-03T15:05:00+0100", at),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-03T15:05:00+01:00", at),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-03T14:05:00Z", at),
            ("%Y-%m-%dT%H:%M:%S%:z", "2024-03-03T15:05:00+0100", at),
            ("%Y-%m-%d %H:%M %Q", "2024-03-03 15:05 Europe/Berlin", at),
            ("%s", "1709474700", at),
        ] {
            assert_eq!(read(&pattern(format), text), Ok(Some(expected)), "{format} {text}");
        }
        assert_eq!(read(&pattern("%d %b %Y"), "3 Sept 2024"), read(&pattern("%d %b %Y"), "3 Sep 2024"));
        // Years of two digits are 1969 to 2068, as POSIX has it. date -u -d 2068-03-03 +%s, and 1969-03-03
        assert_eq!(read(&pattern("%d/%m/%y"), "03/03/68"), Ok(Some(3_097_958_400 * SECOND_US)));
        assert_eq!(read(&pattern("%d/%m/%y"), "03/03/69"), Ok(Some(-26_265_600 * SECOND_US)));
        for (format, text) in [
            ("%a %d %b %Y", "Mon 3 Mar 2024"),
            ("%d/%m/%Y %I:%M %p", "3/3/2024 14:05 PM"),
            ("%m/%d/%Y", "13/04/2024"),
            ("%m/%d/%y", "3/3/2024"),
            ("%d %B %Y", "31 June 2024"),
            ("%d %B %Y", "3 März 2024"),
            ("%Y-%m-%d %H:%M %Q", "2024-03-03 15:05 Mars/Olympus"),
        ] {
            assert!(
                matches!(read(&pattern(format), text), Err(Reason::Unparsable | Reason::NoZone)),
                "{format} {text}"
            );
        }
    }

    #[test]
    fn months_by_name_need_no_pattern() {
        // TZ=Europe/Berlin date -d '2026-09-30 18:05:30' +%s
        let expected = Ok(Some(1_790_784_330_000_000));
        let berlin = clock(Some("Europe/Berlin"), TimeFormat::Iso);
        for text in ["30 Sep 2026 18:05:30", "Sept 30, 2026, 6:05:30\u{202f}PM", "Wed, 30 Sep 2026 16:05:30 GMT"] {
            assert_eq!(read(&berlin, text), expected, "{text}");
        }
        assert_eq!(read(&clock(None, TimeFormat::Iso), "30 Sep 2026"), Err(Reason::NoZone));
        assert_eq!(read(&berlin, "30-SEP-26"), Err(Reason::Unparsable), "which of the numbers is the year is not sure");
    }

    #[test]
    fn epoch_numbers_are_instants_only_when_the_study_says_so() {
        let expected = Ok(Some(1_790_791_530_000_000));
        assert_eq!(read(&clock(None, TimeFormat::EpochSeconds), "1790791530"), expected);
        assert_eq!(read(&clock(None, TimeFormat::EpochMilliseconds), "1790791530000"), expected);
        assert_eq!(read(&clock(None, TimeFormat::EpochSeconds), "1790791530.5"), Ok(Some(1_790_791_530_500_000)));
        assert_eq!(read(&clock(None, TimeFormat::Iso), "1790791530"), Err(Reason::Unparsable));
        // The other unit: seconds read as milliseconds are of January 1970, milliseconds read as seconds of no calendar.
        let milliseconds = clock(None, TimeFormat::EpochMilliseconds);
        assert_eq!(read(&milliseconds, "1790791530"), Err(Reason::SuspiciousDate));
        assert_eq!(cell(&milliseconds, Cell::Integer(1_790_791_530)), Err(Reason::SuspiciousDate));
        assert_eq!(read(&clock(None, TimeFormat::EpochSeconds), "1790791530000"), Err(Reason::Unparsable));
        let iso = clock(None, TimeFormat::Iso);
        assert_eq!(cell(&iso, Cell::Integer(1_790_791_530)), Err(Reason::Unparsable));
        assert_eq!(read(&clock(None, TimeFormat::EpochSeconds), "99999999999999999999"), Err(Reason::Unparsable));
    }

    /// The largest unit that is stated too fine lies in January 1970, and one that is too coarse in no calendar.
    #[test]
    fn microseconds_and_nanoseconds_are_held_against_the_units_beside_them() {
        // date -u -d '2026-09-30 18:05:30' +%s
        let expected = Ok(Some(1_790_791_530_000_000));
        let (micro, nano) = (clock(None, TimeFormat::EpochMicroseconds), clock(None, TimeFormat::EpochNanoseconds));
        assert_eq!(read(&micro, "1790791530000000"), expected);
        assert_eq!(cell(&micro, Cell::Integer(1_790_791_530_000_000)), expected);
        assert_eq!(cell(&micro, Cell::Number(1_790_791_530e6)), expected);
        assert_eq!(read(&nano, "1790791530000000999"), expected);
        assert_eq!(read(&nano, "1.79079153e18"), expected);
        for (own, finer, coarser) in
            [(&micro, "1790791530000", "1790791530000000000"), (&nano, "1790791530000000", "99999999999999999999999")]
        {
            assert_eq!(read(own, finer), Err(Reason::SuspiciousDate), "{finer}");
            assert_eq!(read(own, coarser), Err(Reason::Unparsable), "{coarser}");
        }
        assert_eq!((read(&micro, "-1"), read(&nano, "-1")), (Err(Reason::SuspiciousDate), Err(Reason::SuspiciousDate)));
        assert_eq!(read(&micro, "2026-09-30"), Err(Reason::Unparsable));
    }

    /// By hand: the digits, cut off behind the microsecond. `1741499781010522915.0` is what a data frame writes of a whole number beside gaps;
    /// as a floating-point number it is 1741499781010522880, and times a thousandth it rounds to the next microsecond.
    #[test]
    fn fractions_of_epochs_are_cut_off_where_their_digits_say() {
        let at = |format, text| read(&clock(None, format), text);
        assert_eq!(at(TimeFormat::EpochNanoseconds, "1741499781010522915.0"), Ok(Some(1_741_499_781_010_522)));
        assert_eq!(at(TimeFormat::EpochSeconds, "4741499781.999999"), Ok(Some(4_741_499_781_999_999)));
        assert_eq!(at(TimeFormat::EpochSeconds, "4741499781.9999999999999"), Ok(Some(4_741_499_781_999_999)));
        assert_eq!(at(TimeFormat::EpochMilliseconds, "+1741499781010.52299"), Ok(Some(1_741_499_781_010_522)));
        assert_eq!(at(TimeFormat::EpochSeconds, "-100000.0000005"), Ok(Some(-100_000_000_001)));
        assert_eq!(at(TimeFormat::EpochSeconds, "-100000.00000000001"), Ok(Some(-100_000_000_001)));
        // The shortest decimal that is this number is what was written.
        let seconds = clock(None, TimeFormat::EpochSeconds);
        assert_eq!(cell(&seconds, Cell::Number(4_741_499_781.123_457)), Ok(Some(4_741_499_781_123_457)));
        assert_eq!(at(TimeFormat::EpochSeconds, "."), Err(Reason::Unparsable));
    }

    /// ECMA-376, part 1, 18.17.4: days since 1899-12-30, or since 1904-01-01. Python 3.11: `(date(2026, 1, 3) - date(1899, 12, 30)).days` is
    /// 46025 and `(date(2026, 1, 3) - date(1904, 1, 1)).days` 44563, 8:05 is 0.3368055556 of a day; `date -u -d '2026-01-03 08:05' +%s`.
    #[test]
    fn serial_numbers_of_spreadsheets_are_local_times() {
        let at = 1_767_427_500 * SECOND_US;
        let (serial, old) =
            (clock(Some("UTC"), TimeFormat::ExcelSerial), clock(Some("UTC"), TimeFormat::ExcelSerial1904));
        assert_eq!(read(&serial, "46025.3368055556"), Ok(Some(at)));
        assert_eq!(cell(&serial, Cell::Number(46_025.336_805_555_6)), Ok(Some(at)));
        assert_eq!(cell(&serial, Cell::Integer(46_025)), Ok(Some(at - 29_100 * SECOND_US)));
        assert_eq!(read(&old, "44563.3368055556"), Ok(Some(at)));
        // Half past two in the afternoon, to the second, however many digits are left.
        assert_eq!(read(&serial, "46025.60416667"), Ok(Some(at + 23_100 * SECOND_US)));
        // TZ=Europe/Berlin date -d '2026-01-03 08:05' +%s
        assert_eq!(
            read(&clock(Some("Europe/Berlin"), TimeFormat::ExcelSerial), "46025.3368055556"),
            Ok(Some(at - 3600 * SECOND_US))
        );
        assert_eq!(read(&clock(None, TimeFormat::ExcelSerial), "46025"), Err(Reason::NoZone));
        // 1900-03-01 is day 61, before which the calendar of spreadsheets has a day that was none; 0 and 1 stand for no date.
        assert_eq!(read(&serial, "61"), Ok(Some((DAY_1900 + 59) * DAY_US)));
        for text in ["60", "2", "1", "0", "-1"] {
            assert_eq!(read(&serial, text), Err(Reason::SuspiciousDate), "{text}");
        }
        assert_eq!(
            (read(&old, "0.5"), read(&old, "1")),
            (Err(Reason::SuspiciousDate), Ok(Some((DAY_1904 + 1) * DAY_US)))
        );
        // Python 3.11: (datetime(9999, 12, 31) - datetime(1970, 1, 1)).total_seconds() is 253402214400.
        assert_eq!(read(&serial, "2958465"), Ok(Some(253_402_214_400 * SECOND_US)));
        assert_eq!(read(&old, "2957003"), Ok(Some(253_402_214_400 * SECOND_US)));
        for (own, text) in [
            (&serial, "2958466"),
            (&old, "2957004"),
            (&serial, "20260103"),
            (&serial, "1767427500"),
            (&serial, "2026-01-03"),
        ] {
            assert_eq!(read(own, text), Err(Reason::Unparsable), "{text}");
        }
        let ending = Clock::new(&Times {
            day: Some(DateInstant::End),
            ..Times { zone: Some("UTC".to_owned()), format: TimeFormat::ExcelSerial, ..Times::default() }
        });
        assert_eq!(read(&ending, "46025"), Ok(Some(at - 29_100 * SECOND_US + DAY_US - 1)));
    }

    /// Node 20: `new Intl.DateTimeFormat("en-CA", { ..., hour12: false })` writes 00:05:09 as `24:05:09` of the same day.
    #[test]
    fn hours_from_1_to_24_begin_the_day_with_24() {
        let own = clock(Some("UTC"), TimeFormat::IsoHour24);
        // date -u -d '2026-05-01 00:05:09' +%s
        let at = 1_777_593_909 * SECOND_US;
        assert_eq!(read(&own, "2026-05-01 24:05:09"), Ok(Some(at)));
        assert_eq!(read(&own, "2026-05-01T24:05:09Z"), Ok(Some(at)));
        assert_eq!(read(&own, "2026-05-01 12:05:09"), Ok(Some(at + 12 * 3600 * SECOND_US)));
        assert_eq!(read(&own, "2026-05-01"), Ok(Some(at - 309 * SECOND_US)));
        assert_eq!(read(&clock(Some("UTC"), TimeFormat::Iso), "2026-05-01 24:05:09"), Err(Reason::Unparsable));
    }

    /// GNU date: `date -u -d 2026-09-30 +%G-W%V-%u` is 2026-W40-3, and `+%Y-%j` 2026-273; Python 3.11: `date.fromisocalendar(2020, 53, 5)` is
    /// 2021-01-01, and `date.fromisocalendar(2025, 1, 1)` 2024-12-30.
    #[test]
    fn dates_of_weeks_and_days_of_the_year_are_read() {
        let utc = clock(Some("UTC"), TimeFormat::Iso);
        for (text, date) in [("2026-W40-3", "2026-09-30"), ("2020-W53-5", "2021-01-01"), ("2025-W01-1", "2024-12-30")] {
            assert!(read(&utc, text).is_ok_and(|us| us.is_some()), "{text}");
            assert_eq!(read(&utc, text), read(&utc, date), "{text}");
        }
        for text in ["2026-W54-1", "2021-W53-1", "2026-W40-8", "2026-W00-1", "2026-W40", "2026-273"] {
            assert_eq!(read(&utc, text), Err(Reason::Unparsable), "{text}");
        }
        for (format, text) in [("%Y-%j", "2026-273"), ("%G-W%V-%u", "2026-W40-3")] {
            assert_eq!(read(&pattern(format), text), read(&utc, "2026-09-30"), "{format}");
        }
    }

    /// Python 3.11: `(datetime(9999, 12, 31) - datetime(1970, 1, 1)).total_seconds()` is 253402214400.
    #[test]
    fn an_end_that_means_never_is_read_however_it_is_written() {
        let day = 253_402_214_400 * SECOND_US;
        let berlin = Some("Europe/Berlin");
        let hour = 3600 * SECOND_US;
        for (format, text, expected) in [
            (TimeFormat::Iso, "9999-12-31", day - hour),
            (TimeFormat::Iso, "9999-12-31T23:59:59", day + 23 * hour - SECOND_US),
            (TimeFormat::Iso, "9999-12-31T23:59:59.999999Z", day + 24 * hour - 1),
            (TimeFormat::Iso, "9999-12-31T00:00:00[America/New_York]", day + 5 * hour),
            (TimeFormat::Iso, "31-DEC-9999", day - hour),
            (TimeFormat::Pattern("%d.%m.%Y".to_owned()), "31.12.9999", day - hour),
            (TimeFormat::Pattern("%d.%m.%Y %H:%M %z".to_owned()), "31.12.9999 12:00 -0500", day + 17 * hour),
        ] {
            assert_eq!(read(&clock(berlin, format), text), Ok(Some(expected)), "{text}");
        }
        assert_eq!(cell(&clock(berlin, TimeFormat::Iso), Cell::Local(day)), Ok(Some(day - hour)));
    }

    #[test]
    fn an_offset_that_no_place_has_makes_no_time() {
        let clock = clock(Some("UTC"), TimeFormat::Iso);
        for text in
            ["2026-03-01T10:00:00+25:00", "2026-03-01T10:00:00-18:01", "20260301T100000+2500", "1 Mar 2026 10:00 +1900"]
        {
            assert_eq!(read(&clock, text), Err(Reason::Unparsable), "{text}");
        }
        assert_eq!(read(&pattern("%d.%m.%Y %H:%M %z"), "01.03.2026 10:00 +2500"), Err(Reason::Unparsable));
        // date -u -d '2026-03-01T10:00:00+14:00' +%s
        assert_eq!(read(&clock, "2026-03-01T10:00:00+14:00"), Ok(Some(1_772_308_800 * SECOND_US)));
        assert_eq!(read(&clock, "20260301T100000+1400"), Ok(Some(1_772_308_800 * SECOND_US)));
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
            prop_assert_eq!(cell(&clock(Some(zone), TimeFormat::Iso), Cell::Local(us)), Ok(Some(expected.as_microsecond())));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            for format in [TimeFormat::Iso, TimeFormat::EpochSeconds, TimeFormat::Pattern("%d/%m/%y".to_owned())] {
                let _ = read(&clock(Some("Europe/Berlin"), format), &text);
            }
        }
    }
}
