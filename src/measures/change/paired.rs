//! The same people twice.

use super::planning::{Power, SamplePlan};
use crate::measures::difference::{Difference, difference};
use crate::measures::sampling::share_unseen;
use crate::measures::{MeasureError, ResponseClass, Sampling};
use crate::stats::Confidence;
use crate::stats::distributions::{student_critical, student_two_sided};
use serde::Serialize;

/// How two answers of the same people are compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PairedChangeSettings {
    /// Level of the interval.
    pub confidence: Confidence,
    /// The power at which the smallest change that could be shown is stated.
    pub power: Power,
    /// How many people there are in all of whom some answered twice; `None` without end.
    pub population: Option<f64>,
}

/// The later score less the earlier of people who answered twice, in points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairedChange {
    /// People.
    pub n: usize,
    /// The earlier score.
    pub before: f64,
    /// The later score.
    pub after: f64,
    /// The later less the earlier.
    pub change: f64,
    /// Standard error of the change: of the mean of the people's own changes of class; zero where everybody answered twice.
    pub std_error: f64,
    /// The change over its error; without meaning (`NaN` or endless) where everybody answered twice.
    pub statistic: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
    /// Its level.
    pub confidence: Confidence,
    /// People by class before (a row: detractor, passive, promoter) and after (a column).
    pub moves: [[usize; 3]; 3],
    /// Correlation of the people's contributions before and after; what pairing gains. `None` where one does not vary.
    pub correlation: Option<f64>,
    /// The smallest change that so many people would show.
    pub minimum_detectable: f64,
    /// With this power.
    pub power: Power,
}

impl PairedChangeSettings {
    /// The change over people, one entry of each column a person, 0-10.
    ///
    /// A person's change of class is -2 to 2; their mean is tested by Student's t for pairs, with `n - 1` degrees of freedom, which
    /// people who answered twice are often too few to do without. Of `N` people in all, `n` who answered twice leave `1 - n / N` of
    /// the variance.
    ///
    /// # Errors
    /// Columns of unequal length, answers off the scale, fewer than two people, more than there are in all, people who all change
    /// alike and are not everybody.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::change::PairedChangeSettings;
    /// let change = PairedChangeSettings::default().between(&[3.0, 7.0, 9.0, 9.0], &[9.0, 7.0, 10.0, 8.0])?;
    /// assert!((change.change - 25.0).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn between(&self, before: &[f64], after: &[f64]) -> Result<PairedChange, MeasureError> {
        if before.len() != after.len() {
            let what = "the column of later answers".to_owned();
            return Err(MeasureError::Length { what, n_found: after.len(), n_expected: before.len() });
        }
        if before.len() < 2 {
            let what = "people who answered twice".to_owned();
            return Err(MeasureError::TooFew { what, n_found: before.len(), n_needed: 2 });
        }
        let mut moves = [[0_usize; 3]; 3];
        for (row, (&before, &after)) in before.iter().zip(after).enumerate() {
            let class = |value| ResponseClass::of(value).ok_or(MeasureError::OffScale { row: row + 1, value });
            moves[class(before)? as usize][class(after)? as usize] += 1;
        }
        let unseen = self.population.map_or(Ok(1.0), |population| share_unseen(population, before.len()))?;
        let n = before.len() as f64;
        let cells = || (0..9).map(|cell| (cell / 3, cell % 3)).map(|(from, to)| (from, to, moves[from][to] as f64));
        // Sums of whole numbers, so that scores that are equal are equal to the last digit.
        let mean = |of: fn(f64, f64) -> f64| -> f64 {
            cells().map(|(from, to, people)| people * of(from as f64 - 1.0, to as f64 - 1.0)).sum::<f64>() / n
        };
        let (first, second) = (mean(|from, _| from), mean(|_, to| to));
        let change = second - first;
        let variance = (mean(|from, to| (to - from) * (to - from)) - change * change).max(0.0);
        if variance <= 0.0 && unseen > 0.0 {
            return Err(MeasureError::Constant { what: "the change of class from person to person".to_owned() });
        }
        let spread = |mean_square: f64, mean: f64| mean_square - mean * mean;
        let (one, other) = (spread(mean(|from, _| from * from), first), spread(mean(|_, to| to * to), second));
        let together = mean(|from, to| from * to) - first * second;
        let error = (unseen * variance / (n - 1.0)).sqrt();
        let half = student_critical(self.confidence.tail(), n - 1.0) * error;
        let plan = SamplePlan { variance: 1.0, confidence: self.confidence, ..SamplePlan::default() };
        Ok(PairedChange {
            n: before.len(),
            before: 100.0 * first,
            after: 100.0 * second,
            change: 100.0 * change,
            std_error: 100.0 * error,
            statistic: change / error,
            p_value: match error > 0.0 {
                true => student_two_sided(change / error, n - 1.0),
                // Nothing is left to chance.
                false => f64::from(u8::from(change.abs() <= 0.0)),
            },
            conf_low: 100.0 * (change - half).max(-2.0),
            conf_high: 100.0 * (change + half).min(2.0),
            confidence: self.confidence,
            moves,
            correlation: (one > 0.0 && other > 0.0).then(|| (together / (one * other).sqrt()).clamp(-1.0, 1.0)),
            minimum_detectable: plan.minimum_detectable((n - 1.0) / (unseen * variance), None, self.power)?,
            power: self.power,
        })
    }

    /// The earlier score of those who answered twice less that of those who answered the earlier time alone, in points. Each person
    /// counts once; answers are 0-10.
    ///
    /// Where it is not zero, who answers twice is not who answers once, and part of their change may be the return of extreme
    /// answers to the middle.
    ///
    /// # Errors
    /// Answers off the scale, nobody on one of the sides.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::change::PairedChangeSettings;
    /// let began = PairedChangeSettings::default().began_apart(&[9.0, 3.0], &[9.0, 9.0, 8.0, 3.0])?;
    /// assert!((began.difference + 25.0).abs() < 1e-12);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    pub fn began_apart(&self, twice: &[f64], once: &[f64]) -> Result<Difference, MeasureError> {
        let points: Result<Vec<f64>, MeasureError> = (1..)
            .zip(twice.iter().chain(once))
            .map(|(row, &value)| {
                let class = ResponseClass::of(value).ok_or(MeasureError::OffScale { row, value })?;
                Ok(100.0 * class.value())
            })
            .collect();
        difference(&points?, |row| Some(row < twice.len()), Sampling::default(), self.confidence)
    }
}

