//! Whom to invite under a budget, with what is guaranteed of it.

use super::edges::check_length;
use super::reach::check_values;
use super::reverse::{ReverseSampler, ReverseSets};
use super::seeds::alone;
use super::{InfluenceError, ReferralGraph};
use crate::findings::{Finding, FindingKind, Severity};
use crate::stats::random::{mix, stream};
use rand::seq::SliceRandom;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Sets drawn in the first round; each round doubles them.
const FIRST_SETS: usize = 1 << 12;
/// Members that the sets may hold in all; of larger sets fewer are drawn.
const MEMBERS_MAX: usize = 1 << 27;
/// Random choices that the comparison averages.
const RANDOM_CHOICES: u64 = 20;

/// What a plan may do, and how sure it must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanSettings {
    /// Customers to invite at most.
    pub n_seeds: usize,
    /// Cost to keep to, in the unit of the costs; `None` for no limit.
    pub budget: Option<f64>,
    /// Stop drawing once the plan is guaranteed this share of the best possible, such as `1 - 1/e - 0.01`; the samples
    /// are drawn in full where it is not reached.
    pub guarantee_wanted: f64,
    /// Probability (0 to 1, exclusive) with which the guarantee holds.
    pub certainty: f64,
    /// Reverse-reachable sets to choose by at most, and as many fresh ones to judge by.
    pub samples_max: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

impl Default for PlanSettings {
    fn default() -> Self {
        let guarantee_wanted = 1.0 - (-1.0_f64).exp() - 0.01;
        Self { n_seeds: 10, budget: None, guarantee_wanted, certainty: 0.99, samples_max: 1 << 21, seed: 1 }
    }
}

/// What is known of the customers, one entry each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidates<'data> {
    /// What inviting each costs, above 0; `None` where all cost 1.
    pub costs: Option<&'data [f64]>,
    /// Who may not be invited: opted out, or contacted lately.
    pub excluded: Option<&'data [bool]>,
    /// Who spreads the word already, at no cost: what they reach is no plan's merit.
    pub active: Option<&'data [bool]>,
    /// Segment of each customer, below the number of quotas.
    pub segments: Option<&'data [u32]>,
    /// Customers to invite of each segment at most.
    pub quotas: &'data [usize],
    /// What reaching each is worth, at least 0; `None` where all count 1.
    pub values: Option<&'data [f64]>,
}

/// A customer of the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedSeed {
    /// The customer.
    pub node: u32,
    /// What the invitation costs.
    pub cost: f64,
    /// Expected customers (or value) added to those already active and to the ones before.
    pub gain: f64,
    /// Standard error of the gain.
    pub gain_se: f64,
    /// Sum of the gains so far.
    pub reach: f64,
    /// Cost so far.
    pub spent: f64,
}

/// How else one could choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// Those with the most referrals out, within the same limits.
    TopByCount,
    /// At random, within the same limits; the mean of twenty choices.
    Random,
}

/// What a rival would reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RivalReach {
    /// The rival.
    pub rival: Rival,
    /// Expected customers (or value) added, judged by the same fresh sets.
    pub reach: f64,
    /// Its standard error.
    pub reach_se: f64,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedPlan {
    /// In the order chosen.
    pub seeds: Vec<PlannedSeed>,
    /// Share (0-1) of the best possible plan's reach that this one has at least...
    pub guarantee: f64,
    /// ...with at least this probability.
    pub certainty: f64,
    /// What the plan reaches at least, half of the uncertainty spent on it.
    pub reach_low: f64,
    /// What the best plan within the limits reaches at most, the other half spent on it.
    pub best_high: f64,
    /// Sets drawn to choose by; as many fresh ones judged.
    pub n_samples: usize,
    /// Other ways to choose.
    pub rivals: Vec<RivalReach>,
    /// What a reader must know beside the plan.
    pub findings: Vec<Finding>,
}

