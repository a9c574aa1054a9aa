//! The known truth: every number that makes a simulated customer answer, buy and refer as it does.

use serde::{Deserialize, Serialize};

/// How many touchpoints a company has; [`TOUCHPOINTS`] names them.
pub const N_TOUCHPOINTS: usize = 7;

/// The touchpoints, in the order of the feedback columns. The last drives nothing by default.
pub const TOUCHPOINTS: [&str; N_TOUCHPOINTS] =
    ["delivery", "support", "checkout", "product", "price", "website", "packaging"];

/// One number per touchpoint, in the order of [`TOUCHPOINTS`].
pub type PerTouchpoint = [f64; N_TOUCHPOINTS];

/// The whole truth of a company, apart from its size and its seed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// What customers live through.
    pub experience: ExperienceModel,
    /// What they say.
    pub recommend: RecommendModel,
    /// Who is asked and who answers.
    pub response: ResponseModel,
    /// What they buy, and when they stop.
    pub purchase: PurchaseModel,
    /// Whom they bring.
    pub referral: ReferralModel,
    /// What they do online.
    pub activity: ActivityModel,
    /// What kinds of customers there are.
    pub segments: Segments,
}

/// Touchpoint experiences and the scores that report them.
///
/// The quality of touchpoint `j` for customer `i` is `q_ij = sqrt(h) halo_i + sqrt(1 - h) own_ij`, standard normal. At
/// one occasion the customer lives `x_ij = q_ij + deviation e_ij` and scores
/// `round(score_mean + score_spread x_ij)`, kept within 0 and 10.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExperienceModel {
    /// `h`: correlation of any two qualities of one customer (0-1).
    pub halo_share: f64,
    /// Standard deviation of one occasion around the quality.
    pub deviation: f64,
    /// Score of an average experience.
    pub score_mean: f64,
    /// Score points per standard deviation of quality.
    pub score_spread: f64,
    /// Share of answers in which the touchpoint did not apply (`N/A`); it then has no part in the recommend answer.
    pub not_applicable: PerTouchpoint,
    /// Share of applicable scores left blank.
    pub blank_share: f64,
    /// Share of answers that give every touchpoint the same score.
    pub straight_lining_share: f64,
}

impl Default for ExperienceModel {
    fn default() -> Self {
        Self {
            halo_share: 0.12,
            deviation: 0.5,
            score_mean: 7.3,
            score_spread: 1.7,
            not_applicable: [0.02, 0.12, 0.02, 0.01, 0.01, 0.04, 0.02],
            blank_share: 0.015,
            straight_lining_share: 0.01,
        }
    }
}

/// The recommend answer.
///
/// Advocacy at one occasion is `sum_j w_j x_ij + halo b halo_i + persistent noise_i + noise`; the answer is
/// `round(mean + spread * advocacy / sd(advocacy))`, kept within 0 and 10.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecommendModel {
    /// `w`: weight of each touchpoint.
    pub weights: PerTouchpoint,
    /// `b`: what the halo adds beyond the touchpoints.
    pub halo: f64,
    /// Standard deviation of what a customer always adds.
    pub persistent_noise: f64,
    /// Standard deviation of what one occasion adds.
    pub occasion_noise: f64,
    /// Answer of an average customer.
    pub mean: f64,
    /// Answer points per standard deviation of advocacy.
    pub spread: f64,
    /// Share of answers without a recommend score.
    pub blank_share: f64,
}

impl Default for RecommendModel {
    fn default() -> Self {
        Self {
            weights: [0.29, 0.19, 0.13, 0.42, 0.09, 0.05, 0.0],
            halo: 0.10,
            persistent_noise: 0.30,
            occasion_noise: 0.40,
            mean: 7.8,
            spread: 2.0,
            blank_share: 0.01,
        }
    }
}

/// Who is asked and who answers.
///
/// Every quarter asks a share of the customers who ordered lately and did not opt out. With `a` the standardised
/// advocacy at that occasion, the asked answer with probability `logistic(intercept + advocacy a + extremity a^2)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseModel {
    /// Days at the start of the history in which nobody is asked, so that every answer has a past.
    pub quiet_days: u32,
    /// Share of the eligible customers asked each quarter.
    pub invited_share: f64,
    /// Only customers with an order in this many days are asked.
    pub active_days: u32,
    /// Share of customers who are never asked because they said so.
    pub opted_out_share: f64,
    /// Log-odds of an answer from an average customer.
    pub intercept: f64,
    /// What one standard deviation of advocacy adds to the log-odds.
    pub advocacy: f64,
    /// What the square of standardised advocacy adds to the log-odds: both extremes answer more.
    pub extremity: f64,
    /// Mean days from being asked to the answer.
    pub delay_days: f64,
}

impl Default for ResponseModel {
    fn default() -> Self {
        Self {
            quiet_days: 90,
            invited_share: 0.85,
            active_days: 365,
            opted_out_share: 0.06,
            intercept: -0.45,
            advocacy: 0.20,
            extremity: 0.25,
            delay_days: 3.0,
        }
    }
}

