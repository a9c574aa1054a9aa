//! Ordered regression of three classes with a slope of its own for leaving the lowest and for reaching the highest.

use super::cases::Cases;
use super::coefficient::{Reference, refuse_names_of};
use super::fitted_model::{Threshold, level_probabilities};
use super::free_slopes::FreeSlopes;
use super::inference::{few_clusters, robust_instead, same_columns};
use super::newton::{Ascent, Ending, Limits};
use super::ordinal::{STEP_TOLERANCE, few_rows, hc1_factor, names_of, not_converged, prepare, start, summary};
use super::ordinal_levels::Levels;
use super::proportional_odds::ChiSquaredTest;
use super::robust::{applicable, cluster_factor, sorted_clusters};
use super::separation::{Separation, all_apart};
use super::summary::{FitSummary, StdErrors};
use super::{Coefficient, FitError};
use crate::data::{DesignMatrix, Observations};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, ArrayView2};

/// Steps between three classes.
const N_STEPS: usize = 2;
/// Share of the rows with a negative probability from which on the model must not be used.
const CROSSED_SERIOUS: f64 = 0.01;

/// Settings of a partial ordinal fit of three classes, such as detractor, passive and promoter: a generalised ordered
/// logit.
///
/// The log odds of lying above the lowest class are `x' b_low - theta_1` and those of lying in the highest
/// `x' b_top - theta_2`. The drivers that remove harm are often not those that create advocates.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::PartialOrdinal;
/// use ndarray::array;
/// // Without the column 2, 1 and 1 rows lie in the classes, with it 1, 1 and 2.
/// let x = array![[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]];
/// let design = DesignMatrix::new(vec!["x".to_owned()], x)?;
/// let class = Outcome::numeric("class", array![0.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 2.0])?;
/// let fit = PartialOrdinal::default().fit(&Observations::new(design, class)?)?;
/// // Odds of leaving the lowest class: 3 against 1. Odds of reaching the highest: 1 against 1/3.
/// assert_eq!(fit.coefficients()[0].term, "leave_low:x");
/// assert!(fit.coefficients().iter().take(2).all(|row| (row.estimate - 3.0_f64.ln()).abs() < 1e-9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PartialOrdinal {
    /// How uncertainty is estimated; HC3 has no agreed meaning here.
    pub std_errors: StdErrors,
    /// The level of the confidence intervals.
    pub confidence: Confidence,
    /// Newton steps after which the fit is an error.
    pub iterations_max: usize,
    /// Columns that are held parallel: one slope for both steps.
    pub parallel: Vec<String>,
}

impl Default for PartialOrdinal {
    fn default() -> Self {
        Self {
            std_errors: StdErrors::default(),
            confidence: Confidence::default(),
            iterations_max: 100,
            parallel: Vec::new(),
        }
    }
}

/// How much more a column does for reaching the top class than for leaving the lowest.
#[derive(Debug, Clone, PartialEq)]
pub struct StepDifference {
    /// The column.
    pub term: String,
    /// Its coefficient for leaving the lowest class.
    pub leave_low: f64,
    /// Its coefficient for reaching the highest class.
    pub reach_top: f64,
    /// `reach_top - leave_low` with its uncertainty; the square of the statistic is Wald's test that they are equal.
    pub difference: Coefficient,
}

/// A fitted partial ordinal model.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialOrdinalFit {
    coefficients: Vec<Coefficient>,
    covariance: Array2<f64>,
    summary: FitSummary,
    findings: Vec<Finding>,
    differences: Vec<StepDifference>,
    equality: Option<ChiSquaredTest>,
    terms: Vec<PartialTerm>,
    levels: Vec<f64>,
    thresholds: Vec<Threshold>,
}

/// A column of the fit as prediction needs it.
#[derive(Debug, Clone, PartialEq)]
struct PartialTerm {
    term: String,
    mean: f64,
    /// By step; nought where the column has no coefficient.
    slopes: [f64; N_STEPS],
}

