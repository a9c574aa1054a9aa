//! `advocate check --leaks`: whether anything of a study knows what it could not have known.

use super::run::{self, Folder, ReadSoFar};
use super::selection::Selection;
use super::{PipelineError, RunSettings};
use crate::estimators::Family;
use crate::estimators::evaluation::roc_auc;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Column, LeakCheck, LeakReport, Side};
use crate::report::words;
use crate::study::{Outcome, Study};
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
    timing(&mut text, study, &report);
    too_good_in_words(&mut text, study, &joined.base);
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

fn timing(text: &mut String, study: &Study, report: &LeakReport) {
    let constant = study.sources.customers.as_ref().map_or(&[][..], |customers| &customers.constant);
    for early in &report.early {
        let _ = writeln!(
            text,
            "{}: {} of {} between the survey and the answer ({} a known survey); {} at the very instant of the answer",
            early.source,
            words::counted(early.n_events as usize, "event", "events"),
            format_args!(
                "{} {}",
                words::counted(early.n_answers_with as usize, "answer", "answers"),
                words::either(early.n_events as usize, "lies", "lie")
            ),
            words::counted(early.n_asked as usize, "answer has", "answers have"),
            words::count(early.n_events_at_answer)
        );
    }
    if let Some(buyers) = report.repeat_buyers {
        let _ = writeln!(
            text,
            "repeat buyers: of {} {} bought at least twice; the second purchase of {} came before the survey reached them, of {} \
             before their first answer",
            words::counted(buyers.n_customers as usize, "customer who answered", "customers who answered"),
            words::count(buyers.n_repeat),
            words::count(buyers.n_before_survey),
            words::count(buyers.n_before_answer)
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
        if own.n_later.is_none() && constant.contains(&own.column) {
            let _ = writeln!(text, "profile {}: the study says that it never changes", own.column);
        } else if own.n_later.is_none() {
            let _ = writeln!(
                text,
                "profile {}: nobody knows since when its values hold; give `valid_from`, or be sure that it never changes \
                 (`constant`)",
                own.column
            );
        }
    }
}

/// A column that tells an outcome's classes apart all alone.
struct TooGood {
    column: String,
    outcome: String,
    roc_auc: f64,
    n_answers: usize,
}

impl TooGood {
    fn sentence(&self) -> String {
        format!(
            "alone it tells `{}` apart with an area under the curve of {:.3} over {}; find out when it is written",
            self.outcome,
            self.roc_auc,
            words::counted(self.n_answers, "answer", "answers")
        )
    }
}

/// The columns asked for that tell an outcome's classes apart too well to be true, by every so manieth answer.
fn too_good<'o>(
    study: &Study,
    base: &BaseTable,
    outcomes: impl Iterator<Item = &'o Outcome>,
    is_asked: impl Fn(&str) -> bool,
    every: usize,
) -> Vec<TooGood> {
    let mut found = Vec::new();
    for outcome in outcomes.filter(|outcome| outcome.family() == Family::Logistic) {
        let selection = Selection::with_gaps(study, base, outcome);
        let looked_at: Vec<usize> = (0..selection.rows.len()).step_by(every).collect();
        let happened: Vec<bool> = looked_at.iter().map(|&at| selection.values[at] > 0.5).collect();
        let n_events = happened.iter().filter(|&&own| own).count();
        if n_events.min(happened.len() - n_events) < EVENTS_MIN {
            continue;
        }
        for (name, column) in base.columns().iter().filter(|(name, _)| is_asked(name)) {
            let Column::Numbers(values) = column else { continue };
            let values: Vec<f64> = looked_at.iter().map(|&at| values[selection.rows[at]]).collect();
            let known: Vec<usize> = (0..values.len()).filter(|&at| !values[at].is_nan()).collect();
            let classes: Vec<bool> = known.iter().map(|&at| happened[at]).collect();
            let scores: Vec<f64> = known.iter().map(|&at| values[at]).collect();
            let Ok(roc_auc) = roc_auc(&classes, &scores) else { continue };
            let roc_auc = roc_auc.max(1.0 - roc_auc);
            if roc_auc > AUC_MAX {
                let outcome = outcome.name().to_owned();
                found.push(TooGood { column: name.clone(), outcome, roc_auc, n_answers: known.len() });
            }
        }
    }
    found
}

/// All columns, said in words.
fn too_good_in_words(text: &mut String, study: &Study, base: &BaseTable) {
    // The answer itself, its time and what it is an outcome of are no predictors of it.
    let is_asked = |name: &str| {
        !matches!(name, "row" | "t" | "recommend" | "weight" | "known")
            && !name.starts_with("next_")
            && !name.starts_with("repurchase_")
    };
    let found = too_good(study, base, study.outcomes.iter(), is_asked, 1);
    for own in &found {
        let _ = writeln!(text, "TOO GOOD {}: {}", own.column, own.sentence());
    }
    if found.is_empty() {
        text.push_str("no column predicts an outcome too well to be true\n");
    }
}

/// Touchpoints and controls that foretell too well what customers did later: they may have been written afterwards.
pub(super) fn findings(study: &Study, base: &BaseTable) -> Vec<Finding> {
    let done = study.outcomes.iter().filter(|outcome| outcome.window_days().is_some());
    let drivers = &study.drivers;
    let is_asked = |name: &str| drivers.touchpoints.iter().chain(&drivers.controls).any(|own| own == name);
    let every = base.n_rows().div_ceil(ANSWERS_MAX).max(1);
    let found = too_good(study, base, done, is_asked, every);
    let finding = |own: &TooGood| {
        let sentence = format!(
            "`{}` may know what came after the answer: {}; `advocate check --leaks` looks further",
            own.column,
            own.sentence()
        );
        Finding::new(FindingKind::Unreliable, Severity::Serious, own.outcome.clone(), sentence)
            .number("roc_auc", own.roc_auc)
            .number("n", own.n_answers as f64)
    };
    found.iter().map(finding).collect()
}
