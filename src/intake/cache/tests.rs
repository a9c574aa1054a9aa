//! What comes from the cache is what parsing gives, byte for byte; whatever changes the rows changes the entry.

use super::record::{self, ENTRY, EntryRecord};
use super::*;
use crate::intake::{Exclusion, Folders, Intake, IntakeError, Reason};
use crate::study::Study;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Room for everything.
pub(super) const MAX: u64 = 1 << 40;

pub(super) struct Case(tempfile::TempDir);

/// All that intake leaves: tables and quarantine by file name, and the accounts as the manifest has them.
#[derive(Debug, PartialEq)]
pub(super) struct Left {
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(super) accounts: String,
    identity: String,
    schemas: Vec<String>,
}

impl Left {
    pub(super) fn schemas(&self) -> &[String] {
        &self.schemas
    }
}

impl Case {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("written");
    }

    pub(super) fn intake(&self, study: &str, cache: &Cache) -> Result<Intake, IntakeError> {
        for name in ["work", "quarantine"] {
            let _ = fs::remove_dir_all(self.path(name));
        }
        let study = Study::parse(study, self.0.path()).expect("a sound study");
        let folders = Folders { work: self.path("work"), quarantine: self.path("quarantine") };
        Intake::run_cached(&study, &folders, cache, &|_| ())
    }

    pub(super) fn run(&self, study: &str, cache: &Cache) -> Left {
        let intake = self.intake(study, cache).expect("readable");
        assert!(intake.accounts.iter().all(crate::intake::SourceAccount::adds_up), "{:?}", intake.accounts);
        let mut files = BTreeMap::new();
        collect(&self.path("work"), &mut files);
        collect(&self.path("quarantine"), &mut files);
        let identity = serde_json::to_string(&intake.identity).expect("JSON");
        let tables = intake.tables;
        let all = [tables.feedback, tables.transactions, tables.customers, tables.activity];
        Left {
            files,
            accounts: serde_json::to_string(&intake.accounts).expect("JSON"),
            identity,
            schemas: all
                .iter()
                .map(|table| format!("{:?} {:?} {:?}", table.schema, table.first_t, table.last_t))
                .collect(),
        }
    }

    /// Of single files, whatever becomes of the tables that are made of them.
    pub(super) fn cache(&self) -> Cache {
        Cache::within(&self.path("cache"), MAX).of_files_alone()
    }

    pub(super) fn entries(&self) -> Vec<PathBuf> {
        let found = fs::read_dir(self.path("cache")).expect("there").flatten().map(|entry| entry.path());
        let mut entries: Vec<PathBuf> = found.filter(|path| path.is_dir()).collect();
        entries.sort();
        entries
    }

    /// Makes every entry say that its file has a thousand rows more than it has, by which one knows where rows come from.
    pub(super) fn mark(&self) {
        for entry in self.entries() {
            let text = fs::read_to_string(entry.join(ENTRY)).expect("there");
            let (_, json) = text.split_once('\n').expect("two lines");
            let mut record: EntryRecord = serde_json::from_str(json).expect("JSON");
            record.rows_read += 1000;
            let json = serde_json::to_string(&record).expect("JSON");
            fs::write(entry.join(ENTRY), format!("{}\n{json}\n", record::hash(json.as_bytes()))).expect("written");
        }
    }

    /// Whether each file of a source came from a marked entry.
    pub(super) fn taken_from_cache(&self, study: &str, source: &str) -> Vec<bool> {
        let intake = self.intake(study, &self.cache()).expect("readable");
        let account = intake.account(source).expect("read");
        account.files.iter().map(|file| file.rows_read >= 1000).collect()
    }
}

pub(super) fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), files);
        } else {
            files.insert(entry.path(), fs::read(entry.path()).expect("there"));
        }
    }
}

pub(super) const FEEDBACK: &str = "id,who,when,ltr,food,via
1,ann,2026-01-01T10:00:00Z,9,5,web
2,bob,2026-01-02T10:00:00+01:00,99,99,
3,,2026-01-03T10:00:00Z,9,5,web
4,cid,soon,9,5,\"a, \"\"b\"\"
c\"
1,dee,2026-01-11T10:00:00Z,9,5,web
6,eve,2026-10-01T00:00:00Z,9,5,web
7,eve,2026-09-01T00:00:00Z,-,N/A,web
";

pub(super) const STUDY: &str = r#"
study = { name = "case", as_of = 2026-09-30 }
[sources.feedback]
path = "feedback*.csv"
id = "id"
customer = "who"
time = "when"
recommend = "ltr"
channel = "via"
scale = [1, 5]
not_applicable = [99, "N/A"]
blank = ["-"]
[sources.feedback.contract]
not_null = ["when"]
[drivers]
touchpoints = ["food"]
"#;

