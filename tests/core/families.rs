//! What must hold of the drivers of ordered levels and of counts, whose likelihoods are divided.

use crate::inputs::{Made, analysis, close, drivers, normals, observations, row, total};
use advocate::data::{Clusters, Exposure, Observations, WeightKind, Weights};
use advocate::drivers::{
    Driver, DriverAnalysis, DriverError, DriverFamily, DriverRanking, FitKind, Method, N_COUNT_DRIVERS_MAX,
    N_ORDINAL_DRIVERS_MAX,
};
use advocate::estimators::{Count, CountDistribution, FitError, FitSummary, Ordinal};
use advocate::findings::FindingKind;
use ndarray::{Array1, Array2, Axis, concatenate, s};

/// Rounding of a likelihood at its maximum (absolute, shares of the fit).
const ROUNDING: f64 = 1e-9;

const METHODS: [Method; 4] = [Method::Shapley, Method::First, Method::Last, Method::ConditionalDominance];
const MEASURES: [FitKind; 4] = [FitKind::Mcfadden, FitKind::CoxSnell, FitKind::Nagelkerke, FitKind::Estrella];
const FAMILIES: [DriverFamily; 2] = [DriverFamily::Ordinal, DriverFamily::Count];

/// Drivers of five levels, or of counts around two.
fn made(family: DriverFamily, seed: u64, n_rows: usize, n_drivers: usize) -> Observations {
    let made = Made::of(seed, n_rows, n_drivers);
    let outcome = match family {
        DriverFamily::Ordinal => made.outcome.mapv(|value| (value + 2.0).round().clamp(0.0, 4.0)),
        _ => made.outcome.mapv(|value| (0.6 * value + 0.8).exp().round().min(30.0)),
    };
    observations(made.drivers, outcome)
}

fn ranked(family: DriverFamily, observations: &Observations) -> DriverRanking {
    ranked_by(family, observations, FitKind::Mcfadden)
}

fn ranked_by(family: DriverFamily, observations: &Observations, measure: FitKind) -> DriverRanking {
    analysis(&METHODS).rank_by_family(family, observations, &drivers(observations), &[], measure).expect("a ranking")
}

/// The observations with other columns and the same outcome.
fn with_columns(own: &Observations, columns: Array2<f64>) -> Observations {
    observations(columns, own.outcome().values().to_owned())
}

/// The estimator's own fit of some columns.
fn fit(family: DriverFamily, observations: &Observations, columns: &[usize]) -> FitSummary {
    let some = observations.with_features(columns);
    match family {
        DriverFamily::Ordinal => Ordinal::default().fit(&some).expect("a fit").summary().clone(),
        _ => {
            let poisson = Count { distribution: CountDistribution::Poisson, ..Count::default() };
            poisson.fit(&some).expect("a fit").summary().clone()
        }
    }
}

fn mcfadden(family: DriverFamily, observations: &Observations, columns: &[usize]) -> f64 {
    if columns.is_empty() { 0.0 } else { fit(family, observations, columns).pseudo_r_squared.expect("a likelihood") }
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
fn contributions_add_up_to_the_full_model_by_every_pseudo_r_squared() {
    for family in FAMILIES {
        let observations = made(family, 5, 150, 4);
        let full = fit(family, &observations, &[0, 1, 2, 3]);
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
            let ranking = ranked_by(family, &observations, measure);
            close("the fit", ranking.fit.value, want, ROUNDING);
            close("their sum", total(&ranking, Method::Shapley), want, ROUNDING);
            assert_eq!((ranking.fit.measure, ranking.family), (measure, family));
        }
    }
}

#[test]
fn the_shapley_value_is_the_mean_gain_over_all_orders() {
    for family in FAMILIES {
        let observations = made(family, 6, 120, 3);
        let of = |columns: &[usize]| mcfadden(family, &observations, columns);
        let ranking = ranked(family, &observations);
        for driver in 0..3 {
            let (one, other) = ((driver + 1) % 3, (driver + 2) % 3);
            let alone = of(&[driver]);
            let second = of(&[driver, one]) - of(&[one]) + of(&[driver, other]) - of(&[other]);
            let last = of(&[0, 1, 2]) - of(&[one, other]);
            let got = row(&ranking, &format!("x{driver}"));
            close("shapley", got.methods["shapley"], (2.0 * alone + second + 2.0 * last) / 6.0, ROUNDING);
            close("first", got.methods["first"], alone, ROUNDING);
            close("last", got.methods["last"], last, ROUNDING);
        }
    }
}