impl PartialOrdinal {
    /// Fits by Newton's method with the observed information, on centred and scaled columns.
    ///
    /// Weights, standard errors and left-out columns are as in [`crate::estimators::Ordinal::fit`]. Where the two steps
    /// cross in a row, a level's probability is negative there, and a finding says in how many rows.
    ///
    /// # Errors
    /// Those of [`crate::estimators::Ordinal::fit`]; other than three levels; a column to hold parallel that is not there.
    ///
    /// # References
    /// Williams (2006), "Generalized ordered logit/partial proportional odds models for ordinal dependent variables",
    /// Stata Journal 6(1); Peterson and Harrell (1990), Applied Statistics 39(2).
    pub fn fit(&self, observations: &Observations) -> Result<PartialOrdinalFit, FitError> {
        let cases = Cases::of(observations);
        let design_names = observations.design().names();
        if let Some(term) = self.parallel.iter().find(|term| !design_names.contains(term)) {
            return Err(FitError::UnknownTerm { term: term.clone() });
        }
        let free = design_names.iter().filter(|name| !self.parallel.contains(name));
        refuse_names_of(free.flat_map(|name| of_steps(name)), design_names)?;
        let outcome = observations.outcome().name();
        let (levels, mut prepared) = prepare(observations, &cases, self.std_errors)?;
        if levels.n_thresholds() != N_STEPS {
            return Err(FitError::NotThreeLevels { outcome: outcome.to_owned(), n_levels: levels.n_levels() });
        }
        let is_parallel: Vec<bool> = design_names.iter().map(|name| self.parallel.contains(name)).collect();
        // A rotated basis mixes the columns, and those held parallel must stay themselves.
        let all: Vec<usize> = (0..prepared.columns.places.len()).collect();
        let columns = prepared.columns.select(&all);
        let model = FreeSlopes::new(&columns, &cases, &levels, &is_parallel);
        let n_parameters = model.n_parameters();
        if cases.n_used <= n_parameters {
            return Err(FitError::TooFewRows { n_used: cases.n_used, n_terms: n_parameters });
        }
        let ascent = self.ascend(observations, &cases, &model, &levels)?;
        let computed = applicable(self.std_errors, &cases);
        let bread = Cholesky::of(ascent.sums.matrix.view()).inverse();
        if bread.nrows() < n_parameters {
            return Err(not_converged(observations, ascent.iterations));
        }
        let mut n_clusters = None;
        let basis_covariance = match computed {
            StdErrors::Model | StdErrors::Hc3 => bread,
            StdErrors::Hc1 => {
                let meat = model.score_products(&ascent.coefficients);
                bread.dot(&meat).dot(&bread) * hc1_factor(cases.n_used, n_parameters)
            }
            StdErrors::Cluster => {
                let sorted = sorted_clusters(&cases, observations.clusters())?;
                n_clusters = Some(sorted.n_clusters());
                let meat = model.cluster_products(&ascent.coefficients, &sorted);
                bread.dot(&meat).dot(&bread) * cluster_factor(sorted.n_clusters(), cases.n_used, n_parameters)
            }
        };
        prepared.findings.extend(robust_instead(outcome, self.std_errors, computed));
        prepared.findings.extend(few_clusters(outcome, n_clusters));
        prepared.findings.extend(few_rows(outcome, &levels, n_parameters - N_STEPS));
        prepared.findings.extend(crossed(outcome, model.n_crossed(&ascent.coefficients), &cases));
        let mut summary = summary(observations, &cases, &levels, n_parameters, ascent.log_likelihood);
        (summary.iterations, summary.std_errors, summary.n_clusters) = (ascent.iterations, computed, n_clusters);
        let map = units_map(&model);
        let estimates = map.dot(&Array1::from(ascent.coefficients));
        let covariance = map.dot(&basis_covariance).dot(&map.t());
        let covariance = (&covariance + &covariance.t()) * 0.5;
        let names = names_of(observations, &columns);
        let steps = levels.steps();
        let rows = table_terms(&model, &names).into_iter().chain(steps.iter().cloned()).collect::<Vec<String>>();
        let rows = rows.iter().zip(&estimates).zip(covariance.diag());
        let rows = rows.map(|((term, &estimate), &variance)| (term.as_str(), estimate, variance));
        let slope = |column: usize, step: usize| model.slope(column, step) - N_STEPS;
        let mut terms: Vec<PartialTerm> = design_names
            .iter()
            .zip(&prepared.means)
            .map(|(name, &mean)| PartialTerm { term: name.clone(), mean, slopes: [0.0; N_STEPS] })
            .collect();
        for (column, &place) in columns.places.iter().enumerate() {
            terms[place].slopes = [0, 1].map(|step| estimates[slope(column, step)]);
        }
        let free: Vec<usize> = (0..names.len()).filter(|&column| !model.is_parallel(column)).collect();
        let first_slopes: Vec<usize> = free.iter().map(|&column| slope(column, 0)).collect();
        let differences = Differences::of(&estimates, &covariance, &first_slopes);
        let free_names: Vec<&str> = free.iter().map(|&column| names[column]).collect();
        let thresholds = steps.iter().zip(estimates.iter().skip(n_parameters - N_STEPS));
        Ok(PartialOrdinalFit {
            coefficients: Reference::Normal.table(rows, self.confidence),
            differences: differences.table(&free_names, self.confidence),
            equality: ChiSquaredTest::wald(&differences.values, differences.covariance.view()),
            summary,
            findings: prepared.findings,
            terms,
            levels: levels.values.clone(),
            thresholds: thresholds.map(|(term, &estimate)| Threshold { term: term.clone(), estimate }).collect(),
            covariance,
        })
    }

