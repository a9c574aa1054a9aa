//! Files with one byte flipped, deleted or put in anywhere: nothing panics, and the rows read are those that an independent
//! count finds, or the file is refused by name.

use super::format_tests::{Folder, packed, sample_workbook, text};
use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::io::Read;
use std::sync::LazyLock;

/// Answers in every packed or binary layout, made once.
static PACKED: LazyLock<Vec<(&'static str, Vec<u8>)>> = LazyLock::new(packed);

/// What happens to one byte.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Flip(u8),
    Delete,
    Insert(u8),
}

fn edits() -> impl Strategy<Value = Edit> {
    // Signs that mean something in a layout come more often than others would.
    let signs = prop::sample::select(b"\"\n\r,;\t|{}[]:\\ 0-".to_vec());
    prop_oneof![
        (0_u8..8).prop_map(|bit| Edit::Flip(1 << bit)),
        Just(Edit::Delete),
        any::<u8>().prop_map(Edit::Insert),
        signs.prop_map(Edit::Insert),
    ]
}

fn edited(bytes: &[u8], at: Index, edit: Edit) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at.index(bytes.len());
    match edit {
        Edit::Flip(bits) => bytes[at] ^= bits,
        Edit::Delete => drop(bytes.remove(at)),
        Edit::Insert(byte) => bytes.insert(at, byte),
    }
    bytes
}

/// Records of separated text with its header, by RFC 4180 and what docs/intake.md says beyond it: any line end, empty lines are
/// none, a quote opens a cell at its beginning only, and one that never closes costs its line.
fn n_records(bytes: &[u8], delimiter: u8) -> usize {
    let is_end = |byte: u8| matches!(byte, b'\n' | b'\r');
    let (mut at, mut n) = (0, 0);
    while at < bytes.len() {
        if is_end(bytes[at]) {
            at += 1;
            continue;
        }
        n += 1;
        let start = at;
        let mut begins_cell = true;
        loop {
            match bytes.get(at) {
                None => break,
                Some(b'"') if begins_cell => {
                    at += 1;
                    // To the quote that is not doubled.
                    loop {
                        match (bytes.get(at), bytes.get(at + 1)) {
                            (Some(b'"'), Some(b'"')) => at += 2,
                            (Some(b'"'), _) | (None, _) => break,
                            _ => at += 1,
                        }
                    }
                    if at == bytes.len() {
                        let line = bytes[start..].iter().position(|&byte| is_end(byte));
                        at = line.map_or(bytes.len(), |length| start + length);
                        break;
                    }
                    at += 1;
                    begins_cell = false;
                }
                Some(&byte) if is_end(byte) => break,
                Some(&byte) => {
                    begins_cell = byte == delimiter;
                    at += 1;
                }
            }
        }
    }
    n
}

fn n_lines(bytes: &[u8]) -> usize {
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count()
}

fn unpacked(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    match name.ends_with(".gz") {
        true => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text).ok()?,
        false => zstd::Decoder::new(bytes).ok()?.read_to_end(&mut text).ok()?,
    };
    Some(text)
}

/// Rows read, all of them accounted for; `None` where the file is refused by its name.
fn rows_read(name: &str, bytes: &[u8], keys: &str) -> Option<u64> {
    let folder = Folder::new();
    folder.write(name, bytes);
    match folder.read(&format!("path = \"{name}\"\nzone = \"UTC\"\n{keys}")) {
        Ok(intake) => {
            let account = &intake.accounts[0];
            assert!(account.adds_up(), "{account:?}");
            assert_eq!(tests::read(&intake.tables.feedback).num_rows() as u64, account.rows_used);
            Some(account.rows_read)
        }
        Err(error) => {
            assert!(error.to_string().contains(name), "{error}");
            None
        }
    }
}

