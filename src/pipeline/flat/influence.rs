//! `advocate influence`: reach of every node of an edge list, and the set to start with.

use super::edge_rows::{ReadGraph, read_graph};
use super::edge_times::{DelayAnswer, add_speed};
use crate::findings::{Finding, FindingKind, Severity};
pub use crate::influence::SpreadModel;
use crate::influence::{
    ArcWeight, Betweenness, BetweennessSettings, Candidates, Degree, HitsSettings, PageRankSettings, PivotSettings,
    PlanSettings, PlannedSeed, ReachSettings, ReferralGraph, RivalReach, Seed, SeedSettings, betweenness, closeness,
    core_numbers, degrees, greedy_seeds, harmonic, hits, page_rank, personalised_page_rank, plan_seeds, reach,
    threshold_reach,
};
use crate::pipeline::PipelineError;
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

/// Which way edges lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeKinds {
    /// From the one to the other.
    Directed,
    /// Both ways, as friendships do.
    Undirected,
    /// As a column says of each row: `referral`, `invitation` (that was taken up), `friendship` (both ways), `declined` (an
    /// invitation without success: no edge).
    Column(String),
}

/// A measure of a node's place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeMeasure {
    /// PageRank of the graph as it stands.
    PageRank,
    /// Edges out and in, different nodes out, expected nodes in one step.
    Degree,
    /// The k-core.
    Core,
    /// Hubs and authorities.
    Hits,
    /// Closeness (Wasserman and Faust), over sampled pivots.
    Closeness,
    /// Harmonic centrality, over sampled pivots.
    Harmonic,
    /// Betweenness, over sampled shortest ways.
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
    /// Which way edges lead.
    pub kinds: EdgeKinds,
    /// A column of weights by which PageRank follows edges; all alike where there is none.
    pub weight: Option<String>,
    /// Probability that PageRank's walker follows an edge and does not start anew; 0.85 where there is none.
    pub damping: Option<f64>,
    /// The nodes from which the walker starts anew; from all where there are none.
    pub restart: Vec<String>,
    /// A column of dates, from which it is learned how soon the word passes.
    pub time: Option<String>,
    /// Days within which reach is then told, ascending.
    pub within_days: Vec<u32>,
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
    /// Share (0-1) of the nodes whose reach is exact.
    pub exact_share: f64,
    /// The seeds in the order chosen.
    pub seeds: Vec<SeedRow>,
    /// How soon the word passes, where edges have dates and these tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelayAnswer>,
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
    /// The measures asked for, by name, and reach in time; `None` where there is nothing to tell.
    #[serde(flatten)]
    pub measures: BTreeMap<String, Option<f64>>,
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
    /// What other choices of as many would reach.
    pub rivals: Vec<RivalRow>,
}

/// Another way to choose as many seeds, judged by the same fresh sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RivalRow {
    /// `top_by_count` (those with the most edges out) or `random` (the mean of twenty choices).
    pub choice: &'static str,
    /// Expected nodes reached.
    pub reach: f64,
    /// Standard error.
    pub reach_se: f64,
}