/// Answers in two files that share ids.
pub(super) fn answers() -> Case {
    let case = Case::new();
    case.write("feedback1.csv", FEEDBACK);
    case.write("feedback2.csv", "id,who,when,ltr,food,via\n12,zoe,2026-02-01T00:00:00Z,3,1,app\n2,zoe,2026-02-01,3,1,app\n7,x,2026-02-01T00:00:00Z,3,1,app\n");
    case
}

#[test]
fn what_comes_from_the_cache_is_what_parsing_gives() {
    let case = answers();
    let mut orders = String::from("line,sum,who,when\n");
    let mut activity = String::new();
    // Several blocks, and with one thread several parts.
    for row in 0..120_000 {
        let day = 1 + row % 28;
        orders.push_str(&format!(
            "order {},{}.5,{},2026-{:02}-{day:02}\n",
            row % 119_990,
            row % 50,
            row % 977,
            1 + row % 12
        ));
        activity.push_str(&format!(
            "{{\"n\":{},\"person\":{{\"id\":{}}},\"at\":\"2026-01-{day:02}\",\"kind\":\"{}\"}}\n",
            row % 119_500,
            row % 977,
            if row % 7 == 0 { "" } else { "visit" }
        ));
    }
    activity.push_str("{broken\n");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(orders.as_bytes()).expect("in memory");
    case.write("orders.csv.gz", gzip.finish().expect("in memory"));
    case.write("late.csv", "line,sum,who,when\norder 3,1,977,2026-02-01\nnew,x,1,2026-02-01\nnewer,1,977,2026-02-01\n");
    case.write("activity.jsonl", activity);
    let persons: String = (0..978).map(|row| format!("{row},person {}\n", row % 900)).collect();
    case.write("persons.csv", format!("key,person\n{persons}3,other\n"));
    let database = rusqlite::Connection::open(case.path("customers.db")).expect("opens");
    let table = "CREATE TABLE customers (who, plan, age); INSERT INTO customers VALUES ('person 1', 'gold', 41), \
                 ('person 2', NULL, 52), ('person 1', 'tin', 9), (NULL, 'x', 1)";
    database.execute_batch(table).expect("made");
    drop(database);
    let study = format!(
        "{STUDY}
[sources.transactions]
path = [\"orders.csv.gz\", \"late.csv\"]
id = \"line\"
customer = \"who\"
customer_via = {{ path = \"persons.csv\", from = \"key\", to = \"person\" }}
time = \"when\"
zone = \"Europe/Berlin\"
amount = \"sum\"
[sources.activity]
path = \"activity.jsonl\"
customer = \"person.id\"
time = \"at\"
zone = \"UTC\"
kind = \"kind\"
[sources.customers]
path = \"customers.db\"
customer = \"who\"
keep = [\"plan\", \"age\"]
[sources.activity.contract]
unique = [\"n\", \"kind\"]
"
    );
    for n_threads in [2, 1] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let cache = case.path("cache");
        let _ = fs::remove_dir_all(&cache);
        let (case, study) = (&case, &study);
        let runs = || {
            let parsed = case.run(study, &Cache::none());
            assert!(!case.path("cache").exists(), "without a cache there is none");
            let (cold, warm) = (case.run(study, &case.cache()), case.run(study, &case.cache()));
            (parsed, cold, warm)
        };
        let (parsed, cold, warm) = pool.install(runs);
        assert!(parsed == cold, "{n_threads}: {} against {}", parsed.accounts, cold.accounts);
        assert!(parsed == warm, "{n_threads}: {} against {}", parsed.accounts, warm.accounts);
        for word in
            ["duplicate", "ambiguous_key", "bad_json", "after_as_of", "unparsable", "no_zone", "not_applicable\":1"]
        {
            assert!(parsed.accounts.contains(word), "{word}: {}", parsed.accounts);
        }
        // Two of answers, two of orders, persons, activity, customers.
        assert_eq!(case.entries().len(), 7);
    }
    let is_second = |path: &PathBuf| path.join(record::typed_name(1)).exists();
    assert!(case.entries().iter().any(is_second), "an entry of several parts");
    case.mark();
    assert_eq!(case.taken_from_cache(&study, "transactions"), [true, true]);
    assert_eq!(case.taken_from_cache(&study, "customers"), [true]);
    assert_eq!(case.taken_from_cache(&study, "activity"), [true]);
}

#[test]
fn exports_of_vendors_and_workbooks_come_from_the_cache_too() {
    let exports = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let roles = "recommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"\nid = \"@id\"";
    for (sample, keys) in [
        ("qualtrics/responses.csv", roles),
        ("delighted/survey_responses.json", "recommend = \"@recommend\"\nsnapshot = true"),
    ] {
        let case = Case::new();
        let path = exports.join(sample);
        let study = format!(
            "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"{}\"\n{keys}\n",
            path.display()
        );
        let parsed = case.run(&study, &Cache::none());
        assert_eq!(parsed, case.run(&study, &case.cache()), "{sample}");
        assert_eq!(parsed, case.run(&study, &case.cache()), "{sample}");
        case.mark();
        assert_eq!(case.taken_from_cache(&study, "feedback"), [true], "{sample}");
    }
}

#[test]
fn a_changed_file_among_many_is_the_only_one_that_is_parsed() {
    let case = answers();
    case.run(STUDY, &case.cache());
    case.mark();
    assert_eq!(case.taken_from_cache(STUDY, "feedback"), [true, true]);
    // Of the same size, so that only its bytes tell.
    case.write("feedback1.csv", FEEDBACK.replace("ann", "amy"));
    assert_eq!(case.taken_from_cache(STUDY, "feedback"), [false, true]);
    case.write("feedback3.csv", "id,who,when,ltr,food,via\n1,a,2026-01-01T00:00:00Z,3,1,app\n");
    assert_eq!(case.taken_from_cache(STUDY, "feedback"), [false, true, false]);
}

#[test]
fn whatever_changes_the_rows_changes_the_entry() {
    let case = answers();
    case.write("persons.csv", "key,person\nann,p1\nbob,p2\n");
    let study = STUDY.replace(
        "customer = \"who\"",
        "customer = \"who\"\nzone = \"Europe/Berlin\"\ncustomer_via = { path = \"persons.csv\", from = \"key\", to = \"person\" }",
    );
    case.run(&study, &case.cache());
    case.mark();
    let uses = |study: &str| case.taken_from_cache(study, "feedback");
    assert_eq!(uses(&study), [true, true]);
    for (before, after) in [
        ("scale = [1, 5]", "scale = [1, 4]"),
        ("[99, \"N/A\"]", "[99]"),
        ("blank = [\"-\"]", "blank = [\"-\", \"web\"]"),
        ("Europe/Berlin", "Europe/Paris"),
        ("channel = \"via\"", "segment = \"via\""),
        ("not_null = [\"when\"]", "not_null = [\"when\", \"via\"]"),
        ("id = \"id\"\n", ""),
        ("scale", "keep = [\"via\"]\nscale"),
        ("scale", "delimiter = \",\"\nscale"),
    ] {
        assert!(study.contains(before), "{before}");
        assert_eq!(uses(&study.replacen(before, after, 1)), [false, false], "{after}");
        assert_eq!(uses(&study), [true, true], "the others stay");
    }
    case.write("persons.csv", "key,person\nann,p1\nbob,p3\n");
    assert_eq!(uses(&study), [false, false], "what a key leads to");
    case.write("persons.csv", "key,person\n\nann,p1\nbob,p2\n");
    assert_eq!(uses(&study), [true, true], "the same pairs, written otherwise");
}

#[test]
fn the_date_of_the_study_may_move() {
    let case = answers();
    case.run(STUDY, &case.cache());
    case.mark();
    for date in ["2026-01-02", "2026-08-31", "2027-01-01"] {
        let study = STUDY.replace("2026-09-30", date);
        assert_eq!(case.taken_from_cache(&study, "feedback"), [true, true], "{date}");
    }
    fs::remove_dir_all(case.path("cache")).expect("removed");
    case.run(&STUDY.replace("2026-09-30", "2026-01-01"), &case.cache());
    let from_early = case.run(STUDY, &case.cache());
    assert_eq!(from_early, case.run(STUDY, &Cache::none()));
    let account = case.intake(STUDY, &case.cache()).expect("readable").accounts.remove(0);
    assert_eq!(account.rows_excluded, [(Exclusion::AfterAsOf, 1)].into());
    // 1 in the first file; 7 in the second. What repeats an id that was put aside, or left out, is no repeat.
    assert_eq!(account.rows_quarantined[&Reason::Duplicate], 2);
}

#[test]
fn a_damaged_entry_is_parsed_anew() {
    let case = answers();
    let parsed = case.run(STUDY, &Cache::none());
    case.run(STUDY, &case.cache());
    let mut files = BTreeMap::new();
    case.entries().iter().for_each(|entry| collect(entry, &mut files));
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    for (path, bytes) in &files {
        for at in [0, bytes.len() / 3, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            fs::write(path, damaged).expect("written");
            assert_eq!(case.run(STUDY, &case.cache()), parsed, "{} at {at}", path.display());
            assert_eq!(fs::read(path).expect("there"), *bytes, "the entry is whole again");
        }
        fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
        assert_eq!(case.run(STUDY, &case.cache()), parsed);
        fs::remove_file(path).expect("removed");
        assert_eq!(case.run(STUDY, &case.cache()), parsed);
        assert_eq!(fs::read(path).expect("there"), *bytes);
    }
}

#[test]
fn two_runs_at_the_same_time_share_a_cache() {
    let case = answers();
    let parsed = case.run(STUDY, &Cache::none());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (case, parsed) = (&case, &parsed);
            scope.spawn(move || {
                let study = Study::parse(STUDY, case.0.path()).expect("a sound study");
                for round in 0..5 {
                    let own = tempfile::tempdir().expect("a folder");
                    let folders = Folders { work: own.path().join("work"), quarantine: own.path().join("quarantine") };
                    // Some leave no room, so that entries come and go under the others.
                    let max = if worker == 0 { 0 } else { MAX };
                    let cache = Cache::within(&case.path("cache"), max);
                    let intake = Intake::run_cached(&study, &folders, &cache, &|_| ()).expect("readable");
                    let accounts = serde_json::to_string(&intake.accounts).expect("JSON");
                    assert_eq!(accounts, parsed.accounts, "worker {worker}, round {round}");
                }
            });
        }
    });
    let left: Vec<String> = fs::read_dir(case.path("cache"))
        .expect("there")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "nothing unfinished");
}

