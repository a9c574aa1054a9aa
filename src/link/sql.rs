//! Pieces of SQL that every source of the statement is made of: names, windows, and what one source adds.

/// Microseconds in a day.
pub(super) const DAY: i64 = 86_400_000_000;

/// What a column of the base table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A column of the profile that the plan carries along.
    Profile,
    /// A number that was known before the answer.
    History,
    /// A text that was known before the answer.
    HistoryText,
    /// What happened after the answer.
    Outcome,
}

/// A column of the base table that is computed.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    pub name: String,
    pub value: String,
    pub role: Role,
}

impl Derived {
    pub fn new(role: Role, name: impl Into<String>, value: String) -> Self {
        Self { name: name.into(), value, role }
    }

    /// A count of `part`, zero where the anchor has no event.
    pub fn count(role: Role, part: &str, name: impl Into<String>) -> Self {
        let name = name.into();
        let value = format!("CAST(COALESCE({part}.{}, 0) AS DOUBLE)", quoted(&name));
        Self { name, value, role }
    }

    /// A sum of money of `part`, zero where the anchor has no event, in the unit of the amounts.
    pub fn money(role: Role, part: &str, name: impl Into<String>) -> Self {
        let name = name.into();
        let value = format!("CAST(COALESCE({part}.{}, 0) AS DOUBLE) / 10000.0", quoted(&name));
        Self { name, value, role }
    }

    /// Days from the instant `since` to the anchor; null without it.
    pub fn days_since(name: impl Into<String>, since: &str) -> Self {
        Self::new(Role::History, name, days(&format!("a.t - {since}")))
    }

    pub fn column(&self) -> String {
        format!("{} AS {}", self.value, quoted(&self.name))
    }
}

/// What one source adds to the statement: a common table expression of one row per anchor or customer, how it is joined
/// to the anchors `a`, and the columns that come of it.
#[derive(Debug)]
pub(super) struct Part {
    pub name: &'static str,
    pub body: String,
    pub on: String,
    pub columns: Vec<Derived>,
}

impl Part {
    /// A part with one row per anchor.
    pub fn by_row(name: &'static str, body: String, columns: Vec<Derived>) -> Self {
        Self { name, body, on: format!("{name}.\"row\" = a.\"row\""), columns }
    }
}

/// Aggregates over the events `x` of an anchor `a`, each name once.
#[derive(Debug, Default)]
pub(super) struct Aggregates(Vec<(String, String)>);

impl Aggregates {
    pub fn add(&mut self, name: impl Into<String>, what: &str, condition: &str) {
        let name = name.into();
        if self.0.iter().all(|(own, _)| *own != name) {
            self.0.push((name, format!("{what} FILTER (WHERE {condition})")));
        }
    }

    pub fn count(&mut self, name: impl Into<String>, condition: &str) {
        self.add(name, "COUNT(*)", condition);
    }

    /// The sums by anchor of the events that `from` joins to the anchors.
    ///
    /// The customer stands among the keys, though the row says it all, so that rows that the join has sorted by customer
    /// need not be sorted again by row.
    pub fn by_row(&self, from: &str) -> String {
        let columns: String =
            self.0.iter().map(|(name, value)| format!(",\n    {value} AS {}", quoted(name))).collect();
        format!("  SELECT\n    a.\"row\"{columns}\n  FROM {from}\n  GROUP BY a.customer, a.\"row\"")
    }
}

/// Where a statement reads: the table of anchors, and tables of events that may stand for those of the study.
#[derive(Debug)]
pub(super) struct Reading {
    pub anchors: &'static str,
    /// Stands before the names of the tables of events.
    pub prefix: &'static str,
    /// Common table expressions that the others rest on.
    pub preamble: Vec<String>,
}

impl Reading {
    pub fn table(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// An instant `time` in the half-open window before the anchor.
pub(super) fn before(time: &str, days: u32) -> String {
    format!("{time} < a.t AND {time} >= a.t - {}", span(days))
}

/// An instant `time` in the window after the anchor.
pub(super) fn after(time: &str, days: u32) -> String {
    format!("{time} > a.t AND {time} <= a.t + {}", span(days))
}

/// Days as microseconds.
pub(super) fn span(days: u32) -> i64 {
    i64::from(days) * DAY
}

/// A difference of instants in days.
pub(super) fn days(difference: &str) -> String {
    format!("CAST({difference} AS DOUBLE) / {DAY}.0")
}

/// An amount in ten-thousandths, as a whole number.
pub(super) fn money(amount: &str) -> String {
    format!("CAST(ROUND({amount} * 10000) AS BIGINT)")
}

/// An identifier, quoted, so that any column name of the source will do.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
