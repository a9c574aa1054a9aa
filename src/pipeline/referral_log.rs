//! The referrals of a study in order of time, and the network that they had made up to any of them.

use super::PipelineError;
use crate::influence::{
    EdgeList, InfluenceError, PageRankSettings, PassingProbability, Reach, ReachSettings, ReferralGraph, core_numbers,
    page_rank, reach,
};
use crate::link::BaseTable;
use crate::study::EdgeProbability;
use std::collections::BTreeSet;

/// Referrals by the numbers of their customers, who are numbered in the order in which they first appear: those known at
/// any time are the first ones.
pub(super) struct ReferralLog {
    from: Vec<u32>,
    to: Vec<u32>,
    times: Vec<i64>,
    rule: EdgeProbability,
    probability: Vec<f64>,
    channels: Channels,
}

/// The channel of each referral, by its place among the names; no rows where the referrals tell none.
#[derive(Default)]
pub(super) struct Channels {
    pub names: Vec<String>,
    pub of_rows: Vec<Option<u32>>,
}

impl Channels {
    fn of(texts: &[Option<String>]) -> Self {
        let names: Vec<String> = texts.iter().flatten().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let place = |name: &String| names.binary_search(name).ok().map(|place| place as u32);
        let of_rows = if names.is_empty() {
            Vec::new()
        } else {
            texts.iter().map(|name| name.as_ref().and_then(place)).collect()
        };
        Self { names, of_rows }
    }
}

/// One referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Referral {
    pub from: u32,
    pub to: u32,
    /// UTC microseconds.
    pub at_us: i64,
}

/// A customer's first referrer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Came {
    pub referrer: u32,
    /// UTC microseconds.
    pub at_us: i64,
}

/// The network at one time.
pub(super) struct Network {
    pub graph: ReferralGraph,
    pub reached: Reach,
    /// PageRank of the graph in which everybody points at who brought them, so that rank flows to those who bring others.
    pub page_rank: Vec<f64>,
    pub core: Vec<u32>,
}

impl ReferralLog {
    /// The log and its named edges; `None` where there are none.
    pub fn read(table: &BaseTable, rule: EdgeProbability) -> Result<Option<(Self, EdgeList)>, PipelineError> {
        let (Some(referrers), Some(referred), Some(times)) =
            (table.texts("referrer"), table.texts("referred"), table.numbers("t"))
        else {
            return Ok(None);
        };
        if referrers.is_empty() {
            return Ok(None);
        }
        let column = || table.numbers("probability").unwrap_or_default();
        let rule = match rule {
            // What learning starts from, and is held against.
            EdgeProbability::Learned(_) if !column().is_empty() && !column().iter().any(|value| value.is_nan()) => {
                EdgeProbability::Column
            }
            EdgeProbability::Learned(_) => EdgeProbability::WeightedCascade,
            rule => rule,
        };
        let probability = match rule {
            EdgeProbability::Column => column().to_vec(),
            _ => Vec::new(),
        };
        if probability.iter().any(|value| value.is_nan()) {
            return Err(PipelineError::Impossible(
                "some referrals have no probability; fill the column or set `influence.probability`".to_owned(),
            ));
        }
        let mut edges = EdgeList::new();
        let (mut from, mut to) = (Vec::with_capacity(times.len()), Vec::with_capacity(times.len()));
        for (referrer, referred) in referrers.iter().zip(referred) {
            let (referrer, referred) =
                (referrer.as_deref().unwrap_or_default(), referred.as_deref().unwrap_or_default());
            edges.push(referrer, referred)?;
            from.push(edges.add_customer(referrer));
            to.push(edges.add_customer(referred));
        }
        let times: Vec<i64> = times.iter().map(|&t| t as i64).collect();
        let edges = edges.with_times(times.clone())?;
        let channels = Channels::of(table.texts("channel").unwrap_or_default());
        Ok(Some((Self { from, to, times, rule, probability, channels }, edges)))
    }

    /// The same referrals, made by others.
    pub fn made_by(&self, from: Vec<u32>) -> Self {
        let (to, times, probability) = (self.to.clone(), self.times.clone(), self.probability.clone());
        Self { from, to, times, rule: self.rule, probability, channels: Channels::default() }
    }

    /// Who made each referral.
    pub fn referrers(&self) -> &[u32] {
        &self.from
    }

    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// The channels of the referrals.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Whether the referrals bring their own probabilities, and these are used.
    pub fn has_column(&self) -> bool {
        self.rule == EdgeProbability::Column
    }

