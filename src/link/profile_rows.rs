//! Rows of profiles with a history that say nothing certain of their customer.

use super::profile::{HOLDS, beginning};
use super::sql::quoted;
use super::{Engine, LinkError};
use crate::study::Validity;

/// What of profiles with a history is not certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRows {
    /// Rows of the profiles.
    pub n_rows: u64,
    /// Rows that end where they begin or before, and so hold at no time.
    pub n_void: u64,
    /// Customers of whom several rows begin at one instant and do not agree in a column.
    pub n_ambiguous: u64,
    /// These columns, each with the number of customers whose rows do not agree in it.
    pub columns: Vec<(String, u64)>,
    /// Answers of these customers.
    pub n_answers: u64,
}

impl Engine {
    /// What of the profiles is not certain; `None` without profiles that have a history: of others there is one row a customer.
    ///
    /// # Errors
    /// The engine fails.
    pub fn profile_rows(&self) -> Result<Option<ProfileRows>, LinkError> {
        let plan = self.plan();
        if !plan.dated || plan.tables.customers.is_none() || plan.details.validity == Validity::Undated {
            return Ok(None);
        }
        let doing = "looking at the rows of the profiles";
        let counts =
            format!("SELECT COUNT(*) AS n_rows, COUNT(*) FILTER (WHERE NOT ({HOLDS})) AS n_void FROM customers");
        let counts = self.rows(&counts, doing)?;
        let mut rows = ProfileRows {
            n_rows: counts.count("n_rows")?,
            n_void: counts.count("n_void")?,
            n_ambiguous: 0,
            columns: Vec::new(),
            n_answers: 0,
        };
        if plan.profile.is_empty() {
            return Ok(Some(rows));
        }
        let names: Vec<&str> = plan.profile.iter().map(|column| column.name.as_str()).collect();
        let told = contradictions(&names);
        let sums: String = (0..names.len()).map(|at| format!(", COALESCE(SUM(d{at}), 0) AS d{at}")).collect();
        let counts = self.rows(&format!("{told}\nSELECT COUNT(*) AS n_customers{sums} FROM contradicted"), doing)?;
        rows.n_ambiguous = counts.count("n_customers")?;
        if rows.n_ambiguous > 0 {
            for (at, name) in names.iter().enumerate() {
                rows.columns.push(((*name).to_owned(), counts.count(&format!("d{at}"))?));
            }
            rows.columns.retain(|(_, n)| *n > 0);
            let answers = format!(
                "{told}\nSELECT COUNT(*) AS n_answers FROM feedback a JOIN contradicted c ON c.customer = a.customer"
            );
            rows.n_answers = self.rows(&answers, doing)?.count("n_answers")?;
        }
        Ok(Some(rows))
    }
}

/// `contradicted`: customers whose rows do not agree in a column, with 1 in `d0`, `d1`, ... where they do not agree in that one.
fn contradictions(names: &[&str]) -> String {
    let differ: String = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let name = quoted(name);
            // A gap beside a value does not agree with it.
            format!(
                ", CASE WHEN MIN({name}) <> MAX({name}) OR COUNT({name}) % COUNT(*) <> 0 THEN 1 ELSE 0 END AS d{at}"
            )
        })
        .collect();
    let any: Vec<String> = (0..names.len()).map(|at| format!("MAX(d{at})")).collect();
    let worst: String = (0..names.len()).map(|at| format!(", MAX(d{at}) AS d{at}")).collect();
    format!(
        "WITH told AS (\n  SELECT customer{differ}\n  FROM customers WHERE {HOLDS} GROUP BY customer, {} HAVING COUNT(*) > 1\n), \
         contradicted AS (\n  SELECT customer{worst}\n  FROM told GROUP BY customer HAVING {} > 0\n)",
        beginning(),
        any.join(" + ")
    )
}
