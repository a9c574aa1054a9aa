//! A study drafted from files, and what the other commands make of it.

use crate::{advocate, folder, project, stderr, stdout, write};
use std::path::Path;

/// The demonstration's files as a shell would name them by `datasets/retail/*`.
fn retail() -> Vec<String> {
    let entries = std::fs::read_dir(project().join("datasets/retail")).expect("the demonstration");
    let mut files: Vec<String> =
        entries.map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned()).collect();
    files.sort();
    files
}

fn init(folder: &Path, files: &[String], more: &[&str]) -> std::process::Output {
    let mut arguments = vec!["init"];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(more);
    advocate(folder, &arguments)
}

#[test]
fn a_drafted_study_passes_the_check() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("studies")).expect("a folder");
    let drafted = init(folder.path(), &retail(), &["--out", "studies/mine.toml"]);
    assert_eq!(drafted.status.code(), Some(0), "{}", stderr(&drafted));
    assert!(drafted.stdout.is_empty(), "the study goes to the file");
    assert!(stderr(&drafted).contains("feedback: feedback 2025; all 3,333 rows in 2 files were looked at"));
    let check = advocate(folder.path(), &["check", "studies/mine.toml"]);
    assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    let text = stdout(&check);
    assert!(text.contains("study mine as of 2026-09-29"), "{text}");
    // datasets/retail/README.md has the numbers of rows.
    for part in [
        "source feedback: 2 files, 3,333 rows read",
        "source transactions: 1 file, 10,778 rows read",
        "source referrals: 1 file, 642 rows read",
        "source customers: 1 file, 2,400 rows read",
        "source activity: 1 file, 29,938 rows read",
        "source invitations: 1 file, 7,306 rows read",
        "drivers: delivery, support, checkout, product, price, website, packaging",
        "outcome repurchase within 90 days after the answer",
        "outcome referral within 180 days after the answer",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn a_file_is_replaced_only_when_that_is_said() {
    let folder = folder();
    write(folder.path(), "mine.toml", "mine\n");
    let refused = init(folder.path(), &retail(), &["--out", "mine.toml"]);
    assert_eq!(refused.status.code(), Some(5));
    assert!(stderr(&refused).contains("--force"), "{}", stderr(&refused));
    assert_eq!(std::fs::read_to_string(folder.path().join("mine.toml")).expect("there"), "mine\n");
    let replaced = init(folder.path(), &retail(), &["--out", "mine.toml", "--force", "--rows", "1000"]);
    assert_eq!(replaced.status.code(), Some(0), "{}", stderr(&replaced));
    let text = std::fs::read_to_string(folder.path().join("mine.toml")).expect("there");
    assert!(
        text.contains("recommend = \"likelihood_to_recommend\"") && text.contains("from places all over"),
        "{text}"
    );
    let nowhere = init(folder.path(), &retail(), &["--out", "nowhere/mine.toml"]);
    assert_eq!(nowhere.status.code(), Some(5), "{}", stderr(&nowhere));
}

#[test]
fn what_cannot_be_analysed_is_said_with_what_is_needed() {
    let folder = folder();
    write(
        folder.path(),
        "answers.csv",
        "who,when,delivery_rating\na,2026-01-01T10:00:00Z,4\nb,2026-01-02T10:00:00Z,5\n",
    );
    let drafted = advocate(folder.path(), &["init", "answers.csv"]);
    assert_eq!(drafted.status.code(), Some(4), "{}", stderr(&drafted));
    assert!(stderr(&drafted).contains("0-10 answer"), "{}", stderr(&drafted));
    assert!(stdout(&drafted).contains("[sources.feedback]"), "the draft is printed all the same");
    write(folder.path(), "orders.csv", "customer_id,amount\na,1.5\nb,2.5\n");
    let without = advocate(folder.path(), &["init", "orders.csv"]);
    assert_eq!(without.status.code(), Some(4), "{}", stderr(&without));
    assert!(without.stdout.is_empty());
    let gone = advocate(folder.path(), &["init", "gone.csv"]);
    assert_eq!(gone.status.code(), Some(3), "{}", stderr(&gone));
    assert!(stderr(&gone).contains("gone.csv"), "{}", stderr(&gone));
    let none = advocate(folder.path(), &["init"]);
    assert_eq!(none.status.code(), Some(2));
}
