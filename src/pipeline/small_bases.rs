//! What a study does not show because too few people stand behind it.

use super::coded::Coded;
use crate::findings::Finding;
use crate::measures::disclosure::{Nesting, ShownCell, ShownSets, SmallBases};
use crate::measures::movement::MovementRow;
use crate::measures::portfolio::CutEstimate;
use crate::measures::say_do::AnswerBehaviour;
use crate::report::OutcomeBehaviour;
use ndarray::Array2;
use std::ops::Range;

/// Answers from 0 to 10 by class: the first answer of each class, and the one after its last.
const CLASSES: [(usize, usize); 3] = [(0, 7), (7, 9), (9, 11)];

/// Hides small bases, and counts what was hidden.
pub(super) struct Hidden {
    small: Option<SmallBases>,
    cells: Vec<ShownCell>,
}

impl Hidden {
    /// Bases below this are hidden; 0 hides none.
    pub fn below(minimum: u32) -> Self {
        Self { small: SmallBases::below(u64::from(minimum)).ok(), cells: Vec::new() }
    }

    /// The same minimum, with nothing counted yet.
    pub fn uncounted(&self) -> Self {
        Self { small: self.small, cells: Vec::new() }
    }

    /// Which parts of a list are shown, so that none of the others can be computed from its total.
    pub fn shown(&mut self, counts: &[usize]) -> Vec<bool> {
        let Some(small) = self.small else { return vec![true; counts.len()] };
        let counts: Vec<u64> = counts.iter().map(|&count| count as u64).collect();
        let cells = small.list_or_nothing(&counts);
        self.cells.extend(&cells);
        cells.into_iter().map(ShownCell::is_shown).collect()
    }

    /// Which levels of several columns are shown among some rows, those without a value last, where the total of these rows is.
    /// What is hidden of the `counted` ones is counted; the others are there because something else shows their levels, and
    /// all are in one order everywhere, so that one level is not hidden here and another there.
    pub fn levels(&mut self, columns: &[&Coded], rows: &[usize], counted: Range<usize>) -> Vec<Vec<bool>> {
        let Some(small) = self.small else {
            return columns.iter().map(|own| vec![true; own.levels.len() + 1]).collect();
        };
        let codes: Vec<Vec<usize>> = columns.iter().map(|own| own.levels_of(rows)).collect();
        let counts: Vec<Vec<u64>> = columns.iter().zip(&codes).map(|(own, codes)| counts_of(own, codes)).collect();
        let cells = small.linked(&counts, &nestings(columns, &codes));
        for (cells, counts) in cells[counted.clone()].iter().zip(&counts[counted]) {
            // Where nobody is there is nothing to hide.
            self.cells.extend(cells.iter().zip(counts).filter(|(_, n)| **n > 0).map(|(cell, _)| *cell));
        }
        cells.into_iter().map(|own| own.into_iter().map(ShownCell::is_shown).collect()).collect()
    }

    /// The same of counts by level, where those of the answers tell which levels lie within others.
    pub fn counted_levels(&mut self, counts: &[Vec<u64>], nestings: &[Nesting]) -> Vec<Vec<bool>> {
        let Some(small) = self.small else { return counts.iter().map(|own| vec![true; own.len()]).collect() };
        let cells = small.linked(counts, nestings);
        self.cells.extend(cells.iter().flatten());
        cells.into_iter().map(|own| own.into_iter().map(ShownCell::is_shown).collect()).collect()
    }

    /// What may be shown beside the figures of some of so many rows; `None` where nothing is hidden.
    pub fn sets(&self, n_rows: usize, rows: &[usize]) -> Option<ShownSets> {
        self.small.map(|small| ShownSets::beside(small, n_rows, rows))
    }

