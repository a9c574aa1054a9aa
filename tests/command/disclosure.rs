//! Small bases across the tables of one results folder: no hidden figure is what two shown ones leave.

use super::studies::{self, Row, assert_near, find, rows};
use super::{folder, write};
use std::fmt::Write as _;
use std::path::Path;

const SNAPSHOT: &str = snapshot!();

fn run(folder: &Path, study: &str) {
    studies::run(folder, &format!("bootstrap = 20\n{study}"));
}

fn shown<'r>(rows: &'r [Row], by: &str, level: &str) -> Vec<&'r str> {
    rows.iter().filter(|row| row["by"] == by && !row["n"].is_empty()).map(|row| row[level].as_str()).collect()
}

#[test]
fn a_hidden_shop_is_not_its_region_less_the_other_shops() {
    // Of the four shops the total alone hides the one of 3 and the one of 6. The north is shown, and less its 40 it is the 3.
    let folder = folder();
    let mut feedback = "nps,region,shop\n".to_owned();
    for (region, shop, n) in [("north", "n1", 3), ("north", "n2", 40), ("south", "s1", 30), ("south", "s2", 6)] {
        (0..n).for_each(|at| {
            let _ = writeln!(feedback, "{},{region},{shop}", [9, 3][at % 2]);
        });
    }
    write(folder.path(), "f.csv", &feedback);
    run(folder.path(), &format!("{SNAPSHOT}keep = [\"region\", \"shop\"]\n[measures]\nby = [\"region\", \"shop\"]\n"));
    for (table, level) in [("measures", "value"), ("portfolio", "level")] {
        let own = rows(folder.path(), "shot", table);
        assert!(shown(&own, "shop", level).is_empty(), "{table}: {:?}", shown(&own, "shop", level));
        assert!(["north", "south"].iter().all(|region| shown(&own, "region", level).contains(region)), "{table}");
    }
}

#[test]
fn shops_are_shown_where_nothing_small_hangs_on_them() {
    let folder = folder();
    let mut feedback = "nps,region,shop\n".to_owned();
    for (region, shop, n) in [("north", "n1", 13), ("north", "n2", 40), ("south", "s1", 30), ("south", "s2", 6)] {
        (0..n).for_each(|at| {
            let _ = writeln!(feedback, "{},{region},{shop}", [9, 3][at % 2]);
        });
    }
    write(folder.path(), "f.csv", &feedback);
    run(folder.path(), &format!("{SNAPSHOT}keep = [\"region\", \"shop\"]\n[measures]\nby = [\"region\", \"shop\"]\n"));
    assert_eq!(shown(&rows(folder.path(), "shot", "measures"), "shop", "value"), ["n1", "n2", "s1", "s2"]);
}

#[test]
fn rules_and_windows_that_leave_few_answers_between_them_are_hidden() {
    // Forty answers, of which two are older than thirty days.
    let folder = folder();
    let mut feedback = "who,when,nps\n".to_owned();
    for at in 0..40 {
        let date = if at < 2 { "2026-11-20" } else { "2026-12-20" };
        let _ = writeln!(feedback, "c{at},{date}T12:00:00Z,{}", [9, 3][at % 2]);
    }
    write(folder.path(), "f.csv", &feedback);
    let study = "[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"nps\"\n\
                 [measures]\nrolling = { days = 30, step_days = 5 }\n";
    run(folder.path(), study);
    let rules = rows(folder.path(), "shot", "rules");
    let hidden = find(&rules, &[("rule", "30_days_all_answers")]);
    assert_eq!((hidden["n"].as_str(), hidden["estimate"].as_str(), hidden["suppressed"].as_str()), ("", "", "true"));
    assert_near(find(&rules, &[("rule", "90_days_latest_per_person")]), "n", 40.0);
    let rolling = rows(folder.path(), "shot", "rolling");
    // Every window with the answers of December and without those of November, and those of these two alone.
    assert!(rolling.iter().all(|row| row["n"].is_empty() || row["n"] == "40"), "{rolling:?}");
    assert!(rolling.iter().any(|row| row["suppressed"] == "true"));
}

