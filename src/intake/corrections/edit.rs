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
    let number = |text: &str| number::parse_written(text, numerals).map(f64::to_bits);
    raw.trim() == shown || number(raw.trim()).is_some_and(|own| Some(own) == number(shown))
}
