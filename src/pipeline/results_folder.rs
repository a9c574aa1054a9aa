//! Results appear whole: what every command that leaves a folder of results does around its own work.

use super::PipelineError;
use super::run::{ReadSoFar, RunSettings};
use crate::findings::Finding;
use crate::store::{self, Earlier, Manifest, ModelFile, Staging, Status, StoreError};
use crate::study::Study;
use std::path::{Path, PathBuf};

/// Results that are written, and what their manifest says beside the sources.
pub(super) struct Made<T> {
    pub results: T,
    pub findings: Vec<Finding>,
    /// Models that were read, where the command reads some.
    pub models: Option<Vec<ModelFile>>,
}

/// Results in their place.
pub(super) struct Published<T> {
    pub folder: PathBuf,
    pub results: T,
    /// What of others the earlier folder held.
    pub kept: Vec<String>,
}

/// Lets `make` write into a folder beside the target, adds the manifest and puts the folder into its place. Where `make` fails, earlier
/// results stay, and `TARGET.failed` gets a manifest that says why.
pub(super) fn whole_folder<T>(
    study: &Study,
    settings: &RunSettings,
    target: &Path,
    make: impl FnOnce(&Staging, &mut ReadSoFar) -> Result<Made<T>, PipelineError>,
) -> Result<Published<T>, PipelineError> {
    let failed = target.with_file_name(format!("{}.failed", folder_name(study.as_of.written())));
    let staging = Staging::beside(target)?;
    let mut read = ReadSoFar::default();
    // Asked before the work and not after it; read again at its end, for what was changed meanwhile.
    let made = match Earlier::results(target) {
        Ok(_) => make(&staging, &mut read),
        Err(error) => Err(error.into()),
    };
    settings.cache.make_room();
    match made {
        Ok(Made { results, findings, models }) => {
            Manifest::of(study, &read.sources, &findings, Status::Done, staging.path())?
                .identified(read.identity.as_ref())
                .corrected(read.corrections.as_ref())
                .scored_by(models.as_deref())
                .write(staging.path())?;
            let refused = refused_folder(Path::new(study.file()), &settings.out);
            let (folder, kept) = publish(staging, target, &[failed, refused])?;
            Ok(Published { folder, results, kept })
        }
        Err(error) => {
            // What went wrong is more important than a manifest that cannot be written either.
            let _ = leave_failure(study, &read, &error, &staging, &failed);
            Err(error)
        }
    }
}

/// Takes the target's place, with what others have put into the folder there and into those of earlier failures, which go. Returns
/// the folder and the paths that were kept.
fn publish(staging: Staging, target: &Path, failures: &[PathBuf]) -> Result<(PathBuf, Vec<String>), StoreError> {
    let mut kept = Vec::new();
    if let Some(earlier) = Earlier::results(target)? {
        kept.extend(earlier.keep_in(staging.path())?);
    }
    let mut gone = Vec::new();
    for failure in failures {
        // A folder of that name that is not ours is in nobody's way.
        if let Ok(Some(earlier)) = Earlier::results(failure) {
            kept.extend(earlier.keep_in(staging.path())?);
            gone.push(failure);
        }
    }
    let folder = staging.publish()?;
    for failure in gone {
        std::fs::remove_dir_all(failure).map_err(StoreError::file(failure, "removed"))?;
    }
    Ok((folder, kept))
}

/// Leaves a manifest that says why a study file was refused, in `OUT/FILE.failed`, which the next run that reads the file
/// removes. A file that is not there leaves nothing.
///
/// # Errors
/// A manifest that cannot be written.
pub fn leave_refusal(study_file: &Path, out: &Path, error: &PipelineError) -> Result<(), PipelineError> {
    if study_file.is_file() {
        let target = refused_folder(study_file, out);
        let earlier = Earlier::results(&target)?;
        let staging = Staging::beside(&target)?;
        store::refusal(study_file, error.exit_code(), error.in_words(), staging.path())?;
        if let Some(earlier) = earlier {
            earlier.keep_in(staging.path())?;
        }
        staging.publish()?;
    }
    Ok(())
}

fn refused_folder(study_file: &Path, out: &Path) -> PathBuf {
    let name = study_file.file_name().unwrap_or_default().to_string_lossy();
    out.join(format!("{name}.failed"))
}

/// A folder name from a date or an instant as written: colons are not allowed everywhere.
pub(super) fn folder_name(as_of: &str) -> String {
    as_of.replace(':', "")
}

fn leave_failure(
    study: &Study,
    read: &ReadSoFar,
    error: &PipelineError,
    staging: &Staging,
    failed: &Path,
) -> Result<(), StoreError> {
    let earlier = Earlier::results(failed)?;
    let folder = Staging::beside(failed)?;
    let quarantine = staging.path().join("quarantine");
    if quarantine.exists() {
        let target = folder.path().join("quarantine");
        std::fs::rename(&quarantine, &target).map_err(|source| StoreError::File {
            path: target,
            doing: "moved",
            source,
        })?;
    }
    let status = Status::Failed { exit_code: error.exit_code(), error: error.in_words() };
    Manifest::of(study, &read.sources, &[], status, folder.path())?
        .identified(read.identity.as_ref())
        .corrected(read.corrections.as_ref())
        .write(folder.path())?;
    if let Some(earlier) = earlier {
        earlier.keep_in(folder.path())?;
    }
    folder.publish().map(|_| ())
}
