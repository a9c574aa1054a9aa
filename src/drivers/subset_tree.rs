//! Sums over all subsets of the drivers of the R squared that each explains, from one walk of the subset tree.
//!
//! The first five drivers are decided in all 32 ways at once: 32 nodes with the same undecided drivers are walked side by
//! side, one a lane, so that every operation is the same for all lanes and the compiler makes vector instructions of it. Sums by
//! size bubble up, so memory is O(p^3) and the work about `sum_m 2^(p-m) m^2 / 2`, a few operations a subset.

use super::lattice::LatticeSums;
use super::packed::{Arranged, row_start};
use super::subset_table;
use multiversion::multiversion;
use ndarray::ArrayView2;

/// Drivers beyond this number are refused: 2^30 subsets take seconds, 2^40 hours.
pub const N_DRIVERS_MAX: usize = 30;

/// Drivers decided by the lanes.
const LANE_DRIVERS: usize = 5;
const LANES: usize = 1 << LANE_DRIVERS;

/// Fewer drivers are summed from a table of all subsets.
const N_DRIVERS_LANED: usize = 11;

/// Branches above so many undecided drivers are walked in parallel, and no further down than so many levels.
const SERIAL_DRIVERS: usize = 12;
const PARALLEL_LEVELS: usize = 7;

/// Sums by subset size of the explained share for the drivers.
///
/// `moments` is (n_columns + 1) squared: correlations of the columns with the outcome last. Each driver owns a block of
/// columns, which move together. Values are in units of the outcome's variance.
pub(super) fn walk(moments: ArrayView2<f64>, blocks: &[Vec<usize>]) -> LatticeSums {
    let n_drivers = blocks.len();
    if n_drivers < N_DRIVERS_LANED {
        return LatticeSums::of_values(n_drivers, &subset_table::values(moments, blocks));
    }
    let arranged = Arranged::of(moments, blocks);
    let (values, explained) = first_lanes(&arranged);
    let single_from =
        (0..n_drivers).rev().find(|&driver| arranged.columns(driver).len() != 1).map_or(0, |last| last + 1);
    let tree = Tree { arranged: &arranged, n_drivers, single_from };
    let n_parallel = (n_drivers - LANE_DRIVERS).saturating_sub(SERIAL_DRIVERS).min(PARALLEL_LEVELS);
    let sums = tree.sums(&values, LANE_DRIVERS, 0, explained, n_parallel);

    let mut all = LatticeSums::zeros(n_drivers);
    for lane in 0..LANES {
        let size = lane.count_ones() as usize;
        for (added, value) in sums.by_size.iter().enumerate() {
            all.total[size + added] += value.0[lane];
            for driver in (0..LANE_DRIVERS).filter(|driver| lane >> driver & 1 == 1) {
                all.with[[driver, size + added]] += value.0[lane];
            }
        }
        for driver in LANE_DRIVERS..n_drivers {
            for (added, value) in tree.row(&sums.with, driver).iter().enumerate() {
                all.with[[driver, size + added]] += value.0[lane];
            }
        }
    }
    all
}

/// The nodes in which the first drivers are decided in all ways, side by side.
fn first_lanes(arranged: &Arranged) -> (Vec<Lanes>, Lanes) {
    let mut values = vec![ZERO; arranged.n_values(LANE_DRIVERS)];
    let mut explained = ZERO;
    let mut scratch = vec![0.0; arranged.n_scratch(0)];
    for lane in 0..LANES {
        let (mut node, mut left) = (arranged.root(), scratch.as_mut_slice());
        for driver in 0..LANE_DRIVERS {
            if lane >> driver & 1 == 1 {
                (node, left) = arranged.take(node, driver, left);
            } else {
                node = arranged.leave(node, driver);
            }
        }
        values.iter_mut().zip(node.values).for_each(|(lanes, &value)| lanes.0[lane] = value);
        explained.0[lane] = node.explained;
    }
    (values, explained)
}

/// One number of each of the nodes walked side by side.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Lanes([f64; LANES]);

