//! The independent parts of a sample, and means over its rows with their errors.

use crate::data::{Observations, WeightKind};
use std::collections::HashMap;

/// The independent parts of a sample: customers where there are clusters, else rows, or the observations that
/// frequencies stand for.
pub(super) struct Units {
    /// The weight of each row.
    weights: Vec<f64>,
    /// Whether the squared influence of a row counts as often as its weight says.
    repeated: bool,
    /// The unit of each row; its own where there are no clusters.
    codes: Option<Vec<usize>>,
    n_units: f64,
    weight_sum: f64,
    n_effective: f64,
}

/// A mean and its linearised standard error.
pub(super) struct Mean {
    pub estimate: f64,
    pub std_error: f64,
}

impl Units {
    pub fn of(observations: &Observations) -> Self {
        let n_rows = observations.n_rows();
        let weights: Vec<f64> = (0..n_rows).map(|row| observations.weights().of(row)).collect();
        let weight_sum: f64 = weights.iter().sum();
        let repeated =
            observations.clusters().is_none() && observations.weights().kind() == Some(WeightKind::Frequency);
        let codes = observations.clusters().map(|clusters| {
            let mut seen = HashMap::new();
            let mut next = |code: u32| {
                let n_seen = seen.len();
                *seen.entry(code).or_insert(n_seen)
            };
            // A row without weight belongs to the first unit and adds nothing to it.
            let counted = clusters.codes().iter().zip(&weights);
            counted.map(|(&code, &weight)| if weight > 0.0 { next(code) } else { 0 }).collect::<Vec<usize>>()
        });
        let by_unit = match &codes {
            Some(codes) => sums_by_unit(codes, weights.iter().copied()),
            None => weights.iter().copied().filter(|&weight| weight > 0.0).collect(),
        };
        let (n_units, n_effective) = if repeated {
            (weight_sum, weight_sum)
        } else {
            let squares: f64 = by_unit.iter().map(|weight| weight * weight).sum();
            (by_unit.len() as f64, weight_sum * weight_sum / squares)
        };
        Self { weights, repeated, codes, n_units, weight_sum, n_effective }
    }

    /// The weight of each row.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// How many there are.
    pub fn n_units(&self) -> f64 {
        self.n_units
    }

    /// Kish's effective number of units, `(sum W)^2 / sum W^2`.
    pub fn n_effective(&self) -> f64 {
        self.n_effective
    }

    /// The weighted mean of a value of the rows, with `sqrt(G / (G - 1) sum over units of (sum w (x - mean))^2) / sum w` as
    /// its standard error; no number for a single unit.
    pub fn mean(&self, value: impl Fn(usize) -> f64) -> Mean {
        let weighted = |row: usize| if self.weights[row] > 0.0 { self.weights[row] * value(row) } else { 0.0 };
        let estimate = (0..self.weights.len()).map(weighted).sum::<f64>() / self.weight_sum;
        let influence = |row: usize| {
            let weight = self.weights[row];
            if weight > 0.0 { weight * (value(row) - estimate) } else { 0.0 }
        };
        let rows = 0..self.weights.len();
        let squares: f64 = match &self.codes {
            Some(codes) => sums_by_unit(codes, rows.map(influence)).iter().map(|sum| sum * sum).sum(),
            None if self.repeated => rows
                .filter(|&row| self.weights[row] > 0.0)
                .map(|row| influence(row) * influence(row) / self.weights[row])
                .sum(),
            None => rows.map(|row| influence(row) * influence(row)).sum(),
        };
        let factor = self.n_units / (self.n_units - 1.0);
        Mean { estimate, std_error: (factor * squares).sqrt() / self.weight_sum }
    }
}

/// Sums by unit, whose codes are numbered from 0 without a gap.
fn sums_by_unit(codes: &[usize], values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sums = vec![0.0; codes.iter().max().map_or(0, |last| last + 1)];
    codes.iter().zip(values).for_each(|(&code, value)| sums[code] += value);
    sums
}
