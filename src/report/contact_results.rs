//! What was found of channels, contacts, teams and units.

use crate::measures::channels::{ConsistencyTable, ContactLength, HandOffPenalty, PerceptionGap, Team};
use crate::measures::panel::LeadTable;
use crate::measures::portfolio::{CutEstimate, LevelAgainstOthers};

/// Whether channels are alike.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelScores {
    /// The column that names the channel.
    pub column: String,
    /// Columns of the people that are held constant.
    pub people: Vec<String>,
    /// Channel by channel, their test and the index; `None` where a finding says why.
    pub table: Option<ConsistencyTable>,
    /// Replicates of the index.
    pub n_replicates: usize,
    /// What a hand-off goes with, where contacts are known.
    pub hand_off: Option<HandOff>,
}

/// What a hand-off before the answer goes with, among answers after a contact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HandOff {
    /// Days before the answer in which contacts count.
    pub window_days: u32,
    /// The points.
    pub penalty: HandOffPenalty,
}

/// The company's indicator against the customer's score.
#[derive(Debug, Clone, PartialEq)]
pub struct PerceptionResult {
    /// The column of the indicator.
    pub indicator: String,
    /// When it is good, in words.
    pub good: String,
    /// The column of the score.
    pub score: String,
    /// The score from which a customer is content.
    pub content_from: f64,
    /// Answers with both.
    pub n: usize,
    /// How far they agree; `None` where too few people stand behind one of the four ways.
    pub gap: Option<PerceptionGap>,
    /// The outcome that followed.
    pub followed_by: Option<String>,
    /// Share of disagreement by the cuts of the study.
    pub by: Vec<CutEstimate>,
    /// Each of these cuts that is shown against the other answers, with p-values adjusted over all of them.
    pub against_others: Vec<LevelAgainstOthers>,
    /// What the length of the contact goes with.
    pub length: Option<LengthResult>,
}

/// What the length of a contact goes with.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthResult {
    /// The column of the length.
    pub column: String,
    /// Points of the score a unit of length, as it is and among contacts of one indicator.
    pub effects: ContactLength,
}

/// Teams by what they are best at.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamsResult {
    /// The column that names the team.
    pub unit: String,
    /// Answers of each team, in the order of the teams.
    pub n: Vec<usize>,
    /// The teams.
    pub teams: Vec<Team>,
    /// What counts as revenue.
    pub revenue: String,
    /// Share of replicates from which on a profile is called.
    pub certainty: f64,
    /// Replicates.
    pub n_replicates: usize,
}

/// Whether the scores of units go before one outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelResult {
    /// `growth`, `new_customers` or `margin`.
    pub outcome: &'static str,
    /// The column that names the unit.
    pub unit: String,
    /// `month` or `quarter`.
    pub period: &'static str,
    /// Lag by lag, and the answer in words.
    pub table: LeadTable,
}
