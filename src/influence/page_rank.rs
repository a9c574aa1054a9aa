//! PageRank: how often a walker who follows referrals, and now and then starts anew, is at each customer.

use super::graph::Rows;
use super::reach::check_values;
use super::{InfluenceError, ReferralGraph};
use rayon::prelude::*;

/// Nodes summed by one task.
const BLOCK_NODES: usize = 4096;

/// By what the walker chooses among the edges out of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArcWeight {
    /// All edges alike; an edge that is there twice counts twice.
    Equal,
    /// In proportion to the weights given with [`super::EdgeList::with_weights`].
    Given,
}

/// How PageRank is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageRankSettings {
    /// Probability (0 to below 1) that the walker follows an edge and does not start anew.
    pub damping: f64,
    /// By what the walker chooses.
    pub weight: ArcWeight,
    /// Sum of absolute changes in one iteration below which the ranks are final.
    pub tolerance: f64,
    /// Iterations after which to give up.
    pub iterations_max: usize,
}

impl Default for PageRankSettings {
    fn default() -> Self {
        Self { damping: 0.85, weight: ArcWeight::Equal, tolerance: 1e-12, iterations_max: 1000 }
    }
}

/// PageRank of every customer.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRank {
    /// One rank per node, in order; they sum to 1.
    pub ranks: Vec<f64>,
    /// Iterations made.
    pub iterations: usize,
    /// Sum of absolute changes in the last iteration.
    pub change: f64,
}

/// PageRank by power iteration.
///
/// `rank(v) = (1 - d) / n + d * (sum over u -> v of rank(u) * w_uv / w_u + loose / n)` with damping `d`, weight `w_uv` of
/// the edge, `w_u` the sum of the weights out of `u`, and `loose` the rank of customers without edges out, which is
/// spread evenly. Self-loops are not in the graph and do not count.
///
/// Each node sums its own edges in a fixed order: same bytes for any number of threads.
///
/// # Errors
/// Damping outside 0 to below 1; weights asked for and not there; no convergence.
///
/// # References
/// Page, Brin, Motwani and Winograd (1999), "The PageRank citation ranking"; Langville and Meyer (2004), "Deeper inside
/// PageRank" (dangling nodes).
pub fn page_rank(graph: &ReferralGraph, settings: &PageRankSettings) -> Result<PageRank, InfluenceError> {
    walk(graph, settings, None)
}

/// PageRank whose walker starts anew, also from customers without edges out, in proportion to `restart`: who is near to those
/// that count.
///
/// `rank(v) = restart(v) (1 - d + d * loose) + d * sum over u -> v of rank(u) * w_uv / w_u`, with `restart`, one entry per node, at
/// least 0, scaled to sum to 1.
///
/// # Errors
/// As [`page_rank`]; not one restart per node, one that is negative or not finite, or all zero.
///
/// # References
/// Haveliwala (2002), "Topic-sensitive PageRank", WWW.
pub fn personalised_page_rank(
    graph: &ReferralGraph,
    restart: &[f64],
    settings: &PageRankSettings,
) -> Result<PageRank, InfluenceError> {
    check_values(restart, graph.n_nodes())?;
    let sum: f64 = restart.iter().sum();
    if !(sum.is_finite() && sum > 0.0) {
        return Err(InfluenceError::BadSetting { setting: "sum of restarts", value: sum, range: "finite and above 0" });
    }
    let restart: Vec<f64> = restart.iter().map(|value| value / sum).collect();
    walk(graph, settings, Some(&restart))
}

fn walk(
    graph: &ReferralGraph,
    settings: &PageRankSettings,
    restart: Option<&[f64]>,
) -> Result<PageRank, InfluenceError> {
    if !(0.0..1.0).contains(&settings.damping) {
        let value = settings.damping;
        return Err(InfluenceError::BadSetting { setting: "damping", value, range: "at least 0 and below 1" });
    }
    let weights = match settings.weight {
        ArcWeight::Equal => None,
        ArcWeight::Given => Some(graph.weights.as_deref().ok_or(InfluenceError::NoWeights)?),
    };
    let mut walk = Walk::new(graph, weights, restart, settings.damping);
    for iteration in 1..=settings.iterations_max {
        let change = walk.step();
        if change <= settings.tolerance {
            return Ok(PageRank { ranks: walk.ranks, iterations: iteration, change });
        }
        walk.change = change;
    }
    let (iterations, change, tolerance) = (settings.iterations_max, walk.change, settings.tolerance);
    Err(InfluenceError::NotConverged { iterations, change, tolerance })
}

