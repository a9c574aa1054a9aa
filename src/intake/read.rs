//! A source from its first file to its last: blocks are checked in parallel while the next are read and the last are
//! handed on, always in the order of the files.

use super::IntakeError;
use super::account::{CellCounts, Exclusion, FileAccount, Reason, SourceAccount};
use super::blocks::{Block, Blocks, count_lines};
use super::buffer::{Buffered, State};
use super::cell::Cell;
use super::check::{Checked, Rejected, check};
use super::columnar::{self, BatchRows, Batches};
use super::contract::{Answers, Column, Contract, Kind, Tallied};
use super::database::{PostgresText, Selection, SqliteRows};
use super::error::MissingColumn;
use super::exports::{
    self, AnswerCheck, AnswerTally, ExportColumns, ExportError, ExportFormat, ExportRole, ExportTable, FivetranTable,
    FivetranTables, RowJudge, RowRules, UnfinishedRows, ValueTable,
};
use super::files::{Layout, SourceFile};
use super::quarantine::Quarantine;
use super::rows::{Recalled, Rows};
use super::separated::{self, Header, SeparatedRows};
use super::unpacked::Unpacked;
use super::value::{self, ValueChunk, ValueRows};
use super::zones::ClockChange;
use super::{json_lines, workbook};
use crate::study::{Files, Format, Unfinished, Vendor, nearest};
use datafusion::arrow::array::RecordBatch;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

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
        tally: AnswerTally::default(),
        sink,
    };
    for column in &contract.columns {
        if !column.required && !column.output.is_empty() {
            ledger.account.cells.insert(column.output.clone(), CellCounts::default());
        }
    }
    let mut unused: Vec<&String> = files.rename.keys().collect();
    if files.format == Format::Export(Vendor::FivetranQualtrics) {
        read_long_tables(found, files, &mut unused, reporter, &mut ledger)?;
    }
    let alone = |file: &&SourceFile| files.format != Format::Export(Vendor::FivetranQualtrics) || file.n_bytes == 0;
    for file in found.iter().filter(alone) {
        let wanted = Reading { file, files };
        match file.layout {
            Layout::Separated(delimiter) | Layout::ExportTable(delimiter) => {
                let blocks = Blocks::open(&file.name, &file.path, delimiter)?;
                read_separated(wanted, blocks, delimiter, &mut unused, reporter, &mut ledger)?;
            }
            Layout::Export(format, delimiter) => {
                read_export(wanted, format, delimiter, &mut unused, reporter, &mut ledger)?;
            }
            Layout::ExportJson(format) => {
                let export = json_export(file, &contract.source, format)?;
                let names: Arc<[String]> = export.table.names().into();
                let mut chunk = Some(ValueChunk::of(&names, &export.table));
                let columns = Columns::Export(&export.columns);
                read_values(wanted, columns, || Ok(chunk.take()), &mut unused, reporter, &mut ledger)?;
            }
            Layout::Postgres => {
                let text = PostgresText::open(&file.path.to_string_lossy(), &selection(files))?;
                let blocks = Blocks::of(&file.name, Unpacked::of(text), b',')?;
                read_separated(wanted, blocks, b',', &mut unused, reporter, &mut ledger)?;
            }
            Layout::JsonLines => read_json_lines(wanted, &mut unused, reporter, &mut ledger)?,
            Layout::Parquet | Layout::Arrow => read_columnar(wanted, &mut unused, reporter, &mut ledger)?,
            Layout::Workbook => {
                let mut sheet = Some(workbook::read(file, files.sheet.as_deref())?);
                let names = sheet.as_ref().map(|sheet| Arc::clone(&sheet.names)).unwrap_or_default();
                read_values(wanted, Columns::Plain(&names), || Ok(sheet.take()), &mut unused, reporter, &mut ledger)?;
            }
            Layout::Sqlite => {
                let mut rows = SqliteRows::open(file, &selection(files))?;
                let names = Arc::clone(rows.names());
                read_values(wanted, Columns::Plain(&names), || rows.next(), &mut unused, reporter, &mut ledger)?;
            }
        }
        ledger.judge_answers(file)?;
    }
    if let Some(column) = unused.first() {
        return Err(IntakeError::RenamesNothing { source_name: contract.source.clone(), column: (*column).clone() });
    }
    ledger.quarantine.finish()?;
    Ok(ledger.account)
}

