//! The score over a window that moves.

use crate::measures::portfolio::{
    AnswerRules, Estimate, EstimateSettings, Measure, Metric, SeveralAnswers, TimeWindow,
};
use crate::measures::{MeasureError, Sampling};
use serde::Serialize;

/// A window and its steps, in the unit of the times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollingWindow {
    /// Length of the window.
    pub length: i64,
    /// From the end of one window to the end of the next.
    pub step: i64,
    /// Which of a person's answers inside a window count.
    pub several: SeveralAnswers,
    /// How scores are reported.
    pub settings: EstimateSettings,
}

/// One window's score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RollingRow {
    /// The times that count.
    pub window: TimeWindow,
    /// The score; `None` where nobody answered.
    pub estimate: Option<Estimate>,
    /// The share of this window's time that the one before it saw too; neighbours are alike by as much.
    pub overlap: f64,
}

impl RollingWindow {
    /// Scores of 0-10 answers (`NaN` is a blank) over every window `[to - length, to)` that ends at `first_end`, then every
    /// step up to `last_end`.
    ///
    /// # Errors
    /// A length or step that is not positive, more than 100,000 windows, and as [`AnswerRules::apply`].
    ///
    /// # Example
    /// ```
    /// use advocate::measures::Sampling;
    /// use advocate::measures::change::{RollingWindow, TimeSpan};
    /// use advocate::measures::portfolio::{EstimateSettings, SeveralAnswers};
    /// let settings = EstimateSettings::default();
    /// let rolling = RollingWindow { length: 2, step: 1, several: SeveralAnswers::All, settings };
    /// let rows = rolling.over(&[9.0, 0.0, 10.0], &[1, 2, 3], Sampling::default(), TimeSpan { first_end: 3, last_end: 4 })?;
    /// assert_eq!((rows.len(), rows[1].overlap), (2, 0.5));
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn over(
        &self,
        answers: &[f64],
        times: &[i64],
        sampling: Sampling,
        span: TimeSpan,
    ) -> Result<Vec<RollingRow>, MeasureError> {
        self.figure(&Measure::nps("nps", answers)?, times, sampling, span)
    }

    /// The same of any figure of one column of answers.
    ///
    /// # Errors
    /// As [`RollingWindow::over`]; a ratio, which has two columns.
    pub fn figure(
        &self,
        measure: &Measure,
        times: &[i64],
        sampling: Sampling,
        span: TimeSpan,
    ) -> Result<Vec<RollingRow>, MeasureError> {
        if measure.metric() == Metric::Ratio {
            let what = "columns of answers of a figure over a window that moves".to_owned();
            return Err(MeasureError::Length { what, n_found: 2, n_expected: 1 });
        }
        let answers = measure.values();
        for (what, value) in [("the length of the window", self.length), ("the step of the window", self.step)] {
            if value <= 0 {
                return Err(MeasureError::Setting { what, value: value as f64, must: "positive" });
            }
        }
        let n_windows = (span.last_end.saturating_sub(span.first_end) / self.step).saturating_add(1);
        if n_windows > N_WINDOWS_MAX {
            let must = "at most 100,000; take a longer step";
            return Err(MeasureError::Setting { what: "the number of windows", value: n_windows as f64, must });
        }
        let overlap = ((self.length - self.step).max(0)) as f64 / self.length as f64;
        let mut rows = Vec::new();
        let mut to = span.first_end;
        while to <= span.last_end {
            let window = TimeWindow { from: to.saturating_sub(self.length), to };
            let ruled = AnswerRules { several: self.several, window: Some(window) }.apply(answers, times, sampling)?;
            let kept = ruled.select(answers);
            let estimate = match measure.picked(&kept).estimate(ruled.sampling(), self.settings) {
                Ok(estimate) => Some(estimate),
                Err(MeasureError::NoAnswers) => None,
                Err(problem) => return Err(problem),
            };
            rows.push(RollingRow { window, estimate, overlap: if rows.is_empty() { 0.0 } else { overlap } });
            to = to.saturating_add(self.step);
        }
        Ok(rows)
    }
}

/// A request for more is a slip in the unit.
const N_WINDOWS_MAX: i64 = 100_000;

/// The ends of the first and of the last window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    /// Where the first window ends.
    pub first_end: i64,
    /// No window ends after this.
    pub last_end: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rolling(length: i64, step: i64) -> RollingWindow {
        RollingWindow { length, step, several: SeveralAnswers::All, settings: EstimateSettings::default() }
    }

    #[test]
    fn windows_are_half_open_by_hand() {
        let (answers, times) = ([9.0, 0.0, 10.0, 8.0], [0, 5, 9, 10]);
        let span = TimeSpan { first_end: 5, last_end: 20 };
        let rows = rolling(5, 5).over(&answers, &times, Sampling::default(), span).expect("windows");
        let scores: Vec<Option<f64>> =
            rows.iter().map(|row| row.estimate.as_ref().map(|estimate| estimate.estimate)).collect();
        // [0, 5): +. [5, 10): -, +. [10, 15): 0. [15, 20): nobody.
        assert_eq!(scores, [Some(100.0), Some(0.0), Some(0.0), None]);
    }

    #[test]
    fn slips_in_the_unit_are_refused() {
        let span = TimeSpan { first_end: 0, last_end: i64::MAX };
        assert!(rolling(5, 1).over(&[9.0], &[0], Sampling::default(), span).is_err());
        assert!(rolling(0, 1).over(&[9.0], &[0], Sampling::default(), TimeSpan { first_end: 0, last_end: 1 }).is_err());
    }
}
