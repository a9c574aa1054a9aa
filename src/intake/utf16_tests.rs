//! UTF-16 in every reader of text: what a file in UTF-8 gives is what the same file gives in UTF-16.

use super::*;
use crate::study::Study;
use format_tests::Folder;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// A text as Qualtrics's TSV download and Excel's "Unicode text" hold it: UTF-16, little-endian, with its mark.
pub(super) fn wide(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn wide_big_endian(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
}

#[test]
fn separated_text_by_any_sign_in_both_orders_and_packed() {
    let folder = Folder::new();
    for (name, sign) in [("comma.csv", ","), ("semicolon.csv", ";"), ("tab.txt", "\t"), ("tab.tsv", "\t")] {
        folder.write(name, wide(&format_tests::text(sign)));
        folder.check(&format!("path = \"{name}\""));
        folder.write(name, wide_big_endian(&format_tests::text(sign)));
        folder.check(&format!("path = \"{name}\""));
    }
    let bytes = wide(&format!("sep=;\r\n{}", format_tests::text(";").replace('\n', "\r\n")));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).expect("in memory");
    folder.write("packed.csv.gz", gzip.finish().expect("in memory"));
    folder.check("path = \"packed.csv.gz\"");
    folder.write("packed.zst", zstd::encode_all(&bytes[..], 1).expect("in memory"));
    folder.check("path = \"packed.zst\"");
}

/// The study of a file of answers, and all that intake leaves of it: its account and the files of tables and quarantine.
pub(super) fn left(
    folder: &Folder,
    keys: &str,
    cache: &Cache,
) -> Result<(SourceAccount, BTreeMap<String, Vec<u8>>), IntakeError> {
    for name in ["work", "quarantine"] {
        let _ = std::fs::remove_dir_all(folder.path(name));
    }
    let study =
        format!("study = {{ name = \"case\", as_of = 2026-09-30, zone = \"UTC\" }}\n[sources.feedback]\n{keys}\n");
    let study = Study::parse(&study, &folder.path("")).expect("a sound study");
    let folders = Folders { work: folder.path("work"), quarantine: folder.path("quarantine") };
    let mut account = Intake::run_cached(&study, &folders, cache, &|_| ())?.accounts.swap_remove(0);
    assert!(account.adds_up(), "{account:?}");
    for file in &mut account.files {
        (file.bytes, file.sha256) = (0, String::new());
    }
    let mut files = BTreeMap::new();
    for part in ["work/feedback", "quarantine"] {
        for file in std::fs::read_dir(folder.path(part)).into_iter().flatten().flatten() {
            files.insert(format!("{part}/{:?}", file.file_name()), std::fs::read(file.path()).expect("there"));
        }
    }
    Ok((account, files))
}

/// The same file with tabs between its cells; `is_quoted` says whether the JSON of a header is quoted, as it is in CSV.
fn with_tabs(text: &[u8], is_quoted: bool) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let style = csv::QuoteStyle::Necessary;
    let mut writer =
        csv::WriterBuilder::new().delimiter(b'\t').quote_style(style).flexible(true).from_writer(Vec::new());
    for record in reader.records() {
        writer.write_record(&record.expect("UTF-8")).expect("in memory");
    }
    let text = String::from_utf8(writer.into_inner().expect("in memory")).expect("UTF-8");
    if is_quoted { text } else { text.replace("\"{\"\"", "{\"").replace("\"\"}\"", "\"}").replace("\"\"", "\"") }
}

/// Current exports have three header rows and legacy ones two; in both a row that is put aside stands in its line of the file.
#[test]
fn qualtrics_downloads_with_tabs_are_what_their_csv_is() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    let roles = "recommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"\nid = \"@id\"";
    for (sample, ragged) in [("qualtrics", "R_bad\tx\n"), ("qualtrics_legacy", "R_bad\tx\n")] {
        let text = std::fs::read(samples.join(sample).join("responses.csv")).expect("there");
        for is_quoted in [true, false] {
            let folder = Folder::new();
            let text = with_tabs(&text, is_quoted);
            let text = format!("{}{ragged}", text.trim_start_matches('\u{feff}'));
            let of = |bytes: &[u8]| {
                folder.write("q.tsv", bytes);
                left(&folder, &format!("path = \"q.tsv\"\n{roles}"), &Cache::none()).expect("readable")
            };
            let plain = of(text.as_bytes());
            let (account, files) = &plain;
            assert!(account.rows_used > 0 && account.rows_excluded.len() > 1, "{sample}: {account:?}");
            assert_eq!(account.n_quarantined(), 1, "{sample}: {account:?}");
            assert!(files.len() >= 3, "{:?}", files.keys());
            assert_eq!(of(&wide(&text)), plain, "{sample}");
            assert_eq!(of(&wide_big_endian(&text)), plain, "{sample}");
        }
    }
}

