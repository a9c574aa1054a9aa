//! The four actions, decided only where importance and performance, resampled together, clear both lines.

use super::Touchpoint;
use super::levels::{Levels, in_top_box, levels};
use crate::data::Observations;
use crate::drivers::analysis::Base;
use crate::drivers::estimate::{Estimate, unmade};
use crate::drivers::importance::{own_weights, shares_of};
use crate::drivers::{ActionError, bootstrap};
use crate::findings::Finding;
use crate::stats::Confidence;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A distance from a line below this counts as none (absolute, importance 0-1 and performance over its full range).
const ON_THE_LINE: f64 = 1e-12;

/// Settings of a chart of importance and performance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImportancePerformance {
    /// Level of the intervals, and the probability from which a quadrant is decided.
    pub confidence: Confidence,
    /// What stands for performance in the quadrants.
    pub measure: PerformanceMeasure,
    /// Where high importance begins; a given line is a share, 0-1.
    pub importance_line: Line,
    /// Where high performance begins; a given line is on 0-100 for the mean and 0-1 for the top box.
    pub performance_line: Line,
    /// Bootstrap replicates; without any nothing is decided.
    pub replicates: usize,
    /// Seed of the bootstrap; the same seed as a ranking's draws the same customers.
    pub seed: u64,
}

impl Default for ImportancePerformance {
    fn default() -> Self {
        Self {
            confidence: Confidence::default(),
            measure: PerformanceMeasure::Mean,
            importance_line: Line::Mean,
            performance_line: Line::Mean,
            replicates: 1000,
            seed: 1,
        }
    }
}

/// What stands for performance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerformanceMeasure {
    /// The mean score on the scale's own 0-100.
    Mean,
    /// The share in the top box.
    TopBox,
}

impl PerformanceMeasure {
    /// What a score counts for.
    pub(super) fn of(self, touchpoint: &Touchpoint, score: f64) -> f64 {
        match self {
            Self::Mean => touchpoint.scale.percent(score),
            Self::TopBox => in_top_box(touchpoint, score),
        }
    }
}

/// A line between low and high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line {
    /// The mean over the touchpoints, found anew in every replicate.
    Mean,
    /// A given place.
    At(f64),
}

/// What to do about a touchpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// High importance, low performance ("concentrate here").
    Improve,
    /// High importance, high performance ("keep up the good work").
    Maintain,
    /// Low importance, high performance ("possible overkill").
    Monitor,
    /// Low importance, low performance ("low priority").
    LowerPriority,
    /// The sample does not say which.
    Undecided,
}

impl Action {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Improve => "improve",
            Self::Maintain => "maintain",
            Self::Monitor => "monitor",
            Self::LowerPriority => "lower_priority",
            Self::Undecided => "undecided",
        }
    }
}

/// Touchpoints by importance and performance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionChart {
    /// The outcome that importance is for.
    pub outcome: String,
    /// Rows given.
    pub n_rows: usize,
    /// Rows with a positive weight that importance rests on.
    pub n_used: usize,
    /// Groups of rows, such as customers, drawn together by the bootstrap.
    pub n_clusters: Option<usize>,
    /// Level of the intervals and of the decisions.
    pub confidence: Confidence,
    /// What stands for performance in the quadrants.
    pub measure: PerformanceMeasure,
    /// Where high importance begins, a share.
    pub importance_line: f64,
    /// Where high performance begins, in the unit of the measure.
    pub performance_line: f64,
    /// Replicates that succeeded.
    pub n_replicates: usize,
    /// One row a touchpoint, in the order given.
    pub touchpoints: Vec<ActionRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One touchpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionRow {
    /// Its name.
    pub touchpoint: String,
    /// Its share of what the drivers explain, 0-1.
    pub importance: f64,
    /// The share's bootstrap standard error and percentiles.
    pub importance_interval: Option<Estimate>,
    /// Rows with a positive weight that score it, on which its performance rests.
    pub n_used: usize,
    /// Its mean score on the scale's own 0-100.
    pub performance: Estimate,
    /// The share of its scores in the top box, 0-1.
    pub top_box: Estimate,
    /// Where the estimates themselves stand.
    pub quadrant: Action,
    /// The quadrant where its probability reaches the confidence, else undecided.
    pub action: Action,
    /// The share of replicates in each quadrant.
    pub probabilities: Option<QuadrantProbabilities>,
}

