//! Sampled sets, which of them a choice covers, and what no other choice can exceed.

use super::choose::PlannedSeed;
use super::limits::{Candidates, Limits, Spent};
use crate::influence::forest_seeds::ForestSeeds;
use crate::influence::reverse::ReverseSets;
use crate::influence::settled::{SeedGain, SettledSeeds};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Sets, by members and by set, those that an active customer covers left out.
pub(super) struct Sample<'a> {
    pub sets: &'a ReverseSets,
    pub starts: Vec<usize>,
    pub set_numbers: Vec<u32>,
    /// Sets that somebody active covers.
    pub taken: Vec<bool>,
    /// Those who spread the word already.
    pub active: Vec<u32>,
}

impl<'a> Sample<'a> {
    pub fn of(sets: &'a ReverseSets, n_nodes: usize, candidates: &Candidates<'_>) -> Self {
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
        let active = (0..n_nodes as u32).filter(|node| is_active(node)).collect();
        Self { sets, starts, set_numbers, taken, active }
    }
}

/// Which sets are covered, and how many more each customer would cover; in trees, what each would add exactly.
pub(super) struct Coverage<'a> {
    pub sample: Sample<'a>,
    /// Trees before anybody is chosen, and as they are now; whoever is in them is in no set.
    pub trees: &'a ForestSeeds<'a>,
    pub forest: ForestSeeds<'a>,
    pub own: &'a [f64],
    pub per_set: f64,
    pub covered: Vec<bool>,
    pub uncovered: Vec<u32>,
}

/// A choice with what bounds every other choice.
pub(super) struct Choice {
    pub nodes: Vec<u32>,
    /// Why nobody else was chosen.
    pub end: ChoiceEnd,
    pub value: f64,
    /// No choice within the limits has more than this on the same sets.
    pub bound: f64,
}

impl Choice {
    /// What the best choice reaches at most, with `h` for the logarithm of one over the risk.
    pub fn best_high(&self, coverage: &Coverage<'_>, h: f64) -> f64 {
        let per_set = coverage.per_set;
        if per_set <= 0.0 {
            return self.bound;
        }
        let sets = self.bound / per_set;
        per_set * ((sets + h / 2.0).sqrt() + (h / 2.0).sqrt()).powi(2)
    }
}

/// Why a choice ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChoiceEnd {
    /// All places are taken.
    Full,
    /// Nobody who is left adds anything.
    NothingToAdd,
    /// Budget or quotas have no room for whoever else may be invited.
    NoRoom,
    /// Everybody who may be invited is.
    NobodyElse,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    ByGain,
    ByGainPerCost,
}

impl<'a> Coverage<'a> {
    pub fn of(sample: Sample<'a>, trees: &'a ForestSeeds<'a>, own: &'a [f64], total_weight: f64) -> Self {
        let per_set = total_weight / sample.sets.len().max(1) as f64;
        let forest = trees.clone();
        let mut coverage = Self { covered: Vec::new(), uncovered: Vec::new(), sample, trees, forest, own, per_set };
        coverage.start();
        coverage
    }

    /// Nothing is chosen; what active customers cover is.
    pub fn start(&mut self) {
        self.forest = self.trees.clone();
        for &node in self.sample.active.iter().filter(|&&node| self.trees.holds(node)) {
            self.forest.choose(node);
        }
        self.covered = self.sample.taken.clone();
        self.uncovered = self.sample.starts.windows(2).map(|ends| (ends[1] - ends[0]) as u32).collect();
        for set in (0..self.sample.sets.len()).filter(|&set| self.covered[set]) {
            self.sample.sets.set(set).iter().for_each(|&node| self.uncovered[node as usize] -= 1);
        }
    }

    pub fn gain(&self, node: u32) -> f64 {
        if self.forest.holds(node) {
            return self.forest.gain(node);
        }
        self.own[node as usize] + self.per_set * f64::from(self.uncovered[node as usize])
    }

    pub fn add(&mut self, node: u32) {
        if self.forest.holds(node) {
            return self.forest.choose(node);
        }
        for place in self.sample.starts[node as usize]..self.sample.starts[node as usize + 1] {
            let set = self.sample.set_numbers[place] as usize;
            if !std::mem::replace(&mut self.covered[set], true) {
                self.sample.sets.set(set).iter().for_each(|&member| self.uncovered[member as usize] -= 1);
            }
        }
    }

