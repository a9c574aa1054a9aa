//! The same answers in every layout that is read become the same table.

use super::*;
use crate::study::Study;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::ipc::writer::{FileWriter, StreamWriter};
use datafusion::parquet::arrow::ArrowWriter;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Customer, instant in microseconds of UTC (as `date -u +%s` gives it), answer, channel.
const ANSWERS: [(&str, i64, Option<f64>, Option<&str>); 4] = [
    ("ann", 1_767_261_600_000_000, Some(9.0), Some("web")),
    ("007", 1_767_344_400_000_000, None, Some("a; \"b\", c")),
    ("José", 1_767_434_400_000_000, Some(0.0), None),
    ("ann", 1_767_520_800_500_000, Some(10.0), Some("web")),
];
const TIMES: [&str; 4] =
    ["2026-01-01T10:00:00Z", "2026-01-02T09:00:00Z", "2026-01-03T10:00:00Z", "2026-01-04T10:00:00.5Z"];

pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        path
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    pub(super) fn read(&self, keys: &str) -> Result<Intake, IntakeError> {
        let study = format!(
            "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\ncustomer = \"who\"\ntime = \"when\"\n\
             recommend = \"ltr\"\nchannel = \"via\"\n{keys}\n[drivers]\ntouchpoints = [\"wait\"]\n"
        );
        let study = Study::parse(&study, self.0.path()).expect("a sound study");
        let folders = Folders { work: self.path("work"), quarantine: self.path("quarantine") };
        Intake::run(&study, &folders, &|_| ())
    }

    /// Reads a source and holds its table against the answers.
    pub(super) fn check(&self, keys: &str) {
        let intake = self.read(keys).unwrap_or_else(|error| panic!("{keys}: {}", error::in_full(&error)));
        let account = &intake.accounts[0];
        assert!(account.adds_up() && account.rows_used == 4, "{keys}: {account:?}");
        let table = tests::read(&intake.tables.feedback);
        let texts = |name: &str| -> Vec<Option<String>> {
            let column = table.column_by_name(name).expect("there").as_any().downcast_ref::<StringArray>();
            column.expect("texts").iter().map(|text| text.map(str::to_owned)).collect()
        };
        let owned = |text: &str| Some(text.to_owned());
        assert_eq!(texts("customer"), ANSWERS.map(|(who, ..)| owned(who)), "{keys}");
        assert_eq!(texts("channel"), ANSWERS.map(|(.., via)| via.map(str::to_owned)), "{keys}");
        assert_eq!(tests::integers(&intake.tables.feedback, "t"), ANSWERS.map(|(_, t, ..)| Some(t)), "{keys}");
        let answers = tests::numbers(&intake.tables.feedback, "recommend");
        assert_eq!(answers, ANSWERS.map(|(_, _, answer, _)| answer), "{keys}");
        assert_eq!(tests::numbers(&intake.tables.feedback, "wait"), [Some(2.5); 4], "{keys}");
        assert_eq!(account.files[0].sha256.len(), 64);
    }
}

/// The answers as separated text.
pub(super) fn text(sign: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut text = ["who", "when", "ltr", "via", "wait"].join(sign) + "\n";
    for ((who, _, answer, via), time) in ANSWERS.into_iter().zip(TIMES) {
        let answer = answer.map_or(String::new(), |answer| answer.to_string());
        text += &[quoted(who), time.to_owned(), answer, via.map_or(String::new(), quoted), "2.5".to_owned()].join(sign);
        text.push('\n');
    }
    text
}

fn batch() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("unused", Arc::new(Float64Array::from(vec![1.0; 4]))),
        ("who", Arc::new(StringArray::from_iter_values(ANSWERS.map(|(who, ..)| who)))),
        (
            "when",
            Arc::new(
                TimestampMicrosecondArray::from_iter_values(ANSWERS.map(|(_, t, ..)| t)).with_timezone("Europe/Berlin"),
            ),
        ),
        ("ltr", Arc::new(Float64Array::from_iter(ANSWERS.map(|(_, _, answer, _)| answer)))),
        ("wait", Arc::new(Float64Array::from(vec![2.5; 4]))),
        ("via", Arc::new(StringArray::from_iter(ANSWERS.map(|(.., via)| via)))),
    ];
    RecordBatch::try_from_iter(columns).expect("one length")
}

#[test]
fn text_by_any_sign_and_packed_in_any_way() {
    let folder = Folder::new();
    for (name, sign) in [("comma.csv", ","), ("semicolon.csv", ";"), ("tab.txt", "\t"), ("pipe.dat", "|")] {
        folder.write(name, text(sign));
        folder.check(&format!("path = \"{name}\""));
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text(";").as_bytes()).expect("in memory");
    folder.write("packed.csv.gz", gzip.finish().expect("in memory"));
    folder.check("path = \"packed.csv.gz\"");
    // Told by its bytes, whatever it is called.
    folder.write("packed", zstd::encode_all(text("\t").as_bytes(), 1).expect("in memory"));
    folder.check("path = \"packed\"");
}

