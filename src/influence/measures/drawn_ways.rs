//! Shortest ways between customers drawn at random.

use super::between::{BetweennessSettings, count_variance};
use crate::influence::ReferralGraph;
use crate::stats::random::{Stream, mix, stream};
use rand::Rng;
use rayon::prelude::*;

/// Ways drawn before the first look at the error.
const FIRST_LOOK: usize = 1 << 14;
/// Ways drawn from one random stream.
const BLOCK_WAYS: usize = 1024;

/// Whom each customer leads to and is led to by, without repeats.
pub(super) struct Neighbours {
    after: Rows,
    before: Rows,
}

struct Rows {
    starts: Vec<usize>,
    nodes: Vec<u32>,
}

impl Rows {
    fn row(&self, node: u32) -> &[u32] {
        &self.nodes[self.starts[node as usize]..self.starts[node as usize + 1]]
    }
}

impl Neighbours {
    pub fn of(graph: &ReferralGraph) -> Self {
        let n_nodes = graph.n_nodes();
        let mut after = Rows { starts: vec![0], nodes: Vec::new() };
        let mut starts = vec![0_usize; n_nodes + 1];
        for node in 0..n_nodes as u32 {
            for same in graph.referred(node).chunk_by(|left, right| left == right) {
                after.nodes.push(same[0]);
                starts[same[0] as usize + 1] += 1;
            }
            after.starts.push(after.nodes.len());
        }
        (0..n_nodes).for_each(|node| starts[node + 1] += starts[node]);
        let mut next = starts.clone();
        let mut nodes = vec![0; after.nodes.len()];
        for node in 0..n_nodes as u32 {
            for &other in after.row(node) {
                nodes[next[other as usize]] = node;
                next[other as usize] += 1;
            }
        }
        Self { after, before: Rows { starts, nodes } }
    }

    pub fn n_nodes(&self) -> usize {
        self.after.starts.len() - 1
    }

    pub fn n_arcs(&self) -> usize {
        self.after.nodes.len()
    }

    pub fn after(&self, node: u32) -> &[u32] {
        self.after.row(node)
    }
}

/// How many of the ways drawn lead through each customer.
pub(super) struct DrawnWays {
    pub counts: Vec<u64>,
    pub n_samples: usize,
}

impl DrawnWays {
    /// As many as asked for, or until the errors are small; there are twice as many after each look.
    pub fn until(neighbours: &Neighbours, settings: &BetweennessSettings) -> Self {
        let mut drawn = Self { counts: vec![0; neighbours.n_nodes()], n_samples: 0 };
        let mut batch = 0;
        while drawn.n_samples < settings.samples {
            let left = settings.samples - drawn.n_samples;
            let n_batch = if settings.stop_at.is_some() { drawn.n_samples.max(FIRST_LOOK).min(left) } else { left };
            drawn.draw(neighbours, n_batch, mix(settings.seed.wrapping_add(batch)));
            batch += 1;
            if settings.stop_at.is_some_and(|stop_at| drawn.relative_error() <= stop_at) {
                break;
            }
        }
        drawn
    }

    fn draw(&mut self, neighbours: &Neighbours, n_ways: usize, seed: u64) {
        let n_nodes = neighbours.n_nodes();
        let blocks = 0..n_ways.div_ceil(BLOCK_WAYS);
        // Whole numbers, so that their sums do not depend on which thread drew what.
        let counts = blocks
            .into_par_iter()
            .fold(
                || (vec![0_u64; n_nodes], None),
                |(mut counts, search), block| {
                    let mut search = search.unwrap_or_else(|| Search::new(n_nodes));
                    let mut random = stream(seed, "shortest ways", block as u64);
                    for _ in block * BLOCK_WAYS..((block + 1) * BLOCK_WAYS).min(n_ways) {
                        let from = random.random_range(0..n_nodes as u32);
                        let other = random.random_range(0..n_nodes as u32 - 1);
                        let to = other + u32::from(other >= from);
                        search.count_one_way(from, to, neighbours, &mut random, &mut counts);
                    }
                    (counts, Some(search))
                },
            )
            .map(|(counts, _)| counts)
            .reduce(|| vec![0; n_nodes], added);
        self.counts = added(std::mem::take(&mut self.counts), counts);
        self.n_samples += n_ways;
    }

    fn relative_error(&self) -> f64 {
        let squares: f64 = self.counts.iter().map(|&count| (count as f64).powi(2)).sum();
        let variances: f64 = self.counts.iter().map(|&count| count_variance(count, self.n_samples as f64)).sum();
        (variances / squares.max(f64::MIN_POSITIVE)).sqrt()
    }
}

fn added(mut total: Vec<u64>, other: Vec<u64>) -> Vec<u64> {
    total.iter_mut().zip(other).for_each(|(total, own)| *total += own);
    total
}