/// The share of replicates, 0-1, that put a touchpoint into each quadrant; what lies on a line is in none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct QuadrantProbabilities {
    /// High importance, low performance.
    pub improve: f64,
    /// High importance, high performance.
    pub maintain: f64,
    /// Low importance, high performance.
    pub monitor: f64,
    /// Low importance, low performance.
    pub lower_priority: f64,
}

/// Shares of importance and performance in the measure's unit, by touchpoint.
pub(super) struct Place {
    pub importance: Vec<f64>,
    pub performance: Vec<f64>,
}

/// Where the touchpoints are by the whole sample and in each replicate.
pub(super) struct Places {
    pub own: Place,
    pub replicates: Vec<Place>,
}

/// What is known of a touchpoint beside its place.
pub(super) struct ScoredTouchpoint {
    pub name: String,
    /// Answers that score it.
    pub n_used: usize,
    pub levels: Levels,
    /// Its share of importance in each replicate.
    pub drawn_importance: Vec<f64>,
}

impl ImportancePerformance {
    /// Charts the touchpoints by contributions that `importance` gives for one weight per row; `None` where these allow
    /// none.
    ///
    /// Every replicate draws customers (or rows) and finds importance, performance and the mean lines of the same
    /// draw. A quadrant is decided where the share of replicates in it is at least the confidence: importance and
    /// performance clear their lines together.
    ///
    /// # Errors
    /// No touchpoint; a score off its scale; fewer than two customers; a whole sample without importance.
    pub fn chart_by(
        &self,
        observations: &Observations,
        touchpoints: &[Touchpoint],
        importance: impl Fn(&[f64]) -> Option<Vec<f64>> + Sync,
    ) -> Result<ActionChart, ActionError> {
        if touchpoints.is_empty() {
            return Err(ActionError::NoDriver);
        }
        let levels = levels(observations, touchpoints, self.confidence)?;
        let place = |weights: &[f64]| -> Option<Place> {
            let importance = shares_of(&importance(weights)?)?;
            Some(Place { importance, performance: self.performance(observations, touchpoints, weights) })
        };
        let own = place(&own_weights(observations)).ok_or(ActionError::NoImportance)?;
        if own.importance.len() != touchpoints.len() {
            let (n_found, n_expected) = (own.importance.len(), touchpoints.len());
            return Err(ActionError::Count { what: "contributions by driver", n_found, n_expected });
        }
        let mut replicates = self.replicates(observations, place);
        replicates.retain(|replicate| replicate.importance.len() == touchpoints.len());
        let shares = |at: usize| replicates.iter().map(|replicate| replicate.importance[at]).collect();
        let base = Base::of(observations);
        let scored =
            levels.into_iter().zip(touchpoints).enumerate().map(|(at, (levels, touchpoint))| ScoredTouchpoint {
                name: touchpoint.name.clone(),
                n_used: base.n_used,
                levels,
                drawn_importance: shares(at),
            });
        let scored = scored.collect();
        let findings = unmade(&base.outcome, self.replicates, replicates.len(), false).into_iter().collect();
        Ok(self.assembled(base, scored, &Places { own, replicates }, findings))
    }

    /// The chart of what was found of each touchpoint, in the order of the places.
    pub(super) fn assembled(
        &self,
        base: Base,
        scored: Vec<ScoredTouchpoint>,
        places: &Places,
        findings: Vec<Finding>,
    ) -> ActionChart {
        let Places { own, replicates } = places;
        let quadrants: Vec<Vec<Action>> = replicates.iter().map(|replicate| self.quadrants(replicate)).collect();
        let own_quadrants = self.quadrants(own);
        let rows = scored.into_iter().enumerate().map(|(at, scored)| {
            let probabilities = QuadrantProbabilities::of(quadrants.iter().map(|quadrants| quadrants[at]));
            let importance = own.importance[at];
            ActionRow {
                touchpoint: scored.name,
                importance,
                importance_interval: Estimate::of_replicates(importance, scored.drawn_importance, self.confidence),
                n_used: scored.n_used,
                performance: scored.levels.mean,
                top_box: scored.levels.top_box,
                quadrant: own_quadrants[at],
                action: probabilities.map_or(Action::Undecided, |own| own.decided(self.confidence)),
                probabilities,
            }
        });
        ActionChart {
            touchpoints: rows.collect(),
            outcome: base.outcome,
            n_rows: base.n_rows,
            n_used: base.n_used,
            n_clusters: base.n_clusters,
            confidence: self.confidence,
            measure: self.measure,
            importance_line: self.importance_line.of(&own.importance),
            performance_line: self.performance_line.of(&own.performance),
            n_replicates: replicates.len(),
            findings,
        }
    }

