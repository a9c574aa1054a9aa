//! A score as answered and as weighted, side by side.

use super::calibrated::{Calibration, calibrated_std_error};
use super::efficiency::WeightEfficiency;
use super::margins::Margin;
use crate::findings::Finding;
use crate::measures::{MeasureError, NetPromoterScore, NpsSettings, ResponseClass, Sampling};
use serde::Serialize;

/// What weights change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreBeforeAfter {
    /// As answered, or under the base weights.
    pub before: NetPromoterScore,
    /// As weighted.
    pub after: NetPromoterScore,
    /// The standard error that the weighted score would have were its weights given, in points, where its own knows what they
    /// were made from.
    pub given_std_error: Option<f64>,
    /// The weighted less the other, in points.
    pub gap: f64,
    /// What the weights cost.
    pub efficiency: WeightEfficiency,
    /// A warning where that is much.
    pub findings: Vec<Finding>,
}

impl ScoreBeforeAfter {
    /// The score of 0-10 answers under both.
    ///
    /// # Errors
    /// As [`NetPromoterScore::of_sample`].
    ///
    /// # Example
    /// ```
    /// use advocate::measures::weighting::ScoreBeforeAfter;
    /// use advocate::measures::{NpsSettings, Sampling};
    /// let both = ScoreBeforeAfter::of(&[9.0, 0.0], Sampling::default(), &[3.0, 1.0], NpsSettings::default())?;
    /// assert!((both.gap - 50.0).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(
        answers: &[f64],
        sampling: Sampling,
        weights: &[f64],
        settings: NpsSettings,
    ) -> Result<Self, MeasureError> {
        let before = NetPromoterScore::of_sample(answers, sampling, settings)?;
        let weighted = Sampling { weights: Some(weights), ..sampling };
        let after = NetPromoterScore::of_sample(answers, weighted, settings)?;
        let efficiency = WeightEfficiency::of(weights)?;
        let findings = efficiency.finding("weights").into_iter().collect();
        Ok(Self { gap: after.nps - before.nps, before, after, given_std_error: None, efficiency, findings })
    }

    /// The same, where the weights were made to hold margins: the weighted score's error is that of what the margins leave of
    /// the answers, by [`calibrated_std_error`].
    ///
    /// # Errors
    /// As [`Self::of`] and [`calibrated_std_error`].
    ///
    /// # Example
    /// ```
    /// use advocate::measures::weighting::{Margin, ScoreBeforeAfter, TargetShare};
    /// use advocate::measures::{NpsSettings, Sampling};
    /// let sizes = ["a", "b"].map(|category| TargetShare { category: category.into(), size: 2.0 }).to_vec();
    /// let margins = [Margin::new("segment", sizes, &[0, 0, 0, 1])?];
    /// let weights = [2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 2.0];
    /// let answers = [9.0, 9.0, 9.0, 0.0];
    /// let own = ScoreBeforeAfter::calibrated(&answers, Sampling::default(), &weights, &margins, NpsSettings::default())?;
    /// // All of a segment say the same, and how large the segments are is known.
    /// assert!(own.after.nps.abs() < 1e-9 && own.after.std_error < 1e-9);
    /// assert!(own.given_std_error.is_some_and(|error| error > 10.0));
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn calibrated(
        answers: &[f64],
        sampling: Sampling,
        weights: &[f64],
        margins: &[Margin],
        settings: NpsSettings,
    ) -> Result<Self, MeasureError> {
        let own = Self::of(answers, sampling, weights, settings)?;
        let value = |answer: &f64| ResponseClass::of(*answer).map_or(0.0, ResponseClass::value);
        let values: Vec<f64> = answers.iter().map(value).collect();
        let calibration = Calibration { base: sampling.weights, weights, margins, clusters: sampling.clusters };
        let unseen = sampling.share_unseen(sampling.n_seen(answers.len()))?;
        let std_error = 100.0 * unseen.sqrt() * calibrated_std_error(&values, calibration)?;
        let given_std_error = Some(own.after.std_error);
        Ok(Self { after: own.after.with_std_error(std_error)?, given_std_error, ..own })
    }
}
