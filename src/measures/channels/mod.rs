//! Whether channels, indicators, teams and benchmarks tell one story.
//!
//! `consistency` compares channels adjusted for who uses which and prices a hand-off; `perception` holds the company's
//! indicator against the customer's word, and `contact_length` what length goes with when both ended alike; `teams` places teams by what they are best at; `benchmark` tests against a figure.

mod benchmark;
mod consistency;
mod contact_length;
mod perception;
mod teams;

pub use benchmark::{Benchmark, BenchmarkTest, CutAndBenchmark, CutBenchmarkTest, ManyBenchmarks};
pub use consistency::{ChannelRow, ChannelRows, Consistency, ConsistencyTable, HandOffPenalty};
pub use contact_length::{ContactLength, LengthEffect};
pub use perception::{PerceptionCell, PerceptionGap, PerceptionSettings};
pub use teams::{Team, TeamColumns, TeamPlacing, TeamProfile};
