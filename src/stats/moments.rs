//! Weighted means and centred cross products in one parallel pass whose result does not depend on the threads.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, s};
use rayon::prelude::*;

/// Rows summed by one task: large enough to hide the cost of a task, small enough to stay in cache.
const BLOCK_ROWS: usize = 2048;

/// Rows whose products are kept at a time: few enough to stay in cache.
const PRODUCT_ROWS: usize = 512;

/// What is left of a column's sum of squares after centring, relative to that before, when the column does not vary.
const ROUNDING: f64 = 1e-12;

/// Scatter relative to the mean that is the rounding of the values themselves: some nine units in the last place.
const OFFSET_ROUNDING: f64 = 2e-15;

/// Weighted means and the centred cross-product matrix of some columns.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondMoments {
    /// Sum of the weights (the number of rows where there are none).
    pub weight_sum: f64,
    /// Weighted means, one per column.
    pub means: Array1<f64>,
    /// `sum w (x - mean)(x - mean)'`, n_columns by n_columns, symmetric.
    pub cross_products: Array2<f64>,
}

impl SecondMoments {
    /// The moments of `values` (n_rows by n_columns), each row weighted by `weights` if given.
    ///
    /// Columns are centred by their weighted means before anything is squared, so that neither a large common offset
    /// nor a row with nearly all the weight costs digits. A row without weight is not looked at. Blocks of rows are
    /// summed in parallel and the blocks in order: the bytes of the result are the same for any number of threads.
    ///
    /// # Panics
    /// If there are weights and not one per row.
    pub fn of_rows(values: ArrayView2<f64>, weights: Option<&[f64]>) -> Self {
        if let Some(weights) = weights {
            assert_eq!(weights.len(), values.nrows(), "one weight per row");
        }
        let pilot = means(values, weights);
        let blocks = RawSums::by_block(values, weights, &pilot);
        RawSums::total(blocks, values.ncols()).centred(&pilot)
    }

    /// The moments of rows whose columns have been centred beforehand, under several sets of weights, on the calling thread.
    ///
    /// `weights` has a row for each set and a column for each row of `values`. One pass over the rows serves all sets: the
    /// products of a block of rows are a matrix, which the block's weights are multiplied with. The columns' means should be
    /// near zero, or digits are lost.
    ///
    /// # Panics
    /// If there is not one weight per row.
    pub fn of_centred_rows(values: ArrayView2<f64>, weights: ArrayView2<f64>) -> Vec<Self> {
        assert_eq!(weights.ncols(), values.nrows(), "one weight per row");
        let n_columns = values.ncols();
        let n_products = 1 + n_columns + n_columns * (n_columns + 1) / 2;
        let mut sums = Array2::zeros((weights.nrows(), n_products));
        let raw = |sums: ArrayView1<f64>| RawSums::of_products(sums, n_columns).centred(&Array1::zeros(n_columns));
        if weights.nrows() == 1 {
            // Products kept for other sets would cost more than they save.
            add_products(values, weights.row(0), &mut sums.row_mut(0));
            return sums.outer_iter().map(raw).collect();
        }
        let mut products = Array2::zeros((PRODUCT_ROWS.min(values.nrows()), n_products));
        let mut row_values = vec![0.0; n_columns];
        for (block, rows) in values.axis_chunks_iter(Axis(0), PRODUCT_ROWS).enumerate() {
            for (row, mut products) in rows.outer_iter().zip(products.outer_iter_mut()) {
                row_values.iter_mut().zip(row).for_each(|(own, value)| *own = *value);
                set_products(&row_values, products.as_slice_mut().expect("rows of a new array lie in one piece"));
            }
            let first = block * PRODUCT_ROWS;
            let own = weights.slice(s![.., first..first + rows.nrows()]);
            general_mat_mul(1.0, &own, &products.slice(s![..rows.nrows(), ..]), 1.0, &mut sums);
        }
        sums.outer_iter().map(raw).collect()
    }

    /// The number of columns.
    pub fn n_columns(&self) -> usize {
        self.means.len()
    }

    /// The correlation matrix; a column that does not vary has zeros off its diagonal.
    ///
    /// A column whose standard deviation is below 1e-13 of its mean's size counts as not varying: what is left is
    /// rounding.
    pub fn correlations(&self) -> Array2<f64> {
        let scales: Vec<f64> = (0..self.n_columns()).map(|column| self.scale(column)).collect();
        Array2::from_shape_fn(self.cross_products.dim(), |(row, column)| {
            if row == column {
                1.0
            } else if scales[row] > 0.0 && scales[column] > 0.0 {
                (self.cross_products[[row, column]] / scales[row] / scales[column]).clamp(-1.0, 1.0)
            } else {
                0.0
            }
        })
    }

    /// Whether the column varies beyond rounding.
    pub fn varies(&self, column: usize) -> bool {
        self.scale(column) > 0.0
    }

    /// Root of the centred sum of squares, or zero where the column does not vary beyond rounding.
    pub fn scale(&self, column: usize) -> f64 {
        let sum_of_squares = self.cross_products[[column, column]].max(0.0);
        let offset = self.means[column].abs() * self.weight_sum.sqrt();
        let scale = sum_of_squares.sqrt();
        if scale > OFFSET_ROUNDING * offset { scale } else { 0.0 }
    }
}

