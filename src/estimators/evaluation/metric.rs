//! The figures by which predictions are judged, and how each follows from rows and their weights.

use super::EvaluationError;
use super::classes::{area, largest_gap, precision, squared_error, surprise};
use super::counts::{check_counts, deviance};
use super::numbers::{dot, explained, saved, spearman, squares};
use super::order::Order;
use super::recalibration::LogOdds;
use super::test_rows::TestRows;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A figure of how good predictions are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Area under the ROC curve (class).
    RocAuc,
    /// Average precision (class).
    AveragePrecision,
    /// Kolmogorov and Smirnov's statistic (class).
    KolmogorovSmirnov,
    /// Mean negative log-likelihood (class).
    LogLoss,
    /// Mean squared error of a probability (class).
    Brier,
    /// Cox's intercept with slope 1 (class).
    CalibrationIntercept,
    /// Cox's slope (class).
    CalibrationSlope,
    /// Mean outcome: the share of class 1.
    BaseRate,
    /// Root mean squared error (number).
    Rmse,
    /// Mean absolute error (number).
    Mae,
    /// Share of variance explained around the test rows' own mean (number).
    RSquared,
    /// Share of the training mean's squared error that is saved (number).
    RSquaredAgainstTraining,
    /// Spearman's rank correlation (number).
    Spearman,
    /// Mean Poisson deviance (count).
    PoissonDeviance,
    /// Mean ranked probability score: how far the forecast of ordered levels lies from the one that happened (level).
    RankedProbabilityScore,
    /// Mean negative log-likelihood of the level that happened (level).
    LevelLogLoss,
    /// Mean deviance of the negative binomial with variance `p + alpha p^2` (count).
    NegativeBinomialDeviance {
        /// The dispersion.
        alpha: f64,
    },
}

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// The higher the better.
    Higher,
    /// The lower the better.
    Lower,
    /// The nearer to an ideal the better, or neither.
    Neither,
}

impl Metric {
    /// What is shown of a class, the most telling first.
    pub const OF_CLASSES: [Self; 8] = [
        Self::RocAuc,
        Self::AveragePrecision,
        Self::LogLoss,
        Self::Brier,
        Self::KolmogorovSmirnov,
        Self::CalibrationIntercept,
        Self::CalibrationSlope,
        Self::BaseRate,
    ];
    /// What is shown of a number, the most telling first.
    pub const OF_NUMBERS: [Self; 5] =
        [Self::RSquared, Self::RSquaredAgainstTraining, Self::Rmse, Self::Mae, Self::Spearman];
    /// What is shown of a count, the most telling first.
    pub const OF_COUNTS: [Self; 4] = [Self::PoissonDeviance, Self::Rmse, Self::Mae, Self::Spearman];
    /// What is shown of ordered levels before the figures of their mean. They follow from the probability of every level, so
    /// that only a harness that has these gives them.
    pub const OF_LEVELS: [Self; 2] = [Self::RankedProbabilityScore, Self::LevelLogLoss];

    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::RocAuc => "roc_auc",
            Self::AveragePrecision => "average_precision",
            Self::KolmogorovSmirnov => "kolmogorov_smirnov",
            Self::LogLoss => "log_loss",
            Self::Brier => "brier",
            Self::CalibrationIntercept => "calibration_intercept",
            Self::CalibrationSlope => "calibration_slope",
            Self::BaseRate => "base_rate",
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::RSquared => "r_squared",
            Self::RSquaredAgainstTraining => "r_squared_against_training",
            Self::Spearman => "spearman",
            Self::PoissonDeviance => "poisson_deviance",
            Self::RankedProbabilityScore => "ranked_probability_score",
            Self::LevelLogLoss => "level_log_loss",
            Self::NegativeBinomialDeviance { .. } => "negative_binomial_deviance",
        }
    }

    /// The words of a sentence.
    pub fn label(self) -> &'static str {
        match self {
            Self::RocAuc => "ROC AUC",
            Self::AveragePrecision => "average precision",
            Self::KolmogorovSmirnov => "Kolmogorov-Smirnov",
            Self::LogLoss => "log loss",
            Self::Brier => "Brier score",
            Self::CalibrationIntercept => "calibration intercept",
            Self::CalibrationSlope => "calibration slope",
            Self::BaseRate => "base rate",
            Self::Rmse => "root mean squared error",
            Self::Mae => "mean absolute error",
            Self::RSquared => "R squared",
            Self::RSquaredAgainstTraining => "R squared against the training mean",
            Self::Spearman => "rank correlation",
            Self::PoissonDeviance => "Poisson deviance",
            Self::RankedProbabilityScore => "ranked probability score",
            Self::LevelLogLoss => "log loss over levels",
            Self::NegativeBinomialDeviance { .. } => "negative binomial deviance",
        }
    }

    /// Whether its percentiles over samples of the rows are an interval: a largest difference of two distributions is larger in
    /// every sample of them, so that its own value lies below nearly all.
    pub(super) fn has_percentiles(self) -> bool {
        self != Self::KolmogorovSmirnov
    }

    /// Whether it is of the rows alone, the same whatever is predicted.
    pub(super) fn is_of_rows_alone(self) -> bool {
        self == Self::BaseRate
    }

    /// Which way it is better.
    pub fn better(self) -> Better {
        match self {
            Self::RocAuc
            | Self::AveragePrecision
            | Self::KolmogorovSmirnov
            | Self::RSquared
            | Self::RSquaredAgainstTraining
            | Self::Spearman => Better::Higher,
            Self::LogLoss
            | Self::Brier
            | Self::Rmse
            | Self::Mae
            | Self::PoissonDeviance
            | Self::RankedProbabilityScore
            | Self::LevelLogLoss
            | Self::NegativeBinomialDeviance { .. } => Better::Lower,
            Self::CalibrationIntercept | Self::CalibrationSlope | Self::BaseRate => Better::Neither,
        }
    }

    /// Whether it looks at the order of predictions alone.
    pub(super) fn is_of_order(self) -> bool {
        matches!(self, Self::RocAuc | Self::AveragePrecision | Self::KolmogorovSmirnov | Self::Spearman)
    }
}

