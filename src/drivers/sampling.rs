//! Shapley and Owen values of more drivers than all subsets can be walked for: means over sampled orders.

use super::groups::Partition;
use crate::stats::random::{Stream, stream};
use ndarray::Array1;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

/// Pairs of orders between two looks at the standard errors.
const BATCH: usize = 32;

/// When to stop sampling orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// The standard error of every driver's share, 0-1, that is enough.
    pub std_error: f64,
    /// Orders after which sampling stops in any case.
    pub n_orders_max: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { std_error: 0.0025, n_orders_max: 20_000 }
    }
}

/// How well sampled orders did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sampled {
    /// Orders of the drivers that were looked at.
    pub n_orders: usize,
    /// The largest standard error of a share, 0-1, that the sampling leaves.
    pub share_std_error: f64,
    /// The one that would have been enough.
    pub share_std_error_wanted: f64,
}

/// Means over orders.
#[derive(Debug, Clone)]
pub(super) struct SampledValues {
    pub contributions: Array1<f64>,
    /// What sampling leaves open of each contribution.
    pub std_errors: Array1<f64>,
    pub account: Sampled,
}

/// Which orders there are: all of the drivers, or those in which the drivers of a group follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Orders<'a> {
    OfDrivers(usize),
    OfGroups(&'a Partition),
}

impl Orders<'_> {
    fn n_drivers(self) -> usize {
        match self {
            Self::OfDrivers(n_drivers) => n_drivers,
            Self::OfGroups(partition) => partition.n_drivers(),
        }
    }

    fn draw(self, random: &mut Stream) -> Vec<usize> {
        match self {
            Self::OfDrivers(n_drivers) => {
                let mut order: Vec<usize> = (0..n_drivers).collect();
                order.shuffle(random);
                order
            }
            Self::OfGroups(partition) => {
                let mut groups = partition.members.clone();
                groups.shuffle(random);
                groups.iter_mut().for_each(|group| group.shuffle(random));
                groups.concat()
            }
        }
    }
}

/// Mean gains of drivers over orders, each drawn order followed by its reverse, whose gains err the other way.
///
/// `explained_along` gives what is explained after each driver of an order; `None` where a model cannot be fitted, which
/// ends the sampling. The pairs are the independent draws that standard errors come from. Pair i is the same for any
/// number of threads, and gains of an order add up to the whole, so that contributions do.
///
/// # References
/// Castro, Gomez and Tejada (2009), "Polynomial calculation of the Shapley value based on sampling", Computers and
/// Operations Research 36(5); Mitchell, Cooper, Frank and Holmes (2022), "Sampling permutations for Shapley value
/// estimation", Journal of Machine Learning Research 23, for the reversed orders.
pub(super) fn sample(
    orders: Orders<'_>,
    sampling: Sampling,
    seed: u64,
    explained_along: impl Fn(&[usize]) -> Option<Vec<f64>> + Sync,
) -> Option<SampledValues> {
    let n_drivers = orders.n_drivers();
    let gains = |order: &[usize], gains: &mut Array1<f64>| {
        let mut before = 0.0;
        for (&driver, explained) in order.iter().zip(explained_along(order)?) {
            gains[driver] += 0.5 * (explained - before);
            before = explained;
        }
        Some(before)
    };
    let pair = |index: usize| {
        let mut order = orders.draw(&mut stream(seed, "driver orders", index as u64));
        let mut mean = Array1::zeros(n_drivers);
        let full = gains(&order, &mut mean)?;
        order.reverse();
        gains(&order, &mut mean)?;
        Some((mean, full))
    };
    let (first, full) = pair(0)?;
    // Around the first pair, so that squares lose no digits.
    let mut sums = Array1::zeros(n_drivers);
    let mut squares = Array1::zeros(n_drivers);
    let mut n_pairs = 0;
    let n_pairs_max = sampling.n_orders_max.div_ceil(2).max(BATCH);
    loop {
        let batch = n_pairs..(n_pairs + BATCH).min(n_pairs_max);
        n_pairs = batch.end;
        let pairs: Option<Vec<(Array1<f64>, f64)>> = batch.into_par_iter().map(pair).collect();
        for (mean, _) in pairs? {
            let apart = mean - &first;
            squares.zip_mut_with(&apart, |sum: &mut f64, apart: &f64| *sum += apart * apart);
            sums += &apart;
        }
        let n = n_pairs as f64;
        let std_errors: Array1<f64> = sums
            .iter()
            .zip(&squares)
            .map(|(sum, square): (&f64, &f64)| ((square - sum * sum / n).max(0.0) / (n - 1.0) / n).sqrt())
            .collect();
        let largest = std_errors.iter().copied().fold(0.0, f64::max);
        let share_std_error = if full > 0.0 { largest / full } else { 0.0 };
        if share_std_error <= sampling.std_error || n_pairs >= n_pairs_max {
            let account =
                Sampled { n_orders: 2 * n_pairs, share_std_error, share_std_error_wanted: sampling.std_error };
            return Some(SampledValues { contributions: first + sums / n, std_errors, account });
        }
    }
}

