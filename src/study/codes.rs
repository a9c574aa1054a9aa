//! The codes by which a source says that there is no answer.

use super::StudyError;
use super::section::{Item, Section};
use serde::Serialize;
use std::collections::BTreeMap;

/// Cell texts that stand for no value, such as `N/A` or 99.
///
/// A code that is a number matches every cell of that value, however it is written: 99 matches `99` and `99.0`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Codes {
    texts: Vec<String>,
    #[serde(skip)]
    numbers: Vec<f64>,
}

impl Codes {
    /// The codes as texts.
    pub fn new(texts: Vec<String>) -> Self {
        let numbers =
            texts.iter().filter_map(|text| text.parse::<f64>().ok()).filter(|value| value.is_finite()).collect();
        Self { texts, numbers }
    }

    /// The codes as they were written.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Adds codes to those that are there.
    pub fn add<'c>(&mut self, texts: impl IntoIterator<Item = &'c str>) {
        let all = self.texts.drain(..).chain(texts.into_iter().map(str::to_owned)).collect();
        *self = Self::new(all);
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Whether a cell's trimmed text is a code.
    pub fn holds_text(&self, text: &str) -> bool {
        self.texts.iter().any(|code| code == text)
    }

    /// Whether a cell's number is a code.
    pub fn holds_number(&self, value: f64) -> bool {
        // Codes are stored as they were written, so this compares marks and not computed numbers; adding zero makes -0 a 0.
        self.numbers.iter().any(|code| (code + 0.0).to_bits() == (value + 0.0).to_bits())
    }

    /// Whether a cell is a code, whatever it holds.
    pub fn hold(&self, text: &str) -> bool {
        !self.is_empty() && (self.holds_text(text) || text.parse().is_ok_and(|value| self.holds_number(value)))
    }

    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let elements = item.elements("a list of texts or numbers")?;
        elements.iter().map(Item::text_or_number).collect::<Result<Vec<_>, _>>().map(Self::new)
    }
}

/// Codes of a survey, which may differ between the recommend answer, the touchpoints and single touchpoints.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AnswerCodes {
    /// For every answer that nothing more specific is said about.
    pub all: Codes,
    /// For the recommend answer.
    pub recommend: Option<Codes>,
    /// For all touchpoints.
    pub touchpoints: Option<Codes>,
    /// For single touchpoints, by column.
    pub columns: BTreeMap<String, Codes>,
}

impl AnswerCodes {
    /// The codes that count for the recommend answer.
    pub fn of_recommend(&self) -> &Codes {
        self.recommend.as_ref().unwrap_or(&self.all)
    }

    /// The codes that count for a touchpoint: its own, else those of all touchpoints, else those of all answers.
    pub fn of_touchpoint(&self, column: &str) -> &Codes {
        self.columns.get(column).or(self.touchpoints.as_ref()).unwrap_or(&self.all)
    }

    pub(super) fn read(section: &Section<'_, '_>, key: &str) -> Result<Self, StudyError> {
        let Some(item) = section.item(key) else { return Ok(Self::default()) };
        if !item.is_table() {
            return Ok(Self { all: Codes::read(&item)?, ..Self::default() });
        }
        let mut codes = Self::default();
        for (name, item) in item.open_section()?.items() {
            let read = Codes::read(&item)?;
            match name.as_str() {
                "recommend" => codes.recommend = Some(read),
                "touchpoints" => codes.touchpoints = Some(read),
                _ => {
                    codes.columns.insert(name, read);
                }
            }
        }
        Ok(codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(texts: &[&str]) -> Codes {
        Codes::new(texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn a_number_code_matches_every_spelling_of_its_number() {
        let codes = codes(&["99", "N/A"]);
        assert!(codes.holds_number(99.0) && codes.holds_text("N/A"));
        assert!(!codes.holds_number(9.0) && !codes.holds_text("n/a"));
    }

    #[test]
    fn the_most_specific_codes_count() {
        let answer = AnswerCodes {
            all: codes(&["99"]),
            recommend: Some(codes(&["11"])),
            touchpoints: Some(codes(&["0", "6"])),
            columns: [("wait".to_owned(), codes(&["7"]))].into(),
        };
        assert!(answer.of_recommend().holds_number(11.0) && !answer.of_recommend().holds_number(99.0));
        assert!(answer.of_touchpoint("food").holds_number(6.0));
        assert!(answer.of_touchpoint("wait").holds_number(7.0) && !answer.of_touchpoint("wait").holds_number(6.0));
    }
}
