//! Ordinal regression by maximum likelihood: ordered levels explained by columns, with one slope a column.

use super::cases::Cases;
use super::coefficient::{Reference, refuse_names_of};
use super::columns::Columns;
use super::cumulative::{Cell, LevelSides, add_score, ascending, likelihood, null_start, side_of_levels, sums};
use super::fitted_model::{ModelTerm, Parts, Threshold};
use super::inference::{Criteria, Inference, few_clusters, marked_clusters, robust_instead};
use super::newton::{Ascent, Ending, Limits, ascend};
use super::ordinal_levels::Levels;
use super::prepared::Prepared;
use super::proportional_odds::ProportionalOdds;
use super::robust::{applicable, cluster_factor, cluster_products, sorted_clusters};
use super::separation::{Separation, all_apart, recession, separating};
use super::summary::{Family, FitSummary, StdErrors};
use super::{Coefficient, FitError, FittedModel};
use crate::data::{DesignMatrix, Observations};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, ArrayView2, s};

pub use super::cumulative::{OrdinalSolution, maximum_likelihood};

/// Newton's last step is below this in standard deviations of the columns (absolute); the error after it is its square.
pub(super) const STEP_TOLERANCE: f64 = 1e-9;
/// Rows of a start from part of the data, and how many times as many there must be to make it worth while.
const START_ROWS: usize = 50_000;
const START_GAIN: usize = 5;
/// Fewer rows than this for each column, counted without ties, make estimates and intervals doubtful.
const ROWS_PER_TERM: f64 = 10.0;

/// Settings of an ordinal fit: a cumulative logit with one slope a column (proportional odds).
///
/// The levels are the distinct values of the outcome in the rows that count. The log odds of an answer at or below a level
/// are `theta_j - x' b`, so that a positive coefficient raises the answer.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::Ordinal;
/// use ndarray::{Array2, array};
/// // Without columns the thresholds are the log odds of the cumulative shares: 1/4 and 3/4.
/// let design = DesignMatrix::new(Vec::new(), Array2::zeros((4, 0)))?;
/// let answers = Outcome::numeric("recommend", array![0.0, 7.0, 7.0, 10.0])?;
/// let fit = Ordinal::default().fit(&Observations::new(design, answers)?)?;
/// assert_eq!(fit.coefficients()[0].term, "0|7");
/// assert!((fit.coefficients()[1].estimate - 3.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ordinal {
    /// How uncertainty is estimated; HC3 has no agreed meaning here.
    pub std_errors: StdErrors,
    /// The level of the confidence intervals; a test rejects below one minus it.
    pub confidence: Confidence,
    /// Newton steps after which the fit is an error.
    pub iterations_max: usize,
}

impl Default for Ordinal {
    fn default() -> Self {
        Self { std_errors: StdErrors::default(), confidence: Confidence::default(), iterations_max: 100 }
    }
}

/// A fitted ordinal model.
#[derive(Debug, Clone, PartialEq)]
pub struct OrdinalFit(Inference);

impl Ordinal {
    /// Fits by Newton's method with the observed information, on centred and scaled columns, until the score equations
    /// hold.
    ///
    /// Weights by kind: `frequency` as if the row were repeated, `precision` as prior weights of the likelihood,
    /// `sampling` with robust (HC1) standard errors even where model-based ones are asked for. The `k` of their factors
    /// counts the thresholds. Statistics are normal. Constant columns and combinations of earlier columns are left out
    /// with a finding.
    ///
    /// # Errors
    /// An outcome of one or two values, or of more than a hundred; no more rows than terms; levels that columns keep
    /// apart without error, with those columns; no convergence; HC3; missing or single clusters where standard errors by
    /// cluster are asked for.
    ///
    /// # References
    /// McCullagh (1980), "Regression models for ordinal data", Journal of the Royal Statistical Society B 42(2).
    pub fn fit(&self, observations: &Observations) -> Result<OrdinalFit, FitError> {
        let cases = Cases::of(observations);
        let (levels, mut prepared) = prepare(observations, &cases, self.std_errors)?;
        let ascent = self.ascend(observations, &cases, &levels, &prepared.columns)?;
        let computed = applicable(self.std_errors, &cases);
        let uncertainty = self.uncertainty(observations, &cases, &levels, &prepared.columns, &ascent, computed)?;
        let outcome = observations.outcome().name();
        prepared.findings.extend(robust_instead(outcome, self.std_errors, computed));
        prepared.findings.extend(few_clusters(outcome, uncertainty.n_clusters));
        prepared.findings.extend(few_rows(outcome, &levels, prepared.columns.places.len()));
        let mut summary = summary(observations, &cases, &levels, ascent.coefficients.len(), ascent.log_likelihood);
        (summary.iterations, summary.std_errors, summary.n_clusters) =
            (ascent.iterations, computed, uncertainty.n_clusters);
        let map = units_map(&prepared.columns, levels.n_thresholds());
        let estimates = map.dot(&Array1::from(ascent.coefficients));
        let covariance = map.dot(&uncertainty.covariance).dot(&map.t());
        let covariance = (&covariance + &covariance.t()) * 0.5;
        Ok(OrdinalFit(self.inference(observations, prepared, &levels, &estimates, covariance, summary)))
    }

