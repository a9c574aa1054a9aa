//! Exact marginal gains of seeds in trees.

use super::ReferralGraph;
use super::exact::{ExactReach, only_referrer};

/// No referrer.
const NOBODY: u32 = u32::MAX;

/// Trees that the word can neither enter nor leave, and what each of their customers would add to the seeds chosen so
/// far.
///
/// In a tree only the nearest seed above a customer matters, so with `reached` the probability that the word gets there
/// from it and `below` the expected customers reached from there without passing another seed, the gain is
/// `(1 - reached) * below`.
pub(super) struct ForestSeeds<'graph> {
    graph: &'graph ReferralGraph,
    in_tree: Vec<bool>,
    referrer: Vec<u32>,
    /// Probability that the referrer passes the word on.
    passing: Vec<f64>,
    reached: Vec<f64>,
    below: Vec<f64>,
    seed: Vec<bool>,
}

impl<'graph> ForestSeeds<'graph> {
    /// Finds the trees: everything below a customer without referrer, if all of it hangs.
    pub fn of(graph: &'graph ReferralGraph, exact: &ExactReach) -> Self {
        let n_nodes = graph.n_nodes();
        let mut forest = Self {
            graph,
            in_tree: vec![false; n_nodes],
            referrer: vec![NOBODY; n_nodes],
            passing: vec![0.0; n_nodes],
            reached: vec![0.0; n_nodes],
            below: exact.own.clone(),
            seed: vec![false; n_nodes],
        };
        let mut pending = exact.tree_roots.clone();
        while let Some(node) = pending.pop() {
            forest.in_tree[node as usize] = true;
            if let Some(arc) = only_referrer(graph, node) {
                forest.referrer[node as usize] = arc.node;
                forest.passing[node as usize] = arc.probability;
            }
            pending.extend(graph.combined_arcs(node).map(|arc| arc.node));
        }
        forest
    }

    /// Whether the node is in one of the trees.
    pub fn holds(&self, node: u32) -> bool {
        self.in_tree[node as usize]
    }

    /// Expected customers that the node would add.
    pub fn gain(&self, node: u32) -> f64 {
        (1.0 - self.reached[node as usize]) * self.below[node as usize]
    }

    /// Makes the node a seed.
    pub fn choose(&mut self, node: u32) {
        self.seed[node as usize] = true;
        self.reached[node as usize] = 1.0;
        self.take_from_above(node);
        self.mark_below(node);
    }

    /// Whoever is above no longer reaches the node's customers anew.
    fn take_from_above(&mut self, node: u32) {
        let mut along = self.below[node as usize];
        let mut lower = node;
        loop {
            let above = self.referrer[lower as usize];
            if above == NOBODY || self.seed[above as usize] {
                return;
            }
            along *= self.passing[lower as usize];
            self.below[above as usize] = (self.below[above as usize] - along).max(1.0);
            lower = above;
        }
    }

    /// The node is now the nearest seed above everybody below, down to the next seeds.
    fn mark_below(&mut self, node: u32) {
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            for arc in self.graph.combined_arcs(node) {
                if !self.seed[arc.node as usize] {
                    self.reached[arc.node as usize] = self.reached[node as usize] * arc.probability;
                    pending.push(arc.node);
                }
            }
        }
    }
}
