//! The score as others would count it.

use crate::measures::portfolio::SeveralAnswers;
use crate::report::results::StudyResults;
use crate::report::words;

/// The score under one customary rule.
pub(in crate::report) struct RuleRow {
    pub rule: String,
    pub n: String,
    pub nps: String,
    pub gap: String,
    pub interval: String,
    /// Whether the rule leaves fewer answers than the study's minimum base.
    pub small: bool,
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
            // A mean of each person's answers is divided by persons.
            let is_by_person = row.rule.rules.several == SeveralAnswers::Mean;
            let base = own.map_or(0, |own| own.n_customers.filter(|_| is_by_person).unwrap_or(own.n));
            Self {
                rule: in_words(&row.rule.name),
                n: own.map_or_else(none, |_| words::count(base as u64)),
                nps: own.map_or_else(|| words::MISSING.to_owned(), |own| words::score(own.estimate)),
                gap: row.gap.map_or_else(|| words::MISSING.to_owned(), words::score),
                interval: ends.map_or_else(|| words::MISSING.to_owned(), |(low, high)| words::score_range(low, high)),
                small: own.is_some() && base < results.scorecard.minimum_base,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Clusters;
    use crate::measures::Sampling;
    use crate::measures::portfolio::{EstimateSettings, compare_rules, customary_rules};
    use crate::report::fixture;

    #[test]
    fn few_answers_are_marked_and_means_of_persons_rest_on_persons() {
        // Twelve answers of six persons, two of them within the last 30 days.
        let day = 86_400_000_000_i64;
        let answers = [9.0, 3.0, 10.0, 7.0, 8.0, 2.0, 9.0, 9.0, 6.0, 10.0, 4.0, 9.0];
        let times: Vec<i64> = (0..12).map(|place| (364 - 20 * place) * day).collect();
        let persons = Clusters::from_labels((0..12).map(|place| place / 2));
        let sampling = Sampling { clusters: Some(&persons), ..Sampling::default() };
        let rules = customary_rules(365 * day);
        let mut results = fixture::retail();
        let compared = compare_rules(&answers, &times, sampling, &rules, EstimateSettings::default());
        results.scorecard.rules = compared.expect("answers on the scale");
        results.scorecard.minimum_base = 6;
        let rows = RuleRow::all(&results);
        let of = |name: &str| rows.iter().find(|row| row.rule.contains(name)).map(|row| (row.n.as_str(), row.small));
        assert_eq!(of("last 30 days"), Some(("2", true)));
        assert_eq!(of("mean of each person"), Some(("6", false)));
        assert_eq!(of("every answer"), Some(("12", false)));
    }
}
