//! Damaged exports: nothing panics, and no row comes or goes without a word.

use super::sample_tests::{AGENT_CONNECT, JSON, SEPARATED, rows_below};
use super::*;
use proptest::prelude::*;

/// Whether the rows below a header are as many as they should be, or some have another length and are put aside as ragged.
fn are_seen(bytes: &[u8], delimiter: u8, header: &ExportHeader, n_rows: usize) -> bool {
    let rows = rows_below(bytes, delimiter, header);
    rows.len() == n_rows || rows.iter().any(|row| row.len() != header.n_cells)
}

/// The header of a file as the reader finds it: of the export that `detect` sees, else one line of names; nothing where it
/// is refused.
fn found_header(bytes: &[u8], delimiter: u8) -> Option<ExportHeader> {
    if let Some(format) = detect(bytes, delimiter) {
        return header_of(format, bytes, delimiter).ok();
    }
    let record = super::records::HeaderRecords::new(bytes, delimiter).next().ok()??;
    let columns = ExportColumns::new(ExportFormat::Typeform, Vec::new());
    Some(ExportHeader { columns, n_cells: record.cells.len(), n_bytes: record.n_bytes, n_lines: 0 })
}

/// A bit of each byte, another one for its neighbour. All eight of every byte hold as well; they take a minute.
fn bit_of(at: usize) -> u8 {
    1 << (at * 5 % 8)
}

#[test]
fn a_bit_flipped_in_separated_text_never_changes_the_rows_silently() {
    let agent_connect = (ExportFormat::MedalliaAgentConnect, b',', AGENT_CONNECT, 4);
    for (format, delimiter, bytes, n_rows) in SEPARATED.into_iter().chain([agent_connect]) {
        let whole = header_of(format, bytes, delimiter).expect("sound");
        // Below an unchanged header the rows are unchanged too.
        let is_changed = |header: &ExportHeader| (header.n_bytes, header.n_cells) != (whole.n_bytes, whole.n_cells);
        let mut damaged = bytes.to_vec();
        for at in 0..bytes.len() {
            damaged[at] ^= bit_of(at);
            let place = format!("{format:?}, byte {at}");
            if at >= whole.n_bytes {
                assert!(are_seen(&damaged, delimiter, &whole, n_rows), "{place}");
            } else {
                let said = header_of(format, &damaged, delimiter).ok();
                let found = found_header(&damaged, delimiter);
                for header in [said, found].into_iter().flatten().filter(is_changed) {
                    assert!(are_seen(&damaged, delimiter, &header, n_rows), "{place}");
                }
            }
            damaged[at] ^= bit_of(at);
        }
    }
}

#[test]
fn a_bit_flipped_in_json_is_refused_or_keeps_the_count() {
    for (format, bytes, n_rows) in JSON {
        let mut damaged = bytes.to_vec();
        for at in 0..bytes.len() {
            damaged[at] ^= bit_of(at);
            if let Ok(export) = table_of_json(format, &damaged) {
                assert_eq!(export.table.rows().len(), n_rows, "{format:?}, byte {at}");
                assert_eq!(export.table.names().len(), export.columns.columns().len());
            }
            damaged[at] ^= bit_of(at);
        }
    }
}

#[test]
fn a_file_cut_off_in_its_header_is_refused() {
    for (format, delimiter, bytes, _) in SEPARATED {
        let header = header_of(format, bytes, delimiter).expect("sound");
        for end in 0..header.n_bytes {
            // What is left may be a whole header of fewer columns, and then there is no row.
            if let Ok(cut) = header_of(format, &bytes[..end], delimiter) {
                assert_eq!(rows_below(&bytes[..end], delimiter, &cut).len(), 0, "{format:?}, cut at {end}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), delimiter in prop::sample::select(vec![b',', b';', b'\t', b'"', b'\n'])) {
        let _ = detect(&bytes, delimiter);
        for format in ExportFormat::ALL {
            let _ = header_of(format, &bytes, delimiter);
            let _ = table_of_json(format, &bytes);
        }
    }

    #[test]
    fn no_text_like_an_export_panics(text in "([a-c,\"\r\n{}:\\[\\]]|ImportId|\"\"|Respondent ID|#|\\{\"a\":1\\}){0,60}") {
        let _ = detect(text.as_bytes(), b',');
        for format in ExportFormat::ALL {
            if let Ok(header) = header_of(format, text.as_bytes(), b',') {
                prop_assert!(header.n_bytes <= text.len());
                prop_assert!(header.columns.columns().len() <= header.n_cells);
                let judge = RowJudge::new(&header.columns, &RowRules::default());
                let _ = judge.verdict(|_| text.as_str());
            }
            let _ = table_of_json(format, text.as_bytes());
        }
    }

    #[test]
    fn several_bytes_changed_at_once_panic_nowhere(
        sample in 0..JSON.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (format, bytes, _) = JSON[sample];
        let mut damaged = bytes.to_vec();
        for (at, byte) in changes {
            let at = at.index(damaged.len());
            damaged[at] = byte;
        }
        let _ = detect(&damaged, b',');
        let _ = table_of_json(format, &damaged);
    }
}
