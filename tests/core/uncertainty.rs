//! How sure shares and ranks of drivers are: noise drivers, the jackknife, who outranks whom.

use crate::inputs::{Made, analysis, classed, close, drivers, normals, observations, row};
use advocate::data::{Clusters, Observations, WeightKind, Weights};
use advocate::drivers::{Driver, DriverAnalysis, DriverRanking, DriverRow, FitKind, Method, NoiseTest};
use advocate::findings::FindingKind;
use ndarray::{Array1, Array2, Axis, concatenate, s};

fn with_noise_drivers(noise_drivers: usize) -> DriverAnalysis {
    DriverAnalysis { noise_drivers, ..analysis(&[Method::Shapley]) }
}

fn ranked(analysis: &DriverAnalysis, observations: &Observations) -> DriverRanking {
    analysis.rank(observations, &drivers(observations), &[]).expect("a ranking")
}

fn noise(ranking: &DriverRanking, driver: &str) -> NoiseTest {
    row(ranking, driver).noise.expect("asked for")
}

#[test]
fn drivers_are_told_from_noise_and_noise_is_not() {
    // The p-values of pure noise are spread evenly: their mean is 0.5, with a standard error of 0.046 over 40 samples.
    let mut p_values = Vec::new();
    for seed in 0..40 {
        let made = Made::of(500 + seed, 120, 2);
        let all = concatenate![Axis(1), made.drivers, normals(900 + seed, 120, 1)];
        let ranking = ranked(&with_noise_drivers(99), &observations(all, made.outcome));
        let real = noise(&ranking, "x0");
        assert!(real.p_value <= 0.02, "{seed}: {real:?}");
        assert!(real.p_value <= real.p_benjamini_hochberg && real.p_benjamini_hochberg <= real.p_holm);
        p_values.push(noise(&ranking, "x2").p_value);
    }
    let mean = p_values.iter().sum::<f64>() / 40.0;
    assert!((mean - 0.5).abs() < 0.2, "{mean}");
    let n_small = p_values.iter().filter(|&&p_value| p_value <= 0.1).count();
    assert!(n_small <= 11, "{n_small} of 40 at 0.1");
}

/// By hand: of 12 drivers the only one that beats all of N noise drivers has a p-value of 1 / (N + 1), and 12 / (N + 1) adjusted, which is
/// no more than 0.05 from N = 239 on.
#[test]
fn a_driver_that_beats_all_noise_is_never_called_noise() {
    let columns = normals(3, 600, 13);
    let outcome = Array1::from_shape_fn(600, |row| 0.8 * columns[[row, 0]] + columns[[row, 12]]);
    let all = observations(columns.slice(s![.., ..12]).to_owned(), outcome);
    let said = |n_drawn: usize| -> Vec<String> {
        let ranking = ranked(&with_noise_drivers(n_drawn), &all);
        let found = noise(&ranking, "x0");
        assert!(found.n_drawn == n_drawn && (found.p_value * (n_drawn + 1) as f64 - 1.0).abs() < 1e-12, "{found:?}");
        ranking.findings.into_iter().map(|finding| finding.sentence).collect()
    };
    for (n_drawn, is_enough) in [(19, false), (199, false), (238, false), (239, true)] {
        let said = said(n_drawn);
        let of_noise =
            said.iter().find(|sentence| sentence.contains("than pure noise might")).expect("eleven are noise");
        assert!(!of_noise.contains("x0,") && of_noise.contains("x1, ") && of_noise.contains("x11"), "{of_noise}");
        let few = said.iter().find(|sentence| sentence.contains("cannot show that one of 12 drivers"));
        assert_eq!(few.is_none(), is_enough, "{n_drawn}: {said:?}");
        if let Some(few) = few {
            assert!(few.contains(&format!("1/{},", n_drawn + 1)) && few.ends_with("ask for 239 or more"), "{few}");
        }
    }
}

#[test]
fn noise_of_whole_customers_is_compared_with_noise_of_whole_customers() {
    // A score that is the same in all answers of a customer, and an outcome that customers differ in.
    let n_small = |clustered: bool| {
        let small = (0..40).filter(|&seed| {
            let per_customer = normals(seed, 30, 2);
            let own = normals(100 + seed, 300, 1);
            let column = Array2::from_shape_fn((300, 1), |(row, _)| per_customer[[row / 10, 0]]);
            let outcome = Array1::from_shape_fn(300, |row| 2.0 * per_customer[[row / 10, 1]] + own[[row, 0]]);
            let mut all = observations(column, outcome);
            if clustered {
                all = all.clustered(Clusters::from_labels((0..300).map(|row| row / 10))).expect("a customer a row");
            }
            noise(&ranked(&with_noise_drivers(99), &all), "x0").p_value <= 0.1
        });
        small.count()
    };
    let (with, without) = (n_small(true), n_small(false));
    assert!(with <= 11, "{with} of 40 at 0.1");
    assert!(without >= 20, "answers of a customer are taken for independent: {without}");
}

