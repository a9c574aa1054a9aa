//! Changes of many cuts read together: among many, some will seem to change by chance.

use super::two_sample::{Change, ChangeSettings, GroupScore};
use crate::measures::MeasureError;
use crate::stats::multiplicity::benjamini_hochberg;
use serde::Serialize;

/// How many cuts are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ManyCuts {
    /// How each is.
    pub change: ChangeSettings,
    /// The share of false discoveries among those called a change, at most, on average.
    pub false_discovery: f64,
}

impl Default for ManyCuts {
    fn default() -> Self {
        Self { change: ChangeSettings::default(), false_discovery: 0.1 }
    }
}

/// The two waves of one cut.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveCounts {
    /// The cut.
    pub name: String,
    /// Before; `None` where nobody answered.
    pub before: Option<GroupScore>,
    /// After; `None` where nobody answered.
    pub after: Option<GroupScore>,
}

/// One cut's change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutChange {
    /// The cut.
    pub name: String,
    /// Its change; `None` where a wave has no answers or does not vary.
    pub change: Option<Change>,
    /// The p-value adjusted for all cuts (Benjamini and Hochberg).
    pub p_adjusted: Option<f64>,
    /// Whether it is called a change at the settings' share of false discoveries.
    pub is_discovery: bool,
}

impl ManyCuts {
    /// Every cut's change.
    ///
    /// # Errors
    /// A share of false discoveries that is not between 0 and 1.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::ClassCounts;
    /// use advocate::measures::change::{GroupScore, ManyCuts, WaveCounts};
    /// let group = |d, p| ClassCounts::new(d, 40.0, p).map(GroupScore::of_counts);
    /// let moved = WaveCounts { name: "app".into(), before: Some(group(60.0, 20.0)?), after: Some(group(20.0, 60.0)?) };
    /// let still = WaveCounts { name: "store".into(), before: Some(group(40.0, 40.0)?), after: Some(group(40.0, 41.0)?) };
    /// let rows = ManyCuts::default().between(&[moved, still])?;
    /// assert!(rows[0].is_discovery && !rows[1].is_discovery);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn between(&self, cuts: &[WaveCounts]) -> Result<Vec<CutChange>, MeasureError> {
        if !(self.false_discovery > 0.0 && self.false_discovery < 1.0) {
            let must = "between 0 and 1";
            return Err(MeasureError::Setting {
                what: "the share of false discoveries",
                value: self.false_discovery,
                must,
            });
        }
        let changes: Vec<Option<Change>> = cuts
            .iter()
            .map(|cut| cut.before.zip(cut.after).and_then(|(before, after)| self.change.between(before, after).ok()))
            .collect();
        let p_values: Vec<f64> =
            changes.iter().map(|change| change.as_ref().map_or(f64::NAN, |change| change.p_value)).collect();
        let adjusted = benjamini_hochberg(&p_values);
        Ok(cuts
            .iter()
            .zip(changes)
            .zip(adjusted)
            .map(|((cut, change), adjusted)| CutChange {
                name: cut.name.clone(),
                p_adjusted: change.as_ref().map(|_| adjusted),
                is_discovery: change.is_some() && adjusted <= self.false_discovery,
                change,
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::ClassCounts;
    use crate::stats::random::stream;
    use rand::Rng;

    #[test]
    fn without_any_change_hardly_ever_is_one_discovered() {
        // All waves are drawn from the same shares; a family of 20 cuts has a discovery in about 10 % of the cases.
        let mut random = stream(4, "false discovery", 0);
        let mut group = || {
            let mut counts = [0.0; 3];
            (0..150).for_each(|_| counts[random.random_range(0..3)] += 1.0);
            ClassCounts::new(counts[0], counts[1], counts[2]).map(GroupScore::of_counts).expect("counts")
        };
        let mut families = 0;
        for _ in 0..200 {
            let cuts: Vec<WaveCounts> = (0..20)
                .map(|cut| WaveCounts { name: cut.to_string(), before: Some(group()), after: Some(group()) })
                .collect();
            let rows = ManyCuts::default().between(&cuts).expect("a share");
            families += usize::from(rows.iter().any(|row| row.is_discovery));
        }
        // 20 expected; four standard deviations are 17.
        assert!((4..38).contains(&families), "{families}");
    }

    #[test]
    fn an_empty_wave_is_no_test() {
        let group = ClassCounts::new(1.0, 2.0, 3.0).map(GroupScore::of_counts).expect("counts");
        let cut = WaveCounts { name: "new".to_owned(), before: None, after: Some(group) };
        let rows = ManyCuts::default().between(&[cut]).expect("a share");
        assert!(rows[0].change.is_none() && rows[0].p_adjusted.is_none() && !rows[0].is_discovery);
    }
}
