//! p-values of several tests, adjusted for there being several.

/// Holm's adjustment: claims at a level alpha are all true with probability 1 - alpha, whatever the tests' dependence.
///
/// `adjusted_(i) = max_(j <= i) min(1, (n - j + 1) p_(j))` over ascending p-values, in the order given. `NaN` stays and
/// counts as no test.
///
/// # Example
/// ```
/// use advocate::stats::multiplicity::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
///
/// # References
/// Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = p_values.to_vec();
    let mut largest = 0.0_f64;
    for (place, &test) in order.iter().enumerate() {
        largest = largest.max(((order.len() - place) as f64 * p_values[test]).min(1.0));
        adjusted[test] = largest;
    }
    adjusted
}

/// Benjamini and Hochberg's adjustment: of the claims at a level alpha a share of at most alpha is false on average, for
/// tests that are independent or depend positively.
///
/// `adjusted_(i) = min_(j >= i) min(1, n p_(j) / j)` over ascending p-values, in the order given. `NaN` stays and counts as
/// no test.
///
/// # Example
/// ```
/// use advocate::stats::multiplicity::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[0.01, 0.04, 0.5]), [0.03, 0.06, 0.5]);
/// ```
///
/// # References
/// Benjamini and Hochberg (1995), "Controlling the false discovery rate", JRSS B 57(1).
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = p_values.to_vec();
    let mut smallest = 1.0_f64;
    for (place, &test) in order.iter().enumerate().rev() {
        smallest = smallest.min(order.len() as f64 * p_values[test] / (place + 1) as f64);
        adjusted[test] = smallest;
    }
    adjusted
}

/// The tests that have a p-value, the smallest first.
fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).filter(|&test| !p_values[test].is_nan()).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By R's p.adjust, and statsmodels' multipletests.
    const P_VALUES: [f64; 6] = [0.01, 0.02, 0.03, 0.04, 0.05, 0.001];

    fn near(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-14, "{got} {want}");
        }
    }

    #[test]
    fn holm_agrees_with_r() {
        near(&holm(&P_VALUES), &[0.05, 0.08, 0.09, 0.09, 0.09, 0.006]);
    }

    #[test]
    fn benjamini_hochberg_agrees_with_r() {
        near(&benjamini_hochberg(&P_VALUES), &[0.03, 0.04, 0.045, 0.048, 0.05, 0.006]);
    }

    #[test]
    fn what_was_not_tested_counts_for_nothing() {
        let got = holm(&[0.01, f64::NAN, 0.02]);
        near(&[got[0], got[2]], &[0.02, 0.02]);
        assert!(got[1].is_nan() && benjamini_hochberg(&[]).is_empty());
    }
}
