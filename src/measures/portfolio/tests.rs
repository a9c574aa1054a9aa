//! Figures by cut against R's survey package, against their rows alone, and on awkward input.

use super::*;
use crate::data::Clusters;
use crate::measures::reference::{near, nps_oracles, number, numbers};
use crate::measures::{IntervalKind, MeasureError, NetPromoterScore, NpsSettings, Resampling, Sampling};

/// The rows of `measures_survey.R`.
struct Rows {
    customers: Clusters,
    weights: Vec<f64>,
    answers: Vec<f64>,
    spend: Vec<f64>,
    category: Vec<f64>,
}

fn rows() -> Rows {
    let column = |formula: fn(u32) -> f64| (0..60).map(formula).collect::<Vec<f64>>();
    Rows {
        customers: Clusters::from_labels((0..60).map(|i| (i * 7) % 23)),
        weights: column(|i| 1.0 + f64::from(i * 5 % 7) / 4.0),
        answers: column(|i| f64::from((i * i * 3 + 5 * i) % 11)),
        spend: column(|i| f64::from(i * 37 % 101) / 3.0),
        category: column(|i| f64::from(i * 37 % 101) / 3.0 + f64::from(i * 53 % 89) / 2.0),
    }
}

impl Rows {
    fn sampling(&self) -> Sampling<'_> {
        Sampling { weights: Some(&self.weights), clusters: Some(&self.customers), ..Sampling::default() }
    }

    fn measures(&self) -> Vec<Measure<'_>> {
        vec![
            Measure::nps("nps", &self.answers).expect("answers"),
            Measure::item("answer", Metric::Mean, AnswerScale::ZERO_TO_TEN, &self.answers).expect("answers"),
            Measure::mean("spend", &self.spend).expect("numbers"),
            Measure::ratio("wallet", &self.spend, &self.category).expect("numbers"),
        ]
    }
}

#[test]
fn weighted_and_clustered_figures_agree_with_r() {
    let rows = rows();
    for measure in rows.measures() {
        let want = numbers("clustered", measure.name());
        let own = measure.estimate(rows.sampling(), EstimateSettings::default()).expect("an estimate");
        let unit = measure.metric().unit();
        near(measure.name(), own.estimate / unit, want[0], 1e-12);
        near(measure.name(), own.std_error.expect("customers") / unit, want[1], 1e-12);
        assert_eq!(own.n_customers, Some(23));
    }
}

#[test]
fn a_level_says_what_its_rows_alone_say() {
    let rows = rows();
    let codes: Vec<u32> = (0..60).map(|i| if i % 11 == 5 { Cut::BLANK } else { i % 3 }).collect();
    let cut = Cut::new("segment", ["a", "b", "c"].map(str::to_owned).to_vec(), &codes).expect("codes");
    let analysis = CutAnalysis { replicates: 40, seed: 3, ..CutAnalysis::default() };
    let table = analysis.estimate(&rows.measures(), &[cut], rows.sampling()).expect("a table");
    for level in 0..3_u32 {
        let places: Vec<usize> = (0..60).filter(|&row| codes[row] == level).collect();
        let of = |column: &[f64]| places.iter().map(|&row| column[row]).collect::<Vec<f64>>();
        let alone = Rows {
            customers: rows.customers.keep(&places),
            weights: of(&rows.weights),
            answers: of(&rows.answers),
            spend: of(&rows.spend),
            category: of(&rows.category),
        };
        for (at, measure) in alone.measures().iter().enumerate() {
            let own = measure.estimate(alone.sampling(), EstimateSettings::default()).expect("an estimate");
            let cell = table.rows[4 * (level as usize + 1) + at].estimate.as_ref().expect("answers");
            near("estimate", cell.estimate, own.estimate, 1e-9);
            near("error", cell.std_error.expect("customers"), own.std_error.expect("customers"), 1e-9);
            near("low", cell.conf_low.expect("an end"), own.conf_low.expect("an end"), 1e-8);
            near("n effective", cell.n_effective, own.n_effective, 1e-9);
            assert_eq!((cell.n, cell.n_customers), (own.n, own.n_customers));
        }
    }
}

