//! Rows of statements come from the store where the same was asked of the same tables, and from there alone.

use super::company::Company;
use super::loops::widest;
use super::{AS_OF, Cells, DAY, cells, engine};
use crate::link::{
    BaseTable, Engine, KeptRows, LinkError, LinkPlan, Respondents, Returns, RowDraft, RowStore, Same, Validity,
};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A folder with a file for every word, and the words that were asked for.
#[derive(Clone)]
struct Folder {
    path: PathBuf,
    asked: Arc<Mutex<Vec<(String, bool)>>>,
}

struct Draft {
    folder: PathBuf,
}

impl RowStore for Folder {
    fn open(&self, word: &str) -> Option<(File, Box<dyn Send>)> {
        let file = File::open(self.path.join(word)).ok();
        self.asked.lock().expect("free").push((word.to_owned(), file.is_some()));
        file.map(|file| (file, Box::new(()) as Box<dyn Send>))
    }

    fn draft(&self) -> Option<Box<dyn RowDraft>> {
        Some(Box::new(Draft { folder: self.path.clone() }))
    }
}

impl RowDraft for Draft {
    fn path(&self) -> PathBuf {
        self.folder.join("draft")
    }

    fn keep(self: Box<Self>, word: &str) {
        std::fs::rename(self.path(), self.folder.join(word)).expect("the draft was written");
    }
}

struct Case {
    tables: tempfile::TempDir,
    scratch: tempfile::TempDir,
    store: Folder,
    _kept: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let [tables, scratch, kept] = std::array::from_fn(|_| tempfile::tempdir().expect("a folder"));
        let store = Folder { path: kept.path().to_owned(), asked: Arc::default() };
        Self { tables, scratch, store, _kept: kept }
    }

    fn plan(&self, seed: u64) -> LinkPlan {
        let folder = self.tables.path().join(seed.to_string());
        widest(Company::random(seed, 12).write(&folder), Returns::Dated, Same::Topic, Validity::Intervals)
    }

    /// An engine over the tables of one company which says that they hold what the fingerprint stands for.
    fn engine(&self, plan: LinkPlan, fingerprint: &str) -> Engine {
        let tables: Vec<(&str, String)> = plan.tables.named().map(|(name, _)| (name, fingerprint.to_owned())).collect();
        let kept = KeptRows::over(Arc::new(self.store.clone()), tables);
        engine(plan, self.scratch.path(), 2).keeping(kept)
    }

    /// Of each question since the last time, whether it was answered from the store.
    fn asked(&self) -> Vec<bool> {
        self.store.asked.lock().expect("free").drain(..).map(|(_, was_there)| was_there).collect()
    }
}

/// Whatever a run asks of the engine that has a row for an answer or a customer at most.
fn everything(engine: &Engine) -> Vec<Cells> {
    let mut all = vec![cells(&engine.answers().expect("joined"))];
    let mut take = |batch: BaseTable| -> Result<(), LinkError> {
        all.push(cells(&batch));
        Ok(())
    };
    engine.customers(&mut take).expect("joined");
    engine.customers_at(AS_OF - 200 * DAY, &mut take).expect("joined");
    engine.profile("tier", &mut take).expect("joined");
    all
}

#[test]
fn what_was_kept_is_what_was_made_bit_by_bit() {
    let case = Case::new();
    let plan = case.plan(1);
    let made = everything(&engine(plan.clone(), case.scratch.path(), 2));
    assert_eq!(everything(&case.engine(plan.clone(), "one")), made);
    assert_eq!(case.asked(), [false; 4]);
    assert_eq!(everything(&case.engine(plan.clone(), "one")), made);
    assert_eq!(case.asked(), [true; 4]);
    let respondents = Respondents { at: AS_OF - 300 * DAY, answered_from: AS_OF - 300 * DAY, answered_until: AS_OF };
    let compared = |engine: &Engine| engine.respondents_against_base(&respondents).expect("compared");
    let (first, second) = (case.engine(plan.clone(), "one"), case.engine(plan.clone(), "one"));
    let anew = compared(&engine(plan.clone(), case.scratch.path(), 2));
    assert_eq!(format!("{:?}", compared(&first)), format!("{anew:?}"));
    assert_eq!(format!("{:?}", compared(&second)), format!("{anew:?}"));
    assert_eq!(case.asked(), [false, true]);
    assert_eq!(first.match_report().expect("matched"), second.match_report().expect("matched"));
    let asked = case.asked();
    let (anew, kept) = asked.split_at(asked.len() / 2);
    assert!(!asked.is_empty() && !anew.contains(&true) && !kept.contains(&false), "{asked:?}");
}

