//! Diagnostics against statsmodels and numpy. The expected values were written by
//! `tests/oracles/diagnostics_reference.py`.

use super::{Departure, Determining, Diagnose, Grouping, Halo, ModelDiagnostics, Scale, Touchpoints, WhiteForm};
use crate::data::{Clusters, Observations, Outcome, WeightKind, Weights};
use crate::estimators::formula_data::{FormulaData, observations, wave};
use crate::estimators::{AugmentedRow, FittedModel, Logit, Ols, StdErrors, augment};
use crate::findings::{FindingKind, Severity};
use ndarray::{Array1, Array2, Axis, array, concatenate};
use std::collections::BTreeMap;

/// Expected values by case, family and weight kind, then by what they are.
type Expected = BTreeMap<[&'static str; 3], BTreeMap<&'static str, Vec<f64>>>;

fn expected() -> Expected {
    let mut all = Expected::new();
    for line in include_str!("../../../tests/oracles/diagnostics_reference.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let values = words[4..].iter().map(|word| word.parse().expect("a number")).collect();
        all.entry([words[0], words[1], words[2]]).or_default().insert(words[3], values);
    }
    all
}

#[track_caller]
fn assert_close(got: &[f64], want: &[f64], relative: f64, context: &str) {
    assert_eq!(got.len(), want.len(), "{context}");
    let size = want.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (got, want) in got.iter().zip(want) {
        // Residuals near zero have the digits of the others.
        let scale = want.abs().max(1e-3 * size);
        assert!((got - want).abs() <= relative * scale, "{context}: {got} is not {want}");
    }
}

fn statistic_and_p(test: Option<Departure>) -> Vec<f64> {
    let test = test.expect("a test");
    vec![test.statistic, test.p_value]
}

fn labels(n_rows: usize) -> Grouping {
    Grouping::from_labels("channel", (0..n_rows).map(|row| (row * 7 % 4).to_string()))
}

struct Asked {
    model: ModelDiagnostics,
    robust: ModelDiagnostics,
    clustered: Option<ModelDiagnostics>,
    rows: Vec<AugmentedRow>,
}

impl Asked {
    fn of(observations: &Observations, model: &FittedModel) -> Self {
        let groupings = [labels(observations.n_rows())];
        let ask = |std_errors| {
            let diagnose = Diagnose { std_errors, ..Diagnose::default() };
            diagnose.model(observations, model, &groupings, None).expect("the columns of the fit")
        };
        Self {
            model: ask(StdErrors::Model),
            robust: ask(StdErrors::Hc1),
            clustered: observations.clusters().map(|_| ask(StdErrors::Cluster)),
            rows: augment(observations, model).expect("the columns of the fit").rows().collect(),
        }
    }

    fn numbers(&self, what: &str) -> Vec<f64> {
        let counted = self.rows.iter().filter(|row| row.hat.is_some());
        let each = |pick: fn(&AugmentedRow) -> Option<f64>| counted.map(|row| pick(row).expect("a value")).collect();
        let collinearity = self.model.collinearity.as_ref().expect("columns");
        let nonlinearity = self.model.nonlinearity.as_ref().expect("residuals");
        let spread = || self.model.spread.as_ref().expect("a linear model");
        match what {
            "fitted" => each(|row| Some(row.fitted)),
            "link" => each(|row| Some(row.link)),
            "hat" => each(|row| row.hat),
            "cooksd" => each(|row| row.cooksd),
            "std_resid" => each(|row| row.std_resid),
            "student_resid" => each(|row| row.student_resid),
            "pearson_resid" => each(|row| row.pearson_resid),
            "deviance_resid" => each(|row| row.deviance_resid),
            "sigma" => each(|row| row.sigma),
            "dffits" => each(|row| row.dffits),
            "dfbetas" => vec![self.model.influence.worst[0].dfbetas],
            "condition_index" => collinearity.dependencies.iter().map(|row| row.condition_index).collect(),
            "proportions" => collinearity.dependencies.last().expect("one a term").proportions.clone(),
            "vif" => collinearity.overlaps.iter().map(|row| row.vif).collect(),
            "coefficient" => nonlinearity.terms.iter().map(|row| row.coefficient).collect(),
            "breusch_pagan" => statistic_and_p(spread().breusch_pagan),
            "white" => {
                assert_eq!(spread().white_form, WhiteForm::Products);
                statistic_and_p(spread().white)
            }
            "std_error_ratio" => spread().std_error_ratio.into_iter().collect(),
            "robust_reset" => {
                vec![self.robust.nonlinearity.as_ref().and_then(|rows| rows.overall).expect("a test").statistic]
            }
            "eta_squared" => vec![self.model.groupings[0].eta_squared],
            "robust_groups" => vec![self.robust.groupings[0].test.expect("a test").statistic],
            "cluster_groups" => statistic_and_p(self.clustered.as_ref().and_then(|answers| answers.groupings[0].test)),
            other => unreachable!("{other}"),
        }
    }

    /// Tests whose p-values the reference gives for exact F tests only.
    fn tests(&self, what: &str, with_p: bool) -> Option<Vec<f64>> {
        let nonlinearity = self.model.nonlinearity.as_ref().expect("residuals");
        let tests = match what {
            "reset" => vec![nonlinearity.overall],
            "curvature" => nonlinearity.terms.iter().map(|row| Some(row.test)).collect(),
            "groups" => vec![self.model.groupings[0].test],
            _ => return None,
        };
        Some(
            tests
                .into_iter()
                .flat_map(|test| if with_p { statistic_and_p(test) } else { vec![statistic_and_p(test)[0]] })
                .collect(),
        )
    }
}

fn check(
    case: [&str; 3],
    observations: &Observations,
    model: &FittedModel,
    wants: &BTreeMap<&str, Vec<f64>>,
    relative: f64,
) {
    let asked = Asked::of(observations, model);
    let with_p = case[1] == "linear" && case[2] != "sampling";
    for (what, want) in wants {
        let got = asked.tests(what, with_p).unwrap_or_else(|| asked.numbers(what));
        assert_close(&got, want, relative, &format!("{case:?} {what}"));
    }
}

#[test]
fn formula_data_agree_with_statsmodels_for_every_weight() {
    let data = FormulaData::of(90);
    let all = expected();
    let cases: Vec<_> = all.iter().filter(|(case, _)| case[0] == "formula").collect();
    assert_eq!(cases.len(), 8);
    for (case, wants) in cases {
        let plain = if case[1] == "linear" { data.with_number() } else { data.with_class() };
        let clustered = plain.clustered(Clusters::from_labels(&data.clusters)).expect("one a row");
        let kind = match case[2] {
            "precision" => Some(WeightKind::Precision),
            "frequency" => Some(WeightKind::Frequency),
            "sampling" => Some(WeightKind::Sampling),
            _ => None,
        };
        let weighted = match kind {
            Some(kind) => {
                clustered.weighted(Weights::new(kind, data.weights.clone()).expect("valid")).expect("one a row")
            }
            None => clustered,
        };
        let model = if case[1] == "linear" {
            Ols::default().fit(&weighted).expect("a fit").model().clone()
        } else {
            Logit::default().fit(&weighted).expect("a fit").model().clone()
        };
        check(*case, &weighted, &model, wants, 1e-7);
    }
}

/// A classic data set by column name, or nothing where the folder is not there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn classic(file: &str, names: &[&str]) -> Option<Array2<f64>> {
    let path = format!("{}/../shared/data/classic/{file}.csv", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: the data set {file} is not beside the project");
        return None;
    };
    let split = |line: &str| line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect::<Vec<_>>();
    let mut lines = text.lines().map(split);
    let header = lines.next()?;
    let places: Vec<usize> =
        names.iter().map(|name| header.iter().position(|other| other == name).expect("a column")).collect();
    let rows: Vec<Vec<String>> = lines.collect();
    Some(Array2::from_shape_fn((rows.len(), names.len()), |(row, column)| {
        rows[row][places[column]].parse().unwrap_or(f64::NAN)
    }))
}

