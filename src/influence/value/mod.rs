//! What referrals are worth: to the customer who made them, beside what the customer is worth, and as a share of revenue.
//!
//! [`referral_values`] discounts the margin of those who would not have come otherwise and what acquiring the others would
//! have cost. [`value_groups`] puts it beside customers' own value. [`word_of_mouth`] divides revenue so that no purchase
//! counts twice. Values of customers themselves come from the models of purchases in [`crate::estimators`].

mod groups;
mod referral_value;
mod word_of_mouth;

pub use groups::{GroupRow, ValueGroup, ValueGroups, ValueSplit, value_groups};
pub use referral_value::{ReferralValue, ReferralValueSettings, ReferredPeriod, referral_values};
pub use word_of_mouth::{Purchase, WordOfMouth, WordOfMouthRevenue, word_of_mouth};