#[test]
fn json_lines_with_nested_members() {
    let folder = Folder::new();
    let lines = ANSWERS.into_iter().zip(TIMES).map(|((who, _, answer, via), when)| {
        let person = serde_json::json!({ "who": who, "via": via });
        serde_json::json!({ "when": when, "ltr": answer, "wait": 2.5, "person": person }).to_string()
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let keys = "rename = { \"person.who\" = \"who\", \"person.via\" = \"via\" }";
    folder.write("answers.jsonl", &lines);
    folder.check(&format!("path = \"answers.jsonl\"\n{keys}"));
    folder.write("answers.txt", lines);
    folder.check(&format!("path = \"answers.txt\"\nformat = \"jsonl\"\n{keys}"));
}

#[test]
fn arrow_as_a_file_and_as_a_stream_and_parquet() {
    let folder = Folder::new();
    let batch = batch();
    let file = |name: &str| std::fs::File::create(folder.path(name)).expect("a file");
    let mut writer = FileWriter::try_new(file("answers.arrow"), &batch.schema()).expect("opens");
    writer.write(&batch).and_then(|()| writer.finish()).expect("written");
    let mut writer = StreamWriter::try_new(file("answers.arrows"), &batch.schema()).expect("opens");
    writer.write(&batch).and_then(|()| writer.finish()).expect("written");
    let mut writer = ArrowWriter::try_new(file("answers.pq"), batch.schema(), None).expect("opens");
    writer.write(&batch).expect("written");
    writer.close().expect("written");
    for name in ["answers.arrow", "answers.arrows", "answers.pq"] {
        folder.check(&format!("path = \"{name}\""));
    }
    let bytes = std::fs::read(folder.path("answers.arrow")).expect("there");
    folder.write("cut.arrow", &bytes[..bytes.len() / 2]);
    let message = folder.read("path = \"cut.arrow\"").expect_err("refused").to_string();
    assert!(message.starts_with("`cut.arrow` cannot be read as Arrow"), "{message}");
}

/// A workbook of two sheets as the standard describes it (ECMA-376): the answers lie on the second, below an empty row.
fn workbook() -> Vec<u8> {
    workbook_of(days_of_answers())
}

/// Days since the end of 1899.
pub(super) fn days_of_answers() -> [f64; 4] {
    ANSWERS.map(|(_, t, ..)| 25_569.0 + t as f64 / 86_400e6)
}

pub(super) fn workbook_of(days: [f64; 4]) -> Vec<u8> {
    let about = format!("<row r=\"1\">{}</row>", word(0, 1, "made by hand"));
    workbook_with(&[("About", about), ("Answers", rows_of_answers(2, days))])
}

/// A cell of a sheet that holds a text.
pub(super) fn word(at: usize, row: usize, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<c r=\"{}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>", ["A", "B", "C", "D", "E"][at])
}

/// The answers as rows of a sheet, with the names of the columns in one of its rows.
pub(super) fn rows_of_answers(header_row: usize, days: [f64; 4]) -> String {
    let mut cells = format!("<row r=\"{header_row}\">");
    for (at, name) in ["who", "when", "ltr", "via", "wait"].into_iter().enumerate() {
        cells += &word(at, header_row, name);
    }
    cells += "</row>";
    for (at, ((who, _, answer, via), days)) in ANSWERS.into_iter().zip(days).enumerate() {
        // With the style of a date and time.
        let row = at + header_row + 1;
        cells += &format!("<row r=\"{row}\">{}<c r=\"B{row}\" s=\"1\"><v>{days}</v></c>", word(0, row, who));
        cells += &answer.map_or(String::new(), |answer| format!("<c r=\"C{row}\"><v>{answer}</v></c>"));
        cells += &via.map_or(String::new(), |via| word(3, row, via));
        cells += &format!("<c r=\"E{row}\"><v>2.5</v></c></row>");
    }
    cells
}

/// A workbook of sheets, of which the rows are given as XML; style 1 is that of a date and time.
pub(super) fn workbook_with(sheets: &[(&str, String)]) -> Vec<u8> {
    workbook_counting(sheets, false)
}

/// The same, which may say that its days count from 1904.
fn workbook_counting(sheets: &[(&str, String)], from_1904: bool) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let numbered = |text: &dyn Fn(usize, &str) -> String| {
        sheets.iter().enumerate().map(|(at, (name, _))| text(at + 1, name)).collect::<String>()
    };
    let named = numbered(&|at, name| format!("<sheet name=\"{name}\" sheetId=\"{at}\" r:id=\"s{at}\"/>"));
    let placed = numbered(&|at, _| {
        format!("<Relationship Id=\"s{at}\" Type=\"{rel}/worksheet\" Target=\"worksheets/sheet{at}.xml\"/>")
    });
    let mut files = vec![
        (
            "[Content_Types].xml".to_owned(),
            format!(
                "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{rel}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{rel}\"><workbookPr date1904=\"{from_1904}\"/><sheets>{named}</sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(
                "<Relationships xmlns=\"{package}/relationships\">{placed}<Relationship Id=\"t\" Type=\"{rel}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
            ),
        ),
    ];
    for (at, (_, rows)) in sheets.iter().enumerate() {
        let sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>");
        files.push((format!("xl/worksheets/sheet{}.xml", at + 1), sheet));
    }
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        writer.start_file(name, stored).expect("in memory");
        writer.write_all(text.as_bytes()).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

#[test]
fn a_sheet_of_a_workbook() {
    let folder = Folder::new();
    folder.write("answers.xlsx", workbook());
    // A sheet knows no zones.
    folder.check("path = \"answers.xlsx\"\nsheet = \"Answers\"\nzone = \"UTC\"");
    let message = folder.read("path = \"answers.xlsx\"\nsheet = \"Answer\"").expect_err("refused").to_string();
    assert_eq!(message, "`answers.xlsx` has no sheet `Answer`; there are: About, Answers");
    let message = folder.read("path = \"answers.xlsx\"").expect_err("refused").to_string();
    assert!(message.contains("has no column `who`") && message.ends_with("its columns are: made by hand"), "{message}");
    folder.write("cut.xlsx", &workbook()[..300]);
    assert!(folder.read("path = \"cut.xlsx\"").expect_err("refused").to_string().contains("as a workbook"));
}

/// openpyxl 3.1.5 with `workbook.epoch = CALENDAR_MAC_1904` writes 2026-01-01 10:00 as 44561.41666666666 (`to_excel(..., CALENDAR_MAC_1904)`),
/// 1,462 days less than the 46023.41666666666 of other workbooks.
#[test]
fn a_workbook_that_counts_from_1904_says_which_days_its_numbers_mean() {
    let folder = Folder::new();
    let rows = |styled: &str, days: f64| {
        let names = ["who", "when", "ltr", "via", "wait"];
        let names = names.map(|name| format!("<c t=\"inlineStr\"><is><t>{name}</t></is></c>")).concat();
        let row = format!("<c t=\"inlineStr\"><is><t>ann</t></is></c><c{styled}><v>{days}</v></c><c><v>9</v></c>");
        format!("<row r=\"1\">{names}</row><row r=\"2\">{row}</row>")
    };
    let expected = [Some(ANSWERS[0].1)];
    for (styled, from_1904, days, format, is_right) in [
        // With the style of a date the cell needs no key, whatever the calendar.
        (" s=\"1\"", true, 44_561.416_666_666_66, "iso", true),
        (" s=\"1\"", false, 46_023.416_666_666_66, "iso", true),
        ("", true, 44_561.416_666_666_66, "excel_serial", true),
        ("", false, 46_023.416_666_666_66, "excel_serial", true),
        // Who names the calendar is believed.
        ("", true, 44_561.416_666_666_66, "excel_serial_1904", true),
        ("", false, 44_561.416_666_666_66, "excel_serial_1904", true),
        ("", false, 44_561.416_666_666_66, "excel_serial", false),
    ] {
        folder.write("answers.xlsx", workbook_counting(&[("Answers", rows(styled, days))], from_1904));
        let keys = format!("path = \"answers.xlsx\"\nzone = \"UTC\"\ntime_format = \"{format}\"");
        let intake = folder.read(&keys).expect("readable");
        let times = tests::integers(&intake.tables.feedback, "t");
        assert_eq!(times == expected, is_right, "{styled} {from_1904} {format}: {times:?}");
    }
}

/// The workbooks under `tests/workbooks`, whose first sheet holds the answers and whose second one rows with faults.
pub(super) fn sample_workbook(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workbooks").join(name)).expect("a sample")
}

const WORKBOOKS: [&str; 3] = ["answers.xls", "answers.xlsb", "answers.ods"];

#[test]
fn sheets_of_other_workbooks_hold_the_same_answers() {
    let folder = Folder::new();
    for name in WORKBOOKS {
        folder.write(name, sample_workbook(name));
        folder.check(&format!("path = \"{name}\"\nzone = \"UTC\""));
        folder.check(&format!("path = \"{name}\"\nsheet = \"Answers\"\nzone = \"UTC\""));
        // A sheet knows no zones.
        let local = folder.read(&format!("path = \"{name}\"")).expect_err("refused").to_string();
        assert!(local.contains(name) && local.contains("zone"), "{local}");
        let message = folder.read(&format!("path = \"{name}\"\nsheet = \"Answer\"")).expect_err("refused").to_string();
        assert_eq!(message, format!("`{name}` has no sheet `Answer`; there are: Answers, Faults"));
    }
}

#[test]
fn faults_in_the_cells_of_any_workbook_are_put_aside_by_reason() {
    let folder = Folder::new();
    for name in WORKBOOKS {
        folder.write(name, sample_workbook(name));
        let intake = folder.read(&format!("path = \"{name}\"\nsheet = \"Faults\"\nzone = \"UTC\"")).expect("readable");
        let account = &intake.accounts[0];
        // Of five rows (a line without a cell is none) one has an error for an answer, one no time, and one an answer of 12.
        let aside = [Reason::Unparsable, Reason::Blank, Reason::OutOfRange].map(|reason| (reason, 1));
        assert_eq!(account.rows_quarantined, aside.into_iter().collect(), "{name}");
        assert_eq!((account.rows_read, account.rows_used), (5, 2), "{name}");
        // An instant in words with its offset, and a whole day: 2026-01-05 10:00 and 2026-01-06 in UTC (`date -u +%s`).
        let times = tests::integers(&intake.tables.feedback, "t");
        assert_eq!(times, [Some(1_767_607_200_000_000), Some(1_767_657_600_000_000)], "{name}");
        assert_eq!(tests::numbers(&intake.tables.feedback, "recommend"), [Some(7.0), Some(8.0)], "{name}");
        let quarantine = std::fs::read_to_string(folder.path("quarantine/feedback.csv")).expect("written");
        let lines: Vec<&str> = quarantine.lines().collect();
        for (at, start) in [
            (1, format!("feedback,{name},2,ltr,unparsable,#DIV/0!,")),
            (2, format!("feedback,{name},5,when,blank,,")),
            (3, format!("feedback,{name},7,ltr,out_of_range,12,")),
        ] {
            assert!(lines[at].starts_with(&start), "{start}: {}", lines[at]);
        }
    }
}

#[test]
fn a_workbook_that_is_cut_or_none_is_refused_by_name() {
    let folder = Folder::new();
    for name in WORKBOOKS {
        let whole = sample_workbook(name);
        for bytes in [&whole[..whole.len() / 2], &whole[..100], b"who,when,ltr\n", b""] {
            folder.write(name, bytes);
            let message = folder.read(&format!("path = \"{name}\"\nzone = \"UTC\"")).expect_err("refused").to_string();
            assert!(message.contains(name), "{} bytes of {name}: {message}", bytes.len());
        }
    }
}

/// openpyxl writes a formula without what it comes to, as no spreadsheet does: `<c r="C2"><f>VALUE("8")</f><v/></c>`.
#[test]
fn formulas_without_values_are_put_aside_and_are_no_gaps() {
    let folder = Folder::new();
    let sheet = |answer: &str| {
        let names =
            ["who", "when", "ltr", "via", "wait"].map(|name| format!("<c t=\"inlineStr\"><is><t>{name}</t></is></c>"));
        let row = |row: usize| {
            let answer = answer.replace('?', &row.to_string());
            format!(
                "<row r=\"{row}\"><c r=\"A{row}\" t=\"inlineStr\"><is><t>ann</t></is></c><c r=\"B{row}\" s=\"1\"><v>46023.5</v></c>{answer}<c r=\"E{row}\"><v>2.5</v></c></row>"
            )
        };
        workbook_with(&[("Sheet", format!("<row r=\"1\">{}</row>{}{}", names.concat(), row(2), row(3)))])
    };
    let keys = "path = \"a.xlsx\"\nzone = \"UTC\"";
    folder.write("a.xlsx", sheet("<c r=\"C?\"><f>VALUE(\"8\")</f><v/></c>"));
    let account = folder
        .read(&format!("{keys}\ncontract = {{ quarantine_max = 1.0 }}"))
        .expect("readable")
        .accounts
        .swap_remove(0);
    assert_eq!((account.rows_read, account.rows_quarantined[&Reason::Unparsable]), (2, 2));
    let quarantine = std::fs::read_to_string(folder.path("quarantine/feedback.csv")).expect("written");
    assert!(quarantine.contains("feedback,a.xlsx,2,ltr,unparsable,\"=VALUE(\"\"8\"\")\","), "{quarantine}");
    // With their values they are these, a column without either is a gap, and so is a formula that comes to an empty text.
    for (answer, expected) in [
        ("<c r=\"C?\"><f>VALUE(\"8\")</f><v>8</v></c>", Some(8.0)),
        ("", None),
        ("<c r=\"C?\" t=\"str\"><f>IF(1,\"\",8)</f><v></v></c>", None),
    ] {
        folder.write("a.xlsx", sheet(answer));
        let intake = folder.read(keys).unwrap_or_else(|error| panic!("{answer}: {error}"));
        assert_eq!(tests::numbers(&intake.tables.feedback, "recommend"), [expected; 2], "{answer}");
    }
}

#[test]
fn pages_and_texts_under_the_name_of_a_workbook_are_named_as_what_they_are() {
    let folder = Folder::new();
    let table = "<html><body><table><tr><td>who</td></tr></table></body></html>";
    for (bytes, said) in [
        (table.as_bytes().to_vec(), "an HTML or XML page under the name of a workbook; open it in a spreadsheet"),
        (format!("\u{feff}\r\n<?xml version=\"1.0\"?>{table}").into_bytes(), "an HTML or XML page"),
        (text("\t").into_bytes(), "separated text under the name of a workbook; write format = \"tsv\""),
        (utf16_tests::wide(&text("\t")), "separated text under the name of a workbook; write format = \"tsv\""),
        (text(";").into_bytes(), "separated text under the name of a workbook; write format = \"csv\""),
    ] {
        folder.write("answers.xls", bytes);
        let message = folder.read("path = \"answers.xls\"\nzone = \"UTC\"").expect_err("refused").to_string();
        assert!(message.starts_with(&format!("`answers.xls` is {said}")), "{message}");
    }
    folder.write("answers.xls", text("\t"));
    folder.check("path = \"answers.xls\"\nformat = \"tsv\"");
}

#[test]
fn the_first_days_of_a_sheets_calendar_stand_for_no_date() {
    let folder = Folder::new();
    // 1899-12-31 and 1900-01-01 06:00; a day beyond the calendar; 2026-01-04 10:00.
    folder.write("answers.xlsx", workbook_of([0.0, 1.25, 2_958_466.0, 46_026.0 + 10.0 / 24.0]));
    let intake = folder.read("path = \"answers.xlsx\"\nsheet = \"Answers\"\nzone = \"UTC\"").expect("readable");
    let account = &intake.accounts[0];
    assert_eq!(account.rows_quarantined[&Reason::SuspiciousDate], 2);
    assert_eq!((account.rows_quarantined[&Reason::Unparsable], account.rows_used), (1, 1));
    assert_eq!(tests::integers(&intake.tables.feedback, "t"), [Some(1_767_520_800_000_000)]);
}

#[test]
fn a_table_and_a_query_of_a_database_file() {
    let folder = Folder::new();
    let database = rusqlite::Connection::open(folder.path("crm.db")).expect("opens");
    database.execute_batch("CREATE TABLE answers (who, \"when\", ltr, via, wait)").expect("made");
    for ((who, t, answer, via), time) in ANSWERS.into_iter().zip(TIMES) {
        let insert = "INSERT INTO answers VALUES (?, ?, ?, ?, 2.5)";
        database.execute(insert, rusqlite::params![who, time, answer, via]).expect("inserted");
        assert!(t > 0);
    }
    folder.check("path = \"crm.db\"");
    database.execute_batch("CREATE TABLE other (x)").expect("made");
    folder.check("path = \"crm.db\"\ntable = \"answers\"");
    folder.check("path = \"crm.db\"\nquery = \"SELECT *, 1 AS more FROM answers;\"");
    let refused = |keys: &str| folder.read(&format!("path = \"crm.db\"\n{keys}")).expect_err("refused").to_string();
    assert_eq!(refused(""), "`crm.db`: say what to read with `table` or `query`; there are: answers, other");
    assert!(refused("table = \"answer\"").contains("no such table"));
}

/// A PostgreSQL server of the system's own packages that lives as long as the test.
pub(super) struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

impl Server {
    /// `None`, with a printed reason, where there is none to be had.
    pub(super) fn start() -> Option<Self> {
        // No network: the socket lies in the folder.
        Self::start_with(|_| "-c listen_addresses=''".to_owned())
    }

    /// The same with what `prepare` puts into its folder, and the options that it gives.
    #[expect(clippy::print_stderr, reason = "a skipped test says why")]
    pub(super) fn start_with(prepare: impl FnOnce(&Path) -> String) -> Option<Self> {
        let installed = glob::glob("/usr/lib/postgresql/*/bin").expect("a pattern").flatten().max();
        let programs = installed.into_iter().chain([PathBuf::from("/usr/local/bin"), PathBuf::from("/usr/bin")]);
        let Some(programs) = programs.into_iter().find(|folder| folder.join("initdb").exists()) else {
            eprintln!("skipped: no PostgreSQL server is installed here");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a folder");
        let server = Self { programs, folder };
        let data = server.folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        let options = prepare(server.folder.path());
        if is_root() {
            let chown = Command::new("chown").args(["-R", "nobody"]).arg(server.folder.path()).status();
            assert!(chown.is_ok_and(|status| status.success()));
        }
        let made = server.run("initdb", &["-U", "advocate", "-A", "trust", "--no-sync", "-E", "UTF8"]);
        let options = format!("{options} -k {}", server.folder.path().display());
        let log = server.folder.path().join("log");
        let started = made.and_then(|()| {
            server.run("pg_ctl", &["-w", "-t", "60", "-l", &log.to_string_lossy(), "-o", &options, "start"])
        });
        match started {
            Ok(()) => Some(server),
            Err(why) => {
                eprintln!("skipped: PostgreSQL could not be started: {why}");
                None
            }
        }
    }

    /// Runs a program of the server on its data; the server itself refuses to be run by root.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(self.folder.path().join("data")).args(arguments).current_dir("/tmp");
        // The server outlives this process's pipes.
        let output = std::fs::File::create(self.folder.path().join("said")).expect("a file");
        command.stdout(output.try_clone().expect("a file")).stderr(output).stdin(std::process::Stdio::null());
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn url(&self) -> String {
        let folder = self.folder.path().to_string_lossy().replace('/', "%2F");
        format!("postgresql://advocate@{folder}/postgres")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.run("pg_ctl", &["-m", "immediate", "stop"]);
    }
}

fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

#[test]
fn a_table_and_a_query_of_a_real_server() {
    let Some(server) = Server::start() else { return };
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("connects");
    let table =
        "CREATE SCHEMA crm; CREATE TABLE crm.answers (who text, \"when\" timestamptz, ltr int, via text, wait numeric)";
    client.batch_execute(table).expect("made");
    for ((who, _, answer, via), time) in ANSWERS.into_iter().zip(TIMES) {
        let insert = format!("INSERT INTO crm.answers VALUES ($1, '{time}', $2, $3, 2.5)");
        client.execute(&insert, &[&who, &answer.map(|answer| answer as i32), &via]).expect("inserted");
    }
    let folder = Folder::new();
    let url = server.url();
    folder.check(&format!("path = \"{url}\"\ntable = \"crm.answers\""));
    folder.check(&format!("path = \"{url}\"\nquery = \"SELECT * FROM crm.answers ORDER BY \\\"when\\\"\""));
    let refused = |keys: &str| folder.read(&format!("path = \"{url}\"\n{keys}")).expect_err("refused").to_string();
    assert!(refused("table = \"crm.answer\"").contains("does not exist"));
    let written = folder.read(&format!("path = \"{url}\"\nquery = \"DELETE FROM crm.answers RETURNING *\""));
    assert!(error::in_full(&written.expect_err("refused")).contains("read-only"));
    assert_eq!(client.query_one("SELECT count(*) FROM crm.answers", &[]).expect("counted").get::<_, i64>(0), 4);
    assert!(refused("").contains("say what to read with `table` or `query`"));
    // Within one machine there is nothing to encrypt, whatever the address says.
    let secured = format!("{url}?sslmode=verify-full");
    folder.check(&format!("path = \"{secured}\"\ntable = \"crm.answers\""));
}

#[test]
fn folders_named_after_values() {
    let folder = Folder::new();
    for (at, line) in text(",").lines().skip(1).enumerate() {
        let answer = ANSWERS[at].2.map_or("__HIVE_DEFAULT_PARTITION__".to_owned(), |answer| answer.to_string());
        let name = format!("answers/day={at}/ltr={answer}/part.csv");
        folder.write(&name, format!("who,when,gone,via,wait\n{line}\n"));
    }
    folder.check("path = \"answers\"");
}

/// The account of a sample, its recommend answers and their times.
type Exported = (SourceAccount, Vec<Option<f64>>, Vec<Option<i64>>);

/// The feedback of a vendor's sample, by the names that its vendor gives the columns.
fn export(sample: &str, keys: &str) -> Result<Exported, IntakeError> {
    let folder = Folder::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports").join(sample);
    let study = format!(
        "study = {{ name = \"case\", as_of = 2026-09-30 }}\n[sources.feedback]\npath = \"{}\"\n{keys}\n",
        path.display()
    );
    let study = Study::parse(&study, folder.0.path()).expect("a sound study");
    let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
    let intake = Intake::run(&study, &folders, &|_| ())?;
    let feedback = &intake.tables.feedback;
    assert!(intake.accounts.iter().all(SourceAccount::adds_up), "{:?}", intake.accounts);
    Ok((intake.accounts[0].clone(), tests::numbers(feedback, "recommend"), tests::integers(feedback, "t")))
}

const ROLES: &str = "recommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"";

#[test]
fn qualtrics_is_recognised_and_says_zone_class_and_kind_of_row_itself() {
    let blank = format!("{ROLES}\nid = \"@id\"");
    let (account, answers, times) = export("qualtrics/responses.csv", &blank).expect("sound");
    // Eight rows: by the vendor's status one is a preview, one spam and one made by a model; one ends without an answer.
    use Exclusion::*;
    assert_eq!(account.rows_read, 8);
    let excluded: Vec<(Exclusion, u64)> = account.rows_excluded.iter().map(|(&reason, &n)| (reason, n)).collect();
    assert_eq!(excluded, [(Preview, 1), (Synthetic, 1), (Spam, 1), (Unfinished, 1)]);
    assert_eq!(account.n_quarantined(), 0);
    assert_eq!(answers, [10.0, 7.0, 4.0, 6.0].map(Some));
    // TZ=America/Denver date -d '2026-03-02 08:03:10' +%s
    assert_eq!(times[0], Some(1_772_463_790_000_000));
    let classes = account.classes.expect("classes");
    assert_eq!((classes.checked, classes.disagreeing), (4, 0));
    // By ImportId, export tag and question text, and with a zone of its own as the study says it.
    for name in ["QID1", "Q1", "How likely are you to recommend Lindgren Tools?"] {
        let keys = ROLES.replace("@recommend", name);
        assert_eq!(export("qualtrics/responses.csv", &keys).expect("sound").1, answers, "{name}");
    }
}

#[test]
fn a_response_that_keeps_no_date_of_its_last_action_has_that_of_its_end() {
    let folder = Folder::new();
    let head = "id,submitdate,lastpage,startlanguage,seed,token,startdate,datestamp,NPS\n";
    let rows = [
        "1,2026-03-20 07:00:00,3,en,1,a,2026-03-20 06:00:00,2026-03-20 07:30:00,9",
        "2,2026-03-21 07:00:00,3,en,1,b,2026-03-21 06:00:00,1980-01-01 00:00:00,8",
        "3,2026-03-22 07:00:00,3,en,1,c,2026-03-22 06:00:00,,7",
    ];
    let path = folder.path("lime.csv");
    std::fs::write(&path, head.to_owned() + &rows.join("\n") + "\n").expect("written");
    let keys = format!("{ROLES}\nformat = \"limesurvey\"\nzone = \"UTC\"").replace("@recommend", "NPS");
    let (account, answers, times) = export(&path.to_string_lossy(), &keys).expect("sound");
    assert_eq!((account.n_quarantined(), answers), (0, vec![Some(9.0), Some(8.0), Some(7.0)]));
    // date -u -d '2026-03-20 07:30' +%s, and of the 21st and the 22nd at 07:00
    assert_eq!(times, [1_773_991_800, 1_774_076_400, 1_774_162_800].map(|seconds: i64| Some(seconds * 1_000_000)));
}

#[test]
fn codes_from_one_to_eleven_are_refused_by_their_classes() {
    let keys = "recommend = \"QID1\"\nsnapshot = true";
    let message = export("qualtrics/shifted.csv", keys).expect_err("refused").to_string();
    assert!(message.contains("codes from 1 to 11"), "{message}");
}

#[test]
fn json_and_long_tables_are_exports_too() {
    let keys = "recommend = \"@recommend\"\nsnapshot = true";
    let (account, answers, _) = export("delighted/survey_responses.json", keys).expect("sound");
    assert_eq!(answers[0], Some(9.0));
    assert!(account.rows_excluded.contains_key(&Exclusion::OtherSurvey), "{account:?}");
    let keys = "format = \"fivetran_qualtrics\"\nrecommend = \"QID1\"\ncustomer = \"@external_reference\"\ntime = \"@end\"\n\
                zone = \"UTC\"";
    let (account, answers, _) = export("fivetran_qualtrics/*.csv", keys).expect("sound");
    assert_eq!(answers, [9.0, 4.0].map(Some));
    assert_eq!((account.rows_read, account.rows_excluded[&Exclusion::Preview]), (3, 1));
    assert!(account.remarks.iter().any(|remark| remark.contains("1 row of question_response belongs to no response")));
    assert_eq!(account.files.len(), 5);
}

#[test]
fn codes_from_one_to_eleven_in_long_tables_are_refused_too() {
    let folder = Folder::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/fivetran_qualtrics");
    let responses = std::fs::read_to_string(samples.join("survey_response.csv")).expect("there");
    folder.write("in/survey_response.csv", responses);
    // Answers of 10 and 6 as codes from 1: 11 beside a promoter, 7 beside a detractor.
    let sample = std::fs::read_to_string(samples.join("question_response.csv")).expect("there");
    let header = sample.lines().next().expect("a header");
    let coded = "k1,x,,Recommend?,QID1,,R_f1,,,11,11,QID1\nk2,x,,Recommend?,QID1,,R_f1,,,Promoter,3,QID1_NPS_GROUP\n\
                 k3,x,,Recommend?,QID1,,R_f2,,,7,7,QID1\nk4,x,,Recommend?,QID1,,R_f2,,,Detractor,1,QID1_NPS_GROUP\n";
    folder.write("in/question_response.csv", format!("{header}\n{coded}"));
    let study = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\npath = \"in/*.csv\"\nsnapshot = true\n\
                 format = \"fivetran_qualtrics\"\nrecommend = \"QID1\"\n";
    let study = Study::parse(study, folder.0.path()).expect("a sound study");
    let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
    let message = Intake::run(&study, &folders, &|_| ()).expect_err("refused").to_string();
    assert!(message.contains("survey_response.csv") && message.contains("codes from 1 to 11"), "{message}");
}

#[test]
fn a_class_that_disagrees_is_counted_and_the_answer_counts() {
    let folder = Folder::new();
    folder.write(
        "answers.csv",
        "who,when,ltr,class\na,2026-01-01T10:00:00Z,9,Promoter\nb,2026-01-02T10:00:00Z,3,passive\n",
    );
    let study = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\npath = \"answers.csv\"\ncustomer = \"who\"\n\
                 time = \"when\"\nrecommend = \"ltr\"\nrecommend_class = \"class\"\n";
    let study = Study::parse(study, folder.0.path()).expect("a sound study");
    let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
    let intake = Intake::run(&study, &folders, &|_| ()).expect("sound");
    let classes = intake.accounts[0].classes.expect("classes");
    assert_eq!((classes.checked, classes.disagreeing), (2, 1));
    assert_eq!(tests::numbers(&intake.tables.feedback, "recommend"), [Some(9.0), Some(3.0)]);
}

/// The answers of one layout as bytes, and the file's name.
fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("opens");
    writer.write(batch).expect("written");
    writer.into_inner().expect("in memory")
}

pub(super) fn packed() -> Vec<(&'static str, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text(",").as_bytes()).expect("in memory");
    let lines = ANSWERS.map(|(who, _, answer, _)| {
        serde_json::json!({ "who": who, "when": TIMES[0], "ltr": answer, "via": "x", "wait": 2.5 }).to_string() + "\n"
    });
    let batch = batch();
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).expect("opens");
    writer.write(&batch).and_then(|()| writer.finish()).expect("written");
    let folder = Folder::new();
    let database = rusqlite::Connection::open(folder.path("f.db")).expect("opens");
    let table = "CREATE TABLE answers (who, \"when\", ltr, via, wait); INSERT INTO answers VALUES ('a', '2026-01-01T10:00:00Z', \
                 9, 'web', 2.5), ('b', '2026-01-02T10:00:00Z', 3, 'web', 2.5)";
    database.execute_batch(table).expect("made");
    drop(database);
    vec![
        ("answers.csv.gz", gzip.finish().expect("in memory")),
        ("answers.csv.zst", zstd::encode_all(text(";").as_bytes(), 1).expect("in memory")),
        ("answers.jsonl", lines.concat().into_bytes()),
        ("answers.arrow", writer.into_inner().expect("in memory")),
        ("answers.xlsx", workbook()),
        ("answers.db", std::fs::read(folder.path("f.db")).expect("there")),
        ("answers.parquet", parquet(&batch)),
        ("answers.txt", utf16_tests::wide(&text("\t"))),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(120))]

    #[test]
    fn a_byte_flipped_in_any_layout_is_survived_and_accounted_for(
        layout in 0_usize..8,
        at in proptest::prelude::any::<proptest::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let (name, mut bytes) = packed().swap_remove(layout);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let folder = Folder::new();
        folder.write(name, &bytes);
        let sheet = if name.ends_with("xlsx") { "sheet = \"Answers\"\n" } else { "" };
        match folder.read(&format!("path = \"{name}\"\n{sheet}zone = \"UTC\"")) {
            Ok(intake) => proptest::prop_assert!(intake.accounts[0].adds_up(), "{:?}", intake.accounts[0]),
            // Whatever was refused is named, or the server of rows says why.
            Err(error) => proptest::prop_assert!(error.to_string().contains("answers"), "{error}"),
        }
    }
}

