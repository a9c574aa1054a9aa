//! Whom to start with: the set of customers that together reach the most.

use super::exact::ExactReach;
use super::forest_seeds::ForestSeeds;
use super::reach::{check_samples, fewer_sets};
use super::reverse::{ReverseSampler, ReverseSets};
use super::settled::{AloneReach, Parts, SeedGain, SeedParts, SettledSeeds};
use super::{InfluenceError, ReferralGraph};
use crate::findings::{Finding, FindingKind, Severity};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How seeds are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeedSettings {
    /// Seeds wanted; fewer where there are not so many customers, or where nobody else adds anything.
    pub n_seeds: usize,
    /// Reverse-reachable sets to choose by, and as many fresh ones to judge the choice by.
    pub samples: usize,
    /// Seed of the random streams.
    pub seed: u64,
    /// Fewer sets are drawn where these would hold more members than this in all; a finding says so.
    pub members_max: usize,
}

impl Default for SeedSettings {
    fn default() -> Self {
        Self { n_seeds: 10, samples: 1_000_000, seed: 1, members_max: 1 << 27 }
    }
}

/// One chosen customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seed {
    /// The customer.
    pub node: u32,
    /// Expected customers that this seed adds to the ones before it.
    pub gain: f64,
    /// Standard error of the gain from sampling; 0 where exact.
    pub gain_se: f64,
    /// Expected customers that this seed and those before it reach.
    pub reach: f64,
    /// Standard error of that reach from sampling; 0 where exact.
    pub reach_se: f64,
}

/// The seeds in the order chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seeds {
    /// One entry per seed.
    pub seeds: Vec<Seed>,
    /// Reverse-reachable sets drawn to choose by; 0 where all gains are exact.
    pub n_samples: usize,
    /// What a reader must know beside the figures.
    pub findings: Vec<Finding>,
}

/// Chooses seeds one by one, each the customer who adds most to those before (ties: the lower number), until there are as many
/// as wanted or nobody adds anything; a finding says how many places are not used then.
///
/// Gains are exact in trees, and wherever a customer with exact reach is the first seed of a connected part; once everybody of a part
/// is a seed, what they reach together is exact as well. Elsewhere
/// the choice is made by the coverage of reverse-reachable sets; the gains reported come from as many fresh sets, so
/// they are not flattered by the choice. Under the independent cascade the greedy choice reaches at least `1 - 1/e` of
/// what the best set would, up to sampling error.
///
/// # Errors
/// No samples.
///
/// # References
/// Kempe, Kleinberg and Tardos (2003); Leskovec and others (2007), "Cost-effective outbreak detection in networks" (lazy
/// evaluation); Tang, Tang, Xiao and Yuan (2018), "Online processing algorithms for influence maximization" (fresh sets
/// to judge by).
pub fn greedy_seeds(graph: &ReferralGraph, settings: &SeedSettings) -> Result<Seeds, InfluenceError> {
    check_samples(settings.samples)?;
    let exact = ExactReach::of(graph);
    let forest = ForestSeeds::of(graph, &exact);
    let sampler = ReverseSampler::new(graph, |node| if forest.holds(node) { 0.0 } else { 1.0 });
    let drawn = sampler.total_weight() > 0.0;
    let n_samples = if drawn { sampler.affordable(settings.samples, settings.members_max, settings.seed) } else { 0 };
    let coverage = Coverage::of(graph, &sampler, n_samples, settings.seed);
    let parts = Parts::of(graph, &forest);
    let outside = (0..graph.n_nodes() as u32).filter(|&node| !forest.holds(node));
    let seed_parts = SeedParts::of(&parts, outside, std::iter::empty(), AloneReach::known(&exact), &|_| 1.0);
    let mut greedy = Greedy { exact: &exact, parts: &parts, has_seed: vec![false; graph.n_nodes()], forest, coverage };
    let chosen = greedy.choose(settings.n_seeds);
    let seeds = judged(&chosen, graph, &sampler, n_samples, settings.seed, seed_parts.account());
    let mut findings = if drawn { fewer_sets(settings.samples, n_samples) } else { Vec::new() };
    let why = match (seeds.len() == graph.n_nodes(), n_samples) {
        (true, _) => "there are no other customers".to_owned(),
        (false, 0) => "nobody else adds anything: the seeds reach all others for certain".to_owned(),
        (false, _) => format!("nobody else adds anything to what the seeds reach, as far as {n_samples} samples tell"),
    };
    findings.extend(unused_places(seeds.len(), settings.n_seeds, &why));
    Ok(Seeds { seeds, n_samples, findings })
}

