//! What happened between the survey and the answer, and what of a profile is younger than the answer.

use super::LinkError;
use super::engine::Engine;
use super::plan::{Anchors, LinkPlan};
use super::sql::quoted;
use super::statement::own_tables;
use crate::study::Validity;

/// Events between the start of the survey and the answer. A window that opened at the invitation instead of the answer
/// would count them as outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyEvents {
    /// The table: `transactions` or `referrals`.
    pub source: &'static str,
    /// Answers.
    pub n_answers: u64,
    /// Answers whose invitation or start of fieldwork is known and not later than the answer.
    pub n_asked: u64,
    /// Events in `[asked, t)`.
    pub n_events: u64,
    /// Answers with such an event.
    pub n_answers_with: u64,
    /// Events at the very instant of the answer: they count neither as history nor as outcome.
    pub n_events_at_answer: u64,
}

/// Customers who answered and bought twice, by when their second purchase was. Whoever counts all of them as repeat
/// buyers counts purchases that no answer can have gone before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepeatBuyers {
    /// Customers who answered.
    pub n_customers: u64,
    /// Of these, customers of whom it is known when the survey reached them.
    pub n_asked: u64,
    /// Of those who answered, customers with at least two purchases before the study's date.
    pub n_repeat: u64,
    /// Of these repeat buyers, customers whose second purchase came before the survey reached them: before their first invitation, or
    /// the start of the fieldwork.
    pub n_before_survey: u64,
    /// Of the repeat buyers, customers whose second purchase came before their first answer.
    pub n_before_answer: u64,
}

/// What of a column of the profile is younger than the answers it stands beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileTiming {
    /// The column.
    pub column: String,
    /// Answers whose customer has a profile.
    pub n_answers: u64,
    /// Answers before which there was no value yet: all rows of the profile begin, or the customer joined, at the answer
    /// or after it. `None` if the profile does not say since when it holds.
    pub n_later: Option<u64>,
    /// Answers beside which the newest value would be another one than that of the time. `None` if the profile has no
    /// history.
    pub n_changed: Option<u64>,
}

impl Engine {
    pub(super) fn early_events(&self, fieldwork_from: Option<i64>) -> Result<Vec<EarlyEvents>, LinkError> {
        let plan = self.plan();
        let tables = &plan.tables;
        let sources = [
            ("transactions", "customer", tables.transactions.is_some()),
            ("referrals", "referrer", tables.referrals.is_some()),
        ];
        sources
            .into_iter()
            .filter(|(_, _, there)| *there)
            .map(|(source, key, _)| {
                let counts = self
                    .rows(&plan.early_events(source, key, fieldwork_from), "counting what lies before the answers")?;
                Ok(EarlyEvents {
                    source,
                    n_answers: counts.count("n_answers")?,
                    n_asked: counts.count("n_asked")?,
                    n_events: counts.count("n_events")?,
                    n_answers_with: counts.count("n_answers_with")?,
                    n_events_at_answer: counts.count("n_events_at_answer")?,
                })
            })
            .collect()
    }

    pub(super) fn repeat_buyers(&self, fieldwork_from: Option<i64>) -> Result<Option<RepeatBuyers>, LinkError> {
        let plan = self.plan();
        if plan.tables.transactions.is_none() {
            return Ok(None);
        }
        let counts = self.rows(&plan.repeat_buyers(fieldwork_from), "counting second purchases")?;
        Ok(Some(RepeatBuyers {
            n_customers: counts.count("n_customers")?,
            n_asked: counts.count("n_asked")?,
            n_repeat: counts.count("n_repeat")?,
            n_before_survey: counts.count("n_before_survey")?,
            n_before_answer: counts.count("n_before_answer")?,
        }))
    }

    pub(super) fn profile_timing(&self) -> Result<Vec<ProfileTiming>, LinkError> {
        let plan = self.plan();
        if plan.tables.customers.is_none() {
            return Ok(Vec::new());
        }
        let counts = self.rows(&plan.profile_timing(), "dating the profiles")?;
        let n_answers = counts.count("n_answers")?;
        let joined_later = Some(counts.count("n_joined_later")?);
        let mut rows =
            vec![ProfileTiming { column: "joined_t".to_owned(), n_answers, n_later: joined_later, n_changed: None }];
        for (place, column) in plan.profile.iter().enumerate() {
            let (n_later, n_changed) = match plan.details.validity {
                Validity::Undated => (None, None),
                Validity::Intervals => {
                    (Some(counts.count("n_later")?), Some(counts.count(&format!("n_changed_{place}"))?))
                }
            };
            rows.push(ProfileTiming { column: column.name.clone(), n_answers, n_later, n_changed });
        }
        Ok(rows)
    }
}

