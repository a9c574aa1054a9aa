//! The uncertainty of a model of counts: from the model, robust, or by cluster, with or without `alpha`.

use super::FitError;
use super::cases::Cases;
use super::columns::{At, Columns, Terms};
use super::negative_binomial::Pascal;
use super::poisson::Observed;
use super::rising_factorial::{Histogram, RisingTable};
use super::robust::{Sandwich, by_cluster, cluster_products};
use super::summary::StdErrors;
use crate::data::Clusters;
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, s};

/// A covariance in the basis.
pub(super) struct Uncertainty {
    pub(super) covariance: Array2<f64>,
    pub(super) of_ln_alpha: Option<OfLnAlpha>,
    pub(super) n_clusters: Option<usize>,
}

/// What the joint covariance says of `ln alpha`.
#[derive(Clone)]
pub(super) struct OfLnAlpha {
    pub(super) variance: f64,
    /// Covariances with the coefficients in the basis.
    pub(super) mixed: Array1<f64>,
}

const NOTHING: Terms = Terms { curvature: 0.0, score: 0.0, value: 0.0 };

/// # Errors
/// Missing or single clusters; leverage one where HC3 is asked for.
pub(super) fn poisson_uncertainty(
    columns: &Columns,
    coefficients: &[f64],
    bread: Array2<f64>,
    cases: &Cases,
    clusters: Option<&Clusters>,
    observed: impl Fn(usize) -> Observed + Sync,
    computed: StdErrors,
) -> Result<Uncertainty, FitError> {
    let mean = |row: usize, predictor: f64| (predictor + observed(row).offset).exp();
    let (covariance, n_clusters) = match computed {
        StdErrors::Model => (bread, None),
        StdErrors::Cluster => {
            let residual = |row: usize, predictor: f64| cases.outcome(row) - mean(row, predictor);
            let clustered = by_cluster(columns, coefficients, bread.view(), cases, clusters, residual)?;
            (clustered.covariance, Some(clustered.n_clusters))
        }
        StdErrors::Hc1 | StdErrors::Hc3 => {
            let sandwich = Sandwich::new(computed, cases, bread.view());
            let at = At { coefficients: Some(coefficients), metric: sandwich.metric() };
            let meat = columns.sums(at, |case| {
                if !cases.counts(case.row) {
                    return NOTHING;
                }
                let mean = mean(case.row, case.predictor);
                Terms { curvature: sandwich.curvature(&case, cases.outcome(case.row) - mean, mean), ..NOTHING }
            });
            (sandwich.covariance(&meat.matrix)?, None)
        }
    };
    Ok(Uncertainty { covariance, of_ln_alpha: None, n_clusters })
}

/// The same with `ln alpha` after the coefficients, in the parameters and in the bread.
///
/// # Errors
/// Missing or single clusters; leverage one where HC3 is asked for.
#[expect(clippy::too_many_arguments, reason = "the parts of one fit, none of which belongs to another")]
pub(super) fn joint_uncertainty(
    columns: &Columns,
    parameters: &[f64],
    bread: Array2<f64>,
    cases: &Cases,
    clusters: Option<&Clusters>,
    observed: impl Fn(usize) -> Observed + Sync,
    histogram: &Histogram,
    computed: StdErrors,
) -> Result<Uncertainty, FitError> {
    let n_terms = columns.n_terms();
    let (coefficients, ln_alpha) = (&parameters[..n_terms], parameters[n_terms]);
    let table = RisingTable::of(ln_alpha.exp(), histogram.count_max());
    let pascal =
        |row: usize, predictor: f64| Pascal::of(cases.outcome(row), predictor + observed(row).offset, ln_alpha);
    let of_alpha = |row: usize, pascal: &Pascal| pascal.score_of_alpha(table.at(cases.outcome(row)));
    let (joint, n_clusters) = match computed {
        StdErrors::Model => (bread, None),
        StdErrors::Cluster => {
            let sorted = cases.by_cluster(clusters.ok_or(FitError::NoClusters)?);
            let n_clusters = sorted.n_clusters();
            if n_clusters < 2 {
                return Err(FitError::OneCluster);
            }
            let unrotated = columns.before_rotation(coefficients).to_vec();
            let products = cluster_products(columns, n_terms + 1, &sorted, |row, z, score| {
                let predictor: f64 = z.iter().zip(&unrotated).map(|(z, coefficient)| z * coefficient).sum();
                let (weight, pascal) = (cases.weight(row), pascal(row, predictor));
                let factor = weight * pascal.residual();
                score.iter_mut().zip(z).for_each(|(score, z)| *score += factor * z);
                score[n_terms] += weight * of_alpha(row, &pascal);
            });
            let basis = columns.products_after_rotation(products.slice(s![..n_terms, ..n_terms]).to_owned());
            let mixed = columns.vector_after_rotation(products.slice(s![..n_terms, n_terms]).to_owned());
            let meat = bordered(&basis, &mixed, products[[n_terms, n_terms]]);
            let (n_used, groups) = (cases.n_used as f64, n_clusters as f64);
            let factor = groups / (groups - 1.0) * (n_used - 1.0) / (n_used - parameters.len() as f64);
            (bread.dot(&meat).dot(&bread) * factor, Some(n_clusters))
        }
        StdErrors::Hc1 | StdErrors::Hc3 => {
            let weights = columns.sums(At { coefficients: Some(coefficients), metric: None }, |case| {
                let weight = cases.weight(case.row);
                if weight <= 0.0 {
                    return NOTHING;
                }
                Terms { curvature: weight * pascal(case.row, case.predictor).weight, ..NOTHING }
            });
            let working = Cholesky::of(weights.matrix.view()).inverse();
            let sandwich = Sandwich::new(computed, cases, working.view());
            let at = At { coefficients: Some(coefficients), metric: sandwich.metric() };
            let meat = columns.sums(at, |case| {
                if !cases.counts(case.row) {
                    return NOTHING;
                }
                let pascal = pascal(case.row, case.predictor);
                let (residual, of_alpha) = (pascal.residual(), of_alpha(case.row, &pascal));
                let factor = sandwich.curvature(&case, 1.0, pascal.weight);
                Terms {
                    curvature: factor * residual * residual,
                    score: factor * residual * of_alpha,
                    value: factor * of_alpha * of_alpha,
                }
            });
            // The rows of leverage one are the working regression's.
            sandwich.covariance(&meat.matrix)?;
            let n_used = cases.n_used as f64;
            let factor = match computed {
                StdErrors::Hc1 => n_used / (n_used - parameters.len() as f64),
                _ => 1.0,
            };
            (bread.dot(&bordered(&meat.matrix, &meat.vector, meat.value)).dot(&bread) * factor, None)
        }
    };
    let of_ln_alpha =
        OfLnAlpha { variance: joint[[n_terms, n_terms]], mixed: joint.slice(s![..n_terms, n_terms]).to_owned() };
    let covariance = joint.slice(s![..n_terms, ..n_terms]).to_owned();
    Ok(Uncertainty { covariance, of_ln_alpha: Some(of_ln_alpha), n_clusters })
}

/// A symmetric matrix with one more row and column.
fn bordered(matrix: &Array2<f64>, border: &Array1<f64>, corner: f64) -> Array2<f64> {
    let last = border.len();
    let mut whole = Array2::zeros((last + 1, last + 1));
    whole.slice_mut(s![..last, ..last]).assign(matrix);
    whole.slice_mut(s![..last, last]).assign(border);
    whole.slice_mut(s![last, ..last]).assign(border);
    whole[[last, last]] = corner;
    whole
}
