//! For tests: graphs in one line, and reach by going through every world of live and dead edges.

use super::{EdgeList, PassingProbability, ReferralGraph};
use proptest::prelude::*;

/// An edge with its probability.
pub type Edge = (u32, u32, f64);

/// A graph of `n_nodes` nodes known by number.
pub fn graph(n_nodes: usize, edges: &[Edge]) -> ReferralGraph {
    let from = edges.iter().map(|edge| edge.0).collect();
    let to = edges.iter().map(|edge| edge.1).collect();
    let probabilities = edges.iter().map(|edge| edge.2).collect();
    let edges = EdgeList::from_numbers(n_nodes, from, to).expect("valid edges");
    ReferralGraph::new(edges, &PassingProbability::PerEdge(probabilities)).expect("valid graph")
}

/// Expected number of nodes reached from `seeds`: the sum over all worlds of their probability times the nodes reached.
pub fn spread_by_worlds(n_nodes: usize, edges: &[Edge], seeds: &[u32]) -> f64 {
    worth_by_worlds(&vec![1.0; n_nodes], edges, seeds)
}

/// The same with each node reached counting what it is worth, one entry a node.
pub fn worth_by_worlds(worth: &[f64], edges: &[Edge], seeds: &[u32]) -> f64 {
    let n_nodes = worth.len();
    (0..1_u64 << edges.len())
        .map(|world| {
            let live = |place: usize| world >> place & 1 == 1;
            let share: f64 =
                edges.iter().enumerate().map(|(place, edge)| if live(place) { edge.2 } else { 1.0 - edge.2 }).product();
            let mut reached = vec![false; n_nodes];
            seeds.iter().for_each(|&seed| reached[seed as usize] = true);
            for _ in 0..n_nodes {
                for (place, edge) in edges.iter().enumerate() {
                    if live(place) && reached[edge.0 as usize] {
                        reached[edge.1 as usize] = true;
                    }
                }
            }
            share * reached.iter().zip(worth).map(|(&reached, &own)| if reached { own } else { 0.0 }).sum::<f64>()
        })
        .sum()
}

/// Expected nodes that follow `seeds` under linear thresholds, by going through every choice of at most one edge in for each node; the
/// weights into each sum to at most 1.
pub fn followers_by_choices(n_nodes: usize, edges: &[Edge], seeds: &[u32]) -> f64 {
    fn go(node: usize, share: f64, picks: &mut Vec<Option<u32>>, edges: &[Edge], seeds: &[u32]) -> f64 {
        if share <= 0.0 {
            return 0.0;
        }
        if node == picks.len() {
            let follows = |start: usize| {
                let (mut at, mut steps) = (start as u32, 0);
                while !seeds.contains(&at) && steps <= picks.len() {
                    let Some(next) = picks[at as usize] else { return false };
                    (at, steps) = (next, steps + 1);
                }
                seeds.contains(&at)
            };
            return share * (0..picks.len()).filter(|&start| follows(start)).count() as f64;
        }
        let mut left = 1.0;
        let mut sum = 0.0;
        for edge in edges.iter().filter(|edge| edge.1 as usize == node && edge.0 != edge.1) {
            left -= edge.2;
            picks[node] = Some(edge.0);
            sum += go(node + 1, share * edge.2, picks, edges, seeds);
        }
        picks[node] = None;
        sum + go(node + 1, share * left.max(0.0), picks, edges, seeds)
    }
    go(0, 1.0, &mut vec![None; n_nodes], edges, seeds)
}

/// The same edges with weights into each node that sum to at most 1.
pub fn as_weights(n_nodes: usize, edges: &[Edge]) -> Vec<Edge> {
    let mut sums = vec![0.0_f64; n_nodes];
    edges.iter().filter(|edge| edge.0 != edge.1).for_each(|edge| sums[edge.1 as usize] += edge.2);
    edges.iter().map(|&(from, to, weight)| (from, to, weight / sums[to as usize].max(1.0))).collect()
}

/// Random tiny graphs: self-loops, repeats, cycles, certain and impossible edges all occur.
pub fn tiny_graphs() -> impl Strategy<Value = (usize, Vec<Edge>)> {
    let probability = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 8 => 0.0..1.0_f64];
    (2_usize..8).prop_flat_map(move |n_nodes| {
        let edge = (0..n_nodes as u32, 0..n_nodes as u32, probability.clone());
        (Just(n_nodes), proptest::collection::vec(edge, 1..11))
    })
}

/// Random forests: every node but the first may have one referrer, who stands before it in a shuffled order.
pub fn forests(n_nodes_max: usize) -> impl Strategy<Value = (usize, Vec<Edge>)> {
    (2..=n_nodes_max).prop_flat_map(|n_nodes| {
        let order = Just((0..n_nodes as u32).collect::<Vec<u32>>()).prop_shuffle();
        let referrers = proptest::collection::vec((any::<prop::sample::Index>(), 0.0..=1.0_f64, 0..5_u8), n_nodes);
        (order, referrers).prop_map(move |(order, referrers)| {
            let edges = (1..n_nodes)
                .filter(|&place| place == 1 || referrers[place].2 > 0)
                .map(|place| {
                    let (referrer, probability, _) = referrers[place];
                    (order[referrer.index(place)], order[place], probability)
                })
                .collect();
            (n_nodes, edges)
        })
    })
}
