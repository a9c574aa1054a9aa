//! What could be done about touchpoints, and where to look for differences.

use super::analysis::is_touchpoint;
use super::section::{Item, Section};
use super::{Drivers, Outcome, OutcomeKind, StudyError, keys};
use crate::estimators::Family;
use serde::Serialize;
use std::collections::BTreeMap;

/// What could be done about touchpoints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Actions {
    /// Whether the question is asked at all.
    pub enabled: bool,
    /// The lowest score that counts as top box, by default the upper end of the scale.
    pub top_box_from: Option<f64>,
    /// Touchpoints about which nothing can be done; they are shown and never offered.
    pub not_actionable: Vec<String>,
    /// What it costs to raise the scores of a touchpoint by one point, in any unit.
    pub cost: BTreeMap<String, f64>,
    /// Raises, in points, whose joint effect is wanted.
    pub raise: BTreeMap<String, f64>,
    /// A change for which the cheapest raises are wanted.
    pub target: Option<ActionTarget>,
}

/// A change of an outcome that is wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionTarget {
    /// The outcome, one of the study's.
    pub outcome: Outcome,
    /// What is read from its model.
    pub measure: TargetMeasure,
    /// By how much it is to change, in its own unit.
    pub change: f64,
}

/// What a target is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetMeasure {
    /// The mean of a number or a count.
    Mean,
    /// The share of a class, 0-1.
    Share,
    /// The Net Promoter Score from a model of the eleven levels.
    Nps,
}

impl TargetMeasure {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("mean", Self::Mean), ("share", Self::Share), ("nps", Self::Nps)];
}

/// Where drivers are held against those of everybody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segments {
    /// The columns whose values are segments; those by which the measures are cut where nothing is said.
    pub by: Vec<String>,
    /// The smallest number of answers that a segment is analysed with.
    pub minimum_base: u32,
}

impl Actions {
    /// `drivers` are the study's, `outcomes` what it explains.
    pub(super) fn read(top: &Section<'_, '_>, drivers: &Drivers, outcomes: &[Outcome]) -> Result<Self, StudyError> {
        let touchpoints = &drivers.touchpoints;
        let mut actions = Self {
            enabled: true,
            top_box_from: None,
            not_actionable: Vec::new(),
            cost: BTreeMap::new(),
            raise: BTreeMap::new(),
            target: None,
        };
        let Some(item) = top.item("actions") else { return Ok(actions) };
        let section = item.section(keys::ACTIONS)?;
        if let Some(item) = section.item("enabled") {
            actions.enabled = item.flag()?;
        }
        if let Some(item) = section.item("top_box_from") {
            actions.top_box_from = Some(item.number()?);
        }
        if let Some(item) = section.item("not_actionable") {
            actions.not_actionable = item.texts()?;
            for name in &actions.not_actionable {
                is_touchpoint(&item, name, touchpoints)?;
            }
        }
        actions.cost = by_touchpoint(&section, "cost", touchpoints)?;
        if let Some((name, cost)) = actions.cost.iter().find(|(_, cost)| **cost <= 0.0) {
            let sentence =
                format!("`actions.cost.{name}` is {cost} and must be positive; leave it out if nobody knows it");
            return Err(section.required("cost", "")?.invalid(sentence));
        }
        actions.raise = by_touchpoint(&section, "raise", touchpoints)?;
        for (key, named) in [("cost", &actions.cost), ("raise", &actions.raise)] {
            if let Some(name) = named.keys().find(|name| drivers.always.contains(name)) {
                let sentence = format!(
                    "`actions.{key}.{name}` is about a touchpoint that `drivers.always` holds constant, so it is never \
                     raised; take it out of one of them"
                );
                return Err(section.required(key, "")?.invalid(sentence));
            }
        }
        if let Some(item) = section.item("target") {
            actions.target = Some(ActionTarget::read(&item, outcomes)?);
            if actions.cost.is_empty() {
                return Err(item.invalid(
                    "`actions.target` asks for the cheapest raises; say what one point of a touchpoint costs in \
                     [actions.cost]",
                ));
            }
        }
        Ok(actions)
    }
}

impl ActionTarget {
    fn read(item: &Item<'_, '_>, outcomes: &[Outcome]) -> Result<Self, StudyError> {
        let section = item.section(keys::ACTION_TARGET)?;
        let outcome_item = section.required("outcome", "the outcome that is to change, such as \"nps\"")?;
        let name = outcome_item.text()?;
        let Some(outcome) = outcomes.iter().find(|outcome| outcome.name() == name) else {
            let known: Vec<&str> = outcomes.iter().map(Outcome::name).collect();
            let sentence = format!("`{name}` is no outcome of this study; there are: {}", known.join(", "));
            return Err(outcome_item.invalid(sentence));
        };
        let change_item = section.required("change", "by how much it is to change, such as 3")?;
        let change = change_item.number()?;
        if change.abs() <= 0.0 {
            return Err(change_item.invalid("a change of 0 needs nothing; give a number above or below it"));
        }
        let is_levels =
            matches!(outcome.kind(), OutcomeKind::Recommend { family: Family::Ordinal } | OutcomeKind::NpsClass);
        let default = match outcome.family() {
            Family::Logistic => TargetMeasure::Share,
            Family::Ordinal if is_levels => TargetMeasure::Nps,
            _ => TargetMeasure::Mean,
        };
        let measure = section.item("measure").map(|item| {
            let measure = item.word(&TargetMeasure::WORDS)?;
            let fits = match measure {
                TargetMeasure::Share => outcome.family() == Family::Logistic,
                TargetMeasure::Mean => outcome.family() != Family::Logistic,
                TargetMeasure::Nps => is_levels,
            };
            if fits {
                Ok(measure)
            } else {
                Err(item.invalid(format!(
                    "the model of `{name}` gives no such measure; a class has a `share`, `nps_class` and \
                     `recommend` with family \"ordinal\" have `nps` and `mean`, everything else a `mean`"
                )))
            }
        });
        Ok(Self { outcome: outcome.clone(), measure: measure.transpose()?.unwrap_or(default), change })
    }
}

impl Segments {
    /// `cuts` are the columns by which the measures are cut.
    pub(super) fn read(top: &Section<'_, '_>, cuts: &[String]) -> Result<Self, StudyError> {
        let mut segments = Self { by: cuts.to_vec(), minimum_base: 100 };
        let Some(item) = top.item("segments") else { return Ok(segments) };
        let section = item.section(keys::SEGMENTS)?;
        if let Some(item) = section.item("by") {
            segments.by = item.texts()?;
        }
        if let Some(item) = section.item("minimum_base") {
            segments.minimum_base = item.integer()? as u32;
        }
        Ok(segments)
    }
}

/// Numbers by touchpoint.
fn by_touchpoint(
    section: &Section<'_, '_>,
    key: &str,
    touchpoints: &[String],
) -> Result<BTreeMap<String, f64>, StudyError> {
    let Some(item) = section.item(key) else { return Ok(BTreeMap::new()) };
    let mut all = BTreeMap::new();
    for (name, item) in item.open_section()?.items() {
        is_touchpoint(&item, &name, touchpoints)?;
        let value = item.number()?;
        all.insert(name, value);
    }
    Ok(all)
}
