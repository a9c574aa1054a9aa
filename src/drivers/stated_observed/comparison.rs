//! The same drivers for what customers say and for what they do, resampled together.

use super::concordance::Concordance;
use crate::data::{Clusters, DesignMatrix, Observations, Outcome, WeightKind, Weights};
use crate::drivers::analysis::{Driver, DriverAnalysis};
use crate::drivers::estimate::{Estimate, TestedEstimate, unmade};
use crate::drivers::importance::{Importance, own_weights};
use crate::drivers::{ActionError, DriverFamily, FitKind, Method};
use crate::findings::Finding;
use crate::stats::distributions::normal_two_sided;
use crate::stats::moments::standard_deviation;
use crate::stats::multiplicity::holm;
use crate::stats::{Confidence, Resampler};
use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What a finding on the whole comparison is about.
const ABOUT: &str = "stated and observed";

/// Settings of a comparison of stated and observed outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedObserved {
    /// The driver analysis: method, confidence, replicates and seed.
    pub analysis: DriverAnalysis,
    /// Permutations for the agreement of the rankings; 0 for none.
    pub permutations: usize,
}

impl Default for StatedObserved {
    fn default() -> Self {
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], ..DriverAnalysis::default() };
        Self { analysis, permutations: 10_000 }
    }
}

/// Whether customers said it or did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// An answer, such as how likely they are to recommend.
    Stated,
    /// Behaviour, such as a purchase.
    Observed,
}

impl Side {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Observed => "observed",
        }
    }
}

/// One outcome of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedOutcome {
    /// Its values, one per row; a row whose value is not known holds any legal one.
    pub outcome: Outcome,
    /// Whether each row's value is known; `None` where all are.
    pub known: Option<Vec<bool>>,
    /// Whether it was said or done.
    pub side: Side,
    /// The model whose fit is divided; beyond a handful of drivers a linear one is quick where others take long.
    pub family: DriverFamily,
    /// What is divided, for families other than linear.
    pub measure: FitKind,
}

/// Drivers of stated and observed outcomes side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatedObservedTable {
    /// The method behind the shares.
    pub method: Method,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Bootstrap replicates drawn.
    pub n_replicates: usize,
    /// The drivers.
    pub drivers: Vec<String>,
    /// Their shares for each outcome, in the order given.
    pub outcomes: Vec<OutcomeShares>,
    /// How far the rankings by outcome agree; `None` for a single outcome or driver, or where nothing ranks.
    pub concordance: Option<Concordance>,
    /// One row a stated outcome, observed outcome and driver.
    pub differences: Vec<DriverDifference>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Shares of the drivers for one outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeShares {
    /// The outcome.
    pub outcome: String,
    /// Whether it was said or done.
    pub side: Side,
    /// The model whose fit is divided.
    pub family: DriverFamily,
    /// Rows with a weight whose value is known.
    pub n_used: usize,
    /// What the drivers explain, in units of the fit measure.
    pub explained: f64,
    /// Shares, 0-1, in the order of the drivers.
    pub shares: Vec<f64>,
    /// Their bootstrap standard errors and percentiles.
    pub intervals: Vec<Option<Estimate>>,
}

/// A driver's share for what is said less that for what is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverDifference {
    /// The driver.
    pub driver: String,
    /// The stated outcome.
    pub stated: String,
    /// The observed outcome.
    pub observed: String,
    /// The share for the stated outcome less that for the observed one.
    pub difference: f64,
    /// Its bootstrap standard error, percentiles, and p-value by the normal distribution.
    pub interval: Option<TestedEstimate>,
    /// The p-value adjusted for all differences of the table (Holm); `None` without an error.
    pub p_adjusted: Option<f64>,
    /// Whether the driver weighs more in what is said than in what is done, beyond chance, although it is counted how many
    /// differences were looked at.
    pub said_not_done: bool,
}

