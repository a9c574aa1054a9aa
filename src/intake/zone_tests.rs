//! Local times by row, by file and by study, and what changes of the clocks did to them.

use super::tests::{Case, integers};
use super::*;

const FEEDBACK: &str = "[sources.feedback]\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\nid = \"id\"\n";

fn study(keys: &str) -> String {
    format!("{FEEDBACK}{keys}\n")
}

/// Seconds of UTC of the used rows.
fn seconds(intake: &Intake) -> Vec<i64> {
    integers(&intake.tables.feedback, "t").into_iter().flatten().map(|us| us / 1_000_000).collect()
}

// 2026-01-01 12:00 there; TZ=... date -d '2026-01-01 12:00' +%s
const BERLIN: i64 = 1_767_265_200;
const NEW_YORK: i64 = 1_767_286_800;
const KOLKATA: i64 = 1_767_249_000;
const UTC: i64 = 1_767_268_800;

#[test]
fn a_column_says_where_each_row_is() {
    let rows = "id,who,when,ltr,tz\n1,ann,2026-01-01 12:00,9,Europe/Berlin\n2,bob,2026-01-01 12:00,9,America/New_York\n\
                3,cid,2026-01-01 12:00,9,+05:30\n4,dee,2026-01-01 12:00,9,Mars/Olympus\n5,eve,2026-01-01 12:00,9,\n\
                6,fay,2026-01-01T12:00Z,9,Mars/Olympus\n7,gus,2026-01-01 12:00,9,utc\n";
    let case = Case::new().file("feedback.csv", rows);
    let intake = case.run(&study("path = \"feedback.csv\"\nzone_column = \"tz\"")).expect("readable");
    assert_eq!(seconds(&intake), [BERLIN, NEW_YORK, KOLKATA, UTC, UTC]);
    assert_eq!(intake.accounts[0].rows_quarantined[&Reason::NoZone], 2);
    let aside = case.quarantine("feedback");
    // What is no zone is at fault itself; where there is none, the time is.
    assert!(aside.contains("feedback,feedback.csv,5,tz,no_zone,Mars/Olympus,"), "{aside}");
    assert!(aside.contains("feedback,feedback.csv,6,when,no_zone,2026-01-01 12:00,"), "{aside}");
    // A blank one leaves it to the source; what is no zone still is none.
    let zoned = study("path = \"feedback.csv\"\nzone_column = \"tz\"\nzone = \"Europe/Berlin\"");
    let intake = case.run(&zoned).expect("readable");
    assert_eq!(seconds(&intake), [BERLIN, NEW_YORK, KOLKATA, BERLIN, UTC, UTC]);
    // So does a code for nothing.
    let coded =
        study("path = \"feedback.csv\"\nzone_column = \"tz\"\nzone = \"Europe/Berlin\"\nblank = [\"Mars/Olympus\"]");
    let intake = case.run(&coded).expect("readable");
    assert_eq!(seconds(&intake), [BERLIN, NEW_YORK, KOLKATA, BERLIN, BERLIN, UTC, UTC]);
    let missing = case.run(&study("path = \"feedback.csv\"\nzone_column = \"zone\"")).expect_err("refused").to_string();
    assert!(missing.contains("has no column `zone`, which [sources.feedback] names as `zone_column`"), "{missing}");
}

#[test]
fn the_first_unknown_zone_does_not_refuse_the_file() {
    let rows = "id,who,when,ltr,tz\n1,ann,2026-01-01 12:00,9,\n2,bob,2026-01-01 12:00,9,Europe/Berlin\n";
    let case = Case::new().file("feedback.csv", rows);
    let intake = case.run(&study("path = \"feedback.csv\"\nzone_column = \"tz\"")).expect("readable");
    assert_eq!((seconds(&intake), intake.accounts[0].n_quarantined()), (vec![BERLIN], 1));
}

#[test]
fn files_of_one_source_lie_in_different_zones() {
    let row = |id: u32| format!("id,who,when,ltr\n{id},ann,2026-01-01 12:00,9\n");
    let line = "{\"id\": 4, \"who\": \"bob\", \"when\": \"2026-01-01 12:00\", \"ltr\": 9}\n";
    let case = Case::new()
        .file("a_eu.csv", row(1))
        .file("b_us.csv", row(2))
        .file("c_us.jsonl", line)
        .file("d_other.csv", row(3));
    let zones = "zone = { \"*_eu.csv\" = \"Europe/Berlin\", \"*_us.*\" = \"America/New_York\" }";
    let all = study(&format!("path = [\"*.csv\", \"*.jsonl\"]\n{zones}"));
    let message = case.run(&all).expect_err("refused").to_string();
    assert!(message.starts_with("`d_other.csv`, line 2, column `when`"), "{message}");
    let rest = all.replace("} ", "}").replace("New_York\" }", "New_York\", \"*\" = \"UTC\" }");
    assert_eq!(seconds(&case.run(&rest).expect("readable")), [BERLIN, NEW_YORK, UTC, NEW_YORK]);
    let message = case.run(&all.replace("*_eu.csv", "*_uk.csv")).expect_err("refused").to_string();
    assert!(message.contains("says a zone for files named `*_uk.csv`, which none of its files is"), "{message}");
}

#[test]
fn local_times_at_a_change_of_the_clocks_are_counted() {
    // In Berlin 2026-03-29 02:30 did not occur and 2025-10-26 02:30 occurred twice.
    let rows = "id,who,when,ltr\n1,ann,2026-03-29 02:30,9\n2,bob,2026-03-29 02:59:59,9\n3,cid,2025-10-26 02:30,9\n\
                4,dee,2025-10-26 02:30,eleven\n3,eve,2025-10-26 02:30,9\n5,fay,2026-03-29,9\n\
                6,gus,2025-10-26T02:30+01:00,9\n7,hal,2026-03-29 03:00,9\n";
    let case = Case::new().file("feedback.csv", rows);
    let intake = case.run(&study("path = \"feedback.csv\"\nzone = \"Europe/Berlin\"")).expect("readable");
    let account = &intake.accounts[0];
    assert_eq!((account.rows_used, account.n_quarantined()), (6, 2), "{account:?}");
    // Those of the row put aside and of the repeated one are not counted.
    assert_eq!(account.clock_changes["t"], ClockChanges { column: "when".to_owned(), skipped: 2, repeated: 1 });
    let sentence = account.clock_changes["t"].sentence("feedback");
    assert!(
        sentence.contains("`when` of feedback: 2 were skipped") && sentence.contains("1 occurred twice"),
        "{sentence}"
    );
    let utc = case.run(&study("path = \"feedback.csv\"\nzone = \"UTC\"")).expect("readable");
    assert!(utc.accounts[0].clock_changes.is_empty());
}
