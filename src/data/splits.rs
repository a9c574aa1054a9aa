//! Which rows a model is fitted on and which it is judged by: cut by time, or in folds of customers.
//!
//! However the rows are split, no customer is on both sides: a model that has seen a customer knows more of that customer
//! than it will of the next. Rows that are on neither side are counted by reason.

use super::Clusters;
use crate::stats::random::stream;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use thiserror::Error;

/// Why rows could not be split. Rows are counted from 1.
#[derive(Debug, Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum SplitError {
    /// Not one customer per row.
    #[error("{n_customers} customers for {n_rows} rows; give one a row")]
    RowCount {
        /// Customers given.
        n_customers: usize,
        /// Rows given.
        n_rows: usize,
    },
    /// A length of time below zero.
    #[error("{what} is {value_us} microseconds; it cannot be negative")]
    NegativeLength {
        /// Which length.
        what: &'static str,
        /// Its value.
        value_us: i64,
    },
    /// Nothing to train on.
    #[error(
        "fold {fold} has no training rows before its cut ({left_out}); cut later, shorten the embargo or keep shared customers for training"
    )]
    NoTrainingRows {
        /// The fold, from 1.
        fold: usize,
        /// What became of the other rows.
        left_out: LeftOut,
    },
    /// Nothing to test on.
    #[error(
        "fold {fold} has no test rows from its cut on ({left_out}); cut earlier or keep shared customers for the test"
    )]
    NoTestRows {
        /// The fold, from 1.
        fold: usize,
        /// What became of the other rows.
        left_out: LeftOut,
    },
    /// Cuts that do not rise.
    #[error("cut {position} is not after the one before it; list the cuts in order, each once")]
    CutsDoNotRise {
        /// The cut, from 1.
        position: usize,
    },
    /// No cut at all.
    #[error("there is no cut; name at least one")]
    NoCuts,
    /// A number of folds that cannot be made.
    #[error("{n_folds} folds of {n_customers} customers; there must be at least 2 folds and a customer for each")]
    FoldCount {
        /// Folds asked for.
        n_folds: usize,
        /// Customers there are.
        n_customers: usize,
    },
    /// A row on both sides, or twice on one.
    #[error("row {row} stands twice among training and test rows")]
    RepeatedRow {
        /// The row, from 1.
        row: usize,
    },
    /// A row that is not there.
    #[error("row {row} is not one of the {n_rows} rows")]
    UnknownRow {
        /// The row, from 1.
        row: usize,
        /// Rows there are.
        n_rows: usize,
    },
    /// A customer on both sides.
    #[error("the customer of row {row} has rows among training and test rows; keep each customer on one side")]
    SharedCustomer {
        /// A test row of the customer, from 1.
        row: usize,
    },
}

/// Rows on neither side of a split, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeftOut {
    /// Rows before the cut whose outcome is not known before it.
    pub embargoed: usize,
    /// Rows whose customer is on the other side.
    pub shared_customer: usize,
    /// Rows before the training window or after the test's end.
    pub outside: usize,
}

impl LeftOut {
    /// Their number, whatever the reason.
    pub fn total(&self) -> usize {
        self.embargoed + self.shared_customer + self.outside
    }
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "left out: {} by the embargo, {} of customers on the other side, {} outside the windows",
            self.embargoed, self.shared_customer, self.outside
        )
    }
}

/// Rows to fit on and rows to judge by: neither is empty, and they share no row and no customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    train: Vec<usize>,
    test: Vec<usize>,
    left_out: LeftOut,
}

impl Split {
    /// Checks a split made elsewhere. Rows that are on neither side count as outside.
    ///
    /// # Errors
    /// An empty side, a row that is not there or stands twice, a customer on both sides.
    pub fn new(train: Vec<usize>, test: Vec<usize>, customers: &Clusters) -> Result<Self, SplitError> {
        let n_rows = customers.codes().len();
        let mut seen = vec![false; n_rows];
        for &row in train.iter().chain(&test) {
            match seen.get_mut(row) {
                None => return Err(SplitError::UnknownRow { row: row + 1, n_rows }),
                Some(true) => return Err(SplitError::RepeatedRow { row: row + 1 }),
                Some(seen) => *seen = true,
            }
        }
        let trained: HashSet<u32> = train.iter().map(|&row| customers.codes()[row]).collect();
        if let Some(&row) = test.iter().find(|&&row| trained.contains(&customers.codes()[row])) {
            return Err(SplitError::SharedCustomer { row: row + 1 });
        }
        let outside = n_rows - train.len() - test.len();
        Self { train, test, left_out: LeftOut { outside, ..LeftOut::default() } }.with_both_sides(1)
    }

