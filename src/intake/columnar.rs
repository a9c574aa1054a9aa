//! Rows of Parquet: columns of any type, brought to text, numbers and times.

use super::account::Reason;
use super::cell::Cell;
use super::hash::FileHash;
use super::rows::{Recalled, Rows};
use super::{IntakeError, files::SourceFile};
use datafusion::arrow::array::{
    Array, ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use datafusion::parquet::errors::ParquetError;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows that are read at a time.
const BATCH_ROWS: usize = 1 << 15;
const DAY_US: i64 = 86_400_000_000;

/// One Parquet file, of which the needed columns are read.
pub(super) struct ParquetFile {
    name: String,
    reader: ParquetRecordBatchReader,
}

/// The column names of a Parquet file.
pub(super) fn names(file: &SourceFile) -> Result<Vec<String>, IntakeError> {
    let builder = open(file)?;
    Ok(builder.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect())
}

fn open(file: &SourceFile) -> Result<ParquetRecordBatchReaderBuilder<File>, IntakeError> {
    let handle =
        File::open(&file.path).map_err(|source| IntakeError::Unreadable { file: file.name.clone(), source })?;
    contained(|| ParquetRecordBatchReaderBuilder::try_new(handle))
        .map_err(|source| IntakeError::BadParquet { file: file.name.clone(), source })
}

/// What the foreign reader says; on some damaged files it panics, which is an error about the file and not one of ours.
fn contained<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(ParquetError::General("the file's own description of itself makes no sense".to_owned()))
    })
}

impl ParquetFile {
    /// Opens the file for the columns at some positions.
    pub(super) fn open(file: &SourceFile, positions: &[usize]) -> Result<Self, IntakeError> {
        let builder = open(file)?;
        for &at in positions {
            let field = builder.schema().field(at);
            if target(field.data_type()).is_none() {
                return Err(IntakeError::ColumnType {
                    file: file.name.clone(),
                    column: field.name().clone(),
                    found: field.data_type().to_string(),
                });
            }
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), positions.iter().copied());
        let reader = contained(|| builder.with_projection(mask).with_batch_size(BATCH_ROWS).build())
            .map_err(|source| IntakeError::BadParquet { file: file.name.clone(), source })?;
        Ok(Self { name: file.name.clone(), reader })
    }

    /// The next rows; nothing behind the last.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, IntakeError> {
        contained(|| self.reader.next().transpose().map_err(ParquetError::from))
            .map_err(|source| IntakeError::BadParquet { file: self.name.clone(), source })
    }
}

/// Bytes and SHA-256 of a whole file.
pub(super) fn hash_of(file: &SourceFile) -> Result<(u64, String), IntakeError> {
    let unreadable = |source| IntakeError::Unreadable { file: file.name.clone(), source };
    let mut handle = File::open(&file.path).map_err(unreadable)?;
    let mut hash = FileHash::default();
    let mut piece = vec![0; 1 << 20];
    let mut n_bytes = 0;
    loop {
        let n_read = handle.read(&mut piece).map_err(unreadable)?;
        if n_read == 0 {
            return Ok((n_bytes, hash.finish()));
        }
        hash.update(&piece[..n_read]);
        n_bytes += n_read as u64;
    }
}

/// The type to which a column is brought before it is read cell by cell.
fn target(found: &DataType) -> Option<DataType> {
    use DataType::*;
    match found {
        Null | Boolean | Utf8 | LargeUtf8 | Utf8View | UInt64 => Some(Utf8),
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 => Some(Int64),
        Float16 | Float32 | Float64 => Some(Float64),
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
            Self::Instants(array) => some(array, row, || Cell::Instant(array.value(row))),
            Self::Locals(array) => some(array, row, || Cell::Local(array.value(row))),
            Self::Dates(array) => some(array, row, || Cell::Local(i64::from(array.value(row)) * DAY_US)),
        }
    }
}

/// The rows of one batch.
pub(super) struct ParquetRows {
    columns: Vec<Cells>,
    /// For every column that was asked for, where it stands in `columns`.
    places: Vec<usize>,
    names: Vec<String>,
    n_rows: usize,
    next: usize,
}

impl ParquetRows {
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

/// The row of a batch at a place.
pub(super) fn recall(file: &str, batch: &RecordBatch, positions: &[usize], place: usize) -> Recalled {
    let record = ParquetRows::new(file, batch, positions).map_or_else(
        |_| String::new(),
        |mut rows| {
            rows.next = place + 1;
            rows.record()
        },
    );
    Recalled { line: place as u64, record }
}

impl Rows for ParquetRows {
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
