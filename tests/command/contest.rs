//! Champion against challenger: two stored models on later answers.

use super::models::{STUDY, company};
use super::{advocate, folder, json, stderr, stdout, write};
use std::path::Path;

/// A folder with a study, and the models that it had on the first of November.
fn fitted() -> tempfile::TempDir {
    let folder = folder();
    let (answers, orders) = company();
    write(folder.path(), "answers.csv", &answers);
    write(folder.path(), "orders.csv", &orders);
    let study = STUDY.replace("cut = 2025-01-01\n", "");
    write(folder.path(), "judged.toml", &study);
    let lasso = study.replace("[outcomes.recommend]\n", "[outcomes.recommend]\npenalty = \"lasso\"\n");
    write(folder.path(), "lasso.toml", &lasso.replace("name = \"judged\"", "name = \"lasso\""));
    write(folder.path(), "cut.toml", &STUDY.replace("cut = 2025-01-01", "cut = 2024-10-15"));
    for study in ["judged.toml", "lasso.toml"] {
        let output = advocate(folder.path(), &["run", study, "--as-of", "2024-11-01", "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    folder
}

const CHAMPION: &str = "results/judged/2024-11-01/models/recommend.json";
const CHALLENGER: &str = "results/lasso/2024-11-01/models/recommend.json";

fn contest(folder: &Path, study: &str, champion: &str, challenger: &str, more: &[&str]) -> std::process::Output {
    let base = ["evaluate", study, "--champion", champion, "--challenger", challenger];
    advocate(folder, &[&base[..], more].concat())
}

#[test]
fn two_models_are_judged_on_answers_that_neither_has_seen() {
    let folder = fitted();
    let answer = json(&contest(folder.path(), "judged.toml", CHAMPION, CHALLENGER, &["--format", "json"]));
    // Customer k answers on day 100 + 5 k of 2024, at noon; 2 November is day 306, and so k = 42 to 79 test.
    assert_eq!((&answer["n_test"], &answer["n_shared_customer"]), (&38.into(), &0.into()));
    let text = std::fs::read_to_string(folder.path().join(CHAMPION)).expect("written");
    let model: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    let (intercept, slope) = (number(&model["intercept"]), number(&model["terms"][0]["estimate"]));
    let squares: f64 = (42..80)
        .map(|customer: i64| {
            let delivery = (customer * 7) % 11;
            let rating = (delivery + customer % 3).min(10);
            (rating as f64 - intercept - slope * delivery as f64).powi(2)
        })
        .sum();
    let rows = answer["figures"].as_array().expect("rows");
    let rmse = rows.iter().find(|row| row["model"] == "champion" && row["metric"] == "rmse").expect("a figure");
    assert!((number(&rmse["estimate"]) - (squares / 38.0).sqrt()).abs() < 1e-9, "{rmse}");
    let comparison = &answer["comparisons"][0];
    assert_eq!((&comparison["champion"], &comparison["challenger"]), (&"champion".into(), &"challenger".into()));
    assert!(comparison["conf_low"].is_number() && number(&comparison["difference"]).abs() > 0.0);
    assert_eq!(answer["champion"]["training"]["n_used"], model["training"]["n_used"]);
    let text = stdout(&contest(folder.path(), "judged.toml", CHAMPION, CHALLENGER, &[]));
    assert!(text.contains("challenger less champion"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let folder = fitted();
    let other = "results/judged/2024-11-01/models/repurchase.json";
    for (study, champion, challenger, more, code, words) in [
        // At the date of the fit nothing came later.
        (
            "judged.toml",
            CHAMPION,
            CHALLENGER,
            &["--as-of", "2024-11-01"][..],
            4,
            "no answer from after both training windows",
        ),
        ("cut.toml", CHAMPION, CHALLENGER, &[], 4, "reaches into the answers that test"),
        ("judged.toml", CHAMPION, other, &[], 3, "give two models of one outcome"),
        ("judged.toml", CHAMPION, "answers.csv", &[], 3, "is not JSON"),
    ] {
        let output = contest(folder.path(), study, champion, challenger, more);
        assert_eq!(output.status.code(), Some(code), "{words}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    let output = advocate(folder.path(), &["evaluate", "judged.toml", "--champion", CHAMPION]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_model_of_logarithms_is_not_held_against_one_of_amounts() {
    let folder = fitted();
    for (name, scale) in [("amounts", "amount"), ("logarithms", "log1p")] {
        let spend = format!("[outcomes.spend]\nwindow_days = 30\nscale = \"{scale}\"\n[outcomes.repurchase]\n");
        let study = STUDY.replace("cut = 2025-01-01\n", "").replace("[outcomes.repurchase]\n", &spend);
        let study = study.replace("name = \"judged\"", &format!("name = \"{name}\""));
        write(folder.path(), &format!("{name}.toml"), &study);
        let output = advocate(folder.path(), &["run", &format!("{name}.toml"), "--as-of", "2024-11-01", "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let [amounts, logarithms] =
        ["amounts", "logarithms"].map(|name| format!("results/{name}/2024-11-01/models/spend.json"));
    let scale = |file: &str| {
        let text = std::fs::read_to_string(folder.path().join(file)).expect("written");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["scale"].clone()
    };
    assert_eq!((scale(&amounts), scale(&logarithms)), ("amount".into(), "log1p".into()));
    for (study, wrong) in
        [("amounts.toml", "predicts on the scale `log1p`"), ("logarithms.toml", "predicts on the scale `amount`")]
    {
        let output = contest(folder.path(), study, &amounts, &logarithms, &[]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(wrong), "{}", stderr(&output));
    }
    let text = std::fs::read_to_string(folder.path().join(&amounts)).expect("written");
    write(folder.path(), "older.json", &text.replace("\"scale\": \"amount\",", ""));
    let output = contest(folder.path(), "amounts.toml", "older.json", &amounts, &[]);
    assert!(stderr(&output).contains("does not say on which scale it predicts; fit it again"), "{}", stderr(&output));
    let output = contest(folder.path(), "logarithms.toml", &logarithms, &logarithms, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
