//! Local times from the cache: counted as where they are parsed, and never from an entry that was made for other zones.

use super::record::{self, ENTRY};
use super::tests::Case;
use super::*;
use serde_json::Value;
use std::fs;

/// In Berlin 02:30 did not occur on 2026-03-29, and occurred twice on 2025-10-26 and on 2026-10-25.
const FIRST: &str = "id,who,when,ltr,tz
1,ann,2026-03-29 02:30,9,Europe/Berlin
2,bob,2025-10-26 02:30,9,europe/berlin
3,cid,2026-10-25 02:30,9,+01:00
2,dee,2026-03-29 02:45,9,
4,eve,2026-03-29 02:30,eleven,UTC
5,fay,2026-03-30 02:30,9,Mars/Olympus
";
const SECOND: &str = "id,who,when,ltr,tz
1,gus,2026-03-29 02:30,9,UTC
6,hal,2026-10-25 02:15,9,UTC
7,ida,2026-03-29 02:15,9,UTC
";

fn study(date: &str, top: &str, feedback: &str) -> String {
    format!(
        "study = {{ name = \"case\", as_of = {date}{top} }}\n[sources.feedback]\npath = \"feedback*.csv\"\nid = \"id\"\n\
         customer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\n{feedback}\n"
    )
}

fn answers() -> Case {
    let case = Case::new();
    case.write("feedback1.csv", FIRST);
    case.write("feedback2.csv", SECOND);
    case
}

#[test]
fn changes_of_the_clocks_are_counted_of_the_rows_that_are_used_whatever_the_date() {
    let case = answers();
    // Skipped and repeated, by hand. The first time, only bob's is seen. In September cid's and hal's lie ahead, ann's and
    // ida's are skipped and dee and gus repeat an id.
    for (date, expected) in [("2026-01-31", (0, 1)), ("2026-09-30", (2, 1)), ("2026-12-31", (2, 3))] {
        let study = study(date, ", zone = \"Europe/Berlin\"", "");
        let parsed = case.run(&study, &Cache::none());
        // The first run makes the entries that the later ones use.
        assert_eq!(parsed, case.run(&study, &case.cache()), "{date}");
        let account = case.intake(&study, &case.cache()).expect("readable").accounts.remove(0);
        let counted = &account.clock_changes["t"];
        assert_eq!((counted.skipped, counted.repeated), expected, "{date}");
    }
    case.mark();
    let last = study("2026-06-30", ", zone = \"Europe/Berlin\"", "");
    assert_eq!(case.taken_from_cache(&last, "feedback"), [true, true]);
}

#[test]
fn whatever_says_where_times_are_local_changes_the_entry() {
    let case = answers();
    let by_file = "zone = { \"*1.csv\" = \"Europe/Berlin\", \"*\" = \"America/New_York\" }";
    let own = study("2026-12-31", "", by_file);
    case.run(&own, &case.cache());
    case.mark();
    let marked = |study: &str| case.taken_from_cache(study, "feedback");
    assert_eq!(marked(&own), [true, true]);
    for (feedback, expected) in [
        // Only the files whose zone is another.
        (by_file.replace("New_York", "Chicago"), [true, false]),
        (by_file.replace("*1.csv", "feedback1*"), [true, true]),
        (by_file.replace("*1.csv", "*2.csv"), [false, false]),
        ("zone = \"Europe/Berlin\"".to_owned(), [false, false]),
        ("zone = \"Europe/Berlin\"\nzone_column = \"tz\"".to_owned(), [false, false]),
    ] {
        assert_eq!(marked(&study("2026-12-31", "", &feedback)), expected, "{feedback}");
        assert_eq!(marked(&own), [true, true], "the others stay");
    }
    let of_study = |zone: &str| study("2026-12-31", &format!(", zone = \"{zone}\""), "");
    for zone in ["Europe/Berlin", "America/New_York", "+01:00"] {
        assert_eq!(marked(&of_study(zone)), [false, false], "{zone}");
    }
    // The same bytes under a name that says another zone.
    fs::rename(case.path("feedback2.csv"), case.path("feedback21.csv")).expect("renamed");
    assert_eq!(marked(&own), [true, false]);
}

#[test]
fn an_entry_made_when_other_changes_of_a_zone_were_known_is_not_used() {
    let case = answers();
    let study = study("2026-12-31", "", "zone = \"UTC\"\nzone_column = \"tz\"");
    let parsed = case.run(&study, &Cache::none());
    case.run(&study, &case.cache());
    let zones = |entry: &std::path::Path| -> Value {
        let text = fs::read_to_string(entry.join(ENTRY)).expect("there");
        let (_, json) = text.split_once('\n').expect("two lines");
        serde_json::from_str(json).expect("JSON")
    };
    // By hand: Berlin, however it is written, is the one zone with a name, beside offsets and what is none.
    let is_first = |entry: &&std::path::PathBuf| !zones(entry)["zones"]["names"].is_null();
    let entry = case.entries().iter().find(is_first).expect("an entry of the first file").clone();
    let named: Vec<String> = zones(&entry)["zones"]["clocks"].as_object().expect("zones").keys().cloned().collect();
    assert_eq!(named, ["Europe/Berlin"]);
    case.mark();
    assert_eq!(case.taken_from_cache(&study, "feedback"), [true, true]);
    for (part, value) in [
        ("clocks", serde_json::json!({ "Europe/Berlin": "other" })),
        ("clocks", serde_json::json!({ "Europe/Berlin": null })),
        ("names", Value::from("other")),
    ] {
        case.mark();
        let mut record = zones(&entry);
        record["zones"][part] = value;
        let json = serde_json::to_string(&record).expect("JSON");
        fs::write(entry.join(ENTRY), format!("{}\n{json}\n", record::hash(json.as_bytes()))).expect("written");
        assert_eq!(case.taken_from_cache(&study, "feedback"), [false, true], "{part}");
        assert_eq!(zones(&entry)["zones"]["clocks"].as_object().expect("zones").len(), 1, "a new one stands there");
    }
    let _ = fs::remove_dir_all(case.path("cache"));
    assert_eq!(case.run(&study, &case.cache()), parsed);
    assert_eq!(case.run(&study, &case.cache()), parsed);
}
