//! JSON lines: one object a line, whoever wrote them.

use super::flatten::flatten;
use super::json::{Json, message};
use super::records::without_mark;
use super::value_table::{TableBuilder, Value};
use thiserror::Error;

/// The rows of a text of JSON lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonLines {
    /// Every name of a value, in the order in which they first appear.
    pub names: Vec<String>,
    /// The values of each line that is not blank, by column of `names`; or what is wrong with it.
    pub rows: Vec<Result<JsonRow, LineFault>>,
    /// Lines of the text, blank ones included.
    pub n_lines: u64,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonRow {
    /// Its line, from 1.
    pub line: u64,
    /// Its values, as many as there are names.
    pub values: Vec<Value>,
}

/// A line that is no row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} is no JSON object: {message}")]
pub struct LineFault {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub message: String,
    /// The line as it was.
    pub raw: String,
}

/// Reads JSON lines. Nested objects are flattened with dots (`person.email`), lists of texts joined by `, `; a line that is
/// no object is a fault of its own and does not touch the others.
///
/// # Example
/// ```
/// use advocate::intake::exports::{Value, table_of_json_lines};
///
/// let lines = table_of_json_lines(b"{\"id\": 1, \"by\": {\"email\": \"a@example.org\"}}\n{\"id\": 2\n");
/// assert_eq!(lines.names, ["id", "by.email"]);
/// assert_eq!(lines.rows[0].as_ref().unwrap().values[0], Value::Integer(1));
/// assert_eq!(lines.rows[1].as_ref().unwrap_err().line, 2);
/// ```
pub fn table_of_json_lines(bytes: &[u8]) -> JsonLines {
    let mut table = TableBuilder::default();
    let mut lines = JsonLines::default();
    let text = without_mark(bytes);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        lines.n_lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let values = row_of(line, &mut table).map(|values| JsonRow { line: lines.n_lines, values });
        lines.rows.push(values.map_err(|message| LineFault {
            line: lines.n_lines,
            message,
            raw: String::from_utf8_lossy(line).trim_end().to_owned(),
        }));
    }
    lines.names = table.into_names();
    lines.fill();
    lines
}

fn row_of(line: &[u8], table: &mut TableBuilder) -> Result<Vec<Value>, String> {
    let json: Json = serde_json::from_slice(line).map_err(|error| message(&error))?;
    if !matches!(json, Json::Object(_)) {
        return Err("it holds another value".to_owned());
    }
    let mut fields = Vec::new();
    flatten("", json, &mut fields);
    table.row(fields).map_err(|name| format!("two values come under the name \"{name}\""))
}

impl JsonLines {
    /// The rows of consecutive pieces of one text, cut at line ends, as if the text had been read in one go.
    pub fn merged(pieces: impl IntoIterator<Item = Self>) -> Self {
        let mut table = TableBuilder::default();
        let mut merged = Self::default();
        for piece in pieces {
            let places: Vec<usize> = piece.names.iter().map(|name| table.place(name)).collect();
            let width = places.iter().max().map_or(0, |at| at + 1);
            for row in piece.rows {
                merged.rows.push(match row {
                    Ok(JsonRow { line, values }) => {
                        let mut moved = vec![Value::Missing; width];
                        for (value, &at) in values.into_iter().zip(&places) {
                            moved[at] = value;
                        }
                        Ok(JsonRow { line: merged.n_lines + line, values: moved })
                    }
                    Err(fault) => Err(LineFault { line: merged.n_lines + fault.line, ..fault }),
                });
            }
            merged.n_lines += piece.n_lines;
        }
        merged.names = table.into_names();
        merged.fill();
        merged
    }

    /// Gives every row as many values as there are names.
    fn fill(&mut self) {
        for row in self.rows.iter_mut().flatten() {
            row.values.resize(self.names.len(), Value::Missing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn faults_stay_on_their_line() {
        let text = "\u{feff}{\"a\": 1}\r\n\n[1]\n{\"a\": 2, \"a\": 3}\n{\"b.c\": 1, \"b\": {\"c\": 2}}\n{\"d\": \"é\"}";
        let lines = table_of_json_lines(text.as_bytes());
        assert_eq!(lines.names, ["a", "d"]);
        assert_eq!(lines.n_lines, 6);
        let faults: Vec<String> =
            lines.rows.iter().filter_map(|row| row.as_ref().err().map(LineFault::to_string)).collect();
        let expected = [
            "line 3 is no JSON object: it holds another value",
            "line 4 is no JSON object: the key \"a\" stands twice in one object",
            "line 5 is no JSON object: two values come under the name \"b.c\"",
        ];
        assert_eq!(faults, expected);
        let values: Vec<&[Value]> = lines.rows.iter().flatten().map(|row| &row.values[..]).collect();
        assert_eq!(values[0], [Value::Integer(1), Value::Missing]);
        assert_eq!(values[1], [Value::Missing, Value::Text("é".into())]);
    }

    #[test]
    fn a_fault_keeps_the_line_as_it_was() {
        let lines = table_of_json_lines(b"{\"a\": \xff}\n");
        let fault = lines.rows[0].as_ref().expect_err("no UTF-8");
        assert_eq!((fault.line, fault.raw.as_str()), (1, "{\"a\": \u{fffd}}"));
        assert_eq!(table_of_json_lines(b""), JsonLines::default());
    }

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(
            lines in prop::collection::vec("(\\{\"[abc]\":[0-9]\\}|\\{\"a\":\\{\"b\":\"x\"\\},\"d\":1\\}||oops|\\{\"a\":1,\"a\":2\\})", 0..12),
            cut in 0_usize..12,
        ) {
            let cut = cut.min(lines.len());
            let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let pieces = [text(&lines[..cut]), text(&lines[cut..])];
            let merged = JsonLines::merged(pieces.iter().map(|piece| table_of_json_lines(piece.as_bytes())));
            prop_assert_eq!(merged, table_of_json_lines(text(&lines).as_bytes()));
        }
    }
}
