//! What a study may ask of the history before an answer, and how it is checked for leaks.

use super::studies::{self, Row, refused_with};
use super::{advocate, folder, project, stderr, stdout, write};
use std::path::Path;

const STUDY: &str = concat!(
    study!("stages"),
    "bootstrap = 0\n",
    feedback!("feedback.csv", "when"),
    "scale = [0, 1]\n",
    orders!("when"),
    r#"[sources.customers]
path = "customers.csv"
customer = "who"
joined = "since"
keep = ["left_later"]
zone = "UTC"
[sources.junctures]
path = "renewals.csv"
customer = "who"
time = "when"
kind = "kind"
[history]
windows_days = [10]
spend_trend = true
junctures = [{ kind = "renewal", known_in_advance = "always" }]
[[history.lifecycle]]
stage = "new"
when = ["tenure_days < 40"]
[[history.lifecycle]]
stage = "settled"
[drivers]
touchpoints = ["delivery"]
controls = ["days_to_renewal"]
[evaluation]
enabled = false
[measures]
by = ["lifecycle_stage"]
[segments]
by = []
[outcomes.repurchase]
window_days = 90
"#
);

/// Forty customers who answer on 10 March; the first twenty joined on 20 February and are promoters of 9, the others joined
/// a year before and answer 5. The renewal of every customer comes on 1 January after the study's date. Every second
/// customer buys again, and `left_later` knows it.
fn company(folder: &Path) {
    write(folder, "stages.toml", STUDY);
    let (mut feedback, mut orders, mut customers, mut renewals) = (
        "who,when,nps,delivery\n".to_owned(),
        "who,when,amount\n".to_owned(),
        "who,since,left_later\n".to_owned(),
        "who,when,kind\n".to_owned(),
    );
    for who in 0..40 {
        let (answer, since) = if who < 20 { (9, "2026-02-20") } else { (5, "2025-02-20") };
        feedback.push_str(&format!("c{who},2026-03-10T12:00:00Z,{answer},{}\n", who / 2 % 2));
        customers.push_str(&format!("c{who},{since},{}\n", 1 - who % 2));
        renewals.push_str(&format!("c{who},2027-01-01T12:00:00Z,renewal\n"));
        // Ten days before the answer and less: 30; the ten days before those: 12.
        orders.push_str(&format!("c{who},2026-03-05T12:00:00Z,30\nc{who},2026-02-25T12:00:00Z,12\n"));
        if who % 2 == 1 {
            orders.push_str(&format!("c{who},2026-04-01T12:00:00Z,20\n"));
        }
    }
    for (name, text) in
        [("feedback.csv", feedback), ("orders.csv", orders), ("customers.csv", customers), ("renewals.csv", renewals)]
    {
        write(folder, name, &text);
    }
}

fn rows(folder: &Path, table: &str) -> Vec<Row> {
    studies::rows(folder, "stages", table)
}

