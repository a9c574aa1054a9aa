//! The likelihood of ordered levels with one slope a column, and a kernel that maximises it over some columns many
//! times.
//!
//! With `s = x' b`, a row of level `j` has `u = theta_j - s` above it and `l = theta_(j-1) - s` below, and the
//! probability `F(u) - F(l)`, `F` the logistic function. That is `F(u) (1 - F(l)) (1 - exp(l - u))`: the likelihood is
//! that of two binary outcomes and of the distance between two thresholds, and no digit is lost in either tail.

use super::columns::{At, Case, Columns, Sums, Terms, Threads};
use super::logistic::{Bernoulli, LogitState};
use super::newton::{Ending, Limits, ascend};
use super::ordinal_levels::null_thresholds;
use super::separation::{Margins, Side, Sides, recession};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2};
use std::ops::AddAssign;

/// Limits of the kernel. Distances between the thresholds of a rare level are small, and so are the steps that matter.
const LIMITS: Limits = Limits { iterations_max: 100, step_tolerance: 1e-6 };

/// A maximised likelihood of ordered levels.
#[derive(Debug, Clone, PartialEq)]
pub struct OrdinalSolution {
    /// The thresholds, ascending, and one coefficient a column in the order of `features`; zero for a combination of
    /// earlier ones. Thresholds around a level without weight are equal.
    pub coefficients: Vec<f64>,
    /// The log-likelihood; where the columns separate, a value just below its limit.
    pub log_likelihood: f64,
    /// Newton steps.
    pub iterations: usize,
    /// Whether these are the maximum.
    pub state: LogitState,
}

/// Maximises the log-likelihood `sum w ln P(y)`, `P(y <= j) = 1 / (1 + exp(-(theta_j - x' b)))`, over some columns.
///
/// `values` is n_rows by any number of columns, centred and scaled; `features` are the columns used; `codes` has the
/// level of every row, from 0 to `n_levels - 1`. `start` has the thresholds first and is best a solution for almost the
/// same columns; one whose thresholds do not ascend is not used. Levels without weight are passed over, so that samples
/// drawn with replacement can be fitted. One thread works, so that callers can run subsets in parallel. The
/// log-likelihood is right to about 1e-12 (relative) and the coefficients to about 1e-9 (absolute).
///
/// # Panics
/// If a column or a code is out of bounds, or `codes`, `weights` or `start` have the wrong length.
pub fn maximum_likelihood(
    values: ArrayView2<f64>,
    features: &[usize],
    codes: &[u8],
    n_levels: usize,
    weights: Option<&[f64]>,
    start: Option<&[f64]>,
) -> OrdinalSolution {
    assert_eq!(codes.len(), values.nrows(), "one level per row");
    assert!(weights.is_none_or(|weights| weights.len() == codes.len()), "one weight per row");
    let n_parameters = (n_levels + features.len()).saturating_sub(1);
    assert!(start.is_none_or(|start| start.len() == n_parameters), "one start value per threshold and column");
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let mut level_weights = vec![0.0; n_levels];
    for (row, &code) in codes.iter().enumerate() {
        level_weights[usize::from(code)] += weight(row);
    }
    // The levels that are there, and the place of each among them.
    let there: Vec<usize> = (0..n_levels).filter(|&level| level_weights[level] > 0.0).collect();
    if there.len() < 2 {
        let coefficients = vec![0.0; n_parameters];
        return OrdinalSolution { coefficients, log_likelihood: 0.0, iterations: 0, state: LogitState::Separated };
    }
    let places: Vec<usize> = (0..n_levels).map(|level| there.partition_point(|&own| own < level)).collect();
    let n_there = there.len();
    let level_weights: Vec<f64> = there.iter().map(|&level| level_weights[level]).collect();
    let columns = Columns::plain(values, features.to_vec(), Threads::Caller);
    let place = |row: usize| places[usize::from(codes[row])];
    let observed = |row: usize| (weight(row), place(row));
    // The threshold above a level that is there is the one below the next that is there.
    let given = start.map(|start| {
        let thresholds = there[..n_there - 1].iter().map(|&level| start[level]);
        thresholds.chain(start[n_levels - 1..].iter().copied()).collect::<Vec<f64>>()
    });
    let start = given
        .filter(|given| ascending(&given[..n_there - 1]))
        .unwrap_or_else(|| null_start(&level_weights, features.len()));
    let sides =
        LevelSides { columns: &columns, n_levels: n_there, level: |row| (weight(row) > 0.0).then(|| place(row)) };
    let evaluate = |parameters: &[f64]| likelihood(&columns, parameters, n_there, observed);
    let ascent = ascend(evaluate, start, LIMITS, |_| recession(&sides).is_some());
    let (thresholds, slopes) = ascent.coefficients.split_at(n_there - 1);
    let threshold = |step: usize| {
        let below = there.partition_point(|&own| own <= step);
        thresholds[below.clamp(1, n_there - 1) - 1]
    };
    OrdinalSolution {
        coefficients: (0..n_levels - 1).map(threshold).chain(slopes.iter().copied()).collect(),
        log_likelihood: ascent.log_likelihood,
        iterations: ascent.iterations,
        state: match ascent.ending {
            Ending::Converged => LogitState::Converged,
            Ending::Divergent => LogitState::Separated,
            Ending::Stalled => LogitState::NotConverged,
        },
    }
}

