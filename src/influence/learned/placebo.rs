//! The same analysis where there is nothing to find.

use super::ablation::{AblationSettings, Contender, ablate, with_values};
use super::inputs::{InputColumn, InputKind, Snapshot};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::InfluenceError;
use crate::stats::random::stream;
use rand::seq::SliceRandom;

/// Placebos further above 0.5 than this, and than chance allows, are a leak (absolute, area under the curve).
const LEAK_MIN: f64 = 0.02;
/// Standard errors of the mean of the placebos that chance is allowed.
const LEAK_ERRORS: f64 = 3.0;

/// What is true where a placebo was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceboNull {
    /// Later outcomes go with nothing: they were dealt to customers at random. The inputs stay as they are, so that an input
    /// which knows the future is not seen.
    OutcomesDealt,
    /// Who refers in one window says nothing of who does in another: whole records of dates changed hands
    /// ([`super::exchange_records`]), and inputs and outcomes were computed from what came of it. An input that takes from after
    /// its time takes from the same records as the outcome does, and finds it.
    DatesExchanged,
}

/// The rating beside ratings where there is nothing to find.
#[derive(Debug, Clone, PartialEq)]
pub struct Placebo {
    /// What is true of the placebos.
    pub null: PlaceboNull,
    /// Area under the ROC curve of the rating, out of time.
    pub roc_auc: f64,
    /// The same of each placebo; about 0.5 if nothing leaks.
    pub dealt: Vec<f64>,
    /// Share of all deals, the true one among them, with at least this area.
    pub p_value: f64,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

impl Placebo {
    /// The rating's area beside those of placebos.
    ///
    /// A rating that its placebos keep up with has found nothing, where there are enough of them to tell (19 for 5 %); placebos
    /// that lie above 0.5 by more than chance allows mean that something leaks. Findings say either.
    ///
    /// # References
    /// Phipson and Smyth (2010), "Permutation p-values should never be zero", SAGMB 9(1).
    pub fn of(null: PlaceboNull, roc_auc: f64, dealt: Vec<f64>) -> Self {
        let n_deals = dealt.len() as f64;
        let at_least = dealt.iter().filter(|&&dealt| dealt >= roc_auc).count() as f64;
        let p_value = (at_least + 1.0) / (n_deals + 1.0);
        let mut placebo = Self { null, roc_auc, dealt, p_value, findings: Vec::new() };
        // With few deals the share cannot be small, unless some of them is as large.
        if p_value > 0.05 && (at_least > 0.0 || n_deals >= 19.0) {
            placebo.findings.push(placebo.found_nothing());
        }
        if placebo.leaks() {
            placebo.findings.push(placebo.leak());
        }
        placebo
    }

    /// The mean area of the placebos.
    pub fn mean(&self) -> f64 {
        self.dealt.iter().sum::<f64>() / self.dealt.len() as f64
    }

    /// Whether placebos find what is not there.
    fn leaks(&self) -> bool {
        let (n_deals, mean) = (self.dealt.len() as f64, self.mean());
        if n_deals < 3.0 {
            return false;
        }
        let scatter: f64 = self.dealt.iter().map(|dealt| (dealt - mean).powi(2)).sum();
        let std_error = (scatter / (n_deals - 1.0) / n_deals).sqrt();
        mean - 0.5 > LEAK_MIN.max(LEAK_ERRORS * std_error)
    }

    fn found_nothing(&self) -> Finding {
        let sentence = format!(
            "The rating found nothing: {} its area under the ROC curve is as large as {:.3} in a share of {:.3} of {} deals.",
            self.circumstances(),
            self.roc_auc,
            self.p_value,
            self.dealt.len()
        );
        self.finding(FindingKind::NoGain, sentence).number("p_value", self.p_value)
    }

    fn leak(&self) -> Finding {
        let sentence = format!(
            "Something that the rating learns from knows the future: {} its area under the ROC curve is {:.3} on average of {} deals \
             where there is nothing to find and chance has 0.5.",
            self.circumstances(),
            self.mean(),
            self.dealt.len()
        );
        self.finding(FindingKind::Unreliable, sentence).number("placebo_roc_auc", self.mean())
    }

    fn circumstances(&self) -> &'static str {
        match self.null {
            PlaceboNull::OutcomesDealt => "with outcomes dealt to customers at random",
            PlaceboNull::DatesExchanged => "with the dates of referrals exchanged between customers",
        }
    }