    /// The rows to fit on.
    pub fn train(&self) -> &[usize] {
        &self.train
    }

    /// The rows to judge by.
    pub fn test(&self) -> &[usize] {
        &self.test
    }

    /// What became of the other rows.
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    fn with_both_sides(self, fold: usize) -> Result<Self, SplitError> {
        let left_out = self.left_out;
        match (self.train.is_empty(), self.test.is_empty()) {
            (true, _) => Err(SplitError::NoTrainingRows { fold, left_out }),
            (_, true) => Err(SplitError::NoTestRows { fold, left_out }),
            _ => Ok(self),
        }
    }
}

/// The side that keeps a customer who has rows on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeptSide {
    /// The test side, so that those who are judged are everybody who answered from the cut on: the population that the
    /// figures are about. Their earlier rows are not trained on.
    #[default]
    Test,
    /// The training side, where training rows are few. Those who are judged are then only customers never seen before.
    Training,
}

/// Training before a cut in time, test from the cut on.
///
/// A row at `t` is a test row if `t >= cut`. It is a training row if `t + embargo < cut`: with an embargo as long as the
/// outcome's window `(t, t + window]`, everything a training row says was known before the cut. Other rows before the cut
/// are embargoed.
///
/// # Example
/// ```
/// use advocate::data::{Clusters, TimeSplit};
/// let customers = Clusters::from_labels(["a", "b", "c", "a", "d"]);
/// let split = TimeSplit { cut_us: 100, embargo_us: 20, ..TimeSplit::default() };
/// let split = split.split(&[10, 20, 85, 100, 120], &customers)?;
/// // Row 0 is of a customer who is tested, and the outcome of row 2 is not known before the cut.
/// assert_eq!((split.train(), split.test()), (&[1][..], &[3, 4][..]));
/// assert_eq!((split.left_out().shared_customer, split.left_out().embargoed), (1, 1));
/// # Ok::<(), advocate::data::SplitError>(())
/// ```
///
/// # References
/// López de Prado (2018), "Advances in Financial Machine Learning", chapter 7, for purging what overlaps the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeSplit {
    /// The first instant of the test, in microseconds UTC.
    pub cut_us: i64,
    /// How long a row's outcome takes to be known, in microseconds.
    pub embargo_us: i64,
    /// Who keeps a customer with rows on both sides.
    pub kept_side: KeptSide,
}

impl TimeSplit {
    /// Splits rows at `times_us` (microseconds UTC), each of one of `customers`.
    ///
    /// # Errors
    /// Different lengths, a negative embargo, an empty side.
    pub fn split(&self, times_us: &[i64], customers: &Clusters) -> Result<Split, SplitError> {
        check(times_us, customers, &[("the embargo", self.embargo_us)])?;
        let spans = Spans { train_from_us: None, cut_us: self.cut_us, test_until_us: None };
        spans.split(times_us, customers, self.embargo_us, self.kept_side, 1)
    }
}

/// The earliest cut from which no more than `test_share` (0-1) of the rows lie, and at least the last instant's; `None` if no
/// cut has rows on both sides.
pub fn cut_at_share(times_us: &[i64], test_share: f64) -> Option<i64> {
    let mut sorted = times_us.to_vec();
    sorted.sort_unstable();
    let first = *sorted.first()?;
    let n_test = (test_share.clamp(0.0, 1.0) * sorted.len() as f64).floor() as usize;
    let place = sorted.len() - n_test.max(1);
    // Rows of one instant stay together: on the test side only if all of them fit.
    let at = sorted[place];
    let cut =
        if place > 0 && sorted[place - 1] == at { sorted[place..].iter().copied().find(|&t| t > at) } else { Some(at) };
    cut.or(Some(at)).filter(|&cut| cut > first)
}

/// How far back training goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrainingWindow {
    /// To the first row.
    #[default]
    Expanding,
    /// This long before the cut.
    Sliding {
        /// Length in microseconds.
        length_us: i64,
    },
}

