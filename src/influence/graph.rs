//! The referral graph: compressed rows both ways, each edge with the probability that the word passes along it.

use super::edges::check_length;
use super::{EdgeList, InfluenceError, Names};
use crate::findings::{Finding, FindingKind, Severity};
use std::borrow::Cow;

/// Where an edge's probability of passing the word on comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum PassingProbability {
    /// One probability (0-1) per edge, in input order.
    PerEdge(Vec<f64>),
    /// The same probability (0-1) for every edge.
    Uniform(f64),
    /// One over the number of edges that point at the customer (Kempe, Kleinberg and Tardos's weighted cascade).
    /// Repeated edges count each time, self-loops do not.
    WeightedCascade,
}

/// Customers and the referrals between them.
///
/// Nodes are numbered from 0. Every edge is a trial of its own: two edges from one customer to another are two chances
/// that the word passes. A self-loop cannot change who is reached and is dropped; [`ReferralGraph::findings`] counts
/// them.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReferralGraph};
/// let edges = EdgeList::from_names([("ann", "bob"), ("ann", "cid"), ("bob", "cid")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::WeightedCascade).expect("valid");
/// let cid = graph.number_of("cid").expect("known");
/// assert_eq!(graph.referrers(cid), [0, 1]);
/// assert_eq!(graph.arcs(0).map(|arc| arc.probability).collect::<Vec<_>>(), [1.0, 0.5]);
/// ```
#[derive(Debug, Clone)]
pub struct ReferralGraph {
    names: Option<Names>,
    pub(super) outward: Rows,
    pub(super) inward: Rows,
    pub(super) passing: Passing,
    /// In the order of the outward arcs.
    pub(super) times: Option<Vec<i64>>,
    /// In the order of the inward arcs.
    pub(super) weights: Option<Vec<f64>>,
    n_self_loops: usize,
}

/// An edge seen from one of its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arc {
    /// The customer at the other end.
    pub node: u32,
    /// Probability (0-1) that the word passes along it.
    pub probability: f64,
}

/// For each node the nodes at the other ends of its arcs, one after another.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// One more than there are nodes: row `node` is `starts[node]..starts[node + 1]`.
    pub starts: Vec<u32>,
    pub nodes: Vec<u32>,
}

impl Rows {
    pub fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize
    }

    pub fn row(&self, node: u32) -> &[u32] {
        &self.nodes[self.range(node)]
    }
}

/// Probabilities, stored as tersely as they allow.
#[derive(Debug, Clone)]
pub(super) enum Passing {
    /// All arcs into a node share one.
    ByTarget(Vec<f64>),
    /// One per arc, in the order of the outward and of the inward arcs. Inward they descend within a node's row.
    ByArc { outward: Vec<f64>, inward: Vec<f64> },
}

impl ReferralGraph {
    /// Builds the graph. Outward arcs are sorted by whom they reach.
    ///
    /// # Errors
    /// No edges; a probability outside 0-1 (by row); not one probability per edge.
    pub fn new(edges: EdgeList, probability: &PassingProbability) -> Result<Self, InfluenceError> {
        if edges.n_edges() == 0 {
            return Err(InfluenceError::NoEdges);
        }
        let per_edge = check(probability, edges.n_edges())?;
        let n_nodes = edges.n_nodes;
        let sorted = SortedArcs::of(&edges, per_edge);
        let passing = match probability {
            PassingProbability::Uniform(value) => Passing::ByTarget(vec![*value; n_nodes]),
            PassingProbability::WeightedCascade => Passing::ByTarget(sorted.inward.one_over_length()),
            PassingProbability::PerEdge(values) => sorted.passing(values),
        };
        let gathered = |rows: &[u32], times: &[i64]| rows.iter().map(|&row| times[row as usize]).collect();
        let times = edges.times.as_deref().map(|times| gathered(&sorted.outward_rows, times));
        let weights = edges.weights.as_deref().map(|weights| gather(&sorted.inward_rows, weights));
        let n_self_loops = edges.from.len() - sorted.inward.nodes.len();
        let SortedArcs { outward, inward, .. } = sorted;
        Ok(Self { names: edges.names, outward, inward, passing, times, weights, n_self_loops })
    }

    /// Customers by number who are not tied to anybody.
    pub fn without_edges(n_nodes: usize) -> Self {
        let rows = || Rows { starts: vec![0; n_nodes + 1], nodes: Vec::new() };
        let passing = Passing::ByTarget(vec![0.0; n_nodes]);
        Self { names: None, outward: rows(), inward: rows(), passing, times: None, weights: None, n_self_loops: 0 }
    }

    /// The number of customers.
    pub fn n_nodes(&self) -> usize {
        self.outward.starts.len() - 1
    }

