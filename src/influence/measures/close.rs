//! How near a customer is to all others.

use super::pivots::{PathMeasure, PivotSettings, Sums, pivots};
use crate::influence::{InfluenceError, ReferralGraph};
use rayon::prelude::*;

/// Parts into which pivots are cut, each with sums of its own.
const N_PARTS: usize = 8;

/// Harmonic closeness of every customer: the sum over others of one over the steps that the word takes to them.
///
/// Whoever cannot be reached counts 0, so that parts that are not connected do no harm. Steps are followed backwards from
/// pivots; sampled pivots stand for all. Same bytes for any number of threads.
///
/// # Errors
/// No pivots.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, PivotSettings, ReferralGraph, closeness};
/// let edges = EdgeList::from_names([("a", "b"), ("b", "c")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
/// assert_eq!(closeness(&graph, &PivotSettings::default()).expect("pivots").values, [1.5, 1.0, 0.0]);
/// ```
///
/// # References
/// Boldi and Vigna (2014), "Axioms for centrality", Internet Mathematics 10; Eppstein and Wang (2004), "Fast approximation of
/// centrality", JGAA 8.
pub fn closeness(graph: &ReferralGraph, settings: &PivotSettings) -> Result<PathMeasure, InfluenceError> {
    let pivots = pivots(graph.n_nodes(), settings)?;
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
                            let near = 1.0 / f64::from(met[other as usize]);
                            sums.sums[other as usize] += near;
                            sums.squares[other as usize] += near * near;
                            queue.push(other);
                        }
                    }
                }
            }
            sums
        })
        .collect();
    let total = blocks.iter().fold(Sums::new(graph.n_nodes()), Sums::add);
    Ok(total.measure(pivots.len()))
}
