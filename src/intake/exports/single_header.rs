//! Exports whose header is one line of names.
//!
//! # References
//! - Typeform help centre, "Download your results as CSV or XLSX": `#` is the response, dates are in UTC, `Network ID` is
//!   a hash of the respondent's network and not of the person.
//! - LimeSurvey manual, "Exporting results": question codes, texts or both as headings; `submitdate` is empty until the
//!   survey is submitted, and 1980-01-01 where it is not date-stamped.
//! - Formbricks, export of responses: `No.`, `Response ID`, `Timestamp`, `Finished`, `Survey ID`, then contact, tags, meta
//!   data and numbered questions.
//! - CustomerGauge support, "Imports: uploading external responses": `NPS Score`, `Comment`, `Follow Up Request`,
//!   `Follow Up Details`, `Sent Date`, `Response Date`; and "Transactions: post response" for `NetPromoterScore` and
//!   `CustomerNumber`.
//! - Medallia Agent Connect documentation, "Exporting data" and "Data Return APIs": `request_delivery_status`,
//!   `response_received_at`, `ext_interaction_id` and the customer's columns.

use super::columns::ExportColumn;
use super::fold::{folded, without_tags};
use super::header::{first, n_named};
use super::records::HeaderRecords;
use super::{ExportColumns, ExportError, ExportFormat, ExportHeader, ExportRole, roles};

/// Reads a header of one record.
pub(super) fn header(format: ExportFormat, records: &mut HeaderRecords<'_>) -> Result<ExportHeader, ExportError> {
    let record = first(format, records)?;
    if let Some(missing) = missing(format, &record.cells) {
        return Err(ExportError::NotThisFormat { format, missing });
    }
    let n_columns = n_named(&[&record], record.cells.len());
    let mut columns: Vec<ExportColumn> = record.cells[..n_columns].iter().map(|name| column(format, name)).collect();
    roles::keep_first(&mut columns);
    Ok(ExportHeader {
        columns: ExportColumns::new(format, columns),
        n_cells: record.cells.len(),
        n_bytes: record.n_bytes,
        n_lines: 0,
    })
}

/// The column of a documented or free name.
pub(super) fn column(format: ExportFormat, name: &str) -> ExportColumn {
    let mut column = ExportColumn::named([name.to_owned()]);
    match format {
        ExportFormat::Typeform => column.names.push(without_tags(name)),
        ExportFormat::LimeSurvey => {
            let code = lime_code(name);
            column.names.push(plain_code(code));
            if code.len() < name.len() {
                column.names.insert(0, code.to_owned());
                column.names.push(name[code.len()..].trim_start_matches(['.', ' ']).to_owned());
            }
        }
        ExportFormat::Formbricks => {
            // A question without its number, and what the company knows of the person.
            if let Some(own) = numbered(name).or_else(|| name.strip_prefix("person.")) {
                column.names.push(own.to_owned());
            }
        }
        _ => {}
    }
    let documented = if format == ExportFormat::LimeSurvey { lime_code(name) } else { name };
    roles::assign(format, &mut column, documented);
    column
}

/// The code of a LimeSurvey heading that has both, as in `Q1. How likely ...`; a heading that is a code or a text alone
/// stays whole.
fn lime_code(name: &str) -> &str {
    match name.split_once(". ") {
        Some((code, _)) if !code.is_empty() && !code.contains(' ') => code,
        _ => name,
    }
}

/// `Q1[SQ001]` as `Q1_SQ001`, as LimeSurvey's exports to statistics programs write it.
fn plain_code(code: &str) -> String {
    code.trim_end_matches(']').replace("][", "_").replace('[', "_")
}

/// The question of a heading such as `3. Why?`.
fn numbered(name: &str) -> Option<&str> {
    let (number, question) = name.split_once(". ")?;
    let is_number = !number.is_empty() && number.bytes().all(|sign| sign.is_ascii_digit());
    is_number.then_some(question)
}

