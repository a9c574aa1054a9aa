//! The point-in-time join: for every answer, or for every customer as of a date, what was known before and what
//! happened after. One plain SQL statement, run by the embedded query engine under a memory limit.
//!
//! A `plan` says what is asked for, with the `details` of the history and the `outcome_window`s. Each source adds its part
//! to the `statement`: `profile`, `transactions`, `activity`, `referrals`, `answers` and `occasions`, made of the pieces in
//! `sql`. The `engine`, with `anchored_sums` as an operator of ours, runs it into a `base_table`, or finds what it gave among the
//! `kept_rows`; `listing` prints it for others to run. Beside it stand what came of the keys (`match_report`, `shared_keys`), what the
//! rows are (`repeated_rows`, `order_lines`), whether anything leaks (`leaks`, `survey_timing`, `day_dates`), and who answers at all
//! (`representativeness`). What each column means stands in `docs/link.md`.
//!
//! What of the rows themselves is not certain say `profile_rows`, `early_returns` and `source_ends`.

mod activity;
mod anchored_sums;
mod answers;
mod base_table;
mod day_dates;
mod early_returns;
mod engine;
mod kept_rows;
mod leaks;
mod listing;
mod match_report;
mod occasions;
mod order_lines;
mod outcome_window;
mod plan;
mod profile;
mod profile_rows;
mod referrals;
mod repeated_rows;
mod representativeness;
mod shared_keys;
mod source_ends;
mod sql;
mod statement;
mod survey_timing;
mod transactions;
mod values;

#[cfg(test)]
mod tests;

pub use crate::study::{
    Advance, Comparison, Condition, Contacts, Distinct, HISTORY_WINDOWS_DAYS, HistoryDetails, Juncture, LifecycleRule,
    Returns, Same, Validity,
};
pub use base_table::{BaseTable, Column};
pub use day_dates::{DatedByDay, SameDay};
pub use engine::{Engine, EngineSettings, LEAST_MEMORY};
pub use kept_rows::{KeptRows, RowDraft, RowStore};
pub use leaks::{ColumnCheck, LeakCheck, LeakReport, Side};
pub use listing::TableLines;
pub use match_report::MatchRow;
pub use order_lines::OrderLines;
pub use outcome_window::OutcomeWindow;
pub use plan::{Anchors, LinkPlan, ProfileColumn, TypedTables};
pub use profile_rows::ProfileRows;
pub use representativeness::{Behaviour, Respondents, ResponseCut, ResponseRate, ResponseRates, Spread};
pub use shared_keys::{KeyColumn, SharedKeys};
pub use source_ends::EarlyEnd;
pub use survey_timing::{EarlyEvents, ProfileTiming, RepeatBuyers};

use thiserror::Error;

/// Why the join failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The engine needs more memory than it may use, and spilling does not help.
    #[error("the join could not be made while {doing}: it needs more memory than it may use; allow more with --memory")]
    Memory {
        /// What was being done.
        doing: &'static str,
        /// The engine's own words.
        source: datafusion::error::DataFusionError,
    },
    /// The engine refused or failed.
    #[error("the join could not be made while {doing}")]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// The engine's own words.
        source: datafusion::error::DataFusionError,
    },
    /// The runtime of the engine could not start.
    #[error("the query engine could not start")]
    Start(#[source] std::io::Error),
    /// The plan asks for what cannot be joined.
    #[error("{0}")]
    Plan(String),
    /// A column came back as something else than was asked for.
    #[error("the join gave no column `{0}` of the type expected; this is a bug")]
    Shape(String),
}

impl LinkError {
    /// What the engine says of memory that ran out, to the end of its first clause: the rest names settings that nobody can reach here.
    pub fn of_memory(&self) -> Option<String> {
        let Self::Memory { source, .. } = self else { return None };
        let said = source.find_root().strip_backtrace();
        let end = said.find(['.', ';', '\n']).unwrap_or(said.len());
        Some(said[..end].trim_end().to_owned())
    }
}
