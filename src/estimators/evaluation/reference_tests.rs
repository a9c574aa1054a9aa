//! Figures and calibrations against scikit-learn, scipy, statsmodels and plain formulas. The expected values were written by
//! `tests/oracles/evaluation_reference.py`.

use super::*;
use crate::data::{Clusters, WeightKind, Weights};
use crate::estimators::calibration::{Isotonic, Sigmoid, SigmoidScale};
use crate::estimators::formula_data::wave;
use crate::stats::Confidence;
use ndarray::Array2;

const N_ROWS: usize = 400;
/// Closed forms agree to this, and what another program iterated to the others (absolute).
const CLOSED: f64 = 1e-12;
const ITERATIVE: f64 = 1e-9;
const LOOSE: f64 = 2e-5;

fn expected(what: &str) -> Vec<f64> {
    let text = include_str!("../../../tests/oracles/evaluation_reference.txt");
    let line = text.lines().find(|line| line.split(' ').next() == Some(what)).expect("an expected value");
    line.split(' ').skip(1).map(|word| word.parse().expect("a number")).collect()
}

fn hold(what: &str, got: &[f64], absolute: f64) {
    let want = expected(what);
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(&want) {
        assert!((got - want).abs() <= absolute, "{what}: {got} is not {want}");
    }
}

/// The data of the script.
struct Data {
    p: Vec<f64>,
    q: Vec<f64>,
    y: Vec<f64>,
    number: Vec<f64>,
    count: Vec<f64>,
    weights: Vec<f64>,
    groups: Vec<usize>,
}

fn data() -> Data {
    let w = |row, column| wave(row, column) + 0.5;
    let rounded = |value: f64, unit: f64| (value * unit).round_ties_even() / unit;
    let each = |of: &dyn Fn(usize) -> f64| (0..N_ROWS).map(of).collect::<Vec<f64>>();
    let p = each(&|row| rounded(0.05 + 0.9 * w(row, 0), 100.0));
    let q = each(&|row| rounded(0.4 * p[row] + 0.5 * w(row, 3) + 0.05, 1000.0));
    let y = each(&|row| f64::from(u8::from(w(row, 1) < 0.2 + 0.6 * p[row])));
    let number = each(&|row| 5.0 * p[row] + w(row, 4));
    let count = each(&|row| (6.0 * p[row] * w(row, 4)).floor());
    let weights = each(&|row| (1.0 + 3.0 * w(row, 2)).floor() * 0.5);
    Data { p, q, y, number, count, weights, groups: (0..N_ROWS).map(|row| row * 7 % 150).collect() }
}

impl Data {
    fn classes(&self) -> Vec<bool> {
        self.y.iter().map(|&class| class > 0.5).collect()
    }

    fn clusters(&self) -> Clusters {
        Clusters::from_labels(&self.groups)
    }
}

fn times(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| factor * value).collect()
}

#[test]
fn figures_agree_with_scikit_learn_and_scipy() {
    let data = data();
    let weights = || Weights::new(WeightKind::Precision, data.weights.clone()).expect("valid");
    for (name, weights) in [("plain", Weights::none()), ("weighted", weights())] {
        let of = |rows: Result<TestRows, EvaluationError>| rows.and_then(|rows| rows.weighted(weights.clone()));
        let class = of(TestRows::classes(&data.y)).expect("valid");
        for metric in [Metric::RocAuc, Metric::AveragePrecision, Metric::LogLoss, Metric::Brier] {
            let got = class.metric(metric, &data.p).expect("judged");
            hold(&format!("{}:{name}", metric.word()), &[got], CLOSED);
        }
        let number = of(TestRows::numbers(&data.number)).expect("valid");
        for metric in [Metric::Rmse, Metric::Mae, Metric::RSquared] {
            let got = number.metric(metric, &times(&data.q, 5.0)).expect("judged");
            hold(&format!("{}:{name}", metric.word()), &[got], CLOSED);
        }
        let count = of(TestRows::numbers(&data.count)).expect("valid");
        let got = count.metric(Metric::PoissonDeviance, &times(&data.p, 3.0)).expect("judged");
        hold(&format!("poisson_deviance:{name}"), &[got], CLOSED);
    }
    hold("kolmogorov_smirnov:plain", &[kolmogorov_smirnov(&data.classes(), &data.p).expect("judged")], CLOSED);
    let ranks = rank_correlation(&data.number, &times(&data.q, 5.0)).expect("judged");
    hold("spearman:plain", &[ranks], CLOSED);
}

#[test]
fn levels_agree_with_scikit_learn() {
    let data = data();
    let raw = Array2::from_shape_fn((N_ROWS, 4), |(row, level)| match level {
        0 => data.p[row],
        1 => data.q[row],
        2 => wave(row, 4) + 0.5 + 0.1,
        _ => wave(row, 2) + 0.5 + 0.2,
    });
    let sums = raw.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
    let probabilities = raw / sums;
    let levels: Vec<usize> = (0..N_ROWS).map(|row| (4.0 * (wave(row, 1) + 0.5)) as usize).collect();
    hold("level_log_loss", &[level_log_loss(&levels, probabilities.view()).expect("judged")], CLOSED);
    let score = ranked_probability_score(&levels, probabilities.view()).expect("judged");
    hold("ranked_probability_score", &[score], CLOSED);
}

