//! Every customer scored by the models of an earlier run.

use super::models::{STUDY, company};
use super::{advocate, folder, json, near, stderr, stdout, write};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

/// The study's date when its models are fitted.
const FITTED: &str = "2024-11-01";
const MODELS: &str = "results/judged/2024-11-01/models";

/// The company's study with a table of customers, a control, and models of several families, one of them calibrated.
fn study() -> String {
    let more = "[sources.customers]
path = \"customers.csv\"
customer = \"who\"
[scores]
calibration = \"sigmoid\"
[drivers]
touchpoints = [\"delivery\"]
controls = [\"frequency\"]
";
    STUDY
        .replace("cut = 2025-01-01\n", "")
        .replace("recommend = \"nps\"\n", "recommend = \"nps\"\nscale = [0, 10]\n")
        .replace("[drivers]\ntouchpoints = [\"delivery\"]\n", more)
        .replace("[outcomes.repurchase]\n", "[outcomes.purchases]\nwindow_days = 30\n[outcomes.repurchase]\n")
}

/// The company's orders with those of `silent`, who never answered, and of two more who had seldom bought and did so again after their
/// answer, as c0 did: without c0, too, one cannot tell without error who buys again, so that calibration can hold everybody out in turn.
fn orders() -> String {
    company().1 + "silent,2024-03-01T12:00:00Z,5\nc4,2024-05-10T12:00:00Z,7\nc8,2024-05-30T12:00:00Z,7\n"
}

/// The company with two customers who never answered: `silent` bought once, and of `stranger` nothing is known.
fn sources(folder: &Path) {
    write(folder, "answers.csv", &company().0);
    write(folder, "orders.csv", &orders());
    let named: String = (0..80).map(|customer| format!("c{customer}\n")).collect();
    write(folder, "customers.csv", &format!("who\n{named}silent\nstranger\n"));
}

/// A folder with the company, its study, and the models of the first of November.
fn fitted() -> tempfile::TempDir {
    let folder = folder();
    sources(folder.path());
    write(folder.path(), "judged.toml", &study());
    done(&advocate(folder.path(), &["run", "judged.toml", "--as-of", FITTED, "--quiet"]));
    folder
}

#[track_caller]
fn done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

fn score(folder: &Path, as_of: &str, models: &[&str], more: &[&str]) -> Output {
    let base = ["score", "judged.toml", "--as-of", as_of, "--models"];
    advocate(folder, &[&base[..], models, more].concat())
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("written")
}

fn model(folder: &Path, outcome: &str) -> Value {
    serde_json::from_str(&read(folder, &format!("{MODELS}/{outcome}.json"))).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The rows of a CSV file as texts by column.
fn rows(folder: &Path, name: &str) -> Vec<super::studies::Row> {
    let mut reader = csv::Reader::from_path(folder.join(name)).expect("readable");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

#[test]
fn scores_by_a_runs_own_models_are_those_of_the_run() {
    let folder = fitted();
    let run = format!("results/judged/{FITTED}");
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).expect("written");
    let before = bytes(&format!("{run}/manifest.json"));
    let output = score(folder.path(), FITTED, &[MODELS], &[]);
    done(&output);
    let own = format!("results/judged/scores/{FITTED}");
    for name in ["tables/scores.csv", "tables/scores.parquet"] {
        assert_eq!(bytes(&format!("{own}/{name}")), bytes(&format!("{run}/{name}")), "{name}");
    }
    assert_eq!(bytes(&format!("{run}/manifest.json")), before);
    let text = stdout(&output);
    assert!(text.starts_with("82 customers scored as of 2024-11-01, 40 of whom never answered\n"), "{text}");
    assert!(text.contains("p_repurchase") && text.contains("wrote results/judged/scores/2024-11-01"), "{text}");
    // The models are listed as the run has listed them among its outputs.
    let manifest =
        |folder: &str| -> Value { serde_json::from_slice(&bytes(&format!("{folder}/manifest.json"))).expect("JSON") };
    let (of_scores, of_run) = (manifest(&own), manifest(&run));
    let outcomes = ["recommend", "purchases", "repurchase"];
    for (place, outcome) in outcomes.into_iter().enumerate() {
        let listed = &of_scores["models"][place];
        let outputs = of_run["outputs"].as_array().expect("rows");
        let written = outputs.iter().find(|file| file["path"] == format!("models/{outcome}.json")).expect("listed");
        assert_eq!((&listed["outcome"], &listed["sha256"]), (&outcome.into(), &written["sha256"]));
    }
    assert_eq!((&of_scores["sources"], &of_scores["status"]), (&of_run["sources"], &"done".into()));
    // Once more, on one thread, from files in another order and without the cache: the same bytes.
    let files: Vec<String> = outcomes.iter().rev().map(|outcome| format!("{MODELS}/{outcome}.json")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let table = bytes(&format!("{own}/tables/drift.csv"));
    done(&score(folder.path(), FITTED, &files, &["--threads", "1", "--no-cache", "--quiet"]));
    assert_eq!(bytes(&format!("{own}/tables/scores.csv")), bytes(&format!("{run}/tables/scores.csv")));
    assert_eq!(bytes(&format!("{own}/tables/drift.csv")), table);
}

/// What a model file says of a customer, by plain arithmetic.
fn by_hand(model: &Value, values: &[(&str, Option<f64>)]) -> f64 {
    let terms = model["terms"].as_array().expect("terms");
    let part = |term: &Value| {
        let known = values.iter().find(|(name, _)| term["term"] == *name).and_then(|(_, value)| *value);
        number(&term["estimate"]) * known.unwrap_or(number(&term["mean"]))
    };
    let link = number(&model["intercept"]) + terms.iter().map(part).sum::<f64>();
    let logistic = |link: f64| 1.0 / (1.0 + (-link).exp());
    match model["family"].as_str().expect("a family") {
        "linear" => link,
        "count" => link.exp(),
        _ => {
            let curve = &model["calibration"]["sigmoid"];
            let probability = logistic(link);
            let log_odds = (probability / (1.0 - probability)).ln();
            logistic(number(&curve["intercept"]) + number(&curve["slope"]) * log_odds)
        }
    }
}

#[test]
fn a_score_of_a_later_day_is_what_the_model_file_says() {
    let folder = fitted();
    let (as_of, end) = ("2025-01-31", "2025-02-01");
    let answer = json(&score(folder.path(), as_of, &[MODELS], &["--format", "json"]));
    let (answers, orders) = (company().0, orders());
    let before = |text: &str, customer: &str| -> Vec<Vec<String>> {
        let rows = text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        rows.filter(|row| row[0] == customer && row[1].as_str() < end).collect()
    };
    let scores = rows(folder.path(), &format!("results/judged/scores/{as_of}/tables/scores.csv"));
    assert_eq!((scores.len(), &answer["n_customers"]), (82, &82.into()));
    let mut sums = [0.0; 3];
    let columns =
        [("recommend", "expected_recommend"), ("purchases", "expected_purchases"), ("repurchase", "p_repurchase")];
    for row in &scores {
        let customer = row["customer"].as_str();
        let delivery = before(&answers, customer).last().map(|answer| answer[3].parse().expect("a number"));
        let n_orders = before(&orders, customer).len();
        let values = [("delivery", delivery), ("frequency", Some(n_orders as f64))];
        for ((outcome, column), sum) in columns.into_iter().zip(&mut sums) {
            let want = by_hand(&model(folder.path(), outcome), &values);
            let got: f64 = row[column].parse().expect("a number");
            assert!((got - want).abs() < 1e-9, "{customer} {column}: {got} {want}");
            *sum += want;
        }
        assert_eq!(row["answered"] == "true", delivery.is_some(), "{customer}");
    }
    for (place, sum) in sums.into_iter().enumerate() {
        let own = &answer["models"][place];
        assert_eq!(own["column"], columns[place].1);
        near(&own["mean"], sum / 82.0, 1e-9);
        // From the end of the first of November to that of the last of January: 29 days of November, 31 and 31.
        near(&own["age_days"], 91.0, 1e-9);
    }
}

#[test]
fn answers_that_are_not_as_in_training_are_a_finding_and_customers_are_not() {
    let folder = fitted();
    let as_of = "2025-06-30";
    let drift = format!("results/judged/scores/{as_of}/tables/drift.csv");
    let warned = |answer: &Value| -> Vec<String> {
        let findings = answer["findings"].as_array().expect("rows").iter();
        let own = findings.filter(|finding| finding["kind"] == "drift" && finding["severity"] == "warning");
        own.map(|finding| finding["sentence"].as_str().expect("a sentence").to_owned()).collect()
    };
    // Delivery goes through 0 to 10 in turn, before the first of November and after it.
    let answer = json(&score(folder.path(), as_of, &[MODELS], &["--format", "json"]));
    assert_eq!(warned(&answer), Vec::<String>::new());
    assert_eq!((&answer["models"][0]["n_answers_since"], &answer["models"][0]["n_drifted"]), (&38.into(), &0.into()));
    // From the second of November on everybody scores a third of it.
    let (answers, _) = company();
    let mut since = Vec::new();
    let worse = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[1] < "2024-11-02" || cells[0] == "who" {
            return format!("{line}\n");
        }
        let delivery = cells[3].parse::<i64>().expect("a number") / 3;
        since.push(delivery as f64);
        format!("{},{},{},{delivery}\n", cells[0], cells[1], cells[2])
    };
    let answers: String = answers.lines().map(worse).collect();
    write(folder.path(), "answers.csv", &answers);
    let answer = json(&score(folder.path(), as_of, &[MODELS], &["--format", "json"]));
    let sentences = warned(&answer);
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    assert!(
        sentences[0]
            .starts_with("`expected_recommend`: in the 38 answers since the last of its training on 2024-11-01, "),
        "{sentences:?}"
    );
    assert!(sentences[0].contains("`delivery` ") && !sentences[0].contains("`frequency`"), "{sentences:?}");
    let term = &model(folder.path(), "recommend")["terms"][0];
    let table = rows(folder.path(), &drift);
    let row = super::studies::find(
        &table,
        &[("outcome", "recommend"), ("feature", "delivery"), ("compared", "answers_since")],
    );
    let cell = |name: &str| row[name].parse::<f64>().expect("a number");
    let n = since.len() as f64;
    let mean = since.iter().sum::<f64>() / n;
    assert_eq!((row["n"].as_str(), row["n_used"].as_str(), row["drifted"].as_str()), ("38", "38", "true"));
    assert!((cell("mean") - mean).abs() < 1e-12);
    assert!((cell("std_difference") - (mean - number(&term["mean"])) / number(&term["std_dev"])).abs() < 1e-12);
    // The index by the bins of the model file.
    let numbers =
        |name: &str| -> Vec<f64> { term["spread"][name].as_array().expect("rows").iter().map(number).collect() };
    let (edges, shares) = (numbers("edges"), numbers("shares"));
    let index: f64 = (0..shares.len())
        .map(|bin| {
            let low = if bin == 0 { f64::NEG_INFINITY } else { edges[bin - 1] };
            let high = edges.get(bin).copied().unwrap_or(f64::INFINITY);
            let inside = since.iter().filter(|&&value| value > low && value <= high).count() as f64;
            let share = if inside > 0.0 { inside / n } else { 0.5 / n };
            (share - shares[bin]) * (share / shares[bin]).ln()
        })
        .sum();
    assert!((cell("psi") - index).abs() < 1e-12 && index > 0.25, "{index}");
    // What sets all customers apart is told, and not called drift.
    let of_customers: Vec<_> = table.iter().filter(|row| row["compared"] == "customers").collect();
    assert!(of_customers.len() == 6 && of_customers.iter().all(|row| row["drifted"].is_empty()), "{of_customers:?}");
    let delivery = of_customers.iter().find(|row| row["feature"] == "delivery").expect("a row");
    // Two of 82 never answered.
    assert!((delivery["missing"].parse::<f64>().expect("a share") - 2.0 / 82.0).abs() < 1e-12);
}

#[test]
fn a_touchpoint_that_is_no_longer_asked_is_drift() {
    let folder = fitted();
    let (answers, _) = company();
    let without = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let is_later = cells[1] > "2024-11-02" && cells[0] != "who";
        if is_later { format!("{},{},{},\n", cells[0], cells[1], cells[2]) } else { format!("{line}\n") }
    };
    let answers: String = answers.lines().map(without).collect();
    write(folder.path(), "answers.csv", &answers);
    let answer = json(&score(folder.path(), "2025-06-30", &[MODELS], &["--format", "json"]));
    let findings = answer["findings"].as_array().expect("rows");
    let finding = findings.iter().find(|finding| finding["kind"] == "drift").expect("a finding");
    let sentence = finding["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("`delivery` without a value in 100 % against 0 %"), "{sentence}");
}

/// A model file with a change, under a name of its own.
fn changed(folder: &Path, outcome: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut model = model(folder, outcome);
    change(&mut model);
    write(folder, "changed.json", &model.to_string());
    "changed.json".to_owned()
}

#[track_caller]
fn refused(output: &Output, code: i32, words: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{words}: {said}");
    assert!(said.contains(words), "{words}: {said}");
}

#[test]
fn files_that_are_no_models_of_this_study_are_refused_with_what_to_do() {
    let folder = fitted();
    let path = folder.path();
    let later = "2025-01-31";
    write(path, "other.json", "{\"a\": 1}");
    std::fs::create_dir(path.join("empty")).expect("a folder");
    for (models, words) in [
        (vec!["answers.csv"], "answers.csv: is not JSON"),
        (vec!["other.json"], "other.json: is no model file"),
        (vec!["nothing.json"], "name a model file that `advocate run` wrote"),
        (vec!["empty"], "the folder `empty` holds no model file"),
        (vec!["results/judged/2024-11-01"], "whose models lie in `results/judged/2024-11-01/models`"),
        (
            vec![MODELS, "results/judged/2024-11-01/models/purchases.json"],
            "would both write the column `purchases_reason_1`",
        ),
    ] {
        refused(&score(path, later, &models, &[]), 3, words);
    }
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 11] = [
        (|model| model["format_version"] = json!("2.0"), "has format version 2.0"),
        (|model| model["terms"][0]["estimate"] = json!(9.0), "self-test row"),
        (
            |model| model["terms"][0]["column"] = json!("delivary"),
            "takes the column `delivary`, which the study does not have (there is `delivery`); name it among the touchpoints",
        ),
        (
            |model| model["terms"][1]["column"] = json!("frequency_400d"),
            "write `windows_days = [30, 90, 365, 400]` into [history]",
        ),
        (
            |model| model["terms"][0]["scale"] = json!([1, 5]),
            "takes `delivery` in points from 1 to 5, and the study has it in points from 0 to 10",
        ),
        (
            |model| model["terms"][0]["unit"] = json!("minutes"),
            "takes `delivery` in minutes, and the study has it in points of its scale",
        ),
        (
            |model| model["history"]["returns"] = json!("flagged"),
            "columns of a history whose returns were `flagged`, and those of the study are `unmarked`",
        ),
        (
            |model| {
                model["terms"][1]["column"] = json!("spend_90d");
                model["terms"][1]["unit"] = json!("units of the transactions' amount");
                model["history"]["amounts"] = json!("order");
            },
            "whose amounts (of a line, of an order, or of a quantity) were `order`, and those of the study are `line`",
        ),
        (
            |model| {
                model["history"]["left_out"] = json!("{\"amount_min\":null,\"exclude\":{\"status\":[\"cancelled\"]}}")
            },
            "whose rows left out were {\"amount_min\":null,\"exclude\":{\"status\":[\"cancelled\"]}}, and those of the study are",
        ),
        (
            |model| model["window_days"] = json!(60),
            "predicts `repurchase` within 60 days, and `repurchase` of the study `judged` is repurchase within 30 days",
        ),
        (|model| model["kind"] = json!("referral"), "predicts `repurchase` (referral) within 30 days"),
    ];
    for (change, words) in changes {
        let file = changed(path, "repurchase", change);
        refused(&score(path, later, &[&file], &[]), 3, words);
    }
    let failed: Value =
        serde_json::from_str(&read(path, &format!("results/judged/scores/{later}.failed/manifest.json")))
            .expect("JSON");
    assert_eq!(failed["status"]["failed"]["exit_code"], 3);
    assert!(!path.join(format!("results/judged/scores/{later}")).exists());
    refused(&advocate(path, &["score", "judged.toml"]), 2, "--models");
    refused(&score(path, later, &[MODELS], &["--quiet", "--format", "json"]), 2, "--quiet");
    refused(&score(path, later, &[MODELS], &["--memory", "31MB"]), 2, "no join can do with less than 32MB");
    let study = study();
    let head = study.split("customer = \"who\"").next().expect("the feedback's file");
    let tail = "recommend = \"nps\"\n[drivers]\ntouchpoints = [\"delivery\"]\n[outcomes.recommend]\n";
    write(path, "shot.toml", &format!("{head}snapshot = true\n{tail}"));
    refused(&advocate(path, &["score", "shot.toml", "--models", MODELS]), 4, "there is nobody to score");
}

#[test]
fn a_model_that_has_seen_the_future_scores_only_when_asked() {
    let folder = fitted();
    // The last answer of the recommend model is of noon of the first of November; what followed those of the others was known before it.
    let file = format!("{MODELS}/recommend.json");
    refused(&score(folder.path(), "2024-10-31", &[&file], &[]), 4, "the model has seen what its scores would forecast");
    let answer = json(&score(folder.path(), "2024-10-31", &[&file], &["--hindsight", "--format", "json"]));
    let findings = answer["findings"].as_array().expect("rows");
    let told = findings.iter().find(|finding| finding["kind"] == "unreliable").expect("a finding");
    assert!(
        told["sentence"].as_str().is_some_and(|said| said.contains("`expected_recommend` is no forecast")),
        "{told}"
    );
    near(&answer["models"][0]["age_days"], -1.0, 1e-9);
}

#[test]
fn a_model_of_another_version_or_of_no_outcome_of_the_study_scores_by_what_it_says() {
    let folder = fitted();
    let (path, as_of) = (folder.path(), "2025-01-31");
    done(&score(path, as_of, &[MODELS], &["--quiet"]));
    let scores = format!("results/judged/scores/{as_of}/tables/scores.csv");
    let column = |name: &str| -> Vec<String> { rows(path, &scores).iter().map(|row| row[name].clone()).collect() };
    let whole = column("p_repurchase");
    // The study's outcomes are others by now.
    write(path, "judged.toml", &study().replace("[outcomes.repurchase]\nwindow_days = 30\n", ""));
    done(&score(path, as_of, &[&format!("{MODELS}/repurchase.json")], &["--quiet"]));
    assert_eq!(column("p_repurchase"), whole);
    // A file of the minor version before, which says less, and one of a later, which says more.
    let older = changed(path, "repurchase", |model| {
        model["format_version"] = json!("1.3");
        ["ends", "history", "predictions"]
            .into_iter()
            .for_each(|key| drop(model.as_object_mut().expect("an object").remove(key)));
        for term in model["terms"].as_array_mut().expect("terms") {
            ["spread", "scale"].into_iter().for_each(|key| drop(term.as_object_mut().expect("an object").remove(key)));
        }
    });
    let answer = json(&score(path, as_of, &[&older], &["--format", "json"]));
    assert_eq!(column("p_repurchase"), whole);
    assert!(
        answer["drift"][0]["psi"].is_null() && answer["drift"][0]["std_difference"].is_number(),
        "{}",
        answer["drift"][0]
    );
    let newer = changed(path, "repurchase", |model| {
        model["format_version"] = json!("1.9");
        model["of_tomorrow"] = json!(true);
    });
    done(&score(path, as_of, &[&newer], &["--quiet"]));
    assert_eq!(column("p_repurchase"), whole);
}
