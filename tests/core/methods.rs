//! The methods that look at single subsets and orders, against one regression for each.

use crate::inputs::{
    Made, analysis, classed, close, contribution, drivers, normals, observations, r_squared, row, total,
};
use advocate::data::{DesignMatrix, Observations, Outcome};
use advocate::drivers::{Driver, DriverAnalysis, DriverError, DriverGroup, DriverRanking, FitKind, Method, Sampling};
use advocate::estimators::Ols;
use advocate::findings::FindingKind;
use ndarray::{Array2, Axis, concatenate, s};
use proptest::prelude::*;

/// Rounding allowed between two ways to the same number (absolute, shares of R squared).
const ROUNDING: f64 = 1e-9;

fn few_cases() -> ProptestConfig {
    ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() }
}

fn made() -> impl Strategy<Value = Made> {
    (any::<u64>(), 30_usize..60, 2_usize..=6).prop_map(|(seed, n_rows, n_drivers)| Made::of(seed, n_rows, n_drivers))
}

/// Blocks of columns that enter together: the first two of more than three columns are one driver.
fn blocks(made: &Made, paired: bool) -> Vec<Driver> {
    let n_columns = made.drivers.ncols();
    if !paired || n_columns < 4 {
        return (0..n_columns).map(|column| Driver::column(format!("x{column}"), column)).collect();
    }
    let mut blocks = vec![Driver::block("pair", vec![1, 0])];
    blocks.extend((2..n_columns).map(|column| Driver::column(format!("x{column}"), column)));
    blocks
}

/// R squared of every subset of the drivers by the estimator.
fn values(observations: &Observations, drivers: &[Driver]) -> Vec<f64> {
    (0..1_usize << drivers.len())
        .map(|set| {
            let own = drivers.iter().enumerate().filter(|(driver, _)| set >> driver & 1 == 1);
            r_squared(observations, &own.flat_map(|(_, driver)| driver.columns.clone()).collect::<Vec<_>>())
        })
        .collect()
}

/// All orders of some things.
fn orders(things: &[usize]) -> Vec<Vec<usize>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let first = |place: usize| {
        let rest: Vec<usize> = things.iter().copied().filter(|&thing| thing != things[place]).collect();
        orders(&rest).into_iter().map(move |order| [vec![things[place]], order].concat())
    };
    (0..things.len()).flat_map(first).collect()
}

/// Mean gains over some orders, each counting by its weight.
fn mean_gains(values: &[f64], orders: &[Vec<usize>], weight: impl Fn(&[usize]) -> f64) -> Vec<f64> {
    let mut gains = vec![0.0; values.len().ilog2() as usize];
    let mut sum = 0.0;
    for order in orders {
        let (weight, mut set) = (weight(order), 0);
        for &driver in order {
            gains[driver] += weight * (values[set | 1 << driver] - values[set]);
            set |= 1 << driver;
        }
        sum += weight;
    }
    gains.into_iter().map(|gain| gain / sum).collect()
}

#[track_caller]
fn hold(ranking: &DriverRanking, drivers: &[Driver], method: Method, want: &[f64]) {
    for (driver, want) in drivers.iter().zip(want) {
        close(&format!("{method} of {}", driver.name), contribution(ranking, &driver.name, method), *want, ROUNDING);
    }
}

