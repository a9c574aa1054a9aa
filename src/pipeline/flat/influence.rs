//! `advocate influence`: reach of every node of an edge list, and the set to start with.

use super::columns::what;
use crate::findings::Finding;
use crate::influence::{
    Candidates, Degree, EdgeList, HitsSettings, InfluenceError, PageRankSettings, PassingProbability, PivotSettings,
    PlanSettings, PlannedSeed, ReachSettings, ReferralGraph, Seed, SeedSettings, betweenness, closeness, core_numbers,
    degrees, greedy_seeds, hits, page_rank, plan_seeds, reach, threshold_reach,
};
use crate::intake::{FlatTable, Wanted};
use crate::pipeline::{PipelineError, in_full};
use serde::Serialize;
use std::collections::BTreeMap;
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

/// How the word passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpreadModel {
    /// Each edge passes it on once, independently.
    Cascade,
    /// A node takes it up once the probabilities of the edges from those who have it exceed a threshold of its own.
    Threshold,
}

/// A measure of a node's place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeMeasure {
    /// PageRank of the graph as it stands, by number of edges.
    PageRank,
    /// Edges out and in, different nodes out, expected nodes in one step.
    Degree,
    /// The k-core.
    Core,
    /// Hubs and authorities.
    Hits,
    /// Closeness, over sampled pivots.
    Closeness,
    /// Betweenness, over sampled pivots.
    Betweenness,
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
    /// How the word passes.
    pub model: SpreadModel,
    /// Stop sampling once standard errors are this share of reach.
    pub stop_at: Option<f64>,
    /// Further measures of each node.
    pub measures: Vec<NodeMeasure>,
    /// Whether to state what share of the best possible choice the seeds are guaranteed.
    pub bound: bool,
}

/// Reach and seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InfluenceAnswer {
    /// One entry a node, in order of first appearance.
    pub nodes: Vec<NodeRow>,
    /// The seeds in the order chosen.
    pub seeds: Vec<SeedRow>,
    /// What is guaranteed of a choice of so many seeds, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
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
    /// The measures asked for, by name.
    #[serde(flatten)]
    pub measures: BTreeMap<&'static str, f64>,
}

/// What is guaranteed of the seeds, which are then those of the plan (OPIM-C).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    /// Share (0-1) of the best possible reach that the seeds have at least...
    pub guarantee: f64,
    /// ...with at least this probability.
    pub certainty: f64,
    /// What the seeds reach at least.
    pub reach_low: f64,
    /// What the best choice reaches at most.
    pub best_high: f64,
    /// Sets drawn to choose by; as many fresh ones judged.
    pub n_samples: usize,
}

/// One seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedRow {
    /// The node.
    pub node: String,
    /// Expected nodes reached by this seed and those before it.
    pub reach: f64,
    /// Standard error of the reach; not known where the choice has a bound.
    pub reach_se: Option<f64>,
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
    let wanted = Wanted { numbers, texts: vec![question.from.clone(), question.to.clone()], ..Wanted::default() };
    let table = FlatTable::read(&question.file, &wanted).map_err(|error| PipelineError::Input(in_full(&error)))?;
    let refused = |problem: InfluenceError| match &problem {
        InfluenceError::MissingEnd { row, .. } | InfluenceError::BadProbability { row, .. } => {
            let what = what(&problem);
            PipelineError::Input(format!("`{}`, {}: {what}", table.file, table.place(row.saturating_sub(1))))
        }
        _ => PipelineError::Edges { file: table.file.clone(), problem },
    };
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
                    "{}: the probability is missing; fill it or drop the row",
                    table.cell(row, column)
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
    if question.model == SpreadModel::Threshold && question.n_seeds > 0 {
        return Err(PipelineError::Usage(
            "seeds are chosen under the cascade; leave `--seeds` out or use `--model cascade`".to_owned(),
        ));
    }
    if question.bound && question.n_seeds == 0 {
        return Err(PipelineError::Usage("`--bound` is of seeds; say how many with `--seeds`".to_owned()));
    }
    let settings = ReachSettings {
        samples: question.samples,
        stop_at: question.stop_at,
        seed: question.seed,
        ..ReachSettings::default()
    };
    let reached = match question.model {
        SpreadModel::Cascade => reach(&graph, &settings)?,
        SpreadModel::Threshold => threshold_reach(&graph, &settings)?,
    };
    let mut nodes: Vec<NodeRow> = reached
        .nodes
        .iter()
        .enumerate()
        .map(|(node, own)| NodeRow {
            node: graph.name(node as u32).into_owned(),
            reach: own.reach,
            reach_se: own.reach_se,
            exact: own.exact,
            measures: BTreeMap::new(),
        })
        .collect();
    for &measure in &question.measures {
        for (name, values) in measured(&graph, measure, question.seed)? {
            nodes.iter_mut().zip(values).for_each(|(node, value)| {
                node.measures.insert(name, value);
            });
        }
    }
    let mut findings = graph.findings();
    findings.extend(reached.findings.iter().cloned());
    let mut answer = InfluenceAnswer { nodes, seeds: Vec::new(), bound: None, findings };
    match (question.n_seeds, question.bound) {
        (0, _) => {}
        (_, true) => planned(&graph, question, &mut answer)?,
        (_, false) => chosen(&graph, question, &mut answer)?,
    }
    Ok(answer)
}

