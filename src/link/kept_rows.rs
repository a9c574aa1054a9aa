//! Rows that statements gave, kept between runs: the same statement over the same tables gives the same rows, so that a run over files
//! of which nothing has changed joins nothing again.

use super::LinkError;
use datafusion::DATAFUSION_VERSION;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// Raised whenever the same statement over the same tables may give other rows than before, with the engine's version beside it.
const ROWS_VERSION: u32 = 2;
/// Rows in a batch, as the engine makes them.
const BATCH_ROWS: usize = 8192;
/// Rows that are encoded before they are written, and so are held in memory.
const ROW_GROUP_ROWS: usize = 16 * BATCH_ROWS;
/// And bytes.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// Where rows are kept. What goes wrong there costs time and nothing else, but for a whole file that cannot be read to its end.
pub trait RowStore: Send + Sync {
    /// The file that was kept under a word, whole as it was written, and what keeps it from being removed while it is read.
    fn open(&self, word: &str) -> Option<(File, Box<dyn Send>)>;
    /// A place for a file that is to be kept.
    fn draft(&self) -> Option<Box<dyn RowDraft>>;
}

/// A file that is about to be kept; dropped, it leaves nothing behind.
pub trait RowDraft {
    /// Where it is to be written.
    fn path(&self) -> PathBuf;
    /// Keeps the file, which is complete, under a word.
    fn keep(self: Box<Self>, word: &str);
}

/// Where the rows of statements over some tables are kept.
#[derive(Clone)]
pub struct KeptRows {
    store: Arc<dyn RowStore>,
    /// What the tables hold.
    tables: String,
}

impl std::fmt::Debug for KeptRows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KeptRows").field("tables", &self.tables).finish_non_exhaustive()
    }
}

impl KeptRows {
    /// `fingerprints` are the names of all tables of the engine, each with a fingerprint of all its bytes.
    pub fn over<'n>(store: Arc<dyn RowStore>, fingerprints: impl IntoIterator<Item = (&'n str, String)>) -> Self {
        let tables = fingerprints.into_iter().map(|(name, own)| format!("{name} {own}\n")).collect();
        Self { store, tables }
    }

    /// What decides the rows of a statement, in one word; `made_before` is the statement of a table that it reads beside those of the
    /// engine.
    pub(super) fn word(&self, made_before: Option<&str>, statement: &str) -> String {
        let version = format!("{} {ROWS_VERSION} {DATAFUSION_VERSION}", env!("CARGO_PKG_VERSION"));
        let made_before = made_before.unwrap_or_default();
        // The lengths keep apart what stands in one text and what in the next.
        let text = format!(
            "{version}\n{}\n{} {}\n{made_before}\n{statement}",
            self.tables,
            self.tables.len(),
            made_before.len()
        );
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The rows that were kept under a word.
    pub(super) fn find(&self, word: &str) -> Option<Found> {
        let (file, held) = self.store.open(word)?;
        let batches = ParquetRecordBatchReaderBuilder::try_new(file).ok()?.with_batch_size(BATCH_ROWS).build().ok()?;
        Some(Found { batches, _held: held })
    }

    /// Begins to keep the rows of a statement.
    pub(super) fn begin(&self, schema: SchemaRef) -> Option<Keeping> {
        let draft = self.store.draft()?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_dictionary_enabled(false)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES));
        for field in schema.fields().iter().filter(|field| field.data_type().is_string()) {
            properties = properties.set_column_dictionary_enabled(field.name().as_str().into(), true);
        }
        let file = File::create(draft.path()).ok()?;
        let writer = ArrowWriter::try_new(file, schema, Some(properties.build())).ok()?;
        Some(Keeping { writer, draft })
    }
}

/// Rows that were kept.
pub(super) struct Found {
    pub(super) batches: ParquetRecordBatchReader,
    _held: Box<dyn Send>,
}

/// Rows on their way into the store.
pub(super) struct Keeping {
    // Closed before the draft is removed: not every system removes open files.
    writer: ArrowWriter<File>,
    draft: Box<dyn RowDraft>,
}

impl Keeping {
    /// Adds the rows of a batch; nothing where they cannot be written.
    pub(super) fn with(mut self, batch: &RecordBatch) -> Option<Self> {
        self.writer.write(batch).ok().map(|()| self)
    }

    /// Keeps them under a word.
    pub(super) fn keep(self, word: &str) {
        let Self { writer, draft } = self;
        if writer.close().is_ok() {
            draft.keep(word);
        }
    }
}

/// A kept file that says something else than what was written.
pub(super) fn unreadable(doing: &'static str, source: impl Into<ParquetError>) -> LinkError {
    LinkError::Engine { doing, source: DataFusionError::ParquetError(Box::new(source.into())) }
}
