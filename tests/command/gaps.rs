//! `advocate fit --missing`: rows with gaps in a feature.

use super::{advocate, folder, json, stderr, write};

/// `y` is always there, `x` in the first five of eight rows.
const ROWS: &str =
    "y,x,class,level,n\n1,2,0,0,1\n3,1,0,1,0\n4,3,1,2,2\n6,5,0,1,1\n8,4,1,2,3\n2,,0,0,0\n5,,1,1,1\n9,,1,2,2\n";

fn fit(more: &[&str]) -> std::process::Output {
    let folder = folder();
    write(folder.path(), "t.csv", ROWS);
    let base = ["fit", "--data", "t.csv", "--features", "x", "--format", "json"];
    advocate(folder.path(), &[&base[..], more].concat())
}

fn term(answer: &serde_json::Value, name: &str) -> serde_json::Value {
    let rows = answer["coefficients"].as_array().expect("rows");
    rows.iter().find(|row| row["term"] == name).unwrap_or_else(|| unreachable!("no {name}: {answer}")).clone()
}

#[test]
fn em_is_anderson_s_closed_form_where_one_column_has_gaps() {
    let answer = json(&fit(&["--outcome", "y", "--missing", "em"]));
    // Anderson (1957): the regression of x on y of the whole rows, and the moments of y of all rows.
    let (y, x) = ([1.0, 3.0, 4.0, 6.0, 8.0], [2.0, 1.0, 3.0, 5.0, 4.0]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let product = |left: &[f64], right: &[f64]| {
        let (one, other) = (mean(left), mean(right));
        left.iter().zip(right).map(|(l, r)| (l - one) * (r - other)).sum::<f64>() / left.len() as f64
    };
    let slope = product(&x, &y) / product(&y, &y);
    let rest = product(&x, &x) - slope * product(&x, &y);
    let all = [1.0, 3.0, 4.0, 6.0, 8.0, 2.0, 5.0, 9.0];
    let variance = product(&all, &all);
    let want = slope * variance / (rest + slope * slope * variance);
    let got = term(&answer, "x")["estimate"].as_f64().expect("a number");
    assert!((got - want).abs() < 1e-6, "{got} {want}");
    let model = &answer["model"];
    assert_eq!((&model["missing"], &model["n_used"], &model["n_complete"]), (&"em".into(), &8.into(), &5.into()));
}

#[test]
fn imputed_rows_say_what_the_gaps_take() {
    let answer = json(&fit(&["--outcome", "y", "--missing", "multiple", "--imputations", "5"]));
    let row = term(&answer, "x");
    let share = row["fraction_missing_information"].as_f64().expect("a share");
    assert!(share > 0.0 && share < 1.0 && row["p_value"].is_number() && row["df"].is_number(), "{row}");
    assert_eq!((&answer["model"]["imputations"], &answer["model"]["n_used"]), (&5.into(), &8.into()));
    // The same seed gives the same draws, another one others.
    let again = json(&fit(&["--outcome", "y", "--missing", "multiple", "--imputations", "5"]));
    let other = json(&fit(&["--outcome", "y", "--missing", "multiple", "--imputations", "5", "--seed", "2"]));
    assert!(term(&again, "x") == row && term(&other, "x") != row);
}

#[test]
fn every_family_fills_and_marks_gaps() {
    for more in [&["--outcome", "y"][..], &["--outcome", "n", "--family", "count"]] {
        let answer = json(&fit(&[more, &["--missing", "indicator"]].concat()));
        assert_eq!(answer["model"]["n_used"], 8, "{more:?}");
        assert!(term(&answer, "x (missing)")["estimate"].is_number());
    }
    // The mark moves the level and leaves the slope of the whole rows.
    let (marked, whole) = (json(&fit(&["--outcome", "y", "--missing", "indicator"])), json(&fit(&["--outcome", "y"])));
    let slope = |answer| term(answer, "x")["estimate"].as_f64().expect("a number");
    assert!((slope(&marked) - slope(&whole)).abs() < 1e-9);
    assert_eq!(whole["model"]["n_used"], 5);
}

#[test]
fn pairwise_takes_each_covariance_from_the_rows_that_have_both() {
    // With one feature the covariance and the feature's variance are those of the whole rows.
    let (pairwise, whole) = (json(&fit(&["--outcome", "y", "--missing", "pairwise"])), json(&fit(&["--outcome", "y"])));
    let slope = |answer| term(answer, "x")["estimate"].as_f64().expect("a number");
    assert!((slope(&pairwise) - slope(&whole)).abs() < 1e-9, "{} {}", slope(&pairwise), slope(&whole));
    assert_eq!(pairwise["model"]["n_pair_min"], 5.0);
}

#[test]
fn what_a_family_does_not_have_is_refused_with_two_and_a_sentence() {
    for (more, word) in [
        (&["--outcome", "class", "--family", "logistic", "--missing", "em"][..], "moments"),
        (&["--outcome", "n", "--family", "count", "--missing", "pairwise"], "moments"),
        (&["--outcome", "level", "--family", "ordinal", "--missing", "multiple"], "listwise or indicator"),
        (&["--outcome", "y", "--missing", "em", "--augment", "rows.csv"], "whole rows"),
        (&["--outcome", "y", "--imputations", "5"], "--missing multiple"),
        (&["--outcome", "y", "--family", "penalised", "--missing", "indicator"], "whole rows"),
        (&["--outcome", "y", "--missing", "multiple", "--imputations", "1"], "imputations"),
    ] {
        let output = fit(more);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(word), "{more:?}: {}", stderr(&output));
    }
}