/// Rows of folders `via=north` and `via=south`, whose files hold the column as well.
fn overruled(folder: &Folder) {
    let header = "who,when,ltr,wait,via\n";
    folder.write(
        "in/via=north/a.csv",
        format!(
            "{header}a,2026-01-01T10:00:00Z,9,4,south\nb,2026-01-02T10:00:00Z,8,4,north\nc,2026-01-03T10:00:00Z,7,4,\n\
             d,2026-01-04T10:00:00Z,6,4,east\nbroken,never,6,4,east\n"
        ),
    );
    folder.write("in/via=south/b.csv", format!("{header}e,2026-01-05T10:00:00Z,5,4,south\n"));
    folder.write(
        "in/via=south/c.jsonl",
        "{\"who\":\"f\",\"when\":\"2026-01-06T10:00:00Z\",\"ltr\":4,\"wait\":4,\"via\":\"n\"}\n",
    );
}

/// Which rows by hand: the folder counts, a blank says nothing, and a row that is put aside anyway is not counted.
#[test]
fn a_folder_overrules_the_column_of_its_name_and_what_it_overrules_is_counted() {
    let folder = Folder::new();
    overruled(&folder);
    let intake = folder.read("path = \"in\"").expect("readable");
    let account = &intake.accounts[0];
    assert!(account.adds_up() && (account.rows_used, account.n_quarantined()) == (6, 1), "{account:?}");
    let table = tests::read(&intake.tables.feedback);
    let channel = table.column_by_name("channel").expect("there").as_any().downcast_ref::<StringArray>();
    let channel: Vec<&str> = channel.expect("texts").iter().flatten().collect();
    assert_eq!(channel, ["north", "north", "north", "north", "south", "south"]);
    let own = &account.folders_overrule["via"];
    assert_eq!((own.n_rows, own.line, own.cell.as_str(), own.folder.as_str()), (3, 2, "south", "north"));
    let sentence = own.sentence("feedback", "via");
    assert!(sentence.starts_with("3 rows of feedback say otherwise in `via` than their folder, whose name counts"));
    assert!(sentence.contains("via=north/a.csv, line 2: `south` in the folder of `north`"), "{sentence}");
}

