//! Rows put aside, written as they are found: as text that can be corrected, and as Parquet for whoever counts them.

use super::IntakeError;
use super::check::Rejected;
use datafusion::arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The columns of a file of rows put aside, and of one with corrected rows.
pub(super) const COLUMNS: [&str; 8] = ["source", "file", "line", "column", "reason", "raw", "record", "fingerprint"];
/// The column of line numbers, the only one that holds no text.
const LINE: &str = "line";
/// Rows that go to Parquet together.
const BATCH_ROWS: usize = 1 << 14;

/// Writes `quarantine/<source>.csv` and `.parquet`; the files appear with the first row.
pub(super) struct Quarantine {
    source: String,
    stem: PathBuf,
    writers: Option<Writers>,
}

struct Writers {
    csv: csv::Writer<BufWriter<File>>,
    parquet: ArrowWriter<File>,
    rows: Batch,
}

/// Rows on their way to Parquet.
#[derive(Default)]
struct Batch {
    texts: [StringBuilder; COLUMNS.len() - 1],
    lines: Int64Builder,
    n_rows: usize,
}

impl Quarantine {
    pub(super) fn new(folder: &Path, source: &str) -> Self {
        let stem: String = source.chars().map(|sign| if sign.is_alphanumeric() { sign } else { '_' }).collect();
        Self { source: source.to_owned(), stem: folder.join(stem.trim_end_matches('_')), writers: None }
    }

    /// Appends a row; `line` counts from 1 in a text file and is the row's number in Parquet.
    pub(super) fn add(&mut self, file: &str, line: u64, row: &Rejected) -> Result<(), IntakeError> {
        let mut writers = match self.writers.take() {
            Some(writers) => writers,
            None => self.create()?,
        };
        let column = row.column.as_deref().unwrap_or("");
        let texts = [self.source.as_str(), file, column, row.reason.word(), &row.raw, &row.record, &row.fingerprint];
        let [source, file, column, reason, raw, record, fingerprint] = texts;
        let number = line.to_string();
        let written = writers.csv.write_record([source, file, &number, column, reason, raw, record, fingerprint]);
        written.map_err(|error| self.csv_failed(error.into()))?;
        writers.rows.add(texts, line);
        if writers.rows.n_rows >= BATCH_ROWS {
            writers.flush().map_err(|error| self.parquet_failed(error))?;
        }
        self.writers = Some(writers);
        Ok(())
    }

    /// Writes what is still held back.
    pub(super) fn finish(mut self) -> Result<(), IntakeError> {
        self.close()
    }

    fn close(&mut self) -> Result<(), IntakeError> {
        let Some(mut writers) = self.writers.take() else { return Ok(()) };
        writers.csv.flush().map_err(|error| self.csv_failed(error))?;
        let closed = writers.flush().and_then(|()| writers.parquet.close());
        closed.map(|_| ()).map_err(|error| self.parquet_failed(error))
    }

    fn create(&self) -> Result<Writers, IntakeError> {
        if let Some(folder) = self.stem.parent() {
            std::fs::create_dir_all(folder).map_err(|error| self.csv_failed(error))?;
        }
        let file = File::create(self.csv()).map_err(|error| self.csv_failed(error))?;
        let mut csv = csv::Writer::from_writer(BufWriter::new(file));
        csv.write_record(COLUMNS).map_err(|error| self.csv_failed(error.into()))?;
        let file = File::create(self.parquet())
            .map_err(|source| IntakeError::Output { file: self.parquet().display().to_string(), source })?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let parquet =
            ArrowWriter::try_new(file, schema(), Some(properties)).map_err(|error| self.parquet_failed(error))?;
        Ok(Writers { csv, parquet, rows: Batch::default() })
    }

    /// The files of a source, whether there or not.
    pub(super) fn files(folder: &Path, source: &str) -> [PathBuf; 2] {
        let own = Self::new(folder, source);
        [own.csv(), own.parquet()]
    }

    // A source may have a dot in its name, so that nothing of it must be taken for an ending.
    fn csv(&self) -> PathBuf {
        with_ending(&self.stem, ".csv")
    }

    fn parquet(&self) -> PathBuf {
        with_ending(&self.stem, ".parquet")
    }

    fn csv_failed(&self, source: std::io::Error) -> IntakeError {
        IntakeError::Output { file: self.csv().display().to_string(), source }
    }

    fn parquet_failed(&self, source: ParquetError) -> IntakeError {
        IntakeError::OutputTable { file: self.parquet().display().to_string(), source }
    }
}

impl Drop for Quarantine {
    /// A source that is refused half way leaves the rows put aside so far, in files that can be read.
    fn drop(&mut self) {
        // Why it was refused is more important than a file that cannot be written either.
        let _ = self.close();
    }
}

fn with_ending(stem: &Path, ending: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn schema() -> SchemaRef {
    let field = |name: &str| {
        let data_type = if name == LINE { DataType::Int64 } else { DataType::Utf8 };
        Field::new(name, data_type, false)
    };
    Arc::new(Schema::new(COLUMNS.map(field).to_vec()))
}

impl Writers {
    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.rows.n_rows == 0 {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.rows);
        self.parquet.write(&RecordBatch::try_new(schema(), batch.columns())?)
    }
}

impl Batch {
    fn add(&mut self, texts: [&str; COLUMNS.len() - 1], line: u64) {
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_value(text));
        self.lines.append_value(i64::try_from(line).unwrap_or(i64::MAX));
        self.n_rows += 1;
    }

    fn columns(mut self) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> =
            self.texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let line = COLUMNS.iter().position(|name| *name == LINE).unwrap_or(0);
        columns.insert(line, Arc::new(self.lines.finish()));
        columns
    }
}
