//! What is done with the data: drivers, influence, scores.

use super::section::{Item, Section};
use super::{Customers, Problem, Referrals, StudyError, keys};
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

/// The probability with which a customer's referral takes hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeProbability {
    /// The same for every edge.
    Uniform(f64),
    /// From the referrals' probability column.
    Column,
    /// One over the number of referrers of the referred.
    WeightedCascade,
}

/// How much each part counts in the rating of networked promoters; not negative, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatingWeights {
    /// Of the expected reach.
    pub reach: f64,
    /// Of the customer's own recommend answer.
    pub score: f64,
    /// Of the customer's engagement.
    pub engagement: f64,
}

/// How those whom a customer brought are valued; amounts in the money of the transactions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReferralWorth {
    /// Share (0-1) of revenue that is kept as margin.
    pub margin: f64,
    /// Paid for each referral that brought somebody.
    pub incentive: f64,
    /// What it would have cost to win the customer otherwise.
    pub acquisition_saved: f64,
    /// Probability (0-1) that the referred would have come without the referral.
    pub came_anyway: f64,
    /// Discount per year since the referral.
    pub discount: f64,
}

impl Default for ReferralWorth {
    fn default() -> Self {
        Self { margin: 1.0, incentive: 0.0, acquisition_saved: 0.0, came_anyway: 0.0, discount: 0.0 }
    }
}

/// What inviting a customer costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationCost {
    /// The same for everybody.
    Each(f64),
    /// A kept column of the customers.
    Column(String),
}

/// How influence is computed and rated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Influence {
    /// Where the probability of an edge comes from. Where nothing is said: the referrals' own column, else weighted cascade.
    pub probability: EdgeProbability,
    /// Samples where reach is not exact.
    pub samples: u32,
    /// The parts of the rating.
    pub rating: RatingWeights,
    /// Days of referrals that the rating is learned from; 0 for none, `None` for a length that fits the history.
    pub later_days: Option<u32>,
    /// Customers to invite at most; 0 for no plan.
    pub seeds: u32,
    /// Cost to keep to.
    pub budget: Option<f64>,
    /// What inviting costs.
    pub cost: InvitationCost,
    /// A kept column of the customers that says who may not be invited.
    pub exclude: Option<String>,
    /// How those whom a customer brought are valued.
    pub value: ReferralWorth,
}

impl Influence {
    /// Nothing where there are no referrals; the defaults where nothing is said about them.
    pub(super) fn read(
        top: &Section<'_, '_>,
        referrals: Option<&Referrals>,
        customers: Option<&Customers>,
    ) -> Result<Option<Self>, StudyError> {
        let item = top.item("influence");
        let Some(referrals) = referrals else {
            return match item {
                None => Ok(None),
                Some(item) => Err(item.invalid("[influence] needs referrals; add [sources.referrals] or leave it out")),
            };
        };
        let has_column = referrals.probability.is_some();
        let mut influence = Self {
            probability: if has_column { EdgeProbability::Column } else { EdgeProbability::WeightedCascade },
            samples: 10_000,
            rating: RatingWeights { reach: 0.5, score: 0.3, engagement: 0.2 },
            later_days: None,
            seeds: 20,
            budget: None,
            cost: InvitationCost::Each(1.0),
            exclude: None,
            value: ReferralWorth::default(),
        };
        let Some(item) = item else { return Ok(Some(influence)) };
        let section = item.section(keys::INFLUENCE)?;
        if let Some(item) = section.item("probability") {
            influence.probability = read_probability(&item, has_column)?;
        }
        if let Some(item) = section.item("samples") {
            influence.samples = item.integer(1..=1_000_000_000)? as u32;
        }
        if let Some(item) = section.item("rating") {
            influence.rating = read_rating(&item.section(keys::RATING)?)?;
        }
        if let Some(item) = section.item("later_days") {
            influence.later_days = Some(item.integer(0..=36_500)? as u32);
        }
        influence.read_invitations(&section, customers.map_or(&[], |customers| &customers.keep))?;
        if let Some(item) = section.item("value") {
            influence.value = read_worth(&item.section(keys::REFERRAL_VALUE)?)?;
        }
        Ok(Some(influence))
    }

