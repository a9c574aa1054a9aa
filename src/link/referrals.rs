//! Referrals made and received, and those that brought a buyer.

use super::outcome_window::OutcomeWindow;
use super::plan::LinkPlan;
use super::sql::{Aggregates, Derived, Part, Reading, Role, after, literal, span};

impl LinkPlan {
    /// Referrals made, by anchor.
    pub(super) fn brought(&self, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        sums.count("earlier_referrals", "x.t < a.t");
        let mut columns = vec![Derived::count(Role::History, "brought", "earlier_referrals")];
        for window in &self.windows {
            if let OutcomeWindow::Referrals { days } = window {
                sums.count(window.count_column(), &after("x.t", *days));
                columns.push(Derived::count(Role::Outcome, "brought", window.count_column()));
            }
        }
        let from = format!(
            "{} a JOIN {} x ON x.referrer = a.customer\n  WHERE x.t < {}{}",
            reading.anchors,
            reading.table("referrals"),
            self.as_of,
            self.of_brought("x.")
        );
        Part::by_row("brought", sums.by_row(&from), columns)
    }

    /// Referrals received, by anchor.
    pub(super) fn came(&self, reading: &Reading) -> Part {
        let mut sums = Aggregates::default();
        sums.count("received", "x.t < a.t");
        let was = "CASE WHEN came.received > 0 THEN 1.0 ELSE 0.0 END".to_owned();
        let from = format!(
            "{} a JOIN {} x ON x.referred = a.customer\n  WHERE x.t < a.t{}",
            reading.anchors,
            reading.table("referrals"),
            self.of_brought("x.")
        );
        Part::by_row("came", sums.by_row(&from), vec![Derived::new(Role::History, "was_referred", was)])
    }

    /// Referrals whose referred customer bought within the window, by anchor; nothing if no outcome asks for them.
    ///
    /// The purchases are those of the referred customers, whichever answers are looked at, so they are read from the
    /// study's own table.
    pub(super) fn converted(&self, reading: &Reading) -> Option<Part> {
        let windows = || {
            self.windows.iter().filter_map(|window| match window {
                OutcomeWindow::ConvertedReferrals { days } => Some((window.count_column(), *days)),
                _ => None,
            })
        };
        windows().next()?;
        let mut sums = Aggregates::default();
        for (name, days) in windows() {
            // `x.times` rows of the log say the same referral, and each of them counts, as among the referrals made.
            let condition = format!("{} AND x.bought_t <= a.t + {}", after("x.t", days), span(days));
            sums.add(name, "SUM(x.times)", &condition);
        }
        let (purchases, purchase) = if self.orders {
            (format!("(\n{}\n    )", self.orders_alone()), String::new())
        } else {
            ("transactions".to_owned(), self.but_returns("p."))
        };
        let from = format!(
            "{anchors} a JOIN (\n    SELECT r.referrer, r.t, r.times, MIN(p.t) AS bought_t\n    FROM (\n      SELECT \
             referrer, referred, t, COUNT(*) AS times FROM {referrals} WHERE t < {as_of}{brought} GROUP BY referrer, referred, \
             t\n    ) r\n    JOIN {purchases} p ON p.customer = r.referred\n    WHERE p.t >= r.t AND p.t < \
             {as_of}{purchase}\n    GROUP BY r.referrer, r.referred, r.t, r.times\n  ) x ON x.referrer = a.customer",
            anchors = reading.anchors,
            referrals = reading.table("referrals"),
            as_of = self.as_of,
            brought = self.of_brought("")
        );
        let columns = windows().map(|(name, _)| Derived::count(Role::Outcome, "converted", name)).collect();
        Some(Part::by_row("converted", sums.by_row(&from), columns))
    }

    /// The condition that a row of the referrals brought somebody, after others; nothing where all rows did.
    pub(super) fn of_brought(&self, prefix: &str) -> String {
        match &self.brought {
            None => String::new(),
            Some(values) if values.is_empty() => " AND 1 = 0".to_owned(),
            Some(values) => {
                let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
                format!(" AND {prefix}kind IN ({})", values.join(", "))
            }
        }
    }

    /// The statement of all customers with the instant when each joined, before the study's date or not known.
    pub fn joined(&self) -> String {
        format!(
            "SELECT customer, MIN(joined_t) AS t FROM customers WHERE joined_t IS NULL OR joined_t < {} GROUP BY \
             customer ORDER BY customer",
            self.as_of
        )
    }

    /// The statement of the customers whom the company contacted within so many days before the study's date: by
    /// exposures, invitations, and the given kinds of activity.
    pub fn contacted_lately(&self, days: u32, kinds: &[String]) -> String {
        let within = format!("t < {} AND t >= {}", self.as_of, self.as_of - span(days));
        let mut sources = Vec::new();
        if self.tables.exposures.is_some() {
            sources.push(format!("SELECT customer FROM exposures WHERE {within}"));
        }
        if self.tables.invitations.is_some() {
            sources.push(format!("SELECT customer FROM invitations WHERE {within}"));
        }
        if self.tables.activity.is_some() && !kinds.is_empty() {
            let kinds: Vec<String> = kinds.iter().map(|kind| literal(kind)).collect();
            sources.push(format!("SELECT customer FROM activity WHERE {within} AND kind IN ({})", kinds.join(", ")));
        }
        if sources.is_empty() {
            // A study that asks names a source; without one there is nobody.
            return "SELECT CAST(NULL AS VARCHAR) AS customer WHERE 1 = 0".to_owned();
        }
        format!("SELECT DISTINCT customer FROM ({}) contacts ORDER BY customer", sources.join(" UNION ALL "))
    }

    /// The statement of the referrals before the study's date.
    pub fn referrals(&self) -> String {
        let kind = self.brought.as_ref().map_or("", |_| ", kind");
        let weight = if self.referral_weights { ", weight" } else { "" };
        format!(
            "SELECT referrer, referred, t, probability, channel{kind}{weight} FROM referrals WHERE t < {} ORDER BY t, \
             referrer, referred, probability, channel{kind}{weight}",
            self.as_of
        )
    }
}