/// Every other driver is in one of two groups of unequal size, the rest in none.
fn groups(drivers: &[Driver]) -> Vec<DriverGroup> {
    let group = |name: &str, places: &[usize]| DriverGroup {
        name: name.to_owned(),
        drivers: places.iter().filter_map(|&place| drivers.get(place)).map(|driver| driver.name.clone()).collect(),
    };
    [group("odd", &[5, 1, 3]), group("rest", &[4, 0])].into_iter().filter(|group| !group.drivers.is_empty()).collect()
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn pmvd_is_the_mean_over_orders_by_their_weights(made in made(), paired in any::<bool>()) {
        let (observations, drivers) = (made.observations(), blocks(&made, paired));
        let values = values(&observations, &drivers);
        let all: Vec<usize> = (0..drivers.len()).collect();
        let full = values[values.len() - 1];
        let want = mean_gains(&values, &orders(&all), |order| {
            let sets = order[..order.len() - 1].iter().scan(0, |set, driver| { *set |= 1 << driver; Some(*set) });
            sets.map(|set: usize| full / (full - values[set])).product()
        });
        let ranking = analysis(&[Method::Pmvd]).rank(&observations, &drivers, &[]).expect("a ranking");
        hold(&ranking, &drivers, Method::Pmvd, &want);
    }

    #[test]
    fn owen_is_the_mean_over_orders_that_keep_groups_together(made in made(), paired in any::<bool>()) {
        let (observations, drivers) = (made.observations(), blocks(&made, paired));
        let groups = groups(&drivers);
        let group_of = |driver: usize| {
            groups.iter().position(|group| group.drivers.contains(&drivers[driver].name)).unwrap_or(10 + driver)
        };
        let together = |order: &Vec<usize>| {
            let mut runs: Vec<usize> = order.iter().map(|&driver| group_of(driver)).collect();
            runs.dedup();
            let n_runs = runs.len();
            runs.sort_unstable();
            runs.dedup();
            runs.len() == n_runs
        };
        let all: Vec<usize> = (0..drivers.len()).collect();
        let kept: Vec<Vec<usize>> = orders(&all).into_iter().filter(together).collect();
        let want = mean_gains(&values(&observations, &drivers), &kept, |_| 1.0);
        let analysis = DriverAnalysis { groups: groups.clone(), ..analysis(&[Method::Owen]) };
        let ranking = analysis.rank(&observations, &drivers, &[]).expect("a ranking");
        hold(&ranking, &drivers, Method::Owen, &want);
        for group in &ranking.groups {
            let sum: f64 = group.drivers.iter().map(|driver| contribution(&ranking, driver, Method::Owen)).sum();
            close(&group.group, group.contribution, sum, ROUNDING);
        }
    }

    #[test]
    fn complete_dominance_counts_the_models_in_which_a_driver_adds_more(made in made(), paired in any::<bool>()) {
        let (observations, drivers) = (made.observations(), blocks(&made, paired));
        let values = values(&observations, &drivers);
        let ranking = analysis(&[Method::CompleteDominance]).rank(&observations, &drivers, &[]).expect("a ranking");
        for (one, driver) in drivers.iter().enumerate() {
            let own = row(&ranking, &driver.name);
            let shares = own.complete_dominance_share.as_ref().expect("asked for");
            for (other, rival) in drivers.iter().enumerate().filter(|(other, _)| *other != one) {
                let sets: Vec<usize> = (0..values.len()).filter(|set| set >> one & 1 == 0 && set >> other & 1 == 0).collect();
                let n_more = sets.iter().filter(|&&set| values[set | 1 << one] > values[set | 1 << other]).count();
                close(&rival.name, shares[&rival.name], n_more as f64 / sets.len() as f64, 1e-12);
            }
            close("itself", shares[&driver.name], 0.5, 1e-15);
        }
    }

    #[test]
    fn average_coefficients_are_means_over_the_models_of_a_size(made in made()) {
        let observations = made.observations();
        let n_drivers = made.drivers.ncols();
        let ranking = analysis(&[Method::AverageCoefficients]).rank(&observations, &drivers(&observations), &[]);
        let ranking = ranking.expect("a ranking");
        let mut sums = Array2::<f64>::zeros((n_drivers, n_drivers));
        let mut n_models = Array2::<f64>::zeros((n_drivers, n_drivers));
        for set in 1..1_usize << n_drivers {
            let columns: Vec<usize> = (0..n_drivers).filter(|driver| set >> driver & 1 == 1).collect();
            let some = Observations::new(observations.design().select(&columns), observations.outcome().clone());
            let fit = Ols::default().fit(&some.expect("rows that match")).expect("a fit");
            for (coefficient, &column) in fit.coefficients()[1..].iter().zip(&columns) {
                sums[[column, columns.len() - 1]] += coefficient.estimate;
                n_models[[column, columns.len() - 1]] += 1.0;
            }
        }
        for driver in 0..n_drivers {
            let by_size = row(&ranking, &format!("x{driver}")).average_coefficients.as_ref().expect("asked for");
            for size in 0..n_drivers {
                let want = sums[[driver, size]] / n_models[[driver, size]];
                close(&format!("x{driver} at {size}"), by_size[size].expect("a mean"), want, ROUNDING);
            }
        }
    }

    #[test]
    fn what_is_always_in_is_part_of_every_model(made in made()) {
        prop_assume!(made.drivers.ncols() > 2);
        let observations = made.observations();
        let rest: Vec<Driver> = drivers(&observations).split_off(1);
        let methods = [Method::Pmvd, Method::Owen, Method::CompleteDominance, Method::AverageCoefficients];
        let ranking = analysis(&methods).rank(&observations, &rest, &[0]).expect("a ranking");
        let with: Vec<Driver> =
            rest.iter().map(|driver| Driver { columns: vec![0, driver.columns[0]], ..driver.clone() }).collect();
        let values: Vec<f64> = values(&observations, &with).iter().map(|value| (value - r_squared(&observations, &[0])).max(0.0)).collect();
        let all: Vec<usize> = (0..rest.len()).collect();
        hold(&ranking, &rest, Method::Owen, &mean_gains(&values, &orders(&all), |_| 1.0));
        let fit = Ols::default().fit(&observations).expect("a fit");
        for driver in &rest {
            let by_size = row(&ranking, &driver.name).average_coefficients.as_ref().expect("asked for");
            let want = fit.coefficients().iter().find(|row| row.term == driver.name).expect("a term").estimate;
            close(&driver.name, by_size[rest.len() - 1].expect("the full model"), want, ROUNDING);
        }
    }
}

