//! How often each replicate draws a customer: Poisson with mean one, from the customer's own stream.

use crate::stats::random::mix;

/// A draw of 16 random bits counts how many of these it reaches. The steps follow `65536 P(X <= k)` for Poisson with mean
/// one and are rounded so that the mean is one exactly; no draw exceeds eight.
const STEPS: [u16; 8] = [24_109, 48_219, 60_273, 64_292, 65_296, 65_497, 65_531, 65_535];

/// Fills one count per replicate for a customer.
///
/// The counts depend on seed, customer and replicate alone, so that rows may come in any order and on any thread. Drawing
/// every customer on its own instead of a fixed total costs nothing for ratios and needs no second look at the data.
///
/// # References
/// Hanley and MacGibbon (2006), "Creating non-parametric bootstrap samples using Poisson frequencies", Computer Methods
/// and Programs in Biomedicine 83(1); Chamandy, Muralidharan, Najmi and Naidu (2012), "Estimating uncertainty for massive
/// data streams".
pub(super) fn fill(counts: &mut [f64], seed: u64, customer: u64) {
    let start = mix(mix(seed ^ 0x706f_6973_736f_6e00).wrapping_add(customer));
    for (place, four) in counts.chunks_mut(4).enumerate() {
        let word = mix(start.wrapping_add((place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        for (lane, count) in four.iter_mut().enumerate() {
            let bits = (word >> (16 * lane)) as u16;
            *count = f64::from(STEPS.iter().map(|&step| u16::from(bits >= step)).sum::<u16>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_poisson_with_mean_one() {
        // Steps sum to exactly one; over 400,000 draws the mean has a standard error of 0.0016, and the shares of 0, 1, 2
        // and 3 are e^-1 / k!.
        assert_eq!(STEPS.iter().map(|&step| 65_536 - u32::from(step)).sum::<u32>(), 65_536);
        let mut drawn = Vec::new();
        let mut counts = vec![0.0; 200];
        for customer in 0..2000 {
            fill(&mut counts, 3, customer);
            drawn.extend_from_slice(&counts);
        }
        let n = drawn.len() as f64;
        let mean = drawn.iter().sum::<f64>() / n;
        let variance = drawn.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / n;
        assert!((mean - 1.0).abs() < 0.007 && (variance - 1.0).abs() < 0.012, "{mean} {variance}");
        for (k, factorial) in [1.0, 1.0, 2.0, 6.0].into_iter().enumerate() {
            let share = drawn.iter().filter(|&&count| (count - k as f64).abs() < 0.5).count() as f64 / n;
            assert!((share - (-1.0_f64).exp() / factorial).abs() < 0.004, "{k} {share}");
        }
    }

    #[test]
    fn customers_and_replicates_do_not_go_together() {
        let mut one = vec![0.0; 4000];
        let mut other = vec![0.0; 4000];
        fill(&mut one, 3, 1);
        fill(&mut other, 3, 2);
        let together = |left: &[f64], right: &[f64]| {
            left.iter().zip(right).map(|(left, right)| (left - 1.0) * (right - 1.0)).sum::<f64>() / left.len() as f64
        };
        // Four standard errors of a correlation over 4,000 pairs.
        assert!(together(&one, &other).abs() < 0.07 && together(&one[1..], &one[..3999]).abs() < 0.07);
    }
}
