//! Reverse-reachable sets: who, in one random world, would have reached a randomly drawn customer.

use super::ReferralGraph;
use super::graph::{Passing, Rows};
use crate::stats::random::{Stream, stream};
use rand::RngCore;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sets drawn from one random stream.
const BLOCK_SETS: usize = 4096;
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
/// # References
/// Borgs, Brautbar, Chayes and Lucier (2014), "Maximizing social influence in nearly optimal time"; Nguyen, Nguyen,
/// Phan and Dinh (2017), "Importance sketching of influence dynamics in billion-scale networks" (no sets of one); Guo,
/// Wang, Wei and Chen (2020), "Influence maximization revisited" (geometric skips).
pub(super) struct ReverseSampler<'graph> {
    inward: &'graph Rows,
    /// One per inward arc where they differ within a row.
    probabilities: Option<&'graph [f64]>,
    rows: Vec<InwardRow>,
    /// Running sum of the edges' weights.
    cumulative: Vec<f64>,
    /// The last edge with any weight.
    last: usize,
}

/// What is needed of a node's inward row to draw its live edges.
#[derive(Clone, Copy)]
struct InwardRow {
    start: u32,
    n_arcs: u32,
    /// The largest probability in the row.
    largest: f64,
    /// `1 / ln(1 - largest)`.
    inverse_log: f64,
}

/// Looks on while sets are drawn.
pub(super) trait Watch {
    /// Rows no longer than this are tested edge by edge, which is then cheaper than a logarithm or tells more.
    const SHORT_ROW: usize;

    /// A set begins, which stands beside the one before.
    fn begin(&mut self);

    /// The next set does not stand beside the one before.
    fn leap(&mut self);

    /// A node joins the set with this probability, given all of the set that was drawn before; 0 if it is there already. Over a
    /// set the expected number of joinings is the expected sum of these, and the sum varies less.
    fn may_join(&mut self, node: u32, probability: f64);
}

/// Nobody looks on.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    const SHORT_ROW: usize = 6;

    #[inline(always)]
    fn begin(&mut self) {}

    fn leap(&mut self) {}

    #[inline(always)]
    fn may_join(&mut self, _node: u32, _probability: f64) {}
}

/// A set as drawn: its root, the source of the root's first live edge, and everybody further up.
pub(super) struct ReverseSet<'scratch> {
    /// All members, each once: the root first, the source of its first live edge second.
    pub members: &'scratch [u32],
}

/// Working memory of one thread, made once.
pub(super) struct Scratch {
    /// The last set in which each node was met.
    met: Vec<u32>,
    set: u32,
    /// The first `n_members` are the set; there is room for one more than there are nodes.
    members: Vec<u32>,
    n_members: usize,
}

impl Scratch {
    pub fn new(n_nodes: usize) -> Self {
        Self { met: vec![0; n_nodes], set: 0, members: vec![0; n_nodes + 1], n_members: 0 }
    }

    fn begin(&mut self) {
        if self.set == u32::MAX {
            self.met.fill(0);
            self.set = 0;
        }
        self.set += 1;
        self.n_members = 0;
    }

    /// Adds the node to the set if the edge to it is live and it is not there yet. Whether it is cannot be foreseen, so
    /// there is no branch: the node is written in any case and counted if it belongs.
    #[inline(always)]
    fn meet_if(&mut self, node: u32, live: bool) {
        let met = &mut self.met[node as usize];
        let new = live & (*met != self.set);
        *met = if new { self.set } else { *met };
        self.members[self.n_members] = node;
        self.n_members += usize::from(new);
    }

    fn meet(&mut self, node: u32) {
        self.meet_if(node, true);
    }

    #[inline(always)]
    fn has_met(&self, node: u32) -> bool {
        self.met[node as usize] == self.set
    }
}

impl<'graph> ReverseSampler<'graph> {
    /// A sampler whose roots count with `root_weight`; a root of weight zero is never drawn.
    pub fn new(graph: &'graph ReferralGraph, root_weight: impl Fn(u32) -> f64) -> Self {
        let probabilities = match &graph.passing {
            Passing::ByTarget(_) => None,
            Passing::ByArc { inward, .. } => Some(inward.as_slice()),
        };
        let mut rows = Vec::with_capacity(graph.n_nodes());
        let mut cumulative = Vec::with_capacity(graph.n_arcs());
        let mut total = 0.0;
        for node in 0..graph.n_nodes() as u32 {
            let range = graph.inward.range(node);
            let largest = if range.is_empty() { 0.0 } else { graph.inward_probability(node, range.start) };
            let inverse_log = (-largest).ln_1p().recip();
            rows.push(InwardRow { start: range.start as u32, n_arcs: range.len() as u32, largest, inverse_log });
            let mut none_live = root_weight(node);
            for place in range {
                let probability = graph.inward_probability(node, place);
                total += none_live * probability;
                none_live *= 1.0 - probability;
                cumulative.push(total);
            }
        }
        let last = cumulative.partition_point(|&sum| sum < total);
        Self { inward: &graph.inward, probabilities, rows, cumulative, last }
    }

