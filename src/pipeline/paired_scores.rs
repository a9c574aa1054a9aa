//! People who answered in two waves: their own change, which needs fewer of them than that between different people.

use super::question::Question;
use super::wave_scores::WaveOf;
use crate::findings::{Finding, FindingKind, Severity};
use crate::measures::change::PairedChangeSettings;
use crate::measures::disclosure::ShownSets;
use crate::measures::{Difference, MeasureError};
use crate::report::words::{self, score};
use crate::report::{WaveChange, WavePairs};
use crate::stats::Confidence;
use crate::stats::multiplicity::holm;
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
        let once: Vec<usize> =
            first.iter().filter(|(who, _)| !second.contains_key(*who)).map(|(_, &row)| row).collect();
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
        let settings = PairedChangeSettings {
            confidence: self.study.confidence,
            population: self.population_of_pairs(&earlier, before, after),
            ..PairedChangeSettings::default()
        };
        let change = settings.between(&of(&earlier), &of(&later))?;
        let began = settings.began_apart(&of(&earlier), &of(&once)).ok();
        let moves_shown = change.moves.iter().flatten().all(|&n| n == 0 || n >= n_min);
        Ok(Some(WavePairs { change, began, moves_shown }))
    }

    /// How many there are in all of those who answered in both waves, one row each: as many as of the smaller wave at most; `None`
    /// where that is endless or not known.
    fn population_of_pairs(&self, rows: &[usize], before: &WaveOf, after: &WaveOf) -> Option<f64> {
        let of_waves = [before, after].into_iter().filter_map(|wave| self.populations().of_level("wave", &wave.name));
        let all = of_waves.reduce(f64::min)?;
        // Where several customers of an account are seen as one, the account counts as often as it is here.
        let n_seen = self.n_seen(rows) as f64;
        (n_seen > 0.0).then(|| all * rows.len() as f64 / n_seen)
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

/// Five on either side who answer alike, and otherwise than the other side, are one of 252 ways to divide ten answers.
const ALIKE_MIN: usize = 5;

/// Where those who answered in both waves of a step did not begin as those did who answered in the earlier one alone; p-values are
/// adjusted for the number of steps (Holm). The score of the others is not said: where it may be shown, it follows from these.
pub(super) fn not_as_the_others(changes: &[WaveChange], confidence: Confidence) -> Option<Finding> {
    let p_value = |own: &WaveChange| {
        let began = own.paired.as_ref().and_then(|pairs| pairs.began);
        // Where all on either side answer alike there is no error, and few of them may do so by chance.
        let tells = |began: &Difference| began.std_error > 0.0 || began.n_one.min(began.n_other) >= ALIKE_MIN;
        began.filter(tells).map_or(f64::NAN, |began| began.p_value)
    };
    let adjusted = holm(&changes.iter().map(p_value).collect::<Vec<_>>());
    let found: Vec<(&WaveChange, f64)> =
        changes.iter().zip(adjusted).filter(|(_, adjusted)| *adjusted < 1.0 - confidence.level()).collect();
    let (_, smallest) = found.iter().min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let steps: Vec<String> = found
        .iter()
        .filter_map(|(own, _)| {
            let began = own.paired.as_ref()?.change.before;
            let (from, to) = (&own.before, &own.after);
            Some(format!(
                "from {from} to {to} at {}, where {from} as a whole had {}",
                score(began),
                score(own.all.before)
            ))
        })
        .collect();
    let sentence = format!(
        "those who answered in two waves running did not begin as the others did ({}): their change need not be that of all, \
         and extreme answers tend to come back to the middle by themselves",
        steps.join("; ")
    );
    let finding = Finding::new(FindingKind::NotRepresentative, Severity::Warning, "paired changes", sentence);
    Some(finding.number("n_steps", found.len() as f64).number("p_adjusted", *smallest))
}

/// That the classes from and to which people moved are not shown, where a cell would be of fewer than `n_min` people.
pub(super) fn moves_hidden(changes: &[WaveChange], n_min: usize) -> Option<Finding> {
    let pairs: Vec<&WavePairs> = changes.iter().filter_map(|own| own.paired.as_ref()).collect();
    let n_hidden = pairs.iter().filter(|own| !own.moves_shown).count();
    let sentence = format!(
        "from which class to which those moved who answered in two waves running is not shown for {n_hidden} of {}, where some moves were \
         made by fewer than {n_min} people",
        words::counted(pairs.len(), "step", "steps")
    );
    (n_hidden > 0).then(|| Finding::new(FindingKind::SmallBase, Severity::Note, "paired changes", sentence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::ClassCounts;
    use crate::measures::change::{ChangeSettings, GroupScore};

    /// A step in which these answered twice and these once.
    fn step(twice: &[f64], later: &[f64], once: &[f64]) -> WaveChange {
        let settings = PairedChangeSettings::default();
        let group = GroupScore::of_counts(ClassCounts::new(5.0, 5.0, 5.0).expect("counts"));
        WaveChange {
            before: "winter".to_owned(),
            after: "spring".to_owned(),
            same_wording: None,
            all: ChangeSettings::default().between(group, group).expect("a change"),
            paired: Some(WavePairs {
                change: settings.between(twice, later).expect("pairs"),
                began: settings.began_apart(twice, once).ok(),
                moves_shown: true,
            }),
            cuts: Vec::new(),
        }
    }

    #[test]
    fn who_answers_twice_is_told_from_the_others_beyond_chance_alone() {
        let found = |steps: &[WaveChange]| not_as_the_others(steps, Confidence::default());
        // Five promoters against five detractors, and two against one, which no error tells from chance.
        let (promoters, later) = ([9.0; 5], [9.0, 9.0, 9.0, 9.0, 8.0]);
        let apart = step(&promoters, &later, &[3.0; 5]);
        let few = step(&[9.0; 2], &[9.0, 8.0], &[3.0]);
        let said = found(std::slice::from_ref(&apart)).expect("a finding");
        assert!(
            said.sentence.contains("(from winter to spring at 100.0, where winter as a whole had 0.0)"),
            "{said:?}"
        );
        assert_eq!(found(&[few.clone(), few]), None);
        // -1, 0 and 1 on either side begin alike.
        let mixed = [3.0, 8.0, 9.0, 3.0, 8.0, 9.0];
        assert_eq!(found(&[step(&mixed, &[9.0, 8.0, 9.0, 3.0, 8.0, 9.0], &mixed)]), None);
        // Nobody who answered once is nobody to be held against.
        assert_eq!(found(&[step(&promoters, &later, &[])]), None);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn hidden_moves_are_counted_and_said() {
        let own = || step(&[1.0, 7.0, 9.0], &[9.0, 7.0, 9.0], &[5.0]);
        let mut hidden = own();
        hidden.paired.as_mut().expect("pairs").moves_shown = false;
        assert_eq!(moves_hidden(&[own(), own()], 5), None);
        let finding = moves_hidden(&[own(), hidden], 5).expect("a finding");
        assert!(
            finding
                .sentence
                .contains("is not shown for 1 of 2 steps, where some moves were made by fewer than 5 people")
        );
    }
}
