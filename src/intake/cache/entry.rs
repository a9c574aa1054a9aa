//! An entry that is whole, and its pieces as they were checked.

use super::record::{self, ENTRY, EntryRecord, FORMAT_VERSION, PLACE, PieceRecord, TOGETHER};
use super::zone_record::KnownZones;
use crate::intake::IntakeError;
use crate::intake::account::FileAccount;
use crate::intake::buffer::Buffered;
use crate::intake::check::{Checked, Origin, buffer_for};
use crate::intake::contract::{Contract, Kind};
use crate::intake::files::SourceFile;
use crate::intake::fingerprints;
use crate::intake::hash;
use crate::intake::zones::NamedZones;
use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// An entry whose every byte is known to be as it was written, and whose zones are what they were.
#[derive(Debug)]
pub(in crate::intake) struct Entry {
    folder: PathBuf,
    record: EntryRecord,
    /// Kept so that nobody removes the entry while it is read; the system drops it with the process.
    _held: File,
}

impl Entry {
    /// Opens an entry for a file of this hash; nothing where it is not there, not whole, not of this hash, or where other
    /// changes of a zone's clocks are known by now.
    pub(super) fn open(folder: &Path, sha256: &str, zones: &KnownZones) -> Option<Self> {
        let held = File::open(folder.join(ENTRY)).ok()?;
        // Somebody is about to remove it. A system without such locks says something else, and is trusted to be used alone.
        if matches!(held.try_lock_shared(), Err(fs::TryLockError::WouldBlock)) {
            return None;
        }
        let text = fs::read_to_string(folder.join(ENTRY)).ok()?;
        let record: EntryRecord = serde_json::from_str(record::unsealed(&text)?).ok()?;
        if record.format_version != FORMAT_VERSION || record.sha256 != sha256 || !record.zones.is_still_so(zones) {
            return None;
        }
        let is_whole = record.parts.par_iter().enumerate().all(|(number, part)| {
            let is =
                |name: String, wanted: &str| hash::of_file(&folder.join(name)).is_ok_and(|own| own.sha256 == wanted);
            let typed = part.typed_sha256.as_ref();
            is(record::pieces_name(number), &part.pieces_sha256)
                && typed.is_none_or(|hash| is(record::typed_name(number), hash))
        });
        if !is_whole {
            return None;
        }
        // When an entry was last of use decides how long it stays; where that cannot be noted, it stays less long.
        let _ =
            File::options().append(true).open(folder.join(ENTRY)).and_then(|own| own.set_modified(SystemTime::now()));
        Some(Self { folder: folder.to_owned(), record, _held: held })
    }

    pub(in crate::intake) fn n_parts(&self) -> usize {
        self.record.parts.len()
    }

    /// The line, or row, with which the first piece begins.
    pub(in crate::intake) fn first_line(&self) -> u64 {
        self.record.first_line
    }

    /// The zones that its rows name.
    pub(in crate::intake) fn zones(&self) -> NamedZones {
        self.record.zones.named()
    }

    /// Columns that the study renames and the file has.
    pub(in crate::intake) fn renames(&self) -> &BTreeSet<String> {
        &self.record.renames
    }

    pub(in crate::intake) fn account(&self, file: &SourceFile) -> FileAccount {
        let EntryRecord { bytes, sha256, rows_read, .. } = &self.record;
        FileAccount { path: file.name.clone(), bytes: *bytes, sha256: sha256.clone(), rows_read: *rows_read }
    }

    /// The pieces of a part as they were checked.
    pub(in crate::intake) fn part(&self, number: usize, contract: &Contract) -> Result<Vec<Checked>, IntakeError> {
        self.columns_of_part(number, contract, |name| !record::is_mark(name))
    }

    /// The same with the ids, the times and the marks of their rows alone: all other columns are gaps.
    pub(in crate::intake) fn versions_of_part(
        &self,
        number: usize,
        contract: &Contract,
    ) -> Result<Vec<Checked>, IntakeError> {
        let is_asked = |at: usize| contract.unique == Some(at) || matches!(contract.columns[at].kind, Kind::Instant(_));
        let asked: BTreeSet<String> =
            (0..contract.columns.len()).filter(|&at| is_asked(at)).map(record::column_name).collect();
        self.columns_of_part(number, contract, |name| {
            name == PLACE || record::is_mark(name) || TOGETHER.contains(&name) || asked.contains(name)
        })
    }

