//! Which cuts need replicates of their own, and what they count once for several measures.

use super::cuts::Cut;
use super::measure::Measure;
use super::settings::BlankRule;

/// A cut whose levels are sums of those of a finer one: shops of a region, waves of a segment by waves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Coarser {
    /// The finer cut.
    pub finer: usize,
    /// Of each level of the finer cut the level of this one; rows without a value have the place after the last in both.
    pub level_of: Vec<usize>,
}

/// For every cut the finer one from which its replicates follow; `None` where it is drawn itself. The finest are drawn, and of
/// two that divide the rows alike the first.
pub(super) fn coarser(cuts: &[Cut]) -> Vec<Option<Coarser>> {
    let mut order: Vec<usize> = (0..cuts.len()).collect();
    order.sort_by_key(|&cut| (std::cmp::Reverse(cuts[cut].levels().len()), cut));
    let mut found: Vec<Option<Coarser>> = vec![None; cuts.len()];
    let mut drawn: Vec<usize> = Vec::new();
    for cut in order {
        found[cut] = drawn.iter().find_map(|&finer| within(&cuts[cut], &cuts[finer], finer));
        if found[cut].is_none() {
            drawn.push(cut);
        }
    }
    found
}

/// `None` where some level of the finer cut lies in two levels.
fn within(cut: &Cut, finer: &Cut, place: usize) -> Option<Coarser> {
    const NOBODY: usize = usize::MAX;
    let mut level_of = vec![NOBODY; finer.levels().len() + 1];
    for row in 0..cut.n_rows() {
        let own = &mut level_of[finer.level(row)];
        let level = cut.level(row);
        if *own == NOBODY {
            *own = level;
        } else if *own != level {
            return None;
        }
    }
    // Where nobody is, any level will do.
    level_of.iter_mut().filter(|own| **own == NOBODY).for_each(|own| *own = cut.levels().len());
    Some(Coarser { finer: place, level_of })
}

/// For every measure the first one with the same base: the same rows, each of them once. Their replicates have one denominator.
pub(super) fn bases(measures: &[Measure], blanks: BlankRule) -> Vec<usize> {
    let counts = |at: usize, row: usize| {
        let measure: &Measure = &measures[at];
        measure.term(row).is_some() || (blanks == BlankRule::InBase && measure.blank_term().is_some())
    };
    let mut firsts: Vec<usize> = Vec::new();
    (0..measures.len())
        .map(|at| {
            let n_rows = measures[at].n_rows();
            let is_alike = |&first: &usize| (0..n_rows).all(|row| counts(first, row) == counts(at, row));
            let first = if measures[at].is_ratio() { None } else { firsts.iter().copied().find(is_alike) };
            if first.is_none() && !measures[at].is_ratio() {
                firsts.push(at);
            }
            first.unwrap_or(at)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut<'c>(levels: usize, codes: &'c [u32]) -> Cut<'c> {
        Cut::new("cut", (0..levels).map(|level| level.to_string()).collect(), codes).expect("codes")
    }

    #[test]
    fn regions_follow_from_shops_and_crossed_columns_do_not() {
        // Shops 0 and 1 are in region 0, shop 2 in region 1; the last row has neither.
        let blank = Cut::BLANK;
        let (shops, regions) = ([0, 1, 2, 2, blank], [0, 0, 1, 1, blank]);
        let crossed = [0, 1, 0, 1, 0];
        let own = coarser(&[cut(2, &regions), cut(3, &shops), cut(2, &crossed)]);
        assert_eq!(own[0], Some(Coarser { finer: 1, level_of: vec![0, 0, 1, 2] }));
        assert_eq!(own[1..], [None, None]);
        // A shop without a region in one of its rows lies in two levels.
        let own = coarser(&[cut(2, &[0, 0, 1, blank, blank]), cut(3, &shops)]);
        assert_eq!(own, [None, None]);
        // Of two alike the first is drawn.
        assert_eq!(coarser(&[cut(3, &shops), cut(3, &shops)])[0], None);
    }

    #[test]
    fn measures_of_the_same_rows_share_their_base() {
        let (one, other) = ([1.0, f64::NAN, 3.0], [4.0, 5.0, 6.0]);
        let measures = [
            Measure::mean("one", &one).expect("numbers"),
            Measure::mean("other", &other).expect("numbers"),
            Measure::mean("one again", &one).expect("numbers"),
            Measure::ratio("ratio", &other, &other).expect("numbers"),
            Measure::mean("other again", &other).expect("numbers"),
        ];
        assert_eq!(bases(&measures, BlankRule::LeftOut), [0, 1, 0, 3, 1]);
    }
}
