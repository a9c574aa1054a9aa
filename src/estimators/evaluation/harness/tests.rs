use super::*;
use crate::data::{Outcome, TimeSplit};
use crate::estimators::evaluation::MetricDifference;
use crate::estimators::formula_data::wave;
use crate::estimators::{FitError, Logit, Ols, Ordinal};
use ndarray::{Array1, Array2};

const N_ROWS: usize = 900;
const REPLICATES: usize = 60;

/// A class that depends on `spend` and, by `weight_of_feedback`, on `support`; three rows a customer, in the order of time.
fn company(weight_of_feedback: f64) -> (Observations, Vec<i64>) {
    let values = Array2::from_shape_fn((N_ROWS, 2), |(row, column)| 4.0 * wave(row, column));
    let outcome: Array1<f64> = values
        .outer_iter()
        .enumerate()
        .map(|(row, x)| f64::from(u8::from(x[0] + weight_of_feedback * x[1] + 5.0 * wave(row, 2) > 0.2)))
        .collect();
    let design = DesignMatrix::new(vec!["spend".to_owned(), "support".to_owned()], values).expect("finite");
    let outcome = Outcome::binary("repurchase", outcome).expect("0 and 1");
    let observations = Observations::new(design, outcome)
        .and_then(|all| all.clustered(Clusters::from_labels((0..N_ROWS).map(|row| row / 3))))
        .expect("as many rows");
    (observations, (0..N_ROWS as i64).collect())
}

fn split_in_time(observations: &Observations, times: &[i64]) -> Vec<Split> {
    let customers = observations.clusters().expect("clusters");
    vec![TimeSplit { cut_us: 500, embargo_us: 20, ..TimeSplit::default() }.split(times, customers).expect("both sides")]
}

fn evaluation() -> Evaluation {
    Evaluation { assessment: Assessment { replicates: REPLICATES, ..Assessment::default() }, ..Evaluation::default() }
}

fn evaluate(weight_of_feedback: f64) -> Evaluated {
    let (observations, times) = company(weight_of_feedback);
    let splits = split_in_time(&observations, &times);
    evaluation().evaluate(&observations, &splits, &Logit::default(), &["spend"]).expect("evaluated")
}

