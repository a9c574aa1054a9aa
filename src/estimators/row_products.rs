//! Weighted sums of the outer products of rows, compiled for the widest vectors that the machine has.
//!
//! A general matrix product multiplies the upper triangle too, and packs both sides anew for every block of rows.

use multiversion::multiversion;
use ndarray::{Array1, Array2};

/// Rows of a panel: it and its weighted copy stay in the first cache.
const PANEL_ROWS: usize = 64;
/// Rows that are added at once, so that a sum is read and written once for all of them.
const ROWS_AT_ONCE: usize = 8;
/// Sums side by side: one vector, or two or four of narrower ones.
const LANES: usize = 8;

/// `sum curvature z z'` and `sum score z` of rows `z`, n_terms long.
#[derive(Debug, Clone)]
pub(super) struct RowProducts {
    n_terms: usize,
    /// The rows of a panel times their curvature, with their score behind.
    left: Vec<f64>,
    /// The rows themselves, filled up with zeros to whole lanes.
    right: Vec<f64>,
    width: usize,
    /// By row, as wide as the right side: the lanes that meet the lower triangle. The vector stands in row n_terms.
    total: Vec<f64>,
}

impl RowProducts {
    pub(super) fn new(n_terms: usize) -> Self {
        let width = n_terms.next_multiple_of(LANES);
        Self {
            n_terms,
            left: vec![0.0; PANEL_ROWS * (n_terms + 1)],
            right: vec![0.0; PANEL_ROWS * width],
            width,
            total: vec![0.0; (n_terms + 1) * width],
        }
    }

    /// Adds rows, which stand one after another; a curvature and a score a row.
    pub(super) fn add(&mut self, rows: &[f64], curvatures: &[f64], scores: &[f64]) {
        let rows = rows.chunks(PANEL_ROWS * self.n_terms);
        for ((rows, curvatures), scores) in rows.zip(curvatures.chunks(PANEL_ROWS)).zip(scores.chunks(PANEL_ROWS)) {
            add_panel(self, rows, curvatures, scores);
        }
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        for (total, other) in self.total.iter_mut().zip(&other.total) {
            *total += other;
        }
        self
    }

    /// `sum curvature z z'`, n_terms squared.
    pub(super) fn matrix(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.n_terms, self.n_terms), |(row, column)| {
            self.total[row.max(column) * self.width + row.min(column)]
        })
    }

    /// `sum score z`, n_terms.
    pub(super) fn vector(&self) -> Array1<f64> {
        self.total[self.n_terms * self.width..][..self.n_terms].to_vec().into()
    }
}

// Loops over indices: adapters of iterators are not always inlined here, and the compiler turns innermost loops of unknown
// length into vector instructions where it would unroll short known ones.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn add_panel(sums: &mut RowProducts, rows: &[f64], curvatures: &[f64], scores: &[f64]) {
    let RowProducts { n_terms, left, right, width, total } = sums;
    let (n_terms, width) = (*n_terms, *width);
    let n_rows = scores.len();
    for row in 0..n_rows {
        let z = &rows[row * n_terms..][..n_terms];
        let right = &mut right[row * width..][..n_terms];
        let left = &mut left[row * (n_terms + 1)..][..=n_terms];
        let curvature = curvatures[row];
        for place in 0..n_terms {
            right[place] = z[place];
            left[place] = curvature * z[place];
        }
        left[n_terms] = scores[row];
    }
    let n_filled = n_rows.next_multiple_of(ROWS_AT_ONCE);
    left[n_rows * (n_terms + 1)..n_filled * (n_terms + 1)].fill(0.0);
    right[n_rows * width..n_filled * width].fill(0.0);
    let mut first = 0;
    while first < n_rows {
        add_rows(total, &left[first * (n_terms + 1)..], n_terms, &right[first * width..], width);
        first += ROWS_AT_ONCE;
    }
}