/// That fewer are chosen than were asked for, and why.
pub(super) fn unused_places(n_used: usize, n_places: usize, why: &str) -> Option<Finding> {
    let n_unused = n_places.checked_sub(n_used).filter(|&n_unused| n_unused > 0)?;
    let are = if n_unused == 1 { "is" } else { "are" };
    let sentence = format!("{n_unused} of {n_places} places {are} not used: {why}.");
    let finding = Finding::new(FindingKind::PlacesUnused, Severity::Note, "seeds", sentence);
    Some(finding.number("n_unused", n_unused as f64).number("n_places", n_places as f64))
}

/// A seed with its gain where it is in a tree.
struct Chosen {
    node: u32,
    tree_gain: Option<f64>,
}

/// A seed that may be chosen next, by its gain when last looked at.
struct Candidate {
    gain: f64,
    node: Reverse<u32>,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.gain.total_cmp(&other.gain).then(self.node.cmp(&other.node))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

struct Greedy<'graph> {
    exact: &'graph ExactReach,
    parts: &'graph Parts,
    /// By the node that stands for a part, whether there is a seed in it.
    has_seed: Vec<bool>,
    forest: ForestSeeds<'graph>,
    coverage: Coverage,
}

impl Greedy<'_> {
    /// Gains only fall as seeds are added, so a candidate whose gain still leads after a second look is the best, and if that
    /// one adds nothing, nobody does.
    fn choose(&mut self, n_seeds: usize) -> Vec<Chosen> {
        let n_nodes = self.exact.own.len();
        let candidate = |node| Candidate { gain: self.gain(node), node: Reverse(node) };
        let mut heap: BinaryHeap<Candidate> = (0..n_nodes as u32).map(candidate).collect();
        let mut chosen = Vec::with_capacity(n_seeds.min(n_nodes));
        while chosen.len() < n_seeds
            && let Some(top) = heap.pop()
        {
            let node = top.node.0;
            let again = Candidate { gain: self.gain(node), node: top.node };
            if heap.peek().is_some_and(|next| again < *next) {
                heap.push(again);
                continue;
            }
            if again.gain <= 0.0 {
                break;
            }
            let is_in_tree = self.forest.holds(node);
            if is_in_tree {
                self.forest.choose(node);
            } else {
                self.coverage.choose(node);
                self.has_seed[self.parts.of_node(node) as usize] = true;
            }
            chosen.push(Chosen { node, tree_gain: is_in_tree.then_some(again.gain) });
        }
        chosen
    }

    fn gain(&self, node: u32) -> f64 {
        if self.forest.holds(node) {
            return self.forest.gain(node);
        }
        match self.exact.reach[node as usize] {
            Some(reach) if !self.has_seed[self.parts.of_node(node) as usize] => reach,
            _ => self.coverage.gain(node),
        }
    }
}

/// Sampled sets that no seed covers yet, and how many of them each node would cover.
struct Coverage {
    sets: ReverseSets,
    /// The sets of node `node` are `set_numbers[starts[node]..starts[node + 1]]`.
    starts: Vec<usize>,
    set_numbers: Vec<u32>,
    covered: Vec<bool>,
    uncovered: Vec<u32>,
    per_set: f64,
    /// Probability that no edge into the node is live; such worlds are never drawn.
    alone: Vec<f64>,
}

