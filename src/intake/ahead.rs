//! Small files, each of which would keep one thread busy alone: several are checked at a time, and taken into the books one after
//! the other, in their order.

use super::IntakeError;
use super::amending::Amending;
use super::cache::{Draft, SourceCache};
use super::check::Checked;
use super::contract::Contract;
use super::files::{Layout, SourceFile};
use super::hash::HashedFile;
use super::ledger::{Ledger, Run};
use super::opened::{Opening, Reading};
use super::pieces::{Pieces, Visit};
use super::progress::Reporter;
use super::read_file::ReadFile;
use super::replay::recall;
use super::rows::Recalled;
use crate::study::Files;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A file of at most so many bytes is a block or two, which leave other threads without work.
const SMALL_BYTES: u64 = 1 << 20;
/// Files that are in hand at a time for each thread.
const FILES_PER_THREAD: usize = 4;

/// A file that has been checked and waits for its turn.
pub(super) struct Waiting {
    checked: Vec<Checked>,
    /// The line, or row, with which its first piece begins.
    first_line: u64,
    renames: BTreeSet<String>,
    hashed: HashedFile,
    draft: Option<Draft>,
}

/// How many of the first files can be checked at a time: small ones of which nothing is known yet. A single one is read as all others.
pub(super) fn n_small(found: &[SourceFile], cache: &SourceCache<'_>, ledger: &Ledger<'_, '_>) -> usize {
    let is_small = |file: &&SourceFile| {
        file.n_bytes <= SMALL_BYTES
            && !matches!(file.layout, Layout::Postgres | Layout::Sqlite)
            && cache.hashed(file).is_none()
            && !ledger.corrections.asks_for_hash(file)
            && !cache.slot(file).is_some_and(|slot| slot.may_be_there())
    };
    found.iter().take(FILES_PER_THREAD * rayon::current_num_threads()).take_while(is_small).count()
}

/// Checks files side by side; what is wrong with one is said when it is its turn.
pub(super) fn check_all(
    found: &[SourceFile],
    files: &Files,
    contract: &Contract,
    cache: &SourceCache<'_>,
) -> Vec<Result<Waiting, IntakeError>> {
    found.par_iter().map(|file| check(Reading { file, files }, contract, cache)).collect()
}

fn check(reading: Reading<'_>, contract: &Contract, cache: &SourceCache<'_>) -> Result<Waiting, IntakeError> {
    let mut renames = BTreeSet::new();
    let opening = Opening { reading, contract, renames: &mut renames };
    let draft = cache.slot(reading.file).and_then(|slot| slot.draft());
    let mut visited = opening.visit(Whole { draft })?;
    let draft = visited.out.draft.take().filter(|_| !visited.is_partial);
    let checked = std::mem::take(&mut visited.out.checked);
    let first_line = visited.out.first_line;
    let hashed = visited.fingerprint(reading.file)?;
    Ok(Waiting { checked, first_line, renames, hashed, draft })
}

impl Waiting {
    /// Takes the file into the books.
    pub(super) fn take(
        self,
        reading: Reading<'_>,
        renames: &mut BTreeSet<String>,
        reporter: &mut Reporter<'_>,
        ledger: &mut Ledger<'_, '_>,
    ) -> Result<(), IntakeError> {
        let (file, contract): (_, &Contract) = (reading.file, ledger.contract);
        let Self { checked, first_line, renames: own, hashed, draft } = self;
        ledger.corrections.begin(file, None);
        let mut run = Run { file: &file.name, first_line, n_rows: 0 };
        let mut asides = BTreeMap::new();
        for (piece, checked) in checked.into_iter().enumerate() {
            let aside = ledger.take(&mut run, checked)?;
            if !aside.is_empty() {
                asides.insert(piece, aside);
            }
        }
        let rows_read = run.n_rows;
        // The text of a row that repeats another is not kept: it is looked up where there is one.
        let mut recalled = recall(reading, contract, &asides)?;
        for (piece, aside) in asides {
            ledger.put_aside(&file.name, aside, recalled.remove(&piece).unwrap_or_default())?;
        }
        reporter.add(&contract.source, hashed.bytes);
        ReadFile { rows_read, first_line, hashed, renames: own, draft }.close(file, renames, ledger)
    }
}

/// Checks all pieces of a file, one after the other.
struct Whole {
    draft: Option<Draft>,
}

/// What came of it.
struct CheckedWhole {
    checked: Vec<Checked>,
    first_line: u64,
    draft: Option<Draft>,
}

impl Visit for Whole {
    type Out = CheckedWhole;

    fn visit<P, N, C, R, A, B>(self, pieces: Pieces<N, C, R, A, B>) -> Result<CheckedWhole, IntakeError>
    where
        P: Send + Sync,
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, &[usize]) -> Vec<Recalled> + Sync,
        A: Fn(&P, &mut Amending<'_>) -> Result<(), IntakeError>,
        B: Fn(&P) -> u64,
    {
        let Pieces { mut next, check, first_line, .. } = pieces;
        let mut checked = Vec::new();
        while let Some(piece) = next()? {
            checked.push(check(&piece)?);
        }
        let mut draft = self.draft;
        if let Some(draft) = &mut draft
            && let Some(part) = draft.part(&checked)
        {
            draft.add(part.write());
        }
        Ok(CheckedWhole { checked, first_line, draft })
    }
}
