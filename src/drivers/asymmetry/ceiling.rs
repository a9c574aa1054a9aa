//! Ceiling lines over the upper left corner of a scatter: the step function and the line through its corners.

use serde::{Deserialize, Serialize};

/// A point this far above a line, or a level this far above a peer, still counts as on it (share of the scope's side).
const ON_THE_LINE: f64 = 1e-9;

/// Which ceiling is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CeilingLine {
    /// Ceiling envelopment, free disposal hull: a step function that no point lies above.
    CeFdh,
    /// Ceiling regression, free disposal hull: the least-squares line through the corners of the step function.
    CrFdh,
}

impl CeilingLine {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::CeFdh => "ce_fdh",
            Self::CrFdh => "cr_fdh",
        }
    }
}

/// The rectangle in which points can lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scope {
    pub x_low: f64,
    pub x_high: f64,
    pub y_low: f64,
    pub y_high: f64,
}

impl Scope {
    pub fn area(&self) -> f64 {
        (self.x_high - self.x_low) * (self.y_high - self.y_low)
    }
}

/// A corner of the step function and how many points lie on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Peer {
    pub x: f64,
    pub y: f64,
    pub n: f64,
}

/// A ceiling with its empty corner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ceiling {
    /// Which ceiling.
    pub line: CeilingLine,
    /// The empty area above it within the scope.
    pub ceiling_zone: f64,
    /// Its effect size, the zone as a share of the scope, 0-1.
    pub effect_size: f64,
    /// Share of points on or below it, 0-1.
    pub accuracy: f64,
    /// Its slope; `None` for steps, and for a line through fewer than two corners.
    pub slope: Option<f64>,
    /// The outcome on the line where the condition is zero; `None` as the slope.
    pub intercept: Option<f64>,
    /// Share of permutations of the outcome with at least this effect size, the observed one counted as one of them.
    pub p_value: Option<f64>,
}

/// Whether a level of the outcome needs a level of the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequirementState {
    /// The lowest level of the condition suffices.
    NotNecessary,
    /// No less than a level of the condition.
    AtLeast,
    /// No level of the condition within the scope is enough.
    OutOfReach,
}

impl RequirementState {
    /// The word used in JSON, tables and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotNecessary => "not_necessary",
            Self::AtLeast => "at_least",
            Self::OutOfReach => "out_of_reach",
        }
    }
}

/// What a level of the outcome needs of the condition.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Requirement {
    /// Whether it needs any.
    pub state: RequirementState,
    /// The level needed, in the condition's unit.
    pub level: Option<f64>,
    /// The same in percent of the condition's range.
    pub percent: Option<f64>,
}

/// The corners of the step function over points sorted by x, given for every distinct x the highest y and how many points
/// have it.
pub(super) fn peers(tops: impl Iterator<Item = Peer>) -> Vec<Peer> {
    let mut peers: Vec<Peer> = Vec::new();
    for top in tops {
        if peers.last().is_none_or(|last| top.y > last.y) {
            peers.push(top);
        }
    }
    peers
}

/// The empty area above the steps.
pub(super) fn zone_of_steps(peers: &[Peer], scope: &Scope) -> f64 {
    let Some(first) = peers.first() else { return 0.0 };
    let ends = peers.iter().skip(1).map(|peer| peer.x).chain([scope.x_high]);
    let above: f64 = peers.iter().zip(ends).map(|(peer, end)| (end - peer.x) * (scope.y_high - peer.y)).sum();
    above + (first.x - scope.x_low) * (scope.y_high - scope.y_low)
}

/// A straight ceiling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub slope: f64,
    pub intercept: f64,
}

impl Line {
    /// The least-squares line through the corners, every point on one counted; `None` for fewer than two corners.
    pub fn through(peers: &[Peer]) -> Option<Self> {
        if peers.len() < 2 {
            return None;
        }
        let n: f64 = peers.iter().map(|peer| peer.n).sum();
        let mean_x = peers.iter().map(|peer| peer.n * peer.x).sum::<f64>() / n;
        let mean_y = peers.iter().map(|peer| peer.n * peer.y).sum::<f64>() / n;
        let with = peers.iter().map(|peer| peer.n * (peer.x - mean_x) * (peer.y - mean_y)).sum::<f64>();
        let slope = with / peers.iter().map(|peer| peer.n * (peer.x - mean_x) * (peer.x - mean_x)).sum::<f64>();
        Some(Self { slope, intercept: mean_y - slope * mean_x })
    }

