//! What must hold of the drivers of a class, whose logistic fit is divided.

use crate::inputs::{Made, analysis, classed, close, drivers, normals, row, total};
use advocate::data::{Clusters, Observations, WeightKind, Weights};
use advocate::drivers::{
    Driver, DriverAnalysis, DriverError, DriverFamily, DriverRanking, FitKind, Method, N_CLASS_DRIVERS_MAX,
};
use advocate::estimators::{FitError, FitSummary, Logit};
use advocate::findings::FindingKind;
use ndarray::{Array2, Axis, concatenate, s};

/// Rounding of a likelihood at its maximum (absolute, shares of the fit).
const ROUNDING: f64 = 1e-9;

const METHODS: [Method; 4] = [Method::Shapley, Method::First, Method::Last, Method::ConditionalDominance];
const MEASURES: [FitKind; 4] = [FitKind::Mcfadden, FitKind::CoxSnell, FitKind::Nagelkerke, FitKind::Estrella];

/// Three drivers of a class that about two in five rows are in.
fn classes(seed: u64, n_rows: usize, n_drivers: usize) -> Observations {
    let made = Made::of(seed, n_rows, n_drivers);
    classed(made.drivers, made.outcome.view(), 0.3)
}

fn ranked(observations: &Observations) -> DriverRanking {
    ranked_by(observations, FitKind::Mcfadden)
}

fn ranked_by(observations: &Observations, measure: FitKind) -> DriverRanking {
    analysis(&METHODS).rank_classes(observations, &drivers(observations), &[], measure).expect("a ranking")
}

/// The observations with other columns and the same class.
fn with_columns(observations: &Observations, columns: Array2<f64>) -> Observations {
    classed(columns, observations.outcome().values(), 0.5)
}

/// The estimator's own fit of some columns.
fn fit(observations: &Observations, columns: &[usize]) -> FitSummary {
    let some = Observations::new(observations.design().select(columns), observations.outcome().clone())
        .and_then(|some| some.weighted(observations.weights().clone()))
        .expect("rows that match");
    Logit::default().fit(&some).expect("a fit").summary().clone()
}

fn mcfadden(observations: &Observations, columns: &[usize]) -> f64 {
    if columns.is_empty() { 0.0 } else { fit(observations, columns).pseudo_r_squared.expect("a logistic fit") }
}

#[track_caller]
fn assert_same(left: &DriverRanking, right: &DriverRanking, rename: impl Fn(&str) -> String) {
    close("the fit", left.fit.value, right.fit.value, ROUNDING);
    for own in &left.drivers {
        let other = row(right, &rename(&own.driver));
        for (method, value) in &own.methods {
            close(&format!("{method} of {}", own.driver), other.methods[method], *value, ROUNDING);
        }
    }
}

#[test]
fn contributions_add_up_to_mcfadden_of_the_full_model() {
    for seed in 0..4 {
        let observations = classes(seed, 150, 4);
        let ranking = ranked(&observations);
        let want = mcfadden(&observations, &[0, 1, 2, 3]);
        close("the fit", ranking.fit.value, want, ROUNDING);
        close("their sum", total(&ranking, Method::Shapley), want, ROUNDING);
    }
}

#[test]
fn contributions_add_up_by_every_pseudo_r_squared() {
    let observations = classes(5, 150, 3);
    let full = fit(&observations, &[0, 1, 2]);
    let (n, null, model) = (150.0, full.null_log_likelihood, full.log_likelihood);
    // The definitions, written out.
    let cox_snell = 1.0 - (2.0 / n * (null - model)).exp();
    let wanted = [
        1.0 - model / null,
        cox_snell,
        cox_snell / (1.0 - (2.0 / n * null).exp()),
        1.0 - (model / null).powf(-2.0 / n * null),
    ];
    for (measure, want) in MEASURES.into_iter().zip(wanted) {
        let ranking = ranked_by(&observations, measure);
        close("the fit", ranking.fit.value, want, ROUNDING);
        close("their sum", total(&ranking, Method::Shapley), want, ROUNDING);
        assert_eq!(ranking.fit.measure, measure);
    }
}

