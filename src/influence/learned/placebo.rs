//! The same analysis where there is nothing to find.

use super::ablation::{AblationSettings, Contender, ablate, with_values};
use super::inputs::{InputColumn, InputKind, Snapshot};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::InfluenceError;
use crate::stats::random::stream;
use rand::seq::SliceRandom;

/// The rating beside ratings of dealt outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Placebo {
    /// Area under the ROC curve of the rating, out of time.
    pub roc_auc: f64,
    /// The same with outcomes dealt to customers at random, one entry a deal; about 0.5 if nothing leaks.
    pub dealt: Vec<f64>,
    /// Share of all deals, the true one among them, with at least this area.
    pub p_value: f64,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Judges the rating beside `n_deals` placebos in which later outcomes, before and after, belong to random customers.
///
/// Shuffled dates alone would not do: who has many referrals in all has many on any dates. Dealing the outcomes anew breaks
/// what ties them to the inputs and keeps everything else, the model's freedom included. A rating that its placebos keep up
/// with has found nothing; placebos away from 0.5 would mean that something leaks.
///
/// # Errors
/// As [`ablate`]; no deals.
///
/// # References
/// Phipson and Smyth (2010), "Permutation p-values should never be zero", SAGMB 9(1).
pub fn placebo(
    earlier: &Snapshot<'_>,
    later: &Snapshot<'_>,
    n_deals: usize,
    settings: &AblationSettings,
) -> Result<Placebo, InfluenceError> {
    if n_deals == 0 {
        return Err(InfluenceError::BadSetting { setting: "deals of a placebo", value: 0.0, range: "at least 1" });
    }
    let area = |earlier: &Snapshot<'_>, later: &Snapshot<'_>| area_of_rating(earlier, later, settings);
    let roc_auc = area(earlier, later)?;
    let mut dealt = Vec::with_capacity(n_deals);
    for deal in 0..n_deals as u64 {
        let shuffled = |values: &[f64], purpose: &str| {
            let mut values = values.to_vec();
            values.shuffle(&mut stream(settings.seed, purpose, deal));
            values
        };
        let before = shuffled(earlier.later.values(), "placebo before");
        let after = shuffled(later.later.values(), "placebo after");
        dealt.push(area(&with_values(earlier, &before), &with_values(later, &after))?);
    }
    let at_least = dealt.iter().filter(|&&dealt| dealt >= roc_auc).count();
    let p_value = (at_least + 1) as f64 / (n_deals + 1) as f64;
    let findings = if p_value > 0.05 { vec![found_nothing(roc_auc, p_value, n_deals)] } else { Vec::new() };
    Ok(Placebo { roc_auc, dealt, p_value, findings })
}

/// The rating's own area, without its contenders.
fn area_of_rating(
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

fn found_nothing(roc_auc: f64, p_value: f64, n_deals: usize) -> Finding {
    let sentence = format!(
        "The rating found nothing: with outcomes dealt to customers at random its area under the ROC curve is as large as {roc_auc:.3} in a \
         share of {p_value:.3} of {n_deals} deals."
    );
    Finding::new(FindingKind::NoGain, Severity::Warning, "rating", sentence)
        .number("roc_auc", roc_auc)
        .number("p_value", p_value)
}
