//! A whole source of which nothing has changed: its finished table, its account and its rows put aside, as they were.

use super::folder::{Keeping, UNFINISHED, remove, table_name};
use super::record::{self, ENTRY, FORMAT_VERSION};
use super::zone_record::{KnownZones, ZoneRecord};
use crate::intake::IntakeError;
use crate::intake::account::SourceAccount;
use crate::intake::contract::Contract;
use crate::intake::folding::Writing;
use crate::intake::hash::{self, HashedFile};
use crate::intake::notes::Notes;
use crate::intake::sight::Sight;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

const TABLE: &str = "table.parquet";
const WRITINGS: &str = "writings.bin";
/// The rows put aside, in the order of [`Places::quarantine`].
const QUARANTINE: [&str; 2] = ["quarantine.csv", "quarantine.parquet"];

/// What is known of a finished table beside its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::intake) struct TableFacts {
    pub(in crate::intake) n_rows: u64,
    pub(in crate::intake) first_t: Option<i64>,
    pub(in crate::intake) last_t: Option<i64>,
    /// Text columns that have become numbers.
    pub(in crate::intake) numbers: BTreeSet<usize>,
}

/// Where a table and its rows put aside lie outside of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::intake) struct Places {
    pub(in crate::intake) table: PathBuf,
    pub(in crate::intake) quarantine: [PathBuf; 2],
}

/// `entry.json` of a finished table, behind a line with the SHA-256 of the rest.
#[derive(Debug, Serialize, Deserialize)]
struct FinishedRecord {
    format_version: u32,
    /// SHA-256 of the source's files, in their order.
    sources: Vec<String>,
    account: SourceAccount,
    facts: TableFacts,
    sight: Sight,
    zones: ZoneRecord,
    /// Its other files, each with its SHA-256.
    files: Vec<KeptFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptFile {
    name: String,
    sha256: String,
}

/// Where the finished table of a source is, or would be.
pub(in crate::intake) struct TableSlot {
    pub(super) folder: PathBuf,
    pub(super) key: String,
    pub(super) n_bytes: u64,
    pub(super) known_zones: Arc<KnownZones>,
    pub(super) may_be_there: bool,
    pub(super) keeping: Keeping,
}

/// A finished table, every byte of which is known to be as it was written.
pub(in crate::intake) struct Finished {
    folder: PathBuf,
    record: FinishedRecord,
    /// Kept so that nobody removes the table while it is taken.
    _held: File,
}

impl TableSlot {
    /// Whether there is a table for files of this size, so that it is worth while to hash them before they are read.
    pub(in crate::intake) fn may_be_there(&self) -> bool {
        self.may_be_there
    }

    /// The table for files of this content, where it is there and whole, and where a study whose sight ends at `end_us` sees the
    /// same rows. One that cannot be used is removed, so that a new one finds its place empty.
    pub(in crate::intake) fn find(&self, sources: &[HashedFile], end_us: i64) -> Option<Finished> {
        let folder = self.place(sources.iter().map(|own| own.sha256.as_str()));
        let found = Finished::open(&folder, sources, end_us, &self.known_zones);
        if found.is_none() && self.keeping != Keeping::Untouched && folder.exists() {
            remove(&folder);
        }
        found
    }

    /// Keeps a table that was just finished, and gives its SHA-256. A cache that cannot be written is done without.
    pub(in crate::intake) fn keep(
        &self,
        account: &SourceAccount,
        facts: &TableFacts,
        notes: &Notes,
        places: &Places,
    ) -> Option<String> {
        // What went wrong costs the next run time and nothing else.
        (self.keeping != Keeping::Untouched).then(|| self.try_keep(account, facts, notes, places).ok()).flatten()
    }

    fn try_keep(
        &self,
        account: &SourceAccount,
        facts: &TableFacts,
        notes: &Notes,
        places: &Places,
    ) -> io::Result<String> {
        let draft = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.folder)?;
        let own = |name: &str| draft.path().join(name);
        link(&places.table, &own(TABLE))?;
        let mut names = vec![TABLE];
        for (name, from) in QUARANTINE.into_iter().zip(&places.quarantine) {
            if from.exists() {
                fs::copy(from, own(name))?;
                names.push(name);
            }
        }
        if let Some(writings) = &notes.writings {
            fs::write(own(WRITINGS), bytes_of(writings))?;
            names.push(WRITINGS);
        }
        let kept = |name: &str| -> io::Result<KeptFile> {
            Ok(KeptFile { name: name.to_owned(), sha256: hash::of_file(&own(name))?.sha256 })
        };
        let record = FinishedRecord {
            format_version: FORMAT_VERSION,
            sources: account.files.iter().map(|file| file.sha256.clone()).collect(),
            account: account.clone(),
            facts: facts.clone(),
            sight: notes.sight,
            zones: ZoneRecord::of(&notes.zones, &self.known_zones),
            files: names.into_iter().map(kept).collect::<io::Result<_>>()?,
        };
        fs::write(own(ENTRY), record::sealed(&serde_json::to_string(&record)?))?;
        fs::rename(draft.path(), self.place(record.sources.iter().map(String::as_str)))?;
        // Nothing is left where the folder was.
        let _ = draft.keep();
        Ok(record.files[0].sha256.clone())
    }