impl StatedObserved {
    /// Ranks the drivers of every outcome on the rows whose value is known and compares the rankings.
    ///
    /// Every replicate draws customers (or rows) once for all outcomes, so that differences are of the same draw.
    ///
    /// # Errors
    /// No outcome; parts of different length; those of the driver analysis of an outcome.
    pub fn compare(
        &self,
        rows: &StatedObservedRows,
        outcomes: &[ComparedOutcome],
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<StatedObservedTable, ActionError> {
        if outcomes.is_empty() {
            return Err(ActionError::Count { what: "outcomes", n_found: 0, n_expected: 1 });
        }
        let parts = outcomes
            .iter()
            .map(|own| self.part(rows, own, drivers, always))
            .collect::<Result<Vec<Part>, ActionError>>()?;
        let replicates = self.replicates(rows, &parts);
        let confidence = self.analysis.confidence;
        let mut shares = Vec::new();
        for (at, (own, part)) in outcomes.iter().zip(&parts).enumerate() {
            let of_driver = |driver: usize| {
                let drawn = replicates.iter().map(|by_outcome| by_outcome[at][driver]).collect();
                Estimate::of_replicates(part.shares[driver], drawn, confidence)
            };
            shares.push(OutcomeShares {
                outcome: own.outcome.name().to_owned(),
                side: own.side,
                family: own.family,
                n_used: part.importance.ranking().n_used,
                explained: part.importance.ranking().decomposed,
                shares: part.shares.clone(),
                intervals: (0..drivers.len()).map(of_driver).collect(),
            });
        }
        Ok(StatedObservedTable {
            method: parts[0].importance.ranking().method,
            confidence,
            n_replicates: replicates.len(),
            drivers: drivers.iter().map(|driver| driver.name.clone()).collect(),
            concordance: self.concordance(&parts, &replicates),
            differences: self.differences(outcomes, &parts, &replicates, drivers),
            outcomes: shares,
            findings: unmade(ABOUT, self.analysis.replicates, replicates.len(), rows.resampler(0).is_single_cluster())
                .into_iter()
                .collect(),
        })
    }

    fn part(
        &self,
        rows: &StatedObservedRows,
        own: &ComparedOutcome,
        drivers: &[Driver],
        always: &[usize],
    ) -> Result<Part, ActionError> {
        let n_expected = rows.design.n_rows();
        if let Some(known) = own.known.as_ref().filter(|known| known.len() != n_expected) {
            return Err(ActionError::Count { what: "rows said to be known", n_found: known.len(), n_expected });
        }
        let known: Vec<f64> = match &own.known {
            Some(known) => known.iter().map(|&known| f64::from(u8::from(known))).collect(),
            None => vec![1.0; n_expected],
        };
        let observations = Observations::new(rows.design.clone(), own.outcome.clone())?;
        let weights = match (&own.known, rows.weights.kind()) {
            (None, _) => rows.weights.clone(),
            (Some(_), kind) => {
                let masked = (0..n_expected).map(|row| known[row] * rows.weights.of(row)).collect();
                Weights::new(kind.unwrap_or(WeightKind::Frequency), masked)?
            }
        };
        let mut observations = observations.weighted(weights)?;
        if let Some(clusters) = rows.clusters {
            observations = observations.clustered(clusters.clone())?;
        }
        let importance = Importance::of(&self.analysis, own.family, &observations, drivers, always, own.measure)?;
        let shares = importance.shares(&own_weights(&observations)).ok_or(ActionError::NoImportance)?;
        Ok(Part { importance, known, shares })
    }

    /// Shares by outcome and driver, of the replicates that allow a fit of every outcome.
    fn replicates(&self, rows: &StatedObservedRows, parts: &[Part]) -> Vec<Vec<Vec<f64>>> {
        let resampler = rows.resampler(self.analysis.seed);
        if resampler.is_single_cluster() {
            return Vec::new();
        }
        let drawn: Vec<Option<Vec<Vec<f64>>>> = (0..self.analysis.replicates)
            .into_par_iter()
            .map_init(
                || resampler.scratch(),
                |scratch, replicate| {
                    let weights = resampler.draw(replicate, scratch);
                    parts.iter().map(|part| part.importance.shares(&part.masked(weights))).collect()
                },
            )
            .collect();
        drawn.into_iter().flatten().collect()
    }

    fn concordance(&self, parts: &[Part], replicates: &[Vec<Vec<f64>>]) -> Option<Concordance> {
        let table = |by_outcome: &[&Vec<f64>]| {
            Array2::from_shape_fn((by_outcome.len(), by_outcome[0].len()), |(outcome, driver)| {
                by_outcome[outcome][driver]
            })
        };
        let own = table(&parts.iter().map(|part| &part.shares).collect::<Vec<_>>());
        let drawn: Vec<Array2<f64>> = replicates.iter().map(|own| table(&own.iter().collect::<Vec<_>>())).collect();
        let concordance = Concordance::of(own.view()).ok()?.permuted(own.view(), self.permutations, self.analysis.seed);
        Some(concordance.ok()?.resampled(drawn.iter().map(Array2::view), self.analysis.confidence))
    }

    fn differences(
        &self,
        outcomes: &[ComparedOutcome],
        parts: &[Part],
        replicates: &[Vec<Vec<f64>>],
        drivers: &[Driver],
    ) -> Vec<DriverDifference> {
        let of_side = |side: Side| (0..outcomes.len()).filter(move |&at| outcomes[at].side == side);
        let pairs =
            of_side(Side::Stated).flat_map(|stated| of_side(Side::Observed).map(move |observed| (stated, observed)));
        let of_pair = |(stated, observed): (usize, usize)| {
            drivers.iter().enumerate().map(move |(driver, own)| {
                let difference = parts[stated].shares[driver] - parts[observed].shares[driver];
                let drawn: Vec<f64> =
                    replicates.iter().map(|own| own[stated][driver] - own[observed][driver]).collect();
                let std_error = standard_deviation(&drawn);
                let interval = Estimate::of_replicates(difference, drawn, self.analysis.confidence);
                let interval = interval.zip(std_error).map(|(estimate, error)| TestedEstimate {
                    estimate,
                    p_value: normal_two_sided(difference / error),
                });
                DriverDifference {
                    driver: own.name.clone(),
                    stated: outcomes[stated].outcome.name().to_owned(),
                    observed: outcomes[observed].outcome.name().to_owned(),
                    difference,
                    interval,
                    p_adjusted: None,
                    said_not_done: false,
                }
            })
        };
        let mut rows: Vec<DriverDifference> = pairs.flat_map(of_pair).collect();
        let p_values: Vec<f64> = rows.iter().map(|row| row.interval.map_or(f64::NAN, |own| own.p_value)).collect();
        for (row, adjusted) in rows.iter_mut().zip(holm(&p_values)).filter(|(_, adjusted)| !adjusted.is_nan()) {
            row.p_adjusted = Some(adjusted);
            row.said_not_done = row.difference > 0.0 && adjusted < 1.0 - self.analysis.confidence.level();
        }
        rows
    }
}

/// The rows behind all outcomes.
#[derive(Debug, Clone, Copy)]
pub struct StatedObservedRows<'a> {
    /// The drivers' columns, and those always in.
    pub design: &'a DesignMatrix,
    /// The rows' weights.
    pub weights: &'a Weights,
    /// The rows' customers.
    pub clusters: Option<&'a Clusters>,
}

impl StatedObservedRows<'_> {
    fn resampler(&self, seed: u64) -> Resampler<'_> {
        self.weights.resampler(self.design.n_rows(), self.clusters, seed, "drivers bootstrap")
    }
}

/// One outcome's drivers.
struct Part {
    importance: Importance,
    /// 1 where the outcome is known.
    known: Vec<f64>,
    shares: Vec<f64>,
}

impl Part {
    fn masked(&self, weights: &[f64]) -> Vec<f64> {
        weights.iter().zip(&self.known).map(|(weight, known)| weight * known).collect()
    }
}
