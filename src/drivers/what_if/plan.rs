//! The cheapest mix of raises that reaches a target.

use super::change::{MeasureChange, WhatIf};
use super::lever::{Bounds, Lever, LeverRaise, Raise};
use super::outcome::{Measure, ModelledOutcome, Placed, Response};
use crate::drivers::ActionError;
use crate::estimators::Family;
use crate::findings::{Finding, FindingKind, Severity};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;

/// Steps in which a lever is raised from nothing to its end on the greedy path.
const PATH_STEPS: f64 = 32.0;
/// The same for a linear outcome, whose path is exact from one kink to the next where there are no more kinks than this.
const LINEAR_PATH_STEPS: f64 = 512.0;
/// Paths whose mixes are exchanged further: the cheapest.
const PATHS_KEPT: usize = 2;
/// Rounds of exchanges between two levers, and halvings of what is exchanged.
const ROUNDS_MAX: usize = 20;
const HALVINGS: i32 = 10;
/// An exchange must make a mix cheaper by this share.
const CHEAPER: f64 = 1e-6;
/// Steps into a bracket after which it is as narrow as doubles allow.
const BRACKETINGS_MAX: usize = 60;
/// A target missed by less than this share of it is reached; costs closer than this share are equal.
const CLOSE: f64 = 1e-9;
/// Rows summed by one task.
const BLOCK_ROWS: usize = 2048;
/// Rows that a plan takes beyond what the outcome can be are worth a sentence from this share of all on.
const BEYOND_SAID: f64 = 0.05;

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The measure.
    pub measure: Measure,
    /// By how much it is to change, in its own unit; negative to bring it down.
    pub change: f64,
    /// Between what the outcome can lie; a line through the touchpoints knows nothing of it.
    pub ends: OutcomeEnds,
}

/// The lowest and the highest that an outcome can be, infinite where there is no such end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutcomeEnds {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Default for OutcomeEnds {
    fn default() -> Self {
        Self { low: f64::NEG_INFINITY, high: f64::INFINITY }
    }
}

impl OutcomeEnds {
    /// Whether a value lies beyond an end.
    pub fn excludes(&self, value: f64) -> bool {
        value < self.low || value > self.high
    }

    /// How far a value can go towards an end: up for a positive sign, else down.
    fn room(&self, value: f64, sign: f64) -> f64 {
        if sign > 0.0 { (self.high - value).max(0.0) } else { (value - self.low).max(0.0) }
    }
}

/// The cheapest raises that reach a target, or the most that can be reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The outcome.
    pub outcome: String,
    /// The measure.
    pub measure: Measure,
    /// The change asked for.
    pub target: f64,
    /// Whether it can be reached; if not, the raises are the best there are.
    pub reached: bool,
    /// What the raises change, from the model itself, with its interval.
    pub change: MeasureChange,
    /// What all actionable levers together can change, no farther than the outcome goes.
    pub best_change: f64,
    /// The end of the outcome that is reached before the levers are spent, if one is.
    pub end: Option<f64>,
    /// Weighted share of rows that the model expects beyond the outcome's ends after the raises, 0-1.
    pub share_beyond: f64,
    /// What the raises cost.
    pub cost: f64,
    /// One row a lever, in the order given.
    pub levers: Vec<PlanRow>,
    /// What to know beside the numbers.
    pub findings: Vec<Finding>,
}

/// One lever of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanRow {
    /// The lever.
    pub lever: String,
    /// Whether anything can be done about it.
    pub actionable: bool,
    /// Whether it was offered: actionable, with a cost, and with an effect in the direction of the target.
    pub offered: bool,
    /// Its cost for one point.
    pub cost_per_point: Option<f64>,
    /// By how many points to raise it.
    pub raise: f64,
    /// The raise beyond which nobody's score moves any more.
    pub raise_max: f64,
    /// What its raise costs.
    pub cost: f64,
    /// What raising it alone as far as it goes would change.
    pub change_at_most: f64,
}

