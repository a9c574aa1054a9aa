//! Beside the figure of a flat table: how it goes with other items, and the figure over a window that moves.

use super::answers::{Answers, Group, OfGroup, name};
use super::days::{day_of, written};
use crate::findings::{Finding, FindingKind, Severity};
use crate::intake::FlatTable;
use crate::measures::change::{RollingRow, RollingWindow, TimeSpan};
use crate::measures::portfolio::{CorrelationRow, Correlations, EstimateSettings, Measure, SeveralAnswers};
use crate::measures::{IntervalKind, MeasureError, Sampling};
use crate::pipeline::PipelineError;
use crate::pipeline::portfolio::measure_of;
use crate::report::words;
use crate::study::ItemFigure;
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

/// What stands beside the figures of the groups.
#[derive(Default)]
pub(super) struct Beside {
    pub correlations: Vec<OfGroup<CorrelationRow>>,
    pub windows: Vec<OfGroup<WindowRow>>,
    pub findings: Vec<Finding>,
}

/// How the answers of every group go with other columns, and the figure of every group over the same windows.
///
/// # Errors
/// A cell that is no date; settings that do not go with the figure.
pub(super) fn of_groups(
    answers: &Answers<'_>,
    groups: &[Group],
    figure: &ItemFigure,
    settings: EstimateSettings,
) -> Result<Beside, PipelineError> {
    let question = answers.question;
    let mut beside = Beside::default();
    let windows = match (&question.window, &answers.times) {
        (Some(window), Some(times)) => Some(Windows::over(answers, times, window, settings, &mut beside.findings)?),
        _ => None,
    };
    if windows.is_none() && question.correlate.is_empty() {
        return Ok(beside);
    }
    for group in groups {
        let refused = |problem: MeasureError| in_words(&answers.table, &question.column, problem);
        let of = |column: &[f64]| -> Vec<f64> { group.rows.iter().map(|&row| column[row]).collect() };
        let (values, drawn) = (of(&answers.values), answers.drawn(&group.rows));
        if !question.correlate.is_empty() {
            let others: Vec<Vec<f64>> = answers.others.iter().map(|column| of(column)).collect();
            let columns =
                question.correlate.iter().zip(&others).map(|(name, values)| (name.as_str(), values.as_slice()));
            let columns: Vec<(&str, &[f64])> =
                std::iter::once((question.column.as_str(), values.as_slice())).chain(columns).collect();
            match correlations(&columns, drawn.sampling(), settings) {
                Ok(rows) => {
                    let of_group = rows.into_iter().map(|row| OfGroup { by: group.by.clone(), row });
                    beside.correlations.extend(of_group);
                }
                Err(problem) => beside.findings.push(of_one_group(answers, group, "the correlations", problem)?),
            }
        }
        if let Some(windows) = &windows {
            let measure = measure_of(&question.column, figure, &values).map_err(refused)?;
            match windows.of_rows(&group.rows, &measure, drawn.sampling()) {
                Ok(rows) => {
                    for row in &rows {
                        beside.windows.push(OfGroup { by: group.by.clone(), row: WindowRow::of(row)? });
                    }
                }
                Err(problem) => beside.findings.push(of_one_group(answers, group, "the windows", problem)?),
            }
        }
    }
    Ok(beside)
}

/// What cannot be resampled in one group is no reason to refuse the others.
fn of_one_group(
    answers: &Answers<'_>,
    group: &Group,
    what: &str,
    problem: MeasureError,
) -> Result<Finding, PipelineError> {
    match problem {
        MeasureError::OneCustomer | MeasureError::TooFew { .. } if !group.by.is_empty() => {
            Ok(answers.not_estimated(format!("{what} of {} could not be made: {problem}", name(&group.by))))
        }
        problem => Err(in_words(&answers.table, &answers.question.column, problem)),
    }
}

impl WindowRow {
    fn of(own: &RollingRow) -> Result<Self, PipelineError> {
        let estimate = own.estimate.as_ref();
        Ok(Self {
            from: written(own.window.from)?,
            to: written(own.window.to - 1)?,
            n: estimate.map_or(0, |own| own.n),
            estimate: estimate.map(|own| own.estimate),
            std_error: estimate.and_then(|own| own.std_error),
            conf_low: estimate.and_then(|own| own.conf_low),
            conf_high: estimate.and_then(|own| own.conf_high),
            overlap: own.overlap,
        })
    }
}

/// Every pair of these columns; by Fisher's interval, or by resampling where every interval is.
fn correlations(
    columns: &[(&str, &[f64])],
    sampling: Sampling,
    settings: EstimateSettings,
) -> Result<Vec<CorrelationRow>, MeasureError> {
    let measures = columns.iter().map(|(name, values)| Measure::mean(*name, values)).collect::<Result<Vec<_>, _>>()?;
    let is_bootstrap = [settings.net, settings.share, settings.mean].contains(&IntervalKind::Bootstrap);
    let resampling = settings.resampling.filter(|_| is_bootstrap);
    Correlations { confidence: settings.confidence, resampling }.between(&measures, sampling)
}

/// The windows, the last of which ends with the last day of an answer, and the day of every row.
struct Windows {
    days: Vec<i64>,
    rolling: RollingWindow,
    span: TimeSpan,
}

impl Windows {
    fn over(
        answers: &Answers<'_>,
        times: &[Option<String>],
        window: &FlatWindow,
        settings: EstimateSettings,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, PipelineError> {
        let table = &answers.table;
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
        let answered = || (0..days.len()).filter(|&row| !answers.values[row].is_nan()).map(|row| days[row]);
        let dated = answered().filter(|&day| day > i64::MIN);
        let Some((first, last)) = dated.fold(None, |ends: Option<(i64, i64)>, day| {
            Some(ends.map_or((day, day), |(first, last)| (first.min(day), last.max(day))))
        }) else {
            return Err(PipelineError::Input(format!("`{}`: no answer has a date in `{}`", table.file, window.time)));
        };
        let n_undated = answered().filter(|&day| day == i64::MIN).count();
        if n_undated > 0 {
            let have = words::part(n_undated, answers.n_answered(), words::ANSWERS, words::HAVE);
            let are = words::either(n_undated, "is", "are");
            let sentence = format!("{have} no date and {are} in no window");
            let finding = Finding::new(FindingKind::RowsDropped, Severity::Note, &window.time, sentence);
            findings.push(finding.number("n", n_undated as f64));
        }
        let (length, step) = (i64::from(window.days), i64::from(window.step_days));
        let last_end = last + 1;
        let n_earlier = ((last_end - first - length) / step).max(0);
        Ok(Self {
            days,
            rolling: RollingWindow { length, step, several: window.several, settings },
            span: TimeSpan { first_end: last_end - n_earlier * step, last_end },
        })
    }

    /// The figure of some rows over every window.
    fn of_rows(
        &self,
        rows: &[usize],
        measure: &Measure<'_>,
        sampling: Sampling,
    ) -> Result<Vec<RollingRow>, MeasureError> {
        let days: Vec<i64> = rows.iter().map(|&row| self.days[row]).collect();
        self.rolling.figure(measure, &days, sampling, self.span)
    }
}

/// What does not go together is wrong usage; everything else is about the column.
pub(super) fn in_words(table: &FlatTable, column: &str, problem: MeasureError) -> PipelineError {
    match problem {
        MeasureError::NoSuchInterval { .. } | MeasureError::Setting { .. } => PipelineError::Usage(problem.to_string()),
        problem => PipelineError::Measure { file: table.file.clone(), column: column.to_owned(), problem },
    }
}