fn selection(files: &Files) -> Selection<'_> {
    Selection { table: files.table.as_deref(), query: files.query.as_deref() }
}

/// A file and how its source says to read it.
#[derive(Clone, Copy)]
struct Reading<'f> {
    file: &'f SourceFile,
    files: &'f Files,
}

fn read_separated(
    reading: Reading<'_>,
    mut blocks: Blocks,
    delimiter: u8,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let (file, contract) = (reading.file, ledger.contract);
    let header =
        Header::of(blocks.pending(), delimiter).ok_or_else(|| IntakeError::Empty { file: file.name.clone() })?;
    blocks.skip(header.n_bytes);
    let places = Places::of(contract, reading, Columns::Plain(&header.names), unused)?;
    let n_columns = header.names.len();
    let mut run = Run { file: &file.name, first_line: 1 + header.n_lines, n_rows: 0 };
    reporter.add(&contract.source, header.n_bytes as u64);
    let check_block = |block: &Block| {
        let rows = SeparatedRows::new(block, delimiter, &places.positions, n_columns);
        let mut checked = check(contract, &mut places.completing(rows));
        checked.n_lines = count_lines(&block.bytes);
        Ok(checked)
    };
    let recall = |block: &Block, place: usize| separated::recall(block, delimiter, place);
    let n_bytes = |block: &Block| block.bytes.len() as u64;
    let pieces = Pieces { next: || blocks.next(), check: check_block, recall, n_bytes, at_once: BLOCKS_PER_THREAD };
    pieces.read(&mut run, reporter, ledger)?;
    let (bytes, sha256) = blocks.finish()?;
    ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: run.n_rows });
    Ok(())
}

fn read_json_lines(
    reading: Reading<'_>,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let (file, contract) = (reading.file, ledger.contract);
    let from = |column: &Column| -> String {
        let renamed = reading.files.rename.iter().find(|(_, to)| **to == column.input);
        renamed.map_or_else(|| column.input.clone(), |(from, _)| from.clone())
    };
    let wanted: Vec<String> = contract.columns.iter().filter(|column| column.is_in_file()).map(from).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let there = json_lines::names(&file.name, &file.path, &wanted)?;
    let places = Places::of(contract, reading, Columns::Plain(&there), unused)?;
    let names: Arc<[String]> = there.into();
    let mut blocks = Blocks::open(&file.name, &file.path, json_lines::NO_DELIMITER)?;
    let mut run = Run { file: &file.name, first_line: 1, n_rows: 0 };
    let check_block = |block: &Block| {
        let chunk = json_lines::chunk(block, &names);
        let mut checked = check(contract, &mut places.completing(ValueRows::new(&chunk, &places.positions)));
        checked.n_lines = count_lines(&block.bytes);
        Ok(checked)
    };
    let recall = |block: &Block, place: usize| value::recall(&json_lines::chunk(block, &names), place);
    let n_bytes = |block: &Block| block.bytes.len() as u64;
    let pieces = Pieces { next: || blocks.next(), check: check_block, recall, n_bytes, at_once: BLOCKS_PER_THREAD };
    pieces.read(&mut run, reporter, ledger)?;
    let (bytes, sha256) = blocks.finish()?;
    ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: run.n_rows });
    Ok(())
}

