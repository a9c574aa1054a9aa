//! Forward simulation: how many customers a given set of first customers reaches.

use super::reverse::uniform;
use super::{InfluenceError, ReferralGraph};
use crate::stats::random::stream;
use rayon::prelude::*;

/// Simulations drawn from one random stream.
const BLOCK_SIMULATIONS: usize = 64;

/// How often to simulate, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpreadSettings {
    /// Simulations, at least 2.
    pub simulations: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

/// How many customers a set of customers reaches on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Mean number of customers reached, the first ones included.
    pub mean: f64,
    /// Standard error of the mean.
    pub std_error: f64,
    /// Simulations made.
    pub simulations: usize,
}

/// Simulates the independent cascade forward from `seeds` (repeats count once).
///
/// Same settings, same bytes, for any number of threads.
///
/// # Errors
/// A seed that is not in the graph; fewer than two simulations.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReferralGraph, SpreadSettings, spread};
/// let edges = EdgeList::from_names([("ann", "bob"), ("bob", "cid")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(1.0)).expect("valid");
/// let spread = spread(&graph, &[0], &SpreadSettings { simulations: 10, seed: 1 }).expect("valid");
/// assert_eq!((spread.mean, spread.std_error), (3.0, 0.0));
/// ```
///
/// # References
/// Kempe, Kleinberg and Tardos (2003), "Maximizing the spread of influence through a social network".
pub fn spread(graph: &ReferralGraph, seeds: &[u32], settings: &SpreadSettings) -> Result<Spread, InfluenceError> {
    let n_nodes = graph.n_nodes();
    if let Some(&node) = seeds.iter().find(|&&node| node as usize >= n_nodes) {
        return Err(InfluenceError::UnknownSeed { node, n_nodes });
    }
    let simulations = settings.simulations;
    if simulations < 2 {
        let value = simulations as f64;
        return Err(InfluenceError::BadSetting { setting: "simulations", value, range: "at least 2" });
    }
    // Whole numbers add up to the same in any order.
    let (sum, squares) = (0..simulations.div_ceil(BLOCK_SIMULATIONS))
        .into_par_iter()
        .map_init(
            || Cascade::new(n_nodes),
            |cascade, block| {
                let mut random = stream(settings.seed, "spread", block as u64);
                let n_block = BLOCK_SIMULATIONS.min(simulations - block * BLOCK_SIMULATIONS);
                (0..n_block).fold((0_u128, 0_u128), |(sum, squares), _| {
                    let reached = cascade.run(graph, seeds, || uniform(&mut random)) as u128;
                    (sum + reached, squares + reached * reached)
                })
            },
        )
        .reduce(|| (0, 0), |left, right| (left.0 + right.0, left.1 + right.1));
    let count = simulations as u128;
    // n sum x^2 - (sum x)^2 in whole numbers: nothing cancels.
    let scatter = (count * squares - sum * sum) as f64 / simulations as f64;
    let std_error = (scatter / (simulations - 1) as f64 / simulations as f64).sqrt();
    Ok(Spread { mean: sum as f64 / simulations as f64, std_error, simulations })
}

/// Working memory of one thread.
struct Cascade {
    met: Vec<u32>,
    round: u32,
    reached: Vec<u32>,
}

impl Cascade {
    fn new(n_nodes: usize) -> Self {
        Self { met: vec![0; n_nodes], round: 0, reached: Vec::new() }
    }

    /// The number of nodes reached in one random world.
    fn run(&mut self, graph: &ReferralGraph, seeds: &[u32], mut uniform: impl FnMut() -> f64) -> usize {
        if self.round == u32::MAX {
            self.met.fill(0);
            self.round = 0;
        }
        self.round += 1;
        self.reached.clear();
        for &seed in seeds {
            self.meet(seed);
        }
        let mut next = 0;
        while let Some(&node) = self.reached.get(next) {
            for arc in graph.arcs(node) {
                if self.met[arc.node as usize] != self.round && uniform() < arc.probability {
                    self.meet(arc.node);
                }
            }
            next += 1;
        }
        self.reached.len()
    }

    fn meet(&mut self, node: u32) {
        if self.met[node as usize] != self.round {
            self.met[node as usize] = self.round;
            self.reached.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{graph, spread_by_worlds};

    const SETTINGS: SpreadSettings = SpreadSettings { simulations: 40_000, seed: 1 };

    #[test]
    fn mean_and_error_agree_with_all_worlds() {
        let edges = [(0, 1, 0.5), (0, 2, 0.5), (1, 3, 0.5), (2, 3, 0.5), (3, 0, 0.9), (4, 3, 0.1)];
        let got = spread(&graph(5, &edges), &[0, 4], &SETTINGS).expect("valid");
        let want = spread_by_worlds(5, &edges, &[0, 4]);
        assert!((got.mean - want).abs() < 5.0 * got.std_error, "{got:?} {want}");
        // One coin: the standard deviation is one half.
        let coin = spread(&graph(2, &[(0, 1, 0.5)]), &[0], &SETTINGS).expect("valid");
        assert!((coin.std_error - 0.5 / 200.0).abs() < 1e-5, "{coin:?}");
    }

    #[test]
    fn repeated_seeds_count_once_and_no_seeds_reach_nobody() {
        let graph = graph(3, &[(0, 1, 1.0), (1, 2, 1.0)]);
        assert_eq!(spread(&graph, &[1, 1], &SETTINGS).expect("valid").mean, 2.0);
        assert_eq!(spread(&graph, &[], &SETTINGS).expect("valid").mean, 0.0);
    }

    #[test]
    fn unknown_seeds_and_single_simulations_are_refused() {
        let graph = graph(2, &[(0, 1, 0.5)]);
        assert_eq!(spread(&graph, &[2], &SETTINGS), Err(InfluenceError::UnknownSeed { node: 2, n_nodes: 2 }));
        let once = SpreadSettings { simulations: 1, ..SETTINGS };
        assert!(matches!(spread(&graph, &[0], &once), Err(InfluenceError::BadSetting { .. })));
    }

    #[test]
    fn one_and_four_threads_give_the_same_bytes() {
        let edges: Vec<_> = (0..200).map(|place| (place % 40, (place * 7 + place / 40) % 40, 0.2)).collect();
        let graph = graph(40, &edges);
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            pool.install(|| spread(&graph, &[0, 1], &SETTINGS).expect("valid"))
        };
        assert_eq!(run(1), run(4));
    }
}
