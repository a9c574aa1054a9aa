//! Two groups of people: the later score less the earlier.

use super::planning::{Power, SamplePlan};
use crate::measures::intervals::ClassCounts;
use crate::measures::{MeasureError, NetPromoterScore};
use crate::stats::Confidence;
use crate::stats::distributions::normal_two_sided;
use serde::Serialize;

/// How the error of a difference is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// 3/4, 3/2 and 3/4 answers are added to each group's detractors, passives and promoters.
    #[default]
    AdjustedWald,
    /// The plain difference and its error; too narrow for small groups.
    Wald,
}

/// How two groups are compared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ChangeSettings {
    /// How the error is made.
    pub kind: ChangeKind,
    /// Level of the interval and of the test.
    pub confidence: Confidence,
    /// The power at which the smallest change that could be shown is stated.
    pub power: Power,
}

/// One group's shares with the size of the simple random sample that would have its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupScore {
    /// Shares, or counts: only their proportions matter.
    classes: ClassCounts,
    /// Endless where everybody was asked.
    n_as_if: f64,
    /// What readers are told.
    n_shown: f64,
}

/// A score as the tests take it, in shares.
#[derive(Debug, Clone, Copy)]
pub(in crate::measures) struct TestedScore {
    pub score: f64,
    /// Of one response.
    pub variance: f64,
    /// Of the score.
    pub squared_error: f64,
    n: f64,
}

impl GroupScore {
    /// Counts of a simple random sample.
    pub fn of_counts(counts: ClassCounts) -> Self {
        Self { classes: counts, n_as_if: counts.n(), n_shown: counts.n() }
    }

    /// A score with its error, however weighted and clustered; where everybody was asked it has none.
    pub fn of_score(score: &NetPromoterScore) -> Self {
        let classes = ClassCounts {
            detractors: score.detractor_share,
            passives: score.passive_share,
            promoters: score.promoter_share,
        };
        if score.asked_share.is_some_and(|share| share >= 1.0) {
            return Self { classes, n_as_if: f64::INFINITY, n_shown: score.n_effective };
        }
        let error = score.std_error / 100.0;
        let as_if = classes.variance() / (error * error);
        let n = if as_if.is_finite() && as_if > 0.0 { as_if } else { score.n_effective };
        Self { classes, n_as_if: n, n_shown: n }
    }

    /// The score as a share from -1 to 1.
    pub(in crate::measures) fn score(self) -> f64 {
        self.classes.score()
    }

    /// The score with 3/4, 3/2 and 3/4 answers added; of everybody nothing is added.
    pub(in crate::measures) fn adjusted(self) -> TestedScore {
        if self.is_of_everybody() { self.plain() } else { Self::of_counts(self.counts().with_more(0.75, 1.5)).plain() }
    }

    fn plain(self) -> TestedScore {
        let variance = self.classes.variance();
        TestedScore { score: self.score(), variance, squared_error: variance / self.n_as_if, n: self.n_as_if }
    }

    fn counts(self) -> ClassCounts {
        let each = self.n_as_if / self.classes.n();
        ClassCounts {
            detractors: each * self.classes.detractors,
            passives: each * self.classes.passives,
            promoters: each * self.classes.promoters,
        }
    }

    fn is_of_everybody(self) -> bool {
        self.n_as_if.is_infinite()
    }
}

/// The two-sided p-value of a gap with this error; an error of zero leaves nothing to chance.
fn two_sided(gap: f64, error: f64) -> f64 {
    match error > 0.0 {
        true => normal_two_sided(gap / error),
        false => f64::from(u8::from(gap.abs() <= 0.0)),
    }
}

