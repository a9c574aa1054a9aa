//! Regression of counts: how often something happened, explained by columns and, where given, an exposure.

use super::cases::Cases;
use super::coefficient::{INTERCEPT, Reference, refuse_names_of};
use super::columns::{Case, Columns};
use super::count_covariance::{Uncertainty, joint_uncertainty, poisson_uncertainty};
use super::inference::{Estimates, Inference, few_clusters, robust_instead};
use super::negative_binomial::{Joint, Likelihood, Pascal};
use super::newton::{Ascent, Ending, Limits};
use super::overdispersion::{DispersionLikelihoodRatio, DispersionSums, Overdispersion};
use super::poisson::{Base, Observed, climb, half_deviance, ln_saturated, start_of};
use super::prepared::Prepared;
use super::rising_factorial::Histogram;
use super::robust::applicable;
use super::summary::{CountDistribution, CountSummary, Family, FitSummary, StdErrors};
use super::{Coefficient, FitError, FittedModel, only_zeros};
use crate::data::{DesignMatrix, Exposure, Observations};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, ArrayView2, s};

/// The term of the negative binomial's `alpha`.
pub const ALPHA: &str = "alpha";

/// Newton's last step is below this in standard deviations of the columns (absolute); the error after it is its square.
const STEP_TOLERANCE: f64 = 1e-8;
/// Rows of a start from part of the data, and how many times as many there must be to make it worth while.
const START_ROWS: usize = 50_000;
const START_GAIN: usize = 5;
/// Fewer counted events than this for each column make estimates and intervals doubtful.
const EVENTS_PER_TERM: f64 = 10.0;
/// A test of overdispersion below this p-value is reported.
const OVERDISPERSED_P: f64 = 0.01;
/// Dispersion up to which a reader is not troubled, however sure the test: errors are 5 % too small there.
const OVERDISPERSED: f64 = 1.1;

/// Settings of a regression of counts with a logarithmic link and an intercept.
///
/// # Example
/// ```
/// use advocate::data::{DesignMatrix, Exposure, Observations, Outcome};
/// use advocate::estimators::Count;
/// use ndarray::array;
/// // Promoters brought 6 friends in 30 months and others 2 in 40: rates 1/5 and 1/20, so the slope is ln 4.
/// let promoter = DesignMatrix::new(vec!["promoter".to_owned()], array![[1.0], [1.0], [0.0], [0.0]])?;
/// let referrals = Outcome::numeric("referrals", array![4.0, 2.0, 0.0, 2.0])?;
/// let months = Exposure::new(vec![12.0, 18.0, 20.0, 20.0])?;
/// let fit = Count::default().fit(&Observations::new(promoter, referrals)?.exposed(months)?)?;
/// assert!((fit.coefficients()[1].estimate - 4.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count {
    /// How counts vary around their expectation.
    pub distribution: CountDistribution,
    /// How uncertainty is estimated.
    pub std_errors: StdErrors,
    /// The level of the confidence intervals.
    pub confidence: Confidence,
    /// Newton steps after which the fit is an error.
    pub iterations_max: usize,
}

impl Default for Count {
    fn default() -> Self {
        Self {
            distribution: CountDistribution::default(),
            std_errors: StdErrors::default(),
            confidence: Confidence::default(),
            iterations_max: 100,
        }
    }
}

/// A fitted model of counts.
#[derive(Debug, Clone, PartialEq)]
pub struct CountFit {
    inference: Inference,
    overdispersion: Overdispersion,
}

