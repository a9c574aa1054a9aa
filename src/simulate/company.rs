//! Settings of a simulated company, and the checks that turn them into a [`World`].

use super::calendar::Day;
use super::model::{
    ActivityModel, ExperienceModel, Model, PurchaseModel, RecommendModel, ReferralModel, ResponseModel,
};
use super::world::World;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most customers a company can have; their keys then have nine digits.
pub const CUSTOMERS_MAX: u64 = 999_999_999;

/// Settings out of range.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CompanyError {
    /// A number outside its range.
    #[error("simulation setting `{setting}` must be {rule} and is {value}")]
    OutOfRange {
        /// The setting, with its path inside the model.
        setting: String,
        /// What it must be.
        rule: &'static str,
        /// What it is.
        value: f64,
    },
    /// The shares of the segments do not add up.
    #[error("simulation setting `segments`: the shares add up to {sum} and must add up to 1")]
    SegmentShares {
        /// Their sum.
        sum: f64,
    },
}

/// A company to simulate: its size, its time, its seed and its truth.
///
/// Two equal companies give the same bytes on any number of threads.
///
/// # Example
/// ```
/// use advocate::simulate::Company;
/// let company = Company { customers: 50, seed: 7, ..Company::default() };
/// let n_customers: usize = company.blocks()?.map(|block| block.customers.len()).sum();
/// assert_eq!(n_customers, 50);
/// # Ok::<(), advocate::simulate::CompanyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Company {
    /// Customers who joined before `as_of`, those referred among them; 2,400 by default, at most [`CUSTOMERS_MAX`].
    pub customers: u64,
    /// Seed of every random stream; 20260930 by default.
    pub seed: u64,
    /// Everything happens before the first instant of this day, UTC; 2026-09-30 by default.
    pub as_of: Day,
    /// Days before `as_of` that the files cover; 730 by default.
    pub history_days: u32,
    /// Days before the history over which its first customers joined; 365 by default.
    pub earlier_days: u32,
    /// Share of the customers nobody referred who joined during the history; 0.45 by default.
    pub new_share: f64,
    /// Rows spoilt on purpose; a few by default.
    pub defects: Defects,
    /// How customers answer, buy and refer.
    pub model: Model,
}

impl Default for Company {
    fn default() -> Self {
        Self {
            customers: 2_400,
            seed: 20_260_930,
            as_of: Day::DEFAULT_AS_OF,
            history_days: 730,
            earlier_days: 365,
            new_share: 0.45,
            defects: Defects::default(),
            model: Model::default(),
        }
    }
}

/// Rows added on purpose that a careful reader must put aside. They are copies: no true row is lost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Defects {
    /// Share of the responses that a spoilt copy follows.
    pub feedback_share: f64,
    /// Share of the orders that a spoilt copy follows.
    pub orders_share: f64,
}

impl Defects {
    /// No spoilt rows.
    pub const NONE: Self = Self { feedback_share: 0.0, orders_share: 0.0 };
}

impl Default for Defects {
    fn default() -> Self {
        Self { feedback_share: 0.006, orders_share: 0.002 }
    }
}

impl Company {
    /// Checks every setting and derives what the simulation needs.
    ///
    /// # Errors
    /// A setting that is not finite or outside its range, by name.
    pub fn world(&self) -> Result<World, CompanyError> {
        self.check()?;
        World::new(self.clone())
    }

    fn check(&self) -> Result<(), CompanyError> {
        within("customers", self.customers as f64, 1.0, CUSTOMERS_MAX as f64, "a whole number from 1 to 999999999")?;
        within("history_days", f64::from(self.history_days), 1.0, 36_500.0, "from 1 to 36500")?;
        within("earlier_days", f64::from(self.earlier_days), 0.0, 36_500.0, "from 0 to 36500")?;
        share("new_share", self.new_share)?;
        share("defects.feedback_share", self.defects.feedback_share)?;
        share("defects.orders_share", self.defects.orders_share)?;
        check_experience(&self.model.experience)?;
        check_recommend(&self.model.recommend)?;
        check_response(&self.model.response)?;
        check_purchase(&self.model.purchase)?;
        check_referral(&self.model.referral)?;
        check_activity(&self.model.activity)?;
        self.check_segments()
    }

    fn check_segments(&self) -> Result<(), CompanyError> {
        let segments = &self.model.segments;
        let named = [
            ("consumer", segments.consumer),
            ("small_business", segments.small_business),
            ("enterprise", segments.enterprise),
        ];
        for (name, segment) in named {
            let path = |setting: &str| format!("segments.{name}.{setting}");
            share(&path("share"), segment.share)?;
            positive(&path("amount_mean_eur"), segment.amount_mean_eur)?;
            positive(&path("rate_factor"), segment.rate_factor)?;
            effect(&path("recommend_shift"), segment.recommend_shift)?;
        }
        let sum: f64 = named.iter().map(|(_, segment)| segment.share).sum();
        if (sum - 1.0).abs() > 1e-9 { Err(CompanyError::SegmentShares { sum }) } else { Ok(()) }
    }
}

