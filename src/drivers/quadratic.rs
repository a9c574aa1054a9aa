//! The bootstrap of many likelihoods at once: each is followed to second order in the weights instead of being maximised
//! again for every replicate.
//!
//! At the maximum `b` of the whole sample, a replicate with weights `v` has
//! `max l(v) = sum v_i l_i(b) + g' H^-1 g / 2 + smaller terms`, where `g = sum v_i s_i(b)` is the replicate's score and `H`
//! the information of the whole sample scaled to the replicate's weight. The first sum is what the envelope theorem gives,
//! the second is one Newton step; what is left out falls with `n^(-1/2)` beside noise that grows with `n^(1/2)`.

use super::bootstrap::Replicates;
use super::likelihood::{Derivatives, Likelihood, Thresholds};
use crate::stats::Resampler;
use crate::stats::linear_algebra::Cholesky;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

/// Numbers of one block of replicate weights: 64 MB.
const BLOCK_VALUES: usize = 1 << 23;

/// Rows whose terms are multiplied with the weights at a time: few enough to stay in cache.
const TERM_ROWS: usize = 512;

/// A column whose variation is a model's but for this share is held by it.
const HELD: f64 = 1e-10;

/// One subset's model at its maximum.
pub(super) struct AtMaximum<'a> {
    /// Columns of the model.
    pub features: Vec<usize>,
    /// The leading parameters and one slope per column of the problem.
    pub parameters: &'a [f64],
}

/// Distinct rows of all models, column by column.
pub(super) struct Rows<'a> {
    /// n_columns columns of n_rows values each.
    pub columns: &'a [Vec<f64>],
    pub likelihood: &'a Likelihood,
    pub weights: &'a [f64],
}

