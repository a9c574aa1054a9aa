//! Who is who: keys of several kinds, accounts, and keys that nobody may read.

use super::studies::refused_with;
use super::{advocate, command, folder, stderr, stdout, write};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

const STUDY: &str = concat!(
    study!("firms"),
    r#"bootstrap = 0
minimum_base = 5
[sources.feedback]
path = "feedback.csv"
customer = ["customer_id", "email"]
time = "when"
recommend = "nps"
scale = [0, 1]
[sources.transactions]
path = "orders.csv"
customer = "firm"
customer_is = "account"
time = "when"
amount = "amount"
[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[measures]
by = ["parent"]
[segments]
by = []
[outcomes.repurchase]
window_days = 90
[identity]
fold = ["email"]
people = { path = "people.csv", id = "id", person = "person" }
accounts = { path = "accounts.csv", person = "person", account = "firm", parent = "group" }
level = "account"
"#
);

const SALT: &str = "a salt for the tests alone";
const HASHED: &str = "hash = { salt_env = \"ADVOCATE_TEST_SALT\" }\n";

/// Forty persons in twenty accounts of two groups. Persons of the first ten accounts (group north) answer 9, the others 5; of
/// every account one is known by number and one by e-mail, with capitals here and there. Every second account buys again in
/// the window, by its own name. One row has a number and an address of two persons, one an address that nobody has.
fn company(folder: &Path) {
    let (mut feedback, mut people, mut accounts, mut orders) = (
        "customer_id,email,when,nps,delivery\n".to_owned(),
        "id,person\n".to_owned(),
        "person,firm,group\n".to_owned(),
        "firm,when,amount\n".to_owned(),
    );
    for firm in 0..20 {
        let (group, answer) = if firm < 10 { ("north", 9) } else { ("south", 5) };
        for person in [2 * firm, 2 * firm + 1] {
            people.push_str(&format!("p{person}@example.org,p{person}\nnumber-{person},p{person}\n"));
            accounts.push_str(&format!("p{person},firm{firm},{group}\n"));
        }
        let delivery = firm % 4 / 2;
        feedback.push_str(&format!("number-{},,2026-03-10T12:00:00Z,{answer},{delivery}\n", 2 * firm));
        feedback.push_str(&format!(",P{}@Example.org,2026-03-10T12:00:00Z,{answer},{delivery}\n", 2 * firm + 1));
        orders.push_str(&format!("firm{firm},2026-03-01T12:00:00Z,10\n"));
        if firm % 2 == 0 {
            orders.push_str(&format!("firm{firm},2026-04-01T12:00:00Z,10\n"));
        }
    }
    feedback.push_str("number-0,p1@example.org,2026-03-10T12:00:00Z,9,1\n");
    feedback.push_str(",nobody@example.org,2026-03-10T12:00:00Z,9,1\n");
    for (name, text) in
        [("feedback.csv", feedback), ("people.csv", people), ("accounts.csv", accounts), ("orders.csv", orders)]
    {
        write(folder, name, &text);
    }
    write(folder, "firms.toml", STUDY);
    write(folder, "hidden.toml", &format!("{}{HASHED}", STUDY.replace("name = \"firms\"", "name = \"hidden\"")));
}

fn results(folder: &Path, study: &str) -> std::path::PathBuf {
    folder.join("results").join(study).join("2026-12-31")
}

fn rows(folder: &Path, study: &str, table: &str) -> Vec<HashMap<String, String>> {
    let path = results(folder, study).join(table);
    let mut reader = csv::Reader::from_path(path).expect("readable");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

fn manifest(folder: &Path, study: &str) -> serde_json::Value {
    let bytes = std::fs::read(results(folder, study).join("manifest.json")).expect("there");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn run_hidden(folder: &Path, salt: &str) {
    let output =
        command(folder, &["run", "hidden.toml", "--quiet"]).env("ADVOCATE_TEST_SALT", salt).output().expect("starts");
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn persons_answer_and_their_accounts_buy() {
    let folder = folder();
    company(folder.path());
    let check = advocate(folder.path(), &["check", "firms.toml"]);
    assert!(check.status.success(), "{}", stderr(&check));
    let text = stdout(&check);
    for line in [
        "source feedback: 1 file, 42 rows read, 40 used, 2 for quarantine",
        "20 known by customer_id, 20 by email",
        "quarantine ambiguous_key: 1",
        "quarantine unmatched_key: 1",
        "people: 80 ids of 40 persons; 0 ids lead to several",
        "accounts: 40 persons in 22 accounts, of which 2 stand at the top",
        "outcome repurchase within 90 days after the answer: 40 of 40 answers",
    ] {
        assert!(text.contains(line), "`{line}` is not in {text}");
    }

    let run = advocate(folder.path(), &["run", "firms.toml", "--quiet"]);
    assert!(run.status.success(), "{}", stderr(&run));
    // Twenty answers a group: all promoters, all detractors.
    let measures = rows(folder.path(), "firms", "tables/measures.csv");
    let score = |group: &str| {
        let row = measures.iter().find(|row| row["value"] == group).expect("a group");
        (row["n"].clone(), row["estimate"].parse::<f64>().expect("a number"))
    };
    assert_eq!((score("north"), score("south")), (("20".to_owned(), 100.0), ("20".to_owned(), -100.0)));
    let aside = rows(folder.path(), "firms", "quarantine/feedback.csv");
    assert_eq!(aside[0]["column"], "customer_id, email");
    assert_eq!(aside[0]["raw"], "customer_id=number-0, email=p1@example.org");
    let findings = manifest(folder.path(), "firms")["findings"].to_string();
    assert!(findings.contains("ambiguous") && findings.contains("20 known by customer_id, 20 by email"), "{findings}");
}

/// Whether a text stands in any file below a folder, in capitals or not.
fn stands_in(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(stands_in(&path, text));
            continue;
        }
        let bytes = std::fs::read(&path).expect("readable").to_ascii_lowercase();
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn hashed_keys_stand_in_no_result_and_change_none() {
    let folder = folder();
    company(folder.path());
    run_hidden(folder.path(), SALT);
    let hidden = results(folder.path(), "hidden");
    let aside = std::fs::read(hidden.join("quarantine/feedback.csv")).expect("there");
    // Parsed, and then from the cache.
    run_hidden(folder.path(), SALT);
    assert_eq!(std::fs::read(hidden.join("quarantine/feedback.csv")).expect("there"), aside);
    let cache = folder.path().join("results/cache");
    assert!(cache.is_dir());
    for text in ["@example.org", "number-2", "firm1", SALT] {
        assert_eq!(stands_in(&hidden, text), [""; 0], "{text}");
        assert_eq!(stands_in(&cache, text), [""; 0], "{text}");
    }
    let run = advocate(folder.path(), &["run", "firms.toml", "--quiet"]);
    assert!(run.status.success(), "{}", stderr(&run));
    assert!(!stands_in(&results(folder.path(), "firms"), "firm1").is_empty());
    let scores = |study: &str| -> BTreeSet<String> {
        rows(folder.path(), study, "tables/scores.csv").into_iter().map(|row| row["customer"].clone()).collect()
    };
    let hashes = scores("hidden");
    assert_eq!((hashes.len(), scores("firms").len()), (20, 20));
    // printf %s firm7 | openssl dgst -sha256 -hmac "a salt for the tests alone"
    assert!(hashes.contains("a0e1d76b4db53ae3de3f90839fdee920149f63e45735bc4d986ae66475681dba"), "{hashes:?}");
    let print = |folder: &Path| manifest(folder, "hidden")["identity"]["salt_fingerprint"].clone();
    let own = print(folder.path());
    assert_eq!(own.as_str().map(str::len), Some(16));

    // Another salt is another run.
    let again = |salt: &str| {
        let arguments = ["run", "hidden.toml", "--quiet", "--if-changed"];
        command(folder.path(), &arguments).env("ADVOCATE_TEST_SALT", salt).output().expect("starts").status.code()
    };
    assert_eq!(again(SALT), Some(99));
    assert_eq!(again("another salt for the tests"), Some(0));
    assert_ne!(print(folder.path()), own);
}

#[test]
fn a_salt_that_is_missing_or_short_is_wrong_usage() {
    let folder = folder();
    company(folder.path());
    let output =
        command(folder.path(), &["check", "hidden.toml"]).env_remove("ADVOCATE_TEST_SALT").output().expect("starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("ADVOCATE_TEST_SALT, which is not set"), "{}", stderr(&output));
    let output = command(folder.path(), &["run", "hidden.toml", "--quiet"])
        .env("ADVOCATE_TEST_SALT", "too short")
        .output()
        .expect("starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("9 bytes") && !stderr(&output).contains("too short"), "{}", stderr(&output));
}

#[test]
fn colleagues_are_one_cluster_where_the_study_says_so() {
    let folder = folder();
    company(folder.path());
    // By person everybody answers once; orders by account are of no use then.
    let orders = "customer_is = \"account\"\n";
    let by_person = STUDY.replace(orders, "").replace("level = \"account\"", "level = \"person\"");
    let order_rows: String =
        (0..40).map(|person| format!("p{person},2026-03-0{}T12:00:00Z,10\n", 1 + person % 7)).collect();
    write(folder.path(), "orders.csv", &format!("firm,when,amount\n{order_rows}"));
    let driver = "[outcomes.repurchase]\nwindow_days = 90";
    let by_person = by_person.replace(driver, "[outcomes.recommend]");
    let fits = |name: &str, study: &str| -> String {
        write(folder.path(), name, study);
        let output = advocate(folder.path(), &["run", name, "--quiet"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let rows = rows(folder.path(), "firms", "tables/coefficients.csv");
        rows.iter().find(|row| row["term"] == "delivery").expect("the term")["std_error"].clone()
    };
    let alone = fits("alone.toml", &by_person);
    let together = fits("together.toml", &format!("{by_person}clusters = \"account\"\n"));
    assert_ne!(alone, together);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = folder();
    company(folder.path());
    let refused = |from: &str, to: &str| refused_with(folder.path(), STUDY, (from, to));
    assert!(refused("level = \"account\"", "level = \"person\"").contains("names customers by account"));
    assert!(refused("fold = [\"email\"]", "fold = [\"mail\"]").contains("did you mean `email`"));
    write(folder.path(), "accounts.csv", "person,firm,group\np1,a,b\np2,b,a\n");
    assert!(refused("name = \"firms\"", "name = \"circle\"").contains("a > b > a"));
}
