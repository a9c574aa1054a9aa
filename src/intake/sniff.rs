//! Which sign separates the cells of a text, where the study does not say.

use super::separated::{SeparatorLine, n_bytes_of_lines};
use csv::ByteRecord;

/// In the order in which ties are resolved.
pub(super) const SIGNS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records that are looked at.
const RECORDS: usize = 50;

/// The sign that cuts most records of the beginning of a file into as many cells as the first; of several the one that
/// makes most cells. A comma where none does, as in a file of one column. A first line that names the sign is believed.
pub(super) fn delimiter(first: &[u8]) -> u8 {
    if let Some(line) = SeparatorLine::of(first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first)) {
        return line.sign;
    }
    let judged = SIGNS.into_iter().filter_map(|sign| Some((sign, Judged::of(first, sign)?)));
    let best = judged.reduce(|best, other| if other.1.is_better_than(best.1) { other } else { best });
    best.map_or(b',', |(sign, _)| sign)
}

/// The same where some lines stand above the names of the columns; a first line that names the sign may be among them.
pub(super) fn delimiter_below(first: &[u8], n_lines: usize) -> u8 {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    SeparatorLine::of(text).map_or_else(|| delimiter(&text[n_bytes_of_lines(text, n_lines)..]), |line| line.sign)
}

#[derive(Debug, Clone, Copy)]
struct Judged {
    /// Share of the records that have as many cells as the header.
    agreement: f64,
    n_cells: usize,
}

impl Judged {
    /// `None` where the header is a single cell, or is cut within quotes.
    fn of(first: &[u8], sign: u8) -> Option<Self> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(sign).from_reader(first);
        let mut sizes: Vec<usize> = Vec::new();
        let mut cuts_quotes = false;
        let mut record = ByteRecord::new();
        // Reading from memory cannot fail.
        while sizes.len() < RECORDS && reader.read_byte_record(&mut record).unwrap_or(false) {
            // A quote within a cell of the header is half of a pair that another sign would have kept together.
            cuts_quotes |= sizes.is_empty() && record.iter().any(|cell| cell.contains(&b'"'));
            sizes.push(record.len());
        }
        // The last record may have been cut off.
        if sizes.len() > 2 && sizes.len() < RECORDS {
            sizes.pop();
        }
        let n_cells = *sizes.first()?;
        let agreeing = sizes.iter().filter(|&&size| size == n_cells).count();
        (n_cells > 1 && !cuts_quotes).then(|| Self { agreement: agreeing as f64 / sizes.len() as f64, n_cells })
    }

    fn is_better_than(self, other: Self) -> bool {
        // One wrong record in fifty says less than a sign that makes more cells.
        let (own, others) = (self.agreement > 0.9, other.agreement > 0.9);
        match (own, others) {
            (true, false) => true,
            (false, true) => false,
            _ => self.n_cells > other.n_cells,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::delimiter;

    #[test]
    fn the_sign_that_cuts_all_records_alike_separates() {
        for (text, sign) in [
            ("a,b,c\n1,2,3\n4,5,6\n", b','),
            ("a;b;c\n1,5;2;3\n4;5,25;6\n", b';'),
            ("a\tb\n\"x, y, z\"\tq\nr\ts\n", b'\t'),
            ("id|words\n1|one, two; three\n2|four, five\n", b'|'),
            ("a,\"b;c;d;e\"\n1,\"2;3;4;5\"\n", b','),
            ("only\none\ncolumn\n", b','),
            ("", b','),
            // Decimal commas in every row, but none in the header.
            ("name;score\nx;1,5\ny;2,5\n", b';'),
            // The first line of a spreadsheet.
            ("sep=;\r\na,x;b,y\r\n1,5;2,5\r\n", b';'),
            // A header alone.
            ("a;b;c\n", b';'),
        ] {
            assert_eq!(delimiter(text.as_bytes()) as char, sign as char, "{text:?}");
        }
    }
}
