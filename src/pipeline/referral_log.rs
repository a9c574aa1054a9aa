//! The referrals of a study in order of time, and the network that they had made up to any of them.
//!
//! A row is somebody brought, by referral or by an invitation that was taken up, unless the study says that it is a friendship or an
//! invitation that was declined. Only the first make what customers did: referrals made, later outcomes, who brought whom, delays. Friendships
//! are part of the network from their time on, both ways. What was declined is no edge; it is a trial that failed.

use super::PipelineError;
use super::referral_rules::RuledReferrals;
use crate::influence::{
    ArcWeight, EdgeList, InfluenceError, Names, PageRankSettings, PassingProbability, Reach, ReachSettings,
    ReferralGraph, Relation, core_numbers, page_rank, reach, threshold_reach,
};
use crate::study::{EdgeProbability, WordModel};
use std::collections::BTreeSet;

/// Referrals by the numbers of their customers, who are numbered in the order in which they first appear: those known at
/// any time are the first ones.
pub(super) struct ReferralLog {
    from: Vec<u32>,
    to: Vec<u32>,
    times: Vec<i64>,
    /// What each row says; none where all are referrals.
    relations: Option<Vec<Relation>>,
    /// How the word passes.
    model: WordModel,
    rule: EdgeProbability,
    probability: Vec<f64>,
    weights: Option<Vec<f64>>,
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

/// Reach as the study's model has it.
pub(super) fn reached(
    graph: &ReferralGraph,
    model: WordModel,
    settings: &ReachSettings,
) -> Result<Reach, InfluenceError> {
    match model {
        WordModel::Cascade => reach(graph, settings),
        WordModel::Threshold => threshold_reach(graph, settings),
    }
}

/// Some rows as edges.
struct Edges {
    from: Vec<u32>,
    to: Vec<u32>,
    /// The row that each came from; none where edges and rows are the same.
    rows: Option<Vec<u32>>,
}

/// The network at one time.
pub(super) struct Network {
    pub graph: ReferralGraph,
    /// The same without friendships, by numbers; none where there are no others.
    brought: Option<ReferralGraph>,
    pub reached: Reach,
    /// PageRank of the graph in which everybody points at who brought them, so that rank flows to those who bring others.
    pub page_rank: Vec<f64>,
    pub core: Vec<u32>,
}

impl Network {
    /// Who brought whom.
    pub fn brought(&self) -> &ReferralGraph {
        self.brought.as_ref().unwrap_or(&self.graph)
    }
}

impl Edges {
    /// What is said of each row, for each edge.
    fn values(&self, of_rows: &[f64]) -> Vec<f64> {
        match &self.rows {
            None => of_rows[..self.from.len()].to_vec(),
            Some(rows) => rows.iter().map(|&row| of_rows[row as usize]).collect(),
        }
    }
}

impl ReferralLog {
    /// The log and the names of its customers; `None` where there are no edges.
    pub fn read(
        ruled: &RuledReferrals,
        model: WordModel,
        rule: EdgeProbability,
    ) -> Result<Option<(Self, Names)>, PipelineError> {
        let (table, relations) = (&ruled.table, ruled.relations.clone());
        let (Some(referrers), Some(referred), Some(times)) =
            (table.texts("referrer"), table.texts("referred"), table.numbers("t"))
        else {
            return Ok(None);
        };
        let is_edge = |row: usize| relations.as_ref().is_none_or(|own| own[row] != Relation::InvitationDeclined);
        if !(0..referrers.len()).any(is_edge) {
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
        if probability.iter().enumerate().any(|(row, value)| is_edge(row) && value.is_nan()) {
            return Err(PipelineError::Impossible(
                "some referrals have no probability; fill the column or set `influence.probability`".to_owned(),
            ));
        }
        let mut names = Names::new();
        let (mut from, mut to) = (Vec::with_capacity(times.len()), Vec::with_capacity(times.len()));
        for (referrer, referred) in referrers.iter().zip(referred) {
            let (referrer, referred) =
                (referrer.as_deref().unwrap_or_default(), referred.as_deref().unwrap_or_default());
            from.push(names.intern(referrer));
            to.push(names.intern(referred));
        }
        let times: Vec<i64> = times.iter().map(|&t| t as i64).collect();
        let channels = Channels::of(table.texts("channel").unwrap_or_default());
        // A row without a weight counts as one.
        let one = |&weight: &f64| if weight.is_nan() { 1.0 } else { weight };
        let weights = table.numbers("weight").map(|weights| weights.iter().map(one).collect());
        Ok(Some((Self { from, to, times, relations, model, rule, probability, weights, channels }, names)))
    }

    /// A log of referrer, referred, instant and relation by numbers, in order of time, to learn delays from.
    pub fn of_edges(rows: impl Iterator<Item = (u32, u32, i64, Relation)>) -> Self {
        let (mut from, mut to, mut times, mut relations) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (referrer, referred, at_us, relation) in rows {
            from.push(referrer);
            to.push(referred);
            times.push(at_us);
            relations.push(relation);
        }
        Self {
            from,
            to,
            times,
            relations: Some(relations),
            model: WordModel::Cascade,
            rule: EdgeProbability::WeightedCascade,
            probability: Vec::new(),
            weights: None,
            channels: Channels::default(),
        }
    }

    /// What a row says.
    pub fn relation(&self, row: usize) -> Relation {
        self.relations.as_ref().map_or(Relation::Referral, |relations| relations[row])
    }

    /// Whether somebody was brought: by a referral, or by an invitation that was taken up.
    pub fn is_brought(&self, row: usize) -> bool {
        matches!(self.relation(row), Relation::Referral | Relation::InvitationTaken)
    }

    /// Rows of which somebody was brought.
    pub fn n_brought(&self) -> usize {
        (0..self.len()).filter(|&row| self.is_brought(row)).count()
    }

    /// Rows that are friendships.
    pub fn n_friendships(&self) -> usize {
        (0..self.len()).filter(|&row| self.relation(row) == Relation::Friendship).count()
    }

    /// The edges of the first rows: one of who was brought, two of a friendship, none of what was declined.
    fn edges(&self, n_rows: usize) -> Edges {
        if self.relations.is_none() {
            return Edges { from: self.from[..n_rows].to_vec(), to: self.to[..n_rows].to_vec(), rows: None };
        }
        let (mut from, mut to, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..n_rows {
            let ends = (self.from[row], self.to[row]);
            let ways: &[(u32, u32)] = match self.relation(row) {
                Relation::Referral | Relation::InvitationTaken => &[ends],
                Relation::Friendship => &[ends, (ends.1, ends.0)],
                Relation::InvitationDeclined => &[],
            };
            for &(first, second) in ways {
                from.push(first);
                to.push(second);
                rows.push(row as u32);
            }
        }
        Edges { from, to, rows: Some(rows) }
    }

    /// Who brought whom among the first rows, where these hold anything else; probabilities play no part.
    fn brought_graph(&self, n_rows: usize, n_nodes: usize) -> Result<Option<ReferralGraph>, InfluenceError> {
        if (0..n_rows).all(|row| self.is_brought(row)) {
            return Ok(None);
        }
        let rows = || (0..n_rows).filter(|&row| self.is_brought(row));
        if rows().next().is_none() {
            return Ok(Some(ReferralGraph::without_edges(n_nodes)));
        }
        let (from, to) = (rows().map(|row| self.from[row]).collect(), rows().map(|row| self.to[row]).collect());
        let edges = EdgeList::from_numbers(n_nodes, from, to)?;
        ReferralGraph::new(edges, &PassingProbability::Uniform(1.0)).map(Some)
    }

    /// The same referrals, made by others.
    pub fn made_by(&self, mut from: Vec<u32>) -> Self {
        // Friends stay friends, and who was declined was.
        for row in (0..from.len()).filter(|&row| !self.is_brought(row)) {
            from[row] = self.from[row];
        }
        Self {
            from,
            to: self.to.clone(),
            times: self.times.clone(),
            relations: self.relations.clone(),
            model: self.model,
            rule: self.rule,
            probability: self.probability.clone(),
            weights: self.weights.clone(),
            channels: Channels::default(),
        }
    }

    /// Who made each referral.
    pub fn referrers(&self) -> &[u32] {
        &self.from
    }

    /// Rows, of whatever kind.
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

    /// The same graph by numbers, with other probabilities, one a row.
    pub fn spreading(&self, probability: &[f64], n_nodes: usize) -> Result<ReferralGraph, InfluenceError> {
        let edges = self.edges(self.len());
        let probability = edges.values(probability);
        let list = EdgeList::from_numbers(n_nodes, edges.from, edges.to)?;
        ReferralGraph::new(list, &PassingProbability::PerEdge(probability))
    }

    /// The instant of the first referral, UTC microseconds; that of the first row where there is none.
    pub fn first_us(&self) -> i64 {
        let first = (0..self.len()).find(|&row| self.is_brought(row));
        self.times[first.unwrap_or(0)]
    }

    /// Rows before an instant.
    pub fn before(&self, instant_us: i64) -> usize {
        self.times.partition_point(|&time| time < instant_us)
    }

    /// Customers in the first rows.
    pub fn n_customers(&self, n_rows: usize) -> usize {
        let ends = self.from[..n_rows].iter().chain(&self.to[..n_rows]);
        ends.max().map_or(0, |&node| node as usize + 1)
    }

    /// Referrals that each of the first `n_customers` made in part of the log, those to themselves left out.
    pub fn made(&self, part: std::ops::Range<usize>, n_customers: usize) -> Vec<f64> {
        let mut made = vec![0.0; n_customers];
        for row in part.filter(|&row| self.is_brought(row)) {
            let (from, to) = (self.from[row], self.to[row]);
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
        for row in (0..self.len()).filter(|&row| self.is_brought(row)) {
            let (from, to, at_us) = (self.from[row], self.to[row], self.times[row]);
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
        let (model, rule, probability) = (WordModel::Cascade, EdgeProbability::WeightedCascade, Vec::new());
        let (from, to, channels) = (of(|row| row.0), of(|row| row.1), Channels::default());
        Self { from, to, times, relations: None, model, rule, probability, weights: None, channels }
    }

    /// For tests: the same rows of these kinds.
    #[cfg(test)]
    pub fn related(self, relations: &[Relation]) -> Self {
        Self { relations: Some(relations.to_vec()), ..self }
    }

    /// The network of the first rows, without names.
    pub fn network(&self, n_rows: usize, settings: &ReachSettings) -> Result<Network, InfluenceError> {
        let edges = self.edges(n_rows);
        let list = EdgeList::from_numbers(self.n_customers(n_rows), edges.from.clone(), edges.to.clone())?;
        self.network_of(list, &edges, n_rows, settings)
    }

    /// The network of all rows, with names.
    pub fn named_network(&self, names: &Names, settings: &ReachSettings) -> Result<Network, InfluenceError> {
        let edges = self.edges(self.len());
        let mut list = EdgeList::new();
        // Everybody keeps their number, whether or not there is an edge of them.
        (0..names.len() as u32).filter_map(|number| names.get(number)).for_each(|name| {
            list.add_customer(name);
        });
        let name = |node: u32| names.get(node).unwrap_or_default();
        for (&from, &to) in edges.from.iter().zip(&edges.to) {
            list.push(name(from), name(to))?;
        }
        let times = match &edges.rows {
            None => self.times.clone(),
            Some(rows) => rows.iter().map(|&row| self.times[row as usize]).collect(),
        };
        self.network_of(list.with_times(times)?, &edges, self.len(), settings)
    }

    fn network_of(
        &self,
        list: EdgeList,
        edges: &Edges,
        n_rows: usize,
        settings: &ReachSettings,
    ) -> Result<Network, InfluenceError> {
        let n_nodes = list.n_nodes();
        let probability = match self.rule {
            EdgeProbability::Uniform(probability) => PassingProbability::Uniform(probability),
            EdgeProbability::WeightedCascade | EdgeProbability::Learned(_) => PassingProbability::WeightedCascade,
            EdgeProbability::Column => PassingProbability::PerEdge(edges.values(&self.probability)),
        };
        let graph = ReferralGraph::new(list, &probability)?;
        let mut upward = EdgeList::from_numbers(n_nodes, edges.to.clone(), edges.from.clone())?;
        let mut ranking = PageRankSettings::default();
        if let Some(weights) = &self.weights {
            upward = upward.with_weights(edges.values(weights))?;
            ranking.weight = ArcWeight::Given;
        }
        let upward = ReferralGraph::new(upward, &PassingProbability::Uniform(1.0))?;
        let page_rank = page_rank(&upward, &ranking)?.ranks;
        let (reached, core) = (reached(&graph, self.model, settings)?, core_numbers(&graph));
        let brought = self.brought_graph(n_rows, n_nodes)?;
        Ok(Network { graph, brought, reached, page_rank, core })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 brought 1; 1 and 2 are friends; 0 invited 3, who did not come, and 4, who did.
    fn mixed() -> ReferralLog {
        use Relation::{Friendship, InvitationDeclined, InvitationTaken, Referral};
        let rows = [(0, 1, 10), (1, 2, 20), (0, 3, 30), (0, 4, 40)];
        ReferralLog::of_rows(&rows).related(&[Referral, Friendship, InvitationDeclined, InvitationTaken])
    }

    #[test]
    fn friends_are_in_the_network_from_their_time_on() {
        let log = mixed();
        let settings = ReachSettings::default();
        let arcs = |instant: i64| {
            let network = log.network(log.before(instant), &settings).expect("sound");
            let nodes = 0..network.graph.n_nodes() as u32;
            let arcs: Vec<Vec<u32>> = nodes.map(|node| network.graph.referred(node).to_vec()).collect();
            let brought: Vec<usize> =
                (0..arcs.len() as u32).map(|node| network.brought().referred(node).len()).collect();
            (arcs, brought)
        };
        assert_eq!(arcs(20), (vec![vec![1], vec![]], vec![1, 0]));
        assert_eq!(arcs(30), (vec![vec![1], vec![2], vec![1]], vec![1, 0, 0]));
        // Who was asked and did not come is there, and nobody is tied to them.
        assert_eq!(arcs(50), (vec![vec![1, 4], vec![2], vec![1], vec![], vec![]], vec![2, 0, 0, 0, 0]));
    }

    #[test]
    fn only_who_was_brought_was_brought_by_somebody() {
        let log = mixed();
        let came: Vec<Option<u32>> = log.came(5).into_iter().map(|came| came.map(|came| came.referrer)).collect();
        assert_eq!(came, [None, Some(0), None, None, Some(0)]);
        assert_eq!(log.made(0..4, 5), [2.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!((log.n_brought(), log.n_friendships(), log.len()), (2, 1, 4));
        // Records that change hands take nobody's friends along.
        assert_eq!(log.made_by(vec![3, 3, 3, 3]).referrers(), [3, 1, 0, 3]);
    }

    #[test]
    fn what_was_declined_is_an_occasion_that_failed() {
        use super::super::passing_occasions::{Bought, occasions};
        use crate::study::Passing;
        let log = mixed();
        // 1, 3 and 4 bought at once, of whom 3 was not brought.
        let bought = Bought { since: vec![None, Some(11), None, Some(31), Some(41)], before: vec![false; 5] };
        let settings = Passing { within_days: 1, half_life_days: 1 };
        let all = occasions(&log, 5, &bought, &settings, i64::MAX);
        let told: Vec<(Vec<u32>, bool)> = all.into_iter().map(|one| (one.rows, one.passed)).collect();
        assert_eq!(told, [(vec![0], true), (vec![2], false), (vec![3], true)]);
    }
}
