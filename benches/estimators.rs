//! Fits of a million rows and twenty columns, and the small fit that driver analysis makes thousands of times.
//!
//! `benches/peers/estimators.py` times the same formula data with statsmodels.

use advocate::data::{DesignMatrix, Observations, Outcome};
use advocate::estimators::buy_till_you_die::{BgNbd, Customers, GammaGamma, Horizon};
use advocate::estimators::diagnostics::Grouping;
use advocate::estimators::penalised::{LambdaRule, Penalised, PenalisedFamily};
use advocate::estimators::{
    Count, CountDistribution, Diagnose, Logit, Ols, Ordinal, PartialOrdinal, StdErrors, augment, logistic, ordinal,
};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2};
use std::hint::black_box;

/// A number between -0.5 and 0.5 that looks random, the same in the peer's script.
fn wave(row: u64, column: u64) -> f64 {
    const MODULUS: u64 = 2_147_483_647;
    let mut state = (row * 7919 + column * 104_729 + 12_345) % MODULUS;
    for _ in 0..3 {
        state = (state * state % MODULUS + 48_271 * state + 11) % MODULUS;
    }
    state as f64 / MODULUS as f64 - 0.5
}

fn design(n_rows: usize, n_features: usize) -> Array2<f64> {
    Array2::from_shape_fn((n_rows, n_features), |(row, column)| {
        3.0 + wave(row as u64, column as u64) + 0.5 * wave(row as u64, 50)
    })
}

/// The sum of the first half of the columns less its expectation, plus noise.
fn lean(values: &Array2<f64>, noise: f64) -> Array1<f64> {
    let half = values.ncols() / 2;
    Array1::from_shape_fn(values.nrows(), |row| {
        values.row(row).iter().take(half).map(|value| value - 3.0).sum::<f64>() + noise * wave(row as u64, 60)
    })
}

fn observations(values: &Array2<f64>, outcome: Outcome) -> Option<Observations> {
    let names = (0..values.ncols()).map(|column| format!("x{column}")).collect();
    Observations::new(DesignMatrix::new(names, values.clone()).ok()?, outcome).ok()
}

fn million_rows(criterion: &mut Criterion) {
    let values = design(1_000_000, 20);
    let score = lean(&values, 6.0);
    let class = score.mapv(|score| f64::from(u8::from(score > 0.0)));
    let (Ok(number), Ok(class)) = (Outcome::numeric("y", score), Outcome::binary("y", class)) else { return };
    let (Some(number), Some(class)) = (observations(&values, number), observations(&values, class)) else { return };
    let Some(count) = counts(&values) else { return };
    let mut group = criterion.benchmark_group("1m_rows_20_columns");
    group.sample_size(10);
    for std_errors in [StdErrors::Model, StdErrors::Hc1, StdErrors::Hc3] {
        let ols = Ols { std_errors, ..Ols::default() };
        group.bench_function(format!("linear_{}", std_errors.word()), |bencher| {
            bencher.iter(|| black_box(ols.fit(&number).is_ok()));
        });
        let logit = Logit { std_errors, ..Logit::default() };
        group.bench_function(format!("logistic_{}", std_errors.word()), |bencher| {
            bencher.iter(|| black_box(logit.fit(&class).is_ok()));
        });
    }
    for distribution in [CountDistribution::Poisson, CountDistribution::NegativeBinomial] {
        let settings = Count { distribution, ..Count::default() };
        group.bench_function(distribution.word(), |bencher| {
            bencher.iter(|| black_box(settings.fit(&count).is_ok()));
        });
    }
    // Cross-validated, but for the last.
    let lasso = Penalised { rule: LambdaRule::LambdaMin, ..Penalised::default() };
    group.bench_function("lasso_linear_10_folds", |bencher| {
        bencher.iter(|| black_box(lasso.fit(&number).is_ok()));
    });
    let rule = LambdaRule::Fixed(0.01);
    let lasso = Penalised { family: PenalisedFamily::Logistic, rule, ..Penalised::default() };
    group.bench_function("lasso_logistic_one_lambda", |bencher| {
        bencher.iter(|| black_box(lasso.fit(&class).is_ok()));
    });
    let (Ok(linear), Ok(logistic)) = (Ols::default().fit(&number), Logit::default().fit(&class)) else { return };
    let channel = [Grouping::from_labels("channel", (0..values.nrows()).map(|row| ["web", "store", "phone"][row % 3]))];
    for (observations, model) in [(&number, linear.model()), (&class, logistic.model())] {
        let family = model.family().word();
        group.bench_function(format!("augment_{family}"), |bencher| {
            bencher.iter(|| black_box(augment(observations, model).is_ok()));
        });
        for std_errors in [StdErrors::Model, StdErrors::Hc1] {
            let diagnose = Diagnose { std_errors, ..Diagnose::default() };
            group.bench_function(format!("diagnose_{family}_{}", std_errors.word()), |bencher| {
                bencher.iter(|| black_box(diagnose.model(observations, model, &channel, None).is_ok()));
            });
        }
    }
    group.finish();
}