    /// The number of edges without the self-loops.
    pub fn n_arcs(&self) -> usize {
        self.outward.nodes.len()
    }

    /// The number of self-loops that were dropped.
    pub fn n_self_loops(&self) -> usize {
        self.n_self_loops
    }

    /// A customer's name; the number in decimal where customers have no names.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn name(&self, node: u32) -> Cow<'_, str> {
        assert!((node as usize) < self.n_nodes(), "node {node} is not in the graph");
        match self.names.as_ref().and_then(|names| names.get(node)) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(node.to_string()),
        }
    }

    /// The number of a customer known by name.
    pub fn number_of(&self, name: &str) -> Option<u32> {
        match &self.names {
            Some(names) => names.number_of(name),
            None => name.parse().ok().filter(|&node: &u32| (node as usize) < self.n_nodes()),
        }
    }

    /// Whom a customer referred, ascending, repeats included.
    pub fn referred(&self, node: u32) -> &[u32] {
        self.outward.row(node)
    }

    /// Who referred a customer, repeats included, in no order to rely on.
    pub fn referrers(&self, node: u32) -> &[u32] {
        self.inward.row(node)
    }

    /// The arcs out of a customer, by whom they reach.
    pub fn arcs(&self, node: u32) -> impl Iterator<Item = Arc> {
        let range = self.outward.range(node);
        range.map(move |place| {
            let node = self.outward.nodes[place];
            let probability = match &self.passing {
                Passing::ByTarget(values) => values[node as usize],
                Passing::ByArc { outward, .. } => outward[place],
            };
            Arc { node, probability }
        })
    }

    /// The customers that the word can reach in one step, each once, with the probability that at least one of the
    /// edges to it passes the word on. Those with probability zero are left out.
    pub fn combined_arcs(&self, node: u32) -> impl Iterator<Item = Arc> {
        let mut arcs = self.arcs(node).peekable();
        std::iter::from_fn(move || {
            loop {
                let mut combined = arcs.next()?;
                while let Some(repeat) = arcs.next_if(|arc| arc.node == combined.node) {
                    combined.probability += repeat.probability * (1.0 - combined.probability);
                }
                if combined.probability > 0.0 {
                    return Some(combined);
                }
            }
        })
    }

    /// The instants of a customer's referrals, UTC microseconds, in the order of [`ReferralGraph::referred`].
    pub fn referral_times(&self, node: u32) -> Option<&[i64]> {
        self.times.as_ref().map(|times| &times[self.outward.range(node)])
    }

    /// Probability of the inward arc at `place`, which points at `node`.
    pub(super) fn inward_probability(&self, node: u32, place: usize) -> f64 {
        match &self.passing {
            Passing::ByTarget(values) => values[node as usize],
            Passing::ByArc { inward, .. } => inward[place],
        }
    }

    /// What a reader must know of how the graph was made.
    pub fn findings(&self) -> Vec<Finding> {
        if self.n_self_loops == 0 {
            return Vec::new();
        }
        let count = self.n_self_loops;
        let (edges, them) = if count == 1 { ("edge leads", "it") } else { ("edges lead", "them") };
        let mut sentence = format!(
            "{count} {edges} from a customer back to the same customer and cannot change who is reached; the graph \
             leaves {them} out."
        );
        let mut severity = Severity::Note;
        if self.n_arcs() == 0 {
            severity = Severity::Warning;
            sentence.push_str(
                " There are no others, so nobody reaches anybody else; see whether the columns of both ends are right.",
            );
        }
        vec![
            Finding::new(FindingKind::EdgesDropped, severity, "referrals", sentence)
                .number("n_self_loops", count as f64),
        ]
    }
}

fn check(probability: &PassingProbability, n_edges: usize) -> Result<Option<&[f64]>, InfluenceError> {
    match probability {
        PassingProbability::PerEdge(values) => {
            check_length("probabilities", values.len(), n_edges)?;
            match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
                Some(row) => Err(InfluenceError::BadProbability { row: row + 1, value: values[row] }),
                None => Ok(Some(values)),
            }
        }
        PassingProbability::Uniform(value) if !(0.0..=1.0).contains(value) => {
            Err(InfluenceError::BadUniform { value: *value })
        }
        PassingProbability::Uniform(_) | PassingProbability::WeightedCascade => Ok(None),
    }
}

fn gather(rows: &[u32], values: &[f64]) -> Vec<f64> {
    rows.iter().map(|&row| values[row as usize]).collect()
}

impl Rows {
    fn one_over_length(&self) -> Vec<f64> {
        self.starts
            .windows(2)
            .map(|ends| if ends[1] > ends[0] { 1.0 / f64::from(ends[1] - ends[0]) } else { 0.0 })
            .collect()
    }
}

/// Arcs sorted by counting, with the input row of each where it is needed.
struct SortedArcs {
    outward: Rows,
    outward_rows: Vec<u32>,
    inward: Rows,
    inward_rows: Vec<u32>,
}

