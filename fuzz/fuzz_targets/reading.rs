//! One file of answers, read as a study would read it.

use advocate::intake::{Folders, Intake};
use advocate::study::Study;

/// Reads bytes as a source of answers. Whatever they are, the file is refused with its name or every row is accounted for.
///
/// # Panics
/// Where a row is lost, or a refusal does not say which file is meant: what the fuzzer looks for.
pub fn read(name: &str, bytes: &[u8], keys: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(name), bytes).expect("written");
    let study = format!(
        "study = {{ name = \"fuzz\", as_of = 2026-09-30, zone = \"Europe/Berlin\" }}\n[sources.feedback]\npath = \"{name}\"\n{keys}\n"
    );
    let study = Study::parse(&study, folder.path()).expect("a sound study");
    let folders = Folders { work: folder.path().join("work"), quarantine: folder.path().join("quarantine") };
    match Intake::run(&study, &folders, &|_| ()) {
        Ok(intake) => {
            for account in &intake.accounts {
                assert!(account.adds_up(), "{account:?}");
            }
            let account = intake.account("feedback").expect("it was read");
            assert_eq!(intake.tables.feedback.n_rows, account.rows_used);
        }
        Err(error) => assert!(error.to_string().contains(name) || error.to_string().contains("feedback"), "{error}"),
    }
}