/// A search from both ends at once, which goes on where there are fewer edges to follow.
struct Search {
    forward: End,
    backward: End,
}

/// What is known from one end.
struct End {
    /// The search in which each node was met last.
    met: Vec<u32>,
    search: u32,
    steps: Vec<u32>,
    /// Shortest ways between the end and each node met.
    n_ways: Vec<f64>,
    /// The nodes farthest from the end, and how far they are.
    edge: Vec<u32>,
    n_steps: u32,
}

impl End {
    fn new(n_nodes: usize) -> Self {
        let (met, steps, n_ways) = (vec![0; n_nodes], vec![0; n_nodes], vec![0.0; n_nodes]);
        Self { met, search: 0, steps, n_ways, edge: Vec::new(), n_steps: 0 }
    }

    fn begin(&mut self, node: u32) {
        if self.search == u32::MAX {
            self.met.fill(0);
            self.search = 0;
        }
        self.search += 1;
        self.n_steps = 0;
        self.edge.clear();
        self.edge.push(node);
        self.met[node as usize] = self.search;
        self.steps[node as usize] = 0;
        self.n_ways[node as usize] = 1.0;
    }

    fn is_at(&self, node: u32, steps: u32) -> bool {
        self.met[node as usize] == self.search && self.steps[node as usize] == steps
    }

    fn n_arcs(&self, rows: &Rows) -> usize {
        self.edge.iter().map(|&node| rows.row(node).len()).sum()
    }

    fn step(&mut self, rows: &Rows) {
        self.n_steps += 1;
        let last = std::mem::take(&mut self.edge);
        for node in last {
            for &other in rows.row(node) {
                let place = other as usize;
                if self.met[place] != self.search {
                    self.met[place] = self.search;
                    self.steps[place] = self.n_steps;
                    self.n_ways[place] = 0.0;
                    self.edge.push(other);
                }
                if self.steps[place] == self.n_steps {
                    self.n_ways[place] += self.n_ways[node as usize];
                }
            }
        }
    }

    /// From a node back to the end along one of its shortest ways, all alike likely, `rows` leading towards the end; those between are
    /// counted.
    fn count_back(&self, mut node: u32, rows: &Rows, random: &mut Stream, counts: &mut [u64]) {
        for steps in (1..self.steps[node as usize]).rev() {
            let before = || rows.row(node).iter().copied().filter(move |&other| self.is_at(other, steps));
            node = drawn_by_ways(before, |other| self.n_ways[other as usize], random);
            counts[node as usize] += 1;
        }
    }
}

impl Search {
    fn new(n_nodes: usize) -> Self {
        Self { forward: End::new(n_nodes), backward: End::new(n_nodes) }
    }

    /// Draws one of the shortest ways, all alike likely, and counts those between; nobody where there is no way.
    fn count_one_way(&mut self, from: u32, to: u32, neighbours: &Neighbours, random: &mut Stream, counts: &mut [u64]) {
        let Self { forward, backward } = self;
        let (after, before) = (&neighbours.after, &neighbours.before);
        forward.begin(from);
        backward.begin(to);
        loop {
            let is_forward = forward.n_arcs(after) <= backward.n_arcs(before);
            let (own, other, rows) =
                if is_forward { (&mut *forward, &*backward, after) } else { (&mut *backward, &*forward, before) };
            own.step(rows);
            if own.edge.is_empty() {
                return;
            }
            // The ends had not met before, so that whoever is met from both now is at the edge of both, on a shortest way each.
            if own.edge.iter().any(|&node| other.is_at(node, other.n_steps)) {
                break;
            }
        }
        let (forward, backward) = (&*forward, &*backward);
        let meeting = || forward.edge.iter().copied().filter(move |&node| backward.is_at(node, backward.n_steps));
        let n_ways = |node: u32| forward.n_ways[node as usize] * backward.n_ways[node as usize];
        let middle = drawn_by_ways(meeting, n_ways, random);
        if middle != from && middle != to {
            counts[middle as usize] += 1;
        }
        forward.count_back(middle, before, random, counts);
        backward.count_back(middle, after, random, counts);
    }
}

/// One of several, in proportion to the ways that lead over each; there is one at least.
fn drawn_by_ways<I: Iterator<Item = u32>>(
    nodes: impl Fn() -> I,
    n_ways: impl Fn(u32) -> f64,
    random: &mut Stream,
) -> u32 {
    let total: f64 = nodes().map(&n_ways).sum();
    let mut left = random.random::<f64>() * total;
    let mut last = 0;
    for node in nodes() {
        last = node;
        left -= n_ways(node);
        if left < 0.0 {
            break;
        }
    }
    last
}