struct Walk<'graph> {
    inward: &'graph Rows,
    weights: Option<&'graph [f64]>,
    /// Shares of those who start anew; even if not given.
    restart: Option<&'graph [f64]>,
    damping: f64,
    /// One over the weight out of each node; zero where there is none.
    shares: Vec<f64>,
    ranks: Vec<f64>,
    /// Rank per unit of weight that each node hands on.
    handed: Vec<f64>,
    next_handed: Vec<f64>,
    /// Rank of the nodes without edges out.
    loose: f64,
    change: f64,
}

/// What one block of nodes adds to the sums of an iteration.
struct BlockSums {
    change: f64,
    loose: f64,
}

impl<'graph> Walk<'graph> {
    fn new(
        graph: &'graph ReferralGraph,
        weights: Option<&'graph [f64]>,
        restart: Option<&'graph [f64]>,
        damping: f64,
    ) -> Self {
        let n_nodes = graph.n_nodes();
        let even = 1.0 / n_nodes as f64;
        let shares: Vec<f64> = match weights {
            None => graph.outward.starts.windows(2).map(|ends| share(f64::from(ends[1] - ends[0]))).collect(),
            Some(weights) => {
                let mut sums = vec![0.0; n_nodes];
                for (&source, weight) in graph.inward.nodes.iter().zip(weights) {
                    sums[source as usize] += weight;
                }
                sums.into_iter().map(share).collect()
            }
        };
        let n_loose = shares.iter().filter(|&&share| share <= 0.0).count();
        let handed: Vec<f64> = shares.iter().map(|share| share * even).collect();
        Self {
            inward: &graph.inward,
            weights,
            restart,
            damping,
            next_handed: vec![0.0; n_nodes],
            ranks: vec![even; n_nodes],
            loose: n_loose as f64 * even,
            change: f64::INFINITY,
            shares,
            handed,
        }
    }

    /// One iteration; returns the sum of absolute changes.
    fn step(&mut self) -> f64 {
        let n_nodes = self.ranks.len() as f64;
        let anew = 1.0 - self.damping + self.damping * self.loose;
        let even = anew / n_nodes;
        let (inward, weights, restart, damping, shares, handed) =
            (self.inward, self.weights, self.restart, self.damping, &self.shares, &self.handed);
        let sums: Vec<BlockSums> = (self.ranks.par_chunks_mut(BLOCK_NODES))
            .zip(self.next_handed.par_chunks_mut(BLOCK_NODES))
            .enumerate()
            .map(|(block, (ranks, next_handed))| {
                let mut sums = BlockSums { change: 0.0, loose: 0.0 };
                for (offset, (rank, next)) in ranks.iter_mut().zip(next_handed).enumerate() {
                    let node = block * BLOCK_NODES + offset;
                    let range = inward.range(node as u32);
                    let sources = &inward.nodes[range.clone()];
                    let received: f64 = match weights {
                        None => sources.iter().map(|&source| handed[source as usize]).sum(),
                        Some(weights) => {
                            let arcs = sources.iter().zip(&weights[range]);
                            arcs.map(|(&source, weight)| handed[source as usize] * weight).sum()
                        }
                    };
                    let new = restart.map_or(even, |restart| anew * restart[node]) + damping * received;
                    sums.change += (new - *rank).abs();
                    if shares[node] <= 0.0 {
                        sums.loose += new;
                    }
                    *rank = new;
                    *next = new * shares[node];
                }
                sums
            })
            .collect();
        std::mem::swap(&mut self.handed, &mut self.next_handed);
        self.loose = sums.iter().map(|sums| sums.loose).sum();
        sums.iter().map(|sums| sums.change).sum()
    }
}

