//! A connector's long tables out of a warehouse: the samples as Parquet, Arrow, SQLite, a workbook and tables of a server say what they
//! say as text.

use super::*;
use crate::study::Study;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::parquet::arrow::ArrowWriter;
use format_tests::{Folder, Server};
use std::path::Path;
use std::sync::Arc;

const TABLES: [&str; 5] =
    ["survey_response", "question_response", "survey_embedded_data", "distribution_contact", "core_contact"];

/// The header and the rows of a sample.
fn sample(table: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/fivetran_qualtrics");
    let mut reader = csv::Reader::from_path(folder.join(format!("{table}.csv"))).expect("there");
    let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    (header, rows)
}

/// Typed as a warehouse has it: times as instants, states as whole numbers, the end as a truth value.
fn batch(table: &str) -> RecordBatch {
    let (header, rows) = sample(table);
    let column = |at: usize, name: &str| -> ArrayRef {
        let cells = || rows.iter().map(|row| Some(row[at].as_str()).filter(|cell| !cell.is_empty()));
        match name {
            "start_date" | "end_date" | "recorded_date" => {
                let instant = |cell: &str| {
                    let time: jiff::civil::DateTime = cell.parse().expect("a time");
                    time.to_zoned(jiff::tz::TimeZone::UTC).expect("in range").timestamp().as_microsecond()
                };
                let instants = cells().map(|cell| cell.map(instant)).collect::<TimestampMicrosecondArray>();
                Arc::new(instants.with_timezone("UTC"))
            }
            "status" if table == "survey_response" => Arc::new(
                cells().map(|cell| cell.map(|cell| cell.parse::<i64>().expect("a number"))).collect::<Int64Array>(),
            ),
            "finished" => Arc::new(cells().map(|cell| cell.map(|cell| cell == "1")).collect::<BooleanArray>()),
            _ => Arc::new(cells().collect::<StringArray>()),
        }
    };
    RecordBatch::try_from_iter(header.iter().enumerate().map(|(at, name)| (name.clone(), column(at, name))))
        .expect("a batch")
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("opens");
    writer.write(batch).expect("written");
    writer.into_inner().expect("in memory")
}

/// The responses that are used: customer, instant and answer; and what is said of all rows.
type Said = (Vec<Option<String>>, Vec<Option<i64>>, Vec<Option<f64>>, Vec<String>, u64);

fn read(folder: &Folder, keys: &str) -> Result<Said, IntakeError> {
    for name in ["work", "quarantine"] {
        let _ = std::fs::remove_dir_all(folder.path(name));
    }
    let study = format!(
        "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\nformat = \"fivetran_qualtrics\"\n{keys}\n\
         recommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"\nchannel = \"embedded.plan\"\n"
    );
    let study = Study::parse(&study, &folder.path("")).expect("a sound study");
    let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
    let intake = Intake::run(&study, &folders, &|_| ())?;
    let account = &intake.accounts[0];
    assert!(account.adds_up(), "{account:?}");
    assert_eq!(account.rows_excluded[&Exclusion::Preview], 1, "{account:?}");
    let feedback = &intake.tables.feedback;
    let customers = tests::read(feedback).column_by_name("customer").expect("there").clone();
    let customers = customers.as_any().downcast_ref::<StringArray>().expect("texts").clone();
    Ok((
        customers.iter().map(|own| own.map(str::to_owned)).collect(),
        tests::integers(feedback, "t"),
        tests::numbers(feedback, "recommend"),
        account.remarks.clone(),
        account.rows_read,
    ))
}

