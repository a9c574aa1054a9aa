//! Reach without sampling: trees folded into their roots, cycles in closed form, small tangles by conditioning.

use super::local::LocalGraph;
use super::pendants::{Pendant, pendants};
use super::{ReferralGraph, graph::Arc};
use rayon::prelude::*;
use std::collections::HashMap;

/// What is known of reach without sampling.
///
/// A node **hangs** if the word comes to it from one customer only and all whom it can reach hang too. Whoever hangs
/// is reached through its one referrer or not at all, so its expected number of customers can be added to the
/// referrer's: `own(u) = worth(u) + sum over hanging children of p * own(child)`. Of the others, **pendants** are tied to the
/// rest through one customer, and are added to that one's in the same way. Everything else is the **core**; the word
/// passes through the core and then falls down the trees.
pub(super) struct ExactReach {
    /// Expected worth (customers, unless said otherwise) reached from each node among those who hang below it and the pendants
    /// behind it, itself included.
    pub own: Vec<f64>,
    /// Nodes without referrer below whom everybody hangs.
    pub tree_roots: Vec<u32>,
    /// Reach under the independent cascade where it is exact.
    pub reach: Vec<Option<f64>>,
    /// The arcs between core nodes.
    pub core: CoreArcs,
    /// Whoever is tied to the rest through one other, behind before in front.
    pub pendants: Vec<Pendant>,
}

impl ExactReach {
    /// Exact reach of every node for which it is cheap.
    ///
    /// 1. Trees: one sweep from the leaves, `reach(u) = 1 + sum p * reach(child)`; pendants likewise, whatever the direction
    ///    of their edges.
    /// 2. Nodes from which the word can only follow one core path, which ends in a tree or in a cycle: one sweep.
    /// 3. Nodes that reach only a few core nodes: conditioning on who among them is reached ([`LocalGraph`]).
    /// 4. Pendants of those: one sweep back.
    ///
    /// Repeated edges are combined first. Time is linear in nodes and edges, plus a bounded number of steps per node in
    /// the third part.
    pub fn of(graph: &ReferralGraph) -> Self {
        Self::of_worth(graph, vec![1.0; graph.n_nodes()])
    }

    /// The same where reaching a node counts as much as it is worth, at least 0, one entry per node.
    pub fn of_worth(graph: &ReferralGraph, worth: Vec<f64>) -> Self {
        let mut exact = Self::without_tangles(graph, worth);
        let mut is_pendant = vec![false; graph.n_nodes()];
        exact.pendants.iter().for_each(|pendant| is_pendant[pendant.node as usize] = true);
        let is_tangled = |&node: &u32| exact.reach[node as usize].is_none() && !is_pendant[node as usize];
        let tangled: Vec<u32> = (0..graph.n_nodes() as u32).filter(is_tangled).collect();
        let solved: Vec<Option<f64>> = tangled.par_iter().map(|&node| exact.of_tangled(node)).collect();
        for (&node, solved) in tangled.iter().zip(solved) {
            exact.reach[node as usize] = solved;
        }
        for pendant in exact.pendants.iter().rev() {
            exact.reach[pendant.node as usize] = pendant.exact(exact.reach[pendant.anchor as usize]);
        }
        exact
    }

    /// The first two parts, which take no conditioning; neither tangles nor pendants have a reach.
    fn without_tangles(graph: &ReferralGraph, worth: Vec<f64>) -> Self {
        let n_nodes = graph.n_nodes();
        let Folded { mut own, n_referrers, hanging, core_children, .. } = Folded::of(graph, worth, Repeats::Combined);
        let mut core = CoreArcs::of(graph, &hanging, &core_children);
        let is_root = |&node: &u32| n_referrers[node as usize] == 0 && core_children[node as usize] == 0;
        let tree_roots = (0..n_nodes as u32).filter(is_root).collect();
        let pendants = pendants(&core, &mut own);
        let mut is_pendant = vec![false; n_nodes];
        pendants.iter().for_each(|pendant| is_pendant[pendant.node as usize] = true);
        core.keep_between(|node| !is_pendant[node as usize]);
        let settled = |node: usize| (core.row(node as u32).is_empty() && !is_pendant[node]).then_some(own[node]);
        let mut reach: Vec<Option<f64>> = (0..n_nodes).into_par_iter().map(settled).collect();
        follow_single_paths(&core, &own, &mut reach);
        Self { own, tree_roots, reach, core, pendants }
    }

