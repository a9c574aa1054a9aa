//! Whom the word could have passed to, and did: the referred, whether they bought, and what was known before each referral.

use super::PipelineError;
use super::referral_log::{Referral, ReferralLog};
use crate::influence::{Action, CreditRule, InfluenceError, ReferralGraph, Relation, accounts_for_in_action};
use crate::link::{BaseTable, Engine};
use crate::study::Passing;

/// Microseconds in a day.
pub(super) const DAY_US: i64 = 86_400_000_000;

/// Answers of the referrers by time, so that a referral knows the latest one before it.
pub(super) struct AnswersInTime {
    /// By node: instants and answers, ascending.
    answers: Vec<Vec<Answer>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Answer {
    at_us: i64,
    score: f64,
}

impl AnswersInTime {
    /// Of the answers that have a customer in the graph, a time and a score.
    pub fn of(base: &BaseTable, graph: &ReferralGraph) -> Self {
        let mut answers = vec![Vec::new(); graph.n_nodes()];
        if let (Some(customers), Some(times), Some(scores)) =
            (base.texts("customer"), base.numbers("t"), base.numbers("recommend"))
        {
            for ((customer, &time), &score) in customers.iter().zip(times).zip(scores) {
                let node = customer.as_ref().and_then(|customer| graph.number_of(customer));
                if let (Some(node), false, false) = (node, time.is_nan(), score.is_nan()) {
                    answers[node as usize].push(Answer { at_us: time as i64, score });
                }
            }
        }
        answers.iter_mut().for_each(|own| own.sort_by_key(|answer| answer.at_us));
        Self { answers }
    }

    pub fn before(&self, node: u32, at_us: i64) -> Option<f64> {
        let own = &self.answers[node as usize];
        let n_before = own.partition_point(|answer| answer.at_us < at_us);
        n_before.checked_sub(1).map(|last| own[last].score)
    }
}

/// When each customer first bought since being referred, and whether before.
pub(super) struct Bought {
    pub since: Vec<Option<i64>>,
    pub before: Vec<bool>,
}

/// A referred customer: who could have passed the word on, and whether it did.
#[derive(Debug)]
pub(super) struct Occasion {
    /// Rows of the log, the first referral first.
    pub rows: Vec<u32>,
    pub at_us: i64,
    pub passed: bool,
    /// Whether the days to buy in are over.
    pub is_over: bool,
}

/// Purchases pass by one customer at a time, in order.
pub(super) fn bought(engine: &Engine, log: &ReferralLog, graph: &ReferralGraph) -> Result<Bought, PipelineError> {
    let came = log.came(graph.n_nodes());
    let mut bought = Bought { since: vec![None; graph.n_nodes()], before: vec![false; graph.n_nodes()] };
    engine.purchases::<PipelineError>(|batch| {
        let (Some(customers), Some(times)) = (batch.texts("customer"), batch.numbers("t")) else { return Ok(()) };
        for (customer, &time) in customers.iter().zip(times) {
            let Some(node) = customer.as_ref().and_then(|customer| graph.number_of(customer)) else { continue };
            let (node, time) = (node as usize, time as i64);
            match came[node] {
                Some(came) if time >= came.at_us => {
                    bought.since[node].get_or_insert(time);
                }
                Some(_) => bought.before[node] = true,
                None => {}
            }
        }
        Ok(())
    })?;
    Ok(bought)
}

/// Referred customers in order of their first referral. What invitations did that were declined is an occasion of its own: they
/// failed, whatever came of other referrals to the same customer. Friendships are none. Referrers count who referred before the purchase, within the days.
pub(super) fn occasions(
    log: &ReferralLog,
    n_nodes: usize,
    bought: &Bought,
    settings: &Passing,
    as_of_us: i64,
) -> Vec<Occasion> {
    let window_us = i64::from(settings.within_days) * DAY_US;
    let mut place: [Vec<Option<usize>>; 2] = [vec![None; n_nodes], vec![None; n_nodes]];
    let mut occasions: Vec<Occasion> = Vec::new();
    for row in 0..log.len() {
        let referral = log.referral(row);
        let is_declined = log.relation(row) == Relation::InvitationDeclined;
        if referral.from == referral.to || !(is_declined || log.is_brought(row)) {
            continue;
        }
        let node = referral.to as usize;
        let bought = bought.since[node].filter(|_| !is_declined);
        let own = *place[usize::from(is_declined)][node].get_or_insert_with(|| {
            let until = referral.at_us + window_us;
            occasions.push(Occasion {
                rows: Vec::new(),
                at_us: referral.at_us,
                passed: bought.is_some_and(|bought| bought <= until),
                is_over: until < as_of_us,
            });
            occasions.len() - 1
        });
        let end = bought.unwrap_or(i64::MAX).min(occasions[own].at_us + window_us);
        if referral.at_us <= end {
            occasions[own].rows.push(row as u32);
        }
    }
    occasions
}

/// Others who acted (bought since being referred, or referred somebody), as far as they are owed to each customer: in equal
/// parts to those who had referred them, and all the way up.
pub(super) fn credited(log: &ReferralLog, n_nodes: usize, bought: &Bought) -> Result<Vec<f64>, InfluenceError> {
    let mut acted: Vec<Option<i64>> = bought.since.clone();
    for row in 0..log.len() {
        let Referral { from, to, at_us } = log.referral(row);
        if from != to && log.is_brought(row) {
            let own = &mut acted[from as usize];
            *own = Some(own.map_or(at_us, |earlier| earlier.min(at_us)));
        }
    }
    let mut people: Vec<u32> = (0..n_nodes as u32).filter(|&node| acted[node as usize].is_some()).collect();
    people.sort_by_key(|&node| acted[node as usize]);
    let mut place_of = vec![u32::MAX; n_nodes];
    people.iter().zip(0..).for_each(|(&node, place)| place_of[node as usize] = place);
    let mut parents: Vec<Vec<u32>> = vec![Vec::new(); people.len()];
    for row in (0..log.len()).filter(|&row| log.is_brought(row)) {
        let Referral { from, to, at_us } = log.referral(row);
        let (parent, child) = (place_of[from as usize], place_of[to as usize]);
        let is_before = acted[to as usize].is_some_and(|acted| at_us <= acted);
        if child != u32::MAX && parent < child && is_before {
            parents[child as usize].push(parent);
        }
    }
    for own in &mut parents {
        own.sort_unstable();
        own.dedup();
    }
    let action = Action { days: vec![0.0; people.len()], parents, people };
    let accounts_for = accounts_for_in_action(&action, CreditRule::Equal)?;
    let mut credited = vec![0.0; n_nodes];
    for (&node, accounts_for) in action.people.iter().zip(accounts_for) {
        credited[node as usize] = accounts_for - 1.0;
    }
    Ok(credited)
}

pub(super) fn n_passed(occasions: &[&Occasion]) -> usize {
    occasions.iter().filter(|one| one.passed).count()
}

pub(super) fn share_passed(occasions: &[&Occasion]) -> f64 {
    n_passed(occasions) as f64 / occasions.len().max(1) as f64
}
