//! Logistic regression by maximum likelihood: a class explained by columns.

use super::cases::Cases;
use super::coefficient::{INTERCEPT, Reference, refuse_names_of};
use super::columns::{At, Columns};
use super::inference::{Criteria, Estimates, Inference, few_clusters, robust_instead};
use super::logistic::{Bernoulli, likelihood, null_start};
use super::newton::{Ascent, Ending, Limits, ascend};
use super::prepared::Prepared;
use super::robust::{Sandwich, applicable, by_cluster};
use super::separation;
use super::summary::{Family, FitSummary, StdErrors};
use super::{Coefficient, FitError, FittedModel};
use crate::data::{DesignMatrix, Observations};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, ArrayView2};

/// Newton's last step is below this in standard deviations of the columns (absolute); the error after it is its square.
const STEP_TOLERANCE: f64 = 1e-8;
/// Rows of a start from part of the data, and how many times as many there must be to make it worth while.
const START_ROWS: usize = 50_000;
const START_GAIN: usize = 5;
/// Fewer events than this for each column make estimates and intervals doubtful.
const EVENTS_PER_TERM: f64 = 10.0;

/// Settings of a logistic fit with an intercept.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::Logit;
/// use ndarray::array;
/// // Of four customers with a complaint one returned, of two without one: odds 1/3 and 1, so the slope is -ln 3.
/// let complaint = array![[1.0], [1.0], [1.0], [1.0], [0.0], [0.0]];
/// let design = DesignMatrix::new(vec!["complaint".to_owned()], complaint)?;
/// let returned = Outcome::binary("returned", array![1.0, 0.0, 0.0, 0.0, 1.0, 0.0])?;
/// let fit = Logit::default().fit(&Observations::new(design, returned)?)?;
/// assert!((fit.coefficients()[1].estimate + 3.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logit {
    /// How uncertainty is estimated.
    pub std_errors: StdErrors,
    /// The level of the confidence intervals.
    pub confidence: Confidence,
    /// Newton steps after which the fit is an error.
    pub iterations_max: usize,
}

impl Default for Logit {
    fn default() -> Self {
        Self { std_errors: StdErrors::default(), confidence: Confidence::default(), iterations_max: 100 }
    }
}

/// A fitted logistic model.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticFit(Inference);

impl Logit {
    /// Fits by Newton's method on centred and scaled columns until the score equations hold.
    ///
    /// Weights by kind: `frequency` as if the row were repeated, `precision` as prior weights of the likelihood,
    /// `sampling` with robust (HC1) standard errors even where model-based ones are asked for. Statistics are normal.
    /// Constant columns and combinations of earlier columns are left out with a finding.
    ///
    /// # Errors
    /// An outcome that is not binary or has one class; no more rows than terms; separated classes, with the columns
    /// that separate; no convergence; missing or single clusters where standard errors by cluster are asked for.
    pub fn fit(&self, observations: &Observations) -> Result<LogisticFit, FitError> {
        let cases = Cases::of(observations);
        let mut prepared = prepare(observations, &cases)?;
        let ascent = self.ascend(observations, &cases, &prepared.columns)?;
        let computed = applicable(self.std_errors, &cases);
        let bread = Cholesky::of(ascent.sums.matrix.view()).inverse();
        let uncertainty = uncertainty(observations, &cases, &prepared, &ascent.coefficients, bread, computed)?;
        let outcome = observations.outcome().name();
        prepared.findings.extend(robust_instead(outcome, self.std_errors, computed));
        prepared.findings.extend(few_clusters(outcome, uncertainty.n_clusters));
        let estimates =
            Estimates { coefficients: ascent.coefficients, covariance: uncertainty.covariance, offset: 0.0 };
        let mut summary = summary(observations, &cases, &prepared, ascent.log_likelihood, ascent.iterations);
        (summary.std_errors, summary.n_clusters) = (computed, uncertainty.n_clusters);
        prepared.findings.extend(few_events(&summary));
        Ok(LogisticFit::new(observations, prepared, &estimates, self.confidence, summary))
    }