    /// Which levels (rows, those without a value last) are shown in which waves (columns), where the total of every wave and
    /// of every level that is shown by itself is shown as well. The other levels are shown in none.
    ///
    /// One list a wave would not do: of a level that is hidden in one wave and shown in all others the total tells the rest.
    pub fn by_wave(&mut self, counts: &[Vec<usize>], levels_shown: &[bool]) -> Vec<Vec<bool>> {
        let Some(small) = self.small else { return counts.iter().map(|level| vec![true; level.len()]).collect() };
        let n_waves = counts.first().map_or(0, Vec::len);
        let totals: Vec<usize> = counts.iter().map(|level| level.iter().sum()).collect();
        let shown: Vec<usize> = (0..counts.len()).filter(|&at| levels_shown[at] && totals[at] > 0).collect();
        let hidden: Vec<usize> = (0..counts.len()).filter(|&at| !levels_shown[at]).collect();
        // Together the hidden ones are what totals tell of them.
        let n_rows = shown.len() + usize::from(!hidden.is_empty());
        let table = Array2::from_shape_fn((n_rows, n_waves), |(row, wave)| match shown.get(row) {
            Some(&level) => counts[level][wave] as u64,
            None => hidden.iter().map(|&level| counts[level][wave] as u64).sum(),
        });
        let mut by_level = vec![vec![false; n_waves]; counts.len()];
        let Ok(table) = small.table(table.view()) else {
            self.cells.extend(counts.iter().flatten().filter(|&&count| count > 0).map(|_| ShownCell::Complement));
            return by_level;
        };
        for (&level, cells) in shown.iter().zip(table.cells) {
            by_level[level] = cells.iter().map(|cell| cell.is_shown()).collect();
            self.cells.extend(cells);
        }
        by_level
    }

    /// Hides levels that lie within another level, as shops within a region, in all waves where in some wave that level less
    /// the others would give one of them away, or be given away by them. Counts and what is shown are by column, level and wave.
    pub fn parts_by_wave(&mut self, counts: &[Vec<Vec<usize>>], nestings: &[Nesting], shown: &mut [Vec<Vec<bool>>]) {
        let Some(small) = self.small else { return };
        for nesting in nestings {
            for whole in 0..counts[nesting.wholes].len() {
                let parts: Vec<usize> =
                    (0..nesting.whole_of.len()).filter(|&part| nesting.whole_of[part] == Some(whole)).collect();
                let in_wave = |wave| Sums::of((counts, &*shown), nesting, (whole, parts.as_slice()), wave);
                let n_waves = counts[nesting.wholes][whole].len();
                if !(0..n_waves).any(|wave| in_wave(wave).give_away(small)) {
                    continue;
                }
                for part in parts {
                    let cells = shown[nesting.parts][part].iter_mut().zip(&counts[nesting.parts][part]);
                    for (shown, _) in cells.filter(|(shown, n)| **shown && **n > 0) {
                        *shown = false;
                        self.cells.push(ShownCell::Complement);
                    }
                }
            }
        }
    }

    /// Takes the estimates of small bases out of a portfolio, measure by measure. `rows_of` gives the rows of which a measure
    /// is known, by its name and metric; cuts that are not in the portfolio are shown elsewhere.
    pub fn portfolio(&mut self, rows: &mut [CutEstimate], cuts: &[&Coded], rows_of: &dyn Fn(&str, &str) -> Vec<usize>) {
        if self.small.is_none() {
            return;
        }
        let n_counted = cuts.iter().filter(|own| rows.iter().any(|row| row.cut.as_ref() == Some(&own.name))).count();
        let key = |row: &CutEstimate| {
            let own = row.estimate.as_ref()?;
            Some((own.measure.clone(), own.metric))
        };
        let all: Vec<_> = rows.iter().filter(|row| row.cut.is_none()).filter_map(key).collect();
        let mut last: Option<(Vec<usize>, Vec<Vec<bool>>)> = None;
        for measure in all {
            let known = rows_of(&measure.0, measure.1);
            // Another figure of the same answers hides nothing more.
            let (_, shown) = match last.take().filter(|(rows, _)| *rows == known) {
                Some(own) => last.insert(own),
                None => {
                    let shown = self.levels(cuts, &known, 0..n_counted);
                    last.insert((known, shown))
                }
            };
            for row in rows.iter_mut().filter(|row| key(row).as_ref() == Some(&measure)) {
                let (Some(cut), Some(level)) = (&row.cut, &row.level) else { continue };
                let place = cuts.iter().position(|own| own.name == *cut);
                let level = place.and_then(|place| cuts[place].levels.iter().position(|own| own == level));
                if place.zip(level).is_some_and(|(place, level)| !shown[place][level]) {
                    row.estimate = None;
                }
            }
        }
    }

