//! How good predictions of a number are.

use super::EvaluationError;
use super::error::{check_finite, check_lengths};
use super::order::Order;

/// What a mean's rounding leaves of a constant (relative).
const ROUNDING: f64 = 1e-13;

/// Share of the outcomes' variance that predictions explain: `1 - sum (y - p)^2 / sum (y - mean)^2`, with the mean of the
/// same outcomes.
///
/// Negative where the outcomes' own mean predicts better. That mean is known only afterwards;
/// [`r_squared_against`] has a baseline that was known before.
///
/// # Errors
/// No rows, different lengths, a value that is not finite, outcomes that are one number.
pub fn r_squared(outcomes: &[f64], predictions: &[f64]) -> Result<f64, EvaluationError> {
    check_numbers(outcomes, predictions)?;
    explained(outcomes, &squares(outcomes, predictions), &vec![1.0; outcomes.len()])
}

/// Share of a baseline's squared error that predictions save: `1 - sum (y - p)^2 / sum (y - b)^2`.
///
/// With the mean of the training rows as `b` this is the out-of-sample R squared: negative where that mean predicts better.
///
/// # Errors
/// No rows, different lengths, a value that is not finite, a baseline without error.
///
/// # References
/// Campbell and Thompson (2008), Review of Financial Studies 21(4).
pub fn r_squared_against(outcomes: &[f64], predictions: &[f64], baseline: &[f64]) -> Result<f64, EvaluationError> {
    check_numbers(outcomes, predictions)?;
    check_numbers(outcomes, baseline)?;
    let ones = vec![1.0; outcomes.len()];
    saved(&squares(outcomes, baseline), &squares(outcomes, predictions), &ones)
}

/// Root mean squared error, in units of the outcome.
///
/// # Errors
/// No rows, different lengths, a value that is not finite.
pub fn root_mean_squared_error(outcomes: &[f64], predictions: &[f64]) -> Result<f64, EvaluationError> {
    check_numbers(outcomes, predictions)?;
    Ok((squares(outcomes, predictions).iter().sum::<f64>() / outcomes.len() as f64).sqrt())
}

/// Mean absolute error, in units of the outcome.
///
/// # Errors
/// No rows, different lengths, a value that is not finite.
pub fn mean_absolute_error(outcomes: &[f64], predictions: &[f64]) -> Result<f64, EvaluationError> {
    check_numbers(outcomes, predictions)?;
    let errors = outcomes.iter().zip(predictions).map(|(outcome, prediction)| (outcome - prediction).abs());
    Ok(errors.sum::<f64>() / outcomes.len() as f64)
}

/// Spearman's rank correlation, equal values sharing their mean rank; -1 to 1.
///
/// # Errors
/// No rows, different lengths, a value that is not finite, outcomes or predictions that are one number.
///
/// # Example
/// ```
/// use advocate::estimators::evaluation::rank_correlation;
/// // Ranks 1, 2, 3 against 2, 1, 3: 1 - 6 * 2 / (3 * 8).
/// assert!((rank_correlation(&[1.0, 5.0, 9.0], &[0.2, 0.1, 0.7])? - 0.5).abs() < 1e-15);
/// # Ok::<(), advocate::estimators::evaluation::EvaluationError>(())
/// ```
pub fn rank_correlation(outcomes: &[f64], predictions: &[f64]) -> Result<f64, EvaluationError> {
    check_numbers(outcomes, predictions)?;
    spearman(&Order::of(outcomes), &Order::of(predictions), &vec![1.0; outcomes.len()])
}

/// Weighted share of the variance around the weighted mean that is left, subtracted from one.
pub(super) fn explained(outcomes: &[f64], squares: &[f64], weights: &[f64]) -> Result<f64, EvaluationError> {
    let weight: f64 = weights.iter().sum();
    let mean = dot(outcomes, weights) / weight;
    let total: f64 = outcomes.iter().zip(weights).map(|(outcome, weight)| weight * (outcome - mean).powi(2)).sum();
    if total.sqrt() <= ROUNDING * mean.abs() * weight.sqrt() {
        return Err(EvaluationError::ConstantOutcome);
    }
    Ok(1.0 - dot(squares, weights) / total)
}