    /// A referral by its place in time.
    pub fn referral(&self, row: usize) -> Referral {
        Referral { from: self.from[row], to: self.to[row], at_us: self.times[row] }
    }

    /// The probability of each referral by the study's own rule.
    pub fn given(&self, graph: &ReferralGraph) -> Vec<f64> {
        match self.rule {
            EdgeProbability::Uniform(probability) => vec![probability; self.len()],
            EdgeProbability::Column => self.probability.clone(),
            EdgeProbability::WeightedCascade | EdgeProbability::Learned(_) => {
                self.to.iter().map(|&to| 1.0 / graph.referrers(to).len().max(1) as f64).collect()
            }
        }
    }

    /// The same graph by numbers, with other probabilities, one a referral.
    pub fn spreading(&self, probability: Vec<f64>, n_nodes: usize) -> Result<ReferralGraph, InfluenceError> {
        let edges = EdgeList::from_numbers(n_nodes, self.from.clone(), self.to.clone())?;
        ReferralGraph::new(edges, &PassingProbability::PerEdge(probability))
    }

    /// The instant of the first referral, UTC microseconds.
    pub fn first_us(&self) -> i64 {
        self.times[0]
    }

    /// Referrals before an instant.
    pub fn before(&self, instant_us: i64) -> usize {
        self.times.partition_point(|&time| time < instant_us)
    }

    /// Customers in the first referrals.
    pub fn n_customers(&self, n_referrals: usize) -> usize {
        let ends = self.from[..n_referrals].iter().chain(&self.to[..n_referrals]);
        ends.max().map_or(0, |&node| node as usize + 1)
    }

    /// Referrals that each of the first `n_customers` made in part of the log, those to themselves left out.
    pub fn made(&self, part: std::ops::Range<usize>, n_customers: usize) -> Vec<f64> {
        let mut made = vec![0.0; n_customers];
        for (&from, &to) in self.from[part.clone()].iter().zip(&self.to[part]) {
            if from != to
                && let Some(made) = made.get_mut(from as usize)
            {
                *made += 1.0;
            }
        }
        made
    }

    /// Who brought each customer first.
    pub fn came(&self, n_customers: usize) -> Vec<Option<Came>> {
        let mut came = vec![None; n_customers];
        for ((&from, &to), &at_us) in self.from.iter().zip(&self.to).zip(&self.times) {
            if from != to {
                came[to as usize].get_or_insert(Came { referrer: from, at_us });
            }
        }
        came
    }

    /// For tests: referrer, referred and instant of each.
    #[cfg(test)]
    pub fn of_rows(rows: &[(u32, u32, i64)]) -> Self {
        let of = |end: fn(&(u32, u32, i64)) -> u32| rows.iter().map(end).collect();
        let times = rows.iter().map(|row| row.2).collect();
        let (rule, probability) = (EdgeProbability::WeightedCascade, Vec::new());
        Self { from: of(|row| row.0), to: of(|row| row.1), times, rule, probability, channels: Channels::default() }
    }

    /// The network of the first referrals, without names.
    pub fn network(&self, n_referrals: usize, settings: &ReachSettings) -> Result<Network, InfluenceError> {
        let (from, to) = (self.from[..n_referrals].to_vec(), self.to[..n_referrals].to_vec());
        self.network_of(EdgeList::from_numbers(self.n_customers(n_referrals), from, to)?, settings)
    }

    /// The network of edges that are the first ones of the log.
    pub fn network_of(&self, edges: EdgeList, settings: &ReachSettings) -> Result<Network, InfluenceError> {
        let (n_referrals, n_nodes) = (edges.n_edges(), edges.n_nodes());
        let probability = match self.rule {
            EdgeProbability::Uniform(probability) => PassingProbability::Uniform(probability),
            EdgeProbability::WeightedCascade | EdgeProbability::Learned(_) => PassingProbability::WeightedCascade,
            EdgeProbability::Column => PassingProbability::PerEdge(self.probability[..n_referrals].to_vec()),
        };
        let graph = ReferralGraph::new(edges, &probability)?;
        let (up, down) = (self.to[..n_referrals].to_vec(), self.from[..n_referrals].to_vec());
        let upward = ReferralGraph::new(EdgeList::from_numbers(n_nodes, up, down)?, &PassingProbability::Uniform(1.0))?;
        let page_rank = page_rank(&upward, &PageRankSettings::default())?.ranks;
        let (reached, core) = (reach(&graph, settings)?, core_numbers(&graph));
        Ok(Network { graph, reached, page_rank, core })
    }
}
