//! How good predictions of a count are.

use super::EvaluationError;
use super::error::{check_finite, check_lengths};

/// Mean Poisson deviance: the mean of `2 (y ln(y / p) - y + p)`; 0 is perfect.
///
/// As scikit-learn and statsmodels compute it.
///
/// # Errors
/// No rows, different lengths, a value that is not finite, a negative count, an expected count that is not positive.
///
/// # Example
/// ```
/// use advocate::estimators::evaluation::mean_poisson_deviance;
/// // Where nothing happened, the deviance is twice what was expected.
/// assert_eq!(mean_poisson_deviance(&[0.0, 0.0], &[1.0, 2.0]), Ok(3.0));
/// ```
pub fn mean_poisson_deviance(outcomes: &[f64], expected: &[f64]) -> Result<f64, EvaluationError> {
    mean_negative_binomial_deviance(outcomes, expected, 0.0)
}

/// Mean deviance of the negative binomial with variance `p + alpha p^2`; 0 is perfect.
///
/// The mean of `2 (y ln(y / p) - (y + 1/alpha) ln((1 + alpha y) / (1 + alpha p)))`, which is Poisson's at `alpha = 0`.
///
/// # Errors
/// Those of [`mean_poisson_deviance`], and an `alpha` that is negative or not finite.
///
/// # References
/// McCullagh and Nelder (1989), "Generalized Linear Models", section 11.2.
pub fn mean_negative_binomial_deviance(outcomes: &[f64], expected: &[f64], alpha: f64) -> Result<f64, EvaluationError> {
    check_lengths(outcomes.len(), expected.len())?;
    check_counts(outcomes, expected, alpha)?;
    let deviances = outcomes.iter().zip(expected).map(|(&outcome, &expected)| deviance(outcome, expected, alpha));
    Ok(deviances.sum::<f64>() / outcomes.len() as f64)
}

pub(super) fn check_counts(outcomes: &[f64], expected: &[f64], alpha: f64) -> Result<(), EvaluationError> {
    if !(alpha.is_finite() && alpha >= 0.0) {
        return Err(EvaluationError::BadDispersion { alpha });
    }
    check_finite(outcomes)?;
    check_finite(expected)?;
    if let Some(row) = outcomes.iter().position(|&outcome| outcome < 0.0) {
        return Err(EvaluationError::NotCount { row: row + 1, value: outcomes[row] });
    }
    match expected.iter().position(|&expected| expected <= 0.0) {
        Some(row) => Err(EvaluationError::NotPositive { row: row + 1, value: expected[row] }),
        None => Ok(()),
    }
}

/// One row's deviance.
pub(super) fn deviance(outcome: f64, expected: f64, alpha: f64) -> f64 {
    let gap = outcome - expected;
    let of_ratio = if outcome > 0.0 { outcome * (outcome / expected).ln() } else { 0.0 };
    // (1/alpha) ln((1 + alpha y) / (1 + alpha p)) without loss for a small alpha, where it tends to y - p.
    let share = alpha * gap / (1.0 + alpha * expected);
    let of_spread = share.ln_1p();
    let spread = if alpha > 0.0 { of_spread / alpha } else { gap };
    (2.0 * (of_ratio - outcome * of_spread - spread)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviances_agree_with_scikit_learn_and_statsmodels() {
        let outcomes = [0.0, 1.0, 2.0, 7.0, 3.0];
        let expected = [0.4, 1.5, 2.0, 3.5, 4.2];
        // sklearn.metrics.mean_poisson_deviance
        let poisson = mean_poisson_deviance(&outcomes, &expected).expect("counts");
        assert!((poisson - 0.814_859_378_379_125_6).abs() < 1e-14, "{poisson}");
        // statsmodels NegativeBinomial(alpha=0.7).deviance / 5
        let dispersed = mean_negative_binomial_deviance(&outcomes, &expected, 0.7).expect("counts");
        assert!((dispersed - 0.313_500_800_605_344_24).abs() < 1e-14, "{dispersed}");
    }

    #[test]
    fn no_dispersion_is_the_limit_of_little() {
        let (outcomes, expected) = ([0.0, 4.0, 9.0], [1.0, 2.0, 11.0]);
        let none = mean_poisson_deviance(&outcomes, &expected).expect("counts");
        let little = mean_negative_binomial_deviance(&outcomes, &expected, 1e-12).expect("counts");
        assert!((none - little).abs() < 1e-9, "{none} {little}");
    }

    #[test]
    fn what_is_no_count_is_refused() {
        assert!(matches!(mean_poisson_deviance(&[-1.0], &[1.0]), Err(EvaluationError::NotCount { row: 1, .. })));
        assert!(matches!(mean_poisson_deviance(&[1.0], &[0.0]), Err(EvaluationError::NotPositive { row: 1, .. })));
        let bad = mean_negative_binomial_deviance(&[1.0], &[1.0], -1.0);
        assert_eq!(bad, Err(EvaluationError::BadDispersion { alpha: -1.0 }));
    }
}