#[test]
fn the_shapley_value_is_the_mean_gain_over_all_orders() {
    let observations = classes(6, 120, 3);
    let of = |columns: &[usize]| mcfadden(&observations, columns);
    let ranking = ranked(&observations);
    for driver in 0..3 {
        let (one, other) = ((driver + 1) % 3, (driver + 2) % 3);
        let alone = of(&[driver]);
        let second = of(&[driver, one]) - of(&[one]) + of(&[driver, other]) - of(&[other]);
        let last = of(&[0, 1, 2]) - of(&[one, other]);
        let got = row(&ranking, &format!("x{driver}"));
        close("shapley", got.methods["shapley"], (2.0 * alone + second + 2.0 * last) / 6.0, ROUNDING);
        close("first", got.methods["first"], alone, ROUNDING);
        close("last", got.methods["last"], last, ROUNDING);
        let table = got.conditional_dominance.as_ref().expect("asked for");
        close("after one other", table[1], second / 2.0, ROUNDING);
        close("mean of the table", table.iter().sum::<f64>() / 3.0, got.methods["shapley"], 1e-14);
    }
}

#[test]
fn the_order_of_drivers_changes_nothing() {
    let observations = classes(7, 120, 4);
    let turned = with_columns(&observations, observations.design().values().select(Axis(1), &[2, 0, 3, 1]));
    let place = |name: &str| ["x1", "x3", "x0", "x2"][name[1..].parse::<usize>().expect("a number")].to_owned();
    assert_same(&ranked(&observations), &ranked(&turned), place);
}

#[test]
fn units_and_zero_points_change_nothing() {
    let observations = classes(8, 120, 3);
    let values = observations.design().values();
    for (factor, offset) in [(1e8, 300.0), (-1e-8, 300.0), (1.0, 1e6)] {
        let changed = with_columns(&observations, values.mapv(|value| factor * (value + offset)));
        let (own, changed) = (ranked(&observations), ranked(&changed));
        assert_same(&own, &changed, str::to_owned);
        for row in &own.drivers {
            let want = factor.signum() * row.coefficient.expect("one column");
            let got = crate::inputs::row(&changed, &row.driver).coefficient.expect("one column");
            close("log-odds per standard deviation", got, want, 1e-6);
        }
    }
}

#[test]
fn a_copy_splits_what_the_driver_gets() {
    let observations = classes(9, 120, 3);
    let values = observations.design().values();
    let doubled = with_columns(&observations, concatenate![Axis(1), values, values.slice(s![.., ..1])]);
    let (own, ranking) = (ranked(&observations), ranked(&doubled));
    for method in ["shapley", "first", "last"] {
        close(method, row(&ranking, "x0").methods[method], row(&ranking, "x3").methods[method], ROUNDING);
    }
    close("the fit", ranking.fit.value, own.fit.value, ROUNDING);
    close("the test has as many degrees of freedom", ranking.p_value, own.p_value, 1e-9);
    assert!(ranking.findings.iter().any(|finding| finding.kind == FindingKind::Aliased && finding.about == "x3"));
}

#[test]
fn a_driver_that_never_varies_gets_nothing_and_a_finding() {
    let observations = classes(10, 120, 2);
    let constant = Array2::from_elem((120, 1), 0.1);
    let with = with_columns(&observations, concatenate![Axis(1), constant, observations.design().values()]);
    let ranking = ranked(&with);
    close("x0", row(&ranking, "x0").contribution, 0.0, 1e-12);
    close("the fit", ranking.fit.value, ranked(&observations).fit.value, ROUNDING);
    assert!(ranking.findings.iter().any(|finding| finding.kind == FindingKind::Constant && finding.about == "x0"));
}

#[test]
fn pure_noise_gets_what_chance_gives() {
    // Twice the gain in log-likelihood is chi-squared of one degree: its mean is 1, over 30 samples to 0.26.
    let mut sum = 0.0;
    for seed in 0..30 {
        let observations = classes(100 + seed, 150, 2);
        let noise = normals(700 + seed, 150, 1);
        let with = with_columns(&observations, concatenate![Axis(1), observations.design().values(), noise]);
        let ranking = ranked(&with);
        let null = fit(&with, &[0]).null_log_likelihood;
        sum += -2.0 * null * row(&ranking, "x2").contribution / 30.0;
        assert_ne!(row(&ranking, "x2").rank, 1, "seed {seed}");
    }
    assert!(sum < 2.2, "{sum}");
}

