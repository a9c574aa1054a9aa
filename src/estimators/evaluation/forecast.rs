//! One model's predictions of rows and, for ordered levels, what its probabilities cost in each.

use super::assessment::{Assessment, Comparison, Judgement};
use super::levels::LevelLosses;
use super::metric::Metric;
use super::test_rows::TestRows;
use super::{EvaluationError, LevelForecast};

pub(super) struct Forecast {
    /// Probabilities of class 1, or expected numbers.
    pub(super) values: Vec<f64>,
    pub(super) losses: Option<LevelLosses>,
}

impl Forecast {
    /// Predictions of rows with these outcomes; `all_levels` are all levels of the outcome, ascending.
    pub(super) fn of(
        values: Vec<f64>,
        levels: Option<&LevelForecast>,
        all_levels: &[f64],
        outcomes: &[f64],
    ) -> Result<Self, EvaluationError> {
        let losses = levels.map(|levels| LevelLosses::of(levels, all_levels, outcomes)).transpose()?;
        Ok(Self { values, losses })
    }

    /// The figures of the predictions, those of the levels first.
    pub(super) fn judge(
        &self,
        assessment: &Assessment,
        rows: &TestRows,
        metrics: &[Metric],
    ) -> Result<Judgement, EvaluationError> {
        self.with_levels(assessment.judge(rows, &self.values, metrics)?, assessment, rows)
    }

    /// The same judgement with the figures of the levels: they decide before what follows from the levels' mean.
    pub(super) fn with_levels(
        &self,
        mut judgement: Judgement,
        assessment: &Assessment,
        rows: &TestRows,
    ) -> Result<Judgement, EvaluationError> {
        if let Some(losses) = &self.losses {
            let of_mean = std::mem::replace(&mut judgement.estimates, losses.estimates(assessment, rows)?);
            judgement.estimates.extend(of_mean);
        }
        Ok(judgement)
    }

    /// A challenger's figures less these, those of the levels first where both have them.
    pub(super) fn compare(
        &self,
        challenger: &Self,
        assessment: &Assessment,
        rows: &TestRows,
        metrics: &[Metric],
    ) -> Result<Comparison, EvaluationError> {
        let mut comparison = assessment.compare(rows, &self.values, &challenger.values, metrics)?;
        if let (Some(own), Some(other)) = (&self.losses, &challenger.losses) {
            let of_mean = std::mem::replace(&mut comparison.differences, own.differences(other, assessment, rows)?);
            comparison.differences.extend(of_mean);
        }
        Ok(comparison)
    }
}
