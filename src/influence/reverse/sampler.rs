//! Drawing reverse-reachable sets.

use super::inward::Inward;
use super::live_counts::NO_TABLE;
use super::scratch::{Met, Scratch};
use super::sets::ReverseSets;
use crate::influence::ReferralGraph;
use crate::stats::random::{Stream, stream};
use rand::RngCore;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sets drawn from one random stream.
pub(in crate::influence) const BLOCK_SETS: usize = 4096;
/// Sets drawn to learn how large sets are.
const PILOT_SETS: usize = 64;

/// Draws reverse-reachable sets that have more than their root.
///
/// A set is drawn by its root and the root's first live inward edge at once: edge `e` of root `v` has weight
/// `w_e = weight(v) * p_e * product over the edges before e of (1 - p)`, which sums over the edges of `v` to
/// `weight(v)` times the probability that some edge is live. Sets whose root nobody would have reached are never
/// drawn. Sets are stratified: set `i` of `n` takes its edge from the `i`-th of `n` equal parts of the total weight, so
/// that roots are visited in order (near in memory) and vary less than at random.
///
/// With total weight `W`, the expected weight reached by a customer from other roots is `W / n` times the number of sets
/// that hold the customer and have another root.
///
/// Edges into a customer that share a probability are not tossed one by one: one random word says how many are live and which the
/// first of them is. Where they differ, or many are live, the number of edges to the next candidate is drawn.
///
/// # References
/// Borgs, Brautbar, Chayes and Lucier (2014), "Maximizing social influence in nearly optimal time"; Nguyen, Nguyen,
/// Phan and Dinh (2017), "Importance sketching of influence dynamics in billion-scale networks" (no sets of one); Guo,
/// Wang, Wei and Chen (2020), "Influence maximization revisited" (geometric skips).
pub(in crate::influence) struct ReverseSampler<'graph> {
    inward: Inward<'graph>,
    /// Running sum of the edges' weights.
    cumulative: Vec<f64>,
    /// The last edge with any weight.
    last: usize,
}

/// Looks on while sets are drawn.
pub(in crate::influence) trait Watch {
    /// Whether there is anything to see.
    const WATCHES: bool;
    /// The edges of rows no longer than this are shown before it is drawn which of them are live; of longer rows it is only shown
    /// who joined.
    const SHORT_ROW: u32;

    /// A set begins, which stands beside the one before.
    fn begin(&mut self);

    /// The next set does not stand beside the one before.
    fn leap(&mut self);

    /// Whether nothing need be shown of who joins along the edges of the sources of this root's own.
    fn knows_second_step(&self, root: u32) -> bool;

    /// Whoever has not been met may join the set along the edges at these places, which lead from `sources`.
    fn may_join(&mut self, places: Range<usize>, sources: &[u32], met: Met<'_>);

    /// A node has joined the set along a long row.
    fn joined(&mut self, node: u32);
}

/// Nobody looks on.
struct Unwatched;

impl Watch for Unwatched {
    const WATCHES: bool = false;
    const SHORT_ROW: u32 = 0;

    #[inline(always)]
    fn begin(&mut self) {}

    fn leap(&mut self) {}

    #[inline(always)]
    fn knows_second_step(&self, _root: u32) -> bool {
        true
    }

    #[inline(always)]
    fn may_join(&mut self, _places: Range<usize>, _sources: &[u32], _met: Met<'_>) {}

    #[inline(always)]
    fn joined(&mut self, _node: u32) {}
}

/// A set as drawn: its root, the source of the root's first live edge, and everybody further up.
pub(in crate::influence) struct ReverseSet<'scratch> {
    /// All members, each once: the root first, the source of its first live edge second.
    pub members: &'scratch [u32],
}

impl<'graph> ReverseSampler<'graph> {
    /// A sampler of all customers whose roots count with `root_weight`; a root of weight zero is never drawn.
    pub fn new(graph: &'graph ReferralGraph, root_weight: impl Fn(u32) -> f64) -> Self {
        Self::along(Inward::of(graph), root_weight)
    }

    /// A sampler along these edges, with the numbers that their customers have there.
    pub fn along(inward: Inward<'graph>, root_weight: impl Fn(u32) -> f64) -> Self {
        let mut cumulative = Vec::with_capacity(inward.n_arcs());
        let mut total = 0.0;
        for node in 0..inward.n_nodes() {
            let mut none_live = root_weight(node as u32);
            for place in inward.range(node) {
                let probability = inward.probability(node, place);
                total += none_live * probability;
                none_live *= 1.0 - probability;
                cumulative.push(total);
            }
        }
        let last = cumulative.partition_point(|&sum| sum < total);
        Self { inward, cumulative, last }
    }

    /// The edges that sets are drawn along.
    pub fn inward(&self) -> &Inward<'graph> {
        &self.inward
    }

