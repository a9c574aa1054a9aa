//! `advocate check --leaks`: whether anything of a study knows what it could not have known.

use super::day_dates::day_dates;
use super::run::{self, Folder, ReadSoFar};
use super::selection::Selection;
use super::{PipelineError, RunSettings};
use crate::estimators::Family;
use crate::estimators::evaluation::{rank_correlation, roc_auc};
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Column, LeakCheck, LeakReport, Side};
use crate::report::words;
use crate::study::{Outcome, Study};
use std::fmt::Write as _;
use std::num::NonZeroU32;

/// Answers that are joined a second time at most; of more, every so manieth.
const ANSWERS_MAX: usize = 50_000;
/// A column that alone tells an outcome better than this is too good to be true: an area under the curve of 0.95, or a rank
/// correlation of 0.9 with a number.
const SHARE_MAX: f64 = 0.9;
/// The same where no other column comes near: an area of 0.85, or a correlation of 0.7 ...
const SHARE_ALONE: f64 = 0.7;
/// ... and all others at most an area of 0.7, or a correlation of 0.4.
const SHARE_OF_OTHERS: f64 = 0.4;
/// Events of the smaller class, and answers with and without a gap, below which nothing is said of a column.
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
    for dated in day_dates(study, &joined.engine)? {
        let _ = writeln!(text, "UNDECIDED {}", dated.sentence());
    }
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
        let before_survey = match buyers.n_asked {
            0 => "when the survey reached them is known of none".to_owned(),
            n => format!(
                "of {} it is known when the survey reached them, and the second purchase of {} came before",
                words::count(n),
                words::count(buyers.n_before_survey)
            ),
        };
        let _ = writeln!(
            text,
            "repeat buyers: of {} {} bought at least twice; the second purchase of {} came before their first answer; {before_survey}",
            words::counted(buyers.n_customers as usize, "customer who answered", "customers who answered"),
            words::count(buyers.n_repeat),
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

/// How well a column alone tells an outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Strength {
    /// Of two classes: the area under the ROC curve, from 0.5 on.
    RocAuc(f64),
    /// Of numbers: Spearman's correlation, without its sign.
    Correlation(f64),
}

impl Strength {
    /// On one scale from 0 to 1: twice the area beyond a half is the rank-biserial correlation.
    fn share(self) -> f64 {
        match self {
            Self::RocAuc(roc_auc) => 2.0 * roc_auc - 1.0,
            Self::Correlation(correlation) => correlation,
        }
    }

    fn of_classes(happened: &[bool], values: &[f64]) -> Option<Self> {
        let n_events = happened.iter().filter(|&&own| own).count();
        if n_events.min(happened.len() - n_events) < EVENTS_MIN {
            return None;
        }
        let roc_auc = roc_auc(happened, values).ok()?;
        Some(Self::RocAuc(roc_auc.max(1.0 - roc_auc)))
    }

    fn of_numbers(outcome: &[f64], values: &[f64]) -> Option<Self> {
        // Of an outcome that is mostly zero the others count.
        if outcome.iter().filter(|&&own| own != 0.0).count() < EVENTS_MIN {
            return None;
        }
        rank_correlation(outcome, values).ok().filter(|own| own.is_finite()).map(|own| Self::Correlation(own.abs()))
    }
}

/// A column, or where it has gaps, that tells an outcome all alone.
struct TooGood {
    column: String,
    /// The gaps tell, not the values.
    is_gaps: bool,
    outcome: String,
    strength: Strength,
    n_answers: usize,
}

impl TooGood {
    fn sentence(&self) -> String {
        let own = if self.is_gaps { "where it has gaps" } else { "alone it" };
        let over = words::counted(self.n_answers, "answer", "answers");
        let beside = if self.strength.share() > SHARE_MAX { "" } else { ", where no other column comes near" };
        let how = match self.strength {
            Strength::RocAuc(roc_auc) => {
                format!("{own} tells `{}` apart with an area under the curve of {roc_auc:.3}", self.outcome)
            }
            Strength::Correlation(correlation) => {
                format!("{own} tells the order of `{}` with a rank correlation of {correlation:.3}", self.outcome)
            }
        };
        format!("{how} over {over}{beside}; find out when it is written")
    }
}

