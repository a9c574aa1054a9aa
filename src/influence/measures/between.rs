//! How often a customer lies on the shortest way from one to another.

use super::drawn_ways::{DrawnWays, Neighbours};
use crate::influence::reach::{check_samples, check_stop};
use crate::influence::{InfluenceError, ReferralGraph};
use rayon::prelude::*;

/// Parts into which customers are cut, each with sums of its own.
const N_PARTS: usize = 8;

/// How betweenness is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetweennessSettings {
    /// Shortest ways to draw where not all are followed. Standard errors fall with its square root.
    pub samples: usize,
    /// Stop before that once the standard errors are this share (above 0) of betweenness, as roots of sums of squares over all
    /// customers; `None` draws all samples.
    pub stop_at: Option<f64>,
    /// Seed of the random streams.
    pub seed: u64,
    /// All shortest ways are followed, so that nothing is drawn, where the customers times customers and edges are no more than
    /// this.
    pub steps_max: usize,
}

impl Default for BetweennessSettings {
    fn default() -> Self {
        Self { samples: 1_000_000, stop_at: None, seed: 1, steps_max: 1 << 28 }
    }
}

/// Betweenness of every customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Betweenness {
    /// One value per node.
    pub values: Vec<f64>,
    /// Standard error of each from the draw; 0 where exact.
    pub std_errors: Vec<f64>,
    /// Ordered pairs between whom a shortest way was looked for; `None` where all ways were followed.
    pub n_samples: Option<usize>,
}

/// Betweenness of every customer: over all ordered pairs of others, the share of the shortest ways from one to the other that
/// lead through the customer, summed.
///
/// Ways follow the edges; repeated edges count once. Where edges lead both ways, every way is counted in both directions. In small
/// graphs all ways are followed. In others `n` ordered pairs are drawn at random, and one of the shortest ways of each: a customer on
/// `k` of them has betweenness `N (N - 1) k / n` among `N` customers. Its standard error is that of a share, with two ways more than were
/// met, so that it holds for those on few ways or none. Same bytes for any number of threads.
///
/// # Errors
/// No samples; a share to stop at that is not above 0.
///
/// # Example
/// ```
/// use advocate::influence::{BetweennessSettings, EdgeList, PassingProbability, ReferralGraph, betweenness};
/// let edges = EdgeList::from_names([("a", "b"), ("b", "c"), ("b", "d")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// assert_eq!(betweenness(&graph, &BetweennessSettings::default()).expect("samples").values, [0.0, 2.0, 0.0, 0.0]);
/// ```
///
/// # References
/// Brandes (2001), "A faster algorithm for betweenness centrality", Journal of Mathematical Sociology 25(2), for all ways;
/// Riondato and Kornaropoulos (2016), "Fast approximation of betweenness centrality through sampling", Data Mining and Knowledge
/// Discovery 30, and Borassi and Natale (2019), "KADABRA is an adaptive algorithm for betweenness via random approximation", ACM
/// Journal of Experimental Algorithmics 24, for drawn ones; Agresti and Coull (1998), The American Statistician 52(2), for the error.
pub fn betweenness(graph: &ReferralGraph, settings: &BetweennessSettings) -> Result<Betweenness, InfluenceError> {
    check_samples(settings.samples)?;
    check_stop(settings.stop_at)?;
    let neighbours = Neighbours::of(graph);
    let n_nodes = graph.n_nodes();
    if n_nodes < 2 || n_nodes.saturating_mul(n_nodes + neighbours.n_arcs()) <= settings.steps_max {
        return Ok(Betweenness { values: of_all_ways(&neighbours), std_errors: vec![0.0; n_nodes], n_samples: None });
    }
    let drawn = DrawnWays::until(&neighbours, settings);
    let n_samples = drawn.n_samples as f64;
    let per_way = n_nodes as f64 * (n_nodes as f64 - 1.0) / n_samples;
    let values = drawn.counts.iter().map(|&count| per_way * count as f64).collect();
    let std_errors = drawn.counts.iter().map(|&count| per_way * count_variance(count, n_samples).sqrt()).collect();
    Ok(Betweenness { values, std_errors, n_samples: Some(drawn.n_samples) })
}

/// Variance of how many of `n_samples` ways lead through a customer through whom `count` did, two more added to each side.
pub(super) fn count_variance(count: u64, n_samples: f64) -> f64 {
    let share = (count as f64 + 2.0) / (n_samples + 4.0);
    (count as f64 + 2.0) * (1.0 - share)
}

fn of_all_ways(neighbours: &Neighbours) -> Vec<f64> {
    let n_nodes = neighbours.n_nodes();
    let nodes: Vec<u32> = (0..n_nodes as u32).collect();
    let blocks: Vec<Vec<f64>> = nodes
        .par_chunks(n_nodes.div_ceil(N_PARTS).max(1))
        .map(|block| {
            let mut ways = Ways::new(n_nodes);
            let mut sums = vec![0.0; n_nodes];
            block.iter().for_each(|&start| ways.from(start, neighbours, &mut sums));
            sums
        })
        .collect();
    let mut total = vec![0.0; n_nodes];
    for block in blocks {
        total.iter_mut().zip(block).for_each(|(total, own)| *total += own);
    }
    total
}

/// Shortest ways from one customer.
struct Ways {
    steps: Vec<u32>,
    n_ways: Vec<f64>,
    owed: Vec<f64>,
    order: Vec<u32>,
}

impl Ways {
    fn new(n_nodes: usize) -> Self {
        Self { steps: vec![u32::MAX; n_nodes], n_ways: vec![0.0; n_nodes], owed: vec![0.0; n_nodes], order: Vec::new() }
    }

    fn from(&mut self, start: u32, neighbours: &Neighbours, sums: &mut [f64]) {
        for &node in &self.order {
            self.steps[node as usize] = u32::MAX;
            self.n_ways[node as usize] = 0.0;
            self.owed[node as usize] = 0.0;
        }
        self.order.clear();
        self.order.push(start);
        self.steps[start as usize] = 0;
        self.n_ways[start as usize] = 1.0;
        let mut next = 0;
        while let Some(&node) = self.order.get(next) {
            next += 1;
            for &other in neighbours.after(node) {
                let place = other as usize;
                if self.steps[place] == u32::MAX {
                    self.steps[place] = self.steps[node as usize] + 1;
                    self.order.push(other);
                }
                if self.steps[place] == self.steps[node as usize] + 1 {
                    self.n_ways[place] += self.n_ways[node as usize];
                }
            }
        }
        // From the farthest back: what is owed to a node is shared among those before it by their ways.
        for &node in self.order.iter().rev() {
            for &other in neighbours.after(node) {
                let other = other as usize;
                if self.steps[other] == self.steps[node as usize] + 1 {
                    self.owed[node as usize] +=
                        self.n_ways[node as usize] / self.n_ways[other] * (1.0 + self.owed[other]);
                }
            }
            if node != start {
                sums[node as usize] += self.owed[node as usize];
            }
        }
    }
}
