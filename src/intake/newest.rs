//! Which of several rows with one id stands, where that need not be the first: the newest by the vendor's own marks, or the last.
//!
//! A row that goes to quarantine must be known as one while its file is read, so what comes later is asked first: the files are
//! read once before they are taken into the books.

use super::IntakeError;
use super::amending::Amending;
use super::check::Checked;
use super::contract::Contract;
use super::exports::is_newer;
use super::files::{Layout, SourceFile};
use super::fingerprints::Fingerprint;
use super::opened::{Opening, Reading};
use super::pieces::{Pieces, Visit};
use super::rows::Recalled;
use crate::study::{Files, Repeats};
use std::collections::{BTreeSet, HashMap};

/// For ids of which not the first row stands: which does, and how many of them have come.
#[derive(Debug, Default)]
pub(super) struct Newest {
    by_id: HashMap<Fingerprint, Turn>,
}

#[derive(Debug)]
struct Turn {
    stands: u64,
    n_come: u64,
}

impl Newest {
    /// Looks for them where the study says that the last row stands, or where several files are exports, whose vendors mark a newer
    /// version of a response.
    ///
    /// # Errors
    /// Those of reading the files.
    pub(super) fn of(found: &[SourceFile], files: &Files, contract: &Contract) -> Result<Self, IntakeError> {
        let is_export =
            |file: &SourceFile| matches!(file.layout, Layout::Export(..) | Layout::ExportJson(_) | Layout::Workbook);
        let are_exports = contract.answers.is_some() && found.len() > 1 && found.iter().all(is_export);
        let is_asked = match contract.repeats {
            Some(Repeats::First) => false,
            Some(Repeats::Last) => true,
            None => are_exports,
        };
        if !is_asked || contract.unique.is_none() {
            return Ok(Self::default());
        }
        let contract = Contract { asks_for_versions: contract.repeats.is_none(), ..contract.clone() };
        let mut versions = HashMap::new();
        for file in found {
            let opening =
                Opening { reading: Reading { file, files }, contract: &contract, renames: &mut BTreeSet::new() };
            opening.visit(Versions { contract: &contract, known: &mut versions })?;
        }
        let later = versions.into_iter().filter(|(_, own)| own.stands > 0);
        Ok(Self { by_id: later.map(|(id, own)| (id, Turn { stands: own.stands, n_come: 0 })).collect() })
    }

    /// Whether the next used row with an id gives way to another; rows come in the order in which they were read before.
    pub(super) fn passes_over(&mut self, id: Fingerprint) -> bool {
        let Some(turn) = self.by_id.get_mut(&id) else { return false };
        turn.n_come += 1;
        turn.n_come != turn.stands + 1
    }
}

/// The rows of one id so far.
struct Version {
    n: u64,
    /// Which of them is the newest, from 0.
    stands: u64,
    marks: Vec<String>,
}

/// Reads the ids and marks of a file.
struct Versions<'v> {
    contract: &'v Contract,
    known: &'v mut HashMap<Fingerprint, Version>,
}

impl Versions<'_> {
    fn add(&mut self, mut checked: Checked) {
        checked.leave_out_later(self.contract);
        let last_stands = self.contract.repeats == Some(Repeats::Last);
        for (row, origin) in checked.origins.iter().enumerate() {
            let Some(id) = origin.id else { continue };
            let marks = checked.versions.get(row).cloned().unwrap_or_default();
            match self.known.get_mut(&id) {
                None => {
                    self.known.insert(id, Version { n: 1, stands: 0, marks });
                }
                Some(own) => {
                    if last_stands || is_newer(&marks, &own.marks) {
                        (own.stands, own.marks) = (own.n, marks);
                    }
                    own.n += 1;
                }
            }
        }
    }
}

impl Visit for Versions<'_> {
    type Out = ();

    fn visit<P, N, C, R, A, B>(mut self, pieces: Pieces<N, C, R, A, B>) -> Result<(), IntakeError>
    where
        P: Send + Sync,
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, &[usize]) -> Vec<Recalled> + Sync,
        A: Fn(&P, &mut Amending<'_>) -> Result<(), IntakeError>,
        B: Fn(&P) -> u64,
    {
        let Pieces { mut next, check, .. } = pieces;
        while let Some(piece) = next()? {
            self.add(check(&piece)?);
        }
        Ok(())
    }
}
