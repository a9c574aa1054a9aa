//! Rows of JSON lines: an object a line, whose nested members are columns with a dot in their name.

use super::IntakeError;
use super::account::Reason;
use super::blocks::{Block, Blocks};
use super::value::{Value, ValueChunk, ValueRow};
use serde_json::Value as Json;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// A sign that no line of JSON holds, so that quotes mean nothing to whoever cuts the file into lines.
pub(super) const NO_DELIMITER: u8 = 1;

/// Names of the members of a file, in the order in which they first appear. The file is read until it is clear that all
/// that are wanted are there, or are not.
pub(super) fn names(name: &str, path: &Path, wanted: &[&str]) -> Result<Vec<String>, IntakeError> {
    let mut blocks = Blocks::open(name, path, NO_DELIMITER)?;
    let mut names: Vec<String> = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    let mut is_empty = true;
    while let Some(block) = blocks.next()? {
        for line in lines(&block.bytes) {
            is_empty = false;
            if let Ok(Json::Object(members)) = serde_json::from_slice(line) {
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
    if is_empty { Err(IntakeError::Empty { file: name.to_owned() }) } else { Ok(names) }
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
        rows.push(match serde_json::from_slice::<Json>(bytes) {
            Ok(Json::Object(members)) => {
                let mut cells = vec![Value::Missing; names.len()];
                each_member("", &members, &mut |name, value| {
                    if let Some(at) = names.iter().position(|own| own == name) {
                        cells[at] = value_of(value);
                    }
                });
                ValueRow::of(line, cells)
            }
            _ => {
                ValueRow { line, cells: Err(Reason::BadJson), record: String::from_utf8_lossy(bytes).trim().to_owned() }
            }
        });
    }
    ValueChunk { names: Arc::clone(names), rows }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// Visits what is no object, by its dotted name.
fn each_member(prefix: &str, members: &serde_json::Map<String, Json>, visit: &mut impl FnMut(&str, &Json)) {
    for (name, value) in members {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Json::Object(members) => each_member(&name, members, visit),
            _ => visit(&name, value),
        }
    }
}

/// A cell; lists of words are joined by `; `, other lists stay JSON.
pub(super) fn value_of(value: &Json) -> Value {
    match value {
        Json::Null => Value::Missing,
        Json::Bool(flag) => Value::Flag(*flag),
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Integer(value),
            (None, Some(value)) => Value::Number(value),
            _ => Value::Text(number.to_string()),
        },
        Json::Array(all) if all.is_empty() => Value::Missing,
        Json::Array(all) if all.iter().all(Json::is_string) => {
            Value::Text(all.iter().filter_map(Json::as_str).collect::<Vec<_>>().join("; "))
        }
        Json::Array(_) | Json::Object(_) => Value::Text(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const TEXT: &[u8] = b"{\"id\":1,\"person\":{\"email\":\"a@b\"},\"score\":9}\n\n\
        {\"id\":\"x\",\"score\":null,\"tags\":[\"p\",\"q\"],\"late\":true}\r\n{\"id\":2,\n[1]\n";

    #[test]
    fn members_are_columns_in_the_order_in_which_they_appear() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(TEXT).expect("written");
        let names = names("f.jsonl", file.path(), &["nowhere"]).expect("lines");
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
}
