//! What is carried: promoters' reach is an asset, detractors' reach an exposure.

use super::edges::check_length;
use super::reach::{check_samples, check_values};
use super::reverse::ReverseSampler;
use super::seeds::alone;
use super::{InfluenceError, ReferralGraph};

/// What a customer would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stance {
    /// Answered 9 or 10.
    Promoter,
    /// Answered 7 or 8, or nothing.
    Neither,
    /// Answered 0 to 6.
    Detractor,
}

/// Expected customers (or their value) who hear, with the standard error from sampling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// The expectation.
    pub expected: f64,
    /// Its standard error.
    pub std_error: f64,
}

/// Who hears what, together: a customer whom several reach counts once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedReach {
    /// Reached by at least one promoter, promoters included.
    pub asset: Heard,
    /// Reached by at least one detractor, detractors included.
    pub exposure: Heard,
    /// Reached by both.
    pub contested: Heard,
    /// Asset less exposure.
    pub net: Heard,
    /// Everybody (or everybody's value): the most that asset and exposure can be.
    pub total: f64,
}

/// How samples are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedSettings {
    /// Reverse-reachable sets to draw.
    pub samples: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

/// What promoters together and detractors together reach under the independent cascade.
///
/// Both pass on what they think with the graph's probabilities; nobody is persuaded and nobody changes sides. `values`
/// weighs who is reached, at least 0; `None` counts customers. Those whom no live edge reaches are summed exactly, the
/// others by sets drawn in proportion to their value; same settings, same bytes, for any number of threads.
///
/// # Errors
/// No samples; not one stance or value per node; a value that is negative or not finite.
///
/// # Example
/// ```
/// use advocate::influence::{EdgeList, PassingProbability, ReferralGraph, SignedSettings, Stance, signed_reach};
/// let edges = EdgeList::from_names([("fan", "bob"), ("foe", "cid")]).expect("valid");
/// let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(1.0)).expect("valid");
/// let stances = [Stance::Promoter, Stance::Neither, Stance::Detractor, Stance::Neither];
/// let settings = SignedSettings { samples: 1000, seed: 1 };
/// let heard = signed_reach(&graph, &stances, None, &settings).expect("sound");
/// assert_eq!((heard.asset.expected, heard.exposure.expected, heard.net.expected), (2.0, 2.0, 0.0));
/// ```
pub fn signed_reach(
    graph: &ReferralGraph,
    stances: &[Stance],
    values: Option<&[f64]>,
    settings: &SignedSettings,
) -> Result<SignedReach, InfluenceError> {
    check_samples(settings.samples)?;
    let n_nodes = graph.n_nodes();
    check_length("stances", stances.len(), n_nodes)?;
    if let Some(values) = values {
        check_values(values, n_nodes)?;
    }
    let value = |node: u32| values.map_or(1.0, |values| values[node as usize]);
    let sampler = ReverseSampler::new(graph, value);
    let tallies = sampler.tally(
        settings.samples,
        settings.seed,
        || [0_u64; 3],
        |counts, set| {
            let holds = |stance| set.members.iter().any(|&node| stances[node as usize] == stance);
            let (promoter, detractor) = (holds(Stance::Promoter), holds(Stance::Detractor));
            counts[0] += u64::from(promoter);
            counts[1] += u64::from(detractor);
            counts[2] += u64::from(promoter && detractor);
        },
    );
    let count = |which: usize| tallies.iter().map(|counts| counts[which]).sum::<u64>() as f64;
    let (n_samples, per_set) = (settings.samples as f64, sampler.total_weight() / settings.samples as f64);
    let alone = alone(graph);
    let unreached = |stance| -> f64 {
        let nodes = (0..n_nodes as u32).filter(|&node| stances[node as usize] == stance);
        nodes.map(|node| alone[node as usize] * value(node)).sum()
    };
    let heard = |known: f64, count: f64| Heard {
        expected: known + per_set * count,
        std_error: per_set * (count * (1.0 - count / n_samples).max(0.0)).sqrt(),
    };
    let (promoter, detractor, both) = (count(0), count(1), count(2));
    let asset = heard(unreached(Stance::Promoter), promoter);
    let exposure = heard(unreached(Stance::Detractor), detractor);
    // Of the samples that hold one side only, each moves the difference by one.
    let (only, gap) = (promoter + detractor - 2.0 * both, promoter - detractor);
    let std_error = per_set * (only - gap * gap / n_samples).max(0.0).sqrt();
    let net = Heard { expected: asset.expected - exposure.expected, std_error };
    Ok(SignedReach { asset, exposure, contested: heard(0.0, both), net, total: (0..n_nodes as u32).map(value).sum() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::influence::worlds::{Edge, graph, spread_by_worlds, tiny_graphs};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    const SETTINGS: SignedSettings = SignedSettings { samples: 40_000, seed: 1 };

    #[test]
    fn values_weigh_who_hears() {
        let graph = graph(3, &[(0, 2, 1.0), (1, 2, 1.0)]);
        let stances = [Stance::Promoter, Stance::Detractor, Stance::Neither];
        let heard = signed_reach(&graph, &stances, Some(&[1.0, 2.0, 10.0]), &SETTINGS).expect("sound");
        let shown = [heard.asset, heard.exposure, heard.contested, heard.net].map(|heard| heard.expected);
        assert_eq!((shown, heard.total), ([11.0, 12.0, 10.0, -1.0], 13.0));
        assert!(signed_reach(&graph, &stances[..2], None, &SETTINGS).is_err());
        assert!(signed_reach(&graph, &stances, Some(&[f64::NAN; 3]), &SETTINGS).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn both_sides_reach_what_all_worlds_say((n_nodes, edges) in tiny_graphs()) {
            let stance = |node: usize| [Stance::Promoter, Stance::Detractor, Stance::Neither][node % 3];
            let stances: Vec<Stance> = (0..n_nodes).map(stance).collect();
            let heard = signed_reach(&graph(n_nodes, &edges), &stances, None, &SETTINGS).expect("sound");
            let side = |edges: &[Edge], wanted: Stance| {
                let seeds: Vec<u32> = (0..n_nodes as u32).filter(|&node| stances[node as usize] == wanted).collect();
                spread_by_worlds(n_nodes, edges, &seeds)
            };
            for (heard, wanted) in [(heard.asset, Stance::Promoter), (heard.exposure, Stance::Detractor)] {
                let want = side(&edges, wanted);
                prop_assert!((heard.expected - want).abs() < 5.0 * heard.std_error + 1e-9, "{:?} {}", heard, want);
            }
            let most = heard.asset.expected.min(heard.exposure.expected);
            prop_assert!(heard.contested.expected <= most + 1e-9);
            prop_assert!(heard.asset.expected.max(heard.exposure.expected) <= heard.total + 1e-9);
        }
    }

    /// Who trusts whom on an exchange (SNAP, soc-sign-bitcoin-otc: source, target, rating from -10 to 10, time): the word
    /// goes from who is rated to who rated. What is carried must be what forward simulation of the same people reaches.
    #[test]
    fn trusted_and_distrusted_people_of_an_exchange_agree_with_forward_simulation() {
        use crate::influence::worlds::{Edge, graph};
        use crate::influence::{SpreadSettings, spread};
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/bitcoin_otc/soc-sign-bitcoinotc.csv");
        // The shared data is not everywhere.
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let mut numbers = std::collections::HashMap::new();
        let mut edges: Vec<Edge> = Vec::new();
        let mut received: Vec<(f64, f64)> = Vec::new();
        for row in text.lines() {
            let cells: Vec<&str> = row.split(',').collect();
            let mut node = |name: &str| {
                let next = numbers.len() as u32;
                *numbers.entry(name.to_owned()).or_insert(next)
            };
            let (source, target) = (node(cells[0]), node(cells[1]));
            let rating: f64 = cells[2].parse().expect("a rating");
            edges.push((target, source, rating.abs() / 50.0));
            received.resize(numbers.len(), (0.0, 0.0));
            received[target as usize].0 += rating;
            received[target as usize].1 += 1.0;
        }
        let graph = graph(numbers.len(), &edges);
        assert_eq!((graph.n_nodes(), graph.n_arcs()), (5_881, 35_592));
        let stance = |&(sum, n): &(f64, f64)| match n > 0.0 {
            true if sum / n >= 2.0 => Stance::Promoter,
            true if sum < 0.0 => Stance::Detractor,
            _ => Stance::Neither,
        };
        let stances: Vec<Stance> = received.iter().map(stance).collect();
        let of = |wanted: Stance| -> Vec<u32> {
            (0..graph.n_nodes() as u32).filter(|&node| stances[node as usize] == wanted).collect()
        };
        let settings = SignedSettings { samples: 20_000, seed: 1 };
        let heard = signed_reach(&graph, &stances, None, &settings).expect("sound");
        for (own, seeds) in [(heard.asset, of(Stance::Promoter)), (heard.exposure, of(Stance::Detractor))] {
            assert!(seeds.len() > 100, "{} people", seeds.len());
            let forward = spread(&graph, &seeds, &SpreadSettings { simulations: 100, seed: 2 }).expect("valid");
            let error = own.std_error.hypot(forward.std_error);
            assert!((own.expected - forward.mean).abs() < 4.0 * error, "{own:?} {forward:?}");
        }
        assert!((heard.net.expected - (heard.asset.expected - heard.exposure.expected)).abs() < 1e-9);
        assert!(heard.contested.expected <= heard.asset.expected.min(heard.exposure.expected) + 1e-9);
    }
}