    /// Tests whether one slope a column is enough for all steps between the levels: Brant's test, overall and by column,
    /// and the likelihood ratio against a model whose slopes are free at every step.
    ///
    /// Brant's test compares the binary fits of lying above each step. Its covariance follows the standard errors: the
    /// model's own, or, for HC1 and clusters, that of the scores. A step at which a binary fit is separated is left out
    /// with a finding, and a test that cannot be made is `None` with one.
    ///
    /// # Errors
    /// Those of [`Ordinal::fit`].
    ///
    /// # References
    /// Brant (1990), "Assessing proportionality in the proportional odds model for ordinal logistic regression",
    /// Biometrics 46(4).
    pub fn proportional_odds(&self, observations: &Observations) -> Result<ProportionalOdds, FitError> {
        let cases = Cases::of(observations);
        let (levels, prepared) = prepare(observations, &cases, self.std_errors)?;
        let ascent = self.ascend(observations, &cases, &levels, &prepared.columns)?;
        ProportionalOdds::of(self, observations, &cases, &levels, &prepared, &ascent)
    }

    fn ascend(
        &self,
        observations: &Observations,
        cases: &Cases,
        levels: &Levels,
        columns: &Columns,
    ) -> Result<Ascent, FitError> {
        let n_levels = levels.n_levels();
        let level = |row: usize| cases.counts(row).then(|| levels.code(row));
        let sides = LevelSides { columns, n_levels, level };
        let limits = Limits { iterations_max: self.iterations_max, step_tolerance: STEP_TOLERANCE };
        let mut along = None;
        let ascent = ascend(
            |parameters| likelihood(columns, parameters, n_levels, |row| (cases.weight(row), levels.code(row))),
            start(cases, levels, columns),
            limits,
            |_| {
                along = recession(&sides);
                along.is_some()
            },
        );
        match (ascent.ending, along) {
            (Ending::Converged, _) => Ok(ascent),
            (Ending::Divergent, Some(along)) => {
                let names = names_of(observations, columns);
                let slopes = |along: Vec<f64>| -> Vec<f64> {
                    std::iter::once(0.0).chain(along.into_iter().skip(n_levels - 1)).collect()
                };
                let alone = |index: usize| side_of_levels(columns, index, n_levels, level);
                let search = |fewer: &Columns| recession(&LevelSides { columns: fewer, n_levels, level }).map(slopes);
                let (separating, alone) = separating(columns, &names, &slopes(along), alone, search);
                Err(FitError::Separated(Separation {
                    outcome: observations.outcome().name().to_owned(),
                    columns: separating,
                    alone,
                    complete: all_apart(&sides, &ascent.coefficients),
                    ordered: true,
                }))
            }
            _ => Err(not_converged(observations, ascent.iterations)),
        }
    }

    /// The covariance of thresholds and slopes in the basis.
    fn uncertainty(
        &self,
        observations: &Observations,
        cases: &Cases,
        levels: &Levels,
        columns: &Columns,
        ascent: &Ascent,
        computed: StdErrors,
    ) -> Result<Uncertainty, FitError> {
        let bread = Cholesky::of(ascent.sums.matrix.view()).inverse();
        let n_parameters = ascent.coefficients.len();
        if bread.nrows() < n_parameters {
            return Err(not_converged(observations, ascent.iterations));
        }
        let n_levels = levels.n_levels();
        let around = |meat: Array2<f64>, factor: f64| bread.dot(&meat).dot(&bread) * factor;
        Ok(match computed {
            StdErrors::Model | StdErrors::Hc3 => Uncertainty { covariance: bread, n_clusters: None },
            StdErrors::Hc1 => {
                let observed = |row: usize| (cases.squared_score_weight(row), levels.code(row));
                let meat = sums(columns, &ascent.coefficients, n_levels, observed, Cell::score_products).matrix;
                Uncertainty { covariance: around(meat, hc1_factor(cases.n_used, n_parameters)), n_clusters: None }
            }
            StdErrors::Cluster => {
                let sorted = sorted_clusters(cases, observations.clusters())?;
                let parameters = before_rotation(columns, levels.n_thresholds(), &ascent.coefficients);
                let products = cluster_products(columns, n_parameters, &sorted, |row, z, score| {
                    add_score(&parameters, n_levels, cases.weight(row), levels.code(row), z, score);
                });
                let rotation = rotation(columns, levels.n_thresholds());
                let meat = rotation.t().dot(&products).dot(&rotation);
                let n_clusters = sorted.n_clusters();
                let factor = cluster_factor(n_clusters, cases.n_used, n_parameters);
                Uncertainty { covariance: around(meat, factor), n_clusters: Some(n_clusters) }
            }
        })
    }

