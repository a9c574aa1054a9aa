//! A sample of a file of any layout.

use super::find::{Part, SurveyChoice};
use super::sample::{Sample, Taker};
use crate::intake::blocks::{Block, Blocks};
use crate::intake::columnar::{self, BatchRows, Batches, SomeBatches};
use crate::intake::database::{Selection, SqliteRows};
use crate::intake::exports::{self, ExportColumn, ExportFormat, ExportRole, ExportTable, Pivoted, ValueTable};
use crate::intake::files::{Layout, SourceFile};
use crate::intake::header_rows::{self, BelowTitles};
use crate::intake::long_table_files::Meant;
use crate::intake::long_tables;
use crate::intake::opened::json_export;
use crate::intake::separated::{Header, SeparatedRows, Width};
use crate::intake::sheet_export::Sheet;
use crate::intake::unpacked::is_as_it_lies;
use crate::intake::value::{ValueChunk, ValueRows};
use crate::intake::workbook::{self, SheetRows};
use crate::intake::{IntakeError, json_lines};
use crate::study::Format;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// The source that exports become, by which refusals call it.
const EXPORT_SOURCE: &str = "feedback";
/// Places behind the head from which rows are taken, the end of the file among them.
const PLACES: u64 = 16;
/// Bytes of one place, whatever the rows are like.
const PLACE_BYTES_MIN: u64 = 1 << 12;
const PLACE_BYTES_MAX: u64 = 1 << 22;

/// Up to so many rows of a file, or of a sheet or a table in it.
pub(super) fn sample(file: &SourceFile, part: &Part, n_rows: usize) -> Result<Sample, IntakeError> {
    let below = below_titles(file)?;
    let file = below.as_ref().unwrap_or(file);
    let mut rows_above = file.rows_above;
    let mut sample = match file.layout {
        Layout::Separated(delimiter) | Layout::ExportTable(delimiter) => {
            let blocks = Blocks::open(file, delimiter)?;
            let header =
                Header::below(blocks.pending(), delimiter, file.rows_above).ok_or_else(|| file.without_names())?;
            let rows = blocks.pending().get(header.n_bytes..).unwrap_or_default();
            let width = Width::of(rows, delimiter, header.names.len());
            let text = Text { file, delimiter, n_header_bytes: header.n_bytes, width };
            text.sample(blocks, plain(&header.names), None, n_rows)?
        }
        Layout::Export(format, delimiter) => {
            let blocks = Blocks::open(file, delimiter)?;
            let header =
                exports::header_of(format, blocks.pending(), delimiter).map_err(|problem| refused(file, problem))?;
            let text =
                Text { file, delimiter, n_header_bytes: header.n_bytes, width: Width::of_header(header.n_cells) };
            text.sample(blocks, header.columns.columns().to_vec(), Some(format), n_rows)?
        }
        Layout::ExportJson(format) => export(&json_export(file, EXPORT_SOURCE, format)?, format, n_rows),
        Layout::JsonLines => {
            let names = json_lines::names(file, &[])?;
            let blocks = Blocks::open(file, json_lines::NO_DELIMITER)?;
            let delimiter = json_lines::NO_DELIMITER;
            let text = Text { file, delimiter, n_header_bytes: 0, width: Width::of_header(names.len()) };
            text.sample(blocks, plain(&names), None, n_rows)?
        }
        Layout::Parquet | Layout::Arrow => columns(file, n_rows)?,
        Layout::Workbook => {
            let SheetRows { rows, counts_from_1904, first_line } = workbook::read(file, part.name())?;
            let sample = match Sheet::of(rows, Format::Detected).map_err(|problem| refused(file, problem))? {
                Sheet::Plain(rows) => match header_rows::below_titles(&rows, first_line) {
                    Some(n_above) => {
                        rows_above = n_above;
                        let below = SourceFile { rows_above, ..file.clone() };
                        chunk(&workbook::read(&below, part.name())?.rows, n_rows)
                    }
                    None => chunk(&rows, n_rows),
                },
                Sheet::Export(columns, rows) => with_roles(chunk(&rows, n_rows), columns.columns(), columns.format()),
            };
            Sample { counts_from_1904, ..sample }
        }
        Layout::Sqlite => database(file, part, n_rows)?,
        Layout::Postgres => {
            return Err(IntakeError::WhichTable { file: file.name.clone(), there: "those of the server".to_owned() });
        }
    };
    for (name, value) in &file.partitions {
        // A column that is there as well is overruled.
        sample.columns.retain(|column| column.stated.name() != name);
        sample.add_constant(name, value);
    }
    sample.rows_above = rows_above;
    Ok(sample)
}

/// A text as it is to be read where titles stand above the names of its columns.
fn below_titles(file: &SourceFile) -> Result<Option<SourceFile>, IntakeError> {
    let Layout::Separated(delimiter) = file.layout else { return Ok(None) };
    let blocks = Blocks::open(file, delimiter)?;
    let own = BelowTitles::of(blocks.pending());
    Ok(own.map(|own| SourceFile { layout: Layout::Separated(own.delimiter), rows_above: own.n_above, ..file.clone() }))
}