/// Several cuts, each tested up to the next: how a model would have done, had it been fitted again at each.
///
/// Fold k trains on rows with `t + embargo < cut k` (from `cut k - length` on, for a sliding window) and is tested on rows
/// in `[cut k, cut k+1)`; the last fold is tested up to `until_us`, or on all later rows.
///
/// # References
/// Tashman (2000), "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 16(4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RollingOrigin {
    /// The cuts in microseconds UTC, rising.
    pub cuts_us: Vec<i64>,
    /// Where the last test ends, exclusive; `None` for no end.
    pub until_us: Option<i64>,
    /// How far back training goes.
    pub window: TrainingWindow,
    /// How long a row's outcome takes to be known, in microseconds.
    pub embargo_us: i64,
    /// Who keeps a customer with rows on both sides of a fold.
    pub kept_side: KeptSide,
}

impl RollingOrigin {
    /// One split a cut, of rows at `times_us` (microseconds UTC), each of one of `customers`.
    ///
    /// # Errors
    /// Different lengths, a negative length of time, cuts that do not rise, a fold with an empty side.
    pub fn split(&self, times_us: &[i64], customers: &Clusters) -> Result<Vec<Split>, SplitError> {
        let length_us = match self.window {
            TrainingWindow::Expanding => None,
            TrainingWindow::Sliding { length_us } => Some(length_us),
        };
        let lengths = [("the embargo", self.embargo_us), ("the training window", length_us.unwrap_or(0))];
        check(times_us, customers, &lengths)?;
        if self.cuts_us.is_empty() {
            return Err(SplitError::NoCuts);
        }
        let ends: Vec<Option<i64>> = self.cuts_us[1..].iter().copied().map(Some).chain([self.until_us]).collect();
        self.cuts_us
            .iter()
            .zip(ends)
            .enumerate()
            .map(|(fold, (&cut_us, test_until_us))| {
                if test_until_us.is_some_and(|until| until <= cut_us) {
                    return Err(SplitError::CutsDoNotRise { position: fold + 2 });
                }
                let train_from_us = length_us.map(|length| cut_us.saturating_sub(length));
                let spans = Spans { train_from_us, cut_us, test_until_us };
                spans.split(times_us, customers, self.embargo_us, self.kept_side, fold + 1)
            })
            .collect()
    }
}

/// Folds of whole customers with about as many rows each; every row is tested once.
///
/// Customers are dealt from the largest to the smallest, each to the fold with the fewest rows; customers of one size come
/// in an order drawn from `seed`.
///
/// # Errors
/// Fewer than two folds, or fewer customers than folds.
pub fn grouped_k_fold(customers: &Clusters, n_folds: usize, seed: u64) -> Result<Vec<Split>, SplitError> {
    let n_customers = customers.n_clusters();
    if n_folds < 2 || n_customers < n_folds {
        return Err(SplitError::FoldCount { n_folds, n_customers });
    }
    let mut sizes = vec![0_usize; n_customers];
    customers.codes().iter().for_each(|&code| sizes[code as usize] += 1);
    let mut order: Vec<usize> = (0..n_customers).collect();
    order.shuffle(&mut stream(seed, "grouped k-fold", 0));
    order.sort_by_key(|&customer| std::cmp::Reverse(sizes[customer]));
    let (mut fold_of, mut n_rows) = (vec![0_usize; n_customers], vec![0_usize; n_folds]);
    for customer in order {
        let fold = (0..n_folds).min_by_key(|&fold| n_rows[fold]).unwrap_or(0);
        fold_of[customer] = fold;
        n_rows[fold] += sizes[customer];
    }
    (0..n_folds)
        .map(|fold| {
            let is_test = |&row: &usize| fold_of[customers.codes()[row] as usize] == fold;
            let (test, train) = (0..customers.codes().len()).partition(is_test);
            Split { train, test, left_out: LeftOut::default() }.with_both_sides(fold + 1)
        })
        .collect()
}

