//! How soon the word arrives: reach within some days, share of the whole, mean days; or the same by generations.

use super::delays::Delay;
use super::estimate::HITS_MORE;
use super::exact::{Folded, Repeats, only_referrer};
use super::reach::check_samples;
use super::reverse::uniform;
use super::timed_trees::TimedTrees;
use super::{InfluenceError, ReferralGraph};
use crate::stats::random::{Stream, stream};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Samples drawn from one random stream.
const BLOCK_SAMPLES: usize = 1024;
/// Times are summed in whole parts of a day, so that the sum is the same in any order.
const PARTS_PER_DAY: f64 = 1_048_576.0;
/// A time beyond this many days is summed as this.
const DAYS_MAX: f64 = 1e6;

/// How spreading is followed through time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedSettings {
    /// How long the word takes along an edge; [`Delay::Generation`] counts generations.
    pub delay: Delay,
    /// Days (or generations) within which reach is asked for: ascending, above 0, at least one. Nothing beyond the last is
    /// followed.
    pub horizons: Vec<f64>,
    /// Reverse samples to draw.
    pub samples: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

/// How soon every customer's word spreads.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedReach {
    n_horizons: usize,
    /// By node and horizon.
    within: Vec<f64>,
    within_se: Vec<f64>,
    mean_times: Vec<Option<f64>>,
    exact: Vec<bool>,
    /// Samples drawn for the customers whose reach in time is not exact.
    pub n_samples: usize,
}

impl TimedReach {
    /// Expected customers reached within each horizon, the customer included.
    pub fn within(&self, node: u32) -> &[f64] {
        &self.within[self.places(node)]
    }

    /// Standard error of each from sampling; 0 where exact.
    pub fn within_se(&self, node: u32) -> &[f64] {
        &self.within_se[self.places(node)]
    }

    /// Mean days (or generations) until the word is there, over those reached within the last horizon, the customer not
    /// included; `None` where nobody is reached, or no sample reached anybody.
    pub fn mean_time(&self, node: u32) -> Option<f64> {
        self.mean_times[node as usize]
    }

    /// Whether reach in time is exact, but for the error of adding up delays ([`timed_reach`]).
    pub fn is_exact(&self, node: u32) -> bool {
        self.exact[node as usize]
    }

    /// Of those reached within the last horizon, the share reached within each.
    pub fn shares(&self, node: u32) -> Vec<f64> {
        let within = self.within(node);
        let last = within.last().copied().unwrap_or(1.0);
        within.iter().map(|within| within / last).collect()
    }

    fn places(&self, node: u32) -> std::ops::Range<usize> {
        node as usize * self.n_horizons..(node as usize + 1) * self.n_horizons
    }
}

