//! Local times by the clocks of their zone, with what a change of the clocks did to them.

use super::hash::ByNumber;
use super::written::days_since_1970;
use crate::study::zone_of;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub(super) const SECOND_US: i64 = 1_000_000;
pub(super) const DAY_US: i64 = 86_400 * SECOND_US;
/// 2200-01-01, in seconds since 1970-01-01; by then the rules repeat themselves.
const LAST_CHANGE_S: i64 = 7_258_118_400;
/// 9999-12-31, in days since 1970-01-01. What lies behind it, as ends that mean "never" do, has the offset of this day.
const LAST_DAY: i64 = 2_932_896;

/// Where a time is local.
#[derive(Debug, Clone)]
pub(super) enum Zone {
    Utc,
    Clocks(Arc<TimeZone>),
}

impl Zone {
    /// The zone of a name or an offset, where there is one.
    pub(super) fn of(text: &str) -> Option<Self> {
        let zone = zone_of(text)?;
        Some(if zone == TimeZone::UTC { Self::Utc } else { Self::Clocks(Arc::new(zone)) })
    }

    /// A word for when its clocks show what. It holds their changes, since what is known of them changes too.
    pub(super) fn fingerprint(&self) -> String {
        let clocks = match self {
            Self::Utc => return "UTC".to_owned(),
            Self::Clocks(clocks) => clocks,
        };
        let mut changes = format!("{}", clocks.to_offset(Timestamp::MIN).seconds());
        let known = clocks.following(Timestamp::MIN).take_while(|own| own.timestamp().as_second() < LAST_CHANGE_S);
        known.for_each(|own| changes.push_str(&format!(" {} {}", own.timestamp().as_second(), own.offset().seconds())));
        changes
    }
}

/// What a row says of where its times are local.
#[derive(Debug, Clone, Default)]
pub(super) enum RowZone {
    /// Nothing, so that the source's zone counts.
    #[default]
    Unstated,
    Stated(Zone),
    /// Something that is no zone.
    Unknown,
}

/// An instant read from a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    /// Microseconds of UTC.
    pub(super) us: i64,
    /// What a change of the clocks did to the local time in the cell.
    pub(super) change: Option<ClockChange>,
}

impl Instant {
    pub(super) fn plain(us: i64) -> Self {
        Self { us, change: None }
    }
}

/// How a local time lies to a change of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ClockChange {
    /// It did not occur, and was moved on by the length of the gap.
    Skipped,
    /// It occurred twice, and was read as the earlier.
    Repeated,
}

/// Zones that cells have named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NamedZones {
    /// IANA names.
    pub(super) names: BTreeSet<String>,
    /// Whether something was named that is no zone. What it was is not kept: a wrong column may hold keys.
    pub(super) with_unknown: bool,
}

impl NamedZones {
    /// Adds those of other cells.
    pub(super) fn merge(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.with_unknown |= other.with_unknown;
    }
}

/// Zones by name, and what was learnt about their days, so that it is learnt once; one for each block of rows.
#[derive(Debug, Default)]
pub(super) struct Zones {
    named: HashMap<String, RowZone>,
    days: Vec<ZoneDays>,
}

/// What is known of a zone's days.
#[derive(Debug)]
struct ZoneDays {
    zone: Arc<TimeZone>,
    /// The offset in seconds of each local day on which it is constant.
    offsets_s: ByNumber<Option<i64>>,
}

impl Zones {
    /// What a cell says of where its row is.
    pub(super) fn of_cell(&mut self, text: &str) -> RowZone {
        if text.is_empty() {
            return RowZone::Unstated;
        }
        if let Some(known) = self.named.get(text) {
            return known.clone();
        }
        let zone = Zone::of(text).map_or(RowZone::Unknown, RowZone::Stated);
        self.named.insert(text.to_owned(), zone.clone());
        zone
    }

    /// The zones that cells have named so far.
    pub(super) fn into_named(self) -> NamedZones {
        let mut own = NamedZones::default();
        for zone in self.named.into_values() {
            match zone {
                // An offset is what it is for ever.
                RowZone::Stated(Zone::Clocks(clocks)) => own.names.extend(clocks.iana_name().map(str::to_owned)),
                RowZone::Stated(Zone::Utc) | RowZone::Unstated => {}
                RowZone::Unknown => own.with_unknown = true,
            }
        }
        own
    }

