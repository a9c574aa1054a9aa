//! What may happen after an answer, and over which windows it counts.

use super::sql::DAY;

/// An outcome after the answer at `t`. Windows are `(t, t + days]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomeWindow {
    /// Purchases: `next_purchases_{days}d` and `next_spend_{days}d`.
    Purchases {
        /// Length in days.
        days: u32,
    },
    /// Referrals made: `next_referrals_{days}d`.
    Referrals {
        /// Length in days.
        days: u32,
    },
    /// Purchases of one product family: `next_purchases_{family}_{days}d`.
    FamilyPurchases {
        /// The family, as the column `family` of the transactions has it.
        family: String,
        /// Length in days.
        days: u32,
    },
    /// Cross-sell: product families bought for the first time ever in the window, `next_new_families_{days}d`.
    NewFamilies {
        /// Length in days.
        days: u32,
    },
    /// Up-sell: whether the mean amount of a purchase in the window is above that of all purchases before the answer,
    /// `next_upsell_{days}d`, each over the purchases that have an amount; 0 where there is no purchase in the window, null where one of
    /// the two means is not known.
    Upsell {
        /// Length in days.
        days: u32,
    },
    /// Referrals made whose referred customer bought, at the referral or after it and within the same window:
    /// `next_converted_referrals_{days}d`.
    ConvertedReferrals {
        /// Length in days.
        days: u32,
    },
    /// Whether neither a purchase nor an activity lies in the window: `next_lapse_{days}d`.
    Lapse {
        /// Length in days.
        days: u32,
    },
    /// Whether the customer's `churned_t` lies in the window: `next_churn_{days}d`; null for who had left before.
    Churn {
        /// Length in days.
        days: u32,
    },
    /// Time to the next purchase: `repurchase_days`, up to the study's date where there was none, and
    /// `repurchase_event`, 1 where there was one.
    Repurchase,
}

impl OutcomeWindow {
    /// The column that counts its events or says whether there was one; `repurchase_event` for the survival pair.
    pub fn count_column(&self) -> String {
        match self {
            Self::Purchases { days } => format!("next_purchases_{days}d"),
            Self::Referrals { days } => format!("next_referrals_{days}d"),
            Self::FamilyPurchases { family, days } => format!("next_purchases_{family}_{days}d"),
            Self::NewFamilies { days } => format!("next_new_families_{days}d"),
            Self::Upsell { days } => format!("next_upsell_{days}d"),
            Self::ConvertedReferrals { days } => format!("next_converted_referrals_{days}d"),
            Self::Lapse { days } => format!("next_lapse_{days}d"),
            Self::Churn { days } => format!("next_churn_{days}d"),
            Self::Repurchase => "repurchase_event".to_owned(),
        }
    }

    /// Length of the window in days; the survival pair has none.
    pub fn days(&self) -> Option<u32> {
        match self {
            Self::Purchases { days }
            | Self::Referrals { days }
            | Self::FamilyPurchases { days, .. }
            | Self::NewFamilies { days }
            | Self::Upsell { days }
            | Self::ConvertedReferrals { days }
            | Self::Lapse { days }
            | Self::Churn { days } => Some(*days),
            Self::Repurchase => None,
        }
    }

    /// Whether what counts as the outcome depends on what happened before the answer: a family is new, a purchase larger
    /// and a customer not gone yet only against the past.
    pub fn looks_back(&self) -> bool {
        matches!(self, Self::NewFamilies { .. } | Self::Upsell { .. } | Self::Churn { .. })
    }

    /// Whether not every instant of the window of an answer at `t` lies before `as_of` (both microseconds), so that its outcome is not
    /// known yet: the window holds its last instant, and what happens at `as_of` is not seen. The survival pair carries its censoring
    /// itself.
    ///
    /// # Example
    /// ```
    /// use advocate::link::OutcomeWindow;
    /// let day = 86_400_000_000;
    /// assert!(!OutcomeWindow::Purchases { days: 90 }.is_censored(10 * day - 1, 100 * day));
    /// assert!(OutcomeWindow::Purchases { days: 90 }.is_censored(10 * day, 100 * day));
    /// ```
    pub fn is_censored(&self, t: i64, as_of: i64) -> bool {
        self.days().is_some_and(|days| t.saturating_add(i64::from(days) * DAY) >= as_of)
    }
}