#[test]
fn areas_agree_with_delong_over_all_pairs() {
    let (data, confidence) = (data(), Confidence::default());
    let auc = roc_auc_with_error(&data.classes(), &data.p, None).expect("both classes");
    let plain = auc.interval(confidence, AucScale::Plain);
    let got = [auc.value, auc.std_error.expect("many rows"), plain.conf_low, plain.conf_high];
    hold("delong", &got, CLOSED);
    let logit = auc.interval(confidence, AucScale::Logit);
    hold("delong_logit", &[logit.conf_low, logit.conf_high], CLOSED);
    let test = compare_roc_auc(&data.classes(), &data.p, &data.q, None, confidence).expect("both classes");
    hold("delong_paired", &[test.difference, test.std_error, test.statistic, test.p_value], CLOSED);
}

#[test]
fn areas_of_customers_agree_with_obuchowski() {
    let (data, clusters) = (data(), data().clusters());
    let auc = roc_auc_with_error(&data.classes(), &data.p, Some(&clusters)).expect("both classes");
    let test = compare_roc_auc(&data.classes(), &data.p, &data.q, Some(&clusters), Confidence::default());
    let got = [auc.std_error.expect("many customers"), test.expect("both classes").std_error];
    hold("obuchowski", &got, CLOSED);
}

#[test]
fn certain_areas_have_newcombes_interval() {
    let outcomes: Vec<bool> = (0..42).map(|row| row < 12).collect();
    let ends = |sign: f64| {
        let scores: Vec<f64> = (0..42).map(|row| -sign * f64::from(row)).collect();
        let auc = roc_auc_with_error(&outcomes, &scores, None).expect("both classes");
        auc.interval(Confidence::default(), AucScale::default())
    };
    hold("newcombe", &[ends(1.0).conf_low, ends(-1.0).conf_high], 1e-10);
}

#[test]
fn recalibration_agrees_with_statsmodels() {
    let data = data();
    let fit = recalibration(&data.classes(), &data.p, None, Confidence::default()).expect("judged");
    let intercept = [fit.intercept.estimate, fit.intercept.std_error];
    let got = [&intercept[..], &[fit.slope.estimate, fit.slope.std_error, fit.intercept_beside_slope]].concat();
    hold("recalibration", &got, ITERATIVE);
    let clusters = data.clusters();
    let clustered = recalibration(&data.classes(), &data.p, Some(&clusters), Confidence::default()).expect("judged");
    hold("recalibration_clustered", &[clustered.intercept.std_error, clustered.slope.std_error], ITERATIVE);
    let rows = TestRows::classes(&data.y).expect("valid");
    let metric = |metric| rows.metric(metric, &data.p).expect("judged");
    assert!((metric(Metric::CalibrationIntercept) - fit.intercept.estimate).abs() < ITERATIVE);
    assert!((metric(Metric::CalibrationSlope) - fit.slope.estimate).abs() < 1e-7);
}

#[test]
fn the_uniform_curve_agrees_with_scikit_learn() {
    let data = data();
    let binning = Binning::EqualWidth { n_bins: 7 };
    let curve = calibration_curve(&data.classes(), &data.p, binning, Confidence::default()).expect("judged");
    let each = |pick: fn(&CalibrationBin) -> f64| curve.iter().map(pick).collect::<Vec<f64>>();
    hold("curve_uniform_observed", &each(|bin| bin.observed), CLOSED);
    hold("curve_uniform_predicted", &each(|bin| bin.mean_prediction), CLOSED);
}

#[test]
fn calibrations_agree_with_scikit_learn() {
    let data = data();
    let fitted = |values: &[f64]| values.iter().copied().step_by(3).collect::<Vec<f64>>();
    let rest = (0..N_ROWS).filter(|row| row % 3 != 0).map(|row| data.p[row]).take(40);
    let at: Vec<f64> = rest.chain([0.0, 1.0, 0.123, 0.555]).collect();
    let (p, y, weights) = (fitted(&data.p), fitted(&data.y), fitted(&data.weights));
    let classes: Vec<bool> = y.iter().map(|&class| class > 0.5).collect();
    for (name, weights) in [("plain", None), ("weighted", Some(weights.as_slice()))] {
        let isotonic = Isotonic::fit(&p, &y, weights).expect("rows");
        let got: Vec<f64> = at.iter().map(|&score| isotonic.apply(score)).collect();
        hold(&format!("isotonic:{name}"), &got, CLOSED);
        let sigmoid = Sigmoid::fit(SigmoidScale::Score, &p, &classes, weights).expect("both classes");
        hold(&format!("sigmoid:{name}"), &[sigmoid.intercept, sigmoid.slope], ITERATIVE);
        let got: Vec<f64> = at.iter().map(|&score| sigmoid.apply(score)).collect();
        hold(&format!("sigmoid_sklearn:{name}"), &got, LOOSE);
    }
}
