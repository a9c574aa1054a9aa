//! How long until something happened, where for some it has not happened yet: the share for whom it has not by the method of
//! Kaplan and Meier, and whether groups differ by the log-rank test.
//!
//! Who has not done it by the end of what is known counts as long as was looked on and not beyond; nobody is left out.

mod kaplan_meier;
mod log_rank;
mod times;

pub use kaplan_meier::{KaplanMeier, SurvivalCurve, SurvivalStep};
pub use log_rank::{LogRank, log_rank};
pub use times::SurvivalTimes;