/// One seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedRow {
    /// The node.
    pub node: String,
    /// Expected nodes reached by this seed and those before it.
    pub reach: f64,
    /// Standard error of the reach, from sets that were not chosen by; 0 where exact.
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
    let ReadGraph { graph, dated, mut findings } = read_graph(question)?;
    if !question.measures.contains(&NodeMeasure::PageRank)
        && (question.weight.is_some() || question.damping.is_some() || !question.restart.is_empty())
    {
        return Err(PipelineError::Usage(
            "`--weight`, `--damping` and `--restart` are of PageRank; ask for it with `--measures pagerank`".to_owned(),
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
        for (name, values) in measured(&graph, measure, question, &mut findings)? {
            nodes.iter_mut().zip(values).for_each(|(node, value)| {
                node.measures.insert(name.to_owned(), Some(value));
            });
        }
    }
    findings.extend(reached.findings.iter().cloned());
    let exact_share = reached.exact_share();
    let mut answer = InfluenceAnswer { nodes, exact_share, seeds: Vec::new(), delay: None, bound: None, findings };
    if question.time.is_some() {
        add_speed(&dated, &graph, question, &mut answer)?;
    }
    match (question.n_seeds, question.model, question.bound) {
        (0, ..) => {}
        (_, SpreadModel::Cascade, false) => chosen(&graph, question, &mut answer)?,
        _ => planned(&graph, question, &mut answer)?,
    }
    Ok(answer)
}

/// A measure's columns, one value a node.
fn measured(
    graph: &ReferralGraph,
    measure: NodeMeasure,
    question: &InfluenceQuestion,
    findings: &mut Vec<Finding>,
) -> Result<Vec<(&'static str, Vec<f64>)>, PipelineError> {
    let pivots = PivotSettings { seed: question.seed, ..PivotSettings::default() };
    Ok(match measure {
        NodeMeasure::PageRank => vec![("page_rank", ranked(graph, question)?)],
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
        NodeMeasure::Harmonic => {
            let found = harmonic(graph, &pivots)?;
            vec![("harmonic", found.values), ("harmonic_se", found.std_errors)]
        }
        NodeMeasure::Betweenness => {
            let found = between(graph, question, findings)?;
            vec![("betweenness", found.values), ("betweenness_se", found.std_errors)]
        }
    })
}

/// Betweenness, with a finding where it is sampled; without directions every pair counts once, as in networkx and igraph.
fn between(
    graph: &ReferralGraph,
    question: &InfluenceQuestion,
    findings: &mut Vec<Finding>,
) -> Result<Betweenness, PipelineError> {
    let settings = BetweennessSettings {
        samples: question.samples,
        stop_at: question.stop_at,
        seed: question.seed,
        ..BetweennessSettings::default()
    };
    let mut found = betweenness(graph, &settings)?;
    if question.kinds == EdgeKinds::Undirected {
        found.values.iter_mut().chain(&mut found.std_errors).for_each(|value| *value /= 2.0);
    }
    findings.extend(found.n_samples.map(|n_samples| {
        let sentence = format!(
            "betweenness is estimated from the shortest ways between {n_samples} random pairs of nodes, since the graph is too large to \
             follow all; betweenness_se says what that is worth, and --samples asks for more or fewer"
        );
        Finding::new(FindingKind::Sampled, Severity::Note, "betweenness", sentence).number("n_samples", n_samples as f64)
    }));
    Ok(found)
}

/// PageRank by the edges, or by their weights where there are some; anew from everybody, or from some nodes only.
fn ranked(graph: &ReferralGraph, question: &InfluenceQuestion) -> Result<Vec<f64>, PipelineError> {
    let weight = if question.weight.is_some() { ArcWeight::Given } else { ArcWeight::Equal };
    let default = PageRankSettings::default();
    let settings = PageRankSettings { damping: question.damping.unwrap_or(default.damping), weight, ..default };
    if question.restart.is_empty() {
        return Ok(page_rank(graph, &settings)?.ranks);
    }
    let mut restart = vec![0.0; graph.n_nodes()];
    for name in &question.restart {
        let Some(node) = graph.number_of(name) else {
            return Err(PipelineError::Usage(format!("`--restart` names `{name}`, which is no node of the edges")));
        };
        restart[node as usize] = 1.0;
    }
    Ok(personalised_page_rank(graph, &restart, &settings)?.ranks)
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
        reach_se: seed.reach_se,
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
        model: question.model,
        samples_max: question.samples,
        seed: question.seed,
        ..PlanSettings::default()
    };
    let plan = plan_seeds(graph, &Candidates::default(), &settings)?;
    answer.findings.extend(plan.findings.iter().cloned());
    let row = |seed: &PlannedSeed| SeedRow {
        node: graph.name(seed.node).into_owned(),
        reach: seed.reach,
        reach_se: seed.reach_se,
        gain: seed.gain,
        gain_se: seed.gain_se,
    };
    answer.seeds = plan.seeds.iter().map(row).collect();
    answer.bound = question.bound.then(|| Bound {
        guarantee: plan.guarantee,
        certainty: plan.certainty,
        reach_low: plan.reach_low,
        best_high: plan.best_high,
        n_samples: plan.n_samples,
        rivals: plan.rivals.iter().map(rival).collect(),
    });
    Ok(())
}

fn rival(own: &RivalReach) -> RivalRow {
    RivalRow { choice: own.rival.word(), reach: own.reach, reach_se: own.reach_se }
}
