//! How sure shares and ranks are: the analysis repeated on resampled customers.

use crate::data::Observations;
use crate::stats::{Resampler, SecondMoments};
use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

/// Replicates that share a pass over the rows: enough for a product of matrices to be worth it.
const BLOCK_REPLICATES: usize = 64;
/// Weights of such replicates held by a thread: 64 MB.
const BLOCK_VALUES: usize = 1 << 23;

/// Contributions of every driver in every replicate that could be computed.
#[derive(Debug, Clone)]
pub(super) struct Replicates {
    /// n_succeeded by n_drivers, in the order of the replicates.
    pub contributions: Array2<f64>,
    /// The number of each of these, which its draw is found again by.
    pub numbers: Vec<usize>,
    /// Replicates whose sample did not allow a fit.
    pub n_failed: usize,
    /// Whether replicates were asked for and not made, because every one would be the whole sample again.
    pub single_cluster: bool,
}

impl Replicates {
    /// None were asked for, or none can be had.
    pub fn none(n_drivers: usize) -> Self {
        let contributions = Array2::zeros((0, n_drivers));
        Self { contributions, numbers: Vec::new(), n_failed: 0, single_cluster: false }
    }

    /// None at all, since there is only one cluster to draw.
    pub fn of_single_cluster(n_drivers: usize) -> Self {
        Self { single_cluster: true, ..Self::none(n_drivers) }
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
    let resampler = resampler(observations, seed);
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
    collected(results, n_drivers)
}

/// The same from the moments of rows whose columns are centred: replicates are drawn in blocks, and one pass over the rows
/// serves a block.
pub(super) fn replicates_of_moments(
    observations: &Observations,
    centred: ArrayView2<f64>,
    n_drivers: usize,
    n_replicates: usize,
    seed: u64,
    analyse: impl Fn(&SecondMoments) -> Option<Vec<f64>> + Sync,
) -> Replicates {
    let resampler = resampler(observations, seed);
    if n_replicates > 0 && resampler.is_single_cluster() {
        return Replicates::of_single_cluster(n_drivers);
    }
    let n_rows = centred.nrows();
    let n_together = (BLOCK_VALUES / n_rows.max(1)).clamp(1, BLOCK_REPLICATES);
    let firsts: Vec<usize> = (0..n_replicates).step_by(n_together).collect();
    let blocks: Vec<Vec<Option<Vec<f64>>>> = firsts
        .into_par_iter()
        .map_init(
            || (resampler.scratch(), Array2::zeros((n_together, n_rows))),
            |(scratch, weights), first| {
                let n_own = n_together.min(n_replicates - first);
                for (place, mut own) in weights.outer_iter_mut().take(n_own).enumerate() {
                    own.iter_mut().zip(resampler.draw(first + place, scratch)).for_each(|(own, drawn)| *own = *drawn);
                }
                let moments = SecondMoments::of_centred_rows(centred, weights.slice(s![..n_own, ..]));
                moments.iter().map(&analyse).collect()
            },
        )
        .collect();
    collected(blocks.into_iter().flatten().collect(), n_drivers)
}

fn collected(results: Vec<Option<Vec<f64>>>, n_drivers: usize) -> Replicates {
    let n_replicates = results.len();
    let numbered = results.into_iter().enumerate().filter_map(|(number, own)| Some((number, own?)));
    let (numbers, succeeded): (Vec<usize>, Vec<Vec<f64>>) = numbered.unzip();
    let n_failed = n_replicates - succeeded.len();
    Replicates {
        contributions: Array2::from_shape_fn((succeeded.len(), n_drivers), |(row, driver)| succeeded[row][driver]),
        numbers,
        n_failed,
        single_cluster: false,
    }
}

/// Draws the customers, rows or observations of a driver analysis.
pub(super) fn resampler(observations: &Observations, seed: u64) -> Resampler<'_> {
    observations.resampler(seed, "drivers bootstrap")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Clusters, DesignMatrix, Outcome, WeightKind, Weights};
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
    fn rows_of_a_cluster_are_drawn_together() {
        let clustered = observations(6).clustered(Clusters::from_labels([0, 0, 1, 1, 2, 2])).expect("valid");
        let draws = draws(&clustered);
        assert!(draws.rows().into_iter().all(|row| (row[0] - row[1]).abs() < 1e-12 && (row.sum() - 6.0).abs() < 1e-12));
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
