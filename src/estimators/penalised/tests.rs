//! Penalised fits against scikit-learn, closed forms and the optimality conditions. The expected values were written by
//! `tests/oracles/penalised_reference.py`.

use super::{LambdaRule, PathPoint, Penalised, PenalisedFamily, PenalisedFit};
use crate::data::{Clusters, Observations, Outcome, WeightKind, Weights};
use crate::estimators::FitError;
use crate::estimators::fitted_model::probability;
use crate::estimators::formula_data::{FormulaData, observations, wave};
use crate::findings::FindingKind;
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

fn fixed(family: PenalisedFamily, mixing: f64, lambda: f64) -> Penalised {
    Penalised { family, mixing, rule: LambdaRule::Fixed(lambda), ..Penalised::default() }
}

fn estimates(fit: &PenalisedFit) -> Vec<f64> {
    fit.coefficients().iter().map(|row| row.estimate).collect()
}

#[test]
fn fits_at_a_penalty_agree_with_scikit_learn() {
    let data = FormulaData::of(200);
    let mut n_cases = 0;
    for line in include_str!("../../../tests/oracles/penalised_reference.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let numbers = |words: &[&str]| words.iter().map(|word| word.parse().expect("a number")).collect::<Vec<f64>>();
        let (at, want) = (numbers(&words[1..3]), numbers(&words[4..]));
        let (family, plain) = match words[0] {
            "linear" => (PenalisedFamily::Linear, data.with_number()),
            _ => (PenalisedFamily::Logistic, data.with_class()),
        };
        let weights = match words[3] {
            "plain" => Weights::none(),
            _ => Weights::new(WeightKind::Sampling, data.weights.clone()).expect("valid"),
        };
        let fit = fixed(family, at[0], at[1]).fit(&plain.weighted(weights).expect("one a row")).expect("a fit");
        for (got, want) in estimates(&fit).iter().zip(&want) {
            assert!((got - want).abs() <= 1e-6 * want.abs(), "{line}: {got} is not {want}");
        }
        n_cases += 1;
    }
    assert_eq!(n_cases, 24);
}

/// Columns of a two-level factorial design are orthonormal, and each slope has its closed form.
#[test]
fn orthonormal_columns_are_soft_thresholded() {
    let features = Array2::from_shape_fn((8, 3), |(row, column)| if row >> column & 1 == 1 { 1.0 } else { -1.0 });
    let noise = [0.3, -0.1, 0.2, 0.4, -0.6, 0.1, 0.0, -0.2];
    let number = Array1::from_shape_fn(8, |row| {
        4.0 + 2.0 * features[[row, 0]] - 0.7 * features[[row, 1]] + 0.1 * features[[row, 2]] + noise[row]
    });
    let slopes: Vec<f64> = features.columns().into_iter().map(|column| column.dot(&number) / 8.0).collect();
    let spread = number.std(0.0);
    let data = observations(&["a", "b", "c"], features, Outcome::numeric("y", number).expect("finite"));
    for (mixing, lambda) in [(1.0, 0.5), (0.5, 0.4), (0.0, 0.3)] {
        let fit = fixed(PenalisedFamily::Linear, mixing, lambda).fit(&data).expect("a fit");
        for (row, slope) in fit.coefficients()[1..].iter().zip(&slopes) {
            let left = (f64::abs(*slope) - lambda * mixing).max(0.0);
            let want = left.copysign(*slope) / (1.0 + lambda * (1.0 - mixing) / spread);
            assert!((row.estimate - want).abs() < 1e-13, "{row:?} {want}");
        }
    }
}

#[test]
fn no_penalty_is_least_squares() {
    let data = FormulaData::of(150).with_number();
    let fit = fixed(PenalisedFamily::Linear, 1.0, 0.0).fit(&data).expect("a fit");
    let plain = crate::estimators::Ols::default().fit(&data).expect("a fit");
    for (row, plain) in fit.coefficients().iter().zip(plain.coefficients()) {
        assert!((row.estimate - plain.estimate).abs() < 1e-9 * plain.estimate.abs(), "{row:?} {plain:?}");
    }
}

