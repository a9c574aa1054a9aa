//! How figures are reported.

use super::measure::Family;
use crate::measures::intervals::IntervalKind;
use crate::measures::{MeasureError, Resampling};
use crate::stats::Confidence;
use serde::Serialize;

/// Whether blanks count in the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlankRule {
    /// Only answers count.
    #[default]
    LeftOut,
    /// A blank counts as neither in favour nor against, which draws every share toward zero; some vendors do this.
    InBase,
}

/// The intervals, their level, and the base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EstimateSettings {
    /// Interval of net scores.
    pub net: IntervalKind,
    /// Interval of shares.
    pub share: IntervalKind,
    /// Interval of means and ratios.
    pub mean: IntervalKind,
    /// Their level.
    pub confidence: Confidence,
    /// Whether blanks are in the base.
    pub blanks: BlankRule,
    /// How bootstrap intervals are made; see [`CutAnalysis::of`](super::CutAnalysis::of).
    pub resampling: Option<Resampling>,
}

impl Default for EstimateSettings {
    fn default() -> Self {
        Self {
            net: IntervalKind::AdjustedWald,
            share: IntervalKind::Wilson,
            mean: IntervalKind::StudentT,
            confidence: Confidence::default(),
            blanks: BlankRule::default(),
            resampling: None,
        }
    }
}

impl EstimateSettings {
    /// Percentiles over resampled customers for every figure.
    #[must_use]
    pub fn bootstrapped(self) -> Self {
        let own = IntervalKind::Bootstrap;
        Self { net: own, share: own, mean: own, ..self }
    }

    pub(super) fn kind(&self, family: Family) -> IntervalKind {
        match family {
            Family::Net => self.net,
            Family::Share => self.share,
            Family::Mean => self.mean,
        }
    }

    /// Refuses kinds that a family does not have.
    pub(super) fn check(&self) -> Result<(), MeasureError> {
        for family in [Family::Net, Family::Share, Family::Mean] {
            let kind = self.kind(family);
            if !family.kinds().contains(&kind) {
                let instead = "take adjusted-wald for net scores, wilson for shares, student-t for means";
                return Err(MeasureError::NoSuchInterval { kind: kind.word(), figure: family.name(), instead });
            }
        }
        Ok(())
    }
}
