//! Probabilities in bins: the calibration curve and the parts of the Brier score.

use super::EvaluationError;
use super::classes::numbers;
use super::error::{check_lengths, check_probabilities};
use super::order::Order;
use crate::stats::Confidence;
use serde::{Deserialize, Serialize};

/// How rows are gathered into bins by their probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// About as many rows in each. Rows with one probability share a bin, so that the order of the rows does not matter;
    /// where many do, there are fewer bins.
    EqualCount {
        /// Bins at most.
        n_bins: usize,
    },
    /// Bins `(low, high]` of one width between 0 and 1, 0 in the first, as scikit-learn's `uniform`. Empty ones are not
    /// there.
    EqualWidth {
        /// Bins at most.
        n_bins: usize,
    },
    /// A bin for each probability that was given.
    Distinct,
}

impl Default for Binning {
    fn default() -> Self {
        Self::EqualCount { n_bins: 10 }
    }
}

/// One point of a calibration curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Rows in the bin.
    pub n_rows: usize,
    /// Their weight.
    pub weight: f64,
    /// The smallest probability in the bin.
    pub low: f64,
    /// The largest probability in the bin.
    pub high: f64,
    /// Mean probability.
    pub mean_prediction: f64,
    /// Share of class 1.
    pub observed: f64,
    /// Lower end of the share's interval (Wilson, as if rows were independent).
    pub conf_low: f64,
    /// Upper end of the share's interval.
    pub conf_high: f64,
}

/// What happened against what was predicted, bin by bin.
///
/// # Errors
/// No rows, different lengths, a value that is no probability, no bins.
///
/// # References
/// Wilson (1927), JASA 22(158), for the intervals. With weights, n is Kish's `(sum w)^2 / sum w^2`.
pub fn calibration_curve(
    outcomes: &[bool],
    probabilities: &[f64],
    binning: Binning,
    confidence: Confidence,
) -> Result<Vec<CalibrationBin>, EvaluationError> {
    check_lengths(outcomes.len(), probabilities.len())?;
    check_probabilities(probabilities)?;
    curve(&numbers(outcomes), probabilities, &vec![1.0; outcomes.len()], binning, confidence)
}

/// The Brier score as what it is made of.
///
/// `brier = reliability - resolution + uncertainty + within_bin_variance - within_bin_covariance`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BrierParts {
    /// The score itself.
    pub brier: f64,
    /// Calibration: mean squared gap between a bin's mean probability and its share of class 1; 0 is perfect.
    pub reliability: f64,
    /// Refinement: mean squared gap between a bin's share and the base rate; the more the better.
    pub resolution: f64,
    /// Variance of the outcome, which no model changes.
    pub uncertainty: f64,
    /// Variance of the probabilities within bins.
    pub within_bin_variance: f64,
    /// Twice the covariance of probabilities and outcomes within bins.
    pub within_bin_covariance: f64,
    /// Bins with a row.
    pub n_bins: usize,
}

impl BrierParts {
    /// Resolution with what the bins hide of it: `resolution - within_bin_variance + within_bin_covariance`.
    pub fn generalised_resolution(&self) -> f64 {
        self.resolution - self.within_bin_variance + self.within_bin_covariance
    }
}

/// Murphy's parts of the Brier score over bins, with the two terms that bins of several probabilities add.
///
/// # Errors
/// No rows, different lengths, a value that is no probability, no bins.
///
/// # References
/// Murphy (1973), Journal of Applied Meteorology 12(4); Stephenson, Coelho and Jolliffe (2008), Weather and Forecasting
/// 23(4).
pub fn brier_parts(outcomes: &[bool], probabilities: &[f64], binning: Binning) -> Result<BrierParts, EvaluationError> {
    check_lengths(outcomes.len(), probabilities.len())?;
    check_probabilities(probabilities)?;
    parts(&numbers(outcomes), probabilities, &vec![1.0; outcomes.len()], binning)
}

/// Sums of one bin.
struct Bin {
    rows: Vec<usize>,
    weight: f64,
    mean_prediction: f64,
    observed: f64,
}

