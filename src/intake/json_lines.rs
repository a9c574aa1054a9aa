//! Rows of JSON lines: an object a line, whose nested members are columns with a dot in their name.

use super::IntakeError;
use super::account::Reason;
use super::blocks::{Block, Blocks};
use super::exports::{self, Json};
use super::files::SourceFile;
use super::value::{Value, ValueChunk, ValueRow};
use std::collections::HashSet;
use std::sync::Arc;

/// A sign that no line of JSON holds, so that quotes mean nothing to whoever cuts the file into lines.
pub(super) const NO_DELIMITER: u8 = 1;

/// Names of the members of a file, in the order in which they first appear. The file is read until it is clear that all
/// that are wanted are there, or are not.
pub(super) fn names(file: &SourceFile, wanted: &[&str]) -> Result<Vec<String>, IntakeError> {
    let mut blocks = Blocks::open(file, NO_DELIMITER)?;
    let mut names: Vec<String> = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    let mut is_empty = true;
    while let Some(block) = blocks.next()? {
        for line in lines(&block.bytes) {
            is_empty = false;
            if let Some(Json::Object(members)) = exports::value_of(line) {
                each_member("", &members, &mut |name, _| {
                    if known.insert(name.to_owned()) {
                        names.push(name.to_owned());
                    }
                });
            }
        }
        if wanted.iter().all(|&name| known.contains(name)) {
            break;
        }
    }
    if is_empty { Err(IntakeError::Empty { file: file.name.clone() }) } else { Ok(names) }
}

/// The lines of a block as rows of the file's columns.
pub(super) fn chunk(block: &Block, names: &Arc<[String]>) -> ValueChunk {
    let mut rows = Vec::new();
    for (line, bytes) in block.bytes.split(|&byte| byte == b'\n').enumerate() {
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            continue;
        }
        let line = line as u64;
        rows.push(match exports::value_of(bytes).and_then(|value| cells(value, names)) {
            Some(cells) => ValueRow::of(line, cells),
            None => {
                ValueRow { line, cells: Err(Reason::BadJson), record: String::from_utf8_lossy(bytes).trim().to_owned() }
            }
        });
    }
    ValueChunk { names: Arc::clone(names), rows }
}

/// The members of an object by the file's columns; `None` of what is no object, or says one column twice.
fn cells(value: Json, names: &[String]) -> Option<Vec<Value>> {
    let Json::Object(members) = value else { return None };
    let mut cells: Vec<Option<Value>> = vec![None; names.len()];
    let mut is_once = true;
    each_member("", &members, &mut |name, value| {
        if let Some(at) = names.iter().position(|own| own == name) {
            is_once &= cells[at].replace(value_of(value)).is_none();
        }
    });
    is_once.then(|| cells.into_iter().map(|cell| cell.unwrap_or(Value::Missing)).collect())
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// Visits what is no object, by its dotted name.
fn each_member(prefix: &str, members: &[(String, Json)], visit: &mut impl FnMut(&str, &Json)) {
    for (name, value) in members {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Json::Object(members) => each_member(&name, members, visit),
            _ => visit(&name, value),
        }
    }
}

/// A cell; lists of words are joined by `; `, other lists stay JSON.
fn value_of(value: &Json) -> Value {
    match value {
        Json::Null => Value::Missing,
        Json::Flag(flag) => Value::Flag(*flag),
        Json::Text(text) => Value::Text(text.clone()),
        Json::Integer(value) => Value::Integer(*value),
        Json::Number(value) => Value::Number(*value),
        Json::List(all) if all.is_empty() => Value::Missing,
        Json::List(all) if all.iter().all(|own| matches!(own, Json::Text(_))) => {
            Value::Text(all.iter().filter_map(Json::short_text).collect::<Vec<_>>().join("; "))
        }
        Json::List(_) | Json::Object(_) => {
            let mut text = String::new();
            value.write(&mut text);
            Value::Text(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::files::Layout;
    use std::io::Write;

    const TEXT: &[u8] = b"{\"id\":1,\"person\":{\"email\":\"a@b\"},\"score\":9}\n\n\
        {\"id\":\"x\",\"score\":null,\"tags\":[\"p\",\"q\"],\"late\":true}\r\n{\"id\":2,\n[1]\n";

    #[test]
    fn members_are_columns_in_the_order_in_which_they_appear() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(TEXT).expect("written");
        let path = file.path().to_owned();
        let file = SourceFile {
            name: "f.jsonl".to_owned(),
            path,
            n_bytes: TEXT.len() as u64,
            layout: Layout::JsonLines,
            encoding: None,
            rows_above: 0,
            partitions: Vec::new(),
            beside: None,
        };
        let names = names(&file, &["nowhere"]).expect("lines");
        assert_eq!(names, ["id", "person.email", "score", "tags", "late"]);
    }

    #[test]
    fn a_broken_line_costs_itself_only() {
        let names: Arc<[String]> = ["score", "id", "person.email", "tags", "late"].map(str::to_owned).into();
        let chunk = chunk(&Block { bytes: TEXT.to_vec(), damaged: false }, &names);
        let lines: Vec<(u64, bool)> = chunk.rows.iter().map(|row| (row.line, row.cells.is_ok())).collect();
        assert_eq!(lines, [(0, true), (2, true), (3, false), (4, false)]);
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(
            chunk.rows[0].cells,
            Ok(vec![Value::Integer(9), Value::Integer(1), text("a@b"), Value::Missing, Value::Missing])
        );
        assert_eq!(
            chunk.rows[1].cells,
            Ok(vec![Value::Missing, text("x"), Value::Missing, text("p; q"), Value::Flag(true)])
        );
        assert_eq!(chunk.rows[2].record, "{\"id\":2,");
    }

    fn rows(text: &str) -> Vec<ValueRow> {
        let names: Arc<[String]> = ["c", "a.b"].map(str::to_owned).into();
        chunk(&Block { bytes: text.as_bytes().to_vec(), damaged: false }, &names).rows
    }

    /// Python 3: `json.loads` keeps whole numbers of any length, and these are four.
    #[test]
    fn keys_of_any_length_keep_their_digits() {
        let text = |text: &str| Value::Text(text.to_owned());
        let keys =
            ["12345678901234567890", "12345678901234567891", "123456789012345678901234", "123456789012345678901235"];
        for key in keys {
            assert_eq!(rows(&format!("{{\"c\":{key}}}"))[0].cells, Ok(vec![text(key), Value::Missing]));
        }
        let own = rows("{\"c\":1234567890123456789}")[0].cells.clone();
        assert_eq!(own, Ok(vec![Value::Integer(1_234_567_890_123_456_789), Value::Missing]));
    }

    #[test]
    fn a_line_that_says_one_column_twice_is_put_aside() {
        for text in [
            r#"{"c":"z","c":"y"}"#,
            r#"{"c":"z","a":{"b":1,"b":2}}"#,
            r#"{"a.b":1,"a":{"b":2}}"#,
            r#"{"c":"z","other":{"x":1,"x":1}}"#,
        ] {
            assert_eq!(rows(text)[0].cells, Err(Reason::BadJson), "{text}");
            assert_eq!(rows(text)[0].record, text);
        }
        assert!(rows(r#"{"c":"z","a":{"b":1},"d":{"b":2}}"#)[0].cells.is_ok());
    }
}
