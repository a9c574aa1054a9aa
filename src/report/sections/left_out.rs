//! What was left out, and why.

use super::findings::{FindingRow, Place, findings_at};
use crate::intake::SourceAccount;
use crate::report::results::{OutcomeResult, StudyResults};
use crate::report::{ReferralRuleRow, reasons, sentences, standing, words};

/// What was left out and why.
pub(in crate::report) struct LeftOutSection {
    pub outcomes: Vec<OutcomeBase>,
    pub censored: Vec<String>,
    pub sources: Vec<SourceRow>,
    pub matches: Vec<MatchView>,
    pub cells: Vec<CellRow>,
    pub rules: Vec<RuleLine>,
    pub findings: Vec<FindingRow>,
}

/// What a rule found among the referrals.
pub(in crate::report) struct RuleLine {
    pub rule: String,
    pub n_referrals: String,
    pub treatment: &'static str,
}

/// An outcome's answers, used and left out.
pub(in crate::report) struct OutcomeBase {
    pub name: String,
    pub n_answers: String,
    pub n_used: String,
    pub n_events: String,
    pub left_out: Vec<String>,
}

/// A source's rows.
pub(in crate::report) struct SourceRow {
    pub source: String,
    pub n_files: String,
    pub read: String,
    pub used: String,
    pub quarantined: Vec<String>,
    pub excluded: Vec<String>,
}

/// A row of the match report.
pub(in crate::report) struct MatchView {
    pub key: String,
    pub against: String,
    pub n_rows: String,
    pub matched: String,
    pub unmatched: String,
    pub ambiguous: String,
}

/// A column's cells without a value.
pub(in crate::report) struct CellRow {
    pub column: String,
    pub blank: String,
    pub not_applicable: String,
}

impl LeftOutSection {
    pub fn of(results: &StudyResults) -> Self {
        Self {
            outcomes: results.outcomes.iter().map(OutcomeBase::of).collect(),
            censored: results.outcomes.iter().filter_map(|outcome| censored(results, outcome)).collect(),
            sources: results.sources.iter().map(SourceRow::of).collect(),
            matches: results
                .matches
                .iter()
                .map(|row| {
                    let part = |n: u64| {
                        let share = if row.n_rows > 0 { n as f64 / row.n_rows as f64 } else { f64::NAN };
                        format!("{} ({})", words::count(n), words::percent(share))
                    };
                    MatchView {
                        key: format!("{}, {}", row.source, row.key),
                        against: row.against.clone(),
                        n_rows: words::count(row.n_rows),
                        matched: part(row.n_matched),
                        unmatched: part(row.n_unmatched),
                        ambiguous: part(row.n_ambiguous),
                    }
                })
                .collect(),
            cells: results.sources.iter().flat_map(cells).collect(),
            rules: results.influence.iter().flat_map(|influence| &influence.rules).map(RuleLine::of).collect(),
            findings: findings_at(results, Place::LeftOut),
        }
    }
}

fn censored(results: &StudyResults, outcome: &OutcomeResult) -> Option<String> {
    let n: usize = outcome
        .left_out
        .iter()
        .filter(|left_out| left_out.reason == "window_censored")
        .map(|left_out| left_out.n)
        .sum();
    let days = outcome.window_days.filter(|_| n > 0)?;
    Some(format!(
        "{}: {} so recent that the {} after {} not over on {}; they wait for a later run.",
        outcome.name,
        words::counted(n, "answer is", "answers are"),
        words::days(days),
        format_args!("{} {}", words::either(n, "it", "them"), words::either(days as usize, "is", "are")),
        results.head.as_of
    ))
}

impl OutcomeBase {
    fn of(outcome: &OutcomeResult) -> Self {
        Self {
            name: outcome.name.clone(),
            n_answers: words::count(outcome.n_answers as u64),
            n_used: words::count(outcome.n_used as u64),
            n_events: outcome
                .n_events
                .map_or_else(|| words::MISSING.to_owned(), |n_events| words::count(n_events as u64)),
            left_out: sentences::left_out(outcome),
        }
    }
}

impl SourceRow {
    fn of(account: &SourceAccount) -> Self {
        let reasons_of = |counts: &mut dyn Iterator<Item = (&'static str, u64)>| -> Vec<String> {
            counts
                .filter(|&(_, n)| n > 0)
                .map(|(word, n)| format!("{} ({})", words::count(n), reasons::phrase(word)))
                .collect()
        };
        Self {
            source: account.source.clone(),
            n_files: words::count(account.files.len() as u64),
            read: words::count(account.rows_read),
            used: words::count(account.rows_used),
            quarantined: reasons_of(&mut account.rows_quarantined.iter().map(|(reason, &n)| (reason.word(), n))),
            excluded: reasons_of(
                &mut account.rows_excluded.iter().map(|(&reason, &n)| (standing::exclusion_word(reason), n)),
            ),
        }
    }
}

impl RuleLine {
    fn of(row: &ReferralRuleRow) -> Self {
        let n = row.n_referrals;
        Self {
            rule: row.phrase().to_owned(),
            n_referrals: n.map_or_else(|| words::MISSING.to_owned(), |n| words::count(n as u64)),
            treatment: match (n, row.is_left_out) {
                (None, _) => "not known",
                (Some(_), true) => "left out",
                (Some(_), false) => "kept",
            },
        }
    }
}

fn cells(account: &SourceAccount) -> impl Iterator<Item = CellRow> + '_ {
    account.cells.iter().filter(|(_, counts)| counts.blank + counts.not_applicable > 0).map(|(column, counts)| {
        CellRow {
            column: format!("{}, {column}", account.source),
            blank: words::count(counts.blank),
            not_applicable: words::count(counts.not_applicable),
        }
    })
}
