//! Ordinal models against statsmodels' OrderedModel, Brant's formula and linear programmes. The expected values were
//! written by `tests/oracles/estimators_ordinal.py`.

use super::formula_data::{FormulaData, observations, wave};
use super::proportional_odds::{ChiSquaredTest, ProportionalOdds};
use super::reference_tests::{assert_close, numbers, std_errors, weighted};
use super::{FitError, Ordinal, PartialOrdinal};
use crate::data::{Clusters, Observations, Outcome};
use ndarray::{Array1, Array2};
use std::collections::BTreeMap;

/// Iterative fits agree to this (relative).
const ITERATIVE: f64 = 1e-7;

/// Expected values by case, model, weight kind and standard errors, then by what they are.
type Expected = BTreeMap<[&'static str; 4], BTreeMap<&'static str, Vec<f64>>>;

fn expected() -> Expected {
    let mut all = Expected::new();
    for line in include_str!("../../tests/oracles/estimators_ordinal.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let values = words[5..].iter().map(|word| word.parse().expect("a number")).collect();
        all.entry([words[0], words[1], words[2], words[3]]).or_default().insert(words[4], values);
    }
    all
}

fn answer(data: &FormulaData) -> Array1<f64> {
    data.number.mapv(|number| number.floor().clamp(0.0, 6.0))
}

fn formula(data: &FormulaData, values: Array1<f64>, kind: &str) -> Observations {
    let outcome = Outcome::numeric("answer", values).expect("finite");
    let plain = observations(&["speed", "price", "calls"], data.features.clone(), outcome);
    weighted(plain, kind, &data.weights).clustered(Clusters::from_labels(&data.clusters)).expect("one a row")
}

fn check_test(got: Option<&ChiSquaredTest>, want: &[f64], context: &str) {
    match (got, want) {
        (None, [none]) => assert!(none.is_nan(), "{context}: no test, and {none} was expected"),
        (Some(got), want) => {
            // The tail of chi squared is the library's.
            assert_close(&[got.statistic, got.df as f64], &want[..2], 1e-6, context);
            assert_close(&[got.p_value], &want[2..], 1e-5, context);
        }
        other => unreachable!("{context}: {other:?}"),
    }
}

fn check_brant(got: &ProportionalOdds, wants: &BTreeMap<&str, Vec<f64>>, context: [&str; 4]) {
    for (what, want) in wants {
        let context = format!("{context:?} {what}");
        let term = |prefix: &str| &got.terms[what[prefix.len()..].parse::<usize>().expect("a column")];
        match *what {
            "overall" => check_test(got.overall.as_ref(), want, &context),
            "likelihood_ratio" => check_test(got.likelihood_ratio.as_ref(), want, &context),
            _ if what.starts_with("term") => check_test(term("term").test.as_ref(), want, &context),
            _ if what.starts_with("slopes") => assert_close(&term("slopes").slopes, want, ITERATIVE, &context),
            _ => assert_close(&term("std_errors").std_errors, want, ITERATIVE, &context),
        }
    }
}

fn check(context: [&str; 4], observations: &Observations, wants: &BTreeMap<&str, Vec<f64>>) {
    let std_errors = std_errors(context[3]);
    match context[1] {
        "ordinal" => {
            let fit = Ordinal { std_errors, ..Ordinal::default() }.fit(observations).expect("a fit");
            for (what, want) in wants {
                let got = numbers(fit.coefficients(), fit.summary(), what);
                assert_close(&got, want, ITERATIVE, &format!("{context:?} {what}"));
            }
        }
        "partial" => {
            let parallel = if context[0] == "formula:parallel" { vec!["price".to_owned()] } else { Vec::new() };
            let settings = PartialOrdinal { std_errors, parallel, ..PartialOrdinal::default() };
            let fit = settings.fit(observations).expect("a fit");
            for (what, want) in wants {
                let text = format!("{context:?} {what}");
                let differences = || fit.differences().iter().map(|row| &row.difference);
                match *what {
                    "equality" => check_test(fit.equality(), want, &text),
                    "difference" => {
                        let got: Vec<f64> = differences().map(|row| row.estimate).collect();
                        assert_close(&got, want, 1e-6, &text);
                    }
                    "difference_std_error" => {
                        let got: Vec<f64> = differences().map(|row| row.std_error).collect();
                        assert_close(&got, want, ITERATIVE, &text);
                    }
                    _ => assert_close(&numbers(fit.coefficients(), fit.summary(), what), want, ITERATIVE, &text),
                }
            }
        }
        _ => {
            let settings = Ordinal { std_errors, ..Ordinal::default() };
            check_brant(&settings.proportional_odds(observations).expect("a fit"), wants, context);
        }
    }
}

#[test]
fn formula_data_agree_with_the_plain_formula_for_every_weight_and_standard_error() {
    let data = FormulaData::of(400);
    let answer = answer(&data);
    let class = answer.mapv(|answer| f64::from(u8::from(answer > 1.0)) + f64::from(u8::from(answer > 3.0)));
    let mut n_cases = 0;
    for (case, wants) in expected().iter().filter(|(case, _)| case[0].starts_with("formula")) {
        let values = if case[1] == "partial" { class.clone() } else { answer.clone() };
        check(*case, &formula(&data, values, case[2]), wants);
        n_cases += 1;
    }
    assert_eq!(n_cases, 29);
}

/// A file of the public data sets by its numeric columns, or nothing where the folder is not there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn public_data(file: &str, outcome: &str, features: &[&str]) -> Option<Observations> {
    let path = format!("{}/../shared/data/{file}.csv", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: the data set {file} is not beside the project");
        return None;
    };
    let mut lines = text.lines().map(|line| line.split(',').map(|cell| cell.trim_matches('"')).collect::<Vec<_>>());
    let header = lines.next()?;
    let place = |name: &str| header.iter().position(|own| *own == name).expect("a column");
    let places: Vec<usize> = features.iter().chain([&outcome]).map(|name| place(name)).collect();
    let rows: Vec<Vec<f64>> = lines
        .filter_map(|cells| places.iter().map(|&place| cells.get(place)?.parse().ok()).collect::<Option<Vec<f64>>>())
        .collect();
    let design = Array2::from_shape_fn((rows.len(), features.len()), |(row, column)| rows[row][column]);
    let values: Array1<f64> = rows.iter().map(|row| row[features.len()]).collect();
    Some(observations(features, design, Outcome::numeric(outcome, values).expect("finite")))
}

