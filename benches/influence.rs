//! Influence kernels: graph building, PageRank, reach, seeds. Whole graphs are made here, so nothing is read.
//!
//! `cargo bench --no-default-features --bench influence -- customers 10000000` rates that many customers once, and prints the
//! seconds and, where the system tells it, the peak memory.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a bench talks to its caller")]

use advocate::influence::{
    Candidates, Delay, EdgeList, InputColumn, InputKind, InputScale, Later, Names, PageRankSettings,
    PassingProbability, PlanSettings, RatingModel, ReachSettings, RecordRules, Records, ReferralGraph, SeedSettings,
    SignedSettings, Snapshot, Stance, TimedSettings, Toward, core_numbers, degrees, greedy_seeds, page_rank,
    plan_seeds, reach, signed_reach, threshold_reach, timed_reach,
};
use advocate::stats::random::stream;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group};
use rand::{Rng, RngCore};
use std::hint::black_box;
use std::time::Instant;

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

/// NetHEPT itself with its published probabilities, where the data lies beside the project.
fn nethept() -> Option<ReferralGraph> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/nethept/nethept_wc.inf");
    let text = std::fs::read_to_string(path).ok()?;
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let n_nodes = lines.next()?.first()?.parse().ok()?;
    let (mut from, mut to, mut probabilities) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let [source, target, probability] = line[..] else { continue };
        from.push(source.parse().ok()?);
        to.push(target.parse().ok()?);
        probabilities.push(probability.parse().ok()?);
    }
    let edges = EdgeList::from_numbers(n_nodes, from, to).ok()?;
    ReferralGraph::new(edges, &PassingProbability::PerEdge(probabilities)).ok()
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

/// From records to a rating learned from who referred later: all that a company with one table of referrals asks for.
fn rate(ends: &Ends) -> usize {
    let known = |people: &[u32]| people.iter().copied().map(Some).collect::<Vec<_>>();
    let (from, to) = (known(&ends.from), known(&ends.to));
    let n_people = ends.n_nodes;
    let records = Records { n_people, from: &from, to: &to, relations: None, times: None, weights: None, joined: None };
    let edges = records.edges(&RecordRules::default()).expect("sound records").edges;
    let graph = ReferralGraph::new(edges, &PassingProbability::Uniform(0.3)).expect("valid graph");
    let reached = reach(&graph, &ReachSettings { stop_at: Some(0.02), ..ReachSettings::default() }).expect("valid");
    let reached: Vec<f64> = reached.nodes.iter().map(|node| node.reach - 1.0).collect();
    let counts: Vec<f64> = degrees(&graph).iter().map(|degree| f64::from(degree.n_referred)).collect();
    let mut random = stream(1, "later", 0);
    let later: Vec<f64> = counts
        .iter()
        .map(|count| f64::from(u8::from(random.random::<f64>() < 0.02 + 0.03 * count.min(10.0))))
        .collect();
    let customers: Vec<u32> = (0..n_people as u32).collect();
    let column = |name, kind, values| InputColumn { name, kind, values, scale: InputScale::Log, toward: Toward::More };
    let columns = [column("referrals", InputKind::Referrals, &counts), column("reach", InputKind::Network, &reached)];
    let snapshot = Snapshot { customers: &customers, columns: &columns, later: Later::Count(&later) };
    let fitted = RatingModel::default().fit(&snapshot).expect("sound");
    fitted.rate(&columns).expect("the same columns").customers.len()
}