/// Arcs listed by one of their ends: the other end and the input row (left out where nobody asks for it).
struct Listed {
    nodes: Vec<u32>,
    rows: Vec<u32>,
}

impl SortedArcs {
    /// Two counting passes each way: by the other end first, so that within a row other ends ascend.
    fn of(edges: &EdgeList, per_edge: Option<&[f64]>) -> Self {
        let carry = per_edge.is_some() || edges.times.is_some() || edges.weights.is_some();
        let (from, to) = (edges.from.as_slice(), edges.to.as_slice());
        let (out_starts, in_starts) =
            rayon::join(|| starts(edges.n_nodes, from, to), || starts(edges.n_nodes, to, from));
        let (outward, mut inward) = rayon::join(
            || Listed::of(&in_starts, to, from, carry).turned(&in_starts, &out_starts),
            || Listed::of(&out_starts, from, to, carry).turned(&out_starts, &in_starts),
        );
        if let Some(values) = per_edge {
            inward.descend(&in_starts, values);
        }
        Self {
            outward: Rows { starts: out_starts, nodes: outward.nodes },
            outward_rows: outward.rows,
            inward: Rows { starts: in_starts, nodes: inward.nodes },
            inward_rows: inward.rows,
        }
    }

    fn passing(&self, values: &[f64]) -> Passing {
        let inward = gather(&self.inward_rows, values);
        // Rows descend, so a row's values are one value if its ends are the same bits.
        let shared = self.inward.starts.windows(2).all(|ends| {
            let row = &inward[ends[0] as usize..ends[1] as usize];
            row.first().map(|value| value.to_bits()) == row.last().map(|value| value.to_bits())
        });
        if shared {
            let first = |ends: &[u32]| if ends[1] > ends[0] { inward[ends[0] as usize] } else { 0.0 };
            Passing::ByTarget(self.inward.starts.windows(2).map(first).collect())
        } else {
            Passing::ByArc { outward: gather(&self.outward_rows, values), inward }
        }
    }
}

/// Where each node's arcs start if arcs are listed by `ends`, self-loops left out.
fn starts(n_nodes: usize, ends: &[u32], other_ends: &[u32]) -> Vec<u32> {
    let mut starts = vec![0_u32; n_nodes + 1];
    for (&end, &other) in ends.iter().zip(other_ends) {
        starts[end as usize + 1] += u32::from(end != other);
    }
    for node in 0..n_nodes {
        starts[node + 1] += starts[node];
    }
    starts
}

impl Listed {
    fn empty(starts: &[u32], carry: bool) -> Self {
        let n_arcs = starts.last().copied().unwrap_or(0) as usize;
        Self { nodes: vec![0; n_arcs], rows: vec![0; if carry { n_arcs } else { 0 }] }
    }

    /// Edges in input order, listed by `ends`.
    fn of(starts: &[u32], ends: &[u32], other_ends: &[u32], carry: bool) -> Self {
        let mut listed = Self::empty(starts, carry);
        let mut next = starts.to_vec();
        for (row, (&end, &other)) in ends.iter().zip(other_ends).enumerate() {
            if end != other {
                listed.put(&mut next[end as usize], other, row as u32, carry);
            }
        }
        listed
    }

    /// The same arcs listed by the other end.
    fn turned(&self, starts: &[u32], other_starts: &[u32]) -> Self {
        let carry = !self.rows.is_empty();
        let mut turned = Self::empty(other_starts, carry);
        let mut next = other_starts.to_vec();
        for (node, ends) in starts.windows(2).enumerate() {
            for place in ends[0] as usize..ends[1] as usize {
                let row = if carry { self.rows[place] } else { 0 };
                turned.put(&mut next[self.nodes[place] as usize], node as u32, row, carry);
            }
        }
        turned
    }

    #[inline]
    fn put(&mut self, next: &mut u32, node: u32, row: u32, carry: bool) {
        self.nodes[*next as usize] = node;
        if carry {
            self.rows[*next as usize] = row;
        }
        *next += 1;
    }

