//! What a study explains.

use super::known::names;
use super::section::{Item, Section};
use super::{Problem, StudyError, keys};
use crate::estimators::{CountDistribution, Family};
use serde::Serialize;
use std::collections::BTreeMap;

/// The longest name of an outcome.
pub(super) const NAME_LENGTH_MAX: usize = 60;
/// The words of a study file for the model of the answer.
pub(super) const FAMILIES: [(&str, Family); 2] = [("linear", Family::Linear), ("ordinal", Family::Ordinal)];
/// The words of a study file for how counts vary.
pub(super) const DISTRIBUTIONS: [(&str, CountDistribution); 2] =
    [("poisson", CountDistribution::Poisson), ("negative_binomial", CountDistribution::NegativeBinomial)];

/// What is explained, and under which name.
///
/// A study may ask for several outcomes of one kind, such as a repurchase within 30 and within 365 days. Each has a name of its own,
/// which is the kind's word where the study gives no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    #[serde(flatten)]
    kind: OutcomeKind,
    /// `None` where it is the kind's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// What is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum OutcomeKind {
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
    /// Leaving in the window after the answer, by the date that the customers table names, logistic.
    DatedChurn {
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
    /// Any purchase of one product family in the window after the answer, logistic.
    FamilyPurchase {
        /// The window's length.
        window_days: u32,
        /// The family, as the column `family` of the transactions has it.
        family: String,
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

impl SpendScale {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("amount", Self::Amount), ("log1p", Self::Log1p)];
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
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
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

    /// The penalties of the outcomes that have one, by the outcome's name.
    pub(super) fn read_all(top: &Section<'_, '_>, outcomes: &[Outcome]) -> Result<BTreeMap<String, Self>, StudyError> {
        let mut penalties = BTreeMap::new();
        let Some(item) = top.item("outcomes") else { return Ok(penalties) };
        for (name, item) in item.open_section()?.items() {
            let Some(item) = item.open_section()?.item("penalty") else { continue };
            let Some(outcome) = outcomes.iter().find(|outcome| outcome.name() == name) else { continue };
            if !matches!(outcome.family(), Family::Linear | Family::Logistic) {
                let family = outcome.family().word();
                return Err(item.invalid(format!(
                    "`{}` has no meaning for an {family} model; leave it out, or choose the family `linear`",
                    item.path()
                )));
            }
            penalties.insert(name, item.word(&Self::WORDS)?);
        }
        Ok(penalties)
    }
}

impl OutcomeKind {
    /// The word of the study file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Recommend { .. } => "recommend",
            Self::Nps => "nps",
            Self::NpsClass => "nps_class",
            Self::Promoter => "promoter",
            Self::Detractor => "detractor",
            Self::Repurchase { .. } => "repurchase",
            Self::Churn { .. } | Self::DatedChurn { .. } => "churn",
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
    pub fn family(&self) -> Family {
        match self {
            Self::Recommend { family } => *family,
            Self::Nps | Self::Spend { .. } => Family::Linear,
            Self::NpsClass => Family::Ordinal,
            Self::Promoter
            | Self::Detractor
            | Self::Repurchase { .. }
            | Self::Churn { .. }
            | Self::DatedChurn { .. }
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
    pub fn window_days(&self) -> Option<u32> {
        match self {
            Self::Recommend { .. } | Self::Nps | Self::NpsClass | Self::Promoter | Self::Detractor => None,
            Self::Repurchase { window_days }
            | Self::Churn { window_days }
            | Self::DatedChurn { window_days }
            | Self::Referral { window_days }
            | Self::CrossSell { window_days }
            | Self::FamilyPurchase { window_days, .. }
            | Self::Upsell { window_days }
            | Self::ConvertedReferral { window_days }
            | Self::Lapse { window_days }
            | Self::Purchases { window_days, .. }
            | Self::Referrals { window_days, .. }
            | Self::Spend { window_days, .. } => Some(*window_days),
        }
    }

    /// The scale of what is predicted, of spend.
    pub fn scale_word(&self) -> Option<&'static str> {
        match self {
            Self::Spend { scale: SpendScale::Amount, .. } => Some("amount"),
            Self::Spend { scale: SpendScale::Log1p, .. } => Some("log1p"),
            _ => None,
        }
    }

    /// The product family, of purchases of one.
    pub fn product_family(&self) -> Option<&str> {
        match self {
            Self::FamilyPurchase { family, .. } => Some(family),
            _ => None,
        }
    }

    /// Whether it is a loss, of which good experiences bring less.
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Detractor | Self::Churn { .. } | Self::DatedChurn { .. } | Self::Lapse { .. })
    }

    /// Whether it is read from what was bought in the window.
    pub fn is_of_purchases(&self) -> bool {
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
    pub fn is_of_referrals(&self) -> bool {
        matches!(self, Self::Referral { .. } | Self::Referrals { .. } | Self::ConvertedReferral { .. })
    }
}

impl Outcome {
    /// An outcome that is called after its kind.
    pub fn of(kind: OutcomeKind) -> Self {
        Self { kind, name: None }
    }

    /// An outcome under a name of its own.
    pub fn named(name: &str, kind: OutcomeKind) -> Self {
        Self { name: (name != kind.word()).then(|| name.to_owned()), kind }
    }

    /// Its name in the study file, tables, model files and reports.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.kind.word())
    }

    /// What is explained.
    pub fn kind(&self) -> &OutcomeKind {
        &self.kind
    }

    /// What kind of model explains it.
    pub fn family(&self) -> Family {
        self.kind.family()
    }

    /// The length of the window after the answer, for outcomes of behaviour.
    pub fn window_days(&self) -> Option<u32> {
        self.kind.window_days()
    }

    /// The same where the customers table says when each left, which is what churn then means.
    pub(super) fn with_dates_of_leaving(self) -> Self {
        match self.kind {
            OutcomeKind::Churn { window_days } => Self { kind: OutcomeKind::DatedChurn { window_days }, ..self },
            _ => self,
        }
    }

    pub(super) fn read_all(top: &Section<'_, '_>) -> Result<Vec<Self>, StudyError> {
        let Some(item) = top.item("outcomes") else { return Ok(Vec::new()) };
        item.open_section()?.items().into_iter().map(|(name, item)| Self::read(&name, &item)).collect()
    }

    fn read(name: &str, item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.open_section()?;
        let kinds: Vec<(&str, &str)> = keys::OUTCOMES.iter().map(|&word| (word, word)).collect();
        let is_kind = keys::OUTCOMES.contains(&name);
        let word = match section.item("kind") {
            Some(kind) => {
                let word = kind.word(&kinds)?;
                if is_kind && word != name {
                    let sentence = format!(
                        "[outcomes.{name}] is called after one kind of outcome and asks for another, \"{word}\"; give it another name"
                    );
                    return Err(kind.invalid(sentence));
                }
                word
            }
            None if is_kind => name,
            None => {
                let hint = super::nearest(name, keys::OUTCOMES.iter().copied());
                let hint = hint.map_or_else(String::new, |near| format!(", did you mean `{near}`"));
                let known = keys::OUTCOMES.join(", ");
                return Err(section.refuse(Problem::Invalid(format!(
                    "[outcomes.{name}] is called after no kind of outcome{hint}; where the name is your own, say its `kind`, one of: \
                     {known}"
                ))));
            }
        };
        if !is_kind && let Some(sentence) = unfit(name) {
            return Err(section.refuse(Problem::Invalid(sentence)));
        }
        Ok(Self::named(name, OutcomeKind::read(word, item)?))
    }
}