fn agree_on(file: &str, outcome: &str, features: &[&str], relative: f64) {
    let (Some(design), Some(values)) = (classic(file, features), classic(file, &[outcome])) else { return };
    let values = values.column(0).to_owned();
    let all = expected();
    let mut n_cases = 0;
    for (case, wants) in all.iter().filter(|(case, _)| case[0] == file) {
        let is_linear = case[1] == "linear";
        let outcome = if is_linear {
            Outcome::numeric(outcome, values.clone())
        } else {
            Outcome::binary(outcome, values.clone())
        };
        let data = observations(features, design.clone(), outcome.expect("valid"));
        let model = if is_linear {
            Ols::default().fit(&data).expect("a fit").model().clone()
        } else {
            Logit::default().fit(&data).expect("a fit").model().clone()
        };
        check(*case, &data, &model, wants, relative);
        n_cases += 1;
    }
    assert_eq!(n_cases, 1);
}

#[test]
fn classic_data_agree_with_statsmodels() {
    agree_on("stackloss", "stack.loss", &["Air.Flow", "Water.Temp", "Acid.Conc."], 1e-7);
    agree_on("mtcars", "mpg", &["wt", "hp", "qsec", "am"], 1e-7);
    let features = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"];
    agree_on("swiss", "Fertility", &features, 1e-7);
    let features = ["GNP.deflator", "GNP", "Unemployed", "Armed.Forces", "Population", "Year"];
    // Condition number 43,275: the reference's own squares of the columns lose digits.
    agree_on("longley", "Employed", &features, 1e-5);
    let features = ["Agriculture", "Education", "Catholic", "Infant.Mortality"];
    agree_on("swiss_binary_ordinal", "high", &features, 1e-6);
}

