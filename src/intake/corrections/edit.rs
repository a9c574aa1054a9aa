//! A row of a file, changed as its corrections say.

use super::correction::Correction;
use super::verdict::{Change, Problem};
use crate::intake::amending::Amendment;
use crate::intake::check::Rejected;
use crate::intake::contract::Contract;
use crate::intake::masking;
use crate::intake::number;
use crate::intake::places::Places;
use crate::study::Numerals;
use std::collections::BTreeMap;

/// What a row should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edited {
    pub(super) amendment: Amendment,
    pub(super) changes: Vec<Change>,
}

/// Where a row that is to be corrected comes from.
pub(super) struct Origin<'o> {
    pub(super) places: &'o Places,
    /// The cells of the contract's columns as they stand in the file; `None` of a row that is broken as a whole.
    pub(super) cell: &'o dyn Fn(usize) -> Option<String>,
    pub(super) whole: WholeRows<'o>,
}

/// How a row is given whole.
#[derive(Clone, Copy)]
pub(super) enum WholeRows<'o> {
    /// Not at all.
    No,
    /// As text, of which this says the cells by their positions in the file; none where they cannot be told.
    Text(&'o dyn Fn(&str) -> Vec<String>),
}

/// Changes a row; nothing where its corrections say what the file says.
///
/// `aside` is the row as quarantine shows it, against which it is known what was changed.
pub(super) fn edit(
    corrections: &[Correction],
    aside: &Rejected,
    origin: &Origin<'_>,
    contract: &Contract,
) -> Result<Option<Edited>, Problem> {
    let whole = whole_row(corrections, aside)?;
    let is_hashed = contract.identity.hash.is_some();
    let given = match (whole, origin.whole) {
        (None, _) => None,
        (Some(_), _) if is_hashed => return Err(Problem::HashedRow),
        (Some(_), WholeRows::No) => return Err(Problem::WholeRow),
        (Some(record), WholeRows::Text(cells_of)) => Some(cells_of(record)),
    };
    let mut cells: BTreeMap<usize, String> = BTreeMap::new();
    let mut changes = Vec::new();
    for own in corrections {
        let Some(raw) = own.raw.as_deref() else { continue };
        let found = origin.places.cell_of(contract, &own.column);
        let before = found.and_then(|at| (origin.cell)(at));
        let shown = match (&before, found) {
            (Some(cell), Some(at)) => masking::shown(contract, at, cell.trim()).into_owned(),
            (Some(cell), None) => cell.trim().to_owned(),
            // A row at fault as a whole, or two columns at once.
            (None, _) => aside.raw.clone(),
        };
        // Of a row that is given whole, a cell that is none in the file says nothing.
        if is_same(raw, &shown, &contract.numerals) || (whole.is_some() && before.is_none()) {
            continue;
        }
        let (Some(at), Some(before)) = (found, before) else { return Err(Problem::Column(own.column.clone())) };
        if is_hashed && contract.is_key(at) {
            return Err(Problem::HashedKey(own.column.clone()));
        }
        let position = origin.places.positions[at];
        let other = match &given {
            Some(given) => Some(given.get(position).map_or("", String::as_str)),
            None => cells.get(&position).map(String::as_str),
        };
        match other {
            Some(other) if other.trim() == raw.trim() => continue,
            Some(_) => return Err(Problem::Contradiction),
            None => cells.insert(position, raw.to_owned()),
        };
        // What nobody may read stays unread where somebody is told of the change.
        let before = if is_hashed { shown } else { before };
        changes.push(Change { column: Some(own.column.clone()), before, after: raw.to_owned() });
    }
    if let Some(record) = whole {
        let change = Change { column: None, before: aside.record.clone(), after: record.to_owned() };
        return Ok(Some(Edited { amendment: Amendment::Record(record.to_owned()), changes: vec![change] }));
    }
    Ok((!changes.is_empty()).then_some(Edited { amendment: Amendment::Cells(cells), changes }))
}

/// The row that stands in the place of the whole one, where one does.
fn whole_row<'c>(corrections: &'c [Correction], aside: &Rejected) -> Result<Option<&'c str>, Problem> {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end_matches(['\n', '\r']).to_owned();
    let shown = plain(&aside.record);
    let changed = |own: &'c Correction| own.record.as_deref().filter(|record| plain(record) != shown);
    let mut all = corrections.iter().filter_map(changed);
    let first = all.next();
    match first {
        Some(first) if all.any(|other| plain(other) != plain(first)) => Err(Problem::Contradiction),
        _ => Ok(first),
    }
}

