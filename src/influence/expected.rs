//! How often customers are expected in reverse sets, by the probabilities with which they may join and not by whether they do.

use super::estimate::Count;
use super::joining::{Joining, ONE, SHORT_ROW};
use super::reverse::{BLOCK_SETS, Met, ReverseSampler, Watch};
use std::ops::Range;

/// Windows that a number of sets is cut into at least, where there are as many.
const N_WINDOWS: usize = 1024;
/// As many windows the scatter without strata counts for beside the windows in which a node was met: in a few of them even and odd
/// sets may hold it equally often by chance.
const WINDOWS_BESIDE: f64 = 8.0;
/// Squares of parts are kept in parts of 2^32.
const HALF_BITS: u32 = 15;
const SQUARE_ONE: f64 = (1_u64 << 32) as f64;

/// For each node how often it is expected in a set other than as the root or where [`Joining`] has it without a sample: as a source
/// of the root's own edges, and of those of their sources where it goes two steps.
///
/// The variance is that of strata of one set each: within a window the sets with even and with odd numbers are strata beside
/// each other, and the square of the difference of their sums estimates the variance of the whole. A node that few windows meet is
/// given more of the sum of squares, which is the variance without strata and no smaller but by chance.
pub(super) fn expected_above_root(
    sampler: &ReverseSampler<'_>,
    joining: &Joining,
    n_samples: usize,
    seed: u64,
) -> Vec<Count> {
    let watches = sampler.watched(n_samples, seed, || Expected::new(sampler.n_nodes(), joining, n_samples));
    let mut watches = watches.into_iter();
    let mut total = watches.next().map_or_else(Vec::new, Expected::into_totals);
    for watch in watches {
        total.iter_mut().zip(watch.into_totals()).for_each(|(total, other)| {
            total.sum += other.sum;
            total.scatter += other.scatter;
            total.squares += other.squares;
            total.n_windows += other.n_windows;
        });
    }
    let scale = scatter_scale(n_samples).recip();
    let count = |own: &Total| {
        let (within, without) = (own.scatter as f64 * scale, own.squares as f64 / SQUARE_ONE);
        let n_windows = f64::from(own.n_windows);
        let scatter = (n_windows * within + WINDOWS_BESIDE * without) / (n_windows + WINDOWS_BESIDE);
        Count { sum: own.sum as f64 / ONE, scatter }
    };
    total.iter().map(count).collect()
}

/// Scatter is summed in whole parts, of which there are so many to one, so that it is the same in any order. Over so many sets it
/// is not much more than their number, so that the sum has room.
fn scatter_scale(n_samples: usize) -> f64 {
    let bits = 60 - (n_samples as u64).next_power_of_two().trailing_zeros().min(32);
    2.0_f64.powi(bits as i32)
}

/// What is expected of each node, window by window.
struct Expected<'a> {
    joining: &'a Joining,
    /// Sets to a window, even.
    n_window: usize,
    /// Sets begun in the window.
    n_begun: usize,
    /// By node what is expected in the sets of the window with even and with odd numbers, in parts of 2^31, and the sum of the
    /// squares of both.
    within: Vec<[u64; 3]>,
    /// The first `n_touched` are the nodes of which anything is expected in the window; there is room for one more than there are.
    touched: Vec<u32>,
    n_touched: usize,
    totals: Vec<Total>,
    scale: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: u64,
    scatter: u64,
    squares: u64,
    n_windows: u32,
}

impl<'a> Expected<'a> {
    fn new(n_nodes: usize, joining: &'a Joining, n_samples: usize) -> Self {
        // A power of two, so that blocks are cut into whole windows.
        let n_window = (n_samples / N_WINDOWS).next_power_of_two().clamp(2, BLOCK_SETS);
        Self {
            joining,
            n_window,
            n_begun: 0,
            within: vec![[0; 3]; n_nodes],
            touched: vec![0; n_nodes + 1],
            n_touched: 0,
            totals: vec![Total::default(); n_nodes],
            scale: scatter_scale(n_samples) / (ONE * ONE),
        }
    }

    #[inline(always)]
    fn expect(&mut self, node: u32, expected: u64) {
        let own = &mut self.within[node as usize];
        self.touched[self.n_touched] = node;
        self.n_touched += usize::from((own[0] | own[1]) == 0 && expected > 0);
        own[self.n_begun & 1] += expected;
        own[2] += (expected >> HALF_BITS) * (expected >> HALF_BITS);
    }

    fn end_window(&mut self) {
        for &node in &self.touched[..self.n_touched] {
            let [even, odd, squares] = std::mem::take(&mut self.within[node as usize]);
            let total = &mut self.totals[node as usize];
            total.sum += even + odd;
            total.squares += squares;
            total.n_windows += 1;
            let gap = even.abs_diff(odd) as f64;
            total.scatter += (gap * gap * self.scale + 0.5) as u64;
        }
        self.n_touched = 0;
        self.n_begun = 0;
    }

    fn into_totals(mut self) -> Vec<Total> {
        self.end_window();
        self.totals
    }
}

impl Watch for Expected<'_> {
    const WATCHES: bool = true;
    const SHORT_ROW: u32 = SHORT_ROW;

    #[inline(always)]
    fn begin(&mut self) {
        if self.n_begun == self.n_window {
            self.end_window();
        }
        self.n_begun += 1;
    }

    fn leap(&mut self) {
        self.end_window();
    }

    #[inline(always)]
    fn knows_second_step(&self, root: u32) -> bool {
        self.joining.two_steps[root as usize]
    }

    #[inline(always)]
    fn may_join(&mut self, places: Range<usize>, sources: &[u32], met: Met<'_>) {
        let joining = self.joining;
        for (&node, &probability) in sources.iter().zip(&joining.by_arc[places]) {
            self.expect(node, if met.holds(node) { 0 } else { u64::from(probability) });
        }
    }

    #[inline(always)]
    fn joined(&mut self, node: u32) {
        self.expect(node, ONE as u64);
    }
}