    /// The number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.rows.len()
    }

    /// The sum of the edges' weights.
    pub fn total_weight(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    /// For each node the weight of the sets in which it is the source of the root's first live edge.
    pub fn direct_weight(&self) -> Vec<f64> {
        let mut direct = vec![0.0; self.rows.len()];
        let mut before = 0.0;
        for (&source, &sum) in self.inward.nodes.iter().zip(&self.cumulative) {
            direct[source as usize] += sum - before;
            before = sum;
        }
        direct
    }

    /// The number of sets to draw: `wanted`, or fewer where those would have more than `members_max` members in all.
    pub fn affordable(&self, wanted: usize, members_max: usize, seed: u64) -> usize {
        let mut n_members = 0;
        let mut scratch = Scratch::new(self.rows.len());
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
                let mut scratch = Scratch::new(self.rows.len());
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
                || Scratch::new(self.rows.len()),
                |scratch, block| {
                    let mut sets = ReverseSets { ends: Vec::with_capacity(BLOCK_SETS), members: Vec::new() };
                    self.draw_block(block, n_sets, seed, scratch, &mut Unwatched, |_, set| {
                        sets.members.extend_from_slice(set.members);
                        sets.ends.push(sets.members.len());
                    });
                    sets
                },
            )
            .collect();
        let mut all = ReverseSets {
            ends: Vec::with_capacity(n_sets),
            members: Vec::with_capacity(blocks.iter().map(|block| block.members.len()).sum()),
        };
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
        let part = self.total_weight() / n_sets as f64;
        let mut arc = self.cumulative.partition_point(|&sum| sum <= sets.start as f64 * part).min(self.last);
        let mut root = self.inward.starts.partition_point(|&start| start as usize <= arc) - 1;
        for set in sets {
            let point = (set as f64 + uniform(&mut random)) * part;
            while arc < self.last && self.cumulative[arc] <= point {
                arc += 1;
            }
            while self.inward.starts[root + 1] as usize <= arc {
                root += 1;
            }
            scratch.begin();
            watch.begin();
            scratch.meet(root as u32);
            scratch.meet(self.inward.nodes[arc]);
            self.meet_live(self.rows[root], arc + 1, &mut random, scratch, watch);
            let mut next = 1;
            while next < scratch.n_members {
                let row = self.rows[scratch.members[next] as usize];
                self.meet_live(row, row.start as usize, &mut random, scratch, watch);
                next += 1;
            }
            each(watch, ReverseSet { members: &scratch.members[..scratch.n_members] });
        }
    }

    /// Meets the sources of the live edges of a row, from `place` on.
    ///
    /// Short rests and likely edges are tested one by one. Otherwise candidates come with probability `bound`, which no
    /// later edge exceeds, by skipping a geometric number of edges; a candidate is live with probability `p / bound`.
    #[inline(always)]
    fn meet_live<W: Watch>(
        &self,
        row: InwardRow,
        mut place: usize,
        random: &mut Stream,
        scratch: &mut Scratch,
        watch: &mut W,
    ) {
        let end = row.start as usize + row.n_arcs as usize;
        let (mut bound, mut inverse_log) = (row.largest, row.inverse_log);
        while place < end {
            let probability = self.probability(row, place);
            if end - place <= W::SHORT_ROW || probability > 0.25 {
                let node = self.inward.nodes[place];
                let live = uniform(random) < probability;
                watch.may_join(node, if scratch.has_met(node) { 0.0 } else { probability });
                scratch.meet_if(node, live);
            } else {
                if probability < 0.5 * bound {
                    bound = probability;
                    inverse_log = (-bound).ln_1p().recip();
                }
                // Not a number, or infinite, if the rest of the row never passes anything on.
                let skip = open_uniform(random).ln() * inverse_log;
                let within = skip < (end - place) as f64;
                if !within {
                    return;
                }
                place += skip as usize;
                let probability = self.probability(row, place);
                let live = probability >= bound || uniform(random) * bound < probability;
                let node = self.inward.nodes[place];
                // Which edge comes next was drawn: it joins, or does not.
                watch.may_join(node, f64::from(u8::from(live && !scratch.has_met(node))));
                scratch.meet_if(node, live);
            }
            place += 1;
        }
    }

    #[inline]
    fn probability(&self, row: InwardRow, place: usize) -> f64 {
        self.probabilities.map_or(row.largest, |values| values[place])
    }
}

/// Reverse-reachable sets one after another.
pub(super) struct ReverseSets {
    ends: Vec<usize>,
    members: Vec<u32>,
}

impl ReverseSets {
    /// No sets yet.
    pub fn none() -> Self {
        Self { ends: Vec::new(), members: Vec::new() }
    }

    /// Adds other sets after these.
    pub fn append(&mut self, other: &Self) {
        let before = self.members.len();
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.members.extend_from_slice(&other.members);
    }

    /// The number of sets.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// All members of all sets.
    pub fn members(&self) -> &[u32] {
        &self.members
    }

    /// The members of one set, its root first.
    pub fn set(&self, set: usize) -> &[u32] {
        let start = if set == 0 { 0 } else { self.ends[set - 1] };
        &self.members[start..self.ends[set]]
    }
}

/// Uniform on [0, 1).
#[inline]
pub(super) fn uniform(random: &mut Stream) -> f64 {
    (random.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// Uniform on (0, 1].
#[inline]
fn open_uniform(random: &mut Stream) -> f64 {
    ((random.next_u64() >> 11) + 1) as f64 * (1.0 / (1_u64 << 53) as f64)
}
