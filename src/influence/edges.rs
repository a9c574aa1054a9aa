//! Referrals as they were recorded, one row each, before they become a graph.

use super::error::EdgeEnd;
use super::{InfluenceError, Names};

/// Referral edges in input order: who referred whom, and what else is known of each referral.
///
/// Rows are counted from 1 in errors. Nothing is dropped or merged here; [`super::ReferralGraph`] does that by stated
/// rules.
///
/// # Example
/// ```
/// use advocate::influence::EdgeList;
/// let edges = EdgeList::from_names([("ann", "bob"), ("ann", "17")]).expect("both ends are there");
/// assert_eq!((edges.n_edges(), edges.n_nodes()), (2, 3));
/// ```
#[derive(Debug, Clone, Default)]
pub struct EdgeList {
    pub(super) names: Option<Names>,
    pub(super) n_nodes: usize,
    pub(super) from: Vec<u32>,
    pub(super) to: Vec<u32>,
    pub(super) times: Option<Vec<i64>>,
    pub(super) weights: Option<Vec<f64>>,
}

impl EdgeList {
    /// No edges yet.
    pub fn new() -> Self {
        Self { names: Some(Names::new()), ..Self::default() }
    }

    /// Edges between named customers, who are numbered in the order first seen.
    ///
    /// # Errors
    /// An end that is empty or blank.
    pub fn from_names<'name>(
        edges: impl IntoIterator<Item = (&'name str, &'name str)>,
    ) -> Result<Self, InfluenceError> {
        let mut list = Self::new();
        for (from, to) in edges {
            list.push(from, to)?;
        }
        Ok(list)
    }

    /// Edges between `n_nodes` customers known only by number.
    ///
    /// # Errors
    /// Ends of different length, more than 2^32 - 2 nodes or edges, or a number that is not below `n_nodes`.
    pub fn from_numbers(n_nodes: usize, from: Vec<u32>, to: Vec<u32>) -> Result<Self, InfluenceError> {
        if from.len() != to.len() {
            return Err(InfluenceError::Length { what: "`to`", n_found: to.len(), n_expected: from.len() });
        }
        check_count("nodes", n_nodes)?;
        check_count("edges", from.len())?;
        for (end, nodes) in [(EdgeEnd::From, &from), (EdgeEnd::To, &to)] {
            if let Some(row) = nodes.iter().position(|&node| node as usize >= n_nodes) {
                return Err(InfluenceError::UnknownNode { row: row + 1, end, node: nodes[row], n_nodes });
            }
        }
        Ok(Self { names: None, n_nodes, from, to, times: None, weights: None })
    }

    /// Adds one referral.
    ///
    /// # Errors
    /// An end that is empty or blank; more edges than one graph can hold.
    pub fn push(&mut self, from: &str, to: &str) -> Result<(), InfluenceError> {
        let row = self.from.len() + 1;
        check_count("edges", row)?;
        for (end, name) in [(EdgeEnd::From, from), (EdgeEnd::To, to)] {
            if name.trim().is_empty() {
                return Err(InfluenceError::MissingEnd { row, end });
            }
        }
        let from = self.add_customer(from);
        let to = self.add_customer(to);
        self.from.push(from);
        self.to.push(to);
        Ok(())
    }

    /// Makes sure a customer is in the graph, with or without referrals, and says under which number.
    ///
    /// # Panics
    /// If the customers of this list are known by number only.
    pub fn add_customer(&mut self, name: &str) -> u32 {
        assert!(self.names.is_some() || self.n_nodes == 0, "customers known by number have no names");
        let names = self.names.get_or_insert_default();
        let number = names.intern(name);
        self.n_nodes = names.len();
        number
    }

    /// The same edges, each with the instant of the referral, UTC microseconds.
    ///
    /// # Errors
    /// Not one instant per edge.
    pub fn with_times(self, times: Vec<i64>) -> Result<Self, InfluenceError> {
        check_length("times", times.len(), self.n_edges())?;
        Ok(Self { times: Some(times), ..self })
    }

    /// The same edges, each with a weight for [`super::page_rank`].
    ///
    /// # Errors
    /// Not one weight per edge, or a weight that is negative or not finite.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self, InfluenceError> {
        check_length("weights", weights.len(), self.n_edges())?;
        if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            return Err(InfluenceError::BadWeight { row: row + 1, value: weights[row] });
        }
        Ok(Self { weights: Some(weights), ..self })
    }

    /// The number of edges, self-loops and repeats included.
    pub fn n_edges(&self) -> usize {
        self.from.len()
    }

    /// The number of customers.
    pub fn n_nodes(&self) -> usize {
        self.n_nodes
    }
}

pub(super) fn check_length(what: &'static str, n_found: usize, n_expected: usize) -> Result<(), InfluenceError> {
    if n_found == n_expected { Ok(()) } else { Err(InfluenceError::Length { what, n_found, n_expected }) }
}

fn check_count(what: &'static str, count: usize) -> Result<(), InfluenceError> {
    let limit = u32::MAX as usize - 1;
    if count <= limit { Ok(()) } else { Err(InfluenceError::TooMany { what, count, limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_numbers_mix_as_names() {
        let edges = EdgeList::from_names([("7", "ann"), ("ann", "7.0"), ("007", "7")]).expect("valid");
        assert_eq!((edges.n_nodes(), edges.from, edges.to), (4, vec![0, 1, 3], vec![1, 2, 0]));
    }

    #[test]
    fn a_missing_end_is_refused_by_row() {
        let error = EdgeList::from_names([("a", "b"), ("b", "  ")]).expect_err("row 2 has no end");
        assert_eq!(error, InfluenceError::MissingEnd { row: 2, end: EdgeEnd::To });
        assert_eq!(error.to_string(), "row 2: the `to` end of the edge is missing; fill it or drop the row");
    }

    #[test]
    fn an_unknown_number_is_refused_by_row() {
        let error = EdgeList::from_numbers(3, vec![0, 3], vec![1, 1]).expect_err("node 3 of 3");
        assert_eq!(error, InfluenceError::UnknownNode { row: 2, end: EdgeEnd::From, node: 3, n_nodes: 3 });
    }

    #[test]
    fn columns_of_another_length_are_refused() {
        let edges = EdgeList::from_numbers(2, vec![0], vec![1]).expect("valid");
        let error = edges.clone().with_times(vec![]).expect_err("one edge, no instant");
        assert_eq!(error, InfluenceError::Length { what: "times", n_found: 0, n_expected: 1 });
        let error = edges.with_weights(vec![-1.0]).expect_err("negative");
        assert_eq!(error, InfluenceError::BadWeight { row: 1, value: -1.0 });
    }
}
