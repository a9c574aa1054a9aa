//! The score as others would count it.

use crate::report::results::StudyResults;
use crate::report::words;

/// The score under one customary rule.
pub(in crate::report) struct RuleRow {
    pub rule: String,
    pub n: String,
    pub nps: String,
    pub gap: String,
    pub interval: String,
}

impl RuleRow {
    /// One row a rule, in the order of the study; those that leave no answer, and those hidden, have dashes.
    pub fn all(results: &StudyResults) -> Vec<Self> {
        let of = |row: &crate::measures::portfolio::RuleComparison| {
            let own = row.estimate.as_ref();
            let ends = own.and_then(|own| own.conf_low.zip(own.conf_high));
            let none = || match results.scorecard.rules_hidden.contains(&row.rule.name) {
                true => words::MISSING.to_owned(),
                false => words::count(0),
            };
            Self {
                rule: in_words(&row.rule.name),
                n: own.map_or_else(none, |own| words::count(own.n as u64)),
                nps: own.map_or_else(|| words::MISSING.to_owned(), |own| words::score(own.estimate)),
                gap: row.gap.map_or_else(|| words::MISSING.to_owned(), words::score),
                interval: ends.map_or_else(|| words::MISSING.to_owned(), |(low, high)| words::score_range(low, high)),
            }
        };
        results.scorecard.rules.iter().map(of).collect()
    }
}

fn in_words(name: &str) -> String {
    match name {
        "all_answers" => "every answer".to_owned(),
        "latest_per_person" => "the latest answer of each person".to_owned(),
        "mean_per_person" => "the mean of each person\u{2019}s answers".to_owned(),
        "30_days_all_answers" => "every answer of the last 30 days".to_owned(),
        "90_days_latest_per_person" => "the latest of each person in the last 90 days".to_owned(),
        "blanks_in_base" => "every answer, blanks in the base".to_owned(),
        other => other.replace('_', " "),
    }
}
