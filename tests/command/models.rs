//! Models of a flat table and of a study, and how they are judged.

use super::{advocate, folder, json, near, stderr, stdout, write};

fn estimate<'j>(answer: &'j serde_json::Value, term: &str) -> &'j serde_json::Value {
    let rows = answer["coefficients"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["term"] == term);
    &row.unwrap_or_else(|| unreachable!("no term {term}: {answer}"))["estimate"]
}

/// Without a complaint 2, 1 and 1 customers lie in the classes, with good service 1, 1 and 2.
const CLASSES: &str = "class,service\n0,0\n0,0\n1,0\n2,0\n0,1\n1,1\n2,1\n2,1\n";

#[test]
fn an_ordinal_fit_by_hand() {
    let folder = folder();
    write(folder.path(), "t.csv", CLASSES);
    let arguments = [
        "fit",
        "--data",
        "t.csv",
        "--outcome",
        "class",
        "--features",
        "service",
        "--family",
        "ordinal",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // Odds of lying above each step: 1 and 1/3 without service, 3 and 1 with it: both odds ratios are 3.
    near(estimate(&answer, "service"), 3.0_f64.ln(), 1e-8);
    near(estimate(&answer, "0|1"), 0.0, 1e-8);
    near(estimate(&answer, "1|2"), 3.0_f64.ln(), 1e-8);
    assert_eq!(answer["model"]["family"], "ordinal");
    // The two slopes are the same, so Brant's statistic is nought.
    near(&answer["proportional_odds"]["overall"]["statistic"], 0.0, 1e-10);
}

#[test]
fn a_count_fit_with_an_exposure_by_hand() {
    let folder = folder();
    write(folder.path(), "t.csv", "friends,months,promoter\n4,12,1\n2,18,1\n,5,1\n0,20,0\n2,20,0\n");
    let arguments = ["fit", "--data", "t.csv", "--outcome", "friends", "--features", "promoter", "--family", "count"];
    let exposed = ["--exposure", "months", "--format", "json"];
    let answer = json(&advocate(folder.path(), &[&arguments[..], &exposed].concat()));
    // 6 friends in 30 months against 2 in 40.
    near(estimate(&answer, "promoter"), 4.0_f64.ln(), 1e-10);
    near(estimate(&answer, "(intercept)"), (2.0_f64 / 40.0).ln(), 1e-10);
    assert_eq!((&answer["model"]["n_rows"], &answer["model"]["n_used"]), (&5.into(), &4.into()));
    assert_eq!(answer["model"]["count"]["distribution"], "poisson");
}

#[test]
fn a_value_that_is_no_count_names_its_line_in_the_file() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n1,1\n,2\n2,3\n1.5,4\n3,5\n");
    let output =
        advocate(folder.path(), &["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--family", "count"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("`t.csv`, line 5, column `y`: 1.5 is not a count"), "{}", stderr(&output));
}

#[test]
fn a_lasso_by_hand() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n1,-1\n5,1\n1,-1\n5,1\n");
    let arguments = [
        "fit",
        "--data",
        "t.csv",
        "--outcome",
        "y",
        "--features",
        "x",
        "--family",
        "penalised",
        "--lambda",
        "0.5",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // One standardised column with slope 2, of which the penalty takes 0.5.
    near(estimate(&answer, "x"), 1.5, 1e-9);
    near(estimate(&answer, "(intercept)"), 3.0, 1e-9);
    assert!(answer["coefficients"][1].get("p_value").is_none());
    let output = advocate(folder.path(), &[&arguments[..], &["--std-errors", "hc3"]].concat());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn settings_of_one_family_are_refused_for_another() {
    let folder = folder();
    write(folder.path(), "t.csv", CLASSES);
    let fit = ["fit", "--data", "t.csv", "--outcome", "class", "--features", "service"];
    for wrong in [&["--exposure", "service"][..], &["--distribution", "negative-binomial"]] {
        let output = advocate(folder.path(), &[&fit[..], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", stderr(&output));
    }
}

#[test]
fn rows_beside_their_model_are_written_whole() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,x\n1,1\n3,2\n9,\n2,3\n4,4\n");
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "x", "--augment"];
    let output = advocate(folder.path(), &[&fit[..], &["rows.csv"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = std::fs::read_to_string(folder.path().join("rows.csv")).expect("written");
    let mut lines = text.lines();
    assert!(lines.next().expect("a header").starts_with("row,y,fitted,link,resid,"));
    let rows: Vec<Vec<f64>> =
        lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()).collect();
    // The line through (1, 1), (2, 3), (3, 2), (4, 4) is 0.5 + 0.8 x; leverages are 1/4 + (x - 2.5)^2 / 5.
    let want = [(1.0, 1.3, 0.7), (2.0, 2.1, 0.3), (4.0, 2.9, 0.3), (5.0, 3.7, 0.7)];
    assert_eq!(rows.len(), want.len());
    for (row, (place, fitted, hat)) in rows.iter().zip(want) {
        assert!(
            (row[0] - place).abs() < 1e-12 && (row[2] - fitted).abs() < 1e-12 && (row[7] - hat).abs() < 1e-12,
            "{row:?}"
        );
    }
    let output = advocate(folder.path(), &[&fit[..], &["rows.txt"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn rows_beside_an_ordinal_model_have_residuals_and_no_leverage() {
    let folder = folder();
    write(folder.path(), "t.csv", CLASSES);
    let fit = ["fit", "--data", "t.csv", "--outcome", "class", "--features", "service", "--family", "ordinal"];
    let output = advocate(folder.path(), &[&fit[..], &["--augment", "rows.json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = std::fs::read_to_string(folder.path().join("rows.json")).expect("written");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("rows");
    // Without good service the levels 0, 1 and 2 have 1/2, 1/4 and 1/4: a mean of 3/4 and a variance of 11/16.
    near(&rows[0]["fitted"], 0.75, 1e-7);
    near(&rows[0]["resid"], -0.75, 1e-7);
    near(&rows[0]["pearson_resid"], -0.75 / (11.0_f64 / 16.0).sqrt(), 1e-7);
    near(&rows[0]["deviance_resid"], -(2.0 * 2.0_f64.ln()).sqrt(), 1e-7);
    near(&rows[3]["deviance_resid"], (2.0 * 4.0_f64.ln()).sqrt(), 1e-7);
    assert!(rows[0]["hat"].is_null());
}

#[test]
fn rows_beside_a_model_of_counts_are_measured_by_its_variance() {
    let folder = folder();
    write(folder.path(), "t.csv", "n,months,group\n1,1,0\n7,3,0\n0,1,0\n9,1,1\n1,1,1\n20,2,1\n");
    let fit = ["fit", "--data", "t.csv", "--outcome", "n", "--features", "group", "--family", "count"];
    let rows = |more: &[&str]| -> (serde_json::Value, Vec<serde_json::Value>) {
        let arguments =
            [&fit[..], &["--exposure", "months", "--augment", "rows.json", "--format", "json"], more].concat();
        let answer = json(&advocate(folder.path(), &arguments));
        let text = std::fs::read_to_string(folder.path().join("rows.json")).expect("written");
        (answer, serde_json::from_str(&text).expect("rows"))
    };
    // 8 in 5 months without, 30 in 4 with: 1.6 and 7.5 a month. A row's leverage is its share of its group's expectation.
    let (_, poisson) = rows(&[]);
    near(&poisson[1]["fitted"], 4.8, 1e-9);
    near(&poisson[1]["link"], 4.8_f64.ln(), 1e-9);
    near(&poisson[1]["pearson_resid"], 2.2 / 4.8_f64.sqrt(), 1e-8);
    near(&poisson[1]["hat"], 3.0 / 5.0, 1e-9);
    near(&poisson[1]["std_pearson_resid"], 2.2 / (4.8_f64 * 0.4).sqrt(), 1e-8);
    near(&poisson[1]["deviance_resid"], (2.0 * (7.0 * (7.0_f64 / 4.8).ln() - 2.2)).sqrt(), 1e-8);
    near(&poisson[2]["deviance_resid"], -(2.0 * 1.6_f64).sqrt(), 1e-8);
    // The negative binomial divides by its own standard deviation, and its alpha stands in the answer.
    let (answer, dispersed) = rows(&["--distribution", "negative-binomial"]);
    let alpha = answer["model"]["count"]["alpha"].as_f64().expect("a number");
    let number = |row: &serde_json::Value, name: &str| row[name].as_f64().expect("a number");
    for row in &dispersed {
        let mean = number(row, "fitted");
        let want = number(row, "resid") / (mean + alpha * mean * mean).sqrt();
        near(&row["pearson_resid"], want, 1e-9);
    }
    assert!(alpha > 0.0, "{answer}");
    let leverages: f64 = dispersed.iter().map(|row| number(row, "hat")).sum();
    assert!((leverages - 2.0).abs() < 1e-9);
}

#[test]
fn columns_that_mark_the_clusters_leave_no_error_by_cluster() {
    let folder = folder();
    write(
        folder.path(),
        "t.csv",
        "y,shop_b,shop_c,who\n1,0,0,a\n2,0,0,a\n4,1,0,b\n7,1,0,b\n3,0,1,c\n9,0,1,c\n5,0,0,d\n6,0,0,d\n",
    );
    let fit = ["fit", "--data", "t.csv", "--outcome", "y", "--features", "shop_b,shop_c", "--cluster", "who"];
    let answer = json(&advocate(folder.path(), &[&fit[..], &["--format", "json"]].concat()));
    let findings = answer["findings"].as_array().expect("rows");
    // The marks of b and c fit their clusters' means, so that their residuals sum to nought; a and d still differ, which is the
    // intercept's uncertainty and through it that of the marks.
    assert!(findings.iter().all(|finding| finding["kind"] != "unreliable"), "{findings:?}");
    let all = "y,b,c,who\n1,0,0,a\n2,0,0,a\n4,1,0,b\n7,1,0,b\n3,0,1,c\n9,0,1,c\n";
    write(folder.path(), "all.csv", all);
    let fit =
        ["fit", "--data", "all.csv", "--outcome", "y", "--features", "b,c", "--cluster", "who", "--format", "json"];
    let answer = json(&advocate(folder.path(), &fit));
    let findings = answer["findings"].as_array().expect("rows");
    let unreliable = findings.iter().find(|finding| finding["kind"] == "unreliable").expect("a finding");
    let sentence = unreliable["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("`b`") && sentence.contains("`c`") && sentence.contains("`(intercept)`"), "{sentence}");
}

#[test]
fn a_penalised_outcome_predicts_and_tests_nothing() {
    let folder = folder();
    let (answers, orders) = company();
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    let penalised = "[outcomes.recommend]\npenalty = \"ridge\"\n[outcomes.promoter]\npenalty = \"lasso\"\n";
    write(folder.path(), "judged.toml", &STUDY.replace("[outcomes.recommend]\n", penalised));
    let output = advocate(folder.path(), &["run", "judged.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let results = folder.path().join("results/judged/2026-01-01");
    let read = |name: &str| std::fs::read_to_string(results.join(name)).expect("written");
    for (outcome, kind, mixing) in [("recommend", "ridge", 0.0), ("promoter", "lasso", 1.0)] {
        let model: serde_json::Value = serde_json::from_str(&read(&format!("models/{outcome}.json"))).expect("JSON");
        assert_eq!(model["penalty"]["kind"], kind);
        near(&model["penalty"]["mixing"], mixing, 1e-12);
        assert!(model["penalty"]["lambda"].as_f64().is_some_and(|lambda| lambda > 0.0));
        assert_eq!((&model["covariance"], &model["format_version"]), (&serde_json::json!([]), &"1.4".into()));
        let card = read(&format!("models/{outcome}.md"));
        assert!(card.contains("no standard error and no test") && !card.contains("p-value"), "{card}");
        let has_rows = |table: &str| read(table).lines().any(|line| line.starts_with(&format!("{outcome},")));
        assert!(has_rows("tables/drivers.csv") && has_rows("tables/evaluation.csv") && !has_rows("tables/tests.csv"));
        let coefficients = read("tables/coefficients.csv");
        let row = coefficients.lines().find(|line| line.starts_with(&format!("{outcome},delivery,"))).expect("a row");
        // estimate, then std_error, statistic, p_value, conf_low and conf_high, which are empty.
        assert!(row.contains(",,,,,,") && row.ends_with(kind), "{row}");
    }
    let model: serde_json::Value = serde_json::from_str(&read("models/repurchase.json")).expect("JSON");
    assert!(model.get("penalty").is_none() && model["covariance"].as_array().is_some_and(|rows| !rows.is_empty()));
    let ordinal = "[outcomes.recommend]\nfamily = \"ordinal\"\npenalty = \"ridge\"\n";
    write(folder.path(), "wrong.toml", &STUDY.replace("[outcomes.recommend]\n", ordinal));
    let output = advocate(folder.path(), &["check", "wrong.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

/// Eighty customers, one answer each, ten days apart; what they buy next follows from what they bought before alone.
pub(super) fn company() -> (String, String) {
    let mut answers = "who,at,nps,delivery\n".to_owned();
    let mut orders = "who,at,amount\n".to_owned();
    let date = |day: i64| {
        let start = jiff::civil::date(2024, 1, 1);
        start.checked_add(jiff::Span::new().days(day)).map(|date| format!("{date}T12:00:00Z")).unwrap_or_default()
    };
    for customer in 0..80_i64 {
        let day = 100 + 5 * customer;
        let delivery = (customer * 7) % 11;
        let answer = (delivery + customer % 3).min(10);
        answers.push_str(&format!("c{customer},{},{answer},{delivery}\n", date(day)));
        let buys = customer % 4 != 0;
        for order in 0..if buys { 3 } else { 1 } {
            orders.push_str(&format!("c{customer},{},{}\n", date(day - 20 * (order + 1)), 10 + order));
        }
        if buys != (customer % 9 == 0) {
            orders.push_str(&format!("c{customer},{},20\n", date(day + 15)));
        }
    }
    (answers, orders)
}

pub(super) const STUDY: &str = concat!(
    study!("judged", "2026-01-01"),
    r#"seed = 3
bootstrap = 50
"#,
    feedback!("answers.csv", "at"),
    orders!("at"),
    r#"[drivers]
touchpoints = ["delivery"]
[outcomes.recommend]
[outcomes.repurchase]
window_days = 30
[evaluation]
cut = 2025-01-01
history = ["frequency"]
"#
);

#[test]
fn models_are_judged_after_the_cut_beside_baselines() {
    let folder = folder();
    let (answers, orders) = company();
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "judged.toml", STUDY);
    let answer = json(&advocate(folder.path(), &["evaluate", "judged.toml", "--format", "json"]));
    let repurchase = &answer["evaluations"][1];
    assert_eq!(repurchase["outcome"], "repurchase");
    // Customer k answers on day 100 + 5 k of 2024, a leap year, so that day 366 is the cut: from k = 54 on 26 answers are
    // tested. With an embargo of 30 days those of days 336 and after, k = 48 to 53 (day 335.5 lies between), are left out.
    let split = &repurchase["splits"][0];
    assert_eq!((&split["n_test"], &split["n_embargoed"], &split["n_train"]), (&26.into(), &6.into(), &48.into()));
    let figure = |model: &str, metric: &str| {
        let figures = repurchase["figures"].as_array().expect("rows");
        let row = figures.iter().find(|row| {
            row["model"] == model && row["metric"] == metric && row["fold"].is_null() && row["by"].is_null()
        });
        row.unwrap_or_else(|| unreachable!("no {metric} of {model}"))["estimate"].as_f64().expect("a number")
    };
    // Everybody the same orders nobody; what was bought before tells all but the exceptions, and delivery is no help.
    assert!((figure("base_rate", "roc_auc") - 0.5).abs() < 1e-12);
    assert!(figure("history", "roc_auc") > 0.7 && figure("model", "roc_auc") < 0.7);
    let findings = repurchase["findings"].as_array().expect("rows");
    assert!(findings.iter().any(|finding| finding["kind"] == "weak_link"), "{findings:?}");
    // The answer follows delivery, so its model is far better than the mean.
    let recommend = answer["evaluations"][0]["figures"].as_array().expect("rows");
    let r_squared = recommend.iter().find(|row| row["model"] == "model" && row["metric"] == "r_squared");
    assert!(r_squared.expect("a figure")["estimate"].as_f64().expect("a number") > 0.8);
    let text = stdout(&advocate(folder.path(), &["evaluate", "judged.toml"]));
    assert!(text.contains("history_and_feedback less history"), "{text}");
}

#[test]
fn ordered_levels_are_judged_by_the_probability_of_each() {
    let folder = folder();
    let (answers, orders) = company();
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    let levels = "[outcomes.recommend]\nfamily = \"ordinal\"\n[outcomes.nps_class]\n";
    write(folder.path(), "judged.toml", &STUDY.replace("[outcomes.recommend]\n", levels));
    let answer = json(&advocate(folder.path(), &["evaluate", "judged.toml", "--format", "json"]));
    for (place, outcome) in ["recommend", "nps_class"].into_iter().enumerate() {
        let evaluation = &answer["evaluations"][place];
        assert_eq!(evaluation["outcome"], outcome);
        let rows = evaluation["figures"].as_array().expect("rows");
        let figure = |model: &str, metric: &str| {
            let row = rows.iter().find(|row| row["model"] == model && row["metric"] == metric && row["fold"].is_null());
            row.unwrap_or_else(|| unreachable!("no {metric} of {model}"))["estimate"].as_f64().expect("a number")
        };
        for metric in ["ranked_probability_score", "level_log_loss"] {
            assert!(figure("model", metric) < figure("base_rate", metric), "{outcome} {metric}");
            assert!(figure("history_and_feedback", metric) < figure("history", metric), "{outcome} {metric}");
        }
        // What decides comes first.
        assert_eq!(evaluation["comparisons"][0]["metric"], "ranked_probability_score");
    }
}

#[test]
fn a_cut_that_leaves_nothing_to_judge_is_a_finding_and_a_wrong_name_is_refused() {
    let folder = folder();
    let (answers, orders) = company();
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "judged.toml", &STUDY.replace("2025-01-01\nhistory", "2030-01-01\nhistory"));
    let answer = json(&advocate(folder.path(), &["evaluate", "judged.toml", "--format", "json"]));
    let finding = &answer["evaluations"][0]["findings"][0];
    assert_eq!(finding["kind"], "not_estimated");
    assert!(finding["sentence"].as_str().is_some_and(|sentence| sentence.contains("no test rows")), "{finding}");
    write(folder.path(), "judged.toml", &STUDY.replace("[\"frequency\"]", "[\"frequenzy\"]"));
    let output = advocate(folder.path(), &["evaluate", "judged.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("frequenzy") && stderr(&output).contains("judged.toml"), "{}", stderr(&output));
}

#[test]
fn drivers_are_ranked_with_gaps_and_for_levels_and_counts() {
    let folder = folder();
    let mut text = "y,level,friends,a,b\n".to_owned();
    for row in 0..60 {
        let (a, b) = (row % 7, (row * row) % 5);
        let y = 2 * a + b + row % 3;
        let a_or_gap = if row % 10 == 3 { String::new() } else { a.to_string() };
        text.push_str(&format!("{y},{},{},{a_or_gap},{b}\n", (y / 6).min(2), y / 3));
    }
    write(folder.path(), "t.csv", &text);
    let base = ["drivers", "--data", "t.csv", "--drivers", "a,b", "--bootstrap", "20", "--format", "json", "--outcome"];
    for (more, n_used) in [
        (&["y", "--missing", "em"][..], 60),
        (&["y", "--missing", "pairwise"], 60),
        (&["y"], 54),
        (&["level", "--family", "ordinal"], 54),
        (&["friends", "--family", "count"], 54),
    ] {
        let answer = json(&advocate(folder.path(), &[&base[..], more].concat()));
        assert_eq!(answer["n_used"], n_used, "{more:?}");
        // a has twice the slope of b and a wider range.
        assert_eq!(answer["drivers"][0]["driver"], "a", "{more:?}");
        let shares: f64 =
            answer["drivers"].as_array().expect("rows").iter().filter_map(|row| row["share"].as_f64()).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{more:?}: {shares}");
    }
}
