//! What must hold of what-if scenarios, segments, mediation and robustness.

use crate::inputs::{close, normals, observations};
use advocate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
use advocate::drivers::robustness::Confounding;
use advocate::drivers::segments::{SegmentAnalysis, SegmentTable, SegmentTest, Segmentation};
use advocate::drivers::stated_observed::{
    ComparedOutcome, Mediation, MediationResult, ScoreContrast, Side, StatedObserved, StatedObservedRows,
};
use advocate::drivers::what_if::{
    Lever, LeverRaise, Measure, ModelledOutcome, OutcomeChange, OutcomeEnds, Plan, Raise, Target, WhatIf,
};
use advocate::drivers::{ActionError, Driver, DriverAnalysis, DriverFamily, FitKind, Method, Scale};
use advocate::estimators::{FittedModel, Logit, Ols, Ordinal, StdErrors};
use advocate::findings::FindingKind;
use advocate::stats::Confidence;
use advocate::stats::distributions::normal_sf;
use ndarray::{Array1, Array2, Axis};

/// Three touchpoints on 0-10 and a latent liking that follows the first two.
fn survey(seed: u64, n_rows: usize) -> (Array2<f64>, Array1<f64>) {
    let made = normals(seed, n_rows, 5);
    let scores = Array2::from_shape_fn((n_rows, 3), |(row, at)| {
        (6.0 + 1.5 * made[[row, 3]] + 1.5 * made[[row, at]]).round().clamp(0.0, 10.0)
    });
    let liking = Array1::from_shape_fn(n_rows, |row| {
        0.8 * (scores[[row, 0]] - 6.0) + 0.4 * (scores[[row, 1]] - 6.0) + 1.8 * made[[row, 4]]
    });
    (scores, liking)
}

fn answers(seed: u64, n_rows: usize) -> Observations {
    let (scores, liking) = survey(seed, n_rows);
    observations(scores, liking.mapv(|value| (7.0 + value).round().clamp(0.0, 10.0)))
}

fn levers(costs: &[Option<f64>]) -> Vec<Lever> {
    let scale = Scale::new(0.0, 10.0).expect("in order");
    let lever = |(at, &cost_per_point): (usize, &Option<f64>)| Lever {
        name: format!("x{at}"),
        scale,
        actionable: cost_per_point.is_some(),
        cost_per_point,
    };
    costs.iter().enumerate().map(lever).collect()
}

fn raise(lever: usize, raise: Raise) -> LeverRaise {
    LeverRaise { lever, raise }
}

fn ordinal(observations: &Observations) -> FittedModel {
    Ordinal::default().fit(observations).expect("a fit").model().clone()
}

fn change(settings: WhatIf, model: &FittedModel, own: &Observations, raises: &[LeverRaise]) -> OutcomeChange {
    let outcome = ModelledOutcome { model, observations: own, unscored: &[] };
    settings.changes(&[outcome], &levers(&[None; 3]), raises).expect("a change").remove(0)
}

fn measure(table: &OutcomeChange, measure: Measure) -> f64 {
    table.measures.iter().find(|own| own.measure == measure).expect("a measure").change
}

#[test]
fn shares_and_score_of_a_scenario_belong_together_and_more_is_never_less() {
    let own = answers(1, 400);
    let model = ordinal(&own);
    let mut last = 0.0;
    for points in [0.0, 0.5, 1.0, 2.0, 10.0, 100.0] {
        let table = change(WhatIf::default(), &model, &own, &[raise(0, Raise::By(points))]);
        let nps = measure(&table, Measure::Nps);
        let shares = measure(&table, Measure::PromoterShare) - measure(&table, Measure::DetractorShare);
        close("the score", nps, 100.0 * shares, 1e-10);
        assert!(nps >= last - 1e-12);
        last = nps;
        assert!(table.levers[0].mean_after <= 10.0 + 1e-12 && table.levers[0].highest_seen <= 10.0);
    }
    let nothing = change(WhatIf::default(), &model, &own, &[raise(0, Raise::To(0.0))]);
    close("nothing raised", measure(&nothing, Measure::Nps), 0.0, 1e-15);
    close("nobody moved", nothing.levers[0].share_moved, 0.0, 1e-15);
}

#[test]
fn the_bootstrap_and_the_delta_method_agree_on_a_large_sample() {
    let own = answers(2, 1500);
    for model in [Ols::default().fit(&own).expect("a fit").model().clone(), ordinal(&own)] {
        let settings = WhatIf { replicates: 120, ..WhatIf::default() };
        let table = change(settings, &model, &own, &[raise(0, Raise::By(1.0)), raise(1, Raise::By(1.0))]);
        for row in &table.measures {
            let (delta, bootstrap) = (row.interval.expect("a covariance"), row.bootstrap.expect("replicates"));
            // 120 replicates are rough to a fifth.
            let ratio = bootstrap.std_error / delta.std_error;
            assert!((0.78..1.25).contains(&ratio), "{:?} {ratio}", row.measure);
            assert!(bootstrap.conf_low < row.change && row.change < bootstrap.conf_high);
        }
    }
}

