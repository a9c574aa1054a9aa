//! Several completed data sets, each with other values in the gaps, so that what is not known shows in the answer.

use super::em::{Em, EmFit};
use super::normal::{Conditional, Limits, Normal, ascend};
use super::patterns::empty_finding;
use super::rubin::{CompletedFit, Pooled, pool};
use super::structural::structural_findings;
use super::{MissingError, Treatment};
use crate::data::{Gaps, Observations};
use crate::estimators::FitError;
use crate::findings::Finding;
use crate::stats::Confidence;
use crate::stats::linear_algebra::SymmetricEigen;
use crate::stats::random::stream;
use crate::stats::resampling::Scratch;
use ndarray::Array2;
use rand::Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

/// Resamples tried for one imputation before it is an error.
const DRAWS_MAX: usize = 20;
/// Parameters of a resample may be this far from the maximum (absolute, in standard deviations): its noise is larger.
const DRAW_TOLERANCE: f64 = 1e-6;

/// Settings of proper multiple imputation under a joint normal model of all columns and the outcome.
///
/// Each data set has parameters of its own: em on a resample of the rows (of whole clusters where there are any). Then
/// every gap is drawn from the normal given what its row observes. To first order the resampled parameters are draws
/// from their posterior, as data augmentation gives them, but independent of each other without a chain whose length
/// must be judged, and right for clusters and sampling weights too, which a normal posterior ignores.
///
/// Touchpoints on a scale get values between the points of the scale and beyond its ends. They are left so: rounding or
/// clipping them biases what follows (Horton, Lipsitz and Parzen 2003). A binary outcome takes part as a number.
///
/// # Example
/// ```
/// use advocate::data::{Gaps, Outcome};
/// use advocate::estimators::Ols;
/// use advocate::estimators::missing::MultipleImputation;
/// use advocate::stats::Confidence;
/// use ndarray::{Array1, Array2};
/// let values = Array2::from_shape_fn((60, 1), |(row, _)| if row % 4 == 0 { f64::NAN } else { (row % 7) as f64 });
/// let outcome = Array1::from_shape_fn(60, |row| (row % 7) as f64 + (row % 3) as f64);
/// let gaps = Gaps::new(vec!["delivery".to_owned()], values, Outcome::numeric("recommend", outcome)?)?;
/// let imputations = MultipleImputation::default().impute(&gaps)?;
/// let pooled = imputations.pool(Confidence::default(), |completed| Ok((&Ols::default().fit(completed)?).into()))?;
/// assert_eq!(pooled.imputations, 20);
/// assert!(pooled.coefficients[1].fraction_missing_information > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Rubin (1987), "Multiple Imputation for Nonresponse in Surveys", chapter 4; Honaker and King (2010), "What to do about
/// missing values in time-series cross-section data", American Journal of Political Science 54(2), for em on
/// resamples; Horton, Lipsitz and Parzen (2003), "A potential for bias when rounding in multiple imputation", The
/// American Statistician 57(4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultipleImputation {
    /// Data sets; at least two.
    pub imputations: usize,
    /// Seed of the resamples and draws.
    pub seed: u64,
    /// How em climbs.
    pub em: Em,
}

impl Default for MultipleImputation {
    fn default() -> Self {
        Self { imputations: 20, seed: 1, em: Em::default() }
    }
}

/// Parameters of every data set; the data sets themselves are made one at a time.
pub struct Imputations<'a> {
    fit: EmFit<'a>,
    draws: Vec<Normal>,
    seed: u64,
    kept: Vec<usize>,
    findings: Vec<Finding>,
}

impl MultipleImputation {
    /// Draws the parameters of every data set.
    ///
    /// # Errors
    /// Fewer than two imputations; an outcome that does not vary; no more rows than columns; em that does not converge
    /// on the data or on any resample; columns that no row has together.
    pub fn impute<'a>(&self, gaps: &'a Gaps) -> Result<Imputations<'a>, MissingError> {
        if self.imputations < 2 {
            return Err(MissingError::TooFewImputations { imputations: self.imputations });
        }
        let fit = self.em.fit(gaps)?;
        fit.check_identified()?;
        let layout = fit.layout();
        let resampler = gaps.answered().resampler(self.seed, "imputed parameters");
        let limits = Limits { tolerance: DRAW_TOLERANCE, ..self.em.limits() };
        let draw = |scratch: &mut Scratch, imputation: usize| {
            (0..DRAWS_MAX)
                .find_map(|attempt| {
                    let weights = resampler.draw(imputation * DRAWS_MAX + attempt, scratch);
                    let sums = layout.sums(|row| weights[row]);
                    let ascent = ascend(layout, &sums, fit.normal().clone(), limits);
                    (ascent.converged && ascent.normal.is_finite()).then_some(ascent.normal)
                })
                .ok_or(MissingError::NoDraw { imputation: imputation + 1, n_tried: DRAWS_MAX })
        };
        let draws: Result<Vec<Normal>, MissingError> =
            (0..self.imputations).into_par_iter().map_init(|| resampler.scratch(), draw).collect();
        let has_value = |column: &usize| layout.available[*column].weight > 0.0;
        let kept: Vec<usize> = (0..gaps.n_features()).filter(has_value).collect();
        let mut findings: Vec<Finding> = (0..gaps.n_features())
            .filter(|column| !has_value(column))
            .map(|column| empty_finding(&gaps.names()[column]))
            .collect();
        findings.extend(structural_findings(gaps, Treatment::MultipleImputation));
        Ok(Imputations { draws: draws?, seed: self.seed, kept, findings, fit })
    }
}

