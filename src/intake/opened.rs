//! A file opened by its layout: its header is read, its columns are found, and its pieces are handed to whoever asks.

use super::IntakeError;
use super::amending::{Amending, amend};
use super::blocks::{Block, Blocks, count_lines};
use super::check::check;
use super::columnar::{self, BatchRows, Batches};
use super::contract::{Column, Contract};
use super::database::{Selection, SqliteRows};
use super::exports::{self, ExportError, ExportFormat, ExportTable};
use super::files::{Layout, SourceFile};
use super::hash::HashedFile;
use super::json_lines;
use super::opened_text::{OpenedText, block_bytes};
use super::pieces::{Pieces, Visit};
use super::places::{Columns, Places};
use super::sheet_export::Sheet;
use super::unpacked::Unpacked;
use super::value::{self, ValueChunk, ValueRows};
use super::workbook::{self, SheetRows};
use crate::study::Files;
use datafusion::arrow::array::RecordBatch;
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

/// Blocks of text that are in hand at a time for each thread; more evens out the work, fewer saves memory.
pub(super) const BLOCKS_PER_THREAD: usize = 4;

/// A file and how its source says to read it.
#[derive(Clone, Copy)]
pub(super) struct Reading<'f> {
    pub(super) file: &'f SourceFile,
    pub(super) files: &'f Files,
}

/// A file about to be opened.
pub(super) struct Opening<'o> {
    pub(super) reading: Reading<'o>,
    pub(super) contract: &'o Contract,
    /// Hears of the columns that the study renames and the file has.
    pub(super) renames: &'o mut BTreeSet<String>,
}

/// What came of a visit to a file's pieces.
pub(super) struct Visited<T> {
    pub(super) out: T,
    /// The text from which the pieces came, where they came from text.
    pub(super) blocks: Option<Blocks>,
    /// Whether it lacks columns that other files of its source have, so that what became of it depends on them.
    pub(super) is_partial: bool,
}

impl<T> Visited<T> {
    /// Bytes and SHA-256 of the whole file.
    pub(super) fn fingerprint(self, file: &SourceFile) -> Result<HashedFile, IntakeError> {
        match self.blocks {
            Some(blocks) => blocks.finish(),
            None => file.hashed(),
        }
    }

    /// Whether the bytes of the file were counted with its pieces.
    pub(super) fn is_text(&self) -> bool {
        self.blocks.is_some()
    }
}