fn read_columnar(
    reading: Reading<'_>,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let (file, contract) = (reading.file, ledger.contract);
    let places = Places::of(contract, reading, Columns::Plain(&columnar::names(file)?), unused)?;
    let positions = &places.positions;
    let mut source = Batches::open(file, positions)?;
    let mut run = Run { file: &file.name, first_line: 1, n_rows: 0 };
    let check_batch = |batch: &RecordBatch| {
        let rows = BatchRows::new(&file.name, batch, positions)?;
        let mut checked = check(contract, &mut places.completing(rows));
        checked.n_lines = checked.n_read;
        Ok(checked)
    };
    let recall = |batch: &RecordBatch, place: usize| columnar::recall(&file.name, batch, positions, place);
    let pieces =
        Pieces { next: || source.next(), check: check_batch, recall, n_bytes: |_: &RecordBatch| 0, at_once: 1 };
    pieces.read(&mut run, reporter, ledger)?;
    finish(file, run.n_rows, reporter, ledger)
}

/// Rows that come in chunks of values.
fn read_values(
    reading: Reading<'_>,
    columns: Columns<'_>,
    next: impl FnMut() -> Result<Option<ValueChunk>, IntakeError> + Send,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let file = reading.file;
    let mut places = Places::of(ledger.contract, reading, columns, unused)?;
    let own = places.of_export(ledger.contract, columns);
    let contract = own.as_ref().unwrap_or(ledger.contract);
    // The header of a sheet is its first row; the rows of a table have none.
    let first_line = if file.layout == Layout::Workbook { 2 } else { 1 };
    let mut run = Run { file: &file.name, first_line, n_rows: 0 };
    let check_chunk = |chunk: &ValueChunk| {
        let mut checked = check(contract, &mut places.completing(ValueRows::new(chunk, &places.positions)));
        checked.n_lines = chunk.rows.last().map_or(0, |row| row.line + 1);
        Ok(checked)
    };
    let pieces = Pieces { next, check: check_chunk, recall: value::recall, n_bytes: |_: &ValueChunk| 0, at_once: 1 };
    pieces.read(&mut run, reporter, ledger)?;
    finish(file, run.n_rows, reporter, ledger)
}

/// A vendor's export as text.
fn read_export(
    reading: Reading<'_>,
    format: ExportFormat,
    delimiter: u8,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let file = reading.file;
    let mut blocks = Blocks::open(&file.name, &file.path, delimiter)?;
    let refused = |problem| refused(file, &ledger.contract.source, problem);
    let header = exports::header_of(format, blocks.pending(), delimiter).map_err(refused)?;
    blocks.skip(header.n_bytes);
    let columns = Columns::Export(&header.columns);
    let mut places = Places::of(ledger.contract, reading, columns, unused)?;
    let own = places.of_export(ledger.contract, columns);
    let contract = own.as_ref().unwrap_or(ledger.contract);
    let mut run = Run { file: &file.name, first_line: 1 + header.n_lines, n_rows: 0 };
    reporter.add(&contract.source, header.n_bytes as u64);
    let check_block = |block: &Block| {
        let rows = SeparatedRows::new(block, delimiter, &places.positions, header.n_cells);
        let mut checked = check(contract, &mut places.completing(rows));
        checked.n_lines = count_lines(&block.bytes);
        Ok(checked)
    };
    let recall = |block: &Block, place: usize| separated::recall(block, delimiter, place);
    let n_bytes = |block: &Block| block.bytes.len() as u64;
    let pieces = Pieces { next: || blocks.next(), check: check_block, recall, n_bytes, at_once: BLOCKS_PER_THREAD };
    pieces.read(&mut run, reporter, ledger)?;
    let (bytes, sha256) = blocks.finish()?;
    ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: run.n_rows });
    Ok(())
}

fn refused(file: &SourceFile, source: &str, problem: ExportError) -> IntakeError {
    IntakeError::Export { file: file.name.clone(), source_name: source.to_owned(), problem }
}

/// A vendor's JSON is one document, which is read whole.
fn json_export(file: &SourceFile, source: &str, format: ExportFormat) -> Result<ExportTable, IntakeError> {
    exports::table_of_json(format, &whole(file)?).map_err(|problem| refused(file, source, problem))
}

