//! How coefficients change with the number of other drivers in the model, from one walk of all models.

use super::packed::row_start;
use ndarray::{Array2, ArrayView2};

/// A column whose variance given the others has fallen to this share of its own is a combination of them.
const SPENT: f64 = 1e-11;

/// Below this many undecided drivers a branch is walked by one thread.
const SERIAL_DRIVERS: usize = 9;

/// Mean coefficients: row j, column k is the mean of driver j's coefficient over the models of k + 1 drivers, it among
/// them. `NaN` for a driver of several columns, and where no model of that size has coefficients at all because its
/// columns are combinations of each other.
///
/// `moments` and `blocks` are those of `subset_table::values`; coefficients are in units of the outcome's deviation for
/// one of the column's.
pub(super) fn average(moments: ArrayView2<f64>, blocks: &[Vec<usize>]) -> Array2<f64> {
    let columns: Vec<usize> = blocks.iter().flatten().copied().collect();
    let n_columns = columns.len();
    let starts: Vec<usize> = [0]
        .into_iter()
        .chain(blocks.iter().scan(0, |end, block| {
            *end += block.len();
            Some(*end)
        }))
        .collect();
    let places: Vec<usize> = [moments.nrows() - 1].into_iter().chain(columns.iter().rev().copied()).collect();
    let pairs = (0..=n_columns).flat_map(|row| (0..=row).map(move |column| (row, column)));
    let root = Node {
        schur: pairs.map(|(row, column)| moments[[places[row], places[column]]]).collect(),
        slopes: vec![0.0; (n_columns + 1) * n_columns],
        taken: Vec::new(),
    };
    let floors = columns.iter().map(|&column| moments[[column, column]] * SPENT).collect();
    let walk = Walk { starts, floors, n_columns };
    let sums = walk.below(&root, 0, 0);
    Array2::from_shape_fn((blocks.len(), blocks.len()), |(driver, size)| {
        let n_models = sums.n_models[[driver, size + 1]];
        if blocks[driver].len() == 1 && n_models > 0.5 { sums.slopes[[driver, size + 1]] / n_models } else { f64::NAN }
    })
}

/// Columns taken, and the undecided ones and the outcome given them.
struct Node {
    /// Packed lower triangle: the outcome is row 0, the next column to decide on the last row.
    schur: Vec<f64>,
    /// For each row of the triangle, a stretch of n_columns numbers: what each taken column, in order, is multiplied with
    /// to tell that row's column.
    slopes: Vec<f64>,
    /// The drivers of the taken columns.
    taken: Vec<usize>,
}

struct Walk {
    starts: Vec<usize>,
    floors: Vec<f64>,
    n_columns: usize,
}

/// By driver and number of drivers in the model.
struct Sums {
    slopes: Array2<f64>,
    n_models: Array2<f64>,
}

impl Walk {
    fn n_drivers(&self) -> usize {
        self.starts.len() - 1
    }

    fn sums(&self) -> Sums {
        let shape = (self.n_drivers(), self.n_drivers() + 1);
        Sums { slopes: Array2::zeros(shape), n_models: Array2::zeros(shape) }
    }

    /// Both branches of a driver in parallel, added in their order.
    fn below(&self, node: &Node, driver: usize, size: usize) -> Sums {
        if self.n_drivers() - driver <= SERIAL_DRIVERS {
            let mut sums = self.sums();
            let mut scratch: Vec<Node> = (0..=self.n_columns - self.starts[driver]).map(|_| self.empty()).collect();
            self.add(node, driver, size, &mut scratch, &mut sums);
            return sums;
        }
        let (left, taken) = rayon::join(
            || self.below(node, driver + 1, size),
            || {
                let mut next = self.empty();
                let mut current = None;
                for column in self.starts[driver]..self.starts[driver + 1] {
                    let source = current.as_ref().unwrap_or(node);
                    if !self.take(source, column, driver, &mut next) {
                        return None;
                    }
                    current = Some(std::mem::replace(&mut next, self.empty()));
                }
                Some(self.below(current.as_ref().unwrap_or(node), driver + 1, size + 1))
            },
        );
        let mut sums = left;
        if let Some(taken) = taken {
            sums.slopes += &taken.slopes;
            sums.n_models += &taken.n_models;
        }
        sums
    }

