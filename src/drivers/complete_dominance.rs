//! Which driver adds more than which, whatever else is in the model.

use multiversion::multiversion;
use ndarray::Array2;
use rayon::prelude::*;

/// Gains closer than this, as shares of the outcome's variation, are equal.
const TIE: f64 = 1e-12;

/// Of all models without two drivers, the share to which the row's driver adds more than the column's; 0.5 for a tie and
/// on the diagonal. `values` is a table of explained shares by subset (see `subset_table`).
///
/// # References
/// Budescu (1993), "Dominance analysis: a new approach to the problem of relative importance of predictors in multiple
/// regression", Psychological Bulletin 114(3); Azen and Budescu (2003), Psychological Methods 8(2).
pub(super) fn shares(values: &[f64]) -> Array2<f64> {
    let n_drivers = values.len().ilog2() as usize;
    let pairs: Vec<(usize, usize)> = (0..n_drivers).flat_map(|high| (0..high).map(move |low| (low, high))).collect();
    let of_pairs: Vec<f64> = pairs.par_iter().map(|&(low, high)| of_pair(values, low, high)).collect();
    let mut shares = Array2::from_elem((n_drivers, n_drivers), 0.5);
    for (&(low, high), share) in pairs.iter().zip(of_pairs) {
        shares[[low, high]] = share;
        shares[[high, low]] = 1.0 - share;
    }
    shares
}

/// 1 where the row's driver adds more to every model, 0 where it adds less to every one, else 0.5.
pub(super) fn verdict(share: f64) -> f64 {
    if share >= 1.0 {
        1.0
    } else if share <= 0.0 {
        0.0
    } else {
        0.5
    }
}

/// Runs of neighbouring sets shorter than this are not worth a loop of their own.
const RUN: usize = 8;

/// Of a model: two where the first driver adds more, one for a tie.
#[inline(always)]
fn halves(one: f64, other: f64) -> u64 {
    u64::from(one - other > TIE) + u64::from(one - other >= -TIE)
}

/// Comparing and counting gives the same whatever the instruction set.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn of_pair(values: &[f64], low: usize, high: usize) -> f64 {
    let (low_bit, high_bit) = (1 << low, 1 << high);
    let n_models = values.len() / 4;
    let mut n_halves = 0;
    // A model is a number with the two drivers' bits, which are zero, put in.
    let model = |number: usize| {
        let above_low = number >> low << (low + 1) | number & (low_bit - 1);
        above_low >> high << (high + 1) | above_low & (high_bit - 1)
    };
    if low_bit < RUN {
        for number in 0..n_models {
            let model = model(number);
            n_halves += halves(values[model | low_bit], values[model | high_bit]);
        }
    } else {
        for number in (0..n_models).step_by(low_bit) {
            let model = model(number);
            let (one, other) = (&values[model | low_bit..][..low_bit], &values[model | high_bit..][..low_bit]);
            for place in 0..low_bit {
                n_halves += halves(one[place], other[place]);
            }
        }
    }
    n_halves as f64 / (2 * n_models) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_drivers_by_hand() {
        // Sets {}, a, b, ab, c, ac, bc, abc. a and b are compared alone (.3 > .2) and beside c (.5 < .6).
        let values = [0.0, 0.3, 0.2, 0.45, 0.2, 0.5, 0.6, 0.7];
        let shares = shares(&values);
        assert_eq!(shares.row(0).to_vec(), [0.5, 0.5, 0.5]);
        // a and c: alone .3 > .2, beside b .45 < .6. b and c: alone equal, beside a .45 < .5.
        assert_eq!((shares[[1, 2]], shares[[2, 1]]), (0.25, 0.75));
        assert_eq!([1.0, 0.75, 0.0].map(verdict), [1.0, 0.5, 0.0]);
    }
}
