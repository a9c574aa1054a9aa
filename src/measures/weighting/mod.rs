//! Whether those who answered stand for everybody, and weights that make them.
//!
//! `response_rates` shows who answered; `margins` holds what is known of everybody; `raking` and `post_stratification` weigh
//! to it, `propensity` by the chance of answering. `efficiency` says what weights cost, `calibrated` the error of a figure
//! under them, `remade` its spread over replicates that are weighted anew, `before_after` what they change.

mod before_after;
mod calibrated;
mod efficiency;
mod margins;
mod post_stratification;
mod propensity;
mod raking;
mod remade;
mod response_rates;
#[cfg(test)]
mod tests;

pub use before_after::ScoreBeforeAfter;
pub use calibrated::{Calibration, calibrated_std_error};
pub use efficiency::WeightEfficiency;
pub(super) use efficiency::one_decides;
pub use margins::{Margin, TargetShare};
pub use post_stratification::{PostStratified, post_stratify};
pub use propensity::{PropensityWeights, WeightedByPropensity};
pub use raking::{RakedWeights, Raking, WeightBounds};
pub use remade::RemadeScore;
pub use response_rates::{ResponseRateRow, ResponseRates};
