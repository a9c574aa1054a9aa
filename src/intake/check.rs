//! Every cell against its column's contract; every row used, put aside or left out.

use super::account::{Exclusion, Reason};
use super::buffer::{Buffered, State};
use super::cell::Cell;
use super::contract::{Bounds, Column, Contract, Kind, PerUnit, Tallied, Together};
use super::exports::{Answer, AnswerTally, answer_of, class_of_label};
use super::fingerprints::{self, Fingerprint};
use super::folding::Writing;
use super::hash;
use super::known::{Belonging, push_known};
use super::masking;
use super::number;
use super::rows::Rows;
use super::sight::Sight;
use super::zones::{ClockChange, NamedZones, RowZone, Zones};
use crate::study::{Codes, Numerals};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a column of values that leave rows out holds beside such a row.
const EXCLUDED: &str = "excluded";

/// A row that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rejected {
    /// Lines or rows since the beginning of the run, from 0.
    pub(super) line: u64,
    /// The column of the file, where it is one cell's fault.
    pub(super) column: Option<String>,
    pub(super) reason: Reason,
    /// The cell as it stands in the file.
    pub(super) raw: String,
    /// The whole row.
    pub(super) record: String,
    /// By which the row is known again, whatever of it may be shown.
    pub(super) fingerprint: String,
}

/// Where a used row came from, kept where rows may turn out to be repeats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The fingerprint of its id; nothing where the id is blank.
    pub(super) id: Option<Fingerprint>,
    /// The fingerprint of the columns that together must not occur twice; nothing where one of them is blank.
    pub(super) together: Option<Fingerprint>,
    /// By which the row can be found again.
    pub(super) place: usize,
}

/// A local time to which a change of the clocks did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChangedTime {
    /// The used row.
    pub(super) row: usize,
    /// The column of the contract.
    pub(super) column: usize,
    pub(super) change: ClockChange,
}

/// Rows whose cells say otherwise than their folder, which counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Overruled {
    pub(super) n_rows: u64,
    /// The first of them: lines or rows since the beginning of the run, from 0.
    pub(super) line: u64,
    /// Its cell; nothing where keys are hashed.
    pub(super) cell: String,
    /// What the folder says; nothing where keys are hashed.
    pub(super) folder: String,
}

/// A run of rows after the check.
#[derive(Debug)]
pub(super) struct Checked {
    /// The columns of the typed table.
    pub(super) columns: Vec<Buffered>,
    pub(super) n_used: usize,
    pub(super) n_read: u64,
    pub(super) excluded: BTreeMap<Exclusion, u64>,
    /// Answers and their classes, where the contract asks for them.
    pub(super) tally: AnswerTally,
    pub(super) rejected: Vec<Rejected>,
    /// How the keys of the rows were written, where keys are folded.
    pub(super) writings: Vec<Writing>,
    /// Times of used rows to which a change of the clocks did something, in the order of the rows.
    pub(super) changed_times: Vec<ChangedTime>,
    /// Sound rows that their folder overrules, by column of the contract.
    pub(super) overruled: BTreeMap<usize, Overruled>,
    /// The zones that the rows name.
    pub(super) zones: NamedZones,
    /// One for each used row, where the contract asks for unique rows.
    pub(super) origins: Vec<Origin>,
    /// How new each used row is, where the contract asks for it: a column of texts for each of the vendor's marks.
    pub(super) versions: Vec<Buffered>,
    /// Lines or rows in the run.
    pub(super) n_lines: u64,
    /// Whether the first cell that holds a time is a local one and the source states no zone.
    pub(super) first_time_has_no_zone: Option<bool>,
}

