//! Ordered levels through the harness: what each row's forecast of its level costs, and how sure the mean of that is.

use super::assessment::{Assessment, IntervalSource, LossEstimate, MetricDifference, MetricEstimate};
use super::metric::Metric;
use super::ordinals::{level_log_losses, ranked_probability_scores};
use super::test_rows::TestRows;
use super::{EvaluationError, LevelForecast};
use crate::data::Observations;
use ndarray::Array2;

/// What the forecasts of levels cost, one number a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct LevelLosses {
    ranked: Vec<f64>,
    log: Vec<f64>,
}

impl LevelLosses {
    /// The losses of a forecast of rows with these outcomes; `levels` are all levels of the outcome, ascending. A level that
    /// the forecast does not know has probability nought.
    pub(super) fn of(forecast: &LevelForecast, levels: &[f64], outcomes: &[f64]) -> Result<Self, EvaluationError> {
        let place = |value: f64| levels.binary_search_by(|level| level.total_cmp(&value)).unwrap_or(levels.len());
        let mut probabilities = Array2::zeros((forecast.probabilities.nrows(), levels.len()));
        for (column, &level) in forecast.levels.iter().enumerate().filter(|&(_, &level)| place(level) < levels.len()) {
            probabilities.column_mut(place(level)).assign(&forecast.probabilities.column(column));
        }
        let happened: Vec<usize> = outcomes.iter().map(|&outcome| place(outcome)).collect();
        Ok(Self {
            ranked: ranked_probability_scores(&happened, probabilities.view())?,
            log: level_log_losses(&happened, probabilities.view())?,
        })
    }

    /// The losses of some of the rows.
    pub(super) fn select(&self, places: &[usize]) -> Self {
        let pick = |values: &[f64]| places.iter().map(|&place| values[place]).collect();
        Self { ranked: pick(&self.ranked), log: pick(&self.log) }
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.ranked.extend(more.ranked);
        self.log.extend(more.log);
    }

    fn by_metric(&self) -> [(Metric, &[f64]); 2] {
        [(Metric::RankedProbabilityScore, &self.ranked), (Metric::LevelLogLoss, &self.log)]
    }

    /// The mean losses with their intervals.
    pub(super) fn estimates(
        &self,
        assessment: &Assessment,
        rows: &TestRows,
    ) -> Result<Vec<MetricEstimate>, EvaluationError> {
        let estimate = |(metric, losses)| {
            let LossEstimate { value, std_error, conf_low, conf_high } =
                assessment.mean_of(losses, rows.weights(), rows.customers())?;
            Ok(MetricEstimate {
                metric,
                value,
                std_error,
                conf_low,
                conf_high,
                interval: conf_low.map(|_| IntervalSource::Bootstrap),
                n_rows: rows.n_rows(),
                n_customers: rows.n_customers(),
            })
        };
        self.by_metric().into_iter().map(estimate).collect()
    }

    /// The mean losses of a challenger less these, on the same rows.
    pub(super) fn differences(
        &self,
        challenger: &Self,
        assessment: &Assessment,
        rows: &TestRows,
    ) -> Result<Vec<MetricDifference>, EvaluationError> {
        let mean = |losses: &[f64]| {
            let without_interval = Assessment { replicates: 0, ..*assessment };
            without_interval.mean_of(losses, rows.weights(), rows.customers()).map(|mean| mean.value)
        };
        let mut differences = Vec::new();
        for ((metric, own), (_, other)) in self.by_metric().into_iter().zip(challenger.by_metric()) {
            let apart: Vec<f64> = other.iter().zip(own).map(|(other, own)| other - own).collect();
            let LossEstimate { std_error, conf_low, conf_high, .. } =
                assessment.mean_of(&apart, rows.weights(), rows.customers())?;
            let (champion, challenger) = (mean(own)?, mean(other)?);
            let difference = challenger - champion;
            differences.push(MetricDifference {
                metric,
                champion,
                challenger,
                difference,
                std_error,
                conf_low,
                conf_high,
            });
        }
        Ok(differences)
    }
}

/// The shares of the levels among these rows, for each of `n_rows` others: what is known without any feature.
pub(super) fn training_shares(train: &Observations, n_rows: usize) -> LevelForecast {
    let (outcomes, weights) = (train.outcome().values(), train.weights());
    let levels = levels_of(train);
    let mut shares = vec![0.0; levels.len()];
    for (row, &outcome) in outcomes.iter().enumerate() {
        if let Ok(place) = levels.binary_search_by(|level| level.total_cmp(&outcome)) {
            shares[place] += weights.of(row);
        }
    }
    let total: f64 = shares.iter().sum();
    let probabilities = Array2::from_shape_fn((n_rows, levels.len()), |(_, level)| shares[level] / total);
    LevelForecast { levels, probabilities }
}

/// The values of the outcome, ascending.
pub(super) fn levels_of(observations: &Observations) -> Vec<f64> {
    let mut levels = observations.outcome().values().to_vec();
    levels.sort_by(f64::total_cmp);
    levels.dedup_by(|left, right| left.total_cmp(right).is_eq());
    levels
}