#[test]
fn what_a_folder_overrules_is_counted_from_the_cache_too_and_a_renamed_column_is_let_be() {
    let folder = Folder::new();
    overruled(&folder);
    let study = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\npath = \"in\"\ncustomer = \"who\"\n\
                 time = \"when\"\nrecommend = \"ltr\"\nchannel = \"via\"\n[drivers]\ntouchpoints = [\"wait\"]\n";
    let study = Study::parse(study, folder.0.path()).expect("a sound study");
    let cache = Cache::within(&folder.path("cache"), 1 << 40);
    let run = |cache: &Cache| {
        for name in ["work", "quarantine"] {
            let _ = std::fs::remove_dir_all(folder.path(name));
        }
        let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
        Intake::run_cached(&study, &folders, cache, &|_| ()).expect("readable").accounts[0].folders_overrule.clone()
    };
    let parsed = run(&cache);
    assert_eq!(parsed["via"].n_rows, 3);
    // From finished tables, and from the pieces of single files alone.
    assert_eq!(run(&cache), parsed);
    let single = Cache::within(&folder.path("single"), 1 << 40).of_files_alone();
    assert_eq!((run(&single), run(&single)), (parsed.clone(), parsed));
    // The column itself is read under another name.
    let intake = folder.read("path = \"in\"\nrename = { via = \"said\" }").expect("readable");
    assert!(intake.accounts[0].folders_overrule.is_empty());
    let keys = "path = \"in/via=north/a.csv\"\nrename = { via = \"said\" }\nwave = \"said\"";
    let table = tests::read(&folder.read(keys).expect("readable").tables.feedback);
    let texts = |name: &str| -> Vec<Option<String>> {
        let column = table.column_by_name(name).expect("there").as_any().downcast_ref::<StringArray>();
        column.expect("texts").iter().map(|text| text.map(str::to_owned)).collect()
    };
    assert_eq!(
        texts("wave"),
        ["south", "north", "", "east"].map(|own| Some(own.to_owned()).filter(|own| !own.is_empty()))
    );
    assert_eq!(texts("channel"), vec![Some("north".to_owned()); 4]);
}