    /// The table, the summary and the model, from slopes and thresholds in their own units.
    fn inference(
        &self,
        observations: &Observations,
        prepared: Prepared,
        levels: &Levels,
        estimates: &Array1<f64>,
        covariance: Array2<f64>,
        summary: FitSummary,
    ) -> Inference {
        let columns = &prepared.columns;
        let n_slopes = columns.places.len();
        let moments = prepared.means.iter().zip(&prepared.std_devs);
        let mut terms: Vec<ModelTerm> = observations
            .design()
            .names()
            .iter()
            .zip(moments)
            .map(|(name, (&mean, &std_dev))| ModelTerm { term: name.clone(), estimate: None, mean, std_dev })
            .collect();
        for (index, &place) in columns.places.iter().enumerate() {
            terms[place].estimate = Some(estimates[index]);
        }
        let steps = levels.steps().into_iter().zip(estimates.iter().skip(n_slopes));
        let model = FittedModel::from_consistent(Parts {
            family: Family::Ordinal,
            outcome: observations.outcome().name().to_owned(),
            intercept: 0.0,
            at_means: (0..n_slopes).map(|index| estimates[index] * columns.mean(index)).sum(),
            terms,
            covariance: covariance.outer_iter().map(|row| row.to_vec()).collect(),
            levels: levels.values.clone(),
            thresholds: steps.map(|(term, &estimate)| Threshold { term, estimate }).collect(),
        });
        let variances = covariance.diag();
        let rows =
            model.estimated().zip(estimates).zip(variances).map(|((term, &value), &variance)| (term, value, variance));
        let coefficients = Reference::Normal.table(rows, self.confidence);
        let mut findings = prepared.findings;
        findings.extend(marked_clusters(&coefficients, &model, &summary));
        Inference { coefficients, covariance, summary, findings, model }
    }
}

impl OrdinalFit {
    /// The columns in their order, then the thresholds, on the scale of log odds; terms that cannot be estimated are in
    /// the findings. Thresholds are those of a row whose columns are all nought.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.0.coefficients
    }

    /// Covariance of the coefficients, in their order.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.0.covariance.view()
    }

    /// One row about the fit.
    pub fn summary(&self) -> &FitSummary {
        &self.0.summary
    }

    /// What a reader must know beside the numbers.
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// The outcome's levels, ascending.
    pub fn levels(&self) -> &[f64] {
        self.0.model.levels()
    }

    /// The mean of the levels by their probabilities, in every row.
    ///
    /// # Errors
    /// Columns other than those of the fit.
    pub fn predict(&self, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        self.0.predict(design)
    }

    /// The mean of the levels by their probabilities in one row; a `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per column of the fit.
    pub fn predict_row(&self, values: &[f64]) -> f64 {
        self.0.model.predict_row(values)
    }

    /// The probability of every level in one row, in their order; a `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per column of the fit.
    pub fn probabilities_row(&self, values: &[f64]) -> Vec<f64> {
        self.0.model.probabilities_row(values)
    }

    /// The model as plain data.
    pub fn model(&self) -> &FittedModel {
        &self.0.model
    }
}

/// A covariance in the basis.
struct Uncertainty {
    covariance: Array2<f64>,
    n_clusters: Option<usize>,
}

/// The levels of an outcome and the columns that can be estimated.
pub(super) fn prepare<'a>(
    observations: &'a Observations,
    cases: &Cases,
    std_errors: StdErrors,
) -> Result<(Levels, Prepared<'a>), FitError> {
    if std_errors == StdErrors::Hc3 {
        return Err(FitError::NoHc3 { family: Family::Ordinal.word() });
    }
    let levels = Levels::of(observations, cases)?;
    refuse_names_of(levels.steps(), observations.design().names())?;
    let prepared = Prepared::of(observations, cases)?;
    let n_terms = levels.n_thresholds() + prepared.columns.places.len();
    if cases.n_used <= n_terms {
        return Err(FitError::TooFewRows { n_used: cases.n_used, n_terms });
    }
    Ok((levels, prepared))
}