    fn ascend(
        &self,
        observations: &Observations,
        cases: &Cases,
        model: &FreeSlopes,
        levels: &Levels,
    ) -> Result<Ascent, FitError> {
        let start = start(cases, levels, model.columns());
        let limits = Limits { iterations_max: self.iterations_max, step_tolerance: STEP_TOLERANCE };
        let (ascent, along) = model.ascend(model.widened(&start), limits);
        match (ascent.ending, along) {
            (Ending::Converged, _) => Ok(ascent),
            (Ending::Divergent, Some(along)) => {
                let (columns, alone) = model.separating(&names_of(observations, model.columns()), &along);
                let complete = all_apart(model, &ascent.coefficients);
                let outcome = observations.outcome().name().to_owned();
                Err(FitError::Separated(Separation { outcome, columns, alone, complete, ordered: true }))
            }
            _ => Err(not_converged(observations, ascent.iterations)),
        }
    }
}

impl PartialOrdinalFit {
    /// The columns in their order, each as `leave_low:COLUMN` and `reach_top:COLUMN` or, where it is held parallel, as
    /// `COLUMN`, then the two thresholds; on the scale of log odds.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// Covariance of the coefficients, in their order.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.covariance.view()
    }

    /// One row about the fit.
    pub fn summary(&self) -> &FitSummary {
        &self.summary
    }

    /// What a reader must know beside the numbers.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Where removing harm and creating advocates differ: one row a column that is not held parallel.
    pub fn differences(&self) -> &[StepDifference] {
        &self.differences
    }

    /// Wald's test that no column differs; `None` where all are held parallel.
    pub fn equality(&self) -> Option<&ChiSquaredTest> {
        self.equality.as_ref()
    }

    /// The three levels, ascending.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// The probability of every level in one row, in their order; a `NaN` takes the training mean. Where the steps cross,
    /// the middle level has none and the others sum to one.
    ///
    /// # Panics
    /// If there is not one value per column of the fit.
    pub fn probabilities_row(&self, values: &[f64]) -> Vec<f64> {
        assert_eq!(values.len(), self.terms.len(), "one value per feature");
        let latent = |step: usize| {
            let pairs = self.terms.iter().zip(values);
            let known = pairs.map(|(term, &value)| term.slopes[step] * if value.is_nan() { term.mean } else { value });
            known.sum::<f64>()
        };
        let steps = self.thresholds.iter().enumerate();
        let shares = level_probabilities(steps.map(|(step, threshold)| threshold.estimate - latent(step)));
        let sum: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / sum).collect()
    }

    /// The mean of the levels by their probabilities in one row; a `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per column of the fit.
    pub fn predict_row(&self, values: &[f64]) -> f64 {
        self.probabilities_row(values).iter().zip(&self.levels).map(|(share, level)| share * level).sum()
    }

    /// The mean of the levels by their probabilities, in every row.
    ///
    /// # Errors
    /// Columns other than those of the fit.
    pub fn predict(&self, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        same_columns(self.terms.iter().map(|term| term.term.as_str()), design)?;
        Ok((0..design.n_rows()).map(|row| self.predict_row(&design.row(row).to_vec())).collect())
    }
}