impl Count {
    /// Fits by maximum likelihood: `ln mu = a + x' b + ln(exposure)`, by Newton's method on centred and scaled columns.
    ///
    /// The negative binomial's `alpha` is estimated together with the coefficients. It is the last row of the
    /// coefficients, with its own standard error; that its statistic is far from zero is no test, because it cannot be
    /// negative: see [`CountFit::overdispersion`]. Where counts vary no more than their expectation, `alpha` is at its
    /// border: the Poisson limit is given, without that row and with a finding.
    ///
    /// Weights by kind: `frequency` as if the row were repeated, `precision` as prior weights of the likelihood,
    /// `sampling` with robust (HC1) standard errors even where model-based ones are asked for. Statistics are normal.
    /// Model-based standard errors come from the observed information. HC3 divides each score by one minus its row's
    /// leverage in the working regression, and for the negative binomial takes `alpha` as known in that leverage.
    /// Constant columns and combinations of earlier columns are left out with a finding.
    ///
    /// # Errors
    /// An outcome that is no count, that is zero in every row, or that is constant where no exposure varies; columns
    /// that mark rows whose counts are all zero; no more rows than terms; no convergence; missing or single clusters
    /// where standard errors by cluster are asked for; a row of leverage one where HC3 is.
    ///
    /// # References
    /// Cameron and Trivedi (2013), "Regression Analysis of Count Data", 2nd edition, chapters 2 and 3; Lawless (1987),
    /// "Negative binomial and mixed Poisson regression", Canadian Journal of Statistics 15(3).
    pub fn fit(&self, observations: &Observations) -> Result<CountFit, FitError> {
        let cases = Cases::of(observations);
        let rows = Rows::of(observations, &cases)?;
        let observed = |row: usize| rows.observed(row);
        refuse_names_of([INTERCEPT], observations.design().names())?;
        let prepared = Prepared::of_any_outcome(observations, &cases)?;
        let outcome = observations.outcome().name();
        let base = match Base::of(observations.n_rows(), observed) {
            Some(base) if prepared.outcome_varies || observations.exposure().is_some() => base,
            _ => {
                let (outcome, value) = (outcome.to_owned(), prepared.outcome_mean);
                return Err(FitError::ConstantOutcome { outcome, value });
            }
        };
        let poisson = self.climb_poisson(observations, &rows, &prepared.columns, base)?;
        let plain = Figures::of(&prepared.columns, &poisson.coefficients, &rows, None);
        let computed = applicable(self.std_errors, &cases);
        let null = Figures::of(&prepared.columns.select(&[]), &[base.ln_rate], &rows, None);
        match self.distribution {
            CountDistribution::Poisson => {
                let bread = full_inverse(&poisson.sums.matrix, outcome, poisson.iterations)?;
                let (columns, clusters) = (&prepared.columns, observations.clusters());
                let uncertainty =
                    poisson_uncertainty(columns, &poisson.coefficients, bread, &cases, clusters, observed, computed)?;
                let overdispersion = plain.dispersion.tests(cases.n_used, None);
                let found = Found {
                    coefficients: poisson.coefficients,
                    alpha: None,
                    log_likelihood: plain.log_likelihood,
                    null_log_likelihood: null.log_likelihood,
                    figures: plain,
                    iterations: poisson.iterations,
                    uncertainty,
                };
                Ok(self.assembled(observations, &cases, prepared, found, overdispersion, computed))
            }
            CountDistribution::NegativeBinomial => self.fit_dispersed(
                observations,
                &cases,
                &rows,
                prepared,
                Start { poisson, plain, null, base },
                computed,
            ),
        }
    }

    fn limits(&self) -> Limits {
        Limits { iterations_max: self.iterations_max, step_tolerance: STEP_TOLERANCE }
    }

    fn climb_poisson(
        &self,
        observations: &Observations,
        rows: &Rows,
        columns: &Columns,
        base: Base,
    ) -> Result<Ascent, FitError> {
        let observed = |row: usize| rows.observed(row);
        let ascent = climb(columns, base, start(columns, base, rows), self.limits(), observed);
        let outcome = observations.outcome().name();
        let count = |row: usize| Some(observed(row)).filter(|row| row.weight > 0.0).map(|row| row.outcome);
        match ascent.ending {
            Ending::Converged => Ok(ascent),
            Ending::Divergent if let Some(along) = only_zeros::direction(columns, count) => {
                let names: Vec<&str> =
                    columns.places.iter().map(|&place| observations.design().names()[place].as_str()).collect();
                Err(FitError::OnlyZeros(only_zeros::name(columns, &names, outcome, count, &along)))
            }
            _ => Err(FitError::NotConverged { outcome: outcome.to_owned(), iterations: ascent.iterations }),
        }
    }

