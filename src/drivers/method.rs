//! The names of the importance methods.

use super::ranking::DriverFamily;
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
    /// Owen value: the fit is divided among groups of drivers, and each group's part within it.
    Owen,
    /// Feldman's proportional marginal variance decomposition: nothing for a driver whose coefficient is zero.
    Pmvd,
    /// Mean gain by the number of other drivers in the model: a row for each driver.
    ConditionalDominance,
    /// Which driver adds more than which, whatever else is in the model: a row for each driver.
    CompleteDominance,
    /// Mean coefficient by the number of drivers in the model, which shows where signs turn: a row for each driver.
    AverageCoefficients,
}

/// A word that names no method.
#[derive(Debug, Error, PartialEq)]
pub enum MethodError {
    /// No method has this name.
    #[error("`{0}` is no method; use one of {known}", known = Method::words())]
    Unknown(String),
}

impl Method {
    /// All methods, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Shapley,
        Self::RelativeWeights,
        Self::Car,
        Self::First,
        Self::Last,
        Self::Pratt,
        Self::BetaSquared,
        Self::Owen,
        Self::Pmvd,
        Self::ConditionalDominance,
        Self::CompleteDominance,
        Self::AverageCoefficients,
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
            Self::Owen => "owen",
            Self::Pmvd => "pmvd",
            Self::ConditionalDominance => "conditional-dominance",
            Self::CompleteDominance => "complete-dominance",
            Self::AverageCoefficients => "average-coefficients",
        }
    }

    /// The name as a key of JSON and a column of tables.
    pub fn key(self) -> String {
        self.word().replace('-', "_")
    }

    /// Whether the method gives each driver one number (dominance and average coefficients give a row).
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::ConditionalDominance | Self::CompleteDominance | Self::AverageCoefficients)
    }

    /// Whether the method is defined for drivers made of several columns, such as a category.
    pub fn takes_blocks(self) -> bool {
        self.divides_any_fit() || matches!(self, Self::Pmvd | Self::RelativeWeights)
    }

    /// Whether the method is defined for a family of models: all are for lines, relative weights for classes too.
    pub fn divides(self, family: DriverFamily) -> bool {
        match family {
            DriverFamily::Linear => true,
            DriverFamily::Logistic => self.divides_any_fit() || self == Self::RelativeWeights,
            DriverFamily::Ordinal | DriverFamily::Count => self.divides_any_fit(),
        }
    }

    /// Whether the method divides a pseudo R squared as well as R squared.
    pub fn divides_any_fit(self) -> bool {
        matches!(
            self,
            Self::Shapley
                | Self::First
                | Self::Last
                | Self::Owen
                | Self::ConditionalDominance
                | Self::CompleteDominance
        )
    }

    /// Whether the method looks at all subsets of the drivers of a linear model.
    pub fn walks_subsets(self) -> bool {
        matches!(self, Self::Shapley | Self::Owen | Self::ConditionalDominance) || self.keeps_subsets()
    }

    /// Whether it keeps something of every subset, which takes memory.
    pub fn keeps_subsets(self) -> bool {
        matches!(self, Self::Pmvd | Self::CompleteDominance | Self::AverageCoefficients)
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
    fn a_slip_is_refused_with_the_words_there_are() {
        let refused = "shapely".parse::<Method>().expect_err("no method");
        assert_eq!(refused, MethodError::Unknown("shapely".to_owned()));
        assert!(refused.to_string().contains("shapley, relative-weights"), "{refused}");
    }
}