#[test]
fn a_score_weighted_by_one_column_does_not_tell_its_hidden_levels() {
    // Of segments of 20, 12 and 3 the two smaller are hidden, and 0.5 of one score and 0.3 and 0.2 of theirs would leave one
    // equation beside the total.
    let folder = folder();
    let mut feedback = "nps,segment\n".to_owned();
    for (segment, answer, n) in [("a", 9, 20), ("b", 3, 12), ("c", 10, 3)] {
        (0..n).for_each(|_| {
            let _ = writeln!(feedback, "{answer},{segment}");
        });
    }
    write(folder.path(), "f.csv", &feedback);
    let measures =
        "segment = \"segment\"\n[measures]\nby = [\"segment\"]\nrake = { segment = { a = 0.5, b = 0.3, c = 0.2 } }\n";
    run(folder.path(), &format!("{SNAPSHOT}{measures}"));
    assert!(rows(folder.path(), "shot", "weighting").is_empty());
    let findings = rows(folder.path(), "shot", "findings");
    assert!(findings.iter().any(|row| row["sentence"].contains("would tell of those that are hidden")), "{findings:?}");
    // Without the cut there is nothing to subtract.
    run(folder.path(), &format!("{SNAPSHOT}{}", measures.replace("by = [\"segment\"]\n", "")));
    assert_eq!(rows(folder.path(), "shot", "weighting").len(), 2);
}

#[test]
fn few_answers_without_a_weight_are_no_difference_of_two_totals() {
    let folder = folder();
    let mut feedback = "nps,w\n".to_owned();
    for at in 0..30 {
        let weight = if at < 3 { String::new() } else { "2".to_owned() };
        let _ = writeln!(feedback, "{},{weight}", [9, 3][at % 2]);
    }
    write(folder.path(), "f.csv", &feedback);
    run(folder.path(), &format!("{SNAPSHOT}weight = \"w\"\n"));
    let measures = rows(folder.path(), "shot", "measures");
    assert_eq!(measures.len(), 1, "{measures:?}");
    assert_near(&measures[0], "n", 27.0);
}

