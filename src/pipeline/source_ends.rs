//! Sources that end long before the study's date: a window that reaches beyond their last row counts what nobody handed over as what did
//! not happen.

use super::PipelineError;
use super::selection::Selection;
use crate::findings::{Finding, FindingKind, Severity};
use crate::link::{BaseTable, EarlyEnd, Engine};
use crate::report::words;
use crate::study::{Outcome, OutcomeKind, Study};
use jiff::Timestamp;

const DAY_US: f64 = 86_400_000_000.0;

/// From this share (0-1) of an outcome's answers on it is serious.
const SERIOUS_SHARE: f64 = 0.05;

/// What the outcomes count: tables, each with the column that holds when something happened.
const COUNTED: [(&str, &str); 4] =
    [("transactions", "t"), ("referrals", "t"), ("activity", "t"), ("customers", "churned_t")];

/// A source that ends too early for the outcomes that count its rows.
pub(super) struct SourceEnd {
    source: &'static str,
    end: EarlyEnd,
    outcomes: Vec<Reaching>,
}

/// An outcome of whose answers some have a window that reaches beyond the last row.
struct Reaching {
    name: String,
    n_beyond: usize,
    n_used: usize,
}

/// The sources that end long before the study's date and that the outcomes count beyond their end.
///
/// # Errors
/// The engine fails.
pub(super) fn source_ends(study: &Study, engine: &Engine, base: &BaseTable) -> Result<Vec<SourceEnd>, PipelineError> {
    let mut found = Vec::new();
    for (source, column) in COUNTED {
        let counting: Vec<&Outcome> =
            study.outcomes.iter().filter(|outcome| counts(study, outcome.kind()).contains(&source)).collect();
        if counting.is_empty() {
            continue;
        }
        let Some(end) = engine.early_end(source, column)? else { continue };
        let reaching = counting.into_iter().map(|outcome| Reaching::of(study, base, outcome, end.last_t));
        let outcomes: Vec<Reaching> = reaching.filter(|reaching| reaching.n_beyond > 0).collect();
        if !outcomes.is_empty() {
            found.push(SourceEnd { source, end, outcomes });
        }
    }
    Ok(found)
}

/// The tables whose rows an outcome counts in its window.
fn counts(study: &Study, kind: &OutcomeKind) -> Vec<&'static str> {
    match kind {
        _ if kind.window_days().is_none() => Vec::new(),
        OutcomeKind::ConvertedReferral { .. } => vec!["referrals", "transactions"],
        OutcomeKind::DatedChurn { .. } => vec!["customers"],
        OutcomeKind::Lapse { .. } if study.sources.transactions.is_some() => vec!["transactions", "activity"],
        OutcomeKind::Lapse { .. } => vec!["activity"],
        kind if kind.is_of_referrals() => vec!["referrals"],
        _ => vec!["transactions"],
    }
}

impl Reaching {
    fn of(study: &Study, base: &BaseTable, outcome: &Outcome, last_t: i64) -> Self {
        let rows = Selection::of(study, base, outcome).rows;
        let window_us = f64::from(outcome.window_days().unwrap_or(0)) * DAY_US;
        let times = base.numbers("t").unwrap_or_default();
        let is_beyond = |row: &&usize| times.get(**row).is_some_and(|t| t + window_us > last_t as f64);
        Self { name: outcome.name().to_owned(), n_beyond: rows.iter().filter(is_beyond).count(), n_used: rows.len() }
    }

    fn share(&self) -> f64 {
        self.n_beyond as f64 / self.n_used as f64
    }

    fn in_words(&self) -> String {
        let answers = words::counted(self.n_used, "answer", "answers");
        format!("`{}` ({} of {answers})", self.name, words::count(self.n_beyond as u64))
    }
}