    fn ascend(&self, observations: &Observations, cases: &Cases, columns: &Columns) -> Result<Ascent, FitError> {
        let class = |row: usize| cases.counts(row).then(|| cases.outcome(row) > 0.5);
        let limits = Limits { iterations_max: self.iterations_max, step_tolerance: STEP_TOLERANCE };
        let mut along = None;
        let ascent = ascend(
            |coefficients| likelihood(columns, coefficients, |row| (cases.weight(row), cases.outcome(row))),
            start(cases, columns),
            limits,
            |_| {
                along = separation::direction(columns, class);
                along.is_some()
            },
        );
        match (ascent.ending, along) {
            (Ending::Converged, _) => Ok(ascent),
            (Ending::Divergent, Some(along)) => {
                let names: Vec<&str> =
                    columns.places.iter().map(|&place| observations.design().names()[place].as_str()).collect();
                let complete = separation::tells_all_apart(columns, &ascent.coefficients, class);
                let outcome = observations.outcome().name();
                Err(FitError::Separated(separation::name(columns, &names, outcome, class, &along, complete)))
            }
            _ => Err(FitError::NotConverged {
                outcome: observations.outcome().name().to_owned(),
                iterations: ascent.iterations,
            }),
        }
    }
}

impl LogisticFit {
    pub(super) fn new(
        observations: &Observations,
        prepared: Prepared,
        estimates: &Estimates,
        confidence: Confidence,
        summary: FitSummary,
    ) -> Self {
        Self(Inference::new(observations, prepared, estimates, Reference::Normal, confidence, summary))
    }

    /// One row a term, the intercept first, on the scale of log odds; terms that cannot be estimated are in the findings.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.0.coefficients
    }

    pub(super) fn coefficients_mut(&mut self) -> &mut [Coefficient] {
        &mut self.0.coefficients
    }

    pub(super) fn findings_mut(&mut self) -> &mut Vec<Finding> {
        &mut self.0.findings
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

    /// The probability of class 1 in every row.
    ///
    /// # Errors
    /// Columns other than those of the fit.
    pub fn predict(&self, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        self.0.predict(design)
    }

    /// The probability of class 1 in one row; a `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per column of the fit.
    pub fn predict_row(&self, values: &[f64]) -> f64 {
        self.0.model.predict_row(values)
    }

    /// The model as plain data.
    pub fn model(&self) -> &FittedModel {
        &self.0.model
    }
}

/// The estimable columns of a binary outcome with both classes.
pub(super) fn prepare<'a>(observations: &'a Observations, cases: &Cases) -> Result<Prepared<'a>, FitError> {
    let outcome = observations.outcome();
    if !outcome.is_binary() {
        return Err(FitError::NotBinary { outcome: outcome.name().to_owned() });
    }
    refuse_names_of([INTERCEPT], observations.design().names())?;
    Prepared::of(observations, cases).map_err(|error| match error {
        FitError::ConstantOutcome { outcome, value } => {
            FitError::OneClass { outcome, class: u8::from(value > 0.5), n_used: cases.n_used }
        }
        other => other,
    })
}

/// Where Newton starts: the base rate, or, with many rows, the fit of an even part of them, so that few passes over all
/// are left.
fn start(cases: &Cases, columns: &Columns) -> Vec<f64> {
    let stride = columns.n_rows() / START_ROWS;
    let events = (0..columns.n_rows()).map(|row| cases.weight(row) * cases.outcome(row)).sum::<f64>();
    let base = null_start(events / (cases.weight_sum - events), columns.places.len());
    if stride < START_GAIN {
        return base;
    }
    let part = columns.thinned(stride);
    let observed = |row: usize| (cases.weight(row * stride), cases.outcome(row * stride));
    let limits = Limits { iterations_max: 12, step_tolerance: 1e-3 };
    let ascent = ascend(|coefficients| likelihood(&part, coefficients, observed), base.clone(), limits, |_| true);
    if ascent.ending == Ending::Converged { ascent.coefficients } else { base }
}

/// A covariance in the basis.
pub(super) struct Uncertainty {
    pub(super) covariance: Array2<f64>,
    n_clusters: Option<usize>,
}

