//! Dates of referrals shuffled so that nothing is left to find: whole records change hands.

use crate::stats::random::stream;
use rand::seq::SliceRandom;
use std::ops::Range;

/// Referrals of one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordWindow {
    /// Their places in the order of time.
    pub referrals: Range<usize>,
    /// Customers known when it begins, who have the lowest numbers.
    pub n_known: usize,
}

/// Who made each referral after the records of each window have changed hands.
///
/// In each window everybody known when it begins takes over the referrals, with their dates and whom they brought, that a
/// random other customer made in it. So every window keeps its dates, how many referrals it has and how they are spread over customers;
/// what is gone is that the same customer stands behind the records of two windows. Dates shuffled among all referrals would
/// not do that: who has made many referrals in all would have many before and after any date, and be found on them. Referrals
/// of customers who were not yet known, and those outside of the windows, stay.
///
/// The null hypothesis is that a customer's record of one window is exchangeable with anybody's: no habit, no standing, no place in the
/// network lasts from one window into the next.
///
/// # Example
/// Two customers who both referred before may only change places or not.
/// ```
/// use advocate::influence::{RecordWindow, exchange_records};
/// let window = RecordWindow { referrals: 1..3, n_known: 2 };
/// let exchanged = exchange_records(&[0, 1, 1], &[window], 1, 0);
/// assert!(exchanged == [0, 1, 1] || exchanged == [0, 0, 0]);
/// ```
pub fn exchange_records(from: &[u32], windows: &[RecordWindow], seed: u64, deal: u64) -> Vec<u32> {
    let mut exchanged = from.to_vec();
    for (place, window) in windows.iter().enumerate() {
        let mut takes_over: Vec<u32> = (0..window.n_known as u32).collect();
        takes_over.shuffle(&mut stream(
            seed,
            "exchanged records",
            deal.wrapping_mul(windows.len() as u64) + place as u64,
        ));
        for referrer in &mut exchanged[window.referrals.clone()] {
            *referrer = takes_over.get(*referrer as usize).copied().unwrap_or(*referrer);
        }
    }
    exchanged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_keeps_its_records_under_other_names() {
        // Ten customers are known; 11 is new. Customer 3 made three referrals, 5 two, 0 one.
        let from = [0, 3, 3, 5, 11, 3, 5, 7];
        let windows = [RecordWindow { referrals: 1..7, n_known: 10 }];
        let exchanged = exchange_records(&from, &windows, 4, 2);
        assert_eq!((exchanged[0], exchanged[4], exchanged[7]), (0, 11, 7), "outside, or not yet known");
        assert!(exchanged[1] == exchanged[2] && exchanged[2] == exchanged[5] && exchanged[3] == exchanged[6]);
        assert!(exchanged[1] != exchanged[3] && exchanged[1] < 10 && exchanged[3] < 10);
    }

    #[test]
    fn records_of_two_windows_go_to_different_customers() {
        let from: Vec<u32> = (0..200).map(|row| row % 100).collect();
        let windows = [0..100, 100..200].map(|referrals| RecordWindow { referrals, n_known: 100 });
        let exchanged = exchange_records(&from, &windows, 1, 0);
        let same = (0..100).filter(|&row| exchanged[row] == exchanged[row + 100]).count();
        // A random permutation has one fixed point on average.
        assert!(same < 8, "{same}");
        assert_eq!(exchanged, exchange_records(&from, &windows, 1, 0));
        assert_ne!(exchanged, exchange_records(&from, &windows, 1, 1));
    }
}
