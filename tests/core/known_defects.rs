//! What other programs for driver analysis are known to get wrong, each a test of ours.

use crate::inputs::{
    Made, analysis, close, contribution, drivers, observations, ranked, row, rows_with_correlations, scalar_methods,
    total,
};
use advocate::data::{DesignMatrix, Gaps, Observations, Outcome};
use advocate::drivers::{
    CorrelationMatrix, Driver, DriverAnalysis, DriverError, DriverFamily, DriverGroup, DriverRanking, FitKind, Method,
};
use advocate::estimators::FitError;
use advocate::estimators::missing::Treatment;
use advocate::findings::FindingKind;
use ndarray::{Array1, Array2, Axis, array, concatenate, s};

fn three() -> Vec<Driver> {
    (0..3).map(|at| Driver::column(format!("x{at}"), at)).collect()
}

/// A class that the last column keeps apart: the likelihood has no maximum.
fn separated() -> Observations {
    let made = Made::of(8, 60, 2);
    let class = made.outcome.mapv(|value| f64::from(u8::from(value > 0.0)));
    let telling = class.mapv(|class| 3.0 * class).insert_axis(Axis(1));
    let names = ["x0", "x1", "x2"].map(str::to_owned).to_vec();
    let design = DesignMatrix::new(names, concatenate![Axis(1), made.drivers, telling]).expect("a valid design");
    Observations::new(design, Outcome::binary("y", class).expect("classes")).expect("rows that match")
}

#[test]
fn a_column_times_a_hundred_millionth_changes_nothing_by_any_method() {
    // A program that penalises, or stops where coefficients move little, ranks a driver in another unit elsewhere.
    let made = Made::of(41, 300, 5);
    let own = made.observations();
    let mut small = made.drivers.clone();
    small.column_mut(2).mapv_inplace(|value| 1e-8 * value);
    let other = observations(small.clone(), made.outcome.clone());
    let (one, two) = (ranked(&own), ranked(&other));
    for method in scalar_methods() {
        for driver in drivers(&own) {
            let [left, right] = [&one, &two].map(|ranking| contribution(ranking, &driver.name, method));
            close(&format!("{method} {}", driver.name), left, right, 1e-12);
        }
    }
    let places: Vec<(&str, usize)> = one.drivers.iter().map(|row| (row.driver.as_str(), row.rank)).collect();
    assert_eq!(places, two.drivers.iter().map(|row| (row.driver.as_str(), row.rank)).collect::<Vec<_>>());
    // Models of classes, levels and counts are climbed step by step: that is where a scale does harm.
    let outcomes = [
        (DriverFamily::Logistic, made.outcome.mapv(|value| f64::from(u8::from(value > 0.2)))),
        (DriverFamily::Ordinal, made.outcome.mapv(|value| value.round().clamp(-2.0, 2.0))),
        (DriverFamily::Count, made.outcome.mapv(|value| value.exp().round().min(9.0))),
    ];
    for (family, outcome) in outcomes {
        let rank = |values: &Array2<f64>| {
            let names = (0..5).map(|column| format!("x{column}")).collect();
            let design = DesignMatrix::new(names, values.clone()).expect("a valid design");
            let outcome = match family {
                DriverFamily::Logistic => Outcome::binary("y", outcome.clone()),
                _ => Outcome::numeric("y", outcome.clone()),
            };
            let own = Observations::new(design, outcome.expect("an outcome")).expect("rows that match");
            let settings = analysis(&[Method::Shapley]);
            settings.rank_by_family(family, &own, &drivers(&own), &[], FitKind::Mcfadden).expect("a ranking")
        };
        let (one, two) = (rank(&made.drivers), rank(&small));
        for row in &one.drivers {
            let other = contribution(&two, &row.driver, Method::Shapley);
            close(&format!("{} {}", family.word(), row.driver), row.contribution, other, 1e-9);
        }
    }
}

#[test]
fn pure_noise_is_called_more_than_noise_no_oftener_than_chance_allows() {
    // An interval of something that is never negative never covers zero: that is how noise gets its stars elsewhere.
    let n_samples = 120;
    let settings = DriverAnalysis { noise_drivers: 99, replicates: 60, ..analysis(&[Method::Shapley]) };
    let (mut n_starred, mut n_above_zero) = (0, 0);
    for seed in 0..n_samples {
        let own = Made::of(500 + seed, 80, 3);
        let noise = crate::inputs::normals(7000 + seed, 80, 1).column(0).to_owned();
        let ranking = settings.rank(&observations(own.drivers, noise), &three(), &[]).expect("a ranking");
        for driver in &ranking.drivers {
            n_starred += usize::from(driver.noise.expect("asked for").p_value < 0.0501);
            n_above_zero += usize::from(driver.interval.expect("replicates").conf_low > 0.0);
        }
    }
    let n_tests = 3.0 * n_samples as f64;
    // 360 tests at .05: a standard error of .0115, less for those of one sample; four of them allowed.
    let share = f64::from(u32::try_from(n_starred).expect("few")) / n_tests;
    assert!((0.01..0.10).contains(&share), "{share}");
    assert!(n_above_zero as f64 > 0.9 * n_tests, "the interval is the test of nothing: {n_above_zero}");
}