/// Reach of every customer within stated times under the independent cascade with delays.
///
/// Each edge that passes the word on takes a delay of its own; the word is somewhere as soon as the quickest way allows.
///
/// Where everybody further on has one way in (an edge that is there twice is two), reach in time is exact: `within = 1 + sum over generations g of a(g) F(g)`, with
/// `a(g)` the expected customers `g` steps below and `F(g)` the probability that `g` delays together lie within the horizon. `F` is a
/// gamma distribution for exponential delays; sums of Weibull delays are added up on a grid, with an error below 1e-5 of `F` where
/// the median delay takes at least a few of its 2,048 cells. In trees of more than 512 generations the later ones are left out
/// where they would arrive in time, and what they could add at most stands for the standard error.
///
/// Elsewhere that is so of the trees below the customer, and the rest is sampled from the receiving end: a root and its first live
/// edge in are drawn in proportion to the probability that there is one, and everybody from whom the word would have come within
/// the last horizon is found, the nearest first. So `within = 1 + trees + W / n * count` with the total probability `W` and the
/// `count` of `n` samples whose root the customer reaches in time, though not through the trees below; the standard error is
/// that of the binomial.
///
/// Same settings, same bytes, for any number of threads.
///
/// # Errors
/// No samples; horizons that do not ascend from above 0, or none; a delay whose parameters are not above 0.
///
/// # Example
/// With generations for days: 0 reaches 1 in one step and 2 in two.
/// ```
/// use advocate::influence::{Delay, EdgeList, PassingProbability, ReferralGraph, TimedSettings, timed_reach};
/// let edges = EdgeList::from_names([("ann", "bob"), ("bob", "cid")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(1.0)).expect("valid");
/// let settings = TimedSettings { delay: Delay::Generation, horizons: vec![1.0, 2.0], samples: 1000, seed: 1 };
/// let timed = timed_reach(&graph, &settings).expect("sound settings");
/// assert_eq!((timed.within(0), timed.mean_time(0), timed.is_exact(0)), ([2.0, 3.0].as_slice(), Some(1.5), true));
/// ```
///
/// # References
/// Du, Song, Gomez-Rodriguez and Zha (2013), "Scalable influence estimation in continuous-time diffusion networks", NIPS.
pub fn timed_reach(graph: &ReferralGraph, settings: &TimedSettings) -> Result<TimedReach, InfluenceError> {
    check_samples(settings.samples)?;
    settings.delay.check()?;
    check_horizons(&settings.horizons)?;
    let n_horizons = settings.horizons.len();
    let folded = Folded::of(graph, vec![1.0; graph.n_nodes()], Repeats::Apart);
    let trees = TimedTrees::of(graph, &folded, settings.delay, &settings.horizons);
    let roots = Roots::of(graph, &folded);
    let world = World { graph, hanging: &folded.hanging, roots: &roots, settings };
    let n_blocks = if roots.total > 0.0 { settings.samples.div_ceil(BLOCK_SAMPLES) } else { 0 };
    let n_tallies = rayon::current_num_threads().min(n_blocks);
    let next_block = std::sync::atomic::AtomicUsize::new(0);
    let tallies: Vec<Tally> = (0..n_tallies)
        .into_par_iter()
        .map(|_| {
            let mut tally = Tally::new(graph.n_nodes(), n_horizons);
            let mut search = Search::new(graph.n_nodes());
            loop {
                let block = next_block.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if block >= n_blocks {
                    return tally;
                }
                let mut random = stream(settings.seed, "timed reach", block as u64);
                for sample in block * BLOCK_SAMPLES..((block + 1) * BLOCK_SAMPLES).min(settings.samples) {
                    let point = (sample as f64 + uniform(&mut random)) / settings.samples as f64;
                    search.run(&world, point, &mut random, &mut tally);
                }
            }
        })
        .collect();
    let mut total = Tally::new(graph.n_nodes(), n_horizons);
    tallies.iter().for_each(|tally| total.add(tally));
    let sampled = Sampled { trees: &trees, tally: &total, per_sample: roots.total / settings.samples as f64 };
    let n_samples = if n_blocks > 0 { settings.samples } else { 0 };
    let n_figures = graph.n_nodes() * n_horizons;
    let mut timed = TimedReach {
        n_horizons,
        within: Vec::with_capacity(n_figures),
        within_se: Vec::with_capacity(n_figures),
        mean_times: Vec::with_capacity(graph.n_nodes()),
        exact: Vec::with_capacity(graph.n_nodes()),
        n_samples,
    };
    for node in 0..graph.n_nodes() as u32 {
        match folded.core_children[node as usize] {
            0 => timed.push_exact(node, &trees),
            _ => timed.push_sampled(node, &sampled, settings.samples as f64),
        }
    }
    Ok(timed)
}

fn check_horizons(horizons: &[f64]) -> Result<(), InfluenceError> {
    let mut before = 0.0;
    for &value in horizons {
        if !(value.is_finite() && value > before) {
            return Err(InfluenceError::BadSetting {
                setting: "horizon",
                value,
                range: "finite, above 0 and ascending",
            });
        }
        before = value;
    }
    if horizons.is_empty() {
        return Err(InfluenceError::BadSetting { setting: "number of horizons", value: 0.0, range: "at least 1" });
    }
    Ok(())
}

