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
    pub predictions: Spread,
}

/// How one column was spread.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// Of the values, weighted as the answers are.
    pub mean: f64,
    /// Likewise.
    pub std_dev: f64,
    /// Training rows with a value.
    pub n: usize,
    /// Share of the answers whose outcome is known that have no value, those counted that are left out for it.
    pub missing: f64,
    /// `None` where the column hardly varies, or of so few rows that edges would tell of single ones.
    pub bins: Option<Bins>,
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
            Spread { missing: if all > 0.0 { lacking / all } else { 0.0 }, ..Spread::of(&values, weight, n_min) }
        };
        let is_value = |at: usize| model.features[at].kind == FeatureKind::Value;
        let features = columns.iter().enumerate().map(|(at, column)| is_value(at).then(|| of(column))).collect();
        let predict = |&row: &usize| {
            let pairs = model.features.iter().zip(&columns);
            let values = pairs.map(|(feature, column)| feature.of(column.map_or(f64::NAN, |column| column[row])));
            model.predict(&values.collect::<Vec<f64>>())
        };
        let predicted: Vec<f64> = selection.rows.iter().map(predict).collect();
        Self { features, predictions: Spread::of(&predicted, weight, n_min) }
    }
}

impl Spread {
    /// Of values some of which are not there (`NaN`); `missing` is left at none.
    fn of(values: &[f64], weight: impl Fn(usize) -> f64, n_min: usize) -> Self {
        let there: Vec<(usize, f64)> =
            values.iter().copied().enumerate().filter(|(_, value)| !value.is_nan()).collect();
        let weighted_mean = |of: &dyn Fn(f64) -> f64| {
            let all: f64 = there.iter().map(|&(at, _)| weight(at)).sum();
            let sum: f64 = there.iter().map(|&(at, value)| weight(at) * of(value)).sum();
            if all > 0.0 { sum / all } else { 0.0 }
        };
        let mean = weighted_mean(&|value| value);
        let std_dev = weighted_mean(&|value| (value - mean).powi(2)).sqrt();
        Self { mean, std_dev, n: there.len(), missing: 0.0, bins: Bins::of(values, &weight, n_min) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_the_values_that_are_there() {
        // By hand: 1 and 5, the latter three times, are 4 on average, and (3^2 + 3) / 4 = 3 is their variance; filled with 4 it were less.
        let weights = [1.0, 9.0, 3.0];
        let own = Spread::of(&[1.0, f64::NAN, 5.0], |at| weights[at], 1);
        assert!((own.mean - 4.0).abs() < 1e-15 && (own.std_dev - 3.0_f64.sqrt()).abs() < 1e-15, "{own:?}");
        assert_eq!(own.n, 2);
        let none = Spread::of(&[f64::NAN], |_| 1.0, 1);
        assert_eq!((none.mean, none.std_dev, none.n), (0.0, 0.0, 0));
    }
}
