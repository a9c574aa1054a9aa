//! A portfolio of figures, not one number: scores, means, boxes, shares and ratios, by any cut, with their base.
//!
//! `scale` and `measure` say what a column of answers is and what is made of it; `settings` how it is reported;
//! `estimate` is a reported figure, made by `sums` from what one pass over the rows adds up; `cuts` is that pass,
//! and `nested` spares it what follows from other cuts;
//! `poisson` draws its replicates; `rules` picks among several answers of one person and `customary` shows what other
//! rules would report; `correlations` says how the figures go together.

mod against_others;
mod correlations;
mod customary;
mod cuts;
mod estimate;
mod measure;
mod nested;
mod poisson;
mod rules;
mod scale;
mod settings;
mod sums;
#[cfg(test)]
mod tests;

pub use against_others::{LevelAgainstOthers, against_others};
pub use correlations::{CorrelationRow, Correlations};
pub use customary::{CustomaryRule, RuleComparison, compare_rules, customary_rules};
pub use cuts::{Cut, CutAnalysis, CutEstimate, CutEstimates};
pub use estimate::Estimate;
pub use measure::{Measure, Metric};
pub use rules::{AnswerRules, RuledRows, SeveralAnswers, TimeWindow};
pub use scale::AnswerScale;
pub use settings::{BlankRule, EstimateSettings};
