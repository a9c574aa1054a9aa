//! R squared of every subset of the drivers from one walk of the subset tree.
//!
//! At depth d the walk decides on driver d. A node holds the Schur complement of the undecided drivers and the outcome
//! given the drivers taken so far. Leaving a driver out drops its row, which costs nothing: the child is a view.
//! Taking it in is one rank-one update. Sums by size bubble up, so memory is O(p^3) and the work about
//! `sum_m 2^(p-m) m^2 / 2`, a few operations a subset.

use super::lattice::LatticeSums;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Drivers beyond this number are refused: 2^30 subsets take seconds, 2^40 hours.
pub const N_DRIVERS_MAX: usize = 30;

/// A driver whose variance given the others has fallen to this share of its own adds nothing but rounding.
const SPENT: f64 = 1e-11;

/// Subtrees below this depth are walked in parallel.
const PARALLEL_DEPTH: usize = 7;

/// Sums by subset size of the explained share for the drivers, one column each.
///
/// `moments` is (n_columns + 1) squared: cross products or correlations of the columns with the outcome last. Each
/// driver owns the columns from `starts[j]` to `starts[j + 1]`, which move together. Values are in units of `total`:
/// with the outcome's own sum of squares they are shares of R squared.
pub(super) fn walk(moments: ArrayView2<f64>, starts: &[usize], total: f64) -> LatticeSums {
    let n_drivers = starts.len() - 1;
    let n_columns = moments.nrows() - 1;
    debug_assert_eq!(starts[n_drivers], n_columns);
    let floors: Vec<f64> = moments.diag().iter().take(n_columns).map(|own| own * SPENT).collect();
    let tree = Tree { starts, floors: &floors };
    let depth = PARALLEL_DEPTH.min(n_drivers.saturating_sub(5));
    let root = Node::root(moments);

    // One task per decision on the first `depth` drivers. Tasks are joined in their order, not in that of the threads.
    let subtrees: Vec<Subtree> = (0..1_usize << depth)
        .into_par_iter()
        .map(|taken| {
            let mut node = root.clone();
            for driver in 0..depth {
                node = if taken >> driver & 1 == 1 { tree.take(node, driver) } else { tree.leave(node, driver) };
            }
            tree.subtree(&node, depth, taken.count_ones() as usize)
        })
        .collect();

    let mut sums = LatticeSums::zeros(n_drivers);
    for (taken, subtree) in subtrees.iter().enumerate() {
        let size = taken.count_ones() as usize;
        for (added, value) in subtree.by_size.iter().enumerate() {
            sums.total[size + added] += value;
            for driver in (0..depth).filter(|driver| taken >> driver & 1 == 1) {
                sums.with[[driver, size + added]] += value;
            }
        }
        for (driver, with) in subtree.with.iter().enumerate() {
            for (size, value) in with.iter().take(n_drivers + 1).enumerate() {
                sums.with[[driver, size]] += value;
            }
        }
    }
    sums.total.iter_mut().for_each(|value| *value /= total);
    sums.with /= total;
    sums
}

/// Where row `row` starts in a packed lower triangle.
const fn row_start(row: usize) -> usize {
    row * (row + 1) / 2
}

/// Outcome and undecided columns given what was taken: a packed lower triangle, row by row.
///
/// The outcome is row 0 and the next column to decide on is the last row, so that leaving it out is a shorter slice and
/// every loop runs over neighbours in memory.
#[derive(Clone)]
struct Node {
    values: Vec<f64>,
    explained: f64,
}

impl Node {
    fn root(moments: ArrayView2<f64>) -> Self {
        let last = moments.nrows() - 1;
        let values = (0..=last).flat_map(|row| (0..=row).map(move |column| (last - row, last - column)));
        Self { values: values.map(|(row, column)| moments[[row, column]]).collect(), explained: 0.0 }
    }
}

type BySize = [f64; N_DRIVERS_MAX + 1];

/// What a walk below a node adds up.
struct Subtree {
    by_size: Vec<f64>,
    with: Vec<BySize>,
}

struct Tree<'a> {
    starts: &'a [usize],
    floors: &'a [f64],
}

