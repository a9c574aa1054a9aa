//! Whether the scale leaves room: answers at its ends, and predictions beyond them.

use super::touchpoints::Touchpoints;
use crate::estimators::augment::Augment;
use crate::findings::{Finding, FindingKind, Severity};
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// More predictions beyond the scale than this share are a finding.
const OUTSIDE_REPORTED: f64 = 0.01;
/// An answer is at an end within this share of the scale's width.
const END_TOLERANCE: f64 = 1e-9;

/// Ends that are no scale.
#[derive(Debug, Clone, Copy, Error, PartialEq)]
#[error("a scale from {low} to {high} has no width; give its lower end first")]
pub struct ScaleError {
    low: f64,
    high: f64,
}

/// The ends of an answer scale, as in 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Checks the ends.
    ///
    /// # Errors
    /// Ends that are not finite, or a lower end that is not below the upper one.
    pub fn new(low: f64, high: f64) -> Result<Self, ScaleError> {
        if low < high && (high - low).is_finite() { Ok(Self { low, high }) } else { Err(ScaleError { low, high }) }
    }

    /// The lower end.
    pub fn low(self) -> f64 {
        self.low
    }

    /// The upper end.
    pub fn high(self) -> f64 {
        self.high
    }

    fn room(self) -> f64 {
        END_TOLERANCE * (self.high - self.low)
    }
}

/// Answers of one column at the ends of its scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleEnds {
    /// The column.
    pub term: String,
    /// Answers; gaps do not count.
    pub n_answers: usize,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Share (0-1) of the answers at the lower end.
    pub floor_share: f64,
    /// Share (0-1) of the answers at the upper end.
    pub ceiling_share: f64,
    /// Whether the ends are those of the question; else they are the lowest and the highest answer.
    pub declared: bool,
}

impl ScaleEnds {
    /// `None` where there is no answer, or no scale and only one value.
    ///
    /// Without a scale the lowest and highest answers stand for its ends.
    pub fn of(term: &str, values: ArrayView1<f64>, scale: Option<Scale>) -> Option<Self> {
        let answers = || values.iter().copied().filter(|value| !value.is_nan());
        let n_answers = answers().count();
        let (low, high) = (answers().fold(f64::INFINITY, f64::min), answers().fold(f64::NEG_INFINITY, f64::max));
        let declared = scale.is_some();
        let scale = scale.or_else(|| Scale::new(low, high).ok())?;
        let share = |count: usize| count as f64 / n_answers as f64;
        (n_answers > 0).then(|| Self {
            term: term.to_owned(),
            n_answers,
            low: scale.low,
            high: scale.high,
            floor_share: share(answers().filter(|value| *value <= scale.low + scale.room()).count()),
            ceiling_share: share(answers().filter(|value| *value >= scale.high - scale.room()).count()),
            declared,
        })
    }

    /// One row per touchpoint.
    pub(super) fn of_all(touchpoints: &Touchpoints, scale_of: impl Fn(&str) -> Option<Scale>) -> Vec<Self> {
        let values = touchpoints.values();
        let columns = touchpoints.names().iter().zip(values.columns());
        columns.filter_map(|(name, values)| Self::of(name, values, scale_of(name))).collect()
    }

    pub(super) fn finding(&self, share_max: f64) -> Option<Finding> {
        let (share, end, of_scale, of_answers) = if self.ceiling_share >= self.floor_share {
            (self.ceiling_share, self.high, "upper", "largest")
        } else {
            (self.floor_share, self.low, "lower", "smallest")
        };
        (share > share_max).then(|| {
            // Where nobody says what the scale is, its end may lie beyond all answers.
            let what = if self.declared {
                format!("the {of_scale} end of the scale: differences beyond it cannot be seen, and its effect looks smaller than it is")
            } else {
                format!(
                    "the {of_answers} answer: if the scale ends there, differences beyond it cannot be seen, and its effect looks \
                     smaller than it is"
                )
            };
            let sentence = format!("{:.0} % of the answers to `{}` are {end}, {what}.", 100.0 * share, self.term);
            Finding::new(FindingKind::ScaleEnd, Severity::Note, self.term.clone(), sentence)
                .number("floor_share", self.floor_share)
                .number("ceiling_share", self.ceiling_share)
                .number("n_answers", self.n_answers as f64)
        })
    }
}

/// An outcome on a scale, and predictions that leave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeRange {
    /// The outcome's answers at the ends of the scale, of rows that count.
    pub ends: ScaleEnds,
    /// Predictions below the lower or above the upper end.
    pub n_outside: usize,
    /// Their share (0-1) of the rows that count.
    pub share_outside: f64,
    /// The lowest prediction.
    pub fitted_min: f64,
    /// The highest prediction.
    pub fitted_max: f64,
}

