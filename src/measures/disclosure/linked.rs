//! Lists of the same people by several columns, where levels of one may lie within levels of another.

use super::one_way::{ShownCell, SmallBases};

/// Which levels of one column lie within a level of another, as shops lie within regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nesting {
    /// The place of the column whose levels are parts.
    pub parts: usize,
    /// The place of the column whose levels are wholes.
    pub wholes: usize,
    /// For every part, the whole that all its people are in; `None` where they are in several.
    pub whole_of: Vec<Option<usize>>,
}

impl Nesting {
    /// From the level of every person in both columns, `n_parts` levels in the first.
    ///
    /// # Panics
    /// If a code is not below the number of its levels, or columns have different lengths.
    pub fn of(parts: (usize, &[usize]), wholes: (usize, &[usize]), n_parts: usize) -> Self {
        assert_eq!(parts.1.len(), wholes.1.len(), "one level a person in both columns");
        let mut seen: Vec<Option<usize>> = vec![None; n_parts];
        let mut is_whole = vec![true; n_parts];
        for (&part, &whole) in parts.1.iter().zip(wholes.1) {
            match seen[part] {
                None => seen[part] = Some(whole),
                Some(own) => is_whole[part] &= own == whole,
            }
        }
        let whole_of = seen.into_iter().zip(is_whole).map(|(whole, is_whole)| whole.filter(|_| is_whole)).collect();
        Self { parts: parts.0, wholes: wholes.0, whole_of }
    }
}

/// One level as a sum of parts and of what is in no part.
struct Sum<'a> {
    nesting: &'a Nesting,
    whole: usize,
    parts: Vec<usize>,
    rest: u64,
}

impl SmallBases {
    /// Hides counts in several lists of the same people, each with the same total, which is shown.
    ///
    /// Every list is protected as by [`SmallBases::list_or_nothing`]. Where levels of one column lie within a level of another,
    /// that level is the sum of these and of a rest: no hidden one of them, and no small rest, follows from the others. So
    /// many parts more are hidden, the smallest first, until that is so of every sum.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::disclosure::{Nesting, SmallBases};
    /// // Shops of 3 and 40 in the north, of 30 and 6 in the south. The total alone hides the 3 with the 6, and then the north
    /// // less its 40 is the 3.
    /// let shops_of = Nesting { parts: 1, wholes: 0, whole_of: vec![Some(0), Some(0), Some(1), Some(1)] };
    /// let cells = SmallBases::default().linked(&[vec![43, 36], vec![3, 40, 30, 6]], &[shops_of]);
    /// let shown: Vec<bool> = cells[1].iter().map(|cell| cell.is_shown()).collect();
    /// assert_eq!(shown, [false, false, false, false]);
    /// assert!(cells[0].iter().all(|cell| cell.is_shown()));
    /// ```
    ///
    /// # Panics
    /// If a nesting names a column or a level that is not there.
    pub fn linked(self, counts: &[Vec<u64>], nestings: &[Nesting]) -> Vec<Vec<ShownCell>> {
        let mut cells: Vec<Vec<ShownCell>> = counts.iter().map(|own| self.list_or_nothing(own)).collect();
        let sums: Vec<Sum<'_>> = nestings.iter().flat_map(|own| sums(own, counts)).collect();
        // Every round hides one more, so that there is a last one.
        while let Some((column, level)) = sums.iter().find_map(|sum| self.to_hide(sum, counts, &cells)) {
            cells[column][level] = ShownCell::Complement;
        }
        cells
    }

    /// The smallest part that is shown, where a sum gives something away.
    fn to_hide(self, sum: &Sum<'_>, counts: &[Vec<u64>], cells: &[Vec<ShownCell>]) -> Option<(usize, usize)> {
        let Nesting { parts: column, wholes, .. } = sum.nesting;
        let (own, counts) = (&cells[*column], &counts[*column]);
        let is_hidden = |part: &&usize| !own[**part].is_shown();
        let mut unknown: Vec<u64> = sum.parts.iter().filter(is_hidden).map(|&part| counts[part]).collect();
        let is_whole_shown = cells[*wholes][sum.whole].is_shown();
        if unknown.is_empty() && is_whole_shown && !self.is_small(sum.rest) {
            return None;
        }
        unknown.extend((sum.rest > 0).then_some(sum.rest));
        // Where the whole is not known either, one unknown part beside it will do.
        let is_covered = if is_whole_shown { self.covers(&unknown) } else { !unknown.is_empty() };
        let shown = sum.parts.iter().copied().filter(|&part| own[part].is_shown());
        let smallest = shown.min_by_key(|&part| (counts[part], part)).map(|part| (*column, part));
        if is_covered { None } else { smallest }
    }
}

