//! Corrected rows from quarantine back into the tables.

use super::*;
use crate::intake::cache::Cache;
use crate::intake::{Exclusion, Folders, Intake, IntakeError, Reason, SourceAccount};
use crate::study::Study;
use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

const STUDY: &str = r#"
study = { name = "case", as_of = 2026-09-30 }
[sources.feedback]
path = "feedback*"
id = "id"
customer = "who"
time = "when"
recommend = "ltr"
channel = "via"
"#;

/// Of the lines 2 to 11 the first and the seventh are sound.
const ROWS: &str = "id,who,when,ltr,via
1,ann,2026-01-01T10:00:00Z,9,web
2,bob,2026-01-02T10:00:00Z,11,web
3,,2026-01-03T10:00:00Z,9,\"a, \"\"b\"\"
c\"
4,cid,soon,12,web
1,dee,2026-01-05T10:00:00Z,8,web
5,eve,2026-01-06T10:00:00Z,7
6,fay,2026-01-07T10:00:00Z,6,web
7,\"gil,2026-01-08T10:00:00Z,5,web
8,hal,2026-10-01T10:00:00Z,99,web
";

pub(super) struct Case(tempfile::TempDir);

/// A line of quarantine by column.
pub(super) type Line = BTreeMap<String, String>;

impl Case {
    pub(super) fn new(files: &[(&str, &[u8])]) -> Self {
        let case = Self(tempfile::tempdir().expect("a folder"));
        files.iter().for_each(|(name, content)| case.write(name, content));
        case
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("written");
    }

    pub(super) fn study(&self, text: &str) -> Study {
        Study::parse(text, self.0.path()).expect("a sound study")
    }

    fn folders(&self) -> Folders {
        for name in ["work", "quarantine"] {
            let _ = fs::remove_dir_all(self.path(name));
        }
        Folders { work: self.path("work"), quarantine: self.path("quarantine") }
    }

    fn sound(intake: Intake) -> Intake {
        assert!(intake.accounts.iter().all(SourceAccount::adds_up), "{:?}", intake.accounts);
        intake
    }

    /// With what lies beside the study.
    pub(super) fn run(&self, study: &str) -> Intake {
        Self::sound(Intake::run(&self.study(study), &self.folders(), &|_| ()).expect("readable"))
    }

    pub(super) fn run_with(&self, study: &str, corrections: &Corrections, cache: &Cache) -> Intake {
        let intake = Intake::run_corrected(&self.study(study), &self.folders(), cache, corrections, &|_| ());
        Self::sound(intake.expect("readable"))
    }

    pub(super) fn quarantine(&self) -> Vec<Line> {
        let Ok(mut reader) = csv::Reader::from_path(self.path("quarantine/feedback.csv")) else { return Vec::new() };
        reader.deserialize().collect::<Result<_, _>>().expect("rows")
    }

    /// What quarantine holds, with some cells of some lines changed.
    pub(super) fn corrected(&self, study: &str, changes: &[(u64, &str, &str)]) -> Corrections {
        self.run(study);
        self.corrected_quarantine(changes)
    }

    pub(super) fn corrected_quarantine(&self, changes: &[(u64, &str, &str)]) -> Corrections {
        let mut lines = self.quarantine();
        for (line, column, text) in changes {
            let own = lines.iter_mut().find(|own| own["line"] == line.to_string()).expect("put aside");
            own.insert((*column).to_owned(), (*text).to_owned());
        }
        lines.retain(|own| changes.iter().any(|(line, ..)| own["line"] == line.to_string()));
        self.sheet(&lines)
    }

    pub(super) fn sheet(&self, lines: &[Line]) -> Corrections {
        let path = self.path("corrected.txt");
        let mut writer = csv::Writer::from_path(&path).expect("made");
        let names: Vec<&String> = lines[0].keys().collect();
        writer.write_record(&names).expect("written");
        lines.iter().for_each(|own| writer.write_record(own.values()).expect("written"));
        writer.flush().expect("written");
        Corrections::read(&path).expect("sound")
    }

    /// What `retry` does: holds candidates against the study and keeps those that hold.
    pub(super) fn keep(&self, study: &str, candidates: &Corrections) -> Vec<CorrectedRow> {
        let own = self.study(study);
        let earlier = Corrections::of_study(&own).expect("sound");
        let intake = self.run_with(study, &earlier.with(candidates), &Cache::none());
        let rows: Vec<CorrectedRow> = intake.corrected().cloned().collect();
        let kept = earlier.with_accepted(candidates, &rows, &intake.accounts);
        kept.write(&CorrectionsFile::path_of(&own)).expect("written");
        rows
    }
}