#[test]
fn a_score_is_the_same_by_either_door() {
    let rows = rows();
    for kind in [IntervalKind::AdjustedWald, IntervalKind::Score, IntervalKind::BonettPrice, IntervalKind::Goodman] {
        for sampling in [rows.sampling(), Sampling::default(), Sampling { population: Some(90.0), ..rows.sampling() }] {
            let settings = EstimateSettings { net: kind, ..EstimateSettings::default() };
            let own = rows.measures()[0].estimate(sampling, settings).expect("an estimate");
            let nps = NpsSettings { interval: kind, confidence: settings.confidence };
            let score = NetPromoterScore::of_sample(&rows.answers, sampling, nps).expect("a score");
            near("score", own.estimate, score.nps, 1e-10);
            near("error", own.std_error.expect("rows"), score.std_error, 1e-10);
            near("low", own.conf_low.expect("rows"), score.conf_low, 1e-9);
            near("high", own.conf_high.expect("rows"), score.conf_high, 1e-9);
            near("n effective", own.n_effective, score.n_effective, 1e-9);
        }
    }
}

#[test]
fn means_and_shares_by_hand() {
    // Mean of 1, 2, 3, 6 is 3 with variance 14 / 3 and error sqrt(14 / 12); two of four are at least 3.
    let answers = [1.0, 2.0, 3.0, 6.0];
    let of = |metric| {
        let measure = Measure::item("item", metric, AnswerScale::ONE_TO_SEVEN, &answers).expect("answers");
        measure.estimate(Sampling::default(), EstimateSettings::default()).expect("an estimate")
    };
    let mean = of(Metric::Mean);
    near("mean", mean.estimate, 3.0, 1e-12);
    near("error", mean.std_error.expect("rows"), (14.0_f64 / 12.0).sqrt(), 1e-12);
    // scipy.stats.t.ppf(0.975, 3) = 3.182446305284263
    near("low", mean.conf_low.expect("rows"), 3.0 - 3.182_446_305_284_263 * (14.0_f64 / 12.0).sqrt(), 1e-9);
    let share = of(Metric::TopBox { from: 3.0 });
    near("share", share.estimate, 0.5, 1e-12);
    near("error", share.std_error.expect("rows"), 0.25, 1e-12);
    near("ends", share.conf_low.expect("rows") + share.conf_high.expect("rows"), 1.0, 1e-12);
    near("net", of(Metric::NetBox { low_to: 1.0, high_from: 3.0 }).estimate, 25.0, 1e-12);
}

#[test]
fn a_net_score_of_another_scale_has_the_published_variance() {
    // The R package NPS, tests: scores 1 to 15 with 7 answers at one end and 6 at the other, variance 0.8622.
    let answers: Vec<f64> = (1..=15).map(f64::from).collect();
    let scale = AnswerScale::new(1.0, 15.0).expect("a scale");
    let measure = Measure::item("item", Metric::NetBox { low_to: 7.0, high_from: 10.0 }, scale, &answers);
    let own = measure.expect("answers").estimate(Sampling::default(), EstimateSettings::default()).expect("rows");
    near("variance", 15.0 * (own.std_error.expect("rows") / 100.0).powi(2), 0.8622, 1e-4);
}

#[test]
fn blanks_are_in_the_base_only_where_the_rule_says_so() {
    let Some(all) = nps_oracles() else { return };
    let slip = all["negative_tests"].as_array().expect("a list").iter().find(|slip| slip["no_scores"].is_u64());
    let slip = slip.expect("the slip of the denominator");
    let counts = [(2.0, 10), (8.0, 20), (9.0, 30), (f64::NAN, 40)];
    let answers: Vec<f64> = counts.into_iter().flat_map(|(answer, n)| std::iter::repeat_n(answer, n)).collect();
    let of = |blanks| {
        let settings = EstimateSettings { blanks, ..EstimateSettings::default() };
        Measure::nps("nps", &answers).expect("answers").estimate(Sampling::default(), settings).expect("rows")
    };
    let (out, within) = (of(BlankRule::LeftOut), of(BlankRule::InBase));
    near("scored", out.estimate / 100.0, number(&slip["nps_scored"]), 1e-12);
    near("all", within.estimate / 100.0, number(&slip["nps_all_responses"]), 1e-12);
    assert_eq!((out.n, within.n, out.n_missing, within.n_missing), (60, 100, 40, 40));
    near("missing", out.missing_share, 0.4, 1e-12);
    near("missing", within.missing_share, 0.4, 1e-12);
}