#[test]
fn json_lines_and_a_vendors_json_are_read_in_utf_16() {
    let folder = Folder::new();
    let roles = "customer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"";
    let lines = "{\"who\":\"José 😀\",\"when\":\"2026-01-01T10:00:00Z\",\"ltr\":9}\n{\"who\"\n";
    let of = |name: &str, bytes: &[u8], roles: &str| {
        folder.write(name, bytes);
        left(&folder, &format!("path = \"{name}\"\n{roles}"), &Cache::none()).expect("readable")
    };
    let plain = of("a.jsonl", lines.as_bytes(), roles);
    assert_eq!((plain.0.rows_used, plain.0.n_quarantined()), (1, 1));
    assert_eq!(of("a.jsonl", &wide(lines), roles), plain);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/delighted/survey_responses.json");
    let text = std::fs::read_to_string(sample).expect("there");
    let roles = "snapshot = true\nrecommend = \"@recommend\"";
    assert_eq!(of("d.json", &wide(&text), roles), of("d.json", text.as_bytes(), roles));
}

#[test]
fn a_second_run_takes_utf_16_from_the_cache_and_another_coding_is_another_file() {
    let folder = Folder::new();
    let keys = "path = \"a.csv\"\nid = \"who\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"";
    // Several blocks, with a pair of units at every place of a chunk.
    let mut text = "who,when,ltr\n".to_owned();
    for row in 0..60_000 {
        text += &format!("{}{row}😀,2026-01-01T10:00:00Z,{}\n", "é".repeat(row % 7), row % 12);
    }
    let cache = || Cache::within(&folder.path("cache"), 1 << 40).of_files_alone();
    folder.write("a.csv", &text);
    let plain = left(&folder, keys, &Cache::none()).expect("readable");
    assert_eq!((plain.0.rows_read, plain.0.n_quarantined()), (60_000, 5_000));
    folder.write("a.csv", wide(&text));
    let first = left(&folder, keys, &cache()).expect("readable");
    let n_entries = || std::fs::read_dir(folder.path("cache")).expect("there").count();
    let n_before = n_entries();
    assert_eq!((first == plain, left(&folder, keys, &cache()).expect("readable") == plain), (true, true));
    assert_eq!(n_entries(), n_before);
    folder.write("a.csv", &text);
    assert!(left(&folder, keys, &cache()).expect("readable") == plain);
    assert_eq!(n_entries(), n_before + 1);
}

#[test]
fn what_is_cut_off_within_a_sign_is_refused_with_its_line() {
    let folder = Folder::new();
    let mut bytes = wide(&format_tests::text(","));
    bytes.pop();
    folder.write("a.csv", &bytes);
    let n_before = bytes.len() - 1;
    let refused = folder.read("path = \"a.csv\"").expect_err("refused").to_string();
    assert_eq!(
        refused,
        format!(
            "`a.csv` is not UTF-16 text, as which it begins: line 5, byte {n_before} of the text: it ends with a single byte; \
             save it as UTF-8"
        )
    );
}

#[test]
fn corrected_rows_may_come_back_as_unicode_text() {
    let folder = Folder::new();
    let answers = "who,when,ltr\nann,2026-01-01T10:00:00Z,9\nbob,2026-01-01T10:00:00Z,12\n";
    folder.write("a.csv", answers);
    let keys = "path = \"a.csv\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"";
    let (_, files) = left(&folder, keys, &Cache::none()).expect("readable");
    let (_, quarantine) = files.iter().find(|(name, _)| name.ends_with("feedback.csv\"")).expect("there");
    let text = String::from_utf8(quarantine.clone()).expect("UTF-8").replace(",12,", ",7,");
    folder.write("back.txt", wide(&with_tabs(text.as_bytes(), true)));
    folder.write("back.csv", &text);
    let of = |name: &str| Corrections::read(&folder.path(name)).expect("readable");
    assert_eq!(format!("{:?}", of("back.txt")), format!("{:?}", of("back.csv")));
}
