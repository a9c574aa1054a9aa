//! How many customers each customer's word is expected to reach.

use super::exact::ExactReach;
use super::reverse::ReverseSampler;
use super::{InfluenceError, ReferralGraph};
use crate::findings::{Finding, FindingKind, Severity};

/// How reach is estimated where it is not exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReachSettings {
    /// Reverse-reachable sets to draw. Standard errors fall with its square root.
    pub samples: usize,
    /// Seed of the random streams.
    pub seed: u64,
    /// Fewer sets are drawn where these would hold more members than this in all; a finding says so.
    pub members_max: usize,
}

impl Default for ReachSettings {
    fn default() -> Self {
        Self { samples: 1_000_000, seed: 1, members_max: 1 << 30 }
    }
}

/// The expected reach of one customer under the independent cascade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeReach {
    /// Expected customers reached, the customer included.
    pub reach: f64,
    /// Standard error from sampling; 0 where exact.
    pub reach_se: f64,
    /// Whether reach is exact.
    pub exact: bool,
}

/// The expected reach of every customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// One entry per node, in order.
    pub nodes: Vec<NodeReach>,
    /// Customers whose reach is exact.
    pub n_exact: usize,
    /// Reverse-reachable sets drawn for the others.
    pub n_samples: usize,
    /// What a reader must know beside the figures.
    pub findings: Vec<Finding>,
}

/// Expected reach of every customer under the independent cascade.
///
/// The word starts at one customer; each edge out of a customer whom it reached passes it on once, independently, with
/// the edge's probability. Reach is the expected number of customers reached, the first one included.
///
/// Reach is exact where everybody a customer can reach has one way in (`reach(u) = 1 + sum p * reach(child)`, edges back
/// up the way reach nobody new), along cycles, and in small tangles. Elsewhere `reach = own + direct + W / n * count`:
/// `own` is the exact sum over the trees that hang below the customer; `direct` the exact weight of the roots whose
/// first live edge comes from the customer; `count` the number of the other sampled sets, out of `n`, that hold the
/// customer above the root. `W` is the weight from which sets are drawn. The standard error is the binomial one of
/// `count`; sets are stratified, so it errs on the safe side. A count of zero is given the error of a count of one.
///
/// Same settings, same bytes, for any number of threads.
///
/// # Errors
/// No samples.
///
/// # Example
/// A chain of two coins: `1 + 0.5 + 0.25`.
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReachSettings, ReferralGraph, reach};
/// let edges = EdgeList::from_names([("ann", "bob"), ("bob", "cid")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// let reach = reach(&graph, &ReachSettings::default()).expect("valid settings");
/// assert_eq!((reach.nodes[0].reach, reach.nodes[0].exact), (1.75, true));
/// ```
///
/// # References
/// Kempe, Kleinberg and Tardos (2003), "Maximizing the spread of influence through a social network"; Borgs and others
/// (2014) and Nguyen and others (2017) for the reverse sets.
pub fn reach(graph: &ReferralGraph, settings: &ReachSettings) -> Result<Reach, InfluenceError> {
    check_samples(settings.samples)?;
    let exact = ExactReach::of(graph);
    let n_exact = exact.reach.iter().flatten().count();
    if n_exact == graph.n_nodes() {
        let nodes = exact.reach.iter().flatten().map(|&reach| NodeReach::exact(reach)).collect();
        return Ok(Reach { nodes, n_exact, n_samples: 0, findings: Vec::new() });
    }
    let needed = reached_from_inexact(&exact);
    let weight = |node: u32| if needed[node as usize] { exact.own[node as usize] } else { 0.0 };
    let sampler = ReverseSampler::new(graph, weight);
    let n_samples = sampler.affordable(settings.samples, settings.members_max, settings.seed);
    let counts = count_above_root(&sampler, graph.n_nodes(), n_samples, settings.seed);
    let direct = sampler.direct_weight();
    let per_set = sampler.total_weight() / n_samples as f64;
    let nodes = (exact.reach.iter().enumerate()).map(|(node, reach)| match reach {
        Some(reach) => NodeReach::exact(*reach),
        None => {
            let count = f64::from(counts[node]);
            let variance = count.max(1.0) * (1.0 - count / n_samples as f64).max(0.0);
            let reach = exact.own[node] + direct[node] + per_set * count;
            NodeReach { reach, reach_se: per_set * variance.sqrt(), exact: false }
        }
    });
    let nodes = nodes.collect();
    Ok(Reach { nodes, n_exact, n_samples, findings: fewer_sets(settings.samples, n_samples) })
}

