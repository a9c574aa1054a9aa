//! Source files become typed tables, and every row is accounted for.

mod account;

pub use account::{CellCounts, Exclusion, FileAccount, Reason, SourceAccount};
