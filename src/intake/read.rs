//! A source from its first file to its last: blocks are checked in parallel while the next are read and the last are
//! handed on, always in the order of the files.

use super::IntakeError;
use super::account::{CellCounts, Exclusion, FileAccount, Reason, SourceAccount};
use super::blocks::{Block, Blocks};
use super::buffer::{Buffered, State};
use super::check::{Checked, Rejected, check};
use super::columnar::{self, ParquetFile, ParquetRows};
use super::contract::Contract;
use super::error::MissingColumn;
use super::files::{Layout, SourceFile};
use super::quarantine::Quarantine;
use super::rows::Recalled;
use super::separated::{self, Header, SeparatedRows, count_lines};
use crate::study::{Files, nearest};
use datafusion::arrow::array::RecordBatch;
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::Path;

/// Blocks that are in hand at a time for each thread; more evens out the work, fewer saves memory.
const BLOCKS_PER_THREAD: usize = 4;

/// How far intake has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The source that is being read.
    pub source: String,
    /// Bytes read of all sources so far.
    pub bytes_done: u64,
    /// Bytes of all sources.
    pub bytes_total: u64,
}

/// What is told how far intake has come.
pub(super) struct Reporter<'p> {
    pub(super) report: &'p dyn Fn(Progress),
    pub(super) bytes_done: u64,
    pub(super) bytes_total: u64,
}

impl Reporter<'_> {
    fn add(&mut self, source: &str, n_bytes: u64) {
        self.bytes_done += n_bytes;
        (self.report)(Progress {
            source: source.to_owned(),
            bytes_done: self.bytes_done,
            bytes_total: self.bytes_total,
        });
    }
}

/// Takes the used rows of one run: their columns in the contract's order, and their number.
pub(super) type Sink<'s> = dyn FnMut(Vec<Buffered>, usize) -> Result<(), IntakeError> + Send + 's;

/// Reads all files of a source.
pub(super) fn read_source(
    contract: &Contract,
    files: &Files,
    found: &[SourceFile],
    quarantine: &Path,
    reporter: &mut Reporter<'_>,
    sink: &mut Sink<'_>,
) -> Result<SourceAccount, IntakeError> {
    let mut ledger = Ledger {
        contract,
        account: SourceAccount::new(contract.source.clone()),
        quarantine: Quarantine::new(quarantine, &contract.source),
        seen: HashSet::new(),
        sink,
    };
    for column in &contract.columns {
        if !column.required {
            ledger.account.cells.insert(column.output.clone(), CellCounts::default());
        }
    }
    let mut unused: Vec<&String> = files.rename.keys().collect();
    for file in found {
        match file.layout {
            Layout::Separated(delimiter) => read_separated(file, delimiter, files, &mut unused, reporter, &mut ledger)?,
            Layout::Parquet => read_parquet(file, files, &mut unused, reporter, &mut ledger)?,
        }
    }
    if let Some(column) = unused.first() {
        return Err(IntakeError::RenamesNothing { source_name: contract.source.clone(), column: (*column).clone() });
    }
    ledger.quarantine.finish()?;
    Ok(ledger.account)
}

