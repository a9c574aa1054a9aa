//! From whom shortest ways are followed.

use crate::influence::InfluenceError;
use crate::stats::random::stream;
use rand::seq::SliceRandom;

/// How many customers shortest ways are followed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PivotSettings {
    /// Customers to start from; with as many as there are (or more), the measure is exact.
    pub n_pivots: usize,
    /// Seed of the choice.
    pub seed: u64,
}

impl Default for PivotSettings {
    fn default() -> Self {
        Self { n_pivots: 256, seed: 1 }
    }
}

/// A measure of every customer.
#[derive(Debug, Clone, PartialEq)]
pub struct PathMeasure {
    /// One value per node.
    pub values: Vec<f64>,
    /// Standard error of each from the choice of pivots, as if they were drawn with replacement; 0 where exact.
    pub std_errors: Vec<f64>,
    /// Customers started from.
    pub n_pivots: usize,
}

/// The pivots, ascending: all of them, or a random choice without repeats.
pub(super) fn pivots(n_nodes: usize, settings: &PivotSettings) -> Result<Vec<u32>, InfluenceError> {
    if settings.n_pivots == 0 {
        return Err(InfluenceError::BadSetting { setting: "pivots", value: 0.0, range: "at least 1" });
    }
    let mut nodes: Vec<u32> = (0..n_nodes as u32).collect();
    if settings.n_pivots < n_nodes {
        let (chosen, _) = nodes.partial_shuffle(&mut stream(settings.seed, "pivots", 0), settings.n_pivots);
        nodes = chosen.to_vec();
        nodes.sort_unstable();
    }
    Ok(nodes)
}

/// Sums and squares over pivots, turned into totals over all customers.
pub(super) struct Sums {
    pub sums: Vec<f64>,
    pub squares: Vec<f64>,
}

impl Sums {
    pub fn new(n_nodes: usize) -> Self {
        Self { sums: vec![0.0; n_nodes], squares: vec![0.0; n_nodes] }
    }

    pub fn add(mut self, other: &Self) -> Self {
        self.sums.iter_mut().zip(&other.sums).for_each(|(total, own)| *total += own);
        self.squares.iter_mut().zip(&other.squares).for_each(|(total, own)| *total += own);
        self
    }

    pub fn measure(&self, n_pivots: usize) -> PathMeasure {
        let (n_nodes, drawn) = (self.sums.len() as f64, n_pivots as f64);
        let scale = n_nodes / drawn;
        let is_exact = n_pivots == self.sums.len();
        let error = |(sum, squares): (&f64, &f64)| {
            let variance = (squares - sum * sum / drawn).max(0.0) / (drawn - 1.0).max(1.0);
            if is_exact { 0.0 } else { scale * (drawn * variance).sqrt() }
        };
        PathMeasure {
            values: self.sums.iter().map(|sum| scale * sum).collect(),
            std_errors: self.sums.iter().zip(&self.squares).map(error).collect(),
            n_pivots,
        }
    }
}
