//! Reach where customers follow once enough of those they know have gone ahead: the linear threshold model.

use super::estimate::{Count, Estimate};
use super::graph::Arc;
use super::reach::{check_samples, check_stop, check_values};
use super::reverse::{ReverseSets, uniform};
use super::{InfluenceError, NodeReach, Reach, ReachSettings, ReferralGraph};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::random::stream;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Walks drawn from one random stream.
const BLOCK_WALKS: usize = 4096;
/// Sums of weights that pass 1 by no more than this are rounding and not worth a word (absolute).
const ROUNDING: f64 = 1e-9;

/// Expected reach of every customer under the linear threshold model.
///
/// Every customer draws a threshold between 0 and 1 and follows once the weights of the edges from those who went ahead sum
/// to it. The graph's probabilities are the weights. The model needs those into one customer to sum to at most 1, as they do under
/// [`super::PassingProbability::WeightedCascade`]; where they sum to more, each is divided by their sum, so that the customer
/// follows for certain once all have gone ahead, and a finding counts such customers. That is the same as each customer
/// picking at most one edge in, each with its weight, so reach is exact wherever no circle can be reached:
/// `reach(u) = 1 + sum of weight * reach(child)`.
/// Elsewhere reverse walks are drawn: `1 + direct + W / n * count`, where `direct` is the exact weight out of the customer and
/// `count` the number of `n` walks that come by the customer in their second step or later.
///
/// Same settings, same bytes, for any number of threads; `members_max` plays no part.
///
/// # Errors
/// No samples.
///
/// # Example
/// Both ways lead on: `1 + 0.5 + 0.5 + (0.5 + 0.5) * 0.5`, where the independent cascade would have 2.4375.
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReachSettings, ReferralGraph, threshold_reach};
/// let edges = EdgeList::from_names([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// let reach = threshold_reach(&graph, &ReachSettings::default()).expect("valid settings");
/// assert_eq!((reach.nodes[0].reach, reach.nodes[0].exact), (2.5, true));
/// ```
///
/// # References
/// Kempe, Kleinberg and Tardos (2003), section 2.2 (live edges); Goyal, Lu and Lakshmanan (2011), "SIMPATH" (acyclic graphs).
pub fn threshold_reach(graph: &ReferralGraph, settings: &ReachSettings) -> Result<Reach, InfluenceError> {
    reach_of(graph, |_| 1.0, settings)
}

/// Expected value of those reached by every customer under the linear threshold model, the customer's own included: `values` has one
/// a customer, at least 0, and walks start from customers in proportion to it.
///
/// # Errors
/// As [`threshold_reach`]; not one value per node, or one that is negative or not finite.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReachSettings, ReferralGraph, threshold_value_reach};
/// let edges = EdgeList::from_names([("ann", "bob")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// let value = threshold_value_reach(&graph, &[10.0, 100.0], &ReachSettings::default()).expect("valid");
/// assert_eq!(value.nodes[0].reach, 60.0);
/// ```
pub fn threshold_value_reach(
    graph: &ReferralGraph,
    values: &[f64],
    settings: &ReachSettings,
) -> Result<Reach, InfluenceError> {
    check_values(values, graph.n_nodes())?;
    reach_of(graph, |node| values[node as usize], settings)
}

fn reach_of(
    graph: &ReferralGraph,
    value: impl Fn(u32) -> f64 + Copy,
    settings: &ReachSettings,
) -> Result<Reach, InfluenceError> {
    check_samples(settings.samples)?;
    check_stop(settings.stop_at)?;
    let weights = Weights::of(graph);
    let mut findings = weights.findings();
    let exact = exact(&weights, value);
    let n_exact = exact.iter().flatten().count();
    if n_exact == exact.len() {
        let nodes = exact.iter().flatten().map(|&reach| NodeReach::exact(reach)).collect();
        return Ok(Reach { nodes, n_exact, n_samples: 0, findings });
    }
    let direct = weights.out_of_each(value).into_iter().zip(0..);
    let known: Vec<f64> = direct.map(|(direct, node)| value(node) + direct).collect();
    let walks = Walks::of(weights, value);
    let inexact: Vec<bool> = exact.iter().map(Option::is_none).collect();
    let total_weight = walks.total_weight();
    if total_weight <= 0.0 {
        // Nobody of any value can be reached by another, so that there is nothing to sample.
        let nodes: Vec<NodeReach> = known.into_iter().map(NodeReach::exact).collect();
        return Ok(Reach { n_exact: nodes.len(), nodes, n_samples: 0, findings });
    }
    // A walk comes by somebody once.
    let at_once = vec![1.0; known.len()];
    let estimate = Estimate { known: &known, inexact: &inexact, attached: &[], at_once: &at_once, total_weight };
    let counted = estimate.count(settings.samples, settings, |n_walks, seed| walks.count(n_walks, seed));
    findings.extend(estimate.missed(&counted, settings));
    let nodes = exact.iter().enumerate().map(|(node, reach)| match reach {
        Some(reach) => NodeReach::exact(*reach),
        None => estimate.of(node, &counted),
    });
    Ok(Reach { nodes: nodes.collect(), n_exact, n_samples: counted.n_samples(), findings })
}