    /// The negative binomial from the Poisson fit.
    fn fit_dispersed(
        &self,
        observations: &Observations,
        cases: &Cases,
        rows: &Rows,
        prepared: Prepared,
        start: Start,
        computed: StdErrors,
    ) -> Result<CountFit, FitError> {
        let outcome = observations.outcome().name();
        let (columns, clusters) = (&prepared.columns, observations.clusters());
        let n_parameters = columns.n_terms() + 1;
        if cases.n_used <= n_parameters {
            return Err(FitError::TooFewRows { n_used: cases.n_used, n_terms: n_parameters });
        }
        let observed = |row: usize| rows.observed(row);
        let counted = (0..observations.n_rows()).map(observed).filter(|row| row.weight > 0.0);
        let histogram = Histogram::of(counted.map(|row| (row.outcome, row.weight)));
        let alone = columns.select(&[]);
        let likelihood = |columns| Likelihood { columns, observed, histogram: &histogram };
        let null_log_likelihood = match likelihood(&alone).climb(&[start.base.ln_rate], None, self.limits()) {
            None => start.null.log_likelihood,
            Some(joint) => {
                let joint = converged(joint, outcome)?;
                Figures::of(&alone, &joint.ascent.coefficients, rows, Some(&histogram)).log_likelihood
            }
        };
        let near = near_start(rows, columns, &start.poisson.coefficients);
        let joint = likelihood(columns).climb(&start.poisson.coefficients, near, self.limits());
        let joint = joint.map(|joint| converged(joint, outcome)).transpose()?;
        let found = match joint {
            None => {
                let bread = full_inverse(&start.poisson.sums.matrix, outcome, start.poisson.iterations)?;
                let coefficients = start.poisson.coefficients;
                let uncertainty =
                    poisson_uncertainty(columns, &coefficients, bread, cases, clusters, observed, computed)?;
                Found {
                    coefficients,
                    alpha: Some(0.0),
                    log_likelihood: start.plain.log_likelihood,
                    null_log_likelihood,
                    figures: start.plain,
                    iterations: start.poisson.iterations,
                    uncertainty,
                }
            }
            Some(joint) => {
                let bread = full_inverse(&joint.information, outcome, joint.ascent.iterations)?;
                let parameters = joint.ascent.coefficients;
                let uncertainty =
                    joint_uncertainty(columns, &parameters, bread, cases, clusters, observed, &histogram, computed)?;
                let figures = Figures::of(columns, &parameters, rows, Some(&histogram));
                let n_terms = columns.n_terms();
                Found {
                    coefficients: parameters[..n_terms].to_vec(),
                    alpha: Some(parameters[n_terms].exp()),
                    log_likelihood: figures.log_likelihood,
                    null_log_likelihood,
                    figures,
                    iterations: start.poisson.iterations + joint.ascent.iterations,
                    uncertainty,
                }
            }
        };
        let ratio = DispersionLikelihoodRatio::of(found.log_likelihood, start.plain.log_likelihood);
        let overdispersion = start.plain.dispersion.tests(cases.n_used, Some(ratio));
        Ok(self.assembled(observations, cases, prepared, found, overdispersion, computed))
    }

    fn assembled(
        &self,
        observations: &Observations,
        cases: &Cases,
        mut prepared: Prepared,
        found: Found,
        overdispersion: Overdispersion,
        computed: StdErrors,
    ) -> CountFit {
        let outcome = observations.outcome().name();
        let (n_used, n_terms) = (cases.n_used, prepared.columns.n_terms());
        let n_parameters = (n_terms + usize::from(found.alpha.is_some())) as f64;
        let alpha = found.alpha.filter(|&alpha| alpha > 0.0).zip(found.uncertainty.of_ln_alpha.clone());
        let summary = FitSummary {
            levels: Vec::new(),
            family: Family::Count,
            outcome: outcome.to_owned(),
            n_rows: observations.n_rows(),
            n_used: cases.n_rows,
            n_observations: n_used,
            n_terms,
            df_residual: n_used - n_terms,
            r_squared: None,
            adj_r_squared: None,
            sigma: None,
            pseudo_r_squared: Some(1.0 - found.log_likelihood / found.null_log_likelihood),
            log_likelihood: found.log_likelihood,
            null_log_likelihood: found.null_log_likelihood,
            deviance: found.figures.deviance,
            aic: 2.0 * n_parameters - 2.0 * found.log_likelihood,
            bic: n_parameters * (n_used as f64).ln() - 2.0 * found.log_likelihood,
            n_events: None,
            converged: true,
            iterations: found.iterations,
            std_errors: computed,
            n_clusters: found.uncertainty.n_clusters,
            count: Some(CountSummary {
                distribution: self.distribution,
                exposed: observations.exposure().is_some(),
                alpha: found.alpha,
                alpha_std_error: alpha.as_ref().map(|(alpha, own)| alpha * own.variance.max(0.0).sqrt()),
                pearson_chi_squared: found.figures.pearson,
                dispersion: found.figures.pearson / (n_used - n_terms) as f64,
            }),
        };
        prepared.findings.extend(robust_instead(outcome, self.std_errors, computed));
        prepared.findings.extend(few_clusters(outcome, found.uncertainty.n_clusters));
        prepared.findings.extend(few_events(outcome, found.figures.counted, n_terms - 1));
        prepared.findings.extend(match self.distribution {
            CountDistribution::Poisson => too_small(outcome, computed, &summary, &overdispersion),
            CountDistribution::NegativeBinomial => at_border(outcome, found.alpha),
        });
        let columns = prepared.columns.clone();
        let estimates =
            Estimates { coefficients: found.coefficients, covariance: found.uncertainty.covariance, offset: 0.0 };
        let mut inference =
            Inference::new(observations, prepared, &estimates, Reference::Normal, self.confidence, summary);
        if let Some((alpha, own)) = alpha {
            with_alpha(&mut inference, &columns, alpha, own.variance, &own.mixed, self.confidence);
        }
        CountFit { inference, overdispersion }
    }
}

