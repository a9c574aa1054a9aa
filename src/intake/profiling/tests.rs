//! Files of every layout, written here, and what is seen of them.

use super::*;
use datafusion::arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::Int32Type;
use datafusion::parquet::arrow::ArrowWriter;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, bytes).expect("written");
    path
}

fn look(paths: &[PathBuf], n_rows: usize) -> Found {
    profile(paths, Look { n_rows }).expect("the files are there")
}

fn names(source: &SourceProfile) -> Vec<&str> {
    source.columns.iter().map(|column| column.name.as_str()).collect()
}

fn column<'s>(source: &'s SourceProfile, name: &str) -> &'s ColumnProfile {
    source.columns.iter().find(|column| column.name == name).expect("the column")
}

/// Answers from 1 to 5 in order of their number, and the code 99 in the last tenth alone.
fn late_codes(n_rows: usize) -> String {
    let mut text = String::from("id;answer;note\n");
    for row in 0..n_rows {
        let answer = if row * 10 >= n_rows * 9 && row % 3 == 0 { 99 } else { 1 + row % 5 };
        let _ = writeln!(text, "R{row};{answer};\"a;b {row}\"");
    }
    text
}

#[test]
fn a_small_file_is_looked_at_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "a.csv", late_codes(200).as_bytes());
    let found = look(&[path], 1000);
    let source = &found.sources[0];
    assert_eq!((source.n_rows, source.is_whole, names(source)), (200, true, vec!["id", "answer", "note"]));
    assert!(column(source, "id").is_unique() && column(source, "note").frequent[0].text.contains(';'));
}

#[test]
fn codes_that_come_late_are_found_in_plain_and_in_packed_files() {
    let folder = tempfile::tempdir().expect("a folder");
    // Some 4 MB, of which the head ends in the first.
    let text = late_codes(200_000);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("in memory");
    let json: String = (0..200_000)
        .map(|row| format!("{{\"id\":{row},\"answer\":{}}}\n", if row > 190_000 { 99 } else { 5 }))
        .collect();
    for (name, bytes) in [
        ("plain.csv", text.into_bytes()),
        ("packed.csv.gz", packed.finish().expect("in memory")),
        ("lines.jsonl", json.into_bytes()),
    ] {
        let path = write(folder.path(), name, &bytes);
        let source = &look(&[path], 2000).sources[0];
        assert!(!source.is_whole && (1000..=2000).contains(&source.n_rows), "{name}: {} rows", source.n_rows);
        assert_eq!(source.n_broken, 0, "{name}");
        assert!(column(source, "answer").levels().iter().any(|level| level.value == 99.0), "{name}");
    }
}

#[test]
fn parquet_gives_its_types_and_rows_from_all_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.parquet");
    let n_rows = 50_000;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(StringArray::from_iter_values((0..n_rows).map(|row| format!("R{row}"))))),
        ("answer", Arc::new(Int64Array::from_iter_values((0..n_rows).map(|row| if row > 48_000 { 99 } else { 5 })))),
        (
            "at",
            // 2026-03-01 in UTC and a second more for each row.
            Arc::new(
                TimestampMicrosecondArray::from_iter_values((0..n_rows).map(|row| (1_772_323_200 + row) * 1_000_000))
                    .with_timezone("UTC"),
            ),
        ),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(
                (0..n_rows).map(|row| Some(vec![Some(row as i32)])),
            )),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(&path).expect("a file"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    let found = look(&[path], 2000);
    let source = &found.sources[0];
    assert_eq!((names(source), source.is_whole), (vec!["id", "answer", "at"], false));
    assert!((1500..=2100).contains(&source.n_rows), "{}", source.n_rows);
    assert!(column(source, "answer").levels().iter().any(|level| level.value == 99.0));
    let times = column(source, "at").times.as_ref().expect("times");
    assert_eq!((times.offsets, times.first_us), (Offsets::Always, 1_772_323_200_000_000));
    // The last row is among those looked at.
    assert_eq!(times.last_us, (1_772_323_200 + 49_999) * 1_000_000);
}

