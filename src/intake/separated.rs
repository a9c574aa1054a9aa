//! Rows of separated text.

use super::account::Reason;
use super::blocks::{Block, count_lines};
use super::cell::Cell;
use super::rows::{Recalled, Rows};
use csv::ByteRecord;

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(1 << 16)
        .from_reader(bytes)
}

/// The sign between cells that the first line of a file names, as spreadsheets do: `sep=;`.
pub(super) struct SeparatorLine {
    pub(super) sign: u8,
    /// Bytes up to its end, line end included.
    pub(super) n_bytes: usize,
}

impl SeparatorLine {
    /// The line, where a text begins with it.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let n_bytes = memchr::memchr(b'\n', bytes)? + 1;
        match bytes[..n_bytes].trim_ascii_end() {
            [word @ .., sign] if word.eq_ignore_ascii_case(b"sep=") && sign.is_ascii_punctuation() && *sign != b'"' => {
                Some(Self { sign: *sign, n_bytes })
            }
            // A tab was trimmed away.
            word if word.eq_ignore_ascii_case(b"sep=") && bytes[4] == b'\t' => Some(Self { sign: b'\t', n_bytes }),
            _ => None,
        }
    }
}

/// How many cells each row of a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Width {
    /// Cells that the header names.
    pub(super) n_named: usize,
    /// Cells behind them, which hold nothing.
    pub(super) n_surplus: usize,
}

/// Rows that are looked at for how many cells a file's rows have behind those of the header.
const ROWS_MEASURED: usize = 50;

impl Width {
    pub(super) fn of_header(n_named: usize) -> Self {
        Self { n_named, n_surplus: 0 }
    }

    /// The width of rows of which all at the beginning have as many blank cells too many, as where a separator ends each line; that of
    /// the header where that is not so.
    pub(super) fn of(rows: &[u8], delimiter: u8, n_named: usize) -> Self {
        // What is cut off at the end of the text is no whole row.
        let whole = &rows[..memchr::memrchr(b'\n', rows).map_or(rows.len(), |at| at + 1)];
        let mut reader = reader(whole, delimiter);
        let mut record = ByteRecord::new();
        let mut found: Option<usize> = None;
        let mut n_rows = 0;
        // Reading from memory cannot fail.
        while n_rows < ROWS_MEASURED && reader.read_byte_record(&mut record).unwrap_or(false) {
            let is_alike = found.is_none_or(|n_cells| n_cells == record.len());
            if record.len() <= n_named || !is_alike || !record.iter().skip(n_named).all(is_blank) {
                return Self::of_header(n_named);
            }
            found = Some(record.len());
            n_rows += 1;
        }
        Self { n_named, n_surplus: found.map_or(0, |n_cells| n_cells - n_named) }
    }

    #[inline]
    pub(super) fn n_cells(self) -> usize {
        self.n_named + self.n_surplus
    }
}

fn is_blank(cell: &[u8]) -> bool {
    cell.trim_ascii().is_empty()
}

/// Bytes of so many lines at the beginning of a text, whatever stands in them; fewer where there are fewer.
pub(super) fn n_bytes_of_lines(text: &[u8], n_lines: usize) -> usize {
    let mut at = 0;
    for _ in 0..n_lines {
        let Some(end) = memchr::memchr2(b'\n', b'\r', &text[at..]) else { return text.len() };
        at += end + 1;
        at += usize::from(text[at - 1] == b'\r' && text.get(at) == Some(&b'\n'));
    }
    at
}

/// The column names of a file and how many bytes and lines they take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) names: Vec<String>,
    pub(super) n_bytes: usize,
    pub(super) n_lines: u64,
}

impl Header {
    /// The same below some lines of titles, which count among its lines and bytes.
    pub(super) fn below(bytes: &[u8], delimiter: u8, rows_above: usize) -> Option<Self> {
        if rows_above == 0 {
            return Self::of(bytes, delimiter);
        }
        let n_above = n_bytes_of_lines(bytes, rows_above);
        let header = Self::first(&bytes[n_above..], delimiter)?;
        let n_lines = count_lines(&bytes[..n_above]) + header.n_lines;
        Some(Self { n_bytes: n_above + header.n_bytes, n_lines, ..header })
    }

    /// The first record that is no empty line, nor a line that names the separator.
    pub(super) fn of(bytes: &[u8], delimiter: u8) -> Option<Self> {
        match SeparatorLine::of(bytes) {
            Some(SeparatorLine { n_bytes, .. }) => {
                let header = Self::first(&bytes[n_bytes..], delimiter)?;
                Some(Self { n_bytes: n_bytes + header.n_bytes, n_lines: 1 + header.n_lines, ..header })
            }
            None => Self::first(bytes, delimiter),
        }
    }

