//! `advocate check`: the plan of a study and what its contracts make of the rows; nothing is kept.

use super::{PipelineError, run};
use crate::intake::{Folders, Intake};
use crate::store::StoreError;
use crate::study::Study;
use std::fmt::Write as _;

/// Reads all sources into a temporary folder and says what a run would use, in words.
///
/// # Errors
/// What intake refuses, and columns that the study names and nothing has.
pub fn check(study: &Study) -> Result<String, PipelineError> {
    let work = tempfile::tempdir().map_err(|source| StoreError::File {
        path: std::env::temp_dir(),
        doing: "written to",
        source,
    })?;
    let folders = Folders { work: work.path().join("typed"), quarantine: work.path().join("quarantine") };
    let intake = Intake::run(study, &folders, &|_| {})?;
    let plan = run::plan(study, &intake);
    run::check_columns(study, &plan)?;

    let mut text = format!("study {} as of {}, seed {}\n", study.name, study.as_of.written(), study.seed);
    for account in &intake.accounts {
        let _ = writeln!(
            text,
            "source {}: {} files, {} rows read, {} used, {} for quarantine, {} excluded",
            account.source,
            account.files.len(),
            account.rows_read,
            account.rows_used,
            account.n_quarantined(),
            account.n_excluded()
        );
        for (reason, n) in &account.rows_quarantined {
            let _ = writeln!(text, "  quarantine {}: {n}", reason.word());
        }
        for (reason, n) in &account.rows_excluded {
            let _ = writeln!(text, "  excluded {}: {n}", reason.word());
        }
    }
    let _ = writeln!(text, "drivers: {}", study.drivers.touchpoints.join(", "));
    if !study.drivers.controls.is_empty() {
        let _ = writeln!(text, "held constant: {}", study.drivers.controls.join(", "));
    }
    for outcome in &study.outcomes {
        let window =
            outcome.window_days().map_or_else(String::new, |days| format!(" within {days} days after the answer"));
        let _ = writeln!(text, "outcome {}{window}", outcome.word());
    }
    let _ = writeln!(text, "columns known before an answer: {}", plan.history().join(", "));
    Ok(text)
}
