//! The intervals by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How an interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalKind {
    /// Wald's interval after adding 3/4, 3/2 and 3/4 to detractors, passives and promoters; right down to n = 10.
    #[default]
    AdjustedWald,
    /// All scores that a score test does not reject.
    Score,
    /// Estimate and normal quantile times standard error; too narrow for small n.
    Wald,
    /// Wald's interval after adding 1 to each class.
    AdjustedWaldUniform,
    /// Wald's interval after adding a third of the squared normal quantile to each class.
    AdjustedWaldThird,
    /// Wald's interval after adding 1/2, 1 and 1/2: Agresti and Min's.
    WaldPlusTwo,
    /// Wald's interval after adding 1 to promoters and to detractors: Bonett and Price's.
    BonettPrice,
    /// Holds for all contrasts of the three classes at once, and is therefore wide.
    Goodman,
    /// Percentiles of the posterior under a uniform prior of the three classes.
    Dirichlet,
    /// Percentiles over resampled customers.
    Bootstrap,
    /// Wilson's score interval of a plain share.
    Wilson,
    /// Clopper and Pearson's interval of a plain share: never too narrow, often too wide.
    Exact,
    /// Estimate and quantile of Student's t times standard error.
    StudentT,
}

impl IntervalKind {
    /// The kinds that a Net Promoter Score can have.
    pub const OF_NPS: [Self; 10] = [
        Self::AdjustedWald,
        Self::Score,
        Self::Wald,
        Self::AdjustedWaldUniform,
        Self::AdjustedWaldThird,
        Self::WaldPlusTwo,
        Self::BonettPrice,
        Self::Goodman,
        Self::Dirichlet,
        Self::Bootstrap,
    ];

    /// All kinds; those of plain shares and of means are no kinds of a score.
    pub const ALL: [Self; 13] = [
        Self::AdjustedWald,
        Self::Score,
        Self::Wald,
        Self::AdjustedWaldUniform,
        Self::AdjustedWaldThird,
        Self::WaldPlusTwo,
        Self::BonettPrice,
        Self::Goodman,
        Self::Dirichlet,
        Self::Bootstrap,
        Self::Wilson,
        Self::Exact,
        Self::StudentT,
    ];

    /// The word used on the command line and in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::AdjustedWald => "adjusted-wald",
            Self::Score => "score",
            Self::Wald => "wald",
            Self::AdjustedWaldUniform => "adjusted-wald-uniform",
            Self::AdjustedWaldThird => "adjusted-wald-third",
            Self::WaldPlusTwo => "wald-plus-two",
            Self::BonettPrice => "bonett-price",
            Self::Goodman => "goodman",
            Self::Dirichlet => "dirichlet",
            Self::Bootstrap => "bootstrap",
            Self::Wilson => "wilson",
            Self::Exact => "exact",
            Self::StudentT => "student-t",
        }
    }

    /// What a reader should know of it, as the end of a sentence.
    pub fn description(self) -> &'static str {
        match self {
            Self::AdjustedWald => {
                "adjusted Wald: 3/4 detractor, 3/2 passives and 3/4 promoter are added before the usual formula, which \
                 keeps it honest for small bases"
            }
            Self::Score => "score interval: all scores that a test at this level does not reject",
            Self::Wald => "Wald: too narrow for small bases",
            Self::AdjustedWaldUniform => "adjusted Wald: one answer is added to each class before the usual formula",
            Self::AdjustedWaldThird => {
                "adjusted Wald: a third of the squared normal quantile is added to each class before the usual formula"
            }
            Self::WaldPlusTwo => {
                "Wald with two more answers: 1/2 detractor, 1 passive and 1/2 promoter are added before the usual formula"
            }
            Self::BonettPrice => {
                "Bonett-Price: one promoter and one detractor are added before the usual formula for paired shares"
            }
            Self::Goodman => "Goodman: holds for every comparison of the three classes at once, hence wide",
            Self::Dirichlet => {
                "Dirichlet: percentiles of the posterior, all splits of the three classes equally likely before"
            }
            Self::Bootstrap => "bootstrap: percentiles over resampled customers",
            Self::Wilson => "Wilson: all shares that a score test at this level does not reject",
            Self::Exact => "exact (Clopper-Pearson): never too narrow",
            Self::StudentT => {
                "Student's t: the estimate and its standard error, with a quantile for the size of the base"
            }
        }
    }
}

impl fmt::Display for IntervalKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_is_the_serialized_form() {
        for kind in IntervalKind::ALL {
            let value = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(kind.word());
            assert_eq!(IntervalKind::deserialize(value), Ok(kind));
        }
    }
}