/// Contributions in every replicate. `collapse` turns weights of observations into those of distinct rows and `values`
/// the log-likelihoods of all subsets and a replicate's weights into the values that are divided.
pub(super) fn replicates(
    resampler: &Resampler<'_>,
    n_replicates: usize,
    rows: &Rows<'_>,
    models: &[AtMaximum<'_>],
    collapse: impl Fn(&[f64]) -> Vec<f64> + Sync,
    contributions: impl Fn(&[f64], &[f64]) -> Array1<f64> + Sync,
) -> Replicates {
    let n_drivers = models.len().ilog2() as usize;
    if n_replicates > 0 && resampler.is_single_cluster() {
        return Replicates::of_single_cluster(n_drivers);
    }
    let block = (BLOCK_VALUES / rows.weights.len().max(1)).clamp(1, n_replicates.max(1));
    let mut table = Array2::zeros((n_replicates, n_drivers));
    for first in (0..n_replicates).step_by(block) {
        let last = (first + block).min(n_replicates);
        let mut weights = Array2::zeros((last - first, rows.weights.len()));
        weights.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each_init(
            || resampler.scratch(),
            |scratch, (place, mut own)| {
                own.assign(&ArrayView1::from(&collapse(resampler.draw(first + place, scratch))));
            },
        );
        // Each subset's pass over the rows is shared by the whole block.
        let by_subset: Vec<Vec<f64>> =
            models.par_iter().map(|model| Expansion::of(rows, model).under(weights.view())).collect();
        for (place, weights) in weights.outer_iter().enumerate() {
            let log_likelihoods: Vec<f64> = by_subset.iter().map(|values| values[place]).collect();
            table.row_mut(first + place).assign(&contributions(&log_likelihoods, &weights.to_vec()));
        }
    }
    Replicates { contributions: table, numbers: (0..n_replicates).collect(), n_failed: 0, single_cluster: false }
}

/// What every subset's log-likelihood gains by each of `n_drawn` sets of columns, n_drawn by n_subsets; `draw` makes a set.
pub(super) fn gains(
    rows: &Rows<'_>,
    models: &[AtMaximum<'_>],
    n_drawn: usize,
    n_columns: usize,
    draw: impl Fn(usize) -> AddedColumns + Sync,
) -> Array2<f64> {
    let values_each = rows.weights.len().max(1) * n_columns * (n_columns + 1);
    let block = (BLOCK_VALUES / values_each).clamp(1, n_drawn.max(1));
    let mut table = Array2::zeros((n_drawn, models.len()));
    for first in (0..n_drawn).step_by(block) {
        let last = (first + block).min(n_drawn);
        let drawn: Vec<AddedColumns> = (first..last).into_par_iter().map(&draw).collect();
        let by_subset: Vec<Vec<f64>> = models
            .par_iter()
            .map(|model| {
                let expansion = Expansion::of(rows, model);
                drawn.iter().map(|added| expansion.gain(added)).collect()
            })
            .collect();
        for (subset, gains) in by_subset.iter().enumerate() {
            gains.iter().enumerate().for_each(|(place, &gain)| table[[first + place, subset]] = gain);
        }
    }
    table
}

/// A subset's model and its log-likelihood near the maximum.
pub(super) struct Expansion<'a> {
    rows: &'a Rows<'a>,
    derivatives: Derivatives,
    columns: Vec<&'a [f64]>,
    /// Of the information; columns that are combinations of others have no step of their own.
    cholesky: Cholesky,
}

impl<'a> Expansion<'a> {
    pub fn of(rows: &'a Rows<'a>, model: &AtMaximum<'_>) -> Self {
        let (leading, slopes) = model.parameters.split_at(rows.likelihood.n_leading());
        let mut predictor = vec![0.0; rows.weights.len()];
        for &feature in &model.features {
            predictor.iter_mut().zip(&rows.columns[feature]).for_each(|(sum, value)| *sum += slopes[feature] * value);
        }
        let derivatives = rows.likelihood.derivatives(leading, &predictor);
        let columns: Vec<&[f64]> = model.features.iter().map(|&feature| rows.columns[feature].as_slice()).collect();
        let cholesky = Cholesky::of(information(rows, &derivatives, &columns).view());
        Self { rows, derivatives, columns, cholesky }
    }

    /// What a Newton step gains where the derivatives by the model's own parameters are these.
    fn product(&self, left: &[f64], right: &[f64]) -> f64 {
        let kept = |values: &[f64]| -> Array1<f64> { self.cholesky.kept().iter().map(|&term| values[term]).collect() };
        kept(left).dot(&self.cholesky.solve(kept(right).view()))
    }

    /// The maximised log-likelihood under each of some replicates' weights, n_replicates by n_rows.
    ///
    /// All that a replicate needs is linear in its weights, so that one product of matrices serves all of them.
    fn under(&self, weights: ArrayView2<f64>) -> Vec<f64> {
        let weight_sum: f64 = self.rows.weights.iter().sum();
        let n_rows = self.rows.weights.len();
        let n_leading = self.rows.likelihood.n_leading();
        let n_terms = 2 + n_leading + self.columns.len();
        let mut sums = Array2::zeros((weights.nrows(), n_terms));
        let mut terms = Array2::zeros((TERM_ROWS.min(n_rows), n_terms));
        for first in (0..n_rows).step_by(TERM_ROWS) {
            let last = (first + TERM_ROWS).min(n_rows);
            let mut terms = terms.slice_mut(s![..last - first, ..]);
            self.terms(first, terms.view_mut());
            general_mat_mul(1.0, &weights.slice(s![.., first..last]), &terms, 1.0, &mut sums);
        }
        let value = |sums: &[f64]| {
            let (scale, score) = (sums[0] / weight_sum, &sums[2..]);
            sums[1] + 0.5 * self.product(score, score) / scale
        };
        sums.outer_iter().map(|sums| value(&sums.to_vec())).collect()
    }

    /// Of some rows: one, the log-likelihood and its derivatives by the leading parameters and the slopes.
    fn terms(&self, first: usize, mut terms: ArrayViewMut2<f64>) {
        let derivatives = &self.derivatives;
        let n_leading = self.rows.likelihood.n_leading();
        for (place, mut terms) in terms.outer_iter_mut().enumerate() {
            let row = first + place;
            let score = derivatives.score[row];
            terms[0] = 1.0;
            terms[1] = derivatives.log_likelihood[row];
            match (self.rows.likelihood, &derivatives.thresholds) {
                (Likelihood::Levels { codes, .. }, Some(thresholds)) => {
                    let level = usize::from(codes[row]);
                    terms.slice_mut(s![2..2 + n_leading]).fill(0.0);
                    if level > 0 {
                        terms[1 + level] = thresholds.below[row];
                    }
                    if level < n_leading {
                        terms[2 + level] = thresholds.above[row];
                    }
                }
                _ => terms[2] = score,
            }
            for (term, column) in self.columns.iter().enumerate() {
                terms[2 + n_leading + term] = column[row] * score;
            }
        }
    }

    /// By distinct row: the derivatives by the parameters from `n_own` on, less what goes along with those before, so that in a sum
    /// over rows it does not matter that those were fitted (efficient scores). Combinations of other columns are left out.
    ///
    /// # References
    /// Rao (1948), as below; Boos (1992), "On generalized score tests", The American Statistician 46(4).
    pub fn efficient_scores(&self, n_own: usize) -> Array2<f64> {
        let information = information(self.rows, &self.derivatives, &self.columns);
        let (own, tested): (Vec<usize>, Vec<usize>) = self.cholesky.kept().iter().partition(|&&term| term < n_own);
        let of_own = information.select(Axis(0), &own);
        let cholesky = Cholesky::of(of_own.select(Axis(1), &own).view());
        let along: Vec<Array1<f64>> = tested.iter().map(|&term| cholesky.solve(of_own.column(term))).collect();
        let n_rows = self.rows.weights.len();
        let mut scores = Array2::zeros((n_rows, tested.len()));
        let mut terms = Array2::zeros((TERM_ROWS.min(n_rows), 2 + information.nrows()));
        for first in (0..n_rows).step_by(TERM_ROWS) {
            let last = (first + TERM_ROWS).min(n_rows);
            self.terms(first, terms.slice_mut(s![..last - first, ..]));
            for (row, terms) in (first..last).zip(terms.outer_iter()) {
                for (place, (&term, along)) in tested.iter().zip(&along).enumerate() {
                    let explained: f64 = own.iter().zip(along).map(|(&own, along)| along * terms[2 + own]).sum();
                    scores[[row, place]] = terms[2 + term] - explained;
                }
            }
        }
        scores
    }

    /// What the log-likelihood gains by more columns, by one Newton step from where their slopes are zero: half of Rao's
    /// score statistic.
    ///
    /// # References
    /// Rao (1948), "Large sample tests of statistical hypotheses concerning several parameters with applications to
    /// problems of estimation", Mathematical Proceedings of the Cambridge Philosophical Society 44(1).
    pub fn gain(&self, added: &AddedColumns) -> f64 {
        let Unexplained { score, cholesky, .. } = self.unexplained(added);
        0.5 * score.dot(&cholesky.solve(score.view()))
    }

    /// Where that step ends.
    pub fn step(&self, added: &AddedColumns) -> Step {
        let Unexplained { score, cholesky, with_model } = self.unexplained(added);
        let mut slopes = vec![0.0; with_model.len()];
        let mut pull = vec![0.0; self.rows.likelihood.n_leading() + self.columns.len()];
        for (&column, &slope) in cholesky.kept().iter().zip(&cholesky.solve(score.view())) {
            slopes[column] = slope;
            pull.iter_mut().zip(&with_model[column]).for_each(|(pull, with)| *pull -= slope * with);
        }
        let mut own = vec![0.0; pull.len()];
        let kept: Array1<f64> = self.cholesky.kept().iter().map(|&term| pull[term]).collect();
        let changes = self.cholesky.solve(kept.view());
        self.cholesky.kept().iter().zip(&changes).for_each(|(&term, &change)| own[term] = change);
        Step { slopes, own }
    }

    /// What the model leaves of columns that are added.
    fn unexplained(&self, added: &AddedColumns) -> Unexplained {
        let n_added = added.sums.len();
        let score: Array1<f64> = added.sums.iter().map(|sums| dot(sums, &self.derivatives.score)).collect();
        let with_model: Vec<Vec<f64>> = added.sums.iter().map(|sums| self.with_model(sums)).collect();
        let mut left = Array2::zeros((n_added, n_added));
        for row in 0..n_added {
            for column in 0..=row {
                let own = dot(&added.products[row * n_added + column], &self.derivatives.curvature);
                let explained = self.product(&with_model[row], &with_model[column]);
                let unexplained = own - explained;
                // A column that the model holds already gains nothing; its remainder is rounding.
                let unexplained = if row == column && unexplained <= HELD * own { 0.0 } else { unexplained };
                left[[row, column]] = unexplained;
                left[[column, row]] = unexplained;
            }
        }
        let cholesky = Cholesky::of(left.view());
        Unexplained { score: cholesky.kept().iter().map(|&term| score[term]).collect(), cholesky, with_model }
    }

    /// Minus the second derivatives by a column that is added and by the model's own parameters.
    fn with_model(&self, sums: &[f64]) -> Vec<f64> {
        let spread: Vec<f64> =
            sums.iter().zip(&self.derivatives.curvature).map(|(sum, curvature)| sum * curvature).collect();
        let mut with = vec![0.0; self.rows.likelihood.n_leading()];
        match (self.rows.likelihood, &self.derivatives.thresholds) {
            (Likelihood::Levels { codes, .. }, Some(thresholds)) => {
                let sides = thresholds.below_with_slope.iter().zip(&thresholds.above_with_slope);
                for ((&code, sum), (below, above)) in codes.iter().zip(sums).zip(sides) {
                    let level = usize::from(code);
                    if let Some(threshold) = level.checked_sub(1) {
                        with[threshold] -= sum * below;
                    }
                    if let Some(threshold) = with.get_mut(level) {
                        *threshold -= sum * above;
                    }
                }
            }
            _ => with[0] = spread.iter().sum(),
        }
        with.extend(self.columns.iter().map(|column| dot(column, &spread)));
        with
    }
}

/// Where one Newton step ends when columns come in.
pub(super) struct Step {
    /// The slopes of the added columns; zero for those that the model holds.
    pub slopes: Vec<f64>,
    /// What the leading parameters and the model's own slopes change by.
    pub own: Vec<f64>,
}

/// Added columns beside a model.
struct Unexplained {
    /// The derivatives by the slopes of the columns that are left.
    score: Array1<f64>,
    /// Of the information about these slopes that the model's own parameters leave.
    cholesky: Cholesky,
    /// By added column: minus the second derivatives by its slope and the model's own parameters.
    with_model: Vec<Vec<f64>>,
}

/// Columns that no model holds, over the distinct rows: sums over the observations that each of them stands for.
pub(super) struct AddedColumns {
    /// By column: weighted sums of its values.
    pub sums: Vec<Vec<f64>>,
    /// By pair of columns, the second one quickest: weighted sums of their products.
    pub products: Vec<Vec<f64>>,
}

impl AddedColumns {
    /// So many columns over distinct rows that stand for nothing yet.
    pub fn none(n_rows: usize, n_columns: usize) -> Self {
        let empty = |n_sums: usize| vec![vec![0.0; n_rows]; n_sums];
        Self { sums: empty(n_columns), products: empty(n_columns * n_columns) }
    }

    /// Takes observations with these values, one a column, into a distinct row.
    pub fn add(&mut self, row: usize, weight: f64, values: &[f64]) {
        self.sums.iter_mut().zip(values).for_each(|(sums, value)| sums[row] += weight * value);
        self.add_products(row, weight, values);
    }

    /// Takes their products in, where their sum is known already.
    pub fn add_products(&mut self, row: usize, weight: f64, values: &[f64]) {
        let pairs = values.iter().flat_map(|left| values.iter().map(move |right| left * right));
        self.products.iter_mut().zip(pairs).for_each(|(sums, product)| sums[row] += weight * product);
    }
}

/// Minus the second derivatives of the whole sample's log-likelihood, the leading parameters first.
fn information(rows: &Rows<'_>, derivatives: &Derivatives, columns: &[&[f64]]) -> Array2<f64> {
    let spread: Vec<f64> =
        rows.weights.iter().zip(&derivatives.curvature).map(|(weight, curvature)| weight * curvature).collect();
    let n_leading = rows.likelihood.n_leading();
    let n_terms = n_leading + columns.len();
    let mut information = Array2::zeros((n_terms, n_terms));
    match (rows.likelihood, &derivatives.thresholds) {
        (Likelihood::Levels { codes, .. }, Some(thresholds)) => {
            by_threshold(&mut information, codes, rows.weights, thresholds, columns);
        }
        _ => {
            information[[0, 0]] = spread.iter().sum::<f64>();
            columns.iter().enumerate().for_each(|(term, column)| information[[term + 1, 0]] = dot(column, &spread));
        }
    }
    for (left, left_column) in columns.iter().enumerate() {
        for (right, right_column) in columns[..=left].iter().enumerate() {
            let products = left_column.iter().zip(*right_column).zip(&spread);
            information[[n_leading + left, n_leading + right]] =
                products.map(|((left, right), spread)| left * right * spread).sum();
        }
    }
    for row in 0..n_terms {
        for column in 0..row {
            information[[column, row]] = information[[row, column]];
        }
    }
    information
}

/// The lower triangle's rows and columns that have to do with thresholds.
fn by_threshold(
    information: &mut Array2<f64>,
    codes: &[u8],
    weights: &[f64],
    thresholds: &Thresholds,
    columns: &[&[f64]],
) {
    let n_thresholds = information.nrows() - columns.len();
    for (row, (&code, weight)) in codes.iter().zip(weights).enumerate() {
        let level = usize::from(code);
        let closeness = weight * thresholds.closeness[level];
        let sides = [
            (level.checked_sub(1), weight * thresholds.below_with_slope[row]),
            (Some(level).filter(|&level| level < n_thresholds), weight * thresholds.above_with_slope[row]),
        ];
        for (threshold, with_slope) in sides {
            let Some(threshold) = threshold else { continue };
            information[[threshold, threshold]] += closeness + with_slope;
            for (term, column) in columns.iter().enumerate() {
                information[[n_thresholds + term, threshold]] -= with_slope * column[row];
            }
        }
        if let [(Some(below), _), (Some(above), _)] = sides {
            information[[above, below]] -= closeness;
        }
    }
}

/// Four running sums, so that additions need not wait for each other; always the same order.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<4>(), right.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..4 {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
