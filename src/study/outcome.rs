//! What a study explains.

use super::section::{Item, Section};
use super::{StudyError, keys};
use crate::estimators::{CountDistribution, Family};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The 0-10 answer.
    Recommend {
        /// Linear, or ordinal by a cumulative logit.
        family: Family,
    },
    /// -100, 0 or 100 for detractors, passives and promoters, linear: effects are in points of the Net Promoter Score.
    Nps,
    /// Detractor, passive or promoter, ordinal with slopes of their own for leaving the detractors and for becoming a
    /// promoter.
    NpsClass,
    /// 9 or 10 against the rest, logistic.
    Promoter,
    /// 0 to 6 against the rest, logistic.
    Detractor,
    /// Any purchase in the window after the answer, logistic.
    Repurchase {
        /// The window's length.
        window_days: u32,
    },
    /// No purchase in the window after the answer, logistic.
    Churn {
        /// The window's length.
        window_days: u32,
    },
    /// Any referral made in the window after the answer, logistic.
    Referral {
        /// The window's length.
        window_days: u32,
    },
    /// The number of purchases in the window after the answer.
    Purchases {
        /// The window's length.
        window_days: u32,
        /// How the counts vary around their mean.
        distribution: CountDistribution,
    },
    /// The number of referrals made in the window after the answer.
    Referrals {
        /// The window's length.
        window_days: u32,
        /// How the counts vary around their mean.
        distribution: CountDistribution,
    },
    /// A product family bought for the first time in the window after the answer, logistic.
    CrossSell {
        /// The window's length.
        window_days: u32,
    },
    /// Any purchase in the window after the answer of the product family that the study names, logistic.
    FamilyPurchase {
        /// The window's length.
        window_days: u32,
    },
    /// Larger purchases in the window after the answer than before it, logistic.
    Upsell {
        /// The window's length.
        window_days: u32,
    },
    /// Any referral made in the window after the answer whose referred customer bought within it, logistic.
    ConvertedReferral {
        /// The window's length.
        window_days: u32,
    },
    /// Neither a purchase nor any activity in the window after the answer, logistic.
    Lapse {
        /// The window's length.
        window_days: u32,
    },
    /// What was spent in the window after the answer, linear.
    Spend {
        /// The window's length.
        window_days: u32,
        /// The amount, or the logarithm of one plus it.
        scale: SpendScale,
    },
}

/// The scale on which spend is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SpendScale {
    /// The amount itself.
    #[default]
    Amount,
    /// `ln(1 + amount)`, for which a few large buyers weigh less.
    Log1p,
}

/// What holds the coefficients of a model together that is there to predict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Penalty {
    /// Their squares: all columns stay, none with much say.
    Ridge,
    /// Their sizes: columns that tell little fall out.
    Lasso,
    /// Half of each.
    ElasticNet,
}

impl Penalty {
    const WORDS: [(&'static str, Self); 3] =
        [("ridge", Self::Ridge), ("lasso", Self::Lasso), ("elastic_net", Self::ElasticNet)];

    /// The word of the study file, model files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ridge => "ridge",
            Self::Lasso => "lasso",
            Self::ElasticNet => "elastic_net",
        }
    }

    /// Share of the lasso: 0 ridge, 1 lasso.
    pub fn mixing(self) -> f64 {
        match self {
            Self::Ridge => 0.0,
            Self::Lasso => 1.0,
            Self::ElasticNet => 0.5,
        }
    }

    /// The penalties of the outcomes that have one, by the outcome's word.
    pub(super) fn read_all(
        top: &Section<'_, '_>,
        outcomes: &[Outcome],
    ) -> Result<BTreeMap<&'static str, Self>, StudyError> {
        let mut penalties = BTreeMap::new();
        let Some(item) = top.item("outcomes") else { return Ok(penalties) };
        for (name, item) in item.open_section()?.items() {
            let Some(item) = item.open_section()?.item("penalty") else { continue };
            let Some(outcome) = outcomes.iter().find(|outcome| outcome.word() == name) else { continue };
            if !matches!(outcome.family(), Family::Linear | Family::Logistic) {
                let family = outcome.family().word();
                return Err(item.invalid(format!(
                    "`{}` has no meaning for an {family} model; leave it out, or choose the family `linear`",
                    item.path()
                )));
            }
            penalties.insert(outcome.word(), item.word(&Self::WORDS)?);
        }
        Ok(penalties)
    }
}

