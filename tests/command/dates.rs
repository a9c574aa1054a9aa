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

/// Answers by day and orders with their times.
const BY_DAY: &str = concat!(
    study!("days"),
    "zone = \"Europe/Berlin\"\nbootstrap = 0\n",
    feedback!("answers.csv", "when"),
    "scale = [1, 5]\nid = \"id\"\n",
    orders!("when"),
    r#"[drivers]
touchpoints = ["delivery"]
[scores]
enabled = false
[evaluation]
enabled = false
[outcomes.repurchase]
window_days = 30
"#
);

#[test]
fn answers_by_day_beside_orders_of_that_day_are_told_and_a_day_may_be_its_end() {
    let folder = folder();
    write(folder.path(), "days.toml", BY_DAY);
    let (mut answers, mut orders) = ("id,who,when,nps,delivery\n".to_owned(), "who,when,amount\n".to_owned());
    for n in 0..60 {
        let day = 1 + n % 28;
        answers.push_str(&format!("{n},c{n},2026-03-{day:02},{},{}\n", 5 + n % 6, 1 + n % 5));
        // Everybody orders on the morning of the answer, and every third again twelve days later.
        orders.push_str(&format!("c{n},2026-03-{day:02} 09:{:02}:30,20\n", n % 60));
        if n % 3 == 0 {
            let later = day + 12;
            let (month, day) = if later <= 31 { (3, later) } else { (4, later - 31) };
            orders.push_str(&format!("c{n},2026-{month:02}-{day:02} 18:{:02}:10,30\n", n % 60));
        }
    }
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    let checked = |more: &[&str]| {
        let output = advocate(folder.path(), &[&["check", "days.toml"], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let told = "60 of 60 answers have a transaction on the same day, which counts as after the answer";
    assert!(checked(&[]).contains(told), "{}", checked(&[]));
    assert!(checked(&["--leaks"]).contains(told), "{}", checked(&["--leaks"]));
    let repurchases = || {
        let output = advocate(folder.path(), &["link", "days.toml", "--out", "base", "--quiet"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let mut rows = csv::Reader::from_path(folder.path().join("base/answers.csv")).expect("there");
        let column =
            rows.headers().expect("names").iter().position(|name| name == "next_purchases_30d").expect("there");
        rows.records().filter(|row| row.as_ref().expect("a row")[column] != *"0").count()
    };
    assert_eq!(repurchases(), 60);
    let says = |day: &str| {
        write(folder.path(), "days.toml", &BY_DAY.replace("id = \"id\"", &format!("id = \"id\"\nday = \"{day}\"")))
    };
    // The order of the morning came before: of 60, the 20 who ordered again are left.
    says("end");
    assert_eq!(repurchases(), 20);
    assert!(!checked(&[]).contains("dated by day"), "{}", checked(&[]));
    // Said to be right, it is said no more.
    says("start");
    assert_eq!(repurchases(), 60);
    assert!(!checked(&[]).contains("dated by day"), "{}", checked(&[]));
    says("noon");
    let output = advocate(folder.path(), &["check", "days.toml"]);
    assert!(stderr(&output).contains("choose one of: start, end"), "{}", stderr(&output));
}

#[test]
fn answers_that_carry_the_day_of_their_export_are_told() {
    let folder = folder();
    write(folder.path(), "days.toml", BY_DAY);
    let answers: String = (0..30).map(|n| format!("{n},c{n},2026-06-01 07:15:22,{},{}\n", n % 11, 1 + n % 5)).collect();
    write(folder.path(), "answers.csv", &format!("id,who,when,nps,delivery\n{answers}"));
    write(folder.path(), "orders.csv", "who,when,amount\nc1,2026-03-02 09:00:01,20\nc2,2026-06-08 11:02:03,20\n");
    let output = advocate(folder.path(), &["check", "days.toml"]);
    assert!(stdout(&output).contains("all answers carry one and the same instant"), "{}", stdout(&output));
}
