//! Beside the figure of a flat table: how it goes with other items, and the figure over a window that moves.

use super::days::{day_of, written};
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::FlatTable;
use crate::measures::change::{RollingWindow, TimeSpan};
use crate::measures::portfolio::{CorrelationRow, Correlations, EstimateSettings, Measure, SeveralAnswers};
use crate::measures::{IntervalKind, MeasureError, Sampling};
use crate::pipeline::PipelineError;
use serde::Serialize;

/// A window that moves over the days of the answers and ends with the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatWindow {
    /// The column of the date, or of the instant, whose day (as written; of UTC where an offset is written) counts.
    pub time: String,
    /// Days of the window.
    pub days: u32,
    /// Days from one window to the next.
    pub step_days: u32,
    /// Which of a customer's answers in a window count.
    pub several: SeveralAnswers,
}

/// The figure in one window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowRow {
    /// Its first day.
    pub from: String,
    /// Its last day.
    pub to: String,
    /// Answers that count.
    pub n: usize,
    /// The figure; `None` where nobody answered.
    pub estimate: Option<f64>,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Lower end of its interval.
    pub conf_low: Option<f64>,
    /// Upper end.
    pub conf_high: Option<f64>,
    /// The share of the window that the one before it saw too.
    pub overlap: f64,
}

/// The windows, and what is not in them.
#[derive(Default)]
pub(super) struct Windows {
    pub rows: Vec<WindowRow>,
    pub findings: Vec<Finding>,
}

/// Rows that are in no base.
pub(super) fn left_out(column: &str, n_known: usize, n_rows: usize) -> Option<Finding> {
    let n_missing = n_rows - n_known;
    (n_missing > 0).then(|| {
        let sentence = format!("{n_missing} of {n_rows} rows have no answer or no weight and are not in the base");
        Finding::new(FindingKind::RowsDropped, Severity::Note, column, sentence)
            .number("n", n_missing as f64)
            .number("share", n_missing as f64 / n_rows as f64)
    })
}

/// Every pair of these columns; by Fisher's interval, or by resampling where every interval is.
pub(super) fn correlations(
    columns: &[(&str, &[f64])],
    sampling: Sampling,
    settings: EstimateSettings,
) -> Result<Vec<CorrelationRow>, MeasureError> {
    let measures = columns.iter().map(|(name, values)| Measure::mean(*name, values)).collect::<Result<Vec<_>, _>>()?;
    let is_bootstrap = [settings.net, settings.share, settings.mean].contains(&IntervalKind::Bootstrap);
    let resampling = settings.resampling.filter(|_| is_bootstrap);
    Correlations { confidence: settings.confidence, resampling }.between(&measures, sampling)
}

/// The figure over the windows, the last of which ends with the last day of an answer.
///
/// # Errors
/// A cell that is no date; settings that do not go with the figure.
pub(super) fn windows(
    table: &FlatTable,
    times: &[Option<String>],
    measure: &Measure<'_>,
    sampling: Sampling,
    (window, settings): (&FlatWindow, EstimateSettings),
) -> Result<Windows, PipelineError> {
    let mut days = vec![i64::MIN; times.len()];
    for (row, time) in times.iter().enumerate() {
        let Some(time) = time else { continue };
        days[row] = day_of(time).ok_or_else(|| {
            let shown: String = time.chars().take(60).collect();
            PipelineError::Input(format!(
                "`{}`, line {}, column `{}`: `{shown}` is no date; write dates as 2026-09-30 or 20260930, with or without a \
                 time behind",
                table.file, table.lines[row], window.time
            ))
        })?;
    }
    let answered = measure.known_rows();
    let dated = answered.iter().map(|&row| days[row]).filter(|&day| day > i64::MIN);
    let Some((first, last)) = dated.fold(None, |ends: Option<(i64, i64)>, day| {
        Some(ends.map_or((day, day), |(first, last)| (first.min(day), last.max(day))))
    }) else {
        return Err(PipelineError::Input(format!("`{}`: no answer has a date in `{}`", table.file, window.time)));
    };
    let (length, step) = (i64::from(window.days), i64::from(window.step_days));
    let last_end = last + 1;
    let n_earlier = ((last_end - first - length) / step).max(0);
    let rolling = RollingWindow { length, step, several: window.several, settings };
    let span = TimeSpan { first_end: last_end - n_earlier * step, last_end };
    let rows =
        rolling.figure(measure, &days, sampling, span).map_err(|problem| in_words(table, measure.name(), problem))?;
    let row = |own: crate::measures::change::RollingRow| -> Result<WindowRow, PipelineError> {
        let estimate = own.estimate.as_ref();
        Ok(WindowRow {
            from: written(own.window.from)?,
            to: written(own.window.to - 1)?,
            n: estimate.map_or(0, |own| own.n),
            estimate: estimate.map(|own| own.estimate),
            std_error: estimate.and_then(|own| own.std_error),
            conf_low: estimate.and_then(|own| own.conf_low),
            conf_high: estimate.and_then(|own| own.conf_high),
            overlap: own.overlap,
        })
    };
    let n_undated = answered.iter().filter(|&&row| days[row] == i64::MIN).count();
    let finding = (n_undated > 0).then(|| {
        let sentence = format!("{n_undated} of {} answers have no date and are in no window", answered.len());
        Finding::new(FindingKind::RowsDropped, Severity::Note, &window.time, sentence).number("n", n_undated as f64)
    });
    Ok(Windows { rows: rows.into_iter().map(row).collect::<Result<_, _>>()?, findings: finding.into_iter().collect() })
}

/// What does not go together is wrong usage; everything else is about the column.
pub(super) fn in_words(table: &FlatTable, column: &str, problem: MeasureError) -> PipelineError {
    match problem {
        MeasureError::NoSuchInterval { .. } | MeasureError::Setting { .. } => PipelineError::Usage(problem.to_string()),
        problem => PipelineError::Measure { file: table.file.clone(), column: column.to_owned(), problem },
    }
}
