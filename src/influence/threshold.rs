//! Reach where customers follow once enough of those they know have gone ahead: the linear threshold model.

use super::reach::{Estimate, check_samples, check_stop};
use super::reverse::uniform;
use super::{InfluenceError, NodeReach, Reach, ReachSettings, ReferralGraph};
use crate::stats::random::stream;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Walks drawn from one random stream.
const BLOCK_WALKS: usize = 4096;
/// Sums of weights may pass 1 by so much: rounding (absolute).
const ROUNDING: f64 = 1e-9;

/// Expected reach of every customer under the linear threshold model.
///
/// Every customer draws a threshold between 0 and 1 and follows once the weights of the edges from those who went ahead sum
/// to it. The graph's probabilities are the weights; those into one customer may sum to at most 1, as under
/// [`super::PassingProbability::WeightedCascade`]. That is the same as each customer picking at most one edge in, each
/// with its weight, so reach is exact wherever no circle can be reached: `reach(u) = 1 + sum of weight * reach(child)`.
/// Elsewhere reverse walks are drawn: `1 + direct + W / n * count`, where `direct` is the exact weight out of the customer and
/// `count` the number of `n` walks that come by the customer in their second step or later.
///
/// Same settings, same bytes, for any number of threads; `members_max` plays no part.
///
/// # Errors
/// No samples, or weights into one customer that sum to more than 1.
///
/// # Example
/// Both ways lead on: `1 + 0.5 + 0.5 + (0.5 + 0.5) * 0.5`, where the independent cascade would have 2.4375.
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReachSettings, ReferralGraph, threshold_reach};
/// let edges = EdgeList::from_names([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// let reach = threshold_reach(&graph, &ReachSettings::default()).expect("sums are at most 1");
/// assert_eq!((reach.nodes[0].reach, reach.nodes[0].exact), (2.5, true));
/// ```
///
/// # References
/// Kempe, Kleinberg and Tardos (2003), section 2.2 (live edges); Goyal, Lu and Lakshmanan (2011), "SIMPATH" (acyclic graphs).
pub fn threshold_reach(graph: &ReferralGraph, settings: &ReachSettings) -> Result<Reach, InfluenceError> {
    check_samples(settings.samples)?;
    check_stop(settings.stop_at)?;
    check_sums(graph)?;
    let exact = exact(graph);
    let n_exact = exact.iter().flatten().count();
    if n_exact == exact.len() {
        let nodes = exact.iter().flatten().map(|&reach| NodeReach::exact(reach)).collect();
        return Ok(Reach { nodes, n_exact, n_samples: 0, findings: Vec::new() });
    }
    let walks = Walks::of(graph);
    let known: Vec<f64> = walks.direct.iter().map(|direct| 1.0 + direct).collect();
    let inexact: Vec<bool> = exact.iter().map(Option::is_none).collect();
    let total_weight = walks.cumulative.last().copied().unwrap_or(0.0);
    let estimate = Estimate { known: &known, inexact: &inexact, total_weight };
    let counted = estimate.count(settings.samples, settings, |n_walks, seed| walks.count(n_walks, seed));
    let nodes = exact.iter().enumerate().map(|(node, reach)| match reach {
        Some(reach) => NodeReach::exact(*reach),
        None => estimate.of(node, &counted),
    });
    Ok(Reach { nodes: nodes.collect(), n_exact, n_samples: counted.n_samples(), findings: Vec::new() })
}

fn check_sums(graph: &ReferralGraph) -> Result<(), InfluenceError> {
    for node in 0..graph.n_nodes() as u32 {
        let sum: f64 = graph.inward.range(node).map(|place| graph.inward_probability(node, place)).sum();
        if sum > 1.0 + ROUNDING {
            return Err(InfluenceError::ThresholdSum { node, sum });
        }
    }
    Ok(())
}

