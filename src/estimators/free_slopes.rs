//! The likelihood of ordered levels whose columns may have a slope of their own at every step between the levels.
//!
//! A row of level `j` has `u = z' g_j` above it and `l = z' g_(j-1)` below, where `z` is the row of the basis and `g` has a
//! step's threshold and, negated, its slopes. The steps' coefficients are linear in the parameters: columns that are held
//! parallel share one slope.

use super::cases::{Cases, RowsByCluster};
use super::columns::{Columns, Sums};
use super::cumulative::{Cell, Form, Gap};
use super::newton::{Ascent, Limits, ascend};
use super::ordinal_levels::Levels;
use super::robust::cluster_products;
use super::separation::{Margins, SeparatingColumn, Side, Sides, recession, separating};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};

/// A model of ordered levels over some columns.
pub(super) struct FreeSlopes<'a, 'c> {
    columns: &'a Columns<'c>,
    cases: &'a Cases<'a>,
    levels: &'a Levels,
    /// Whether a column of the design, by its place there, has one slope for all steps; the basis is unrotated then.
    is_parallel: &'a [bool],
    /// From the parameters to the coefficients of all steps, step after step.
    map: Array2<f64>,
}

impl<'a, 'c> FreeSlopes<'a, 'c> {
    pub(super) fn new(
        columns: &'a Columns<'c>,
        cases: &'a Cases<'a>,
        levels: &'a Levels,
        is_parallel: &'a [bool],
    ) -> Self {
        let mut model = Self { columns, cases, levels, is_parallel, map: Array2::zeros((0, 0)) };
        let (n_steps, n_terms) = (levels.n_thresholds(), columns.n_terms());
        model.map = Array2::zeros((n_steps * n_terms, model.n_parameters()));
        for step in 0..n_steps {
            model.map[[step * n_terms, step]] = 1.0;
            for column in 0..n_terms - 1 {
                let place = model.slope(column, step);
                model.map[[step * n_terms + column + 1, place]] = -1.0;
            }
        }
        model
    }