#[test]
fn factors_of_the_attitude_survey_agree_with_numpy() {
    let names = ["complaints", "privileges", "learning", "raises", "critical", "advance"];
    let Some(values) = classic("attitude", &names) else { return };
    let halo =
        Halo::of(&Touchpoints::new(names.map(str::to_owned).to_vec(), values).expect("valid")).expect("a survey");
    let all = expected();
    let wants = &all[&["attitude", "halo", "none"]];
    assert_close(&halo.eigenvalues, &wants["eigenvalues"], 1e-10, "eigenvalues");
    assert_close(&[halo.alpha], &wants["alpha"], 1e-10, "alpha");
    assert_close(&[halo.first_share], &[wants["eigenvalues"][0] / 6.0], 1e-10, "share");
    assert_eq!(halo.n_factors, 1);
}

/// Leaving a row out and fitting again is what its measures foretell: exactly for a linear model.
#[test]
fn measures_of_a_row_are_those_of_the_fit_without_it() {
    let data = FormulaData::of(40);
    let fit = Ols::default().fit(&data.with_number()).expect("a fit");
    let answers = Diagnose::default().model(&data.with_number(), fit.model(), &[], None).expect("answers");
    let worst = &answers.influence.worst[0];
    let kept: Vec<usize> = (0..40).filter(|&row| row != worst.measures.row - 1).collect();
    let outcome = Outcome::numeric("number", data.number.select(Axis(0), &kept)).expect("finite");
    let without = observations(&["speed", "price", "calls"], data.features.select(Axis(0), &kept), outcome);
    let without = Ols::default().fit(&without).expect("a fit");
    let of = |fit: &crate::estimators::LinearFit| {
        fit.coefficients().iter().find(|row| row.term == worst.term).map(|row| row.estimate).expect("the term")
    };
    assert_close(&[worst.dfbeta], &[of(&fit) - of(&without)], 1e-9, "dfbeta");
    assert_close(&[worst.measures.sigma.expect("sigma")], &[without.summary().sigma.expect("linear")], 1e-11, "sigma");
}

fn kinds(answers: &ModelDiagnostics) -> Vec<FindingKind> {
    answers.findings.iter().map(|finding| finding.kind).collect()
}

fn numeric(names: &[&str], features: Array2<f64>, values: Array1<f64>) -> Observations {
    observations(names, features, Outcome::numeric("recommend", values).expect("finite"))
}