/// Where Newton starts: the thresholds alone, or, with many rows, the fit of an even part of them, so that few passes
/// over all are left.
pub(super) fn start(cases: &Cases, levels: &Levels, columns: &Columns) -> Vec<f64> {
    let base = null_start(&levels.weights, columns.places.len());
    let stride = columns.n_rows() / START_ROWS;
    if stride < START_GAIN {
        return base;
    }
    let part = columns.thinned(stride);
    let observed = |row: usize| (cases.weight(row * stride), levels.code(row * stride));
    let mut weights = vec![0.0; levels.n_levels()];
    for row in 0..part.n_rows() {
        let (weight, level) = observed(row);
        weights[level] += weight;
    }
    // A level that the part does not have would leave two thresholds without a distance.
    if weights.iter().any(|&weight| weight <= 0.0) {
        return base;
    }
    let limits = Limits { iterations_max: 12, step_tolerance: 1e-3 };
    let evaluate = |parameters: &[f64]| likelihood(&part, parameters, levels.n_levels(), observed);
    let ascent = ascend(evaluate, null_start(&weights, columns.places.len()), limits, |_| true);
    let usable = ascent.ending == Ending::Converged && ascending(&ascent.coefficients[..levels.n_thresholds()]);
    if usable { ascent.coefficients } else { base }
}

/// From thresholds and slopes of the basis to slopes and thresholds in their own units, the thresholds at zero of the
/// columns.
pub(super) fn units_map(columns: &Columns, n_thresholds: usize) -> Array2<f64> {
    let n_slopes = columns.places.len();
    let n = n_thresholds + n_slopes;
    let mut map = Array2::zeros((n, n));
    for index in 0..n_slopes {
        let mut unit = vec![0.0; n_slopes + 1];
        unit[index + 1] = 1.0;
        let own = columns.in_units(&unit);
        map.slice_mut(s![..n_slopes, n_thresholds + index]).assign(&own.slice(s![1..]));
        let moved: f64 = (0..n_slopes).map(|slope| own[slope + 1] * columns.mean(slope)).sum();
        map.slice_mut(s![n_slopes.., n_thresholds + index]).fill(moved);
    }
    for threshold in 0..n_thresholds {
        map[[n_slopes + threshold, threshold]] = 1.0;
    }
    map
}

/// The rotation of the columns among thresholds, which it leaves alone, and slopes.
fn rotation(columns: &Columns, n_thresholds: usize) -> Array2<f64> {
    let n_slopes = columns.places.len();
    let mut rotation = Array2::eye(n_thresholds + n_slopes);
    for index in 0..n_slopes {
        let mut unit = vec![0.0; n_slopes + 1];
        unit[index + 1] = 1.0;
        let own = columns.before_rotation(&unit);
        rotation.slice_mut(s![n_thresholds.., n_thresholds + index]).assign(&own.slice(s![1..]));
    }
    rotation
}

/// Thresholds and slopes before the rotation of the columns.
fn before_rotation(columns: &Columns, n_thresholds: usize, parameters: &[f64]) -> Vec<f64> {
    rotation(columns, n_thresholds).dot(&Array1::from(parameters.to_vec())).to_vec()
}

/// `n / (n - k)`.
pub(super) fn hc1_factor(n_used: usize, n_parameters: usize) -> f64 {
    n_used as f64 / (n_used as f64 - n_parameters as f64)
}

pub(super) fn names_of<'o>(observations: &'o Observations, columns: &Columns) -> Vec<&'o str> {
    columns.places.iter().map(|&place| observations.design().names()[place].as_str()).collect()
}

pub(super) fn not_converged(observations: &Observations, iterations: usize) -> FitError {
    FitError::NotConverged { outcome: observations.outcome().name().to_owned(), iterations }
}