/// Checks a run of rows, whatever the study's date: rows that lie after it are used until they are left out.
pub(super) fn check(contract: &Contract, rows: &mut impl Rows) -> Checked {
    let mut checked = Checked {
        columns: contract.columns.iter().map(|column| buffer_for(&column.kind)).collect(),
        n_used: 0,
        n_read: 0,
        excluded: BTreeMap::new(),
        tally: AnswerTally::default(),
        rejected: Vec::new(),
        writings: Vec::new(),
        changed_times: Vec::new(),
        overruled: BTreeMap::new(),
        zones: NamedZones::default(),
        origins: Vec::new(),
        versions: contract.versions.iter().map(|_| Buffered::texts()).collect(),
        n_lines: 0,
        first_time_has_no_zone: None,
    };
    let n_rows_max = rows.n_rows_max();
    checked.columns.iter_mut().for_each(|column| column.reserve(n_rows_max));
    if contract.asks_for_unique_rows() {
        checked.origins.reserve(n_rows_max);
    }
    let mut scratch = Scratch::default();
    while let Some(row) = rows.advance() {
        checked.n_read += 1;
        if let (Ok(()), Some(exclusion)) = (row, rows.exclusion()) {
            *checked.excluded.entry(exclusion).or_default() += 1;
            continue;
        }
        if let (Ok(()), Some(tallied)) = (row, contract.tallied) {
            tallied.add(contract, rows, &mut checked.tally, &mut scratch.text);
        }
        let verdict = match row {
            Ok(()) => check_row(contract, rows, &mut checked, &mut scratch),
            Err(reason) => Err(Fault::of_row(reason)),
        };
        match verdict {
            Ok(()) => {
                note_overruled(contract, rows, &mut checked.overruled);
                checked.take_in(contract, rows, &mut scratch);
            }
            // What the study does not want needs no correction, and is a row of its id all the same.
            Err(_) if row.is_ok() && is_excluded(contract, rows, &mut scratch.text) => {
                checked.take_back();
                if push_excluded(contract, rows, &mut checked, &mut scratch).is_ok() {
                    checked.take_in(contract, rows, &mut scratch);
                } else {
                    checked.take_back();
                    *checked.excluded.entry(Exclusion::ByStudy).or_default() += 1;
                }
            }
            Err(fault) => {
                checked.take_back();
                let fingerprint = masking::fingerprint(contract, &rows.record());
                checked.rejected.push(Rejected {
                    line: rows.line(),
                    column: masking::column(contract, &fault),
                    reason: fault.reason,
                    raw: masking::raw(contract, rows, &fault),
                    record: masking::record(contract, rows, &fault),
                    fingerprint,
                });
            }
        }
    }
    checked.writings.sort_unstable();
    checked.writings.dedup();
    checked.zones = scratch.zones.into_named();
    checked
}

/// Counts where the cells of the current row say otherwise than its folder. A blank cell says nothing.
fn note_overruled(contract: &Contract, rows: &mut impl Rows, overruled: &mut BTreeMap<usize, Overruled>) {
    for place in 0..rows.overruled().len() {
        let at = rows.overruled()[place];
        let (mut own, mut folder) = (String::new(), String::new());
        let (own, folder) = (rows.own_cell(at).text(&mut own), rows.cell(at).text(&mut folder));
        if own.is_empty() || is_code(&contract.columns[at].blank, own) || is_same_value(own, folder) {
            continue;
        }
        if let Some(known) = overruled.get_mut(&at) {
            known.n_rows += 1;
            continue;
        }
        let shown = |text: &str| if contract.identity.hash.is_some() { String::new() } else { text.to_owned() };
        let (cell, folder) = (shown(own), shown(folder));
        overruled.insert(at, Overruled { n_rows: 1, line: rows.line(), cell, folder });
    }
}

/// Whether a cell says what a folder does: `9` is `09`, and a day is its midnight.
fn is_same_value(own: &str, folder: &str) -> bool {
    let is_midnight = |rest: &str| matches!(rest, "T00:00:00" | "T00:00:00Z" | " 00:00:00");
    own == folder
        || own.strip_prefix(folder).is_some_and(is_midnight)
        || number::parse(own).zip(number::parse(folder)).is_some_and(|(own, folder)| own.to_bits() == folder.to_bits())
}

impl Checked {
    /// Counts the row that was pushed last among the used ones.
    fn take_in(&mut self, contract: &Contract, rows: &mut impl Rows, scratch: &mut Scratch) {
        if contract.asks_for_unique_rows() {
            let unique = contract.unique.map(|unique| self.columns[unique].text(self.n_used));
            let id = unique.and_then(fingerprints::of_id);
            self.origins.push(Origin { id, together: together(contract, rows), place: rows.place() });
        }
        for (column, &at) in self.versions.iter_mut().zip(&contract.versions) {
            column.push_text(rows.cell(at).text(&mut scratch.text));
        }
        self.n_used += 1;
    }

