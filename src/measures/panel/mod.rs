//! Does the score lead the business? Units by periods, each unit against itself.
//!
//! `within` takes out what is constant for a unit or common to a period; `lead` regresses the outcome on earlier scores.

mod lead;
mod within;

pub use lead::{LagNotMade, LeadPanel, LeadRow, LeadTable, PanelEffects, PanelRow};