impl CountFit {
    /// One row a term, the intercept first, on the scale of the logarithm of the expectation; the negative binomial's
    /// [`ALPHA`] last. Terms that cannot be estimated are in the findings.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.inference.coefficients
    }

    /// Covariance of the coefficients, in their order.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.inference.covariance.view()
    }

    /// One row about the fit.
    pub fn summary(&self) -> &FitSummary {
        &self.inference.summary
    }

    /// The tests of a variance above the expectation.
    pub fn overdispersion(&self) -> &Overdispersion {
        &self.overdispersion
    }

    /// What a reader must know beside the numbers.
    pub fn findings(&self) -> &[Finding] {
        &self.inference.findings
    }

    /// The expected count of every row per unit of exposure.
    ///
    /// # Errors
    /// Columns other than those of the fit.
    pub fn predict(&self, design: &DesignMatrix) -> Result<Array1<f64>, FitError> {
        self.inference.predict(design)
    }

    /// The expected count of every row over its exposure.
    ///
    /// # Errors
    /// Columns other than those of the fit; not one exposure a row.
    pub fn predict_exposed(&self, design: &DesignMatrix, exposure: &Exposure) -> Result<Array1<f64>, FitError> {
        let (n_found, n_expected) = (exposure.values().len(), design.n_rows());
        if n_found != n_expected {
            let what = "the exposure column";
            return Err(crate::data::DataError::RowCount { what, n_found, n_expected }.into());
        }
        let mut counts = self.inference.predict(design)?;
        counts.iter_mut().zip(exposure.values()).for_each(|(count, exposure)| *count *= exposure);
        Ok(counts)
    }

    /// The expected count of one row per unit of exposure; a `NaN` takes the training mean.
    ///
    /// # Panics
    /// If there is not one value per column of the fit.
    pub fn predict_row(&self, values: &[f64]) -> f64 {
        self.inference.model.predict_row(values)
    }

    /// The model as plain data.
    pub fn model(&self) -> &FittedModel {
        &self.inference.model
    }
}

/// Counts with their weights and the logarithms of their exposures.
struct Rows<'a> {
    cases: &'a Cases<'a>,
    offsets: Option<Vec<f64>>,
}

impl<'a> Rows<'a> {
    /// # Errors
    /// A value that is no count in a row that counts.
    fn of(observations: &Observations, cases: &'a Cases<'a>) -> Result<Self, FitError> {
        for row in (0..observations.n_rows()).filter(|&row| cases.counts(row)) {
            let value = cases.outcome(row);
            if value < 0.0 || value.fract().abs() > 0.0 {
                let outcome = observations.outcome().name().to_owned();
                return Err(FitError::NotCount { outcome, row: row + 1, value });
            }
        }
        let offsets =
            observations.exposure().map(|exposure| exposure.values().iter().map(|value| value.ln()).collect());
        Ok(Self { cases, offsets })
    }

    fn observed(&self, row: usize) -> Observed {
        Observed {
            weight: self.cases.weight(row),
            outcome: self.cases.outcome(row),
            offset: self.offsets.as_ref().map_or(0.0, |offsets| offsets[row]),
        }
    }
}

