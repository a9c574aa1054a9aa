//! What must hold of importance and performance, of penalties and rewards, and of necessary conditions.

use crate::inputs::{close, normals, observations};
use advocate::data::{Clusters, Gaps, Observations, Outcome, WeightKind, Weights};
use advocate::drivers::asymmetry::{
    AsymmetryClass, Condition, Cuts, ExpectationGaps, ExpectationPair, Necessity, PenaltyReward, RatedDriver,
};
use advocate::drivers::performance::{
    Action, ActionChart, ImportancePerformance, Line, PerformanceMeasure, Ranked, Touchpoint,
};
use advocate::drivers::{
    ActionError, Driver, DriverAnalysis, DriverFamily, DriverRanking, FitKind, Importance, Method, Scale,
    TestedEstimate,
};
use advocate::findings::FindingKind;
use ndarray::{Array1, Array2, Axis};

fn scale(low: f64, high: f64) -> Scale {
    Scale::new(low, high).expect("in order")
}

/// Five touchpoints on 0-10: two important ones, two that do not matter, one in the middle of everything.
fn five(n_rows: usize) -> Observations {
    let made = normals(3, n_rows, 6);
    let means = [2.0, 8.0, 8.0, 2.0, 5.0];
    let scores = Array2::from_shape_fn((n_rows, 5), |(row, at)| (means[at] + 0.7 * made[[row, at]]).clamp(0.0, 10.0));
    let slopes = [2.0, 2.0, 0.0, 0.0, 2.0_f64.sqrt()];
    let outcome = Array1::from_shape_fn(n_rows, |row| {
        (0..5).map(|at| slopes[at] * scores[[row, at]]).sum::<f64>() + made[[row, 5]]
    });
    observations(scores, outcome)
}

fn touchpoints(scale: Scale, n: usize) -> Vec<Touchpoint> {
    (0..n).map(|column| Touchpoint { name: format!("x{column}"), column, scale }).collect()
}

fn ranking(observations: &Observations) -> DriverRanking {
    let drivers: Vec<Driver> =
        (0..observations.design().n_features()).map(|at| Driver::column(format!("x{at}"), at)).collect();
    let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 200, ..DriverAnalysis::default() };
    analysis.rank(observations, &drivers, &[]).expect("a ranking")
}

/// The chart of rows of which none lacks a score.
fn charted(
    settings: &ImportancePerformance,
    observations: &Observations,
    touchpoints: &[Touchpoint],
    ranking: &DriverRanking,
) -> ActionChart {
    let design = observations.design();
    let gaps = Gaps::new(design.names().to_vec(), design.values().to_owned(), observations.outcome().clone());
    let rows: Vec<usize> = (0..observations.n_rows()).collect();
    let ranked = Ranked { ranking, observations, rows: &rows };
    settings.chart(&gaps.expect("columns"), touchpoints, ranked).expect("a chart")
}

fn chart(settings: &ImportancePerformance, observations: &Observations, scale: Scale) -> ActionChart {
    let touchpoints = touchpoints(scale, observations.design().n_features());
    charted(settings, observations, &touchpoints, &ranking(observations))
}

fn settings() -> ImportancePerformance {
    ImportancePerformance { replicates: 200, ..ImportancePerformance::default() }
}

#[test]
fn clear_touchpoints_get_their_action_and_one_on_both_lines_gets_none() {
    let chart = chart(&settings(), &five(600), scale(0.0, 10.0));
    let actions: Vec<Action> = chart.touchpoints.iter().map(|row| row.action).collect();
    use Action::{Improve, LowerPriority, Maintain, Monitor, Undecided};
    assert_eq!(actions, [Improve, Maintain, Monitor, LowerPriority, Undecided]);
    for row in &chart.touchpoints {
        let shares = row.probabilities.expect("a bootstrap");
        let total = shares.improve + shares.maintain + shares.monitor + shares.lower_priority;
        assert!((0.0..=1.0 + 1e-12).contains(&total));
        let interval = row.importance_interval.expect("a bootstrap");
        assert!(interval.conf_low <= row.importance && row.importance <= interval.conf_high);
    }
    close("the mean line", chart.importance_line, 0.2, 1e-12);
}

