//! Qualtrics: three header rows with JSON today, two before 2017.
//!
//! The names in the first rows are the survey's own and may be localised, repeated or anything; what a column is stands in
//! its ImportId, or in the English texts of the legacy export.
//!
//! # References
//! Qualtrics support, "Understanding your dataset" (three rows of headers in CSV and TSV; `Status`, `Finished`, dates) and
//! "Net Promoter Score question" (the score and its group, `..._NPS_GROUP`).

use super::columns::ExportColumn;
use super::fold::folded;
use super::header::{first, n_cells, n_named};
use super::records::{HeaderRecord, HeaderRecords};
use super::{ExportColumns, ExportError, ExportFormat, ExportHeader, ExportRole, roles};

/// The row of ImportIds is the third, or the second where somebody took the texts out.
const HEADER_RECORDS: usize = 3;
/// What the name of the class of a recommend answer ends with.
const CLASS_SUFFIX: &str = "_NPS_GROUP";
/// Texts that only a legacy export has in its second row.
const LEGACY_TEXTS: [&str; 10] = [
    "responseid",
    "responseset",
    "name",
    "externaldatareference",
    "emailaddress",
    "ipaddress",
    "status",
    "startdate",
    "enddate",
    "finished",
];

/// What the third row says of one column.
struct ImportCell {
    import_id: String,
    choice: Option<String>,
    zone: Option<String>,
}

