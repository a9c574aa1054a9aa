//! The study file: what is to be analysed, checked before anything runs.
//!
//! A study is one TOML file. It is read strictly: every key it may hold is in [`keys`], and whatever else stands there is
//! refused with file, line, column and the nearest known name. What comes out are plain settings that are sound in
//! themselves and with each other, so that no later room checks them again.

mod error;
mod nearest;
mod section;

pub mod keys;
pub mod known;

mod actions;
mod analysis;
mod as_of;
mod codes;
mod consistency;
mod contacts;
mod contract;
mod document;
mod encoding;
mod evaluation;
mod history;
mod identity;
mod influence;
mod invited;
mod key;
mod measures;
mod numerals;
mod outcome;
mod panel;
mod population;
mod portfolio;
mod referral_kinds;
mod schema;
mod sources;
mod zone;

#[cfg(test)]
mod schema_tests;

pub use actions::{ActionTarget, Actions, Segments, TargetMeasure};
pub use analysis::{Drivers, Missing, Scores, TouchpointGroup};
pub use as_of::AsOf;
pub use codes::{AnswerCodes, Codes};
pub use contacts::{ChannelComparison, GoodWhen, Perception, Teams};
pub use contract::{SourceContract, Unique};
pub use document::Study;
pub use encoding::Encoding;
pub use error::{Place, Problem, StudyError};
pub use evaluation::Evaluation;
pub use history::{
    Advance, Comparison, Condition, Contacts, Distinct, HISTORY_WINDOWS_DAYS, History, HistoryDetails, Juncture,
    LifecycleRule, Returns, Same, Validity,
};
pub use identity::{AccountFile, Fold, Identity, Level, PeopleFile, Salt, Unlisted};
pub use influence::{
    DelayRule, EdgeProbability, Influence, InvitationCost, LaterOutcome, Passing, PassingRule, RatingWeights,
    ReachValue, ReferralRules, ReferralWorth, RuleTreatment, WordModel,
};
pub use invited::{SeedQuota, SeedValue, SegmentQuota};
pub use key::{Key, KeyColumn, Via};
pub use measures::{Measures, NpsInterval, PopulationMargin, PopulationShare, Strata, Stratum};
pub use nearest::nearest;
pub use numerals::Numerals;
pub use outcome::{Outcome, OutcomeKind, Penalty, SpendScale};
pub use panel::{Panel, Period};
pub use population::{LevelSize, Population, PopulationSize, PopulationSizes};
pub use portfolio::{BenchmarkFigure, CutFigure, ItemFigure, ItemMeasure, Rolling, Wallet};
pub use referral_kinds::{KindValue, ReferralKind, ReferralKinds};
pub use schema::json_schema;
pub use sources::{
    Activity, Aggregate, AmountPer, AmountVia, Customers, DateInstant, Exposures, Feedback, Files, Format, Invitations,
    Junctures, Range, Referrals, Repeats, Sources, TimeFormat, Times, Transactions, Unfinished, Vendor,
};
pub use zone::{FileZone, zone_of};
