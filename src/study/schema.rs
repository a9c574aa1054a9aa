//! The JSON Schema of the study file, from the same lists of keys that the parser reads.
//!
//! It is true in one direction: what the program reads, the schema allows, but for blanks around a word, which the parser leaves out of
//! account. Not everything that the program refuses can be said in a schema, such as that a control is a column of the history;
//! `advocate check` says those.

use super::known::{Bound, Holds, Known, names};
use super::{keys, outcome};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of the study file, by which editors complete and check one.
///
/// Dates, which JSON does not know, are texts in it.
///
/// # Example
/// ```
/// let schema = advocate::study::json_schema();
/// assert_eq!(schema["properties"]["study"]["$ref"], "#/$defs/study");
/// assert_eq!(schema["$defs"]["study"]["properties"]["seed"]["default"], 0);
/// ```
pub fn json_schema() -> Value {
    let mut named = Map::new();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Study of advocate",
        "description": "What to analyse: one TOML file, checked before anything runs.",
    });
    add(&mut schema, table("", keys::TOP, None, &mut named));
    named.sort_keys();
    add(&mut schema, json!({ "$defs": named }));
    schema
}

/// Adds the keys of one object to another.
fn add(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

/// A table with known keys, and with others where these hold something.
fn table(name: &str, known: &'static [Known], others: Option<&Holds>, named: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for own in known {
        let mut value = json!({ "description": own.says });
        add(&mut value, held(&own.holds, named));
        if let Some(default) = own.default.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            add(&mut value, json!({ "default": default }));
        }
        properties.insert(own.name.to_owned(), value);
    }
    let others = others.map_or(json!(false), |holds| held(holds, named));
    let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": others });
    let required: Vec<&str> = known.iter().filter(|own| own.required).map(|own| own.name).collect();
    if !required.is_empty() {
        add(&mut table, json!({ "required": required }));
    }
    add(&mut table, of_several_keys(name));
    table
}

/// What a table asks of several keys together, as far as a key is missing or one too many.
fn of_several_keys(name: &str) -> Value {
    let one_of = |keys: &[&str]| keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<Value>>();
    match name {
        "feedback" => json!({ "anyOf": [
            { "required": ["customer", "time"] },
            { "required": ["snapshot"], "properties": { "snapshot": { "const": true } } },
        ] }),
        "hash" => json!({ "oneOf": one_of(&["salt_env", "salt_file"]) }),
        "perception" => json!({ "oneOf": one_of(&["good", "at_least", "at_most"]) }),
        "item" => {
            let needs = |metric: &str, keys: &[&str]| json!({ "if": { "properties": { "metric": { "const": metric } } }, "then": { "required": keys } });
            json!({ "allOf": [
                needs("top-box", &["scale", "from"]), needs("net-box", &["scale", "from", "to"]), needs("yes", &["yes"]),
            ] })
        }
        _ => json!({}),
    }
}

/// A table by its name, which is written out once.
fn reference(name: &str, known: &'static [Known], others: Option<&Holds>, named: &mut Map<String, Value>) -> Value {
    if !named.contains_key(name) {
        let table = table(name, known, others, named);
        named.insert(name.to_owned(), table);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// What a value has to be.
fn held(holds: &Holds, named: &mut Map<String, Value>) -> Value {
    let text = || json!({ "type": "string", "pattern": r"\S" });
    match holds {
        Holds::Text => text(),
        Holds::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        Holds::Texts(least) => {
            let mut list = json!({ "type": "array", "items": text(), "uniqueItems": true });
            if *least > 0 {
                add(&mut list, json!({ "minItems": least }));
            }
            json!({ "anyOf": [text(), list] })
        }
        // With an offset or without, in the long form and the short one: what is no date is left to the program.
        Holds::Date => json!({ "type": "string", "pattern": r"^\s*[-+]?[0-9]{4}" }),
        Holds::Flag => json!({ "type": "boolean" }),
        Holds::Whole(least, u64::MAX) => json!({ "type": "integer", "minimum": least }),
        Holds::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Holds::Number(low, high) => {
            let mut number = json!({ "type": "number" });
            add(&mut number, bound(*low, "minimum", "exclusiveMinimum"));
            add(&mut number, bound(*high, "maximum", "exclusiveMaximum"));
            number
        }
        Holds::Value => json!({ "type": ["string", "number"] }),
        Holds::Word(words) => json!({ "type": "string", "enum": words() }),
        Holds::Range => json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 }),
        Holds::List(element) => {
            let is_table = matches!(element, Holds::NamesBeside(..));
            let element = held(element, named);
            let list = json!({ "type": "array", "items": element });
            if is_table { list } else { json!({ "anyOf": [element, list] }) }
        }
        Holds::Table(name, known) => reference(name, known, None, named),
        Holds::Tables(name, known) => json!({ "type": "array", "items": reference(name, known, None, named) }),
        Holds::NamesBeside(name, known, others) => reference(name, known, Some(others), named),
        Holds::Names(entry) => json!({ "type": "object", "additionalProperties": held(entry, named) }),
        Holds::Outcomes => outcomes(named),
        Holds::Either(all) => json!({ "anyOf": all.iter().map(|own| held(own, named)).collect::<Vec<Value>>() }),
    }
}

fn bound(bound: Bound, allowed: &str, beyond: &str) -> Value {
    match bound {
        Bound::Open => json!({}),
        Bound::At(value) => json!({ allowed: value }),
        Bound::Beyond(value) => json!({ beyond: value }),
    }
}

/// Outcomes that are called after their kind, and others, which say it.
fn outcomes(named: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut of_own_name = Vec::new();
    for &kind in keys::OUTCOMES {
        let own = format!("outcome_{kind}");
        let mut table = table(&own, keys::of_outcome(kind), None, named);
        table["properties"]["kind"]["const"] = json!(kind);
        named.insert(own.clone(), table);
        let reference = json!({ "$ref": format!("#/$defs/{own}") });
        of_own_name.push(json!({
            "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] }, "then": reference,
        }));
        properties.insert(kind.to_owned(), reference);
    }
    // What would be taken for something else in results, except where it is the kind itself.
    let taken = [&names(keys::TOP), &names(keys::SOURCES), keys::RESERVED_OUTCOME_NAMES].concat();
    let taken: Vec<&str> = taken.into_iter().filter(|name| !keys::OUTCOMES.contains(name)).collect();
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$", "maxLength": outcome::NAME_LENGTH_MAX, "not": { "enum": taken } },
        "properties": properties,
        "additionalProperties": {
            "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string", "enum": keys::OUTCOMES } },
            "allOf": of_own_name,
        },
    })
}
