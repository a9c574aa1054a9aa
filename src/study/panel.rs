//! Units by periods: whether scores go before what becomes of the business.

use super::section::Item;
use super::{StudyError, keys};
use serde::Serialize;

/// The length of a period of a panel, by the calendar of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A month.
    Month,
    /// A quarter of a year.
    Quarter,
}

impl Period {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("month", Self::Month), ("quarter", Self::Quarter)];
}

/// Units whose scores are held against what became of them later.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Panel {
    /// The column that names the unit, such as the shop or the region.
    pub unit: String,
    /// The length of a period.
    pub period: Period,
    /// Periods by which the score comes before the outcome.
    pub lags: Vec<u32>,
    /// A column of numbers of the answers that holds the unit's margin.
    pub margin: Option<String>,
}

impl Panel {
    pub(super) fn read(item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::PANEL)?;
        let mut lags = Vec::new();
        if let Some(item) = section.item("lags") {
            for item in item.elements("a list of periods such as [1, 2]")? {
                lags.push(item.integer()? as u32);
            }
            lags.sort_unstable();
            lags.dedup();
        }
        if lags.is_empty() {
            lags.push(1);
        }
        Ok(Self {
            unit: section.required("unit", "the column that names the unit, such as the shop")?.text()?,
            period: section.item("period").map_or(Ok(Period::Month), |item| item.word(&Period::WORDS))?,
            lags,
            margin: section.text("margin")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Study;
    use super::*;
    use std::path::Path;

    #[test]
    fn lags_are_in_order_and_one_where_nothing_is_said() {
        let read = |panel: &str| {
            let text = format!(
                "[study]\nname = \"s\"\nas_of = 2026-12-31\n[sources.feedback]\npath = \"f.csv\"\ncustomer = \"who\"\ntime = \
                 \"when\"\nrecommend = \"nps\"\nkeep = [\"shop\", \"margin\"]\n[measures.panel]\nunit = \"shop\"\n{panel}"
            );
            Study::parse(&text, Path::new("")).map(|study| study.measures.panel).map_err(|problem| problem.to_string())
        };
        let panel =
            read("margin = \"margin\"\nlags = [3, 1, 3]\nperiod = \"quarter\"").expect("a study").expect("a panel");
        assert_eq!((panel.lags, panel.period), (vec![1, 3], Period::Quarter));
        let panel = read("margin = \"margin\"").expect("a study").expect("a panel");
        assert_eq!((panel.lags, panel.period), (vec![1], Period::Month));
        let said = read("").expect_err("refused");
        assert!(said.contains("needs purchases or a `margin`"), "{said}");
    }
}
