//! One response of a vendor's JSON as values under names.
//!
//! # References
//! - Delighted API documentation, "Listing survey responses".
//! - Typeform Developers, "Retrieve responses", and the webhook payload, which wraps one response in `form_response`.
//! - Formbricks API documentation, Management API, "Get responses".
//! - Retently API documentation, "Feedback".
//! - Medallia Agent Connect documentation, "Data Return APIs", feedback survey responses.

use super::ExportFormat::{self, *};
use super::ExportRole;
use super::flatten::{flatten, joined, texts};
use super::json::Json;
use super::value_table::Value;

/// One value of a response.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Value,
    /// Other names by which a study may call its column.
    pub(super) also: Vec<String>,
    /// The role that the response itself states.
    pub(super) role: Option<ExportRole>,
}

/// The responses of a document: the list itself, the list that the vendor's API wraps, or a single response.
pub(super) fn responses(format: ExportFormat, document: Json) -> Option<Vec<Json>> {
    if let Json::List(responses) = document {
        return Some(responses);
    }
    let paths: &[&[&str]] = match format {
        Typeform => &[&["items"]],
        Retently => &[&["data", "responses"], &["data"], &["responses"]],
        Formbricks | MedalliaAgentConnect => &[&["data"]],
        _ => &[],
    };
    for path in paths {
        if let Some(Json::List(_)) = path.iter().try_fold(&document, |json, key| json.get(key)) {
            return match path.iter().try_fold(document, |json, key| json.into_value(key)) {
                Some(Json::List(responses)) => Some(responses),
                _ => None,
            };
        }
    }
    let marks: &[&str] = match format {
        Typeform => &["landed_at", "form_response"],
        Delighted => &["survey_type"],
        Retently => &["score"],
        Formbricks => &["surveyId", "Survey ID"],
        MedalliaAgentConnect => &["sequence_id"],
        _ => &[],
    };
    marks.iter().any(|mark| document.get(mark).is_some()).then(|| vec![document])
}

/// The values of one response; nothing where it is no object.
pub(super) fn fields(format: ExportFormat, response: Json) -> Option<Vec<Field>> {
    let Json::Object(object) = response else { return None };
    let mut fields = Vec::new();
    for (key, value) in object {
        // A webhook's response stands one level deeper.
        if format == Typeform && key == "form_response" {
            fields.extend(self::fields(format, value)?);
        } else {
            member(format, key, value, &mut fields);
        }
    }
    Some(fields)
}

fn member(format: ExportFormat, key: String, value: Json, fields: &mut Vec<Field>) {
    match (format, key.as_str(), value) {
        (Typeform, "answers", Json::List(answers)) => fields.extend(answers.into_iter().filter_map(typeform_answer)),
        (Typeform, "variables", Json::List(variables)) => {
            fields.extend(variables.into_iter().filter_map(typeform_variable));
        }
        (Delighted, "additional_answers", Json::List(answers)) => {
            fields.extend(answers.into_iter().filter_map(delighted_answer));
        }
        (Retently, "customProps" | "additionalQuestions", Json::List(items)) => {
            fields.extend(labelled(&key, items));
        }
        (MedalliaAgentConnect, "answers", Json::List(items)) => fields.extend(labelled(&key, items)),
        (_, "tags" | "notes" | "feedbackTags" | "feedbackTagsNew" | "feedbackTopics", Json::List(items)) => {
            fields.push(Field::new(key, texts(items.iter().filter_map(word))))
        }
        // What the company or the customer named is known by that name too.
        (
            _,
            "hidden" | "data" | "person_properties" | "contactAttributes" | "personAttributes" | "custom_properties"
            | "answers",
            value @ Json::Object(_),
        ) => {
            let mut inner = Vec::new();
            flatten(&key, value, &mut inner);
            fields.extend(inner.into_iter().map(|(name, value)| {
                let own = name[key.len()..].trim_start_matches('.').to_owned();
                Field { also: vec![own], ..Field::new(name, value) }
            }));
        }
        (_, _, value) => {
            let mut inner = Vec::new();
            flatten(&key, value, &mut inner);
            fields.extend(inner.into_iter().map(|(name, value)| Field::new(name, value)));
        }
    }
}

