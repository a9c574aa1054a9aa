//! A study with identity from the cache: the same as parsed, of no other identity, and without a key that nobody may read.

use super::record::{column_name, typed_name};
use super::tests::{Case, collect};
use super::*;
use crate::intake::hash;
use crate::pipeline::{self, RunSettings};
use crate::study::Study;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::Path;

const SALT: &str = "0123456789abcdef0123456789abcdef";
const HASH: &str = "hash = { salt_file = \"salt\" }";

const STUDY: &str = r#"
study = { name = "case", as_of = 2026-09-30 }
[sources.feedback]
path = "feedback*.csv"
id = "id"
customer = ["number", "mail"]
time = "when"
recommend = "ltr"
[sources.feedback.contract]
unique = ["mail", "when"]
[sources.transactions]
path = "orders.csv"
customer = "who"
customer_is = "account"
customer_via = { path = "firms.csv", from = "key", to = "firm" }
time = "when"
amount = "sum"
[identity]
fold = ["email"]
people = { path = "people.csv", id = "id", person = "person" }
accounts = { path = "accounts.csv", person = "person", account = "firm", parent = "group" }
level = "account"
hash = { salt_file = "salt" }
"#;

/// Two persons in two firms of one group, known by numbers and by mail; all keys end in example.org.
fn company() -> Case {
    let case = Case::new();
    case.write("salt", SALT);
    case.write(
        "feedback1.csv",
        "id,number,mail,when,ltr
1,old-1@example.org,,2026-01-01T10:00:00Z,9
2,,ANN@example.org,2026-01-02T10:00:00Z,9
3,old-2@example.org,ann@example.org,2026-01-03T10:00:00Z,9
4,,nobody@example.org,2026-01-04T10:00:00Z,9
5,old-1@example.org,,2026-01-05T10:00:00Z,11
1,,bob@example.org,2026-01-06T10:00:00Z,9
7,old-1@example.org
8,,bob@example.org,2027-01-01T10:00:00Z,9
9,,Bob@example.org,2026-02-01T10:00:00Z,9
10,,bob@example.org,2026-02-01T10:00:00Z,9
",
    );
    let second = "id,number,mail,when,ltr\n2,,bob@example.org,2026-02-02T10:00:00Z,7\n11,old-2@example.org,,2026-02-03T10:00:00Z,7\n";
    case.write("feedback2.csv", second);
    case.write(
        "orders.csv",
        "who,when,sum\na@example.org,2026-01-01T10:00:00Z,5\nlost@example.org,2026-01-01T10:00:00Z,5\n",
    );
    case.write("firms.csv", "key,firm\na@example.org,firm-a@example.org\nb@example.org,firm-b@example.org\n");
    case.write("people.csv", PEOPLE);
    case.write("accounts.csv", ACCOUNTS);
    case
}

const PEOPLE: &str = "id,person
old-1@example.org,one@example.org
ann@example.org,one@example.org
old-2@example.org,two@example.org
bob@example.org,two@example.org
";
const ACCOUNTS: &str = "person,firm,group
one@example.org,firm-a@example.org,group@example.org
two@example.org,firm-b@example.org,group@example.org
";

/// Every cell and every text below a folder, one a line and without capitals.
fn content(folder: &Path) -> String {
    let mut files = BTreeMap::new();
    collect(folder, &mut files);
    let mut text = String::new();
    for (path, bytes) in files {
        text.push_str(&String::from_utf8_lossy(&bytes));
        if path.extension().is_none_or(|ending| ending != "parquet") {
            continue;
        }
        let file = std::fs::File::open(&path).expect("there");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
        for batch in reader {
            for column in batch.expect("rows").columns() {
                let cells = cast(column, &DataType::Utf8).expect("a text");
                for cell in cells.as_string::<i32>().iter().flatten() {
                    text.push('\n');
                    text.push_str(cell);
                }
            }
        }
    }
    text.to_lowercase()
}

