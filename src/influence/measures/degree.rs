//! How many a customer referred, and by how many they were.

use crate::influence::ReferralGraph;

/// Neighbours of one customer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Degree {
    /// Edges out, repeats included.
    pub n_out: u32,
    /// Edges in, repeats included.
    pub n_in: u32,
    /// Customers referred, each once.
    pub n_referred: u32,
    /// Expected customers reached in one step: the sum over customers referred of the probability that the word passes.
    pub expected: f64,
}

/// Degrees of every customer, one entry per node.
pub fn degrees(graph: &ReferralGraph) -> Vec<Degree> {
    let of_node = |node: u32| {
        let referred = graph.referred(node);
        Degree {
            n_out: referred.len() as u32,
            n_in: graph.referrers(node).len() as u32,
            n_referred: referred.chunk_by(|left, right| left == right).count() as u32,
            // A sum of nothing is minus zero.
            expected: graph.combined_arcs(node).map(|arc| arc.probability).sum::<f64>() + 0.0,
        }
    };
    (0..graph.n_nodes() as u32).map(of_node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::graph;

    #[test]
    fn repeats_count_as_edges_and_not_as_customers() {
        let degrees = degrees(&graph(3, &[(0, 1, 0.5), (0, 1, 0.5), (0, 2, 0.25), (1, 2, 1.0)]));
        assert_eq!(degrees[0], Degree { n_out: 3, n_in: 0, n_referred: 2, expected: 1.0 });
        assert_eq!((degrees[2].n_in, degrees[2].n_out), (2, 0));
        assert!(degrees[2].expected.is_sign_positive(), "{:?}", degrees[2]);
    }
}