#[test]
fn a_driver_whose_coefficient_is_zero_has_no_pmvd() {
    // x2 is made of x0 and noise that goes with nothing, so that beside x0 it has nothing to add.
    let made = Made::of(31, 200, 2);
    let noise = normals(32, 200, 1);
    let mut extra = &made.drivers.slice(s![.., ..1]) + &noise;
    let beside = concatenate![Axis(1), made.drivers, extra];
    let fit = Ols::default().fit(&observations(beside, made.outcome.clone())).expect("a fit");
    // The outcome without what it has of x2 beside the others.
    let residual = {
        let others = observations(made.drivers.clone(), extra.column(0).to_owned());
        let fitted = Ols::default().fit(&others).expect("a fit");
        let predicted = made.drivers.dot(&ndarray::Array1::from_iter(
            fitted.coefficients()[1..].iter().map(|coefficient| coefficient.estimate),
        ));
        &extra.column(0) - &predicted - fitted.coefficients()[0].estimate
    };
    let outcome = &made.outcome - &(residual * fit.coefficients()[3].estimate);
    extra.mapv_inplace(|value| 1e-8 * value + 7.0);
    let null = observations(concatenate![Axis(1), made.drivers, extra], outcome.clone());
    let methods = [Method::Pmvd, Method::Shapley];
    let ranking = analysis(&methods).rank(&null, &drivers(&null), &[]).expect("a ranking");
    close("x2", contribution(&ranking, "x2", Method::Pmvd), 0.0, 1e-11);
    assert!(contribution(&ranking, "x2", Method::Shapley) > 0.01, "it goes with the outcome through x0");
    let alone = observations(made.drivers.clone(), outcome);
    let own = analysis(&methods).rank(&alone, &drivers(&alone), &[]).expect("a ranking");
    for driver in ["x0", "x1"] {
        close(driver, contribution(&ranking, driver, Method::Pmvd), contribution(&own, driver, Method::Pmvd), 1e-9);
    }
}

#[test]
fn copies_share_their_pmvd_and_leave_models_without_coefficients() {
    let made = Made::of(33, 80, 3);
    let copied = observations(
        concatenate![Axis(1), made.drivers, made.drivers.slice(s![.., ..1]).mapv(|value| 3.0 - 1e8 * value)],
        made.outcome.clone(),
    );
    let methods = [Method::Pmvd, Method::AverageCoefficients, Method::CompleteDominance];
    let ranking = analysis(&methods).rank(&copied, &drivers(&copied), &[]).expect("a ranking");
    let observations = made.observations();
    let own = analysis(&methods).rank(&observations, &drivers(&observations), &[]).expect("a ranking");
    let half = contribution(&own, "x0", Method::Pmvd) / 2.0;
    close("x0", contribution(&ranking, "x0", Method::Pmvd), half, 1e-9);
    close("x3", contribution(&ranking, "x3", Method::Pmvd), half, 1e-9);
    for driver in ["x1", "x2"] {
        close(driver, contribution(&ranking, driver, Method::Pmvd), contribution(&own, driver, Method::Pmvd), 1e-9);
    }
    close("a tie", row(&ranking, "x0").complete_dominance_share.as_ref().expect("asked for")["x3"], 0.5, 1e-15);
    let by_size = row(&ranking, "x0").average_coefficients.as_ref().expect("asked for");
    assert!(by_size[2].is_some() && by_size[3].is_none(), "all four together have no coefficients: {by_size:?}");
}

