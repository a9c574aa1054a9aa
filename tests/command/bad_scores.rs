//! What cannot be scored as it is, in a flat table and in a study: a test each, named after what is bad. Another wording of the
//! question stands with the waves (`portfolio`), margins that hold no population with the raked scores (`scorecard`).

use super::studies::{assert_near, attempt, find, rows};
use super::{advocate, folder, json, stderr, write};
use std::path::Path;
use std::process::Output;

fn flat(folder: &Path, table: &str, more: &[&str]) -> Output {
    write(folder, "t.csv", table);
    let own = ["nps", "--data", "t.csv", "--score", "score", "--format", "json"];
    advocate(folder, &[&own[..], more].concat())
}

fn study(folder: &Path, table: &str, more: &str) -> Output {
    write(folder, "f.csv", table);
    attempt(folder, &format!("{}{more}", snapshot!().replace("\"nps\"", "\"score\"")))
}

#[test]
fn scores_outside_the_scale() {
    let folder = folder();
    let table = "score\n9\n11\n3\n";
    let output = flat(folder.path(), table, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("line 3, column `score`: 11 is no answer on the 0-10 scale"),
        "{}",
        stderr(&output)
    );
    // In a study the row is put aside with its reason, and the others count.
    assert!(study(folder.path(), table, "").status.success());
    assert_near(find(&rows(folder.path(), "shot", "measures"), &[("by", "")]), "n", 2.0);
    let aside = std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/quarantine/feedback.csv"));
    assert!(aside.expect("a file").contains("11"));
}

#[test]
fn an_item_asked_from_1_to_10_and_called_nps() {
    let folder = folder();
    let output = flat(folder.path(), "score\n9\n10\n", &["--scale", "1-10"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("9 and 10 do not mean the same"), "{}", stderr(&output));
    let item = "keep = [\"item\"]\n[[measures.items]]\ncolumn = \"item\"\nmetric = \"nps\"\nscale = [1, 10]\n";
    let output = study(folder.path(), "score,item\n9,9\n3,10\n", item);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("needs the 0-10 scale and this one is 1-10"), "{}", stderr(&output));
}

#[test]
fn all_answers_blank() {
    let folder = folder();
    let table = "score,other\n,1\n,2\n";
    let output = flat(folder.path(), table, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("no answer to compute a score from"), "{}", stderr(&output));
    let output = study(folder.path(), table, "");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(rows(folder.path(), "shot", "measures").is_empty());
    let findings = rows(folder.path(), "shot", "findings");
    let said = find(&findings, &[("kind", "not_estimated"), ("severity", "serious")]);
    assert!(said["sentence"].contains("nobody answered whether they would recommend"));
}

#[test]
fn one_response_alone() {
    let folder = folder();
    let answer = json(&flat(folder.path(), "score\n9\n", &["--suppress-below", "0"]));
    // Adjusted by 3/4, 3/2 and 3/4: 1.75 and 0.75 of 4 are a score of 25, far from certain, and not the 100 of a plain interval.
    let own = &answer["groups"][0];
    assert_eq!(own["nps"].as_f64(), Some(100.0));
    assert!(own["conf_low"].as_f64().expect("a number") < 0.0, "{own}");
    let output = study(folder.path(), "score\n9\n", "");
    assert!(output.status.success(), "{}", stderr(&output));
    let measures = rows(folder.path(), "shot", "measures");
    let row = find(&measures, &[("by", "")]);
    assert_near(row, "n", 1.0);
    assert_eq!(row["below_minimum_base"], "true");
}

#[test]
fn weights_that_sum_to_zero() {
    let folder = folder();
    let table = "score,w\n9,0\n3,0\n";
    let output = flat(folder.path(), table, &["--weights", "w"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("no answer to compute a score from"), "{}", stderr(&output));
    let output = study(folder.path(), table, "weight = \"w\"\n");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("no answer to compute a score from"), "{}", stderr(&output));
}

#[test]
fn margins_that_contradict_each_other() {
    // Whoever is of segment a uses the app and nobody else does, so that half and three tenths cannot both hold.
    let folder = folder();
    let table = format!("score,segment,channel\n{}{}", "9,a,app\n".repeat(10), "3,b,store\n".repeat(10));
    let rake = "segment = \"segment\"\nchannel = \"channel\"\n[measures]\nrake = { segment = { a = 0.5, b = 0.5 }, channel = { \
                app = 0.3, store = 0.7 } }\n";
    let output = study(folder.path(), &table, rake);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("raking stopped"), "{}", stderr(&output));
}

#[test]
fn margins_that_name_an_empty_cell() {
    let folder = folder();
    let table = format!("score,segment\n{}", "9,a\n3,b\n".repeat(5));
    let rake = "segment = \"segment\"\n[measures]\nrake = { segment = { a = 0.5, b = 0.4, c = 0.1 } }\n";
    let output = study(folder.path(), &table, rake);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("category `c`: nobody answered"), "{}", stderr(&output));
}