impl LinkPlan {
    /// Answers with the instant at which their customer was asked: the last invitation up to the answer, else the start
    /// of the fieldwork where that is not later.
    pub(super) fn asked(&self, fieldwork_from: Option<i64>) -> String {
        let fieldwork = match fieldwork_from {
            Some(from) => format!("CASE WHEN a.t >= {from} THEN {from} END"),
            None => "CAST(NULL AS BIGINT)".to_owned(),
        };
        match self.tables.invitations {
            Some(_) => format!(
                "  SELECT a.\"row\", a.customer, a.t, COALESCE(MAX(i.t), {fieldwork}) AS asked_t\n  FROM feedback a LEFT \
                 JOIN invitations i ON i.customer = a.customer AND i.t <= a.t\n  GROUP BY a.customer, a.\"row\", a.t"
            ),
            None => format!("  SELECT a.\"row\", a.customer, a.t, {fieldwork} AS asked_t FROM feedback a"),
        }
    }

    fn early_events(&self, source: &str, key: &str, fieldwork_from: Option<i64>) -> String {
        let events = match source {
            "transactions" if self.orders => self.orders_alone(),
            "transactions" => {
                format!("SELECT {key} AS customer, t FROM {source} WHERE t < {}{}", self.as_of, self.but_returns(""))
            }
            _ => format!("SELECT {key} AS customer, t FROM {source} WHERE t < {}{}", self.as_of, self.of_brought("")),
        };
        format!(
            "WITH asked AS (\n{asked}\n),\nearly AS (\n  SELECT s.\"row\", s.asked_t, COUNT(*) FILTER (WHERE x.t >= \
             s.asked_t AND x.t < s.t) AS n_events, COUNT(*) FILTER (WHERE x.t = s.t) AS n_at_answer\n  FROM asked s LEFT \
             JOIN ({events}) x ON x.customer = s.customer\n  \
             GROUP BY s.\"row\", s.asked_t\n)\nSELECT COUNT(*) AS n_answers, COUNT(asked_t) AS n_asked, \
             COALESCE(SUM(n_events), 0) AS n_events, COUNT(*) FILTER (WHERE n_events > 0) AS n_answers_with, \
             COALESCE(SUM(n_at_answer), 0) AS n_events_at_answer FROM early",
            asked = self.asked(fieldwork_from)
        )
    }

    fn repeat_buyers(&self, fieldwork_from: Option<i64>) -> String {
        let purchases = if self.orders {
            format!("(\n{}\n) orders", self.orders_alone())
        } else {
            format!("transactions WHERE t < {}{}", self.as_of, self.but_returns(""))
        };
        format!(
            "WITH asked AS (\n{asked}\n),\nanswered AS (\n  SELECT customer, MIN(t) AS t, MIN(asked_t) AS asked_t FROM \
             asked GROUP BY customer\n),\nordered AS (\n  SELECT customer, t, ROW_NUMBER() OVER (PARTITION BY customer \
             ORDER BY t) AS place FROM {purchases}\n)\nSELECT COUNT(*) AS n_customers, \
             COUNT(s.asked_t) AS n_asked, COUNT(x.t) AS n_repeat, COUNT(*) FILTER (WHERE x.t < s.asked_t) AS n_before_survey, COUNT(*) FILTER (WHERE \
             x.t < s.t) AS n_before_answer\nFROM answered s LEFT JOIN (SELECT customer, t FROM ordered WHERE place = 2) x \
             ON x.customer = s.customer",
            asked = self.asked(fieldwork_from)
        )
    }

    fn profile_timing(&self) -> String {
        let part = self.profile_part(&own_tables(Anchors::Answers));
        let (newest, changed) = match self.details.validity {
            Validity::Undated => ("SELECT * FROM profile", String::new()),
            Validity::Intervals => {
                let changed = part.columns.iter().enumerate().map(|(place, column)| {
                    format!(
                        ", COUNT(*) FILTER (WHERE profile.customer IS NOT NULL AND ({}) IS DISTINCT FROM newest.{}) AS \
                         n_changed_{place}",
                        column.value,
                        quoted(&column.name)
                    )
                });
                ("SELECT * FROM profile WHERE next_from IS NULL", changed.collect())
            }
        };
        format!(
            "WITH profile AS (\n{body}\n),\nnewest AS ({newest})\nSELECT COUNT(newest.customer) AS n_answers, COUNT(*) \
             FILTER (WHERE newest.joined_t >= a.t) AS n_joined_later, COUNT(*) FILTER (WHERE newest.customer IS NOT NULL \
             AND profile.customer IS NULL) AS n_later{changed}\nFROM feedback a LEFT JOIN profile ON {on} LEFT JOIN newest \
             ON newest.customer = a.customer",
            body = part.body,
            on = part.on
        )
    }
}
