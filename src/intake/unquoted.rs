//! Rows of separated text in which nothing is quoted: lines cut at the separator, without a copy of any cell.

use super::account::Reason;
use super::blocks::{Block, count_lines};
use super::cell::Cell;
use super::cuts::Cuts;
use super::rows::Rows;
use super::separated::Width;

/// The rows of one block, the same that [`SeparatedRows`](super::separated::SeparatedRows) reads of it.
pub(super) struct UnquotedRows<'b> {
    text: &'b str,
    /// Where separators and line ends stand, as far as they have not been passed.
    cuts: Cuts<'b>,
    /// Where the columns that were asked for stand.
    positions: &'b [usize],
    width: Width,
    /// Where the current row begins, and where it ends but for its line end.
    start: usize,
    end: usize,
    /// Where the cells of the row end.
    ends: Vec<usize>,
    /// Where the next line begins, and how many lines there are before it.
    next: usize,
    n_lines: u64,
}

impl<'b> UnquotedRows<'b> {
    /// `None` where something is quoted, or a line ends in another way than `\n` or `\r\n`.
    pub(super) fn of(block: &'b Block, delimiter: u8, positions: &'b [usize], width: Width) -> Option<Self> {
        let bytes = block.bytes.as_slice();
        let ends_line = |at: usize| bytes.get(at + 1) == Some(&b'\n');
        let is_plain =
            !block.damaged && memchr::memchr(b'"', bytes).is_none() && memchr::memchr_iter(b'\r', bytes).all(ends_line);
        if !is_plain {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let cuts = Cuts::of(bytes, [delimiter, b'\n']);
        let ends = Vec::with_capacity(width.n_cells());
        Some(Self { text, cuts, positions, width, start: 0, end: 0, ends, next: 0, n_lines: 0 })
    }
}

impl UnquotedRows<'_> {
    /// Whether nothing stands in the cells behind those that the header names.
    fn has_blank_surplus(&self) -> bool {
        let is_blank = |at: usize| self.text.as_bytes()[self.ends[at - 1] + 1..self.ends[at]].trim_ascii().is_empty();
        (self.width.n_named..self.width.n_cells()).all(is_blank)
    }
}

impl Rows for UnquotedRows<'_> {
    #[inline]
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        let bytes = self.text.as_bytes();
        loop {
            if self.next >= bytes.len() {
                return None;
            }
            self.start = self.next;
            self.ends.clear();
            self.end = loop {
                match self.cuts.next() {
                    Some(at) if bytes[at] == b'\n' => break at,
                    Some(at) => self.ends.push(at),
                    None => break bytes.len(),
                }
            };
            self.next = self.end + 1;
            self.n_lines += 1;
            if self.end > self.start && bytes[self.end - 1] == b'\r' {
                self.end -= 1;
            }
            if self.end > self.start {
                break;
            }
        }
        self.ends.push(self.end);
        let is_sound =
            self.ends.len() == self.width.n_cells() && (self.width.n_surplus == 0 || self.has_blank_surplus());
        Some(if is_sound { Ok(()) } else { Err(Reason::Ragged) })
    }

    #[inline]
    fn cell(&self, column: usize) -> Cell<'_> {
        let text = self.positions.get(column).and_then(|&at| {
            let start = if at == 0 { self.start } else { self.ends.get(at - 1)? + 1 };
            self.text.get(start..*self.ends.get(at)?)
        });
        Cell::Text(trimmed(text.unwrap_or_default()))
    }

    fn n_rows_max(&self) -> usize {
        // The last line may have no end.
        usize::try_from(count_lines(self.text.as_bytes())).map_or(0, |n_lines| n_lines + 1)
    }

    fn line(&mut self) -> u64 {
        self.n_lines - 1
    }

    #[inline]
    fn place(&self) -> usize {
        self.start
    }

    fn record(&self) -> String {
        self.text.get(self.start..self.end).unwrap_or_default().to_owned()
    }
}

/// Most cells begin and end with a sign that is no space, which two bytes show.
#[inline]
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
        [only] if only.is_ascii_graphic() => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::separated::SeparatedRows;
    use proptest::prelude::*;

    /// All that a row says of itself.
    #[derive(Debug, PartialEq)]
    struct Told {
        verdict: Result<(), Reason>,
        cells: Vec<String>,
        line: u64,
        place: usize,
        record: String,
    }

    fn told(rows: &mut impl Rows, n_columns: usize) -> Vec<Told> {
        let mut all = Vec::new();
        while let Some(verdict) = rows.advance() {
            let mut scratch = String::new();
            let cells = match verdict {
                Ok(()) => (0..n_columns).map(|column| rows.cell(column).text(&mut scratch).to_owned()).collect(),
                Err(_) => Vec::new(),
            };
            all.push(Told { verdict, cells, line: rows.line(), place: rows.place(), record: rows.record() });
        }
        all
    }

    fn block(text: &str) -> Block {
        Block { bytes: text.as_bytes().to_vec(), damaged: false }
    }

    #[test]
    fn rows_by_hand() {
        let block = block("\r\n1, a b \r\n\n2,é\n3\n,last");
        let rows = &mut UnquotedRows::of(&block, b',', &[1, 0], Width::of_header(2)).expect("nothing quoted");
        let row = |cells: [&str; 2], line, place, record: &str| {
            let cells = cells.map(str::to_owned).to_vec();
            Told { verdict: Ok(()), cells, line, place, record: record.to_owned() }
        };
        let ragged =
            Told { verdict: Err(Reason::Ragged), cells: Vec::new(), line: 4, place: 17, record: "3".to_owned() };
        let want = vec![
            row(["a b", "1"], 1, 2, "1, a b "),
            row(["é", "2"], 3, 12, "2,é"),
            ragged,
            row(["last", ""], 5, 19, ",last"),
        ];
        assert_eq!(told(rows, 2), want);
    }

    #[test]
    fn what_is_quoted_or_ends_lines_otherwise_is_left_to_the_other_reader() {
        for text in ["1,\"a\"\n", "1,a\r2,b\n", "1,a\r"] {
            assert!(UnquotedRows::of(&block(text), b',', &[0], Width::of_header(2)).is_none(), "{text:?}");
        }
        let damaged = Block { damaged: true, ..block("1,a\n") };
        assert!(UnquotedRows::of(&damaged, b',', &[0], Width::of_header(2)).is_none());
    }

    proptest! {
        #[test]
        fn both_readers_see_the_same(parts in prop::collection::vec("[ab,; é\t]{0,4}(\n|\r\n|)", 0..12), n_columns in 1_usize..4, n_surplus in 0_usize..3) {
            let block = block(&parts.concat());
            let positions: Vec<usize> = (0..n_columns).collect();
            let width = Width { n_named: n_columns, n_surplus };
            let own = UnquotedRows::of(&block, b',', &positions, width).map(|mut rows| told(&mut rows, n_columns));
            let other = told(&mut SeparatedRows::new(&block, b',', &positions, width), n_columns);
            prop_assert_eq!(own, Some(other));
        }
    }
}
