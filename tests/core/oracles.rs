//! Numbers that other programs, papers and formulas give, from `shared/oracles`.

use crate::inputs::{
    Table, analysis, close, contribution, drivers, observations, ranked, reference_numbers, row,
    rows_with_correlations, shared, total,
};
use advocate::data::{DesignMatrix, Observations, Outcome, WeightKind, Weights};
use advocate::drivers::{Driver, DriverAnalysis, DriverGroup, DriverRanking, FitKind, Method};
use ndarray::{Array1, Array2, Axis, s};
use serde_json::Value;

mod buy_till_you_die;
mod influence;
mod scores;

/// Reference numbers that a test below holds.
const HELD: [&str; 40] = [
    "swiss_lmg",
    "swiss_last",
    "swiss_first",
    "swiss_betasq",
    "swiss_pratt",
    "swiss_genizi",
    "swiss_car",
    "swiss_relative_weights",
    "swiss_catholic40_lmg_rela",
    "swiss_catholic40_pratt_rela",
    "swiss_always_education_lmg",
    "swiss_weighted_lmg",
    "poisons_factor_lmg",
    "mtcars4_lmg",
    "mtcars4_rwa_readme",
    "mtcars4_rwa_pct",
    "attitude_general_exact",
    "azen_budescu_2003_level0",
    "azen_budescu_2003_level1",
    "azen_budescu_2003_level2",
    "azen_budescu_2003_level3",
    "swiss_logit_dominance_r2.m",
    "swiss_logit_shapley_mcfadden",
    "two_predictors",
    "orthogonal3",
    "equicorrelated6",
    "swiss_boot_percentile_ci",
    "ar1_p10_lmg",
    "ar1_p20_lmg",
    "pmvd_swiss",
    "swiss_owen",
    "azen_budescu_2003_complete_x1",
    "azen_budescu_2003_complete_x2",
    "azen_budescu_2003_complete_x3",
    "azen_budescu_2003_complete_x4",
    "swiss_avecoef_1X",
    "swiss_avecoef_2X",
    "swiss_avecoef_3X",
    "swiss_avecoef_4X",
    "swiss_avecoef_5X",
];

/// One entry of `drivers.json`.
struct Oracle(Value);

impl Oracle {
    /// The entry of this name; `None` where the file, or that of its data, is not there.
    fn named(name: &str) -> Option<Self> {
        let all = reference_numbers("drivers.json")?;
        let entries = all.as_array().expect("a list");
        let entry = entries.iter().find(|entry| entry["name"] == name).expect("an entry of this name");
        if let Some(file) = entry["data"]["file"].as_str() {
            shared(&format!("data/{file}"))?;
        }
        Some(Self(entry.clone()))
    }

    fn name(&self) -> &str {
        self.0["name"].as_str().expect("a name")
    }

    fn absolute(&self) -> f64 {
        self.0["tol"].as_f64().expect("a tolerance")
    }

    fn expected(&self) -> Vec<(String, f64)> {
        named_numbers(&self.0["expected"])
    }

    fn predictors(&self) -> Vec<&str> {
        words(&self.0["data"]["predictors"])
    }

    /// Data and outcome as the entry states them: a file, a correlation matrix or the rule of `ar1`.
    fn observations(&self) -> Observations {
        let data = &self.0["data"];
        if let Some(correlations) = data["inline_correlation"].as_array() {
            let order = words(&data["order"]);
            let correlations =
                Array2::from_shape_fn((order.len(), order.len()), |(row, column)| number(&correlations[row][column]));
            return of_correlations(&order, &correlations);
        }
        let file = data["file"].as_str().expect("a file");
        let table = Table::shared(file).expect("the file of an oracle that is there");
        let outcome = data["outcome"].as_str().expect("an outcome");
        named_observations(&self.predictors(), table.matrix(&self.predictors()), table.numbers(outcome))
    }

    /// Contributions by every scalar method.
    fn ranked(&self) -> DriverRanking {
        ranked(&self.observations())
    }

    #[track_caller]
    fn hold(&self, ranking: &DriverRanking, method: Method) {
        for (driver, want) in self.expected() {
            let what = format!("{} by {method}, {driver}", self.name());
            close(&what, contribution(ranking, &driver, method), want, self.absolute());
        }
        for (key, got) in [("R2", ranking.fit.value), ("R2_decomposed", ranking.decomposed)] {
            if let Some(want) = self.0[key].as_f64() {
                close(&format!("{} {key}", self.name()), got, want, self.absolute().max(1e-12));
            }
        }
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|word| word.as_str().expect("a word")).collect()
}

