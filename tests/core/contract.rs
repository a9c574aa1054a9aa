//! What must hold of every method that divides R squared, whatever the data.

use crate::inputs::{
    Made, analysis, close, contribution, drivers, normals, observations, r_squared, ranked, row,
    rows_with_correlations, scalar_methods, total,
};
use advocate::data::{Clusters, Observations, WeightKind, Weights};
use advocate::drivers::{Driver, DriverAnalysis, DriverError, DriverRanking, Method};
use advocate::estimators::{FitError, Ols};
use advocate::findings::{Finding, FindingKind};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};
use proptest::prelude::*;

/// Methods whose contributions add up to R squared.
const ADDING_UP: [Method; 6] =
    [Method::Shapley, Method::RelativeWeights, Method::Car, Method::Pratt, Method::Owen, Method::Pmvd];

/// Rounding allowed between two ways to the same contribution (absolute, shares of R squared).
const ROUNDING: f64 = 1e-10;

fn few_cases() -> ProptestConfig {
    ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() }
}

fn made() -> impl Strategy<Value = Made> {
    (any::<u64>(), 20_usize..60, 2_usize..=6).prop_map(|(seed, n_rows, n_drivers)| Made::of(seed, n_rows, n_drivers))
}

/// The same driver has the same contributions in both, by every method, after renaming.
#[track_caller]
fn assert_same(left: &DriverRanking, right: &DriverRanking, rename: impl Fn(&str) -> String) {
    for own in &left.drivers {
        let other = row(right, &rename(&own.driver));
        assert_eq!(own.methods.len(), other.methods.len());
        for (method, value) in &own.methods {
            close(&format!("{method} of {}", own.driver), other.methods[method], *value, ROUNDING);
        }
        close(&format!("share of {}", own.driver), other.share, own.share, 1e-8);
    }
}

fn kinds(findings: &[Finding]) -> Vec<(FindingKind, &str)> {
    findings.iter().map(|finding| (finding.kind, finding.about.as_str())).collect()
}

