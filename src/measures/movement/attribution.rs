//! The part of the scores, divided among touchpoints by a linear model.

use crate::measures::MeasureError;
use serde::Serialize;

/// A touchpoint in two waves.
#[derive(Debug, Clone, PartialEq)]
pub struct TouchpointShift {
    /// The touchpoint.
    pub touchpoint: String,
    /// Points of the score (100 times a class of -1, 0, 1) that one more on the touchpoint goes with.
    pub coefficient: f64,
    /// Its mean before.
    pub mean_before: f64,
    /// Its mean after.
    pub mean_after: f64,
}

/// One touchpoint's part of a change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TouchpointPart {
    /// The touchpoint.
    pub touchpoint: String,
    /// The change of its mean.
    pub mean_change: f64,
    /// Coefficient times change of the mean, in points.
    pub part: f64,
}

/// A change divided among touchpoints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attribution {
    /// What is divided: a rate part or a whole change, in points.
    pub change: f64,
    /// Touchpoint by touchpoint, in the order given.
    pub touchpoints: Vec<TouchpointPart>,
    /// The sum of their parts.
    pub explained: f64,
    /// What the touchpoints leave: the level moved with nothing that was asked, or the coefficients changed.
    pub residual: f64,
}

impl Attribution {
    /// `part = coefficient * (mean after - mean before)`; the residual is the change less the sum of the parts.
    ///
    /// With the coefficients of a pooled least-squares model of both waves that has a column for the wave, the residual is
    /// that column's coefficient (Oaxaca's decomposition with common coefficients).
    ///
    /// # Errors
    /// A coefficient, mean or change that is not finite.
    ///
    /// # References
    /// Oaxaca (1973), International Economic Review 14(3); Jann (2008), "The Blinder-Oaxaca decomposition", The Stata Journal
    /// 8(4), for pooled coefficients.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::movement::{Attribution, TouchpointShift};
    /// let delivery = TouchpointShift { touchpoint: "delivery".into(), coefficient: 12.0, mean_before: 7.0, mean_after: 7.5 };
    /// let parts = Attribution::of(8.0, &[delivery])?;
    /// assert!((parts.explained - 6.0).abs() < 1e-12 && (parts.residual - 2.0).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn of(change: f64, shifts: &[TouchpointShift]) -> Result<Self, MeasureError> {
        if !change.is_finite() {
            return Err(MeasureError::NotFinite { what: "the change".to_owned(), row: 1, value: change });
        }
        for shift in shifts {
            for (row, value) in [shift.coefficient, shift.mean_before, shift.mean_after].into_iter().enumerate() {
                if !value.is_finite() {
                    let what = format!("coefficient and means of {}", shift.touchpoint);
                    return Err(MeasureError::NotFinite { what, row: row + 1, value });
                }
            }
        }
        let touchpoints: Vec<TouchpointPart> = shifts
            .iter()
            .map(|shift| TouchpointPart {
                touchpoint: shift.touchpoint.clone(),
                mean_change: shift.mean_after - shift.mean_before,
                part: shift.coefficient * (shift.mean_after - shift.mean_before),
            })
            .collect();
        let explained = touchpoints.iter().map(|part| part.part).sum();
        Ok(Self { change, touchpoints, explained, residual: change - explained })
    }
}
