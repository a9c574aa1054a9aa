//! Which of several rows with one id stands, where that need not be the first: the newest by the vendor's own marks, or the last.
//!
//! A row that goes to quarantine must be known as one while its file is read, so what comes later is asked first: the files are
//! read once before they are taken into the books, or the cache is asked, where it holds them.

use super::IntakeError;
use super::amending::Amending;
use super::cache::{Entry, SourceCache};
use super::check::Checked;
use super::contract::Contract;
use super::exports::is_newer;
use super::files::{Layout, SourceFile};
use super::fingerprints::Fingerprint;
use super::opened::{Opening, Reading};
use super::pieces::{Pieces, Visit};
use super::rows::Recalled;
use crate::study::{Files, Repeats};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// For ids of which not the first row stands: which does, and how many of them have come.
#[derive(Debug, Default)]
pub(super) struct Newest {
    by_id: HashMap<Fingerprint, Turn>,
}

#[derive(Debug)]
struct Turn {
    stands: u32,
    n_come: u32,
}

/// Whether the files of a source are exports whose vendors mark a newer version of a response, so that the rows are to say how new they
/// are: where there are several of them, and the study does not say which row stands.
pub(super) fn asks_for_marks(found: &[SourceFile], contract: &Contract) -> bool {
    let is_export =
        |file: &SourceFile| matches!(file.layout, Layout::Export(..) | Layout::ExportJson(_) | Layout::Workbook);
    let are_exports = contract.answers.is_some() && found.len() > 1 && found.iter().all(is_export);
    are_exports && contract.repeats.is_none() && contract.unique.is_some()
}

impl Newest {
    /// Looks for them where the study says that the last row stands, or where several files are exports, whose vendors mark a newer
    /// version of a response. What the cache holds of a file is not read from the file.
    ///
    /// # Errors
    /// Those of reading the files.
    pub(super) fn of(
        found: &[SourceFile],
        files: &Files,
        contract: &Contract,
        cache: &SourceCache<'_>,
    ) -> Result<Self, IntakeError> {
        let last_stands = contract.repeats == Some(Repeats::Last) && contract.unique.is_some();
        if !last_stands && !contract.asks_for_versions {
            return Ok(Self::default());
        }
        let mut known = HashMap::new();
        for file in found {
            let versions = Versions { contract, known: &mut known };
            match cache.entry(file)? {
                Some(entry) => versions.add_entry(&entry)?,
                None => {
                    let opening = Opening { reading: Reading { file, files }, contract, renames: &mut BTreeSet::new() };
                    opening.visit(versions)?;
                }
            }
        }
        let later = known.into_iter().filter(|(_, own)| own.stands > 0);
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
    n: u32,
    /// Which of them is the newest, from 0.
    stands: u32,
    /// Its marks, with [`BETWEEN_MARKS`] between them.
    marks: Box<str>,
}

/// No mark holds this sign: a text that held it would not be read.
const BETWEEN_MARKS: char = '\0';

/// Reads the ids and marks of a file.
struct Versions<'v> {
    contract: &'v Contract,
    known: &'v mut HashMap<Fingerprint, Version>,
}

impl Versions<'_> {
    fn add(&mut self, mut checked: Checked) {
        checked.leave_out_later(self.contract);
        let last_stands = self.contract.repeats == Some(Repeats::Last);
        let mut marks = String::new();
        for (row, origin) in checked.origins.iter().enumerate() {
            let Some(id) = origin.id else { continue };
            marks.clear();
            for (at, column) in checked.versions.iter().enumerate() {
                if at > 0 {
                    marks.push(BETWEEN_MARKS);
                }
                marks.push_str(column.text(row));
            }
            match self.known.get_mut(&id) {
                None => {
                    self.known.insert(id, Version { n: 1, stands: 0, marks: marks.as_str().into() });
                }
                Some(own) => {
                    if last_stands || is_newer(&split(&marks), &split(&own.marks)) {
                        (own.stands, own.marks) = (own.n, marks.as_str().into());
                    }
                    own.n += 1;
                }
            }
        }
    }

    /// Adds the rows of a file that the cache holds.
    fn add_entry(mut self, entry: &Entry) -> Result<(), IntakeError> {
        let wave = rayon::current_num_threads().max(1);
        for first in (0..entry.n_parts()).step_by(wave) {
            let parts = first..entry.n_parts().min(first + wave);
            let read = |part| entry.versions_of_part(part, self.contract);
            let pieces = parts.into_par_iter().map(read).collect::<Result<Vec<Vec<Checked>>, IntakeError>>()?;
            pieces.into_iter().flatten().for_each(|checked| self.add(checked));
        }
        Ok(())
    }
}

fn split(marks: &str) -> Vec<&str> {
    marks.split(BETWEEN_MARKS).collect()
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
        let Pieces { mut next, check, at_once, .. } = pieces;
        let wave = rayon::current_num_threads() * at_once;
        loop {
            let mut read = Vec::new();
            while read.len() < wave
                && let Some(piece) = next()?
            {
                read.push(piece);
            }
            if read.is_empty() {
                return Ok(());
            }
            let checked = read.par_iter().map(&check).collect::<Result<Vec<Checked>, IntakeError>>()?;
            checked.into_iter().for_each(|checked| self.add(checked));
        }
    }
}