/// 60 customers of four answers, who give one touchpoint the same score of 4 to 10 each time.
fn loyal(seed: u64) -> (Array2<f64>, Array2<f64>, Clusters) {
    let made = normals(seed, 240, 2);
    // A uniform rank by the normal distribution: seven scores are equally likely.
    let score = |customer: usize| 4.0 + (7.0 * normal_sf(made[[customer, 0]])).floor().min(6.0);
    let scores = Array2::from_shape_fn((240, 1), |(row, _)| score(row / 4));
    (scores, made, Clusters::from_labels((0..240).map(|row| row / 4)))
}

/// The share of 300 samples in whose interval the true change lies.
fn coverage(truth: f64, sample: impl Fn(u64) -> (FittedModel, Observations)) -> f64 {
    let lever = Lever {
        name: "x0".to_owned(),
        scale: Scale::new(0.0, 10.0).expect("in order"),
        actionable: true,
        cost_per_point: None,
    };
    let holds = |seed: u64| {
        let (model, own) = sample(seed);
        let outcome = ModelledOutcome { model: &model, observations: &own, unscored: &[] };
        let levers = std::slice::from_ref(&lever);
        let changes = WhatIf::default().changes(&[outcome], levers, &[raise(0, Raise::By(3.0))]).expect("a change");
        let interval = changes[0].measures[0].interval.expect("a covariance");
        interval.conf_low <= truth && truth <= interval.conf_high
    };
    (0..300).filter(|&seed| holds(1000 + seed)).count() as f64 / 300.0
}

#[test]
fn the_interval_of_a_change_holds_the_truth_as_often_as_it_says() {
    // Scores of 4 to 7 rise by 3, those of 8, 9 and 10 by 2, 1 and 0: by 15 / 7 in the mean. With a slope of 1 and little
    // noise nearly all that is uncertain is who the customers are: taking the rows as given covers a tenth of this.
    let line = coverage(15.0 / 7.0, |seed| {
        let (scores, made, clusters) = loyal(seed);
        let outcome = Array1::from_shape_fn(240, |row| scores[[row, 0]] + 0.1 * made[[row, 1]]);
        let own = observations(scores, outcome).clustered(clusters).expect("a label a row");
        let settings = Ols { std_errors: StdErrors::Cluster, ..Ols::default() };
        (settings.fit(&own).expect("a fit").model().clone(), own)
    });
    // 300 samples of a coverage of .95 lie within .925 and .975 in 95 of 100 cases; normal ends for 60 customers cover .945.
    assert!((0.91..=0.985).contains(&line), "{line}");
    let chance = |score: f64| 1.0 / (1.0 + (1.0 - 0.4 * (score - 7.0)).exp());
    let truth = (4..=10).map(f64::from).map(|score| chance((score + 3.0).min(10.0)) - chance(score)).sum::<f64>() / 7.0;
    let odds = coverage(truth, |seed| {
        let (scores, made, clusters) = loyal(seed);
        let outcome =
            Array1::from_shape_fn(240, |row| f64::from(u8::from(normal_sf(made[[row, 1]]) < chance(scores[[row, 0]]))));
        let design = DesignMatrix::new(vec!["x0".to_owned()], scores).expect("a valid design");
        let own = Observations::new(design, Outcome::binary("y", outcome).expect("classes")).expect("rows that match");
        let own = own.clustered(clusters).expect("a label a row");
        let settings = Logit { std_errors: StdErrors::Cluster, ..Logit::default() };
        (settings.fit(&own).expect("a fit").model().clone(), own)
    });
    assert!((0.91..=0.985).contains(&odds), "{odds}");
}

#[test]
fn the_answers_of_one_customer_give_a_change_without_interval() {
    let own = answers(5, 120);
    let model = Ols::default().fit(&own).expect("a fit").model().clone();
    let own = own.clustered(Clusters::from_labels((0..120).map(|_| 0))).expect("a label a row");
    let table = change(WhatIf::default(), &model, &own, &[raise(0, Raise::By(1.0))]);
    assert!(table.measures[0].interval.is_none() && table.measures[0].change > 0.0);
}

