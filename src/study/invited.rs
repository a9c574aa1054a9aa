//! Whom a plan of invitations may choose, and what it counts.

use super::section::Item;
use super::{StudyError, keys};
use serde::Serialize;

/// How many to invite of each segment at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedQuota {
    /// A kept column of the customers that says which segment each is in.
    pub column: String,
    /// By value of the column, in the order of the file. Customers of other values, or of none, fall under no quota.
    pub at_most: Vec<SegmentQuota>,
}

/// How many to invite of one segment at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentQuota {
    /// The value of the column.
    pub value: String,
    /// How many; 0 for nobody.
    pub n: u32,
}

/// What reaching a customer counts in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedValue {
    /// One each.
    Customers,
    /// The margin of what the customer bought.
    OwnValue,
    /// The margin of what the customer is expected to buy.
    LifetimeValue,
    /// A kept column of the customers; nothing where it is blank.
    Column(String),
}

impl SeedQuota {
    pub(super) fn read(item: &Item<'_, '_>, kept: &[String]) -> Result<Self, StudyError> {
        let section = item.section(keys::SEED_QUOTA)?;
        let column = kept_column(&section.required("column", "the kept column of the segments")?, kept)?;
        let table = section.required("at_most", "how many of each segment")?;
        let mut at_most = Vec::new();
        for (value, item) in table.open_section()?.items() {
            at_most.push(SegmentQuota { value, n: item.integer()? as u32 });
        }
        Ok(Self { column, at_most })
    }
}

impl SeedValue {
    pub(super) fn read(item: &Item<'_, '_>, kept: &[String], has_amounts: bool) -> Result<Self, StudyError> {
        match item.text()?.as_str() {
            "customers" => Ok(Self::Customers),
            "own-value" if has_amounts => Ok(Self::OwnValue),
            "lifetime-value" if has_amounts => Ok(Self::LifetimeValue),
            word @ ("own-value" | "lifetime-value") => Err(item.invalid(format!(
                "`{}` is `{word}`, which needs amounts; name `amount` in [sources.transactions]",
                item.path()
            ))),
            _ => Ok(Self::Column(kept_column(item, kept)?)),
        }
    }
}

pub(super) fn above_zero(item: &Item<'_, '_>) -> Result<f64, StudyError> {
    let value = item.number()?;
    if value > 0.0 {
        Ok(value)
    } else {
        Err(item.invalid(format!("`{}` is {value} and should be above 0", item.path())))
    }
}

pub(super) fn kept_column(item: &Item<'_, '_>, kept: &[String]) -> Result<String, StudyError> {
    let name = item.text()?;
    if kept.contains(&name) {
        return Ok(name);
    }
    Err(item.invalid(format!("`{}` names `{name}`, which is not among `keep` of [sources.customers]", item.path())))
}