impl WhatIf {
    /// The cheapest raises of actionable levers that change a measure by as much as the target says.
    ///
    /// The cost of a lever is its cost per point times the points asked of every score; that some scores are at the bound
    /// and stay makes later points bring less and not cost less. The change is that of the model itself. For a linear
    /// outcome the gain of each lever is concave, and raising in the order of gain for money is exact. For the others such
    /// a path is followed in small steps from several beginnings, and exchanges between two levers are then tried until
    /// none makes the mix cheaper. The mean goes no farther than the outcome can; rows that a line takes beyond are counted.
    ///
    /// # Errors
    /// A target of nothing; a cost that is not positive; a measure that the model does not give; a score off its scale; a
    /// term that the rows have no column for.
    ///
    /// # References
    /// Fox (1966), "Discrete optimization via marginal analysis", Management Science 13(3), for the greedy path.
    pub fn cheapest(&self, outcome: ModelledOutcome, levers: &[Lever], target: Target) -> Result<Plan, ActionError> {
        if !(target.change.is_finite() && target.change.abs() > 0.0) {
            let allowed = "a change up or down";
            return Err(ActionError::Setting { setting: "the target", value: target.change, allowed });
        }
        if let Some(cost) =
            levers.iter().filter_map(|lever| lever.cost_per_point).find(|cost| !(cost.is_finite() && *cost > 0.0))
        {
            let allowed = "positive; leave it out where nobody has said";
            return Err(ActionError::Setting { setting: "cost_per_point", value: cost, allowed });
        }
        let reach = Reach::of(outcome, levers, target)?;
        let wanted = target.change.abs();
        let full: Vec<f64> = reach.levers.iter().map(|own| if own.offered { own.raise_max } else { 0.0 }).collect();
        let sign = target.change.signum();
        let by_levers = reach.gain(&full);
        let room = target.ends.room(reach.before, sign);
        let best = by_levers.min(room);
        let reached = best >= wanted * (1.0 - CLOSE);
        let goal = wanted.min(best);
        let raises = if goal < by_levers || reached { reach.cheapest(goal) } else { full };
        let [share_before, share_beyond] =
            [vec![0.0; raises.len()], raises.clone()].map(|raises| reach.share_beyond(&raises, target.ends));
        let rows =
            levers.iter().zip(&reach.levers).zip(&raises).enumerate().map(|(at, ((lever, own), &raise))| PlanRow {
                lever: lever.name.clone(),
                actionable: lever.actionable,
                offered: own.offered,
                cost_per_point: lever.cost_per_point,
                raise,
                raise_max: own.raise_max,
                cost: own.cost * raise,
                change_at_most: sign * reach.gain(&reach.alone(at)),
            });
        let rows: Vec<PlanRow> = rows.collect();
        let asked: Vec<LeverRaise> =
            raises.iter().enumerate().map(|(lever, &raise)| LeverRaise { lever, raise: Raise::By(raise) }).collect();
        let changes = self.change(outcome, levers, &asked)?;
        let change = changes.measures.into_iter().find(|own| own.measure == target.measure);
        let outcome = outcome.model.outcome().to_owned();
        let no_measure = || ActionError::NoMeasure { outcome: outcome.clone(), measure: target.measure.word() };
        let end = if sign > 0.0 { target.ends.high } else { target.ends.low };
        let is_said = share_beyond - share_before >= BEYOND_SAID;
        let beyond = is_said.then(|| beyond(&outcome, share_before, share_beyond, target.ends));
        Ok(Plan {
            change: change.ok_or_else(no_measure)?,
            end: (room < by_levers).then_some(end),
            share_beyond,
            findings: beyond.into_iter().collect(),
            outcome,
            measure: target.measure,
            target: target.change,
            reached,
            best_change: sign * best,
            cost: rows.iter().map(|row| row.cost).sum(),
            levers: rows,
        })
    }
}

/// What a line expects of rows and no outcome can be.
fn beyond(outcome: &str, before: f64, after: f64, ends: OutcomeEnds) -> Finding {
    let can_be = match (ends.low.is_finite(), ends.high.is_finite()) {
        (true, true) => format!("{} to {}", ends.low, ends.high),
        (true, false) => format!("{} or more", ends.low),
        _ => format!("{} at most", ends.high),
    };
    let sentence = format!(
        "After the raises of the plan the model expects {:.0} % of the answers beyond what {outcome} can be ({can_be}), against \
         {:.0} % before: a line does not stop there, so that the change is likely smaller and the plan too cheap; a model of \
         ordered levels or of a class stays within",
        100.0 * after,
        100.0 * before
    );
    Finding::new(FindingKind::ScaleEnd, Severity::Warning, outcome, sentence)
        .number("share_beyond", after)
        .number("share_beyond_before", before)
}

