//! Weights against R's survey package, the reference numbers, the airport survey, and margins that cannot be held.

use super::*;
use crate::data::Clusters;
use crate::findings::FindingKind;
use crate::measures::reference::{near, nps_oracles, number, numbers, shared};
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings, Resampling, ResponseClass, Sampling};
use crate::stats::Confidence;

/// The rows of `measures_survey.R`.
struct Rows {
    answers: Vec<f64>,
    weights: Vec<f64>,
    sex: Vec<u32>,
    age: Vec<u32>,
    channel: Vec<u32>,
}

fn rows() -> Rows {
    let codes = |formula: fn(u32) -> u32| (0..60).map(formula).collect::<Vec<u32>>();
    Rows {
        answers: (0..60_u32).map(|i| f64::from((i * i * 3 + 5 * i) % 11)).collect(),
        weights: (0..60_u32).map(|i| 1.0 + f64::from(i * 5 % 7) / 4.0).collect(),
        sex: codes(|i| u32::from(i % 3 == 0)),
        age: codes(|i| (i * 5 + i / 4) % 3),
        channel: codes(|i| (i * i + i / 5) % 4),
    }
}

fn margin<'a>(name: &str, sizes: &[f64], codes: &'a [u32]) -> Margin<'a> {
    margin_or(name, sizes, codes).expect("a margin")
}

fn margin_or<'a>(name: &str, sizes: &[f64], codes: &'a [u32]) -> Result<Margin<'a>, MeasureError> {
    let targets =
        sizes.iter().enumerate().map(|(at, &size)| TargetShare { category: format!("{name}{at}"), size }).collect();
    Margin::new(name, targets, codes)
}

impl Rows {
    fn margins(&self) -> Vec<Margin<'_>> {
        vec![
            margin("sex", &[520.0, 480.0], &self.sex),
            margin("age", &[300.0, 450.0, 250.0], &self.age),
            margin("channel", &[400.0, 300.0, 100.0, 200.0], &self.channel),
        ]
    }

    fn values(&self) -> Vec<f64> {
        self.answers.iter().map(|&answer| ResponseClass::of(answer).expect("on the scale").value()).collect()
    }
}

#[test]
fn raking_agrees_with_r() {
    let rows = rows();
    let raked = Raking::default().weigh(&rows.margins(), Some(&rows.weights)).expect("weights");
    for (got, want) in raked.weights.iter().zip(numbers("raked", "weights")) {
        near("weight", *got, want, 1e-6);
    }
    near("n effective", raked.efficiency.n_effective, numbers("raked", "n_effective")[0], 1e-6);
    let score = NetPromoterScore::of(&rows.answers, Some(&raked.weights), NpsSettings::default()).expect("answers");
    near("score", score.nps / 100.0, numbers("raked", "nps")[0], 1e-8);
}

#[test]
fn the_error_under_raked_weights_agrees_with_calibration_in_r() {
    let rows = rows();
    let raked = Raking::default().weigh(&rows.margins(), Some(&rows.weights)).expect("weights");
    let margins = rows.margins();
    let calibration =
        Calibration { base: Some(&rows.weights), weights: &raked.weights, margins: &margins, clusters: None };
    let error = calibrated_std_error(&rows.values(), calibration).expect("an error");
    near("error", error, numbers("calibrated", "nps")[1], 1e-6);
}

#[test]
fn the_error_of_customers_under_raked_weights_agrees_with_rake_and_calibrate_in_r() {
    let rows = rows();
    let clusters = Clusters::from_labels((0..60_u32).map(|i| i * 7 % 23));
    for (case, base) in [("raked_alike", None), ("calibrated_clustered", Some(rows.weights.as_slice()))] {
        let raked = Raking::default().weigh(&rows.margins(), base).expect("weights");
        let sampling = Sampling { weights: base, clusters: Some(&clusters), ..Sampling::default() };
        let settings = NpsSettings { interval: IntervalKind::Wald, ..NpsSettings::default() };
        let own = ScoreBeforeAfter::calibrated(&rows.answers, sampling, &raked.weights, &rows.margins(), settings);
        let own = own.expect("a score");
        let want = numbers(case, "nps");
        near("score", own.after.nps / 100.0, want[0], 1e-8);
        // `rake` goes ten times over the margins for its error, which is not quite to the end.
        near("error", own.after.std_error / 100.0, want[1], 1e-6);
        let half = 1.959963984540054 * 100.0 * want[1];
        near("low", own.after.conf_low, (100.0 * want[0] - half).max(-100.0), 1e-3);
        near("high", own.after.conf_high, 100.0 * want[0] + half, 1e-3);
        let given = own.given_std_error.expect("an error") / 100.0;
        near("error of given weights", given, numbers(case, "given")[0], 1e-8);
    }
}

