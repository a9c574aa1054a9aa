//! A text file in blocks of whole records, hashed and checked for UTF-8 on the way.

use super::IntakeError;
use super::files::SourceFile;
use super::hash::HashedFile;
use super::unpacked::Unpacked;
use std::io::Read;

/// A block ends with the last whole record within this many bytes.
const BLOCK_BYTES: usize = 1 << 20;
/// No record is longer than this; a quote that stays open for longer was never meant to open.
const RECORD_BYTES: usize = 1 << 22;

/// Whole records of a text file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    /// A single line in which a quote opens that never closes.
    pub(super) damaged: bool,
}

/// Reads a text file block by block.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The file as messages name it.
    name: String,
    text: Unpacked,
    delimiter: u8,
    pending: Vec<u8>,
    /// Bytes of `pending` known to be UTF-8.
    n_valid: usize,
    /// Bytes of the text before `pending`.
    offset: u64,
    /// Line ends before `pending`.
    n_lines: u64,
    ended: bool,
}

impl Block {
    /// A text that should be one record.
    pub(super) fn of_record(text: &str, delimiter: u8) -> Self {
        Self { bytes: text.as_bytes().to_vec(), damaged: Scan::of(text.as_bytes(), delimiter).in_quotes }
    }
}

impl Blocks {
    /// Opens a file; a byte order mark is skipped.
    ///
    /// # Errors
    /// A file that cannot be read, is empty, or is no text.
    pub(super) fn open(file: &SourceFile, delimiter: u8) -> Result<Self, IntakeError> {
        let text = Unpacked::open(&file.path, file.encoding);
        Self::of(&file.name, text.map_err(|source| IntakeError::of_text(&file.name, source))?, delimiter)
    }

    /// The same for a text that comes from elsewhere.
    ///
    /// # Errors
    /// As for a file.
    pub(super) fn of(name: &str, text: Unpacked, delimiter: u8) -> Result<Self, IntakeError> {
        let mut blocks = Self {
            name: name.to_owned(),
            text,
            delimiter,
            pending: Vec::new(),
            n_valid: 0,
            offset: 0,
            n_lines: 0,
            ended: false,
        };
        blocks.read_raw()?;
        if let Some((what, advice)) = foreign(&blocks.pending) {
            return Err(IntakeError::WrongKind { file: blocks.name, what, advice });
        }
        blocks.validate()?;
        if blocks.pending.starts_with(b"\xef\xbb\xbf") {
            blocks.skip(3);
        }
        Ok(blocks)
    }

    /// The next block; nothing behind the last.
    ///
    /// # Errors
    /// A file that cannot be read on, or is not UTF-8.
    pub(super) fn next(&mut self) -> Result<Option<Block>, IntakeError> {
        loop {
            if self.pending.is_empty() && self.ended {
                return Ok(None);
            }
            let scan = Scan::of(&self.pending, self.delimiter);
            if self.ended && !scan.in_quotes {
                return Ok(Some(self.take(self.pending.len(), false)));
            }
            if scan.boundary > 0 && (self.ended || self.pending.len() >= BLOCK_BYTES) {
                return Ok(Some(self.take(scan.boundary, false)));
            }
            if self.ended || self.pending.len() >= RECORD_BYTES {
                let line = self.pending.iter().position(|&byte| byte == b'\n').map_or(self.pending.len(), |at| at + 1);
                return Ok(Some(self.take(line, true)));
            }
            self.read_raw()?;
            self.validate()?;
        }
    }

    /// Bytes and SHA-256 of the whole file as it lies, which must have been read to its end.
    ///
    /// # Errors
    /// A file whose end cannot be read.
    pub(super) fn finish(self) -> Result<HashedFile, IntakeError> {
        self.text.finish().map_err(|source| IntakeError::of_text(&self.name, source))
    }

    /// What has been read and not handed out: the beginning of the file, right after it was opened.
    pub(super) fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Takes bytes off the front, as for a header.
    pub(super) fn skip(&mut self, n_bytes: usize) {
        self.n_lines += count_lines(&self.pending[..n_bytes]);
        self.pending.drain(..n_bytes);
        self.n_valid = self.n_valid.saturating_sub(n_bytes);
        self.offset += n_bytes as u64;
    }