/// Answers of 0 to 10 and the three classes behind them.
fn million_answers(criterion: &mut Criterion) {
    let values = design(1_000_000, 20);
    let answer = lean(&values, 6.0).mapv(|score| (5.0 + 1.2 * score).round().clamp(0.0, 10.0));
    let class = answer.mapv(|answer| f64::from(u8::from(answer > 6.5)) + f64::from(u8::from(answer > 8.5)));
    let (Ok(answer), Ok(class)) = (Outcome::numeric("y", answer), Outcome::numeric("y", class)) else { return };
    let (Some(answer), Some(class)) = (observations(&values, answer), observations(&values, class)) else { return };
    let mut group = criterion.benchmark_group("1m_answers_20_columns");
    group.sample_size(10);
    for std_errors in [StdErrors::Model, StdErrors::Hc1] {
        let ordinal = Ordinal { std_errors, ..Ordinal::default() };
        group.bench_function(format!("ordinal_11_levels_{}", std_errors.word()), |bencher| {
            bencher.iter(|| black_box(ordinal.fit(&answer).is_ok()));
        });
    }
    let partial = PartialOrdinal::default();
    group.bench_function("partial_ordinal", |bencher| bencher.iter(|| black_box(partial.fit(&class).is_ok())));
    group.finish();
}

fn ordinal_kernel(criterion: &mut Criterion) {
    let values = design(5000, 14).mapv(|value| (value - 3.0) * 3.0);
    let score = lean(&(&values + 3.0), 12.0);
    let codes: Vec<u8> = score.iter().map(|score| (5.0 + 0.5 * score).round().clamp(0.0, 10.0) as u8).collect();
    let all: Vec<usize> = (0..14).collect();
    let mut start = ordinal::maximum_likelihood(values.view(), &all[..6], &codes, 11, None, None).coefficients;
    start.push(0.0);
    let mut group = criterion.benchmark_group("ordinal_kernel_5k_rows");
    for (name, start) in [("cold_7", None), ("warm_7", Some(&start[..]))] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| ordinal::maximum_likelihood(values.view(), &all[..7], &codes, 11, None, start));
        });
    }
    group.finish();
}

/// Counts with a mean near one and a variance above it.
fn counts(values: &Array2<f64>) -> Option<Observations> {
    let half = values.ncols() / 2;
    let outcome = Array1::from_shape_fn(values.nrows(), |row| {
        let lean: f64 = values.row(row).iter().take(half).map(|value| value - 3.0).sum();
        let share = wave(row as u64, 60) + 0.5;
        (5.0 * share * share * (0.2 * lean).exp()).floor()
    });
    observations(values, Outcome::numeric("y", outcome).ok()?)
}

fn subset_kernel(criterion: &mut Criterion) {
    let values = design(5000, 14).mapv(|value| (value - 3.0) * 3.0);
    let class: Vec<f64> = lean(&(&values + 3.0), 12.0).iter().map(|&score| f64::from(u8::from(score > 0.0))).collect();
    let all: Vec<usize> = (0..14).collect();
    let mut group = criterion.benchmark_group("kernel_5k_rows");
    for n_features in [7, 14] {
        let parent = logistic::maximum_likelihood(values.view(), &all[..n_features - 1], &class, None, None);
        let mut start = parent.coefficients;
        start.push(0.0);
        group.bench_function(format!("cold_{n_features}"), |bencher| {
            bencher.iter(|| logistic::maximum_likelihood(values.view(), &all[..n_features], &class, None, None));
        });
        group.bench_function(format!("warm_{n_features}"), |bencher| {
            bencher
                .iter(|| logistic::maximum_likelihood(values.view(), &all[..n_features], &class, None, Some(&start)));
        });
    }
    group.finish();
}

/// A number above 0 and up to 1.
fn share(row: u64, column: u64) -> f64 {
    0.5 - wave(row, column)
}

/// Customers by rule, observed for 20 to 60 weeks: rates from an exponential distribution with mean 0.1 a week, chances
/// to leave from a beta distribution (1, 4).
fn customers(n_customers: u64) -> Option<Customers> {
    let (mut frequencies, mut recencies, mut ages, mut values) = (vec![], vec![], vec![], vec![]);
    for row in 0..n_customers {
        let rate = -0.1 * share(row, 0).ln();
        let chance = 1.0 - share(row, 1).powf(0.25);
        let age = 60.0 - 40.0 * share(row, 2);
        let (mut frequency, mut recency) = (0, 0.0);
        loop {
            let next = recency - share(row, 3 + 2 * frequency).ln() / rate;
            if next > age {
                break;
            }
            (frequency, recency) = (frequency + 1, next);
            if share(row, 2 + 2 * frequency) < chance {
                break;
            }
        }
        frequencies.push(frequency as f64);
        recencies.push(recency);
        ages.push(age);
        values.push(if frequency > 0 { 20.0 * share(row, 1000) + 10.0 * share(row, 1001) } else { 0.0 });
    }
    Customers::from_columns(&frequencies, &recencies, &ages).ok()?.valued(values).ok()
}

fn million_customers(criterion: &mut Criterion) {
    let (Some(customers), Ok(horizon)) = (customers(1_000_000), Horizon::new(39.0)) else { return };
    let Ok(fit) = BgNbd::default().fit(&customers) else { return };
    let mut group = criterion.benchmark_group("1m_customers");
    group.sample_size(10);
    group.bench_function("bg_nbd_fit", |bencher| {
        bencher.iter(|| black_box(BgNbd::default().fit(&customers).is_ok()));
    });
    group.bench_function("bg_nbd_predict", |bencher| {
        bencher.iter(|| black_box(fit.model().predict(&customers, horizon).len()));
    });
    group.bench_function("gamma_gamma_fit", |bencher| {
        bencher.iter(|| black_box(GammaGamma::default().fit(&customers).is_ok()));
    });
    group.finish();
}

criterion_group!(benches, million_rows, million_answers, subset_kernel, ordinal_kernel, million_customers);
criterion_main!(benches);