impl ImportCell {
    fn of(cell: &str) -> Option<Self> {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(cell).ok()?;
        let text = |key: &str| match object.get(key)? {
            serde_json::Value::String(text) => Some(text.trim().to_owned()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let import_id = text("ImportId").filter(|id| !id.is_empty())?;
        Some(Self { import_id, choice: text("choiceId"), zone: text("timeZone").filter(|zone| !zone.is_empty()) })
    }

    /// `QID5_3` for choice 3 of QID5, else the ImportId.
    fn whole_id(&self) -> String {
        match &self.choice {
            Some(choice) => format!("{}_{choice}", self.import_id),
            None => self.import_id.clone(),
        }
    }
}

/// Whether a record is the row of ImportIds: at least half of what its cells hold.
pub(super) fn is_import_row(cells: &[String]) -> bool {
    let n_filled = cells.iter().filter(|cell| !cell.is_empty()).count();
    let n_ids = cells.iter().filter(|cell| cell.starts_with('{') && cell.contains("\"ImportId\"")).count();
    n_ids > 0 && 2 * n_ids >= n_filled
}

/// Whether a record has the texts of a legacy export: some, so that one damaged cell does not hide it.
pub(super) fn is_legacy_row(cells: &[String]) -> bool {
    let found: Vec<String> = cells.iter().map(|cell| folded(cell)).collect();
    let has = |text: &str| found.iter().any(|own| own == text);
    (has("responseid") || has("responseset")) && LEGACY_TEXTS.iter().filter(|text| has(text)).count() >= 6
}

/// The header of a current export.
pub(super) fn current(records: &mut HeaderRecords<'_>) -> Result<ExportHeader, ExportError> {
    let format = ExportFormat::Qualtrics;
    let mut read = vec![first(format, records)?];
    while read.len() < HEADER_RECORDS && !read.last().is_some_and(|record| is_import_row(&record.cells)) {
        let Some(record) = records.next()? else { break };
        read.push(record);
    }
    let all: Vec<&HeaderRecord> = read.iter().collect();
    let n_cells = n_cells(&all)?;
    let [tags, texts @ .., ids] = &read[..] else { return Err(no_import_row()) };
    if !is_import_row(&ids.cells) {
        return Err(no_import_row());
    }
    let n_columns = n_named(&all, n_cells);
    let mut columns = Vec::with_capacity(n_columns);
    for at in 0..n_columns {
        let Some(cell) = ImportCell::of(&ids.cells[at]) else {
            return Err(ExportError::ImportId { column: at + 1, text: ids.cells[at].chars().take(80).collect() });
        };
        let text = texts.first().map(|record| record.cells[at].clone()).unwrap_or_default();
        columns.push(column(&cell, tags.cells[at].clone(), text));
    }
    mark_recommend(&mut columns);
    Ok(ExportHeader { columns: ExportColumns::new(format, columns), n_cells, n_bytes: ids.n_bytes, n_lines: 0 })
}

fn no_import_row() -> ExportError {
    let missing = "none of its first three rows holds ImportIds".to_owned();
    ExportError::NotThisFormat { format: ExportFormat::Qualtrics, missing }
}

fn column(cell: &ImportCell, tag: String, text: String) -> ExportColumn {
    let mut names = vec![cell.whole_id(), cell.import_id.clone()];
    // Sub-questions of a side by side question: `QID12-QID12_1` is also known by its second half.
    if let Some((_, part)) = cell.import_id.split_once('-') {
        names.push(part.to_owned());
    }
    names.extend([tag, text]);
    let mut column = ExportColumn::named(names);
    roles::assign(ExportFormat::Qualtrics, &mut column, &cell.whole_id());
    if column.role.is_none() && cell.import_id.starts_with("SC_") {
        column.role = Some(ExportRole::Score);
    }
    column.zone = cell.zone.clone();
    column
}

/// The header of a legacy export.
pub(super) fn legacy(records: &mut HeaderRecords<'_>) -> Result<ExportHeader, ExportError> {
    let format = ExportFormat::QualtricsLegacy;
    let missing = |what: &str| ExportError::NotThisFormat { format, missing: what.to_owned() };
    let tags = first(format, records)?;
    let texts = records.next()?.ok_or_else(|| missing("it ends after the first header row"))?;
    let n_cells = n_cells(&[&tags, &texts])?;
    for mark in ["ResponseID", "ResponseSet"] {
        if !texts.cells.iter().any(|text| text.eq_ignore_ascii_case(mark)) {
            return Err(missing(&format!("its second row has no `{mark}`")));
        }
    }
    let n_columns = n_named(&[&tags, &texts], n_cells);
    let mut columns: Vec<ExportColumn> = (0..n_columns)
        .map(|at| {
            let (tag, text) = (&tags.cells[at], &texts.cells[at]);
            // The first row calls the columns that every export has V1 to V10.
            let is_documented = LEGACY_TEXTS.contains(&folded(text).as_str()) && is_variable(tag);
            let names = if is_documented { [text, tag] } else { [tag, text] };
            let mut column = ExportColumn::named(names.into_iter().cloned());
            if is_documented {
                roles::assign(format, &mut column, text);
            }
            column
        })
        .collect();
    roles::keep_first(&mut columns);
    mark_recommend(&mut columns);
    Ok(ExportHeader { columns: ExportColumns::new(format, columns), n_cells, n_bytes: texts.n_bytes, n_lines: 0 })
}

/// `V1`, `V2`, ...; or the text again, where the export was made with it.
fn is_variable(tag: &str) -> bool {
    let number = tag.strip_prefix('V').unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|sign| sign.is_ascii_digit());
    is_number || LEGACY_TEXTS.contains(&folded(tag).as_str())
}

/// The class stands beside its recommend answer and is named after it.
pub(super) fn mark_recommend(columns: &mut [ExportColumn]) {
    let name = |column: &ExportColumn| column.name().to_owned();
    for class in 0..columns.len() {
        let class_name = name(&columns[class]);
        let Some(question) = class_name.strip_suffix(CLASS_SUFFIX) else { continue };
        if let Some(answer) = (0..columns.len()).find(|&at| name(&columns[at]) == question) {
            columns[answer].role = Some(ExportRole::Recommend);
            columns[class].role = Some(ExportRole::RecommendClass);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::header_of;
    use super::*;

    /// A header of the current kind from tags, texts and cells of JSON.
    fn current_text(rows: [&[&str]; 3]) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.write_record(row).expect("in memory");
        }
        writer.into_inner().expect("in memory")
    }

    #[test]
    fn columns_are_known_by_their_import_id_whatever_they_are_called() {
        let text = current_text([
            &["Inicio", "Estado", "Status", "Q1_1", "Q1_2", "Q9"],
            &["Fecha de inicio", "Tipo de respuesta", "Status", "Pick - a", "Pick - b", "Rate\nus"],
            &[
                r#"{"ImportId":"startDate","timeZone":"America/Denver"}"#,
                r#"{"ImportId":"status"}"#,
                r#"{"ImportId":"QID4"}"#,
                r#"{"ImportId":"QID1","choiceId":"1"}"#,
                r#"{"ImportId":"QID1","choiceId":2}"#,
                r#"{"ImportId":"QID12-QID12_1"}"#,
            ],
        ]);
        let header = header_of(ExportFormat::Qualtrics, &text, b',').expect("sound");
        let columns = &header.columns;
        assert_eq!(columns.with(ExportRole::Status), Ok(Some(1)));
        assert_eq!(columns.with(ExportRole::Start), Ok(Some(0)));
        assert_eq!(columns.columns()[0].zone.as_deref(), Some("America/Denver"));
        for (name, at) in
            [("status", 1), ("Status", 2), ("QID4", 2), ("QID1_2", 4), ("Q1_1", 3), ("QID12_1", 5), ("Rate us", 5)]
        {
            assert_eq!(columns.find(name), Ok(Some(at)), "{name}");
        }
        let refused = columns.find("QID1").expect_err("two choices").to_string();
        assert!(refused.ends_with("QID1_1, QID1_2"), "{refused}");
        assert_eq!((header.n_bytes, header.n_lines), (text.len(), 4));
    }

    #[test]
    fn every_recommend_answer_is_known_by_its_group() {
        let text = current_text([
            &["Q1_NPS_GROUP", "Q1", "Q2", "Q2_NPS_GROUP"],
            &["Recommend? - Group", "Recommend?", "And her?", "And her? - Group"],
            &[
                r#"{"ImportId":"QID1_NPS_GROUP"}"#,
                r#"{"ImportId":"QID1"}"#,
                r#"{"ImportId":"QID2"}"#,
                r#"{"ImportId":"QID2","choiceId":"NPS_GROUP"}"#,
            ],
        ]);
        let header = header_of(ExportFormat::Qualtrics, &text, b',').expect("sound");
        assert_eq!(header.columns.all_with(ExportRole::Recommend).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(header.columns.all_with(ExportRole::RecommendClass).collect::<Vec<_>>(), [0, 3]);
        assert!(header.columns.with(ExportRole::Recommend).is_err());
    }

    #[test]
    fn what_breaks_the_third_row_is_refused_with_its_place() {
        let broken = b"A,B\na,b\n\"{\"\"ImportId\"\":\"\"QID1\"\"}\",\"{\"\"ImportXd\"\":\"\"QID2\"\"}\"\n1,2\n";
        let refused = header_of(ExportFormat::Qualtrics, broken, b',').expect_err("no id").to_string();
        assert!(refused.starts_with("header column 2: \"{\"ImportXd\""), "{refused}");
        let ragged = b"A,B\na,b,c\n\"{\"\"ImportId\"\":\"\"QID1\"\"}\",\"{\"\"ImportId\"\":\"\"QID2\"\"}\"\n";
        let refused = header_of(ExportFormat::Qualtrics, ragged, b',').expect_err("ragged");
        assert_eq!(refused, ExportError::RaggedHeader { record: 2, found: 3, expected: 2 });
        let refused = header_of(ExportFormat::Qualtrics, b"a,b\n1,2\n3,4\n5,6\n", b',').expect_err("plain").to_string();
        assert!(refused.contains("none of its first three rows holds ImportIds"), "{refused}");
    }

    #[test]
    fn a_header_without_its_texts_is_read_all_the_same() {
        let text = b"Q1\n\"{\"\"ImportId\"\":\"\"QID1\"\"}\"\n7\n";
        let header = header_of(ExportFormat::Qualtrics, text, b',').expect("sound");
        assert_eq!((header.n_lines, header.columns.find("Q1")), (2, Ok(Some(0))));
    }

    #[test]
    fn a_legacy_header_has_its_parts_in_the_second_row() {
        let text = "\u{feff}V1,V2,V3,V4,V5,V6,V7,V8,V9,V10,Q1_NPS_GROUP,Q1,Status,\n\
            ResponseID,ResponseSet,Name,ExternalDataReference,EmailAddress,IPAddress,Status,StartDate,EndDate,Finished,Group,Recommend?,Your status,\n";
        let header = header_of(ExportFormat::QualtricsLegacy, text.as_bytes(), b',').expect("sound");
        let columns = &header.columns;
        assert_eq!((columns.columns().len(), header.n_cells, header.n_bytes), (13, 14, text.len()));
        assert_eq!(columns.with(ExportRole::Status), Ok(Some(6)));
        assert_eq!(columns.with(ExportRole::Recommend), Ok(Some(11)));
        assert_eq!(columns.with(ExportRole::RecommendClass), Ok(Some(10)));
        assert_eq!(columns.find("V7"), Ok(Some(6)));
        assert_eq!(columns.find("Your status"), Ok(Some(12)));
    }
}
