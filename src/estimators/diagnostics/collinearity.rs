//! Which columns say the same thing, and which go together.

use crate::estimators::augment::Augment;
use crate::estimators::coefficient::INTERCEPT;
use crate::estimators::prepared::{INFLATION_REPORTED, listed};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::linear_algebra::SymmetricEigen;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// A condition index above this is a near-dependency (Belsley, Kuh and Welsch).
const INDEX_REPORTED: f64 = 30.0;
/// A column takes part in it where more than this share of its coefficient's variance comes from there.
const PROPORTION_REPORTED: f64 = 0.5;
/// Sweeps after which the rotations have long converged.
const SWEEPS_MAX: usize = 60;
/// Two columns are orthogonal where their cosine is below this (absolute).
const COSINE_MIN: f64 = 1e-15;

/// How much of one column the others already say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermOverlap {
    /// The column.
    pub term: String,
    /// The variance inflation factor, `1 / tolerance`, at least 1.
    pub vif: f64,
    /// The share (0-1) of the column that the others do not explain.
    pub tolerance: f64,
}

/// One direction of the design and the coefficients that it blurs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearDependency {
    /// The largest singular value of the scaled design over this one, at least 1.
    pub condition_index: f64,
    /// The share of each coefficient's variance that comes from here, one per term of [`Collinearity::terms`]; over all
    /// directions the shares of a term sum to 1.
    pub proportions: Vec<f64>,
}

/// How far the columns of a fit are from independent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collinearity {
    /// Variance inflation, one row per estimated column.
    pub overlaps: Vec<TermOverlap>,
    /// The terms of `dependencies`, the intercept first.
    pub terms: Vec<String>,
    /// Condition number of the design with its intercept, each column scaled to unit length and not centred.
    pub condition_number: f64,
    /// One per term, from the largest singular value to the smallest.
    pub dependencies: Vec<NearDependency>,
}

impl Collinearity {
    /// From the columns of a fit, weighted as the fit weighs its rows.
    ///
    /// # References
    /// Belsley, Kuh and Welsch (1980), "Regression Diagnostics: Identifying Influential Data and Sources of
    /// Collinearity", chapter 3; Drmač and Veselić (2008), SIAM Journal on Matrix Analysis 29(4), for the accuracy of
    /// one-sided rotations.
    pub(super) fn of(augment: &Augment) -> Option<Self> {
        let columns = &augment.columns;
        let names = augment.observations.design().names();
        let n_terms = columns.n_terms();
        // Root R of the inverse cross products in the units of the columns, so that R R' is the coefficients' covariance
        // over the residual variance: no digit is lost to squaring.
        let eigen = SymmetricEigen::of(augment.cross_inverse.view())?;
        let root = columns.unit_map().dot(&eigen.map(|value| value.max(0.0).sqrt()));
        let weight_sum = augment.cases.weight_sum;
        let mut lengths = Array1::from_elem(n_terms, weight_sum.sqrt());
        let mut overlaps = Vec::new();
        for (index, &place) in columns.places.iter().enumerate() {
            let spread = augment.std_devs[place] * weight_sum.sqrt();
            lengths[index + 1] = spread.hypot(columns.mean(index) * weight_sum.sqrt());
            let vif = (root.row(index + 1).iter().map(|value| value * value).sum::<f64>() * spread * spread).max(1.0);
            overlaps.push(TermOverlap { term: names[place].clone(), vif, tolerance: 1.0 / vif });
        }
        let scaled = Array2::from_shape_fn((n_terms, n_terms), |(term, other)| lengths[term] * root[[term, other]]);
        let parts = orthogonal_parts(scaled);
        let variances: Array1<f64> = parts.map(|part| part * part).sum_axis(ndarray::Axis(1));
        let mut sizes: Vec<(f64, usize)> =
            parts.columns().into_iter().map(|part| part.dot(&part).sqrt()).zip(0..).collect();
        sizes.sort_by(|left, right| left.0.total_cmp(&right.0));
        // These are inverse singular values: the smallest belongs to the largest of the design.
        let smallest = sizes.first()?.0;
        let dependencies: Vec<NearDependency> = sizes
            .iter()
            .map(|&(size, at)| NearDependency {
                condition_index: size / smallest,
                proportions: (0..n_terms).map(|term| parts[[term, at]].powi(2) / variances[term]).collect(),
            })
            .collect();
        let terms = std::iter::once(INTERCEPT.to_owned()).chain(overlaps.iter().map(|row| row.term.clone())).collect();
        let condition_number = dependencies.last()?.condition_index;
        Some(Self { overlaps, terms, condition_number, dependencies })
    }

