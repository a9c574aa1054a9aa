//! Buy-till-you-die models: as an estimator of a log of purchases, and beside the models of a study.

use super::{advocate, folder, json, near, shared, stderr, stdout, write};
use std::fmt::Write as _;

#[test]
fn the_log_of_cdnow_gives_the_published_models_and_shows_what_they_miss() {
    let Some(data) = shared("cdnow/cdnow_elog_btyd.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let log = ["fit", "--family", "buy-till-you-die", "--data", &data, "--customer", "masterid", "--time", "date"];
    let more = ["--amount", "sales", "--calibration-end", "1997-09-30", "--horizon", "273"];
    let out = ["--augment", "customers.csv", "--format", "json"];
    let answer = json(&advocate(folder.path(), &[&log[..], &more, &out].concat()));
    // Fader, Hardie and Lee (2005) and Fader and Hardie (2013), whose summary of the log is rounded to two digits.
    let want =
        [("r", 0.2426), ("alpha", 4.4136), ("a", 0.7929), ("b", 2.4258), ("p", 6.25), ("q", 3.74), ("gamma", 15.44)];
    let rows = answer["coefficients"].as_array().expect("rows");
    for ((term, estimate), row) in want.into_iter().zip(rows) {
        assert_eq!(row["term"], term);
        near(&row["estimate"], estimate, 0.005 * f64::max(1.0, estimate));
        assert!(row["std_error"].as_f64().is_some_and(|error| error > 0.0) && row.get("p_value").is_none());
    }
    let model = &answer["model"];
    near(&model["log_likelihood"], -9582.4, 0.5);
    assert_eq!((&model["n_customers"], &model["n_repeaters"]), (&2357.into(), &946.into()));
    // The authors' weeks 40 to 78: 1,882 purchases were made and the model expects about 1,653.
    let hold_out = &answer["hold_out"];
    assert_eq!((&hold_out["actual"], &hold_out["last_day"]), (&1882.into(), &"1998-06-30".into()));
    near(&hold_out["predicted"], 1653.0, 2.0);
    near(&answer["forecast"]["expected_purchases"], hold_out["predicted"].as_f64().expect("a number"), 1e-9);
    let findings = answer["findings"].as_array().expect("rows");
    let missed = |finding: &&serde_json::Value| finding["sentence"].as_str().is_some_and(|text| text.contains("1882"));
    assert_eq!(findings.iter().find(missed).expect("a finding")["kind"], "unreliable");
    let customers = std::fs::read_to_string(folder.path().join("customers.csv")).expect("written");
    let header =
        "customer,frequency,recency,age,p_alive,expected_purchases,p_purchase,mean_value,expected_value,expected_spend";
    assert_eq!((customers.lines().next(), customers.lines().count()), (Some(header), 2358));
    let text = stdout(&advocate(folder.path(), &[&log[..], &more].concat()));
    assert!(text.contains("bg_nbd") && text.contains("hold-out to 1998-06-30") && text.contains("1882"), "{text}");
}

#[test]
fn a_log_names_what_is_wrong_with_it() {
    let folder = folder();
    write(folder.path(), "bad_date.csv", "who,when,paid\na,2024-01-01,1\na,soon,2\n");
    write(folder.path(), "returns.csv", "who,when,paid\na,2024-01-01,1\na,2024-02-01,-2\n");
    write(folder.path(), "once.csv", "who,when\na,2024-01-01\nb,2024-02-01\n,2024-03-01\n");
    let fit = |file: &str, more: &[&str]| {
        let base = ["fit", "--family", "buy-till-you-die", "--data", file, "--customer", "who", "--time", "when"];
        advocate(folder.path(), &[&base[..], more].concat())
    };
    for (file, more, code, words) in [
        ("bad_date.csv", &[][..], 3, "line 3, column `when`: `soon` is no date"),
        ("returns.csv", &["--amount", "paid"], 3, "line 3, column `paid`: -2 is below zero"),
        ("once.csv", &[], 4, "2 customers cannot carry the 4 parameters"),
        ("once.csv", &["--calibration-end", "yesterday"], 2, "--calibration-end"),
        ("once.csv", &["--features", "x"], 2, "--features does not go with"),
        ("once.csv", &["--missing", "em"], 2, "--missing does not go with"),
    ] {
        let output = fit(file, more);
        assert_eq!(output.status.code(), Some(code), "{file} {more:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{file} {more:?}: {}", stderr(&output));
    }
    let other = ["fit", "--data", "once.csv", "--outcome", "who", "--features", "when", "--horizon", "30"];
    let output = advocate(folder.path(), &other);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--horizon goes with --family buy-till-you-die"), "{}", stderr(&output));
    assert_eq!(advocate(folder.path(), &["fit", "--data", "once.csv"]).status.code(), Some(2));
}

/// A fixed sequence of numbers between 0 and 1 (Knuth's MMIX generator).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Customers who buy at rates of their own until they leave; what they answer has nothing to do with it.
fn shop() -> (String, String) {
    let mut draws = Draws(7);
    let (mut answers, mut orders) = ("who,at,nps,delivery\n".to_owned(), "who,at,amount\n".to_owned());
    let date = |day: f64| {
        let start = jiff::civil::date(2023, 1, 1).at(0, 0, 0, 0);
        let seconds = (day * 86_400.0) as i64;
        start.checked_add(jiff::Span::new().seconds(seconds)).map(|at| format!("{at}Z")).unwrap_or_default()
    };
    for customer in 0..500 {
        let gap_days = [12.0, 40.0, 120.0, 300.0][customer % 4];
        let leaves = [0.02, 0.05, 0.3][customer / 4 % 3];
        let level = 5.0 + 40.0 * draws.next();
        let mut day = 200.0 * draws.next();
        let first = day;
        while day < 800.0 {
            let _ = writeln!(orders, "c{customer},{},{:.2}", date(day), level * (0.5 + draws.next()));
            if draws.next() < leaves {
                break;
            }
            day -= gap_days * (1.0 - draws.next()).ln();
        }
        let delivery = (11.0 * draws.next()).floor();
        let answer = (delivery + (3.0 * draws.next()).floor()).min(10.0);
        let _ = writeln!(
            answers,
            "c{customer},{},{answer},{delivery}",
            date(first + 20.0 + (680.0 - first) * draws.next())
        );
    }
    (answers, orders)
}

const STUDY: &str = concat!(
    study!("shop", "2025-03-01"),
    r#"seed = 3
bootstrap = 50
"#,
    feedback!("answers.csv", "at"),
    orders!("at"),
    r#"[drivers]
touchpoints = ["delivery"]
[outcomes.repurchase]
window_days = 60
[outcomes.churn]
window_days = 60
[outcomes.purchases]
window_days = 60
[outcomes.spend]
window_days = 60
[outcomes.promoter]
[evaluation]
cut = 2024-03-01
"#
);

#[test]
fn models_of_behaviour_stand_beside_a_model_of_purchases_alone() {
    let folder = folder();
    let (answers, orders) = shop();
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    write(folder.path(), "shop.toml", STUDY);
    let answer = json(&advocate(folder.path(), &["evaluate", "shop.toml", "--format", "json"]));
    let evaluation = |outcome: &str| {
        let all = answer["evaluations"].as_array().expect("rows");
        all.iter().find(|own| own["outcome"] == outcome).unwrap_or_else(|| unreachable!("no {outcome}"))
    };
    let figure = |outcome: &str, model: &str, metric: &str| {
        let rows = evaluation(outcome)["figures"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["model"] == model && row["metric"] == metric && row["fold"].is_null());
        row.unwrap_or_else(|| unreachable!("no {metric} of {model} of {outcome}: {}", evaluation(outcome)["findings"]))
            ["estimate"]
            .as_f64()
            .expect("a number")
    };
    // tests/oracles/command_purchase_baseline.py: both models and what they predict by scipy.
    for (outcome, metric, want) in [
        ("repurchase", "brier", 0.093_644_448_659_175_4),
        ("purchases", "poisson_deviance", 0.574_467_445_105_009_9),
        ("spend", "rmse", 17.361_006_107_411_146),
    ] {
        let got = figure(outcome, "buy_till_you_die", metric);
        assert!((got - want).abs() < 1e-7 * want, "{outcome} {metric}: {got} {want}");
    }
    // Purchases are all there is to know; the answers order nobody.
    assert!(figure("repurchase", "buy_till_you_die", "roc_auc") > 0.85);
    assert!(figure("repurchase", "model", "roc_auc") < 0.65);
    // Who leaves is who does not buy.
    let (bought, left) = ("repurchase", "churn");
    for metric in ["roc_auc", "brier", "log_loss"] {
        let (one, other) = (figure(bought, "buy_till_you_die", metric), figure(left, "buy_till_you_die", metric));
        assert!((one - other).abs() < 1e-9, "{metric}: {one} {other}");
    }
    let deviance = |model| figure("purchases", model, "poisson_deviance");
    assert!(deviance("buy_till_you_die") < deviance("base_rate"));
    assert!(figure("spend", "buy_till_you_die", "rmse") < figure("spend", "base_rate", "rmse"));
    for outcome in ["repurchase", "churn", "purchases", "spend"] {
        let rows = evaluation(outcome)["comparisons"].as_array().expect("rows");
        let beside = rows.iter().find(|row| row["champion"] == "buy_till_you_die").expect("a comparison");
        assert!(beside["challenger"] == "model" && beside["conf_low"].is_number(), "{beside}");
        let findings = evaluation(outcome)["findings"].to_string();
        assert!(findings.contains("buy-till-you-die model of the purchases alone"), "{findings}");
    }
    // What is no purchase has no such model.
    assert!(!evaluation("promoter").to_string().contains("buy_till_you_die"));
}

#[test]
fn a_model_of_the_logarithm_of_spend_stands_beside_what_purchases_tell_of_that_logarithm() {
    let folder = folder();
    let (answers, orders) = shop();
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    let study =
        STUDY.replace("[outcomes.spend]\nwindow_days = 60", "[outcomes.spend]\nwindow_days = 60\nscale = \"log1p\"");
    write(folder.path(), "shop.toml", &study);
    let answer = json(&advocate(folder.path(), &["evaluate", "shop.toml", "--format", "json"]));
    let spend = answer["evaluations"].as_array().expect("rows").iter().find(|own| own["outcome"] == "spend");
    let figures = spend.expect("spend")["figures"].as_array().expect("rows").clone();
    let rmse = |model: &str| {
        let row = figures.iter().find(|row| row["model"] == model && row["metric"] == "rmse" && row["fold"].is_null());
        row.unwrap_or_else(|| unreachable!("no {model}"))["estimate"].as_f64().expect("a number")
    };
    // tests/oracles/command_purchase_baseline.py, by scipy.
    let want = 1.054_032_060_814_802;
    assert!((rmse("buy_till_you_die") - want).abs() < 1e-6 * want, "{} {want}", rmse("buy_till_you_die"));
    assert!(rmse("buy_till_you_die") < rmse("base_rate") && rmse("buy_till_you_die") < rmse("model"));
}