/// The graph's probabilities as weights, those into one customer at most 1 together.
struct Weights<'graph> {
    graph: &'graph ReferralGraph,
    /// What the probabilities into each node are multiplied by: 1, or one over their sum where that is more than 1.
    scale: Vec<f64>,
    n_scaled: usize,
    /// The largest sum there was.
    largest: f64,
}

impl<'graph> Weights<'graph> {
    fn of(graph: &'graph ReferralGraph) -> Self {
        let mut weights = Self { graph, scale: Vec::with_capacity(graph.n_nodes()), n_scaled: 0, largest: 0.0 };
        for node in 0..graph.n_nodes() as u32 {
            let sum: f64 = graph.inward.range(node).map(|place| graph.inward_probability(node, place)).sum();
            weights.scale.push(if sum > 1.0 { sum.recip() } else { 1.0 });
            weights.n_scaled += usize::from(sum > 1.0 + ROUNDING);
            weights.largest = weights.largest.max(sum);
        }
        weights
    }

    /// Of the inward arc at `place`, which points at `node`.
    fn inward(&self, node: u32, place: usize) -> f64 {
        self.graph.inward_probability(node, place) * self.scale[node as usize]
    }

    /// The arcs out of a node with any weight, which stands for their probability.
    fn out(&self, node: u32) -> impl Iterator<Item = Arc> {
        let weighted = |arc: Arc| Arc { probability: arc.probability * self.scale[arc.node as usize], ..arc };
        self.graph.arcs(node).map(weighted).filter(|arc| arc.probability > 0.0)
    }

    /// The sum of the weights out of each node, each times the value at its end.
    fn out_of_each(&self, value: impl Fn(u32) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.graph.n_nodes()];
        for node in 0..self.graph.n_nodes() as u32 {
            for place in self.graph.inward.range(node) {
                sums[self.graph.inward.nodes[place] as usize] += self.inward(node, place) * value(node);
            }
        }
        sums
    }

    /// For each node the probability that it picks nobody; what is left of 1 by rounding alone is nothing.
    fn nobody_picked(&self) -> Vec<f64> {
        let picked = |node: u32| self.graph.inward.range(node).map(|place| self.inward(node, place)).sum::<f64>();
        let left = |node: u32| Some(1.0 - picked(node)).filter(|&left| left > ROUNDING).unwrap_or(0.0);
        (0..self.graph.n_nodes() as u32).map(left).collect()
    }

    fn findings(&self) -> Vec<Finding> {
        if self.n_scaled == 0 {
            return Vec::new();
        }
        let (count, n_nodes) = (self.n_scaled, self.graph.n_nodes());
        let sentence = format!(
            "The weights of the edges into {count} of {n_nodes} customers sum to more than 1 (up to {:.4}), which a linear \
             threshold does not allow; each of these weights was divided by the sum.",
            self.largest
        );
        let finding = Finding::new(FindingKind::EdgesDropped, Severity::Note, "threshold", sentence);
        vec![finding.number("n_scaled", count as f64).number("largest_sum", self.largest)]
    }
}

/// Reach of the nodes of which it is known without sampling.
pub(super) fn exact_reach(graph: &ReferralGraph, value: impl Fn(u32) -> f64) -> Vec<Option<f64>> {
    exact(&Weights::of(graph), value)
}