#[test]
fn the_cache_takes_no_more_room_than_it_may() {
    let case = answers();
    case.run(STUDY, &case.cache());
    let entries = case.entries();
    assert_eq!(entries.len(), 2);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(1000);
    let record = fs::File::options().append(true).open(entries[0].join(ENTRY)).expect("there");
    record.set_modified(old).expect("set");
    drop(record);
    // Room for either, not for both.
    let size = |entry: &PathBuf| {
        let files = fs::read_dir(entry).expect("there").flatten();
        files.map(|file| file.metadata().expect("there").len()).sum::<u64>()
    };
    let max = size(&entries[0]) + size(&entries[1]) - 1;
    Cache::within(&case.path("cache"), max).make_room();
    assert_eq!(case.entries(), entries[1..], "the one that was of use the longest ago is gone");
    let held = fs::File::open(entries[1].join(ENTRY)).expect("there");
    held.try_lock_shared().expect("free");
    Cache::within(&case.path("cache"), 0).make_room();
    assert_eq!(case.entries(), entries[1..], "what is being read stays");
    drop(held);
    case.write("cache/mine.txt", "x");
    Cache::within(&case.path("cache"), 0).make_room();
    assert_eq!(case.entries(), Vec::<PathBuf>::new());
    assert!(case.path("cache/mine.txt").exists(), "what is no entry is left alone");
}