#[test]
fn post_stratification_agrees_with_r() {
    let rows = rows();
    let age = margin("age", &[300.0, 450.0, 250.0], &rows.age);
    let own = post_stratify(&age, Some(&rows.weights)).expect("weights");
    for (got, want) in own.weights.iter().zip(numbers("poststratified", "weights")) {
        near("weight", *got, want, 1e-9);
    }
    let want = numbers("poststratified", "nps");
    let score = NetPromoterScore::of(&rows.answers, Some(&own.weights), NpsSettings::default()).expect("answers");
    near("score", score.nps / 100.0, want[0], 1e-12);
    let calibration = Calibration { base: Some(&rows.weights), weights: &own.weights, margins: &[age], clusters: None };
    let error = calibrated_std_error(&rows.values(), calibration).expect("an error");
    near("error", error, want[1], 1e-10);
}

#[test]
fn the_reference_tables_are_held() {
    let Some(all) = nps_oracles() else { return };
    let case = &all["raking"];
    let cells = [(0_u32, 0_u32), (0, 1), (1, 0), (1, 1)];
    let start: Vec<f64> =
        cells.iter().map(|&(row, column)| number(&case["start"][row as usize][column as usize])).collect();
    let (row_codes, column_codes): (Vec<u32>, Vec<u32>) = cells.iter().copied().unzip();
    let target = |what: &str| [0, 1].map(|at| number(&case[what][at]));
    let margins =
        [margin("row", &target("row_targets"), &row_codes), margin("column", &target("col_targets"), &column_codes)];
    let raked = Raking::default().weigh(&margins, Some(&start)).expect("weights");
    for (got, (row, column)) in raked.weights.iter().zip(cells) {
        near("cell", *got, number(&case["result"][row as usize][column as usize]), 1e-7);
    }
    let odds = |w: &[f64]| w[0] * w[3] / (w[1] * w[2]);
    near("odds", odds(&raked.weights), odds(&start), 1e-9);

    let case = &all["poststratification"];
    let (mut answers, mut codes) = (Vec::new(), Vec::new());
    for (stratum, sizes) in [(0, [15, 10, 25]), (1, [15, 30, 105])] {
        for (answer, n) in [0.0, 7.0, 9.0].into_iter().zip(sizes) {
            answers.extend(std::iter::repeat_n(answer, n));
            codes.extend(std::iter::repeat_n(stratum, n));
        }
    }
    let weighed = post_stratify(&margin("stratum", &[0.7, 0.3], &codes), None).expect("weights");
    let both =
        ScoreBeforeAfter::of(&answers, Sampling::default(), &weighed.weights, NpsSettings::default()).expect("answers");
    near("raw", both.before.nps / 100.0, number(&case["raw"]), 1e-12);
    near("adjusted", both.after.nps / 100.0, number(&case["adjusted"]), 1e-12);

    let case = &all["ipw"];
    let chances = [0, 1, 2, 3].map(|at| number(&case["p_respond"][at]));
    let own = PropensityWeights { largest: None, ..PropensityWeights::default() }.weigh(&chances).expect("chances");
    let both = ScoreBeforeAfter::of(&[0.0, 7.0, 9.0, 10.0], Sampling::default(), &own.weights, NpsSettings::default());
    let both = both.expect("answers");
    near("naive", both.before.nps / 100.0, number(&case["naive"]), 1e-12);
    near("hajek", both.after.nps / 100.0, number(&case["hajek"]), 1e-12);
}

#[test]
fn the_airport_survey_of_2017_is_held() {
    let Some(text) = shared("data/sfo_airport/2017_SFO_Customer_Survey.csv") else { return };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let at = |name: &str| names.iter().position(|own| own == name).expect("a column");
    let (mut answers, mut weights) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.expect("a row");
        let Ok(answer) = record[at("NETPRO")].parse::<f64>() else { continue };
        if answer <= 10.0 {
            answers.push(answer);
            weights.push(record[at("WEIGHT")].parse::<f64>().expect("a weight"));
        }
    }
    let both = ScoreBeforeAfter::of(&answers, Sampling::default(), &weights, NpsSettings::default()).expect("answers");
    assert_eq!(both.before.n, 2746);
    near("score", both.before.nps, 39.8, 0.05);
    near("weighted score", both.after.nps, 40.4, 0.05);
}

