//! What is known without a sample of who joins reverse sets near their roots, and with which probability others join.

use super::graph::Arc;
use super::reverse::Inward;
use rayon::prelude::*;

/// Edges of a row up to which all who may join are counted with their probabilities. Of longer rows those who join are counted.
pub(super) const SHORT_ROW: u32 = 32;
/// What a probability of 1 is in whole numbers.
pub(super) const ONE: f64 = (1_u64 << 31) as f64;
/// Pieces that sources are cut into; each takes memory for all roots.
const N_PIECES: usize = 16;

/// Who is in a set near its root, exactly, and what is known of joining along each edge.
///
/// Whether a customer is one live edge away from a root is the toss of one edge. Whether it is two away at most depends on ways of
/// two steps that share no edge, so that `1 - (1 - p_ur) * product over a of (1 - p_ua p_ar)` is its probability.
pub(super) struct Joining {
    /// By node the weight of the roots that it is expected within one step of or, where [`Joining::two_steps`], within two.
    pub direct: Vec<f64>,
    /// By root whether two steps to it are counted without a sample.
    pub two_steps: Vec<bool>,
    /// What one set may add to a node's count at once at most, in probability; 0 where no set can hold it further from its root
    /// than is counted without a sample.
    pub at_once: Vec<f64>,
    /// By edge, in parts of [`ONE`]: the probability that this edge or a repeat of it brings its source in; 0 of the repeats.
    pub by_arc: Vec<u32>,
}

impl Joining {
    /// Along the edges between some customers, of whom roots count with `root_weight`. Of the roots as many have two steps counted,
    /// those with the fewest ways first, as have about `paths_max` ways of two steps together.
    pub fn of(inward: &Inward<'_>, root_weight: impl Fn(u32) -> f64 + Sync, paths_max: usize) -> Self {
        let combined = combined(inward);
        let outward = Outward::of(inward, &combined);
        let two_steps = two_steps(inward, paths_max);
        let direct = direct(&outward, &two_steps, root_weight);
        let at_once = at_once(inward, &outward, &two_steps);
        let by_arc = combined.iter().map(|probability| (probability * ONE).round() as u32).collect();
        Self { direct, two_steps, at_once, by_arc }
    }
}

/// By edge the probability that it or a repeat of it is live; 0 of the repeats.
fn combined(inward: &Inward<'_>) -> Vec<f64> {
    let mut combined: Vec<f64> = Vec::with_capacity(inward.n_arcs());
    // By source the place after its first edge in the row where it was seen last.
    let mut seen = vec![0_usize; inward.n_nodes()];
    for node in 0..inward.n_nodes() {
        let range = inward.range(node);
        let start = range.start;
        for place in range {
            let source = inward.sources()[place] as usize;
            let probability = inward.probability(node, place);
            if seen[source] > start {
                let first = &mut combined[seen[source] - 1];
                *first += probability * (1.0 - *first);
                combined.push(0.0);
            } else {
                seen[source] = place + 1;
                combined.push(probability);
            }
        }
    }
    combined
}