/// The columns asked for that tell an outcome too well to be true, by every so manieth answer.
fn too_good<'o>(
    study: &Study,
    base: &BaseTable,
    outcomes: impl Iterator<Item = &'o Outcome>,
    is_asked: impl Fn(&str) -> bool,
    every: usize,
) -> Vec<TooGood> {
    let mut found = Vec::new();
    for outcome in outcomes {
        let selection = Selection::with_gaps(study, base, outcome);
        let looked_at: Vec<usize> = (0..selection.rows.len()).step_by(every).collect();
        let outcomes: Vec<f64> = looked_at.iter().map(|&at| selection.values[at]).collect();
        let strength = |rows: &[usize], values: &[f64]| {
            let of_rows = rows.iter().map(|&at| outcomes[at]);
            match outcome.family() {
                Family::Logistic => Strength::of_classes(&of_rows.map(|own| own > 0.5).collect::<Vec<_>>(), values),
                _ => Strength::of_numbers(&of_rows.collect::<Vec<_>>(), values),
            }
        };
        let mut told = Vec::new();
        for (name, column) in base.columns().iter().filter(|(name, _)| is_asked(name)) {
            let Column::Numbers(values) = column else { continue };
            let values: Vec<f64> = looked_at.iter().map(|&at| values[selection.rows[at]]).collect();
            let known: Vec<usize> = (0..values.len()).filter(|&at| !values[at].is_nan()).collect();
            let scores: Vec<f64> = known.iter().map(|&at| values[at]).collect();
            told.extend(strength(&known, &scores).map(|own| (name, false, own, known.len())));
            if known.len().min(values.len() - known.len()) >= EVENTS_MIN {
                let all: Vec<usize> = (0..values.len()).collect();
                let is_gap: Vec<f64> = values.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect();
                told.extend(strength(&all, &is_gap).map(|own| (name, true, own, values.len())));
            }
        }
        let shares: Vec<f64> = told.iter().map(|(_, _, strength, _)| strength.share()).collect();
        // What a customer says in one survey goes together; what an answer foretells does not.
        let share_max = if outcome.window_days().is_some() { bar(&shares) } else { SHARE_MAX };
        found.extend(told.into_iter().filter(|(_, _, strength, _)| strength.share() > share_max).map(
            |(name, is_gaps, strength, n_answers)| TooGood {
                column: name.clone(),
                is_gaps,
                outcome: outcome.name().to_owned(),
                strength,
                n_answers,
            },
        ));
    }
    found
}

/// The strength from which on a column is too good: lower where one or two stand out from all others.
fn bar(shares: &[f64]) -> f64 {
    let (high, low): (Vec<f64>, Vec<f64>) = shares.iter().partition(|&&share| share > SHARE_ALONE);
    let stand_alone = high.len() <= 2 && low.len() >= 3 && low.iter().all(|&share| share <= SHARE_OF_OTHERS);
    if stand_alone { SHARE_ALONE } else { SHARE_MAX }
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
        let looked_at: Vec<&str> = study.outcomes.iter().map(Outcome::name).collect();
        let _ = writeln!(
            text,
            "no column of numbers, nor where it has gaps, alone predicts an outcome too well to be true ({}): an area under the \
             curve above 0.95 or a rank correlation above 0.9, or above 0.85 and 0.7 where no other column comes near",
            looked_at.join(", ")
        );
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
        let (name, value) = match own.strength {
            Strength::RocAuc(roc_auc) => ("roc_auc", roc_auc),
            Strength::Correlation(correlation) => ("rank_correlation", correlation),
        };
        Finding::new(FindingKind::Unreliable, Severity::Serious, own.outcome.clone(), sentence)
            .number(name, value)
            .number("n", own.n_answers as f64)
    };
    found.iter().map(finding).collect()
}
