//! The built program from outside: what it prints, writes and returns.

#[macro_use]
mod studies;

mod asymmetry;
mod bad_scores;
mod contacts;
mod contest;
mod correlations;
mod dates;
mod disclosure;
mod exit_codes;
mod feedback_alone;
mod flat;
mod flat_fits;
mod flat_remarks;
mod fuzz_bodies;
mod gaps;
mod held_constant;
mod history;
mod identity;
mod influence;
mod influence_forms;
mod influence_kinds;
mod influence_profile;
mod influence_threshold;
mod init;
mod models;
mod object_store;
mod outcomes;
mod populations;
mod portfolio;
mod purchases;
mod quarantine;
mod real_data;
mod repurchase;
mod runs;
mod schema;
mod scorecard;
mod separated;
mod stored_scores;
mod utf16;
mod windows;
mod workbook;

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::process::Output;

/// Runs the program in a folder.
fn advocate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program starts")
}

/// The program in a folder, about to be run.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("advocate").expect("the program is built");
    command.current_dir(folder).args(arguments);
    command
}

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Data beside the project; a test without it says so and ends.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn shared(path: &str) -> Option<PathBuf> {
    let path = project().join("../shared/data").join(path);
    if path.exists() {
        Some(path)
    } else {
        eprintln!("skipped: {} is not there", path.display());
        None
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[track_caller]
fn near(got: &serde_json::Value, want: f64, absolute: f64) {
    let number = got.as_f64().expect("a number");
    assert!((number - want).abs() <= absolute, "{number} {want}");
}

/// A folder of its own for one test.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("a folder");
    }
    std::fs::write(&path, text).expect("written");
    path
}
