//! What further columns would add to a fit, by their score test: no model is fitted again.

use crate::estimators::StdErrors;
use crate::estimators::augment::{Augment, Kind};
use crate::estimators::robust::TASK_CLUSTERS;
use crate::stats::distributions::{chi_squared_upper, f_upper};
use crate::stats::linear_algebra::Cholesky;
use ndarray::{Array1, Array2, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Below this a model variance is taken for this, so that working residuals stay finite (absolute).
const VARIANCE_MIN: f64 = 1e-150;

/// A test of what a model leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Departure {
    /// F where `df_residual` is given, or else chi squared.
    pub statistic: f64,
    /// Columns tested, or degrees of freedom of the numerator.
    pub df: f64,
    /// Degrees of freedom of the denominator of an F statistic.
    pub df_residual: Option<f64>,
    /// The probability of a statistic at least as large if nothing were left out.
    pub p_value: f64,
    /// The share (0-1) of what the model leaves unexplained that the columns tested would explain.
    pub share_explained: f64,
}

/// Columns beside those of a model, and the sums that tests of them need.
pub(super) struct Added {
    kind: Kind,
    df_residual: f64,
    n_used: f64,
    n_terms: usize,
    /// `sum w v u u'` with `u` the basis, the added columns and last the working residual, in residual deviations.
    products: Array2<f64>,
    robust: Option<Robust>,
}

/// `sum s s'` over rows or clusters with `s` the sum of `w e u`.
struct Robust {
    meat: Array2<f64>,
    n_clusters: Option<usize>,
}

impl Added {
    /// `write` fills the `n_added` columns of a row. One pass, and a second where standard errors are robust.
    pub(super) fn new(
        augment: &Augment,
        std_errors: StdErrors,
        n_added: usize,
        write: impl Fn(usize, &mut [f64]) + Sync,
    ) -> Self {
        let cases = &augment.cases;
        let unit = augment.unit();
        let products = augment.columns.products_beside(n_added + 1, |row, beside| {
            write(row, &mut beside[..n_added]);
            let variance = augment.information(row).max(VARIANCE_MIN);
            beside[n_added] = augment.residual(row) / variance / unit;
            cases.weight(row) * variance
        });
        let robust = match std_errors {
            StdErrors::Model => None,
            StdErrors::Cluster if augment.observations.clusters().is_some() => {
                Some(clustered(augment, n_added, unit, &write))
            }
            _ => {
                let meat = augment.columns.products_beside(n_added, |row, beside| {
                    write(row, beside);
                    cases.squared_score_weight(row) * (augment.residual(row) / unit).powi(2)
                });
                Some(Robust { meat, n_clusters: None })
            }
        };
        Self {
            kind: augment.kind,
            df_residual: augment.df_residual,
            n_used: cases.n_used as f64,
            n_terms: augment.columns.n_terms(),
            products,
            robust,
        }
    }

    /// Tests some of the added columns together, by place among them. `None` where they add nothing new to the model's
    /// own columns or no degree of freedom is left.
    ///
    /// Linear with model-based errors: the F test of the larger model, exactly. Otherwise Rao's score test, whose
    /// variance is the information or, for robust errors, the squared scores of rows or clusters.
    ///
    /// # References
    /// Rao (1948), Mathematical Proceedings of the Cambridge Philosophical Society 44(1); Wooldridge (1991), "On the
    /// application of robust, regression-based diagnostics to models of conditional means and conditional variances",
    /// Journal of Econometrics 47(1).
    pub(super) fn test(&self, chosen: &[usize]) -> Option<Departure> {
        let fitted = Larger::of(self, chosen)?;
        let df = fitted.places.len() as f64;
        let share_explained = match self.kind {
            Kind::Number => fitted.gain / self.df_residual,
            Kind::Class | Kind::Count { .. } => fitted.gain / self.n_used,
        };
        let test = |statistic: f64, df_residual: Option<f64>| {
            let p_value = match df_residual {
                Some(df_residual) => f_upper(statistic, df, df_residual),
                None => chi_squared_upper(statistic, df),
            };
            Departure { statistic, df, df_residual, p_value, share_explained: share_explained.clamp(0.0, 1.0) }
        };
        match (&self.robust, self.kind) {
            (Some(robust), _) => {
                let statistic = fitted.robust_statistic(self, robust)?;
                Some(match robust.n_clusters {
                    Some(n_clusters) => test(statistic / df, Some(n_clusters as f64 - 1.0)),
                    None => test(statistic, None),
                })
            }
            (None, Kind::Class | Kind::Count { .. }) => Some(test(fitted.gain, None)),
            (None, Kind::Number) => {
                let df_residual = self.df_residual - df;
                // The squares are in residual variances, so what the model leaves is its degrees of freedom.
                let left = (self.df_residual - fitted.gain).max(0.0);
                (df_residual > 0.0).then(|| test(fitted.gain / df / (left / df_residual), Some(df_residual)))
            }
        }
    }

