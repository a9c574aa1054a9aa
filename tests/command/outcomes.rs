//! Outcomes of a study by hand: one touchpoint that is 0 or 1, so that every model is a comparison of two groups.

use super::studies::{self, Row, find, number};
use super::{advocate, folder, stderr, write};
use serde_json::Value;
use std::path::Path;

const STUDY: &str = concat!(
    study!("two-groups"),
    r#"seed = 1
bootstrap = 0
"#,
    feedback!("feedback.csv", "when"),
    "scale = [0, 1]\n",
    orders!("when"),
    r#"[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[actions.cost]
delivery = 2.0
[actions.target]
outcome = "nps"
change = 5
[outcomes.nps]
[outcomes.nps_class]
[outcomes.repurchase]
window_days = 30
[outcomes.churn]
window_days = 30
[outcomes.purchases]
window_days = 30
distribution = "poisson"
[outcomes.spend]
window_days = 30
scale = "log1p"
"#
);

/// Answers, and the amounts bought within 30 days, of those whom delivery failed and of those whom it did not.
const FAILED: [(u8, &[f64]); 10] = [
    (2, &[]),
    (5, &[]),
    (6, &[10.0]),
    (0, &[]),
    (7, &[20.0, 5.0]),
    (8, &[]),
    (9, &[7.0]),
    (3, &[]),
    (10, &[12.0]),
    (6, &[]),
];
const WENT_WELL: [(u8, &[f64]); 12] = [
    (9, &[30.0, 4.0, 6.0]),
    (10, &[]),
    (8, &[15.0]),
    (7, &[]),
    (9, &[9.0, 1.0]),
    (10, &[22.0]),
    (6, &[]),
    (9, &[3.0, 3.0]),
    (4, &[50.0]),
    (10, &[8.0]),
    (8, &[]),
    (9, &[11.0, 2.0]),
];

fn groups() -> [&'static [(u8, &'static [f64])]; 2] {
    [&FAILED, &WENT_WELL]
}

/// The mean of something over the customers of each group.
fn means(of: impl Fn(u8, &[f64]) -> f64) -> [f64; 2] {
    groups().map(|group| group.iter().map(|&(answer, bought)| of(answer, bought)).sum::<f64>() / group.len() as f64)
}

