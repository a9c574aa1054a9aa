//! From counts over sampled sets to reach, and how many sets a stated error needs.

use super::pendants::Attached;
use super::reach::{NodeReach, ReachSettings};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::random::mix;

/// Sets drawn before the first look at the error.
pub(super) const FIRST_LOOK: usize = 1 << 14;
/// Times the number of sets that should do, so that it mostly does.
const A_LITTLE_MORE: f64 = 1.02;
/// Times that every node is taken to have been met more often than it was, as far as the error goes: what rarely happens may not have
/// happened yet, and a sum of hits by chance too few has by chance too small a variance. Two are what Agresti and Coull add, so that an
/// interval of two errors about a Poisson count holds what it should however small the expected count is.
pub(super) const HITS_MORE: f64 = 2.0;

/// How often each node was met above a root, or was expected to be, over so many sets.
pub(super) struct Counted {
    counts: Vec<Count>,
    n_samples: usize,
}

/// The sum over sets, and `n` times the variance of what one set adds to it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Count {
    pub sum: f64,
    pub scatter: f64,
}

impl Count {
    /// Of a node that so many of `n_sets` sets hold once, as if sets were not stratified.
    pub fn of_sets(n_holding: u32, n_sets: usize) -> Self {
        let sum = f64::from(n_holding);
        Self { sum, scatter: sum * (1.0 - sum / n_sets as f64).max(0.0) }
    }
}

/// What turns counts into reach: `known + total_weight / n * count`.
pub(super) struct Estimate<'a> {
    pub known: &'a [f64],
    /// Whose reach is not exact, of those who are counted.
    pub inexact: &'a [bool],
    /// Whose reach follows from that of those counted.
    pub attached: &'a [Attached],
    /// What one set may add at once to the count of each at most; 0 where nothing is left to count.
    pub at_once: &'a [f64],
    pub total_weight: f64,
}

impl Counted {
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }
}