fn read_separated(
    file: &SourceFile,
    delimiter: u8,
    files: &Files,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let contract = ledger.contract;
    let mut blocks = Blocks::open(&file.name, &file.path, delimiter)?;
    let header =
        Header::of(blocks.pending(), delimiter).ok_or_else(|| IntakeError::Empty { file: file.name.clone() })?;
    blocks.skip(header.n_bytes);
    let positions = positions(contract, file, header.names.clone(), files, unused)?;
    let n_columns = header.names.len();
    let wave = rayon::current_num_threads() * BLOCKS_PER_THREAD;
    let mut run = Run { file: &file.name, first_line: 1 + header.n_lines, n_rows: 0 };
    let read_wave = |blocks: &mut Blocks| -> Result<Vec<Block>, IntakeError> {
        let mut read = Vec::new();
        while read.len() < wave
            && let Some(block) = blocks.next()?
        {
            read.push(block);
        }
        Ok(read)
    };
    let mut waiting = read_wave(&mut blocks)?;
    let (mut checked, mut behind) = (Vec::new(), Vec::new());
    reporter.add(&contract.source, header.n_bytes as u64);
    while !waiting.is_empty() || !checked.is_empty() {
        let n_bytes: usize = waiting.iter().map(|block| block.bytes.len()).sum();
        let check_block = |block: &Block| {
            let mut checked = check(contract, &mut SeparatedRows::new(block, delimiter, &positions, n_columns));
            checked.n_lines = count_lines(&block.bytes);
            checked
        };
        let ready = std::mem::take(&mut checked);
        let done = std::mem::take(&mut behind);
        let ((next_checked, next_waiting), taken) = rayon::join(
            || rayon::join(|| waiting.par_iter().map(check_block).collect::<Vec<Checked>>(), || read_wave(&mut blocks)),
            || {
                ready.into_iter().zip(&done).try_for_each(|(checked, block)| {
                    ledger.take(&mut run, checked, &|place| separated::recall(block, delimiter, place))
                })
            },
        );
        taken?;
        checked = next_checked;
        behind = std::mem::replace(&mut waiting, next_waiting?);
        reporter.add(&contract.source, n_bytes as u64);
    }
    let (bytes, sha256) = blocks.finish();
    ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: run.n_rows });
    Ok(())
}

fn read_parquet(
    file: &SourceFile,
    files: &Files,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let contract = ledger.contract;
    let positions = positions(contract, file, columnar::names(file)?, files, unused)?;
    let mut source = ParquetFile::open(file, &positions)?;
    let wave = rayon::current_num_threads();
    let mut run = Run { file: &file.name, first_line: 1, n_rows: 0 };
    let read_wave = |source: &mut ParquetFile| -> Result<Vec<RecordBatch>, IntakeError> {
        let mut read = Vec::new();
        while read.len() < wave
            && let Some(batch) = source.next()?
        {
            read.push(batch);
        }
        Ok(read)
    };
    let mut waiting = read_wave(&mut source)?;
    let (mut checked, mut behind) = (Vec::new(), Vec::new());
    let run_file = file.name.as_str();
    while !waiting.is_empty() || !checked.is_empty() {
        let check_batch = |batch: &RecordBatch| {
            let mut rows = ParquetRows::new(&file.name, batch, &positions)?;
            let mut checked = check(contract, &mut rows);
            checked.n_lines = checked.n_read;
            Ok(checked)
        };
        let ready = std::mem::take(&mut checked);
        let done = std::mem::take(&mut behind);
        let ((next_checked, next_waiting), taken) = rayon::join(
            || {
                rayon::join(
                    || waiting.par_iter().map(check_batch).collect::<Result<Vec<Checked>, IntakeError>>(),
                    || read_wave(&mut source),
                )
            },
            || {
                ready.into_iter().zip(&done).try_for_each(|(checked, batch)| {
                    ledger.take(&mut run, checked, &|place| columnar::recall(run_file, batch, &positions, place))
                })
            },
        );
        taken?;
        checked = next_checked?;
        behind = std::mem::replace(&mut waiting, next_waiting?);
    }
    let (bytes, sha256) = columnar::hash_of(file)?;
    reporter.add(&contract.source, bytes);
    ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: run.n_rows });
    Ok(())
}

/// Where the contract's columns stand in a file.
fn positions(
    contract: &Contract,
    file: &SourceFile,
    names: Vec<String>,
    files: &Files,
    unused: &mut Vec<&String>,
) -> Result<Vec<usize>, IntakeError> {
    unused.retain(|from| !names.contains(from));
    let names: Vec<String> = names.into_iter().map(|name| files.rename.get(&name).cloned().unwrap_or(name)).collect();
    let mut positions = Vec::with_capacity(contract.columns.len());
    for column in &contract.columns {
        let mut places = names.iter().enumerate().filter(|(_, name)| **name == column.input).map(|(at, _)| at);
        let Some(at) = places.next() else {
            return Err(IntakeError::MissingColumn(Box::new(MissingColumn {
                file: file.name.clone(),
                source_name: contract.source.clone(),
                key: column.key.to_owned(),
                column: column.input.clone(),
                nearest: nearest(&column.input, names.iter().map(String::as_str)).map(str::to_owned),
                there: names.iter().take(60).map(|name| name.chars().take(40).collect()).collect(),
                hint: delimiter_hint(file, &names),
            })));
        };
        if places.next().is_some() {
            return Err(IntakeError::RepeatedColumn {
                file: file.name.clone(),
                source_name: contract.source.clone(),
                key: column.key.to_owned(),
                column: column.input.clone(),
            });
        }
        positions.push(at);
    }
    Ok(positions)
}