/// A sample of the tables of a warehouse that are one export together; of several surveys the one that is meant most likely.
pub(super) fn sample_long_tables(
    files: &[SourceFile],
    n_rows: usize,
) -> Result<(Sample, Option<SurveyChoice>), IntakeError> {
    let meant = Meant { table: None, base_dir: Path::new("") };
    let gathered = long_tables::gather(files, meant, EXPORT_SOURCE)?;
    let mut pivoted = gathered.pivot(files, EXPORT_SOURCE, None)?;
    let choice = chosen_survey(&pivoted);
    if let Some(choice) = &choice {
        pivoted = gathered.pivot(files, EXPORT_SOURCE, Some(&choice.survey))?;
        let rows = pivoted.table.rows().iter().zip(&pivoted.surveys).filter(|(_, own)| **own == choice.survey);
        let rows = rows.map(|(row, _)| row.clone()).collect();
        pivoted.table = ValueTable::new(pivoted.table.names().to_vec(), rows)
            .map_err(|problem| refused(&files[gathered.responses().unwrap_or(0)], problem))?;
    }
    let table = ExportTable { columns: pivoted.columns, table: pivoted.table };
    Ok((export(&table, ExportFormat::FivetranQualtrics, n_rows), choice))
}

/// Of several surveys the one whose recommend question most answer; where none has one, the one with most responses.
fn chosen_survey(pivoted: &Pivoted) -> Option<SurveyChoice> {
    let mut n_responses: BTreeMap<&str, u64> = BTreeMap::new();
    for survey in &pivoted.surveys {
        *n_responses.entry(survey).or_default() += 1;
    }
    if n_responses.len() < 2 {
        return None;
    }
    let recommend = |survey: &str| {
        let columns = pivoted.columns.all_with(ExportRole::Recommend).map(|at| &pivoted.columns.columns()[at]);
        let asked = columns.filter_map(|column| Some((column, column.survey.as_ref()?)));
        asked.filter(|(_, own)| own.survey == survey).max_by_key(|(_, own)| own.n_answers)
    };
    let said = |survey: &str, n: u64| match recommend(survey) {
        Some((column, own)) => {
            let text = column.names.last().map_or("", String::as_str);
            format!("{n} responses, {} answers to \"{text}\"", own.n_answers)
        }
        None => format!("{n} responses, no recommend question"),
    };
    let rank = |(survey, n): &(&&str, &u64)| (recommend(survey).map_or(0, |(_, own)| own.n_answers), **n);
    let (&survey, &n) = n_responses.iter().rev().max_by_key(rank)?;
    let others = n_responses.iter().filter(|(own, _)| **own != survey);
    Some(SurveyChoice {
        survey: survey.to_owned(),
        why: said(survey, n),
        others: others.map(|(own, &n)| format!("{own} ({})", said(own, n))).collect(),
    })
}

fn refused(file: &SourceFile, problem: exports::ExportError) -> IntakeError {
    IntakeError::Export { file: file.name.clone(), source_name: EXPORT_SOURCE.to_owned(), problem }
}

fn plain(names: &[String]) -> Vec<ExportColumn> {
    names.iter().map(|name| ExportColumn { names: vec![name.clone()], ..ExportColumn::default() }).collect()
}

/// A text whose rows stand in lines.
struct Text<'f> {
    file: &'f SourceFile,
    delimiter: u8,
    n_header_bytes: usize,
    width: Width,
}