/// Every number of a ranking as bits.
fn bits(ranking: &DriverRanking) -> Vec<u64> {
    let mut numbers = vec![ranking.fit.value, ranking.decomposed, ranking.p_value];
    for row in &ranking.drivers {
        numbers.extend([row.contribution, row.share, row.rank as f64]);
        numbers.extend(row.coefficient.iter().chain(&row.correlation));
        numbers.extend(row.methods.values());
        numbers.extend(row.conditional_dominance.iter().flatten());
        if let Some(interval) = row.interval {
            numbers.extend([interval.conf_low, interval.conf_high, interval.share_low, interval.share_high]);
            numbers.extend([interval.rank_low as f64, interval.rank_high as f64, interval.p_rank_1]);
        }
    }
    numbers.into_iter().map(f64::to_bits).collect()
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn contributions_add_up_to_r_squared(made in made()) {
        let observations = made.observations();
        let ranking = ranked(&observations);
        let all: Vec<usize> = (0..made.drivers.ncols()).collect();
        close("the fit", ranking.fit.value, r_squared(&observations, &all), ROUNDING);
        for method in ADDING_UP {
            close(method.word(), total(&ranking, method), ranking.fit.value, ROUNDING);
        }
        close("shares", ranking.drivers.iter().map(|row| row.share).sum(), 1.0, ROUNDING);
    }

    #[test]
    fn the_order_of_drivers_and_of_rows_changes_nothing(made in made(), seed in any::<u64>()) {
        let shuffle = normals(seed, made.drivers.ncols(), 1);
        let mut order: Vec<usize> = (0..made.drivers.ncols()).collect();
        order.sort_by(|&left, &right| shuffle[[left, 0]].total_cmp(&shuffle[[right, 0]]));
        let rows: Vec<usize> = (0..made.outcome.len()).rev().collect();
        let turned = observations(
            made.drivers.select(Axis(1), &order).select(Axis(0), &rows),
            made.outcome.select(Axis(0), &rows),
        );
        let place = |name: &str| {
            let column: usize = name[1..].parse().expect("a number");
            format!("x{}", order.iter().position(|&other| other == column).expect("a place"))
        };
        assert_same(&ranked(&made.observations()), &ranked(&turned), place);
    }

    #[test]
    fn units_and_zero_points_change_nothing(made in made(), up in any::<bool>()) {
        let factor = if up { 1e8 } else { 1e-8 };
        let mut other = made.drivers.clone();
        for (place, mut column) in other.columns_mut().into_iter().enumerate() {
            // Every other column is turned round as well, as when 1 is best instead of worst.
            let factor = if place % 2 == 0 { factor } else { -1.0 / factor };
            column.mapv_inplace(|value| factor * (value + 300.0));
        }
        let changed = observations(other, made.outcome.mapv(|value| factor * (value - 1000.0)));
        let (own, changed) = (ranked(&made.observations()), ranked(&changed));
        assert_same(&own, &changed, str::to_owned);
        for row in &own.drivers {
            let turned = row.driver[1..].parse::<usize>().expect("a number") % 2 == 1;
            let sign = crate::inputs::row(&changed, &row.driver).sign;
            prop_assert_eq!(sign, row.sign.map(|sign| if turned { -sign } else { sign }));
        }
    }

    #[test]
    fn the_shapley_value_is_the_mean_gain_over_all_orders(made in made()) {
        let observations = made.observations();
        let n_drivers = made.drivers.ncols();
        let values: Vec<f64> = (0..1_usize << n_drivers)
            .map(|set| {
                let columns: Vec<usize> = (0..n_drivers).filter(|driver| set >> driver & 1 == 1).collect();
                r_squared(&observations, &columns)
            })
            .collect();
        let mut gains = vec![0.0; n_drivers];
        let n_orders = add_gains(&values, 0, &mut gains);
        let ranking = ranked(&observations);
        for (driver, gain) in gains.iter().enumerate() {
            let name = format!("x{driver}");
            close(&name, contribution(&ranking, &name, Method::Shapley), gain / n_orders, ROUNDING);
            let all = values.len() - 1;
            close("first", contribution(&ranking, &name, Method::First), values[1 << driver], ROUNDING);
            close("last", contribution(&ranking, &name, Method::Last), values[all] - values[all & !(1 << driver)], ROUNDING);
        }
    }

    #[test]
    fn conditional_dominance_averages_to_the_shapley_value(made in made()) {
        let observations = made.observations();
        let methods = [Method::Shapley, Method::First, Method::Last, Method::ConditionalDominance];
        let ranking = analysis(&methods).rank(&observations, &drivers(&observations), &[]).expect("a ranking");
        for row in &ranking.drivers {
            let table = row.conditional_dominance.as_ref().expect("asked for");
            close("mean", table.iter().sum::<f64>() / table.len() as f64, row.methods["shapley"], ROUNDING);
            close("alone", table[0], row.methods["first"], ROUNDING);
            close("after all others", table[table.len() - 1], row.methods["last"], ROUNDING);
        }
    }

    #[test]
    fn a_copy_splits_what_the_driver_gets(made in made()) {
        let copied = concatenate![Axis(1), made.drivers, made.drivers.slice(s![.., ..1])];
        let copy = format!("x{}", made.drivers.ncols());
        let (own, ranking) = (ranked(&made.observations()), ranked(&observations(copied, made.outcome.clone())));
        for method in [Method::Shapley, Method::RelativeWeights, Method::Car, Method::First, Method::Last] {
            let (left, right) = (contribution(&ranking, "x0", method), contribution(&ranking, &copy, method));
            close(method.word(), left, right, 1e-9);
        }
        close("R squared", ranking.fit.value, own.fit.value, ROUNDING);
        close("their sum", total(&ranking, Method::Shapley), own.fit.value, ROUNDING);
        close("nothing beyond its copy", contribution(&ranking, &copy, Method::Last), 0.0, ROUNDING);
        prop_assert!(kinds(&ranking.findings).contains(&(FindingKind::Aliased, copy.as_str())));
    }

    #[test]
    fn a_frequency_is_the_row_so_many_times(made in made(), seed in any::<u64>()) {
        let frequencies = normals(seed, made.outcome.len(), 1).column(0).mapv(|value| (2.0 * value.abs()).floor() + 1.0);
        let rows: Vec<usize> =
            frequencies.iter().enumerate().flat_map(|(row, &times)| std::iter::repeat_n(row, times as usize)).collect();
        let repeated = observations(made.drivers.select(Axis(0), &rows), made.outcome.select(Axis(0), &rows));
        let weights = Weights::new(WeightKind::Frequency, frequencies.to_vec()).expect("whole numbers");
        let weighted = made.observations().weighted(weights).expect("a weight a row");
        let (weighted, repeated) = (ranked(&weighted), ranked(&repeated));
        assert_same(&weighted, &repeated, str::to_owned);
        close("p-value", weighted.p_value, repeated.p_value, 1e-9);
        prop_assert_eq!(kinds(&weighted.findings), kinds(&repeated.findings));
    }

    #[test]
    fn only_the_proportions_of_weights_count(made in made(), seed in any::<u64>()) {
        let weights = normals(seed, made.outcome.len(), 1).column(0).mapv(|value| value.abs() + 0.1);
        let with = |factor: f64| {
            let weights = weights.iter().map(|weight| factor * weight).collect();
            let weights = Weights::new(WeightKind::Sampling, weights).expect("weights");
            ranked(&made.observations().weighted(weights).expect("a weight a row"))
        };
        assert_same(&with(1.0), &with(1e6), str::to_owned);
        close("p-value", with(1.0).p_value, with(1e-6).p_value, 1e-9);
    }

    #[test]
    fn columns_of_one_driver_count_together(made in made()) {
        let observations = made.observations();
        let n_drivers = made.drivers.ncols();
        let pair = Driver::block("pair", vec![0, n_drivers - 1]);
        let mut blocks = vec![pair];
        blocks.extend((1..n_drivers - 1).map(|column| Driver::column(format!("x{column}"), column)));
        let methods = [Method::Shapley, Method::First, Method::Last];
        let ranking = analysis(&methods).rank(&observations, &blocks, &[]).expect("a ranking");
        let all: Vec<usize> = (0..n_drivers).collect();
        close("sum", total(&ranking, Method::Shapley), r_squared(&observations, &all), ROUNDING);
        let alone = r_squared(&observations, &[0, n_drivers - 1]);
        close("alone", contribution(&ranking, "pair", Method::First), alone, ROUNDING);
        let others = r_squared(&observations, &all[1..n_drivers - 1]);
        close("lost", contribution(&ranking, "pair", Method::Last), ranking.fit.value - others, ROUNDING);
    }

    #[test]
    fn what_is_always_in_is_taken_off_first(made in made()) {
        let observations = made.observations();
        let rest: Vec<Driver> = drivers(&observations).split_off(1);
        let ranking = analysis(&scalar_methods()).rank(&observations, &rest, &[0]).expect("a ranking");
        let all: Vec<usize> = (0..made.drivers.ncols()).collect();
        let gain = r_squared(&observations, &all) - r_squared(&observations, &[0]);
        close("decomposed", ranking.decomposed, gain, ROUNDING);
        for method in ADDING_UP {
            close(method.word(), total(&ranking, method), gain, ROUNDING);
        }
    }
}

