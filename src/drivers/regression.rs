//! The moments behind a linear driver analysis and the importance methods that follow from them.

use super::average_coefficients;
use super::lattice::LatticeSums;
use super::packed::Arranged;
use super::relative_weights::{self, inverse_root};
use super::{subset_table, subset_tree};
use crate::stats::SecondMoments;
use crate::stats::linear_algebra::{Cholesky, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

/// Correlations of the drivers' columns and the outcome, columns that are always in the model partialled out.
///
/// Everything is in units of the outcome's variance, so contributions are shares of R squared.
#[derive(Debug, Clone)]
pub(super) struct Regression {
    /// Lower and upper triangle, driver columns first, outcome last.
    moments: Array2<f64>,
    /// The columns of each driver.
    blocks: Vec<Vec<usize>>,
    /// R squared of the columns that are always in.
    explained_always: f64,
    /// How many of those are no combination of others.
    n_always: usize,
}

/// Which columns of the moments are what. The outcome is the last column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// Columns partialled out first.
    pub always: Vec<usize>,
    /// The columns of each driver.
    pub drivers: Vec<Vec<usize>>,
}

/// The full model in standardised units.
#[derive(Debug, Clone)]
pub(super) struct FullModel {
    /// One coefficient per driver column; zero where aliased.
    pub coefficients: Array1<f64>,
    /// Driver columns that are combinations of others.
    pub aliased: Vec<usize>,
    /// R squared of all columns, those always in included.
    pub r_squared: f64,
    /// Variance inflation factor per driver column; infinite where aliased.
    pub variance_inflation: Vec<f64>,
}