/// A measure's columns, one value a node.
fn measured(
    graph: &ReferralGraph,
    measure: NodeMeasure,
    seed: u64,
) -> Result<Vec<(&'static str, Vec<f64>)>, InfluenceError> {
    let pivots = PivotSettings { seed, ..PivotSettings::default() };
    Ok(match measure {
        NodeMeasure::PageRank => vec![("page_rank", page_rank(graph, &PageRankSettings::default())?.ranks)],
        NodeMeasure::Degree => {
            let degrees = degrees(graph);
            let column = |of: fn(&Degree) -> f64| degrees.iter().map(of).collect();
            vec![
                ("out_degree", column(|own| f64::from(own.n_out))),
                ("in_degree", column(|own| f64::from(own.n_in))),
                ("n_referred", column(|own| f64::from(own.n_referred))),
                ("expected_one_step", column(|own| own.expected)),
            ]
        }
        NodeMeasure::Core => vec![("core", core_numbers(graph).into_iter().map(f64::from).collect())],
        NodeMeasure::Hits => {
            let found = hits(graph, &HitsSettings::default())?;
            vec![("hub", found.hubs), ("authority", found.authorities)]
        }
        NodeMeasure::Closeness => {
            let found = closeness(graph, &pivots)?;
            vec![("closeness", found.values), ("closeness_se", found.std_errors)]
        }
        NodeMeasure::Betweenness => {
            let found = betweenness(graph, &pivots)?;
            vec![("betweenness", found.values), ("betweenness_se", found.std_errors)]
        }
    })
}

fn chosen(
    graph: &ReferralGraph,
    question: &InfluenceQuestion,
    answer: &mut InfluenceAnswer,
) -> Result<(), PipelineError> {
    let settings = SeedSettings {
        n_seeds: question.n_seeds,
        samples: question.samples,
        seed: question.seed,
        ..SeedSettings::default()
    };
    let chosen = greedy_seeds(graph, &settings)?;
    answer.findings.extend(chosen.findings.iter().cloned());
    let row = |seed: &Seed| SeedRow {
        node: graph.name(seed.node).into_owned(),
        reach: seed.reach,
        reach_se: Some(seed.reach_se),
        gain: seed.gain,
        gain_se: seed.gain_se,
    };
    answer.seeds = chosen.seeds.iter().map(row).collect();
    Ok(())
}

fn planned(
    graph: &ReferralGraph,
    question: &InfluenceQuestion,
    answer: &mut InfluenceAnswer,
) -> Result<(), PipelineError> {
    let settings = PlanSettings {
        n_seeds: question.n_seeds,
        samples_max: question.samples,
        seed: question.seed,
        ..PlanSettings::default()
    };
    let plan = plan_seeds(graph, &Candidates::default(), &settings)?;
    answer.findings.extend(plan.findings.iter().cloned());
    let row = |seed: &PlannedSeed| SeedRow {
        node: graph.name(seed.node).into_owned(),
        reach: seed.reach,
        reach_se: None,
        gain: seed.gain,
        gain_se: seed.gain_se,
    };
    answer.seeds = plan.seeds.iter().map(row).collect();
    answer.bound = Some(Bound {
        guarantee: plan.guarantee,
        certainty: plan.certainty,
        reach_low: plan.reach_low,
        best_high: plan.best_high,
        n_samples: plan.n_samples,
    });
    Ok(())
}
