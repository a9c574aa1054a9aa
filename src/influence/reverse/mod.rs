//! Reverse-reachable sets: who, in one random world, would have reached a randomly drawn customer.
//!
//! [`Inward`] holds the edges into each customer, of all customers or of those between whom sets are wanted, with what is needed
//! to draw which of them are live ([`LiveCounts`]: how many are, where they share a probability). [`ReverseSampler`] draws
//! sets in parallel, the same for any number of threads, in the memory of a [`Scratch`]; [`ReverseSets`] keeps them, and a
//! [`Watch`] looks on.

mod inward;
mod live_counts;
mod meeting;
mod sampler;
mod scratch;
mod sets;

pub(super) use inward::Inward;
pub(super) use sampler::{BLOCK_SETS, ReverseSampler, Watch, uniform};
pub(super) use scratch::Met;
pub(super) use sets::ReverseSets;
