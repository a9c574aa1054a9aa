//! A scenario: what changes where scores are raised, with its uncertainty.

use super::lever::{Bounds, Lever, LeverRaise, Raise};
use super::outcome::{Measure, ModelledOutcome, Placed, Response};
use crate::data::{Observations, WeightKind, Weights};
use crate::drivers::ActionError;
use crate::drivers::analysis::Base;
use crate::drivers::estimate::{Estimate, unmade};
use crate::drivers::units::Units;
use crate::estimators::{Count, CountDistribution, Family, FittedModel, Logit, Ols, Ordinal};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::Confidence;
use ndarray::ArrayView1;
use rayon::prelude::*;
use serde::Serialize;

/// The random streams of the bootstrap.
const PURPOSE: &str = "what if bootstrap";

/// Settings of a what-if analysis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WhatIf {
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Bootstrap replicates, each with its model fitted again; 0 for none.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for WhatIf {
    fn default() -> Self {
        Self { confidence: Confidence::default(), replicates: 0, seed: 1 }
    }
}

/// What a scenario changes in one outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeChange {
    /// The outcome.
    pub outcome: String,
    /// The model's family.
    pub family: Family,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight.
    pub n_used: usize,
    /// Level of the intervals.
    pub confidence: Confidence,
    /// Bootstrap replicates that allowed a fit.
    pub n_replicates: usize,
    /// What happened to the scores.
    pub levers: Vec<LeverChange>,
    /// One row a measure.
    pub measures: Vec<MeasureChange>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// What a scenario does to the scores of one lever.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeverChange {
    /// The lever.
    pub lever: String,
    /// What was asked.
    pub raise: Raise,
    /// The highest score seen, beyond which none is raised.
    pub highest_seen: f64,
    /// Weighted mean score before, of the rows that have one.
    pub mean_before: f64,
    /// Weighted mean score after, of the rows that have one.
    pub mean_after: f64,
    /// Weighted share of rows that moved, 0-1.
    pub share_moved: f64,
}

/// What a scenario changes in one measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeasureChange {
    /// The measure.
    pub measure: Measure,
    /// What the model expects of the rows as they are.
    pub before: f64,
    /// What it expects after the raise.
    pub after: f64,
    /// After less before.
    pub change: f64,
    /// The change with its error by the delta method, from the covariance of the coefficients and the scatter of the rows;
    /// `None` for a model without a covariance, and for the answers of a single customer.
    pub interval: Option<Estimate>,
    /// The change with its error and percentiles over customers drawn anew, each sample with its own fit.
    pub bootstrap: Option<Estimate>,
}

/// A scenario for the columns of one design.
pub(super) struct Scenario {
    moves: Vec<Move>,
}

struct Move {
    column: usize,
    name: String,
    bounds: Bounds,
    raise: Raise,
}

impl Scenario {
    /// # Errors
    /// A raise that is no number; a lever that is not in the list; a score off its scale.
    pub fn of(outcome: ModelledOutcome, levers: &[Lever], raises: &[LeverRaise]) -> Result<Self, ActionError> {
        let mut moves = Vec::new();
        for own in raises {
            own.raise.check()?;
            let n_columns = levers.len();
            let lever = levers.get(own.lever).ok_or(ActionError::NoSuchColumn { column: own.lever, n_columns })?;
            if let Some(column) = outcome.observations.design().position(&lever.name) {
                let (name, bounds) = (lever.name.clone(), Bounds::of(outcome, lever, column)?);
                moves.push(Move { column, name, bounds, raise: own.raise });
            }
        }
        Ok(Self { moves })
    }

    /// Moves the scores of a row, whose values stand in the order of the columns; where there is no score nothing moves.
    fn apply(&self, placed: &Placed, row: usize, values: &mut [f64]) {
        for own in self.moves.iter().filter(|own| placed.outcome.is_scored(&own.name, row)) {
            if let Some(at) = placed.columns.iter().position(|&column| column == own.column) {
                values[at] = own.bounds.moved(values[at], own.raise);
            }
        }
    }
}

/// A measure before and after, with the derivatives of the change by the parameters.
struct Moved {
    before: f64,
    after: f64,
    gradient: Vec<f64>,
    /// After less before, row by row.
    by_row: Vec<f64>,
}