    /// Leaves out the used rows that lie at or after the end of what the study sees, and says for which ends these would be the same.
    pub(super) fn leave_out_later(&mut self, contract: &Contract) -> Sight {
        let end_us = contract.end_us;
        let is_seen = |column: &Column| matches!(column.kind, Kind::Instant(_)) && !column.may_be_later;
        let columns = contract.columns.iter().zip(&self.columns);
        let instants: Vec<&Buffered> = columns.filter(|(column, _)| is_seen(column)).map(|(_, own)| own).collect();
        let mut sight = Sight::default();
        let mut is_later = |&row: &usize| {
            let latest = instants.iter().filter_map(|instants| instants.instant(row)).max();
            latest.is_some_and(|latest| !sight.note(latest, end_us))
        };
        let later: Vec<usize> = (0..self.n_used).filter(|row| is_later(row)).collect();
        if !later.is_empty() {
            *self.excluded.entry(Exclusion::AfterAsOf).or_default() += later.len() as u64;
            let mut later = later.into_iter().peekable();
            let kept: Vec<usize> = (0..self.n_used).filter(|row| later.next_if_eq(row).is_none()).collect();
            self.keep(&kept);
        }
        sight
    }

    /// Leaves out the used rows that the study does not want. Which of several rows of one id stands is settled before, so that an
    /// order whose newest row says that it was cancelled is none.
    pub(super) fn leave_out_excluded(&mut self, contract: &Contract) {
        let columns = contract.columns.iter().zip(&self.columns);
        let marks: Vec<&Buffered> =
            columns.filter(|(column, _)| matches!(column.kind, Kind::Excluding(_))).map(|(_, own)| own).collect();
        if marks.is_empty() {
            return;
        }
        let is_wanted = |&row: &usize| marks.iter().all(|own| own.states()[row] != State::Value);
        let kept: Vec<usize> = (0..self.n_used).filter(is_wanted).collect();
        if kept.len() < self.n_used {
            *self.excluded.entry(Exclusion::ByStudy).or_default() += (self.n_used - kept.len()) as u64;
            self.keep(&kept);
        }
    }

    /// Keeps some of the used rows, which come in rising order.
    pub(super) fn keep(&mut self, rows: &[usize]) {
        self.columns.iter_mut().for_each(|column| column.keep(rows));
        if !self.origins.is_empty() {
            self.origins = rows.iter().map(|&row| self.origins[row]).collect();
        }
        self.versions.iter_mut().for_each(|column| column.keep(rows));
        self.changed_times.retain_mut(|changed| match rows.binary_search(&changed.row) {
            Ok(row) => {
                changed.row = row;
                true
            }
            Err(_) => false,
        });
        self.n_used = rows.len();
    }

    /// Forgets the row after the last used one.
    fn take_back(&mut self) {
        for column in &mut self.columns {
            column.truncate(self.n_used);
        }
        while self.changed_times.pop_if(|changed| changed.row >= self.n_used).is_some() {}
    }
}

impl Tallied {
    fn add(self, contract: &Contract, rows: &impl Rows, tally: &mut AnswerTally, scratch: &mut String) {
        let column = &contract.columns[self.recommend];
        let text = rows.cell(self.recommend).text(scratch);
        let answer = if is_code(&column.blank, text) || is_code(&column.not_applicable, text) {
            Answer::Blank
        } else {
            match number::parse_written(text, &contract.numerals) {
                // As the answer's own column is read, whatever its notation.
                Some(value) if !contract.numerals.is_plain() => Answer::of(&value.to_string()),
                _ => Answer::of(text),
            }
        };
        let class = self.class.and_then(|at| class_of_label(rows.cell(at).text(scratch)));
        tally.add(answer, class);
    }
}

/// Why a row cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: Reason,
    /// The columns of the contract at fault: none for the row as a whole, two where they contradict each other.
    pub(super) columns: Vec<usize>,
}

impl Fault {
    pub(super) fn of_row(reason: Reason) -> Self {
        Self { reason, columns: Vec::new() }
    }

    pub(super) fn of(column: usize, reason: Reason) -> Self {
        Self { reason, columns: vec![column] }
    }
}

/// What is written while a row is checked.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) text: String,
    pub(super) belonging: Belonging,
    zones: Zones,
    /// What the row says of where it is.
    zone: RowZone,
    /// What a change of the clocks did to the last time.
    change: Option<ClockChange>,
}

