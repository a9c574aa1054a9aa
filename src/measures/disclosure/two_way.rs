//! A table of counts whose margins are shown.

use super::one_way::{ShownCell, SmallBases};
use crate::measures::MeasureError;
use ndarray::{Array2, ArrayView2};
use serde::Serialize;

/// A table in which nothing small can be recomputed. Row and column totals and the total are shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SuppressedTable {
    /// What becomes of each count, rows by columns.
    pub cells: Vec<Vec<ShownCell>>,
    /// Counts below the minimum.
    pub n_small: usize,
    /// Counts hidden to cover them.
    pub n_complements: usize,
}

/// Two rows and two columns whose counts cover each other.
struct Rectangle {
    other_row: usize,
    other_column: usize,
    /// What is hidden anew: people first, cells second.
    cost: (u64, usize),
}

impl SmallBases {
    /// Hides counts in a table whose margins are shown.
    ///
    /// Every small count becomes the corner of a rectangle of four hidden counts, of which none is nobody: one can be taken from
    /// two opposite corners and given to the other two without changing any margin, so that no hidden count is determined, by
    /// equations or by bounds. The corners beside the small count are larger than what it lacks to the minimum, so that it
    /// could be the minimum as far as anybody can tell, who knows that nobody is never hidden. Of all rectangles, the one that hides the fewest people more is
    /// taken, for the smallest counts first.
    ///
    /// # Errors
    /// A small count for which there is no rectangle, by row and column; a margin that is small itself, which must be merged
    /// before.
    ///
    /// # References
    /// Willenborg and de Waal (2001), "Elements of Statistical Disclosure Control", section 6; Kelly, Golden and Assad (1992),
    /// "Cell suppression: disclosure protection for sensitive tabular data", Networks 22.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::disclosure::{ShownCell, SmallBases};
    /// use ndarray::array;
    /// let own = SmallBases::default().table(array![[2_u64, 30, 20], [9, 40, 8], [50, 60, 70]].view())?;
    /// assert_eq!(own.cells[0], [ShownCell::TooSmall, ShownCell::Shown(30), ShownCell::Complement]);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn table(self, counts: ArrayView2<u64>) -> Result<SuppressedTable, MeasureError> {
        self.check_margins(counts)?;
        let (n_rows, n_columns) = counts.dim();
        let mut is_hidden = Array2::from_shape_fn((n_rows, n_columns), |place| self.is_small(counts[place]));
        let mut small: Vec<(usize, usize)> =
            counts.indexed_iter().filter(|(_, count)| self.is_small(**count)).map(|(place, _)| place).collect();
        small.sort_by_key(|&place| (counts[place], place));
        for &(row, column) in &small {
            let Some(Rectangle { other_row, other_column, .. }) = self.cheapest(counts, &is_hidden, (row, column))
            else {
                return Err(MeasureError::Margin {
                    margin: format!("row {}, column {}", row + 1, column + 1),
                    problem: format!(
                        "a count below {} cannot be hidden beside the totals; merge this row or column with another",
                        self.minimum()
                    ),
                });
            };
            is_hidden[[row, other_column]] = true;
            is_hidden[[other_row, column]] = true;
            is_hidden[[other_row, other_column]] = true;
        }
        let cell = |row: usize, column: usize| match (self.is_small(counts[[row, column]]), is_hidden[[row, column]]) {
            (true, _) => ShownCell::TooSmall,
            (false, true) => ShownCell::Complement,
            (false, false) => ShownCell::Shown(counts[[row, column]]),
        };
        let n_hidden = is_hidden.iter().filter(|&&hidden| hidden).count();
        Ok(SuppressedTable {
            cells: (0..n_rows).map(|row| (0..n_columns).map(|column| cell(row, column)).collect()).collect(),
            n_small: small.len(),
            n_complements: n_hidden - small.len(),
        })
    }

    fn check_margins(self, counts: ArrayView2<u64>) -> Result<(), MeasureError> {
        let rows = counts.rows().into_iter().map(|row| ("row", row.sum()));
        let columns = counts.columns().into_iter().map(|column| ("column", column.sum()));
        let places = (1..=counts.nrows()).chain(1..=counts.ncols());
        for (place, (what, total)) in places.zip(rows.chain(columns)) {
            if self.is_small(total) {
                return Err(MeasureError::Margin {
                    margin: format!("{what} {place}"),
                    problem: format!("its total is below {}; merge it with another before", self.minimum()),
                });
            }
        }
        Ok(())
    }

    fn cheapest(
        self,
        counts: ArrayView2<u64>,
        is_hidden: &Array2<bool>,
        (row, column): (usize, usize),
    ) -> Option<Rectangle> {
        let lacking = self.minimum() - counts[[row, column]];
        let (n_rows, n_columns) = counts.dim();
        let mut best: Option<Rectangle> = None;
        for other_row in (0..n_rows).filter(|&other| other != row && counts[[other, column]] > lacking) {
            for other_column in (0..n_columns).filter(|&other| other != column && counts[[row, other]] > lacking) {
                if counts[[other_row, other_column]] == 0 {
                    continue;
                }
                let corners = [[row, other_column], [other_row, column], [other_row, other_column]];
                let anew = || corners.iter().filter(|place| !is_hidden[**place]);
                let cost = (anew().map(|place| counts[*place]).sum(), anew().count());
                if best.as_ref().is_none_or(|best| cost < best.cost) {
                    best = Some(Rectangle { other_row, other_column, cost });
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use ndarray::array;
    use rand::Rng;

    /// The rank of a matrix by elimination.
    fn rank(mut rows: Vec<Vec<f64>>) -> usize {
        let mut rank = 0;
        for column in 0..rows.first().map_or(0, Vec::len) {
            let Some(pivot) = (rank..rows.len()).find(|&row| rows[row][column].abs() > 1e-9) else { continue };
            rows.swap(rank, pivot);
            for row in rank + 1..rows.len() {
                let factor = rows[row][column] / rows[rank][column];
                for at in column..rows[row].len() {
                    rows[row][at] -= factor * rows[rank][at];
                }
            }
            rank += 1;
        }
        rank
    }

    /// The equations that totals leave of the hidden cells: one a row and one a column.
    fn equations(hidden: &[(usize, usize)], n_rows: usize, n_columns: usize) -> Vec<Vec<f64>> {
        let rows = (0..n_rows).map(|row| hidden.iter().map(|cell| f64::from(u8::from(cell.0 == row))).collect());
        let columns =
            (0..n_columns).map(|column| hidden.iter().map(|cell| f64::from(u8::from(cell.1 == column))).collect());
        rows.chain(columns).collect()
    }

    /// Every way to fill the hidden cells with at least one each: the least and the most that each can be.
    fn bounds(counts: &Array2<u64>, hidden: &[(usize, usize)]) -> Vec<(u64, u64)> {
        let left = |by: fn(&(usize, usize)) -> usize, n: usize| -> Vec<u64> {
            (0..n).map(|line| hidden.iter().filter(|cell| by(cell) == line).map(|&cell| counts[cell]).sum()).collect()
        };
        let mut rows = left(|cell| cell.0, counts.nrows());
        let mut columns = left(|cell| cell.1, counts.ncols());
        let mut found = vec![(u64::MAX, 0); hidden.len()];
        let mut filled = vec![0; hidden.len()];
        fill(hidden, 0, &mut rows, &mut columns, &mut filled, &mut found);
        found
    }

    fn fill(
        hidden: &[(usize, usize)],
        at: usize,
        rows: &mut [u64],
        columns: &mut [u64],
        filled: &mut [u64],
        found: &mut [(u64, u64)],
    ) {
        let Some(&(row, column)) = hidden.get(at) else {
            if rows.iter().chain(columns.iter()).all(|&left| left == 0) {
                for (found, &own) in found.iter_mut().zip(filled.iter()) {
                    *found = (found.0.min(own), found.1.max(own));
                }
            }
            return;
        };
        for own in 1..=rows[row].min(columns[column]) {
            rows[row] -= own;
            columns[column] -= own;
            filled[at] = own;
            fill(hidden, at + 1, rows, columns, filled, found);
            rows[row] += own;
            columns[column] += own;
        }
    }

    fn hidden(table: &SuppressedTable) -> Vec<(usize, usize)> {
        let places = table.cells.iter().enumerate().flat_map(|(row, cells)| {
            cells.iter().enumerate().filter(|(_, cell)| !cell.is_shown()).map(move |(column, _)| (row, column))
        });
        places.collect()
    }

    #[test]
    fn no_hidden_count_can_be_solved_for() {
        let mut random = stream(3, "tables", 0);
        let mut n_hidden = 0;
        for _ in 0..300 {
            let counts = Array2::from_shape_fn((6, 5), |_| random.random_range(0..30_u64));
            let Ok(table) = SmallBases::default().table(counts.view()) else { continue };
            let hidden = hidden(&table);
            n_hidden += hidden.len();
            let equations = equations(&hidden, 6, 5);
            let own = rank(equations.clone());
            for cell in 0..hidden.len() {
                // Solved for, a cell would be a combination of the equations: adding it would not raise their rank.
                let mut more = equations.clone();
                more.push((0..hidden.len()).map(|at| f64::from(u8::from(at == cell))).collect());
                assert!(rank(more) > own, "{counts} {:?}", hidden[cell]);
            }
        }
        assert!(n_hidden > 1000);
    }

    #[test]
    fn bounds_leave_every_small_count_the_minimum_or_more() {
        let mut random = stream(4, "tables", 0);
        let mut n_small = 0;
        for _ in 0..150 {
            let counts = Array2::from_shape_fn((3, 3), |_| random.random_range(0..9_u64));
            let minimum = SmallBases::below(3).expect("a minimum");
            let Ok(table) = minimum.table(counts.view()) else { continue };
            let hidden = hidden(&table);
            for (&place, (least, most)) in hidden.iter().zip(bounds(&counts, &hidden)) {
                assert!(least < most, "{counts} {place:?}");
                if minimum.is_small(counts[place]) {
                    n_small += 1;
                    assert!(most >= 3, "{counts} {place:?} {least} {most}");
                }
            }
        }
        assert!(n_small > 50, "{n_small}");
    }

    #[test]
    fn small_margins_and_lonely_cells_are_refused_by_place() {
        let small_row = array![[1_u64, 2], [30, 40]];
        let refused = SmallBases::default().table(small_row.view()).expect_err("a small row");
        assert!(refused.to_string().starts_with("row 1"), "{refused}");
        let lonely = array![[2_u64, 0, 40], [0, 30, 30], [40, 0, 0]];
        let refused = SmallBases::default().table(lonely.view()).expect_err("no rectangle");
        assert!(refused.to_string().starts_with("row 1, column 1"), "{refused}");
    }

    #[test]
    fn nothing_small_hides_nothing() {
        let table = SmallBases::default().table(array![[5_u64, 9], [0, 7]].view()).expect("a table");
        assert_eq!((table.n_small, table.n_complements), (0, 0));
    }
}
