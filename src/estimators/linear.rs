//! Least squares: a number explained by columns.

use super::cases::Cases;
use super::coefficient::{INTERCEPT, Reference, refuse_names_of};
use super::columns::{At, Case, Sums, Terms};
use super::inference::{Criteria, Estimates, Inference, few_clusters, robust_instead};
use super::prepared::Prepared;
use super::robust::{Sandwich, applicable, by_cluster};
use super::summary::{Family, FitSummary, StdErrors};
use super::{Coefficient, FitError, FittedModel};
use crate::data::{DesignMatrix, Observations};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use ndarray::{Array1, Array2, ArrayView2};
use std::f64::consts::PI;

/// Refinements after which the coefficients are as good as they get.
const REFINEMENTS_MAX: usize = 4;
/// A refinement below this share of the residual or, second, of the outcome changes nothing (relative).
const REFINEMENT_TOLERANCES: [f64; 2] = [1e-9, 1e-14];
/// Residuals below this share of the outcome's deviation are rounding (relative).
pub(super) const PERFECT_FIT: f64 = 1e-12;

/// Settings of a least-squares fit with an intercept.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Observations, Outcome};
/// use advocate::estimators::Ols;
/// use ndarray::array;
/// let design = DesignMatrix::new(vec!["delivery".to_owned()], array![[1.0], [2.0], [3.0]])?;
/// let outcome = Outcome::numeric("recommend", array![2.0, 3.0, 7.0])?;
/// let fit = Ols::default().fit(&Observations::new(design, outcome)?)?;
/// // The slope is sum (x - 2)(y - 4) / sum (x - 2)^2 = 5 / 2.
/// assert!((fit.coefficients()[1].estimate - 2.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ols {
    /// How uncertainty is estimated.
    pub std_errors: StdErrors,
    /// The level of the confidence intervals.
    pub confidence: Confidence,
}

/// A fitted linear model.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearFit(Inference);

impl Ols {
    /// Fits by least squares on centred and scaled columns, then refines the coefficients with the residuals.
    ///
    /// Weights by kind: `precision` as weighted least squares, `frequency` as if the row were repeated, `sampling` with
    /// robust (HC1) standard errors even where model-based ones are asked for. Statistics follow Student's t with
    /// `n - k` degrees of freedom, and with `G - 1` for `G` clusters. Constant columns and combinations of earlier
    /// columns are left out with a finding.
    ///
    /// # Errors
    /// An outcome that does not vary; no more rows than terms; missing or single clusters where standard errors by
    /// cluster are asked for; a row of leverage one where HC3 is.
    ///
    /// # References
    /// Longley (1967), JASA 62(319), whose data show what raw cross products lose; Higham (2002), "Accuracy and
    /// Stability of Numerical Algorithms", chapter 20, for the refinement.
    pub fn fit(&self, observations: &Observations) -> Result<LinearFit, FitError> {
        refuse_names_of([INTERCEPT], observations.design().names())?;
        let cases = Cases::of(observations);
        let mut prepared = Prepared::of(observations, &cases)?;
        let computed = applicable(self.std_errors, &cases);
        let solution = Solution::refined(&prepared, &cases, computed)?;
        let (n_used, n_terms) = (cases.n_used, prepared.columns.n_terms());
        let df_residual = (n_used - n_terms) as f64;
        let variance = solution.residual_squares / df_residual;
        let (covariance, n_clusters) = match (computed, solution.robust) {
            (StdErrors::Cluster, _) => {
                let clustered = by_cluster(
                    &prepared.columns,
                    &solution.coefficients,
                    prepared.bread.view(),
                    &cases,
                    observations.clusters(),
                    |row, predictor| cases.outcome(row) - prepared.outcome_mean - predictor,
                )?;
                (clustered.covariance, Some(clustered.n_clusters))
            }
            (_, Some(robust)) => (robust, None),
            (_, None) => (&prepared.bread * variance, None),
        };
        let outcome = observations.outcome().name();
        prepared.findings.extend(robust_instead(outcome, self.std_errors, computed));
        prepared.findings.extend(few_clusters(outcome, n_clusters));
        prepared.findings.extend(perfect_fit(outcome, solution.residual_squares, prepared.outcome_squares));
        let log_likelihood = log_likelihood(&cases, solution.residual_squares);
        let criteria = Criteria::of(Family::Linear, log_likelihood, n_terms, n_used);
        let unexplained = solution.residual_squares / prepared.outcome_squares;
        let summary = FitSummary {
            family: Family::Linear,
            outcome: outcome.to_owned(),
            n_rows: observations.n_rows(),
            n_used: cases.n_rows,
            n_observations: n_used,
            n_terms,
            df_residual: n_used - n_terms,
            // Rounding may leave a hair less than nothing explained.
            r_squared: Some((1.0 - unexplained).max(0.0)),
            adj_r_squared: Some(1.0 - unexplained * (n_used as f64 - 1.0) / df_residual),
            sigma: Some(variance.sqrt()),
            pseudo_r_squared: None,
            log_likelihood,
            null_log_likelihood: self::log_likelihood(&cases, prepared.outcome_squares),
            deviance: solution.residual_squares,
            aic: criteria.aic,
            bic: criteria.bic,
            n_events: None,
            levels: Vec::new(),
            converged: true,
            iterations: solution.iterations,
            std_errors: computed,
            n_clusters,
            count: None,
        };
        let degrees_of_freedom = n_clusters.map_or(df_residual, |n_clusters| n_clusters as f64 - 1.0);
        let offset = prepared.outcome_mean;
        let estimates = Estimates { coefficients: solution.coefficients, covariance, offset };
        let reference = Reference::Student { degrees_of_freedom };
        Ok(LinearFit(Inference::new(observations, prepared, &estimates, reference, self.confidence, summary)))
    }
}