fn asked(data: &Observations, groupings: &[Grouping]) -> ModelDiagnostics {
    let fit = Ols::default().fit(data).expect("a fit");
    Diagnose::default().model(data, fit.model(), groupings, Scale::new(0.0, 10.0).ok()).expect("answers")
}

#[test]
fn well_behaved_rows_raise_no_finding() {
    let features = Array2::from_shape_fn((400, 3), |(row, column)| 5.0 + 2.0 * wave(row, column + 40));
    let outcome = Array1::from_shape_fn(400, |row| 1.0 + 0.8 * features[[row, 0]] + wave(row, 50));
    let grouping = Grouping::from_labels("wave", (0..400).map(|row| (row % 5).to_string()));
    let answers = asked(&numeric(&["a", "b", "c"], features, outcome), &[grouping]);
    assert!(answers.findings.is_empty(), "{:?}", answers.findings);
}

#[test]
fn a_curve_is_found_in_its_own_column_and_nowhere_else() {
    let features = Array2::from_shape_fn((400, 3), |(row, column)| 5.0 + 10.0 * wave(row, column + 40));
    let outcome = Array1::from_shape_fn(400, |row| {
        features[[row, 1]] - 0.08 * (features[[row, 0]] - 5.0).powi(2) + 0.5 * features[[row, 0]] + wave(row, 50)
    });
    let answers = asked(&numeric(&["delivery", "b", "c"], features, outcome), &[]);
    let curved: Vec<&str> = answers
        .findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::NonLinear)
        .map(|finding| finding.about.as_str())
        .collect();
    assert_eq!(curved, ["delivery"]);
    let nonlinearity = answers.nonlinearity.expect("residuals");
    assert!((nonlinearity.terms[0].coefficient + 0.08).abs() < 0.01, "{:?}", nonlinearity.terms[0]);
}

#[test]
fn uneven_spread_asks_for_robust_errors() {
    let features = Array2::from_shape_fn((400, 1), |(row, _)| 5.0 + 10.0 * wave(row, 40));
    let outcome = Array1::from_shape_fn(400, |row| 5.0 + wave(row, 50) * (features[[row, 0]] - 5.0).powi(2));
    let data = numeric(&["a"], features, outcome);
    let answers = asked(&data, &[]);
    let finding = answers.findings.iter().find(|finding| finding.kind == FindingKind::UnequalVariance);
    let finding = finding.expect("a finding");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.sentence.contains("ask for hc3"), "{}", finding.sentence);
    let fit = Ols { std_errors: StdErrors::Hc3, ..Ols::default() }.fit(&data).expect("a fit");
    let robust = Diagnose { std_errors: StdErrors::Hc3, ..Diagnose::default() };
    let robust = robust.model(&data, fit.model(), &[], None).expect("answers");
    let finding = robust.findings.iter().find(|finding| finding.kind == FindingKind::UnequalVariance);
    assert_eq!(finding.expect("a finding").severity, Severity::Note);
}

#[test]
fn a_channel_that_scores_lower_is_named() {
    let features = Array2::from_shape_fn((600, 2), |(row, column)| 5.0 + 4.0 * wave(row, column + 40));
    let channel = |row: usize| ["web", "store", "phone"][row % 3];
    let outcome = Array1::from_shape_fn(600, |row| {
        features[[row, 0]] + wave(row, 50) - if channel(row) == "phone" { 0.5 } else { 0.0 }
    });
    let grouping = Grouping::from_labels("channel", (0..600).map(channel));
    let answers = asked(&numeric(&["a", "b"], features, outcome), &[grouping]);
    let finding = answers.findings.iter().find(|finding| finding.kind == FindingKind::ResidualPattern);
    let finding = finding.expect("a finding");
    assert!(finding.sentence.contains("expects: `phone` 0.3"), "{}", finding.sentence);
    assert_eq!((finding.about.as_str(), finding.numbers["n_groups"]), ("channel", 3.0));
}

