//! Fits against statsmodels, NIST and exact arithmetic. The expected values were written by
//! `tests/oracles/estimators_reference.py`.

use super::formula_data::{FormulaData, observations};
use super::{Coefficient, Firth, FitError, FitSummary, Logit, Ols, StdErrors};
use crate::data::{Clusters, Observations, Outcome, WeightKind, Weights};
use ndarray::{Array1, Array2};
use std::collections::BTreeMap;

/// Closed forms agree to this, and iterative ones to the second (relative).
const CLOSED: f64 = 1e-8;
const ITERATIVE: f64 = 1e-6;

/// Expected values by case, family, weight kind and standard errors, then by what they are.
type Expected = BTreeMap<[&'static str; 4], BTreeMap<&'static str, Vec<f64>>>;

fn expected() -> Expected {
    let mut all = Expected::new();
    for line in include_str!("../../tests/oracles/estimators_reference.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let values = words[5..].iter().map(|word| word.parse().expect("a number")).collect();
        all.entry([words[0], words[1], words[2], words[3]]).or_default().insert(words[4], values);
    }
    all
}

/// A fit's numbers by what they are, in the words of the reference.
pub(super) fn numbers(coefficients: &[Coefficient], summary: &FitSummary, what: &str) -> Vec<f64> {
    let each = |pick: fn(&Coefficient) -> f64| coefficients.iter().map(pick).collect();
    match what {
        "estimate" => each(|row| row.estimate),
        "std_error" => each(|row| row.std_error),
        "statistic" => each(|row| row.statistic),
        "p_value" => each(|row| row.p_value),
        "conf_low" => each(|row| row.conf_low),
        "conf_high" => each(|row| row.conf_high),
        "r_squared" => vec![summary.r_squared.expect("linear")],
        "adj_r_squared" => vec![summary.adj_r_squared.expect("linear")],
        "sigma" => vec![summary.sigma.expect("linear")],
        "log_likelihood" => vec![summary.log_likelihood],
        "null_log_likelihood" => vec![summary.null_log_likelihood],
        other => unreachable!("{other}"),
    }
}

pub(super) fn assert_close(got: &[f64], want: &[f64], relative: f64, context: &str) {
    assert_eq!(got.len(), want.len(), "{context}");
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= relative * want.abs(), "{context}: {got} is not {want}");
    }
}

pub(super) fn weighted(observations: Observations, kind: &str, weights: &[f64]) -> Observations {
    let kind = match kind {
        "none" => return observations,
        "precision" => WeightKind::Precision,
        "frequency" => WeightKind::Frequency,
        "sampling" => WeightKind::Sampling,
        other => unreachable!("{other}"),
    };
    observations.weighted(Weights::new(kind, weights.to_vec()).expect("valid")).expect("one a row")
}

pub(super) fn std_errors(word: &str) -> StdErrors {
    [StdErrors::Model, StdErrors::Hc1, StdErrors::Hc3, StdErrors::Cluster]
        .into_iter()
        .find(|std_errors| std_errors.word() == word)
        .expect("a known word")
}

fn check(context: [&str; 4], observations: &Observations, wants: &BTreeMap<&str, Vec<f64>>) {
    let asked = std_errors(context[3]);
    for (what, want) in wants {
        // The library's t distribution is good to about 1e-8 far out in its tails.
        let relative = match (context[1], *what) {
            ("logistic", _) => ITERATIVE,
            (_, "p_value") => 1e-6,
            _ => CLOSED,
        };
        let got = if context[1] == "linear" {
            let fit = Ols { std_errors: asked, ..Ols::default() }.fit(observations).expect("a fit");
            numbers(fit.coefficients(), fit.summary(), what)
        } else {
            let fit = Logit { std_errors: asked, ..Logit::default() }.fit(observations).expect("a fit");
            numbers(fit.coefficients(), fit.summary(), what)
        };
        assert_close(&got, want, relative, &format!("{context:?} {what}"));
    }
}

#[test]
fn formula_data_agree_with_statsmodels_for_every_weight_and_standard_error() {
    let data = FormulaData::of(400);
    let mut n_cases = 0;
    for (case, wants) in expected().iter().filter(|(case, _)| case[0] == "formula") {
        let plain = if case[1] == "linear" { data.with_number() } else { data.with_class() };
        let clustered = plain.clustered(Clusters::from_labels(&data.clusters)).expect("one a row");
        check(*case, &weighted(clustered, case[2], &data.weights), wants);
        n_cases += 1;
    }
    assert_eq!(n_cases, 28);
}

