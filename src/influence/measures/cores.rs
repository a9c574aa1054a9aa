//! How deep in the thick of the network a customer sits.

use crate::influence::ReferralGraph;

/// The core number of every customer: the largest `k` such that they belong to a group in which everybody has ties with at
/// least `k` others of the group.
///
/// A tie is an edge either way; repeats and both ways count once. Time is linear in nodes and edges.
///
/// # References
/// Seidman (1983), Social Networks 5(3); Batagelj and Zaversnik (2003), "An O(m) algorithm for cores decomposition".
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReferralGraph, core_numbers};
/// // A triangle with a tail.
/// let edges = EdgeList::from_names([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// assert_eq!(core_numbers(&graph), [2, 2, 2, 1]);
/// ```
pub fn core_numbers(graph: &ReferralGraph) -> Vec<u32> {
    let ties = Ties::of(graph);
    let n_nodes = graph.n_nodes();
    let mut degree: Vec<u32> = (0..n_nodes).map(|node| ties.of_node(node).len() as u32).collect();
    // Nodes in order of degree, where each stands, and where each degree starts.
    let most = degree.iter().copied().max().unwrap_or(0) as usize;
    let mut starts = vec![0_usize; most + 2];
    degree.iter().for_each(|&degree| starts[degree as usize + 1] += 1);
    (0..=most).for_each(|degree| starts[degree + 1] += starts[degree]);
    let mut next = starts.clone();
    let (mut order, mut place) = (vec![0_u32; n_nodes], vec![0_usize; n_nodes]);
    for node in 0..n_nodes {
        place[node] = next[degree[node] as usize];
        order[place[node]] = node as u32;
        next[degree[node] as usize] += 1;
    }
    for position in 0..n_nodes {
        let node = order[position] as usize;
        for &other in ties.of_node(node) {
            let other = other as usize;
            if degree[other] > degree[node] {
                // The tie is gone: the other changes places with the first of its degree and moves down by one.
                let first = starts[degree[other] as usize].max(position + 1);
                let swapped = order[first] as usize;
                order.swap(first, place[other]);
                place.swap(other, swapped);
                starts[degree[other] as usize] = first + 1;
                degree[other] -= 1;
            }
        }
    }
    degree
}

/// Ties both ways, each once.
pub(super) struct Ties {
    starts: Vec<usize>,
    nodes: Vec<u32>,
}

impl Ties {
    pub fn of(graph: &ReferralGraph) -> Self {
        let mut ties = Self { starts: vec![0], nodes: Vec::with_capacity(2 * graph.n_arcs()) };
        let mut own = Vec::new();
        for node in 0..graph.n_nodes() as u32 {
            own.clear();
            own.extend_from_slice(graph.referred(node));
            own.extend_from_slice(graph.referrers(node));
            own.sort_unstable();
            own.dedup();
            ties.nodes.extend_from_slice(&own);
            ties.starts.push(ties.nodes.len());
        }
        ties
    }

    pub fn of_node(&self, node: usize) -> &[u32] {
        &self.nodes[self.starts[node]..self.starts[node + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{graph, tiny_graphs};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn core_numbers_are_those_of_peeling((n_nodes, edges) in tiny_graphs()) {
            let graph = graph(n_nodes, &edges);
            let ties = Ties::of(&graph);
            let got = core_numbers(&graph);
            for k in 0..n_nodes as u32 {
                let mut inside = vec![true; n_nodes];
                loop {
                    let count = |node: usize| ties.of_node(node).iter().filter(|&&other| inside[other as usize]).count();
                    let Some(out) = (0..n_nodes).find(|&node| inside[node] && (count(node) as u32) < k) else { break };
                    inside[out] = false;
                }
                for node in 0..n_nodes {
                    prop_assert_eq!(inside[node], got[node] >= k, "node {} k {}", node, k);
                }
            }
        }
    }
}
