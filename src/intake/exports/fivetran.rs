//! From the long tables of Fivetran's Qualtrics connector to one row a response.

use super::columns::{ExportColumn, ExportColumns};
use super::fivetran_tables::{FivetranTable, FivetranTables, LongTable};
use super::fold::folded;
use super::value_table::{Value, ValueTable};
use super::{ExportError, ExportFormat, ExportRole, qualtrics, roles};
use std::collections::HashMap;

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

/// One row a response, and what became of the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Pivoted {
    /// What the columns are; column `k` is value `k` of every row.
    pub columns: ExportColumns,
    /// One row for each response, in the order of `survey_response`.
    pub table: ValueTable,
    /// What became of the rows of the long tables.
    pub account: PivotAccount,
}

/// One row for each response: its own columns, one for each question or sub-question, embedded data, and the contact.
///
/// - A question's column is named by `import_id` where the connector has it, else `QID5`, `QID5_2` for sub-question 2,
///   and `1_QID5` for loop 1; its text is a second name. It holds `value`, or `text` where there is no value; where both
///   are there and differ, `QID5.text` holds the text.
/// - The chosen options of one question, told apart by `question_option_key`, are joined by `, `. Rows that say different
///   things of one cell otherwise leave it empty and are counted: which of them is right is not guessed.
/// - Embedded data is `embedded.KEY`, also known as `KEY`.
/// - The contact is `contact.id`, `contact.email` and `contact.external_data_reference`, by way of the distribution that led
///   to the response.
///
/// Times are instants in UTC.
///
/// # Errors
/// A table lacks a documented column.
pub fn pivot(tables: &FivetranTables<'_>) -> Result<Pivoted, ExportError> {
    let mut wide = Wide::of_responses(LongTable::new(tables.survey_response, FivetranTable::SurveyResponse))?;
    wide.add_answers(LongTable::new(tables.question_response, FivetranTable::QuestionResponse))?;
    if let Some(table) = tables.survey_embedded_data {
        wide.add_embedded(LongTable::new(table, FivetranTable::SurveyEmbeddedData))?;
    }
    if let Some(table) = tables.distribution_contact {
        let sent = LongTable::new(table, FivetranTable::DistributionContact);
        let contacts = tables.core_contact.map(|table| LongTable::new(table, FivetranTable::CoreContact));
        wide.add_contacts(sent, contacts)?;
    }
    Ok(wide.finish())
}

/// What the rows say of one cell.
#[derive(Debug, Default)]
struct Said {
    /// What was chosen, with the key of the option where there is one.
    values: Vec<(String, Value)>,
    /// The texts that go with it.
    texts: Vec<String>,
}

/// Rows of responses that grow to the right.
struct Wide {
    /// The row of each response.
    row_of: HashMap<String, usize>,
    columns: Vec<ExportColumn>,
    places: HashMap<String, usize>,
    rows: Vec<Vec<Value>>,
    /// Where the responses' own address stands.
    email: Option<usize>,
    account: PivotAccount,
}

impl Wide {
    fn of_responses(table: LongTable<'_>) -> Result<Self, ExportError> {
        let id = table.required("id")?;
        let own: Vec<usize> =
            (0..table.names().len()).filter(|&at| !folded(&table.names()[at]).starts_with("fivetran")).collect();
        let mut wide = Self {
            row_of: HashMap::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            rows: Vec::new(),
            email: None,
            account: PivotAccount { n_deleted: table.n_deleted(), ..PivotAccount::default() },
        };
        for &at in &own {
            let name = table.names()[at].to_lowercase();
            let place = wide.place(&name, &[]);
            roles::assign(ExportFormat::FivetranQualtrics, &mut wide.columns[place], &name);
            if wide.columns[place].role == Some(ExportRole::Email) {
                wide.email = Some(place);
            }
        }
        for row in table.live_rows() {
            if wide.row_of.contains_key(row[id].text().as_ref()) {
                wide.account.n_responses_repeated += 1;
                continue;
            }
            wide.row_of.insert(row[id].text().into_owned(), wide.rows.len());
            wide.rows.push(own.iter().map(|&at| row[at].clone()).collect());
        }
        wide.account.n_responses = wide.rows.len() as u64;
        Ok(wide)
    }

    /// The place of a column, which is made where it is new.
    fn place(&mut self, name: &str, also: &[String]) -> usize {
        if let Some(&at) = self.places.get(name) {
            return at;
        }
        let at = self.columns.len();
        let also = also.iter().filter(|name| !name.is_empty()).cloned();
        self.columns.push(ExportColumn::named(std::iter::once(name.to_owned()).chain(also)));
        self.places.insert(name.to_owned(), at);
        at
    }