#[test]
fn a_frequency_is_the_row_so_many_times() {
    let observations = classes(11, 80, 3);
    let frequencies: Vec<f64> = (0..80).map(|row| f64::from(1 + row % 4)).collect();
    let rows: Vec<usize> =
        frequencies.iter().enumerate().flat_map(|(row, &times)| std::iter::repeat_n(row, times as usize)).collect();
    let repeated = classed(
        observations.design().values().select(Axis(0), &rows),
        observations.outcome().values().select(Axis(0), &rows).view(),
        0.5,
    );
    let weights = Weights::new(WeightKind::Frequency, frequencies).expect("whole numbers");
    let weighted = observations.weighted(weights).expect("a weight a row");
    for measure in MEASURES {
        let (weighted, repeated) = (ranked_by(&weighted, measure), ranked_by(&repeated, measure));
        assert_same(&weighted, &repeated, str::to_owned);
        close("p-value", weighted.p_value, repeated.p_value, 1e-9);
        let kinds = |ranking: &DriverRanking| ranking.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&weighted), kinds(&repeated));
    }
}

#[test]
fn only_the_proportions_of_sampling_weights_count() {
    let observations = classes(12, 120, 3);
    let with = |factor: f64, measure| {
        let weights = (0..120).map(|row| factor * f64::from(1 + row % 4)).collect();
        let weights = Weights::new(WeightKind::Sampling, weights).expect("weights");
        ranked_by(&observations.clone().weighted(weights).expect("a weight a row"), measure)
    };
    for measure in MEASURES {
        assert_same(&with(1.0, measure), &with(1e6, measure), str::to_owned);
    }
    close("p-value", with(1.0, FitKind::Mcfadden).p_value, with(1e6, FitKind::Mcfadden).p_value, 1e-9);
}

#[test]
fn what_is_always_in_is_taken_off_first_and_blocks_count_together() {
    let observations = classes(13, 150, 4);
    let drivers = [Driver::block("pair", vec![1, 2]), Driver::column("x3", 3)];
    let ranking = analysis(&METHODS).rank_classes(&observations, &drivers, &[0], FitKind::Mcfadden).expect("a ranking");
    let of = |columns: &[usize]| mcfadden(&observations, columns);
    close("decomposed", ranking.decomposed, of(&[0, 1, 2, 3]) - of(&[0]), ROUNDING);
    close("all of it", ranking.fit.value, of(&[0, 1, 2, 3]), ROUNDING);
    close("their sum", total(&ranking, Method::Shapley), ranking.decomposed, ROUNDING);
    close("alone", row(&ranking, "pair").methods["first"], of(&[0, 1, 2]) - of(&[0]), ROUNDING);
    close("lost", row(&ranking, "pair").methods["last"], of(&[0, 1, 2, 3]) - of(&[0, 3]), ROUNDING);
}

#[test]
fn separated_classes_are_refused() {
    let observations = classes(14, 60, 2);
    let told = observations.outcome().values().mapv(|class| class * 3.0 + 1.0).insert_axis(Axis(1));
    let with = with_columns(&observations, concatenate![Axis(1), observations.design().values(), told]);
    let refused = analysis(&METHODS).rank_classes(&with, &drivers(&with), &[], FitKind::Mcfadden);
    let Err(DriverError::Fit(FitError::Separated(separation))) = refused else {
        unreachable!("{refused:?}");
    };
    assert_eq!(separation.columns.iter().map(|column| column.term.as_str()).collect::<Vec<_>>(), ["x2"]);
}

#[test]
fn impossible_questions_are_refused_with_their_reason() {
    let fifteen = classes(15, 200, N_CLASS_DRIVERS_MAX + 1);
    let rank = |analysis: &DriverAnalysis, observations: &Observations| {
        analysis.rank_classes(observations, &drivers(observations), &[], FitKind::Mcfadden)
    };
    let refused = rank(&analysis(&METHODS), &fifteen);
    assert!(matches!(refused, Err(DriverError::TooMany { n_drivers: 15, n_drivers_max: 14, .. })));
    let more = DriverAnalysis { n_drivers_max: 20, ..analysis(&METHODS) };
    assert!(matches!(rank(&more, &fifteen), Err(DriverError::TooMany { n_drivers_max: 14, .. })));
    let three = classes(15, 60, 3);
    for method in Method::ALL.into_iter().filter(|method| !method.divides(DriverFamily::Logistic)) {
        let refused = rank(&analysis(&[method]), &three);
        assert!(matches!(refused, Err(DriverError::NotForClasses { method: named }) if named == method));
    }
    let numeric = Made::of(1, 60, 3).observations();
    assert!(matches!(rank(&analysis(&METHODS), &numeric), Err(DriverError::Fit(FitError::NotBinary { .. }))));
    let one_class = classed(normals(1, 30, 2), normals(1, 30, 1).column(0), 99.0);
    assert!(matches!(
        rank(&analysis(&METHODS), &one_class),
        Err(DriverError::Fit(FitError::OneClass { class: 0, .. }))
    ));
}