fn kinds(evaluated: &Evaluated) -> Vec<FindingKind> {
    evaluated.findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn feedback_that_tells_nothing_new_is_a_weak_link() {
    assert_eq!(kinds(&evaluate(0.0)), [FindingKind::WeakLink]);
}

#[test]
fn the_finding_says_in_plain_words_what_the_interval_shows() {
    let finding = |metric, ends: [f64; 2]| {
        let differences = vec![MetricDifference {
            metric,
            champion: 0.71,
            challenger: 0.712,
            difference: 0.002,
            std_error: None,
            conf_low: Some(ends[0]),
            conf_high: Some(ends[1]),
        }];
        weak_link("repurchase", &Comparison { differences, ..Comparison::default() }).map(|finding| finding.sentence)
    };
    let nothing = "It is not shown that what customers said adds to what their behaviour already tells about `repurchase` \
                   (ROC AUC 0.712 against 0.710; difference -0.001 to 0.010).";
    assert_eq!(finding(Metric::RocAuc, [-0.001, 0.01]).as_deref(), Some(nothing));
    assert_eq!(finding(Metric::RocAuc, [0.001, 0.01]), None);
    assert_eq!(finding(Metric::LogLoss, [-0.01, -0.001]), None);
    let worse = finding(Metric::LogLoss, [0.001, 0.01]).expect("a finding");
    assert!(worse.starts_with("Using what customers said predicts `repurchase` worse"), "{worse}");
}

/// The figures are those of a retailer's repurchase beside its purchases: alike in order, worse in level.
#[test]
fn a_model_that_only_its_order_does_not_show_to_be_worse_is_said_to_be_worse() {
    let row = |metric, [champion, challenger]: [f64; 2], [low, high]: [f64; 2]| MetricDifference {
        metric,
        champion,
        challenger,
        difference: challenger - champion,
        std_error: None,
        conf_low: Some(low),
        conf_high: Some(high),
    };
    let differences = vec![
        row(Metric::RocAuc, [0.73, 0.72], [-0.05, 0.03]),
        row(Metric::LogLoss, [0.567, 0.611], [0.008, 0.082]),
        row(Metric::Brier, [0.196, 0.212], [0.002, 0.031]),
        row(Metric::CalibrationSlope, [0.9, 0.7], [-0.3, -0.1]),
    ];
    let finding = no_gain_over_purchases("repurchase", &Comparison { differences, ..Comparison::default() });
    let want = "It is not shown that the model predicts `repurchase` better than a buy-till-you-die model of the purchases alone does \
                (ROC AUC 0.720 against 0.730; difference -0.050 to 0.030), and it is shown to be worse by log loss 0.611 against 0.567; \
                difference 0.008 to 0.082; by Brier score 0.212 against 0.196; difference 0.002 to 0.031.";
    assert_eq!(finding.expect("a finding").sentence, want);
}

#[test]
fn a_behaviour_that_misleads_is_no_measure_of_feedback() {
    // Spend goes with the outcome one way while the model is trained, and the other way when it is judged.
    let (observations, times) = company(1.0);
    let splits = split_in_time(&observations, &times);
    let turned = Array2::from_shape_fn((N_ROWS, 2), |(row, column)| {
        let value = observations.design().values()[[row, column]];
        if column == 0 && row >= 500 { -value } else { value }
    });
    let names = observations.design().names().to_vec();
    let turned = observations.with_design(DesignMatrix::new(names, turned).expect("finite")).expect("as many rows");
    let evaluated = evaluation().evaluate(&turned, &splits, &Logit::default(), &["spend"]).expect("evaluated");
    let misled = evaluated.findings.iter().find(|finding| finding.kind == FindingKind::Unreliable).expect("a finding");
    assert!(
        misled.sentence.starts_with("Behaviour alone predicts `repurchase` worse than giving"),
        "{}",
        misled.sentence
    );
    assert!(evaluated.gain.is_none());
    // Of a measure that is none nothing is better or worse.
    let weak = evaluated.findings.iter().filter(|finding| finding.kind == FindingKind::WeakLink);
    assert!(weak.clone().all(|own| own.sentence.starts_with("It is not shown")), "{:?}", weak.collect::<Vec<_>>());
}

#[test]
fn feedback_that_tells_something_is_a_gain_with_an_interval_above_zero() {
    let evaluated = evaluate(1.0);
    assert_eq!(kinds(&evaluated), []);
    let gain = evaluated.gain.expect("a comparison");
    let auc = gain.of(Metric::RocAuc).expect("both classes");
    assert!(auc.conf_low.is_some_and(|low| low > 0.0) && auc.difference > 0.05, "{auc:?}");
    assert!(
        gain.delong.is_some_and(|delong| delong.p_value < 0.01 && (delong.difference - auc.difference).abs() < 1e-15)
    );
}

#[test]
fn predictions_are_those_of_a_fit_on_the_training_rows_alone() {
    let (observations, times) = company(1.0);
    let splits = split_in_time(&observations, &times);
    let evaluated = evaluation().evaluate(&observations, &splits, &Logit::default(), &["spend"]).expect("evaluated");
    let fit = Logit::default().fit(&observations.select(splits[0].train()).expect("rows")).expect("a fit");
    for (place, &row) in evaluated.row.iter().enumerate() {
        let want = fit.predict_row(&observations.design().row(row).to_vec());
        assert_eq!(evaluated.predictions[&ModelRole::Full][place], want);
    }
    assert_eq!(evaluated.row, splits[0].test());
    let training = observations.outcome().select(splits[0].train());
    let mean = training.values().mean().expect("rows");
    assert!((evaluated.predictions[&ModelRole::BaseRate][0] - mean).abs() < 1e-12);
}

#[test]
fn the_base_rate_orders_nobody_even_over_folds_whose_rates_differ() {
    let (observations, _) = company(1.0);
    let splits = grouped_k_fold(observations.clusters().expect("clusters"), 4, 1).expect("enough customers");
    let evaluated = evaluation().evaluate(&observations, &splits, &Logit::default(), &[]).expect("evaluated");
    let base = evaluated.judgement(ModelRole::BaseRate).expect("always there");
    assert_eq!(base.of(Metric::RocAuc).map(|estimate| estimate.value), Some(0.5));
    assert_eq!(base.of(Metric::KolmogorovSmirnov).map(|estimate| estimate.value), Some(0.0));
    assert!(base.findings.is_empty() && evaluated.gain.is_none());
    assert_eq!((evaluated.row.len(), evaluated.folds.len()), (N_ROWS, 4));
    assert!(evaluated.folds.iter().all(|fold| fold.models.len() == 2));
}

#[test]
fn a_split_without_both_classes_is_left_out_and_named() {
    let (observations, times) = company(1.0);
    let mut splits = split_in_time(&observations, &times);
    let outcome = observations.outcome().values();
    // Training rows of class 0 alone, and as test the customers that have none of them.
    let train: Vec<usize> = (0..300).filter(|&row| outcome[row] < 0.5).collect();
    let customers = observations.clusters().expect("clusters");
    splits.push(Split::new(train, (600..700).collect(), customers).expect("apart"));
    let evaluated = evaluation().evaluate(&observations, &splits, &Logit::default(), &["spend"]).expect("evaluated");
    assert_eq!(evaluated.row.len(), splits[0].test().len());
    assert!(evaluated.folds[1].models.is_empty());
    let finding = evaluated.findings.iter().find(|finding| finding.kind == FindingKind::NotEstimated).expect("named");
    assert!(finding.sentence.starts_with("Fold 2 is left out"), "{}", finding.sentence);
    let alone = evaluation().evaluate(&observations, &splits[1..], &Logit::default(), &[]);
    assert!(matches!(alone, Err(EvaluationError::NothingFitted { .. })));
}

#[test]
fn calibration_mends_a_model_that_exaggerates_and_keeps_its_order() {
    let (observations, times) = company(1.0);
    let splits = split_in_time(&observations, &times);
    let exaggerated = |train: &Observations, test: &DesignMatrix| -> Result<Vec<f64>, FitError> {
        let fit = Logit::default().fit(train)?;
        let odds = |p: f64| 4.0 * (p / (1.0 - p)).ln() + 1.0;
        Ok(fit.predict(test)?.iter().map(|&p| 1.0 / (1.0 + (-odds(p)).exp())).collect())
    };
    let plan = CalibrationPlan { method: CalibrationMethod::Sigmoid, n_folds: 5 };
    let evaluation = Evaluation { calibration: Some(plan), ..evaluation() };
    let evaluated = evaluation.evaluate(&observations, &splits, &exaggerated, &[]).expect("evaluated");
    let figure = |role, metric| evaluated.judgement(role).and_then(|judged| judged.of(metric)).expect("there").value;
    assert!(figure(ModelRole::Full, Metric::CalibrationSlope) < 0.4);
    assert!((figure(ModelRole::Calibrated, Metric::CalibrationSlope) - 1.0).abs() < 0.3);
    assert!(figure(ModelRole::Calibrated, Metric::LogLoss) < figure(ModelRole::Full, Metric::LogLoss));
    let areas = [ModelRole::Calibrated, ModelRole::Full].map(|role| figure(role, Metric::RocAuc));
    assert!((areas[0] - areas[1]).abs() < 1e-12);
}

#[test]
fn numbers_are_judged_against_the_training_mean() {
    let values = Array2::from_shape_fn((300, 1), |(row, column)| wave(row, column));
    let outcome: Array1<f64> = (0..300).map(|row| 3.0 * values[[row, 0]] + wave(row, 1)).collect();
    let design = DesignMatrix::new(vec!["spend".to_owned()], values).expect("finite");
    let observations = Observations::new(design, Outcome::numeric("spend_later", outcome).expect("finite"));
    let observations = observations.expect("as many rows");
    let splits = grouped_k_fold(&Clusters::from_labels(0..300), 3, 2).expect("enough");
    let evaluated = evaluation().evaluate(&observations, &splits, &Ols::default(), &[]).expect("evaluated");
    let of = |role| {
        let judged = evaluated.judgement(role).expect("there");
        judged.of(Metric::RSquaredAgainstTraining).expect("a training mean").value
    };
    assert!(of(ModelRole::Full) > 0.8 && of(ModelRole::BaseRate).abs() < 1e-12);
    assert!(evaluated.findings.is_empty());
}

#[test]
fn a_model_of_noise_is_no_better_than_the_average() {
    let (observations, _) = company(0.0);
    let noise = observations.with_features(&[1]);
    let splits = grouped_k_fold(noise.clusters().expect("clusters"), 3, 2).expect("enough");
    let evaluated = evaluation().evaluate(&noise, &splits, &Logit::default(), &[]).expect("evaluated");
    assert_eq!(kinds(&evaluated), [FindingKind::NoGain]);
}

#[test]
fn segments_are_judged_apart_and_small_ones_say_so() {
    let evaluated = evaluate(1.0);
    let segments = evaluated.by_segment(|row| Some(if row < 520 { "app" } else { "web" })).expect("judged");
    let names: Vec<&str> = segments.iter().map(|segment| segment.segment.as_str()).collect();
    assert_eq!(names, ["app", "web"]);
    assert_eq!(segments.iter().map(|segment| segment.n_rows).sum::<usize>(), evaluated.row.len());
    assert_eq!((segments[0].findings.len(), segments[1].findings.len()), (1, 0));
    assert_eq!(segments[1].models.len(), 3);
}

#[test]
fn detail_of_a_class_holds_together() {
    let detail = evaluate(1.0).class_detail(ModelRole::Full).expect("a class");
    assert!((detail.deciles[9].cumulative_gain - 1.0).abs() < 1e-12);
    assert!(detail.recalibration.is_some_and(|fit| (fit.slope.estimate - 1.0).abs() < 0.4));
    assert_eq!(detail.curve.len(), detail.brier.n_bins);
}

#[test]
fn what_cannot_be_evaluated_says_why() {
    let (observations, times) = company(1.0);
    let splits = split_in_time(&observations, &times);
    let run = |splits: &[Split], model: &dyn Model, history: &[&str]| {
        evaluation().evaluate(&observations, splits, model, history).map(|_| ()).unwrap_err()
    };
    let logit = Logit::default();
    assert_eq!(run(&[], &logit, &[]), EvaluationError::NoSplits);
    assert_eq!(run(&splits, &logit, &["age"]), EvaluationError::UnknownColumn { name: "age".to_owned() });
    let short = |_: &Observations, _: &DesignMatrix| -> Result<Vec<f64>, FitError> { Ok(vec![0.5]) };
    assert!(matches!(run(&splits, &short, &[]), EvaluationError::BadModel { .. }));
    let odds = |_: &Observations, test: &DesignMatrix| -> Result<Vec<f64>, FitError> { Ok(vec![1.5; test.n_rows()]) };
    assert!(matches!(run(&splits, &odds, &[]), EvaluationError::BadModel { .. }));
    let foreign = Split::new(vec![0], vec![2000], &Clusters::from_labels(0..2001)).expect("apart");
    assert!(matches!(run(&[foreign], &logit, &[]), EvaluationError::ForeignSplit { fold: 1, row: 2001, .. }));
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_one_thread_and_on_many() {
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool").install(|| evaluate(1.0));
    let several = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("a pool").install(|| evaluate(1.0));
    assert_eq!(single, several);
}

#[test]
fn an_outsider_is_judged_beside_the_model_on_the_same_rows() {
    let (observations, times) = company(1.0);
    let splits = split_in_time(&observations, &times);
    // Who knows what happened beats any model; the constant 0.5 has a Brier score of a quarter.
    let outcomes = observations.outcome().values().to_vec();
    let oracle = |_: usize, split: &Split| -> Result<Predicted, String> {
        let values = split.test().iter().map(|&row| outcomes[row]).collect();
        Ok(Predicted { values, ..Predicted::default() })
    };
    let constant = |_: usize, split: &Split| -> Result<Predicted, String> {
        Ok(Predicted { values: vec![0.5; split.test().len()], ..Predicted::default() })
    };
    let beside = |outsider: &Outsider<'_>| {
        evaluation().evaluate_beside(&observations, &splits, &Logit::default(), &[], Some(outsider)).expect("evaluated")
    };
    let against_oracle = beside(&oracle);
    assert!(kinds(&against_oracle).contains(&FindingKind::NoGain));
    let sentence = &against_oracle.findings[0].sentence;
    assert!(sentence.contains("buy-till-you-die model of the purchases alone"), "{sentence}");
    let against_constant = beside(&constant);
    let judgement = against_constant.judgement(ModelRole::BuyTillYouDie).expect("judged");
    assert!((judgement.of(Metric::Brier).expect("a score").value - 0.25).abs() < 1e-15);
    let gain = against_constant.gain_over_buy_till_you_die.as_ref().expect("compared");
    assert!(gain.of(Metric::Brier).expect("a score").difference < 0.0);
}

#[test]
fn an_outsider_that_gives_nothing_is_a_finding_and_not_the_end() {
    let (observations, times) = company(1.0);
    let splits = split_in_time(&observations, &times);
    let silent = |_: usize, _: &Split| -> Result<Predicted, String> { Err("nobody bought again".to_owned()) };
    let evaluated =
        evaluation().evaluate_beside(&observations, &splits, &Logit::default(), &[], Some(&silent)).expect("evaluated");
    assert!(evaluated.judgement(ModelRole::BuyTillYouDie).is_none() && evaluated.gain_over_buy_till_you_die.is_none());
    assert!(evaluated.findings.iter().any(|finding| finding.sentence.contains("nobody bought again")));
}

#[test]
fn ordered_levels_are_judged_by_the_probability_of_every_level() {
    // Without a feature that tells anything the forecast is the shares of the training rows: levels 0, 1 and 2 are a half, a
    // quarter and a quarter of them.
    let outcome = [0.0, 0.0, 1.0, 2.0].repeat(20).into_iter().chain([0.0, 2.0]).collect::<Array1<f64>>();
    let n_rows = outcome.len();
    let constant = Array2::from_elem((n_rows, 1), 1.0);
    let design = DesignMatrix::new(vec!["constant".to_owned()], constant).expect("finite");
    let observations =
        Observations::new(design, Outcome::numeric("nps_class", outcome).expect("finite")).expect("rows");
    let alone = Clusters::from_labels(0..n_rows);
    let split = Split::new((0..80).collect(), vec![80, 81], &alone).expect("two sides");
    let evaluated = evaluation().evaluate(&observations, &[split], &Ordinal::default(), &[]).expect("evaluated");
    let figure = |role, metric| evaluated.judgement(role).and_then(|own| own.of(metric)).expect("a figure").value;
    // By hand: cumulated 1/2 and 3/4 against 1 and 1, then against 0 and 0, each halved.
    let ranked = ((0.25 + 0.0625) / 2.0 + (0.25 + 0.5625) / 2.0) / 2.0;
    let log = (2.0_f64.ln() + 4.0_f64.ln()) / 2.0;
    for role in [ModelRole::Full, ModelRole::BaseRate] {
        assert!((figure(role, Metric::RankedProbabilityScore) - ranked).abs() < 1e-6, "{role:?}");
        assert!((figure(role, Metric::LevelLogLoss) - log).abs() < 1e-6, "{role:?}");
    }
    let first = &evaluated.gain_over_base_rate.differences[0];
    assert!(first.metric == Metric::RankedProbabilityScore && first.difference.abs() < 1e-6);
}

#[test]
fn a_level_that_no_training_row_has_counts_as_impossible() {
    let outcome: Array1<f64> = [0.0, 1.0, 2.0, 1.0].repeat(20).into_iter().chain([3.0, 3.0]).collect();
    let values = Array2::from_shape_fn((82, 1), |(row, _)| wave(row, 0));
    let design = DesignMatrix::new(vec!["delivery".to_owned()], values).expect("finite");
    let observations =
        Observations::new(design, Outcome::numeric("nps_class", outcome).expect("finite")).expect("rows");
    let split = Split::new((0..80).collect(), vec![80, 81], &Clusters::from_labels(0..82)).expect("two sides");
    let evaluated = evaluation().evaluate(&observations, &[split], &Ordinal::default(), &[]).expect("evaluated");
    let log =
        evaluated.judgement(ModelRole::Full).and_then(|own| own.of(Metric::LevelLogLoss)).expect("a figure").value;
    assert!((log + f64::EPSILON.ln()).abs() < 1e-9, "{log}");
}
