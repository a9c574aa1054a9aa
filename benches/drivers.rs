//! Driver kernels: the walk of all subsets and the bootstrap.

use advocate::data::{DesignMatrix, Observations, Outcome};
use advocate::drivers::segments::{SegmentAnalysis, Segmentation};
use advocate::drivers::{CorrelationMatrix, Driver, DriverAnalysis, Method};
use advocate::stats::random::stream;
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2};
use rand::Rng;
use std::hint::black_box;

/// Correlated scores and an outcome that follows them, from a fixed seed.
fn observations(n_rows: usize, n_drivers: usize) -> Observations {
    let mut random = stream(1, "bench", 0);
    let mut values = Array2::zeros((n_rows, n_drivers));
    let mut outcome = Array1::zeros(n_rows);
    for row in 0..n_rows {
        let halo: f64 = random.random_range(-1.0..1.0);
        for driver in 0..n_drivers {
            values[[row, driver]] = halo + random.random_range(-1.0..1.0);
            outcome[row] += values[[row, driver]] / (driver + 1) as f64;
        }
        outcome[row] += random.random_range(-2.0..2.0);
    }
    let names = (0..n_drivers).map(|driver| format!("x{driver}")).collect();
    let design = DesignMatrix::new(names, values).expect("finite values");
    Observations::new(design, Outcome::numeric("y", outcome).expect("finite values")).expect("equal lengths")
}

fn drivers(n_drivers: usize) -> Vec<Driver> {
    (0..n_drivers).map(|driver| Driver::column(format!("x{driver}"), driver)).collect()
}

fn exact(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shapley");
    group.sample_size(10);
    for n_drivers in [10, 15, 20, 25, 28, 30] {
        let observations = observations(500, n_drivers);
        let drivers = drivers(n_drivers);
        let settings = DriverAnalysis { n_drivers_max: n_drivers, replicates: 0, ..Default::default() };
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], ..settings };
        group.bench_function(format!("p={n_drivers}"), |bencher| {
            bencher.iter(|| analysis.rank(black_box(&observations), &drivers, &[]));
        });
    }
    group.finish();
}

/// The whole call on a table of correlations, as autoregressive columns and an outcome that goes with each less than with
/// the one before have them.
fn correlations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shapley, correlations");
    group.sample_size(20);
    for n_drivers in [15, 20, 25, 28, 30] {
        let among = |row: usize, column: usize| 0.6_f64.powi(row.abs_diff(column) as i32);
        let values = Array2::from_shape_fn((n_drivers + 1, n_drivers + 1), |(row, column)| among(row, column));
        let names = (0..=n_drivers).map(|column| format!("x{column}")).collect();
        let matrix = CorrelationMatrix::new(names, values).expect("correlations");
        let drivers: Vec<Driver> = (1..=n_drivers).map(|driver| Driver::column(format!("x{driver}"), driver)).collect();
        let settings = DriverAnalysis { n_drivers_max: n_drivers, replicates: 0, ..Default::default() };
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], ..settings };
        group.bench_function(format!("p={n_drivers}"), |bencher| {
            bencher.iter(|| analysis.rank_correlations(black_box(&matrix), 500, "x0", &drivers, &[]));
        });
    }
    group.finish();
}

/// What walks or keeps the values of all subsets of 20 drivers, one by one and together.
fn methods(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("methods, p=20");
    group.sample_size(10);
    let observations = observations(500, 20);
    let drivers = drivers(20);
    let own: Vec<Method> = Method::ALL.into_iter().filter(|method| method.walks_subsets()).collect();
    let alone = own.iter().map(|&method| (method.word(), vec![method]));
    for (name, methods) in alone.chain([("all", Method::ALL.to_vec())]) {
        let analysis = DriverAnalysis { methods, replicates: 0, ..Default::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| analysis.rank(black_box(&observations), &drivers, &[]));
        });
    }
    group.finish();
}

fn bootstrap(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bootstrap of 1000");
    group.sample_size(10);
    for (n_rows, n_drivers) in [(500, 10), (100_000, 15)] {
        let observations = observations(n_rows, n_drivers);
        let drivers = drivers(n_drivers);
        let analysis = DriverAnalysis { methods: vec![Method::Shapley], ..Default::default() };
        group.bench_function(format!("n={n_rows} p={n_drivers}"), |bencher| {
            bencher.iter(|| analysis.rank(black_box(&observations), &drivers, &[]));
        });
    }
    group.finish();
}

/// Ten segments of 20,000 rows and ten drivers with 200 replicates, by one thread and by two.
fn segments(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("segments");
    group.sample_size(10);
    let observations = observations(20_000, 10);
    let drivers = drivers(10);
    let labels: Vec<Option<String>> = (0..20_000).map(|row| Some(format!("s{}", row % 10))).collect();
    let segmentation = Segmentation::of_labels(&labels);
    let analysis = DriverAnalysis { methods: vec![Method::Shapley], replicates: 200, ..Default::default() };
    let segments = SegmentAnalysis { analysis, ..SegmentAnalysis::default() };
    for n_threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a thread pool");
        group.bench_function(format!("threads={n_threads}"), |bencher| {
            bencher.iter(|| pool.install(|| segments.compare(&observations, &drivers, &[], &segmentation)));
        });
    }
    group.finish();
}

criterion_group!(benches, exact, correlations, methods, bootstrap, segments);
criterion_main!(benches);