    fn of_tangled(&self, node: u32) -> Option<f64> {
        LocalGraph::around(node, &self.core, &self.own).and_then(LocalGraph::reach)
    }
}

/// [`ExactReach`] of single nodes: conditioning takes long where most are tangled, and seeds are few.
pub(super) struct TangledReach {
    exact: ExactReach,
    pendants: HashMap<u32, Pendant>,
}

impl TangledReach {
    /// Reaching a node counts as much as it is worth, at least 0, one entry per node.
    pub fn of_worth(graph: &ReferralGraph, worth: Vec<f64>) -> Self {
        let exact = ExactReach::without_tangles(graph, worth);
        let pendants = exact.pendants.iter().map(|pendant| (pendant.node, *pendant)).collect();
        Self { exact, pendants }
    }

    /// The node's reach, where it is exact.
    pub fn reach(&self, node: u32) -> Option<f64> {
        let (mut way, mut last) = (Vec::new(), node);
        while let Some(pendant) = self.pendants.get(&last) {
            way.push(pendant);
            last = pendant.anchor;
        }
        let known = self.exact.reach[last as usize].or_else(|| self.exact.of_tangled(last));
        way.iter().rev().fold(known, |reach, pendant| pendant.exact(reach))
    }
}

/// What repeats of an edge are in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// One way in, with the probability that any of them passes the word on.
    Combined,
    /// Ways of their own: the quickest of them counts, so that who is reached by several does not hang.
    Apart,
}

/// The sweep from the leaves.
pub(super) struct Folded {
    /// Expected worth within the trees below each node, itself included.
    pub own: Vec<f64>,
    /// Customers from whom the word can come in one step; ways, where repeats are apart.
    pub n_referrers: Vec<u32>,
    pub hanging: Vec<bool>,
    /// Children that do not hang; where there are none, all below is a tree.
    pub core_children: Vec<u32>,
    /// The nodes that hang, children before the customers they came from.
    pub order: Vec<u32>,
}

impl Folded {
    pub fn of(graph: &ReferralGraph, worth: Vec<f64>, repeats: Repeats) -> Self {
        let n_nodes = graph.n_nodes();
        let mut n_referrers = vec![0_u32; n_nodes];
        let mut core_children = vec![0_u32; n_nodes];
        for node in 0..n_nodes as u32 {
            let mut count = |arc: Arc| {
                n_referrers[arc.node as usize] += 1;
                core_children[node as usize] += 1;
            };
            match repeats {
                Repeats::Combined => graph.combined_arcs(node).for_each(&mut count),
                Repeats::Apart => graph.arcs(node).filter(|arc| arc.probability > 0.0).for_each(&mut count),
            }
        }
        let mut own = worth;
        let mut hanging = vec![false; n_nodes];
        let mut order = Vec::new();
        let mut complete: Vec<u32> = (0..n_nodes as u32).filter(|&node| core_children[node as usize] == 0).collect();
        // A node is complete once all its children hang: its own sum is final and may be handed up.
        while let Some(node) = complete.pop() {
            if n_referrers[node as usize] != 1 {
                continue;
            }
            let Some(up) = only_referrer(graph, node) else { continue };
            hanging[node as usize] = true;
            order.push(node);
            own[up.node as usize] += up.probability * own[node as usize];
            core_children[up.node as usize] -= 1;
            if core_children[up.node as usize] == 0 {
                complete.push(up.node);
            }
        }
        Self { own, n_referrers, hanging, core_children, order }
    }
}

/// The one customer from whom the word can come to `node`, with the probability that it does.
pub(super) fn only_referrer(graph: &ReferralGraph, node: u32) -> Option<Arc> {
    let mut passing = graph.inward.range(node).filter(|&place| graph.inward_probability(node, place) > 0.0);
    let first = passing.next()?;
    let start = Arc { node: graph.inward.nodes[first], probability: graph.inward_probability(node, first) };
    Some(passing.fold(start, |arc, place| {
        let again = graph.inward_probability(node, place);
        Arc { probability: arc.probability + again * (1.0 - arc.probability), ..arc }
    }))
}