/// Chooses whom to invite so that the most is reached within all limits, and says how good the choice is.
///
/// Customers are chosen one by one, by what each adds and, where costs differ, also by what each adds per cost; the better
/// of the two ends is taken. Gains are looked at lazily, on reverse-reachable sets. Fresh sets then judge: with `n` of them of
/// weight `W`, of which the plan covers `c`, and `h = ln(2 / (1 - certainty))`, the plan reaches at least
/// `own + W/n ((sqrt(c + 2h/9) - sqrt(h/2))^2 - h/18)` and the best plan at most `W/n (sqrt(u + h/2) + sqrt(h/2))^2`, where `u`
/// is the least, over the steps of the greedy choice, of what it covers and the best gains then left. Their ratio is
/// the guarantee; sets are doubled until it is as wanted. Under the independent cascade a greedy choice by number
/// alone is never below `1 - 1/e` of the best, with quotas one half; with costs the stated guarantee is what holds.
///
/// Since the plan is looked at after each doubling, the uncertainty is divided among the rounds.
///
/// # Errors
/// No samples or seeds, columns of another length, costs not above 0, a segment without quota, values out of range, a
/// certainty that is not between 0 and 1; nobody who may be invited within the budget.
///
/// # References
/// Leskovec and others (2007), "Cost-effective outbreak detection in networks" (CELF); Tang, Tang, Xiao and Yuan (2018),
/// "Online processing algorithms for influence maximization" (OPIM-C); Khuller, Moss and Naor (1999), Information
/// Processing Letters 70(1), for the budget.
pub fn plan_seeds(
    graph: &ReferralGraph,
    candidates: &Candidates<'_>,
    settings: &PlanSettings,
) -> Result<SeedPlan, InfluenceError> {
    let limits = Limits::of(graph, candidates, settings)?;
    if !(0..graph.n_nodes() as u32).any(|node| limits.may(node) && limits.fits(node, &Spent::none(&limits))) {
        let problem = "nobody may be invited: all are excluded, active, without quota or too dear".to_owned();
        return Err(InfluenceError::NotFitted { what: "a plan of seeds", problem });
    }
    let value = |node: u32| candidates.values.map_or(1.0, |values| values[node as usize]);
    let sampler = ReverseSampler::new(graph, value);
    let own: Vec<f64> = alone(graph).iter().zip(0..).map(|(alone, node)| alone * value(node)).collect();
    let n_rounds = (settings.samples_max.div_ceil(FIRST_SETS)).next_power_of_two().trailing_zeros() + 1;
    let spread_out = (2.0 * f64::from(n_rounds) / (1.0 - settings.certainty)).ln();
    let samples_max = sampler.affordable(settings.samples_max, MEMBERS_MAX, settings.seed);
    let (mut n_samples, mut round) = (FIRST_SETS.min(samples_max), 0_u64);
    loop {
        let draw = |purpose: u64| {
            Sample::of(&sampler, n_samples, mix(settings.seed.wrapping_add(2 * round + purpose)), candidates)
        };
        let mut choosing = Coverage::of(draw(0), &own, sampler.total_weight());
        let choice = choosing.choose(&limits);
        let mut fresh = Coverage::of(draw(1), &own, sampler.total_weight());
        let judged = fresh.judge(&choice.nodes, &limits);
        let reach_low = judged.low(spread_out);
        let best_high = choice.best_high(&choosing, spread_out);
        let guarantee = if best_high > 0.0 { (reach_low / best_high).clamp(0.0, 1.0) } else { 1.0 };
        if guarantee >= settings.guarantee_wanted || n_samples >= samples_max {
            let rivals = rivals(graph, &limits, &mut fresh, settings.seed);
            let findings = findings(guarantee, settings, &judged, &rivals);
            let (seeds, certainty) = (judged.seeds, settings.certainty);
            return Ok(SeedPlan { seeds, guarantee, certainty, reach_low, best_high, n_samples, rivals, findings });
        }
        n_samples = (2 * n_samples).min(samples_max);
        round += 1;
    }
}

