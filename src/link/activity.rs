//! Activity: counts by kind, and contacts with what they repeat, where they moved, and how they were rated.

use super::outcome_window::OutcomeWindow;
use super::plan::LinkPlan;
use super::sql::{Aggregates, Derived, Part, Reading, Role, after, before, literal, span};
use crate::study::{Contacts, Same};

/// The last contact before the anchor: no other of the customer stands between it and the anchor.
const IS_LAST: &str = "x.t < a.t AND (x.next_t IS NULL OR x.next_t >= a.t)";

impl LinkPlan {
    /// Activity by anchor.
    pub(super) fn active(&self, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        let mut columns = Vec::new();
        for &days in &self.history_windows_days {
            sums.count(format!("activity_{days}d"), &before("x.t", days));
        }
        for kind in &self.details.activity_kinds {
            for &days in &self.history_windows_days {
                let condition = format!("x.kind = {} AND {}", literal(kind), before("x.t", days));
                sums.count(format!("activity_{kind}_{days}d"), &condition);
            }
        }
        let names = std::iter::once("activity".to_owned())
            .chain(self.details.activity_kinds.iter().map(|kind| format!("activity_{kind}")));
        for name in names {
            columns.extend(self.by_window(&name).map(|name| Derived::count(Role::History, "active", name)));
        }
        let mut until = "a.t".to_owned();
        for window in &self.windows {
            if let OutcomeWindow::Lapse { days } = window {
                sums.count(format!("next_activity_{days}d"), &after("x.t", *days));
                until = self.as_of.to_string();
            }
        }
        let from = format!(
            "{} a JOIN {} x ON x.customer = a.customer\n  WHERE x.t < {until}",
            reading.anchors,
            reading.table("activity")
        );
        Part::by_row("active", sums.by_row(&from), columns)
    }

    /// The statement of all activity before the study's date.
    pub fn activity(&self) -> String {
        format!("SELECT customer, t FROM activity WHERE t < {}", self.as_of)
    }

    /// Contacts by anchor.
    ///
    /// Contacts at one instant stand in the order of kind, channel and what else is known of them, so that the last one
    /// and the one before are the same in every run.
    pub(super) fn contacted(&self, contacts: &Contacts, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        let repeats = format!("x.same_t >= x.t - {}", span(contacts.repeat_within_days));
        sums.add("last_t", "MAX(x.t)", "x.t < a.t");
        sums.add("last_contact_kind", "MAX(x.kind)", IS_LAST);
        sums.add("last_contact_channel", "MAX(x.channel)", IS_LAST);
        let mut counts: Vec<&str> = vec!["contacts", "repeat_contacts", "channel_switches", "handoffs"];
        for &days in &self.history_windows_days {
            let within = before("x.t", days);
            let both = format!("{within} AND x.earlier_t >= a.t - {}", span(days));
            sums.count(format!("contacts_{days}d"), &within);
            sums.count(format!("repeat_contacts_{days}d"), &format!("{within} AND {repeats}"));
            sums.count(format!("channel_switches_{days}d"), &format!("{both} AND x.channel <> x.earlier_channel"));
            sums.count(format!("handoffs_{days}d"), &format!("{within} AND {repeats} AND x.channel <> x.same_channel"));
            if contacts.rated {
                sums.add(format!("worst_contact_rating_{days}d"), "MIN(x.rating)", &within);
            }
        }
        let mut columns: Vec<Derived> = counts
            .drain(..)
            .flat_map(|name| self.by_window(name).collect::<Vec<_>>())
            .map(|name| Derived::count(Role::History, "contacted", name))
            .collect();
        columns.push(Derived::days_since("days_since_contact", "contacted.last_t"));
        if contacts.rated {
            sums.add("last_contact_rating", "MAX(x.rating)", IS_LAST);
            let rating = |name: String| Derived::new(Role::History, name.clone(), format!("contacted.{name}"));
            columns.push(rating("last_contact_rating".to_owned()));
            columns.extend(self.by_window("worst_contact_rating").map(rating));
        }
        for name in ["last_contact_kind", "last_contact_channel"] {
            columns.push(Derived::new(Role::HistoryText, name, format!("contacted.{name}")));
        }
        let from = format!(
            "{} a JOIN (\n{}\n  ) x ON x.customer = a.customer\n  WHERE x.t < a.t",
            reading.anchors,
            self.contacts_in_order(contacts, &reading.table("activity"))
        );
        Part::by_row("contacted", sums.by_row(&from), columns)
    }

    fn contacts_in_order(&self, contacts: &Contacts, table: &str) -> String {
        let kinds: Vec<String> = contacts.kinds.iter().map(|kind| literal(kind)).collect();
        let topic = contacts.same == Same::Topic;
        let further = [(topic, ", topic"), (contacts.rated, ", rating")];
        let carried: String = further.iter().filter(|(asked, _)| *asked).map(|(_, column)| *column).collect();
        let order: String = ["t", "kind", "channel"]
            .join(", ")
            .split(", ")
            .chain(carried.split(", ").filter(|name| !name.is_empty()))
            .map(|name| format!("{name} NULLS LAST"))
            .collect::<Vec<_>>()
            .join(", ");
        let same = if topic { "topic, CASE WHEN topic IS NULL THEN kind END" } else { "kind" };
        let own = format!("OVER (PARTITION BY customer ORDER BY {order})");
        let about = format!("OVER (PARTITION BY customer, {same} ORDER BY {order})");
        // An empty list of kinds is no SQL, and means that nothing is a contact.
        let among = if kinds.is_empty() { "FALSE".to_owned() } else { format!("kind IN ({})", kinds.join(", ")) };
        format!(
            "    SELECT customer, t, kind, channel{carried}, LAG(t) {own} AS earlier_t, LAG(channel) {own} AS \
             earlier_channel, LEAD(t) {own} AS next_t,\n      LAG(t) {about} AS same_t, LAG(channel) {about} AS \
             same_channel\n    FROM {table} WHERE {among} AND t < {}",
            self.as_of
        )
    }
}