#[test]
fn the_unit_of_the_scale_changes_no_action() {
    let own = five(200);
    let rescaled =
        observations(own.design().values().mapv(|score| 3.0 + 0.25 * score), own.outcome().values().to_owned());
    let (one, other) = (chart(&settings(), &own, scale(0.0, 10.0)), chart(&settings(), &rescaled, scale(3.0, 5.5)));
    for (own, other) in one.touchpoints.iter().zip(&other.touchpoints) {
        assert_eq!((own.action, own.quadrant), (other.action, other.quadrant));
        close("performance", own.performance.estimate, other.performance.estimate, 1e-9);
        close("its error", own.performance.std_error, other.performance.std_error, 1e-9);
    }
}

#[test]
fn a_quadrant_is_decided_by_both_figures_of_the_same_draw() {
    // Importance is high exactly in those draws in which performance is low: neither side alone is ever clear.
    let data = five(100);
    let touchpoints = touchpoints(scale(0.0, 10.0), 2);
    let mean = |weights: &[f64]| {
        let scores = data.design().values();
        scores.column(0).iter().zip(weights).map(|(score, weight)| score * weight).sum::<f64>()
            / weights.iter().sum::<f64>()
    };
    let own = mean(&[1.0; 100]);
    let importance = |weights: &[f64]| Some(if mean(weights) < own { vec![0.8, 0.2] } else { vec![0.2, 0.8] });
    let line = Line::At(10.0 * own);
    let settings = ImportancePerformance { importance_line: Line::At(0.5), performance_line: line, ..settings() };
    let chart = settings.chart_by(&data, &touchpoints, importance).expect("a chart");
    let shares = chart.touchpoints[0].probabilities.expect("a bootstrap");
    assert!(shares.improve > 0.3 && shares.monitor > 0.3, "{shares:?}");
    assert!(shares.maintain + shares.lower_priority < 0.05, "{shares:?}");
}

#[test]
fn a_class_has_the_same_replicates_by_the_ranking_and_by_weights() {
    let own = five(150);
    let middle = own.outcome().values().mean().expect("rows");
    let noise = normals(8, 150, 1);
    let class = Array1::from_shape_fn(150, |row| {
        f64::from(u8::from(own.outcome().values()[row] + 4.0 * noise[[row, 0]] > middle))
    });
    let outcome = Outcome::binary("buys", class).expect("classes");
    let own = Observations::new(own.design().clone(), outcome).expect("as many rows").with_features(&[0, 1, 4]);
    let drivers: Vec<Driver> =
        ["x0", "x1", "x4"].iter().enumerate().map(|(at, name)| Driver::column(*name, at)).collect();
    let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 40, ..DriverAnalysis::default() };
    let family = DriverFamily::Logistic;
    let importance = Importance::of(&analysis, family, &own, &drivers, &[], FitKind::Mcfadden).expect("importance");
    let ranking = analysis.rank_by_family(family, &own, &drivers, &[], FitKind::Mcfadden).expect("a ranking");
    let points: Vec<Touchpoint> = drivers
        .iter()
        .map(|driver| Touchpoint { name: driver.name.clone(), column: driver.columns[0], scale: scale(0.0, 10.0) })
        .collect();
    let settings = ImportancePerformance { replicates: 40, ..settings() };
    let one = charted(&settings, &own, &points, &ranking);
    let other = settings.chart_by(&own, &points, |weights| importance.contributions(weights)).expect("a chart");
    for (one, other) in one.touchpoints.iter().zip(&other.touchpoints) {
        let (one_share, other_share) =
            (one.importance_interval.expect("some"), other.importance_interval.expect("some"));
        close("error", one_share.std_error, other_share.std_error, 1e-6);
        assert_eq!((one.probabilities, one.action), (other.probabilities, other.action));
    }
}

