//! Which drivers carry an outcome: importance, rank and their uncertainty.
//!
//! Importance is an association: how much of the outcome's variation goes with a driver, given the others. It is not
//! the effect of changing the driver.

// What callers use.
mod analysis;
mod correlations;
mod families;
mod gaps;
mod groups;
mod method;
mod notices;
mod ranking;
// What is divided: the share explained by subsets of the drivers.
mod game;
mod likelihood;
mod regression;
mod subset_models;
// How it is divided.
mod average_coefficients;
mod complete_dominance;
mod divided;
mod lattice;
mod packed;
mod pmvd;
mod relative_weights;
mod sampling;
mod subset_table;
mod subset_tree;
// How sure that is.
mod bootstrap;
mod jackknife;
mod noise;
mod overall;
mod quadratic;
// From drivers to actions.
mod action_error;
pub mod asymmetry;
mod estimate;
mod importance;
pub mod performance;
pub mod robustness;
mod scale;
pub mod segments;
pub mod stated_observed;
mod units;
pub mod what_if;

#[cfg(test)]
mod action_reference_tests;
#[cfg(test)]
mod reference_tests;

pub use action_error::ActionError;
pub use analysis::{Driver, DriverAnalysis, N_DRIVERS_DEFAULT_MAX, N_KEPT_DRIVERS_MAX};
pub use correlations::{CorrelationMatrix, MatrixError, MatrixKind};
pub use estimate::{Estimate, TestedEstimate};
pub use families::{N_CLASS_DRIVERS_MAX, N_COUNT_DRIVERS_MAX, N_ORDINAL_DRIVERS_MAX};
pub use groups::DriverGroup;
pub use importance::Importance;
pub use lattice::LatticeSums;
pub use method::{Method, MethodError};
pub use notices::noise_needed;
pub use ranking::{
    DrawnContributions, DriverFamily, DriverInterval, DriverRanking, DriverRow, FitKind, FitMeasure, GroupRow,
    NoiseTest, RankInterval,
};
pub use sampling::{Sampled, Sampling};
pub use scale::Scale;
pub use subset_tree::N_DRIVERS_MAX;

use crate::data::DataError;
use crate::estimators::FitError;
use crate::estimators::missing::MissingError;
use thiserror::Error;

/// Why drivers could not be ranked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The list is empty.
    #[error("no driver was named; name at least one column")]
    NoDriver,
    /// All subsets of so many drivers cannot be walked, and the method cannot be sampled or must not be.
    #[error(
        "{n_drivers} drivers are too many for {method}, which walks all subsets (at most {n_drivers_max}); name fewer \
         drivers, put them into groups for owen, or use shapley with sampled orders or relative-weights"
    )]
    TooMany {
        /// The method.
        method: Method,
        /// Drivers named.
        n_drivers: usize,
        /// Drivers allowed.
        n_drivers_max: usize,
    },
    /// The method has no meaning for a driver of several columns.
    #[error(
        "`{driver}` has several columns, for which {method} is not defined; use shapley, owen, pmvd, relative-weights, first \
         or last"
    )]
    SeveralColumns {
        /// The driver.
        driver: String,
        /// The method.
        method: Method,
    },
    /// A group that holds nothing.
    #[error("the group `{group}` has no driver; name some, or leave the group out")]
    EmptyGroup {
        /// The group.
        group: String,
    },
    /// Two groups of one name.
    #[error("two groups are called `{group}`; give one another name, or join them")]
    GroupTwice {
        /// The name.
        group: String,
    },
    /// A group names what is no driver.
    #[error("the group `{group}` names `{driver}`, which is no driver of this analysis; check the name")]
    UnknownInGroup {
        /// The group.
        group: String,
        /// The name that is no driver's.
        driver: String,
    },
    /// A driver stands in two groups, or in one twice.
    #[error("the group `{group}` names `{driver}`, which is in a group already; leave it in one")]
    GroupedTwice {
        /// The later group.
        group: String,
        /// The driver.
        driver: String,
    },
    /// An outcome, driver or other column that a matrix does not have, or a driver that is the outcome.
    #[error("`{name}` is no column of the matrix beside the outcome; check the names")]
    NotInMatrix {
        /// The name.
        name: String,
    },
    /// There is nothing to explain.
    #[error("the outcome `{outcome}` never varies, so there is nothing to explain")]
    OutcomeConstant {
        /// The outcome.
        outcome: String,
    },
    /// The model has as many terms as there are observations.
    #[error("{n_used} rows are too few for {n_columns} columns and an intercept; at least {} are needed", n_columns + 2)]
    TooFewRows {
        /// Rows that count; for frequency weights, the observations they stand for.
        n_used: usize,
        /// Columns of the model.
        n_columns: usize,
    },
    /// The eigenvalues of the drivers' correlations could not be found.
    #[error("the correlations of the drivers have no eigenvalues, so {method} cannot be computed")]
    NoEigenvalues {
        /// The method.
        method: Method,
    },
    /// The method is not defined for classes, levels or counts.
    #[error("{}; use shapley, owen, first, last, conditional-dominance or complete-dominance", not_defined(*method))]
    NotForClasses {
        /// The method.
        method: Method,
    },
    /// The full model of a class, of levels or of counts could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The treatment of gaps gives no moments to rank from.
    #[error(
        "{treatment} gives no moments to rank drivers from; use listwise, em or pairwise, or rank the filled columns that \
         indicator gives"
    )]
    NoMoments {
        /// The treatment's word.
        treatment: &'static str,
    },
    /// The treatment of gaps failed.
    #[error(transparent)]
    Missing(#[from] MissingError),
    /// The columns do not fit together.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A model of some drivers did not converge.
    #[error("a model of some of the drivers did not converge; rescale or leave out columns")]
    NotConverged,
}

/// Why a method is not defined for the outcome's family.
fn not_defined(method: Method) -> String {
    match method {
        Method::RelativeWeights => {
            "relative-weights have a published form for numbers and for classes, and none for levels or counts"
                .to_owned()
        }
        other => format!("{other} divides R squared of a linear model only"),
    }
}