impl Imputations<'_> {
    /// Data sets.
    pub fn n_imputations(&self) -> usize {
        self.draws.len()
    }

    /// What a reader must know beside what comes of the data sets.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// One completed data set, from 0: the same each time, for any number of threads. Columns without any value are left
    /// out; gaps of a column that is the same wherever it is known take that value.
    ///
    /// # Errors
    /// A value that cannot be computed with, as where nearly dependent columns blow up a guess.
    ///
    /// # Panics
    /// If there is no such data set.
    pub fn completed(&self, imputation: usize) -> Result<Observations, MissingError> {
        let layout = self.fit.layout();
        let gaps = layout.gaps;
        let normal = &self.draws[imputation];
        let mut values = gaps.values().to_owned();
        for (column, mut values) in values.columns_mut().into_iter().enumerate() {
            if !layout.places.contains(&column) {
                let value = layout.available[column].mean;
                values.iter_mut().filter(|own| own.is_nan()).for_each(|own| *own = value);
            }
        }
        let imputed: Vec<Vec<f64>> =
            (0..layout.tasks.len()).into_par_iter().map(|task| self.imputed(normal, imputation, task)).collect();
        for (pieces, imputed) in layout.tasks.iter().zip(imputed) {
            let mut next = imputed.into_iter();
            for piece in pieces {
                for &row in &layout.rows[piece.rows.clone()] {
                    for (&column, value) in layout.patterns[piece.pattern].missing.iter().zip(&mut next) {
                        values[[row, layout.places[column]]] = value;
                    }
                }
            }
        }
        if self.kept.len() == gaps.n_features() {
            return Ok(gaps.filled(values)?);
        }
        let values = values.select(ndarray::Axis(1), &self.kept);
        Ok(gaps.select(&self.kept).filled(values)?)
    }

    /// The values that the gaps of a task take, in the order of its rows and of their columns, in the columns' units.
    fn imputed(&self, normal: &Normal, imputation: usize, task: usize) -> Vec<f64> {
        let layout = self.fit.layout();
        let n_tasks = layout.tasks.len() as u64;
        let mut random = stream(self.seed, "imputed values", imputation as u64 * n_tasks + task as u64);
        let mut conditional = Conditional::new(normal.n());
        let mut imputed = Vec::new();
        for piece in &layout.tasks[task] {
            let pattern = &layout.patterns[piece.pattern];
            let missing = &pattern.missing;
            if missing.is_empty() {
                continue;
            }
            conditional.on(normal, &pattern.observed);
            let left = Array2::from_shape_fn((missing.len(), missing.len()), |(row, column)| {
                let (row, column) = (missing[row.max(column)], missing[row.min(column)]);
                conditional.at(row, column)
            });
            // Any root will do: the symmetric one exists where what is left is singular too.
            let root = SymmetricEigen::of(left.view()).map(|eigen| eigen.map(|value| value.max(0.0).sqrt()));
            let root = root.unwrap_or_else(|| Array2::from_diag(&left.diag().mapv(|value| value.max(0.0).sqrt())));
            let mut values = vec![0.0; pattern.observed.len()];
            let mut apart = vec![0.0; normal.n()];
            let mut noise = vec![0.0; missing.len()];
            for &row in &layout.rows[piece.rows.clone()] {
                layout.read(row, &pattern.observed, &mut values);
                for (&column, value) in pattern.observed.iter().zip(&values) {
                    apart[column] = value - normal.mean[column];
                }
                noise.iter_mut().for_each(|noise| *noise = random.sample(StandardNormal));
                for (&column, root) in missing.iter().zip(root.outer_iter()) {
                    let expected: f64 =
                        conditional.used.iter().map(|&other| conditional.at(column, other) * apart[other]).sum();
                    let chance: f64 = root.iter().zip(&noise).map(|(root, noise)| root * noise).sum();
                    let value = normal.mean[column] + expected + chance;
                    imputed.push(layout.centres[column] + layout.scales[column] * value);
                }
            }
        }
        imputed
    }

    /// Fits each completed data set in turn and pools the fits by Rubin's rules.
    ///
    /// # Errors
    /// The first error of a fit; terms that are not the same in all data sets.
    pub fn pool(
        &self,
        confidence: Confidence,
        mut fit: impl FnMut(&Observations) -> Result<CompletedFit, FitError>,
    ) -> Result<Pooled, MissingError> {
        let mut fits = Vec::with_capacity(self.draws.len());
        for imputation in 0..self.draws.len() {
            fits.push(fit(&self.completed(imputation)?)?);
        }
        let mut pooled = pool(&fits, confidence)?;
        pooled.findings.extend(self.findings.iter().cloned());
        Ok(pooled)
    }
}
