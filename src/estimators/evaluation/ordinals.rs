//! How good probabilities of ordered levels are.

use super::EvaluationError;
use super::error::{check_lengths, check_probabilities};
use ndarray::ArrayView2;

/// How far the probabilities of a row may sum from 1 (absolute).
const SUM_TOLERANCE: f64 = 1e-6;

/// The ranked probability score of each row: `sum over k < K of (P(Y <= k) - [y <= k])^2 / (K - 1)`.
///
/// `probabilities` is n_rows by n_levels (K), levels ascending; `levels` are the levels that happened, from 0. Divided by
/// `K - 1` it lies between 0 (perfect) and 1 (sure of the other end) and for two levels is the Brier score of the class;
/// without the division, as some write it, it is `K - 1` times as large. A miss by one level costs less than by two.
///
/// # Errors
/// No rows, different lengths, fewer than two levels or a level that is not there, probabilities that are none or do not
/// sum to one.
///
/// # References
/// Epstein (1969), Journal of Applied Meteorology 8(6); Murphy (1971), the same 10(1).
pub fn ranked_probability_scores(
    levels: &[usize],
    probabilities: ArrayView2<f64>,
) -> Result<Vec<f64>, EvaluationError> {
    check_levels(levels, probabilities)?;
    let last = probabilities.ncols() - 1;
    Ok(probabilities
        .outer_iter()
        .zip(levels)
        .map(|(row, &level)| {
            let (mut below, mut sum) = (0.0, 0.0);
            for (k, probability) in row.iter().take(last).enumerate() {
                below += probability;
                sum += (below - f64::from(u8::from(level <= k))).powi(2);
            }
            sum / last as f64
        })
        .collect())
}

/// The mean of [`ranked_probability_scores`].
///
/// # Errors
/// Those of [`ranked_probability_scores`].
///
/// # Example
/// ```
/// use advocate::estimators::evaluation::ranked_probability_score;
/// use ndarray::array;
/// // Cumulated 0.2 and 0.5 against 0 and 1: (0.04 + 0.25) / 2.
/// let score = ranked_probability_score(&[1], array![[0.2, 0.3, 0.5]].view())?;
/// assert!((score - 0.145).abs() < 1e-15);
/// # Ok::<(), advocate::estimators::evaluation::EvaluationError>(())
/// ```
pub fn ranked_probability_score(levels: &[usize], probabilities: ArrayView2<f64>) -> Result<f64, EvaluationError> {
    ranked_probability_scores(levels, probabilities).map(|scores| mean(&scores))
}

/// The negative log-likelihood of each row's level; a probability of 0 counts as 2.2e-16.
///
/// # Errors
/// Those of [`ranked_probability_scores`].
pub fn level_log_losses(levels: &[usize], probabilities: ArrayView2<f64>) -> Result<Vec<f64>, EvaluationError> {
    check_levels(levels, probabilities)?;
    let inside = |probability: f64| probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    Ok(probabilities.outer_iter().zip(levels).map(|(row, &level)| -inside(row[level]).ln()).collect())
}

/// The mean of [`level_log_losses`], as scikit-learn's `log_loss` over several classes.
///
/// # Errors
/// Those of [`ranked_probability_scores`].
pub fn level_log_loss(levels: &[usize], probabilities: ArrayView2<f64>) -> Result<f64, EvaluationError> {
    level_log_losses(levels, probabilities).map(|losses| mean(&losses))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn check_levels(levels: &[usize], probabilities: ArrayView2<f64>) -> Result<(), EvaluationError> {
    check_lengths(levels.len(), probabilities.nrows())?;
    let n_levels = probabilities.ncols();
    let unknown = levels.iter().position(|&level| level >= n_levels || n_levels < 2);
    if let Some(row) = unknown {
        return Err(EvaluationError::UnknownLevel { row: row + 1, level: levels[row], n_levels });
    }
    for (row, values) in probabilities.outer_iter().enumerate() {
        check_probabilities(&values.to_vec()).map_err(|error| match error {
            EvaluationError::NotProbability { value, .. } => EvaluationError::NotProbability { row: row + 1, value },
            other => other,
        })?;
        if (values.sum() - 1.0).abs() > SUM_TOLERANCE {
            return Err(EvaluationError::NotDistribution { row: row + 1, sum: values.sum() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{brier_score, log_loss};
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn two_levels_are_a_class() {
        let probabilities = array![[0.3, 0.7], [0.9, 0.1], [0.5, 0.5]];
        let (levels, classes) = ([1, 1, 0], [true, true, false]);
        let of_class = [0.7, 0.1, 0.5];
        let ranked = ranked_probability_score(&levels, probabilities.view()).expect("distributions");
        assert!((ranked - brier_score(&classes, &of_class).expect("probabilities")).abs() < 1e-15);
        let loss = level_log_loss(&levels, probabilities.view()).expect("distributions");
        assert!((loss - log_loss(&classes, &of_class).expect("probabilities")).abs() < 1e-15);
    }

    #[test]
    fn the_further_end_costs_one_and_a_neighbour_less() {
        let sure = array![[1.0, 0.0, 0.0]];
        let score = |level| ranked_probability_score(&[level], sure.view()).expect("a distribution");
        assert_eq!([score(0), score(1), score(2)], [0.0, 0.5, 1.0]);
    }

    #[test]
    fn what_is_no_distribution_names_its_row() {
        let of = |levels: &[usize], rows: &[[f64; 2]]| {
            let probabilities = Array2::from_shape_fn((rows.len(), 2), |(row, level)| rows[row][level]);
            ranked_probability_score(levels, probabilities.view()).unwrap_err()
        };
        assert!(matches!(of(&[0, 2], &[[0.5, 0.5]; 2]), EvaluationError::UnknownLevel { row: 2, .. }));
        assert!(matches!(of(&[0], &[[0.5, 0.4]]), EvaluationError::NotDistribution { row: 1, .. }));
        assert!(matches!(of(&[0], &[[1.5, -0.5]]), EvaluationError::NotProbability { row: 1, .. }));
    }
}
