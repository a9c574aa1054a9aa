//! How a source writes its numbers.

use super::section::Section;
use super::{Problem, StudyError};
use serde::Serialize;

/// How the cells of a source that are text write numbers. Cells that are numbers already, as in Parquet, are what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Numerals {
    /// What stands before the decimals: a point or a comma.
    pub decimal: char,
    /// What stands between groups of three digits, where anything does; between commas they may have two but for the last, as in India.
    pub thousands: Option<char>,
    /// Signs and words of which one may stand before or behind a number, such as `€` and `EUR`.
    pub currency: Vec<String>,
}

impl Default for Numerals {
    fn default() -> Self {
        Self { decimal: '.', thousands: None, currency: Vec::new() }
    }
}

impl Numerals {
    /// Whether numbers are written as in program code.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.decimal == '.' && self.thousands.is_none() && self.currency.is_empty()
    }

    pub(super) fn read(section: &Section<'_, '_>) -> Result<Self, StudyError> {
        let plain = Self::default();
        let decimal = match section.item("decimal") {
            None => plain.decimal,
            Some(item) => match item.raw_text()?.as_str() {
                "." => '.',
                "," => ',',
                other => return Err(item.invalid(format!("`{}` is {other:?}; write \".\" or \",\"", item.path()))),
            },
        };
        let thousands = match section.item("thousands") {
            None => None,
            Some(item) => match item.raw_text()?.as_str() {
                "." => Some('.'),
                "," => Some(','),
                "'" => Some('\''),
                " " => Some(' '),
                other => {
                    return Err(item.invalid(format!(
                        "`{}` is {other:?}; write \".\", \",\", \"'\" or \" \", or leave it out where nothing stands between digits",
                        item.path()
                    )));
                }
            },
        };
        if thousands == Some(decimal) {
            return Err(section.refuse(Problem::Invalid(format!(
                "`thousands` and `decimal` are both {:?}; say what stands before the decimals, as in decimal = {:?}",
                decimal.to_string(),
                if decimal == '.' { "," } else { "." }
            ))));
        }
        let currency = section.texts("currency")?;
        let is_of_number = |letter: char| letter.is_ascii_digit() || ".,+-'".contains(letter);
        match (section.item("currency"), currency.iter().find(|own| own.is_empty() || own.contains(is_of_number))) {
            (Some(item), Some(wrong)) => Err(item.invalid(format!(
                "`{}` holds {wrong:?}; write what stands beside the numbers, without digits, as in \"€\" or \"EUR\"",
                item.path()
            ))),
            _ => Ok(Self { decimal, thousands, currency }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::study::{Numerals, Study, StudyError};
    use std::path::Path;

    fn read(keys: &str) -> Result<Numerals, StudyError> {
        let text = format!(
            "[study]\nname = \"a\"\nas_of = 2026-09-30\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\n\
             time = \"when\"\nrecommend = \"ltr\"\n{keys}\n"
        );
        Study::parse(&text, Path::new("")).map(|study| study.sources.feedback.files.numerals)
    }

    #[test]
    fn a_source_says_how_its_numbers_are_written() {
        assert_eq!(read("").expect("sound"), Numerals::default());
        let german = read("decimal = \",\"\nthousands = \".\"\ncurrency = \"€\"").expect("sound");
        assert_eq!(german, Numerals { decimal: ',', thousands: Some('.'), currency: vec!["€".to_owned()] });
        let swiss = read("thousands = \"'\"\ncurrency = [\"CHF\", \"Fr\"]").expect("sound");
        assert_eq!((swiss.decimal, swiss.thousands, swiss.currency.len()), ('.', Some('\''), 2));
        assert_eq!(read("thousands = \" \"\ndecimal = \",\"").expect("sound").thousands, Some(' '));
    }

    #[test]
    fn what_makes_no_numbers_is_refused_at_its_place() {
        let refused = |keys: &str| read(keys).expect_err("refused").to_string();
        assert!(refused("decimal = \";\"").starts_with("study:9:11: `sources.feedback.decimal` is \";\"; write"));
        assert!(refused("thousands = \"\"").contains("leave it out where nothing stands"));
        assert!(
            refused("thousands = \".\"")
                .contains("are both \".\"; say what stands before the decimals, as in decimal = \",\"")
        );
        assert!(refused("decimal = \",\"\nthousands = \",\"").contains("as in decimal = \".\""));
        assert!(refused("currency = [\"1\"]").contains("without digits"));
    }
}