/// Weighted means, to rounding.
fn means(values: ArrayView2<f64>, weights: Option<&[f64]>) -> Array1<f64> {
    let sums: Vec<Array1<f64>> = values
        .axis_chunks_iter(Axis(0), BLOCK_ROWS)
        .into_par_iter()
        .enumerate()
        .map(|(block, rows)| {
            let Some(weights) = weights else { return rows.sum_axis(Axis(0)) };
            let mut sums = Array1::zeros(values.ncols());
            for (row, &weight) in rows.outer_iter().zip(&weights[block * BLOCK_ROWS..]) {
                if weight > 0.0 {
                    sums.scaled_add(weight, &row);
                }
            }
            sums
        })
        .collect();
    let total = sums.into_iter().fold(Array1::zeros(values.ncols()), |total, block| total + block);
    total / weights.map_or(values.nrows() as f64, |weights| weights.iter().sum())
}

/// Sums around a pilot centre: weight, `w x` and the lower triangle of `w x x'`.
struct RawSums {
    weight: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

/// One, the values of a row and their products, in the order of [`RawSums::of_products`].
fn set_products(row_values: &[f64], products: &mut [f64]) {
    let (linear, mut rest) = products.split_at_mut(1 + row_values.len());
    linear[0] = 1.0;
    linear[1..].copy_from_slice(row_values);
    for (column, value) in row_values.iter().enumerate() {
        let (own, after) = rest.split_at_mut(column + 1);
        own.iter_mut().zip(row_values).for_each(|(product, other)| *product = value * other);
        rest = after;
    }
}

/// Adds weight, weighted values and weighted products of all rows, in the order of [`RawSums::of_products`].
fn add_products(values: ArrayView2<f64>, weights: ArrayView1<f64>, sums: &mut ArrayViewMut1<f64>) {
    let n_columns = values.ncols();
    let mut own = vec![0.0; sums.len()];
    let mut row_values = vec![0.0; n_columns];
    for (row, &weight) in values.outer_iter().zip(weights) {
        if weight <= 0.0 {
            continue;
        }
        row_values.iter_mut().zip(row).for_each(|(own, value)| *own = *value);
        own[0] += weight;
        let mut place = n_columns + 1;
        for column in 0..n_columns {
            let weighted = weight * row_values[column];
            own[column + 1] += weighted;
            let until = place + column + 1;
            for (sum, other) in own[place..until].iter_mut().zip(&row_values) {
                *sum += weighted * other;
            }
            place = until;
        }
    }
    sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
}

impl RawSums {
    /// From the sums of one, of the values and of their products, each column with those before it and itself.
    fn of_products(sums: ArrayView1<f64>, n_columns: usize) -> Self {
        let mut raw = Self::empty(n_columns);
        raw.weight = sums[0];
        let mut place = n_columns + 1;
        for column in 0..n_columns {
            raw.first[column] = sums[column + 1];
            for other in 0..=column {
                raw.second[column * n_columns + other] = sums[place];
                place += 1;
            }
        }
        raw
    }

    fn empty(n_columns: usize) -> Self {
        Self { weight: 0.0, first: vec![0.0; n_columns], second: vec![0.0; n_columns * n_columns] }
    }

    fn by_block(values: ArrayView2<f64>, weights: Option<&[f64]>, pilot: &Array1<f64>) -> Vec<Self> {
        values
            .axis_chunks_iter(Axis(0), BLOCK_ROWS)
            .into_par_iter()
            .enumerate()
            .map(|(block, rows)| {
                let mut sums = Self::empty(values.ncols());
                let mut centred = vec![0.0; values.ncols()];
                for (offset, row) in rows.outer_iter().enumerate() {
                    let weight = weights.map_or(1.0, |weights| weights[block * BLOCK_ROWS + offset]);
                    if weight > 0.0 {
                        for ((centred, value), centre) in centred.iter_mut().zip(row).zip(pilot) {
                            *centred = value - centre;
                        }
                        sums.add(&centred, weight);
                    }
                }
                sums
            })
            .collect()
    }

    fn add(&mut self, centred: &[f64], weight: f64) {
        self.weight += weight;
        let n_columns = centred.len();
        for (column, &value) in centred.iter().enumerate() {
            let weighted = weight * value;
            self.first[column] += weighted;
            let row = &mut self.second[column * n_columns..][..=column];
            for (sum, other) in row.iter_mut().zip(centred) {
                *sum += weighted * other;
            }
        }
    }

    fn total(blocks: Vec<Self>, n_columns: usize) -> Self {
        blocks.into_iter().fold(Self::empty(n_columns), |mut total, block| {
            total.weight += block.weight;
            total.first.iter_mut().zip(&block.first).for_each(|(sum, value)| *sum += value);
            total.second.iter_mut().zip(&block.second).for_each(|(sum, value)| *sum += value);
            total
        })
    }

