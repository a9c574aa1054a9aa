//! How soon a customer refers others.

use super::edges::check_length;
use super::{InfluenceError, ReferralGraph};
use crate::stats::quantile::quantile_of_sorted;

const MICROSECONDS_PER_DAY: f64 = 86_400.0 * 1e6;

/// For each customer the median number of days from joining to a referral.
///
/// `joined` has one instant per node (UTC microseconds), such as the first purchase. Referrals before joining are left
/// out. `None` where joining is unknown or no referral is left, or where the graph has no times.
///
/// # Errors
/// Not one entry per node.
pub fn median_days_to_referral(
    graph: &ReferralGraph,
    joined: &[Option<i64>],
) -> Result<Vec<Option<f64>>, InfluenceError> {
    check_length("joining times", joined.len(), graph.n_nodes())?;
    let median = |(node, joined): (usize, &Option<i64>)| {
        let (joined, times) = ((*joined)?, graph.referral_times(node as u32)?);
        let after = times.iter().filter(|&&time| time >= joined);
        let mut days: Vec<f64> =
            after.map(|&time| (i128::from(time) - i128::from(joined)) as f64 / MICROSECONDS_PER_DAY).collect();
        days.sort_by(f64::total_cmp);
        (!days.is_empty()).then(|| quantile_of_sorted(&days, 0.5))
    };
    Ok(joined.iter().enumerate().map(median).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::{EdgeList, PassingProbability};

    #[test]
    fn median_is_over_referrals_after_joining() {
        let day = 86_400_000_000;
        let edges = EdgeList::from_numbers(5, vec![0, 0, 0, 1], vec![1, 2, 3, 4]).expect("valid");
        let edges = edges.with_times(vec![12 * day, 20 * day, 5 * day, 30 * day]).expect("one each");
        let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid");
        let joined = [Some(10 * day), None, Some(0), Some(0), Some(0)];
        let days = median_days_to_referral(&graph, &joined).expect("one each");
        assert_eq!(days, [Some(6.0), None, None, None, None]);
    }
}
