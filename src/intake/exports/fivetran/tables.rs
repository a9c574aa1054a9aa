//! The tables of Fivetran's Qualtrics connector.
//!
//! # References
//! Fivetran documentation, "Qualtrics schema ERD", table and field reference; and the column descriptions of its dbt
//! package for Qualtrics.

use super::super::ExportError;
use super::super::fold::folded;
use super::super::value_table::{Value, ValueTable};

/// One of the connector's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FivetranTable {
    /// One row a response.
    SurveyResponse,
    /// One row for each thing that a response says.
    QuestionResponse,
    /// One row for each field of embedded data of a response.
    SurveyEmbeddedData,
    /// One row for each contact that was sent something, with the response that came of it.
    DistributionContact,
    /// One row a contact, of the contacts platform (`core_contact`) or of a directory (`directory_contact`).
    CoreContact,
}

impl FivetranTable {
    /// All tables.
    pub const ALL: [Self; 5] = [
        Self::SurveyResponse,
        Self::QuestionResponse,
        Self::SurveyEmbeddedData,
        Self::DistributionContact,
        Self::CoreContact,
    ];

    /// The name of the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::SurveyResponse => "survey_response",
            Self::QuestionResponse => "question_response",
            Self::SurveyEmbeddedData => "survey_embedded_data",
            Self::DistributionContact => "distribution_contact",
            Self::CoreContact => "core_contact",
        }
    }

    /// The table whose documented columns a header has.
    pub fn of(names: &[String]) -> Option<Self> {
        let plain: Vec<String> = names.iter().map(|name| folded(name)).collect();
        let has = |name: &&str| plain.iter().any(|own| own == name);
        Self::ALL.into_iter().find(|table| table.marks().iter().any(|marks| marks.iter().all(has)))
    }

    /// The names under which the connector delivers it.
    pub(in crate::intake) fn words(self) -> &'static [&'static str] {
        match self {
            Self::CoreContact => &["core_contact", "directory_contact"],
            Self::SurveyResponse => &["survey_response"],
            Self::QuestionResponse => &["question_response"],
            Self::SurveyEmbeddedData => &["survey_embedded_data"],
            Self::DistributionContact => &["distribution_contact"],
        }
    }

    /// The table that a name says, possibly behind a prefix as in `stg_qualtrics__survey_response`, where the columns without
    /// which it says nothing are there.
    pub(in crate::intake) fn called(name: &str, names: &[String]) -> Option<Self> {
        let name = folded(name);
        let plain: Vec<String> = names.iter().map(|name| folded(name)).collect();
        let is_called = |table: &Self| table.words().iter().any(|word| name.ends_with(&folded(word)));
        let is_usable = |table: &Self| table.needed().iter().all(|own| plain.contains(&folded(own)));
        Self::ALL.into_iter().find(|table| is_called(table) && is_usable(table))
    }

    /// The table of whose marks a header lacks the fewest, and these, without the signs between their words.
    pub(in crate::intake) fn nearest(names: &[String]) -> (Self, Vec<&'static str>) {
        let plain: Vec<String> = names.iter().map(|name| folded(name)).collect();
        let lacks = |marks: &&'static [&'static str]| -> Vec<&'static str> {
            marks.iter().filter(|mark| !plain.iter().any(|own| own == *mark)).copied().collect()
        };
        let of = |table: Self| table.marks().iter().map(lacks).min_by_key(Vec::len).map(|lacking| (table, lacking));
        let all = Self::ALL.into_iter().filter_map(of);
        all.min_by_key(|(_, lacking)| lacking.len()).unwrap_or((Self::SurveyResponse, Vec::new()))
    }

    /// The columns that say what a row is about.
    pub(in crate::intake) fn ids(self) -> &'static [&'static str] {
        match self {
            Self::SurveyResponse | Self::CoreContact => &["id"],
            Self::QuestionResponse => &["response_id", "question_id"],
            Self::SurveyEmbeddedData => &["response_id", "key"],
            Self::DistributionContact => &["response_id", "contact_id"],
        }
    }

    /// The columns without which the table says nothing.
    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::SurveyResponse => &["id"],
            Self::QuestionResponse => &["response_id", "question_id", "value"],
            Self::SurveyEmbeddedData => &["response_id", "key", "value"],
            Self::DistributionContact => &["response_id", "contact_id"],
            Self::CoreContact => &["id", "email"],
        }
    }

    /// Columns of which all of one list are there.
    fn marks(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::SurveyResponse => &[&["id", "surveyid", "status", "finished", "recordeddate", "distributionchannel"]],
            Self::QuestionResponse => &[&["responseid", "questionid", "subquestionkey", "questionoptionkey", "value"]],
            Self::SurveyEmbeddedData => &[&["importid", "key", "responseid", "value"]],
            Self::DistributionContact => &[&["contactid", "distributionid", "responseid", "sentat"]],
            Self::CoreContact => {
                &[&["id", "mailinglistid", "email", "externaldatareference"], &["id", "directoryid", "email", "extref"]]
            }
        }
    }
}