/// A column that no double-precision cross product of raw values can tell from another still has its coefficient.
#[test]
fn nearly_equal_columns_agree_with_exact_rational_arithmetic() {
    let wave = super::formula_data::wave;
    let features = Array2::from_shape_fn((40, 3), |(row, column)| match column {
        0 => 1947.0 + row as f64,
        1 => 1947.0 + row as f64 + wave(row, 7) / 1024.0,
        _ => 1e6 + 1000.0 * wave(row, 8) + row as f64,
    });
    let number = Array1::from_shape_fn(40, |row| 3.0 * (1947.0 + row as f64) + wave(row, 9));
    let data = observations(&["trend", "near", "far"], features, Outcome::numeric("y", number).expect("finite"));
    let fit = Ols::default().fit(&data).expect("a fit");
    let all = expected();
    let wants = &all[&["collinear", "linear", "none", "model"]];
    // Differences of coefficients a million times their own size: digits count against the standard error.
    for ((row, want), std_error) in fit.coefficients().iter().zip(&wants["estimate"]).zip(&wants["std_error"]) {
        assert!((row.estimate - want).abs() < 1e-9 * std_error, "{row:?} is not {want}");
    }
    assert_close(&numbers(fit.coefficients(), fit.summary(), "std_error"), &wants["std_error"], 1e-10, "std_error");
    assert_eq!(fit.findings()[0].kind, crate::findings::FindingKind::Collinear);
}

#[test]
fn firth_agrees_with_a_general_optimiser_with_and_without_separation() {
    let all = expected();
    let data = FormulaData::of(60);
    let separated = Array1::from_shape_fn(60, |row| f64::from(u8::from(data.features[[row, 0]] > 5.2)));
    for (case, class) in [("firth", data.class.clone()), ("firth:separated", separated)] {
        let outcome = Outcome::binary("class", class).expect("0 and 1");
        let names = ["speed", "price", "calls"];
        let fit = Firth::default().fit(&observations(&names, data.features.clone(), outcome)).expect("a fit");
        for (what, want) in &all[&[case, "logistic", "none", "model"]] {
            assert_close(&numbers(fit.coefficients(), fit.summary(), what), want, ITERATIVE, case);
        }
    }
}

/// A linear programme (Konis 2007) decides on each of many small samples of whole numbers, where ties abound.
#[test]
fn separation_is_found_exactly_where_a_linear_programme_finds_it() {
    let wave = super::formula_data::wave;
    let all = expected();
    let wants = &all[&["separation", "logistic", "none", "model"]]["separated"];
    for (sample, want) in wants.iter().enumerate() {
        let row = |row: usize| sample * 20 + row;
        let features = Array2::from_shape_fn((14, 2), |(at, column)| (5.0 * wave(row(at), column + 20)).round());
        let class = Array1::from_shape_fn(14, |at| {
            let lean = features[[at, 0]] + 0.5 * features[[at, 1]];
            f64::from(u8::from(lean + 3.0 * wave(row(at), 30) > 0.0))
        });
        let data = observations(&["a", "b"], features, Outcome::binary("y", class).expect("0 and 1"));
        let got = match Logit::default().fit(&data) {
            Ok(_) => 0.0,
            Err(FitError::Separated(_)) => 1.0,
            Err(FitError::OneClass { .. }) => -1.0,
            Err(other) => unreachable!("{sample}: {other}"),
        };
        assert_eq!(got, *want, "sample {sample}");
    }
    let count = |answer: f64| wants.iter().filter(|&&want| want == answer).count();
    assert!(wants.len() == 300 && count(0.0) > 50 && count(1.0) > 50);
}

