//! Puts a random forest of linfa-ensemble through the same evaluation as our own logistic regression, on a made-up company:
//! `cargo run --example evaluate_forest --no-default-features`.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use advocate::data::{Clusters, DesignMatrix, Observations, Outcome, TimeSplit};
use advocate::estimators::Logit;
use advocate::estimators::evaluation::{Assessment, Evaluated, Evaluation, Metric, Model, ModelRole};
use advocate::estimators::linfa_bridge::LinfaModel;
use advocate::stats::random::stream;
use linfa::traits::PredictInplace;
use linfa_ensemble::{RandomForest, RandomForestParams};
use linfa_trees::DecisionTree;
use ndarray::{Array1, Array2, Axis};
use rand::Rng;
use rand_08::{SeedableRng, rngs::StdRng};

const N_ROWS: usize = 1200;
const DAY_US: i64 = 86_400_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (observations, times_us, customers) = company()?;
    // Train before day 240, test from then on; an answer's outcome takes 30 days to be known.
    let split = TimeSplit { cut_us: 240 * DAY_US, embargo_us: 30 * DAY_US, ..TimeSplit::default() };
    let splits = [split.split(&times_us, &customers)?];
    let left_out = splits[0].left_out();
    println!("{} training and {} test rows; {left_out}", splits[0].train().len(), splits[0].test().len());

    let tree = DecisionTree::params().max_depth(Some(6)).min_weight_leaf(10.0);
    let params = RandomForestParams::new_fixed_rng(tree, StdRng::seed_from_u64(1)).ensemble_size(40);
    let forest = LinfaModel::classes(params.bootstrap_proportion(0.7).feature_proportion(0.7), share_of_votes);

    let assessment = Assessment { replicates: 300, ..Assessment::default() };
    let evaluation = Evaluation { assessment, ..Evaluation::default() };
    let evaluate = |model: &dyn Model| evaluation.evaluate(&observations, &splits, model, &["recency", "spend"]);
    let (logit, forest) = (evaluate(&Logit::default())?, evaluate(&forest)?);

    println!("\n{:<28}{:>26}{:>26}", "", "logistic regression", "random forest");
    for metric in [Metric::RocAuc, Metric::LogLoss, Metric::Brier, Metric::CalibrationSlope] {
        for role in [ModelRole::BaseRate, ModelRole::History, ModelRole::Full] {
            let label = format!("{} ({})", metric.word(), role.word());
            println!("{label:<28}{:>26}{:>26}", shown(&logit, role, metric), shown(&forest, role, metric));
        }
    }

    let [champion, challenger] = [&logit, &forest].map(|model| &model.predictions[&ModelRole::Full]);
    let compared = assessment.compare(&logit.rows, champion, challenger, &[Metric::RocAuc])?;
    if let Some(test) = compared.delong {
        println!(
            "\nForest less regression: ROC AUC {:+.3} ({:+.3} to {:+.3}), p = {:.3}",
            test.difference, test.conf_low, test.conf_high, test.p_value
        );
    }
    for finding in logit.findings.iter().chain(&forest.findings) {
        println!("{}", finding.sentence);
    }
    Ok(())
}

/// The share of the trees that vote for class 1; linfa's own prediction is the majority, which orders nobody within a class.
///
/// The trees count labels in a hash map, so that leaves with a tie may differ from run to run, whatever the seed.
fn share_of_votes(forest: &RandomForest<f64, bool>, records: &Array2<f64>) -> Array1<f64> {
    let mut votes = Array1::zeros(records.nrows());
    for (tree, features) in forest.models.iter().zip(&forest.model_features) {
        let records = records.select(Axis(1), features);
        let mut classes = tree.default_target(&records);
        tree.predict_inplace(&records, &mut classes);
        votes.zip_mut_with(&classes, |votes, &class: &bool| *votes += f64::from(u8::from(class)));
    }
    votes / forest.models.len() as f64
}

/// Purchases and two scores of customers with one to four answers over a year. Who was let down by delivery comes back only
/// if support made it good: no straight line says that.
fn company() -> Result<(Observations, Vec<i64>, Clusters), Box<dyn std::error::Error>> {
    let mut random = stream(7, "example", 0);
    let mut draw = |low: f64, high: f64| random.random_range(low..high);
    let (mut values, mut outcomes) = (Array2::zeros((N_ROWS, 4)), Array1::zeros(N_ROWS));
    let (mut times_us, mut labels) = (Vec::new(), Vec::new());
    for row in 0..N_ROWS {
        let (recency, spend) = (draw(0.0, 90.0), draw(10.0, 500.0));
        let (delivery, support) = (draw(0.0, 10.0).round(), draw(0.0, 10.0).round());
        let kept = if delivery < 5.0 && support < 6.0 { -1.2 } else { 0.8 };
        let log_odds = 0.6 - 0.02 * recency + 0.001 * spend + kept;
        let returned = draw(0.0, 1.0) < 1.0 / (1.0 + f64::exp(-log_odds));
        values.row_mut(row).assign(&ndarray::array![recency, spend, delivery, support]);
        outcomes[row] = f64::from(u8::from(returned));
        times_us.push(draw(0.0, 365.0) as i64 * DAY_US);
        labels.push((draw(0.0, 1.0) * 900.0) as u32);
    }
    let names = ["recency", "spend", "delivery", "support"].map(str::to_owned).to_vec();
    let customers = Clusters::from_labels(labels);
    let observations = Observations::new(DesignMatrix::new(names, values)?, Outcome::binary("repurchase", outcomes)?)?;
    Ok((observations.clustered(customers.clone())?, times_us, customers))
}

fn shown(evaluated: &Evaluated, role: ModelRole, metric: Metric) -> String {
    let estimate = evaluated.judgement(role).and_then(|judged| judged.of(metric));
    estimate.map_or_else(String::new, |estimate| match (estimate.conf_low, estimate.conf_high) {
        (Some(low), Some(high)) => format!("{:.3} ({low:.3} to {high:.3})", estimate.value),
        _ => format!("{:.3}", estimate.value),
    })
}