/// The tables of one connection; those of contacts and embedded data may be missing.
#[derive(Debug, Clone, Copy)]
pub struct FivetranTables<'t> {
    /// `survey_response`.
    pub survey_response: &'t ValueTable,
    /// `question_response`.
    pub question_response: &'t ValueTable,
    /// `survey_embedded_data`.
    pub survey_embedded_data: Option<&'t ValueTable>,
    /// `distribution_contact`.
    pub distribution_contact: Option<&'t ValueTable>,
    /// `core_contact`, or `directory_contact`.
    pub core_contact: Option<&'t ValueTable>,
}

/// A table whose columns are found by their documented names, whatever the warehouse did to their case.
#[derive(Clone, Copy)]
pub(super) struct LongTable<'t> {
    table: &'t ValueTable,
    which: FivetranTable,
}

impl<'t> LongTable<'t> {
    pub(super) fn new(table: &'t ValueTable, which: FivetranTable) -> Self {
        Self { table, which }
    }

    /// The place of a column that may be missing.
    pub(super) fn optional(&self, column: &str) -> Option<usize> {
        let wanted = folded(column);
        self.table.names().iter().position(|name| folded(name) == wanted)
    }

    /// # Errors
    /// The column is not there.
    pub(super) fn required(&self, column: &'static str) -> Result<usize, ExportError> {
        self.optional(column).ok_or(ExportError::TableColumn { table: self.which.word(), column })
    }

    pub(super) fn names(&self) -> &'t [String] {
        self.table.names()
    }

    /// The rows that the connector has not marked as deleted at the source.
    pub(super) fn live_rows(&self) -> impl Iterator<Item = &'t [Value]> + use<'t> {
        let deleted = self.optional("_fivetran_deleted");
        self.table.rows().iter().map(Vec::as_slice).filter(move |row| !deleted.is_some_and(|at| is_yes(&row[at])))
    }

    /// Rows that were deleted at the source.
    pub(super) fn n_deleted(&self) -> u64 {
        (self.table.rows().len() - self.live_rows().count()) as u64
    }
}

fn is_yes(value: &Value) -> bool {
    let text = value.text();
    text.eq_ignore_ascii_case("true") || text == "1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_their_columns_in_any_case() {
        let of = |names: &str| FivetranTable::of(&names.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(
            of("_FIVETRAN_ID,LOOP_ID,QUESTION,QUESTION_ID,QUESTION_OPTION_KEY,RESPONSE_ID,SUB_QUESTION_KEY,TEXT,VALUE"),
            Some(FivetranTable::QuestionResponse)
        );
        assert_eq!(of("id,directory_id,email,ext_ref"), Some(FivetranTable::CoreContact));
        assert_eq!(of("id,email,status"), None);
    }

    #[test]
    fn a_table_is_known_by_its_name_where_what_it_needs_is_there() {
        let of = |name: &str, names: &str| {
            FivetranTable::called(name, &names.split(',').map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(of("stg_qualtrics__survey_response", "id,finished"), Some(FivetranTable::SurveyResponse));
        assert_eq!(of("DIRECTORY_CONTACT", "ID,EMAIL"), Some(FivetranTable::CoreContact));
        assert_eq!(of("question_response", "response_id,value"), None);
        assert_eq!(of("contact", "id,email"), None);
    }
}