impl Tree<'_> {
    fn n_drivers(&self) -> usize {
        self.starts.len() - 1
    }

    /// Columns left once all before this one are decided.
    fn n_left(&self, column: usize) -> usize {
        self.floors.len() - column
    }

    fn leave(&self, mut node: Node, driver: usize) -> Node {
        node.values.truncate(row_start(self.n_left(self.starts[driver + 1]) + 1));
        node
    }

    fn take(&self, mut node: Node, driver: usize) -> Node {
        for column in self.starts[driver]..self.starts[driver + 1] {
            let n_left = self.n_left(column);
            let mut values = vec![0.0; row_start(n_left)];
            node.explained += reduce(&node.values, n_left, self.floors[column], &mut values);
            node.values = values;
        }
        node
    }

    fn subtree(&self, node: &Node, depth: usize, size: usize) -> Subtree {
        let n_drivers = self.n_drivers();
        let single = self.starts[depth..].windows(2).all(|ends| ends[1] - ends[0] == 1);
        let mut walk = Walk {
            tree: self,
            single,
            with: vec![[0.0; N_DRIVERS_MAX + 1]; n_drivers],
            scratch: (0..=self.floors.len()).map(|n_left| vec![0.0; row_start(n_left)]).collect(),
        };
        let mut by_size = vec![0.0; n_drivers - depth + 1];
        walk.below(&node.values, depth, size, node.explained, &mut by_size);
        Subtree { by_size, with: walk.with }
    }
}

/// Takes in the last of `n_left` columns: writes the Schur complement of the rest and returns what the outcome's
/// variance falls by. A spent column takes nothing along and leaves the rest as it is.
#[inline(always)]
fn reduce(values: &[f64], n_left: usize, floor: f64, out: &mut [f64]) -> f64 {
    let (rest, last) = values.split_at(row_start(n_left));
    let last = &last[..=n_left];
    let inverse = if last[n_left] > floor { 1.0 / last[n_left] } else { 0.0 };
    for row in 0..n_left {
        let factor = last[row] * inverse;
        let place = row_start(row)..row_start(row + 1);
        let (source, target) = (&rest[place.clone()], &mut out[place]);
        for ((target, source), last) in target.iter_mut().zip(source).zip(last) {
            *target = source - factor * last;
        }
    }
    last[0] * last[0] * inverse
}

struct Walk<'a> {
    tree: &'a Tree<'a>,
    single: bool,
    with: Vec<BySize>,
    /// One triangle for each number of columns left, in use by at most one node of the current path.
    scratch: Vec<Vec<f64>>,
}

/// A level of the walk with a fixed number of drivers left, one column each: its loops have constant bounds.
macro_rules! level {
    ($name:ident, $below:ident, $n_left:literal) => {
        fn $name(&mut self, values: &[f64], driver: usize, size: usize, explained: f64) -> [f64; $n_left + 1] {
            let values = &values[..row_start($n_left + 1)];
            let mut rest = [0.0; row_start($n_left)];
            let floor = self.tree.floors[self.tree.starts[driver]];
            let gain = reduce(values, $n_left, floor, &mut rest);
            let left = self.$below(values, driver + 1, size, explained);
            let taken = self.$below(&rest, driver + 1, size + 1, explained + gain);
            let with = &mut self.with[driver][size + 1..][..$n_left];
            let mut by_size = [0.0; $n_left + 1];
            by_size[..$n_left].copy_from_slice(&left);
            for added in 0..$n_left {
                by_size[added + 1] += taken[added];
                with[added] += taken[added];
            }
            by_size
        }
    };
}