#[test]
fn order_units_and_zero_points_change_nothing() {
    for family in FAMILIES {
        let observations = made(family, 7, 120, 4);
        let values = observations.design().values();
        let own = ranked(family, &observations);
        let turned = with_columns(&observations, values.select(Axis(1), &[2, 0, 3, 1]));
        let place = |name: &str| ["x1", "x3", "x0", "x2"][name[1..].parse::<usize>().expect("a number")].to_owned();
        assert_same(&own, &ranked(family, &turned), place);
        for (factor, offset) in [(1e8, 300.0), (-1e-8, 300.0), (1.0, 1e6)] {
            let changed = with_columns(&observations, values.mapv(|value| factor * (value + offset)));
            let changed = ranked(family, &changed);
            assert_same(&own, &changed, str::to_owned);
            for driver in &own.drivers {
                let want = factor.signum() * driver.coefficient.expect("one column");
                let got = row(&changed, &driver.driver).coefficient.expect("one column");
                close("per standard deviation", got, want, 1e-6);
            }
        }
    }
}

#[test]
fn a_copy_splits_what_the_driver_gets_and_a_constant_gets_nothing() {
    for family in FAMILIES {
        let observations = made(family, 9, 120, 3);
        let values = observations.design().values();
        let own = ranked(family, &observations);
        let constant = Array2::from_elem((120, 1), 0.1);
        let more = with_columns(&observations, concatenate![Axis(1), values, values.slice(s![.., ..1]), constant]);
        let ranking = ranked(family, &more);
        for method in ["shapley", "first", "last"] {
            close(method, row(&ranking, "x0").methods[method], row(&ranking, "x3").methods[method], ROUNDING);
        }
        close("x4", row(&ranking, "x4").contribution, 0.0, 1e-11);
        close("the fit", ranking.fit.value, own.fit.value, ROUNDING);
        close("the test has as many degrees of freedom", ranking.p_value, own.p_value, 1e-9);
        let has = |kind, about: &str| ranking.findings.iter().any(|own| own.kind == kind && own.about == about);
        assert!(has(FindingKind::Aliased, "x3") && has(FindingKind::Constant, "x4"));
    }
}

#[test]
fn pure_noise_gets_what_chance_gives() {
    // Twice the gain in log-likelihood is chi-squared of one degree where the family is right, as levels of a latent number
    // with logistic noise and Poisson counts are: its mean is 1, over 30 samples to 0.26.
    for family in FAMILIES {
        let mut sum = 0.0;
        for seed in 0..30 {
            let made = Made::of(100 + seed, 150, 2);
            let shares = normals(300 + seed, 150, 1).column(0).mapv(|value| 0.5 * libm::erfc(value / 2.0_f64.sqrt()));
            let signal = made.drivers.column(0).mapv(|value| 0.8 * value);
            let outcome = Array1::from_iter(signal.iter().zip(&shares).map(|(&signal, &share)| match family {
                DriverFamily::Ordinal => (signal + (share / (1.0 - share)).ln() + 2.0).round().clamp(0.0, 4.0),
                _ => poisson_quantile((0.5 * signal + 0.5).exp(), share),
            }));
            let noise = normals(700 + seed, 150, 1);
            let with = observations(concatenate![Axis(1), made.drivers, noise], outcome);
            let ranking = ranked(family, &with);
            sum += -2.0 * fit(family, &with, &[0]).null_log_likelihood * row(&ranking, "x2").contribution / 30.0;
            assert_ne!(row(&ranking, "x2").rank, 1, "seed {seed}");
        }
        assert!(sum < 2.2, "{family:?} {sum}");
    }
}

/// The smallest count whose probability and that of all below reach the share.
fn poisson_quantile(mean: f64, share: f64) -> f64 {
    let (mut count, mut own) = (0.0, (-mean).exp());
    let mut sum = own;
    while sum < share && count < 100.0 {
        count += 1.0;
        own *= mean / count;
        sum += own;
    }
    count
}

#[test]
fn a_frequency_is_the_row_so_many_times() {
    for family in FAMILIES {
        let observations = made(family, 11, 80, 3);
        let frequencies: Vec<f64> = (0..80).map(|row| f64::from(row % 4)).collect();
        let rows: Vec<usize> =
            frequencies.iter().enumerate().flat_map(|(row, &times)| std::iter::repeat_n(row, times as usize)).collect();
        let repeated = observations.select(&rows).expect("rows");
        let weights = Weights::new(WeightKind::Frequency, frequencies).expect("whole numbers");
        let weighted = observations.weighted(weights).expect("a weight a row");
        for measure in MEASURES {
            let (weighted, repeated) = (ranked_by(family, &weighted, measure), ranked_by(family, &repeated, measure));
            assert_same(&weighted, &repeated, str::to_owned);
            close("p-value", weighted.p_value, repeated.p_value, 1e-9);
        }
    }
}

