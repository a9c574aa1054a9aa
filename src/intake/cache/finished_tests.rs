//! A source of which nothing has changed comes as it was, byte for byte, and no other does.

use super::record::{self, ENTRY};
use super::tests::{Case, FEEDBACK, Left, MAX, STUDY, answers};
use super::*;
use crate::intake::Corrections;
use std::fs;
use std::path::PathBuf;

impl Case {
    fn with_tables(&self) -> Cache {
        Cache::within(&self.path("cache"), MAX)
    }

    fn tables(&self) -> Vec<PathBuf> {
        let is_table = |path: &PathBuf| path.file_name().is_some_and(|own| own.to_string_lossy().starts_with("table-"));
        self.entries().into_iter().filter(is_table).collect()
    }

    /// Changes what a table's record says, as whoever wrote it would have.
    fn rewrite(&self, table: &std::path::Path, change: impl Fn(&mut serde_json::Value)) {
        let text = fs::read_to_string(table.join(ENTRY)).expect("there");
        let mut record = serde_json::from_str(record::unsealed(&text).expect("sealed")).expect("JSON");
        change(&mut record);
        fs::write(table.join(ENTRY), record::sealed(&record.to_string())).expect("written");
    }

    /// Makes every table say that a thousand rows more were read, by which one knows where rows come from.
    fn mark_tables(&self) {
        for table in self.tables() {
            self.rewrite(&table, |record| {
                let n_rows = record["account"]["rows_read"].as_u64().expect("a number");
                record["account"]["rows_read"] = (n_rows + 1000).into();
            });
        }
    }

    /// Whether a source came from a marked table; the cache is only read.
    fn is_finished(&self, study: &str, source: &str) -> bool {
        let intake = self.intake(study, &Cache::of_earlier(&self.path("cache"))).expect("readable");
        intake.account(source).expect("read").rows_read >= 1000
    }
}

/// The answers, and customers of whom a kept column becomes numbers.
fn company() -> (Case, String) {
    let case = answers();
    case.write("customers.csv", "who,age\nann,41\nbob,\ncid,7.5\nann,9\n");
    (case, format!("{STUDY}[sources.customers]\npath = \"customers.csv\"\ncustomer = \"who\"\nkeep = [\"age\"]\n"))
}

#[test]
fn a_source_of_which_nothing_has_changed_comes_as_it_was() {
    let (case, study) = company();
    let parsed = case.run(&study, &Cache::none());
    assert_eq!(case.run(&study, &case.with_tables()), parsed);
    assert_eq!(case.tables().len(), 2, "those of the sources that there are");
    assert_eq!(case.run(&study, &case.with_tables()), parsed);
    let before = fs::metadata(case.tables()[0].join(ENTRY)).expect("there").modified().expect("known");
    assert_eq!(case.run(&study, &Cache::of_earlier(&case.path("cache"))), parsed, "where nothing may be added");
    assert!(fs::metadata(case.tables()[0].join(ENTRY)).expect("there").modified().expect("known") >= before);
    case.mark_tables();
    assert!(case.is_finished(&study, "feedback") && case.is_finished(&study, "customers"));
    assert!(parsed.schemas().iter().any(|schema| schema.contains("age") && schema.contains("Float64")));
}

#[test]
fn whatever_changes_a_source_has_its_table_made_again() {
    let (case, study) = company();
    case.run(&study, &case.with_tables());
    case.mark_tables();
    let finished = |study: &str| case.is_finished(study, "feedback");
    for (before, after) in [
        ("scale = [1, 5]", "scale = [1, 4]"),
        ("[99, \"N/A\"]", "[99]"),
        ("channel = \"via\"", "segment = \"via\""),
        ("not_null = [\"when\"]", "not_null = [\"when\", \"via\"]"),
        ("not_null = [\"when\"]", "unique = \"row\""),
        ("id = \"id\"\n", ""),
        ("feedback*.csv", "feedback?.csv"),
    ] {
        assert!(study.contains(before), "{before}");
        // Another pattern that finds the same files makes no difference.
        assert_eq!(finished(&study.replacen(before, after, 1)), before == "feedback*.csv", "{after}");
        assert!(finished(&study), "the others stay");
    }
    case.write("feedback1.csv", FEEDBACK.replace("ann", "amy"));
    assert!(!finished(&study), "a byte of one file");
    assert!(case.is_finished(&study, "customers"), "another source stands");
    case.write("feedback1.csv", FEEDBACK);
    assert!(finished(&study));
    case.write("feedback3.csv", "id,who,when,ltr,food,via\n");
    assert!(!finished(&study), "a file without a row");
    fs::rename(case.path("feedback2.csv"), case.path("feedback20.csv")).expect("renamed");
    fs::remove_file(case.path("feedback3.csv")).expect("removed");
    assert!(!finished(&study), "quarantine would name another file");
    fs::rename(case.path("feedback20.csv"), case.path("feedback2.csv")).expect("renamed");
    assert!(finished(&study));
}