    fn add_answers(&mut self, table: LongTable<'_>) -> Result<(), ExportError> {
        let (response, question) = (table.required("response_id")?, table.required("question_id")?);
        let value = table.required("value")?;
        let optional = |column| table.optional(column);
        let (import, looped, sub) = (optional("import_id"), optional("loop_id"), optional("sub_question_key"));
        let (option, text) = (optional("question_option_key"), optional("text"));
        let (question_text, sub_text) = (optional("question"), optional("sub_question_text"));
        self.account.n_deleted += table.n_deleted();
        let mut said: Vec<HashMap<usize, Said>> = Vec::new();
        said.resize_with(self.rows.len(), HashMap::new);
        for row in table.live_rows() {
            self.account.n_answers += 1;
            let cell = |at: Option<usize>| at.map_or(String::new(), |at| row[at].text().trim().to_owned());
            let Some(&response) = self.row_of.get(row[response].text().as_ref()) else {
                self.account.n_answers_without_response += 1;
                continue;
            };
            let name = match cell(import) {
                import if !import.is_empty() => import,
                _ => column_name(&cell(Some(question)), &cell(looped), &cell(sub)),
            };
            if name.is_empty() {
                self.account.n_answers_without_question += 1;
                continue;
            }
            let texts = [cell(question_text), cell(sub_text)];
            let whole = if texts[1].is_empty() { texts[0].clone() } else { format!("{} - {}", texts[0], texts[1]) };
            let at = self.place(&name, &[whole]);
            let label = cell(text);
            let value = match &row[value] {
                value if !value.is_blank() => value.clone(),
                _ if !label.is_empty() => Value::Text(label.clone()),
                _ => continue,
            };
            let entry = (cell(option), value);
            let said = said[response].entry(at).or_default();
            if said.values.contains(&entry) {
                self.account.n_answers_repeated += 1;
                continue;
            }
            said.values.push(entry);
            said.texts.push(label);
        }
        self.fill(said);
        Ok(())
    }

    /// Writes what was said into the cells, and the texts that differ into columns of their own.
    fn fill(&mut self, said: Vec<HashMap<usize, Said>>) {
        let n_questions = self.columns.len();
        let has_text = |at: usize| {
            said.iter().filter_map(|row| row.get(&at)).any(|said| {
                said.values
                    .iter()
                    .zip(&said.texts)
                    .any(|((_, value), text)| !text.is_empty() && value.text() != text.as_str())
            })
        };
        let with_text: Vec<usize> = (0..n_questions).filter(|&at| has_text(at)).collect();
        let mut text_place = HashMap::new();
        for at in with_text {
            let name = format!("{}.text", self.columns[at].name());
            let place = self.place(&name, &[]);
            text_place.insert(at, place);
        }
        let n_columns = self.columns.len();
        for (row, mut cells) in self.rows.iter_mut().zip(said) {
            row.resize(n_columns, Value::Missing);
            for at in 0..n_questions {
                let Some(said) = cells.remove(&at) else { continue };
                match said.settled() {
                    Some((value, text)) => {
                        row[at] = value;
                        if let Some(&place) = text_place.get(&at) {
                            row[place] = text;
                        }
                    }
                    None => self.account.n_cells_conflicting += 1,
                }
            }
        }
    }

    fn add_embedded(&mut self, table: LongTable<'_>) -> Result<(), ExportError> {
        let (response, key, value) = (table.required("response_id")?, table.required("key")?, table.required("value")?);
        self.account.n_deleted += table.n_deleted();
        let mut conflicting = std::collections::BTreeSet::new();
        for row in table.live_rows() {
            self.account.n_embedded += 1;
            let Some(&response) = self.row_of.get(row[response].text().as_ref()) else {
                self.account.n_embedded_without_response += 1;
                continue;
            };
            let key = row[key].text();
            let at = self.place(&format!("embedded.{key}"), &[key.clone().into_owned()]);
            if row[value].is_blank() || conflicting.contains(&(response, at)) {
                continue;
            }
            let cells = &mut self.rows[response];
            if cells.len() <= at {
                cells.resize(at + 1, Value::Missing);
            }
            if cells[at] == Value::Missing {
                cells[at] = row[value].clone();
            } else if cells[at] != row[value] {
                cells[at] = Value::Missing;
                conflicting.insert((response, at));
            }
        }
        self.account.n_cells_conflicting += conflicting.len() as u64;
        Ok(())
    }

