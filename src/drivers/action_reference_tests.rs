//! What leads from drivers to actions against `tests/oracles/actions_reference.py`: numpy, scipy and statsmodels.

use super::asymmetry::{
    Condition, Cuts, ExpectationGaps, ExpectationPair, Necessity, PenaltyReward, RatedDriver, RequirementState,
};
use super::performance::{ImportancePerformance, Touchpoint};
use super::reference_tests::{near, numbers_of};
use super::robustness::{Confounder, Confounding, Sensitivity};
use super::segments::{SegmentAnalysis, Segmentation};
use super::stated_observed::{ComparedOutcome, Mediation, ScoreContrast, Side, StatedObserved, StatedObservedRows};
use super::what_if::{
    Lever, LeverRaise, Measure, ModelledOutcome, OrderedLevels, OutcomeEnds, Plan, Raise, Target, WhatIf,
};
use super::{Driver, DriverAnalysis, DriverFamily, Estimate, FitKind, Method, Scale, TestedEstimate};
use crate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
use crate::estimators::formula_data::wave;
use crate::estimators::{Count, FittedModel, Logit, Ols, Ordinal};
use crate::stats::Confidence;
use ndarray::{Array1, Array2};

const ROWS: usize = 240;

/// The numbers of one line of the reference.
fn reference(case: &str, what: &str) -> Vec<f64> {
    numbers_of(include_str!("../../tests/oracles/actions_reference.txt"), case, what)
}

/// Three touchpoints on 0-10, and three expectations of them.
fn scores() -> Array2<f64> {
    Array2::from_shape_fn((ROWS, 6), |(row, column)| {
        let driver = column % 3;
        let place = 0.5 + 0.5 * wave(row, 0) + 0.8 * wave(row, driver + 1);
        let own = (11.0 * place.clamp(0.0, 0.999)).floor();
        if column < 3 { own } else { (own + (5.0 * wave(row, 12 + driver) + 0.5).floor()).clamp(0.0, 10.0) }
    })
}

fn recommend() -> Array1<f64> {
    let scores = scores();
    Array1::from_shape_fn(ROWS, |row| {
        let s = scores.row(row);
        (0.5 * s[0] + 0.3 * s[1] + 0.1 * s[2] + 1.0 + 4.0 * wave(row, 9)).floor().clamp(0.0, 10.0)
    })
}

fn buys() -> Array1<f64> {
    let (scores, recommend) = (scores(), recommend());
    Array1::from_shape_fn(ROWS, |row| {
        let latent = 0.1 * (scores[[row, 0]] - 5.0) + 0.3 * (recommend[row] - 5.0) + 6.0 * wave(row, 10);
        f64::from(u8::from(latent > 0.0))
    })
}

fn visits() -> Array1<f64> {
    let scores = scores();
    Array1::from_shape_fn(ROWS, |row| (1.0 + 0.2 * scores[[row, 1]] + 4.0 * wave(row, 11)).max(0.0).floor())
}

/// The rows with the recommend answer as outcome, grouped by customer, in the first so many columns.
fn observations(n_columns: usize, outcome: Outcome) -> Observations {
    let names = ["a", "b", "c", "a expected", "b expected", "c expected"].map(str::to_owned);
    let values = scores().slice(ndarray::s![.., ..n_columns]).to_owned();
    let design = DesignMatrix::new(names[..n_columns].to_vec(), values).expect("finite");
    let customers = Clusters::from_labels((0..ROWS).map(|row| row / 2));
    Observations::new(design, outcome).and_then(|own| own.clustered(customers)).expect("as many rows")
}

fn recommending(n_columns: usize) -> Observations {
    observations(n_columns, Outcome::numeric("recommend", recommend()).expect("finite"))
}

