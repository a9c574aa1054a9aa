//! What seeds reach that needs no samples, although others of the same graph do: the first of a connected part, and all of it.

use super::exact::{ExactReach, TangledReach};
use super::threshold;
use super::{ReferralGraph, forest_seeds::ForestSeeds};
use std::collections::HashMap;

/// Which nodes are connected, by edges in whatever direction.
///
/// Nodes in the trees of a forest stay on their own: nobody asks for their part.
pub(super) struct Parts {
    /// A node of the same part; the part's own node points to itself.
    leader: Vec<u32>,
}

impl Parts {
    pub fn of(graph: &ReferralGraph, forest: &ForestSeeds<'_>) -> Self {
        let n_nodes = graph.n_nodes();
        let mut parts = Self { leader: (0..n_nodes as u32).collect() };
        for node in (0..n_nodes as u32).filter(|&node| !forest.holds(node)) {
            for &other in graph.referred(node) {
                parts.join(node, other);
            }
        }
        parts
    }

    fn join(&mut self, left: u32, right: u32) {
        let (left, right) = (self.shortened(left), self.shortened(right));
        self.leader[left.max(right) as usize] = left.min(right);
    }

    fn shortened(&mut self, mut node: u32) -> u32 {
        while self.leader[node as usize] != node {
            let next = self.leader[self.leader[node as usize] as usize];
            self.leader[node as usize] = next;
            node = next;
        }
        node
    }

    /// The node that stands for the part of a node.
    pub fn of_node(&self, mut node: u32) -> u32 {
        while self.leader[node as usize] != node {
            node = self.leader[node as usize];
        }
        node
    }
}

/// Reach of one node alone, where it is exact.
pub(super) enum AloneReach {
    /// Under the cascade, worked out for a node when it is asked for.
    Cascade(TangledReach),
    /// By node.
    Known(Vec<Option<f64>>),
    /// Not known of any.
    Unknown,
}

impl AloneReach {
    /// Under linear thresholds.
    pub fn threshold(graph: &ReferralGraph, worth: impl Fn(u32) -> f64) -> Self {
        Self::Known(threshold::exact_reach(graph, worth))
    }

    /// Under the cascade, of every node at once.
    pub fn known(exact: &ExactReach) -> Self {
        Self::Known(exact.reach.clone())
    }

    fn of(&self, node: u32) -> Option<f64> {
        match self {
            Self::Cascade(tangled) => tangled.reach(node),
            Self::Known(reach) => reach[node as usize],
            Self::Unknown => None,
        }
    }
}

/// Sets that seeds of one part are counted by, and what of the part is left.
#[derive(Default, Clone, Copy)]
struct PartSoFar {
    reach: f64,
    n_sampled: usize,
    counted: f64,
    /// Nodes of any worth that are no seeds yet.
    n_left: usize,
    /// What all of the part are worth.
    worth: f64,
    /// Whether there is a seed, or somebody who spreads the word already.
    is_started: bool,
    /// Whether somebody spreads the word already: what the seeds add to that one is less than the worth of all.
    has_active: bool,
}

/// The parts of a graph outside of its trees, before anybody is a seed.
pub(super) struct SeedParts<'a> {
    parts: &'a Parts,
    alone: AloneReach,
    worth: &'a dyn Fn(u32) -> f64,
    start: HashMap<u32, PartSoFar>,
}

impl<'a> SeedParts<'a> {
    /// Of the nodes outside of trees, of whom some spread the word already.
    pub fn of(
        parts: &'a Parts,
        outside: impl Iterator<Item = u32>,
        active: impl Iterator<Item = u32>,
        alone: AloneReach,
        worth: &'a dyn Fn(u32) -> f64,
    ) -> Self {
        let mut start: HashMap<u32, PartSoFar> = HashMap::new();
        for node in outside {
            let own = worth(node);
            let part = start.entry(parts.of_node(node)).or_default();
            part.worth += own;
            part.n_left += usize::from(own > 0.0);
        }
        for node in active {
            if let Some(part) = start.get_mut(&parts.of_node(node)) {
                (part.is_started, part.has_active) = (true, true);
            }
        }
        Self { parts, alone, worth, start }
    }

    /// An account in which nobody is a seed yet.
    pub fn account(&self) -> SettledSeeds<'_> {
        SettledSeeds { of: self, so_far: HashMap::new(), n_sampled: 0, counted: 0.0 }
    }
}

/// The account of seeds outside of trees, in the order chosen.
///
/// The first seed of a part in which nobody has the word reaches what it reaches alone, and once all who are worth anything are seeds,
/// the part is reached as a whole: neither needs samples, so that both are exact, and what was sampled on the way no longer
/// counts in the error.
pub(super) struct SettledSeeds<'a> {
    of: &'a SeedParts<'a>,
    so_far: HashMap<u32, PartSoFar>,
    /// Seeds of parts that are not reached as a whole whose gains are sampled, and the sets they are counted by.
    n_sampled: usize,
    counted: f64,
}

/// What a seed adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SeedGain {
    pub gain: f64,
    /// Sets from whose number the gain's error comes; `None` where the gain is exact.
    pub counted: Option<f64>,
}

