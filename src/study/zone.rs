//! Where a source's local times are local: by source, by file, by row, or by study.

use super::section::{Item, Section};
use super::{DateInstant, StudyError, TimeFormat, Times};
use jiff::tz::{Offset, TimeZone};
use serde::Serialize;

/// Files of a source and the zone of their local times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileZone {
    /// A name or pattern of files, as in `eu_*.csv`: of the whole path as the study writes it, or of the file's own name.
    pub pattern: String,
    /// The zone, as [`zone_of`] reads it.
    pub zone: String,
}

impl FileZone {
    /// Whether a file is meant, by its path or by what stands behind the last slash.
    pub fn fits(&self, file: &str) -> bool {
        let own = file.rsplit_once('/').map_or(file, |(_, own)| own);
        glob::Pattern::new(&self.pattern).is_ok_and(|pattern| pattern.matches(file) || pattern.matches(own))
    }
}

/// The zone that an IANA name (`Europe/Berlin`, in any case), `UTC`, `GMT` or an offset (`+02:00`, `-0500`, `UTC+1`) means.
///
/// # Example
/// ```
/// use advocate::study::zone_of;
/// assert_eq!(zone_of("UTC+5:30"), zone_of("+0530"));
/// assert!(zone_of("Europe/Berln").is_none() && zone_of("CEST").is_none());
/// ```
pub fn zone_of(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    if let "UTC" | "utc" | "GMT" | "Z" | "Etc/UTC" = text {
        return Some(TimeZone::UTC);
    }
    let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    if offset.starts_with(['+', '-', '\u{2212}']) {
        return offset_of(offset);
    }
    TimeZone::get(text).ok()
}

fn offset_of(text: &str) -> Option<TimeZone> {
    let clock = text.trim_start_matches(['+', '-', '\u{2212}']);
    let (hours, minutes) = match clock.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if clock.len() == 4 && clock.is_ascii() => clock.split_at(2),
        None => (clock, "0"),
    };
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok())?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    let is_east = text.starts_with('+');
    Offset::from_seconds(if is_east { seconds } else { -seconds }).ok().map(TimeZone::fixed)
}

/// How a source writes its times; the study's own zone is added where all sources have been read.
pub(super) fn read_times(section: &Section<'_, '_>) -> Result<Times, StudyError> {
    let format = section.item("time_format").map_or(Ok(TimeFormat::Iso), |item| read_format(&item))?;
    let day = section.item("day").map(|item| item.word(&DateInstant::WORDS)).transpose()?;
    let mut times = Times { format, day, ..Times::default() };
    times.zone_column = section.text("zone_column")?;
    times.time_of_day =
        section.item("time").map(|item| time_columns(&item)).transpose()?.and_then(|own| own.time_of_day);
    match section.item("zone") {
        None => {}
        Some(item) if item.is_table() => {
            for (pattern, item) in item.open_section()?.items() {
                if let Err(wrong) = glob::Pattern::new(&pattern) {
                    return Err(item.invalid(format!("`{pattern}` is no pattern of files: {}", wrong.msg)));
                }
                times.zone_by_file.push(FileZone { pattern, zone: read_zone(&item)? });
            }
            if times.zone_by_file.is_empty() {
                return Err(item.invalid(format!(
                    "`{}` is an empty table; write a zone, or files and their zones as in {{ \"eu_*.csv\" = \"Europe/Berlin\" }}",
                    item.path()
                )));
            }
        }
        Some(item) => times.zone = Some(read_zone(&item)?),
    }
    Ok(times)
}

/// The columns of a `time`.
pub(super) struct TimeColumns {
    /// That of the whole time, or of its date.
    pub(super) date: String,
    /// That of the time of day, where the other holds the date alone.
    pub(super) time_of_day: Option<String>,
}

pub(super) fn time_columns(item: &Item<'_, '_>) -> Result<TimeColumns, StudyError> {
    let mut columns = item.texts()?.into_iter();
    match (columns.next(), columns.next(), columns.next()) {
        (Some(date), time_of_day, None) => Ok(TimeColumns { date, time_of_day }),
        _ => Err(item.invalid(format!(
            "`{}` should be a column, or two of which the first holds the date and the second the time of day, as in [\"Date\", \"Time\"]",
            item.path()
        ))),
    }
}

/// The name of a zone that is known here.
pub(super) fn read_zone(item: &Item<'_, '_>) -> Result<String, StudyError> {
    let name = item.text()?;
    let is_abbreviation = is_abbreviation(&name);
    if zone_of(&name).is_some() && !is_abbreviation {
        return Ok(name);
    }
    let known: Vec<String> = jiff::tz::db().available().map(|known| known.to_string()).collect();
    // What is near to an abbreviation is another one, of another place.
    let hint = super::nearest(&name, known.iter().filter(|_| !is_abbreviation).map(String::as_str));
    Err(item.invalid(format!(
        "`{}` is \"{name}\", which is no zone known here{}; write UTC, an IANA name such as Europe/Berlin, or an offset such as \
         +02:00",
        item.path(),
        hint.map_or_else(String::new, |hint| format!(", did you mean \"{hint}\""))
    )))
}