    /// Takes out what few people did: first by class, then by answer within each class, whose total is shown.
    pub fn behaviour(&mut self, own: &mut OutcomeBehaviour) {
        if self.small.is_none() {
            return;
        }
        let classes = self.hide(&mut own.by_class, true);
        for ((from, to), shown) in CLASSES.into_iter().zip(&classes) {
            self.hide(&mut own.by_answer[from..to], *shown);
        }
        if classes.contains(&false) {
            // Both of these tell of a class as a whole.
            (own.kept_word, own.at_risk) = (None, None);
        }
    }

    fn hide(&mut self, rows: &mut [AnswerBehaviour], is_total_shown: bool) -> Vec<bool> {
        let counts: Vec<usize> = rows.iter().map(|row| row.did.as_ref().map_or(0, |did| did.n)).collect();
        let shown = if is_total_shown { self.shown(&counts) } else { vec![false; counts.len()] };
        rows.iter_mut().zip(&shown).filter(|(_, shown)| !**shown).for_each(|(row, _)| row.did = None);
        shown
    }

    /// How many were hidden; `None` where nothing was.
    pub fn finding(&self, about: &str) -> Option<Finding> {
        self.small?.finding(about, &self.cells)
    }
}

/// Something of every level of a column in every wave.
type ByLevelAndWave<T> = Vec<Vec<T>>;

/// A level in one wave, and what of it is not shown.
struct Sums {
    is_whole_shown: bool,
    has_parts: bool,
    /// Hidden parts of somebody.
    hidden: Vec<u64>,
    /// Whether these are hidden in all waves; else their totals and the other waves tell of them.
    throughout: bool,
    /// Who is in no part.
    rest: u64,
}

impl Sums {
    /// Counts and what is shown are by column, level and wave.
    fn of(
        (counts, shown): (&[ByLevelAndWave<usize>], &[ByLevelAndWave<bool>]),
        nesting: &Nesting,
        (whole, parts): (usize, &[usize]),
        wave: usize,
    ) -> Self {
        let n = |part: usize| counts[nesting.parts][part][wave];
        let hidden: Vec<usize> =
            parts.iter().copied().filter(|&part| n(part) > 0 && !shown[nesting.parts][part][wave]).collect();
        let of_parts: usize = parts.iter().map(|&part| n(part)).sum();
        Self {
            is_whole_shown: shown[nesting.wholes][whole][wave],
            has_parts: of_parts > 0,
            throughout: hidden.iter().all(|&part| shown[nesting.parts][part].iter().all(|shown| !shown)),
            hidden: hidden.into_iter().map(|part| n(part) as u64).collect(),
            rest: counts[nesting.wholes][whole][wave].saturating_sub(of_parts) as u64,
        }
    }

    fn give_away(&self, small: SmallBases) -> bool {
        let is_rest_small = (1..small.minimum()).contains(&self.rest);
        if !self.has_parts || self.hidden.is_empty() && self.is_whole_shown && !is_rest_small {
            return false;
        }
        let unknown: Vec<u64> = self.hidden.iter().copied().chain((self.rest > 0).then_some(self.rest)).collect();
        !(self.is_whole_shown && self.throughout && small.covers(&unknown))
    }
}