impl NodeReach {
    fn exact(reach: f64) -> Self {
        Self { reach, reach_se: 0.0, exact: true }
    }
}

pub(super) fn check_samples(samples: usize) -> Result<(), InfluenceError> {
    if (1..u32::MAX as usize).contains(&samples) {
        Ok(())
    } else {
        Err(InfluenceError::BadSetting { setting: "samples", value: samples as f64, range: "1 to 4294967294" })
    }
}

/// The core nodes that some node without exact reach can reach: only these are needed as roots.
fn reached_from_inexact(exact: &ExactReach) -> Vec<bool> {
    let mut reached = vec![false; exact.own.len()];
    let mut pending: Vec<u32> =
        (0..exact.own.len() as u32).filter(|&node| exact.reach[node as usize].is_none()).collect();
    while let Some(node) = pending.pop() {
        for arc in exact.core.row(node) {
            if !std::mem::replace(&mut reached[arc.node as usize], true) {
                pending.push(arc.node);
            }
        }
    }
    reached
}

/// For each node the number of sets that hold it, other than as the root or as the source of its first live edge.
fn count_above_root(sampler: &ReverseSampler<'_>, n_nodes: usize, n_samples: usize, seed: u64) -> Vec<u32> {
    let tallies = sampler.tally(
        n_samples,
        seed,
        || vec![0_u32; n_nodes],
        |counts, set| set.members[2..].iter().for_each(|&node| counts[node as usize] += 1),
    );
    let add = |mut total: Vec<u32>, counts: Vec<u32>| {
        total.iter_mut().zip(&counts).for_each(|(total, count)| *total += count);
        total
    };
    tallies.into_iter().reduce(add).unwrap_or_default()
}

