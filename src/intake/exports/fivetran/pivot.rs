//! From the long tables to one row a response.

use super::super::ExportError;
use super::super::columns::ExportColumns;
use super::super::value_table::ValueTable;
use super::tables::{FivetranTable, FivetranTables, LongTable};
use super::wide::Wide;

/// What became of the rows of the long tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PivotAccount {
    /// Rows of all tables that were deleted at the source and left out.
    pub n_deleted: u64,
    /// Responses: rows of the result.
    pub n_responses: u64,
    /// Later rows of a response that was there already, left out.
    pub n_responses_repeated: u64,
    /// Rows of `question_response` that were read.
    pub n_answers: u64,
    /// Of these, rows of a response that is not there.
    pub n_answers_without_response: u64,
    /// Of these, rows that name no question.
    pub n_answers_without_question: u64,
    /// Of these, rows that say again what another says.
    pub n_answers_repeated: u64,
    /// Cells for which the rows say different things; nothing stands there.
    pub n_cells_conflicting: u64,
    /// Rows of `survey_embedded_data` that were read.
    pub n_embedded: u64,
    /// Of these, rows of a response that is not there.
    pub n_embedded_without_response: u64,
    /// Rows of `distribution_contact` whose response is not there.
    pub n_contacts_without_response: u64,
    /// Responses that lead to several contacts; they have none.
    pub n_responses_with_several_contacts: u64,
    /// Responses whose contact is not among the contacts.
    pub n_responses_with_unknown_contact: u64,
    /// Responses whose own address is another than the contact's.
    pub n_emails_differing: u64,
}

/// What a row has that belongs to nothing.
const NONE: &str = "to no response";

impl PivotAccount {
    /// What did not fit together, in sentences.
    pub fn remarks(&self) -> Vec<String> {
        let counted = [
            (
                self.n_deleted,
                "row was deleted at the source and is",
                "rows were deleted at the source and are",
                "left out",
            ),
            (self.n_responses_repeated, "response stands", "responses stand", "there twice; the first counts"),
            (
                self.n_answers_without_response,
                "row of question_response belongs",
                "rows of question_response belong",
                NONE,
            ),
            (
                self.n_answers_without_question,
                "row of question_response names",
                "rows of question_response name",
                "no question",
            ),
            (self.n_cells_conflicting, "answer is", "answers are", "said in different ways, and counted as blank"),
            (
                self.n_embedded_without_response,
                "row of survey_embedded_data belongs",
                "rows of survey_embedded_data belong",
                NONE,
            ),
            (
                self.n_contacts_without_response,
                "row of distribution_contact belongs",
                "rows of distribution_contact belong",
                NONE,
            ),
            (
                self.n_responses_with_several_contacts,
                "response leads to several contacts, and has",
                "responses lead to several contacts, and have",
                "none",
            ),
            (
                self.n_responses_with_unknown_contact,
                "response leads",
                "responses lead",
                "to a contact that is not there",
            ),
            (self.n_emails_differing, "response has", "responses have", "another address than the contact"),
        ];
        let found = counted.into_iter().filter(|(n, ..)| *n > 0);
        found.map(|(n, one, many, what)| format!("{n} {} {what}", if n == 1 { one } else { many })).collect()
    }
}

/// One row a response, and what became of the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Pivoted {
    /// What the columns are; column `k` is value `k` of every row.
    pub columns: ExportColumns,
    /// One row for each response, in the order of `survey_response`.
    pub table: ValueTable,
    /// What became of the rows of the long tables.
    pub account: PivotAccount,
    /// The survey of each row; empty where the tables do not say it.
    pub surveys: Vec<String>,
}

