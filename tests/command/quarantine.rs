//! Rows that were put aside, corrected, and read back in.

use crate::{advocate, command, folder, json, stderr, stdout, write};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const STUDY: &str = concat!(
    study!("tiny", "2026-06-30"),
    r#"seed = 1
bootstrap = 20
[sources.feedback]
path = "*.csv"
id = "id"
customer = "who"
time = "when"
recommend = "nps"
scale = [0, 10]
[sources.feedback.contract]
quarantine_max = 0.2
[drivers]
touchpoints = ["delivery", "support"]
[outcomes.recommend]
"#
);

/// Forty answers, one a line from line 2 on. Four are spoilt: an answer of 11, a time that is none, a cell too few, the id of
/// another.
fn answers() -> String {
    let mut text = "id,who,when,nps,delivery,support\n".to_owned();
    for row in 0..40 {
        let (delivery, support) = (row % 11, (row * 7) % 10);
        let answer = ((3 * delivery + support) / 4 + row % 2).min(10);
        let day = row % 28 + 1;
        text.push_str(&match row {
            3 => format!("a{row},c{row},2026-03-{day:02}T10:00:00Z,11,{delivery},{support}\n"),
            4 => format!("a{row},c{row},yesterday,{answer},{delivery},{support}\n"),
            5 => format!("a{row},c{row},2026-03-{day:02}T10:00:00Z,{answer},{delivery}\n"),
            6 => format!("a0,c{row},2026-03-{day:02}T10:00:00Z,{answer},{delivery},{support}\n"),
            _ => format!("a{row},c{row},2026-03-{day:02}T10:00:00Z,{answer},{delivery},{support}\n"),
        });
    }
    text
}

type Line = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Line> {
    let mut reader = csv::Reader::from_path(path).expect("readable");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

fn results(folder: &Path) -> PathBuf {
    folder.join("results/tiny/2026-06-30")
}

fn manifest(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(results(folder).join("manifest.json")).expect("there")).expect("JSON")
}

fn run(folder: &Path) -> Option<i32> {
    let output = advocate(folder, &["run", "tiny.toml", "--quiet", "--if-changed"]);
    assert!([Some(0), Some(99)].contains(&output.status.code()), "{}", stderr(&output));
    output.status.code()
}

/// The quarantine's file as a spreadsheet of another country saves it, with the answer of line 5, the time of line 6 (wrongly)
/// and the row of line 7 corrected.
fn correct(folder: &Path) -> String {
    let mut lines = rows(&results(folder).join("quarantine/feedback.csv"));
    assert_eq!(lines.iter().map(|own| own["line"].as_str()).collect::<Vec<_>>(), ["5", "6", "7", "8"]);
    for own in &mut lines {
        let (column, text) = match own["line"].as_str() {
            "5" => ("raw", "10".to_owned()),
            "6" => ("raw", "the day before".to_owned()),
            "7" => ("record", format!("{},5", own["record"])),
            _ => continue,
        };
        own.insert(column.to_owned(), text);
    }
    let names: Vec<&String> = lines[0].keys().collect();
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(&names).expect("in memory");
    lines.iter().for_each(|own| writer.write_record(own.values()).expect("in memory"));
    String::from_utf8(writer.into_inner().expect("in memory")).expect("UTF-8")
}