#[test]
fn one_touchpoint_alone_is_on_its_own_line() {
    let own = five(60).with_features(&[0]);
    let chart = chart(&settings(), &own, scale(0.0, 10.0));
    assert_eq!(chart.touchpoints[0].action, Action::Undecided);
}

#[test]
fn the_top_box_can_stand_for_performance() {
    let own = five(300);
    let with_top_box = scale(0.0, 10.0).with_top_box(7.0).expect("on the scale");
    let settings = ImportancePerformance { measure: PerformanceMeasure::TopBox, ..settings() };
    let chart = chart(&settings, &own, with_top_box);
    assert_eq!(chart.touchpoints[1].action, Action::Maintain);
    let tops = chart.touchpoints.iter().map(|row| row.top_box.estimate).sum::<f64>() / 5.0;
    close("the line", chart.performance_line, tops, 1e-12);
}

#[test]
fn charts_without_importance_replicates_or_customers_say_so() {
    let own = five(40);
    let points = touchpoints(scale(0.0, 10.0), 5);
    let none = settings().chart_by(&own, &points, |_| None);
    assert!(matches!(none, Err(ActionError::NoImportance)));
    let three = settings().chart_by(&own, &points, |_| Some(vec![1.0; 3]));
    assert!(matches!(three, Err(ActionError::Count { n_found: 3, n_expected: 5, .. })));
    let one_customer = own.clone().clustered(Clusters::from_labels([0; 40])).expect("as many rows");
    let refused = settings().chart_by(&one_customer, &points, |_| Some(vec![1.0; 5]));
    assert!(matches!(refused, Err(ActionError::OneCustomer)));
    let first_only = |weights: &[f64]| weights.iter().all(|&weight| (weight - 1.0).abs() < 0.5).then(|| vec![1.0; 5]);
    let failed = settings().chart_by(&own, &points, first_only).expect("a chart");
    assert_eq!(failed.findings[0].kind, FindingKind::Unreliable);
    assert!(failed.touchpoints.iter().all(|row| row.action == Action::Undecided && row.probabilities.is_none()));
}

/// Four drivers of scores 1 to 5: one that only costs, one that only brings, one that does both, one that does neither.
fn asymmetric(n_rows: usize) -> Observations {
    let made = normals(11, n_rows, 5);
    let scores = Array2::from_shape_fn((n_rows, 4), |(row, at)| (3.0 + 1.3 * made[[row, at]]).round().clamp(1.0, 5.0));
    let effect = |score: f64, low: f64, high: f64| {
        if score < 3.0 {
            -low
        } else if score > 3.0 {
            high
        } else {
            0.0
        }
    };
    let outcome = Array1::from_shape_fn(n_rows, |row| {
        let s = scores.row(row);
        effect(s[0], 1.0, 0.0) + effect(s[1], 0.0, 1.0) + effect(s[2], 1.0, 1.0) + made[[row, 4]]
    });
    observations(scores, outcome)
}

fn rated(n: usize) -> Vec<RatedDriver> {
    let cuts = Cuts::Thirds(scale(1.0, 5.0));
    (0..n).map(|column| RatedDriver { name: format!("x{column}"), column, cuts }).collect()
}

#[test]
fn drivers_are_classed_by_what_they_cost_and_bring() {
    let table = PenaltyReward::default().contrast(&asymmetric(6000), &rated(4), &[]).expect("a table");
    let classes: Vec<AsymmetryClass> = table.drivers.iter().map(|row| row.class).collect();
    use AsymmetryClass::{Basic, Excitement, Indifferent, Performance};
    assert_eq!(classes, [Basic, Excitement, Performance, Indifferent]);
}

