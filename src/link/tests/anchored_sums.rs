//! Our own operator gives what the engine's own plan gives, where it stands in its place and where it must give way.

use super::company::Company;
use super::loops::widest;
use super::{AS_OF, cells, plan};
use crate::link::anchored_sums::{AnchoredSums, is_beyond_us};
use crate::link::{
    Anchors, BaseTable, Engine, EngineSettings, LinkError, LinkPlan, OutcomeWindow, Returns, Same, TypedTables,
    Validity,
};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Joins part by part, as of large tables: what fits into one batch is not dealt to parts.
fn in_parts() -> SessionConfig {
    let mut config = SessionConfig::new().with_batch_size(2);
    config.options_mut().optimizer.hash_join_single_partition_threshold = 0;
    config.options_mut().optimizer.hash_join_single_partition_threshold_rows = 0;
    config
}

/// A session over the tables of a plan, with our operator for as much memory as is said, or without it.
async fn session(plan: &LinkPlan, pool_bytes: usize, ours: Option<usize>) -> SessionContext {
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(pool_bytes)));
    let mut config = in_parts().with_target_partitions(4);
    config.options_mut().optimizer.subset_repartition_threshold = 1;
    config.options_mut().execution.parquet.schema_force_view_types = false;
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime.build_arc().expect("built"))
        .with_default_features();
    if let Some(memory_bytes) = ours {
        state = state.with_physical_optimizer_rule(Arc::new(AnchoredSums { memory_bytes }));
    }
    let session = SessionContext::new_with_state(state.build());
    for (name, folder) in plan.tables.named() {
        let location = format!("{}/", folder.display());
        session.register_parquet(name, location, ParquetReadOptions::default()).await.expect("registered");
    }
    session
}

/// How often the operator stands in the plan of a statement, and the rows.
async fn asked(session: &SessionContext, statement: &str) -> (usize, Vec<RecordBatch>) {
    let frame = session.sql(statement).await.expect("planned");
    let plan = frame.clone().create_physical_plan().await.expect("planned");
    let text = displayable(plan.as_ref()).indent(false).to_string();
    (text.matches("AnchoredSumsExec").count(), frame.collect().await.expect("asked"))
}

fn text_of(rows: &[RecordBatch]) -> String {
    pretty_format_batches(rows).expect("text").to_string()
}

fn on_two_threads<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("started").block_on(work)
}

const AMPLE: usize = 1_000_000_000;

fn company(seed: u64, folder: &Path) -> LinkPlan {
    widest(Company::random(seed, 60).write(folder), Returns::Dated, Same::Topic, Validity::Intervals)
}

/// Rows with the same statement by our operator and by the engine's own plan, and how often ours stands in it.
fn both(plan: &LinkPlan, statement: &str) -> (usize, String) {
    let ((n_ours, ours), (n_own, own)) = on_two_threads(async {
        let ours = session(plan, AMPLE, Some(AMPLE)).await;
        let own = session(plan, AMPLE, None).await;
        (asked(&ours, statement).await, asked(&own, statement).await)
    });
    assert_eq!(n_own, 0);
    assert_eq!(text_of(&ours), text_of(&own), "{statement}");
    (n_ours, text_of(&ours))
}

#[test]
fn every_sum_by_anchor_is_ours_and_the_rows_are_the_engines_own() {
    for seed in 1..4 {
        let folder = tempfile::tempdir().expect("a folder");
        let plan = company(seed, folder.path());
        let (n_ours, _) = both(&plan, &plan.statement(Anchors::Answers));
        // Purchases, activity, contacts, referrals made, received and converted, answers, junctures and exposures, but for those that
        // are fewer than the answers: the engine puts the smaller side first.
        assert!((7..=9).contains(&n_ours), "{n_ours} of seed {seed}");
    }
}