fn whole(file: &SourceFile) -> Result<Vec<u8>, IntakeError> {
    let mut bytes = Vec::new();
    let read = Unpacked::open(&file.path).and_then(|mut text| text.read_to_end(&mut bytes));
    read.map_err(|source| IntakeError::Unreadable { file: file.name.clone(), source })?;
    Ok(bytes)
}

/// Tables of a warehouse that are one export together; the rows are the responses.
fn read_long_tables(
    found: &[SourceFile],
    files: &Files,
    unused: &mut Vec<&String>,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let source = ledger.contract.source.clone();
    let mut tables: BTreeMap<FivetranTable, ValueTable> = BTreeMap::new();
    let mut responses = None;
    for file in found {
        let table = match file.layout {
            Layout::ExportTable(delimiter) => ValueTable::of_separated(&whole(file)?, delimiter),
            _ => return Err(refused(file, &source, ExportError::NotJson { format: ExportFormat::FivetranQualtrics })),
        };
        let table = table.map_err(|problem| refused(file, &source, problem))?;
        let kind = FivetranTable::of(table.names());
        let Some(kind) = kind.filter(|kind| !tables.contains_key(kind)) else {
            let problem = ExportError::NotThisFormat {
                format: ExportFormat::FivetranQualtrics,
                missing: "its columns are those of no table that is still needed".to_owned(),
            };
            return Err(refused(file, &source, problem));
        };
        if kind == FivetranTable::SurveyResponse {
            responses = Some(file);
        } else {
            let (bytes, sha256) = columnar::hash_of(file)?;
            reporter.add(&source, bytes);
            ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: 0 });
        }
        tables.insert(kind, table);
    }
    let lacking = |table: FivetranTable| {
        let file = &found[0];
        let missing = format!("the table `{}` is not among the files", table.word());
        refused(file, &source, ExportError::NotThisFormat { format: ExportFormat::FivetranQualtrics, missing })
    };
    let needed = |table: FivetranTable| tables.get(&table).ok_or_else(|| lacking(table));
    let export = exports::pivot(&FivetranTables {
        survey_response: needed(FivetranTable::SurveyResponse)?,
        question_response: needed(FivetranTable::QuestionResponse)?,
        survey_embedded_data: tables.get(&FivetranTable::SurveyEmbeddedData),
        distribution_contact: tables.get(&FivetranTable::DistributionContact),
        core_contact: tables.get(&FivetranTable::CoreContact),
    });
    let Some(file) = responses else { return Err(lacking(FivetranTable::SurveyResponse)) };
    let export = export.map_err(|problem| refused(file, &source, problem))?;
    ledger.account.remarks.extend(export.account.remarks());
    let names: Arc<[String]> = export.table.names().into();
    let mut chunk = Some(ValueChunk::of(&names, &export.table));
    let columns = Columns::Export(&export.columns);
    read_values(Reading { file, files }, columns, || Ok(chunk.take()), unused, reporter, ledger)
}

/// Accounts for a file whose bytes were not seen on the way.
fn finish(
    file: &SourceFile,
    n_rows: u64,
    reporter: &mut Reporter<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), IntakeError> {
    let (bytes, sha256) = columnar::hash_of(file)?;
    reporter.add(&ledger.contract.source, bytes);
    ledger.account.files.push(FileAccount { path: file.name.clone(), bytes, sha256, rows_read: n_rows });
    Ok(())
}

/// The pieces of a file, each of which can be checked by itself.
struct Pieces<N, C, R, B> {
    next: N,
    check: C,
    /// A row found again by its place in a piece.
    recall: R,
    n_bytes: B,
    /// Pieces that are in hand for each thread.
    at_once: usize,
}

