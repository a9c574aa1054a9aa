//! Companies with known truth, for tests, benches and the demonstration.
//!
//! A [`Company`] states its size, its seed and its [`Model`]: how experiences move what customers answer, buy and
//! whom they bring. [`Company::blocks`] streams its records, [`Truth`] says what an analysis should find in them.
//! Customers come family by family (a founder and all who came through them), so neither the referral forest nor the
//! records are ever held as a whole; [`Company::in_order_of_time`] holds and sorts a small company.
//!
//! Cause comes before effect: a customer joins, then buys, answers and refers; the referred join after the referral.

mod activity;
pub mod block;
pub mod calendar;
pub mod company;
pub mod csv;
mod family;
pub mod model;
mod person;
mod purchases;
pub mod records;
mod survey;
pub mod tally;
pub mod truth;
mod world;

pub use block::{Block, Blocks};
pub use calendar::{Day, Instant, Quarter};
pub use company::{Company, CompanyError, Defects};
pub use csv::CsvRow;
pub use model::{Model, TOUCHPOINTS};
pub use truth::Truth;
pub use world::World;

#[cfg(test)]
mod recovery;