/// The covariance of a logistic fit, around the inverse information.
pub(super) fn uncertainty(
    observations: &Observations,
    cases: &Cases,
    prepared: &Prepared,
    coefficients: &[f64],
    bread: Array2<f64>,
    computed: StdErrors,
) -> Result<Uncertainty, FitError> {
    let residual = |row: usize, predictor: f64| Bernoulli::of(cases.outcome(row), predictor).residual;
    match computed {
        StdErrors::Model => Ok(Uncertainty { covariance: bread, n_clusters: None }),
        StdErrors::Cluster => {
            let clusters = observations.clusters();
            let clustered = by_cluster(&prepared.columns, coefficients, bread.view(), cases, clusters, residual)?;
            Ok(Uncertainty { covariance: clustered.covariance, n_clusters: Some(clustered.n_clusters) })
        }
        StdErrors::Hc1 | StdErrors::Hc3 => {
            let sandwich = Sandwich::new(computed, cases, bread.view());
            let at = At { coefficients: Some(coefficients), metric: sandwich.metric() };
            let meat = prepared.columns.sums(at, |case| {
                let bernoulli = Bernoulli::of(cases.outcome(case.row), case.predictor);
                let curvature = sandwich.curvature(&case, bernoulli.residual, bernoulli.variance);
                super::columns::Terms { curvature, score: 0.0, value: 0.0 }
            });
            Ok(Uncertainty { covariance: sandwich.covariance(&meat.matrix)?, n_clusters: None })
        }
    }
}

/// The row about a logistic fit, with model-based standard errors.
pub(super) fn summary(
    observations: &Observations,
    cases: &Cases,
    prepared: &Prepared,
    log_likelihood: f64,
    iterations: usize,
) -> FitSummary {
    let rate = prepared.outcome_mean;
    let null_log_likelihood = cases.weight_sum * (rate * rate.ln() + (1.0 - rate) * (-rate).ln_1p());
    let (n_used, n_terms) = (cases.n_used, prepared.columns.n_terms());
    let criteria = Criteria::of(Family::Logistic, log_likelihood, n_terms, n_used);
    FitSummary {
        family: Family::Logistic,
        outcome: observations.outcome().name().to_owned(),
        n_rows: observations.n_rows(),
        n_used: cases.n_rows,
        n_observations: n_used,
        n_terms,
        df_residual: n_used - n_terms,
        r_squared: None,
        adj_r_squared: None,
        sigma: None,
        pseudo_r_squared: Some((1.0 - log_likelihood / null_log_likelihood).max(0.0)),
        log_likelihood,
        null_log_likelihood,
        deviance: -2.0 * log_likelihood,
        aic: criteria.aic,
        bic: criteria.bic,
        n_events: Some(cases.n_events()),
        levels: Vec::new(),
        converged: true,
        iterations,
        std_errors: StdErrors::Model,
        n_clusters: None,
        count: None,
    }
}

