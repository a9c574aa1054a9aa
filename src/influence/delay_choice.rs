//! Which delay the dates speak for: families side by side, with a share that never passes where the dates show one.

use super::InfluenceError;
use super::delays::{Delay, DelayFamily, DelayFit, Eventually, fit_delay};
use serde::{Deserialize, Serialize};

/// What may be chosen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DelayChoice {
    /// The family; `None` for whichever has the lower AIC.
    pub family: Option<DelayFamily>,
    /// Whether all pass in the end; `None` for a share that is estimated where the likelihood has a maximum for it.
    pub eventually: Option<Eventually>,
}

/// Where the share that passes in the end comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassingShare {
    /// Estimated.
    Estimated,
    /// All pass, as was asked for.
    AsAsked,
    /// All pass: the likelihood rises up to there, so that 1 is its maximum.
    AtItsEnd,
    /// All pass, because the likelihood has no clear maximum for a share.
    NotSettled,
}

/// The delay that was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChosenDelay {
    /// The fit of lower AIC.
    pub fit: DelayFit,
    /// Where its share comes from.
    pub share: PassingShare,
    /// AIC of the other family, where it was asked for and could be fitted.
    pub aic_other: Option<f64>,
}

/// Fits the families asked for and takes the one of lower AIC.
///
/// Each family is fitted with a share that never passes. Referrals whose dates show none put the share at 1, the end of its
/// range, where it has no error and Newton's method finds no end; the family is then fitted with all passing, which is
/// the maximum of the likelihood and spends one parameter less. The exponential with all passing always has a maximum (the days waited
/// over the trials that passed), so that there is an answer unless it was not asked for.
///
/// # Errors
/// As for [`fit_delay`], where none of the families can be fitted; the error is that of the last.
///
/// # Example
/// Two passed after 2 and 4 days and one had not after 3: too little for a share that never passes.
/// ```
/// use advocate::influence::{Delay, DelayChoice, DelayFamily, PassingShare, choose_delay};
/// let asked = DelayChoice { family: Some(DelayFamily::Exponential), eventually: None };
/// let chosen = choose_delay(&[2.0, 4.0, 3.0], &[true, true, false], &asked).expect("two events");
/// assert_eq!(chosen.share, PassingShare::AtItsEnd);
/// let Delay::Exponential { mean_days } = chosen.fit.delay else { panic!("the family asked for") };
/// assert!((mean_days - 4.5).abs() < 1e-9);
/// ```
///
/// # References
/// Maller and Zhou (1996), "Survival analysis with long-term survivors", for maxima at the end of the range; Akaike (1974).
pub fn choose_delay(days: &[f64], passed: &[bool], asked: &DelayChoice) -> Result<ChosenDelay, InfluenceError> {
    let families = match asked.family {
        Some(family) => vec![family],
        None => vec![DelayFamily::Exponential, DelayFamily::Weibull],
    };
    let mut fits = Vec::new();
    let mut refused = None;
    for family in families {
        match of_family(days, passed, family, asked.eventually) {
            Ok(found) => fits.push(found),
            Err(error) => refused = Some(error),
        }
    }
    // A stable sort: of equal criteria the exponential, which says less, comes first.
    fits.sort_by(|(left, _), (right, _)| left.aic.total_cmp(&right.aic));
    match (fits.first(), refused) {
        (Some(&(fit, share)), _) => Ok(ChosenDelay { fit, share, aic_other: fits.get(1).map(|(other, _)| other.aic) }),
        (None, Some(error)) => Err(error),
        (None, None) => unreachable!("at least one family is tried"),
    }
}

fn of_family(
    days: &[f64],
    passed: &[bool],
    family: DelayFamily,
    eventually: Option<Eventually>,
) -> Result<(DelayFit, PassingShare), InfluenceError> {
    match eventually {
        Some(Eventually::All) => Ok((fit_delay(days, passed, family, Eventually::All)?, PassingShare::AsAsked)),
        Some(Eventually::Share) => Ok((fit_delay(days, passed, family, Eventually::Share)?, PassingShare::Estimated)),
        None => match fit_delay(days, passed, family, Eventually::Share) {
            Ok(fit) => Ok((fit, PassingShare::Estimated)),
            Err(InfluenceError::NotFitted { .. }) => {
                let fit = fit_delay(days, passed, family, Eventually::All)?;
                let is_end = slope_at_all(days, passed, fit.delay) >= 0.0;
                Ok((fit, if is_end { PassingShare::AtItsEnd } else { PassingShare::NotSettled }))
            }
            Err(error) => Err(error),
        },
    }
}