/// How a measure moves with the raises of all levers, in the direction of the target.
struct Reach {
    response: Response,
    /// 1 to raise the measure, -1 to lower it.
    sign: f64,
    linear: bool,
    levers: Vec<Own>,
    /// Distinct rows: linear predictor and weight.
    rows: Vec<Row>,
    /// How far each score can still rise, row after row.
    room: Vec<f64>,
    before: f64,
}

struct Own {
    slope: f64,
    cost: f64,
    offered: bool,
    raise_max: f64,
    /// Raises at which somebody reaches the bound, ascending.
    kinks: Vec<f64>,
}

/// What the next point of a lever brings and its last one brought, by point.
#[derive(Clone, Copy)]
struct Marginal {
    next: f64,
    last: f64,
}

#[derive(Clone, Copy)]
struct Row {
    link: f64,
    share: f64,
}

impl Reach {
    fn of(outcome: ModelledOutcome, levers: &[Lever], target: Target) -> Result<Self, ActionError> {
        let placed = Placed::of(outcome)?;
        let (model, observations) = (outcome.model, outcome.observations);
        let response = Response::of(&outcome, target.measure)?;
        let scores = observations.design().values();
        let mut columns = Vec::new();
        for lever in levers {
            let column = observations.design().position(&lever.name);
            let bounds = column.map(|column| Bounds::of(outcome, lever, column)).transpose()?;
            columns.push(column.zip(bounds).map(|(column, bounds)| (column, bounds.high)));
        }
        let (mut rows, mut room, mut values) = (Vec::<Row>::new(), Vec::new(), Vec::new());
        let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
        for (row, share) in placed.shares() {
            placed.fill(row, &mut values);
            let link = model.link_row(&values);
            let room_of = |(column, lever): (&Option<(usize, f64)>, &Lever)| {
                let scored = column.filter(|_| outcome.is_scored(&lever.name, row));
                scored.map_or(0.0, |(column, high)| (high - scores[[row, column]]).max(0.0))
            };
            let own: Vec<f64> = columns.iter().zip(levers).map(room_of).collect();
            let key = own.iter().chain([&link]).map(|value| value.to_bits()).collect();
            match seen.get(&key) {
                Some(&place) => rows[place].share += share,
                None => {
                    seen.insert(key, rows.len());
                    rows.push(Row { link, share });
                    room.extend(own);
                }
            }
        }
        // Every measure is monotone in the linear predictor, one way for all rows.
        let direction = rows.iter().map(|row| row.share * response.at(row.link).slope).sum::<f64>().signum();
        let sign = target.change.signum();
        let of_lever = |(at, lever): (usize, &Lever)| {
            let slope = placed.slope_of(&lever.name).unwrap_or(0.0);
            let mut kinks: Vec<f64> =
                room.iter().skip(at).step_by(levers.len()).copied().filter(|&own| own > 0.0).collect();
            kinks.sort_by(f64::total_cmp);
            kinks.dedup();
            let helps = sign * direction * slope > 0.0 && !kinks.is_empty();
            Own {
                slope,
                cost: lever.cost_per_point.unwrap_or(0.0),
                offered: lever.actionable && lever.cost_per_point.is_some() && helps,
                raise_max: kinks.last().copied().unwrap_or(0.0),
                kinks,
            }
        };
        let levers: Vec<Own> = levers.iter().enumerate().map(of_lever).collect();
        let linear = model.family() == Family::Linear;
        let mut reach = Self { response, sign, linear, levers, rows, room, before: 0.0 };
        // Added up as the gains are, so that nothing raised is no change at all.
        reach.before = reach.sum(|place| reach.rows[place].share * reach.response.at(reach.rows[place].link).value);
        Ok(reach)
    }

    /// The share of the rows that are expected beyond the ends after the raises.
    fn share_beyond(&self, raises: &[f64], ends: OutcomeEnds) -> f64 {
        let is_beyond = |place: usize| ends.excludes(self.response.at(self.link(place, raises)).value);
        self.sum(|place| if is_beyond(place) { self.rows[place].share } else { 0.0 })
    }

