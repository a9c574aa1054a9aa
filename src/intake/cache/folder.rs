//! The folder of the cache: finding entries, making room, and keeping out of the way of other runs.

use super::draft::Draft;
use super::entry::Entry;
use super::key;
use super::record::ENTRY;
use super::zone_record::KnownZones;
use crate::intake::contract::{Column, Contract};
use crate::intake::files::{Layout, SourceFile};
use crate::intake::hash::HashedFile;
use crate::study::Files;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Entries in the making.
const UNFINISHED: &str = ".unfinished-";
/// An unfinished entry that is younger than this may be somebody's work.
const YOUNG: Duration = Duration::from_secs(3600);
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# Parsed source files, kept by advocate so that they need \
                        not be parsed again. This folder may be deleted at any time.\n";

/// Where runs keep what became of the files that they have parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: Option<PathBuf>,
    /// Names of the entries that were there at the beginning.
    entries: BTreeSet<String>,
    keeping: Keeping,
}

/// What happens to a cache's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    /// They are read, and nothing else.
    Untouched,
    /// New ones are added, and old ones removed beyond so many bytes.
    UpTo(u64),
}

impl Cache {
    /// No cache: everything is parsed.
    pub fn none() -> Self {
        Self { folder: None, entries: BTreeSet::new(), keeping: Keeping::Untouched }
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

    fn open(folder: &Path, keeping: Keeping) -> Self {
        let Ok(found) = fs::read_dir(folder) else { return Self::none() };
        let entries = found.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        Self { folder: Some(folder.to_owned()), entries: entries.filter(|name| is_entry(name)).collect(), keeping }
    }

    /// The cache of one source.
    pub(in crate::intake) fn of_source(&self, contract: &Contract, files: &Files) -> SourceCache<'_> {
        let key = if self.folder.is_some() { key::of_source(contract, files) } else { String::new() };
        let zone = contract.zone.map(|at| contract.columns[at].clone());
        SourceCache { cache: self, zone, known_zones: Arc::default(), key, has_query: files.query.is_some() }
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
                entries.push((used.unwrap_or(SystemTime::UNIX_EPOCH), path));
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
    format!("{key}-{bytes}-{}", &sha256[..32])
}

fn is_entry(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let is_hash = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
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
fn remove(entry: &Path) {
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
}

impl SourceCache<'_> {
    /// The place of a file's entry; nothing without a cache, and for files that are not parsed or may change without their
    /// bytes.
    pub(in crate::intake) fn slot(&self, file: &SourceFile) -> Option<Slot> {
        let folder = self.cache.folder.clone()?;
        let is_parsed = match file.layout {
            Layout::Separated(_)
            | Layout::Export(..)
            | Layout::ExportJson(_)
            | Layout::JsonLines
            | Layout::Workbook => true,
            // A query may ask for the time or for chance; what is written may still lie in a journal beside the file.
            Layout::Sqlite => !self.has_query && !has_journal(&file.path),
            // Typed already, not known without asking the server, or part of several files that make rows together.
            Layout::Parquet | Layout::Arrow | Layout::Postgres | Layout::ExportTable(_) => false,
        };
        if !is_parsed {
            return None;
        }
        let zone = self.zone.as_ref().and_then(|own| own.zone_of_file(&file.name));
        let key = key::of_file(&self.key, file, zone.as_deref())[..32].to_owned();
        // A file of another size than every entry's need not be hashed before it is read.
        let prefix = format!("{key}-{}-", file.n_bytes);
        let may_be_there =
            self.cache.entries.range(prefix.clone()..).next().is_some_and(|own| own.starts_with(&prefix));
        let known_zones = Arc::clone(&self.known_zones);
        Some(Slot { folder, key, known_zones, may_be_there, keeping: self.cache.keeping })
    }
}

fn has_journal(path: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        fs::metadata(PathBuf::from(name)).is_ok_and(|metadata| metadata.len() > 0)
    })
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
