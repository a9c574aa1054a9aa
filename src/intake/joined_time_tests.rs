//! A date and a time of day in columns of their own: what one column with both gives is what the two give.

use super::*;
use format_tests::{Folder, workbook_with};
use std::collections::BTreeMap;

const ROLES: &str = "customer = \"who\"\nrecommend = \"ltr\"\nzone = \"Europe/Berlin\"";
const TWO: &str = "time = [\"day\", \"clock\"]";

/// The tables and the quarantine that intake leaves of a file.
fn of(folder: &Folder, name: &str, bytes: &[u8], keys: &str) -> (SourceAccount, BTreeMap<String, Vec<u8>>) {
    folder.write(name, bytes);
    utf16_tests::left(folder, &format!("path = \"{name}\"\n{ROLES}\n{keys}"), &Cache::none()).expect("readable")
}

fn text(two: bool, rows: &[(&str, &str)]) -> Vec<u8> {
    let (header, between) = if two { ("day,clock", ",") } else { ("at", " ") };
    let rows = rows.iter().enumerate().map(|(at, (day, clock))| {
        // A date alone ends where its time would begin.
        let time = format!("{day}{between}{clock}");
        format!("c{at},{},{}\n", time.trim_end_matches(' '), at % 11)
    });
    std::iter::once(format!("who,{header},ltr\n")).chain(rows).collect::<String>().into_bytes()
}

#[test]
fn texts_in_two_columns_are_read_as_with_a_blank_between_them() {
    let folder = Folder::new();
    for (rows, format) in [
        (&[("2026-03-01", "10:00"), ("2026-03-29", "02:30:15.25"), ("2026-03-02", "")][..], ""),
        (&[("2026-03-01", "10:00:05+01:00"), ("1 March 2026", "6:05 PM")], ""),
        (&[("03/01/2026", "6:05:00 PM"), ("12/31/2025", "12:00:00 AM")], "time_format = \"%m/%d/%Y %I:%M:%S %p\""),
    ] {
        let one = of(&folder, "a.csv", &text(false, rows), &format!("time = \"at\"\n{format}"));
        let two = of(&folder, "b.csv", &text(true, rows), &format!("{TWO}\n{format}"));
        assert_eq!((one.0.rows_used, two.0.rows_used), (rows.len() as u64, rows.len() as u64), "{rows:?}");
        assert_eq!(two.1, one.1, "{rows:?}");
    }
}

/// LibreOffice and Excel keep 10:00 as 10/24 of a day and 18:05:30 as 65130/86400; 2026-03-01 is day 46082 of their calendar.
#[test]
fn days_and_parts_of_days_in_a_sheet_are_added() {
    let folder = Folder::new();
    let sheet = |rows: &[(&str, &str)]| {
        let word = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let header = ["who", "day", "clock", "ltr"].map(word).concat();
        let rows: String = rows
            .iter()
            .enumerate()
            .map(|(at, (day, clock))| {
                format!("<row r=\"{}\">{}{day}{clock}<c><v>{}</v></c></row>", at + 2, word(&format!("c{at}")), at % 11)
            })
            .collect();
        workbook_with(&[("Sheet", format!("<row r=\"1\">{header}</row>{rows}"))])
    };
    let day = "<c s=\"1\"><v>46082</v></c>";
    let rows =
        [("2026-03-01", "10:00"), ("2026-03-01", "18:05:30"), ("2026-03-01", "00:00"), ("2026-03-01", "18:05:30")];
    let one = of(&folder, "a.csv", &text(false, &rows), "time = \"at\"");
    let bytes = sheet(&[
        (day, "<c s=\"1\"><v>0.41666666666666669</v></c>"),
        // Without the style of a time, and as a text.
        (day, "<c><v>0.75381944444444449</v></c>"),
        (day, "<c><v>0</v></c>"),
        (day, "<c t=\"inlineStr\"><is><t>18:05:30</t></is></c>"),
    ]);
    assert_eq!(of(&folder, "a.xlsx", &bytes, TWO).1, one.1);
    // A day as text beside a time that is none.
    let bytes =
        sheet(&[("<c t=\"inlineStr\"><is><t>01.03.2026</t></is></c>", "<c s=\"1\"><v>0.75381944444444449</v></c>")]);
    let german = of(&folder, "b.xlsx", &bytes, &format!("{TWO}\ntime_format = \"%d.%m.%Y %H:%M:%S\""));
    assert_eq!(german.1, of(&folder, "a.csv", &text(false, &rows[1..2]), "time = \"at\"").1);
}

#[test]
fn what_is_no_time_is_put_aside_with_both_cells() {
    let folder = Folder::new();
    let rows = [("2026-03-01", "10:00"), ("2026-03-01", "25:00"), ("", "10:00")];
    let (account, files) = of(&folder, "a.csv", &text(true, &rows), TWO);
    assert_eq!((account.rows_used, account.n_quarantined()), (1, 2));
    let (_, quarantine) = files.iter().find(|(name, _)| name.ends_with("feedback.csv\"")).expect("there");
    let quarantine = String::from_utf8(quarantine.clone()).expect("UTF-8");
    assert!(
        quarantine.contains("feedback,a.csv,3,\"day, clock\",unparsable,\"day=2026-03-01, clock=25:00\","),
        "{quarantine}"
    );
    assert!(quarantine.contains("feedback,a.csv,4,day,blank,,"), "{quarantine}");
    let missing =
        utf16_tests::left(&folder, &format!("path = \"a.csv\"\n{ROLES}\ntime = [\"day\", \"hour\"]"), &Cache::none());
    let missing = missing.expect_err("refused").to_string();
    assert!(missing.contains("has no column `hour`, which [sources.feedback] names as `time`"), "{missing}");
}

#[test]
fn another_column_of_clocks_is_read_anew_in_spite_of_the_cache() {
    let folder = Folder::new();
    let text = "who,day,clock,other,ltr\nann,2026-03-01,10:00,11:00,9\n";
    folder.write("a.csv", text);
    let cache = || Cache::within(&folder.path("cache"), 1 << 40);
    let left = |keys: &str, cache: &Cache| {
        utf16_tests::left(&folder, &format!("path = \"a.csv\"\n{ROLES}\n{keys}"), cache).expect("readable").1
    };
    let first = left(TWO, &cache());
    let second = left("time = [\"day\", \"other\"]", &cache());
    assert!(first != second);
    assert_eq!((left(TWO, &cache()), left(TWO, &Cache::none())), (first.clone(), first));
}