    fn centred(self, pilot: &Array1<f64>) -> SecondMoments {
        let n_columns = self.first.len();
        let shift: Vec<f64> = self.first.iter().map(|sum| sum / self.weight).collect();
        let product =
            |high: usize, low: usize| self.second[high * n_columns + low] - self.weight * shift[high] * shift[low];
        let varies: Vec<bool> = (0..n_columns)
            .map(|column| product(column, column) > ROUNDING * self.second[column * n_columns + column])
            .collect();
        let cross_products = Array2::from_shape_fn((n_columns, n_columns), |(row, column)| {
            if varies[row] && varies[column] { product(row.max(column), row.min(column)) } else { 0.0 }
        });
        let means = pilot + &Array1::from(shift);
        SecondMoments { weight_sum: self.weight, means, cross_products }
    }
}

/// The standard deviation of values, with divisor n - 1; `None` for fewer than two.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    Some((values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn small_case_by_hand() {
        let values = array![[1.0, 2.0], [3.0, 2.0], [5.0, 8.0]];
        let moments = SecondMoments::of_rows(values.view(), None);
        assert_eq!(moments.means, array![3.0, 4.0]);
        assert_eq!(moments.cross_products, array![[8.0, 12.0], [12.0, 24.0]]);
    }

    #[test]
    fn a_weight_of_two_is_the_row_twice() {
        let once = array![[1.0, 7.0], [2.0, 3.0], [9.0, 4.0]];
        let twice = array![[1.0, 7.0], [2.0, 3.0], [2.0, 3.0], [9.0, 4.0]];
        let weighted = SecondMoments::of_rows(once.view(), Some(&[1.0, 2.0, 1.0]));
        let repeated = SecondMoments::of_rows(twice.view(), None);
        assert!((&weighted.cross_products - &repeated.cross_products).iter().all(|gap| gap.abs() < 1e-12));
        assert!((&weighted.means - &repeated.means).iter().all(|gap| gap.abs() < 1e-12));
    }

    #[test]
    fn centred_rows_under_several_weights_give_the_same() {
        // More rows than one block.
        let values = Array2::from_shape_fn((1200, 3), |(row, column)| ((row * (column + 2)) as f64 * 0.7).sin());
        let weights = Array2::from_shape_fn((5, 1200), |(set, row)| ((row + set) % 4) as f64);
        let together = SecondMoments::of_centred_rows(values.view(), weights.view());
        for (moments, weights) in together.iter().zip(weights.outer_iter()) {
            let alone = SecondMoments::of_rows(values.view(), Some(&weights.to_vec()));
            let once = &SecondMoments::of_centred_rows(values.view(), weights.insert_axis(Axis(0)))[0];
            assert!((&once.cross_products - &alone.cross_products).iter().all(|gap| gap.abs() < 1e-10));
            assert!((&moments.cross_products - &alone.cross_products).iter().all(|gap| gap.abs() < 1e-10));
            assert!((&moments.means - &alone.means).iter().all(|gap| gap.abs() < 1e-14));
            assert!((moments.weight_sum - alone.weight_sum).abs() < 1e-9);
        }
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        let plain = array![[0.1, 0.3], [0.2, 0.1], [0.7, 0.4]];
        let offset = plain.mapv(|value| value + 1e6);
        let plain = SecondMoments::of_rows(plain.view(), None).correlations()[[0, 1]];
        let offset = SecondMoments::of_rows(offset.view(), None).correlations()[[0, 1]];
        assert!((plain - offset).abs() < 1e-9, "{plain} {offset}");
    }

    #[test]
    fn a_row_without_weight_may_hold_anything() {
        let rows = array![[0.1, 0.3], [1e100, -1e100], [0.2, 0.1], [0.7, 0.4]];
        let weighted = SecondMoments::of_rows(rows.view(), Some(&[1.0, 0.0, 1.0, 1.0]));
        let rest = array![[0.1, 0.3], [0.2, 0.1], [0.7, 0.4]];
        let rest = SecondMoments::of_rows(rest.view(), None);
        assert!((&weighted.cross_products - &rest.cross_products).iter().all(|gap| gap.abs() < 1e-15));
        assert!((&weighted.means - &rest.means).iter().all(|gap| gap.abs() < 1e-15));
    }

    #[test]
    fn a_column_that_is_constant_off_zero_does_not_vary_among_the_rows_drawn() {
        // The event of the first row was not drawn: the rest of its column is the same everywhere.
        let values = array![[0.9, 1.3], [-0.3, 0.2], [-0.3, -0.8], [-0.3, -0.7]];
        let moments = &SecondMoments::of_centred_rows(values.view(), array![[0.0, 1.0, 2.0, 1.0]].view())[0];
        assert!(!moments.varies(0) && moments.varies(1));
        assert_eq!(moments.cross_products[[0, 1]], 0.0);
    }

    #[test]
    fn a_constant_column_does_not_vary_whatever_its_size() {
        let values = Array2::from_shape_fn((1000, 2), |(row, column)| if column == 0 { 0.1 } else { row as f64 });
        let moments = SecondMoments::of_rows(values.view(), None);
        assert!(!moments.varies(0) && moments.varies(1));
        assert_eq!(moments.correlations()[[0, 1]], 0.0);
    }
}
