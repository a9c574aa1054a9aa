//! Damaged exports: nothing panics, and no row comes or goes without a word.

use super::sample_tests::{AGENT_CONNECT, JSON, SEPARATED, rows_below};
use super::*;
use proptest::prelude::*;

/// What reading a file of separated text gives: the rows that have the header's length, and the number of those that have
/// another, which are put aside as ragged.
#[derive(Debug, PartialEq)]
struct Rows {
    n_sound: usize,
    n_ragged: usize,
}

/// Reads a file as the reader does: whatever `detect` finds, else as separated text with one line of names. An export whose
/// header is refused is nothing.
fn read(bytes: &[u8], delimiter: u8) -> Option<Rows> {
    let header = match detect(bytes, delimiter) {
        Some(format) => header_of(format, bytes, delimiter).ok()?,
        None => {
            let mut records = super::records::HeaderRecords::new(bytes, delimiter);
            let record = records.next().ok()??;
            let columns = ExportColumns::new(ExportFormat::Typeform, Vec::new());
            ExportHeader { columns, n_cells: record.cells.len(), n_bytes: record.n_bytes, n_lines: 0 }
        }
    };
    let rows = rows_below(bytes, delimiter, &header);
    let n_sound = rows.iter().filter(|row| row.len() == header.n_cells).count();
    Some(Rows { n_sound, n_ragged: rows.len() - n_sound })
}

/// A bit of each byte, another one for its neighbour. All eight of every byte hold as well; they take a minute.
fn bit_of(at: usize) -> u8 {
    1 << (at * 5 % 8)
}

/// What a bit flipped anywhere in the header of a file may do: the header is refused, the rows are the same, or some are
/// ragged and therefore seen.
#[test]
fn a_bit_flipped_in_a_header_never_changes_the_rows_silently() {
    let agent_connect = (ExportFormat::MedalliaAgentConnect, b',', AGENT_CONNECT, 4);
    for (format, delimiter, bytes, n_rows) in SEPARATED.into_iter().chain([agent_connect]) {
        let header = header_of(format, bytes, delimiter).expect("sound");
        let mut damaged = bytes.to_vec();
        for at in 0..header.n_bytes {
            damaged[at] ^= bit_of(at);
            let place = format!("{format:?}, byte {at}");
            if let Some(rows) = read(&damaged, delimiter) {
                assert!(rows.n_ragged > 0 || rows.n_sound == n_rows, "{place}: {rows:?}");
            }
            // Said to be the format, the file is held to its header.
            if let Ok(header) = header_of(format, &damaged, delimiter) {
                let rows = rows_below(&damaged, delimiter, &header);
                assert!(rows.len() == n_rows || rows.iter().any(|row| row.len() != header.n_cells), "{place}");
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
        let lines = table_of_json_lines(&bytes);
        prop_assert!(lines.rows.len() as u64 <= lines.n_lines);
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
        let _ = table_of_json_lines(&damaged);
    }
}
