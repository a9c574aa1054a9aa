//! Measures of place in a network that people know, all deterministic.
//!
//! [`degrees`] and [`core_numbers`] count; [`hits`] tells those who point at the pointed-at from those who are. [`closeness`], [`harmonic`]
//! and [`betweenness`] look along shortest ways, sampled ones where there are many. PageRank has a file of its own.

mod between;
mod close;
mod cores;
mod degree;
mod drawn_ways;
mod hub;
mod pivots;

pub use between::{Betweenness, BetweennessSettings, betweenness};
pub use close::{closeness, harmonic};
pub use cores::core_numbers;
pub use degree::{Degree, degrees};
pub use hub::{Hits, HitsSettings, hits};
pub use pivots::{PathMeasure, PivotSettings};

#[cfg(test)]
mod reference_tests;
