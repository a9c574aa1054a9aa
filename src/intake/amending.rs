//! Rows of a piece found by their lines, and checked again with some of their cells as they should be.

use super::account::{Exclusion, Reason};
use super::cell::Cell;
use super::check::{Checked, check};
use super::contract::Contract;
use super::places::Places;
use super::rows::Rows;
use std::collections::{BTreeMap, BTreeSet};

/// A row that was asked for, as it stands in its file.
pub(super) struct Standing<'s> {
    /// Its line, or its number, in the file.
    pub(super) line: u64,
    /// The whole row, for people.
    pub(super) record: String,
    pub(super) places: &'s Places,
    /// The cells of the contract's columns; `None` of a row that is broken as a whole.
    pub(super) cell: &'s dyn Fn(usize) -> Option<String>,
}

/// What of a row should be otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Amendment {
    /// Cells, by the position of their column in the file.
    Cells(BTreeMap<usize, String>),
    /// The whole row as text.
    Record(String),
}

/// Rows asked for of one piece after the other.
pub(super) struct Amending<'a> {
    /// The lines, or the numbers, of the rows.
    pub(super) lines: &'a BTreeSet<u64>,
    /// The line, or row, with which the piece begins.
    pub(super) first_line: u64,
    /// Says what of a row should be otherwise; nothing for a row that stays as it is.
    pub(super) decide: &'a mut dyn FnMut(Standing<'_>) -> Option<Amendment>,
    /// What the check makes of the rows that should be otherwise, by their lines.
    pub(super) checked: Vec<(u64, Checked)>,
    /// Whole rows that are still to be checked, by their lines.
    pub(super) records: Vec<(u64, String)>,
}

/// Looks for the rows in one piece, and passes on to the next.
pub(super) fn amend(contract: &Contract, places: &Places, mut rows: impl Rows, n_lines: u64, asked: &mut Amending<'_>) {
    let first = asked.first_line;
    asked.first_line += n_lines;
    // The last line of a file may have no end.
    if asked.lines.range(first..=asked.first_line).next().is_none() {
        return;
    }
    while let Some(verdict) = rows.advance() {
        let line = first + rows.line();
        if !asked.lines.contains(&line) {
            continue;
        }
        let cell = |at: usize| verdict.is_ok().then(|| rows.cell(at).text(&mut String::new()).to_owned());
        match (asked.decide)(Standing { line, record: rows.record(), places, cell: &cell }) {
            None => {}
            Some(Amendment::Record(record)) => asked.records.push((line, record)),
            Some(Amendment::Cells(cells)) => {
                let own = OneRow { rows: &rows, positions: &places.positions, cells: &cells, is_passed: false };
                asked.checked.push((line, check(contract, &mut places.completing(own))));
            }
        }
    }
}

/// The current row of others, alone and with some cells changed.
struct OneRow<'r, R> {
    rows: &'r R,
    positions: &'r [usize],
    cells: &'r BTreeMap<usize, String>,
    is_passed: bool,
}

impl<R: Rows> Rows for OneRow<'_, R> {
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        let is_first = !std::mem::replace(&mut self.is_passed, true);
        is_first.then_some(Ok(()))
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        let own = self.positions.get(column).and_then(|position| self.cells.get(position));
        own.map_or_else(|| self.rows.cell(column), |text| Cell::Text(text.trim()))
    }

    fn exclusion(&self) -> Option<Exclusion> {
        self.rows.exclusion()
    }

    fn line(&mut self) -> u64 {
        0
    }

    fn place(&self) -> usize {
        0
    }

    fn record(&self) -> String {
        self.rows.record()
    }

    fn beside(&self) -> impl Iterator<Item = &str> {
        self.rows.beside()
    }
}