fn of_text() -> Said {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/fivetran_qualtrics/*.csv");
    let said = read(&Folder::new(), &format!("path = \"{}\"", samples.display())).expect("readable");
    // tests/exports/fivetran_qualtrics: two answers of C-71 and C-72; date -u -d '2026-04-01 10:01' +%s
    assert_eq!(said.0, ["C-71", "C-72"].map(|who| Some(who.to_owned())));
    assert_eq!((said.1[0], &said.2[..]), (Some(1_775_037_660_000_000), &[Some(9.0), Some(4.0)][..]));
    said
}

#[test]
fn parquet_and_arrow_say_what_text_says() {
    let (folder, expected) = (Folder::new(), of_text());
    for table in TABLES {
        folder.write(&format!("pq/{table}.parquet"), parquet(&batch(table)));
        let mut writer = FileWriter::try_new(Vec::new(), &batch(table).schema()).expect("opens");
        writer.write(&batch(table)).and_then(|()| writer.finish()).expect("written");
        folder.write(&format!("ar/{table}.arrow"), writer.into_inner().expect("in memory"));
    }
    assert_eq!(read(&folder, "path = \"pq/*.parquet\"").expect("readable"), expected);
    assert_eq!(read(&folder, "path = \"ar/*.arrow\"").expect("readable"), expected);
}

#[test]
fn a_table_in_several_files_is_one_and_layouts_may_differ() {
    let (folder, expected) = (Folder::new(), of_text());
    for table in TABLES {
        let whole = batch(table);
        let half = whole.num_rows() / 2;
        folder.write(&format!("in/{table}/part-0.parquet"), parquet(&whole.slice(0, half)));
        folder.write(&format!("in/{table}/part-1.parquet"), parquet(&whole.slice(half, whole.num_rows() - half)));
    }
    assert_eq!(read(&folder, "path = \"in/*/*.parquet\"").expect("readable"), expected);
    // The responses as text beside them would be there twice, and with other columns they are another table.
    folder.write(
        "in/other/r.csv",
        "id,survey_id,status,finished,recorded_date,distribution_channel\nR_1,S,0,1,2026-01-01,email\n",
    );
    let refused = read(&folder, "path = [\"in/*/*.parquet\", \"in/other/r.csv\"]").expect_err("two").to_string();
    assert!(
        refused.contains("it is `survey_response` as `in/survey_response/part-0.parquet` is, and has other columns"),
        "{refused}"
    );
}

fn sqlite(path: &Path, prefix: &str) {
    let database = rusqlite::Connection::open(path).expect("opens");
    for table in TABLES {
        let (header, rows) = sample(table);
        database
            .execute_batch(&format!("CREATE TABLE \"{prefix}{table}\" (\"{}\")", header.join("\", \"")))
            .expect("made");
        let marks = vec!["NULLIF(?, '')"; header.len()].join(", ");
        for row in rows {
            let insert = format!("INSERT INTO \"{prefix}{table}\" VALUES ({marks})");
            database.execute(&insert, rusqlite::params_from_iter(row)).expect("inserted");
        }
    }
}

#[test]
fn the_tables_of_a_sqlite_file_are_found_among_others() {
    let (folder, expected) = (Folder::new(), of_text());
    sqlite(&folder.path("w.db"), "");
    let database = rusqlite::Connection::open(folder.path("w.db")).expect("opens");
    // What a transformation makes of them has the same columns under another name.
    database
        .execute_batch("CREATE VIEW stg_survey_response AS SELECT * FROM survey_response; CREATE TABLE orders (id)")
        .expect("made");
    drop(database);
    assert_eq!(read(&folder, "path = \"w.db\"").expect("readable"), expected);
    sqlite(&folder.path("two.db"), "a_");
    sqlite(&folder.path("two.db"), "b_");
    let refused = read(&folder, "path = \"two.db\"").expect_err("either").to_string();
    assert!(
        refused.contains("several tables may be `survey_response`: a_survey_response, b_survey_response"),
        "{refused}"
    );
    assert_eq!(read(&folder, "path = \"two.db\"\ntable = \"b_*\"").expect("readable"), expected);
    let refused = read(&folder, "path = \"two.db\"\ntable = \"orders\"").expect_err("none").to_string();
    assert!(refused.contains("none of the tables that are there"), "{refused}");
}