    fn finding(&self, kind: FindingKind, sentence: String) -> Finding {
        Finding::new(kind, Severity::Warning, "rating", sentence).number("roc_auc", self.roc_auc)
    }
}

/// Judges the rating's area (that of [`ablate`]) beside `n_deals` placebos in which later outcomes, before and after, belong to
/// random customers. With the settings that the area was judged by, placebos have the same customers, parts and fallbacks; with
/// fewer rows they scatter more, which is on the safe side.
///
/// Shuffled dates alone would not do: who has many referrals in all has many on any dates. Dealing the outcomes anew breaks
/// what ties them to the inputs and keeps everything else, the model's freedom included.
///
/// # Errors
/// As [`ablate`]; no deals.
pub fn placebo(
    earlier: &Snapshot<'_>,
    later: &Snapshot<'_>,
    roc_auc: f64,
    n_deals: usize,
    settings: &AblationSettings,
) -> Result<Placebo, InfluenceError> {
    if n_deals == 0 {
        return Err(InfluenceError::BadSetting { setting: "deals of a placebo", value: 0.0, range: "at least 1" });
    }
    let mut dealt = Vec::with_capacity(n_deals);
    for deal in 0..n_deals as u64 {
        let shuffled = |values: &[f64], purpose: &str| {
            let mut values = values.to_vec();
            values.shuffle(&mut stream(settings.seed, purpose, deal));
            values
        };
        let before = shuffled(earlier.later.values(), "placebo before");
        let after = shuffled(later.later.values(), "placebo after");
        dealt.push(rating_area(&with_values(earlier, &before), &with_values(later, &after), settings)?);
    }
    Ok(Placebo::of(PlaceboNull::OutcomesDealt, roc_auc, dealt))
}

/// The rating's own area under the ROC curve, out of time and without its contenders.
///
/// # Errors
/// As [`ablate`].
pub fn rating_area(
    earlier: &Snapshot<'_>,
    later: &Snapshot<'_>,
    settings: &AblationSettings,
) -> Result<f64, InfluenceError> {
    // All columns under one kind leave no kind to take away.
    fn one_kind<'data>(snapshot: &Snapshot<'data>) -> Vec<InputColumn<'data>> {
        snapshot.columns.iter().map(|column| InputColumn { kind: InputKind::Profile, ..*column }).collect()
    }
    let (before, after) = (one_kind(earlier), one_kind(later));
    let judged =
        ablate(&Snapshot { columns: &before, ..*earlier }, &Snapshot { columns: &after, ..*later }, &[], settings)?;
    Ok(judged.of(&Contender::Rating).map_or(f64::NAN, |row| row.roc_auc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_counts_the_truth_among_the_deals() {
        // One of four placebos is as large: (1 + 1) / (4 + 1).
        let placebo = Placebo::of(PlaceboNull::OutcomesDealt, 0.6, vec![0.5, 0.61, 0.4, 0.49]);
        assert!((placebo.p_value - 0.4).abs() < 1e-15);
        assert_eq!(placebo.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [FindingKind::NoGain]);
    }

    #[test]
    fn few_deals_that_are_all_smaller_say_nothing_against_the_rating() {
        assert!(Placebo::of(PlaceboNull::DatesExchanged, 0.6, vec![0.5, 0.48, 0.51]).findings.is_empty());
        let nineteen = Placebo::of(PlaceboNull::DatesExchanged, 0.6, vec![0.5; 19]);
        assert!(nineteen.p_value <= 0.05 && nineteen.findings.is_empty(), "{nineteen:?}");
    }

    #[test]
    fn placebos_that_find_something_are_a_leak() {
        let leaking = Placebo::of(PlaceboNull::DatesExchanged, 0.8, vec![0.62, 0.6, 0.64, 0.61]);
        assert_eq!(leaking.findings[0].kind, FindingKind::Unreliable);
        // As far above 0.5 on average, but scattered: a mean of 0.55 with a standard error of 0.05.
        let scattered = Placebo::of(PlaceboNull::DatesExchanged, 0.8, vec![0.45, 0.65, 0.45, 0.65]);
        assert!(scattered.findings.is_empty(), "{scattered:?}");
    }
}
