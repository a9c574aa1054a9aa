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
    /// The correlation of both scores' errors where customers answered in both waves; 0 of different people.
    pub correlation: f64,
}

/// One cut's change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutChange {
    /// The cut.
    pub name: String,
    /// Its change; `None` where a wave has no answers or does not vary.
    pub change: Option<Change>,
    /// The p-value adjusted for all cuts (Benjamini and Hochberg); `None` where everybody was asked, so that there is nothing to test.
    pub p_adjusted: Option<f64>,
    /// Whether it is called a change at the settings' share of false discoveries.
    pub is_discovery: bool,
}

impl ManyCuts {
    /// Every cut's change, read together.
    ///
    /// # Errors
    /// A share of false discoveries that is not between 0 and 1.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::ClassCounts;
    /// use advocate::measures::change::{GroupScore, ManyCuts, WaveCounts};
    /// let group = |d, p| ClassCounts::new(d, 40.0, p).map(GroupScore::of_counts).ok();
    /// let of = |name: &str, before, after| WaveCounts { name: name.into(), before, after, correlation: 0.0 };
    /// let moved = of("app", group(60.0, 20.0), group(20.0, 60.0));
    /// let still = of("store", group(40.0, 40.0), group(40.0, 41.0));
    /// let rows = ManyCuts::default().between(&[moved, still])?;
    /// assert!(rows[0].is_discovery && !rows[1].is_discovery);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn between(&self, cuts: &[WaveCounts]) -> Result<Vec<CutChange>, MeasureError> {
        let mut changes = self.one_by_one(cuts);
        self.adjust(&mut changes)?;
        Ok(changes)
    }

    /// Every cut's change as if it alone had been looked at; [`Self::adjust`] reads them together with others.
    pub fn one_by_one(&self, cuts: &[WaveCounts]) -> Vec<CutChange> {
        let change = |cut: &WaveCounts| {
            let (before, after) = cut.before.zip(cut.after)?;
            self.change.between_related(before, after, cut.correlation).ok()
        };
        let own = |cut: &WaveCounts| CutChange {
            name: cut.name.clone(),
            change: change(cut),
            p_adjusted: None,
            is_discovery: false,
        };
        cuts.iter().map(own).collect()
    }

    /// Counts how many changes are looked at: all of these, such as those of every step from a wave to the next, are one family.
    ///
    /// # Errors
    /// A share of false discoveries that is not between 0 and 1.
    ///
    /// # References
    /// Benjamini and Hochberg (1995), JRSS B 57(1).
    pub fn adjust<'c>(&self, changes: impl IntoIterator<Item = &'c mut CutChange>) -> Result<(), MeasureError> {
        if !(self.false_discovery > 0.0 && self.false_discovery < 1.0) {
            let must = "between 0 and 1";
            return Err(MeasureError::Setting {
                what: "the share of false discoveries",
                value: self.false_discovery,
                must,
            });
        }
        // Where everybody was asked a change cannot be a false alarm.
        let p_value = |own: &CutChange| own.change.as_ref().filter(|own| !own.is_of_everybody()).map(|own| own.p_value);
        let (mut tested, p_values): (Vec<&mut CutChange>, Vec<f64>) =
            changes.into_iter().filter_map(|own| p_value(own).map(|p_value| (own, p_value))).unzip();
        for (own, adjusted) in tested.iter_mut().zip(benjamini_hochberg(&p_values)) {
            own.p_adjusted = Some(adjusted);
            own.is_discovery = adjusted <= self.false_discovery;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::{ClassCounts, NetPromoterScore, NpsSettings, Sampling};
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
                .map(|cut| WaveCounts {
                    name: cut.to_string(),
                    before: Some(group()),
                    after: Some(group()),
                    correlation: 0.0,
                })
                .collect();
            let rows = ManyCuts::default().between(&cuts).expect("a share");
            families += usize::from(rows.iter().any(|row| row.is_discovery));
        }
        // 20 expected; four standard deviations are 17.
        assert!((4..38).contains(&families), "{families}");
    }

    /// One of 4 cuts with p = 0.0101 stands out of its step: 4 times 0.0101 are 0.0404. Of 24 over six steps it does not: 24
    /// times 0.0101 are 0.2424.
    #[test]
    fn all_steps_are_one_family() {
        let group = |p| GroupScore::of_counts(ClassCounts::new(30.0, 40.0, p).expect("counts"));
        let cut = WaveCounts {
            name: "web".to_owned(),
            before: Some(group(30.0)),
            after: Some(group(31.0)),
            correlation: 0.0,
        };
        let many = ManyCuts::default();
        let mut steps: Vec<Vec<CutChange>> = (0..6).map(|_| many.one_by_one(&vec![cut.clone(); 4])).collect();
        let p_values = |step: usize| if step == 0 { [0.0101, 0.4, 0.6, 0.8] } else { [0.9; 4] };
        for (step, own) in steps.iter_mut().enumerate() {
            for (own, p_value) in own.iter_mut().zip(p_values(step)) {
                own.change.as_mut().expect("a change").p_value = p_value;
            }
        }
        many.adjust(&mut steps[0]).expect("a share");
        assert!((steps[0][0].p_adjusted.expect("a test") - 0.0404).abs() < 1e-12 && steps[0][0].is_discovery);
        many.adjust(steps.iter_mut().flatten()).expect("a share");
        assert!((steps[0][0].p_adjusted.expect("a test") - 0.2424).abs() < 1e-12 && !steps[0][0].is_discovery);
        assert!(ManyCuts { false_discovery: 1.0, ..many }.adjust(&mut steps[0]).is_err());
    }

    #[test]
    fn a_change_of_everybody_is_no_test_and_counts_as_none() {
        let sampling = Sampling { population: Some(4.0), ..Sampling::default() };
        let everybody = |answers: &[f64]| {
            let score = NetPromoterScore::of_sample(answers, sampling, NpsSettings::default());
            Some(GroupScore::of_score(&score.expect("answers")))
        };
        let (before, after) = (everybody(&[9.0, 10.0, 8.0, 2.0]), everybody(&[9.0, 10.0, 9.0, 2.0]));
        let all = WaveCounts { name: "all".to_owned(), before, after, correlation: 0.0 };
        let group = |p| ClassCounts::new(30.0, 40.0, p).map(GroupScore::of_counts).ok();
        let some = WaveCounts { name: "some".to_owned(), before: group(30.0), after: group(35.0), correlation: 0.0 };
        let rows = ManyCuts::default().between(&[all, some]).expect("a share");
        assert!(rows[0].change.is_some() && rows[0].p_adjusted.is_none() && !rows[0].is_discovery);
        // Of one test alone the adjusted p-value is its own.
        assert_eq!(rows[1].p_adjusted, rows[1].change.as_ref().map(|own| own.p_value));
    }

    #[test]
    fn an_empty_wave_is_no_test() {
        let group = ClassCounts::new(1.0, 2.0, 3.0).map(GroupScore::of_counts).expect("counts");
        let cut = WaveCounts { name: "new".to_owned(), before: None, after: Some(group), correlation: 0.0 };
        let rows = ManyCuts::default().between(&[cut]).expect("a share");
        assert!(rows[0].change.is_none() && rows[0].p_adjusted.is_none() && !rows[0].is_discovery);
    }
}