/// The names of a column's two slopes.
fn of_steps(name: &str) -> [String; N_STEPS] {
    [format!("leave_low:{name}"), format!("reach_top:{name}")]
}

/// Names of the slopes in the order of the parameters.
fn table_terms(model: &FreeSlopes, names: &[&str]) -> Vec<String> {
    let of = |(column, name): (usize, &&str)| {
        if model.is_parallel(column) { vec![(*name).to_owned()] } else { of_steps(name).to_vec() }
    };
    names.iter().enumerate().flat_map(of).collect()
}

/// From thresholds and slopes of an unrotated basis to slopes and thresholds in their own units.
fn units_map(model: &FreeSlopes) -> Array2<f64> {
    let (n, columns) = (model.n_parameters(), model.columns());
    let first_threshold = n - N_STEPS;
    let mut map = Array2::zeros((n, n));
    for step in 0..N_STEPS {
        map[[first_threshold + step, step]] = 1.0;
        for column in 0..columns.places.len() {
            let slope = model.slope(column, step);
            map[[slope - N_STEPS, slope]] = 1.0 / columns.scale(column);
            map[[first_threshold + step, slope]] = columns.mean(column) / columns.scale(column);
        }
    }
    map
}

/// Slopes of the second step less those of the first.
struct Differences {
    lows: Vec<f64>,
    values: Array1<f64>,
    covariance: Array2<f64>,
}

impl Differences {
    /// `places` say where the first step's slopes stand among the estimates; the second's follow them.
    fn of(estimates: &Array1<f64>, covariance: &Array2<f64>, places: &[usize]) -> Self {
        Self {
            lows: places.iter().map(|&place| estimates[place]).collect(),
            values: places.iter().map(|&place| estimates[place + 1] - estimates[place]).collect(),
            covariance: Array2::from_shape_fn((places.len(), places.len()), |(row, column)| {
                let (row, column) = (places[row], places[column]);
                covariance[[row + 1, column + 1]] - covariance[[row + 1, column]] - covariance[[row, column + 1]]
                    + covariance[[row, column]]
            }),
        }
    }

    fn table(&self, names: &[&str], confidence: Confidence) -> Vec<StepDifference> {
        let rows = names.iter().zip(&self.values).zip(self.covariance.diag());
        let rows = rows.map(|((name, &value), &variance)| (*name, value, variance));
        let table = Reference::Normal.table(rows, confidence);
        let pairs = table.into_iter().zip(&self.lows);
        pairs
            .map(|(difference, &leave_low)| StepDifference {
                term: difference.term.clone(),
                leave_low,
                reach_top: leave_low + difference.estimate,
                difference,
            })
            .collect()
    }
}

