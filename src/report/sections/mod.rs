//! The sections of the page, each ready to be put into the template.

mod actions;
mod coefficients;
mod findings;
mod influence;
mod left_out;
mod matrix;
mod outcome;
mod reading;
mod say_and_do;
mod score;
mod scores;
mod trust;

pub(super) use actions::WhatToDo;
pub(super) use findings::{FindingRow, all_findings, study_findings};
pub(super) use influence::Influence;
pub(super) use left_out::LeftOutSection;
pub(super) use matrix::Drivers;
pub(super) use reading::Reading;
pub(super) use say_and_do::SayAndDo;
pub(super) use score::Score;
pub(super) use scores::Scores;
pub(super) use trust::Trust;