impl<N, C, R, B> Pieces<N, C, R, B> {
    /// Checks some pieces while the next are read and those before are handed on.
    fn read<P: Send + Sync>(
        mut self,
        run: &mut Run<'_>,
        reporter: &mut Reporter<'_>,
        ledger: &mut Ledger<'_, '_>,
    ) -> Result<(), IntakeError>
    where
        N: FnMut() -> Result<Option<P>, IntakeError> + Send,
        C: Fn(&P) -> Result<Checked, IntakeError> + Sync,
        R: Fn(&P, usize) -> Recalled + Sync,
        B: Fn(&P) -> u64,
    {
        let wave = rayon::current_num_threads() * self.at_once;
        let mut read_wave = || -> Result<Vec<P>, IntakeError> {
            let mut read = Vec::new();
            while read.len() < wave
                && let Some(piece) = (self.next)()?
            {
                read.push(piece);
            }
            Ok(read)
        };
        let (check, recall) = (&self.check, &self.recall);
        let mut waiting = read_wave()?;
        let (mut checked, mut behind) = (Vec::new(), Vec::new());
        while !waiting.is_empty() || !checked.is_empty() {
            let n_bytes = waiting.iter().map(&self.n_bytes).sum();
            let ready: Vec<Checked> = std::mem::take(&mut checked);
            let done: Vec<P> = std::mem::take(&mut behind);
            let ((next_checked, next_waiting), taken) = rayon::join(
                || {
                    rayon::join(
                        || waiting.par_iter().map(check).collect::<Result<Vec<Checked>, IntakeError>>(),
                        &mut read_wave,
                    )
                },
                || {
                    ready
                        .into_iter()
                        .zip(&done)
                        .try_for_each(|(checked, piece)| ledger.take(run, checked, &|place| recall(piece, place)))
                },
            );
            taken?;
            checked = next_checked?;
            behind = std::mem::replace(&mut waiting, next_waiting?);
            reporter.add(&ledger.contract.source, n_bytes);
        }
        Ok(())
    }
}

/// The columns of a file, as a header names them.
#[derive(Clone, Copy)]
enum Columns<'c> {
    Plain(&'c [String]),
    Export(&'c ExportColumns),
}

impl Columns<'_> {
    /// Names for people.
    fn names(self) -> Vec<String> {
        match self {
            Self::Plain(names) => names.to_vec(),
            Self::Export(columns) => columns.columns().iter().map(|column| column.name().to_owned()).collect(),
        }
    }

    /// Whether a column has a name.
    fn has(self, name: &str) -> bool {
        match self {
            Self::Plain(names) => names.iter().any(|own| own == name),
            Self::Export(columns) => !matches!(columns.find(name), Ok(None)),
        }
    }
}

/// Where the contract's columns stand in a file.
struct Places {
    /// Positions of the columns, in the order of the contract; that of any other column for those that are no cell.
    positions: Vec<usize>,
    /// What the file's folders say for a column, for all rows.
    constants: Vec<Option<String>>,
    /// What says which rows of an export are answers; it looks at columns by their place in the file.
    judge: Option<RowJudge>,
    /// Columns of the contract; behind them are those of the file.
    n_asked: usize,
}

impl Places {
    fn of(
        contract: &Contract,
        reading: Reading<'_>,
        columns: Columns<'_>,
        unused: &mut Vec<&String>,
    ) -> Result<Self, IntakeError> {
        let Reading { file, files } = reading;
        unused.retain(|from| !columns.has(from));
        let renamed = |name: &String| files.rename.get(name).unwrap_or(name).clone();
        let names: Vec<String> = columns.names().iter().map(renamed).collect();
        let n_asked = contract.columns.len();
        let mut places = Self { positions: Vec::with_capacity(n_asked), constants: Vec::new(), judge: None, n_asked };
        for column in &contract.columns {
            if let Some(zone) = column.zone_of_file(&file.name) {
                places.positions.push(places.positions.first().copied().unwrap_or(0));
                places.constants.push(Some(zone));
                continue;
            }
            let first = match columns {
                Columns::Plain(_) => plain_place(contract, column, file, &names)?,
                Columns::Export(own) => {
                    export_place(column, files, own).map_err(|problem| refused(file, &contract.source, problem))?
                }
            };
            let partition = file.partitions.iter().find(|(key, _)| renamed(key) == column.input);
            let constant = partition.filter(|_| first.is_none()).map(|(_, value)| value.clone());
            if first.is_none() && constant.is_none() {
                return Err(missing(contract, column, file, &names));
            }
            places.positions.push(first.unwrap_or(0));
            places.constants.push(constant);
        }
        Ok(places)
    }

