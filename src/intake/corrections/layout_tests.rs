//! Corrected rows of layouts that are no separated text.

use super::tests::{Case, customers, verdicts};
use super::*;
use crate::intake::cache::Cache;
use crate::intake::format_tests::{Server, workbook_of};
use crate::intake::{Intake, Reason, SourceAccount};
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs;
use std::sync::Arc;

const KEYS: &str = "customer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\nchannel = \"via\"";
/// 2026-01-01 10:00 UTC; date -u -d '2026-01-01 10:00' +%s
const FIRST_US: i64 = 1_767_261_600_000_000;
const TIME: &str = "2026-01-01T10:00:00Z";

fn study(source: &str) -> String {
    format!("study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\n{source}\n{KEYS}\n")
}

/// As many answers, the last of them as stated.
fn batch(n_rows: usize, last: i64) -> RecordBatch {
    let answers = (0..n_rows).map(|row| if row + 1 == n_rows { last } else { 9 });
    let columns: [(&str, ArrayRef); 4] = [
        ("who", Arc::new(StringArray::from_iter_values((0..n_rows).map(|row| format!("c{row}"))))),
        ("when", Arc::new(TimestampMicrosecondArray::from_value(FIRST_US, n_rows).with_timezone("UTC"))),
        ("ltr", Arc::new(Int64Array::from_iter_values(answers))),
        ("via", Arc::new(StringArray::from_iter((0..n_rows).map(|row| (row % 2 == 0).then_some("a, \"b\""))))),
    ];
    RecordBatch::try_from_iter(columns).expect("one length")
}

fn parquet(n_rows: usize, last: i64) -> Vec<u8> {
    let batch = batch(n_rows, last);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("opens");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("written")
}

fn arrow(last: i64) -> Vec<u8> {
    let batch = batch(4, last);
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).expect("opens");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("written")
}

fn json_lines(n_rows: usize, last: i64) -> Vec<u8> {
    let line = |row: usize| {
        let answer = if row + 1 == n_rows { last } else { 9 };
        format!("{{\"who\":\"c{row}\",\"when\":\"{TIME}\",\"ltr\":{answer},\"via\":\"a, \\\"b\\\"\"}}\n")
    };
    (0..n_rows).map(line).collect::<String>().into_bytes()
}

fn sqlite(n_rows: usize, last: i64) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("crm.db");
    let database = rusqlite::Connection::open(&path).expect("opens");
    let make = format!(
        "CREATE TABLE answers AS WITH RECURSIVE r(at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM r WHERE at + 1 < {n_rows})
         SELECT 'c' || at AS who, '{TIME}' AS \"when\", iif(at + 1 = {n_rows}, {last}, 9) AS ltr, NULL AS via FROM r"
    );
    database.execute_batch(&make).expect("made");
    drop(database);
    fs::read(path).expect("there")
}