#[test]
fn units_of_a_touchpoint_change_no_scenario() {
    let own = answers(3, 300);
    let rescaled =
        observations(own.design().values().mapv(|score| 1.0 + 0.4 * score), own.outcome().values().to_owned());
    let one = change(WhatIf::default(), &ordinal(&own), &own, &[raise(0, Raise::By(2.0))]);
    let scale = Scale::new(1.0, 5.0).expect("in order");
    let levers: Vec<Lever> = levers(&[None; 3]).into_iter().map(|lever| Lever { scale, ..lever }).collect();
    let model = ordinal(&rescaled);
    let outcome = ModelledOutcome { model: &model, observations: &rescaled, unscored: &[] };
    let other =
        WhatIf::default().changes(&[outcome], &levers, &[raise(0, Raise::By(0.8))]).expect("a change").remove(0);
    for (one, other) in one.measures.iter().zip(&other.measures) {
        close("change", one.change, other.change, 1e-7);
        close("its error", one.interval.expect("one").std_error, other.interval.expect("one").std_error, 1e-7);
    }
}

#[test]
fn a_scenario_that_makes_no_sense_is_named() {
    let own = answers(4, 120);
    let model = ordinal(&own);
    let outcome = [ModelledOutcome { model: &model, observations: &own, unscored: &[] }];
    let refused = |levers: &[Lever], raises: &[LeverRaise]| WhatIf::default().changes(&outcome, levers, raises).err();
    assert!(matches!(refused(&levers(&[None; 3]), &[]), Some(ActionError::NoDriver)));
    let unknown = levers(&[None; 4]);
    assert!(matches!(refused(&unknown, &[raise(3, Raise::By(1.0))]), Some(ActionError::UnknownColumn { .. })));
    assert!(matches!(refused(&unknown, &[raise(9, Raise::By(1.0))]), Some(ActionError::NoSuchColumn { .. })));
    assert!(matches!(refused(&unknown, &[raise(0, Raise::By(f64::INFINITY))]), Some(ActionError::Setting { .. })));
    let short = Scale::new(0.0, 5.0).expect("in order");
    let off = [Lever { scale: short, ..unknown[0].clone() }];
    assert!(matches!(refused(&off, &[raise(0, Raise::By(1.0))]), Some(ActionError::OffScale { .. })));
    let linear = Ols::default().fit(&own).expect("a fit");
    let target = Target { measure: Measure::Nps, change: 3.0, ends: OutcomeEnds::default() };
    let outcome = ModelledOutcome { model: linear.model(), observations: &own, unscored: &[] };
    let no_score = WhatIf::default().cheapest(outcome, &levers(&[Some(1.0); 3]), target);
    assert!(matches!(no_score, Err(ActionError::NoMeasure { measure: "nps", .. })));
}

#[test]
fn a_touchpoint_without_a_coefficient_changes_nothing_and_says_so() {
    let own = answers(4, 120);
    let mut scores = own.design().values().to_owned();
    scores.column_mut(2).fill(4.0);
    let own = observations(scores, own.outcome().values().to_owned());
    let table = change(WhatIf::default(), &ordinal(&own), &own, &[raise(2, Raise::By(1.0))]);
    close("change", measure(&table, Measure::Nps), 0.0, 1e-15);
    assert_eq!(table.findings[0].kind, FindingKind::NotEstimated);
}

fn plan(model: &FittedModel, own: &Observations, costs: &[Option<f64>], target: Target) -> Plan {
    let outcome = ModelledOutcome { model, observations: own, unscored: &[] };
    WhatIf::default().cheapest(outcome, &levers(costs), target).expect("a plan")
}

#[test]
fn no_random_mix_that_reaches_the_target_is_cheaper() {
    let own = answers(5, 300);
    let model = ordinal(&own);
    let costs = [Some(2.0), Some(0.9), Some(0.5)];
    let target = Target { measure: Measure::Nps, change: 12.0, ends: OutcomeEnds::default() };
    let found = plan(&model, &own, &costs, target);
    assert!(found.reached);
    close("the target", found.change.change, 12.0, 1e-6);
    let cost = |raises: &[f64]| raises.iter().zip(costs).map(|(raise, cost)| raise * cost.unwrap_or(0.0)).sum::<f64>();
    close("the cost", found.cost, cost(&found.levers.iter().map(|lever| lever.raise).collect::<Vec<_>>()), 1e-12);
    for trial in normals(9, 150, 3).outer_iter() {
        // Around the plan, and no dearer than it.
        let raises: Vec<f64> = found
            .levers
            .iter()
            .zip(&trial)
            .map(|(lever, by)| (lever.raise + 0.7 * by).clamp(0.0, lever.raise_max))
            .collect();
        if cost(&raises) < found.cost * (1.0 - 1e-4) {
            let asked: Vec<LeverRaise> = raises.iter().enumerate().map(|(at, &by)| raise(at, Raise::By(by))).collect();
            let reached = measure(&change(WhatIf::default(), &model, &own, &asked), Measure::Nps);
            assert!(reached < 12.0 + 1e-3, "{raises:?} reaches {reached}");
        }
    }
}

