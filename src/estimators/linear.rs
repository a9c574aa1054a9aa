//! Least squares: a number explained by columns.

use super::cases::Cases;
use super::coefficient::Reference;
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
const PERFECT_FIT: f64 = 1e-12;

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
            n_used,
            n_terms,
            df_residual: n_used - n_terms,
            r_squared: Some(1.0 - unexplained),
            adj_r_squared: Some(1.0 - unexplained * (n_used as f64 - 1.0) / df_residual),
            sigma: Some(variance.sqrt()),
            pseudo_r_squared: None,
            log_likelihood,
            null_log_likelihood: self::log_likelihood(&cases, prepared.outcome_squares),
            deviance: solution.residual_squares,
            aic: criteria.aic,
            bic: criteria.bic,
            n_events: None,
            converged: true,
            iterations: solution.iterations,
            std_errors: computed,
            n_clusters,
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
