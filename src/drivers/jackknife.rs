//! Standard errors without resampling: how contributions answer to a little more weight on each row.

use super::analysis::Plan;
use super::regression::Layout;
use crate::data::{Observations, WeightKind};
use crate::stats::SecondMoments;
use crate::stats::linear_algebra::SymmetricEigen;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

/// The step of central differences, as a share of the moments' own size: their error is its square, that of rounding 1e-16 over it.
const STEP: f64 = 1e-5;

/// Mixtures with less than this share of the largest are rounding: columns are combinations of others there.
const NO_VARIANCE: f64 = 1e-13;

/// Rows taken at a time.
const BLOCK_ROWS: usize = 1024;

/// Standard errors of contributions and shares, one a driver.
pub(super) struct JackknifeErrors {
    pub contributions: Array1<f64>,
    pub shares: Array1<f64>,
}

/// The infinitesimal jackknife: with `u_i` the derivative of a contribution by the logarithm of a cluster's weight (of a
/// row's where there are no clusters), the variance is `G / (G - 1) sum_i u_i^2` over the G clusters.
///
/// Contributions follow from the moments, so their derivatives by each moment are taken once (central differences, of moments of
/// uncorrelated mixtures of the columns), and a row's are a quadratic form of its values. `centred` is n_rows by n_columns,
/// centred by the weighted means, the outcome last. `None` where moments near these allow no fit.
///
/// # References
/// Jaeckel (1972), "The infinitesimal jackknife", Bell Laboratories memorandum; Efron and Tibshirani (1993), "An
/// Introduction to the Bootstrap", chapter 21; Binder (1983), "On the variances of asymptotically normal estimators from
/// complex surveys", International Statistical Review 51(3), for clusters and sampling weights.
pub(super) fn errors(
    observations: &Observations,
    centred: ArrayView2<f64>,
    moments: &SecondMoments,
    layout: &Layout,
    plan: &Plan,
    seed: u64,
) -> Option<JackknifeErrors> {
    let mixture = Mixture::of(moments)?;
    let contributions = |moments: &SecondMoments| plan.contributions_of(moments, layout, seed);
    let slopes = mixture.slopes(mixture.factor.view(), contributions)?;
    let own = contributions(&mixture.moments(mixture.factor.view()))?;
    let blocks: Vec<Array2<f64>> = centred
        .axis_chunks_iter(Axis(0), BLOCK_ROWS)
        .into_par_iter()
        .map(|rows| mixture.products(mixture.of_rows(rows).view()).dot(&slopes))
        .collect();
    gathered(observations, own.view(), |row| Some(blocks[row / BLOCK_ROWS].row(row % BLOCK_ROWS)))
}

/// The errors that follow from each row's influence: the derivatives of the contributions by its weight, `None` for a row
/// without one. `own` are the contributions.
pub(super) fn gathered<'i>(
    observations: &Observations,
    own: ArrayView1<f64>,
    influence: impl Fn(usize) -> Option<ArrayView1<'i, f64>>,
) -> Option<JackknifeErrors> {
    let total = own.sum();
    let weights = observations.weights();
    let is_frequency = weights.kind() == Some(WeightKind::Frequency) && observations.clusters().is_none();
    let n_groups = observations.clusters().map_or(observations.n_rows(), |clusters| clusters.n_clusters());
    let mut influences = Array2::<f64>::zeros((n_groups, own.len()));
    let mut counts = Array1::<f64>::zeros(n_groups);
    for row in 0..observations.n_rows() {
        let weight = weights.of(row);
        let Some(influence) = influence(row).filter(|_| weight > 0.0) else { continue };
        let group = observations.clusters().map_or(row, |clusters| clusters.codes()[row] as usize);
        // So many equal observations are independent of each other: their variances add up.
        influences.row_mut(group).scaled_add(if is_frequency { weight.sqrt() } else { weight }, &influence);
        counts[group] += if is_frequency { weight } else { 1.0 };
    }
    let n_drawn = if is_frequency { counts.sum() } else { counts.iter().filter(|&&count| count > 0.5).count() as f64 };
    if n_drawn < 1.5 {
        return None;
    }
    let correction = n_drawn / (n_drawn - 1.0);
    let root_of_squares = |values: &Array2<f64>| {
        values.mapv(|value| value * value).sum_axis(Axis(0)).mapv(|sum| (correction * sum).sqrt())
    };
    let sums = influences.sum_axis(Axis(1));
    let of_shares = Array2::from_shape_fn(influences.dim(), |(group, driver)| match total > 0.0 {
        true => (influences[[group, driver]] - own[driver] / total * sums[group]) / total,
        false => 0.0,
    });
    Some(JackknifeErrors { contributions: root_of_squares(&influences), shares: root_of_squares(&of_shares) })
}