impl PairedChange {
    /// Whether the interval leaves out zero.
    pub fn is_shown(&self) -> bool {
        self.conf_low > 0.0 || self.conf_high < 0.0
    }

    /// Whether everybody answered twice, so that nothing is left to chance.
    pub fn is_of_everybody(&self) -> bool {
        self.std_error <= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::ClassCounts;

    #[test]
    fn agrees_with_scipy() {
        // measures_reference.py: scipy.stats.ttest_rel of the classes as -1, 0 and 1; numpy.corrcoef.
        let before: Vec<f64> = (0..60).map(|i| f64::from(i * i % 11)).collect();
        let after: Vec<f64> = (0..60).map(|i| f64::from((i * i + i % 3) % 11)).collect();
        let own = PairedChangeSettings::default().between(&before, &after).expect("pairs");
        let want = crate::measures::reference::numbers("paired", "change");
        let correlation = own.correlation.expect("spread");
        let got = [own.change, own.std_error, own.p_value, correlation, own.conf_low, own.conf_high];
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-9, "{got} {want}");
        }
    }

    #[test]
    fn pairing_is_the_difference_of_independent_groups_less_twice_the_covariance() {
        let before: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 11)).collect();
        let after: Vec<f64> = before.iter().map(|answer| (answer + 2.0).min(10.0)).collect();
        let own = PairedChangeSettings::default().between(&before, &after).expect("pairs");
        let variance = |column: usize| {
            let totals: Vec<f64> = (0..3)
                .map(|class| {
                    (0..3)
                        .map(|other| if column == 0 { own.moves[class][other] } else { own.moves[other][class] } as f64)
                        .sum()
                })
                .collect();
            ClassCounts::new(totals[0], totals[1], totals[2]).expect("people").variance()
        };
        let (one, other) = (variance(0), variance(1));
        let apart = one + other - 2.0 * own.correlation.expect("spread") * (one * other).sqrt();
        assert!((own.std_error - 100.0 * (apart / 39.0).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn those_who_answer_twice_are_held_against_the_others_by_hand() {
        // 1, -1 and 0 against -1, -1, 0 and 1: deviations 2 over 9 and 2.75 over 16, times 7 / 6.
        let settings = PairedChangeSettings::default();
        let own = settings.began_apart(&[9.0, 3.0, 8.0], &[0.0, 6.0, 7.0, 10.0]).expect("both sides");
        assert!((own.difference - 25.0).abs() < 1e-12 && own.one.abs() < 1e-12);
        let want = 100.0 * (7.0_f64 / 6.0 * (2.0 / 9.0 + 2.75 / 16.0)).sqrt();
        assert!((own.std_error - want).abs() < 1e-10, "{} {want}", own.std_error);
        assert!(matches!(settings.began_apart(&[9.0, 3.0], &[]), Err(MeasureError::TooFew { .. })));
        assert_eq!(settings.began_apart(&[9.0], &[8.0, 11.0]), Err(MeasureError::OffScale { row: 3, value: 11.0 }));
    }

    #[test]
    fn a_part_of_all_people_leaves_its_part_of_the_error_by_hand() {
        // Changes of class 2, 0, 0 and -1: mean 1/4, squares 5, variance 5/4 - 1/16 = 19/16, over n - 1 = 3.
        let (before, after) = ([3.0, 7.0, 9.0, 9.0], [9.0, 7.0, 10.0, 8.0]);
        let among = |population| PairedChangeSettings { population, ..PairedChangeSettings::default() };
        let of = |population| among(population).between(&before, &after);
        let endless = of(None).expect("pairs");
        assert!((endless.std_error - 100.0 * (19.0_f64 / 48.0).sqrt()).abs() < 1e-10);
        // 4 of 16: three quarters of the variance.
        let some = of(Some(16.0)).expect("pairs");
        assert!((some.std_error - 100.0 * (0.75 * 19.0_f64 / 48.0).sqrt()).abs() < 1e-10);
        let nearer = 0.75_f64.sqrt();
        assert!((some.minimum_detectable - nearer * endless.minimum_detectable).abs() < 1e-9);
        assert!((some.statistic - endless.statistic / nearer).abs() < 1e-12);
        let all = of(Some(4.0)).expect("pairs");
        assert_eq!((all.std_error, all.p_value, all.minimum_detectable), (0.0, 0.0, 0.0));
        assert_eq!((all.conf_low, all.change, all.conf_high), (25.0, 25.0, 25.0));
        assert!(all.is_of_everybody() && all.is_shown() && !some.is_of_everybody());
        assert!(matches!(of(Some(3.0)), Err(MeasureError::PopulationTooSmall { .. })));
        // Everybody from detractor to promoter is a change of 200 without an error.
        let alike = among(Some(2.0)).between(&[1.0, 2.0], &[9.0, 9.0]).expect("pairs");
        assert_eq!((alike.change, alike.std_error), (200.0, 0.0));
        // One up and one down: nobody's score changed, for sure.
        let none = among(Some(3.0)).between(&[1.0, 9.0, 9.0], &[9.0, 9.0, 1.0]).expect("pairs");
        assert_eq!((none.change, none.p_value, none.is_shown()), (0.0, 1.0, false));
    }

    #[test]
    fn one_pair_and_equal_changes_are_refused() {
        let settings = PairedChangeSettings::default();
        assert!(matches!(settings.between(&[1.0], &[9.0]), Err(MeasureError::TooFew { .. })));
        assert!(matches!(settings.between(&[1.0, 2.0], &[9.0, 9.0]), Err(MeasureError::Constant { .. })));
        assert_eq!(settings.between(&[1.0, 11.0], &[9.0, 9.0]), Err(MeasureError::OffScale { row: 2, value: 11.0 }));
    }
}
