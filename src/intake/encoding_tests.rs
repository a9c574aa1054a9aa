//! Other encodings in every reader of text: what a file in UTF-8 gives is what the same file gives in windows-1252.

use super::*;
use format_tests::Folder;
use std::io::Write;
use std::path::Path;
use utf16_tests::left;

/// A text in windows-1252, whose signs up to U+00FF but those from 0x80 to 0x9f have the numbers of their bytes; there the euro is 0x80.
fn western(text: &str) -> Vec<u8> {
    let byte = |sign: char| if sign == '€' { 0x80 } else { u8::try_from(u32::from(sign)).expect("a western sign") };
    text.chars().map(byte).collect()
}

#[test]
fn separated_text_by_any_sign_and_packed() {
    let folder = Folder::new();
    for (name, sign) in [("comma.csv", ","), ("semicolon.csv", ";"), ("tab.tsv", "\t")] {
        folder.write(name, western(&format_tests::text(sign)));
        for label in ["windows-1252", "latin1", "iso-8859-15"] {
            folder.check(&format!("path = \"{name}\"\nencoding = \"{label}\""));
        }
        // Marks come first, and a text without a letter that differs is text of any encoding.
        folder.write(name, format!("\u{feff}{}", format_tests::text(sign)));
        folder.check(&format!("path = \"{name}\"\nencoding = \"windows-1252\""));
        folder.write(name, utf16_tests::wide(&format_tests::text(sign)));
        folder.check(&format!("path = \"{name}\"\nencoding = \"windows-1252\""));
        // UTF-16 that does not say so.
        folder.write(name, &utf16_tests::wide(&format_tests::text(sign))[2..]);
        folder.check(&format!("path = \"{name}\"\nencoding = \"utf-16le\""));
    }
    let bytes = western(&format!("sep=;\r\n{}", format_tests::text(";").replace('\n', "\r\n")));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).expect("in memory");
    folder.write("packed.csv.gz", gzip.finish().expect("in memory"));
    folder.check("path = \"packed.csv.gz\"\nencoding = \"windows-1252\"");
    folder.write("packed.zst", zstd::encode_all(&bytes[..], 1).expect("in memory"));
    folder.check("path = \"packed.zst\"\nencoding = \"windows-1252\"");
}

#[test]
fn what_cannot_be_is_refused_with_its_place_and_the_key() {
    let folder = Folder::new();
    let text = format_tests::text(",");
    folder.write("a.csv", western(&text));
    let refused = |keys: &str| folder.read(&format!("path = \"a.csv\"\n{keys}")).expect_err("refused").to_string();
    let at = text.find('é').expect("there");
    assert!(
        refused("").starts_with(&format!(
            "`a.csv` is not UTF-8 text: line 4, byte {at} of the file; write its encoding, as in encoding = \"windows-1252\""
        )),
        "{}",
        refused("")
    );
    folder.write("a.csv", text.as_bytes());
    assert_eq!(
        refused("encoding = \"windows-1252\""),
        format!(
            "`a.csv` is not in windows-1252, as `encoding` says: line 4, byte {at} of the text: from there to the end all of it is UTF-8, \
             for which `encoding` is left out; see in which encoding it was written"
        )
    );
    let bytes: Vec<u8> = western(&text).into_iter().map(|byte| if byte == 0xe9 { 0x81 } else { byte }).collect();
    folder.write("a.csv", bytes);
    assert!(
        refused("encoding = \"windows-1252\"").contains(&format!("line 4, byte {at} of the text: what stands there"))
    );
}

/// A row that is put aside stands in its line, with its signs as they are meant; another encoding is another reading of the same bytes.
#[test]
fn a_second_run_takes_it_from_the_cache_and_another_encoding_is_read_anew() {
    let folder = Folder::new();
    let keys = |encoding: &str| {
        format!("path = \"a.csv\"\nid = \"who\"\ncustomer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"\n{encoding}")
    };
    let mut text = "who,when,ltr\n".to_owned();
    for row in 0..60_000 {
        text += &format!("{}{row}é,2026-01-01T10:00:00Z,{}\n", "é".repeat(row % 7), row % 12);
    }
    let cache = || Cache::within(&folder.path("cache"), 1 << 40).of_files_alone();
    let western_key = keys("encoding = \"windows-1252\"");
    folder.write("a.csv", &text);
    let plain = left(&folder, &keys(""), &Cache::none()).expect("readable");
    assert_eq!((plain.0.rows_read, plain.0.n_quarantined()), (60_000, 5_000));
    folder.write("a.csv", western(&text));
    assert!(left(&folder, &western_key, &Cache::none()).expect("readable") == plain);
    assert!(left(&folder, &western_key, &cache()).expect("readable") == plain);
    assert!(left(&folder, &western_key, &cache()).expect("readable") == plain);
    // In ISO 8859-5 the byte of é is щ (Python: b"\xe9".decode("iso8859-5")).
    let eastern = left(&folder, &keys("encoding = \"iso-8859-5\""), &cache()).expect("readable");
    folder.write("a.csv", text.replace('é', "щ"));
    assert!(eastern == left(&folder, &keys(""), &Cache::none()).expect("readable"));
    assert!(eastern != plain);
}

#[test]
fn exports_and_lines_of_json_are_read_in_it() {
    let folder = Folder::new();
    let roles = "recommend = \"@recommend\"\ncustomer = \"@external_reference\"\ntime = \"@end\"\nid = \"@id\"";
    let of = |name: &str, bytes: &[u8], keys: &str| {
        folder.write(name, bytes);
        left(&folder, &format!("path = \"{name}\"\n{keys}"), &Cache::none()).expect("readable")
    };
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/qualtrics/responses.csv");
    let text = std::fs::read_to_string(sample).expect("there");
    let text = format!("{}R_bad,é\n", text.trim_start_matches('\u{feff}'));
    let plain = of("q.csv", text.as_bytes(), roles);
    assert!(plain.0.rows_used > 0 && plain.0.n_quarantined() == 1, "{:?}", plain.0);
    let text: String =
        text.chars().map(|sign| if u32::from(sign) > 0xff && sign != '€' { '?' } else { sign }).collect();
    let plain = of("q.csv", text.as_bytes(), roles);
    assert_eq!(of("q.csv", &western(&text), &format!("{roles}\nencoding = \"windows-1252\"")), plain);
    let roles = "customer = \"who\"\ntime = \"when\"\nrecommend = \"ltr\"";
    let lines = "{\"who\":\"José €\",\"when\":\"2026-01-01T10:00:00Z\",\"ltr\":9}\n{\"who\"\n";
    let plain = of("a.jsonl", lines.as_bytes(), roles);
    assert_eq!((plain.0.rows_used, plain.0.n_quarantined()), (1, 1));
    assert_eq!(of("a.jsonl", &western(lines), &format!("{roles}\nencoding = \"windows-1252\"")), plain);
}
