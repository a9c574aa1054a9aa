//! The share that every single subset explains, for the methods that need more than sums over subsets.

use super::packed::{Arranged, Node};
use ndarray::ArrayView2;

/// Below this many undecided drivers a branch is walked by one thread.
const SERIAL_DRIVERS: usize = 10;

/// The explained share of all subsets of some blocks of columns; bit j of an index says whether block j is in.
pub(super) fn values(moments: ArrayView2<f64>, blocks: &[Vec<usize>]) -> Vec<f64> {
    partly_summed(moments, blocks, &[], &[1.0])
}

/// For all subsets of `own` blocks, by their bits: the sum of the explained share over all subsets of the `other` blocks
/// that may stand beside them, each weighted by the number of other blocks in it.
pub(super) fn partly_summed(
    moments: ArrayView2<f64>,
    own: &[Vec<usize>],
    others: &[Vec<usize>],
    weights: &[f64],
) -> Vec<f64> {
    // The first decision splits the table into halves, so that it is on the highest bit.
    let blocks: Vec<Vec<usize>> = own.iter().rev().chain(others).cloned().collect();
    let arranged = Arranged::of(moments, &blocks);
    let walk = Walk { arranged: &arranged, n_own: own.len(), weights };
    let mut table = vec![0.0; 1 << own.len()];
    walk.fill(arranged.root(), 0, &mut vec![0.0; arranged.n_scratch(0)], &mut table);
    table
}

struct Walk<'a> {
    arranged: &'a Arranged,
    n_own: usize,
    weights: &'a [f64],
}

impl Walk<'_> {
    fn fill(&self, node: Node<'_>, driver: usize, scratch: &mut [f64], table: &mut [f64]) {
        if driver == self.n_own {
            table[0] = self.sum(node, driver, 0, scratch);
            return;
        }
        if let ([without, with], Some(floor)) = (&mut *table, self.last_floor(driver)) {
            // Half of all subsets end here: what the last column adds needs no node of its own.
            let (outcome, own) = (node.values[1], node.values[2]);
            let gain = if own > floor { outcome * outcome * (1.0 / own) } else { 0.0 };
            *without = self.weights[0] * node.explained;
            *with = self.weights[0] * (node.explained + gain);
            return;
        }
        let (without, with) = table.split_at_mut(table.len() / 2);
        let left = self.arranged.leave(node, driver);
        if self.arranged.n_drivers() - driver > SERIAL_DRIVERS {
            rayon::join(
                || self.fill(left, driver + 1, &mut vec![0.0; self.arranged.n_scratch(driver + 1)], without),
                || {
                    let (taken, rest) = self.arranged.take(node, driver, scratch);
                    self.fill(taken, driver + 1, rest, with);
                },
            );
        } else {
            self.fill(left, driver + 1, scratch, without);
            let (taken, rest) = self.arranged.take(node, driver, scratch);
            self.fill(taken, driver + 1, rest, with);
        }
    }

    /// The floor of the last column, where this driver owns it alone and nothing follows.
    fn last_floor(&self, driver: usize) -> Option<f64> {
        let columns = self.arranged.columns(driver);
        let is_last = driver + 1 == self.arranged.n_drivers() && columns.len() == 1;
        is_last.then(|| self.arranged.floor(columns.start))
    }

    fn sum(&self, node: Node<'_>, driver: usize, n_others: usize, scratch: &mut [f64]) -> f64 {
        if driver == self.arranged.n_drivers() {
            return self.weights[n_others] * node.explained;
        }
        let left = self.sum(self.arranged.leave(node, driver), driver + 1, n_others, scratch);
        let (taken, rest) = self.arranged.take(node, driver, scratch);
        left + self.sum(taken, driver + 1, n_others + 1, rest)
    }
}