/// An empty column for what it holds.
pub(super) fn buffer_for(kind: &Kind) -> Buffered {
    match kind {
        Kind::Key(_)
        | Kind::Alternative
        | Kind::Unit(_)
        | Kind::Text
        | Kind::Promised(_)
        | Kind::Excluding(_)
        | Kind::Zone(_) => Buffered::texts(),
        Kind::Number(_) | Kind::Mark(_) | Kind::Score(_) | Kind::Answer(_) | Kind::Total(..) => Buffered::numbers(),
        Kind::Instant(_) => Buffered::instants(),
    }
}

fn check_row(contract: &Contract, rows: &impl Rows, checked: &mut Checked, scratch: &mut Scratch) -> Result<(), Fault> {
    let row = checked.n_used;
    if let Some(at) = contract.zone {
        let text = rows.cell(at).text(&mut scratch.text);
        let is_blank = is_code(&contract.columns[at].blank, text);
        scratch.zone = scratch.zones.of_cell(if is_blank { "" } else { text });
    }
    let mut joined = String::new();
    for (at, column) in contract.columns.iter().enumerate() {
        if let Kind::Key(rule) = &column.kind
            && !rule.takes_keys_as_they_are()
        {
            match push_known(rule, contract, at, rows, checked, scratch)? {
                State::Value => {}
                _ if column.required => return Err(Fault::of(at, Reason::Blank)),
                _ => {}
            }
            continue;
        }
        if matches!(column.kind, Kind::Alternative) {
            // What it says was taken with the key before it.
            continue;
        }
        let buffer = &mut checked.columns[at];
        let two = contract.time.filter(|own| own.date == at);
        let cell = match two {
            Some(own) => own.joined(contract, rows, &mut joined),
            None => rows.cell(at),
        };
        let result = push_cell(contract, column, cell, buffer, scratch);
        if let Kind::Instant(_) = column.kind
            && checked.first_time_has_no_zone.is_none()
            && result != Ok(State::Blank)
        {
            let is_by_row = contract.zone.is_some_and(|at| contract.columns[at].is_in_file());
            checked.first_time_has_no_zone = Some(result == Err(Reason::NoZone) && !is_by_row);
        }
        if let Some(change) = scratch.change.take() {
            checked.changed_times.push(ChangedTime { row, column: at, change });
        }
        match result {
            Ok(State::Value) => {}
            Ok(_) if column.required => return Err(Fault::of(at, Reason::Blank)),
            Ok(_) => {}
            // What a row says of where it is, is at fault where it is no zone.
            Err(Reason::NoZone) if matches!(scratch.zone, RowZone::Unknown) => {
                return Err(Fault::of(contract.zone.unwrap_or(at), Reason::NoZone));
            }
            Err(reason) => {
                return Err(Fault { reason, columns: two.map_or_else(|| vec![at], |own| vec![own.date, own.clock]) });
            }
        }
    }
    if let Some((first, second)) = contract.distinct
        && checked.columns[first].text(row) == checked.columns[second].text(row)
    {
        return Err(Fault::of(second, Reason::SelfReferral));
    }
    if let Some(PerUnit { amount, quantity, bounds }) = contract.per_unit {
        let of_all = checked.columns[amount].number(row) * checked.columns[quantity].number(row);
        if of_all.is_nan() {
            checked.columns[amount].put_none(row);
        } else if of_all.is_finite() && bounds.allow(of_all) {
            checked.columns[amount].put_number(row, of_all);
        } else {
            return Err(Fault { reason: Reason::OutOfRange, columns: vec![amount, quantity] });
        }
    }
    Ok(())
}

/// Appends a row that the study leaves out and that is faulty elsewhere: its id and its marks, and nothing else.
fn push_excluded(
    contract: &Contract,
    rows: &impl Rows,
    checked: &mut Checked,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    for (at, column) in contract.columns.iter().enumerate() {
        let buffer = &mut checked.columns[at];
        let is_id = contract.unique == Some(at) && matches!(column.kind, Kind::Text);
        if is_id || matches!(column.kind, Kind::Excluding(_)) {
            push_cell(contract, column, rows.cell(at), buffer, scratch)?;
        } else {
            buffer.push_none(State::Blank);
        }
    }
    Ok(())
}

/// Whether the study leaves the current row out for what a cell says.
fn is_excluded(contract: &Contract, rows: &impl Rows, scratch: &mut String) -> bool {
    contract.columns.iter().enumerate().any(|(at, column)| match &column.kind {
        Kind::Excluding(codes) => is_excluding(codes, rows.cell(at), &contract.numerals, scratch),
        _ => false,
    })
}