#[test]
fn only_the_proportions_of_sampling_weights_count() {
    for family in FAMILIES {
        let observations = made(family, 12, 120, 3);
        let with = |factor: f64, measure| {
            let weights = (0..120).map(|row| factor * f64::from(1 + row % 4)).collect();
            let weights = Weights::new(WeightKind::Sampling, weights).expect("weights");
            ranked_by(family, &observations.clone().weighted(weights).expect("a weight a row"), measure)
        };
        for measure in MEASURES {
            assert_same(&with(1.0, measure), &with(1e6, measure), str::to_owned);
        }
        close("p-value", with(1.0, FitKind::Mcfadden).p_value, with(1e6, FitKind::Mcfadden).p_value, 1e-9);
    }
}

#[test]
fn what_is_always_in_is_taken_off_first_and_blocks_count_together() {
    for family in FAMILIES {
        let observations = made(family, 13, 150, 4);
        let drivers = [Driver::block("pair", vec![1, 2]), Driver::column("x3", 3)];
        let ranking = analysis(&METHODS)
            .rank_by_family(family, &observations, &drivers, &[0], FitKind::Mcfadden)
            .expect("a ranking");
        let of = |columns: &[usize]| mcfadden(family, &observations, columns);
        close("decomposed", ranking.decomposed, of(&[0, 1, 2, 3]) - of(&[0]), ROUNDING);
        close("all of it", ranking.fit.value, of(&[0, 1, 2, 3]), ROUNDING);
        close("their sum", total(&ranking, Method::Shapley), ranking.decomposed, ROUNDING);
        close("alone", row(&ranking, "pair").methods["first"], of(&[0, 1, 2]) - of(&[0]), ROUNDING);
        close("lost", row(&ranking, "pair").methods["last"], of(&[0, 1, 2, 3]) - of(&[0, 3]), ROUNDING);
    }
}

#[test]
fn the_linear_and_logistic_families_are_the_rankings_of_their_own() {
    let numeric = Made::of(2, 60, 3).observations();
    let analysis = analysis(&METHODS);
    let by_family = analysis.rank_by_family(DriverFamily::Linear, &numeric, &drivers(&numeric), &[], FitKind::Mcfadden);
    assert_eq!(by_family.expect("a ranking"), analysis.rank(&numeric, &drivers(&numeric), &[]).expect("a ranking"));
    let class = crate::inputs::classed(Made::of(2, 60, 2).drivers, numeric.outcome().values(), 0.3);
    let rank = |family| analysis.rank_by_family(family, &class, &drivers(&class), &[], FitKind::Estrella);
    let own = analysis.rank_classes(&class, &drivers(&class), &[], FitKind::Estrella).expect("a ranking");
    assert_eq!(rank(DriverFamily::Logistic).expect("a ranking"), own);
    for family in DriverFamily::ALL {
        let word = serde_json::to_value(family).expect("a word");
        assert_eq!(word, family.word());
    }
}

#[test]
fn an_exposure_in_proportion_to_the_counts_leaves_nothing_to_explain() {
    let observations = made(DriverFamily::Count, 18, 90, 2);
    let counts = observations.outcome().values().mapv(|count| count + 1.0);
    let counted = with_outcome(&observations, counts.clone());
    let exposure = Exposure::new(counts.mapv(|count| 3.0 * count).to_vec()).expect("positive");
    let exposed = counted.exposed(exposure).expect("an exposure a row");
    let refused = analysis(&METHODS).rank_counts(&exposed, &drivers(&exposed), &[], FitKind::Mcfadden);
    assert!(matches!(refused, Err(DriverError::OutcomeConstant { .. })), "{refused:?}");
}

fn with_outcome(own: &Observations, outcome: Array1<f64>) -> Observations {
    observations(own.design().values().to_owned(), outcome)
}

#[test]
fn counts_that_vary_too_much_are_said_to_and_tested_by_f() {
    // Each count is nought or a multiple of five: five times the variance of a Poisson count.
    let observations = made(DriverFamily::Count, 19, 200, 2);
    let wide = with_outcome(&observations, observations.outcome().values().mapv(|count| 5.0 * count));
    let (own, wide) = (ranked(DriverFamily::Count, &observations), ranked(DriverFamily::Count, &wide));
    let finding = |ranking: &DriverRanking| {
        ranking.findings.iter().find(|finding| finding.numbers.contains_key("dispersion")).cloned()
    };
    let said = finding(&wide).expect("a finding");
    assert!(said.numbers["dispersion"] > 1.5 && said.sentence.contains("Poisson deviance"), "{said:?}");
    // Times five, everything but the likelihood's constant is five times as much: the shares stay.
    for driver in &own.drivers {
        close("share", row(&wide, &driver.driver).share, driver.share, 1e-9);
    }
}

