//! Rows of responses that grow to the right.

use super::super::columns::{ExportColumn, ExportColumns};
use super::super::fold::folded;
use super::super::value_table::{Value, ValueTable};
use super::super::{ExportError, ExportFormat, ExportRole, qualtrics, roles};
use super::pivot::{PivotAccount, Pivoted};
use super::tables::LongTable;
use std::collections::HashMap;

/// Where a column comes from; two columns of one name from different places stay two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Response,
    Question,
    QuestionText,
    Embedded,
    Contact,
}

/// Rows of responses that grow to the right.
pub(super) struct Wide {
    /// The row of each response.
    pub(super) row_of: HashMap<String, usize>,
    pub(super) columns: Vec<ExportColumn>,
    places: HashMap<(Origin, String), usize>,
    pub(super) rows: Vec<Vec<Value>>,
    /// Where the responses' own address stands.
    pub(super) email: Option<usize>,
    pub(super) account: PivotAccount,
}

impl Wide {
    pub(super) fn of_responses(table: LongTable<'_>) -> Result<Self, ExportError> {
        let id = table.required("id")?;
        let names: Vec<String> = table.names().iter().map(|name| name.to_lowercase()).collect();
        // The connector's own bookkeeping stays behind, and so does a column that is there twice.
        let is_own = |at: &usize| !folded(&names[*at]).starts_with("fivetran") && !names[..*at].contains(&names[*at]);
        let own: Vec<usize> = (0..names.len()).filter(is_own).collect();
        let mut wide = Self {
            row_of: HashMap::new(),
            columns: Vec::new(),
            places: HashMap::new(),
            rows: Vec::new(),
            email: None,
            account: PivotAccount { n_deleted: table.n_deleted(), ..PivotAccount::default() },
        };
        for &at in &own {
            let place = wide.place(Origin::Response, &names[at], &[]);
            roles::assign(ExportFormat::FivetranQualtrics, &mut wide.columns[place], &names[at]);
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
    pub(super) fn place(&mut self, from: Origin, name: &str, also: &[String]) -> usize {
        let key = (from, name.to_owned());
        if let Some(&at) = self.places.get(&key) {
            return at;
        }
        let at = self.columns.len();
        let also = also.iter().filter(|name| !name.is_empty()).cloned();
        self.columns.push(ExportColumn::named(std::iter::once(name.to_owned()).chain(also)));
        self.places.insert(key, at);
        at
    }

    pub(super) fn finish(mut self) -> Result<Pivoted, ExportError> {
        let n_columns = self.columns.len();
        for row in &mut self.rows {
            row.resize(n_columns, Value::Missing);
        }
        qualtrics::mark_recommend(&mut self.columns);
        let columns = ExportColumns::new(ExportFormat::FivetranQualtrics, self.columns);
        let names = columns.columns().iter().map(|column| column.name().to_owned()).collect();
        Ok(Pivoted { columns, table: ValueTable::new(names, self.rows)?, account: self.account })
    }
}