/// The thresholds alone at their maximum.
pub(super) fn null_start(level_weights: &[f64], n_features: usize) -> Vec<f64> {
    let mut start = null_thresholds(level_weights);
    start.resize(start.len() + n_features, 0.0);
    start
}

pub(super) fn ascending(thresholds: &[f64]) -> bool {
    thresholds.windows(2).all(|pair| pair[0] < pair[1])
}

/// One row's share of the likelihood.
pub(super) struct Cell {
    /// Lying at or below the row's level.
    pub(super) upper: Bernoulli,
    /// Lying above the level below.
    pub(super) lower: Bernoulli,
    pub(super) gap: Gap,
}

/// What the distance between the two thresholds of a level adds.
#[derive(Clone, Copy)]
pub(super) struct Gap {
    /// `ln(1 - exp(-distance))`.
    ln_share: f64,
    /// Its derivative, `1 / (exp(distance) - 1)`.
    pull: f64,
}

impl Gap {
    /// Not a number where the distance is negative.
    pub(super) fn of(distance: f64) -> Self {
        let small = -(-distance).exp_m1();
        let ln_share = if small < 0.5 { small.ln() } else { (-(-distance).exp()).ln_1p() };
        Self { ln_share, pull: 1.0 / distance.exp_m1() }
    }
}

impl Cell {
    /// `upper` is infinite for the highest level and `lower` for the lowest; `gap` is that of their distance.
    pub(super) fn of(upper: f64, lower: f64, gap: Gap) -> Self {
        Self { upper: Bernoulli::of(1.0, upper), lower: Bernoulli::of(0.0, lower), gap }
    }

    pub(super) fn log_likelihood(&self) -> f64 {
        self.upper.log_likelihood + self.lower.log_likelihood + self.gap.ln_share
    }

    /// Whether the two thresholds are in order, so that there is a likelihood.
    pub(super) fn is_possible(&self) -> bool {
        self.gap.ln_share.is_finite()
    }

    /// The derivative by `u`.
    pub(super) fn upper_score(&self) -> f64 {
        self.upper.residual + self.gap.pull
    }

    /// The derivative by `l`.
    pub(super) fn lower_score(&self) -> f64 {
        self.lower.residual - self.gap.pull
    }

    /// The derivative by `s`, in which the distance cancels.
    pub(super) fn latent_score(&self) -> f64 {
        -(self.upper.residual + self.lower.residual)
    }