impl Estimate<'_> {
    /// Counts over as many sets as asked for, none where all is known, or until the errors are small. Errors fall with the root of the number of sets,
    /// which says after each batch how large the next should be, within bounds: the first looks are rough.
    pub fn count(
        &self,
        n_samples: usize,
        settings: &ReachSettings,
        draw: impl Fn(usize, u64) -> Vec<Count>,
    ) -> Counted {
        if !self.is_open() {
            return Counted { counts: vec![Count::default(); self.known.len()], n_samples: 0 };
        }
        let Some(stop_at) = settings.stop_at else {
            return Counted { counts: draw(n_samples, settings.seed), n_samples };
        };
        let mut counted = Counted { counts: vec![Count::default(); self.known.len()], n_samples: 0 };
        let (mut batch, mut n_wanted) = (0, FIRST_LOOK);
        while counted.n_samples < n_samples {
            let n_batch = n_wanted.min(n_samples - counted.n_samples);
            let counts = draw(n_batch, mix(settings.seed.wrapping_add(batch)));
            counted.counts.iter_mut().zip(counts).for_each(|(total, count)| {
                total.sum += count.sum;
                total.scatter += count.scatter;
            });
            counted.n_samples += n_batch;
            batch += 1;
            let error = self.relative_error(&counted);
            if error <= stop_at {
                break;
            }
            let n_drawn = counted.n_samples;
            let n_missing = n_drawn as f64 * ((error / stop_at).powi(2) * A_LITTLE_MORE - 1.0);
            n_wanted = (n_missing as usize).clamp(n_drawn / 8, 7 * n_drawn);
        }
        counted
    }

    /// Says that the samples did not suffice for the error that was asked for.
    pub fn missed(&self, counted: &Counted, settings: &ReachSettings) -> Option<Finding> {
        let stop_at = settings.stop_at.filter(|_| counted.n_samples > 0)?;
        let error = self.relative_error(counted);
        (error > stop_at).then(|| {
            let sentence = format!(
                "Sampling ended after {} samples at a relative error of {error:.5}, above the {stop_at} asked for: allow more samples.",
                counted.n_samples
            );
            Finding::new(FindingKind::Unreliable, Severity::Warning, "reach", sentence)
                .number("n_samples", counted.n_samples as f64)
                .number("relative_error", error)
        })
    }

    /// Reach of a node that is counted.
    pub fn of(&self, node: usize, counted: &Counted) -> NodeReach {
        if self.at_once[node] <= 0.0 {
            return NodeReach::exact(self.known[node]);
        }
        let per_set = self.total_weight / counted.n_samples as f64;
        let Count { sum, scatter } = counted.counts[node];
        let variance = scatter + HITS_MORE * self.at_once[node].powi(2);
        NodeReach { reach: self.known[node] + per_set * sum, reach_se: per_set * variance.sqrt(), exact: false }
    }

    /// Whether there is anything to count.
    fn is_open(&self) -> bool {
        self.at_once.iter().zip(self.inexact).any(|(&at_once, &inexact)| inexact && at_once > 0.0)
    }

    fn relative_error(&self, counted: &Counted) -> f64 {
        let counted_nodes = (0..self.known.len()).filter(|&node| self.inexact[node]).map(|node| self.of(node, counted));
        let attached = self.attached.iter().map(|row| row.reach(self.of(row.to as usize, counted)));
        let (mut sum, mut n_nodes) = (0.0, 0.0);
        for reach in counted_nodes.chain(attached).filter(|reach| !reach.exact) {
            sum += (reach.reach_se / reach.reach.max(f64::MIN_POSITIVE)).powi(2);
            n_nodes += 1.0;
        }
        if n_nodes > 0.0 { (sum / n_nodes).sqrt() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::expected::expected_above_root;
    use crate::influence::joining::Joining;
    use crate::influence::reverse::ReverseSampler;
    use crate::influence::worlds::{Edge, graph, spread_by_worlds};
    use crate::stats::random::stream;
    use rand::Rng;

    #[test]
    fn errors_cover_what_all_worlds_give_even_where_few_sets_met_a_node() {
        // Small graphs of rare and of likely edges, sampled so little that many nodes are met never or once.
        let mut random = stream(8, "rarely met", 0);
        let (mut n_scores, mut n_beyond_two, mut n_beyond_four, mut n_rare) = (0.0, 0.0, 0.0, 0);
        for _ in 0..60 {
            let likely = random.random_range(0.05..0.9);
            let edges: Vec<Edge> = (0..11)
                .map(|_| {
                    (random.random_range(0..7), random.random_range(0..7), likely * random.random::<f64>().powi(2))
                })
                .collect();
            let graph = graph(7, &edges);
            let want: Vec<f64> = (0..7).map(|node| spread_by_worlds(7, &edges, &[node])).collect();
            let sampler = ReverseSampler::new(&graph, |_| 1.0);
            let joining = Joining::of(sampler.inward(), |_| 1.0, 0);
            let known: Vec<f64> = joining.direct.iter().map(|direct| 1.0 + direct).collect();
            let estimate = Estimate {
                known: &known,
                inexact: &[true; 7],
                attached: &[],
                at_once: &joining.at_once,
                total_weight: sampler.total_weight(),
            };
            for (n_sets, seed) in
                [16, 64, 256, 1024, 4096].into_iter().flat_map(|n_sets| (0..8).map(move |seed| (n_sets, seed)))
            {
                let counts = expected_above_root(&sampler, &joining, n_sets, seed);
                let counted = Counted { counts, n_samples: n_sets };
                for (node, want) in want.iter().enumerate() {
                    let got = estimate.of(node, &counted);
                    if got.exact {
                        continue;
                    }
                    let score = (got.reach - want).abs() / got.reach_se;
                    n_scores += 1.0;
                    n_beyond_two += f64::from(u8::from(score > 2.0));
                    n_beyond_four += f64::from(u8::from(score > 4.0));
                    n_rare += u32::from(counted.counts[node].sum < 3.0 * joining.at_once[node]);
                }
            }
        }
        assert!(n_scores > 5000.0 && n_rare > 2000, "{n_scores} {n_rare}");
        assert!(n_beyond_two / n_scores < 0.07, "{}", n_beyond_two / n_scores);
        assert!(n_beyond_four / n_scores < 0.002, "{}", n_beyond_four / n_scores);
    }

    #[test]
    fn the_error_of_a_count_by_hand() {
        // Three hits of a half at most over 100 sets of weight 40: 0.4 * sqrt(0.75 + 2 / 4); none of them: 0.4 * sqrt(2 / 4).
        let counts = vec![Count { sum: 1.5, scatter: 0.75 }, Count::default()];
        let counted = Counted { counts, n_samples: 100 };
        let estimate = Estimate {
            known: &[1.0, 2.0],
            inexact: &[true; 2],
            attached: &[],
            at_once: &[0.5, 0.5],
            total_weight: 40.0,
        };
        let (some, none) = (estimate.of(0, &counted), estimate.of(1, &counted));
        assert!((some.reach - 1.6).abs() < 1e-12 && (some.reach_se - 0.4 * 1.25_f64.sqrt()).abs() < 1e-12, "{some:?}");
        assert!((none.reach_se - 0.4 * 0.5_f64.sqrt()).abs() < 1e-12 && !none.exact, "{none:?}");
    }
}