/// What a header lacks of the marks by which the format is known.
fn missing(format: ExportFormat, names: &[String]) -> Option<String> {
    let folded_names: Vec<String> = names.iter().map(|name| folded(lime_code(name))).collect();
    let has = |name: &str| folded_names.iter().any(|own| own == name);
    let role = |wanted: ExportRole| names.iter().any(|name| roles::role_of(format, name) == Some(wanted));
    let marks: Vec<(bool, &str)> = match format {
        ExportFormat::Typeform => vec![
            (role(ExportRole::ResponseId), "`#`"),
            (has("submitdateutc") || has("startdateutc"), "`Submit Date (UTC)`"),
        ],
        ExportFormat::LimeSurvey => {
            vec![(has("id") || has("responseid"), "`id`"), (has("submitdate") || has("datesubmitted"), "`submitdate`")]
        }
        ExportFormat::Formbricks => {
            vec![
                (has("responseid"), "`Response ID`"),
                (has("timestamp"), "`Timestamp`"),
                (has("finished"), "`Finished`"),
            ]
        }
        ExportFormat::CustomerGauge => vec![
            (role(ExportRole::Recommend), "`NPS Score`"),
            (role(ExportRole::End) || role(ExportRole::Sent), "`Response Date`"),
        ],
        ExportFormat::MedalliaAgentConnect => vec![
            (has("responsereceivedat"), "`response_received_at`"),
            (has("requestdeliverystatus") || has("extinteractionid"), "`request_delivery_status`"),
        ],
        _ => Vec::new(),
    };
    marks.iter().find(|(is_there, _)| !is_there).map(|(_, mark)| format!("its header has no column {mark}"))
}

#[cfg(test)]
mod tests {
    use super::super::header_of;
    use super::*;

    fn read(format: ExportFormat, text: &str) -> ExportHeader {
        header_of(format, text.as_bytes(), b',').expect("sound")
    }

    #[test]
    fn lime_survey_columns_are_found_by_code_by_plain_code_and_by_text() {
        let header = read(
            ExportFormat::LimeSurvey,
            "id. Response ID,submitdate. Date submitted,lastpage. Last page,startlanguage. Start language,Q1[SQ001]. Delivery\n",
        );
        for name in ["Q1[SQ001]", "Q1_SQ001", "Delivery", "Q1[SQ001]. Delivery"] {
            assert_eq!(header.columns.find(name), Ok(Some(4)), "{name}");
        }
        assert_eq!(header.columns.with(ExportRole::ResponseId), Ok(Some(0)));
        assert_eq!(header.columns.answered_at(), Ok(Some(1)));
    }

    #[test]
    fn typeform_questions_are_found_with_and_without_their_tags() {
        let header = read(
            ExportFormat::Typeform,
            "#,\"How <strong>likely</strong>\nare you?\",Other,Other,Start Date (UTC),Submit Date (UTC),Network ID,\n",
        );
        assert_eq!(header.columns.find("How likely are you?"), Ok(Some(1)));
        assert_eq!(header.columns.find("Other (2)"), Ok(Some(3)));
        assert_eq!((header.n_cells, header.columns.columns().len(), header.n_lines), (8, 7, 2));
    }

    #[test]
    fn formbricks_questions_are_found_without_their_number() {
        let header =
            read(ExportFormat::Formbricks, "No.,Response ID,Timestamp,Finished,Survey ID,User ID,2. How likely?\n");
        assert_eq!(header.columns.find("How likely?"), Ok(Some(6)));
        assert_eq!(header.columns.with(ExportRole::ExternalReference), Ok(Some(5)));
        assert_eq!(header.columns.find("column 1"), Ok(None));
    }

    #[test]
    fn a_question_named_like_a_vendors_column_does_not_take_its_part() {
        let header = read(ExportFormat::LimeSurvey, "id,submitdate,lastpage,startlanguage,token,email,email\n");
        assert_eq!(header.columns.with(ExportRole::Email), Ok(Some(5)));
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = header_of(ExportFormat::Typeform, b"id,score\n1,2\n", b',').expect_err("no Typeform").to_string();
        assert!(refused.contains("no Typeform export: its header has no column `#`"), "{refused}");
        let refused = header_of(ExportFormat::Delighted, b"id,score\n", b',').expect_err("JSON").to_string();
        assert!(refused.starts_with("Delighted exports are read as JSON"), "{refused}");
        let refused = header_of(ExportFormat::LimeSurvey, b"", b',').expect_err("empty").to_string();
        assert!(refused.contains("holds nothing"), "{refused}");
    }
}