fn check(times_us: &[i64], customers: &Clusters, lengths: &[(&'static str, i64)]) -> Result<(), SplitError> {
    if let Some(&(what, value_us)) = lengths.iter().find(|(_, length)| *length < 0) {
        return Err(SplitError::NegativeLength { what, value_us });
    }
    let (n_customers, n_rows) = (customers.codes().len(), times_us.len());
    if n_customers == n_rows { Ok(()) } else { Err(SplitError::RowCount { n_customers, n_rows }) }
}

/// The instants of one fold.
struct Spans {
    train_from_us: Option<i64>,
    cut_us: i64,
    test_until_us: Option<i64>,
}

/// Where the time of a row puts it.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Train,
    Test,
    Embargoed,
    Outside,
}

impl Spans {
    fn place(&self, time_us: i64, embargo_us: i64) -> Place {
        if time_us >= self.cut_us {
            if self.test_until_us.is_none_or(|until| time_us < until) { Place::Test } else { Place::Outside }
        } else if self.train_from_us.is_some_and(|from| time_us < from) {
            Place::Outside
        } else if time_us.checked_add(embargo_us).is_some_and(|known_us| known_us < self.cut_us) {
            Place::Train
        } else {
            Place::Embargoed
        }
    }

    fn split(
        &self,
        times_us: &[i64],
        customers: &Clusters,
        embargo_us: i64,
        kept_side: KeptSide,
        fold: usize,
    ) -> Result<Split, SplitError> {
        let places: Vec<Place> = times_us.iter().map(|&time_us| self.place(time_us, embargo_us)).collect();
        let (kept, other) = match kept_side {
            KeptSide::Test => (Place::Test, Place::Train),
            KeptSide::Training => (Place::Train, Place::Test),
        };
        let mut is_kept = vec![false; customers.n_clusters()];
        for (place, &code) in places.iter().zip(customers.codes()) {
            is_kept[code as usize] |= *place == kept;
        }
        let (mut train, mut test, mut left_out) = (Vec::new(), Vec::new(), LeftOut::default());
        for (row, (&place, &code)) in places.iter().zip(customers.codes()).enumerate() {
            match place {
                place if place == other && is_kept[code as usize] => left_out.shared_customer += 1,
                Place::Train => train.push(row),
                Place::Test => test.push(row),
                Place::Embargoed => left_out.embargoed += 1,
                Place::Outside => left_out.outside += 1,
            }
        }
        Split { train, test, left_out }.with_both_sides(fold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: [i64; 8] = [10, 20, 30, 40, 50, 60, 70, 80];

    fn everybody_once() -> Clusters {
        Clusters::from_labels(0..8)
    }

    #[test]
    fn the_cut_itself_is_tested_and_what_is_known_only_then_is_not_trained_on() {
        let split = |embargo_us| {
            let split = TimeSplit { cut_us: 50, embargo_us, ..TimeSplit::default() };
            split.split(&TIMES, &everybody_once()).expect("both sides")
        };
        assert_eq!((split(0).train(), split(0).test()), (&[0, 1, 2, 3][..], &[4, 5, 6, 7][..]));
        // 30 + 20 is the cut itself.
        assert_eq!((split(19).train(), split(19).left_out().embargoed), (&[0, 1, 2][..], 1));
        assert_eq!((split(20).train(), split(20).left_out().embargoed), (&[0, 1][..], 2));
    }

    #[test]
    fn a_customer_on_both_sides_stays_on_the_side_that_keeps() {
        let customers = Clusters::from_labels(["a", "b", "c", "d", "a", "e", "c", "f"]);
        let split = |kept_side| {
            let split = TimeSplit { cut_us: 50, embargo_us: 0, kept_side };
            split.split(&TIMES, &customers).expect("both sides")
        };
        let (for_test, for_training) = (split(KeptSide::Test), split(KeptSide::Training));
        assert_eq!((for_test.train(), for_test.test()), (&[1, 3][..], &[4, 5, 6, 7][..]));
        assert_eq!((for_training.train(), for_training.test()), (&[0, 1, 2, 3][..], &[5, 7][..]));
        assert_eq!((for_test.left_out().shared_customer, for_training.left_out().shared_customer), (2, 2));
    }

    #[test]
    fn a_customer_of_embargoed_rows_alone_may_be_tested() {
        let customers = Clusters::from_labels([0, 1, 2, 3, 3, 4, 5, 6]);
        let split = TimeSplit { cut_us: 50, embargo_us: 10, kept_side: KeptSide::Training };
        let split = split.split(&TIMES, &customers).expect("both sides");
        assert_eq!(
            (split.test(), split.left_out()),
            (&[4, 5, 6, 7][..], LeftOut { embargoed: 1, ..LeftOut::default() })
        );
    }

    #[test]
    fn an_empty_side_says_what_became_of_the_rows() {
        let customers = Clusters::from_labels([0, 1, 2, 3, 0, 1, 2, 3]);
        let error = TimeSplit { cut_us: 50, ..TimeSplit::default() }.split(&TIMES, &customers).unwrap_err();
        assert!(error.to_string().contains("4 of customers on the other side"), "{error}");
        let late = TimeSplit { cut_us: 90, ..TimeSplit::default() }.split(&TIMES, &everybody_once());
        assert!(matches!(late, Err(SplitError::NoTestRows { fold: 1, .. })));
        let far = TimeSplit { cut_us: 50, embargo_us: i64::MAX, ..TimeSplit::default() };
        assert!(matches!(far.split(&TIMES, &everybody_once()), Err(SplitError::NoTrainingRows { .. })));
    }

    #[test]
    fn rolling_tests_end_where_the_next_begin() {
        let rolling = RollingOrigin { cuts_us: vec![30, 50], until_us: Some(80), ..RollingOrigin::default() };
        let splits = rolling.split(&TIMES, &everybody_once()).expect("both sides");
        assert_eq!((splits[0].train(), splits[0].test()), (&[0, 1][..], &[2, 3][..]));
        assert_eq!((splits[1].train(), splits[1].test()), (&[0, 1, 2, 3][..], &[4, 5, 6][..]));
        assert_eq!(splits[1].left_out().outside, 1);
        let sliding = RollingOrigin { window: TrainingWindow::Sliding { length_us: 20 }, embargo_us: 5, ..rolling };
        let splits = sliding.split(&TIMES, &everybody_once()).expect("both sides");
        assert_eq!((splits[1].train(), splits[1].left_out().outside), (&[2, 3][..], 3));
    }

    #[test]
    fn cuts_that_do_not_rise_are_refused() {
        let of = |cuts: &[i64]| {
            RollingOrigin { cuts_us: cuts.to_vec(), ..RollingOrigin::default() }.split(&TIMES, &everybody_once())
        };
        assert_eq!(of(&[30, 30]), Err(SplitError::CutsDoNotRise { position: 2 }));
        assert_eq!(of(&[]), Err(SplitError::NoCuts));
    }

    #[test]
    fn folds_are_balanced_whole_customers_and_cover_every_row_once() {
        let customers = Clusters::from_labels((0..500).map(|row: usize| (row * row) % 97 % 40));
        let splits = grouped_k_fold(&customers, 5, 3).expect("enough customers");
        let mut tested = vec![0; 500];
        for split in &splits {
            assert_eq!(Split::new(split.train.clone(), split.test.clone(), &customers).as_ref(), Ok(split));
            split.test().iter().for_each(|&row| tested[row] += 1);
            assert!((90..=110).contains(&split.test().len()), "{}", split.test().len());
        }
        assert!(tested.iter().all(|&times| times == 1));
        assert_eq!(splits, grouped_k_fold(&customers, 5, 3).expect("the same"));
        assert_ne!(splits, grouped_k_fold(&customers, 5, 4).expect("others"));
    }

    #[test]
    fn more_folds_than_customers_are_refused() {
        let customers = Clusters::from_labels([0, 0, 1]);
        assert_eq!(grouped_k_fold(&customers, 3, 1), Err(SplitError::FoldCount { n_folds: 3, n_customers: 2 }));
        assert!(grouped_k_fold(&customers, 1, 1).is_err());
    }

    #[test]
    fn a_split_from_elsewhere_is_checked() {
        let customers = Clusters::from_labels([0, 0, 1]);
        let split = |train: &[usize], test: &[usize]| Split::new(train.to_vec(), test.to_vec(), &customers);
        assert_eq!(split(&[0], &[1]), Err(SplitError::SharedCustomer { row: 2 }));
        assert_eq!(split(&[0], &[0]), Err(SplitError::RepeatedRow { row: 1 }));
        assert_eq!(split(&[0], &[7]), Err(SplitError::UnknownRow { row: 8, n_rows: 3 }));
        assert!(matches!(split(&[], &[2]), Err(SplitError::NoTrainingRows { .. })));
        assert_eq!(split(&[0], &[2]).map(|split| split.left_out().outside), Ok(1));
    }

    #[test]
    fn a_cut_by_share_leaves_that_share_and_no_instant_in_two() {
        assert_eq!(cut_at_share(&TIMES, 0.25), Some(70));
        assert_eq!(cut_at_share(&[1, 2, 3, 3, 3, 4], 0.5), Some(4));
        assert_eq!(cut_at_share(&[5, 5, 5], 0.3), None);
        assert_eq!(cut_at_share(&[], 0.3), None);
    }
}
