//! How likely the word is to pass, learned from what passed before.
//!
//! [`LogisticPassing`] explains success by what is known of both people and of the edge. [`SharedSuccess`] learns one
//! probability for each edge or person where a success may be owed to any of several referrers
//! (expectation-maximisation); [`PartialCredit`] divides each success among them instead. [`CreditDistribution`] divides the credit for what was seen all the way up.
//! [`decay_weights`] lets old history count less, and [`fading_probability`] says what is left of a probability after
//! a time. [`judge_passing`] holds probabilities against what happened later.

mod credit;
mod decay;
mod evaluation;
mod logistic;
mod partial_credit;
mod shared_success;

pub use credit::{Action, Credit, CreditDistribution, CreditRule, accounts_for_in_action, credits_of_action};
pub use decay::{decay_weights, fading_probability};
pub use evaluation::{PASSING_LEVEL, PassingJudgement, judge_passing};
pub use logistic::{EdgeColumn, LearnedPassing, LogisticPassing};
pub use partial_credit::PartialCredit;
pub use shared_success::{BetaPrior, LearnedProbability, PassingTrials, SharedSuccess, SharedSuccessFit};
