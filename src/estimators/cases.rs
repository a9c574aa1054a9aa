//! Which rows count, for how much, and in which sum.

use crate::data::{Clusters, Observations, WeightKind};
use ndarray::ArrayView1;
use std::borrow::Cow;

/// The rows of one analysis with their weights read by kind.
pub(super) struct Cases<'a> {
    kind: Option<WeightKind>,
    weights: Option<Cow<'a, [f64]>>,
    outcome: Cow<'a, [f64]>,
    /// Rows with a positive weight.
    pub(super) n_rows: usize,
    /// The number of observations for degrees of freedom.
    pub(super) n_used: usize,
    /// Sum of the weights in the estimating equations.
    pub(super) weight_sum: f64,
}

impl<'a> Cases<'a> {
    /// Sampling weights are scaled to sum to the rows with a positive weight; other weights stay as they are.
    pub(super) fn of(observations: &'a Observations) -> Self {
        let weights = observations.weights();
        let n_used = weights.n_observations(observations.n_rows());
        let kind = weights.kind();
        let values = weights.values().map(|values| match kind {
            Some(WeightKind::Sampling) => {
                let factor = n_used / values.iter().sum::<f64>();
                Cow::Owned(values.iter().map(|value| value * factor).collect())
            }
            _ => Cow::Borrowed(values),
        });
        let weight_sum = values.as_ref().map_or(n_used, |values: &Cow<[f64]>| values.iter().sum());
        let n_rows = match weights.values() {
            None => observations.n_rows(),
            Some(values) => values.iter().filter(|&&weight| weight > 0.0).count(),
        };
        let outcome = contiguous(observations.outcome().values());
        Self { kind, weights: values, outcome, n_rows, n_used: n_used as usize, weight_sum }
    }

    pub(super) fn kind(&self) -> Option<WeightKind> {
        self.kind
    }

    pub(super) fn outcome(&self, row: usize) -> f64 {
        self.outcome[row]
    }

    /// The weight in the estimating equations.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    pub(super) fn counts(&self, row: usize) -> bool {
        self.weight(row) > 0.0
    }

    /// The factor of a row's squared residual in the sandwich: a frequency repeats the row, another weight multiplies
    /// its score.
    pub(super) fn squared_score_weight(&self, row: usize) -> f64 {
        let weight = self.weight(row);
        if self.kind == Some(WeightKind::Frequency) { weight } else { weight * weight }
    }

    /// The factor of a row's leverage: each of the repeated rows of a frequency has its own.
    pub(super) fn leverage_weight(&self, row: usize) -> f64 {
        if self.kind == Some(WeightKind::Frequency) { 1.0 } else { self.weight(row) }
    }

    /// Sum of the logarithms of positive precision weights, which the Gaussian likelihood holds.
    pub(super) fn ln_precisions(&self) -> f64 {
        match (&self.weights, self.kind) {
            (Some(weights), Some(WeightKind::Precision)) => {
                weights.iter().filter(|&&weight| weight > 0.0).map(|weight| weight.ln()).sum()
            }
            _ => 0.0,
        }
    }

    /// Observations of class 1.
    pub(super) fn n_events(&self) -> usize {
        let count = |row: usize| if self.kind == Some(WeightKind::Frequency) { self.weight(row) } else { 1.0 };
        let events = (0..self.outcome.len()).filter(|&row| self.counts(row) && self.outcome[row] > 0.5);
        events.map(count).sum::<f64>() as usize
    }

    /// The rows that count, cluster after cluster.
    pub(super) fn by_cluster(&self, clusters: &Clusters) -> RowsByCluster {
        let mut starts = vec![0; clusters.n_clusters() + 1];
        for (row, &code) in clusters.codes().iter().enumerate() {
            starts[code as usize + 1] += usize::from(self.counts(row));
        }
        for code in 0..clusters.n_clusters() {
            starts[code + 1] += starts[code];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; starts[clusters.n_clusters()]];
        for (row, &code) in clusters.codes().iter().enumerate().filter(|&(row, _)| self.counts(row)) {
            rows[next[code as usize]] = row;
            next[code as usize] += 1;
        }
        starts.dedup();
        RowsByCluster { rows, starts }
    }
}

/// Rows sorted by cluster; clusters without a row that counts are not there.
pub(super) struct RowsByCluster {
    pub(super) rows: Vec<usize>,
    /// Where each cluster starts in `rows`, and the end of the last.
    pub(super) starts: Vec<usize>,
}

impl RowsByCluster {
    pub(super) fn n_clusters(&self) -> usize {
        self.starts.len() - 1
    }
}

fn contiguous(values: ArrayView1<'_, f64>) -> Cow<'_, [f64]> {
    match values.to_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(values.to_vec()),
    }
}