/// The share of the baseline's squares that the model's are below them.
pub(super) fn saved(baseline: &[f64], squares: &[f64], weights: &[f64]) -> Result<f64, EvaluationError> {
    let total = dot(baseline, weights);
    if total > 0.0 { Ok(1.0 - dot(squares, weights) / total) } else { Err(EvaluationError::ConstantOutcome) }
}

/// The weighted correlation of weighted mid-ranks: for whole weights, that of the repeated rows.
pub(super) fn spearman(outcomes: &Order, predictions: &Order, weights: &[f64]) -> Result<f64, EvaluationError> {
    if outcomes.is_constant() {
        return Err(EvaluationError::ConstantOutcome);
    }
    if predictions.is_constant() {
        return Err(EvaluationError::ConstantPrediction);
    }
    let (left, right) = (outcomes.mid_ranks(weights), predictions.mid_ranks(weights));
    // The weighted mean of mid-ranks is half of all weight, whatever the ties.
    let centre = 0.5 * weights.iter().sum::<f64>();
    let (mut product, mut left_squares, mut right_squares) = (0.0, 0.0, 0.0);
    for ((left, right), weight) in left.iter().zip(&right).zip(weights) {
        let (left, right) = (left - centre, right - centre);
        product += weight * left * right;
        left_squares += weight * left * left;
        right_squares += weight * right * right;
    }
    if left_squares <= 0.0 {
        Err(EvaluationError::ConstantOutcome)
    } else if right_squares <= 0.0 {
        Err(EvaluationError::ConstantPrediction)
    } else {
        Ok((product / left_squares.sqrt() / right_squares.sqrt()).clamp(-1.0, 1.0))
    }
}

/// `(y - p)^2` by row.
pub(super) fn squares(outcomes: &[f64], predictions: &[f64]) -> Vec<f64> {
    outcomes.iter().zip(predictions).map(|(outcome, prediction)| (outcome - prediction).powi(2)).collect()
}

pub(super) fn dot(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

fn check_numbers(outcomes: &[f64], predictions: &[f64]) -> Result<(), EvaluationError> {
    check_lengths(outcomes.len(), predictions.len())?;
    check_finite(outcomes)?;
    check_finite(predictions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: Result<f64, EvaluationError>, want: f64) {
        let got = got.expect("judged");
        assert!((got - want).abs() < 1e-12, "{got} {want}");
    }

    #[test]
    fn numbers_by_hand() {
        // Errors 1, 0, -2: squares 5 of a total of 8; mean absolute error 1.
        let (outcomes, predictions) = ([3.0, 5.0, 7.0], [2.0, 5.0, 9.0]);
        close(r_squared(&outcomes, &predictions), 1.0 - 5.0 / 8.0);
        close(root_mean_squared_error(&outcomes, &predictions), (5.0_f64 / 3.0).sqrt());
        close(mean_absolute_error(&outcomes, &predictions), 1.0);
        // Against a training mean of 4 the squares are 1, 1 and 9.
        close(r_squared_against(&outcomes, &predictions, &[4.0; 3]), 1.0 - 5.0 / 11.0);
    }

    #[test]
    fn rank_correlation_with_ties_agrees_with_scipy() {
        // scipy.stats.spearmanr
        let outcomes = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        let predictions = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0];
        close(rank_correlation(&outcomes, &predictions), 0.198_853_681_209_924_67);
    }

    #[test]
    fn what_cannot_be_judged_says_why() {
        assert_eq!(r_squared(&[0.1; 3], &[0.1; 3]), Err(EvaluationError::ConstantOutcome));
        assert_eq!(rank_correlation(&[1.0, 2.0], &[3.0, 3.0]), Err(EvaluationError::ConstantPrediction));
        assert_eq!(rank_correlation(&[1.0, 1.0], &[3.0, 4.0]), Err(EvaluationError::ConstantOutcome));
        let lengths = EvaluationError::RowCount { n_predictions: 1, n_outcomes: 2 };
        assert_eq!(mean_absolute_error(&[1.0, 2.0], &[1.0]), Err(lengths));
    }
}