fn by_weight(plain: Observations) -> [(&'static str, Observations); 2] {
    let weights = Weights::new(WeightKind::Sampling, (0..ROWS).map(|row| (row % 4) as f64).collect()).expect("valid");
    let weighted = plain.clone().weighted(weights).expect("a weight a row");
    [("plain", plain), ("weighted", weighted)]
}

fn scale() -> Scale {
    Scale::new(0.0, 10.0).expect("in order")
}

fn ends(own: Estimate) -> [f64; 4] {
    [own.estimate, own.std_error, own.conf_low, own.conf_high]
}

fn tested(own: Option<TestedEstimate>) -> [f64; 5] {
    let own = own.expect("an estimate");
    let [estimate, std_error, low, high] = ends(own.estimate);
    [estimate, std_error, low, high, own.p_value]
}

#[test]
fn performance_with_customers_and_weights_by_statsmodels() {
    for (name, observations) in by_weight(recommending(3)) {
        let touchpoints: Vec<Touchpoint> = ["a", "b", "c"]
            .iter()
            .enumerate()
            .map(|(column, name)| Touchpoint {
                name: (*name).to_owned(),
                column,
                scale: scale().with_top_box(9.0).expect("on the scale"),
            })
            .collect();
        let settings = ImportancePerformance { replicates: 0, ..ImportancePerformance::default() };
        let chart = settings.chart_by(&observations, &touchpoints, |_| Some(vec![1.0; 3])).expect("a chart");
        for (driver, row) in chart.touchpoints.iter().enumerate() {
            let case = format!("performance_{name}");
            near(&ends(row.performance), &reference(&case, &format!("mean{driver}")), 1e-9);
            near(&ends(row.top_box), &reference(&case, &format!("top{driver}")), 1e-9);
        }
    }
}

#[test]
fn penalties_and_rewards_by_statsmodels() {
    for (name, observations) in by_weight(recommending(3)) {
        let drivers: Vec<RatedDriver> = ["a", "b", "c"]
            .iter()
            .enumerate()
            .map(|(column, name)| RatedDriver { name: (*name).to_owned(), column, cuts: Cuts::Thirds(scale()) })
            .collect();
        let table = PenaltyReward::default().contrast(&observations, &drivers, &[]).expect("a table");
        for (driver, row) in table.drivers.iter().enumerate() {
            let want = |what: &str| reference(&format!("penalty_{name}"), &format!("{what}{driver}"));
            near(&tested(row.penalty), &want("penalty"), 1e-9);
            near(&tested(row.reward), &want("reward"), 1e-9);
            near(&tested(row.asymmetry), &want("asymmetry"), 1e-9);
        }
    }
}

#[test]
fn expectation_gaps_by_statsmodels() {
    let pair =
        |name: &str, experience| ExpectationPair { name: name.to_owned(), experience, expectation: experience + 3 };
    let drivers = [pair("a", 0), pair("b", 1)];
    let table = ExpectationGaps::default().contrast(&recommending(6), &drivers, &[]).expect("a table");
    for (driver, row) in table.drivers.iter().enumerate() {
        let want = |what: &str| reference("expectation", &format!("{what}{driver}"));
        near(&tested(row.shortfall), &want("shortfall"), 1e-9);
        near(&tested(row.surplus), &want("surplus"), 1e-9);
        near(&tested(row.difference), &want("difference"), 1e-9);
        near(&[row.mean_gap, row.share_short, row.share_met, row.share_exceeded], &want("shares"), 1e-12);
    }
}

#[test]
fn ceilings_and_bottlenecks_by_looking_at_every_point() {
    let observations = recommending(3);
    let wider = |low, high| Some(Scale::new(low, high).expect("in order"));
    for (name, of_driver, of_outcome) in [("seen", None, None), ("scale", wider(-1.0, 12.0), wider(-2.0, 11.0))] {
        let settings = Necessity { permutations: 0, outcome_scale: of_outcome, ..Necessity::default() };
        let drivers: Vec<Condition> = ["a", "b", "c"]
            .iter()
            .enumerate()
            .map(|(column, name)| Condition { name: (*name).to_owned(), column, scale: of_driver })
            .collect();
        let table = settings.analyse(&observations, &drivers).expect("a table");
        for (driver, row) in table.drivers.iter().enumerate() {
            let (steps, line) = (row.ce_fdh, row.cr_fdh);
            let got = [
                steps.ceiling_zone,
                steps.effect_size,
                line.slope.expect("a line"),
                line.intercept.expect("a line"),
                line.ceiling_zone,
                line.effect_size,
                line.accuracy,
            ];
            near(&got, &reference(&format!("necessity_{name}"), &format!("ceilings{driver}")), 1e-9);
            let needed = row.bottleneck.iter().map(|level| match level.ce_fdh.state {
                RequirementState::NotNecessary => 0.0,
                RequirementState::AtLeast => level.ce_fdh.percent.expect("a level"),
                RequirementState::OutOfReach => f64::NAN,
            });
            for (got, want) in needed.zip(reference(&format!("necessity_{name}"), &format!("needed{driver}"))) {
                assert!((got - want).abs() < 1e-9 || (got.is_nan() && want.is_nan()), "{got} {want}");
            }
        }
    }
}

#[test]
fn permutations_come_near_the_p_value_of_all_orders() {
    let few = recommending(3).select(&[0, 1, 2, 3, 4, 5, 6]).expect("rows");
    let condition = Condition { name: "a".to_owned(), column: 0, scale: None };
    let table =
        Necessity { permutations: 20_000, ..Necessity::default() }.analyse(&few, &[condition]).expect("a table");
    let p_value = table.drivers[0].ce_fdh.p_value.expect("permutations");
    // The standard error over 20,000 is sqrt(.057 * .943 / 20,000) = 0.0016.
    near(&[p_value], &reference("necessity_exact", "p_value"), 0.007);
}

fn drivers() -> Vec<Driver> {
    ["a", "b", "c"].iter().enumerate().map(|(column, name)| Driver::column(*name, column)).collect()
}

fn shapley(replicates: usize) -> DriverAnalysis {
    DriverAnalysis { methods: vec![Method::Shapley], replicates, ..DriverAnalysis::default() }
}

fn levers(costs: [Option<f64>; 3]) -> Vec<Lever> {
    let lever = |(name, cost_per_point): (&str, Option<f64>)| Lever {
        name: name.to_owned(),
        scale: scale(),
        actionable: cost_per_point.is_some(),
        cost_per_point,
    };
    ["a", "b", "c"].into_iter().zip(costs).map(lever).collect()
}

/// A by 1.5 and B to 7, as in the reference.
fn raises() -> [LeverRaise; 2] {
    [LeverRaise { lever: 0, raise: Raise::By(1.5) }, LeverRaise { lever: 1, raise: Raise::To(7.0) }]
}

/// Before, after, change and the error by the delta method with the scatter of the rows.
fn change(model: &FittedModel, observations: &Observations, measure: Measure) -> [f64; 4] {
    let outcomes = [ModelledOutcome { model, observations, levels: OrderedLevels::Answers, unscored: &[] }];
    let table = WhatIf::default().changes(&outcomes, &levers([None; 3]), &raises()).expect("a table").remove(0);
    let row = table.measures.iter().find(|own| own.measure == measure).expect("a measure");
    let interval = row.interval.expect("a covariance");
    assert!((interval.estimate - row.change).abs() < 1e-15);
    [row.before, row.after, row.change, interval.std_error]
}

#[test]
fn what_four_families_expect_of_a_raise_by_statsmodels() {
    let linear = recommending(3);
    let fit = Ols::default().fit(&linear).expect("a fit");
    near(&change(fit.model(), &linear, Measure::Mean), &reference("what_if", "linear"), 1e-8);
    let classes = observations(3, Outcome::binary("buys", buys()).expect("classes"));
    let fit = Logit::default().fit(&classes).expect("a fit");
    near(&change(fit.model(), &classes, Measure::Share), &reference("what_if", "logistic"), 1e-8);
    let counts = observations(3, Outcome::numeric("visits", visits()).expect("finite"));
    let fit = Count::default().fit(&counts).expect("a fit");
    near(&change(fit.model(), &counts, Measure::Mean), &reference("what_if", "count"), 1e-7);
    let fit = Ordinal::default().fit(&linear).expect("a fit");
    let measures = [Measure::Mean, Measure::PromoterShare, Measure::DetractorShare, Measure::Nps];
    for measure in measures {
        near(&change(fit.model(), &linear, measure), &reference("what_if", measure.word()), 1e-6);
    }
}

fn plan(model: &FittedModel, costs: [Option<f64>; 3], measure: Measure, change: f64) -> Plan {
    let observations = recommending(3);
    let outcome = ModelledOutcome { model, observations: &observations, levels: OrderedLevels::Answers, unscored: &[] };
    WhatIf::default()
        .cheapest(outcome, &levers(costs), Target { measure, change, ends: OutcomeEnds::default() })
        .expect("a plan")
}

#[test]
fn the_cheapest_linear_mix_is_that_of_a_linear_programme() {
    let fit = Ols::default().fit(&recommending(3)).expect("a fit");
    let plan = plan(fit.model(), [Some(2.0), Some(1.0), Some(0.2)], Measure::Mean, 2.0);
    let raises: Vec<f64> = plan.levers.iter().map(|lever| lever.raise).collect();
    let want = reference("plan", "linear");
    near(&[plan.cost], &want[..1], 1e-7);
    near(&raises, &want[1..], 1e-6);
    assert!(plan.reached && (plan.change.change - 2.0).abs() < 1e-8);
}

#[test]
fn the_cheapest_mix_for_the_score_is_as_cheap_as_a_search_of_all_mixes_finds() {
    let fit = Ordinal::default().fit(&recommending(3)).expect("a fit");
    let own = plan(fit.model(), [Some(1.0), Some(0.6), None], Measure::Nps, 15.0);
    let [cost, best]: [f64; 2] = reference("plan", "nps").try_into().expect("two numbers");
    near(&[own.best_change], &[best], 1e-5);
    assert!(own.cost <= cost * (1.0 + 1e-4), "{} {cost}", own.cost);
    near(&[own.change.change], &[15.0], 1e-6);
    assert!(own.levers[2].raise <= 0.0 && !own.levers[2].offered && own.levers[2].change_at_most > 0.0);
    let beyond = plan(fit.model(), [Some(1.0), Some(0.6), None], Measure::Nps, best + 1.0);
    assert!(!beyond.reached);
    near(&[beyond.change.change, beyond.best_change], &[best, best], 1e-5);
}

#[test]
fn shares_of_segments_and_of_all_others_by_numpy() {
    let labels: Vec<Option<&str>> = (0..ROWS).map(|row| Some(["r", "s", "t"][row % 3])).collect();
    let settings = SegmentAnalysis { analysis: shapley(60), base_min: 50, ..SegmentAnalysis::default() };
    let segmentation = Segmentation::of_labels(&labels);
    let table = settings.compare(&recommending(3), &drivers(), &[], &segmentation).expect("a table");
    for (segment, name) in ["r", "s", "t"].iter().enumerate() {
        let rows: Vec<_> = table.rows.iter().filter(|row| row.segment == *name).collect();
        let of = |value: &dyn Fn(usize) -> f64| (0..3).map(value).collect::<Vec<f64>>();
        near(&of(&|at| rows[at].share), &reference("segments", &format!("inside{segment}")), 1e-10);
        near(&of(&|at| rows[at].share_elsewhere), &reference("segments", &format!("outside{segment}")), 1e-10);
    }
}

#[test]
fn shares_of_what_is_said_and_done_on_the_rows_that_are_known_by_numpy() {
    let rows = recommending(3);
    let outcome = |outcome, known, side| ComparedOutcome {
        outcome,
        known,
        side,
        family: DriverFamily::Linear,
        measure: FitKind::RSquared,
    };
    let known: Vec<bool> = (0..ROWS).map(|row| row % 3 > 0).collect();
    let outcomes = [
        outcome(rows.outcome().clone(), None, Side::Stated),
        outcome(Outcome::binary("buys", buys()).expect("classes"), Some(known), Side::Observed),
    ];
    let settings = StatedObserved { analysis: shapley(50), permutations: 100 };
    let base = StatedObservedRows { design: rows.design(), weights: rows.weights(), clusters: rows.clusters() };
    let table = settings.compare(&base, &outcomes, &drivers(), &[]).expect("a table");
    let (said, done) = (reference("stated", "recommend"), reference("stated", "buys"));
    near(&table.outcomes[0].shares, &said, 1e-10);
    near(&table.outcomes[1].shares, &done, 1e-10);
    assert_eq!((table.outcomes[1].n_used, table.n_replicates), (160, 50));
    let differences: Vec<f64> = table.differences.iter().map(|row| row.difference).collect();
    near(&differences, &[said[0] - done[0], said[1] - done[1], said[2] - done[2]], 1e-10);
    // Both rank a, b, c in this order.
    near(&[table.concordance.expect("two rankings").w], &[1.0], 1e-12);
}

#[test]
fn direct_and_indirect_effects_by_statsmodels_and_quadrature() {
    let contrast = ScoreContrast { from: 4.0, to: 7.0 };
    let settings = Mediation { contrast, confidence: Confidence::default(), replicates: 0, seed: 1 };
    let with_answer = |outcome: Outcome| {
        let mut values = Array2::zeros((ROWS, 4));
        values.slice_mut(ndarray::s![.., ..3]).assign(&scores().slice(ndarray::s![.., ..3]));
        values.column_mut(3).assign(&recommend());
        let names = ["a", "b", "c", "recommend"].map(str::to_owned).to_vec();
        Observations::new(DesignMatrix::new(names, values).expect("finite"), outcome).expect("as many rows")
    };
    let linear = with_answer(Outcome::numeric("visits", visits()).expect("finite"));
    let own = settings.analyse(&linear, 0, 3, &[1, 2]).expect("a result");
    near(&[own.direct.effect, own.indirect.effect], &reference("mediation", "linear"), 1e-10);
    near(&[own.total.effect], &[own.direct.effect + own.indirect.effect], 1e-15);
    let logistic = with_answer(Outcome::binary("buys", buys()).expect("classes"));
    let own = settings.analyse(&logistic, 0, 3, &[1, 2]).expect("a result");
    let got = [own.direct.effect, own.indirect.effect, own.touchpoint_to_mediator, own.mediator_to_outcome];
    near(&got, &reference("mediation", "logistic"), 1e-7);
}

#[test]
fn a_confounder_that_is_made_does_to_a_coefficient_what_is_said_of_it() {
    let table = Confounding::default().analyse(&recommending(3), &drivers(), &[]).expect("a table");
    let (own, partial) = (&table.drivers[0], reference("confounding", "partial"));
    near(&[own.partial_r_squared], &partial[..1], 1e-10);
    let like_b = own.benchmarks[0].adjusted.expect("a confounder").confounder;
    near(&[like_b.of_driver], &[partial[1] / (1.0 - partial[1])], 1e-10);
    assert_eq!((own.benchmarks[0].column.as_str(), own.benchmarks.len()), ("b", 2));
    let want = reference("confounding", "adjusted");
    let [estimate, std_error, ..] = ends(own.coefficient.estimate);
    near(&[estimate, std_error], &want[..2], 1e-10);
    let sensitivity = Sensitivity::of(estimate, std_error, table.df_residual as f64).expect("a coefficient");
    let confounder = Confounder::new(0.2, 0.3).expect("shares");
    let adjusted = sensitivity.adjusted(confounder, Confidence::default()).estimate.estimate;
    near(&[adjusted.estimate, adjusted.std_error], &want[2..], 1e-9);
}
