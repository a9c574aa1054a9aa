//! Generations below each customer: how many customers descend from one, and how deep.

use super::ReferralGraph;

/// Descendants and depth where the customers below form a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generations {
    /// One entry per node, in order; `None` where some customer below has several referrers or the referrals go round in
    /// a circle.
    pub below: Vec<Option<Descent>>,
}

/// What lies below one customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Descent {
    /// Customers below, in all generations.
    pub n_descendants: u32,
    /// Generations below: 0 for a customer who referred nobody.
    pub n_generations: u32,
}

impl Generations {
    /// Counts descendants and generations from the leaves up. Repeated edges count once; probabilities play no part.
    ///
    /// # Example
    /// ```
    /// use advocate::influence::{EdgeList, Generations, PassingProbability, ReferralGraph};
    /// let edges = EdgeList::from_names([("ann", "bob"), ("bob", "cid"), ("ann", "dan")]).expect("valid");
    /// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
    /// let ann = Generations::of(&graph).below[0].expect("a tree");
    /// assert_eq!((ann.n_descendants, ann.n_generations), (3, 2));
    /// ```
    pub fn of(graph: &ReferralGraph) -> Self {
        let n_nodes = graph.n_nodes();
        let mut n_referrers = vec![0_u32; n_nodes];
        // Children that are not yet known to end a tree with one way in.
        let mut children_left = vec![0_u32; n_nodes];
        for node in 0..n_nodes as u32 {
            let mut before = None;
            for &child in graph.referred(node) {
                if before.replace(child) != Some(child) {
                    n_referrers[child as usize] += 1;
                    children_left[node as usize] += 1;
                }
            }
        }
        let mut sums = vec![Descent::default(); n_nodes];
        let mut complete: Vec<u32> = (0..n_nodes as u32).filter(|&node| children_left[node as usize] == 0).collect();
        while let Some(node) = complete.pop() {
            if n_referrers[node as usize] != 1 {
                continue;
            }
            let below = sums[node as usize];
            let up = graph.referrers(node)[0] as usize;
            sums[up].n_descendants += 1 + below.n_descendants;
            sums[up].n_generations = sums[up].n_generations.max(1 + below.n_generations);
            children_left[up] -= 1;
            if children_left[up] == 0 {
                complete.push(up as u32);
            }
        }
        let below = sums.into_iter().zip(children_left).map(|(sum, left)| (left == 0).then_some(sum)).collect();
        Self { below }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::{EdgeList, PassingProbability};

    fn below(edges: &[(&str, &str)]) -> Vec<Option<(u32, u32)>> {
        let edges = EdgeList::from_names(edges.iter().copied()).expect("valid");
        let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.0)).expect("valid");
        let descent = |below: &Option<Descent>| below.map(|below| (below.n_descendants, below.n_generations));
        Generations::of(&graph).below.iter().map(descent).collect()
    }

    #[test]
    fn descendants_and_generations_of_a_tree_by_hand() {
        let tree = [("a", "b"), ("a", "c"), ("b", "d"), ("d", "e"), ("a", "b")];
        assert_eq!(below(&tree), [Some((4, 3)), Some((2, 2)), Some((0, 0)), Some((1, 1)), Some((0, 0))]);
    }

    #[test]
    fn two_referrers_leave_those_above_unknown_and_those_below_known() {
        let edges = [("a", "c"), ("b", "c"), ("c", "d")];
        assert_eq!(below(&edges), [None, Some((1, 1)), None, Some((0, 0))]);
    }

    #[test]
    fn a_circle_is_unknown() {
        assert_eq!(below(&[("a", "b"), ("b", "a"), ("b", "c")]), [None, None, Some((0, 0))]);
    }
}
