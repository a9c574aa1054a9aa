//! The folder of the cache: finding entries, making room, and keeping out of the way of other runs.

use super::draft::Draft;
use super::entry::Entry;
use super::finished::TableSlot;
use super::key;
use super::record::{self, ENTRY};
use super::zone_record::KnownZones;
use crate::intake::IntakeError;
use crate::intake::contract::{Column, Contract};
use crate::intake::database;
use crate::intake::files::{Layout, SourceFile};
use crate::intake::hash::HashedFile;
use crate::study::Files;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Entries in the making.
pub(super) const UNFINISHED: &str = ".unfinished-";
/// Finished tables.
const FINISHED: &str = "table-";
/// Rows made of them.
const ROWS: &str = "rows-";
/// An unfinished entry that is younger than this may be somebody's work.
const YOUNG: Duration = Duration::from_secs(3600);
/// Rows that were of no use for so long go, however small: a study whose date moves daily asks in other words each day.
const ROWS_STAY: Duration = Duration::from_secs(30 * 86_400);
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# Source files as they were parsed and joined, kept by advocate so that \
                        this need not be done again. This folder may be deleted at any time.\n";

/// Where runs keep what became of the files that they have parsed and joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    pub(super) folder: Option<PathBuf>,
    /// Names of the entries that were there at the beginning.
    entries: BTreeSet<String>,
    pub(super) keeping: Keeping,
    /// Whether finished tables are kept beside what became of each file.
    with_tables: bool,
}

/// What happens to a cache's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// They are read, and nothing else.
    Untouched,
    /// New ones are added, and old ones removed beyond so many bytes.
    UpTo(u64),
}

impl Cache {
    /// No cache: everything is parsed.
    pub fn none() -> Self {
        Self { folder: None, entries: BTreeSet::new(), keeping: Keeping::Untouched, with_tables: false }
    }

    /// A folder that earlier runs may have left. It is only read, and not made where it is missing.
    pub fn of_earlier(folder: &Path) -> Self {
        Self::open(folder, Keeping::Untouched)
    }

    /// A folder, made where it is missing. What it holds beyond `max_bytes` is removed by [`Cache::make_room`].
    ///
    /// A folder that cannot be made or written is done without; results do not depend on it.
    pub fn within(folder: &Path, max_bytes: u64) -> Self {
        if fs::create_dir_all(folder).is_err() {
            return Self::none();
        }
        let tag = folder.join(TAG);
        if !tag.exists() {
            let _ = fs::write(tag, TAG_TEXT);
        }
        Self::open(folder, Keeping::UpTo(max_bytes))
    }

    /// Whether there is a folder.
    pub fn is_there(&self) -> bool {
        self.folder.is_some()
    }

    /// The same without finished tables, so that what is kept of single files shows.
    #[cfg(test)]
    pub(in crate::intake) fn of_files_alone(self) -> Self {
        Self { with_tables: false, ..self }
    }

    fn open(folder: &Path, keeping: Keeping) -> Self {
        let Ok(found) = fs::read_dir(folder) else { return Self::none() };
        let entries = found.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let entries = entries.filter(|name| is_entry(name)).collect();
        Self { folder: Some(folder.to_owned()), entries, keeping, with_tables: true }
    }

    /// The cache of one source.
    pub(in crate::intake) fn of_source(&self, contract: &Contract, files: &Files) -> SourceCache<'_> {
        let key = if self.folder.is_some() { key::of_source(contract, files) } else { String::new() };
        let zone = contract.zone.map(|at| contract.columns[at].clone());
        let has_query = files.query.is_some();
        SourceCache { cache: self, zone, known_zones: Arc::default(), key, has_query, hashed: Mutex::default() }
    }

    /// Removes the entries that were of use the longest ago until those that are left take no more room than they may, and
    /// what killed runs have left.
    pub fn make_room(&self) {
        let Keeping::UpTo(max_bytes) = self.keeping else { return };
        let Some(found) = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok()) else { return };
        let mut entries = Vec::new();
        for entry in found.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if name.starts_with(UNFINISHED) && age(&path).is_some_and(|age| age > YOUNG) {
                let _ = fs::remove_dir_all(&path);
            } else if is_entry(&name) {
                // One without its record was being removed when the run was killed.
                let used = fs::metadata(path.join(ENTRY)).and_then(|record| record.modified());
                let used = used.unwrap_or(SystemTime::UNIX_EPOCH);
                if name.starts_with(ROWS) && used.elapsed().is_ok_and(|age| age > ROWS_STAY) {
                    remove(&path);
                } else {
                    entries.push((used, path));
                }
            }
        }
        entries.sort();
        let mut n_bytes = 0;
        for (_, path) in entries.iter().rev() {
            n_bytes += size(path);
            if n_bytes > max_bytes {
                remove(path);
            }
        }
    }
}