#[test]
fn the_sheets_of_a_workbook_are_the_tables() {
    let (folder, expected) = (Folder::new(), of_text());
    let sheet = |table: &str| {
        let (header, rows) = sample(table);
        let row = |(line, row): (usize, Vec<String>)| {
            let cell = |(at, text): (usize, &String)| {
                let at = char::from(b'A' + at as u8);
                format!("<c r=\"{at}{}\" t=\"inlineStr\"><is><t>{text}</t></is></c>", line + 1)
            };
            let cells: String = row.iter().enumerate().filter(|(_, text)| !text.is_empty()).map(cell).collect();
            format!("<row r=\"{}\">{cells}</row>", line + 1)
        };
        std::iter::once(header).chain(rows).enumerate().map(row).collect::<String>()
    };
    let mut sheets: Vec<(&str, String)> = TABLES.map(|table| (table, sheet(table))).to_vec();
    sheets.push(("empty", String::new()));
    folder.write("w.xlsx", format_tests::workbook_with(&sheets));
    assert_eq!(read(&folder, "path = \"w.xlsx\"").expect("readable"), expected);
}

#[test]
fn the_tables_of_a_real_server_are_found_in_their_schema() {
    let Some(server) = Server::start() else { return };
    let expected = of_text();
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("connects");
    let make = |client: &mut postgres::Client, schema: &str| {
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("made");
        for table in TABLES {
            let (header, rows) = sample(table);
            let kind = |name: &String| match name.as_str() {
                "start_date" | "end_date" | "recorded_date" => "timestamptz",
                "finished" => "boolean",
                "status" if table == "survey_response" => "bigint",
                _ => "text",
            };
            let columns: Vec<String> = header.iter().map(|name| format!("\"{name}\" {}", kind(name))).collect();
            client.batch_execute(&format!("CREATE TABLE {schema}.{table} ({})", columns.join(", "))).expect("made");
            for row in rows {
                let cell = |(cell, name): (&String, &String)| match (cell.as_str(), kind(name)) {
                    ("", _) => "NULL".to_owned(),
                    // The times of the sample are of UTC.
                    (text, "timestamptz") => format!("'{text}+00'"),
                    (text, _) => format!("'{}'", text.replace('\'', "''")),
                };
                let cells: Vec<String> = row.iter().zip(&header).map(cell).collect();
                client
                    .batch_execute(&format!("INSERT INTO {schema}.{table} VALUES ({})", cells.join(", ")))
                    .expect("inserted");
            }
        }
    };
    make(&mut client, "qualtrics");
    client.batch_execute("CREATE TABLE orders (id int)").expect("made");
    let (folder, url) = (Folder::new(), server.url());
    assert_eq!(read(&folder, &format!("path = \"{url}\"")).expect("readable"), expected);
    make(&mut client, "elsewhere");
    let refused = read(&folder, &format!("path = \"{url}\"")).expect_err("either").to_string();
    assert!(refused.contains("elsewhere.survey_response, qualtrics.survey_response"), "{refused}");
    let one = format!("path = \"{url}\"\ntable = \"qualtrics.*\"");
    assert_eq!(read(&folder, &one).expect("readable"), expected);
    // A truth value of the server is one of the vendor's: without its end and an answer a response is unfinished.
    client
        .batch_execute("UPDATE qualtrics.survey_response SET finished = false; DELETE FROM qualtrics.question_response")
        .expect("done");
    client
        .batch_execute("INSERT INTO qualtrics.question_response (response_id, question_id, import_id, value) VALUES ('R_f1', 'QID1', 'QID1', '9'), ('R_f1', 'QID1', 'QID1_NPS_GROUP', '3')")
        .expect("inserted");
    assert_eq!(read(&folder, &one).expect("readable").2, [Some(9.0)]);
}

#[test]
fn a_query_is_refused_with_what_says_the_tables() {
    let folder = Folder::new();
    sqlite(&folder.path("w.db"), "");
    let study = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\nformat = \"fivetran_qualtrics\"\npath = \"w.db\"\n\
                 query = \"SELECT 1\"\nrecommend = \"QID1\"\nsnapshot = true\n";
    let refused = Study::parse(study, &folder.path("")).expect_err("no query").to_string();
    assert!(refused.contains("leave `query` out"), "{refused}");
}