#[test]
fn a_one_to_ten_item_is_no_net_promoter_score() {
    let scale = AnswerScale::new(1.0, 10.0).expect("a scale");
    let refused = Measure::item("liking", Metric::Nps, scale, &[9.0]).expect_err("another scale");
    assert!(matches!(refused, MeasureError::NotZeroToTen { .. }), "{refused}");
    let refused = Measure::nps("nps", &[9.0, 11.0]).expect_err("off the scale");
    assert!(matches!(refused, MeasureError::OffItemScale { row: 2, .. }), "{refused}");
    assert!(Measure::item("csat", Metric::TopBox { from: 6.0 }, AnswerScale::ONE_TO_FIVE, &[5.0]).is_err());
}

#[test]
fn nothing_to_report_is_said_and_not_a_number() {
    let blank = [f64::NAN; 3];
    let measure = Measure::nps("nps", &blank).expect("blanks");
    assert_eq!(measure.estimate(Sampling::default(), EstimateSettings::default()), Err(MeasureError::NoAnswers));
    let weights = [0.0; 2];
    let sampling = Sampling { weights: Some(&weights), ..Sampling::default() };
    let measure = Measure::nps("nps", &[9.0, 1.0]).expect("answers");
    assert_eq!(measure.estimate(sampling, EstimateSettings::default()), Err(MeasureError::NoAnswers));
    // One answer: a score has an interval, a mean has none.
    let one = Measure::nps("nps", &[9.0]).expect("an answer");
    let own = one.estimate(Sampling::default(), EstimateSettings::default()).expect("an estimate");
    assert!(own.conf_low.expect("an end") < 60.0);
    let one = Measure::mean("spend", &[9.0]).expect("a value");
    let own = one.estimate(Sampling::default(), EstimateSettings::default()).expect("an estimate");
    assert_eq!((own.std_error, own.conf_low), (None, None));
    let levels = Cut::new("x", vec!["a".into(), "b".into()], &[0]).expect("codes");
    let table = CutAnalysis::default().estimate(&[one], &[levels], Sampling::default()).expect("a table");
    assert!(table.rows[2].estimate.is_none());
}

#[test]
fn large_values_lose_no_digits() {
    let near_a_billion: Vec<f64> = (0..50).map(|i| 1e9 + f64::from(i % 5)).collect();
    let measure = Measure::mean("spend", &near_a_billion).expect("numbers");
    let own = measure.estimate(Sampling::default(), EstimateSettings::default()).expect("rows");
    // Variance of 0..4 is 2; over n - 1 = 49.
    near("error", own.std_error.expect("rows"), (2.0_f64 / 49.0).sqrt(), 1e-9);
}

#[test]
fn replicates_spread_as_the_linearised_error_says() {
    let n = 3000;
    let customers = Clusters::from_labels((0..n).map(|row| row / 3));
    let answers: Vec<f64> = (0..n).map(|row| f64::from((row / 3 * 7 + row * row % 3) % 11)).collect();
    let codes: Vec<u32> = (0..n).map(|row| row / 3 % 2).collect();
    let cut = Cut::new("half", vec!["one".into(), "other".into()], &codes).expect("codes");
    let sampling = Sampling { clusters: Some(&customers), ..Sampling::default() };
    let analysis = CutAnalysis { replicates: 1000, seed: 1, ..CutAnalysis::default() };
    let measures = [Measure::nps("nps", &answers).expect("answers")];
    let table = analysis.estimate(&measures, &[cut], sampling).expect("a table");
    for (place, row) in table.rows.iter().enumerate() {
        let drawn = table.replicates(place);
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        let spread = (drawn.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / 999.0).sqrt();
        let own = row.estimate.as_ref().expect("answers");
        let error = own.std_error.expect("customers");
        // The standard error of a standard deviation over 1,000 draws is 2.2 % of it.
        assert!((spread / error - 1.0).abs() < 0.09, "{spread} {error}");
        assert!((mean - own.estimate).abs() < 0.15 * error);
    }
}

