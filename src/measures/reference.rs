//! Numbers that other programs printed, and the shared files where they are there.

use serde_json::Value;
use std::path::PathBuf;

/// One line of `tests/oracles/measures_reference.txt` (by numpy and scipy) or of `measures_survey.txt` (by R).
pub(super) fn numbers(case: &str, what: &str) -> Vec<f64> {
    let python = include_str!("../../tests/oracles/measures_reference.txt").lines();
    let r = include_str!("../../tests/oracles/measures_survey.txt").lines();
    let mut lines = python.chain(r).map(|line| line.split_whitespace().collect::<Vec<&str>>());
    let words = lines.find(|words| words[..2] == [case, what]).expect("a line of the reference");
    words[2..].iter().map(|word| word.parse().expect("a number")).collect()
}

#[track_caller]
pub(super) fn near(what: &str, got: f64, want: f64, absolute: f64) {
    assert!((got - want).abs() <= absolute, "{what}: {got} and not {want}");
}

/// A file of the shared folder as text; `None`, with a word on it, where the folder is not there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(super) fn shared(path: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    let text = std::fs::read(&path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if text.is_none() {
        eprintln!("skipped: {} is not there", path.display());
    }
    text
}

/// The reference numbers of scores.
pub(super) fn nps_oracles() -> Option<Value> {
    Some(serde_json::from_str(&shared("oracles/nps.json")?).expect("JSON"))
}

/// A number of a JSON value.
#[track_caller]
pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}
