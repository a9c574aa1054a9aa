//! A linear regression from moments, whoever made them, with standard errors from what each row adds to them.

use super::Treatment;
use super::patterns::{Layout, Piece};
use crate::data::WeightKind;
use crate::estimators::FitError;
use crate::estimators::coefficient::{Coefficient, Reference};
use crate::estimators::fitted_model::{FittedModel, ModelTerm, Parts};
use crate::estimators::inference::few_clusters;
use crate::estimators::summary::{Family, StdErrors};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use crate::stats::linear_algebra::Cholesky;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

/// Rows whose parts are computed at once.
const BLOCK_ROWS: usize = 512;
/// Tasks between two additions to the sums by cluster, so that memory does not grow with the rows.
const BATCH_TASKS: usize = 16;

/// A linear model fitted to moments of columns with gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentFit {
    /// Where the moments came from.
    pub treatment: Treatment,
    /// One row a term, the intercept first; terms that cannot be estimated are in the findings.
    pub coefficients: Vec<Coefficient>,
    /// Covariance of the coefficients, in their order.
    pub covariance: Array2<f64>,
    /// Share of the outcome's variance explained.
    pub r_squared: f64,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight, complete or not.
    pub n_used: usize,
    /// Observations that these stand for: the sum of frequency weights, else the rows.
    pub n_observations: usize,
    /// Degrees of freedom of the statistics.
    pub degrees_of_freedom: f64,
    /// The standard errors that were computed.
    pub std_errors: StdErrors,
    /// Clusters that count, for standard errors by cluster.
    pub n_clusters: Option<usize>,
    /// The model as plain data.
    pub model: FittedModel,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Slopes of the outcome on the other columns, in units of the model.
pub(super) struct Slopes {
    /// Columns with a slope.
    pub(super) kept: Vec<usize>,
    /// Columns that are combinations of earlier ones.
    pub(super) aliased: Vec<usize>,
    /// One slope a kept column.
    pub(super) slopes: Vec<f64>,
    /// Inverse of the covariance of the kept columns.
    pub(super) inverse: Array2<f64>,
    pub(super) r_squared: f64,
}

impl Slopes {
    /// From a covariance of n columns, the outcome last.
    pub(super) fn of(n: usize, covariance: impl Fn(usize, usize) -> f64) -> Self {
        let last = n - 1;
        let spread: Vec<f64> = (0..n).map(|column| covariance(column, column).sqrt()).collect();
        let correlation = |row: usize, column: usize| covariance(row, column) / spread[row] / spread[column];
        let cholesky =
            Cholesky::of(Array2::from_shape_fn((last, last), |(row, column)| correlation(row, column)).view());
        let kept = cholesky.kept().to_vec();
        let with: Array1<f64> = kept.iter().map(|&column| correlation(column, last)).collect();
        let standardised = cholesky.solve(with.view());
        let inverse = cholesky.inverse();
        Self {
            slopes: kept
                .iter()
                .zip(&standardised)
                .map(|(&column, slope)| slope * spread[last] / spread[column])
                .collect(),
            inverse: Array2::from_shape_fn(inverse.dim(), |(row, column)| {
                inverse[[row, column]] / spread[kept[row]] / spread[kept[column]]
            }),
            r_squared: with.dot(&standardised),
            aliased: cholesky.aliased().to_vec(),
            kept,
        }
    }

    /// `(-slopes, 1)` over all columns: the residual as a combination of them.
    pub(super) fn contrast(&self, n: usize) -> Vec<f64> {
        let mut contrast = vec![0.0; n];
        contrast[n - 1] = 1.0;
        self.kept.iter().zip(&self.slopes).for_each(|(&column, slope)| contrast[column] = -slope);
        contrast
    }
}

/// What a treatment found, in units of the model.
pub(super) struct Estimated<'e> {
    pub(super) treatment: Treatment,
    pub(super) slopes: &'e Slopes,
    /// Means of the columns of the model.
    pub(super) means: &'e [f64],
    /// Variances of the columns of the model.
    pub(super) variances: Vec<f64>,
    /// Covariance of the expected outcome at the means and of the slopes.
    pub(super) covariance: Array2<f64>,
    pub(super) std_errors: StdErrors,
    pub(super) n_clusters: Option<usize>,
    /// Observations that degrees of freedom are counted from.
    pub(super) n_observations: f64,
}

