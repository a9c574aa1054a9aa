//! Whether anything leaks: the base table made a second time from tables in which the other side of each answer does
//! not exist.

use super::LinkError;
use super::base_table::{BaseTable, Column};
use super::engine::Engine;
use super::plan::{Anchors, LinkPlan};
use super::sql::{Reading, literal, quoted};
use super::statement::own_tables;
use super::survey_timing::{EarlyEvents, ProfileTiming, RepeatBuyers};
use crate::study::{Advance, Validity};
use std::num::NonZeroU32;

/// How a leak check is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeakCheck {
    /// Every so manieth answer is joined a second time; 1 for all. The counts beside it are always of all answers.
    pub every: NonZeroU32,
    /// Start of the fieldwork in UTC microseconds, for answers without an invitation.
    pub fieldwork_from: Option<i64>,
}

impl Default for LeakCheck {
    fn default() -> Self {
        Self { every: NonZeroU32::MIN, fieldwork_from: None }
    }
}

/// Which events exist when a column is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those before the answer: what was known must be the same.
    Before,
    /// Those after the answer: what happened must be the same.
    After,
}

/// A column made a second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnCheck {
    /// The column.
    pub column: String,
    /// The events that existed.
    pub side: Side,
    /// Answers in which it came out differently; above 0 it leaks.
    pub n_differ: u64,
    /// The first of these, as the feedback counts its rows.
    pub first_row: Option<u64>,
}

/// What a leak check found.
#[derive(Debug, Clone, PartialEq)]
pub struct LeakReport {
    /// Answers that were joined a second time.
    pub n_answers: u64,
    /// Every column that was compared.
    pub columns: Vec<ColumnCheck>,
    /// Columns that look ahead because the study says that their dates are known in advance.
    pub in_advance: Vec<String>,
    /// Outcomes that are defined against the past, so that they were not made again without it.
    pub looks_back: Vec<String>,
    /// Events between the survey's start and the answer.
    pub early: Vec<EarlyEvents>,
    /// Second purchases that came before the survey or the answer.
    pub repeat_buyers: Option<RepeatBuyers>,
    /// What of the profile was known only later.
    pub profile: Vec<ProfileTiming>,
}

impl LeakReport {
    /// The columns that came out differently.
    pub fn leaking(&self) -> impl Iterator<Item = &ColumnCheck> {
        self.columns.iter().filter(|check| check.n_differ > 0)
    }
}

impl Engine {
    /// Makes the base table again from what lies before, and from what lies after, each answer, and holds it against the
    /// base table of all events; counts what lies between the survey and the answer, and what of the profile is younger
    /// than the answer.
    ///
    /// The joins take about as long as [`Engine::answers`] each, with `every` for a share of the answers.
    ///
    /// # Errors
    /// The engine fails, or the answers have no customer and time.
    pub fn leaks(&self, check: &LeakCheck) -> Result<LeakReport, LinkError> {
        let plan = self.plan();
        if !plan.dated {
            return Err(LinkError::Plan(
                "a survey without customers and times has nothing before or after it that could leak".to_owned(),
            ));
        }
        let whole = self.rows_anew(&plan.whole(check.every), "joining the answers")?;
        let mut columns = Vec::new();
        for side in [Side::Before, Side::After] {
            let names = plan.compared(side);
            if !names.is_empty() {
                let half =
                    self.rows_anew(&plan.half(side, check.every), "joining the answers without what must not matter")?;
                columns.extend(compare(&whole, &half, side, &names)?);
            }
        }
        let ahead = plan.details.junctures.iter().filter(|juncture| juncture.advance != Advance::Unknown);
        let backward = plan.windows.iter().filter(|window| window.looks_back());
        Ok(LeakReport {
            n_answers: whole.n_rows() as u64,
            columns,
            in_advance: ahead.map(|juncture| format!("days_to_{}", juncture.kind)).collect(),
            looks_back: backward.map(|window| window.count_column()).collect(),
            early: self.early_events(check.fieldwork_from)?,
            repeat_buyers: self.repeat_buyers(check.fieldwork_from)?,
            profile: self.profile_timing()?,
        })
    }
}

/// Columns of two base tables with the same rows, held against each other bit by bit.
pub(super) fn compare(
    whole: &BaseTable,
    half: &BaseTable,
    side: Side,
    names: &[String],
) -> Result<Vec<ColumnCheck>, LinkError> {
    let lost = |name: &str| LinkError::Shape(name.to_owned());
    let rows = whole.numbers("row").ok_or_else(|| lost("row"))?;
    let find = |table: &'_ BaseTable, name: &str| {
        table.columns().iter().position(|(own, _)| own == name).ok_or_else(|| lost(name))
    };
    names
        .iter()
        .map(|name| {
            let columns = (&whole.columns()[find(whole, name)?].1, &half.columns()[find(half, name)?].1);
            let differ: Vec<usize> = match columns {
                (Column::Numbers(one), Column::Numbers(other)) if one.len() == other.len() => {
                    let same = |row: usize| {
                        one[row].is_nan() && other[row].is_nan() || one[row].to_bits() == other[row].to_bits()
                    };
                    (0..one.len()).filter(|&row| !same(row)).collect()
                }
                (Column::Texts(one), Column::Texts(other)) if one.len() == other.len() => {
                    (0..one.len()).filter(|&row| one[row] != other[row]).collect()
                }
                _ => return Err(lost(name)),
            };
            Ok(ColumnCheck {
                column: name.clone(),
                side,
                n_differ: differ.len() as u64,
                first_row: differ.first().map(|&row| rows[row] as u64),
            })
        })
        .collect()
}

