//! Rows of a source that say the same again: without a column that names them, a row that was exported twice counts twice.

use super::{Engine, LinkError};

/// Columns that tell rows apart without saying anything of them.
const NUMBERS: [&str; 2] = ["row", "response_id"];

impl Engine {
    /// How many rows of a typed table are the same as another in all that the study reads of them, the first of each kind not counted.
    ///
    /// # Errors
    /// The engine fails.
    pub fn n_repeated_rows(&self, source: &str) -> Result<u64, LinkError> {
        let doing = "looking for repeated rows";
        let columns = self.column_names(source, doing)?;
        let told = columns.iter().filter(|name| !NUMBERS.contains(&name.as_str()));
        let told: Vec<String> = told.map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
        let statement = format!(
            "SELECT COALESCE(SUM(times - 1), 0) AS n_repeated\nFROM (SELECT COUNT(*) AS times FROM {source} GROUP BY {}) same",
            told.join(", ")
        );
        self.rows(&statement, doing)?.count("n_repeated")
    }
}
