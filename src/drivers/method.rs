//! The names of the importance methods.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A way to divide what the drivers explain among them, by the field's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Shapley value of the explained share; LMG; general dominance.
    Shapley,
    /// Johnson's relative weights.
    RelativeWeights,
    /// Squared correlation-adjusted marginal correlations.
    Car,
    /// The share that the driver explains alone.
    First,
    /// The share that is lost when the driver leaves the full model.
    Last,
    /// Standardised coefficient times correlation; may be negative.
    Pratt,
    /// Squared standardised coefficient; does not sum to the explained share.
    BetaSquared,
    /// Mean gain by the number of other drivers in the model: a row for each driver.
    ConditionalDominance,
}

/// A word that names no method, or one that is not there yet.
#[derive(Debug, Error, PartialEq)]
pub enum MethodError {
    /// A method of the field that this version does not compute.
    #[error("the method `{0}` is not there yet; use one of {known}", known = Method::words())]
    NotYet(String),
    /// No method has this name.
    #[error("`{0}` is no method; use one of {known}", known = Method::words())]
    Unknown(String),
}

impl Method {
    /// All methods, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Shapley,
        Self::RelativeWeights,
        Self::Car,
        Self::First,
        Self::Last,
        Self::Pratt,
        Self::BetaSquared,
        Self::ConditionalDominance,
    ];

    /// The name on the command line and in study files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shapley => "shapley",
            Self::RelativeWeights => "relative-weights",
            Self::Car => "car",
            Self::First => "first",
            Self::Last => "last",
            Self::Pratt => "pratt",
            Self::BetaSquared => "beta-squared",
            Self::ConditionalDominance => "conditional-dominance",
        }
    }

    /// The name as a key of JSON and a column of tables.
    pub fn key(self) -> String {
        self.word().replace('-', "_")
    }

    /// Whether the method gives each driver one number (conditional dominance gives a row).
    pub fn is_scalar(self) -> bool {
        self != Self::ConditionalDominance
    }

    /// Whether the method is defined for drivers made of several columns, such as a category.
    pub fn takes_blocks(self) -> bool {
        matches!(self, Self::Shapley | Self::First | Self::Last | Self::ConditionalDominance)
    }

    /// Whether the method looks at all subsets of the drivers.
    pub fn walks_subsets(self) -> bool {
        matches!(self, Self::Shapley | Self::First | Self::Last | Self::ConditionalDominance)
    }

    fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl FromStr for Method {
    type Err = MethodError;

    fn from_str(word: &str) -> Result<Self, MethodError> {
        match Self::ALL.into_iter().find(|method| method.word() == word) {
            Some(method) => Ok(method),
            None if ["owen", "pmvd", "complete-dominance"].contains(&word) => Err(MethodError::NotYet(word.to_owned())),
            None => Err(MethodError::Unknown(word.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_method() {
        for method in Method::ALL {
            assert_eq!(method.word().parse(), Ok(method));
        }
    }

    #[test]
    fn a_method_of_the_field_that_is_missing_is_told_from_a_slip() {
        assert_eq!("pmvd".parse::<Method>(), Err(MethodError::NotYet("pmvd".to_owned())));
        assert_eq!("shapely".parse::<Method>(), Err(MethodError::Unknown("shapely".to_owned())));
    }
}