impl MomentFit {
    pub(super) fn new(
        layout: &Layout,
        estimated: Estimated,
        confidence: Confidence,
        mut findings: Vec<Finding>,
    ) -> Self {
        let Estimated { slopes, means, n_clusters, .. } = &estimated;
        let last = layout.places.len();
        let n_terms = slopes.kept.len() + 1;
        let own_mean = |column: usize| layout.centres[column] + layout.scales[column] * means[column];
        let unit = |column: usize| layout.scales[last] / layout.scales[column];
        // From the expected outcome at the means and the slopes, in units of the model, to intercept and slopes.
        let mut map = Array2::zeros((n_terms, n_terms));
        map[[0, 0]] = layout.scales[last];
        for (index, &column) in slopes.kept.iter().enumerate() {
            map[[index + 1, index + 1]] = unit(column);
            map[[0, index + 1]] = -unit(column) * own_mean(column);
        }
        let covariance = map.dot(&estimated.covariance).dot(&map.t());
        let covariance = (&covariance + &covariance.t()) * 0.5;
        let mut terms: Vec<ModelTerm> = layout
            .gaps
            .names()
            .iter()
            .zip(&layout.available)
            .map(|(name, available)| ModelTerm {
                term: name.clone(),
                estimate: None,
                mean: available.mean,
                std_dev: available.std_dev,
            })
            .collect();
        for (column, &place) in layout.places.iter().enumerate() {
            terms[place].mean = own_mean(column);
            terms[place].std_dev = estimated.variances[column].max(0.0).sqrt() * layout.scales[column];
        }
        let at_means = own_mean(last);
        let mut intercept = at_means;
        for (&column, slope) in slopes.kept.iter().zip(&slopes.slopes) {
            let slope = slope * unit(column);
            terms[layout.places[column]].estimate = Some(slope);
            intercept -= slope * own_mean(column);
        }
        let outcome = layout.gaps.answered().outcome().name().to_owned();
        findings.extend(few_clusters(&outcome, *n_clusters));
        let model = FittedModel::from_consistent(Parts {
            levels: Vec::new(),
            thresholds: Vec::new(),
            family: Family::Linear,
            outcome,
            intercept,
            at_means,
            terms,
            covariance: covariance.outer_iter().map(|row| row.to_vec()).collect(),
        });
        let degrees_of_freedom = match n_clusters {
            Some(n_clusters) => *n_clusters as f64 - 1.0,
            None => (estimated.n_observations - n_terms as f64).max(1.0),
        };
        let estimates = std::iter::once(intercept).chain(model.terms().iter().filter_map(|term| term.estimate));
        let rows = model
            .estimated()
            .zip(estimates)
            .zip(covariance.diag())
            .map(|((term, value), &variance)| (term, value, variance));
        let coefficients = Reference::Student { degrees_of_freedom }.table(rows, confidence);
        Self {
            treatment: estimated.treatment,
            coefficients,
            covariance,
            r_squared: slopes.r_squared,
            n_rows: layout.gaps.n_rows(),
            n_used: layout.cases.n_rows,
            n_observations: layout.cases.n_used,
            degrees_of_freedom,
            std_errors: estimated.std_errors,
            n_clusters: *n_clusters,
            model,
            findings,
        }
    }
}

/// Standard errors that can be had where they are not those asked for, with the finding that says so.
pub(super) fn instead(
    layout: &Layout,
    asked: StdErrors,
    has_model: bool,
    treatment: Treatment,
) -> (StdErrors, Option<Finding>) {
    let is_sampled = layout.cases.kind() == Some(WeightKind::Sampling);
    let computed = match asked {
        StdErrors::Model if has_model && !is_sampled => StdErrors::Model,
        StdErrors::Model | StdErrors::Hc1 | StdErrors::Hc3 => StdErrors::Hc1,
        StdErrors::Cluster => StdErrors::Cluster,
    };
    let finding = (computed != asked).then(|| {
        let of = if has_model && asked == StdErrors::Model { "Sampling weights" } else { treatment.title() };
        let sentence =
            format!("{of} have no {} standard errors: {} ones were computed.", asked.word(), computed.word());
        let outcome = layout.gaps.answered().outcome().name();
        Finding::new(FindingKind::NotEstimated, Severity::Note, outcome, sentence)
    });
    (computed, finding)
}

/// Columns that are combinations of others, by name.
pub(super) fn aliased_findings(layout: &Layout, aliased: &[usize]) -> Vec<Finding> {
    let say = |&column: &usize| {
        let name = layout.name(column);
        let sentence = format!("`{name}` cannot be told from a combination of the columns before it and is left out.");
        Finding::new(FindingKind::Aliased, Severity::Warning, name, sentence)
    };
    aliased.iter().map(say).collect()
}

