//! Rows from the head of a file and from places all over it.

use super::cells::Cells;
use super::totals::TotalsRow;
use crate::intake::cell::Cell;
use crate::intake::exports::{ExportColumn, ExportFormat};
use crate::intake::rows::Rows;

/// A column of a sample, and what its file says of it.
#[derive(Debug, Clone)]
pub(super) struct SampledColumn {
    /// What an export documents of it, or its name alone.
    pub(super) stated: ExportColumn,
    pub(super) cells: Cells,
}

/// Some rows of one file.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) columns: Vec<SampledColumn>,
    /// The vendor's format, where the file is an export.
    pub(super) export: Option<ExportFormat>,
    pub(super) n_rows: u64,
    /// Rows that were broken as a whole.
    pub(super) n_broken: u64,
    /// Whether every row of the file is among them.
    pub(super) is_whole: bool,
    /// Rows at the ends of files that sum up the others, which are not among them.
    pub(super) totals: Vec<TotalsRow>,
    /// Lines or rows of titles above the names of its columns.
    pub(super) rows_above: usize,
    /// Whether its numbers of days count from 1904, as its workbook says.
    pub(super) counts_from_1904: bool,
}

/// Takes rows as they come: the first ones, and of all others an even choice.
///
/// Of the others every `stride`-th is kept; when they become too many, every second one is dropped and the stride doubled.
/// So the choice is spread over the whole file whatever its length, and the same for the same file.
#[derive(Debug)]
pub(super) struct Taker {
    n_columns: usize,
    n_head_max: usize,
    n_spread_max: usize,
    head: Vec<Cells>,
    n_head: usize,
    spread: Vec<Vec<String>>,
    stride: u64,
    n_behind: u64,
    n_broken: u64,
}

impl Taker {
    /// For so many rows in all, at least two.
    pub(super) fn new(n_columns: usize, n_rows: usize) -> Self {
        let n_spread_max = (n_rows / 2).max(1);
        Self {
            n_columns,
            n_head_max: n_rows.saturating_sub(n_spread_max).max(1),
            n_spread_max,
            head: vec![Cells::default(); n_columns],
            n_head: 0,
            spread: Vec::new(),
            stride: 1,
            n_behind: 0,
            n_broken: 0,
        }
    }

    /// Takes a run of rows whose first columns are the sample's.
    pub(super) fn take(&mut self, rows: &mut impl Rows) {
        let mut scratch = String::new();
        while let Some(row) = rows.advance() {
            if row.is_err() {
                self.n_broken += 1;
                continue;
            }
            if self.n_head < self.n_head_max {
                self.n_head += 1;
                for (at, cells) in self.head.iter_mut().enumerate() {
                    let cell = rows.cell(at);
                    if is_number(cell) {
                        cells.note_number();
                    }
                    if matches!(cell, Cell::Local(_)) {
                        cells.note_date();
                    }
                    cells.push(cell.text(&mut scratch));
                }
                continue;
            }
            let is_chosen = self.n_behind.is_multiple_of(self.stride);
            self.n_behind += 1;
            if is_chosen {
                let row = (0..self.n_columns).map(|at| rows.cell(at).text(&mut scratch).to_owned());
                self.spread.push(row.collect());
                if self.spread.len() > self.n_spread_max {
                    let mut at = 0;
                    self.spread.retain(|_| {
                        at += 1;
                        at % 2 == 1
                    });
                    self.stride *= 2;
                }
            }
        }
    }

    /// Rows of the head are full: what follows is chosen from.
    pub(super) fn has_head(&self) -> bool {
        self.n_head >= self.n_head_max && !self.spread.is_empty()
    }

    /// Whether every row that came was kept.
    pub(super) fn is_whole(&self) -> bool {
        self.stride == 1
    }

    /// Sound rows that came so far.
    pub(super) fn n_rows_seen(&self) -> u64 {
        self.n_head as u64 + self.n_behind
    }

    /// Whether there are rows and nearly all of them are sound.
    pub(super) fn is_mostly_sound(&self) -> bool {
        self.n_rows_seen() > 0 && self.n_broken * 10 <= self.n_rows_seen()
    }

    /// The rows of the head alone, to be joined by others.
    pub(super) fn forget_spread(&mut self) {
        self.spread.clear();
        self.n_behind = 0;
        self.stride = 1;
    }