impl Text<'_> {
    /// The head, and behind it rows from places all over the file: of a packed file every so many-th row, of a plain one
    /// runs of rows, since its places can be gone to.
    fn sample(
        &self,
        mut blocks: Blocks,
        stated: Vec<ExportColumn>,
        export: Option<ExportFormat>,
        n_rows: usize,
    ) -> Result<Sample, IntakeError> {
        blocks.skip(self.n_header_bytes);
        let names: Arc<[String]> = stated.iter().map(|column| column.name().to_owned()).collect();
        let mut taker = Taker::new(stated.len(), n_rows);
        let unreadable = |source| IntakeError::Unreadable { file: self.file.name.clone(), source };
        let is_plain = is_as_it_lies(&self.file.path, self.file.encoding).map_err(unreadable)?;
        let (mut n_bytes, mut is_whole) = (0, true);
        while let Some(block) = blocks.next()? {
            n_bytes += block.bytes.len() as u64;
            self.take(&mut taker, &block, &names);
            let is_long = n_bytes + (self.n_header_bytes as u64) < self.file.n_bytes;
            if is_plain && is_long && taker.has_head() && !taker.is_whole() {
                is_whole = false;
                break;
            }
        }
        if !is_whole {
            let per_row = (n_bytes / taker.n_rows_seen().max(1)).max(1);
            taker.forget_spread();
            let wanted = per_row * (n_rows as u64 / 2);
            let is_utf_8 = self.take_places(&mut taker, &names, n_bytes, wanted).map_err(unreadable)?;
            // Where it is not is said by whoever reads that far.
            while !is_utf_8 && blocks.next()?.is_some() {}
        }
        let is_whole = is_whole && taker.is_whole();
        Ok(taker.finish(stated, export, is_whole))
    }

    fn take(&self, taker: &mut Taker, block: &Block, names: &Arc<[String]>) {
        let positions: Vec<usize> = (0..names.len()).collect();
        if self.delimiter == json_lines::NO_DELIMITER {
            taker.take(&mut ValueRows::new(&json_lines::chunk(block, names), &positions));
        } else {
            taker.take(&mut SeparatedRows::new(block, self.delimiter, &positions, self.width));
        }
    }

    /// Runs of whole rows of about so many bytes in all, at equal distances behind the bytes that were read, the last at the
    /// end of the file; whether all of these are UTF-8.
    fn take_places(
        &self,
        taker: &mut Taker,
        names: &Arc<[String]>,
        n_read: u64,
        n_wanted: u64,
    ) -> std::io::Result<bool> {
        let mut handle = File::open(&self.file.path)?;
        let behind = self.n_header_bytes as u64 + n_read;
        let room = (self.file.n_bytes - behind) / PLACES;
        let n_bytes = (n_wanted / PLACES).clamp(PLACE_BYTES_MIN, PLACE_BYTES_MAX).min(room.max(1));
        let last = self.file.n_bytes.saturating_sub(n_bytes).max(behind);
        for place in 1..=PLACES {
            let start = behind + (last - behind) * place / PLACES;
            let mut bytes = Vec::new();
            handle.seek(SeekFrom::Start(start))?;
            (&handle).take(n_bytes).read_to_end(&mut bytes)?;
            let is_end = start + bytes.len() as u64 >= self.file.n_bytes;
            let Some(block) = whole_lines(bytes, is_end) else { continue };
            if std::str::from_utf8(&block.bytes).is_err() {
                return Ok(false);
            }
            // A place within quotes is cut where no row begins; what is read there is no row of the file.
            let mut probe = Taker::new(names.len(), usize::MAX);
            self.take(&mut probe, &block, names);
            if probe.is_mostly_sound() {
                self.take(taker, &block, names);
            }
        }
        Ok(true)
    }
}

/// What stands between the first and the last line end.
fn whole_lines(bytes: Vec<u8>, is_end: bool) -> Option<Block> {
    let first = bytes.iter().position(|&byte| byte == b'\n')? + 1;
    let last = if is_end { bytes.len() } else { bytes.iter().rposition(|&byte| byte == b'\n')? + 1 };
    (first < last).then(|| Block { bytes: bytes[first..last].to_vec(), damaged: false })
}

fn export(export: &ExportTable, format: ExportFormat, n_rows: usize) -> Sample {
    let names: Arc<[String]> = export.table.names().into();
    with_roles(chunk(&ValueChunk::of(&names, &export.table), n_rows), export.columns.columns(), format)
}

/// A sample with what an export documents of its columns.
fn with_roles(mut sample: Sample, columns: &[ExportColumn], format: ExportFormat) -> Sample {
    sample.export = Some(format);
    for (column, stated) in sample.columns.iter_mut().zip(columns) {
        column.stated = stated.clone();
    }
    sample
}

fn chunk(chunk: &ValueChunk, n_rows: usize) -> Sample {
    let positions: Vec<usize> = (0..chunk.names.len()).collect();
    let mut taker = Taker::new(chunk.names.len(), n_rows);
    taker.take(&mut ValueRows::new(chunk, &positions));
    let is_whole = taker.is_whole();
    taker.finish(plain(&chunk.names), None, is_whole)
}

fn columns(file: &SourceFile, n_rows: usize) -> Result<Sample, IntakeError> {
    let readable = columnar::readable(file)?;
    let positions: Vec<usize> = readable.iter().map(|column| column.position).collect();
    let names: Vec<String> = readable.into_iter().map(|column| column.name).collect();
    let SomeBatches { mut batches, is_whole } = Batches::some(file, &positions, n_rows)?;
    let mut taker = Taker::new(names.len(), n_rows);
    while let Some(batch) = batches.next()? {
        taker.take(&mut BatchRows::new(&file.name, &batch, &positions)?);
    }
    let is_whole = is_whole && taker.is_whole();
    Ok(taker.finish(plain(&names), None, is_whole))
}

fn database(file: &SourceFile, part: &Part, n_rows: usize) -> Result<Sample, IntakeError> {
    let mut rows = SqliteRows::open(file, &Selection { table: part.name(), query: None })?;
    let names = Arc::clone(rows.names());
    let positions: Vec<usize> = (0..names.len()).collect();
    let mut taker = Taker::new(names.len(), n_rows);
    while let Some(chunk) = rows.next()? {
        taker.take(&mut ValueRows::new(&chunk, &positions));
    }
    let is_whole = taker.is_whole();
    Ok(taker.finish(plain(&names), None, is_whole))
}