fn is_excluding(codes: &Codes, cell: Cell<'_>, numerals: &Numerals, scratch: &mut String) -> bool {
    codes.holds_text(cell.text(scratch)) || value_of(cell, numerals).is_some_and(|value| codes.holds_number(value))
}

/// Appends a cell to its column and says what it came to.
fn push_cell(
    contract: &Contract,
    column: &Column,
    cell: Cell<'_>,
    buffer: &mut Buffered,
    scratch: &mut Scratch,
) -> Result<State, Reason> {
    let state = match &column.kind {
        Kind::Unit(level) => match scratch.belonging.of(*level) {
            Some(unit) => {
                buffer.push_text(unit);
                State::Value
            }
            None => State::Blank,
        },
        Kind::Key(_) | Kind::Alternative | Kind::Text => {
            let text = cell.text(&mut scratch.text);
            if text.is_empty() || is_code(&column.blank, text) {
                State::Blank
            } else if matches!(column.kind, Kind::Text) {
                buffer.push_text(&contract.identity.without_addresses(text));
                State::Value
            } else {
                // A key that is translated, folded or hashed never comes here.
                buffer.push_text(text);
                State::Value
            }
        }
        Kind::Number(bounds) => match number_of(column, cell, &contract.numerals)? {
            Number::Value(value) => {
                push_bounded(value, *bounds, buffer)?;
                State::Value
            }
            Number::None(state) => state,
        },
        Kind::Mark(bounds) => match mark_of(column, cell, &contract.numerals)? {
            Number::Value(value) => {
                push_bounded(value, *bounds, buffer)?;
                State::Value
            }
            Number::None(state) => state,
        },
        Kind::Score(bounds) => match score_of(column, cell, &contract.numerals)? {
            Number::Value(value) => {
                push_bounded(value, *bounds, buffer)?;
                State::Value
            }
            Number::None(state) => state,
        },
        Kind::Answer(bounds) => match number_of(column, cell, &contract.numerals) {
            Ok(Number::Value(value)) => {
                push_bounded(value, *bounds, buffer)?;
                State::Value
            }
            Ok(Number::None(state)) => state,
            Err(reason) => {
                let value = answer_of(cell.text(&mut scratch.text)).ok_or(reason)?;
                push_bounded(value, *bounds, buffer)?;
                State::Value
            }
        },
        Kind::Total(totals, bounds) => match totals.get(cell.text(&mut scratch.text)) {
            Some(value) => {
                push_bounded(value, *bounds, buffer)?;
                State::Value
            }
            None => State::Blank,
        },
        Kind::Promised(promise) => {
            let text = cell.text(&mut scratch.text);
            if text.is_empty() || is_code(&column.blank, text) {
                if promise.filled {
                    return Err(Reason::Blank);
                }
            } else {
                let value = value_of(cell, &contract.numerals);
                let is_allowed =
                    |own: &Codes| own.holds_text(text) || value.is_some_and(|value| own.holds_number(value));
                if promise.allowed.as_ref().is_some_and(|allowed| !is_allowed(allowed)) {
                    return Err(Reason::NotAllowed);
                }
                if promise.bounds.is_some_and(|bounds| value.is_some_and(|value| !bounds.allow(value))) {
                    return Err(Reason::OutOfRange);
                }
                if promise.bounds.is_some() && value.is_none() {
                    return Err(Reason::Unparsable);
                }
            }
            State::Blank
        }
        Kind::Excluding(codes) => {
            if is_excluding(codes, cell, &contract.numerals, &mut scratch.text) {
                buffer.push_text(EXCLUDED);
                State::Value
            } else {
                State::Blank
            }
        }
        // Read before the row's other cells.
        Kind::Zone(_) => State::Blank,
        Kind::Instant(clock) => {
            let is_blank = matches!(cell, Cell::Text(text) if is_code(&column.blank, text));
            match if is_blank { None } else { clock.instant(cell, &scratch.zone, &mut scratch.zones)? } {
                Some(instant) => {
                    scratch.change = instant.change;
                    buffer.push_instant(instant.us);
                    State::Value
                }
                None => State::Blank,
            }
        }
    };
    if state != State::Value {
        buffer.push_none(state);
    }
    Ok(state)
}