    /// Weighted performance of every touchpoint in the measure's unit.
    fn performance(&self, observations: &Observations, touchpoints: &[Touchpoint], weights: &[f64]) -> Vec<f64> {
        let (design, total) = (observations.design().values(), weights.iter().sum::<f64>());
        let of = |touchpoint: &Touchpoint| {
            let scores = design.column(touchpoint.column);
            let counted = scores.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
            counted.map(|(&score, weight)| weight * self.measure.of(touchpoint, score)).sum::<f64>() / total
        };
        touchpoints.iter().map(of).collect()
    }

    fn replicates(&self, observations: &Observations, place: impl Fn(&[f64]) -> Option<Place> + Sync) -> Vec<Place> {
        let resampler = bootstrap::resampler(observations, self.seed);
        if resampler.is_single_cluster() {
            return Vec::new();
        }
        let drawn: Vec<Option<Place>> = (0..self.replicates)
            .into_par_iter()
            .map_init(|| resampler.scratch(), |scratch, replicate| place(resampler.draw(replicate, scratch)))
            .collect();
        drawn.into_iter().flatten().collect()
    }

    fn quadrants(&self, place: &Place) -> Vec<Action> {
        let (importance_line, performance_line) =
            (self.importance_line.of(&place.importance), self.performance_line.of(&place.performance));
        let range = match self.measure {
            PerformanceMeasure::Mean => 100.0,
            PerformanceMeasure::TopBox => 1.0,
        };
        let both = place.importance.iter().zip(&place.performance);
        both.map(|(importance, performance)| {
            match (side(importance - importance_line, 1.0), side(performance - performance_line, range)) {
                (Some(true), Some(false)) => Action::Improve,
                (Some(true), Some(true)) => Action::Maintain,
                (Some(false), Some(true)) => Action::Monitor,
                (Some(false), Some(false)) => Action::LowerPriority,
                _ => Action::Undecided,
            }
        })
        .collect()
    }
}

impl Line {
    fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Mean => values.iter().sum::<f64>() / values.len() as f64,
            Self::At(line) => line,
        }
    }
}

/// Whether a distance lies above its line; `None` on it.
fn side(distance: f64, range: f64) -> Option<bool> {
    (distance.abs() > ON_THE_LINE * range).then_some(distance > 0.0)
}

impl QuadrantProbabilities {
    fn of(quadrants: impl Iterator<Item = Action>) -> Option<Self> {
        let (mut counts, mut n) = (Self::default(), 0.0);
        for quadrant in quadrants {
            n += 1.0;
            match quadrant {
                Action::Improve => counts.improve += 1.0,
                Action::Maintain => counts.maintain += 1.0,
                Action::Monitor => counts.monitor += 1.0,
                Action::LowerPriority => counts.lower_priority += 1.0,
                Action::Undecided => {}
            }
        }
        (n > 0.0).then(|| Self {
            improve: counts.improve / n,
            maintain: counts.maintain / n,
            monitor: counts.monitor / n,
            lower_priority: counts.lower_priority / n,
        })
    }

    fn decided(self, confidence: Confidence) -> Action {
        let all = [
            (self.improve, Action::Improve),
            (self.maintain, Action::Maintain),
            (self.monitor, Action::Monitor),
            (self.lower_priority, Action::LowerPriority),
        ];
        // More than half, so that no other quadrant can reach it too.
        let least = confidence.level().max(0.5 + f64::EPSILON);
        all.into_iter().find(|(share, _)| *share >= least).map_or(Action::Undecided, |(_, action)| action)
    }
}