/// The edges by their sources, without repeats and those that are never live.
struct Outward {
    starts: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Outward {
    fn of(inward: &Inward<'_>, combined: &[f64]) -> Self {
        let mut starts = vec![0_u32; inward.n_nodes() + 1];
        let lives = |place: usize| combined[place] > 0.0;
        for (place, &source) in inward.sources().iter().enumerate() {
            starts[source as usize + 1] += u32::from(lives(place));
        }
        (0..inward.n_nodes()).for_each(|node| starts[node + 1] += starts[node]);
        let n_arcs = starts.last().copied().unwrap_or(0) as usize;
        let mut next = starts.clone();
        let mut arcs = vec![Arc { node: 0, probability: 0.0 }; n_arcs];
        for node in 0..inward.n_nodes() {
            for place in inward.range(node).filter(|&place| lives(place)) {
                let own = &mut next[inward.sources()[place] as usize];
                arcs[*own as usize] = Arc { node: node as u32, probability: combined[place] };
                *own += 1;
            }
        }
        Self { starts, arcs }
    }

    fn row(&self, node: u32) -> &[Arc] {
        &self.arcs[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

/// The roots with the fewest ways of two steps to them, as long as there are `paths_max` together; all with as many as the last or none.
fn two_steps(inward: &Inward<'_>, paths_max: usize) -> Vec<bool> {
    let n_paths = |root: usize| -> usize {
        let row = &inward.sources()[inward.range(root)];
        row.iter().map(|&source| inward.range(source as usize).len()).sum()
    };
    let n_paths: Vec<usize> = (0..inward.n_nodes()).into_par_iter().map(n_paths).collect();
    if n_paths.iter().sum::<usize>() <= paths_max {
        return vec![true; n_paths.len()];
    }
    let mut ascending = n_paths.clone();
    ascending.par_sort_unstable();
    let mut sum = 0;
    let within = ascending.iter().take_while(|&&n_paths| {
        sum += n_paths;
        sum <= paths_max
    });
    let limit = ascending.get(within.count()).copied().unwrap_or(usize::MAX);
    n_paths.iter().map(|&n_paths| n_paths < limit).collect()
}

fn direct(outward: &Outward, two_steps: &[bool], root_weight: impl Fn(u32) -> f64 + Sync) -> Vec<f64> {
    let n_nodes = two_steps.len();
    let mut direct = vec![0.0; n_nodes];
    let n_piece = n_nodes.div_ceil(N_PIECES).max(1);
    direct.par_chunks_mut(n_piece).enumerate().for_each(|(piece, direct)| {
        // By root the probability to be near it, and which roots that is more than nothing of.
        let mut near = vec![0.0; n_nodes];
        let mut roots: Vec<u32> = Vec::new();
        for (place, direct) in direct.iter_mut().enumerate() {
            let node = (piece * n_piece + place) as u32;
            let mut add = |root: u32, probability: f64| {
                let near = &mut near[root as usize];
                if *near <= 0.0 {
                    roots.push(root);
                }
                *near += probability * (1.0 - *near);
            };
            for first in outward.row(node) {
                add(first.node, first.probability);
                for second in outward.row(first.node) {
                    if two_steps[second.node as usize] && second.node != node {
                        add(second.node, first.probability * second.probability);
                    }
                }
            }
            *direct = roots.drain(..).map(|root| root_weight(root) * std::mem::take(&mut near[root as usize])).sum();
        }
    });
    direct
}

fn at_once(inward: &Inward<'_>, outward: &Outward, two_steps: &[bool]) -> Vec<f64> {
    let has_out = |node: u32| !outward.row(node).is_empty();
    // Whose row is looked at for who joins: some way leads on, or to a root that one step is known of.
    let is_watched = |node: u32| outward.row(node).iter().any(|arc| has_out(arc.node) || !two_steps[arc.node as usize]);
    let watched: Vec<bool> = (0..two_steps.len() as u32).into_par_iter().map(is_watched).collect();
    let joins = |arc: &Arc| {
        let is_long = inward.range(arc.node as usize).len() > SHORT_ROW as usize;
        if is_long { 1.0 } else { arc.probability }
    };
    let at_once = |node: u32| {
        let arcs = outward.row(node).iter().filter(|arc| watched[arc.node as usize]);
        arcs.map(joins).fold(0.0, f64::max)
    };
    (0..two_steps.len() as u32).into_par_iter().map(at_once).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, graph};

    /// 0 to 3 over 1 and over 2, and straight; 3 on to 4 and 5 and back to 0; the first edge of all twice.
    const EDGES: [Edge; 9] = [
        (0, 1, 0.5),
        (0, 1, 0.5),
        (1, 3, 0.5),
        (0, 2, 0.25),
        (2, 3, 0.5),
        (0, 3, 0.125),
        (3, 4, 0.5),
        (4, 5, 0.5),
        (3, 0, 1.0),
    ];

    #[test]
    fn steps_near_the_root_by_hand() {
        let graph = graph(6, &EDGES);
        let weight = |node: u32| f64::from(node + 1);
        let one = Joining::of(&Inward::of(&graph), weight, 0);
        // Customer 0 is one step from 1 (three quarters), 2 and 3.
        assert_eq!(one.direct[0], 2.0 * 0.75 + 3.0 * 0.25 + 4.0 * 0.125);
        assert_eq!(one.direct[3], 5.0 * 0.5 + 1.0);
        let two = Joining::of(&Inward::of(&graph), weight, usize::MAX);
        let to_3 = 1.0 - (1.0 - 0.75 * 0.5) * (1.0 - 0.25 * 0.5) * (1.0 - 0.125);
        let want = 2.0 * 0.75 + 3.0 * 0.25 + 4.0 * to_3 + 5.0 * 0.125 * 0.5;
        assert!((two.direct[0] - want).abs() < 1e-15, "{} {want}", two.direct[0]);
        // From 4 there is 5, and nothing after; from 3 there are 4, 5, 0 and those whom 0 referred.
        assert_eq!(two.direct[4], 6.0 * 0.5);
        assert_eq!(two.direct[3], 5.0 * 0.5 + 6.0 * 0.25 + 1.0 + 2.0 * 0.75 + 3.0 * 0.25);
    }

    #[test]
    fn who_can_only_be_near_roots_needs_no_sample() {
        let chain: Vec<Edge> = (0..4).map(|node| (node, node + 1, 0.25 * f64::from(node + 1))).collect();
        let graph = graph(5, &chain);
        // Of four steps the first is joined along where a third one follows, or a second one.
        let at_once = |paths_max| Joining::of(&Inward::of(&graph), |_| 1.0, paths_max).at_once;
        assert_eq!(at_once(usize::MAX), [0.25, 0.5, 0.0, 0.0, 0.0]);
        assert_eq!(at_once(0), [0.25, 0.5, 0.75, 0.0, 0.0]);
    }

    #[test]
    fn roots_with_the_fewest_ways_come_first() {
        // Ways of two steps: to 1 from 0 none; to 2 one (0, 1, 2); to 3 from both of 1 and 2 one each.
        let edges = [(0, 1, 0.5), (1, 2, 0.5), (1, 3, 0.5), (2, 3, 0.5)];
        let graph = graph(4, &edges);
        let two = |paths_max| two_steps(&Inward::of(&graph), paths_max);
        assert_eq!(two(0), [true, true, false, false]);
        assert_eq!(two(1), [true, true, true, false]);
        assert_eq!(two(3), [true; 4]);
    }
}
