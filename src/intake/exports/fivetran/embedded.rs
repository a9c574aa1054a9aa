//! What came with the responses: `survey_embedded_data`.

use super::super::ExportError;
use super::super::value_table::Value;
use super::tables::LongTable;
use super::wide::{Origin, Wide};
use std::collections::BTreeSet;

impl Wide {
    pub(super) fn add_embedded(&mut self, table: LongTable<'_>) -> Result<(), ExportError> {
        let (response, key, value) = (table.required("response_id")?, table.required("key")?, table.required("value")?);
        self.account.n_deleted += table.n_deleted();
        let mut conflicting = BTreeSet::new();
        for row in table.live_rows() {
            self.account.n_embedded += 1;
            let Some(&response) = self.row_of.get(row[response].text().as_ref()) else {
                self.account.n_embedded_without_response += 1;
                continue;
            };
            let key = row[key].text();
            let at = self.place(Origin::Embedded, &format!("embedded.{key}"), &[key.clone().into_owned()]);
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
}