/// The levels of which others are parts.
fn sums<'a>(nesting: &'a Nesting, counts: &[Vec<u64>]) -> Vec<Sum<'a>> {
    let (parts, wholes) = (&counts[nesting.parts], &counts[nesting.wholes]);
    let mut sums: Vec<Sum<'a>> =
        wholes.iter().enumerate().map(|(whole, &rest)| Sum { nesting, whole, parts: Vec::new(), rest }).collect();
    for (part, whole) in nesting.whole_of.iter().enumerate() {
        if let Some(whole) = whole.filter(|_| parts[part] > 0) {
            sums[whole].parts.push(part);
            sums[whole].rest = sums[whole].rest.saturating_sub(parts[part]);
        }
    }
    sums.retain(|sum| !sum.parts.is_empty());
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use rand::Rng;

    fn shown(cells: &[Vec<ShownCell>]) -> Vec<Vec<bool>> {
        cells.iter().map(|own| own.iter().map(|cell| cell.is_shown()).collect()).collect()
    }

    #[test]
    fn a_hidden_whole_is_no_sum_of_shown_parts() {
        // The west, 3, takes the east, 20, along, which two shops of 12 and 8 would give away.
        let counts = [vec![3, 20, 60], vec![3, 12, 8, 60]];
        let shops_of = Nesting { parts: 1, wholes: 0, whole_of: vec![Some(0), Some(1), Some(1), Some(2)] };
        let own = shown(&SmallBases::default().linked(&counts, &[shops_of]));
        assert_eq!(own[0], [false, false, true]);
        assert!(own[1].iter().filter(|&&shown| !shown).count() >= 2 && !own[1][0] && !(own[1][1] && own[1][2]));
    }

    #[test]
    fn a_level_that_is_nearly_another_gives_no_rest_away() {
        // All 40 of the app are among the 42 of segment a: without the app it is two people.
        let app_in_a = Nesting { parts: 0, wholes: 1, whole_of: vec![Some(0), None, None] };
        let own = shown(&SmallBases::default().linked(&[vec![40, 50, 30], vec![42, 78]], &[app_in_a]));
        assert_eq!(own, [vec![false, true, true], vec![true, true]]);
    }

    #[test]
    fn columns_that_cross_are_lists_of_their_own() {
        let crossed = Nesting::of((0, &[0, 0, 1, 1]), (1, &[0, 1, 0, 1]), 2);
        assert_eq!(crossed.whole_of, [None, None]);
        let nested = Nesting::of((0, &[0, 0, 1, 2]), (1, &[0, 0, 1, 1]), 4);
        assert_eq!(nested.whole_of, [Some(0), Some(1), Some(1), None]);
        let own = SmallBases::default().linked(&[vec![20, 30], vec![25, 25]], &[crossed]);
        assert!(own.iter().flatten().all(|cell| cell.is_shown()));
    }

    /// By elimination over the equations of totals and wholes: the hidden counts that have only one value.
    fn determined(counts: &[Vec<u64>], shown: &[Vec<bool>], nesting: &Nesting) -> Vec<(usize, usize)> {
        let hidden: Vec<(usize, usize)> = (0..counts.len())
            .flat_map(|column| (0..counts[column].len()).map(move |level| (column, level)))
            .filter(|&(column, level)| !shown[column][level])
            .collect();
        let line = |of: &dyn Fn((usize, usize)) -> f64| hidden.iter().map(|&cell| of(cell)).collect::<Vec<f64>>();
        let mut rows: Vec<Vec<f64>> =
            (0..counts.len()).map(|column| line(&|cell| f64::from(u8::from(cell.0 == column)))).collect();
        for whole in 0..counts[nesting.wholes].len() {
            rows.push(line(&|(column, level)| {
                if column == nesting.parts && nesting.whole_of[level] == Some(whole) {
                    1.0
                } else if column == nesting.wholes && level == whole {
                    -1.0
                } else {
                    0.0
                }
            }));
        }
        // Reduced rows: a cell alone in its row is determined.
        let mut done = 0;
        for column in 0..hidden.len() {
            let Some(pivot) = (done..rows.len()).find(|&row| rows[row][column].abs() > 1e-9) else { continue };
            rows.swap(done, pivot);
            let scale = rows[done][column];
            rows[done].iter_mut().for_each(|own| *own /= scale);
            for row in (0..rows.len()).filter(|&row| row != done) {
                let factor = rows[row][column];
                let pivot = rows[done].clone();
                rows[row].iter_mut().zip(pivot).for_each(|(own, pivot)| *own -= factor * pivot);
            }
            done += 1;
        }
        let alone = |row: &Vec<f64>| {
            let places: Vec<usize> = (0..hidden.len()).filter(|&at| row[at].abs() > 1e-9).collect();
            if let [place] = places[..] { Some(hidden[place]) } else { None }
        };
        rows[..done].iter().filter_map(alone).collect()
    }

    #[test]
    fn no_hidden_count_follows_from_all_that_is_shown() {
        let mut random = stream(7, "disclosure", 0);
        let mut n_hidden = 0;
        for _ in 0..400 {
            let n_wholes = random.random_range(2..5);
            let whole_of: Vec<Option<usize>> =
                (0..random.random_range(3..10_usize)).map(|part| Some(part % n_wholes)).collect();
            let parts: Vec<u64> = whole_of.iter().map(|_| random.random_range(1..30)).collect();
            let mut wholes = vec![0; n_wholes];
            whole_of.iter().zip(&parts).for_each(|(whole, n)| wholes[whole.expect("a whole")] += n);
            let nesting = Nesting { parts: 1, wholes: 0, whole_of };
            let counts = [wholes, parts];
            let own = shown(&SmallBases::default().linked(&counts, std::slice::from_ref(&nesting)));
            n_hidden += own.iter().flatten().filter(|&&shown| !shown).count();
            let small = |&(column, level): &(usize, usize)| counts[column][level] < 5;
            let given_away: Vec<(usize, usize)> =
                determined(&counts, &own, &nesting).into_iter().filter(small).collect();
            assert!(given_away.is_empty(), "{given_away:?} of {counts:?} follow from {own:?}");
            assert!((0..2).all(|at| counts[at].iter().zip(&own[at]).all(|(&n, &shown)| n >= 5 || !shown || n == 0)));
        }
        assert!(n_hidden > 100);
    }
}
