//! Input that breaks careless arithmetic: what is awkward must still be right, or be refused.

use crate::inputs::{
    Made, analysis, classed, close, contribution, drivers, normals, observations, ranked, row, scalar_methods, total,
};
use advocate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
use advocate::drivers::{Driver, DriverAnalysis, DriverError, DriverRanking, FitKind, Method, N_DRIVERS_MAX};
use advocate::estimators::{Diagnose, Logit, Ols};
use advocate::findings::{Finding, FindingKind};
use advocate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};
use std::time::{Duration, Instant};

/// Whole scores from 0 to 10, which an offset of 1e9 leaves exact, and an outcome that depends on them.
fn scores(seed: u64, n_rows: usize, n_columns: usize) -> Observations {
    let values = normals(seed, n_rows, n_columns).mapv(|value| (2.0 * value + 6.0).round().clamp(0.0, 10.0));
    let slopes = Array1::from_shape_fn(n_columns, |column| 0.6 - 0.2 * column as f64);
    let noise = normals(seed + 1, n_rows, 1).mapv(|value| (2.0 * value).round());
    let outcome = values.dot(&slopes).mapv(f64::round) + noise.column(0);
    observations(values, outcome)
}

#[track_caller]
fn assert_same(left: &DriverRanking, right: &DriverRanking, absolute: f64) {
    for own in &left.drivers {
        for (method, value) in &own.methods {
            close(&format!("{method} of {}", own.driver), row(right, &own.driver).methods[method], *value, absolute);
        }
    }
}

fn has(ranking: &DriverRanking, kind: FindingKind, about: &str) -> bool {
    ranking.findings.iter().any(|finding| finding.kind == kind && finding.about == about)
}

fn bootstrap(replicates: usize) -> DriverAnalysis {
    DriverAnalysis { replicates, ..analysis(&[Method::Shapley]) }
}

// Size.

#[test]
fn an_offset_of_a_billion_costs_no_more_than_nine_digits() {
    let plain = scores(1, 200, 4);
    let offset = observations(
        plain.design().values().mapv(|value| value + 1e9),
        plain.outcome().values().mapv(|value| value - 1e9),
    );
    assert_same(&ranked(&plain), &ranked(&offset), 1e-12);
    let interval = |observations: &Observations| {
        let ranking = bootstrap(40).rank(observations, &drivers(observations), &[]).expect("a ranking");
        row(&ranking, "x0").interval.expect("a bootstrap")
    };
    let (plain, offset) = (interval(&plain), interval(&offset));
    close("lower end", plain.conf_low, offset.conf_low, 1e-9);
    close("upper end", plain.conf_high, offset.conf_high, 1e-9);
}

#[test]
fn the_largest_and_very_small_values_are_computed_with() {
    let made = Made::of(2, 40, 3);
    let own = ranked(&made.observations());
    for factor in [1e138, 1e-130] {
        let scaled = observations(&made.drivers * factor, &made.outcome / factor.sqrt());
        assert_same(&own, &ranked(&scaled), 1e-10);
    }
}

#[test]
fn an_offset_of_a_billion_changes_no_logistic_fit() {
    let plain = scores(1, 200, 3);
    let rank = |offset: f64| {
        let all = classed(plain.design().values().mapv(|value| value + offset), plain.outcome().values(), 6.0);
        analysis(&[Method::Shapley]).rank_classes(&all, &drivers_of(3), &[], FitKind::Mcfadden).expect("a ranking")
    };
    assert_same(&rank(0.0), &rank(1e9), 1e-9);
}

// Collinearity.

#[test]
fn nearly_equal_drivers_share_nearly_equally_and_are_named() {
    let made = Made::of(3, 100, 2);
    let noise = normals(4, 100, 1);
    for apart in [1e-2, 1e-3, 1e-4, 1e-5, 6e-6, 4e-6, 3e-6, 1e-6, 1e-8, 1e-12] {
        let near = &made.drivers.slice(s![.., ..1]) + &(&noise * apart);
        let all = observations(concatenate![Axis(1), made.drivers, near], made.outcome.clone());
        let ranking = ranked(&all);
        // Cross products lose digits with the variance inflation, here 1 / apart^2; the estimator works on the columns.
        let rounding = 1e-12 + 1e-16 * apart.powi(-2).min(1e11);
        for method in [Method::Shapley, Method::RelativeWeights, Method::Car] {
            close(&format!("{method} at {apart:e}"), total(&ranking, method), ranking.fit.value, rounding);
        }
        let [x0, x2] = ["x0", "x2"].map(|driver| contribution(&ranking, driver, Method::Shapley));
        assert!((x0 - x2).abs() < 0.03, "{apart:e}: {x0} {x2}");
        assert!(ranking.drivers.iter().all(|row| row.contribution > -1e-9 && row.contribution < 1.0), "{apart:e}");
        let named = has(&ranking, FindingKind::Collinear, "x2") || has(&ranking, FindingKind::Aliased, "x2");
        assert!(named, "{apart:e}: {:?}", ranking.findings);
        let fit = Ols::default().fit(&all).expect("a fit").summary().r_squared.expect("a linear fit");
        close(&format!("the fit at {apart:e}"), ranking.fit.value, fit, rounding);
    }
}