/// What speaks against a name that a study gives: it becomes part of the names of columns and files.
fn unfit(name: &str) -> Option<String> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.len() > NAME_LENGTH_MAX
        || !name.starts_with(|first: char| first.is_ascii_lowercase())
        || !name.chars().all(is_plain)
    {
        return Some(format!(
            "`{name}` becomes part of the names of columns and files; begin with a lowercase letter, and use lowercase letters, digits \
             and _, {NAME_LENGTH_MAX} at most"
        ));
    }
    // `expected_ln_1p_spend` is the score of `spend` on the logarithm's scale, `p_reason_1` the first reason of an outcome `p`.
    if name.starts_with("ln_1p_") || name.contains("reason_") {
        return Some(format!(
            "the column of scores of an outcome `{name}` could be taken for another; give it another name"
        ));
    }
    let taken = [&names(keys::TOP), &names(keys::SOURCES), keys::RESERVED_OUTCOME_NAMES].concat();
    taken.contains(&name).then(|| {
        format!(
            "`{name}` is the name of something else in results; give the outcome another one, such as `{name}_outcome`"
        )
    })
}

impl OutcomeKind {
    /// The kind of this word, with what its section says.
    fn read(word: &str, item: &Item<'_, '_>) -> Result<Self, StudyError> {
        let section = item.section(keys::of_outcome(word))?;
        let of_window = || Self::window(&section);
        Ok(match word {
            "recommend" => {
                let family = section.item("family").map(|item| item.word(&FAMILIES));
                Self::Recommend { family: family.transpose()?.unwrap_or(Family::Linear) }
            }
            "nps" => Self::Nps,
            "nps_class" => Self::NpsClass,
            "promoter" => Self::Promoter,
            "detractor" => Self::Detractor,
            "repurchase" => Self::Repurchase { window_days: of_window()? },
            "churn" => Self::Churn { window_days: of_window()? },
            "referral" => Self::Referral { window_days: of_window()? },
            "cross_sell" => Self::CrossSell { window_days: of_window()? },
            "family_purchase" => {
                let purpose = "the product family, as the column `family` of the transactions has it";
                Self::FamilyPurchase { window_days: of_window()?, family: section.required("family", purpose)?.text()? }
            }
            "upsell" => Self::Upsell { window_days: of_window()? },
            "converted_referral" => Self::ConvertedReferral { window_days: of_window()? },
            "lapse" => Self::Lapse { window_days: of_window()? },
            "purchases" | "referrals" => {
                let window_days = of_window()?;
                let distribution = section.item("distribution").map(|item| item.word(&DISTRIBUTIONS));
                let distribution = distribution.transpose()?.unwrap_or_default();
                if word == "purchases" {
                    Self::Purchases { window_days, distribution }
                } else {
                    Self::Referrals { window_days, distribution }
                }
            }
            _ => {
                let window_days = of_window()?;
                let scale = section.item("scale").map(|item| item.word(&SpendScale::WORDS));
                Self::Spend { window_days, scale: scale.transpose()?.unwrap_or_default() }
            }
        })
    }

    fn window(section: &Section<'_, '_>) -> Result<u32, StudyError> {
        let days = section.required("window_days", "the days after the answer that count, such as 90")?;
        days.integer().map(|value| value as u32)
    }
}