    fn columns_of_part(
        &self,
        number: usize,
        contract: &Contract,
        is_asked: impl Fn(&str) -> bool,
    ) -> Result<Vec<Checked>, IntakeError> {
        let (typed, pieces) = (record::typed_name(number), record::pieces_name(number));
        let unreadable = |name: &str, source: io::Error| IntakeError::Unreadable {
            file: self.folder.join(name).display().to_string(),
            source,
        };
        let json = fs::read(self.folder.join(&pieces)).map_err(|error| unreadable(&pieces, error))?;
        let records: Vec<PieceRecord> =
            serde_json::from_slice(&json).map_err(|error| unreadable(&pieces, error.into()))?;
        let batch = match self.record.parts[number].typed_sha256 {
            Some(_) => Some(read(&self.folder.join(&typed), is_asked).map_err(|error| unreadable(&typed, error))?),
            None => None,
        };
        let mut first = 0;
        let pieces = records.into_iter().map(|record| {
            let rows = batch.as_ref().map(|batch| batch.slice(first, record.n_used));
            first += record.n_used;
            checked(record, rows.as_ref(), contract)
        });
        pieces.collect::<Option<Vec<Checked>>>().ok_or_else(|| {
            unreadable(&typed, io::Error::other("it does not hold what it should; delete the cache folder"))
        })
    }
}

fn read(path: &Path, is_asked: impl Fn(&str) -> bool) -> io::Result<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?).map_err(io::Error::other)?;
    let n_rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let fields = builder.schema().fields().iter().enumerate();
    let asked: Vec<usize> = fields.filter(|(_, field)| is_asked(field.name())).map(|(at, _)| at).collect();
    let schema = Arc::new(builder.schema().project(&asked).map_err(io::Error::other)?);
    let mask = ProjectionMask::roots(builder.parquet_schema(), asked);
    let reader = builder.with_projection(mask).with_batch_size(n_rows.max(1)).build().map_err(io::Error::other)?;
    let batches = reader.collect::<Result<Vec<RecordBatch>, _>>().map_err(io::Error::other)?;
    concat_batches(&schema, &batches).map_err(io::Error::other)
}

/// A piece as it was checked; nothing where the rows are not those of the contract.
fn checked(record: PieceRecord, rows: Option<&RecordBatch>, contract: &Contract) -> Option<Checked> {
    let named = |name: &str| -> Option<&ArrayRef> { rows.and_then(|rows| rows.column_by_name(name)) };
    let mut columns = Vec::with_capacity(contract.columns.len());
    for (at, column) in contract.columns.iter().enumerate() {
        let flags = named(&record::not_applicable_name(at));
        let flags = flags.and_then(|flags| flags.as_any().downcast_ref::<BooleanArray>());
        let mut buffer = buffer_for(&column.kind);
        buffer.restore(record.n_used, named(&record::column_name(at)), flags)?;
        columns.push(buffer);
    }
    let origins = if contract.asks_for_unique_rows() && record.n_used > 0 {
        let integers = |name| named(name).and_then(|array| array.as_any().downcast_ref::<Int64Array>());
        let (places, halves) = (integers(PLACE)?, TOGETHER.map(integers));
        let half = |own: Option<&Int64Array>, row: usize| {
            own.filter(|own| own.is_valid(row)).map(|own| u128::from(own.value(row) as u64))
        };
        let id = |row: usize| contract.unique.and_then(|unique| fingerprints::of_id(columns[unique].text(row)));
        let origin = |row: usize| Origin {
            id: id(row),
            together: half(halves[0], row)
                .zip(half(halves[1], row))
                .map(|(high, low)| fingerprints::of_bits(high << 64 | low)),
            place: usize::try_from(places.value(row)).unwrap_or(0),
        };
        (0..places.len()).map(origin).collect()
    } else {
        Vec::new()
    };
    let mut versions = Vec::new();
    while let Some(marks) = named(&record::mark_name(versions.len())) {
        let mut buffer = Buffered::texts();
        buffer.restore(record.n_used, Some(marks), None)?;
        versions.push(buffer);
    }
    Some(Checked {
        columns,
        n_used: record.n_used,
        n_read: record.n_read,
        excluded: record.excluded,
        tally: record.tally.unwrap_or_default(),
        rejected: record.rejected,
        writings: record.writings,
        changed_times: record.changed_times,
        overruled: record.overruled,
        // The entry has said what there is to say of them.
        zones: NamedZones::default(),
        origins,
        versions,
        n_lines: record.n_lines,
        first_time_has_no_zone: record.first_time_has_no_zone,
    })
}