#[test]
fn a_study_with_identity_comes_from_the_cache_as_it_is_parsed() {
    let open = STUDY.replace(HASH, "");
    for (study, n_entries) in [(STUDY, 3), (&open, 6)] {
        for n_threads in [2, 1] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
            let case = company();
            let runs = || {
                let parsed = case.run(study, &Cache::none());
                (parsed, case.run(study, &case.cache()), case.run(study, &case.cache()))
            };
            let (parsed, cold, warm) = pool.install(runs);
            assert!(parsed == cold, "{n_threads}: {parsed:?} against {cold:?}");
            assert!(parsed == warm, "{n_threads}: {parsed:?} against {warm:?}");
            // Of hashed keys the ways from key to customer are not kept.
            assert_eq!(case.entries().len(), n_entries);
            case.mark();
            assert_eq!(case.taken_from_cache(study, "feedback"), [true, true]);
            assert_eq!(case.taken_from_cache(study, "transactions"), [true]);
            // By hand: 1 and 11 are known by number, 2 and 9 by mail; ann and bob are written in two ways. 1, 2 and, by mail
            // and time, 10 are repeats.
            let account = case.intake(study, &case.cache()).expect("readable");
            let account = account.account("feedback").expect("read");
            let known: Vec<u64> = account.known_by.iter().map(|own| own.n_rows).collect();
            assert_eq!((account.rows_used, known, account.keys_folded_together), (4, vec![2, 2], 2));
            assert_eq!(account.rows_quarantined[&crate::intake::Reason::Duplicate], 3);
        }
    }
}

#[test]
fn no_key_that_is_hashed_stands_in_the_cache_nor_what_a_key_could_be_tried_on() {
    let fingerprint = |texts: &[&str]| hash::of_texts(texts.iter().copied());
    // Of how a key was written, and of a key and a time that must not occur twice.
    let writing = (fingerprint(&["ann@example.org"]) as u64).to_string();
    let together = fingerprint(&["ann@example.org", "2026-01-02T10:00:00Z"]);
    let together = ((together >> 64) as u64 as i64).to_string();
    let (case, open) = (company(), company());
    for _ in 0..2 {
        case.run(STUDY, &case.cache());
        open.run(&STUDY.replace(HASH, ""), &open.cache());
        let (own, plain) = (content(&case.path("cache")), content(&open.path("cache")));
        for word in ["example.org", &writing, &together] {
            assert!(!own.contains(word), "{word}");
            assert!(plain.contains(word), "{word}: the search finds what is there");
        }
        assert!(!own.contains(SALT));
        for folder in ["work", "quarantine"] {
            let own = content(&case.path(folder));
            assert!(!own.contains("example.org") && !own.contains(SALT), "{folder}");
            assert!(content(&open.path(folder)).contains("example.org"), "{folder}");
        }
    }
    let entry = &case.entries()[0];
    assert!(entry.join(typed_name(0)).exists() && column_name(0) == "0", "there was something to look at");
}