#[test]
fn answers_counted_in_a_table_are_as_good_as_answers() {
    let made = Made::of(41, 60, 2);
    let weak = concatenate![Axis(1), made.drivers, normals(43, 60, 1)];
    let frequencies = Array1::from_shape_fn(60, |row| 1.0 + (row % 5) as f64);
    let rows: Vec<usize> = (0..60).flat_map(|row| std::iter::repeat_n(row, 1 + row % 5)).collect();
    let repeated = observations(weak.select(Axis(0), &rows), made.outcome.select(Axis(0), &rows));
    let weights = Weights::new(WeightKind::Frequency, frequencies.to_vec()).expect("whole numbers");
    let weighted = observations(weak, made.outcome).weighted(weights).expect("a weight a row");
    let analysis = DriverAnalysis { jackknife: true, ..with_noise_drivers(999) };
    let (weighted, repeated) = (ranked(&analysis, &weighted), ranked(&analysis, &repeated));
    for own in &weighted.drivers {
        let other = row(&repeated, &own.driver);
        // Normal noise on one side, exchanged rows on the other.
        close(&own.driver, noise(&weighted, &own.driver).p_value, noise(&repeated, &own.driver).p_value, 0.06);
        close("std_error", own.std_error.expect("asked for"), other.std_error.expect("asked for"), 1e-8);
        close("share", own.share_std_error.expect("asked for"), other.share_std_error.expect("asked for"), 1e-8);
    }
}

#[test]
fn drivers_of_several_columns_are_compared_with_noise_of_as_many() {
    let made = Made::of(44, 150, 2);
    let all = observations(concatenate![Axis(1), made.drivers, normals(45, 150, 4)], made.outcome);
    let blocks = [Driver::column("x0", 0), Driver::column("x1", 1), Driver::block("noise", vec![2, 3, 4, 5])];
    let ranking = with_noise_drivers(199).rank(&all, &blocks, &[]).expect("a ranking");
    assert!(noise(&ranking, "noise").p_value > 0.05, "{:?}", noise(&ranking, "noise"));
    assert!(noise(&ranking, "x0").p_value < 0.01);
    let said = ranking.findings.iter().find(|finding| finding.sentence.contains("pure noise")).expect("a finding");
    assert!(said.kind == FindingKind::Unreliable && said.sentence.contains("noise;"), "{}", said.sentence);
}

#[test]
fn a_driver_that_never_varies_is_no_better_than_noise() {
    let made = Made::of(46, 80, 2);
    let all = observations(concatenate![Axis(1), made.drivers, Array2::from_elem((80, 1), 3.0)], made.outcome);
    let ranking = ranked(&with_noise_drivers(49), &all);
    close("p-value", noise(&ranking, "x2").p_value, 1.0, 1e-12);
}

/// Contributions and shares with a little more or less weight on some rows.
fn reweighted(observations: &Observations, method: Method, rows: &[usize], factor: f64) -> Vec<(f64, f64)> {
    let mut weights: Vec<f64> = (0..observations.n_rows()).map(|row| observations.weights().of(row)).collect();
    rows.iter().for_each(|&row| weights[row] *= factor);
    let weights = Weights::new(WeightKind::Precision, weights).expect("weights");
    let other = observations.clone().weighted(weights).expect("a weight a row");
    let ranking = ranked(&analysis(&[method]), &other);
    let by_name = |driver: &Driver| (row(&ranking, &driver.name).contribution, row(&ranking, &driver.name).share);
    drivers(observations).iter().map(by_name).collect()
}