impl LinearFit {
    /// One row a term, the intercept first; terms that cannot be estimated are in the findings.
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

    /// The expected number of every row.
    ///
    /// # Errors
    /// Columns other than those of the fit.
    pub fn predict(&self, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        self.0.predict(design)
    }

    /// The expected number of one row; a `NaN` takes the training mean.
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

/// Coefficients in the basis for the outcome less its mean.
struct Solution {
    coefficients: Vec<f64>,
    residual_squares: f64,
    /// The sandwich, for HC1 and HC3.
    robust: Option<Array2<f64>>,
    iterations: usize,
}

impl Solution {
    /// Steps `bread * sum w r z` from the residuals `r` of the data themselves until they no longer matter.
    fn refined(prepared: &Prepared, cases: &Cases, computed: StdErrors) -> Result<Self, FitError> {
        let mut coefficients = prepared.start.clone();
        let spread = (prepared.outcome_squares / cases.weight_sum).sqrt();
        let mut iterations = 0;
        loop {
            iterations += 1;
            let sandwich = Sandwich::new(computed, cases, prepared.bread.view());
            let at = At { coefficients: Some(&coefficients), metric: sandwich.metric() };
            let Sums { matrix, vector, value } = prepared.columns.sums(at, |case: Case| {
                let residual = cases.outcome(case.row) - prepared.outcome_mean - case.predictor;
                let score = cases.weight(case.row) * residual;
                Terms { curvature: sandwich.curvature(&case, residual, 1.0), score, value: score * residual }
            });
            let step = prepared.bread.dot(&vector);
            coefficients.iter_mut().zip(&step).for_each(|(coefficient, step)| *coefficient += step);
            let largest = step.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
            let residual_spread = (value / cases.weight_sum).sqrt();
            let [of_residual, of_outcome] = REFINEMENT_TOLERANCES;
            if largest <= (of_residual * residual_spread).max(of_outcome * spread) || iterations == REFINEMENTS_MAX {
                let robust = match computed {
                    StdErrors::Hc1 | StdErrors::Hc3 => Some(sandwich.covariance(&matrix)?),
                    StdErrors::Model | StdErrors::Cluster => None,
                };
                return Ok(Self { coefficients, residual_squares: value, robust, iterations });
            }
        }
    }
}

/// The Gaussian log-likelihood at the maximum likelihood variance: `-n/2 (ln(2 pi S / n) + 1) + sum ln(w) / 2`, where
/// `S` is the weighted residual sum of squares and the last term holds for precision weights only.
fn log_likelihood(cases: &Cases, residual_squares: f64) -> f64 {
    let n_used = cases.n_used as f64;
    -0.5 * n_used * ((2.0 * PI * residual_squares / n_used).ln() + 1.0) + 0.5 * cases.ln_precisions()
}

fn perfect_fit(outcome: &str, residual_squares: f64, outcome_squares: f64) -> Option<Finding> {
    (residual_squares <= PERFECT_FIT * PERFECT_FIT * outcome_squares).then(|| {
        let sentence =
            format!("The columns give `{outcome}` exactly: they were likely computed from it or it from them.");
        Finding::new(FindingKind::Unreliable, Severity::Serious, outcome, sentence)
            .number("residual_squares", residual_squares)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DataError, Outcome, WeightKind, Weights};
    use crate::estimators::formula_data::{FormulaData, observations};
    use ndarray::{array, concatenate, s};

    fn estimates(fit: &LinearFit) -> Vec<f64> {
        fit.coefficients().iter().map(|row| row.estimate).collect()
    }

    fn assert_near(got: &[f64], want: &[f64], relative: f64) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() <= relative * want.abs(), "{got} {want}");
        }
    }

    fn numeric(name: &str, values: Array1<f64>) -> Outcome {
        Outcome::numeric(name, values).expect("finite")
    }

    fn fit(std_errors: StdErrors, observations: &Observations) -> Result<LinearFit, FitError> {
        Ols { std_errors, ..Ols::default() }.fit(observations)
    }

    #[test]
    fn intercept_only_is_the_mean_and_its_standard_error() {
        let design = DesignMatrix::new(Vec::new(), Array2::zeros((4, 0))).expect("no columns");
        let data = Observations::new(design, numeric("y", array![1.0, 2.0, 3.0, 6.0])).expect("as many rows");
        let fit = fit(StdErrors::Model, &data).expect("a fit");
        // Variance 14 / 3, so the mean's standard error is sqrt(14 / 12).
        assert_near(&estimates(&fit), &[3.0], 1e-15);
        assert_near(&[fit.coefficients()[0].std_error], &[(14.0_f64 / 12.0).sqrt()], 1e-14);
        assert_eq!(fit.coefficients()[0].term, "(intercept)");
        assert!(fit.summary().r_squared.is_some_and(|share| share.abs() < 1e-15));
    }

    #[test]
    fn units_of_a_column_change_nothing_but_its_units() {
        let data = FormulaData::of(200);
        let plain = fit(StdErrors::Hc3, &data.with_number()).expect("a fit");
        for factor in [1e-8, 1e8] {
            let mut features = data.features.clone();
            features.column_mut(1).mapv_inplace(|value| value * factor);
            let data = observations(&["speed", "price", "calls"], features, numeric("number", data.number.clone()));
            let scaled = fit(StdErrors::Hc3, &data).expect("a fit");
            for (index, (plain, scaled)) in plain.coefficients().iter().zip(scaled.coefficients()).enumerate() {
                let unit = if index == 2 { factor } else { 1.0 };
                assert_near(
                    &[scaled.estimate * unit, scaled.std_error * unit],
                    &[plain.estimate, plain.std_error],
                    1e-11,
                );
                assert_near(&[scaled.p_value], &[plain.p_value], 1e-9);
            }
        }
    }

    #[test]
    fn frequencies_are_repeated_rows() {
        let data = FormulaData::of(120);
        let rows: Vec<usize> = (0..120).flat_map(|row| std::iter::repeat_n(row, data.weights[row] as usize)).collect();
        let repeated = observations(
            &["speed", "price", "calls"],
            data.features.select(ndarray::Axis(0), &rows),
            numeric("number", data.number.select(ndarray::Axis(0), &rows)),
        )
        .clustered(Clusters::from_labels(rows.iter().map(|&row| data.clusters[row])))
        .expect("one a row");
        let weights = Weights::new(WeightKind::Frequency, data.weights.clone()).expect("valid");
        let weighted = data.with_number().weighted(weights).expect("one a row");
        let weighted = weighted.clustered(Clusters::from_labels(&data.clusters)).expect("one a row");
        for std_errors in [StdErrors::Model, StdErrors::Hc1, StdErrors::Hc3, StdErrors::Cluster] {
            let (weighted, repeated) = (fit(std_errors, &weighted), fit(std_errors, &repeated));
            let (weighted, repeated) = (weighted.expect("a fit"), repeated.expect("a fit"));
            for (weighted, repeated) in weighted.coefficients().iter().zip(repeated.coefficients()) {
                assert_near(&[weighted.estimate, weighted.std_error], &[repeated.estimate, repeated.std_error], 1e-11);
                assert_near(&[weighted.conf_low], &[repeated.conf_low], 1e-10);
            }
            let (weighted, repeated) = (weighted.summary(), repeated.summary());
            assert_eq!((weighted.n_observations, weighted.df_residual), (rows.len(), rows.len() - 4));
            let n_counting = data.weights.iter().filter(|&&weight| weight > 0.0).count();
            assert_eq!(
                (weighted.n_used, repeated.n_used, repeated.n_observations),
                (n_counting, rows.len(), rows.len())
            );
            assert_eq!(weighted.n_clusters, repeated.n_clusters);
            assert_near(&[weighted.log_likelihood, weighted.aic], &[repeated.log_likelihood, repeated.aic], 1e-12);
        }
    }

    #[test]
    fn rows_of_weight_zero_are_as_if_they_were_not_there() {
        let data = FormulaData::of(80);
        let mut outcome = data.number.clone();
        let kept: Vec<usize> = (0..80).filter(|&row| data.weights[row] > 0.0).collect();
        (0..80).filter(|row| !kept.contains(row)).for_each(|row| outcome[row] = 1e9);
        let names = ["speed", "price", "calls"];
        let few = observations(
            &names,
            data.features.select(ndarray::Axis(0), &kept),
            numeric("number", data.number.select(ndarray::Axis(0), &kept)),
        );
        let all = observations(&names, data.features.clone(), numeric("number", outcome));
        for kind in [WeightKind::Precision, WeightKind::Sampling] {
            let weights = Weights::new(kind, data.weights.clone()).expect("valid");
            let all = all.clone().weighted(weights).expect("one a row");
            let weights = Weights::new(kind, kept.iter().map(|&row| data.weights[row]).collect()).expect("valid");
            let few = few.clone().weighted(weights).expect("one a row");
            let (all, few) = (fit(StdErrors::Hc3, &all).expect("a fit"), fit(StdErrors::Hc3, &few).expect("a fit"));
            for (all, few) in all.coefficients().iter().zip(few.coefficients()) {
                assert_near(
                    &[all.estimate, all.std_error, all.p_value],
                    &[few.estimate, few.std_error, few.p_value],
                    1e-9,
                );
            }
            assert_eq!((all.summary().n_rows, all.summary().n_used), (80, 60));
        }
    }

    #[test]
    fn sampling_weights_get_robust_errors_whatever_their_scale() {
        let data = FormulaData::of(90);
        let weighted = |factor: f64| {
            let weights = data.weights.iter().map(|weight| weight * factor).collect();
            let weights = Weights::new(WeightKind::Sampling, weights).expect("valid");
            fit(StdErrors::Model, &data.with_number().weighted(weights).expect("one a row")).expect("a fit")
        };
        let (one, many) = (weighted(1.0), weighted(1000.0));
        assert_eq!((one.summary().std_errors, one.findings()[0].kind), (StdErrors::Hc1, FindingKind::NotEstimated));
        assert_near(&[many.summary().log_likelihood], &[one.summary().log_likelihood], 1e-12);
        assert_near(&[many.coefficients()[1].std_error], &[one.coefficients()[1].std_error], 1e-12);
    }

    #[test]
    fn the_later_of_two_dependent_columns_is_left_out_by_name() {
        let data = FormulaData::of(50);
        let sum = &data.features.column(0) * 2.0 - data.features.column(2) + 3.0;
        let features = concatenate![ndarray::Axis(1), data.features.view(), sum.insert_axis(ndarray::Axis(1))];
        let names = ["speed", "price", "calls", "load"];
        let aliased = fit(StdErrors::Hc1, &observations(&names, features, numeric("y", data.number.clone())));
        let aliased = aliased.expect("a fit");
        let plain = fit(StdErrors::Hc1, &data.with_number()).expect("a fit");
        assert_near(&estimates(&aliased), &estimates(&plain), 1e-10);
        assert_eq!((aliased.findings()[0].kind, aliased.findings()[0].about.as_str()), (FindingKind::Aliased, "load"));
        assert!(aliased.findings()[0].sentence.contains("`speed` and `calls`"), "{}", aliased.findings()[0].sentence);
        assert_eq!(aliased.covariance().dim(), (4, 4));
        assert_eq!(aliased.model().terms()[3].estimate, None);
    }

    #[test]
    fn a_constant_column_is_left_out_by_name() {
        let features = array![[0.1, 1.0], [0.1, 2.0], [0.1, 4.0], [0.1, 5.0]];
        let data = observations(&["price", "speed"], features, numeric("y", array![1.0, 3.0, 2.0, 5.0]));
        let fit = fit(StdErrors::Model, &data).expect("a fit");
        assert_eq!((fit.findings()[0].kind, fit.findings()[0].about.as_str()), (FindingKind::Constant, "price"));
        assert_eq!(fit.coefficients().len(), 2);
    }

    #[test]
    fn too_few_rows_are_refused_with_the_numbers() {
        let one = observations(&["a"], array![[1.0]], numeric("y", array![1.0]));
        let error = fit(StdErrors::Model, &one).unwrap_err();
        assert!(error.to_string().starts_with("1 usable row cannot carry 2 terms"), "{error}");
        let square =
            observations(&["a", "b"], array![[1.0, 2.0], [2.0, 1.0], [4.0, 4.0]], numeric("y", array![1.0, 2.0, 0.0]));
        assert!(matches!(fit(StdErrors::Model, &square), Err(FitError::TooFewRows { n_used: 3, n_terms: 3 })));
    }

    #[test]
    fn an_outcome_that_does_not_vary_where_rows_count_is_refused() {
        let data = observations(&["a"], array![[1.0], [2.0], [4.0], [5.0]], numeric("y", array![7.0, 7.0, 7.0, 9.0]));
        let weights = Weights::new(WeightKind::Sampling, vec![1.0, 1.0, 1.0, 0.0]).expect("valid");
        let error = fit(StdErrors::Model, &data.weighted(weights).expect("one a row")).unwrap_err();
        assert!(matches!(error, FitError::ConstantOutcome { value: 7.0, .. }), "{error}");
    }

    #[test]
    fn values_that_overflow_are_refused_before_a_fit_sees_them() {
        let error = DesignMatrix::new(vec!["a".to_owned()], array![[1e300], [1.0]]).unwrap_err();
        assert!(matches!(error, DataError::TooLarge { .. }));
        // The largest that pass still give finite numbers.
        let data = observations(
            &["a"],
            array![[1e139], [-1e139], [5e138], [0.0]],
            numeric("y", array![1e139, -2e139, 0.0, 3e138]),
        );
        let fit = fit(StdErrors::Hc1, &data).expect("a fit");
        assert!(fit.coefficients().iter().all(|row| row.estimate.is_finite() && row.p_value.is_finite()));
    }

    #[test]
    fn clusters_are_needed_and_more_than_one() {
        let data = FormulaData::of(30).with_number();
        assert!(matches!(fit(StdErrors::Cluster, &data), Err(FitError::NoClusters)));
        let one = data.clustered(Clusters::from_labels([0; 30])).expect("one a row");
        assert!(matches!(fit(StdErrors::Cluster, &one), Err(FitError::OneCluster)));
    }

    #[test]
    fn hc3_names_a_row_that_it_cannot_do_without() {
        let features = array![[0.0, 1.0], [0.0, 2.0], [1.0, 3.0], [0.0, 5.0], [0.0, 4.0]];
        let data = observations(&["only", "x"], features, numeric("y", array![1.0, 3.0, 2.0, 5.0, 4.5]));
        assert!(matches!(fit(StdErrors::Hc3, &data), Err(FitError::LeverageOne { row: 3 })));
        assert!(fit(StdErrors::Hc1, &data).is_ok());
    }

    #[test]
    fn an_outcome_computed_from_the_columns_is_flagged() {
        let data = FormulaData::of(40);
        let outcome = &data.features.column(0) * 2.0 + data.features.column(2);
        let fit = fit(StdErrors::Model, &observations(&["a", "b", "c"], data.features, numeric("y", outcome)));
        let kinds: Vec<FindingKind> = fit.expect("a fit").findings().iter().map(|finding| finding.kind).collect();
        assert!(kinds.contains(&FindingKind::Unreliable), "{kinds:?}");
    }

    #[test]
    fn threads_change_no_byte() {
        let data = FormulaData::of(30_000).with_number();
        let on = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
            pool.install(|| fit(StdErrors::Hc3, &data).expect("a fit"))
        };
        assert_eq!(on(1), on(4));
    }

    #[test]
    fn predictions_ask_for_the_columns_of_the_fit() {
        let data = FormulaData::of(40);
        let fit = fit(StdErrors::Model, &data.with_number()).expect("a fit");
        let predicted = fit.predict(&data.design()).expect("the same columns");
        let intercept = fit.coefficients()[0].estimate;
        let slopes: Array1<f64> = fit.coefficients()[1..].iter().map(|row| row.estimate).collect();
        assert!((predicted[7] - intercept - data.features.row(7).dot(&slopes)).abs() < 1e-12);
        let contributions = fit.model().contributions(&data.features.row(7).to_vec());
        let average = fit.predict_row(&[f64::NAN; 3]);
        assert!((contributions.iter().sum::<f64>() + average - predicted[7]).abs() < 1e-12);
        let other =
            DesignMatrix::new(vec!["speed".to_owned()], data.features.slice(s![.., ..1]).to_owned()).expect("finite");
        let error = fit.predict(&other).unwrap_err();
        assert!(error.to_string().starts_with("column 2 to predict from is not there"), "{error}");
    }
}