#[test]
fn corrected_rows_are_read_back_in() {
    let folder = folder();
    let folder = folder.path();
    write(folder, "tiny.toml", STUDY);
    write(folder, "feedback.csv", &answers());
    assert_eq!(run(folder), Some(0));
    let before = manifest(folder);
    assert_eq!(before["sources"][0]["rows_used"], 36);
    assert_eq!(before["corrections"], serde_json::Value::Null);

    write(folder, "mine/corrected.csv", &correct(folder));
    let retry = ["quarantine", "retry", "tiny.toml", "--file", "mine/corrected.csv"];
    let dry = advocate(folder, &[&retry[..], &["--dry-run", "--format", "json"]].concat());
    let answer = json(&dry);
    assert_eq!(answer["accepted"].as_array().map(Vec::len), Some(2), "{answer}");
    assert_eq!(answer["refused"][0]["line"], 6);
    assert_eq!(answer["refused"][0]["reason"], "unparsable");
    assert_eq!(answer["refused"][0]["column"], "when");
    assert_eq!((&answer["n_unchanged"], &answer["kept_in"]), (&1.into(), &serde_json::Value::Null));
    assert!(!folder.join("tiny.corrections.csv").exists());
    assert_eq!(run(folder), Some(99), "nothing has changed");

    let kept = advocate(folder, &retry);
    assert!(kept.status.success(), "{}", stderr(&kept));
    let text = stdout(&kept);
    for line in [
        "accepted  feedback, feedback.csv line 5: `nps` \"11\" -> \"10\"",
        "accepted  feedback, feedback.csv line 7: row ",
        "refused   feedback, feedback.csv line 6: `when` is unparsable: \"the day before\"",
        "2 accepted, 1 refused, 1 without a change",
        "the next run uses them: they are kept in tiny.corrections.csv; `advocate check`",
    ] {
        assert!(text.contains(line), "`{line}` is not in {text}");
    }

    let check = stdout(&advocate(folder, &["check", "tiny.toml"]));
    assert!(
        check.contains("40 rows read, 38 used, 2 for quarantine") && check.contains("2 used as corrected"),
        "{check}"
    );
    assert_eq!(run(folder), Some(0), "there are corrections now");
    let after = manifest(folder);
    let source = &after["sources"][0];
    assert_eq!((&source["rows_read"], &source["rows_used"]), (&40.into(), &38.into()));
    assert_eq!(source["corrections"]["used"], 2);
    assert_eq!(source["rows_quarantined"], serde_json::json!({"unparsable": 1, "duplicate": 1}));
    assert_eq!(after["corrections"]["path"], "tiny.corrections.csv");
    assert!(
        after["findings"].to_string().contains("2 of 40 rows of feedback had been put aside"),
        "{}",
        after["findings"]
    );
    let accounted = rows(&results(folder).join("tables/rows_accounted.csv"));
    let n = |own: &Line| own["n"].parse::<u64>().expect("a number");
    assert_eq!(accounted.iter().map(n).sum::<u64>(), 40);
    let corrected = accounted.iter().find(|own| own["reason"] == "corrected").expect("a row");
    assert_eq!((corrected["fate"].as_str(), n(corrected)), ("used", 2));
    assert_eq!(run(folder), Some(99));
}

#[test]
fn corrections_of_a_file_that_has_changed_wait_to_be_asked_for() {
    let folder = folder();
    let folder = folder.path();
    write(folder, "tiny.toml", STUDY);
    write(folder, "feedback.csv", &answers());
    assert_eq!(run(folder), Some(0));
    write(folder, "mine/corrected.csv", &correct(folder));
    let kept = advocate(folder, &["quarantine", "retry", "tiny.toml", "--file", "mine/corrected.csv"]);
    assert!(kept.status.success(), "{}", stderr(&kept));

    // A row more, and the row of line 7 mended where it came from.
    let grown = answers().replace("a5,c5,2026-03-06T10:00:00Z,6,5\n", "a5,c5,2026-03-06T10:00:00Z,6,5,5\n");
    assert_ne!(grown, answers());
    write(folder, "feedback.csv", &format!("{grown}a40,c40,2026-03-01T10:00:00Z,5,5,5\n"));
    assert_eq!(run(folder), Some(0));
    let stale = manifest(folder);
    assert_eq!(stale["sources"][0]["rows_used"], 38, "36, the new one and the mended one");
    assert_eq!(stale["sources"][0]["corrections"]["stale"], 2);
    let findings = stale["findings"].to_string();
    assert!(findings.contains("corrections_not_applied") && findings.contains("feedback.csv, line 5"), "{findings}");

    let again = advocate(folder, &["quarantine", "retry", "tiny.toml"]);
    assert!(again.status.success(), "{}", stderr(&again));
    let text = stdout(&again);
    assert!(
        text.contains("1 accepted, 1 refused") && text.contains("line 7: no such row is put aside there"),
        "{text}"
    );
    assert_eq!(run(folder), Some(0));
    assert_eq!(manifest(folder)["sources"][0]["corrections"]["used"], 1);
    // Without the file everything is as before.
    std::fs::remove_file(folder.join("tiny.corrections.csv")).expect("removed");
    assert_eq!(run(folder), Some(0));
    assert_eq!(manifest(folder)["sources"][0]["rows_used"], 38);
}

