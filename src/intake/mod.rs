//! Source files become typed tables, and every row is accounted for.
//!
//! A source's files are found (`files`), opened through one door whatever their layout (`rows`: separated text by way
//! of `blocks` and `separated`, Parquet by way of `columnar`), checked cell by cell against the source's contract
//! (`contract`, `check`), brought from a written key to the customer
//! (`folding`, `lookup`, `people`, `identity`, `known`, `key_hash`, `addresses`, `masking`), and written as Parquet with
//! the same column names for every study (`table`). What is refused goes to `quarantine`, and `account` counts it
//! all: read = used + quarantined + excluded.
//!
//! A file is `opened` by its layout, its columns are found (`places`; of JSON also `beside` it, in the other files), and its `pieces` go
//! `through` the check into the `ledger` of its source, small files `ahead` of their turn. What became of the pieces of a text is kept in the
//! `cache`, from which the next run can `replay` it; the long tables of a connector are found in their files (`long_table_files`) and turned
//! whole.
//! Rows that were put aside and have been set right since are taken behind all others (`corrections`).
//!
//! Which tables a study asks for is `planned` in `jobs`, each with its `job_files`; `reading` makes them one after the other, through
//! `lookup_files` where keys lead through such and with what the source `promises`, and `sources` is the door to all of it.
//!
//! Before there is a study, `profiling` looks at files and `guessing` says what they may be.

mod error;

mod arrow_lengths;
mod blocks;
mod cell;
mod columnar;
mod cuts;
mod database;
mod decoded;
pub mod exports;
mod files;
mod fingerprints;
mod flat_table;
mod hash;
mod header_rows;
mod joined_time;
mod json_lines;
mod month_names;
mod number;
mod rows;
mod separated;
mod server_address;
mod server_tls;
mod sheet_export;
mod sight;
mod sniff;
mod square_table;
mod time;
mod unpacked;
mod unquoted;
mod utf16;
mod value;
mod workbook;
mod written;
mod zones;

mod addresses;
mod buffer;
mod check;
mod contract;
mod folding;
mod identity;
mod key_hash;
mod known;
mod lookup;
mod masking;
mod people;

mod account;
mod amending;
mod corrections;
mod identity_files;
mod ledger;
mod notes;
mod quarantine;

mod beside;
mod long_table_files;
mod long_tables;
mod newest;
mod opened;
mod opened_text;
mod pages;
mod pieces;
mod places;
mod progress;
mod through;

mod ahead;
mod cache;
mod read;
mod read_file;
mod remote;
mod replay;

mod job_files;
mod jobs;
mod lookup_files;
mod planned;
mod promises;
mod reading;
mod sources;
mod table;
mod typed_rows;

pub mod guessing;
pub mod profiling;

pub use account::{
    AccountCounts, CellCounts, ClockChanges, CorrectionCounts, Exclusion, FileAccount, FolderOverrules,
    IdentityAccount, KnownBy, PeopleCounts, Reason, SourceAccount,
};
pub use cache::{Cache, RowsDraft};
pub use corrections::{Change, CorrectedRow, Correction, Corrections, CorrectionsFile, Problem, Verdict};
pub use error::{IntakeError, MissingColumn, in_full};
pub use flat_table::{FlatTable, FlatTableError, Wanted};
pub(crate) use folding::Folding;
pub use progress::Progress;
pub use sources::{Folders, Intake, Tables};
pub use square_table::{SquareTable, SquareTableError};
pub use table::Table;

#[cfg(test)]
mod encoding_tests;
#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod header_row_tests;
#[cfg(test)]
mod identity_tests;
#[cfg(test)]
mod joined_time_tests;
#[cfg(test)]
mod long_table_tests;
#[cfg(test)]
mod notation_tests;
#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod purchase_tests;
#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
mod server_tls_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod utf16_tests;
#[cfg(test)]
mod vendor_tests;
#[cfg(test)]
mod zone_tests;
