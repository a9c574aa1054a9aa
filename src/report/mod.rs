//! Results as people read them: a page for the board, a summary in Markdown, a workbook, a few lines for the terminal.
//!
//! All tell one story: [`results`] is what they read, `standing` says what holds of it, `sentences` and `words`
//! put it into words and numbers, and each renderer escapes what came from outside.

mod actions;
mod contact_results;
mod evaluation;
mod influence_results;
mod results;
mod scorecard;

mod headlines;
mod influence_lines;
mod narrow_charts;
mod reasons;
mod sentences;
mod standing;
mod text;
pub(crate) mod words;
mod words_and_deeds;

mod action_chart;
mod calibration_chart;
mod charts;
mod html;
mod referral_chart;
mod sections;
mod svg;

mod markdown;
mod model_card;
mod terminal;
mod workbook;

#[cfg(test)]
mod fixture;

pub(crate) use actions::unit_of;
pub use actions::{OutcomeActions, SayAndDo, Scenario, SegmentComparison};
pub use contact_results::{ChannelScores, HandOff, LengthResult, PanelResult, PerceptionResult, TeamsResult};
pub use evaluation::{ComparisonRow, EvaluationResult, FigureRow, SplitRow};
pub use html::{ReportError, html};
pub use influence_results::{
    CustomerWorth, DelayResult, InfluenceResult, InfluenceRow, Lack, LaterKind, LearnedRating, PassingResult,
    PassingRow, PicturedCustomer, PicturedTree, ReferralRuleRow, ReferralWorthResult, Sampled, SeedCount,
    SeedPlanResult, SeedRow, WordOfMouthParts,
};
pub use markdown::markdown;
pub use model_card::ModelCard;
pub use results::{
    ClusterUnit, Cut, LeftOut, MeasureRow, Metric, OutcomeResult, PenalisedTerms, ScoreSummary, StudyHead,
    StudyResults, TestRow,
};
pub use scorecard::{
    BenchmarkResult, ClassSurvival, ComparedSince, CutBenchmarkResult, Everybody, OutcomeBehaviour, RepurchaseSurvival,
    RespondentsAgainstBase, RollingScore, Scorecard, WaveChange, WaveMovement, WavePairs, Weighting, WeightingMethod,
};
pub use standing::is_weakly_linked;
pub use terminal::{Places, terminal};
pub use workbook::workbook;
