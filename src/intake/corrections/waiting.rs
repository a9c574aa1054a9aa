//! The corrections of one source while it is read: their rows are held back when they would go to quarantine.

use super::correction::{Correction, RowKey};
use super::verdict::{Change, CorrectedRow, Problem, Verdict};
use crate::intake::check::Rejected;
use crate::intake::database;
use crate::intake::files::{Layout, SourceFile};
use std::collections::BTreeMap;

/// Corrections by file and row.
#[derive(Debug, Default)]
pub(in crate::intake) struct Waiting {
    files: BTreeMap<String, BTreeMap<Place, WaitingRow>>,
    /// Rows on which there is a verdict, in the order in which it came.
    judged: Vec<CorrectedRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: u64,
    fingerprint: String,
}

impl Place {
    /// What no place of the line stands before.
    fn first_of(line: u64) -> Self {
        Self { line, fingerprint: String::new() }
    }
}

#[derive(Debug)]
struct WaitingRow {
    row: RowKey,
    corrections: Vec<Correction>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Its file has not come to it.
    Expected,
    /// Another row was put aside at its line, or the same under another salt.
    Missed,
    /// It was put aside.
    Held(Rejected),
    /// It must not be applied.
    Settled(Verdict),
}

/// A row that was put aside, and what it should be.
#[derive(Debug)]
pub(in crate::intake) struct HeldRow {
    pub(super) row: RowKey,
    pub(super) corrections: Vec<Correction>,
    /// As it stands in the file.
    pub(super) aside: Rejected,
    /// Whether its corrections were accepted for another content of its file.
    pub(super) is_stale: bool,
}

impl WaitingRow {
    fn is_of_another(&self, sha256: Option<&str>) -> bool {
        self.corrections.iter().any(|own| own.sha256.is_some() && own.sha256.as_deref() != sha256)
    }
}

impl Waiting {
    pub(super) fn new<'r>(rows: impl Iterator<Item = (&'r RowKey, &'r [Correction])>) -> Self {
        let mut waiting = Self::default();
        for (row, corrections) in rows {
            let place = Place { line: row.line, fingerprint: row.fingerprint.clone() };
            let own = WaitingRow { row: row.clone(), corrections: corrections.to_vec(), state: State::Expected };
            waiting.files.entry(row.file.clone()).or_default().insert(place, own);
        }
        waiting
    }

    /// Whether there is any.
    pub(in crate::intake) fn has_any(&self) -> bool {
        !self.files.is_empty()
    }

    /// Whether the hash of a file must be known before it is read. What a server answers has none before it has answered.
    pub(in crate::intake) fn asks_for_hash(&self, file: &SourceFile) -> bool {
        let rows = self.files.get(&file.name).into_iter().flat_map(BTreeMap::values);
        file.layout != Layout::Postgres && rows.flat_map(|own| &own.corrections).any(|own| own.sha256.is_some())
    }

    /// A file is about to be read; `sha256` where [`Waiting::asks_for_hash`].
    pub(in crate::intake) fn begin(&mut self, file: &SourceFile, sha256: Option<&str>) {
        let why_not = match file.layout {
            Layout::Sqlite if database::has_journal(&file.path) => Some(Problem::Journal),
            _ => None,
        };
        for own in self.files.get_mut(&file.name).into_iter().flat_map(BTreeMap::values_mut) {
            if let Some(why) = why_not.clone() {
                own.state = State::Settled(Verdict::NotMade { why });
            } else if file.layout != Layout::Postgres && own.is_of_another(sha256) {
                own.state = State::Settled(Verdict::Stale);
            }
        }
    }

    /// Takes a row that would go to quarantine, where it is to be corrected; gives it back where it is not.
    pub(in crate::intake) fn hold(&mut self, file: &str, line: u64, aside: Rejected) -> Option<Rejected> {
        let Some(rows) = self.files.get_mut(file) else { return Some(aside) };
        if let Some(own) = rows.get_mut(&Place { line, fingerprint: aside.fingerprint.clone() }) {
            if !matches!(own.state, State::Expected | State::Missed) {
                return Some(aside);
            }
            own.state = State::Held(aside);
            return None;
        }
        for (_, own) in rows.range_mut(Place::first_of(line)..).take_while(|(place, _)| place.line == line) {
            if matches!(own.state, State::Expected) {
                own.state = State::Missed;
            }
        }
        Some(aside)
    }

    /// The rows of a file that were put aside and are to be corrected, in the order of their lines, once the hash of all of it is
    /// known.
    pub(super) fn held(&mut self, file: &str, sha256: &str) -> Vec<HeldRow> {
        let rows = self.files.remove(file).unwrap_or_default();
        let mut held = Vec::new();
        for own in rows.into_values() {
            let is_stale = own.is_of_another(Some(sha256));
            let WaitingRow { row, corrections, state } = own;
            match state {
                State::Held(aside) => held.push(HeldRow { row, corrections, aside, is_stale }),
                State::Expected | State::Missed if is_stale => self.judge(row, Vec::new(), Verdict::Stale),
                State::Settled(verdict) => self.judge(row, Vec::new(), verdict),
                State::Expected if corrections.iter().all(|own| own.sha256.is_some()) => {
                    self.judge(row, Vec::new(), Verdict::NotNeeded);
                }
                State::Expected | State::Missed => self.judge(row, Vec::new(), Verdict::NotThere),
            }
        }
        held
    }

    pub(super) fn judge(&mut self, row: RowKey, changes: Vec<Change>, verdict: Verdict) {
        let RowKey { source, file, line, fingerprint } = row;
        self.judged.push(CorrectedRow { source, file, line, fingerprint, changes, verdict });
    }

    /// What became of all rows, once all files are through.
    pub(in crate::intake) fn into_judged(mut self) -> Vec<CorrectedRow> {
        let of_no_file: Vec<String> = self.files.keys().cloned().collect();
        for file in of_no_file {
            for WaitingRow { row, .. } in self.files.remove(&file).unwrap_or_default().into_values() {
                self.judge(row, Vec::new(), Verdict::NotThere);
            }
        }
        self.judged
    }
}
