//! A vendor's export that somebody edited, so that it is read as a plain table: what the export would have left out.

use super::names::Name;
use crate::intake::exports::is_no_answer;
use crate::intake::profiling::{ColumnProfile, SourceProfile};

/// Columns of every Qualtrics export, as the first row calls them.
const QUALTRICS: [&str; 10] = [
    "StartDate",
    "EndDate",
    "RecordedDate",
    "ResponseId",
    "IPAddress",
    "Progress",
    "Finished",
    "DistributionChannel",
    "UserLanguage",
    "Duration (in seconds)",
];
/// So many of them are no accident.
const COLUMNS_MIN: usize = 4;

/// The values of a column that belong to answers, where others stand beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlyAnswers {
    /// The column.
    pub column: String,
    /// The values of answers.
    pub allowed: Vec<String>,
    /// The others, each with its rows, for people.
    pub others: String,
}

/// Of a Qualtrics export whose lower header rows are gone: which values of `Status` and `DistributionChannel` are answers.
pub(super) fn only_answers(source: &SourceProfile) -> Vec<OnlyAnswers> {
    let is_called = |column: &ColumnProfile, name: &str| Name::of(&column.name) == Name::of(name);
    let n_known = QUALTRICS.iter().filter(|name| source.columns.iter().any(|own| is_called(own, name))).count();
    if source.export.is_some() || n_known < COLUMNS_MIN {
        return Vec::new();
    }
    let called = |name: &'static str| source.columns.iter().filter(move |own| is_called(own, name));
    let is_preview = |text: &str| Some(text.eq_ignore_ascii_case("preview"));
    let by_status = called("Status").filter_map(|own| of_column(own, is_no_answer));
    by_status.chain(called("DistributionChannel").filter_map(|own| of_column(own, is_preview))).collect()
}

fn of_column(column: &ColumnProfile, is_no_answer: impl Fn(&str) -> Option<bool>) -> Option<OnlyAnswers> {
    let (mut allowed, mut others) = (Vec::new(), Vec::new());
    for own in &column.frequent {
        if is_no_answer(&own.text)? {
            others.push(format!("{} {}", own.n, own.text));
        } else {
            allowed.push(own.text.clone());
        }
    }
    let is_told = column.is_listed() && !others.is_empty() && !allowed.is_empty();
    is_told.then(|| OnlyAnswers { column: column.name.clone(), allowed, others: others.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::*;

    fn cells(texts: &[(&str, usize)]) -> Vec<String> {
        texts.iter().flat_map(|&(text, n)| std::iter::repeat_n(text.to_owned(), n)).collect()
    }

    /// The kinds of response of Qualtrics support, "Understanding your dataset".
    #[test]
    fn the_kinds_of_response_of_an_edited_export_are_told() {
        let kinds = [("IP Address", 6), ("Survey Preview", 2), ("Spam", 1), ("Imported", 1)];
        let rows = |status: &str| {
            let x = |text: &str| cells(&[(text, 10)]);
            source(
                "q",
                &[
                    ("StartDate", x("2026-03-01")),
                    ("EndDate", x("2026-03-01")),
                    (status, cells(&kinds)),
                    ("IPAddress", x("")),
                    ("Progress", x("100")),
                ],
            )
        };
        let found = only_answers(&rows("Status"));
        assert_eq!(found[0].allowed, ["IP Address", "Imported"]);
        assert_eq!(found[0].others, "2 Survey Preview, 1 Spam");
        assert_eq!(only_answers(&rows("Kind")), []);
        let few = source("x", &[("Status", cells(&kinds)), ("Progress", cells(&[("100", 10)]))]);
        assert_eq!(only_answers(&few), [], "a column called so says nothing alone");
    }
}