impl Coverage {
    fn of(graph: &ReferralGraph, sampler: &ReverseSampler<'_>, n_samples: usize, seed: u64) -> Self {
        let n_nodes = graph.n_nodes();
        let sets = sampler.collect(n_samples, seed);
        let mut uncovered = vec![0_u32; n_nodes];
        for &node in sets.members() {
            uncovered[node as usize] += 1;
        }
        let mut starts = vec![0_usize; n_nodes + 1];
        for (node, &count) in uncovered.iter().enumerate() {
            starts[node + 1] = starts[node] + count as usize;
        }
        let mut next = starts.clone();
        let mut set_numbers = vec![0; sets.members().len()];
        for set in 0..sets.len() {
            for &node in sets.set(set) {
                set_numbers[next[node as usize]] = set as u32;
                next[node as usize] += 1;
            }
        }
        let per_set = sampler.total_weight() / n_samples.max(1) as f64;
        let covered = vec![false; sets.len()];
        Self { sets, starts, set_numbers, covered, uncovered, per_set, alone: alone(graph) }
    }

    fn gain(&self, node: u32) -> f64 {
        self.alone[node as usize] + self.per_set * f64::from(self.uncovered[node as usize])
    }

    fn choose(&mut self, node: u32) {
        for place in self.starts[node as usize]..self.starts[node as usize + 1] {
            let set = self.set_numbers[place] as usize;
            if !std::mem::replace(&mut self.covered[set], true) {
                for &member in self.sets.set(set) {
                    self.uncovered[member as usize] -= 1;
                }
            }
        }
    }
}

/// For each node the probability that no edge into it is live.
pub(super) fn alone(graph: &ReferralGraph) -> Vec<f64> {
    let none_live =
        |node: u32| graph.inward.range(node).map(|place| 1.0 - graph.inward_probability(node, place)).product::<f64>();
    (0..graph.n_nodes() as u32).map(none_live).collect()
}

