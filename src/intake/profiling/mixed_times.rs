//! Dates beside texts of dates in one column of a sheet: each cell is read as what it is, so that the layout of the texts says all.

use super::cells::Cells;
use super::times::{Offsets, TimeProfile};
use crate::study::TimeFormat;

/// Cells of either kind from which on chance does not say on which days of a month they lie.
const EACH_MIN: usize = 5;
/// The last day of a month that may be a month.
const MONTHS: u32 = 12;

/// The times of such a column.
pub(super) struct MixedTimes {
    pub(super) times: TimeProfile,
    /// What is wrong where a spreadsheet has made dates of some texts by another order of day and month.
    pub(super) exchanged: Option<String>,
}

impl MixedTimes {
    /// `None` where all cells are of one kind, or are read as ISO 8601 alike.
    pub(super) fn of(name: &str, cells: &Cells) -> Option<Self> {
        if !cells.hold_dates() {
            return None;
        }
        let (mut dates, mut texts) = (Cells::default(), Cells::default());
        for text in cells.iter().filter(|text| !text.is_empty()) {
            if is_of_date(text) { dates.push(text) } else { texts.push(text) }
        }
        if texts.len() == 0 {
            return None;
        }
        let (of_dates, of_texts) = (TimeProfile::of(name, &dates)?, TimeProfile::of(name, &texts)?);
        if of_texts.format == TimeFormat::Iso {
            return None;
        }
        let exchanged = exchanged(&dates, &texts, &of_texts.format);
        let times = TimeProfile {
            offsets: if of_texts.offsets == Offsets::Never { Offsets::Never } else { Offsets::Sometimes },
            n_times: of_dates.n_times + of_texts.n_times,
            n_suspicious: of_dates.n_suspicious + of_texts.n_suspicious,
            first_us: of_dates.first_us.min(of_texts.first_us),
            last_us: of_dates.last_us.max(of_texts.last_us),
            ..of_texts
        };
        Some(Self { times, exchanged })
    }
}

/// Whether a text is what a cell that is a date is written as here: `2026-03-01T10:00:00`.
fn is_of_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 19 && (bytes[4], bytes[7], bytes[10], bytes[13]) == (b'-', b'-', b'T', b':')
}

/// Dates on the first days of a month alone, beside texts in which one number is no month alone: the texts that could be read with the month
/// first were, and are other days now.
fn exchanged(dates: &Cells, texts: &Cells, format: &TimeFormat) -> Option<String> {
    let begins_with_both =
        ["%d/%m", "%m/%d", "%d.%m", "%d-%m", "%m-%d"].iter().any(|own| format.word().starts_with(own));
    let day = |text: &str| text.get(8..10).and_then(|day| day.parse::<u32>().ok());
    let is_early = |text: &str| day(text).is_some_and(|day| day <= MONTHS);
    let is_late = |text: &str| {
        let numbers = text.split(|sign: char| !sign.is_ascii_digit()).take(2);
        numbers.filter_map(|number| number.parse::<u32>().ok()).any(|number| number > MONTHS)
    };
    let is_enough = dates.len() >= EACH_MIN && texts.len() >= EACH_MIN;
    (begins_with_both && is_enough && dates.iter().all(is_early) && texts.iter().all(is_late)).then(|| {
        "its dates lie on the first twelve days of a month alone, and its texts behind them: a spreadsheet took the day for the month where it \
         could, so that these dates are other days; export them again as text, or as ISO 8601"
            .to_owned()
    })
}
