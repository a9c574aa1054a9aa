//! Every measure by every cut of a million responses, replicates included: by segment alone, and by cuts of which some lie within
//! others.

use advocate::data::Clusters;
use advocate::measures::portfolio::{AnswerScale, Cut, CutAnalysis, Measure, Metric};
use advocate::measures::{MeasureError, Sampling};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// A whole number below `levels` that looks random.
fn draw(row: u64, column: u64, levels: u64) -> u64 {
    let word = (row * 7919 + column * 104_729 + 12_345).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) % levels
}

fn million_responses(criterion: &mut Criterion) {
    const N: u64 = 1_000_000;
    let column = |at: u64, levels: u64, low: u64| (0..N).map(|row| (low + draw(row, at, levels)) as f64).collect();
    let recommend: Vec<f64> = column(1, 11, 0);
    let satisfied: Vec<f64> = column(2, 5, 1);
    let effort: Vec<f64> = column(3, 7, 1);
    let bought: Vec<f64> = column(4, 2, 0);
    let spend: Vec<f64> = column(5, 1000, 0);
    let category: Vec<f64> = column(6, 1000, 1000);
    let weights: Vec<f64> = (0..N).map(|row| 0.5 + draw(row, 7, 100) as f64 / 50.0).collect();
    let customers = Clusters::from_labels((0..N).map(|row| draw(row, 8, 700_000)));
    let codes: Vec<u32> = (0..N).map(|row| draw(row, 9, 50) as u32).collect();
    let measures = || -> Result<Vec<Measure>, MeasureError> {
        Ok(vec![
            Measure::nps("nps", &recommend)?,
            Measure::item("mean", Metric::Mean, AnswerScale::ZERO_TO_TEN, &recommend)?,
            Measure::item("csat", Metric::TopBox { from: 4.0 }, AnswerScale::ONE_TO_FIVE, &satisfied)?,
            Measure::effort("effort", &effort)?,
            Measure::yes_share("repurchase", &bought)?,
            Measure::ratio("wallet", &spend, &category)?,
        ])
    };
    // Segments by waves, and shops that lie within regions.
    let waves: Vec<u32> = (0..N).map(|row| draw(row, 10, 8) as u32).collect();
    let both: Vec<u32> = codes.iter().zip(&waves).map(|(segment, wave)| 8 * segment + wave).collect();
    let shops: Vec<u32> = (0..N).map(|row| draw(row, 11, 40) as u32).collect();
    let regions: Vec<u32> = shops.iter().map(|shop| shop / 8).collect();
    let channels: Vec<u32> = (0..N).map(|row| draw(row, 12, 5) as u32).collect();
    let segments = [("segment", 50, &codes)];
    let every = [
        ("segment", 50, &codes),
        ("wave", 8, &waves),
        ("segment by wave", 400, &both),
        ("region", 5, &regions),
        ("shop", 40, &shops),
        ("channel", 5, &channels),
    ];
    let estimate = |cuts: &[(&str, u32, &Vec<u32>)], replicates: usize| {
        let mut own = Vec::new();
        for (name, n, codes) in cuts {
            own.push(Cut::new(*name, (0..*n).map(|level| level.to_string()).collect(), codes)?);
        }
        let sampling = Sampling { weights: Some(&weights), clusters: Some(&customers), ..Sampling::default() };
        let analysis = CutAnalysis { replicates, ..CutAnalysis::default() };
        analysis.estimate(&measures()?, &own, sampling)
    };
    for (name, cuts) in [
        ("cuts_1m_responses_6_measures_50_segments", &segments[..]),
        ("cuts_1m_responses_6_measures_every_cut_nested", &every[..]),
    ] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        for replicates in [0, 200] {
            group.bench_function(format!("replicates={replicates}"), |bencher| {
                bencher.iter(|| black_box(estimate(cuts, replicates)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, million_responses);
criterion_main!(benches);
