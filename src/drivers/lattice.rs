//! What every subset-based method needs from the lattice of all subsets of the drivers: sums of the explained share by
//! subset size, in total and with each driver.

use ndarray::{Array1, Array2};

/// Sums of the explained share `v(S)` over all subsets `S` of `n_drivers` drivers, by size.
///
/// From these follow general dominance (the Shapley value), conditional dominance, `first` and `last`, without a
/// table of the 2^n values.
#[derive(Debug, Clone, PartialEq)]
pub struct LatticeSums {
    /// `total[k]`: sum of `v(S)` over the subsets of size k; n_drivers + 1 entries.
    pub(super) total: Vec<f64>,
    /// `with[[j, k]]`: the same over the subsets of size k that hold driver j; n_drivers by n_drivers + 1.
    pub(super) with: Array2<f64>,
}

impl LatticeSums {
    pub(super) fn zeros(n_drivers: usize) -> Self {
        Self { total: vec![0.0; n_drivers + 1], with: Array2::zeros((n_drivers, n_drivers + 1)) }
    }

    /// The sums from the value of every subset; bit j of an index says whether driver j is in.
    pub fn of_values(n_drivers: usize, values: &[f64]) -> Self {
        let mut sums = Self::zeros(n_drivers);
        for (subset, &value) in values.iter().enumerate() {
            let size = subset.count_ones() as usize;
            sums.total[size] += value;
            for driver in (0..n_drivers).filter(|driver| subset >> driver & 1 == 1) {
                sums.with[[driver, size]] += value;
            }
        }
        sums
    }

    /// Number of drivers.
    pub fn n_drivers(&self) -> usize {
        self.with.nrows()
    }

    /// Conditional dominance: row j, column s is the mean gain from driver j over all models of s other drivers.
    ///
    /// # References
    /// Azen and Budescu (2003), "The dominance analysis approach for comparing predictors in multiple regression",
    /// Psychological Methods 8(2).
    pub fn conditional_dominance(&self) -> Array2<f64> {
        let n_drivers = self.n_drivers();
        let mut n_models = 1.0;
        let mut table = Array2::zeros((n_drivers, n_drivers));
        for size in 0..n_drivers {
            for driver in 0..n_drivers {
                let without = self.total[size] - self.with[[driver, size]];
                table[[driver, size]] = (self.with[[driver, size + 1]] - without) / n_models;
            }
            n_models *= (n_drivers - 1 - size) as f64 / (size + 1) as f64;
        }
        table
    }

    /// General dominance: each driver's gain averaged over models within a size, then over sizes. This is the Shapley
    /// value of the explained share, LMG in relaimpo's words; it sums to the share explained by all drivers.
    ///
    /// # References
    /// Lindeman, Merenda and Gold (1980); Budescu (1993); Grömping (2006), "Relative importance for linear regression
    /// in R: the package relaimpo", Journal of Statistical Software 17(1).
    pub fn general_dominance(&self) -> Array1<f64> {
        self.conditional_dominance().rows().into_iter().map(|row| row.sum() / row.len() as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_drivers_by_hand() {
        // v({}) = 0, v({a}) = .36, v({b}) = .25, v({a, b}) = .45:
        // a gains .36 alone and .20 after b; b gains .25 alone and .09 after a.
        let sums = LatticeSums::of_values(2, &[0.0, 0.36, 0.25, 0.45]);
        let conditional = sums.conditional_dominance();
        for (got, want) in conditional.iter().zip([0.36, 0.20, 0.25, 0.09]) {
            assert!((got - want).abs() < 1e-15);
        }
        let general = sums.general_dominance();
        assert!((general[0] - 0.28).abs() < 1e-15 && (general[1] - 0.17).abs() < 1e-15);
    }
}