fn log_odds(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

fn share_of(what: bool) -> f64 {
    f64::from(u8::from(what))
}

fn run() -> tempfile::TempDir {
    let folder = folder();
    let mut feedback = "who,when,nps,delivery\n".to_owned();
    let mut orders = "who,when,amount\n".to_owned();
    for (delivery, group) in groups().into_iter().enumerate() {
        for (at, (answer, bought)) in group.iter().enumerate() {
            let who = format!("c{delivery}-{at}");
            feedback.push_str(&format!("{who},2026-03-10T12:00:00Z,{answer},{delivery}\n"));
            // One order before the answer and one after the window, which no outcome counts.
            orders.push_str(&format!("{who},2026-02-01T12:00:00Z,99\n{who},2026-05-01T12:00:00Z,99\n"));
            for (day, amount) in bought.iter().enumerate() {
                orders.push_str(&format!("{who},2026-03-{:02}T12:00:00Z,{amount}\n", 11 + day));
            }
        }
    }
    write(folder.path(), "two.toml", STUDY);
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    let output = advocate(folder.path(), &["run", "two.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    folder
}

/// The rows of a table as text by column.
fn rows(folder: &Path, table: &str) -> Vec<Row> {
    studies::rows(folder, "two-groups", table)
}

fn assert_near(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() < 1e-6 * want.abs().max(1.0), "{what}: {got} instead of {want}");
}

#[test]
fn each_slope_is_the_difference_of_the_two_groups() {
    let folder = run();
    let coefficients = rows(folder.path(), "coefficients");
    let slope = |outcome: &str| -> f64 {
        let row = coefficients.iter().find(|row| row["outcome"] == outcome && row["term"] == "delivery");
        row.expect("a slope")["estimate"].parse().expect("a number")
    };
    let difference = |[failed, went_well]: [f64; 2]| went_well - failed;

    let nps = means(|answer, _| 100.0 * (share_of(answer >= 9) - share_of(answer <= 6)));
    assert_near(slope("nps"), difference(nps), "nps");
    let buys = means(|_, bought| share_of(!bought.is_empty()));
    assert_near(slope("repurchase"), difference(buys.map(log_odds)), "repurchase");
    assert_near(slope("churn"), -difference(buys.map(log_odds)), "churn");
    let number = means(|_, bought| bought.len() as f64);
    assert_near(slope("purchases"), difference(number.map(f64::ln)), "purchases");
    let spend = means(|_, bought| bought.iter().sum::<f64>().ln_1p());
    assert_near(slope("spend"), difference(spend), "spend");

    let fits = rows(folder.path(), "fits");
    let events = |outcome: &str| -> usize {
        let row = fits.iter().find(|row| row["outcome"] == outcome).expect("a fit");
        row["n_events"].parse().expect("a count")
    };
    assert_eq!((events("repurchase"), events("churn")), (12, 10), "22 answers, of which each is one or the other");
}

#[test]
fn the_two_steps_of_the_classes_are_the_log_odds_ratios_of_the_two_cuts() {
    let folder = run();
    let steps = rows(folder.path(), "steps");
    let row = steps.iter().find(|row| row["term"] == "delivery").expect("a row");
    let step = |column: &str| -> f64 { row[column].parse().expect("a number") };
    // With slopes of their own and one two-valued column the model is saturated: each cut is a two-by-two table.
    let left = means(|answer, _| share_of(answer >= 7)).map(log_odds);
    let reached = means(|answer, _| share_of(answer >= 9)).map(log_odds);
    assert_near(step("leave_detractors"), left[1] - left[0], "leaving the detractors");
    assert_near(step("become_promoter"), reached[1] - reached[0], "becoming a promoter");
}

#[test]
fn scores_name_the_scale_they_are_on() {
    let folder = run();
    let scores = rows(folder.path(), "scores");
    let columns = ["expected_nps", "p_repurchase", "p_churn", "expected_purchases", "expected_ln_1p_spend"];
    for column in columns {
        assert!(scores[0].contains_key(column), "{column} is not among {:?}", scores[0].keys());
    }
    // The mean score of a probability is shown in percent, of an expectation as a number.
    let bought = means(|_, bought| bought.len() as f64);
    let expected = (10.0 * bought[0] + 12.0 * bought[1]) / 22.0;
    let page = folder.path().join("results/two-groups/2026-12-31/report.html");
    let text = std::fs::read_to_string(page).expect("readable");
    assert!(text.contains(&format!("purchases {expected:.3}")), "{expected} is not in the report");
    assert!(text.contains("repurchase 55") && text.contains("<th scope=\"col\">Rate ratio</th>"));
    let model = folder.path().join("results/two-groups/2026-12-31/models/purchases.json");
    let model: Value = serde_json::from_slice(&std::fs::read(model).expect("readable")).expect("JSON");
    assert_eq!(model["family"], "count");
}

#[test]
fn a_raised_touchpoint_moves_those_who_were_failed_to_the_others() {
    let folder = run();
    let row_of = |table: &str, outcome: &str| {
        let rows = rows(folder.path(), table);
        rows.into_iter().find(|row| row["outcome"] == outcome).expect("a row")
    };
    // Ten of 22 can rise by the one point there is; the others are at the end of the scale.
    let (movable, n) = (10.0, 22.0);
    let nps = means(|answer, _| 100.0 * (share_of(answer >= 9) - share_of(answer <= 6)));
    let slope = nps[1] - nps[0];
    assert_near(number(&row_of("what_if", "nps"), "change"), movable / n * slope, "points of the score");
    let buys = means(|_, bought| share_of(!bought.is_empty()));
    assert_near(
        number(&row_of("what_if", "repurchase"), "change"),
        movable / n * (buys[1] - buys[0]),
        "share of buyers",
    );
    let bought = means(|_, bought| bought.len() as f64);
    assert_near(number(&row_of("what_if", "purchases"), "change"), movable / n * (bought[1] - bought[0]), "purchases");

    // A target of 5 points is this part of the way, at 2 a point.
    let plan = row_of("plans", "nps");
    let raise = 5.0 / (movable / n * slope);
    assert_near(number(&plan, "raise"), raise, "raise");
    assert_near(number(&plan, "cost"), 2.0 * raise, "cost");
    assert_eq!((plan["reached"].as_str(), plan["offered"].as_str()), ("true", "true"));

    let action = row_of("actions", "nps");
    assert_near(number(&action, "performance"), 100.0 * 12.0 / n, "performance");
    assert_near(number(&action, "importance"), 1.0, "importance");
    // Without a bootstrap nothing is decided.
    assert_eq!(action["action"], "undecided");

    // With one column, partial R squared is R squared: between-group over total sum of squares.
    let all = groups().concat();
    let score = |answer: u8| 100.0 * (share_of(answer >= 9) - share_of(answer <= 6));
    let mean = all.iter().map(|&(answer, _)| score(answer)).sum::<f64>() / n;
    let total: f64 = all.iter().map(|&(answer, _)| (score(answer) - mean).powi(2)).sum();
    let between = 10.0 * (nps[0] - mean).powi(2) + 12.0 * (nps[1] - mean).powi(2);
    assert_near(number(&row_of("robustness", "nps"), "partial_r_squared"), between / total, "partial R squared");

    // One driver carries all that is explained, said or done.
    let shares = rows(folder.path(), "stated_observed");
    assert_eq!(shares.len(), 6);
    assert!(shares.iter().all(|row| row["share"].parse::<f64>().is_ok_and(|share| (share - 1.0).abs() < 1e-12)));
    let sides: Vec<&str> = shares.iter().map(|row| row["side"].as_str()).collect();
    assert_eq!(sides, ["stated", "stated", "observed", "observed", "observed", "observed"]);

    // For a number the way over the answer and the way past it add up to the difference of the groups.
    let spend = means(|_, bought| bought.iter().sum::<f64>().ln_1p());
    let way = row_of("mediation", "spend");
    assert_near(number(&way, "total"), spend[1] - spend[0], "in all");
    // A point up from the mean of 12 of 22 would lie beyond the scale.
    assert_eq!((way["from"].as_str(), way["to"].as_str()), ("0", "1"));
    assert_near(number(&way, "direct") + number(&way, "indirect"), spend[1] - spend[0], "both ways");
}

#[test]
fn segments_and_groups_of_a_balanced_design_have_the_shares_that_it_was_made_with() {
    let folder = folder();
    let study = concat!(
        study!("balanced"),
        "bootstrap = 20\n",
        feedback!("feedback.csv", "when"),
        r#"channel = "channel"
wave = "wave"
scale = [0, 1]
[sources.customers]
path = "customers.csv"
customer = "who"
keep = ["floor"]
[drivers]
touchpoints = { parcel = ["delivery"], desk = ["support"] }
[evaluation]
enabled = false
[segments]
by = ["channel", "wave", "floor"]
minimum_base = 20
[outcomes.recommend]
"#
    );
    write(folder.path(), "balanced.toml", study);
    // Of every combination as many: delivery moves the answer by 5 points on the web alone, support by 4 in the shop alone.
    let mut feedback = "who,when,channel,wave,nps,delivery,support\n".to_owned();
    let mut customers = "who,floor\n".to_owned();
    for row in 0..96 {
        let (delivery, support, noise, web) = (row % 2, row / 2 % 2, row / 4 % 2, row / 8 % 2 == 0);
        let (channel, answer) = if web { ("web", 2 + 5 * delivery) } else { ("shop", 3 + 4 * support) };
        let (wave, floor) = if web { ("spring", 1) } else { ("autumn", 2) };
        let answer = answer + noise;
        feedback.push_str(&format!("c{row},2026-03-10T12:00:00Z,{channel},{wave},{answer},{delivery},{support}\n"));
        customers.push_str(&format!("c{row},{floor}\n"));
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "customers.csv", &customers);
    let output = advocate(folder.path(), &["run", "balanced.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = |table: &str, wanted: &[(&str, &str)], column: &str| -> String {
        find(&studies::rows(folder.path(), "balanced", table), wanted)[column].clone()
    };
    let share = |table: &str, wanted: &[(&str, &str)], column: &str| -> f64 {
        text(table, wanted, column).parse().expect("a number")
    };
    // Channels, waves, and a number of the profile that names the same halves of the answers.
    for (by, first, second) in [("channel", "web", "shop"), ("wave", "spring", "autumn"), ("floor", "1", "2")] {
        for (segment, driver, here) in
            [(first, "delivery", 1.0), (first, "support", 0.0), (second, "delivery", 0.0), (second, "support", 1.0)]
        {
            let wanted = [("by", by), ("segment", segment), ("driver", driver)];
            assert_near(share("segment_drivers", &wanted, "share"), here, segment);
            assert_near(share("segment_drivers", &wanted, "share_elsewhere"), 1.0 - here, segment);
            assert_near(share("segment_drivers", &wanted, "rank"), 2.0 - here, segment);
        }
    }
    let differing = text("findings", &[("kind", "drivers_differ")], "sentence");
    assert!(differing.starts_with("What goes with recommend differs by "), "{differing}");
    // Over both channels the slopes are 2.5 and 2 on columns that do not go together.
    let parcel = 2.5 * 2.5 / (2.5 * 2.5 + 2.0 * 2.0);
    assert_near(share("driver_groups", &[("group", "parcel")], "share"), parcel, "parcel");
    assert_near(share("driver_groups", &[("group", "desk")], "share"), 1.0 - parcel, "desk");
    assert_near(share("drivers", &[("driver", "delivery")], "share"), parcel, "delivery");
    for method in ["shapley", "pmvd", "relative-weights", "car", "first", "last", "pratt", "beta-squared"] {
        let wanted = [("driver", "delivery"), ("method", method)];
        assert_near(share("driver_methods", &wanted, "share"), parcel, method);
        assert_near(share("driver_methods", &wanted, "rank"), 1.0, method);
    }
    let contribution = share("drivers", &[("driver", "delivery")], "contribution");
    for n_others in ["0", "1"] {
        let wanted = [("driver", "delivery"), ("n_others", n_others)];
        assert_near(share("driver_sizes", &wanted, "gain"), contribution, n_others);
        assert_near(share("driver_sizes", &wanted, "coefficient"), 2.5, n_others);
    }
    let wanted = [("driver", "delivery"), ("other", "support")];
    assert_near(share("driver_pairs", &wanted, "complete_dominance"), 1.0, "delivery adds more to every model");
    assert!(share("driver_pairs", &wanted, "p_outranks") > 0.5);
    // Something that goes with delivery as little as support does takes nothing of its coefficient.
    for choice in ["none", "as strong as support", "3 times as strong as support"] {
        let wanted = [("kind", "confounder"), ("driver", "delivery"), ("choice", choice)];
        assert_near(share("robustness", &wanted, "coefficient"), 2.5, choice);
    }
    let wanted = [("kind", "confounder"), ("driver", "delivery"), ("choice", "none")];
    assert!(share("robustness", &wanted, "robustness_value") > 0.1);
}

#[test]
fn a_balanced_design_is_the_same_by_every_method_and_shows_what_was_expected() {
    let folder = folder();
    let study = concat!(
        study!("expected"),
        "bootstrap = 0\n",
        feedback!("feedback.csv", "when"),
        r#"scale = [0, 2]
[drivers]
touchpoints = ["delivery", "support"]
expectations = { delivery = "hoped" }
[evaluation]
enabled = false
[outcomes.recommend]
"#
    );
    write(folder.path(), "expected.toml", study);
    // Short of what was hoped by one point costs 2, one point more brings 1; support brings 1; of every combination as many.
    let mut feedback = "who,when,nps,delivery,hoped,support\n".to_owned();
    for row in 0..96 {
        let (delivery, support, noise) = (row % 3, row / 3 % 2, row / 6 % 2);
        let answer = 5 + [-2, 0, 1][delivery] + support as i32 + noise as i32;
        feedback.push_str(&format!("c{row},2026-03-10T12:00:00Z,{answer},{delivery},1,{support}\n"));
    }
    write(folder.path(), "feedback.csv", &feedback);
    let output = advocate(folder.path(), &["run", "expected.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = |table: &str| studies::rows(folder.path(), "expected", table);
    let gap = &rows("expectations")[0];
    for (column, by_hand) in [
        ("shortfall", 2.0),
        ("surplus", 1.0),
        ("difference", 1.0),
        ("mean_gap", 0.0),
        ("share_short", 1.0 / 3.0),
        ("share_met", 1.0 / 3.0),
    ] {
        assert_near(gap[column].parse().expect("a number"), by_hand, column);
    }
    // Columns that do not go together: every method gives slope times slope times variance, 1.5^2 2/3 against 1/4.
    let mut choices = rows("robustness");
    choices.retain(|row| row["kind"] != "confounder");
    let words: std::collections::BTreeSet<&str> = choices.iter().map(|row| row["choice"].as_str()).collect();
    let known = ["car", "first", "last", "pmvd", "pratt", "relative-weights", "shapley"];
    assert_eq!(words.into_iter().collect::<Vec<_>>(), known);
    for row in &choices {
        let by_hand = if row["driver"] == "delivery" { 6.0 / 7.0 } else { 1.0 / 7.0 };
        assert_near(row["share"].parse().expect("a number"), by_hand, &row["choice"]);
        assert_eq!(row["kendall_tau"], "1");
    }
}

#[test]
fn an_upsell_of_who_bought_nothing_before_is_left_out_for_that_reason() {
    let folder = folder();
    let study = concat!(
        study!("more"),
        "bootstrap = 0\n",
        feedback!("feedback.csv", "when"),
        "scale = [0, 1]\n",
        orders!("when"),
        r#"[sources.customers]
path = "customers.csv"
customer = "who"
joined = "since"
zone = "UTC"
[drivers]
touchpoints = ["delivery"]
[evaluation]
enabled = false
[outcomes.upsell]
window_days = 30
"#
    );
    write(folder.path(), "more.toml", study);
    // Of 40 customers every fourth had bought nothing before; one answer is blank, which this outcome does not ask about.
    let (mut feedback, mut orders) = ("who,when,nps,delivery\n".to_owned(), "who,when,amount\n".to_owned());
    let mut customers = "who,since\n".to_owned();
    for at in 0..40 {
        customers.push_str(&format!("c{at},2026-01-01\n"));
        let answer = if at == 1 { String::new() } else { (at % 11).to_string() };
        feedback.push_str(&format!("c{at},2026-03-10T12:00:00Z,{answer},{}\n", at / 2 % 2));
        if at % 4 != 0 {
            orders.push_str(&format!("c{at},2026-02-01T12:00:00Z,10\n"));
        }
        orders.push_str(&format!("c{at},2026-03-15T12:00:00Z,{}\n", if at % 3 == 0 { 20 } else { 5 }));
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "customers.csv", &customers);
    let output = advocate(folder.path(), &["run", "more.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let used = studies::rows(folder.path(), "more", "answers_used");
    let reasons: Vec<(&str, &str)> = used.iter().map(|row| (row["reason"].as_str(), row["n"].as_str())).collect();
    assert_eq!(reasons, [("used", "30"), ("no_earlier_purchase", "10")]);
    let findings = studies::rows(folder.path(), "more", "findings");
    let said = find(&findings, &[("kind", "rows_dropped"), ("about", "upsell")]);
    assert!(
        said["sentence"].starts_with("10 of 40 answers are left out because their customer had bought nothing before")
    );
    let page = folder.path().join("results/more/2026-12-31/report.html");
    let page = std::fs::read_to_string(page).expect("readable");
    assert!(page.contains("nothing was bought before the answer that later amounts could lie above"), "{page}");
}

#[test]
fn churn_is_leaving_where_the_customers_table_says_when() {
    let folder = folder();
    let mut feedback = "who,when,nps,delivery\n".to_owned();
    let mut customers = "who,since,left\n".to_owned();
    // Of 20 whom delivery failed two had left before the answer and 12 leave within 30 days; of the other 20 five do, and one a
    // month later.
    let dates = [(2, "2026-03-01"), (12, "2026-03-20"), (6, ""), (5, "2026-04-09"), (1, "2026-05-09"), (14, "")];
    for (who, left) in dates.into_iter().flat_map(|(n, left)| vec![left; n]).enumerate() {
        feedback.push_str(&format!("c{who:02},2026-03-10T12:00:00Z,{},{}\n", who % 11, who / 20));
        customers.push_str(&format!("c{who:02},2025-01-01,{left}\n"));
    }
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "customers.csv", &customers);
    let page = studies::run(
        folder.path(),
        concat!(
            "bootstrap = 0\nzone = \"UTC\"\n",
            feedback!("feedback.csv", "when"),
            "scale = [0, 1]\n[sources.customers]\npath = \"customers.csv\"\ncustomer = \"who\"\njoined = \"since\"\nchurned = \"left\"\n",
            "[drivers]\ntouchpoints = [\"delivery\"]\n[evaluation]\nenabled = false\n[outcomes.churn]\nwindow_days = 30\n"
        ),
    );
    assert!(page.contains("Leaves within 30 days after the answer"), "{page}");
    assert!(page.contains("the customer had left before the answer"), "{page}");
    let rows = |table: &str| studies::rows(folder.path(), "shot", table);
    // 5 of 20 against 12 of 18.
    let slope = find(&rows("coefficients"), &[("outcome", "churn"), ("term", "delivery")])["estimate"].parse();
    assert_near(slope.expect("a number"), log_odds(5.0 / 20.0) - log_odds(12.0 / 18.0), "churn");
    // Who has left cannot leave: no score. c14 stays whom delivery failed, c26 one of the others.
    let scores = rows("scores");
    for (who, share) in [("c14", 12.0 / 18.0), ("c26", 5.0 / 20.0)] {
        assert_near(number(find(&scores, &[("customer", who)]), "p_churn"), share, who);
    }
    assert!(scores.iter().filter(|row| row["p_churn"].is_empty()).count() == 20, "{scores:?}");
}

#[test]
fn scores_rest_on_the_touchpoints_of_the_latest_answer_of_any_kind() {
    let folder = folder();
    let mut feedback = "who,when,nps,delivery\n".to_owned();
    let mut orders = "who,when,amount\n".to_owned();
    for who in 0..40 {
        let delivery = who / 20;
        feedback.push_str(&format!("c{who:02},2026-03-10T12:00:00Z,9,{delivery}\n"));
        orders.push_str(&format!("c{who:02},2026-03-01T12:00:00Z,1\n"));
        // Of those whom delivery failed 5 of 20 buy again, of the others 15 of 20.
        if who % 20 < 5 + 10 * delivery {
            orders.push_str(&format!("c{who:02},2026-03-20T12:00:00Z,1\n"));
        }
    }
    // Two answer again, too late to be of the model's, and leave the 0-10 question out; one of them the touchpoint, too.
    feedback.push_str("c00,2026-12-20T12:00:00Z,,1\nc01,2026-12-20T12:00:00Z,,\n");
    write(folder.path(), "feedback.csv", &feedback);
    write(folder.path(), "orders.csv", &orders);
    let text = concat!(
        "bootstrap = 0\n",
        feedback!("feedback.csv", "when"),
        "scale = [0, 1]\n",
        orders!("when"),
        "[drivers]\ntouchpoints = [\"delivery\"]\n[evaluation]\nenabled = false\n[outcomes.repurchase]\nwindow_days = 30\n"
    );
    studies::run(folder.path(), text);
    let scores = studies::rows(folder.path(), "shot", "scores");
    // A touchpoint that the latest answer leaves out takes the training mean, halfway between the log odds of the two groups.
    for (who, share) in [("c00", 0.75), ("c01", 0.5), ("c02", 0.25), ("c39", 0.75)] {
        let row = find(&scores, &[("customer", who)]);
        assert_near(number(row, "p_repurchase"), share, who);
        assert_eq!((row["recommend"].as_str(), row["answered"].as_str()), ("9", "true"));
    }
    // The same without the question: everybody's own touchpoints count all the same.
    studies::run(folder.path(), &text.replace("recommend = \"nps\"\n", ""));
    let scores = studies::rows(folder.path(), "shot", "scores");
    for (who, share) in [("c00", 0.75), ("c02", 0.25), ("c39", 0.75)] {
        assert_near(number(find(&scores, &[("customer", who)]), "p_repurchase"), share, who);
    }
}