/// One row for each response: its own columns, one for each question or sub-question, embedded data, and the contact.
///
/// - A question's column is named by `import_id` where the connector has it, else `QID5`, `QID5_2` for sub-question 2,
///   and `1_QID5` for loop 1; its text is a second name. It holds `value`, or `text` where there is no value; where both
///   are there and differ, `QID5.text` holds the text.
/// - The chosen options of one question, told apart by `question_option_key`, are joined by `, `. Rows that say different
///   things of one cell otherwise leave it empty and are counted: which of them is right is not guessed.
/// - A question counts within its survey, and surveys of one account number their questions alike. With a `survey` there are the
///   questions of that one alone; without, those of several are `SV_1.QID5`, and `QID5` names them all and is refused.
/// - Embedded data is `embedded.KEY`, also known as `KEY`.
/// - The contact is `contact.id`, `contact.email` and `contact.external_data_reference`, by way of the distribution that led
///   to the response.
///
/// Times are instants in UTC.
///
/// # Errors
/// A table lacks a documented column; no response is of the survey.
///
/// # Example
/// ```
/// use advocate::intake::exports::{FivetranTables, ValueTable, pivot};
///
/// let responses = ValueTable::of_separated(b"id,status\nR_1,0\n", b',').unwrap();
/// let answers = b"response_id,question_id,sub_question_key,value\nR_1,QID1,,9\nR_1,QID2,3,4\n";
/// let tables = FivetranTables {
///     survey_response: &responses,
///     question_response: &ValueTable::of_separated(answers, b',').unwrap(),
///     survey_embedded_data: None,
///     distribution_contact: None,
///     core_contact: None,
/// };
/// assert_eq!(pivot(&tables, None).unwrap().table.names(), ["id", "status", "QID1", "QID2_3"]);
/// ```
pub fn pivot(tables: &FivetranTables<'_>, survey: Option<&str>) -> Result<Pivoted, ExportError> {
    let mut wide = Wide::of_responses(LongTable::new(tables.survey_response, FivetranTable::SurveyResponse), survey)?;
    wide.add_answers(LongTable::new(tables.question_response, FivetranTable::QuestionResponse))?;
    if let Some(table) = tables.survey_embedded_data {
        wide.add_embedded(LongTable::new(table, FivetranTable::SurveyEmbeddedData))?;
    }
    if let Some(table) = tables.distribution_contact {
        let sent = LongTable::new(table, FivetranTable::DistributionContact);
        let contacts = tables.core_contact.map(|table| LongTable::new(table, FivetranTable::CoreContact));
        wide.add_contacts(sent, contacts)?;
    }
    wide.finish()
}

#[cfg(test)]
mod tests {
    use super::super::super::ExportRole;
    use super::*;

    fn table(text: &str) -> ValueTable {
        ValueTable::of_separated(text.as_bytes(), b',').expect("sound")
    }

    const RESPONSES: &str = "id,_fivetran_synced,survey_id,status,finished,recorded_date,distribution_channel,recipient_email\n\
        R_1,x,SV_1,0,1,2026-03-01 10:00:00.000000,email,ann@example.org\n\
        R_2,x,SV_1,0,1,2026-03-02 10:00:00.000000,email,\n\
        R_2,x,SV_1,0,1,2026-03-02 10:00:00.000000,email,\n";

    fn pivoted(answers: &str) -> Pivoted {
        let (responses, answers) = (table(RESPONSES), table(answers));
        let tables = FivetranTables {
            survey_response: &responses,
            question_response: &answers,
            survey_embedded_data: None,
            distribution_contact: None,
            core_contact: None,
        };
        pivot(&tables, None).expect("sound")
    }

    fn cell(pivoted: &Pivoted, row: usize, name: &str) -> String {
        let at = pivoted.columns.find(name).expect("one").unwrap_or_else(|| panic!("{name} is there"));
        pivoted.table.rows()[row][at].text().into_owned()
    }