#[test]
fn nearly_equal_drivers_of_a_class_share_nearly_equally() {
    let made = Made::of(3, 100, 2);
    let noise = normals(4, 100, 1);
    for apart in [1e-2, 1e-5, 1e-6, 1e-9] {
        let near = &made.drivers.slice(s![.., ..1]) + &(&noise * apart);
        let all = classed(concatenate![Axis(1), made.drivers, near], made.outcome.view(), 0.3);
        let ranking = analysis(&[Method::Shapley]).rank_classes(&all, &drivers_of(3), &[], FitKind::Mcfadden);
        let ranking = ranking.expect("a ranking");
        let [x0, x2] = ["x0", "x2"].map(|driver| contribution(&ranking, driver, Method::Shapley));
        assert!((x0 - x2).abs() < 1e-3, "{apart:e}: {x0} {x2}");
        let fit = Logit::default().fit(&all).expect("a fit").summary().pseudo_r_squared.expect("a logistic fit");
        close(&format!("their sum at {apart:e}"), total(&ranking, Method::Shapley), fit, 1e-9);
    }
}

#[test]
fn dummies_that_sum_to_one_share_what_they_explain() {
    // Three channels, each with its dummy: together with the intercept one too many.
    let n_rows = 90;
    let channels = Array2::from_shape_fn((n_rows, 3), |(row, channel)| f64::from(u8::from(row % 3 == channel)));
    let outcome = channels.dot(&array![2.0, 1.0, 0.0]) + normals(5, n_rows, 1).column(0);
    let all = observations(channels.clone(), outcome.clone());
    let two = observations(channels.slice(s![.., ..2]).to_owned(), outcome);
    let (all, two) = (ranked(&all), ranked(&two));
    close("R squared", all.fit.value, two.fit.value, 1e-12);
    close("p-value", all.p_value, two.p_value, 1e-12);
    close("sum", total(&all, Method::Shapley), all.fit.value, 1e-12);
    assert!(has(&all, FindingKind::Aliased, "x2"));
    assert!(all.drivers.iter().all(|row| row.contribution > 0.0), "the third dummy gets its part of the shared credit");
}

#[test]
fn a_driver_that_is_always_in_as_well_gets_nothing() {
    let made = Made::of(6, 60, 3);
    let twice = [Driver::column("x0", 0), Driver::column("x1", 1)];
    let ranking = analysis(&scalar_methods()).rank(&made.observations(), &twice, &[0, 2]).expect("a ranking");
    for method in scalar_methods() {
        close(method.word(), contribution(&ranking, "x0", method), 0.0, 1e-12);
    }
    close("all credit to the other", row(&ranking, "x1").share, 1.0, 1e-12);
    let said = |about: &str| {
        ranking.findings.iter().filter(|own| own.about == about && own.kind == FindingKind::Aliased).collect::<Vec<_>>()
    };
    assert!(said("x0")[0].sentence.contains("follows exactly from what is always in the model"), "{:?}", said("x0"));
    assert!(said("x1").is_empty());
}

// Too little to explain, and too much.

#[test]
fn an_outcome_without_noise_is_explained_completely() {
    let values = scores(7, 50, 3).design().values().to_owned();
    let outcome = values.dot(&array![3.0, -2.0, 1.0]) + 5.0;
    let ranking = bootstrap(50).rank(&observations(values.clone(), outcome.clone()), &drivers_of(3), &[]);
    let ranking = ranking.expect("a ranking");
    close("R squared", ranking.fit.value, 1.0, 1e-12);
    assert!(ranking.fit.value <= 1.0, "no more than everything: {}", ranking.fit.value);
    assert!((0.0..1e-100).contains(&ranking.p_value), "{}", ranking.p_value);
    assert!(ranking.drivers.iter().all(|row| row.interval.is_some_and(|ends| ends.conf_high <= 1.0 + 1e-12)));
    for method in [Method::Shapley, Method::RelativeWeights, Method::Car, Method::Pratt] {
        close(method.word(), total(&ranked(&observations(values.clone(), outcome.clone())), method), 1.0, 1e-12);
    }
}

fn drivers_of(n_drivers: usize) -> Vec<Driver> {
    (0..n_drivers).map(|column| Driver::column(format!("x{column}"), column)).collect()
}

