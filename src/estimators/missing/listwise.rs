//! Only rows that lack nothing, and what that costs.

use super::{MissingError, Treatment};
use crate::data::{Gaps, Observations};
use crate::findings::{Finding, FindingKind, Severity, thousands};
use serde::{Deserialize, Serialize};

/// A share of rows kept below this is a warning.
const FEW_KEPT: f64 = 0.8;

/// The rows that lack nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Listwise {
    /// They alone.
    pub observations: Observations,
    /// Their places among all rows, ascending.
    pub rows: Vec<usize>,
    /// Rows that count before anything was left out.
    pub n_rows: usize,
    /// Rows that count and lack nothing.
    pub n_kept: usize,
    /// Their share of all weight (0-1).
    pub weight_share: f64,
    /// What each column with gaps costs, in the order of the columns.
    pub costs: Vec<ColumnCost>,
    /// What a reader must know beside the numbers.
    pub findings: Vec<Finding>,
}

/// Rows that a column costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnCost {
    /// The column.
    pub column: String,
    /// Rows that lack it.
    pub n_missing: usize,
    /// Rows that lack it alone, and would be kept without it.
    pub n_alone: usize,
}

impl Listwise {
    /// Keeps the rows that lack nothing. Rows without weight are kept too, and counted nowhere.
    ///
    /// # Errors
    /// No row that counts lacks nothing, with the column that lacks most.
    pub fn of(gaps: &Gaps) -> Result<Self, MissingError> {
        let weights = gaps.answered().weights();
        let mut costs: Vec<ColumnCost> =
            gaps.names().iter().map(|name| ColumnCost { column: name.clone(), n_missing: 0, n_alone: 0 }).collect();
        let (mut n_rows, mut n_kept) = (0, 0);
        let (mut weight_sum, mut weight_kept) = (0.0, 0.0);
        for row in (0..gaps.n_rows()).filter(|&row| weights.of(row) > 0.0) {
            let lacking: Vec<usize> = (0..gaps.n_features()).filter(|&column| gaps.is_missing(row, column)).collect();
            n_rows += 1;
            weight_sum += weights.of(row);
            if lacking.is_empty() {
                n_kept += 1;
                weight_kept += weights.of(row);
            }
            for &column in &lacking {
                costs[column].n_missing += 1;
                costs[column].n_alone += usize::from(lacking.len() == 1);
            }
        }
        if n_kept == 0 {
            let worst = costs.iter().max_by_key(|cost| cost.n_missing);
            return Err(MissingError::NoCompleteRow {
                worst: worst.map_or_else(String::new, |cost| format!("`{}`", cost.column)),
                n_lacking: worst.map_or(0, |cost| cost.n_missing),
                n_rows,
            });
        }
        costs.retain(|cost| cost.n_missing > 0);
        let rows = gaps.complete_rows();
        let observations = gaps.at_rows(&rows)?;
        let findings = dropped(&costs, n_rows, n_kept).into_iter().collect();
        Ok(Self { observations, rows, n_rows, n_kept, weight_share: weight_kept / weight_sum, costs, findings })
    }
}

fn dropped(costs: &[ColumnCost], n_rows: usize, n_kept: usize) -> Option<Finding> {
    let worst = costs.iter().max_by_key(|cost| cost.n_missing)?;
    let share = n_kept as f64 / n_rows as f64;
    let sentence = format!(
        "listwise keeps {:.0} % of the rows ({} of {}); `{}` costs most, missing in {}.",
        100.0 * share,
        thousands(n_kept),
        thousands(n_rows),
        worst.column,
        thousands(worst.n_missing)
    );
    let severity = if share < FEW_KEPT { Severity::Warning } else { Severity::Note };
    let finding = Finding::new(FindingKind::RowsDropped, severity, Treatment::Listwise.word(), sentence);
    Some(finding.number("n_rows", n_rows as f64).number("n_kept", n_kept as f64))
}