    fn place<'s>(&self, sources: impl Iterator<Item = &'s str>) -> PathBuf {
        let all = record::hash(sources.collect::<Vec<_>>().join("\n").as_bytes());
        self.folder.join(table_name(&self.key, self.n_bytes, &all))
    }
}

impl Finished {
    fn open(folder: &Path, sources: &[HashedFile], end_us: i64, zones: &KnownZones) -> Option<Self> {
        let held = File::open(folder.join(ENTRY)).ok()?;
        // Somebody is about to remove it. A system without such locks says something else, and is trusted to be used alone.
        if matches!(held.try_lock_shared(), Err(fs::TryLockError::WouldBlock)) {
            return None;
        }
        let text = fs::read_to_string(folder.join(ENTRY)).ok()?;
        let record: FinishedRecord = serde_json::from_str(record::unsealed(&text)?).ok()?;
        let is_of_these = record.format_version == FORMAT_VERSION
            && record.sources.iter().eq(sources.iter().map(|own| &own.sha256))
            && record.sight.holds(end_us)
            && record.zones.is_still_so(zones);
        if !is_of_these {
            return None;
        }
        let is_whole = record
            .files
            .par_iter()
            .all(|file| hash::of_file(&folder.join(&file.name)).is_ok_and(|own| own.sha256 == file.sha256));
        if !is_whole {
            return None;
        }
        // When it was last of use decides how long it stays; where that cannot be noted, it stays less long.
        let _ =
            File::options().append(true).open(folder.join(ENTRY)).and_then(|own| own.set_modified(SystemTime::now()));
        Some(Self { folder: folder.to_owned(), record, _held: held })
    }

    /// SHA-256 of the table.
    pub(in crate::intake) fn table_sha256(&self) -> Option<String> {
        self.record.files.iter().find(|file| file.name == TABLE).map(|file| file.sha256.clone())
    }

    /// Puts the table and the rows put aside into their places, and says what was said of them.
    pub(in crate::intake) fn take(
        self,
        places: &Places,
        contract: &Contract,
    ) -> Result<(SourceAccount, TableFacts), IntakeError> {
        let failed = |path: &Path| {
            let file = path.display().to_string();
            move |source| IntakeError::Output { file, source }
        };
        let has = |name: &str| self.record.files.iter().any(|file| file.name == name);
        make_folder_of(&places.table).map_err(failed(&places.table))?;
        link(&self.folder.join(TABLE), &places.table).map_err(failed(&places.table))?;
        for (name, to) in QUARANTINE.into_iter().zip(&places.quarantine).filter(|(name, _)| has(name)) {
            // A copy, since it belongs to the results, where somebody may correct it.
            let copied = make_folder_of(to).and_then(|()| fs::copy(self.folder.join(name), to));
            copied.map_err(failed(to))?;
        }
        let mut account = self.record.account;
        if self.record.files.iter().any(|file| file.name == WRITINGS) {
            let path = self.folder.join(WRITINGS);
            let bytes = fs::read(&path)
                .map_err(|source| IntakeError::Unreadable { file: path.display().to_string(), source })?;
            // What other sources wrote before it may have changed.
            account.keys_folded_together = contract.identity.note(&writings_of(&bytes));
        }
        Ok((account, self.record.facts))
    }
}

fn make_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// A second name for a file that nobody changes, or a copy where the system gives none.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(_) => fs::copy(from, to).map(|_| ()),
    }
}

/// Writings as pairs of numbers of eight bytes, lowest byte first.
fn bytes_of(writings: &BTreeSet<Writing>) -> Vec<u8> {
    writings.iter().flat_map(|&own| <[u64; 2]>::from(own)).flat_map(u64::to_le_bytes).collect()
}

fn writings_of(bytes: &[u8]) -> Vec<Writing> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    bytes.chunks_exact(16).map(|pair| Writing::from([number(&pair[..8]), number(&pair[8..])])).collect()
}