#[test]
fn nothing_left_to_explain_is_shared_by_nobody() {
    // The outcome itself is always in the model.
    let made = Made::of(8, 60, 3);
    let outcome = made.outcome.clone().insert_axis(Axis(1));
    let all = observations(concatenate![Axis(1), made.drivers, outcome], made.outcome.clone());
    let ranking = bootstrap(30).rank(&all, &drivers_of(3), &[3]).expect("a ranking");
    close("R squared", ranking.fit.value, 1.0, 1e-12);
    close("decomposed", ranking.decomposed, 0.0, 1e-12);
    for row in &ranking.drivers {
        close("contribution", row.contribution, 0.0, 1e-12);
        close("share", row.share, 0.0, 1e-300);
        assert_eq!(row.rank, 1, "equal contributions share the better rank");
        let interval = row.interval.expect("a bootstrap");
        assert_eq!((interval.rank_low, interval.rank_high), (1, 1));
        close("upper end of the share", interval.share_high, 0.0, 1e-300);
    }
    assert!(has(&ranking, FindingKind::Unreliable, "always"));
}

#[test]
fn drivers_orthogonal_to_the_outcome_share_nothing() {
    let values =
        array![[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
    let outcome = array![0.3, 0.3, 0.3, 0.3, 0.7, 0.7, 0.7, 0.7];
    let ranking = ranked(&observations(values + 0.1, outcome));
    for row in &ranking.drivers {
        close("share", row.share, 0.0, 1e-300);
        assert_eq!((row.rank, row.sign), (1, Some(0)));
    }
    close("p-value", ranking.p_value, 1.0, 1e-9);
}

#[test]
fn an_outcome_of_one_exception_is_still_explained() {
    let mut outcome = Array1::from_elem(200, 9.0);
    outcome[17] = 8.0;
    let mut values = normals(9, 200, 2);
    values[[17, 0]] = -6.0;
    let all = observations(values, outcome);
    let ranking = bootstrap(100).rank(&all, &drivers_of(2), &[]).expect("a ranking");
    let fit = Ols::default().fit(&all).expect("a fit").summary().r_squared.expect("a linear fit");
    close("R squared", ranking.fit.value, fit, 1e-12);
    // The exception is in no sample with probability (1 - 1/200)^200 = .37: those have nothing to explain.
    let finding = ranking.findings.iter().find(|finding| finding.kind == FindingKind::Unreliable).expect("a finding");
    assert!((15.0..60.0).contains(&finding.numbers["n_failed"]), "{finding:?}");
    close("replicates left", ranking.n_replicates as f64, 100.0 - finding.numbers["n_failed"], 1e-12);
}

#[test]
fn equal_rows_have_nothing_to_explain() {
    let all = observations(Array2::from_elem((30, 2), 0.1), Array1::from_elem(30, 7.3));
    let refused = analysis(&[Method::Shapley]).rank(&all, &drivers_of(2), &[]);
    assert!(matches!(refused, Err(DriverError::OutcomeConstant { .. })), "{refused:?}");
    let vary = observations(Array2::from_elem((30, 2), 0.1), normals(1, 30, 1).column(0).to_owned());
    let ranking = bootstrap(20).rank(&vary, &drivers_of(2), &[]).expect("a ranking");
    assert!(ranking.drivers.iter().all(|row| row.share.abs() <= 0.0 && row.rank == 1), "{:?}", ranking.drivers);
    assert!(!ranking.p_value.is_nan(), "no driver varies, so chance explains all there is");
}

#[test]
fn rows_barely_more_than_terms_are_few_and_fit_too_well() {
    let made = Made::of(10, 7, 5);
    let ranking = bootstrap(100).rank(&made.observations(), &drivers_of(5), &[]).expect("a ranking");
    assert!(has(&ranking, FindingKind::SmallBase, "y"));
    close("sum", ranking.drivers.iter().map(|row| row.contribution).sum(), ranking.fit.value, 1e-9);
    for row in &ranking.drivers {
        let interval = row.interval.expect("a bootstrap");
        assert!(interval.conf_low >= -1e-9 && interval.conf_high <= 1.0 + 1e-9, "{interval:?}");
    }
}

// Weights.

#[test]
fn a_row_without_weight_counts_for_nothing_whatever_it_holds() {
    let made = Made::of(11, 60, 3);
    // What a code for "no answer" looks like, and the largest number there may be.
    for strange in [999_999_999.0, 1e12, -1e140] {
        let rows = Array2::from_elem((3, 3), strange);
        let all = observations(
            concatenate![Axis(0), rows, made.drivers],
            concatenate![Axis(0), Array1::from_elem(3, -strange), made.outcome],
        );
        let weights: Vec<f64> = (0..63).map(|row| if row < 3 { 0.0 } else { 1.0 }).collect();
        for kind in [WeightKind::Sampling, WeightKind::Precision, WeightKind::Frequency] {
            let weights = Weights::new(kind, weights.clone()).expect("weights");
            let weighted = all.clone().weighted(weights).expect("a weight a row");
            let ranking = ranked(&weighted);
            assert_same(&ranked(&made.observations()), &ranking, 1e-10);
            assert_eq!((ranking.n_rows, ranking.n_used), (63, 60));
            let interval = |observations: &Observations| {
                let ranking = bootstrap(100).rank(observations, &drivers_of(3), &[]).expect("a ranking");
                row(&ranking, "x0").interval.expect("a bootstrap")
            };
            // The same samples are drawn from the rows that count.
            let (with, without) = (interval(&weighted), interval(&made.observations()));
            if kind != WeightKind::Frequency {
                close("lower end", with.conf_low, without.conf_low, 1e-10);
                close("upper end", with.conf_high, without.conf_high, 1e-10);
            }
            assert!(with.conf_low > 0.02 && with.conf_high < 0.7, "{strange:e}, {kind:?}: {with:?}");
        }
    }
}

#[test]
fn classes_of_rows_without_weight_count_for_nothing() {
    [999_999_999.0, -1e140].into_iter().for_each(hold_without_weight);
}

fn hold_without_weight(strange: f64) {
    let made = Made::of(12, 100, 2);
    let equal = Weights::new(WeightKind::Sampling, vec![2.0; 100]).expect("weights");
    let plain = classed(made.drivers.clone(), made.outcome.view(), 0.3).weighted(equal).expect("a weight a row");
    let all = classed(
        concatenate![Axis(0), made.drivers, Array2::from_elem((40, 2), strange)],
        concatenate![Axis(0), made.outcome, Array1::from_elem(40, 1.0)].view(),
        0.3,
    );
    let weights = (0..140).map(|row| if row < 100 { 2.0 } else { 0.0 }).collect();
    let weighted = all.weighted(Weights::new(WeightKind::Sampling, weights).expect("weights")).expect("a weight a row");
    let rank = |observations: &Observations| {
        analysis(&[Method::Shapley]).rank_classes(observations, &drivers_of(2), &[], FitKind::Mcfadden)
    };
    let (plain, weighted) = (rank(&plain).expect("a ranking"), rank(&weighted).expect("a ranking"));
    assert_same(&plain, &weighted, 1e-9);
    close("p-value", plain.p_value, weighted.p_value, 1e-9);
}

#[test]
fn events_without_weight_are_no_events() {
    // 40 events, 36 of them without weight: four are few for two columns.
    let made = Made::of(13, 200, 2);
    let class = Array1::from_shape_fn(200, |row| f64::from(u8::from(row % 5 == 0)));
    let all = classed(made.drivers, class.view(), 0.5);
    let weights = (0..200).map(|row| if row % 5 == 0 && row >= 20 { 0.0 } else { 1.0 }).collect();
    let weighted = all.weighted(Weights::new(WeightKind::Sampling, weights).expect("weights")).expect("a weight a row");
    let ranking = analysis(&[Method::Shapley])
        .rank_classes(&weighted, &drivers_of(2), &[], FitKind::Mcfadden)
        .expect("a ranking");
    let few = ranking.findings.iter().find(|finding| finding.kind == FindingKind::FewEvents).expect("a finding");
    close("events", few.numbers["n_events"], 4.0, 1e-12);
}

#[test]
fn a_table_of_counts_is_as_good_as_its_answers() {
    // Eight different rows stand for 800 answers: enough for seven terms, and no small base.
    let values = Array2::from_shape_fn((8, 3), |(row, column)| (row >> column & 1) as f64);
    let outcome = values.dot(&array![3.0, 2.0, 1.0]) + normals(14, 8, 1).column(0);
    let counts = Weights::new(WeightKind::Frequency, vec![100.0; 8]).expect("whole numbers");
    let all = observations(concatenate![Axis(1), values, values.mapv(|value| value.powi(2)) * 2.0], outcome)
        .weighted(counts.clone())
        .expect("a weight a row");
    let ranking = analysis(&[Method::Shapley]).rank(&all, &drivers_of(6), &[]);
    let ranking = ranking.unwrap_or_else(|_| unreachable!("800 answers carry seven terms"));
    assert!(!has(&ranking, FindingKind::SmallBase, "y"));

    let class = classed(values_of_two(), array![0.0, 1.0, 0.0, 1.0, 1.0, 0.0].view(), 0.5)
        .weighted(Weights::new(WeightKind::Frequency, vec![60.0, 40.0, 50.0, 50.0, 70.0, 30.0]).expect("whole numbers"))
        .expect("a weight a row");
    let ranking = analysis(&[Method::Shapley]).rank_classes(&class, &drivers_of(2), &[], FitKind::Mcfadden);
    assert!(!has(&ranking.expect("a ranking"), FindingKind::FewEvents, "y"), "160 events are not few");
}

/// Both classes at each of three points.
fn values_of_two() -> Array2<f64> {
    array![[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
}

#[test]
fn one_row_with_nearly_all_the_weight_loses_no_digit() {
    let made = Made::of(15, 50, 3);
    for heavy in [1e6, 1e10] {
        let weights: Vec<f64> = (0..50).map(|row| if row == 7 { heavy } else { 1.0 }).collect();
        // The row that weighs all is the mean, to one part in `heavy`: what is left is the spread of the others around it.
        let weighted = Weights::new(WeightKind::Precision, weights.clone()).expect("weights");
        let got = ranked(&made.observations().weighted(weighted).expect("a weight a row"));
        let sum: f64 = weights.iter().sum();
        let column = |column: ndarray::ArrayView1<f64>| {
            let mean =
                column.iter().zip(&weights).map(|(value, weight)| weight * (value - column[7])).sum::<f64>() / sum;
            column.mapv(|value| value - column[7] - mean)
        };
        let (x, y) = (column(made.drivers.column(0)), column(made.outcome.view()));
        let product = |left: &Array1<f64>, right: &Array1<f64>| {
            left.iter().zip(right).zip(&weights).map(|((left, right), weight)| weight * left * right).sum::<f64>()
        };
        let want = product(&x, &y).powi(2) / product(&x, &x) / product(&y, &y);
        close(&format!("alone, at {heavy:e}"), contribution(&got, "x0", Method::First), want, 1e-12);
    }
}

#[test]
fn counts_in_the_billions_are_resampled_in_no_time() {
    let made = Made::of(16, 40, 3);
    let counts = (0..40).map(|row| 1e8 + 1e6 * f64::from(row)).collect();
    let weights = Weights::new(WeightKind::Frequency, counts).expect("whole numbers");
    let all = made.observations().weighted(weights).expect("a weight a row");
    let start = Instant::now();
    let ranking = bootstrap(50).rank(&all, &drivers_of(3), &[]).expect("a ranking");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    for row in &ranking.drivers {
        let interval = row.interval.expect("a bootstrap");
        assert!(interval.conf_low <= row.contribution && row.contribution <= interval.conf_high, "{row:?}");
        assert!(interval.conf_high - interval.conf_low < 1e-3, "four billion answers leave no doubt: {interval:?}");
    }
}

#[test]
fn resampled_counts_spread_like_resampled_answers() {
    // 400 answers as 40 rows of ten each, and as 400 rows: the same distribution, so the same ends to Monte Carlo error.
    let made = Made::of(17, 40, 3);
    let counted = made.observations().weighted(Weights::new(WeightKind::Frequency, vec![10.0; 40]).expect("whole"));
    let rows: Vec<usize> = (0..400).map(|row| row / 10).collect();
    let repeated = observations(made.drivers.select(Axis(0), &rows), made.outcome.select(Axis(0), &rows));
    let rank =
        |observations: &Observations| bootstrap(1000).rank(observations, &drivers_of(3), &[]).expect("a ranking");
    let (counted, repeated) = (rank(&counted.expect("a weight a row")), rank(&repeated));
    for driver in ["x0", "x1", "x2"] {
        let [own, other] = [&counted, &repeated].map(|ranking| row(ranking, driver).interval.expect("a bootstrap"));
        let width = other.conf_high - other.conf_low;
        close("lower end", own.conf_low, other.conf_low, 0.1 * width);
        close("upper end", own.conf_high, other.conf_high, 0.1 * width);
    }
}

// What an analyst must be told: each kind of bad input by its own name.

fn text<T: std::fmt::Debug>(refused: Result<T, impl std::error::Error>) -> String {
    refused.map(|accepted| format!("{accepted:?}")).expect_err("refused").to_string()
}

/// A number and a class of six rows, each with a column that says nothing of them.
fn six_rows() -> (Array2<f64>, Array1<f64>) {
    (array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]], array![2.0, 5.0, 1.0, 4.0, 6.0, 3.0])
}

fn beside(column: Array1<f64>) -> Array2<f64> {
    concatenate![Axis(1), six_rows().0, column.insert_axis(Axis(1))]
}

#[test]
fn what_cannot_be_analysed_is_refused_by_name() {
    let (values, number) = six_rows();
    let design = |values: Array2<f64>| DesignMatrix::new(vec!["x".to_owned()], values);
    let weights = |values: [f64; 2]| Weights::new(WeightKind::Sampling, values.to_vec());
    let number_of = |values: Array2<f64>, number: Array1<f64>| Ols::default().fit(&observations(values, number));
    let class_of =
        |values: Array2<f64>, number: Array1<f64>| Logit::default().fit(&classed(values, number.view(), 3.5));
    let none_counts = |all: Observations| {
        let weights = Weights::new(WeightKind::Sampling, vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0]).expect("weights");
        all.weighted(weights).expect("a weight a row")
    };
    let only_high = {
        let weights = number.iter().map(|&value| f64::from(u8::from(value > 3.5))).collect();
        let weights = Weights::new(WeightKind::Precision, weights).expect("weights");
        classed(values.clone(), number.view(), 3.5).weighted(weights).expect("a weight a row")
    };
    let wide = normals(3, 6, 6);
    let table = [
        (
            "1e300 in a column",
            text(design(array![[1.0], [1e300]])),
            "column `x`, row 2: 1e300 is too large to compute with",
        ),
        ("1e300 in the outcome", text(Outcome::numeric("y", array![1e300])), "column `y`, row 1: 1e300 is too large"),
        ("all rows missing", text(design(Array2::zeros((0, 1)))), "there are no rows to analyse"),
        ("a value missing", text(design(array![[1.0], [f64::NAN]])), "column `x`, row 2: NaN is not a finite number"),
        ("a negative weight", text(weights([1.0, -1.0])), "weights, row 2: -1 is not a weight"),
        ("weights of zero", text(weights([0.0, 0.0])), "all weights are zero"),
        (
            "one row with weight",
            text(Ols::default().fit(&none_counts(observations(values.clone(), number.clone())))),
            "1 usable row cannot carry 2 terms",
        ),
        ("one class", text(class_of(values.clone(), &number + 10.0)), "outcome `y` is 1 in all 6 rows that count"),
        ("one class with weight", text(Logit::default().fit(&only_high)), "outcome `y` is 1 in all 3 rows that count"),
        (
            "one value",
            text(number_of(values.clone(), Array1::from_elem(6, 7.0))),
            "outcome `y` is 7 in every row that counts",
        ),
        ("as many terms as rows", text(number_of(wide.slice(s![.., ..5]).to_owned(), number.clone())), "6 usable rows"),
        ("more terms than rows", text(number_of(wide.clone(), number.clone())), "6 usable rows cannot carry"),
        ("more terms than rows of a class", text(class_of(wide, number.clone())), "6 usable rows cannot carry"),
        (
            "a perfect predictor of a class",
            text(class_of(beside(number.clone()), number.clone())),
            "`y` is separated: high `x1` goes with 1",
        ),
        (
            "a category with one row, of a class",
            text(class_of(beside(array![0.0, 1.0, 0.0, 0.0, 0.0, 0.0]), number)),
            "`y` is separated: high `x1` goes with 1",
        ),
    ];
    for (what, message, start) in &table {
        assert!(message.starts_with(start), "{what}: {message}");
    }
}

#[test]
fn what_is_analysed_with_care_is_found_by_name() {
    let (values, number) = six_rows();
    let of_number = |values: Array2<f64>, number: Array1<f64>| {
        let all = observations(values, number);
        let fit = Ols::default().fit(&all).expect("a fit");
        let answers = Diagnose::default().model(&all, fit.model(), &[], None).expect("answers");
        [fit.findings().to_vec(), answers.findings].concat()
    };
    let of_class = |values: Array2<f64>, number: Array1<f64>| {
        let all = classed(values, number.view(), 3.5);
        let fit = Logit::default().fit(&all).expect("a fit");
        let answers = Diagnose::default().model(&all, fit.model(), &[], None).expect("answers");
        [fit.findings().to_vec(), answers.findings].concat()
    };
    let constant = || beside(Array1::from_elem(6, 4.0));
    let copied = || beside(values.column(0).to_owned() * 2.0);
    let table: [(&str, Vec<Finding>, FindingKind, &str); 7] = [
        ("a constant column", of_number(constant(), number.clone()), FindingKind::Constant, "x1"),
        ("a constant column, of a class", of_class(constant(), number.clone()), FindingKind::Constant, "x1"),
        ("a copied column", of_number(copied(), number.clone()), FindingKind::Aliased, "x1"),
        ("a copied column, of a class", of_class(copied(), number.clone()), FindingKind::Aliased, "x1"),
        ("a perfect predictor", of_number(beside(&number * 3.0), number.clone()), FindingKind::Unreliable, "y"),
        (
            "a category with one row",
            of_number(beside(array![0.0, 0.0, 0.0, 0.0, 1.0, 0.0]), number.clone()),
            FindingKind::Influential,
            "x1",
        ),
        ("few of a class", of_class(values.clone(), number.clone()), FindingKind::FewEvents, "y"),
    ];
    for (what, findings, kind, about) in &table {
        let named = findings.iter().filter(|finding| finding.kind == *kind && finding.about == *about);
        assert_eq!(named.count(), 1, "{what}: {findings:?}");
    }
}

// Resampling.

#[test]
fn a_rare_event_that_a_sample_misses_explains_nothing_in_it() {
    // One row in forty has each event; 36 % of the samples have none of the first, and some have neither.
    let made = Made::of(18, 40, 1);
    let rare = Array2::from_shape_fn((40, 2), |(row, event)| f64::from(u8::from(row == 3 + event)));
    let all = observations(concatenate![Axis(1), made.drivers, rare], made.outcome);
    for method in scalar_methods() {
        let analysis = DriverAnalysis { replicates: 200, ..analysis(&[method]) };
        let ranking = analysis.rank(&all, &drivers_of(3), &[]).expect("a ranking");
        for driver in ["x1", "x2"] {
            let interval = row(&ranking, driver).interval.expect("a bootstrap");
            assert!(interval.conf_low <= 0.0, "{method}: {interval:?}");
            assert!(interval.conf_low >= -1.0 && interval.conf_high <= 1.0, "{method}: {interval:?}");
        }
    }
}

#[test]
fn samples_that_separate_the_classes_are_left_out_and_counted() {
    // Four of forty are in the class: some samples have so few that a line tells them apart, or none at all.
    let class = Array1::from_shape_fn(40, |row| f64::from(u8::from(row % 13 == 0)));
    let all = classed(Made::of(31, 40, 3).drivers, class.view(), 0.5);
    let ranking = bootstrap(60).rank_classes(&all, &drivers_of(3), &[], FitKind::Mcfadden).expect("a ranking");
    let finding = ranking.findings.iter().find(|finding| finding.kind == FindingKind::Unreliable).expect("a finding");
    let n_failed = finding.numbers["n_failed"];
    assert!((1.0..60.0).contains(&n_failed), "{finding:?}");
    close("tried", ranking.n_replicates as f64 + n_failed, finding.numbers["n_tried"], 1e-12);
    assert!(ranking.drivers.iter().all(|row| row.interval.is_some_and(|ends| ends.conf_low.is_finite())));
}

#[test]
fn a_single_customer_gives_no_interval() {
    let made = Made::of(19, 40, 2);
    let one = made.observations().clustered(Clusters::from_labels([0; 40])).expect("a cluster a row");
    let ranking = bootstrap(50).rank(&one, &drivers_of(2), &[]).expect("a ranking");
    assert!(
        ranking.drivers.iter().all(|row| row.interval.is_none()),
        "every sample is the whole: no width is no certainty"
    );
    assert_eq!((ranking.n_clusters, ranking.n_replicates), (Some(1), 0));
    assert!(has(&ranking, FindingKind::Unreliable, "y"));
}

// Settings.

#[test]
fn no_setting_lets_more_drivers_in_than_can_be_walked() {
    let observations = Made::of(20, 60, N_DRIVERS_MAX + 1).observations();
    let analysis = DriverAnalysis { n_drivers_max: 100, sampling: None, ..analysis(&[Method::Shapley]) };
    let refused = analysis.rank(&observations, &drivers(&observations), &[]);
    assert!(
        matches!(refused, Err(DriverError::TooMany { n_drivers: 31, n_drivers_max: N_DRIVERS_MAX, .. })),
        "{refused:?}"
    );
}

#[test]
fn a_driver_without_columns_gets_nothing() {
    let made = Made::of(21, 60, 2);
    let mut all = drivers_of(2);
    all.insert(1, Driver::block("empty", Vec::new()));
    let methods = [Method::Shapley, Method::First, Method::Last];
    let ranking = analysis(&methods).rank(&made.observations(), &all, &[]).expect("a ranking");
    for method in methods {
        close(method.word(), contribution(&ranking, "empty", method), 0.0, 1e-12);
        let own = contribution(&ranked(&made.observations()), "x0", method);
        close(method.word(), contribution(&ranking, "x0", method), own, 1e-12);
    }
}

#[test]
fn a_class_has_no_r_squared() {
    let made = Made::of(22, 100, 2);
    let all = classed(made.drivers, made.outcome.view(), 0.3);
    let rank =
        |measure| analysis(&[Method::Shapley]).rank_classes(&all, &drivers_of(2), &[], measure).expect("a ranking");
    let (asked, mcfadden) = (rank(FitKind::RSquared), rank(FitKind::Mcfadden));
    assert_eq!(asked.fit, mcfadden.fit, "the figure bears the name of what it is");
}

// Scores.

#[test]
fn the_size_of_weights_changes_no_score() {
    let answers = [10.0, 9.0, 8.0, 7.0, 6.0, 0.0, 10.0, 3.0, 9.0, 8.0];
    let weights = [1.0, 2.0, 3.0, 1.0, 2.0, 0.5, 1.0, 0.0, 4.0, 1.0];
    for interval in [IntervalKind::AdjustedWald, IntervalKind::Score, IntervalKind::Wald] {
        let settings = NpsSettings { interval, ..NpsSettings::default() };
        let own = NetPromoterScore::of(&answers, Some(&weights), settings).expect("answers");
        for factor in [1e-200, 1e-30, 1e200, 1e300] {
            let scaled = weights.map(|weight| weight * factor);
            let score = NetPromoterScore::of(&answers, Some(&scaled), settings).expect("answers");
            let what = format!("{interval} at {factor:e}");
            close(&what, score.nps, own.nps, 1e-9);
            close(&what, score.std_error, own.std_error, 1e-9);
            close(&what, score.conf_low, own.conf_low, 1e-7);
            close(&what, score.conf_high, own.conf_high, 1e-7);
            close(&what, score.n_effective, own.n_effective, 1e-9);
        }
    }
}

#[test]
fn intervals_hold_their_score_and_stay_on_the_scale() {
    for counts in
        [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 0, 1000], [500, 0, 500], [1, 100_000, 0], [0, 1, 100_000]]
    {
        let answers: Vec<f64> = [0.0, 7.0, 9.0]
            .into_iter()
            .zip(counts)
            .flat_map(|(answer, count)| std::iter::repeat_n(answer, count))
            .collect();
        for interval in [IntervalKind::AdjustedWald, IntervalKind::Score, IntervalKind::Wald] {
            let settings = NpsSettings { interval, ..NpsSettings::default() };
            let score = NetPromoterScore::of(&answers, None, settings).expect("answers");
            let what = format!("{interval} of {counts:?}: {score:?}");
            assert!(
                -100.0 <= score.conf_low && score.conf_low <= score.conf_high && score.conf_high <= 100.0,
                "{what}"
            );
            // The adjusted interval is centred on a score drawn to zero and may leave out an extreme one.
            if interval != IntervalKind::AdjustedWald {
                assert!(score.conf_low <= score.nps + 1e-9 && score.nps <= score.conf_high + 1e-9, "{what}");
            }
        }
    }
}

