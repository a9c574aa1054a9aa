//! Why a graph or a rating was refused.

use thiserror::Error;

/// Which end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeEnd {
    /// The customer who refers.
    From,
    /// The customer who is referred.
    To,
}

impl std::fmt::Display for EdgeEnd {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::From => "from",
            Self::To => "to",
        })
    }
}

/// Why a graph or a rating was refused. Rows are counted from 1.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum InfluenceError {
    /// There is not a single edge.
    #[error("there are no edges; a referral graph needs at least one row with a `from` and a `to`")]
    NoEdges,
    /// One end of an edge is blank.
    #[error("row {row}: the `{end}` end of the edge is missing; fill it or drop the row")]
    MissingEnd {
        /// The row, from 1.
        row: usize,
        /// Which end.
        end: EdgeEnd,
    },
    /// An edge names a node that does not exist.
    #[error("row {row}: the `{end}` end is node {node}, but nodes are numbered 0 to {n_nodes} exclusive")]
    UnknownNode {
        /// The row, from 1.
        row: usize,
        /// Which end.
        end: EdgeEnd,
        /// The number given.
        node: u32,
        /// The number of nodes.
        n_nodes: usize,
    },
    /// More nodes or edges than a 32-bit index holds.
    #[error("{count} {what} are more than the {limit} one graph can hold; split the graph")]
    TooMany {
        /// Nodes or edges.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// An edge's probability is no probability.
    #[error("row {row}: probability {value} is outside 0 to 1; give shares, not percent")]
    BadProbability {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// The probability given for all edges is no probability.
    #[error("uniform probability {value} is outside 0 to 1; give a share, not percent")]
    BadUniform {
        /// The value.
        value: f64,
    },
    /// An edge's weight is negative or not finite.
    #[error("row {row}: edge weight {value} is not finite and at least 0")]
    BadWeight {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// Weights were asked for and the edges have none.
    #[error("the edges carry no weights; add them to the edge list or weight all edges equally")]
    NoWeights,
    /// Two inputs that belong together differ in length.
    #[error("{what} has {n_found} entries where {n_expected} are needed")]
    Length {
        /// Which input.
        what: &'static str,
        /// Its entries.
        n_found: usize,
        /// The entries needed.
        n_expected: usize,
    },
    /// A setting is outside its range.
    #[error("{setting} is {value}; it must be {range}")]
    BadSetting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// Where it must lie, in words.
        range: &'static str,
    },
    /// A seed is not in the graph.
    #[error("seed node {node} is not in the graph of {n_nodes} nodes")]
    UnknownSeed {
        /// The number given.
        node: u32,
        /// The number of nodes.
        n_nodes: usize,
    },
    /// The power iteration did not settle.
    #[error(
        "PageRank changed by {change:e} in its last of {iterations} iterations, more than {tolerance:e}; raise the \
         iterations or the tolerance, or lower the damping"
    )]
    NotConverged {
        /// Iterations made.
        iterations: usize,
        /// Sum of absolute changes in the last one.
        change: f64,
        /// The change allowed.
        tolerance: f64,
    },
    /// There is nothing to learn passing probabilities from.
    #[error("there is no history; passing probabilities are learned from at least one occasion")]
    NoHistory,
    /// The expectation-maximisation did not settle.
    #[error(
        "passing probabilities changed by {change:e} in the last of {iterations} steps, more than {tolerance:e}; raise the \
         iterations or the tolerance, or use a stronger prior"
    )]
    PassingNotConverged {
        /// Steps made.
        iterations: usize,
        /// Largest change in the last one.
        change: f64,
        /// The change allowed.
        tolerance: f64,
    },
    /// Hubs and authorities did not settle.
    #[error(
        "hubs and authorities changed by {change:e} in the last of {iterations} iterations, more than {tolerance:e}; raise the \
         iterations or the tolerance"
    )]
    HitsNotConverged {
        /// Iterations made.
        iterations: usize,
        /// Sum of absolute changes in the last one.
        change: f64,
        /// The change allowed.
        tolerance: f64,
    },
    /// A model was refused or not found.
    #[error("{what} could not be fitted: {problem}")]
    NotFitted {
        /// What was to be explained.
        what: &'static str,
        /// Why not, and what to do.
        problem: String,
    },
    /// Predictions could not be judged.
    #[error("{what} could not be judged: {problem}")]
    NotJudged {
        /// What was to be judged.
        what: &'static str,
        /// Why not.
        problem: String,
    },
    /// A value that a rating is built on is outside its range.
    #[error("{component} of customer {row} is {value}; it must be {range}")]
    BadComponent {
        /// Which component.
        component: &'static str,
        /// The customer's place, from 1.
        row: usize,
        /// The value.
        value: f64,
        /// Where it must lie, in words.
        range: &'static str,
    },
}