/// Buy till you die (BG/NBD): Poisson purchases while alive, a chance to leave after each.
///
/// The rate is `Gamma(rate_shape, mean rate_per_year) * segment * exp(rate_effects . q - half its variance)`, so that
/// effects do not move the mean. After each repeat purchase the customer leaves with probability
/// `logistic(logit(Beta(dropout_alpha, dropout_beta)) + dropout_effects . q)`.
///
/// # References
/// Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24(2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PurchaseModel {
    /// Shape of the gamma distribution of rates; its variation is `1 / sqrt(shape)`.
    pub rate_shape: f64,
    /// Mean purchases a year while alive.
    pub rate_per_year: f64,
    /// Effect of each touchpoint's quality on the log of the rate.
    pub rate_effects: PerTouchpoint,
    /// First parameter of the beta distribution of dropout probabilities.
    pub dropout_alpha: f64,
    /// Second parameter of the beta distribution of dropout probabilities.
    pub dropout_beta: f64,
    /// Effect of each touchpoint's quality on the log-odds of dropout.
    pub dropout_effects: PerTouchpoint,
    /// Standard deviation of the log amount between customers.
    pub amount_customer_spread: f64,
    /// Standard deviation of the log amount between the orders of one customer.
    pub amount_order_spread: f64,
}

impl Default for PurchaseModel {
    fn default() -> Self {
        Self {
            rate_shape: 1.5,
            rate_per_year: 4.5,
            rate_effects: [0.65, 0.0, 0.17, 0.09, 0.29, 0.0, 0.0],
            dropout_alpha: 1.2,
            dropout_beta: 10.0,
            dropout_effects: [-0.45, 0.0, -0.12, -0.06, -0.20, 0.0, 0.0],
            amount_customer_spread: 0.35,
            amount_order_spread: 0.55,
        }
    }
}

/// Referrals: a Poisson process whose rate is
/// `rate_per_year * exp(advocacy a - advocacy^2 / 2) * (network / network_median)^network_power`, with `a` the
/// standardised lasting advocacy.
///
/// It starts when the customer joins, or when the history starts if that is later, and does not depend on buying.
/// Every referral becomes a customer some days later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReferralModel {
    /// Referrals a year of a customer with a median network, averaged over advocacy.
    pub rate_per_year: f64,
    /// What one standard deviation of lasting advocacy adds to the log of the rate.
    pub advocacy: f64,
    /// Power of the network's size relative to its median.
    pub network_power: f64,
    /// Smallest network.
    pub network_min: f64,
    /// Tail index of the (Pareto) distribution of network sizes: smaller is heavier.
    pub network_tail: f64,
    /// Largest network.
    pub network_max: f64,
    /// Mean days from the referral to joining.
    pub delay_days: f64,
}

impl ReferralModel {
    /// The median of the network sizes.
    pub fn network_median(&self) -> f64 {
        self.network_min * 2.0_f64.powf(1.0 / self.network_tail)
    }
}

impl Default for ReferralModel {
    fn default() -> Self {
        Self {
            rate_per_year: 0.16,
            advocacy: 0.9,
            network_power: 0.6,
            network_min: 8.0,
            network_tail: 1.6,
            network_max: 2_000.0,
            delay_days: 12.0,
        }
    }
}

/// Log-ins and support contacts, while the customer is alive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActivityModel {
    /// Mean recorded log-ins a year.
    pub logins_per_year: f64,
    /// Shape of the gamma distribution (mean 1) of engagement, which multiplies the log-ins.
    pub engagement_shape: f64,
    /// Mean support contacts a year of a customer with average delivery.
    pub contacts_per_year: f64,
    /// Effect of delivery quality on the log of the support contacts.
    pub contact_delivery_effect: f64,
    /// Days for which a customer goes on logging in after the last purchase.
    pub lingering_days: u32,
}

impl Default for ActivityModel {
    fn default() -> Self {
        Self {
            logins_per_year: 11.0,
            engagement_shape: 1.5,
            contacts_per_year: 0.8,
            contact_delivery_effect: -0.5,
            lingering_days: 45,
        }
    }
}

/// The three segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Segments {
    /// Private buyers.
    pub consumer: SegmentModel,
    /// Small firms.
    pub small_business: SegmentModel,
    /// Large firms.
    pub enterprise: SegmentModel,
}

impl Default for Segments {
    fn default() -> Self {
        Self {
            consumer: SegmentModel { share: 0.72, amount_mean_eur: 62.0, rate_factor: 0.95, recommend_shift: 0.1 },
            small_business: SegmentModel {
                share: 0.21,
                amount_mean_eur: 180.0,
                rate_factor: 1.15,
                recommend_shift: -0.1,
            },
            enterprise: SegmentModel { share: 0.07, amount_mean_eur: 740.0, rate_factor: 1.3, recommend_shift: -0.4 },
        }
    }
}

/// What sets one segment apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentModel {
    /// Share of the customers.
    pub share: f64,
    /// Mean amount of an order, EUR.
    pub amount_mean_eur: f64,
    /// Factor on the purchase rate.
    pub rate_factor: f64,
    /// Points added to the recommend answer before it is rounded.
    pub recommend_shift: f64,
}