    /// The contract for the rows of an export, which says more about its columns than a study must; from here on the judge
    /// of its rows is at work. `None` where the source is none, or holds no answers.
    fn of_export(&mut self, contract: &Contract, columns: Columns<'_>) -> Option<Contract> {
        let Columns::Export(columns) = columns else { return None };
        let mut own = contract.clone();
        for (column, &at) in own.columns.iter_mut().zip(&self.positions) {
            let stated = &columns.columns()[at];
            if let Kind::Instant(clock) = &column.kind
                && let Some(clock) = clock.completed(stated.zone.as_deref(), stated.time.as_ref())
            {
                column.kind = Kind::Instant(Arc::new(clock));
            }
            column.blank.add(stated.blanks.iter().copied());
        }
        let Some(answers) = contract.answers else { return Some(own) };
        if let Some(recommend) = answers.recommend
            && let Kind::Number(bounds) = own.columns[recommend].kind
        {
            own.columns[recommend].kind = Kind::Answer(bounds);
            // The class that the vendor gives the answer, unless the study names another.
            let class = columns.all_with(ExportRole::RecommendClass).next().map(|at| self.n_asked + at);
            own.tallied = Some(Tallied { recommend, class: answers.class.or(class) });
        }
        let rules = RowRules {
            unfinished: match answers.unfinished {
                Unfinished::KeepAnswered => UnfinishedRows::KeepAnswered,
                Unfinished::Keep => UnfinishedRows::Keep,
                Unfinished::LeaveOut => UnfinishedRows::LeaveOut,
            },
            answers: self.positions_of_answers(contract, answers),
            ..RowRules::default()
        };
        self.judge = Some(RowJudge::new(columns, &rules));
        let n_columns = columns.columns().len();
        self.positions.extend(0..n_columns);
        self.constants.extend(std::iter::repeat_n(None, n_columns));
        Some(own)
    }

    /// The columns of which one must be filled for an unfinished response to hold an answer: the recommend answer, else
    /// every touchpoint.
    fn positions_of_answers(&self, contract: &Contract, answers: Answers) -> Vec<usize> {
        if let Some(recommend) = answers.recommend {
            return vec![self.positions[recommend]];
        }
        let is_touchpoint = |column: &Column| column.key == "drivers.touchpoints";
        let columns = contract.columns.iter().zip(&self.positions);
        columns.filter(|(column, _)| is_touchpoint(column)).map(|(_, &at)| at).collect()
    }

    /// Rows with what the file's folders say, and with the judgement of an export's rows.
    fn completing<R: Rows>(&self, rows: R) -> Completed<'_, R> {
        Completed { rows, places: self }
    }
}

fn plain_place(
    contract: &Contract,
    column: &Column,
    file: &SourceFile,
    names: &[String],
) -> Result<Option<usize>, IntakeError> {
    let mut found = names.iter().enumerate().filter(|(_, name)| **name == column.input).map(|(at, _)| at);
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(_) => Err(IntakeError::RepeatedColumn {
            file: file.name.clone(),
            source_name: contract.source.clone(),
            key: column.key.to_owned(),
            column: column.input.clone(),
        }),
    }
}

/// A column of an export by any of its names, by what the study renames it from, or by the part it plays, as in `@recommend`.
fn export_place(column: &Column, files: &Files, columns: &ExportColumns) -> Result<Option<usize>, ExportError> {
    let from = files.rename.iter().find(|(_, to)| **to == column.input).map_or(&column.input, |(from, _)| from);
    match from.strip_prefix('@').and_then(ExportRole::of_word) {
        Some(ExportRole::End) => columns.answered_at(),
        Some(role) => columns.with(role),
        None => columns.find(from),
    }
}