    /// Raising one lever as far as it goes and nothing else.
    fn alone(&self, lever: usize) -> Vec<f64> {
        self.levers.iter().enumerate().map(|(at, own)| if at == lever { own.raise_max } else { 0.0 }).collect()
    }

    fn link(&self, place: usize, raises: &[f64]) -> f64 {
        let room = &self.room[place * raises.len()..][..raises.len()];
        let moved = self.levers.iter().zip(raises).zip(room).map(|((own, raise), room)| own.slope * raise.min(*room));
        self.rows[place].link + moved.sum::<f64>()
    }

    /// Sums over the rows by block, in the order of the blocks.
    fn sum(&self, of_row: impl Fn(usize) -> f64 + Sync) -> f64 {
        let n_rows = self.rows.len();
        let block =
            |first: usize| (first * BLOCK_ROWS..((first + 1) * BLOCK_ROWS).min(n_rows)).map(&of_row).sum::<f64>();
        let sums: Vec<f64> = (0..n_rows.div_ceil(BLOCK_ROWS)).into_par_iter().map(block).collect();
        sums.into_iter().sum()
    }

    /// How far the measure moves in the direction of the target.
    fn gain(&self, raises: &[f64]) -> f64 {
        let after = self.sum(|place| self.rows[place].share * self.response.at(self.link(place, raises)).value);
        self.sign * (after - self.before)
    }

    /// What one more point of every lever brings, and what its last point brought.
    fn marginals(&self, raises: &[f64]) -> Vec<Marginal> {
        let (n_rows, n_levers) = (self.rows.len(), raises.len());
        let block = |first: usize| {
            let mut sums = vec![Marginal { next: 0.0, last: 0.0 }; n_levers];
            for place in first * BLOCK_ROWS..((first + 1) * BLOCK_ROWS).min(n_rows) {
                let slope = self.rows[place].share * self.response.at(self.link(place, raises)).slope;
                let room = &self.room[place * n_levers..][..n_levers];
                for ((sum, raise), room) in sums.iter_mut().zip(raises).zip(room) {
                    sum.next += if raise < room { slope } else { 0.0 };
                    sum.last += if raise <= room { slope } else { 0.0 };
                }
            }
            sums
        };
        let blocks: Vec<Vec<Marginal>> = (0..n_rows.div_ceil(BLOCK_ROWS)).into_par_iter().map(block).collect();
        let of_lever = |(lever, own): (usize, &Own)| {
            let by = self.sign * own.slope;
            let sum = |side: fn(&Marginal) -> f64| by * blocks.iter().map(|block| side(&block[lever])).sum::<f64>();
            Marginal { next: sum(|own| own.next), last: sum(|own| own.last) }
        };
        self.levers.iter().enumerate().map(of_lever).collect()
    }

    fn cost(&self, raises: &[f64]) -> f64 {
        self.levers.iter().zip(raises).map(|(own, raise)| own.cost * raise).sum()
    }

    fn offered(&self) -> Vec<usize> {
        (0..self.levers.len()).filter(|&lever| self.levers[lever].offered).collect()
    }

    fn cheapest(&self, wanted: f64) -> Vec<f64> {
        let mut mixes = vec![self.path(vec![0.0; self.levers.len()], wanted)];
        if !self.linear {
            mixes.extend(self.offered().into_iter().map(|first| {
                let alone = self.alone(first);
                let enough = self.gain(&alone) >= wanted;
                if enough { self.least(&alone, first, 0.0, wanted) } else { self.path(alone, wanted) }
            }));
        }
        mixes.sort_by(|one, other| self.cost(one).total_cmp(&self.cost(other)));
        mixes.truncate(PATHS_KEPT);
        let exchanged = mixes.into_iter().map(|mix| self.exchanged(mix, wanted));
        let best = exchanged.min_by(|one, other| self.cost(one).total_cmp(&self.cost(other)));
        best.unwrap_or_else(|| vec![0.0; self.levers.len()])
    }