    /// Minus the second derivatives.
    pub(super) fn information(&self) -> Form {
        let (upper, lower) = (self.upper.variance, self.lower.variance);
        let closeness = self.gap.pull * (1.0 + self.gap.pull);
        Form {
            upper: upper + closeness,
            lower: lower + closeness,
            between: -closeness,
            upper_latent: -upper,
            lower_latent: -lower,
            latent: upper + lower,
        }
    }

    /// The products of the first derivatives.
    pub(super) fn score_products(&self) -> Form {
        let (upper, lower, latent) = (self.upper_score(), self.lower_score(), self.latent_score());
        Form {
            upper: upper * upper,
            lower: lower * lower,
            between: upper * lower,
            upper_latent: upper * latent,
            lower_latent: lower * latent,
            latent: latent * latent,
        }
    }
}

/// A symmetric form in `u`'s threshold, `l`'s threshold and `s`.
pub(super) struct Form {
    pub(super) upper: f64,
    pub(super) lower: f64,
    pub(super) between: f64,
    upper_latent: f64,
    lower_latent: f64,
    latent: f64,
}

/// The log-likelihood, its gradient and the observed information at some parameters: the thresholds, then the slopes of
/// the basis; `observed` gives weight and level. Minus infinity where the thresholds do not ascend.
///
/// # References
/// McCullagh (1980), "Regression models for ordinal data", JRSS B 42(2); Pratt (1981), JASA 76(373), for its concavity.
pub(super) fn likelihood(
    columns: &Columns,
    parameters: &[f64],
    n_levels: usize,
    observed: impl Fn(usize) -> (f64, usize) + Sync,
) -> Sums {
    sums(columns, parameters, n_levels, observed, Cell::information)
}

/// The sum of `form` (weighted) in the place of the information, with the value and the gradient of the likelihood.
pub(super) fn sums(
    columns: &Columns,
    parameters: &[f64],
    n_levels: usize,
    observed: impl Fn(usize) -> (f64, usize) + Sync,
    form: impl Fn(&Cell) -> Form + Sync,
) -> Sums {
    let n_terms = columns.n_terms();
    let (thresholds, slopes) = parameters.split_at(n_levels - 1);
    if !ascending(thresholds) {
        let n = parameters.len();
        return Sums { matrix: Array2::zeros((n, n)), vector: Array1::zeros(n), value: f64::NEG_INFINITY };
    }
    let bounds = bounds(thresholds);
    let gaps: Vec<Gap> = bounds.windows(2).map(|pair| Gap::of(pair[1] - pair[0])).collect();
    let coefficients: Array1<f64> = std::iter::once(0.0).chain(slopes.iter().copied()).collect();
    let tasks = columns.by_task(
        &|block, first, total: &mut Total, right| {
            let latent = block.dot(&coefficients);
            for (offset, z) in block.outer_iter().enumerate() {
                let (weight, level) = observed(first + offset);
                let right = &mut right[offset * (n_terms + 1)..][..=n_terms];
                if weight <= 0.0 {
                    right.fill(0.0);
                    continue;
                }
                let cell = Cell::of(bounds[level + 1] - latent[offset], bounds[level] - latent[offset], gaps[level]);
                let form = form(&cell);
                let z = z.to_slice().unwrap_or_default();
                right.iter_mut().zip(z).for_each(|(right, z)| *right = weight * form.latent * z);
                right[n_terms] = weight * cell.latent_score();
                total.add(level, weight, &cell, &form, z);
            }
            let right = &right[..block.nrows() * (n_terms + 1)];
            if let Ok(right) = ArrayView2::from_shape((block.nrows(), n_terms + 1), right) {
                general_mat_mul(1.0, &block.t(), &right, 1.0, &mut total.products);
            }
        },
        &|| Total::empty(n_terms, n_levels),
    );
    let mut total = Total::empty(n_terms, n_levels);
    tasks.iter().for_each(|task| total += task);
    total.assemble(n_levels)
}