fn push_bounded(value: f64, bounds: Bounds, buffer: &mut Buffered) -> Result<(), Reason> {
    if !value.is_finite() {
        return Err(Reason::Unparsable);
    }
    if !bounds.allow(value) {
        return Err(Reason::OutOfRange);
    }
    buffer.push_number(value);
    Ok(())
}

pub(crate) fn is_code(codes: &Codes, text: &str) -> bool {
    !codes.is_empty() && (codes.holds_text(text) || number::parse(text).is_some_and(|value| codes.holds_number(value)))
}

/// The fingerprint of the cells that together must not occur twice: keys as [`Identity::compared`](super::identity::Identity::compared)
/// has them, all others as they stand in the file.
fn together(contract: &Contract, rows: &impl Rows) -> Option<Fingerprint> {
    let columns = match &contract.together {
        Together::Columns(columns) => columns,
        Together::Row => return Some(whole_row(contract, rows)),
    };
    let mut texts = Vec::with_capacity(columns.len());
    for &at in columns {
        let mut scratch = String::new();
        let text = rows.cell(at).text(&mut scratch).to_owned();
        if text.is_empty() || is_code(&contract.columns[at].blank, &text) {
            return None;
        }
        texts.push(if contract.is_key(at) { contract.identity.compared(&text).into_owned() } else { text });
    }
    (!texts.is_empty()).then(|| fingerprints::of_bits(hash::of_texts(texts.iter().map(String::as_str))))
}

/// The fingerprint of a whole row, with what its folders say; where keys are hashed nobody without the salt can try rows on it.
fn whole_row(contract: &Contract, rows: &impl Rows) -> Fingerprint {
    let record = rows.record();
    let own = contract.identity.shown(&record);
    fingerprints::of_bits(hash::of_texts(std::iter::once(own.as_ref()).chain(rows.beside())))
}

enum Number {
    Value(f64),
    None(State),
}

fn number_of(column: &Column, cell: Cell<'_>, numerals: &Numerals) -> Result<Number, Reason> {
    let text = match cell {
        Cell::Missing | Cell::Text("") => return Ok(Number::None(State::Blank)),
        Cell::Text(text) => text,
        _ => "",
    };
    let value = value_of(cell, numerals);
    if value.is_some_and(f64::is_nan) {
        return Ok(Number::None(State::Blank));
    }
    for (codes, state) in [(&column.blank, State::Blank), (&column.not_applicable, State::NotApplicable)] {
        if !codes.is_empty() && (codes.holds_text(text) || value.is_some_and(|value| codes.holds_number(value))) {
            return Ok(Number::None(state));
        }
    }
    value.map(Number::Value).ok_or(Reason::Unparsable)
}

/// The number in a cell, or 1 and 0 for a word that says whether something holds.
fn mark_of(column: &Column, cell: Cell<'_>, numerals: &Numerals) -> Result<Number, Reason> {
    let read = number_of(column, cell, numerals);
    let (Err(_), Cell::Text(text)) = (&read, cell) else { return read };
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(&["true", "yes", "t", "y"]) {
        Ok(Number::Value(1.0))
    } else if is_one_of(&["false", "no", "f", "n"]) {
        Ok(Number::Value(0.0))
    } else {
        read
    }
}

/// The number in a cell, or the one that stands apart beside its label there.
fn score_of(column: &Column, cell: Cell<'_>, numerals: &Numerals) -> Result<Number, Reason> {
    let read = number_of(column, cell, numerals);
    let (Err(_), Cell::Text(text)) = (&read, cell) else { return read };
    // What a spreadsheet made a date of, such as `9-Oct`, has nothing between number and word but the sign.
    let is_apart = text.contains([' ', ':', '=', '(', '|']);
    match Answer::of(text) {
        Answer::Number(value) if is_apart => number_of(column, Cell::Number(value), numerals),
        _ => read,
    }
}

/// The number in a cell, where it holds one; not a number where a data frame wrote a missing one.
fn value_of(cell: Cell<'_>, numerals: &Numerals) -> Option<f64> {
    match cell {
        Cell::Text(text) => number::parse_written(text, numerals),
        Cell::Integer(value) => Some(value as f64),
        Cell::Number(value) => Some(value),
        Cell::Single(value) => Some(f64::from(value)),
        Cell::Missing | Cell::Instant(_) | Cell::Local(_) | Cell::Day(_) => None,
    }
}