    /// The better of the greedy choices.
    pub fn choose(&mut self, limits: &Limits<'_>) -> Choice {
        let by_gain = self.greedy(limits, Order::ByGain);
        if limits.candidates.costs.is_none() {
            return by_gain;
        }
        let by_cost = self.greedy(limits, Order::ByGainPerCost);
        let bound = by_gain.bound.min(by_cost.bound);
        let better = if by_cost.value > by_gain.value { by_cost } else { by_gain };
        Choice { bound, ..better }
    }

    /// Gains only fall, so a candidate that still leads after a second look is the next. What no longer fits never will, and once
    /// the leader adds nothing, nobody does.
    pub fn greedy(&mut self, limits: &Limits<'_>, order: Order) -> Choice {
        self.start();
        let n_nodes = self.own.len() as u32;
        let key = |gain: f64, node: u32| if order == Order::ByGain { gain } else { gain / limits.cost(node) };
        let mut heap: BinaryHeap<(u64, Reverse<u32>)> = (0..n_nodes)
            .filter(|&node| limits.may(node))
            .map(|node| (key(self.gain(node), node).to_bits(), Reverse(node)))
            .collect();
        let mut spent = Spent::none(limits);
        let (mut nodes, mut value) = (Vec::new(), 0.0);
        let (mut bound, mut end) = (self.bound(limits), ChoiceEnd::NobodyElse);
        while let Some((_, Reverse(node))) = heap.pop() {
            if spent.n_seeds >= limits.n_seeds {
                end = ChoiceEnd::Full;
                break;
            }
            if !limits.fits(node, &spent) {
                end = ChoiceEnd::NoRoom;
                continue;
            }
            let gain = self.gain(node);
            let again = (key(gain, node).to_bits(), Reverse(node));
            if heap.peek().is_some_and(|next| again < *next) {
                heap.push(again);
                continue;
            }
            if gain <= 0.0 {
                end = ChoiceEnd::NothingToAdd;
                break;
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
        Choice { nodes, end, value, bound }
    }

    /// What no choice within the limits adds more than: the largest gains by number, and by quota, or the budget filled with
    /// the largest gains per cost, whichever is less.
    pub fn bound(&self, limits: &Limits<'_>) -> f64 {
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
    ///
    /// A set counts for the first node that covers it, so the number covered so far is binomial, and its standard error is
    /// `W / n sqrt(c (1 - c / n))`: on the safe side, since the sets are stratified. What nobody else can bring, what is
    /// brought in trees, and what `settled` knows without sets is exact and adds nothing to it. Where none or all of the sets are covered, the error is that of one
    /// set: so much may not have been seen.
    pub fn judge(&mut self, nodes: &[u32], limits: &Limits<'_>, mut settled: SettledSeeds<'_>) -> Judged {
        self.start();
        let n_sets = self.sample.sets.len().max(1) as f64;
        let per_set = self.per_set;
        let (mut reach, mut spent) = (0.0, 0.0);
        let std_error = |count: f64| per_set * (count.max(1.0) * (n_sets - count).max(1.0) / n_sets).sqrt();
        let mut reach_se = 0.0;
        let mut seeds = Vec::with_capacity(nodes.len());
        for &node in nodes {
            let count = f64::from(self.uncovered[node as usize]);
            let SeedGain { gain, counted } = if self.forest.holds(node) {
                SeedGain { gain: self.forest.gain(node), counted: None }
            } else {
                settled.take(node, self.own[node as usize] + per_set * count, count)
            };
            self.add(node);
            reach += gain;
            reach_se = settled.counted().map_or(0.0, std_error);
            spent += limits.cost(node);
            seeds.push(PlannedSeed {
                node,
                cost: limits.cost(node),
                gain,
                gain_se: counted.map_or(0.0, std_error),
                reach,
                reach_se,
                spent,
            });
        }
        let covered = settled.counted().unwrap_or(0.0);
        Judged { seeds, reach, reach_se, own: reach - per_set * covered, covered, per_set }
    }
}

/// A choice judged by fresh sets.
pub(super) struct Judged {
    pub seeds: Vec<PlannedSeed>,
    pub reach: f64,
    pub reach_se: f64,
    pub own: f64,
    pub covered: f64,
    pub per_set: f64,
}

impl Judged {
    /// What it reaches at least, with `h` for the logarithm of one over the risk.
    pub fn low(&self, h: f64) -> f64 {
        let root = (self.covered + 2.0 * h / 9.0).sqrt() - (h / 2.0).sqrt();
        let sets = (root.max(0.0).powi(2) - h / 18.0).max(0.0);
        self.own + self.per_set * sets.min(self.covered)
    }
}