    fn add_contacts(&mut self, sent: LongTable<'_>, contacts: Option<LongTable<'_>>) -> Result<(), ExportError> {
        let (response, contact) = (sent.required("response_id")?, sent.required("contact_id")?);
        self.account.n_deleted += sent.n_deleted() + contacts.map_or(0, |contacts| contacts.n_deleted());
        let known = contacts.map(Contacts::new).transpose()?;
        let id_place = self.place("contact.id", &[]);
        let places = known.as_ref().map(|_| {
            let email = self.place("contact.email", &[]);
            let reference = self.place("contact.external_data_reference", &[]);
            // The contact's own columns are what the company knows the customer by.
            if let Some(own) = self.email {
                self.columns[own].role = None;
            }
            self.columns[email].role = Some(ExportRole::Email);
            self.columns[reference].role = Some(ExportRole::ExternalReference);
            (email, reference)
        });
        let mut contacts_of: Vec<Vec<String>> = vec![Vec::new(); self.rows.len()];
        for row in sent.live_rows().filter(|row| !row[response].is_blank()) {
            let Some(&at) = self.row_of.get(row[response].text().as_ref()) else {
                self.account.n_contacts_without_response += 1;
                continue;
            };
            let contact = row[contact].text().into_owned();
            if !contacts_of[at].contains(&contact) {
                contacts_of[at].push(contact);
            }
        }
        let n_columns = self.columns.len();
        for (row, contacts) in self.rows.iter_mut().zip(contacts_of) {
            row.resize(n_columns, Value::Missing);
            let [contact] = &contacts[..] else {
                self.account.n_responses_with_several_contacts += u64::from(contacts.len() > 1);
                continue;
            };
            row[id_place] = Value::Text(contact.clone());
            let (Some(known), Some((email, reference))) = (&known, places) else { continue };
            let Some(found) = known.rows.get(contact) else {
                self.account.n_responses_with_unknown_contact += 1;
                continue;
            };
            row[email] = found[known.email].clone();
            row[reference] = known.reference.map_or(Value::Missing, |at| found[at].clone());
            let own = self.email.map_or(Value::Missing, |at| row[at].clone());
            let differs = !own.text().trim().eq_ignore_ascii_case(row[email].text().trim());
            self.account.n_emails_differing += u64::from(!own.is_blank() && !row[email].is_blank() && differs);
        }
        Ok(())
    }

    fn finish(mut self) -> Pivoted {
        let n_columns = self.columns.len();
        for row in &mut self.rows {
            row.resize(n_columns, Value::Missing);
        }
        qualtrics::mark_recommend(&mut self.columns);
        let columns = ExportColumns::new(ExportFormat::FivetranQualtrics, self.columns);
        let names = columns.columns().iter().map(|column| column.name().to_owned()).collect();
        // Every row was just given as many values as there are columns.
        let table = ValueTable::new(names, self.rows).unwrap_or_default();
        Pivoted { columns, table, account: self.account }
    }
}

/// Contacts by their id.
struct Contacts<'t> {
    rows: HashMap<String, &'t [Value]>,
    email: usize,
    reference: Option<usize>,
}

impl<'t> Contacts<'t> {
    fn new(table: LongTable<'t>) -> Result<Self, ExportError> {
        let (id, email) = (table.required("id")?, table.required("email")?);
        let reference = table.optional("external_data_reference").or_else(|| table.optional("ext_ref"));
        let rows = table.live_rows().map(|row| (row[id].text().into_owned(), row)).collect();
        Ok(Self { rows, email, reference })
    }
}

impl Said {
    /// The cell's value and the text that goes with it; nothing where the rows disagree.
    fn settled(mut self) -> Option<(Value, Value)> {
        let text = |text: String| if text.is_empty() { Value::Missing } else { Value::Text(text) };
        if self.values.len() == 1 {
            return self.values.pop().map(|(_, value)| (value, text(self.texts.concat())));
        }
        let mut options: Vec<&str> = self.values.iter().map(|(option, _)| option.as_str()).collect();
        options.sort_unstable();
        let are_options = !options.contains(&"") && options.windows(2).all(|pair| pair[0] != pair[1]);
        are_options.then(|| {
            let values: Vec<_> = self.values.iter().map(|(_, value)| value.text()).collect();
            (Value::Text(values.join(", ")), text(self.texts.join(", ")))
        })
    }
}

/// `QID5`, `QID5_2` for a sub-question, `1_QID5` for a loop, as Qualtrics names them.
fn column_name(question: &str, looped: &str, sub: &str) -> String {
    match (question, looped, sub) {
        ("", ..) => String::new(),
        (_, "", "") => question.to_owned(),
        (_, "", _) => format!("{question}_{sub}"),
        (_, _, "") => format!("{looped}_{question}"),
        _ => format!("{looped}_{question}_{sub}"),
    }
}

#[cfg(test)]
mod tests {
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
        pivot(&tables).expect("sound")
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
        let pivoted = pivot(&tables).expect("sound");
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
        let refused = pivot(&tables).expect_err("no question").to_string();
        assert_eq!(refused, "the table question_response has no column \"question_id\"");
    }
}