    /// The coefficient that an added column would get if it alone were added, in the units of the linear predictor.
    pub(super) fn coefficient(&self, added: usize, sigma: f64) -> Option<f64> {
        let fitted = Larger::of(self, &[added])?;
        Some(*fitted.coefficients.last()? * sigma)
    }
}

/// The model with the columns tested, one scoring step from the model itself.
struct Larger {
    /// Places of the tested columns in the sums that are no combination of the model's and earlier ones.
    places: Vec<usize>,
    coefficients: Array1<f64>,
    /// How much less is left, in residual variances.
    gain: f64,
}

impl Larger {
    fn of(added: &Added, chosen: &[usize]) -> Option<Self> {
        let n_terms = added.n_terms;
        let all: Vec<usize> = (0..n_terms).chain(chosen.iter().map(|&place| n_terms + place)).collect();
        let products =
            Array2::from_shape_fn((all.len(), all.len()), |(row, column)| added.products[[all[row], all[column]]]);
        if products.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let scores = added.products.column(added.products.ncols() - 1);
        let explained = |cholesky: &Cholesky| {
            let right: Array1<f64> = cholesky.kept().iter().map(|&place| scores[all[place]]).collect();
            let solution = cholesky.solve(right.view());
            (right.dot(&solution), solution)
        };
        let own = Cholesky::of(products.slice(s![..n_terms, ..n_terms]));
        let larger = Cholesky::of(products.view());
        let places: Vec<usize> =
            larger.kept().iter().filter(|&&place| place >= n_terms).map(|&place| all[place]).collect();
        if own.kept().len() < n_terms || places.is_empty() {
            return None;
        }
        let (before, _) = explained(&own);
        let (after, coefficients) = explained(&larger);
        Some(Self { places, coefficients, gain: (after - before).max(0.0) })
    }

    /// `S' (L M L')^-1 S` with `L` taking the model's own columns out of the tested ones.
    fn robust_statistic(&self, added: &Added, robust: &Robust) -> Option<f64> {
        let n_terms = added.n_terms;
        let own = Cholesky::of(added.products.slice(s![..n_terms, ..n_terms]));
        let scores = added.products.column(added.products.ncols() - 1);
        let n_tested = self.places.len();
        let mut left = Array2::<f64>::zeros((n_tested, n_terms + n_tested));
        let mut score = Array1::<f64>::zeros(n_tested);
        for (index, &place) in self.places.iter().enumerate() {
            let slopes = own.solve(added.products.slice(s![..n_terms, place]));
            score[index] = scores[place] - slopes.dot(&scores.slice(s![..n_terms]));
            left.slice_mut(s![index, ..n_terms]).assign(&(-slopes));
            left[[index, n_terms + index]] = 1.0;
        }
        let all: Vec<usize> = (0..n_terms).chain(self.places.iter().copied()).collect();
        let meat = Array2::from_shape_fn((all.len(), all.len()), |(row, column)| robust.meat[[all[row], all[column]]]);
        let variance = left.dot(&meat).dot(&left.t());
        let cholesky = Cholesky::of(variance.view());
        // Scores that vanish in every row but one direction leave fewer tests than columns.
        let whole = cholesky.kept().len() == n_tested && variance.iter().all(|value| value.is_finite());
        whole.then(|| score.dot(&cholesky.solve(score.view())))
    }
}

/// Scores summed by cluster before they are squared.
fn clustered(augment: &Augment, n_added: usize, unit: f64, write: &(impl Fn(usize, &mut [f64]) + Sync)) -> Robust {
    let Some(clusters) = augment.observations.clusters() else {
        return Robust { meat: Array2::zeros((0, 0)), n_clusters: None };
    };
    let sorted = augment.cases.by_cluster(clusters);
    let n_terms = augment.columns.n_terms();
    let width = n_terms + n_added;
    let task = |first: usize| {
        let clusters = first..(first + TASK_CLUSTERS).min(sorted.n_clusters());
        let mut scores = Array2::<f64>::zeros((clusters.len(), width));
        let mut row_values = vec![0.0; width];
        for (cluster, mut score) in clusters.zip(scores.outer_iter_mut()) {
            for &row in &sorted.rows[sorted.starts[cluster]..sorted.starts[cluster + 1]] {
                let (own, beside) = row_values.split_at_mut(n_terms);
                augment.columns.write_row(row, own);
                write(row, beside);
                let weight = augment.cases.weight(row) * augment.residual(row) / unit;
                score.iter_mut().zip(&row_values).for_each(|(score, value)| *score += weight * value);
            }
            if augment.columns.is_rotated() {
                let own = augment.columns.vector_after_rotation(score.slice(s![..n_terms]).to_owned());
                score.slice_mut(s![..n_terms]).assign(&own);
            }
        }
        scores.t().dot(&scores)
    };
    let starts: Vec<usize> = (0..sorted.n_clusters()).step_by(TASK_CLUSTERS).collect();
    let tasks: Vec<Array2<f64>> = starts.into_par_iter().map(task).collect();
    let meat = tasks.into_iter().fold(Array2::zeros((width, width)), |total: Array2<f64>, task| total + task);
    Robust { meat, n_clusters: Some(sorted.n_clusters()) }
}
