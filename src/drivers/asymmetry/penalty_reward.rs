//! Penalty-reward contrast analysis: low and high scores of every driver against its middle ones.

use super::contrast::{combination, fit};
use super::cuts::{Category, CutPoints, Cuts};
use crate::data::WeightKind;
use crate::data::{DesignMatrix, Observations};
use crate::drivers::analysis::Base;
use crate::drivers::importance::own_weights;
use crate::drivers::{ActionError, TestedEstimate};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::{Confidence, SecondMoments};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

/// Settings of a penalty-reward contrast analysis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PenaltyReward {
    /// An effect whose interval lies within this many standard deviations of the outcome around zero is negligible.
    pub negligible_deviations: f64,
    /// With fewer answers in a category nothing is decided.
    pub category_min: usize,
    /// The outcome is a loss, such as leaving: low scores cost where it is more, and high ones bring where it is less.
    pub is_loss: bool,
    /// Level of the intervals.
    pub confidence: Confidence,
}

impl Default for PenaltyReward {
    fn default() -> Self {
        Self { negligible_deviations: 0.2, category_min: 10, is_loss: false, confidence: Confidence::default() }
    }
}

/// A driver whose scores are cut into three categories.
#[derive(Debug, Clone, PartialEq)]
pub struct RatedDriver {
    /// Its name.
    pub name: String,
    /// The place of its column.
    pub column: usize,
    /// How it is cut.
    pub cuts: Cuts,
}

/// What a driver is, by what low scores cost and high scores bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AsymmetryClass {
    /// Low scores cost, high ones bring nothing: taken for granted.
    Basic,
    /// Low scores cost and high ones bring.
    Performance,
    /// High scores bring, low ones cost nothing: a delight.
    Excitement,
    /// Neither matters.
    Indifferent,
    /// The intervals do not say.
    Undecided,
}

impl AsymmetryClass {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Performance => "performance",
            Self::Excitement => "excitement",
            Self::Indifferent => "indifferent",
            Self::Undecided => "undecided",
        }
    }
}

/// Penalty and reward of every driver, from one model of all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AsymmetryTable {
    /// The outcome.
    pub outcome: String,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    /// Clusters behind the standard errors.
    pub n_clusters: Option<usize>,
    /// R squared of the model.
    pub r_squared: Option<f64>,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Effects within this of zero are negligible, in the outcome's unit.
    pub negligible: f64,
    /// One row a driver, in the order given.
    pub drivers: Vec<AsymmetryRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One driver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AsymmetryRow {
    /// Its name.
    pub driver: String,
    /// The cut between low and middle.
    pub low_cut: f64,
    /// The cut between middle and high.
    pub high_cut: f64,
    /// Answers in the low category.
    pub n_low: usize,
    /// Answers in the middle category.
    pub n_middle: usize,
    /// Answers in the high category.
    pub n_high: usize,
    /// What low scores cost: the outcome at middle less that at low scores, other drivers held; of a loss the other way round.
    pub penalty: Option<TestedEstimate>,
    /// What high scores bring: the outcome at high less that at middle scores, other drivers held; of a loss the other way round.
    pub reward: Option<TestedEstimate>,
    /// Penalty less reward.
    pub asymmetry: Option<TestedEstimate>,
    /// What the driver is.
    pub class: AsymmetryClass,
}

/// What an interval says of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Matters,
    Negligible,
    Nothing,
}

