//! Rows that a statement gave over typed tables, kept under a word for both. What they are is the affair of whoever asks for them.

use super::folder::{Cache, Keeping, UNFINISHED, remove, rows_name};
use super::record::{self, ENTRY, FORMAT_VERSION};
use crate::intake::hash;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::TempDir;

const ROWS: &str = "rows";

/// `entry.json` of kept rows, behind a line with the SHA-256 of the rest.
#[derive(Debug, Serialize, Deserialize)]
struct RowsRecord {
    format_version: u32,
    /// What decides what the rows are.
    word: String,
    sha256: String,
}

/// Rows about to be kept; removed again where they do not come to their end.
#[derive(Debug)]
pub struct RowsDraft(TempDir);

impl RowsDraft {
    /// Where they are to be written.
    pub fn path(&self) -> PathBuf {
        self.0.path().join(ROWS)
    }
}

impl Cache {
    /// The file that was kept under a word, where every byte of it is as it was written, and its record: while that is open nobody
    /// removes it.
    ///
    /// The word is a SHA-256 in hexadecimal of everything that decides what the rows are.
    pub fn rows(&self, word: &str) -> Option<(File, File)> {
        let folder = self.place_of(word)?;
        let found = open(&folder, word);
        if found.is_none() && self.keeping != Keeping::Untouched && folder.exists() {
            remove(&folder);
        }
        found
    }

    /// A place for rows that are to be kept; nothing where nothing is.
    pub fn rows_draft(&self) -> Option<RowsDraft> {
        let folder = self.folder.as_ref().filter(|_| self.keeping != Keeping::Untouched)?;
        tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(folder).ok().map(RowsDraft)
    }

    /// Keeps rows that are complete. A cache that cannot be written is done without.
    pub fn keep_rows(&self, word: &str, draft: RowsDraft) {
        if let Some(place) = self.place_of(word) {
            // What went wrong costs the next run time and nothing else.
            let _ = keep(draft, word, &place);
        }
    }

    fn place_of(&self, word: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(rows_name(word)))
    }
}

fn open(folder: &Path, word: &str) -> Option<(File, File)> {
    let held = File::open(folder.join(ENTRY)).ok()?;
    // Somebody is about to remove it. A system without such locks says something else, and is trusted to be used alone.
    if matches!(held.try_lock_shared(), Err(fs::TryLockError::WouldBlock)) {
        return None;
    }
    let text = fs::read_to_string(folder.join(ENTRY)).ok()?;
    let record: RowsRecord = serde_json::from_str(record::unsealed(&text)?).ok()?;
    let mut rows = File::open(folder.join(ROWS)).ok()?;
    // A folder can be given another name.
    let is_asked_for = record.format_version == FORMAT_VERSION && record.word == word;
    if !is_asked_for || hash::of(&mut rows).ok()?.sha256 != record.sha256 {
        return None;
    }
    rows.rewind().ok()?;
    // When it was last of use decides how long it stays; where that cannot be noted, it stays less long.
    let _ = File::options().append(true).open(folder.join(ENTRY)).and_then(|own| own.set_modified(SystemTime::now()));
    Some((rows, held))
}

fn keep(RowsDraft(draft): RowsDraft, word: &str, place: &Path) -> io::Result<()> {
    let sha256 = hash::of_file(&draft.path().join(ROWS))?.sha256;
    let record = RowsRecord { format_version: FORMAT_VERSION, word: word.to_owned(), sha256 };
    fs::write(draft.path().join(ENTRY), record::sealed(&serde_json::to_string(&record)?))?;
    // Where another run was faster, its rows stand.
    fs::rename(draft.path(), place)?;
    // Nothing is left where the folder was.
    let _ = draft.keep();
    Ok(())
}
