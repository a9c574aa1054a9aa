//! How many customers each customer's word is expected to reach.

use super::edges::check_length;
use super::estimate::Estimate;
use super::exact::ExactReach;
use super::expected::expected_above_root;
use super::joining::Joining;
use super::pendants::Attached;
use super::reverse::{Inward, ReverseSampler};
use super::{InfluenceError, ReferralGraph};
use crate::findings::{Finding, FindingKind, Severity};

/// How reach is estimated where it is not exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReachSettings {
    /// Reverse-reachable sets to draw. Standard errors fall with its square root.
    pub samples: usize,
    /// Stop before that once the standard errors are this share (above 0) of reach, as a root mean square over the
    /// customers whose reach is not exact; `None` draws all samples.
    pub stop_at: Option<f64>,
    /// Seed of the random streams.
    pub seed: u64,
    /// Fewer sets are drawn where these would hold more members than this in all; a finding says so.
    pub members_max: usize,
}

impl Default for ReachSettings {
    fn default() -> Self {
        Self { samples: 1_000_000, stop_at: None, seed: 1, members_max: 1 << 30 }
    }
}

/// Ways of two steps that cost as much as one sample at most.
const PATHS_PER_SAMPLE: usize = 8;
/// Samples per customer that an error of a few per cent needs.
const SAMPLES_PER_NODE: usize = 32;

/// The expected reach of one customer.
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
/// up the way reach nobody new), along cycles, and in small tangles. Whoever is tied to the rest through one customer follows from
/// that one's reach. Elsewhere `reach = own + direct + W / n * count`: `own` is the exact sum over the trees that hang below the
/// customer, those behind who is tied to this one only included; `direct` the exact weight of the roots to whom live edges lead from the
/// customer in one step or, where there are not too many ways, in two at most; `count` what stands for the number of the other
/// sampled sets, out of `n`, that hold the customer further above the root. `W` is the weight from which sets are drawn. But in short rows the
/// customer counts with the probability of the edges by which they may join the set, and not with the toss: the expected count is
/// the same (it is the compensator of the tosses) and varies less. Sets are stratified, one a stratum, so the variance of what they
/// count is taken from strata beside each other: over windows of sets, the squared difference of what those with even and with odd
/// numbers count, which errs on the safe side by how far strata beside each other differ. To every count the variance of two hits more is
/// added, of the largest that one set may bring, so that the error holds for those whom few sets or none have met.
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
/// (2014) and Nguyen and others (2017) for the reverse sets; Cochran (1977), "Sampling techniques", section 5A.12 (strata of one);
/// Agresti and Coull (1998), "Approximate is better than 'exact'", The American Statistician 52(2) (two more).
pub fn reach(graph: &ReferralGraph, settings: &ReachSettings) -> Result<Reach, InfluenceError> {
    reach_of(graph, ExactReach::of(graph), settings)
}

/// Expected value of the customers that each customer's word reaches: [`reach`] in which everybody counts with `values`.
///
/// `values` has one entry per node, at least 0, such as lifetime values in euros; reach, own value included, is in the same
/// unit. Roots of the reverse sets are drawn in proportion to value.
///
/// # Errors
/// As [`reach`]; not one value per node, or one that is negative or not finite.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReachSettings, ReferralGraph, value_reach};
/// let edges = EdgeList::from_names([("ann", "bob")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// let value = value_reach(&graph, &[10.0, 100.0], &ReachSettings::default()).expect("valid");
/// assert_eq!(value.nodes[0].reach, 60.0);
/// ```
pub fn value_reach(graph: &ReferralGraph, values: &[f64], settings: &ReachSettings) -> Result<Reach, InfluenceError> {
    check_values(values, graph.n_nodes())?;
    reach_of(graph, ExactReach::of_worth(graph, values.to_vec()), settings)
}

