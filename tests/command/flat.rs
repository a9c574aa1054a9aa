//! The flat-table commands and their JSON.

use super::{advocate, folder, json, shared, stderr, stdout, write};
use std::fmt::Write as _;

fn close(got: &serde_json::Value, want: f64, absolute: f64) {
    let got = got.as_f64().expect("a number");
    assert!((got - want).abs() <= absolute, "{got} {want}");
}

fn answers() -> String {
    let mut text = "score,channel,w\n".to_owned();
    for (answer, channel, n) in [(3, "web", 10), (8, "web", 20), (10, "shop", 30)] {
        for _ in 0..n {
            let _ = writeln!(text, "{answer},{channel},2");
        }
    }
    text
}

#[test]
fn nps_of_sixty_answers() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let answer = json(&advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--format", "json"]));
    let group = &answer["groups"][0];
    // By numpy: (30 - 10) / 60 and the adjusted Wald interval (3, T).
    close(&group["nps"], 100.0 / 3.0, 1e-9);
    close(&group["conf_low"], 13.301_182_535_638_198, 1e-9);
    close(&group["conf_high"], 50.190_880_956_425_29, 1e-9);
    assert_eq!((group["n"].as_u64(), group["promoters"].as_u64()), (Some(60), Some(30)));
    assert_eq!(group["interval"], "adjusted-wald");
    assert_eq!(group["by"], serde_json::json!({}));
}

#[test]
fn nps_by_group_and_weighted() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let arguments =
        ["nps", "--data", "t.csv", "--score", "score", "--by", "channel", "--weights", "w", "--format", "json"];
    let answer = json(&advocate(folder.path(), &arguments));
    let groups = answer["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0]["by"]["channel"], "shop");
    close(&groups[0]["nps"], 100.0, 1e-9);
    close(&groups[1]["nps"], -100.0 / 3.0, 1e-9);
}

#[test]
fn an_answer_off_the_scale_names_its_row() {
    let folder = folder();
    write(folder.path(), "t.csv", "score\n9\n\n11\n");
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("row 2: 11"), "{}", stderr(&output));
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "score", "--not-applicable", "11"]);
    assert!(output.status.success() && stdout(&output).contains("100.0"), "{}", stdout(&output));
}