#[test]
fn what_is_not_actionable_or_goes_the_wrong_way_is_not_offered() {
    let (scores, liking) = survey(6, 500);
    let own = observations(scores.clone(), liking - 1.5 * &scores.column(2));
    let model = Ols::default().fit(&own).expect("a fit").model().clone();
    let target = |change| Target { measure: Measure::Mean, change, ends: OutcomeEnds::default() };
    let up = plan(&model, &own, &[None, Some(1.0), Some(0.01)], target(0.1));
    let offered: Vec<bool> = up.levers.iter().map(|lever| lever.offered).collect();
    assert_eq!(offered, [false, true, false]);
    assert!(up.reached && up.levers[0].raise <= 0.0 && up.levers[2].raise <= 0.0);
    assert!(up.levers[0].change_at_most > 0.0 && up.levers[2].change_at_most < 0.0);
    let down = plan(&model, &own, &[None, Some(1.0), Some(0.01)], target(-0.1));
    assert!(down.reached && down.levers[2].raise > 0.0 && down.change.change < 0.0);
    let nothing = plan(&model, &own, &[None, None, None], target(0.1));
    assert!(!nothing.reached && nothing.cost <= 0.0 && nothing.best_change.abs() < 1e-12);
    let refused = |costs: &[Option<f64>], change: f64| {
        let outcome = ModelledOutcome { model: &model, observations: &own, unscored: &[] };
        WhatIf::default().cheapest(outcome, &levers(costs), target(change)).err()
    };
    assert!(matches!(refused(&[Some(1.0); 3], 0.0), Some(ActionError::Setting { setting: "the target", .. })));
    assert!(matches!(refused(&[Some(0.0); 3], 1.0), Some(ActionError::Setting { setting: "cost_per_point", .. })));
}

#[test]
fn a_plan_goes_no_farther_than_the_outcome() {
    // One touchpoint of 0 to 10 and an outcome of twice its score: 0 to 20 by the line, whatever the outcome can be.
    let scores = Array2::from_shape_fn((11, 1), |(row, _)| row as f64);
    let outcome = scores.column(0).mapv(|score| 2.0 * score);
    let design = DesignMatrix::new(vec!["x0".to_owned()], scores).expect("finite");
    let own = Observations::new(design, Outcome::numeric("points", outcome).expect("finite")).expect("as many rows");
    let model = Ols::default().fit(&own).expect("a fit").model().clone();
    let lever = &levers(&[Some(3.0)])[..1];
    let found = |change: f64, high: f64| {
        let ends = OutcomeEnds { low: 0.0, high };
        let outcome = ModelledOutcome { model: &model, observations: &own, unscored: &[] };
        WhatIf::default().cheapest(outcome, lever, Target { measure: Measure::Mean, change, ends }).expect("a plan")
    };
    // Without an end everybody at 10 is a mean of 20, 10 more than now; up to 16 it is 6.
    let endless = found(12.0, f64::INFINITY);
    close("the most", endless.best_change, 10.0, 1e-9);
    assert!(!endless.reached && endless.end.is_none() && endless.findings.is_empty());
    let ended = found(7.0, 16.0);
    assert!(!ended.reached && ended.end == Some(16.0));
    close("the most up to the end", ended.best_change, 6.0, 1e-9);
    close("what the raises go with", ended.change.change, 6.0, 1e-6);
    // By hand: raised by r, score s comes to min(s + r, 10), so that the mean change is 2 / 11 times the sum of min(r, 10 - s);
    // for r = 4 that is 2 / 11 * (4 * 7 + 3 + 2 + 1 + 0) = 68 / 11, a little above 6. Beyond 16 are then scores from 5 on, six of
    // eleven, where two of eleven were (9 and 10).
    assert!(ended.levers[0].raise > 3.5 && ended.levers[0].raise < 4.0, "{:?}", ended.levers);
    close("beyond", ended.share_beyond, 6.0 / 11.0, 1e-12);
    assert_eq!(ended.findings[0].kind, FindingKind::ScaleEnd);
    let sentence = &ended.findings[0].sentence;
    assert!(sentence.contains("55 % of the answers beyond what points can be (0 to 16)"), "{sentence}");
    // A little more takes nobody else beyond: scores from 8.5 on stand above 17, and 8 comes to 8.275.
    let small = found(0.5, 17.0);
    assert!(small.reached && small.findings.is_empty(), "{small:?}");
}

#[test]
fn nothing_that_can_be_raised_changes_nothing_at_all() {
    let own = answers(5, 300);
    let model = ordinal(&own);
    // Rounding would leave 1e-14 where the two sides are added up otherwise.
    let target = Target { measure: Measure::DetractorShare, change: 0.05, ends: OutcomeEnds::default() };
    let found = plan(&model, &own, &[None; 3], target);
    assert!(!found.reached && found.best_change.abs() <= 0.0 && found.change.change.abs() <= 0.0, "{found:?}");
}

