//! The join against hand-made cases and against plain loops over random events.

mod anchored_sums;
mod by_hand;
mod company;
mod day_dates;
mod kept_rows;
mod leaks;
mod loops;
mod marketplace;
mod orders;
mod spilling;
mod survey;
mod widest_plan;

use super::{Anchors, HISTORY_WINDOWS_DAYS};
use super::{BaseTable, Column, Engine, EngineSettings, LinkPlan, OutcomeWindow, ProfileColumn, TypedTables};
use crate::stats::random::stream;
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use rand::Rng;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DAY: i64 = 86_400_000_000;
const AS_OF: i64 = 1000 * DAY;

fn table(root: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
    let folder = root.join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let file = std::fs::File::create(folder.join("part-00000.parquet")).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    folder
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn instants(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn plan(tables: TypedTables) -> LinkPlan {
    LinkPlan {
        touchpoints: vec!["delivery".to_owned()],
        windows: vec![OutcomeWindow::Purchases { days: 90 }, OutcomeWindow::Referrals { days: 30 }],
        ..LinkPlan::over(tables, AS_OF)
    }
}

fn engine(plan: LinkPlan, scratch: &Path, n_threads: usize) -> Engine {
    let settings =
        EngineSettings { memory_bytes: 200_000_000, spill_folder: scratch.to_owned(), n_threads: Some(n_threads) };
    Engine::start(plan, &settings).expect("a session")
}

/// The name of a column, its numbers bit by bit, and its texts.
type Cells = Vec<(String, Vec<u64>, Vec<Option<String>>)>;

/// Every cell, numbers bit by bit, so that a gap is like a gap.
fn cells(base: &BaseTable) -> Cells {
    let column = |(name, column): &(String, Column)| match column {
        Column::Numbers(values) => (name.clone(), values.iter().map(|value| value.to_bits()).collect(), Vec::new()),
        Column::Texts(values) => (name.clone(), Vec::new(), values.clone()),
    };
    base.columns().iter().map(column).collect()
}

fn only(base: &BaseTable, column: &str) -> f64 {
    match base.numbers(column) {
        Some(&[value]) => value,
        other => panic!("{column}: {other:?}"),
    }
}

fn number_at(base: &BaseTable, column: &str, row: usize) -> f64 {
    base.numbers(column).unwrap_or_else(|| panic!("no column {column}"))[row]
}

#[test]
fn the_ends_of_every_window_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let t = 500 * DAY;
    let feedback = table(
        root,
        "feedback",
        vec![
            ("row", instants(&[0])),
            ("customer", texts(&["a"])),
            ("t", instants(&[t])),
            ("recommend", numbers(&[9.0])),
            ("delivery", numbers(&[8.0])),
        ],
    );
    // One microsecond decides: the start of a window before the answer is inside, the answer's own instant is nowhere,
    // the end of the window after it is inside.
    let times = [
        t - 30 * DAY,
        t - 30 * DAY - 1,
        t - 365 * DAY,
        t - 365 * DAY - 1,
        t - 1,
        t,
        t + 1,
        t + 90 * DAY,
        t + 90 * DAY + 1,
    ];
    let amounts = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
    let transactions = table(
        root,
        "transactions",
        vec![("customer", texts(&["a"; 9])), ("t", instants(&times)), ("amount", numbers(&amounts))],
    );
    let referrals = table(
        root,
        "referrals",
        vec![
            ("referrer", texts(&["a", "a", "a", "a", "z"])),
            ("referred", texts(&["b", "c", "d", "e", "a"])),
            ("t", instants(&[t - 1, t, t + 30 * DAY, t + 30 * DAY + 1, t - 9 * DAY])),
            ("probability", numbers(&[0.1; 5])),
            ("channel", texts(&["app"; 5])),
        ],
    );
    let tables = TypedTables {
        feedback: Some(feedback),
        transactions: Some(transactions),
        referrals: Some(referrals),
        ..TypedTables::default()
    };
    let base = engine(plan(tables), root, 2).answers().expect("joined");
    let expected = [
        ("frequency", 5.0),
        ("frequency_30d", 2.0),
        ("frequency_90d", 3.0),
        ("frequency_365d", 4.0),
        ("spend_30d", 17.0),
        ("spend_90d", 19.0),
        ("spend_365d", 23.0),
        ("next_purchases_90d", 2.0),
        ("next_spend_90d", 192.0),
        ("earlier_referrals", 1.0),
        ("was_referred", 1.0),
        ("next_referrals_30d", 1.0),
        ("earlier_answers", 0.0),
        ("known", 1.0),
        ("tenure_days", 365.0 + 1.0 / DAY as f64),
        ("recency_days", 1.0 / DAY as f64),
    ];
    for (column, value) in expected {
        assert!((only(&base, column) - value).abs() < 1e-9, "{column}: {} {value}", only(&base, column));
    }
}

/// Random answers and purchases of a few customers.
struct Events {
    answers: Vec<(usize, i64)>,
    purchases: Vec<(usize, i64, f64)>,
}

fn events() -> Events {
    let mut random = stream(5, "link test", 0);
    let mut customer = || random.random_range(0..40_usize);
    let customers: Vec<usize> = (0..900).map(|_| customer()).collect();
    let mut random = stream(5, "link test", 1);
    let mut t = || random.random_range(0..1100) * DAY + random.random_range(0..3) * 1_000_000;
    Events {
        answers: customers[..100].iter().map(|&customer| (customer, t())).collect(),
        purchases: customers[100..]
            .iter()
            .enumerate()
            .map(|(place, &customer)| (customer, t(), (place % 977) as f64 / 7.0))
            .collect(),
    }
}

fn random_tables(root: &Path, events: &Events) -> TypedTables {
    let name = |customer: usize| format!("c{customer:03}");
    let of = |names: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(names)) };
    let rows: Vec<i64> = (0..events.answers.len() as i64).collect();
    let feedback = table(
        root,
        "feedback",
        vec![
            ("row", instants(&rows)),
            ("customer", of(events.answers.iter().map(|answer| name(answer.0)).collect())),
            ("t", instants(&events.answers.iter().map(|answer| answer.1).collect::<Vec<_>>())),
            ("recommend", numbers(&rows.iter().map(|row| (row % 11) as f64).collect::<Vec<_>>())),
            ("delivery", numbers(&rows.iter().map(|row| (row % 7) as f64).collect::<Vec<_>>())),
        ],
    );
    let transactions = table(
        root,
        "transactions",
        vec![
            ("customer", of(events.purchases.iter().map(|purchase| name(purchase.0)).collect())),
            ("t", instants(&events.purchases.iter().map(|purchase| purchase.1).collect::<Vec<_>>())),
            ("amount", numbers(&events.purchases.iter().map(|purchase| purchase.2).collect::<Vec<_>>())),
        ],
    );
    TypedTables { feedback: Some(feedback), transactions: Some(transactions), ..TypedTables::default() }
}

