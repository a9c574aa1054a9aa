//! Rows of layouts that know types cell by cell: workbooks, databases, JSON.

use super::account::Reason;
use super::cell::Cell;
use super::exports::{self, ValueTable};
use super::rows::{Recalled, Rows};
use std::sync::Arc;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Missing,
    Text(String),
    Integer(i64),
    Number(f64),
    Flag(bool),
    /// A local date and time in microseconds since 1970-01-01 00:00 of the same place.
    Local(i64),
}

impl Value {
    /// The cell as the check wants it.
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Missing => Cell::Missing,
            Self::Text(text) => Cell::Text(text.trim()),
            Self::Integer(value) => Cell::Integer(*value),
            Self::Number(value) => Cell::Number(*value),
            Self::Flag(true) => Cell::Text("true"),
            Self::Flag(false) => Cell::Text("false"),
            Self::Local(us) => Cell::Local(*us),
        }
    }
}

/// Some rows of a file, all with the same columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ValueChunk {
    pub(super) names: Arc<[String]>,
    pub(super) rows: Vec<ValueRow>,
}

impl ValueChunk {
    /// A table that was read whole.
    pub(super) fn of(names: &Arc<[String]>, table: &ValueTable) -> Self {
        let value = |value: &exports::Value| match value {
            exports::Value::Missing => Value::Missing,
            exports::Value::Text(text) => Value::Text(text.clone()),
            exports::Value::Integer(value) => Value::Integer(*value),
            exports::Value::Number(value) => Value::Number(*value),
            exports::Value::Flag(flag) => Value::Flag(*flag),
        };
        let row =
            |(line, row): (usize, &Vec<exports::Value>)| ValueRow::of(line as u64, row.iter().map(value).collect());
        Self { names: Arc::clone(names), rows: table.rows().iter().enumerate().map(row).collect() }
    }

    /// Lines or rows from its beginning to its last row.
    pub(super) fn n_lines(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.line + 1)
    }
}

/// One row, or why it is none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ValueRow {
    /// Lines or rows since the beginning of the chunk, from 0.
    pub(super) line: u64,
    pub(super) cells: Result<Vec<Value>, Reason>,
    /// The row as it stands in the file, where its cells are none.
    pub(super) record: String,
}

impl ValueRow {
    /// A sound row.
    pub(super) fn of(line: u64, cells: Vec<Value>) -> Self {
        Self { line, cells: Ok(cells), record: String::new() }
    }

    /// The whole row, for people.
    fn text(&self, names: &[String]) -> String {
        let Ok(cells) = &self.cells else { return self.record.clone() };
        let mut scratch = String::new();
        let cells = names.iter().zip(cells).map(|(name, cell)| format!("{name}={}", cell.cell().text(&mut scratch)));
        cells.collect::<Vec<_>>().join(",")
    }
}

/// The rows of a chunk at some places.
pub(super) fn recall(chunk: &ValueChunk, places: &[usize]) -> Vec<Recalled> {
    let recalled = |row: &ValueRow| Recalled { line: row.line, record: row.text(&chunk.names) };
    places.iter().map(|&place| chunk.rows.get(place).map(recalled).unwrap_or_default()).collect()
}

/// The rows of one chunk.
pub(super) struct ValueRows<'c> {
    chunk: &'c ValueChunk,
    /// Where the columns that were asked for stand.
    positions: &'c [usize],
    next: usize,
}

impl<'c> ValueRows<'c> {
    pub(super) fn new(chunk: &'c ValueChunk, positions: &'c [usize]) -> Self {
        Self { chunk, positions, next: 0 }
    }

    fn row(&self) -> &ValueRow {
        &self.chunk.rows[self.next - 1]
    }
}

impl Rows for ValueRows<'_> {
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        let row = self.chunk.rows.get(self.next)?;
        self.next += 1;
        Some(row.cells.as_ref().map(|_| ()).map_err(|&reason| reason))
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        let cells = self.row().cells.as_deref().unwrap_or_default();
        self.positions.get(column).and_then(|&at| cells.get(at)).map_or(Cell::Missing, Value::cell)
    }

    fn line(&mut self) -> u64 {
        self.row().line
    }

    fn place(&self) -> usize {
        self.next - 1
    }

    fn record(&self) -> String {
        self.row().text(&self.chunk.names)
    }
}
