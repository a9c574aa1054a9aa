//! Proportional marginal variance decomposition, by a recursion over subsets.

use ndarray::Array1;

/// What a set of drivers must add to the others, as a share of all that is explained, to add anything: less is rounding.
const NOTHING: f64 = 1e-12;

/// The PMVD of a table of explained shares by subset (see `subset_table`): a mean of what drivers add over all orders, in
/// which an order counts by `prod_k 1 / (v(N) - v(S_k))`, `S_k` its first k drivers.
///
/// With `g(T) = v(N) - v(N \ T)`, the sum of an order's weights over all orders that end with `T` follows from smaller sets,
/// `q(T) = sum_(i in T) q(T \ i) / g(T)`, and driver i has the share `q(N \ i) / sum_j q(N \ j)`: `p 2^(p-1)` additions.
///
/// A driver that adds nothing to all others gets nothing. Where several sets add nothing, as with equal columns, orders
/// that end with the largest of them outweigh all others without bound; what is left in the limit is a mean over those,
/// so that copies share equally and a copy takes nothing from others.
///
/// # References
/// Feldman (2005), "Relative importance and value", manuscript; Grömping (2007), "Estimators of relative importance in
/// linear regression based on variance decomposition", The American Statistician 61(2); for sets that add nothing,
/// Herin, Il Idrissi, Chabridon and Iooss (2024), "Proportional marginal effects for global sensitivity analysis",
/// SIAM/ASA Journal on Uncertainty Quantification 12(2).
pub(super) fn pmvd(values: &[f64]) -> Array1<f64> {
    let n_drivers = values.len().ilog2() as usize;
    let all = values.len() - 1;
    let full = values[all];
    if full <= 0.0 {
        return Array1::zeros(n_drivers);
    }
    let gain = |set: usize| (1.0 - values[all & !set] / full).min(1.0);
    let drivers_of = |set: usize| (0..n_drivers).filter(move |driver| set >> driver & 1 == 1);
    let any_adds_nothing = (0..n_drivers).any(|driver| gain(1 << driver) <= NOTHING);

    // Means over the drivers instead of sums keep the numbers small; the shares are the same.
    let mut weights = vec![0.0; values.len()];
    weights[0] = 1.0;
    if !any_adds_nothing {
        for set in 1..all {
            let sum: f64 = bits(set).map(|driver| weights[set ^ 1 << driver]).sum();
            weights[set] = sum / (f64::from(set.count_ones()) * gain(set));
        }
        let last: Array1<f64> = (0..n_drivers).map(|driver| weights[all ^ 1 << driver]).collect();
        return &last * (full / last.sum());
    }
    // The weight of a set is `weights / 0^orders`: of its orders only those of the highest power count.
    let mut orders = vec![0_u8; values.len()];
    let highest =
        |set: usize, orders: &[u8]| drivers_of(set).map(|driver| orders[set ^ 1 << driver]).max().unwrap_or(0);
    for set in 1..all {
        let gain = gain(set);
        if gain <= NOTHING {
            (orders[set], weights[set]) = (set.count_ones() as u8, 1.0);
        } else {
            let order = highest(set, &orders);
            let counting = drivers_of(set).map(|driver| set ^ 1 << driver).filter(|&less| orders[less] == order);
            let sum: f64 = counting.map(|less| weights[less]).sum();
            (orders[set], weights[set]) = (order, sum / (f64::from(set.count_ones()) * gain));
        }
    }
    let order = highest(all, &orders);
    let counts = |set: usize| if orders[set] == order { weights[set] } else { 0.0 };
    let last: Array1<f64> = (0..n_drivers).map(|driver| counts(all ^ 1 << driver)).collect();
    &last * (full / last.sum())
}

/// The drivers of a set, ascending.
fn bits(set: usize) -> impl Iterator<Item = u32> {
    let mut left = set;
    std::iter::from_fn(move || {
        let bit = left.trailing_zeros();
        (left > 0).then(|| {
            left &= left - 1;
            bit
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_drivers_by_hand() {
        // Orders a, b and b, a weigh 1 / (.45 - .36) and 1 / (.45 - .25): 20 / 29 and 9 / 29.
        // a gets .36 * 20 / 29 + .20 * 9 / 29 = 9 / 29, which is .45 * 20 / 29.
        let got = pmvd(&[0.0, 0.36, 0.25, 0.45]);
        assert!((got[0] - 9.0 / 29.0).abs() < 1e-14 && (got[1] - 0.45 * 9.0 / 29.0).abs() < 1e-14, "{got}");
    }

    #[test]
    fn what_adds_nothing_to_the_others_gets_nothing() {
        // b is worth .2 alone and nothing after a.
        assert_eq!(pmvd(&[0.0, 0.4, 0.2, 0.4]), ndarray::array![0.4, 0.0]);
    }

    #[test]
    fn copies_share_what_one_of_them_would_get() {
        // Driver 2 is driver 0 again.
        let one = [0.0, 0.36, 0.25, 0.45];
        let own = pmvd(&one);
        let twice: Vec<f64> = (0..8_usize).map(|set| one[(set & 1 | set >> 2) | set & 2]).collect();
        let got = pmvd(&twice);
        assert!((got[0] - own[0] / 2.0).abs() < 1e-14 && (got[2] - own[0] / 2.0).abs() < 1e-14, "{got}");
        assert!((got[1] - own[1]).abs() < 1e-14, "{got}");
    }

    #[test]
    fn nothing_explained_is_shared_by_nobody() {
        assert_eq!(pmvd(&[0.0; 8]), Array1::<f64>::zeros(3));
    }
}