impl Walk<'_> {
    /// Sums of the explained share below a node, by the number of drivers added; `with` is filled on the way.
    fn below(&mut self, values: &[f64], driver: usize, size: usize, explained: f64, by_size: &mut [f64]) {
        let n_left = self.tree.n_drivers() - driver;
        if self.single && n_left == 6 {
            by_size.copy_from_slice(&self.six(values, driver, size, explained));
        } else if n_left == 0 {
            by_size[0] = explained;
        } else {
            let mut taken = [0.0; N_DRIVERS_MAX];
            let taken = &mut taken[..n_left];
            self.taken(values, driver, size, explained, taken);
            let left = row_start(self.tree.n_left(self.tree.starts[driver + 1]) + 1);
            self.below(&values[..left], driver + 1, size, explained, &mut by_size[..n_left]);
            by_size[n_left] = 0.0;
            for (added, &value) in taken.iter().enumerate() {
                by_size[added + 1] += value;
                self.with[driver][size + 1 + added] += value;
            }
        }
    }

    fn taken(&mut self, values: &[f64], driver: usize, size: usize, explained: f64, by_size: &mut [f64]) {
        let mut explained = explained;
        let mut current: Option<(usize, Vec<f64>)> = None;
        for column in self.tree.starts[driver]..self.tree.starts[driver + 1] {
            let n_left = self.tree.n_left(column);
            let mut next = std::mem::take(&mut self.scratch[n_left]);
            let source = current.as_ref().map_or(values, |(_, triangle)| triangle.as_slice());
            explained += reduce(source, n_left, self.tree.floors[column], &mut next);
            self.give_back(current.replace((n_left, next)));
        }
        let triangle = current.as_ref().map_or(values, |(_, triangle)| triangle.as_slice());
        self.below(triangle, driver + 1, size + 1, explained, by_size);
        self.give_back(current);
    }

    fn give_back(&mut self, used: Option<(usize, Vec<f64>)>) {
        if let Some((n_left, triangle)) = used {
            self.scratch[n_left] = triangle;
        }
    }

    level!(six, five, 6);
    level!(five, four, 5);
    level!(four, three, 4);

    /// The last three drivers in closed form: eight subsets, seven divisions, no memory traffic between them.
    #[inline(always)]
    fn three(&mut self, values: &[f64], driver: usize, size: usize, explained: f64) -> [f64; 4] {
        let values: &[f64] = &values[..10];
        let floors = &self.tree.floors[self.tree.starts[driver]..][..3];
        // Rows from the outcome (0) up to the next driver (3).
        let rest = Pair {
            own_1: values[5],
            own_2: values[2],
            both: values[4],
            outcome_1: values[3],
            outcome_2: values[1],
            explained,
        };
        let inverse = if values[9] > floors[0] { 1.0 / values[9] } else { 0.0 };
        let (factor_1, factor_2) = (values[8] * inverse, values[7] * inverse);
        let given = Pair {
            own_1: rest.own_1 - factor_1 * values[8],
            own_2: rest.own_2 - factor_2 * values[7],
            both: rest.both - factor_1 * values[7],
            outcome_1: rest.outcome_1 - factor_1 * values[6],
            outcome_2: rest.outcome_2 - factor_2 * values[6],
            explained: explained + values[6] * values[6] * inverse,
        };
        let (left, taken) = (rest.subsets(floors[1], floors[2]), given.subsets(floors[1], floors[2]));
        let with_first = [taken.none, taken.first + taken.second, taken.both];
        let with_second = [left.first, left.both + taken.first, taken.both];
        let with_third = [left.second, left.both + taken.second, taken.both];
        for (place, gains) in [with_first, with_second, with_third].iter().enumerate() {
            let with = &mut self.with[driver + place][size + 1..][..3];
            with.iter_mut().zip(gains).for_each(|(with, gain)| *with += gain);
        }
        [left.none, left.first + left.second + taken.none, left.both + with_first[1], taken.both]
    }
}

/// Two undecided columns and the outcome.
struct Pair {
    own_1: f64,
    own_2: f64,
    both: f64,
    outcome_1: f64,
    outcome_2: f64,
    explained: f64,
}

/// Explained shares with none, one or both of two columns added.
struct PairSubsets {
    none: f64,
    first: f64,
    second: f64,
    both: f64,
}

