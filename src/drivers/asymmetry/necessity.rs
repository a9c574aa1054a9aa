//! Necessary-condition analysis: without how much of a driver is a level of the outcome never seen.

use super::ceiling::{Ceiling, CeilingLine, Line, Peer, Requirement, Scope, peers, zone_of_steps};
use crate::data::Observations;
use crate::drivers::{ActionError, Scale};
use crate::findings::{Finding, FindingKind, Severity, thousands};
use crate::stats::random::stream;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

/// Effect sizes closer than this are one (absolute).
const SAME_EFFECT: f64 = 1e-12;

/// Settings of a necessary-condition analysis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Necessity {
    /// Permutations of the outcome for the p-values; 0 for none.
    pub permutations: usize,
    /// Seed of the permutations.
    pub seed: u64,
    /// Steps of the bottleneck table from 0 to 100 %, as in 10 for every ten percent.
    pub steps: usize,
    /// The outcome's own scale, where the scope is that instead of the range seen.
    pub outcome_scale: Option<Scale>,
}

impl Default for Necessity {
    fn default() -> Self {
        Self { permutations: 10_000, seed: 1, steps: 10, outcome_scale: None }
    }
}

/// A driver that may be necessary.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// The place of its column.
    pub column: usize,
    /// Its own scale, where the scope is that instead of the range seen.
    pub scale: Option<Scale>,
}

/// Necessity of every driver for one outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NecessityTable {
    /// The outcome.
    pub outcome: String,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight; each counts once.
    pub n_used: usize,
    /// Permutations behind the p-values.
    pub n_permutations: usize,
    /// One row a driver that varies, in the order given.
    pub drivers: Vec<NecessityRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One driver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NecessityRow {
    /// Its name.
    pub driver: String,
    /// The scope's area: the driver's range times the outcome's.
    pub scope: f64,
    /// The step function.
    pub ce_fdh: Ceiling,
    /// The line.
    pub cr_fdh: Ceiling,
    /// What every level of the outcome needs.
    pub bottleneck: Vec<BottleneckRow>,
}

/// What one level of the outcome needs of a driver.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BottleneckRow {
    /// The level in percent of the outcome's range.
    pub outcome_percent: f64,
    /// The level in the outcome's unit.
    pub outcome_level: f64,
    /// By the step function.
    pub ce_fdh: Requirement,
    /// By the line.
    pub cr_fdh: Requirement,
}

impl Necessity {
    /// Draws both ceilings over every driver and the outcome, with effect sizes `d` = empty zone / scope, permutation
    /// p-values and the bottleneck table.
    ///
    /// Rows with a weight count once each: a ceiling has no use for weights. A p-value is `(1 + r) / (1 + N)` with `r` of
    /// `N` permutations of the outcome reaching the observed effect. In the line every point on a corner counts, as in the
    /// R package NCA from version 3 on.
    ///
    /// # Errors
    /// No driver; columns that are not there; an outcome that never varies; a value off a scale that was given; no step.
    ///
    /// # References
    /// Dul (2016), "Necessary condition analysis (NCA): logic and methodology of 'necessary but not sufficient'
    /// causality", Organizational Research Methods 19(1); Dul, van der Laan and Kuik (2020), "A statistical significance
    /// test for necessary condition analysis", Organizational Research Methods 23(2).
    pub fn analyse(&self, observations: &Observations, drivers: &[Condition]) -> Result<NecessityTable, ActionError> {
        if drivers.is_empty() {
            return Err(ActionError::NoDriver);
        }
        if self.steps == 0 {
            return Err(ActionError::Setting { setting: "steps", value: 0.0, allowed: "at least 1" });
        }
        let n_columns = observations.design().n_features();
        if let Some(column) = drivers.iter().map(|driver| driver.column).max().filter(|&column| column >= n_columns) {
            return Err(ActionError::NoSuchColumn { column, n_columns });
        }
        let rows: Vec<usize> = (0..observations.n_rows()).filter(|&row| observations.weights().of(row) > 0.0).collect();
        let outcome = observations.outcome();
        let levels: Vec<f64> = rows.iter().map(|&row| outcome.values()[row]).collect();
        let (y_low, y_high) = range(outcome.name(), &rows, &levels, self.outcome_scale)?;
        if y_low >= y_high || constant(&levels) {
            return Err(ActionError::Constant { column: outcome.name().to_owned() });
        }
        let mut findings: Vec<Finding> = dependent(observations, &rows).into_iter().collect();
        let mut table = Vec::new();
        for driver in drivers {
            let column = observations.design().values();
            let scores: Vec<f64> = rows.iter().map(|&row| column[[row, driver.column]]).collect();
            let (x_low, x_high) = range(&driver.name, &rows, &scores, driver.scale)?;
            if constant(&scores) {
                let sentence = format!("{} never varies, so nothing can be necessary of it.", driver.name);
                findings.push(Finding::new(FindingKind::Constant, Severity::Warning, &driver.name, sentence));
                continue;
            }
            let scope = Scope { x_low, x_high, y_low, y_high };
            table.push(self.row(&driver.name, &Scatter::of(&scores, &levels), &scope));
        }
        Ok(NecessityTable {
            outcome: outcome.name().to_owned(),
            n_rows: observations.n_rows(),
            n_used: rows.len(),
            n_permutations: self.permutations,
            drivers: table,
            findings,
        })
    }