    fn take(&mut self, n_bytes: usize, damaged: bool) -> Block {
        let rest = self.pending.split_off(n_bytes);
        let bytes = std::mem::replace(&mut self.pending, rest);
        self.n_lines += count_lines(&bytes);
        self.n_valid = self.n_valid.saturating_sub(n_bytes);
        self.offset += n_bytes as u64;
        Block { bytes, damaged }
    }

    /// Fills up to the next whole block, so that blocks do not depend on how the system hands out bytes.
    fn read_raw(&mut self) -> Result<(), IntakeError> {
        let start = self.pending.len();
        let wanted = if start < BLOCK_BYTES { BLOCK_BYTES - start } else { BLOCK_BYTES };
        self.pending.reserve(wanted);
        let n_read = (&mut self.text)
            .take(wanted as u64)
            .read_to_end(&mut self.pending)
            .map_err(|source| IntakeError::of_text(&self.name, source))?;
        self.ended = n_read < wanted;
        Ok(())
    }

    fn validate(&mut self) -> Result<(), IntakeError> {
        if let Err(error) = std::str::from_utf8(&self.pending[self.n_valid..]) {
            self.n_valid += error.valid_up_to();
            // A sign that is cut off at the end of what was read goes on in the next piece.
            if error.error_len().is_some() || self.ended {
                let byte = self.offset + self.n_valid as u64;
                let line = 1 + self.n_lines + count_lines(&self.pending[..self.n_valid]);
                return Err(IntakeError::NotUtf8 { file: self.name.clone(), line, byte });
            }
        } else {
            self.n_valid = self.pending.len();
        }
        Ok(())
    }
}

/// Line ends in a text.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The line, from 1, of the record of a whole text in which a quote opens that nothing closes.
pub(super) fn unclosed_quote(bytes: &[u8], delimiter: u8) -> Option<u64> {
    let scan = Scan::of(bytes, delimiter);
    scan.in_quotes.then(|| 1 + count_lines(&bytes[..scan.boundary]))
}

/// How far whole records reach.
struct Scan {
    /// Bytes up to and including the last line end outside of quotes.
    boundary: usize,
    /// Whether what follows opens a quote and does not close it.
    in_quotes: bool,
}

impl Scan {
    /// Follows the rules of the csv crate: a quote opens only as the first sign of a cell, and two quotes in a row inside
    /// of quotes are one that is meant.
    fn of(bytes: &[u8], delimiter: u8) -> Self {
        if memchr::memchr(b'"', bytes).is_none() {
            let line_end = memchr::memrchr(b'\n', bytes).or_else(|| memchr::memrchr(b'\r', bytes));
            return Self { boundary: line_end.map_or(0, |at| at + 1), in_quotes: false };
        }
        let begins_cell = |before: u8| before == delimiter || matches!(before, b'\n' | b'\r');
        let (mut boundary, mut from) = (0, 0);
        // Outside of quotes from `from` on.
        loop {
            let mut quotes = memchr::memchr_iter(b'"', &bytes[from..]).map(|at| from + at);
            let opened = quotes.find(|&at| at == 0 || at > from && begins_cell(bytes[at - 1]));
            let outside = &bytes[from..opened.unwrap_or(bytes.len())];
            boundary = memchr::memrchr2(b'\n', b'\r', outside).map_or(boundary, |at| from + at + 1);
            let Some(opened) = opened else { return Self { boundary, in_quotes: false } };
            match closing(bytes, opened + 1) {
                Some(closed) => from = closed + 1,
                None => return Self { boundary, in_quotes: true },
            }
        }
    }
}