/// Reach of the nodes from which no circle can be reached, from the ends up.
fn exact(graph: &ReferralGraph) -> Vec<Option<f64>> {
    let n_nodes = graph.n_nodes();
    let passes = |arc: &super::Arc| arc.probability > 0.0;
    let mut left: Vec<u32> = (0..n_nodes as u32).map(|node| graph.arcs(node).filter(passes).count() as u32).collect();
    let mut reach = vec![None; n_nodes];
    let mut complete: Vec<u32> = (0..n_nodes as u32).filter(|&node| left[node as usize] == 0).collect();
    while let Some(node) = complete.pop() {
        let below = |arc: super::Arc| arc.probability * reach[arc.node as usize].unwrap_or(0.0);
        reach[node as usize] = Some(1.0 + graph.arcs(node).filter(passes).map(below).sum::<f64>());
        for place in graph.inward.range(node) {
            if graph.inward_probability(node, place) > 0.0 {
                let source = graph.inward.nodes[place] as usize;
                left[source] -= 1;
                if left[source] == 0 {
                    complete.push(source as u32);
                }
            }
        }
    }
    reach
}

/// Reverse walks, drawn by their first step.
struct Walks<'graph> {
    graph: &'graph ReferralGraph,
    /// Running sum of the weights of the inward arcs.
    cumulative: Vec<f64>,
    /// Sum of the weights out of each node.
    direct: Vec<f64>,
}

impl<'graph> Walks<'graph> {
    fn of(graph: &'graph ReferralGraph) -> Self {
        let mut cumulative = Vec::with_capacity(graph.n_arcs());
        let mut direct = vec![0.0; graph.n_nodes()];
        let mut total = 0.0;
        for node in 0..graph.n_nodes() as u32 {
            for place in graph.inward.range(node) {
                let weight = graph.inward_probability(node, place);
                total += weight;
                cumulative.push(total);
                direct[graph.inward.nodes[place] as usize] += weight;
            }
        }
        Self { graph, cumulative, direct }
    }

    /// For each node the number of walks that come by it after their first step.
    fn count(&self, n_walks: usize, seed: u64) -> Vec<u32> {
        let n_nodes = self.graph.n_nodes();
        let next_block = AtomicUsize::new(0);
        let n_blocks = n_walks.div_ceil(BLOCK_WALKS);
        let n_tallies = rayon::current_num_threads().min(n_blocks).max(1);
        let tallies: Vec<Vec<u32>> = (0..n_tallies)
            .into_par_iter()
            .map(|_| {
                let (mut counts, mut met, mut walk) = (vec![0_u32; n_nodes], vec![0_u32; n_nodes], 0_u32);
                loop {
                    let block = next_block.fetch_add(1, Ordering::Relaxed);
                    if block >= n_blocks {
                        return counts;
                    }
                    let mut random = stream(seed, "threshold walks", block as u64);
                    for place in block * BLOCK_WALKS..((block + 1) * BLOCK_WALKS).min(n_walks) {
                        walk += 1;
                        let point = (place as f64 + uniform(&mut random)) / n_walks as f64;
                        self.walk(point, walk, &mut met, &mut counts, || uniform(&mut random));
                    }
                }
            })
            .collect();
        let add = |mut total: Vec<u32>, counts: Vec<u32>| {
            total.iter_mut().zip(&counts).for_each(|(total, count)| *total += count);
            total
        };
        tallies.into_iter().reduce(add).unwrap_or_else(|| vec![0; n_nodes])
    }

    /// One walk, whose first step lies at `point` (0-1) of all the weight; it ends where it would meet itself.
    fn walk(&self, point: f64, walk: u32, met: &mut [u32], counts: &mut [u32], mut uniform: impl FnMut() -> f64) {
        let inward = &self.graph.inward;
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let arc = self.cumulative.partition_point(|&sum| sum <= point * total).min(inward.nodes.len() - 1);
        let root = inward.starts.partition_point(|&start| start as usize <= arc) - 1;
        met[root] = walk;
        let mut node = inward.nodes[arc];
        met[node as usize] = walk;
        while let Some(next) = self.step(node, uniform()) {
            if std::mem::replace(&mut met[next as usize], walk) == walk {
                return;
            }
            counts[next as usize] += 1;
            node = next;
        }
    }

