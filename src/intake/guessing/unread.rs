//! Columns whose names say a part that their cells cannot play: amounts and scores that are written otherwise than they are read.

use super::answers::Answers;
use super::columns;
use super::names::{self, Name};
use super::options::Spread;
use crate::intake::number;
use crate::intake::profiling::{ColumnKind, ColumnProfile, SourceProfile, looks_like_number, looks_like_time};

/// Share of the cells of an amount that must look like one.
const AMOUNTS_SHARE: f64 = 0.8;
/// The same of scores, among which codes stand.
const SCORES_SHARE: f64 = 0.5;
/// Different words of a scale in words: two are yes and no.
const WORDS: std::ops::RangeInclusive<u64> = 3..=12;

/// Parts of names of columns that say when something happened.
const TIME_WORDS: &[&str] =
    &["timestamp", "time", "date", "datetime", "at", "when", "created", "submitted", "datum", "fecha"];
/// Days since 1899-12-30 of 1982 and of 2064, between which a number may be a date of a spreadsheet.
const SERIAL_DAYS: [f64; 2] = [30_000.0, 60_000.0];
/// Microseconds since 1970 of 1990 and of 2100.
const MICROSECONDS: [f64; 2] = [631_152_000e6, 4_102_444_800e6];

/// A column that is left out though its name or its neighbours say what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The column.
    pub column: String,
    /// Why, and what would help.
    pub why: String,
}

/// Amounts that are no numbers as they are written.
pub(super) fn amounts(source: &SourceProfile, taken: &[&str]) -> Vec<Unread> {
    let free = source.columns.iter().filter(|own| own.kind == ColumnKind::Text && !taken.contains(&own.name.as_str()));
    free.filter_map(|column| {
        let name = Name::of(&column.name);
        let word = name.says(names::AMOUNT).filter(|_| name.says(names::NO_AMOUNT).is_none())?;
        let example = written_otherwise(column, AMOUNTS_SHARE)?;
        let why = format!(
            "its name says \"{word}\", but amounts as in `{example}` are read as numbers only where the source says so: write {} \
             into its section, and name the column as `amount`",
            keys_for(&example)
        );
        Some(Unread { column: column.name.clone(), why })
    })
    .collect()
}

/// Weights that may be those of something else than answers.
pub(super) fn weights(source: &SourceProfile, taken: &[&str]) -> Vec<Unread> {
    let free = columns::other_weights(source).filter(|own| !taken.contains(&own.name.as_str()));
    free.map(|column| Unread {
        column: column.name.clone(),
        why: format!(
            "its name says a weight; numbers from {} to {}, {:.2} on average, while weights of answers are 1 on average as a rule; where it says \
             how much an answer counts and is not that of a parcel, say, write weight = \"{}\"",
            column.min,
            column.max,
            columns::mean(column),
            column.name
        ),
    })
    .collect()
}

/// Scores that are no numbers as they are written.
pub(super) fn scores(source: &SourceProfile, answers: &Answers, taken: &[&str]) -> Vec<Unread> {
    let laid_out = Spread::of(source);
    let scored = laid_out.iter().filter(|own| Name::of(&own.question).says(names::RATING).is_some());
    let mut unread: Vec<Unread> =
        scored.map(|own| Unread { column: own.question.clone(), why: own.advice() }).collect();
    let is_option =
        |name: &str| laid_out.iter().any(|own| own.columns.iter().any(|&at| source.columns[at].name == name));
    let stems: Vec<String> = answers.touchpoints.iter().flat_map(|own| Name::of(&own.column).stems()).collect();
    let free = source
        .columns
        .iter()
        .filter(|own| own.kind == ColumnKind::Text && own.role.is_none() && !taken.contains(&own.name.as_str()))
        .filter(|own| !is_option(&own.name));
    unread.extend(free.filter_map(|column| {
        let name = Name::of(&column.name);
        if name.says(names::NOT_THE_ANSWER).is_some() || name.says(names::NO_SCORE).is_some() {
            return None;
        }
        let title = column.title.as_deref().map(Name::of);
        let says = |name: &Name| name.says(names::RATING).or_else(|| name.says(&["rate"]));
        let word = says(&name).or_else(|| title.as_ref().and_then(says));
        let is_akin = name.stems().iter().any(|stem| stems.contains(stem));
        let evidence = match word {
            Some(word) => format!("its name says \"{word}\""),
            None if is_akin => "it is called like touchpoints".to_owned(),
            None => return None,
        };
        let why = if let Some(example) = written_otherwise(column, SCORES_SHARE) {
            format!(
                "{evidence}, but scores as in `{example}` are read as numbers only where the source says so: write {} into its \
                 section, and name the column among the touchpoints",
                keys_for(&example)
            )
        } else if columns::is_group(column) && WORDS.contains(&column.n_distinct) {
            let words: Vec<String> = column.frequent.iter().take(4).map(|own| format!("`{}`", own.text)).collect();
            format!(
                "{evidence}, but it is answered in words ({}); scores are read as numbers: export these",
                words.join(", ")
            )
        } else {
            return None;
        };
        Some(Unread { column: column.name.clone(), why })
    }));
    unread
}

