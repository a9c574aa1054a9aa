//! Exact marginal gains of seeds in trees.

use super::ReferralGraph;
use super::exact::{ExactReach, Folded, Repeats, only_referrer};

/// No referrer.
const NOBODY: u32 = u32::MAX;

/// Relative error of a difference of sums.
const ROUNDING: f64 = 1e-13;

/// Trees that the word can neither enter nor leave, and what each of their customers would add to the seeds chosen so
/// far.
///
/// In a tree only the nearest seed above a customer matters, so with `reached` the probability that the word gets there
/// from it and `below` the expected customers reached from there without passing another seed, the gain is
/// `(1 - reached) * below`. Where customers are worth different amounts, `below` is what they are worth together.
#[derive(Clone)]
pub(super) struct ForestSeeds<'graph> {
    graph: &'graph ReferralGraph,
    in_tree: Vec<bool>,
    referrer: Vec<u32>,
    /// Probability that the referrer passes the word on.
    passing: Vec<f64>,
    reached: Vec<f64>,
    below: Vec<f64>,
    worth: Vec<f64>,
    seed: Vec<bool>,
}

impl<'graph> ForestSeeds<'graph> {
    /// Finds the trees: everything below a customer without referrer, if all of it hangs.
    pub fn of(graph: &'graph ReferralGraph, exact: &ExactReach) -> Self {
        Self::below_roots(graph, &exact.tree_roots, exact.own.clone(), vec![1.0; graph.n_nodes()])
    }

    /// The same where reaching a customer counts as much as they are worth, at least 0.
    pub fn of_worth(graph: &'graph ReferralGraph, worth: Vec<f64>) -> Self {
        let Folded { own, n_referrers, core_children, .. } = Folded::of(graph, worth.clone(), Repeats::Combined);
        let is_root = |&node: &u32| n_referrers[node as usize] == 0 && core_children[node as usize] == 0;
        let roots: Vec<u32> = (0..graph.n_nodes() as u32).filter(is_root).collect();
        Self::below_roots(graph, &roots, own, worth)
    }

    /// Nobody is in a tree.
    pub fn none(graph: &'graph ReferralGraph) -> Self {
        Self::below_roots(graph, &[], vec![0.0; graph.n_nodes()], vec![0.0; graph.n_nodes()])
    }

    fn below_roots(graph: &'graph ReferralGraph, roots: &[u32], below: Vec<f64>, worth: Vec<f64>) -> Self {
        let n_nodes = graph.n_nodes();
        let mut forest = Self {
            graph,
            in_tree: vec![false; n_nodes],
            referrer: vec![NOBODY; n_nodes],
            passing: vec![0.0; n_nodes],
            reached: vec![0.0; n_nodes],
            below,
            worth,
            seed: vec![false; n_nodes],
        };
        let mut pending = roots.to_vec();
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
            let (before, alone) = (self.below[above as usize], self.worth[above as usize]);
            let left = before - along;
            // What rounding leaves is nothing.
            self.below[above as usize] = if left - alone <= ROUNDING * before { alone } else { left };
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
