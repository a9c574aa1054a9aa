//! How sure shares and ranks are: the analysis repeated on resampled customers.

use crate::data::{Observations, WeightKind};
use crate::stats::random::{Stream, stream};
use ndarray::Array2;
use rand::Rng;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

/// Observations drawn for a table of counts: beyond 2^53 whole numbers are not exact, and so many leave no doubt.
const N_DRAWS_MAX: f64 = 9_007_199_254_740_992.0;

/// Contributions of every driver in every replicate that could be computed.
#[derive(Debug, Clone)]
pub(super) struct Replicates {
    /// n_succeeded by n_drivers, in the order of the replicates.
    pub contributions: Array2<f64>,
    /// Replicates whose sample did not allow a fit.
    pub n_failed: usize,
    /// Whether replicates were asked for and not made, because every one would be the whole sample again.
    pub single_cluster: bool,
}

impl Replicates {
    /// None at all, since there is only one cluster to draw.
    pub fn of_single_cluster(n_drivers: usize) -> Self {
        Self { contributions: Array2::zeros((0, n_drivers)), n_failed: 0, single_cluster: true }
    }
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
    if n_replicates > 0 && resampler.is_single_cluster() {
        return Replicates::of_single_cluster(n_drivers);
    }
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
        single_cluster: false,
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

    /// Whether every replicate would be the whole sample again.
    pub fn is_single_cluster(&self) -> bool {
        self.plan.is_single_cluster()
    }

    /// One weight per row: the row's own times how often its cluster, or it, was drawn.
    pub fn draw<'s>(&self, replicate: usize, scratch: &'s mut Scratch) -> &'s [f64] {
        let mut random = stream(self.seed, "drivers bootstrap", replicate as u64);
        self.plan.draw(&mut random, &mut scratch.counts, &mut scratch.weights);
        &scratch.weights
    }
}

/// What is drawn with replacement: clusters where there are any, else single observations. What has no weight is not
/// drawn, so that it changes nothing.
enum Plan<'a> {
    Clusters {
        codes: &'a [u32],
        n_clusters: usize,
        /// The clusters that are drawn.
        drawn: Vec<u32>,
        own: Vec<f64>,
    },
    Rows {
        /// The rows that are drawn.
        drawn: Vec<usize>,
        own: Vec<f64>,
    },
    /// Rows that stand for several observations each: the observations are drawn.
    Frequencies { counts: &'a [f64], total: f64 },
}

impl<'a> Plan<'a> {
    fn of(observations: &'a Observations) -> Self {
        let weights = observations.weights();
        let own: Vec<f64> = (0..observations.n_rows()).map(|row| weights.of(row)).collect();
        match (observations.clusters(), weights.kind(), weights.values()) {
            (Some(clusters), _, _) => {
                let (codes, n_clusters) = (clusters.codes(), clusters.n_clusters());
                let mut weighted = vec![false; n_clusters];
                codes.iter().zip(&own).for_each(|(&code, &own)| weighted[code as usize] |= own > 0.0);
                let drawn = (0..n_clusters as u32).filter(|&code| weighted[code as usize]).collect();
                Self::Clusters { codes, n_clusters, drawn, own }
            }
            (None, Some(WeightKind::Frequency), Some(counts)) => {
                Self::Frequencies { counts, total: counts.iter().sum() }
            }
            (None, _, _) => Self::Rows { drawn: (0..own.len()).filter(|&row| own[row] > 0.0).collect(), own },
        }
    }

    fn is_single_cluster(&self) -> bool {
        matches!(self, Self::Clusters { drawn, .. } if drawn.len() < 2)
    }

    fn counts(&self) -> Vec<f64> {
        match self {
            Self::Clusters { n_clusters, .. } => vec![0.0; *n_clusters],
            Self::Rows { .. } | Self::Frequencies { .. } => Vec::new(),
        }
    }

    fn draw(&self, random: &mut Stream, counts: &mut [f64], weights: &mut [f64]) {
        match self {
            Self::Clusters { codes, drawn, own, .. } => {
                counts.fill(0.0);
                for _ in 0..drawn.len() {
                    counts[drawn[random.random_range(0..drawn.len())] as usize] += 1.0;
                }
                for ((weight, own), &code) in weights.iter_mut().zip(own).zip(*codes) {
                    *weight = own * counts[code as usize];
                }
            }
            Self::Rows { drawn, own } => {
                weights.fill(0.0);
                for _ in 0..drawn.len() {
                    weights[drawn[random.random_range(0..drawn.len())]] += 1.0;
                }
                weights.iter_mut().zip(own).for_each(|(weight, own)| *weight *= own);
            }
            Self::Frequencies { counts, total } => {
                // One row after another takes its binomial part of the draws that are left, so that the time goes with
                // the rows and not with the observations.
                let (mut left, mut n_draws) = (*total, total.min(N_DRAWS_MAX) as u64);
                for (weight, &count) in weights.iter_mut().zip(*counts) {
                    let n_own = if count > 0.0 { binomial(n_draws, (count / left).min(1.0), random) } else { 0 };
                    left -= count;
                    n_draws -= n_own;
                    *weight = n_own as f64;
                }
            }
        }
    }
}

fn binomial(n_draws: u64, probability: f64, random: &mut Stream) -> u64 {
    Binomial::new(n_draws, probability).map_or(0, |binomial| binomial.sample(random))
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
        // Five of six on average; the standard deviation is sqrt(6 * 5 / 6 * 1 / 6) = 0.91, over 400 replicates 0.046.
        let mean = draws.column(0).sum() / 400.0;
        assert!((mean - 5.0).abs() < 0.2, "{mean}");
        let variance = draws.column(0).iter().map(|count| (count - 5.0).powi(2)).sum::<f64>() / 400.0;
        assert!((variance - 5.0 / 6.0).abs() < 0.25, "{variance}");
    }

    #[test]
    fn what_has_no_weight_is_not_drawn() {
        let weights = || Weights::new(WeightKind::Sampling, vec![1.0, 0.0, 0.0, 1.0]).expect("valid");
        let rows = draws(&observations(4).weighted(weights()).expect("valid"));
        assert!(rows.rows().into_iter().all(|row| (row.sum() - 2.0).abs() < 1e-12));
        let clusters = Clusters::from_labels([0, 0, 1, 2]);
        let clustered = observations(4).weighted(weights()).and_then(|weighted| weighted.clustered(clusters));
        assert!(draws(&clustered.expect("valid")).rows().into_iter().all(|row| (row.sum() - 2.0).abs() < 1e-12));
    }
}
