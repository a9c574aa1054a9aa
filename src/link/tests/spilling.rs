//! A join that needs more than it may hold in memory: it spills to disk and gives the same rows, or ends with an error that says so.

use super::company::Company;
use super::loops::widest;
use super::{Engine, EngineSettings, cells};
use crate::link::{LinkError, LinkPlan, Returns, Same, Validity};
use datafusion::prelude::SessionConfig;
use std::path::Path;

/// Customers of the company, with 25 purchases each.
const N_CUSTOMERS: usize = 400;
const AMPLE_BYTES: usize = 1_000_000_000;
/// Below what the sorts hold together, and above what merging needs: some of them spill.
const TIGHT_BYTES: usize = 10_000_000;
/// Below what a single batch takes.
const TOO_FEW_BYTES: usize = 500_000;

/// An engine with small batches: what a sort must hold at the least is then small as well, so that small tables already spill.
fn engine(plan: LinkPlan, memory_bytes: usize, scratch: &Path) -> Engine {
    let settings = EngineSettings { memory_bytes, spill_folder: scratch.to_owned(), n_threads: Some(1) };
    let config = SessionConfig::new().with_batch_size(256).with_sort_spill_reservation_bytes(32_000);
    Engine::start_with(plan, &settings, config).expect("a session")
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("a folder").count()
}

fn plan(tables: &Path) -> LinkPlan {
    let company = Company::random(11, N_CUSTOMERS);
    widest(company.write(tables), Returns::Dated, Same::Topic, Validity::Intervals)
}

#[test]
fn a_join_that_spills_gives_the_same_bytes_as_one_that_does_not() {
    let (tables, scratch) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let plan = plan(tables.path());
    let ample = engine(plan.clone(), AMPLE_BYTES, scratch.path());
    let (expected, spills) = ample.answers_and_spills().expect("joined");
    assert_eq!((expected.n_rows(), spills), (3 * N_CUSTOMERS, 0));
    let tight = engine(plan, TIGHT_BYTES, scratch.path());
    let (got, spills) = tight.answers_and_spills().expect("joined");
    assert!(spills > 0, "nothing was spilled");
    assert_eq!(cells(&got), cells(&expected));
    drop((ample, tight));
    assert_eq!(files_in(scratch.path()), 0, "what was spilled is gone");
}

#[test]
fn a_limit_below_what_a_join_needs_at_the_least_is_an_error_that_says_so() {
    let (tables, scratch) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let engine = engine(plan(tables.path()), TOO_FEW_BYTES, scratch.path());
    let refused = engine.answers().expect_err("too little memory");
    assert!(matches!(refused, LinkError::Memory { .. }), "{refused:?}");
    assert!(refused.to_string().ends_with("allow more with --memory"), "{refused}");
    drop(engine);
    assert_eq!(files_in(scratch.path()), 0, "nothing is left");
}