impl Opening<'_> {
    /// Opens the file and lets its pieces be visited.
    pub(super) fn visit<V: Visit>(self, visit: V) -> Result<Visited<V::Out>, IntakeError> {
        let Reading { file, files } = self.reading;
        match file.layout {
            Layout::Separated(delimiter) | Layout::ExportTable(delimiter) => {
                let contract = self.contract;
                OpenedText::plain(self, delimiter)?.visit(contract, visit)
            }
            Layout::Export(format, delimiter) => {
                let contract = self.contract;
                OpenedText::export(self, format, delimiter)?.visit(contract, visit)
            }
            Layout::ExportJson(format) => {
                let export = json_export(file, &self.contract.source, format)?;
                let is_alone = || !file.beside.as_ref().is_some_and(|own| own.has_responses());
                if export.columns.columns().is_empty() && is_alone() {
                    return Err(refused(file, &self.contract.source, ExportError::NoResponses { format }));
                }
                let names: Arc<[String]> = export.table.names().into();
                let mut chunk = Some(ValueChunk::of(&names, &export.table));
                self.values(Columns::Export(&export.columns), 1, || Ok(chunk.take()), visit)
            }
            Layout::Postgres => {
                let contract = self.contract;
                OpenedText::postgres(self, &selection(files))?.visit(contract, visit)
            }
            Layout::JsonLines => self.json_lines(visit),
            Layout::Parquet | Layout::Arrow => self.columnar(visit),
            Layout::Workbook => {
                let SheetRows { rows, first_line, counts_from_1904 } = workbook::read(file, files.sheet.as_deref())?;
                // The workbook says itself which days its numbers of days mean.
                let own = self.contract.counting_from_1904().filter(|_| counts_from_1904);
                let opening = Opening { contract: own.as_ref().unwrap_or(self.contract), ..self };
                let sheet = Sheet::of(rows, file.format_of_sheet(files.format));
                match sheet.map_err(|problem| refused(file, &opening.contract.source, problem))? {
                    Sheet::Plain(rows) => {
                        let names = Arc::clone(&rows.names);
                        let mut rows = Some(rows);
                        opening.values(Columns::Plain(&names), first_line, || Ok(rows.take()), visit)
                    }
                    Sheet::Export(columns, rows) => {
                        let mut rows = Some(rows);
                        opening.values(Columns::Export(&columns), first_line, || Ok(rows.take()), visit)
                    }
                }
            }
            Layout::Sqlite => {
                let mut rows = SqliteRows::open(file, &selection(files))?;
                let names = Arc::clone(rows.names());
                self.values(Columns::Plain(&names), 1, || rows.next(), visit)
            }
        }
    }

    pub(super) fn places(&mut self, columns: Columns<'_>) -> Result<Places, IntakeError> {
        Places::of(self.contract, self.reading, columns, self.renames)
    }

    fn json_lines<V: Visit>(mut self, visit: V) -> Result<Visited<V::Out>, IntakeError> {
        let Reading { file, files } = self.reading;
        let contract = self.contract;
        let from = |column: &Column| -> String {
            let renamed = files.rename.iter().find(|(_, to)| **to == column.input);
            renamed.map_or_else(|| column.input.clone(), |(from, _)| from.clone())
        };
        let wanted: Vec<String> = contract.columns.iter().filter(|column| column.is_in_file()).map(from).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let there = match json_lines::names(file, &wanted) {
            // Among others a page without a row is one.
            Err(IntakeError::Empty { .. }) if file.beside.is_some() => Vec::new(),
            there => there?,
        };
        let places = self.places(Columns::Plain(&there))?;
        let names: Arc<[String]> = there.into();
        let mut blocks = Blocks::open(file, json_lines::NO_DELIMITER)?;
        let out = visit.visit(Pieces {
            next: || blocks.next(),
            check: |block: &Block| {
                let chunk = json_lines::chunk(block, &names);
                let mut checked = check(contract, &mut places.completing(ValueRows::new(&chunk, &places.positions)));
                checked.n_lines = count_lines(&block.bytes);
                Ok(checked)
            },
            recall: |block: &Block, places: &[usize]| value::recall(&json_lines::chunk(block, &names), places),
            amend: |block: &Block, asked: &mut Amending<'_>| {
                let chunk = json_lines::chunk(block, &names);
                let rows = ValueRows::new(&chunk, &places.positions);
                amend(contract, &places, rows, count_lines(&block.bytes), asked);
                for (line, record) in std::mem::take(&mut asked.records) {
                    let chunk = json_lines::chunk(&Block::of_record(&record, json_lines::NO_DELIMITER), &names);
                    let rows = ValueRows::new(&chunk, &places.positions);
                    asked.checked.push((line, check(contract, &mut places.completing(rows))));
                }
                Ok(())
            },
            n_bytes: block_bytes,
            at_once: BLOCKS_PER_THREAD,
            first_line: 1,
            header_bytes: 0,
        })?;
        Ok(Visited { out, blocks: Some(blocks), is_partial: places.is_partial })
    }

    fn columnar<V: Visit>(mut self, visit: V) -> Result<Visited<V::Out>, IntakeError> {
        let (file, contract) = (self.reading.file, self.contract);
        let places = self.places(Columns::Plain(&columnar::names(file)?))?;
        let positions = &places.positions;
        let mut source = Batches::open(file, positions)?;
        let out = visit.visit(Pieces {
            next: || source.next(),
            check: |batch: &RecordBatch| {
                let rows = BatchRows::new(&file.name, batch, positions)?;
                let mut checked = check(contract, &mut places.completing(rows));
                checked.n_lines = checked.n_read;
                Ok(checked)
            },
            recall: |batch: &RecordBatch, places: &[usize]| columnar::recall(&file.name, batch, positions, places),
            amend: |batch: &RecordBatch, asked: &mut Amending<'_>| {
                let rows = BatchRows::new(&file.name, batch, positions)?;
                amend(contract, &places, rows, batch.num_rows() as u64, asked);
                Ok(())
            },
            n_bytes: |_: &RecordBatch| 0,
            at_once: 1,
            first_line: 1,
            header_bytes: 0,
        })?;
        Ok(Visited { out, blocks: None, is_partial: false })
    }

    /// Rows that come in chunks of values; the rows of a table are counted from 1, those of a sheet as they lie in it.
    pub(super) fn values<V: Visit>(
        mut self,
        columns: Columns<'_>,
        first_line: u64,
        next: impl FnMut() -> Result<Option<ValueChunk>, IntakeError> + Send,
        visit: V,
    ) -> Result<Visited<V::Out>, IntakeError> {
        let mut places = self.places(columns)?;
        let own = places.of_export(self.contract, columns);
        let contract = own.as_ref().unwrap_or(self.contract);
        let out = visit.visit(Pieces {
            next,
            check: |chunk: &ValueChunk| {
                let mut checked = check(contract, &mut places.completing(ValueRows::new(chunk, &places.positions)));
                checked.n_lines = chunk.n_lines();
                Ok(checked)
            },
            recall: value::recall,
            amend: |chunk: &ValueChunk, asked: &mut Amending<'_>| {
                let rows = ValueRows::new(chunk, &places.positions);
                amend(contract, &places, rows, chunk.n_lines(), asked);
                Ok(())
            },
            n_bytes: |_: &ValueChunk| 0,
            at_once: 1,
            first_line,
            header_bytes: 0,
        })?;
        Ok(Visited { out, blocks: None, is_partial: places.is_partial })
    }
}

/// What is read of a database.
pub(super) fn selection(files: &Files) -> Selection<'_> {
    Selection { table: files.table.as_deref(), query: files.query.as_deref() }
}

/// A vendor's JSON is one document, which is read whole.
pub(super) fn json_export(file: &SourceFile, source: &str, format: ExportFormat) -> Result<ExportTable, IntakeError> {
    exports::table_of_json(format, &whole(file)?).map_err(|problem| refused(file, source, problem))
}

/// A file that is no export of its vendor.
pub(super) fn refused(file: &SourceFile, source: &str, problem: ExportError) -> IntakeError {
    IntakeError::Export { file: file.name.clone(), source_name: source.to_owned(), problem }
}

/// All that a file means.
pub(super) fn whole(file: &SourceFile) -> Result<Vec<u8>, IntakeError> {
    let mut bytes = Vec::new();
    let read = Unpacked::open(&file.path, file.encoding).and_then(|mut text| text.read_to_end(&mut bytes));
    read.map_err(|source| IntakeError::of_text(&file.name, source))?;
    Ok(bytes)
}
