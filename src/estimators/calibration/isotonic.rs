//! The rising curve nearest to the outcomes.

use super::{CalibrationError, checked_weights};
use serde::{Deserialize, Serialize};

/// A rising curve through points, straight between them and level beyond the first and the last.
///
/// # Example
/// ```
/// use advocate::estimators::calibration::Isotonic;
/// // The second and third are out of order and share their mean.
/// let curve = Isotonic::fit(&[0.1, 0.2, 0.3, 0.4], &[0.0, 1.0, 0.0, 1.0], None)?;
/// assert_eq!([0.05, 0.1, 0.2, 0.25, 0.9].map(|score| curve.apply(score)), [0.0, 0.0, 0.5, 0.5, 1.0]);
/// # Ok::<(), advocate::estimators::calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Points", into = "Points")]
pub struct Isotonic(Points);

/// The points of an [`Isotonic`], all plain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// Scores, rising.
    pub scores: Vec<f64>,
    /// The curve there, never falling.
    pub values: Vec<f64>,
}

impl TryFrom<Points> for Isotonic {
    type Error = CalibrationError;

    fn try_from(points: Points) -> Result<Self, CalibrationError> {
        let n_points = points.scores.len();
        if n_points == 0 || points.values.len() != n_points {
            return Err(CalibrationError::BadCurve { point: 1 });
        }
        let is_bad = |place: usize| {
            let (score, value) = (points.scores[place], points.values[place]);
            let rises = place == 0 || (score > points.scores[place - 1] && value >= points.values[place - 1]);
            !(score.is_finite() && value.is_finite() && rises)
        };
        match (0..n_points).find(|&place| is_bad(place)) {
            Some(place) => Err(CalibrationError::BadCurve { point: place + 1 }),
            None => Ok(Self(points)),
        }
    }
}

impl From<Isotonic> for Points {
    fn from(isotonic: Isotonic) -> Self {
        isotonic.0
    }
}

impl Isotonic {
    /// Fits by pooling adjacent violators: the rising values with the smallest weighted squared error to the outcomes (0 and
    /// 1, or any numbers).
    ///
    /// Rows of one score are pooled first; rows without weight are not looked at. Between the scores that were seen the
    /// curve is straight, beyond them level, as scikit-learn's `IsotonicRegression(out_of_bounds="clip")`.
    ///
    /// # Errors
    /// No rows with a weight, different lengths, a score or outcome that is not finite, a bad weight.
    ///
    /// # References
    /// Ayer et al. (1955), Annals of Mathematical Statistics 26(4); Zadrozny and Elkan (2002), KDD.
    pub fn fit(scores: &[f64], outcomes: &[f64], weights: Option<&[f64]>) -> Result<Self, CalibrationError> {
        let weights = checked_weights(scores, outcomes.len(), weights)?;
        if let Some(row) = outcomes.iter().position(|outcome| !outcome.is_finite()) {
            return Err(CalibrationError::NotFinite { row: row + 1, value: outcomes[row] });
        }
        let mut order: Vec<usize> = (0..scores.len()).filter(|&row| weights[row] > 0.0).collect();
        // Within a score the outcomes are ordered too, so that their sum does not depend on the order of the rows.
        order.sort_unstable_by(|&left, &right| {
            let by_score = scores[left].total_cmp(&scores[right]);
            by_score.then(outcomes[left].total_cmp(&outcomes[right])).then(weights[left].total_cmp(&weights[right]))
        });
        let mut blocks: Vec<Block> = Vec::new();
        let mut rows = order.as_slice();
        while let Some(&first) = rows.first() {
            let n_tied = rows.iter().take_while(|&&row| scores[row] <= scores[first]).count();
            let (tied, rest) = rows.split_at(n_tied);
            blocks.push(Block::of(scores[first], tied, outcomes, &weights));
            while let [.., before, last] = blocks.as_slice() {
                if before.mean() < last.mean() {
                    break;
                }
                let pooled = before.with(last);
                blocks.truncate(blocks.len() - 2);
                blocks.push(pooled);
            }
            rows = rest;
        }
        let (mut points, mut highest) = (Points { scores: Vec::new(), values: Vec::new() }, f64::NEG_INFINITY);
        for block in blocks {
            highest = block.mean().max(highest);
            for score in [block.first, block.last].into_iter().take(if block.last > block.first { 2 } else { 1 }) {
                points.scores.push(score);
                points.values.push(highest);
            }
        }
        Ok(Self(points))
    }

    /// The points between which the curve is straight.
    pub fn points(&self) -> &Points {
        &self.0
    }

