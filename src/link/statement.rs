//! The SQL of the join, written from a plan. Plain SQL without functions of our own, so that the same statement can
//! run elsewhere.

use std::fmt::Write as _;
use std::path::PathBuf;

/// Windows before the answer, in days, over which history is counted.
pub const HISTORY_WINDOWS_DAYS: [u32; 3] = [30, 90, 365];

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// Folders of typed Parquet parts, as intake wrote them. Times are UTC microseconds in a column `t`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypedTables {
    /// `row, customer, t, recommend`, touchpoints, `weight`, kept columns.
    pub feedback: Option<PathBuf>,
    /// `customer, t, amount`.
    pub transactions: Option<PathBuf>,
    /// `referrer, referred, t`.
    pub referrals: Option<PathBuf>,
    /// `customer, joined_t` and profile columns.
    pub customers: Option<PathBuf>,
    /// `customer, t, kind`.
    pub activity: Option<PathBuf>,
    /// `customer, t`.
    pub invitations: Option<PathBuf>,
}

impl TypedTables {
    /// Names and folders of the tables that are there.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        [
            ("feedback", &self.feedback),
            ("transactions", &self.transactions),
            ("referrals", &self.referrals),
            ("customers", &self.customers),
            ("activity", &self.activity),
            ("invitations", &self.invitations),
        ]
        .into_iter()
        .filter_map(|(name, path)| path.as_ref().map(|path| (name, path)))
    }
}

/// A column of the customers table that is carried along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileColumn {
    /// Its name.
    pub name: String,
    /// Whether it holds numbers.
    pub numeric: bool,
}

/// A window after the answer in which outcome events count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomeWindow {
    /// Purchases: `next_purchases_{days}d` and `next_spend_{days}d`.
    Purchases {
        /// Length in days.
        days: u32,
    },
    /// Referrals made: `next_referrals_{days}d`.
    Referrals {
        /// Length in days.
        days: u32,
    },
}

impl OutcomeWindow {
    /// The column that counts its events.
    pub fn count_column(self) -> String {
        match self {
            Self::Purchases { days } => format!("next_purchases_{days}d"),
            Self::Referrals { days } => format!("next_referrals_{days}d"),
        }
    }
}

/// Whose rows the base table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchors {
    /// One row per answer, seen from just before it.
    Answers,
    /// One row per known customer, seen from the study's date, with the touchpoints of the latest answer.
    Customers,
}

impl Anchors {
    /// The table that holds the anchors.
    fn table(self) -> &'static str {
        match self {
            Self::Answers => "feedback",
            Self::Customers => "anchors",
        }
    }
}

/// What the base table is to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkPlan {
    /// The typed tables.
    pub tables: TypedTables,
    /// Touchpoint columns of the feedback.
    pub touchpoints: Vec<String>,
    /// Text columns of the feedback that are carried along, such as channel and wave.
    pub kept: Vec<String>,
    /// Whether the feedback has a `weight` column.
    pub weighted: bool,
    /// Whether the answers have a customer and a time.
    pub dated: bool,
    /// Columns of the customers table that are carried along.
    pub profile: Vec<ProfileColumn>,
    /// Outcome windows.
    pub windows: Vec<OutcomeWindow>,
    /// End of the data: events at this instant or later do not exist yet. UTC microseconds.
    pub as_of: i64,
}

impl LinkPlan {
    /// The history columns that this plan gives, in order.
    pub fn history(&self) -> Vec<String> {
        let mut columns = Vec::new();
        if !self.dated {
            return columns;
        }
        let by_window = |name: &str| HISTORY_WINDOWS_DAYS.map(|days| format!("{name}_{days}d"));
        if self.tables.customers.is_some() || self.tables.transactions.is_some() {
            columns.push("tenure_days".to_owned());
        }
        if self.tables.transactions.is_some() {
            columns.extend(["recency_days".to_owned(), "frequency".to_owned()]);
            columns.extend(by_window("frequency"));
            columns.extend(by_window("spend"));
        }
        if self.tables.activity.is_some() {
            columns.extend(by_window("activity"));
        }
        if self.tables.referrals.is_some() {
            columns.extend(["earlier_referrals".to_owned(), "was_referred".to_owned()]);
        }
        columns.push("earlier_answers".to_owned());
        columns
    }