#[test]
fn random_events_agree_with_plain_loops() {
    let folder = tempfile::tempdir().expect("a folder");
    let events = events();
    let mut plan = plan(random_tables(folder.path(), &events));
    plan.windows = vec![OutcomeWindow::Purchases { days: 90 }];
    let base = engine(plan, folder.path(), 2).answers().expect("joined");
    assert_eq!(base.n_rows(), events.answers.len());
    for (row, &(customer, t)) in events.answers.iter().enumerate() {
        let own = || events.purchases.iter().filter(move |purchase| purchase.0 == customer && purchase.1 < AS_OF);
        let value = |column: &str| base.numbers(column).expect("there")[row];
        for days in HISTORY_WINDOWS_DAYS {
            let within = || own().filter(|purchase| purchase.1 < t && purchase.1 >= t - i64::from(days) * DAY);
            assert_eq!(value(&format!("frequency_{days}d")), within().count() as f64, "row {row}");
            let spend: f64 = within().map(|purchase| (purchase.2 * 10_000.0).round() / 10_000.0).sum();
            assert!((value(&format!("spend_{days}d")) - spend).abs() < 1e-9, "row {row}");
        }
        let after = own().filter(|purchase| purchase.1 > t && purchase.1 <= t + 90 * DAY).count();
        assert_eq!(value("next_purchases_90d"), after as f64, "row {row}");
        let last = own().map(|purchase| purchase.1).filter(|&at| at < t).max();
        let recency = last.map_or(f64::NAN, |last| (t - last) as f64 / DAY as f64);
        assert!((value("recency_days") - recency).abs() < 1e-9 || (value("recency_days").is_nan() && recency.is_nan()));
        let earlier = events.answers.iter().filter(|other| other.0 == customer && other.1 < t).count();
        assert_eq!(value("earlier_answers"), earlier as f64, "row {row}");
    }
}

