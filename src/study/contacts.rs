//! What is asked of contacts: whether channels are alike, whether the company's own indicators say what customers say, and
//! what teams are best at.

use super::section::{Item, Section};
use super::{StudyError, keys};
use serde::Serialize;

/// How channels are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ChannelComparison {
    /// Columns of the history and of the profile that tell who uses which channel, and are held constant; `None` for the
    /// segment, tenure, purchases so far and spend in the longest window.
    pub people: Option<Vec<String>>,
    /// Days before the answer in which contacts count as one way through the company; `None` for the shortest window of the
    /// history.
    pub hand_off_days: Option<u32>,
}

/// When the company's indicator is good.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GoodWhen {
    /// It is one of these values.
    Is(Vec<String>),
    /// It is at least this.
    AtLeast(f64),
    /// It is at most this.
    AtMost(f64),
}

/// One indicator of the company and the customer's score on the same contact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Perception {
    /// The column of the indicator, such as first-contact resolution or waiting time.
    pub indicator: String,
    /// When it is good.
    pub good: GoodWhen,
    /// The column of the customer's score: a touchpoint, or the recommend answer.
    pub score: String,
    /// The customer is content from this score on.
    pub content_from: f64,
    /// The column with the length of the contact.
    pub length: Option<String>,
}

/// How teams are placed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Teams {
    /// The column that names the team.
    pub unit: String,
    /// The column of the contact's cost.
    pub cost: String,
    /// The column of the revenue that followed; `None` for what `[outcomes.spend]` counts.
    pub revenue: Option<String>,
}

impl ChannelComparison {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::CHANNELS)?;
        let days = section.item("hand_off_days").map(|item| item.integer()).transpose()?;
        Ok(Self {
            people: section.item("people").map(|item| item.texts()).transpose()?,
            hand_off_days: days.map(|days| days as u32),
        })
    }
}

impl Perception {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::PERCEPTION)?;
        let indicator = section.required("indicator", "the column of the company's own indicator")?;
        let score = section.required("score", "the column of the customer's score on the same contact")?;
        let content = section.required("content_from", "the score from which a customer is content, such as 8")?;
        Ok(Self {
            indicator: indicator.text()?,
            good: GoodWhen::read(&section, item)?,
            score: score.text()?,
            content_from: content.number()?,
            length: section.text("length")?,
        })
    }
}

impl GoodWhen {
    fn read(section: &Section<'_, '_>, whole: &Item<'_, '_>) -> Result<Self, StudyError> {
        let number = |key: &str| section.item(key).map(|item| item.number()).transpose();
        let is = section.item("good").map(|item| {
            let values = item.elements("a value or a list of values")?;
            values.iter().map(Item::text_or_number).collect::<Result<Vec<String>, StudyError>>()
        });
        match (is.transpose()?, number("at_least")?, number("at_most")?) {
            (Some(values), None, None) => Ok(Self::Is(values)),
            (None, Some(least), None) => Ok(Self::AtLeast(least)),
            (None, None, Some(most)) => Ok(Self::AtMost(most)),
            _ => Err(whole.invalid(format!(
                "`{}` should say when the indicator is good by one of `good` (its good values), `at_least` and `at_most`",
                whole.path()
            ))),
        }
    }
}

impl Teams {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::TEAMS)?;
        Ok(Self {
            unit: section.required("unit", "the column that names the team")?.text()?,
            cost: section.required("cost", "the column of the contact's cost")?.text()?,
            revenue: section.text("revenue")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Study;
    use super::*;
    use std::path::Path;

    fn read(measures: &str) -> Result<Study, StudyError> {
        let text = format!(
            "[study]\nname = \"s\"\nas_of = 2026-12-31\n[sources.feedback]\npath = \"f.csv\"\nsnapshot = true\nrecommend = \
             \"nps\"\nkeep = [\"resolved\"]\n{measures}"
        );
        Study::parse(&text, Path::new(""))
    }

    fn problem(measures: &str) -> String {
        read(measures).map(|_| ()).expect_err("refused").to_string()
    }

    const PERCEPTION: &str =
        "[[measures.perception]]\nindicator = \"resolved\"\nscore = \"recommend\"\ncontent_from = 9\n";

    #[test]
    fn an_indicator_is_good_by_one_rule() {
        let good =
            |rule: &str| read(&format!("{PERCEPTION}{rule}")).expect("a study").measures.perception[0].good.clone();
        assert_eq!(good("good = [\"yes\", 1]"), GoodWhen::Is(vec!["yes".to_owned(), "1".to_owned()]));
        assert_eq!(good("at_most = 60"), GoodWhen::AtMost(60.0));
        assert_eq!(good("at_least = 0.5"), GoodWhen::AtLeast(0.5));
        for rule in ["", "at_most = 60\nat_least = 3"] {
            let said = problem(&format!("{PERCEPTION}{rule}"));
            assert!(said.contains("`measures.perception[0]` should say when the indicator is good"), "{said}");
        }
    }

    #[test]
    fn activity_alone_does_not_tell_who_is_a_customer() {
        let text = |source: &str| {
            format!(
                "[study]\nname = \"s\"\nas_of = 2026-12-31\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \
                 \"who\"\ntime = \"when\"\nrecommend = \"nps\"\n{source}[measures]\npropensity = true\n"
            )
        };
        let read = |source: &str| Study::parse(&text(source), Path::new("")).map(|study| study.measures.propensity);
        let activity = "[sources.activity]\npath = \"a.csv\"\ncustomer = \"who\"\ntime = \"when\"\n";
        let said = read(activity).expect_err("refused").to_string();
        assert!(
            said.contains("add [sources.transactions] or [sources.customers], which tell who is a customer"),
            "{said}"
        );
        let customers = format!("{activity}[sources.customers]\npath = \"c.csv\"\ncustomer = \"who\"\n");
        assert!(read(&customers).expect("a study"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let said = problem("[measures.channels]\nhand_off_days = 30");
        assert!(said.contains("needs contacts"), "{said}");
        let said = problem("[measures.teams]\nunit = \"resolved\"\ncost = \"resolved\"");
        assert!(said.contains("needs the revenue that followed"), "{said}");
        let said = problem("[measures.panel]\nunit = \"resolved\"");
        assert!(said.contains("who answered and when"), "{said}");
        let said = problem("[measures.teams]\nunit = \"resolved\"\ncosts = \"resolved\"");
        assert!(said.contains("costs") && said.contains("cost"), "{said}");
    }
}
