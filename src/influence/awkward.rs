//! For tests: graphs that are what nobody means to send, by every kernel.

use super::worlds::{Edge, graph};
use super::{
    BetweennessSettings, Candidates, Delay, EdgeList, Generations, HitsSettings, InfluenceError, PageRankSettings,
    PassingProbability, PivotSettings, PlanSettings, ReachSettings, RecordRules, Records, ReferralGraph, SeedSettings,
    SpreadSettings, TimedReach, TimedSettings, Treatment, betweenness, closeness, core_numbers, degrees, greedy_seeds,
    hits, page_rank, plan_seeds, reach, spread, threshold_reach, timed_reach,
};
use crate::findings::Severity;

const N_CYCLE: usize = 7;
const N_PARALLEL: usize = 1_000_000;

fn one_cycle() -> ReferralGraph {
    let n_nodes = N_CYCLE as u32;
    let edges: Vec<Edge> = (0..n_nodes).map(|node| (node, (node + 1) % n_nodes, 0.5)).collect();
    graph(N_CYCLE, &edges)
}

fn parallel(n_edges: usize, probability: f64) -> ReferralGraph {
    let edges = EdgeList::from_numbers(2, vec![0; n_edges], vec![1; n_edges]).expect("two nodes");
    ReferralGraph::new(edges, &PassingProbability::Uniform(probability)).expect("sound")
}

fn timed(graph: &ReferralGraph, delay: Delay, horizons: &[f64], samples: usize) -> TimedReach {
    timed_reach(graph, &TimedSettings { delay, horizons: horizons.to_vec(), samples, seed: 1 }).expect("sound")
}

#[test]
fn a_graph_that_is_one_cycle_is_spread_in() {
    let graph = one_cycle();
    // 1 + 1/2 + ... + 1/64 under the cascade, and the same where everybody picks the one before with 1/2.
    let whole = 2.0 - 0.5_f64.powi(6);
    let settings = ReachSettings { samples: 200_000, ..ReachSettings::default() };
    let (cascade, threshold) = (reach(&graph, &settings).expect("sound"), threshold_reach(&graph, &settings));
    let threshold = threshold.expect("sound");
    let timed = timed(&graph, Delay::Generation, &[3.0, 100.0], 200_000);
    for node in 0..N_CYCLE {
        assert!(cascade.nodes[node].exact && (cascade.nodes[node].reach - whole).abs() < 1e-14);
        let own = threshold.nodes[node];
        assert!((own.reach - whole).abs() < 5.0 * own.reach_se, "{own:?}");
        for (place, want) in [1.875, whole].into_iter().enumerate() {
            let (got, std_error) = (timed.within(node as u32)[place], timed.within_se(node as u32)[place]);
            assert!((got - want).abs() < 5.0 * std_error, "{node}: {got} {want}");
        }
    }
    assert_eq!(Generations::of(&graph).below, [None; N_CYCLE]);
    let forward = spread(&graph, &[0], &SpreadSettings { simulations: 20_000, seed: 1 }).expect("sound");
    assert!((forward.mean - whole).abs() < 5.0 * forward.std_error, "{forward:?}");
}

#[test]
fn a_graph_that_is_one_cycle_has_measures_alike_and_seeds() {
    let graph = one_cycle();
    let ranks = page_rank(&graph, &PageRankSettings::default()).expect("converges").ranks;
    assert!(ranks.iter().all(|rank| (rank - 1.0 / 7.0).abs() < 1e-12), "{ranks:?}");
    let hubs = hits(&graph, &HitsSettings::default()).expect("converges").hubs;
    assert!(hubs.iter().all(|hub| (hub - hubs[0]).abs() < 1e-12), "{hubs:?}");
    // From everybody the others lie 1 to 6 steps away.
    let pivots = PivotSettings::default();
    let close = closeness(&graph, &pivots).expect("sound").values;
    let between = betweenness(&graph, &BetweennessSettings::default()).expect("sound").values;
    for values in [close, between] {
        assert!(values[0] > 0.0 && values.iter().all(|value| (value - values[0]).abs() < 1e-12), "{values:?}");
    }
    assert_eq!(core_numbers(&graph), [2; N_CYCLE]);
    let all = greedy_seeds(&graph, &SeedSettings { n_seeds: 9, samples: 20_000, ..SeedSettings::default() });
    let all = all.expect("sound").seeds;
    assert!(all.len() == N_CYCLE && (all[6].reach - 7.0).abs() < 5.0 * all[6].reach_se + 0.05, "{all:?}");
    let plan = plan_seeds(&graph, &Candidates::default(), &PlanSettings { n_seeds: 1, ..PlanSettings::default() });
    let plan = plan.expect("sound");
    assert!(plan.guarantee > 0.6 && plan.reach_low <= 1.985 && plan.best_high >= 1.984, "{plan:?}");
}

#[test]
fn records_that_are_one_cycle_lose_the_last_of_it() {
    let from: Vec<Option<u32>> = (0..7).map(Some).collect();
    let to: Vec<Option<u32>> = (0..7).map(|node| Some((node + 1) % 7)).collect();
    let records =
        Records { n_people: 7, from: &from, to: &to, relations: None, times: None, weights: None, joined: None };
    let made = records.edges(&RecordRules::default()).expect("sound");
    assert_eq!((made.account.n_cycles, made.edges.n_edges()), (1, 6));
}