/// Whether a cell was left as it was. Spreadsheets write numbers in ways of their own, so that 007 comes back as 7.
fn is_same(raw: &str, shown: &str, numerals: &Numerals) -> bool {
    // Two long ids that differ in their last digit are one number of 64 bits.
    let is_short = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_KEPT;
    let number = |text: &str| number::parse_written(text, numerals).filter(|_| is_short(text)).map(f64::to_bits);
    let raw = raw.trim();
    raw == shown
        || number(raw).is_some_and(|own| Some(own) == number(shown))
        || is_rounded(raw, shown)
        || is_made_a_date(raw, shown)
}

/// Digits that a spreadsheet keeps of a number.
const DIGITS_KEPT: usize = 15;

/// Whether a spreadsheet writes a long number so: `1.14E+16` for 11400000000000007, or with zeros behind its fifteenth digit.
fn is_rounded(raw: &str, shown: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(shown) {
        return false;
    }
    if is_digits(raw) {
        let is_long = shown.len() > DIGITS_KEPT && raw.len() == shown.len();
        return is_long
            && raw[..DIGITS_KEPT] == shown[..DIGITS_KEPT]
            && raw[DIGITS_KEPT..].bytes().all(|byte| byte == b'0');
    }
    let Some((mantissa, exponent)) = raw.split_once(['E', 'e']) else { return false };
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let (Ok(exponent), true) = (exponent.parse::<usize>(), whole.len() == 1 && is_digits(whole)) else { return false };
    if !(decimals.is_empty() || is_digits(decimals)) || decimals.len() > DIGITS_KEPT || shown.len() != exponent + 1 {
        return false;
    }
    // At the digits that are shown, rounded to the nearest.
    let Ok(kept) = format!("{whole}{decimals}").parse::<u64>() else { return false };
    let n_kept = decimals.len() + 1;
    let Some(own) = shown.get(..n_kept).and_then(|digits| digits.parse::<u64>().ok()) else { return false };
    let is_half_or_more = shown.as_bytes().get(n_kept).is_some_and(|&digit| digit >= b'5');
    kept == own || is_half_or_more && kept == own + 1
}

/// Whether a spreadsheet makes this date of two numbers with a sign between them: `02-Jan`, `Jan 45` or `1/2/2026` for `1-2` and `1-45`.
fn is_made_a_date(raw: &str, shown: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        text.split(|sign: char| !sign.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
    };
    let is_pair = shown.bytes().all(|byte| byte.is_ascii_digit() || b"-/.".contains(&byte));
    let (&[one, other], true) = (&numbers(shown)[..], is_pair) else { return false };
    let month = raw
        .split(|sign: char| !sign.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(|word| MONTHS.iter().position(|month| word.to_lowercase().starts_with(month)))
        .collect::<Vec<_>>();
    let is_other_of = |month: u32, rest: u32| one == month && other == rest || other == month && one == rest;
    match (&month[..], &numbers(raw)[..]) {
        ([Some(month)], &[rest]) => is_other_of(*month as u32 + 1, rest),
        ([Some(month)], &[rest, year]) if year >= 1900 => is_other_of(*month as u32 + 1, rest),
        ([], &[first, second, year] | &[year, first, second]) if year >= 1900 => is_other_of(first, second),
        _ => false,
    }
}

/// How the months begin that a spreadsheet in English writes by name.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_makes_of_a_cell_is_no_change() {
        let is_same = |raw: &str, shown: &str| is_same(raw, shown, &Numerals::default());
        for (raw, shown) in [
            ("7", "007"),
            (" 7 ", "7"),
            ("02-Jan", "1-2"),
            ("2-Jan", "2/1"),
            ("Jan-45", "1-45"),
            ("1/2/2026", "1-2"),
            ("2026-01-02", "1-2"),
            // Excel shows a number of seventeen digits so, and saves what it shows.
            ("1.14E+16", "11400000000000007"),
            ("1,14E+16", "11400000000000007"),
            ("1.1E+16", "11400000000000007"),
            ("1.15E+16", "11450000000000007"),
            ("11400000000000000", "11400000000000007"),
        ] {
            assert!(is_same(raw, shown), "{raw} for {shown}");
        }
        for (raw, shown) in [
            ("03-Jan", "1-2"),
            ("02-Jan", "12"),
            ("02-Jan", "1-2-3"),
            ("8", "007"),
            ("1.15E+16", "11400000000000007"),
            ("1.14E+15", "11400000000000007"),
            ("11400000000000008", "11400000000000007"),
            ("11400000000000010", "11400000000000007"),
            ("10", "9-10"),
            ("9", "12"),
            ("", "1-2"),
        ] {
            assert!(!is_same(raw, shown), "{raw} for {shown}");
        }
    }
}
