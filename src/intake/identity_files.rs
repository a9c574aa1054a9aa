//! The files of `[identity]`, which are read before all sources.

use super::IntakeError;
use super::buffer::Buffered;
use super::contract::{Column, Kind};
use super::identity::{KeyRule, Names};
use super::people::{Accounts, People};
use super::reading::Reading;
use crate::study::{AccountFile, Files, PeopleFile};

/// The file of people, as a source.
pub(super) const PEOPLE: &str = "identity.people";
/// The file of accounts, as a source.
pub(super) const ACCOUNTS: &str = "identity.accounts";

impl Reading<'_> {
    pub(super) fn people(&mut self, file: &PeopleFile) -> Result<People, IntakeError> {
        let mut people = People::new(file.unlisted);
        let step = |named_as: &'static str, column: &str| self.step(named_as, column, &file.files).required();
        let contract = self.lookup_contract(PEOPLE, vec![step("id", &file.id), step("person", &file.person)]);
        let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
            (0..n_rows).for_each(|row| people.add(buffers[0].text(row), buffers[1].text(row)));
            Ok(())
        };
        self.read(&contract, &file.files, &self.find(PEOPLE, &file.files)?, &mut sink)?;
        Ok(people)
    }

    pub(super) fn accounts(&mut self, file: &AccountFile) -> Result<Accounts, IntakeError> {
        let mut accounts = Accounts::default();
        let member = KeyRule::new(Vec::new(), Names::Member, &self.identity);
        let person = Column::new("person", "person", &file.person, Kind::Key(member)).blank(&file.files.blank);
        // A row without a person may say of an account what stands above it.
        let person = if file.parent.is_none() { person.required() } else { person };
        let mut columns = vec![person, self.step("account", &file.account, &file.files).required()];
        columns.extend(file.parent.as_ref().map(|parent| self.step("parent", parent, &file.files)));
        let contract = self.lookup_contract(ACCOUNTS, columns);
        let mut sink = |buffers: Vec<Buffered>, n_rows: usize| {
            for row in 0..n_rows {
                let parent = buffers.get(2).map_or("", |parents| parents.text(row));
                accounts.add(buffers[0].text(row), buffers[1].text(row), parent);
            }
            Ok(())
        };
        self.read(&contract, &file.files, &self.find(ACCOUNTS, &file.files)?, &mut sink)?;
        accounts.close().map_err(|cycle| {
            let shown: Vec<_> = cycle.accounts.iter().chain(cycle.accounts.first()).collect();
            let shown: Vec<_> = shown.into_iter().map(|own| self.identity.shown(own)).collect();
            IntakeError::ParentCycle { accounts: shown.join(" > ") }
        })?;
        Ok(accounts)
    }

    /// A column of keys on the way to a customer.
    pub(super) fn step(&self, named_as: &'static str, column: &str, files: &Files) -> Column {
        let rule = KeyRule::new(Vec::new(), Names::Step, &self.identity);
        Column::new(named_as, named_as, column, Kind::Key(rule)).blank(&files.blank)
    }
}
