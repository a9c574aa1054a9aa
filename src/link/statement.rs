//! The SQL of the join, written from a plan. Plain SQL without functions of our own, so that the same statement can
//! run elsewhere.
//!
//! Every source that is there adds one common table expression with its sums by anchor; they are joined to the anchors
//! by row, or by customer where they hold one row a customer.

use super::outcome_window::OutcomeWindow;
use super::plan::{Anchors, LinkPlan};
use super::sql::{Derived, Part, Reading, Role, days, literal, quoted};
use crate::study::LifecycleRule;
use std::fmt::Write as _;

/// The study's own tables.
pub(super) fn own_tables(anchors: Anchors) -> Reading {
    Reading { anchors: anchors.table(), prefix: "", preamble: Vec::new() }
}

impl LinkPlan {
    /// The columns of numbers that were known before an answer, in order; profile columns are not among them.
    pub fn history(&self) -> Vec<String> {
        self.names(Role::History)
    }

    /// The columns of texts that were known before an answer, in order: the last contact and the stage of life.
    pub fn history_texts(&self) -> Vec<String> {
        let mut names = self.names(Role::HistoryText);
        names.extend(self.has_stages().then(|| "lifecycle_stage".to_owned()));
        names
    }

    /// The columns of what happened after an answer, in order.
    pub fn outcomes(&self) -> Vec<String> {
        self.names(Role::Outcome)
    }

    /// All columns of the base table of the answers.
    pub(super) fn columns(&self) -> Vec<String> {
        let mut names = vec!["row".to_owned()];
        names.extend(if self.dated { vec!["customer".to_owned(), "t".to_owned()] } else { Vec::new() });
        names.push("recommend".to_owned());
        names.extend(self.touchpoints.iter().chain(&self.kept).cloned());
        names.extend(self.weighted.then(|| "weight".to_owned()));
        names.extend(self.profile.iter().map(|column| column.name.clone()).filter(|_| self.dated));
        names.extend((self.dated && self.knows_customers()).then(|| "known".to_owned()));
        names.extend(self.history());
        names.extend(self.history_texts());
        names.extend(self.outcomes());
        names
    }

    /// The statement of the base table, ordered by `row`.
    ///
    /// History counts events before the anchor's `t` (windows are half-open, `[t - w, t)`), outcomes events in
    /// `(t, t + w]`. Money is summed in ten-thousandths as integers, so that the sum does not depend on the order.
    pub fn statement(&self, anchors: Anchors) -> String {
        self.statement_from(anchors, &own_tables(anchors))
    }

    pub(super) fn statement_from(&self, anchors: Anchors, reading: &Reading) -> String {
        let mut columns = vec!["a.\"row\"".to_owned()];
        if self.dated {
            columns.extend(["a.customer".to_owned(), "a.t".to_owned()]);
        }
        let feedback = |column: &String| format!("a.{}", quoted(column));
        columns.push("a.recommend".to_owned());
        columns.extend(self.touchpoints.iter().map(feedback));
        if anchors == Anchors::Answers {
            columns.extend(self.kept.iter().map(feedback));
            columns.extend(self.weighted.then(|| "a.weight".to_owned()));
        }
        let parts = self.parts(reading);
        if self.dated {
            let derived = self.derived(&parts);
            let of = |role: Role| derived.iter().filter(move |column| column.role == role).map(Derived::column);
            columns.extend(of(Role::Profile));
            columns.extend(self.known().map(|known| format!("{known} AS known")));
            columns.extend(of(Role::History).chain(of(Role::HistoryText)).chain(of(Role::Outcome)));
        }
        let mut with = reading.preamble.clone();
        let mut joins = String::new();
        for part in &parts {
            with.push(format!("{} AS (\n{}\n)", part.name, part.body));
            let _ = write!(joins, "\nLEFT JOIN {} ON {}", part.name, part.on);
        }
        let with = if with.is_empty() { String::new() } else { format!("WITH {}\n", with.join(",\n")) };
        let table = reading.anchors;
        let rows = format!("SELECT\n  {}\nFROM {table} a{joins}", columns.join(",\n  "));
        if self.dated && self.has_stages() {
            let stage = stage(&self.details.lifecycle);
            format!("{with}SELECT seen.*,\n  {stage} AS lifecycle_stage\nFROM (\n{rows}\n) seen\nORDER BY seen.\"row\"")
        } else {
            format!("{with}{rows}\nORDER BY a.\"row\"")
        }
    }

    /// The statement of the table `anchors`: every customer known before the study's date with that date, the latest 0-10 answer
    /// before it, and the touchpoints of the latest answer of any kind. Rows are numbered in the order of the customers' keys.
    pub fn customer_anchors(&self) -> String {
        let sources: Vec<String> = self
            .tables
            .named()
            .filter_map(|(name, _)| {
                match name {
                    "customers" => Some(format!("joined_t IS NULL OR joined_t < {}", self.as_of)),
                    "feedback" | "transactions" => Some(format!("t < {}", self.as_of)),
                    _ => None,
                }
                .map(|condition| format!("SELECT customer FROM {name} WHERE {condition}"))
            })
            .collect();
        let scored = |prefix: &str| -> String {
            self.touchpoints.iter().map(|column| format!(", {prefix}{}", quoted(column))).collect()
        };
        let mut joins = self.latest_answer("said", ", recommend", "recommend IS NOT NULL AND ");
        if !self.touchpoints.is_empty() {
            joins.push_str(&self.latest_answer("scored", &scored(""), ""));
        }
        format!(
            "SELECT CAST(ROW_NUMBER() OVER (ORDER BY known.customer) - 1 AS BIGINT) AS \"row\", known.customer, CAST({as_of} AS BIGINT) \
             AS t, said.recommend{scored}\nFROM (SELECT DISTINCT customer FROM ({sources}) mentioned) known{joins}",
            as_of = self.as_of,
            scored = scored("scored."),
            sources = sources.join(" UNION ALL ")
        )
    }

