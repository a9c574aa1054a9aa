//! The point-in-time join over typed tables: `cargo bench --bench link -- FOLDER [MEMORY_MB]`.
//!
//! `FOLDER` holds `feedback/*.parquet` and `transactions/*.parquet` as `benches/peers/link.py` writes them. Prints the
//! seconds of five runs and the number of rows, so that the same script can time its peers beside it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to its caller")]

use advocate::link::{Engine, EngineSettings, LinkPlan, OutcomeWindow, TypedTables};
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        eprintln!("the join is timed on files: cargo bench --bench link -- FOLDER [MEMORY_MB]");
        return Ok(());
    };
    let memory_mb: usize = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let plan = LinkPlan {
        tables: TypedTables {
            feedback: Some(folder.join("feedback")),
            transactions: Some(folder.join("transactions")),
            ..TypedTables::default()
        },
        touchpoints: vec!["delivery".to_owned(), "support".to_owned()],
        kept: Vec::new(),
        weighted: false,
        dated: true,
        profile: Vec::new(),
        windows: vec![OutcomeWindow::Purchases { days: 90 }],
        as_of: 1_790_812_800_000_000,
    };
    for _ in 0..5 {
        let spill = tempfile::tempdir()?;
        let settings = EngineSettings {
            memory_bytes: memory_mb * 1_000_000,
            spill_folder: spill.path().to_owned(),
            n_threads: None,
        };
        let start = Instant::now();
        let engine = Engine::start(plan.clone(), &settings)?;
        let base = engine.answers()?;
        let total: f64 = base.numbers("next_spend_90d").unwrap_or_default().iter().sum();
        println!("{:.3} s, {} rows, next_spend_90d {total:.2}", start.elapsed().as_secs_f64(), base.n_rows());
    }
    Ok(())
}