/// The quote that closes the quotes that are open at a place; two in a row are one that is meant.
fn closing(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// What a file is that is no UTF-8 text, and what to do about it.
fn foreign(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    if begins(b"\xff\xfe\0\0") || begins(b"\0\0\xfe\xff") {
        Some(("UTF-32 text", "save it as UTF-8"))
    } else if begins(b"PK\x03\x04") {
        Some(("a ZIP archive or a workbook", "unpack it, or write format = \"xlsx\" for a workbook"))
    } else if begins(b"PAR1") {
        Some(("Parquet", "leave out `format`, or write format = \"parquet\""))
    } else if bytes[..bytes.len().min(4096)].contains(&0) {
        Some((
            "no text (it holds zero bytes, as UTF-16 without a mark does)",
            "save it as UTF-8 text, or write encoding = \"utf-16le\" where it is text",
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn blocks_of(bytes: &[u8]) -> Result<Vec<Block>, IntakeError> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        let text = Unpacked::open(file.path(), None).map_err(|source| IntakeError::of_text("f.csv", source))?;
        let mut blocks = Blocks::of("f.csv", text, b',')?;
        let mut all = Vec::new();
        while let Some(block) = blocks.next()? {
            all.push(block);
        }
        assert_eq!(blocks.finish()?.bytes, bytes.len() as u64);
        Ok(all)
    }

    #[test]
    fn blocks_end_with_whole_records() {
        // Records of 60 bytes with a line break in quotes, more than three blocks of them.
        let record = format!("\"{}\n{}\",b\n", "x".repeat(40), "y".repeat(14));
        let text = record.repeat(60_000);
        let blocks = blocks_of(text.as_bytes()).expect("sound");
        assert!(blocks.len() > 3, "{}", blocks.len());
        assert!(blocks.iter().all(|block| block.bytes.len() % record.len() == 0 && !block.damaged));
        assert_eq!(blocks.iter().flat_map(|block| &block.bytes).count(), text.len());
    }

    #[test]
    fn a_quote_that_never_closes_costs_its_line_only() {
        let blocks = blocks_of(b"a,b\n1,\"x\n2,y\n3,z\n").expect("sound");
        let texts: Vec<_> = blocks.iter().map(|block| (String::from_utf8_lossy(&block.bytes), block.damaged)).collect();
        assert_eq!(texts, [("a,b\n".into(), false), ("1,\"x\n".into(), true), ("2,y\n3,z\n".into(), false)]);
    }

    #[test]
    fn a_runaway_quote_in_a_large_file_costs_its_line_only() {
        let text = format!("\"open,1\n{}", "some,row\n".repeat(1_000_000));
        let blocks = blocks_of(text.as_bytes()).expect("sound");
        assert!(blocks[0].damaged && blocks[0].bytes == b"\"open,1\n");
        assert!(blocks[1..].iter().all(|block| !block.damaged));
    }

    #[test]
    fn a_quote_inside_a_cell_is_a_sign_like_others() {
        let blocks = blocks_of(b"a,b\n5\" disk,x\n6\" disk,y\n").expect("sound");
        assert_eq!(blocks.len(), 1);
    }

    #[test]
    fn what_is_no_utf8_text_is_named() {
        let refusal = |bytes: &[u8]| blocks_of(bytes).expect_err("refused").to_string();
        assert_eq!(refusal(b"\xff\xfe\0\0a\0\0\0"), "`f.csv` is UTF-32 text; save it as UTF-8");
        assert_eq!(
            refusal(b"\xff\xfea\0\n\0\0\xdc"),
            "`f.csv` is not UTF-16 text, as which it begins: line 2, byte 6 of the text: one half of a surrogate pair stands alone; \
             save it as UTF-8"
        );
        assert!(refusal(b"a\0,\0b\0\n\0").contains("zero bytes"));
        assert!(refusal(b"\x1f\x8b\x08").contains("could not be read"));
        assert!(refusal(b"PK\x03\x04").contains("workbook"));
        assert_eq!(
            refusal(b"name\nJos\xe9,1\n"),
            "`f.csv` is not UTF-8 text: line 2, byte 8 of the file; write its encoding, as in encoding = \"windows-1252\", which plain CSV \
             of western Europe's spreadsheets is in, or save it as UTF-8"
        );
        assert!(refusal(b"name\nJos\xc3").contains("line 2, byte 8"), "cut off inside a sign");
    }

    #[test]
    fn a_sign_may_lie_across_two_pieces() {
        let mut text = "x".repeat(BLOCK_BYTES - 1);
        text.push_str("é\nrest\n");
        assert_eq!(blocks_of(text.as_bytes()).expect("sound").len(), 1);
    }

    proptest! {
        #[test]
        fn the_scan_and_the_csv_reader_see_the_same_records(text in "[a,\"\n\r;x ]{0,60}") {
            let scan = Scan::of(text.as_bytes(), b',');
            let records = |text: &str| {
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes()).into_byte_records()
                    .map(|record| record.expect("in memory")).map(|record| record.iter().map(<[u8]>::to_vec).collect::<Vec<_>>()).collect::<Vec<_>>()
            };
            let (whole, rest) = text.split_at(scan.boundary);
            let mut cut = records(whole);
            cut.extend(records(rest));
            prop_assert_eq!(cut, records(&text));
        }
    }
}