#[test]
fn the_first_penalty_keeps_every_column_out_and_the_next_does_not() {
    let data = FormulaData::of(200);
    for (family, data) in
        [(PenalisedFamily::Linear, data.with_number()), (PenalisedFamily::Logistic, data.with_class())]
    {
        for mixing in [1.0, 0.4] {
            let fit = Penalised { family, mixing, n_folds: 3, ..Penalised::default() }.fit(&data).expect("a fit");
            let path = fit.path();
            assert_eq!((path[0].n_nonzero, path[1].n_nonzero > 0), (0, true), "{family:?} {mixing}");
            // Evenly spaced on the logarithmic scale, down to a ten-thousandth of the largest lasso in a hundred steps.
            let step = path[1].lambda / path[0].lambda;
            assert!((step - (1e-4 * mixing).powf(1.0 / 99.0)).abs() < 1e-12);
            let shares: Vec<f64> = path.iter().map(|point| point.deviance_ratio).collect();
            assert!(shares.windows(2).all(|pair| pair[1] >= pair[0] - 1e-12), "{shares:?}");
        }
    }
}

/// The same rows with the outcome in cents, dollars or millions: the same penalty is taken, as a share of the largest, and the
/// same coefficients in the outcome's unit (as glmnet has it).
#[test]
fn the_unit_of_the_outcome_does_not_matter() {
    let data = FormulaData::of(300);
    for mixing in [0.0, 0.3, 1.0] {
        let fit = |unit: f64| {
            let outcome = Outcome::numeric("y", &data.number * unit).expect("finite");
            let data = observations(&["speed", "price", "calls"], data.features.clone(), outcome);
            Penalised { mixing, rule: LambdaRule::LambdaMin, ..Penalised::default() }.fit(&data).expect("a fit")
        };
        let one = fit(1.0);
        for unit in [1e-6, 300.0, 1e8] {
            let other = fit(unit);
            let share = |fit: &PenalisedFit| fit.summary().lambda / fit.path()[0].lambda;
            assert!((share(&one) - share(&other)).abs() < 1e-9 * share(&one), "{mixing} {unit}");
            for (left, right) in one.coefficients().iter().zip(other.coefficients()) {
                let gap = (left.estimate * unit - right.estimate).abs();
                assert!(gap <= 1e-7 * unit * (1.0 + left.estimate.abs()), "{left:?} {right:?} {unit}");
            }
        }
        // A ridge of three columns and 300 rows loses next to nothing of least squares.
        let plain = crate::estimators::Ols::default().fit(&data.with_number()).expect("a fit");
        assert!(one.summary().deviance_ratio > 0.98 * plain.summary().r_squared.expect("linear"), "{mixing}");
    }
}

/// What is left of the optimality conditions: for a column that is out, how far its gradient exceeds the bound; for one
/// that is in, how far it is from what the penalty says. Standardised, from the rows themselves.
fn broken(data: &Observations, family: PenalisedFamily, mixing: f64, point: &PathPoint) -> f64 {
    let values = data.design().values();
    let weights: Vec<f64> = (0..data.n_rows()).map(|row| data.weights().of(row)).collect();
    let total: f64 = weights.iter().sum();
    let residual = |row: usize| {
        let link = point.intercept + values.row(row).dot(&Array1::from(point.estimates.clone()));
        data.outcome().values()[row] - if family == PenalisedFamily::Linear { link } else { probability(link) }
    };
    let residuals: Vec<f64> = (0..data.n_rows()).map(residual).collect();
    let mean =
        |value: &dyn Fn(usize) -> f64| (0..data.n_rows()).map(|row| weights[row] * value(row)).sum::<f64>() / total;
    let mut worst = mean(&|row| residuals[row]).abs();
    let outcome = data.outcome().values();
    let centre = mean(&|row| outcome[row]);
    let spread = match family {
        PenalisedFamily::Linear => mean(&|row| (outcome[row] - centre).powi(2)).sqrt(),
        PenalisedFamily::Logistic => 1.0,
    };
    for (column, &estimate) in values.columns().into_iter().zip(&point.estimates) {
        let centre = mean(&|row| column[row]);
        let std_dev = mean(&|row| (column[row] - centre).powi(2)).sqrt();
        let gradient = mean(&|row| residuals[row] * (column[row] - centre)) / std_dev;
        let standard = estimate * std_dev;
        let bound = point.lambda * mixing;
        worst = worst.max(if estimate.abs() > 0.0 {
            (gradient - bound.copysign(estimate) - point.lambda * (1.0 - mixing) * standard / spread).abs()
        } else {
            gradient.abs() - bound
        });
    }
    worst
}

