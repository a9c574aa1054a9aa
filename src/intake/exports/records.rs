//! The first records of separated text, and where each ends.

use super::ExportError;
use super::fold::tidy;
use csv::ByteRecord;

/// Reads records one after the other from the beginning of a file.
pub(super) struct HeaderRecords<'b> {
    bytes: &'b [u8],
    /// Bytes of a byte order mark before the first record.
    n_mark: usize,
    delimiter: u8,
    reader: csv::Reader<&'b [u8]>,
    /// Where the next record begins.
    start: usize,
}

/// One record of a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeaderRecord {
    /// Its cells, each on one line.
    pub(super) cells: Vec<String>,
    /// Bytes of the file up to its end, line end included.
    pub(super) n_bytes: usize,
}

/// The bytes without a byte order mark.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

impl<'b> HeaderRecords<'b> {
    pub(super) fn new(bytes: &'b [u8], delimiter: u8) -> Self {
        let text = without_mark(bytes);
        let n_mark = bytes.len() - text.len();
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
        Self { bytes, n_mark, delimiter, reader, start: n_mark }
    }

    /// The next record that is no empty line; nothing behind the last.
    ///
    /// # Errors
    /// A quote opens and does not close before the bytes end.
    pub(super) fn next(&mut self) -> Result<Option<HeaderRecord>, ExportError> {
        let start = self.start;
        let Some(record) = self.next_even_open() else { return Ok(None) };
        if record.n_bytes == self.bytes.len() && ends_in_quotes(&self.bytes[start..], self.delimiter) {
            return Err(ExportError::UnclosedQuote { line: 1 + count_lines(&self.bytes[..start]) });
        }
        Ok(Some(record))
    }

    /// The next record, even where a quote in it does not close and it holds all that follows.
    pub(super) fn next_even_open(&mut self) -> Option<HeaderRecord> {
        let mut record = ByteRecord::new();
        // Reading from memory cannot fail.
        if !self.reader.read_byte_record(&mut record).unwrap_or(false) {
            return None;
        }
        let read = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        let mut n_bytes = self.n_mark.saturating_add(read).min(self.bytes.len());
        // Of a line end of two signs the reader leaves the second.
        if n_bytes > 0 && self.bytes[n_bytes - 1] == b'\r' && self.bytes.get(n_bytes) == Some(&b'\n') {
            n_bytes += 1;
        }
        self.start = n_bytes;
        let cells = record.iter().map(|cell| tidy(&String::from_utf8_lossy(cell))).collect();
        Some(HeaderRecord { cells, n_bytes })
    }
}

/// Line ends in a text.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Whether a quote that opens a cell is still open at the end, by the rules of the csv crate: it opens only as the first
/// sign of a cell, and two in a row inside of quotes are one that is meant.
fn ends_in_quotes(bytes: &[u8], delimiter: u8) -> bool {
    let (mut at_cell_start, mut in_quotes, mut at) = (true, false, 0);
    while let Some(&byte) = bytes.get(at) {
        if in_quotes {
            if byte == b'"' {
                if bytes.get(at + 1) == Some(&b'"') {
                    at += 1;
                } else {
                    in_quotes = false;
                }
            }
            at_cell_start = false;
        } else if byte == b'"' && at_cell_start {
            in_quotes = true;
        } else {
            at_cell_start = byte == delimiter || matches!(byte, b'\n' | b'\r');
        }
        at += 1;
    }
    in_quotes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<HeaderRecord>, ExportError> {
        let mut records = HeaderRecords::new(text.as_bytes(), b',');
        let mut all = Vec::new();
        while let Some(record) = records.next()? {
            all.push(record);
        }
        Ok(all)
    }

    #[test]
    fn records_end_behind_their_line_end_whatever_it_is() {
        for (text, ends) in [
            ("a,b\nc,d\n", [4, 8]),
            ("a,b\r\nc,d", [5, 8]),
            ("\u{feff}a,b\nc,d\n", [7, 11]),
            ("a,\"x\n\ny\"\nc,d\n", [9, 13]),
            ("\n\na,b\nc,d\n", [6, 10]),
        ] {
            let records = all(text).expect("sound");
            assert_eq!([records[0].n_bytes, records[1].n_bytes], ends, "{text:?}");
        }
        assert_eq!(all("a,\"x\n\ny\"\n").expect("sound")[0].cells, ["a", "x y"]);
    }

    #[test]
    fn a_quote_that_stays_open_is_refused_where_it_opened() {
        assert_eq!(all("a,b\n\"c,d\ne,f\n"), Err(ExportError::UnclosedQuote { line: 2 }));
        assert!(all("a,5\" disk\n").is_ok(), "a quote inside of a cell");
        assert!(all("a,\"b\"\"\"\n").is_ok());
        assert_eq!(all("").expect("nothing").len(), 0);
    }
}
