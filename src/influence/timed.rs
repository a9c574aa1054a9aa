//! How soon the word arrives: reach within some days, share of the whole, mean days; or the same by generations.

use super::delays::Delay;
use super::reach::check_samples;
use super::reverse::uniform;
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

/// How soon one customer's word spreads.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeTimedReach {
    /// Expected customers reached within each horizon, the customer included.
    pub within: Vec<f64>,
    /// Standard error of each.
    pub within_se: Vec<f64>,
    /// Mean days (or generations) until the word is there, over those reached within the last horizon, the customer not
    /// included; `None` where no sample reached anybody.
    pub mean_time: Option<f64>,
}

impl NodeTimedReach {
    /// Of those reached within the last horizon, the share reached within each.
    pub fn shares(&self) -> Vec<f64> {
        let last = self.within.last().copied().unwrap_or(1.0);
        self.within.iter().map(|within| within / last).collect()
    }
}

/// How soon every customer's word spreads.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedReach {
    /// One entry per node, in order.
    pub nodes: Vec<NodeTimedReach>,
    /// Samples drawn.
    pub n_samples: usize,
}

/// Reach of every customer within stated times under the independent cascade with delays.
///
/// Each edge that passes the word on takes a delay of its own; the word is somewhere as soon as the quickest way allows.
/// Samples start at the receiving end: a root and its first live edge in are drawn in proportion to the probability that
/// there is one, and everybody from whom the word would have come within the last horizon is found, the nearest first. So
/// `within = 1 + W / n * count` with the total probability `W` and the `count` of `n` samples whose root the customer reaches
/// in time; the standard error is that of the binomial.
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
/// let ann = &timed_reach(&graph, &settings).expect("sound settings").nodes[0];
/// assert_eq!((ann.within.as_slice(), ann.mean_time), ([2.0, 3.0].as_slice(), Some(1.5)));
/// ```
///
/// # References
/// Du, Song, Gomez-Rodriguez and Zha (2013), "Scalable influence estimation in continuous-time diffusion networks", NIPS.
pub fn timed_reach(graph: &ReferralGraph, settings: &TimedSettings) -> Result<TimedReach, InfluenceError> {
    check_samples(settings.samples)?;
    settings.delay.check()?;
    check_horizons(&settings.horizons)?;
    let n_horizons = settings.horizons.len();
    let roots = Roots::of(graph);
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
                    search.run(graph, &roots, point, settings, &mut random, &mut tally);
                }
            }
        })
        .collect();
    let mut total = Tally::new(graph.n_nodes(), n_horizons);
    tallies.iter().for_each(|tally| total.add(tally));
    let per_sample = roots.total / settings.samples as f64;
    let nodes = (0..graph.n_nodes()).map(|node| total.of(node, n_horizons, per_sample, settings.samples as f64));
    Ok(TimedReach { nodes: nodes.collect(), n_samples: if n_blocks > 0 { settings.samples } else { 0 } })
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
}

