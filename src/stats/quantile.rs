//! Sample quantiles.

/// The quantile at `probability` (0-1) of values sorted ascending: linear between order statistics.
///
/// Type 7 of Hyndman and Fan, the default of R and NumPy. `NaN` for an empty slice.
///
/// # Example
/// ```
/// use advocate::stats::quantile::quantile_of_sorted;
/// assert_eq!(quantile_of_sorted(&[1.0, 2.0, 3.0, 4.0], 0.5), 2.5);
/// ```
///
/// # References
/// Hyndman and Fan (1996), "Sample quantiles in statistical packages", The American Statistician 50(4).
pub fn quantile_of_sorted(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = probability.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Sorts the values and returns their quantiles at each probability.
pub fn quantiles(mut values: Vec<f64>, probabilities: &[f64]) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    probabilities.iter().map(|&probability| quantile_of_sorted(&values, probability)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_numpy() {
        // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0.025, 0.1, 0.75, 1])
        let got = quantiles(vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], &[0.025, 0.1, 0.75, 1.0]);
        for (got, want) in got.iter().zip([1.0, 1.0, 5.25, 9.0]) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }

    #[test]
    fn empty_is_nan() {
        assert!(quantile_of_sorted(&[], 0.5).is_nan());
    }
}