    fn first(bytes: &[u8], delimiter: u8) -> Option<Self> {
        let mut reader = reader(bytes, delimiter);
        let mut record = ByteRecord::new();
        // Reading from memory cannot fail.
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            return None;
        }
        let names = record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let mut n_bytes = usize::try_from(reader.position().byte()).unwrap_or(bytes.len()).min(bytes.len());
        // Of a line end of two signs the reader leaves the second.
        if n_bytes > 0 && bytes[n_bytes - 1] == b'\r' && bytes.get(n_bytes) == Some(&b'\n') {
            n_bytes += 1;
        }
        Some(Self { names, n_bytes, n_lines: count_lines(&bytes[..n_bytes]) })
    }
}

/// The rows of one block.
pub(super) struct SeparatedRows<'b> {
    block: &'b Block,
    reader: csv::Reader<&'b [u8]>,
    record: ByteRecord,
    delimiter: u8,
    /// Where the columns that were asked for stand.
    positions: &'b [usize],
    width: Width,
    /// The last place whose line was asked for, and that line.
    counted: (usize, u64),
    damaged_seen: bool,
}

impl<'b> SeparatedRows<'b> {
    pub(super) fn new(block: &'b Block, delimiter: u8, positions: &'b [usize], width: Width) -> Self {
        Self {
            block,
            reader: reader(&block.bytes, delimiter),
            record: ByteRecord::new(),
            delimiter,
            positions,
            width,
            counted: (0, 0),
            damaged_seen: false,
        }
    }
}

/// The rows of a block that begin at some bytes, which come in rising order.
pub(super) fn recall(block: &Block, delimiter: u8, places: &[usize]) -> Vec<Recalled> {
    let bytes = &block.bytes;
    let mut record = ByteRecord::new();
    let mut counted = (0, 0);
    let recalled = |&place: &usize| {
        let place = place.min(bytes.len());
        // Reading from memory cannot fail.
        let _ = reader(&bytes[place..], delimiter).read_byte_record(&mut record);
        let (from, line) = counted;
        counted = (place, line + count_lines(bytes.get(from..place).unwrap_or_default()));
        Recalled { line: counted.1, record: encode(&record, delimiter) }
    };
    places.iter().map(recalled).collect()
}

/// A row as text.
pub(super) fn encode(record: &ByteRecord, delimiter: u8) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_byte_record(record);
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned()
}

/// The cells of a text that should be one row.
pub(super) fn decode(record: &str, delimiter: u8) -> Vec<String> {
    let mut cells = ByteRecord::new();
    // Reading from memory cannot fail.
    let _ = reader(record.as_bytes(), delimiter).read_byte_record(&mut cells);
    cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
}

impl SeparatedRows<'_> {
    /// All cells of the current row as they stand in the file; none of a line in which a quote opens and never closes.
    pub(super) fn cells(&self) -> Vec<String> {
        self.record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
    }
}