    /// Columns of every customer's latest answer before the study's date of which a condition holds.
    fn latest_answer(&self, name: &str, columns: &str, condition: &str) -> String {
        format!(
            "\nLEFT JOIN (\n  SELECT customer{columns}, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY t DESC, \"row\" \
             DESC) AS place\n  FROM feedback WHERE {condition}t < {as_of}\n) {name} ON {name}.customer = known.customer AND \
             {name}.place = 1",
            as_of = self.as_of
        )
    }

    fn names(&self, role: Role) -> Vec<String> {
        if !self.dated {
            return Vec::new();
        }
        let parts = self.parts(&own_tables(Anchors::Answers));
        self.derived(&parts).into_iter().filter(|column| column.role == role).map(|column| column.name).collect()
    }

    /// What each source that is there adds, in the order of the columns.
    fn parts(&self, reading: &Reading) -> Vec<Part> {
        let tables = &self.tables;
        let mut parts = Vec::new();
        if !self.dated {
            return parts;
        }
        if tables.customers.is_some() {
            parts.push(self.profile_part(reading));
        }
        if tables.transactions.is_some() {
            parts.push(self.bought(reading));
        }
        if tables.activity.is_some() {
            parts.push(self.active(reading));
            parts.extend(self.details.contacts.as_ref().map(|contacts| self.contacted(contacts, reading)));
        }
        if tables.referrals.is_some() {
            parts.push(self.brought(reading));
            parts.push(self.came(reading));
            parts.extend(self.converted(reading));
        }
        if tables.feedback.is_some() {
            parts.push(self.answered(reading));
        }
        if tables.junctures.is_some() && !self.details.junctures.is_empty() {
            parts.push(self.met(reading));
        }
        if tables.exposures.is_some() {
            parts.push(self.exposed(reading));
        }
        if tables.customers.is_some() {
            parts.extend(self.churned(reading));
        }
        parts
    }

    /// The computed columns, with those that rest on several sources.
    fn derived(&self, parts: &[Part]) -> Vec<Derived> {
        let mut columns: Vec<Derived> = self.tenure().into_iter().collect();
        columns.extend(parts.iter().flat_map(|part| part.columns.iter().cloned()));
        columns.extend(self.windows.iter().filter_map(|window| match window {
            OutcomeWindow::Lapse { days } => Some(self.lapse(window, *days)),
            _ => None,
        }));
        columns
    }

    /// Days since the customer joined, or since the first purchase where no date of joining lies before the anchor: a
    /// date after it must not make a difference.
    fn tenure(&self) -> Option<Derived> {
        let joined = "CASE WHEN profile.joined_t < a.t THEN profile.joined_t";
        let since = match (&self.tables.customers, &self.tables.transactions) {
            (Some(_), Some(_)) => format!("{joined} ELSE bought.first_t END"),
            (Some(_), None) => format!("{joined} END"),
            (None, Some(_)) => "bought.first_t".to_owned(),
            (None, None) => return None,
        };
        Some(Derived::new(Role::History, "tenure_days", days(&format!("a.t - {since}"))))
    }

    fn lapse(&self, window: &OutcomeWindow, days: u32) -> Derived {
        let none = [
            self.tables.transactions.as_ref().map(|_| format!("COALESCE(bought.next_purchases_{days}d, 0) = 0")),
            self.tables.activity.as_ref().map(|_| format!("COALESCE(active.next_activity_{days}d, 0) = 0")),
        ];
        let none: Vec<String> = none.into_iter().flatten().collect();
        let value = format!("CASE WHEN {} THEN 1.0 ELSE 0.0 END", none.join(" AND "));
        Derived::new(Role::Outcome, window.count_column(), value)
    }

    /// Whether the customer is in the source that knows all customers: the profiles, else the transactions before the
    /// answer (later ones are what is to be predicted). Behaviour of others cannot be observed, which is something else
    /// than none.
    fn known(&self) -> Option<&'static str> {
        if self.tables.customers.is_some() {
            Some("CASE WHEN profile.customer IS NULL THEN 0.0 ELSE 1.0 END")
        } else if self.tables.transactions.is_some() {
            Some("CASE WHEN COALESCE(bought.frequency, 0) > 0 THEN 1.0 ELSE 0.0 END")
        } else {
            None
        }
    }

    /// Whether there is a column `known`.
    pub(super) fn knows_customers(&self) -> bool {
        self.known().is_some()
    }

    fn has_stages(&self) -> bool {
        self.dated && !self.details.lifecycle.is_empty()
    }
}

/// The first rule that holds names the stage.
fn stage(rules: &[LifecycleRule]) -> String {
    let cases: String = rules
        .iter()
        .map(|rule| {
            let conditions: Vec<String> = rule
                .all
                .iter()
                .map(|condition| {
                    // The number is written as the shortest text that reads back as the same number.
                    let value = format!("CAST({} AS DOUBLE)", condition.value);
                    format!("seen.{} {} {value}", quoted(&condition.column), condition.comparison.sign())
                })
                .collect();
            let when = if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") };
            format!(" WHEN {when} THEN {}", literal(&rule.stage))
        })
        .collect();
    format!("CASE{cases} END")
}
