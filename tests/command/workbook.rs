//! `report.xlsx` against the tables of the same run.

use super::runs::company;
use super::{advocate, folder, stderr};
use calamine::{Data, Reader, Xlsx, open_workbook};
use std::path::Path;

/// A cell as the tables write it.
fn written(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(value) => value.to_string(),
        other => other.to_string(),
    }
}

/// The rows of a sheet below the names of its columns, and these.
fn rows(path: &Path, sheet: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut workbook: Xlsx<_> = open_workbook(path).expect("a workbook");
    let range = workbook.worksheet_range(sheet).expect("a sheet");
    let mut rows = range.rows().map(|row| row.iter().map(written).collect::<Vec<String>>());
    (rows.nth(2).expect("names"), rows.collect())
}

#[test]
fn every_sheet_holds_the_cells_of_its_table() {
    let folder = folder();
    company(folder.path());
    let output = advocate(folder.path(), &["run", "small.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let results = folder.path().join("results/small/2026-09-29");
    let book = results.join("report.xlsx");
    let sheets = [
        ("Drivers", "drivers"),
        ("Coefficients", "coefficients"),
        ("Fits", "fits"),
        ("Measures", "measures"),
        ("Say and do", "say_do"),
        ("Influence", "influence"),
        ("Seeds", "seeds"),
        ("Findings", "findings"),
    ];
    for (sheet, table) in sheets {
        let (names, shown) = rows(&book, sheet);
        let mut csv = csv::Reader::from_path(results.join("tables").join(format!("{table}.csv"))).expect("a table");
        let header: Vec<String> = csv.headers().expect("names").iter().map(|name| name.replace('_', " ")).collect();
        assert_eq!(names, header, "{sheet}");
        let wanted: Vec<Vec<String>> =
            csv.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        assert!(!wanted.is_empty() && wanted.len().min(1_000) == shown.len(), "{sheet}: {}", shown.len());
        for (row, (shown, wanted)) in shown.iter().zip(&wanted).enumerate() {
            assert_eq!(shown, wanted, "{sheet}, row {row}");
        }
    }
    let manifest = std::fs::read_to_string(results.join("manifest.json")).expect("a manifest");
    assert!(manifest.contains("\"report.xlsx\""));
}