/// Reach of the nodes from which no circle can be reached, from the ends up.
fn exact(weights: &Weights<'_>, value: impl Fn(u32) -> f64) -> Vec<Option<f64>> {
    let inward = &weights.graph.inward;
    let n_nodes = weights.graph.n_nodes();
    let mut left: Vec<u32> = (0..n_nodes as u32).map(|node| weights.out(node).count() as u32).collect();
    let mut reach = vec![None; n_nodes];
    let mut complete: Vec<u32> = (0..n_nodes as u32).filter(|&node| left[node as usize] == 0).collect();
    while let Some(node) = complete.pop() {
        let below = |arc: Arc| arc.probability * reach[arc.node as usize].unwrap_or(0.0);
        reach[node as usize] = Some(value(node) + weights.out(node).map(below).sum::<f64>());
        for place in inward.range(node) {
            if weights.inward(node, place) > 0.0 {
                let source = inward.nodes[place] as usize;
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
    weights: Weights<'graph>,
    /// Running sum of the weights of the inward arcs, times what their roots count.
    cumulative: Vec<f64>,
    /// The last arc with any weight.
    last: usize,
}

impl<'graph> Walks<'graph> {
    /// Walks from roots that count with `root_weight`; from a root of weight zero none is drawn.
    fn of(weights: Weights<'graph>, root_weight: impl Fn(u32) -> f64) -> Self {
        let graph = weights.graph;
        let mut cumulative = Vec::with_capacity(graph.n_arcs());
        let mut total = 0.0;
        for node in 0..graph.n_nodes() as u32 {
            let counts = root_weight(node);
            for place in graph.inward.range(node) {
                total += counts * weights.inward(node, place);
                cumulative.push(total);
            }
        }
        let last = cumulative.partition_point(|&sum| sum < total);
        Self { weights, cumulative, last }
    }

    fn total_weight(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    /// For each node the number of walks that come by it after their first step.
    fn count(&self, n_walks: usize, seed: u64) -> Vec<Count> {
        let n_nodes = self.weights.graph.n_nodes();
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
                        let mut step = 0;
                        let count = |node: u32| {
                            counts[node as usize] += u32::from(step > 1);
                            step += 1;
                        };
                        self.walk(point, walk, &mut met, || uniform(&mut random), count);
                    }
                }
            })
            .collect();
        let add = |mut total: Vec<u32>, counts: Vec<u32>| {
            total.iter_mut().zip(&counts).for_each(|(total, count)| *total += count);
            total
        };
        let total = tallies.into_iter().reduce(add).unwrap_or_else(|| vec![0; n_nodes]);
        total.into_iter().map(|holding| Count::of_sets(holding, n_walks)).collect()
    }

    /// One walk, whose first step lies at `point` (0-1) of all the weight; it ends where it would meet itself. Whom it comes by is
    /// visited, the root first.
    fn walk(
        &self,
        point: f64,
        walk: u32,
        met: &mut [u32],
        mut uniform: impl FnMut() -> f64,
        mut visit: impl FnMut(u32),
    ) {
        let inward = &self.weights.graph.inward;
        let point = point * self.total_weight();
        let arc = self.cumulative.partition_point(|&sum| sum <= point).min(self.last);
        let root = inward.starts.partition_point(|&start| start as usize <= arc) - 1;
        met[root] = walk;
        visit(root as u32);
        let mut node = inward.nodes[arc];
        met[node as usize] = walk;
        visit(node);
        while let Some(next) = self.step(node, uniform()) {
            if std::mem::replace(&mut met[next as usize], walk) == walk {
                return;
            }
            visit(next);
            node = next;
        }
    }

    /// Whom the node picks: nobody with what its weights leave to 1.
    fn step(&self, node: u32, mut point: f64) -> Option<u32> {
        let inward = &self.weights.graph.inward;
        for place in inward.range(node) {
            point -= self.weights.inward(node, place);
            if point < 0.0 {
                return Some(inward.nodes[place]);
            }
        }
        None
    }
}

/// Reverse-reachable sets of the model: whom a walk from a randomly drawn customer comes by, the customer included. Walks that would
/// end at once are never drawn.
pub(super) struct ThresholdSets<'graph> {
    walks: Walks<'graph>,
}

impl<'graph> ThresholdSets<'graph> {
    /// Sets whose roots count with `root_weight`.
    pub fn of(graph: &'graph ReferralGraph, root_weight: impl Fn(u32) -> f64) -> Self {
        Self { walks: Walks::of(Weights::of(graph), root_weight) }
    }

    /// For each customer the probability to follow nobody, whoever goes ahead: such worlds are never drawn.
    pub fn alone(&self) -> Vec<f64> {
        self.walks.weights.nobody_picked()
    }

    /// The sum of the weights of all first steps.
    pub fn total_weight(&self) -> f64 {
        self.walks.total_weight()
    }