#[test]
fn sums_of_customers_are_ours_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = company(1, folder.path());
    let (ours, own) = (engine(plan.clone(), folder.path()), super::engine(plan.clone(), folder.path(), 2));
    let customers = |engine: &Engine| -> BTreeMap<String, Vec<String>> {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut take = |batch: BaseTable| -> Result<(), LinkError> {
            for (name, numbers, texts) in cells(&batch) {
                let values = numbers.iter().map(u64::to_string).chain(texts.iter().map(|text| format!("{text:?}")));
                all.entry(name).or_default().extend(values);
            }
            Ok(())
        };
        engine.customers(&mut take).expect("joined");
        all
    };
    let table = customers(&ours);
    assert_eq!(table, customers(&own));
    assert_eq!(table["row"].len(), 60);
    let n = |engine: &Engine| engine.explained(&plan.statement(Anchors::Customers)).matches("AnchoredSumsExec").count();
    assert!(n(&ours) >= 3, "{}", n(&ours));
    assert_eq!(n(&own), 0, "small tables are not dealt to parts");
}

/// Two answers of `a` at one instant, one of `b`, and one of `c` without purchases.
fn repeated(folder: &Path) -> LinkPlan {
    use super::{instants, numbers, table, texts};
    let feedback = table(
        folder,
        "feedback",
        vec![
            ("row", instants(&[0, 1, 2, 3])),
            ("customer", texts(&["a", "a", "b", "c"])),
            ("t", instants(&[10, 10, 10, 10])),
            ("recommend", numbers(&[1.0, 2.0, 3.0, 4.0])),
            ("delivery", numbers(&[1.0, 2.0, 3.0, 4.0])),
        ],
    );
    let transactions = table(
        folder,
        "transactions",
        vec![
            ("customer", texts(&["a", "b", "b", "a", "d"])),
            ("t", instants(&[5, 6, 7, 8, 9])),
            ("amount", numbers(&[1.0, 2.0, 4.0, 8.0, 16.0])),
        ],
    );
    let tables = TypedTables { feedback: Some(feedback), transactions: Some(transactions), ..TypedTables::default() };
    LinkPlan { windows: vec![OutcomeWindow::Purchases { days: 90 }], ..plan(tables) }
}

fn engine(plan: LinkPlan, scratch: &Path) -> Engine {
    let settings = EngineSettings { memory_bytes: AMPLE, spill_folder: scratch.to_owned(), n_threads: Some(2) };
    Engine::start_with(plan, &settings, in_parts()).expect("a session")
}

const BY_ROW: &str = "SELECT a.customer, a.\"row\", COUNT(*) AS n, SUM(x.amount) AS s FROM feedback a JOIN transactions x \
                      ON x.customer = a.customer GROUP BY a.customer, a.\"row\" ORDER BY a.customer, a.\"row\"";

#[test]
fn anchors_that_are_one_group_are_left_to_the_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = repeated(folder.path());
    // By their instant, under the name of what is different for each.
    let by_instant = BY_ROW.replace("feedback a", "(SELECT customer, t AS \"row\" FROM feedback) a");
    let error = on_two_threads(async {
        let session = session(&plan, AMPLE, Some(AMPLE)).await;
        assert_eq!(asked(&session, BY_ROW).await.0, 1);
        session.sql(&by_instant).await.expect("planned").collect().await.expect_err("two answers of one instant")
    });
    assert!(is_beyond_us(&error), "{error}");
    let table = engine(plan, folder.path()).rows(&by_instant, "counting").expect("counted");
    // Each of the two answers of `a` meets both purchases: 1 + 8, twice.
    assert_eq!(table.numbers("n"), Some(&[4.0, 2.0][..]));
    assert_eq!(table.numbers("s"), Some(&[18.0, 6.0][..]));
}