#[test]
fn a_share_of_buyers_can_be_a_target() {
    let (scores, liking) = survey(7, 600);
    let names = (0..3).map(|at| format!("x{at}")).collect();
    let design = DesignMatrix::new(names, scores).expect("finite");
    let class = liking.mapv(|value| f64::from(u8::from(value > 0.5)));
    let own = Observations::new(design, Outcome::binary("buys", class).expect("classes")).expect("as many rows");
    let model = Logit::default().fit(&own).expect("a fit").model().clone();
    let found = plan(
        &model,
        &own,
        &[Some(1.0); 3],
        Target { measure: Measure::Share, change: 0.1, ends: OutcomeEnds::default() },
    );
    assert!(found.reached);
    close("the target", found.change.change, 0.1, 1e-8);
    // The first touchpoint weighs twice as much at the same price.
    assert!(found.levers[0].raise > found.levers[1].raise && found.levers[1].raise >= found.levers[2].raise);
}

/// Two segments in which different touchpoints matter, and a third like the first.
fn by_segment(n_rows: usize) -> (Observations, Segmentation) {
    with_noise(n_rows, 0.7)
}

fn with_noise(n_rows: usize, noise: f64) -> (Observations, Segmentation) {
    let made = normals(21, n_rows, 4);
    let label = |row: usize| if row % 10 == 9 { "small" } else { ["one", "two"][row % 2] };
    let outcome = Array1::from_shape_fn(n_rows, |row| {
        let other = usize::from(label(row) == "two");
        made[[row, other]] + 0.3 * made[[row, 2]] + noise * made[[row, 3]]
    });
    let labels: Vec<Option<&str>> = (0..n_rows).map(|row| Some(label(row))).collect();
    (observations(made.slice(ndarray::s![.., ..3]).to_owned(), outcome), Segmentation::of_labels(&labels))
}

fn drivers() -> Vec<Driver> {
    (0..3).map(|at| Driver::column(format!("x{at}"), at)).collect()
}

fn segments(test: SegmentTest, replicates: usize, base_min: usize) -> SegmentAnalysis {
    let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates, ..DriverAnalysis::default() };
    SegmentAnalysis { analysis, base_min, test, ..SegmentAnalysis::default() }
}

fn p_value(table: &SegmentTable, segment: &str, driver: &str) -> f64 {
    let row = table.rows.iter().find(|row| row.segment == segment && row.driver == driver).expect("a row");
    row.p_bh.expect("a test")
}

#[test]
fn a_touchpoint_that_matters_in_one_segment_alone_is_found_and_one_that_matters_alike_is_not() {
    let (own, segmentation) = by_segment(800);
    for (test, replicates) in [(SegmentTest::Bootstrap, 100), (SegmentTest::Permutation, 199)] {
        let table = segments(test, replicates, 60).compare(&own, &drivers(), &[], &segmentation).expect("a table");
        assert!(p_value(&table, "two", "x1") < 0.05 && p_value(&table, "one", "x1") < 0.05);
        assert!(p_value(&table, "two", "x2") > 0.05);
        for row in &table.rows {
            let (own, holm, bh) = (row.p_value.expect("a test"), row.p_holm.expect("one"), row.p_bh.expect("one"));
            assert!(own <= bh && bh <= holm + 1e-15);
            close("difference", row.difference, row.share - row.share_elsewhere, 1e-15);
        }
    }
}

#[test]
fn segments_are_ranked_with_intervals_and_their_differences_are_found_in_words() {
    let (own, segmentation) = by_segment(800);
    let table = segments(SegmentTest::Bootstrap, 100, 60)
        .compare(&own, &drivers(), &[], &segmentation.by("channel"))
        .expect("a table");
    let row = |segment: &str, driver: &str| {
        table.rows.iter().find(|row| row.segment == segment && row.driver == driver).expect("a row")
    };
    // The first touchpoint matters in one segment, the second in the other.
    for (segment, first) in [("one", "x0"), ("two", "x1")] {
        let row = row(segment, first);
        let interval = row.rank_interval.expect("replicates");
        assert_eq!((row.rank, interval.rank_low, interval.rank_high), (1, 1, 1));
        assert!((interval.p_rank_1 - 1.0).abs() < 1e-12);
    }
    let finding = table.findings.iter().find(|own| own.kind == FindingKind::DriversDiffer).expect("a finding");
    assert!(finding.sentence.starts_with("What goes with y differs by channel: `x"), "{}", finding.sentence);
    let n_differing = table.rows.iter().filter(|row| row.p_bh.is_some_and(|p_value| p_value < 0.05)).count();
    close("as many as the table has", finding.numbers["n_differing"], n_differing as f64, 1e-12);
}