#[test]
fn the_independent_count_is_right_where_it_can_be_seen() {
    for (text, n) in [
        ("a,b\n1,2\n", 2),
        ("a,b\r\n1,2\r\n\r\n3,4", 3),
        ("a\n\"1\n2\"\n3", 3),
        ("a\n\"1\"\"\n2\"x\n3", 3),
        ("a\n5\" disk\n3", 3),
        ("a\n\"never\n3\n4", 4),
        ("a,b\n1,\"never\n3,4", 3),
        ("", 0),
    ] {
        assert_eq!(n_records(text.as_bytes(), b','), n, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_byte_changed_in_separated_text_changes_no_count_silently(
        sign in prop::sample::select(vec![",", ";", "\t", "|"]),
        at in any::<Index>(),
        edit in edits(),
    ) {
        let bytes = edited(text(sign).as_bytes(), at, edit);
        let keys = format!("delimiter = {sign:?}");
        if let Some(n) = rows_read("answers.txt", &bytes, &keys) {
            prop_assert_eq!(n + 1, n_records(&bytes, sign.as_bytes()[0]) as u64);
        }
    }

    #[test]
    fn a_byte_changed_in_json_lines_changes_no_count_silently(at in any::<Index>(), edit in edits()) {
        let (name, bytes) = &PACKED[2];
        let bytes = edited(bytes, at, edit);
        if let Some(n) = rows_read(name, &bytes, "") {
            prop_assert_eq!(n, n_lines(&bytes) as u64);
        }
    }

    #[test]
    fn a_byte_changed_in_packed_text_is_refused_or_is_text_of_as_many_rows(
        layout in 0_usize..2,
        at in any::<Index>(),
        edit in edits(),
    ) {
        let (name, bytes) = &PACKED[layout];
        let bytes = edited(bytes, at, edit);
        let sign = [b',', b';'][layout];
        let keys = format!("delimiter = {:?}", char::from(sign).to_string());
        if let Some(n) = rows_read(name, &bytes, &keys) {
            // A change of the first bytes makes it another file, which is no text of these columns.
            let text = unpacked(name, &bytes).expect("what was read can be unpacked");
            prop_assert_eq!(n + 1, n_records(&text, sign) as u64);
        }
    }

    #[test]
    fn a_byte_changed_in_any_other_layout_is_survived(layout in 3_usize..7, at in any::<Index>(), edit in edits()) {
        let (name, bytes) = &PACKED[layout];
        let sheet = if name.ends_with("xlsx") { "sheet = \"Answers\"" } else { "" };
        let _ = rows_read(name, &edited(bytes, at, edit), sheet);
    }

    /// Every part of these has a checksum.
    #[test]
    fn a_byte_changed_in_a_workbook_of_parts_is_refused_or_leaves_all_rows(
        name in prop::sample::select(vec!["answers.xlsx", "answers.xlsb", "answers.ods"]),
        at in any::<Index>(),
        edit in edits(),
    ) {
        let bytes = if name == "answers.xlsx" { PACKED[4].1.clone() } else { sample_workbook(name) };
        if let Some(n) = rows_read(name, &edited(&bytes, at, edit), "sheet = \"Answers\"") {
            prop_assert_eq!(n, 4);
        }
    }

    /// Nothing in the records of xls would tell that one of them is another: it is survived, and what is read is accounted for.
    #[test]
    fn a_byte_changed_in_xls_is_survived(at in any::<Index>(), edit in edits()) {
        let bytes = sample_workbook("answers.xls");
        let _ = rows_read("answers.xls", &edited(&bytes, at, edit), "sheet = \"Answers\"");
    }

    #[test]
    fn a_bit_flipped_in_sqlite_is_refused_or_leaves_all_rows(at in any::<Index>(), bit in 0_u8..8) {
        let (name, bytes) = &PACKED[5];
        if let Some(n) = rows_read(name, &edited(bytes, at, Edit::Flip(1 << bit)), "") {
            prop_assert_eq!(n, 2);
        }
    }

    #[test]
    fn a_bit_flipped_in_parquet_or_arrow_is_refused_or_leaves_all_rows(
        layout in prop::sample::select(vec![3_usize, 6]),
        at in any::<Index>(),
        bit in 0_u8..8,
    ) {
        let (name, bytes) = &PACKED[layout];
        if let Some(n) = rows_read(name, &edited(bytes, at, Edit::Flip(1 << bit)), "") {
            // As many as were written.
            prop_assert_eq!(n, 4);
        }
    }
}