impl Field {
    fn new(name: String, value: Value) -> Self {
        Self { name, value, also: Vec::new(), role: None }
    }
}

/// The word of a tag, note or topic, which may be an object with more to it.
fn word(item: &Json) -> Option<String> {
    ["name", "tag", "text", "label", "comment"]
        .iter()
        .find_map(|key| item.get(key).and_then(Json::short_text))
        .or_else(|| item.short_text())
}

/// A value without a name of its own.
fn plain(json: Json) -> Value {
    let mut fields = Vec::new();
    flatten("", json, &mut fields);
    match fields.len() {
        1 => fields.remove(0).1,
        _ => texts(fields.iter().filter(|(_, value)| !value.is_blank()).map(|(_, value)| value.text().into_owned())),
    }
}

/// `answers.REF`, by the reference that the form's author gives or else the field's id. The value stands under the key that
/// its type names.
fn typeform_answer(answer: Json) -> Option<Field> {
    let field = answer.get("field")?;
    let name = |key: &str| field.get(key).and_then(Json::short_text);
    let (reference, id) = (name("ref"), name("id"));
    let key = reference.clone().or_else(|| id.clone())?;
    let kind = answer.get("type").and_then(Json::short_text).unwrap_or_default();
    let value = answer.get(&kind);
    let value = match (kind.as_str(), value) {
        ("choice", Some(choice)) => ["label", "other", "id"].iter().find_map(|key| choice.get(key)).cloned(),
        ("choices", Some(choices)) => {
            let Some(Json::List(labels)) = choices.get("labels") else { return None };
            let other = choices.get("other").cloned();
            Some(Json::List(labels.iter().cloned().chain(other).collect()))
        }
        (_, value) => value.cloned(),
    };
    let is_recommend = name("type").as_deref() == Some("nps");
    Some(Field {
        name: joined("answers", &key),
        value: value.map_or(Value::Missing, plain),
        also: reference.into_iter().chain(id).collect(),
        role: is_recommend.then_some(ExportRole::Recommend),
    })
}

fn typeform_variable(variable: Json) -> Option<Field> {
    let key = variable.get("key")?.short_text()?;
    let kind = variable.get("type").and_then(Json::short_text).unwrap_or_default();
    let value = variable.get(&kind).cloned().map_or(Value::Missing, plain);
    Some(Field { also: vec![key.clone()], ..Field::new(joined("variables", &key), value) })
}

/// `additional_answers.QUESTION`; of the four kinds of value one is filled.
fn delighted_answer(answer: Json) -> Option<Field> {
    let question = answer.get("question")?;
    let key = question.get("id")?.short_text()?;
    let value = answer.get("value");
    let kind = |key: &str| value.and_then(|value| value.get(key)).filter(|json| **json != Json::Null);
    let found = if let Some(choice) = kind("select_one") {
        word(choice).map_or(Value::Missing, Value::Text)
    } else if let Some(Json::List(choices)) = kind("select_many") {
        texts(choices.iter().filter_map(word))
    } else {
        kind("scale").or_else(|| kind("free_response")).cloned().map_or(Value::Missing, plain)
    };
    let text = question.get("text").and_then(Json::short_text);
    let also = std::iter::once(key.clone()).chain(text).collect();
    Some(Field { also, ..Field::new(joined("additional_answers", &key), found) })
}