    /// Whom the node picks: nobody with what its weights leave to 1.
    fn step(&self, node: u32, mut point: f64) -> Option<u32> {
        for place in self.graph.inward.range(node) {
            point -= self.graph.inward_probability(node, place);
            if point < 0.0 {
                return Some(self.graph.inward.nodes[place]);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, forests, graph, tiny_graphs};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Expected nodes reached by going through every choice of at most one edge in for each node.
    fn by_choices(n_nodes: usize, edges: &[Edge], seed: u32) -> f64 {
        fn go(node: usize, share: f64, picks: &mut Vec<Option<u32>>, edges: &[Edge], seed: u32) -> f64 {
            if share <= 0.0 {
                return 0.0;
            }
            if node == picks.len() {
                let reaches = |start: usize| {
                    let (mut at, mut steps) = (start as u32, 0);
                    while at != seed && steps <= picks.len() {
                        let Some(next) = picks[at as usize] else { return false };
                        (at, steps) = (next, steps + 1);
                    }
                    at == seed
                };
                return share * (0..picks.len()).filter(|&start| reaches(start)).count() as f64;
            }
            let mut left = 1.0;
            let mut sum = 0.0;
            for edge in edges.iter().filter(|edge| edge.1 as usize == node && edge.0 != edge.1) {
                left -= edge.2;
                picks[node] = Some(edge.0);
                sum += go(node + 1, share * edge.2, picks, edges, seed);
            }
            picks[node] = None;
            sum + go(node + 1, share * left.max(0.0), picks, edges, seed)
        }
        go(0, 1.0, &mut vec![None; n_nodes], edges, seed)
    }

    /// The same edges with weights into each node that sum to at most 1.
    fn scaled(n_nodes: usize, edges: &[Edge]) -> Vec<Edge> {
        let mut sums = vec![0.0_f64; n_nodes];
        edges.iter().filter(|edge| edge.0 != edge.1).for_each(|edge| sums[edge.1 as usize] += edge.2);
        edges.iter().map(|&(from, to, weight)| (from, to, weight / sums[to as usize].max(1.0))).collect()
    }

    #[test]
    fn weights_that_sum_to_more_than_one_are_refused() {
        let graph = graph(3, &[(0, 2, 0.7), (1, 2, 0.7)]);
        let refused = threshold_reach(&graph, &ReachSettings::default());
        assert!(matches!(refused, Err(InfluenceError::ThresholdSum { node: 2, .. })));
    }

    #[test]
    fn one_and_four_threads_give_the_same_bytes() {
        let edges: Vec<Edge> = (0..300).map(|place| (place % 50, (place * 7 + place / 50) % 50, 0.1)).collect();
        let graph = graph(50, &scaled(50, &edges));
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            pool.install(|| threshold_reach(&graph, &ReachSettings { samples: 30_000, ..ReachSettings::default() }))
        };
        assert_eq!(run(1), run(4));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn reach_is_that_of_all_choices((n_nodes, edges) in tiny_graphs()) {
            let edges = scaled(n_nodes, &edges);
            let settings = ReachSettings { samples: 40_000, ..ReachSettings::default() };
            let got = threshold_reach(&graph(n_nodes, &edges), &settings).expect("sums are at most 1");
            for (node, got) in got.nodes.iter().enumerate() {
                let want = by_choices(n_nodes, &edges, node as u32);
                let allowed = if got.exact { 1e-12 * want } else { 5.0 * got.reach_se };
                prop_assert!((got.reach - want).abs() <= allowed, "node {}: {:?} {}", node, got, want);
            }
        }

        #[test]
        fn a_forest_is_that_of_the_cascade((n_nodes, edges) in forests(40)) {
            let graph = graph(n_nodes, &edges);
            let threshold = threshold_reach(&graph, &ReachSettings::default()).expect("one edge in");
            let cascade = crate::influence::reach(&graph, &ReachSettings::default()).expect("valid");
            for (threshold, cascade) in threshold.nodes.iter().zip(&cascade.nodes) {
                prop_assert!(threshold.exact && (threshold.reach - cascade.reach).abs() < 1e-12 * cascade.reach);
            }
        }
    }
}