#[test]
fn an_unknown_column_is_named_with_its_neighbour() {
    let folder = folder();
    write(folder.path(), "t.csv", &answers());
    let output = advocate(folder.path(), &["nps", "--data", "t.csv", "--score", "scores", "--format", "json"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("`scores`, did you mean `score`"), "{}", stderr(&output));
}

#[test]
fn what_is_not_there_yet_is_refused_with_two_and_a_sentence() {
    let folder = folder();
    write(folder.path(), "t.csv", "y,a,b\n1,2,3\n2,3,1\n3,1,2\n4,5,6\n");
    let base = ["drivers", "--data", "t.csv", "--outcome", "y", "--drivers", "a,b"];
    let output = advocate(folder.path(), &[&base[..], &["--groups", "s=a;p=b"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("not there yet"), "{}", stderr(&output));
    let output = advocate(folder.path(), &[&base[..], &["--missing", "em", "--family", "logistic"]].concat());
    assert_eq!(output.status.code(), Some(2), "moments are for a linear model: {}", stderr(&output));
    let output = advocate(folder.path(), &[&base[..], &["--weights", "a"]].concat());
    assert_eq!(output.status.code(), Some(2), "weights need their kind");
}

#[test]
fn drivers_of_swiss_fertility() {
    let Some(data) = shared("classic/swiss.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let arguments = [
        "drivers",
        "--data",
        &data,
        "--outcome",
        "Fertility",
        "--drivers",
        "Agriculture,Examination,Education,Catholic,Infant.Mortality",
        "--bootstrap",
        "2000",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // R 4.4, relaimpo 2.2-7: lmg of datasets::swiss; boot.relimp's percentile interval at b = 2000, within Monte Carlo.
    close(&answer["fit"]["value"], 0.706_735_001_592_726, 1e-12);
    let first = &answer["drivers"][0];
    assert_eq!((first["driver"].as_str(), first["sign"].as_i64()), (Some("Education"), Some(-1)));
    close(&first["methods"]["shapley"], 0.260_134_678_624_4, 1e-12);
    close(&first["methods"]["relative_weights"], 0.271_964_104_646, 1e-11);
    close(&first["conf_low"], 0.0748, 0.02);
    close(&first["conf_high"], 0.393, 0.02);
    assert_eq!((answer["n_rows"].as_u64(), answer["n_used"].as_u64()), (Some(47), Some(47)));
}

#[test]
fn categories_move_as_one_driver() {
    let Some(data) = shared("classic/poisons.csv") else { return };
    // The outcome of the published analysis is 1 / time.
    let text = std::fs::read_to_string(data).expect("readable");
    let mut lines = text.lines();
    let mut table = "rate,poison,treat\n".to_owned();
    lines.next();
    for line in lines {
        let (time, rest) = line.split_once(',').expect("three cells");
        let _ = writeln!(table, "{},{}", 1.0 / time.parse::<f64>().expect("a time"), rest);
    }
    let folder = folder();
    write(folder.path(), "t.csv", &table);
    let arguments = [
        "drivers",
        "--data",
        "t.csv",
        "--outcome",
        "rate",
        "--drivers",
        "poison,treat",
        "--categorical",
        "poison,treat",
        "--bootstrap",
        "0",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // R 4.2, relaimpo 2.2-7: lmg with factors.
    close(&answer["drivers"][0]["methods"]["shapley"], 0.532_432_318_049_993, 1e-11);
    close(&answer["drivers"][1]["methods"]["shapley"], 0.311_643_491_615_394, 1e-11);
    // Without a bootstrap the keys of the interval are there and empty.
    let keys = answer["drivers"][0].as_object().expect("an object");
    assert!(keys.get("conf_low").is_some_and(serde_json::Value::is_null));
    assert!(keys.get("rank_high").is_some_and(serde_json::Value::is_null));
}

#[test]
fn fit_of_fuel_consumption() {
    let Some(data) = shared("classic/mtcars.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let arguments = ["fit", "--data", &data, "--outcome", "mpg", "--features", "wt,hp", "--format", "json"];
    let answer = json(&advocate(folder.path(), &arguments));
    // R: summary(lm(mpg ~ wt + hp, mtcars)); logLik -74.326.
    assert_eq!(answer["coefficients"][0]["term"], "(intercept)");
    close(&answer["coefficients"][1]["estimate"], -3.877_830_74, 1e-7);
    close(&answer["coefficients"][1]["std_error"], 0.632_733_49, 1e-7);
    close(&answer["model"]["log_likelihood"], -74.326, 1e-3);
    assert_eq!(answer["model"]["converged"], true);
}

#[test]
fn the_operators_satisfaction_separates_churn_and_is_refused() {
    let Some(data) = shared("telco/Telco_customer_churn_status.csv") else { return };
    let data = data.display().to_string();
    let folder = folder();
    let arguments = [
        "fit",
        "--data",
        &data,
        "--outcome",
        "Churn Value",
        "--features",
        "Satisfaction Score",
        "--family",
        "logistic",
    ];
    let output = advocate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("Satisfaction Score"), "{}", stderr(&output));
    let arguments = [
        "drivers",
        "--data",
        &data,
        "--outcome",
        "Churn Value",
        "--drivers",
        "Satisfaction Score,CLTV",
        "--family",
        "logistic",
        "--bootstrap",
        "0",
    ];
    assert_eq!(advocate(folder.path(), &arguments).status.code(), Some(4));
}

#[test]
fn influence_of_the_diamond() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b,p\nn1,n2,0.5\nn1,n3,0.5\nn2,n4,0.5\nn3,n4,0.5\n");
    let arguments = [
        "influence",
        "--edges",
        "e.csv",
        "--from",
        "a",
        "--to",
        "b",
        "--probability",
        "p",
        "--seeds",
        "1",
        "--format",
        "json",
    ];
    let answer = json(&advocate(folder.path(), &arguments));
    // 2 + 1 - (1 - 1/4)^2.
    let reach_se = answer["nodes"][0]["reach_se"].as_f64().expect("a number");
    close(&answer["nodes"][0]["reach"], 2.4375, (5.0 * reach_se).max(1e-9));
    assert_eq!(answer["seeds"][0]["node"], "n1");
    let arguments =
        ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--uniform", "0.5", "--format", "csv"];
    let text = stdout(&advocate(folder.path(), &arguments));
    assert!(text.starts_with("node,reach,reach_se,exact\n") && text.contains("\nn4,1,0,true\n"), "{text}");
}

#[test]
fn a_probability_above_one_names_its_row() {
    let folder = folder();
    write(folder.path(), "e.csv", "a,b,p\nn1,n2,0.5\nn1,n3,50\n");
    let arguments = ["influence", "--edges", "e.csv", "--from", "a", "--to", "b", "--probability", "p"];
    let output = advocate(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("row 2: probability 50"), "{}", stderr(&output));
}