    /// Draws `n_sets` sets, in order; none if no edge has weight.
    pub fn collect(&self, n_sets: usize, seed: u64) -> ReverseSets {
        if self.total_weight() <= 0.0 {
            return ReverseSets::none();
        }
        let n_nodes = self.walks.weights.graph.n_nodes();
        let blocks: Vec<ReverseSets> = (0..n_sets.div_ceil(BLOCK_WALKS))
            .into_par_iter()
            .map_init(
                || (vec![0_u32; n_nodes], 0_u32),
                |(met, walk), block| {
                    let mut random = stream(seed, "threshold sets", block as u64);
                    let mut sets = ReverseSets::with_capacity(BLOCK_WALKS, 0);
                    let mut members = Vec::new();
                    for place in block * BLOCK_WALKS..((block + 1) * BLOCK_WALKS).min(n_sets) {
                        *walk += 1;
                        members.clear();
                        let point = (place as f64 + uniform(&mut random)) / n_sets as f64;
                        self.walks.walk(point, *walk, met, || uniform(&mut random), |node| members.push(node));
                        sets.push(&members);
                    }
                    sets
                },
            )
            .collect();
        let mut all = ReverseSets::with_capacity(n_sets, blocks.iter().map(|block| block.members().len()).sum());
        blocks.iter().for_each(|block| all.append(block));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, as_weights, followers_by_choices, forests, graph, tiny_graphs};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    #[test]
    fn weights_that_sum_to_more_than_one_are_divided_by_the_sum_and_counted() {
        // 0.9 and 0.6 into 2 become 0.6 and 0.4; the 0.5 into 3 stays: reach of 0 is 1 + 0.6 (1 + 0.5), of 1 it is 1 + 0.4 * 1.5.
        let graph = graph(4, &[(0, 2, 0.9), (1, 2, 0.6), (2, 3, 0.5)]);
        let got = threshold_reach(&graph, &ReachSettings::default()).expect("valid");
        assert!((got.nodes[0].reach - 1.9).abs() < 1e-15 && (got.nodes[1].reach - 1.6).abs() < 1e-15, "{got:?}");
        assert_eq!(got.n_exact, 4);
        let [finding] = &got.findings[..] else { panic!("one finding: {:?}", got.findings) };
        assert_eq!(finding.numbers.get("n_scaled"), Some(&1.0));
        assert!((finding.numbers["largest_sum"] - 1.5).abs() < 1e-15, "{finding:?}");
    }

    /// Around a circle of three with weights of a half: own value, half of the next, a quarter of the one after.
    #[test]
    fn values_around_a_circle_by_hand() {
        let graph = graph(4, &[(0, 1, 0.5), (1, 2, 0.5), (2, 0, 0.5), (3, 0, 0.5)]);
        let values = [1.0, 10.0, 100.0, 7.0];
        let settings = ReachSettings { samples: 200_000, ..ReachSettings::default() };
        let got = threshold_value_reach(&graph, &values, &settings).expect("valid");
        // Into 0 the weights of 2 and 3 sum to 1: 3 reaches 7 + 1 / 2 + 10 / 4 + 100 / 8.
        for (node, want) in got.nodes.iter().zip([1.0 + 5.0 + 25.0, 10.0 + 50.0 + 0.25, 100.0 + 0.5 + 2.5, 22.5]) {
            assert!(!node.exact && node.reach_se < 0.5, "{node:?}");
            assert!((node.reach - want).abs() <= 5.0 * node.reach_se + 1e-9, "{node:?} {want}");
        }
        let none = threshold_value_reach(&graph, &[0.0, 0.0, 0.0, 3.0], &settings).expect("valid");
        assert_eq!(none.nodes.iter().map(|node| node.reach).collect::<Vec<_>>(), [0.0, 0.0, 0.0, 3.0]);
        assert_eq!(none.n_exact, 4);
        assert!(threshold_value_reach(&graph, &[1.0, -1.0, 0.0, 0.0], &settings).is_err());
    }

    #[test]
    fn sums_of_one_but_for_rounding_are_no_finding() {
        let edges: Vec<Edge> = (1..8).map(|source| (source, 0, 1.0 / 7.0 + 1e-12)).collect();
        let got = threshold_reach(&graph(8, &edges), &ReachSettings::default()).expect("valid");
        assert!(got.findings.is_empty() && (got.nodes[1].reach - 8.0 / 7.0).abs() < 1e-11, "{got:?}");
    }

    #[test]
    fn one_and_four_threads_give_the_same_bytes() {
        let edges: Vec<Edge> = (0..300).map(|place| (place % 50, (place * 7 + place / 50) % 50, 0.1)).collect();
        let graph = graph(50, &as_weights(50, &edges));
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
            let settings = ReachSettings { samples: 40_000, ..ReachSettings::default() };
            let got = threshold_reach(&graph(n_nodes, &edges), &settings).expect("valid");
            let edges = as_weights(n_nodes, &edges);
            for (node, got) in got.nodes.iter().enumerate() {
                let want = followers_by_choices(n_nodes, &edges, &[node as u32]);
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
