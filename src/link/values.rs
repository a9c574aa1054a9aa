//! The different texts of a column of events.

use super::LinkError;
use super::base_table::BaseTable;
use super::engine::Engine;
use super::sql::quoted;

impl Engine {
    /// The different values of a column of texts of a typed table, in their order.
    ///
    /// # Errors
    /// The engine fails.
    pub fn values(&self, table: &'static str, column: &'static str) -> Result<Vec<String>, LinkError> {
        let column = quoted(column);
        let statement =
            format!("SELECT DISTINCT {column} AS value FROM {table} WHERE {column} IS NOT NULL ORDER BY value");
        let table: BaseTable = self.rows(&statement, "listing the values of a column")?;
        Ok(table.texts("value").unwrap_or_default().iter().flatten().cloned().collect())
    }

    /// The id that an answer has in its file, by its number among the used rows; `None` where it has none.
    ///
    /// # Errors
    /// The engine fails.
    pub fn response_id(&self, row: usize) -> Result<Option<String>, LinkError> {
        let statement = format!("SELECT response_id AS value FROM feedback WHERE \"row\" = {row}");
        let table: BaseTable = self.rows_anew(&statement, "looking up the id of an answer")?;
        Ok(table.texts("value").and_then(|ids| ids.first().cloned().flatten()))
    }
}