/// What is asked of a graph of authors who write together.
fn of_authors(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, graph: &ReferralGraph) {
    let n_sets = 1_000_000;
    group.throughput(Throughput::Elements(n_sets as u64));
    let nobody = vec![Stance::Neither; graph.n_nodes()];
    group.bench_function(format!("1M reverse sets as such, {name}"), |bencher| {
        let settings = SignedSettings { samples: n_sets, seed: 1 };
        bencher.iter(|| signed_reach(black_box(graph), &nobody, None, &settings).expect("valid"));
    });
    group.bench_function(format!("1M reverse sets for reach, {name}"), |bencher| {
        let settings = ReachSettings { samples: n_sets, ..ReachSettings::default() };
        bencher.iter(|| reach(black_box(graph), &settings).expect("valid"));
    });
    group.throughput(Throughput::Elements(50));
    group.bench_function(format!("50 seeds from 100k sets, {name}"), |bencher| {
        let settings = SeedSettings { n_seeds: 50, samples: 100_000, ..SeedSettings::default() };
        bencher.iter(|| greedy_seeds(black_box(graph), &settings).expect("valid"));
    });
    group.bench_function(format!("50 seeds guaranteed to 1 - 1/e - 0.01, {name}"), |bencher| {
        let settings = PlanSettings { n_seeds: 50, ..PlanSettings::default() };
        bencher.iter(|| plan_seeds(black_box(graph), &Candidates::default(), &settings).expect("sound"));
    });
    group.throughput(Throughput::Elements(graph.n_nodes() as u64));
    group.bench_function(format!("reach of all to 2 %, {name}"), |bencher| {
        let settings = ReachSettings { samples: 1 << 25, stop_at: Some(0.02), ..ReachSettings::default() };
        bencher.iter(|| reach(black_box(graph), &settings).expect("valid"));
    });
    group.bench_function(format!("reach within days, 100k samples, {name}"), |bencher| {
        let delay = Delay::Weibull { scale_days: 10.0, shape: 0.8 };
        let settings = TimedSettings { delay, horizons: vec![7.0, 30.0, 90.0], samples: 100_000, seed: 1 };
        bencher.iter(|| timed_reach(black_box(graph), &settings).expect("sound"));
    });
    group.throughput(Throughput::Elements(n_sets as u64));
    group.bench_function(format!("linear threshold, 1M walks, {name}"), |bencher| {
        // Weights that were rounded for a file may sum to a little more than 1, and are scaled.
        bencher.iter(|| threshold_reach(black_box(graph), &ReachSettings::default()).expect("sums of 1"));
    });
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

    of_authors(&mut group, "collaboration", &collaborations().graph(&PassingProbability::WeightedCascade));
    match nethept() {
        Some(graph) => of_authors(&mut group, "nethept", &graph),
        None => eprintln!("nethept itself is skipped: its file does not lie beside the project"),
    }

    let n_sets = 1_000_000;
    let settings = ReachSettings { samples: n_sets, ..ReachSettings::default() };
    let of_sets = SignedSettings { samples: n_sets, seed: 1 };
    group.throughput(Throughput::Elements(n_sets as u64));
    let skewed = arcs.graph(&PassingProbability::Uniform(0.05));
    let nobody = vec![Stance::Neither; skewed.n_nodes()];
    group.bench_function("1M reverse sets as such, 800k arcs", |bencher| {
        bencher.iter(|| signed_reach(black_box(&skewed), &nobody, None, &of_sets).expect("valid"));
    });
    group.bench_function("1M reverse sets for reach, 800k arcs", |bencher| {
        bencher.iter(|| reach(black_box(&skewed), &settings).expect("valid"));
    });
    group.bench_function("core numbers of 800k arcs", |bencher| bencher.iter(|| core_numbers(black_box(&skewed))));

    let forest = near_forest(1_000_000);
    group.throughput(Throughput::Elements(1_000_000));
    group.bench_function("build and reach of 1M customers, near forest", |bencher| {
        bencher.iter(|| {
            let graph = forest.clone().graph(&PassingProbability::Uniform(0.3));
            reach(&graph, &settings).expect("valid")
        });
    });
    group.bench_function("records to ratings of 1M customers, near forest", |bencher| {
        bencher.iter(|| rate(&forest));
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

/// One company, too large to be rated again and again.
fn rate_once(n_customers: usize) {
    let forest = near_forest(n_customers);
    let start = Instant::now();
    let n_rated = rate(&forest);
    let seconds = start.elapsed().as_secs_f64();
    println!("{n_rated} customers, {} referrals: {seconds:.2} s from records to ratings", forest.from.len());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
}

criterion_group!(benches, influence);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["customers", n_customers, ..] => rate_once(n_customers.parse().expect("a number of customers")),
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
