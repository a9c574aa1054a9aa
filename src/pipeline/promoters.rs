//! Networked promoters of a study: the referral graph, reach, the rating, whom to invite, and what referrals were worth.

use super::PipelineError;
use super::invitations::{CustomerValues, Invitations};
use super::later_referrals::{LearningSettings, N_REASONS, learn};
use super::lifetime_values::lifetime_values;
use super::passing_history::{LearnedPassings, PassingQuestion, learn_passing};
use super::passing_occasions::AnswersInTime;
use super::promoter_history::PromoterHistory;
use super::referral_log::{Network, ReferralLog, reached};
use super::referral_pictures::pictured;
use super::referral_rules::ruled;
use super::referral_worth::worth;
use super::word_speed::{SpeedQuestion, word_speed};
use crate::findings::{Finding, FindingKind, Severity};
use crate::influence::{
    DelayChoice, DelayFamily, Eventually, Generations, InfluenceError, InfluenceRating, RatingInputs, RatingReason,
    RatingWeights, Reach, ReachSettings, ReferralGraph, SignedSettings, Stance, degrees, rate_promoters, signed_reach,
    threshold_value_reach, value_reach,
};
use crate::intake::SourceAccount;
use crate::link::{BaseTable, Engine};
use crate::report::{InfluenceResult, InfluenceRow, ReferralRuleRow, Sampled, words};
use crate::study::{DelayRule, EdgeProbability, Influence, PassingRule, ReachValue, Study, WordModel};

/// The referral graph and what is known of the customers in it.
pub(super) struct Promoters<'run> {
    engine: &'run Engine,
    study: &'run Study,
    settings: &'run Influence,
    rules: Vec<ReferralRuleRow>,
    of_rules: Vec<Finding>,
    log: ReferralLog,
    network: Network,
    history: PromoterHistory,
    /// Days since they joined of customers who neither referred nor were referred, where known.
    outside_tenure_days: Vec<f64>,
    invitations: Invitations,
}

/// The graph with probabilities that were learned, which only what is told of today goes by: the rating is learned from
/// networks of earlier times, for which they would come too late.
struct Spreading {
    graph: ReferralGraph,
    reached: Reach,
}

