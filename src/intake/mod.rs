//! Source files become typed tables, and every row is accounted for.
//!
//! A source's files are found (`files`), opened through one door whatever their layout (`rows`: separated text by way
//! of `blocks` and `separated`, Parquet by way of `columnar`), checked cell by cell against the source's contract
//! (`contract`, `check`), translated where a key leads through other files (`lookup`), and written as Parquet with
//! the same column names for every study (`table`). What is refused goes to `quarantine`, and `account` counts it
//! all: read = used + quarantined + excluded.

mod error;

mod blocks;
mod cell;
mod columnar;
mod database;
pub mod exports;
mod files;
mod flat_table;
mod hash;
mod json_lines;
mod month_names;
mod number;
mod rows;
mod separated;
mod sniff;
mod square_table;
mod time;
mod unpacked;
mod value;
mod workbook;
mod written;
mod zones;

mod buffer;
mod check;
mod contract;
mod lookup;

mod account;
mod quarantine;
mod read;
mod sources;
mod table;

pub use account::{CellCounts, ClockChanges, Exclusion, FileAccount, Reason, SourceAccount};
pub use error::{IntakeError, MissingColumn, in_full};
pub use flat_table::{FlatTable, FlatTableError, Wanted};
pub use read::Progress;
pub use sources::{Folders, Intake, Tables};
pub use square_table::{SquareTable, SquareTableError};
pub use table::Table;

#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod zone_tests;
