//! The workbook read back by another program's reader (calamine), cell by cell.

use super::{cells, workbook};
use crate::report::fixture;
use crate::store::Table;
use calamine::{Data, DataType, Range, Reader, Xlsx};
use std::io::{Cursor, Read};

fn opened(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).expect("a workbook")
}

fn made(tables: &[Table]) -> Vec<u8> {
    workbook(&fixture::retail(), tables).expect("made")
}

fn sheet(bytes: Vec<u8>, name: &str) -> Range<Data> {
    opened(bytes).worksheet_range(name).expect("a sheet")
}

fn texts(range: &Range<Data>) -> Vec<String> {
    range.cells().map(|(_, _, cell)| cell.to_string()).collect()
}

#[test]
fn tables_that_hold_something_are_sheets_behind_the_summary() {
    let drivers = Table::new("drivers").texts("driver", ["delivery".to_owned()]).numbers("share", [0.25]);
    let empty = Table::new("changes").numbers("change", Vec::<f64>::new());
    let of_no_sheet = Table::new("driver_pairs").numbers("p_outranks", [0.5]);
    let bytes = made(&[of_no_sheet, empty, drivers]);
    assert_eq!(opened(bytes.clone()).sheet_names(), ["Summary", "Drivers"]);
    let drivers = sheet(bytes, "Drivers");
    assert_eq!(drivers.get_value((2, 1)), Some(&Data::String("share".to_owned())));
    assert_eq!(drivers.get_value((3, 1)), Some(&Data::Float(0.25)));
}

/// The row of the summary whose cell in a column begins so.
fn row_of(summary: &Range<Data>, column: usize, begin: &str) -> Vec<Data> {
    let found = summary.rows().find(|row| row[column].to_string().starts_with(begin));
    found.unwrap_or_else(|| panic!("no row of {begin}")).to_vec()
}

#[test]
fn the_summary_says_what_the_head_of_the_report_says() {
    let summary = sheet(made(&[]), "Summary");
    assert_eq!(summary.get_value((0, 0)), Some(&Data::String("Retail customers, third quarter".to_owned())));
    assert!(texts(&summary).iter().any(|text| text.contains("associations, not causal effects")));
    let number = |row: &[Data], column: usize| row[column].get_float().unwrap_or(f64::NAN);
    // 1,464 promoters and 412 detractors of 2,746; the ends as the summary in Markdown has them.
    let score = row_of(&summary, 0, "All answers");
    assert!((number(&score, 2) - 105_200.0 / 2_746.0).abs() < 1e-9, "{score:?}");
    assert!((number(&score, 3) - 35.5).abs() <= 0.05 && (number(&score, 4) - 41.0).abs() <= 0.05, "{score:?}");
    assert_eq!(score[5], Data::Float(2_746.0));
    // The first three drivers of the first outcome with what `fixture` made up for them, and no fourth.
    let first = row_of(&summary, 1, "1. delivery");
    let titles: Vec<String> = summary.rows().map(|row| row[0].to_string()).collect();
    assert!(titles.contains(&"Would recommend us, 0-10 (recommend)".to_owned()), "{titles:?}");
    assert_eq!(first[2..5], [0.382, 0.334, 0.431].map(Data::Float));
    assert_eq!(row_of(&summary, 1, "3. support")[2], Data::Float(0.164));
    assert!(!texts(&summary).contains(&"4. prices".to_owned()));
    let warning = row_of(&summary, 1, "Those who answered bought more often before the survey");
    assert!(warning[0].to_string().starts_with("Warning, feedback"), "{warning:?}");
}

#[test]
fn what_names_hold_does_not_break_the_file() {
    let names = ["\u{1b}[31mred\u{7}", "not a letter: \u{fffe}", "a _x0041_ b", "<script> & \"quoted\"", "two\nlines"];
    let table = Table::new("findings").texts("about", names.map(str::to_owned));
    let bytes = workbook(&fixture::hostile(), &[table]).expect("made");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.clone())).expect("an archive");
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).expect("there");
        let name = file.name().expect("a name").into_owned();
        let mut part = String::new();
        file.read_to_string(&mut part).expect("text");
        // XML 1.0 has no place for these, written as they are.
        let is_outside = |letter: char| matches!(letter, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        assert!(!part.contains(is_outside), "{name}");
        assert!(!part.contains("<script"), "{name}");
    }
    let shown = sheet(bytes, "Findings");
    assert_eq!(shown.get_value((5, 0)), Some(&Data::String("a _x0041_ b".to_owned())));
    assert_eq!(shown.get_value((6, 0)), Some(&Data::String("<script> & \"quoted\"".to_owned())));
}

#[test]
fn what_begins_like_a_formula_stays_a_text() {
    let said = ["=1+1", "+31 20 1234567", "-5", "@here", "plain"];
    let bytes = made(&[Table::new("findings").texts("about", said.map(str::to_owned))]);
    let formulas = opened(bytes.clone()).worksheet_formula("Findings").expect("a sheet");
    assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()));
    let shown = sheet(bytes, "Findings");
    for (row, text) in (3..).zip(said) {
        assert_eq!(shown.get_value((row, 0)), Some(&Data::String(text.to_owned())));
    }
}

#[test]
fn dates_are_dates_and_names_of_waves_are_not() {
    let table = Table::new("changes")
        .texts("before", ["2025Q1".to_owned(), "2025Q2".to_owned()])
        .texts("after", [Some("2026-09-30".to_owned()), None]);
    let shown = sheet(made(&[table]), "Changes");
    assert_eq!(shown.get_value((3, 0)), Some(&Data::String("2025Q1".to_owned())));
    // Excel counts days from the end of 1899: 2026-09-30 is 46295 (`=DATE(2026,9,30)`).
    assert_eq!(shown.get_value((3, 1)).and_then(|cell| cell.get_datetime()).map(|date| date.as_f64()), Some(46_295.0));
    assert_eq!(shown.get_value((4, 1)), Some(&Data::Empty));
}

#[test]
fn the_file_was_made_on_the_date_of_the_study() {
    let bytes = made(&[]);
    assert!(bytes == made(&[]));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut properties = String::new();
    archive.by_name("docProps/core.xml").expect("there").read_to_string(&mut properties).expect("text");
    assert_eq!(properties.matches("2026-09-30T00:00:00Z").count(), 2, "{properties}");
}

#[test]
fn a_text_that_no_cell_can_hold_is_cut() {
    assert_eq!(cells::cut("abcd", 4), "abcd");
    assert_eq!(cells::cut("abcde", 4), "abc…");
    // A letter outside the first plane takes two units.
    assert_eq!(cells::cut("😀😀😀", 4), "😀…");
    let long = "x".repeat(40_000);
    let shown = sheet(made(&[Table::new("findings").texts("sentence", [long])]), "Findings");
    assert_eq!(shown.get_value((3, 0)).map(|cell| cell.to_string().chars().count()), Some(32_767));
}
