//! How good predictions are: of classes by their probabilities, of numbers by their errors.
//!
//! Every figure is for rows that the model has not seen, or it flatters.

use thiserror::Error;

/// Why predictions could not be judged. Rows are counted from 1.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum EvaluationError {
    /// Nothing to judge.
    #[error("there are no predictions to judge")]
    NoRows,
    /// Not one prediction per outcome.
    #[error("{n_predictions} predictions for {n_outcomes} outcomes")]
    RowCount {
        /// Predictions given.
        n_predictions: usize,
        /// Outcomes given.
        n_outcomes: usize,
    },
    /// A prediction or outcome that is not finite.
    #[error("row {row}: {value} is not a finite number")]
    NotFinite {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A probability below 0 or above 1.
    #[error("row {row}: {value} is no probability; probabilities lie between 0 and 1")]
    NotProbability {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// All outcomes are of one class.
    #[error("all outcomes are of one class; separating classes needs both")]
    OneClass,
    /// All outcomes are one number.
    #[error("all outcomes are one number; there is no variance to explain")]
    ConstantOutcome,
}

/// Area under the ROC curve: the probability that a random row of class 1 scores above one of class 0, ties counting
/// half.
///
/// # Errors
/// No rows, different lengths, a score that is not finite, a single class.
///
/// # Example
/// ```
/// use advocate::estimators::evaluation::roc_auc;
/// // Of the four pairs, two are right, one is wrong and one is tied.
/// assert_eq!(roc_auc(&[true, true, false, false], &[0.9, 0.4, 0.4, 0.7]), Ok(0.625));
/// ```
///
/// # References
/// Hanley and McNeil (1982), Radiology 143(1).
pub fn roc_auc(outcomes: &[bool], scores: &[f64]) -> Result<f64, EvaluationError> {
    let ties = Ties::descending(outcomes, scores)?;
    let (mut events_above, mut pairs) = (0.0, 0.0);
    for tie in &ties.groups {
        pairs += tie.others * (events_above + 0.5 * tie.events);
        events_above += tie.events;
    }
    Ok(pairs / (ties.n_events * ties.n_others))
}

/// Average precision: precision at each score, weighted by the share of class 1 that it adds.
///
/// Without interpolation, as scikit-learn computes it.
///
/// # Errors
/// No rows, different lengths, a score that is not finite, a single class.
pub fn average_precision(outcomes: &[bool], scores: &[f64]) -> Result<f64, EvaluationError> {
    let ties = Ties::descending(outcomes, scores)?;
    let (mut events, mut rows, mut sum) = (0.0, 0.0, 0.0);
    for tie in &ties.groups {
        events += tie.events;
        rows += tie.events + tie.others;
        sum += tie.events * events / rows;
    }
    Ok(sum / ties.n_events)
}

/// Brier score: mean squared difference between probability and outcome; 0 is perfect.
///
/// # Errors
/// No rows, different lengths, a value that is no probability.
pub fn brier_score(outcomes: &[bool], probabilities: &[f64]) -> Result<f64, EvaluationError> {
    mean_over(outcomes, probabilities, |outcome, probability| (probability - f64::from(u8::from(outcome))).powi(2))
}

/// Mean negative log-likelihood of the outcomes; 0 is perfect.
///
/// A probability of exactly 0 or 1 is moved inwards by 2.2e-16, as scikit-learn does, so that one wrong certainty costs
/// 36 and not infinity.
///
/// # Errors
/// No rows, different lengths, a value that is no probability.
pub fn log_loss(outcomes: &[bool], probabilities: &[f64]) -> Result<f64, EvaluationError> {
    mean_over(outcomes, probabilities, |outcome, probability| {
        let inside = probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        if outcome { -inside.ln() } else { -(-inside).ln_1p() }
    })
}

/// Share of the outcomes' variance that predictions explain: `1 - sum (y - p)^2 / sum (y - mean)^2`.
///
/// Negative where the outcomes' own mean predicts better.
///
/// # Errors
/// No rows, different lengths, a value that is not finite, outcomes that are one number.
pub fn r_squared(outcomes: &[f64], predictions: &[f64]) -> Result<f64, EvaluationError> {
    check_numbers(outcomes, predictions)?;
    let mean = outcomes.iter().sum::<f64>() / outcomes.len() as f64;
    let total: f64 = outcomes.iter().map(|outcome| (outcome - mean).powi(2)).sum();
    // What a mean's rounding leaves of a constant.
    if total.sqrt() <= 1e-13 * mean.abs() * (outcomes.len() as f64).sqrt() {
        return Err(EvaluationError::ConstantOutcome);
    }
    let left: f64 = outcomes.iter().zip(predictions).map(|(outcome, prediction)| (outcome - prediction).powi(2)).sum();
    Ok(1.0 - left / total)
}

/// Root mean squared error, in units of the outcome.
///
/// # Errors
/// No rows, different lengths, a value that is not finite.
pub fn root_mean_squared_error(outcomes: &[f64], predictions: &[f64]) -> Result<f64, EvaluationError> {
    check_numbers(outcomes, predictions)?;
    let squares = outcomes.iter().zip(predictions).map(|(outcome, prediction)| (outcome - prediction).powi(2));
    Ok((squares.sum::<f64>() / outcomes.len() as f64).sqrt())
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

/// Rows with one score.
struct Tie {
    events: f64,
    others: f64,
}

/// Rows grouped by score, highest first.
struct Ties {
    groups: Vec<Tie>,
    n_events: f64,
    n_others: f64,
}

impl Ties {
    fn descending(outcomes: &[bool], scores: &[f64]) -> Result<Self, EvaluationError> {
        check_lengths(outcomes.len(), scores.len())?;
        check_finite(scores)?;
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_unstable_by(|&left, &right| scores[right].total_cmp(&scores[left]));
        let mut groups: Vec<Tie> = Vec::new();
        let mut last = f64::INFINITY;
        for row in order {
            // Zero and minus zero are one score.
            if groups.is_empty() || scores[row] < last {
                groups.push(Tie { events: 0.0, others: 0.0 });
                last = scores[row];
            }
            if let Some(tie) = groups.last_mut() {
                *(if outcomes[row] { &mut tie.events } else { &mut tie.others }) += 1.0;
            }
        }
        let n_events = outcomes.iter().filter(|&&outcome| outcome).count();
        if n_events == 0 || n_events == outcomes.len() {
            return Err(EvaluationError::OneClass);
        }
        Ok(Self { groups, n_events: n_events as f64, n_others: (outcomes.len() - n_events) as f64 })
    }
}

fn mean_over(
    outcomes: &[bool],
    probabilities: &[f64],
    loss: impl Fn(bool, f64) -> f64,
) -> Result<f64, EvaluationError> {
    check_lengths(outcomes.len(), probabilities.len())?;
    if let Some(row) = probabilities.iter().position(|probability| !(0.0..=1.0).contains(probability)) {
        return Err(EvaluationError::NotProbability { row: row + 1, value: probabilities[row] });
    }
    let sum: f64 = outcomes.iter().zip(probabilities).map(|(&outcome, &probability)| loss(outcome, probability)).sum();
    Ok(sum / outcomes.len() as f64)
}

fn check_numbers(outcomes: &[f64], predictions: &[f64]) -> Result<(), EvaluationError> {
    check_lengths(outcomes.len(), predictions.len())?;
    check_finite(outcomes)?;
    check_finite(predictions)
}

fn check_lengths(n_outcomes: usize, n_predictions: usize) -> Result<(), EvaluationError> {
    if n_outcomes != n_predictions {
        Err(EvaluationError::RowCount { n_predictions, n_outcomes })
    } else if n_outcomes == 0 {
        Err(EvaluationError::NoRows)
    } else {
        Ok(())
    }
}

fn check_finite(values: &[f64]) -> Result<(), EvaluationError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(EvaluationError::NotFinite { row: row + 1, value: values[row] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: Result<f64, EvaluationError>, want: f64) {
        let got = got.expect("judged");
        assert!((got - want).abs() < 1e-12, "{got} {want}");
    }

    #[test]
    fn classes_with_ties_agree_with_scikit_learn() {
        // sklearn.metrics 1.9: roc_auc_score, average_precision_score, brier_score_loss, log_loss.
        let outcomes = [1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0].map(|class| class == 1);
        let probabilities = [0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.3, 0.2, 0.2, 0.1];
        close(roc_auc(&outcomes, &probabilities), 0.728_571_428_571_428_6);
        close(average_precision(&outcomes, &probabilities), 0.688_528_138_528_138_5);
        close(brier_score(&outcomes, &probabilities), 0.215);
        close(log_loss(&outcomes, &probabilities), 0.616_887_046_954_147_9);
    }

    #[test]
    fn numbers_by_hand() {
        // Errors 1, 0, -2: squares 5 of a total of 8; mean absolute error 1.
        let (outcomes, predictions) = ([3.0, 5.0, 7.0], [2.0, 5.0, 9.0]);
        close(r_squared(&outcomes, &predictions), 1.0 - 5.0 / 8.0);
        close(root_mean_squared_error(&outcomes, &predictions), (5.0_f64 / 3.0).sqrt());
        close(mean_absolute_error(&outcomes, &predictions), 1.0);
    }

    #[test]
    fn a_wrong_certainty_costs_much_and_not_infinity() {
        // sklearn.metrics.log_loss([1, 0], [0.0, 0.0]) is -ln(2.2e-16) / 2.
        close(log_loss(&[true, false], &[0.0, 0.0]), 18.021_826_694_558_577);
    }

    #[test]
    fn what_cannot_be_judged_says_why() {
        assert_eq!(roc_auc(&[true, true], &[0.1, 0.2]), Err(EvaluationError::OneClass));
        assert_eq!(roc_auc(&[], &[]), Err(EvaluationError::NoRows));
        assert_eq!(brier_score(&[true], &[1.5]), Err(EvaluationError::NotProbability { row: 1, value: 1.5 }));
        assert_eq!(r_squared(&[0.1; 3], &[0.1; 3]), Err(EvaluationError::ConstantOutcome));
        let lengths = EvaluationError::RowCount { n_predictions: 1, n_outcomes: 2 };
        assert_eq!(mean_absolute_error(&[1.0, 2.0], &[1.0]), Err(lengths));
        assert!(matches!(roc_auc(&[true, false], &[f64::NAN, 0.0]), Err(EvaluationError::NotFinite { row: 1, .. })));
    }
}
