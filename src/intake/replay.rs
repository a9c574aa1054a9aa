//! A file from the cache: its pieces go into the books as if they had just been checked.

use super::IntakeError;
use super::account::FileAccount;
use super::amending::Amending;
use super::cache::Entry;
use super::check::Checked;
use super::contract::Contract;
use super::ledger::{Aside, Ledger, Run};
use super::opened::{Opening, Reading};
use super::pieces::{Pieces, Visit};
use super::progress::Reporter;
use super::rows::Recalled;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Takes a file from its entry.
///
/// The entry does not hold the text of used rows. Where some turn out to be repeats of rows in other files, or in this one,
/// the file is opened and read as far as the last of them; nothing of it is checked again.
pub(super) fn replay(
    reading: Reading<'_>,
    entry: Entry,
    renames: &mut BTreeSet<String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let (file, contract): (_, &Contract) = (reading.file, ledger.contract);
    let mut run = Run { file: &file.name, first_line: entry.first_line(), n_rows: 0 };
    let mut asides = BTreeMap::new();
    let mut n_pieces = 0;
    let n_parts = entry.n_parts();
    let wave = rayon::current_num_threads().max(1);
    let read_wave = |first: usize| -> Result<Vec<Vec<Checked>>, IntakeError> {
        (first..n_parts.min(first + wave)).into_par_iter().map(|part| entry.part(part, contract)).collect()
    };
    let mut waiting = read_wave(0)?;
    let mut first = 0;
    while !waiting.is_empty() {
        first += waiting.len();
        let ready = std::mem::take(&mut waiting);
        let (next, taken) = rayon::join(
            || read_wave(first),
            || {
                ready.into_iter().flatten().try_for_each(|checked| -> Result<(), IntakeError> {
                    let aside = ledger.take(&mut run, checked)?;
                    if !aside.is_empty() {
                        asides.insert(n_pieces, aside);
                    }
                    n_pieces += 1;
                    Ok(())
                })
            },
        );
        taken?;
        waiting = next?;
    }
    let mut recalled = recall(reading, contract, &asides)?;
    for (piece, aside) in asides {
        ledger.put_aside(&file.name, aside, recalled.remove(&piece).unwrap_or_default())?;
    }
    ledger.notes.zones.merge(&entry.zones());
    renames.extend(entry.renames().iter().cloned());
    let account: FileAccount = entry.account(file);
    reporter.add(&contract.source, account.bytes);
    ledger.close_file(file, account)
}

/// The rows of some pieces that must be found again, by the number of the piece.
pub(super) fn recall(
    reading: Reading<'_>,
    contract: &Contract,
    asides: &BTreeMap<usize, Aside>,
) -> Result<BTreeMap<usize, Vec<Recalled>>, IntakeError> {
    let wanted: BTreeMap<usize, Vec<usize>> = asides
        .iter()
        .map(|(&piece, aside)| (piece, aside.places().collect::<Vec<_>>()))
        .filter(|(_, places)| !places.is_empty())
        .collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let opening = Opening { reading, contract, renames: &mut BTreeSet::new() };
    let recalled = opening.visit(Recall { wanted: &wanted })?.out;
    if recalled.len() < wanted.len() {
        let source = io::Error::other("it changed while it was read; run again");
        return Err(IntakeError::Unreadable { file: reading.file.name.clone(), source });
    }
    Ok(recalled)
}

/// Finds rows again by piece and place.
struct Recall<'w> {
    wanted: &'w BTreeMap<usize, Vec<usize>>,
}

impl Visit for Recall<'_> {
    type Out = BTreeMap<usize, Vec<Recalled>>;

    fn visit<P, N, C, R, A, B>(self, pieces: Pieces<N, C, R, A, B>) -> Result<Self::Out, IntakeError>
    where
        P: Send + Sync,
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, &[usize]) -> Vec<Recalled> + Sync,
        A: Fn(&P, &mut Amending<'_>) -> Result<(), IntakeError>,
        B: Fn(&P) -> u64,
    {
        let Pieces { mut next, recall, .. } = pieces;
        let last = self.wanted.keys().next_back().copied().unwrap_or(0);
        let mut found = BTreeMap::new();
        for at in 0..=last {
            let Some(piece) = next()? else { break };
            if let Some(places) = self.wanted.get(&at) {
                found.insert(at, recall(&piece, places));
            }
        }
        Ok(found)
    }
}