impl SourceEnd {
    /// What `check` says of it.
    pub fn sentence(&self) -> String {
        let EarlyEnd { last_t, silent_days, largest_gap_days } = self.end;
        let date = Timestamp::from_microsecond(last_t)
            .map_or_else(|_| last_t.to_string(), |instant| instant.strftime("%Y-%m-%d").to_string());
        let last = match self.source {
            "customers" => "the last customer of `customers` left on".to_owned(),
            source => format!("the last row of `{source}` is of"),
        };
        let reaching: Vec<String> = self.outcomes.iter().map(Reaching::in_words).collect();
        format!(
            "{last} {date}, {} before the study's date, where no gap between its days was longer than {}: windows of {} reach beyond it and \
             count what is not there as not done; add the rows that are missing, or set `as_of` to {date}, so that these answers are left \
             out",
            words::days(silent_days.floor() as i64),
            words::days(largest_gap_days as i64),
            reaching.join(", ")
        )
    }

    /// What a run says of it.
    pub fn finding(&self) -> Finding {
        let is_serious = self.outcomes.iter().any(|outcome| outcome.share() >= SERIOUS_SHARE);
        let severity = if is_serious { Severity::Serious } else { Severity::Warning };
        let finding = Finding::new(FindingKind::Unreliable, severity, self.source, self.sentence())
            .number("silent_days", self.end.silent_days)
            .number("largest_gap_days", self.end.largest_gap_days);
        self.outcomes.iter().fold(finding, |finding, outcome| {
            finding.number(&format!("n_beyond_{}", outcome.name), outcome.n_beyond as f64)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::findings::Severity;
    use crate::pipeline::check::check;
    use crate::pipeline::small_study::SmallStudy;

    /// Forty customers who answer at noon of the days 1 to 40 of 2026 and buy at noon of every day of January, one a day.
    fn study(as_of: &str) -> SmallStudy {
        let text = format!(
            "study = {{ name = \"case\", as_of = {as_of} }}
[sources.feedback]
path = \"answers.csv\"
customer = \"who\"
time = \"when\"
recommend = \"ltr\"
[sources.transactions]
path = \"orders.csv\"
customer = \"who\"
time = \"when\"
[drivers]
touchpoints = [\"touch\"]
[outcomes.purchases]
window_days = 10
[outcomes.recommend]
"
        );
        let (mut answers, mut orders) = ("who,when,ltr,touch\n".to_owned(), "who,when\n".to_owned());
        for n in 0..40 {
            let (month, day) = if n < 31 { (1, n + 1) } else { (2, n - 30) };
            answers.push_str(&format!("c{n},2026-{month:02}-{day:02}T12:00:00Z,{},{}\n", n % 11, 1 + n * 7 % 5));
            orders.push_str(&format!("c{n},2025-12-01T12:00:00Z\nc{n},2026-01-{:02}T12:00:00Z\n", 1 + n % 31));
        }
        SmallStudy::new(&text, &[("answers.csv", &answers), ("orders.csv", &orders)])
    }

    #[test]
    fn windows_beyond_the_end_of_a_source_are_counted() {
        // The last order is of 31 January at noon, so that windows of ten days from the 22nd on reach beyond it: 10 answers of January
        // and 9 of February. The gap of December is 31 days, and 28 February ends 28.5 days after the last order.
        let early = study("2026-04-30");
        let said = check(&early.study(), &early.settings()).expect("checked");
        assert!(
            said.contains(
                "warning: the last row of `transactions` is of 2026-01-31, 89 days before the study's date, where no gap between its \
                 days was longer than 31 days: windows of `purchases` (19 of 40 answers) reach beyond it"
            ),
            "{said}"
        );
        let findings = early.run().findings;
        let found: Vec<_> = findings.iter().filter(|own| own.sentence.contains("reach beyond it")).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].numbers["n_beyond_purchases"]), (Severity::Serious, 19.0));
        let usual = study("2026-02-28");
        assert!(!check(&usual.study(), &usual.settings()).expect("checked").contains("reach beyond it"));
    }
}
