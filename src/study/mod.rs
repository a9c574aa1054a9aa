//! The study file: what is to be analysed, checked before anything runs.
//!
//! A study is one TOML file. It is read strictly: every key it may hold is in [`keys`], and whatever else stands there is
//! refused with file, line, column and the nearest known name. What comes out are plain settings that are sound in
//! themselves and with each other, so that no later room checks them again.

mod error;
mod nearest;
mod section;

pub mod keys;

mod actions;
mod analysis;
mod as_of;
mod codes;
mod consistency;
mod contract;
mod document;
mod evaluation;
mod history;
mod outcome;
mod sources;
mod zone;

pub use actions::{ActionTarget, Actions, Segments, TargetMeasure};
pub use analysis::{
    Drivers, EdgeProbability, Influence, InvitationCost, Measures, Missing, NpsInterval, PopulationMargin,
    PopulationShare, RatingWeights, ReferralWorth, Scores, TouchpointGroup,
};
pub use as_of::AsOf;
pub use codes::{AnswerCodes, Codes};
pub use contract::SourceContract;
pub use document::Study;
pub use error::{Place, Problem, StudyError};
pub use evaluation::Evaluation;
pub use history::{
    Advance, Comparison, Condition, Contacts, Distinct, HISTORY_WINDOWS_DAYS, History, HistoryDetails, Juncture,
    LifecycleRule, Returns, Same, Validity,
};
pub use nearest::nearest;
pub use outcome::{Outcome, Penalty, SpendScale};
pub use sources::{
    Activity, Aggregate, AmountVia, Customers, Exposures, Feedback, Files, Format, Invitations, Junctures, Key, Range,
    Referrals, Sources, TimeFormat, Times, Transactions, Unfinished, Vendor, Via,
};
pub use zone::{FileZone, zone_of};
