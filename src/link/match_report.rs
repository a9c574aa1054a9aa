//! How many records of each source found their counterpart, and how many could belong to several.

use super::LinkError;
use super::base_table::BaseTable;
use super::plan::LinkPlan;
use super::profile::{HOLDS, beginning};
use super::shared_keys::KeyColumn;
use crate::study::Validity;
use serde::Serialize;

/// One row of the match report: the records of a source held against another source's customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchRow {
    /// The source whose records are matched.
    pub source: String,
    /// The key of the source.
    pub key: String,
    /// Where the key is looked for.
    pub against: String,
    /// Records of the source.
    pub n_rows: u64,
    /// Records whose key is found once.
    pub n_matched: u64,
    /// Records whose key is not found.
    pub n_unmatched: u64,
    /// Records whose key is found more than once.
    pub n_ambiguous: u64,
}

/// One count to be made.
pub(super) struct Question {
    source: &'static str,
    key: &'static str,
    against: &'static str,
    pub statement: String,
}

/// The columns of keys of a plan, each with the one that it is held against: the customers table where there is one, else the
/// transactions, else the answers. A survey that knows no customers has none.
pub(super) fn pairs(plan: &LinkPlan) -> Vec<[KeyColumn; 2]> {
    if !plan.dated {
        return Vec::new();
    }
    let against = if plan.tables.customers.is_some() {
        "customers"
    } else if plan.tables.transactions.is_some() {
        "transactions"
    } else {
        "feedback"
    };
    let keys = plan.tables.named().flat_map(|(source, _)| match source {
        "referrals" => vec![KeyColumn { source, key: "referrer" }, KeyColumn { source, key: "referred" }],
        _ => vec![KeyColumn { source, key: "customer" }],
    });
    let others = keys.filter(|own| own.source != against);
    others.map(|own| [own, KeyColumn { source: against, key: "customer" }]).collect()
}

/// What to count for this plan. Answers are no list of all customers, so that nobody need be found among them.
pub(super) fn questions(plan: &LinkPlan) -> Vec<Question> {
    let pairs = pairs(plan).into_iter().filter(|[_, against]| against.source != "feedback");
    pairs
        .map(|[KeyColumn { source, key }, KeyColumn { source: against, .. }]| Question {
            source,
            key,
            against,
            statement: statement(source, key, against, plan.details.validity),
        })
        .collect()
}

fn statement(source: &str, key: &str, against: &str, validity: Validity) -> String {
    let keys = match (against, validity) {
        ("customers", Validity::Undated) => {
            "SELECT customer, COUNT(*) AS times FROM customers GROUP BY customer".to_owned()
        }
        // Rows that follow each other are one customer; rows that begin at one instant contradict each other.
        ("customers", Validity::Intervals) => format!(
            "SELECT customer, MAX(times) AS times FROM (SELECT customer, COUNT(*) AS times FROM customers WHERE {HOLDS} GROUP BY \
             customer, {}) rows_of GROUP BY customer",
            beginning()
        ),
        // A transaction log names a customer once per purchase: there a repeated key is no ambiguity.
        _ => format!("SELECT customer, 1 AS times FROM {against} GROUP BY customer"),
    };
    format!(
        "SELECT COUNT(*) AS n_rows, COUNT(*) FILTER (WHERE k.times = 1) AS n_matched, \
         COUNT(*) FILTER (WHERE k.times IS NULL) AS n_unmatched, COUNT(*) FILTER (WHERE k.times > 1) AS n_ambiguous\n\
         FROM {source} s LEFT JOIN ({keys}) k ON k.customer = s.{key}"
    )
}

impl Question {
    pub fn answer(&self, table: &BaseTable) -> Result<MatchRow, LinkError> {
        let count = |name: &str| table.count(name);
        Ok(MatchRow {
            source: self.source.to_owned(),
            key: self.key.to_owned(),
            against: self.against.to_owned(),
            n_rows: count("n_rows")?,
            n_matched: count("n_matched")?,
            n_unmatched: count("n_unmatched")?,
            n_ambiguous: count("n_ambiguous")?,
        })
    }
}
