//! Networked promoters of a study: the referral graph, reach, and the first rating.

use super::PipelineError;
use crate::influence::{
    EdgeList, InfluenceError, PageRankSettings, PassingProbability, RatingInputs, RatingWeights, ReachSettings,
    ReferralGraph, page_rank, rate_promoters, reach,
};
use crate::link::{BaseTable, Engine};
use crate::report::{InfluenceResult, InfluenceRow};
use crate::study::{EdgeProbability, Influence, Study};
use std::collections::HashMap;

/// The referral graph and what is known of the customers in it.
pub(super) struct Promoters {
    settings: Influence,
    seed: u64,
    graph: ReferralGraph,
    /// Every customer points at who brought them, so that rank flows to those who bring others.
    upward: ReferralGraph,
    n_referrals: usize,
    places: HashMap<String, u32>,
    score: Vec<Option<f64>>,
    engagement: Vec<Option<f64>>,
    has_activity: bool,
}

impl Promoters {
    /// The graph of all referrals before the study's date; `None` where there are none.
    pub fn of(study: &Study, engine: &Engine) -> Result<Option<Self>, PipelineError> {
        let Some(settings) = study.influence else { return Ok(None) };
        let table = engine.referrals()?;
        let (Some(referrers), Some(referred)) = (table.texts("referrer"), table.texts("referred")) else {
            return Ok(None);
        };
        if referrers.is_empty() {
            return Ok(None);
        }
        let mut edges = EdgeList::new();
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (referrer, referred) in referrers.iter().zip(referred) {
            let (referrer, referred) =
                (referrer.as_deref().unwrap_or_default(), referred.as_deref().unwrap_or_default());
            edges.push(referrer, referred)?;
            from.push(edges.add_customer(referrer));
            to.push(edges.add_customer(referred));
        }
        let upward = EdgeList::from_numbers(edges.n_nodes(), to, from)?;
        let upward = ReferralGraph::new(upward, &PassingProbability::Uniform(1.0))?;
        let n_referrals = edges.n_edges();
        if let Some(times) = table.numbers("t") {
            edges = edges.with_times(times.iter().map(|&t| t as i64).collect())?;
        }
        let probability = match settings.probability {
            EdgeProbability::Uniform(probability) => PassingProbability::Uniform(probability),
            EdgeProbability::WeightedCascade => PassingProbability::WeightedCascade,
            EdgeProbability::Column => {
                let column = table.numbers("probability").unwrap_or_default();
                if column.iter().any(|value| value.is_nan()) {
                    return Err(PipelineError::Impossible(
                        "some referrals have no probability; fill the column or set `influence.probability`".to_owned(),
                    ));
                }
                PassingProbability::PerEdge(column.to_vec())
            }
        };
        let graph = ReferralGraph::new(edges, &probability)?;
        let places: HashMap<String, u32> =
            (0..graph.n_nodes() as u32).map(|node| (graph.name(node).into_owned(), node)).collect();
        let n_nodes = graph.n_nodes();
        Ok(Some(Self {
            settings,
            seed: study.seed,
            graph,
            upward,
            n_referrals,
            places,
            score: vec![None; n_nodes],
            engagement: vec![None; n_nodes],
            has_activity: study.sources.activity.is_some(),
        }))
    }

    /// Takes score and engagement from a batch of customers.
    pub fn watch(&mut self, batch: &BaseTable) {
        let Some(customers) = batch.texts("customer") else { return };
        let recommend = batch.numbers("recommend");
        let activity = batch.numbers("activity_365d").filter(|_| self.has_activity);
        for (row, customer) in customers.iter().enumerate() {
            let Some(&place) = customer.as_ref().and_then(|customer| self.places.get(customer)) else { continue };
            let known = |column: Option<&[f64]>| column.map(|values| values[row]).filter(|value| !value.is_nan());
            self.score[place as usize] = known(recommend);
            self.engagement[place as usize] = known(activity);
        }
    }

    /// Reach, PageRank and rating of every customer in the graph.
    pub fn rate(self) -> Result<InfluenceResult, PipelineError> {
        let settings =
            ReachSettings { samples: self.settings.samples as usize, seed: self.seed, ..ReachSettings::default() };
        let reached = reach(&self.graph, &settings)?;
        let ranked = page_rank(&self.upward, &PageRankSettings::default())?;
        let reach_of: Vec<f64> = reached.nodes.iter().map(|node| node.reach).collect();
        let weights = RatingWeights {
            reach: self.settings.rating.reach,
            score: self.settings.rating.score,
            engagement: self.settings.rating.engagement,
            speed: 0.0,
        };
        let inputs = RatingInputs {
            reach: &reach_of,
            score: Some(&self.score),
            engagement: self.has_activity.then_some(self.engagement.as_slice()),
            days_to_referral: None,
        };
        let ratings = rate_promoters(&inputs, &weights)?;
        let mut customers: Vec<InfluenceRow> = ratings
            .iter()
            .enumerate()
            .map(|(node, rating)| InfluenceRow {
                customer: self.graph.name(node as u32).into_owned(),
                rating: rating.rating.value(),
                tier: rating.tier,
                reach: reached.nodes[node].reach,
                reach_se: reached.nodes[node].reach_se,
                exact: reached.nodes[node].exact,
                page_rank: ranked.ranks[node],
                n_referrals: self.graph.referred(node as u32).len(),
                score: self.score[node],
                engagement: self.engagement[node],
                reach_rank: rating.reach,
                score_rank: rating.score,
                engagement_rank: rating.engagement,
            })
            .collect();
        customers.sort_by(|left, right| {
            right.rating.total_cmp(&left.rating).then_with(|| left.customer.cmp(&right.customer))
        });
        let mut findings = self.graph.findings();
        findings.extend(reached.findings);
        Ok(InfluenceResult {
            n_customers: self.graph.n_nodes(),
            n_referrals: self.n_referrals,
            n_exact: reached.n_exact,
            probability: in_words(self.settings.probability),
            customers,
            findings,
        })
    }
}

fn in_words(probability: EdgeProbability) -> String {
    match probability {
        EdgeProbability::Uniform(value) => {
            format!("each referral passes the word on with probability {value}, as the study says")
        }
        EdgeProbability::Column => "the probability of each referral comes from the referrals file".to_owned(),
        EdgeProbability::WeightedCascade => {
            "each referral passes the word on with probability 1 over the customer's number of referrers".to_owned()
        }
    }
}

impl From<InfluenceError> for PipelineError {
    fn from(error: InfluenceError) -> Self {
        Self::Influence(error)
    }
}