const ZERO: Lanes = Lanes([0.0; LANES]);

// Innermost loops over all lanes, long enough not to be unrolled, are what the compiler turns into vector instructions.
impl Lanes {
    #[inline(always)]
    fn add(&mut self, other: &Self) {
        for lane in 0..LANES {
            self.0[lane] += other.0[lane];
        }
    }

    #[inline(always)]
    fn set_sum(&mut self, left: &Self, right: &Self) {
        for lane in 0..LANES {
            self.0[lane] = left.0[lane] + right.0[lane];
        }
    }
}

/// Takes in the last of `n_left` columns, as in `packed`, in all lanes; writes what is explained then.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn reduce(
    values: &[Lanes],
    n_left: usize,
    floor: f64,
    explained: &Lanes,
    out: &mut [Lanes],
    explained_out: &mut Lanes,
) {
    reduce_here(values, n_left, floor, explained, out, explained_out);
}

/// The same as part of its caller, for the instruction set of that.
#[inline(always)]
fn reduce_here(
    values: &[Lanes],
    n_left: usize,
    floor: f64,
    explained: &Lanes,
    out: &mut [Lanes],
    explained_out: &mut Lanes,
) {
    let (rest, last) = values.split_at(row_start(n_left));
    let last = &last[..=n_left];
    let mut inverse = ZERO;
    for lane in 0..LANES {
        let own = last[n_left].0[lane];
        inverse.0[lane] = if own > floor { 1.0 / own } else { 0.0 };
    }
    let mut factor = ZERO;
    for row in 1..n_left {
        for lane in 0..LANES {
            factor.0[lane] = last[row].0[lane] * inverse.0[lane];
        }
        let place = row_start(row)..row_start(row + 1);
        let (source, target, last) = (&rest[place.clone()], &mut out[place], &last[..=row]);
        for column in 0..=row {
            let (target, source, last) = (&mut target[column].0, &source[column].0, &last[column].0);
            for lane in 0..LANES {
                target[lane] = source[lane] - factor.0[lane] * last[lane];
            }
        }
    }
    for lane in 0..LANES {
        explained_out.0[lane] = explained.0[lane] + last[0].0[lane] * last[0].0[lane] * inverse.0[lane];
    }
}

/// What a walk below some nodes adds up, by the number of drivers added to them.
struct Sums {
    by_size: Vec<Lanes>,
    /// The same over the subsets with a driver: a row of n_drivers numbers for each.
    with: Vec<Lanes>,
}

struct Tree<'a> {
    arranged: &'a Arranged,
    n_drivers: usize,
    /// From here on every driver has one column.
    single_from: usize,
}

impl Tree<'_> {
    /// By number of drivers added, those of the lanes not counted.
    fn row<'s>(&self, with: &'s [Lanes], driver: usize) -> &'s [Lanes] {
        &with[(driver - LANE_DRIVERS) * self.n_drivers..][..=self.n_drivers - LANE_DRIVERS]
    }

    fn sums(&self, values: &[Lanes], driver: usize, size: usize, explained: Lanes, n_parallel: usize) -> Sums {
        let n_left = self.n_drivers - driver;
        if n_parallel == 0 {
            let with = vec![ZERO; (self.n_drivers - LANE_DRIVERS) * self.n_drivers];
            let mut walk = Walk { tree: self, with, room: Some(Box::new(RoomSix::EMPTY)) };
            let mut by_size = vec![ZERO; n_left + 1];
            let mut scratch = vec![ZERO; self.arranged.n_scratch(driver) + n_left * (n_left + 1) / 2];
            walk.below(values, driver, size, &explained, &mut by_size, &mut scratch);
            return Sums { by_size, with: walk.with };
        }
        // The branches are joined in their order, not in that of the threads.
        let (left, taken) = rayon::join(
            || {
                let values = &values[..self.arranged.n_values(driver + 1)];
                self.sums(values, driver + 1, size, explained, n_parallel - 1)
            },
            || {
                let mut scratch = vec![ZERO; self.arranged.n_scratch(driver) - self.arranged.n_scratch(driver + 1)];
                let mut explained = explained;
                let (values, _) = self.take(values, driver, &mut explained, &mut scratch);
                self.sums(values, driver + 1, size + 1, explained, n_parallel - 1)
            },
        );
        let mut sums = left;
        sums.by_size.push(ZERO);
        sums.with.iter_mut().zip(&taken.with).for_each(|(sum, value)| sum.add(value));
        let with = &mut sums.with[(driver - LANE_DRIVERS) * self.n_drivers + size + 1..];
        for ((added, value), with) in taken.by_size.iter().enumerate().zip(with) {
            sums.by_size[added + 1].add(value);
            with.add(value);
        }
        sums
    }

    /// The nodes with the driver taken in, written to the front of the scratch, and the rest of the scratch.
    fn take<'n>(
        &self,
        values: &'n [Lanes],
        driver: usize,
        explained: &mut Lanes,
        scratch: &'n mut [Lanes],
    ) -> (&'n [Lanes], &'n mut [Lanes]) {
        let (mut values, mut scratch) = (values, scratch);
        for column in self.arranged.columns(driver) {
            let n_left = self.arranged.n_left(column);
            let (target, rest) = scratch.split_at_mut(row_start(n_left));
            let before = *explained;
            reduce(values, n_left, self.arranged.floor(column), &before, target, explained);
            values = target;
            scratch = rest;
        }
        (values, scratch)
    }
}

