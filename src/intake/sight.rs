//! For which dates of a study the same rows are seen.

use serde::{Deserialize, Serialize};

/// Between which ends of what a study sees no row changes sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Sight {
    /// The latest instant of the rows that are seen, in microseconds of UTC; nothing where none has one.
    last_seen_us: Option<i64>,
    /// The earliest of those by which rows are left out.
    first_left_out_us: Option<i64>,
}

impl Sight {
    /// Notes a row by its latest instant, and says whether it is seen by a study whose sight ends at `end_us`.
    #[inline]
    pub(super) fn note(&mut self, row_us: i64, end_us: i64) -> bool {
        let is_seen = row_us < end_us;
        if is_seen {
            self.last_seen_us = self.last_seen_us.max(Some(row_us));
        } else {
            self.first_left_out_us = Some(self.first_left_out_us.map_or(row_us, |first| first.min(row_us)));
        }
        is_seen
    }

    /// Adds the rows of another run.
    pub(super) fn merge(&mut self, other: Self) {
        self.last_seen_us = self.last_seen_us.max(other.last_seen_us);
        let earliest = [self.first_left_out_us, other.first_left_out_us].into_iter().flatten().min();
        self.first_left_out_us = earliest;
    }

    /// Whether a study whose sight ends at `end_us` sees the same rows.
    pub(super) fn holds(self, end_us: i64) -> bool {
        self.last_seen_us.is_none_or(|last| last < end_us) && self.first_left_out_us.is_none_or(|first| first >= end_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_may_move_as_far_as_no_row_changes_sides() {
        let mut sight = Sight::default();
        assert_eq!([3, 7, 10, 12].map(|row_us| sight.note(row_us, 10)), [true, true, false, false]);
        assert_eq!([7, 8, 10, 11].map(|end_us| sight.holds(end_us)), [false, true, true, false]);
        assert!(Sight::default().holds(i64::MIN), "no row, no date");
        let mut early = Sight::default();
        early.note(1, 10);
        early.merge(sight);
        assert_eq!(early, sight);
    }
}
