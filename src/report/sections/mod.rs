//! The sections of the page, each ready to be put into the template.

mod actions;
mod benchmark;
mod coefficients;
mod contacts;
mod deeds;
mod findings;
mod influence;
mod left_out;
mod matrix;
mod movement;
mod outcome;
mod reading;
mod rules;
mod say_and_do;
mod score;
mod scores;
mod trust;
mod whom;

pub(super) use actions::WhatToDo;
pub(super) use benchmark::{CutsAgainst, benchmark_sentence};
pub(super) use contacts::{Channels, PerceptionSection, TeamsSection, lead_sentences};
pub(super) use deeds::{Deeds, kept_sentences};
pub(super) use findings::{FindingRow, ListedFinding, all_findings, study_findings};
pub(super) use influence::Influence;
pub(super) use left_out::LeftOutSection;
pub(super) use matrix::Drivers;
pub(super) use movement::{Changed, last_step, trend_sentence};
pub(super) use reading::Reading;
pub(super) use rules::RuleRow;
pub(super) use say_and_do::SayAndDo;
pub(super) use score::Score;
pub(super) use scores::Scores;
pub(super) use trust::Trust;
pub(super) use whom::{RateRow, WeightedWave, response_rows, weighted_sentence, weighted_waves, whom};