impl OutcomeRange {
    pub(super) fn of(augment: &Augment, scale: Scale) -> Option<Self> {
        let counted: Vec<usize> = (0..augment.n_rows()).filter(|&row| augment.cases.counts(row)).collect();
        let outcomes: ndarray::Array1<f64> = counted.iter().map(|&row| augment.cases.outcome(row)).collect();
        let ends = ScaleEnds::of(augment.observations.outcome().name(), outcomes.view(), Some(scale))?;
        let fitted = || counted.iter().map(|&row| augment.links[row]);
        let beyond = |value: &f64| *value < scale.low - scale.room() || *value > scale.high + scale.room();
        let n_outside = fitted().filter(beyond).count();
        Some(Self {
            ends,
            n_outside,
            share_outside: n_outside as f64 / counted.len() as f64,
            fitted_min: fitted().fold(f64::INFINITY, f64::min),
            fitted_max: fitted().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    pub(super) fn findings(&self, share_max: f64) -> Vec<Finding> {
        let outside = (self.share_outside > OUTSIDE_REPORTED).then(|| {
            let sentence = format!(
                "{} predictions of `{}` ({:.1} %) lie outside of {} to {} (from {:.2} to {:.2}): a straight line does not know \
                 where the scale ends.",
                self.n_outside,
                self.ends.term,
                100.0 * self.share_outside,
                self.ends.low,
                self.ends.high,
                self.fitted_min,
                self.fitted_max
            );
            Finding::new(FindingKind::ScaleEnd, Severity::Note, self.ends.term.clone(), sentence)
                .number("n_outside", self.n_outside as f64)
                .number("share_outside", self.share_outside)
        });
        self.ends.finding(share_max).into_iter().chain(outside).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn shares_at_the_ends_by_hand() {
        let values = array![0.0, 10.0, 10.0, f64::NAN, 5.0];
        let ends = ScaleEnds::of("delivery", values.view(), Scale::new(0.0, 10.0).ok()).expect("answers");
        assert_eq!((ends.n_answers, ends.floor_share, ends.ceiling_share), (4, 0.25, 0.5));
        assert_eq!(ends.finding(0.5), None);
        let finding = ends.finding(0.49).expect("above");
        assert!(finding.sentence.starts_with("50 % of the answers to `delivery` are 10, the upper end"), "{finding:?}");
    }

    /// Answers of 0 and 1 on a scale to 9, as in a study with a range for one touchpoint alone.
    #[test]
    fn each_touchpoint_has_its_own_scale() {
        let names = ["detail", "meet"].map(str::to_owned).to_vec();
        let values = array![[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.0, 0.0]];
        let touchpoints = Touchpoints::new(names, values).expect("valid");
        let scale_of = |name: &str| Scale::new(0.0, 9.0).ok().filter(|_| name == "detail");
        let all = ScaleEnds::of_all(&touchpoints, scale_of);
        let ends: Vec<(f64, f64, f64)> = all.iter().map(|own| (own.high, own.floor_share, own.ceiling_share)).collect();
        assert_eq!(ends, [(9.0, 0.25, 0.0), (1.0, 0.25, 0.75)]);
        assert_eq!(all[0].finding(0.5), None);
        let finding = all[1].finding(0.5).expect("above");
        assert!(
            finding
                .sentence
                .starts_with("75 % of the answers to `meet` are 1, the largest answer: if the scale ends there")
        );
    }

    #[test]
    fn without_a_scale_the_answers_set_it_and_one_value_has_none() {
        let ends = ScaleEnds::of("t", array![1.0, 1.0, 5.0].view(), None).expect("two values");
        assert_eq!((ends.low, ends.high, ends.declared), (1.0, 5.0, false));
        // By hand: two of three answers are 1, which is all that is known of the scale.
        let finding = ends.finding(0.5).expect("above");
        assert!(
            finding
                .sentence
                .starts_with("67 % of the answers to `t` are 1, the smallest answer: if the scale ends there")
        );
        assert_eq!(ScaleEnds::of("t", array![4.0, 4.0].view(), None), None);
        assert_eq!(ScaleEnds::of("t", array![f64::NAN].view(), Scale::new(0.0, 1.0).ok()), None);
        assert_eq!(Scale::new(10.0, 0.0), Err(ScaleError { low: 10.0, high: 0.0 }));
    }
}
