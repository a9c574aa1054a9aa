//! The one pass over the rows: blocks of centred and scaled columns, weighted and multiplied, summed in fixed order.

use super::row_products::{self, RowProducts};
use ndarray::linalg::{general_mat_mul, general_mat_vec_mul};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of one block: it and its weighted copy stay in cache.
const BLOCK_ROWS: usize = 512;
/// Rows of one task: enough to hide the cost of handing it to a thread.
const TASK_ROWS: usize = 8192;

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    /// The calling thread, for callers that fit many models in parallel.
    Caller,
    /// All threads of the pool.
    Pool,
}

/// Some columns of a matrix as a basis with the intercept first: `z = (1, (x - mean) / scale) F`.
///
/// `F` is the identity unless the columns were made orthonormal. The matrix itself is not copied.
#[derive(Clone)]
pub(super) struct Columns<'a> {
    values: ArrayView2<'a, f64>,
    /// The columns used.
    pub(super) places: Vec<usize>,
    means: Vec<f64>,
    scales: Vec<f64>,
    /// One over the scales: exact, as they are powers of two.
    inverses: Vec<f64>,
    rotation: Option<Array2<f64>>,
    threads: Threads,
}

/// One row as the summing rule sees it.
pub(super) struct Case {
    pub(super) row: usize,
    /// `z' coefficients`.
    pub(super) predictor: f64,
    /// `z' metric z`, or zero where no metric was given.
    pub(super) distance: f64,
}

/// What one row adds.
pub(super) struct Terms {
    /// The factor of `z z'`; not negative.
    pub(super) curvature: f64,
    /// The factor of `z`.
    pub(super) score: f64,
    /// The addend of the value.
    pub(super) value: f64,
}

/// Sums over the rows, with `k` the intercept and the columns.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// `sum curvature z z'`, k by k.
    pub(super) matrix: Array2<f64>,
    /// `sum score z`, k.
    pub(super) vector: Array1<f64>,
    /// `sum value`.
    pub(super) value: f64,
}

/// Where the sums are taken: at these coefficients, with distances under this metric.
#[derive(Clone, Copy, Default)]
pub(super) struct At<'a> {
    pub(super) coefficients: Option<&'a [f64]>,
    pub(super) metric: Option<ArrayView2<'a, f64>>,
}

/// What is done with a block of rows: its basis, its first row, the task's total, and room for n_terms + 3 numbers a row.
type OfBlock<'w, T> = dyn Fn(ArrayView2<f64>, usize, &mut T, &mut [f64]) + Sync + 'w;

impl<'a> Columns<'a> {
    /// Columns centred and scaled; scales are rounded to powers of two, which costs no digit.
    pub(super) fn new(
        values: ArrayView2<'a, f64>,
        places: Vec<usize>,
        means: Vec<f64>,
        scales: &[f64],
        threads: Threads,
    ) -> Self {
        let scales: Vec<f64> = scales.iter().map(|scale| scale.log2().round().exp2()).collect();
        let inverses = scales.iter().map(|scale| 1.0 / scale).collect();
        Self { values, places, means, scales, inverses, rotation: None, threads }
    }

    /// Columns as they are.
    pub(super) fn plain(values: ArrayView2<'a, f64>, places: Vec<usize>, threads: Threads) -> Self {
        let ones = vec![1.0; places.len()];
        Self {
            values,
            means: vec![0.0; places.len()],
            scales: ones.clone(),
            inverses: ones,
            places,
            rotation: None,
            threads,
        }
    }

    /// The same columns multiplied by `F` (k by k).
    pub(super) fn rotated(mut self, rotation: Array2<f64>) -> Self {
        self.rotation = Some(rotation);
        self
    }

    /// The same columns with their basis multiplied by `by`, whatever it was before.
    pub(super) fn turned(&self, by: &Array2<f64>) -> Self {
        let rotation = self.rotation.as_ref().map_or_else(|| by.clone(), |rotation| rotation.dot(by));
        self.clone().rotated(rotation)
    }