impl WhatIf {
    /// Raises the levers together and gives what each outcome's model then expects.
    ///
    /// Scores move within the part of their scale that was seen; one at the bound stays, and so does a row without a score. The change of a measure is the
    /// weighted mean, over the model's own rows, of the expectation after less that before. Its interval is by the delta
    /// method with the normal distribution: `var = J C J' + V`. `C` is the covariance of the coefficients and `J` the
    /// derivative of the change by them; `V` is the variance of a mean of the rows' own changes, by customer where there are
    /// clusters, since other customers would have other room to rise. The two add up because the scores of a model whose
    /// expectations are right have mean zero whatever the columns, so that they go with nothing that the columns give. With
    /// replicates, customers are drawn anew and the model fitted again, which needs no such thing.
    ///
    /// # Errors
    /// No outcome or no raise; a lever that no outcome has a column for; a term that the rows have no column for; a score
    /// off its scale.
    ///
    /// # References
    /// Oehlert (1992), "A note on the delta method", The American Statistician 46(1); Newey and McFadden (1994), "Large sample
    /// estimation and hypothesis testing", Handbook of Econometrics 4, section 6, for means that follow an estimate.
    pub fn changes(
        &self,
        outcomes: &[ModelledOutcome],
        levers: &[Lever],
        raises: &[LeverRaise],
    ) -> Result<Vec<OutcomeChange>, ActionError> {
        if raises.is_empty() {
            return Err(ActionError::NoDriver);
        }
        for own in raises {
            let n_columns = levers.len();
            let lever = levers.get(own.lever).ok_or(ActionError::NoSuchColumn { column: own.lever, n_columns })?;
            if !outcomes.iter().any(|outcome| outcome.observations.design().position(&lever.name).is_some()) {
                return Err(ActionError::UnknownColumn { column: lever.name.clone() });
            }
        }
        outcomes.iter().map(|outcome| self.change(*outcome, levers, raises)).collect()
    }

    pub(super) fn change(
        &self,
        outcome: ModelledOutcome,
        levers: &[Lever],
        raises: &[LeverRaise],
    ) -> Result<OutcomeChange, ActionError> {
        let placed = Placed::of(outcome)?;
        let ModelledOutcome { model, observations, levels: meaning, .. } = outcome;
        let scenario = Scenario::of(outcome, levers, raises)?;
        let measures = Measure::of_model(model, meaning);
        let replicates = self.replicates(&outcome, &scenario, &measures);
        let units = Units::of(observations);
        let mut rows = Vec::new();
        for (at, &measure) in measures.iter().enumerate() {
            let moved = moved(&placed, &scenario, measure)?;
            let change = moved.after - moved.before;
            let of_rows = units.mean(|row| moved.by_row[row]).std_error;
            let std_error =
                std_error(model, &moved.gradient).map(|of_model| of_model.hypot(of_rows)).filter(|own| own.is_finite());
            let drawn = replicates.iter().map(|changes| changes[at]).collect();
            rows.push(MeasureChange {
                measure,
                before: moved.before,
                after: moved.after,
                change,
                interval: std_error.map(|error| Estimate::symmetric(change, error, self.confidence.z())),
                bootstrap: Estimate::of_replicates(change, drawn, self.confidence),
            });
        }
        Ok(OutcomeChange {
            outcome: model.outcome().to_owned(),
            family: model.family(),
            n_rows: observations.n_rows(),
            n_used: Base::of(observations).n_used,
            confidence: self.confidence,
            n_replicates: replicates.len(),
            levers: raises
                .iter()
                .filter_map(|own| lever_change(&placed, &scenario, &levers[own.lever], own.raise))
                .collect(),
            measures: rows,
            findings: self.findings(&placed, levers, raises, replicates.len()),
        })
    }

    /// Every replicate's changes, by measure.
    fn replicates(&self, outcome: &ModelledOutcome, scenario: &Scenario, measures: &[Measure]) -> Vec<Vec<f64>> {
        let observations = outcome.observations;
        let resampler = observations.resampler(self.seed, PURPOSE);
        if self.replicates == 0 || resampler.is_single_cluster() {
            return Vec::new();
        }
        let family = outcome.model.family();
        let drawn: Vec<Option<Vec<f64>>> = (0..self.replicates)
            .into_par_iter()
            .map_init(
                || resampler.scratch(),
                |scratch, replicate| {
                    let weights =
                        Weights::new(WeightKind::Precision, resampler.draw(replicate, scratch).to_vec()).ok()?;
                    let sample = observations.clone().weighted(weights).ok()?;
                    let model = refitted(family, &sample)?;
                    let placed =
                        Placed::of(ModelledOutcome { model: &model, observations: &sample, ..*outcome }).ok()?;
                    let change = |&measure| {
                        let moved = moved(&placed, scenario, measure).ok()?;
                        Some(moved.after - moved.before)
                    };
                    measures.iter().map(change).collect()
                },
            )
            .collect();
        drawn.into_iter().flatten().collect()
    }

