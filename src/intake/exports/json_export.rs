//! A vendor's JSON as one table.

use super::super::number;
use super::columns::{ExportColumn, ExportColumns};
use super::json::{Json, values_of};
use super::records::without_mark;
use super::value_table::{TableBuilder, ValueTable};
use super::{ExportError, ExportFormat, ExportLayout, roles, single_header, vendor_json};

/// An export that was read whole: its columns and, under the most specific name of each, its values.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportTable {
    /// What the columns are; column `k` is value `k` of every row.
    pub columns: ExportColumns,
    /// The responses.
    pub table: ValueTable,
}

/// The responses of a vendor's JSON: a list, an object that wraps one as the vendor's API does, or one response or page a
/// line.
///
/// Nested objects are flattened with dots; answers come as `answers.REF` (Typeform), `additional_answers.QUESTION`
/// (Delighted) or `data.QUESTION` (Formbricks) and are known by the last part alone too. Tags are joined by `, `.
///
/// # Errors
/// What is no JSON, has no list where the vendor puts it, holds something else than objects, or two values under one name:
/// a file is read whole or not at all.
///
/// # Example
/// ```
/// use advocate::intake::exports::{ExportFormat, ExportRole, table_of_json};
///
/// let bytes = br#"[{"id": "1", "person": "7", "survey_type": "nps", "score": 9, "created_at": 1769904000}]"#;
/// let export = table_of_json(ExportFormat::Delighted, bytes).unwrap();
/// let recommend = export.columns.with(ExportRole::Recommend).unwrap().unwrap();
/// assert_eq!(export.table.rows()[0][recommend].text(), "9");
/// ```
pub fn table_of_json(format: ExportFormat, bytes: &[u8]) -> Result<ExportTable, ExportError> {
    if !matches!(format.layout(), ExportLayout::Json | ExportLayout::Either) {
        return Err(ExportError::NotJson { format });
    }
    let documents = values_of(without_mark(bytes))?;
    if documents.is_empty() {
        return Err(ExportError::NoList { format });
    }
    let mut table = TableBuilder::default();
    let mut columns: Vec<ExportColumn> = Vec::new();
    let mut n_responses = 0;
    for document in documents {
        for response in vendor_json::responses(format, document).ok_or(ExportError::NoList { format })? {
            n_responses += 1;
            let fields =
                vendor_json::fields(format, response).ok_or(ExportError::NotAnObject { response: n_responses })?;
            let mut values = Vec::with_capacity(fields.len());
            for field in fields {
                let at = table.place(&field.name);
                if at == columns.len() {
                    columns.push(single_header::column(format, &field.name));
                }
                let column = &mut columns[at];
                for name in field.also {
                    if !column.names.contains(&name) {
                        column.names.push(name);
                    }
                }
                column.role = field.role.or(column.role);
                values.push((field.name, field.value));
            }
            let row = table.row(values).map_err(|name| ExportError::RepeatedValue { response: n_responses, name })?;
            table.push(row);
        }
    }
    roles::keep_first(&mut columns);
    let table = table.finish();
    for (at, column) in columns.iter_mut().enumerate().filter(|(_, column)| column.time.is_some()) {
        // Who loads a vendor's answers on may have turned its numbers into dates.
        let mut filled = table.rows().iter().map(|row| &row[at]).filter(|value| !value.is_blank()).peekable();
        if filled.peek().is_some() && !filled.any(|value| number::parse(&value.text()).is_some()) {
            column.time = None;
        }
    }
    Ok(ExportTable { columns: ExportColumns::new(format, columns), table })
}

/// Whether bytes are a page of a vendor's API without a response, as the last page is.
pub fn is_empty_page(format: ExportFormat, bytes: &[u8]) -> bool {
    let Ok(documents) = values_of(without_mark(bytes)) else { return false };
    let is_empty = |document| vendor_json::responses(format, document).is_some_and(|responses| responses.is_empty());
    !documents.is_empty() && documents.into_iter().all(is_empty)
}

/// How many responses the pages of a vendor's API say that there are, and how many stand in these bytes; nothing where they do not
/// say it, or are no JSON.
pub fn stated_total(format: ExportFormat, bytes: &[u8]) -> Option<StatedTotal> {
    let paths: &[&[&str]] = match format {
        ExportFormat::Retently => &[&["data", "total"], &["total"]],
        ExportFormat::Typeform => &[&["total_items"]],
        _ => return None,
    };
    let mut stated = StatedTotal { n_there: 0, n_stated: 0 };
    for document in values_of(without_mark(bytes)).ok()? {
        let total = paths.iter().find_map(|path| path.iter().try_fold(&document, |json, key| json.get(key)));
        let total = total.and_then(Json::short_text).and_then(|text| text.parse().ok());
        stated.n_stated = stated.n_stated.max(total.unwrap_or(0));
        stated.n_there += vendor_json::responses(format, document)?.len() as u64;
    }
    (stated.n_stated > 0).then_some(stated)
}

