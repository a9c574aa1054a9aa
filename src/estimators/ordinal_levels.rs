//! The levels of an ordered outcome: its distinct values, and which of them each row has.

use super::FitError;
use super::cases::Cases;
use super::summary::LevelCount;
use crate::data::{Observations, WeightKind};
use std::cmp::Ordering;

/// More values than this are a number and no levels.
const LEVELS_MAX: usize = 100;

/// The distinct values of an outcome in the rows that count.
pub(super) struct Levels {
    /// The values, ascending.
    pub(super) values: Vec<f64>,
    /// Which of them each row has; nought where the row does not count.
    codes: Vec<u8>,
    /// Sum of weights by level, all positive.
    pub(super) weights: Vec<f64>,
    /// Rows by level.
    n_rows: Vec<usize>,
    /// The same, or their sum of frequencies.
    n_used: Vec<usize>,
}

impl Levels {
    /// # Errors
    /// Two values, or more than a hundred. A single value is left to who prepares the columns.
    pub(super) fn of(observations: &Observations, cases: &Cases) -> Result<Self, FitError> {
        let outcome = observations.outcome().name();
        let n_rows = observations.n_rows();
        let place = |values: &[f64], value: f64| {
            values.binary_search_by(|own| own.partial_cmp(&value).unwrap_or(Ordering::Equal))
        };
        let mut values: Vec<f64> = Vec::new();
        for row in (0..n_rows).filter(|&row| cases.counts(row)) {
            // Nought has one sign from here on.
            let value = cases.outcome(row) + 0.0;
            if let Err(at) = place(&values, value) {
                if values.len() == LEVELS_MAX {
                    return Err(FitError::TooManyLevels { outcome: outcome.to_owned(), n_levels_max: LEVELS_MAX });
                }
                values.insert(at, value);
            }
        }
        if let [low, high] = values[..] {
            return Err(FitError::TwoLevels { outcome: outcome.to_owned(), low, high });
        }
        let code =
            |row: usize| if cases.counts(row) { place(&values, cases.outcome(row)).unwrap_or(0) as u8 } else { 0 };
        let codes: Vec<u8> = (0..n_rows).map(code).collect();
        let (mut weights, mut n_used) = (vec![0.0; values.len()], vec![0.0; values.len()]);
        let mut n_rows_of = vec![0; values.len()];
        for row in (0..n_rows).filter(|&row| cases.counts(row)) {
            let level = usize::from(codes[row]);
            weights[level] += cases.weight(row);
            n_rows_of[level] += 1;
            n_used[level] += if cases.kind() == Some(WeightKind::Frequency) { cases.weight(row) } else { 1.0 };
        }
        let n_used = n_used.into_iter().map(|count| count as usize).collect();
        Ok(Self { values, codes, weights, n_rows: n_rows_of, n_used })
    }

    pub(super) fn n_levels(&self) -> usize {
        self.values.len()
    }

    pub(super) fn n_thresholds(&self) -> usize {
        self.values.len() - 1
    }

    /// The place of a row's value among the levels.
    pub(super) fn code(&self, row: usize) -> usize {
        usize::from(self.codes[row])
    }

    /// The steps between neighbouring levels, as R writes them: `6|7`.
    pub(super) fn steps(&self) -> Vec<String> {
        self.values.windows(2).map(|pair| format!("{}|{}", pair[0], pair[1])).collect()
    }

    /// The log-likelihood of the thresholds alone, whose probabilities are the shares.
    pub(super) fn null_log_likelihood(&self) -> f64 {
        let sum: f64 = self.weights.iter().sum();
        self.weights.iter().map(|weight| weight * (weight / sum).ln()).sum()
    }

    pub(super) fn counts(&self) -> Vec<LevelCount> {
        let counted = self.values.iter().zip(self.n_rows.iter().zip(&self.n_used));
        counted.map(|(&level, (&n_used, &n_observations))| LevelCount { level, n_used, n_observations }).collect()
    }

    /// Rows without ties that would tell as much of a slope as these levels do: `n - sum n_j^3 / n^2`.
    ///
    /// # References
    /// Harrell (2015), "Regression Modeling Strategies", 2nd edition, table 4.1.
    pub(super) fn limiting_size(&self) -> f64 {
        let n: f64 = self.n_used.iter().map(|&count| count as f64).sum();
        n - self.n_used.iter().map(|&count| (count as f64).powi(3)).sum::<f64>() / (n * n)
    }
}

/// The thresholds of a model without columns: the log odds of the cumulative weights, which must all be positive.
pub(super) fn null_thresholds(weights: &[f64]) -> Vec<f64> {
    // Both sides are summed by themselves, so that a rare level at either end keeps its digits.
    let sum = |weights: &[f64]| weights.iter().sum::<f64>();
    (1..weights.len()).map(|step| (sum(&weights[..step]) / sum(&weights[step..])).ln()).collect()
}