#[test]
fn the_date_moves_as_far_as_no_row_changes_sides() {
    let case = answers();
    let early = STUDY.replace("2026-09-30", "2026-09-10");
    case.run(STUDY, &case.with_tables());
    case.mark_tables();
    // The last answer but one is of 2026-09-01, and the last of 2026-10-01 at midnight.
    for (date, is_finished) in
        [("2026-08-31", false), ("2026-09-01", true), ("2026-09-10", true), ("2026-09-30", true), ("2026-10-01", false)]
    {
        let study = STUDY.replace("2026-09-30", date);
        assert_eq!(case.is_finished(&study, "feedback"), is_finished, "{date}");
    }
    fs::remove_dir_all(case.path("cache")).expect("removed");
    for study in [STUDY, &early, &STUDY.replace("2026-09-30", "2027-01-01"), STUDY] {
        assert_eq!(case.run(study, &case.with_tables()), case.run(study, &Cache::none()));
    }
    let snapshot = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\npath = \"feedback1.csv\"\nsnapshot = true\n\
                    recommend = \"ltr\"\nnot_applicable = [99]\nblank = [\"-\"]\n";
    for date in ["2026-09-30", "2026-10-01"] {
        let study = snapshot.replace("2026-09-30", date);
        assert_eq!(case.run(&study, &case.with_tables()), case.run(&study, &Cache::none()), "the date is in its rows");
    }
}

#[test]
fn a_damaged_table_is_made_again() {
    let (case, study) = company();
    let parsed = case.run(&study, &Cache::none());
    case.run(&study, &case.with_tables());
    let mut n_files = 0;
    for table in case.tables() {
        for file in fs::read_dir(&table).expect("there").flatten().map(|file| file.path()) {
            n_files += 1;
            let bytes = fs::read(&file).expect("there");
            for at in [0, bytes.len() / 2, bytes.len() - 1] {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                // A name of its own, since the table's may be that of another folder too.
                fs::remove_file(&file).expect("removed");
                fs::write(&file, damaged).expect("written");
                assert_eq!(case.run(&study, &case.with_tables()), parsed, "{} at {at}", file.display());
                assert_eq!(fs::read(&file).expect("there"), bytes, "the table is whole again");
            }
            fs::remove_file(&file).expect("removed");
            assert_eq!(case.run(&study, &case.with_tables()), parsed);
            assert_eq!(fs::read(&file).expect("there"), bytes);
        }
    }
    // Record, table, and quarantine twice, of both: one customer comes twice.
    assert_eq!(n_files, 8);
}

#[test]
fn keys_written_otherwise_are_counted_across_sources_whichever_come_from_the_cache() {
    let (case, study) = company();
    let study = format!("{study}[identity]\nfold = [\"case\"]\n");
    case.write("customers.csv", "who,age\nANN,41\nBob,\nzoe,1\nZOE,2\n");
    let folded = |left: &Left| left.accounts.matches("keys_folded_together").count();
    let parsed = case.run(&study, &Cache::none());
    assert!(folded(&parsed) > 0, "{}", parsed.accounts);
    for _ in 0..2 {
        assert_eq!(case.run(&study, &case.with_tables()), parsed);
    }
    // Only the answers change: what is new in the customers is so against other answers.
    case.write("feedback1.csv", FEEDBACK.replace("ann", "ANN"));
    let parsed = case.run(&study, &Cache::none());
    assert_eq!(case.run(&study, &case.with_tables()), parsed);
    case.mark_tables();
    assert!(case.is_finished(&study, "customers"));
}