/// Responses of some pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedTotal {
    /// Those that stand there.
    pub n_there: u64,
    /// Those of all pages, as the pages say.
    pub n_stated: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_a_line_is_read_like_one_list() {
        let line = r#"{"items": [{"token": "t", "landed_at": "2026-01-01T10:00:00Z", "answers": []}]}"#;
        let pages = format!("{line}\n{}\n", line.replace("\"t\"", "\"u\""));
        let export = table_of_json(ExportFormat::Typeform, pages.as_bytes()).expect("sound");
        assert_eq!(export.table.rows().len(), 2);
    }

    /// A singer tap (tap-delighted) hands the dates of the vendor on as texts of ISO 8601.
    #[test]
    fn dates_of_delighted_may_have_been_turned_into_texts() {
        let time = |created: &str| {
            let text =
                format!("[{{\"id\": \"1\", \"survey_type\": \"nps\", \"score\": 9, \"created_at\": {created}}}]");
            let export = table_of_json(ExportFormat::Delighted, text.as_bytes()).expect("sound");
            let end = export.columns.with(crate::intake::exports::ExportRole::End).expect("one").expect("there");
            export.columns.columns()[end].time.clone()
        };
        assert_eq!(time("1769904000"), Some(crate::study::TimeFormat::EpochSeconds));
        assert_eq!(time("\"1769904000\""), Some(crate::study::TimeFormat::EpochSeconds));
        assert_eq!(time("\"2026-02-01T00:00:00.000000Z\""), None);
    }

    /// Retently API, "Get feedback": `page`, `pages`, `limit` and `total` stand beside the responses.
    #[test]
    fn pages_say_how_many_responses_all_of_them_hold() {
        let page =
            r#"{"data": {"page": 1, "pages": 2, "limit": 2, "total": 3, "responses": [{"score": 1}, {"score": 2}]}}"#;
        let total = |text: &str| stated_total(ExportFormat::Retently, text.as_bytes());
        assert_eq!(total(page), Some(StatedTotal { n_there: 2, n_stated: 3 }));
        assert_eq!(total(&format!("{page}\n{page}")), Some(StatedTotal { n_there: 4, n_stated: 3 }));
        assert_eq!(total("{\"responses\": [{\"score\": 1}]}"), None);
        assert_eq!(stated_total(ExportFormat::Delighted, b"[]"), None);
    }

    #[test]
    fn a_page_without_a_response_is_empty_where_the_vendor_puts_the_list() {
        let is_empty = |format, text: &str| is_empty_page(format, text.as_bytes());
        assert!(is_empty(ExportFormat::Delighted, "[]") && is_empty(ExportFormat::Delighted, "\u{feff}[ ]\n"));
        assert!(is_empty(ExportFormat::Retently, r#"{"data": {"page": 3, "pages": 2, "responses": []}}"#));
        assert!(is_empty(ExportFormat::Typeform, r#"{"total_items": 0, "items": []}"#));
        assert!(!is_empty(ExportFormat::Delighted, "[{}]") && !is_empty(ExportFormat::Delighted, ""));
        assert!(!is_empty(ExportFormat::Typeform, r#"{"responses": []}"#) && !is_empty(ExportFormat::Typeform, "[1"));
    }

    #[test]
    fn what_is_no_list_of_objects_is_refused() {
        let refused = |format, text: &str| table_of_json(format, text.as_bytes()).expect_err("refused").to_string();
        assert_eq!(
            refused(ExportFormat::Typeform, "{\"ktems\": []}"),
            "this is no Typeform export: it should be an object with the list `items`"
        );
        assert_eq!(refused(ExportFormat::Delighted, "[{\"id\": 1}, 3]"), "response 2 of the list is no object");
        assert!(refused(ExportFormat::Delighted, "[{\"id\": 1}").starts_with("line 1, column"));
        assert!(refused(ExportFormat::Delighted, "  ").contains("a list of responses"));
        assert!(refused(ExportFormat::Qualtrics, "[]").starts_with("Qualtrics exports are separated text"));
        assert_eq!(
            refused(ExportFormat::Delighted, "[{\"a.b\": 1, \"a\": {\"b\": 2}}]"),
            "response 1 has two values for \"a.b\""
        );
    }
}
