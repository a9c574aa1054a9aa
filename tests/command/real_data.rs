//! Studies over real, awkward data beside the project.

use super::{advocate, folder, project, shared, stderr};
use std::path::{Path, PathBuf};

fn run(spec: &str, needs: &str, out: &Path) -> Option<PathBuf> {
    shared(needs)?;
    let spec = format!("tests/real/{spec}.toml");
    let out = out.display().to_string();
    let output = advocate(&project(), &["run", &spec, "--out", &out, "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    Some(PathBuf::from(out))
}

fn rows(path: &Path) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_path(path).expect("a table");
    reader.records().map(|row| row.expect("a row")).collect()
}

#[test]
fn the_airports_score_weighted_and_not() {
    let folder = folder();
    let Some(out) = run("airport", "sfo_airport", folder.path()) else { return };
    let path = out.join("airport/2017-12-31/tables/measures.csv");
    let mut reader = csv::Reader::from_path(&path).expect("a table");
    let headers = reader.headers().expect("headers").clone();
    let at = |name: &str| headers.iter().position(|own| own == name).expect("a column");
    let rows = rows(&path);
    // Published with the data: n 2,746, NPS 39.8, weighted 40.4.
    let of = |weighted: &str| rows.iter().find(|row| &row[at("weighted")] == weighted).expect("a row");
    let number = |row: &csv::StringRecord, name: &str| row[at(name)].parse::<f64>().expect("a number");
    assert_eq!(&of("false")[at("n")], "2746");
    assert!((number(of("false"), "estimate") - 39.8).abs() < 0.05);
    assert!((number(of("true"), "estimate") - 40.4).abs() < 0.05);
}

#[test]
fn the_marketplaces_link_is_reported_as_weak() {
    let folder = folder();
    let Some(out) = run("marketplace", "olist_sample", folder.path()) else { return };
    let results = out.join("marketplace/2018-09-01");
    let findings = rows(&results.join("tables/findings.csv"));
    assert!(findings.iter().any(|row| &row[0] == "repurchase" && &row[1] == "weak_link"), "{findings:?}");
    let report = std::fs::read_to_string(results.join("report.html")).expect("a report");
    assert!(report.contains("weak") || report.contains("no link"), "the report says so");
    // Every review of the last 90 days is censored, none silently.
    let used = rows(&results.join("tables/answers_used.csv"));
    assert!(used.iter().any(|row| &row[1] == "window_censored"));
}
