//! Separated text whose header has been read: its rows from there on, some of them by their lines, and rows that stand for them.

use super::IntakeError;
use super::amending::{Amending, amend};
use super::blocks::{Block, Blocks, count_lines};
use super::check::{Checked, check};
use super::contract::Contract;
use super::database::{PostgresText, Selection};
use super::exports::{self, ExportFormat};
use super::hash::HashedFile;
use super::opened::{BLOCKS_PER_THREAD, Opening, Visited, refused};
use super::pieces::{Pieces, Visit};
use super::places::{Columns, Places};
use super::rows::Rows;
use super::separated::{self, Header, SeparatedRows, Width};
use super::unpacked::Unpacked;
use super::unquoted::UnquotedRows;
use std::collections::BTreeSet;

/// A text up to its first row.
pub(super) struct OpenedText {
    blocks: Blocks,
    pub(super) places: Places,
    /// The contract for the rows of an export, which says more about its columns than a study must.
    own: Option<Contract>,
    pub(super) delimiter: u8,
    start: Start,
}

/// Where the rows of a text begin, and how many cells each has.
struct Start {
    n_lines: u64,
    n_bytes: usize,
    width: Width,
}

/// A row as it stands in a file.
pub(super) struct RowOfFile {
    /// Its line, from 1.
    pub(super) line: u64,
    /// Its cells; none of a line in which a quote opens and never closes.
    pub(super) cells: Vec<String>,
    /// The whole row, for people.
    pub(super) record: String,
}

impl OpenedText {
    /// A file with one line of names.
    pub(super) fn plain(opening: Opening<'_>, delimiter: u8) -> Result<Self, IntakeError> {
        let file = opening.reading.file;
        let blocks = Blocks::open(file, delimiter)?;
        Self::separated(opening, blocks, delimiter)
    }

    /// What a server answers.
    pub(super) fn postgres(opening: Opening<'_>, selection: &Selection<'_>) -> Result<Self, IntakeError> {
        let file = opening.reading.file;
        let text = PostgresText::open(&file.path.to_string_lossy(), &opening.reading.files.base_dir, selection)?;
        let blocks = Blocks::of(&file.name, Unpacked::of(text), b',')?;
        Self::separated(opening, blocks, b',')
    }

    fn separated(mut opening: Opening<'_>, mut blocks: Blocks, delimiter: u8) -> Result<Self, IntakeError> {
        let file = opening.reading.file;
        let header = Header::below(blocks.pending(), delimiter, file.rows_above).ok_or_else(|| file.without_names())?;
        blocks.skip(header.n_bytes);
        let width = Width::of(blocks.pending(), delimiter, header.names.len());
        let places = opening.places(Columns::Plain(&header.names))?;
        let start = Start { n_lines: header.n_lines, n_bytes: header.n_bytes, width };
        Ok(Self { blocks, places, own: None, delimiter, start })
    }

    /// A vendor's export.
    pub(super) fn export(mut opening: Opening<'_>, format: ExportFormat, delimiter: u8) -> Result<Self, IntakeError> {
        let (file, contract) = (opening.reading.file, opening.contract);
        let mut blocks = Blocks::open(file, delimiter)?;
        let header = exports::header_of(format, blocks.pending(), delimiter);
        let header = header.map_err(|problem| refused(file, &contract.source, problem))?;
        blocks.skip(header.n_bytes);
        let columns = Columns::Export(&header.columns);
        let mut places = opening.places(columns)?;
        let own = places.of_export(contract, columns);
        let start = Start { n_lines: header.n_lines, n_bytes: header.n_bytes, width: Width::of_header(header.n_cells) };
        Ok(Self { blocks, places, own, delimiter, start })
    }

    /// Lets the rows be visited, block by block.
    pub(super) fn visit<V: Visit>(self, contract: &Contract, visit: V) -> Result<Visited<V::Out>, IntakeError> {
        let Self { mut blocks, places, own, delimiter, start } = self;
        let contract = own.as_ref().unwrap_or(contract);
        let out = visit.visit(Pieces {
            next: || blocks.next(),
            check: |block: &Block| Ok(checked(block, contract, &places, delimiter, &start)),
            recall: |block: &Block, places: &[usize]| separated::recall(block, delimiter, places),
            amend: |block: &Block, asked: &mut Amending<'_>| {
                let rows = SeparatedRows::new(block, delimiter, &places.positions, start.width);
                amend(contract, &places, rows, count_lines(&block.bytes), asked);
                Ok(())
            },
            n_bytes: block_bytes,
            at_once: BLOCKS_PER_THREAD,
            first_line: 1 + start.n_lines,
            header_bytes: start.n_bytes as u64,
        })?;
        Ok(Visited { out, blocks: Some(blocks), is_partial: false })
    }

    /// The rows that begin in some lines; what is behind the last of these is not read.
    pub(super) fn rows_at(&mut self, lines: &BTreeSet<u64>) -> Result<Vec<RowOfFile>, IntakeError> {
        let mut found = Vec::new();
        let Some(&last) = lines.last() else { return Ok(found) };
        let mut first_line = 1 + self.start.n_lines;
        while first_line <= last
            && let Some(block) = self.blocks.next()?
        {
            let n_lines = count_lines(&block.bytes);
            // The last line of a file may have no end.
            if lines.range(first_line..=first_line + n_lines).next().is_some() {
                let mut rows = SeparatedRows::new(&block, self.delimiter, &[], self.start.width);
                while rows.advance().is_some() {
                    let line = first_line + rows.line();
                    if lines.contains(&line) {
                        found.push(RowOfFile { line, cells: rows.cells(), record: rows.record() });
                    }
                }
            }
            first_line += n_lines;
        }
        Ok(found)
    }

    /// Bytes and SHA-256 of the whole text, which is read to its end.
    pub(super) fn finish(mut self) -> Result<HashedFile, IntakeError> {
        while self.blocks.next()?.is_some() {}
        self.blocks.finish()
    }

    /// What the check makes of a text that should be one row of the file.
    pub(super) fn check_text(&self, text: &str, contract: &Contract) -> Checked {
        let block = Block::of_record(text, self.delimiter);
        checked(&block, self.own.as_ref().unwrap_or(contract), &self.places, self.delimiter, &self.start)
    }
}

fn checked(block: &Block, contract: &Contract, places: &Places, delimiter: u8, start: &Start) -> Checked {
    let mut checked = match UnquotedRows::of(block, delimiter, &places.positions, start.width) {
        Some(rows) => check(contract, &mut places.completing(rows)),
        None => {
            let rows = SeparatedRows::new(block, delimiter, &places.positions, start.width);
            check(contract, &mut places.completing(rows))
        }
    };
    checked.n_lines = count_lines(&block.bytes);
    checked
}

pub(super) fn block_bytes(block: &Block) -> u64 {
    block.bytes.len() as u64
}