#[test]
fn a_row_that_decides_a_slope_is_named_with_what_it_moves() {
    let mut features = Array2::from_shape_fn((60, 2), |(row, column)| wave(row, column + 40));
    let mut outcome = Array1::from_shape_fn(60, |row| features[[row, 0]] + 0.3 * wave(row, 50));
    (features[[31, 0]], outcome[31]) = (8.0, -20.0);
    let answers = asked(&numeric(&["a", "b"], features, outcome), &[]);
    let finding = answers.findings.iter().find(|finding| finding.kind == FindingKind::Influential).expect("a finding");
    assert_eq!((finding.numbers["n_influential"], finding.numbers["row"]), (1.0, 32.0));
    assert!(finding.sentence.contains("Without row 32 the coefficient of `a` would be"), "{}", finding.sentence);
    assert!(answers.influence.outlier_p_value.is_some_and(|p_value| p_value < 1e-6));
}

#[test]
fn two_pairs_of_near_copies_are_told_apart() {
    let features = Array2::from_shape_fn((200, 5), |(row, column)| {
        let base = wave(row, 40 + column % 2);
        if column < 4 { base + 0.02 * wave(row, 60 + column) } else { wave(row, 70) }
    });
    let outcome = features.sum_axis(Axis(1)) + Array1::from_shape_fn(200, |row| wave(row, 50));
    let answers = asked(&numeric(&["a", "b", "c", "d", "e"], features, outcome), &[]);
    let mut groups: Vec<&str> = answers
        .findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::Collinear)
        .map(|finding| finding.about.as_str())
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, ["a, c", "b, d"]);
}

#[test]
fn predictions_beyond_the_scale_are_counted() {
    let features = Array2::from_shape_fn((50, 1), |(row, _)| row as f64);
    let outcome = Array1::from_shape_fn(50, |row| if row < 5 { 0.0 } else { 10.0 });
    let answers = asked(&numeric(&["a"], features, outcome), &[]);
    let range = answers.outcome_range.as_ref().expect("a scale");
    let beyond = (0..50).filter(|&row| {
        // The slope of the line is sum (x - 24.5)(y - 9) / sum (x - 24.5)^2 = 1125 / 10412.5.
        let fitted = 9.0 + 1125.0 / 10_412.5 * (f64::from(row) - 24.5);
        fitted > 10.0
    });
    assert_eq!((range.n_outside, range.ends.ceiling_share), (beyond.count(), 0.9));
    assert_eq!(kinds(&answers).iter().filter(|&&kind| kind == FindingKind::ScaleEnd).count(), 2);
}

// Awkward rows.

#[test]
fn a_row_of_leverage_one_has_nothing_to_standardise() {
    let features = array![[0.0, 1.0], [0.0, 2.0], [1.0, 3.0], [0.0, 5.0], [0.0, 4.0]];
    let data = numeric(&["only", "x"], features, array![1.0, 3.0, 2.0, 5.0, 4.5]);
    let answers = asked(&data, &[]);
    assert_eq!(answers.influence.n_determining, 1);
    assert_eq!(answers.influence.determining, Some(Determining { row: 3, term: "only".to_owned() }));
    let finding = answers.findings.iter().find(|finding| finding.numbers.contains_key("n_determining"));
    let finding = finding.expect("a finding");
    assert!(finding.sentence.starts_with("The coefficient of `only` hangs on row 3 alone:"), "{finding:?}");
    let fit = Ols::default().fit(&data).expect("a fit");
    let row = augment(&data, fit.model()).expect("rows").row(2);
    assert!(row.hat.is_some_and(|hat| (hat - 1.0).abs() < 1e-12));
    assert_eq!((row.std_resid, row.cooksd, row.sigma), (None, None, None));
}

#[test]
fn one_row_more_than_terms_has_no_fit_without_a_row() {
    let data = numeric(&["a"], array![[1.0], [2.0], [3.0]], array![2.0, 3.0, 7.0]);
    let fit = Ols::default().fit(&data).expect("a fit");
    for row in augment(&data, fit.model()).expect("rows").rows() {
        assert_eq!((row.sigma, row.student_resid, row.dffits), (None, None, None));
        assert!(row.std_resid.is_some_and(|residual| (residual.abs() - 1.0).abs() < 1e-10), "{row:?}");
    }
    let answers = asked(&data, &[Grouping::from_labels("wave", ["1", "1", "2"])]);
    assert!(answers.nonlinearity.is_some_and(|rows| rows.overall.is_none() && rows.terms.is_empty()));
    assert!(answers.groupings.iter().all(|rows| rows.test.is_none()));
}