    fn findings(&self, placed: &Placed, levers: &[Lever], raises: &[LeverRaise], n_succeeded: usize) -> Vec<Finding> {
        let outcome = placed.outcome.model.outcome();
        let mut findings = Vec::new();
        for own in raises {
            let name = &levers[own.lever].name;
            if placed.slope_of(name).is_none() {
                let sentence = format!(
                    "The model of {outcome} has no coefficient for {name}, so raising it changes nothing here."
                );
                findings.push(Finding::new(FindingKind::NotEstimated, Severity::Warning, name, sentence));
            }
        }
        let single_cluster = placed.outcome.observations.resampler(self.seed, PURPOSE).is_single_cluster();
        findings.extend(unmade(outcome, self.replicates, n_succeeded, single_cluster));
        findings
    }
}

/// The same kind of model for a sample; counts by the Poisson model, which is right for expectations in any case.
fn refitted(family: Family, sample: &Observations) -> Option<FittedModel> {
    match family {
        Family::Linear => Ols::default().fit(sample).ok().map(|fit| fit.model().clone()),
        Family::Logistic => Logit::default().fit(sample).ok().map(|fit| fit.model().clone()),
        Family::Ordinal => Ordinal::default().fit(sample).ok().map(|fit| fit.model().clone()),
        Family::Count => Count { distribution: CountDistribution::Poisson, ..Count::default() }
            .fit(sample)
            .ok()
            .map(|fit| fit.model().clone()),
    }
}

fn moved(placed: &Placed, scenario: &Scenario, measure: Measure) -> Result<Moved, ActionError> {
    let model = placed.outcome.model;
    let response = Response::of(&placed.outcome, measure)?;
    let n_parameters = model.estimated().count();
    let by_row = vec![0.0; placed.outcome.observations.n_rows()];
    let mut moved = Moved { before: 0.0, after: 0.0, gradient: vec![0.0; n_parameters], by_row };
    let (mut values, mut own) = (Vec::new(), vec![0.0; placed.estimated.len()]);
    for (row, share) in placed.shares() {
        placed.fill(row, &mut values);
        for sign in [-1.0, 1.0] {
            if sign > 0.0 {
                scenario.apply(placed, row, &mut values);
            }
            let link = model.link_row(&values);
            let expected = response.at(link).value;
            *(if sign > 0.0 { &mut moved.after } else { &mut moved.before }) += share * expected;
            moved.by_row[row] += sign * expected;
            own.iter_mut().zip(&placed.estimated).for_each(|(own, &at)| *own = values[at]);
            response.add_gradient(link, &own, sign * share, &mut moved.gradient);
        }
    }
    Ok(moved)
}

/// `sqrt(J C J')`; `None` for a model without a covariance.
fn std_error(model: &FittedModel, gradient: &[f64]) -> Option<f64> {
    let covariance = model.covariance();
    if covariance.is_empty() {
        return None;
    }
    let gradient = ArrayView1::from(gradient);
    let image = covariance.iter().map(|row| ArrayView1::from(row).dot(&gradient));
    let variance: f64 = image.zip(gradient).map(|(image, own)| image * own).sum();
    Some(variance.max(0.0).sqrt())
}

fn lever_change(placed: &Placed, scenario: &Scenario, lever: &Lever, raise: Raise) -> Option<LeverChange> {
    let column = placed.outcome.observations.design().position(&lever.name)?;
    let own = scenario.moves.iter().find(|own| own.column == column)?;
    let scores = placed.outcome.observations.design().values();
    let (mut mean_before, mut mean_after, mut share_moved, mut share_scored) = (0.0, 0.0, 0.0, 0.0);
    for (row, share) in placed.shares().filter(|&(row, _)| placed.outcome.is_scored(&lever.name, row)) {
        let score = scores[[row, column]];
        share_scored += share;
        let after = own.bounds.moved(score, raise);
        mean_before += share * score;
        mean_after += share * after;
        share_moved += if (after - score).abs() > 0.0 { share } else { 0.0 };
    }
    let highest_seen = own.bounds.high;
    let [mean_before, mean_after] = [mean_before, mean_after].map(|sum| sum / share_scored);
    Some(LeverChange { lever: lever.name.clone(), raise, highest_seen, mean_before, mean_after, share_moved })
}
