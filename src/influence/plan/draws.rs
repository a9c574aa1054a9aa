//! The sets that a plan is chosen and judged by, under either model of spreading.

use crate::influence::ReferralGraph;
use crate::influence::reverse::{ReverseSampler, ReverseSets};
use crate::influence::seeds::alone;
use crate::influence::threshold::ThresholdSets;

/// Members that the sets may hold in all; of larger sets fewer are drawn.
const MEMBERS_MAX: usize = 1 << 27;

/// How the word passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpreadModel {
    /// Each edge passes it on once, independently.
    #[default]
    Cascade,
    /// A customer takes it up once the weights of the edges from those who have it exceed a threshold of their own.
    Threshold,
}

/// Draws sets of those who would have reached a random customer, each customer drawn by what reaching them is worth.
pub(super) enum Draws<'graph> {
    Cascade(ReverseSampler<'graph>),
    Threshold(ThresholdSets<'graph>),
}

impl<'graph> Draws<'graph> {
    pub fn of(graph: &'graph ReferralGraph, model: SpreadModel, value: impl Fn(u32) -> f64) -> Self {
        match model {
            SpreadModel::Cascade => Self::Cascade(ReverseSampler::new(graph, value)),
            SpreadModel::Threshold => Self::Threshold(ThresholdSets::of(graph, value)),
        }
    }

    /// For each customer the probability that nobody can bring them: those worlds are in no set.
    pub fn alone(&self, graph: &ReferralGraph) -> Vec<f64> {
        match self {
            Self::Cascade(_) => alone(graph),
            Self::Threshold(sets) => sets.alone(),
        }
    }

    pub fn total_weight(&self) -> f64 {
        match self {
            Self::Cascade(sampler) => sampler.total_weight(),
            Self::Threshold(sets) => sets.total_weight(),
        }
    }

    /// The number of sets to draw: `wanted`, or fewer where they would hold too many members. A walk holds few.
    pub fn affordable(&self, wanted: usize, seed: u64) -> usize {
        match self {
            Self::Cascade(sampler) => sampler.affordable(wanted, MEMBERS_MAX, seed),
            Self::Threshold(_) => wanted,
        }
    }

    pub fn collect(&self, n_sets: usize, seed: u64) -> ReverseSets {
        match self {
            Self::Cascade(sampler) => sampler.collect(n_sets, seed),
            Self::Threshold(sets) => sets.collect(n_sets, seed),
        }
    }
}
