//! Whole runs over a simulated company.

use super::{advocate, folder, json, stderr, stdout};
use std::collections::BTreeMap;
use std::path::Path;

/// A small company and a study over it that runs in seconds.
pub(super) fn company(folder: &Path) {
    let output = advocate(folder, &["simulate", "--customers", "600", "--seed", "7", "--out", "data"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let study = concat!(
        study!("small", "2026-09-29"),
        r#"seed = 11
bootstrap = 30
[sources.feedback]
path = "data/feedback/*.csv"
id = "response_id"
customer = "customer_id"
time = "responded_at"
recommend = "likelihood_to_recommend"
scale = [0, 10]
not_applicable = ["N/A"]
channel = "channel"
[sources.transactions]
path = "data/orders.csv"
customer = "customer_id"
time = "ordered_at"
amount = "amount"
amount_min = 0
[sources.referrals]
path = "data/referrals.csv"
referrer = "referrer_id"
referred = "referred_id"
time = "referred_at"
[sources.customers]
path = "data/customers.csv"
customer = "customer_id"
joined = "joined_at"
keep = ["segment"]
[sources.activity]
path = "data/activity.csv"
customer = "customer_id"
time = "at"
[drivers]
touchpoints = ["delivery", "support", "price"]
controls = ["tenure_days"]
[outcomes.recommend]
[outcomes.repurchase]
window_days = 90
[outcomes.spend]
window_days = 90
[outcomes.nps_class]
[outcomes.referrals]
window_days = 180
[scores]
calibration = "sigmoid"
[measures]
by = ["channel", "segment"]
[influence]
probability = 0.25
"#
    );
    std::fs::write(folder.join("small.toml"), study).expect("written");
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").display().to_string();
                files.insert(name, std::fs::read(&path).expect("readable"));
            }
        }
    }
    files
}