#[test]
fn a_coarser_cut_has_the_replicates_that_it_has_alone() {
    // Eight shops in three regions and two waves; shops by waves are finer than all of them.
    let rows = rows();
    let shops: Vec<u32> = (0..60).map(|row| row * 7 % 8).collect();
    let regions: Vec<u32> = shops.iter().map(|shop| shop % 3).collect();
    let waves: Vec<u32> = (0..60).map(|row| row / 31).collect();
    let both: Vec<u32> = shops.iter().zip(&waves).map(|(shop, wave)| 2 * shop + wave).collect();
    let cut = |name: &str, n: u32, codes| Cut::new(name, (0..n).map(|own| own.to_string()).collect(), codes);
    let [regions, shops, waves, both] =
        [("region", 3, &regions), ("shop", 8, &shops), ("wave", 2, &waves), ("both", 16, &both)]
            .map(|(name, n, codes)| cut(name, n, codes).expect("codes"));
    let analysis = CutAnalysis { replicates: 37, seed: 9, settings: EstimateSettings::default().bootstrapped() };
    let of = |cuts: &[Cut]| analysis.estimate(&rows.measures(), cuts, rows.sampling()).expect("a table");
    let together = of(&[regions.clone(), shops.clone(), waves.clone(), both.clone()]);
    let mut place = 0;
    let n_measures = rows.measures().len();
    let mut check = |alone: &CutEstimates, from: usize| {
        for row in from..alone.rows.len() {
            for (one, other) in together.replicates(place).iter().zip(alone.replicates(row)) {
                assert!((one - other).abs() <= 1e-9 * one.abs().max(1.0) || one.is_nan() && other.is_nan(), "{place}");
            }
            let (one, other) = (&together.rows[place], &alone.rows[row]);
            assert_eq!((&one.cut, &one.level), (&other.cut, &other.level));
            let low = |row: &CutEstimate| row.estimate.as_ref().and_then(|own| own.conf_low).unwrap_or(-9.0);
            near("low", low(one), low(other), 1e-8);
            place += 1;
        }
    };
    check(&of(&[]), 0);
    for cut in [regions, shops, waves, both] {
        check(&of(&[cut]), n_measures);
    }
}