impl Regression {
    /// `None` if the outcome does not vary.
    pub fn of(moments: &SecondMoments, layout: &Layout) -> Option<Self> {
        let outcome = moments.n_columns() - 1;
        if !moments.varies(outcome) {
            return None;
        }
        let correlations = moments.correlations();
        let columns: Vec<usize> = layout.drivers.iter().flatten().copied().chain([outcome]).collect();
        let among = |rows: &[usize], columns: &[usize]| {
            Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| {
                let (row, column) = (rows[row], columns[column]);
                // A column without variance is zero altogether, so that it can add nothing.
                if moments.varies(row) && moments.varies(column) { correlations[[row, column]] } else { 0.0 }
            })
        };
        let mut places = 0..;
        let blocks = layout.drivers.iter().map(|driver| places.by_ref().take(driver.len()).collect()).collect();
        let mut adjusted = among(&columns, &columns);
        let (mut explained_always, mut n_always) = (0.0, 0);
        if !layout.always.is_empty() {
            let cholesky = Cholesky::of(among(&layout.always, &layout.always).view());
            let kept: Vec<usize> = cholesky.kept().iter().map(|&place| layout.always[place]).collect();
            let cross = among(&kept, &columns);
            for column in 0..columns.len() {
                let explained = cross.t().dot(&cholesky.solve(cross.column(column)));
                adjusted.column_mut(column).zip_mut_with(&explained, |own, explained| *own -= explained);
            }
            let last = columns.len() - 1;
            spend_rounding(&mut adjusted);
            (explained_always, n_always) = (1.0 - adjusted[[last, last]], kept.len());
        }
        Some(Self { moments: adjusted, blocks, explained_always, n_always })
    }

    /// From a correlation matrix with the outcome last, one driver a column.
    #[cfg(test)]
    pub fn of_correlations(correlations: Array2<f64>) -> Self {
        let blocks = (0..correlations.nrows() - 1).map(|column| vec![column]).collect();
        Self { moments: correlations, blocks, explained_always: 0.0, n_always: 0 }
    }

    /// Share (0-1) of a driver column's variance that the columns that are always in leave; 1 without such.
    pub fn left(&self, column: usize) -> f64 {
        self.moments[[column, column]]
    }

    /// R squared of the columns that are always in.
    pub fn explained_always(&self) -> f64 {
        self.explained_always
    }

    /// Number of columns always in that are no combination of others.
    pub fn n_always(&self) -> usize {
        self.n_always
    }

    /// Number of driver columns.
    pub fn n_columns(&self) -> usize {
        self.moments.nrows() - 1
    }

    fn among(&self) -> ArrayView2<'_, f64> {
        self.moments.slice(s![..self.n_columns(), ..self.n_columns()])
    }

    fn with_outcome(&self) -> ArrayView1<'_, f64> {
        self.moments.slice(s![self.n_columns(), ..self.n_columns()])
    }

    /// Correlation of a driver's column, by its place among them, with the outcome, given what is always in.
    pub fn correlation(&self, driver: usize, place: usize) -> f64 {
        let column = self.column(driver, place);
        let outcome = self.n_columns();
        let length = (self.moments[[column, column]] * self.moments[[outcome, outcome]]).sqrt();
        if length > 0.0 { self.moments[[outcome, column]] / length } else { 0.0 }
    }

    /// A driver's column by its place among them.
    pub fn column(&self, driver: usize, place: usize) -> usize {
        self.blocks[driver][place]
    }

    pub fn full_model(&self) -> FullModel {
        let cholesky = Cholesky::of(self.among());
        let with = self.with_outcome();
        let kept = Array1::from_shape_fn(cholesky.kept().len(), |place| with[cholesky.kept()[place]]);
        let solution = cholesky.solve(kept.view());
        let inverse = cholesky.inverse();
        let mut coefficients = Array1::zeros(self.n_columns());
        let mut variance_inflation = vec![f64::INFINITY; self.n_columns()];
        for (place, &column) in cholesky.kept().iter().enumerate() {
            coefficients[column] = solution[place];
            variance_inflation[column] = inverse[[place, place]] * self.moments[[column, column]];
        }
        FullModel {
            coefficients,
            aliased: cholesky.aliased().to_vec(),
            r_squared: (self.explained_always + kept.dot(&solution)).min(1.0),
            variance_inflation,
        }
    }

    /// Sums over all subsets of the drivers.
    pub fn lattice(&self) -> LatticeSums {
        subset_tree::walk(self.moments.view(), &self.blocks)
    }

    /// Sums over all subsets of groups of drivers.
    pub fn lattice_of(&self, groups: &[Vec<usize>]) -> LatticeSums {
        let blocks: Vec<Vec<usize>> = groups.iter().map(|group| self.columns_of(group)).collect();
        subset_tree::walk(self.moments.view(), &blocks)
    }

    /// The share explained by every subset of the drivers, by the subset's bits.
    pub fn subset_values(&self) -> Vec<f64> {
        subset_table::values(self.moments.view(), &self.blocks)
    }

    /// For every subset of some drivers, the mean share explained by it and the groups before it, each number of which
    /// has its weight.
    pub fn beside_others(&self, own: &[usize], others: &[&[usize]], weights: &[f64]) -> Vec<f64> {
        let own: Vec<Vec<usize>> = own.iter().map(|&driver| self.blocks[driver].clone()).collect();
        let others: Vec<Vec<usize>> = others.iter().map(|group| self.columns_of(group)).collect();
        subset_table::partly_summed(self.moments.view(), &own, &others, weights)
    }

    /// What is explained after each driver of an order.
    pub fn explained_along(&self, order: &[usize]) -> Vec<f64> {
        let blocks: Vec<Vec<usize>> = order.iter().map(|&driver| self.blocks[driver].clone()).collect();
        let arranged = Arranged::of(self.moments.view(), &blocks);
        let mut scratch = vec![0.0; arranged.n_scratch(0)];
        let (mut node, mut left) = (arranged.root(), scratch.as_mut_slice());
        let mut along = Vec::with_capacity(order.len());
        for driver in 0..order.len() {
            (node, left) = arranged.take(node, driver, left);
            along.push(node.explained);
        }
        along
    }

    /// Mean standardised coefficients by number of drivers in the model (see `average_coefficients`).
    pub fn average_coefficients(&self) -> Array2<f64> {
        average_coefficients::average(self.moments.view(), &self.blocks)
    }

    fn columns_of(&self, drivers: &[usize]) -> Vec<usize> {
        drivers.iter().flat_map(|&driver| self.blocks[driver].iter().copied()).collect()
    }

    /// The share that some columns explain.
    fn explained(&self, columns: &[usize]) -> f64 {
        let cholesky = Cholesky::of(self.moments.select(Axis(0), columns).select(Axis(1), columns).view());
        let with: Array1<f64> =
            cholesky.kept().iter().map(|&place| self.moments[[self.n_columns(), columns[place]]]).collect();
        with.dot(&cholesky.solve(with.view()))
    }

    /// What each driver explains alone.
    pub fn explained_alone(&self) -> Array1<f64> {
        self.blocks.iter().map(|block| self.explained(block)).collect()
    }

    /// What is lost when each driver leaves the model of all.
    pub fn lost_without(&self) -> Array1<f64> {
        let all: Vec<usize> = self.blocks.iter().flatten().copied().collect();
        let full = self.explained(&all);
        let without =
            |block: &[usize]| -> Vec<usize> { all.iter().copied().filter(|column| !block.contains(column)).collect() };
        self.blocks.iter().map(|block| full - self.explained(&without(block))).collect()
    }

    /// Standardised coefficients times correlations.
    pub fn pratt(&self) -> Array1<f64> {
        self.full_model().coefficients * self.with_outcome()
    }

    /// Squared standardised coefficients.
    pub fn squared_coefficients(&self) -> Array1<f64> {
        let own = self.moments.diag();
        let mut squared = self.full_model().coefficients;
        squared.zip_mut_with(&own.slice(s![..-1]), |value, own| *value = *value * *value * own);
        squared
    }

    /// Johnson's relative weights.
    pub fn relative_weights(&self) -> Option<Array1<f64>> {
        let (with, correlations) = self.unit_columns();
        relative_weights::of(correlations, with, &self.blocks)
    }

    /// Squared CAR scores, `(R^(-1/2) r)_j^2`.
    ///
    /// # References
    /// Zuber and Strimmer (2011), "High-dimensional regression and variable selection using CAR scores", Statistical
    /// Applications in Genetics and Molecular Biology 10(1).
    pub fn squared_car_scores(&self) -> Option<Array1<f64>> {
        let (with, correlations) = self.unit_columns();
        let scores = inverse_root(&SymmetricEigen::of(correlations.view())?).dot(&with);
        Some(&scores * &scores)
    }

    /// Unit-length driver columns: their covariances with the outcome, and their correlations.
    ///
    /// A column that counts as a combination of those before it is replaced by that combination. What little sets it
    /// apart is then in no method's R squared, instead of in some.
    fn unit_columns(&self) -> (Array1<f64>, Array2<f64>) {
        let n_columns = self.n_columns();
        let lengths: Vec<f64> = (0..n_columns).map(|column| self.moments[[column, column]].sqrt()).collect();
        let unit = |length: f64, value: f64| if length > 0.0 { value / length } else { 0.0 };
        let mut correlations = Array2::from_shape_fn((n_columns, n_columns), |(row, column)| {
            unit(lengths[row], unit(lengths[column], self.moments[[row, column]]))
        });
        let mut with = Array1::from_shape_fn(n_columns, |column| unit(lengths[column], self.with_outcome()[column]));
        let cholesky = Cholesky::of(correlations.view());
        let kept = cholesky.kept();
        for &column in cholesky.aliased() {
            let parts = cholesky.solve(correlations.row(column).select(Axis(0), kept).view());
            let combined = parts.dot(&correlations.select(Axis(0), kept));
            correlations.row_mut(column).assign(&combined);
            correlations.column_mut(column).assign(&combined);
            with[column] = parts.dot(&with.select(Axis(0), kept));
        }
        (with, correlations)
    }
}

