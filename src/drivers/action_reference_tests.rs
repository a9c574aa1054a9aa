//! What leads from drivers to actions against `tests/oracles/actions_reference.py`: numpy, scipy and statsmodels.

use super::asymmetry::{
    Condition, Cuts, ExpectationGaps, ExpectationPair, Necessity, PenaltyReward, RatedDriver, RequirementState,
};
use super::performance::{ImportancePerformance, Touchpoint};
use super::{Estimate, Scale, TestedEstimate};
use crate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
use crate::estimators::formula_data::wave;
use ndarray::{Array1, Array2};

pub(super) const ROWS: usize = 240;

/// The numbers of one line of the reference.
pub(super) fn reference(case: &str, what: &str) -> Vec<f64> {
    let text = include_str!("../../tests/oracles/actions_reference.txt");
    let mut lines = text.lines().map(|line| line.split(' ').collect::<Vec<&str>>());
    let words = lines.find(|words| words[..2] == [case, what]).expect("a line of the reference");
    words[2..].iter().map(|word| word.parse().expect("a number")).collect()
}

#[track_caller]
pub(super) fn near(got: &[f64], want: &[f64], absolute: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= absolute, "{got} and not {want}");
    }
}

/// Three touchpoints on 0-10, and three expectations of them.
pub(super) fn scores() -> Array2<f64> {
    Array2::from_shape_fn((ROWS, 6), |(row, column)| {
        let driver = column % 3;
        let place = 0.5 + 0.5 * wave(row, 0) + 0.8 * wave(row, driver + 1);
        let own = (11.0 * place.clamp(0.0, 0.999)).floor();
        if column < 3 { own } else { (own + (5.0 * wave(row, 12 + driver) + 0.5).floor()).clamp(0.0, 10.0) }
    })
}

pub(super) fn recommend() -> Array1<f64> {
    let scores = scores();
    Array1::from_shape_fn(ROWS, |row| {
        let s = scores.row(row);
        (0.5 * s[0] + 0.3 * s[1] + 0.1 * s[2] + 1.0 + 4.0 * wave(row, 9)).floor().clamp(0.0, 10.0)
    })
}

pub(super) fn buys() -> Array1<f64> {
    let (scores, recommend) = (scores(), recommend());
    Array1::from_shape_fn(ROWS, |row| {
        let latent = 0.1 * (scores[[row, 0]] - 5.0) + 0.3 * (recommend[row] - 5.0) + 6.0 * wave(row, 10);
        f64::from(u8::from(latent > 0.0))
    })
}

/// The rows with the recommend answer as outcome, grouped by customer, in the first so many columns.
pub(super) fn observations(n_columns: usize, outcome: Outcome) -> Observations {
    let names = ["a", "b", "c", "a expected", "b expected", "c expected"].map(str::to_owned);
    let values = scores().slice(ndarray::s![.., ..n_columns]).to_owned();
    let design = DesignMatrix::new(names[..n_columns].to_vec(), values).expect("finite");
    let customers = Clusters::from_labels((0..ROWS).map(|row| row / 2));
    Observations::new(design, outcome).and_then(|own| own.clustered(customers)).expect("as many rows")
}

pub(super) fn recommending(n_columns: usize) -> Observations {
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