#[test]
fn where_all_drivers_say_next_to_nothing_no_difference_is_told() {
    // (0.5^2 + 0.5^2 + 0.3^2) / (1.09 + 7^2), about 1.2 %, is explained over both segments.
    let (own, segmentation) = with_noise(20_000, 7.0);
    let table =
        segments(SegmentTest::Bootstrap, 100, 60).compare(&own, &drivers(), &[], &segmentation).expect("a table");
    let row = table.rows.iter().find(|row| row.segment == "two" && row.driver == "x1").expect("a row");
    assert!(
        row.p_value.is_some_and(|p_value| p_value < 0.05) && row.p_bh.is_none(),
        "the table has the raw difference: {row:?}"
    );
    assert!(table.findings.iter().all(|own| own.kind != FindingKind::DriversDiffer), "{:?}", table.findings);
}

#[test]
fn segments_are_the_same_for_any_number_of_threads() {
    let (own, segmentation) = by_segment(400);
    for (test, replicates) in [(SegmentTest::Bootstrap, 30), (SegmentTest::Permutation, 30)] {
        let with = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            let compare = || segments(test, replicates, 30).compare(&own, &drivers(), &[], &segmentation);
            format!("{:?}", pool.install(compare).expect("a table"))
        };
        assert_eq!(with(1), with(3));
    }
}

#[test]
fn small_segments_are_drawn_further_towards_the_others() {
    let (own, segmentation) = by_segment(800);
    let table =
        segments(SegmentTest::Bootstrap, 100, 60).compare(&own, &drivers(), &[], &segmentation).expect("a table");
    let row =
        |segment: &str| table.rows.iter().find(|row| row.segment == segment && row.driver == "x0").expect("a row");
    assert!(row("small").own_weight < row("one").own_weight);
    let spread = table.spreads.iter().find(|spread| spread.driver == "x0").expect("a spread");
    assert!(spread.p_value < 1e-6 && spread.between_std_dev > 0.2);
    for row in &table.rows {
        let spread = table.spreads.iter().find(|spread| spread.driver == row.driver).expect("a spread");
        let shrunk = row.shrunk.expect("drawn").estimate;
        assert!((shrunk - spread.centre).abs() <= (row.share - spread.centre).abs() + 1e-12);
    }
}

#[test]
fn segments_below_the_minimum_base_are_shown_and_not_analysed() {
    let (own, segmentation) = by_segment(400);
    let table =
        segments(SegmentTest::Bootstrap, 20, 60).compare(&own, &drivers(), &[], &segmentation).expect("a table");
    let base = table.segments.iter().find(|base| base.segment == "small").expect("a base");
    assert!(base.n_used == 40 && !base.analysed && table.rows.iter().all(|row| row.segment != "small"));
    let none = segments(SegmentTest::Bootstrap, 20, 5000).compare(&own, &drivers(), &[], &segmentation);
    assert!(matches!(none, Err(ActionError::NoSegment { base_min: 5000 })));
    let short = Segmentation::of_labels(&[Some("one")]);
    let odd = segments(SegmentTest::Bootstrap, 20, 10).compare(&own, &drivers(), &[], &short);
    assert!(matches!(odd, Err(ActionError::Count { .. })));
}

#[test]
fn two_segments_mirror_each_other_and_are_tested_once() {
    let (own, _) = by_segment(300);
    let labels: Vec<Option<&str>> = (0..300).map(|row| (row % 7 != 0).then_some(["one", "two"][row % 2])).collect();
    let table = segments(SegmentTest::Bootstrap, 60, 50)
        .compare(&own, &drivers(), &[], &Segmentation::of_labels(&labels))
        .expect("a table");
    for at in 0..3 {
        let (one, two) = (&table.rows[at], &table.rows[at + 3]);
        close("mirrored", one.difference, -two.difference, 1e-12);
        assert_eq!(one.p_holm, two.p_holm);
        assert!(one.p_holm.expect("a test") <= 3.0 * one.p_value.expect("a test") + 1e-12);
    }
    assert!(table.findings.iter().any(|finding| finding.kind == FindingKind::RowsDropped));
}

#[test]
fn segments_dealt_at_random_are_rarely_told_apart_and_customers_stay_whole() {
    let made = normals(31, 240, 4);
    let outcome = &made.column(0) + &made.column(3);
    let own = observations(made.slice(ndarray::s![.., ..3]).to_owned(), outcome);
    let small = (0..20).filter(|&deal| {
        let labels: Vec<Option<&str>> =
            (0..240).map(|row| Some(["a", "b"][(row * 7 + row * row / 3 + deal * row) % 5 % 2])).collect();
        let segmentation = Segmentation::of_labels(&labels);
        let table =
            segments(SegmentTest::Permutation, 99, 40).compare(&own, &drivers(), &[], &segmentation).expect("a table");
        table.rows[..3].iter().any(|row| row.p_holm.expect("a test") < 0.05)
    });
    assert!(small.count() <= 4);
    let labels: Vec<Option<&str>> = (0..240).map(|row| Some(["a", "b"][row % 2])).collect();
    let clustered = own.clustered(Clusters::from_labels((0..240).map(|row| row / 2))).expect("as many rows");
    let mixed = segments(SegmentTest::Permutation, 9, 40).compare(
        &clustered,
        &drivers(),
        &[],
        &Segmentation::of_labels(&labels),
    );
    assert!(matches!(mixed, Err(ActionError::MixedCustomer { customer: 1 })));
}

