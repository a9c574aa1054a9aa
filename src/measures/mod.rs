//! The Net Promoter Score and its companions, as a statistician would report them and a board would read them: with the
//! base and the rule beside the number, an interval that is right for small bases, and change explained.
//!
//! One score: `intervals` holds shares and scores with their uncertainty, `sampling` how the rows came to be there, `nps`
//! the score of some answers. Many figures: `portfolio`, by every cut in one pass, under any rule.
//! What became of them: `change`, and `movement`, why. Whom they stand for: `weighting`. What they are worth: `say_do`,
//! `panel`, `channels`; after how long customers do it: `survival`. What must not be shown: `disclosure`. Whether values
//! are spread as they were: `stability`. `least_squares` and `difference` serve several of these.

pub mod change;
pub mod channels;
mod difference;
pub mod disclosure;
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
mod stability;
pub mod survival;
pub mod weighting;

pub use difference::Difference;
pub use error::MeasureError;
pub use intervals::{ClassCounts, Ends, IntervalKind, NormalTest, Proportion, ScorePosterior};
pub use nps::{NetPromoterScore, NpsSettings, ResponseClass};
pub use sampling::{Resampling, Sampling};
pub use stability::{Bins, Stability};