#[test]
fn other_tables_another_date_and_another_question_are_asked_anew() {
    let case = Case::new();
    let plan = case.plan(1);
    let kept = everything(&case.engine(plan.clone(), "one"));
    case.asked();
    // The store is believed: with the fingerprint of the first tables those of another company are not looked at.
    let mut other = case.plan(2);
    assert_eq!(everything(&case.engine(other.clone(), "one")), kept);
    assert_eq!(case.asked(), [true; 4]);
    let made = everything(&engine(other.clone(), case.scratch.path(), 2));
    assert_ne!(made, kept);
    assert_eq!(everything(&case.engine(other.clone(), "two")), made);
    assert_eq!(case.asked(), [false; 4]);
    other.as_of -= 100 * DAY;
    let made = everything(&engine(other.clone(), case.scratch.path(), 2));
    assert_eq!(everything(&case.engine(other, "two")), made);
    // The history at an earlier date, and what of the profile, is asked in the same words.
    assert_eq!(case.asked()[..2], [false, false]);
    let fewer = LinkPlan { windows: Vec::new(), ..plan };
    let made = everything(&engine(fewer.clone(), case.scratch.path(), 2));
    assert_eq!(everything(&case.engine(fewer, "one")), made);
    assert!(!case.asked()[0]);
}

#[test]
fn rows_of_events_are_not_kept() {
    let case = Case::new();
    let engine = case.engine(case.plan(1), "one");
    let mut n_batches = 0;
    let mut take = |_: BaseTable| -> Result<(), LinkError> {
        n_batches += 1;
        Ok(())
    };
    engine.purchases(&mut take).expect("read");
    engine.activity(&mut take).expect("read");
    engine.joined(&mut take).expect("read");
    assert!(n_batches >= 3);
    assert_eq!((case.asked().len(), files_in(&case.store.path)), (0, 0));
}

#[test]
fn a_join_that_is_broken_off_keeps_nothing() {
    let case = Case::new();
    let engine = case.engine(case.plan(1), "one");
    let stop = |_: BaseTable| Err(LinkError::Plan("enough".to_owned()));
    assert!(engine.customers(stop).is_err());
    let kept: Vec<String> = names_in(&case.store.path).into_iter().filter(|name| name != "draft").collect();
    assert_eq!(kept, Vec::<String>::new());
}

#[test]
fn a_store_that_cannot_be_written_is_done_without() {
    let case = Case::new();
    let plan = case.plan(1);
    let made = everything(&engine(plan.clone(), case.scratch.path(), 2));
    std::fs::remove_dir_all(&case.store.path).expect("removed");
    assert_eq!(everything(&case.engine(plan.clone(), "one")), made);
    assert_eq!(case.asked(), [false; 4]);
    // A file that is no table of rows is as good as none.
    std::fs::create_dir_all(&case.store.path).expect("made");
    everything(&case.engine(plan.clone(), "one"));
    for name in names_in(&case.store.path) {
        std::fs::write(case.store.path.join(name), "PAR1").expect("written");
    }
    assert_eq!(everything(&case.engine(plan, "one")), made);
}

fn names_in(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").flatten();
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn files_in(folder: &Path) -> usize {
    names_in(folder).len()
}
