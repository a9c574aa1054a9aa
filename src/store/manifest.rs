//! The manifest: what went in, what was asked, what came out and how it ended. It holds no clock and no timings, so
//! that the same run gives the same bytes.

use super::StoreError;
use crate::findings::Finding;
use crate::intake::{CorrectionsFile, IdentityAccount, SourceAccount};
use crate::study::Study;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Version of the manifest's format.
const FORMAT_VERSION: &str = "1.0";

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// With results.
    Done,
    /// Without, for this reason.
    Failed {
        /// The exit code.
        exit_code: u8,
        /// The message that was shown.
        error: String,
    },
}

/// A file that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputFile {
    /// Its path inside the results folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// A model file that a command read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelFile {
    /// Its path as it was given.
    pub path: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// What it predicts.
    pub outcome: String,
    /// The study that fitted it.
    pub study: String,
    /// That study's date.
    pub as_of: String,
    /// The version of the program that fitted it.
    pub program_version: String,
}

/// The manifest of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest<'s> {
    format_version: &'static str,
    program: &'static str,
    program_version: &'static str,
    status: Status,
    /// The settings of the study, defaults filled in.
    study: &'s Study,
    sources: &'s [SourceAccount],
    /// How respondents are known, where the study says anything of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'s IdentityAccount>,
    /// The file of corrected rows, where there is one beside the study.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrections: Option<&'s CorrectionsFile>,
    /// The models of an earlier run, of results that they made.
    #[serde(skip_serializing_if = "Option::is_none")]
    models: Option<&'s [ModelFile]>,
    findings: &'s [Finding],
    outputs: Vec<OutputFile>,
}

impl<'s> Manifest<'s> {
    /// The manifest of a run over what it has written so far into `folder`.
    ///
    /// # Errors
    /// Files that cannot be read back.
    pub fn of(
        study: &'s Study,
        sources: &'s [SourceAccount],
        findings: &'s [Finding],
        status: Status,
        folder: &Path,
    ) -> Result<Self, StoreError> {
        let mut outputs = Vec::new();
        collect(folder, folder, &mut outputs)?;
        outputs.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self {
            format_version: FORMAT_VERSION,
            program: env!("CARGO_PKG_NAME"),
            program_version: env!("CARGO_PKG_VERSION"),
            status,
            study,
            sources,
            identity: None,
            corrections: None,
            models: None,
            findings,
            outputs,
        })
    }

    /// The same, with what is known of the keys.
    #[must_use]
    pub fn identified(self, identity: Option<&'s IdentityAccount>) -> Self {
        Self { identity, ..self }
    }

    /// The same, with the file of corrected rows that was used.
    #[must_use]
    pub fn corrected(self, corrections: Option<&'s CorrectionsFile>) -> Self {
        Self { corrections, ..self }
    }

    /// The same, with the model files that made the results.
    #[must_use]
    pub fn scored_by(self, models: Option<&'s [ModelFile]>) -> Self {
        Self { models, ..self }
    }

    /// Writes `manifest.json` into a folder.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        write(self, folder)
    }
}

/// What an earlier manifest says of how its results came about.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Recorded {
    program_version: String,
    status: serde_json::Value,
    study: serde_json::Value,
    sources: Vec<RecordedSource>,
    identity: Option<RecordedIdentity>,
    corrections: Option<RecordedCorrections>,
    outputs: Vec<RecordedOutput>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct RecordedIdentity {
    salt_fingerprint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct RecordedCorrections {
    sha256: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct RecordedSource {
    source: String,
    files: Vec<RecordedFile>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct RecordedFile {
    path: String,
    sha256: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct RecordedOutput {
    path: String,
    bytes: u64,
}

impl Recorded {
    /// The manifest of a results folder; `None` where there is none that this program could have written.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).ok()?).ok()
    }

    /// Whether these results are finished, all there, and made by this version with these settings.
    pub fn is_of(&self, study: &Study, folder: &Path) -> bool {
        let is_there = |output: &RecordedOutput| {
            std::fs::metadata(folder.join(&output.path)).is_ok_and(|metadata| metadata.len() == output.bytes)
        };
        self.program_version == env!("CARGO_PKG_VERSION")
            && self.status == "done"
            && serde_json::to_value(study).is_ok_and(|own| own == self.study)
            && self.outputs.iter().all(is_there)
    }

    /// By which it is known whether keys were hashed under the same salt.
    pub fn salt_fingerprint(&self) -> Option<&str> {
        self.identity.as_ref()?.salt_fingerprint.as_deref()
    }

    /// SHA-256 of the file of corrected rows, where there was one.
    pub fn corrections_sha256(&self) -> Option<&str> {
        self.corrections.as_ref().map(|own| own.sha256.as_str())
    }

    /// Path and SHA-256 of the files that were read, by source.
    pub fn files(&self) -> BTreeMap<String, Vec<(String, String)>> {
        let pair = |file: &RecordedFile| (file.path.clone(), file.sha256.clone());
        let of_source = |source: &RecordedSource| (source.source.clone(), source.files.iter().map(pair).collect());
        self.sources.iter().filter(|source| !source.files.is_empty()).map(of_source).collect()
    }
}

/// Writes the manifest of a study file that was refused, of which nothing but its path is known.
///
/// # Errors
/// A file that cannot be written.
pub fn refusal(study_file: &Path, exit_code: u8, error: String, folder: &Path) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Refusal {
        format_version: &'static str,
        program: &'static str,
        program_version: &'static str,
        status: Status,
        study_file: String,
    }
    let refusal = Refusal {
        format_version: FORMAT_VERSION,
        program: env!("CARGO_PKG_NAME"),
        program_version: env!("CARGO_PKG_VERSION"),
        status: Status::Failed { exit_code, error },
        study_file: study_file.display().to_string(),
    };
    write(&refusal, folder)
}

fn write(manifest: &impl Serialize, folder: &Path) -> Result<(), StoreError> {
    let path = folder.join("manifest.json");
    let json =
        serde_json::to_string_pretty(manifest).map_err(|source| StoreError::Json { path: path.clone(), source })?;
    std::fs::write(&path, json + "\n").map_err(StoreError::file(&path, "written"))
}

fn collect(root: &Path, folder: &Path, outputs: &mut Vec<OutputFile>) -> Result<(), StoreError> {
    for entry in std::fs::read_dir(folder).map_err(StoreError::file(folder, "read"))? {
        let path = entry.map_err(StoreError::file(folder, "read"))?.path();
        if path.is_dir() {
            collect(root, &path, outputs)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path);
            let name: Vec<String> =
                name.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            outputs.push(fingerprint(&path, name.join("/"))?);
        }
    }
    Ok(())
}

pub(super) fn fingerprint(path: &Path, name: String) -> Result<OutputFile, StoreError> {
    let mut file = std::fs::File::open(path).map_err(StoreError::file(path, "read"))?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n_read = file.read(&mut buffer).map_err(StoreError::file(path, "read"))?;
        if n_read == 0 {
            break;
        }
        hash.update(&buffer[..n_read]);
        bytes += n_read as u64;
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(OutputFile { path: name, bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_sha256() {
        // FIPS 180-2, appendix B.1: SHA-256 of "abc".
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("abc"), "abc").expect("written");
        let output = fingerprint(&folder.path().join("abc"), "abc".to_owned()).expect("readable");
        assert_eq!(output.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(output.bytes, 3);
    }
}
