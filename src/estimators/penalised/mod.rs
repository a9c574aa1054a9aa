//! Ridge, lasso and everything between, for prediction: [`Penalised`] -> [`PenalisedFit`].
//!
//! A path of penalties is fitted from the first that leaves no column in, each from the last; the penalty is chosen by
//! cross-validation in which the rows of one customer stay together. Penalised coefficients have no p-values here:
//! what the penalty does to them is not sampling error.
//!
//! Both families end in the same convex quadratic (`descent`): least squares has one, from second moments alone, and the
//! logistic likelihood one for each Newton step.

mod descent;
mod fit;
mod folds;
mod least_squares;
mod log_odds;
#[cfg(test)]
mod tests;

pub use fit::{
    CurvePoint, LambdaRule, PathPoint, Penalised, PenalisedCoefficient, PenalisedFamily, PenalisedFit, PenalisedSummary,
};