#[test]
fn stages_cut_the_score_and_check_lists_what_is_known() {
    let folder = folder();
    company(folder.path());
    let check = advocate(folder.path(), &["check", "stages.toml"]);
    assert!(check.status.success(), "{}", stderr(&check));
    let text = stdout(&check);
    assert!(text.contains("outcome repurchase within 90 days after the answer: 40 of 40 answers"), "{text}");
    for known in ["spend_10d", "spend_trend_10d", "days_to_renewal", "days_since_renewal", "lifecycle_stage"] {
        assert!(text.contains(known), "{known} is not in {text}");
    }
    assert!(text.contains("source transactions: 1 file, 100 rows read, 100 used") && text.contains("to 2026-04-01"));

    let run = advocate(folder.path(), &["run", "stages.toml", "--quiet"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let measures = rows(folder.path(), "measures");
    let score = |stage: &str| {
        let row = measures.iter().find(|row| row["value"] == stage).expect("a stage");
        (row["n"].clone(), row["estimate"].parse::<f64>().expect("a number"))
    };
    assert_eq!(score("new"), ("20".to_owned(), 100.0));
    assert_eq!(score("settled"), ("20".to_owned(), -100.0));
}

#[test]
fn the_statement_is_plain_sql_that_names_every_column() {
    let folder = folder();
    company(folder.path());
    let output = advocate(folder.path(), &["link", "stages.toml", "--sql"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    for part in ["FROM feedback a", "AS \"spend_10d\"", "AS lifecycle_stage", "next_purchases_90d"] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    assert!(!text.contains("spend_30d"), "windows are the study's own");
    // It is what the command does without the flag too.
    let statement = |more: &[&str]| stdout(&advocate(folder.path(), &[&["link", "stages.toml"], more].concat()));
    assert!(statement(&[]).contains("FROM feedback a"));
    assert_eq!(statement(&[]), statement(&["--sql"]));
}

#[test]
fn the_base_table_is_written_with_what_it_was_made_of() {
    let folder = folder();
    company(folder.path());
    let link = |more: &[&str]| advocate(folder.path(), &[&["link", "stages.toml", "--no-cache"], more].concat());
    let output = link(&["--out", "base"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("answers.parquet, answers.csv: 40 rows"), "{}", stdout(&output));
    let rows = |file: &str| -> Vec<Row> {
        let mut reader = csv::Reader::from_path(folder.path().join("base").join(file)).expect("there");
        reader.deserialize().collect::<Result<_, _>>().expect("rows")
    };
    // By hand, see `company`: 30 in the ten days before the answer, 20 after it for every second customer.
    let own = &rows("answers.csv")[3];
    let cells =
        ["row", "customer", "spend_10d", "next_purchases_90d", "lifecycle_stage"].map(|name| own[name].as_str());
    assert_eq!(cells, ["3", "c3", "30", "1", "new"]);
    assert_eq!(own["t"], "1773144000000000", "date -d 2026-03-10T12:00:00Z +%s, and six zeros");
    let base = folder.path().join("base");
    let statement = std::fs::read_to_string(base.join("statement.sql")).expect("there");
    let named = base.canonicalize().expect("there").join("typed/transactions/*.parquet");
    assert!(statement.contains(&format!("read_parquet('{}')", named.display())), "{statement}");
    assert!(base.join("typed/transactions/part-00000.parquet").is_file() && base.join("answers.parquet").is_file());

    // Made again it is replaced whole, here by the customers; what is no base table is left alone.
    let output = link(&["--out", "base", "--rows", "customers", "--tables", "datafusion", "--quiet"]);
    assert!(output.status.success() && stdout(&output).is_empty(), "{}", stderr(&output));
    assert_eq!((rows("customers.csv").len(), base.join("answers.csv").exists()), (40, false));
    write(folder.path(), "mine/letter.txt", "dear");
    let output = link(&["--out", "mine"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("name another folder"), "{}", stderr(&output));
    assert!(folder.path().join("mine/letter.txt").is_file());
    assert_eq!(link(&["--tables", "duckdb"]).status.code(), Some(2));
}

#[test]
fn leaks_are_looked_for_and_what_knows_the_future_is_named() {
    let folder = folder();
    company(folder.path());
    let output = advocate(folder.path(), &["check", "stages.toml", "--leaks"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("no column changes when only the other side of the answer changes"), "{text}");
    assert!(
        text.contains("TOO GOOD left_later: alone it tells `repurchase` apart with an area under the curve of 1.000")
    );
    assert!(text.contains("days_to_renewal looks ahead"), "{text}");
    // Everybody bought twice before the answer.
    assert!(
        text.contains("of 40 customers who answered 40 bought at least twice")
            && text.contains("the second purchase of 40 came before their first")
    );
    assert!(text.contains("profile left_later: nobody knows since when its values hold"), "{text}");
}

/// Answers of 120 customers of whom two thirds buy in the 90 days after, with a touchpoint that was filled in afterwards.
const LATER: &str = concat!(
    study!("later"),
    "bootstrap = 0\n",
    feedback!("feedback.csv", "when"),
    "scale = [0, 10]\n",
    orders!("when"),
    r#"[drivers]
touchpoints = ["delivery", "price", "staff", "leak"]
missing = "indicator"
[evaluation]
enabled = false
[outcomes.OUTCOME]
window_days = 90
"#
);

/// What `check --leaks` says where `leak` is this text of how often, and for how much, a customer bought afterwards.
fn leaks_of(outcome: &str, leak: impl Fn(usize, usize, usize) -> String) -> String {
    let folder = folder();
    write(folder.path(), "later.toml", &LATER.replace("OUTCOME", outcome));
    let (mut feedback, mut orders) =
        ("who,when,nps,delivery,price,staff,leak\n".to_owned(), "who,when,amount\n".to_owned());
    for who in 0..120 {
        // Three touchpoints that go with nothing.
        let (delivery, price, staff) = (who * 7 % 11, who * 5 % 9, who * 3 % 10);
        let (n_later, amount) = if who % 3 == 0 { (0, 0) } else { (1 + who % 4, 5 + who * who % 97) };
        let told = leak(who, n_later, n_later * amount);
        feedback.push_str(&format!(
            "c{who},2026-03-{:02}T12:00:{:02}Z,{},{delivery},{price},{staff},{told}\n",
            1 + who % 28,
            who % 60,
            who * 3 % 11
        ));
        for order in 0..n_later {
            orders.push_str(&format!("c{who},2026-04-{:02}T08:{:02}:00Z,{amount}\n", 1 + order, who % 60));
        }
        orders.push_str(&format!("c{who},2026-01-{:02}T08:{:02}:00Z,10\n", 1 + who % 28, who % 60));
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    let output = advocate(folder.path(), &["check", "later.toml", "--leaks"]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn leaks_into_numbers_and_through_gaps_are_named() {
    // The number of purchases to come itself: the same order.
    let text = leaks_of("purchases", |_, n_later, _| n_later.to_string());
    let told =
        "TOO GOOD leak: alone it tells the order of `purchases` with a rank correlation of 1.000 over 120 answers";
    assert!(text.contains(told), "{text}");
    // What will be spent, as a score of 0 to 10 that rises with it: scipy.stats.spearmanr of the same two columns gives 0.9947.
    let score = |_, _, spent: usize| format!("{}", (1.7 * (1.0 + spent as f64).ln()).min(10.0).round());
    let text = leaks_of("spend", score);
    assert!(
        text.contains("TOO GOOD leak: alone it tells the order of `spend` with a rank correlation of 0.99"),
        "{text}"
    );
    // Asked only of those who came back, and their answers say nothing.
    let asked = |who: usize, n_later, _| if n_later > 0 { format!("{}", who * 7 % 11) } else { String::new() };
    let text = leaks_of("repurchase", asked);
    assert!(
        text.contains(
            "TOO GOOD leak: where it has gaps tells `repurchase` apart with an area under the curve of 1.000"
        ),
        "{text}"
    );
    // Not always right, but far from all else: of 80 who came back 75 are told, of 40 others 37, so the area is (75/80 + 37/40) / 2.
    let noisy =
        |who: usize, n_later, _| if (n_later > 0) == (who % 20 >= 2 || who >= 80) { "1" } else { "0" }.to_owned();
    let text = leaks_of("repurchase", noisy);
    assert!(
        text.contains("TOO GOOD leak: alone it tells `repurchase` apart with an area under the curve of 0.931")
            && text.contains("where no other column comes near"),
        "{text}"
    );
    // An honest one.
    let text = leaks_of("repurchase", |who, _, _| format!("{}", who * 13 % 11));
    assert!(text.contains("no column of numbers, nor where it has gaps, alone predicts an outcome too well"), "{text}");
    assert!(text.contains("when the survey reached them is known of none"), "{text}");
}

#[test]
fn a_history_that_its_tables_cannot_give_is_refused() {
    let folder = folder();
    company(folder.path());
    let refused = |from: &str, to: &str| refused_with(folder.path(), STUDY, (from, to));
    assert!(refused("spend_trend = true", "distinct = [\"families\"]").contains("needs the column `family`"));
    assert!(refused("tenure_days < 40", "tenure_days 40").contains("a sign and a number"));
    assert!(refused("windows_days = [10]", "windows_days = [0]").contains("windows_days"));
}

#[test]
fn a_vendors_export_runs_as_it_is() {
    let folder = folder();
    let sample = project().join("tests/exports/qualtrics/responses.csv");
    let study = format!(
        "[study]\nname = \"export\"\nas_of = 2026-12-31\nbootstrap = 0\n[sources.feedback]\npath = \"{}\"\n\
         customer = \"@external_reference\"\ntime = \"@end\"\nrecommend = \"@recommend\"\n",
        sample.display()
    );
    write(folder.path(), "export.toml", &study);
    let output = advocate(folder.path(), &["run", "export.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let row = &studies::rows(folder.path(), "export", "measures")[0];
    // Answers 10, 7, 4 and 6: one promoter, two detractors.
    assert_eq!((row["n"].as_str(), row["estimate"].as_str()), ("4", "-25"));
}
