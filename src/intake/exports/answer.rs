//! A recommend answer out of a cell that may hold a number, a label, or both.

use super::super::number;

/// What a cell says as a recommend answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Answer {
    /// Nothing.
    Blank,
    /// A number, which may lie outside of 0 to 10.
    Number(f64),
    /// The label of the lowest answer, 0, without its number.
    Lowest,
    /// The label of the highest answer, 10, without its number.
    Highest,
    /// Anything else.
    Unreadable,
}

/// The vendors' default labels of 0, in lower case.
const LOWEST: [&str; 9] = [
    "not at all likely",
    "not likely at all",
    "überhaupt nicht wahrscheinlich",
    "äußerst unwahrscheinlich",
    "pas du tout probable",
    "nada probable",
    "nada provável",
    "per niente probabile",
    "helemaal niet waarschijnlijk",
];
/// The vendors' default labels of 10, in lower case.
const HIGHEST: [&str; 8] = [
    "extremely likely",
    "äußerst wahrscheinlich",
    "extrem wahrscheinlich",
    "extrêmement probable",
    "extremadamente probable",
    "extremamente provável",
    "estremamente probabile",
    "zeer waarschijnlijk",
];
/// What stands between a number and its label.
const SEPARATORS: [char; 8] = ['-', '–', '—', ':', '(', '=', '|', '.'];

impl Answer {
    /// Reads a cell.
    ///
    /// - A plain number is itself: `9`, `9.0`, also `11`, which the range of the study refuses later.
    /// - A number of one or two digits before or behind its label, with `-`, `:`, `(`, `=`, `|` or `.` between them, is the
    ///   number: `10 - Extremely likely`, `Not at all likely (0)`; a blank alone is enough before a default label.
    /// - `9/10` and `9 out of 10` are 9; `4/5` and `10-20` are unreadable.
    /// - The vendors' default labels of the ends count as 0 and 10 where they stand alone. On a scale of words they mean
    ///   something else, which the cell cannot tell and [`AnswerTally`](super::AnswerTally) does.
    /// - A number beside the label of another end, such as `5 - Extremely likely`, is of another scale and unreadable.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Blank;
        }
        if let Some(value) = number::parse(text) {
            return Self::Number(value);
        }
        let text = text.to_lowercase();
        match end_of_scale(&text) {
            Some(answer) => answer,
            None => leading(&text).or_else(|| trailing(&text)).unwrap_or(Self::Unreadable),
        }
    }

    /// The answer as a number, the labels of the ends as 0 and 10.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(value),
            Self::Lowest => Some(0.0),
            Self::Highest => Some(10.0),
            Self::Blank | Self::Unreadable => None,
        }
    }
}

/// The recommend answer that a cell says, by the rules of [`Answer::of`]; nothing where it says none.
///
/// # Example
/// ```
/// use advocate::intake::exports::answer_of;
///
/// assert_eq!(answer_of("10 - Extremely likely"), Some(10.0));
/// assert_eq!(answer_of("Not at all likely"), Some(0.0));
/// assert_eq!(answer_of("rather not"), None);
/// ```
pub fn answer_of(text: &str) -> Option<f64> {
    Answer::of(text).value()
}

fn end_of_scale(label: &str) -> Option<Answer> {
    if LOWEST.contains(&label) {
        Some(Answer::Lowest)
    } else if HIGHEST.contains(&label) {
        Some(Answer::Highest)
    } else {
        None
    }
}

fn leading(text: &str) -> Option<Answer> {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(n_digits);
    let value = small_number(digits)?;
    let rest_label = rest.trim_start();
    if let Some(base) = rest_label.strip_prefix('/').or_else(|| rest_label.strip_prefix("out of ")) {
        return (base.trim() == "10").then_some(Answer::Number(value));
    }
    if let Some(label) = rest_label.strip_prefix(SEPARATORS) {
        return Some(with_label(value, label.trim_end_matches(')')));
    }
    // A number and any words could be a comment; before the label of an end it is an answer.
    let is_apart = rest_label.len() < rest.len();
    (is_apart && end_of_scale(rest_label).is_some()).then(|| with_label(value, rest_label))
}

fn trailing(text: &str) -> Option<Answer> {
    let text = text.strip_suffix(')').unwrap_or(text);
    let n_digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, digits) = text.split_at(text.len() - n_digits);
    let value = small_number(digits)?;
    let label = before.trim_end().strip_suffix(SEPARATORS)?;
    Some(with_label(value, label))
}

fn small_number(digits: &str) -> Option<f64> {
    if matches!(digits.len(), 1 | 2) { number::parse(digits) } else { None }
}

fn with_label(value: f64, label: &str) -> Answer {
    let label = label.trim();
    let is_label = label.chars().any(char::is_alphabetic) && !label.contains(|sign: char| sign.is_ascii_digit());
    let agrees = match end_of_scale(label) {
        Some(Answer::Lowest) => value < 0.5,
        Some(_) => (9.5..10.5).contains(&value),
        None => true,
    };
    if is_label && agrees { Answer::Number(value) } else { Answer::Unreadable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_labels_and_both_are_read() {
        for (text, value) in [
            ("9", 9.0),
            (" 9.0 ", 9.0),
            ("11", 11.0),
            ("10 - Extremely likely", 10.0),
            ("10 – Extremely likely", 10.0),
            ("0: Not at all likely", 0.0),
            ("10 (Extremely likely)", 10.0),
            ("10 Extremely likely", 10.0),
            ("7 - Quite", 7.0),
            ("7. Quite", 7.0),
            ("Extremely likely - 10", 10.0),
            ("Not at all likely (0)", 0.0),
            ("Not at all likely - 0", 0.0),
            ("9/10", 9.0),
            ("9 / 10", 9.0),
            ("8 out of 10", 8.0),
            ("Extremely likely", 10.0),
            ("ÄUSSERST WAHRSCHEINLICH".to_lowercase().replace("ss", "ß").as_str(), 10.0),
        ] {
            assert_eq!(answer_of(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_of_another_scale_or_no_answer_is_unreadable() {
        for text in [
            "5 - Extremely likely",
            "11 - Extremely likely",
            "1 - Not at all likely",
            "0 - Extremely likely",
            "4/5",
            "10-20",
            "2017-07-18",
            "10 years ago",
            "100 - very",
            "likely",
            "somewhat likely",
            "very likely",
            "-",
            "9 -",
            "nine",
            "9;",
        ] {
            assert_eq!(Answer::of(text), Answer::Unreadable, "{text}");
        }
        assert_eq!(Answer::of("  "), Answer::Blank);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_label_never_changes_a_number(text in ".{0,30}", score in 0_u8..=10) {
            let _ = Answer::of(&text);
            prop_assert_eq!(answer_of(&format!("{score} - quite so")), Some(f64::from(score)));
            prop_assert_eq!(answer_of(&format!("quite so ({score})")), Some(f64::from(score)));
        }
    }
}
