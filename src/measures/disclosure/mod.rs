//! Small bases: what is hidden, and what else must be so that it stays hidden.
//!
//! `one_way` hides in a list with its total, `linked` in several lists of the same people, `two_way` in a table with its
//! margins, `crossed` in a table of any number of columns whose margins are hidden by the same rule; `overlap` asks of a set of people whether it may be shown beside others.

mod crossed;
mod linked;
mod one_way;
mod overlap;
mod two_way;

pub use linked::Nesting;
pub use one_way::{ShownCell, SmallBases};
pub use overlap::ShownSets;
pub use two_way::SuppressedTable;
