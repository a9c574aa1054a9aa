//! Who the customer was: the profile as it held just before the anchor, and the date of leaving.

use super::outcome_window::OutcomeWindow;
use super::plan::LinkPlan;
use super::sql::{Derived, Part, Reading, Role, quoted, span};
use crate::study::Validity;

/// Stands for an open start and an open end: further away than any instant.
const EVER: i64 = 4_000_000_000_000_000_000;

/// Which rows of profiles with a history hold at any time.
pub(super) const HOLDS: &str = "valid_from IS NULL OR valid_to IS NULL OR valid_to > valid_from";

/// When a row of such a profile begins.
pub(super) fn beginning() -> String {
    format!("COALESCE(valid_from, -{EVER})")
}

/// What several rows say: what all of them do, and nothing where they do not agree.
fn agreed(column: &str) -> String {
    format!("CASE WHEN MIN({column}) = MAX({column}) AND COUNT({column}) = COUNT(*) THEN MIN({column}) END")
}

impl LinkPlan {
    /// Profile by customer, or by customer and interval. A customer named twice does not double an anchor.
    pub(super) fn profile_part(&self, reading: &Reading) -> Part {
        let said = |name: &str| match self.details.validity {
            // Of a customer there is one row.
            Validity::Undated => format!("MIN({name})"),
            Validity::Intervals => agreed(name),
        };
        let names = self.profile.iter().map(|column| quoted(&column.name));
        let columns: String = names.map(|name| format!(", {} AS {name}", said(&name))).collect();
        let table = reading.table("customers");
        let carried = self.profile.iter().map(|column| {
            let plain = format!("profile.{}", quoted(&column.name));
            let value = match self.details.validity {
                Validity::Undated => plain,
                Validity::Intervals => format!("CASE WHEN profile.valid_to >= a.t THEN {plain} END"),
            };
            Derived::new(Role::Profile, column.name.clone(), value)
        });
        let columns_out = carried.collect();
        match self.details.validity {
            Validity::Undated => Part {
                name: "profile",
                body: format!(
                    "  SELECT customer, MIN(joined_t) AS joined_t{columns}\n  FROM {table} GROUP BY customer"
                ),
                on: "profile.customer = a.customer".to_owned(),
                columns: columns_out,
            },
            Validity::Intervals => Part {
                name: "profile",
                // Where intervals overlap the one that began last holds.
                body: format!(
                    "  SELECT *, LEAD(valid_from) OVER (PARTITION BY customer ORDER BY valid_from) AS next_from\n  FROM \
                     (\n    SELECT customer, {beginning} AS valid_from, MAX(COALESCE(valid_to, {EVER})) AS valid_to, MIN(joined_t) \
                     AS joined_t{columns}\n    FROM {table} WHERE {HOLDS} GROUP BY customer, {beginning}\n  ) intervals",
                    beginning = beginning()
                ),
                // The row that held at the last instant before the anchor.
                on: "profile.customer = a.customer AND profile.valid_from < a.t AND (profile.next_from IS NULL OR \
                     profile.next_from >= a.t)"
                    .to_owned(),
                columns: columns_out,
            },
        }
    }

    /// The instant at which a customer left, by customer; nothing if no outcome asks for it.
    pub(super) fn churned(&self, reading: &Reading) -> Option<Part> {
        let columns: Vec<Derived> = self
            .windows
            .iter()
            .filter_map(|window| match window {
                OutcomeWindow::Churn { days } => Some(Derived::new(
                    Role::Outcome,
                    window.count_column(),
                    format!(
                        "CASE WHEN churned.churned_t <= a.t THEN NULL WHEN churned.churned_t <= a.t + {} THEN 1.0 ELSE \
                         0.0 END",
                        span(*days)
                    ),
                )),
                _ => None,
            })
            .collect();
        (!columns.is_empty()).then(|| Part {
            name: "churned",
            body: format!(
                "  SELECT customer, MIN(churned_t) AS churned_t\n  FROM {} WHERE churned_t < {} GROUP BY customer",
                reading.table("customers"),
                self.as_of
            ),
            on: "churned.customer = a.customer".to_owned(),
            columns,
        })
    }
}