pub(super) fn curve(
    outcomes: &[f64],
    probabilities: &[f64],
    weights: &[f64],
    binning: Binning,
    confidence: Confidence,
) -> Result<Vec<CalibrationBin>, EvaluationError> {
    let bins = bins(outcomes, probabilities, weights, binning)?;
    Ok(bins
        .into_iter()
        .map(|bin| {
            let squares: f64 = bin.rows.iter().map(|&row| weights[row] * weights[row]).sum();
            let interval = wilson(bin.observed, bin.weight * bin.weight / squares, confidence);
            let each = || bin.rows.iter().map(|&row| probabilities[row]);
            CalibrationBin {
                n_rows: bin.rows.len(),
                weight: bin.weight,
                low: each().fold(f64::INFINITY, f64::min),
                high: each().fold(f64::NEG_INFINITY, f64::max),
                mean_prediction: bin.mean_prediction,
                observed: bin.observed,
                conf_low: interval.conf_low,
                conf_high: interval.conf_high,
            }
        })
        .collect())
}

pub(super) fn parts(
    outcomes: &[f64],
    probabilities: &[f64],
    weights: &[f64],
    binning: Binning,
) -> Result<BrierParts, EvaluationError> {
    let bins = bins(outcomes, probabilities, weights, binning)?;
    let total: f64 = bins.iter().map(|bin| bin.weight).sum();
    let base_rate = bins.iter().map(|bin| bin.weight * bin.observed).sum::<f64>() / total;
    let mut parts = BrierParts {
        brier: 0.0,
        reliability: 0.0,
        resolution: 0.0,
        uncertainty: base_rate * (1.0 - base_rate),
        within_bin_variance: 0.0,
        within_bin_covariance: 0.0,
        n_bins: bins.len(),
    };
    for bin in &bins {
        let share = bin.weight / total;
        parts.reliability += share * (bin.mean_prediction - bin.observed).powi(2);
        parts.resolution += share * (bin.observed - base_rate).powi(2);
        for &row in &bin.rows {
            let share = weights[row] / total;
            let (prediction, outcome) = (probabilities[row] - bin.mean_prediction, outcomes[row] - bin.observed);
            parts.brier += share * (probabilities[row] - outcomes[row]).powi(2);
            parts.within_bin_variance += share * prediction * prediction;
            parts.within_bin_covariance += 2.0 * share * prediction * outcome;
        }
    }
    Ok(parts)
}

