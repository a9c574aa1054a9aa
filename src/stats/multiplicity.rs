//! p-values of many tests read together: adjusted so that chance findings stay rare.

/// Holm's adjusted p-values: those at or below a level reject with a probability of at most that level that any of them
/// is a chance finding, whatever hangs together with what.
///
/// The k-th smallest of m is `max over j <= k of min(1, (m - j + 1) p_(j))`. A `NaN` is no test: it stays and counts for
/// nothing.
///
/// # Example
/// ```
/// use advocate::stats::multiplicity::holm;
/// assert_eq!(holm(&[0.01, 0.04]), [0.02, 0.04]);
/// ```
///
/// # References
/// Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut largest = 0.0_f64;
    for (place, &test) in order.iter().enumerate() {
        let left = (order.len() - place) as f64;
        largest = largest.max((left * p_values[test]).min(1.0));
        adjusted[test] = largest;
    }
    adjusted
}

/// Benjamini and Hochberg's adjusted p-values: of those at or below a level, at most that share is expected to be chance,
/// where the tests are independent or go together.
///
/// The k-th smallest of m is `min over j >= k of min(1, m p_(j) / j)`. A `NaN` is no test: it stays and counts for
/// nothing.
///
/// # Example
/// ```
/// use advocate::stats::multiplicity::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[0.01, 0.04]), [0.02, 0.04]);
/// ```
///
/// # References
/// Benjamini and Hochberg (1995), "Controlling the false discovery rate", JRSS B 57(1); Benjamini and Yekutieli (2001),
/// Annals of Statistics 29(4), for tests that go together.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let n_tests = order.len() as f64;
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut smallest = 1.0_f64;
    for (place, &test) in order.iter().enumerate().rev() {
        smallest = smallest.min(n_tests * p_values[test] / (place as f64 + 1.0));
        adjusted[test] = smallest;
    }
    adjusted
}

/// The tests, by ascending p-value.
fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).filter(|&test| !p_values[test].is_nan()).collect();
    order.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-14, "{got} {want}");
        }
    }

    #[test]
    fn agrees_with_statsmodels() {
        // statsmodels.stats.multitest.multipletests(p, method="holm") and method="fdr_bh".
        let p_values = [0.01, 0.04, 0.03, 0.005, 0.2, 0.04, 0.9];
        close(&holm(&p_values), &[0.06, 0.16, 0.15, 0.035, 0.4, 0.16, 0.9]);
        let fdr = 0.07 * 4.0 / 5.0;
        close(&benjamini_hochberg(&p_values), &[0.035, fdr, fdr, 0.035, 0.7 / 3.0, fdr, 0.9]);
    }

    #[test]
    fn adjusted_values_keep_the_order_and_lie_between_the_own_and_one() {
        let p_values = [0.5, 0.001, 0.02, 0.6, 0.02, 1.0, 0.0];
        for adjusted in [holm(&p_values), benjamini_hochberg(&p_values)] {
            for (one, own) in adjusted.iter().zip(&p_values) {
                assert!(one >= own && *one <= 1.0);
                assert!(adjusted.iter().zip(&p_values).all(|(two, other)| own > other || one <= two));
            }
        }
    }

    #[test]
    fn what_is_no_test_counts_for_nothing() {
        let with = [0.01, f64::NAN, 0.04];
        assert!(holm(&with)[1].is_nan() && benjamini_hochberg(&with)[1].is_nan());
        assert_eq!(holm(&with)[0], holm(&[0.01, 0.04])[0]);
        assert_eq!(benjamini_hochberg(&with)[2], benjamini_hochberg(&[0.01, 0.04])[1]);
        assert!(holm(&[]).is_empty() && benjamini_hochberg(&[f64::NAN])[0].is_nan());
    }
}