impl PenaltyReward {
    /// Regresses the outcome on two columns a driver, low and high against the middle, and the `always` columns as they
    /// are; standard errors are by customer where there are clusters, else HC1.
    ///
    /// An effect matters where its interval lies above zero and not wholly within the negligible range, and is negligible
    /// where it lies wholly within. A driver whose penalty and reward both matter is `performance`. One whose penalty
    /// matters is `basic` where the reward is negligible, or where the penalty is clearly the larger and the reward does
    /// not matter; `excitement` is the mirror of that. Both negligible is `indifferent`; all else is undecided. A 0/1
    /// outcome is read as a linear probability.
    ///
    /// # Errors
    /// No driver; columns that are not there; cuts out of order; those of [`Ols::fit`](crate::estimators::Ols::fit).
    ///
    /// # References
    /// Brandt (1987), "A procedure for identifying value-enhancing service components using customer satisfaction survey
    /// data", AMA Services Conference; Mikulić and Prebežac (2008), "Prioritizing improvement of service attributes using
    /// impact range-performance analysis and impact-asymmetry analysis", Managing Service Quality 18(6).
    pub fn contrast(
        &self,
        observations: &Observations,
        drivers: &[RatedDriver],
        always: &[usize],
    ) -> Result<AsymmetryTable, ActionError> {
        if drivers.is_empty() {
            return Err(ActionError::NoDriver);
        }
        let n_columns = observations.design().n_features();
        let places = drivers.iter().map(|driver| driver.column).chain(always.iter().copied());
        if let Some(column) = places.max().filter(|&column| column >= n_columns) {
            return Err(ActionError::NoSuchColumn { column, n_columns });
        }
        let weights = own_weights(observations);
        let cut: Vec<Cut> =
            drivers.iter().map(|driver| Cut::of(observations, driver, &weights)).collect::<Result<_, _>>()?;
        let model = observations.with_design(design(observations, drivers, &cut, always)?)?;
        let fit = fit(&model, self.confidence)?;
        let outcome = observations.outcome();
        let spread = SecondMoments::of_rows(outcome.values().insert_axis(Axis(1)), observations.weights().values());
        let deviation = spread.scale(0) / spread.weight_sum.sqrt();
        let negligible = self.negligible_deviations * deviation;
        let mut findings = Vec::new();
        let rows = drivers.iter().zip(&cut).map(|(driver, cut)| {
            let of = |terms: &[(&str, f64)]| combination(&fit, terms, self.confidence);
            let (low, high) = (low_name(driver), high_name(driver));
            let gain = if self.is_loss { -1.0 } else { 1.0 };
            // Without a middle there is nothing to hold the others against.
            let whole = cut.n_middle > 0;
            let penalty = of(&[(&low, -gain)]).filter(|_| whole);
            let reward = of(&[(&high, gain)]).filter(|_| whole);
            let asymmetry = of(&[(&low, -gain), (&high, -gain)]).filter(|_| whole);
            let enough = [cut.n_low, cut.n_middle, cut.n_high].iter().all(|&n| n >= self.category_min.max(1));
            findings.extend(self.small(driver, cut).filter(|_| !enough));
            findings.extend(reversed(driver, penalty, reward));
            let class = if enough { class(penalty, reward, asymmetry, negligible) } else { AsymmetryClass::Undecided };
            AsymmetryRow {
                driver: driver.name.clone(),
                low_cut: cut.points.low_at_most,
                high_cut: cut.points.high_at_least,
                n_low: cut.n_low,
                n_middle: cut.n_middle,
                n_high: cut.n_high,
                penalty,
                reward,
                asymmetry,
                class,
            }
        });
        let rows = rows.collect();
        findings.extend(fit.findings().iter().filter(|own| own.kind != FindingKind::Constant).cloned());
        Ok(AsymmetryTable {
            outcome: outcome.name().to_owned(),
            n_rows: observations.n_rows(),
            n_used: Base::of(observations).n_used,
            n_clusters: fit.summary().n_clusters,
            r_squared: fit.summary().r_squared,
            confidence: self.confidence,
            negligible,
            drivers: rows,
            findings,
        })
    }

    fn small(&self, driver: &RatedDriver, cut: &Cut) -> Option<Finding> {
        let (name, least) = (&driver.name, self.category_min);
        let sentence = format!(
            "{name} has {} low, {} middle and {} high answers; with fewer than {least} in one of them its class is not decided.",
            cut.n_low, cut.n_middle, cut.n_high
        );
        let finding = Finding::new(FindingKind::SmallBase, Severity::Warning, name, sentence);
        Some(
            finding
                .number("n_low", cut.n_low as f64)
                .number("n_middle", cut.n_middle as f64)
                .number("n_high", cut.n_high as f64),
        )
    }
}

/// A driver's cut points and how many answers are in each category.
struct Cut {
    points: CutPoints,
    n_low: usize,
    n_middle: usize,
    n_high: usize,
}

