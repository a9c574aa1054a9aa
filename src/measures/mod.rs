//! The Net Promoter Score and its companions, as a statistician would report them.
//!
//! `intervals` holds shares and scores with their uncertainty, `nps` the score of some answers, `sampling` how the rows
//! came to be there.

pub mod change;
pub mod channels;
mod difference;
mod error;
mod intervals;
mod least_squares;
pub mod movement;
mod nps;
pub mod panel;
pub mod portfolio;
#[cfg(test)]
mod reference;
mod sampling;
pub mod say_do;
pub mod weighting;

pub use difference::Difference;
pub use error::MeasureError;
pub use intervals::{ClassCounts, Ends, IntervalKind, NormalTest, Proportion, ScorePosterior};
pub use nps::{NetPromoterScore, NpsSettings, ResponseClass};
pub use sampling::{Resampling, Sampling};