fn reach_of(graph: &ReferralGraph, exact: ExactReach, settings: &ReachSettings) -> Result<Reach, InfluenceError> {
    check_samples(settings.samples)?;
    check_stop(settings.stop_at)?;
    let n_exact = exact.reach.iter().flatten().count();
    if n_exact == graph.n_nodes() {
        let nodes = exact.reach.iter().flatten().map(|&reach| NodeReach::exact(reach)).collect();
        return Ok(Reach { nodes, n_exact, n_samples: 0, findings: Vec::new() });
    }
    // Whoever lies between a customer without exact reach and those reached is of these, too.
    let needed = reached_from_inexact(&exact);
    let mut is_kept: Vec<bool> =
        exact.reach.iter().zip(&needed).map(|(reach, &needed)| needed || reach.is_none()).collect();
    exact.pendants.iter().for_each(|pendant| is_kept[pendant.node as usize] = false);
    let kept = near_each_other(graph, is_kept);
    let weight = |number: u32| {
        let node = kept[number as usize] as usize;
        if needed[node] { exact.own[node] } else { 0.0 }
    };
    let sampler = ReverseSampler::along(Inward::among(graph, &kept), weight);
    let affordable = sampler.affordable(settings.samples, settings.members_max, settings.seed);
    let joining = Joining::of(sampler.inward(), weight, joining_paths(affordable, kept.len()));
    let known: Vec<f64> =
        kept.iter().zip(&joining.direct).map(|(&node, direct)| exact.own[node as usize] + direct).collect();
    let inexact: Vec<bool> = kept.iter().map(|&node| exact.reach[node as usize].is_none()).collect();
    let attached = attached(&exact, &kept);
    let estimate = Estimate {
        known: &known,
        inexact: &inexact,
        attached: &attached.rows,
        at_once: &joining.at_once,
        total_weight: sampler.total_weight(),
    };
    let counted =
        estimate.count(affordable, settings, |n_sets, seed| expected_above_root(&sampler, &joining, n_sets, seed));
    let mut nodes: Vec<NodeReach> = exact.reach.iter().map(|reach| NodeReach::exact(reach.unwrap_or(0.0))).collect();
    for (number, &node) in kept.iter().enumerate().filter(|&(number, _)| inexact[number]) {
        nodes[node as usize] = estimate.of(number, &counted);
    }
    for (&node, row) in attached.nodes.iter().zip(&attached.rows) {
        nodes[node as usize] = row.reach(estimate.of(row.to as usize, &counted));
    }
    let n_exact = nodes.iter().filter(|node| node.exact).count();
    let mut findings = if counted.n_samples() > 0 { fewer_sets(settings.samples, affordable) } else { Vec::new() };
    findings.extend(estimate.missed(&counted, settings));
    Ok(Reach { nodes, n_exact, n_samples: counted.n_samples(), findings })
}

/// Those kept in the order in which a search from one to those who brought them finds them, so that the members of a set, and the sets
/// of roots one after another, lie near each other in memory.
fn near_each_other(graph: &ReferralGraph, mut is_kept: Vec<bool>) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::with_capacity(is_kept.iter().filter(|&&is_kept| is_kept).count());
    for start in 0..graph.n_nodes() as u32 {
        let mut next = found.len();
        if std::mem::take(&mut is_kept[start as usize]) {
            found.push(start);
        }
        while let Some(&node) = found.get(next) {
            let new = graph.referrers(node).iter().filter(|&&source| std::mem::take(&mut is_kept[source as usize]));
            found.extend(new);
            next += 1;
        }
    }
    found
}

/// Ways of two steps worth going for reach from so many samples between so many customers: a few for each sample, and not more than
/// a stated error could need.
fn joining_paths(n_samples: usize, n_nodes: usize) -> usize {
    PATHS_PER_SAMPLE * n_samples.min(n_nodes.saturating_mul(SAMPLES_PER_NODE))
}

/// The pendants whose reach follows from that of sampled customers.
struct AttachedNodes {
    nodes: Vec<u32>,
    /// To whom of those kept, by number, one row per node.
    rows: Vec<Attached>,
}