fn findings(guarantee: f64, settings: &PlanSettings, judged: &Judged, rivals: &[RivalReach]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if guarantee < settings.guarantee_wanted {
        let sentence = format!(
            "The plan is guaranteed {:.1} % of the best possible reach and not the {:.1} % wanted; draw more samples, or \
             take it that limits of cost and quota make the bound loose.",
            100.0 * guarantee,
            100.0 * settings.guarantee_wanted
        );
        findings.push(
            Finding::new(FindingKind::Unreliable, Severity::Note, "seeds", sentence).number("guarantee", guarantee),
        );
    }
    for rival in rivals.iter().filter(|rival| rival.rival == Rival::TopByCount) {
        if judged.reach - rival.reach <= 2.0 * judged.reach_se.hypot(rival.reach_se) {
            let sentence = format!(
                "Choosing those with the most referrals reaches about as much ({:.1}) as the plan does ({:.1}).",
                rival.reach, judged.reach
            );
            let finding = Finding::new(FindingKind::NoGain, Severity::Note, "seeds", sentence);
            findings.push(finding.number("reach", judged.reach).number("reach_by_count", rival.reach));
        }
    }
    findings
}

/// Everything a choice has to keep to.
struct Limits<'a> {
    candidates: &'a Candidates<'a>,
    n_seeds: usize,
    budget: f64,
}

impl<'a> Limits<'a> {
    fn of(
        graph: &ReferralGraph,
        candidates: &'a Candidates<'a>,
        settings: &PlanSettings,
    ) -> Result<Self, InfluenceError> {
        let n_nodes = graph.n_nodes();
        let bad = |setting, value, range| Err(InfluenceError::BadSetting { setting, value, range });
        if settings.samples_max == 0 || settings.samples_max >= u32::MAX as usize {
            return bad("samples", settings.samples_max as f64, "1 to 4294967294");
        }
        if settings.n_seeds == 0 {
            return bad("number of seeds", 0.0, "at least 1");
        }
        if !(settings.certainty > 0.0 && settings.certainty < 1.0) {
            return bad("certainty", settings.certainty, "above 0 and below 1");
        }
        let budget = settings.budget.unwrap_or(f64::INFINITY);
        if budget.is_nan() || budget <= 0.0 {
            return bad("budget", budget, "above 0");
        }
        if let Some(costs) = candidates.costs {
            check_length("costs", costs.len(), n_nodes)?;
            if let Some(row) = costs.iter().position(|cost| !(cost.is_finite() && *cost > 0.0)) {
                let (component, value) = ("cost", costs[row]);
                return Err(InfluenceError::BadComponent {
                    component,
                    row: row + 1,
                    value,
                    range: "finite and above 0",
                });
            }
        }
        check_length("exclusions", candidates.excluded.map_or(n_nodes, <[_]>::len), n_nodes)?;
        check_length("active customers", candidates.active.map_or(n_nodes, <[_]>::len), n_nodes)?;
        if let Some(segments) = candidates.segments {
            check_length("segments", segments.len(), n_nodes)?;
            if let Some(row) = segments.iter().position(|&segment| segment as usize >= candidates.quotas.len()) {
                let (component, value) = ("segment", f64::from(segments[row]));
                return Err(InfluenceError::BadComponent {
                    component,
                    row: row + 1,
                    value,
                    range: "below the number of quotas",
                });
            }
        }
        if let Some(values) = candidates.values {
            check_values(values, n_nodes)?;
        }
        Ok(Self { candidates, n_seeds: settings.n_seeds, budget })
    }

    fn cost(&self, node: u32) -> f64 {
        self.candidates.costs.map_or(1.0, |costs| costs[node as usize])
    }

