//! What goes to stdout and stderr.

use super::Failure;
use crate::findings::Finding;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{BufWriter, Write};

/// One cell of a printed table.
pub(super) struct Cell {
    text: String,
    right: bool,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: false }
    }

    pub fn empty() -> Self {
        Self { text: "–".to_owned(), right: true }
    }

    pub fn count(value: usize) -> Self {
        Self { text: value.to_string(), right: true }
    }

    pub fn number(value: f64, decimals: usize) -> Self {
        if value.is_nan() {
            return Self::empty();
        }
        let text = format!("{value:.decimals$}");
        // What rounds to zero has no sign.
        let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
        Self { text: if is_zero { text.replace('-', "") } else { text }, right: true }
    }

    /// Six significant digits.
    pub fn digits(value: f64) -> Self {
        let size = value.abs();
        let text = if size > 0.0 && !(1e-4..1e6).contains(&size) {
            format!("{value:.5e}")
        } else {
            let before = if size >= 1.0 { size.log10().floor() as usize + 1 } else { 0 };
            format!("{value:.*}", 6_usize.saturating_sub(before))
        };
        Self { text, right: true }
    }

    /// The text alone, for a sentence.
    pub fn into_text(self) -> String {
        self.text
    }

    pub fn p_value(value: f64) -> Self {
        let text = if value < 0.001 { "< 0.001".to_owned() } else { format!("{value:.3}") };
        Self { text, right: true }
    }
}

/// One JSON object and a line end.
pub(super) fn json(answer: &impl Serialize) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    answer
        .serialize(&mut serde_json::Serializer::with_formatter(&mut out, Unsigned::default()))
        .map_err(std::io::Error::from)
        .and_then(|()| writeln!(out))
        .and_then(|()| out.flush())
        .or_else(closed)
}

/// Indented JSON in which nought has no sign: a sum of nothing is -0.0, which is news to nobody.
#[derive(Default)]
struct Unsigned(PrettyFormatter<'static>);

impl Formatter for Unsigned {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> std::io::Result<()> {
        self.0.write_f64(writer, value + 0.0)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// Rows of CSV.
pub(super) fn csv<Row: AsRef<[String]>>(header: &[&str], rows: impl Iterator<Item = Row>) -> Result<(), Failure> {
    let mut out = csv::Writer::from_writer(std::io::stdout().lock());
    let write = |out: &mut csv::Writer<_>| -> Result<(), csv::Error> {
        out.write_record(header)?;
        for row in rows {
            out.write_record(row.as_ref())?;
        }
        out.flush().map_err(csv::Error::from)
    };
    write(&mut out).map_err(std::io::Error::from).or_else(closed)
}

/// An aligned table on stdout; a note and the findings on stderr.
pub(super) fn table(
    header: &[&str],
    rows: Vec<Vec<Cell>>,
    findings: &[Finding],
    note: Option<String>,
) -> Result<(), Failure> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let right = |column: usize| rows.iter().filter_map(|row| row.get(column)).any(|cell| cell.right);
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let width = widths[column];
                if right(column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut text = line(header.to_vec()) + "\n";
    for row in &rows {
        text.push_str(&line(row.iter().map(|cell| cell.text.as_str()).collect()));
        text.push('\n');
    }
    self::text(&text)?;
    self::findings(findings);
    if let Some(note) = note {
        talk(&note);
    }
    Ok(())
}

/// Findings on stderr.
pub(super) fn findings(findings: &[Finding]) {
    for finding in findings {
        talk(&format!("{}: {}", finding.severity.word(), finding.sentence));
    }
}

/// Text as it is on stdout.
pub(super) fn text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).or_else(closed)
}

/// A line for people on stderr.
pub(super) fn talk(line: &str) {
    // A closed stderr is no reason to end.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A reader that has seen enough, such as `head`, is no error.
fn closed(error: std::io::Error) -> Result<(), Failure> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(Failure::new(5, format!("the answer could not be printed: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn six_significant_digits() {
        let text = |value| Cell::digits(value).text;
        assert_eq!(text(-3.877_830_7), "-3.87783");
        assert_eq!(text(0.012_345_678), "0.012346");
        assert_eq!(text(123_456.78), "123457");
        assert_eq!(text(1e-9), "1.00000e-9");
        assert_eq!(text(0.0), "0.000000");
    }
}
