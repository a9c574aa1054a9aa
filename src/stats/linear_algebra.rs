//! Small dense symmetric matrices: left-to-right Cholesky with rank detection, inverse, eigenvalues.

use linfa_linalg::eigh::EighInto;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// What is left of a column's squared length, relative to its own, below which it counts as a combination of the
/// columns before it. On correlations rounding leaves about 1e-15; 1e-11 is a variance inflation of 1e11.
pub const ALIAS_TOLERANCE: f64 = 1e-11;

/// The Cholesky factor of a symmetric matrix over the columns that are not combinations of those before them.
#[derive(Debug, Clone)]
pub struct Cholesky {
    /// Lower factor over the kept columns, n_kept by n_kept.
    factor: Array2<f64>,
    kept: Vec<usize>,
    aliased: Vec<usize>,
}

impl Cholesky {
    /// Factors a symmetric positive semi-definite matrix from left to right.
    ///
    /// A column whose remaining squared length falls to [`ALIAS_TOLERANCE`] of its own diagonal is set aside as
    /// aliased, as R's `lm` does, so that the earlier of two equal columns stays.
    pub fn of(matrix: ArrayView2<f64>) -> Self {
        let n_columns = matrix.nrows();
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let (mut kept, mut aliased) = (Vec::new(), Vec::new());
        for column in 0..n_columns {
            let mut row = Vec::with_capacity(kept.len() + 1);
            for (index, &earlier) in kept.iter().enumerate() {
                let above: &Vec<f64> = &rows[index];
                let explained: f64 = row.iter().zip(above).map(|(left, right): (&f64, &f64)| left * right).sum();
                row.push((matrix[[column, earlier]] - explained) / above[index]);
            }
            let length = matrix[[column, column]];
            let left = length - row.iter().map(|value| value * value).sum::<f64>();
            if length > 0.0 && left > ALIAS_TOLERANCE * length {
                row.push(left.sqrt());
                rows.push(row);
                kept.push(column);
            } else {
                aliased.push(column);
            }
        }
        let factor = Array2::from_shape_fn((kept.len(), kept.len()), |(row, column)| {
            rows[row].get(column).copied().unwrap_or(0.0)
        });
        Self { factor, kept, aliased }
    }

    /// The columns kept, ascending.
    pub fn kept(&self) -> &[usize] {
        &self.kept
    }

    /// The columns that are combinations of earlier ones, ascending.
    pub fn aliased(&self) -> &[usize] {
        &self.aliased
    }

    /// Solves `A x = b` over the kept columns; `b` and `x` have one entry per kept column.
    pub fn solve(&self, right_side: ArrayView1<f64>) -> Array1<f64> {
        let n_kept = self.kept.len();
        let mut solution = right_side.to_owned();
        for row in 0..n_kept {
            let known: f64 = (0..row).map(|column| self.factor[[row, column]] * solution[column]).sum();
            solution[row] = (solution[row] - known) / self.factor[[row, row]];
        }
        for row in (0..n_kept).rev() {
            let known: f64 = (row + 1..n_kept).map(|column| self.factor[[column, row]] * solution[column]).sum();
            solution[row] = (solution[row] - known) / self.factor[[row, row]];
        }
        solution
    }

    /// The inverse over the kept columns, n_kept by n_kept, symmetric.
    pub fn inverse(&self) -> Array2<f64> {
        let n_kept = self.kept.len();
        let mut inverse = Array2::zeros((n_kept, n_kept));
        for column in 0..n_kept {
            let mut unit = Array1::zeros(n_kept);
            unit[column] = 1.0;
            inverse.column_mut(column).assign(&self.solve(unit.view()));
        }
        (&inverse + &inverse.t()) * 0.5
    }

    /// Logarithm of the determinant over the kept columns.
    pub fn ln_determinant(&self) -> f64 {
        2.0 * self.factor.diag().iter().map(|value| value.ln()).sum::<f64>()
    }
}

/// Eigenvalues, ascending, and eigenvectors, one a column, of a symmetric matrix.
#[derive(Debug, Clone)]
pub struct SymmetricEigen {
    /// Eigenvalues, ascending.
    pub values: Array1<f64>,
    /// Eigenvectors, one a column, in the order of the values.
    pub vectors: Array2<f64>,
}

impl SymmetricEigen {
    /// Decomposes a symmetric matrix. `None` if the iteration does not converge, as for a matrix that is not finite.
    pub fn of(matrix: ArrayView2<f64>) -> Option<Self> {
        if matrix.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let (values, vectors) = matrix.to_owned().eigh_into().ok()?;
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&left, &right| values[left].total_cmp(&values[right]));
        Some(Self {
            values: order.iter().map(|&index| values[index]).collect(),
            vectors: Array2::from_shape_fn(vectors.dim(), |(row, column)| vectors[[row, order[column]]]),
        })
    }

    /// `V f(values) V'`: a function of the matrix.
    pub fn map(&self, function: impl Fn(f64) -> f64) -> Array2<f64> {
        let scaled = &self.vectors * &self.values.mapv(function);
        scaled.dot(&self.vectors.t())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn solve_by_hand() {
        // [[4, 2], [2, 3]] x = [8, 7] has x = [1.25, 1.5].
        let cholesky = Cholesky::of(array![[4.0, 2.0], [2.0, 3.0]].view());
        let solution = cholesky.solve(array![8.0, 7.0].view());
        assert!((solution[0] - 1.25).abs() < 1e-14 && (solution[1] - 1.5).abs() < 1e-14);
        assert!((cholesky.ln_determinant() - 8.0_f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn the_later_of_two_equal_columns_is_aliased() {
        let matrix = array![[1.0, 0.5, 1.0], [0.5, 1.0, 0.5], [1.0, 0.5, 1.0]];
        let cholesky = Cholesky::of(matrix.view());
        assert_eq!((cholesky.kept(), cholesky.aliased()), (&[0, 1][..], &[2][..]));
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        let matrix = array![[2.0, 1.0, 0.3], [1.0, 3.0, -0.4], [0.3, -0.4, 1.0]];
        let eigen = SymmetricEigen::of(matrix.view()).expect("a finite symmetric matrix");
        assert!((eigen.map(|value| value) - &matrix).iter().all(|gap| gap.abs() < 1e-12));
        let root = eigen.map(f64::sqrt);
        assert!((root.dot(&root) - &matrix).iter().all(|gap| gap.abs() < 1e-12));
    }
}
