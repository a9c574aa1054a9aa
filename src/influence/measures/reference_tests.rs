//! Measures beside those of networkx 3 (`hits`, `closeness_centrality` and `harmonic_centrality` of the turned graph, `betweenness_centrality` not
//! normalised, `core_number`, `pagerank`), and on a real graph.

use super::*;
use crate::influence::{EdgeList, InfluenceError, PageRankSettings, PassingProbability, ReferralGraph, page_rank};
use std::path::Path;

const EDGES: [(u32, u32); 11] =
    [(0, 1), (0, 2), (1, 2), (2, 3), (3, 0), (3, 4), (4, 5), (5, 3), (2, 5), (6, 4), (5, 7)];

fn graph(n_nodes: usize, edges: &[(u32, u32)]) -> ReferralGraph {
    let (from, to) = edges.iter().copied().unzip();
    let edges = EdgeList::from_numbers(n_nodes, from, to).expect("valid edges");
    ReferralGraph::new(edges, &PassingProbability::Uniform(0.5)).expect("valid graph")
}

fn assert_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (node, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() < 1e-10, "node {node}: {got} {want}");
    }
}

#[test]
fn hubs_and_authorities() {
    let got = hits(&graph(8, &EDGES), &HitsSettings::default()).expect("converges");
    assert_close(
        &got.hubs,
        &[0.0, 0.0, 0.445_041_867_912_628_7, 0.0, 0.198_062_264_195_161_7, 0.356_895_867_892_209_23, 0.0, 0.0],
    );
    assert_close(
        &got.authorities,
        &[0.0, 0.0, 0.0, 0.445_041_867_912_628_6, 0.0, 0.356_895_867_892_209_3, 0.0, 0.198_062_264_195_161_54],
    );
    let once = HitsSettings { iterations_max: 1, ..HitsSettings::default() };
    assert!(matches!(hits(&graph(8, &EDGES), &once), Err(InfluenceError::HitsNotConverged { .. })));
}

#[test]
fn closeness_and_betweenness_from_all_pivots_are_exact() {
    let graph = graph(8, &EDGES);
    let close = closeness(&graph, &PivotSettings::default()).expect("pivots");
    assert_close(
        &close.values,
        &[
            0.428_571_428_571_428_5,
            0.367_346_938_775_510_2,
            0.467_532_467_532_467_5,
            0.467_532_467_532_467_5,
            0.321_428_571_428_571_4,
            0.428_571_428_571_428_5,
            0.304_347_826_086_956_5,
            0.0,
        ],
    );
    let near = harmonic(&graph, &PivotSettings::default()).expect("pivots");
    let third = 1.0 / 3.0;
    assert_close(
        &near.values,
        &[3.0 + 2.0 * third, 3.0, 3.5 + third, 3.5 + third, 2.5 + third, 3.0 + 2.0 * third, 2.816_666_666_666_667, 0.0],
    );
    let between = betweenness(&graph, &BetweennessSettings::default()).expect("samples");
    assert_close(&between.values, &[9.0, 0.0, 9.0, 16.0, 8.0, 14.0, 0.0, 0.0]);
    assert_eq!((between.std_errors, between.n_samples), (vec![0.0; 8], None));
    assert_eq!((close.std_errors, near.std_errors), (vec![0.0; 8], vec![0.0; 8]));
    let no_samples = BetweennessSettings { samples: 0, ..BetweennessSettings::default() };
    assert!(betweenness(&graph, &no_samples).is_err());
    let none = PivotSettings { n_pivots: 0, seed: 1 };
    assert!(closeness(&graph, &none).is_err() && harmonic(&graph, &none).is_err());
}