#[test]
fn without_groups_owen_values_are_shapley_values() {
    let observations = Made::of(34, 60, 5).observations();
    let ranking = analysis(&[Method::Owen, Method::Shapley]).rank(&observations, &drivers(&observations), &[]);
    let ranking = ranking.expect("a ranking");
    for row in &ranking.drivers {
        close(&row.driver, row.methods["owen"], row.methods["shapley"], 1e-13);
    }
    assert_eq!(ranking.groups.len(), 5);
}

#[test]
fn a_group_of_all_drivers_changes_nothing_between_them() {
    let observations = Made::of(35, 60, 5).observations();
    let all = DriverGroup { name: "all".to_owned(), drivers: observations.design().names().to_vec() };
    let analysis = DriverAnalysis { groups: vec![all], replicates: 40, ..analysis(&[Method::Owen, Method::Shapley]) };
    let ranking = analysis.rank(&observations, &drivers(&observations), &[]).expect("a ranking");
    for row in &ranking.drivers {
        close(&row.driver, row.methods["owen"], row.methods["shapley"], 1e-13);
    }
    close("all", ranking.groups[0].contribution, ranking.fit.value, 1e-12);
    let interval = ranking.groups[0].interval.expect("a bootstrap");
    assert!((interval.share_low - 1.0).abs() < 1e-12 && interval.conf_low < ranking.fit.value, "{interval:?}");
}

#[test]
fn classes_have_owen_values_and_complete_dominance() {
    let made = Made::of(36, 300, 4);
    let classes = classed(made.drivers.clone(), made.outcome.view(), 0.3);
    let all = drivers(&classes);
    let mcfadden = |columns: &[usize]| {
        let design: DesignMatrix = classes.design().select(columns);
        let outcome = Outcome::binary("y", classes.outcome().values().to_owned()).expect("classes");
        let some = Observations::new(design, outcome).expect("rows that match");
        if columns.is_empty() {
            return 0.0;
        }
        let fit = advocate::estimators::Logit::default().fit(&some).expect("a fit");
        let summary = fit.summary();
        1.0 - summary.log_likelihood / summary.null_log_likelihood
    };
    let values: Vec<f64> = (0..16_usize)
        .map(|set| mcfadden(&(0..4).filter(|driver| set >> driver & 1 == 1).collect::<Vec<_>>()))
        .collect();
    let kept: Vec<Vec<usize>> = orders(&[0, 1, 2, 3])
        .into_iter()
        .filter(|order| {
            let place = |driver| order.iter().position(|&other| other == driver).expect("a place");
            place(0_usize).abs_diff(place(2)) == 1
        })
        .collect();
    let group = DriverGroup { name: "g".to_owned(), drivers: vec!["x0".to_owned(), "x2".to_owned()] };
    let analysis = DriverAnalysis { groups: vec![group], ..analysis(&[Method::Owen, Method::CompleteDominance]) };
    let ranking = analysis.rank_classes(&classes, &all, &[], FitKind::Mcfadden).expect("a ranking");
    hold(&ranking, &all, Method::Owen, &mean_gains(&values, &kept, |_| 1.0));
    let shares = row(&ranking, "x0").complete_dominance_share.as_ref().expect("asked for");
    let n_more = [0_usize, 4, 8, 12].iter().filter(|&&set| values[set | 1] > values[set | 2]).count();
    close("x0 over x1", shares["x1"], n_more as f64 / 4.0, 1e-12);
    let refused = crate::inputs::analysis(&[Method::Pmvd]).rank_classes(&classes, &all, &[], FitKind::Mcfadden);
    assert!(matches!(refused, Err(DriverError::NotForClasses { method: Method::Pmvd })));
}

