//! A rating trained on who referred later.
//!
//! [`InputColumn`] names what is known of customers, by kind. [`RatingModel`] learns from a [`Snapshot`] which of it went
//! with *later* referrals and rates everybody from 0 to 100, with a standard error and its largest [reasons](LargestReasons); without an outcome to learn from it falls
//! back to standardised ranks. [`ablate`] says out of time what each kind of input adds, against plain counts and PageRank;
//! [`placebo`] does the same where nothing can be found, with outcomes dealt anew or, after [`exchange_records`], on dates that belong to
//! others. [`followed_by`] asks of dates alone whether people act after those
//! they know.

mod ablation;
mod exchanged;
mod followed;
mod inputs;
mod levels;
mod model;
mod placebo;
mod reasons;
#[cfg(test)]
mod simulated;

pub use ablation::{Ablation, AblationRow, AblationSettings, Contender, ablate};
pub use exchanged::{RecordWindow, exchange_records};
pub use followed::{Followed, FollowedSettings, followed_by};
pub use inputs::{InputColumn, InputKind, InputScale, Later, Snapshot, Toward};
pub use model::{
    CustomerRating, Explanation, FittedRating, LearnedRatings, RatingBasis, RatingComponent, RatingModel, RatingReason,
};
pub use placebo::{Placebo, PlaceboNull, placebo, rating_area};
pub use reasons::{LargestReason, LargestReasons};
