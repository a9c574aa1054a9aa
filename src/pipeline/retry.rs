//! `advocate quarantine retry`: rows that were put aside and corrected since, held against the study again.

use super::PipelineError;
use super::run::Folder;
use crate::intake::{Cache, CorrectedRow, Corrections, CorrectionsFile, Intake};
use crate::study::Study;
use serde::Serialize;
use std::fs::File;
use std::path::PathBuf;

/// Where the corrected rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Corrected {
    /// In a file that quarantine wrote and somebody corrected.
    File(PathBuf),
    /// Beside the study already; they are held against the files as they are now.
    Accepted,
}

/// What becomes of rows that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// They are kept beside the study, so that the next run uses them.
    Accepted,
    /// Nothing is written.
    Nothing,
}

/// What became of corrected rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retried {
    /// Rows that are used from the next run on, or sound and outside of what the study sees.
    pub accepted: Vec<CorrectedRow>,
    /// All others, each with its reason.
    pub refused: Vec<CorrectedRow>,
    /// Rows in which nothing was changed.
    pub n_unchanged: usize,
    /// Where the accepted ones are kept; nothing where none was, or none should be.
    pub kept_in: Option<PathBuf>,
    /// All corrections in that file.
    pub n_kept: usize,
}

/// Reads all sources in a temporary folder with the corrected rows in the place of those that were put aside, and keeps those
/// that hold.
///
/// # Errors
/// What intake refuses, a file of corrected rows that is none, and a file that cannot be written.
pub fn retry(study: &Study, cache: &Cache, from: &Corrected, keep: Keep) -> Result<Retried, PipelineError> {
    let path = CorrectionsFile::path_of(study);
    // Held until the end: of two that read the same corrections the second would write the first one's away.
    let _alone = (keep == Keep::Accepted).then(|| alone(study));
    let earlier = Corrections::of_study(study)?;
    let candidates = match from {
        Corrected::File(file) => Corrections::read(file)?.for_any_content(),
        Corrected::Accepted => earlier.clone().for_any_content(),
    };
    let folder = Folder::temporary()?;
    let intake = Intake::run_corrected(study, &folder.folders(), cache, &earlier.with(&candidates), &|_| {})?;
    let rows: Vec<CorrectedRow> = intake.corrected().filter(|row| candidates.has(row)).cloned().collect();
    let kept = earlier.with_accepted(&candidates, &rows, &intake.accounts);
    let is_kept = keep == Keep::Accepted && rows.iter().any(|row| row.verdict.is_accepted());
    if is_kept {
        kept.write(&path)?;
    }
    let n_unchanged = rows.iter().filter(|row| row.verdict.is_unchanged()).count();
    let (accepted, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.verdict.is_accepted());
    let refused = others.into_iter().filter(|row| !row.verdict.is_unchanged()).collect();
    let n_kept = if is_kept { kept.len() } else { earlier.len() };
    Ok(Retried { accepted, refused, n_unchanged, kept_in: is_kept.then_some(path), n_kept })
}

/// Waits until nobody else keeps corrections of this study, on systems and disks that can lock files.
fn alone(study: &Study) -> Option<File> {
    let file = File::open(study.sources.feedback.files.base_dir.join(study.file())).ok()?;
    file.lock().ok()?;
    Some(file)
}
