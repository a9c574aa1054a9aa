//! Typed tables in Parquet.

use super::IntakeError;
use super::hash;
use super::number;
use crate::study::Numerals;
use datafusion::arrow::array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that Parquet keeps together, and the query engine reads at a time at most.
const ROW_GROUP_ROWS: usize = 1 << 20;

/// A typed table: Parquet files of one schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name: `feedback`, `transactions`, ...
    pub name: String,
    /// The folder that holds its parts and nothing else.
    pub folder: PathBuf,
    /// Its parts, in the order of the rows.
    pub parts: Vec<PathBuf>,
    /// SHA-256 of its bytes, where the cache knows it ([`Table::fingerprint`]).
    pub sha256: Option<String>,
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub n_rows: u64,
    /// The first instant in its column `t`, in microseconds of UTC, where there is one.
    pub first_t: Option<i64>,
    /// The last.
    pub last_t: Option<i64>,
}

impl Table {
    /// SHA-256 of its bytes, in hexadecimal.
    ///
    /// # Errors
    /// A part that cannot be read.
    pub fn fingerprint(&self) -> io::Result<String> {
        match &self.sha256 {
            Some(known) => Ok(known.clone()),
            None => self.parts.iter().map(|part| hash::of_file(part).map(|own| own.sha256)).collect(),
        }
    }

    /// Whether a column is there and holds numbers.
    pub fn holds_numbers(&self, column: &str) -> bool {
        self.schema.field_with_name(column).is_ok_and(|field| field.data_type() == &DataType::Float64)
    }
}

/// Writes one typed table.
pub(super) struct TableWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    /// For text columns that may turn out to hold numbers: the values seen and whether all were numbers.
    candidates: Vec<Candidate>,
    /// How numbers are written in such columns.
    numerals: Numerals,
}

/// A table that is complete.
pub(super) struct Written {
    /// Text columns that have become numbers.
    pub(super) numbers: BTreeSet<usize>,
}

struct Candidate {
    column: usize,
    n_values: u64,
    all_numbers: bool,
}

impl TableWriter {
    /// `numeric` names text columns that become numbers where every value is one.
    pub(super) fn create(
        folder: &Path,
        schema: SchemaRef,
        numeric: &[String],
        numerals: &Numerals,
    ) -> Result<Self, IntakeError> {
        let path = part_of(folder);
        std::fs::create_dir_all(folder)
            .map_err(|source| IntakeError::Output { file: folder.display().to_string(), source })?;
        let candidates = numeric
            .iter()
            .filter_map(|name| schema.index_of(name).ok())
            .map(|column| Candidate { column, n_values: 0, all_numbers: true })
            .collect();
        let writer = open(&path, &schema)?;
        Ok(Self { path, schema, writer, candidates, numerals: numerals.clone() })
    }

    pub(super) fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), IntakeError> {
        for candidate in &mut self.candidates {
            if candidate.all_numbers
                && let Some(texts) = columns[candidate.column].as_any().downcast_ref::<StringArray>()
            {
                candidate.n_values += (texts.len() - texts.null_count()) as u64;
                candidate.all_numbers =
                    texts.iter().flatten().all(|text| number::parse_written(text, &self.numerals).is_some());
            }
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|error| failed(&self.path, error.into()))?;
        self.writer.write(&batch).map_err(|error| failed(&self.path, error))
    }

    /// Completes the table and says what its columns became.
    pub(super) fn finish(self) -> Result<Written, IntakeError> {
        self.writer.close().map_err(|error| failed(&self.path, error))?;
        let numbers: BTreeSet<usize> = self
            .candidates
            .iter()
            .filter(|candidate| candidate.all_numbers && candidate.n_values > 0)
            .map(|candidate| candidate.column)
            .collect();
        if numbers.is_empty() {
            return Ok(Written { numbers });
        }
        with_numbers(&self.path, &self.schema, &numbers, &self.numerals)?;
        Ok(Written { numbers })
    }
}

/// The file of a table in its folder.
pub(super) fn part_of(folder: &Path) -> PathBuf {
    folder.join("part-00000.parquet")
}

/// The columns of a table, some of whose text has become numbers.
pub(super) fn schema_with_numbers(schema: &SchemaRef, numbers: &BTreeSet<usize>) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| {
            if numbers.contains(&at) {
                Field::new(field.name(), DataType::Float64, true)
            } else {
                field.as_ref().clone()
            }
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn open(path: &Path, schema: &SchemaRef) -> Result<ArrowWriter<File>, IntakeError> {
    let file = File::create(path).map_err(|source| IntakeError::Output { file: path.display().to_string(), source })?;
    // Keys, instants and amounts, which fill most of a table, hardly become smaller: packing and unpacking them took a tenth of the
    // time of a run. Nobody asks for the first and the last text of a page, or for a page by its first number.
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    for field in schema.fields() {
        if field.data_type().is_string() {
            properties =
                properties.set_column_statistics_enabled(field.name().as_str().into(), EnabledStatistics::None);
        }
        // A dictionary of what hardly repeats is work for nothing.
        if matches!(
            field.name().as_str(),
            "row"
                | "response_id"
                | "transaction_id"
                | "order_id"
                | "customer"
                | "referrer"
                | "referred"
                | "t"
                | "amount"
        ) {
            properties = properties.set_column_dictionary_enabled(field.name().as_str().into(), false);
        }
    }
    ArrowWriter::try_new(file, Arc::clone(schema), Some(properties.build())).map_err(|error| failed(path, error))
}

fn failed(path: &Path, source: ParquetError) -> IntakeError {
    IntakeError::OutputTable { file: path.display().to_string(), source }
}

/// Writes a part again with some of its text columns as numbers.
fn with_numbers(
    path: &Path,
    schema: &SchemaRef,
    numbers: &BTreeSet<usize>,
    numerals: &Numerals,
) -> Result<(), IntakeError> {
    let schema = schema_with_numbers(schema, numbers);
    let output = |source| IntakeError::Output { file: path.display().to_string(), source };
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).map_err(output)?)
        .and_then(|builder| builder.build())
        .map_err(|error| failed(path, error))?;
    let rewritten = path.with_extension("rewritten");
    let mut writer = open(&rewritten, &schema)?;
    for batch in reader {
        let batch = batch.map_err(|error| failed(path, error.into()))?;
        let columns = batch
            .columns()
            .iter()
            .enumerate()
            .map(|(at, array)| match array.as_any().downcast_ref::<StringArray>() {
                Some(texts) if numbers.contains(&at) => {
                    let parsed = texts.iter().map(|text| number::parse_written(text?, numerals));
                    Arc::new(parsed.collect::<Float64Array>()) as ArrayRef
                }
                _ => Arc::clone(array),
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|error| failed(path, error.into()))?;
        writer.write(&batch).map_err(|error| failed(path, error))?;
    }
    writer.close().map_err(|error| failed(path, error))?;
    std::fs::rename(&rewritten, path).map_err(output)
}