fn agree_on(file: &str, outcome: &str, features: &str) {
    let features: Vec<&str> = features.split(',').collect();
    let Some(data) = public_data(file, outcome, &features) else { return };
    let mut n_cases = 0;
    for (case, wants) in expected().iter().filter(|(case, _)| case[0] == file) {
        check(*case, &data, wants);
        n_cases += 1;
    }
    assert_eq!(n_cases, 3);
}

#[test]
fn public_data_agree_with_statsmodels_and_with_brants_formula() {
    agree_on("classic/swiss_binary_ordinal", "cat", "Agriculture,Catholic,Infant.Mortality");
    agree_on("ecsi_mobile/mobi", "CUSL3", "CUSA1,CUSA2,CUSA3,PERQ1,PERV1");
    let features = "seat_legroom_rating,seat_recline_rating,seat_width_rating,aisle_space_rating";
    agree_on("seat_reviews/seat", "overall_rating", features);
}

/// Linear programmes decide on each of many small samples of whole numbers, where ties abound.
#[test]
fn separation_is_found_exactly_where_a_linear_programme_finds_it() {
    let all = expected();
    for model in ["ordinal", "partial"] {
        let wants = &all[&["separation", model, "none", "model"]]["separated"];
        for (sample, want) in wants.iter().enumerate() {
            let row = |row: usize| sample * 20 + row;
            let features = Array2::from_shape_fn((14, 2), |(at, column)| (5.0 * wave(row(at), column + 20)).round());
            let level = Array1::from_shape_fn(14, |at| {
                let lean = features[[at, 0]] + 0.5 * features[[at, 1]] + 5.0 * wave(row(at), 30);
                (lean.clamp(-1.0, 2.0) / 1.5).floor()
            });
            let data = observations(&["a", "b"], features, Outcome::numeric("y", level).expect("finite"));
            let error = if model == "ordinal" {
                Ordinal::default().fit(&data).map(|_| ()).err()
            } else {
                PartialOrdinal::default().fit(&data).map(|_| ()).err()
            };
            let got = match error {
                None => 0.0,
                Some(FitError::Separated(_)) => 1.0,
                Some(FitError::TwoLevels { .. }) => -1.0,
                Some(other) => unreachable!("{sample}: {other}"),
            };
            assert_eq!(got, *want, "{model}, sample {sample}");
        }
        let count = |answer: f64| wants.iter().filter(|&&want| want == answer).count();
        assert!(wants.len() == 300 && count(0.0) > 30 && count(1.0) > 30, "{} {}", count(0.0), count(1.0));
    }
}