/// Walks every order of the drivers outside `set`, adding what each gains where it enters; the number of orders.
fn add_gains(values: &[f64], set: usize, gains: &mut [f64]) -> f64 {
    let outside: Vec<usize> = (0..gains.len()).filter(|driver| set >> driver & 1 == 0).collect();
    let mut n_orders = 0.0;
    for &driver in &outside {
        let with = set | 1 << driver;
        let n_after = add_gains(values, with, gains);
        gains[driver] += n_after * (values[with] - values[set]);
        n_orders += n_after;
    }
    if outside.is_empty() { 1.0 } else { n_orders }
}

#[test]
fn exchangeable_drivers_get_equal_parts() {
    // x0 and x1 go alike with each other driver and with the outcome.
    let correlations = array![
        [1.0, 0.4, 0.3, 0.1, 0.5],
        [0.4, 1.0, 0.3, 0.1, 0.5],
        [0.3, 0.3, 1.0, 0.2, 0.4],
        [0.1, 0.1, 0.2, 1.0, -0.2],
        [0.5, 0.5, 0.4, -0.2, 1.0]
    ];
    let rows = rows_with_correlations(&correlations);
    let ranking = ranked(&observations(rows.slice(s![.., ..4]).to_owned(), rows.column(4).to_owned()));
    for method in scalar_methods() {
        let parts = ["x0", "x1", "x2"].map(|driver| contribution(&ranking, driver, method));
        close(method.word(), parts[0], parts[1], 1e-13);
        assert!((parts[0] - parts[2]).abs() > 1e-3, "{method}: x2 is another driver");
    }
    assert_eq!(row(&ranking, "x0").rank, row(&ranking, "x1").rank);
}