/// Bins with weight, by ascending probability.
fn bins(
    outcomes: &[f64],
    probabilities: &[f64],
    weights: &[f64],
    binning: Binning,
) -> Result<Vec<Bin>, EvaluationError> {
    let order = Order::of(probabilities);
    let total: f64 = weights.iter().sum();
    let (mut places, mut members): (Vec<usize>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    let mut below = 0.0;
    for (index, group) in order.groups().enumerate() {
        let own: f64 = group.iter().map(|&row| weights[row]).sum();
        if own <= 0.0 {
            continue;
        }
        let place = match binning {
            Binning::EqualCount { n_bins: 0 } | Binning::EqualWidth { n_bins: 0 } => {
                return Err(EvaluationError::NoBins { n_bins: 0 });
            }
            // Where the middle of the group lies among all rows.
            Binning::EqualCount { n_bins } => ((below + 0.5 * own) / total * n_bins as f64) as usize,
            Binning::EqualWidth { n_bins } => (probabilities[group[0]] * n_bins as f64).ceil().max(1.0) as usize,
            Binning::Distinct => index,
        };
        below += own;
        if places.last() != Some(&place) {
            places.push(place);
            members.push(Vec::new());
        }
        if let Some(rows) = members.last_mut() {
            rows.extend(group.iter().copied().filter(|&row| weights[row] > 0.0));
        }
    }
    let sum = |rows: &[usize], value: &[f64]| rows.iter().map(|&row| weights[row] * value[row]).sum::<f64>();
    Ok(members
        .into_iter()
        .map(|rows| {
            let weight: f64 = rows.iter().map(|&row| weights[row]).sum();
            let (mean_prediction, observed) = (sum(&rows, probabilities) / weight, sum(&rows, outcomes) / weight);
            Bin { rows, weight, mean_prediction, observed }
        })
        .collect())
}

/// All shares that a score test does not reject.
fn wilson(share: f64, n: f64, confidence: Confidence) -> super::Interval {
    let z = confidence.z();
    let shrink = 1.0 / (1.0 + z * z / n);
    let centre = shrink * (share + 0.5 * z * z / n);
    let half = shrink * z * (share * (1.0 - share) / n + 0.25 * z * z / (n * n)).max(0.0).sqrt();
    super::Interval { conf_low: (centre - half).max(0.0), conf_high: (centre + half).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::evaluation::brier_score;

    const BINNINGS: [Binning; 4] = [
        Binning::EqualCount { n_bins: 3 },
        Binning::EqualWidth { n_bins: 4 },
        Binning::Distinct,
        Binning::EqualCount { n_bins: 1 },
    ];

    fn data() -> (Vec<bool>, Vec<f64>) {
        let wave = crate::estimators::formula_data::wave;
        let probabilities: Vec<f64> = (0..60).map(|row| ((wave(row, 0) + 0.5) * 20.0).round() / 20.0).collect();
        let outcomes = probabilities.iter().enumerate().map(|(row, p)| wave(row, 1) + 0.5 < *p).collect();
        (outcomes, probabilities)
    }

    #[test]
    fn parts_sum_to_the_score_whatever_the_bins() {
        let (outcomes, probabilities) = data();
        let brier = brier_score(&outcomes, &probabilities).expect("probabilities");
        for binning in BINNINGS {
            let parts = brier_parts(&outcomes, &probabilities, binning).expect("probabilities");
            let sum = parts.reliability - parts.generalised_resolution() + parts.uncertainty;
            assert!((sum - brier).abs() < 1e-15 && (parts.brier - brier).abs() < 1e-15, "{binning:?} {sum} {brier}");
        }
    }

    #[test]
    fn a_bin_for_each_probability_has_nothing_within() {
        let (outcomes, probabilities) = data();
        let parts = brier_parts(&outcomes, &probabilities, Binning::Distinct).expect("probabilities");
        assert!(parts.within_bin_variance.abs() < 1e-15 && parts.within_bin_covariance.abs() < 1e-15);
        // By hand: 0.2 twice with one event, 0.8 twice with two; the base rate is 3/4.
        let parts = brier_parts(&[true, false, true, true], &[0.2, 0.2, 0.8, 0.8], Binning::Distinct);
        let parts = parts.expect("probabilities");
        assert!((parts.reliability - (0.09 + 0.04) / 2.0).abs() < 1e-15);
        assert!((parts.resolution - 0.0625).abs() < 1e-15 && (parts.uncertainty - 0.1875).abs() < 1e-15);
    }

    #[test]
    fn bins_hold_as_many_rows_each_and_never_part_a_tie() {
        let distinct: Vec<f64> = (0..100).map(|row| row as f64 / 100.0).collect();
        let binning = Binning::default();
        let curve = calibration_curve(&[true; 100], &distinct, binning, Confidence::default()).expect("probabilities");
        assert!(curve.len() == 10 && curve.iter().all(|bin| bin.n_rows == 10));
        let tied = [0.1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.9];
        let curve = calibration_curve(&[true; 10], &tied, binning, Confidence::default()).expect("probabilities");
        assert_eq!(curve.iter().map(|bin| bin.n_rows).collect::<Vec<_>>(), [1, 8, 1]);
    }

    #[test]
    fn intervals_are_wilsons() {
        // statsmodels.stats.proportion.proportion_confint(3, 10, method="wilson")
        let outcomes = [true, true, true, false, false, false, false, false, false, false];
        let curve = calibration_curve(&outcomes, &[0.4; 10], Binning::Distinct, Confidence::default());
        let bin = curve.expect("probabilities")[0];
        assert!((bin.conf_low - 0.107_791_267_406_301_04).abs() < 1e-12, "{}", bin.conf_low);
        assert!((bin.conf_high - 0.603_221_852_538_854_6).abs() < 1e-12, "{}", bin.conf_high);
    }

    #[test]
    fn ends_of_the_scale_fall_into_the_end_bins() {
        let binning = Binning::EqualWidth { n_bins: 5 };
        let curve = calibration_curve(&[true; 4], &[0.0, 0.2, 0.21, 1.0], binning, Confidence::default());
        let counts: Vec<usize> = curve.expect("probabilities").iter().map(|bin| bin.n_rows).collect();
        assert_eq!(counts, [2, 1, 1]);
        let none = brier_parts(&[true], &[0.5], Binning::EqualCount { n_bins: 0 });
        assert_eq!(none, Err(EvaluationError::NoBins { n_bins: 0 }));
    }
}
