//! A source from its first file to its last, each from the cache where it holds what became of it.

use super::IntakeError;
use super::ahead;
use super::cache::SourceCache;
use super::contract::Contract;
use super::corrections;
use super::files::SourceFile;
use super::ledger::{Closed, Ledger};
use super::long_tables;
use super::newest::Newest;
use super::opened::{Opening, Reading};
use super::pages;
use super::progress::Reporter;
use super::read_file::ReadFile;
use super::replay;
use super::through::Through;
use crate::study::Files;
use std::collections::BTreeSet;
use std::io;

/// Reads all files of a source into a ledger.
pub(super) fn read_source(
    files: &Files,
    found: &[SourceFile],
    cache: &SourceCache<'_>,
    reporter: &mut Reporter<'_>,
    mut ledger: Ledger<'_, '_>,
) -> Result<Closed, IntakeError> {
    let mut renames = BTreeSet::new();
    if long_tables::are_of(files) {
        long_tables::read(found, files, &mut renames, reporter, &mut ledger)?;
    } else {
        ledger.newest = Newest::of(found, files, ledger.contract, cache)?;
        read_files(found, files, cache, &mut renames, reporter, &mut ledger)?;
        ledger.account.remarks.extend(pages::missing(found)?);
    }
    corrections::apply(found, files, &mut ledger)?;
    if let Some(column) = files.rename.keys().find(|from| !renames.contains(*from)) {
        let source_name = ledger.contract.source.clone();
        return Err(IntakeError::RenamesNothing { source_name, column: column.clone() });
    }
    ledger.finish()
}

/// File by file, several small ones at a time.
fn read_files(
    found: &[SourceFile],
    files: &Files,
    cache: &SourceCache<'_>,
    renames: &mut BTreeSet<String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let mut left = found;
    while !left.is_empty() {
        let (now, later) = left.split_at(ahead::n_small(left, cache, ledger).max(1));
        if let [file] = now {
            read_file(Reading { file, files }, cache, renames, reporter, ledger)?;
        } else {
            let waiting = ahead::check_all(now, files, ledger.contract, cache);
            for (file, waiting) in now.iter().zip(waiting) {
                waiting?.take(Reading { file, files }, renames, reporter, ledger)?;
            }
        }
        left = later;
    }
    Ok(())
}

fn read_file(
    reading: Reading<'_>,
    cache: &SourceCache<'_>,
    renames: &mut BTreeSet<String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let (file, contract): (_, &Contract) = (reading.file, ledger.contract);
    let slot = cache.slot(file);
    let is_wanted = slot.as_ref().is_some_and(|slot| slot.may_be_there()) || ledger.corrections.asks_for_hash(file);
    let known = match cache.hashed(file) {
        Some(known) => Some(known),
        None if is_wanted => Some(file.hashed()?),
        None => None,
    };
    ledger.corrections.begin(file, known.as_ref().map(|own| own.sha256.as_str()));
    if let (Some(slot), Some(known)) = (&slot, &known)
        && let Some(entry) = slot.find(known)
    {
        return replay::replay(reading, entry, renames, reporter, ledger);
    }
    let mut own = BTreeSet::new();
    let opening = Opening { reading, contract, renames: &mut own };
    let draft = slot.and_then(|slot| slot.draft());
    let through = Through { file, reporter: &mut *reporter, ledger: &mut *ledger, draft };
    let mut visited = opening.visit(through)?;
    let draft = visited.out.draft.take().filter(|_| !visited.is_partial);
    let (rows_read, first_line, is_text) = (visited.out.n_rows, visited.out.first_line, visited.is_text());
    let hashed = visited.fingerprint(file)?;
    if known.is_some_and(|known| known.sha256 != hashed.sha256) {
        let source = io::Error::other("it changed while it was read; run again");
        return Err(IntakeError::Unreadable { file: file.name.clone(), source });
    }
    if !is_text {
        reporter.add(&contract.source, hashed.bytes);
    }
    ReadFile { rows_read, first_line, hashed, renames: own, draft }.close(file, renames, ledger)
}
