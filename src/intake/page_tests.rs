//! Pages of JSON: an empty one is no row, and what nobody in one page said is a gap there.

use super::*;
use crate::study::Study;
use format_tests::Folder;

const DELIGHTED: &str = "recommend = \"@recommend\"\ncustomer = \"person\"\ntime = \"@end\"\nid = \"@id\"";

fn study(folder: &Folder, keys: &str) -> Study {
    let study = format!(
        "study = {{ name = \"case\", as_of = 2026-09-30, zone = \"UTC\" }}\n[sources.feedback]\n{keys}\n[drivers]\ntouchpoints = [\"q1\"]\n"
    );
    Study::parse(&study, &folder.path("")).expect("a sound study")
}

/// The account, and the touchpoint of the used rows.
fn read_with(folder: &Folder, keys: &str, cache: &Cache) -> Result<(SourceAccount, Vec<Option<f64>>), IntakeError> {
    for name in ["work", "quarantine"] {
        let _ = std::fs::remove_dir_all(folder.path(name));
    }
    let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
    let mut intake = Intake::run_cached(&study(folder, keys), &folders, cache, &|_| ())?;
    let account = intake.accounts.swap_remove(0);
    assert!(account.adds_up(), "{account:?}");
    Ok((account, tests::numbers(&intake.tables.feedback, "q1")))
}

fn read(folder: &Folder, keys: &str) -> Result<(SourceAccount, Vec<Option<f64>>), IntakeError> {
    read_with(folder, keys, &Cache::none())
}

/// A response of Delighted's API, with an answer to a further question where there is one.
fn response(id: u32, further: Option<u32>) -> String {
    let further = further.map_or(String::new(), |value| {
        format!("{{\"id\": \"a{id}\", \"value\": {{\"scale\": {value}}}, \"question\": {{\"id\": \"q1\", \"type\": \"scale\", \"text\": \"Delivery?\"}}}}")
    });
    format!(
        "{{\"id\": \"{id}\", \"person\": \"p{id}\", \"survey_type\": \"nps\", \"score\": 9, \"permalink\": \"x\", \"created_at\": {}, \
         \"additional_answers\": [{further}]}}",
        1_769_904_000 + id
    )
}

fn page(responses: &[String]) -> String {
    format!("[{}]", responses.join(", "))
}

#[test]
fn an_empty_last_page_is_no_row() {
    let folder = Folder::new();
    folder.write("p1.json", page(&[response(1, Some(4)), response(2, Some(5))]));
    folder.write("p2.json", "[]");
    let (account, touchpoints) = read(&folder, &format!("path = \"p*.json\"\n{DELIGHTED}")).expect("readable");
    assert_eq!((account.rows_used, touchpoints), (2, vec![Some(4.0), Some(5.0)]));
    assert_eq!(account.files.iter().map(|file| file.rows_read).collect::<Vec<_>>(), [2, 0]);
    // The same where the study says whose it is, and where it comes first.
    folder.write("p0.json", "\u{feff}[ ]");
    let said = format!("path = \"p*.json\"\nformat = \"delighted\"\n{DELIGHTED}");
    assert_eq!(read(&folder, &said).expect("readable").0.rows_used, 2);
    let retently = "{\"data\": {\"page\": 1, \"pages\": 1, \"total\": 1, \"responses\": [{\"id\": \"a\", \"score\": 9, \"campaignId\": \"c\", \
                    \"customerId\": \"k\", \"createdDate\": \"2026-01-01T10:00:00Z\", \"customProps\": [{\"label\": \"q1\", \"value\": 3}]}]}}";
    folder.write("r1.json", retently);
    folder.write("r2.json", "{\"data\": {\"page\": 2, \"pages\": 1, \"total\": 1, \"responses\": []}}");
    let keys = "path = \"r*.json\"\nrecommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"";
    let (account, touchpoints) = read(&folder, keys).expect("readable");
    assert_eq!((account.rows_used, touchpoints, account.remarks.len()), (1, vec![Some(3.0)], 0));
}

#[test]
fn pages_that_are_all_empty_are_refused_with_what_they_are() {
    let folder = Folder::new();
    folder.write("p1.json", "[]");
    folder.write("p2.json", "[]");
    for path in ["p1.json", "p*.json"] {
        let keys = format!("path = \"{path}\"\nformat = \"delighted\"\n{DELIGHTED}");
        let refused = read(&folder, &keys).expect_err("nothing").to_string();
        assert!(refused.contains("Delighted JSON without a single response"), "{refused}");
    }
}