    /// The curve at a score; `NaN` for `NaN`.
    pub fn apply(&self, score: f64) -> f64 {
        if score.is_nan() {
            return f64::NAN;
        }
        let Points { scores, values } = &self.0;
        let above = scores.partition_point(|&point| point < score);
        match (above.checked_sub(1), scores.get(above)) {
            (None, _) => values[0],
            (Some(below), None) => values[below],
            (Some(below), Some(&next)) => {
                let share = (score - scores[below]) / (next - scores[below]);
                let value = values[below] + share * (values[above] - values[below]);
                value.clamp(values[below], values[above])
            }
        }
    }
}

/// Neighbouring rows that share a value.
struct Block {
    first: f64,
    last: f64,
    weight: f64,
    sum: f64,
}

impl Block {
    fn of(score: f64, rows: &[usize], outcomes: &[f64], weights: &[f64]) -> Self {
        let weight = rows.iter().map(|&row| weights[row]).sum();
        let sum = rows.iter().map(|&row| weights[row] * outcomes[row]).sum();
        Self { first: score, last: score, weight, sum }
    }

    fn mean(&self) -> f64 {
        self.sum / self.weight
    }

    fn with(&self, next: &Self) -> Self {
        Self { first: self.first, last: next.last, weight: self.weight + next.weight, sum: self.sum + next.sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::wave;

    #[test]
    fn ties_are_pooled_by_weight() {
        let curve = Isotonic::fit(&[1.0, 1.0, 2.0], &[0.0, 1.0, 1.0], Some(&[3.0, 1.0, 1.0])).expect("rows");
        assert_eq!([1.0, 1.5, 2.0, 9.0].map(|score| curve.apply(score)), [0.25, 0.625, 1.0, 1.0]);
    }

    #[test]
    fn the_curve_never_falls_and_keeps_the_mean() {
        let scores: Vec<f64> = (0..200).map(|row| wave(row, 0)).collect();
        let outcomes: Vec<f64> = (0..200).map(|row| f64::from(u8::from(wave(row, 1) < scores[row]))).collect();
        let curve = Isotonic::fit(&scores, &outcomes, None).expect("rows");
        let steps: Vec<f64> = (-60..60).map(|step| curve.apply(f64::from(step) / 100.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]));
        let gap: f64 = scores.iter().zip(&outcomes).map(|(&score, outcome)| curve.apply(score) - outcome).sum();
        assert!(gap.abs() < 1e-10, "{gap}");
        assert!(curve.apply(f64::NAN).is_nan());
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter() {
        let (scores, outcomes) = ([0.3, 0.1, 0.3, 0.2], [1.0, 1.0, 0.0, 0.0]);
        let rows = [2, 0, 3, 1];
        let plain = Isotonic::fit(&scores, &outcomes, None);
        assert_eq!(Isotonic::fit(&rows.map(|row| scores[row]), &rows.map(|row| outcomes[row]), None), plain);
    }

    #[test]
    fn one_score_is_the_mean_everywhere() {
        let curve = Isotonic::fit(&[0.4; 4], &[0.0, 1.0, 0.0, 0.0], None).expect("rows");
        assert_eq!([0.0, 0.4, 1.0].map(|score| curve.apply(score)), [0.25; 3]);
    }

    #[test]
    fn a_stored_curve_is_checked() {
        let points = |scores: &[f64], values: &[f64]| {
            Isotonic::try_from(Points { scores: scores.to_vec(), values: values.to_vec() })
        };
        assert_eq!(points(&[0.1, 0.2], &[0.5, 0.4]), Err(CalibrationError::BadCurve { point: 2 }));
        assert_eq!(points(&[], &[]), Err(CalibrationError::BadCurve { point: 1 }));
        let curve = points(&[0.1, 0.2], &[0.4, 0.5]).expect("rising");
        let text = serde_json::to_string(&curve).expect("plain");
        assert_eq!(serde_json::from_str::<Isotonic>(&text).expect("the same"), curve);
    }

    #[test]
    fn what_cannot_be_learned_from_says_why() {
        assert_eq!(Isotonic::fit(&[], &[], None), Err(CalibrationError::NoRows));
        let bad = Isotonic::fit(&[f64::NAN], &[1.0], None);
        assert!(matches!(bad, Err(CalibrationError::NotFinite { row: 1, .. })));
        let weights = Isotonic::fit(&[0.1], &[1.0], Some(&[-1.0]));
        assert_eq!(weights, Err(CalibrationError::BadWeight { row: 1, value: -1.0 }));
    }
}