    pub(super) fn columns(&self) -> &Columns<'c> {
        self.columns
    }

    pub(super) fn n_steps(&self) -> usize {
        self.levels.n_thresholds()
    }

    /// Whether a column, by its place among those estimated, has one slope for all steps.
    pub(super) fn is_parallel(&self, column: usize) -> bool {
        self.is_parallel[self.columns.places[column]]
    }

    fn width(&self, column: usize) -> usize {
        if self.is_parallel(column) { 1 } else { self.n_steps() }
    }

    pub(super) fn n_parameters(&self) -> usize {
        self.n_steps() + (0..self.columns.places.len()).map(|column| self.width(column)).sum::<usize>()
    }

    /// The place of a column's slope at a step among the parameters, which start with the thresholds.
    pub(super) fn slope(&self, column: usize, step: usize) -> usize {
        let first = self.n_steps() + (0..column).map(|earlier| self.width(earlier)).sum::<usize>();
        first + if self.is_parallel(column) { 0 } else { step }
    }

    /// The parameters of one slope a column, as thresholds and slopes of the same basis.
    pub(super) fn widened(&self, thresholds_and_slopes: &[f64]) -> Vec<f64> {
        let (thresholds, slopes) = thresholds_and_slopes.split_at(self.n_steps());
        let wide = slopes.iter().enumerate().flat_map(|(column, &slope)| vec![slope; self.width(column)]);
        thresholds.iter().copied().chain(wide).collect()
    }

    /// Climbs the likelihood, and gives a direction in which the levels separate where there is one.
    pub(super) fn ascend(&self, start: Vec<f64>, limits: Limits) -> (Ascent, Option<Vec<f64>>) {
        let mut along = None;
        let ascent = ascend(
            |parameters| self.likelihood(parameters),
            start,
            limits,
            |_| {
                along = recession(self);
                along.is_some()
            },
        );
        (ascent, along)
    }

    /// The log-likelihood, its gradient and the observed information; minus infinity where the steps of a row that lies
    /// between two of them cross.
    pub(super) fn likelihood(&self, parameters: &[f64]) -> Sums {
        self.sums(parameters, |row| self.cases.weight(row), Cell::information)
    }

    /// `sum g g'` over the rows, `g` a row's score.
    pub(super) fn score_products(&self, parameters: &[f64]) -> Array2<f64> {
        self.sums(parameters, |row| self.cases.squared_score_weight(row), Cell::score_products).matrix
    }

    /// `sum g g'` over the clusters, `g` a cluster's score; the basis is unrotated.
    pub(super) fn cluster_products(&self, parameters: &[f64], sorted: &RowsByCluster) -> Array2<f64> {
        let n_terms = self.columns.n_terms();
        let steps = self.steps(parameters);
        let products = cluster_products(self.columns, self.map.nrows(), sorted, |row, z, score| {
            let predictors = steps.dot(&ArrayView1::from(z));
            let (cell, level) = self.cell(row, predictors.view());
            let weight = self.cases.weight(row);
            let mut add = |step: usize, factor: f64| {
                let score = &mut score[step * n_terms..][..n_terms];
                score.iter_mut().zip(z).for_each(|(score, z)| *score += weight * factor * z);
            };
            if level < self.n_steps() {
                add(level, cell.upper_score());
            }
            if level > 0 {
                add(level - 1, cell.lower_score());
            }
        });
        self.map.t().dot(&products).dot(&self.map)
    }

    /// Rows that count where two steps cross, which leaves a level with a negative probability.
    pub(super) fn n_crossed(&self, parameters: &[f64]) -> usize {
        let steps = self.steps(parameters);
        let tasks = self.columns.by_task(
            &|block, first, count: &mut usize, _| {
                let predictors = block.dot(&steps.t());
                for (offset, row) in predictors.outer_iter().enumerate() {
                    let crosses = row.windows(2).into_iter().any(|pair| pair[0] >= pair[1]);
                    *count += usize::from(crosses && self.cases.counts(first + offset));
                }
            },
            &|| 0,
        );
        tasks.into_iter().sum()
    }

    /// The columns behind a direction in which the levels separate, and whether each does so by itself.
    pub(super) fn separating(&self, names: &[&str], along: &[f64]) -> (Vec<SeparatingColumn>, bool) {
        let search = |fewer: &Columns| {
            let model = FreeSlopes::new(fewer, self.cases, self.levels, self.is_parallel);
            recession(&model).map(|along| model.steepest(&along))
        };
        let alone = |index: usize| {
            let slope = search(&self.columns.select(&[index]))?[1];
            Some(if slope > 0.0 { Side::Higher } else { Side::Lower })
        };
        separating(self.columns, names, &self.steepest(along), alone, search)
    }

    /// Nought and, of every column, the slope of the step at which it is steepest.
    fn steepest(&self, parameters: &[f64]) -> Vec<f64> {
        let slope = |column: usize| {
            let slopes = (0..self.n_steps()).map(|step| parameters[self.slope(column, step)]);
            slopes.fold(0.0, |steepest: f64, slope| if slope.abs() > steepest.abs() { slope } else { steepest })
        };
        std::iter::once(0.0).chain((0..self.columns.places.len()).map(slope)).collect()
    }

    /// Coefficients of the basis by step, n_steps by n_terms.
    fn steps(&self, parameters: &[f64]) -> Array2<f64> {
        let all = self.map.dot(&ArrayView1::from(parameters));
        let shape = (self.n_steps(), self.columns.n_terms());
        Array2::from_shape_fn(shape, |(step, term)| all[step * shape.1 + term])
    }

    /// A row's share of the likelihood, from its predictors at all steps, and its level.
    fn cell(&self, row: usize, predictors: ArrayView1<f64>) -> (Cell, usize) {
        let level = self.levels.code(row);
        let upper = predictors.get(level).copied().unwrap_or(f64::INFINITY);
        let lower = if level == 0 { f64::NEG_INFINITY } else { predictors[level - 1] };
        (Cell::of(upper, lower, Gap::of(upper - lower)), level)
    }

    /// Rows of one level at a time share two steps, so that their products are three small blocks.
    fn sums(
        &self,
        parameters: &[f64],
        weight: impl Fn(usize) -> f64 + Sync,
        form: impl Fn(&Cell) -> Form + Sync,
    ) -> Sums {
        let (n_terms, n_levels) = (self.columns.n_terms(), self.levels.n_levels());
        let steps = self.steps(parameters);
        let layouts: Vec<Layout> = (0..n_levels).map(|level| Layout::of(level, self.n_steps(), n_terms)).collect();
        let empty = || {
            let products = layouts.iter().map(|layout| Array2::<f64>::zeros((n_terms, layout.width)));
            (products.collect::<Vec<_>>(), 0.0_f64)
        };
        let tasks = self.columns.by_task(
            &|block, first, total: &mut (Vec<Array2<f64>>, f64), _| {
                let predictors = block.dot(&steps.t());
                let mut members = vec![Vec::new(); n_levels];
                for row in (first..first + block.nrows()).filter(|&row| self.cases.counts(row)) {
                    members[self.levels.code(row)].push(row);
                }
                for ((members, layout), products) in members.iter().zip(&layouts).zip(&mut total.0) {
                    let width = layout.width;
                    let mut left = Vec::with_capacity(members.len() * n_terms);
                    let mut right = Vec::with_capacity(members.len() * width);
                    for &row in members {
                        let z = block.row(row - first);
                        let (cell, _) = self.cell(row, predictors.row(row - first));
                        let (weight, form) = (weight(row), form(&cell));
                        total.1 += if cell.is_possible() { weight * cell.log_likelihood() } else { f64::NEG_INFINITY };
                        left.extend(z);
                        let factors = [
                            (layout.upper.is_some(), form.upper),
                            (layout.lower.is_some(), form.lower),
                            (layout.between.is_some(), form.between),
                        ];
                        for (_, factor) in factors.into_iter().filter(|&(is_there, _)| is_there) {
                            let factor = weight * factor;
                            right.extend(z.iter().map(|z| factor * z));
                        }
                        let scores = [(layout.upper, cell.upper_score()), (layout.lower, cell.lower_score())];
                        right.extend(scores.into_iter().filter_map(|(place, score)| place.map(|_| weight * score)));
                    }
                    let left = ArrayView2::from_shape((members.len(), n_terms), &left);
                    if let (Ok(left), Ok(right)) = (left, ArrayView2::from_shape((members.len(), width), &right)) {
                        general_mat_mul(1.0, &left.t(), &right, 1.0, products);
                    }
                }
            },
            &empty,
        );
        let (mut products, mut value) = empty();
        for task in &tasks {
            products.iter_mut().zip(&task.0).for_each(|(own, task)| *own += task);
            value += task.1;
        }
        self.assemble(&products, value)
    }

    fn assemble(&self, products: &[Array2<f64>], value: f64) -> Sums {
        let (n_steps, n_terms) = (self.n_steps(), self.columns.n_terms());
        let n = n_steps * n_terms;
        let mut matrix = Array2::<f64>::zeros((n, n));
        let mut vector = Array1::<f64>::zeros(n);
        let of_step = |step: usize| step * n_terms..(step + 1) * n_terms;
        for (level, products) in products.iter().enumerate() {
            let layout = Layout::of(level, n_steps, n_terms);
            let part = |first: usize| products.slice(s![.., first..first + n_terms]);
            // The step above a level has the level's number, the one below it the number before.
            for (step, place) in [(level, layout.upper), (level.wrapping_sub(1), layout.lower)] {
                if let Some(place) = place {
                    let mut block = matrix.slice_mut(s![of_step(step), of_step(step)]);
                    block += &part(place.block);
                    let mut score = vector.slice_mut(s![of_step(step)]);
                    score += &products.column(place.score);
                }
            }
            if let Some(between) = layout.between {
                matrix.slice_mut(s![of_step(level - 1), of_step(level)]).assign(&part(between));
                matrix.slice_mut(s![of_step(level), of_step(level - 1)]).assign(&part(between).t());
            }
        }
        let matrix = self.map.t().dot(&matrix).dot(&self.map);
        Sums { matrix: (&matrix + &matrix.t()) * 0.5, vector: self.map.t().dot(&vector), value }
    }
}

