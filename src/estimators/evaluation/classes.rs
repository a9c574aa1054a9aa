//! How good scores and probabilities of a class are.

use super::EvaluationError;
use super::error::{check_finite, check_lengths, check_probabilities};
use super::order::Order;

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
    let order = checked_order(outcomes, scores)?;
    area(&order, &numbers(outcomes), &ones(outcomes))
}

/// Average precision: precision at each score, weighted by the share of class 1 that it adds.
///
/// Without interpolation, as scikit-learn computes it.
///
/// # Errors
/// No rows, different lengths, a score that is not finite, a single class.
pub fn average_precision(outcomes: &[bool], scores: &[f64]) -> Result<f64, EvaluationError> {
    let order = checked_order(outcomes, scores)?;
    precision(&order, &numbers(outcomes), &ones(outcomes))
}

/// Kolmogorov and Smirnov's statistic: the largest difference between the distributions of the scores of the two classes;
/// 0 to 1.
///
/// # Errors
/// No rows, different lengths, a score that is not finite, a single class.
///
/// # Example
/// ```
/// use advocate::estimators::evaluation::kolmogorov_smirnov;
/// // Up to 0.4 lie all of class 0 and one of the two of class 1.
/// assert_eq!(kolmogorov_smirnov(&[true, true, false, false], &[0.9, 0.4, 0.4, 0.1]), Ok(0.5));
/// ```
pub fn kolmogorov_smirnov(outcomes: &[bool], scores: &[f64]) -> Result<f64, EvaluationError> {
    let order = checked_order(outcomes, scores)?;
    largest_gap(&order, &numbers(outcomes), &ones(outcomes))
}

/// Brier score: mean squared difference between probability and outcome; 0 is perfect.
///
/// # Errors
/// No rows, different lengths, a value that is no probability.
pub fn brier_score(outcomes: &[bool], probabilities: &[f64]) -> Result<f64, EvaluationError> {
    mean_over(outcomes, probabilities, squared_error)
}

/// Mean negative log-likelihood of the outcomes; 0 is perfect.
///
/// A probability of exactly 0 or 1 is moved inwards by 2.2e-16, as scikit-learn does, so that one wrong certainty costs
/// 36 and not infinity.
///
/// # Errors
/// No rows, different lengths, a value that is no probability.
pub fn log_loss(outcomes: &[bool], probabilities: &[f64]) -> Result<f64, EvaluationError> {
    mean_over(outcomes, probabilities, surprise)
}

/// `(p - y)^2`.
pub(super) fn squared_error(outcome: f64, prediction: f64) -> f64 {
    (prediction - outcome).powi(2)
}

/// `-ln p` of what happened.
pub(super) fn surprise(outcome: f64, probability: f64) -> f64 {
    let inside = probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    if outcome > 0.5 { -inside.ln() } else { -(-inside).ln_1p() }
}

/// `ln(p / (1 - p))` of a probability kept 2.2e-16 away from 0 and 1.
pub(super) fn log_odds(probability: f64) -> f64 {
    let inside = probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    inside.ln() - (-inside).ln_1p()
}

/// Weights of class 1 and class 0.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Split {
    pub(super) events: f64,
    pub(super) others: f64,
}

impl Split {
    pub(super) fn of<'r>(rows: impl IntoIterator<Item = &'r usize>, outcomes: &[f64], weights: &[f64]) -> Self {
        let mut split = Self::default();
        for &row in rows {
            *(if outcomes[row] > 0.5 { &mut split.events } else { &mut split.others }) += weights[row];
        }
        split
    }

    /// The two weights of all rows, each of which must be there.
    pub(super) fn of_both(outcomes: &[f64], weights: &[f64]) -> Result<Self, EvaluationError> {
        let mut split = Self::default();
        for (&outcome, weight) in outcomes.iter().zip(weights) {
            *(if outcome > 0.5 { &mut split.events } else { &mut split.others }) += weight;
        }
        if split.events > 0.0 && split.others > 0.0 { Ok(split) } else { Err(EvaluationError::OneClass) }
    }

    pub(super) fn total(self) -> f64 {
        self.events + self.others
    }
}