/// Contributions in every replicate, from as many orders as are worth it beside the noise of the replicates.
pub(super) const REPLICATE_SAMPLING: Sampling = Sampling { std_error: 0.0, n_orders_max: 128 };

#[cfg(test)]
mod tests {
    use super::*;

    /// The share explained by a subset: a game in which drivers overlap in pairs.
    fn explained(set: usize) -> f64 {
        let own: f64 = (0..6).filter(|driver| set >> driver & 1 == 1).map(|driver| 0.05 * f64::from(driver + 1)).sum();
        let overlap: f64 =
            (0..5).filter(|driver| set >> driver & 3 == 3).map(|driver| 0.02 * f64::from(driver + 1)).sum();
        own - overlap
    }

    fn along(order: &[usize]) -> Option<Vec<f64>> {
        let sets = order.iter().scan(0_usize, |set, driver| {
            *set |= 1 << driver;
            Some(explained(*set))
        });
        Some(sets.collect())
    }

    #[test]
    fn pairs_of_reversed_orders_are_exact_where_drivers_overlap_in_pairs() {
        // Each overlap is shared equally: driver j has 0.05 (j + 1) - 0.01 (j + (j + 1)), but for the ends.
        let got = sample(Orders::OfDrivers(6), Sampling::default(), 1, along).expect("values");
        let want = [0.05 - 0.01, 0.1 - 0.03, 0.15 - 0.05, 0.2 - 0.07, 0.25 - 0.09, 0.3 - 0.05];
        for (got, want) in got.contributions.iter().zip(want) {
            assert!((got - want).abs() < 1e-14, "{got} {want}");
        }
        assert!(got.account.share_std_error < 1e-12 && got.account.n_orders == 64);
    }

    #[test]
    fn sampling_goes_on_until_the_standard_error_is_small_or_orders_run_out() {
        // Three drivers of which any two are worth as much as all.
        let along = |order: &[usize]| Some(if order[0] == 0 { vec![0.5, 0.9, 0.9] } else { vec![0.0, 0.9, 0.9] });
        let of = |std_error, n_orders_max| {
            sample(Orders::OfDrivers(3), Sampling { std_error, n_orders_max }, 1, along).expect("values").account
        };
        assert!(of(0.02, 100_000).share_std_error <= 0.02 && of(0.02, 100_000).n_orders > 64);
        let stopped = of(0.0, 100);
        assert!(stopped.n_orders == 100 && stopped.share_std_error > 0.02, "{stopped:?}");
    }

    #[test]
    fn drivers_of_a_group_follow_each_other() {
        let names = ["g", "h"].map(str::to_owned).to_vec();
        let partition = Partition { names, members: vec![vec![0, 3, 5], vec![1, 2, 4]] };
        for index in 0..20 {
            let order = Orders::OfGroups(&partition).draw(&mut stream(1, "test", index));
            let first: Vec<bool> = order[..3].iter().map(|driver| [0, 3, 5].contains(driver)).collect();
            assert!(first.iter().all(|&own| own == first[0]), "{order:?}");
        }
    }
}