pub(super) fn fewer_sets(wanted: usize, drawn: usize) -> Vec<Finding> {
    if drawn >= wanted {
        return Vec::new();
    }
    let sentence = format!(
        "Of the {wanted} samples asked for {drawn} were drawn, because each holds a large part of the graph; the standard \
         errors say what that is worth."
    );
    let finding = Finding::new(FindingKind::Unreliable, Severity::Note, "reach", sentence);
    vec![finding.number("n_samples", drawn as f64).number("n_samples_wanted", wanted as f64)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, forests, graph, spread_by_worlds, tiny_graphs};
    use crate::influence::{EdgeList, PassingProbability, SpreadSettings, spread};
    use crate::stats::random::{mix, stream};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use rand::RngCore;

    /// Reach by sampling alone: nothing folded, nothing taken as exact.
    fn sampled(graph: &ReferralGraph, settings: &ReachSettings) -> Vec<NodeReach> {
        let sampler = ReverseSampler::new(graph, |_| 1.0);
        let counts = count_above_root(&sampler, graph.n_nodes(), settings.samples, settings.seed);
        let direct = sampler.direct_weight();
        let per_set = sampler.total_weight() / settings.samples as f64;
        counts
            .iter()
            .zip(direct)
            .map(|(&count, direct)| {
                let count = f64::from(count);
                NodeReach {
                    reach: 1.0 + direct + per_set * count,
                    reach_se: per_set * count.max(1.0).sqrt(),
                    exact: false,
                }
            })
            .collect()
    }

    fn random_graph(n_nodes: u32, n_edges: usize, probability: f64) -> ReferralGraph {
        let mut random = stream(11, "test graph", u64::from(n_nodes));
        let mut draw = || (random.next_u64() % u64::from(n_nodes)) as u32;
        let edges: Vec<Edge> = (0..n_edges).map(|_| (draw(), draw(), probability)).collect();
        graph(n_nodes as usize, &edges)
    }

    fn settings(samples: usize) -> ReachSettings {
        ReachSettings { samples, ..ReachSettings::default() }
    }

    #[test]
    fn samples_agree_with_forward_simulation_on_a_tangled_graph() {
        let graph = random_graph(300, 1200, 0.12);
        let reach = reach(&graph, &settings(400_000)).expect("valid");
        assert!(reach.n_exact < 100, "{} exact", reach.n_exact);
        for node in (0..300).step_by(10) {
            let forward = spread(&graph, &[node], &SpreadSettings { simulations: 20_000, seed: 3 }).expect("valid");
            let got = reach.nodes[node as usize];
            let gap = (got.reach - forward.mean).abs();
            assert!(gap <= 5.0 * got.reach_se.hypot(forward.std_error) + 1e-12, "node {node}: {got:?} {forward:?}");
        }
    }

    #[test]
    fn standard_errors_are_honest_and_fall_with_the_root_of_samples() {
        let graph = random_graph(200, 700, 0.2);
        let truth = reach(&graph, &settings(4_000_000)).expect("valid");
        let few: Vec<Reach> = (0..20)
            .map(|seed| reach(&graph, &ReachSettings { seed: 100 + seed, ..settings(20_000) }).expect("valid"))
            .collect();
        let mut scores = Vec::new();
        for (node, truth) in truth.nodes.iter().enumerate().filter(|(_, truth)| !truth.exact) {
            for few in &few {
                let got = few.nodes[node];
                assert!(got.reach_se > 5.0 * truth.reach_se, "{got:?} {truth:?}");
                scores.push((got.reach - truth.reach) / got.reach_se);
            }
        }
        let spread = (scores.iter().map(|score| score * score).sum::<f64>() / scores.len() as f64).sqrt();
        // Stratification makes the stated error err on the safe side, but not by much.
        assert!((0.6..1.05).contains(&spread), "{spread} over {}", scores.len());
    }

    #[test]
    fn reach_sums_to_the_mean_size_of_a_reverse_set() {
        // n times the mean size of the reverse set of a random root, by forward simulation of the turned graph.
        let mut random = stream(5, "turned", 0);
        let edges: Vec<Edge> =
            (0..600).map(|_| ((random.next_u64() % 150) as u32, (random.next_u64() % 150) as u32, 0.15)).collect();
        let turned: Vec<Edge> = edges.iter().map(|&(from, to, probability)| (to, from, probability)).collect();
        let reach = reach(&graph(150, &edges), &settings(300_000)).expect("valid");
        let turned = graph(150, &turned);
        let (mut sum, mut variance) = (0.0, 0.0);
        for root in 0..150 {
            let size = spread(&turned, &[root], &SpreadSettings { simulations: 4000, seed: 8 }).expect("valid");
            sum += size.mean;
            variance += size.std_error.powi(2);
        }
        let total: f64 = reach.nodes.iter().map(|node| node.reach).sum();
        // Errors of nodes are positively correlated: at worst they add up.
        let reach_se: f64 = reach.nodes.iter().map(|node| node.reach_se).sum();
        assert!((total - sum).abs() < 4.0 * variance.sqrt() + reach_se, "{total} {sum}");
        assert!((total / sum - 1.0).abs() < 0.02, "{total} {sum}");
    }

    #[test]
    fn renaming_customers_changes_nothing_beyond_noise() {
        let n_nodes = 200_u32;
        let mut random = stream(2, "names", 0);
        let mut draw = || (random.next_u64() % u64::from(n_nodes)) as u32;
        let edges: Vec<Edge> = (0..800).map(|_| (draw(), draw(), 0.15)).collect();
        let other = |node: u32| (node * 77 + 5) % n_nodes;
        let renamed: Vec<Edge> = edges.iter().rev().map(|&(from, to, p)| (other(from), other(to), p)).collect();
        let first = reach(&graph(200, &edges), &settings(500_000)).expect("valid");
        let second = reach(&graph(200, &renamed), &settings(500_000)).expect("valid");
        assert_eq!(first.n_exact, second.n_exact);
        for node in 0..n_nodes {
            let (first, second) = (first.nodes[node as usize], second.nodes[other(node) as usize]);
            assert_eq!(first.exact, second.exact);
            let error = first.reach_se.hypot(second.reach_se) + 1e-12 * first.reach;
            assert!((first.reach - second.reach).abs() < 5.0 * error, "{first:?} {second:?}");
        }
    }

    #[test]
    fn one_and_four_threads_give_the_same_bytes() {
        let graph = random_graph(500, 2000, 0.15);
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            pool.install(|| reach(&graph, &settings(50_000)).expect("valid"))
        };
        let (one, four) = (run(1), run(4));
        let bits = |reach: &Reach| -> Vec<[u64; 2]> {
            reach.nodes.iter().map(|node| [node.reach.to_bits(), node.reach_se.to_bits()]).collect()
        };
        assert_eq!(bits(&one), bits(&four));
    }

    #[test]
    fn long_rows_with_one_and_with_many_probabilities_are_sampled_alike() {
        // A hub with 400 referrers, half of them likely, and a way around it that keeps reach from being exact.
        for probability in [|place: u32| 0.002 + f64::from(place % 2) * 0.05, |_| 0.02] {
            let mut edges: Vec<Edge> = (1..=400).map(|place| (place, 0, probability(place))).collect();
            edges.extend((1..=400).map(|place| (401, place, 0.5)));
            edges.extend((0..30).map(|place| (0, 402 + place, 0.5)));
            let graph = graph(432, &edges);
            let reach = reach(&graph, &settings(200_000)).expect("valid");
            let miss: f64 = (1..=400).map(|place| 1.0 - 0.5 * probability(place)).product();
            let want = 1.0 + 200.0 + (1.0 - miss) * 16.0;
            let got = reach.nodes[401];
            assert!(!got.exact && (got.reach - want).abs() < 5.0 * got.reach_se, "{got:?} {want}");
            assert!(reach.nodes[1].exact);
        }
    }

    #[test]
    fn costly_sets_are_fewer_and_a_finding_says_so() {
        let graph = random_graph(2000, 20_000, 0.9);
        let settings = ReachSettings { members_max: 1_000_000, ..settings(100_000) };
        let reach = reach(&graph, &settings).expect("valid");
        assert!((400..700).contains(&reach.n_samples), "{}", reach.n_samples);
        assert_eq!(reach.findings.len(), 1);
    }

    #[test]
    fn no_samples_are_refused() {
        let graph = random_graph(10, 20, 0.5);
        assert!(matches!(reach(&graph, &settings(0)), Err(InfluenceError::BadSetting { .. })));
    }

    #[test]
    fn customers_without_referrals_reach_themselves() {
        let mut edges = EdgeList::from_names([("a", "b")]).expect("valid");
        edges.add_customer("c");
        let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
        let nodes = reach(&graph, &settings(10)).expect("valid").nodes;
        assert_eq!(nodes.iter().map(|node| node.reach).collect::<Vec<_>>(), [1.5, 1.0, 1.0]);
    }

    proptest! {
        // A statistical claim is held on fixed cases, so that it does not fail by chance one day.
        #![proptest_config(ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn samples_agree_with_all_worlds((n_nodes, edges) in tiny_graphs(), seed in any::<u64>()) {
            let graph = graph(n_nodes, &edges);
            let settings = ReachSettings { seed: mix(seed), ..settings(20_000) };
            for (node, got) in sampled(&graph, &settings).iter().enumerate() {
                let want = spread_by_worlds(n_nodes, &edges, &[node as u32]);
                prop_assert!((got.reach - want).abs() <= 5.0 * got.reach_se + 1e-9, "node {}: {:?} {}", node, got, want);
            }
        }

        #[test]
        fn forests_need_no_samples((n_nodes, edges) in forests(60)) {
            let reach = reach(&graph(n_nodes, &edges), &settings(1)).expect("valid");
            prop_assert_eq!((reach.n_exact, reach.n_samples), (n_nodes, 0));
            // A leaf reaches itself.
            for node in 0..n_nodes as u32 {
                if edges.iter().all(|edge| edge.0 != node) {
                    prop_assert_eq!(reach.nodes[node as usize].reach, 1.0);
                }
            }
        }
    }
}