impl Pair {
    #[inline(always)]
    fn subsets(&self, floor_1: f64, floor_2: f64) -> PairSubsets {
        let inverse_1 = if self.own_1 > floor_1 { 1.0 / self.own_1 } else { 0.0 };
        let inverse_2 = if self.own_2 > floor_2 { 1.0 / self.own_2 } else { 0.0 };
        let factor = self.both * inverse_1;
        let own_2_given = self.own_2 - factor * self.both;
        let outcome_2_given = self.outcome_2 - factor * self.outcome_1;
        let inverse_2_given = if own_2_given > floor_2 { 1.0 / own_2_given } else { 0.0 };
        let first = self.explained + self.outcome_1 * self.outcome_1 * inverse_1;
        PairSubsets {
            none: self.explained,
            first,
            second: self.explained + self.outcome_2 * self.outcome_2 * inverse_2,
            both: first + outcome_2_given * outcome_2_given * inverse_2_given,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::linear_algebra::Cholesky;
    use ndarray::{Array2, Axis, s};

    /// Correlations of an autoregressive design and the outcome of the oracle `ar1_p10_lmg`: R squared is one half.
    pub(super) fn autoregressive(n_drivers: usize) -> Array2<f64> {
        let slopes: Vec<f64> = (0..n_drivers)
            .map(|driver| {
                let sign = if driver % 2 == 0 { 1.0 } else { -1.0 };
                sign * (n_drivers - driver) as f64 / n_drivers as f64 * 0.3 + 0.2
            })
            .collect();
        let among = |row: usize, column: usize| 0.6_f64.powi((row as i32 - column as i32).abs());
        let with: Vec<f64> =
            (0..n_drivers).map(|row| (0..n_drivers).map(|column| among(row, column) * slopes[column]).sum()).collect();
        let variance: f64 = with.iter().zip(&slopes).map(|(with, slope)| with * slope).sum::<f64>() / 0.5;
        Array2::from_shape_fn((n_drivers + 1, n_drivers + 1), |(row, column)| {
            let (high, low) = (row.max(column), row.min(column));
            if high == low {
                1.0
            } else if high == n_drivers {
                with[low] / variance.sqrt()
            } else {
                among(high, low)
            }
        })
    }

    fn explained(moments: &Array2<f64>, columns: &[usize]) -> f64 {
        let last = moments.nrows() - 1;
        let among = moments.select(Axis(0), columns).select(Axis(1), columns);
        let with = moments.slice(s![last, ..]).select(Axis(0), columns);
        let cholesky = Cholesky::of(among.view());
        let with = with.select(Axis(0), cholesky.kept());
        with.dot(&cholesky.solve(with.view()))
    }

    fn brute_force(moments: &Array2<f64>, starts: &[usize]) -> LatticeSums {
        let n_drivers = starts.len() - 1;
        let values: Vec<f64> = (0..1_usize << n_drivers)
            .map(|subset| {
                let columns: Vec<usize> = (0..n_drivers)
                    .filter(|driver| subset >> driver & 1 == 1)
                    .flat_map(|driver| starts[driver]..starts[driver + 1])
                    .collect();
                explained(moments, &columns)
            })
            .collect();
        LatticeSums::of_values(n_drivers, &values)
    }

    fn assert_close(got: &LatticeSums, want: &LatticeSums) {
        for (got, want) in got.total.iter().zip(&want.total).chain(got.with.iter().zip(&want.with)) {
            assert!((got - want).abs() <= 1e-11 * want.abs().max(1.0), "{got} {want}");
        }
    }

    #[test]
    fn agrees_with_one_regression_per_subset() {
        for n_drivers in 1..=9 {
            let moments = autoregressive(n_drivers);
            let starts: Vec<usize> = (0..=n_drivers).collect();
            assert_close(&walk(moments.view(), &starts, 1.0), &brute_force(&moments, &starts));
        }
    }

    #[test]
    fn columns_of_one_driver_move_together() {
        let moments = autoregressive(9);
        for starts in [vec![0, 2, 3, 6, 7, 8, 9], vec![0, 1, 2, 3, 4, 5, 9], vec![0, 9], vec![0, 3, 4, 5, 6, 7, 8, 9]] {
            assert_close(&walk(moments.view(), &starts, 1.0), &brute_force(&moments, &starts));
        }
    }

    #[test]
    fn equal_columns_share_equally() {
        let mut moments = autoregressive(4);
        for place in 0..5 {
            moments[[1, place]] = moments[[0, place]];
        }
        for place in 0..5 {
            moments[[place, 1]] = moments[[place, 0]];
        }
        moments[[1, 1]] = 1.0;
        let general = walk(moments.view(), &[0, 1, 2, 3, 4], 1.0).general_dominance();
        assert!((general[0] - general[1]).abs() < 1e-12, "{general}");
        assert!((general.sum() - explained(&moments, &[0, 1, 2, 3])).abs() < 1e-12);
    }

    #[test]
    fn twenty_autoregressive_drivers() {
        // Oracle `ar1_p20_lmg`: a C++ implementation of LMG over the lattice, first five of twenty.
        let starts: Vec<usize> = (0..=20).collect();
        let general = walk(autoregressive(20).view(), &starts, 1.0).general_dominance();
        let want = [
            0.038_080_269_988_740_81,
            0.015_943_812_054_681_983,
            0.037_059_980_287_731_39,
            0.017_231_502_078_117_522,
            0.035_892_196_499_350_604,
        ];
        for (got, want) in general.iter().zip(want) {
            assert!((got - want).abs() < 1e-10, "{got} {want}");
        }
        assert!((general.sum() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn bytes_do_not_depend_on_the_threads() {
        let starts: Vec<usize> = (0..=14).collect();
        let moments = autoregressive(14);
        let with_threads = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a thread pool");
            pool.install(|| walk(moments.view(), &starts, 1.0))
        };
        assert_eq!(with_threads(1), with_threads(4));
    }
}