/// With many rows, the joint fit of an even part of them, so that few passes over all are left; `None` with few, and where
/// the part has no such fit.
fn near_start(rows: &Rows, columns: &Columns, poisson: &[f64]) -> Option<Vec<f64>> {
    let stride = columns.n_rows() / START_ROWS;
    if stride < START_GAIN {
        return None;
    }
    let part = columns.thinned(stride);
    let observed = |row: usize| rows.observed(row * stride);
    let counted = (0..part.n_rows()).map(observed).filter(|row| row.weight > 0.0);
    let histogram = Histogram::of(counted.map(|row| (row.outcome, row.weight)));
    let limits = Limits { iterations_max: 12, step_tolerance: 1e-3 };
    let joint = Likelihood { columns: &part, observed, histogram: &histogram }.climb(poisson, None, limits)?;
    (joint.ascent.ending == Ending::Converged).then_some(joint.ascent.coefficients)
}

/// What the negative binomial starts from.
struct Start {
    poisson: Ascent,
    plain: Figures,
    null: Figures,
    base: Base,
}

/// Estimates in the basis with what is said of them.
struct Found {
    coefficients: Vec<f64>,
    alpha: Option<f64>,
    log_likelihood: f64,
    null_log_likelihood: f64,
    figures: Figures,
    iterations: usize,
    uncertainty: Uncertainty,
}

/// Sums over the rows at given parameters.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    /// With all constants.
    log_likelihood: f64,
    deviance: f64,
    pearson: f64,
    /// Events in the rows that count.
    counted: f64,
    dispersion: DispersionSums,
}

impl Figures {
    /// Of a Poisson model, or, with a histogram, of a negative binomial one whose last parameter is `ln alpha`.
    fn of(columns: &Columns, parameters: &[f64], rows: &Rows, histogram: Option<&Histogram>) -> Self {
        let ln_alpha = histogram.and(parameters.last().copied());
        let tasks = columns.fold_predictors(
            &parameters[..columns.n_terms()],
            Self::default,
            |sums, Case { row, predictor, .. }| {
                let Observed { weight, outcome, offset } = rows.observed(row);
                if weight > 0.0 {
                    sums.add(weight, outcome, predictor + offset, ln_alpha);
                }
            },
        );
        let mut total = tasks.into_iter().fold(Self::default(), Self::plus);
        if let (Some(histogram), Some(ln_alpha)) = (histogram, ln_alpha) {
            total.log_likelihood += histogram.sum(ln_alpha.exp()).ln;
        }
        total
    }

    fn add(&mut self, weight: f64, outcome: f64, link: f64, ln_alpha: Option<f64>) {
        let mean = link.exp();
        let half = half_deviance(outcome, link);
        let of_poisson = ln_saturated(outcome) - half;
        self.counted += weight * outcome;
        let Some(ln_alpha) = ln_alpha else {
            self.log_likelihood += weight * of_poisson;
            self.deviance += 2.0 * weight * half;
            if mean > 0.0 {
                self.pearson += weight * (outcome - mean).powi(2) / mean;
                self.dispersion.add(weight, outcome, mean);
            }
            return;
        };
        let gain = |link: f64| Pascal::of(outcome, link, ln_alpha).gain(link);
        let of_mean = gain(link);
        self.log_likelihood += weight * (of_poisson + of_mean);
        // A count of zero has its own best expectation at zero, where the gain is nothing.
        let of_own = if outcome > 0.0 { gain(outcome.ln()) } else { 0.0 };
        self.deviance += 2.0 * weight * (half + of_own - of_mean);
        let pascal = Pascal::of(outcome, link, ln_alpha);
        // (y - mu)^2 / (mu (1 + alpha mu)).
        if pascal.weight > 0.0 {
            self.pearson += weight * pascal.residual().powi(2) / pascal.weight;
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            log_likelihood: self.log_likelihood + other.log_likelihood,
            deviance: self.deviance + other.deviance,
            pearson: self.pearson + other.pearson,
            counted: self.counted + other.counted,
            dispersion: self.dispersion.plus(other.dispersion),
        }
    }
}

/// Where Newton starts: with many rows the fit of an even part of them, so that few passes over all are left.
fn start(columns: &Columns, base: Base, rows: &Rows) -> Vec<f64> {
    let stride = columns.n_rows() / START_ROWS;
    if stride < START_GAIN {
        return start_of(columns, base, |row: usize| rows.observed(row));
    }
    let part = columns.thinned(stride);
    let observed = |row: usize| rows.observed(row * stride);
    let limits = Limits { iterations_max: 12, step_tolerance: 1e-3 };
    let ascent = Base::of(part.n_rows(), observed).map(|base| {
        let start = start_of(&part, base, observed);
        climb(&part, base, start, limits, observed)
    });
    match ascent {
        Some(ascent) if ascent.ending == Ending::Converged => ascent.coefficients,
        _ => start_of(columns, base, |row: usize| rows.observed(row)),
    }
}