/// A survey whose addresses, all at example.org, stand wherever they may: keys, columns that the study does not read, texts that it
/// keeps, promises, shifted and broken rows, ids.
fn letters() -> (Case, String) {
    let case = Case::new();
    let mut feedback = "id,mail,when,ltr,delivery,branch,backup,remark\n".to_owned();
    let mut orders = "who,when,sum,clerk\n".to_owned();
    for person in 0..40 {
        let (ltr, delivery) = (person % 11, 1 + person % 5);
        feedback.push_str(&format!(
            "{person},p{person}@example.org,2026-01-01T10:00:00Z,{ltr},{delivery},b{},x,call p{person}@example.org\n",
            person % 2
        ));
        orders.push_str(&format!("P{person}@Example.org,2025-12-01T10:00:00Z,5,clerk{person}@example.org\n"));
    }
    feedback.push_str(
        "50,q1@example.org,2026-01-01T10:00:00Z,9,ask q2@example.org,b0,x,\n\
         51,q3@example.org,soon@example.org,9,5,b0,x,\n\
         52,q4@example.org,2026-01-01T10:00:00Z,9,5,\"b0, or (q5@example.org)\",x,\n\
         53,q6@example.org,2026-01-01T10:00:00Z,9,5,b0,q7@example.org,\n\
         q8@example.org,q9@example.org,2026-01-01T10:00:00Z,9,5,b1,x,\n\
         q8@example.org,r1@example.org,2026-01-01T10:00:00Z,9,5,b1,x,\n\
         54,r2@example.org,2026-01-01T10:00:00Z\n\
         55,\"r3@example.org,2026-01-01T10:00:00Z,9,5,b1,x,\n",
    );
    orders.push_str("r4@example.org,never r5@example.org,5,\n,2025-12-01T10:00:00Z,5,r6@example.org\n");
    case.write("letters.csv", feedback);
    case.write("orders.csv", orders);
    case.write("salt", SALT);
    let study = format!(
        "study = {{ name = \"letters\", as_of = 2026-09-30, minimum_base = 5, bootstrap = 0 }}\n\
         [sources.feedback]\npath = \"letters.csv\"\nid = \"id\"\ncustomer = \"mail\"\ntime = \"when\"\nrecommend = \"ltr\"\n\
         segment = \"branch\"\n[sources.feedback.contract]\nallowed = {{ backup = [\"x\"] }}\n\
         [sources.transactions]\npath = \"orders.csv\"\ncustomer = \"who\"\ntime = \"when\"\namount = \"sum\"\n\
         [drivers]\ntouchpoints = [\"delivery\"]\n[measures]\nby = [\"segment\"]\n[evaluation]\nenabled = false\n\
         [outcomes.recommend]\n[identity]\nfold = [\"email\"]\n{HASH}\n"
    );
    (case, study)
}

#[test]
fn no_address_of_the_input_stands_in_any_file_of_a_run() {
    let run = |study: &str, case: &Case| {
        let own = Study::parse(study, &case.path("")).expect("a sound study");
        let (out, cache) = (case.path("out"), case.cache());
        let settings = RunSettings { out, memory_bytes: 1 << 28, n_threads: Some(2), cache };
        pipeline::run(&own, &settings, &|_| ()).expect("a run")
    };
    let (case, study) = letters();
    // Parsed, and then from the cache.
    for _ in 0..2 {
        run(&study, &case);
        for folder in ["out", "cache"] {
            let own = content(&case.path(folder));
            assert!(!own.contains("example.org") && !own.contains(SALT), "{folder}");
        }
    }
    let left = case.run(&study, &case.cache());
    for folder in ["work", "quarantine"] {
        let own = content(&case.path(folder));
        assert!(!own.contains("example.org"), "{folder}");
    }
    assert!(!left.accounts.contains("example.org"), "{}", left.accounts);
    // printf %s ADDRESS | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    let aside = std::fs::read_to_string(case.path("quarantine/feedback.csv")).expect("there");
    assert!(aside.contains("ask 21c29df6914be7f272a784b687440ee14f5b8a8fd8e34140a8cdf1f24102e5d5,"), "{aside}");
    assert!(
        content(&case.path("work"))
            .contains("b0, or (fd24bf82f69a1e02aa8c944da641e27f9297005692fe5ab3f6bcb986137defce)")
    );
    // The same search finds them where keys are not hashed.
    let (open, _) = letters();
    run(&study.replace(HASH, ""), &open);
    for folder in ["out", "cache"] {
        assert!(content(&open.path(folder)).contains("example.org"), "{folder}");
    }
}

