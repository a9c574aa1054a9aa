//! How far a model can be trusted, ready to be shown.

use crate::estimators::Family;
use crate::estimators::evaluation::{BrierParts, CalibrationBin, Comparison, Decile, MetricEstimate, Recalibration};
use crate::findings::Finding;
use serde::Serialize;

/// One outcome's model on rows that it has not seen, beside baselines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationResult {
    /// The outcome's word.
    pub outcome: String,
    /// The model's family.
    pub family: Family,
    /// Rows that test, over all folds.
    pub n_test: usize,
    /// How the rows were split, one row a fold.
    pub splits: Vec<SplitRow>,
    /// Figures of every model: over all test rows, by fold, by segment.
    pub figures: Vec<FigureRow>,
    /// Paired differences of two models on the same rows.
    pub comparisons: Vec<ComparisonRow>,
    /// What happened against what the model said, in bins (classes).
    pub curve: Vec<CalibrationBin>,
    /// Lift and gain by tenths (classes).
    pub deciles: Vec<Decile>,
    /// The Brier score's parts (classes).
    pub brier: Option<BrierParts>,
    /// Calibration intercept and slope (classes).
    pub recalibration: Option<Recalibration>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Rows of one fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitRow {
    /// The fold, from 1.
    pub fold: usize,
    /// The first instant that tests, UTC microseconds; `None` for folds of customers.
    pub cut_us: Option<i64>,
    /// Rows to fit on.
    pub n_train: usize,
    /// Rows to judge by.
    pub n_test: usize,
    /// Rows before the cut whose outcome was not known then.
    pub n_embargoed: usize,
    /// Rows whose customer is on the other side.
    pub n_shared_customer: usize,
}

/// One figure of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureRow {
    /// `model`, `base_rate`, `history`, `history_and_feedback`, `calibrated`, `buy_till_you_die`.
    pub model: String,
    /// The fold, from 1; `None` for all test rows.
    pub fold: Option<usize>,
    /// The column of the segment; `None` for all.
    pub by: Option<String>,
    /// The segment.
    pub segment: Option<String>,
    /// The figure's name.
    pub metric: String,
    /// Its value.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Lower end of the confidence interval.
    pub conf_low: Option<f64>,
    /// Upper end of the confidence interval.
    pub conf_high: Option<f64>,
    /// Rows judged.
    pub n_rows: usize,
    /// Their customers.
    pub n_customers: usize,
}

/// One figure of two models on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparisonRow {
    /// The model that is there.
    pub champion: String,
    /// The model that is held against it.
    pub challenger: String,
    /// The figure's name.
    pub metric: String,
    /// The champion's.
    pub champion_value: f64,
    /// The challenger's.
    pub challenger_value: f64,
    /// Challenger less champion.
    pub difference: f64,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Lower end of the difference's confidence interval.
    pub conf_low: Option<f64>,
    /// Upper end of the difference's confidence interval.
    pub conf_high: Option<f64>,
}

impl EvaluationResult {
    /// Whether models were judged by later answers than they were fitted to; else parts of the answers judged each other.
    pub fn is_of_later(&self) -> bool {
        self.splits.iter().any(|split| split.cut_us.is_some())
    }

    /// An evaluation that is still to be made.
    pub fn empty(outcome: &str, family: Family) -> Self {
        Self {
            outcome: outcome.to_owned(),
            family,
            n_test: 0,
            splits: Vec::new(),
            figures: Vec::new(),
            comparisons: Vec::new(),
            curve: Vec::new(),
            deciles: Vec::new(),
            brier: None,
            recalibration: None,
            findings: Vec::new(),
        }
    }

    /// A figure over all test rows.
    pub fn figure(&self, model: &str, metric: &str) -> Option<&FigureRow> {
        let whole = |row: &&FigureRow| row.fold.is_none() && row.by.is_none();
        self.figures.iter().filter(whole).find(|row| row.model == model && row.metric == metric)
    }

    /// A difference over all test rows.
    pub fn comparison(&self, champion: &str, challenger: &str, metric: &str) -> Option<&ComparisonRow> {
        let asked =
            |row: &&ComparisonRow| row.champion == champion && row.challenger == challenger && row.metric == metric;
        self.comparisons.iter().find(asked)
    }
}

impl FigureRow {
    /// A figure over all test rows.
    pub fn of(model: &str, estimate: &MetricEstimate) -> Self {
        Self {
            model: model.to_owned(),
            fold: None,
            by: None,
            segment: None,
            metric: estimate.metric.word().to_owned(),
            estimate: estimate.value,
            std_error: estimate.std_error,
            conf_low: estimate.conf_low,
            conf_high: estimate.conf_high,
            n_rows: estimate.n_rows,
            n_customers: estimate.n_customers,
        }
    }
}

impl ComparisonRow {
    /// All figures of a comparison.
    pub fn all(champion: &str, challenger: &str, comparison: &Comparison) -> Vec<Self> {
        let row = |difference: &crate::estimators::evaluation::MetricDifference| Self {
            champion: champion.to_owned(),
            challenger: challenger.to_owned(),
            metric: difference.metric.word().to_owned(),
            champion_value: difference.champion,
            challenger_value: difference.challenger,
            difference: difference.difference,
            std_error: difference.std_error,
            conf_low: difference.conf_low,
            conf_high: difference.conf_high,
        };
        comparison.differences.iter().map(row).collect()
    }
}
