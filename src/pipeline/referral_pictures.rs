//! Which referral trees are drawn.

use crate::influence::{ReferralGraph, TreeCustomer, TreeLimits, trees_of_the_first};
use crate::report::{InfluenceRow, PicturedCustomer, PicturedTree};

/// Trees drawn.
const N_TREES: usize = 5;
/// As much of each as is read at a glance.
const LIMITS: TreeLimits = TreeLimits { generations: 3, per_customer: 5, customers: 13 };

/// The trees of who brought whom below the first of the customers, who are in order of their rating. Those of largest reach stand in them.
pub(super) fn pictured(
    names: &ReferralGraph,
    brought: &ReferralGraph,
    customers: &[InfluenceRow],
) -> Vec<PicturedTree> {
    let (mut reach, mut score) = (vec![0.0; names.n_nodes()], vec![None; names.n_nodes()]);
    for row in customers {
        reach[row.node] = row.reach;
        score[row.node] = row.score;
    }
    let candidates = customers.iter().map(|row| row.node as u32);
    let trees = trees_of_the_first(brought, candidates, &reach, N_TREES, &LIMITS);
    let customer = |one: TreeCustomer| PicturedCustomer {
        customer: names.name(one.node).into_owned(),
        parent: one.parent,
        generation: one.generation,
        n_more: one.n_more,
        score: score[one.node as usize],
    };
    trees
        .into_iter()
        .map(|tree| PicturedTree { customers: tree.customers.into_iter().map(customer).collect() })
        .collect()
}
