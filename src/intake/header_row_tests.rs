//! Titles above the names of the columns: what a file without them gives is what the same file gives with them and `header_row`.

use super::*;
use format_tests::{Folder, days_of_answers, rows_of_answers, text, word, workbook_with};

const TITLES: [&str; 5] = [
    "Report\n\n\n",
    "Answers, all of \"2025\"\r\nmade by Ada\r\n\r\n",
    ",,,,\nReport,,,,\n,,,,\n",
    "sep=,\nReport\n\n",
    "\u{feff}5\" wide\n\n\n",
];

#[test]
fn a_text_below_titles_is_read_and_its_rows_stand_in_their_lines() {
    let folder = Folder::new();
    for titles in TITLES {
        folder.write("a.csv", format!("{titles}{}", text(",")));
        folder.check("path = \"a.csv\"\nheader_row = 4");
        folder.write("a.csv", format!("{titles}{}ann,yesterday,3,,\n", text(",")));
        folder.read("path = \"a.csv\"\nheader_row = 4").expect("readable");
        let quarantine = std::fs::read_to_string(folder.path("quarantine/feedback.csv")).expect("written");
        // Three lines above, the names, and four answers.
        assert!(quarantine.contains("feedback,a.csv,9,when,unparsable,yesterday,"), "{quarantine}");
    }
    folder.write("a.csv", text(";"));
    folder.check("path = \"a.csv\"\nheader_row = 1");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, format!("Report\n{}", text(";")).as_bytes()).expect("in memory");
    folder.write("packed.csv.gz", gzip.finish().expect("in memory"));
    folder.check("path = \"packed.csv.gz\"\nheader_row = 2");
}

#[test]
fn who_reads_titles_as_names_hears_of_the_key() {
    let folder = Folder::new();
    let refused = |keys: &str| folder.read(keys).expect_err("refused").to_string();
    for titles in TITLES {
        folder.write("a.csv", format!("{titles}{}", text(",")));
        let message = refused("path = \"a.csv\"");
        assert!(
            message.ends_with("(titles seem to stand above the names of the columns: write header_row = 4)"),
            "{message}"
        );
    }
    let message = refused("path = \"a.csv\"\nheader_row = 40");
    assert!(message.starts_with("`a.csv` ends above row 40, in which `header_row` says"), "{message}");
    // A file whose names are in its first row misses the column and nothing else.
    folder.write("b.csv", text(",").replace("who,", "whom,"));
    assert!(
        refused("path = \"b.csv\"").ends_with("its columns are: whom, when, ltr, via, wait"),
        "{}",
        refused("path = \"b.csv\"")
    );
}

#[test]
fn a_sheet_below_titles_is_read_by_the_number_of_its_row() {
    let folder = Folder::new();
    let titles = format!("<row r=\"1\">{}</row><row r=\"2\">{}</row>", word(0, 1, "Report"), word(0, 2, "made by Ada"));
    let rows = rows_of_answers(4, days_of_answers());
    folder.write("a.xlsx", workbook_with(&[("Report", format!("{titles}{rows}"))]));
    folder.check("path = \"a.xlsx\"\nzone = \"UTC\"\nheader_row = 4");
    // The row above is blank, and who names it means the names below it.
    folder.check("path = \"a.xlsx\"\nzone = \"UTC\"\nheader_row = 3");
    let message = folder.read("path = \"a.xlsx\"\nzone = \"UTC\"").expect_err("refused").to_string();
    assert!(message.ends_with("its columns are: Report, , , ,  (titles seem to stand above the names of the columns: write header_row = 4)"), "{message}");
    let message = folder.read("path = \"a.xlsx\"\nzone = \"UTC\"\nheader_row = 9").expect_err("refused").to_string();
    assert!(message.starts_with("`a.xlsx` ends above row 9"), "{message}");
    // A row that is put aside stands in its row of the sheet.
    let mut days = days_of_answers();
    days[2] = 0.0;
    folder.write("a.xlsx", workbook_with(&[("Report", format!("{titles}{}", rows_of_answers(4, days)))]));
    folder.read("path = \"a.xlsx\"\nzone = \"UTC\"\nheader_row = 4").expect("readable");
    let quarantine = std::fs::read_to_string(folder.path("quarantine/feedback.csv")).expect("written");
    assert!(quarantine.contains("feedback,a.xlsx,7,when,suspicious_date,"), "{quarantine}");
}

#[test]
fn another_row_of_names_is_read_anew_in_spite_of_the_cache() {
    let folder = Folder::new();
    // By its first row the columns are the other way round than by its second.
    folder.write("a.csv", "who,via,ltr,when\nvia,who,ltr,when\nann,bob,9,2026-01-01T10:00:00Z\n");
    let cache = || Cache::within(&folder.path("cache"), 1 << 40);
    let of = |keys: &str, cache: &Cache| {
        let keys = format!("path = \"a.csv\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\n{keys}");
        utf16_tests::left(&folder, &keys, cache).expect("readable")
    };
    let first = of("", &cache());
    assert_eq!((first.0.rows_read, first.0.rows_used), (2, 1));
    let second = of("header_row = 2", &cache());
    assert_eq!((second.0.rows_read, second.0.rows_used), (1, 1));
    assert!(second == of("header_row = 2", &Cache::none()) && second == of("header_row = 2", &cache()));
}