    fn read_invitations(&mut self, section: &Section<'_, '_>, kept: &[String]) -> Result<(), StudyError> {
        if let Some(item) = section.item("seeds") {
            self.seeds = item.integer(0..=1_000_000)? as u32;
        }
        if let Some(item) = section.item("budget") {
            self.budget = Some(above_zero(&item)?);
        }
        if let Some(item) = section.item("cost") {
            self.cost = if item.is_text() {
                InvitationCost::Column(kept_column(&item, kept)?)
            } else {
                InvitationCost::Each(above_zero(&item)?)
            };
        }
        if let Some(item) = section.item("exclude") {
            self.exclude = Some(kept_column(&item, kept)?);
        }
        Ok(())
    }
}

fn above_zero(item: &Item<'_, '_>) -> Result<f64, StudyError> {
    let value = item.number()?;
    if value > 0.0 {
        Ok(value)
    } else {
        Err(item.invalid(format!("`{}` is {value} and should be above 0", item.path())))
    }
}

fn kept_column(item: &Item<'_, '_>, kept: &[String]) -> Result<String, StudyError> {
    let name = item.text()?;
    if kept.contains(&name) {
        return Ok(name);
    }
    Err(item.invalid(format!("`{}` names `{name}`, which is not among `keep` of [sources.customers]", item.path())))
}

fn read_worth(section: &Section<'_, '_>) -> Result<ReferralWorth, StudyError> {
    let number = |key: &str, otherwise: f64, high: f64| {
        let Some(item) = section.item(key) else { return Ok(otherwise) };
        let value = item.number()?;
        if (0.0..=high).contains(&value) {
            return Ok(value);
        }
        let range = if high < f64::MAX { format!("from 0 to {high}") } else { "at least 0".to_owned() };
        Err(item.invalid(format!("`{}` is {value} and should be {range}", item.path())))
    };
    let usual = ReferralWorth::default();
    Ok(ReferralWorth {
        margin: number("margin", usual.margin, 1.0)?,
        incentive: number("incentive", usual.incentive, f64::MAX)?,
        acquisition_saved: number("acquisition_saved", usual.acquisition_saved, f64::MAX)?,
        came_anyway: number("came_anyway", usual.came_anyway, 1.0)?,
        discount: number("discount", usual.discount, f64::MAX)?,
    })
}

fn read_probability(item: &Item<'_, '_>, has_column: bool) -> Result<EdgeProbability, StudyError> {
    if item.is_text() {
        let choices = [("column", EdgeProbability::Column), ("weighted-cascade", EdgeProbability::WeightedCascade)];
        let probability = item.word(&choices)?;
        if probability == EdgeProbability::Column && !has_column {
            return Err(item.invalid("`influence.probability = \"column\"` needs `probability` in [sources.referrals]"));
        }
        return Ok(probability);
    }
    let value = item.number()?;
    if !(0.0..=1.0).contains(&value) {
        return Err(item.invalid(format!("`influence.probability` is {value} and should be from 0 to 1")));
    }
    Ok(EdgeProbability::Uniform(value))
}

fn read_rating(section: &Section<'_, '_>) -> Result<RatingWeights, StudyError> {
    let weight = |key: &str| {
        let Some(item) = section.item(key) else { return Ok(0.0) };
        let value = item.number()?;
        if value < 0.0 {
            return Err(item.invalid(format!("`{}` is {value} and should not be negative", item.path())));
        }
        Ok(value)
    };
    let weights = RatingWeights { reach: weight("reach")?, score: weight("score")?, engagement: weight("engagement")? };
    if weights.reach <= 0.0 {
        return Err(section.refuse(Problem::Invalid(
            "`influence.rating` gives reach no weight; reach is what every customer has, so give it one".to_owned(),
        )));
    }
    Ok(weights)
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