#[test]
fn what_does_not_fit_is_left_to_the_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = company(1, folder.path());
    let statement = plan.statement(Anchors::Answers);
    on_two_threads(async {
        // By the statistics already.
        let (n_ours, _) = asked(&session(&plan, AMPLE, Some(10_000)).await, &statement).await;
        assert_eq!(n_ours, 0);
        // Or on the way.
        let session = session(&plan, 20_000, Some(AMPLE)).await;
        let error = session.sql(&statement).await.expect("planned").collect().await.expect_err("too little");
        assert!(is_beyond_us(&error), "{error}");
    });
}

#[test]
fn who_has_no_event_is_in_no_group() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = repeated(folder.path());
    let engine = engine(plan, folder.path());
    let table = engine.rows(BY_ROW, "counting").expect("counted");
    assert_eq!(table.numbers("row"), Some(&[0.0, 1.0, 2.0][..]));
    assert_eq!(table.numbers("s"), Some(&[9.0, 9.0, 6.0][..]));
    let nobody = BY_ROW.replace("GROUP BY", &format!("WHERE x.t > {AS_OF} GROUP BY"));
    assert_eq!(engine.rows(&nobody, "counting").expect("counted").n_rows(), 0);
    // A condition on both sides, which belongs to the join.
    let later = BY_ROW.replace("GROUP BY", "WHERE x.t + 4 > a.t GROUP BY");
    let table = engine.rows(&later, "counting").expect("counted");
    assert_eq!(table.numbers("n"), Some(&[1.0, 1.0, 1.0][..]));
    assert_eq!(table.numbers("s"), Some(&[8.0, 8.0, 4.0][..]));
}

#[test]
fn a_sum_of_gaps_is_a_gap_and_a_key_that_is_none_meets_nobody() {
    use super::{instants, table};
    use datafusion::arrow::array::{ArrayRef, Float64Array, StringArray};
    let folder = tempfile::tempdir().expect("a folder");
    let keys = |keys: &[Option<&str>]| -> ArrayRef { Arc::new(StringArray::from(keys.to_vec())) };
    let amounts = |amounts: &[Option<f64>]| -> ArrayRef { Arc::new(Float64Array::from(amounts.to_vec())) };
    let feedback = table(
        folder.path(),
        "feedback",
        vec![
            ("row", instants(&[0, 1, 2, 3, 4])),
            ("customer", keys(&[Some("a"), Some("b"), None, Some("c"), Some("")])),
            ("t", instants(&[9, 9, 9, 9, 9])),
        ],
    );
    // The first batches of two have no gap; everything of `b` is one, and comes after.
    let transactions = table(
        folder.path(),
        "transactions",
        vec![
            (
                "customer",
                keys(&[Some("a"), Some("a"), Some("c"), Some("c"), Some("b"), Some("b"), None, Some(""), None]),
            ),
            ("t", instants(&[1, 2, 3, 4, 5, 6, 7, 8, 8])),
            (
                "amount",
                amounts(&[Some(1.0), Some(2.0), Some(4.0), Some(8.0), None, None, Some(16.0), None, Some(32.0)]),
            ),
        ],
    );
    let tables = TypedTables { feedback: Some(feedback), transactions: Some(transactions), ..TypedTables::default() };
    let statement =
        BY_ROW.replace("SUM(x.amount) AS s", "SUM(x.amount) AS s, MIN(x.amount) AS low, MAX(x.amount) AS high");
    let (n_ours, rows) = both(&plan(tables), &statement);
    assert_eq!(n_ours, 1);
    let rows: Vec<String> = rows.lines().filter(|line| line.starts_with("| ")).skip(1).map(str::to_owned).collect();
    let cells: Vec<Vec<&str>> =
        rows.iter().map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();
    assert_eq!(
        cells,
        [
            ["", "4", "1", "", "", ""],
            ["a", "0", "2", "3.0", "1.0", "2.0"],
            ["b", "1", "2", "", "", ""],
            ["c", "3", "2", "12.0", "4.0", "8.0"],
        ]
    );
}