#[test]
fn a_million_parallel_edges_are_one_likely_step_by_every_kernel() {
    let graph = parallel(N_PARALLEL, 1e-6);
    // One passes with 1 - (1 - 1e-6)^1e6.
    let step = -(1e6 * (-1e-6_f64).ln_1p()).exp_m1();
    let settings = ReachSettings { samples: 1000, ..ReachSettings::default() };
    let cascade = reach(&graph, &settings).expect("sound").nodes[0];
    assert!(cascade.exact && (cascade.reach - 1.0 - step).abs() < 1e-9, "{cascade:?}");
    // Within the mean delay: 1 - (1 - 1e-6 (1 - 1/e))^1e6.
    let timed = timed(&graph, Delay::Exponential { mean_days: 10.0 }, &[10.0, 1e4], 40);
    let want = 2.0 - (-(1.0 - (-1.0_f64).exp())).exp();
    assert!((timed.within(0)[0] - want).abs() < 5.0 * timed.within_se(0)[0], "{timed:?}");
    let plan = plan_seeds(&graph, &Candidates::default(), &PlanSettings { n_seeds: 1, ..PlanSettings::default() });
    let plan = plan.expect("sound");
    assert!(plan.seeds[0].node == 0 && (plan.seeds[0].reach - 1.0 - step).abs() < 0.1, "{plan:?}");
    let own = degrees(&graph)[0];
    assert_eq!((own.n_out, own.n_referred), (N_PARALLEL as u32, 1));
    let single = parallel(1, 0.5);
    let ranks = |graph| page_rank(graph, &PageRankSettings::default()).expect("converges").ranks;
    for (got, want) in ranks(&graph).iter().zip(ranks(&single)) {
        assert!((got - want).abs() < 1e-9, "{got} {want}");
    }
    assert_eq!(core_numbers(&graph), core_numbers(&single));
}

#[test]
fn a_million_parallel_edges_are_more_than_a_threshold_takes_and_counted_as_repeats() {
    let graph = parallel(N_PARALLEL, 0.01);
    let got = threshold_reach(&graph, &ReachSettings::default()).expect("sound");
    assert!(got.nodes[0].exact && (got.nodes[0].reach - 2.0).abs() < 1e-9, "{:?}", got.nodes);
    assert!((got.findings[0].numbers["largest_sum"] - 1e4).abs() < 1e-6, "{:?}", got.findings);
    let (from, to) = (vec![Some(0); N_PARALLEL], vec![Some(1); N_PARALLEL]);
    let records =
        Records { n_people: 2, from: &from, to: &to, relations: None, times: None, weights: None, joined: None };
    for (rule, n_edges) in [(Treatment::Keep, N_PARALLEL), (Treatment::Drop, 1)] {
        let made = records.edges(&RecordRules { repeats: rule, ..RecordRules::default() }).expect("sound");
        assert_eq!((made.account.n_repeats, made.edges.n_edges()), (N_PARALLEL - 1, n_edges));
    }
}

#[test]
fn a_graph_of_self_loops_only_reaches_nobody_else() {
    let edges = EdgeList::from_names([("ann", "ann"), ("bob", "bob")]).expect("both ends are there");
    let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(1.0)).expect("there are edges");
    assert_eq!((graph.n_arcs(), graph.n_self_loops()), (0, 2));
    let findings = graph.findings();
    let [finding] = &findings[..] else { panic!("one finding: {findings:?}") };
    assert_eq!((finding.severity, finding.numbers["n_self_loops"]), (Severity::Warning, 2.0));
    assert!(finding.sentence.starts_with("2 edges lead from a customer back to the same customer"));
    assert!(finding.sentence.contains("There are no others, so nobody reaches anybody else"), "{finding:?}");
    let alone = |reached: super::Reach| assert!(reached.nodes.iter().all(|own| own.exact && own.reach <= 1.0));
    alone(reach(&graph, &ReachSettings::default()).expect("sound"));
    alone(threshold_reach(&graph, &ReachSettings::default()).expect("sound"));
    let timed = timed(&graph, Delay::Generation, &[1.0], 100);
    assert_eq!((timed.within(1), timed.mean_time(1)), ([1.0].as_slice(), None));
    let ranks = page_rank(&graph, &PageRankSettings::default()).expect("converges").ranks;
    assert!(ranks.iter().all(|rank| (rank - 0.5).abs() < 1e-12));
    let plan = plan_seeds(&graph, &Candidates::default(), &PlanSettings { n_seeds: 2, ..PlanSettings::default() });
    assert!((plan.expect("sound").seeds[1].reach - 2.0).abs() < 1e-12);
}

#[test]
fn no_edges_are_refused() {
    let records =
        Records { n_people: 3, from: &[], to: &[], relations: None, times: None, weights: None, joined: None };
    let edges = records.edges(&RecordRules::default()).map(|made| made.edges.n_edges());
    assert!(matches!(edges, Ok(0) | Err(InfluenceError::NoEdges)), "{edges:?}");
    let refused = ReferralGraph::new(EdgeList::new(), &PassingProbability::Uniform(0.5));
    assert_eq!(refused.err(), Some(InfluenceError::NoEdges));
}