/// A robust covariance and the clusters behind it.
pub(super) struct Robust {
    pub(super) covariance: Array2<f64>,
    pub(super) n_clusters: Option<usize>,
}

/// The sandwich from what each row adds to the estimates, summed by cluster where standard errors by cluster are asked.
///
/// `prepare` gets a pattern; `apply` gets that, the values of some of its rows (rows by observed columns, in units of
/// the model) and writes what each adds for a weight of one (rows by n_terms). With complete data this is the sandwich
/// of least squares, HC1 or by cluster, with its factor for `n_observations`.
///
/// # Errors
/// No clusters, or only one that counts.
///
/// # References
/// Hampel (1974), "The influence curve and its role in robust estimation", JASA 69(346).
pub(super) fn robust<P>(
    layout: &Layout,
    n_terms: usize,
    n_observations: f64,
    std_errors: StdErrors,
    prepare: impl Fn(usize) -> P + Sync,
    apply: impl Fn(&P, ArrayView2<f64>, ArrayViewMut2<f64>) + Sync,
) -> Result<Robust, FitError> {
    let n = n_observations;
    let left = n / (n - n_terms as f64).max(1.0);
    if std_errors != StdErrors::Cluster {
        let tasks: Vec<Array2<f64>> = layout
            .tasks
            .par_iter()
            .map(|pieces| {
                let mut products = Array2::zeros((n_terms, n_terms));
                each_block(layout, pieces, n_terms, &prepare, &apply, |rows, parts| {
                    let mut weighted = parts.to_owned();
                    for (&row, mut part) in rows.iter().zip(weighted.outer_iter_mut()) {
                        let weight = layout.cases.squared_score_weight(row);
                        part.mapv_inplace(|value| weight * value);
                    }
                    general_mat_mul(1.0, &parts.t(), &weighted, 1.0, &mut products);
                });
                products
            })
            .collect();
        let meat = tasks.into_iter().fold(Array2::zeros((n_terms, n_terms)), |total, task| total + task);
        return Ok(Robust { covariance: meat * left, n_clusters: None });
    }
    let clusters = layout.gaps.answered().clusters().ok_or(FitError::NoClusters)?;
    let n_clusters = layout.cases.by_cluster(clusters).n_clusters();
    if n_clusters < 2 {
        return Err(FitError::OneCluster);
    }
    let mut sums = Array2::<f64>::zeros((clusters.n_clusters(), n_terms));
    for batch in layout.tasks.chunks(BATCH_TASKS) {
        let blocks: Vec<Vec<(&[usize], Array2<f64>)>> = batch
            .par_iter()
            .map(|pieces| {
                let mut blocks = Vec::new();
                each_block(layout, pieces, n_terms, &prepare, &apply, |rows, parts| {
                    blocks.push((rows, parts.to_owned()))
                });
                blocks
            })
            .collect();
        for (rows, parts) in blocks.into_iter().flatten() {
            for (&row, part) in rows.iter().zip(parts.outer_iter()) {
                sums.row_mut(clusters.codes()[row] as usize).scaled_add(layout.cases.weight(row), &part);
            }
        }
    }
    let groups = n_clusters as f64;
    let factor = groups / (groups - 1.0) * (n - 1.0) / n * left;
    Ok(Robust { covariance: sums.t().dot(&sums) * factor, n_clusters: Some(n_clusters) })
}

/// Calls `use_block` with some rows and what each adds (zero for one that does not count).
fn each_block<'l, P>(
    layout: &'l Layout,
    pieces: &[Piece],
    n_terms: usize,
    prepare: &impl Fn(usize) -> P,
    apply: &impl Fn(&P, ArrayView2<f64>, ArrayViewMut2<f64>),
    mut use_block: impl FnMut(&'l [usize], ArrayView2<f64>),
) {
    for piece in pieces {
        let observed = &layout.patterns[piece.pattern].observed;
        let prepared = prepare(piece.pattern);
        for rows in layout.rows[piece.rows.clone()].chunks(BLOCK_ROWS) {
            let mut values = Array2::zeros((rows.len(), observed.len()));
            for (&row, mut values) in rows.iter().zip(values.outer_iter_mut()) {
                if let Some(values) = values.as_slice_mut() {
                    layout.read(row, observed, values);
                }
            }
            let mut parts = Array2::zeros((rows.len(), n_terms));
            apply(&prepared, values.view(), parts.view_mut());
            for (&row, mut part) in rows.iter().zip(parts.outer_iter_mut()) {
                if !layout.cases.counts(row) {
                    part.fill(0.0);
                }
            }
            use_block(rows, parts.view());
        }
    }
}