/// The name of an entry's folder.
pub(super) fn entry_name(key: &str, bytes: u64, sha256: &str) -> String {
    format!("{key}-{bytes}-{}", sha256.get(..32).unwrap_or(sha256))
}

/// The name of a finished table's folder.
pub(super) fn table_name(key: &str, bytes: u64, sha256: &str) -> String {
    format!("{FINISHED}{}", entry_name(key, bytes, sha256))
}

/// The name of the folder of kept rows.
pub(super) fn rows_name(word: &str) -> String {
    format!("{ROWS}{}", word.get(..32).unwrap_or(word))
}

fn is_entry(name: &str) -> bool {
    let is_hash = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(word) = name.strip_prefix(ROWS) {
        return is_hash(word);
    }
    let parts: Vec<&str> = name.strip_prefix(FINISHED).unwrap_or(name).split('-').collect();
    matches!(parts[..], [key, bytes, sha] if is_hash(key) && is_hash(sha) && bytes.parse::<u64>().is_ok())
}

fn age(path: &Path) -> Option<Duration> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?.elapsed().ok()
}

fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
}

/// Removes an entry that nobody reads. Its record goes first, so that nobody begins to.
pub(super) fn remove(entry: &Path) {
    let record = entry.join(ENTRY);
    // Held until the entry is gone.
    let held = File::open(&record).ok();
    if held.as_ref().is_some_and(|held| matches!(held.try_lock(), Err(fs::TryLockError::WouldBlock))) {
        return;
    }
    let _ = fs::remove_file(record);
    let _ = fs::remove_dir_all(entry);
}

/// The cache for the files of one source.
pub(in crate::intake) struct SourceCache<'c> {
    cache: &'c Cache,
    /// What says a zone for each file, where the names of files do.
    zone: Option<Column>,
    known_zones: Arc<KnownZones>,
    key: String,
    has_query: bool,
    /// Files that were hashed already, by name.
    hashed: Mutex<BTreeMap<String, HashedFile>>,
}