fn share(sum: f64) -> f64 {
    if sum > 0.0 { 1.0 / sum } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::{EdgeList, PassingProbability};
    use proptest::prelude::*;

    fn ranks(n_nodes: usize, edges: &[(u32, u32)], weights: Option<&[f64]>) -> PageRank {
        let (from, to) = edges.iter().copied().unzip();
        let mut edges = EdgeList::from_numbers(n_nodes, from, to).expect("valid edges");
        let mut settings = PageRankSettings::default();
        if let Some(weights) = weights {
            edges = edges.with_weights(weights.to_vec()).expect("valid weights");
            settings.weight = ArcWeight::Given;
        }
        let graph = ReferralGraph::new(edges, &PassingProbability::WeightedCascade).expect("valid graph");
        page_rank(&graph, &settings).expect("converges")
    }

    /// Eleven edges, also those of the tests beside the other measures.
    const EDGES: [(u32, u32); 11] =
        [(0, 1), (0, 2), (1, 2), (2, 3), (3, 0), (3, 4), (4, 5), (5, 3), (2, 5), (6, 4), (5, 7)];

    #[test]
    fn personalised_and_weighted_ranks_agree_with_another_program() {
        // networkx 3 pagerank, tol 1e-15: personalization {0: 0.25, 6: 0.75}; and alpha 0.9 with weights.
        let (from, to) = EDGES.iter().copied().unzip();
        let edges = EdgeList::from_numbers(8, from, to).expect("valid edges");
        let weights = vec![1.0, 2.0, 3.0, 1.0, 1.0, 4.0, 1.0, 2.0, 2.0, 1.0, 5.0];
        let edges = edges.with_weights(weights).expect("valid weights");
        let graph = ReferralGraph::new(edges, &PassingProbability::WeightedCascade).expect("valid graph");
        let restart = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0];
        let got = personalised_page_rank(&graph, &restart, &PageRankSettings::default()).expect("converges");
        assert_close(
            &got.ranks,
            &[
                0.106_706_490_370_670_04,
                0.045_350_258_407_535_2,
                0.083_897_978_053_939_53,
                0.120_444_747_472_416_79,
                0.192_758_573_047_753_82,
                0.199_501_427_763_514_32,
                0.166_552_418_084_677_33,
                0.084_788_106_799_493_02,
            ],
        );
        let settings = PageRankSettings { damping: 0.9, weight: ArcWeight::Given, ..PageRankSettings::default() };
        let got = page_rank(&graph, &settings).expect("converges");
        assert_close(
            &got.ranks,
            &[
                0.058_423_610_657_314_2,
                0.051_936_933_747_628_64,
                0.116_207_257_317_689_17,
                0.133_409_778_371_556_2,
                0.161_433_756_473_345_18,
                0.249_424_585_767_059_67,
                0.034_409_850_550_434_22,
                0.194_754_227_114_972_26,
            ],
        );
        assert!(personalised_page_rank(&graph, &[0.0; 8], &PageRankSettings::default()).is_err());
        assert!(personalised_page_rank(&graph, &[1.0; 7], &PageRankSettings::default()).is_err());
    }

    fn assert_close(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (node, (got, want)) in got.iter().zip(want).enumerate() {
            assert!((got - want).abs() < 1e-11, "node {node}: {got} {want}");
        }
    }

    /// Friendships among the members of a karate club (Zachary 1977).
    const KARATE: [(u32, u32); 78] = [
        (0, 1),
        (0, 2),
        (0, 3),
        (0, 4),
        (0, 5),
        (0, 6),
        (0, 7),
        (0, 8),
        (0, 10),
        (0, 11),
        (0, 12),
        (0, 13),
        (0, 17),
        (0, 19),
        (0, 21),
        (0, 31),
        (1, 2),
        (1, 3),
        (1, 7),
        (1, 13),
        (1, 17),
        (1, 19),
        (1, 21),
        (1, 30),
        (2, 3),
        (2, 7),
        (2, 8),
        (2, 9),
        (2, 13),
        (2, 27),
        (2, 28),
        (2, 32),
        (3, 7),
        (3, 12),
        (3, 13),
        (4, 6),
        (4, 10),
        (5, 6),
        (5, 10),
        (5, 16),
        (6, 16),
        (8, 30),
        (8, 32),
        (8, 33),
        (9, 33),
        (13, 33),
        (14, 32),
        (14, 33),
        (15, 32),
        (15, 33),
        (18, 32),
        (18, 33),
        (19, 33),
        (20, 32),
        (20, 33),
        (22, 32),
        (22, 33),
        (23, 25),
        (23, 27),
        (23, 29),
        (23, 32),
        (23, 33),
        (24, 25),
        (24, 27),
        (24, 31),
        (25, 31),
        (26, 29),
        (26, 33),
        (27, 33),
        (28, 31),
        (28, 33),
        (29, 32),
        (29, 33),
        (30, 32),
        (30, 33),
        (31, 32),
        (31, 33),
        (32, 33),
    ];

    #[test]
    fn karate_club_agrees_with_a_dense_solve() {
        // Dense linear solve, which agrees with networkx 3.6.1 and igraph 1.0.0.
        let want = [
            0.0969972853882947,
            0.0528769240611457,
            0.057078509488462,
            0.0358598577864114,
            0.0219779523645895,
            0.0291111546783701,
            0.0291111546783701,
            0.0244904970352824,
            0.029766056081017,
            0.0143093971290329,
            0.0219779523645895,
            0.0095647454921355,
            0.0146448920118771,
            0.0295364561519137,
            0.0145359939979212,
            0.0145359939979212,
            0.0167840054441897,
            0.0145586772090215,
            0.0145359939979212,
            0.0196046363256528,
            0.0145359939979212,
            0.0145586772090215,
            0.0145359939979212,
            0.031522514776678,
            0.0210760335592228,
            0.021006197394493,
            0.0150440380827255,
            0.025639767482848,
            0.0195734594638285,
            0.0262885376951149,
            0.0245901552485801,
            0.0371580870691453,
            0.0716932260057545,
            0.1009191823326257,
        ];
        let both: Vec<(u32, u32)> = KARATE.iter().flat_map(|&(left, right)| [(left, right), (right, left)]).collect();
        let page_rank = ranks(34, &both, None);
        assert_close(&page_rank.ranks, &want);
        assert!(page_rank.change <= 1e-12 && page_rank.iterations > 10);
    }

    #[test]
    fn rank_of_a_dangling_node_is_spread_evenly() {
        // Dense linear solve.
        let want = [0.14469162597214685, 0.20618556701030927, 0.504431181045397, 0.14469162597214688];
        assert_close(&ranks(4, &[(0, 1), (0, 2), (1, 2), (3, 2)], None).ranks, &want);
    }

    #[test]
    fn a_weight_of_two_is_the_edge_twice() {
        let twice = ranks(3, &[(0, 1), (0, 1), (0, 2), (1, 0)], None);
        let weighted = ranks(3, &[(0, 2), (0, 1), (1, 0), (2, 0)], Some(&[1.0, 2.0, 7.0, 0.0]));
        assert_close(&weighted.ranks, &twice.ranks);
    }

    #[test]
    fn too_few_iterations_are_an_error_with_the_change() {
        let edges = EdgeList::from_numbers(3, vec![0, 1], vec![1, 0]).expect("valid");
        let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.1)).expect("valid");
        let settings = PageRankSettings { iterations_max: 2, ..PageRankSettings::default() };
        let error = page_rank(&graph, &settings).expect_err("two iterations do not do");
        assert!(matches!(error, InfluenceError::NotConverged { iterations: 2, change, .. } if change > 1e-12));
        let settings = PageRankSettings { weight: ArcWeight::Given, ..settings };
        assert_eq!(page_rank(&graph, &settings), Err(InfluenceError::NoWeights));
        let settings = PageRankSettings { damping: 1.0, ..settings };
        assert!(matches!(page_rank(&graph, &settings), Err(InfluenceError::BadSetting { .. })));
    }

    proptest! {
        #[test]
        fn ranks_sum_to_one_and_satisfy_their_equation(
            edges in proptest::collection::vec((0_u32..20, 0_u32..20), 1..60)
        ) {
            let ranks = ranks(20, &edges, None).ranks;
            prop_assert!((ranks.iter().sum::<f64>() - 1.0).abs() < 1e-10);
            let edges: Vec<(u32, u32)> = edges.into_iter().filter(|(from, to)| from != to).collect();
            let n_out = |node: u32| edges.iter().filter(|edge| edge.0 == node).count();
            let loose: f64 = (0..20).filter(|&node| n_out(node) == 0).map(|node| ranks[node as usize]).sum();
            for node in 0..20 {
                let sources = edges.iter().filter(|edge| edge.1 == node).map(|edge| edge.0);
                let received: f64 = sources.map(|from| ranks[from as usize] / n_out(from) as f64).sum();
                let want = 0.15 / 20.0 + 0.85 * (received + loose / 20.0);
                prop_assert!((ranks[node as usize] - want).abs() < 1e-11);
            }
        }
    }
}