#[test]
fn bounds_hold_and_so_do_the_margins() {
    let rows = rows();
    let free = Raking::default().weigh(&rows.margins(), Some(&rows.weights)).expect("weights");
    let mean = 1000.0 / 60.0;
    let bounds = WeightBounds::new(0.1, 2.5).expect("bounds");
    assert!(free.weights.iter().any(|&weight| weight > 2.5 * mean));
    let raked = Raking { bounds: Some(bounds), rounds_max: 5000, tolerance: 1e-8 };
    let own = raked.weigh(&rows.margins(), Some(&rows.weights)).expect("weights");
    assert!(own.weights.iter().all(|&weight| weight <= 2.5 * mean + 1e-9 && weight >= 0.1 * mean - 1e-9));
    assert!(own.n_at_bounds > 0 && own.efficiency.efficiency > free.efficiency.efficiency);
    for margin in rows.margins() {
        for (target, sum) in margin.targets().iter().zip(margin.sums(&own.weights)) {
            near("margin", sum, target.size, 1e-4);
        }
    }
    let tight = Raking { bounds: Some(WeightBounds::new(0.9, 1.1).expect("bounds")), ..Raking::default() };
    let refused = tight.weigh(&rows.margins(), Some(&rows.weights));
    assert!(matches!(refused, Err(MeasureError::NotConverged { .. })));
}

#[test]
fn margins_that_cannot_be_held_are_refused_by_name() {
    let rows = rows();
    let refused = |margins: &[Margin]| Raking::default().weigh(margins, None).expect_err("margins").to_string();
    let other_total = [margin("sex", &[520.0, 480.0], &rows.sex), margin("age", &[300.0, 450.0, 300.0], &rows.age)];
    assert!(refused(&other_total).starts_with("age: its sizes sum to 1050"), "{}", refused(&other_total));
    let empty = [margin("sex", &[500.0, 400.0, 100.0], &rows.sex)];
    assert!(refused(&empty).contains("`sex2`: nobody answered"), "{}", refused(&empty));
    let unwanted = [margin("sex", &[1000.0, 0.0], &rows.sex)];
    assert!(refused(&unwanted).contains("`sex1`: people answered"), "{}", refused(&unwanted));
    assert!(margin_or("sex", &[1000.0], &rows.sex).expect_err("a code beyond").to_string().contains("row 1 "));
    // Everybody of one sex is of one age: margins that differ cannot both hold.
    let same: Vec<u32> = rows.sex.clone();
    let contradict = [margin("sex", &[0.5, 0.5], &rows.sex), margin("age", &[0.3, 0.7], &same)];
    assert!(refused(&contradict).contains("raking stopped"), "{}", refused(&contradict));
    let none = Raking::default().weigh(&[margin("sex", &[0.5, 0.5], &rows.sex)], Some(&[0.0; 60]));
    assert_eq!(none, Err(MeasureError::NoAnswers));
}

#[test]
fn trimmed_weights_keep_their_mean_and_are_told_of() {
    let mut chances = vec![0.5; 95];
    chances.extend([0.005; 5]);
    let own =
        PropensityWeights { largest: Some(4.0), ..PropensityWeights::default() }.weigh(&chances).expect("chances");
    near("mean", own.weights.iter().sum::<f64>() / 100.0, 1.0, 1e-12);
    near("largest", own.weights[99], 4.0, 1e-12);
    assert_eq!((own.n_trimmed, own.findings.len()), (5, 2));
    let unlikely = PropensityWeights::default().weigh(&[0.5, 0.0]);
    assert!(matches!(unlikely, Err(MeasureError::Setting { .. })));
}

#[test]
fn response_rates_agree_with_scipy() {
    // scipy.stats.chi2_contingency([[30, 20, 60], [70, 30, 40]], correction=False) in measures_reference.py.
    let mut codes = Vec::new();
    let mut answered = Vec::new();
    for (code, yes, no) in [(0, 30, 70), (1, 20, 30), (2, 60, 40)] {
        codes.extend(std::iter::repeat_n(code, yes + no));
        answered.extend((0..yes + no).map(|at| at < yes));
    }
    let own = ResponseRates::of(&margin("age", &[1.0; 3], &codes), &answered, Confidence::default()).expect("rates");
    let want = numbers("response", "chi_squared");
    near("statistic", own.chi_squared, want[0], 1e-9);
    near("p", own.p_value.expect("categories"), want[1], 1e-9);
    assert_eq!(own.finding("age").expect("a difference").kind, FindingKind::NotRepresentative);
}

/// Eight answers whose draws can all be gone through, as measures_reference.py does.
const EIGHT: [f64; 8] = [9.0, 10.0, 3.0, 7.0, 9.0, 0.0, 5.0, 9.0];
const EIGHT_WEIGHTS: [f64; 8] = [1.0, 2.0, 1.0, 1.5, 1.0, 1.0, 2.0, 1.0];

