//! How near a customer is to all others, in steps that the word takes.

use super::pivots::{PathMeasure, PivotSettings, Sums, pivots};
use crate::influence::{InfluenceError, ReferralGraph};
use rayon::prelude::*;

/// Parts into which pivots are cut, each with sums of its own.
const N_PARTS: usize = 8;

/// Closeness of every customer, as Wasserman and Faust have it for graphs whose parts are not connected:
/// `(r / (n - 1)) (r / s)` with `r` others whom the word can reach, `s` the sum of the steps to them, and `n` customers.
///
/// It lies in 0 to 1; whoever reaches nobody has 0. Steps are followed backwards from pivots; sampled pivots stand for all, and the
/// standard error is that of the ratio, linearised. Same bytes for any number of threads. It is `closeness_centrality` of
/// networkx with the edges turned round (which counts steps *to* a node), and where all reach all igraph's `closeness(mode = "out",
/// normalized = TRUE)`.
///
/// # Errors
/// No pivots.
///
/// # Example
/// a reaches both others in 1 + 2 steps, b one of two in 1.
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, PivotSettings, ReferralGraph, closeness};
/// let edges = EdgeList::from_names([("a", "b"), ("b", "c")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// assert_eq!(closeness(&graph, &PivotSettings::default()).expect("pivots").values, [2.0 / 3.0, 0.5, 0.0]);
/// ```
///
/// # References
/// Wasserman and Faust (1994), "Social network analysis", p. 200f; Eppstein and Wang (2004), "Fast approximation of centrality",
/// JGAA 8; Cochran (1977), section 6.3, for the error of a ratio.
pub fn closeness(graph: &ReferralGraph, settings: &PivotSettings) -> Result<PathMeasure, InfluenceError> {
    let (n_nodes, pivots) = (graph.n_nodes(), pivots(graph.n_nodes(), settings)?);
    let reached = over_pivots(graph, &pivots, |_| 1.0);
    let steps = over_pivots(graph, &pivots, f64::from);
    // Over pivots `r^2 / s` is the sum of `2 (r/s) 1 - (r/s)^2 d`, its linear part; the squares of these sum to `(r/s)^4 d^2`.
    let mut ratio = Sums::new(n_nodes);
    for node in 0..n_nodes {
        let (r, s) = (reached.sums[node], steps.sums[node]);
        if s > 0.0 {
            ratio.sums[node] = r * r / s;
            ratio.squares[node] = (r / s).powi(4) * steps.squares[node];
        }
    }
    let mut found = ratio.measure(pivots.len());
    let others = (n_nodes as f64 - 1.0).max(1.0);
    found.values.iter_mut().chain(&mut found.std_errors).for_each(|value| *value /= others);
    Ok(found)
}

/// Harmonic centrality of every customer: the sum over others of one over the steps that the word takes to them.
///
/// Whoever cannot be reached counts 0, so that parts that are not connected do no harm. Steps are followed backwards from
/// pivots; sampled pivots stand for all. Same bytes for any number of threads. It is `harmonic_centrality` of networkx with the edges
/// turned round.
///
/// # Errors
/// No pivots.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, PivotSettings, ReferralGraph, harmonic};
/// let edges = EdgeList::from_names([("a", "b"), ("b", "c")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// assert_eq!(harmonic(&graph, &PivotSettings::default()).expect("pivots").values, [1.5, 1.0, 0.0]);
/// ```
///
/// # References
/// Boldi and Vigna (2014), "Axioms for centrality", Internet Mathematics 10; Eppstein and Wang (2004), "Fast approximation of
/// centrality", JGAA 8.
pub fn harmonic(graph: &ReferralGraph, settings: &PivotSettings) -> Result<PathMeasure, InfluenceError> {
    let pivots = pivots(graph.n_nodes(), settings)?;
    Ok(over_pivots(graph, &pivots, |steps| 1.0 / f64::from(steps)).measure(pivots.len()))
}

/// For each customer the sum over the other pivots that the word reaches from there, of what so many steps count.
fn over_pivots(graph: &ReferralGraph, pivots: &[u32], count: impl Fn(u32) -> f64 + Sync) -> Sums {
    let blocks: Vec<Sums> = pivots
        .par_chunks(pivots.len().div_ceil(N_PARTS))
        .map(|block| {
            let mut sums = Sums::new(graph.n_nodes());
            let (mut met, mut queue) = (vec![u32::MAX; graph.n_nodes()], Vec::new());
            for &pivot in block {
                queue.clear();
                queue.push(pivot);
                met.fill(u32::MAX);
                met[pivot as usize] = 0;
                let mut next = 0;
                while let Some(&node) = queue.get(next) {
                    next += 1;
                    for &other in graph.referrers(node) {
                        if met[other as usize] == u32::MAX {
                            met[other as usize] = met[node as usize] + 1;
                            let counted = count(met[other as usize]);
                            sums.sums[other as usize] += counted;
                            sums.squares[other as usize] += counted * counted;
                            queue.push(other);
                        }
                    }
                }
            }
            sums
        })
        .collect();
    blocks.iter().fold(Sums::new(graph.n_nodes()), Sums::add)
}
