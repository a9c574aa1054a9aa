//! Networked promoters of a study: the referral graph, reach, the rating, whom to invite, and what referrals were worth.

use super::PipelineError;
use super::invitations::Invitations;
use super::later_referrals::{LearningSettings, learn};
use super::promoter_history::PromoterHistory;
use super::referral_log::{Network, ReferralLog};
use super::referral_worth::worth;
use crate::influence::{
    Generations, InfluenceError, RatingInputs, RatingWeights, ReachSettings, SignedSettings, Stance, degrees,
    rate_promoters, signed_reach,
};
use crate::link::{BaseTable, Engine};
use crate::report::{InfluenceResult, InfluenceRow};
use crate::study::{EdgeProbability, Influence, Study};

/// The referral graph and what is known of the customers in it.
pub(super) struct Promoters<'run> {
    engine: &'run Engine,
    study: &'run Study,
    settings: &'run Influence,
    log: ReferralLog,
    network: Network,
    history: PromoterHistory,
    invitations: Invitations,
}

impl<'run> Promoters<'run> {
    /// The graph of all referrals before the study's date; `None` where there are none.
    pub fn of(study: &'run Study, engine: &'run Engine) -> Result<Option<Self>, PipelineError> {
        let Some(settings) = &study.influence else { return Ok(None) };
        let Some((log, edges)) = ReferralLog::read(&engine.referrals()?, settings.probability)? else {
            return Ok(None);
        };
        let network = log.network_of(edges, &reach_settings(settings, study.seed))?;
        let n_nodes = network.graph.n_nodes();
        let history = PromoterHistory::new(engine, n_nodes, 1);
        let invitations = Invitations::new(settings, n_nodes);
        Ok(Some(Self { engine, study, settings, log, network, history, invitations }))
    }

    /// Takes what is known of a batch of customers.
    pub fn watch(&mut self, batch: &BaseTable) {
        self.history.watch(batch, &self.network.graph);
        self.invitations.watch(batch, &self.network.graph);
    }

    /// Reach, rating, plan and values of the customers in the graph.
    pub fn rate(self) -> Result<InfluenceResult, PipelineError> {
        let Self { engine, study, settings, log, network, history, invitations } = self;
        let graph = &network.graph;
        let n_nodes = graph.n_nodes();
        let recorded = |name: &str| history.recorded(name).map(known);
        let score = recorded("recommend").unwrap_or_else(|| vec![None; n_nodes]);
        let engagement = recorded("activity_365d").filter(|_| study.sources.activity.is_some());
        let reach_of: Vec<f64> = network.reached.nodes.iter().map(|node| node.reach).collect();
        let weights = RatingWeights {
            reach: settings.rating.reach,
            score: settings.rating.score,
            engagement: settings.rating.engagement,
            speed: 0.0,
        };
        let inputs = RatingInputs {
            reach: &reach_of,
            score: Some(&score),
            engagement: engagement.as_deref(),
            days_to_referral: None,
        };
        let ranks = rate_promoters(&inputs, &weights)?;
        let stances: Vec<Stance> = score.iter().map(|&score| stance(score)).collect();
        let heard = if score.iter().any(Option::is_some) {
            let settings = SignedSettings { samples: settings.samples as usize, seed: study.seed };
            Some(signed_reach(graph, &stances, None, &settings)?)
        } else {
            None
        };
        let learning = learn(
            engine,
            &log,
            &network,
            history,
            &LearningSettings {
                later_days: settings.later_days,
                as_of_us: study.as_of.end_us(),
                reach: reach_settings(settings, study.seed),
                seed: study.seed,
                confidence: study.confidence,
            },
        )?;
        let has_amounts = study.sources.transactions.as_ref().is_some_and(|transactions| transactions.has_amounts());
        let worth = if has_amounts { Some(worth(engine, &log, graph, &settings.value)?) } else { None };
        let (degrees, generations) = (degrees(graph), Generations::of(graph));
        let row = |node: usize| {
            let (rank, reached) = (&ranks[node], &network.reached.nodes[node]);
            let learned = learning.ratings.as_ref().map(|ratings| &ratings[node]);
            let sign = score[node].map(|_| match stances[node] {
                Stance::Promoter => 1.0,
                Stance::Neither => 0.0,
                Stance::Detractor => -1.0,
            });
            InfluenceRow {
                customer: graph.name(node as u32).into_owned(),
                node,
                rating: learned.map_or(rank.rating, |learned| learned.rating).value(),
                rating_se: learned.and_then(|learned| learned.std_error),
                expected_referrals: learned.map(|learned| learned.expected),
                tier: learned.map_or(rank.tier, |learned| learned.tier),
                reach: reached.reach,
                reach_se: reached.reach_se,
                exact: reached.exact,
                page_rank: network.page_rank[node],
                n_referrals: graph.referred(node as u32).len(),
                score: score[node],
                engagement: engagement.as_ref().and_then(|engagement| engagement[node]),
                reach_rank: rank.reach,
                score_rank: rank.score,
                engagement_rank: rank.engagement,
                signed_reach: sign.map(|sign: f64| sign * reached.reach),
                out_degree: degrees[node].n_referred,
                k_core: network.core[node],
                n_generations: generations.below[node].map(|below| below.n_generations),
                own_value: worth.as_ref().map(|worth| worth.customers[node].own_value),
            }
        };
        let mut customers: Vec<InfluenceRow> = (0..n_nodes).map(row).collect();
        customers.sort_by(|left, right| {
            right.rating.total_cmp(&left.rating).then_with(|| left.customer.cmp(&right.customer))
        });
        let mut findings = graph.findings();
        findings.extend(network.reached.findings.iter().cloned());
        findings.extend(learning.findings);
        let (plan, of_plan) = match settings.seeds {
            0 => (None, Vec::new()),
            _ => invitations.plan(graph, settings, study.seed),
        };
        findings.extend(of_plan);
        Ok(InfluenceResult {
            n_customers: n_nodes,
            n_referrals: log.len(),
            n_exact: network.reached.n_exact,
            probability: in_words(settings.probability),
            customers,
            learned: learning.result,
            heard,
            plan,
            worth,
            findings,
        })
    }
}

fn reach_settings(settings: &Influence, seed: u64) -> ReachSettings {
    ReachSettings { samples: settings.samples as usize, seed, ..ReachSettings::default() }
}

fn known(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().map(|&value| (!value.is_nan()).then_some(value)).collect()
}

/// Who answered 9 or 10 promotes, who answered up to 6 detracts.
fn stance(score: Option<f64>) -> Stance {
    match score {
        Some(score) if score >= 8.5 => Stance::Promoter,
        Some(score) if score < 6.5 => Stance::Detractor,
        _ => Stance::Neither,
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