#[test]
fn weights_that_count_nobody_are_refused() {
    let of = |answers: &[f64], weights: &[f64]| NetPromoterScore::of(answers, Some(weights), NpsSettings::default());
    assert_eq!(of(&[9.0, 3.0], &[0.0, 0.0]), Err(MeasureError::NoAnswers));
    assert_eq!(of(&[9.0, 3.0], &[1.0, -1.0]), Err(MeasureError::BadWeight { row: 2, value: -1.0 }));
    assert!(matches!(of(&[9.0, 3.0], &[f64::INFINITY, 1.0]), Err(MeasureError::BadWeight { row: 1, .. })));
    assert!(matches!(of(&[9.0, f64::NAN], &[1.0, 1.0]), Err(MeasureError::OffScale { row: 2, .. })));
}

/// With the gaps of the only driver marked, its coefficient is the slope among those who have it (Cohen and Cohen 1983, chapter 7), and the
/// filled column has nothing to do with the mark. By hand: x 1 to 4 with y 4, 3, 2, 1, so that the slope is -1, and two gaps with y 10 and 0;
/// squares about the means are 5 and 190 / 3, and both figures are -5 / sqrt(5 * 190 / 3).
#[test]
fn a_driver_with_marked_gaps_goes_the_way_of_its_values() {
    let values = array![[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0], [2.5, 1.0], [2.5, 1.0]];
    let design = DesignMatrix::new(vec!["x".to_owned(), "x (missing)".to_owned()], values).expect("finite");
    let outcome = Outcome::numeric("y", array![4.0, 3.0, 2.0, 1.0, 10.0, 0.0]).expect("finite");
    let observations = Observations::new(design, outcome).expect("six rows");
    let driver = |value| Driver { name: "x".to_owned(), columns: vec![0, 1], value };
    let analysis = DriverAnalysis { replicates: 0, noise_drivers: 0, ..DriverAnalysis::default() };
    let told = analysis.rank(&observations, &[driver(Some(0))], &[]).expect("a ranking").drivers.remove(0);
    let want = -5.0 / (5.0_f64 * 190.0 / 3.0).sqrt();
    assert_eq!(told.sign, Some(-1));
    close("coefficient", told.coefficient.expect("of the values"), want, 1e-12);
    close("correlation", told.correlation.expect("of the values"), want, 1e-12);
    let block = analysis.rank(&observations, &[driver(None)], &[]).expect("a ranking").drivers.remove(0);
    assert_eq!((block.sign, block.coefficient, block.correlation), (None, None, None));
    close("share of R squared", told.contribution, block.contribution, 1e-15);
}
