//! Local times from outside: where they are local, and what changes of the clocks did to them.

use super::{advocate, folder, stderr, stdout, write};
use serde_json::Value;

/// The first source says its zone by file, the second by row, the third leaves it to the study.
const STUDY: &str = concat!(
    study!("clocks"),
    r#"zone = "Europe/Berlin"
bootstrap = 0
[sources.feedback]
path = "*_answers.csv"
customer = "who"
time = "when"
recommend = "nps"
zone = { "us_*.csv" = "America/New_York", "eu_*.csv" = "Europe/Berlin" }
[sources.transactions]
path = "orders.csv"
customer = "who"
time = "when"
zone_column = "tz"
[sources.activity]
path = "activity.csv"
customer = "who"
time = "when"
[scores]
enabled = false
"#
);

#[test]
fn times_at_changes_of_the_clocks_are_counted_and_said() {
    let folder = folder();
    // In 2026 the clocks of Berlin were put forward on March 29 at 02:00, those of New York on March 8 at 02:00; those of Berlin
    // were put back on October 25 at 03:00, those of New York on November 1 at 02:00.
    write(folder.path(), "clocks.toml", STUDY);
    write(folder.path(), "eu_answers.csv", "who,when,nps\na,2026-03-29 02:30,9\nb,2026-03-08 02:30,9\n");
    write(folder.path(), "us_answers.csv", "who,when,nps\nc,2026-03-08 02:30,9\nd,2026-11-01 01:30,9\n");
    let orders = "who,when,tz\na,2026-10-25 02:30,Europe/Berlin\nb,2026-10-25 02:30,UTC\nc,2026-10-25 02:30,CEST\n";
    write(folder.path(), "orders.csv", orders);
    write(folder.path(), "activity.csv", "who,when\na,Oct 25 2026 2:30 AM\na,Oct 25 2026 4:30 AM\n");
    let checked = advocate(folder.path(), &["check", "clocks.toml"]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    let said = stdout(&checked);
    assert!(said.contains("`when` of feedback: 2 were skipped") && said.contains("1 occurred twice"), "{said}");
    assert!(said.contains("quarantine no_zone: 1"), "{said}");
    let output = advocate(folder.path(), &["run", "clocks.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let results = folder.path().join("results/clocks/2026-12-31");
    let manifest = std::fs::read_to_string(results.join("manifest.json")).expect("there");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let findings = manifest["findings"].as_array().expect("findings");
    let of = |source: &str| {
        let mut own = findings.iter().filter(|own| own["kind"] == "clock_change" && own["about"] == source);
        own.next().map(|own| (own["numbers"]["n_skipped"].as_f64(), own["numbers"]["n_repeated"].as_f64()))
    };
    assert_eq!(of("feedback"), Some((Some(2.0), Some(1.0))), "{manifest}");
    assert_eq!(of("transactions"), Some((Some(0.0), Some(1.0))));
    assert_eq!(of("activity"), Some((Some(0.0), Some(1.0))));
}
