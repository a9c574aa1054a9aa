//! People who answered in two waves: their own change, which needs fewer of them than that between different people.

use super::question::Question;
use super::wave_scores::WaveOf;
use crate::measures::MeasureError;
use crate::measures::change::PairedChangeSettings;
use crate::measures::disclosure::ShownSets;
use crate::report::WavePairs;
use std::collections::BTreeMap;

impl Question<'_> {
    /// The change of those who answered in both waves, each with the last answer of either; `None` where it is not known who
    /// answered, where fewer than two did so twice, or where the others of a wave would follow from these.
    ///
    /// Each person counts once, whatever the weights.
    ///
    /// # Errors
    /// All changed alike, so that there is nothing to tell an error from.
    pub fn pairs(
        &self,
        before: &WaveOf,
        after: &WaveOf,
        sets: Option<&mut ShownSets>,
    ) -> Result<Option<WavePairs>, MeasureError> {
        let (Some(first), Some(second)) = (self.last_answers(before), self.last_answers(after)) else {
            return Ok(None);
        };
        let rows: Vec<(usize, usize)> = first.iter().filter_map(|(who, &row)| Some((row, *second.get(who)?))).collect();
        if rows.len() < 2 {
            return Ok(None);
        }
        let (earlier, later): (Vec<usize>, Vec<usize>) = rows.into_iter().unzip();
        let n_min = self.study.measures.suppress_below as usize;
        if let Some(sets) = sets {
            // Both are asked, so that what the later set may show does not depend on the earlier.
            let may_be_shown = [sets.shows(&earlier), sets.shows(&later)];
            if may_be_shown.contains(&false) {
                return Ok(None);
            }
        }
        let of = |rows: &[usize]| -> Vec<f64> { rows.iter().map(|&row| self.answers[row]).collect() };
        let settings = PairedChangeSettings { confidence: self.study.confidence, ..PairedChangeSettings::default() };
        let change = settings.between(&of(&earlier), &of(&later))?;
        let moves_shown = change.moves.iter().flatten().all(|&n| n == 0 || n >= n_min);
        Ok(Some(WavePairs { change, moves_shown }))
    }

    /// The row of every known customer's last answer in a wave, by customer; `None` where it is not known who answered.
    fn last_answers(&self, wave: &WaveOf) -> Option<BTreeMap<&str, usize>> {
        let customers = self.base.texts("customer")?;
        let times = self.base.numbers("t");
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for &row in &wave.rows {
            let Some(who) = customers[row].as_deref() else { continue };
            let own = last.entry(who).or_insert(row);
            // Of two answers at one time the later row counts.
            if times.is_none_or(|times| times[row] >= times[*own]) {
                *own = row;
            }
        }
        Some(last)
    }
}