    /// Sorts each node's arcs by descending probability, ties as they were.
    fn descend(&mut self, starts: &[u32], values: &[f64]) {
        let mut arcs: Vec<(u32, u32)> = Vec::new();
        for ends in starts.windows(2) {
            let range = ends[0] as usize..ends[1] as usize;
            let probability = |row: u32| values[row as usize];
            if self.rows[range.clone()].is_sorted_by(|&left, &right| probability(left) >= probability(right)) {
                continue;
            }
            arcs.clear();
            arcs.extend(self.nodes[range.clone()].iter().copied().zip(self.rows[range.clone()].iter().copied()));
            arcs.sort_by(|left, right| probability(right.1).total_cmp(&probability(left.1)));
            for (place, &(node, row)) in range.zip(&arcs) {
                self.nodes[place] = node;
                self.rows[place] = row;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(n_nodes: usize, edges: &[(u32, u32)], probability: &PassingProbability) -> ReferralGraph {
        let (from, to) = edges.iter().copied().unzip();
        let edges = EdgeList::from_numbers(n_nodes, from, to).expect("valid edges");
        ReferralGraph::new(edges, probability).expect("valid graph")
    }

    #[test]
    fn rows_hold_every_edge_both_ways_with_its_probability() {
        let edges = [(2, 0), (0, 2), (1, 2), (0, 1), (1, 2)];
        let graph = graph(4, &edges, &PassingProbability::PerEdge(vec![0.1, 0.2, 0.3, 0.4, 0.5]));
        let out = |node| graph.arcs(node).map(|arc| (arc.node, arc.probability)).collect::<Vec<_>>();
        assert_eq!(out(0), [(1, 0.4), (2, 0.2)]);
        assert_eq!(out(1), [(2, 0.3), (2, 0.5)]);
        assert_eq!(out(2), [(0, 0.1)]);
        assert_eq!(out(3), []);
        assert_eq!(graph.referrers(2), [1, 1, 0]);
        let inward: Vec<f64> = graph.inward.range(2).map(|place| graph.inward_probability(2, place)).collect();
        assert_eq!(inward, [0.5, 0.3, 0.2]);
    }

    #[test]
    fn repeated_edges_combine_as_independent_trials() {
        let graph = graph(2, &[(0, 1), (0, 1)], &PassingProbability::Uniform(0.5));
        assert_eq!(graph.combined_arcs(0).collect::<Vec<_>>(), [Arc { node: 1, probability: 0.75 }]);
    }

    #[test]
    fn self_loops_are_dropped_and_counted_and_do_not_dilute_the_cascade() {
        let graph = graph(2, &[(0, 1), (1, 1), (0, 0)], &PassingProbability::WeightedCascade);
        assert_eq!((graph.n_arcs(), graph.n_self_loops()), (1, 2));
        assert_eq!(graph.arcs(0).next(), Some(Arc { node: 1, probability: 1.0 }));
        let findings = graph.findings();
        assert_eq!((findings[0].kind, findings[0].numbers["n_self_loops"]), (FindingKind::EdgesDropped, 2.0));
    }

    #[test]
    fn without_edges_nobody_is_tied_to_anybody() {
        let graph = ReferralGraph::without_edges(3);
        assert_eq!((graph.n_nodes(), graph.n_arcs(), graph.referred(2), graph.referrers(0)), (3, 0, &[][..], &[][..]));
        let reach = crate::influence::reach(&graph, &crate::influence::ReachSettings::default()).expect("sound");
        assert_eq!((reach.nodes.len(), reach.n_exact, reach.nodes[1].reach), (3, 3, 1.0));
    }

    #[test]
    fn weights_and_times_stay_with_their_edges() {
        let edges = EdgeList::from_numbers(3, vec![0, 2, 0], vec![2, 1, 1]).expect("valid");
        let edges = edges.with_times(vec![10, 20, 30]).and_then(|edges| edges.with_weights(vec![1.0, 2.0, 3.0]));
        let graph = ReferralGraph::new(edges.expect("valid"), &PassingProbability::Uniform(0.5)).expect("valid");
        assert_eq!(graph.referral_times(0), Some([30, 10].as_slice()));
        assert_eq!(graph.weights, Some(vec![3.0, 2.0, 1.0]));
    }

    #[test]
    fn bad_probabilities_are_refused_by_row() {
        let edges = EdgeList::from_numbers(2, vec![0, 0], vec![1, 1]).expect("valid");
        let refused = |probability| ReferralGraph::new(edges.clone(), &probability).expect_err("not a probability");
        assert_eq!(
            refused(PassingProbability::PerEdge(vec![0.5, 1.5])),
            InfluenceError::BadProbability { row: 2, value: 1.5 }
        );
        assert!(matches!(
            refused(PassingProbability::PerEdge(vec![f64::NAN, 0.5])),
            InfluenceError::BadProbability { row: 1, .. }
        ));
        assert_eq!(refused(PassingProbability::Uniform(-0.1)), InfluenceError::BadUniform { value: -0.1 });
        assert!(matches!(refused(PassingProbability::PerEdge(vec![0.5])), InfluenceError::Length { .. }));
    }

    #[test]
    fn a_graph_without_edges_is_refused() {
        let mut edges = EdgeList::new();
        edges.add_customer("ann");
        let error = ReferralGraph::new(edges, &PassingProbability::WeightedCascade).expect_err("no edges");
        assert_eq!(error, InfluenceError::NoEdges);
    }
}