/// The weight of each inward arc as the first live one of its root.
struct Roots {
    cumulative: Vec<f64>,
    total: f64,
    /// The last arc with any weight.
    last: usize,
}

impl Roots {
    /// Only roots that somebody reaches otherwise than through the trees below: those of the core to whom anything leads, and
    /// all that hangs below them.
    fn of(graph: &ReferralGraph, folded: &Folded) -> Self {
        let mut needed: Vec<bool> =
            folded.n_referrers.iter().zip(&folded.hanging).map(|(&n, &hanging)| n > 0 && !hanging).collect();
        for &node in folded.order.iter().rev() {
            needed[node as usize] = only_referrer(graph, node).is_some_and(|up| needed[up.node as usize]);
        }
        let mut cumulative = Vec::with_capacity(graph.n_arcs());
        let mut total = 0.0;
        for node in 0..graph.n_nodes() as u32 {
            let mut none_live = if needed[node as usize] { 1.0 } else { 0.0 };
            for place in graph.inward.range(node) {
                let probability = graph.inward_probability(node, place);
                total += none_live * probability;
                none_live *= 1.0 - probability;
                cumulative.push(total);
            }
        }
        let last = cumulative.partition_point(|&sum| sum < total);
        Self { cumulative, total, last }
    }
}

/// For each node how many roots it reached by horizon, and the sum of the times.
struct Tally {
    /// Entry `node * n_horizons + h`: reached after horizon `h - 1` and by horizon `h`.
    counts: Vec<u32>,
    times: Vec<u64>,
}

impl Tally {
    fn new(n_nodes: usize, n_horizons: usize) -> Self {
        Self { counts: vec![0; n_nodes * n_horizons], times: vec![0; n_nodes] }
    }

    fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(total, count)| *total += count);
        self.times.iter_mut().zip(&other.times).for_each(|(total, time)| *total += time);
    }
}

/// What turns tallies into reach.
struct Sampled<'a> {
    trees: &'a TimedTrees,
    tally: &'a Tally,
    /// Expected customers that one sample stands for.
    per_sample: f64,
}

impl TimedReach {
    fn push_exact(&mut self, node: u32, trees: &TimedTrees) {
        let beyond = |horizon: usize| trees.beyond(node, horizon);
        self.within.extend(trees.within(node).iter().map(|within| 1.0 + within));
        self.within_se.extend((0..self.n_horizons).map(beyond));
        let reached = trees.within(node).last().copied().unwrap_or(0.0);
        self.mean_times.push((reached > 0.0).then(|| trees.time(node) / reached));
        self.exact.push((0..self.n_horizons).all(|horizon| beyond(horizon) <= 0.0));
    }

    fn push_sampled(&mut self, node: u32, sampled: &Sampled<'_>, n_samples: f64) {
        let Sampled { trees, tally, per_sample } = *sampled;
        let mut count = 0.0;
        let steps = &tally.counts[self.places(node)];
        for (horizon, (&step, in_trees)) in steps.iter().zip(trees.within(node)).enumerate() {
            count += f64::from(step);
            let variance = (count + HITS_MORE) * (1.0 - count / n_samples).max(0.0);
            self.within.push(1.0 + in_trees + per_sample * count);
            self.within_se.push(per_sample * variance.sqrt() + trees.beyond(node, horizon));
        }
        let reached = trees.within(node).last().copied().unwrap_or(0.0) + per_sample * count;
        let time = trees.time(node) + per_sample * tally.times[node as usize] as f64 / PARTS_PER_DAY;
        self.mean_times.push((reached > 0.0).then(|| time / reached));
        self.exact.push(false);
    }
}