/// The people of every level, those without a value last.
fn counts_of(column: &Coded, codes: &[usize]) -> Vec<u64> {
    let mut counts = vec![0; column.levels.len() + 1];
    codes.iter().for_each(|&code| counts[code] += 1);
    counts
}

/// Which levels of which columns lie within levels of others; those without a value are a level.
pub(super) fn nestings(columns: &[&Coded], codes: &[Vec<usize>]) -> Vec<Nesting> {
    let mut nestings = Vec::new();
    for (parts, own) in columns.iter().enumerate() {
        for wholes in (0..columns.len()).filter(|&wholes| wholes != parts) {
            let nesting = Nesting::of((parts, &codes[parts]), (wholes, &codes[wholes]), own.levels.len() + 1);
            if nesting.whole_of.iter().any(Option::is_some) {
                nestings.push(nesting);
            }
        }
    }
    nestings
}

/// Takes the parts of segments out that are not shown.
pub(super) fn hide_segments(rows: &mut Vec<MovementRow>, segments: &[String], shown: &[bool]) {
    rows.retain(|row| {
        let segment = row.part.strip_prefix("mix:").or_else(|| row.part.strip_prefix("rate:"));
        let place = segment.and_then(|segment| segments.iter().position(|own| own == segment));
        place.is_none_or(|place| shown[place])
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Sampling;
    use crate::measures::portfolio::{Cut, CutAnalysis, EstimateSettings, Measure};
    use crate::measures::say_do::{behaviour_by_answer, behaviour_by_class};

    #[test]
    fn a_small_level_takes_the_smallest_other_with_it() {
        // 3, 6 and 8 answers and 2 of no level: 3 and 2 are small; together they are 5, and 2 of 5 could be 1 to 4, so that
        // the six must go with them.
        let sizes = [3_usize, 6, 8, 2];
        let codes: Vec<u32> = sizes.iter().zip([0, 1, 2, Cut::BLANK]).flat_map(|(&n, code)| vec![code; n]).collect();
        let answers = vec![9.0; 19];
        let nps = Measure::nps("nps", &answers).expect("answers");
        let levels = ["a", "b", "c"].map(str::to_owned).to_vec();
        let cut = Cut::new("channel", levels.clone(), &codes).expect("a cut");
        let mut rows = CutAnalysis::default().estimate(&[nps], &[cut], Sampling::default()).expect("estimates").rows;
        let mut hidden = Hidden::below(5);
        let coded = Coded { name: "channel".to_owned(), levels, codes };
        hidden.portfolio(&mut rows, &[&coded], &|_, _| (0..19).collect());
        let shown: Vec<Option<usize>> = rows.iter().map(|row| row.estimate.as_ref().map(|own| own.n)).collect();
        assert_eq!(shown, [Some(19), None, None, Some(8)]);
        let finding = hidden.finding("measures").expect("a finding");
        assert!(finding.sentence.starts_with("2 bases below 5 are hidden, and 1 larger"), "{}", finding.sentence);
        assert!(Hidden::below(0).finding("measures").is_none());
    }

    #[test]
    fn a_level_hidden_in_one_wave_does_not_follow_from_its_total() {
        // Three waves of 60, 60 and 60; c has 2 answers in the first. One list of the first wave would hide c with b, show both
        // in the others, and leave c to be 42 - 20 - 20.
        let counts = [vec![30, 20, 20], vec![28, 20, 20], vec![2, 20, 20], vec![0, 0, 0]];
        let shown = Hidden::below(5).by_wave(&counts, &[true; 4]);
        assert_eq!(shown[3], [false; 3]);
        for level in 0..3 {
            let n_hidden = shown[level].iter().filter(|&&shown| !shown).count();
            assert_ne!(n_hidden, 1, "level {level} of {shown:?} follows from its total");
        }
        for wave in 0..3 {
            assert_ne!((0..3).filter(|&level| !shown[level][wave]).count(), 1, "wave {wave} of {shown:?}");
        }
        assert!(!shown[2][0] && shown.iter().flatten().any(|&shown| shown), "{shown:?}");
        assert_eq!(Hidden::below(0).by_wave(&counts, &[true; 4]), [[true; 3]; 4]);
    }

    #[test]
    fn a_level_with_a_small_total_is_shown_in_no_wave() {
        // c is 4 in all and takes b along; a is the rest, which the totals of the waves give in any case.
        let counts = [vec![50, 50], vec![10, 12], vec![2, 2], vec![0, 0]];
        let levels_shown = [true, false, false, true];
        assert_eq!(Hidden::below(5).by_wave(&counts, &levels_shown), [[true; 2], [false; 2], [false; 2], [false; 2]]);
        // A wave of three people in all cannot be divided at all.
        let mut hidden = Hidden::below(5);
        assert_eq!(hidden.by_wave(&[vec![3, 40], vec![0, 40]], &[true; 2]), [[false; 2], [false; 2]]);
    }

    #[test]
    fn a_shop_hidden_in_a_wave_does_not_follow_from_its_region() {
        // The 3 of the first wave take the south's shop with them, and the north less its other shop would be the 3.
        let regions = vec![vec![63, 85], vec![10, 12], vec![0, 0]];
        let shops = vec![vec![3, 20], vec![60, 65], vec![10, 12], vec![0, 0]];
        let mut hidden = Hidden::below(5);
        let alone = [hidden.by_wave(&regions, &[true; 3]), hidden.by_wave(&shops, &[true; 4])];
        assert_eq!(alone[1][1], [true; 2]);
        let mut shown = alone.clone();
        let shops_of = Nesting { parts: 1, wholes: 0, whole_of: vec![Some(0), Some(0), Some(1), None] };
        hidden.parts_by_wave(&[regions.clone(), shops.clone()], std::slice::from_ref(&shops_of), &mut shown);
        assert_eq!(shown[0], alone[0]);
        assert_eq!(shown[1][..2], [[false; 2], [false; 2]]);
        // Without a small one nothing is hidden.
        let all = [regions, vec![vec![13, 20], vec![50, 65], vec![10, 12], vec![0, 0]]];
        let mut shown: Vec<Vec<Vec<bool>>> =
            all.iter().map(|own| hidden.by_wave(own, &vec![true; own.len()])).collect();
        hidden.parts_by_wave(&all, &[shops_of], &mut shown);
        assert!(shown[1][..3].iter().flatten().all(|&shown| shown), "{shown:?}");
    }

    #[test]
    fn answers_of_a_hidden_class_are_hidden_with_it() {
        // Detractors: 20 times 5. Passives: 2 times 7. Promoters: 3 times 9 and 30 times 10.
        let said: Vec<f64> =
            [(5.0, 20), (7.0, 2), (9.0, 3), (10.0, 30)].into_iter().flat_map(|(answer, n)| vec![answer; n]).collect();
        let did = vec![1.0; said.len()];
        let measure = Measure::yes_share("repurchase", &did).expect("deeds");
        let (sampling, settings) = (Sampling::default(), EstimateSettings::default());
        let mut own = OutcomeBehaviour {
            label: String::new(),
            outcome: "repurchase".to_owned(),
            by_answer: behaviour_by_answer(&said, &measure, sampling, settings).expect("answers"),
            by_class: behaviour_by_class(&said, &measure, sampling, settings).expect("classes"),
            kept_word: None,
            cuts: None,
            at_risk: None,
        };
        Hidden::below(5).behaviour(&mut own);
        // The passives are small and take the detractors, the smaller of the others, with them.
        let classes: Vec<bool> = own.by_class.iter().map(|row| row.did.is_some()).collect();
        assert_eq!(classes, [false, false, true]);
        // Of the promoters, whose number is shown, the three cannot be hidden without the thirty.
        assert!(own.by_answer.iter().all(|row| row.did.is_none()));
    }
}