#[test]
fn every_known_customer_is_seen_from_the_studys_date() {
    let folder = tempfile::tempdir().expect("a folder");
    let events = events();
    let mut plan = plan(random_tables(folder.path(), &events));
    plan.windows = Vec::new();
    let mut customers: Vec<(String, f64, f64)> = Vec::new();
    engine(plan, folder.path(), 2)
        .customers::<super::LinkError>(|batch| {
            let (names, recommend, frequency) =
                (batch.texts("customer"), batch.numbers("recommend"), batch.numbers("frequency_90d"));
            let (names, recommend, frequency) =
                (names.expect("there"), recommend.expect("there"), frequency.expect("there"));
            for row in 0..batch.n_rows() {
                customers.push((names[row].clone().expect("a key"), recommend[row], frequency[row]));
            }
            Ok(())
        })
        .expect("joined");
    assert!(customers.windows(2).all(|pair| pair[0].0 < pair[1].0), "in the order of the keys, each once");
    for (name, recommend, frequency) in &customers {
        let customer: usize = name[1..].parse().expect("a number");
        let own = events.purchases.iter().filter(|purchase| purchase.0 == customer);
        let recent = own.filter(|purchase| purchase.1 < AS_OF && purchase.1 >= AS_OF - 90 * DAY).count();
        assert_eq!(*frequency, recent as f64, "{name}");
        let answers = events.answers.iter().enumerate().filter(|(_, answer)| answer.0 == customer && answer.1 < AS_OF);
        match answers.max_by_key(|(row, answer)| (answer.1, *row)) {
            Some((row, _)) => assert_eq!(*recommend, (row % 11) as f64, "{name}"),
            None => assert!(recommend.is_nan(), "{name}"),
        }
    }
}

#[test]
fn keys_that_fit_nowhere_or_twice_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let feedback = table(
        root,
        "feedback",
        vec![
            ("row", instants(&[0, 1, 2])),
            ("customer", texts(&["a", "b", "x"])),
            ("t", instants(&[DAY, DAY, DAY])),
            ("recommend", numbers(&[9.0, 1.0, 5.0])),
            ("delivery", numbers(&[8.0, 1.0, 5.0])),
        ],
    );
    let customers = table(
        root,
        "customers",
        vec![
            ("customer", texts(&["a", "b", "b"])),
            ("joined_t", instants(&[0, 5, 3])),
            ("size", numbers(&[1.0, 2.0, 3.0])),
        ],
    );
    let mut plan = plan(TypedTables { feedback: Some(feedback), customers: Some(customers), ..TypedTables::default() });
    plan.windows = Vec::new();
    plan.profile = vec![ProfileColumn { name: "size".to_owned(), numeric: true, constant: false }];
    let engine = engine(plan, root, 1);
    let report = engine.match_report().expect("counted");
    assert_eq!(report.len(), 1);
    assert_eq!((report[0].n_matched, report[0].n_unmatched, report[0].n_ambiguous), (1, 1, 1));
    let base = engine.answers().expect("joined");
    assert_eq!(base.numbers("known"), Some(&[1.0, 1.0, 0.0][..]));
    assert_eq!(base.n_rows(), 3, "a customer named twice does not double the answer");
}

#[test]
fn names_with_quotes_and_spaces_are_columns_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "how was \"delivery\", Sir?";
    let feedback = table(
        folder.path(),
        "feedback",
        vec![
            ("row", instants(&[0])),
            ("customer", texts(&["a"])),
            ("t", instants(&[DAY])),
            ("recommend", numbers(&[9.0])),
            (name, numbers(&[3.0])),
        ],
    );
    let mut plan = plan(TypedTables { feedback: Some(feedback), ..TypedTables::default() });
    plan.touchpoints = vec![name.to_owned()];
    plan.windows = Vec::new();
    assert!(plan.statement(Anchors::Answers).contains("\"how was \"\"delivery\"\", Sir?\""));
    let base = engine(plan, folder.path(), 1).answers().expect("joined");
    assert_eq!(base.numbers(name), Some(&[3.0][..]));
}