#[test]
fn one_and_four_threads_write_the_same_bytes() {
    let folder = folder();
    company(folder.path());
    let mut written = Vec::new();
    for (threads, out) in [("1", "one"), ("4", "four"), ("4", "four")] {
        let output = advocate(folder.path(), &["run", "small.toml", "--threads", threads, "--out", out, "--quiet"]);
        assert!(output.status.success(), "{}", stderr(&output));
        written.push(files(&folder.path().join(out).join("small/2026-09-29")));
    }
    let tables = ["scores.parquet", "drivers.csv", "influence.csv", "delays.csv"].map(|name| format!("tables/{name}"));
    for name in tables.iter().map(String::as_str).chain(["report.html", "report.xlsx"]) {
        assert!(written[0].contains_key(name), "{name}");
    }
    for other in &written[1..] {
        assert_eq!(written[0].keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (name, bytes) in &written[0] {
            assert!(bytes == &other[name], "{name} differs");
        }
    }
}

#[test]
fn runs_with_and_without_a_cache_write_the_same_bytes() {
    let folder = folder();
    company(folder.path());
    let mut written = Vec::new();
    for arguments in [&["--no-cache"][..], &["--cache", "kept"], &["--cache", "kept"]] {
        let run = ["run", "small.toml", "--out", "results", "--quiet"];
        let output = advocate(folder.path(), &[&run[..], arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        written.push(files(&folder.path().join("results/small/2026-09-29")));
        assert!(!folder.path().join("results/cache").exists());
    }
    for other in &written[1..] {
        assert_eq!(written[0].keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (name, bytes) in &written[0] {
            assert!(bytes == &other[name], "{name} differs");
        }
    }
    // Two files of answers, and one each of orders, referrals, customers and activity; and the tables of these five sources.
    let entries = files(&folder.path().join("kept")).into_keys().filter(|name| name.ends_with("entry.json"));
    let (rows, entries): (Vec<String>, Vec<String>) = entries.partition(|name| name.starts_with("rows-"));
    assert_eq!(entries.len(), 6 + 5);
    // What the join gave for the answers and for the customers, and counts.
    assert!(rows.len() > 2, "{rows:?}");
    let before = files(folder.path()).len();
    let output = advocate(folder.path(), &["check", "small.toml", "--cache", "kept"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(files(folder.path()).len(), before, "a check reads the cache and adds nothing");
    let refused = advocate(folder.path(), &["run", "small.toml", "--no-cache", "--cache", "kept"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn the_summary_counts_every_row_and_says_where_the_report_is() {
    let folder = folder();
    company(folder.path());
    let output = advocate(folder.path(), &["run", "small.toml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("report.html"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    insta::with_settings!({filters => vec![(r"-?\d+(\.\d+)?", "#"), (r" +", " "), (r"─+", "─")]}, {
        insta::assert_snapshot!("terminal_summary", text);
    });

    let results = folder.path().join("results/small/2026-09-29");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(results.join("manifest.json")).expect("readable")).expect("JSON");
    for source in manifest["sources"].as_array().expect("sources") {
        let sum = |key: &str| {
            source[key].as_object().expect("counts").values().map(|n| n.as_u64().expect("a count")).sum::<u64>()
        };
        let n_read = source["rows_read"].as_u64().expect("a count");
        let n_used = source["rows_used"].as_u64().expect("a count");
        assert_eq!(n_read, n_used + sum("rows_quarantined") + sum("rows_excluded"), "{source}");
    }
    let table = std::fs::read_to_string(results.join("tables/answers_used.csv")).expect("readable");
    let mut totals: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in csv::Reader::from_reader(table.as_bytes()).records() {
        let row = row.expect("a row");
        let total = totals.entry(row[0].to_owned()).or_default();
        total.0 += row[2].parse::<u64>().expect("a count");
        total.1 = row[3].parse().expect("a count");
    }
    assert_eq!(totals.len(), 5);
    assert!(totals.values().all(|(sum, n_answers)| sum == n_answers), "{totals:?}");
}

/// What happens after an answer moves outcomes and nothing else.
#[test]
fn features_do_not_see_the_future() {
    let folder = folder();
    let study = |outcome_file: &str| {
        format!(
            "[study]\nname = \"leak\"\nas_of = 2026-06-30\nbootstrap = 0\n[sources.feedback]\npath = \"f.csv\"\ncustomer \
             = \"c\"\ntime = \"t\"\nrecommend = \"r\"\nscale = [0, 10]\n[sources.transactions]\npath = \
             \"{outcome_file}\"\ncustomer = \"c\"\ntime = \"t\"\namount = \"a\"\n[drivers]\ntouchpoints = [\"d\"]\ncontrols \
             = [\"frequency_90d\", \"spend_90d\", \"recency_days\"]\n[outcomes.repurchase]\nwindow_days = 30\n[scores]\nenabled = false\n"
        )
    };
    let mut feedback = "c,t,r,d\n".to_owned();
    let (mut before, mut after) = ("c,t,a\n".to_owned(), "c,t,a\n".to_owned());
    for customer in 0..60 {
        let day = customer % 28 + 1;
        feedback.push_str(&format!(
            "k{customer},2026-03-{day:02}T12:00:00Z,{},{}\n",
            customer % 11,
            (customer * 7) % 11
        ));
        // One purchase a minute before the answer, and, in the second file, one at the answer's very instant.
        let history = format!("k{customer},2026-03-{day:02}T11:59:00Z,{}\n", customer + 1);
        before.push_str(&history);
        after.push_str(&history);
        if customer % 3 == 0 {
            before.push_str(&format!("k{customer},2026-03-{day:02}T12:01:00Z,5\n"));
            after.push_str(&format!("k{customer},2026-03-{day:02}T12:01:00Z,5000\n"));
        }
        after.push_str(&format!("k{customer},2026-03-{day:02}T12:00:00Z,77\n"));
    }
    super::write(folder.path(), "f.csv", &feedback);
    super::write(folder.path(), "before.csv", &before);
    super::write(folder.path(), "after.csv", &after);
    let mut coefficients = Vec::new();
    for file in ["before.csv", "after.csv"] {
        super::write(folder.path(), "leak.toml", &study(file));
        let output = advocate(folder.path(), &["run", "leak.toml", "--quiet"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let path = folder.path().join("results/leak/2026-06-30/tables/coefficients.csv");
        coefficients.push(std::fs::read_to_string(path).expect("readable"));
    }
    // A dearer purchase after the answer and one at its instant change neither history nor the fact of repurchase.
    assert_eq!(coefficients[0], coefficients[1]);
    assert!(coefficients[0].contains("spend_90d"), "{}", coefficients[0]);
}

#[test]
fn check_writes_nothing_and_names_what_a_run_would_use() {
    let folder = folder();
    company(folder.path());
    let before = files(folder.path()).len();
    let output = advocate(folder.path(), &["check", "small.toml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("source feedback: 2 files"), "{}", stdout(&output));
    assert_eq!(files(folder.path()).len(), before);
}

#[test]
fn an_unknown_control_is_refused_with_its_place() {
    let folder = folder();
    company(folder.path());
    let path = folder.path().join("small.toml");
    let text = std::fs::read_to_string(&path).expect("readable").replace("\"tenure_days\"", "\"tenure_dais\"");
    std::fs::write(&path, text).expect("written");
    let output = advocate(folder.path(), &["check", "small.toml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("tenure_dais") && stderr(&output).contains("small.toml:3"), "{}", stderr(&output));
}

#[test]
fn the_shipped_study_reads_its_data() {
    let output = advocate(&super::project(), &["check", "models/specs/retail.toml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("outcome referral within 180 days"), "{}", stdout(&output));
    // `orders.repeated` of datasets/retail/truth.json.
    let orders = stdout(&output).split("source transactions").nth(1).map(str::to_owned).unwrap_or_default();
    let orders = orders.split("source ").next().unwrap_or_default();
    assert!(orders.contains("quarantine duplicate: 6\n"), "{orders}");
    assert!(!stdout(&output).contains("as an earlier one"), "{}", stdout(&output));
}

#[test]
fn flat_answers_do_not_depend_on_the_order_of_columns() {
    let folder = folder();
    let mut text = "y,a,b\n".to_owned();
    for row in 0..30 {
        text.push_str(&format!("{},{},{}\n", row % 7, row % 5, (row * 3) % 11));
    }
    super::write(folder.path(), "t.csv", &text);
    let share = |drivers: &str| {
        let arguments = [
            "drivers",
            "--data",
            "t.csv",
            "--outcome",
            "y",
            "--drivers",
            drivers,
            "--bootstrap",
            "0",
            "--format",
            "json",
        ];
        let answer = json(&advocate(folder.path(), &arguments));
        let row = answer["drivers"].as_array().expect("rows").iter().find(|row| row["driver"] == "a").cloned();
        row.expect("driver a")["share"].as_f64().expect("a number")
    };
    assert!((share("a,b") - share("b,a")).abs() < 1e-12);
}

/// What the tables show of one company small enough to work out by hand.
#[test]
fn ratings_and_scores_by_hand() {
    let folder = folder();
    let mut feedback = "c,t,r,d\n".to_owned();
    let mut customers = "c,joined\nmute,2026-01-01T00:00:00Z\n".to_owned();
    for row in 0..24 {
        let (score, answer) = (row % 9, (row % 9 + row % 2).min(10));
        feedback.push_str(&format!("k{row},2026-03-{:02}T00:00:00Z,{answer},{score}\n", row + 1));
        customers.push_str(&format!("k{row},2025-0{}-01T00:00:00Z\n", row % 8 + 1));
    }
    super::write(folder.path(), "f.csv", &feedback);
    super::write(folder.path(), "p.csv", &customers);
    let referral = |to: &str| format!("k0,{to},2026-02-01T00:00:00Z\n");
    super::write(folder.path(), "r.csv", &format!("a,b,t\n{}{}{}", referral("k1"), referral("k2"), referral("k3")));
    super::write(
        folder.path(),
        "hand.toml",
        "[study]\nname = \"hand\"\nas_of = 2026-06-30\nbootstrap = 0\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \
         \"c\"\ntime = \"t\"\nrecommend = \"r\"\nscale = [0, 10]\n[sources.customers]\npath = \"p.csv\"\ncustomer = \
         \"c\"\njoined = \"joined\"\n[sources.referrals]\npath = \"r.csv\"\nreferrer = \"a\"\nreferred = \"b\"\ntime = \
         \"t\"\n[drivers]\ntouchpoints = [\"d\"]\ncontrols = [\"tenure_days\"]\n[outcomes.recommend]\n[influence]\n\
         probability = 0.25\n",
    );
    let output = advocate(folder.path(), &["run", "hand.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let tables = folder.path().join("results/hand/2026-06-30/tables");
    let cell = |table: &str, customer: &str, column: &str| -> f64 {
        let mut reader = csv::Reader::from_path(tables.join(table)).expect("a table");
        let place = reader.headers().expect("names").iter().position(|name| name == column).expect("a column");
        let row = reader.records().map(|row| row.expect("a row")).find(|row| &row[0] == customer).expect("a customer");
        row[place].parse().expect("a number")
    };
    let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-9, "{got} {want}");
    // One who brought three, each passing on with 1/4. Everybody points at the one: x = .15/4 + .85 a/4 and a + 3 x = 1.
    close(cell("influence.csv", "k0", "reach"), 1.75);
    close(cell("influence.csv", "k1", "page_rank"), 0.25 / 1.6375);
    close(cell("influence.csv", "k0", "page_rank"), 1.0 - 0.75 / 1.6375);

    // The coefficients that the table shows, applied to what is known on the first of July: one who answered 5 for
    // delivery, and one who never answered, whose delivery takes the mean of the 24 scores (0 to 8 twice, 0 to 5 again).
    let coefficient = |term: &str| -> f64 {
        let mut reader = csv::Reader::from_path(tables.join("coefficients.csv")).expect("a table");
        let row = reader.records().map(|row| row.expect("a row")).find(|row| &row[1] == term).expect("a term");
        row[2].parse().expect("a number")
    };
    let (base, slope, tenure) = (coefficient("(intercept)"), coefficient("d"), coefficient("tenure_days"));
    // Days by the calendar: 2025-06-01 to 2026-07-01 and 2026-01-01 to 2026-07-01.
    close(cell("scores.csv", "k5", "expected_recommend"), base + 5.0 * slope + 395.0 * tenure);
    let mean = (36.0 + 36.0 + 15.0) / 24.0;
    close(cell("scores.csv", "mute", "expected_recommend"), base + mean * slope + 181.0 * tenure);
}
