//! What is true of a simulated company, to hold an analysis against.

use super::calendar::Day;
use super::company::{Company, CompanyError, Defects};
use super::model::{Model, N_TOUCHPOINTS, TOUCHPOINTS};
use super::tally::{Answers, Influencer, Tally};
use super::world::World;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of [`Truth`] as a file.
pub const TRUTH_FORMAT_VERSION: u32 = 1;

/// Everything an analysis of the company should find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// [`TRUTH_FORMAT_VERSION`].
    pub format_version: u32,
    /// Customers.
    pub customers: u64,
    /// Seed.
    pub seed: u64,
    /// Everything happened before this day.
    pub as_of: Day,
    /// The files start on this day; some customers joined earlier.
    pub history_from: Day,
    /// What drives what, strongest first.
    pub drivers: TrueDrivers,
    /// Touchpoints that drive nothing at all.
    pub noise_touchpoints: Vec<String>,
    /// What every customer would have answered on `as_of`, asked or not.
    pub population: ScoredAnswers,
    /// What those asked would have answered, over all quarters.
    pub invited: ScoredAnswers,
    /// What those who answered did answer; blank answers count by what they would have been.
    pub answered: ScoredAnswers,
    /// The same by quarter.
    pub waves: Vec<TrueWave>,
    /// Customers who had stopped buying for good before `as_of`.
    pub n_left: u64,
    /// The customers with the highest true referral rate, highest first.
    pub top_influencers: Vec<Influencer>,
    /// Rows spoilt on purpose, by file and kind.
    pub defects: BTreeMap<String, BTreeMap<String, u64>>,
    /// How many rows were to be spoilt.
    pub defect_shares: Defects,
    /// Every parameter, in the units its documentation states.
    pub model: Model,
}

/// The true order of the drivers of each outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrueDrivers {
    /// Of the 0-10 answer; `effect` is answer points per score point, before rounding and the ends of the scale.
    pub recommend: Vec<TrueDriver>,
    /// Of buying again; `effect` is what a score point adds to the log of the purchase rate.
    pub repurchase: Vec<TrueDriver>,
    /// Of staying: `effect` is what a score point takes off the log-odds of leaving after a purchase.
    pub retention: Vec<TrueDriver>,
    /// Of referring, through lasting advocacy; `effect` is what a score point adds to the log of the referral rate.
    pub referral: Vec<TrueDriver>,
}

/// One driver's true effect. Touchpoints without any are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrueDriver {
    /// Its column.
    pub touchpoint: String,
    /// Its coefficient in the model's own units.
    pub coefficient: f64,
    /// Its effect per point of a score free of the occasion's deviation.
    pub effect: f64,
}

/// Answers with their score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoredAnswers {
    /// How many.
    pub n: u64,
    /// By class.
    #[serde(flatten)]
    pub answers: Answers,
    /// Net Promoter Score; `None` without answers.
    pub nps: Option<f64>,
}

/// One quarter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrueWave {
    /// As in `2026Q1`.
    pub wave: String,
    /// What those asked would have answered.
    pub invited: ScoredAnswers,
    /// What those who answered did answer.
    pub answered: ScoredAnswers,
}

impl From<Answers> for ScoredAnswers {
    fn from(answers: Answers) -> Self {
        Self { n: answers.n(), answers, nps: answers.nps() }
    }
}

impl Truth {
    /// The truth of a company whose blocks have been counted into `tally`.
    ///
    /// # Errors
    /// A setting out of range.
    pub fn of(company: &Company, tally: &Tally) -> Result<Self, CompanyError> {
        let world = company.world()?;
        let total = |part: fn(&super::tally::WaveTally) -> Answers| {
            let mut total = Answers::default();
            tally.waves.iter().for_each(|wave| total.append(part(wave)));
            ScoredAnswers::from(total)
        };
        Ok(Self {
            format_version: TRUTH_FORMAT_VERSION,
            customers: company.customers,
            seed: company.seed,
            as_of: company.as_of,
            history_from: world.history_from.day(),
            drivers: true_drivers(&world),
            noise_touchpoints: noise_touchpoints(&company.model),
            population: tally.population.into(),
            invited: total(|wave| wave.invited),
            answered: total(|wave| wave.answered),
            waves: tally
                .waves
                .iter()
                .map(|wave| TrueWave {
                    wave: wave.wave.to_string(),
                    invited: wave.invited.into(),
                    answered: wave.answered.into(),
                })
                .collect(),
            n_left: tally.n_left,
            top_influencers: tally.influencers.clone(),
            defects: tally
                .defects
                .iter()
                .map(|(&file, kinds)| {
                    (file.to_owned(), kinds.iter().map(|(&kind, &count)| (kind.to_owned(), count)).collect())
                })
                .collect(),
            defect_shares: company.defects,
            model: company.model.clone(),
        })
    }
}

fn true_drivers(world: &World) -> TrueDrivers {
    let model = world.model();
    let per_point = 1.0 / model.experience.score_spread;
    let answer_points = model.recommend.spread / world.occasion_advocacy_sd;
    let referral_pull = model.referral.advocacy / world.lasting_advocacy_sd.max(1e-12);
    let weights = &model.recommend.weights;
    TrueDrivers {
        recommend: ordered(weights, answer_points * per_point),
        repurchase: ordered(&model.purchase.rate_effects, per_point),
        retention: ordered(&model.purchase.dropout_effects, -per_point),
        referral: ordered(weights, referral_pull * per_point),
    }
}

/// The touchpoints with a coefficient, the largest in size first, equal ones in the order of the columns.
fn ordered(coefficients: &[f64; N_TOUCHPOINTS], effect_per_coefficient: f64) -> Vec<TrueDriver> {
    let mut drivers: Vec<TrueDriver> = TOUCHPOINTS
        .iter()
        .zip(coefficients)
        .filter(|(_, coefficient)| coefficient.abs() > 0.0)
        .map(|(&touchpoint, &coefficient)| TrueDriver {
            touchpoint: touchpoint.to_owned(),
            coefficient,
            effect: coefficient * effect_per_coefficient,
        })
        .collect();
    drivers.sort_by(|left, right| right.coefficient.abs().total_cmp(&left.coefficient.abs()));
    drivers
}

fn noise_touchpoints(model: &Model) -> Vec<String> {
    let drives = |touchpoint: usize| {
        [&model.recommend.weights, &model.purchase.rate_effects, &model.purchase.dropout_effects]
            .iter()
            .any(|effects| effects[touchpoint].abs() > 0.0)
    };
    (0..N_TOUCHPOINTS)
        .filter(|&touchpoint| !drives(touchpoint))
        .map(|touchpoint| TOUCHPOINTS[touchpoint].to_owned())
        .collect()
}
