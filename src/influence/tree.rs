//! The part of the referral graph below one customer that fits on a page.

use super::ReferralGraph;
use std::collections::{HashMap, VecDeque};

/// How much of a tree is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Generations below the root.
    pub generations: usize,
    /// Customers kept of those whom one customer referred.
    pub per_customer: usize,
    /// Customers in all, the root included.
    pub customers: usize,
}

/// A customer of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeCustomer {
    /// The customer.
    pub node: u32,
    /// The place in the tree of who referred the customer; `None` for the root.
    pub parent: Option<usize>,
    /// Generations below the root.
    pub generation: usize,
    /// Different customers whom this one referred and who are nowhere in the tree.
    pub n_more: usize,
}

/// A customer with those whom the word came to from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralTree {
    /// The root first, and everybody right after who referred them or after that one's earlier branches.
    pub customers: Vec<TreeCustomer>,
}

impl ReferralTree {
    /// The tree below `root`, generation by generation until a limit is met. Of those whom one customer referred, the ones of
    /// largest `weight` (one entry a node; ties by number) are kept. Everybody stands in it once, in the first generation
    /// that leads there, so that several referrers and circles do no harm.
    ///
    /// # Panics
    /// If there is no such node, or not one weight per node.
    ///
    /// # Example
    /// ```
    /// use advocate::influence::{EdgeList, PassingProbability, ReferralGraph, ReferralTree, TreeLimits};
    /// let edges = EdgeList::from_names([("ann", "bob"), ("ann", "cid"), ("bob", "dan")]).expect("valid");
    /// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(1.0)).expect("valid");
    /// let limits = TreeLimits { generations: 2, per_customer: 1, customers: 10 };
    /// let tree = ReferralTree::below(&graph, 0, &[4.0, 2.0, 1.0, 1.0], &limits);
    /// let kept: Vec<_> = tree.customers.iter().map(|one| (one.node, one.n_more)).collect();
    /// assert_eq!(kept, [(0, 1), (1, 0), (3, 0)]);
    /// ```
    pub fn below(graph: &ReferralGraph, root: u32, weight: &[f64], limits: &TreeLimits) -> Self {
        assert_eq!(weight.len(), graph.n_nodes(), "one weight per node");
        // Who is in the tree, by the place in the order of generations.
        let mut place_of = HashMap::from([(root, 0)]);
        let mut found = vec![TreeCustomer { node: root, parent: None, generation: 0, n_more: 0 }];
        let mut pending = VecDeque::from([0]);
        while let Some(place) = pending.pop_front() {
            let TreeCustomer { node, generation, .. } = found[place];
            if generation == limits.generations {
                continue;
            }
            let mut children = distinct(graph.referred(node));
            children.retain(|child| !place_of.contains_key(child));
            children.sort_by(|&left, &right| weight[right as usize].total_cmp(&weight[left as usize]));
            let room = limits.customers.saturating_sub(found.len()).min(limits.per_customer);
            for child in children.into_iter().take(room) {
                place_of.insert(child, found.len());
                pending.push_back(found.len());
                found.push(TreeCustomer { node: child, parent: Some(place), generation: generation + 1, n_more: 0 });
            }
        }
        for one in &mut found {
            one.n_more =
                distinct(graph.referred(one.node)).iter().filter(|child| !place_of.contains_key(child)).count();
        }
        Self { customers: depth_first(&found) }
    }
}

/// A row of the graph, which ascends, without repeats.
fn distinct(row: &[u32]) -> Vec<u32> {
    let mut row = row.to_vec();
    row.dedup();
    row
}

/// The same customers, each branch in one piece.
fn depth_first(found: &[TreeCustomer]) -> Vec<TreeCustomer> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); found.len()];
    for (place, one) in found.iter().enumerate() {
        if let Some(parent) = one.parent {
            children[parent].push(place);
        }
    }
    let mut order = Vec::with_capacity(found.len());
    // The place in the old order and, for all but the root, that of the parent in the new one.
    let mut pending = vec![(0, None)];
    while let Some((place, parent)) = pending.pop() {
        let own = order.len();
        order.push(TreeCustomer { parent, ..found[place] });
        pending.extend(children[place].iter().rev().map(|&child| (child, Some(own))));
    }
    order
}