    /// Whether the customer may be invited at all.
    fn may(&self, node: u32) -> bool {
        let is = |flags: Option<&[bool]>| flags.is_some_and(|flags| flags[node as usize]);
        !is(self.candidates.excluded) && !is(self.candidates.active)
    }

    /// Whether the customer can be added to what is spent.
    fn fits(&self, node: u32, spent: &Spent) -> bool {
        let quota = self.candidates.segments.is_none_or(|segments| spent.quotas[segments[node as usize] as usize] > 0);
        spent.n_seeds < self.n_seeds && spent.cost + self.cost(node) <= self.budget * (1.0 + 1e-12) && quota
    }
}

/// What a choice has used of its limits.
struct Spent {
    n_seeds: usize,
    cost: f64,
    quotas: Vec<usize>,
}

impl Spent {
    fn none(limits: &Limits<'_>) -> Self {
        Self { n_seeds: 0, cost: 0.0, quotas: limits.candidates.quotas.to_vec() }
    }

    fn add(&mut self, node: u32, limits: &Limits<'_>) {
        self.n_seeds += 1;
        self.cost += limits.cost(node);
        if let Some(segments) = limits.candidates.segments {
            self.quotas[segments[node as usize] as usize] -= 1;
        }
    }
}

/// Sets, by members and by set, those that an active customer covers left out.
struct Sample {
    sets: ReverseSets,
    starts: Vec<usize>,
    set_numbers: Vec<u32>,
    /// Sets that somebody active covers.
    taken: Vec<bool>,
}

impl Sample {
    fn of(sampler: &ReverseSampler<'_>, n_samples: usize, seed: u64, candidates: &Candidates<'_>) -> Self {
        let sets = sampler.collect(n_samples, seed);
        let n_nodes = sampler.n_nodes();
        let mut starts = vec![0_usize; n_nodes + 1];
        sets.members().iter().for_each(|&node| starts[node as usize + 1] += 1);
        (0..n_nodes).for_each(|node| starts[node + 1] += starts[node]);
        let mut next = starts.clone();
        let mut set_numbers = vec![0; sets.members().len()];
        for set in 0..sets.len() {
            for &node in sets.set(set) {
                set_numbers[next[node as usize]] = set as u32;
                next[node as usize] += 1;
            }
        }
        let is_active = |&node: &u32| candidates.active.is_some_and(|active| active[node as usize]);
        let taken = (0..sets.len()).map(|set| sets.set(set).iter().any(is_active)).collect();
        Self { sets, starts, set_numbers, taken }
    }
}

/// Which sets are covered, and how many more each customer would cover.
struct Coverage<'a> {
    sample: Sample,
    own: &'a [f64],
    per_set: f64,
    covered: Vec<bool>,
    uncovered: Vec<u32>,
}

/// A choice with what bounds every other choice.
struct Choice {
    nodes: Vec<u32>,
    value: f64,
    /// No choice within the limits has more than this on the same sets.
    bound: f64,
}

impl Choice {
    /// What the best choice reaches at most, with `h` for the logarithm of one over the risk.
    fn best_high(&self, coverage: &Coverage<'_>, h: f64) -> f64 {
        let per_set = coverage.per_set;
        if per_set <= 0.0 {
            return self.bound;
        }
        let sets = self.bound / per_set;
        per_set * ((sets + h / 2.0).sqrt() + (h / 2.0).sqrt()).powi(2)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    ByGain,
    ByGainPerCost,
}

impl<'a> Coverage<'a> {
    fn of(sample: Sample, own: &'a [f64], total_weight: f64) -> Self {
        let per_set = total_weight / sample.sets.len().max(1) as f64;
        let mut coverage = Self { covered: Vec::new(), uncovered: Vec::new(), sample, own, per_set };
        coverage.start();
        coverage
    }