fn named_numbers(value: &Value) -> Vec<(String, f64)> {
    value.as_object().expect("names and numbers").iter().map(|(name, value)| (name.clone(), number(value))).collect()
}

fn named_observations(names: &[&str], values: Array2<f64>, outcome: Array1<f64>) -> Observations {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let design = DesignMatrix::new(names, values).expect("a valid design");
    Observations::new(design, Outcome::numeric("y", outcome).expect("a valid outcome")).expect("rows that match")
}

/// A sample with exactly these correlations; the outcome is called `y`.
fn of_correlations(order: &[&str], correlations: &Array2<f64>) -> Observations {
    let rows = rows_with_correlations(correlations);
    let outcome = order.iter().position(|&name| name == "y").expect("an outcome called y");
    let others: Vec<usize> = (0..order.len()).filter(|&column| column != outcome).collect();
    let names: Vec<&str> = others.iter().map(|&column| order[column]).collect();
    named_observations(&names, rows.select(Axis(1), &others), rows.column(outcome).to_owned())
}

#[test]
fn every_driver_oracle_is_held() {
    let Some(all) = reference_numbers("drivers.json") else { return };
    for entry in all.as_array().expect("a list") {
        let name = entry["name"].as_str().expect("a name");
        assert!(HELD.contains(&name), "{name} is held by no test");
    }
}

#[test]
fn swiss_agrees_with_relaimpo_by_every_method() {
    let methods = [
        ("swiss_lmg", Method::Shapley),
        ("swiss_last", Method::Last),
        ("swiss_first", Method::First),
        ("swiss_betasq", Method::BetaSquared),
        ("swiss_pratt", Method::Pratt),
        ("swiss_genizi", Method::RelativeWeights),
        ("swiss_car", Method::Car),
        ("swiss_relative_weights", Method::RelativeWeights),
    ];
    for (name, method) in methods {
        let Some(oracle) = Oracle::named(name) else { return };
        oracle.hold(&oracle.ranked(), method);
    }
}

#[test]
fn swiss_drivers_are_ranked_signed_and_shared_by_lmg() {
    let Some(oracle) = Oracle::named("swiss_lmg") else { return };
    let ranking = oracle.ranked();
    let mut expected = oracle.expected();
    expected.sort_by(|left, right| right.1.total_cmp(&left.1));
    let r_squared = number(&oracle.0["R2"]);
    for (place, (driver, want)) in expected.iter().enumerate() {
        let row = &ranking.drivers[place];
        assert_eq!((row.driver.as_str(), row.rank), (driver.as_str(), place + 1));
        close("share", row.share, want / r_squared, 1e-12);
    }
    // R's lm: only Catholic and Infant.Mortality have positive coefficients.
    let positive: Vec<&str> =
        ranking.drivers.iter().filter(|row| row.sign == Some(1)).map(|row| row.driver.as_str()).collect();
    assert_eq!(positive, ["Infant.Mortality", "Catholic"]);
}

#[test]
fn part_of_swiss_agrees_with_relaimpo_in_shares_of_the_sum() {
    for (name, method) in
        [("swiss_catholic40_lmg_rela", Method::Shapley), ("swiss_catholic40_pratt_rela", Method::Pratt)]
    {
        let Some(oracle) = Oracle::named(name) else { return };
        let all = oracle.observations();
        let catholic = all.design().position("Catholic").expect("a column");
        let kept: Vec<usize> = (0..all.n_rows()).filter(|&row| all.design().row(row)[catholic] > 40.0).collect();
        assert_eq!(kept.len(), 19);
        let values = all.design().values().select(Axis(0), &kept);
        let outcome = all.outcome().values().select(Axis(0), &kept);
        let some = named_observations(&oracle.predictors(), values, outcome);
        let ranking = analysis(&[method]).rank(&some, &drivers(&some), &[]).expect("a ranking");
        for (driver, want) in oracle.expected() {
            close(&format!("{name}, {driver}"), row(&ranking, &driver).share, want, oracle.absolute());
        }
        if let Some(r_squared) = oracle.0["R2"].as_f64() {
            close(name, ranking.fit.value, r_squared, oracle.absolute());
        }
    }
}