impl Outcome {
    /// The word of the study file, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recommend { .. } => "recommend",
            Self::Nps => "nps",
            Self::NpsClass => "nps_class",
            Self::Promoter => "promoter",
            Self::Detractor => "detractor",
            Self::Repurchase { .. } => "repurchase",
            Self::Churn { .. } => "churn",
            Self::Referral { .. } => "referral",
            Self::Purchases { .. } => "purchases",
            Self::Referrals { .. } => "referrals",
            Self::Spend { .. } => "spend",
            Self::CrossSell { .. } => "cross_sell",
            Self::FamilyPurchase { .. } => "family_purchase",
            Self::Upsell { .. } => "upsell",
            Self::ConvertedReferral { .. } => "converted_referral",
            Self::Lapse { .. } => "lapse",
        }
    }

    /// What kind of model explains it.
    pub fn family(self) -> Family {
        match self {
            Self::Recommend { family } => family,
            Self::Nps | Self::Spend { .. } => Family::Linear,
            Self::NpsClass => Family::Ordinal,
            Self::Promoter
            | Self::Detractor
            | Self::Repurchase { .. }
            | Self::Churn { .. }
            | Self::Referral { .. }
            | Self::CrossSell { .. }
            | Self::FamilyPurchase { .. }
            | Self::Upsell { .. }
            | Self::ConvertedReferral { .. }
            | Self::Lapse { .. } => Family::Logistic,
            Self::Purchases { .. } | Self::Referrals { .. } => Family::Count,
        }
    }

    /// The length of the window after the answer, for outcomes of behaviour.
    pub fn window_days(self) -> Option<u32> {
        match self {
            Self::Recommend { .. } | Self::Nps | Self::NpsClass | Self::Promoter | Self::Detractor => None,
            Self::Repurchase { window_days }
            | Self::Churn { window_days }
            | Self::Referral { window_days }
            | Self::CrossSell { window_days }
            | Self::FamilyPurchase { window_days }
            | Self::Upsell { window_days }
            | Self::ConvertedReferral { window_days }
            | Self::Lapse { window_days }
            | Self::Purchases { window_days, .. }
            | Self::Referrals { window_days, .. }
            | Self::Spend { window_days, .. } => Some(window_days),
        }
    }

    /// Whether it is read from what was bought in the window.
    pub fn is_of_purchases(self) -> bool {
        matches!(
            self,
            Self::Repurchase { .. }
                | Self::Churn { .. }
                | Self::Purchases { .. }
                | Self::Spend { .. }
                | Self::CrossSell { .. }
                | Self::FamilyPurchase { .. }
                | Self::Upsell { .. }
                | Self::Lapse { .. }
        )
    }

    /// Whether it is read from the referrals made in the window.
    pub fn is_of_referrals(self) -> bool {
        matches!(self, Self::Referral { .. } | Self::Referrals { .. } | Self::ConvertedReferral { .. })
    }

    /// The product family of the outcome `family_purchase`, where it is asked for.
    pub(super) fn read_family(top: &Section<'_, '_>) -> Result<Option<String>, StudyError> {
        let Some(item) = top.item("outcomes") else { return Ok(None) };
        let Some(item) = item.open_section()?.item(Self::FamilyPurchase { window_days: 0 }.word()) else {
            return Ok(None);
        };
        let section = item.open_section()?;
        section
            .required("family", "the product family, as the column `family` of the transactions has it")?
            .text()
            .map(Some)
    }

    pub(super) fn read_all(top: &Section<'_, '_>) -> Result<Vec<Self>, StudyError> {
        let Some(item) = top.item("outcomes") else { return Ok(Vec::new()) };
        let section = item.section(keys::OUTCOMES)?;
        section.items().into_iter().map(|(name, item)| Self::read(&name, &item)).collect()
    }

    fn read(name: &str, item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let of_answer = || item.section(keys::ANSWER_OUTCOME).map(|_| ());
        let of_window = || Self::window(&item.section(keys::WINDOW_OUTCOME)?);
        Ok(match name {
            "recommend" => {
                let section = item.section(keys::RECOMMEND_OUTCOME)?;
                let family = section
                    .item("family")
                    .map(|item| item.word(&[("linear", Family::Linear), ("ordinal", Family::Ordinal)]));
                Self::Recommend { family: family.transpose()?.unwrap_or(Family::Linear) }
            }
            "nps" => of_answer().map(|()| Self::Nps)?,
            "nps_class" => item.section(keys::LEVEL_OUTCOME).map(|_| Self::NpsClass)?,
            "promoter" => of_answer().map(|()| Self::Promoter)?,
            "detractor" => of_answer().map(|()| Self::Detractor)?,
            "repurchase" => Self::Repurchase { window_days: of_window()? },
            "churn" => Self::Churn { window_days: of_window()? },
            "referral" => Self::Referral { window_days: of_window()? },
            "cross_sell" => Self::CrossSell { window_days: of_window()? },
            "family_purchase" => {
                Self::FamilyPurchase { window_days: Self::window(&item.section(keys::FAMILY_OUTCOME)?)? }
            }
            "upsell" => Self::Upsell { window_days: of_window()? },
            "converted_referral" => Self::ConvertedReferral { window_days: of_window()? },
            "lapse" => Self::Lapse { window_days: of_window()? },
            "purchases" | "referrals" => {
                let section = item.section(keys::COUNT_OUTCOME)?;
                let window_days = Self::window(&section)?;
                let distribution = section.item("distribution").map(|item| {
                    item.word(&[
                        ("negative_binomial", CountDistribution::NegativeBinomial),
                        ("poisson", CountDistribution::Poisson),
                    ])
                });
                let distribution = distribution.transpose()?.unwrap_or(CountDistribution::NegativeBinomial);
                if name == "purchases" {
                    Self::Purchases { window_days, distribution }
                } else {
                    Self::Referrals { window_days, distribution }
                }
            }
            _ => {
                let section = item.section(keys::SPEND_OUTCOME)?;
                let window_days = Self::window(&section)?;
                let scale = section
                    .item("scale")
                    .map(|item| item.word(&[("amount", SpendScale::Amount), ("log1p", SpendScale::Log1p)]));
                Self::Spend { window_days, scale: scale.transpose()?.unwrap_or_default() }
            }
        })
    }

    fn window(section: &Section<'_, '_>) -> Result<u32, StudyError> {
        let days = section.required("window_days", "the days after the answer that count, such as 90")?;
        days.integer(1..=3650).map(|value| value as u32)
    }
}