/// The thresholds between their infinite neighbours.
fn bounds(thresholds: &[f64]) -> Vec<f64> {
    let inner = thresholds.iter().copied();
    std::iter::once(f64::NEG_INFINITY).chain(inner).chain(std::iter::once(f64::INFINITY)).collect()
}

/// Sums over the rows, by threshold with the infinite ones at both ends.
struct Total {
    /// The slopes' form and, last, their gradient: n_terms by n_terms + 1, the intercept's row and column unused.
    products: Array2<f64>,
    /// Threshold by slope.
    crosses: Array2<f64>,
    squares: Vec<f64>,
    /// Each threshold with the next.
    neighbours: Vec<f64>,
    scores: Vec<f64>,
    value: f64,
}

impl Total {
    fn empty(n_terms: usize, n_levels: usize) -> Self {
        Self {
            products: Array2::zeros((n_terms, n_terms + 1)),
            crosses: Array2::zeros((n_levels + 1, n_terms)),
            squares: vec![0.0; n_levels + 1],
            neighbours: vec![0.0; n_levels],
            scores: vec![0.0; n_levels + 1],
            value: 0.0,
        }
    }

    fn add(&mut self, level: usize, weight: f64, cell: &Cell, form: &Form, z: &[f64]) {
        self.value += weight * cell.log_likelihood();
        self.scores[level] += weight * cell.lower_score();
        self.scores[level + 1] += weight * cell.upper_score();
        self.squares[level] += weight * form.lower;
        self.squares[level + 1] += weight * form.upper;
        self.neighbours[level] += weight * form.between;
        for (threshold, factor) in [(level, weight * form.lower_latent), (level + 1, weight * form.upper_latent)] {
            let mut cross = self.crosses.row_mut(threshold);
            let cross = cross.as_slice_mut().unwrap_or_default();
            cross.iter_mut().zip(z).for_each(|(cross, z)| *cross += factor * z);
        }
    }

    fn assemble(self, n_levels: usize) -> Sums {
        let n_terms = self.products.nrows();
        let n_thresholds = n_levels - 1;
        let n = n_thresholds + n_terms - 1;
        let matrix = Array2::from_shape_fn((n, n), |(row, column)| {
            let (low, high) = (row.min(column), row.max(column));
            match (low < n_thresholds, high < n_thresholds) {
                (true, true) if low == high => self.squares[low + 1],
                (true, true) if low + 1 == high => self.neighbours[high],
                (true, true) => 0.0,
                (true, false) => self.crosses[[low + 1, high - n_thresholds + 1]],
                (false, _) => {
                    let (low, high) = (low - n_thresholds + 1, high - n_thresholds + 1);
                    0.5 * (self.products[[low, high]] + self.products[[high, low]])
                }
            }
        });
        let vector = Array1::from_shape_fn(n, |place| {
            if place < n_thresholds {
                self.scores[place + 1]
            } else {
                self.products[[place - n_thresholds + 1, n_terms]]
            }
        });
        Sums { matrix, vector, value: self.value }
    }
}

impl AddAssign<&Total> for Total {
    fn add_assign(&mut self, other: &Total) {
        let add = |own: &mut [f64], other: &[f64]| own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        self.products += &other.products;
        self.crosses += &other.crosses;
        add(&mut self.squares, &other.squares);
        add(&mut self.neighbours, &other.neighbours);
        add(&mut self.scores, &other.scores);
        self.value += other.value;
    }
}

