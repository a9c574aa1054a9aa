//! Whether those who say they would recommend do, and what it is worth.
//!
//! `by_answer` shows behaviour at every answer; `cuts` asks whether 6 and 8 are where behaviour changes; `kept` how much of
//! "would recommend" came true; `worth` what classes are worth and what is at risk, beside the rules of thumb.

mod by_answer;
mod cuts;
mod kept;
mod worth;

pub use by_answer::{AnswerBehaviour, behaviour_by_answer, behaviour_by_class};
pub use cuts::{Behaviour, CutComparison, CutPair, CutSearch};
pub use kept::{KeptWord, kept_word};
pub use worth::{RevenueAtRisk, RevenueAtRiskSettings, RuleOfThumb, RuleOfThumbRow};
