//! How often each replicate draws a customer: Poisson with mean one, from the customer's own stream.

use crate::stats::random::mix;

/// A draw of 16 random bits counts how many of these it reaches. The steps follow `65536 P(X <= k)` for Poisson with mean
/// one and are rounded so that the mean is one exactly; no draw exceeds eight.
const STEPS: [u16; 8] = [24_109, 48_219, 60_273, 64_292, 65_296, 65_497, 65_531, 65_535];

/// Counts that are made together.
const LANES: usize = 64;

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
    for (block, counts) in counts.chunks_mut(LANES).enumerate() {
        let mut bits = [0_u16; LANES];
        for (place, four) in bits.chunks_exact_mut(4).enumerate().take(counts.len().div_ceil(4)) {
            let place = (block * LANES / 4 + place) as u64;
            let word = mix(start.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            for (lane, bits) in four.iter_mut().enumerate() {
                *bits = (word >> (16 * lane)) as u16;
            }
        }
        // Step by step over all lanes, which compilers turn into few instructions.
        let mut reached = [0_u16; LANES];
        for step in STEPS {
            reached.iter_mut().zip(&bits).for_each(|(own, &bits)| *own += u16::from(bits >= step));
        }
        counts.iter_mut().zip(reached).for_each(|(count, own)| *count = f64::from(own));
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
    fn a_count_depends_on_its_replicate_alone() {
        // By the definition: the lane's 16 bits of the word of its four, against every step.
        let mut counts = vec![0.0; 203];
        fill(&mut counts, 11, 17);
        let start = mix(mix(11 ^ 0x706f_6973_736f_6e00).wrapping_add(17));
        for (replicate, &count) in counts.iter().enumerate() {
            let word = mix(start.wrapping_add((replicate as u64 / 4).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let bits = (word >> (16 * (replicate % 4))) as u16;
            let want = STEPS.iter().filter(|&&step| bits >= step).count();
            assert_eq!(count, want as f64, "{replicate}");
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
