//! What became of a file's rows, kept for the next run: text is parsed once.
//!
//! A folder (`folder`) holds an entry for each file and contract (`key`). An entry is what the check made of the file's
//! pieces (`record`): typed columns in Parquet, and beside them the rows put aside and the counts. It says what was known of
//! the zones that rows name (`zone_record`). It is written piece by piece while the file is read (`draft`) and read back the
//! same way (`entry`), so that rules across files, such as repeated ids and keys written in several ways, work on it as on
//! the file itself. The study's date is not part of it: rows after the
//! date are left out later. Where keys are hashed it holds none in plain.
//!
//! Above the entries lie the finished tables (`finished`): of a source of which nothing has changed, nothing is read at all. Above
//! these lie rows that were made of finished tables (`kept_rows`): joins of tables that have not changed are not made again.

mod record;
mod zone_record;

mod key;

mod draft;
mod entry;
mod finished;
mod folder;
mod kept_rows;

pub(super) use draft::Draft;
pub(super) use entry::Entry;
pub(super) use finished::{Places, TableFacts};
pub use folder::Cache;
pub(super) use folder::SourceCache;
pub use kept_rows::RowsDraft;

#[cfg(test)]
mod finished_tests;
#[cfg(test)]
mod identity_tests;
#[cfg(test)]
mod newest_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod zone_tests;