    /// The columns of a near-dependency, without the intercept.
    pub fn columns_of(&self, dependency: &NearDependency) -> Vec<&str> {
        let terms = self.terms.iter().zip(&dependency.proportions).skip(1);
        terms.filter(|&(_, &share)| share > PROPORTION_REPORTED).map(|(term, _)| term.as_str()).collect()
    }

    /// Near-dependencies between two columns or more. The fit has already named columns of high variance inflation; what
    /// is added here is which go together, where that is not all of them at once.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let reported = self.dependencies.iter().filter(|row| row.condition_index > INDEX_REPORTED);
        let groups: Vec<(f64, Vec<&str>)> = reported
            .map(|row| (row.condition_index, self.columns_of(row)))
            .filter(|(_, names)| names.len() > 1)
            .collect();
        let inflated: Vec<&str> =
            self.overlaps.iter().filter(|row| row.vif > INFLATION_REPORTED).map(|row| row.term.as_str()).collect();
        // Both are in the order of the columns. Without inflation the intercept alone is badly placed, which harms no
        // slope.
        let new = |names: &[&str]| !inflated.is_empty() && names != inflated;
        groups
            .into_iter()
            .filter(|(_, names)| new(names))
            .map(|(index, names)| {
                let sentence = format!(
                    "{} go together (condition index {index:.0}): their separate effects rest on few rows in which they differ.",
                    listed(&names)
                );
                Finding::new(FindingKind::Collinear, Severity::Note, names.join(", "), sentence)
                    .number("condition_index", index)
            })
            .collect()
    }
}

/// The columns of `matrix` times an orthogonal matrix that makes them orthogonal to each other, by one-sided Jacobi
/// rotations: their lengths are the singular values.
fn orthogonal_parts(mut matrix: Array2<f64>) -> Array2<f64> {
    let n_columns = matrix.ncols();
    for _ in 0..SWEEPS_MAX {
        let mut rotated = false;
        for left in 0..n_columns {
            for right in left + 1..n_columns {
                let (one, two) = (matrix.column(left), matrix.column(right));
                let (square, other, product) = (one.dot(&one), two.dot(&two), one.dot(&two));
                if product.abs() <= COSINE_MIN * (square * other).sqrt() {
                    continue;
                }
                rotated = true;
                let ratio = (other - square) / (2.0 * product);
                let tangent = 1.0_f64.copysign(ratio) / (ratio.abs() + 1.0_f64.hypot(ratio));
                let cosine = 1.0 / 1.0_f64.hypot(tangent);
                for mut row in matrix.outer_iter_mut() {
                    let (one, two) = (row[left], row[right]);
                    row[left] = cosine * (one - tangent * two);
                    row[right] = cosine * (tangent * one + two);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rotations_find_the_singular_values() {
        // [[3, 0], [4, 5]] has singular values sqrt(45) and sqrt(5).
        let parts = orthogonal_parts(array![[3.0, 0.0], [4.0, 5.0]]);
        let mut lengths: Vec<f64> = parts.columns().into_iter().map(|part| part.dot(&part)).collect();
        lengths.sort_by(f64::total_cmp);
        assert!((lengths[0] - 5.0).abs() < 1e-13 && (lengths[1] - 45.0).abs() < 1e-13, "{lengths:?}");
    }
}