/// The later group's score less the earlier's. Scores and changes are in points, -200 to 200.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Effective size of the earlier group.
    pub n_before: f64,
    /// Effective size of the later group.
    pub n_after: f64,
    /// The earlier score.
    pub before: f64,
    /// The later score.
    pub after: f64,
    /// The later less the earlier, as observed.
    pub change: f64,
    /// The middle of the interval: the change with the added answers.
    pub centre: f64,
    /// Standard error of the centre.
    pub std_error: f64,
    /// The centre over its error; without meaning (`NaN` or endless) where both groups hold everybody.
    pub statistic: f64,
    /// Two-sided.
    pub p_value: f64,
    /// Lower end of the interval.
    pub conf_low: f64,
    /// Upper end of the interval.
    pub conf_high: f64,
    /// How the error is made.
    pub kind: ChangeKind,
    /// Level of the interval.
    pub confidence: Confidence,
    /// The smallest change that groups of these sizes and spreads would show, with the power of the settings.
    pub minimum_detectable: f64,
    /// That power.
    pub power: Power,
}

impl ChangeSettings {
    /// The change from one group to another, of different people.
    ///
    /// Each group's variance is `p + d - (p - d)^2` over its own n; the difference's is their sum. A group of which everybody
    /// was asked adds none.
    ///
    /// # Errors
    /// Groups in which nobody differs from anybody, where the plain error would be zero.
    ///
    /// # Example
    /// ```
    /// use advocate::measures::ClassCounts;
    /// use advocate::measures::change::{ChangeSettings, GroupScore};
    /// let before = GroupScore::of_counts(ClassCounts::new(18.0, 0.0, 12.0)?);
    /// let after = GroupScore::of_counts(ClassCounts::new(10.0, 0.0, 20.0)?);
    /// let change = ChangeSettings::default().between(before, after)?;
    /// assert!((change.change - 100.0 * 16.0 / 30.0).abs() < 1e-9);
    /// # Ok::<(), advocate::measures::MeasureError>(())
    /// ```
    ///
    /// # References
    /// Rocks (2016), "Interval estimation for the Net Promoter Score", The American Statistician 70(4); Agresti and Caffo
    /// (2000), The American Statistician 54(4), for adding answers to both groups.
    pub fn between(&self, before: GroupScore, after: GroupScore) -> Result<Change, MeasureError> {
        self.between_related(before, after, 0.0)
    }

    /// The change from one group to another that may share customers: twice the covariance is taken off the sum of the variances.
    ///
    /// `correlation` (-1 to 1) is that of the errors of both scores, as [`correlation_of_scores`](super::correlation_of_scores) gives
    /// it. Added answers are nobody's, so that among them less is shared: `r sqrt(n m / ((n + 3) (m + 3)))`.
    ///
    /// # Errors
    /// As [`Self::between`].
    pub fn between_related(
        &self,
        before: GroupScore,
        after: GroupScore,
        correlation: f64,
    ) -> Result<Change, MeasureError> {
        let adjust = |group: GroupScore| match self.kind {
            ChangeKind::AdjustedWald => group.adjusted(),
            ChangeKind::Wald => group.plain(),
        };
        let (one, other) = (adjust(before), adjust(after));
        let apart = one.squared_error + other.squared_error;
        let given = |group: GroupScore, tested: TestedScore| {
            if group.is_of_everybody() { 0.0 } else { group.n_as_if / tested.n }
        };
        let shared = correlation * (given(before, one) * given(after, other)).sqrt();
        let variance = apart - 2.0 * shared * (one.squared_error * other.squared_error).sqrt();
        if variance <= 0.0 && !(before.is_of_everybody() && after.is_of_everybody()) {
            return Err(MeasureError::Constant { what: "the answer within both groups".to_owned() });
        }
        let (centre, error) = (other.score - one.score, variance.sqrt());
        let half = self.confidence.z() * error;
        let plan = SamplePlan { variance: 1.0, confidence: self.confidence, ..SamplePlan::default() };
        // A group of variance v and size n is worth n / v of the most varied answers.
        let related = if variance > 0.0 { apart / variance } else { 1.0 };
        let worth = |group: TestedScore| related * group.n / group.variance.max(f64::MIN_POSITIVE);
        Ok(Change {
            n_before: before.n_shown,
            n_after: after.n_shown,
            before: 100.0 * before.score(),
            after: 100.0 * after.score(),
            change: 100.0 * (after.score() - before.score()),
            centre: 100.0 * centre,
            std_error: 100.0 * error,
            statistic: centre / error,
            p_value: two_sided(centre, error),
            conf_low: 100.0 * (centre - half).max(-2.0),
            conf_high: 100.0 * (centre + half).min(2.0),
            kind: self.kind,
            confidence: self.confidence,
            minimum_detectable: plan.minimum_detectable(worth(one), Some(worth(other)), self.power)?,
            power: self.power,
        })
    }
}