/// The inverse of an information in which every term has its share.
fn full_inverse(information: &Array2<f64>, outcome: &str, iterations: usize) -> Result<Array2<f64>, FitError> {
    let cholesky = Cholesky::of(information.view());
    if cholesky.kept().len() == information.nrows() {
        Ok(cholesky.inverse())
    } else {
        Err(FitError::NotConverged { outcome: outcome.to_owned(), iterations })
    }
}

fn converged(joint: Joint, outcome: &str) -> Result<Joint, FitError> {
    if joint.ascent.ending == Ending::Converged {
        return Ok(joint);
    }
    Err(FitError::NotConverged { outcome: outcome.to_owned(), iterations: joint.ascent.iterations })
}

/// Adds the row of `alpha`, whose covariance with the coefficients is known in the basis for `ln alpha`.
fn with_alpha(
    inference: &mut Inference,
    columns: &Columns,
    alpha: f64,
    variance: f64,
    mixed: &Array1<f64>,
    confidence: Confidence,
) {
    let mut mixed = columns.in_units(&mixed.to_vec());
    mixed[0] -= (0..columns.places.len()).map(|index| mixed[index + 1] * columns.mean(index)).sum::<f64>();
    let n_terms = mixed.len();
    let mut covariance = Array2::zeros((n_terms + 1, n_terms + 1));
    covariance.slice_mut(s![..n_terms, ..n_terms]).assign(&inference.covariance);
    for (place, value) in mixed.into_iter().enumerate() {
        covariance[[place, n_terms]] = alpha * value;
        covariance[[n_terms, place]] = alpha * value;
    }
    covariance[[n_terms, n_terms]] = alpha * alpha * variance;
    let own = std::iter::once((ALPHA, alpha, alpha * alpha * variance));
    inference.coefficients.extend(Reference::Normal.table(own, confidence).into_iter().map(|row| Coefficient {
        // It cannot be negative.
        conf_low: row.conf_low.max(0.0),
        ..row
    }));
    inference.covariance = covariance;
}

fn few_events(outcome: &str, counted: f64, n_slopes: usize) -> Option<Finding> {
    let per_term = counted / n_slopes.max(1) as f64;
    (n_slopes > 0 && per_term < EVENTS_PER_TERM).then(|| {
        let columns = if n_slopes == 1 { "column" } else { "columns" };
        let sentence = format!(
            "`{outcome}` counts {counted:.0} events for {n_slopes} {columns}, fewer than {EVENTS_PER_TERM:.0} for each: \
             estimates and intervals are doubtful."
        );
        Finding::new(FindingKind::FewEvents, Severity::Warning, outcome, sentence)
            .number("n_events", counted)
            .number("events_per_term", per_term)
    })
}

/// Says that a Poisson model's own standard errors are too small.
fn too_small(
    outcome: &str,
    computed: StdErrors,
    summary: &FitSummary,
    overdispersion: &Overdispersion,
) -> Option<Finding> {
    let count = summary.count.as_ref()?;
    let p_value = overdispersion.linear.p_value.min(overdispersion.quadratic.p_value);
    (computed == StdErrors::Model && p_value < OVERDISPERSED_P && count.dispersion > OVERDISPERSED).then(|| {
        let sentence = format!(
            "`{outcome}` varies {:.1} times as much as a Poisson model allows, so its standard errors are about {:.1} \
             times too small: take the negative binomial model or robust (hc1) standard errors.",
            count.dispersion,
            count.dispersion.sqrt()
        );
        Finding::new(FindingKind::Unreliable, Severity::Warning, outcome, sentence)
            .number("dispersion", count.dispersion)
            .number("p_linear", overdispersion.linear.p_value)
            .number("p_quadratic", overdispersion.quadratic.p_value)
    })
}

/// Says that the negative binomial model is a Poisson one here.
fn at_border(outcome: &str, alpha: Option<f64>) -> Option<Finding> {
    alpha.filter(|&alpha| alpha <= 0.0).map(|alpha| {
        let sentence = format!(
            "`{outcome}` varies no more than a Poisson model says: alpha is at its border, zero, and the coefficients are \
             those of a Poisson model."
        );
        Finding::new(FindingKind::NotEstimated, Severity::Note, outcome, sentence).number("alpha", alpha)
    })
}