    /// Nothing is chosen; what active customers cover is.
    fn start(&mut self) {
        self.covered = self.sample.taken.clone();
        self.uncovered = self.sample.starts.windows(2).map(|ends| (ends[1] - ends[0]) as u32).collect();
        for set in (0..self.sample.sets.len()).filter(|&set| self.covered[set]) {
            self.sample.sets.set(set).iter().for_each(|&node| self.uncovered[node as usize] -= 1);
        }
    }

    fn gain(&self, node: u32) -> f64 {
        self.own[node as usize] + self.per_set * f64::from(self.uncovered[node as usize])
    }

    fn add(&mut self, node: u32) {
        for place in self.sample.starts[node as usize]..self.sample.starts[node as usize + 1] {
            let set = self.sample.set_numbers[place] as usize;
            if !std::mem::replace(&mut self.covered[set], true) {
                self.sample.sets.set(set).iter().for_each(|&member| self.uncovered[member as usize] -= 1);
            }
        }
    }

    /// The better of the greedy choices.
    fn choose(&mut self, limits: &Limits<'_>) -> Choice {
        let by_gain = self.greedy(limits, Order::ByGain);
        if limits.candidates.costs.is_none() {
            return by_gain;
        }
        let by_cost = self.greedy(limits, Order::ByGainPerCost);
        let bound = by_gain.bound.min(by_cost.bound);
        let better = if by_cost.value > by_gain.value { by_cost } else { by_gain };
        Choice { bound, ..better }
    }

    /// Gains only fall, so a candidate that still leads after a second look is the next. What no longer fits never will.
    fn greedy(&mut self, limits: &Limits<'_>, order: Order) -> Choice {
        self.start();
        let n_nodes = self.own.len() as u32;
        let key = |gain: f64, node: u32| if order == Order::ByGain { gain } else { gain / limits.cost(node) };
        let mut heap: BinaryHeap<(u64, Reverse<u32>)> = (0..n_nodes)
            .filter(|&node| limits.may(node))
            .map(|node| (key(self.gain(node), node).to_bits(), Reverse(node)))
            .collect();
        let mut spent = Spent::none(limits);
        let (mut nodes, mut value) = (Vec::new(), 0.0);
        let mut bound = self.bound(limits);
        while let Some((_, Reverse(node))) = heap.pop() {
            if spent.n_seeds >= limits.n_seeds {
                break;
            }
            if !limits.fits(node, &spent) {
                continue;
            }
            let gain = self.gain(node);
            let again = (key(gain, node).to_bits(), Reverse(node));
            if heap.peek().is_some_and(|next| again < *next) {
                heap.push(again);
                continue;
            }
            value += gain;
            spent.add(node, limits);
            self.add(node);
            nodes.push(node);
            // The bound is looked at after 1, 2, 4, ... seeds and at the end, since each look takes all customers.
            if nodes.len().is_power_of_two() || nodes.len() == limits.n_seeds {
                bound = bound.min(value + self.bound(limits));
            }
        }
        bound = bound.min(value + self.bound(limits));
        Choice { nodes, value, bound }
    }

    /// What no choice within the limits adds more than: the largest gains by number, and by quota, or the budget filled with
    /// the largest gains per cost, whichever is less.
    fn bound(&self, limits: &Limits<'_>) -> f64 {
        let may = || (0..self.own.len() as u32).filter(|&node| limits.may(node) && limits.cost(node) <= limits.budget);
        let mut gains: Vec<(f64, u32)> = may().map(|node| (self.gain(node), node)).collect();
        let descending = |left: &(f64, u32), right: &(f64, u32)| right.0.total_cmp(&left.0);
        let mut quotas = limits.candidates.quotas.to_vec();
        let by_number: f64 = match limits.candidates.segments {
            None => {
                if gains.len() > limits.n_seeds {
                    gains.select_nth_unstable_by(limits.n_seeds, descending);
                }
                gains.iter().take(limits.n_seeds).map(|(gain, _)| gain).sum()
            }
            Some(segments) => {
                gains.sort_unstable_by(descending);
                let within = gains.iter().filter(|(_, node)| {
                    let quota = &mut quotas[segments[*node as usize] as usize];
                    let is_left = *quota > 0;
                    *quota -= usize::from(is_left);
                    is_left
                });
                within.take(limits.n_seeds).map(|(gain, _)| gain).sum()
            }
        };
        if limits.budget.is_infinite() {
            return by_number;
        }
        let mut per_cost: Vec<(f64, u32)> = may().map(|node| (self.gain(node) / limits.cost(node), node)).collect();
        per_cost.sort_unstable_by(descending);
        let (mut left, mut by_budget) = (limits.budget, 0.0);
        for (rate, node) in per_cost {
            let part = limits.cost(node).min(left);
            by_budget += rate * part;
            left -= part;
            if left <= 0.0 {
                break;
            }
        }
        by_number.min(by_budget)
    }