impl TestRows {
    /// One figure of the predictions (probabilities of class 1, or expected numbers), weighted by the rows' weights.
    ///
    /// Whole weights count as repeated rows.
    ///
    /// # Errors
    /// A prediction too many, too few or out of range; a figure that is not defined for these rows.
    pub fn metric(&self, metric: Metric, predictions: &[f64]) -> Result<f64, EvaluationError> {
        Judged::of(self, predictions)?.figure(metric)?.value(&self.weight_values())
    }
}

/// Predictions beside what happened, with what several figures share.
pub(super) struct Judged<'a> {
    rows: &'a TestRows,
    predictions: &'a [f64],
    order: OnceLock<Order>,
    outcome_order: OnceLock<Order>,
    log_odds: OnceLock<LogOdds>,
}

impl<'a> Judged<'a> {
    pub(super) fn of(rows: &'a TestRows, predictions: &'a [f64]) -> Result<Self, EvaluationError> {
        rows.check(predictions)?;
        let (order, outcome_order, log_odds) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Self { rows, predictions, order, outcome_order, log_odds })
    }

    fn order(&self) -> &Order {
        self.order.get_or_init(|| Order::of(self.predictions))
    }

    fn outcome_order(&self) -> &Order {
        self.outcome_order.get_or_init(|| Order::of(self.rows.outcomes()))
    }

    fn log_odds(&self) -> &LogOdds {
        self.log_odds.get_or_init(|| LogOdds::of(self.predictions))
    }

    /// What has to be done once for a figure, so that it can be computed for many weights of the rows.
    pub(super) fn figure(&'a self, metric: Metric) -> Result<Figure<'a>, EvaluationError> {
        let (outcomes, predictions) = (self.rows.outcomes(), self.predictions);
        let of_class = matches!(
            metric,
            Metric::RocAuc
                | Metric::AveragePrecision
                | Metric::KolmogorovSmirnov
                | Metric::LogLoss
                | Metric::Brier
                | Metric::CalibrationIntercept
                | Metric::CalibrationSlope
        );
        if of_class && !self.rows.is_class() {
            return Err(EvaluationError::WrongKind { metric });
        }
        let by_row = |loss: &dyn Fn(f64, f64) -> f64| {
            outcomes.iter().zip(predictions).map(|(&outcome, &prediction)| loss(outcome, prediction)).collect()
        };
        Ok(match metric {
            Metric::RocAuc => Figure::Area { order: self.order(), outcomes },
            Metric::AveragePrecision => Figure::Precision { order: self.order(), outcomes },
            Metric::KolmogorovSmirnov => Figure::Gap { order: self.order(), outcomes },
            Metric::LogLoss => Figure::Mean { losses: by_row(&surprise) },
            Metric::Brier => Figure::Mean { losses: by_row(&squared_error) },
            Metric::CalibrationIntercept => Figure::Intercept { log_odds: self.log_odds(), outcomes },
            Metric::CalibrationSlope => {
                let start = self.log_odds().slope(outcomes, &self.rows.weight_values(), None)?;
                Figure::Slope { log_odds: self.log_odds(), outcomes, start }
            }
            Metric::BaseRate => Figure::Mean { losses: outcomes.to_vec() },
            Metric::Rmse => Figure::RootMean { losses: squares(outcomes, predictions) },
            Metric::Mae => Figure::Mean { losses: by_row(&|outcome, prediction| (outcome - prediction).abs()) },
            Metric::RSquared => Figure::Explained { outcomes, squares: squares(outcomes, predictions) },
            Metric::RSquaredAgainstTraining => {
                let means = self.rows.training_means().ok_or(EvaluationError::NoTrainingMean { metric })?;
                Figure::Saved { baseline: squares(outcomes, means), squares: squares(outcomes, predictions) }
            }
            Metric::Spearman => Figure::Spearman { outcomes: self.outcome_order(), predictions: self.order() },
            Metric::PoissonDeviance => self.deviances(0.0)?,
            Metric::NegativeBinomialDeviance { alpha } => self.deviances(alpha)?,
            // One prediction a row does not say how likely each level is.
            Metric::RankedProbabilityScore | Metric::LevelLogLoss => {
                return Err(EvaluationError::WrongKind { metric });
            }
        })
    }

    fn deviances(&self, alpha: f64) -> Result<Figure<'a>, EvaluationError> {
        let (outcomes, expected) = (self.rows.outcomes(), self.predictions);
        check_counts(outcomes, expected, alpha)?;
        let losses = outcomes.iter().zip(expected).map(|(&outcome, &expected)| deviance(outcome, expected, alpha));
        Ok(Figure::Mean { losses: losses.collect() })
    }
}

