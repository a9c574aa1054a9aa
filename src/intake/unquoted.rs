//! Rows of separated text in which nothing is quoted: lines cut at the separator, without a copy of any cell.

use super::account::Reason;
use super::blocks::Block;
use super::cell::Cell;
use super::rows::Rows;

/// The rows of one block, the same that [`SeparatedRows`](super::separated::SeparatedRows) reads of it.
pub(super) struct UnquotedRows<'b> {
    text: &'b str,
    delimiter: u8,
    /// Where the columns that were asked for stand.
    positions: &'b [usize],
    n_columns: usize,
    /// The current row without its line end, and where it begins.
    row: &'b str,
    place: usize,
    /// Where the cells of the row end.
    ends: Vec<usize>,
    /// Where the next line begins, and how many lines there are before it.
    next: usize,
    n_lines: u64,
}

impl<'b> UnquotedRows<'b> {
    /// `None` where something is quoted, or a line ends in another way than `\n` or `\r\n`.
    pub(super) fn of(block: &'b Block, delimiter: u8, positions: &'b [usize], n_columns: usize) -> Option<Self> {
        let bytes = block.bytes.as_slice();
        let ends_line = |at: usize| bytes.get(at + 1) == Some(&b'\n');
        let is_plain = !block.damaged
            && !bytes.contains(&b'"')
            && (!bytes.contains(&b'\r') || (0..bytes.len()).all(|at| bytes[at] != b'\r' || ends_line(at)));
        if !is_plain {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let ends = Vec::with_capacity(n_columns);
        Some(Self { text, delimiter, positions, n_columns, row: "", place: 0, ends, next: 0, n_lines: 0 })
    }
}

impl Rows for UnquotedRows<'_> {
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        loop {
            if self.next >= self.text.len() {
                return None;
            }
            let rest = &self.text[self.next..];
            let (line, n_bytes) = rest.split_once('\n').map_or((rest, rest.len()), |(line, _)| (line, line.len() + 1));
            self.place = self.next;
            self.next += n_bytes;
            self.n_lines += 1;
            self.row = line.strip_suffix('\r').unwrap_or(line);
            if !self.row.is_empty() {
                break;
            }
        }
        self.ends.clear();
        let cuts = self.row.bytes().enumerate().filter(|&(_, byte)| byte == self.delimiter).map(|(at, _)| at);
        self.ends.extend(cuts);
        self.ends.push(self.row.len());
        Some(if self.ends.len() == self.n_columns { Ok(()) } else { Err(Reason::Ragged) })
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        let text = self.positions.get(column).and_then(|&at| {
            let start = if at == 0 { 0 } else { self.ends.get(at - 1)? + 1 };
            self.row.get(start..*self.ends.get(at)?)
        });
        Cell::Text(trimmed(text.unwrap_or_default()))
    }

    fn line(&mut self) -> u64 {
        self.n_lines - 1
    }

    fn place(&self) -> usize {
        self.place
    }

    fn record(&self) -> String {
        self.row.to_owned()
    }
}

/// Most cells begin and end with a sign that is no space, which two bytes show.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
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
        let rows = &mut UnquotedRows::of(&block, b',', &[1, 0], 2).expect("nothing quoted");
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
            assert!(UnquotedRows::of(&block(text), b',', &[0], 2).is_none(), "{text:?}");
        }
        let damaged = Block { damaged: true, ..block("1,a\n") };
        assert!(UnquotedRows::of(&damaged, b',', &[0], 2).is_none());
    }

    proptest! {
        #[test]
        fn both_readers_see_the_same(parts in prop::collection::vec("[ab,; é\t]{0,4}(\n|\r\n|)", 0..12), n_columns in 1_usize..4) {
            let block = block(&parts.concat());
            let positions: Vec<usize> = (0..n_columns).collect();
            let own = UnquotedRows::of(&block, b',', &positions, n_columns).map(|mut rows| told(&mut rows, n_columns));
            let other = told(&mut SeparatedRows::new(&block, b',', &positions, n_columns), n_columns);
            prop_assert_eq!(own, Some(other));
        }
    }
}