fn values(intake: &Intake) -> Vec<RecordBatch> {
    let file = fs::File::open(&intake.tables.feedback.parts[0]).expect("there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    reader.collect::<Result<Vec<RecordBatch>, _>>().expect("Parquet")
}

#[test]
fn what_is_used_is_what_a_corrected_file_gives_in_every_layout() {
    // Days since the end of 1899: the times of the sample, the last of which is told by a sheet's first day.
    let days = |last: f64| workbook_of([46_023.5, 46_024.5, 46_025.5, last]);
    let xlsx = "path = \"f.xlsx\"\nsheet = \"Answers\"\nzone = \"UTC\"";
    for (name, keys, spoilt, sound, line, raw) in [
        ("f.parquet", "path = \"f.parquet\"", parquet(4, 11), parquet(4, 10), 4, "10"),
        ("f.arrow", "path = \"f.arrow\"", arrow(11), arrow(10), 4, "10"),
        ("f.jsonl", "path = \"f.jsonl\"", json_lines(4, 11), json_lines(4, 10), 4, "10"),
        ("f.db", "path = \"f.db\"", sqlite(4, 11), sqlite(4, 10), 4, "10"),
        ("f.db", "path = \"f.db\"\nquery = \"SELECT * FROM answers\"", sqlite(4, 11), sqlite(4, 10), 4, "10"),
        // The names stand in the second row of the sheet, below an empty one.
        ("f.xlsx", xlsx, days(0.0), days(46_026.5), 6, "2026-01-04T12:00:00"),
    ] {
        let study = study(keys);
        let case = Case::new(&[(name, &spoilt)]);
        let before = case.run(&study);
        assert_eq!((before.accounts[0].rows_used, before.accounts[0].n_quarantined()), (3, 1), "{keys}");
        let rows = case.keep(&study, &case.corrected_quarantine(&[(line, "raw", raw)]));
        assert_eq!(verdicts(&rows), [(line, Verdict::Used)], "{keys}");
        let corrected = case.run(&study);
        let counts = corrected.accounts[0].corrections.as_ref().expect("some");
        assert_eq!((corrected.accounts[0].rows_used, counts.used), (4, 1), "{keys}");
        assert!(case.quarantine().is_empty(), "{keys}");
        let by_correction = values(&corrected);
        // Another content is another file, though every row of it is sound.
        case.write(name, &sound);
        let by_hand = case.run(&study);
        assert_eq!(by_correction, values(&by_hand), "{keys}");
        let rows: Vec<CorrectedRow> = by_hand.corrected().cloned().collect();
        assert_eq!(verdicts(&rows), [(line, Verdict::Stale)], "{keys}");
    }
}

#[test]
fn a_response_of_long_tables_is_corrected_as_all_tables_make_it() {
    let responses = "id,survey_id,status,finished,recorded_date,distribution_channel\n\
                     R_1,SV,0,1,2026-03-01 10:00:00,email\nR_2,SV,0,1,2026-03-02 10:00:00,email\n\
                     R_3,SV,0,1,2026-03-03 10:00:00,email\n";
    let answers = |second: u32, third: u32| {
        let told = [("R_1", 9, "web"), ("R_2", second, "shop"), ("R_3", third, "web")];
        let rows = told.map(|(who, answer, via)| format!("{who},QID1,,,QID1,{answer}\n{who},QID2,,,QID2,{via}\n"));
        format!("response_id,question_id,sub_question_key,question_option_key,import_id,value\n{}", rows.concat())
    };
    let own = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\npath = \"*_response.csv\"\n\
               format = \"fivetran_qualtrics\"\ncustomer = \"id\"\ntime = \"@end\"\nrecommend = \"QID1\"\nzone = \"UTC\"\n\
               channel = \"QID2\"\n";
    let case = Case::new(&[
        ("survey_response.csv", responses.as_bytes()),
        ("question_response.csv", answers(0, 11).as_bytes()),
    ]);
    let before = case.run(own);
    assert_eq!((before.accounts[0].rows_used, before.accounts[0].n_quarantined()), (2, 1));
    // A cell of either table, of the one row that they make.
    let rows = case.keep(own, &case.corrected_quarantine(&[(3, "raw", "10")]));
    assert_eq!(verdicts(&rows), [(3, Verdict::Used)]);
    let corrected = case.run(own);
    assert_eq!(customers(&corrected), ["R_1", "R_2", "R_3"]);
    assert!(case.quarantine().is_empty());
    let by_correction = values(&corrected);
    // Another answer of another response changes nothing of this one.
    case.write("question_response.csv", answers(1, 11).as_bytes());
    assert_eq!(case.run(own).accounts[0].corrections.as_ref().expect("some").used, 1);
    // Once its own cells are others, the correction is none of them.
    case.write("question_response.csv", answers(0, 12).as_bytes());
    let intake = case.run(own);
    let rows: Vec<CorrectedRow> = intake.corrected().cloned().collect();
    assert_eq!((verdicts(&rows), intake.accounts[0].n_quarantined()), (vec![(3, Verdict::NotThere)], 1));
    // Mended at the source it is what the correction made of it, and needs none.
    case.write("question_response.csv", answers(0, 10).as_bytes());
    let by_hand = case.run(own);
    let rows: Vec<CorrectedRow> = by_hand.corrected().cloned().collect();
    assert_eq!(verdicts(&rows), [(3, Verdict::NotNeeded)]);
    assert_eq!(by_correction, values(&by_hand));
    // Another content of the responses is another file.
    case.write("question_response.csv", answers(0, 11).as_bytes());
    case.write("survey_response.csv", format!("{responses}R_4,SV,0,1,2026-03-04 10:00:00,email\n").as_bytes());
    let rows: Vec<CorrectedRow> = case.run(own).corrected().cloned().collect();
    assert_eq!(verdicts(&rows), [(3, Verdict::Stale)]);
    // A response is no text that could be given whole.
    fs::remove_file(CorrectionsFile::path_of(&case.study(own))).expect("there");
    case.run(own);
    let corrections = case.corrected_quarantine(&[(3, "record", "id=R_3,QID1=10")]);
    let why = Verdict::NotMade { why: Problem::WholeRow };
    assert_eq!(verdicts(&case.keep(own, &corrections)), [(3, why)]);
}

#[test]
fn rows_are_found_in_whichever_piece_they_stand() {
    for (name, content) in
        [("f.parquet", parquet(40_001, 11)), ("f.jsonl", json_lines(20_001, 11)), ("f.db", sqlite(40_001, 11))]
    {
        let study = study(&format!("path = \"{name}\""));
        let case = Case::new(&[(name, &content)]);
        let before = case.run(&study);
        let line = before.accounts[0].rows_read;
        let rows = case.keep(&study, &case.corrected_quarantine(&[(line, "raw", "0")]));
        assert_eq!(verdicts(&rows), [(line, Verdict::Used)], "{name}");
        let cache = || Cache::within(&case.path("cache"), 1 << 40);
        let accepted = Corrections::of_study(&case.study(&study)).expect("sound");
        let parsed = case.run_with(&study, &accepted, &Cache::none());
        assert_eq!(customers(&parsed).last().expect("some"), &format!("c{}", line - 1), "{name}");
        let own = values(&parsed);
        for _ in 0..2 {
            let cached = case.run_with(&study, &accepted, &cache());
            assert_eq!((&cached.accounts, values(&cached)), (&parsed.accounts, own.clone()), "{name}");
        }
    }
}

#[test]
fn a_line_of_json_may_be_given_whole_and_rows_that_are_no_text_not() {
    let lines = b"{\"who\":\"ann\",\"when\":\"2026-01-01T10:00:00Z\",\"ltr\":11,\"via\":null}\n{\"who\":\"bob\",\n\n\
        {\"who\":\"cid\",\"when\":\"2026-01-01T10:00:00Z\",\"ltr\":9}";
    let case = Case::new(&[("f.jsonl", lines.as_slice())]);
    let own = study("path = \"f.jsonl\"");
    case.run(&own);
    assert_eq!(case.quarantine()[1]["reason"], "bad_json");
    let bob = "{\"who\":\"bob\",\"when\":\"2026-01-01T10:00:00Z\",\"ltr\":3}";
    let corrections = case.corrected_quarantine(&[(1, "record", bob), (2, "record", bob)]);
    assert_eq!(verdicts(&case.keep(&own, &corrections)), [(1, Verdict::Used), (2, Verdict::Used)]);
    assert_eq!(customers(&case.run(&own)), ["cid", "bob", "bob"]);
    fs::remove_file(CorrectionsFile::path_of(&case.study(&own))).expect("there");
    let two = format!("{bob}\n{bob}");
    let corrections = case.corrected(&own, &[(2, "record", &two), (1, "record", "who=ann,when=x,ltr=1,via=")]);
    let refused = Verdict::Refused { reason: Reason::BadJson, column: None, raw: String::new() };
    let why = Verdict::NotMade { why: Problem::Rows(2) };
    assert_eq!(verdicts(&case.keep(&own, &corrections)), [(1, refused), (2, why)]);
    assert_eq!(case.quarantine().len(), 2, "both are where they were");

    let case = Case::new(&[("f.parquet", &parquet(2, 11))]);
    let own = study("path = \"f.parquet\"");
    let corrections = case.corrected(&own, &[(2, "record", "who=c1,ltr=10")]);
    let why = Verdict::NotMade { why: Problem::WholeRow };
    assert_eq!(verdicts(&case.keep(&own, &corrections)), [(2, why)]);
}

#[test]
fn a_number_that_a_spreadsheet_wrote_otherwise_is_no_correction_of_a_typed_cell() {
    let case = Case::new(&[("f.parquet", &parquet(2, 11))]);
    let own = study("path = \"f.parquet\"");
    assert_eq!(verdicts(&case.keep(&own, &case.corrected(&own, &[(2, "raw", "11.0")]))), [(2, Verdict::Unchanged)]);
    let refused = |raw: &str| Verdict::Refused {
        reason: Reason::OutOfRange,
        column: Some("ltr".to_owned()),
        raw: raw.to_owned(),
    };
    assert_eq!(verdicts(&case.keep(&own, &case.corrected(&own, &[(2, "raw", "12")]))), [(2, refused("12"))]);
}

#[test]
fn typed_keys_that_are_hashed_are_not_corrected() {
    let case = Case::new(&[("f.parquet", &parquet(3, 11)), ("salt.txt", b"a salt for the tests alone")]);
    let own = format!("{}[identity]\nhash = {{ salt_file = \"salt.txt\" }}\n", study("path = \"f.parquet\""));
    case.run(&own);
    let mut line = case.quarantine().swap_remove(0);
    line.extend([("column".to_owned(), "who".to_owned()), ("raw".to_owned(), "somebody".to_owned())]);
    let why = Verdict::NotMade { why: Problem::HashedKey("who".to_owned()) };
    assert_eq!(verdicts(&case.keep(&own, &case.sheet(&[line]))), [(3, why)]);
    let corrections = case.corrected(&own, &[(3, "raw", "10")]);
    assert_eq!(verdicts(&case.keep(&own, &corrections)), [(3, Verdict::Used)]);
    let kept = fs::read_to_string(CorrectionsFile::path_of(&case.study(&own))).expect("there");
    assert!(!kept.contains("who") && kept.contains(",10,"), "{kept}");
}

#[test]
fn a_database_file_with_rows_beside_it_is_not_corrected() {
    let case = Case::new(&[("f.db", &sqlite(3, 11))]);
    let own = study("path = \"f.db\"");
    case.keep(&own, &case.corrected(&own, &[(3, "raw", "10")]));
    assert_eq!(case.run(&own).accounts[0].rows_used, 3);
    let database = rusqlite::Connection::open(case.path("f.db")).expect("opens");
    database.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).expect("set");
    database.execute("INSERT INTO answers VALUES ('new', '2026-01-01T10:00:00Z', 9, NULL)", []).expect("inserted");
    let intake = case.run(&own);
    let rows: Vec<CorrectedRow> = intake.corrected().cloned().collect();
    assert_eq!(verdicts(&rows), [(3, Verdict::NotMade { why: Problem::Journal })]);
    assert_eq!((intake.accounts[0].rows_used, intake.accounts[0].n_quarantined()), (3, 1));
    drop(database);
}

