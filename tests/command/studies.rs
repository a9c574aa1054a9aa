//! What the studies of many tests begin with, how one is run, and how its tables are read.

use super::{advocate, stderr, write};
use std::collections::HashMap;
use std::path::Path;
use std::process::Output;

/// `[study]` of this name, at the end of 2026 unless a date is given; more of its keys may follow.
macro_rules! study {
    ($name:literal) => {
        study!($name, "2026-12-31")
    };
    ($name:literal, $as_of:literal) => {
        concat!("[study]\nname = \"", $name, "\"\nas_of = ", $as_of, "\n")
    };
}

/// Recommend answers `nps` of customers `who` at times, in a file with a column for the time; more keys may follow.
macro_rules! feedback {
    ($file:literal, $time:literal) => {
        concat!(
            "[sources.feedback]\npath = \"",
            $file,
            "\"\ncustomer = \"who\"\ntime = \"",
            $time,
            "\"\nrecommend = \"nps\"\n"
        )
    };
}

/// Orders of customers `who` with an `amount`, in `orders.csv` with a column for the time; more keys may follow.
macro_rules! orders {
    ($time:literal) => {
        concat!(
            "[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"",
            $time,
            "\"\namount = \"amount\"\n"
        )
    };
}

/// Referrals `by` somebody `of` somebody at times, in `referrals.csv`; more keys may follow.
macro_rules! referrals {
    () => {
        "[sources.referrals]\npath = \"referrals.csv\"\nreferrer = \"by\"\nreferred = \"of\"\ntime = \"when\"\n"
    };
}

/// Answers without customers and times, in `f.csv`; more keys may follow.
macro_rules! snapshot {
    () => {
        "[sources.feedback]\npath = \"f.csv\"\nsnapshot = true\nrecommend = \"nps\"\n"
    };
}

/// A row of a table as text by column.
pub(super) type Row = HashMap<String, String>;

/// Runs a study called `shot`, of which this text follows the first lines of `[study]`.
pub(super) fn attempt(folder: &Path, text: &str) -> Output {
    write(folder, "shot.toml", &format!("{}{text}", study!("shot")));
    advocate(folder, &["run", "shot.toml", "--quiet"])
}

/// The same; it succeeds, and its page is returned.
#[track_caller]
pub(super) fn run(folder: &Path, text: &str) -> String {
    let output = attempt(folder, text);
    assert!(output.status.success(), "{}", stderr(&output));
    std::fs::read_to_string(folder.join("results/shot/2026-12-31/report.html")).expect("a page")
}

/// The same; it is refused, and what is said is returned.
#[track_caller]
pub(super) fn refused(folder: &Path, text: &str) -> String {
    let output = attempt(folder, text);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    stderr(&output)
}

/// A study in which one text stands for another is refused by a check, and what is said is returned.
#[track_caller]
pub(super) fn refused_with(folder: &Path, study: &str, (from, to): (&str, &str)) -> String {
    assert!(study.contains(from), "{from}");
    write(folder, "wrong.toml", &study.replacen(from, to, 1));
    let output = advocate(folder, &["check", "wrong.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    stderr(&output)
}

/// The rows of a table of a study at the end of 2026.
pub(super) fn rows(folder: &Path, study: &str, table: &str) -> Vec<Row> {
    let path = folder.join("results").join(study).join("2026-12-31/tables").join(format!("{table}.csv"));
    let mut reader = csv::Reader::from_path(&path).expect("readable");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

/// The first row that has these values.
#[track_caller]
pub(super) fn find<'r>(rows: &'r [Row], keys: &[(&str, &str)]) -> &'r Row {
    let is_it = |row: &&Row| keys.iter().all(|(column, value)| row[*column] == *value);
    assert!(rows.iter().any(|row| is_it(&row)), "no row with {keys:?} among {rows:?}");
    rows.iter().find(is_it).expect("a row")
}

#[track_caller]
pub(super) fn number(row: &Row, column: &str) -> f64 {
    let value = row[column].parse();
    assert!(value.is_ok(), "`{}` of {column} is no number: {row:?}", row[column]);
    value.expect("a number")
}

#[track_caller]
pub(super) fn assert_near(row: &Row, column: &str, want: f64) {
    let got = number(row, column);
    assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{column}: {got} instead of {want} in {row:?}");
}
