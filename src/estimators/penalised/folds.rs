//! Which rows are held out together.

use crate::data::Clusters;
use crate::estimators::cases::Cases;
use crate::stats::random::stream;
use rand::seq::SliceRandom;

/// The fold of each row, and their number; rows that do not count are in none.
pub(super) struct Folds {
    of_row: Vec<usize>,
    pub(super) n_folds: usize,
}

impl Folds {
    /// Deals clusters (or rows where there are none) to the smallest fold in random order, those with an event first, so
    /// that folds are alike in size and in events. There are never more folds than clusters.
    pub(super) fn deal(
        n_rows: usize,
        cases: &Cases,
        clusters: Option<&Clusters>,
        n_folds: usize,
        seed: u64,
        is_event: impl Fn(usize) -> bool,
    ) -> Self {
        let code = |row: usize| clusters.map_or(row, |clusters| clusters.codes()[row] as usize);
        let n_codes = clusters.map_or(n_rows, Clusters::n_clusters);
        let (mut sizes, mut has_event) = (vec![0_usize; n_codes], vec![false; n_codes]);
        for row in (0..n_rows).filter(|&row| cases.counts(row)) {
            sizes[code(row)] += 1;
            has_event[code(row)] |= is_event(row);
        }
        let mut order: Vec<usize> = (0..n_codes).filter(|&code| sizes[code] > 0).collect();
        let n_folds = n_folds.min(order.len());
        order.shuffle(&mut stream(seed, "penalised folds", 0));
        order.sort_by_key(|&code| !has_event[code]);
        let (mut filled, mut of_code) = (vec![0_usize; n_folds], vec![usize::MAX; n_codes]);
        for code in order {
            if let Some(smallest) = (0..n_folds).min_by_key(|&fold| filled[fold]) {
                filled[smallest] += sizes[code];
                of_code[code] = smallest;
            }
        }
        Self { of_row: (0..n_rows).map(|row| of_code[code(row)]).collect(), n_folds }
    }

    pub(super) fn of(&self, row: usize) -> usize {
        self.of_row[row]
    }

    /// The rows of one fold that count.
    pub(super) fn rows(&self, fold: usize, cases: &Cases) -> Vec<usize> {
        (0..self.of_row.len()).filter(|&row| self.of_row[row] == fold && cases.counts(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::formula_data::FormulaData;
    use std::collections::BTreeMap;

    #[test]
    fn a_cluster_is_in_one_fold_and_folds_are_alike_in_size() {
        let data = FormulaData::of(400).with_class();
        let cases = Cases::of(&data);
        let clusters = Clusters::from_labels((0..400).map(|row| row % 83));
        let folds = Folds::deal(400, &cases, Some(&clusters), 5, 7, |row| cases.outcome(row) > 0.5);
        let mut seen = BTreeMap::new();
        for row in 0..400 {
            assert_eq!(*seen.entry(row % 83).or_insert(folds.of(row)), folds.of(row));
        }
        let sizes: Vec<usize> = (0..5).map(|fold| folds.rows(fold, &cases).len()).collect();
        assert!(sizes.iter().all(|&size| (75..=85).contains(&size)), "{sizes:?}");
    }

    #[test]
    fn events_are_spread_and_the_seed_decides() {
        let data = FormulaData::of(100).with_class();
        let cases = Cases::of(&data);
        let deal = |seed| Folds::deal(100, &cases, None, 4, seed, |row| row % 10 == 0);
        let folds = deal(1);
        for fold in 0..4 {
            let events = folds.rows(fold, &cases).iter().filter(|&&row| row % 10 == 0).count();
            assert!((2..=3).contains(&events), "{events}");
        }
        assert_eq!(deal(1).of_row, deal(1).of_row);
        assert_ne!(deal(1).of_row, deal(2).of_row);
    }
}
