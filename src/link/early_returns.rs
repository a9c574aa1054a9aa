//! Returns that are dated before their own purchase: two columns exchanged, or one of them another time.

use super::{Engine, LinkError};
use crate::study::Returns;

impl Engine {
    /// How many purchases were returned before they were made, and how many were returned at all, where returns are dated.
    ///
    /// # Errors
    /// The engine fails.
    pub fn early_returns(&self) -> Result<(u64, u64), LinkError> {
        let plan = self.plan();
        if !plan.dated || plan.tables.transactions.is_none() || plan.details.returns != Returns::Dated {
            return Ok((0, 0));
        }
        let counts = self.rows(
            "SELECT COUNT(*) FILTER (WHERE returned_t < t) AS n_early, COUNT(returned_t) AS n_returned FROM transactions",
            "holding returns against their purchases",
        )?;
        Ok((counts.count("n_early")?, counts.count("n_returned")?))
    }
}