fn few_events(summary: &FitSummary) -> Option<Finding> {
    let n_events = summary.n_events?;
    let rarer = n_events.min(summary.n_observations - n_events);
    let n_slopes = summary.n_terms - 1;
    let per_term = rarer as f64 / n_slopes.max(1) as f64;
    (n_slopes > 0 && per_term < EVENTS_PER_TERM).then(|| {
        let columns = if n_slopes == 1 { "column" } else { "columns" };
        let sentence = format!(
            "The rarer class of `{}` has {rarer} rows for {n_slopes} {columns}, fewer than {EVENTS_PER_TERM:.0} for each: \
             estimates are drawn away from zero and intervals are doubtful.",
            summary.outcome
        );
        Finding::new(FindingKind::FewEvents, Severity::Warning, summary.outcome.clone(), sentence)
            .number("n_events", rarer as f64)
            .number("events_per_term", per_term)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Outcome, WeightKind, Weights};
    use crate::estimators::formula_data::{FormulaData, observations, wave};
    use crate::estimators::separation::Side;
    use ndarray::{array, concatenate};

    fn fit(names: &[&str], features: Array2<f64>, class: Array1<f64>) -> Result<LogisticFit, FitError> {
        Logit::default().fit(&observations(names, features, Outcome::binary("churn", class).expect("0 and 1")))
    }

    fn separation(names: &[&str], features: Array2<f64>, class: Array1<f64>) -> separation::Separation {
        match fit(names, features, class) {
            Err(FitError::Separated(separation)) => separation,
            other => unreachable!("{other:?}"),
        }
    }

    fn named(separation: &separation::Separation) -> Vec<(&str, Side)> {
        separation.columns.iter().map(|column| (column.term.as_str(), column.side)).collect()
    }

    /// Satisfaction 1-5: 1 and 2 always churn, 4 and 5 never, 3 does both.
    fn satisfaction() -> (Array2<f64>, Array1<f64>) {
        let features = Array2::from_shape_fn(
            (300, 2),
            |(row, column)| {
                if column == 0 { (row % 5) as f64 + 1.0 } else { wave(row, 1) }
            },
        );
        let class = Array1::from_shape_fn(300, |row| match row % 5 {
            0 | 1 => 1.0,
            2 => f64::from(u8::from(wave(row, 2) > 0.0)),
            _ => 0.0,
        });
        (features, class)
    }

    #[test]
    fn intercept_only_is_the_log_odds_of_the_base_rate() {
        let fit = fit(&[], Array2::zeros((8, 0)), array![1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).expect("a fit");
        // ln(2 / 6), standard error sqrt(1 / 2 + 1 / 6).
        assert!((fit.coefficients()[0].estimate - (2.0_f64 / 6.0).ln()).abs() < 1e-14);
        assert!((fit.coefficients()[0].std_error - (2.0_f64 / 3.0).sqrt()).abs() < 1e-14);
        assert!(fit.summary().pseudo_r_squared.is_some_and(|share| share.abs() < 1e-14));
    }

    #[test]
    fn quasi_complete_separation_names_the_column_and_its_end() {
        let (features, class) = satisfaction();
        let found = separation(&["satisfaction", "noise"], features, class);
        assert_eq!((named(&found), found.alone, found.complete), (vec![("satisfaction", Side::Lower)], true, false));
        assert!(found.to_string().starts_with("`churn` is separated: low `satisfaction` goes with 1"), "{found}");
    }

    #[test]
    fn complete_separation_is_told_from_quasi_complete() {
        let data = FormulaData::of(80);
        let class = data.features.column(0).mapv(|speed| f64::from(u8::from(speed > 5.0)));
        let found = separation(&["speed", "price", "calls"], data.features, class);
        assert_eq!((named(&found), found.complete), (vec![("speed", Side::Higher)], true));
    }

    #[test]
    fn a_rare_level_that_always_churns_is_quasi_separation() {
        let n_rows = 2000;
        let features = Array2::from_shape_fn((n_rows, 2), |(row, column)| {
            if column == 0 { f64::from(u8::from(row == 700)) } else { wave(row, 1) }
        });
        let class = Array1::from_shape_fn(n_rows, |row| f64::from(u8::from(row == 700 || wave(row, 2) > 0.1)));
        let found = separation(&["rare", "noise"], features, class);
        assert_eq!((named(&found), found.complete), (vec![("rare", Side::Higher)], false));
    }

    #[test]
    fn columns_that_separate_only_together_are_named_without_the_others() {
        let features = Array2::from_shape_fn((200, 3), |(row, column)| wave(row, column) * [1.0, 50.0, 3.0][column]);
        let class = Array1::from_shape_fn(200, |row| f64::from(u8::from(wave(row, 0) - wave(row, 1) > 0.02)));
        let found = separation(&["a", "b", "noise"], features, class);
        let want = vec![("a", Side::Higher), ("b", Side::Lower)];
        assert_eq!((named(&found), found.alone, found.complete), (want, false, true));
    }

    #[test]
    fn one_row_on_the_wrong_side_makes_a_maximum() {
        let features = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
        let apart = array![0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let touching = array![0.0, 0.0, 1.0, 0.0, 1.0, 1.0];
        assert!(matches!(fit(&["x"], features.clone(), apart), Err(FitError::Separated(_))));
        assert!(fit(&["x"], features, touching).is_ok());
    }

    #[test]
    fn one_class_and_outcomes_that_are_no_class_are_refused() {
        let features = array![[1.0], [2.0], [4.0]];
        let error = fit(&["x"], features.clone(), array![1.0, 1.0, 1.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "outcome `churn` is 1 in all 3 rows that count; a logistic model needs both classes"
        );
        let number = observations(&["x"], features, Outcome::numeric("y", array![0.0, 1.0, 3.0]).expect("finite"));
        assert!(matches!(Logit::default().fit(&number), Err(FitError::NotBinary { .. })));
    }

    #[test]
    fn too_few_rows_are_refused() {
        assert!(matches!(fit(&["x"], array![[1.0]], array![1.0]), Err(FitError::TooFewRows { n_used: 1, n_terms: 2 })));
        let error = fit(&["x"], array![[1.0], [2.0]], array![1.0, 0.0]).unwrap_err();
        assert!(matches!(error, FitError::TooFewRows { n_used: 2, n_terms: 2 }));
    }

    #[test]
    fn aliased_and_constant_columns_change_nothing() {
        let data = FormulaData::of(200);
        let plain = Logit::default().fit(&data.with_class()).expect("a fit");
        let extra = Array2::from_shape_fn((200, 2), |(row, column)| {
            if column == 0 { 4.0 } else { data.features[[row, 0]] + data.features[[row, 1]] }
        });
        let features = concatenate![ndarray::Axis(1), data.features, extra];
        let full = fit(&["speed", "price", "calls", "same", "sum"], features, data.class).expect("a fit");
        let kinds: Vec<FindingKind> = full.findings().iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [FindingKind::Constant, FindingKind::Aliased]);
        for (full, plain) in full.coefficients().iter().zip(plain.coefficients()) {
            assert!((full.estimate - plain.estimate).abs() < 1e-10 * plain.estimate.abs());
            assert!((full.std_error - plain.std_error).abs() < 1e-9 * plain.std_error);
        }
    }

    #[test]
    fn zero_weights_hide_rows_and_can_hide_separation() {
        let (features, class) = satisfaction();
        let data =
            observations(&["satisfaction", "noise"], features, Outcome::binary("churn", class).expect("0 and 1"));
        // Without the rows that are sure only satisfaction 3 is left, which is constant.
        let weights = (0..300).map(|row| f64::from(u8::from(row % 5 == 2))).collect();
        let weights = Weights::new(WeightKind::Precision, weights).expect("valid");
        let fit = Logit::default().fit(&data.weighted(weights).expect("one a row")).expect("a fit");
        assert_eq!((fit.summary().n_used, fit.findings()[0].kind), (60, FindingKind::Constant));
    }

    #[test]
    fn few_events_are_counted_in_the_rarer_class() {
        let data = FormulaData::of(40);
        let fit = Logit::default().fit(&data.with_class()).expect("a fit");
        let finding = fit.findings().iter().find(|finding| finding.kind == FindingKind::FewEvents).expect("few events");
        let events = data.class.sum().min(40.0 - data.class.sum());
        assert_eq!((finding.numbers["n_events"], finding.numbers["events_per_term"]), (events, events / 3.0));
    }

    #[test]
    fn many_rows_from_a_start_of_part_of_them_end_where_the_plain_start_does() {
        let data = FormulaData::of(260_000);
        let observations = data.with_class();
        let cases = Cases::of(&observations);
        let prepared = prepare(&observations, &cases).expect("two classes");
        let started = start(&cases, &prepared.columns);
        assert!(started.iter().skip(1).any(|value| value.abs() > 0.0), "the part was not used");
        let fit = Logit::default().fit(&observations).expect("a fit");
        let evaluate = |b: &[f64]| likelihood(&prepared.columns, b, |row| (1.0, cases.outcome(row)));
        let limits = Limits { iterations_max: 50, step_tolerance: 1e-12 };
        let plain = ascend(evaluate, vec![0.0; 4], limits, |_| false);
        let plain = prepared.columns.in_units(&plain.coefficients);
        for (fit, plain) in fit.coefficients().iter().zip(&plain).skip(1) {
            assert!((fit.estimate - plain).abs() < 1e-11 * plain.abs(), "{} {plain}", fit.estimate);
        }
    }

    #[test]
    fn probabilities_average_to_the_base_rate() {
        let data = FormulaData::of(250);
        let fit = Logit::default().fit(&data.with_class()).expect("a fit");
        // The intercept's score equation.
        let probabilities = fit.predict(&data.design()).expect("the same columns");
        assert!((probabilities.sum() - data.class.sum()).abs() < 1e-9);
        assert!((fit.predict_row(&data.features.row(3).to_vec()) - probabilities[3]).abs() < 1e-15);
    }
}