#[test]
fn more_drivers_than_can_be_walked_are_sampled_and_said_to_be() {
    let made = Made::of(37, 400, 9);
    let observations = made.observations();
    let exact = analysis(&[Method::Shapley]).rank(&observations, &drivers(&observations), &[]).expect("a ranking");
    let sampling = Some(Sampling { std_error: 0.004, n_orders_max: 100_000 });
    let few =
        DriverAnalysis { n_drivers_max: 8, sampling, ..analysis(&[Method::Shapley, Method::First, Method::Last]) };
    let ranking = few.rank(&observations, &drivers(&observations), &[]).expect("a ranking");
    close("the sum", total(&ranking, Method::Shapley), exact.fit.value, 1e-10);
    for own in &exact.drivers {
        let sampled = row(&ranking, &own.driver);
        let error = sampled.sampling_error.expect("sampled");
        assert!(error <= 0.004 * exact.fit.value * (1.0 + 1e-9), "{error}");
        close(&own.driver, sampled.contribution, own.contribution, 5.0 * error + 1e-12);
    }
    assert!(ranking.sampled.is_some_and(|account| account.share_std_error <= 0.004));
    assert!(ranking.findings.iter().any(|finding| finding.kind == FindingKind::Sampled));
    assert!(exact.sampled.is_none() && exact.drivers.iter().all(|row| row.sampling_error.is_none()));
    let refused = DriverAnalysis { n_drivers_max: 8, ..analysis(&[Method::Pmvd]) };
    let refused = refused.rank(&observations, &drivers(&observations), &[]);
    assert!(matches!(refused, Err(DriverError::TooMany { method: Method::Pmvd, n_drivers_max: 8, .. })), "{refused:?}");
}

#[test]
fn more_drivers_of_a_class_than_can_be_fitted_are_sampled_too() {
    let made = Made::of(38, 300, 5);
    let classes = classed(made.drivers.clone(), made.outcome.view(), 0.3);
    let methods = [Method::Shapley, Method::First, Method::Last, Method::Owen];
    let group = DriverGroup { name: "g".to_owned(), drivers: vec!["x0".to_owned(), "x2".to_owned()] };
    let exact = DriverAnalysis { groups: vec![group], ..analysis(&methods) };
    let rank = |analysis: &DriverAnalysis| {
        analysis.rank_classes(&classes, &drivers(&classes), &[], FitKind::Nagelkerke).expect("a ranking")
    };
    let sampling = Some(Sampling { std_error: 0.01, n_orders_max: 4_000 });
    let few = DriverAnalysis { n_drivers_max: 4, sampling, replicates: 10, ..exact.clone() };
    let (exact, sampled) = (rank(&exact), rank(&few));
    close("the fit", sampled.fit.value, exact.fit.value, 1e-9);
    for own in &exact.drivers {
        let other = row(&sampled, &own.driver);
        close("first", other.methods["first"], own.methods["first"], 1e-8);
        close("last", other.methods["last"], own.methods["last"], 1e-8);
        let error = 5.0 * other.sampling_error.expect("sampled");
        close("shapley", other.methods["shapley"], own.methods["shapley"], error);
        close("owen", other.methods["owen"], own.methods["owen"], 2.0 * error);
    }
    assert_eq!(sampled.n_replicates, 0);
    assert!(sampled.findings.iter().any(|finding| finding.kind == FindingKind::NotEstimated));
}

#[test]
fn thirty_five_drivers_in_groups_are_exact_by_owen() {
    let observations = Made::of(39, 300, 35).observations();
    let names = observations.design().names();
    let groups: Vec<DriverGroup> = names
        .chunks(7)
        .enumerate()
        .map(|(place, drivers)| DriverGroup { name: format!("g{place}"), drivers: drivers.to_vec() })
        .collect();
    let analysis = DriverAnalysis { groups, ..analysis(&[Method::Owen]) };
    let ranking = analysis.rank(&observations, &drivers(&observations), &[]).expect("a ranking");
    assert!(ranking.sampled.is_none());
    close("the sum", total(&ranking, Method::Owen), ranking.fit.value, 1e-10);
    close("groups", ranking.groups.iter().map(|group| group.contribution).sum(), ranking.fit.value, 1e-10);
}

#[test]
fn sampled_orders_are_the_same_for_any_threads() {
    let observations = Made::of(40, 100, 6).observations();
    let few = DriverAnalysis { n_drivers_max: 5, replicates: 20, ..analysis(&[Method::Shapley]) };
    let with_threads = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        let ranking = pool.install(|| few.rank(&observations, &drivers(&observations), &[])).expect("a ranking");
        let bits = |row: &advocate::drivers::DriverRow| {
            (row.contribution.to_bits(), row.interval.map(|interval| interval.conf_low.to_bits()))
        };
        ranking.drivers.iter().map(bits).collect::<Vec<_>>()
    };
    assert_eq!(with_threads(1), with_threads(4));
}
