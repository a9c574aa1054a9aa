//! Fivetran's Qualtrics connector: long tables that become one row a response.
//!
//! `tables` knows the documented columns, `pivot` turns the tables: `wide` holds the rows as they grow to the right,
//! `answers`, `embedded` and `contacts` add to them.

mod answers;
mod contacts;
mod embedded;
mod pivot;
mod tables;
mod wide;

pub use pivot::{PivotAccount, Pivoted, pivot};
pub use tables::{FivetranTable, FivetranTables};
