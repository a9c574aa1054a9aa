//! Respondents who give every touchpoint the same score.

use super::touchpoints::Touchpoints;
use crate::findings::{Finding, FindingKind, Severity};
use serde::{Deserialize, Serialize};

/// Fewer answers than this say nothing: two equal scores are common.
const ANSWERS_MIN: usize = 3;

/// How many respondents answered every touchpoint alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StraightLining {
    /// Respondents with three answers or more.
    pub n_judged: usize,
    /// Those whose answers are all one score.
    pub n_straight: usize,
    /// `n_straight / n_judged`, 0-1; zero where nobody is judged.
    pub share: f64,
    /// The most frequent of these scores.
    pub score: Option<f64>,
    /// Their rows, from 0: for an analysis without them.
    #[serde(skip)]
    pub rows: Vec<usize>,
}

impl StraightLining {
    /// Looks at every respondent with at least three answers; gaps are passed over.
    ///
    /// # Example
    /// ```
    /// use advocate::estimators::diagnostics::{StraightLining, Touchpoints};
    /// use ndarray::array;
    /// let names = ["delivery", "support", "checkout"].map(str::to_owned).to_vec();
    /// let scores = array![[7.0, 7.0, 7.0], [7.0, 8.0, 7.0], [7.0, 7.0, f64::NAN]];
    /// let straight = StraightLining::of(&Touchpoints::new(names, scores)?);
    /// // The third has given two answers only.
    /// assert_eq!((straight.n_judged, straight.n_straight, straight.rows), (2, 1, vec![0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(touchpoints: &Touchpoints) -> Self {
        let (mut n_judged, mut straight) = (0, Vec::new());
        for (row, values) in touchpoints.values().outer_iter().enumerate() {
            let mut answers = values.iter().copied().filter(|value| !value.is_nan());
            let Some(first) = answers.next() else { continue };
            let (n_answers, same) = answers.fold((1, true), |(n_answers, same), value| {
                // Scores are compared as they were given; a zero of either sign is one score.
                (n_answers + 1, same && (value - first).abs() <= 0.0)
            });
            if n_answers >= ANSWERS_MIN {
                n_judged += 1;
                if same {
                    straight.push((row, first));
                }
            }
        }
        let share = if n_judged > 0 { straight.len() as f64 / n_judged as f64 } else { 0.0 };
        Self {
            n_judged,
            n_straight: straight.len(),
            share,
            score: most_frequent(straight.iter().map(|&(_, score)| score).collect()),
            rows: straight.into_iter().map(|(row, _)| row).collect(),
        }
    }

    /// Where more than a share of the respondents did.
    pub(super) fn finding(&self, share_max: f64) -> Option<Finding> {
        (self.share > share_max).then(|| {
            let mostly = self.score.map_or_else(String::new, |score| format!(", mostly {score}"));
            let sentence = format!(
                "{} of {} respondents with three answers or more ({:.1} %) give every touchpoint the same score{mostly}: they \
                 raise all correlations and tell no touchpoint from another; see what the ranking is without them.",
                self.n_straight,
                self.n_judged,
                100.0 * self.share,
            );
            Finding::new(FindingKind::StraightLining, Severity::Warning, "touchpoints", sentence)
                .number("n_straight", self.n_straight as f64)
                .number("n_judged", self.n_judged as f64)
                .number("share", self.share)
        })
    }
}

/// The lower of equally frequent values.
fn most_frequent(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let runs = values.chunk_by(|one, other| one.total_cmp(other).is_eq());
    runs.fold(None, |best: Option<&[f64]>, run| match best {
        Some(best) if best.len() >= run.len() => Some(best),
        _ => Some(run),
    })
    .map(|run| run[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn touchpoints(values: Array2<f64>) -> Touchpoints {
        Touchpoints::new((0..values.ncols()).map(|column| format!("t{column}")).collect(), values).expect("valid")
    }

    #[test]
    fn gaps_are_passed_over_and_too_few_answers_say_nothing() {
        const GAP: f64 = f64::NAN;
        let answers = array![
            [5.0, GAP, 5.0, 5.0],
            [5.0, 5.0, GAP, GAP],
            [GAP, GAP, GAP, GAP],
            [0.0, -0.0, 0.0, 0.0],
            [5.0, 5.0, 5.0, 5.1],
            [0.0, 0.0, 0.0, 0.0]
        ];
        let straight = StraightLining::of(&touchpoints(answers));
        assert_eq!((straight.n_judged, straight.rows.as_slice()), (4, &[0, 3, 5][..]));
        assert!(straight.score.is_some_and(|score| score.abs() <= 0.0));
        let finding = straight.finding(0.1).expect("three of four");
        assert_eq!((finding.kind, finding.numbers["share"]), (FindingKind::StraightLining, 0.75));
        assert_eq!(straight.finding(0.75), None);
    }

    #[test]
    fn no_touchpoints_and_no_rows_are_no_straight_lines() {
        for values in [Array2::zeros((5, 0)), Array2::zeros((0, 4)), Array2::zeros((5, 2))] {
            let straight = StraightLining::of(&touchpoints(values));
            assert_eq!((straight.n_judged, straight.share, straight.score), (0, 0.0, None));
        }
    }
}