/// Columns of unit length as mixtures `x = F z` of uncorrelated ones.
///
/// A little more weight on a row changes the moments of `z` from the identity by the row's own `z z'`. Taken there, differences
/// neither set apart columns that are combinations of others in every row, nor lose digits where columns nearly are.
pub(super) struct Mixture {
    /// `F`, n_columns by n_directions.
    pub factor: Array2<f64>,
    /// Centred columns times this are the uncorrelated ones, n_columns by n_directions.
    back: Array2<f64>,
    /// The pairs of directions, each once.
    pairs: Vec<(usize, usize)>,
}

impl Mixture {
    /// `None` where eigenvalues cannot be found.
    pub fn of(moments: &SecondMoments) -> Option<Self> {
        let eigen = SymmetricEigen::of(standardised(moments).view())?;
        let floor = NO_VARIANCE * eigen.values.iter().copied().fold(0.0, f64::max);
        let kept: Vec<usize> = (0..eigen.values.len()).filter(|&place| eigen.values[place] > floor).collect();
        let roots = eigen.values.select(Axis(0), &kept).mapv(f64::sqrt);
        let vectors = eigen.vectors.select(Axis(1), &kept);
        let mut back = &vectors / &roots;
        for (column, mut own) in back.outer_iter_mut().enumerate() {
            let scale = moments.scale(column);
            own.mapv_inplace(|value| if scale > 0.0 { value / scale } else { 0.0 });
        }
        let pairs = (0..kept.len()).flat_map(|row| (0..=row).map(move |column| (row, column))).collect();
        Some(Self { factor: &vectors * &roots, back, pairs })
    }

    /// The uncorrelated columns of some centred rows.
    pub fn of_rows(&self, centred: ArrayView2<f64>) -> Array2<f64> {
        centred.dot(&self.back)
    }

    /// Their products, pair by pair.
    pub fn products(&self, directions: ArrayView2<f64>) -> Array2<f64> {
        Array2::from_shape_fn((directions.nrows(), self.pairs.len()), |(row, pair)| {
            directions[[row, self.pairs[pair].0]] * directions[[row, self.pairs[pair].1]]
        })
    }

    /// The moments of columns that are mixed by `factor`.
    pub fn moments(&self, factor: ArrayView2<f64>) -> SecondMoments {
        of_products(factor.dot(&factor.t()))
    }

    /// The derivatives, by the moments of the uncorrelated columns, of what follows from the moments of columns that are mixed
    /// by `factor`; n_pairs by n_drivers.
    pub fn slopes(
        &self,
        factor: ArrayView2<f64>,
        contributions: impl Fn(&SecondMoments) -> Option<Array1<f64>> + Sync,
    ) -> Option<Array2<f64>> {
        let at = factor.dot(&factor.t());
        let along = |&(row, column): &(usize, usize)| {
            let (left, right) = (factor.column(row), factor.column(column));
            let both = if row == column { 0.5 } else { 1.0 };
            let along = Array2::from_shape_fn(at.dim(), |(one, other)| {
                both * (left[one] * right[other] + left[other] * right[one])
            });
            let moved = |by: f64| contributions(&of_products(&at + &along * by));
            Some((moved(STEP)? - moved(-STEP)?) / (2.0 * STEP))
        };
        stacked(self.pairs.par_iter().map(along).collect::<Option<Vec<Array1<f64>>>>()?)
    }