impl Cut {
    fn of(observations: &Observations, driver: &RatedDriver, weights: &[f64]) -> Result<Self, ActionError> {
        let scores = observations.design().values();
        let scores = scores.column(driver.column);
        let points = driver.cuts.points(scores, weights)?;
        let repeated = observations.weights().kind() == Some(WeightKind::Frequency);
        let stands_for = |row: usize| if repeated { weights[row] as usize } else { usize::from(weights[row] > 0.0) };
        let mut counts = [0_usize; 3];
        for (row, &score) in scores.iter().enumerate() {
            counts[points.category(score) as usize] += stands_for(row);
        }
        let [n_low, n_middle, n_high] = counts;
        Ok(Self { points, n_low, n_middle, n_high })
    }
}

fn low_name(driver: &RatedDriver) -> String {
    format!("{}: low", driver.name)
}

fn high_name(driver: &RatedDriver) -> String {
    format!("{}: high", driver.name)
}

/// Columns of 0 and 1 for low and high scores, then those always in the model.
fn design(
    observations: &Observations,
    drivers: &[RatedDriver],
    cut: &[Cut],
    always: &[usize],
) -> Result<DesignMatrix, ActionError> {
    let own = observations.design();
    let mut names: Vec<String> = drivers.iter().flat_map(|driver| [low_name(driver), high_name(driver)]).collect();
    names.extend(always.iter().map(|&column| own.names()[column].clone()));
    let values = Array2::from_shape_fn((observations.n_rows(), names.len()), |(row, place)| {
        let (driver, high) = (place / 2, place % 2 == 1);
        match drivers.get(driver) {
            Some(rated) => {
                let category = cut[driver].points.category(own.values()[[row, rated.column]]);
                f64::from(u8::from(category == if high { Category::High } else { Category::Low }))
            }
            None => own.values()[[row, always[place - 2 * drivers.len()]]],
        }
    });
    Ok(DesignMatrix::new(names, values)?)
}

fn says(effect: Option<TestedEstimate>, negligible: f64) -> Says {
    match effect.map(|own| own.estimate) {
        Some(own) if own.conf_low > -negligible && own.conf_high < negligible => Says::Negligible,
        Some(own) if own.conf_low > 0.0 => Says::Matters,
        _ => Says::Nothing,
    }
}

fn class(
    penalty: Option<TestedEstimate>,
    reward: Option<TestedEstimate>,
    asymmetry: Option<TestedEstimate>,
    negligible: f64,
) -> AsymmetryClass {
    let larger_penalty = asymmetry.is_some_and(|own| own.estimate.conf_low > 0.0);
    let larger_reward = asymmetry.is_some_and(|own| own.estimate.conf_high < 0.0);
    match (says(penalty, negligible), says(reward, negligible)) {
        (Says::Matters, Says::Matters) => AsymmetryClass::Performance,
        (Says::Matters, Says::Negligible) => AsymmetryClass::Basic,
        (Says::Matters, Says::Nothing) if larger_penalty => AsymmetryClass::Basic,
        (Says::Negligible, Says::Matters) => AsymmetryClass::Excitement,
        (Says::Nothing, Says::Matters) if larger_reward => AsymmetryClass::Excitement,
        (Says::Negligible, Says::Negligible) => AsymmetryClass::Indifferent,
        _ => AsymmetryClass::Undecided,
    }
}

/// A low score that goes with more of the outcome than a middle one, or a high score with less, beyond chance.
fn reversed(driver: &RatedDriver, penalty: Option<TestedEstimate>, reward: Option<TestedEstimate>) -> Option<Finding> {
    let below = |own: Option<TestedEstimate>| own.is_some_and(|own| own.estimate.conf_high < 0.0);
    (below(penalty) || below(reward)).then(|| {
        let name = &driver.name;
        let sentence = format!(
            "Beside the other drivers {name} goes the wrong way between two of its categories; its class says little."
        );
        let effect = |own: Option<TestedEstimate>| own.map_or(f64::NAN, |own| own.estimate.estimate);
        Finding::new(FindingKind::Suppressor, Severity::Note, name, sentence)
            .number("penalty", effect(penalty))
            .number("reward", effect(reward))
    })
}