/// `EST`, `CET` and the like, some of which the database knows for old files' sake: `EST` without summer time, `CET` with it.
fn is_abbreviation(name: &str) -> bool {
    let name = name.trim();
    let is_letters = name.len() <= 5 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    is_letters && !matches!(name, "UTC" | "GMT" | "Z")
}

fn read_format(item: &Item<'_, '_>) -> Result<TimeFormat, StudyError> {
    let text = item.text()?;
    if let Some((_, format)) = TimeFormat::WORDS.into_iter().find(|(word, _)| *word == text) {
        return Ok(format);
    }
    match text.as_str() {
        pattern if pattern.contains('%') => {
            check_pattern(pattern).map_err(|wrong| item.invalid(format!("`{}` {wrong}", item.path())))?;
            Ok(TimeFormat::Pattern(pattern.to_owned()))
        }
        word => Err(item.invalid(format!(
            "`{}` cannot be \"{word}\"; write {}, or a pattern such as \"%d/%m/%Y %H:%M\"",
            item.path(),
            TimeFormat::WORDS.map(|(word, _)| word).join(", ")
        ))),
    }
}

/// Whether a pattern is one, and says at least a whole date.
fn check_pattern(pattern: &str) -> Result<(), String> {
    use jiff::fmt::strtime;
    let example = jiff::Zoned::new(jiff::Timestamp::UNIX_EPOCH, TimeZone::UTC);
    let written = strtime::format(pattern, &example).map_err(|error| format!("is not a time pattern: {error}"))?;
    let read = strtime::parse(pattern, &written).map_err(|error| format!("cannot be read back: {error}"))?;
    if read.to_timestamp().is_ok() || read.to_date().is_ok() {
        Ok(())
    } else {
        Err("names no whole date; it needs year, month and day, as in \"%d/%m/%Y\"".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Study;
    use std::path::Path;

    fn study(top: &str, feedback: &str) -> Result<Study, StudyError> {
        let text = format!(
            "[study]\nname = \"a\"\nas_of = 2026-09-30\n{top}\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\n\
             time = \"when\"\nrecommend = \"ltr\"\n{feedback}\n[sources.activity]\npath = \"a.csv\"\ncustomer = \"who\"\n\
             time = \"at\"\nzone = \"Asia/Tokyo\"\n"
        );
        Study::parse(&text, Path::new(""))
    }

    #[test]
    fn names_and_offsets_are_zones_and_abbreviations_are_not() {
        let seconds = |text: &str| zone_of(text).map(|zone| zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds());
        for (text, expected) in [
            ("UTC", 0),
            ("Z", 0),
            ("+02:00", 7200),
            ("-0530", -19_800),
            ("+09", 32_400),
            ("UTC-5", -18_000),
            ("GMT+5:45", 20_700),
            // In 1970 Kolkata was half an hour off the hour, as it is today.
            ("Asia/Kolkata", 19_800),
            ("asia/kolkata", 19_800),
            // The signs of this family are turned round by definition.
            ("Etc/GMT+5", -18_000),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in ["", "CEST", "PST", "+25:00", "+1:5", "+02:60", "+", "UTC+", "Mars/Olympus", "2026"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_is_said_by_study_source_file_or_column() {
        let by_study = study("zone = \"Europe/Berlin\"", "").expect("sound");
        assert_eq!(by_study.sources.feedback.times.zone_of_study.as_deref(), Some("Europe/Berlin"));
        assert_eq!(by_study.sources.feedback.times.zone, None);
        let activity = &by_study.sources.activity.as_ref().expect("given").times;
        assert_eq!(
            (activity.zone.as_deref(), activity.zone_of_study.as_deref()),
            (Some("Asia/Tokyo"), Some("Europe/Berlin"))
        );
        let by_file = study("", "zone = { \"us_*.csv\" = \"America/New_York\", \"*\" = \"+01:00\" }").expect("sound");
        let files = &by_file.sources.feedback.times.zone_by_file;
        assert_eq!((files[0].pattern.as_str(), files[1].zone.as_str()), ("us_*.csv", "+01:00"));
        assert!(files[0].fits("in/us_1.csv") && files[0].fits("us_1.csv") && !files[0].fits("in/eu_1.csv"));
        let by_column = study("", "zone_column = \"tz\"").expect("sound");
        assert_eq!(by_column.sources.feedback.times.zone_column.as_deref(), Some("tz"));
    }

    #[test]
    fn what_is_no_zone_is_refused_at_its_place() {
        let refused = |top: &str, feedback: &str| study(top, feedback).expect_err("a refusal").to_string();
        assert!(refused("zone = \"Europe/Berln\"", "").contains("did you mean \"Europe/Berlin\""));
        assert!(refused("", "zone = { \"*.csv\" = \"CEST\" }").starts_with("study:10:20: "));
        assert!(refused("", "zone = {}").contains("empty table"));
        // tzdata, file "northamerica": EST is five hours behind all the year; IST is India, Ireland or Israel.
        for zone in ["EST", "CET", "MST", "IST"] {
            let refused = refused("", &format!("zone = \"{zone}\""));
            assert!(refused.contains("no zone known here; write UTC"), "{refused}");
        }
        assert!(study("", "zone = \"GMT\"").is_ok());
        assert!(refused("", "zone = { \"a***\" = \"UTC\" }").contains("no pattern of files"));
    }
}
