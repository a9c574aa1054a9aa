//! Corrections by the row to which they belong, and the file beside a study that holds those in force.

use super::correction::{Correction, RowKey};
use super::sheet;
use super::verdict::CorrectedRow;
use super::waiting::Waiting;
use crate::intake::IntakeError;
use crate::intake::account::SourceAccount;
use crate::intake::hash;
use crate::study::Study;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What stands behind the study's name in that of the file.
pub(in crate::intake) const CORRECTIONS: &str = ".corrections.csv";

/// Corrections of rows that were put aside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corrections {
    rows: BTreeMap<RowKey, Vec<Correction>>,
}

/// The file of the corrections that a run used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectionsFile {
    /// Its name; it lies beside the study.
    pub path: String,
    /// Its SHA-256.
    pub sha256: String,
}

impl CorrectionsFile {
    /// Where a study's corrections lie: `mine.corrections.csv` beside `mine.toml`.
    pub fn path_of(study: &Study) -> PathBuf {
        let stem = Path::new(study.file()).file_stem().unwrap_or_default().to_string_lossy();
        study.sources.feedback.files.base_dir.join(format!("{stem}{CORRECTIONS}"))
    }

    /// The file, where there is one.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of(study: &Study) -> Result<Option<Self>, IntakeError> {
        let path = Self::path_of(study);
        if !path.exists() {
            return Ok(None);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hashed = hash::of_file(&path)
            .map_err(|source| IntakeError::Unreadable { file: path.display().to_string(), source })?;
        Ok(Some(Self { path: name, sha256: hashed.sha256 }))
    }
}

impl Corrections {
    /// The corrections that lie beside a study; none where there is no such file.
    ///
    /// # Errors
    /// A file that cannot be read, or is no file of corrected rows.
    pub fn of_study(study: &Study) -> Result<Self, IntakeError> {
        let path = CorrectionsFile::path_of(study);
        if path.exists() { Self::read(&path) } else { Ok(Self::default()) }
    }

    /// The corrections of a file.
    ///
    /// # Errors
    /// As [`Corrections::of_study`].
    pub fn read(path: &Path) -> Result<Self, IntakeError> {
        Ok(Self::of(sheet::read(path)?))
    }

    pub(super) fn of(corrections: Vec<Correction>) -> Self {
        let mut rows: BTreeMap<RowKey, Vec<Correction>> = BTreeMap::new();
        for own in corrections {
            rows.entry(own.row()).or_default().push(own);
        }
        Self { rows }
    }

    /// Rows that are corrected.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The same for any content of their files that has their rows.
    #[must_use]
    pub fn for_any_content(mut self) -> Self {
        self.rows.values_mut().flatten().for_each(|own| own.sha256 = None);
        self
    }

    /// These and those of others, which count where both correct a row.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let mut all = self.clone();
        all.rows.extend(others.rows.iter().map(|(row, own)| (row.clone(), own.clone())));
        all
    }

    /// Whether a row is corrected here.
    pub fn has(&self, row: &CorrectedRow) -> bool {
        self.rows.contains_key(&row_key(row))
    }

    /// These and those of the candidates that were accepted, from now on for the content that their files have.
    #[must_use]
    pub fn with_accepted(&self, candidates: &Self, rows: &[CorrectedRow], accounts: &[SourceAccount]) -> Self {
        let mut all = self.clone();
        for row in rows.iter().filter(|row| row.verdict.is_accepted()) {
            let key = row_key(row);
            let Some(own) = candidates.rows.get(&key) else { continue };
            let account = accounts.iter().find(|account| account.source == row.source);
            let file = account.and_then(|account| account.files.iter().find(|file| file.path == row.file));
            let sha256 = file.map(|file| file.sha256.clone());
            // Of a row that stays but for some cells only these are kept: none of its keys, and nothing that another study shows otherwise.
            let is_whole = row.changes.iter().any(|change| change.column.is_none());
            let record = |own: &Correction| own.record.clone().filter(|_| is_whole);
            let bound = own.iter().map(|own| Correction { sha256: sha256.clone(), record: record(own), ..own.clone() });
            let bound = bound.collect();
            all.rows.insert(key, bound);
        }
        all
    }

    /// Writes them into a file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), IntakeError> {
        let rows: Vec<Correction> = self.rows.values().flatten().cloned().collect();
        sheet::write(path, &rows)
    }

    /// Those of one source, about to be read.
    pub(in crate::intake) fn of_source(&self, source: &str) -> Waiting {
        Waiting::new(self.rows.iter().filter(|(row, _)| row.source == source).map(|(row, own)| (row, own.as_slice())))
    }

    /// The rows of sources that are none of those read.
    pub(in crate::intake) fn of_no_source(&self, read: &BTreeSet<&str>) -> Vec<CorrectedRow> {
        let left = self.rows.keys().filter(|row| !read.contains(row.source.as_str()));
        left.map(|row| CorrectedRow {
            source: row.source.clone(),
            file: row.file.clone(),
            line: row.line,
            fingerprint: row.fingerprint.clone(),
            changes: Vec::new(),
            verdict: super::Verdict::NotMade { why: super::Problem::Source },
        })
        .collect()
    }
}

fn row_key(row: &CorrectedRow) -> RowKey {
    RowKey { source: row.source.clone(), file: row.file.clone(), line: row.line, fingerprint: row.fingerprint.clone() }
}
