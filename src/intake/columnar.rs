//! Rows of Parquet and Arrow: columns of any type, brought to text, numbers and times.

use super::IntakeError;
use super::account::Reason;
use super::arrow_lengths;
use super::cell::Cell;
use super::files::{Layout, SourceFile};
use super::rows::{Recalled, Rows};
use datafusion::arrow::array::{
    Array, ArrayRef, Date32Array, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::{FileReader, StreamReader};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows that are read at a time.
const BATCH_ROWS: usize = 1 << 15;

/// The first bytes of an Arrow IPC file; a stream has none.
pub(super) const ARROW_FILE: &[u8] = b"ARROW1";

/// One Parquet or Arrow file, of which the needed columns are read.
pub(super) struct Batches {
    name: String,
    reader: Reader,
    /// What is left of a batch that was larger than what is checked together.
    rest: Option<RecordBatch>,
}

enum Reader {
    Parquet(ParquetRecordBatchReader),
    ArrowFile(FileReader<BufReader<File>>),
    ArrowStream(StreamReader<BufReader<File>>),
}

/// The column names of a Parquet or Arrow file.
pub(super) fn names(file: &SourceFile) -> Result<Vec<String>, IntakeError> {
    let schema = match file.layout {
        Layout::Arrow => open_arrow(file, None)?.schema(),
        _ => open_parquet(file)?.schema().clone(),
    };
    Ok(schema.fields().iter().map(|field| field.name().trim().to_owned()).collect())
}

/// A column that can be read cell by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReadableColumn {
    /// Its place in the file.
    pub(super) position: usize,
    pub(super) name: String,
}

/// The columns of a Parquet or Arrow file that hold text, numbers or times; of bytes that nobody calls text, not.
pub(super) fn readable(file: &SourceFile) -> Result<Vec<ReadableColumn>, IntakeError> {
    let schema = match file.layout {
        Layout::Arrow => open_arrow(file, None)?.schema(),
        _ => open_parquet(file)?.schema().clone(),
    };
    let fields = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !field.data_type().is_binary() && target(field.data_type()).is_some());
    Ok(fields.map(|(position, field)| ReadableColumn { position, name: field.name().trim().to_owned() }).collect())
}

fn handle(file: &SourceFile) -> Result<File, IntakeError> {
    File::open(&file.path).map_err(|source| IntakeError::Unreadable { file: file.name.clone(), source })
}

fn open_parquet(file: &SourceFile) -> Result<ParquetRecordBatchReaderBuilder<File>, IntakeError> {
    let handle = handle(file)?;
    let opened = contained(|| ParquetRecordBatchReaderBuilder::try_new(handle));
    opened
        .and_then(|builder| counts_agree(builder.metadata()).map(|()| builder))
        .map_err(|source| IntakeError::BadParquet { file: file.name.clone(), source })
}

/// A file says three times how many rows it has. The reader believes one of them, and rows that it does not read are missed by
/// nobody.
fn counts_agree(metadata: &ParquetMetaData) -> Result<(), ParquetError> {
    let of_groups: i64 = metadata.row_groups().iter().map(RowGroupMetaData::num_rows).sum();
    let stated = metadata.file_metadata().num_rows();
    // A list may hold several values a row.
    let is_of_rows = |column: &&ColumnChunkMetaData| column.column_descr().max_rep_level() == 0;
    let disagrees = |group: &RowGroupMetaData| {
        group.columns().iter().filter(is_of_rows).any(|column| column.num_values() != group.num_rows())
    };
    if of_groups != stated || metadata.row_groups().iter().any(disagrees) {
        return Err(ParquetError::General(format!("it says that it has {stated} rows, and its parts hold others")));
    }
    Ok(())
}

fn open_arrow(file: &SourceFile, columns: Option<Vec<usize>>) -> Result<Reader, IntakeError> {
    let first = super::unpacked::first_bytes(&file.path, ARROW_FILE.len() as u64)
        .map_err(|source| IntakeError::Unreadable { file: file.name.clone(), source })?;
    let bad = |message: String| IntakeError::BadArrow { file: file.name.clone(), message };
    let handle = BufReader::new(handle(file)?);
    let is_file = first == ARROW_FILE;
    let lengths = BufReader::new(self::handle(file)?);
    if is_file { arrow_lengths::check_file(lengths) } else { arrow_lengths::check_stream(lengths) }.map_err(bad)?;
    let reader = contained_arrow(|| {
        Ok(if is_file {
            Reader::ArrowFile(FileReader::try_new(handle, columns)?)
        } else {
            Reader::ArrowStream(StreamReader::try_new(handle, columns)?)
        })
    });
    reader.map_err(|error| bad(error.to_string()))
}

const SENSELESS: &str = "the file's own description of itself makes no sense";

/// What the foreign reader says; on some damaged files it panics, which is an error about the file and not one of ours.
fn contained<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(ParquetError::General(SENSELESS.to_owned())))
}