#[test]
fn a_perfect_fit_leaves_nothing_to_ask() {
    let data = FormulaData::of(40);
    let outcome = &data.features.column(0) * 2.0 + data.features.column(2);
    let data = numeric(&["a", "b", "c"], data.features, outcome);
    let answers = asked(&data, &[labels(40)]);
    assert!(answers.nonlinearity.is_none() && answers.spread.is_none() && answers.groupings.is_empty());
    assert_eq!((answers.influence.n_influential, answers.influence.n_determining), (0, 0));
    assert!(answers.collinearity.is_some());
}

#[test]
fn residuals_of_one_size_spread_evenly() {
    // Each value of the column has a residual of +1 and one of -1.
    let features = Array2::from_shape_fn((40, 1), |(row, _)| (row / 2 % 5) as f64);
    let outcome = Array1::from_shape_fn(40, |row| 3.0 * features[[row, 0]] + if row % 2 == 0 { 1.0 } else { -1.0 });
    let answers = asked(&numeric(&["a"], features, outcome), &[]);
    let spread = answers.spread.expect("residuals");
    assert_eq!((spread.breusch_pagan, spread.white), (None, None));
}

#[test]
fn one_group_is_no_grouping_and_groups_of_one_row_are_tested_together() {
    let data = FormulaData::of(90);
    let one = Grouping::from_labels("wave", vec!["autumn"; 90]);
    let each = Grouping::from_labels("row", (0..90).map(|row| row.to_string()));
    let answers = asked(&data.with_number(), &[one, each]);
    assert_eq!(answers.groupings.len(), 1);
    assert_eq!((answers.groupings[0].grouping.as_str(), answers.groupings[0].groups.len()), ("row", 90));
    let test = answers.groupings[0].test.expect("a test");
    assert_eq!((test.df, test.df_residual), (40.0, Some(46.0)));
    assert!((answers.groupings[0].eta_squared - 1.0).abs() < 1e-9);
}

#[test]
fn groups_that_the_columns_tell_apart_have_no_test() {
    let features = Array2::from_shape_fn((30, 1), |(row, _)| (row % 2) as f64);
    let outcome = Array1::from_shape_fn(30, |row| wave(row, 3));
    let grouping = Grouping::from_labels("half", (0..30).map(|row| (row % 2).to_string()));
    let answers = asked(&numeric(&["a"], features, outcome), &[grouping]);
    assert!(answers.groupings[0].test.is_none() && answers.groupings[0].eta_squared < 1e-20);
    // A column of two values has no curve.
    assert!(answers.nonlinearity.is_some_and(|rows| rows.terms.is_empty() && rows.overall.is_none()));
}

#[test]
fn a_model_of_the_intercept_alone_is_asked_what_applies() {
    let data = numeric(&[], Array2::zeros((30, 0)), Array1::from_shape_fn(30, |row| wave(row, 3)));
    let answers = asked(&data, &[labels(30)]);
    assert!(answers.collinearity.is_none());
    assert!(answers.spread.is_some_and(|spread| spread.breusch_pagan.is_none() && spread.term.is_none()));
    assert!(answers.groupings[0].test.is_some());
    assert_eq!(answers.influence.worst[0].term, "(intercept)");
}

#[test]
fn other_rows_and_wrong_labels_are_refused() {
    let data = FormulaData::of(40);
    let fit = Ols::default().fit(&data.with_number()).expect("a fit");
    let ask = |data: &Observations, grouping: Grouping| Diagnose::default().model(data, fit.model(), &[grouping], None);
    let error = ask(&data.with_number(), labels(39)).unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).map(ToString::to_string).as_deref(),
        Some("the group column has 39 rows and the design matrix 40")
    );
    let renamed = numeric(&["a", "price", "calls"], data.features.clone(), data.number.clone());
    assert!(ask(&renamed, labels(40)).unwrap_err().to_string().starts_with("column 1 to predict from is `a`"));
    let mut features = data.features.clone();
    features.column_mut(2).fill(1.0);
    let constant = numeric(&["speed", "price", "calls"], features, data.number.clone());
    assert!(ask(&constant, labels(40)).unwrap_err().to_string().starts_with("column `calls` varies differently"));
}