#[test]
fn the_jackknife_is_the_answer_to_a_little_more_weight_on_each_row_or_customer() {
    let made = Made::of(47, 40, 3);
    let plain = made.observations();
    let weights = Weights::new(WeightKind::Sampling, (0..40).map(|row| 1.0 + f64::from(row % 3)).collect());
    let weighted = plain.clone().weighted(weights.expect("weights")).expect("a weight a row");
    let clustered = weighted.clone().clustered(Clusters::from_labels((0..40).map(|row| row / 3))).expect("rows");
    for all in [plain, weighted, clustered] {
        let mut groups: Vec<Vec<usize>> = (0..40).map(|row| vec![row]).collect();
        if let Some(clusters) = all.clusters() {
            let of = |code: u32| (0..40).filter(|&row| clusters.codes()[row] == code).collect();
            groups = (0..clusters.n_clusters() as u32).map(of).collect();
        }
        for method in [Method::Shapley, Method::RelativeWeights, Method::Pratt] {
            let step = 1e-4;
            let mut squares = [(0.0, 0.0); 3];
            for rows in &groups {
                let (more, less) =
                    (reweighted(&all, method, rows, 1.0 + step), reweighted(&all, method, rows, 1.0 - step));
                for ((sums, more), less) in squares.iter_mut().zip(more).zip(less) {
                    sums.0 += ((more.0 - less.0) / (2.0 * step)).powi(2);
                    sums.1 += ((more.1 - less.1) / (2.0 * step)).powi(2);
                }
            }
            let n_groups = groups.len() as f64;
            let ranking = ranked(&DriverAnalysis { jackknife: true, ..analysis(&[method]) }, &all);
            for (place, (contribution, share)) in squares.into_iter().enumerate() {
                let own = row(&ranking, &format!("x{place}"));
                let error = |squares: f64| (n_groups / (n_groups - 1.0) * squares).sqrt();
                close(method.word(), own.std_error.expect("asked for"), error(contribution), 1e-6);
                close(method.word(), own.share_std_error.expect("asked for"), error(share), 1e-6);
            }
        }
    }
}

#[test]
fn the_jackknife_agrees_with_the_spread_of_the_bootstrap() {
    let observations = Made::of(48, 800, 3).observations();
    let ranking =
        ranked(&DriverAnalysis { jackknife: true, replicates: 800, ..analysis(&[Method::Shapley]) }, &observations);
    for row in &ranking.drivers {
        let interval = row.interval.expect("a bootstrap");
        let spread = (interval.conf_high - interval.conf_low) / (2.0 * 1.96);
        let error = row.std_error.expect("asked for");
        assert!((spread / error - 1.0).abs() < 0.15, "{}: {spread} {error}", row.driver);
    }
}

#[test]
fn one_outranks_the_other_or_the_other_way_round() {
    let made = Made::of(49, 300, 2);
    // The last column is x1 again with other noise: the two cannot be told apart.
    let twin = &made.drivers.slice(s![.., 1..2]) + &(normals(50, 300, 1) * 0.05);
    let all = observations(concatenate![Axis(1), made.drivers, twin], made.outcome);
    let ranking = ranked(&DriverAnalysis { replicates: 300, ..analysis(&[Method::Shapley]) }, &all);
    for (one, outranks) in ranking.outranks.iter().enumerate() {
        for (other, share) in outranks.iter().enumerate() {
            close("both ways", share + ranking.outranks[other][one], 1.0, 1e-12);
        }
        close("itself", outranks[one], 0.5, 1e-12);
    }
    assert_eq!(ranking.drivers[0].driver, "x0");
    close("x0 over the others", ranking.outranks[0][2], 1.0, 0.05);
    assert_eq!(ranking.indistinct.len(), 1, "{:?}", ranking.indistinct);
    let mut alike = ranking.indistinct[0].clone();
    alike.sort();
    assert_eq!(alike, ["x1", "x2"]);
    assert!(ranked(&analysis(&[Method::Shapley]), &all).outranks.is_empty());
}

#[test]
fn drivers_of_classes_that_are_sampled_say_what_they_lack() {
    let made = Made::of(51, 200, 2);
    let classes = classed(made.drivers, made.outcome.view(), 0.3);
    let exact = DriverAnalysis { jackknife: true, ..with_noise_drivers(9) };
    let rank = |analysis: &DriverAnalysis| {
        analysis.rank_classes(&classes, &drivers(&classes), &[], FitKind::Mcfadden).expect("a ranking")
    };
    let has_both = |row: &DriverRow| row.noise.is_some() && row.std_error.is_some();
    let not_estimated =
        |ranking: &DriverRanking| ranking.findings.iter().any(|finding| finding.kind == FindingKind::NotEstimated);
    let whole = rank(&exact);
    assert!(whole.drivers.iter().all(has_both) && !not_estimated(&whole));
    let sampled = rank(&DriverAnalysis { n_drivers_max: 1, ..exact });
    assert!(!sampled.drivers.iter().any(has_both) && not_estimated(&sampled));
}

#[test]
fn a_screen_is_the_linear_ranking_and_says_what_it_is() {
    let made = Made::of(52, 200, 3);
    let classes = classed(made.drivers, made.outcome.view(), 0.3);
    let screen = analysis(&[Method::Shapley]).screen(&classes, &drivers(&classes), &[]).expect("a ranking");
    let numeric = observations(classes.design().values().to_owned(), classes.outcome().values().to_owned());
    let linear = ranked(&analysis(&[Method::Shapley]), &numeric);
    assert_eq!(screen.drivers, linear.drivers);
    assert_eq!(screen.findings[0].kind, FindingKind::Screened);
}