#[test]
fn a_column_of_hashed_keys_has_no_second_name() {
    let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/qualtrics/responses.csv");
    let case = Case::new();
    case.write("salt", SALT);
    let study = |unique: &str, identity: &str| {
        format!(
            "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"{}\"\nrecommend = \"@recommend\"\n\
             customer = \"@external_reference\"\ntime = \"@end\"\n[sources.feedback.contract]\nunique = [\"{unique}\"]\n{identity}",
            export.display()
        )
    };
    let hashed = format!("[identity]\n{HASH}");
    case.run(&study("ExternalReference", ""), &Cache::none());
    let error = case.intake(&study("ExternalReference", &hashed), &Cache::none()).expect_err("refused").to_string();
    assert!(error.contains("`@external_reference`") && error.contains("`ExternalReference`"), "{error}");
    case.run(&study("@external_reference", &hashed), &Cache::none());
}

#[test]
fn an_entry_of_another_identity_is_never_used() {
    // One tells whether entries are used, the other what comes of it where all share one cache.
    let (case, shared) = (company(), company());
    case.run(STUDY, &case.cache());
    case.mark();
    let is_as_parsed = |study: &str| shared.run(study, &shared.cache()) == shared.run(study, &Cache::none());
    assert!(is_as_parsed(STUDY));
    let uses = |study: &str| case.taken_from_cache(study, "feedback");
    assert_eq!(uses(STUDY), [true, true]);
    for (before, after) in [
        ("fold = [\"email\"]", "fold = [\"email\", \"trim\"]"),
        ("person = \"person\" }", "person = \"person\", unlisted = \"itself\" }"),
        ("level = \"account\"", "level = \"parent\""),
        ("[\"number\", \"mail\"]", "[\"mail\", \"number\"]"),
        ("[\"number\", \"mail\"]", "\"number\""),
        (
            "[\"number\", \"mail\"]",
            "[{ column = \"number\", via = { path = \"people.csv\", from = \"id\", to = \"person\" } }, \"mail\"]",
        ),
        (HASH, ""),
    ] {
        assert!(STUDY.contains(before), "{before}");
        let study = STUDY.replacen(before, after, 1);
        assert_eq!(uses(&study), [false, false], "{after}");
        assert!(is_as_parsed(&study), "{after}");
        assert_eq!(uses(STUDY), [true, true], "the others stay");
    }
    for (name, before, after) in [
        ("salt", SALT, "another salt of enough length"),
        ("people.csv", PEOPLE, "id,person\nold-1@example.org,one@example.org\nbob@example.org,one@example.org\n"),
        ("accounts.csv", ACCOUNTS, "person,firm,group\none@example.org,firm-a@example.org,\n"),
        ("accounts.csv", ACCOUNTS, &format!("{ACCOUNTS},firm-c@example.org,\n")),
    ] {
        case.write(name, after);
        assert_eq!(uses(STUDY), [false, false], "{name}");
        shared.write(name, after);
        assert!(is_as_parsed(STUDY), "{name}");
        case.write(name, before);
        shared.write(name, before);
        assert_eq!(uses(STUDY), [true, true], "the others stay");
    }
    case.write("salt", format!("{SALT}\n"));
    assert_eq!(uses(STUDY), [true, true], "the same salt, written otherwise");
}

#[test]
fn a_column_of_hashed_keys_that_is_taken_for_zones_leaves_none_of_them() {
    let case = Case::new();
    case.write("salt", SALT);
    case.write(
        "feedback.csv",
        "who,when,ltr\nann@example.org,2026-01-01 10:00,9\nbob@example.org,2026-01-01T10:00:00Z,9\n",
    );
    let study = format!(
        "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"feedback.csv\"\ncustomer = \"who\"\n\
         time = \"when\"\nrecommend = \"ltr\"\nzone_column = \"who\"\n[identity]\n{HASH}\n"
    );
    let account = case.intake(&study, &case.cache()).expect("readable").accounts.remove(0);
    assert_eq!((account.rows_used, account.rows_quarantined[&crate::intake::Reason::NoZone]), (1, 1));
    assert_eq!(case.entries().len(), 1);
    for folder in ["cache", "work", "quarantine"] {
        let own = content(&case.path(folder));
        assert!(!own.is_empty() && !own.contains("example.org"), "{folder}");
    }
}
