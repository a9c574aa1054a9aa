//! What the fuzz targets do with their bytes, without a fuzzer: with sound files, and with these after a byte was changed.

use super::project;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::ipc::writer::{FileWriter, StreamWriter};
use datafusion::parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use proptest::sample::Index;
use std::io::Write;
use std::sync::{Arc, LazyLock};

mod reading;

const TEXT: &[u8] = b"who,when,ltr\nann,2026-01-01T10:00:00Z,9\nbob,2026-01-02T10:00:00Z,3\n";

/// A target and a sound input of it, choosing byte included.
type Seed = (fn(&[u8]), Vec<u8>);

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(seeds);

fn seeds() -> Vec<Seed> {
    let chosen = |choice: u8, bytes: &[u8]| [&[choice], bytes].concat();
    let sample = |path: &str| std::fs::read(project().join("tests").join(path)).expect("a sample");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(TEXT).expect("in memory");
    let gzip = gzip.finish().expect("in memory");
    let zstd = zstd::encode_all(TEXT, 1).expect("in memory");
    let texts = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let columns = [
        ("who", texts(["ann", "bob"])),
        ("when", texts(["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"])),
        ("ltr", texts(["9", "3"])),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("one length");
    let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("opens");
    parquet.write(&batch).expect("written");
    let mut file = FileWriter::try_new(Vec::new(), &batch.schema()).expect("opens");
    file.write(&batch).and_then(|()| file.finish()).expect("written");
    let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("opens");
    stream.write(&batch).and_then(|()| stream.finish()).expect("written");
    vec![
        (reading::separated, chosen(129, TEXT)),
        (reading::json_lines, b"{\"who\": \"b\", \"when\": \"2026-01-01T10:00:00Z\", \"ltr\": 3}\n".to_vec()),
        (reading::exports, chosen(3, &sample("exports/typeform/responses.csv"))),
        // The target puts the first bytes in front itself.
        (reading::packed, chosen(0, &gzip[3..])),
        (reading::packed, chosen(1, &zstd[4..])),
        (reading::workbook, chosen(0, &sample("workbooks/answers.xls"))),
        (reading::workbook, chosen(2, &sample("workbooks/answers.xlsb"))),
        (reading::workbook, chosen(3, &sample("workbooks/answers.ods"))),
        (reading::columnar, chosen(0, &parquet.into_inner().expect("in memory"))),
        (reading::columnar, chosen(1, &file.into_inner().expect("in memory"))),
        (reading::columnar, chosen(2, &stream.into_inner().expect("in memory"))),
    ]
}

#[test]
fn sound_files_are_read_by_every_target() {
    for (target, bytes) in SEEDS.iter() {
        target(bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_changed_byte_is_survived_by_every_target(seed in any::<Index>(), at in any::<Index>(), byte in any::<u8>()) {
        let (target, mut bytes) = SEEDS[seed.index(SEEDS.len())].clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        target(&bytes);
    }

    #[test]
    fn whatever_bytes_are_survived_by_every_target(seed in any::<Index>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        SEEDS[seed.index(SEEDS.len())].0(&bytes);
    }
}
