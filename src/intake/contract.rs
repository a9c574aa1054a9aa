//! What a source's columns must hold, and what they are called from here on.

use super::lookup::{Crosswalk, Totals};
use super::time::Clock;
use crate::study::{Codes, Range};
use std::sync::Arc;

/// What a column holds.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A key, translated by one file after the other.
    Key(Vec<Arc<Crosswalk>>),
    /// Any text.
    Text,
    /// A number.
    Number(Bounds),
    /// A key by which a number is found in another file.
    Total(Arc<Totals>, Bounds),
    /// An instant; where it lies at or after the end of the study's sight, the row is not used.
    Instant(Arc<Clock>),
}

/// Which numbers a column may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) min: f64,
    pub(super) max: f64,
    /// Whether only whole numbers are answers.
    pub(super) whole: bool,
}

impl Bounds {
    /// Any finite number.
    pub(super) const FREE: Self = Self { min: f64::MIN, max: f64::MAX, whole: false };

    pub(super) fn of(range: Option<Range>) -> Self {
        range.map_or(Self::FREE, |range| Self { min: range.min, max: range.max, whole: false })
    }

    /// Whether a number may stand in the column.
    pub(super) fn allow(self, value: f64) -> bool {
        value >= self.min && value <= self.max && !(self.whole && value.fract().abs() > 0.0)
    }
}

/// One column of a source.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name in the typed table.
    pub(super) output: String,
    /// Its name in the file.
    pub(super) input: String,
    /// The key of the study that names it.
    pub(super) key: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether a row without it is put aside.
    pub(super) required: bool,
    /// Codes for nothing.
    pub(super) blank: Codes,
    /// Codes for "does not apply".
    pub(super) not_applicable: Codes,
}

impl Column {
    pub(super) fn new(output: &str, key: &'static str, input: &str, kind: Kind) -> Self {
        Self {
            output: output.to_owned(),
            input: input.to_owned(),
            key,
            kind,
            required: false,
            blank: Codes::default(),
            not_applicable: Codes::default(),
        }
    }

    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) fn blank(mut self, codes: &Codes) -> Self {
        self.blank = codes.clone();
        self
    }

    pub(super) fn not_applicable(mut self, codes: &Codes) -> Self {
        self.not_applicable = codes.clone();
        self
    }
}

/// What a source's rows must be like.
#[derive(Debug, Clone)]
pub(super) struct Contract {
    /// The source, as messages name it.
    pub(super) source: String,
    /// Its columns, in the order of the typed table.
    pub(super) columns: Vec<Column>,
    /// The column by which a later row is a repeat of an earlier one.
    pub(super) unique: Option<usize>,
    /// Two columns that must differ.
    pub(super) distinct: Option<(usize, usize)>,
    /// The end of what the study sees, in microseconds of UTC.
    pub(super) end_us: i64,
}