#[test]
fn a_row_without_weight_keeps_its_prediction_and_counts_for_nothing() {
    let data = FormulaData::of(80);
    let kept: Vec<usize> = (0..80).filter(|&row| data.weights[row] > 0.0).collect();
    let mut features = data.features.clone();
    (0..80).filter(|row| !kept.contains(row)).for_each(|row| features.row_mut(row).fill(1e120));
    let names = ["speed", "price", "calls"];
    let weights = |rows: &[usize]| {
        let values = rows.iter().map(|&row| data.weights[row]).collect();
        Weights::new(WeightKind::Precision, values).expect("valid")
    };
    let all = numeric(&names, features, data.number.clone())
        .weighted(weights(&(0..80).collect::<Vec<_>>()))
        .expect("one a row");
    let few = numeric(&names, data.features.select(Axis(0), &kept), data.number.select(Axis(0), &kept));
    let few = few.weighted(weights(&kept)).expect("one a row");
    let (all, few) = (asked(&all, &[labels(80)]), {
        let grouping = Grouping::from_labels("channel", kept.iter().map(|row| (row * 7 % 4).to_string()));
        asked(&few, &[grouping])
    });
    let numbers = |answers: &ModelDiagnostics| {
        let spread = answers.spread.as_ref().expect("residuals");
        let nonlinearity = answers.nonlinearity.as_ref().expect("residuals");
        [spread.breusch_pagan, spread.white, nonlinearity.overall, answers.groupings[0].test]
            .map(|test| test.expect("a test").statistic)
    };
    assert_close(&numbers(&all), &numbers(&few), 1e-8, "tests");
    let worst = |answers: &ModelDiagnostics| answers.influence.worst[0].measures.cooksd.expect("a distance");
    assert_close(&[worst(&all)], &[worst(&few)], 1e-8, "Cook's distance");
}

#[test]
fn threads_change_no_byte() {
    let data = FormulaData::of(30_000);
    let class = data.with_class();
    let fit = Logit::default().fit(&class).expect("a fit");
    let on = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        let robust = Diagnose { std_errors: StdErrors::Hc1, ..Diagnose::default() };
        pool.install(|| robust.model(&class, fit.model(), &[labels(30_000)], None).expect("answers"))
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn answers_without_touchpoints_raise_nothing() {
    let none = Touchpoints::new(Vec::new(), Array2::zeros((20, 0))).expect("valid");
    let answers = Diagnose::default().touchpoints(&none, |_| None);
    assert!(answers.findings.is_empty() && answers.halo.is_none() && answers.scale_ends.is_empty());
}

#[test]
fn one_impression_behind_all_scores_is_a_halo_and_unrelated_ones_are_not() {
    let names: Vec<String> = (0..5).map(|column| format!("t{column}")).collect();
    let impression = |strength: f64| {
        let mut values =
            Array2::from_shape_fn((300, 5), |(row, column)| strength * wave(row, 40) + wave(row, 41 + column));
        values[[7, 3]] = f64::NAN;
        Diagnose::default().touchpoints(&Touchpoints::new(names.clone(), values).expect("valid"), |_| None)
    };
    let (one, none) = (impression(2.0), impression(0.0));
    assert_eq!(one.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [FindingKind::Halo]);
    let (one, none) = (one.halo.expect("a survey"), none.halo.expect("a survey"));
    assert_eq!((one.n_rows, one.n_factors, none.n_factors), (299, 1, 0));
    assert!(one.alpha > 0.9 && none.alpha < 0.3, "{} {}", one.alpha, none.alpha);
    let doubled = concatenate![
        Axis(1),
        Array2::<f64>::ones((9, 2)),
        Array2::from_shape_fn((9, 2), |(row, column)| wave(row, column))
    ];
    let constant = Touchpoints::new(names[..4].to_vec(), doubled).expect("valid");
    assert_eq!(Halo::of(&constant), None);
}