/// Adds one row's score, before any weight is in it but `weight`, to that of its cluster; `z` is the basis before its
/// rotation, and so are the slopes.
pub(super) fn add_score(parameters: &[f64], n_levels: usize, weight: f64, level: usize, z: &[f64], score: &mut [f64]) {
    let n_thresholds = n_levels - 1;
    let (thresholds, slopes) = parameters.split_at(n_thresholds);
    let latent: f64 = z[1..].iter().zip(slopes).map(|(z, slope)| z * slope).sum();
    let upper = thresholds.get(level).copied().unwrap_or(f64::INFINITY);
    let lower = if level == 0 { f64::NEG_INFINITY } else { thresholds[level - 1] };
    let cell = Cell::of(upper - latent, lower - latent, Gap::of(upper - lower));
    if level < n_thresholds {
        score[level] += weight * cell.upper_score();
    }
    if level > 0 {
        score[level - 1] += weight * cell.lower_score();
    }
    let latent_score = weight * cell.latent_score();
    score[n_thresholds..].iter_mut().zip(&z[1..]).for_each(|(score, z)| *score += latent_score * z);
}

/// The sides of ordered levels in thresholds and slopes: `theta_j - x' b` may not fall for a row of level `j`, and
/// `theta_(j-1) - x' b` not rise.
pub(super) struct LevelSides<'a, 'c, L> {
    pub(super) columns: &'a Columns<'c>,
    pub(super) n_levels: usize,
    /// The level of a row that counts.
    pub(super) level: L,
}

impl<L: Fn(usize) -> Option<usize> + Sync> Sides for LevelSides<'_, '_, L> {
    fn total(&self) -> Array1<f64> {
        let last = self.n_levels - 1;
        let slopes = self.columns.sums(At::default(), |Case { row, .. }| {
            let score = match (self.level)(row) {
                Some(0) => -1.0,
                Some(level) if level == last => 1.0,
                _ => 0.0,
            };
            Terms { curvature: 0.0, score, value: 0.0 }
        });
        let mut counts = vec![0.0; self.n_levels];
        (0..self.columns.n_rows()).filter_map(&self.level).for_each(|level| counts[level] += 1.0);
        let thresholds = counts.windows(2).map(|pair| pair[0] - pair[1]);
        thresholds.chain(slopes.vector.iter().skip(1).copied()).collect()
    }

    fn margins(&self, along: &[f64]) -> Margins {
        let (thresholds, slopes) = along.split_at(self.n_levels - 1);
        let coefficients: Vec<f64> = std::iter::once(0.0).chain(slopes.iter().copied()).collect();
        let tasks = self.columns.fold_predictors(&coefficients, Margins::none, |margins, case| {
            let Some(level) = (self.level)(case.row) else { return };
            if let Some(upper) = thresholds.get(level) {
                margins.take_in(upper - case.predictor, 2 * case.row);
            }
            if level > 0 {
                margins.take_in(case.predictor - thresholds[level - 1], 2 * case.row + 1);
            }
        });
        Margins::over(tasks)
    }

    fn side(&self, place: usize) -> Array1<f64> {
        let (row, is_lower) = (place / 2, place % 2 == 1);
        let level = (self.level)(row).unwrap_or(0);
        let mut z = Array1::zeros(self.columns.n_terms());
        self.columns.write_row(row, z.as_slice_mut().unwrap_or_default());
        let z = self.columns.vector_after_rotation(z);
        let sign = if is_lower { 1.0 } else { -1.0 };
        let mut side = Array1::zeros(self.n_levels - 1 + z.len() - 1);
        side[if is_lower { level - 1 } else { level }] = -sign;
        for (index, z) in z.iter().enumerate().skip(1) {
            side[self.n_levels - 2 + index] = sign * z;
        }
        side
    }
}