pub(super) fn customers(intake: &Intake) -> Vec<String> {
    let file = fs::File::open(&intake.tables.feedback.parts[0]).expect("there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    let mut all = Vec::new();
    for batch in reader.collect::<Result<Vec<RecordBatch>, _>>().expect("Parquet") {
        let texts = batch.column_by_name("customer").expect("there").as_any().downcast_ref::<StringArray>().cloned();
        all.extend(texts.expect("text").iter().flatten().map(str::to_owned));
    }
    all
}

pub(super) fn verdicts(rows: &[CorrectedRow]) -> Vec<(u64, Verdict)> {
    rows.iter().map(|row| (row.line, row.verdict.clone())).collect()
}

#[test]
fn corrected_rows_are_used_behind_all_others() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes())]);
    let before = case.run(STUDY);
    assert_eq!(customers(&before), ["ann", "fay"]);
    let corrections = case.corrected_quarantine(&[
        (3, "raw", "10"),
        (4, "raw", "bo"),
        (7, "raw", "17"),
        (8, "record", "5,eve,2026-01-06T10:00:00Z,7,shop"),
        (10, "record", "7,gil,2026-01-08T10:00:00Z,5,web"),
        (11, "raw", "9"),
    ]);
    let after = case.run_with(STUDY, &corrections, &Cache::none());
    assert_eq!(customers(&after), ["ann", "fay", "bob", "bo", "dee", "eve", "gil"]);
    let account = after.account("feedback").expect("read");
    // Nine rows: seven used, the one of line 6 in quarantine, and the last lies after the study's date.
    assert_eq!((account.rows_read, account.rows_used), (9, 7));
    assert_eq!(account.rows_quarantined, [(Reason::Unparsable, 1)].into());
    assert_eq!(account.rows_excluded, [(Exclusion::AfterAsOf, 1)].into());
    let counts = account.corrections.as_ref().expect("some");
    assert_eq!((counts.used, counts.excluded, counts.refused, counts.stale), (5, 1, 0, 0));
    assert_eq!(case.quarantine().len(), 1);
    // The cell with the quotes and the line break is what it was.
    let change = |line: u64| &after.corrected().find(|row| row.line == line).expect("there").changes[0];
    assert_eq!(
        (change(4).column.as_deref(), change(4).before.as_str(), change(4).after.as_str()),
        (Some("who"), "", "bo")
    );
    assert_eq!((change(8).column.as_deref(), change(8).before.as_str()), (None, "5,eve,2026-01-06T10:00:00Z,7"));
}

#[test]
fn what_is_used_is_what_a_corrected_file_gives() {
    // The spoilt row is the last, so that the order of the rows is the same.
    let spoilt =
        "id,who,when,ltr,via\n1,ann,2026-01-01T10:00:00Z,9,web\n2,bob,2026-01-02T10:00:00Z,11,\"a, \"\"b\"\"\nc\"\n";
    let case = Case::new(&[("feedback.csv", spoilt.as_bytes())]);
    let corrections = case.corrected(STUDY, &[(3, "raw", "10")]);
    let by_correction = case.run_with(STUDY, &corrections, &Cache::none());
    let own = case.path("by_correction.parquet");
    fs::copy(&by_correction.tables.feedback.parts[0], &own).expect("copied");
    let own_rows = customers(&by_correction);
    case.write("feedback.csv", spoilt.replace(",11,", ",10,"));
    let by_hand = case.run(STUDY);
    assert_eq!((own_rows, by_correction.tables.feedback.n_rows), (customers(&by_hand), 2));
    // Parquet's own bytes tell of the batches in which rows came, so that values are compared, all columns of them.
    let values = |path: &PathBuf| {
        let file = fs::File::open(path).expect("there");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        reader.build().expect("Parquet").collect::<Result<Vec<RecordBatch>, _>>().expect("Parquet")
    };
    assert_eq!(values(&own), values(&by_hand.tables.feedback.parts[0]));
}

