//! What files hold, before anybody has said what they are for.
//!
//! Files that belong together are one source (`find`): tables of one header in one folder, a sheet of a workbook, a table of a
//! database, the long tables of a warehouse; what earlier runs left is passed over (`earlier_results`), and so is what holds
//! the same as another file (`copies`). Of each so many rows are looked at, from the head and from places all over the file
//! (`sample`, `open`), and every column becomes a profile: what its cells are (`column`), and how it writes numbers
//! (`notation`) and times (`times`), in every file alike or not (`date_orders`), in a sheet as dates and texts (`mixed_times`). Rows that sum up the others are none
//! (`totals`). Nothing is decided here; `guessing` reads profiles and nothing else.

mod cells;
mod column;
mod copies;
mod date_orders;
mod earlier_results;
mod find;
mod mixed_times;
mod notation;
mod open;
mod sample;
mod times;
mod totals;

pub use column::{ColumnKind, ColumnProfile, Frequent, Level};
pub(in crate::intake) use column::{FOLDS, KEY_CHARACTERS};
pub use find::{Aside, EncodingGuess, Found, Look, SourceFiles, SourceProfile, SurveyChoice, profile};
pub use notation::{Doubt, Notation};
pub(in crate::intake) use notation::{keys as number_keys, looks_like_number};
pub(in crate::intake) use times::looks_like_time;
pub use times::{Offsets, TimeProfile};
pub use totals::TotalsRow;

#[cfg(test)]
mod tests;