/// Where the products of a level's rows with its two steps stand side by side; the outer levels have one step.
struct Layout {
    upper: Option<Place>,
    lower: Option<Place>,
    /// The block of both steps.
    between: Option<usize>,
    width: usize,
}

/// The first column of a step's block, and the column of its score.
#[derive(Clone, Copy)]
struct Place {
    block: usize,
    score: usize,
}

impl Layout {
    fn of(level: usize, n_steps: usize, n_terms: usize) -> Self {
        let one = Some(Place { block: 0, score: n_terms });
        if level == 0 {
            return Self { upper: one, lower: None, between: None, width: n_terms + 1 };
        }
        if level == n_steps {
            return Self { upper: None, lower: one, between: None, width: n_terms + 1 };
        }
        Self {
            upper: Some(Place { block: 0, score: 3 * n_terms }),
            lower: Some(Place { block: n_terms, score: 3 * n_terms + 1 }),
            between: Some(2 * n_terms),
            width: 3 * n_terms + 2,
        }
    }
}

/// The step above a row may not fall along a direction, and the step below it not rise.
impl Sides for FreeSlopes<'_, '_> {
    fn total(&self) -> Array1<f64> {
        let n_terms = self.columns.n_terms();
        let tasks = self.columns.by_task(
            &|block, first, sums: &mut Array2<f64>, _| {
                for (offset, z) in
                    block.outer_iter().enumerate().filter(|(offset, _)| self.cases.counts(first + offset))
                {
                    let mut sum = sums.row_mut(self.levels.code(first + offset));
                    sum += &z;
                }
            },
            &|| Array2::zeros((self.levels.n_levels(), n_terms)),
        );
        let by_level = tasks.into_iter().fold(Array2::zeros((self.levels.n_levels(), n_terms)), |sum, task| sum + task);
        let steps = (0..self.n_steps()).flat_map(|step| (&by_level.row(step) - &by_level.row(step + 1)).to_vec());
        self.map.t().dot(&steps.collect::<Array1<f64>>())
    }