/// Working memory of one thread.
struct Search {
    /// The last sample in which each node was settled.
    settled: Vec<u32>,
    sample: u32,
    /// Nodes by the time from them to the root; times above 0 order as their bits do.
    pending: BinaryHeap<Reverse<Pending>>,
}

/// What all samples share.
struct World<'a> {
    graph: &'a ReferralGraph,
    /// Who hangs in a tree.
    hanging: &'a [bool],
    roots: &'a Roots,
    settings: &'a TimedSettings,
}

/// The way from a node on to the root.
#[derive(Clone, Copy)]
struct Way {
    into: u32,
    /// What it takes.
    time: f64,
}

/// Somebody from whom the word would come to the root, first by the time that it takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    time_bits: u64,
    node: u32,
    /// Whether the next on the way is one of the core: else the root hangs in a tree below.
    is_through_core: bool,
}

impl Search {
    fn new(n_nodes: usize) -> Self {
        Self { settled: vec![0; n_nodes], sample: 0, pending: BinaryHeap::new() }
    }

    fn run(&mut self, world: &World<'_>, point: f64, random: &mut Stream, tally: &mut Tally) {
        let World { graph, roots, settings, .. } = *world;
        let (horizons, n_horizons) = (&settings.horizons, settings.horizons.len());
        self.sample += 1;
        self.pending.clear();
        let arc = roots.cumulative.partition_point(|&sum| sum <= point * roots.total).min(roots.last);
        let root = graph.inward.starts.partition_point(|&start| start as usize <= arc) - 1;
        self.settled[root] = self.sample;
        let start = Way { into: root as u32, time: 0.0 };
        self.push(world, start, graph.inward.nodes[arc], random);
        self.push_live(world, start, arc + 1, random);
        while let Some(Reverse(Pending { time_bits, node, is_through_core })) = self.pending.pop() {
            if std::mem::replace(&mut self.settled[node as usize], self.sample) == self.sample {
                continue;
            }
            let time = f64::from_bits(time_bits);
            if is_through_core {
                let horizon = horizons.partition_point(|&horizon| horizon < time);
                tally.counts[node as usize * n_horizons + horizon] += 1;
                tally.times[node as usize] += (time.min(DAYS_MAX) * PARTS_PER_DAY).round() as u64;
            }
            self.push_live(world, Way { into: node, time }, graph.inward.range(node).start, random);
        }
    }

    /// The sources of the live edges into a node, from `first` on.
    fn push_live(&mut self, world: &World<'_>, way: Way, first: usize, random: &mut Stream) {
        let graph = world.graph;
        for place in first..graph.inward.range(way.into).end {
            if uniform(random) < graph.inward_probability(way.into, place) {
                self.push(world, way, graph.inward.nodes[place], random);
            }
        }
    }

