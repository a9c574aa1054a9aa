//! Influence kernels: graph building, PageRank, reach, seeds. Whole graphs are made here, so nothing is read.

use advocate::influence::{
    EdgeList, Names, PageRankSettings, PassingProbability, ReachSettings, ReferralGraph, SeedSettings, greedy_seeds,
    page_rank, reach,
};
use advocate::stats::random::stream;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::{Rng, RngCore};
use std::hint::black_box;

/// Both ends of edges, one entry each.
#[derive(Clone)]
struct Ends {
    n_nodes: usize,
    from: Vec<u32>,
    to: Vec<u32>,
}

impl Ends {
    fn graph(self, probability: &PassingProbability) -> ReferralGraph {
        let edges = EdgeList::from_numbers(self.n_nodes, self.from, self.to).expect("valid ends");
        ReferralGraph::new(edges, probability).expect("valid graph")
    }
}

/// Edges whose targets are drawn in proportion to the cube of a uniform number: a few customers are named by many.
fn skewed(n_nodes: usize, n_edges: usize) -> Ends {
    let mut random = stream(1, "skewed", n_edges as u64);
    let from = (0..n_edges).map(|_| random.random_range(0..n_nodes as u32)).collect();
    let to = (0..n_edges).map(|_| (random.random::<f64>().powi(3) * n_nodes as f64) as u32).collect();
    Ends { n_nodes, from, to }
}

/// A graph of the size of NetHEPT: pairs of authors, some of them busy, with edges both ways and repeats.
fn collaborations() -> Ends {
    let n_nodes = 15_233;
    let mut random = stream(1, "collaborations", 0);
    let (mut from, mut to) = (Vec::new(), Vec::new());
    let mut author = || (random.random::<f64>().powf(1.7) * n_nodes as f64) as u32;
    while from.len() < 62_752 {
        let (left, right) = (author(), author());
        from.extend([left, right]);
        to.extend([right, left]);
    }
    Ends { n_nodes, from, to }
}

/// Eight in ten customers have a referrer who came before them; one in a hundred of those has two.
fn near_forest(n_nodes: usize) -> Ends {
    let mut random = stream(1, "near forest", n_nodes as u64);
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for node in 1..n_nodes as u32 {
        let n_referrers = match random.next_u32() % 1000 {
            0..200 => 0,
            200..992 => 1,
            _ => 2,
        };
        for _ in 0..n_referrers {
            from.push(random.random_range(0..node));
            to.push(node);
        }
    }
    Ends { n_nodes, from, to }
}

fn influence(criterion: &mut Criterion) {
    let arcs = skewed(100_000, 800_000);
    let mut group = criterion.benchmark_group("influence");
    group.sample_size(10);
    group.bench_function("build 800k arcs", |bencher| {
        bencher.iter(|| arcs.clone().graph(&PassingProbability::WeightedCascade));
    });
    group.bench_function("build and PageRank of 800k arcs", |bencher| {
        bencher.iter(|| {
            let graph = arcs.clone().graph(&PassingProbability::WeightedCascade);
            page_rank(&graph, &PageRankSettings::default()).expect("converges").ranks
        });
    });

    let collaboration = collaborations().graph(&PassingProbability::WeightedCascade);
    let n_sets = 1_000_000;
    group.throughput(Throughput::Elements(n_sets as u64));
    let settings = ReachSettings { samples: n_sets, ..ReachSettings::default() };
    group.bench_function("1M reverse sets, collaboration", |bencher| {
        bencher.iter(|| reach(black_box(&collaboration), &settings).expect("valid"));
    });
    let skewed = arcs.graph(&PassingProbability::Uniform(0.05));
    group.bench_function("1M reverse sets, 800k arcs", |bencher| {
        bencher.iter(|| reach(black_box(&skewed), &settings).expect("valid"));
    });
    let seeds = SeedSettings { n_seeds: 50, samples: 100_000, ..SeedSettings::default() };
    group.throughput(Throughput::Elements(50));
    group.bench_function("50 seeds from 100k sets, collaboration", |bencher| {
        bencher.iter(|| greedy_seeds(black_box(&collaboration), &seeds).expect("valid"));
    });

    let forest = near_forest(1_000_000);
    group.throughput(Throughput::Elements(1_000_000));
    group.bench_function("build and reach of 1M customers, near forest", |bencher| {
        bencher.iter(|| {
            let graph = forest.clone().graph(&PassingProbability::Uniform(0.3));
            reach(&graph, &settings).expect("valid")
        });
    });
    let names: Vec<String> = (0..1_000_000).map(|number| format!("customer-{number:08}")).collect();
    group.bench_function("intern 1M names", |bencher| {
        bencher.iter(|| {
            let mut interned = Names::new();
            names.iter().for_each(|name| {
                interned.intern(name);
            });
            interned
        });
    });
    group.finish();
}

criterion_group!(benches, influence);
criterion_main!(benches);
