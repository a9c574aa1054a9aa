//! Undecided columns given the decided ones, packed for a walk of all subsets.
//!
//! A walk decides on one driver after the other. A node holds the Schur complement of the undecided columns and the
//! outcome given the columns taken so far. Leaving a driver out drops its rows, which costs nothing: the child is a view.
//! Taking it in is one rank-one update a column.

use ndarray::ArrayView2;

/// A column whose variance given the others has fallen to this share of its own adds nothing but rounding.
const SPENT: f64 = 1e-11;

/// Where row `row` starts in a packed lower triangle.
pub(super) const fn row_start(row: usize) -> usize {
    row * (row + 1) / 2
}

/// Correlations of columns and outcome in the order in which a walk decides on them.
///
/// The triangle is packed row by row. The outcome is row 0 and the next column to decide on is the last row, so that
/// leaving it out is a shorter slice and every loop runs over neighbours in memory.
#[derive(Debug, Clone)]
pub(super) struct Arranged {
    triangle: Vec<f64>,
    starts: Vec<usize>,
    /// Of each column, the variance at or below which it adds nothing.
    floors: Vec<f64>,
}

/// Undecided columns and what the columns taken so far explain.
#[derive(Clone, Copy)]
pub(super) struct Node<'n> {
    pub values: &'n [f64],
    pub explained: f64,
}

impl Arranged {
    /// `moments` is (n_columns + 1) squared, the outcome last. A block's columns are decided on together, block by block.
    pub fn of(moments: ArrayView2<f64>, blocks: &[Vec<usize>]) -> Self {
        let columns: Vec<usize> = blocks.iter().flatten().copied().collect();
        let starts = [0].into_iter().chain(blocks.iter().scan(0, |end, block| {
            *end += block.len();
            Some(*end)
        }));
        let places: Vec<usize> = [moments.nrows() - 1].into_iter().chain(columns.iter().rev().copied()).collect();
        let pairs = (0..places.len()).flat_map(|row| (0..=row).map(move |column| (row, column)));
        Self {
            triangle: pairs.map(|(row, column)| moments[[places[row], places[column]]]).collect(),
            starts: starts.collect(),
            floors: columns.iter().map(|&column| moments[[column, column]] * SPENT).collect(),
        }
    }

    pub fn n_drivers(&self) -> usize {
        self.starts.len() - 1
    }

    /// The columns of a driver.
    pub fn columns(&self, driver: usize) -> std::ops::Range<usize> {
        self.starts[driver]..self.starts[driver + 1]
    }

    pub fn floor(&self, column: usize) -> f64 {
        self.floors[column]
    }

    /// Columns left once all before this one are decided.
    pub fn n_left(&self, column: usize) -> usize {
        self.floors.len() - column
    }

    /// Numbers in the triangle of a node that decides on this driver next.
    pub fn n_values(&self, driver: usize) -> usize {
        row_start(self.n_left(self.starts[driver]) + 1)
    }

    /// Numbers that a walk from this driver on writes at most at a time.
    pub fn n_scratch(&self, driver: usize) -> usize {
        (self.starts[driver]..self.floors.len()).map(|column| row_start(self.n_left(column))).sum()
    }

    pub fn root(&self) -> Node<'_> {
        Node { values: &self.triangle, explained: 0.0 }
    }

    pub fn leave<'n>(&self, node: Node<'n>, driver: usize) -> Node<'n> {
        Node { values: &node.values[..self.n_values(driver + 1)], ..node }
    }

    /// The node with the driver taken in, written to the front of the scratch, and the rest of the scratch.
    pub fn take<'n>(&self, node: Node<'n>, driver: usize, scratch: &'n mut [f64]) -> (Node<'n>, &'n mut [f64]) {
        let (mut node, mut scratch) = (node, scratch);
        for column in self.columns(driver) {
            let n_left = self.n_left(column);
            let (target, rest) = scratch.split_at_mut(row_start(n_left));
            let gain = reduce(node.values, n_left, self.floors[column], target);
            node = Node { values: target, explained: node.explained + gain };
            scratch = rest;
        }
        (node, scratch)
    }
}

/// Takes in the last of `n_left` columns: writes the Schur complement of the rest and returns what the outcome's
/// variance falls by. A spent column takes nothing along and leaves the rest as it is. The outcome's own variance is not
/// carried on: nothing reads it.
#[inline(always)]
fn reduce(values: &[f64], n_left: usize, floor: f64, out: &mut [f64]) -> f64 {
    let (rest, last) = values.split_at(row_start(n_left));
    let last = &last[..=n_left];
    let inverse = if last[n_left] > floor { 1.0 / last[n_left] } else { 0.0 };
    for row in 1..n_left {
        let factor = last[row] * inverse;
        let place = row_start(row)..row_start(row + 1);
        let (source, target, last) = (&rest[place.clone()], &mut out[place], &last[..=row]);
        for column in 0..=row {
            target[column] = source[column] - factor * last[column];
        }
    }
    last[0] * last[0] * inverse
}