/// The arcs from each core node to other core nodes, repeats combined.
pub(super) struct CoreArcs {
    starts: Vec<u32>,
    arcs: Vec<Arc>,
}

impl CoreArcs {
    fn of(graph: &ReferralGraph, hanging: &[bool], core_children: &[u32]) -> Self {
        let mut starts = Vec::with_capacity(core_children.len() + 1);
        let mut arcs = Vec::new();
        starts.push(0);
        for (node, &children) in core_children.iter().enumerate() {
            if children > 0 {
                arcs.extend(graph.combined_arcs(node as u32).filter(|arc| !hanging[arc.node as usize]));
            }
            starts.push(arcs.len() as u32);
        }
        Self { starts, arcs }
    }

    /// Probability that the word passes from one core node to another in one step.
    pub fn passing(&self, from: u32, to: u32) -> f64 {
        let row = self.row(from);
        row.binary_search_by_key(&to, |arc| arc.node).map_or(0.0, |place| row[place].probability)
    }

    /// Leaves out all arcs but those between nodes that are kept.
    fn keep_between(&mut self, is_kept: impl Fn(u32) -> bool) {
        let mut n_kept = 0;
        for node in 0..self.starts.len() - 1 {
            let row = self.starts[node] as usize..self.starts[node + 1] as usize;
            self.starts[node] = n_kept as u32;
            for place in row {
                if is_kept(node as u32) && is_kept(self.arcs[place].node) {
                    self.arcs[n_kept] = self.arcs[place];
                    n_kept += 1;
                }
            }
        }
        if let Some(end) = self.starts.last_mut() {
            *end = n_kept as u32;
        }
        self.arcs.truncate(n_kept);
    }