#[test]
fn swiss_given_education_agrees_with_relaimpo() {
    let Some(oracle) = Oracle::named("swiss_always_education_lmg") else { return };
    let observations = oracle.observations();
    let education = observations.design().position("Education").expect("a column");
    let mut rest = drivers(&observations);
    let always = [rest.remove(education).columns[0]];
    let ranking = analysis(&[Method::Shapley]).rank(&observations, &rest, &always).expect("a ranking");
    oracle.hold(&ranking, Method::Shapley);
    close("all of it", ranking.fit.value, 0.706_735_001_592_726, 1e-12);
}

#[test]
fn weighted_swiss_agrees_with_relaimpo_whatever_the_weights_mean() {
    let Some(oracle) = Oracle::named("swiss_weighted_lmg") else { return };
    let observations = oracle.observations();
    let weights: Vec<f64> = (1..=observations.n_rows()).map(|row| 1.0 + (row % 3) as f64).collect();
    for kind in [WeightKind::Sampling, WeightKind::Precision, WeightKind::Frequency] {
        let weights = Weights::new(kind, weights.clone()).expect("weights");
        let weighted = observations.clone().weighted(weights).expect("a weight a row");
        oracle.hold(&ranked(&weighted), Method::Shapley);
    }
}

#[test]
fn factors_enter_as_blocks_of_dummies_as_in_relaimpo() {
    let Some(oracle) = Oracle::named("poisons_factor_lmg") else { return };
    let table = Table::shared("classic/poisons.csv").expect("the file of an oracle that is there");
    let levels = [("poison", "2"), ("poison", "3"), ("treat", "B"), ("treat", "C"), ("treat", "D")];
    let outcome = table.numbers("time").mapv(f64::recip);
    let values = Array2::from_shape_fn((outcome.len(), levels.len()), |(row, column)| {
        let (factor, level) = levels[column];
        f64::from(u8::from(table.words(factor)[row] == level))
    });
    let factors = [Driver::block("poison", vec![0, 1]), Driver::block("treat", vec![2, 3, 4])];
    let ranking = analysis(&[Method::Shapley]).rank(&observations(values, outcome), &factors, &[]).expect("a ranking");
    oracle.hold(&ranking, Method::Shapley);
    assert!(ranking.drivers.iter().all(|row| row.sign.is_none()), "a factor has no one direction");
}

#[test]
fn mtcars_agrees_with_relaimpo_and_rwa() {
    for (name, method) in [("mtcars4_lmg", Method::Shapley), ("mtcars4_rwa_readme", Method::RelativeWeights)] {
        let Some(oracle) = Oracle::named(name) else { return };
        oracle.hold(&oracle.ranked(), method);
    }
    let Some(oracle) = Oracle::named("mtcars4_rwa_pct") else { return };
    let ranking = oracle.ranked();
    let sum = total(&ranking, Method::RelativeWeights);
    for (driver, want) in oracle.expected() {
        let share = contribution(&ranking, &driver, Method::RelativeWeights) / sum;
        close(&format!("percent of {driver}"), 100.0 * share, want, oracle.absolute());
    }
}

#[test]
fn attitude_agrees_with_dominance_analysis() {
    let Some(oracle) = Oracle::named("attitude_general_exact") else { return };
    oracle.hold(&oracle.ranked(), Method::Shapley);
}

#[test]
fn conditional_dominance_agrees_with_azen_and_budescu_level_by_level() {
    for level in 0..4 {
        let Some(oracle) = Oracle::named(&format!("azen_budescu_2003_level{level}")) else { return };
        let observations = oracle.observations();
        let ranking = analysis(&[Method::ConditionalDominance]).rank(&observations, &drivers(&observations), &[]);
        let ranking = ranking.expect("a ranking");
        for (driver, want) in oracle.expected() {
            let table = row(&ranking, &driver).conditional_dominance.as_ref().expect("asked for");
            close(&format!("level {level}, {driver}"), table[level], want, oracle.absolute());
        }
    }
}