fn contained_arrow<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(ArrowError::IpcError(SENSELESS.to_owned())))
}

impl Reader {
    fn schema(&self) -> SchemaRef {
        match self {
            Self::Parquet(reader) => datafusion::arrow::array::RecordBatchReader::schema(reader),
            Self::ArrowFile(reader) => reader.schema(),
            Self::ArrowStream(reader) => reader.schema(),
        }
    }
}

impl Batches {
    /// Opens the file for the columns at some positions.
    pub(super) fn open(file: &SourceFile, positions: &[usize]) -> Result<Self, IntakeError> {
        let mut read = positions.to_vec();
        read.sort_unstable();
        read.dedup();
        let reader = match file.layout {
            Layout::Arrow => open_arrow(file, Some(read))?,
            _ => {
                let builder = open_parquet(file)?;
                let mask = ProjectionMask::roots(builder.parquet_schema(), read);
                let reader = contained(|| builder.with_projection(mask).with_batch_size(BATCH_ROWS).build());
                Reader::Parquet(reader.map_err(|source| IntakeError::BadParquet { file: file.name.clone(), source })?)
            }
        };
        if let Some(field) = reader.schema().fields().iter().find(|field| target(field.data_type()).is_none()) {
            return Err(IntakeError::ColumnType {
                file: file.name.clone(),
                column: field.name().clone(),
                found: field.data_type().to_string(),
            });
        }
        Ok(Self { name: file.name.clone(), reader, rest: None })
    }

    /// Opens the file for some of its rows: about half of them at its head, the others in runs all over it. An Arrow file
    /// is read whole, since its rows cannot be gone to.
    pub(super) fn some(file: &SourceFile, positions: &[usize], n_rows: usize) -> Result<SomeBatches, IntakeError> {
        let whole = || Ok(SomeBatches { batches: Self::open(file, positions)?, is_whole: true });
        if file.layout == Layout::Arrow {
            return whole();
        }
        let builder = open_parquet(file)?;
        let n_there = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        if n_there <= n_rows {
            return whole();
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), positions.iter().copied());
        let builder =
            builder.with_projection(mask).with_row_selection(runs(n_there, n_rows)).with_batch_size(BATCH_ROWS);
        let reader = contained(|| builder.build())
            .map_err(|source| IntakeError::BadParquet { file: file.name.clone(), source })?;
        let batches = Self { name: file.name.clone(), reader: Reader::Parquet(reader), rest: None };
        Ok(SomeBatches { batches, is_whole: false })
    }

    /// The next rows; nothing behind the last.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, IntakeError> {
        let batch = match self.rest.take() {
            Some(batch) => Some(batch),
            None => self.read()?,
        };
        let Some(batch) = batch else { return Ok(None) };
        if batch.num_rows() > BATCH_ROWS {
            self.rest = Some(batch.slice(BATCH_ROWS, batch.num_rows() - BATCH_ROWS));
            return Ok(Some(batch.slice(0, BATCH_ROWS)));
        }
        Ok(Some(batch))
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, IntakeError> {
        let file = || self.name.clone();
        let bad_arrow = |error: ArrowError| IntakeError::BadArrow { file: file(), message: error.to_string() };
        match &mut self.reader {
            Reader::Parquet(reader) => contained(|| reader.next().transpose().map_err(ParquetError::from))
                .map_err(|source| IntakeError::BadParquet { file: file(), source }),
            Reader::ArrowFile(reader) => contained_arrow(|| reader.next().transpose()).map_err(bad_arrow),
            Reader::ArrowStream(reader) => contained_arrow(|| reader.next().transpose()).map_err(bad_arrow),
        }
    }
}

/// A file opened for some of its rows.
pub(super) struct SomeBatches {
    pub(super) batches: Batches,
    /// Whether these are all rows.
    pub(super) is_whole: bool,
}

/// Runs of rows behind the head of a file, the last of which ends where the file ends.
const RUNS: usize = 16;

/// About `n_rows` of more rows: the head, and runs at equal distances.
fn runs(n_there: usize, n_rows: usize) -> RowSelection {
    let run = (n_rows / 2 / RUNS).max(1);
    let head = (n_rows / 2).max(1);
    let mut chosen = vec![RowSelector::select(head)];
    let mut at = head;
    for place in 1..=RUNS {
        let start = head + (n_there - run).saturating_sub(head) * place / RUNS;
        if start >= at && start + run <= n_there {
            chosen.push(RowSelector::skip(start - at));
            chosen.push(RowSelector::select(run));
            at = start + run;
        }
    }
    RowSelection::from(chosen)
}