impl SourceCache<'_> {
    /// The place of a file's entry; nothing without a cache, and for files that are not parsed or may change without their
    /// bytes.
    pub(in crate::intake) fn slot(&self, file: &SourceFile) -> Option<Slot> {
        let folder = self.cache.folder.clone()?;
        // Typed already, or part of several files that make rows together.
        let is_parsed = !matches!(file.layout, Layout::Parquet | Layout::Arrow | Layout::ExportTable(_));
        if !is_parsed || !self.is_told_by_its_bytes(file) {
            return None;
        }
        let key = self.key_of(file)[..32].to_owned();
        // A file of another size than every entry's need not be hashed before it is read.
        let may_be_there = self.has_entry_that_begins(&format!("{key}-{}-", file.n_bytes));
        let known_zones = Arc::clone(&self.known_zones);
        Some(Slot { folder, key, known_zones, may_be_there, keeping: self.cache.keeping })
    }

    /// The place of the finished table of a source; `shape` is what its columns are. Nothing where a file may change without its
    /// bytes.
    pub(in crate::intake) fn table_slot(&self, shape: &str, found: &[SourceFile]) -> Option<TableSlot> {
        let folder = self.cache.folder.clone().filter(|_| self.cache.with_tables)?;
        if found.is_empty() || !found.iter().all(|file| self.is_told_by_its_bytes(file)) {
            return None;
        }
        let files: Vec<String> = found.iter().map(|file| format!("{:?} {}", file.name, self.key_of(file))).collect();
        let key = record::hash(format!("{shape}\n{}", files.join("\n")).as_bytes())[..32].to_owned();
        let n_bytes: u64 = found.iter().map(|file| file.n_bytes).sum();
        let may_be_there = self.has_entry_that_begins(&table_name(&key, n_bytes, ""));
        let known_zones = Arc::clone(&self.known_zones);
        Some(TableSlot { folder, key, n_bytes, known_zones, may_be_there, keeping: self.cache.keeping })
    }

    /// Notes that the entries of files were of use, since the table that was made of them was.
    pub(in crate::intake) fn touch(&self, found: &[SourceFile], hashed: &[HashedFile]) {
        for (file, HashedFile { bytes, sha256 }) in found.iter().zip(hashed) {
            let Some(slot) = self.slot(file).filter(|own| own.keeping != Keeping::Untouched) else { continue };
            let record = slot.folder.join(entry_name(&slot.key, *bytes, sha256)).join(ENTRY);
            // What cannot be noted stays less long.
            let _ = File::options().append(true).open(record).and_then(|own| own.set_modified(SystemTime::now()));
        }
    }

    /// Takes the hashes of files that are known before they are read.
    pub(in crate::intake) fn know(&self, found: &[SourceFile], hashed: Vec<HashedFile>) {
        self.known_hashes().extend(found.iter().map(|file| file.name.clone()).zip(hashed));
    }

    /// The hash of a file, where it is known.
    pub(in crate::intake) fn hashed(&self, file: &SourceFile) -> Option<HashedFile> {
        self.known_hashes().get(&file.name).cloned()
    }

    fn known_hashes(&self) -> MutexGuard<'_, BTreeMap<String, HashedFile>> {
        self.hashed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry of a file, where it is there and whole.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(in crate::intake) fn entry(&self, file: &SourceFile) -> Result<Option<Entry>, IntakeError> {
        let Some(slot) = self.slot(file).filter(Slot::may_be_there) else { return Ok(None) };
        let known = match self.hashed(file) {
            Some(known) => known,
            None => {
                let known = file.hashed()?;
                self.know(std::slice::from_ref(file), vec![known.clone()]);
                known
            }
        };
        Ok(slot.find(&known))
    }

    fn key_of(&self, file: &SourceFile) -> String {
        let zone = self.zone.as_ref().and_then(|own| own.zone_of_file(&file.name));
        key::of_file(&self.key, file, zone.as_deref())
    }

    fn has_entry_that_begins(&self, prefix: &str) -> bool {
        self.cache.entries.range(prefix.to_owned()..).next().is_some_and(|own| own.starts_with(prefix))
    }

    /// Whether the same bytes are always the same rows.
    fn is_told_by_its_bytes(&self, file: &SourceFile) -> bool {
        match file.layout {
            Layout::Separated(_)
            | Layout::Export(..)
            | Layout::ExportJson(_)
            | Layout::ExportTable(_)
            | Layout::JsonLines
            | Layout::Workbook
            | Layout::Parquet
            | Layout::Arrow => true,
            // A query may ask for the time or for chance; what is written may still lie in a journal beside the file.
            Layout::Sqlite => !self.has_query && !database::has_journal(&file.path),
            // Not known without asking the server.
            Layout::Postgres => false,
        }
    }
}

/// Where the entry of one file is, or would be.
pub(in crate::intake) struct Slot {
    folder: PathBuf,
    key: String,
    known_zones: Arc<KnownZones>,
    may_be_there: bool,
    keeping: Keeping,
}

impl Slot {
    /// Whether there is an entry for a file of this size.
    pub(in crate::intake) fn may_be_there(&self) -> bool {
        self.may_be_there
    }

    /// The entry for a file of this content, where it is there and whole. One that is damaged is removed, so that a new one finds
    /// its place empty.
    pub(in crate::intake) fn find(&self, file: &HashedFile) -> Option<Entry> {
        if !self.may_be_there {
            return None;
        }
        let HashedFile { bytes, sha256 } = file;
        let folder = self.folder.join(entry_name(&self.key, *bytes, sha256));
        let entry = Entry::open(&folder, sha256, &self.known_zones);
        if entry.is_none() && self.keeping != Keeping::Untouched && folder.exists() {
            remove(&folder);
        }
        entry
    }

    /// A new entry, where the folder may and can be written.
    pub(in crate::intake) fn draft(&self) -> Option<Draft> {
        if self.keeping == Keeping::Untouched {
            return None;
        }
        let folder = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.folder).ok()?;
        Some(Draft::new(folder, self.key.clone(), Arc::clone(&self.known_zones)))
    }
}
