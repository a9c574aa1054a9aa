//! How sure shares and ranks are: the analysis repeated on resampled customers.

use crate::data::{Observations, WeightKind};
use crate::stats::random::{Stream, stream};
use ndarray::Array2;
use rand::Rng;
use rayon::prelude::*;

/// Contributions of every driver in every replicate that could be computed.
#[derive(Debug, Clone)]
pub(super) struct Replicates {
    /// n_succeeded by n_drivers, in the order of the replicates.
    pub contributions: Array2<f64>,
    /// Replicates whose sample did not allow a fit.
    pub n_failed: usize,
}

/// Runs `analyse` on the weights of every replicate, in parallel; replicate r is the same whatever the threads.
///
/// `analyse` gets one weight per row (the row's own weight times how often its cluster, or it, was drawn) and gives
/// one contribution per driver, or `None` where the sample allows no fit.
pub(super) fn replicates<S>(
    observations: &Observations,
    n_drivers: usize,
    n_replicates: usize,
    seed: u64,
    scratch: impl Fn() -> S + Sync + Send,
    analyse: impl Fn(&mut S, &[f64]) -> Option<Vec<f64>> + Sync,
) -> Replicates {
    let resampler = Resampler::of(observations, seed);
    let results: Vec<Option<Vec<f64>>> = (0..n_replicates)
        .into_par_iter()
        .map_init(
            || (resampler.scratch(), scratch()),
            |(weights, scratch), replicate| analyse(scratch, resampler.draw(replicate, weights)),
        )
        .collect();
    let succeeded: Vec<Vec<f64>> = results.into_iter().flatten().collect();
    let n_failed = n_replicates - succeeded.len();
    Replicates {
        contributions: Array2::from_shape_fn((succeeded.len(), n_drivers), |(row, driver)| succeeded[row][driver]),
        n_failed,
    }
}

/// Draws the weights of any replicate.
pub(super) struct Resampler<'a> {
    plan: Plan<'a>,
    n_rows: usize,
    seed: u64,
}

/// Buffers of one thread.
pub(super) struct Scratch {
    counts: Vec<f64>,
    weights: Vec<f64>,
}

impl<'a> Resampler<'a> {
    pub fn of(observations: &'a Observations, seed: u64) -> Self {
        Self { plan: Plan::of(observations), n_rows: observations.n_rows(), seed }
    }

    pub fn scratch(&self) -> Scratch {
        Scratch { counts: self.plan.counts(), weights: vec![0.0; self.n_rows] }
    }

    /// One weight per row: the row's own times how often its cluster, or it, was drawn.
    pub fn draw<'s>(&self, replicate: usize, scratch: &'s mut Scratch) -> &'s [f64] {
        let mut random = stream(self.seed, "drivers bootstrap", replicate as u64);
        self.plan.draw(&mut random, &mut scratch.counts, &mut scratch.weights);
        &scratch.weights
    }
}

/// What is drawn with replacement: clusters where there are any, else single observations.
enum Plan<'a> {
    Clusters {
        codes: &'a [u32],
        n_clusters: usize,
        own: Vec<f64>,
    },
    Rows {
        own: Vec<f64>,
    },
    /// Rows that stand for several observations each: the observations are drawn.
    Frequencies {
        ends: Vec<u64>,
    },
}

impl<'a> Plan<'a> {
    fn of(observations: &'a Observations) -> Self {
        let weights = observations.weights();
        let own = || (0..observations.n_rows()).map(|row| weights.of(row)).collect();
        match (observations.clusters(), weights.kind(), weights.values()) {
            (Some(clusters), _, _) => {
                Self::Clusters { codes: clusters.codes(), n_clusters: clusters.n_clusters(), own: own() }
            }
            (None, Some(WeightKind::Frequency), Some(values)) => {
                let ends = values.iter().scan(0, |end, &value| {
                    *end += value as u64;
                    Some(*end)
                });
                Self::Frequencies { ends: ends.collect() }
            }
            (None, _, _) => Self::Rows { own: own() },
        }
    }

    fn counts(&self) -> Vec<f64> {
        match self {
            Self::Clusters { n_clusters, .. } => vec![0.0; *n_clusters],
            Self::Rows { .. } | Self::Frequencies { .. } => Vec::new(),
        }
    }

    fn draw(&self, random: &mut Stream, counts: &mut [f64], weights: &mut [f64]) {
        match self {
            Self::Clusters { codes, n_clusters, own } => {
                counts.fill(0.0);
                for _ in 0..*n_clusters {
                    counts[random.random_range(0..*n_clusters)] += 1.0;
                }
                for ((weight, own), &code) in weights.iter_mut().zip(own).zip(*codes) {
                    *weight = own * counts[code as usize];
                }
            }
            Self::Rows { own } => {
                weights.fill(0.0);
                for _ in 0..own.len() {
                    weights[random.random_range(0..own.len())] += 1.0;
                }
                weights.iter_mut().zip(own).for_each(|(weight, own)| *weight *= own);
            }
            Self::Frequencies { ends } => {
                weights.fill(0.0);
                let n_units = ends.last().copied().unwrap_or(0);
                for _ in 0..n_units {
                    let unit = random.random_range(0..n_units);
                    weights[ends.partition_point(|&end| end <= unit)] += 1.0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Outcome, Weights};
    use ndarray::Array1;

    fn observations(n_rows: usize) -> Observations {
        let design = DesignMatrix::new(vec!["a".to_owned()], Array2::zeros((n_rows, 1))).expect("valid");
        Observations::new(design, Outcome::numeric("y", Array1::zeros(n_rows)).expect("valid")).expect("valid")
    }

    fn draws(observations: &Observations) -> Array2<f64> {
        let n_rows = observations.n_rows();
        replicates(observations, n_rows, 400, 1, || (), |(), weights| Some(weights.to_vec())).contributions
    }

    #[test]
    fn rows_are_drawn_as_often_as_there_are_rows() {
        let draws = draws(&observations(30));
        assert!(draws.rows().into_iter().all(|row| (row.sum() - 30.0).abs() < 1e-12));
        // Each row is drawn once on average; the standard error over 400 replicates is 0.05.
        assert!(draws.mean_axis(ndarray::Axis(0)).expect("rows").iter().all(|mean| (mean - 1.0).abs() < 0.25));
    }

    #[test]
    fn rows_of_a_cluster_are_drawn_together() {
        let clustered = observations(6).clustered(Clusters::from_labels([0, 0, 1, 1, 2, 2])).expect("valid");
        let draws = draws(&clustered);
        assert!(draws.rows().into_iter().all(|row| (row[0] - row[1]).abs() < 1e-12 && (row.sum() - 6.0).abs() < 1e-12));
    }

    #[test]
    fn frequencies_are_drawn_as_observations() {
        let weights = Weights::new(WeightKind::Frequency, vec![5.0, 0.0, 1.0]).expect("valid");
        let draws = draws(&observations(3).weighted(weights).expect("valid"));
        assert!(draws.rows().into_iter().all(|row| (row.sum() - 6.0).abs() < 1e-12 && row[1] <= 0.0));
    }
}
