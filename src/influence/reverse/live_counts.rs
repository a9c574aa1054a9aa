//! How many of so many edges with one probability are live: binomial counts, drawn from one random word.

use std::collections::HashMap;

/// The place of no table.
pub(super) const NO_TABLE: u32 = u32::MAX;
/// Live edges expected of a row at most; of more, one edge after another is cheaper.
const EXPECTED_MAX: f64 = 6.0;
/// Live edges that a table tells apart at most.
pub(super) const LIVE_MAX: usize = 64;
/// Thresholds in all tables together, so that they stay near.
const THRESHOLDS_MAX: usize = 1 << 16;
/// Tables end where nothing is left of the distribution that a double could hold.
const NOTHING_LEFT: f64 = 1.2e-16;

/// Tables of cumulated binomial probabilities, as thresholds of a random word of 64 bits.
///
/// The number of live edges is the number of thresholds below the word. Rows of as many edges with the same probability share
/// a table: in a weighted cascade there are as many tables as in-degrees.
pub(super) struct LiveCounts {
    thresholds: Vec<u64>,
    known: HashMap<(u32, u64), u32>,
}

impl LiveCounts {
    pub fn new() -> Self {
        Self { thresholds: Vec::new(), known: HashMap::new() }
    }

    /// The place of the table of `n_arcs` edges that share `probability`; [`NO_TABLE`] where one edge after another is cheaper.
    pub fn place_of(&mut self, n_arcs: u32, probability: f64) -> u32 {
        let is_certain = probability >= 1.0;
        let mostly_live = n_arcs > 2 && probability > 0.5 && !is_certain;
        if mostly_live || f64::from(n_arcs) * probability > EXPECTED_MAX {
            return NO_TABLE;
        }
        if let Some(&place) = self.known.get(&(n_arcs, probability.to_bits())) {
            return place;
        }
        if self.thresholds.len() + LIVE_MAX > THRESHOLDS_MAX {
            return NO_TABLE;
        }
        let place = self.thresholds.len() as u32;
        self.known.insert((n_arcs, probability.to_bits()), place);
        if is_certain {
            // A word of 0, one in 2^64, is all that is amiss.
            self.thresholds.extend((0..n_arcs).map(|_| 0));
        } else {
            self.thresholds.extend(binomial_thresholds(n_arcs, probability));
        }
        // Two thresholds are looked at of every table, and none lies above the last word.
        self.thresholds.extend([u64::MAX; 2]);
        place
    }

    /// The thresholds from a table's place on, of which those of other tables may follow after the largest word.
    #[inline(always)]
    pub fn table(&self, place: u32) -> &[u64] {
        &self.thresholds[place as usize..]
    }
}

/// `P(X <= k) * 2^64` for k from 0 until nothing is left, by `P(k + 1) = P(k) (n - k) / (k + 1) * p / (1 - p)`.
fn binomial_thresholds(n_arcs: u32, probability: f64) -> impl Iterator<Item = u64> {
    let odds = probability / (1.0 - probability);
    let mut one = (f64::from(n_arcs) * (-probability).ln_1p()).exp();
    let mut cumulated = 0.0;
    (0..n_arcs.min(LIVE_MAX as u32 - 2)).map_while(move |count| {
        if count > 0 && 1.0 - cumulated < NOTHING_LEFT {
            return None;
        }
        cumulated += one;
        one *= f64::from(n_arcs - count) / f64::from(count + 1) * odds;
        Some((cumulated * 18_446_744_073_709_551_616.0) as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(n_arcs: u32, probability: f64) -> Vec<f64> {
        let mut counts = LiveCounts::new();
        let place = counts.place_of(n_arcs, probability);
        let ends = counts.table(place).iter().take_while(|&&threshold| threshold < u64::MAX);
        ends.map(|&threshold| threshold as f64 / 2.0_f64.powi(64)).collect()
    }

    #[test]
    fn three_coins_by_hand() {
        for (got, want) in [(shares(3, 0.5), vec![0.125, 0.5, 0.875]), (shares(2, 0.25), vec![0.5625, 0.9375])] {
            assert_eq!(got.len(), want.len());
            assert!(got.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-15), "{got:?} {want:?}");
        }
    }

    #[test]
    fn certain_and_impossible_edges() {
        assert_eq!(shares(3, 1.0), [0.0, 0.0, 0.0]);
        let mut counts = LiveCounts::new();
        let place = counts.place_of(3, 0.0);
        assert!(counts.table(place).iter().all(|&threshold| threshold == u64::MAX), "none is ever live");
    }

    #[test]
    fn rows_alike_share_a_table_and_busy_ones_have_none() {
        let mut counts = LiveCounts::new();
        let place = counts.place_of(5, 0.2);
        assert_eq!(counts.place_of(5, 0.2), place);
        assert_ne!(counts.place_of(6, 0.2), place);
        assert_eq!(counts.place_of(1000, 0.2), NO_TABLE);
        assert_eq!(counts.place_of(4, 0.9), NO_TABLE);
    }
}
