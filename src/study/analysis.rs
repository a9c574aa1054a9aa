//! What is done with the data: drivers and scores.

use super::section::{Item, Section};
use super::{StudyError, keys};
use crate::estimators::calibration::CalibrationMethod;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is done with a row whose touchpoints are not all answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The row is left out.
    Listwise,
    /// The gap is filled with the mean and marked by a column of its own.
    Indicator,
    /// The gap is filled with the mean.
    Mean,
    /// Ranks of a linear outcome come from covariances, each of the rows that have both columns; models leave the row out.
    Pairwise,
    /// Ranks of a linear outcome come from the moments that make all answers most likely under a normal model; models
    /// leave the row out.
    Em,
}

impl Missing {
    /// The words of a study file.
    pub(super) const WORDS: [(&'static str, Self); 5] = [
        ("listwise", Self::Listwise),
        ("indicator", Self::Indicator),
        ("mean", Self::Mean),
        ("pairwise", Self::Pairwise),
        ("em", Self::Em),
    ];
}

/// Touchpoints that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TouchpointGroup {
    /// The group's name.
    pub name: String,
    /// Its columns.
    pub touchpoints: Vec<String>,
}

/// What is ranked by importance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drivers {
    /// The touchpoint columns of the feedback source, in the order of the file.
    pub touchpoints: Vec<String>,
    /// How they are grouped; empty where they are not.
    pub groups: Vec<TouchpointGroup>,
    /// Columns of the history and of the profile that are held constant.
    pub controls: Vec<String>,
    /// Touchpoints and controls that are in every model that is compared.
    pub always: Vec<String>,
    /// What is done with gaps.
    pub missing: Missing,
    /// For touchpoints that were asked about twice, the column of what had been expected.
    pub expectations: BTreeMap<String, String>,
}

impl Drivers {
    pub(super) fn read(top: &Section<'_, '_>) -> Result<Self, StudyError> {
        let Some(item) = top.item("drivers") else {
            let none = Vec::new;
            return Ok(Self {
                touchpoints: none(),
                groups: vec![],
                controls: none(),
                always: none(),
                missing: Missing::Listwise,
                expectations: BTreeMap::new(),
            });
        };
        let section = item.section(keys::DRIVERS)?;
        let item = section.required("touchpoints", "the columns to rank, as a list or as groups")?;
        let mut groups = Vec::new();
        let mut touchpoints: Vec<String> = Vec::new();
        if item.is_table() {
            for (name, item) in item.open_section()?.items() {
                let members = item.texts()?;
                if let Some(repeated) = members.iter().find(|member| touchpoints.contains(member)) {
                    return Err(item.invalid(format!("touchpoint `{repeated}` is in two groups; leave it in one")));
                }
                touchpoints.extend(members.iter().cloned());
                groups.push(TouchpointGroup { name, touchpoints: members });
            }
        } else {
            touchpoints = item.texts()?;
        }
        if touchpoints.is_empty() {
            return Err(
                item.invalid("`drivers.touchpoints` is empty; name at least one column, or leave [drivers] out")
            );
        }
        let expectations = read_expectations(&section, &touchpoints)?;
        Ok(Self {
            touchpoints,
            groups,
            expectations,
            controls: section.texts("controls")?,
            always: section.texts("always")?,
            missing: read_missing(&section)?,
        })
    }
}

/// Columns of what had been expected, by touchpoint.
fn read_expectations(
    section: &Section<'_, '_>,
    touchpoints: &[String],
) -> Result<BTreeMap<String, String>, StudyError> {
    let mut expectations: BTreeMap<String, String> = BTreeMap::new();
    let Some(item) = section.item("expectations") else { return Ok(expectations) };
    for (name, item) in item.open_section()?.items() {
        is_touchpoint(&item, &name, touchpoints)?;
        let column = item.text()?;
        if touchpoints.contains(&column) || expectations.values().any(|other| *other == column) {
            return Err(item.invalid(format!(
                "`{}` is `{column}`, which has another part already; name the column of what had been expected of `{name}`",
                item.path()
            )));
        }
        expectations.insert(name, column);
    }
    Ok(expectations)
}

/// Refuses a key that is about something else than a touchpoint.
pub(super) fn is_touchpoint(item: &Item<'_, '_>, name: &str, touchpoints: &[String]) -> Result<(), StudyError> {
    if touchpoints.iter().any(|touchpoint| touchpoint == name) {
        return Ok(());
    }
    let near = super::nearest(name, touchpoints.iter().map(String::as_str));
    let hint = near.map_or_else(String::new, |near| format!(", did you mean `{near}`"));
    Err(item.invalid(format!("`{}` is about `{name}`, which is no touchpoint{hint}", item.path())))
}

fn read_missing(section: &Section<'_, '_>) -> Result<Missing, StudyError> {
    let Some(item) = section.item("missing") else { return Ok(Missing::Listwise) };
    item.word(&Missing::WORDS)
}

/// Whether and how every customer is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scores {
    /// Whether at all.
    pub enabled: bool,
    /// How many reasons are given for each score.
    pub reasons: u32,
    /// How probabilities are calibrated on customers that the fit has not seen, if at all.
    pub calibration: Option<CalibrationMethod>,
}

/// The words of a study file for a calibration.
pub(super) const CALIBRATIONS: [(&str, Option<CalibrationMethod>); 3] =
    [("none", None), ("isotonic", Some(CalibrationMethod::Isotonic)), ("sigmoid", Some(CalibrationMethod::Sigmoid))];

impl Scores {
    pub(super) fn read(top: &Section<'_, '_>) -> Result<Self, StudyError> {
        let mut scores = Self { enabled: true, reasons: 3, calibration: None };
        if let Some(item) = top.item("scores") {
            let section = item.section(keys::SCORES)?;
            if let Some(item) = section.item("enabled") {
                scores.enabled = item.flag()?;
            }
            if let Some(item) = section.item("reasons") {
                scores.reasons = item.integer()? as u32;
            }
            if let Some(item) = section.item("calibration") {
                scores.calibration = item.word(&CALIBRATIONS)?;
            }
        }
        Ok(scores)
    }
}
