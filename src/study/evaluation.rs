//! How the models of a study are judged.

use super::section::Section;
use super::{StudyError, keys};
use jiff::{civil::Date, tz::TimeZone};
use serde::Serialize;

/// How models are judged: trained before a cut in time and tested after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Whether at all.
    pub enabled: bool,
    /// The first instant of the test rows, in microseconds of UTC; by default it is chosen from the answers.
    pub cut_us: Option<i64>,
    /// Without a cut: the share of the answers, the latest ones, that test.
    pub test_share: f64,
    /// Rolling origins: the answers from the cut on are parted into so many equal spans of time, each tested by a fit to what was
    /// known when it began. 1 is the single cut.
    pub folds: u32,
    /// Columns of the model that knows behaviour only, beside which the feedback is judged; `None` for those of recency,
    /// frequency and spend that there are.
    pub history: Option<Vec<String>>,
    /// Bootstrap replicates of the metrics' intervals.
    pub bootstrap: u32,
}

impl Evaluation {
    /// `bootstrap` is the study's own number of replicates, which holds here too where nothing else is said.
    pub(super) fn read(top: &Section<'_, '_>, bootstrap: u32) -> Result<Self, StudyError> {
        let mut evaluation = Self { enabled: true, cut_us: None, test_share: 0.3, folds: 1, history: None, bootstrap };
        let Some(item) = top.item("evaluation") else { return Ok(evaluation) };
        let section = item.section(keys::EVALUATION)?;
        if let Some(item) = section.item("enabled") {
            evaluation.enabled = item.flag()?;
        }
        if let Some(item) = section.item("test_share") {
            evaluation.test_share = item.number()?;
            if !(0.01..=0.99).contains(&evaluation.test_share) {
                let sentence =
                    format!("`{}` is {} and should be from 0.01 to 0.99", item.path(), evaluation.test_share);
                return Err(item.invalid(sentence));
            }
        }
        if let Some(item) = section.item("cut") {
            if section.item("test_share").is_some() {
                return Err(item.invalid("give either `evaluation.cut` or `evaluation.test_share`, not both"));
            }
            let text = item.date_text()?;
            let start = text.parse::<Date>().ok().and_then(|date| date.to_zoned(TimeZone::UTC).ok());
            let Some(start) = start else {
                return Err(item.invalid(format!(
                    "`evaluation.cut` is \"{text}\"; write the date of the first day that tests, such as 2026-06-01"
                )));
            };
            evaluation.cut_us = Some(start.timestamp().as_microsecond());
        }
        if let Some(item) = section.item("folds") {
            evaluation.folds = item.integer()? as u32;
        }
        if let Some(item) = section.item("history") {
            evaluation.history = Some(item.texts()?);
        }
        if let Some(item) = section.item("bootstrap") {
            evaluation.bootstrap = item.integer()? as u32;
        }
        Ok(evaluation)
    }
}