    fn at(self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// The empty area above the line; corners ascend, and so does the line.
    pub fn zone(self, scope: &Scope) -> f64 {
        let height = scope.y_high - scope.y_low;
        // From the left: all of the height is empty, then a wedge, then nothing.
        let full_to = ((scope.y_low - self.intercept) / self.slope).clamp(scope.x_low, scope.x_high);
        let empty_to = ((scope.y_high - self.intercept) / self.slope).clamp(scope.x_low, scope.x_high);
        let sides = (scope.y_high - self.at(full_to)).clamp(0.0, height)
            + (scope.y_high - self.at(empty_to)).clamp(0.0, height);
        (full_to - scope.x_low) * height + 0.5 * sides * (empty_to - full_to)
    }

    pub fn lies_below(self, x: f64, y: f64, scope: &Scope) -> bool {
        y > self.at(x) + ON_THE_LINE * (scope.y_high - scope.y_low)
    }
}

impl Requirement {
    /// By the steps: the first corner at least as high as the level.
    pub(super) fn of_steps(peers: &[Peer], scope: &Scope, level: f64) -> Self {
        let least = level - ON_THE_LINE * (scope.y_high - scope.y_low);
        match peers.iter().find(|peer| peer.y >= least) {
            Some(peer) => Self::at(peer.x, scope),
            None => Self { state: RequirementState::OutOfReach, level: None, percent: None },
        }
    }

    /// By the line; without one nothing is necessary.
    pub(super) fn of_line(line: Option<Line>, scope: &Scope, level: f64) -> Self {
        line.map_or_else(|| Self::at(scope.x_low, scope), |line| Self::at((level - line.intercept) / line.slope, scope))
    }

    fn at(x: f64, scope: &Scope) -> Self {
        let percent = 100.0 * (x - scope.x_low) / (scope.x_high - scope.x_low);
        let slack = 100.0 * ON_THE_LINE;
        if percent <= slack {
            Self { state: RequirementState::NotNecessary, level: None, percent: None }
        } else if percent > 100.0 + slack {
            Self { state: RequirementState::OutOfReach, level: None, percent: None }
        } else {
            Self { state: RequirementState::AtLeast, level: Some(x), percent: Some(percent) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(x: f64, y: f64) -> Peer {
        Peer { x, y, n: 1.0 }
    }

    const SCOPE: Scope = Scope { x_low: 0.0, x_high: 4.0, y_low: 0.0, y_high: 4.0 };

    #[test]
    fn steps_by_hand() {
        // Corners (0, 1), (2, 3), (4, 4): above them 2 * 3 + 2 * 1 of 16.
        let corners =
            peers([peer(0.0, 1.0), peer(1.0, 0.5), peer(2.0, 3.0), peer(3.0, 3.0), peer(4.0, 4.0)].into_iter());
        assert_eq!(corners.len(), 3);
        assert_eq!(zone_of_steps(&corners, &SCOPE), 8.0);
        // A scope that reaches one further left and up: 5 * 1 on top and 1 * 4 on the left.
        let wider = Scope { x_low: -1.0, y_high: 5.0, ..SCOPE };
        assert_eq!(zone_of_steps(&corners, &wider), 8.0 + 5.0 + 4.0);
        let needs = |level| Requirement::of_steps(&corners, &SCOPE, level);
        assert_eq!(needs(1.0).state, RequirementState::NotNecessary);
        assert_eq!(needs(2.0).percent, Some(50.0));
        assert_eq!(Requirement::of_steps(&corners, &wider, 4.5).state, RequirementState::OutOfReach);
    }

    #[test]
    fn lines_by_hand() {
        // y = 1 + x over the square of side 4: above it a triangle of legs 3, 4.5 of 16.
        let line = Line::through(&[peer(0.0, 1.0), peer(2.0, 3.0)]).expect("a line");
        assert_eq!((line.slope, line.intercept), (1.0, 1.0));
        assert_eq!(line.zone(&SCOPE), 4.5);
        // y = x - 1 leaves the strip left of x = 1 empty as well: 4 + 0.5 * (4 + 1) * 3.
        let lower = Line { slope: 1.0, intercept: -1.0 };
        assert_eq!(lower.zone(&SCOPE), 11.5);
        assert_eq!(Requirement::of_line(Some(lower), &SCOPE, 4.0).state, RequirementState::OutOfReach);
        assert_eq!(Requirement::of_line(Some(line), &SCOPE, 3.0).percent, Some(50.0));
        assert_eq!(Line { slope: 1.0, intercept: 9.0 }.zone(&SCOPE), 0.0);
        assert_eq!(Line { slope: 1.0, intercept: -9.0 }.zone(&SCOPE), 16.0);
        assert!(Line::through(&[peer(0.0, 1.0)]).is_none());
    }
}