    fn row(&self, name: &str, scatter: &Scatter, scope: &Scope) -> NecessityRow {
        let corners = scatter.peers(&scatter.levels);
        let line = Line::through(&corners);
        let [steps_p, line_p] = self.p_values(name, scatter, scope, Effects::of(&corners, scope));
        let ceiling = |own, zone: f64, accuracy, line: Option<Line>, p_value| Ceiling {
            line: own,
            ceiling_zone: zone,
            effect_size: zone / scope.area(),
            accuracy,
            slope: line.map(|line| line.slope),
            intercept: line.map(|line| line.intercept),
            p_value,
        };
        let n_above = line.map_or(0, |line| {
            let points = scatter.scores.iter().zip(&scatter.levels);
            points.filter(|&(&x, &y)| line.lies_below(x, y, scope)).count()
        });
        let accuracy = 1.0 - n_above as f64 / scatter.levels.len() as f64;
        let zone = line.map_or(0.0, |line| line.zone(scope));
        let bottleneck = (0..=self.steps).map(|step| {
            let share = step as f64 / self.steps as f64;
            let level = scope.y_low + share * (scope.y_high - scope.y_low);
            BottleneckRow {
                outcome_percent: 100.0 * share,
                outcome_level: level,
                ce_fdh: Requirement::of_steps(&corners, scope, level),
                cr_fdh: Requirement::of_line(line, scope, level),
            }
        });
        NecessityRow {
            driver: name.to_owned(),
            scope: scope.area(),
            ce_fdh: ceiling(CeilingLine::CeFdh, zone_of_steps(&corners, scope), 1.0, None, steps_p),
            cr_fdh: ceiling(CeilingLine::CrFdh, zone, accuracy, line, line_p),
            bottleneck: bottleneck.collect(),
        }
    }

    /// p-values of the steps and of the line.
    fn p_values(&self, name: &str, scatter: &Scatter, scope: &Scope, own: Effects) -> [Option<f64>; 2] {
        if self.permutations == 0 {
            return [None, None];
        }
        // The driver's name is part of the seed, so that a driver's permutations do not hang on which others are asked.
        let seed = name.bytes().fold(self.seed, |seed, byte| seed.rotate_left(5) ^ u64::from(byte));
        let reached: Vec<[bool; 2]> = (0..self.permutations)
            .into_par_iter()
            .map_init(
                || scatter.levels.clone(),
                |levels, permutation| {
                    levels.copy_from_slice(&scatter.levels);
                    levels.shuffle(&mut stream(seed, "necessity permutation", permutation as u64));
                    let effects = Effects::of(&scatter.peers(levels), scope);
                    [effects.steps >= own.steps - SAME_EFFECT, effects.line >= own.line - SAME_EFFECT]
                },
            )
            .collect();
        [0, 1].map(|line| {
            let n_reached = reached.iter().filter(|reached| reached[line]).count();
            Some((n_reached + 1) as f64 / (self.permutations + 1) as f64)
        })
    }
}

/// Effect sizes of both ceilings.
struct Effects {
    steps: f64,
    line: f64,
}

impl Effects {
    fn of(corners: &[Peer], scope: &Scope) -> Self {
        let line = Line::through(corners).map_or(0.0, |line| line.zone(scope));
        Self { steps: zone_of_steps(corners, scope) / scope.area(), line: line / scope.area() }
    }
}

/// Points sorted by their score.
struct Scatter {
    scores: Vec<f64>,
    levels: Vec<f64>,
    /// Where each distinct score begins, and the end of the last.
    starts: Vec<usize>,
}

impl Scatter {
    fn of(scores: &[f64], levels: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&one, &other| scores[one].total_cmp(&scores[other]));
        let sorted: Vec<f64> = order.iter().map(|&row| scores[row]).collect();
        let begins = |place: usize| place == 0 || sorted[place] > sorted[place - 1];
        let mut starts: Vec<usize> = (0..sorted.len()).filter(|&place| begins(place)).collect();
        starts.push(sorted.len());
        Self { levels: order.iter().map(|&row| levels[row]).collect(), scores: sorted, starts }
    }

    /// The corners for some levels in the order of the points.
    fn peers(&self, levels: &[f64]) -> Vec<Peer> {
        peers(self.starts.windows(2).map(|ends| {
            let own = &levels[ends[0]..ends[1]];
            let top = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let n = own.iter().filter(|&&level| level >= top).count() as f64;
            Peer { x: self.scores[ends[0]], y: top, n }
        }))
    }
}

/// The ends of a scale that was given, which all values must be on, or else of the values.
fn range(name: &str, rows: &[usize], values: &[f64], scale: Option<Scale>) -> Result<(f64, f64), ActionError> {
    if let Some(scale) = scale {
        rows.iter().zip(values).try_for_each(|(&row, &value)| scale.check(name, row, value))?;
        return Ok((scale.low(), scale.high()));
    }
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    Ok(values.iter().fold(ends, |(low, high), &value| (low.min(value), high.max(value))))
}

fn constant(values: &[f64]) -> bool {
    values.iter().all(|value| (value - values[0]).abs() <= 0.0)
}

/// Several answers of one customer are not exchanged as freely as the permutations take them to be.
fn dependent(observations: &Observations, rows: &[usize]) -> Option<Finding> {
    let clusters = observations.clusters()?.keep(rows);
    (clusters.n_clusters() < rows.len()).then(|| {
        let outcome = observations.outcome().name();
        let sentence = format!(
            "{} answers are of {} customers; the permutations take answers as independent, so their p-values may be too small.",
            thousands(rows.len()),
            thousands(clusters.n_clusters())
        );
        Finding::new(FindingKind::Unreliable, Severity::Note, outcome, sentence)
            .number("n_answers", rows.len() as f64)
            .number("n_clusters", clusters.n_clusters() as f64)
    })
}
