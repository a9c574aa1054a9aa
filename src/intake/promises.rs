//! What a source promises beside what the engine needs of it: of columns, row by row, and of all its rows.

use super::IntakeError;
use super::account::{FileAccount, SourceAccount};
use super::contract::{Bounds, Column, Contract, Kind, Promise, Together};
use super::files::SourceFile;
use crate::study::{AsOf, Codes, Files, SourceContract, Unique};
use std::collections::HashMap;
use std::sync::Arc;

/// Columns that are read for what the source promises of them alone.
pub(super) fn promised(files: &Files) -> Vec<Column> {
    let contract = &files.contract;
    let promise = |name: &str| Promise {
        filled: contract.not_null.iter().any(|own| own == name),
        allowed: contract.allowed.get(name).map(|values| Codes::new(values.clone())),
        bounds: contract.ranges.get(name).map(|&range| Bounds::of(Some(range))),
    };
    let column =
        |name: &str| Column::new("", "contract", name, Kind::Promised(Arc::new(promise(name)))).blank(&files.blank);
    contract.columns().into_iter().map(column).collect()
}

/// Columns that are read for the values whose rows the study leaves out.
pub(super) fn excluding(files: &Files) -> impl Iterator<Item = Column> {
    files.exclude.iter().map(|(name, codes)| Column::new("", "exclude", name, Kind::Excluding(Arc::new(codes.clone()))))
}

/// What together must not occur twice; columns stand among those that are read for a promise.
pub(super) fn together(unique: &Unique, columns: &[Column]) -> Together {
    let is_promised = |column: &Column| matches!(column.kind, Kind::Promised(_));
    let place = |name: &String| columns.iter().position(|column| is_promised(column) && column.input == *name);
    match unique {
        Unique::Row => Together::Row,
        Unique::Columns(names) => Together::Columns(names.iter().filter_map(place).collect()),
    }
}

/// Every pattern of files that says a zone must find one, or a word was mistaken.
pub(super) fn check_zones(source: &str, zone: &Column, found: &[SourceFile]) -> Result<(), IntakeError> {
    let Kind::Zone(by_file) = &zone.kind else { return Ok(()) };
    match by_file.iter().find(|own| !found.iter().any(|file| own.fits(&file.name))) {
        None => Ok(()),
        Some(own) => Err(IntakeError::ZoneForNoFile {
            source_name: source.to_owned(),
            pattern: own.pattern.clone(),
            there: found.iter().map(|file| file.name.as_str()).take(10).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// A copy of a file is no more than the file, where nothing tells its rows from those that were read before. The folder of a file and
/// the zone that its name says are no part of its bytes.
pub(super) fn check_copies(
    account: &SourceAccount,
    contract: &Contract,
    found: &[SourceFile],
) -> Result<(), IntakeError> {
    let says_more = |column: &Column| matches!(&column.kind, Kind::Zone(by_file) if !by_file.is_empty());
    let is_told_apart = account.n_repeats() > 0 || contract.columns.iter().any(says_more);
    if is_told_apart || found.iter().any(|file| !file.partitions.is_empty()) {
        return Ok(());
    }
    let mut seen: HashMap<&str, &FileAccount> = HashMap::new();
    for file in account.files.iter().filter(|file| file.rows_read > 0 && file.bytes > 0) {
        if let Some(first) = seen.insert(&file.sha256, file) {
            return Err(IntakeError::SameFile {
                source_name: account.source.clone(),
                first: first.path.clone(),
                second: file.path.clone(),
                n_rows: file.rows_read,
            });
        }
    }
    Ok(())
}

/// The largest share of the rows that may be put aside for their faults where the contract says none: what more than half of the rows
/// tell is rather that the study reads the file wrongly.
const FAULTY_MAX: f64 = 0.5;
/// Fewer rows put aside than these are looked at one by one.
const FAULTY_ROWS: u64 = 20;

/// What a source promises of all its rows.
pub(super) fn check_promises(
    account: &SourceAccount,
    as_of: &AsOf,
    contract: &SourceContract,
    last_t: Option<i64>,
) -> Result<(), IntakeError> {
    let source_name = || account.source.clone();
    let n_rows = account.rows_read;
    let too_few = contract.rows_min.filter(|&min| n_rows < min).map(|min| (min, "rows_min"));
    let too_many = contract.rows_max.filter(|&max| n_rows > max).map(|max| (max, "rows_max"));
    if let Some((bound, key)) = too_few.or(too_many) {
        return Err(IntakeError::RowCount { source_name: source_name(), n_rows, bound, key });
    }
    let share = account.n_quarantined() as f64 / (n_rows as f64).max(1.0);
    if let Some(max) = contract.quarantine_max.filter(|&max| share > max) {
        let n_aside = account.n_quarantined();
        return Err(IntakeError::TooManyAside {
            source_name: source_name(),
            n_aside,
            n_rows,
            max,
            first: account.foremost_in_words(),
        });
    }
    // A study without an answer says more of them than a source without a row.
    let is_lost = n_rows > 0 && account.n_quarantined() == n_rows && account.source != "feedback";
    if contract.quarantine_max.is_none() && is_lost {
        return Err(IntakeError::AllAside {
            source_name: source_name(),
            n_rows,
            reasons: account.reasons(),
            first: account.foremost_in_words(),
        });
    }
    let (n_faulty, n_rows) = (account.n_faulty(), n_rows - account.n_repeats());
    let is_much = n_faulty >= FAULTY_ROWS && n_faulty as f64 > FAULTY_MAX * n_rows as f64;
    let has_rows = account.rows_used > 0 || account.source != "feedback";
    if contract.quarantine_max.is_none() && is_much && has_rows {
        return Err(IntakeError::MostAside {
            source_name: source_name(),
            n_aside: n_faulty,
            n_rows,
            percent: (100.0 * n_faulty as f64 / n_rows as f64).floor(),
            reasons: account.reasons(),
            first: account.foremost_in_words(),
        });
    }
    let oldest = |days: u32| as_of.end_us() - i64::from(days) * 86_400_000_000;
    if let (Some(days), Some(last)) = (contract.fresh_days, last_t)
        && last < oldest(days)
    {
        let last = jiff::Timestamp::from_microsecond(last).map_or_else(|_| last.to_string(), |own| own.to_string());
        return Err(IntakeError::Stale { source_name: source_name(), last, days });
    }
    Ok(())
}