/// The conditions hold at every point of the path of random rows, of which each outcome leans on two columns.
fn path_is_optimal(seed: usize, n_rows: usize, n_columns: usize, mixing: f64, overlap: f64) -> Result<(), String> {
    let at = |row: usize| seed + row * 31;
    let features = Array2::from_shape_fn((n_rows, n_columns), |(row, column)| {
        3.0 + wave(at(row), column) + overlap * wave(at(row), 90)
    });
    let lean = |row: usize| features[[row, 0]] - 2.0 * features[[row, n_columns / 2]] + wave(at(row), 70);
    let number = Array1::from_shape_fn(n_rows, lean);
    let mean = number.mean().unwrap_or_default();
    let class =
        number.mapv(|value| f64::from(u8::from(value + 0.8 * wave((value.to_bits() % 1000) as usize, 1) > mean)));
    let names: Vec<String> = (0..n_columns).map(|column| format!("x{column}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let weights = Weights::new(WeightKind::Precision, (0..n_rows).map(|row| 0.5 + (row % 3) as f64).collect());
    let weights = weights.expect("valid");
    for (family, outcome) in [
        (PenalisedFamily::Linear, Outcome::numeric("y", number.clone())),
        (PenalisedFamily::Logistic, Outcome::binary("y", class.clone())),
    ] {
        let data = observations(&names, features.clone(), outcome.expect("valid"));
        let data = data.weighted(weights.clone()).expect("one a row");
        let settings = Penalised { family, mixing, n_lambdas: 20, n_folds: 2, ..Penalised::default() };
        match settings.fit(&data) {
            Ok(fit) => {
                for point in fit.path() {
                    let worst = broken(&data, family, mixing, point);
                    if worst.is_nan() || worst >= 1e-7 {
                        return Err(format!("{family:?} {mixing} {point:?}: {worst}"));
                    }
                }
            }
            Err(FitError::FoldOfOneClass { .. } | FitError::ConstantOutcome { .. }) => {}
            Err(other) => return Err(format!("{family:?}: {other}")),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_point_of_a_path_is_optimal(
        seed in 0_usize..10_000,
        n_rows in 12_usize..80,
        n_columns in 1_usize..30,
        mixing in prop_oneof![Just(1.0), Just(0.0), 0.05..0.95_f64],
        overlap in prop_oneof![Just(0.0), Just(3.0), Just(50.0)],
    ) {
        let optimal = path_is_optimal(seed, n_rows, n_columns, mixing, overlap);
        prop_assert!(optimal.is_ok(), "{optimal:?}");
    }
}

/// A lasso of 26 columns that lean on each other, with 24 rows outside each fold: descent by columns alone does not end.
#[test]
fn folds_with_fewer_rows_than_columns_are_solved() {
    assert_eq!(path_is_optimal(2161, 48, 26, 1.0, 3.0), Ok(()));
}

#[test]
fn one_standard_error_takes_a_larger_penalty_than_the_smallest_loss() {
    let data = FormulaData::of(300);
    for (family, data) in
        [(PenalisedFamily::Linear, data.with_number()), (PenalisedFamily::Logistic, data.with_class())]
    {
        let fit = |rule| Penalised { family, rule, ..Penalised::default() }.fit(&data).expect("a fit");
        let (smallest, one) = (fit(LambdaRule::LambdaMin), fit(LambdaRule::OneStandardError));
        assert_eq!(Some(smallest.summary().lambda), one.summary().lambda_min);
        assert_eq!(Some(one.summary().lambda), smallest.summary().lambda_one_std_error);
        assert!(one.summary().lambda > smallest.summary().lambda);
        let at = |lambda: f64| one.curve().iter().find(|point| point.lambda <= lambda).expect("on the path");
        let (best, taken) = (at(smallest.summary().lambda), at(one.summary().lambda));
        assert!(one.curve().iter().all(|point| point.mean >= best.mean));
        assert!(taken.mean <= best.mean + best.std_error && taken.mean >= best.mean);
        // Knowing the columns beats knowing none.
        assert!(best.mean < one.curve()[0].mean);
    }
}

/// The loss of each fold by fitting the others and predicting it row by row.
#[test]
fn the_curve_is_that_of_fits_without_the_fold() {
    let data = FormulaData::of(90);
    for (family, plain) in
        [(PenalisedFamily::Linear, data.with_number()), (PenalisedFamily::Logistic, data.with_class())]
    {
        let clusters = Clusters::from_labels((0..90).map(|row| row % 3));
        let all = plain.clone().clustered(clusters).expect("one a row");
        let fit = Penalised { family, n_folds: 3, n_lambdas: 5, ..Penalised::default() }.fit(&all).expect("a fit");
        let names = ["speed", "price", "calls"];
        for point in fit.curve() {
            // Three clusters in three folds: each cluster is a fold.
            let losses: Vec<f64> = (0..3)
                .map(|fold| {
                    let rows: Vec<usize> = (0..90).filter(|row| row % 3 != fold).collect();
                    let outcome = plain.outcome().values().select(ndarray::Axis(0), &rows);
                    let outcome = match family {
                        PenalisedFamily::Linear => Outcome::numeric("y", outcome),
                        PenalisedFamily::Logistic => Outcome::binary("y", outcome),
                    };
                    let features = data.features.select(ndarray::Axis(0), &rows);
                    let others = observations(&names, features, outcome.expect("valid"));
                    let others = fixed(family, 1.0, point.lambda).fit(&others).expect("a fit");
                    let loss = |row: usize| {
                        let (value, seen) =
                            (others.predict_row(&data.features.row(row).to_vec()), plain.outcome().values()[row]);
                        match family {
                            PenalisedFamily::Linear => (seen - value).powi(2),
                            PenalisedFamily::Logistic => -2.0 * if seen > 0.5 { value.ln() } else { (-value).ln_1p() },
                        }
                    };
                    (0..90).filter(|row| row % 3 == fold).map(loss).sum::<f64>() / 30.0
                })
                .collect();
            let mean = losses.iter().sum::<f64>() / 3.0;
            let squares = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / 3.0;
            assert!((point.mean - mean).abs() < 1e-7 * mean, "{family:?} {point:?} {mean}");
            assert!((point.std_error - (squares / 2.0).sqrt()).abs() < 1e-6 * mean, "{family:?}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let data = FormulaData::of(500).with_class();
    let settings = Penalised { family: PenalisedFamily::Logistic, n_lambdas: 12, n_folds: 5, ..Penalised::default() };
    let on = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        pool.install(|| settings.fit(&data).expect("a fit"))
    };
    assert_eq!(on(1), on(3));
    let other = Penalised { seed: 1, ..settings }.fit(&data).expect("a fit");
    assert_ne!(other.curve(), on(1).curve());
}

#[test]
fn separated_classes_and_more_columns_than_rows_are_fitted() {
    let features = Array2::from_shape_fn((30, 60), |(row, column)| wave(row, column));
    let class = Array1::from_shape_fn(30, |row| f64::from(u8::from(features[[row, 4]] > 0.0)));
    let names: Vec<String> = (0..60).map(|column| format!("x{column}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let number = Outcome::numeric("y", features.column(4).mapv(|value| 3.0 * value)).expect("finite");
    let class = Outcome::binary("y", class).expect("0 and 1");
    for (family, outcome) in [(PenalisedFamily::Linear, number), (PenalisedFamily::Logistic, class)] {
        let data = observations(&names, features.clone(), outcome);
        let fit = Penalised { family, n_folds: 4, rule: LambdaRule::LambdaMin, ..Penalised::default() }.fit(&data);
        let fit = fit.expect("a fit");
        let largest = fit.coefficients()[1..].iter().max_by(|a, b| a.estimate.abs().total_cmp(&b.estimate.abs()));
        assert_eq!(largest.map(|row| row.term.as_str()), Some("x4"));
        // Fewer rows than columns: the path is cut at a hundredth.
        assert!(fit.path().last().is_some_and(|point| point.lambda >= 0.0099 * fit.path()[0].lambda));
    }
}

#[test]
fn constant_columns_stay_out_with_a_finding_and_twins_share() {
    let data = FormulaData::of(100);
    let features =
        Array2::from_shape_fn((100, 3), |(row, column)| if column == 0 { 7.0 } else { data.features[[row, 0]] });
    let outcome = Outcome::numeric("y", data.number.clone()).expect("finite");
    let data = observations(&["same", "a", "twin"], features, outcome);
    let ridge = fixed(PenalisedFamily::Linear, 0.0, 0.1).fit(&data).expect("a fit");
    assert_eq!((ridge.findings()[0].kind, ridge.coefficients()[1].estimate), (FindingKind::Constant, 0.0));
    assert_eq!(ridge.model().terms()[0].estimate, None);
    let (left, right) = (ridge.coefficients()[2].estimate, ridge.coefficients()[3].estimate);
    assert!((left - right).abs() < 1e-9 * left.abs(), "{left} {right}");
    let lasso = Penalised { n_folds: 5, ..Penalised::default() }.fit(&data).expect("a fit");
    assert!(estimates(&lasso).iter().all(|estimate| estimate.is_finite()));
}

#[test]
fn the_model_predicts_what_the_fit_does_and_has_no_covariance() {
    let data = FormulaData::of(120);
    let fit = Penalised { family: PenalisedFamily::Logistic, n_folds: 4, ..Penalised::default() };
    let fit = fit.fit(&data.with_class()).expect("a fit");
    assert!(fit.model().covariance().is_empty());
    let predicted = fit.predict(&data.design()).expect("the same columns");
    let row = data.features.row(9);
    let link = fit.coefficients()[0].estimate
        + row.iter().zip(&fit.coefficients()[1..]).map(|(x, term)| x * term.estimate).sum::<f64>();
    assert!((predicted[9] - probability(link)).abs() < 1e-12);
    // The intercept's score equation.
    assert!((predicted.sum() - data.class.sum()).abs() < 1e-6);
}

#[test]
fn settings_and_outcomes_out_of_range_are_refused() {
    let data = FormulaData::of(40);
    let refused = |settings: Penalised| settings.fit(&data.with_number()).unwrap_err().to_string();
    assert!(
        refused(Penalised { mixing: 1.5, ..Penalised::default() }).starts_with("mixing is 1.5 and must be between 0")
    );
    assert!(refused(Penalised { n_folds: 1, ..Penalised::default() }).starts_with("n_folds is 1"));
    assert!(refused(Penalised { n_lambdas: 0, ..Penalised::default() }).starts_with("n_lambdas is 0"));
    assert!(refused(fixed(PenalisedFamily::Linear, 1.0, -1.0)).starts_with("lambda is -1"));
    let family = PenalisedFamily::Logistic;
    let logistic = Penalised { family, ..Penalised::default() };
    assert!(matches!(logistic.fit(&data.with_number()), Err(FitError::NotBinary { .. })));
    let constant = observations(
        &["x"],
        array![[1.0], [2.0], [3.0]],
        Outcome::numeric("y", array![2.0, 2.0, 2.0]).expect("finite"),
    );
    assert!(matches!(Penalised::default().fit(&constant), Err(FitError::ConstantOutcome { .. })));
    let one_cluster = data.with_number().clustered(Clusters::from_labels([0; 40])).expect("one a row");
    assert!(matches!(Penalised::default().fit(&one_cluster), Err(FitError::OneCluster)));
    let one_event = Array1::from_shape_fn(40, |row| f64::from(u8::from(row == 3)));
    let one_event = Observations::new(data.design(), Outcome::binary("y", one_event).expect("0 and 1")).expect("rows");
    assert!(matches!(logistic.fit(&one_event), Err(FitError::FoldOfOneClass { .. })));
}