#[test]
fn one_and_four_threads_give_the_same_bytes_and_other_seeds_other_intervals() {
    let clusters = Clusters::from_labels((0..90).map(|row| row / 2));
    let observations = classes(16, 90, 3).clustered(clusters).expect("a cluster a row");
    let intervals = |seed: u64, n_threads: usize| {
        let analysis = DriverAnalysis { replicates: 30, seed, ..analysis(&METHODS) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        let ranking = pool
            .install(|| analysis.rank_classes(&observations, &drivers(&observations), &[], FitKind::Nagelkerke))
            .expect("a ranking");
        let of = |row: &advocate::drivers::DriverRow| {
            let interval = row.interval.expect("a bootstrap");
            [row.contribution, interval.conf_low, interval.conf_high, interval.share_low].map(f64::to_bits)
        };
        ranking.drivers.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(intervals(1, 1), intervals(1, 4));
    assert!(intervals(1, 1).iter().zip(intervals(2, 1)).all(|(one, other)| one[0] == other[0] && one[1] != other[1]));
}

#[test]
fn intervals_hold_the_contribution_they_belong_to() {
    let observations = classes(17, 300, 3);
    let analysis = DriverAnalysis { replicates: 60, ..analysis(&[Method::Shapley]) };
    let ranking = analysis.rank_classes(&observations, &drivers(&observations), &[], FitKind::Mcfadden);
    for row in ranking.expect("a ranking").drivers {
        let interval = row.interval.expect("a bootstrap");
        assert!((interval.conf_low..=interval.conf_high).contains(&row.contribution), "{row:?}");
        assert!((interval.rank_low..=interval.rank_high).contains(&row.rank), "{row:?}");
    }
}

fn weighed(observations: &Observations, replicates: usize) -> DriverRanking {
    let analysis = DriverAnalysis { replicates, ..analysis(&[Method::RelativeWeights]) };
    analysis.rank_classes(observations, &drivers(observations), &[], FitKind::Mcfadden).expect("a ranking")
}

#[test]
fn relative_weights_add_up_to_the_squared_correlation_of_class_and_probability() {
    for seed in 0..3 {
        let observations = classes(seed, 150, 4);
        let ranking = weighed(&observations, 0);
        let fit = Logit::default().fit(&observations).expect("a fit");
        let probability: Vec<f64> =
            (0..150).map(|row| fit.model().predict_row(&observations.design().row(row).to_vec())).collect();
        // Pearson's correlation, written out.
        let class = observations.outcome().values();
        let (mean, share) = (probability.iter().sum::<f64>() / 150.0, class.sum() / 150.0);
        let products = probability.iter().zip(class).map(|(own, class)| (own - mean) * (class - share)).sum::<f64>();
        let squares = probability.iter().map(|own| (own - mean).powi(2)).sum::<f64>();
        let want = products * products / (squares * 150.0 * share * (1.0 - share));
        close("the fit", ranking.fit.value, want, ROUNDING);
        close("their sum", total(&ranking, Method::RelativeWeights), want, ROUNDING);
        assert_eq!(ranking.fit.measure, FitKind::SquaredCorrelation);
        assert!(ranking.drivers.iter().all(|row| row.contribution >= 0.0));
    }
}

#[test]
fn relative_weights_of_uncorrelated_drivers_are_their_squared_standardised_coefficients() {
    // Every combination of three signs equally often: the drivers are uncorrelated, with standard deviation 1.
    let values = Array2::from_shape_fn((160, 3), |(row, driver)| if row >> driver & 1 == 1 { 1.0 } else { -1.0 });
    let noise = normals(21, 160, 1);
    let latent = values.column(0).to_owned() + &values.column(1) * 0.4 + noise.column(0).mapv(|value| 1.5 * value);
    let observations = classed(values, latent.view(), 0.2);
    let ranking = weighed(&observations, 0);
    // Menard's coefficients are b s R / s_logit; the drivers being uncorrelated, s_logit^2 is the sum of (b s)^2.
    let coefficient = |row: &advocate::drivers::DriverRow| row.coefficient.expect("one column");
    let logit_variance: f64 = ranking.drivers.iter().map(|row| coefficient(row).powi(2)).sum();
    for row in &ranking.drivers {
        let want = coefficient(row).powi(2) * ranking.fit.value / logit_variance;
        close(&row.driver, row.contribution, want, ROUNDING);
    }
}

#[test]
fn neither_order_nor_units_nor_copies_change_relative_weights() {
    let observations = classes(22, 140, 3);
    let values = observations.design().values();
    let own = weighed(&observations, 0);
    let turned = weighed(&with_columns(&observations, values.select(Axis(1), &[2, 0, 1])), 0);
    let place = |name: &str| ["x1", "x2", "x0"][name[1..].parse::<usize>().expect("a number")].to_owned();
    assert_same(&own, &turned, place);
    for factor in [1e8, -1e-8] {
        let changed = with_columns(&observations, values.mapv(|value| factor * (value + 300.0)));
        assert_same(&own, &weighed(&changed, 0), str::to_owned);
    }
    let doubled = weighed(&with_columns(&observations, concatenate![Axis(1), values, values.slice(s![.., ..1])]), 0);
    let of = |name: &str| row(&doubled, name).contribution;
    close("a copy", of("x0"), of("x3"), ROUNDING);
    close("the fit", doubled.fit.value, own.fit.value, ROUNDING);
}

#[test]
fn rows_that_stand_for_several_have_the_relative_weights_of_as_many_rows() {
    let observations = classes(23, 120, 3);
    let times: Vec<f64> = (0..120).map(|row| f64::from(row % 3)).collect();
    let rows: Vec<usize> = (0..120).flat_map(|row| vec![row; row % 3]).collect();
    let repeated = observations.select(&rows).expect("rows");
    let weights = Weights::new(WeightKind::Frequency, times).expect("valid");
    let weighted = observations.weighted(weights).expect("a weight a row");
    assert_same(&weighed(&weighted, 0), &weighed(&repeated, 0), str::to_owned);
}

#[test]
fn relative_weights_weigh_more_drivers_than_have_all_their_subsets_fitted_with_intervals() {
    let observations = classes(24, 400, N_CLASS_DRIVERS_MAX + 6);
    let ranking = weighed(&observations, 40);
    assert_eq!((ranking.drivers.len(), ranking.n_replicates), (N_CLASS_DRIVERS_MAX + 6, 40));
    close("their sum", total(&ranking, Method::RelativeWeights), ranking.fit.value, ROUNDING);
    for row in &ranking.drivers {
        let interval = row.interval.expect("a bootstrap");
        assert!(interval.conf_low <= interval.conf_high && interval.conf_low >= 0.0);
    }
    let threads = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("a pool");
        pool.install(|| weighed(&observations, 8))
    };
    assert_eq!(threads(1), threads(3));
}

#[test]
fn clusters_of_a_row_each_are_drawn_like_rows_for_relative_weights() {
    let observations = classes(25, 90, 3);
    // Every row twice, as a cluster: the samples are those of the rows.
    let rows: Vec<usize> = (0..90).flat_map(|row| [row, row]).collect();
    let twice = observations.select(&rows).expect("rows");
    let twice = twice.clustered(Clusters::from_labels(rows)).expect("a cluster a row");
    let (own, twice) = (weighed(&observations, 25), weighed(&twice, 25));
    for own in &own.drivers {
        let (own, twice) = (own.interval, row(&twice, &own.driver).interval);
        let (own, twice) = (own.expect("a bootstrap"), twice.expect("a bootstrap"));
        close("lower ends", own.conf_low, twice.conf_low, 1e-7);
        close("upper ends", own.conf_high, twice.conf_high, 1e-7);
    }
}

#[test]
fn relative_weights_have_noise_and_errors_whatever_else_is_sampled() {
    let observations = classes(26, 120, 3);
    let asked = DriverAnalysis { noise_drivers: 9, jackknife: true, ..analysis(&[Method::RelativeWeights]) };
    let beside_sampled =
        DriverAnalysis { methods: vec![Method::RelativeWeights, Method::Shapley], n_drivers_max: 1, ..asked.clone() };
    let rank = |analysis: &DriverAnalysis| {
        analysis.rank_classes(&observations, &drivers(&observations), &[], FitKind::Mcfadden).expect("a ranking")
    };
    let (alone, sampled) = (rank(&asked), rank(&beside_sampled));
    for ranking in [&alone, &sampled] {
        assert!(ranking.drivers.iter().all(|row| row.noise.is_some() && row.std_error.is_some_and(f64::is_finite)));
        assert!(ranking.findings.iter().all(|finding| finding.kind != FindingKind::NotEstimated));
    }
    for own in &alone.drivers {
        close("std_error", own.std_error.expect("asked for"), row(&sampled, &own.driver).std_error.expect("too"), 1e-7);
    }
}