fn attached(exact: &ExactReach, kept: &[u32]) -> AttachedNodes {
    let mut attached = AttachedNodes { nodes: Vec::new(), rows: Vec::new() };
    // Places among those kept, and after them among those attached.
    let mut places = vec![u32::MAX; exact.reach.len()];
    kept.iter().zip(0..).for_each(|(&node, place)| places[node as usize] = place);
    // Anchors come first in this order.
    for pendant in exact.pendants.iter().rev().filter(|pendant| exact.reach[pendant.node as usize].is_none()) {
        let anchor = places[pendant.anchor as usize];
        let row = match attached.rows.get((anchor as usize).wrapping_sub(kept.len())) {
            Some(before) => before.carries(pendant.attached(anchor)),
            None => pendant.attached(anchor),
        };
        places[pendant.node as usize] = (kept.len() + attached.rows.len()) as u32;
        attached.nodes.push(pendant.node);
        attached.rows.push(row);
    }
    attached
}

impl Reach {
    /// Share (0-1) of the customers whose reach is exact.
    pub fn exact_share(&self) -> f64 {
        self.n_exact as f64 / self.nodes.len() as f64
    }
}

pub(super) fn check_stop(stop_at: Option<f64>) -> Result<(), InfluenceError> {
    match stop_at {
        Some(value) if !(value.is_finite() && value > 0.0) => {
            Err(InfluenceError::BadSetting { setting: "relative error to stop at", value, range: "above 0" })
        }
        _ => Ok(()),
    }
}

pub(super) fn check_values(values: &[f64], n_nodes: usize) -> Result<(), InfluenceError> {
    check_length("values", values.len(), n_nodes)?;
    match values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
        Some(row) => {
            let (component, value) = ("value", values[row]);
            Err(InfluenceError::BadComponent { component, row: row + 1, value, range: "finite and at least 0" })
        }
        None => Ok(()),
    }
}