#[test]
fn a_row_that_is_refused_again_stays_in_quarantine_as_it_was() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes())]);
    case.run(STUDY);
    let before = case.quarantine();
    let corrections = case.corrected_quarantine(&[
        (3, "raw", "12"),
        (6, "raw", "2026-01-04T10:00:00Z"),
        (7, "raw", "6"),
        (8, "record", "5,eve,2026-01-06T10:00:00Z,7,shop\n5,eve,2026-01-06T10:00:00Z,7,shop"),
        (10, "record", "7,\"gil\"\",2026-01-08T10:00:00Z,5,web"),
    ]);
    let intake = case.run_with(STUDY, &corrections, &Cache::none());
    let refused = |reason, column: Option<&str>, raw: &str| Verdict::Refused {
        reason,
        column: column.map(str::to_owned),
        raw: raw.to_owned(),
    };
    let rows: Vec<CorrectedRow> = intake.corrected().cloned().collect();
    assert_eq!(
        verdicts(&rows),
        [
            (3, refused(Reason::OutOfRange, Some("ltr"), "12")),
            // Its time is right now, and the next fault shows.
            (6, refused(Reason::OutOfRange, Some("ltr"), "12")),
            // The id of the row before it.
            (7, refused(Reason::Duplicate, Some("id"), "6")),
            (8, Verdict::NotMade { why: Problem::Rows(2) }),
            (10, refused(Reason::UnclosedQuote, None, "")),
        ]
    );
    let mut after = case.quarantine();
    after.sort_by_key(|line| line["line"].parse::<u64>().expect("a number"));
    assert_eq!(after, before, "the same rows with the same reasons");
    assert_eq!(customers(&intake), ["ann", "fay"]);
    assert!(case.keep(STUDY, &corrections).iter().all(|row| !row.verdict.is_accepted()));
    assert!(Corrections::of_study(&case.study(STUDY)).expect("sound").is_empty());
}

#[test]
fn two_cells_of_a_row_take_two_lines() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes())]);
    case.run(STUDY);
    let mut first = case.quarantine().into_iter().find(|own| own["line"] == "6").expect("there");
    first.insert("raw".to_owned(), "2026-01-04T10:00:00Z".to_owned());
    let mut second = first.clone();
    second.extend([("column".to_owned(), "ltr".to_owned()), ("raw".to_owned(), "2".to_owned())]);
    let corrections = case.sheet(&[first.clone(), second.clone()]);
    assert_eq!(verdicts(&case.keep(STUDY, &corrections)), [(6, Verdict::Used)]);
    assert_eq!(customers(&case.run(STUDY)), ["ann", "fay", "cid"]);
    // Two lines that say other things of one cell.
    let mut third = second.clone();
    third.insert("raw".to_owned(), "3".to_owned());
    let rows = case.keep(STUDY, &case.sheet(&[first, second, third]));
    assert_eq!(verdicts(&rows), [(6, Verdict::NotMade { why: Problem::Contradiction })]);
}

#[test]
fn what_a_spreadsheet_does_to_a_number_is_no_correction() {
    let rows = "id,who,when,ltr\n007,ann,2026-01-01T10:00:00Z,9\n007,bob,2026-01-02T10:00:00Z,9\n8,cid,2026-01-02T10:00:00Z,11\n";
    let case = Case::new(&[("feedback.csv", rows.as_bytes())]);
    let study = STUDY.replace("channel = \"via\"\n", "");
    let corrections = case.corrected(&study, &[(3, "raw", "7"), (4, "raw", "11.0")]);
    let rows = case.keep(&study, &corrections);
    assert_eq!(verdicts(&rows), [(3, Verdict::Unchanged), (4, Verdict::Unchanged)]);
    // As a whole row it is meant.
    let corrections = case.corrected(&study, &[(3, "record", "7,bob,2026-01-02T10:00:00Z,9")]);
    assert_eq!(verdicts(&case.keep(&study, &corrections)), [(3, Verdict::Used)]);
}

#[test]
fn cell_and_row_must_say_the_same() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes())]);
    let row = |ltr: u32| format!("2,bob,2026-01-02T10:00:00Z,{ltr},web");
    let verdict = |raw: &str, ltr: u32| {
        let corrections = case.corrected(STUDY, &[(3, "raw", raw), (3, "record", &row(ltr))]);
        case.run_with(STUDY, &corrections, &Cache::none()).corrected().next().expect("one").verdict.clone()
    };
    assert_eq!(verdict("10", 10), Verdict::Used);
    assert_eq!(verdict("11", 10), Verdict::Used, "the cell was left alone");
    assert_eq!(verdict("10", 9), Verdict::NotMade { why: Problem::Contradiction });
}

