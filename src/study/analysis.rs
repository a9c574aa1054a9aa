//! What is done with the data: drivers, outcomes, measures, scores.

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
    item.word(&[
        ("listwise", Missing::Listwise),
        ("indicator", Missing::Indicator),
        ("mean", Missing::Mean),
        ("pairwise", Missing::Pairwise),
        ("em", Missing::Em),
    ])
}

/// How the interval of a Net Promoter Score is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NpsInterval {
    /// Wald's, with 3/4, 3/2 and 3/4 added to detractors, passives and promoters.
    AdjustedWald,
    /// By inversion of the score test.
    Score,
    /// Wald's.
    Wald,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measures {
    /// The columns by which the measures are cut.
    pub by: Vec<String>,
    /// The interval of the score.
    pub interval: NpsInterval,
    /// Cuts with fewer answers than this are hidden; 0 hides none.
    pub suppress_below: u32,
    /// Columns of the answers with the shares that their values have in the population.
    pub rake: Vec<PopulationMargin>,
    /// Days within which an invitation counts as answered.
    pub answer_within_days: u32,
}

/// What is known of the population: how the values of one column divide it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PopulationMargin {
    /// The column.
    pub column: String,
    /// Its values in the order of the file; the shares sum to 1.
    pub shares: Vec<PopulationShare>,
}

/// One value's share of the population.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PopulationShare {
    /// The value.
    pub value: String,
    /// Its share, 0-1.
    pub share: f64,
}

/// Shares of a population may miss 1 by this much (absolute): people write them with few digits.
const SHARES_TOLERANCE: f64 = 1e-6;

impl Measures {
    pub(super) fn read(top: &Section<'_, '_>) -> Result<Self, StudyError> {
        let mut measures = Self {
            by: Vec::new(),
            interval: NpsInterval::AdjustedWald,
            suppress_below: 5,
            rake: Vec::new(),
            answer_within_days: 30,
        };
        if let Some(item) = top.item("measures") {
            let section = item.section(keys::MEASURES)?;
            measures.by = section.texts("by")?;
            if let Some(item) = section.item("interval") {
                measures.interval = item.word(&[
                    ("adjusted-wald", NpsInterval::AdjustedWald),
                    ("score", NpsInterval::Score),
                    ("wald", NpsInterval::Wald),
                ])?;
            }
            if let Some(item) = section.item("suppress_below") {
                measures.suppress_below = item.integer(0..=1_000_000)? as u32;
                if measures.suppress_below == 1 {
                    return Err(item.invalid(
                        "`measures.suppress_below` is 1, which hides nothing; write 0 to hide nothing, or at least 2",
                    ));
                }
            }
            if let Some(item) = section.item("rake") {
                let margins = item.open_section()?.items();
                measures.rake = margins.into_iter().map(PopulationMargin::read).collect::<Result<_, _>>()?;
            }
            if let Some(item) = section.item("answer_within_days") {
                measures.answer_within_days = item.integer(1..=3650)? as u32;
            }
        }
        Ok(measures)
    }
}

impl PopulationMargin {
    fn read((column, item): (String, Item<'_, '_>)) -> Result<Self, StudyError> {
        let mut shares = Vec::new();
        for (value, item) in item.open_section()?.items() {
            let share = item.number()?;
            if !(0.0..=1.0).contains(&share) {
                return Err(item.invalid(format!("`{}` is {share} and should be a share from 0 to 1", item.path())));
            }
            shares.push(PopulationShare { value, share });
        }
        let sum: f64 = shares.iter().map(|own| own.share).sum();
        if (sum - 1.0).abs() > SHARES_TOLERANCE {
            let sentence = format!("the shares of `{column}` sum to {sum} and should sum to 1");
            return Err(item.invalid(sentence));
        }
        Ok(Self { column, shares })
    }
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

impl Scores {
    pub(super) fn read(top: &Section<'_, '_>) -> Result<Self, StudyError> {
        let mut scores = Self { enabled: true, reasons: 3, calibration: None };
        if let Some(item) = top.item("scores") {
            let section = item.section(keys::SCORES)?;
            if let Some(item) = section.item("enabled") {
                scores.enabled = item.flag()?;
            }
            if let Some(item) = section.item("reasons") {
                scores.reasons = item.integer(0..=20)? as u32;
            }
            if let Some(item) = section.item("calibration") {
                scores.calibration = item.word(&[
                    ("none", None),
                    ("isotonic", Some(CalibrationMethod::Isotonic)),
                    ("sigmoid", Some(CalibrationMethod::Sigmoid)),
                ])?;
            }
        }
        Ok(scores)
    }
}