    /// The instant of a local time; `None` beyond the calendar.
    pub(super) fn instant(&mut self, zone: &Zone, local_us: i64) -> Option<Instant> {
        let Zone::Clocks(clocks) = zone else { return Some(Instant::plain(local_us)) };
        let at = self.days.iter().position(|known| Arc::ptr_eq(&known.zone, clocks)).unwrap_or_else(|| {
            self.days.push(ZoneDays { zone: Arc::clone(clocks), offsets_s: ByNumber::default() });
            self.days.len() - 1
        });
        let day = local_us.div_euclid(DAY_US).min(LAST_DAY);
        match self.days[at].offsets_s.entry(day).or_insert_with(|| constant_offset(clocks, day)) {
            Some(offset_s) => Some(Instant::plain(local_us.saturating_sub(*offset_s * SECOND_US))),
            None => near_a_change(clocks, local_us),
        }
    }
}

/// A time that occurs twice is taken as the earlier, one that is skipped as that long after the gap began.
fn near_a_change(zone: &TimeZone, local_us: i64) -> Option<Instant> {
    let found = zone.to_ambiguous_timestamp(civil(local_us)?);
    // A date without a time is the start of its day, whenever that was; nobody read a clock for it.
    let is_date = local_us.rem_euclid(DAY_US) == 0;
    let change = match found.offset() {
        AmbiguousOffset::Gap { .. } if !is_date => Some(ClockChange::Skipped),
        AmbiguousOffset::Fold { .. } if !is_date => Some(ClockChange::Repeated),
        _ => None,
    };
    Some(Instant { us: found.compatible().ok()?.as_microsecond(), change })
}

/// The offset in seconds that holds on a whole local day and the day to either side, where one does.
fn constant_offset(zone: &TimeZone, day: i64) -> Option<i64> {
    let start = Offset::UTC.to_timestamp(civil((day - 1) * DAY_US)?).ok()?;
    // The calendar ends in the course of 9999-12-30 of UTC, so that a zone has an offset on its last day wherever it lies.
    let end = start.checked_add(SignedDuration::from_hours(72)).unwrap_or(Timestamp::MAX);
    let changes = zone.following(start).next().is_some_and(|change| change.timestamp() <= end);
    (!changes).then(|| i64::from(zone.to_offset(start).seconds()))
}

/// The local date and time of microseconds since 1970-01-01 00:00 of the same place.
pub(super) fn civil(local_us: i64) -> Option<DateTime> {
    Timestamp::from_microsecond(local_us).ok().map(|instant| Offset::UTC.to_datetime(instant))
}

/// Microseconds since 1970-01-01 00:00 of the same place.
pub(super) fn local_us(local: DateTime) -> i64 {
    let day = days_since_1970(i64::from(local.year()), i64::from(local.month()), i64::from(local.day()));
    let minutes = 60 * i64::from(local.hour()) + i64::from(local.minute());
    let seconds = 60 * minutes + i64::from(local.second());
    day * DAY_US + seconds * SECOND_US + i64::from(local.subsec_nanosecond()) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_says_counts_only_where_it_is_a_zone() {
        let mut zones = Zones::default();
        assert!(matches!(zones.of_cell(""), RowZone::Unstated));
        assert!(matches!(zones.of_cell("Mars/Olympus"), RowZone::Unknown));
        let RowZone::Stated(berlin) = zones.of_cell("Europe/Berlin") else { panic!("a zone") };
        let RowZone::Stated(tokyo) = zones.of_cell("Asia/Tokyo") else { panic!("a zone") };
        let RowZone::Stated(east) = zones.of_cell("+05:30") else { panic!("an offset") };
        // 2026-09-30 18:05:30 there; TZ=... date -d '2026-09-30 18:05:30' +%s
        let local = 1_790_791_530 * SECOND_US;
        for (zone, seconds) in [(berlin, 1_790_784_330), (tokyo, 1_790_759_130), (east, 1_790_771_730)] {
            assert_eq!(zones.instant(&zone, local), Some(Instant::plain(seconds * SECOND_US)));
        }
    }

    /// Python 3.11: `(datetime(9999, 12, 31) - datetime(1970, 1, 1)).total_seconds()` is 253402214400, and Berlin is an hour ahead of
    /// UTC in winter, New York five behind.
    #[test]
    fn the_last_day_of_the_calendar_is_one_in_every_zone() {
        let mut zones = Zones::default();
        let zone = |name: &str| Zone::of(name).expect("a zone");
        for (name, seconds) in [
            ("UTC", 253_402_214_400_i64),
            ("Europe/Berlin", 253_402_210_800),
            ("America/New_York", 253_402_232_400),
            ("+14:00", 253_402_164_000),
        ] {
            let found = zones.instant(&zone(name), 253_402_214_400 * SECOND_US);
            assert_eq!(found, Some(Instant::plain(seconds * SECOND_US)), "{name}");
        }
        // The year 20000, as a column of times may hold it.
        let beyond = 568_971_820_800 * SECOND_US;
        let found = zones.instant(&zone("Europe/Berlin"), beyond);
        assert_eq!(found, Some(Instant::plain(beyond - 3600 * SECOND_US)));
    }
}