/// Says that the middle level has a negative probability in some rows.
fn crossed(outcome: &str, n_crossed: usize, cases: &Cases) -> Option<Finding> {
    (n_crossed > 0).then(|| {
        let share = n_crossed as f64 / cases.n_used as f64;
        let severity = if share < CROSSED_SERIOUS { Severity::Warning } else { Severity::Serious };
        let sentence = format!(
            "The two steps of `{outcome}` cross in {n_crossed} rows, where the middle level would have a negative probability: \
             hold more columns parallel."
        );
        Finding::new(FindingKind::Unreliable, severity, outcome, sentence).number("n_crossed", n_crossed as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Outcome;
    use crate::estimators::Ordinal;
    use crate::estimators::formula_data::{FormulaData, observations};
    use crate::estimators::separation::Side;
    use ndarray::array;

    const NAMES: [&str; 3] = ["speed", "price", "calls"];

    fn classes(data: &FormulaData) -> Array1<f64> {
        data.number.mapv(|number| f64::from(u8::from(number > 2.0)) + f64::from(u8::from(number > 4.0)))
    }

    fn data(names: &[&str], features: Array2<f64>, class: Array1<f64>) -> Observations {
        observations(names, features, Outcome::numeric("class", class).expect("finite"))
    }

    fn formula(rows: usize) -> Observations {
        let formula = FormulaData::of(rows);
        data(&NAMES, formula.features.clone(), classes(&formula))
    }

    fn parallel(names: &[&str]) -> PartialOrdinal {
        PartialOrdinal { parallel: names.iter().map(|&name| name.to_owned()).collect(), ..PartialOrdinal::default() }
    }

    #[test]
    fn one_column_of_two_values_has_the_odds_ratios_of_its_table() {
        // Without the column 4, 4, 2 rows lie in the classes, with it 2, 2, 6.
        let class = |x: f64| if x < 0.5 { [4, 4, 2] } else { [2, 2, 6] };
        let rows: Vec<(f64, f64)> = [0.0, 1.0]
            .into_iter()
            .flat_map(|x| (0..3).flat_map(move |level| vec![(x, level as f64); class(x)[level]]))
            .collect();
        let features = Array2::from_shape_fn((20, 1), |(row, _)| rows[row].0);
        let observations = data(&["x"], features, rows.iter().map(|row| row.1).collect());
        let fit = PartialOrdinal::default().fit(&observations).expect("a fit");
        let terms: Vec<&str> = fit.coefficients().iter().map(|row| row.term.as_str()).collect();
        assert_eq!(terms, ["leave_low:x", "reach_top:x", "0|1", "1|2"]);
        // Odds of leaving the lowest: 6/4 and 8/2. Odds of the top: 2/8 and 6/4. Thresholds: minus those without x.
        let want = [(8.0 / 3.0_f64).ln(), 6.0_f64.ln(), -(1.5_f64.ln()), 4.0_f64.ln()];
        for (row, want) in fit.coefficients().iter().zip(want) {
            assert!((row.estimate - want).abs() < 1e-11, "{row:?} {want}");
        }
        // Woolf: the variance of a log odds ratio sums one over the counts.
        let woolf =
            [[4.0, 6.0, 2.0, 8.0], [8.0, 2.0, 4.0, 6.0]].map(|counts| counts.iter().map(|n| 1.0 / n).sum::<f64>());
        for (row, woolf) in fit.coefficients().iter().zip(woolf) {
            assert!((row.std_error - woolf.sqrt()).abs() < 1e-10, "{row:?}");
        }
        let difference = &fit.differences()[0];
        assert!((difference.difference.estimate - (6.0_f64.ln() - (8.0 / 3.0_f64).ln())).abs() < 1e-11);
        assert!((fit.probabilities_row(&[1.0])[2] - 0.6).abs() < 1e-12);
        let equality = fit.equality().expect("a test");
        assert!((equality.statistic - difference.difference.statistic.powi(2)).abs() < 1e-10);
        assert!((equality.p_value - difference.difference.p_value).abs() < 1e-8);
    }

    #[test]
    fn all_columns_held_parallel_are_the_ordinal_fit() {
        let data = formula(300);
        let partial = parallel(&NAMES).fit(&data).expect("a fit");
        let ordinal = Ordinal::default().fit(&data).expect("a fit");
        for (partial, ordinal) in partial.coefficients().iter().zip(ordinal.coefficients()) {
            assert_eq!(partial.term, ordinal.term);
            assert!((partial.estimate - ordinal.estimate).abs() < 1e-9 * ordinal.std_error);
            assert!((partial.std_error - ordinal.std_error).abs() < 1e-8 * ordinal.std_error);
        }
        assert!(partial.differences().is_empty() && partial.equality().is_none());
        let row = [4.0, 110.0, 1.0];
        assert!((partial.predict_row(&row) - ordinal.predict_row(&row)).abs() < 1e-9);
    }

    #[test]
    fn classes_in_reverse_change_the_two_steps() {
        let formula = FormulaData::of(300);
        let plain = PartialOrdinal::default().fit(&data(&NAMES, formula.features.clone(), classes(&formula)));
        let turned = classes(&formula).mapv(|class| 2.0 - class);
        let turned = PartialOrdinal::default().fit(&data(&NAMES, formula.features.clone(), turned));
        let (plain, turned) = (plain.expect("a fit"), turned.expect("a fit"));
        for (plain, turned) in plain.differences().iter().zip(turned.differences()) {
            assert!((plain.leave_low + turned.reach_top).abs() < 1e-8 * plain.difference.std_error);
            assert!((plain.reach_top + turned.leave_low).abs() < 1e-8 * plain.difference.std_error);
            assert!((plain.difference.p_value - turned.difference.p_value).abs() < 1e-7);
        }
        assert!((plain.summary().log_likelihood - turned.summary().log_likelihood).abs() < 1e-9);
    }

    #[test]
    fn steps_that_cross_are_counted() {
        // The middle class is rare at high values and the two others are not: far out the fit gives it less than nothing.
        let shares = [(-1.0, [1, 8, 1]), (0.0, [5, 10, 5]), (1.0, [8, 4, 8]), (4.0, [0, 0, 1])];
        let rows: Vec<(f64, f64)> = shares
            .into_iter()
            .flat_map(|(x, counts)| (0..3).flat_map(move |level| vec![(x, level as f64); counts[level]]))
            .collect();
        let features = Array2::from_shape_fn((rows.len(), 1), |(row, _)| rows[row].0);
        let observations = data(&["x"], features, rows.iter().map(|row| row.1).collect());
        let fit = PartialOrdinal::default().fit(&observations).expect("a fit");
        let finding = fit.findings().iter().find(|finding| finding.kind == FindingKind::Unreliable).expect("a finding");
        assert_eq!((finding.numbers["n_crossed"], finding.severity), (1.0, Severity::Serious));
        let there = fit.probabilities_row(&[4.0]);
        assert!((there.iter().sum::<f64>() - 1.0).abs() < 1e-15 && there[1].abs() < 1e-300, "{there:?}");
        assert!(
            parallel(&["x"])
                .fit(&observations)
                .expect("a fit")
                .findings()
                .iter()
                .all(|finding| { finding.kind != FindingKind::Unreliable })
        );
    }

    #[test]
    fn a_single_step_that_a_column_splits_is_separation() {
        let formula = FormulaData::of(120);
        // Speed alone decides on leaving the lowest class, and on reaching the highest it does not.
        let class =
            Array1::from_shape_fn(
                120,
                |row| {
                    if formula.features[[row, 0]] > 4.0 { 1.0 + formula.class[row] } else { 0.0 }
                },
            );
        let observations = data(&NAMES, formula.features, class);
        match PartialOrdinal::default().fit(&observations) {
            Err(FitError::Separated(found)) => {
                assert_eq!((found.columns[0].term.as_str(), found.columns[0].side), ("speed", Side::Higher));
                assert!(found.alone && found.ordered && !found.complete);
            }
            other => unreachable!("{other:?}"),
        }
        assert!(Ordinal::default().fit(&observations).is_ok());
    }

    #[test]
    fn other_than_three_levels_and_unknown_columns_are_refused() {
        let formula = FormulaData::of(80);
        let four = data(&NAMES, formula.features.clone(), formula.number.mapv(|number| number.floor().clamp(0.0, 3.0)));
        assert!(matches!(PartialOrdinal::default().fit(&four), Err(FitError::NotThreeLevels { n_levels: 4, .. })));
        let error = parallel(&["weather"]).fit(&self::formula(80)).unwrap_err();
        assert_eq!(error.to_string(), "there is no column `weather` to hold parallel; give the name of a column");
    }

    #[test]
    fn predictions_ask_for_the_columns_of_the_fit_and_missing_values_take_the_mean() {
        let observations = formula(200);
        let fit = PartialOrdinal::default().fit(&observations).expect("a fit");
        let predicted = fit.predict(observations.design()).expect("the same columns");
        assert!((predicted[3] - fit.predict_row(&observations.design().row(3).to_vec())).abs() < 1e-15);
        let means = observations.design().values().mean_axis(ndarray::Axis(0)).expect("rows").to_vec();
        assert!((fit.predict_row(&[f64::NAN; 3]) - fit.predict_row(&means)).abs() < 1e-12);
        let other = DesignMatrix::new(vec!["speed".to_owned()], array![[1.0]]).expect("finite");
        assert!(matches!(fit.predict(&other), Err(FitError::ColumnsDiffer { position: 2, .. })));
    }
}