#[test]
fn a_cache_that_cannot_be_written_is_done_without() {
    let case = answers();
    case.write("taken", "a file, no folder");
    let cache = Cache::within(&case.path("taken"), MAX);
    assert_eq!(case.run(STUDY, &cache), case.run(STUDY, &Cache::none()));
}

#[test]
fn a_refused_source_leaves_no_entry() {
    let case = answers();
    case.write("feedback2.csv", "id,who\n1,a\n");
    assert!(matches!(case.intake(STUDY, &case.cache()), Err(IntakeError::MissingColumn(_))));
    assert_eq!(case.entries().len(), 1, "that of the sound file");
    assert!(matches!(case.intake(STUDY, &case.cache()), Err(IntakeError::MissingColumn(_))));
}

#[test]
#[ignore = "measures a file of 200 MB; meant for a release build"]
#[expect(clippy::print_stderr, reason = "a measurement says what it found")]
fn a_second_run_is_shorter_than_the_first() {
    let case = Case::new();
    case.write("feedback.csv", "who,when\n");
    let mut file = std::io::BufWriter::new(fs::File::create(case.path("orders.csv")).expect("made"));
    writeln!(file, "order,who,when,sum,channel").expect("written");
    let mut n_bytes = 0;
    let mut row: u64 = 0;
    while n_bytes < 200_000_000 {
        let line = format!(
            "O-{row:09},C-{:07},2026-{:02}-{:02}T{:02}:{:02}:{:02}Z,{}.{:02},{}\n",
            row.wrapping_mul(2_654_435_761) % 500_000,
            1 + row % 8,
            1 + row % 28,
            row % 24,
            row % 60,
            row % 59,
            row % 400,
            row % 100,
            ["web", "shop", "phone"][(row % 3) as usize]
        );
        file.write_all(line.as_bytes()).expect("written");
        n_bytes += line.len();
        row += 1;
    }
    file.flush().expect("written");
    let study = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\n\
                 time = \"when\"\n[sources.transactions]\npath = \"orders.csv\"\nid = \"order\"\ncustomer = \"who\"\ntime = \"when\"\n\
                 amount = \"sum\"\nchannel = \"channel\"\n";
    let time = |cache: &Cache| {
        let begin = std::time::Instant::now();
        let intake = case.intake(study, cache).expect("readable");
        assert_eq!(intake.tables.transactions.n_rows, row);
        begin.elapsed().as_secs_f64()
    };
    let cache = || Cache::within(&case.path("cache"), MAX);
    let (parsed, cold, warm) = (time(&Cache::none()), time(&cache()), time(&cache()));
    let kept: u64 = case
        .entries()
        .iter()
        .flat_map(|entry| fs::read_dir(entry).expect("there").flatten())
        .map(|file| file.metadata().expect("there").len())
        .sum();
    eprintln!(
        "{n_bytes} bytes, {row} rows: without a cache {parsed:.1} s, first {cold:.1} s, second {warm:.1} s; {kept} bytes kept"
    );
    assert!(warm < cold, "{warm} against {cold}");
}