#[test]
fn a_driver_that_never_varies_gets_nothing_and_a_finding() {
    for constant in [0.0, 0.1, -7.0, 1e9] {
        let made = Made::of(3, 50, 3);
        let column = Array2::from_elem((50, 1), constant);
        let with = observations(concatenate![Axis(1), column, made.drivers], made.outcome.clone());
        let ranking = ranked(&with);
        for method in scalar_methods() {
            close(method.word(), contribution(&ranking, "x0", method), 0.0, 1e-15);
        }
        let plain = ranked(&made.observations());
        close("R squared", ranking.fit.value, plain.fit.value, ROUNDING);
        let others = |name: &str| format!("x{}", name[1..].parse::<usize>().expect("a number") + 1);
        assert_same(&plain, &ranking, others);
        assert!(kinds(&ranking.findings).contains(&(FindingKind::Constant, "x0")));
        assert_eq!((row(&ranking, "x0").rank, row(&ranking, "x0").sign), (4, Some(0)));
    }
}

#[test]
fn pure_noise_gets_what_chance_gives() {
    // Alone, noise explains 1 / (n - 1) of the variation on average. Forty samples of 200 rows.
    let (n_rows, n_samples) = (200, 40);
    let mut sums = vec![0.0; scalar_methods().len()];
    for seed in 0..n_samples {
        let made = Made::of(100 + seed, n_rows, 3);
        let noise = normals(900 + seed, n_rows, 1);
        let ranking = ranked(&observations(concatenate![Axis(1), made.drivers, noise], made.outcome));
        for (sum, method) in sums.iter_mut().zip(scalar_methods()) {
            *sum += contribution(&ranking, "x3", method) / n_samples as f64;
        }
        assert_ne!(row(&ranking, "x3").rank, 1, "seed {seed}");
    }
    for (mean, method) in sums.iter().zip(scalar_methods()) {
        // Chi-squared means over 40 samples: standard error 0.22 / n, six of them allowed.
        assert!(mean.abs() * n_rows as f64 <= 2.4, "{method}: {}", mean * n_rows as f64);
    }
}

/// The bootstrap of every kind of draw: rows, rows with weights, frequencies, clusters.
fn resampled() -> Vec<Observations> {
    let made = Made::of(11, 80, 4);
    let weights = |kind| Weights::new(kind, (0..80).map(|row| f64::from(row % 4)).collect()).expect("weights");
    vec![
        made.observations(),
        made.observations().weighted(weights(WeightKind::Sampling)).expect("a weight a row"),
        made.observations().weighted(weights(WeightKind::Frequency)).expect("a weight a row"),
        made.observations().clustered(Clusters::from_labels((0..80).map(|row| row / 2))).expect("a cluster a row"),
    ]
}

fn bootstrap(seed: u64) -> DriverAnalysis {
    let methods = [Method::Shapley, Method::RelativeWeights, Method::ConditionalDominance];
    DriverAnalysis { replicates: 60, seed, ..analysis(&methods) }
}

#[test]
fn one_and_four_threads_give_the_same_bytes() {
    let with_threads = |n_threads: usize, observations: &Observations| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        pool.install(|| bits(&bootstrap(1).rank(observations, &drivers(observations), &[]).expect("a ranking")))
    };
    for observations in resampled() {
        assert_eq!(with_threads(1, &observations), with_threads(4, &observations));
    }
    // More rows than one block of the moments and more drivers than one task of the walk.
    let many = Made::of(12, 5000, 9).observations();
    assert_eq!(with_threads(1, &many), with_threads(4, &many));
}

#[test]
fn the_seed_decides_the_intervals_and_nothing_else() {
    for observations in resampled() {
        let of = |seed| bootstrap(seed).rank(&observations, &drivers(&observations), &[]).expect("a ranking");
        let (one, again, other) = (of(1), of(1), of(2));
        assert_eq!(bits(&one), bits(&again));
        for row in &one.drivers {
            let other = crate::inputs::row(&other, &row.driver);
            assert_eq!(row.contribution.to_bits(), other.contribution.to_bits());
            let (own, other) = (row.interval.expect("a bootstrap"), other.interval.expect("a bootstrap"));
            assert_ne!(own.conf_low.to_bits(), other.conf_low.to_bits());
            assert!(own.conf_low <= own.conf_high && own.share_low <= own.share_high && own.rank_low <= own.rank_high);
            assert!((0.0..=1.0).contains(&own.p_rank_1));
        }
    }
}

