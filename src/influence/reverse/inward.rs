//! The edges into each customer, as reverse sets are drawn along them.

use super::live_counts::{LiveCounts, NO_TABLE};
use crate::influence::ReferralGraph;
use crate::influence::graph::Passing;
use std::borrow::Cow;
use std::ops::Range;

/// The edges into each of the customers between whom sets are drawn.
pub(in crate::influence) struct Inward<'graph> {
    /// One more than there are nodes, so that the last has an end.
    rows: Vec<InwardRow>,
    /// The customer at the other end of each edge.
    sources: Cow<'graph, [u32]>,
    /// One per edge where they differ within a row.
    by_arc: Option<Cow<'graph, [f64]>>,
    skips: Vec<Skips>,
    counts: LiveCounts,
}

/// What is looked at while sets are drawn, so that nobody asks again and again whose memory it is.
#[derive(Clone, Copy)]
pub(super) struct InwardView<'inward> {
    pub rows: &'inward [InwardRow],
    pub sources: &'inward [u32],
    by_arc: Option<&'inward [f64]>,
    pub skips: &'inward [Skips],
    pub counts: &'inward LiveCounts,
}

impl InwardView<'_> {
    /// Probability of the edge at `place`, which points at `node`.
    #[inline(always)]
    pub fn probability(&self, node: usize, place: usize) -> f64 {
        match self.by_arc {
            Some(values) => values[place],
            None => self.skips[node].largest,
        }
    }
}

/// Where a node's edges are, and the table of how many of them are live.
#[derive(Debug, Clone, Copy)]
pub(super) struct InwardRow {
    pub start: u32,
    pub n_arcs: u32,
    pub counts: u32,
}

impl InwardRow {
    #[inline(always)]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.n_arcs as usize
    }
}

/// How far it is from one live edge of a row to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Skips {
    /// The largest probability in the row.
    pub largest: f64,
    /// `-1 / ln(1 - largest)`: what an exponential number is multiplied by.
    pub per_exponential: f64,
}

impl Skips {
    pub fn of(largest: f64) -> Self {
        Self { largest, per_exponential: -(-largest).ln_1p().recip() }
    }
}

impl<'graph> Inward<'graph> {
    /// Of all customers, with their numbers in the graph.
    pub fn of(graph: &'graph ReferralGraph) -> Self {
        let by_arc = match &graph.passing {
            Passing::ByTarget(_) => None,
            Passing::ByArc { inward, .. } => Some(Cow::Borrowed(inward.as_slice())),
        };
        let ends = (0..graph.n_nodes() as u32).map(|node| graph.inward.range(node).end as u32);
        Self::with(ends, Cow::Borrowed(&graph.inward.nodes), by_arc, |node| graph.inward_probability(node, 0))
    }

    /// Of some customers, each once, who are numbered from 0 in this order; edges from others are left out.
    pub fn among(graph: &ReferralGraph, kept: &[u32]) -> Inward<'static> {
        let mut numbers = vec![u32::MAX; graph.n_nodes()];
        kept.iter().zip(0..).for_each(|(&node, number)| numbers[node as usize] = number);
        let mut sources = Vec::new();
        let mut by_arc = matches!(graph.passing, Passing::ByArc { .. }).then(Vec::new);
        let mut ends = Vec::with_capacity(kept.len());
        for &node in kept {
            for place in graph.inward.range(node) {
                let number = numbers[graph.inward.nodes[place] as usize];
                if number != u32::MAX {
                    sources.push(number);
                    if let Some(values) = &mut by_arc {
                        values.push(graph.inward_probability(node, place));
                    }
                }
            }
            ends.push(sources.len() as u32);
        }
        let shared = |number: u32| graph.inward_probability(kept[number as usize], 0);
        Inward::with(ends.into_iter(), Cow::Owned(sources), by_arc.map(Cow::Owned), shared)
    }

    /// `shared` is the probability of all edges into a node, where each has not its own.
    fn with(
        ends: impl Iterator<Item = u32>,
        sources: Cow<'graph, [u32]>,
        by_arc: Option<Cow<'graph, [f64]>>,
        shared: impl Fn(u32) -> f64,
    ) -> Self {
        let mut counts = LiveCounts::new();
        let (mut rows, mut skips) =
            (Vec::with_capacity(ends.size_hint().0 + 1), Vec::with_capacity(ends.size_hint().0));
        let mut start = 0;
        for (node, end) in (0..).zip(ends) {
            let range = start as usize..end as usize;
            // Probabilities descend within a row.
            let ends = match &by_arc {
                Some(values) => {
                    values[range.clone()].first().zip(values[range].last()).map(|(first, last)| [*first, *last])
                }
                None => (!range.is_empty()).then(|| [shared(node); 2]),
            };
            let [largest, smallest] = ends.unwrap_or_default();
            let is_shared = largest.to_bits() == smallest.to_bits();
            let table = if is_shared { counts.place_of(end - start, largest) } else { NO_TABLE };
            rows.push(InwardRow { start, n_arcs: end - start, counts: table });
            skips.push(Skips::of(largest));
            start = end;
        }
        rows.push(InwardRow { start, n_arcs: 0, counts: NO_TABLE });
        Self { rows, sources, by_arc, skips, counts }
    }

    pub fn n_nodes(&self) -> usize {
        self.skips.len()
    }

    pub fn n_arcs(&self) -> usize {
        self.sources.len()
    }

    /// The node at the other end of each edge.
    pub fn sources(&self) -> &[u32] {
        &self.sources
    }

    /// The places of a node's edges.
    pub fn range(&self, node: usize) -> Range<usize> {
        self.rows[node].range()
    }

    /// Probability of the edge at `place`, which points at `node`.
    pub fn probability(&self, node: usize, place: usize) -> f64 {
        self.view().probability(node, place)
    }

    /// All of it as it lies in memory.
    pub(super) fn view(&self) -> InwardView<'_> {
        let (rows, skips) = (&self.rows, &self.skips);
        InwardView { rows, sources: &self.sources, by_arc: self.by_arc.as_deref(), skips, counts: &self.counts }
    }
}
