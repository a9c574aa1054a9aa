//! Reach in time without sampling, where the word goes down trees: generations first, then when each arrives.

use super::ReferralGraph;
use super::arrivals::Arrivals;
use super::delays::Delay;
use super::exact::{Folded, only_referrer};

/// What each customer reaches in time through the trees that hang below, the customer not included.
///
/// Within a tree there is one way from a customer to another, so that `within(days) = sum over generations of expected
/// customers of that generation * P(so many delays within days)`. The expected customers of a generation are handed up from the leaves.
pub(super) struct TimedTrees {
    n_horizons: usize,
    /// By node and horizon.
    within: Vec<f64>,
    /// What generations that are not followed can add at most; empty where all are.
    beyond: Vec<f64>,
    /// By node: expected customers within the last horizon, each times the time until then.
    times: Vec<f64>,
}

impl TimedTrees {
    pub fn of(graph: &ReferralGraph, folded: &Folded, delay: Delay, horizons: &[f64]) -> Self {
        let n_nodes = graph.n_nodes();
        let arrivals = Arrivals::of(delay, horizons, height(graph, folded));
        let n_horizons = horizons.len();
        let n_beyond = if arrivals.is_cut { n_nodes * n_horizons } else { 0 };
        let mut trees = Self {
            n_horizons,
            within: vec![0.0; n_nodes * n_horizons],
            beyond: vec![0.0; n_beyond],
            times: vec![0.0; n_nodes],
        };
        // Of each node expected customers by generation below, from the first; gone once they are handed up.
        let mut below: Vec<Vec<f64>> = vec![Vec::new(); n_nodes];
        for &node in &folded.order {
            let own = std::mem::take(&mut below[node as usize]);
            trees.read(node, &own, &arrivals, folded);
            let Some(up) = only_referrer(graph, node) else { continue };
            let above = &mut below[up.node as usize];
            let n_kept = (own.len() + 1).min(arrivals.n_generations());
            if above.len() < n_kept {
                above.resize(n_kept, 0.0);
            }
            if let Some((first, later)) = above.split_first_mut() {
                *first += up.probability;
                later.iter_mut().zip(&own).for_each(|(above, own)| *above += up.probability * own);
            }
        }
        for node in (0..n_nodes as u32).filter(|&node| !folded.hanging[node as usize]) {
            let own = std::mem::take(&mut below[node as usize]);
            trees.read(node, &own, &arrivals, folded);
        }
        trees
    }

    fn read(&mut self, node: u32, generations: &[f64], arrivals: &Arrivals, folded: &Folded) {
        let place = node as usize * self.n_horizons;
        let within = &mut self.within[place..place + self.n_horizons];
        for (generation, &expected) in generations.iter().enumerate() {
            within.iter_mut().zip(arrivals.within(generation)).for_each(|(sum, share)| *sum += expected * share);
            self.times[node as usize] += expected * arrivals.time(generation);
        }
        if !self.beyond.is_empty() && generations.len() == arrivals.n_generations() {
            let rest = (folded.own[node as usize] - 1.0 - generations.iter().sum::<f64>()).max(0.0);
            let last = arrivals.within(arrivals.n_generations() - 1);
            let beyond = &mut self.beyond[place..place + self.n_horizons];
            beyond.iter_mut().zip(last).for_each(|(beyond, share)| *beyond = rest * share);
        }
    }

    /// Expected customers reached by horizon.
    pub fn within(&self, node: u32) -> &[f64] {
        &self.within[node as usize * self.n_horizons..(node as usize + 1) * self.n_horizons]
    }

    /// What that may lack, by horizon; nothing where no generation was left out.
    pub fn beyond(&self, node: u32, horizon: usize) -> f64 {
        self.beyond.get(node as usize * self.n_horizons + horizon).copied().unwrap_or(0.0)
    }

    /// Expected customers within the last horizon, each times the time until then.
    pub fn time(&self, node: u32) -> f64 {
        self.times[node as usize]
    }
}

/// Generations of the tallest tree that hangs below anybody.
fn height(graph: &ReferralGraph, folded: &Folded) -> usize {
    let mut height = vec![0_u32; graph.n_nodes()];
    let mut tallest = 0;
    for &node in &folded.order {
        if let Some(up) = only_referrer(graph, node) {
            let above = height[up.node as usize].max(height[node as usize] + 1);
            height[up.node as usize] = above;
            tallest = tallest.max(above);
        }
    }
    tallest as usize
}