#[test]
fn a_level_of_known_size_has_its_own_part_of_the_population() {
    // Four of 8 in the first level, four of 40 in the second, eight of 48 in all; no size is known of the other cut.
    let answers = [10.0, 9.0, 3.0, 8.0, 10.0, 2.0, 7.0, 9.0];
    let sampling = Sampling { population: Some(48.0), ..Sampling::default() };
    let levels = || vec!["a".to_owned(), "b".to_owned()];
    let cut = |name: &str, codes| Cut::new(name, levels(), codes).expect("codes");
    let sized = cut("segment", &[0, 0, 0, 0, 1, 1, 1, 1]).with_populations(vec![Some(8.0), Some(40.0)]).expect("sizes");
    let unknown = cut("channel", &[0, 1, 0, 1, 0, 1, 0, 1]);
    let of = |sampling| {
        let nps = Measure::nps("nps", &answers).expect("answers");
        CutAnalysis::default().estimate(&[nps], &[sized.clone(), unknown.clone()], sampling).expect("a table").rows
    };
    let endless = Cut::new("segment", levels(), &[0, 0, 0, 0, 1, 1, 1, 1]).expect("codes");
    let nps = Measure::nps("nps", &answers).expect("answers");
    let plain = CutAnalysis::default()
        .estimate(&[nps], &[endless, unknown.clone()], Sampling::default())
        .expect("a table")
        .rows;
    let own = of(sampling);
    let error = |row: &CutEstimate| row.estimate.as_ref().and_then(|own| own.std_error).expect("an error");
    let asked = |row: &CutEstimate| row.estimate.as_ref().and_then(|own| own.asked_share).expect("a share");
    for (place, share) in [(0, 8.0 / 48.0), (1, 0.5), (2, 0.1), (3, 8.0 / 48.0), (4, 8.0 / 48.0)] {
        near("share", asked(&own[place]), share, 1e-12);
        near("error", error(&own[place]), error(&plain[place]) * f64::sqrt(1.0 - share), 1e-9);
    }
    assert!(plain[0].estimate.as_ref().is_some_and(|own| own.asked_share.is_none()));
    // More of a level than there are.
    let small = cut("segment", &[0, 0, 0, 0, 1, 1, 1, 1]).with_populations(vec![Some(3.0), None]).expect("sizes");
    let nps = Measure::nps("nps", &answers).expect("answers");
    let refused = CutAnalysis::default().estimate(&[nps], &[small], sampling);
    assert_eq!(refused.err(), Some(MeasureError::PopulationTooSmall { n: 4, population: 3.0 }));
}

#[test]
fn rows_that_keep_their_streams_are_drawn_alike_in_every_selection() {
    // The level alone, with the streams of its rows, has the interval that it has as a cut of all.
    let answers: Vec<f64> = (0..40).map(|row| f64::from(row * 7 % 11)).collect();
    let codes: Vec<u32> = (0..40).map(|row| u32::from(row % 3 == 0)).collect();
    let streams: Vec<u32> = (0..40).collect();
    let settings = EstimateSettings { net: IntervalKind::Bootstrap, ..EstimateSettings::default() };
    let analysis = CutAnalysis { settings, replicates: 60, seed: 4 };
    let cut = Cut::new("third", vec!["a".into(), "b".into()], &codes).expect("codes");
    let nps = Measure::nps("nps", &answers).expect("answers");
    let sampling = Sampling { streams: Some(&streams), ..Sampling::default() };
    let all = analysis.estimate(&[nps], &[cut], sampling).expect("a table").rows;
    for level in 0..2_u32 {
        let rows: Vec<usize> = (0..40).filter(|&row| codes[row] == level).collect();
        let kept: Vec<f64> = rows.iter().map(|&row| answers[row]).collect();
        let own: Vec<u32> = rows.iter().map(|&row| streams[row]).collect();
        let sampling = Sampling { streams: Some(&own), ..Sampling::default() };
        let resampling = Resampling { replicates: 60, seed: 4 };
        let alone = NetPromoterScore::resampled(&kept, sampling, settings.confidence, resampling).expect("a score");
        let cell = all[level as usize + 1].estimate.as_ref().expect("answers");
        assert_eq!((Some(alone.conf_low), Some(alone.conf_high)), (cell.conf_low, cell.conf_high));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let rows = rows();
    let codes: Vec<u32> = (0..60).map(|i| i % 4).collect();
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let cut = Cut::new("x", (0..4).map(|i| i.to_string()).collect(), &codes).expect("codes");
        let analysis = CutAnalysis { replicates: 33, seed: 9, settings: EstimateSettings::default().bootstrapped() };
        pool.install(|| analysis.estimate(&rows.measures(), &[cut], rows.sampling())).expect("a table")
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn a_bootstrap_without_replicates_is_refused() {
    let rows = rows();
    let refused = rows.measures()[0].estimate(rows.sampling(), EstimateSettings::default().bootstrapped());
    assert!(matches!(refused, Err(MeasureError::TooFew { .. })));
    let settings = EstimateSettings { mean: IntervalKind::Wilson, ..EstimateSettings::default() };
    let refused = rows.measures()[2].estimate(rows.sampling(), settings);
    assert!(matches!(refused, Err(MeasureError::NoSuchInterval { .. })));
}
