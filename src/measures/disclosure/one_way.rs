//! A list of counts whose total is shown.

use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::MeasureError;
use serde::Serialize;

/// From which count on a figure is shown.
///
/// # Example
/// ```
/// use advocate::measures::disclosure::{ShownCell, SmallBases};
/// let cells = SmallBases::default().list(&[40, 3, 12])?;
/// // With the total known, hiding the 3 alone would hide nothing.
/// assert_eq!(cells, [ShownCell::Shown(40), ShownCell::TooSmall, ShownCell::Complement]);
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallBases {
    minimum: u64,
}

/// What becomes of one count. What is hidden is hidden with every figure of its people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownCell {
    /// Shown. Nobody at all is shown, too.
    Shown(u64),
    /// Hidden because it is small.
    TooSmall,
    /// Hidden because another could be computed from it.
    Complement,
}

impl ShownCell {
    /// Whether it is shown.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Shown(_))
    }
}

impl Default for SmallBases {
    fn default() -> Self {
        Self { minimum: 5 }
    }
}

impl SmallBases {
    /// Counts below this are hidden.
    ///
    /// # Errors
    /// Less than 2, which would hide nothing.
    pub fn below(minimum: u64) -> Result<Self, MeasureError> {
        if minimum < 2 {
            return Err(MeasureError::Setting { what: "the minimum base", value: minimum as f64, must: "at least 2" });
        }
        Ok(Self { minimum })
    }

    /// The smallest count that is shown.
    pub fn minimum(self) -> u64 {
        self.minimum
    }

    pub(super) fn is_small(self, count: u64) -> bool {
        count > 0 && count < self.minimum
    }

    /// Whether unknown counts of somebody, of which only the sum is known, cover each other: there are two at least, and
    /// each could be the minimum as far as anybody can tell.
    pub fn covers(self, unknown: &[u64]) -> bool {
        // Each lies between 1 and the sum less one for each of the others.
        let n = unknown.len() as u64;
        n >= 2 && unknown.iter().sum::<u64>() + 1 >= self.minimum + n
    }

    /// Hides counts in a list whose total is shown.
    ///
    /// Where any count is hidden, at least two are, so that the total gives none away, and together they are at least twice
    /// the minimum less one, so that every small count could be the minimum as far as anybody can tell. The smallest that
    /// suffice are hidden.
    ///
    /// # Errors
    /// A small count that no other can cover: the total is small itself, or all others are nobody.
    pub fn list(self, counts: &[u64]) -> Result<Vec<ShownCell>, MeasureError> {
        let mut cells: Vec<ShownCell> = counts
            .iter()
            .map(|&count| if self.is_small(count) { ShownCell::TooSmall } else { ShownCell::Shown(count) })
            .collect();
        let small: Vec<u64> = counts.iter().copied().filter(|&count| self.is_small(count)).collect();
        if small.is_empty() {
            return Ok(cells);
        }
        let mut unknown = small;
        let mut others: Vec<usize> = (0..counts.len()).filter(|&at| counts[at] >= self.minimum).collect();
        others.sort_by_key(|&at| counts[at]);
        let mut others = others.into_iter();
        while !self.covers(&unknown) {
            let Some(next) = others.next() else {
                return Err(MeasureError::Margin {
                    margin: "counts".to_owned(),
                    problem: format!(
                        "those below {} cannot be hidden beside their total; merge categories or leave out the total",
                        self.minimum
                    ),
                });
            };
            cells[next] = ShownCell::Complement;
            unknown.push(counts[next]);
        }
        Ok(cells)
    }

    /// The same, with every count hidden that is somebody's where the small ones cannot be covered.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::disclosure::{ShownCell, SmallBases};
    /// let cells = SmallBases::default().list_or_nothing(&[3, 0]);
    /// assert_eq!(cells, [ShownCell::TooSmall, ShownCell::Shown(0)]);
    /// ```
    pub fn list_or_nothing(self, counts: &[u64]) -> Vec<ShownCell> {
        let hidden = |&count: &u64| match count {
            0 => ShownCell::Shown(0),
            count if self.is_small(count) => ShownCell::TooSmall,
            _ => ShownCell::Complement,
        };
        self.list(counts).unwrap_or_else(|_| counts.iter().map(hidden).collect())
    }

    /// What was hidden, in words; `None` where nothing was.
    pub fn finding(self, about: impl Into<String>, cells: &[ShownCell]) -> Option<Finding> {
        let n_small = cells.iter().filter(|cell| matches!(cell, ShownCell::TooSmall)).count();
        let n_complements = cells.iter().filter(|cell| matches!(cell, ShownCell::Complement)).count();
        (n_small > 0).then(|| {
            let [bases, are, them] = if n_small == 1 { ["base", "is", "it"] } else { ["bases", "are", "them"] };
            let larger = match n_complements {
                0 => String::new(),
                1 => format!(", and 1 larger one with {them}, so that none can be computed from the others"),
                n => format!(", and {n} larger ones with {them}, so that none can be computed from the others"),
            };
            let sentence = format!("{n_small} {bases} below {} {are} hidden{larger}", self.minimum);
            Finding::new(FindingKind::SmallBase, Severity::Note, about, sentence)
                .number("n_small", n_small as f64)
                .number("n_complements", n_complements as f64)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_could_all_be_the_minimum() {
        for counts in [vec![1, 1, 50, 60], vec![4, 5, 6], vec![2, 0, 9, 100], vec![3, 4, 4], vec![4, 4]] {
            let cells = SmallBases::default().list(&counts).expect("cover");
            let hidden: Vec<u64> =
                counts.iter().zip(&cells).filter(|(_, cell)| !cell.is_shown()).map(|(&count, _)| count).collect();
            // Known to an outsider: the sum of the hidden, and that each of them is at least one.
            let (n, sum) = (hidden.len() as u64, hidden.iter().sum::<u64>());
            assert!(n >= 2 && sum - (n - 1) >= 5, "{counts:?} {cells:?}");
            assert!(counts.iter().zip(&cells).all(|(&count, cell)| !(1..5).contains(&count) || !cell.is_shown()));
        }
    }

    #[test]
    fn nothing_small_hides_nothing() {
        let cells = SmallBases::default().list(&[5, 0, 7]).expect("cover");
        assert!(cells.iter().all(|cell| cell.is_shown()));
        assert_eq!(SmallBases::default().finding("channel", &cells), None);
    }

    #[test]
    fn what_cannot_be_covered_is_refused() {
        assert!(SmallBases::default().list(&[3]).is_err());
        assert!(SmallBases::default().list(&[1, 1]).is_err());
        // Three of at least one each that sum to six: none can be more than four.
        assert!(SmallBases::default().list(&[1, 2, 3]).is_err());
        assert!(SmallBases::default().list(&[3, 0, 0]).is_err());
        assert!(SmallBases::below(1).is_err());
    }
}