/// The row about an ordinal fit with `n_terms` thresholds and slopes and model-based standard errors.
pub(super) fn summary(
    observations: &Observations,
    cases: &Cases,
    levels: &Levels,
    n_terms: usize,
    log_likelihood: f64,
) -> FitSummary {
    let null_log_likelihood = levels.null_log_likelihood();
    let criteria = Criteria::of(Family::Ordinal, log_likelihood, n_terms, cases.n_used);
    FitSummary {
        count: None,
        family: Family::Ordinal,
        outcome: observations.outcome().name().to_owned(),
        n_rows: observations.n_rows(),
        n_used: cases.n_rows,
        n_observations: cases.n_used,
        n_terms,
        df_residual: cases.n_used - n_terms,
        r_squared: None,
        adj_r_squared: None,
        sigma: None,
        pseudo_r_squared: Some((1.0 - log_likelihood / null_log_likelihood).max(0.0)),
        log_likelihood,
        null_log_likelihood,
        deviance: -2.0 * log_likelihood,
        aic: criteria.aic,
        bic: criteria.bic,
        n_events: None,
        levels: levels.counts(),
        converged: true,
        iterations: 0,
        std_errors: StdErrors::Model,
        n_clusters: None,
    }
}

/// Says that the levels are too bare, or too uneven, for the number of columns.
pub(super) fn few_rows(outcome: &str, levels: &Levels, n_slopes: usize) -> Option<Finding> {
    let size = levels.limiting_size();
    let per_term = size / n_slopes.max(1) as f64;
    (n_slopes > 0 && per_term < ROWS_PER_TERM).then(|| {
        let columns = if n_slopes == 1 { "column" } else { "columns" };
        let sentence = format!(
            "The levels of `{outcome}` tell as much as {size:.0} rows without ties would, for {n_slopes} {columns}, fewer than \
             {ROWS_PER_TERM:.0} for each: estimates are drawn away from zero and intervals are doubtful.",
        );
        Finding::new(FindingKind::FewEvents, Severity::Warning, outcome, sentence)
            .number("limiting_size", size)
            .number("rows_per_term", per_term)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, Outcome, WeightKind, Weights};
    use crate::estimators::formula_data::{FormulaData, observations, wave};
    use crate::estimators::separation::Side;
    use ndarray::{Axis, array, concatenate};

    const NAMES: [&str; 3] = ["speed", "price", "calls"];

    fn answers(data: &FormulaData) -> Array1<f64> {
        data.number.mapv(|number| number.floor().clamp(0.0, 6.0))
    }

    fn data(names: &[&str], features: Array2<f64>, values: Array1<f64>) -> Observations {
        observations(names, features, Outcome::numeric("recommend", values).expect("finite"))
    }

    fn formula(data: &FormulaData) -> Observations {
        self::data(&NAMES, data.features.clone(), answers(data))
            .clustered(Clusters::from_labels(&data.clusters))
            .expect("one a row")
    }

    fn fit(names: &[&str], features: Array2<f64>, values: Array1<f64>) -> Result<OrdinalFit, FitError> {
        Ordinal::default().fit(&data(names, features, values))
    }

    fn separation(names: &[&str], features: Array2<f64>, values: Array1<f64>) -> Separation {
        match fit(names, features, values) {
            Err(FitError::Separated(separation)) => separation,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn without_columns_the_thresholds_are_the_log_odds_of_the_cumulative_shares() {
        let fit = fit(&[], Array2::zeros((8, 0)), array![0.0, 0.0, 7.0, 7.0, 7.0, 10.0, 10.0, 10.0]).expect("a fit");
        let terms: Vec<&str> = fit.coefficients().iter().map(|row| row.term.as_str()).collect();
        assert_eq!(terms, ["0|7", "7|10"]);
        // Shares 2/8 and 5/8; the standard error of log odds of a share is sqrt(1 / 2 + 1 / 6).
        assert!((fit.coefficients()[0].estimate - (2.0_f64 / 6.0).ln()).abs() < 1e-14);
        assert!((fit.coefficients()[1].estimate - (5.0_f64 / 3.0).ln()).abs() < 1e-14);
        assert!((fit.coefficients()[0].std_error - (0.5_f64 + 1.0 / 6.0).sqrt()).abs() < 1e-12);
        let counts: Vec<(f64, usize)> = fit.summary().levels.iter().map(|row| (row.level, row.n_used)).collect();
        assert_eq!(counts, [(0.0, 2), (7.0, 3), (10.0, 3)]);
        assert!(fit.summary().pseudo_r_squared.is_some_and(|share| share.abs() < 1e-14));
        assert!((fit.predict_row(&[]) - 51.0 / 8.0).abs() < 1e-13);
    }

    #[test]
    fn equal_odds_ratios_at_both_steps_are_the_coefficient() {
        // Without the column 2, 1, 1 rows lie in the levels, with it 1, 1, 2: both odds ratios are 3.
        let features = array![[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]];
        let fit = fit(&["x"], features, array![1.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 3.0]).expect("a fit");
        let want = [3.0_f64.ln(), 0.0, 3.0_f64.ln()];
        for (row, want) in fit.coefficients().iter().zip(want) {
            assert!((row.estimate - want).abs() < 1e-12, "{row:?}");
        }
        let shares = fit.probabilities_row(&[1.0]);
        assert!(shares.iter().zip([0.25, 0.25, 0.5]).all(|(got, want)| (got - want).abs() < 1e-12), "{shares:?}");
        let summary = fit.summary();
        assert_eq!((summary.n_terms, summary.df_residual, summary.family.word()), (3, 5, "ordinal"));
        assert!((summary.aic - (6.0 - 2.0 * summary.log_likelihood)).abs() < 1e-12);
    }

    #[test]
    fn levels_in_reverse_flip_the_signs() {
        let data = FormulaData::of(300);
        let plain = fit(&NAMES, data.features.clone(), answers(&data)).expect("a fit");
        let turned = fit(&NAMES, data.features.clone(), answers(&data).mapv(|answer| 6.0 - answer)).expect("a fit");
        for index in 0..3 {
            let (plain, turned) = (&plain.coefficients()[index], &turned.coefficients()[index]);
            assert!((plain.estimate + turned.estimate).abs() < 1e-9 * plain.std_error);
            assert!((plain.std_error - turned.std_error).abs() < 1e-9 * plain.std_error);
        }
        for step in 0..6 {
            let (plain, turned) = (&plain.coefficients()[3 + step], &turned.coefficients()[8 - step]);
            assert!((plain.estimate + turned.estimate).abs() < 1e-9 * plain.std_error, "{plain:?} {turned:?}");
        }
    }

    #[test]
    fn levels_count_by_order_and_not_by_distance() {
        let data = FormulaData::of(200);
        let plain = fit(&NAMES, data.features.clone(), answers(&data)).expect("a fit");
        let far =
            fit(&NAMES, data.features.clone(), answers(&data).mapv(|answer| (answer - 3.0).powi(3))).expect("a fit");
        for (plain, far) in plain.coefficients().iter().zip(far.coefficients()) {
            assert_eq!((plain.estimate, plain.std_error), (far.estimate, far.std_error));
        }
        assert_eq!(far.coefficients()[3].term, "-27|-8");
    }

    /// One column is the other plus a little: the basis is rotated, and the same model in the difference is not.
    #[test]
    fn nearly_equal_columns_have_the_fit_of_their_difference() {
        let data = FormulaData::of(400);
        let little = Array1::from_shape_fn(400, |row| 0.01 * wave(row, 9));
        let near = &data.features.column(0) + &little;
        let stack = |second: Array1<f64>| {
            concatenate![Axis(1), data.features.column(0).insert_axis(Axis(1)), second.insert_axis(Axis(1))]
        };
        let of = |second: Array1<f64>| {
            self::data(&["speed", "second"], stack(second), answers(&data))
                .clustered(Clusters::from_labels(&data.clusters))
                .expect("one a row")
        };
        let (rotated, plain) = (of(near), of(little));
        for std_errors in [StdErrors::Model, StdErrors::Hc1, StdErrors::Cluster] {
            let settings = Ordinal { std_errors, ..Ordinal::default() };
            let (first, second) = (settings.fit(&rotated).expect("a fit"), settings.fit(&plain).expect("a fit"));
            assert!(first.findings().iter().any(|finding| finding.kind == FindingKind::Collinear));
            let (first, second) = (first.coefficients(), second.coefficients());
            let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-7 * want.abs(), "{got} {want}");
            near(first[0].estimate + first[1].estimate, second[0].estimate);
            for index in 1..second.len() {
                near(first[index].estimate, second[index].estimate);
                near(first[index].std_error, second[index].std_error);
            }
            let (first, second) = (settings.proportional_odds(&rotated), settings.proportional_odds(&plain));
            let (first, second) = (first.expect("a fit").overall, second.expect("a fit").overall);
            near(first.expect("a test").statistic, second.expect("a test").statistic);
        }
    }

    #[test]
    fn separation_names_the_column_and_its_end() {
        let data = FormulaData::of(120);
        let cut =
            data.features.column(0).mapv(|speed| f64::from(u8::from(speed > 4.0)) + f64::from(u8::from(speed > 6.0)));
        let found = separation(&NAMES, data.features.clone(), cut.clone());
        assert_eq!((found.columns[0].term.as_str(), found.columns[0].side), ("speed", Side::Higher));
        assert_eq!((found.columns.len(), found.alone, found.complete, found.ordered), (1, true, true, true));
        assert!(
            found.to_string().starts_with("`recommend` is separated: high `speed` goes with higher values"),
            "{found}"
        );
        let turned = separation(&NAMES, data.features, cut.mapv(|level| -level));
        assert_eq!(turned.columns[0].side, Side::Lower);
    }

    #[test]
    fn columns_that_separate_only_together_are_named_without_the_others() {
        let features = Array2::from_shape_fn((200, 3), |(row, column)| wave(row, column) * [1.0, 50.0, 3.0][column]);
        let lean = |row: usize| wave(row, 0) - wave(row, 1);
        let level = |row: usize| f64::from(u8::from(lean(row) > -0.2)) + f64::from(u8::from(lean(row) > 0.2));
        let found = separation(&["a", "b", "noise"], features, Array1::from_shape_fn(200, level));
        let named: Vec<(&str, Side)> = found.columns.iter().map(|column| (column.term.as_str(), column.side)).collect();
        assert_eq!((named, found.alone), (vec![("a", Side::Higher), ("b", Side::Lower)], false));
    }

    #[test]
    fn a_step_that_one_column_splits_is_no_separation_where_others_are_mixed() {
        // x tells 0 from the rest; 1 and 2 are mixed over x, so that no slope grows for ever.
        let features = array![[0.0], [0.0], [0.5], [1.0], [2.0], [3.0], [4.0], [5.0]];
        assert!(fit(&["x"], features, array![0.0, 0.0, 0.0, 2.0, 1.0, 2.0, 1.0, 2.0]).is_ok());
    }

    #[test]
    fn outcomes_without_three_levels_are_refused() {
        let features = array![[1.0], [2.0], [4.0], [3.0]];
        let error = fit(&["x"], features.clone(), array![0.0, 1.0, 0.0, 1.0]).unwrap_err();
        assert!(error.to_string().starts_with("outcome `recommend` has only the values 0 and 1"), "{error}");
        let error = fit(&["x"], features, array![7.0, 7.0, 7.0, 7.0]).unwrap_err();
        assert!(matches!(error, FitError::ConstantOutcome { .. }), "{error}");
        let many = Array1::from_shape_fn(300, |row| row as f64);
        let error = fit(&["x"], Array2::from_shape_fn((300, 1), |(row, _)| wave(row, 0)), many).unwrap_err();
        assert!(matches!(error, FitError::TooManyLevels { n_levels_max: 100, .. }), "{error}");
    }

    #[test]
    fn hc3_missing_clusters_and_too_few_rows_are_refused() {
        let data = data(&["x"], array![[1.0], [2.0], [3.0]], array![0.0, 1.0, 2.0]);
        let error = Ordinal { std_errors: StdErrors::Hc3, ..Ordinal::default() }.fit(&data).unwrap_err();
        assert_eq!(
            error.to_string(),
            "hc3 has no agreed meaning for an ordinal model; ask for hc1, or for standard errors by cluster"
        );
        assert!(matches!(Ordinal::default().fit(&data), Err(FitError::TooFewRows { n_used: 3, n_terms: 3 })));
        let data = self::data(&NAMES, FormulaData::of(60).features, answers(&FormulaData::of(60)));
        let clustered = Ordinal { std_errors: StdErrors::Cluster, ..Ordinal::default() };
        assert!(matches!(clustered.fit(&data), Err(FitError::NoClusters)));
    }

    #[test]
    fn a_level_whose_rows_have_no_weight_is_no_level() {
        let data = FormulaData::of(200);
        let answers = answers(&data);
        let kept: Vec<usize> = (0..200).filter(|&row| answers[row] < 5.5).collect();
        let weights = answers.iter().map(|&answer| f64::from(u8::from(answer < 5.5))).collect();
        let weights = Weights::new(WeightKind::Precision, weights).expect("valid");
        let all = self::data(&NAMES, data.features.clone(), answers.clone()).weighted(weights).expect("one a row");
        let hidden = Ordinal::default().fit(&all).expect("a fit");
        let fewer = fit(&NAMES, data.features.select(Axis(0), &kept), answers.select(Axis(0), &kept)).expect("a fit");
        assert_eq!((hidden.levels(), hidden.summary().n_used), (fewer.levels(), kept.len()));
        for (hidden, fewer) in hidden.coefficients().iter().zip(fewer.coefficients()) {
            assert!((hidden.estimate - fewer.estimate).abs() < 1e-9 * fewer.std_error);
        }
    }

    #[test]
    fn aliased_and_constant_columns_are_left_out_by_name() {
        let data = FormulaData::of(200);
        let plain = fit(&NAMES, data.features.clone(), answers(&data)).expect("a fit");
        let extra = Array2::from_shape_fn((200, 2), |(row, column)| {
            if column == 0 { 4.0 } else { data.features[[row, 0]] + data.features[[row, 1]] }
        });
        let features = concatenate![Axis(1), data.features, extra];
        let full = fit(&["speed", "price", "calls", "same", "sum"], features, answers(&data)).expect("a fit");
        let kinds: Vec<FindingKind> = full.findings().iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [FindingKind::Constant, FindingKind::Aliased]);
        for (full, plain) in full.coefficients().iter().zip(plain.coefficients()) {
            assert_eq!(full.term, plain.term);
            assert!((full.estimate - plain.estimate).abs() < 1e-8 * plain.std_error);
        }
        assert_eq!(full.covariance().dim(), (9, 9));
    }

    #[test]
    fn many_columns_for_few_rows_are_flagged() {
        let data = FormulaData::of(30);
        let fit = fit(&NAMES, data.features.clone(), answers(&data)).expect("a fit");
        let finding = fit.findings().iter().find(|finding| finding.kind == FindingKind::FewEvents).expect("a finding");
        let counts = fit.summary().levels.iter().map(|row| (row.n_used as f64).powi(3));
        assert!((finding.numbers["limiting_size"] - (30.0 - counts.sum::<f64>() / 900.0)).abs() < 1e-12);
    }

    #[test]
    fn predictions_are_the_probabilities_of_the_levels() {
        let data = FormulaData::of(250);
        let observations = formula(&data);
        let fit = Ordinal::default().fit(&observations).expect("a fit");
        let row = data.features.row(7).to_vec();
        let rows = fit.coefficients();
        let latent: f64 = rows[..3].iter().zip(&row).map(|(row, x)| row.estimate * x).sum();
        let below = |step: usize| 1.0 / (1.0 + (latent - rows[3 + step].estimate).exp());
        let shares = fit.probabilities_row(&row);
        assert!((shares[0] - below(0)).abs() < 1e-12 && (shares[3] - (below(3) - below(2))).abs() < 1e-12);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        let mean: f64 = shares.iter().zip(fit.levels()).map(|(share, level)| share * level).sum();
        let predicted = fit.predict(observations.design()).expect("the same columns");
        assert!((predicted[7] - mean).abs() < 1e-13);
        let contributions = fit.model().contributions(&row);
        let average = fit.model().link_row(&[f64::NAN; 3]);
        assert!((contributions.iter().sum::<f64>() + average - latent).abs() < 1e-10);
    }

    #[test]
    fn many_rows_from_a_start_of_part_of_them_end_where_the_plain_start_does() {
        let data = FormulaData::of(260_000);
        let observations = self::data(&NAMES, data.features.clone(), answers(&data));
        let cases = Cases::of(&observations);
        let (levels, prepared) = prepare(&observations, &cases, StdErrors::Model).expect("levels");
        let started = start(&cases, &levels, &prepared.columns);
        assert!(started.iter().skip(6).any(|value| value.abs() > 0.0), "the part was not used");
        let fit = Ordinal::default().fit(&observations).expect("a fit");
        assert!(fit.summary().iterations < 6, "{}", fit.summary().iterations);
        let evaluate = |at: &[f64]| likelihood(&prepared.columns, at, 7, |row| (1.0, levels.code(row)));
        let limits = Limits { iterations_max: 50, step_tolerance: 1e-12 };
        let plain = ascend(evaluate, null_start(&levels.weights, 3), limits, |_| false);
        let plain = units_map(&prepared.columns, 6).dot(&Array1::from(plain.coefficients));
        for (fit, plain) in fit.coefficients().iter().zip(&plain) {
            assert!((fit.estimate - plain).abs() < 1e-10 * plain.abs(), "{} {plain}", fit.estimate);
        }
    }

    #[test]
    fn threads_change_no_byte() {
        let data = formula(&FormulaData::of(30_000));
        let on = |n_threads: usize, std_errors: StdErrors| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
            let settings = Ordinal { std_errors, ..Ordinal::default() };
            pool.install(|| (settings.fit(&data).expect("a fit"), settings.proportional_odds(&data).expect("a fit")))
        };
        for std_errors in [StdErrors::Model, StdErrors::Hc1, StdErrors::Cluster] {
            assert_eq!(on(1, std_errors), on(4, std_errors));
        }
    }
}