impl LinkPlan {
    /// Columns that must come out the same when only one side of the answer exists.
    pub(super) fn compared(&self, side: Side) -> Vec<String> {
        match side {
            Side::Before => {
                let mut names: Vec<String> = self.profile.iter().map(|column| column.name.clone()).collect();
                names.extend(self.knows_customers().then(|| "known".to_owned()));
                names.extend(self.history());
                names.extend(self.history_texts());
                names
            }
            Side::After => {
                let backward: Vec<String> = self
                    .windows
                    .iter()
                    .filter(|window| window.looks_back())
                    .map(|window| window.count_column())
                    .collect();
                self.outcomes().into_iter().filter(|name| !backward.contains(name)).collect()
            }
        }
    }

    /// The statement of the answers that are looked at, over all events.
    pub(super) fn whole(&self, every: NonZeroU32) -> String {
        if every == NonZeroU32::MIN {
            return self.statement(Anchors::Answers);
        }
        let anchors = format!("looked_at AS (\n  SELECT * FROM feedback a WHERE {}\n)", looked_at(every));
        let reading = Reading { anchors: "looked_at", preamble: vec![anchors], ..own_tables(Anchors::Answers) };
        self.statement_from(Anchors::Answers, &reading)
    }

    /// The same statement over tables in which every answer has a customer of its own, and this customer only the events
    /// on one side of the answer.
    pub(super) fn half(&self, side: Side, every: NonZeroU32) -> String {
        let key = format!("a.customer || {} || CAST(a.\"row\" AS VARCHAR)", literal("\u{1f}"));
        let when = looked_at(every);
        let own: Vec<String> =
            self.columns_read("feedback").iter().map(|column| format!(", a.{}", quoted(column))).collect();
        let mut preamble = vec![format!(
            "half_anchors AS (\n  SELECT {key} AS customer{} FROM feedback a WHERE {when}\n)",
            own.concat()
        )];
        for (name, _) in self.tables.named().filter(|(name, _)| *name != "invitations") {
            let columns: Vec<String> = match name {
                "feedback" => ["row", "t", "recommend"].map(str::to_owned).to_vec(),
                "referrals" => {
                    let kind = self.brought.as_ref().map(|_| "kind".to_owned());
                    std::iter::once("t".to_owned()).chain(kind).collect()
                }
                _ => self.columns_read(name),
            };
            let carried: String = columns.iter().map(|column| format!(", {}", self.carried(column, side))).collect();
            let exists = self.exists(name, side);
            let table = self.existing(name, side);
            let select = |key_columns: &str, on: &str| {
                format!(
                    "  SELECT {key_columns}{carried}\n  FROM feedback a JOIN {table} x ON x.{on} = a.customer WHERE {when} \
                     AND {exists}"
                )
            };
            let body = match name {
                // Each side of a referral is the answer's own customer once.
                "referrals" => format!(
                    "{}\n  UNION ALL\n{}",
                    select(&format!("{key} AS referrer, x.referred"), "referrer"),
                    select(&format!("x.referrer, {key} AS referred"), "referred")
                ),
                _ => select(&format!("{key} AS customer"), "customer"),
            };
            preamble.push(format!("half_{name} AS (\n{body}\n)"));
        }
        let reading = Reading { anchors: "half_anchors", prefix: "half_", preamble };
        self.statement_from(Anchors::Answers, &reading)
    }

    /// A column as it is on one side: an instant within a row that lies on the other side does not exist.
    fn carried(&self, column: &str, side: Side) -> String {
        let name = quoted(column);
        match (column, side) {
            ("joined_t" | "returned_t" | "valid_to", Side::Before) => {
                format!("CASE WHEN x.{name} < a.t THEN x.{name} END AS {name}")
            }
            _ => format!("x.{name}"),
        }
    }

    /// A table whose rows tell whether they exist on one side: the lines of orders with the last line of each.
    fn existing(&self, table: &str, side: Side) -> String {
        if table != "transactions" || side == Side::Before || !self.orders {
            return table.to_owned();
        }
        let bought = self.is_return().map_or_else(
            || "t".to_owned(),
            |is_return| format!("CASE WHEN NOT COALESCE({is_return}, FALSE) THEN t END"),
        );
        format!("(SELECT *, MAX({bought}) OVER (PARTITION BY customer, order_id) AS order_until FROM {table})")
    }

    /// Which rows of a table exist on one side.
    fn exists(&self, table: &str, side: Side) -> String {
        match (table, side) {
            ("customers", Side::Before) if self.details.validity == Validity::Intervals => {
                "(x.valid_from IS NULL OR x.valid_from < a.t)".to_owned()
            }
            // A profile without dates is no event; what is younger than the answer in it is counted apart.
            ("customers", _) => "TRUE".to_owned(),
            ("junctures", Side::Before) => {
                let of = |advance: Advance| self.details.junctures.iter().filter(move |own| own.advance == advance);
                let known = of(Advance::Known).map(|own| format!(" OR x.kind = {}", literal(&own.kind)));
                let known_from = of(Advance::KnownFrom)
                    .map(|own| format!(" OR x.kind = {} AND x.known_t < a.t", literal(&own.kind)));
                format!("(x.t < a.t{})", known.chain(known_from).collect::<String>())
            }
            (_, Side::Before) => "x.t < a.t".to_owned(),
            // An order that began before the answer is no purchase after it, so one that goes on beyond it stays whole.
            ("transactions", Side::After) if self.orders => {
                "(x.t > a.t OR x.order_id IS NOT NULL AND x.order_until > a.t)".to_owned()
            }
            (_, Side::After) => "x.t > a.t".to_owned(),
        }
    }
}

fn looked_at(every: NonZeroU32) -> String {
    format!("a.\"row\" % {every} = 0")
}
