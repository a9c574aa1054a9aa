//! A table of values that came with their types.

use super::ExportError;
use super::fold::{folded, tidy};
use super::records::{HeaderRecords, count_lines};
use std::borrow::Cow;
use std::collections::HashMap;

/// One value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Missing,
    /// Text as it was written.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    /// The value as a text file would hold it; empty where there is nothing.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Missing => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(value) => Cow::Owned(value.to_string()),
            Self::Number(value) => Cow::Owned(value.to_string()),
            Self::Flag(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        }
    }

    /// Whether there is nothing, or text of nothing but blanks.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// Rows of values under names; every row has as many values as there are names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueTable {
    names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl ValueTable {
    /// # Errors
    /// A row with more or fewer values than there are names; its line counts the names as the first.
    pub fn new(names: Vec<String>, rows: Vec<Vec<Value>>) -> Result<Self, ExportError> {
        match rows.iter().position(|row| row.len() != names.len()) {
            None => Ok(Self { names, rows }),
            Some(at) => {
                let (found, expected) = (rows[at].len(), names.len());
                Err(ExportError::RaggedRow { line: at as u64 + 2, found, expected })
            }
        }
    }

    /// A table of texts, from separated text with one line of names.
    ///
    /// # Errors
    /// A row of another length than the header, and a quote that does not close.
    pub fn of_separated(bytes: &[u8], delimiter: u8) -> Result<Self, ExportError> {
        let mut records = HeaderRecords::new(bytes, delimiter);
        let Some(header) = records.next()? else { return Ok(Self::default()) };
        let expected = header.cells.len();
        let mut rows = Vec::new();
        let mut start = header.n_bytes;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(&bytes[header.n_bytes..]);
        for record in reader.byte_records() {
            // Reading from memory cannot fail.
            let Ok(record) = record else { break };
            if record.len() != expected {
                let line = 1 + count_lines(&bytes[..start]);
                return Err(ExportError::RaggedRow { line, found: record.len(), expected });
            }
            let position = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
            start = header.n_bytes + position;
            rows.push(
                record
                    .iter()
                    .map(|cell| match String::from_utf8_lossy(cell).trim() {
                        "" => Value::Missing,
                        text => Value::Text(text.to_owned()),
                    })
                    .collect(),
            );
        }
        Ok(Self { names: header.cells, rows })
    }

    /// Adds the rows of another part of the table below; columns are the same where their names are, in any spelling, and what one part
    /// lacks is missing there.
    pub fn append(&mut self, other: Self) {
        let mut places = Vec::new();
        for name in other.names {
            let known = self.names.iter().position(|own| folded(own) == folded(&name));
            places.push(known.unwrap_or_else(|| {
                self.names.push(name);
                self.names.len() - 1
            }));
        }
        let n_columns = self.names.len();
        for row in &mut self.rows {
            row.resize(n_columns, Value::Missing);
        }
        for values in other.rows {
            let mut row = vec![Value::Missing; n_columns];
            for (&at, value) in places.iter().zip(values) {
                row[at] = value;
            }
            self.rows.push(row);
        }
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own == name)
    }
}

/// Gathers rows whose columns are not known before they come.
#[derive(Debug, Default)]
pub(super) struct TableBuilder {
    names: Vec<String>,
    places: HashMap<String, usize>,
    rows: Vec<Vec<Value>>,
}

impl TableBuilder {
    /// The place of a column, which is made where it is new.
    pub(super) fn place(&mut self, name: &str) -> usize {
        if let Some(&at) = self.places.get(name) {
            return at;
        }
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// A row from its values by name; the places follow the order in which names first appear.
    ///
    /// # Errors
    /// The name that has two values, in which case nothing was added.
    pub(super) fn row(&mut self, fields: Vec<(String, Value)>) -> Result<Vec<Value>, String> {
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(pair[0].to_owned());
        }
        let mut row = vec![Value::Missing; self.names.len()];
        for (name, value) in fields {
            let at = self.place(&name);
            if at >= row.len() {
                row.resize(at + 1, Value::Missing);
            }
            row[at] = value;
        }
        Ok(row)
    }

    /// Keeps a row that `row` has made.
    pub(super) fn push(&mut self, row: Vec<Value>) {
        self.rows.push(row);
    }

    /// The table; rows from before a column was known have nothing in it.
    pub(super) fn finish(mut self) -> ValueTable {
        let n_columns = self.names.len();
        for row in &mut self.rows {
            row.resize(n_columns, Value::Missing);
        }
        ValueTable { names: self.names.iter().map(|name| tidy(name)).collect(), rows: self.rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn separated_text_becomes_a_table_of_texts() {
        let table = ValueTable::of_separated(b"\xef\xbb\xbfid,why\n1,\"a\nb\"\n2, \n", b',').expect("sound");
        assert_eq!(table.names(), ["id", "why"]);
        assert_eq!(table.rows(), [[text("1"), text("a\nb")], [text("2"), Value::Missing]]);
        let refused = ValueTable::of_separated(b"id,why\n1,2\n3\n", b',').expect_err("ragged");
        assert!(matches!(refused, ExportError::RaggedRow { found: 1, expected: 2, .. }));
        assert_eq!(ValueTable::of_separated(b"", b','), Ok(ValueTable::default()));
    }

    #[test]
    fn rows_of_other_lengths_are_no_table() {
        let refused = ValueTable::new(vec!["a".into()], vec![vec![text("1")], vec![]]).expect_err("ragged");
        assert_eq!(refused, ExportError::RaggedRow { line: 3, found: 0, expected: 1 });
    }

    #[test]
    fn parts_of_a_table_are_joined_by_the_names_of_their_columns() {
        let mut table = ValueTable::of_separated(b"id,why\n1,a\n", b',').expect("sound");
        table.append(ValueTable::of_separated(b"WHY,more,Id\nb,x,2\n", b',').expect("sound"));
        assert_eq!(table.names(), ["id", "why", "more"]);
        let rows = [[text("1"), text("a"), Value::Missing], [text("2"), text("b"), text("x")]];
        assert_eq!(table.rows(), rows);
    }

    #[test]
    fn columns_come_in_the_order_in_which_they_first_appear() {
        let mut table = TableBuilder::default();
        for fields in [vec![("b", 1), ("a", 2)], vec![("c", 3), ("b", 4)]] {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), Value::Integer(value))).collect();
            let row = table.row(fields).expect("distinct");
            table.push(row);
        }
        let fields = vec![("d".to_owned(), Value::Missing), ("d".to_owned(), Value::Missing)];
        assert_eq!(table.row(fields), Err("d".to_owned()));
        let table = table.finish();
        assert_eq!(table.names(), ["b", "a", "c"]);
        use Value::{Integer, Missing};
        assert_eq!(table.rows(), [[Integer(1), Integer(2), Missing], [Integer(4), Missing, Integer(3)]]);
    }

    #[test]
    fn values_read_as_a_text_file_would_hold_them() {
        for (value, expected) in [
            (Value::Missing, ""),
            (Value::Integer(9), "9"),
            (Value::Number(8.5), "8.5"),
            (Value::Number(9.0), "9"),
            (Value::Flag(true), "true"),
            (text("a"), "a"),
        ] {
            assert_eq!(value.text(), expected);
        }
        assert!(text(" ").is_blank() && !Value::Flag(false).is_blank());
    }
}