#[test]
fn without_replicates_there_is_no_interval() {
    let ranking = ranked(&Made::of(1, 40, 3).observations());
    assert_eq!(ranking.n_replicates, 0);
    assert!(ranking.drivers.iter().all(|row| row.interval.is_none()));
}

#[test]
fn weighted_fits_agree_with_the_estimator() {
    let made = Made::of(21, 60, 4);
    for kind in [WeightKind::Sampling, WeightKind::Precision, WeightKind::Frequency] {
        let weights = Weights::new(kind, (0..60).map(|row| f64::from(row % 5)).collect()).expect("weights");
        let weighted = made.observations().weighted(weights).expect("a weight a row");
        close("R squared", ranked(&weighted).fit.value, r_squared(&weighted, &[0, 1, 2, 3]), ROUNDING);
    }
}

#[test]
fn standardised_coefficients_and_the_f_test_are_those_of_the_fit() {
    let made = Made::of(22, 60, 4);
    let observations = made.observations();
    let ranking = ranked(&observations);
    let fit = Ols::default().fit(&observations).expect("a fit");
    let spread = made.outcome.std(0.0);
    for coefficient in &fit.coefficients()[1..] {
        let column: usize = coefficient.term[1..].parse().expect("a number");
        let want = coefficient.estimate * made.drivers.column(column).std(0.0) / spread;
        close(&coefficient.term, row(&ranking, &coefficient.term).coefficient.expect("one column"), want, ROUNDING);
    }
    let statistic = ranking.fit.value / 4.0 / ((1.0 - ranking.fit.value) / 55.0);
    close("p-value", ranking.p_value, advocate::stats::distributions::f_upper(statistic, 4.0, 55.0), 1e-12);
}

#[test]
fn impossible_questions_are_refused_with_their_reason() {
    let observations_of = |n_rows: usize, n_drivers: usize| Made::of(1, n_rows, n_drivers).observations();
    let exact = DriverAnalysis { sampling: None, ..analysis(&[Method::Shapley]) };
    let rank = |observations: &Observations| exact.rank(observations, &drivers(observations), &[]);
    let none = analysis(&[Method::Shapley]).rank(&observations_of(9, 2), &[], &[]);
    assert!(matches!(none, Err(DriverError::NoDriver)));
    assert!(matches!(rank(&observations_of(6, 5)), Err(DriverError::TooFewRows { n_used: 6, n_columns: 5 })));
    assert!(matches!(
        rank(&observations_of(40, 29)),
        Err(DriverError::TooMany { n_drivers: 29, n_drivers_max: 28, .. })
    ));
    let constant = observations(normals(1, 20, 2), Array1::from_elem(20, 0.1));
    assert!(matches!(rank(&constant), Err(DriverError::OutcomeConstant { outcome }) if outcome == "y"));
    let wide = observations_of(20, 3);
    let block = [Driver::block("block", vec![0, 1])];
    for method in Method::ALL.into_iter().filter(|method| !method.takes_blocks()) {
        let refused = analysis(&[method]).rank(&wide, &block, &[]);
        assert!(matches!(refused, Err(DriverError::SeveralColumns { method: named, .. }) if named == method));
    }
}

#[test]
fn many_drivers_are_weighed_by_the_methods_that_walk_no_subsets() {
    let made = Made::of(1, 200, 60);
    let observations = made.observations();
    let ranking = analysis(&[Method::RelativeWeights]).rank(&observations, &drivers(&observations), &[]);
    let all: Vec<usize> = (0..60).collect();
    close(
        "sum",
        total(&ranking.expect("a ranking"), Method::RelativeWeights),
        r_squared(&observations, &all),
        ROUNDING,
    );
}

#[test]
fn too_few_rows_for_the_estimator_are_too_few_here() {
    // p + 2 rows leave one degree of freedom, p + 1 none.
    for n_drivers in 1..5 {
        let enough = Made::of(5, n_drivers + 2, n_drivers).observations();
        assert!(Ols::default().fit(&enough).is_ok() && ranked(&enough).fit.value <= 1.0);
        let few = Made::of(5, n_drivers + 1, n_drivers).observations();
        assert!(matches!(Ols::default().fit(&few), Err(FitError::TooFewRows { .. })));
        let refused = analysis(&[Method::Shapley]).rank(&few, &drivers(&few), &[]);
        assert!(matches!(refused, Err(DriverError::TooFewRows { .. })));
    }
}
