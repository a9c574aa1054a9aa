//! A study of answers and nothing else: who is a customer, and what is said where its file does not fit.

use super::{advocate, folder, stderr, stdout, write};
use std::fmt::Write as _;
use std::path::Path;

const STUDY: &str = r#"
[study]
name = "alone"
as_of = 2026-06-30
zone = "UTC"
bootstrap = 0
[sources.feedback]
path = "answers.csv"
customer = "who"
time = "when"
recommend = "nps"
[drivers]
touchpoints = ["speed"]
"#;

/// Sixty customers with two answers each, the second of every third customer without the recommend answer; `kay` answered the
/// touchpoint alone.
fn answers() -> String {
    let mut text = "who,when,nps,speed\n".to_owned();
    for at in 0..60 {
        let (first, second) = (at % 11, at * 7 % 11);
        let second = if at % 3 == 0 { String::new() } else { second.to_string() };
        let _ = writeln!(text, "c{at},2026-03-{:02},{first},{}", 1 + at % 28, at % 10);
        let _ = writeln!(text, "c{at},2026-05-{:02},{second},{}", 1 + at % 28, at * 3 % 10);
    }
    text.push_str("kay,2026-05-01,,4\n");
    text
}

fn scores(folder: &Path) -> Vec<csv::StringRecord> {
    let path = folder.join("results/alone/2026-06-30/tables/scores.csv");
    csv::Reader::from_path(path).expect("there").into_records().map(|row| row.expect("a row")).collect()
}

#[test]
fn a_customer_of_several_answers_is_scored_once() {
    let folder = folder();
    write(folder.path(), "alone.toml", STUDY);
    write(folder.path(), "answers.csv", &answers());
    let output = advocate(folder.path(), &["run", "alone.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = scores(folder.path());
    let mut customers: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
    customers.dedup();
    assert_eq!((rows.len(), customers.len()), (61, 61));
    // The latest answer to the recommend question: the second of c1 is 7, c3 gave it once; kay answered, but not that.
    let of = |customer: &str| {
        let row = rows.iter().find(|row| &row[0] == customer).expect("scored");
        (row[1].to_owned(), row[2].parse::<f64>().ok())
    };
    assert_eq!(of("c1"), ("true".to_owned(), Some(7.0)));
    assert_eq!(of("c3"), ("true".to_owned(), Some(3.0)));
    assert_eq!(of("kay"), ("true".to_owned(), None));
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_remedy() {
    let folder = folder();
    write(folder.path(), "alone.toml", STUDY);
    let german = answers().replace("2026-03-", "03.2026.").replace("2026-05-", "05.2026.");
    write(folder.path(), "answers.csv", &german);
    for command in ["check", "run"] {
        let output = advocate(folder.path(), &[command, "alone.toml"]);
        assert_eq!(output.status.code(), Some(4));
        let said = stderr(&output);
        for words in ["column `when`", "answers.csv, line 2", "`03.2026.01`", "time_format", "121"] {
            assert!(said.contains(words), "{command}: {words}: {said}");
        }
    }
    // Half of the file in another layout: what is left is used, and the rest is told.
    let half = answers().replace("2026-05-", "05.2026.").replace("kay,05.2026.01", "kay,2026-05-01");
    write(folder.path(), "answers.csv", &half);
    let output = advocate(folder.path(), &["check", "alone.toml"]);
    let said = stdout(&output);
    assert!(said.contains("60 as the first in column `when`, answers.csv, line 3: `05.2026.01`"), "{said}");
    assert!(said.contains("50 % of the rows are put aside; the first as unparsable"), "{said}");
}
