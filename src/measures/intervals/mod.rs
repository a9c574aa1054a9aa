//! Confidence intervals of shares and of a Net Promoter Score from its three classes.
//!
//! `kind` names the intervals. `counts` holds detractors, passives and promoters and the Wald family; `score` inverts a
//! test; `dirichlet` is the posterior under a prior; `proportion` is for a plain share.

mod counts;
mod dirichlet;
mod kind;
mod proportion;
mod score;

pub use counts::{ClassCounts, Ends, NormalTest};
pub use dirichlet::ScorePosterior;
pub use kind::IntervalKind;
pub use proportion::Proportion;
