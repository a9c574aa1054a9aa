//! SurveyMonkey: a row of questions, each standing over the first of its columns only, and a row of options.
//!
//! # References
//! SurveyMonkey help, "Exporting survey data" (all responses, CSV): respondent columns first, without options; a question
//! of one column has `Response` or `Open-Ended Response` below it.

use super::columns::ExportColumn;
use super::fold::folded;
use super::header::{first, n_cells, n_named};
use super::records::HeaderRecords;
use super::{ExportColumns, ExportError, ExportFormat, ExportHeader, ExportRole, roles};

/// Options that only say that the question has one column.
const NO_OPTIONS: [&str; 2] = ["response", "openendedresponse"];

/// How many of the marks of a first row are there: the respondent, the collector and the two dates.
pub(super) fn n_marks(names: &[String]) -> usize {
    let found: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let has = |any: &[&str]| any.iter().any(|name| found.iter().any(|own| own == name));
    [&["respondentid"][..], &["collectorid"], &["datecreated", "startdate"], &["datemodified", "enddate"]]
        .into_iter()
        .filter(|any| has(any))
        .count()
}

/// The header of an export of all responses.
pub(super) fn header(records: &mut HeaderRecords<'_>) -> Result<ExportHeader, ExportError> {
    let format = ExportFormat::SurveyMonkey;
    let missing = |what: &str| ExportError::NotThisFormat { format, missing: what.to_owned() };
    let questions = first(format, records)?;
    let role = |name: &str| roles::role_of(format, name);
    let Some(respondent) = questions.cells.iter().position(|name| role(name) == Some(ExportRole::ResponseId)) else {
        return Err(missing("its header has no column `Respondent ID`"));
    };
    let options = records.next()?.ok_or_else(|| missing("it ends after the first header row"))?;
    let n_cells = n_cells(&[&questions, &options])?;
    // Every response has an id, so a row without one is no response.
    if !options.cells[respondent].is_empty() {
        return Err(missing("its second row holds a response and not the options of the questions"));
    }
    let n_columns = n_named(&[&questions, &options], n_cells);
    let mut question: Option<&str> = None;
    let mut columns = Vec::with_capacity(n_columns);
    for at in 0..n_columns {
        let (name, option) = (questions.cells[at].as_str(), options.cells[at].as_str());
        if !name.is_empty() {
            // What has neither option nor question is a respondent's column, and its name does not reach further.
            question = (!option.is_empty()).then_some(name);
        }
        columns.push(column(question, name, option));
    }
    roles::keep_first(&mut columns);
    Ok(ExportHeader { columns: ExportColumns::new(format, columns), n_cells, n_bytes: options.n_bytes, n_lines: 0 })
}

fn column(question: Option<&str>, name: &str, option: &str) -> ExportColumn {
    let has_no_options = NO_OPTIONS.contains(&folded(option).as_str());
    match question {
        Some(question) if has_no_options => ExportColumn::named([question.to_owned()]),
        Some(question) => ExportColumn::named([format!("{question}: {option}"), option.to_owned(), name.to_owned()]),
        None => {
            let mut column = ExportColumn::named([name.to_owned(), option.to_owned()]);
            roles::assign(ExportFormat::SurveyMonkey, &mut column, name);
            column
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::header_of;
    use super::*;

    const HEADER: &str = "Respondent ID,Collector ID,Date Created,Date Modified,Email Address,Custom Data 1,\
        \"How likely is it,\nthat you recommend us?\",Please rate,,,Anything else?,\n\
        ,,,,,,Response,Delivery,Support,Response,Open-Ended Response,\n";

    #[test]
    fn a_question_reaches_over_its_options() {
        let header = header_of(ExportFormat::SurveyMonkey, HEADER.as_bytes(), b',').expect("sound");
        let columns = &header.columns;
        let names: Vec<&str> = columns.columns()[6..].iter().map(ExportColumn::name).collect();
        let expected = [
            "How likely is it, that you recommend us?",
            "Please rate: Delivery",
            "Please rate: Support",
            "Please rate",
            "Anything else?",
        ];
        assert_eq!(names, expected);
        assert_eq!(columns.find("Support"), Ok(Some(8)));
        assert_eq!(columns.find("Please rate"), Ok(Some(9)), "as a whole name before it is part of others");
        assert_eq!(columns.with(ExportRole::ResponseId), Ok(Some(0)));
        assert_eq!(columns.answered_at(), Ok(Some(3)));
        assert_eq!(columns.with(ExportRole::ExternalReference), Ok(Some(5)));
        assert_eq!((header.n_cells, columns.columns().len(), header.n_lines), (12, 11, 3));
        assert_eq!(header.n_bytes, HEADER.len());
    }

    #[test]
    fn equal_options_of_two_questions_are_told_apart() {
        let text = "Respondent ID,Collector ID,Date Created,Date Modified,Store,,Web,\n,,,,Price,Choice,Price,Choice\n";
        let header = header_of(ExportFormat::SurveyMonkey, text.as_bytes(), b',').expect("sound");
        assert_eq!(header.columns.find("Web: Price"), Ok(Some(6)));
        let refused = header.columns.find("Price").expect_err("two").to_string();
        assert!(refused.ends_with("Store: Price, Web: Price"), "{refused}");
    }

    #[test]
    fn a_file_without_its_second_row_is_refused() {
        let text = b"Respondent ID,Collector ID,Date Created,Date Modified,Why?\n1,2,3,4,x\n";
        let refused = header_of(ExportFormat::SurveyMonkey, text, b',').expect_err("edited").to_string();
        assert!(refused.contains("second row holds a response"), "{refused}");
        assert!(refused.contains("format = \"csv\""), "{refused}");
    }
}