impl Rows for SeparatedRows<'_> {
    fn advance(&mut self) -> Option<Result<(), Reason>> {
        if self.block.damaged {
            let first = !std::mem::replace(&mut self.damaged_seen, true);
            return first.then_some(Err(Reason::UnclosedQuote));
        }
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {
                let is_whole = self.record.len() == self.width.n_cells();
                // Without a surplus this looks at no cell.
                let is_sound = is_whole && self.record.iter().skip(self.width.n_named).all(is_blank);
                Some(if is_sound { Ok(()) } else { Err(Reason::Ragged) })
            }
            // Reading from memory cannot fail.
            Ok(false) | Err(_) => None,
        }
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        let bytes = self.positions.get(column).and_then(|&at| self.record.get(at)).unwrap_or_default();
        // The whole file is known to be UTF-8 and is cut at ASCII signs.
        Cell::Text(std::str::from_utf8(bytes).unwrap_or_default().trim())
    }

    fn line(&mut self) -> u64 {
        let start = self.place();
        let bytes = &self.block.bytes;
        let (from, line) = self.counted;
        let line = if start >= from { line + count_lines(&bytes[from..start]) } else { count_lines(&bytes[..start]) };
        self.counted = (start, line);
        line
    }

    fn place(&self) -> usize {
        let bytes = &self.block.bytes;
        let start = self.record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        // The reader puts a record where the empty lines before it begin.
        let rest = bytes.get(start..).unwrap_or_default();
        start + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
    }

    fn record(&self) -> String {
        if self.block.damaged {
            return String::from_utf8_lossy(&self.block.bytes).trim_end().to_owned();
        }
        encode(&self.record, self.delimiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block { bytes: text.as_bytes().to_vec(), damaged: false }
    }

    #[test]
    fn header_names_are_trimmed_and_measured() {
        let header = Header::of(b"\n Customer ID ,\"a\nb\"\r\n1,2\r\n", b',').expect("there");
        assert_eq!(header, Header { names: vec!["Customer ID".into(), "a\nb".into()], n_bytes: 22, n_lines: 3 });
        assert_eq!(Header::of(b"\r\n\n", b','), None);
    }

    #[test]
    fn rows_know_their_line_in_spite_of_breaks_and_gaps() {
        let block = block("1,\"a\nb\"\n\n2,x\r\n3\n4,\"q\"\"r\"\n");
        let positions = [1];
        let mut rows = SeparatedRows::new(&block, b',', &positions, Width::of_header(2));
        assert_eq!((rows.advance(), rows.line()), (Some(Ok(())), 0));
        assert_eq!(rows.cell(0), Cell::Text("a\nb"));
        assert_eq!((rows.advance(), rows.line()), (Some(Ok(())), 3));
        assert_eq!((rows.advance(), rows.line()), (Some(Err(Reason::Ragged)), 4));
        assert_eq!(rows.record(), "3");
        assert_eq!((rows.advance(), rows.line()), (Some(Ok(())), 5));
        assert_eq!((rows.cell(0), rows.record()), (Cell::Text("q\"r"), "4,\"q\"\"r\"".to_owned()));
        assert_eq!(rows.advance(), None);
    }

    #[test]
    fn a_line_that_names_the_separator_is_no_header() {
        let header = Header::of(b"sep=;\r\na;b\r\n1;2\r\n", b';').expect("there");
        assert_eq!(header, Header { names: vec!["a".into(), "b".into()], n_bytes: 12, n_lines: 2 });
        for (text, sign) in [
            ("SEP=,\n", Some(b',')),
            ("sep=\t\nx", Some(b'\t')),
            ("sep=|\r\n", Some(b'|')),
            ("sep=\n", None),
            ("sep=;;\n", None),
            ("sep,a\n", None),
        ] {
            assert_eq!(SeparatorLine::of(text.as_bytes()).map(|line| line.sign), sign, "{text:?}");
        }
    }

    #[test]
    fn lines_above_the_names_are_passed_over_whatever_stands_in_them() {
        for (text, rows_above, n_bytes, n_lines) in [
            ("Report, 2025\n\na,b\n1,2\n", 2, 18, 3),
            ("5\" wide\r\n\r\na,b\r\n1,2\r\n", 2, 16, 3),
            ("sep=,\nReport\na,b\n1,2\n", 2, 17, 3),
            // An empty line is no row of names, as at the beginning of a file.
            ("Report\n\na,b\n1,2\n", 1, 12, 3),
            ("a,b\n1,2\n", 0, 4, 1),
        ] {
            let header = Header::below(text.as_bytes(), b',', rows_above).expect("there");
            assert_eq!(header, Header { names: vec!["a".into(), "b".into()], n_bytes, n_lines }, "{text:?}");
        }
        assert_eq!(Header::below(b"a,b\n1,2\n", b',', 2), None);
        assert_eq!(n_bytes_of_lines(b"a\rb\rc", 2), 4);
    }

    #[test]
    fn separators_at_the_end_of_all_rows_are_no_cells() {
        let of = |rows: &str| Width::of(rows.as_bytes(), b',', 2);
        assert_eq!(of("1,2,\n3,4,\n"), Width { n_named: 2, n_surplus: 1 });
        assert_eq!(of("1,2,, \n3,4,,\n"), Width { n_named: 2, n_surplus: 2 });
        // One row without, one with something in it, one with more: the file has no such habit.
        for rows in ["1,2,\n3,4\n", "1,2,\n3,4,x\n", "1,2,\n3,4,,\n", "1,2\n3,4\n", ""] {
            assert_eq!(of(rows), Width::of_header(2), "{rows:?}");
        }
        let block = block("1,2,\n3,4\n5,6,x\n7,\"8\",\n");
        let positions = [0, 1];
        let mut rows = SeparatedRows::new(&block, b',', &positions, Width { n_named: 2, n_surplus: 1 });
        let verdicts: Vec<bool> = std::iter::from_fn(|| rows.advance()).map(|row| row.is_ok()).collect();
        assert_eq!(verdicts, [true, false, false, true]);
    }
}
