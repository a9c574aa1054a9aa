//! Sources dated by day: what else happened on the day of an answer is history or outcome by the way that days are read alone, and
//! that must be said, since no shift of events would show it.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{DatedByDay, Engine, SameDay};
use crate::report::words;
use crate::study::{DateInstant, Study, Times};

/// From this share of the answers on it is serious.
const SERIOUS_SHARE: f64 = 0.05;

/// From this share of the answers of people who were invited on, a few hours too early are no chance.
const TOO_EARLY_SHARE: f64 = 0.05;

/// What is not known of when things happened.
pub(super) struct DayDates {
    subject: String,
    severity: Severity,
    sentence: String,
}

impl DayDates {
    /// What a run says of it.
    pub fn finding(&self) -> Finding {
        Finding::new(FindingKind::Unreliable, self.severity, &self.subject, self.sentence.clone())
    }

    /// What `check` says of it.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

/// The sources dated by day with an event on the day of an answer, where the study does not say which instant a day is.
///
/// # Errors
/// The engine fails.
pub(super) fn day_dates(study: &Study, engine: &Engine) -> Result<Vec<DayDates>, PipelineError> {
    let mut all = Vec::new();
    if engine.answers_at_one_instant()? {
        all.push(DayDates {
            subject: "feedback".to_owned(),
            severity: Severity::Serious,
            sentence: "all answers carry one and the same instant, as where the day of an export stands in the place of their own: \
                       what came before and after is counted from it; name the column that holds when each was given"
                .to_owned(),
        });
    }
    let (n_too_early, n_asked) = engine.answers_before_invitation()?;
    if n_too_early > 0 && n_too_early as f64 >= TOO_EARLY_SHARE * n_asked as f64 {
        let lie = words::part(n_too_early as usize, n_asked as usize, ("answer", "answers"), ("lies", "lie"));
        all.push(DayDates {
            subject: "invitations".to_owned(),
            severity: Severity::Serious,
            sentence: format!(
                "{lie} within a day before an invitation of the same customer, and after none: `feedback` or `invitations` is read in \
                 another zone than it was written in, or one of them is dated by day; see `zone` and `day` in their sections"
            ),
        });
    }
    let is_stated = |source: &str| times(study, source).is_some_and(|times| times.day.is_some());
    for same in engine.same_days()? {
        let is_settled = match same.dated_by_day {
            DatedByDay::Answers => is_stated("feedback"),
            DatedByDay::Events => is_stated(same.source) || ends_days(study, "feedback"),
            DatedByDay::Both => is_stated("feedback") || is_stated(same.source),
        };
        if same.n_same_day > 0 && !is_settled {
            all.push(of_a_source(&same));
        }
    }
    Ok(all)
}

fn ends_days(study: &Study, source: &str) -> bool {
    times(study, source).is_some_and(|times| times.day == Some(DateInstant::End))
}

fn times<'s>(study: &'s Study, source: &str) -> Option<&'s Times> {
    let sources = &study.sources;
    match source {
        "feedback" => Some(&sources.feedback.times),
        "transactions" => sources.transactions.as_ref().map(|own| &own.times),
        "referrals" => sources.referrals.as_ref().map(|own| &own.times),
        "activity" => sources.activity.as_ref().map(|own| &own.times),
        "invitations" => sources.invitations.as_ref().map(|own| &own.times),
        _ => None,
    }
}

fn of_a_source(same: &SameDay) -> DayDates {
    let source = same.source;
    let thing = match source {
        "transactions" => "a transaction",
        "referrals" => "a referral",
        "invitations" => "an invitation",
        _ => "an event",
    };
    let have = words::part(same.n_same_day as usize, same.n_answers as usize, ("answer", "answers"), words::HAVE);
    let has = format!("{have} {thing}");
    let sentence = match same.dated_by_day {
        DatedByDay::Answers => format!(
            "`feedback` is dated by day, and a day is its start: {has} on the same day, which counts as after the answer; where it \
             came before, as what a survey asks about does, write `day = \"end\"` in [sources.feedback] (\"start\" if it is right so)"
        ),
        DatedByDay::Events => format!(
            "`{source}` is dated by day, and a day is its start: {has} on the same day, which counts as before the answer, though it \
             may have come after; `day = \"end\"` in [sources.{source}] counts it as after (\"start\" if it is right so)"
        ),
        DatedByDay::Both => format!(
            "`feedback` and `{source}` are dated by day: {has} on the same day, which counts neither as before nor as after the \
             answer; `day = \"end\"` in [sources.feedback] counts it as before, in [sources.{source}] as after"
        ),
    };
    let is_serious = same.n_same_day as f64 >= SERIOUS_SHARE * same.n_answers as f64;
    DayDates {
        subject: source.to_owned(),
        severity: if is_serious { Severity::Serious } else { Severity::Warning },
        sentence,
    }
}