    fn empty(&self) -> Node {
        Node { schur: Vec::new(), slopes: Vec::new(), taken: Vec::new() }
    }

    fn add(&self, node: &Node, driver: usize, size: usize, scratch: &mut [Node], sums: &mut Sums) {
        if driver == self.n_drivers() {
            for (place, &owner) in node.taken.iter().enumerate() {
                sums.slopes[[owner, size]] += node.slopes[place];
                sums.n_models[[owner, size]] += 1.0;
            }
            return;
        }
        let columns = self.starts[driver]..self.starts[driver + 1];
        if driver + 1 == self.n_drivers() && columns.len() == 1 {
            return self.add_last(node, columns.start, size, sums);
        }
        self.add(node, driver + 1, size, scratch, sums);
        let n_taken = columns.len();
        if n_taken == 0 {
            self.add(node, driver + 1, size + 1, scratch, sums);
            return;
        }
        let (own, rest) = scratch.split_at_mut(n_taken);
        for (place, column) in columns.enumerate() {
            let (before, target) = own.split_at_mut(place);
            if !self.take(before.last().unwrap_or(node), column, driver, &mut target[0]) {
                // No model with these columns has coefficients of its own.
                return;
            }
        }
        self.add(&own[n_taken - 1], driver + 1, size + 1, rest, sums);
    }

    /// Both models of the last driver, a single column: half of all models end here and need no node of their own.
    fn add_last(&self, node: &Node, column: usize, size: usize, sums: &mut Sums) {
        let n_taken = node.taken.len();
        let (outcome, own) = (&node.slopes[..n_taken], &node.slopes[self.n_columns..][..n_taken]);
        let (covariance, variance) = (node.schur[1], node.schur[2]);
        let slope = if variance > self.floors[column] { Some(covariance / variance) } else { None };
        for (place, &owner) in node.taken.iter().enumerate() {
            sums.slopes[[owner, size]] += outcome[place];
            sums.n_models[[owner, size]] += 1.0;
            if let Some(slope) = slope {
                sums.slopes[[owner, size + 1]] += outcome[place] - slope * own[place];
                sums.n_models[[owner, size + 1]] += 1.0;
            }
        }
        if let Some(slope) = slope {
            sums.slopes[[self.n_drivers() - 1, size + 1]] += slope;
            sums.n_models[[self.n_drivers() - 1, size + 1]] += 1.0;
        }
    }

    /// Writes the node with a column taken in; whether it is no combination of those taken before.
    fn take(&self, node: &Node, column: usize, driver: usize, out: &mut Node) -> bool {
        let n_left = self.n_columns - column;
        let last = &node.schur[row_start(n_left)..][..=n_left];
        if last[n_left] <= self.floors[column] {
            return false;
        }
        let n_taken = node.taken.len();
        out.schur.resize(row_start(n_left), 0.0);
        out.slopes.resize(n_left * self.n_columns, 0.0);
        out.taken.clone_from(&node.taken);
        out.taken.push(driver);
        let own = &node.slopes[n_left * self.n_columns..][..n_taken];
        for row in 0..n_left {
            let factor = last[row] / last[n_left];
            let place = row_start(row)..row_start(row + 1);
            let (source, target) = (&node.schur[place.clone()], &mut out.schur[place]);
            for column in 0..=row {
                target[column] = source[column] - factor * last[column];
            }
            let source = &node.slopes[row * self.n_columns..][..n_taken];
            let target = &mut out.slopes[row * self.n_columns..][..=n_taken];
            for taken in 0..n_taken {
                target[taken] = source[taken] - factor * own[taken];
            }
            target[n_taken] = factor;
        }
        true
    }
}