    /// The arcs from `node` to core nodes, by whom they reach.
    pub fn row(&self, node: u32) -> &[Arc] {
        &self.arcs[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

/// Fills in the nodes whose only core path ends in a settled node or in a cycle.
///
/// Each node on the way has one core child and is met once, so nobody further on leads back to it unless it lies on the
/// cycle itself; then the edge back to it reaches nobody new.
fn follow_single_paths(core: &CoreArcs, own: &[f64], reach: &mut [Option<f64>]) {
    let mut seen = vec![false; own.len()];
    let mut path: Vec<u32> = Vec::new();
    for start in 0..own.len() as u32 {
        path.clear();
        let mut node = start;
        while let ([_], None, false) = (core.row(node), reach[node as usize], seen[node as usize]) {
            seen[node as usize] = true;
            path.push(node);
            node = core.row(node)[0].node;
        }
        if reach[node as usize].is_none()
            && let Some(entry) = path.iter().position(|&on_path| on_path == node)
        {
            close_cycle(&path[entry..], core, own, reach);
            path.truncate(entry);
        }
        for &node in path.iter().rev() {
            let arc = core.row(node)[0];
            reach[node as usize] = reach[arc.node as usize].map(|below| own[node as usize] + arc.probability * below);
        }
    }
}

/// Reach on a cycle `c_0 -> c_1 -> ... -> c_0` with own sums `t_i` and probabilities `p_i`.
///
/// `reach_0 = t_0 + p_0 (t_1 + p_1 (...))` once around, then `reach_i = t_i + p_i reach_(i+1) - t_i P` with
/// `P = p_0 p_1 ...`: the last term takes away the node's own return.
fn close_cycle(cycle: &[u32], core: &CoreArcs, own: &[f64], reach: &mut [Option<f64>]) {
    let step = |node: u32| (own[node as usize], core.row(node)[0].probability);
    let around: f64 = cycle.iter().map(|&node| step(node).1).product();
    let first = cycle.iter().rev().fold(0.0, |below, &node| step(node).0 + step(node).1 * below);
    reach[cycle[0] as usize] = Some(first);
    let mut next = first;
    for &node in cycle[1..].iter().rev() {
        let (own, probability) = step(node);
        next = own + probability * next - own * around;
        reach[node as usize] = Some(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, forests, graph, spread_by_worlds, tiny_graphs};
    use proptest::prelude::*;

    fn exact(n_nodes: usize, edges: &[Edge]) -> Vec<Option<f64>> {
        ExactReach::of(&graph(n_nodes, edges)).reach
    }

    fn assert_reach(got: &[Option<f64>], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (node, (got, want)) in got.iter().zip(want).enumerate() {
            let got = got.unwrap_or_else(|| panic!("node {node} should be exact"));
            assert!((got - want).abs() <= 1e-12 * want, "node {node}: {got} {want}");
        }
    }

    // Expected values: enumeration of all live-edge worlds by another program (Kempe, Kleinberg and Tardos's definition).

    #[test]
    fn a_path() {
        assert_reach(&exact(3, &[(0, 1, 0.5), (1, 2, 0.5)]), &[1.75, 1.5, 1.0]);
    }

    #[test]
    fn a_tree() {
        let tree = [(0, 1, 0.5), (0, 2, 0.2), (1, 3, 0.4), (1, 4, 0.9), (2, 5, 0.3), (5, 6, 0.7)];
        assert_reach(&exact(7, &tree), &[2.452, 2.3, 1.51, 1.0, 1.0, 1.7, 1.0]);
    }

    #[test]
    fn a_cycle_reaches_nobody_twice() {
        assert_reach(&exact(3, &[(0, 1, 0.3), (1, 2, 0.4), (2, 0, 0.5)]), &[1.42, 1.6, 1.65]);
    }

    #[test]
    fn a_diamond_by_conditioning() {
        let diamond = [(0, 1, 0.5), (0, 2, 0.5), (1, 3, 0.5), (2, 3, 0.5)];
        assert_reach(&exact(4, &diamond), &[2.4375, 1.5, 1.5, 1.0]);
    }

    #[test]
    fn friendships_both_ways_along_a_tree_are_a_tree() {
        let mut edges = vec![];
        for node in 1..9_u32 {
            edges.extend([(node / 2, node, 0.4), (node, node / 2, 0.6)]);
        }
        let want: Vec<f64> = (0..9).map(|node| spread_by_worlds(9, &edges, &[node])).collect();
        assert_reach(&exact(9, &edges), &want);
    }

    #[test]
    fn friendships_both_ways_of_any_number_are_a_tree() {
        // In a star with n leaves and probability p the hub reaches 1 + n p and a leaf 1 + p + (n - 1) p^2; along a chain of
        // certain friendships everybody reaches everybody.
        let star: Vec<Edge> = (1..=1000).flat_map(|leaf| [(0, leaf, 0.25), (leaf, 0, 0.25)]).collect();
        let mut want = vec![1.0 + 0.25 + 999.0 * 0.0625; 1001];
        want[0] = 251.0;
        assert_reach(&exact(1001, &star), &want);
        let chain: Vec<Edge> = (1..5000).flat_map(|node| [(node - 1, node, 1.0), (node, node - 1, 1.0)]).collect();
        assert_reach(&exact(5000, &chain), &[5000.0; 5000]);
    }

    #[test]
    fn whoever_leads_into_a_large_tangle_by_one_edge_is_no_part_of_it() {
        // Everybody in the tangle is certain to reach everybody: 40 there, and a leaf behind each with one half.
        let mut edges: Vec<Edge> =
            (0..40).flat_map(|node| [(node, (node + 1) % 40, 1.0), (node, (node + 3) % 40, 1.0)]).collect();
        edges.extend((0..40).flat_map(|node| [(node, 40 + node, 0.5), (40 + node, node, 0.5)]));
        edges.push((80, 40, 0.5));
        let found = ExactReach::of(&graph(81, &edges));
        assert_eq!(found.pendants.len(), 41);
        assert!((0..40).all(|node| found.core.row(node).len() == 2));
        assert!(found.reach.iter().all(Option::is_none), "a tangle of 40 is sampled, and so is who leads into it");
        // From within a leaf's share comes back to the leaf alone: 1 + 1/2 (40 + 39 / 2), and once more behind the first leaf.
        let behind_leaf = |tangle: f64| 1.0 + 0.5 * (tangle - 0.5);
        let in_front = found.pendants.iter().rev().fold(vec![Some(60.0); 81], |mut reach, pendant| {
            reach[pendant.node as usize] = pendant.exact(reach[pendant.anchor as usize]);
            reach
        });
        assert_eq!(in_front[41], Some(behind_leaf(60.0)));
        assert_eq!(in_front[80], Some(1.0 + 0.5 * behind_leaf(60.0)));
    }

    #[test]
    fn someone_with_two_referrers_leaves_both_exact() {
        let edges = [(0, 2, 0.5), (1, 2, 0.25), (2, 3, 0.5), (0, 4, 1.0)];
        assert_reach(&exact(5, &edges), &[2.75, 1.375, 1.5, 1.0, 1.0]);
    }

    #[test]
    fn a_large_cycle_with_a_tail_in_and_trees_out() {
        // Every step passes with 0.5 and every node on the cycle has one leaf reached with 0.5: 1.5 * (1 + 1/2 + 1/4 ...),
        // which is 3 to the last digit; the tail into the cycle adds 1 + 0.5 * 3.
        let n_cycle = 100_000_u32;
        let mut edges: Vec<Edge> = vec![];
        for node in 0..n_cycle {
            edges.extend([(node, (node + 1) % n_cycle, 0.5), (node, n_cycle + node, 0.5)]);
        }
        edges.push((2 * n_cycle, 7, 0.5));
        let reach = exact(2 * n_cycle as usize + 1, &edges);
        assert_reach(&reach[..n_cycle as usize], &vec![3.0; n_cycle as usize]);
        assert_reach(&reach[2 * n_cycle as usize..], &[2.5]);
    }

    #[test]
    fn a_cycle_of_certain_edges_reaches_everybody() {
        let edges: Vec<Edge> = (0..1000).map(|node| (node, (node + 1) % 1000, 1.0)).collect();
        assert_reach(&exact(1000, &edges), &[1000.0; 1000]);
    }

    #[test]
    fn a_chain_as_deep_as_the_graph_does_not_overflow_the_stack() {
        let n_nodes = 300_000;
        let edges: Vec<Edge> = (1..n_nodes).map(|node| (node - 1, node, 1.0)).collect();
        let reach = exact(n_nodes as usize, &edges);
        assert_reach(&reach[..2], &[f64::from(n_nodes), f64::from(n_nodes - 1)]);
    }

    #[test]
    fn a_million_parallel_edges_are_one_likely_step() {
        let edges = vec![(0, 1, 1e-6); 1_000_000];
        // 2 - (1 - 1e-6)^1000000 in 40 digits by Python's decimal module.
        let want = 1.632_120_742_768_354_9;
        let got = exact(2, &edges)[0].expect("exact");
        assert!((got - want).abs() < 1e-10, "{got} {want}");
    }

    #[test]
    fn impossible_edges_change_nothing() {
        let edges = [(0, 1, 0.5), (2, 1, 0.0), (1, 0, 0.0), (1, 1, 0.9)];
        assert_reach(&exact(3, &edges), &[1.5, 1.0, 1.0]);
    }

    proptest! {
        #[test]
        fn what_is_called_exact_is_what_all_worlds_say((n_nodes, edges) in tiny_graphs()) {
            let reach = exact(n_nodes, &edges);
            for (node, reach) in reach.iter().enumerate() {
                if let Some(reach) = reach {
                    let want = spread_by_worlds(n_nodes, &edges, &[node as u32]);
                    prop_assert!((reach - want).abs() < 1e-12 * want, "node {}: {} {}", node, reach, want);
                }
            }
        }

        #[test]
        fn every_node_of_a_forest_is_exact((n_nodes, edges) in forests(9)) {
            let want: Vec<f64> = (0..n_nodes as u32).map(|node| spread_by_worlds(n_nodes, &edges, &[node])).collect();
            assert_reach(&exact(n_nodes, &edges), &want);
        }
    }
}
