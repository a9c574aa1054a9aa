//! What of a row goes into quarantine: all of it, or, where keys are hashed, only what the study reads, with its keys and all
//! addresses hashed.

use super::buffer::Buffered;
use super::check::Fault;
use super::contract::Contract;
use super::hash::FileHash;
use super::rows::Rows;
use jiff::Timestamp;
use std::borrow::Cow;

/// Stands for a row whose keys cannot be told from the rest.
const WITHHELD: &str = "withheld, because keys are hashed";

/// By which a row that was put aside is known again: of its text as it stands in the file; where keys are hashed nobody without
/// the salt can try rows on it.
pub(super) fn fingerprint(contract: &Contract, record: &str) -> String {
    let mut digits = match &contract.identity.hash {
        Some(salted) => salted.of(record),
        None => {
            let mut hash = FileHash::default();
            hash.update(record.as_bytes());
            hash.finish()
        }
    };
    digits.truncate(15);
    // With a letter in front no spreadsheet takes it for a number.
    format!("r{digits}")
}

/// The columns at fault, as the study names them.
pub(super) fn column(contract: &Contract, fault: &Fault) -> Option<String> {
    let names: Vec<&str> = fault.columns.iter().map(|&at| contract.columns[at].input.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The cell at fault; where two contradict each other, both with their names.
pub(super) fn raw(contract: &Contract, rows: &impl Rows, fault: &Fault) -> String {
    match fault.columns[..] {
        [] => String::new(),
        [at] => cell(contract, rows, at),
        _ => {
            let named = fault.columns.iter().map(|&at| named(contract, at, &cell(contract, rows, at)));
            named.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The whole row.
pub(super) fn record(contract: &Contract, rows: &impl Rows, fault: &Fault) -> String {
    if contract.identity.hash.is_none() {
        return rows.record();
    }
    if fault.columns.is_empty() {
        return WITHHELD.to_owned();
    }
    let own = contract.columns.iter().enumerate();
    let first = |at: usize| {
        let column = &contract.columns[at];
        column.is_in_file() && contract.columns[..at].iter().all(|other| other.input != column.input)
    };
    let cells = own.filter(|(at, _)| first(*at)).map(|(at, _)| named(contract, at, &cell(contract, rows, at)));
    cells.collect::<Vec<_>>().join(",")
}

/// A used row that turns out to be a repeat, where its keys are hashed: what the table would have held of it.
pub(super) fn record_of_used(contract: &Contract, columns: &[Buffered], row: usize) -> Option<String> {
    contract.identity.hash.as_ref()?;
    let own = contract.columns.iter().zip(columns).enumerate();
    let cells = own.filter(|(_, (column, _))| !column.output.is_empty()).map(|(at, (_, values))| {
        let instant = values.instant(row).and_then(|us| Timestamp::from_microsecond(us).ok());
        let number = values.number(row);
        let text = match instant {
            Some(instant) => instant.to_string(),
            None if number.is_nan() => values.text(row).to_owned(),
            None => number.to_string(),
        };
        named(contract, at, &text)
    });
    Some(cells.collect::<Vec<_>>().join(","))
}

fn named(contract: &Contract, at: usize, text: &str) -> String {
    format!("{}={text}", contract.columns[at].input)
}

fn cell(contract: &Contract, rows: &impl Rows, at: usize) -> String {
    let mut scratch = String::new();
    shown(contract, at, rows.cell(at).text(&mut scratch)).into_owned()
}

/// A cell as it may be shown: as it stands in the file, or, where keys are hashed, as the hash of the key that it is, or with the hash
/// of every address in it. Columns of one source are shifted now and then, so that any cell may hold an address.
pub(super) fn shown<'t>(contract: &Contract, at: usize, text: &'t str) -> Cow<'t, str> {
    if contract.is_key(at) {
        contract.identity.shown_as_written(text)
    } else {
        contract.identity.without_addresses(text)
    }
}
