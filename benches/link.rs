//! The point-in-time join over typed tables: `cargo bench --bench link -- FOLDER [MEMORY_MB]`.
//!
//! `FOLDER` holds `feedback/*.parquet` and `transactions/*.parquet` as `benches/peers/link.py` writes them. Prints the
//! seconds of five runs and the number of rows, so that the same script can time its peers beside it.
//!
//! `cargo bench --bench link -- FOLDER statement` times nothing: it writes the statement of the widest plan there is over the
//! typed tables in `FOLDER` and what the engine answers, for `benches/peers/link_statement.py` to compare; `FOLDER orders` the same with
//! rows of the transactions as lines of orders.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to its caller")]

use advocate::link::{
    Advance, Anchors, BaseTable, Column, Comparison, Condition, Contacts, Distinct, Engine, EngineSettings,
    HistoryDetails, Juncture, LifecycleRule, LinkError, LinkPlan, OutcomeWindow, ProfileColumn, Returns, Same,
    TableLines, TypedTables, Validity,
};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The date of the study, UTC microseconds.
const AS_OF: i64 = 1_790_812_800_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        eprintln!("the join is timed on files: cargo bench --bench link -- FOLDER [MEMORY_MB]");
        return Ok(());
    };
    let memory_mb: usize = match arguments.next().as_deref() {
        Some("statement") => return write_statements(&folder, widest(&folder)),
        Some("orders") => return write_statements(&folder, LinkPlan { orders: true, ..widest(&folder) }),
        Some(text) => text.parse()?,
        None => 1000,
    };
    let tables = TypedTables {
        feedback: Some(folder.join("feedback")),
        transactions: Some(folder.join("transactions")),
        ..TypedTables::default()
    };
    let plan = LinkPlan {
        touchpoints: vec!["delivery".to_owned(), "support".to_owned()],
        windows: vec![OutcomeWindow::Purchases { days: 90 }],
        ..LinkPlan::over(tables, AS_OF)
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

/// Every detail and every outcome, over tables with all columns.
fn widest(folder: &Path) -> LinkPlan {
    let table = |name: &str| Some(folder.join(name));
    let tables = TypedTables {
        feedback: table("feedback"),
        transactions: table("transactions"),
        referrals: table("referrals"),
        customers: table("customers"),
        activity: table("activity"),
        invitations: table("invitations"),
        junctures: table("junctures"),
        exposures: table("exposures"),
    };
    let stage = |stage: &str, column: &str, comparison, value| LifecycleRule {
        stage: stage.to_owned(),
        all: vec![Condition { column: column.to_owned(), comparison, value }],
    };
    let juncture = |kind: &str, advance| Juncture { kind: kind.to_owned(), advance };
    let days = 90;
    LinkPlan {
        touchpoints: vec!["delivery".to_owned(), "support".to_owned()],
        profile: vec![
            ProfileColumn { name: "tier".to_owned(), numeric: false, constant: false },
            ProfileColumn { name: "size".to_owned(), numeric: true, constant: false },
        ],
        details: HistoryDetails {
            returns: Returns::Dated,
            distinct: vec![Distinct::Products, Distinct::Families, Distinct::Channels],
            purchase_gaps: true,
            spend_trend: true,
            activity_kinds: vec!["log-in".to_owned()],
            contacts: Some(Contacts {
                kinds: vec!["call".to_owned(), "chat".to_owned()],
                repeat_within_days: 30,
                same: Same::Topic,
                rated: true,
            }),
            answer_levels: true,
            validity: Validity::Intervals,
            junctures: vec![juncture("renewal", Advance::Known), juncture("move", Advance::KnownFrom)],
            campaigns: vec!["spring".to_owned()],
            lifecycle: vec![
                stage("new", "tenure_days", Comparison::Below, 90.0),
                stage("asleep", "recency_days", Comparison::Above, 180.0),
                stage("never", "frequency", Comparison::Equal, 0.0),
            ],
        },
        windows: vec![
            OutcomeWindow::Purchases { days },
            OutcomeWindow::Referrals { days },
            OutcomeWindow::FamilyPurchases { family: "garden".to_owned(), days },
            OutcomeWindow::NewFamilies { days },
            OutcomeWindow::Upsell { days },
            OutcomeWindow::ConvertedReferrals { days },
            OutcomeWindow::Lapse { days },
            OutcomeWindow::Churn { days },
            OutcomeWindow::Repurchase,
        ],
        ..LinkPlan::over(tables, AS_OF)
    }
}

/// `answers.sql` and `customers.sql` as DuckDB reads them, and beside each what the engine answers.
fn write_statements(folder: &Path, plan: LinkPlan) -> Result<(), Box<dyn std::error::Error>> {
    let spill = tempfile::tempdir()?;
    let settings =
        EngineSettings { memory_bytes: 1_000_000_000, spill_folder: spill.path().to_owned(), n_threads: None };
    for (name, anchors) in [("answers", Anchors::Answers), ("customers", Anchors::Customers)] {
        std::fs::write(folder.join(format!("{name}.sql")), plan.statement_text(anchors, TableLines::DuckDb))?;
    }
    let engine = Engine::start(plan, &settings)?;
    std::fs::write(folder.join("answers.tsv"), separated(&engine.answers()?, Header::With))?;
    let mut text = String::new();
    engine.customers::<LinkError>(|batch| {
        let header = if text.is_empty() { Header::With } else { Header::Without };
        text.push_str(&separated(&batch, header));
        Ok(())
    })?;
    std::fs::write(folder.join("customers.tsv"), text)?;
    Ok(())
}

/// Whether a line of names stands first.
#[derive(Clone, Copy, PartialEq)]
enum Header {
    With,
    Without,
}

/// Rows separated by tabs; a gap is empty.
fn separated(table: &BaseTable, header: Header) -> String {
    let mut text = String::new();
    if header == Header::With {
        let names: Vec<&str> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(text, "{}", names.join("\t"));
    }
    for row in 0..table.n_rows() {
        let cells: Vec<String> = table
            .columns()
            .iter()
            .map(|(_, column)| match column {
                Column::Numbers(values) if values[row].is_nan() => String::new(),
                Column::Numbers(values) => values[row].to_string(),
                Column::Texts(values) => values[row].clone().unwrap_or_default(),
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join("\t"));
    }
    text
}