#[test]
fn the_same_number_and_the_same_day_are_no_contradiction() {
    let folder = Folder::new();
    folder.write(
        "in/wait=04/a.csv",
        "who,when,ltr,via,wait\na,2026-01-01T10:00:00Z,9,x,4\nb,2026-01-01T10:00:00Z,9,x,4.0\n",
    );
    let intake = folder.read("path = \"in\"").expect("readable");
    assert!(intake.accounts[0].folders_overrule.is_empty(), "{:?}", intake.accounts[0]);
    let day = RecordBatch::try_from_iter([
        ("who", Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef),
        ("when", Arc::new(TimestampMicrosecondArray::from(vec![1_767_225_600_000_000, 1_767_312_000_000_000]))),
        ("ltr", Arc::new(Float64Array::from(vec![9.0, 8.0]))),
        ("wait", Arc::new(Float64Array::from(vec![4.0, 4.0]))),
        ("via", Arc::new(StringArray::from(vec!["x", "x"]))),
    ])
    .expect("a batch");
    let path = folder.path("days/when=2026-01-01/a.parquet");
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(path).expect("a file"), day.schema(), None).expect("a writer");
    writer.write(&day).expect("written");
    writer.close().expect("closed");
    let intake = folder.read("path = \"days\"\nzone = \"UTC\"").expect("readable");
    let own = &intake.accounts[0].folders_overrule["when"];
    assert_eq!((own.n_rows, own.line, own.cell.as_str()), (1, 2, "2026-01-02T00:00:00"));
    assert_eq!(tests::read(&intake.tables.feedback).num_rows(), 2);
}