/// A header of a single name with another separator in it was probably cut at the wrong sign.
fn delimiter_hint(file: &SourceFile, names: &[String]) -> String {
    match (file.layout, names) {
        (Layout::Separated(used), [name]) => [';', '\t', '|', ',']
            .into_iter()
            .find(|&sign| sign as u8 != used && name.contains(sign))
            .map_or_else(String::new, |sign| {
                format!(" (the cells seem to be separated otherwise: write delimiter = {:?})", sign.to_string())
            }),
        _ => String::new(),
    }
}

/// How far a file has been taken.
struct Run<'f> {
    file: &'f str,
    /// The line, or row, that the next run of rows begins with.
    first_line: u64,
    n_rows: u64,
}

/// Counts rows, puts repeats aside, and hands the rest on.
struct Ledger<'c, 's> {
    contract: &'c Contract,
    account: SourceAccount,
    quarantine: Quarantine,
    /// Fingerprints of the ids of used rows.
    seen: HashSet<u128>,
    sink: &'c mut Sink<'s>,
}

impl Ledger<'_, '_> {
    fn take(
        &mut self,
        run: &mut Run<'_>,
        mut checked: Checked,
        recall: &dyn Fn(usize) -> Recalled,
    ) -> Result<(), IntakeError> {
        if run.n_rows == 0 && checked.first_time_has_no_zone == Some(true) {
            return Err(self.no_zone(run, &checked));
        }
        run.n_rows += checked.n_read;
        self.account.rows_read += checked.n_read;
        self.put_repeats_aside(&mut checked, recall);
        for row in &checked.rejected {
            *self.account.rows_quarantined.entry(row.reason).or_default() += 1;
            self.quarantine.add(run.file, run.first_line + row.line, row)?;
        }
        if checked.n_after_as_of > 0 {
            *self.account.rows_excluded.entry(Exclusion::AfterAsOf).or_default() += checked.n_after_as_of;
        }
        self.account.rows_used += checked.n_used as u64;
        for (column, buffered) in self.contract.columns.iter().zip(&checked.columns) {
            if let Some(counts) = self.account.cells.get_mut(&column.output) {
                let count = |wanted| buffered.states().iter().filter(|&&state| state == wanted).count() as u64;
                counts.blank += count(State::Blank);
                counts.not_applicable += count(State::NotApplicable);
            }
        }
        run.first_line += checked.n_lines;
        (self.sink)(checked.columns, checked.n_used)
    }

    fn put_repeats_aside(&mut self, checked: &mut Checked, recall: &dyn Fn(usize) -> Recalled) {
        let Some(unique) = self.contract.unique else { return };
        let mut kept = Vec::with_capacity(checked.n_used);
        for (row, origin) in checked.origins.iter().enumerate() {
            if origin.id.is_none_or(|id| self.seen.insert(id)) {
                kept.push(row);
                continue;
            }
            let Recalled { line, record } = recall(origin.place);
            checked.rejected.push(Rejected {
                line,
                column: Some(self.contract.columns[unique].input.clone()),
                reason: Reason::Duplicate,
                raw: checked.columns[unique].text(row).to_owned(),
                record,
            });
        }
        if kept.len() < checked.n_used {
            checked.rejected.sort_by_key(|row| row.line);
            for column in &mut checked.columns {
                column.keep(&kept);
            }
            checked.n_used = kept.len();
        }
    }

    fn no_zone(&self, run: &Run<'_>, checked: &Checked) -> IntakeError {
        let row = checked.rejected.iter().find(|row| row.reason == Reason::NoZone);
        IntakeError::NoZone {
            file: run.file.to_owned(),
            source_name: self.contract.source.clone(),
            line: run.first_line + row.map_or(0, |row| row.line),
            column: row.and_then(|row| row.column.clone()).unwrap_or_default(),
            text: row.map(|row| row.raw.clone()).unwrap_or_default(),
        }
    }
}
