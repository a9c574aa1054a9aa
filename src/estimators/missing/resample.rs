//! Samples of the rows with replacement: whole clusters where there are any, for answers of one customer go together.

use crate::data::{Observations, WeightKind};
use crate::stats::random::Stream;
use rand::Rng;
use rand_distr::{Binomial, Distribution};

/// What is drawn.
pub(super) enum Resample<'o> {
    Clusters {
        codes: &'o [u32],
        drawn: Vec<u32>,
        n_clusters: usize,
        own: Vec<f64>,
    },
    Rows {
        drawn: Vec<usize>,
        own: Vec<f64>,
    },
    /// Rows that stand for several observations each: the observations are drawn.
    Frequencies {
        counts: &'o [f64],
        total: f64,
    },
}

impl<'o> Resample<'o> {
    /// What has no weight is not drawn.
    pub(super) fn of(observations: &'o Observations) -> Self {
        let weights = observations.weights();
        let own: Vec<f64> = (0..observations.n_rows()).map(|row| weights.of(row)).collect();
        match (observations.clusters(), weights.kind(), weights.values()) {
            (Some(clusters), _, _) => {
                let mut counts = vec![false; clusters.n_clusters()];
                clusters.codes().iter().zip(&own).for_each(|(&code, &own)| counts[code as usize] |= own > 0.0);
                let drawn = (0..clusters.n_clusters() as u32).filter(|&code| counts[code as usize]).collect();
                Self::Clusters { codes: clusters.codes(), drawn, n_clusters: clusters.n_clusters(), own }
            }
            (None, Some(WeightKind::Frequency), Some(counts)) => {
                Self::Frequencies { counts, total: counts.iter().sum() }
            }
            (None, _, _) => Self::Rows { drawn: (0..own.len()).filter(|&row| own[row] > 0.0).collect(), own },
        }
    }

    /// One weight a row: its own times how often it was drawn.
    pub(super) fn draw(&self, random: &mut Stream) -> Vec<f64> {
        match self {
            Self::Clusters { codes, drawn, n_clusters, own } => {
                let mut times = vec![0.0; *n_clusters];
                for _ in 0..drawn.len() {
                    times[drawn[random.random_range(0..drawn.len())] as usize] += 1.0;
                }
                codes.iter().zip(own).map(|(&code, own)| own * times[code as usize]).collect()
            }
            Self::Rows { drawn, own } => {
                let mut weights = vec![0.0; own.len()];
                for _ in 0..drawn.len() {
                    weights[drawn[random.random_range(0..drawn.len())]] += 1.0;
                }
                weights.iter_mut().zip(own).for_each(|(weight, own)| *weight *= own);
                weights
            }
            Self::Frequencies { counts, total } => {
                let (mut left, mut n_draws) = (*total, *total as u64);
                counts
                    .iter()
                    .map(|&count| {
                        let share = if left > 0.0 { (count / left).clamp(0.0, 1.0) } else { 0.0 };
                        let n_own = Binomial::new(n_draws, share).map_or(0, |binomial| binomial.sample(random));
                        left -= count;
                        n_draws -= n_own;
                        n_own as f64
                    })
                    .collect()
            }
        }
    }
}
