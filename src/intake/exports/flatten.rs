//! A nested object as values under names.

use super::json::Json;
use super::value_table::Value;

/// The values of a JSON value under its name: those of an object under `name.key`, a list as one text.
///
/// The items of a list are joined by `, `; a list that holds lists or objects is kept as JSON. An empty list is nothing.
pub(super) fn flatten(name: &str, json: Json, fields: &mut Vec<(String, Value)>) {
    let value = match json {
        Json::Object(inner) => {
            for (key, value) in inner {
                flatten(&joined(name, &key), value, fields);
            }
            return;
        }
        Json::List(items) => list(items),
        Json::Null => Value::Missing,
        Json::Flag(value) => Value::Flag(value),
        Json::Integer(value) => Value::Integer(value),
        Json::Number(value) => Value::Number(value),
        Json::Text(text) => Value::Text(text),
    };
    fields.push((name.to_owned(), value));
}

/// `name.key`, and the key alone at the top.
pub(super) fn joined(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}

fn list(items: Vec<Json>) -> Value {
    if items.iter().any(|item| matches!(item, Json::List(_) | Json::Object(_))) {
        let mut text = String::new();
        Json::List(items).write(&mut text);
        return Value::Text(text);
    }
    texts(items.iter().filter_map(Json::short_text))
}

/// Several texts as one.
pub(super) fn texts(texts: impl Iterator<Item = String>) -> Value {
    let all: Vec<String> = texts.collect();
    if all.is_empty() { Value::Missing } else { Value::Text(all.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::json::values_of;
    use super::*;

    #[test]
    fn objects_are_dotted_and_lists_are_joined() {
        let text = r#"{"person": {"email": "a@example.org", "tags": ["x", 2]}, "none": [], "deep": [{"a": 1}], "gap": null, "ok": true}"#;
        let json = values_of(text.as_bytes()).expect("JSON").remove(0);
        let mut fields = Vec::new();
        flatten("", json, &mut fields);
        let text = |text: &str| Value::Text(text.to_owned());
        let expected = [
            ("person.email", text("a@example.org")),
            ("person.tags", text("x, 2")),
            ("none", Value::Missing),
            ("deep", text("[{\"a\":1}]")),
            ("gap", Value::Missing),
            ("ok", Value::Flag(true)),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
    }
}
