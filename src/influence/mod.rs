//! Who carries the word: the referral graph, how far each customer's word reaches, and a rating of networked promoters.
//!
//! The story, in reading order. [`Records`] turns what was recorded into edges by stated rules, and [`EdgeList`] takes
//! edges row by row; [`ReferralGraph`] holds them as compressed rows both ways, each edge with the probability that the
//! word passes along it, which [`passing`] learns from history. [`reach`] says how many customers each one is expected
//! to bring under the independent cascade, [`value_reach`] what they are worth, [`threshold_reach`] how many under linear
//! thresholds: exactly where the structure allows it, with a standard error elsewhere. [`timed_reach`] says how soon,
//! with delays from [`choose_delay`], and by how many generations; [`signed_reach`] what promoters and detractors carry.
//! [`spread`] simulates a set of customers forward; [`greedy_seeds`] and, under limits, [`plan_seeds`] pick whom to
//! invite. [`value`] says what referrals were worth. [`page_rank`], [`measures`] and [`Generations`] are the measures people
//! know; [`ReferralTree`] is what of them fits on a page. [`learned`] rates customers by what went with later referrals; [`rate_promoters`] does so by convention.
//!
//! All of it describes the graph as recorded. Reach under assumed or learned probabilities and the rating built on it are
//! no causal claims: nothing here says what a campaign would change.

mod arrivals;
#[cfg(test)]
mod awkward;
pub mod delay_choice;
pub mod delays;
pub mod edges;
pub mod error;
mod estimate;
mod exact;
mod expected;
mod forest_seeds;
pub mod generations;
pub mod graph;
mod joining;
pub mod learned;
mod local;
pub mod measures;
pub mod names;
#[cfg(test)]
mod nethept;
pub mod page_rank;
pub mod passing;
mod pendants;
pub mod plan;
pub mod rating;
pub mod reach;
pub mod records;
mod reverse;
pub mod seeds;
mod settled;
pub mod signed;
pub mod speed;
pub mod spread;
pub mod threshold;
pub mod timed;
mod timed_trees;
pub mod tree;
pub mod value;
#[cfg(test)]
mod worlds;

pub use delay_choice::{ChosenDelay, DelayChoice, PassingShare, choose_delay};
pub use delays::{Delay, DelayFamily, DelayFit, Eventually, fit_delay};
pub use edges::EdgeList;
pub use error::{EdgeEnd, InfluenceError};
pub use generations::{Descent, Generations};
pub use graph::{Arc, PassingProbability, ReferralGraph};
pub use learned::{
    Ablation, AblationRow, AblationSettings, Contender, CustomerRating, Explanation, FittedRating, Followed,
    FollowedSettings, InputColumn, InputKind, InputScale, LargestReason, LargestReasons, Later, LearnedRatings,
    Placebo, PlaceboNull, RatingBasis, RatingComponent, RatingModel, RatingReason, RecordWindow, Snapshot, Toward,
    ablate, exchange_records, followed_by, placebo, rating_area,
};
pub use measures::{
    Betweenness, BetweennessSettings, Degree, Hits, HitsSettings, PathMeasure, PivotSettings, betweenness, closeness,
    core_numbers, degrees, harmonic, hits,
};
pub use names::Names;
pub use page_rank::{ArcWeight, PageRank, PageRankSettings, page_rank, personalised_page_rank};
pub use passing::{
    Action, BetaPrior, Credit, CreditDistribution, CreditRule, EdgeColumn, LearnedPassing, LearnedProbability,
    LogisticPassing, PASSING_LEVEL, PartialCredit, PassingJudgement, PassingTrials, SharedSuccess, SharedSuccessFit,
    accounts_for_in_action, credits_of_action, decay_weights, fading_probability, judge_passing,
};
pub use plan::{Candidates, PlanSettings, PlannedSeed, Rival, RivalReach, SeedPlan, SpreadModel, plan_seeds};
pub use rating::{InfluenceRating, Rating, RatingInputs, RatingWeights, Tier, rate_promoters};
pub use reach::{NodeReach, Reach, ReachSettings, reach, value_reach};
pub use records::{RecordAccount, RecordRules, RecordedEdges, Records, Relation, Treatment};
pub use seeds::{Seed, SeedSettings, Seeds, greedy_seeds};
pub use signed::{Heard, SignedReach, SignedSettings, Stance, signed_reach};
pub use speed::median_days_to_referral;
pub use spread::{Spread, SpreadSettings, spread};
pub use threshold::{threshold_reach, threshold_value_reach};
pub use timed::{TimedReach, TimedSettings, timed_reach};
pub use tree::{ReferralTree, TreeCustomer, TreeLimits, trees_of_the_first};
pub use value::{
    GroupRow, Purchase, ReferralValue, ReferralValueSettings, ReferredPeriod, ValueGroup, ValueGroups, ValueSplit,
    WordOfMouth, WordOfMouthRevenue, referral_values, value_groups, word_of_mouth,
};
