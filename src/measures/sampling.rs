//! How the rows came to be there: weights, several rows of one customer, a finite population; and resampling them.

use super::MeasureError;
use super::intervals::Ends;
use crate::data::Clusters;
use crate::stats::quantile::quantiles;
use crate::stats::{Confidence, Resampler};
use rayon::prelude::*;
use serde::Serialize;

/// How the rows came to be there. By default every row is a customer of its own from an endless population.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sampling<'a> {
    /// One sampling weight per row: how many of the population it stands for.
    pub weights: Option<&'a [f64]>,
    /// Which rows are one customer's.
    pub clusters: Option<&'a Clusters>,
    /// How many customers (or, without clusters, answers) there are in all.
    pub population: Option<f64>,
    /// The number of the random stream by which each row is drawn, equal for the rows of one customer; without it that of its
    /// cluster, or its place. Rows that keep their numbers are drawn alike in every selection of them.
    pub streams: Option<&'a [u32]>,
}

impl Sampling<'_> {
    /// Checks lengths and weights.
    pub(super) fn check(&self, n_rows: usize) -> Result<(), MeasureError> {
        let long = |what: &str, n_found: usize| match n_found == n_rows {
            true => Ok(()),
            false => Err(MeasureError::Length { what: what.to_owned(), n_found, n_expected: n_rows }),
        };
        if let Some(clusters) = self.clusters {
            long("the column of customers", clusters.codes().len())?;
        }
        if let Some(streams) = self.streams {
            long("the column of random streams", streams.len())?;
        }
        let Some(weights) = self.weights else { return Ok(()) };
        long("the column of weights", weights.len())?;
        match weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            Some(row) => Err(MeasureError::BadWeight { row: row + 1, value: weights[row] }),
            None => Ok(()),
        }
    }

    /// The weight of a row; 1 without weights.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// The power of two below the largest weight: in this unit no weight's square overflows and none that counts
    /// vanishes.
    pub(super) fn unit(&self) -> f64 {
        let largest = self.weights.map_or(1.0, |weights| weights.iter().copied().fold(0.0, f64::max));
        if largest.is_normal() { largest.log2().floor().exp2() } else { 1.0 }
    }

    /// `G / (G - 1)` times the sum over customers of the squared sum of `centred` over their rows, about its mean.
    ///
    /// Customers without weight are none.
    pub(super) fn scatter_of_customers(
        &self,
        clusters: &Clusters,
        centred: impl Fn(usize) -> f64,
    ) -> Result<f64, MeasureError> {
        let mut sums = vec![0.0; clusters.n_clusters()];
        let mut seen = vec![false; clusters.n_clusters()];
        for (row, &code) in clusters.codes().iter().enumerate() {
            sums[code as usize] += centred(row);
            seen[code as usize] |= self.weight(row) > 0.0;
        }
        let n_seen = seen.iter().filter(|&&seen| seen).count() as f64;
        if n_seen < 2.0 {
            return Err(MeasureError::OneCustomer);
        }
        let mean = sums.iter().sum::<f64>() / n_seen;
        let own = sums.iter().zip(&seen).filter(|(_, seen)| **seen).map(|(sum, _)| (sum - mean) * (sum - mean));
        Ok(n_seen / (n_seen - 1.0) * own.sum::<f64>())
    }

    /// Customers of whom some row has a weight; such rows, where it is not known which are one customer's.
    pub fn n_seen(&self, n_rows: usize) -> usize {
        let counts = |row: &usize| self.weight(*row) > 0.0;
        let Some(clusters) = self.clusters else { return (0..n_rows).filter(counts).count() };
        let mut seen = vec![false; clusters.n_clusters()];
        (0..n_rows).filter(counts).for_each(|row| seen[clusters.codes()[row] as usize] = true);
        seen.into_iter().filter(|&seen| seen).count()
    }

    /// The share of the population that was not asked, which is what remains of a variance, if so many customers were; 1
    /// without a population.
    pub(super) fn share_unseen(&self, n_seen: usize) -> Result<f64, MeasureError> {
        self.population.map_or(Ok(1.0), |population| share_unseen(population, n_seen))
    }
}

/// The share of a population of which so many were not asked.
pub(super) fn share_unseen(population: f64, n_seen: usize) -> Result<f64, MeasureError> {
    if !(population.is_finite() && population >= n_seen as f64) {
        return Err(MeasureError::PopulationTooSmall { n: n_seen, population });
    }
    Ok(if n_seen == 0 { 1.0 } else { 1.0 - n_seen as f64 / population })
}

/// How often to resample, and with which random streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Resampling {
    /// Replicates; each draws as many customers as there are, with replacement.
    pub replicates: usize,
    /// Seed of the streams.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { replicates: 1000, seed: 0 }
    }
}

impl Resampling {
    /// A figure on each replicate, given the weights of the rows in it; replicates that give none are left out.
    pub(super) fn draws<R: Send>(
        &self,
        n_rows: usize,
        sampling: Sampling,
        figure: impl Fn(&[f64]) -> Option<R> + Sync,
    ) -> Result<Vec<R>, MeasureError> {
        let own = (0..n_rows).map(|row| sampling.weight(row)).collect();
        let resampler = match sampling.clusters {
            Some(clusters) => {
                Resampler::of_clusters(clusters.codes(), clusters.n_clusters(), own, self.seed, "measures")
            }
            None => Resampler::of_rows(own, self.seed, "measures"),
        };
        if resampler.is_single_cluster() {
            return Err(MeasureError::OneCustomer);
        }
        let drawn: Vec<Option<R>> = (0..self.replicates)
            .into_par_iter()
            .map_init(|| resampler.scratch(), |scratch, replicate| figure(resampler.draw(replicate, scratch)))
            .collect();
        Ok(drawn.into_iter().flatten().collect())
    }

    /// The percentiles at the ends of this level.
    pub(super) fn percentiles(&self, draws: Vec<f64>, confidence: Confidence) -> Result<Ends, MeasureError> {
        if draws.len() < 2 {
            return Err(MeasureError::TooFew { what: "replicates".to_owned(), n_found: draws.len(), n_needed: 2 });
        }
        let ends = quantiles(draws, &[confidence.tail(), 1.0 - confidence.tail()]);
        Ok(Ends { low: ends[0], high: ends[1] })
    }
}