#[test]
fn sampled_pivots_lie_within_their_errors() {
    let edges: Vec<(u32, u32)> = (0..3000_u32).map(|place| (place % 500, place * place % 499)).collect();
    let graph = graph(500, &edges);
    let all = PivotSettings { n_pivots: 500, seed: 1 };
    let some = PivotSettings { n_pivots: 100, seed: 1 };
    for (exact, sampled) in
        [(closeness(&graph, &all), closeness(&graph, &some)), (harmonic(&graph, &all), harmonic(&graph, &some))]
    {
        let (exact, sampled) = (exact.expect("pivots"), sampled.expect("pivots"));
        let outside = (0..500)
            .filter(|&node| (sampled.values[node] - exact.values[node]).abs() > 3.0 * sampled.std_errors[node] + 1e-9);
        assert!(outside.count() < 40);
    }
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| closeness(&graph, &some))
    };
    assert_eq!(run(1), run(4));
}

/// Hubs, repeats, loops and customers whom no way leads through; all ways (Brandes), which agree with networkx above, tell the truth.
#[test]
fn drawn_ways_scatter_around_betweenness_as_their_errors_say() {
    let edges: Vec<(u32, u32)> = (0..1200_u32).map(|place| (place * 7 % 300, place * place % 299)).collect();
    let graph = graph(300, &edges);
    let exact = betweenness(&graph, &BetweennessSettings::default()).expect("samples");
    let drawn = |samples, seed| {
        let settings = BetweennessSettings { samples, seed, steps_max: 0, ..BetweennessSettings::default() };
        betweenness(&graph, &settings).expect("samples")
    };
    for samples in [500, 20_000] {
        let (mut n, mut beyond_two, mut beyond_four, mut sum) = (0.0, 0.0, 0.0, 0.0);
        for seed in 0..20 {
            let got = drawn(samples, seed);
            assert_eq!(got.n_samples, Some(samples));
            for ((value, error), exact) in got.values.iter().zip(&got.std_errors).zip(&exact.values) {
                let score = (value - exact) / error;
                n += 1.0;
                sum += score;
                beyond_two += f64::from(u8::from(score.abs() > 2.0));
                beyond_four += f64::from(u8::from(score.abs() > 4.0));
            }
        }
        assert!(beyond_two / n < 0.06 && beyond_four / n < 0.001, "{beyond_two} {beyond_four} of {n}");
        // No side is leant to; ways are shared by customers, so that few scores are independent.
        assert!((sum / n).abs() < 0.1, "{}", sum / n);
    }
    let stopped = BetweennessSettings { stop_at: Some(0.05), steps_max: 0, ..BetweennessSettings::default() };
    let stopped = betweenness(&graph, &stopped).expect("samples");
    let root = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    assert!(stopped.n_samples.is_some_and(|n_samples| n_samples < 1_000_000), "{:?}", stopped.n_samples);
    assert!(root(&stopped.std_errors) <= 0.05 * root(&stopped.values));
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| drawn(5000, 3))
    };
    assert_eq!(run(1), run(4));
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn votes_for_administrators() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/wiki_vote/wiki-Vote.txt");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let pairs: Vec<(&str, &str)> =
        rows.filter_map(|row| row.split_once(['\t', ' '])).map(|(from, to)| (from, to.trim())).collect();
    let edges = EdgeList::from_names(pairs).expect("valid edges");
    let graph = ReferralGraph::new(edges, &PassingProbability::WeightedCascade).expect("valid graph");
    assert_eq!((graph.n_nodes(), graph.n_arcs()), (7115, 103_689));
    let ranks = page_rank(&graph, &PageRankSettings::default()).expect("converges").ranks;
    let of = |name: &str| ranks[graph.number_of(name).expect("voted") as usize];
    for (name, want) in [
        ("4037", 0.004_607_173_515_798_019),
        ("15", 0.003_679_864_060_446_28),
        ("6634", 0.003_586_852_275_753_040_4),
        ("2625", 0.003_283_656_138_397_089_6),
        ("30", 0.000_172_871_947_284_463_2),
    ] {
        assert!((of(name) - want).abs() < 1e-11, "{name}: {} {want}", of(name));
    }
    let cores = core_numbers(&graph);
    assert_eq!((cores.iter().max(), cores.iter().map(|&core| u64::from(core)).sum::<u64>()), (Some(&53), 105_076));
    assert_eq!(cores[graph.number_of("30").expect("voted") as usize], 21);
}