#[test]
fn levels_told_apart_and_columns_of_zeros_are_refused_by_name() {
    let levels = made(DriverFamily::Ordinal, 14, 60, 2);
    let told = levels.outcome().values().mapv(|level| level * 3.0 + 1.0).insert_axis(Axis(1));
    let with = with_columns(&levels, concatenate![Axis(1), levels.design().values(), told]);
    let refused = analysis(&METHODS).rank_levels(&with, &drivers(&with), &[], FitKind::Mcfadden);
    let Err(DriverError::Fit(FitError::Separated(separation))) = refused else {
        unreachable!("{refused:?}");
    };
    assert_eq!(separation.columns.iter().map(|column| column.term.as_str()).collect::<Vec<_>>(), ["x2"]);
    let counts = made(DriverFamily::Count, 14, 60, 2);
    let counted = counts.outcome().values().iter().enumerate().map(|(row, &n)| if row < 9 { 0.0 } else { n }).collect();
    let marks = Array2::from_shape_fn((60, 1), |(row, _)| f64::from(u8::from(row < 9)));
    let with = observations(concatenate![Axis(1), counts.design().values(), marks], counted);
    let refused = analysis(&METHODS).rank_counts(&with, &drivers(&with), &[], FitKind::Mcfadden);
    let Err(DriverError::Fit(FitError::OnlyZeros(zeros))) = refused else {
        unreachable!("{refused:?}");
    };
    assert_eq!(zeros.columns.iter().map(|column| column.term.as_str()).collect::<Vec<_>>(), ["x2"]);
}

#[test]
fn impossible_questions_are_refused_with_their_reason() {
    for (family, n_max) in [(DriverFamily::Ordinal, N_ORDINAL_DRIVERS_MAX), (DriverFamily::Count, N_COUNT_DRIVERS_MAX)]
    {
        let many = made(family, 15, 200, n_max + 1);
        let rank = |analysis: &DriverAnalysis, observations: &Observations| {
            analysis.rank_by_family(family, observations, &drivers(observations), &[], FitKind::Mcfadden)
        };
        let refused = rank(&DriverAnalysis { n_drivers_max: 20, sampling: None, ..analysis(&METHODS) }, &many);
        assert!(matches!(refused, Err(DriverError::TooMany { n_drivers_max, .. }) if n_drivers_max == n_max));
        let three = made(family, 15, 60, 3);
        for method in Method::ALL.into_iter().filter(|method| !method.divides_any_fit()) {
            let refused = rank(&analysis(&[method]), &three);
            assert!(matches!(refused, Err(DriverError::NotForClasses { method: named }) if named == method));
        }
        let refused = rank(&analysis(&[Method::RelativeWeights]), &three).expect_err("levels and counts");
        assert!(refused.to_string().contains("none for levels or counts"), "{refused}");
        let numeric = Made::of(1, 120, 3).observations();
        let refused = rank(&analysis(&METHODS), &numeric);
        assert!(
            matches!(refused, Err(DriverError::Fit(FitError::TooManyLevels { .. } | FitError::NotCount { .. }))),
            "{refused:?}"
        );
        let constant = with_outcome(&three, Array1::from_elem(60, 3.0));
        assert!(matches!(
            rank(&analysis(&METHODS), &constant),
            Err(DriverError::Fit(FitError::ConstantOutcome { .. }))
        ));
    }
    let two = made(DriverFamily::Ordinal, 16, 60, 2);
    let two = with_outcome(&two, two.outcome().values().mapv(|level| level.min(1.0)));
    let refused = analysis(&METHODS).rank_levels(&two, &drivers(&two), &[], FitKind::Mcfadden);
    assert!(matches!(refused, Err(DriverError::Fit(FitError::TwoLevels { .. }))), "{refused:?}");
}

#[test]
fn intervals_are_the_same_for_any_threads_and_hold_what_they_belong_to() {
    for family in FAMILIES {
        let clusters = Clusters::from_labels((0..150).map(|row| row / 2));
        let observations = made(family, 17, 150, 3).clustered(clusters).expect("a cluster a row");
        let ranked = |n_threads: usize| {
            let analysis = DriverAnalysis { replicates: 60, ..analysis(&METHODS) };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
            pool.install(|| {
                analysis.rank_by_family(family, &observations, &drivers(&observations), &[], FitKind::Mcfadden)
            })
            .expect("a ranking")
        };
        let ranking = ranked(1);
        assert_eq!(ranking, ranked(4));
        for row in &ranking.drivers {
            let interval = row.interval.expect("a bootstrap");
            assert!((interval.conf_low..=interval.conf_high).contains(&row.contribution), "{row:?}");
            assert!((interval.rank_low..=interval.rank_high).contains(&row.rank), "{row:?}");
        }
    }
}