/// A figure as a function of the rows' weights.
pub(super) enum Figure<'a> {
    Mean { losses: Vec<f64> },
    RootMean { losses: Vec<f64> },
    Area { order: &'a Order, outcomes: &'a [f64] },
    Precision { order: &'a Order, outcomes: &'a [f64] },
    Gap { order: &'a Order, outcomes: &'a [f64] },
    Intercept { log_odds: &'a LogOdds, outcomes: &'a [f64] },
    Slope { log_odds: &'a LogOdds, outcomes: &'a [f64], start: Vec<f64> },
    Explained { outcomes: &'a [f64], squares: Vec<f64> },
    Saved { baseline: Vec<f64>, squares: Vec<f64> },
    Spearman { outcomes: &'a Order, predictions: &'a Order },
}

impl Figure<'_> {
    /// The figure with these weights, one a row and not all zero; on the calling thread.
    pub(super) fn value(&self, weights: &[f64]) -> Result<f64, EvaluationError> {
        let mean = |losses: &[f64]| dot(losses, weights) / weights.iter().sum::<f64>();
        match self {
            Self::Mean { losses } => Ok(mean(losses)),
            Self::RootMean { losses } => Ok(mean(losses).sqrt()),
            Self::Area { order, outcomes } => area(order, outcomes, weights),
            Self::Precision { order, outcomes } => precision(order, outcomes, weights),
            Self::Gap { order, outcomes } => largest_gap(order, outcomes, weights),
            Self::Intercept { log_odds, outcomes } => log_odds.intercept(outcomes, weights),
            Self::Slope { log_odds, outcomes, start } => {
                log_odds.slope(outcomes, weights, Some(start)).map(|coefficients| coefficients[1])
            }
            Self::Explained { outcomes, squares } => explained(outcomes, squares, weights),
            Self::Saved { baseline, squares } => saved(baseline, squares, weights),
            Self::Spearman { outcomes, predictions } => spearman(outcomes, predictions, weights),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{WeightKind, Weights};
    use crate::estimators::formula_data::wave;

    const ALL: [Metric; 15] = [
        Metric::RocAuc,
        Metric::AveragePrecision,
        Metric::KolmogorovSmirnov,
        Metric::LogLoss,
        Metric::Brier,
        Metric::CalibrationIntercept,
        Metric::CalibrationSlope,
        Metric::BaseRate,
        Metric::Rmse,
        Metric::Mae,
        Metric::RSquared,
        Metric::RSquaredAgainstTraining,
        Metric::Spearman,
        Metric::PoissonDeviance,
        Metric::NegativeBinomialDeviance { alpha: 0.5 },
    ];

    fn rows(n_rows: usize) -> (TestRows, Vec<f64>) {
        let predictions: Vec<f64> = (0..n_rows).map(|row| 0.5 + 0.9 * (wave(row, 0) * 12.0).round() / 12.0).collect();
        let outcomes: Vec<f64> =
            (0..n_rows).map(|row| f64::from(u8::from(wave(row, 1) + 0.5 < predictions[row]))).collect();
        let rows = TestRows::classes(&outcomes).and_then(|rows| rows.against(vec![0.4; n_rows]));
        (rows.expect("valid"), predictions)
    }

    #[test]
    fn a_whole_weight_is_as_many_rows() {
        let (once, predictions) = rows(60);
        let times: Vec<usize> = (0..60).map(|row| row % 4).collect();
        let weights = times.iter().map(|&times| times as f64).collect();
        let weighted = once.clone().weighted(Weights::new(WeightKind::Frequency, weights).expect("valid"));
        let weighted = weighted.expect("one a row");
        let repeated: Vec<usize> = (0..60).flat_map(|row| std::iter::repeat_n(row, times[row])).collect();
        let repeated_predictions: Vec<f64> = repeated.iter().map(|&row| predictions[row]).collect();
        let repeated = once.select(&repeated).expect("rows");
        for metric in ALL {
            let got = weighted.metric(metric, &predictions).expect("judged");
            let want = repeated.metric(metric, &repeated_predictions).expect("judged");
            assert!((got - want).abs() <= 1e-9 * (1.0 + want.abs()), "{metric:?} {got} {want}");
        }
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter() {
        let (plain, predictions) = rows(60);
        let order: Vec<usize> = (0..60).map(|row| row * 7 % 60).collect();
        let mixed = plain.select(&order).expect("rows");
        let mixed_predictions: Vec<f64> = order.iter().map(|&row| predictions[row]).collect();
        for metric in ALL {
            let got = mixed.metric(metric, &mixed_predictions).expect("judged");
            let want = plain.metric(metric, &predictions).expect("judged");
            assert!((got - want).abs() <= 1e-12 * (1.0 + want.abs()), "{metric:?} {got} {want}");
        }
    }

    #[test]
    fn what_a_number_does_not_have_is_refused() {
        let rows = TestRows::numbers(&[1.0, 2.0, 4.0]).expect("valid");
        let metric = Metric::RocAuc;
        assert_eq!(rows.metric(metric, &[1.0, 2.0, 3.0]), Err(EvaluationError::WrongKind { metric }));
        let metric = Metric::RSquaredAgainstTraining;
        assert_eq!(rows.metric(metric, &[1.0, 2.0, 3.0]), Err(EvaluationError::NoTrainingMean { metric }));
    }

    #[test]
    fn the_word_is_the_serialized_form() {
        use serde::Deserialize;
        for metric in Metric::OF_CLASSES.into_iter().chain(Metric::OF_NUMBERS).chain(Metric::OF_COUNTS) {
            let word = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(metric.word());
            assert_eq!(Metric::deserialize(word), Ok(metric));
        }
    }
}
