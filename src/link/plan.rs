//! What the base table is to hold, and of which typed tables and columns it is made.

use super::LinkError;
use super::outcome_window::OutcomeWindow;
use crate::study::{Advance, HISTORY_WINDOWS_DAYS, HistoryDetails, Returns, Same, Validity};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders of typed Parquet parts, as intake wrote them. Times are UTC microseconds in a column `t`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypedTables {
    /// `row, customer, t, recommend`, touchpoints, `weight`, kept columns.
    pub feedback: Option<PathBuf>,
    /// `customer, t, amount`; where asked for, `order_id`, `product`, `family`, `channel`, `returned` or `returned_t`.
    pub transactions: Option<PathBuf>,
    /// `referrer, referred, t, probability, channel`; where asked for, `kind`, `weight`.
    pub referrals: Option<PathBuf>,
    /// `customer, joined_t` and profile columns; where asked for, `valid_from`, `valid_to`, `churned_t`.
    pub customers: Option<PathBuf>,
    /// `customer, t, kind, channel`; where asked for, `topic`, `rating`.
    pub activity: Option<PathBuf>,
    /// `customer, t, channel`, and further columns that response rates are cut by.
    pub invitations: Option<PathBuf>,
    /// `customer, t, kind`; where asked for, `known_t`. The only table that may hold what lies after the study's date.
    pub junctures: Option<PathBuf>,
    /// `customer, t, campaign`.
    pub exposures: Option<PathBuf>,
}

impl TypedTables {
    /// The same tables, each in the folder of its name within another one.
    #[must_use]
    pub fn within(&self, folder: &Path) -> Self {
        let moved =
            |own: &Option<PathBuf>| own.as_ref().map(|own| folder.join(own.file_name().unwrap_or(own.as_os_str())));
        Self {
            feedback: moved(&self.feedback),
            transactions: moved(&self.transactions),
            referrals: moved(&self.referrals),
            customers: moved(&self.customers),
            activity: moved(&self.activity),
            invitations: moved(&self.invitations),
            junctures: moved(&self.junctures),
            exposures: moved(&self.exposures),
        }
    }

    /// Names and folders of the tables that are there.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        [
            ("feedback", &self.feedback),
            ("transactions", &self.transactions),
            ("referrals", &self.referrals),
            ("customers", &self.customers),
            ("activity", &self.activity),
            ("invitations", &self.invitations),
            ("junctures", &self.junctures),
            ("exposures", &self.exposures),
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
    /// Whether the study says that it never changes, so that it is known as of any time also without dates.
    pub constant: bool,
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
    pub(super) fn table(self) -> &'static str {
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
    /// Whether purchases have amounts; without, what was spent is not known.
    pub has_amounts: bool,
    /// Whether rows of the transactions are lines of orders: those of a customer that share `order_id` are one purchase.
    pub orders: bool,
    /// Whether every line of an order bears the amount of the whole order, so that it counts once.
    pub amount_once: bool,
    /// Columns of the customers table that are carried along.
    pub profile: Vec<ProfileColumn>,
    /// The values of the referrals' column `kind` that stand for somebody who was brought; `None` where there is no such
    /// column, so that every row does.
    pub brought: Option<Vec<String>>,
    /// Whether the referrals have a column `weight`.
    pub referral_weights: bool,
    /// Lengths in days of the windows before the answer.
    pub history_windows_days: Vec<u32>,
    /// Further columns of the history.
    pub details: HistoryDetails,
    /// Outcome windows.
    pub windows: Vec<OutcomeWindow>,
    /// End of the data: events at this instant or later do not exist yet. UTC microseconds.
    pub as_of: i64,
}

impl LinkPlan {
    /// A plan over these tables: dated answers, the usual history, no touchpoint and no outcome.
    pub fn over(tables: TypedTables, as_of: i64) -> Self {
        Self {
            tables,
            touchpoints: Vec::new(),
            kept: Vec::new(),
            weighted: false,
            dated: true,
            has_amounts: true,
            orders: false,
            amount_once: false,
            profile: Vec::new(),
            brought: None,
            referral_weights: false,
            history_windows_days: HISTORY_WINDOWS_DAYS.to_vec(),
            details: HistoryDetails::default(),
            windows: Vec::new(),
            as_of,
        }
    }

    /// Columns of the profile that are known as they were at any time: all where its rows have dates, else those that never
    /// change.
    pub fn profile_of_any_time(&self) -> impl Iterator<Item = &ProfileColumn> {
        let is_dated = self.details.validity == Validity::Intervals;
        self.profile.iter().filter(move |column| is_dated || column.constant)
    }

