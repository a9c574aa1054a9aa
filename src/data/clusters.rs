//! Who belongs together: answers of one customer are not independent of each other.

use std::collections::HashMap;
use std::hash::Hash;

/// The group of every observation, as codes from 0 in order of first appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    codes: Vec<u32>,
    n_clusters: usize,
}

impl Clusters {
    /// Groups rows with equal labels.
    pub fn from_labels<L: Eq + Hash>(labels: impl IntoIterator<Item = L>) -> Self {
        let mut seen = HashMap::new();
        let codes = labels
            .into_iter()
            .map(|label| {
                let next = seen.len() as u32;
                *seen.entry(label).or_insert(next)
            })
            .collect();
        Self { codes, n_clusters: seen.len() }
    }

    /// The code of each row, below [`Clusters::n_clusters`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The number of groups.
    pub fn n_clusters(&self) -> usize {
        self.n_clusters
    }

    /// The rows that are kept, grouped as before; groups left without a row disappear.
    #[must_use]
    pub fn keep(&self, rows: &[usize]) -> Self {
        Self::from_labels(rows.iter().map(|&row| self.codes[row]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_first_appearance() {
        let clusters = Clusters::from_labels(["b", "a", "b", "c"]);
        assert_eq!((clusters.codes(), clusters.n_clusters()), (&[0, 1, 0, 2][..], 3));
        assert_eq!(clusters.keep(&[3, 1]).codes(), &[0, 1]);
    }
}