    fn push(&mut self, world: &World<'_>, way: Way, node: u32, random: &mut Stream) {
        let time = way.time + world.settings.delay.drawn(1.0 - uniform(random));
        let is_in_time = world.settings.horizons.last().is_some_and(|&last| time <= last);
        if is_in_time && self.settled[node as usize] != self.sample {
            let is_through_core = !world.hanging[way.into as usize];
            self.pending.push(Reverse(Pending { time_bits: time.to_bits(), node, is_through_core }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, graph, tiny_graphs};
    use crate::influence::{ReachSettings, reach};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn settings(delay: Delay, horizons: &[f64], samples: usize) -> TimedSettings {
        TimedSettings { delay, horizons: horizons.to_vec(), samples, seed: 1 }
    }

    /// Three steps as a tree, and beside them a diamond in which two ways lead from 4 to 7, which hangs over a tree, too.
    fn tree_and_diamond() -> ReferralGraph {
        graph(
            10,
            &[
                (0, 1, 0.8),
                (1, 2, 0.5),
                (0, 3, 0.3),
                (4, 5, 0.6),
                (4, 6, 0.5),
                (5, 7, 0.7),
                (6, 7, 0.4),
                (7, 8, 0.9),
                (4, 9, 0.2),
            ],
        )
    }

    #[test]
    fn two_exponential_steps_in_closed_form() {
        // Within D days: one step with 0.8 (1 - e^(-D/5)), two with 0.8 * 0.5 (1 - (1 + D/5) e^(-D/5)): a gamma time.
        let graph = graph(3, &[(0, 1, 0.8), (1, 2, 0.5)]);
        let horizons = [2.0, 10.0, 1000.0];
        let got = timed_reach(&graph, &settings(Delay::Exponential { mean_days: 5.0 }, &horizons, 10)).expect("sound");
        for (place, &days) in horizons.iter().enumerate() {
            let x: f64 = days / 5.0;
            let want = 1.0 + 0.8 * (1.0 - (-x).exp()) + 0.4 * (1.0 - (1.0 + x) * (-x).exp());
            assert!((got.within(0)[place] - want).abs() < 1e-13 && got.within_se(0)[place] <= 0.0, "{days}: {got:?}");
        }
        // Of those reached, two thirds wait 5 days on average and one third 10.
        let mean = got.mean_time(0).expect("somebody is reached");
        assert!((mean - 20.0 / 3.0).abs() < 1e-12, "{mean}");
        assert_eq!((got.mean_time(2), got.n_samples, got.is_exact(0)), (None, 0, true));
        assert!((got.shares(0)[2] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn trees_are_exact_and_diamonds_sampled_and_both_agree_with_forward_simulation() {
        let graph = tree_and_diamond();
        for delay in [Delay::Weibull { scale_days: 12.0, shape: 0.7 }, Delay::Exponential { mean_days: 9.0 }] {
            let horizons = [4.0, 15.0, 60.0];
            let got = timed_reach(&graph, &settings(delay, &horizons, 400_000)).expect("sound");
            assert_eq!([0, 4, 5, 7].map(|node| got.is_exact(node)), [true, false, false, true]);
            for node in [0, 1, 4, 5, 7] {
                let want = forward(&graph, node, delay, &horizons, 200_000);
                for ((got, own_se), (mean, std_error)) in got.within(node).iter().zip(got.within_se(node)).zip(want) {
                    assert!((got - mean).abs() < 5.0 * own_se.hypot(std_error), "{delay:?} {node}: {got} {mean}");
                }
            }
        }
    }

    /// Mean and standard error of the customers within each horizon, going forwards through drawn delays.
    fn forward(graph: &ReferralGraph, start: u32, delay: Delay, horizons: &[f64], n_worlds: usize) -> Vec<(f64, f64)> {
        let mut random = stream(5, "forward in time", u64::from(start));
        let mut sums = vec![(0.0, 0.0); horizons.len()];
        for _ in 0..n_worlds {
            let mut times = vec![f64::INFINITY; graph.n_nodes()];
            times[start as usize] = 0.0;
            // The edges of these graphs lead to higher numbers.
            for node in 0..graph.n_nodes() as u32 {
                for arc in graph.arcs(node) {
                    let time = times[node as usize] + delay.drawn(1.0 - uniform(&mut random));
                    if uniform(&mut random) < arc.probability && time < times[arc.node as usize] {
                        times[arc.node as usize] = time;
                    }
                }
            }
            for (sum, &horizon) in sums.iter_mut().zip(horizons) {
                let count = times.iter().filter(|&&time| time <= horizon).count() as f64;
                *sum = (sum.0 + count, sum.1 + count * count);
            }
        }
        let n_worlds = n_worlds as f64;
        let mean =
            |sum: (f64, f64)| (sum.0 / n_worlds, ((sum.1 / n_worlds - (sum.0 / n_worlds).powi(2)) / n_worlds).sqrt());
        sums.into_iter().map(mean).collect()
    }

    #[test]
    fn a_tree_taller_than_what_is_followed_states_what_it_may_lack() {
        let edges: Vec<Edge> = (0..600).map(|node| (node, node + 1, 1.0)).collect();
        let delay = Delay::Exponential { mean_days: 1e-3 };
        let got = timed_reach(&graph(601, &edges), &settings(delay, &[100.0], 10)).expect("sound");
        // 512 of 600 generations are followed, and all would arrive.
        assert!((got.within(0)[0] - 513.0).abs() < 1e-9 && (got.within_se(0)[0] - 88.0).abs() < 1e-9, "{got:?}");
        assert!(!got.is_exact(0) && got.is_exact(88));
    }

    #[test]
    fn the_quicker_of_two_ways_counts() {
        // Two certain edges with delays of mean 10: the quicker has mean 5, so within 5 days 1 - 1/e.
        let graph = graph(2, &[(0, 1, 1.0), (0, 1, 1.0)]);
        let got = timed_reach(&graph, &settings(Delay::Exponential { mean_days: 10.0 }, &[5.0, 1e4], 100_000))
            .expect("sound");
        let (within, within_se) = (got.within(0)[0], got.within_se(0)[0]);
        assert!((within - 2.0 + (-1.0_f64).exp()).abs() < 5.0 * within_se, "{got:?}");
        assert!((got.mean_time(0).expect("reached") - 5.0).abs() < 0.1);
    }

    #[test]
    fn weibull_delays_have_their_quantiles() {
        let delay = Delay::Weibull { scale_days: 8.0, shape: 1.7 };
        let graph = graph(2, &[(0, 1, 1.0)]);
        let got = timed_reach(&graph, &settings(delay, &[delay.quantile(0.3), 100.0], 10)).expect("sound");
        assert!((got.within(0)[0] - 1.3).abs() < 1e-12, "{got:?}");
    }

    #[test]
    fn one_and_four_threads_give_the_same_bytes() {
        let edges: Vec<Edge> = (0..300).map(|place| (place % 50, (place * 7 + place / 50) % 50, 0.2)).collect();
        let graph = graph(50, &edges);
        let settings = settings(Delay::Weibull { scale_days: 3.0, shape: 0.8 }, &[1.0, 9.0], 20_000);
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            pool.install(|| timed_reach(&graph, &settings).expect("sound"))
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn unsound_settings_are_refused() {
        let graph = graph(2, &[(0, 1, 0.5)]);
        for bad in [
            settings(Delay::Generation, &[], 10),
            settings(Delay::Generation, &[2.0, 1.0], 10),
            settings(Delay::Exponential { mean_days: 0.0 }, &[1.0], 10),
            settings(Delay::Generation, &[1.0], 0),
        ] {
            assert!(matches!(timed_reach(&graph, &bad), Err(InfluenceError::BadSetting { .. })), "{bad:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn in_the_end_reach_is_that_without_time((n_nodes, edges) in tiny_graphs()) {
            let graph = graph(n_nodes, &edges);
            let timed = timed_reach(&graph, &settings(Delay::Generation, &[1.0, 100.0], 20_000)).expect("sound");
            let plain = reach(&graph, &ReachSettings { samples: 200_000, ..ReachSettings::default() }).expect("valid");
            for (node, plain) in plain.nodes.iter().enumerate() {
                let (within, within_se) = (timed.within(node as u32), timed.within_se(node as u32));
                let error = within_se[1].hypot(plain.reach_se);
                prop_assert!((within[1] - plain.reach).abs() < 5.0 * error + 1e-9, "{}: {:?} {:?}", node, within, plain);
                // The first generation is the sum of the edges out.
                let direct: f64 = graph.combined_arcs(node as u32).map(|arc| arc.probability).sum();
                prop_assert!((within[0] - 1.0 - direct).abs() < 5.0 * within_se[0] + 1e-9, "{}: {:?} {}", node, within, direct);
            }
        }
    }
}
