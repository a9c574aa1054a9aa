//! Networked promoters of a study by hand.

use super::{advocate, folder, stderr, write};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

type Row = HashMap<String, String>;

fn rows(folder: &Path, study: &str, table: &str) -> Vec<Row> {
    let path = folder.join(format!("results/{study}/2026-12-31/tables/{table}.csv"));
    let mut reader = csv::Reader::from_path(path).expect("readable");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

fn row<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    rows.iter().find(|row| row[column] == value).expect("a row of that name")
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().expect("a number")
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-9, "{got} {want}");
}

fn run(folder: &Path, file: &str) {
    let output = advocate(folder, &["run", file, "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Ann brought Bob, Cid and Dan; Bob brought Eve; Zoe came on her own. Every referral passes the word on.
fn family(folder: &Path) {
    let mut feedback = "who,when,nps,d\nann,2026-03-01T00:00:00Z,10,9\nbob,2026-03-01T00:00:00Z,3,2\n\
                        cid,2026-03-01T00:00:00Z,8,7\neve,2026-03-01T00:00:00Z,9,8\n"
        .to_owned();
    for at in 0..24 {
        let _ = writeln!(feedback, "k{at},2026-04-{:02}T00:00:00Z,{},{}", at + 1, at % 11, at % 7);
    }
    write(folder, "feedback.csv", &feedback);
    write(
        folder,
        "referrals.csv",
        "by,of,when\nann,bob,2025-01-10T00:00:00Z\nann,cid,2025-01-10T00:00:00Z\nann,dan,2025-01-10T00:00:00Z\n\
         bob,eve,2025-06-01T00:00:00Z\n",
    );
    write(
        folder,
        "orders.csv",
        "who,when,amount\nann,2024-12-01T00:00:00Z,100\nann,2025-02-01T00:00:00Z,50\nbob,2025-01-05T00:00:00Z,10\n\
         bob,2025-02-01T00:00:00Z,20\nbob,2025-03-01T00:00:00Z,30\ncid,2025-02-01T00:00:00Z,40\n\
         cid,2026-02-01T00:00:00Z,60\neve,2025-07-01T00:00:00Z,80\nzoe,2025-05-05T00:00:00Z,7\n",
    );
    write(
        folder,
        "customers.csv",
        "who,since,opted_out,price\nann,2024-01-01T00:00:00Z,yes,3\nbob,2024-01-01T00:00:00Z,no,2\n\
         cid,2024-01-01T00:00:00Z,no,3\ndan,2024-01-01T00:00:00Z,no,3\neve,2024-01-01T00:00:00Z,no,3\n",
    );
    write(
        folder,
        "family.toml",
        r#"
[study]
name = "family"
as_of = 2026-12-31
bootstrap = 0
[sources.feedback]
path = "feedback.csv"
customer = "who"
time = "when"
recommend = "nps"
scale = [0, 10]
[sources.transactions]
path = "orders.csv"
customer = "who"
time = "when"
amount = "amount"
[sources.customers]
path = "customers.csv"
customer = "who"
joined = "since"
keep = ["opted_out", "price"]
[sources.referrals]
path = "referrals.csv"
referrer = "by"
referred = "of"
time = "when"
[drivers]
touchpoints = ["d"]
[evaluation]
enabled = false
[outcomes.recommend]
[influence]
probability = 1.0
seeds = 3
budget = 4.9
cost = "price"
exclude = "opted_out"
[influence.value]
margin = 0.5
incentive = 5
acquisition_saved = 20
came_anyway = 0.25
discount = 0.1
"#,
    );
}

#[test]
fn values_of_a_family_by_hand() {
    let folder = folder();
    family(folder.path());
    run(folder.path(), "family.toml");
    let values = rows(folder.path(), "family", "referral_value");
    let of = |who: &str, column: &str| number(row(&values, "customer", who), column);
    // Half of all that each bought.
    for (who, own) in [("ann", 75.0), ("bob", 30.0), ("cid", 50.0), ("dan", 0.0), ("eve", 40.0)] {
        close(of(who, "own_value"), own);
    }
    // Bob's first order lies before the referral. Dan never bought, so he was no acquisition. Cid's second order lies in
    // the second year. By year: 0.75 (margin - 5 + 20) + 0.25 * 20, and 0.75 * margin later.
    close(of("ann", "type_one"), (0.75 * 40.0 + 0.75 * 35.0) / 1.1 + 0.75 * 30.0 / 1.21);
    close(of("ann", "type_two"), (5.0 + 5.0) / 1.1);
    close(of("ann", "referral_value"), (35.0 + 31.25) / 1.1 + 22.5 / 1.21);
    close(of("bob", "referral_value"), (0.75 * 55.0 + 5.0) / 1.1);
    close(of("ann", "revenue_brought"), 20.0 + 30.0 + 40.0 + 60.0);
    close(of("bob", "revenue_brought"), 80.0);
    close(of("ann", "n_brought"), 3.0);
    // Medians: 40 of own value, 0 of referral value.
    for (who, group) in
        [("ann", "champion"), ("bob", "advocate"), ("cid", "affluent"), ("dan", "miser"), ("eve", "miser")]
    {
        assert_eq!(row(&values, "customer", who)["value_group"], group, "{who}");
    }
    let groups = rows(folder.path(), "family", "value_groups");
    close(number(row(&groups, "value_group", "miser"), "n_customers"), 2.0);
    close(number(row(&groups, "value_group", "miser"), "own_value"), 40.0);
    // Bob's orders since the referral are repeats: his first was his own.
    let revenue = rows(folder.path(), "family", "word_of_mouth");
    for (part, amount) in
        [("own_first", 117.0), ("own_repeat", 50.0), ("referred_first", 120.0), ("referred_repeat", 110.0)]
    {
        close(number(row(&revenue, "part", part), "revenue"), amount);
        close(number(row(&revenue, "part", part), "share"), amount / 397.0);
    }
    let report = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/report.html")).expect("written");
    assert!(report.contains("Of a revenue of 397, 117 are first purchases"), "the report says the revenue");
}

#[test]
fn network_of_a_family_by_hand() {
    let folder = folder();
    family(folder.path());
    run(folder.path(), "family.toml");
    let influence = rows(folder.path(), "family", "influence");
    let of = |who: &str, column: &str| number(row(&influence, "customer", who), column);
    for (who, reach, signed, out, generations) in
        [("ann", 5.0, 5.0, 3.0, 2.0), ("bob", 2.0, -2.0, 1.0, 1.0), ("cid", 1.0, 0.0, 0.0, 0.0)]
    {
        close(of(who, "reach"), reach);
        close(of(who, "signed_reach"), signed);
        close(of(who, "out_degree"), out);
        close(of(who, "n_generations"), generations);
        // A tree has no ties beyond one each.
        close(of(who, "k_core"), 1.0);
    }
    assert_eq!(row(&influence, "customer", "dan")["signed_reach"], "");
    assert_eq!(row(&influence, "customer", "ann")["rating_se"], "");
    // Ann (and Eve below her) reaches all five, Bob himself and Eve.
    let carried = rows(folder.path(), "family", "signed_reach");
    for (part, want) in [("asset", 5.0), ("exposure", 2.0), ("contested", 2.0), ("net", 3.0)] {
        let own = row(&carried, "part", part);
        let error = number(own, "std_error");
        assert!((number(own, "expected") - want).abs() <= 5.0 * error + 1e-9, "{own:?}");
    }
    let findings = rows(folder.path(), "family", "findings");
    let said = findings.iter().any(|row| row["sentence"].contains("not learned from later referrals"));
    assert!(said, "{findings:?}");
}

#[test]
fn whom_to_invite_keeps_to_budget_and_exclusions() {
    let folder = folder();
    family(folder.path());
    run(folder.path(), "family.toml");
    // Ann opted out. Bob costs 2 and reaches himself and Eve; after him nobody costs less than the 2.9 that are left.
    let seeds = rows(folder.path(), "family", "seeds");
    assert_eq!(seeds.len(), 1, "{seeds:?}");
    assert_eq!(seeds[0]["customer"], "bob");
    close(number(&seeds[0], "spent"), 2.0);
    let (gain, error) = (number(&seeds[0], "gain"), number(&seeds[0], "gain_se"));
    assert!(error > 0.0 && (gain - 2.0).abs() < 5.0 * error, "{seeds:?}");
    let plan = rows(folder.path(), "family", "seed_plan");
    let own = row(&plan, "choice", "plan");
    assert!(number(own, "reach_low") <= 2.0 && number(own, "best_high") >= 2.0, "{own:?}");
    close(number(own, "guarantee"), number(own, "reach_low") / number(own, "best_high"));
    assert!(number(row(&plan, "choice", "top_by_count"), "reach") > 1.9);
    // Bob, or one of three who reach only themselves.
    assert!(number(row(&plan, "choice", "random"), "reach") < 2.0 + 5.0 * error);
}

#[test]
fn a_cost_that_is_no_number_is_refused() {
    let folder = folder();
    family(folder.path());
    let study = std::fs::read_to_string(folder.path().join("family.toml")).expect("written");
    write(folder.path(), "bad.toml", &study.replace("cost = \"price\"", "cost = \"opted_out\""));
    let output = advocate(folder.path(), &["run", "bad.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("`opted_out`"), "{}", stderr(&output));
}

/// Three times: 30 talkers refer twice and 30 others once early on; then some of both in each of two windows of 100 days.
fn talkers(folder: &Path) {
    let mut referrals = "by,of,when\n".to_owned();
    let mut n_new = 0;
    let mut refer = |by: String, day: &str| {
        n_new += 1;
        let _ = writeln!(referrals, "{by},n{n_new},{day}T00:00:00Z");
    };
    for at in 0..30 {
        refer(format!("a{at}"), "2026-01-10");
        refer(format!("a{at}"), "2026-02-10");
        refer(format!("q{at}"), "2026-03-10");
    }
    for (day, n_talkers, n_others, more) in
        [("2026-07-15", 25, 5, ["n1", "n2"].as_slice()), ("2026-11-15", 23, 7, &["a25", "n1", "n3"])]
    {
        (0..n_talkers).for_each(|at| refer(format!("a{at}"), day));
        (0..n_others).for_each(|at| refer(format!("q{at}"), day));
        more.iter().for_each(|who| refer((*who).to_owned(), day));
    }
    write(folder, "referrals.csv", &referrals);
    let mut feedback = "who,when,nps,d\n".to_owned();
    for at in 0..24 {
        let _ = writeln!(feedback, "k{at},2026-04-{:02}T00:00:00Z,{},{}", at + 1, at % 11, at % 7);
    }
    write(folder, "feedback.csv", &feedback);
    write(
        folder,
        "talkers.toml",
        r#"
[study]
name = "talkers"
as_of = 2026-12-31
bootstrap = 0
[sources.feedback]
path = "feedback.csv"
customer = "who"
time = "when"
recommend = "nps"
scale = [0, 10]
[sources.referrals]
path = "referrals.csv"
referrer = "by"
referred = "of"
time = "when"
[drivers]
touchpoints = ["d"]
[evaluation]
enabled = false
[outcomes.recommend]
[influence]
later_days = 100
seeds = 0
"#,
    );
}

#[test]
fn a_plain_count_is_judged_by_later_referrals_as_by_hand() {
    let folder = folder();
    talkers(folder.path());
    run(folder.path(), "talkers.toml");
    let ablation = rows(folder.path(), "talkers", "ablation");
    let counts = ablation
        .iter()
        .find(|row| row["contender"] == "plain" && row["inputs"] == "referrals")
        .expect("a plain count competes");
    // Known before the last window: 60 referrers, the 90 whom they brought, and 32 of the first window.
    close(number(counts, "n_customers"), 182.0);
    close(number(counts, "n_referrers"), 33.0);
    close(number(counts, "later_days"), 100.0);
    // Referred later / not, by the count so far: 3 is 23 / 2, 2 is 6 / 4, 1 is 3 / 24, 0 is 1 / 119; ties count half.
    let won = 23.0 * (147.0 + 1.0) + 6.0 * (143.0 + 2.0) + 3.0 * (119.0 + 12.0) + 119.0 / 2.0;
    close(number(counts, "roc_auc"), won / (33.0 * 149.0));
    // The top tenth lies within the 25 with three referrals.
    close(number(counts, "precision_top_tenth"), 23.0 / 25.0);
    close(number(counts, "lift_top_tenth"), 23.0 / 25.0 / (33.0 / 182.0));
    let rating = row(&ablation, "contender", "rating");
    close(number(rating, "gain_of_rating"), 0.0);
    close(number(counts, "gain_of_rating"), number(rating, "roc_auc") - number(counts, "roc_auc"));
    row(&ablation, "contender", "history_only");
    // The true rating is first among itself and 19 deals, which on average find nothing.
    let placebo = row(&ablation, "contender", "placebo");
    close(number(placebo, "p_value"), 0.05);
    assert!((number(placebo, "roc_auc") - 0.5).abs() < 0.08, "{placebo:?}");
    // Whoever has talked most and lately is rated above those who were only brought.
    let influence = rows(folder.path(), "talkers", "influence");
    let rated = |who: &str| number(row(&influence, "customer", who), "rating");
    assert!(rated("a1") > rated("n50") && rated("q1") > rated("n50"));
    assert!(!row(&influence, "customer", "a1")["expected_referrals"].is_empty());
}

#[test]
fn without_days_to_learn_from_the_rating_stays_with_ranks() {
    let folder = folder();
    talkers(folder.path());
    let study = std::fs::read_to_string(folder.path().join("talkers.toml")).expect("written");
    write(folder.path(), "talkers.toml", &study.replace("later_days = 100", "later_days = 0"));
    run(folder.path(), "talkers.toml");
    assert!(!folder.path().join("results/talkers/2026-12-31/tables/ablation.csv").exists());
    assert!(!folder.path().join("results/talkers/2026-12-31/tables/seeds.csv").exists());
    let influence = rows(folder.path(), "talkers", "influence");
    assert!(influence.iter().all(|row| row["expected_referrals"].is_empty()));
}