impl NodeReach {
    pub(super) fn exact(reach: f64) -> Self {
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
    use crate::influence::estimate::FIRST_LOOK;
    use crate::influence::worlds::{Edge, forests, graph, spread_by_worlds, tiny_graphs};
    use crate::influence::{EdgeList, PassingProbability, SpreadSettings, spread};
    use crate::stats::random::{mix, stream};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use rand::RngCore;

    /// Reach by sampling alone: nothing folded, nothing taken as exact.
    fn sampled(graph: &ReferralGraph, settings: &ReachSettings) -> Vec<NodeReach> {
        let sampler = ReverseSampler::new(graph, |_| 1.0);
        let tallies = sampler.tally(
            settings.samples,
            settings.seed,
            || vec![0_u32; graph.n_nodes()],
            |counts, set| set.members[1..].iter().for_each(|&node| counts[node as usize] += 1),
        );
        let counts = (0..graph.n_nodes()).map(|node| tallies.iter().map(|counts| counts[node]).sum::<u32>());
        let per_set = sampler.total_weight() / settings.samples as f64;
        counts
            .map(|count| {
                let count = f64::from(count);
                NodeReach { reach: 1.0 + per_set * count, reach_se: per_set * count.max(1.0).sqrt(), exact: false }
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
        // Strata beside each other differ, so that the stated error errs on the safe side, but not by much.
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
        // A hub with 400 referrers, half of them likely, whom somebody brings who comes in two ways; behind it two who know each
        // other and 30 who do not.
        for probability in [|place: u32| 0.002 + f64::from(place % 2) * 0.05, |_| 0.02] {
            let mut edges: Vec<Edge> = (1..=400).map(|place| (place, 0, probability(place))).collect();
            edges.extend((1..=400).map(|place| (401, place, 0.5)));
            edges.extend((0..30).map(|place| (0, 402 + place, 0.5)));
            edges.extend([(0, 432, 0.5), (0, 433, 0.5), (432, 433, 0.5)]);
            edges.extend([(434, 401, 0.5), (434, 435, 0.5), (435, 401, 0.5)]);
            let graph = graph(436, &edges);
            let reach = reach(&graph, &settings(200_000)).expect("valid");
            let miss: f64 = (1..=400).map(|place| 1.0 - 0.5 * probability(place)).product();
            let two_ways = 0.5 + 0.5 * 0.25;
            let hub = 1.0 + 15.0 + 0.5 + two_ways;
            let brings_all = 1.0 + 200.0 + (1.0 - miss) * hub;
            for (node, want) in [(401, brings_all), (434, 1.0 + 0.5 + two_ways * brings_all)] {
                let got = reach.nodes[node];
                assert!(!got.exact && (got.reach - want).abs() < 5.0 * got.reach_se, "{node}: {got:?} {want}");
            }
            assert!(reach.nodes[1].exact);
        }
    }

    #[test]
    fn whoever_is_tied_to_one_other_follows_from_that_one() {
        // Behind each third customer of a tangle a chain of two: friends both ways, and one who only came, or only brought.
        let mut random = stream(13, "tangle with tails", 0);
        let mut draw = || (random.next_u64() % 240) as u32;
        let mut edges: Vec<Edge> = (0..960).map(|_| (draw(), draw(), 0.12)).collect();
        for tail in 0..80 {
            let (first, second) = (240 + 2 * tail, 241 + 2 * tail);
            edges.extend([(3 * tail, first, 0.5), (first, 3 * tail, 0.75)]);
            edges.push(if tail % 2 == 0 { (first, second, 0.5) } else { (second, first, 0.5) });
        }
        let graph = graph(400, &edges);
        let reach = reach(&graph, &settings(400_000)).expect("valid");
        let of_tails = reach.nodes[240..].iter().filter(|node| !node.exact).count();
        assert!(of_tails > 60, "{of_tails}");
        for node in (240..400).step_by(7) {
            let forward = spread(&graph, &[node], &SpreadSettings { simulations: 20_000, seed: 3 }).expect("valid");
            let got = reach.nodes[node as usize];
            let gap = (got.reach - forward.mean).abs();
            assert!(gap <= 5.0 * got.reach_se.hypot(forward.std_error) + 1e-12, "node {node}: {got:?} {forward:?}");
        }
    }

    #[test]
    fn what_lies_within_two_steps_of_all_is_exact_in_graphs_of_any_size() {
        // One brings 100, each of whom passes it to the same 100: 1 + 100 p + 100 (1 - (1 - p^2)^100).
        let edges: Vec<Edge> = (1..=100)
            .flat_map(|middle| (101..=200).map(move |last| (middle, last, 0.25)).chain([(0, middle, 0.25)]))
            .collect();
        let reach = reach(&graph(201, &edges), &settings(100_000)).expect("valid");
        let want = 1.0 + 25.0 + 100.0 * (1.0 - 0.9375_f64.powi(100));
        assert!((reach.nodes[0].reach - want).abs() < 1e-10, "{:?} {want}", reach.nodes[0]);
        assert_eq!((reach.nodes[0].exact, reach.n_exact, reach.n_samples), (true, 201, 0));
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
    fn drawing_stops_at_the_stated_error() {
        let graph = random_graph(300, 1200, 0.12);
        // The error stated is the error made, against many more samples. Customers share their sets, so that one run says little.
        let truth = reach(&graph, &settings(4_000_000)).expect("valid");
        let (mut all_stated, mut all_made) = (0.0, 0.0);
        for seed in 50..58 {
            let asked = ReachSettings { stop_at: Some(0.004), seed, ..settings(4_000_000) };
            let stopped = reach(&graph, &asked).expect("valid");
            assert!((FIRST_LOOK..1_000_000).contains(&stopped.n_samples), "{}", stopped.n_samples);
            let inexact = || stopped.nodes.iter().zip(&truth.nodes).filter(|(node, _)| !node.exact);
            let n_inexact = inexact().count() as f64;
            let stated = inexact().map(|(node, _)| (node.reach_se / node.reach).powi(2)).sum::<f64>() / n_inexact;
            assert!(stated.sqrt() <= 0.004 && stopped.findings.is_empty());
            all_stated += stated;
            all_made +=
                inexact().map(|(node, truth)| (node.reach / truth.reach - 1.0).powi(2)).sum::<f64>() / n_inexact;
        }
        let ratio = (all_made / all_stated).sqrt();
        assert!((0.6..1.1).contains(&ratio), "{ratio}");
        // Too few samples for it are said so.
        let short = reach(&graph, &ReachSettings { stop_at: Some(0.0004), ..settings(20_000) }).expect("valid");
        assert!(short.findings[0].sentence.contains("above the 0.0004 asked for"), "{:?}", short.findings);
        let bad = ReachSettings { stop_at: Some(0.0), ..settings(10) };
        assert!(matches!(reach(&graph, &bad), Err(InfluenceError::BadSetting { .. })));
    }

    #[test]
    fn values_weigh_what_is_reached_and_add_up_over_customers() {
        // Reach is linear in values: the values of one half and of the other half give together that of all.
        let graph = random_graph(200, 700, 0.2);
        let values: Vec<f64> = (0..200).map(|node| f64::from(node % 7) * 3.0).collect();
        let half = |odd: bool| {
            values.iter().enumerate().map(move |(node, &value)| if (node % 2 == 1) == odd { value } else { 0.0 })
        };
        let of = |values: Vec<f64>| value_reach(&graph, &values, &settings(400_000)).expect("valid").nodes;
        let (all, odd, even) = (of(values.clone()), of(half(true).collect()), of(half(false).collect()));
        for node in 0..200 {
            let gap = all[node].reach - odd[node].reach - even[node].reach;
            let error = (all[node].reach_se.powi(2) + odd[node].reach_se.powi(2) + even[node].reach_se.powi(2)).sqrt();
            assert!(gap.abs() <= 5.0 * error + 1e-9, "{node}: {gap} {error}");
        }
        assert!(matches!(value_reach(&graph, &[1.0], &settings(1)), Err(InfluenceError::Length { .. })));
        let mut bad = values;
        bad[3] = -1.0;
        assert!(matches!(value_reach(&graph, &bad, &settings(1)), Err(InfluenceError::BadComponent { row: 4, .. })));
    }

    #[test]
    fn the_value_of_a_diamond_by_hand() {
        // Node 3 is reached with 1 - (1 - 1/4)^2 = 7/16, nodes 1 and 2 with one half each.
        let diamond = graph(4, &[(0, 1, 0.5), (0, 2, 0.5), (1, 3, 0.5), (2, 3, 0.5)]);
        let got = value_reach(&diamond, &[0.0, 10.0, 20.0, 160.0], &settings(10)).expect("valid");
        assert_eq!((got.nodes[0].reach, got.nodes[3].reach, got.exact_share()), (5.0 + 10.0 + 70.0, 160.0, 1.0));
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
        fn expected_joinings_agree_with_all_worlds((n_nodes, edges) in tiny_graphs(), seed in any::<u64>()) {
            let graph = graph(n_nodes, &edges);
            let sampler = ReverseSampler::new(&graph, |_| 1.0);
            let per_set = sampler.total_weight() / 20_000.0;
            // One step without a sample, two steps to some, and two steps to all.
            for paths_max in [0, 3, usize::MAX] {
                let joining = Joining::of(sampler.inward(), |_| 1.0, paths_max);
                let counts = expected_above_root(&sampler, &joining, 20_000, mix(seed));
                for (node, count) in counts.iter().enumerate() {
                    let got = 1.0 + joining.direct[node] + per_set * count.sum;
                    let want = spread_by_worlds(n_nodes, &edges, &[node as u32]);
                    prop_assert!(count.sum <= 0.0 || joining.at_once[node] > 0.0);
                    let error = per_set * count.scatter.max(joining.at_once[node].powi(2)).sqrt();
                    prop_assert!((got - want).abs() <= 5.0 * error + 1e-6, "node {}: {} {} {}", node, got, want, error);
                }
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