    fn margins(&self, along: &[f64]) -> Margins {
        let steps = self.steps(along);
        let tasks = self.columns.by_task(
            &|block, first, margins: &mut Margins, _| {
                let predictors = block.dot(&steps.t());
                for row in (first..first + block.nrows()).filter(|&row| self.cases.counts(row)) {
                    let (predictors, level) = (predictors.row(row - first), self.levels.code(row));
                    if let Some(&upper) = predictors.get(level) {
                        margins.take_in(upper, 2 * row);
                    }
                    if level > 0 {
                        margins.take_in(-predictors[level - 1], 2 * row + 1);
                    }
                }
            },
            &Margins::none,
        );
        Margins::over(tasks)
    }

    fn side(&self, place: usize) -> Array1<f64> {
        let (row, is_lower) = (place / 2, place % 2 == 1);
        let n_terms = self.columns.n_terms();
        let mut z = Array1::zeros(n_terms);
        self.columns.write_row(row, z.as_slice_mut().unwrap_or_default());
        let z = self.columns.vector_after_rotation(z);
        let level = self.levels.code(row);
        let (step, sign) = if is_lower { (level - 1, -1.0) } else { (level, 1.0) };
        let mut side = Array1::zeros(self.map.nrows());
        side.slice_mut(s![step * n_terms..(step + 1) * n_terms]).assign(&(z * sign));
        self.map.t().dot(&side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Outcome, WeightKind, Weights};
    use crate::estimators::columns::Threads;
    use crate::estimators::formula_data::{FormulaData, observations};

    #[test]
    fn gradient_and_information_are_finite_differences_of_the_likelihood() {
        let data = FormulaData::of(300);
        let level = data.number.mapv(|number| (0.5 * number).floor().clamp(0.0, 3.0));
        let features = data.features.mapv(|value| value / 50.0);
        let outcome = Outcome::numeric("level", level).expect("finite");
        let weights = Weights::new(WeightKind::Precision, data.weights.clone()).expect("valid");
        let data = observations(&["a", "b", "c"], features.clone(), outcome).weighted(weights).expect("one a row");
        let cases = Cases::of(&data);
        let levels = Levels::of(&data, &cases).expect("levels");
        let columns = Columns::plain(features.view(), vec![0, 1, 2], Threads::Caller);
        let model = FreeSlopes::new(&columns, &cases, &levels, &[false, true, false]);
        // Three thresholds, three slopes, one, three.
        let here = [-2.0, -0.5, 1.5, 0.3, 0.1, -0.2, 0.4, 0.5, -0.1, 0.2];
        assert_eq!(model.n_parameters(), here.len());
        let sums = model.likelihood(&here);
        assert!(sums.value.is_finite());
        let step = 1e-5;
        for index in 0..here.len() {
            let moved = |by: f64| {
                let mut there = here;
                there[index] += by;
                model.likelihood(&there)
            };
            let (above, below) = (moved(step), moved(-step));
            let slope = (above.value - below.value) / (2.0 * step);
            assert!((slope - sums.vector[index]).abs() < 1e-6 * sums.vector[index].abs().max(1.0), "{index}");
            for other in 0..here.len() {
                let curvature = (below.vector[other] - above.vector[other]) / (2.0 * step);
                let gap = (curvature - sums.matrix[[index, other]]).abs();
                assert!(gap < 1e-6 * sums.matrix.diag().iter().copied().fold(1.0, f64::max), "{index} {other}");
            }
        }
    }
}
