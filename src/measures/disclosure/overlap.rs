//! Sets of people whose figures stand beside each other: windows of time, rules of counting, those who answered twice.

use super::one_way::SmallBases;

/// The sets that are shown so far.
///
/// A set within another leaves the figures of the difference to whoever subtracts. So a set is shown only where it is not
/// small, and where of no two shown sets one lies within the other with a small difference.
///
/// # Example
/// ```
/// use advocate::measures::disclosure::{ShownSets, SmallBases};
/// let mut sets = ShownSets::beside_all(SmallBases::default(), 20);
/// let first = |n: usize| (0..n).collect::<Vec<usize>>();
/// // 20 less 18 are two people, 20 less 12 are eight.
/// assert!(!sets.shows(&first(18)) && sets.shows(&first(12)));
/// // 12 less 10 would be two.
/// assert!(!sets.shows(&first(10)));
/// ```
#[derive(Debug, Clone)]
pub struct ShownSets {
    small: SmallBases,
    n_rows: usize,
    sets: Vec<Bits>,
    columns: Vec<Levels>,
}

#[derive(Debug, Clone, PartialEq)]
struct Bits {
    words: Vec<u64>,
    n: u64,
}

/// The levels of a column that are shown.
#[derive(Debug, Clone)]
struct Levels {
    /// The level of every row; rows beyond the last level are in none.
    codes: Vec<usize>,
    /// Rows by level; 0 for those that are not shown.
    counts: Vec<u64>,
}

impl ShownSets {
    /// Beside the figures of all of `n_rows` rows.
    pub fn beside_all(small: SmallBases, n_rows: usize) -> Self {
        Self::beside(small, n_rows, &(0..n_rows).collect::<Vec<usize>>())
    }

    /// Beside the figures of some of `n_rows` rows, such as those with an answer.
    ///
    /// # Panics
    /// If a row is not there.
    pub fn beside(small: SmallBases, n_rows: usize, rows: &[usize]) -> Self {
        let mut own = Self { small, n_rows, sets: Vec::new(), columns: Vec::new() };
        own.sets.push(own.bits(rows));
        own
    }

    /// Beside the levels of a column as well that are shown; `codes` has the level of every row.
    ///
    /// # Panics
    /// If there is not one code a row.
    pub fn beside_levels(&mut self, codes: Vec<usize>, shown: &[bool]) {
        assert_eq!(codes.len(), self.n_rows, "one code a row");
        let mut counts = vec![0; shown.len()];
        codes.iter().filter(|&&code| shown.get(code).copied().unwrap_or(false)).for_each(|&code| counts[code] += 1);
        self.columns.push(Levels { codes, counts });
    }

    /// Whether the figures of some rows may be shown; where they may, they are from now on.
    ///
    /// # Panics
    /// If a row is not there.
    pub fn shows(&mut self, rows: &[usize]) -> bool {
        let own = self.bits(rows);
        if own.n == 0 || self.sets.contains(&own) {
            return true;
        }
        let is_small = |n: u64| self.small.is_small(n);
        let beside_sets = |other: &Bits| {
            let both = own
                .words
                .iter()
                .zip(&other.words)
                .map(|(one, other)| u64::from((one & other).count_ones()))
                .sum::<u64>();
            (both < own.n || !is_small(other.n - own.n)) && (both < other.n || !is_small(own.n - other.n))
        };
        let beside_levels = |column: &Levels| {
            let mut both = vec![0_u64; column.counts.len()];
            for &row in rows {
                if let Some(own) = both.get_mut(column.codes[row]) {
                    *own += 1;
                }
            }
            both.into_iter()
                .zip(&column.counts)
                .filter(|(_, n)| **n > 0)
                .all(|(both, &n)| (both < own.n || !is_small(n - own.n)) && (both < n || !is_small(own.n - n)))
        };
        let may = !is_small(own.n) && self.sets.iter().all(beside_sets) && self.columns.iter().all(beside_levels);
        if may {
            self.sets.push(own);
        }
        may
    }

    fn bits(&self, rows: &[usize]) -> Bits {
        let mut words = vec![0_u64; self.n_rows.div_ceil(64)];
        rows.iter().for_each(|&row| words[row / 64] |= 1 << (row % 64));
        let n = words.iter().map(|word| u64::from(word.count_ones())).sum();
        Bits { words, n }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_to_levels_count_and_so_do_levels_within_a_set() {
        let codes: Vec<usize> = (0..100).map(|row| row / 20).collect();
        let mut sets = ShownSets::beside_all(SmallBases::default(), 100);
        sets.beside_levels(codes, &[true, true, true, false, true]);
        // Three less than the first level; the first level and three more.
        assert!(!sets.shows(&(0..17).collect::<Vec<_>>()));
        assert!(!sets.shows(&(0..23).collect::<Vec<_>>()));
        // The same of a level that is hidden tells nothing.
        assert!(sets.shows(&(60..77).collect::<Vec<_>>()));
        // A set that crosses is no difference of anything, and one that is shown stays so.
        assert!(sets.shows(&(10..35).collect::<Vec<_>>()));
        assert!(sets.shows(&(10..35).collect::<Vec<_>>()));
        assert!(!sets.shows(&(12..35).collect::<Vec<_>>()));
        assert!(!sets.shows(&[1, 2, 3]) && sets.shows(&[]));
    }
}
