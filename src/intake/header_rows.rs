//! Where the names of the columns stand, below titles: what reports and people write above a table.

use super::separated::SeparatorLine;
use super::value::ValueChunk;
use super::{number, sniff};
use csv::ByteRecord;

/// Rows at the beginning that are looked at: a header stands among the first half of them.
const ROWS: usize = 60;
/// Rows above the names at most.
const TITLES_MAX: usize = 30;

/// The names of the columns of a text that begins with titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BelowTitles {
    /// Lines above them, at least one.
    pub(super) n_above: usize,
    /// The sign between the cells.
    pub(super) delimiter: u8,
}

impl BelowTitles {
    /// Of the beginning of a text; nothing where its first row holds the names, or none does.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
        let named = SeparatorLine::of(text);
        let (n_before, n_lines) = named.as_ref().map_or((0, 0), |line| (line.n_bytes, 1));
        let stated = named.map(|line| line.sign);
        let signs = sniff::SIGNS.into_iter().filter(|&sign| stated.is_none_or(|own| own == sign));
        let found = signs.filter_map(|sign| {
            let grid = Grid::of_text(&text[n_before..], sign);
            let at = grid.header()?;
            Some((grid.rows[at].len(), Self { n_above: n_lines + grid.lines[at], delimiter: sign }))
        });
        // Of several signs the one that makes most columns; where the first row holds the names by one of them, it does.
        let found = found.reduce(|best, other| if other.0 > best.0 { other } else { best });
        found.map(|(_, own)| own).filter(|own| own.n_above > n_lines)
    }
}

/// Rows of a sheet above the names of its columns, where these stand below titles of which one was taken for them; `first_line` is the row
/// of the sheet below that one, from 1.
pub(super) fn below_titles(sheet: &ValueChunk, first_line: u64) -> Option<usize> {
    let mut scratch = String::new();
    let below = sheet.rows.iter().take(ROWS).map_while(|row| row.cells.as_ref().ok());
    let below = below.map(|cells| cells.iter().map(|value| value.cell().text(&mut scratch).to_owned()).collect());
    let grid = Grid { rows: std::iter::once(sheet.names.to_vec()).chain(below).collect(), lines: Vec::new() };
    let at = grid.header()?.checked_sub(1)?;
    usize::try_from(first_line - 1 + sheet.rows[at].line).ok()
}

/// The beginning of a table as texts.
struct Grid {
    rows: Vec<Vec<String>>,
    /// The line in which each row begins, from 0.
    lines: Vec<usize>,
}

impl Grid {
    fn of_text(text: &[u8], sign: u8) -> Self {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(sign).from_reader(text);
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        let mut record = ByteRecord::new();
        // Reading from memory cannot fail.
        while rows.len() < ROWS && reader.read_byte_record(&mut record).unwrap_or(false) {
            let start = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
            // The reader puts a record where the empty lines before it begin.
            let n_empty = text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            lines.push(memchr::memchr_iter(b'\n', &text[..start + n_empty]).count());
            rows.push(record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect());
        }
        // The last record may have been cut off.
        if rows.len() > 2 && rows.len() < ROWS {
            rows.pop();
        }
        Self { rows, lines }
    }

    /// The first row of names all different that the rows below fit; in those above it stand half as many cells at most.
    fn header(&self) -> Option<usize> {
        let candidates = self.rows.iter().enumerate().take(1 + TITLES_MAX);
        let mut n_filled_above = 0;
        for (at, row) in candidates {
            let n_filled = row.iter().filter(|cell| !cell.is_empty()).count();
            if is_header(row) && 2 * n_filled_above <= n_filled && fits(row, &self.rows[at + 1..]) {
                return Some(at);
            }
            n_filled_above = n_filled_above.max(n_filled);
        }
        None
    }
}

/// Whether texts stand side by side from the first cell on, no two alike and none of them a number.
fn is_header(row: &[String]) -> bool {
    let names = &row[..reach(row)];
    let is_name =
        |(at, name): (usize, &String)| !name.is_empty() && number::parse(name).is_none() && !names[..at].contains(name);
    names.len() > 1 && names.iter().enumerate().all(is_name)
}

/// Cells up to the last that holds something.
fn reach(row: &[String]) -> usize {
    row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |at| at + 1)
}

/// Whether nearly all rows that hold something have as many cells as the header, and nothing behind its last name.
fn fits(header: &[String], rows: &[Vec<String>]) -> bool {
    let there: Vec<&Vec<String>> = rows.iter().filter(|row| reach(row) > 0).collect();
    let n_others = there.iter().filter(|row| row.len() != header.len() || reach(row) > reach(header)).count();
    !there.is_empty() && 10 * n_others <= there.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(usize, char)> {
        BelowTitles::of(text.as_bytes()).map(|own| (own.n_above, char::from(own.delimiter)))
    }

    const TABLE: &str = "id;when;score\n1;2026-01-01;5\n2;2026-01-02;4\n3;;\n4;2026-01-04;2\n";

    #[test]
    fn names_below_titles_are_found_by_the_lines_above_them() {
        for (above, n_above) in [
            ("Report 2025\n", 1),
            ("Report 2025\nmade by Ada\n\n", 3),
            ("Report 2025\r\n\r\n", 2),
            // As a spreadsheet saves a sheet whose first row is a title.
            ("Report 2025;;\n;;\n", 2),
            ("\u{feff}Report, quarterly, draft\n", 1),
            ("sep=;\nReport\n", 2),
            // The head of groups of columns that are joined in a sheet.
            (";;Satisfaction\n", 1),
        ] {
            assert_eq!(of(&format!("{above}{TABLE}")), Some((n_above, ';')), "{above:?}");
        }
    }

    #[test]
    fn a_table_that_begins_with_its_names_has_no_titles() {
        for text in [
            TABLE.to_owned(),
            format!("sep=;\n{TABLE}"),
            format!("\n\n{TABLE}").trim_start().to_owned(),
            // Names that are blank, numbers, or twice there, above rows of texts.
            ";name;city\nx;ann;Rome\ny;bob;Oslo\n".to_owned(),
            "2024;2025;who\na;b;ann\nc;d;bob\n".to_owned(),
            "Score;Score;who\na;b;ann\nc;d;bob\n".to_owned(),
            // Rows that reach beyond the names, as where each line ends with a separator, and one column.
            "a;b\nx;y;z\nu;v;w\n".to_owned(),
            "only\none\ncolumn\n".to_owned(),
            "id;when;score\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(of(&text), None, "{text:?}");
        }
    }
}