#[test]
fn keys_that_are_hashed_stay_hidden() {
    let folder = folder();
    let folder = folder.path();
    write(folder, "tiny.toml", &format!("{STUDY}[identity]\nhash = {{ salt_env = \"ADVOCATE_TEST_SALT\" }}\n"));
    write(folder, "feedback.csv", &answers().replace(",c3,", ",ann@example.org,"));
    let salted = |arguments: &[&str]| {
        let output = command(folder, arguments).env("ADVOCATE_TEST_SALT", "a salt for the tests alone").output();
        let output = output.expect("starts");
        assert!(output.status.success(), "{}", stderr(&output));
        output
    };
    salted(&["run", "tiny.toml", "--quiet"]);
    write(folder, "mine/corrected.csv", &correct(folder));
    let text = stdout(&salted(&["quarantine", "retry", "tiny.toml", "--file", "mine/corrected.csv"]));
    assert!(text.contains("1 accepted, 2 refused") && text.contains("line 7: `record` shows hashes"), "{text}");
    let kept = std::fs::read_to_string(folder.join("tiny.corrections.csv")).expect("there");
    assert!(kept.contains(",nps,out_of_range,10,,r"), "{kept}");
    assert!(!kept.contains("ann@") && !text.contains("ann@"), "{kept}{text}");
    salted(&["run", "tiny.toml", "--quiet"]);
    assert_eq!(manifest(folder)["sources"][0]["corrections"]["used"], 1);
}

#[test]
fn corrections_of_which_none_holds_end_with_an_exit_code() {
    let folder = folder();
    let folder = folder.path();
    write(folder, "tiny.toml", STUDY);
    write(folder, "feedback.csv", &answers());
    assert_eq!(run(folder), Some(0));
    let all = correct(folder);
    let mut lines = all.lines();
    let header = lines.next().expect("a header");
    let wrong = lines.find(|line| line.contains("the day before")).expect("the time of line 6");
    write(folder, "mine/wrong.csv", &format!("{header}\n{wrong}\n"));
    let output = advocate(folder, &["quarantine", "retry", "tiny.toml", "--file", "mine/wrong.csv"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stdout(&output).contains("0 accepted, 1 refused"), "{}", stdout(&output));
    assert!(stderr(&output).contains("nothing was accepted: 1 corrected row is refused"), "{}", stderr(&output));
}

#[test]
fn a_file_that_is_no_quarantine_is_refused() {
    let folder = folder();
    write(folder.path(), "tiny.toml", STUDY);
    write(folder.path(), "feedback.csv", &answers());
    write(folder.path(), "mine/other.csv", "a,b\n1,2\n");
    for (file, words) in [("mine/other.csv", "there is no column `source`"), ("mine/gone.csv", "could not be read")] {
        let output = advocate(folder.path(), &["quarantine", "retry", "tiny.toml", "--file", file]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[test]
fn two_who_correct_at_the_same_time_both_keep_theirs() {
    let folder = folder();
    let folder = folder.path();
    write(folder, "tiny.toml", STUDY);
    write(folder, "feedback.csv", &answers());
    assert_eq!(run(folder), Some(0));
    // Line 5 holds an answer of 11, line 6 a time that is none.
    let quarantine = rows(&results(folder).join("quarantine/feedback.csv"));
    for (file, line, text) in [("one.csv", "5", "10"), ("other.csv", "6", "2026-03-05T10:00:00Z")] {
        let mut own = quarantine.clone();
        own.iter_mut()
            .filter(|own| own["line"] == line)
            .for_each(|own| drop(own.insert("raw".to_owned(), text.to_owned())));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(own[0].keys()).expect("in memory");
        own.iter().for_each(|own| writer.write_record(own.values()).expect("in memory"));
        let text = String::from_utf8(writer.into_inner().expect("in memory")).expect("UTF-8");
        write(folder, &format!("mine/{file}"), &text);
    }
    std::thread::scope(|scope| {
        for file in ["mine/one.csv", "mine/other.csv"] {
            scope.spawn(move || {
                let output = advocate(folder, &["quarantine", "retry", "tiny.toml", "--file", file]);
                assert!(stdout(&output).contains("1 accepted, 0 refused"), "{}{}", stdout(&output), stderr(&output));
            });
        }
    });
    assert_eq!(rows(&folder.join("tiny.corrections.csv")).len(), 2);
}
