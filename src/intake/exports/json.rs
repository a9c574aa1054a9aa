//! JSON as it is written: the order of keys is kept, and a key that stands twice in one object is an error, because one of
//! the two values would be lost.

use super::ExportError;
use super::json_digits::with_digits;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::intake) enum Json {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value under a key of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value under a key of an object, taken out of it.
    pub(super) fn into_value(self, key: &str) -> Option<Self> {
        match self {
            Self::Object(fields) => fields.into_iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a text or number; nothing for anything else.
    pub(in crate::intake) fn short_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Number(value) => Some(value.to_string()),
            Self::Flag(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The value in JSON, without blanks.
    pub(in crate::intake) fn write(&self, out: &mut String) {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => out.push_str("null"),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::Flag(_) | Self::Integer(_) | Self::Number(_) => out.push_str(&self.short_text().unwrap_or_default()),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    out.push_str(&quoted(name));
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// All values of a text, one after the other: one document, or one for each line.
///
/// # Errors
/// The first place that is no JSON.
pub(super) fn values_of(bytes: &[u8]) -> Result<Vec<Json>, ExportError> {
    match all_values(&with_digits(bytes)) {
        Ok(values) => Ok(values),
        // Quotes around long numbers move what stands behind them, so the place is looked for without.
        Err(moved) => Err(all_values(bytes).err().unwrap_or(moved)),
    }
}

fn all_values(bytes: &[u8]) -> Result<Vec<Json>, ExportError> {
    serde_json::Deserializer::from_slice(bytes)
        .into_iter::<Json>()
        .map(|value| {
            value.map_err(|error| ExportError::Json {
                line: error.line(),
                column: error.column(),
                message: message(&error),
            })
        })
        .collect()
}

/// The value of a text that is one JSON value; `None` where it is none, or has an object with a key twice.
pub(in crate::intake) fn value_of(bytes: &[u8]) -> Option<Json> {
    serde_json::from_slice(&with_digits(bytes)).ok()
}

/// What is wrong, without the place, which stands beside it.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        // A key beyond what an integer holds keeps its digits as text.
        Ok(i64::try_from(value).map_or_else(|_| Json::Text(value.to_string()), Json::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        while let Some(field) = access.next_entry()? {
            fields.push(field);
        }
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(A::Error::custom(format!("the key \"{}\" stands twice in one object", pair[0]))),
            None => Ok(Json::Object(fields)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order_and_their_digits() {
        let text = r#"{"b": [1, 2.5, true, null], "a": "x\"y", "big": 18446744073709551615, "long": 123456789012345678901234}"#;
        let values = values_of(text.as_bytes()).expect("JSON");
        let mut written = String::new();
        values[0].write(&mut written);
        assert_eq!(
            written,
            r#"{"b":[1,2.5,true,null],"a":"x\"y","big":"18446744073709551615","long":"123456789012345678901234"}"#
        );
    }

    #[test]
    fn a_key_twice_and_what_is_no_json_are_refused_with_their_place() {
        let refused = values_of(b"{\"a\": 1}\n{\"a\": 1, \"a\": 2}").expect_err("twice").to_string();
        assert!(refused.starts_with("line 2, column") && refused.contains("\"a\" stands twice"), "{refused}");
        // The brace behind the comma is the 29th sign of the line.
        let refused = values_of(br#"[{"a": 12345678901234567890,}]"#).expect_err("a comma too many").to_string();
        assert!(refused.starts_with("line 1, column 29"), "{refused}");
        for text in ["{", "[1,]", "{\"a\":NaN}", "\u{feff}1", "{\"a\":\"\\ud800\"}"] {
            assert!(values_of(text.as_bytes()).is_err(), "{text}");
        }
        assert!(values_of(b"{\"a\":\"\xff\"}").is_err(), "no UTF-8");
        let deep = "[".repeat(100_000);
        assert!(values_of(deep.as_bytes()).is_err(), "deeper than any response");
        assert_eq!(values_of(b" \n"), Ok(vec![]));
    }
}