#[test]
fn files_of_one_header_are_one_source_and_what_is_no_table_is_left_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "feedback/2025.csv", b"who,nps\na,9\n");
    write(folder.path(), "feedback/2026.csv", b"who,nps\nb,3\nc,4\n");
    write(folder.path(), "orders/year=2026/month=01/x.csv", b"who,paid\na,1.5\n");
    write(folder.path(), "orders/year=2026/month=02/y.csv", b"who,paid\nb,2.5\n");
    write(folder.path(), "README.md", b"# words\n");
    write(folder.path(), "truth.json", b"{\"a\": 1}");
    write(folder.path(), "edges.csv", b"1,2,3\n4,5,6\n");
    write(folder.path(), "broken.csv", b"a,b\n\x81,1\n");
    let found = look(&[folder.path().to_owned()], 1000);
    let seen: Vec<(usize, u64, Option<PathBuf>)> =
        found.sources.iter().map(|own| (own.files.files.len(), own.n_rows, own.files.pattern.clone())).collect();
    let below = |name: &str| Some(folder.path().join(name));
    assert_eq!(seen, [(2, 3, below("feedback/*.csv")), (2, 2, below("orders"))]);
    assert_eq!(names(&found.sources[1]), ["who", "paid", "year", "month"]);
    let aside: Vec<String> = found
        .aside
        .iter()
        .map(|own| format!("{}: {}", own.file.file_name().unwrap_or_default().to_string_lossy(), own.reason))
        .collect();
    assert_eq!(aside.len(), 4, "{aside:?}");
    for part in ["README.md: it is no table", "JSON of no vendor", "first line seems to be data", "not UTF-8"] {
        assert!(aside.iter().any(|reason| reason.contains(part)), "`{part}` is not in {aside:?}");
    }
}

#[test]
fn tables_of_a_database_are_sources_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.sqlite");
    let connection = rusqlite::Connection::open(&path).expect("a database");
    connection
        .execute_batch(
            "CREATE TABLE answers (who TEXT, nps INTEGER); INSERT INTO answers VALUES ('a', 9), ('b', NULL);
             CREATE TABLE orders (who TEXT, paid REAL); INSERT INTO orders VALUES ('a', 1.5);",
        )
        .expect("tables");
    drop(connection);
    let found = look(&[path], 1000);
    let tables: Vec<Option<&str>> = found.sources.iter().map(|own| own.files.table.as_deref()).collect();
    assert_eq!(tables, [Some("answers"), Some("orders")]);
    assert_eq!(column(&found.sources[0], "nps").n_blank, 1);
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    let error = profile(&[PathBuf::from("gone/*.csv")], Look { n_rows: 10 }).expect_err("nothing there").to_string();
    assert!(error.contains("gone/*.csv"), "{error}");
}

/// By hand: 25/06 can only be a day before a month, 06/25 only a month before a day, and 03/04 is both.
#[test]
fn files_that_write_day_and_month_in_two_orders_or_leave_it_open_are_named() {
    let said = |us: &str| -> (Option<String>, bool) {
        let folder = tempfile::tempdir().expect("a folder");
        let eu = write(folder.path(), "eu.csv", b"who,day\na,25/06/2026\nb,03/04/2026\nc,30/01/2026\n");
        let us = write(folder.path(), "us.csv", format!("who,day\n{us}").as_bytes());
        let found = look(&[eu, us], 1000);
        let day = column(&found.sources[0], "day");
        (day.date_orders.clone(), day.times.is_some())
    };
    let (two, _) = said("d,06/25/2026\ne,04/03/2026\nf,01/30/2026\n");
    let two = two.expect("two orders");
    assert!(two.contains("\"%d/%m/%Y\" in eu.csv, and as \"%m/%d/%Y\" in us.csv"), "{two}");
    let (open, is_read) = said("d,06/02/2026\ne,04/03/2026\nf,01/12/2026\n");
    let open = open.expect("an open order");
    assert!(is_read && open.contains("every one in us.csv can also be read as \"%m/%d/%Y\""), "{open}");
    assert_eq!(said("d,26/06/2026\ne,04/03/2026\nf,30/01/2026\n"), (None, true));
}

/// Delighted's API ends with an empty page, and a page holds an answer to a further question only where somebody gave one.
#[test]
fn pages_of_a_vendors_json_are_one_source_with_the_columns_of_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let response = |id: u32, further: &str| {
        format!(
            "{{\"id\": \"{id}\", \"person\": \"p{id}\", \"survey_type\": \"nps\", \"score\": 9, \"permalink\": \"x\", \
             \"created_at\": 1769904000{further}}}"
        )
    };
    let further = ", \"person_properties\": {\"plan\": \"gold\"}";
    let pages = [
        format!("[{}, {}]", response(1, ""), response(2, "")),
        format!("[{}, {}]", response(3, further), response(4, "")),
        "[]".to_owned(),
    ];
    let paths: Vec<PathBuf> = (1..)
        .zip(&pages)
        .map(|(at, text): (u32, &String)| write(folder.path(), &format!("p{at}.json"), text.as_bytes()))
        .collect();
    let found = look(&paths, 1000);
    assert_eq!((found.sources.len(), found.aside.len()), (1, 1));
    assert!(found.aside[0].reason.contains("a page of JSON without a row"), "{:?}", found.aside);
    let source = &found.sources[0];
    assert_eq!((source.n_rows, source.files.files.len()), (4, 2));
    let plan = column(source, "person_properties.plan");
    assert_eq!((plan.frequent[0].text.as_str(), plan.frequent[0].n), ("gold", 1));
}