    #[test]
    fn questions_sub_questions_loops_and_choices_get_their_cells() {
        let pivoted = pivoted(
            "response_id,question_id,question,sub_question_key,sub_question_text,question_option_key,loop_id,text,value,_fivetran_deleted\n\
            R_1,QID1,Recommend?,,,,,9,9,false\n\
            R_1,QID2,Rate,1,Delivery,,,Good,4,false\n\
            R_1,QID2,Rate,2,Support,,,,5,false\n\
            R_1,QID3,Which?,,,1,,Shop,1,false\n\
            R_1,QID3,Which?,,,4,,App,4,false\n\
            R_1,QID4,Why?,,,,,because,,false\n\
            R_1,QID5,Loop,,,,2,,7,false\n\
            R_1,QID1,Recommend?,,,,,3,3,true\n\
            R_9,QID1,Recommend?,,,,,9,9,false\n\
            R_2,,,,,,,9,9,false\n",
        );
        for (name, expected) in [
            ("QID1", "9"),
            ("Recommend?", "9"),
            ("QID2_1", "4"),
            ("QID2_1.text", "Good"),
            ("Rate - Support", "5"),
            ("QID3", "1, 4"),
            ("QID3.text", "Shop, App"),
            ("QID4", "because"),
            ("2_QID5", "7"),
        ] {
            assert_eq!(cell(&pivoted, 0, name), expected, "{name}");
        }
        assert_eq!(pivoted.columns.find("QID1.text"), Ok(None), "it says nothing that the value does not");
        let account = pivoted.account;
        assert_eq!((account.n_responses, account.n_responses_repeated, account.n_deleted), (2, 1, 1));
        assert_eq!(
            (account.n_answers, account.n_answers_without_response, account.n_answers_without_question),
            (9, 1, 1)
        );
    }

    /// Two surveys that both begin at QID1, as all surveys of an account do; Fivetran's dbt package for Qualtrics joins questions by
    /// `survey_id` and `question_id`.
    fn of_two_surveys(survey: Option<&str>) -> Result<Pivoted, ExportError> {
        let responses = table(
            "id,survey_id,status,finished,recorded_date,distribution_channel\n\
            R_1,SV_a,0,1,2026-03-01 10:00:00,email\nR_2,SV_b,0,1,2026-03-01 10:00:00,email\nR_3,SV_b,0,1,2026-03-01 10:00:00,email\n",
        );
        let answers = table(
            "response_id,question_id,import_id,question,value\nR_1,QID1,QID1,Recommend us?,9\nR_1,QID1,QID1_NPS_GROUP,Recommend us?,3\n\
            R_2,QID1,QID1,Satisfied?,4\nR_3,QID1,QID1,Satisfied?,5\nR_3,QID2,QID2,Why?,x\n",
        );
        let tables = FivetranTables {
            survey_response: &responses,
            question_response: &answers,
            survey_embedded_data: None,
            distribution_contact: None,
            core_contact: None,
        };
        pivot(&tables, survey)
    }

    #[test]
    fn a_question_of_one_survey_is_not_that_of_another() {
        let both = of_two_surveys(None).expect("sound");
        let refused = both.columns.find("QID1").expect_err("two questions").to_string();
        assert_eq!(
            refused,
            "the tables hold several surveys, and 2 of them have \"QID1\": SV_a (\"Recommend us?\", 1 answers), \
             SV_b (\"Satisfied?\", 2 answers); a question counts within one survey: name the one that is meant, as in \
             survey = \"SV_a\""
        );
        assert_eq!((cell(&both, 0, "SV_a.QID1"), cell(&both, 1, "SV_a.QID1")), ("9".into(), String::new()));
        assert_eq!(cell(&both, 2, "QID2"), "x", "one survey alone has it");
        assert_eq!(both.columns.with(ExportRole::Recommend), both.columns.find("SV_a.QID1"));
        assert_eq!(both.surveys, ["SV_a", "SV_b", "SV_b"]);
    }

    #[test]
    fn of_a_survey_that_is_named_there_are_the_questions_alone() {
        let one = of_two_surveys(Some("SV_b")).expect("sound");
        assert_eq!(
            ["R_1", "R_2", "R_3"].len(),
            one.table.rows().len(),
            "the others are left out where rows are judged"
        );
        assert_eq!([cell(&one, 0, "QID1"), cell(&one, 1, "QID1"), cell(&one, 2, "QID1")], ["", "4", "5"]);
        assert_eq!(one.columns.with(ExportRole::Recommend), Ok(None));
        let refused = of_two_surveys(Some("SV_c")).expect_err("none").to_string();
        assert_eq!(refused, "no response belongs to survey \"SV_c\"; there are SV_a (1 responses), SV_b (2 responses)");
    }

