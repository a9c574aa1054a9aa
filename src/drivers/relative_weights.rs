//! Johnson's relative weights: what goes with a driver by way of uncorrelated stand-ins for all of them.

use crate::stats::linear_algebra::SymmetricEigen;
use ndarray::{Array1, Array2};

/// Directions with less than this share of the largest eigenvalue have no variance of their own.
const NO_VARIANCE: f64 = 1e-14;

/// The relative weights of drivers whose columns correlate by `correlations` among each other and by `with` with the
/// outcome. `blocks` are the columns of each driver; `None` where eigenvalues cannot be found.
///
/// The columns are written as mixtures of their best orthogonal likeness `Z`, on which the outcome is regressed:
/// `weight_j = sum_k (R^(1/2))_jk^2 (R^(-1/2) r)_k^2`.
///
/// A driver of several columns, such as a category, is one: its columns are first replaced by uncorrelated ones that span
/// the same, and with `K` the stand-ins of each driver its weight is `sum_K |(R^(1/2))_BK (R^(-1/2) r)_K|^2`. That is
/// Johnson's for drivers of one column, adds up to R squared too, and does not depend on how a category is coded. (Sums
/// of the columns' own weights do.)
///
/// # References
/// Johnson (2000), "A heuristic method for estimating the relative weight of predictor variables in multiple
/// regression", Multivariate Behavioral Research 35(1).
pub(super) fn of(correlations: Array2<f64>, with: Array1<f64>, blocks: &[Vec<usize>]) -> Option<Array1<f64>> {
    let (correlations, with) = uncorrelated_within(correlations, with, blocks)?;
    let eigen = SymmetricEigen::of(correlations.view())?;
    let slopes = inverse_root(&eigen).dot(&with);
    let loadings = eigen.map(|value| value.max(0.0).sqrt());
    // What a column has by way of each driver's stand-ins.
    let of_column = |row: usize| -> f64 {
        let by_driver = blocks.iter().map(|stand_ins| -> f64 {
            stand_ins.iter().map(|&stand_in| loadings[[row, stand_in]] * slopes[stand_in]).sum()
        });
        by_driver.map(|explained| explained * explained).sum()
    };
    Some(blocks.iter().map(|own| own.iter().map(|&row| of_column(row)).sum()).collect())
}

/// The same with the columns of each driver replaced by uncorrelated ones.
fn uncorrelated_within(
    correlations: Array2<f64>,
    with: Array1<f64>,
    blocks: &[Vec<usize>],
) -> Option<(Array2<f64>, Array1<f64>)> {
    if blocks.iter().all(|block| block.len() == 1) {
        return Some((correlations, with));
    }
    let mut turn = Array2::eye(with.len());
    for block in blocks.iter().filter(|block| block.len() > 1) {
        let among = Array2::from_shape_fn((block.len(), block.len()), |(row, column)| {
            correlations[[block[row], block[column]]]
        });
        let root = inverse_root(&SymmetricEigen::of(among.view())?);
        for (row, &to) in block.iter().enumerate() {
            block.iter().enumerate().for_each(|(column, &from)| turn[[to, from]] = root[[row, column]]);
        }
    }
    Some((turn.dot(&correlations).dot(&turn), turn.dot(&with)))
}

/// `R^(-1/2)`, taking directions without variance as absent.
pub(super) fn inverse_root(eigen: &SymmetricEigen) -> Array2<f64> {
    let floor = eigen.values.iter().copied().fold(0.0, f64::max) * NO_VARIANCE;
    eigen.map(|value| if value > floor { value.sqrt().recip() } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, s};

    /// Correlations of four columns and theirs with an outcome.
    fn four() -> (Array2<f64>, Array1<f64>) {
        let correlations =
            array![[1.0, 0.8, 0.1, 0.3], [0.8, 1.0, 0.1, 0.1], [0.1, 0.1, 1.0, 0.5], [0.3, 0.1, 0.5, 1.0]];
        (correlations, array![0.6, 0.3, 0.4, 0.5])
    }

    #[test]
    fn another_coding_of_a_category_changes_nothing() {
        let (correlations, with) = four();
        let blocks = [vec![0, 1], vec![2], vec![3]];
        let own = of(correlations.clone(), with.clone(), &blocks).expect("eigenvalues");
        // The first two columns written as other mixtures of the same two.
        let mut turn = Array2::eye(4);
        turn.slice_mut(s![..2, ..2]).assign(&array![[2.0, -1.0], [0.5, 3.0]]);
        let other = of(turn.dot(&correlations).dot(&turn.t()), turn.dot(&with), &blocks).expect("eigenvalues");
        assert!((&own - &other).iter().all(|gap| gap.abs() < 1e-13), "{own} {other}");
        let r_squared = with.dot(&inverse(&correlations).dot(&with));
        assert!((own.sum() - r_squared).abs() < 1e-13);
    }

    #[test]
    fn a_driver_that_goes_with_no_other_has_its_own_r_squared() {
        let (mut correlations, with) = four();
        correlations.slice_mut(s![..2, 2..]).fill(0.0);
        correlations.slice_mut(s![2.., ..2]).fill(0.0);
        let own = of(correlations, with, &[vec![0, 1], vec![2, 3]]).expect("eigenvalues");
        // (r1^2 + r2^2 - 2 r1 r2 r12) / (1 - r12^2), for each pair.
        let want = [(0.36 + 0.09 - 2.0 * 0.18 * 0.8) / 0.36, (0.16 + 0.25 - 2.0 * 0.2 * 0.5) / 0.75];
        assert!((own[0] - want[0]).abs() < 1e-13 && (own[1] - want[1]).abs() < 1e-13, "{own}");
    }

    #[test]
    fn a_column_that_repeats_its_neighbour_within_a_driver_adds_nothing() {
        let (correlations, with) = four();
        let own = of(correlations.clone(), with.clone(), &[vec![0], vec![1], vec![2], vec![3]]).expect("eigenvalues");
        let places = [0, 1, 2, 3, 3];
        let repeated = Array2::from_shape_fn((5, 5), |(row, column)| correlations[[places[row], places[column]]]);
        let with: Array1<f64> = places.iter().map(|&place| with[place]).collect();
        let twice = of(repeated, with, &[vec![0], vec![1], vec![2], vec![3, 4]]).expect("eigenvalues");
        assert!((&own - &twice).iter().all(|gap| gap.abs() < 1e-12), "{own} {twice}");
    }

    fn inverse(matrix: &Array2<f64>) -> Array2<f64> {
        SymmetricEigen::of(matrix.view()).expect("eigenvalues").map(f64::recip)
    }
}
