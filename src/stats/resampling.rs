//! Draws with replacement for a bootstrap: clusters, rows, or the observations that frequencies stand for.

use super::random::{Stream, stream};
use rand::Rng;
use rand_distr::{Binomial, Distribution};

/// Observations drawn for a table of counts: beyond 2^53 whole numbers are not exact, and so many leave no doubt.
const N_DRAWS_MAX: f64 = 9_007_199_254_740_992.0;

/// Draws the weights of any replicate; replicate r is the same whatever the threads and whatever was drawn before.
///
/// What has no weight is not drawn, so that it changes nothing.
///
/// # References
/// Efron and Tibshirani (1993), "An Introduction to the Bootstrap"; Davison and Hinkley (1997), section 3.8, for drawing
/// clusters whole.
#[derive(Debug, Clone)]
pub struct Resampler<'a> {
    plan: Plan<'a>,
    n_rows: usize,
    seed: u64,
    purpose: &'static str,
}

/// Buffers of one thread.
#[derive(Debug, Clone)]
pub struct Scratch {
    counts: Vec<f64>,
    weights: Vec<f64>,
}

#[derive(Debug, Clone)]
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

impl<'a> Resampler<'a> {
    /// Draws whole clusters; `codes` gives the cluster of each row, below `n_clusters`, and `own` its weight.
    ///
    /// # Panics
    /// If there is not one weight per row.
    pub fn of_clusters(codes: &'a [u32], n_clusters: usize, own: Vec<f64>, seed: u64, purpose: &'static str) -> Self {
        assert_eq!(codes.len(), own.len(), "one weight per row");
        let mut weighted = vec![false; n_clusters];
        codes.iter().zip(&own).for_each(|(&code, &own)| weighted[code as usize] |= own > 0.0);
        let drawn = (0..n_clusters as u32).filter(|&code| weighted[code as usize]).collect();
        Self { plan: Plan::Clusters { codes, n_clusters, drawn, own }, n_rows: codes.len(), seed, purpose }
    }

    /// Draws rows; `own` gives the weight of each.
    pub fn of_rows(own: Vec<f64>, seed: u64, purpose: &'static str) -> Self {
        let drawn = (0..own.len()).filter(|&row| own[row] > 0.0).collect();
        Self { n_rows: own.len(), plan: Plan::Rows { drawn, own }, seed, purpose }
    }

    /// Draws observations of which each row stands for as many as `counts` says.
    pub fn of_frequencies(counts: &'a [f64], seed: u64, purpose: &'static str) -> Self {
        Self { plan: Plan::Frequencies { counts, total: counts.iter().sum() }, n_rows: counts.len(), seed, purpose }
    }

    /// Buffers for [`Resampler::draw`].
    pub fn scratch(&self) -> Scratch {
        let n_counts = match &self.plan {
            Plan::Clusters { n_clusters, .. } => *n_clusters,
            Plan::Rows { .. } | Plan::Frequencies { .. } => 0,
        };
        Scratch { counts: vec![0.0; n_counts], weights: vec![0.0; self.n_rows] }
    }

    /// Whether every replicate would be the whole sample again.
    pub fn is_single_cluster(&self) -> bool {
        matches!(&self.plan, Plan::Clusters { drawn, .. } if drawn.len() < 2)
    }

    /// One weight per row: the row's own times how often its cluster, or it, was drawn.
    pub fn draw<'s>(&self, replicate: usize, scratch: &'s mut Scratch) -> &'s [f64] {
        let mut random = stream(self.seed, self.purpose, replicate as u64);
        self.plan.draw(&mut random, &mut scratch.counts, &mut scratch.weights);
        &scratch.weights
    }
}

impl Plan<'_> {
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

    fn draws(resampler: &Resampler) -> Vec<Vec<f64>> {
        let mut scratch = resampler.scratch();
        (0..400).map(|replicate| resampler.draw(replicate, &mut scratch).to_vec()).collect()
    }

    fn mean_of(draws: &[Vec<f64>], row: usize) -> f64 {
        draws.iter().map(|draw| draw[row]).sum::<f64>() / draws.len() as f64
    }

    #[test]
    fn rows_are_drawn_as_often_as_there_are_rows() {
        let draws = draws(&Resampler::of_rows(vec![1.0; 30], 1, "test"));
        assert!(draws.iter().all(|draw| (draw.iter().sum::<f64>() - 30.0).abs() < 1e-12));
        // Each row is drawn once on average; the standard error over 400 replicates is 0.05.
        assert!((0..30).all(|row| (mean_of(&draws, row) - 1.0).abs() < 0.25));
    }

    #[test]
    fn rows_of_a_cluster_are_drawn_together() {
        let codes = [0, 0, 1, 1, 2, 2];
        for draw in draws(&Resampler::of_clusters(&codes, 3, vec![1.0; 6], 1, "test")) {
            assert!((draw[0] - draw[1]).abs() < 1e-12 && (draw.iter().sum::<f64>() - 6.0).abs() < 1e-12);
        }
    }

    #[test]
    fn frequencies_are_drawn_as_observations() {
        let counts = [5.0, 0.0, 1.0];
        let draws = draws(&Resampler::of_frequencies(&counts, 1, "test"));
        assert!(draws.iter().all(|draw| (draw.iter().sum::<f64>() - 6.0).abs() < 1e-12 && draw[1] <= 0.0));
        // Five of six on average; the standard deviation is sqrt(6 * 5 / 6 * 1 / 6) = 0.91, over 400 replicates 0.046.
        let mean = mean_of(&draws, 0);
        assert!((mean - 5.0).abs() < 0.2, "{mean}");
        let variance = draws.iter().map(|draw| (draw[0] - 5.0).powi(2)).sum::<f64>() / 400.0;
        assert!((variance - 5.0 / 6.0).abs() < 0.25, "{variance}");
    }

    #[test]
    fn what_has_no_weight_is_not_drawn() {
        let own = vec![1.0, 0.0, 0.0, 1.0];
        let sums_to_two = |draw: &Vec<f64>| (draw.iter().sum::<f64>() - 2.0).abs() < 1e-12;
        assert!(draws(&Resampler::of_rows(own.clone(), 1, "test")).iter().all(sums_to_two));
        let codes = [0, 0, 1, 2];
        assert!(draws(&Resampler::of_clusters(&codes, 3, own, 1, "test")).iter().all(sums_to_two));
    }

    #[test]
    fn one_cluster_is_no_sample() {
        assert!(Resampler::of_clusters(&[0, 0, 1], 2, vec![1.0, 1.0, 0.0], 1, "test").is_single_cluster());
        assert!(!Resampler::of_clusters(&[0, 0, 1], 2, vec![1.0; 3], 1, "test").is_single_cluster());
    }
}