    /// The number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.inward.n_nodes()
    }

    /// The sum of the edges' weights.
    pub fn total_weight(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    /// The number of sets to draw: `wanted`, or fewer where those would have more than `members_max` members in all.
    pub fn affordable(&self, wanted: usize, members_max: usize, seed: u64) -> usize {
        let mut n_members = 0;
        let mut scratch = Scratch::new(self.n_nodes());
        let random = stream(seed, "size of reverse sets", 0);
        let sets = 0..PILOT_SETS;
        self.draw(sets, PILOT_SETS, random, &mut scratch, &mut Unwatched, |_, set| n_members += set.members.len());
        let affordable = members_max as f64 * PILOT_SETS as f64 / n_members as f64;
        (affordable as usize).clamp(1, wanted)
    }

    /// Draws `n_sets` sets and gives each to a thread's own tally, made by `tally`; returns the tallies.
    ///
    /// Which set goes to which tally depends on the threads, the sets do not: what is added up in whole numbers is the
    /// same for any number of threads.
    pub fn tally<T: Send>(
        &self,
        n_sets: usize,
        seed: u64,
        tally: impl Fn() -> T + Sync,
        each: impl Fn(&mut T, ReverseSet<'_>) + Sync,
    ) -> Vec<T> {
        self.by_blocks(n_sets, tally, |tally, block, scratch| {
            self.draw_block(block, n_sets, seed, scratch, &mut Unwatched, |_, set| each(tally, set));
        })
    }

    /// Draws `n_sets` sets under the eyes of each thread's own watch, made by `watch`; returns the watches.
    pub fn watched<W: Watch + Send>(&self, n_sets: usize, seed: u64, watch: impl Fn() -> W + Sync) -> Vec<W> {
        self.by_blocks(n_sets, watch, |watch, block, scratch| {
            watch.leap();
            self.draw_block(block, n_sets, seed, scratch, watch, |_, _| {});
        })
    }

    fn by_blocks<T: Send>(
        &self,
        n_sets: usize,
        tally: impl Fn() -> T + Sync,
        run: impl Fn(&mut T, usize, &mut Scratch) + Sync,
    ) -> Vec<T> {
        let next_block = AtomicUsize::new(0);
        let n_blocks = n_sets.div_ceil(BLOCK_SETS);
        let n_tallies = rayon::current_num_threads().min(n_blocks);
        (0..n_tallies)
            .into_par_iter()
            .map(|_| {
                let mut tally = tally();
                let mut scratch = Scratch::new(self.n_nodes());
                loop {
                    let block = next_block.fetch_add(1, Ordering::Relaxed);
                    if block >= n_blocks {
                        return tally;
                    }
                    run(&mut tally, block, &mut scratch);
                }
            })
            .collect()
    }

    /// Draws `n_sets` sets and keeps them, in order.
    pub fn collect(&self, n_sets: usize, seed: u64) -> ReverseSets {
        let n_blocks = n_sets.div_ceil(BLOCK_SETS);
        let blocks: Vec<ReverseSets> = (0..n_blocks)
            .into_par_iter()
            .map_init(
                || Scratch::new(self.n_nodes()),
                |scratch, block| {
                    let mut sets = ReverseSets::with_capacity(BLOCK_SETS, 0);
                    self.draw_block(block, n_sets, seed, scratch, &mut Unwatched, |_, set| sets.push(set.members));
                    sets
                },
            )
            .collect();
        let mut all = ReverseSets::with_capacity(n_sets, blocks.iter().map(|block| block.members().len()).sum());
        blocks.iter().for_each(|block| all.append(block));
        all
    }

    fn draw_block<W: Watch>(
        &self,
        block: usize,
        n_sets: usize,
        seed: u64,
        scratch: &mut Scratch,
        watch: &mut W,
        each: impl FnMut(&mut W, ReverseSet<'_>),
    ) {
        let sets = block * BLOCK_SETS..((block + 1) * BLOCK_SETS).min(n_sets);
        self.draw(sets, n_sets, stream(seed, "reverse sets", block as u64), scratch, watch, each);
    }

    /// Draws the sets numbered `sets` out of `n_sets`; none if no edge has weight.
    fn draw<W: Watch>(
        &self,
        sets: Range<usize>,
        n_sets: usize,
        mut random: Stream,
        scratch: &mut Scratch,
        watch: &mut W,
        mut each: impl FnMut(&mut W, ReverseSet<'_>),
    ) {
        if self.total_weight() <= 0.0 {
            return;
        }
        let inward = self.inward.view();
        let part = self.total_weight() / n_sets as f64;
        let mut arc = self.cumulative.partition_point(|&sum| sum <= sets.start as f64 * part).min(self.last);
        let mut root = inward.rows.partition_point(|row| row.start as usize <= arc) - 1;
        let mut set = scratch.room(sets.len() as u32);
        for number in sets {
            let point = (number as f64 + uniform(&mut random)) * part;
            while arc < self.last && self.cumulative[arc] <= point {
                arc += 1;
            }
            while inward.rows[root + 1].start as usize <= arc {
                root += 1;
            }
            set.begin();
            watch.begin();
            set.meet(root as u32);
            set.meet(inward.sources[arc]);
            inward.meet_one_by_one(root, arc + 1, &mut random, &mut set);
            // Members come in the order of steps from the root.
            let known = if W::WATCHES && watch.knows_second_step(root as u32) { set.n_members() } else { 1 };
            let mut next = 1;
            while next < set.n_members() {
                let node = set.member(next) as usize;
                let row = inward.rows[node];
                let n_before = set.n_members();
                let is_watched = W::WATCHES && next >= known;
                let is_shown = is_watched && row.n_arcs <= W::SHORT_ROW;
                if is_shown {
                    watch.may_join(row.range(), &inward.sources[row.range()], set.met());
                }
                if row.counts == NO_TABLE {
                    inward.meet_one_by_one(node, row.start as usize, &mut random, &mut set);
                } else if row.n_arcs > 0 {
                    inward.meet_by_count(row, &mut random, &mut set);
                }
                if is_watched && !is_shown {
                    set.members()[n_before..].iter().for_each(|&node| watch.joined(node));
                }
                next += 1;
            }
            each(watch, ReverseSet { members: set.members() });
        }
    }
}

/// Uniform on [0, 1).
#[inline]
pub(in crate::influence) fn uniform(random: &mut Stream) -> f64 {
    (random.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}
