//! How much of "would recommend" came true.

use crate::measures::difference::difference;
use crate::measures::portfolio::{Estimate, EstimateSettings, Measure};
use crate::measures::{Difference, MeasureError, ResponseClass, Sampling};
use serde::Serialize;

/// Promoters' word and deed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptWord {
    /// Share of promoters who did recommend.
    pub kept: Estimate,
    /// Share of the others who did, though they did not say so.
    pub unannounced: Estimate,
    /// The promoters' share less the others', with errors by customer.
    pub difference: Difference,
    /// The promoters' share over the others'; `None` where no other did.
    pub lift: Option<f64>,
    /// Share of all recommendations that came from promoters; `None` where there were none.
    pub share_from_promoters: Option<f64>,
}

/// From 0-10 answers and whether each person then recommended (1) or not (0); blanks of either are left out.
///
/// # Errors
/// Columns of unequal length, answers off the scale, deeds that are neither 0 nor 1, no promoters or nobody else.
///
/// # Example
/// ```
/// use advocate::measures::Sampling;
/// use advocate::measures::portfolio::EstimateSettings;
/// use advocate::measures::say_do::kept_word;
/// let own = kept_word(&[9.0, 10.0, 9.0, 3.0, 8.0], &[1.0, 0.0, 0.0, 0.0, 1.0], Sampling::default(), EstimateSettings::default())?;
/// assert!((own.kept.estimate - 1.0 / 3.0).abs() < 1e-12 && own.share_from_promoters == Some(0.5));
/// # Ok::<(), advocate::measures::MeasureError>(())
/// ```
pub fn kept_word(
    answers: &[f64],
    did: &[f64],
    sampling: Sampling,
    settings: EstimateSettings,
) -> Result<KeptWord, MeasureError> {
    if did.len() != answers.len() {
        let what = "the column of deeds".to_owned();
        return Err(MeasureError::Length { what, n_found: did.len(), n_expected: answers.len() });
    }
    Measure::yes_share("recommended", did)?;
    Measure::nps("answer", answers)?;
    let is_promoter = |row: usize| ResponseClass::of(answers[row]).map(|class| class == ResponseClass::Promoter);
    let group = |wanted: bool| -> Vec<f64> {
        (0..answers.len()).map(|row| if is_promoter(row) == Some(wanted) { did[row] } else { f64::NAN }).collect()
    };
    let (promoters, others) = (group(true), group(false));
    let difference = difference(did, is_promoter, sampling, settings.confidence)?;
    let kept = Measure::yes_share("promoters who recommended", &promoters)?.estimate(sampling, settings)?;
    let unannounced = Measure::yes_share("others who recommended", &others)?.estimate(sampling, settings)?;
    let from_promoters = kept.estimate * kept.weight_sum;
    let all = from_promoters + unannounced.estimate * unannounced.weight_sum;
    Ok(KeptWord {
        lift: (unannounced.estimate > 0.0).then(|| kept.estimate / unannounced.estimate),
        share_from_promoters: (all > 0.0).then(|| from_promoters / all),
        kept: only_group(kept),
        unannounced: only_group(unannounced),
        difference,
    })
}

/// Rows of the other group are no blanks of this one.
fn only_group(estimate: Estimate) -> Estimate {
    Estimate { n_missing: 0, missing_share: 0.0, ..estimate }
}
