//! How the answers that a model was fitted to were spread, for those who score with it later.

use super::outcomes::{FeatureKind, Model};
use super::selection::Selection;
use crate::link::BaseTable;
use crate::measures::Bins;
use crate::study::{Outcome, Study};

/// How the training answers were spread.
#[derive(Debug, Clone)]
pub(super) struct TrainingSpread {
    /// By feature; nothing of those that mark gaps, which `missing` of their column tells.
    pub features: Vec<Option<Spread>>,
    /// Of the predictions, calibrated where that was learned.
    pub predictions: PredictionSpread,
}

/// How one column was spread.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// Training rows with a value.
    pub n: usize,
    /// Share of the answers whose outcome is known that have no value, those counted that are left out for it.
    pub missing: f64,
    /// `None` where the column hardly varies, or of so few rows that edges would tell of single ones.
    pub bins: Option<Bins>,
}

/// How the predictions were spread.
#[derive(Debug, Clone)]
pub(super) struct PredictionSpread {
    pub mean: f64,
    pub std_dev: f64,
    pub spread: Spread,
}

impl TrainingSpread {
    /// Of the answers that a model of a study was fitted to, weighted as they are.
    pub fn of(study: &Study, base: &BaseTable, outcome: &Outcome, selection: &Selection, model: &Model) -> Self {
        let weights = base.numbers("weight");
        let weight_of = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let n_min = study.measures.suppress_below.max(1) as usize;
        let with_gaps = Selection::with_gaps(study, base, outcome);
        let weight = |at: usize| weight_of(selection.rows[at]);
        let columns: Vec<Option<&[f64]>> = model.features.iter().map(|feature| base.numbers(&feature.column)).collect();
        let of = |column: &Option<&[f64]>| {
            let value = |row: usize| column.map_or(f64::NAN, |column| column[row]);
            let values: Vec<f64> = selection.rows.iter().map(|&row| value(row)).collect();
            let all: f64 = with_gaps.rows.iter().map(|&row| weight_of(row)).sum();
            let lacking = with_gaps.rows.iter().filter(|&&row| value(row).is_nan());
            // From zero, since the sum of nothing is -0, which files would show.
            let lacking = lacking.fold(0.0, |sum, &row| sum + weight_of(row));
            Spread {
                n: values.iter().filter(|value| !value.is_nan()).count(),
                missing: if all > 0.0 { lacking / all } else { 0.0 },
                bins: Bins::of(&values, weight, n_min),
            }
        };
        let is_value = |at: usize| model.features[at].kind == FeatureKind::Value;
        let features = columns.iter().enumerate().map(|(at, column)| is_value(at).then(|| of(column))).collect();
        let predict = |&row: &usize| {
            let pairs = model.features.iter().zip(&columns);
            let values = pairs.map(|(feature, column)| feature.of(column.map_or(f64::NAN, |column| column[row])));
            model.predict(&values.collect::<Vec<f64>>())
        };
        let predicted: Vec<f64> = selection.rows.iter().map(predict).collect();
        Self { features, predictions: PredictionSpread::of(&predicted, weight, n_min) }
    }
}

impl PredictionSpread {
    fn of(predicted: &[f64], weight: impl Fn(usize) -> f64, n_min: usize) -> Self {
        let weighted_mean = |of: &dyn Fn(f64) -> f64| {
            let all: f64 = (0..predicted.len()).map(&weight).sum();
            predicted.iter().enumerate().map(|(at, &value)| weight(at) * of(value)).sum::<f64>() / all
        };
        let mean = weighted_mean(&|value| value);
        let std_dev = weighted_mean(&|value| (value - mean).powi(2)).sqrt();
        let spread = Spread { n: predicted.len(), missing: 0.0, bins: Bins::of(predicted, &weight, n_min) };
        Self { mean, std_dev, spread }
    }
}
