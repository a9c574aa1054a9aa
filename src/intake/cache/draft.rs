//! An entry in the making: written beside the others and put among them when its file has been read to its end.

use super::record::{self, ENTRY, EntryRecord, FORMAT_VERSION, PLACE, PartRecord, PieceRecord, TOGETHER};
use super::zone_record::{KnownZones, ZoneRecord};
use crate::intake::account::FileAccount;
use crate::intake::buffer::{Buffered, State};
use crate::intake::check::Checked;
use crate::intake::zones::NamedZones;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// An entry in the making. A cache that cannot be written is done without: its errors end the draft and not the run.
pub(in crate::intake) struct Draft {
    folder: TempDir,
    /// The word for everything but the content of its file, whose size and hash are known at the end.
    key: String,
    parts: Vec<PartRecord>,
    /// The zones that rows named so far, and what is known of zones.
    zones: NamedZones,
    known_zones: Arc<KnownZones>,
    /// Parts that were begun.
    n_begun: usize,
    failed: bool,
}

/// A part about to be written.
pub(in crate::intake) struct Part {
    folder: PathBuf,
    number: usize,
    typed: Option<RecordBatch>,
    pieces: Vec<PieceRecord>,
}

impl Draft {
    /// `folder` lies among the entries.
    pub(super) fn new(folder: TempDir, key: String, known_zones: Arc<KnownZones>) -> Self {
        Self { folder, key, parts: Vec::new(), zones: NamedZones::default(), known_zones, n_begun: 0, failed: false }
    }

    /// The part for some pieces that were checked together; nothing for none, or where the draft has failed.
    pub(in crate::intake) fn part(&mut self, checked: &[Checked]) -> Option<Part> {
        if checked.is_empty() || self.failed {
            return None;
        }
        checked.iter().for_each(|piece| self.zones.merge(&piece.zones));
        let number = self.n_begun;
        self.n_begun += 1;
        let pieces = checked.iter().map(PieceRecord::of).collect();
        match typed(checked) {
            Ok(typed) => Some(Part { folder: self.folder.path().to_owned(), number, typed, pieces }),
            Err(_) => {
                self.failed = true;
                None
            }
        }
    }

    /// Notes that a part was written; they come in the order in which they were begun.
    pub(in crate::intake) fn add(&mut self, written: io::Result<PartRecord>) {
        match written {
            Ok(part) => self.parts.push(part),
            Err(_) => self.failed = true,
        }
    }

    /// Puts the entry among the others. Where another run was faster, its entry stands.
    pub(in crate::intake) fn keep(self, file: &FileAccount, first_line: u64, renames: &BTreeSet<String>) {
        if self.failed {
            return;
        }
        let entry = EntryRecord {
            format_version: FORMAT_VERSION,
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            rows_read: file.rows_read,
            first_line,
            renames: renames.clone(),
            zones: ZoneRecord::of(&self.zones, &self.known_zones),
            parts: self.parts,
        };
        let Ok(json) = serde_json::to_string(&entry) else { return };
        let text = record::sealed(&json);
        let name = super::folder::entry_name(&self.key, file.bytes, &file.sha256);
        let place = self.folder.path().with_file_name(name);
        if fs::write(self.folder.path().join(ENTRY), text).is_ok() && fs::rename(self.folder.path(), place).is_ok() {
            // Nothing is left where the folder was.
            let _ = self.folder.keep();
        }
    }
}

impl Part {
    /// Writes the part's files.
    pub(in crate::intake) fn write(self) -> io::Result<PartRecord> {
        let typed_path = self.folder.join(record::typed_name(self.number));
        let typed_sha256 = match self.typed {
            None => None,
            Some(batch) => {
                let bytes = parquet(&batch).map_err(io::Error::other)?;
                fs::write(typed_path, &bytes)?;
                Some(record::hash(&bytes))
            }
        };
        let json = serde_json::to_vec(&self.pieces)?;
        fs::write(self.folder.join(record::pieces_name(self.number)), &json)?;
        Ok(PartRecord { typed_sha256, pieces_sha256: record::hash(&json) })
    }
}

fn parquet(batch: &RecordBatch) -> Result<Vec<u8>, datafusion::parquet::errors::ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_dictionary_enabled(false);
    for field in batch.schema().fields().iter().filter(|field| field.data_type().is_string()) {
        properties = properties.set_column_dictionary_enabled(field.name().as_str().into(), true);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()))?;
    writer.write(batch)?;
    writer.into_inner()
}

/// The typed columns of some pieces, one below the other; nothing where no column has values.
fn typed(checked: &[Checked]) -> Result<Option<RecordBatch>, datafusion::arrow::error::ArrowError> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for at in 0..checked[0].columns.len() {
        let own: Vec<&Buffered> = checked.iter().map(|piece| &piece.columns[at]).collect();
        let states = || own.iter().flat_map(|column| column.states());
        if states().any(|state| *state == State::Value) {
            let arrays: Vec<ArrayRef> = own.iter().map(|column| column.array()).collect();
            let arrays: Vec<&dyn datafusion::arrow::array::Array> = arrays.iter().map(AsRef::as_ref).collect();
            columns.push((record::column_name(at), concat(&arrays)?));
        }
        if states().any(|state| *state == State::NotApplicable) {
            let flags: BooleanArray = states().map(|state| Some(*state == State::NotApplicable)).collect();
            columns.push((record::not_applicable_name(at), Arc::new(flags)));
        }
    }
    for at in 0..checked[0].versions.len() {
        let arrays: Vec<ArrayRef> = checked.iter().map(|piece| piece.versions[at].array()).collect();
        let arrays: Vec<&dyn datafusion::arrow::array::Array> = arrays.iter().map(AsRef::as_ref).collect();
        columns.push((record::mark_name(at), concat(&arrays)?));
    }
    if checked.iter().any(|piece| !piece.origins.is_empty()) {
        let places = checked.iter().flat_map(|piece| &piece.origins).map(|origin| origin.place as i64);
        columns.push((PLACE.to_owned(), Arc::new(Int64Array::from_iter_values(places))));
    }
    let together = || checked.iter().flat_map(|piece| &piece.origins).map(|origin| origin.together);
    if together().any(|together| together.is_some()) {
        for (name, shift) in TOGETHER.into_iter().zip([64, 0]) {
            // A half of the bits, whatever number they are.
            let half: Int64Array = together().map(|own| own.map(|bits| (bits.get() >> shift) as u64 as i64)).collect();
            columns.push((name.to_owned(), Arc::new(half)));
        }
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map(Some)
}
