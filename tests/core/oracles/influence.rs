//! Referral graphs, and the measures of a prediction that stand in the same file.

use super::{named_numbers, number};
use crate::inputs::{close, reference_numbers};
use advocate::estimators::evaluation::{average_precision, brier_score, log_loss, roc_auc};
use advocate::influence::{
    EdgeList, PageRankSettings, PassingProbability, ReachSettings, ReferralGraph, page_rank, reach,
};
use serde_json::Value;

/// Entries of `influence.json` held here.
const HELD: [&str; 7] = [
    "ic_path3",
    "ic_diamond",
    "ic_cycle3",
    "ic_tree7",
    "pagerank_karate_unweighted",
    "pagerank_dangling4",
    "metrics_small_with_ties",
];
/// Entries held beside the code: seeds of the large graph, the two properties, learned probabilities, credit, referral value.
const HELD_BY_UNIT_TESTS: [&str; 6] = [
    "nethept_wc_celf_seeds_spread",
    "prop_sum_identity",
    "prop_forest_exact",
    "ic_em_saito_three_parents",
    "credit_distribution_one_action",
    "crv_arithmetic",
];
/// Entries held in `buy_till_you_die`.
const HELD_OF_PURCHASES: [&str; 4] =
    ["cdnow_bgnbd_mle", "cdnow_bgnbd_palive", "cdnow_gamma_gamma_mle", "cdnow_raw_to_summary"];
/// Entries that wait for what computes them.
const NOT_YET: [&str; 1] = ["psi_example"];

pub(super) fn entry(name: &str) -> Option<Value> {
    let all = reference_numbers("influence.json")?;
    Some(all.as_array()?.iter().find(|entry| entry["name"] == name).expect("an entry of this name").clone())
}

#[test]
fn every_entry_is_held_or_waits() {
    let Some(all) = reference_numbers("influence.json") else { return };
    for entry in all.as_array().expect("a list") {
        let name = entry["name"].as_str().expect("a name");
        let lists = [&HELD[..], &HELD_BY_UNIT_TESTS, &HELD_OF_PURCHASES, &NOT_YET];
        assert_eq!(lists.iter().filter(|list| list.contains(&name)).count(), 1, "{name}");
    }
}

#[test]
fn reach_of_tiny_graphs_is_that_of_all_worlds() {
    for name in ["ic_path3", "ic_diamond", "ic_cycle3", "ic_tree7"] {
        let Some(entry) = entry(name) else { return };
        let arcs = entry["data"].as_array().expect("arcs");
        let node = |arc: &Value, end: usize| arc[end].as_u64().expect("a node") as u32;
        let want: Vec<f64> = entry["expected"].as_array().expect("one a node").iter().map(number).collect();
        let from = arcs.iter().map(|arc| node(arc, 0)).collect();
        let to = arcs.iter().map(|arc| node(arc, 1)).collect();
        let edges = EdgeList::from_numbers(want.len(), from, to).expect("edges");
        let probability = PassingProbability::PerEdge(arcs.iter().map(|arc| number(&arc[2])).collect());
        let graph = ReferralGraph::new(edges, &probability).expect("a graph");
        let reach = reach(&graph, &ReachSettings { samples: 400_000, ..ReachSettings::default() }).expect("reach");
        for (node, (got, want)) in reach.nodes.iter().zip(want).enumerate() {
            let absolute = if got.exact { number(&entry["tolerance"]) } else { 5.0 * got.reach_se };
            close(&format!("{name}, node {node}"), got.reach, want, absolute);
        }
        if name == "ic_path3" || name == "ic_tree7" {
            assert_eq!(reach.n_exact, reach.nodes.len(), "{name} is a forest");
        }
    }
}

/// Friends with a higher number of each member of a karate club (Zachary 1977).
const KARATE: [(u32, &[u32]); 26] = [
    (0, &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31]),
    (1, &[2, 3, 7, 13, 17, 19, 21, 30]),
    (2, &[3, 7, 8, 9, 13, 27, 28, 32]),
    (3, &[7, 12, 13]),
    (4, &[6, 10]),
    (5, &[6, 10, 16]),
    (6, &[16]),
    (8, &[30, 32, 33]),
    (9, &[33]),
    (13, &[33]),
    (14, &[32, 33]),
    (15, &[32, 33]),
    (18, &[32, 33]),
    (19, &[33]),
    (20, &[32, 33]),
    (22, &[32, 33]),
    (23, &[25, 27, 29, 32, 33]),
    (24, &[25, 27, 31]),
    (25, &[31]),
    (26, &[29, 33]),
    (27, &[33]),
    (28, &[31, 33]),
    (29, &[32, 33]),
    (30, &[32, 33]),
    (31, &[32, 33]),
    (32, &[33]),
];

#[test]
fn page_rank_agrees_with_a_dense_solve() {
    let karate: Vec<[u32; 2]> = KARATE
        .iter()
        .flat_map(|&(member, friends)| friends.iter().flat_map(move |&friend| [[member, friend], [friend, member]]))
        .collect();
    assert_eq!(karate.len(), 2 * 78);
    for name in ["pagerank_karate_unweighted", "pagerank_dangling4"] {
        let Some(entry) = entry(name) else { return };
        let arcs: Vec<[u32; 2]> = match entry["data"].as_array() {
            Some(arcs) => arcs.iter().map(|arc| [0, 1].map(|end| arc[end].as_u64().expect("a node") as u32)).collect(),
            None => karate.clone(),
        };
        let want = named_numbers(&entry["expected"]);
        let [from, to] = [0, 1].map(|end| arcs.iter().map(|arc| arc[end]).collect());
        let edges = EdgeList::from_numbers(want.len(), from, to).expect("edges");
        let graph = ReferralGraph::new(edges, &PassingProbability::WeightedCascade).expect("a graph");
        let ranks = page_rank(&graph, &PageRankSettings::default()).expect("convergence").ranks;
        for (node, want) in want {
            let node: usize = node.parse().expect("a node");
            close(&format!("{name}, node {node}"), ranks[node], want, number(&entry["tolerance"]));
        }
    }
}

#[test]
fn measures_of_a_prediction_with_ties_agree_with_scikit_learn() {
    let Some(entry) = entry("metrics_small_with_ties") else { return };
    let list = |name: &str| entry["data"][name].as_array().expect("a list").iter().map(number).collect::<Vec<f64>>();
    let outcomes: Vec<bool> = list("y").iter().map(|&class| class > 0.5).collect();
    let probabilities = list("p");
    let hold = |key: &str, got: f64| close(key, got, number(&entry["expected"][key]), number(&entry["tolerance"]));
    hold("auc", roc_auc(&outcomes, &probabilities).expect("both classes"));
    hold("average_precision", average_precision(&outcomes, &probabilities).expect("both classes"));
    hold("brier", brier_score(&outcomes, &probabilities).expect("probabilities"));
    hold("logloss", log_loss(&outcomes, &probabilities).expect("probabilities"));
}