pub(super) fn area(order: &Order, outcomes: &[f64], weights: &[f64]) -> Result<f64, EvaluationError> {
    let all = Split::of_both(outcomes, weights)?;
    let (mut others_below, mut pairs) = (0.0, 0.0);
    for group in order.groups() {
        let tied = Split::of(group, outcomes, weights);
        pairs += tied.events * (others_below + 0.5 * tied.others);
        others_below += tied.others;
    }
    Ok(pairs / (all.events * all.others))
}

pub(super) fn precision(order: &Order, outcomes: &[f64], weights: &[f64]) -> Result<f64, EvaluationError> {
    let all = Split::of_both(outcomes, weights)?;
    let (mut events, mut rows, mut sum) = (0.0, 0.0, 0.0);
    for group in order.groups().rev() {
        let tied = Split::of(group, outcomes, weights);
        events += tied.events;
        rows += tied.total();
        if tied.events > 0.0 {
            sum += tied.events * events / rows;
        }
    }
    Ok(sum / all.events)
}

pub(super) fn largest_gap(order: &Order, outcomes: &[f64], weights: &[f64]) -> Result<f64, EvaluationError> {
    let all = Split::of_both(outcomes, weights)?;
    let (mut below, mut largest) = (Split::default(), 0.0_f64);
    for group in order.groups() {
        let tied = Split::of(group, outcomes, weights);
        below = Split { events: below.events + tied.events, others: below.others + tied.others };
        largest = largest.max((below.events / all.events - below.others / all.others).abs());
    }
    Ok(largest)
}

fn checked_order(outcomes: &[bool], scores: &[f64]) -> Result<Order, EvaluationError> {
    check_lengths(outcomes.len(), scores.len())?;
    check_finite(scores)?;
    Ok(Order::of(scores))
}

fn mean_over(outcomes: &[bool], probabilities: &[f64], loss: fn(f64, f64) -> f64) -> Result<f64, EvaluationError> {
    check_lengths(outcomes.len(), probabilities.len())?;
    check_probabilities(probabilities)?;
    let losses = numbers(outcomes).into_iter().zip(probabilities).map(|(outcome, &p)| loss(outcome, p));
    Ok(losses.sum::<f64>() / outcomes.len() as f64)
}

/// Classes as 0 and 1.
pub(super) fn numbers(outcomes: &[bool]) -> Vec<f64> {
    outcomes.iter().map(|&outcome| f64::from(u8::from(outcome))).collect()
}

fn ones(outcomes: &[bool]) -> Vec<f64> {
    vec![1.0; outcomes.len()]
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
    fn a_wrong_certainty_costs_much_and_not_infinity() {
        // sklearn.metrics.log_loss([1, 0], [0.0, 0.0]) is -ln(2.2e-16) / 2.
        close(log_loss(&[true, false], &[0.0, 0.0]), 18.021_826_694_558_577);
    }

    #[test]
    fn scores_all_tied_tell_nothing() {
        let outcomes = [true, false, false, true, false];
        close(roc_auc(&outcomes, &[0.3; 5]), 0.5);
        close(kolmogorov_smirnov(&outcomes, &[0.3; 5]), 0.0);
        close(average_precision(&outcomes, &[0.3; 5]), 0.4);
        close(roc_auc(&[true, false], &[0.0, -0.0]), 0.5);
    }

    #[test]
    fn reversed_scores_have_the_other_area() {
        let outcomes = [true, false, true, false, false, true, true];
        let scores = [0.3, 0.3, 0.9, 0.1, 0.8, 0.2, 0.9];
        let reversed = scores.map(|score| -score);
        close(roc_auc(&outcomes, &reversed), 1.0 - roc_auc(&outcomes, &scores).expect("both classes"));
    }

    #[test]
    fn what_cannot_be_judged_says_why() {
        assert_eq!(roc_auc(&[true, true], &[0.1, 0.2]), Err(EvaluationError::OneClass));
        assert_eq!(roc_auc(&[], &[]), Err(EvaluationError::NoRows));
        assert_eq!(brier_score(&[true], &[1.5]), Err(EvaluationError::NotProbability { row: 1, value: 1.5 }));
        assert!(matches!(log_loss(&[true], &[f64::NAN]), Err(EvaluationError::NotProbability { row: 1, .. })));
        assert!(matches!(roc_auc(&[true, false], &[f64::NAN, 0.0]), Err(EvaluationError::NotFinite { row: 1, .. })));
    }
}