/// A list of objects that are each a label and a value, as one column for each label; any other list as one text.
fn labelled(name: &str, items: Vec<Json>) -> Vec<Field> {
    const LABELS: [&str; 6] = ["label", "question_id", "question_text", "question", "title", "name"];
    const VALUES: [&str; 5] = ["value", "answer", "score", "rating", "response"];
    let part = |item: &Json, keys: &[&str]| keys.iter().find_map(|key| item.get(key).cloned());
    let label = |item: &Json| part(item, &LABELS).and_then(|label| label.short_text());
    let is_labelled = items.iter().all(|item| label(item).is_some() && part(item, &VALUES).is_some());
    if !is_labelled {
        let mut fields = Vec::new();
        flatten(name, Json::List(items), &mut fields);
        return fields.into_iter().map(|(name, value)| Field::new(name, value)).collect();
    }
    let field = |item: Json| {
        let label = label(&item)?;
        let value = part(&item, &VALUES).map_or(Value::Missing, plain);
        Some(Field { also: vec![label.clone()], ..Field::new(joined(name, &label), value) })
    };
    items.into_iter().filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::super::json::values_of;
    use super::*;

    fn of(format: ExportFormat, text: &str) -> Vec<(String, String)> {
        let json = values_of(text.as_bytes()).expect("JSON").remove(0);
        let fields = fields(format, json).expect("an object");
        fields.into_iter().map(|field| (field.name, field.value.text().into_owned())).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn every_kind_of_typeform_answer_is_read() {
        let text = r#"{"answers": [
            {"field": {"id": "f1", "ref": "recommend", "type": "nps"}, "type": "number", "number": 9},
            {"field": {"id": "f2", "type": "multiple_choice"}, "type": "choice", "choice": {"id": "c", "label": "Shop"}},
            {"field": {"id": "f3", "ref": "why", "type": "multiple_choice"}, "type": "choices", "choices": {"labels": ["Price", "Staff"], "other": "Smell"}},
            {"field": {"id": "f4", "ref": "again", "type": "yes_no"}, "type": "boolean", "boolean": true},
            {"field": {"id": "f5", "ref": "fee", "type": "payment"}, "type": "payment", "payment": {"amount": "5", "last4": "1234"}}
        ], "variables": [{"key": "score", "type": "number", "number": 3}], "hidden": {"customer": "c7"}}"#;
        let expected = pairs(&[
            ("answers.recommend", "9"),
            ("answers.f2", "Shop"),
            ("answers.why", "Price, Staff, Smell"),
            ("answers.again", "true"),
            ("answers.fee", "5, 1234"),
            ("variables.score", "3"),
            ("hidden.customer", "c7"),
        ]);
        assert_eq!(of(Typeform, text), expected);
    }

    #[test]
    fn a_webhook_holds_its_response_one_level_deeper() {
        let text = r#"{"event_type": "form_response", "form_response": {"token": "t", "hidden": {"customer": "c7"}}}"#;
        let expected = pairs(&[("event_type", "form_response"), ("token", "t"), ("hidden.customer", "c7")]);
        assert_eq!(of(Typeform, text), expected);
    }

    #[test]
    fn labels_become_columns_and_other_lists_stay_whole() {
        let text = r#"{"customProps": [{"label": "Region", "type": "string", "value": "North"}], "feedbackTags": [{"tag": "price"}, "staff"], "additionalQuestions": [{"x": 1}]}"#;
        let expected = pairs(&[
            ("customProps.Region", "North"),
            ("feedbackTags", "price, staff"),
            ("additionalQuestions", "[{\"x\":1}]"),
        ]);
        assert_eq!(of(Retently, text), expected);
    }

    #[test]
    fn lists_stand_where_the_vendor_puts_them() {
        let count = |format, text: &str| {
            responses(format, values_of(text.as_bytes()).expect("JSON").remove(0)).map(|responses| responses.len())
        };
        assert_eq!(count(Typeform, r#"{"items": [{}, {}]}"#), Some(2));
        assert_eq!(count(Retently, r#"{"success": true, "data": {"responses": [{}]}}"#), Some(1));
        assert_eq!(count(Retently, r#"{"data": [{}]}"#), Some(1));
        assert_eq!(count(Delighted, "[]"), Some(0));
        assert_eq!(count(Delighted, r#"{"survey_type": "nps"}"#), Some(1));
        assert_eq!(count(Typeform, r#"{"ktems": [{}, {}]}"#), None);
        assert_eq!(count(Delighted, "3"), None);
    }
}
