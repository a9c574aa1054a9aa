//! `advocate check --leaks`: whether anything of a study knows what it could not have known.

use super::run::{self, Folder, ReadSoFar};
use super::selection::Selection;
use super::{PipelineError, RunSettings};
use crate::estimators::Family;
use crate::estimators::evaluation::roc_auc;
use crate::link::{BaseTable, Column, LeakCheck, LeakReport, Side};
use crate::study::Study;
use std::fmt::Write as _;
use std::num::NonZeroU32;

/// Answers that are joined a second time at most; of more, every so manieth.
const ANSWERS_MAX: usize = 50_000;
/// A column that alone tells the classes of an outcome apart better than this is too good to be true.
const AUC_MAX: f64 = 0.95;
/// Events of the smaller class below which nothing is said of a column.
const EVENTS_MIN: usize = 10;

/// Joins a study in a temporary folder and says in words what leaks, or could.
///
/// # Errors
/// What intake refuses, and a survey without customers and times.
pub fn leaks(study: &Study, settings: &RunSettings) -> Result<String, PipelineError> {
    let folder = Folder::temporary()?;
    let joined = run::join(study, settings, &|_| {}, &folder.folders(), &folder.spill(), &mut ReadSoFar::default())?;
    let every = u32::try_from(joined.base.n_rows().div_ceil(ANSWERS_MAX)).ok().and_then(NonZeroU32::new);
    let check = LeakCheck { every: every.unwrap_or(NonZeroU32::MIN), ..LeakCheck::default() };
    let report = joined.engine.leaks(&check)?;
    let mut text = String::new();
    columns(&mut text, &report);
    timing(&mut text, &report);
    too_good(&mut text, study, &joined.base);
    Ok(text)
}

fn columns(text: &mut String, report: &LeakReport) {
    let _ = writeln!(
        text,
        "{} columns made again for {} answers, from what lies before each answer and from what lies after it",
        report.columns.len(),
        report.n_answers
    );
    for check in report.leaking() {
        let side = match check.side {
            Side::Before => "before",
            Side::After => "after",
        };
        let _ = writeln!(
            text,
            "LEAK {}: comes out differently in {} answers where only what lies {side} the answer is there",
            check.column, check.n_differ
        );
    }
    if report.leaking().next().is_none() {
        text.push_str("no column changes when only the other side of the answer changes\n");
    }
    for column in &report.in_advance {
        let _ = writeln!(text, "{column} looks ahead: the study says that its date is known in advance");
    }
}

fn timing(text: &mut String, report: &LeakReport) {
    for early in &report.early {
        let _ = writeln!(
            text,
            "{}: {} events of {} answers lie between the survey and the answer ({} answers have a known survey); {} at the \
             very instant of the answer",
            early.source, early.n_events, early.n_answers_with, early.n_asked, early.n_events_at_answer
        );
    }
    if let Some(buyers) = report.repeat_buyers {
        let _ = writeln!(
            text,
            "repeat buyers: of {} customers who answered {} bought at least twice; the second purchase of {} came before the \
             survey reached them, of {} before their first answer",
            buyers.n_customers, buyers.n_repeat, buyers.n_before_survey, buyers.n_before_answer
        );
    }
    for own in &report.profile {
        let later = own.n_later.filter(|&n| n > 0);
        let changed = own.n_changed.filter(|&n| n > 0);
        if let Some(n) = later {
            let _ = writeln!(text, "profile {}: known only after the answer for {n} of {}", own.column, own.n_answers);
        }
        if let Some(n) = changed {
            let _ = writeln!(
                text,
                "profile {}: another value today than at the answer for {n} of {}; the one of the time is used",
                own.column, own.n_answers
            );
        }
        if own.n_later.is_none() {
            let _ = writeln!(
                text,
                "profile {}: nobody knows since when its values hold; give `valid_from`, or be sure that it never changes",
                own.column
            );
        }
    }
}

/// Columns that tell an outcome's classes apart all alone.
fn too_good(text: &mut String, study: &Study, base: &BaseTable) {
    let mut n_found = 0;
    for &outcome in &study.outcomes {
        if outcome.family() != Family::Logistic {
            continue;
        }
        let selection = Selection::with_gaps(study, base, outcome);
        let happened: Vec<bool> = selection.values.iter().map(|&value| value > 0.5).collect();
        let n_events = happened.iter().filter(|&&own| own).count();
        if n_events.min(happened.len() - n_events) < EVENTS_MIN {
            continue;
        }
        for (name, column) in base.columns() {
            let Column::Numbers(values) = column else { continue };
            // The answer itself, its time and what it is an outcome of are no predictors of it.
            let is_no_predictor = matches!(name.as_str(), "row" | "t" | "recommend" | "weight" | "known");
            if is_no_predictor || name.starts_with("next_") || name.starts_with("repurchase_") {
                continue;
            }
            let known: Vec<usize> = (0..happened.len()).filter(|&at| !values[selection.rows[at]].is_nan()).collect();
            let classes: Vec<bool> = known.iter().map(|&at| happened[at]).collect();
            let scores: Vec<f64> = known.iter().map(|&at| values[selection.rows[at]]).collect();
            let Ok(auc) = roc_auc(&classes, &scores) else { continue };
            let auc = auc.max(1.0 - auc);
            if auc > AUC_MAX {
                n_found += 1;
                let _ = writeln!(
                    text,
                    "TOO GOOD {name}: alone it tells `{}` apart with an area under the curve of {auc:.3} over {} answers; find \
                     out when it is written",
                    outcome.word(),
                    known.len()
                );
            }
        }
    }
    if n_found == 0 {
        text.push_str("no column predicts an outcome too well to be true\n");
    }
}
