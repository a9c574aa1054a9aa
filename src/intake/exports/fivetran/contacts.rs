//! Who gave the responses: `distribution_contact` and the contacts.

use super::super::value_table::Value;
use super::super::{ExportError, ExportRole};
use super::tables::LongTable;
use super::wide::{Origin, Wide};
use std::collections::HashMap;

impl Wide {
    pub(super) fn add_contacts(
        &mut self,
        sent: LongTable<'_>,
        contacts: Option<LongTable<'_>>,
    ) -> Result<(), ExportError> {
        let (response, contact) = (sent.required("response_id")?, sent.required("contact_id")?);
        self.account.n_deleted += sent.n_deleted() + contacts.map_or(0, |contacts| contacts.n_deleted());
        let known = contacts.map(Contacts::new).transpose()?;
        let id_place = self.place(Origin::Contact, "contact.id", &[]);
        let places = known.as_ref().map(|_| {
            let email = self.place(Origin::Contact, "contact.email", &[]);
            let reference = self.place(Origin::Contact, "contact.external_data_reference", &[]);
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
            let said = known.references.iter().find(|&&at| !found[at].is_blank());
            row[reference] = said.map_or(Value::Missing, |&at| found[at].clone());
            let own = self.email.map_or(Value::Missing, |at| row[at].clone());
            let differs = !own.text().trim().eq_ignore_ascii_case(row[email].text().trim());
            self.account.n_emails_differing += u64::from(!own.is_blank() && !row[email].is_blank() && differs);
        }
        Ok(())
    }
}

/// Contacts by their id.
struct Contacts<'t> {
    rows: HashMap<String, &'t [Value]>,
    email: usize,
    /// Of the contacts platform and of a directory.
    references: Vec<usize>,
}

impl<'t> Contacts<'t> {
    fn new(table: LongTable<'t>) -> Result<Self, ExportError> {
        let (id, email) = (table.required("id")?, table.required("email")?);
        let references =
            ["external_data_reference", "ext_ref"].into_iter().filter_map(|name| table.optional(name)).collect();
        let rows = table.live_rows().map(|row| (row[id].text().into_owned(), row)).collect();
        Ok(Self { rows, email, references })
    }
}