/// Columns, and an outcome, fully explained by what is always in keep only rounding; that is set to zero.
fn spend_rounding(adjusted: &mut Array2<f64>) {
    for column in 0..adjusted.nrows() {
        if adjusted[[column, column]] <= 1e-11 {
            adjusted.row_mut(column).fill(0.0);
            adjusted.column_mut(column).fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::game::Game;
    use crate::drivers::groups::Partition;
    use crate::drivers::method::Method;
    use ndarray::array;

    fn of(regression: &Regression, method: Method) -> Array1<f64> {
        let members = (0..regression.n_columns()).map(|driver| vec![driver]).collect();
        let partition = Partition { names: Vec::new(), members };
        Game::of_regression(regression, &partition).contributions(method).expect("a scalar method")
    }

    fn close(got: &Array1<f64>, want: &[f64], absolute: f64) {
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < absolute, "{got} {want}");
        }
    }

    #[test]
    fn two_drivers_by_formula() {
        // phi_1 = (r_1^2 + R^2 - r_2^2) / 2; for two drivers Johnson's weights are the same.
        let regression = Regression::of_correlations(array![[1.0, 0.5, 0.6], [0.5, 1.0, 0.4], [0.6, 0.4, 1.0]]);
        let want = [0.286_666_666_666_666_7, 0.086_666_666_666_666_73];
        close(&of(&regression, Method::Shapley), &want, 1e-14);
        close(&of(&regression, Method::RelativeWeights), &want, 1e-13);
    }

    #[test]
    fn orthogonal_drivers_get_their_squared_correlation_by_every_method() {
        let regression = Regression::of_correlations(array![
            [1.0, 0.0, 0.0, 0.5],
            [0.0, 1.0, 0.0, 0.3],
            [0.0, 0.0, 1.0, 0.1],
            [0.5, 0.3, 0.1, 1.0]
        ]);
        for method in Method::ALL.into_iter().filter(|method| method.is_scalar()) {
            close(&of(&regression, method), &[0.25, 0.09, 0.01], 1e-13);
        }
    }

    #[test]
    fn equicorrelated_drivers_share_equally() {
        // R^2 = p r^2 / (1 + (p - 1) rho); each of six gets a sixth: 0.0625 at rho = 0.6, r = 0.5.
        let correlations = Array2::from_shape_fn((7, 7), |(row, column)| match (row == column, row.max(column) == 6) {
            (true, _) => 1.0,
            (false, true) => 0.5,
            (false, false) => 0.6,
        });
        let regression = Regression::of_correlations(correlations);
        for method in [Method::Shapley, Method::RelativeWeights, Method::Car, Method::Pratt] {
            close(&of(&regression, method), &[0.0625; 6], 1e-13);
        }
    }

    #[test]
    fn conditional_dominance_of_azen_and_budescu() {
        // Azen and Budescu (2003), as quoted in the tests of the R package dominanceanalysis, to .0012.
        let regression = Regression::of_correlations(array![
            [1.0, 0.8, 0.1, 0.3, 0.6],
            [0.8, 1.0, 0.1, 0.1, 0.3],
            [0.1, 0.1, 1.0, 0.5, 0.4],
            [0.3, 0.1, 0.5, 1.0, 0.5],
            [0.6, 0.3, 0.4, 0.5, 1.0]
        ]);
        let table = regression.lattice().conditional_dominance();
        let want = array![
            [0.36, 0.3, 0.263, 0.246],
            [0.09, 0.074, 0.069, 0.071],
            [0.16, 0.095, 0.063, 0.061],
            [0.25, 0.152, 0.073, 0.01]
        ];
        assert!((&table - &want).iter().all(|gap| gap.abs() < 0.0012), "{table}");
    }
}