/// Dates that no layout reads, since the files of the source write them differently, or since none is known that would.
pub(super) fn dates(source: &SourceProfile, taken: &[&str]) -> Vec<Unread> {
    let free = source.columns.iter().filter(|own| !taken.contains(&own.name.as_str()));
    let why = |column: &ColumnProfile| column.date_orders.clone().or_else(|| unknown_time(column));
    free.filter_map(|column| Some(Unread { column: column.name.clone(), why: why(column)? })).collect()
}

/// Why a column that is called like a time is none, and what would make it one.
fn unknown_time(column: &ColumnProfile) -> Option<String> {
    if column.kind == ColumnKind::Time || column.role.is_some() {
        return None;
    }
    let word = Name::of(&column.name).says(TIME_WORDS)?;
    let n_all: u64 = column.frequent.iter().map(|own| own.n).sum();
    let n_like: u64 = column.frequent.iter().filter(|own| looks_like_time(&own.text)).map(|own| own.n).sum();
    // A year or a number of days is no time of an event.
    if n_all == 0 || 10 * n_like < 9 * n_all {
        return None;
    }
    let mut shapes: Vec<(String, u64, &str)> = Vec::new();
    for own in &column.frequent {
        let shape = shape(&own.text);
        match shapes.iter_mut().find(|(other, ..)| *other == shape) {
            Some((_, n, _)) => *n += own.n,
            None => shapes.push((shape, own.n, &own.text)),
        }
    }
    shapes.sort_by_key(|(_, n, _)| std::cmp::Reverse(*n));
    let (_, _, example) = shapes.first()?;
    let is_rare = |n: u64| 20 * n < n_all;
    let advice = match shapes.get(1).filter(|(_, n, _)| !is_rare(*n) && !column.is_number()) {
        Some((_, _, other)) => {
            format!("others are written as in `{other}`: a source has one way of writing times, so give them one")
        }
        None => time_advice(column, example),
    };
    Some(format!("its name says \"{word}\", but no known layout reads cells as in `{example}`; {advice}"))
}

/// What reads cells of times that no known layout reads.
fn time_advice(column: &ColumnProfile, example: &str) -> String {
    if column.is_number() && column.min >= SERIAL_DAYS[0] && column.max <= SERIAL_DAYS[1] {
        return "where these are a spreadsheet's numbers of days, write time_format = \"excel_serial\", or \"excel_serial_1904\" where it counts \
                from 1904"
            .to_owned();
    }
    if column.is_number() && column.min >= MICROSECONDS[0] && column.max <= MICROSECONDS[1] {
        return "where these are microseconds since 1970, write time_format = \"epoch_microseconds\"".to_owned();
    }
    let last = example.rsplit(' ').next().unwrap_or_default();
    let is_abbreviation = (3..=5).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_abbreviation && example.as_bytes().get(4) == Some(&b'-') {
        return format!(
            "an abbreviation says no zone by itself: where all cells end so, write time_format = \"%Y-%m-%d %H:%M:%S {last}\", and \
             the place as `zone`, as in \"America/New_York\""
        );
    }
    "say how, in the manner of strptime, as in time_format = \"%d.%m.%Y %H:%M\"; names of months are read in English alone"
        .to_owned()
}

/// What a text looks like: its digits and its letters are alike.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for sign in text.chars() {
        let kind = if sign.is_ascii_digit() {
            '9'
        } else if sign.is_alphabetic() {
            'a'
        } else {
            sign
        };
        if !shape.ends_with(kind) {
            shape.push(kind);
        }
    }
    shape
}

/// An example of numbers that are written otherwise, where so large a share of the listed cells looks like numbers.
fn written_otherwise(column: &ColumnProfile, share: f64) -> Option<String> {
    let n_all: u64 = column.frequent.iter().map(|own| own.n).sum();
    let n_numbers: u64 = column.frequent.iter().filter(|own| looks_like_number(&own.text)).map(|own| own.n).sum();
    let example = column.frequent.iter().find(|own| is_other_number(&own.text))?;
    (n_numbers as f64 >= share * n_all as f64).then(|| example.text.clone())
}