#[test]
fn kept_rows_are_whole_or_not_there() {
    let case = answers();
    let words: [String; 2] = ["one", "two"].map(|text| record::hash(text.as_bytes()));
    let keep = |cache: &Cache, word: &str, text: &str| {
        let draft = cache.rows_draft().expect("may be written");
        fs::write(draft.path(), text).expect("written");
        cache.keep_rows(word, draft);
    };
    let read =
        |cache: &Cache, word: &str| cache.rows(word).map(|(file, _)| std::io::read_to_string(file).expect("readable"));
    let cache = case.cache();
    assert_eq!(read(&cache, &words[0]), None);
    keep(&cache, &words[0], "rows");
    keep(&cache, &words[1], "others");
    assert_eq!(words.each_ref().map(|word| read(&cache, word)), ["rows", "others"].map(|text| Some(text.to_owned())));
    keep(&cache, &words[0], "later rows");
    assert_eq!(read(&cache, &words[0]).as_deref(), Some("rows"), "what was there first stays");
    drop(cache.rows_draft().expect("may be written"));
    assert_eq!(case.entries().len(), 2, "nothing unfinished");
    // A folder that was given the name of another.
    let places = words.each_ref().map(|word| case.path("cache").join(format!("rows-{}", &word[..32])));
    fs::remove_dir_all(&places[1]).expect("removed");
    fs::rename(&places[0], &places[1]).expect("renamed");
    assert_eq!(words.each_ref().map(|word| read(&cache, word)), [None, None]);
    words.iter().zip(["rows", "others"]).for_each(|(word, text)| keep(&cache, word, text));
    // A byte that is no longer what it was.
    let place = case.entries().into_iter().find(|path| path.ends_with(format!("rows-{}", &words[0][..32])));
    let place = place.expect("an entry");
    fs::write(place.join("rows"), "r0ws").expect("written");
    let earlier = Cache::of_earlier(&case.path("cache"));
    assert_eq!(read(&earlier, &words[0]), None);
    assert!(place.exists(), "where nothing may be changed it stays");
    assert!(earlier.rows_draft().is_none());
    assert_eq!(read(&cache, &words[0]), None);
    assert!(!place.exists(), "so that the next one finds its place empty");
    // They go when they were of no use for a month, and make room as entries do, but while they are read.
    keep(&cache, &words[0], "rows");
    let month = std::time::Duration::from_secs(30 * 86_400);
    let set_used = |age| {
        let record = fs::File::options().append(true).open(place.join(ENTRY)).expect("there");
        record.set_modified(std::time::SystemTime::now() - age).expect("set");
    };
    set_used(month - std::time::Duration::from_secs(60));
    cache.make_room();
    assert!(place.exists());
    set_used(month + std::time::Duration::from_secs(60));
    cache.make_room();
    assert!(!place.exists());
    let held = cache.rows(&words[1]);
    Cache::within(&case.path("cache"), 0).make_room();
    assert_eq!(case.entries().len(), 1);
    drop(held);
    Cache::within(&case.path("cache"), 0).make_room();
    assert_eq!(case.entries(), Vec::<PathBuf>::new());
    assert_eq!((read(&Cache::none(), &words[1]), Cache::none().rows_draft().is_none()), (None, true));
}