fn missing(contract: &Contract, column: &Column, file: &SourceFile, names: &[String]) -> IntakeError {
    IntakeError::MissingColumn(Box::new(MissingColumn {
        file: file.name.clone(),
        source_name: contract.source.clone(),
        key: column.key.to_owned(),
        column: column.input.clone(),
        nearest: nearest(&column.input, names.iter().map(String::as_str)).map(str::to_owned),
        there: names.iter().take(60).map(|name| name.chars().take(40).collect()).collect(),
        hint: delimiter_hint(file, names),
    }))
}

/// Rows of a file in folders whose names say what is not in it.
struct Completed<'p, R> {
    rows: R,
    places: &'p Places,
}

impl<R: Rows> Rows for Completed<'_, R> {
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        self.rows.advance()
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        match &self.places.constants[column] {
            Some(text) => Cell::Text(text),
            None => self.rows.cell(column),
        }
    }

    fn exclusion(&self) -> Option<Exclusion> {
        let judge = self.places.judge.as_ref()?;
        let n_asked = self.places.n_asked;
        let text = |at: usize| {
            let mut scratch = String::new();
            self.rows.cell(n_asked + at).text(&mut scratch).to_owned()
        };
        Some(match judge.verdict(text) {
            exports::Verdict::Answer => return None,
            exports::Verdict::Preview => Exclusion::Preview,
            exports::Verdict::Test => Exclusion::Test,
            exports::Verdict::Synthetic => Exclusion::Synthetic,
            exports::Verdict::Spam => Exclusion::Spam,
            exports::Verdict::Unfinished => Exclusion::Unfinished,
            exports::Verdict::Unanswered => Exclusion::Unanswered,
            exports::Verdict::OtherSurvey => Exclusion::OtherSurvey,
            exports::Verdict::UnknownStatus => Exclusion::UnknownStatus,
        })
    }

    fn line(&mut self) -> u64 {
        self.rows.line()
    }

    fn place(&self) -> usize {
        self.rows.place()
    }

    fn record(&self) -> String {
        self.rows.record()
    }
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
    /// Answers of the file and the classes beside them.
    tally: AnswerTally,
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
        for (&exclusion, n) in &checked.excluded {
            *self.account.rows_excluded.entry(exclusion).or_default() += n;
        }
        self.tally.merge(&checked.tally);
        self.account.rows_used += checked.n_used as u64;
        for changed in &checked.changed_times {
            let column = &self.contract.columns[changed.column];
            let counts = self.account.clock_changes.entry(column.output.clone()).or_default();
            counts.column.clone_from(&column.input);
            match changed.change {
                ClockChange::Skipped => counts.skipped += 1,
                ClockChange::Repeated => counts.repeated += 1,
            }
        }
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

    /// Holds a file's answers against the classes beside them.
    fn judge_answers(&mut self, file: &SourceFile) -> Result<(), IntakeError> {
        let tally = std::mem::take(&mut self.tally);
        let answers = self.contract.answers.and_then(|answers| answers.recommend);
        let Some(column) = answers.map(|at| self.contract.columns[at].input.as_str()) else { return Ok(()) };
        let (checked, disagreeing) =
            match tally.check(column).map_err(|problem| refused(file, &self.contract.source, problem))? {
                AnswerCheck::Sound { n_checked } => (n_checked, 0),
                AnswerCheck::ClassDisagrees { n_checked, n_disagreeing } => (n_checked, n_disagreeing),
                AnswerCheck::PerhapsShifted { n_eleven } => {
                    self.account.remarks.push(format!(
                        "`{}`: {n_eleven} answers in `{column}` are 11 and none is 0: they may be codes from 1 to 11",
                        file.name
                    ));
                    (0, 0)
                }
            };
        if checked > 0 {
            let classes = self.account.classes.get_or_insert_default();
            classes.checked += checked;
            classes.disagreeing += disagreeing;
        }
        Ok(())
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
            checked.changed_times.retain(|changed| kept.binary_search(&changed.row).is_ok());
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