#[test]
fn rows_of_a_server_are_corrected_for_what_it_answers() {
    let Some(server) = Server::start() else { return };
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("connects");
    let table = "CREATE TABLE answers (who text, \"when\" timestamptz, ltr int, via text);
        INSERT INTO answers VALUES ('ann', '2026-01-01T10:00:00Z', 9, 'web'), ('bob', '2026-01-02T10:00:00Z', 11, 'a, \"b\"'),
            ('cid', '2026-01-03T10:00:00Z', 8, NULL)";
    client.batch_execute(table).expect("made");
    let case = Case::new(&[]);
    let query = "SELECT * FROM answers ORDER BY \\\"when\\\"";
    let own = study(&format!("path = \"{}\"\nquery = \"{query}\"", server.url()));
    let rows = case.keep(&own, &case.corrected(&own, &[(3, "raw", "10")]));
    assert_eq!(verdicts(&rows), [(3, Verdict::Used)]);
    let sound = |intake: &Intake| (customers(intake), intake.accounts[0].n_quarantined());
    assert_eq!(sound(&case.run(&own)), (["ann", "cid", "bob"].map(str::to_owned).to_vec(), 0));
    // One answer more: the row is where it was, and nobody has said that it is still meant.
    client.batch_execute("INSERT INTO answers VALUES ('dee', '2026-01-04T10:00:00Z', 7, NULL)").expect("inserted");
    let intake = case.run(&own);
    let rows: Vec<CorrectedRow> = intake.corrected().cloned().collect();
    assert_eq!(verdicts(&rows), [(3, Verdict::Stale)]);
    assert_eq!(sound(&intake), (["ann", "cid", "dee"].map(str::to_owned).to_vec(), 1));
    assert_eq!(case.quarantine().len(), 1);
    let accepted = Corrections::of_study(&case.study(&own)).expect("sound").for_any_content();
    assert_eq!(verdicts(&case.keep(&own, &accepted)), [(3, Verdict::Used)]);
    assert_eq!(sound(&case.run(&own)), (["ann", "cid", "dee", "bob"].map(str::to_owned).to_vec(), 0));
    // A query that answers otherwise each time is no content to which a row could belong.
    let random = study(&format!("path = \"{}\"\nquery = \"SELECT *, random() AS more FROM answers\"", server.url()));
    let accounts: Vec<SourceAccount> = case.run(&random).accounts;
    assert_eq!(accounts[0].n_quarantined(), 1);
}