#[test]
fn a_key_that_another_page_holds_is_a_gap_and_one_that_none_holds_is_refused() {
    let folder = Folder::new();
    folder.write("p1.json", page(&[response(1, None)]));
    folder.write("p2.json", page(&[response(2, Some(5)), response(3, None)]));
    let keys = format!("path = \"p*.json\"\n{DELIGHTED}");
    let (account, touchpoints) = read(&folder, &keys).expect("readable");
    assert_eq!(touchpoints, [None, Some(5.0), None]);
    assert_eq!((account.cells["q1"].blank, account.n_quarantined()), (2, 0));
    folder.write("p2.json", page(&[response(2, None), response(3, None)]));
    let refused = read(&folder, &keys).expect_err("nobody").to_string();
    assert!(refused.contains("`p1.json` has no column `q1`"), "{refused}");
}

/// What became of a page belongs to the other pages too: it is not kept where it leans on them.
#[test]
fn from_a_cache_a_page_is_what_the_others_make_of_it() {
    let folder = Folder::new();
    folder.write("p1.json", page(&[response(1, None)]));
    folder.write("p2.json", page(&[response(2, Some(5))]));
    let keys = format!("path = \"p*.json\"\n{DELIGHTED}");
    for of_files_alone in [true, false] {
        let name = format!("cache {of_files_alone}");
        let cache = || {
            let cache = Cache::within(&folder.path(&name), 1 << 40);
            if of_files_alone { cache.of_files_alone() } else { cache }
        };
        for _ in 0..3 {
            assert_eq!(read_with(&folder, &keys, &cache()).expect("readable").1, [None, Some(5.0)]);
        }
        // The other page is gone: nothing that was kept hides that nobody holds the key.
        let alone = format!("path = \"p1.json\"\n{DELIGHTED}");
        assert!(read_with(&folder, &alone, &cache()).is_err());
    }
}

#[test]
fn lines_of_json_in_two_files_are_read_as_in_one() {
    let folder = Folder::new();
    let roles = "recommend = \"ltr\"\ncustomer = \"who\"\ntime = \"when\"";
    let line = |who: &str, more: &str| format!("{{\"who\": \"{who}\", \"when\": \"2026-01-01\", \"ltr\": 9{more}}}\n");
    let (first, second) = (line("a", ""), line("b", ", \"q1\": 4"));
    folder.write("one.jsonl", format!("{first}{second}"));
    folder.write("in/1.jsonl", &first);
    folder.write("in/2.jsonl", &second);
    folder.write("in/3.jsonl", "");
    let one = read(&folder, &format!("path = \"one.jsonl\"\n{roles}")).expect("readable").1;
    assert_eq!(one, [None, Some(4.0)]);
    assert_eq!(read(&folder, &format!("path = \"in/*.jsonl\"\n{roles}")).expect("readable").1, one);
    // What every row needs is put aside row by row, as within one file.
    folder.write("in/1.jsonl", "{\"who\": \"a\", \"when\": \"2026-01-01\"}\n{\"ltr\": 3, \"when\": \"2026-01-01\"}\n");
    let (account, touchpoints) = read(&folder, &format!("path = \"in/*.jsonl\"\n{roles}")).expect("readable");
    assert_eq!((account.rows_quarantined[&Reason::Blank], touchpoints), (1, vec![None, Some(4.0)]));
    let refused = read(&folder, &format!("path = \"in/[13].jsonl\"\n{roles}")).expect_err("nobody").to_string();
    assert!(refused.contains("has no column `q1`"), "{refused}");
}

/// The newest version of a response is found across pages that do not hold the same keys.
#[test]
fn a_newer_version_in_a_page_with_fewer_keys_stands() {
    let folder = Folder::new();
    let versioned = |own: String, updated: u32| own.replacen('{', &format!("{{\"updated_at\": {updated}, "), 1);
    folder.write("p1.json", page(&[versioned(response(1, Some(2)), 10), versioned(response(2, Some(5)), 10)]));
    folder.write("p2.json", page(&[versioned(response(1, None), 20)]));
    let (account, touchpoints) = read(&folder, &format!("path = \"p*.json\"\n{DELIGHTED}")).expect("readable");
    assert_eq!((account.rows_quarantined[&Reason::Duplicate], touchpoints), (1, vec![Some(5.0), None]));
}