#[test]
fn a_table_made_when_other_changes_of_a_zone_were_known_is_not_used() {
    let case = answers();
    case.write("feedback1.csv", "id,who,when,ltr,food,via\n1,ann,2026-01-01T10:00:00,9,5,Europe/Berlin\n");
    fs::remove_file(case.path("feedback2.csv")).expect("removed");
    let study = STUDY.replace("channel = \"via\"", "zone_column = \"via\"");
    case.run(&study, &case.with_tables());
    // Once more, so that its rows come from the entry of the file, which must say their zones.
    case.write("feedback9.csv", "id,who,when,ltr,food,via\n");
    case.run(&study, &case.with_tables());
    case.mark_tables();
    assert!(case.is_finished(&study, "feedback"));
    let mut n_changed = 0;
    for table in case.tables() {
        let zones = |record: &serde_json::Value| record["zones"]["clocks"].get("Europe/Berlin").is_some();
        let text = fs::read_to_string(table.join(ENTRY)).expect("there");
        let json = serde_json::from_str(record::unsealed(&text).expect("sealed")).expect("JSON");
        n_changed += usize::from(zones(&json));
        case.rewrite(&table, |record| record["zones"]["clocks"]["Europe/Berlin"] = "other clocks".into());
    }
    assert_eq!(n_changed, 2, "with one file and with two");
    assert!(!case.is_finished(&study, "feedback"));
}

#[test]
fn a_source_with_corrected_rows_is_made_each_time() {
    let case = answers();
    case.run(STUDY, &case.with_tables());
    case.mark_tables();
    let quarantine = fs::read_to_string(case.path("quarantine/feedback.csv")).expect("there");
    // The third answer names nobody.
    let corrected = quarantine.replace("who,blank,,", "who,blank,bob,");
    assert_ne!(corrected, quarantine);
    case.write("study.corrections.csv", corrected);
    let study = crate::study::Study::parse(STUDY, &case.path("")).expect("sound");
    assert!(!Corrections::of_study(&study).expect("sound").is_empty());
    assert!(!case.is_finished(STUDY, "feedback"));
    let parsed = case.run(STUDY, &Cache::none());
    assert!(parsed.accounts.contains("\"corrections\":{\"used\":1"), "{}", parsed.accounts);
    assert_eq!(case.run(STUDY, &case.with_tables()), parsed);
    fs::remove_file(case.path("study.corrections.csv")).expect("removed");
    assert!(case.is_finished(STUDY, "feedback"), "the table without them stands");
}

#[test]
fn what_a_user_does_to_results_does_nothing_to_the_cache() {
    let case = answers();
    let parsed = case.run(STUDY, &case.with_tables());
    case.run(STUDY, &case.with_tables());
    case.write("quarantine/feedback.csv", "spoilt");
    assert_eq!(case.run(STUDY, &case.with_tables()), parsed);
    case.mark_tables();
    assert!(case.is_finished(STUDY, "feedback"), "it was not made again");
}

#[test]
fn tables_make_room_as_entries_do() {
    let case = answers();
    case.run(STUDY, &case.with_tables());
    assert_eq!((case.entries().len(), case.tables().len()), (3, 1));
    let held = fs::File::open(case.tables()[0].join(ENTRY)).expect("there");
    held.try_lock_shared().expect("free");
    Cache::within(&case.path("cache"), 0).make_room();
    assert_eq!(case.entries(), case.tables(), "what is being read stays");
    drop(held);
    Cache::within(&case.path("cache"), 0).make_room();
    assert_eq!(case.entries(), Vec::<PathBuf>::new());
    // Without room a run leaves nothing, and finds what it needs.
    let parsed = case.run(STUDY, &Cache::none());
    assert_eq!(case.run(STUDY, &Cache::within(&case.path("cache"), 0)), parsed);
    assert_eq!(case.entries(), Vec::<PathBuf>::new());
}

#[test]
fn no_key_that_is_hashed_stands_in_a_finished_table() {
    const KEY: &[u8] = b"ann@example.org";
    let stands = |identity: &str| {
        let case = answers();
        case.write("feedback1.csv", FEEDBACK.replace("ann", "ann@example.org"));
        case.write("salt.txt", "a salt for the tests alone");
        let study = format!("{STUDY}{identity}");
        let parsed = case.run(&study, &Cache::none());
        assert_eq!(case.run(&study, &case.with_tables()), parsed);
        assert_eq!(case.run(&study, &case.with_tables()), parsed);
        let files = case.tables().into_iter().flat_map(|table| fs::read_dir(table).expect("there").flatten());
        let bytes: Vec<Vec<u8>> = files.map(|file| fs::read(file.path()).expect("there")).collect();
        bytes.iter().any(|own| own.windows(KEY.len()).any(|window| window == KEY))
    };
    assert!(stands(""), "the search finds what is there");
    assert!(!stands("[identity]\nfold = [\"case\"]\nhash = { salt_file = \"salt.txt\" }\n"));
}