/// The trees below the first `n_trees` candidates who referred somebody and stand in no tree drawn before.
///
/// # Panics
/// If a candidate is not in the graph, or there is not one weight per node.
pub fn trees_of_the_first(
    graph: &ReferralGraph,
    candidates: impl IntoIterator<Item = u32>,
    weight: &[f64],
    n_trees: usize,
    limits: &TreeLimits,
) -> Vec<ReferralTree> {
    let mut trees: Vec<ReferralTree> = Vec::new();
    for root in candidates {
        if trees.len() == n_trees {
            break;
        }
        let is_drawn = |tree: &ReferralTree| tree.customers.iter().any(|one| one.node == root);
        if !graph.referred(root).is_empty() && !trees.iter().any(is_drawn) {
            trees.push(ReferralTree::below(graph, root, weight, limits));
        }
    }
    trees
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::{EdgeList, PassingProbability};

    const WIDE: TreeLimits = TreeLimits { generations: 9, per_customer: 9, customers: 99 };

    fn graph(n_nodes: usize, edges: &[(u32, u32)]) -> ReferralGraph {
        let (from, to) = edges.iter().copied().unzip();
        let edges = EdgeList::from_numbers(n_nodes, from, to).expect("valid");
        ReferralGraph::new(edges, &PassingProbability::Uniform(1.0)).expect("valid")
    }

    fn rows(tree: &ReferralTree) -> Vec<(u32, Option<usize>, usize, usize)> {
        tree.customers.iter().map(|one| (one.node, one.parent, one.generation, one.n_more)).collect()
    }

    /// 0 brought 1 (twice), 2 and 3; 1 brought 4, 4 brought 5; 2 brought 6.
    fn family() -> ReferralGraph {
        graph(7, &[(0, 1), (0, 1), (0, 2), (0, 3), (1, 4), (4, 5), (2, 6)])
    }

    #[test]
    fn a_whole_tree_stands_branch_by_branch() {
        let tree = ReferralTree::below(&family(), 0, &[1.0; 7], &WIDE);
        let want = [
            (0, None, 0, 0),
            (1, Some(0), 1, 0),
            (4, Some(1), 2, 0),
            (5, Some(2), 3, 0),
            (2, Some(0), 1, 0),
            (6, Some(4), 2, 0),
            (3, Some(0), 1, 0),
        ];
        assert_eq!(rows(&tree), want);
    }

    #[test]
    fn limits_leave_out_the_lightest_and_the_deepest_and_count_them() {
        let weight = [0.0, 1.0, 3.0, 2.0, 0.0, 0.0, 0.0];
        let limits = TreeLimits { generations: 1, per_customer: 2, customers: 99 };
        // Of 1, 2 and 3 the first is lightest; 6 lies too deep.
        let want = [(0, None, 0, 1), (2, Some(0), 1, 1), (3, Some(0), 1, 0)];
        assert_eq!(rows(&ReferralTree::below(&family(), 0, &weight, &limits)), want);
        let few = TreeLimits { customers: 3, ..WIDE };
        assert_eq!(ReferralTree::below(&family(), 0, &[1.0; 7], &few).customers.len(), 3);
    }

    #[test]
    fn circles_and_second_referrers_stand_once() {
        let round = graph(3, &[(0, 1), (1, 2), (2, 0), (0, 2)]);
        let want = [(0, None, 0, 0), (1, Some(0), 1, 0), (2, Some(0), 1, 0)];
        assert_eq!(rows(&ReferralTree::below(&round, 0, &[1.0; 3], &WIDE)), want);
    }

    #[test]
    fn trees_are_of_those_who_brought_somebody_and_are_not_drawn_yet() {
        let trees = trees_of_the_first(&family(), [3, 0, 1, 2], &[1.0; 7], 5, &WIDE);
        assert_eq!(trees.iter().map(|tree| tree.customers[0].node).collect::<Vec<_>>(), [0]);
        let short = TreeLimits { generations: 1, ..WIDE };
        let trees = trees_of_the_first(&family(), [0, 1, 4, 2], &[1.0; 7], 2, &short);
        assert_eq!(trees.iter().map(|tree| tree.customers[0].node).collect::<Vec<_>>(), [0, 4]);
    }
}