/// The keys of a source by which a number that is written otherwise is read.
fn keys_for(example: &str) -> String {
    let digits = |letter: char| letter.is_ascii_digit();
    let (first, last) = (example.find(digits).unwrap_or(0), example.rfind(digits).unwrap_or(0));
    let number = &example[first..=last];
    let beside = [&example[..first], &example[last + 1..]];
    let currency =
        beside.iter().map(|part| part.trim_matches(|sign: char| sign.is_whitespace() || "+-()".contains(sign)));
    let currency = currency.into_iter().find(|part| !part.is_empty());
    let decimal = match (number.rfind('.'), number.rfind(',')) {
        (Some(point), Some(comma)) => Some(if comma > point { ',' } else { '.' }),
        // Three digits behind a comma that stands alone may be a group; other numbers of digits cannot.
        (None, Some(comma)) if number.len() - comma != 4 || number.matches(',').count() > 1 => {
            (number.matches(',').count() == 1).then_some(',')
        }
        _ => None,
    };
    let group = number.chars().find(|&sign| !sign.is_ascii_digit() && Some(sign) != decimal);
    let group = group
        .map(|sign| if sign.is_whitespace() { ' ' } else { sign })
        .map(|sign| if sign == '’' { '\'' } else { sign });
    // A point alone is what stands before decimals anyway.
    let group = group.filter(|&sign| sign != '.' || decimal == Some(','));
    let mut keys = Vec::new();
    keys.extend((decimal == Some(',')).then(|| "`decimal = \",\"`".to_owned()));
    keys.extend(group.map(|sign| format!("`thousands = \"{sign}\"`")));
    keys.extend(currency.map(|word| format!("`currency = \"{word}\"`")));
    if keys.is_empty() { "`decimal` and `thousands`".to_owned() } else { keys.join(", ") }
}

/// Whether a text is a number to people and none to the reader of numbers.
fn is_other_number(text: &str) -> bool {
    looks_like_number(text) && number::parse(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::super::tests::column;
    use super::{is_other_number, keys_for, unknown_time};

    /// 2026-01-03 08:05 as a spreadsheet counts (days since 1899-12-30), in microseconds since 1970 (`date -u +%s%6N`), and as
    /// people write it.
    #[test]
    fn a_column_that_is_called_a_time_and_cannot_be_read_is_named_with_what_would_help() {
        for (name, cells, help) in [
            ("submitted", "46025.33681", "\"excel_serial\""),
            ("submitted", "1767427500000000", "\"epoch_microseconds\""),
        ] {
            let why = unknown_time(&column(name, &[cells])).unwrap_or_default();
            assert!(why.contains(help), "{cells:?}: {why}");
        }
        for (cells, help) in [
            (&["2026-01-03 08:05:00 EST", "2026-01-04 08:05:00 EST"][..], "%Y-%m-%d %H:%M:%S EST"),
            (&["3. Januar 2026", "14. Januar 2026"], "in English alone"),
            (&["2026-01-03x", "01/03/2026", "01/04/2026"], "others are written as in `2026-01-03x`"),
        ] {
            let why = unknown_time(&column("responded_at", cells)).unwrap_or_default();
            assert!(why.contains(help), "{cells:?}: {why}");
        }
        assert_eq!(unknown_time(&column("responded_at", &["2026-01-03", "2026-01-04"])), None);
        assert_eq!(unknown_time(&column("plan", &["46025.33681"])), None);
        assert_eq!(unknown_time(&column("delivery_time", &["12", "14"])), None);
    }

    #[test]
    fn the_keys_that_read_a_number_are_named() {
        for (text, keys) in [
            ("1.234,56", "`decimal = \",\"`, `thousands = \".\"`"),
            ("$1,234.56", "`thousands = \",\"`, `currency = \"$\"`"),
            ("2,5", "`decimal = \",\"`"),
            ("12,50 €", "`decimal = \",\"`, `currency = \"€\"`"),
            ("EUR 9,90", "`decimal = \",\"`, `currency = \"EUR\"`"),
            ("1'000.00", "`thousands = \"'\"`"),
            ("(1,234,567)", "`thousands = \",\"`"),
            ("1 234,5", "`decimal = \",\"`, `thousands = \" \"`"),
            ("1,234", "`thousands = \",\"`"),
        ] {
            assert_eq!(keys_for(text), keys, "{text}");
        }
    }

    #[test]
    fn numbers_of_people_are_told_from_those_of_the_reader_and_from_texts() {
        for text in ["1.234,56", "$1,234.56", "2,5", "12,50 €", "EUR 9,90", "1'000.00", "(1,234.00)", "1 234,5"] {
            assert!(is_other_number(text), "{text}");
        }
        for text in ["2.5", "-7", "k.A.", "2026-01-01", "A-12", "10.0.0.1x", "", "USD", "€", "3 of 5"] {
            assert!(!is_other_number(text), "{text}");
        }
    }
}