#[test]
fn complete_dominance_agrees_with_azen_and_budescu() {
    for driver in ["x1", "x2", "x3", "x4"] {
        let Some(oracle) = Oracle::named(&format!("azen_budescu_2003_complete_{driver}")) else { return };
        let observations = oracle.observations();
        let ranking = analysis(&[Method::CompleteDominance]).rank(&observations, &drivers(&observations), &[]);
        let ranking = ranking.expect("a ranking");
        let verdicts = row(&ranking, driver).complete_dominance.as_ref().expect("asked for");
        for (other, want) in oracle.expected() {
            close(&format!("{driver} over {other}"), verdicts[&other], want, 1e-15);
        }
    }
    // By hand from the same matrix: x2 adds more than x4 to one of the four models of x1 and x3.
    let Some(oracle) = Oracle::named("azen_budescu_2003_complete_x2") else { return };
    let observations = oracle.observations();
    let ranking = analysis(&[Method::CompleteDominance]).rank(&observations, &drivers(&observations), &[]);
    let ranking = ranking.expect("a ranking");
    close("share", row(&ranking, "x2").complete_dominance_share.as_ref().expect("asked for")["x4"], 0.25, 1e-15);
}

#[test]
fn pmvd_agrees_with_the_r_package_sensitivity() {
    let Some(oracle) = Oracle::named("pmvd_swiss") else { return };
    oracle.hold(&oracle.ranked(), Method::Pmvd);
}

#[test]
fn owen_values_of_drivers_and_groups_agree_with_all_orders_of_groups() {
    let Some(oracle) = Oracle::named("swiss_owen") else { return };
    let observations = oracle.observations();
    // Agriculture is a group of its own, named or not.
    let groups: Vec<DriverGroup> = [("ExamEdu", 1), ("CathInf", 2)]
        .into_iter()
        .map(|(name, place)| DriverGroup {
            name: name.to_owned(),
            drivers: words(&oracle.0["data"]["partition"][place]).into_iter().map(str::to_owned).collect(),
        })
        .collect();
    let analysis = DriverAnalysis { groups, ..analysis(&[Method::Owen]) };
    let ranking = analysis.rank(&observations, &drivers(&observations), &[]).expect("a ranking");
    oracle.hold(&ranking, Method::Owen);
    for (group, want) in named_numbers(&oracle.0["group_totals"]) {
        let own = ranking.groups.iter().find(|row| row.group == group).expect("a group");
        close(&group, own.contribution, want, oracle.absolute());
    }
}

#[test]
fn average_coefficients_agree_with_relaimpo_at_every_size() {
    for size in 1..=5 {
        let Some(oracle) = Oracle::named(&format!("swiss_avecoef_{size}X")) else { return };
        let observations = oracle.observations();
        let ranking = analysis(&[Method::AverageCoefficients]).rank(&observations, &drivers(&observations), &[]);
        let ranking = ranking.expect("a ranking");
        for (driver, want) in oracle.expected() {
            let by_size = row(&ranking, &driver).average_coefficients.as_ref().expect("asked for");
            close(&format!("{driver} at {size}"), by_size[size - 1].expect("a mean"), want, oracle.absolute());
        }
    }
}

#[test]
fn analytic_cases_hold_to_rounding() {
    let two = [Method::Shapley, Method::RelativeWeights];
    let equal = [Method::Shapley, Method::RelativeWeights, Method::Car, Method::Pratt];
    let orthogonal: Vec<Method> = Method::ALL.into_iter().filter(|method| method.is_scalar()).collect();
    for (name, methods) in [("two_predictors", &two[..]), ("orthogonal3", &orthogonal), ("equicorrelated6", &equal)] {
        let Some(oracle) = Oracle::named(name) else { return };
        let ranking = oracle.ranked();
        methods.iter().for_each(|&method| oracle.hold(&ranking, method));
    }
}

#[test]
fn two_drivers_have_johnsons_weights_and_not_those_of_principal_components() {
    let Some(all) = reference_numbers("nps.json") else { return };
    let case = &all["relative_weights_2drivers"];
    let with = [number(&case["rxy"][0]), number(&case["rxy"][1])];
    let between = number(&case["Rxx"][0][1]);
    let correlations = ndarray::array![[1.0, between, with[0]], [between, 1.0, with[1]], [with[0], with[1], 1.0]];
    let ranking = ranked(&of_correlations(&["a", "b", "y"], &correlations));
    close("R squared", ranking.fit.value, number(&case["r2"]), 1e-12);
    for (place, driver) in ["a", "b"].into_iter().enumerate() {
        let [johnson, shapley] = [Method::RelativeWeights, Method::Shapley];
        close(driver, contribution(&ranking, driver, johnson), number(&case["johnson_raw"][place]), 1e-12);
        close(driver, contribution(&ranking, driver, shapley), number(&case["shapley_lmg_raw"][place]), 1e-12);
    }
}