    /// The nodes in order, with gains on these sets.
    fn judge(&mut self, nodes: &[u32], limits: &Limits<'_>) -> Judged {
        self.start();
        let n_sets = self.sample.sets.len().max(1) as f64;
        let per_set = self.per_set;
        let (mut reach, mut own, mut covered, mut spent) = (0.0, 0.0, 0.0, 0.0);
        let mut counts = Vec::with_capacity(nodes.len());
        for &node in nodes {
            counts.push(f64::from(self.uncovered[node as usize]));
            self.add(node);
        }
        let std_error = |count: f64| per_set * (count.max(1.0) * (1.0 - count / n_sets).max(0.0)).sqrt();
        let mut seeds = Vec::with_capacity(nodes.len());
        for (&node, count) in nodes.iter().zip(counts) {
            let gain = self.own[node as usize] + per_set * count;
            reach += gain;
            own += self.own[node as usize];
            covered += count;
            spent += limits.cost(node);
            seeds.push(PlannedSeed { node, cost: limits.cost(node), gain, gain_se: std_error(count), reach, spent });
        }
        Judged { seeds, reach, reach_se: std_error(covered), own, covered, per_set }
    }
}

/// A choice judged by fresh sets.
struct Judged {
    seeds: Vec<PlannedSeed>,
    reach: f64,
    reach_se: f64,
    own: f64,
    covered: f64,
    per_set: f64,
}

impl Judged {
    /// What it reaches at least, with `h` for the logarithm of one over the risk.
    fn low(&self, h: f64) -> f64 {
        let root = (self.covered + 2.0 * h / 9.0).sqrt() - (h / 2.0).sqrt();
        let sets = (root.max(0.0).powi(2) - h / 18.0).max(0.0);
        self.own + self.per_set * sets.min(self.covered)
    }
}

fn rivals(graph: &ReferralGraph, limits: &Limits<'_>, fresh: &mut Coverage<'_>, seed: u64) -> Vec<RivalReach> {
    let within = |order: &[u32]| {
        let mut spent = Spent::none(limits);
        let mut nodes = Vec::new();
        for &node in order {
            if spent.n_seeds == limits.n_seeds {
                break;
            }
            if limits.may(node) && limits.fits(node, &spent) {
                spent.add(node, limits);
                nodes.push(node);
            }
        }
        nodes
    };
    let mut order: Vec<u32> = (0..graph.n_nodes() as u32).collect();
    order.sort_by_key(|&node| Reverse(graph.referred(node).len()));
    let by_count = fresh.judge(&within(&order), limits);
    let (mut sum, mut squares) = (0.0, 0.0);
    for choice in 0..RANDOM_CHOICES {
        order.shuffle(&mut stream(seed, "random seeds", choice));
        let judged = fresh.judge(&within(&order), limits);
        sum += judged.reach;
        squares += judged.reach * judged.reach;
    }
    let n_choices = RANDOM_CHOICES as f64;
    let mean = sum / n_choices;
    let reach_se = ((squares / n_choices - mean * mean).max(0.0) / (n_choices - 1.0)).sqrt();
    vec![
        RivalReach { rival: Rival::TopByCount, reach: by_count.reach, reach_se: by_count.reach_se },
        RivalReach { rival: Rival::Random, reach: mean, reach_se },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, graph, spread_by_worlds, tiny_graphs};
    use crate::influence::{SpreadSettings, spread};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use rand::RngCore;

    fn tangled() -> ReferralGraph {
        let mut random = stream(4, "tangled plan", 0);
        let mut draw = || (random.next_u64() % 200) as u32;
        let edges: Vec<Edge> = (0..700).map(|_| (draw(), draw(), 0.15)).collect();
        graph(200, &edges)
    }

    /// Three stars of 4, 3 and 2 leaves, all edges certain: 0 to 4, 5 to 8 and 9 to 11.
    fn stars() -> ReferralGraph {
        let leaves = [(0, 1..5), (5, 6..9), (9, 10..12)];
        let edges: Vec<Edge> =
            leaves.into_iter().flat_map(|(hub, leaves)| leaves.map(move |leaf| (hub, leaf, 1.0))).collect();
        graph(12, &edges)
    }

    fn settings(n_seeds: usize) -> PlanSettings {
        PlanSettings { n_seeds, samples_max: 1 << 15, ..PlanSettings::default() }
    }

    fn nodes(plan: &SeedPlan) -> Vec<u32> {
        plan.seeds.iter().map(|seed| seed.node).collect()
    }

    #[test]
    fn stars_are_chosen_by_size_and_gains_are_their_customers() {
        let plan = plan_seeds(&stars(), &Candidates::default(), &settings(2)).expect("sound");
        assert_eq!(nodes(&plan), [0, 5]);
        assert!((plan.seeds[0].gain - 5.0).abs() < 0.2 && (plan.seeds[1].gain - 4.0).abs() < 0.2, "{plan:?}");
        assert!(plan.guarantee > 0.62 && plan.reach_low <= 9.0 && plan.best_high >= 9.0, "{plan:?}");
    }

    #[test]
    fn exclusions_active_customers_and_quotas_are_kept() {
        let graph = stars();
        let mut excluded = vec![false; 12];
        excluded[0] = true;
        let plan = plan_seeds(&graph, &Candidates { excluded: Some(&excluded), ..Candidates::default() }, &settings(2));
        assert_eq!(nodes(&plan.expect("sound")), [5, 9]);
        // The first star spreads the word already; its leaves add nothing.
        let plan = plan_seeds(&graph, &Candidates { active: Some(&excluded), ..Candidates::default() }, &settings(3));
        let plan = plan.expect("sound");
        assert_eq!(nodes(&plan)[..2], [5, 9]);
        assert!(plan.seeds[2].gain < 1e-9, "{plan:?}");
        // One of the first two stars, one of the rest.
        let segments: Vec<u32> = (0..12).map(|node| u32::from(node >= 9)).collect();
        let quotas = Candidates { segments: Some(&segments), quotas: &[1, 1], ..Candidates::default() };
        assert_eq!(nodes(&plan_seeds(&graph, &quotas, &settings(5)).expect("sound")), [0, 9]);
    }

    #[test]
    fn a_budget_buys_what_gives_most_for_it() {
        // The large star costs 10 and the others 4 each: with 10 either the large one (5) or both others (4 + 3).
        let costs: Vec<f64> = (0..12).map(|node| if node == 0 { 10.0 } else { 4.0 }).collect();
        let candidates = Candidates { costs: Some(&costs), ..Candidates::default() };
        let plan =
            plan_seeds(&stars(), &candidates, &PlanSettings { budget: Some(10.0), ..settings(12) }).expect("sound");
        assert_eq!(nodes(&plan), [5, 9]);
        assert!((plan.seeds[1].spent - 8.0).abs() < 1e-12);
        // A cheap leaf is best per cost, but the whole budget does more in one place.
        let costs: Vec<f64> = (0..12).map(|node| if node == 4 { 1.0 } else { 6.0 }).collect();
        let candidates = Candidates { costs: Some(&costs), ..Candidates::default() };
        let plan =
            plan_seeds(&stars(), &candidates, &PlanSettings { budget: Some(6.0), ..settings(12) }).expect("sound");
        assert_eq!(nodes(&plan), [0]);
    }

    #[test]
    fn values_move_the_choice() {
        let mut values = vec![1.0; 12];
        values[10] = 50.0;
        let plan = plan_seeds(&stars(), &Candidates { values: Some(&values), ..Candidates::default() }, &settings(1));
        let plan = plan.expect("sound");
        assert_eq!(nodes(&plan), [9]);
        assert!((plan.seeds[0].gain - 52.0).abs() < 2.0, "{plan:?}");
    }

    #[test]
    fn the_plan_agrees_with_forward_simulation_and_beats_its_rivals() {
        let graph = tangled();
        let plan = plan_seeds(&graph, &Candidates::default(), &PlanSettings { samples_max: 1 << 17, ..settings(10) });
        let plan = plan.expect("sound");
        let forward = spread(&graph, &nodes(&plan), &SpreadSettings { simulations: 20_000, seed: 5 }).expect("valid");
        let reach = plan.seeds[9].reach;
        assert!((reach / forward.mean - 1.0).abs() < 0.05, "{reach} {forward:?}");
        assert!(plan.reach_low <= forward.mean && forward.mean <= plan.best_high);
        assert!(plan.guarantee >= settings(1).guarantee_wanted, "{plan:?}");
        assert!(plan.findings.iter().all(|finding| finding.kind != FindingKind::Unreliable));
        let of = |rival| plan.rivals.iter().find(|one| one.rival == rival).expect("a rival").reach;
        assert!(reach > of(Rival::TopByCount) && of(Rival::TopByCount) > of(Rival::Random), "{:?}", plan.rivals);
    }

    #[test]
    fn one_and_four_threads_plan_the_same() {
        let graph = tangled();
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            pool.install(|| plan_seeds(&graph, &Candidates::default(), &settings(20)).expect("sound"))
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn unsound_limits_are_refused() {
        let graph = stars();
        let ask = |candidates: Candidates<'_>, settings| plan_seeds(&graph, &candidates, &settings);
        let none = Candidates::default();
        assert!(ask(none, settings(0)).is_err());
        assert!(ask(none, PlanSettings { budget: Some(0.0), ..settings(1) }).is_err());
        assert!(ask(none, PlanSettings { certainty: 1.0, ..settings(1) }).is_err());
        assert!(ask(Candidates { costs: Some(&[0.0; 12]), ..none }, settings(1)).is_err());
        assert!(ask(Candidates { segments: Some(&[0; 12]), ..none }, settings(1)).is_err());
        assert!(ask(Candidates { excluded: Some(&[true; 12]), ..none }, settings(1)).is_err());
        assert!(ask(none, PlanSettings { budget: Some(0.5), ..settings(1) }).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn the_best_set_of_two_lies_within_the_bounds((n_nodes, edges) in tiny_graphs()) {
            let plan = plan_seeds(&graph(n_nodes, &edges), &Candidates::default(), &settings(2)).expect("sound");
            let mut best = 0.0_f64;
            for first in 0..n_nodes as u32 {
                for second in 0..first {
                    best = best.max(spread_by_worlds(n_nodes, &edges, &[first, second]));
                }
            }
            let own = spread_by_worlds(n_nodes, &edges, &nodes(&plan));
            prop_assert!(best <= plan.best_high + 1e-9 && own >= plan.reach_low - 1e-9, "{} {} {:?}", best, own, plan);
            prop_assert!(own >= plan.guarantee * best - 1e-9);
        }
    }
}
