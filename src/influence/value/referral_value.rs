//! Customer referral value: what those a customer brought are worth to the company.

use crate::influence::InfluenceError;
use serde::{Deserialize, Serialize};

/// One period of one customer who was brought by another. Money in one currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReferredPeriod {
    /// Who brought the customer.
    pub referrer: u32,
    /// The period, from 1: how many periods after the date of valuation.
    pub period: u32,
    /// Gross margin of the period.
    pub margin: f64,
    /// Referral incentives paid in the period.
    pub incentive: f64,
    /// Marketing spent in the period to keep the customer.
    pub marketing: f64,
    /// Acquisition cost saved in the period; usually in the one the customer came.
    pub acquisition_saved: f64,
    /// Probability (0-1) that the customer would have come without the referral.
    pub came_anyway: f64,
}

/// How periods are valued.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReferralValueSettings {
    /// Discount per period, above -1; 0.1 for ten percent.
    pub discount: f64,
}

/// Referral value of one customer, in money of the date of valuation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ReferralValue {
    /// From those who would not have come otherwise: margin less incentive and marketing, and acquisition saved.
    pub type_one: f64,
    /// From those who would have: only the acquisition saved.
    pub type_two: f64,
    /// Both.
    pub total: f64,
    /// Periods that went in.
    pub n_periods: u32,
}

/// Referral value of `n_customers` customers, numbered from 0; one row a referred customer and period, past or expected.
///
/// `value = sum of [(1 - a) (margin - incentive - marketing + saved) + a saved] / (1 + discount)^period` with the
/// probability `a` of having come anyway: 0 is Kumar's type one and 1 type two. Rows are summed in their order.
///
/// That somebody would have come anyway is a judgement that the data cannot settle without an experiment; vary it.
///
/// # Errors
/// A referrer that is not one of the customers, period 0, money that is not finite, a probability outside 0-1, a discount of
/// -1 or below.
///
/// # Example
/// ```
/// use advocate::influence::{ReferralValueSettings, ReferredPeriod, referral_values};
/// let year = ReferredPeriod {
///     referrer: 0, period: 1, margin: 100.0, incentive: 20.0, marketing: 5.0, acquisition_saved: 35.0, came_anyway: 0.0,
/// };
/// let late = ReferredPeriod { period: 2, came_anyway: 1.0, acquisition_saved: 24.2, ..year };
/// let values = referral_values(1, &[year, late], &ReferralValueSettings { discount: 0.1 }).expect("sound");
/// assert!((values[0].type_one - 100.0).abs() < 1e-12); // (100 - 20 - 5 + 35) / 1.1
/// assert!((values[0].type_two - 20.0).abs() < 1e-12);  // 24.2 / 1.1^2
/// ```
///
/// # References
/// Kumar, Petersen and Leone (2010), "Driving profitability by encouraging customer referrals", Journal of Marketing 74(5).
pub fn referral_values(
    n_customers: usize,
    rows: &[ReferredPeriod],
    settings: &ReferralValueSettings,
) -> Result<Vec<ReferralValue>, InfluenceError> {
    let discount = settings.discount;
    if !(discount.is_finite() && discount > -1.0) {
        return Err(InfluenceError::BadSetting { setting: "discount", value: discount, range: "above -1" });
    }
    let mut values = vec![ReferralValue::default(); n_customers];
    for (place, row) in rows.iter().enumerate() {
        check(row, place + 1, n_customers)?;
        let today = (1.0 + discount).powf(-f64::from(row.period));
        let value = &mut values[row.referrer as usize];
        value.type_one +=
            (1.0 - row.came_anyway) * (row.margin - row.incentive - row.marketing + row.acquisition_saved) * today;
        value.type_two += row.came_anyway * row.acquisition_saved * today;
        value.total = value.type_one + value.type_two;
        value.n_periods += 1;
    }
    Ok(values)
}

fn check(row: &ReferredPeriod, place: usize, n_customers: usize) -> Result<(), InfluenceError> {
    let bad = |component, value, range| Err(InfluenceError::BadComponent { component, row: place, value, range });
    if row.referrer as usize >= n_customers {
        return bad("referrer of a period", f64::from(row.referrer), "below the number of customers");
    }
    if row.period == 0 {
        return bad("period", 0.0, "1 or later");
    }
    if !(0.0..=1.0).contains(&row.came_anyway) {
        return bad("probability of having come anyway", row.came_anyway, "0 to 1");
    }
    let money = [
        ("margin", row.margin),
        ("incentive", row.incentive),
        ("marketing", row.marketing),
        ("acquisition saved", row.acquisition_saved),
    ];
    match money.into_iter().find(|(_, amount)| !amount.is_finite()) {
        Some((component, value)) => bad(component, value, "finite"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: ReferredPeriod = ReferredPeriod {
        referrer: 0,
        period: 1,
        margin: 0.0,
        incentive: 0.0,
        marketing: 0.0,
        acquisition_saved: 0.0,
        came_anyway: 0.0,
    };

    #[test]
    fn both_types_agree_with_the_published_arithmetic() {
        // `../shared/oracles/influence.json`, `crv_arithmetic`.
        let type_one =
            [(100.0, 20.0), (120.0, 0.0), (80.0, 0.0)].into_iter().zip(1..).map(|((margin, incentive), period)| {
                ReferredPeriod { period, margin, incentive, marketing: 5.0, acquisition_saved: 30.0, ..PERIOD }
            });
        let type_two =
            [1, 3].map(|period| ReferredPeriod { period, acquisition_saved: 25.0, came_anyway: 1.0, ..PERIOD });
        let rows: Vec<ReferredPeriod> = type_one.chain(type_two).collect();
        let value = referral_values(1, &rows, &ReferralValueSettings { discount: 0.1 }).expect("sound")[0];
        assert!((value.type_one - 294.177_310_293_012_74).abs() < 1e-9);
        assert!((value.type_two - 41.510_142_749_812_16).abs() < 1e-9);
        assert!((value.total - 335.687_453_042_824_9).abs() < 1e-9);
    }

    #[test]
    fn unsound_periods_are_refused_by_row() {
        let refused = |row| referral_values(1, &[PERIOD, row], &ReferralValueSettings { discount: 0.1 });
        for row in [
            ReferredPeriod { referrer: 1, ..PERIOD },
            ReferredPeriod { period: 0, ..PERIOD },
            ReferredPeriod { came_anyway: 1.5, ..PERIOD },
            ReferredPeriod { margin: f64::NAN, ..PERIOD },
        ] {
            assert!(matches!(refused(row), Err(InfluenceError::BadComponent { row: 2, .. })), "{row:?}");
        }
        assert!(referral_values(1, &[], &ReferralValueSettings { discount: -1.0 }).is_err());
        assert_eq!(
            referral_values(1, &[], &ReferralValueSettings { discount: 0.0 }),
            Ok(vec![ReferralValue::default()])
        );
    }
}