#[test]
fn a_changed_file_is_not_corrected_until_somebody_says_so() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes())]);
    case.keep(STUDY, &case.corrected(STUDY, &[(3, "raw", "10")]));
    assert_eq!(customers(&case.run(STUDY)), ["ann", "fay", "bob"]);
    // The very same row at the same line, in a file that has grown.
    case.write("feedback.csv", format!("{ROWS}9,ida,2026-01-09T10:00:00Z,5,web\n"));
    let intake = case.run(STUDY);
    assert_eq!(customers(&intake), ["ann", "fay", "ida"]);
    let stale: Vec<CorrectedRow> = intake.corrected().cloned().collect();
    assert_eq!(verdicts(&stale), [(3, Verdict::Stale)]);
    assert_eq!(intake.account("feedback").expect("read").corrections.as_ref().expect("some").stale, 1);
    assert_eq!(case.quarantine()[0]["line"], "3", "it lies in quarantine, in its place");
    // Asked to, it is found again and belongs to the new content.
    let accepted = Corrections::of_study(&case.study(STUDY)).expect("sound").for_any_content();
    assert_eq!(verdicts(&case.keep(STUDY, &accepted)), [(3, Verdict::Used)]);
    assert_eq!(customers(&case.run(STUDY)), ["ann", "fay", "ida", "bob"]);
    // Another row in its line is another row.
    case.write("feedback.csv", ROWS.replace("2,bob", "2,boo"));
    let accepted = Corrections::of_study(&case.study(STUDY)).expect("sound").for_any_content();
    assert_eq!(verdicts(&case.keep(STUDY, &accepted)), [(3, Verdict::NotThere)]);
    assert_eq!(customers(&case.run(STUDY)), ["ann", "fay"]);
}

#[test]
fn a_row_that_is_sound_by_now_needs_no_correction() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes())]);
    case.keep(STUDY, &case.corrected(STUDY, &[(4, "raw", "bo")]));
    let snapshot = STUDY.replace("customer = \"who\"\ntime = \"when\"", "snapshot = true");
    let intake = case.run(&snapshot);
    let rows: Vec<CorrectedRow> = intake.corrected().cloned().collect();
    assert_eq!(verdicts(&rows), [(4, Verdict::NotNeeded)]);
}

#[test]
fn what_is_in_no_file_or_source_is_said() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes())]);
    case.run(STUDY);
    let mut line = case.quarantine().swap_remove(0);
    line.insert("raw".to_owned(), "10".to_owned());
    let with = |name: &str, value: &str| {
        let mut own = line.clone();
        own.insert(name.to_owned(), value.to_owned());
        let intake = case.run_with(STUDY, &case.sheet(&[own]), &Cache::none());
        intake.corrected().next().expect("one").verdict.clone()
    };
    assert_eq!(with("line", "2"), Verdict::NotThere);
    assert_eq!(with("file", "gone.csv"), Verdict::NotThere);
    assert_eq!(with("fingerprint", "r1"), Verdict::NotThere);
    assert_eq!(with("source", "orders"), Verdict::NotMade { why: Problem::Source });
    assert_eq!(with("column", "unheard of"), Verdict::NotMade { why: Problem::Column("unheard of".to_owned()) });
}

#[test]
fn packed_files_signs_marks_and_folders_make_no_difference() {
    let rows = ROWS.replace(',', ";").replace("\"a; ", "\"a, ").replace('\n', "\r\n");
    let marked = format!("\u{feff}{rows}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(marked.as_bytes()).expect("in memory");
    let gzip = gzip.finish().expect("in memory");
    let case = Case::new(&[("feedback1.csv", marked.as_bytes()), ("feedback2.csv.gz", &gzip)]);
    let study = STUDY.replace("id = \"id\"\n", "");
    case.run(&study);
    let mut lines: Vec<Line> = case.quarantine().into_iter().filter(|own| own["line"] == "3").collect();
    assert_eq!(lines.iter().map(|own| own["file"].as_str()).collect::<Vec<_>>(), ["feedback1.csv", "feedback2.csv.gz"]);
    lines[0].insert("raw".to_owned(), "10".to_owned());
    lines[1].insert("record".to_owned(), "2;bo;2026-01-02T10:00:00Z;10;\"x;y\"".to_owned());
    let rows = case.keep(&study, &case.sheet(&lines));
    assert!(rows.iter().all(|row| row.verdict == Verdict::Used), "{rows:?}");
    let names = customers(&case.run(&study));
    assert_eq!(names[names.len() - 2..], ["bob", "bo"]);
}

#[test]
fn rows_of_exports_are_corrected_with_all_that_the_export_says() {
    let export = fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/typeform/responses.csv"),
    )
    .expect("there");
    let study = "study = { name = \"case\", as_of = 2026-09-30 }\n[sources.feedback]\npath = \"feedback.csv\"\n\
                 recommend = \"How likely are you to <strong>recommend</strong> us?\"\ntime = \"@end\"\n\
                 customer = \"#\"\nid = \"#\"\n";
    let header = export.lines().next().expect("a header");
    // Like the first row of the sample, with a line break in quotes.
    let row = |id: &str, answer: u32| {
        format!(
            "{id},{answer},5,,\"Fast,\nand friendly\",,C-21,completed,2026-02-01 10:00:00,,2026-02-01 10:02:00,abc123,\n"
        )
    };
    let rows = [row("tf1", 9), row("tf2", 12), row("tf3", 8)].concat();
    let case = Case::new(&[("feedback.csv", format!("{header}\n{rows}").as_bytes())]);
    assert_eq!(case.run(study).account("feedback").expect("read").rows_used, 2);
    let rows = case.keep(study, &case.corrected_quarantine(&[(4, "raw", "10")]));
    // The time is in UTC because the export's header says so.
    assert_eq!(verdicts(&rows), [(4, Verdict::Used)]);
    let intake = case.run(study);
    assert_eq!(
        (customers(&intake), intake.tables.feedback.first_t),
        (
            ["tf1", "tf3", "tf2"].map(str::to_owned).to_vec(),
            // date -u -d '2026-02-01 10:02:00' +%s
            Some(1_769_940_120_000_000),
        )
    );
}

