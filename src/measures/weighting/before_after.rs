//! A score as answered and as weighted, side by side.

use super::efficiency::WeightEfficiency;
use crate::findings::Finding;
use crate::measures::{MeasureError, NetPromoterScore, NpsSettings, Sampling};
use serde::Serialize;

/// What weights change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreBeforeAfter {
    /// As answered, or under the base weights.
    pub before: NetPromoterScore,
    /// As weighted. Its error takes the weights as given.
    pub after: NetPromoterScore,
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
        Ok(Self { gap: after.nps - before.nps, before, after, efficiency, findings })
    }
}