struct Walk<'a> {
    tree: &'a Tree<'a>,
    with: Vec<Lanes>,
    /// Of the last six levels, in use while they are walked.
    room: Option<Box<RoomSix>>,
}

impl Walk<'_> {
    /// Sums over the subsets with a driver, from the next larger size on.
    #[inline(always)]
    fn with(&mut self, driver: usize, size: usize, n_sizes: usize) -> &mut [Lanes] {
        &mut self.with[(driver - LANE_DRIVERS) * self.tree.n_drivers + size + 1..][..n_sizes]
    }

    /// The floor of a driver's only column.
    #[inline(always)]
    fn floor(&self, driver: usize) -> f64 {
        self.tree.arranged.floor(self.tree.arranged.columns(driver).start)
    }

    /// Sums of the explained share below a node, by the number of drivers added; `with` is filled on the way.
    ///
    /// The scratch holds what `Arranged::n_scratch` says and, for every level, one number for each driver left there.
    fn below(
        &mut self,
        values: &[Lanes],
        driver: usize,
        size: usize,
        explained: &Lanes,
        by_size: &mut [Lanes],
        scratch: &mut [Lanes],
    ) {
        let n_left = self.tree.n_drivers - driver;
        if n_left == 6
            && driver >= self.tree.single_from
            && let Some(by_size) = by_size.first_chunk_mut()
            && let Some(mut room) = self.room.take()
        {
            six(self, values, driver, size, explained, by_size, &mut room);
            self.room = Some(room);
            return;
        }
        if n_left == 0 {
            by_size[0] = *explained;
            return;
        }
        let left = &values[..self.tree.arranged.n_values(driver + 1)];
        self.below(left, driver + 1, size, explained, &mut by_size[..n_left], scratch);
        by_size[n_left] = ZERO;
        let mut with_own = *explained;
        let (taken, scratch) = scratch.split_at_mut(n_left);
        let (values, scratch) = self.tree.take(values, driver, &mut with_own, scratch);
        self.below(values, driver + 1, size + 1, &with_own, taken, scratch);
        let with = self.with(driver, size, n_left);
        for added in 0..n_left {
            by_size[added + 1].add(&taken[added]);
            with[added].add(&taken[added]);
        }
    }
}