#[test]
fn what_followed_is_hidden_where_it_is_known_of_few_contacts() {
    // Thirty days after, it is known of 20, 12, 10 and 3 of the contacts whether the customer bought; the others of the last
    // kind are of December. The 3 take the 10 with them.
    let folder = folder();
    let mut feedback = "who,when,nps,resolved,delivery\n".to_owned();
    let mut orders = "who,when\n".to_owned();
    let kinds = [("yes", 9, 20, 0), ("yes", 3, 12, 0), ("no", 9, 10, 0), ("no", 3, 3, 17)];
    for (kind, (resolved, answer, n_known, n_open)) in kinds.into_iter().enumerate() {
        for at in 0..n_known + n_open {
            let date = if at < n_known { "2026-06-10" } else { "2026-12-20" };
            let _ = writeln!(feedback, "k{kind}c{at},{date}T12:00:00Z,{answer},{resolved},{}", 1 + at % 3);
            let _ = writeln!(orders, "k{kind}c{at},2026-01-10T12:00:00Z");
            if at % 2 == 0 {
                let _ = writeln!(orders, "k{kind}c{at},2026-06-15T12:00:00Z");
            }
        }
    }
    write(folder.path(), "f.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    let study = concat!(
        feedback!("f.csv", "when"),
        r#"keep = ["resolved"]
scale = [1, 3]
[sources.transactions]
path = "orders.csv"
customer = "who"
time = "when"
[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[outcomes]
repurchase = { window_days = 30 }
[[measures.perception]]
indicator = "resolved"
good = "yes"
score = "recommend"
content_from = 9
"#
    );
    run(folder.path(), study);
    let perception = rows(folder.path(), "shot", "perception");
    let figure = |name: &str| find(&perception, &[("figure", name)]);
    for (meeting, n, n_followed) in
        [("both_good", 20.0, "20"), ("only_company", 12.0, "12"), ("only_customer", 10.0, ""), ("both_bad", 20.0, "")]
    {
        let row = figure(meeting);
        assert_near(row, "n", n);
        assert_eq!(row["n_followed"], n_followed, "{row:?}");
        assert_eq!(row["followed_share"].is_empty(), n_followed.is_empty(), "{row:?}");
    }
}

/// Answers of five shops, of which the last has three customers; every second one buys.
fn five_shops(folder: &Path) {
    let mut feedback = "who,when,nps,shop,delivery,price\n".to_owned();
    let mut orders = "who,when\n".to_owned();
    let mut n = 0;
    for (shop, of_shop) in [("a", 130), ("b", 120), ("c", 110), ("d", 40), ("e", 3)] {
        for _ in 0..of_shop {
            let (delivery, price) = (1 + n % 5, 1 + n * 7 % 5);
            let answer = (delivery * 2 + usize::from(price > 3)).min(10);
            let month = 1 + n / 7 % 10;
            let _ = writeln!(feedback, "c{n},2026-{month:02}-10T12:00:00Z,{answer},{shop},{delivery},{price}");
            let _ = writeln!(orders, "c{n},2025-11-10T12:00:00Z");
            if (n * n + delivery) % 3 == 0 {
                let _ = writeln!(orders, "c{n},2026-{month:02}-15T12:00:00Z");
            }
            n += 1;
        }
    }
    write(folder, "f.csv", &feedback);
    write(folder, "orders.csv", &orders);
}

const SHOPS: &str = concat!(
    feedback!("f.csv", "when"),
    r#"keep = ["shop"]
scale = [1, 5]
[sources.transactions]
path = "orders.csv"
customer = "who"
time = "when"
[drivers]
touchpoints = ["delivery", "price"]
[segments]
by = ["shop"]
minimum_base = 20
[evaluation]
test_share = 0.9
bootstrap = 0
[measures]
by = ["shop"]
[outcomes.recommend]
[outcomes.repurchase]
window_days = 30
"#
);

#[test]
fn no_shop_of_few_follows_from_the_drivers_of_the_others() {
    let folder = folder();
    five_shops(folder.path());
    run(folder.path(), SHOPS);
    let drivers = rows(folder.path(), "shot", "segment_drivers");
    for outcome in ["recommend", "repurchase"] {
        let own: Vec<&Row> =
            drivers.iter().filter(|row| row["outcome"] == outcome && row["driver"] == "delivery").collect();
        let shown: Vec<&str> = own.iter().map(|row| row["segment"].as_str()).collect();
        // The three take the 40 with them: what the total leaves is of two shops.
        assert_eq!(shown, ["a", "b", "c"], "{outcome}");
        let n_shown: i64 = own.iter().map(|row| row["n_used"].parse::<i64>().expect("a count")).sum();
        let fits = rows(folder.path(), "shot", "fits");
        let n_all: i64 = find(&fits, &[("outcome", outcome)])["n_used"].parse().expect("a count");
        assert!(n_all - n_shown > 5 && n_all - n_shown != 3, "{n_all} less {n_shown}");
    }
}

#[test]
fn no_shop_of_few_follows_from_how_the_model_did_in_the_others() {
    let folder = folder();
    five_shops(folder.path());
    run(folder.path(), SHOPS);
    let figures = rows(folder.path(), "shot", "evaluation");
    let of = |by: &str, metric: &str| -> Vec<&Row> {
        let is_own = |row: &&Row| {
            row["outcome"] == "repurchase"
                && row["model"] == "model"
                && row["metric"] == metric
                && row["by"] == by
                && row["fold"].is_empty()
        };
        figures.iter().filter(is_own).collect()
    };
    let number = |row: &Row, name: &str| row[name].parse::<f64>().expect("a number");
    let (all, shops) = (of("", "brier"), of("shop", "brier"));
    let shown: Vec<&str> = shops.iter().map(|row| row["value"].as_str()).collect();
    assert_eq!(shown, ["a", "b", "c"]);
    // A Brier score is a mean, so that the subtraction works: it gives that of the two hidden shops together, and of no one.
    let rest = number(all[0], "n_rows") - shops.iter().map(|row| number(row, "n_rows")).sum::<f64>();
    assert!(rest > 5.0, "{rest}");
    let card =
        std::fs::read_to_string(folder.path().join("results/shot/2026-12-31/models/repurchase.md")).expect("a card");
    assert!(card.contains("| shop: a |") && !card.contains("| shop: d |") && !card.contains("| shop: e |"), "{card}");
    let findings = rows(folder.path(), "shot", "findings");
    assert!(findings.iter().any(|row| row["kind"] == "small_base" && row["about"] == "repurchase"), "{findings:?}");
}