/// A classic data set by column name, or nothing where the folder is not there.
struct Classic {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Classic {
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn read(file: &str) -> Option<Self> {
        let path = format!("{}/../shared/data/classic/{file}.csv", env!("CARGO_MANIFEST_DIR"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("skipped: the data set {file} is not beside the project");
            return None;
        };
        let split = |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect::<Vec<_>>();
        let mut lines = text.lines().map(split);
        let names = lines.next()?;
        // A judge's name holds a comma, so cells are counted from the end; row names are no numbers and stay out.
        let rows = lines.map(|cells| {
            let cells = &cells[cells.len() - names.len()..];
            cells.iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()
        });
        Some(Self { rows: rows.collect(), names })
    }

    fn column(&self, name: &str) -> Array1<f64> {
        let place = self.names.iter().position(|candidate| candidate == name).expect("a column");
        self.rows.iter().map(|row| row[place]).collect()
    }

    fn design(&self, names: &[&str]) -> Array2<f64> {
        let columns: Vec<Array1<f64>> = names.iter().map(|name| self.column(name)).collect();
        Array2::from_shape_fn((self.rows.len(), names.len()), |(row, column)| columns[column][row])
    }
}

fn agree_on(case: &str, file: &str, outcome: &str, features: &str) {
    let Some(data) = Classic::read(file) else { return };
    let features: Vec<&str> = features.split(',').collect();
    let all = expected();
    let of_case = all.iter().filter(|(key, _)| key[0] == case);
    let mut n_cases = 0;
    for (key, wants) in of_case {
        let values = data.column(outcome);
        let outcome =
            if key[1] == "linear" { Outcome::numeric(outcome, values) } else { Outcome::binary(outcome, values) };
        check(*key, &observations(&features, data.design(&features), outcome.expect("valid")), wants);
        n_cases += 1;
    }
    assert_eq!(n_cases, 3);
}

#[test]
fn linear_fits_of_classic_data_agree_with_statsmodels() {
    agree_on("mtcars", "mtcars", "mpg", "wt,hp,qsec,am");
    agree_on("swiss", "swiss", "Fertility", "Agriculture,Examination,Education,Catholic,Infant.Mortality");
    agree_on("attitude", "attitude", "rating", "complaints,privileges,learning,raises,critical,advance");
    agree_on("stackloss", "stackloss", "stack.loss", "Air.Flow,Water.Temp,Acid.Conc.");
    agree_on("LifeCycleSavings", "LifeCycleSavings", "sr", "pop15,pop75,dpi,ddpi");
    agree_on("USJudgeRatings", "USJudgeRatings", "RTEN", "CONT,INTG,DMNR,DILG,CFMG,DECI,PREP,FAMI,ORAL,WRIT,PHYS");
}

#[test]
fn logistic_fits_of_classic_data_agree_with_statsmodels() {
    agree_on("mtcars:am", "mtcars", "am", "wt");
    agree_on("mtcars:vs", "mtcars", "vs", "mpg,am");
    let features = "Agriculture,Education,Catholic,Infant.Mortality";
    agree_on("swiss_binary_ordinal:high", "swiss_binary_ordinal", "high", features);
}

/// NIST, Statistical Reference Datasets, linear regression, "Longley" (observed, higher difficulty).
#[test]
fn longley_agrees_with_the_certified_values() {
    let Some(data) = Classic::read("longley") else { return };
    let names = ["GNP.deflator", "GNP", "Unemployed", "Armed.Forces", "Population", "Year"];
    // R's units to NIST's, which are whole numbers but for the deflator.
    let factors = [1.0, 1000.0, 10.0, 10.0, 1000.0, 1.0];
    let mut design = data.design(&names);
    for (mut column, factor) in design.columns_mut().into_iter().zip(factors) {
        column.mapv_inplace(|value| if factor > 1.0 { (value * factor).round() } else { value });
    }
    let employed = data.column("Employed").mapv(|value| (value * 1000.0).round());
    let fit = Ols::default()
        .fit(&observations(&names, design, Outcome::numeric("Employed", employed).expect("finite")))
        .expect("a fit");
    let estimates = [
        -3_482_258.634_595_82,
        15.061_872_271_373_3,
        -0.358_191_792_925_910e-01,
        -2.020_229_803_816_83,
        -1.033_226_867_173_59,
        -0.511_041_056_535_807e-01,
        1_829.151_464_613_55,
    ];
    let std_errors = [
        890_420.383_607_373,
        84.914_925_774_766_9,
        0.334_910_077_722_432e-01,
        0.488_399_681_651_699,
        0.214_274_163_161_675,
        0.226_073_200_069_370,
        455.478_499_142_212,
    ];
    let summary = fit.summary();
    assert_close(&numbers(fit.coefficients(), summary, "estimate"), &estimates, 2e-13, "estimate");
    assert_close(&numbers(fit.coefficients(), summary, "std_error"), &std_errors, 2e-13, "std_error");
    assert_close(&numbers(fit.coefficients(), summary, "sigma"), &[304.854_073_561_965], 2e-13, "sigma");
    assert_close(&numbers(fit.coefficients(), summary, "r_squared"), &[0.995_479_004_577_296], 2e-13, "r_squared");
}
