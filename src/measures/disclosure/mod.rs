//! Small bases: what is hidden, and what else must be so that it stays hidden.
//!
//! `one_way` hides in a list with its total, `two_way` in a table with its margins.

mod one_way;
mod two_way;

pub use one_way::{ShownCell, SmallBases};
pub use two_way::SuppressedTable;