/// A level of the walk with a fixed number of drivers left, one column each: its loops have constant bounds. Its room is
/// written before it is read and not cleared in between, which took a tenth of the walk.
macro_rules! level {
    ($name:ident, $room:ident, $below:ident, $room_below:ident, $n_left:literal) => {
        struct $room {
            rest: [Lanes; row_start($n_left)],
            left: [Lanes; $n_left],
            taken: [Lanes; $n_left],
            below: $room_below,
        }

        impl $room {
            const EMPTY: Self = Self {
                rest: [ZERO; row_start($n_left)],
                left: [ZERO; $n_left],
                taken: [ZERO; $n_left],
                below: $room_below::EMPTY,
            };
        }

        #[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
        fn $name(
            walk: &mut Walk,
            values: &[Lanes],
            driver: usize,
            size: usize,
            explained: &Lanes,
            by_size: &mut [Lanes; $n_left + 1],
            room: &mut $room,
        ) {
            let values = &values[..row_start($n_left + 1)];
            let $room { rest, left, taken, below } = room;
            let mut with_own = ZERO;
            reduce_here(values, $n_left, walk.floor(driver), explained, rest, &mut with_own);
            $below(walk, values, driver + 1, size, explained, left, below);
            $below(walk, rest, driver + 1, size + 1, &with_own, taken, below);
            by_size[0] = left[0];
            for added in 1..$n_left {
                by_size[added].set_sum(&left[added], &taken[added - 1]);
            }
            by_size[$n_left] = taken[$n_left - 1];
            let with = walk.with(driver, size, $n_left);
            for added in 0..$n_left {
                with[added].add(&taken[added]);
            }
        }
    };
}

level!(six, RoomSix, five, RoomFive, 6);
level!(five, RoomFive, four, RoomFour, 5);
level!(four, RoomFour, three, RoomThree, 4);

/// By driver and number of drivers added.
struct RoomThree {
    with: [Lanes; 9],
}

impl RoomThree {
    const EMPTY: Self = Self { with: [ZERO; 9] };
}

