//! The one door: rows of any layout, one after the other.

use super::account::{Exclusion, Reason};
use super::cell::Cell;

/// A run of rows of one file, read forward.
pub(super) trait Rows {
    /// Moves on to the next row; nothing behind the last. A row that is broken as a whole says why.
    fn advance(&mut self) -> Option<Result<(), Reason>>;

    /// A cell of the current row, by the position of its column among those that were asked for.
    fn cell(&self, column: usize) -> Cell<'_>;

    /// Why the current row, though sound, is no row of the source.
    fn exclusion(&self) -> Option<Exclusion> {
        None
    }

    /// How many rows there may be at most; 0 where that is not known before they have been read.
    fn n_rows_max(&self) -> usize {
        0
    }

    /// Where the current row stands in the run: lines or rows since its beginning, from 0.
    fn line(&mut self) -> u64;

    /// Where the current row stands in the run, by which it can be found again.
    fn place(&self) -> usize;

    /// The whole current row, for people.
    fn record(&self) -> String;

    /// Columns of which the current row holds a cell though something else, such as its folder, says what they are.
    fn overruled(&self) -> &[usize] {
        &[]
    }

    /// A cell as the row itself holds it.
    fn own_cell(&self, column: usize) -> Cell<'_> {
        self.cell(column)
    }

    /// What belongs to the current row and does not stand in it.
    fn beside(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}

/// A row found again by its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recalled {
    /// Lines or rows since the beginning of the run, from 0.
    pub(super) line: u64,
    /// The whole row, for people.
    pub(super) record: String,
}