    /// Columns of a typed table that this plan reads beside its key, in the words of the statement.
    ///
    /// The key is `customer`, for referrals `referrer` and `referred`.
    pub fn columns_read(&self, table: &str) -> Vec<String> {
        let details = &self.details;
        let mut columns: Vec<&str> = Vec::new();
        match table {
            "feedback" => {
                columns.extend(["row", "t", "recommend"]);
                columns.extend(self.touchpoints.iter().chain(&self.kept).map(String::as_str));
                columns.extend(self.weighted.then_some("weight"));
            }
            "transactions" => {
                columns.extend(["t", "amount"]);
                columns.extend(self.orders.then_some("order_id"));
                columns.extend(details.distinct.iter().map(|distinct| distinct.column()));
                let families = |window: &OutcomeWindow| {
                    matches!(window, OutcomeWindow::FamilyPurchases { .. } | OutcomeWindow::NewFamilies { .. })
                };
                columns.extend(self.windows.iter().any(families).then_some("family"));
                columns.extend(match details.returns {
                    Returns::Flagged => Some("returned"),
                    Returns::Dated => Some("returned_t"),
                    Returns::Unmarked | Returns::NegativeAmounts => None,
                });
            }
            "referrals" => {
                columns.extend(["t", "probability", "channel"]);
                columns.extend(self.brought.as_ref().map(|_| "kind"));
                columns.extend(self.referral_weights.then_some("weight"));
            }
            "customers" => {
                columns.push("joined_t");
                columns.extend(self.profile.iter().map(|column| column.name.as_str()));
                if details.validity == Validity::Intervals {
                    columns.extend(["valid_from", "valid_to"]);
                }
                let churn = |window: &OutcomeWindow| matches!(window, OutcomeWindow::Churn { .. });
                columns.extend(self.windows.iter().any(churn).then_some("churned_t"));
            }
            "activity" => {
                columns.extend(["t", "kind", "channel"]);
                if let Some(contacts) = &details.contacts {
                    columns.extend((contacts.same == Same::Topic).then_some("topic"));
                    columns.extend(contacts.rated.then_some("rating"));
                }
            }
            "invitations" => columns.extend(["t", "channel"]),
            "junctures" => {
                columns.extend(["t", "kind"]);
                let known_from = details.junctures.iter().any(|juncture| juncture.advance == Advance::KnownFrom);
                columns.extend(known_from.then_some("known_t"));
            }
            "exposures" => columns.extend(["t", "campaign"]),
            _ => {}
        }
        let mut there = BTreeSet::new();
        columns.into_iter().filter(|column| there.insert(*column)).map(str::to_owned).collect()
    }

    /// Whether the plan can be carried out: what is asked for has its table, windows have a length, rules name columns
    /// that are there, and no two columns have one name.
    ///
    /// # Errors
    /// The first thing that is wrong, as a sentence.
    pub fn check(&self) -> Result<(), LinkError> {
        let refuse = |sentence: String| Err(LinkError::Plan(sentence));
        let lengths = self.history_windows_days.iter().copied();
        if lengths.chain(self.windows.iter().filter_map(OutcomeWindow::days)).any(|days| days == 0) {
            return refuse("a window has 0 days; give it at least 1".to_owned());
        }
        if self.dated
            && let Some((asked, table)) = self.without_table()
        {
            return refuse(format!("{asked} needs the table `{table}`; name it among the sources or leave it out"));
        }
        let numbers = self.history();
        for rule in &self.details.lifecycle {
            for condition in &rule.all {
                if !numbers.contains(&condition.column) {
                    return refuse(format!(
                        "the rule of the stage `{}` asks for `{}`, which is no number of the history; there are: {}",
                        rule.stage,
                        condition.column,
                        numbers.join(", ")
                    ));
                }
                if !condition.value.is_finite() {
                    return refuse(format!("the rule of the stage `{}` compares with no finite number", rule.stage));
                }
            }
        }
        match self.clashes().into_iter().next() {
            Some(name) => refuse(format!("two columns would be called `{name}`; rename one or ask for it once")),
            None => Ok(()),
        }
    }

    /// Names that more than one column of the base table would have, capitals aside, in the order of the columns.
    pub fn clashes(&self) -> Vec<String> {
        let mut there = BTreeSet::new();
        self.columns().into_iter().filter(|name| !there.insert(name.to_lowercase())).collect()
    }

    /// What is asked for of a table that is not there.
    fn without_table(&self) -> Option<(&'static str, &'static str)> {
        let details = &self.details;
        let of_purchases = details.returns != Returns::Unmarked
            || !details.distinct.is_empty()
            || details.purchase_gaps
            || details.spend_trend;
        let of_activity = details.contacts.is_some() || !details.activity_kinds.is_empty();
        let of_windows = self.windows.iter().map(|window| match window {
            OutcomeWindow::Referrals { .. } => {
                ("an outcome of referrals", "referrals", self.tables.referrals.is_some())
            }
            OutcomeWindow::ConvertedReferrals { .. } if self.tables.referrals.is_none() => {
                ("an outcome of converted referrals", "referrals", false)
            }
            OutcomeWindow::Lapse { .. } if self.tables.activity.is_some() => ("lapse", "activity", true),
            OutcomeWindow::Churn { .. } => ("a dated churn", "customers", self.tables.customers.is_some()),
            _ => ("an outcome of purchases", "transactions", self.tables.transactions.is_some()),
        });
        let asked = |asked: bool, what, table, there: bool| (what, table, !asked || there);
        [
            asked(of_purchases, "a detail of the purchases", "transactions", self.tables.transactions.is_some()),
            asked(of_activity, "a detail of the activity", "activity", self.tables.activity.is_some()),
            asked(!details.junctures.is_empty(), "a juncture", "junctures", self.tables.junctures.is_some()),
            asked(!details.campaigns.is_empty(), "a campaign", "exposures", self.tables.exposures.is_some()),
            asked(
                details.validity == Validity::Intervals,
                "a profile with a history",
                "customers",
                self.tables.customers.is_some(),
            ),
        ]
        .into_iter()
        .chain(of_windows)
        .find_map(|(what, table, fine)| (!fine).then_some((what, table)))
    }
}
