//! Rows in the order of their scores, equal scores together.

/// Rows by score, ascending, and where each group of equal scores ends.
#[derive(Debug, Clone)]
pub(super) struct Order {
    rows: Vec<usize>,
    ends: Vec<usize>,
}

impl Order {
    /// Orders finite scores.
    pub(super) fn of(scores: &[f64]) -> Self {
        let mut rows: Vec<usize> = (0..scores.len()).collect();
        rows.sort_unstable_by(|&left, &right| scores[left].total_cmp(&scores[right]).then(left.cmp(&right)));
        // Zero and minus zero are one score.
        let mut ends: Vec<usize> =
            (1..rows.len()).filter(|&place| scores[rows[place]] > scores[rows[place - 1]]).collect();
        if !rows.is_empty() {
            ends.push(rows.len());
        }
        Self { rows, ends }
    }

    /// Groups of equal scores, ascending.
    pub(super) fn groups(&self) -> impl DoubleEndedIterator<Item = &[usize]> + '_ {
        (0..self.ends.len()).map(|group| {
            let start = if group == 0 { 0 } else { self.ends[group - 1] };
            &self.rows[start..self.ends[group]]
        })
    }

    /// One group at most.
    pub(super) fn is_constant(&self) -> bool {
        self.ends.len() < 2
    }

    /// The weight below each row's group plus half of the group's own: the weighted mid-rank less one half.
    pub(super) fn mid_ranks(&self, weights: &[f64]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.rows.len()];
        let mut below = 0.0;
        for group in self.groups() {
            let own: f64 = group.iter().map(|&row| weights[row]).sum();
            group.iter().for_each(|&row| ranks[row] = below + 0.5 * own);
            below += own;
        }
        ranks
    }
}
