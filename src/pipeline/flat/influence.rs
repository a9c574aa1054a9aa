//! `advocate influence`: reach of every node of an edge list, and the set to start with.

use crate::findings::Finding;
use crate::influence::{
    EdgeList, InfluenceError, PassingProbability, ReachSettings, ReferralGraph, SeedSettings, greedy_seeds, reach,
};
use crate::intake::{FlatTable, Wanted};
use crate::pipeline::{PipelineError, in_full};
use serde::Serialize;
use std::path::PathBuf;

/// Where an edge's probability comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum EdgeRule {
    /// A column of the file.
    Column(String),
    /// The same for all.
    Uniform(f64),
    /// One over the number of edges into the node.
    WeightedCascade,
}

/// What is asked of an edge list.
#[derive(Debug, Clone, PartialEq)]
pub struct InfluenceQuestion {
    /// The file.
    pub file: PathBuf,
    /// The column of the node that passes on.
    pub from: String,
    /// The column of the node that is passed to.
    pub to: String,
    /// The probability of passing.
    pub rule: EdgeRule,
    /// How many seeds to choose; 0 for none.
    pub n_seeds: usize,
    /// Reverse-reachable sets to sample where reach is not exact.
    pub samples: usize,
    /// Seed of the samples.
    pub seed: u64,
}

/// Reach and seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InfluenceAnswer {
    /// One entry a node, in order of first appearance.
    pub nodes: Vec<NodeRow>,
    /// The seeds in the order chosen.
    pub seeds: Vec<SeedRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Reach of one node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeRow {
    /// The node.
    pub node: String,
    /// Expected nodes reached, itself included.
    pub reach: f64,
    /// Standard error; 0 where exact.
    pub reach_se: f64,
    /// Whether reach is exact.
    pub exact: bool,
}

/// One seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedRow {
    /// The node.
    pub node: String,
    /// Expected nodes reached by this seed and those before it.
    pub reach: f64,
    /// Standard error of the reach.
    pub reach_se: f64,
    /// What this seed adds.
    pub gain: f64,
    /// Standard error of the gain.
    pub gain_se: f64,
}

/// Computes reach and seeds.
///
/// # Errors
/// A table or an edge that is refused.
pub fn influence(question: &InfluenceQuestion) -> Result<InfluenceAnswer, PipelineError> {
    let numbers = match &question.rule {
        EdgeRule::Column(column) => vec![column.clone()],
        EdgeRule::Uniform(_) | EdgeRule::WeightedCascade => Vec::new(),
    };
    let wanted =
        Wanted { numbers, texts: vec![question.from.clone(), question.to.clone()], not_applicable: Vec::new() };
    let table = FlatTable::read(&question.file, &wanted).map_err(|error| PipelineError::Input(in_full(&error)))?;
    let refused = |problem: InfluenceError| PipelineError::Edges { file: table.file.clone(), problem };
    let [from, to] = &table.texts[..] else { return Err(refused(InfluenceError::NoEdges)) };
    let name = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut edges = EdgeList::new();
    for (from, to) in from.iter().zip(to) {
        edges.push(&name(from), &name(to)).map_err(refused)?;
    }
    let probability = match &question.rule {
        EdgeRule::Column(column) => {
            if let Some(row) = table.numbers[0].iter().position(|value| value.is_nan()) {
                return Err(PipelineError::Input(format!(
                    "`{}`, line {}, column `{column}`: the probability is missing; fill it or drop the row",
                    table.file, table.lines[row]
                )));
            }
            PassingProbability::PerEdge(table.numbers[0].clone())
        }
        EdgeRule::Uniform(value) => PassingProbability::Uniform(*value),
        EdgeRule::WeightedCascade => PassingProbability::WeightedCascade,
    };
    let graph = ReferralGraph::new(edges, &probability).map_err(|error| match error {
        InfluenceError::BadUniform { .. } => PipelineError::Usage(error.to_string()),
        other => refused(other),
    })?;
    let reached =
        reach(&graph, &ReachSettings { samples: question.samples, seed: question.seed, ..ReachSettings::default() })?;
    let nodes = reached.nodes.iter().enumerate().map(|(node, own)| NodeRow {
        node: graph.name(node as u32).into_owned(),
        reach: own.reach,
        reach_se: own.reach_se,
        exact: own.exact,
    });
    let mut findings = graph.findings();
    findings.extend(reached.findings.iter().cloned());
    let mut answer = InfluenceAnswer { nodes: nodes.collect(), seeds: Vec::new(), findings };
    if question.n_seeds > 0 {
        let settings = SeedSettings {
            n_seeds: question.n_seeds,
            samples: question.samples,
            seed: question.seed,
            ..SeedSettings::default()
        };
        let chosen = greedy_seeds(&graph, &settings)?;
        answer.findings.extend(chosen.findings.iter().cloned());
        answer.seeds = chosen
            .seeds
            .iter()
            .map(|seed| SeedRow {
                node: graph.name(seed.node).into_owned(),
                reach: seed.reach,
                reach_se: seed.reach_se,
                gain: seed.gain,
                gain_se: seed.gain_se,
            })
            .collect();
    }
    Ok(answer)
}
