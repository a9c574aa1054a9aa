//! Networked promoters of a study by hand.

use super::studies::{Row, number, rows};
use super::{advocate, folder, stderr, write};
use std::fmt::Write as _;
use std::path::Path;

fn row<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    rows.iter().find(|row| row[column] == value).expect("a row of that name")
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-9, "{got} {want}");
}

fn run(folder: &Path, file: &str) {
    let output = advocate(folder, &["run", file, "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Ann brought Bob, Cid and Dan; Bob brought Eve; Zoe came on her own. Every referral passes the word on.
pub(super) fn family(folder: &Path) {
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
        concat!(
            study!("family"),
            "bootstrap = 0\n",
            feedback!("feedback.csv", "when"),
            "scale = [0, 10]\n",
            orders!("when"),
            r#"[sources.customers]
path = "customers.csv"
customer = "who"
joined = "since"
keep = ["opted_out", "price"]
"#,
            referrals!(),
            r#"[drivers]
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
"#
        ),
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
    // In a tree a plan is exact.
    assert_eq!((gain, error), (2.0, 0.0));
    let plan = rows(folder.path(), "family", "seed_plan");
    let own = row(&plan, "choice", "plan");
    assert!(number(own, "reach_low") <= 2.0 && number(own, "best_high") >= 2.0, "{own:?}");
    close(number(own, "guarantee"), number(own, "reach_low") / number(own, "best_high"));
    assert!(number(row(&plan, "choice", "top_by_count"), "reach") > 1.9);
    // Bob, or one of three who reach only themselves.
    assert!(number(row(&plan, "choice", "random"), "reach") < 2.0);
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
pub(super) fn talkers(folder: &Path) {
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
        concat!(
            study!("talkers"),
            "bootstrap = 0\n",
            feedback!("feedback.csv", "when"),
            r#"scale = [0, 10]
"#,
            referrals!(),
            r#"[drivers]
touchpoints = ["d"]
[evaluation]
enabled = false
[outcomes.recommend]
[influence]
later_days = 100
seeds = 0
"#
        ),
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
    // On dates that changed hands between customers there is nothing to find either, although all inputs are counted again.
    let placebo = row(&ablation, "contender", "placebo_dates");
    close(number(placebo, "p_value"), 0.05);
    close(number(placebo, "n_deals"), 19.0);
    assert!((number(placebo, "roc_auc") - 0.5).abs() < 0.08, "{placebo:?}");
    // Whoever has talked most and lately is rated above those who were only brought.
    let influence = rows(folder.path(), "talkers", "influence");
    let rated = |who: &str| number(row(&influence, "customer", who), "rating");
    assert!(rated("a1") > rated("n50") && rated("q1") > rated("n50"));
    assert!(!row(&influence, "customer", "a1")["expected_referrals"].is_empty());
}

/// Orders of those who are referred in the two windows. In the first all 25 whom talkers bring buy, and those brought by `q0` and
/// `n2`. In the second those brought by `a0` to `a20` do and those by `q1`, `n1` and `n3`; the one brought by `q0` bought before
/// the referral only. So success is not told exactly by any count.
fn talkers_who_sell(folder: &Path, later: &str) {
    talkers(folder);
    let mut orders = "who,when,amount\n".to_owned();
    (91..=115).for_each(|at| orders.push_str(&format!("n{at},2026-07-20T00:00:00Z,10\n")));
    (123..=143).for_each(|at| orders.push_str(&format!("n{at},2026-11-20T00:00:00Z,10\n")));
    orders.push_str("n146,2026-11-10T00:00:00Z,10\nn147,2026-11-15T00:00:00Z,10\n");
    for (who, month) in [("n116", "07"), ("n122", "07"), ("n154", "11"), ("n155", "11")] {
        orders.push_str(&format!("{who},2026-{month}-20T00:00:00Z,10\n"));
    }
    write(folder, "orders.csv", &orders);
    let study = std::fs::read_to_string(folder.join("talkers.toml")).expect("written");
    let source =
        "[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\namount = \"amount\"\n";
    let study = study.replace("[drivers]", &format!("{source}[drivers]"));
    write(folder, "talkers.toml", &study.replace("seeds = 0", &format!("seeds = 0\nlater = \"{later}\"")));
}

#[test]
fn a_rating_is_learned_from_referrals_that_convert_or_from_what_they_bring() {
    for (later, expected) in [("converted", "expected_converted"), ("spend", "expected_log1p_spend")] {
        let folder = folder();
        talkers_who_sell(folder.path(), later);
        run(folder.path(), "talkers.toml");
        let ablation = rows(folder.path(), "talkers", "ablation");
        let counts = ablation
            .iter()
            .find(|row| row["contender"] == "plain" && row["inputs"] == "referrals")
            .expect("a plain count competes");
        assert_eq!(counts["later"], later);
        close(number(counts, "n_customers"), 182.0);
        close(number(counts, "n_referrers"), 24.0);
        // With and without success later, by the count so far: 3 is 21 / 4, 2 is 1 / 9, 1 is 1 / 26, 0 is 1 / 119.
        let won = 21.0 * (119.0 + 26.0 + 9.0 + 2.0) + (119.0 + 26.0 + 4.5) + (119.0 + 13.0) + 119.0 / 2.0;
        close(number(counts, "roc_auc"), won / (24.0 * 158.0));
        let influence = rows(folder.path(), "talkers", "influence");
        let own = row(&influence, "customer", "a1");
        assert!(!own[expected].is_empty() && own["expected_referrals"].is_empty(), "{own:?}");
    }
}

#[test]
fn too_few_who_sell_leave_the_rating_with_ranks() {
    let folder = folder();
    talkers_who_sell(folder.path(), "converted");
    write(folder.path(), "orders.csv", "who,when,amount\nn91,2026-07-20T00:00:00Z,10\n");
    run(folder.path(), "talkers.toml");
    assert!(!folder.path().join("results/talkers/2026-12-31/tables/ablation.csv").exists());
    let findings = rows(folder.path(), "talkers", "findings");
    let said = "known before it made a referral that converted";
    assert!(findings.iter().any(|row| row["sentence"].contains(said)), "{findings:?}");
}

#[test]
fn what_customers_will_buy_counts_for_reach_and_for_the_plan() {
    let folder = folder();
    talkers_who_sell(folder.path(), "referrals");
    // Everybody who referred early buys every 10 to 45 days of 2025, two to seven times.
    let mut orders = "who,when,amount\n".to_owned();
    for at in 0..60 {
        let who = if at < 30 { format!("a{at}") } else { format!("q{}", at - 30) };
        for place in 0..2 + at % 6 {
            let day = place * (10 + 5 * (at % 8));
            let _ = writeln!(
                orders,
                "{who},2025-{:02}-{:02}T00:00:00Z,{}",
                1 + day / 28,
                1 + day % 28,
                10 + at % 7 + place % 3
            );
        }
    }
    write(folder.path(), "orders.csv", &orders);
    let study = std::fs::read_to_string(folder.path().join("talkers.toml")).expect("written");
    let study = study.replace("seeds = 0", "seeds = 3\nseed_value = \"lifetime-value\"");
    write(folder.path(), "talkers.toml", &format!("{study}[influence.value]\nof = \"lifetime-value\"\n"));
    run(folder.path(), "talkers.toml");
    let influence = rows(folder.path(), "talkers", "influence");
    let own = |who: &str, column: &str| number(row(&influence, "customer", who), column);
    // Who bought nothing and brought nobody is worth nothing; who bought is worth what is expected of later purchases, and reaches
    // nobody else who is.
    assert_eq!((own("n50", "lifetime_value"), own("n50", "value_reach")), (0.0, 0.0));
    assert!(own("q29", "lifetime_value") > 0.0);
    close(own("q29", "value_reach"), own("q29", "lifetime_value"));
    assert!((own("q29", "own_value") - own("q29", "lifetime_value")).abs() > 1e-6);
    let plan = rows(folder.path(), "talkers", "seed_plan");
    assert_eq!(plan[0]["counts"], "lifetime_value");
    // Nobody reaches another who buys, so that the best three are those worth most.
    let mut values: Vec<f64> = influence.iter().map(|row| number(row, "lifetime_value")).collect();
    values.sort_by(|left, right| right.total_cmp(left));
    assert!((number(&plan[0], "reach") - values[..3].iter().sum::<f64>()).abs() < 1e-6 * values[0], "{plan:?}");
}

#[test]
fn sampling_in_a_study_stops_at_the_stated_error() {
    let folder = folder();
    talkers(folder.path());
    // Eighty people who brought each other crosswise: reach is not exact.
    let mut referrals = "by,of,when\n".to_owned();
    for at in 0..400 {
        let _ = writeln!(
            referrals,
            "t{},t{},2026-{:02}-05T00:00:00Z",
            at * 7 % 80,
            (at * at + 3 * at + 13 * (at / 80) + 1) % 80,
            1 + at % 12
        );
    }
    write(folder.path(), "referrals.csv", &referrals);
    let study = std::fs::read_to_string(folder.path().join("talkers.toml")).expect("written");
    write(folder.path(), "talkers.toml", &study.replace("later_days = 100", "later_days = 0\nstop_at = 0.003"));
    run(folder.path(), "talkers.toml");
    let influence = rows(folder.path(), "talkers", "influence");
    let sampled: Vec<&Row> = influence.iter().filter(|row| row["exact"] == "false").collect();
    let squares = sampled.iter().map(|row| (number(row, "reach_se") / number(row, "reach")).powi(2)).sum::<f64>();
    let error = (squares / sampled.len() as f64).sqrt();
    assert!(sampled.len() > 20 && error <= 0.003 && error > 0.0005, "{} {error}", sampled.len());
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

#[test]
fn reasons_value_and_picture_of_a_family_by_hand() {
    let folder = folder();
    family(folder.path());
    run(folder.path(), "family.toml");
    let influence = rows(folder.path(), "family", "influence");
    let reasons = |who: &str| {
        let own = row(&influence, "customer", who);
        ["rating_reason_1", "rating_reason_2", "rating_reason_3"].map(|column| own[column].clone())
    };
    // Reach ranks 90, 70 and three times 30; the four answers 87.5, 12.5, 37.5, 62.5. Weights are 0.5 and 0.3.
    assert_eq!(reasons("ann"), ["+reach", "+score", ""].map(str::to_owned));
    assert_eq!(reasons("bob"), ["-score", "+reach", ""].map(str::to_owned));
    assert_eq!(reasons("cid"), ["-reach", "-score", ""].map(str::to_owned));
    assert_eq!(reasons("dan"), ["-reach", "", ""].map(str::to_owned));
    // Ann reaches all whose own values are 75, 30, 50, 0 and 40; Bob himself and Eve.
    for (who, value) in [("ann", 195.0), ("bob", 70.0), ("cid", 50.0), ("dan", 0.0)] {
        close(number(row(&influence, "customer", who), "value_reach"), value);
        close(number(row(&influence, "customer", who), "value_reach_se"), 0.0);
    }
    // Four referrals tell no delay.
    assert!(!influence[0].contains_key("reach_30d"));
    assert!(!folder.path().join("results/family/2026-12-31/tables/delays.csv").exists());
    // One tree holds all five, with four kinds of marks beside those of the key.
    let report = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/report.html")).expect("written");
    assert!(report.contains("Whom they brought"));
    for (class, n) in [("promoter", 2), ("passive", 1), ("detractor", 1), ("unknown", 1)] {
        assert_eq!(report.matches(&format!("class=\"answer {class}\"")).count(), 1 + n, "{class}");
    }
}

#[test]
fn referrals_are_held_to_the_rules() {
    let folder = folder();
    family(folder.path());
    // A repeat, a way back, one to oneself, one to a stranger, one from before the referrer joined. Bob joined when he was
    // referred.
    write(
        folder.path(),
        "referrals.csv",
        "by,of,when\nann,bob,2025-01-10T00:00:00Z\nann,bob,2025-02-10T00:00:00Z\nbob,ann,2025-03-01T00:00:00Z\n\
         bob,bob,2025-03-02T00:00:00Z\nann,zed,2025-04-01T00:00:00Z\ncid,dan,2023-05-01T00:00:00Z\n",
    );
    let customers = std::fs::read_to_string(folder.path().join("customers.csv")).expect("written");
    write(folder.path(), "customers.csv", &customers.replace("bob,2024-01-01", "bob,2025-01-10"));
    run(folder.path(), "family.toml");
    let rules = rows(folder.path(), "family", "referral_rules");
    let found = |rules: &[Row]| -> Vec<(String, String, String)> {
        let cell = |row: &Row, column: &str| row[column].clone();
        rules.iter().map(|row| (cell(row, "rule"), cell(row, "n_referrals"), cell(row, "treatment"))).collect()
    };
    // Ann and, at the repeat, Bob had joined before they were referred.
    let want = [
        ("self_referral", "1", "left_out"),
        ("unknown", "1", "kept"),
        ("before_referrer", "1", "kept"),
        ("after_referred", "2", "kept"),
        ("repeat", "1", "kept"),
        ("cycle", "1", "kept"),
    ];
    let own = |want: [(&str, &str, &str); 6]| want.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).to_vec();
    assert_eq!(found(&rules), own(want));
    assert_eq!(rows(folder.path(), "family", "influence").len(), 5);
    let report = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/report.html")).expect("written");
    assert!(report.contains("Referrals held to the rules"));

    let study = std::fs::read_to_string(folder.path().join("family.toml")).expect("written");
    let strict = "[influence.rules]\nunknown = \"drop\"\nrepeats = \"drop\"\ncycles = \"drop\"\n[influence.value]";
    write(folder.path(), "family.toml", &study.replace("[influence.value]", strict));
    run(folder.path(), "family.toml");
    let rules = rows(folder.path(), "family", "referral_rules");
    let left_out = |rule: &str| {
        let own = row(&rules, "rule", rule);
        assert_eq!(own["treatment"], "left_out", "{rule}");
        number(own, "n_referrals")
    };
    for rule in ["unknown", "repeat", "cycle"] {
        close(left_out(rule), 1.0);
    }
    // What is left: Ann brought Bob, Cid brought Dan.
    let influence = rows(folder.path(), "family", "influence");
    assert_eq!(influence.len(), 4);
    close(number(row(&influence, "customer", "ann"), "n_referrals"), 1.0);
    let findings = rows(folder.path(), "family", "findings");
    assert!(findings.iter().any(|row| row["sentence"].contains("left out by the rules of the study")), "{findings:?}");
}

#[test]
fn rules_that_leave_no_referral_say_so() {
    let folder = folder();
    family(folder.path());
    let study = std::fs::read_to_string(folder.path().join("family.toml")).expect("written");
    let strict = "[influence.rules]\nafter_referred = \"drop\"\n[influence.value]";
    write(folder.path(), "family.toml", &study.replace("[influence.value]", strict));
    run(folder.path(), "family.toml");
    assert!(!folder.path().join("results/family/2026-12-31/tables/influence.csv").exists());
    let findings = rows(folder.path(), "family", "findings");
    let said = findings.iter().any(|row| row["sentence"].contains("4 after the referred had joined"));
    assert!(said, "{findings:?}");
}

/// The family with segments, people who spread the word already, and a campaign that reached Bob twelve days ago; `influence`
/// stands in place of what the study says of invitations.
fn invited_family(folder: &Path, influence: &str) {
    family(folder);
    write(
        folder,
        "customers.csv",
        "who,since,opted_out,price,region,spreads\nann,2024-01-01T00:00:00Z,yes,3,north,no\n\
         bob,2024-01-01T00:00:00Z,no,2,north,yes\ncid,2024-01-01T00:00:00Z,no,3,south,no\n\
         dan,2024-01-01T00:00:00Z,no,3,south,no\neve,2024-01-01T00:00:00Z,no,3,north,no\n",
    );
    write(folder, "exposures.csv", "who,when\nbob,2026-12-20T00:00:00Z\n");
    let study = std::fs::read_to_string(folder.join("family.toml")).expect("written");
    let study = study
        .replace("keep = [\"opted_out\", \"price\"]", "keep = [\"opted_out\", \"price\", \"region\", \"spreads\"]")
        .replace("seeds = 3\nbudget = 4.9\ncost = \"price\"\n", influence)
        .replace(
            "[drivers]",
            "[sources.exposures]\npath = \"exposures.csv\"\ncustomer = \"who\"\ntime = \"when\"\n[drivers]",
        );
    assert!(study.contains(influence) && study.contains("exposures.csv"));
    write(folder, "family.toml", &study);
}

#[test]
fn quotas_by_segment_are_kept() {
    let folder = folder();
    invited_family(folder.path(), "seeds = 3\nquota = { column = \"region\", at_most = { north = 1, south = 0 } }\n");
    run(folder.path(), "family.toml");
    // Ann opted out, and of the others in the north Bob reaches most.
    let seeds = rows(folder.path(), "family", "seeds");
    assert_eq!(seeds.len(), 1, "{seeds:?}");
    assert_eq!((seeds[0]["customer"].as_str(), seeds[0]["segment"].as_str()), ("bob", "north"));
}

#[test]
fn nobody_is_invited_whom_a_campaign_reached_lately() {
    let folder = folder();
    invited_family(folder.path(), "seeds = 3\nnot_contacted_days = 30\n");
    run(folder.path(), "family.toml");
    let seeds = rows(folder.path(), "family", "seeds");
    let mut names: Vec<&str> = seeds.iter().map(|row| row["customer"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cid", "dan", "eve"]);
    let report = std::fs::read_to_string(folder.path().join("results/family/2026-12-31/report.html")).expect("written");
    assert!(report.contains("1 customer was contacted too lately."));
    // Twelve days ago is long enough ago for a rule of five days.
    let study = std::fs::read_to_string(folder.path().join("family.toml")).expect("written");
    write(folder.path(), "family.toml", &study.replace("not_contacted_days = 30", "not_contacted_days = 5"));
    run(folder.path(), "family.toml");
    assert_eq!(rows(folder.path(), "family", "seeds")[0]["customer"], "bob");
}

#[test]
fn a_plan_counts_own_value_and_leaves_out_who_spreads_the_word_already() {
    let folder = folder();
    invited_family(folder.path(), "seeds = 1\nseed_value = \"own-value\"\n");
    run(folder.path(), "family.toml");
    // Bob's 30 and Eve's 40.
    let seeds = rows(folder.path(), "family", "seeds");
    assert_eq!(seeds[0]["customer"], "bob");
    let (gain, error) = (number(&seeds[0], "gain"), number(&seeds[0], "gain_se"));
    assert!((gain - 70.0).abs() <= 5.0 * error + 1e-9, "{seeds:?}");
    assert_eq!(rows(folder.path(), "family", "seed_plan")[0]["counts"], "own_value");
    // Once Bob spreads the word, Cid's 50 are most of what is left.
    let study = std::fs::read_to_string(folder.path().join("family.toml")).expect("written");
    write(folder.path(), "family.toml", &study.replace("seeds = 1\n", "seeds = 1\nactive = \"spreads\"\n"));
    run(folder.path(), "family.toml");
    assert_eq!(rows(folder.path(), "family", "seeds")[0]["customer"], "cid");
}

#[test]
fn limits_of_a_plan_that_nothing_is_known_about_are_refused() {
    let folder = folder();
    for (influence, said) in [
        ("seeds = 3\nactive = \"nothing\"\n", "`influence.active` names `nothing`"),
        ("seeds = 3\ncontact_kinds = [\"call\"]\n", "`influence.contact_kinds` needs activity"),
        ("seeds = 3\nseed_value = \"region\"\n", "no column of numbers `region`"),
        ("seeds = 3\nprobability = \"guessed\"\n", "guessed"),
        ("seeds = 3\nreach_days = [90, 30]\n", "`influence.reach_days` should ascend"),
    ] {
        invited_family(folder.path(), influence);
        let study = std::fs::read_to_string(folder.path().join("family.toml")).expect("written");
        let study = if influence.contains("probability") { study.replace("probability = 1.0\n", "") } else { study };
        write(folder.path(), "family.toml", &study);
        let output = advocate(folder.path(), &["run", "family.toml", "--quiet"]);
        assert_eq!(output.status.code(), Some(3), "{influence}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{influence}: {}", stderr(&output));
    }
}

const FEW_ANSWERS: &str = concat!(
    r#"
as_of = 2026-12-31
bootstrap = 0
"#,
    feedback!("feedback.csv", "when"),
    r#"scale = [0, 10]
"#,
    referrals!(),
    r#"[drivers]
touchpoints = ["d"]
[evaluation]
enabled = false
[outcomes.recommend]
"#
);

fn few_answers(folder: &Path) {
    let mut feedback = "who,when,nps,d\n".to_owned();
    for at in 0..24 {
        let _ = writeln!(feedback, "k{at},2026-04-{:02}T00:00:00Z,{},{}", at + 1, at % 11, at % 7);
    }
    write(folder, "feedback.csv", &feedback);
}

/// A date so many days after the first of January 2025, within the year.
fn day(days: usize) -> String {
    let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut left = days;
    for (month, length) in months.into_iter().enumerate() {
        if left < length {
            return format!("2025-{:02}-{:02}T00:00:00Z", month + 1, left + 1);
        }
        left -= length;
    }
    unreachable!("a test asks for {days} days, more than a year")
}

/// One referral a day from ten referrers in turn. Of the first 140 referred every fourth buys, later every third, ten days on.
#[test]
fn passing_probabilities_of_ten_referrers_by_hand() {
    let folder = folder();
    few_answers(folder.path());
    let buys = |at: usize| if at < 140 { at.is_multiple_of(4) } else { at.is_multiple_of(3) };
    let (mut referrals, mut orders) = ("by,of,when\n".to_owned(), "who,when,amount\n".to_owned());
    for at in 0..200 {
        let _ = writeln!(referrals, "r{},c{at},{}", at % 10, day(at));
        if buys(at) {
            let _ = writeln!(orders, "c{at},{},1", day(at + 10));
        }
    }
    write(folder.path(), "referrals.csv", &referrals);
    write(folder.path(), "orders.csv", &orders);
    let study = format!(
        "[study]\nname = \"ten\"{FEW_ANSWERS}[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\n\
         time = \"when\"\namount = \"amount\"\n[influence]\nprobability = \"shared-success\"\nseeds = 0\n\
         [influence.passing]\nwithin_days = 30\n"
    );
    write(folder.path(), "ten.toml", &study);
    run(folder.path(), "ten.toml");
    let passing = rows(folder.path(), "ten", "passing");
    let of = |rule: &str, metric: &str| {
        let own = passing.iter().find(|row| row["rule"] == rule && row["metric"] == metric);
        number(own.unwrap_or_else(|| panic!("{rule} {metric}: {passing:?}")), "value")
    };
    // The cut lies at day 140; 110 of the referred had their 30 days before it, and 60 came after.
    let (earlier, later) = (0..110, 140..200);
    let rate = earlier.clone().filter(|&at| buys(at)).count() as f64 / 110.0;
    assert_eq!((number(&passing[0], "n_learned"), number(&passing[0], "n_learned_passed")), (110.0, 28.0));
    assert_eq!((number(&passing[0], "n_judged"), number(&passing[0], "n_judged_passed")), (60.0, 20.0));
    let loss = |p: &dyn Fn(usize) -> f64| {
        let of_one = |at: usize| if buys(at) { -p(at).ln() } else { -(1.0 - p(at)).ln() };
        later.clone().map(of_one).sum::<f64>() / 60.0
    };
    let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-6, "{got} {want}");
    near(of("constant", "log_loss"), loss(&|_| rate));
    near(of("constant", "brier"), (20.0 * (1.0 - rate).powi(2) + 40.0 * rate.powi(2)) / 60.0);
    // Five observations at the rate of all stand before the eleven of each referrer.
    let passed_of = |referrer: usize| earlier.clone().filter(|&at| at % 10 == referrer && buys(at)).count() as f64;
    let shrunken = |at: usize| (5.0 * rate + passed_of(at % 10)) / 16.0;
    near(of("shared_success", "log_loss"), loss(&shrunken));
    // Each had one referrer, so that divided credit learns the same.
    near(of("credit", "log_loss"), loss(&shrunken));
    near(of("shared_success", "log_loss_gain"), loss(&|_| rate) - loss(&shrunken));
    assert!(passing.iter().all(|row| (row["is_used"] == "true") == (row["rule"] == "shared_success")), "{passing:?}");
    // Reach goes by all 200: r0 brought 20 of whom 9 bought, and 55 bought in all.
    let influence = rows(folder.path(), "ten", "influence");
    near(number(row(&influence, "customer", "r0"), "reach"), 1.0 + 20.0 * (5.0 * 55.0 / 200.0 + 9.0) / 25.0);
    // Nobody else had referred those nine.
    near(number(row(&influence, "customer", "r0"), "credited"), 9.0);
    near(number(row(&influence, "customer", "c0"), "credited"), 0.0);
    let report = std::fs::read_to_string(folder.path().join("results/ten/2026-12-31/report.html")).expect("written");
    assert!(report.contains("How likely the word is to pass"));
}

/// Of ten who refer in turn, each by app and by mail in turn: four of five whom the app brought buy, and one of five by mail.
#[test]
fn the_channel_of_a_referral_tells_whether_the_word_passes() {
    let folder = folder();
    few_answers(folder.path());
    let by_app = |at: usize| (at / 10 + at).is_multiple_of(2);
    let (mut referrals, mut orders) = ("by,of,when,via\n".to_owned(), "who,when,amount\n".to_owned());
    for at in 0..300 {
        let _ = writeln!(referrals, "r{},c{at},{},{}", at % 10, day(at), if by_app(at) { "app" } else { "mail" });
        if by_app(at) != at.is_multiple_of(5) {
            let _ = writeln!(orders, "c{at},{},1", day(at + 10));
        }
    }
    write(folder.path(), "referrals.csv", &referrals);
    write(folder.path(), "orders.csv", &orders);
    let log_loss = |name: &str, sources: &str| {
        let study = format!(
            "[study]\nname = \"{name}\"{sources}[sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\n\
             time = \"when\"\namount = \"amount\"\n[influence]\nprobability = \"learned\"\nseeds = 0\n\
             [influence.passing]\nwithin_days = 30\n"
        );
        write(folder.path(), &format!("{name}.toml"), &study);
        run(folder.path(), &format!("{name}.toml"));
        let passing = rows(folder.path(), name, "passing");
        let own = passing.iter().find(|row| row["rule"] == "logistic" && row["metric"] == "log_loss");
        let own = own.expect("the logistic model is judged");
        (number(own, "value"), own["is_used"] == "true")
    };
    let told = FEW_ANSWERS.replace("referred = \"of\"\n", "referred = \"of\"\nchannel = \"via\"\n");
    assert_ne!(told, FEW_ANSWERS);
    // Knowing four of five and one of five, the entropy is 0.50; not knowing, it is 0.69.
    let (with, is_used) = log_loss("told", &told);
    assert!(with < 0.56 && is_used, "{with} {is_used}");
    let (without, _) = log_loss("untold", FEW_ANSWERS);
    assert!(without > 0.65, "{without}");
}

/// One customer brings forty on one day. Thirty of them bring one each after days that lie as exponential ones do, and all
/// others have waited for nearly two years.
#[test]
fn delays_and_reach_in_time_by_hand() {
    let folder = folder();
    few_answers(folder.path());
    let mut referrals = "by,of,when\n".to_owned();
    (0..40).for_each(|at| referrals.push_str(&format!("z,a{at},{}\n", day(0))));
    let mut days = Vec::new();
    for at in 0..30 {
        let minutes = (-10.0 * (1.0 - (f64::from(at) + 0.5) / 30.0).ln() * 1440.0).round() as usize;
        days.push((minutes as f64 / 1440.0).max(0.5));
        let date = day(minutes / 1440).replace("T00:00", &format!("T{:02}:{:02}", minutes / 60 % 24, minutes % 60));
        let _ = writeln!(referrals, "a{at},b{at},{date}");
    }
    write(folder.path(), "referrals.csv", &referrals);
    let study = format!(
        "[study]\nname = \"slow\"{FEW_ANSWERS}[influence]\nprobability = 1.0\nseeds = 0\nreach_days = [30, 365]\n"
    );
    write(folder.path(), "slow.toml", &study);
    run(folder.path(), "slow.toml");
    let delays = rows(folder.path(), "slow", "delays");
    let mean = days.iter().sum::<f64>() / 30.0;
    assert_eq!(delays[0]["family"], "exponential", "{delays:?}");
    let near = |column: &str, want: f64| {
        let got = number(&delays[0], column);
        assert!((got / want - 1.0).abs() < 1e-6, "{column}: {got} {want}");
    };
    // Ten of the forty and the thirty brought by the others have brought nobody, and after 700 days nobody waits any more.
    near("n_trials", 70.0);
    near("n_passed", 30.0);
    near("mean_days", mean);
    near("median_days", mean * 2.0_f64.ln());
    near("share", 30.0 / 70.0);
    let influence = rows(folder.path(), "slow", "influence");
    let close_to = |who: &str, column: &str, want: f64| {
        let own = row(&influence, "customer", who);
        let (got, error) = (number(own, column), number(own, &format!("{column}_se")));
        assert!((got - want).abs() < 5.0 * error + 1e-9, "{who} {column}: {got} {want} {error}");
    };
    let within = 1.0 - (-30.0 / mean).exp();
    close_to("a0", "reach_30d", 1.0 + within);
    close_to("a0", "reach_365d", 2.0);
    close_to("b0", "reach_365d", 1.0);
    // Of those two steps away, the sum of two delays lies within 30 days.
    let twice = 1.0 - (-30.0 / mean).exp() * (1.0 + 30.0 / mean);
    close_to("z", "reach_30d", 1.0 + 40.0 * within + 30.0 * twice);
    close_to("z", "reach_365d", 71.0);
    let own = row(&influence, "customer", "a0");
    close(number(own, "share_30d"), number(own, "reach_30d") / number(own, "reach_365d"));
    assert!((number(own, "mean_days") / mean - 1.0).abs() < 0.5, "{own:?}");
    assert!(row(&influence, "customer", "b0")["mean_days"].is_empty());
}