impl<'run> Promoters<'run> {
    /// The graph of all referrals before the study's date; `None` where there are none, and where the rules left none, which
    /// the findings of the study then say.
    pub fn of(
        study: &'run Study,
        engine: &'run Engine,
        accounts: &[SourceAccount],
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Self>, PipelineError> {
        let Some(settings) = &study.influence else { return Ok(None) };
        let ruled = ruled(engine, &study.sources, accounts, &settings.rules)?;
        let Some((log, names)) = ReferralLog::read(&ruled, settings.model, settings.probability)? else {
            findings.extend(ruled.findings);
            return Ok(None);
        };
        let network = log.named_network(&names, &reach_settings(settings, study.seed))?;
        let history = PromoterHistory::new(engine, network.graph.n_nodes(), 1);
        let invitations = Invitations::new(settings, engine, &network.graph)?;
        let (rules, of_rules) = (ruled.rows, ruled.findings);
        let outside_tenure_days = Vec::new();
        Ok(Some(Self {
            engine,
            study,
            settings,
            rules,
            of_rules,
            log,
            network,
            history,
            outside_tenure_days,
            invitations,
        }))
    }

    /// Takes what is known of a batch of customers.
    pub fn watch(&mut self, batch: &BaseTable) {
        self.history.watch(batch, &self.network.graph);
        let (customers, tenure_days) = (batch.texts("customer").unwrap_or_default(), batch.numbers("tenure_days"));
        for (who, &days) in customers.iter().zip(tenure_days.unwrap_or_default()) {
            if !days.is_nan() && who.as_ref().is_some_and(|who| self.network.graph.number_of(who).is_none()) {
                self.outside_tenure_days.push(days);
            }
        }
        self.invitations.watch(batch, &self.network.graph);
    }

    /// Reach, rating, plan and values of the customers in the graph; `base` holds the answers.
    pub fn rate(self, base: &BaseTable) -> Result<InfluenceResult, PipelineError> {
        let passing = self.passing(base)?;
        let spreading = match passing.probability {
            Some(probability) => Some(self.spreading(probability)?),
            None => None,
        };
        let Self { engine, study, settings, rules, of_rules, log, network, history, outside_tenure_days, invitations } =
            self;
        let names = &network.graph;
        let n_nodes = names.n_nodes();
        let (graph, reached) = match &spreading {
            Some(spreading) => (&spreading.graph, &spreading.reached),
            None => (names, &network.reached),
        };
        let mut findings = of_rules;
        findings.extend(names.findings());
        findings.extend(reached.findings.iter().cloned());
        findings.extend(passing.findings);
        let credited = passing.credited;
        let recorded = |name: &str| history.recorded(name).map(known);
        let score = recorded("recommend").unwrap_or_else(|| vec![None; n_nodes]);
        let engagement = recorded("activity_365d").filter(|_| study.sources.activity.is_some());
        let ranks = rate_promoters(
            &RatingInputs {
                reach: &reached.nodes.iter().map(|node| node.reach).collect::<Vec<f64>>(),
                score: Some(&score),
                engagement: engagement.as_deref(),
                days_to_referral: None,
            },
            &rank_weights(settings),
        )?;
        let stances: Vec<Stance> = score.iter().map(|&score| stance(score)).collect();
        let is_cascade = settings.model == WordModel::Cascade;
        findings.extend((!is_cascade).then(not_under_thresholds));
        let heard = if is_cascade && score.iter().any(Option::is_some) {
            let settings = SignedSettings { samples: settings.samples as usize, seed: study.seed };
            Some(signed_reach(graph, &stances, None, &settings)?)
        } else {
            None
        };
        let speed = word_speed(
            &log,
            graph,
            &SpeedQuestion {
                reach_days: &settings.reach_days,
                delay: delay_choice(settings),
                tenure_days: history.recorded("tenure_days"),
                outside_tenure_days: &outside_tenure_days,
                as_of_us: study.as_of.end_us(),
                samples: settings.samples as usize,
                seed: study.seed,
            },
        )?;
        findings.extend(speed.findings);
        let learning = learn(
            engine,
            &log,
            &network,
            history,
            &LearningSettings {
                later_days: settings.later_days,
                later: settings.later,
                customers: study.sources.customers.as_ref(),
                as_of_us: study.as_of.end_us(),
                reach: reach_settings(settings, study.seed),
                seed: study.seed,
                confidence: study.confidence,
            },
        )?;
        findings.extend(learning.findings);
        let has_amounts = study.sources.transactions.as_ref().is_some_and(|transactions| transactions.has_amounts());
        let worth = if has_amounts { Some(worth(engine, &log, names, &settings.value)?) } else { None };
        // Returns may be worth more than what was bought; nobody is reached for less than nothing.
        let own_values: Option<Vec<f64>> =
            worth.as_ref().map(|worth| worth.customers.iter().map(|own| own.own_value.max(0.0)).collect());
        let lifetime = match settings.wants_lifetime_values() {
            true => {
                let values = lifetime_values(engine, names, settings, study.as_of.end_us())?;
                findings.extend(values.findings);
                values.by_node
            }
            false => None,
        };
        let reached_values = match settings.reach_value {
            ReachValue::LifetimeValue => lifetime.as_ref().or(own_values.as_ref()),
            ReachValue::OwnValue => own_values.as_ref(),
        };
        let of_value = match reached_values {
            Some(values) if is_cascade => Some(value_reach(graph, values, &reach_settings(settings, study.seed))?),
            Some(values) => Some(threshold_value_reach(graph, values, &reach_settings(settings, study.seed))?),
            None => None,
        };
        let brought = network.brought();
        let (degrees, generations) = (degrees(brought), Generations::of(brought));
        let row = |node: usize| {
            let (rank, reached) = (&ranks[node], &reached.nodes[node]);
            let learned = learning.ratings.as_ref().map(|ratings| &ratings[node]);
            let sign = score[node].map(|_| match stances[node] {
                Stance::Promoter => 1.0,
                Stance::Neither => 0.0,
                Stance::Detractor => -1.0,
            });
            InfluenceRow {
                customer: names.name(node as u32).into_owned(),
                node,
                rating: learned.map_or(rank.rating, |learned| learned.rating).value(),
                rating_se: learned.and_then(|learned| learned.std_error),
                expected_later: learned.map(|learned| learned.expected),
                lifetime_value: lifetime.as_ref().map(|values| values[node]),
                tier: learned.map_or(rank.tier, |learned| learned.tier),
                reach: reached.reach,
                reach_se: reached.reach_se,
                exact: reached.exact,
                page_rank: network.page_rank[node],
                n_referrals: brought.referred(node as u32).len(),
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
                reasons: match &learning.reasons {
                    Some(reasons) => reasons.of(node).map(|own| signed(own.contribution, own.column)).collect(),
                    None => reasons_of_ranks(rank, &rank_weights(settings)),
                },
                value_reach: of_value.as_ref().map(|reach| {
                    let own = &reach.nodes[node];
                    Sampled { value: own.reach, std_error: own.reach_se }
                }),
                credited: credited.as_ref().map(|credited| credited[node]),
            }
        };
        let mut customers: Vec<InfluenceRow> = (0..n_nodes).map(row).collect();
        customers.sort_by(|left, right| {
            right.rating.total_cmp(&left.rating).then_with(|| left.customer.cmp(&right.customer))
        });
        let (plan, of_plan) = match settings.seeds {
            0 => (None, Vec::new()),
            _ => {
                let values = CustomerValues { own: own_values.as_deref(), lifetime: lifetime.as_deref() };
                invitations.plan(names, graph, values, settings, study.seed)
            }
        };
        findings.extend(of_plan);
        Ok(InfluenceResult {
            n_customers: n_nodes,
            n_referrals: log.n_brought(),
            n_friendships: log.n_friendships(),
            n_exact: reached.n_exact,
            rules,
            probability: match (settings.probability, &spreading) {
                (EdgeProbability::Learned(_), Some(_)) => learned_in_words(passing.rule, settings),
                (probability, _) if is_cascade => in_words(probability, log.has_column()),
                (probability, _) => weights_in_words(probability),
            },
            premise: premise(settings, spreading.is_some(), log.has_column()),
            passing: passing.result,
            delay: speed.delay,
            timed: speed.timed,
            reach_days: settings.reach_days.clone(),
            trees: pictured(names, brought, &customers),
            customers,
            components: learning.reasons,
            learned: learning.result,
            heard,
            plan,
            worth,
            findings,
        })
    }

    /// Passing probabilities, where the study has them learned.
    fn passing(&self, base: &BaseTable) -> Result<LearnedPassings, PipelineError> {
        let EdgeProbability::Learned(rule) = self.settings.probability else { return Ok(LearnedPassings::default()) };
        let graph = &self.network.graph;
        let question = PassingQuestion {
            rule,
            settings: self.settings.passing,
            as_of_us: self.study.as_of.end_us(),
            seed: self.study.seed,
            confidence: self.study.confidence,
        };
        let answers = AnswersInTime::of(base, graph);
        learn_passing(self.engine, &self.log, graph, &answers, &self.log.given(graph), &question)
    }

    fn spreading(&self, probability: Vec<f64>) -> Result<Spreading, PipelineError> {
        let graph = self.log.spreading(&probability, self.network.graph.n_nodes())?;
        let reached = reached(&graph, self.settings.model, &reach_settings(self.settings, self.study.seed))?;
        Ok(Spreading { graph, reached })
    }
}

fn delay_choice(settings: &Influence) -> DelayChoice {
    let family = match settings.delay {
        DelayRule::Best => None,
        DelayRule::Exponential => Some(DelayFamily::Exponential),
        DelayRule::Weibull => Some(DelayFamily::Weibull),
    };
    DelayChoice { family, eventually: settings.all_pass.then_some(Eventually::All) }
}

fn rank_weights(settings: &Influence) -> RatingWeights {
    RatingWeights {
        reach: settings.rating.reach,
        score: settings.rating.score,
        engagement: settings.rating.engagement,
        speed: 0.0,
    }
}

/// What each known component adds to a rating by ranks, the largest first: its part of the weights times its rank above 50.
/// Together they are the rating less 50.
fn reasons_of_ranks(rank: &InfluenceRating, weights: &RatingWeights) -> Vec<String> {
    let mut parts: Vec<RatingReason> = [
        ("reach", weights.reach, Some(rank.reach)),
        ("score", weights.score, rank.score),
        ("engagement", weights.engagement, rank.engagement),
    ]
    .into_iter()
    .filter_map(|(column, weight, rank)| {
        Some(RatingReason { column: column.to_owned(), contribution: weight * (rank? - 50.0) })
    })
    .filter(|reason| reason.contribution.abs() > 1e-9)
    .collect();
    parts.sort_by(|left, right| right.contribution.abs().total_cmp(&left.contribution.abs()));
    parts.into_iter().take(N_REASONS).map(|reason| signed(reason.contribution, &reason.column)).collect()
}

/// `+reach`, `-score`
fn signed(contribution: f64, column: &str) -> String {
    let sign = if contribution > 0.0 { '+' } else { '-' };
    format!("{sign}{column}")
}

fn reach_settings(settings: &Influence, seed: u64) -> ReachSettings {
    let samples = settings.samples_max as usize;
    ReachSettings { samples, stop_at: settings.stop_at, seed, ..ReachSettings::default() }
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

fn in_words(probability: EdgeProbability, has_column: bool) -> String {
    match probability {
        EdgeProbability::Uniform(value) => {
            format!("each referral passes the word on with probability {value}, as the study says")
        }
        EdgeProbability::Learned(_) if has_column => in_words(EdgeProbability::Column, true),
        EdgeProbability::Column => "the probability of each referral comes from the referrals file".to_owned(),
        EdgeProbability::WeightedCascade | EdgeProbability::Learned(_) => {
            "each referral passes the word on with probability 1 over the customer's number of referrers".to_owned()
        }
    }
}

/// What a figure of reach holds under, to stand beside it.
fn premise(settings: &Influence, is_learned: bool, has_column: bool) -> String {
    let verb = match settings.model {
        WordModel::Cascade => "passes the word on with",
        WordModel::Threshold => "weighs by thresholds with",
    };
    let which = match settings.probability {
        EdgeProbability::Uniform(value) => format!("probability {value} (assumed)"),
        EdgeProbability::Learned(_) if is_learned => {
            format!(
                "a probability learned from which of the referred bought within {}",
                words::days(settings.passing.within_days)
            )
        }
        EdgeProbability::Column => "the probability that the referrals file gives it".to_owned(),
        EdgeProbability::Learned(_) if has_column => "the probability that the referrals file gives it".to_owned(),
        EdgeProbability::WeightedCascade | EdgeProbability::Learned(_) => {
            "probability 1 over the referred customer\u{2019}s number of referrers (assumed)".to_owned()
        }
    };
    format!("if each referral {verb} {which}")
}

/// What the cascade tells and linear thresholds do not.
fn not_under_thresholds() -> Finding {
    let sentence = "Under linear thresholds it is not told how soon the word spreads, and not what promoters and detractors carry \
                    together; `model = \"cascade\"` of [influence] tells both.";
    Finding::new(FindingKind::NotEstimated, Severity::Note, "threshold", sentence.to_owned())
}

fn weights_in_words(probability: EdgeProbability) -> String {
    let weight = match probability {
        EdgeProbability::Uniform(value) => format!("each referral weighs {value}, as the study says"),
        EdgeProbability::Column => "the weight of each referral is its probability in the referrals file".to_owned(),
        EdgeProbability::WeightedCascade | EdgeProbability::Learned(_) => {
            "each referral weighs 1 over the customer's number of referrers".to_owned()
        }
    };
    format!(
        "{weight}, and a customer follows once the weights of those who went ahead sum to a threshold that nobody knows"
    )
}

fn learned_in_words(rule: PassingRule, settings: &Influence) -> String {
    let how = match rule {
        PassingRule::Best | PassingRule::Constant => "the same for all",
        PassingRule::Logistic => "by a logistic model of what was known of referrer and referred",
        PassingRule::SharedSuccess => "one for each referrer, shrunken to that of all",
        PassingRule::Credit => {
            "one for each referrer, shrunken to that of all, each success credited in equal parts to its referrers"
        }
        PassingRule::Decayed => "one for each referrer, shrunken to that of all, older history counting less",
    };
    format!(
        "the probability is learned from which of the referred bought within {}, {how}",
        words::days(settings.passing.within_days)
    )
}

impl From<InfluenceError> for PipelineError {
    fn from(error: InfluenceError) -> Self {
        Self::Influence(error)
    }
}