#[test]
fn of_a_loss_low_scores_cost_where_it_is_more() {
    // What is lost is what is not kept: the same drivers cost and bring as much.
    let own = asymmetric(600);
    let lost = observations(own.design().values().to_owned(), own.outcome().values().mapv(|kept| 1.0 - kept));
    let kept = PenaltyReward::default().contrast(&own, &rated(4), &[]).expect("a table");
    let lost =
        PenaltyReward { is_loss: true, ..PenaltyReward::default() }.contrast(&lost, &rated(4), &[]).expect("a table");
    for (one, other) in kept.drivers.iter().zip(&lost.drivers) {
        let ends = |own: Option<TestedEstimate>| {
            own.map(|own| (own.estimate.conf_low, own.estimate.conf_high)).expect("an effect")
        };
        for (one, other) in [(one.penalty, other.penalty), (one.reward, other.reward), (one.asymmetry, other.asymmetry)]
        {
            close("lower end", ends(one).0, ends(other).0, 1e-9);
            close("upper end", ends(one).1, ends(other).1, 1e-9);
        }
        assert_eq!(one.class, other.class);
    }
    assert!(!lost.findings.iter().any(|finding| finding.kind == FindingKind::Suppressor));
}

#[test]
fn few_answers_leave_a_weak_driver_undecided_and_not_indifferent() {
    let table = PenaltyReward::default().contrast(&asymmetric(120), &rated(4), &[]).expect("a table");
    assert_eq!(table.drivers[3].class, AsymmetryClass::Undecided);
}

#[test]
fn a_category_without_answers_has_no_effect_and_says_so() {
    let own = asymmetric(400);
    let mut scores = own.design().values().to_owned();
    scores.column_mut(0).mapv_inplace(|score| score.max(3.0));
    // All that is in the middle becomes high: nothing is left to compare with.
    scores.column_mut(1).mapv_inplace(|score| if (2.5..3.5).contains(&score) { 5.0 } else { score });
    let own = observations(scores, own.outcome().values().to_owned());
    let table = PenaltyReward::default().contrast(&own, &rated(4), &[]).expect("a table");
    let rows = &table.drivers;
    assert!(rows[0].penalty.is_none() && rows[0].reward.is_some() && rows[0].class == AsymmetryClass::Undecided);
    assert!(rows[1].penalty.is_none() && rows[1].reward.is_none() && rows[1].class == AsymmetryClass::Undecided);
    assert!(rows[2].penalty.is_some() && rows[3].reward.is_some());
    for name in ["x0", "x1"] {
        let small =
            |finding: &&advocate::findings::Finding| finding.kind == FindingKind::SmallBase && finding.about == name;
        assert!(table.findings.iter().any(|finding| small(&finding)), "{name}");
    }
}

#[test]
fn frequencies_are_repeated_rows_for_penalties() {
    let own = asymmetric(150);
    let counts: Vec<f64> = (0..150).map(|row| (row % 3) as f64).collect();
    let repeated: Vec<usize> = (0..150).flat_map(|row| std::iter::repeat_n(row, row % 3)).collect();
    let weighted =
        own.clone().weighted(Weights::new(WeightKind::Frequency, counts).expect("whole")).expect("a weight a row");
    let of = |own: &Observations| PenaltyReward::default().contrast(own, &rated(4), &[]).expect("a table");
    let (one, other) = (of(&weighted), of(&own.select(&repeated).expect("rows")));
    for (one, other) in one.drivers.iter().zip(&other.drivers) {
        let both = (one.penalty.expect("an effect").estimate, other.penalty.expect("an effect").estimate);
        close("penalty", both.0.estimate, both.1.estimate, 1e-9);
        close("its error", both.0.std_error, both.1.std_error, 1e-9);
        assert_eq!((one.n_low, one.n_middle, one.n_high), (other.n_low, other.n_middle, other.n_high));
    }
}

#[test]
fn losses_that_weigh_twice_as_much_as_gains_are_found() {
    let made = normals(5, 3000, 4);
    let columns = made.slice(ndarray::s![.., ..2]).mapv(|value| (5.0 + 2.0 * value).round());
    let outcome = Array1::from_shape_fn(3000, |row| {
        let gap = columns[[row, 0]] - columns[[row, 1]];
        2.0 * gap.min(0.0) + gap.max(0.0) + made[[row, 2]]
    });
    let pair = ExpectationPair { name: "delivery".to_owned(), experience: 0, expectation: 1 };
    let table = ExpectationGaps::default().contrast(&observations(columns, outcome), &[pair], &[]).expect("a table");
    let row = &table.drivers[0];
    close("shortfall", row.shortfall.expect("a slope").estimate.estimate, 2.0, 0.1);
    close("surplus", row.surplus.expect("a slope").estimate.estimate, 1.0, 0.1);
    assert!(row.difference.expect("a test").p_value < 1e-6);
    close("shares", row.share_short + row.share_met + row.share_exceeded, 1.0, 1e-12);
}