fn check_experience(model: &ExperienceModel) -> Result<(), CompanyError> {
    share("experience.halo_share", model.halo_share)?;
    spread("experience.deviation", model.deviation)?;
    within("experience.score_mean", model.score_mean, 0.0, 10.0, "from 0 to 10")?;
    spread("experience.score_spread", model.score_spread)?;
    for value in model.not_applicable {
        share("experience.not_applicable", value)?;
    }
    share("experience.blank_share", model.blank_share)?;
    share("experience.straight_lining_share", model.straight_lining_share)
}

fn check_recommend(model: &RecommendModel) -> Result<(), CompanyError> {
    effects("recommend.weights", &model.weights)?;
    effect("recommend.halo", model.halo)?;
    spread("recommend.persistent_noise", model.persistent_noise)?;
    positive("recommend.occasion_noise", model.occasion_noise)?;
    within("recommend.mean", model.mean, 0.0, 10.0, "from 0 to 10")?;
    spread("recommend.spread", model.spread)?;
    share("recommend.blank_share", model.blank_share)
}

fn check_response(model: &ResponseModel) -> Result<(), CompanyError> {
    share("response.invited_share", model.invited_share)?;
    share("response.opted_out_share", model.opted_out_share)?;
    within("response.intercept", model.intercept, -50.0, 50.0, "from -50 to 50")?;
    effect("response.advocacy", model.advocacy)?;
    effect("response.extremity", model.extremity)?;
    positive("response.delay_days", model.delay_days)
}

fn check_purchase(model: &PurchaseModel) -> Result<(), CompanyError> {
    positive("purchase.rate_shape", model.rate_shape)?;
    positive("purchase.rate_per_year", model.rate_per_year)?;
    effects("purchase.rate_effects", &model.rate_effects)?;
    positive("purchase.dropout_alpha", model.dropout_alpha)?;
    positive("purchase.dropout_beta", model.dropout_beta)?;
    effects("purchase.dropout_effects", &model.dropout_effects)?;
    spread("purchase.amount_customer_spread", model.amount_customer_spread)?;
    spread("purchase.amount_order_spread", model.amount_order_spread)
}

fn check_referral(model: &ReferralModel) -> Result<(), CompanyError> {
    spread("referral.rate_per_year", model.rate_per_year)?;
    effect("referral.advocacy", model.advocacy)?;
    effect("referral.network_power", model.network_power)?;
    within("referral.network_min", model.network_min, 1.0, 1e6, "from 1 to 1000000")?;
    positive("referral.network_tail", model.network_tail)?;
    within("referral.network_max", model.network_max, model.network_min, 1e6, "from network_min to 1000000")?;
    positive("referral.delay_days", model.delay_days)
}

fn check_activity(model: &ActivityModel) -> Result<(), CompanyError> {
    spread("activity.logins_per_year", model.logins_per_year)?;
    positive("activity.engagement_shape", model.engagement_shape)?;
    spread("activity.contacts_per_year", model.contacts_per_year)?;
    effect("activity.contact_delivery_effect", model.contact_delivery_effect)
}

fn within(setting: &str, value: f64, low: f64, high: f64, rule: &'static str) -> Result<(), CompanyError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(CompanyError::OutOfRange { setting: setting.to_owned(), rule, value })
    }
}

fn share(setting: &str, value: f64) -> Result<(), CompanyError> {
    within(setting, value, 0.0, 1.0, "from 0 to 1")
}

fn positive(setting: &str, value: f64) -> Result<(), CompanyError> {
    within(setting, value, 1e-6, 1e6, "from 0.000001 to 1000000")
}

fn spread(setting: &str, value: f64) -> Result<(), CompanyError> {
    within(setting, value, 0.0, 1e4, "from 0 to 10000")
}

fn effect(setting: &str, value: f64) -> Result<(), CompanyError> {
    within(setting, value, -10.0, 10.0, "from -10 to 10")
}

fn effects(setting: &str, values: &[f64]) -> Result<(), CompanyError> {
    values.iter().try_for_each(|&value| effect(setting, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_range_is_named() {
        let mut company = Company::default();
        company.model.purchase.dropout_alpha = f64::NAN;
        let refused = company.world().err().map(|error| error.to_string());
        let wanted = "simulation setting `purchase.dropout_alpha` must be from 0.000001 to 1000000 and is NaN";
        assert_eq!(refused.as_deref(), Some(wanted));
    }

    #[test]
    fn nobody_and_too_many_are_refused() {
        for customers in [0, CUSTOMERS_MAX + 1] {
            assert!(Company { customers, ..Company::default() }.world().is_err());
        }
    }

    #[test]
    fn segments_must_share_out_everybody() {
        let mut company = Company::default();
        company.model.segments.consumer.share = 0.5;
        assert!(matches!(company.world(), Err(CompanyError::SegmentShares { .. })));
    }
}
