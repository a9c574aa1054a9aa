//! Hubs and authorities.

use crate::influence::{InfluenceError, ReferralGraph};
use rayon::prelude::*;

/// How hubs and authorities are computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HitsSettings {
    /// Sum of absolute changes in one iteration below which the scores are final.
    pub tolerance: f64,
    /// Iterations after which to give up.
    pub iterations_max: usize,
}

impl Default for HitsSettings {
    fn default() -> Self {
        Self { tolerance: 1e-12, iterations_max: 10_000 }
    }
}

/// Hubs refer to good authorities; authorities are referred to by good hubs.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits {
    /// One hub score per node; they sum to 1.
    pub hubs: Vec<f64>,
    /// One authority score per node; they sum to 1.
    pub authorities: Vec<f64>,
    /// Iterations made.
    pub iterations: usize,
}

/// Hubs and authorities by power iteration: `authority(v) = sum over u -> v of hub(u)`, `hub(u) = sum over u -> v of
/// authority(v)`, each scaled to sum to 1. Repeated edges count each time.
///
/// Each node sums its own edges in a fixed order: same bytes for any number of threads. Where two parts of the network are
/// equally strong, both keep the weight that even scores give them.
///
/// # Errors
/// No edges, or no convergence.
///
/// # References
/// Kleinberg (1999), "Authoritative sources in a hyperlinked environment", JACM 46(5).
pub fn hits(graph: &ReferralGraph, settings: &HitsSettings) -> Result<Hits, InfluenceError> {
    if graph.n_arcs() == 0 {
        return Err(InfluenceError::NoEdges);
    }
    let n_nodes = graph.n_nodes();
    let mut hubs = vec![1.0 / n_nodes as f64; n_nodes];
    let mut change = f64::INFINITY;
    for iteration in 1..=settings.iterations_max {
        let authorities =
            scaled((0..n_nodes as u32).into_par_iter().map(|node| sum(graph.referrers(node), &hubs)).collect());
        let next =
            scaled((0..n_nodes as u32).into_par_iter().map(|node| sum(graph.referred(node), &authorities)).collect());
        change = next.iter().zip(&hubs).map(|(next, hub)| (next - hub).abs()).sum();
        hubs = next;
        if change <= settings.tolerance {
            return Ok(Hits { hubs, authorities, iterations: iteration });
        }
    }
    Err(InfluenceError::HitsNotConverged { iterations: settings.iterations_max, change, tolerance: settings.tolerance })
}

fn sum(others: &[u32], scores: &[f64]) -> f64 {
    // A sum of nothing is minus zero.
    others.iter().map(|&other| scores[other as usize]).sum::<f64>() + 0.0
}

fn scaled(mut scores: Vec<f64>) -> Vec<f64> {
    let total: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= total);
    scores
}
