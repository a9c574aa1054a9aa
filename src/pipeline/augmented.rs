//! One row an observation beside its model.

use crate::estimators::{AugmentedRow, Family};
use crate::pipeline::PipelineError;
use crate::store::Table;
use std::collections::BTreeSet;

/// Refuses a table in which two columns would have one name, as where an outcome is called `fitted`.
pub(super) fn check_names(table: &Table) -> Result<(), PipelineError> {
    let mut names = BTreeSet::new();
    match table.header().into_iter().find(|name| !names.insert(*name)) {
        Some(name) => Err(PipelineError::Usage(format!(
            "the table of observations has a column `{name}` of its own beside the outcome `{name}`; rename the outcome, or leave --augment out"
        ))),
        None => Ok(()),
    }
}

/// The table with what a model says of each row, in broom's words: fitted, resid, hat, ... The standardised residual of a
/// class or a count is Pearson's, as by statsmodels, and named so: broom's `std_resid` of such models is the deviance's.
pub(super) fn augmented(table: Table, rows: &[AugmentedRow], family: Family) -> Table {
    let standardised = if family == Family::Linear { "std_resid" } else { "std_pearson_resid" };
    table
        .numbers("fitted", rows.iter().map(|row| row.fitted))
        .numbers("link", rows.iter().map(|row| row.link))
        .numbers("resid", rows.iter().map(|row| row.resid))
        .numbers("pearson_resid", rows.iter().map(|row| row.pearson_resid))
        .numbers("deviance_resid", rows.iter().map(|row| row.deviance_resid))
        .numbers("hat", rows.iter().map(|row| row.hat))
        .numbers(standardised, rows.iter().map(|row| row.std_resid))
        .numbers("student_resid", rows.iter().map(|row| row.student_resid))
        .numbers("sigma", rows.iter().map(|row| row.sigma))
        .numbers("cooksd", rows.iter().map(|row| row.cooksd))
        .numbers("dffits", rows.iter().map(|row| row.dffits))
}
