//! **advocate** tells a company which experiences make its customers recommend it, buy again and bring friends; who
//! will do so next; and which customers carry the word.
//!
//! Two halves: a **core** that computes (arrays in, numbers out; no file, clock, environment or printing) and a
//! **shell** (feature `engine`) that touches the outside world. `ARCHITECTURE.md` says which module may use which.
//!
//! Drivers and influence are associations. No figure in this crate is a causal effect.

#![cfg_attr(test, expect(clippy::float_cmp, reason = "tests compare stored numbers and exact small cases"))]

pub mod findings;

// The core.
pub mod data;
pub mod drivers;
pub mod estimators;
pub mod influence;
pub mod measures;
pub mod simulate;
pub mod stats;

// The shell.
#[cfg(feature = "engine")]
pub mod intake;
#[cfg(feature = "engine")]
pub mod study;