/// The seeds with gains that are exact, in trees or as `settled` has it, or come from fresh sets: each set counts for the first
/// seed that covers it.
fn judged(
    chosen: &[Chosen],
    graph: &ReferralGraph,
    sampler: &ReverseSampler<'_>,
    n_samples: usize,
    seed: u64,
    mut settled: SettledSeeds<'_>,
) -> Vec<Seed> {
    let mut order = vec![u32::MAX; graph.n_nodes()];
    for (place, seed) in chosen.iter().enumerate() {
        order[seed.node as usize] = place as u32;
    }
    // The last entry counts the sets that no seed covers.
    let n_chosen = chosen.len();
    let tallies = sampler.tally(
        n_samples,
        crate::stats::random::mix(seed),
        || vec![0_u32; n_chosen + 1],
        |counts, set| {
            let first = set.members.iter().map(|&node| order[node as usize]).min();
            counts[first.map_or(n_chosen, |first| first as usize).min(n_chosen)] += 1;
        },
    );
    let per_set = sampler.total_weight() / n_samples.max(1) as f64;
    let alone = alone(graph);
    // Binomial; where none or all of the sets are covered, one that was not seen may be otherwise.
    let n_sets = n_samples.max(1) as f64;
    let std_error = |count: f64| per_set * (count.max(1.0) * (n_sets - count).max(1.0) / n_sets).sqrt();
    let mut reach = 0.0;
    let mut seeds = Vec::with_capacity(n_chosen);
    for (place, &Chosen { node, tree_gain }) in chosen.iter().enumerate() {
        let SeedGain { gain, counted } = match tree_gain {
            Some(gain) => SeedGain { gain, counted: None },
            None => {
                let count: f64 = tallies.iter().map(|counts| f64::from(counts[place])).sum();
                settled.take(node, alone[node as usize] + per_set * count, count)
            }
        };
        reach += gain;
        let gain_se = counted.map_or(0.0, std_error);
        seeds.push(Seed { node, gain, gain_se, reach, reach_se: settled.counted().map_or(0.0, std_error) });
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, forests, graph, spread_by_worlds};
    use crate::influence::{ReachSettings, SpreadSettings, reach, spread};
    use crate::stats::random::stream;
    use proptest::prelude::*;
    use rand::RngCore;

    fn settings(n_seeds: usize, samples: usize) -> SeedSettings {
        SeedSettings { n_seeds, samples, ..SeedSettings::default() }
    }

    fn tangled() -> ReferralGraph {
        let mut random = stream(4, "tangled", 0);
        let mut draw = || (random.next_u64() % 200) as u32;
        let edges: Vec<Edge> = (0..700).map(|_| (draw(), draw(), 0.15)).collect();
        graph(200, &edges)
    }

    #[test]
    fn the_hand_made_tree_gives_its_seeds() {
        // 0 -> 1 -> 2 and 3 -> 4, all with one half: 0 reaches 1.75; then 3 adds 1.5; then 1, whom 0 reaches
        // with 1/2, adds half of 1.5.
        let graph = graph(5, &[(0, 1, 0.5), (1, 2, 0.5), (3, 4, 0.5)]);
        let chosen = greedy_seeds(&graph, &settings(3, 100)).expect("valid");
        let shown: Vec<(u32, f64, f64)> = chosen.seeds.iter().map(|seed| (seed.node, seed.gain, seed.reach)).collect();
        assert_eq!(shown, [(0, 1.75, 1.75), (3, 1.5, 3.25), (1, 0.75, 4.0)]);
        assert_eq!(chosen.n_samples, 0);
    }

    #[test]
    fn the_first_seed_has_its_exact_reach_where_there_is_one() {
        let diamond = graph(5, &[(0, 1, 0.5), (0, 2, 0.5), (1, 3, 0.5), (2, 3, 0.5)]);
        let seeds = greedy_seeds(&diamond, &settings(2, 50_000)).expect("valid").seeds;
        assert_eq!((seeds[0].node, seeds[0].reach, seeds[0].reach_se), (0, 2.4375, 0.0));
        assert_eq!((seeds[1].node, seeds[1].gain, seeds[1].gain_se), (4, 1.0, 0.0));
    }

    #[test]
    fn reach_of_sampled_seeds_agrees_with_forward_simulation() {
        let graph = tangled();
        let seeds = greedy_seeds(&graph, &settings(12, 200_000)).expect("valid").seeds;
        let nodes: Vec<u32> = seeds.iter().map(|seed| seed.node).collect();
        for n_seeds in [1, 2, 5, 12] {
            let forward = SpreadSettings { simulations: 20_000, seed: 9 };
            let forward = spread(&graph, &nodes[..n_seeds], &forward).expect("valid");
            let got = seeds[n_seeds - 1];
            let gap = (got.reach - forward.mean).abs();
            assert!(gap < 5.0 * got.reach_se.hypot(forward.std_error), "{got:?} {forward:?}");
        }
        let alone = reach(&graph, &ReachSettings::default()).expect("valid");
        let best = alone.nodes.iter().map(|node| node.reach).fold(0.0, f64::max);
        let first = alone.nodes[seeds[0].node as usize];
        assert!(best - first.reach < 5.0 * first.reach_se, "{first:?} {best}");
    }

    #[test]
    fn more_seeds_never_reach_less_and_all_customers_reach_all() {
        let graph = tangled();
        let seeds = greedy_seeds(&graph, &settings(1000, 20_000)).expect("valid").seeds;
        assert_eq!(seeds.len(), 200);
        assert!(seeds.iter().all(|seed| seed.gain >= 0.0));
        assert!((seeds[199].reach - 200.0).abs() < 5.0 * seeds[199].reach_se + 1e-9, "{:?}", seeds[199]);
        let mut nodes: Vec<u32> = seeds.iter().map(|seed| seed.node).collect();
        nodes.sort_unstable();
        assert!(nodes.into_iter().eq(0..200));
    }

    #[test]
    fn seeds_that_add_nothing_are_not_chosen() {
        // 0 brings 1 and 2 for certain, 3 brings 4 with one half: 3, then 1.5, then the half that 3 does not bring.
        let tree = graph(5, &[(0, 1, 1.0), (1, 2, 1.0), (3, 4, 0.5)]);
        let chosen = greedy_seeds(&tree, &settings(5, 100)).expect("valid");
        let shown: Vec<(u32, f64, f64)> = chosen.seeds.iter().map(|seed| (seed.node, seed.gain, seed.reach)).collect();
        assert_eq!(shown, [(0, 3.0, 3.0), (3, 1.5, 4.5), (4, 0.5, 5.0)]);
        let [finding] = &chosen.findings[..] else { panic!("one finding: {:?}", chosen.findings) };
        assert_eq!(
            (finding.kind, finding.numbers["n_unused"], finding.numbers["n_places"]),
            (FindingKind::PlacesUnused, 2.0, 5.0)
        );
        assert_eq!(chosen.n_samples, 0);
        // Two who bring each other and a third one for certain, by more ways than one: no forest.
        let tangle = graph(3, &[(0, 1, 1.0), (1, 0, 1.0), (0, 2, 1.0), (1, 2, 1.0)]);
        let chosen = greedy_seeds(&tangle, &settings(2, 1000)).expect("valid");
        assert_eq!(chosen.seeds.iter().map(|seed| (seed.node, seed.reach)).collect::<Vec<_>>(), [(0, 3.0)]);
        assert!(chosen.findings.iter().any(|finding| finding.sentence.starts_with("1 of 2 places is not used")));
        // As many as there are customers is not more than there are.
        let chosen = greedy_seeds(&graph(2, &[(0, 1, 0.5)]), &settings(3, 100)).expect("valid");
        assert_eq!(chosen.seeds.len(), 2);
        assert!(chosen.findings[0].sentence.ends_with("there are no other customers."), "{:?}", chosen.findings);
    }

    #[test]
    fn ties_go_to_the_lower_number() {
        let graph = graph(6, &[(5, 0, 0.5), (4, 1, 0.5), (3, 2, 0.5)]);
        let seeds = greedy_seeds(&graph, &settings(4, 100)).expect("valid").seeds;
        assert_eq!(seeds.iter().map(|seed| seed.node).collect::<Vec<_>>(), [3, 4, 5, 0]);
    }

    #[test]
    fn one_and_four_threads_choose_the_same() {
        let graph = tangled();
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            pool.install(|| greedy_seeds(&graph, &settings(20, 30_000)).expect("valid"))
        };
        assert_eq!(run(1), run(4));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn gains_in_a_forest_are_exact_and_greedy((n_nodes, edges) in forests(8)) {
            let Seeds { seeds, findings, .. } =
                greedy_seeds(&graph(n_nodes, &edges), &settings(n_nodes, 1)).expect("valid");
            prop_assert_eq!(findings.len(), usize::from(seeds.len() < n_nodes));
            let mut before: Vec<u32> = Vec::new();
            for seed in seeds {
                let reach_before = spread_by_worlds(n_nodes, &edges, &before);
                let gain = |node: u32| {
                    let with: Vec<u32> = before.iter().copied().chain([node]).collect();
                    spread_by_worlds(n_nodes, &edges, &with) - reach_before
                };
                let best = (0..n_nodes as u32).map(gain).fold(0.0, f64::max);
                prop_assert!((seed.gain - gain(seed.node)).abs() < 1e-12, "{:?} {}", seed, gain(seed.node));
                prop_assert!(seed.gain > best - 1e-12);
                prop_assert!((seed.reach - reach_before - gain(seed.node)).abs() < 1e-12);
                prop_assert!(seed.gain > 0.0);
                before.push(seed.node);
            }
            prop_assert!((spread_by_worlds(n_nodes, &edges, &before) - n_nodes as f64).abs() < 1e-9, "all are reached");
        }
    }
}
