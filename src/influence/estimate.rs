//! From counts over sampled sets to reach, and how many sets a stated error needs.

use super::pendants::Attached;
use super::reach::{NodeReach, ReachSettings};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::random::mix;

/// Sets drawn before the first look at the error.
pub(super) const FIRST_LOOK: usize = 1 << 14;
/// Times the number of sets that should do, so that it mostly does.
const A_LITTLE_MORE: f64 = 1.02;

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
        let variance = if sum > 0.0 { scatter } else { self.at_once[node].powi(2) };
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