/// The last three drivers in closed form: eight subsets, three divisions, no memory traffic between them.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn three(
    walk: &mut Walk,
    values: &[Lanes],
    driver: usize,
    size: usize,
    explained: &Lanes,
    by_size: &mut [Lanes; 4],
    room: &mut RoomThree,
) {
    let values: &[Lanes] = &values[..row_start(4)];
    let floors = [walk.floor(driver), walk.floor(driver + 1), walk.floor(driver + 2)];
    let with = &mut room.with;
    for lane in 0..LANES {
        // Rows from the outcome (0) up to the next driver (3).
        let value = |place: usize| values[place].0[lane];
        let rest = Pair {
            own_1: value(5),
            own_2: value(2),
            both: value(4),
            outcome_1: value(3),
            outcome_2: value(1),
            explained: explained.0[lane],
        };
        let inverse = if value(9) > floors[0] { 1.0 / value(9) } else { 0.0 };
        let (factor_1, factor_2) = (value(8) * inverse, value(7) * inverse);
        let given = Pair {
            own_1: rest.own_1 - factor_1 * value(8),
            own_2: rest.own_2 - factor_2 * value(7),
            both: rest.both - factor_1 * value(7),
            outcome_1: rest.outcome_1 - factor_1 * value(6),
            outcome_2: rest.outcome_2 - factor_2 * value(6),
            explained: rest.explained + value(6) * value(6) * inverse,
        };
        let (left, taken) = (rest.subsets(floors[1], floors[2]), given.subsets(floors[1], floors[2]));
        let one_taken = taken.first + taken.second;
        by_size[0].0[lane] = left.none;
        by_size[1].0[lane] = left.first + left.second + taken.none;
        by_size[2].0[lane] = left.both + one_taken;
        by_size[3].0[lane] = taken.both;
        with[0].0[lane] = taken.none;
        with[1].0[lane] = one_taken;
        with[2].0[lane] = taken.both;
        with[3].0[lane] = left.first;
        with[4].0[lane] = left.both + taken.first;
        with[5].0[lane] = taken.both;
        with[6].0[lane] = left.second;
        with[7].0[lane] = left.both + taken.second;
        with[8].0[lane] = taken.both;
    }
    for place in 0..3 {
        let own = walk.with(driver + place, size, 3);
        for added in 0..3 {
            own[added].add(&with[3 * place + added]);
        }
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
        // A spent column counts as one of variance one that goes with nothing.
        let (has_1, has_2) = (self.own_1 > floor_1, self.own_2 > floor_2);
        let own_1 = if has_1 { self.own_1 } else { 1.0 };
        let own_2 = if has_2 { self.own_2 } else { 1.0 };
        let both = if has_1 { self.both } else { 0.0 };
        // Of the second given the first, times the variance of the first: its variance and what it has with the outcome.
        let left = own_1 * self.own_2 - both * both;
        let has_left = left > floor_2 * own_1;
        let product = own_1 * if has_left { left } else { 1.0 };
        let outcome = own_1 * self.outcome_2 - both * self.outcome_1;
        // One division for three inverses.
        let inverse = 1.0 / (product * own_2);
        let inverse_product = inverse * own_2;
        let gain_1 = self.outcome_1 * self.outcome_1 * (inverse_product * if has_left { left } else { 1.0 });
        let gain_2 = self.outcome_2 * self.outcome_2 * (inverse * product);
        let gain_left = outcome * outcome * inverse_product;
        let first = self.explained + if has_1 { gain_1 } else { 0.0 };
        PairSubsets {
            none: self.explained,
            first,
            second: self.explained + if has_2 { gain_2 } else { 0.0 },
            both: first + if has_left { gain_left } else { 0.0 },
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

    fn singles(n_drivers: usize) -> Vec<Vec<usize>> {
        (0..n_drivers).map(|column| vec![column]).collect()
    }

    fn explained(moments: &Array2<f64>, columns: &[usize]) -> f64 {
        let last = moments.nrows() - 1;
        let among = moments.select(Axis(0), columns).select(Axis(1), columns);
        let with = moments.slice(s![last, ..]).select(Axis(0), columns);
        let cholesky = Cholesky::of(among.view());
        let with = with.select(Axis(0), cholesky.kept());
        with.dot(&cholesky.solve(with.view()))
    }

    fn brute_force(moments: &Array2<f64>, blocks: &[Vec<usize>]) -> LatticeSums {
        let n_drivers = blocks.len();
        let values: Vec<f64> = (0..1_usize << n_drivers)
            .map(|subset| {
                let columns: Vec<usize> = (0..n_drivers)
                    .filter(|driver| subset >> driver & 1 == 1)
                    .flat_map(|driver| blocks[driver].clone())
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
        for n_drivers in 1..=12 {
            let moments = autoregressive(n_drivers);
            assert_close(&walk(moments.view(), &singles(n_drivers)), &brute_force(&moments, &singles(n_drivers)));
        }
    }

    #[test]
    fn columns_of_one_driver_move_together() {
        let moments = autoregressive(14);
        // The number of columns of each driver, in three places of the walk and none.
        for lengths in
            [&[3, 2, 1, 3, 1, 1, 1, 1, 1][..], &[2; 7], &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4], &[14]].into_iter().chain([
                &[1, 2, 0, 1, 1, 2, 1, 1, 1, 1, 2, 1][..],
                &[4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
                &[2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1],
            ])
        {
            let mut columns = 0..;
            let blocks: Vec<Vec<usize>> = lengths.iter().map(|&n_own| columns.by_ref().take(n_own).collect()).collect();
            assert_close(&walk(moments.view(), &blocks), &brute_force(&moments, &blocks));
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
        let general = walk(moments.view(), &singles(4)).general_dominance();
        assert!((general[0] - general[1]).abs() < 1e-12, "{general}");
        assert!((general.sum() - explained(&moments, &[0, 1, 2, 3])).abs() < 1e-12);
    }

    #[test]
    fn twenty_autoregressive_drivers() {
        // Oracle `ar1_p20_lmg`: a C++ implementation of LMG over the lattice, first five of twenty.
        let general = walk(autoregressive(20).view(), &singles(20)).general_dominance();
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
        let moments = autoregressive(18);
        let with_threads = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a thread pool");
            pool.install(|| walk(moments.view(), &singles(18)))
        };
        assert_eq!(with_threads(1), with_threads(4));
    }
}
