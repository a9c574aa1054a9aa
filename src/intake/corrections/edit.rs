//! A row of a file, changed as its corrections say.

use super::correction::Correction;
use super::verdict::{Change, Problem};
use crate::intake::check::Rejected;
use crate::intake::contract::Contract;
use crate::intake::number;
use crate::intake::opened_text::{OpenedText, RowOfFile};
use crate::intake::separated;
use csv::ByteRecord;

/// A row as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edited {
    pub(super) text: String,
    pub(super) changes: Vec<Change>,
}

/// Changes a row; nothing where its corrections say what the file says.
///
/// `aside` is the row as quarantine shows it, against which it is known what was changed; `row` is what stands in the file.
pub(super) fn edit(
    corrections: &[Correction],
    aside: &Rejected,
    row: &RowOfFile,
    text: &OpenedText,
    contract: &Contract,
) -> Result<Option<Edited>, Problem> {
    let whole = whole_row(corrections, aside)?;
    let is_hashed = contract.identity.hash.is_some();
    if is_hashed && whole.is_some() {
        return Err(Problem::HashedRow);
    }
    let base = match whole {
        Some(record) => cells_of(record, text.delimiter),
        None => row.cells.clone(),
    };
    let mut cells = base.clone();
    let mut changes = Vec::new();
    for own in corrections {
        let Some(raw) = own.raw.as_deref() else { continue };
        let found = text.places.cell_of(contract, &own.column);
        let before = found.and_then(|at| row.cells.get(text.places.positions[at]));
        let shown = match (before, found) {
            (Some(cell), Some(at)) if contract.is_key(at) => {
                contract.identity.shown_as_written(cell.trim()).into_owned()
            }
            (Some(cell), _) => cell.trim().to_owned(),
            // A row at fault as a whole, or two columns at once.
            (None, _) => aside.raw.clone(),
        };
        // Of a row that is given whole, a cell that is none in the file says nothing.
        if is_same(raw, &shown) || (whole.is_some() && before.is_none()) {
            continue;
        }
        let (Some(at), Some(before)) = (found, before) else { return Err(Problem::Column(own.column.clone())) };
        if is_hashed && contract.is_key(at) {
            return Err(Problem::HashedKey(own.column.clone()));
        }
        let position = text.places.positions[at];
        let is_taken = whole.is_some() || cells[position] != base[position];
        match cells.get_mut(position) {
            Some(cell) if !is_taken => *cell = raw.to_owned(),
            Some(cell) if cell.trim() == raw.trim() => continue,
            _ => return Err(Problem::Contradiction),
        }
        changes.push(Change { column: Some(own.column.clone()), before: before.clone(), after: raw.to_owned() });
    }
    if let Some(record) = whole {
        let change = Change { column: None, before: aside.record.clone(), after: record.to_owned() };
        return Ok(Some(Edited { text: record.to_owned(), changes: vec![change] }));
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let record: ByteRecord = cells.iter().map(String::as_bytes).collect();
    Ok(Some(Edited { text: separated::encode(&record, text.delimiter), changes }))
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
fn is_same(raw: &str, shown: &str) -> bool {
    let number = |text: &str| number::parse(text).map(f64::to_bits);
    raw.trim() == shown || number(raw.trim()).is_some_and(|own| Some(own) == number(shown))
}

fn cells_of(record: &str, delimiter: u8) -> Vec<String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(record.as_bytes());
    let mut cells = ByteRecord::new();
    // Reading from memory cannot fail.
    let _ = reader.read_byte_record(&mut cells);
    cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
}