    /// Raises, always next what brings most for its money, until what is wanted is reached.
    fn path(&self, mut raises: Vec<f64>, wanted: f64) -> Vec<f64> {
        let steps = if self.linear { LINEAR_PATH_STEPS } else { PATH_STEPS };
        let mut gain = self.gain(&raises);
        while gain < wanted {
            let marginals = self.marginals(&raises);
            let open = self.offered().into_iter().filter(|&lever| raises[lever] < self.levers[lever].raise_max);
            let worth = open.map(|lever| (lever, marginals[lever].next / self.levers[lever].cost));
            let Some((lever, _)) = worth.max_by(|one, other| one.1.total_cmp(&other.1)) else { break };
            let own = &self.levers[lever];
            let last = raises[lever];
            // A linear gain bends at the kinks alone; another bends everywhere.
            let kink = own.kinks.iter().copied().find(|&kink| kink > last).unwrap_or(own.raise_max);
            let few = (own.kinks.len() as f64) < steps;
            let step = (last + own.raise_max / steps).min(own.raise_max);
            raises[lever] = if self.linear && few { kink } else { step };
            gain = self.gain(&raises);
            if gain >= wanted {
                return self.least(&raises, lever, last, wanted);
            }
        }
        raises
    }

    /// The least raise of one lever, between `low` and its own, that is enough: by false position, whose stale end counts
    /// half (Illinois).
    fn least(&self, raises: &[f64], lever: usize, low: f64, wanted: f64) -> Vec<f64> {
        let missing = |raise: f64| {
            let mut tried = raises.to_vec();
            tried[lever] = raise;
            self.gain(&tried) - wanted
        };
        let (mut low, mut high) = (low, raises[lever]);
        let (mut below, mut above) = (missing(low), missing(high));
        if below >= 0.0 {
            high = low;
        }
        let mut excess = above;
        let mut last_was_enough = None;
        for _ in 0..BRACKETINGS_MAX {
            if below >= 0.0 || excess <= CLOSE * CLOSE * wanted || high - low <= 2.0 * f64::EPSILON * high {
                break;
            }
            let between = low + (high - low) * below / (below - above);
            let middle = if between > low && between < high { between } else { 0.5 * (low + high) };
            let own = missing(middle);
            let is_enough = own >= 0.0;
            let stale = last_was_enough == Some(is_enough);
            if is_enough {
                (high, above, excess) = (middle, own, own);
                below *= if stale { 0.5 } else { 1.0 };
            } else {
                (low, below) = (middle, own);
                above *= if stale { 0.5 } else { 1.0 };
            }
            last_was_enough = Some(is_enough);
        }
        let mut enough = raises.to_vec();
        enough[lever] = high;
        enough
    }

    /// Exchanges part of one lever for another as long as that is cheaper.
    fn exchanged(&self, mut raises: Vec<f64>, wanted: f64) -> Vec<f64> {
        let offered = self.offered();
        for _ in 0..ROUNDS_MAX {
            let mut cheaper = false;
            let mut marginals = self.marginals(&raises);
            for &from in &offered {
                for &to in offered.iter().filter(|&&to| to != from) {
                    if let Some(other) = self.exchange(&raises, &marginals, from, to, wanted) {
                        raises = other;
                        marginals = self.marginals(&raises);
                        cheaper = true;
                    }
                }
            }
            if !cheaper {
                break;
            }
        }
        raises
    }

    fn exchange(
        &self,
        raises: &[f64],
        marginals: &[Marginal],
        from: usize,
        to: usize,
        wanted: f64,
    ) -> Option<Vec<f64>> {
        let (giver, taker) = (&self.levers[from], &self.levers[to]);
        if raises[from] <= 0.0 || raises[to] >= taker.raise_max {
            return None;
        }
        // All of it may be worth exchanging where gains grow; a part only where the next point is worth more than the last.
        let worth = marginals[to].next / taker.cost > marginals[from].last / giver.cost * (1.0 + CLOSE);
        let cost = self.cost(raises);
        (0..=if worth { HALVINGS } else { 0 }).find_map(|halving| {
            let given = raises[from] * 0.5_f64.powi(halving);
            let mut other = raises.to_vec();
            other[from] -= given;
            // What the other lever may take for the same money must be more than enough.
            let money = given * giver.cost / taker.cost;
            other[to] = (other[to] + money * (1.0 - CLOSE)).min(taker.raise_max);
            if self.gain(&other) < wanted {
                return None;
            }
            let least = self.least(&other, to, raises[to], wanted);
            (self.cost(&least) < cost * (1.0 - CHEAPER)).then_some(least)
        })
    }
}