#[test]
fn separation_is_refused_and_no_measure_of_fit_exceeds_one() {
    let own = separated();
    let settings = analysis(&[Method::Shapley]);
    for measure in [FitKind::Mcfadden, FitKind::Nagelkerke, FitKind::CoxSnell, FitKind::Estrella] {
        let refused = settings.rank_classes(&own, &drivers(&own), &[], measure);
        assert!(matches!(refused, Err(DriverError::Fit(FitError::Separated(_)))), "{measure:?}");
    }
    // Nearly separated: two answers stand on the wrong side.
    let mut class = own.outcome().values().to_owned();
    class.slice_mut(s![..2]).mapv_inplace(|class| 1.0 - class);
    let nearly = Observations::new(own.design().clone(), Outcome::binary("y", class).expect("classes")).expect("rows");
    for measure in [FitKind::Mcfadden, FitKind::Nagelkerke, FitKind::CoxSnell, FitKind::Estrella] {
        let ranking = settings.rank_classes(&nearly, &drivers(&nearly), &[], measure).expect("a ranking");
        assert!(ranking.fit.value > 0.4 && ranking.fit.value < 1.0, "{measure:?} {}", ranking.fit.value);
        close("their sum", total(&ranking, Method::Shapley), ranking.fit.value, 1e-9);
    }
}

#[test]
fn relative_weights_of_a_separated_class_are_refused_by_the_name_of_what_separates_it() {
    let own = separated();
    let refused = analysis(&[Method::RelativeWeights])
        .rank_classes(&own, &drivers(&own), &[], FitKind::Mcfadden)
        .expect_err("separated");
    assert!(matches!(refused, DriverError::Fit(FitError::Separated(_))), "{refused}");
    assert!(refused.to_string().contains("`y` is separated: high `x2`"), "{refused}");
    // Nearly separated: what they divide is a squared correlation, which no fit drives beyond 1.
    let mut class = own.outcome().values().to_owned();
    class.slice_mut(s![..2]).mapv_inplace(|class| 1.0 - class);
    let nearly = Observations::new(own.design().clone(), Outcome::binary("y", class).expect("classes")).expect("rows");
    let ranking = analysis(&[Method::RelativeWeights])
        .rank_classes(&nearly, &drivers(&nearly), &[], FitKind::Mcfadden)
        .expect("a ranking");
    assert!(ranking.fit.value > 0.4 && ranking.fit.value < 1.0, "{}", ranking.fit.value);
    close("their sum", total(&ranking, Method::RelativeWeights), ranking.fit.value, 1e-9);
}

#[test]
fn two_drivers_are_not_always_half_and_half() {
    // The rotation of two columns to principal components takes both alike, so that weights by way of them are equal
    // whatever the outcome. By hand: phi_1 = (r_1^2 + R^2 - r_2^2) / 2 for Shapley and Johnson alike.
    let (first, second, between) = (0.8, 0.1, 0.3);
    let correlations = array![[1.0, between, first], [between, 1.0, second], [first, second, 1.0]];
    let rows = rows_with_correlations(&correlations);
    let ranking = ranked(&observations(rows.slice(s![.., ..2]).to_owned(), rows.column(2).to_owned()));
    let fit = (first * first + second * second - 2.0 * between * first * second) / (1.0 - between * between);
    let by_hand = (first * first + fit - second * second) / 2.0;
    for method in [Method::Shapley, Method::RelativeWeights] {
        close(method.word(), contribution(&ranking, "x0", method), by_hand, 1e-12);
        close(method.word(), contribution(&ranking, "x1", method), fit - by_hand, 1e-12);
    }
    assert!(row(&ranking, "x0").share > 0.9);
}

/// Three columns of which the second is known in one row of eight, and an outcome that none goes with but the first, if so.
fn gapped(seed: u64, n_rows: usize, slope: f64) -> Gaps {
    let made = crate::inputs::normals(seed, n_rows, 4);
    let mut values = made.slice(s![.., ..3]).to_owned();
    (0..n_rows).filter(|row| row % 8 != 0).for_each(|row| values[[row, 1]] = f64::NAN);
    let outcome = Array1::from_shape_fn(n_rows, |row| slope * made[[row, 0]] + made[[row, 3]]);
    let names = ["x0", "x1", "x2"].map(str::to_owned).to_vec();
    Gaps::new(names, values, Outcome::numeric("y", outcome).expect("numbers")).expect("rows that match")
}