#[test]
fn where_keys_are_hashed_cells_without_a_key_are_corrected_and_no_key_is_kept() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes()), ("salt.txt", b"a salt for the tests alone")]);
    let study = format!("{STUDY}[identity]\nhash = {{ salt_file = \"salt.txt\" }}\n");
    case.run(&study);
    // Two rows of the same text but for a key have other fingerprints, and nobody tells them without the salt.
    let plain = masking_free_fingerprint("2,bob,2026-01-02T10:00:00Z,11,web");
    let own = case.quarantine();
    assert!(own.iter().all(|line| line["fingerprint"] != plain && line["fingerprint"].starts_with('r')));
    let corrections = case.corrected_quarantine(&[
        (3, "raw", "10"),
        (4, "raw", "bo"),
        (8, "record", "5,eve,2026-01-06T10:00:00Z,7,shop"),
    ]);
    let rows = case.keep(&study, &corrections);
    assert_eq!(
        verdicts(&rows),
        [
            (3, Verdict::Used),
            (4, Verdict::NotMade { why: Problem::HashedKey("who".to_owned()) }),
            (8, Verdict::NotMade { why: Problem::HashedRow }),
        ]
    );
    let kept = fs::read_to_string(CorrectionsFile::path_of(&case.study(&study))).expect("there");
    assert!(!kept.contains("bob") && kept.contains(",10,"), "{kept}");
    assert_eq!(case.run(&study).account("feedback").expect("read").rows_used, 3);
    // Another salt, another fingerprint: nothing is taken for what it was.
    case.write("salt.txt", "another salt for the tests");
    let intake = case.run(&study);
    assert_eq!(intake.account("feedback").expect("read").rows_used, 2);
    let rows: Vec<CorrectedRow> = intake.corrected().cloned().collect();
    assert_eq!(verdicts(&rows), [(3, Verdict::NotThere)]);
}

/// printf %s ROW | sha256sum | cut -c1-15, with an r in front.
fn masking_free_fingerprint(row: &str) -> String {
    let mut hash = crate::intake::hash::FileHash::default();
    hash.update(row.as_bytes());
    format!("r{}", &hash.finish()[..15])
}

#[test]
fn the_cache_changes_nothing() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes()), ("feedback2.csv", ROWS.as_bytes())]);
    let cache = || Cache::within(&case.path("cache"), 1 << 40);
    case.run_with(STUDY, &Corrections::default(), &cache());
    let corrections = case.corrected(STUDY, &[(3, "raw", "10"), (7, "raw", "17")]);
    let parsed = case.run_with(STUDY, &corrections, &Cache::none());
    let own = (customers(&parsed), parsed.accounts.clone(), case.quarantine());
    for _ in 0..2 {
        let cached = case.run_with(STUDY, &corrections, &cache());
        assert_eq!((customers(&cached), cached.accounts.clone(), case.quarantine()), own);
    }
    let without = case.run_with(STUDY, &Corrections::default(), &cache()).accounts;
    assert_eq!(without, case.run(STUDY).accounts);
}

#[test]
fn a_damaged_file_of_corrections_is_refused_and_not_passed_over() {
    let case = Case::new(&[("feedback.csv", ROWS.as_bytes()), ("study.corrections.csv", b"no,such,thing\n1,2,3\n")]);
    let refused = Intake::run(&case.study(STUDY), &case.folders(), &|_| ()).expect_err("refused");
    assert!(matches!(refused, IntakeError::Corrections { line: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("there is no column `source`"), "{refused}");
}