    #[test]
    fn rows_that_disagree_leave_the_cell_empty_and_are_counted() {
        let pivoted = pivoted(
            "response_id,question_id,sub_question_key,question_option_key,value\n\
            R_1,QID1,,,9\nR_1,QID1,,,3\nR_2,QID1,,,7\nR_2,QID1,,,7\n",
        );
        assert_eq!((cell(&pivoted, 0, "QID1"), cell(&pivoted, 1, "QID1")), (String::new(), "7".to_owned()));
        assert_eq!((pivoted.account.n_cells_conflicting, pivoted.account.n_answers_repeated), (1, 1));
    }

    #[test]
    fn the_recommend_answer_is_known_by_its_group() {
        let pivoted = pivoted(
            "response_id,question_id,import_id,value\nR_1,QID1,QID1,9\nR_1,QID1,QID1_NPS_GROUP,3\nR_2,QID1,QID1,7\n",
        );
        assert_eq!(pivoted.columns.with(ExportRole::Recommend), pivoted.columns.find("QID1"));
        assert_eq!(pivoted.columns.with(ExportRole::RecommendClass), pivoted.columns.find("QID1_NPS_GROUP"));
        assert_eq!(pivoted.columns.columns()[0].name(), "id");
        let recorded = pivoted.columns.answered_at().expect("one").expect("there");
        assert_eq!(pivoted.columns.columns()[recorded].zone.as_deref(), Some("UTC"));
    }

    #[test]
    fn a_question_named_like_a_column_of_the_responses_does_not_overwrite_it() {
        let pivoted = pivoted("response_id,question_id,import_id,value\nR_1,QID1,status,7\n");
        assert_eq!((cell(&pivoted, 0, "status (1)"), cell(&pivoted, 0, "status (2)")), ("0".into(), "7".into()));
        assert!(pivoted.columns.find("status").is_err());
        assert_eq!(pivoted.columns.with(ExportRole::Status), pivoted.columns.find("status (1)"));
    }

    #[test]
    fn contacts_come_by_way_of_the_distribution() {
        let (responses, answers) = (table(RESPONSES), table("response_id,question_id,value\nR_1,QID1,9\n"));
        let embedded = table(
            "import_id,key,response_id,value\nplan,plan,R_1,gold\nplan2,plan,R_2,a\nplan3,plan,R_2,b\nx,x,R_8,1\n",
        );
        let sent = table(
            "contact_id,distribution_id,response_id\nC_1,E_1,R_1\nC_1,E_2,R_1\nC_2,E_1,\nC_8,E_1,R_7\nC_3,E_1,R_2\n",
        );
        let contacts = table("id,directory_id,email,ext_ref\nC_1,P,ANN@other.example,K1\n");
        let tables = FivetranTables {
            survey_response: &responses,
            question_response: &answers,
            survey_embedded_data: Some(&embedded),
            distribution_contact: Some(&sent),
            core_contact: Some(&contacts),
        };
        let pivoted = pivot(&tables, None).expect("sound");
        assert_eq!(cell(&pivoted, 0, "plan"), "gold");
        assert_eq!(cell(&pivoted, 1, "embedded.plan"), "");
        assert_eq!(cell(&pivoted, 0, "contact.external_data_reference"), "K1");
        assert_eq!(cell(&pivoted, 1, "contact.id"), "C_3");
        assert_eq!(pivoted.columns.with(ExportRole::Email), pivoted.columns.find("contact.email"));
        let account = pivoted.account;
        assert_eq!((account.n_embedded, account.n_embedded_without_response, account.n_cells_conflicting), (4, 1, 1));
        assert_eq!((account.n_contacts_without_response, account.n_responses_with_unknown_contact), (1, 1));
        assert_eq!((account.n_responses_with_several_contacts, account.n_emails_differing), (0, 1));
    }

    #[test]
    fn a_table_without_a_documented_column_is_refused() {
        let (responses, answers) = (table(RESPONSES), table("response_id,value\nR_1,9\n"));
        let tables = FivetranTables {
            survey_response: &responses,
            question_response: &answers,
            survey_embedded_data: None,
            distribution_contact: None,
            core_contact: None,
        };
        let refused = pivot(&tables, None).expect_err("no question").to_string();
        assert_eq!(refused, "the table question_response has no column \"question_id\"");
    }
}