#[test]
fn moments_of_pairs_are_not_judged_as_if_every_row_had_every_column() {
    // 50 of 400 rows have the noise: its correlation scatters 2.8 times as far as one of 400, and 48 of 100 samples would be
    // called more than noise if all rows counted. Listwise rows would do the reverse to the driver that all have.
    let settings = DriverAnalysis { noise_drivers: 99, replicates: 0, ..DriverAnalysis::default() };
    for treatment in [Treatment::Pairwise, Treatment::Em] {
        let (mut n_noise, mut n_real, n_samples) = (0, 0, 40);
        for seed in 0..n_samples {
            let ranking =
                settings.rank_gaps(&gapped(300 + seed, 400, 0.2), treatment, &three(), &[]).expect("a ranking");
            let p_value = |driver: &str| row(&ranking, driver).noise.expect("asked for").p_value;
            n_noise += u32::from(p_value("x1") < 0.0501);
            n_real += u32::from(p_value("x0") < 0.0501);
        }
        // At .05 more than 7 of 40 have a probability of .0007; a slope of .2 of 400 rows has power .98, of 50 rows .28.
        assert!(n_noise <= 7, "{treatment:?}: {n_noise}");
        assert!(n_real >= 33, "{treatment:?}: {n_real}");
    }
}

#[test]
fn the_test_of_moments_of_pairs_counts_the_pairs() {
    // Nothing goes with the outcome: by F with all 400 rows a third of these would be called significant.
    let settings = analysis(&[Method::Shapley]);
    let n_samples = 150;
    let n_significant = (0..n_samples)
        .filter(|seed| {
            let gaps = gapped(4000 + seed, 400, 0.0);
            settings.rank_gaps(&gaps, Treatment::Pairwise, &three(), &[]).expect("a ranking").p_value < 0.05
        })
        .count();
    // 7.5 expected; robust errors of 50 rows are a little short.
    assert!((1..=19).contains(&n_significant), "{n_significant}");
}

#[test]
fn a_matrix_of_pairs_that_contradict_each_other_is_no_matrix() {
    let contradicting = array![[1.0, 0.9, 0.9], [0.9, 1.0, -0.9], [0.9, -0.9, 1.0]];
    let names = ["a", "b", "y"].map(str::to_owned).to_vec();
    let refused = CorrelationMatrix::new(names, contradicting).expect_err("refused").to_string();
    assert!(refused.contains("pairs") || refused.contains("eigenvalue"), "{refused}");
}

#[test]
fn bad_input_is_an_error_or_a_finding_by_name() {
    let made = Made::of(77, 50, 3);
    let rank = |own: &Observations| analysis(&scalar_methods()).rank(own, &drivers(own), &[]);
    let has = |ranking: &DriverRanking, kind: FindingKind, about: &str| {
        assert!(ranking.findings.iter().any(|own| own.kind == kind && own.about == about), "{:?}", ranking.findings);
    };
    // A driver twice, once in another unit: both get half of what one had.
    let copy = made.drivers.slice(s![.., ..1]).mapv(|value| 12.0 - 3.0 * value);
    let twice =
        rank(&observations(concatenate![Axis(1), made.drivers, copy], made.outcome.clone())).expect("a ranking");
    has(&twice, FindingKind::Aliased, "x3");
    close("halves", row(&twice, "x0").share, row(&twice, "x3").share, 1e-9);
    // One that never varies.
    let constant = Array2::from_elem((50, 1), 4.0);
    let ranking = rank(&observations(concatenate![Axis(1), made.drivers, constant], made.outcome.clone()));
    let ranking = ranking.expect("a ranking");
    has(&ranking, FindingKind::Constant, "x3");
    close("nothing", row(&ranking, "x3").share, 0.0, 1e-15);
    // A single driver has all there is: R squared is the squared correlation, and all methods agree.
    let alone =
        rank(&observations(made.drivers.slice(s![.., ..1]).to_owned(), made.outcome.clone())).expect("a ranking");
    close("all of it", alone.drivers[0].share, 1.0, 1e-12);
    for method in scalar_methods() {
        close(method.word(), contribution(&alone, "x0", method), alone.fit.value, 1e-12);
    }
    // Fewer rows than columns, and as many.
    for n_rows in [2, 3, 4] {
        let refused = rank(&Made::of(78, n_rows, 3).observations()).expect_err("refused").to_string();
        assert!(refused.contains("too few") && refused.contains("at least 5"), "{refused}");
    }
    let grouped = |driver: &str| {
        let group = DriverGroup { name: "service".to_owned(), drivers: vec![driver.to_owned()] };
        let settings = DriverAnalysis { groups: vec![group], ..analysis(&[Method::Owen]) };
        settings.rank(&made.observations(), &drivers(&made.observations()), &[])
    };
    assert!(grouped("x1").is_ok());
    let refused = grouped("x9").expect_err("refused").to_string();
    assert!(refused.contains("`service`") && refused.contains("`x9`"), "{refused}");
    // Weights whose kind nobody names cannot be made; the command line asks for --weight-kind (tests/command/flat.rs).
    let lopsided = CorrelationMatrix::new(["a", "y"].map(str::to_owned).to_vec(), array![[1.0, 0.3], [0.2, 1.0]]);
    assert!(lopsided.expect_err("refused").to_string().contains("`a`"));
}