#[test]
fn shares_of_a_segment_are_those_of_its_rows_alone() {
    let (own, segmentation) = by_segment(300);
    let fast = segments(SegmentTest::Bootstrap, 0, 50).compare(&own, &drivers(), &[], &segmentation).expect("a table");
    let rows: Vec<usize> = (0..300).filter(|&row| segmentation.codes()[row] == Some(0)).collect();
    let alone = DriverAnalysis { methods: vec![Method::Shapley], replicates: 0, ..DriverAnalysis::default() }
        .rank(&own.select(&rows).expect("rows"), &drivers(), &[])
        .expect("a ranking");
    for row in alone.drivers {
        let of = fast.rows.iter().find(|own| own.segment == "one" && own.driver == row.driver).expect("a row");
        close("share", of.share, row.share, 1e-10);
        assert!(of.p_value.is_none() && of.share_interval.is_none());
    }
}

/// x0 moves x1, which moves the outcome; x0 also moves it directly.
fn chain(seed: u64, n_rows: usize, direct: f64) -> Observations {
    let made = normals(seed, n_rows, 3);
    let touchpoint = made.column(0).to_owned();
    let mediator = 0.5 * &touchpoint + made.column(1);
    let outcome = direct * &touchpoint + 0.8 * &mediator + made.column(2);
    observations(ndarray::stack![Axis(1), touchpoint, mediator], outcome)
}

fn mediated(own: &Observations, replicates: usize) -> MediationResult {
    let contrast = ScoreContrast { from: 0.0, to: 2.0 };
    let settings = Mediation { contrast, confidence: Confidence::default(), replicates, seed: 1 };
    settings.analyse(own, 0, 1, &[]).expect("a result")
}

#[test]
fn parts_of_a_known_chain_lie_in_their_intervals_and_sum_to_the_slope_without_the_mediator() {
    let own = chain(41, 800, 0.3);
    let result = mediated(&own, 200);
    for (effect, truth) in
        [(result.direct, 0.6), (result.indirect, 0.8), (result.total, 1.4), (result.proportion, 0.8 / 1.4)]
    {
        let interval = effect.interval.expect("replicates");
        assert!(interval.conf_low < truth && truth < interval.conf_high, "{effect:?} {truth}");
    }
    let slope = Ols::default().fit(&own.with_features(&[0])).expect("a fit").coefficients()[1].estimate;
    close("total", result.total.effect, 2.0 * slope, 1e-10);
}

#[test]
fn a_class_that_hardly_curves_has_the_effects_of_a_linear_one() {
    let own = chain(43, 1500, 0.3);
    let class = own.outcome().values().mapv(|value| f64::from(u8::from(value > 0.0)));
    let binary =
        Observations::new(own.design().clone(), Outcome::binary("y", class.clone()).expect("classes")).expect("rows");
    let linear = Observations::new(own.design().clone(), Outcome::numeric("y", class).expect("finite")).expect("rows");
    let contrast = ScoreContrast { from: -0.25, to: 0.25 };
    let settings = Mediation { contrast, confidence: Confidence::default(), replicates: 40, seed: 1 };
    let (one, other) = (
        settings.analyse(&binary, 0, 1, &[]).expect("a result"),
        settings.analyse(&linear, 0, 1, &[]).expect("a result"),
    );
    close("direct", one.direct.effect, other.direct.effect, 0.02);
    close("indirect", one.indirect.effect, other.indirect.effect, 0.02);
    assert_eq!(one.n_replicates, 40);
}

#[test]
fn frequencies_are_repeated_rows_for_mediation() {
    let own = chain(44, 90, 0.5);
    let counts: Vec<f64> = (0..90).map(|row| (row % 3) as f64).collect();
    let repeated: Vec<usize> = (0..90).flat_map(|row| std::iter::repeat_n(row, row % 3)).collect();
    let weighted =
        own.clone().weighted(Weights::new(WeightKind::Frequency, counts).expect("whole")).expect("a weight a row");
    let (one, other) = (mediated(&weighted, 0), mediated(&own.select(&repeated).expect("rows"), 0));
    close("direct", one.direct.effect, other.direct.effect, 1e-10);
    close("indirect", one.indirect.effect, other.indirect.effect, 1e-10);
}

