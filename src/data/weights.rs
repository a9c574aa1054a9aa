//! Observation weights, which mean nothing without their kind.

use super::{Clusters, DataError};
use crate::stats::Resampler;
use serde::{Deserialize, Serialize};

/// Beyond this size a weight times the largest square that columns may hold would overflow when summed.
const LARGEST: f64 = 1e18;

/// What a weight says about its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightKind {
    /// The row stands for this many members of the population; standard errors are robust.
    Sampling,
    /// The row was seen this many times; a whole number.
    Frequency,
    /// The outcome's variance is proportional to one over this, as in weighted least squares.
    Precision,
}

/// One weight per observation, or none at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(Option<Kinded>);

#[derive(Debug, Clone, PartialEq)]
struct Kinded {
    kind: WeightKind,
    values: Vec<f64>,
}

impl Weights {
    /// Every row counts once.
    pub fn none() -> Self {
        Self(None)
    }

    /// Checks the weights. Zero is allowed: the row is there and counts for nothing.
    ///
    /// # Errors
    /// A weight that is negative, not finite or so large that a weighted square overflows, a frequency that is not
    /// whole, all weights zero.
    pub fn new(kind: WeightKind, values: Vec<f64>) -> Result<Self, DataError> {
        for (row, &value) in values.iter().enumerate() {
            if !(value.is_finite() && value >= 0.0) {
                return Err(DataError::BadWeight { row: row + 1, value });
            }
            if value > LARGEST {
                return Err(DataError::TooLarge { column: "weights".to_owned(), row: row + 1, value });
            }
            if kind == WeightKind::Frequency && value.fract().abs() > 0.0 {
                return Err(DataError::FractionalFrequency { row: row + 1, value });
            }
        }
        if values.iter().all(|&value| value <= 0.0) {
            return Err(DataError::NoWeight);
        }
        Ok(Self(Some(Kinded { kind, values })))
    }

    /// The weights of some of the observations, by place, in the order given.
    ///
    /// # Errors
    /// All weights zero.
    ///
    /// # Panics
    /// If a place is out of bounds.
    pub fn select(&self, rows: &[usize]) -> Result<Self, DataError> {
        let Some(Kinded { kind, values }) = &self.0 else { return Ok(Self(None)) };
        let values: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
        if values.iter().all(|&value| value <= 0.0) {
            return Err(DataError::NoWeight);
        }
        Ok(Self(Some(Kinded { kind: *kind, values })))
    }

    /// Draws what these weights say was observed: whole clusters where there are any, else the observations that
    /// frequencies stand for, else rows.
    ///
    /// # Panics
    /// If there are weights or clusters and not `n_rows` of them.
    pub fn resampler<'a>(
        &'a self,
        n_rows: usize,
        clusters: Option<&'a Clusters>,
        seed: u64,
        purpose: &'static str,
    ) -> Resampler<'a> {
        let own = || (0..n_rows).map(|row| self.of(row)).collect();
        match (clusters, &self.0) {
            (Some(clusters), _) => {
                Resampler::of_clusters(clusters.codes(), clusters.n_clusters(), own(), seed, purpose)
            }
            (None, Some(Kinded { kind: WeightKind::Frequency, values })) => {
                Resampler::of_frequencies(values, seed, purpose)
            }
            (None, _) => Resampler::of_rows(own(), seed, purpose),
        }
    }

    /// The kind, where there are weights.
    pub fn kind(&self) -> Option<WeightKind> {
        self.0.as_ref().map(|kinded| kinded.kind)
    }

    /// The values, where there are weights.
    pub fn values(&self) -> Option<&[f64]> {
        self.0.as_ref().map(|kinded| kinded.values.as_slice())
    }

    /// The weight of a row: 1 where there are none.
    pub fn of(&self, row: usize) -> f64 {
        self.0.as_ref().map_or(1.0, |kinded| kinded.values[row])
    }

    /// The number of observations that `n_rows` rows stand for when degrees of freedom are counted: the rows with a
    /// positive weight, or, for frequency weights, their sum.
    pub fn n_observations(&self, n_rows: usize) -> f64 {
        match &self.0 {
            None => n_rows as f64,
            Some(Kinded { kind: WeightKind::Frequency, values }) => values.iter().sum(),
            Some(Kinded { values, .. }) => values.iter().filter(|&&value| value > 0.0).count() as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_weights_are_refused_by_row() {
        assert_eq!(
            Weights::new(WeightKind::Sampling, vec![1.0, -2.0]),
            Err(DataError::BadWeight { row: 2, value: -2.0 })
        );
        assert_eq!(
            Weights::new(WeightKind::Frequency, vec![1.5]),
            Err(DataError::FractionalFrequency { row: 1, value: 1.5 })
        );
        assert_eq!(Weights::new(WeightKind::Precision, vec![0.0, 0.0]), Err(DataError::NoWeight));
        let error = Weights::new(WeightKind::Sampling, vec![1.0, 1e300]).unwrap_err();
        assert!(matches!(error, DataError::TooLarge { row: 2, .. }), "{error}");
    }

    #[test]
    fn observations_are_rows_with_weight_or_summed_frequencies() {
        let sampling = Weights::new(WeightKind::Sampling, vec![2.0, 0.0, 0.5]).expect("valid");
        let frequency = Weights::new(WeightKind::Frequency, vec![2.0, 0.0, 5.0]).expect("valid");
        assert_eq!((sampling.n_observations(3), frequency.n_observations(3)), (2.0, 7.0));
        assert_eq!(Weights::none().n_observations(3), 3.0);
    }
}