    pub(super) fn finish(mut self, stated: Vec<ExportColumn>, export: Option<ExportFormat>, is_whole: bool) -> Sample {
        for row in &self.spread {
            for (cells, text) in self.head.iter_mut().zip(row) {
                cells.push(text);
            }
        }
        let n_rows = (self.n_head + self.spread.len()) as u64;
        let columns =
            stated.into_iter().zip(self.head).map(|(stated, cells)| SampledColumn { stated, cells }).collect();
        Sample {
            columns,
            export,
            n_rows,
            n_broken: self.n_broken,
            is_whole,
            totals: Vec::new(),
            rows_above: 0,
            counts_from_1904: false,
        }
    }
}

/// Whether a cell is no text that could be written in some way.
fn is_number(cell: Cell<'_>) -> bool {
    matches!(cell, Cell::Integer(_) | Cell::Number(_) | Cell::Single(_))
}

/// Words that are shown of a guess at the signs of a text.
const WORDS_SHOWN: usize = 4;
/// Letters of each at most.
const WORD_LETTERS: usize = 24;

impl Sample {
    /// Names and cells.
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flat_map(|column| std::iter::once(column.stated.name()).chain(column.cells.iter()))
    }

    /// Whether no letter stands in it that another encoding would write otherwise.
    pub(super) fn is_ascii(&self) -> bool {
        self.texts().all(str::is_ascii)
    }

    /// Some of its words with such letters, each once.
    pub(super) fn foreign_words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let is_end = |letter: char| letter.is_whitespace() || letter.is_ascii_punctuation();
        for word in self.texts().flat_map(|text| text.split(is_end)).filter(|word| !word.is_ascii()) {
            let word: String = word.chars().take(WORD_LETTERS).collect();
            if words.len() < WORDS_SHOWN && !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// A column that is the same in every row, as the name of a folder says it.
    pub(super) fn add_constant(&mut self, name: &str, value: &str) {
        let mut cells = Cells::default();
        (0..self.n_rows).for_each(|_| cells.push(value));
        let stated = ExportColumn { names: vec![name.to_owned()], ..ExportColumn::default() };
        self.columns.push(SampledColumn { stated, cells });
    }

    /// Joins the rows of another file with the same columns; what one page of JSON does not hold, another may.
    pub(super) fn append(&mut self, other: &Self) {
        let place = |sample: &Self, name: &str| sample.columns.iter().position(|own| own.stated.name() == name);
        for theirs in &other.columns {
            if place(self, theirs.stated.name()).is_none() {
                let mut cells = Cells::default();
                (0..self.n_rows).for_each(|_| cells.push(""));
                self.columns.push(SampledColumn { stated: theirs.stated.clone(), cells });
            }
        }
        let is_alike = self.columns.len() == other.columns.len();
        for (at, own) in self.columns.iter_mut().enumerate() {
            // Columns that share a name, as those of an export may, are in the same order in files that have the same.
            let theirs = if is_alike && other.columns[at].stated.name() == own.stated.name() {
                Some(at)
            } else {
                place(other, own.stated.name())
            };
            match theirs {
                Some(theirs) => own.cells.append(&other.columns[theirs].cells),
                None => (0..other.n_rows).for_each(|_| own.cells.push("")),
            }
        }
        self.n_rows += other.n_rows;
        self.n_broken += other.n_broken;
        self.is_whole &= other.is_whole;
        self.totals.extend(other.totals.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::separated::{SeparatedRows, Width};

    fn taken(n_rows: usize, n_max: usize) -> (Vec<usize>, bool) {
        let text: String = (0..n_rows).map(|row| format!("{row}\n")).collect();
        let block = crate::intake::blocks::Block { bytes: text.into_bytes(), damaged: false };
        let mut taker = Taker::new(1, n_max);
        taker.take(&mut SeparatedRows::new(&block, b',', &[0], Width::of_header(1)));
        let is_whole = taker.is_whole();
        let sample = taker.finish(vec![ExportColumn::default()], None, is_whole);
        let rows = sample.columns[0].cells.iter().map(|text| text.parse().expect("a number")).collect();
        (rows, sample.is_whole)
    }

    #[test]
    fn a_short_file_is_taken_whole_and_of_a_long_one_the_head_and_an_even_choice() {
        assert_eq!(taken(6, 8), ((0..6).collect(), true));
        let (rows, is_whole) = taken(1000, 20);
        assert_eq!(&rows[..10], &(0..10).collect::<Vec<_>>()[..]);
        // 990 rows behind the head, at most 10 of them: every 128th.
        assert_eq!(&rows[10..], [10, 138, 266, 394, 522, 650, 778, 906]);
        assert!(!is_whole);
    }
}
