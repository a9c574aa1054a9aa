//! What a study does not show because too few people stand behind it.

use crate::findings::Finding;
use crate::measures::disclosure::{ShownCell, SmallBases};
use crate::measures::movement::MovementRow;
use crate::measures::portfolio::CutEstimate;
use crate::measures::say_do::AnswerBehaviour;
use crate::report::OutcomeBehaviour;
use ndarray::Array2;

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

    /// Which parts of a list are shown, so that none of the others can be computed from its total.
    pub fn shown(&mut self, counts: &[usize]) -> Vec<bool> {
        let Some(small) = self.small else { return vec![true; counts.len()] };
        let counts: Vec<u64> = counts.iter().map(|&count| count as u64).collect();
        let cells = small.list_or_nothing(&counts);
        self.cells.extend(&cells);
        cells.into_iter().map(ShownCell::is_shown).collect()
    }

    /// Which levels (rows, those without a value last) are shown in which waves (columns), where the total of every level and
    /// of every wave is shown as well. Levels whose own total is hidden are shown in none.
    ///
    /// One list a wave would not do: of a level that is hidden in one wave and shown in all others the total tells the rest.
    pub fn by_wave(&mut self, counts: &[Vec<usize>]) -> Vec<Vec<bool>> {
        let Some(small) = self.small else { return counts.iter().map(|level| vec![true; level.len()]).collect() };
        let n_waves = counts.first().map_or(0, Vec::len);
        let totals: Vec<u64> = counts.iter().map(|level| level.iter().sum::<usize>() as u64).collect();
        let of_levels = small.list_or_nothing(&totals);
        let shown: Vec<usize> = (0..counts.len()).filter(|&at| of_levels[at].is_shown() && totals[at] > 0).collect();
        let hidden: Vec<usize> = (0..counts.len()).filter(|&at| !of_levels[at].is_shown()).collect();
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

    /// Takes the estimates of small bases out of the portfolio, measure by measure and cut by cut.
    pub fn portfolio(&mut self, rows: &mut [CutEstimate]) {
        if self.small.is_none() {
            return;
        }
        let key = |row: &CutEstimate| {
            let own = row.estimate.as_ref()?;
            Some((own.measure.clone(), own.metric))
        };
        let totals: Vec<_> = rows
            .iter()
            .filter(|row| row.cut.is_none())
            .filter_map(|row| Some((key(row)?, row.estimate.as_ref()?.n)))
            .collect();
        let mut cuts: Vec<String> = rows.iter().filter_map(|row| row.cut.clone()).collect();
        cuts.dedup();
        for cut in cuts {
            for (measure, total) in &totals {
                let places: Vec<usize> = (0..rows.len())
                    .filter(|&at| rows[at].cut.as_ref() == Some(&cut) && key(&rows[at]).as_ref() == Some(measure))
                    .collect();
                let mut counts: Vec<usize> =
                    places.iter().map(|&at| rows[at].estimate.as_ref().map_or(0, |own| own.n)).collect();
                // Rows without a value of the cut are the rest of the total.
                counts.push(total.saturating_sub(counts.iter().sum()));
                for (at, shown) in places.into_iter().zip(self.shown(&counts)) {
                    if !shown {
                        rows[at].estimate = None;
                    }
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
        let cut = Cut::new("channel", levels, &codes).expect("a cut");
        let mut rows = CutAnalysis::default().estimate(&[nps], &[cut], Sampling::default()).expect("estimates").rows;
        let mut hidden = Hidden::below(5);
        hidden.portfolio(&mut rows);
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
        let shown = Hidden::below(5).by_wave(&counts);
        assert_eq!(shown[3], [false; 3]);
        for level in 0..3 {
            let n_hidden = shown[level].iter().filter(|&&shown| !shown).count();
            assert_ne!(n_hidden, 1, "level {level} of {shown:?} follows from its total");
        }
        for wave in 0..3 {
            assert_ne!((0..3).filter(|&level| !shown[level][wave]).count(), 1, "wave {wave} of {shown:?}");
        }
        assert!(!shown[2][0] && shown.iter().flatten().any(|&shown| shown), "{shown:?}");
        assert_eq!(Hidden::below(0).by_wave(&counts), [[true; 3]; 4]);
    }

    #[test]
    fn a_level_with_a_small_total_is_shown_in_no_wave() {
        // c is 4 in all and takes b along; a is the rest, which the totals of the waves give in any case.
        let counts = [vec![50, 50], vec![10, 12], vec![2, 2], vec![0, 0]];
        assert_eq!(Hidden::below(5).by_wave(&counts), [[true; 2], [false; 2], [false; 2], [false; 2]]);
        // A wave of three people in all cannot be divided at all.
        let mut hidden = Hidden::below(5);
        assert_eq!(hidden.by_wave(&[vec![3, 40], vec![0, 40]]), [[false; 2], [false; 2]]);
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
