//! A portfolio of figures, not one number: scores, means, boxes, shares and ratios, by any cut, with their base.
//!
//! `scale` and `measure` say what a column of answers is and what is made of it; `settings` how it is reported;
//! `estimate` is a reported figure, made by `sums` from what one pass over the rows adds up; `cuts` is that pass;

mod cuts;
mod estimate;
mod measure;
mod poisson;
mod scale;
mod settings;
mod sums;
#[cfg(test)]
mod tests;

pub use cuts::{Cut, CutAnalysis, CutEstimate, CutEstimates};
pub use estimate::Estimate;
pub use measure::{Measure, Metric};
pub use scale::AnswerScale;
pub use settings::{BlankRule, EstimateSettings};