impl Change {
    /// Whether the interval leaves out zero.
    pub fn is_shown(&self) -> bool {
        self.conf_low > 0.0 || self.conf_high < 0.0
    }

    /// Whether everybody was asked both times, so that nothing is left to chance.
    pub fn is_of_everybody(&self) -> bool {
        self.std_error <= 0.0
    }

    /// The change in words, with what could have been seen where nothing was.
    pub fn sentence(&self) -> String {
        let level = 100.0 * self.confidence.level();
        let ends = format!("{level:.0} % interval {:.1} to {:.1}", self.conf_low, self.conf_high);
        let word = if self.centre > 0.0 { "rose" } else { "fell" };
        if self.is_of_everybody() {
            let changed = match self.is_shown() {
                true => format!("{word} by {:.1} points", self.change.abs()),
                false => "did not change".to_owned(),
            };
            format!("the score {changed}; everybody was asked both times, so that there is no sampling error")
        } else if self.is_shown() {
            format!("the score {word} by {:.1} points ({ends})", self.change.abs())
        } else {
            format!(
                "no evidence of change: {:+.1} points ({ends}); with these bases a change of {:.1} points would be shown in \
                 {:.0} of 100 cases, a smaller one less often",
                self.change,
                self.minimum_detectable,
                100.0 * self.power.chance()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::reference::{near, nps_oracles, number};
    use crate::measures::{NpsSettings, Sampling};
    use serde_json::Value;

    fn group(value: &Value) -> GroupScore {
        let [d, s, p] = [0, 1, 2].map(|class| number(&value[class]));
        GroupScore::of_counts(ClassCounts::new(d, s, p).expect("counts"))
    }

    #[track_caller]
    fn holds(case: &Value, kind: ChangeKind, want: &Value) {
        // The reference subtracts b from a.
        let settings = ChangeSettings { kind, ..ChangeSettings::default() };
        let own = settings.between(group(&case["b"]), group(&case["a"])).expect("a change");
        near("raw", own.change / 100.0, number(&want["delta_raw"]), 1e-12);
        near("centre", own.centre / 100.0, number(&want["delta"]), 1e-12);
        near("error", own.std_error / 100.0, number(&want["se"]), 1e-12);
        near("statistic", own.statistic, number(&want["z"]), 1e-10);
        near("p", own.p_value, number(&want["p"]), 1e-10);
        near("low", own.conf_low / 100.0, number(&want["ci"][0]), 1e-12);
        near("high", own.conf_high / 100.0, number(&want["ci"][1]), 1e-12);
    }

    #[test]
    fn two_groups_agree_with_the_reference_sign_and_own_bases_included() {
        let Some(all) = nps_oracles() else { return };
        for case in all["derived_two_sample_95"].as_array().expect("a list") {
            holds(case, ChangeKind::Wald, &case["wald"]);
            holds(case, ChangeKind::AdjustedWald, &case["adj_wald_3T"]);
        }
        // A known slip divides the second group's passives by the first group's n.
        let slips = all["negative_tests"].as_array().expect("a list");
        let slip = slips.iter().find(|slip| slip["name"] == "wrong_denominator").expect("the slip");
        holds(slip, ChangeKind::Wald, &slip["right"]);
    }

    #[test]
    fn the_sign_turns_with_the_order() {
        let one = GroupScore::of_counts(ClassCounts::new(30.0, 50.0, 70.0).expect("counts"));
        let other = GroupScore::of_counts(ClassCounts::new(50.0, 60.0, 90.0).expect("counts"));
        let there = ChangeSettings::default().between(one, other).expect("a change");
        let back = ChangeSettings::default().between(other, one).expect("a change");
        near("change", there.change, -back.change, 1e-12);
        near("ends", there.conf_low, -back.conf_high, 1e-12);
        assert!(there.change < 0.0);
    }

    #[test]
    fn a_group_has_the_error_of_its_score() {
        let answers: Vec<f64> = (0..80).map(|i| f64::from(i * i % 11)).collect();
        let weights: Vec<f64> = (0..80).map(|i| 1.0 + f64::from(i % 4)).collect();
        let sampling = Sampling { weights: Some(&weights), population: Some(200.0), ..Sampling::default() };
        let score = NetPromoterScore::of_sample(&answers, sampling, NpsSettings::default()).expect("answers");
        let group = GroupScore::of_score(&score);
        near("error", 100.0 * group.plain().squared_error.sqrt(), score.std_error, 1e-10);
        near("score", 100.0 * group.score(), score.nps, 1e-12);
    }

    /// Where everybody was asked the difference is what it is.
    #[test]
    fn everybody_asked_in_both_groups_leaves_nothing_to_chance() {
        let score = |answers: &[f64], population: f64| {
            let sampling = Sampling { population: Some(population), ..Sampling::default() };
            let score = NetPromoterScore::of_sample(answers, sampling, NpsSettings::default());
            GroupScore::of_score(&score.expect("answers"))
        };
        let (before, after) = ([9.0, 10.0, 8.0, 2.0], [9.0, 10.0, 9.0, 2.0]);
        let settings = ChangeSettings::default();
        let all = settings.between(score(&before, 4.0), score(&after, 4.0)).expect("a change");
        assert_eq!((all.change, all.std_error, all.p_value), (25.0, 0.0, 0.0));
        assert_eq!((all.conf_low, all.conf_high, all.n_before), (25.0, 25.0, 4.0));
        let said = "the score rose by 25.0 points; everybody was asked both times, so that there is no sampling error";
        assert_eq!(all.sentence(), said);
        let same = settings.between(score(&before, 4.0), score(&before, 4.0)).expect("a change");
        assert_eq!((same.change, same.p_value, same.is_shown()), (0.0, 1.0, false));
        assert!(same.is_of_everybody() && same.sentence().starts_with("the score did not change; everybody was asked"));
        // With everybody before, the error is that of the later group alone: sqrt(p + d - (p - d)^2) over sqrt(n), with
        // 3/4, 3/2 and 3/4 answers added to 3, 0 and 1.
        let half = settings
            .between(score(&before, 4.0), GroupScore::of_counts(ClassCounts::new(1.0, 0.0, 3.0).expect("counts")));
        let (p, d) = (3.75 / 7.0, 1.75 / 7.0);
        let want = 100.0 * ((p + d - (p - d) * (p - d)) / 7.0_f64).sqrt();
        near("error", half.expect("a change").std_error, want, 1e-12);
    }

    #[test]
    fn no_change_is_said_in_words_with_what_could_be_seen() {
        let group = GroupScore::of_counts(ClassCounts::new(20.0, 30.0, 50.0).expect("counts"));
        let change = ChangeSettings::default().between(group, group).expect("a change");
        let sentence = change.sentence();
        assert!(sentence.starts_with("no evidence of change"), "{sentence}");
        // (1.96 + 0.8416) times the error of the difference.
        let z = ChangeSettings::default().confidence.z() + Power::default().z();
        near("smallest", change.minimum_detectable, z * change.std_error, 1e-9);
    }

    #[test]
    fn unanimity_has_no_plain_error() {
        let all = GroupScore::of_counts(ClassCounts::new(0.0, 0.0, 9.0).expect("counts"));
        let wald = ChangeSettings { kind: ChangeKind::Wald, ..ChangeSettings::default() };
        assert!(matches!(wald.between(all, all), Err(MeasureError::Constant { .. })));
        assert!(ChangeSettings::default().between(all, all).is_ok());
    }
}