#[test]
fn nobody_above_expectation_leaves_no_surplus_to_speak_of() {
    let made = normals(5, 200, 2);
    let expected = made.column(0).mapv(|value| (7.0 + value).round());
    let experienced = &expected - 1.0;
    let mut columns = Array2::zeros((200, 2));
    columns.column_mut(0).assign(&experienced);
    columns.column_mut(1).assign(&expected);
    columns[[0, 0]] -= 2.0;
    let pair = ExpectationPair { name: "delivery".to_owned(), experience: 0, expectation: 1 };
    let own = observations(columns, made.column(1).to_owned());
    let row = ExpectationGaps::default().contrast(&own, &[pair], &[]).expect("a table").drivers.remove(0);
    assert!(row.surplus.is_none() && row.difference.is_none() && row.shortfall.is_some());
}

fn condition() -> [Condition; 1] {
    [Condition { name: "x0".to_owned(), column: 0, scale: None }]
}

fn effect(scores: &Array1<f64>, outcome: &Array1<f64>, permutations: usize) -> (f64, f64, f64) {
    let own = observations(scores.clone().insert_axis(Axis(1)), outcome.clone());
    let table = Necessity { permutations, ..Necessity::default() }.analyse(&own, &condition()).expect("a table");
    let row = &table.drivers[0];
    (row.ce_fdh.effect_size, row.cr_fdh.effect_size, row.ce_fdh.p_value.unwrap_or(f64::NAN))
}

#[test]
fn units_change_no_effect_size_and_one_answer_in_the_corner_ends_all_necessity() {
    let made = normals(2, 80, 2);
    let scores = made.column(0).to_owned();
    let outcome = &scores + &made.column(1).mapv(|value| -value.abs());
    let (steps, line, _) = effect(&scores, &outcome, 0);
    assert!(steps > 0.2 && steps < 0.9 && line > 0.1 && line < 0.9);
    let (rescaled, rescaled_line, _) = effect(&(7.0 - 1e-3 + 1e-6 * &scores), &(1e5 * &outcome - 4.0), 0);
    close("steps", rescaled, steps, 1e-7);
    close("line", rescaled_line, line, 1e-7);
    let (mut with_corner, mut high) = (scores.to_vec(), outcome.to_vec());
    with_corner.push(scores.iter().copied().fold(f64::INFINITY, f64::min));
    high.push(outcome.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    let (steps, line, _) = effect(&Array1::from(with_corner), &Array1::from(high), 0);
    assert_eq!((steps, line), (0.0, 0.0));
}

#[test]
fn unrelated_columns_reach_small_p_values_no_more_often_than_chance() {
    let n_small = (0..120).filter(|&seed| {
        let made = normals(100 + seed, 40, 2);
        effect(&made.column(0).to_owned(), &made.column(1).to_owned(), 199).2 <= 0.1
    });
    // Binomial(120, 0.1): 12 on average, standard deviation 3.3.
    let n_small = n_small.count();
    assert!((2..=25).contains(&n_small), "{n_small}");
}

#[test]
fn what_never_varies_is_named() {
    let made = normals(2, 20, 2);
    let own = observations(made.mapv(|_| 3.0), made.column(1).to_owned());
    let table = Necessity::default().analyse(&own, &condition()).expect("a table");
    assert!(table.drivers.is_empty() && table.findings[0].kind == FindingKind::Constant);
    let flat = observations(made.clone(), Array1::ones(20));
    assert!(matches!(Necessity::default().analyse(&flat, &condition()), Err(ActionError::Constant { .. })));
    assert!(matches!(Necessity::default().analyse(&flat, &[]), Err(ActionError::NoDriver)));
}