impl Roots {
    fn of(graph: &ReferralGraph) -> Self {
        let mut cumulative = Vec::with_capacity(graph.n_arcs());
        let mut total = 0.0;
        for node in 0..graph.n_nodes() as u32 {
            let mut none_live = 1.0;
            for place in graph.inward.range(node) {
                let probability = graph.inward_probability(node, place);
                total += none_live * probability;
                none_live *= 1.0 - probability;
                cumulative.push(total);
            }
        }
        Self { cumulative, total }
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

    fn of(&self, node: usize, n_horizons: usize, per_sample: f64, n_samples: f64) -> NodeTimedReach {
        let (mut within, mut within_se, mut count) = (Vec::new(), Vec::new(), 0.0);
        for &step in &self.counts[node * n_horizons..(node + 1) * n_horizons] {
            count += f64::from(step);
            within.push(1.0 + per_sample * count);
            within_se.push(per_sample * (count.max(1.0) * (1.0 - count / n_samples).max(0.0)).sqrt());
        }
        let mean_time = (count > 0.0).then(|| self.times[node] as f64 / PARTS_PER_DAY / count);
        NodeTimedReach { within, within_se, mean_time }
    }
}

/// Working memory of one thread.
struct Search {
    /// The last sample in which each node was settled.
    settled: Vec<u32>,
    sample: u32,
    /// Nodes by the time from them to the root; times above 0 order as their bits do.
    pending: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Search {
    fn new(n_nodes: usize) -> Self {
        Self { settled: vec![0; n_nodes], sample: 0, pending: BinaryHeap::new() }
    }

    fn run(
        &mut self,
        graph: &ReferralGraph,
        roots: &Roots,
        point: f64,
        settings: &TimedSettings,
        random: &mut Stream,
        tally: &mut Tally,
    ) {
        let (horizons, n_horizons) = (&settings.horizons, settings.horizons.len());
        let last = horizons[n_horizons - 1];
        self.sample += 1;
        self.pending.clear();
        let arc = roots.cumulative.partition_point(|&sum| sum <= point * roots.total).min(graph.n_arcs() - 1);
        let root = graph.inward.starts.partition_point(|&start| start as usize <= arc) - 1;
        self.settled[root] = self.sample;
        self.push(graph.inward.nodes[arc], 0.0, settings.delay, last, random);
        self.push_live(graph, root as u32, arc + 1, 0.0, settings, random);
        while let Some(Reverse((bits, node))) = self.pending.pop() {
            if std::mem::replace(&mut self.settled[node as usize], self.sample) == self.sample {
                continue;
            }
            let time = f64::from_bits(bits);
            let horizon = horizons.partition_point(|&horizon| horizon < time);
            tally.counts[node as usize * n_horizons + horizon] += 1;
            tally.times[node as usize] += (time.min(DAYS_MAX) * PARTS_PER_DAY).round() as u64;
            self.push_live(graph, node, graph.inward.range(node).start, time, settings, random);
        }
    }

    /// The sources of the live edges into `node`, from `first` on.
    fn push_live(
        &mut self,
        graph: &ReferralGraph,
        node: u32,
        first: usize,
        time: f64,
        settings: &TimedSettings,
        random: &mut Stream,
    ) {
        let last = settings.horizons[settings.horizons.len() - 1];
        for place in first..graph.inward.range(node).end {
            if uniform(random) < graph.inward_probability(node, place) {
                self.push(graph.inward.nodes[place], time, settings.delay, last, random);
            }
        }
    }

    fn push(&mut self, node: u32, time: f64, delay: Delay, last: f64, random: &mut Stream) {
        let time = time + delay.drawn(1.0 - uniform(random));
        if time <= last && self.settled[node as usize] != self.sample {
            self.pending.push(Reverse((time.to_bits(), node)));
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

    #[test]
    fn two_exponential_steps_in_closed_form() {
        // Within D days: one step with 0.8 (1 - e^(-D/5)), two with 0.8 * 0.5 (1 - (1 + D/5) e^(-D/5)): a gamma time.
        let graph = graph(3, &[(0, 1, 0.8), (1, 2, 0.5)]);
        let horizons = [2.0, 10.0, 1000.0];
        let got =
            timed_reach(&graph, &settings(Delay::Exponential { mean_days: 5.0 }, &horizons, 200_000)).expect("sound");
        for (place, &days) in horizons.iter().enumerate() {
            let x: f64 = days / 5.0;
            let want = 1.0 + 0.8 * (1.0 - (-x).exp()) + 0.4 * (1.0 - (1.0 + x) * (-x).exp());
            let node = &got.nodes[0];
            assert!((node.within[place] - want).abs() < 5.0 * node.within_se[place], "{days}: {node:?} {want}");
        }
        // Of those reached, two thirds wait 5 days on average and one third 10.
        let mean = got.nodes[0].mean_time.expect("somebody is reached");
        assert!((mean - 20.0 / 3.0).abs() < 0.1, "{mean}");
        assert_eq!(got.nodes[2].mean_time, None);
        assert!((got.nodes[0].shares()[2] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_quicker_of_two_ways_counts() {
        // Two certain edges with delays of mean 10: the quicker has mean 5, so within 5 days 1 - 1/e.
        let graph = graph(2, &[(0, 1, 1.0), (0, 1, 1.0)]);
        let got = timed_reach(&graph, &settings(Delay::Exponential { mean_days: 10.0 }, &[5.0, 1e4], 100_000))
            .expect("sound");
        let node = &got.nodes[0];
        assert!((node.within[0] - 2.0 + (-1.0_f64).exp()).abs() < 5.0 * node.within_se[0], "{node:?}");
        assert!((node.mean_time.expect("reached") - 5.0).abs() < 0.1);
    }

    #[test]
    fn weibull_delays_have_their_quantiles() {
        let delay = Delay::Weibull { scale_days: 8.0, shape: 1.7 };
        let graph = graph(2, &[(0, 1, 1.0)]);
        let got = timed_reach(&graph, &settings(delay, &[delay.quantile(0.3), 1e4], 100_000)).expect("sound");
        assert!((got.nodes[0].within[0] - 1.3).abs() < 0.01, "{:?}", got.nodes[0]);
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
                let got = &timed.nodes[node];
                let error = got.within_se[1].hypot(plain.reach_se);
                prop_assert!((got.within[1] - plain.reach).abs() < 5.0 * error + 1e-9, "{}: {:?} {:?}", node, got, plain);
                // The first generation is the sum of the edges out.
                let direct: f64 = graph.combined_arcs(node as u32).map(|arc| arc.probability).sum();
                prop_assert!((got.within[0] - 1.0 - direct).abs() < 5.0 * got.within_se[0] + 1e-9, "{}: {:?} {}", node, got, direct);
            }
        }
    }
}
