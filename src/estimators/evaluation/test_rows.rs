//! What happened in rows that no model was fitted on, what they count for, and whose they are.

use super::EvaluationError;
use super::error::{check_finite, check_lengths, check_probabilities};
use crate::data::{Clusters, Outcome, Weights};
use crate::stats::Resampler;
use ndarray::Array1;

/// Outcomes to hold predictions against.
///
/// # Example
/// ```
/// use advocate::data::Clusters;
/// use advocate::estimators::evaluation::{Metric, TestRows};
/// let rows = TestRows::classes(&[1.0, 0.0, 1.0])?.of_customers(Clusters::from_labels(["a", "a", "b"]))?;
/// assert!((rows.metric(Metric::Brier, &[0.5, 0.5, 1.0])? - 0.5 / 3.0).abs() < 1e-15);
/// # Ok::<(), advocate::estimators::evaluation::EvaluationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TestRows {
    outcomes: Vec<f64>,
    is_class: bool,
    weights: Weights,
    customers: Option<Clusters>,
    training_means: Option<Vec<f64>>,
}

impl TestRows {
    /// Classes of 0 and 1.
    ///
    /// # Errors
    /// No rows, a value that is neither.
    pub fn classes(outcomes: &[f64]) -> Result<Self, EvaluationError> {
        Self::of(&Outcome::binary("outcome", Array1::from(outcomes.to_vec()))?)
    }

    /// Numbers, counts among them.
    ///
    /// # Errors
    /// No rows, a value that is not finite.
    pub fn numbers(outcomes: &[f64]) -> Result<Self, EvaluationError> {
        Self::of(&Outcome::numeric("outcome", Array1::from(outcomes.to_vec()))?)
    }

    /// Classes or numbers, as the outcome says.
    ///
    /// # Errors
    /// No rows.
    pub fn of(outcome: &Outcome) -> Result<Self, EvaluationError> {
        if outcome.values().is_empty() {
            return Err(EvaluationError::NoRows);
        }
        Ok(Self {
            outcomes: outcome.values().to_vec(),
            is_class: outcome.is_binary(),
            weights: Weights::none(),
            customers: None,
            training_means: None,
        })
    }

    /// The same rows, weighted.
    ///
    /// # Errors
    /// Not one weight per row.
    pub fn weighted(self, weights: Weights) -> Result<Self, EvaluationError> {
        if let Some(values) = weights.values() {
            check_lengths(self.n_rows(), values.len())?;
        }
        Ok(Self { weights, ..self })
    }

    /// The same rows, each of a customer; intervals then rest on customers.
    ///
    /// # Errors
    /// Not one customer per row.
    pub fn of_customers(self, customers: Clusters) -> Result<Self, EvaluationError> {
        check_lengths(self.n_rows(), customers.codes().len())?;
        Ok(Self { customers: Some(customers), ..self })
    }

    /// The same rows beside the mean outcome of the rows that each one's model was fitted on.
    ///
    /// # Errors
    /// Not one mean per row, or one that is not finite.
    pub fn against(self, training_means: Vec<f64>) -> Result<Self, EvaluationError> {
        check_lengths(self.n_rows(), training_means.len())?;
        check_finite(&training_means)?;
        Ok(Self { training_means: Some(training_means), ..self })
    }

    /// Some of the rows, by place.
    ///
    /// # Errors
    /// No rows, or none with a weight.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn select(&self, rows: &[usize]) -> Result<Self, EvaluationError> {
        if rows.is_empty() {
            return Err(EvaluationError::NoRows);
        }
        let pick = |values: &[f64]| rows.iter().map(|&row| values[row]).collect();
        Ok(Self {
            outcomes: pick(&self.outcomes),
            is_class: self.is_class,
            weights: self.weights.select(rows)?,
            customers: self.customers.as_ref().map(|customers| customers.keep(rows)),
            training_means: self.training_means.as_deref().map(pick),
        })
    }

    /// Number of rows, at least one.
    pub fn n_rows(&self) -> usize {
        self.outcomes.len()
    }

    /// What happened.
    pub fn outcomes(&self) -> &[f64] {
        &self.outcomes
    }

    /// What happened, as classes; a number counts as class 1 above one half.
    pub fn classes_of(&self) -> Vec<bool> {
        self.outcomes.iter().map(|&outcome| outcome > 0.5).collect()
    }

    /// Whether the outcomes are classes.
    pub fn is_class(&self) -> bool {
        self.is_class
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The customers, if they are known.
    pub fn customers(&self) -> Option<&Clusters> {
        self.customers.as_ref()
    }

    /// The mean outcome of each row's training rows, if it is known.
    pub fn training_means(&self) -> Option<&[f64]> {
        self.training_means.as_deref()
    }

    /// Customers, or rows where there are none, with a positive weight.
    pub fn n_customers(&self) -> usize {
        let counts = (0..self.n_rows()).filter(|&row| self.weights.of(row) > 0.0);
        match &self.customers {
            None => counts.count(),
            Some(customers) => {
                let mut seen = vec![false; customers.n_clusters()];
                counts.for_each(|row| seen[customers.codes()[row] as usize] = true);
                seen.into_iter().filter(|&seen| seen).count()
            }
        }
    }

    pub(super) fn weight_values(&self) -> Vec<f64> {
        (0..self.n_rows()).map(|row| self.weights.of(row)).collect()
    }

    pub(super) fn resampler(&self, seed: u64) -> Resampler<'_> {
        self.weights.resampler(self.n_rows(), self.customers.as_ref(), seed, "evaluation bootstrap")
    }

    /// Refuses predictions that cannot be judged.
    pub(super) fn check(&self, predictions: &[f64]) -> Result<(), EvaluationError> {
        check_lengths(self.n_rows(), predictions.len())?;
        if self.is_class { check_probabilities(predictions) } else { check_finite(predictions) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::WeightKind;

    #[test]
    fn selected_rows_keep_what_is_theirs() {
        let weights = Weights::new(WeightKind::Sampling, vec![1.0, 0.0, 2.0]).expect("valid");
        let rows = TestRows::numbers(&[1.0, 2.0, 3.0])
            .and_then(|rows| rows.weighted(weights))
            .and_then(|rows| rows.of_customers(Clusters::from_labels([7, 8, 7])))
            .and_then(|rows| rows.against(vec![0.1, 0.2, 0.3]))
            .expect("valid");
        assert_eq!(rows.n_customers(), 1);
        let some = rows.select(&[2]).expect("a row");
        assert_eq!((some.outcomes(), some.training_means()), (&[3.0][..], Some(&[0.3][..])));
        assert_eq!(rows.select(&[]), Err(EvaluationError::NoRows));
        assert!(matches!(rows.select(&[1]), Err(EvaluationError::Data(_))));
    }

    #[test]
    fn parts_of_other_length_are_refused() {
        let rows = TestRows::classes(&[1.0, 0.0]).expect("valid");
        assert!(rows.clone().of_customers(Clusters::from_labels([1])).is_err());
        assert!(rows.clone().against(vec![0.5]).is_err());
        assert!(TestRows::classes(&[0.5]).is_err());
        assert_eq!(TestRows::classes(&[]), Err(EvaluationError::NoRows));
    }
}
