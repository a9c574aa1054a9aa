//! What the fuzz targets do with their bytes: one file of answers, read as a study would read it. The targets (`fuzz/`) include this
//! file, so that it is compiled and tried with all other tests, without a fuzzer.

use advocate::intake::{Folders, Intake};
use advocate::study::Study;

const COLUMNS: &str = "customer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"";
const VENDORS: [&str; 10] = [
    "qualtrics",
    "qualtrics_legacy",
    "surveymonkey",
    "typeform",
    "limesurvey",
    "formbricks",
    "delighted",
    "retently",
    "customergauge",
    "medallia_agent_connect",
];
/// By what packed text is known.
const PACKED: [&[u8]; 2] = [&[0x1f, 0x8b, 0x08], &[0x28, 0xb5, 0x2f, 0xfd]];
const WORKBOOKS: [&str; 4] = ["answers.xls", "answers.xlsx", "answers.xlsb", "answers.ods"];
const COLUMNAR: [&str; 3] = ["answers.parquet", "answers.arrow", "answers.arrows"];

/// Separated text; the first byte chooses the sign between cells, or that it is guessed.
pub fn separated(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let delimiter = ["", "delimiter = \",\"", "delimiter = \";\"", "delimiter = \"\\t\""][usize::from(choice % 4)];
    let mut file = b"who,when,ltr\n".to_vec();
    if choice >= 128 {
        // A header of its own is as likely as rows below a sound one.
        file.clear();
    }
    file.extend(bytes);
    read("answers.csv", &file, &format!("format = \"csv\"\n{COLUMNS}\nid = \"who\"\n{delimiter}"));
}

/// JSON lines below one sound line that has the columns.
pub fn json_lines(bytes: &[u8]) {
    let mut file = b"{\"who\": \"a\", \"when\": \"2026-01-01T10:00:00Z\", \"ltr\": 9}\n".to_vec();
    file.extend(bytes);
    read("answers.jsonl", &file, &format!("format = \"jsonl\"\n{COLUMNS}"));
}

/// Vendors' exports; the first byte chooses whose, or that it is guessed. The samples under `tests/exports` are good seeds with
/// such a byte in front.
pub fn exports(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let format = VENDORS.get(usize::from(choice) % (VENDORS.len() + 1));
    let format = format.map_or_else(String::new, |vendor| format!("format = \"{vendor}\"\n"));
    let keys = "customer = \"@id\"\ntime = \"@end\"\nrecommend = \"@recommend\"";
    read("answers.txt", bytes, &format!("{format}{keys}"));
}

/// Packed text; the first byte chooses gzip or zstd, whose first bytes are put in front.
pub fn packed(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let file = [PACKED[usize::from(choice % 2)], bytes].concat();
    read("answers.packed", &file, COLUMNS);
}

/// Workbooks; the first byte chooses the ending. The files under `tests/workbooks` are good seeds with such a byte in front.
pub fn workbook(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    read(WORKBOOKS[usize::from(choice % 4)], bytes, COLUMNS);
}

/// Parquet and Arrow, as a file and as a stream; the first byte chooses which of them.
pub fn columnar(data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    read(COLUMNAR[usize::from(choice % 3)], bytes, COLUMNS);
}

/// Reads bytes as a source of answers. Whatever they are, the file is refused with its name or every row is accounted for.
///
/// # Panics
/// Where a row is lost, or a refusal does not say which file is meant: what the fuzzer looks for.
fn read(name: &str, bytes: &[u8], keys: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(name), bytes).expect("written");
    let study = format!(
        "study = {{ name = \"fuzz\", as_of = 2026-09-30, zone = \"Europe/Berlin\" }}\n[sources.feedback]\npath = \"{name}\"\n{keys}\n"
    );
    let study = Study::parse(&study, folder.path()).expect("a sound study");
    let folders = Folders { work: folder.path().join("work"), quarantine: folder.path().join("quarantine") };
    match Intake::run(&study, &folders, &|_| ()) {
        Ok(intake) => {
            for account in &intake.accounts {
                assert!(account.adds_up(), "{account:?}");
            }
            let account = intake.account("feedback").expect("it was read");
            assert_eq!(intake.tables.feedback.n_rows, account.rows_used);
        }
        Err(error) => assert!(error.to_string().contains(name) || error.to_string().contains("feedback"), "{error}"),
    }
}