/// Python 3: `"José;Müller".encode("cp1252")` is `Jos\xe9;M\xfcller`.
#[test]
fn a_text_that_is_not_utf_8_is_looked_at_as_what_plain_csv_mostly_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = |letters: &[u8], n: usize| -> Vec<u8> {
        let row = |row: usize| [format!("{row};").as_bytes(), letters, b";1\n"].concat();
        [b"id;name;v\n".to_vec()].into_iter().chain((0..n).map(row)).flatten().collect()
    };
    let found = look(&[write(folder.path(), "a.csv", &rows(b"Jos\xe9 M\xfcller", 50))], 1000);
    let guess = found.sources[0].files.encoding.as_ref().expect("not UTF-8");
    assert_eq!(
        (guess.encoding.name().as_str(), &guess.words[..]),
        ("windows-1252", &["José", "Müller"].map(str::to_owned)[..])
    );
    assert_eq!(column(&found.sources[0], "name").frequent[0].text, "José Müller");
    // Where the letters come behind what is looked at first.
    let mut late = rows(b"ann", 400_000);
    late.extend_from_slice(b"7;Jos\xe9;2\n");
    let found = look(&[write(folder.path(), "late.csv", &late)], 1000);
    assert!(found.sources[0].files.encoding.is_some(), "{:?}", found.aside);
    // Files of one folder are one source where one of them holds no such letter, and two where one is UTF-8.
    let of = |name: &str, letters: &[u8]| write(&folder.path().join("months"), name, &rows(letters, 50));
    let (western, plain, other) = (of("1.csv", b"Jos\xe9"), of("2.csv", b"ann"), of("3.csv", "Müller".as_bytes()));
    let together = look(&[western.clone(), plain.clone()], 1000);
    assert_eq!((together.sources.len(), together.sources[0].files.encoding.is_some()), (1, true));
    let together = look(&[plain, western.clone()], 1000);
    assert_eq!((together.sources.len(), together.sources[0].files.encoding.is_some()), (1, true));
    assert_eq!(look(&[western, other], 1000).sources.len(), 2);
    // A byte that windows-1252 has no sign for is told as what it was.
    let found = look(&[write(folder.path(), "mac.csv", &rows(b"No\x90l", 50))], 1000);
    assert!(
        found.aside[0].reason.contains("is not UTF-8 text: line 2") && found.sources.is_empty(),
        "{:?}",
        found.aside
    );
}

/// 2026-03-01 is day 46082 of a spreadsheet's calendar (LibreOffice: `=DATE(2026;3;1)` as a number).
#[test]
fn dates_and_texts_of_dates_in_one_column_of_a_sheet_are_both_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |name: &str, cells: &[String]| {
        let word = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let row =
            |(at, cell): (usize, &String)| format!("<row r=\"{}\">{}{cell}</row>", at + 2, word(&format!("c{at}")));
        let rows: String = cells.iter().enumerate().map(row).collect();
        let header = format!("<row r=\"1\">{}{}</row>", word("who"), word("answered"));
        let bytes = crate::intake::format_tests::workbook_with(&[("Sheet", format!("{header}{rows}"))]);
        look(&[write(folder.path(), name, &bytes)], 1000).sources.swap_remove(0)
    };
    let date = |day: u32| format!("<c s=\"1\"><v>{}.25</v></c>", 46_081 + day);
    let text = |day: u32| format!("<c t=\"inlineStr\"><is><t>{day:02}/05/2025 05:18</t></is></c>");
    let cells: Vec<String> = (1..=28).flat_map(|day| [date(day), text(day)]).collect();
    let source = of("mixed.xlsx", &cells);
    let times = column(&source, "answered").times.as_ref().expect("times");
    assert_eq!((times.format.word(), times.n_times, times.offsets), ("%d/%m/%Y %H:%M", 56, Offsets::Never));
    // 2025-05-01 05:18 and 2026-03-28 06:00 (`date -u +%s`).
    assert_eq!((times.first_us, times.last_us), (1_746_076_680_000_000, 1_774_677_600_000_000));
    assert_eq!(column(&source, "answered").date_orders, None);
    // What a spreadsheet leaves of 05/03/2026 and 30/05/2025 that reads the month first.
    let cells: Vec<String> = (1..=12).map(date).chain((13..=28).map(text)).collect();
    let source = of("exchanged.xlsx", &cells);
    let orders = column(&source, "answered").date_orders.as_deref();
    assert!(orders.is_some_and(|own| own.contains("took the day for the month")), "{orders:?}");
    // Dates alone are what they are.
    let source = of("dates.xlsx", &(1..=28).map(date).collect::<Vec<_>>());
    assert_eq!(column(&source, "answered").times.as_ref().map(|own| own.format.word()), Some("iso"));
}