    /// The derivatives by how the last column is mixed, n_directions by n_drivers.
    pub fn slopes_of_last(
        &self,
        factor: ArrayView2<f64>,
        contributions: impl Fn(&SecondMoments) -> Option<Array1<f64>> + Sync,
    ) -> Option<Array2<f64>> {
        let last = factor.nrows() - 1;
        let step = STEP * factor.row(last).dot(&factor.row(last)).sqrt();
        let along = |direction: usize| {
            let moved = |by: f64| {
                let mut factor = factor.to_owned();
                factor[[last, direction]] += by;
                contributions(&self.moments(factor.view()))
            };
            Some((moved(step)? - moved(-step)?) / (2.0 * step))
        };
        let n_directions = factor.ncols();
        stacked((0..n_directions).into_par_iter().map(along).collect::<Option<Vec<Array1<f64>>>>()?)
    }
}

/// One row each; `None` for none.
fn stacked(rows: Vec<Array1<f64>>) -> Option<Array2<f64>> {
    let n_columns = rows.first()?.len();
    Some(Array2::from_shape_fn((rows.len(), n_columns), |(row, column)| rows[row][column]))
}

/// Moments of centred columns.
fn of_products(cross_products: Array2<f64>) -> SecondMoments {
    SecondMoments { weight_sum: 1.0, means: Array1::zeros(cross_products.nrows()), cross_products }
}

/// Products of columns of unit length, those that do not vary being zero.
fn standardised(moments: &SecondMoments) -> Array2<f64> {
    let mut products = moments.correlations();
    for column in (0..moments.n_columns()).filter(|&column| !moments.varies(column)) {
        products[[column, column]] = 0.0;
    }
    products
}

#[cfg(test)]
mod tests {
    use crate::data::{DesignMatrix, Observations, Outcome, WeightKind, Weights};
    use crate::drivers::Method;
    use crate::drivers::analysis::{Driver, DriverAnalysis};
    use crate::estimators::formula_data::FormulaData;
    use ndarray::{Array2, Axis, concatenate};

    /// Columns of which one is a combination of two others, or all but that; one row may have another weight than one.
    fn observations(apart: f64, row: usize, weight: f64) -> Observations {
        let data = FormulaData::of(120);
        let sum = Array2::from_shape_fn((120, 1), |(row, _)| {
            let x = data.features.row(row);
            x[0] + 0.1 * x[1] + apart * (row as f64 * 1.7).sin()
        });
        let names = ["speed", "price", "calls", "sum"].map(str::to_owned).to_vec();
        let design = DesignMatrix::new(names, concatenate![Axis(1), data.features, sum]).expect("finite");
        let outcome = Outcome::numeric("y", data.number).expect("finite");
        let weights = (0..120).map(|own| if own == row { weight } else { 1.0 }).collect();
        let weights = Weights::new(WeightKind::Sampling, weights).expect("not negative");
        Observations::new(design, outcome).and_then(|own| own.weighted(weights)).expect("one a row")
    }

    #[test]
    fn columns_that_are_combinations_of_others_have_the_errors_of_moving_weights() {
        let names = ["speed", "price", "calls", "sum"];
        let drivers: Vec<Driver> = names.iter().enumerate().map(|(at, name)| Driver::column(*name, at)).collect();
        for (method, apart) in [
            (Method::Shapley, 0.0),
            (Method::RelativeWeights, 0.0),
            (Method::Shapley, 1e-4),
            (Method::RelativeWeights, 1e-4),
        ] {
            let analysis =
                DriverAnalysis { methods: vec![method], replicates: 0, jackknife: true, ..Default::default() };
            let ranked = |row: usize, weight: f64| {
                let ranking = analysis.rank(&observations(apart, row, weight), &drivers, &[]).expect("a ranking");
                names.map(|name| ranking.drivers.iter().find(|row| row.driver == name).expect("ranked").clone())
            };
            let step = 1e-3;
            let moved: Vec<[f64; 4]> = (0..120)
                .map(|row| {
                    let (above, below) = (ranked(row, 1.0 + step), ranked(row, 1.0 - step));
                    [0, 1, 2, 3].map(|own: usize| (above[own].contribution - below[own].contribution) / (2.0 * step))
                })
                .collect();
            for (driver, row) in ranked(0, 1.0).iter().enumerate() {
                let squares = moved.iter().map(|own| own[driver].powi(2)).sum::<f64>();
                let (got, want) = (row.std_error.expect("asked for"), (120.0 / 119.0 * squares).sqrt());
                assert!((got / want - 1.0).abs() < 1e-4, "{method} {apart} {}: {got} {want}", row.driver);
            }
        }
    }
}