    /// The same columns of every `stride`-th row.
    pub(super) fn thinned(&self, stride: usize) -> Columns<'_> {
        let values = self.values.slice(ndarray::s![..;stride, ..]);
        Columns { values, ..self.clone() }
    }

    /// Some of these columns, by place among them, unrotated.
    pub(super) fn select(&self, chosen: &[usize]) -> Self {
        let pick = |values: &[f64]| chosen.iter().map(|&index| values[index]).collect();
        Self {
            values: self.values,
            places: chosen.iter().map(|&index| self.places[index]).collect(),
            means: pick(&self.means),
            scales: pick(&self.scales),
            inverses: pick(&self.inverses),
            rotation: None,
            threads: self.threads,
        }
    }

    pub(super) fn n_rows(&self) -> usize {
        self.values.nrows()
    }

    /// The intercept and the columns.
    pub(super) fn n_terms(&self) -> usize {
        self.places.len() + 1
    }

    pub(super) fn mean(&self, index: usize) -> f64 {
        self.means[index]
    }

    /// The power of two that the column is divided by.
    pub(super) fn scale(&self, index: usize) -> f64 {
        self.scales[index]
    }

    pub(super) fn values(&self) -> ArrayView2<'a, f64> {
        self.values
    }

    pub(super) fn is_rotated(&self) -> bool {
        self.rotation.is_some()
    }

    /// Coefficients of the basis as coefficients of the columns in their own units, around their means.
    pub(super) fn in_units(&self, coefficients: &[f64]) -> Array1<f64> {
        let mut own = self.before_rotation(coefficients);
        own.iter_mut().skip(1).zip(&self.scales).for_each(|(value, scale)| *value /= scale);
        own
    }

    /// A covariance of the basis as that of the coefficients in their own units, the intercept at zero of the columns.
    pub(super) fn covariance_in_units(&self, covariance: &Array2<f64>) -> Array2<f64> {
        let map = self.unit_map();
        let own = map.dot(covariance).dot(&map.t());
        (&own + &own.t()) * 0.5
    }

    /// Coefficients of the basis times this are those in their own units, the intercept at zero of the columns.
    pub(super) fn unit_map(&self) -> Array2<f64> {
        let n_terms = self.n_terms();
        let mut map = Array2::zeros((n_terms, n_terms));
        map[[0, 0]] = 1.0;
        for index in 0..self.places.len() {
            map[[index + 1, index + 1]] = 1.0 / self.scales[index];
            map[[0, index + 1]] = -self.means[index] / self.scales[index];
        }
        match &self.rotation {
            Some(rotation) => map.dot(rotation),
            None => map,
        }
    }

    /// Sums what `rule` says of every row.
    pub(super) fn sums(&self, at: At, rule: impl Fn(Case) -> Terms + Sync) -> Sums {
        let n_terms = self.n_terms();
        let tasks = self.by_task(
            &|block, first, (products, value): &mut (RowProducts, f64), room| {
                let n_rows = block.nrows();
                let (curvatures, room) = room.split_at_mut(n_rows);
                let (scores, room) = room.split_at_mut(n_rows);
                let predictors = &mut room[..n_rows];
                let rows = block.to_slice().unwrap_or_default();
                match at.coefficients {
                    Some(coefficients) => row_products::predict(rows, coefficients, predictors),
                    None => predictors.fill(0.0),
                }
                let images = at.metric.map(|metric| block.dot(&metric));
                for offset in 0..n_rows {
                    let case = Case {
                        row: first + offset,
                        predictor: predictors[offset],
                        distance: images.as_ref().map_or(0.0, |images| images.row(offset).dot(&block.row(offset))),
                    };
                    let terms = rule(case);
                    *value += terms.value;
                    curvatures[offset] = terms.curvature;
                    scores[offset] = terms.score;
                }
                products.add(rows, curvatures, scores);
            },
            &|| (RowProducts::new(n_terms), 0.0),
        );
        let (products, value) = tasks
            .into_iter()
            .reduce(|total, task| (total.0.plus(&task.0), total.1 + task.1))
            .unwrap_or_else(|| (RowProducts::new(n_terms), 0.0));
        Sums { matrix: products.matrix(), vector: products.vector(), value }
    }

    /// `sum score z`, where `add` gives a row's score and adds what else is wanted of the row to a total, kept by task in
    /// the order of the rows; without the cost of the matrix of [`Columns::sums`].
    pub(super) fn scores<T: Send>(
        &self,
        coefficients: &[f64],
        empty: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, Case) -> f64 + Sync,
    ) -> (Array1<f64>, Vec<T>) {
        let n_terms = self.n_terms();
        let tasks = self.by_task(
            &|block, first, total: &mut (Array1<f64>, T), right| {
                let predictors = block.dot(&ArrayView1::from(coefficients));
                let right = &mut right[..block.nrows()];
                for ((offset, predictor), right) in predictors.into_iter().enumerate().zip(right.iter_mut()) {
                    *right = add(&mut total.1, Case { row: first + offset, predictor, distance: 0.0 });
                }
                general_mat_vec_mul(1.0, &block.t(), &ArrayView1::from(&*right), 1.0, &mut total.0);
            },
            &|| (Array1::zeros(n_terms), empty()),
        );
        let mut vector = Array1::zeros(n_terms);
        let others = tasks.into_iter().map(|(part, other)| {
            vector += &part;
            other
        });
        let others = others.collect();
        (vector, others)
    }

    /// One number a row from `z' coefficients`, kept by task in the order of the rows.
    pub(super) fn fold_predictors<T: Send>(
        &self,
        coefficients: &[f64],
        empty: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, Case) + Sync,
    ) -> Vec<T> {
        self.fold(At { coefficients: Some(coefficients), metric: None }, empty, add)
    }

    /// What `add` makes of the rows, kept by task in the order of the rows.
    pub(super) fn fold<T: Send>(
        &self,
        at: At,
        empty: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, Case) + Sync,
    ) -> Vec<T> {
        self.by_task(
            &|block, first, total: &mut T, _| {
                let predictors = at.coefficients.map(|coefficients| block.dot(&ArrayView1::from(coefficients)));
                let images = at.metric.map(|metric| block.dot(&metric));
                for (offset, z) in block.outer_iter().enumerate() {
                    let case = Case {
                        row: first + offset,
                        predictor: predictors.as_ref().map_or(0.0, |predictors| predictors[offset]),
                        distance: images.as_ref().map_or(0.0, |images| images.row(offset).dot(&z)),
                    };
                    add(total, case);
                }
            },
            &empty,
        )
    }

    /// `sum weight u u'`, where `u` is the basis of a row with `n_beside` numbers after it; `write` fills these and
    /// returns the weight. A row without weight may hold anything.
    pub(super) fn products_beside(
        &self,
        n_beside: usize,
        write: impl Fn(usize, &mut [f64]) -> f64 + Sync,
    ) -> Array2<f64> {
        let n_terms = self.n_terms();
        let width = n_terms + n_beside;
        let size = BLOCK_ROWS.min(self.n_rows()) * width;
        let tasks = self.by_task(
            &|block, first, (total, plain, weighted): &mut (Array2<f64>, Vec<f64>, Vec<f64>), _| {
                let rows = plain.chunks_exact_mut(width).zip(weighted.chunks_exact_mut(width));
                for ((offset, z), (plain, weighted)) in block.outer_iter().enumerate().zip(rows) {
                    let (own, beside) = plain.split_at_mut(n_terms);
                    let weight = write(first + offset, beside);
                    if weight > 0.0 {
                        own.iter_mut().zip(z).for_each(|(own, z)| *own = *z);
                        weighted.iter_mut().zip(&*plain).for_each(|(weighted, plain)| *weighted = weight * plain);
                    } else {
                        plain.fill(0.0);
                        weighted.fill(0.0);
                    }
                }
                let (shape, used) = ((block.nrows(), width), block.nrows() * width);
                let plain = ArrayView2::from_shape(shape, &plain[..used]);
                let weighted = ArrayView2::from_shape(shape, &weighted[..used]);
                if let (Ok(plain), Ok(weighted)) = (plain, weighted) {
                    general_mat_mul(1.0, &plain.t(), &weighted, 1.0, total);
                }
            },
            &|| (Array2::zeros((width, width)), vec![0.0; size], vec![0.0; size]),
        );
        let total = tasks.into_iter().fold(Array2::zeros((width, width)), |total: Array2<f64>, task| total + task.0);
        (&total + &total.t()) * 0.5
    }

    /// The basis of one row before `F`, written to `z`, n_terms long.
    pub(super) fn write_row(&self, row: usize, z: &mut [f64]) {
        self.fill_unrotated(row..row + 1, z);
    }

    /// `F c`: coefficients before `F`.
    pub(super) fn before_rotation(&self, coefficients: &[f64]) -> Array1<f64> {
        let coefficients = ArrayView1::from(coefficients);
        self.rotation.as_ref().map_or_else(|| coefficients.to_owned(), |rotation| rotation.dot(&coefficients))
    }

    /// `F' v`: sums of rows before `F` as those after it.
    pub(super) fn vector_after_rotation(&self, vector: Array1<f64>) -> Array1<f64> {
        match &self.rotation {
            Some(rotation) => rotation.t().dot(&vector),
            None => vector,
        }
    }

    /// `F' M F`: sums of outer products of rows before `F` as those after it.
    pub(super) fn products_after_rotation(&self, products: Array2<f64>) -> Array2<f64> {
        match &self.rotation {
            Some(rotation) => rotation.t().dot(&products).dot(rotation),
            None => products,
        }
    }

    /// Runs `work` on every block; the results of tasks come in the order of the rows, whoever made them.
    pub(super) fn by_task<T: Send>(&self, work: &OfBlock<'_, T>, empty: &(dyn Fn() -> T + Sync)) -> Vec<T> {
        let (n_rows, n_terms) = (self.n_rows(), self.n_terms());
        let task = |index: usize| {
            let rows = index * TASK_ROWS..((index + 1) * TASK_ROWS).min(n_rows);
            let block_rows = BLOCK_ROWS.min(rows.len());
            let mut block = vec![0.0; block_rows * n_terms];
            let mut room = vec![0.0; block_rows * (n_terms + 3)];
            let mut spare = self.spare(block_rows);
            let mut total = empty();
            for first in rows.clone().step_by(BLOCK_ROWS) {
                let here = first..(first + BLOCK_ROWS).min(rows.end);
                let block = &mut block[..here.len() * n_terms];
                self.fill(here.clone(), block, &mut spare);
                if let Ok(view) = ArrayView2::from_shape((here.len(), n_terms), &*block) {
                    work(view, first, &mut total, &mut room);
                }
            }
            total
        };
        let n_tasks = n_rows.div_ceil(TASK_ROWS);
        match self.threads {
            Threads::Caller => (0..n_tasks).map(task).collect(),
            Threads::Pool => (0..n_tasks).into_par_iter().map(task).collect(),
        }
    }

    fn spare(&self, rows: usize) -> Vec<f64> {
        vec![0.0; if self.is_rotated() { rows * self.n_terms() } else { 0 }]
    }

    /// Writes the basis of some rows, row after row.
    fn fill(&self, rows: Range<usize>, block: &mut [f64], spare: &mut [f64]) {
        let shape = (rows.len(), self.n_terms());
        let Some(rotation) = &self.rotation else { return self.fill_unrotated(rows, block) };
        let spare = &mut spare[..block.len()];
        self.fill_unrotated(rows, spare);
        if let (Ok(from), Ok(mut to)) = (ArrayView2::from_shape(shape, spare), ArrayViewMut2::from_shape(shape, block))
        {
            general_mat_mul(1.0, &from, rotation, 0.0, &mut to);
        }
    }

    fn fill_unrotated(&self, rows: Range<usize>, block: &mut [f64]) {
        let whole = self.places.iter().copied().eq(0..self.values.ncols());
        let values = self.values.slice_axis(Axis(0), rows.into());
        if whole && let Some(values) = values.to_slice() {
            return row_products::standardise(values, &self.means, &self.inverses, block);
        }
        for (row, z) in values.outer_iter().zip(block.chunks_exact_mut(self.n_terms())) {
            z[0] = 1.0;
            let z = z[1..].iter_mut().zip(&self.means).zip(&self.inverses);
            match row.to_slice() {
                Some(x) => z.zip(&self.places).for_each(|(((z, mean), inverse), &at)| *z = (x[at] - mean) * inverse),
                None => z.zip(&self.places).for_each(|(((z, mean), inverse), &at)| *z = (row[at] - mean) * inverse),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::wave;

    fn matrix() -> Array2<f64> {
        Array2::from_shape_fn((20_000, 3), |(row, column)| wave(row, column) * 100.0 + 7.0)
    }

    fn rule(case: Case) -> Terms {
        Terms { curvature: 1.0 + (case.row % 3) as f64, score: case.predictor, value: case.distance }
    }

    #[test]
    fn sums_are_those_of_the_plain_formula() {
        let values = matrix();
        let columns = Columns::new(values.view(), vec![2, 0], vec![7.0, 5.0], &[64.0, 32.0], Threads::Pool);
        let metric = Array2::eye(3);
        let at = At { coefficients: Some(&[0.5, 1.0, -2.0]), metric: Some(metric.view()) };
        let got = columns.sums(at, rule);
        let (mut matrix, mut vector, mut value) = (Array2::<f64>::zeros((3, 3)), Array1::<f64>::zeros(3), 0.0);
        for (row, x) in values.outer_iter().enumerate() {
            let z = ndarray::array![1.0, (x[2] - 7.0) / 64.0, (x[0] - 5.0) / 32.0];
            let outer = Array2::from_shape_fn((3, 3), |(i, j)| z[i] * z[j]);
            matrix = matrix + outer * (1.0 + (row % 3) as f64);
            vector = vector + &z * (0.5 + z[1] - 2.0 * z[2]);
            value += z.dot(&z);
        }
        assert!((&got.matrix - &matrix).iter().all(|gap| gap.abs() < 1e-8), "{got:?} {matrix}");
        assert!((&got.vector - &vector).iter().all(|gap| gap.abs() < 1e-8));
        assert!((got.value - value).abs() < 1e-8);
    }

    #[test]
    fn products_beside_are_those_of_the_plain_formula() {
        let values = matrix();
        let columns = Columns::new(values.view(), vec![1], vec![7.0], &[64.0], Threads::Pool);
        let got = columns.products_beside(2, |row, beside| {
            beside.copy_from_slice(&[(row % 7) as f64, if row == 11 { f64::INFINITY } else { 1.5 }]);
            if row == 11 { 0.0 } else { (row % 3) as f64 }
        });
        let mut want = Array2::<f64>::zeros((4, 4));
        for (row, x) in values.outer_iter().enumerate().filter(|&(row, _)| row != 11) {
            let u = [1.0, (x[1] - 7.0) / 64.0, (row % 7) as f64, 1.5];
            want += &Array2::from_shape_fn((4, 4), |(i, j)| (row % 3) as f64 * u[i] * u[j]);
        }
        assert!((&got - &want).iter().all(|gap| gap.abs() < 1e-8), "{got} {want}");
    }

    #[test]
    fn threads_and_layout_change_no_byte() {
        let values = matrix();
        let by_column = Array2::from_shape_vec((3, 20_000), values.t().iter().copied().collect()).expect("same length");
        let sums = |values: ArrayView2<f64>, threads| {
            let columns = Columns::new(values, vec![0, 1, 2], vec![7.0; 3], &[64.0; 3], threads);
            columns.sums(At { coefficients: Some(&[0.1, 0.2, 0.3, 0.4]), metric: None }, rule).matrix
        };
        let pool = sums(values.view(), Threads::Pool);
        assert_eq!(pool, sums(values.view(), Threads::Caller));
        assert_eq!(pool, sums(by_column.t(), Threads::Pool));
    }
}