#[inline(always)]
fn add_rows(total: &mut [f64], left: &[f64], n_terms: usize, right: &[f64], width: usize) {
    let step = n_terms + 1;
    let left = &left[..ROWS_AT_ONCE * step];
    for place in 0..=n_terms {
        let used = width.min((place + 1).next_multiple_of(LANES));
        let total = &mut total[place * width..][..used];
        let (z_0, z_1) = (&right[..used], &right[width..][..used]);
        let (z_2, z_3) = (&right[2 * width..][..used], &right[3 * width..][..used]);
        let (z_4, z_5) = (&right[4 * width..][..used], &right[5 * width..][..used]);
        let (z_6, z_7) = (&right[6 * width..][..used], &right[7 * width..][..used]);
        let (f_0, f_1, f_2, f_3) = (left[place], left[step + place], left[2 * step + place], left[3 * step + place]);
        let left = &left[4 * step..];
        let (f_4, f_5, f_6, f_7) = (left[place], left[step + place], left[2 * step + place], left[3 * step + place]);
        for lane in 0..used {
            total[lane] += ((f_0 * z_0[lane] + f_1 * z_1[lane]) + (f_2 * z_2[lane] + f_3 * z_3[lane]))
                + ((f_4 * z_4[lane] + f_5 * z_5[lane]) + (f_6 * z_6[lane] + f_7 * z_7[lane]));
        }
    }
}

/// `z' coefficients` of rows that stand one after another.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn predict(rows: &[f64], coefficients: &[f64], predictors: &mut [f64]) {
    let n_terms = coefficients.len();
    let n_whole = n_terms / LANES * LANES;
    for row in 0..predictors.len() {
        let z = &rows[row * n_terms..][..n_terms];
        let mut sums = [0.0; LANES];
        let mut first = 0;
        while first < n_whole {
            let (z, coefficients) = (&z[first..][..LANES], &coefficients[first..][..LANES]);
            for lane in 0..LANES {
                sums[lane] += z[lane] * coefficients[lane];
            }
            first += LANES;
        }
        let mut rest = 0.0;
        for place in n_whole..n_terms {
            rest += z[place] * coefficients[place];
        }
        predictors[row] =
            rest + (((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])));
    }
}

/// Writes `(1, (x - mean) / scale)` of rows of `x` that stand one after another, with one over the scales.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn standardise(values: &[f64], means: &[f64], inverses: &[f64], block: &mut [f64]) {
    let n_columns = means.len();
    let inverses = &inverses[..n_columns];
    for row in 0..block.len() / (n_columns + 1) {
        let x = &values[row * n_columns..][..n_columns];
        let z = &mut block[row * (n_columns + 1)..][..=n_columns];
        z[0] = 1.0;
        let z = &mut z[1..];
        for place in 0..n_columns {
            z[place] = (x[place] - means[place]) * inverses[place];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::wave;

    /// Expected values are the plain sums, for every number of terms around the width of the tiles and of rows around that
    /// of the panel.
    #[test]
    fn sums_are_those_of_the_plain_formula() {
        for n_terms in [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 21, 25] {
            for n_rows in [1, 63, 64, 65, 200] {
                let rows: Vec<f64> = (0..n_rows * n_terms).map(|place| wave(place, 1) + 0.3).collect();
                let curvatures: Vec<f64> = (0..n_rows).map(|row| (row % 3) as f64).collect();
                let scores: Vec<f64> = (0..n_rows).map(|row| wave(row, 2)).collect();
                let mut products = RowProducts::new(n_terms);
                products.add(&rows, &curvatures, &scores);
                let twice = products.clone().plus(&products);
                let (matrix, vector) = (twice.matrix(), twice.vector());
                let mut predictors = vec![0.0; n_rows];
                let coefficients: Vec<f64> = (0..n_terms).map(|place| wave(place, 3)).collect();
                predict(&rows, &coefficients, &mut predictors);
                for one in 0..n_terms {
                    for other in 0..n_terms {
                        let want: f64 = (0..n_rows)
                            .map(|row| curvatures[row] * rows[row * n_terms + one] * rows[row * n_terms + other])
                            .sum();
                        assert!((matrix[[one, other]] - 2.0 * want).abs() < 1e-12, "{n_terms} {n_rows} {one} {other}");
                    }
                    let want: f64 = (0..n_rows).map(|row| scores[row] * rows[row * n_terms + one]).sum();
                    assert!((vector[one] - 2.0 * want).abs() < 1e-12, "{n_terms} {n_rows} {one}");
                }
                for (row, predictor) in predictors.iter().enumerate() {
                    let want: f64 = (0..n_terms).map(|place| rows[row * n_terms + place] * coefficients[place]).sum();
                    assert!((predictor - want).abs() < 1e-13, "{n_terms} {row}");
                }
            }
        }
    }
}