/// The end of one column at which the levels are high, if the column keeps them apart by itself.
pub(super) fn side_of_levels(
    columns: &Columns,
    index: usize,
    n_levels: usize,
    level: impl Fn(usize) -> Option<usize>,
) -> Option<Side> {
    let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); n_levels];
    for (row, &value) in columns.values().column(columns.places[index]).iter().enumerate() {
        if let Some(level) = level(row) {
            ranges[level] = (ranges[level].0.min(value), ranges[level].1.max(value));
        }
    }
    if ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0) {
        Some(Side::Higher)
    } else if ranges.windows(2).all(|pair| pair[1].1 <= pair[0].0) {
        Some(Side::Lower)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::Ordinal;
    use crate::estimators::formula_data::{FormulaData, observations};
    use ndarray::Axis;

    /// Answers of seven levels with their columns, of mean zero and standard deviation one.
    struct Sample {
        values: Array2<f64>,
        codes: Vec<u8>,
        weights: Vec<f64>,
    }

    fn sample(n_rows: usize) -> Sample {
        let data = FormulaData::of(n_rows);
        let mut values = data.features.clone();
        for mut column in values.columns_mut() {
            let (mean, std_dev) = (column.mean().expect("rows"), column.std(0.0));
            column.mapv_inplace(|value| (value - mean) / std_dev);
        }
        let codes = data.number.iter().map(|number| number.floor().clamp(0.0, 6.0) as u8).collect();
        Sample { values, codes, weights: data.weights }
    }

    #[test]
    fn gradient_and_information_are_finite_differences_of_the_likelihood() {
        let Sample { values, codes, weights } = sample(300);
        let columns = Columns::plain(values.view(), vec![0, 1, 2], Threads::Caller);
        let at =
            |parameters: &[f64]| likelihood(&columns, parameters, 7, |row| (weights[row], usize::from(codes[row])));
        let here = [-2.0, -1.5, 0.1, 0.4, 1.0, 2.5, 0.7, -0.3, 0.2];
        let sums = at(&here);
        let step = 1e-5;
        for index in 0..here.len() {
            let moved = |by: f64| {
                let mut there = here;
                there[index] += by;
                at(&there)
            };
            let (above, below) = (moved(step), moved(-step));
            let slope = (above.value - below.value) / (2.0 * step);
            assert!((slope - sums.vector[index]).abs() < 1e-6 * sums.vector[index].abs().max(1.0), "{index}");
            for other in 0..here.len() {
                let curvature = (below.vector[other] - above.vector[other]) / (2.0 * step);
                let gap = (curvature - sums.matrix[[index, other]]).abs();
                assert!(gap < 1e-6 * sums.matrix[[index, index]], "{index} {other}");
            }
        }
    }

    #[test]
    fn the_probability_of_a_level_keeps_its_digits_in_both_tails() {
        let log_likelihood = |upper: f64, lower: f64| Cell::of(upper, lower, Gap::of(upper - lower)).log_likelihood();
        // mpmath at 50 digits: log(expit(upper) - expit(lower)).
        for (upper, lower, want) in [
            (-40.0, -41.0, -40.458_675_145_387_08),
            (41.0, 40.0, -40.458_675_145_387_08),
            (0.3, 0.3 - 2.0_f64.powi(-30), -22.203_125_905_666_084),
            (50.0, -3.0, -4.858_735_157_374_206e-2),
        ] {
            let got = log_likelihood(upper, lower);
            assert!((got / want - 1.0).abs() < 1e-11, "{upper} {lower}: {got} {want}");
        }
        let sure = Cell::of(f64::INFINITY, -800.0, Gap::of(f64::INFINITY));
        assert_eq!((sure.log_likelihood(), sure.upper_score(), sure.lower_score()), (0.0, 0.0, 0.0));
        assert!(!Cell::of(1.0, 1.0, Gap::of(0.0)).is_possible() && !Cell::of(0.0, 1.0, Gap::of(-1.0)).is_possible());
    }

    #[test]
    fn thresholds_out_of_order_have_no_likelihood() {
        let Sample { values, codes, .. } = sample(50);
        let columns = Columns::plain(values.view(), vec![0], Threads::Caller);
        let here = [-1.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.5];
        let sums = likelihood(&columns, &here, 7, |row| (1.0, usize::from(codes[row])));
        assert_eq!(sums.value, f64::NEG_INFINITY);
    }

    #[test]
    fn the_kernel_finds_the_maximum_of_the_full_fit_from_any_start() {
        let Sample { values, codes, .. } = sample(500);
        let outcome = crate::data::Outcome::numeric("y", codes.iter().map(|&code| f64::from(code)).collect());
        let data = observations(&["a", "b", "c"], values.clone(), outcome.expect("finite"));
        let full = Ordinal::default().fit(&data).expect("a fit");
        let want = full.summary().log_likelihood;
        let start = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 1.0, 2.0, -3.0];
        let crossing = [0.0; 9];
        for start in [None, Some(&start[..]), Some(&crossing[..])] {
            let solution = maximum_likelihood(values.view(), &[0, 1, 2], &codes, 7, None, start);
            assert_eq!(solution.state, LogitState::Converged);
            assert!((solution.log_likelihood - want).abs() < 1e-12 * want.abs(), "{} {want}", solution.log_likelihood);
            let own = full.coefficients()[3..].iter().chain(&full.coefficients()[..3]);
            for (got, row) in solution.coefficients.iter().zip(own) {
                assert!((got - row.estimate).abs() < 1e-8, "{got} {row:?}");
            }
        }
    }

    #[test]
    fn the_kernel_passes_over_levels_without_weight() {
        let Sample { values, codes, .. } = sample(500);
        // Without its rows, level 3 is as if it had never been there; so are the rows of level 0.
        let weights: Vec<f64> = codes.iter().map(|&code| f64::from(u8::from(code != 3 && code != 0))).collect();
        let kept: Vec<usize> = (0..500).filter(|&row| weights[row] > 0.0).collect();
        let fewer: Vec<u8> = kept.iter().map(|&row| codes[row] - 1 - u8::from(codes[row] > 3)).collect();
        let with = maximum_likelihood(values.view(), &[0, 2], &codes, 7, Some(&weights), None);
        let rows = values.select(Axis(0), &kept);
        let without = maximum_likelihood(rows.view(), &[0, 2], &fewer, 5, None, None);
        assert!((with.log_likelihood - without.log_likelihood).abs() < 1e-11 * without.log_likelihood.abs());
        let own = &without.coefficients;
        let want = [own[0], own[0], own[1], own[1], own[2], own[3], own[4], own[5]];
        assert!(with.coefficients.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-9), "{with:?} {want:?}");
        let again = maximum_likelihood(values.view(), &[0, 2], &codes, 7, Some(&weights), Some(&with.coefficients));
        assert!(again.iterations < with.iterations);
        let single = maximum_likelihood(values.view(), &[0], &[2; 500], 7, None, None);
        assert_eq!((single.state, single.log_likelihood), (LogitState::Separated, 0.0));
    }

    #[test]
    fn the_kernel_leaves_out_a_copy_and_tells_separation_from_a_maximum() {
        let Sample { values, codes, weights } = sample(500);
        let one = maximum_likelihood(values.view(), &[0, 2], &codes, 7, Some(&weights), None);
        let doubled = maximum_likelihood(values.view(), &[0, 2, 0], &codes, 7, Some(&weights), None);
        assert!((doubled.log_likelihood - one.log_likelihood).abs() < 1e-10 * one.log_likelihood.abs());
        assert_eq!((doubled.state, doubled.coefficients[8]), (LogitState::Converged, 0.0));
        let cut: Vec<u8> =
            values.column(1).iter().map(|&value| u8::from(value > -0.5) + u8::from(value > 0.5)).collect();
        let apart = maximum_likelihood(values.view(), &[0, 1], &cut, 3, None, None);
        let mixed = maximum_likelihood(values.view(), &[0, 2], &cut, 3, None, None);
        assert_eq!((apart.state, mixed.state), (LogitState::Separated, LogitState::Converged));
    }
}