impl SettledSeeds<'_> {
    /// What the next seed adds, which on sets adds `sampled` and is the first to cover `count` of them.
    pub fn take(&mut self, node: u32, sampled: f64, count: f64) -> SeedGain {
        let of_part = self.of.parts.of_node(node);
        let part =
            self.so_far.entry(of_part).or_insert_with(|| self.of.start.get(&of_part).copied().unwrap_or_default());
        part.n_left -= usize::from((self.of.worth)(node) > 0.0).min(part.n_left);
        let alone = if part.is_started { None } else { self.of.alone.of(node) };
        part.is_started = true;
        let taken = if part.n_left == 0 && !part.has_active {
            let gain = part.worth - part.reach;
            let counted = (part.n_sampled > 0).then_some(part.counted);
            self.n_sampled -= part.n_sampled;
            self.counted -= part.counted;
            (part.n_sampled, part.counted) = (0, 0.0);
            SeedGain { gain, counted }
        } else if let Some(gain) = alone {
            SeedGain { gain, counted: None }
        } else {
            part.n_sampled += 1;
            part.counted += count;
            self.n_sampled += 1;
            self.counted += count;
            // Sets may find more than there is, and the last seed would then add less than nothing.
            let room = if part.has_active { f64::INFINITY } else { part.worth - part.reach };
            SeedGain { gain: sampled.min(room), counted: Some(count) }
        };
        part.reach += taken.gain;
        taken
    }

    /// The sets from whose number the error of what all seeds reach together comes; `None` where that is exact.
    pub fn counted(&self) -> Option<f64> {
        (self.n_sampled > 0).then_some(self.counted)
    }
}

#[cfg(test)]
mod tests {
    use crate::influence::worlds::{Edge, graph, spread_by_worlds};
    use crate::influence::{Candidates, PlanSettings, SeedSettings, SpreadModel, greedy_seeds, plan_seeds, reach};

    /// Six nodes in one tangle with circles.
    const EDGES: [Edge; 9] = [
        (0, 1, 0.6),
        (0, 2, 0.6),
        (1, 2, 0.6),
        (2, 3, 0.6),
        (3, 0, 0.6),
        (3, 4, 0.6),
        (4, 5, 0.6),
        (5, 3, 0.6),
        (2, 5, 0.6),
    ];

    /// The first seed beside all worlds of nine edges; both ways of choosing, with as few sets as make samples show.
    #[test]
    fn the_first_seed_reaches_what_its_node_does() {
        let graph = graph(6, &EDGES);
        let nodes = reach(&graph, &Default::default()).expect("valid").nodes;
        assert!(nodes.iter().all(|node| node.exact));
        let chosen = greedy_seeds(&graph, &SeedSettings { n_seeds: 3, samples: 500, ..SeedSettings::default() });
        let first = chosen.expect("valid").seeds[0];
        let settings = PlanSettings { n_seeds: 3, samples_max: 500, ..PlanSettings::default() };
        let plan = plan_seeds(&graph, &Candidates::default(), &settings).expect("valid");
        for (node, reach, reach_se) in [
            (first.node, first.reach, first.reach_se),
            (plan.seeds[0].node, plan.seeds[0].reach, plan.seeds[0].reach_se),
        ] {
            let want = spread_by_worlds(6, &EDGES, &[node]);
            assert!((reach - want).abs() < 1e-12 && reach_se == 0.0, "{node}: {reach} ± {reach_se}, {want}");
            assert!((nodes[node as usize].reach - want).abs() < 1e-12);
        }
        assert!(plan.seeds[1].reach_se > 0.0, "{plan:?}");
    }

    /// Whoever is a seed is reached: all six reach six, under either model, whatever was sampled on the way.
    #[test]
    fn all_of_a_part_reach_all_of_it_exactly() {
        let graph = graph(6, &EDGES);
        let chosen = greedy_seeds(&graph, &SeedSettings { n_seeds: 6, samples: 500, ..SeedSettings::default() });
        let last = chosen.expect("valid").seeds[5];
        assert!((last.reach - 6.0).abs() < 1e-12 && last.reach_se == 0.0 && last.gain_se > 0.0, "{last:?}");
        let settings = PlanSettings { n_seeds: 6, samples_max: 500, ..PlanSettings::default() };
        let plan = plan_seeds(&graph, &Candidates::default(), &settings).expect("valid");
        assert!((plan.reach - 6.0).abs() < 1e-12 && plan.reach_se == 0.0, "{plan:?}");
        assert!((plan.guarantee - 1.0).abs() < 1e-15, "{plan:?}");
        // Under thresholds three reach all others in every sample, so that more places stay empty, and it is a sample that says so.
        let settings = PlanSettings { model: SpreadModel::Threshold, ..settings };
        let plan = plan_seeds(&graph, &Candidates::default(), &settings).expect("valid");
        assert!((plan.reach - 6.0).abs() < 5.0 * plan.reach_se && plan.reach <= 6.0, "{plan:?}");
    }

    /// By hand: two who bring each other; one of them has the word, and the other adds the half that does not come anyway.
    #[test]
    fn where_somebody_has_the_word_the_rest_of_the_part_is_not_taken_for_all_of_it() {
        let graph = graph(2, &[(0, 1, 0.5), (1, 0, 0.5)]);
        let candidates = Candidates { active: Some(&[true, false]), ..Candidates::default() };
        let settings = PlanSettings { n_seeds: 1, ..PlanSettings::default() };
        let plan = plan_seeds(&graph, &candidates, &settings).expect("valid");
        assert!((plan.reach - 0.5).abs() < 5.0 * plan.reach_se && plan.reach_se > 0.0, "{plan:?}");
    }
}