/// Autoregressive correlations of the drivers with R squared one half, by the rule of the oracle.
fn autoregressive(n_drivers: usize) -> Observations {
    let among =
        Array2::from_shape_fn((n_drivers, n_drivers), |(row, column)| 0.6_f64.powi(row.abs_diff(column) as i32));
    let slopes = Array1::from_shape_fn(n_drivers, |driver| {
        let sign = if driver % 2 == 0 { 1.0 } else { -1.0 };
        sign * (n_drivers - driver) as f64 / n_drivers as f64 * 0.3 + 0.2
    });
    let with = among.dot(&slopes) / (slopes.dot(&among.dot(&slopes)) / 0.5).sqrt();
    let mut correlations = Array2::eye(n_drivers + 1);
    correlations.slice_mut(s![..n_drivers, ..n_drivers]).assign(&among);
    correlations.slice_mut(s![n_drivers, ..n_drivers]).assign(&with);
    correlations.slice_mut(s![..n_drivers, n_drivers]).assign(&with);
    let names: Vec<String> = (0..n_drivers).map(|driver| format!("x{driver}")).chain(["y".to_owned()]).collect();
    of_correlations(&names.iter().map(String::as_str).collect::<Vec<_>>(), &correlations)
}

#[test]
fn ten_and_twenty_autoregressive_drivers_agree_with_two_other_programs() {
    for n_drivers in [10, 20] {
        let Some(oracle) = Oracle::named(&format!("ar1_p{n_drivers}_lmg")) else { return };
        let observations = autoregressive(n_drivers);
        let ranking = analysis(&[Method::Shapley]).rank(&observations, &drivers(&observations), &[]);
        let ranking = ranking.expect("a ranking");
        oracle.hold(&ranking, Method::Shapley);
        close("R squared", ranking.fit.value, 0.5, 1e-12);
    }
}

#[test]
fn logistic_dominance_agrees_with_r_by_mcfadden() {
    for name in ["swiss_logit_dominance_r2.m", "swiss_logit_shapley_mcfadden"] {
        let Some(oracle) = Oracle::named(name) else { return };
        let table = Table::shared("classic/swiss_binary_ordinal.csv").expect("the file of an oracle that is there");
        let names = oracle.predictors().iter().map(|&name| name.to_owned()).collect();
        let design = DesignMatrix::new(names, table.matrix(&oracle.predictors())).expect("a valid design");
        let outcome = Outcome::binary("high", table.numbers("high")).expect("classes");
        let observations = Observations::new(design, outcome).expect("rows that match");
        let ranking = analysis(&[Method::Shapley])
            .rank_classes(&observations, &drivers(&observations), &[], FitKind::Mcfadden)
            .expect("a ranking");
        oracle.hold(&ranking, Method::Shapley);
        if let Some(full) = oracle.0["full"].as_f64() {
            close("the full model", ranking.fit.value, full, oracle.absolute());
        }
    }
}

#[test]
fn percentile_intervals_of_swiss_agree_with_relaimpos_bootstrap() {
    let Some(oracle) = Oracle::named("swiss_boot_percentile_ci") else { return };
    let observations = oracle.observations();
    let bootstrap = DriverAnalysis { replicates: 2000, seed: 20_260_101, ..analysis(&[Method::Shapley]) };
    let ranking = bootstrap.rank(&observations, &drivers(&observations), &[]).expect("a ranking");
    assert_eq!(ranking.n_replicates, 2000);
    for (end, high) in [("lower", false), ("upper", true)] {
        for (driver, want) in named_numbers(&oracle.0["expected"][end]) {
            let interval = row(&ranking, &driver).interval.expect("a bootstrap");
            let got = if high { interval.conf_high } else { interval.conf_low };
            // The oracle's own words: within about 0.02 at 2,000 replicates.
            close(&format!("{end} end of {driver}"), got, want, 0.02);
        }
    }
}