/// The type to which a column is brought before it is read cell by cell.
fn target(found: &DataType) -> Option<DataType> {
    use DataType::*;
    match found {
        // Older writers do not say that their bytes are text; where they are none, the cast fails.
        Null | Boolean | Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | UInt64 => Some(Utf8),
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 => Some(Int64),
        Float16 | Float32 => Some(Float32),
        Float64 => Some(Float64),
        // Warehouses write keys as decimals without a fraction; as floating point they would lose digits.
        Decimal32(precision, 0) | Decimal64(precision, 0) | Decimal128(precision, 0) | Decimal256(precision, 0) => {
            Some(if *precision <= 18 { Int64 } else { Utf8 })
        }
        Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..) => Some(Float64),
        Timestamp(_, zone) => Some(Timestamp(TimeUnit::Microsecond, zone.clone())),
        Date32 | Date64 => Some(Date32),
        Dictionary(_, values) => target(values),
        _ => None,
    }
}

/// One column, ready to be read cell by cell.
enum Cells {
    Texts(StringArray),
    Integers(Int64Array),
    Numbers(Float64Array),
    Singles(Float32Array),
    Instants(TimestampMicrosecondArray),
    Locals(TimestampMicrosecondArray),
    Dates(Date32Array),
}

impl Cells {
    fn of(array: &ArrayRef) -> Option<Self> {
        let target = target(array.data_type())?;
        // Unsafe casts only: a value that does not fit is an error and not a gap.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let array = cast_with_options(array, &target, &options).ok()?;
        let any = array.as_any();
        match target {
            DataType::Utf8 => any.downcast_ref().cloned().map(Self::Texts),
            DataType::Int64 => any.downcast_ref().cloned().map(Self::Integers),
            DataType::Float64 => any.downcast_ref().cloned().map(Self::Numbers),
            DataType::Float32 => any.downcast_ref().cloned().map(Self::Singles),
            DataType::Timestamp(_, Some(_)) => any.downcast_ref().cloned().map(Self::Instants),
            DataType::Timestamp(_, None) => any.downcast_ref().cloned().map(Self::Locals),
            _ => any.downcast_ref().cloned().map(Self::Dates),
        }
    }

    fn cell(&self, row: usize) -> Cell<'_> {
        fn some<'r>(array: &impl Array, row: usize, cell: impl FnOnce() -> Cell<'r>) -> Cell<'r> {
            if array.is_null(row) { Cell::Missing } else { cell() }
        }
        match self {
            Self::Texts(array) => some(array, row, || Cell::Text(array.value(row).trim())),
            Self::Integers(array) => some(array, row, || Cell::Integer(array.value(row))),
            Self::Numbers(array) => some(array, row, || Cell::Number(array.value(row))),
            Self::Singles(array) => some(array, row, || Cell::Single(array.value(row))),
            Self::Instants(array) => some(array, row, || Cell::Instant(array.value(row))),
            Self::Locals(array) => some(array, row, || Cell::Local(array.value(row))),
            Self::Dates(array) => some(array, row, || Cell::Day(array.value(row))),
        }
    }
}

/// The rows of one batch.
pub(super) struct BatchRows {
    columns: Vec<Cells>,
    /// For every column that was asked for, where it stands in `columns`.
    places: Vec<usize>,
    names: Vec<String>,
    n_rows: usize,
    next: usize,
}

impl BatchRows {
    /// `positions` are those of the file's columns that were asked for, in the order of the contract.
    pub(super) fn new(file: &str, batch: &RecordBatch, positions: &[usize]) -> Result<Self, IntakeError> {
        // The reader hands out each needed column once, in the order of the file.
        let mut read = positions.to_vec();
        read.sort_unstable();
        read.dedup();
        let places = positions.iter().map(|at| read.binary_search(at).unwrap_or(0)).collect();
        let mut columns = Vec::new();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            columns.push(Cells::of(array).ok_or_else(|| IntakeError::ColumnType {
                file: file.to_owned(),
                column: field.name().clone(),
                found: format!("{} with values beyond what can be read", field.data_type()),
            })?);
        }
        let names = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        Ok(Self { columns, places, names, n_rows: batch.num_rows(), next: 0 })
    }
}

/// The rows of a batch at some places.
pub(super) fn recall(file: &str, batch: &RecordBatch, positions: &[usize], places: &[usize]) -> Vec<Recalled> {
    let mut rows = BatchRows::new(file, batch, positions).ok();
    let recalled = |&place: &usize| {
        let record = rows.as_mut().map(|rows| {
            rows.next = place + 1;
            rows.record()
        });
        Recalled { line: place as u64, record: record.unwrap_or_default() }
    };
    places.iter().map(recalled).collect()
}

impl Rows for BatchRows {
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        (self.next < self.n_rows).then(|| {
            self.next += 1;
            Ok(())
        })
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        self.columns[self.places[column]].cell(self.next - 1)
    }

    fn line(&mut self) -> u64 {
        self.next as u64 - 1
    }

    fn place(&self) -> usize {
        self.next - 1
    }

    fn record(&self) -> String {
        let mut scratch = String::new();
        let cells: Vec<String> = self
            .columns
            .iter()
            .zip(&self.names)
            .map(|(column, name)| format!("{name}={}", column.cell(self.next - 1).text(&mut scratch)))
            .collect();
        cells.join(",")
    }
}