#[test]
fn weights_made_anew_give_the_spread_over_all_draws_there_are() {
    let (first, second) = ([0, 0, 0, 0, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1]);
    let (one, two) = (margin("one", &[0.3, 0.7], &first), margin("two", &[0.6, 0.4], &second));
    let sampling = Sampling { weights: Some(&EIGHT_WEIGHTS), ..Sampling::default() };
    let resampling = Resampling { replicates: 40_000, seed: 3 };
    for (what, margins) in [("strata", vec![one.clone()]), ("two", vec![one, two])] {
        let own = RemadeScore::of(&EIGHT, &margins, sampling, Confidence::default(), resampling).expect("a score");
        let want = numbers("remade", what);
        near("score", own.nps, want[0], 1e-6);
        // The standard deviation of 40,000 draws is within 0.4 % of its own two times in three, and a share of them within 0.002.
        near("error", own.std_error / want[1], 1.0, 0.015);
        near("failed", own.n_failed as f64 / 40_000.0, want[2], 0.008);
        assert_eq!(own.n_replicates + own.n_failed, 40_000);
    }
}

#[test]
fn customers_weighted_anew_agree_with_a_loop_in_numpy_and_nearly_with_the_formula() {
    let rows = rows();
    let margins = [margin("sex", &[0.52, 0.48], &rows.sex), margin("age", &[0.3, 0.45, 0.25], &rows.age)];
    let clusters = Clusters::from_labels((0..60_u32).map(|i| i * 7 % 23));
    let sampling = Sampling { clusters: Some(&clusters), ..Sampling::default() };
    let resampling = Resampling { replicates: 20_000, seed: 5 };
    let own = RemadeScore::of(&rows.answers, &margins, sampling, Confidence::default(), resampling).expect("a score");
    let want = numbers("remade", "customers");
    near("score", own.nps, want[0], 1e-6);
    near("error", own.std_error / want[1], 1.0, 0.025);
    near("low", own.conf_low, want[2], 1.0);
    near("high", own.conf_high, want[3], 1.0);
    // The formula is linear in what 23 customers have; draws see the curves, too, and as many as n are drawn instead of n - 1.
    let raked = Raking::default().weigh(&margins, None).expect("weights");
    let calibration = Calibration { base: None, weights: &raked.weights, margins: &margins, clusters: Some(&clusters) };
    let formula = 100.0 * calibrated_std_error(&rows.values(), calibration).expect("an error");
    near("formula", own.std_error / formula, 1.0, 0.15);
    // A third of a population of 69 customers was asked: two thirds of the variance are left.
    let asked = Sampling { population: Some(69.0), ..sampling };
    let asked = RemadeScore::of(&rows.answers, &margins, asked, Confidence::default(), resampling).expect("a score");
    near("asked", asked.std_error / own.std_error, (2.0_f64 / 3.0).sqrt(), 1e-9);
    near("nearer", (asked.conf_low - asked.nps) / (own.conf_low - own.nps), (2.0_f64 / 3.0).sqrt(), 1e-9);
}

#[test]
fn what_cannot_be_weighted_anew_is_refused() {
    let codes = [0, 0, 1, 1];
    let of = |answers: &[f64], margins: &[Margin], sampling: Sampling, replicates: usize| {
        RemadeScore::of(answers, margins, sampling, Confidence::default(), Resampling { replicates, seed: 1 })
    };
    let one = [margin("one", &[0.5, 0.5], &codes)];
    let own = Sampling::default();
    assert!(matches!(of(&[9.0; 3], &one, own, 9), Err(MeasureError::Length { .. })));
    assert!(matches!(of(&[9.0, 8.0, 11.0, 1.0], &one, own, 9), Err(MeasureError::OffScale { row: 3, .. })));
    let empty = [margin("one", &[0.5, 0.3, 0.2], &codes)];
    assert!(matches!(of(&[9.0; 4], &empty, own, 9), Err(MeasureError::Margin { .. })));
    assert!(matches!(of(&[9.0; 4], &one, own, 1), Err(MeasureError::TooFew { .. })));
    let alone = Clusters::from_labels([1; 4]);
    let alone = Sampling { clusters: Some(&alone), ..own };
    assert!(matches!(of(&[9.0; 4], &one, alone, 9), Err(MeasureError::OneCustomer)));
    assert!(matches!(of(&[9.0; 4], &[], own, 9), Err(MeasureError::TooFew { .. })));
}
