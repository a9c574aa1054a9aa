//! Those who answered against the whole base: what both had done by the time of the fieldwork.

use super::PipelineError;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, Engine, Respondents};
use crate::report::{ComparedSince, RespondentsAgainstBase, words};
use crate::study::Study;

/// Days of fieldwork that are looked at, at most: who answered in the last of them is held against the customers known before.
const FIELDWORK_DAYS: u32 = 365;
const DAY_US: i64 = 86_400_000_000;

/// Every column of the history at the start of the fieldwork, of those who answered since and of all customers known then: the
/// last year up to the study's date, or since the first answer where that came later. `None` where only answers tell that
/// there are customers, where nobody is known, or where fewer answered than may be shown. Columns that are known of
/// few respondents, or of few others, are left out.
pub(super) fn against_base(
    study: &Study,
    engine: &Engine,
    base: &BaseTable,
) -> Result<Option<RespondentsAgainstBase>, PipelineError> {
    let tables = &engine.plan().tables;
    if !engine.plan().dated || (tables.customers.is_none() && tables.transactions.is_none()) {
        return Ok(None);
    }
    let as_of = engine.plan().as_of;
    let first = base.numbers("t").unwrap_or_default().iter().fold(as_of, |first, &t| first.min(t as i64));
    let earliest = as_of - i64::from(FIELDWORK_DAYS) * DAY_US;
    let (at, since) = match first > earliest {
        true => (first, ComparedSince::FirstAnswer),
        false => (earliest, ComparedSince::DaysBefore(FIELDWORK_DAYS)),
    };
    let settings = Respondents { at, answered_from: at, answered_until: as_of };
    let mut rows = engine.respondents_against_base(&settings)?;
    // Of a column that is known of few respondents, or of few others, the means tell of these.
    let n_min = u64::from(study.measures.suppress_below);
    let is_small = |n: u64| n > 0 && n < n_min;
    rows.retain(|row| {
        row.base.n > 0 && !is_small(row.respondents.n) && !is_small(row.base.n.saturating_sub(row.respondents.n))
    });
    let n_respondents = rows.iter().map(|row| row.respondents.n).max().unwrap_or(0);
    let is_shown = n_respondents >= u64::from(study.measures.suppress_below).max(1);
    Ok(is_shown.then_some(RespondentsAgainstBase { at, since, n_respondents, rows }))
}

/// That those who answered are others than all; nothing where no column says so.
pub(super) fn finding(compared: &RespondentsAgainstBase) -> Option<Finding> {
    const SMALL: f64 = RespondentsAgainstBase::SMALL;
    let (row, difference) = compared.largest()?;
    if difference.abs() <= SMALL {
        return None;
    }
    let is_large = difference.abs() > RespondentsAgainstBase::LARGE;
    let severity = if is_large { Severity::Warning } else { Severity::Note };
    let n_beyond = compared.n_beyond(SMALL);
    let sentence = format!(
        "by what they had done before {}, the customers who answered since are not like all who were known then: `{}` was {} on \
         average of {} against {} of {}, a difference of {difference:.2} standard deviations; {} by more than {SMALL}",
        compared.day(),
        row.column,
        rounded(row.respondents.mean),
        words::count(row.respondents.n),
        rounded(row.base.mean),
        words::count(row.base.n),
        words::part(n_beyond, compared.rows.len(), ("column", "columns"), ("differs", "differ")),
    );
    Some(
        Finding::new(FindingKind::NotRepresentative, severity, "respondents", sentence)
            .number("standardised_difference", difference)
            .number("n_columns", n_beyond as f64),
    )
}

/// A mean with as many digits as tell it from its neighbours.
fn rounded(mean: f64) -> String {
    if mean.abs() >= 100.0 { format!("{mean:.0}") } else { format!("{mean:.2}") }
}
