//! Questions whose options have a column each, as the expanded form of an export lays them out: a row holds its answer in one of them.

use crate::intake::profiling::{ColumnProfile, SourceProfile};

/// Columns from which on a question may be laid out so; fewer are a yes and a no.
const OPTIONS_MIN: usize = 3;
/// Options that are named one by one.
const NAMED_MAX: usize = 3;

/// A question whose answers stand in several columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spread {
    /// The text of the question.
    pub(super) question: String,
    /// The columns of its options, by their places.
    pub(super) columns: Vec<usize>,
    options: Vec<String>,
}

impl Spread {
    /// The questions of a source that are laid out so: columns called `question: option`, each with a single value, of which
    /// together no more are filled than there are rows.
    pub(super) fn of(source: &SourceProfile) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (at, column) in source.columns.iter().enumerate() {
            let Some((question, option)) = column.name.rsplit_once(": ") else { continue };
            match all.iter_mut().find(|own| own.question == question) {
                Some(own) => {
                    own.columns.push(at);
                    own.options.push(option.to_owned());
                }
                None => all.push(Self {
                    question: question.to_owned(),
                    columns: vec![at],
                    options: vec![option.to_owned()],
                }),
            }
        }
        all.retain(|own| own.is_spread(source));
        all
    }

    fn is_spread(&self, source: &SourceProfile) -> bool {
        let columns: Vec<&ColumnProfile> = self.columns.iter().map(|&at| &source.columns[at]).collect();
        let n_filled: u64 = columns.iter().map(|column| column.n_filled()).sum();
        let n_chosen = columns.iter().filter(|column| column.n_distinct == 1).count();
        columns.len() >= OPTIONS_MIN
            && n_chosen > 1
            && columns.iter().all(|column| column.n_distinct <= 1)
            && n_filled <= source.n_rows
    }

    /// Why it cannot be read, and what would help.
    pub(super) fn advice(&self) -> String {
        let shown: Vec<String> = self.options.iter().take(NAMED_MAX).map(|option| format!("\"{option}\"")).collect();
        let more = if self.options.len() > NAMED_MAX { ", ..." } else { "" };
        format!(
            "its answers stand in {} columns, one for each option ({}{more}), and a study reads an answer from one column: export all \
             responses again in condensed columns (SurveyMonkey: Export, All responses data, Columns: Condensed)",
            self.columns.len(),
            shown.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::super::{Answers, Unread, unread};
    use super::Spread;

    /// 66 answers from 0 to 10, six of each, and as many to a question in words, laid out as SurveyMonkey's help on exports ("Expanded:
    /// each answer option has a column") says.
    fn expanded() -> crate::intake::profiling::SourceProfile {
        let cells = |n: usize, option: usize, text: &str| -> Vec<String> {
            (0..66).map(|row| if row % n == option { text.to_owned() } else { String::new() }).collect()
        };
        let mut columns: Vec<(String, Vec<String>)> =
            (0..11).map(|at| (format!("Would you recommend us?: {at}"), cells(11, at, &at.to_string()))).collect();
        let words = ["Bad", "Neither", "Good"];
        columns.extend(
            words.iter().enumerate().map(|(at, word)| (format!("How satisfied are you?: {word}"), cells(3, at, word))),
        );
        columns.push(("Respondent ID".to_owned(), (0..66).map(|row| (3000 + row).to_string()).collect()));
        let columns: Vec<(&str, Vec<String>)> =
            columns.iter().map(|(name, cells)| (name.as_str(), cells.clone())).collect();
        source("survey", &columns)
    }

    #[test]
    fn no_option_is_taken_for_the_recommend_answer_and_the_question_is_named() {
        let source = expanded();
        let spread = Spread::of(&source);
        assert_eq!(spread.iter().map(|own| own.columns.len()).collect::<Vec<_>>(), [11, 3]);
        let answers = Answers::of(&source);
        assert_eq!(answers.recommend, None);
        let [almost] = &answers.almost[..] else { panic!("{:?}", answers.almost) };
        assert!(almost.starts_with("Would you recommend us? (its answers stand in 11 columns"), "{almost}");
        assert!(almost.contains("condensed"), "{almost}");
        let named: Vec<Unread> = unread::scores(&source, &answers, &[]);
        assert_eq!(named.iter().map(|own| own.column.as_str()).collect::<Vec<_>>(), ["How satisfied are you?"]);
    }

    #[test]
    fn scores_of_one_question_in_columns_of_their_own_are_not_spread() {
        let rated = |name: &str| (format!("Please rate: {name}"), vec!["5".to_owned(); 40]);
        let columns = ["Delivery", "Support", "Price"].map(rated);
        let columns: Vec<(&str, Vec<String>)> =
            columns.iter().map(|(name, cells)| (name.as_str(), cells.clone())).collect();
        assert_eq!(Spread::of(&source("x", &columns)), []);
    }

    /// Six answers of one value among 66 rows, and 66 of eleven values.
    #[test]
    fn a_full_column_of_several_values_comes_before_one_of_a_single_value() {
        let sparse = (0..66).map(|row| if row % 11 == 0 { "5".to_owned() } else { String::new() }).collect();
        let full = (0..66).map(|row| (row % 11).to_string()).collect();
        let answers = Answers::of(&source("x", &[("nps old", sparse), ("likelihood", full)]));
        assert_eq!(answers.recommend.map(|own| own.column).as_deref(), Some("likelihood"));
    }
}