#[test]
fn parts_that_oppose_each_other_and_contrasts_of_nothing_are_named() {
    let opposes = |result: MediationResult| result.findings.iter().any(|own| own.kind == FindingKind::Suppressor);
    assert!(opposes(mediated(&chain(45, 500, -0.4), 200)));
    // Without replicates there is no interval that excludes zero.
    assert!(!opposes(mediated(&chain(45, 500, -0.4), 0)));
    let own = chain(45, 100, 0.0);
    let contrast = ScoreContrast { from: 1.0, to: 1.0 };
    let settings = Mediation { contrast, confidence: Confidence::default(), replicates: 0, seed: 1 };
    assert!(matches!(settings.analyse(&own, 0, 1, &[]), Err(ActionError::Setting { .. })));
    let contrast = ScoreContrast { from: 0.0, to: 1.0 };
    assert!(matches!(
        Mediation { contrast, ..settings }.analyse(&own, 0, 7, &[]),
        Err(ActionError::NoSuchColumn { .. })
    ));
    let copied = observations(
        ndarray::stack![Axis(1), own.design().values().column(0), own.design().values().column(0)],
        own.outcome().values().to_owned(),
    );
    assert!(Mediation { contrast, ..settings }.analyse(&copied, 0, 1, &[]).is_err());
}

#[test]
fn what_weighs_in_words_alone_is_found() {
    let made = normals(51, 900, 5);
    let said = &made.column(0) + &made.column(1) + made.column(3);
    let done = (&made.column(1) + &made.column(4)).mapv(|value| f64::from(u8::from(value > 0.3)));
    let own = observations(made.slice(ndarray::s![.., ..3]).to_owned(), said);
    let outcome = |outcome: Outcome, side| ComparedOutcome {
        outcome,
        known: None,
        side,
        family: DriverFamily::Linear,
        measure: FitKind::RSquared,
    };
    let outcomes = [
        outcome(own.outcome().clone(), Side::Stated),
        outcome(Outcome::binary("buys", done).expect("classes"), Side::Observed),
    ];
    let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 100, ..DriverAnalysis::default() };
    let settings = StatedObserved { analysis, permutations: 200 };
    let rows = StatedObservedRows { design: own.design(), weights: own.weights(), clusters: None };
    let table = settings.compare(&rows, &outcomes, &drivers(), &[]).expect("a table");
    let flagged: Vec<bool> = table.differences.iter().map(|row| row.said_not_done).collect();
    assert_eq!(flagged, [true, false, false]);
    let concordance = table.concordance.expect("two rankings");
    assert!(
        concordance.conf_low.expect("replicates") <= concordance.w && concordance.p_permutation.expect("some") > 0.05
    );
    assert!(matches!(settings.compare(&rows, &[], &drivers(), &[]), Err(ActionError::Count { .. })));
}

#[test]
fn robustness_does_not_change_with_units_and_noise_has_none() {
    let made = normals(61, 400, 4);
    let outcome = 0.5 * &made.column(0) + made.column(3);
    let columns = made.slice(ndarray::s![.., ..3]).to_owned();
    let table = |columns: Array2<f64>, outcome: Array1<f64>| {
        Confounding::default().analyse(&observations(columns, outcome), &drivers(), &[]).expect("a table")
    };
    let own = table(columns.clone(), outcome.clone());
    assert!(own.drivers[0].robustness_value > 0.25 && own.drivers[0].significant_robustness_value > 0.15);
    assert!(own.drivers[1].significant_robustness_value < 0.05);
    let rescaled = table(columns * 1e-6 + 3.0, outcome * 1e4 - 1.0);
    for (one, other) in own.drivers.iter().zip(&rescaled.drivers) {
        close("partial R squared", one.partial_r_squared, other.partial_r_squared, 1e-9);
        close("robustness", one.robustness_value, other.robustness_value, 1e-9);
        for (one, other) in one.benchmarks.iter().zip(&other.benchmarks) {
            let share =
                |own: &advocate::drivers::robustness::Benchmark| own.adjusted.expect("one").confounder.of_outcome;
            close("a benchmark", share(one), share(other), 1e-9);
        }
    }
}

#[test]
fn a_constant_driver_and_settings_out_of_range_are_named_by_robustness() {
    let made = normals(61, 100, 3);
    let mut columns = made.clone();
    columns.column_mut(1).fill(2.0);
    let own = observations(columns, made.column(2).to_owned() + made.column(0));
    let all = Confounding::default().analyse(&own, &drivers()[..2], &[]).expect("a table");
    assert_eq!((all.drivers.len(), all.findings[0].kind), (1, FindingKind::NotEstimated));
    let q = Confounding { q: 0.0, ..Confounding::default() };
    assert!(matches!(q.analyse(&own, &drivers(), &[]), Err(ActionError::Setting { setting: "q", .. })));
    let none = Confounding::default().analyse(&own, &[], &[]);
    assert!(matches!(none, Err(ActionError::NoDriver)));
}
