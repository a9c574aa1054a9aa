//! Linear thresholds in a study, by hand.

use super::influence::family;
use super::studies::{Row, number, rows};
use super::{advocate, folder, stderr, write};
use std::path::Path;

/// Ann brought Bob and Cid, and both brought Eve.
fn diamond(folder: &Path, influence: &str) {
    family(folder);
    write(
        folder,
        "referrals.csv",
        "by,of,when\nann,bob,2025-01-10T00:00:00Z\nann,cid,2025-01-10T00:00:00Z\nbob,eve,2025-06-01T00:00:00Z\n\
         cid,eve,2025-06-02T00:00:00Z\n",
    );
    let study = std::fs::read_to_string(folder.join("family.toml")).expect("written");
    let start = study.find("[influence]\n").expect("there");
    write(folder, "family.toml", &format!("{}[influence]\n{influence}", &study[..start]));
}

fn row<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    rows.iter().find(|row| row[column] == value).expect("a row of that name")
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-9, "{got} {want}");
}

const VALUE: &str = "[influence.value]\nmargin = 0.5\n";

#[test]
fn a_study_has_reach_value_and_seeds_under_linear_thresholds() {
    let folder = folder();
    diamond(folder.path(), &format!("model = \"threshold\"\nprobability = 0.5\nseeds = 2\n{VALUE}"));
    let output = advocate(folder.path(), &["run", "family.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let influence = rows(folder.path(), "family", "influence");
    let of = |who: &str, column: &str| number(row(&influence, "customer", who), column);
    // Each follows one of those who brought them, each with one half: both ways to Eve add up, 1 + 1/2 + 1/2 + 1/4 + 1/4, where the
    // cascade has 1 + 1/2 + 1/2 + 7/16.
    for (who, reach) in [("ann", 2.5), ("bob", 1.5), ("cid", 1.5), ("eve", 1.0)] {
        close(of(who, "reach"), reach);
        assert_eq!(row(&influence, "customer", who)["exact"], "true");
    }
    // Half of what each bought is 75, 30, 50, 40.
    close(of("ann", "value_reach"), 75.0 + 15.0 + 25.0 + 20.0);
    close(of("bob", "value_reach"), 30.0 + 20.0);
    // Ann first. Bob or Cid then adds the half of the time that he did not follow, and a half of that through Eve; Eve herself would
    // add a half.
    let seeds = rows(folder.path(), "family", "seeds");
    assert_eq!(seeds[0]["customer"], "ann");
    assert!(["bob", "cid"].contains(&seeds[1]["customer"].as_str()), "{seeds:?}");
    for (seed, want) in seeds.iter().zip([2.5, 0.5 + 0.25]) {
        let (gain, error) = (number(seed, "gain"), number(seed, "gain_se"));
        assert!((gain - want).abs() <= 5.0 * error + 1e-9 && error < 0.1, "{seed:?} {want}");
    }
    // What only the cascade tells is left out, and it is said.
    let tables = folder.path().join("results/family/2026-12-31/tables");
    assert!(!tables.join("signed_reach.csv").exists() && !tables.join("delays.csv").exists());
    assert!(!influence[0].contains_key("reach_30d"), "{:?}", influence[0]);
    let findings = rows(folder.path(), "family", "findings");
    assert!(
        findings.iter().any(|row| row["sentence"].contains("Under linear thresholds it is not told")),
        "{findings:?}"
    );
    let report = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/report.html")).expect("written");
    assert!(report.contains("sum to a threshold that nobody knows"), "the report says how the word passes");
}

#[test]
fn the_step_alone_has_the_same_and_the_cascade_another_reach() {
    let folder = folder();
    for (model, want) in [("threshold", "2.5"), ("cascade", "2.4375")] {
        diamond(folder.path(), &format!("model = \"{model}\"\nprobability = 0.5\nseeds = 0\n"));
        let output = advocate(folder.path(), &["influence", "family.toml", "--format", "json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rows = answer["tables"]["influence"].as_array().expect("rows");
        let ann = rows.iter().find(|row| row["customer"] == "ann").expect("there");
        assert_eq!(ann["reach"].to_string(), want);
        assert!(ann["reach_30d"].is_null());
    }
}

#[test]
fn what_thresholds_do_not_have_is_refused() {
    let folder = folder();
    for (more, said) in
        [("reach_days = [30]", "how soon the word spreads"), ("probability = \"learned\"", "which has weights")]
    {
        diamond(folder.path(), &format!("model = \"threshold\"\n{more}\n"));
        let output = advocate(folder.path(), &["check", "family.toml"]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}