    /// The statement of the base table, ordered by `row`.
    ///
    /// History counts events before the anchor's `t` (windows are half-open, `[t - w, t)`), outcomes events in
    /// `(t, t + w]`. Money is summed in ten-thousandths as integers, so that the sum does not depend on the order.
    pub fn statement(&self, anchors: Anchors) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut columns = vec!["a.\"row\"".to_owned()];
        let mut joins = String::new();
        if self.dated {
            columns.extend(["a.customer".to_owned(), "a.t".to_owned()]);
        }
        let feedback = |column: &String| format!("a.{}", quoted(column));
        columns.push("a.recommend".to_owned());
        columns.extend(self.touchpoints.iter().map(feedback));
        if anchors == Anchors::Answers {
            columns.extend(self.kept.iter().map(feedback));
            if self.weighted {
                columns.push("a.weight".to_owned());
            }
        }
        if self.dated {
            let mut join = |name: &str, body: String, on: &str| {
                parts.push(format!("{name} AS (\n{body}\n)"));
                let _ = write!(joins, "\nLEFT JOIN {name} ON {name}.{on} = a.{on}");
            };
            if self.tables.customers.is_some() {
                join("profile", self.profile(), "customer");
            }
            if self.tables.transactions.is_some() {
                join("bought", self.bought(anchors), "\"row\"");
            }
            if self.tables.activity.is_some() {
                join("active", self.active(anchors), "\"row\"");
            }
            if self.tables.referrals.is_some() {
                join("brought", self.brought(anchors), "\"row\"");
                join("came", self.came(anchors), "\"row\"");
            }
            if self.tables.feedback.is_some() {
                join("answered", self.answered(anchors), "\"row\"");
            }
            columns.extend(self.profile.iter().map(|column| format!("profile.{}", quoted(&column.name))));
            if let Some(known) = self.known() {
                columns.push(known.to_owned());
            }
            columns.extend(self.derived());
        }
        let with = if parts.is_empty() { String::new() } else { format!("WITH {}\n", parts.join(",\n")) };
        let table = anchors.table();
        format!("{with}SELECT\n  {}\nFROM {table} a{joins}\nORDER BY a.\"row\"", columns.join(",\n  "))
    }

    /// The statement of the table `anchors`: every known customer with the study's date and the latest answer before
    /// it. Rows are numbered in the order of the customers' keys.
    pub fn customer_anchors(&self) -> String {
        let touchpoints = |prefix: &str| -> String {
            self.touchpoints.iter().map(|column| format!(", {prefix}{}", quoted(column))).collect()
        };
        let sources: Vec<String> = self
            .tables
            .named()
            .filter(|(name, _)| matches!(*name, "customers" | "feedback" | "transactions"))
            .map(|(name, _)| format!("SELECT customer FROM {name}"))
            .collect();
        format!(
            "SELECT ROW_NUMBER() OVER (ORDER BY known.customer) - 1 AS \"row\", known.customer, CAST({as_of} AS BIGINT) \
             AS t, latest.recommend{latest}\nFROM ({sources}) known\nLEFT JOIN (\n  SELECT customer, recommend{plain}, \
             ROW_NUMBER() OVER (PARTITION BY customer ORDER BY t DESC, \"row\" DESC) AS place\n  FROM feedback WHERE \
             recommend IS NOT NULL AND t < {as_of}\n) latest ON latest.customer = known.customer AND latest.place = 1",
            as_of = self.as_of,
            latest = touchpoints("latest."),
            plain = touchpoints(""),
            sources = sources.join(" UNION ")
        )
    }

    /// The statement of the referrals before the study's date.
    pub fn referrals(&self) -> String {
        format!(
            "SELECT referrer, referred, t, probability FROM referrals WHERE t < {} ORDER BY t, referrer, referred, \
             probability",
            self.as_of
        )
    }

    /// The statement of all purchases before the study's date by customer, each customer's in order of time; money in
    /// ten-thousandths.
    pub fn purchases(&self) -> String {
        format!(
            "SELECT customer, t, CAST(ROUND(amount * 10000) AS BIGINT) AS money FROM transactions WHERE t < {} ORDER BY \
             customer, t, money",
            self.as_of
        )
    }

    fn profile(&self) -> String {
        let columns: String =
            self.profile.iter().map(|column| format!(", MIN({name}) AS {name}", name = quoted(&column.name))).collect();
        format!("  SELECT customer, MIN(joined_t) AS joined_t{columns}\n  FROM customers GROUP BY customer")
    }

    /// Events by anchor. The customer stands among the keys, though the row says it all, so that rows that the join has
    /// sorted by customer need not be sorted again by row.
    fn bought(&self, anchors: Anchors) -> String {
        let mut columns = vec![
            "a.\"row\"".to_owned(),
            "COUNT(*) FILTER (WHERE x.t < a.t) AS frequency".to_owned(),
            "MIN(x.t) FILTER (WHERE x.t < a.t) AS first_t".to_owned(),
            "MAX(x.t) FILTER (WHERE x.t < a.t) AS last_t".to_owned(),
        ];
        for days in HISTORY_WINDOWS_DAYS {
            let within = before(days);
            columns.push(format!("COUNT(*) FILTER (WHERE {within}) AS frequency_{days}d"));
            columns.push(format!("SUM(x.money) FILTER (WHERE {within}) AS spend_{days}d"));
        }
        for window in &self.windows {
            if let OutcomeWindow::Purchases { days } = window {
                let within = after(*days);
                columns.push(format!("COUNT(*) FILTER (WHERE {within}) AS next_purchases_{days}d"));
                columns.push(format!("SUM(x.money) FILTER (WHERE {within}) AS next_spend_{days}d"));
            }
        }
        format!(
            "  SELECT\n    {}\n  FROM {table} a\n  JOIN (\n    SELECT customer, t, CAST(ROUND(amount * 10000) AS BIGINT) \
             AS money FROM transactions WHERE t < {}\n  ) x ON x.customer = a.customer\n  GROUP BY a.customer, a.\"row\"",
            columns.join(",\n    "),
            self.as_of,
            table = anchors.table()
        )
    }

    fn active(&self, anchors: Anchors) -> String {
        let columns: Vec<String> = HISTORY_WINDOWS_DAYS
            .iter()
            .map(|&days| format!("COUNT(*) FILTER (WHERE {}) AS activity_{days}d", before(days)))
            .collect();
        format!(
            "  SELECT a.\"row\", {}\n  FROM {} a JOIN activity x ON x.customer = a.customer\n  WHERE x.t < a.t\n  \
             GROUP BY a.customer, a.\"row\"",
            columns.join(", "),
            anchors.table()
        )
    }

    fn brought(&self, anchors: Anchors) -> String {
        let mut columns = vec!["COUNT(*) FILTER (WHERE x.t < a.t) AS earlier_referrals".to_owned()];
        for window in &self.windows {
            if let OutcomeWindow::Referrals { days } = window {
                columns.push(format!("COUNT(*) FILTER (WHERE {}) AS next_referrals_{days}d", after(*days)));
            }
        }
        format!(
            "  SELECT a.\"row\", {}\n  FROM {} a JOIN referrals x ON x.referrer = a.customer\n  WHERE x.t < {}\n  \
             GROUP BY a.customer, a.\"row\"",
            columns.join(", "),
            anchors.table(),
            self.as_of
        )
    }

    fn came(&self, anchors: Anchors) -> String {
        format!(
            "  SELECT a.\"row\", COUNT(*) AS received\n  FROM {} a JOIN referrals x ON x.referred = a.customer\n  \
             WHERE x.t < a.t\n  GROUP BY a.customer, a.\"row\"",
            anchors.table()
        )
    }

    fn answered(&self, anchors: Anchors) -> String {
        format!(
            "  SELECT a.\"row\", COUNT(*) AS earlier_answers\n  FROM {} a JOIN feedback x ON x.customer = a.customer\n  \
             WHERE x.t < a.t\n  GROUP BY a.customer, a.\"row\"",
            anchors.table()
        )
    }

    /// Whether the customer is in the source that knows all customers: the profiles, else the transactions before the
    /// answer (later ones are what is to be predicted). Behaviour of others cannot be observed, which is something else
    /// than none.
    fn known(&self) -> Option<&'static str> {
        if self.tables.customers.is_some() {
            Some("CASE WHEN profile.customer IS NULL THEN 0.0 ELSE 1.0 END AS known")
        } else if self.tables.transactions.is_some() {
            Some("CASE WHEN COALESCE(bought.frequency, 0) > 0 THEN 1.0 ELSE 0.0 END AS known")
        } else {
            None
        }
    }

    /// History and outcome columns of the final row; counts without an event are zero, recency without one is null.
    fn derived(&self) -> Vec<String> {
        let count =
            |table: &str, column: &str, name: &str| format!("CAST(COALESCE({table}.{column}, 0) AS DOUBLE) AS {name}");
        let money = |column: &str| format!("CAST(COALESCE(bought.{column}, 0) AS DOUBLE) / 10000.0 AS {column}");
        let days = |since: &str, name: &str| {
            format!("CASE WHEN {since} <= a.t THEN CAST(a.t - {since} AS DOUBLE) / {DAY}.0 END AS {name}")
        };
        self.history()
            .iter()
            .map(|column| match column.as_str() {
                "tenure_days" => match (&self.tables.customers, &self.tables.transactions) {
                    (Some(_), Some(_)) => days("COALESCE(profile.joined_t, bought.first_t)", column),
                    (Some(_), None) => days("profile.joined_t", column),
                    _ => days("bought.first_t", column),
                },
                "recency_days" => days("bought.last_t", column),
                "earlier_referrals" => count("brought", column, column),
                "was_referred" => "CASE WHEN came.received > 0 THEN 1.0 ELSE 0.0 END AS was_referred".to_owned(),
                "earlier_answers" => count("answered", column, column),
                _ if column.starts_with("spend") => money(column),
                _ if column.starts_with("activity") => count("active", column, column),
                _ => count("bought", column, column),
            })
            .chain(self.windows.iter().flat_map(|window| match window {
                OutcomeWindow::Purchases { days } => vec![
                    count("bought", &window.count_column(), &window.count_column()),
                    money(&format!("next_spend_{days}d")),
                ],
                OutcomeWindow::Referrals { .. } => {
                    vec![count("brought", &window.count_column(), &window.count_column())]
                }
            }))
            .collect()
    }
}

/// Events of `x` in the half-open window before the anchor.
fn before(days: u32) -> String {
    format!("x.t < a.t AND x.t >= a.t - {}", i64::from(days) * DAY)
}

/// Events of `x` in the window after the anchor.
fn after(days: u32) -> String {
    format!("x.t > a.t AND x.t <= a.t + {}", i64::from(days) * DAY)
}

/// An identifier, quoted, so that any column name of the source will do.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
