//! How often a customer lies on the shortest way from one to another.

use super::pivots::{PathMeasure, PivotSettings, Sums, pivots};
use crate::influence::{InfluenceError, ReferralGraph};
use rayon::prelude::*;

/// Parts into which pivots are cut, each with sums of its own.
const N_PARTS: usize = 8;

/// Betweenness of every customer: over all ordered pairs of others, the share of the shortest ways from one to the other that
/// lead through the customer, summed.
///
/// Ways follow the edges; repeated edges count once. From sampled pivots the sum is scaled up to all. Same bytes for any
/// number of threads.
///
/// # Errors
/// No pivots.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, PivotSettings, ReferralGraph, betweenness};
/// let edges = EdgeList::from_names([("a", "b"), ("b", "c"), ("b", "d")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// assert_eq!(betweenness(&graph, &PivotSettings::default()).expect("pivots").values, [0.0, 2.0, 0.0, 0.0]);
/// ```
///
/// # References
/// Brandes (2001), "A faster algorithm for betweenness centrality", Journal of Mathematical Sociology 25(2); Brandes and Pich
/// (2007), International Journal of Bifurcation and Chaos 17(7), for the pivots.
pub fn betweenness(graph: &ReferralGraph, settings: &PivotSettings) -> Result<PathMeasure, InfluenceError> {
    let pivots = pivots(graph.n_nodes(), settings)?;
    let blocks: Vec<Sums> = pivots
        .par_chunks(pivots.len().div_ceil(N_PARTS))
        .map(|block| {
            let mut ways = Ways::new(graph.n_nodes());
            let mut sums = Sums::new(graph.n_nodes());
            block.iter().for_each(|&pivot| ways.from(pivot, graph, &mut sums));
            sums
        })
        .collect();
    let total = blocks.iter().fold(Sums::new(graph.n_nodes()), Sums::add);
    Ok(total.measure(pivots.len()))
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

    fn from(&mut self, pivot: u32, graph: &ReferralGraph, sums: &mut Sums) {
        for &node in &self.order {
            self.steps[node as usize] = u32::MAX;
            self.n_ways[node as usize] = 0.0;
            self.owed[node as usize] = 0.0;
        }
        self.order.clear();
        self.order.push(pivot);
        self.steps[pivot as usize] = 0;
        self.n_ways[pivot as usize] = 1.0;
        let mut next = 0;
        while let Some(&node) = self.order.get(next) {
            next += 1;
            for others in graph.referred(node).chunk_by(|left, right| left == right) {
                let other = others[0] as usize;
                if self.steps[other] == u32::MAX {
                    self.steps[other] = self.steps[node as usize] + 1;
                    self.order.push(others[0]);
                }
                if self.steps[other] == self.steps[node as usize] + 1 {
                    self.n_ways[other] += self.n_ways[node as usize];
                }
            }
        }
        // From the farthest back: what is owed to a node is shared among those before it by their ways.
        for &node in self.order.iter().rev() {
            for others in graph.referred(node).chunk_by(|left, right| left == right) {
                let other = others[0] as usize;
                if self.steps[other] == self.steps[node as usize] + 1 {
                    self.owed[node as usize] +=
                        self.n_ways[node as usize] / self.n_ways[other] * (1.0 + self.owed[other]);
                }
            }
            if node != pivot {
                let owed = self.owed[node as usize];
                sums.sums[node as usize] += owed;
                sums.squares[node as usize] += owed * owed;
            }
        }
    }
}