/// The slope of the log-likelihood by the share `c` where all pass: with the survival `S`, the derivative of `ln c` over those
/// who passed and of `ln(1 - c + c S)` over the others, at `c = 1`. Not negative: no smaller share nearby fits better.
fn slope_at_all(days: &[f64], passed: &[bool], delay: Delay) -> f64 {
    let slopes = days.iter().zip(passed).map(|(&days, &passed)| {
        let survival = delay.survival(days);
        if passed { 1.0 } else { (survival - 1.0) / survival }
    });
    slopes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nine trials of a company whose referrals become quicker: nobody is seen to be late for good.
    const DAYS: [f64; 9] = [100.0, 220.0, 300.0, 380.0, 450.0, 500.0, 510.0, 520.0, 530.0];
    const PASSED: [bool; 9] = [true, true, false, true, false, true, true, false, false];

    /// By hand: the days waited over the trials that passed, 3510 / 5 = 702; its log-likelihood is `-5 ln 702 - 5`, so that
    /// AIC is 2 - 2 * (-5 * 6.553933404 - 5) = 77.539334.
    #[test]
    fn the_exponential_with_all_passing_is_the_closed_form() {
        let asked = DelayChoice { family: Some(DelayFamily::Exponential), eventually: None };
        let chosen = choose_delay(&DAYS, &PASSED, &asked).expect("five events");
        assert_eq!(chosen.share, PassingShare::AtItsEnd);
        let Delay::Exponential { mean_days } = chosen.fit.delay else { panic!("another family") };
        assert!((mean_days - 702.0).abs() < 1e-6, "{mean_days}");
        // The error of a mean from five events is the mean over the root of five.
        assert!((chosen.fit.scale_se - 702.0 / 5.0_f64.sqrt()).abs() < 1e-3, "{:?}", chosen.fit);
        assert!((chosen.fit.aic - 77.539_334).abs() < 1e-5, "{}", chosen.fit.aic);
        assert_eq!((chosen.fit.share, chosen.fit.share_se, chosen.aic_other), (1.0, 0.0, None));
    }

    #[test]
    fn what_was_asked_for_is_kept() {
        let all = DelayChoice { family: Some(DelayFamily::Weibull), eventually: Some(Eventually::All) };
        let chosen = choose_delay(&DAYS, &PASSED, &all).expect("a maximum");
        assert_eq!(chosen.share, PassingShare::AsAsked);
        assert!(matches!(chosen.fit.delay, Delay::Weibull { .. }));
        let share = DelayChoice { family: None, eventually: Some(Eventually::Share) };
        assert!(matches!(choose_delay(&DAYS, &PASSED, &share), Err(InfluenceError::NotFitted { .. })));
    }

    /// All on one day: the shape of a Weibull runs away and the exponential is left.
    #[test]
    fn a_family_without_a_maximum_leaves_the_other() {
        let chosen = choose_delay(&[3.0; 4], &[true; 4], &DelayChoice::default()).expect("the exponential");
        let Delay::Exponential { mean_days } = chosen.fit.delay else { panic!("another family") };
        assert!((mean_days - 3.0).abs() < 1e-9);
        assert_eq!(chosen.aic_other, None);
    }

    /// The slope at the end of the range beside that of finite differences of `ln(1 - c + c S)` and `ln c` by hand.
    #[test]
    fn the_slope_at_the_end_is_that_of_the_likelihood() {
        let delay = Delay::Exponential { mean_days: 2.0 };
        let by_share = |share: f64| share.ln() + (1.0 - share + share * (-0.5_f64).exp()).ln();
        let want = (by_share(1.0) - by_share(1.0 - 1e-7)) / 1e-7;
        let got = slope_at_all(&[4.0, 1.0], &[true, false], delay);
        assert!((got - want).abs() < 1e-5, "{got} {want}");
    }
}
